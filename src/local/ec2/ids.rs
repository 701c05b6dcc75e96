//! Identifiers: the form each kind's has, and the codes AWS refuses bad ones with.
//!
//! The codes are those of <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>, whose spelling
//! (`ID`, `Id`) follows no rule.

use crate::local::service::Fault;
use crate::local::store::{Object, Tx};

/// The form of an identifier.
#[derive(Debug)]
pub struct IdForm {
    /// What it begins with, the hyphen left out, such as `vpc`.
    pub prefix: &'static str,
    /// The code when there is no such object.
    pub missing: &'static str,
    /// The message then, `{}` standing for the identifier.
    pub message: &'static str,
    /// The code when it is not of the form.
    pub malformed: &'static str,
    /// The type of the resource as tags name it, empty where it takes none.
    pub resource: &'static str,
}

impl IdForm {
    /// Checks the form: the prefix, a hyphen, and 8 or 17 hexadecimal digits.
    ///
    /// # Errors
    /// The code for a malformed one.
    pub fn check(&self, id: &str) -> Result<(), Fault> {
        let digits = id.strip_prefix(self.prefix).and_then(|rest| rest.strip_prefix('-'));
        let good = digits.is_some_and(|digits| {
            matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        });
        let message = || format!("Invalid id: \"{id}\" (expecting \"{}-...\")", self.prefix);
        if good { Ok(()) } else { Err(Fault::new(self.malformed, message())) }
    }

    /// The refusal of one that is not there.
    pub fn absent(&self, id: &str) -> Fault {
        Fault::new(self.missing, self.message.replace("{}", id))
    }
}

/// An object that calls name by an identifier.
pub trait Entity: Object {
    /// The form of its identifier.
    const FORM: IdForm;
}

/// The object of an identifier.
///
/// # Errors
/// When the identifier is malformed or there is no such object.
pub fn need<T: Entity>(tx: &Tx<'_>, id: &str) -> Result<T, Fault> {
    T::FORM.check(id)?;
    tx.get(id)?.ok_or_else(|| T::FORM.absent(id))
}

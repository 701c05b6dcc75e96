//! What a service of the embedded AWS is: [`Service`], the [`Fault`]s it answers with, and its [`Timer`]s.

use super::store::{StoreError, Tx};
use crate::model::{Json, JsonMap};

/// A service, by the name requests are signed for.
pub trait Service: Sync {
    /// The signing name: `ec2`, `ecs`, `iam`, `logs`, `servicediscovery`, `sts`.
    fn name(&self) -> &'static str;

    /// Answers a call. `params` and the answer have the wire's own member names, whatever the protocol: for the query
    /// protocols a list is an array (`Filter.1.Name=x` is `{"Filter": [{"Name": "x"}]}`, `Tags.member.1.Key=x` is
    /// `{"Tags": [{"Key": "x"}]}`) and every scalar a string, and in the answer an array becomes `<item>`s or
    /// `<member>`s. A timestamp is a number of seconds for JSON protocols and an ISO 8601 text for the others.
    ///
    /// # Errors
    /// The refusal AWS gives. The transaction is then undone.
    fn call(&self, tx: &mut Tx<'_>, action: &str, params: &JsonMap) -> Result<Json, Fault>;

    /// Carries out a timer that is due. `tx.now` is the time it was due at, `tx.region` the region that set it.
    ///
    /// # Errors
    /// Only when the store fails: whatever a timer is about may have gone by then.
    fn due(&self, _tx: &mut Tx<'_>, _timer: &Timer) -> Result<(), Fault> {
        Ok(())
    }

    /// What exists in the region of the transaction, as `hzscript local list` tells it. Defaults of AWS's own (the main route table, the
    /// default security group, managed policies) and what is gone but still described are left out.
    ///
    /// # Errors
    /// When the store fails.
    fn list(&self, tx: &Tx<'_>) -> Result<Vec<Listed>, Fault>;
}

/// A thing that exists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Listed {
    /// The CloudFormation type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The primary identifier of its schema, parts joined by `|`.
    pub id: String,
    /// The region, or `global`.
    pub region: String,
    /// Its name, where it has one beside the identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its state, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// Something that is to happen later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// What is to happen.
    pub what: String,
    /// To which object.
    pub key: String,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Fault {
    /// AWS's error code as it stands on the wire.
    pub code: String,
    /// AWS's message.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
    /// Further members of the error (JSON protocols).
    pub fields: JsonMap,
}

impl Fault {
    /// A refusal with status 400.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), status: 400, fields: JsonMap::new() }
    }

    /// With another HTTP status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// With a further member.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// The refusal of an action that is not there.
    pub fn unknown_action(service: &str, action: &str) -> Self {
        Self::new("InvalidAction", format!("The embedded AWS has no action {action} of {service}."))
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::new("InternalError", error.to_string()).status(500)
    }
}

//! [`ProgramBuilder`]: a program built in Rust, without a script, and checked as a script's is.
//!
//! Attributes of what is declared are texts, as in scripts: until they are known they stand for themselves, in `format!` and
//! `json!` alike, and are found again where the text becomes a property. Mistakes are collected, each with the place in
//! Rust's source that made it.

use std::collections::BTreeMap;
use std::panic::Location;

use rhai::Position;
use serde::Serialize;

use super::convert::{from_json, to_value};
use super::evaluator::finish_built;
use super::session::{Mistake, State};
use super::sources::{At, Origin, Sources};
use super::spans::Aim;
use super::suggest::did_you_mean;
use super::{Evaluated, Mistakes, builders, handle, tokens};
use crate::model::{Address, KindName, KindSchema, Options, PathStep, Reference, Value, schemas};

/// A program that is being built.
///
/// ```
/// use hzscript::script::ProgramBuilder;
/// use serde_json::json;
///
/// let mut program = ProgramBuilder::new();
/// let logs = program.declare("logs_log_group", "orders", json!({ "retentionInDays": 5 }));
/// program.output("arn", logs.attribute("arn"));
/// let built = program.build().map_err(|mistakes| mistakes.to_string())?;
/// assert_eq!(built.program.resources.len(), 1);
/// # Ok::<(), String>(())
/// ```
#[derive(Default)]
pub struct ProgramBuilder {
    state: State,
}

impl std::fmt::Debug for ProgramBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.state.by_address.keys()).finish()
    }
}

/// What a [`ProgramBuilder`] has declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// None for what a mistake left undeclared: nothing more is said about it.
    address: Option<Address>,
}

impl Declared {
    /// Its address, such as `logs_log_group.orders`, for `depends_on` of others; none when it could not be declared, which
    /// [`ProgramBuilder::build`] tells.
    pub fn address(&self) -> Option<&Address> {
        self.address.as_ref()
    }

    /// An attribute of it: one that AWS sets, a property, `id` or `arn`. That there is none of the name is told by
    /// [`ProgramBuilder::build`].
    pub fn attribute(&self, name: &str) -> String {
        let reference = |address: &Address| Reference { address: address.clone(), attribute: name.to_owned() };
        self.address.as_ref().map_or_else(tokens::unknown, |address| tokens::reference(&reference(address)))
    }

    /// Its physical identifier.
    pub fn id(&self) -> String {
        self.attribute("id")
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        self.attribute("arn")
    }
}

impl ProgramBuilder {
    /// One with nothing in it.
    pub fn new() -> Self {
        Self { state: State { sources: Sources::of_rust(), ..State::default() } }
    }

    /// Declares a resource: what its builder in the language would. `kind` is the builder's name, such as `ec2_vpc`, and the
    /// properties are an object.
    #[track_caller]
    pub fn declare(&mut self, kind: &str, name: &str, properties: impl Serialize) -> Declared {
        self.declare_with(kind, name, properties, Options::default())
    }

    /// [`ProgramBuilder::declare`], with how it is handled.
    #[track_caller]
    pub fn declare_with(&mut self, kind: &str, name: &str, properties: impl Serialize, options: Options) -> Declared {
        let origin = here();
        let (address, schema) = match named(kind, name) {
            Ok(named) => named,
            Err(mistake) => {
                self.wrong(&origin, &[], mistake);
                return Declared { address: None };
            }
        };
        let values = match self.value(&origin, &properties) {
            Some(Value::Map(values)) => values.into_iter().filter(|(_, value)| *value != Value::Null).collect(),
            Some(Value::Null) => BTreeMap::new(),
            Some(_) => {
                self.wrong(&origin, &[], Mistake::new(format!("the properties of {address} are not an object")));
                BTreeMap::new()
            }
            None => BTreeMap::new(),
        };
        builders::record(
            &mut self.state,
            builders::Call { schema, first: 0 },
            address.clone(),
            (values, options),
            origin,
            None,
        );
        Declared { address: Some(address) }
    }

    /// An output.
    #[track_caller]
    pub fn output(&mut self, name: &str, value: impl Serialize) {
        let origin = here();
        let Some(value) = self.value(&origin, &value) else { return };
        if self.state.outputs.insert(name.to_owned(), value).is_some() {
            self.wrong(&origin, &[], Mistake::new(format!("the output `{name}` is there twice")));
        }
    }

    /// A text that is never printed nor stored in clear: what is given back stands for it in properties and outputs.
    #[must_use]
    pub fn secret(&mut self, text: &str) -> String {
        tokens::secret(self.state.secret(text))
    }

    /// The program, checked against the schemas and for references that lead nowhere or in circles.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn build(mut self) -> Result<Evaluated, Mistakes> {
        self.check_attributes();
        finish_built(&mut self.state)
    }

    /// What was given, as a value.
    fn value(&mut self, origin: &Origin, given: &impl Serialize) -> Option<Value> {
        let json = match serde_json::to_value(given) {
            Ok(json) => json,
            Err(error) => {
                self.wrong(origin, &[], Mistake::new(format!("what is given cannot be JSON: {error}")));
                return None;
            }
        };
        match to_value(&from_json(&json), "", &self.state.secrets) {
            Ok(value) => Some(value),
            Err(unfit) => {
                self.wrong(origin, &unfit.steps, Mistake::new(format!("what is given has {} in it", unfit.what)));
                None
            }
        }
    }

    fn wrong(&mut self, origin: &Origin, steps: &[PathStep], mistake: Mistake) {
        self.state.mistake(origin, steps, Aim::Value, mistake);
    }

    /// Attributes that what is declared does not have.
    fn check_attributes(&mut self) {
        let mut wrong = Vec::new();
        for declaration in &self.state.declarations {
            for reference in declaration.properties.values().flat_map(Value::references) {
                let Some(schema) = schemas().by_kind(reference.address.kind()) else { continue };
                if let Some(mistake) = handle::no_attribute(schema, &reference.attribute) {
                    wrong.push((declaration.origin.clone(), mistake));
                }
            }
        }
        for (origin, mistake) in wrong {
            self.wrong(&origin, &[], mistake);
        }
    }
}

/// An address and its schema.
fn named(kind: &str, name: &str) -> Result<(Address, &'static KindSchema), Mistake> {
    let known = || schemas().kinds().map(|(known, _)| known);
    let found = known().find(|known| known.as_str() == kind).and_then(|kind| Some((kind, schemas().by_kind(kind)?)));
    let Some((kind, schema)) = found else {
        let help = did_you_mean(kind, known().map(KindName::as_str));
        return Err(Mistake::new(format!("there is no kind `{kind}`")).help(help));
    };
    match Address::new(kind.clone(), name) {
        Ok(address) => Ok((address, schema)),
        Err(error) => Err(Mistake::new(error.to_string())),
    }
}

/// The place in Rust's source that called.
#[track_caller]
fn here() -> Origin {
    let caller = Location::caller();
    let place = u16::try_from(caller.line()).ok().zip(u16::try_from(caller.column()).ok());
    let position = place.map_or(Position::NONE, |(line, column)| Position::new(line, column));
    Origin { at: At { file: caller.file().to_owned(), position }, argument: None, frames: Vec::new() }
}

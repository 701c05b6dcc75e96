//! What evaluating a script gives: resources, inputs and outputs. Pure data; a [`Program`] can equally be built in Rust.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Address, Formation, Value};

/// Where in a script a declaration stands, for messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The script's path as the user wrote it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// How long a resource may take to settle, by what is done to it. `None` is no limit but the kind's own judgement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeouts {
    /// For a creation.
    pub create: Option<Duration>,
    /// For an update in place.
    pub update: Option<Duration>,
    /// For a deletion.
    pub delete: Option<Duration>,
    /// For the members of a steady service to find each other; three minutes where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formation: Option<Duration>,
}

/// What a declaration says about how it is handled, rather than what it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Options {
    /// Resources that must be there first, beside those referred to.
    pub depends_on: Vec<Address>,
    /// Whether any plan that deletes or replaces it is refused. `None` leaves that as it is in the state.
    pub protect: Option<bool>,
    /// Leave it in the account when it leaves the script.
    pub retain: bool,
    /// Top-level properties whose differences are not acted on.
    pub ignore_changes: Vec<String>,
    /// Values whose change replaces the resource.
    pub replace_on: Vec<Value>,
    /// Addresses it had before.
    pub aliases: Vec<Address>,
    /// Limits on waiting.
    pub timeouts: Timeouts,
    /// The physical identifier of something that exists, to be adopted rather than created.
    pub id: Option<String>,
    /// The stack from which what is adopted is taken over, when its tags say that it is that one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_stack: Option<String>,
    /// That its tasks are members which have to find each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formation: Option<Formation>,
}

/// One declaration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// `kind.name`.
    pub address: Address,
    /// Properties by their camelCase names; `Null` ones are left out.
    pub properties: BTreeMap<String, Value>,
    /// How it is handled.
    pub options: Options,
    /// Where it was declared.
    pub source: Source,
}

impl Resource {
    /// Addresses this one needs: those its properties refer to and those it names in `dependsOn`, each once, sorted.
    pub fn dependencies(&self) -> Vec<Address> {
        let mut found: Vec<Address> = self
            .properties
            .values()
            .chain(&self.options.replace_on)
            .flat_map(Value::references)
            .map(|reference| reference.address.clone())
            .chain(self.options.depends_on.iter().cloned())
            .collect();
        found.sort();
        found.dedup();
        found
    }
}

/// A script evaluated: what it wants to exist, and what it tells about it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// Declarations in the order they were made. Addresses are unique.
    pub resources: Vec<Resource>,
    /// Outputs by name.
    pub outputs: BTreeMap<String, Value>,
    /// Inputs as evaluated, secrets hashed.
    pub inputs: BTreeMap<String, Value>,
}

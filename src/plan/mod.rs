//! Plans: what must change, step by step, each with its reason.
//!
//! A [`Plan`] is a pure function of a program, the state and what was observed ([`planner::plan`]); it does no I/O and
//! the same inputs give the same plan, byte for byte. [`order`] turns its changes into the graph that is executed, and
//! [`saved`] keeps it as text until then. [`drift`] and [`refresh`] compare the state with what was
//! observed, without a program.

pub mod complete;
pub mod drift;
pub mod hashed;
pub mod moved;
pub mod order;
pub mod planner;
pub mod problem;
mod redact;
pub mod refresh;
pub mod saved;
pub mod schema;
pub mod scope;
mod secrets;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Address, JsonMap, Options, Program, Source, Value};
use crate::state::Target;

pub use moved::{Likeness, SuggestedMove};
pub use planner::{Inputs, plan, plan_within};
pub use problem::{PlanError, Problem};
pub use saved::Saved;
pub use scope::{Scope, Why};

/// What is done to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Nothing: it is as wanted.
    NoOp,
    /// Only wait: it is as wanted, but AWS is still working on it.
    Settle,
    /// Take over something that exists.
    Import,
    /// Make it.
    Create,
    /// Change it in place.
    Update,
    /// Make a new one, then delete the old one.
    ReplaceCreateFirst,
    /// Delete the old one, then make a new one.
    ReplaceDeleteFirst,
    /// Delete it.
    Delete,
    /// Leave it in the account and forget it.
    Forget,
}

impl Action {
    /// Whether a new object takes the place of an old one.
    pub fn replaces(self) -> bool {
        matches!(self, Self::ReplaceCreateFirst | Self::ReplaceDeleteFirst)
    }

    /// Whether anything in the account changes.
    pub fn changes(self) -> bool {
        !matches!(self, Self::NoOp | Self::Settle | Self::Forget)
    }
}

/// Why a change is planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Reason {
    /// The stack has no such resource yet.
    New,
    /// The stack had it, but it is no longer in the account.
    Vanished {
        /// What it was.
        id: String,
    },
    /// Properties differ.
    Differs,
    /// Properties differ that AWS cannot change in place.
    Immutable {
        /// Their paths.
        paths: Vec<String>,
    },
    /// A value in `replaceOn` differs.
    ReplaceOn,
    /// Its replacement was asked for.
    Asked,
    /// Something it refers to is deleted before it is made again, and cannot be deleted while this uses it.
    Uses {
        /// The thing.
        address: Address,
    },
    /// A name or place that two live objects cannot share stays the same, so the old one goes first.
    Exclusive {
        /// The properties that say so.
        properties: Vec<String>,
    },
    /// An earlier run did not bring it to life.
    FailedBefore {
        /// The cause, as it was then.
        reason: String,
    },
    /// An earlier run ended while AWS was working on it.
    Unsettled,
    /// In an earlier run its members had not found each other.
    Apart {
        /// What was seen then.
        reason: String,
    },
    /// An earlier run ended before everything was set.
    Unfinished,
    /// It becomes protected from deletion and replacement, or is no longer.
    Protection {
        /// Whether it becomes so.
        on: bool,
    },
    /// How it is handled or what it needs is declared otherwise, which only the state has to know.
    Handling,
    /// The script no longer declares it.
    Undeclared,
    /// The stack is being destroyed.
    Destroyed,
    /// A replacement has put it aside.
    Deposed,
    /// Its declaration names something that exists.
    Adopted {
        /// What.
        id: String,
    },
}

/// How one property differs. Values are redacted of secrets when shown or stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The property's path, such as `containerDefinitions[0].cpu`.
    pub path: String,
    /// What it is; `None` when it is not there.
    pub before: Option<Value>,
    /// What it is to be; `None` when it is to go. Not known yet while it has references in it.
    pub after: Option<Value>,
    /// Whether AWS can only replace for it.
    pub replaces: bool,
}

/// What is to happen to one resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The resource.
    pub address: Address,
    /// Its CloudFormation type.
    pub kind: String,
    /// What is done.
    pub action: Action,
    /// Why, the most telling first. Empty for a no-op.
    pub reasons: Vec<Reason>,
    /// Which properties differ.
    pub differences: Vec<Difference>,
    /// Properties as wanted, names and tags filled in, references that are known put in place. Empty for a deletion.
    pub wanted: BTreeMap<String, Value>,
    /// The generation of the object after the change; for a deletion, of the object deleted.
    pub generation: u32,
    /// The physical identifier of the object there is.
    pub id: Option<String>,
    /// Addresses it needs.
    pub dependencies: Vec<Address>,
    /// How it is handled.
    pub options: Options,
    /// Where it is declared; none for what is no longer.
    pub source: Option<Source>,
    /// What AWS said it has now. Not part of what is shown.
    #[serde(skip)]
    pub observed: JsonMap,
    /// What it has by way of attributes.
    #[serde(skip)]
    pub attributes: JsonMap,
}

/// How many changes there are of each sort.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// To be made.
    pub create: usize,
    /// To be changed in place.
    pub update: usize,
    /// To be replaced.
    pub replace: usize,
    /// To be deleted.
    pub delete: usize,
    /// To be waited for.
    pub settle: usize,
    /// To be forgotten.
    pub forget: usize,
    /// As wanted already.
    pub unchanged: usize,
}

/// What must change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The stack's name.
    pub stack: String,
    /// The account and region it is for.
    pub target: Target,
    /// The serial of the state it was made from.
    pub serial: u64,
    /// The state's lineage.
    pub lineage: String,
    /// Changes: resources of the program in an order in which each comes after what it needs, then deletions in an
    /// order in which each comes before what it needs.
    pub changes: Vec<Change>,
    /// Addresses that changed without the objects changing, from and to, by `aliases`.
    pub moves: Vec<(Address, Address)>,
    /// Outputs, as far as they are known.
    pub outputs: BTreeMap<String, Value>,
    /// Whether outputs differ from the last run's.
    pub outputs_change: bool,
    /// Which part of the stack was asked for.
    pub scope: Scope,
    /// What is left out of it, of all that is declared or in the state: nothing of it is changed or forgotten.
    pub left_out: BTreeMap<Address, Why>,
    /// Addresses that seem to have been renamed: nothing is done about that but what the changes say.
    pub suggested_moves: Vec<SuggestedMove>,
    /// What the stack is to be when it is carried out, to be kept with the state; none where that is not known. Not part
    /// of what is shown.
    #[serde(skip)]
    pub program: Option<Program>,
}

impl Plan {
    /// How many changes there are of each sort.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for change in &self.changes {
            *match change.action {
                Action::NoOp => &mut counts.unchanged,
                Action::Settle => &mut counts.settle,
                Action::Import | Action::Create => &mut counts.create,
                Action::Update => &mut counts.update,
                Action::ReplaceCreateFirst | Action::ReplaceDeleteFirst => &mut counts.replace,
                Action::Delete => &mut counts.delete,
                Action::Forget => &mut counts.forget,
            } += 1;
        }
        counts
    }

    /// Whether executing it would do nothing at all.
    pub fn is_empty(&self) -> bool {
        !self.outputs_change && self.moves.is_empty() && self.changes.iter().all(|change| change.action == Action::NoOp)
    }
}

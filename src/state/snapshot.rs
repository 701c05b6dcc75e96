//! [`Snapshot`]: everything a stack has, as of the end of a run.
//!
//! Secrets in it are hashes, or texts where the stack is sealed and there is the key. An object that a replacement has put aside, and that is still to be deleted, is kept under
//! `deposed` until it is gone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::journal::Record;
use super::lock::Owner;
use crate::kinds;
use crate::model::{Address, Formation, JsonMap, Timeouts, Value};

/// The version of the format that this code writes of what has no sealed secrets: 1 had no checksum.
pub const FORMAT: u32 = 2;

/// The version of the format that this code writes of what has sealed secrets. A newer one is refused.
pub const NEWEST_FORMAT: u32 = 3;

/// The account and region a stack lives in; a state is never applied to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// `local` or `aws`.
    pub cloud: String,
    /// The account's twelve digits.
    pub account: String,
    /// The region's code.
    pub region: String,
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (account {}, {})", self.cloud, self.account, self.region)
    }
}

/// What wrote a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// The command, such as `run scripts/hazelcast.rhai`.
    pub command: String,
    /// Who gave it.
    pub user: String,
    /// When it was begun (RFC 3339).
    pub at: String,
}

impl Made {
    /// What the owner of the lock writes.
    pub fn by(owner: &Owner) -> Self {
        Self { command: owner.command.clone(), user: owner.user.clone(), at: owner.since.clone() }
    }
}

/// How far an object has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase")]
pub enum Status {
    /// Made, and everything asked for is in effect.
    Ready,
    /// Made by its first call; the calls that set the rest may not have been.
    Unconfigured,
    /// AWS accepted it and is working on it.
    Settling {
        /// What is awaited: its creation, an update, its deletion.
        action: Awaited,
        /// What following it needs.
        waiting: JsonMap,
    },
    /// AWS has done everything, but whether its members found each other is not known, or they have not.
    Apart {
        /// What was seen.
        reason: String,
    },
    /// It did not get there.
    Failed {
        /// The cause.
        reason: String,
    },
}

/// The serialized twin of [`kinds::Action`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Awaited {
    /// Its creation.
    Create,
    /// An update.
    Update,
    /// Its deletion.
    Delete,
}

impl From<Awaited> for kinds::Action {
    fn from(awaited: Awaited) -> Self {
        match awaited {
            Awaited::Create => Self::Create,
            Awaited::Update => Self::Update,
            Awaited::Delete => Self::Delete,
        }
    }
}

/// One object that a run made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    /// The CloudFormation type.
    pub kind: String,
    /// The physical identifier.
    pub id: String,
    /// How many objects this address has had, this one included.
    pub generation: u32,
    /// Properties as last asked for, references resolved.
    pub inputs: BTreeMap<String, Value>,
    /// What AWS told of it.
    pub attributes: JsonMap,
    /// Addresses it needs.
    pub dependencies: Vec<Address>,
    /// How far it has come.
    pub status: Status,
    /// Refuse to delete or replace it.
    #[serde(default)]
    pub protect: bool,
    /// Leave it in the account when it leaves the script.
    #[serde(default)]
    pub retain: bool,
    /// Values whose change replaces it.
    #[serde(default)]
    pub replace_on: Vec<Value>,
    /// Top-level properties whose differences are not acted on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore_changes: Vec<String>,
    /// Limits on waiting.
    #[serde(default)]
    pub timeouts: Timeouts,
    /// What is expected of its members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formation: Option<Formation>,
}

/// All that a stack has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// [`FORMAT`].
    pub format: u32,
    /// Made up when the stack was begun; never changes.
    pub lineage: String,
    /// Grows by one with each run.
    pub serial: u64,
    /// The stack's name.
    pub stack: String,
    /// Where it lives.
    pub target: Target,
    /// Live objects.
    pub resources: BTreeMap<Address, Recorded>,
    /// Replaced objects still to be deleted.
    #[serde(default)]
    pub deposed: BTreeMap<Address, Vec<Recorded>>,
    /// Outputs of the last run.
    #[serde(default)]
    pub outputs: BTreeMap<String, Value>,
    /// How many objects each address has ever had, where it has none now: a name is never made up twice.
    #[serde(default)]
    pub generations: BTreeMap<Address, u32>,
    /// Calls that were about to be made when a run ended without saying how they went.
    #[serde(default)]
    pub pending: Vec<Record>,
    /// What wrote it, where that is known: no part of what the stack has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Made>,
}

impl Snapshot {
    /// An empty one.
    pub fn new(lineage: String, stack: &str, target: Target) -> Self {
        Self {
            format: FORMAT,
            lineage,
            serial: 0,
            stack: stack.to_owned(),
            target,
            resources: BTreeMap::new(),
            deposed: BTreeMap::new(),
            outputs: BTreeMap::new(),
            generations: BTreeMap::new(),
            pending: Vec::new(),
            made: None,
        }
    }

    /// The generation of the object an address has, or last had; 0 if it never had one.
    pub fn generation(&self, address: &Address) -> u32 {
        let live = self.resources.get(address).map_or(0, |recorded| recorded.generation);
        let past = self.generations.get(address).copied().unwrap_or(0);
        live.max(past)
    }
}

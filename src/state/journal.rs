//! [`Record`]: what a run writes down before and after each call, and what the records make of a snapshot.
//!
//! Invariant: a snapshot with the records since replayed on it is what the run had in memory. Replaying is pure and
//! repeatable. An [`Record::Intent`] without an outcome stays in [`Snapshot::pending`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::snapshot::{Recorded, Snapshot};
use crate::model::{Address, Value};

/// What a call is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verb {
    /// Make an object.
    Create,
    /// Change one.
    Update,
    /// Delete one.
    Delete,
}

/// One entry of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Record {
    /// A call is about to be made.
    Intent {
        /// The resource.
        address: Address,
        /// Of which object.
        generation: u32,
        /// What the call does.
        verb: Verb,
        /// The token it carries.
        token: String,
        /// The CloudFormation type.
        kind: String,
        /// Properties it asks for.
        inputs: BTreeMap<String, Value>,
        /// Addresses the resource needs.
        dependencies: Vec<Address>,
    },
    /// The call was refused: nothing was done.
    Refused {
        /// The resource.
        address: Address,
        /// Of which object.
        generation: u32,
    },
    /// This is the object now.
    Made {
        /// The resource.
        address: Address,
        /// The object.
        recorded: Box<Recorded>,
    },
    /// The object is gone from AWS, or is no longer ours to know.
    Gone {
        /// The resource.
        address: Address,
        /// Which object.
        generation: u32,
    },
    /// The object is known by another address from now on.
    Moved {
        /// The address it had.
        from: Address,
        /// The address it has.
        to: Address,
    },
    /// The outputs.
    Outputs {
        /// By name.
        outputs: BTreeMap<String, Value>,
    },
}

impl Snapshot {
    /// The next state: what `record` makes of this one.
    pub fn apply(&mut self, record: &Record) {
        match record {
            Record::Intent { .. } => self.pending.push(record.clone()),
            Record::Refused { address, generation } => self.close(address, *generation),
            Record::Made { address, recorded } => {
                self.close(address, recorded.generation);
                self.generations.remove(address);
                let aside = self.deposed.get_mut(address).into_iter().flatten();
                if let Some(deposed) = aside.into_iter().find(|deposed| deposed.generation == recorded.generation) {
                    *deposed = (**recorded).clone();
                    return;
                }
                let before = self.resources.insert(address.clone(), (**recorded).clone());
                if let Some(before) = before.filter(|before| before.generation != recorded.generation) {
                    self.deposed.entry(address.clone()).or_default().push(before);
                }
            }
            Record::Gone { address, generation } => {
                self.close(address, *generation);
                if self.resources.get(address).is_some_and(|live| live.generation == *generation) {
                    self.resources.remove(address);
                    let past = self.generations.entry(address.clone()).or_default();
                    *past = (*past).max(*generation);
                }
                if let Some(aside) = self.deposed.get_mut(address) {
                    aside.retain(|deposed| deposed.generation != *generation);
                    if aside.is_empty() {
                        self.deposed.remove(address);
                    }
                }
            }
            Record::Moved { from, to } => self.rename(from, to),
            Record::Outputs { outputs } => self.outputs = outputs.clone(),
        }
    }

    fn rename(&mut self, from: &Address, to: &Address) {
        let Some(recorded) = self.resources.remove(from) else { return };
        self.resources.insert(to.clone(), recorded);
        if let Some(aside) = self.deposed.remove(from) {
            self.deposed.insert(to.clone(), aside);
        }
        let everywhere = self.resources.values_mut().chain(self.deposed.values_mut().flatten());
        for needed in everywhere.flat_map(|recorded| &mut recorded.dependencies).filter(|needed| *needed == from) {
            *needed = to.clone();
        }
    }

    fn close(&mut self, address: &Address, of: u32) {
        self.pending.retain(|record| {
            !matches!(record, Record::Intent { address: other, generation, .. } if other == address && *generation == of)
        });
    }
}

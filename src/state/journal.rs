//! [`Record`]: what a run writes down before and after each call, and what the records make of a snapshot.
//!
//! Invariant: a snapshot with the records since replayed on it is what the run had in memory. Replaying is pure and
//! repeatable. An [`Record::Intent`] without an outcome stays in [`Snapshot::pending`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::asked::either;
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
        /// What the call does.
        verb: Verb,
        /// The token it carries.
        token: String,
        /// The object as it will be, as far as that is known.
        recorded: Box<Recorded>,
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
            Record::Intent { address, verb, recorded, .. } => {
                self.pending.push(record.clone());
                // From here on either may be in effect, until the outcome is written down.
                if let (Verb::Update, Some(live)) = (verb, self.resources.get_mut(address)) {
                    live.inputs = either(&live.kind, &live.inputs, &recorded.inputs);
                    live.dependencies.extend(recorded.dependencies.iter().cloned());
                    live.dependencies.sort();
                    live.dependencies.dedup();
                }
            }
            Record::Refused { address, generation } => self.close(address, *generation),
            Record::Made { address, recorded } => {
                self.close(address, recorded.generation);
                let aside = self.deposed.get_mut(address).into_iter().flatten();
                if let Some(deposed) = aside.into_iter().find(|deposed| deposed.generation == recorded.generation) {
                    *deposed = (**recorded).clone();
                    return;
                }
                if self.generations.get(address).is_some_and(|past| *past <= recorded.generation) {
                    self.generations.remove(address);
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

    /// Objects that move are counted on from those the new address has had, and the old address counts on from them:
    /// no two objects of an address ever have the same generation.
    fn rename(&mut self, from: &Address, to: &Address) {
        let had = self.generation(to);
        let Some(mut recorded) = self.resources.remove(from) else { return };
        let past = self.generations.entry(from.clone()).or_default();
        *past = (*past).max(recorded.generation);
        recorded.generation += had;
        self.resources.insert(to.clone(), recorded);
        for mut deposed in self.deposed.remove(from).into_iter().flatten() {
            deposed.generation += had;
            self.deposed.entry(to.clone()).or_default().push(deposed);
        }
        let everywhere = self.resources.values_mut().chain(self.deposed.values_mut().flatten());
        for recorded in everywhere.filter(|recorded| recorded.dependencies.contains(from)) {
            recorded.dependencies.iter_mut().filter(|needed| *needed == from).for_each(|needed| *needed = to.clone());
            recorded.dependencies.sort();
            recorded.dependencies.dedup();
        }
    }

    fn close(&mut self, address: &Address, of: u32) {
        self.pending.retain(|record| {
            let same = |recorded: &Recorded| recorded.generation == of;
            !matches!(record, Record::Intent { address: other, recorded, .. } if other == address && same(recorded))
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{JsonMap, Timeouts};
    use crate::state::{Status, Target};

    fn address(text: &str) -> Address {
        text.parse().expect("an address")
    }

    fn group(generation: u32, inputs: serde_json::Value) -> Box<Recorded> {
        let inputs = match Value::from_json(&inputs) {
            Value::Map(map) => map,
            other => panic!("{other:?}"),
        };
        Box::new(Recorded {
            kind: "AWS::Logs::LogGroup".to_owned(),
            id: format!("id-{generation}"),
            generation,
            inputs,
            attributes: JsonMap::new(),
            dependencies: Vec::new(),
            status: Status::Ready,
            protect: false,
            retain: false,
            replace_on: Vec::new(),
            ignore_changes: Vec::new(),
            timeouts: Timeouts::default(),
            formation: None,
        })
    }

    fn empty() -> Snapshot {
        let target = Target { cloud: "model".to_owned(), account: "0".repeat(12), region: "nowhere-1".to_owned() };
        Snapshot::new("lineage".to_owned(), "stack", target)
    }

    fn made(snapshot: &mut Snapshot, at: &str, generation: u32) {
        snapshot.apply(&Record::Made { address: address(at), recorded: group(generation, json!({})) });
    }

    #[test]
    fn while_an_update_is_under_way_either_may_have_been_asked_for() {
        let at = address("logs_log_group.a");
        let tag = |key: &str, value: &str| json!({ "key": key, "value": value });
        let before = json!({ "kmsKeyId": "k", "tags": [tag("kept", "1"), tag("gone", "1")] });
        let after = json!({ "retentionInDays": 5, "tags": [tag("kept", "2"), tag("new", "1")] });
        let mut snapshot = empty();
        snapshot.apply(&Record::Made { address: at.clone(), recorded: group(1, before) });
        let intent = Record::Intent {
            address: at.clone(),
            verb: Verb::Update,
            token: "t".to_owned(),
            recorded: group(1, after.clone()),
        };
        snapshot.apply(&intent);
        snapshot.apply(&Record::Refused { address: at.clone(), generation: 1 });
        let either = json!({ "kmsKeyId": "k", "retentionInDays": 5,
            "tags": [tag("kept", "2"), tag("new", "1"), tag("gone", "1")] });
        assert_eq!(snapshot.resources[&at].inputs, group(1, either).inputs);
        snapshot.apply(&Record::Made { address: at.clone(), recorded: group(1, after.clone()) });
        assert_eq!(snapshot.resources[&at].inputs, group(1, after).inputs, "once it is done it is known");
    }

    #[test]
    fn no_two_objects_of_an_address_have_the_same_generation() {
        let mut snapshot = empty();
        let (from, to) = (address("logs_log_group.from"), address("logs_log_group.to"));
        made(&mut snapshot, "logs_log_group.to", 1);
        made(&mut snapshot, "logs_log_group.to", 2);
        snapshot.apply(&Record::Gone { address: to.clone(), generation: 2 });
        made(&mut snapshot, "logs_log_group.from", 1);
        snapshot.apply(&Record::Moved { from: from.clone(), to: to.clone() });
        assert_eq!(snapshot.deposed[&to].iter().map(|old| old.generation).collect::<Vec<_>>(), [1]);
        assert_eq!(snapshot.resources[&to].generation, 3);
        assert_eq!(snapshot.generation(&from), 1, "what the old address had is not made up again");
    }
}

//! A whole state in the place of another: [`pushed`], [`counted_on`] for an earlier one that is brought back, and the
//! [`Difference`] between two.

use std::collections::BTreeSet;

use serde::Serialize;

use super::error::EditError;
use crate::model::{Address, Json};
use crate::state::keys::Keyring;
use crate::state::sealed::{self, Broken, Unwritable};
use crate::state::{Record, Recorded, Snapshot, Verb};

/// The greatest serial of a state that is pushed: runs count on from it, in names of ten digits.
const MOST_SERIAL: u64 = 9_000_000_000;
/// The greatest generation in it: objects are counted on from it.
const MOST_GENERATION: u32 = 1 << 30;

/// How a state differs from one before it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Resources it has and the one before had not.
    pub added: Vec<Entry>,
    /// Resources that both have, and of which it knows something else.
    pub changed: Vec<Entry>,
    /// Resources it has not and the one before had.
    pub removed: Vec<Entry>,
}

/// A resource of which two states differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The resource.
    pub address: Address,
    /// Its CloudFormation type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its physical identifier in the state that has it; in the later one when both do.
    pub id: String,
    /// What differs: names of properties and attributes, `id`, `status` and the like. Values may be secret.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub what: Vec<String>,
}

impl Difference {
    /// How `after` differs from `before`, which may have been nothing.
    pub fn between(before: Option<&Snapshot>, after: &Snapshot) -> Self {
        let mut found = Self::default();
        for (address, recorded) in &after.resources {
            match before.and_then(|before| before.resources.get(address)) {
                None => found.added.push(entry(address, recorded, Vec::new())),
                Some(earlier) => match differing(earlier, recorded) {
                    what if what.is_empty() => {}
                    what => found.changed.push(entry(address, recorded, what)),
                },
            }
        }
        let gone = before.into_iter().flat_map(|before| &before.resources);
        let gone = gone.filter(|(address, _)| !after.resources.contains_key(*address));
        found.removed = gone.map(|(address, recorded)| entry(address, recorded, Vec::new())).collect();
        found
    }

    /// Whether both have the same resources, and know the same of them.
    pub fn is_none(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

fn entry(address: &Address, recorded: &Recorded, what: Vec<String>) -> Entry {
    Entry { address: address.clone(), kind: recorded.kind.clone(), id: recorded.id.clone(), what }
}

/// What two states know otherwise of a resource.
fn differing(before: &Recorded, after: &Recorded) -> Vec<String> {
    // The stored form, in which a secret equals its hash.
    let stored = |recorded: &Recorded| match serde_json::to_value(recorded) {
        Ok(Json::Object(members)) => members,
        _ => serde_json::Map::new(),
    };
    let (before, after) = (stored(before), stored(after));
    let mut what = Vec::new();
    let members: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for member in members {
        let sides = (before.get(member), after.get(member));
        match sides {
            (before, after) if before == after => {}
            (Some(Json::Object(before)), Some(Json::Object(after))) if member == "inputs" || member == "attributes" => {
                let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
                let differing = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
                what.extend(differing.cloned());
            }
            _ => what.push(member.clone()),
        }
    }
    what.dedup();
    what
}

/// Whether two states say the same, whoever wrote them when.
pub fn same(one: &Snapshot, other: &Snapshot) -> bool {
    let stored = |snapshot: &Snapshot| {
        let content = Snapshot { serial: 0, made: None, ..snapshot.clone() };
        serde_json::to_value(content).ok()
    };
    stored(one) == stored(other)
}

/// A state as the text that [`pushed`] takes.
///
/// # Errors
/// When a value has no JSON, or a secret cannot be sealed.
pub fn pulled(snapshot: &Snapshot, keys: &Keyring) -> Result<Vec<u8>, EditError> {
    sealed::seal(snapshot, keys).map_err(|unwritable| match unwritable {
        Unwritable::Json(error) => EditError::NotAState { reason: error.to_string() },
        Unwritable::Key(error) => EditError::State(error.into()),
    })
}

/// The state in a text that [`pulled`] wrote.
///
/// # Errors
/// When it is not what was written.
pub fn read(text: &[u8], keys: &Keyring) -> Result<Snapshot, EditError> {
    let read: Snapshot = sealed::open(text, keys).map_err(|broken| match broken {
        Broken::Newer(found) => EditError::Newer { found },
        Broken::Because(reason) => EditError::NotAState { reason },
    })?;
    if read.serial > MOST_SERIAL || generations(&read).any(|generation| generation > MOST_GENERATION) {
        return Err(EditError::NotAState { reason: "it counts beyond all that was ever counted".to_owned() });
    }
    Ok(read)
}

fn generations(snapshot: &Snapshot) -> impl Iterator<Item = u32> {
    let pending = snapshot.pending.iter().filter_map(|record| match record {
        Record::Intent { recorded, .. } | Record::Made { recorded, .. } => Some(recorded.generation),
        Record::Refused { generation, .. } | Record::Gone { generation, .. } => Some(*generation),
        Record::Moved { .. } | Record::Outputs { .. } => None,
    });
    let recorded = snapshot.resources.values().chain(snapshot.deposed.values().flatten());
    recorded.map(|recorded| recorded.generation).chain(snapshot.generations.values().copied()).chain(pending)
}

/// What takes the place of the state there is when `pushed` is put there, as the state of `stack`.
///
/// # Errors
/// When it is of another stack, lineage, account or region, or not newer, unless it is `forced`.
pub fn pushed(
    mut pushed: Snapshot,
    there: Option<&Snapshot>,
    stack: &str,
    forced: bool,
) -> Result<(Snapshot, Vec<Record>), EditError> {
    if pushed.stack != stack && !forced {
        return Err(EditError::OtherStack { pushed: pushed.stack, stack: stack.to_owned() });
    }
    stack.clone_into(&mut pushed.stack);
    let Some(there) = there else { return Ok((pushed, Vec::new())) };
    if !forced {
        if pushed.lineage != there.lineage {
            return Err(EditError::OtherLineage { pushed: pushed.lineage, there: there.lineage.clone() });
        }
        if pushed.target != there.target {
            let (pushed, there) = (Box::new(pushed.target), Box::new(there.target.clone()));
            return Err(EditError::Elsewhere { pushed, there });
        }
        if pushed.serial < there.serial || (pushed.serial == there.serial && !same(&pushed, there)) {
            return Err(EditError::Older { pushed: pushed.serial, there: there.serial });
        }
    }
    let lost = counted_on(&mut pushed, there);
    Ok((pushed, lost))
}

/// Makes an earlier state go on from `newest`: no generation that an address has had since is ever had again, and what
/// an interrupted run may have made since is still looked for. What cannot be, because the earlier state has another
/// object of that address, is given back. States of different lineages have nothing to do with one another.
pub fn counted_on(earlier: &mut Snapshot, newest: &Snapshot) -> Vec<Record> {
    let mut lost = Vec::new();
    let creation = |record: &&Record| matches!(record, Record::Intent { verb: Verb::Create, .. });
    if earlier.lineage != newest.lineage {
        return newest.pending.iter().filter(creation).cloned().collect();
    }
    let live = newest.resources.keys().chain(newest.generations.keys());
    let mut past: Vec<(&Address, u32)> = live.map(|address| (address, newest.generation(address))).collect();
    let aside =
        newest.deposed.iter().flat_map(|(address, aside)| aside.iter().map(move |one| (address, one.generation)));
    past.extend(aside);
    for record in newest.pending.iter().filter(creation) {
        let Record::Intent { address, recorded, .. } = record else { continue };
        past.push((address, recorded.generation));
        if earlier.pending.contains(record) {
            continue;
        }
        let had = earlier.resources.contains_key(address) || earlier.deposed.contains_key(address);
        if had { lost.push(record.clone()) } else { earlier.pending.push(record.clone()) }
    }
    for (address, generation) in past {
        if generation > earlier.generation(address) {
            earlier.generations.insert(address.clone(), generation);
        }
    }
    lost
}

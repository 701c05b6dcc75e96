//! Objects under other addresses ([`moved`]), and objects that the state no longer knows ([`forgotten`]).

use std::collections::BTreeSet;

use super::error::EditError;
use crate::model::Address;
use crate::state::{Record, Recorded, Snapshot};

/// The state with each object of the pairs, from and to, under its new address. The order of the pairs does not matter:
/// `a` may become `b` while `b` becomes `c`.
///
/// # Errors
/// When an object is not there, a target is, or the pairs do not go together. Nothing is moved then.
pub fn moved(snapshot: &Snapshot, pairs: &[(Address, Address)]) -> Result<Snapshot, EditError> {
    let (mut from_seen, mut to_seen) = (BTreeSet::new(), BTreeSet::new());
    for (from, to) in pairs {
        if !snapshot.resources.contains_key(from) {
            return Err(EditError::Unknown { stack: snapshot.stack.clone(), address: from.clone() });
        }
        if from.kind() != to.kind() {
            return Err(EditError::OtherKind { from: from.clone(), to: to.clone() });
        }
        if from == to || !from_seen.insert(from) {
            return Err(EditError::Twice { address: from.clone() });
        }
        if !to_seen.insert(to) {
            return Err(EditError::Twice { address: to.clone() });
        }
        settled(snapshot, from)?;
        settled(snapshot, to)?;
    }
    let mut after = snapshot.clone();
    let mut left: Vec<&(Address, Address)> = pairs.iter().collect();
    while !left.is_empty() {
        let taken = |to: &Address| after.resources.contains_key(to) || after.deposed.contains_key(to);
        let Some(free) = left.iter().position(|(_, to)| !taken(to)) else {
            let moving = |to: &Address| left.iter().any(|(from, _)| from == to);
            return Err(match left.iter().find(|(_, to)| !moving(to)) {
                Some((_, to)) => EditError::Taken { to: to.clone() },
                None => EditError::Circle { addresses: left.iter().map(|(from, _)| from.clone()).collect() },
            });
        };
        let (from, to) = left.remove(free);
        after.apply(&Record::Moved { from: from.clone(), to: to.clone() });
    }
    Ok(after)
}

/// The state without the objects of these addresses, those that replacements have put aside included. That they were
/// there is remembered, so that no name is made up twice.
///
/// # Errors
/// When the stack has no such object, or one that is not named needs it.
pub fn forgotten(snapshot: &Snapshot, addresses: &BTreeSet<Address>) -> Result<Snapshot, EditError> {
    let mut after = snapshot.clone();
    for address in addresses {
        let objects: Vec<u32> = objects(snapshot, address).map(|recorded| recorded.generation).collect();
        if objects.is_empty() {
            return Err(EditError::Unknown { stack: snapshot.stack.clone(), address: address.clone() });
        }
        settled(snapshot, address)?;
        for generation in objects {
            after.apply(&Record::Gone { address: address.clone(), generation });
        }
    }
    for address in addresses {
        let live = after.resources.iter();
        let aside = after.deposed.iter().flat_map(|(by, aside)| aside.iter().map(move |recorded| (by, recorded)));
        let mut by: Vec<Address> = live
            .chain(aside)
            .filter(|(_, other)| other.dependencies.contains(address))
            .map(|(by, _)| by.clone())
            .collect();
        by.dedup();
        if !by.is_empty() {
            return Err(EditError::Needed { address: address.clone(), by });
        }
    }
    Ok(after)
}

/// All objects of an address: the live one, then those put aside.
pub fn objects<'a>(snapshot: &'a Snapshot, address: &Address) -> impl Iterator<Item = &'a Recorded> {
    snapshot.resources.get(address).into_iter().chain(snapshot.deposed.get(address).into_iter().flatten())
}

/// That no call for the object, or for what needs it, is without an outcome: what it made is found under the address it
/// was made for.
fn settled(snapshot: &Snapshot, address: &Address) -> Result<(), EditError> {
    let about = |record: &Record| match record {
        Record::Intent { address: of, recorded, .. } => of == address || recorded.dependencies.contains(address),
        _ => false,
    };
    match snapshot.pending.iter().any(about) {
        true => Err(EditError::Unsettled { address: address.clone() }),
        false => Ok(()),
    }
}

//! [`Ties`]: what needs what, by the program and by the state.

use std::collections::{BTreeMap, BTreeSet};

use super::Why;
use crate::model::{Address, Program};
use crate::state::Snapshot;

/// What needs what. An object that a replacement has put aside counts as its address.
pub(super) struct Ties<'a> {
    /// What each declaration needs.
    declared: BTreeMap<&'a Address, Vec<Address>>,
    /// What the objects of each address of the state use.
    recorded: BTreeMap<&'a Address, BTreeSet<&'a Address>>,
}

impl<'a> Ties<'a> {
    pub fn new(program: &'a Program, snapshot: &'a Snapshot) -> Self {
        let declared = program.resources.iter().map(|resource| (&resource.address, resource.dependencies())).collect();
        let mut recorded: BTreeMap<&Address, BTreeSet<&Address>> = BTreeMap::new();
        let aside = snapshot.deposed.iter().flat_map(|(address, aside)| aside.iter().map(move |one| (address, one)));
        for (address, object) in snapshot.resources.iter().chain(aside) {
            recorded.entry(address).or_default().extend(&object.dependencies);
        }
        Self { declared, recorded }
    }

    /// All that is declared or in the state.
    pub fn addresses(&self) -> BTreeSet<&'a Address> {
        self.declared.keys().chain(self.recorded.keys()).copied().collect()
    }

    /// What is left out when these are: the declarations that need them, and the objects that would be deleted although
    /// one that is left out uses them.
    pub fn without(&self, excluded: BTreeSet<Address>) -> BTreeMap<Address, Why> {
        let needed_by = reversed(self.declared.iter().map(|(address, needs)| (*address, needs.iter())));
        let mut next: Vec<Address> = excluded.iter().cloned().collect();
        let mut left_out: BTreeMap<Address, Why> = excluded.into_iter().map(|one| (one, Why::Excluded)).collect();
        while let Some(address) = next.pop() {
            let needing = needed_by.get(&address).into_iter().flatten().copied();
            let unwanted = |used: &&&Address| !self.declared.contains_key(*used) && self.recorded.contains_key(*used);
            let used = self.recorded.get(&address).into_iter().flatten().filter(unwanted).copied();
            let needing = needing.map(|one| (one, Why::Needs { address: address.clone() }));
            let used = used.map(|one| (one, Why::UsedBy { address: address.clone() }));
            for (one, why) in needing.chain(used) {
                if !left_out.contains_key(one) {
                    left_out.insert(one.clone(), why);
                    next.push(one.clone());
                }
            }
        }
        left_out
    }

    /// Takes these out of what is left out, with all that they need: a declaration what it refers to, a deletion what uses
    /// the object. What is excluded stays.
    pub fn take_in(&self, left_out: &mut BTreeMap<Address, Why>, these: BTreeSet<Address>) {
        let used_by = reversed(self.recorded.iter().map(|(address, used)| (*address, used.iter().copied())));
        let mut next: Vec<Address> = these.into_iter().collect();
        while let Some(address) = next.pop() {
            if left_out.get(&address) != Some(&Why::Unnamed) {
                continue;
            }
            left_out.remove(&address);
            match self.declared.get(&address) {
                Some(needs) => next.extend(needs.iter().cloned()),
                None => next.extend(used_by.get(&address).into_iter().flatten().map(|user| (*user).clone())),
            }
        }
    }
}

fn reversed<'a, 'b>(
    ties: impl Iterator<Item = (&'a Address, impl Iterator<Item = &'b Address>)>,
) -> BTreeMap<&'b Address, Vec<&'a Address>> {
    let mut reversed: BTreeMap<&Address, Vec<&Address>> = BTreeMap::new();
    for (address, needs) in ties {
        needs.for_each(|needed| reversed.entry(needed).or_default().push(address));
    }
    reversed
}

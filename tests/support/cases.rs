//! What may happen to a random stack: a case, which is written out as JSON when it fails.

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::random::{Declared, Mutation, mutation, stack};

/// What happens to a stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// What is declared at first.
    pub first: Vec<Declared>,
    /// At which moment the first run ends, if it ends early.
    pub first_ends_at: Option<usize>,
    /// What others do then.
    pub outside: Vec<(u8, Outside)>,
    /// What is done then.
    pub operation: Operation,
    /// At which moment it ends, if it ends early; then it is done again.
    pub ends_at: Option<usize>,
    /// What goes wrong all the time, as `--fault` has it.
    pub faults: Vec<String>,
}

/// What others do to an object.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Outside {
    /// They delete it, if AWS lets them.
    Deletes,
    /// They change it, where there is something to change.
    Changes,
}

/// What is done to a stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Operation {
    /// What is declared otherwise is run.
    Run(Vec<Mutation>),
    /// A part of it: one thing, with what it needs.
    Only(Vec<Mutation>, u8),
    /// All but one thing, and what needs it.
    Exclude(Vec<Mutation>, u8),
    /// One thing is replaced.
    Replace(Vec<Mutation>, u8),
    /// All is deleted.
    Destroy,
    /// The state is made to know what exists.
    Refresh,
    /// The state is made not to know something.
    Forget(u8),
    /// Something gets another address.
    Move(u8),
}

/// Any of them.
pub fn case() -> impl Strategy<Value = Case> {
    let mutations = || proptest::collection::vec(mutation(), 1..5);
    let operation = prop_oneof![
        8 => mutations().prop_map(Operation::Run),
        2 => (mutations(), any::<u8>()).prop_map(|(mutations, which)| Operation::Only(mutations, which)),
        2 => (mutations(), any::<u8>()).prop_map(|(mutations, which)| Operation::Exclude(mutations, which)),
        1 => (mutations(), any::<u8>()).prop_map(|(mutations, which)| Operation::Replace(mutations, which)),
        2 => Just(Operation::Destroy),
        1 => Just(Operation::Refresh),
        1 => any::<u8>().prop_map(Operation::Forget),
        1 => any::<u8>().prop_map(Operation::Move),
    ];
    let outside =
        proptest::collection::vec((any::<u8>(), prop_oneof![Just(Outside::Deletes), Just(Outside::Changes)]), 0..3);
    let ends = |within: usize| proptest::option::of(1..within);
    let none = || Just(Vec::new());
    let some = |rules: &[&str]| rules.iter().map(|rule| (*rule).to_owned()).collect::<Vec<_>>();
    let fault = (
        prop_oneof![
            Just(some(&["throttle=0.2"])),
            Just(some(&["drop=create"])),
            Just(some(&["drop=change"])),
            Just(some(&["drop=0.1"])),
            Just(some(&["error=0.1"])),
            Just(some(&["lag=2s"])),
            Just(some(&["lag=1s", "drop=0.05", "throttle=0.05"])),
        ],
        any::<u16>(),
    );
    let faults = fault.prop_map(|(rules, seed)| [rules, vec![format!("seed={seed}")]].concat());
    let faults = prop_oneof![3 => none(), 2 => faults];
    (stack(), prop_oneof![2 => Just(None), 1 => ends(120)], outside, operation, ends(120), faults).prop_map(
        |(first, first_ends_at, outside, operation, ends_at, faults)| Case {
            first,
            first_ends_at,
            outside,
            operation,
            ends_at,
            faults,
        },
    )
}

//! [`drift`]: how what exists differs from what the last run asked for, by the state alone.
//!
//! Like [`plan`](super::plan()) it is a pure function and does no I/O. Only what was asked for counts: what AWS fills in,
//! and what `ignoreChanges` leaves to others, is no drift.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Difference;
use super::redact::{hide_in_place, redact, secret_hashes};
use crate::kinds::{Facts, Observed};
use crate::model::diff::{Found, differences};
use crate::model::schema::schemas;
use crate::model::{Address, Value};
use crate::state::{Recorded, Snapshot, Target};

/// How a stack differs from what its last run asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// The stack's name.
    pub stack: String,
    /// The account and region it lives in.
    pub target: Target,
    /// The serial of the state that was compared.
    pub serial: u64,
    /// Resources that differ or are gone, by address.
    pub resources: Vec<Drifted>,
    /// How many are as asked for.
    pub unchanged: usize,
    /// Resources whose kind has no code, so that nothing of them was read.
    pub unread: Vec<Address>,
}

/// A resource that is not as the last run asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drifted {
    /// The resource.
    pub address: Address,
    /// Its CloudFormation type.
    pub kind: String,
    /// Its physical identifier.
    pub id: String,
    /// Whether it is no longer there.
    pub gone: bool,
    /// Which properties differ, `before` as asked for, `after` as it is; whether it takes a replacement to put that right.
    /// Empty for what is gone.
    pub differences: Vec<Difference>,
}

impl Drift {
    /// Whether everything that was read is as asked for.
    pub fn is_none(&self) -> bool {
        self.resources.is_empty()
    }

    /// How many are gone.
    pub fn gone(&self) -> usize {
        self.resources.iter().filter(|drifted| drifted.gone).count()
    }
}

/// Compares. `observed` has what AWS has now, `None` for what is gone; an address that is not in it was not read.
pub fn drift(
    snapshot: &Snapshot,
    observed: &BTreeMap<Address, Option<Observed>>,
    facts: fn(&str) -> Option<&'static Facts>,
) -> Drift {
    let mut drift = Drift {
        stack: snapshot.stack.clone(),
        target: snapshot.target.clone(),
        serial: snapshot.serial,
        resources: Vec::new(),
        unchanged: 0,
        unread: Vec::new(),
    };
    for (address, recorded) in &snapshot.resources {
        let Some(observed) = observed.get(address) else {
            drift.unread.push(address.clone());
            continue;
        };
        let replaces = facts(&recorded.kind).map(|facts| facts.replaces).unwrap_or_default();
        let differences = observed.as_ref().map(|observed| differing(recorded, observed, replaces));
        match differences {
            Some(differences) if differences.is_empty() => drift.unchanged += 1,
            differences => drift.resources.push(Drifted {
                address: address.clone(),
                kind: recorded.kind.clone(),
                id: recorded.id.clone(),
                gone: differences.is_none(),
                differences: differences.unwrap_or_default(),
            }),
        }
    }
    drift
}

fn differing(recorded: &Recorded, observed: &Observed, replaces: &[&str]) -> Vec<Difference> {
    let Some(schema) = schemas().by_type(&recorded.kind) else { return Vec::new() };
    let asked = &recorded.inputs;
    let hashes = secret_hashes(asked, asked);
    let shown = |found: Found| {
        let there = found.before.map(|there| redact(&there, &hashes)).map(|there| match &found.after {
            Some(asked) => hide_in_place(there, asked),
            None => there,
        });
        Difference {
            replaces: found.replaces || replaces.contains(&found.path.root()),
            path: found.path.to_string(),
            before: found.after,
            after: there,
        }
    };
    let found = differences(schema, asked, asked, Some(&observed.properties)).into_iter();
    let ignored = |found: &Found| recorded.ignore_changes.iter().any(|name| found.path.root() == name);
    found.filter(|found| !ignored(found)).map(shown).filter(|found| !only_hidden(found)).collect()
}

/// Whether the two sides are the same once secrets are hashes: what is asked for is known by its hash only.
fn only_hidden(difference: &Difference) -> bool {
    let stored = |value: &Option<Value>| serde_json::to_value(value).ok();
    stored(&difference.before) == stored(&difference.after)
}

//! [`refresh`]: what the state does not know of what exists. A pure function, like [`drift`](super::drift::drift()).
//!
//! What was asked for stays what was asked for: where something else exists now, that is drift, which a run puts right.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Difference;
use super::drift::{Drift, Drifted};
use super::redact::{redact, secret_hashes};
use crate::kinds::Observed;
use crate::model::{Address, Json, JsonMap, schemas};
use crate::state::{Record, Recorded, Snapshot};

/// What a refresh writes down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refresh {
    /// Resources that are gone, which the state forgets, and those of which AWS tells other attributes than the state
    /// knows: these are the differences.
    pub resources: Vec<Drifted>,
    /// How many the state knows as they are.
    pub unchanged: usize,
    /// Resources that are there and not as the last run asked for. A refresh leaves that so.
    pub drifted: Vec<Address>,
    /// Resources whose kind has no code, so that nothing of them was read.
    pub unread: Vec<Address>,
}

impl Refresh {
    /// Whether the state knows everything as it is.
    pub fn is_none(&self) -> bool {
        self.resources.is_empty()
    }

    /// How many are gone.
    pub fn gone(&self) -> usize {
        self.resources.iter().filter(|drifted| drifted.gone).count()
    }
}

/// Compares what the state knows with what AWS tells; gives back the records that make the state know it, too. `observed`
/// is as for [`drift`](super::drift::drift()), which has found `drift`.
pub fn refresh(
    snapshot: &Snapshot,
    observed: &BTreeMap<Address, Option<Observed>>,
    drift: Drift,
) -> (Refresh, Vec<Record>) {
    let drifted = drift.resources.into_iter().filter(|drifted| !drifted.gone).map(|drifted| drifted.address);
    let mut found = Refresh { resources: Vec::new(), unchanged: 0, drifted: drifted.collect(), unread: drift.unread };
    let mut records = Vec::new();
    for (address, recorded) in &snapshot.resources {
        let Some(observed) = observed.get(address) else { continue };
        let differences = observed.as_ref().map(|observed| differing(recorded, observed));
        let record = match (&differences, observed) {
            (Some(differences), _) if differences.is_empty() => {
                found.unchanged += 1;
                continue;
            }
            (Some(_), Some(observed)) => {
                let mut recorded = Box::new(recorded.clone());
                let told = told(&recorded, observed);
                recorded.attributes.extend(told);
                Record::Made { address: address.clone(), recorded }
            }
            _ => Record::Gone { address: address.clone(), generation: recorded.generation },
        };
        records.push(record);
        found.resources.push(Drifted {
            address: address.clone(),
            kind: recorded.kind.clone(),
            id: recorded.id.clone(),
            gone: differences.is_none(),
            differences: differences.unwrap_or_default(),
        });
    }
    (found, records)
}

/// Attributes that AWS tells otherwise. One that it does not tell now is kept: reading tells less than making, for some.
fn differing(recorded: &Recorded, observed: &Observed) -> Vec<Difference> {
    let hashes = secret_hashes(&recorded.inputs, &recorded.inputs);
    let known = &recorded.attributes;
    let told = told(recorded, observed).into_iter().filter(|(name, after)| known.get(name) != Some(after));
    let difference = |(name, after): (String, Json)| Difference {
        before: known.get(&name).map(|before| redact(before, &hashes)),
        path: name,
        after: Some(redact(&after, &hashes)),
        replaces: false,
    };
    told.map(difference).collect()
}

/// The attributes that are kept of it.
fn told(recorded: &Recorded, observed: &Observed) -> JsonMap {
    match schemas().by_type(&recorded.kind) {
        Some(schema) => observed.told(schema, &recorded.inputs),
        None => observed.attributes.clone(),
    }
}

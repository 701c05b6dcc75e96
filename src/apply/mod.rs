//! Doing: [`observe`] reads what exists, [`recover`] finds what an interrupted run made, [`execute`] carries a plan out.

mod create;
pub mod execute;
pub mod formation;
pub(crate) mod observe;
pub(crate) mod recover;
pub(crate) mod retry;
mod step;
mod wait;

use crate::model::{JsonMap, Value};

/// Properties as plain JSON for a kind, as far as they are known.
fn plain(properties: &std::collections::BTreeMap<String, Value>) -> JsonMap {
    properties.iter().filter_map(|(name, value)| Some((name.clone(), value.known_json()?))).collect()
}

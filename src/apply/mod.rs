//! Doing: [`observe`] reads what exists, [`recover`] finds what an interrupted run made, [`execute`] carries a plan out.

pub mod execute;
pub mod observe;
pub mod recover;
pub mod retry;
mod step;

use crate::model::{Json, JsonMap, Value};

/// Properties as plain JSON for a kind. What cannot be (a secret known by its hash only) is left out.
fn plain(properties: &std::collections::BTreeMap<String, Value>) -> JsonMap {
    properties.iter().filter_map(|(name, value)| Some((name.clone(), lossy(value)?))).collect()
}

fn lossy(value: &Value) -> Option<Json> {
    match value {
        Value::List(items) => Some(Json::Array(items.iter().filter_map(lossy).collect())),
        Value::Map(map) => {
            Some(Json::Object(map.iter().filter_map(|(key, item)| Some((key.clone(), lossy(item)?))).collect()))
        }
        other => other.to_json(),
    }
}

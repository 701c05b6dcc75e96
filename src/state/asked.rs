//! [`either`]: what may have been asked for, while nobody knows whether an update was carried out.

use std::collections::BTreeMap;

use crate::model::schema::{KindSchema, schemas};
use crate::model::{PropertyPath, Value};

/// Properties of which some may be as `before` and some as `after`: a plan made from them takes away what either had and
/// the script does not declare. A property that AWS never tells and that differs is left out, so that it is sent again.
pub(super) fn either(
    kind: &str,
    before: &BTreeMap<String, Value>,
    after: &BTreeMap<String, Value>,
) -> BTreeMap<String, Value> {
    let schema = schemas().by_type(kind);
    let mut merged = before.clone();
    for (name, after) in after {
        match merged.remove(name) {
            None => merged.insert(name.clone(), after.clone()),
            Some(before) => one(schema, &PropertyPath::new(name), before, after)
                .and_then(|value| merged.insert(name.clone(), value)),
        };
    }
    merged
}

fn one(schema: Option<&KindSchema>, path: &PropertyPath, before: Value, after: &Value) -> Option<Value> {
    if stored(&before) == stored(after) {
        return Some(before);
    }
    if schema.is_some_and(|schema| schema.is_write_only(path)) {
        return None;
    }
    Some(match (before, after) {
        (Value::Map(mut before), Value::Map(after)) => {
            for (key, after) in after {
                let value = match before.remove(key) {
                    None => Some(after.clone()),
                    Some(before) => one(schema, &path.key(key), before, after),
                };
                before.extend(value.map(|value| (key.clone(), value)));
            }
            Value::Map(before)
        }
        (Value::List(before), Value::List(after)) => {
            let left = before.into_iter().filter(|item| {
                let name = named(item);
                name.is_some() && !after.iter().any(|other| named(other) == name)
            });
            Value::List(after.iter().cloned().chain(left).collect())
        }
        _ => after.clone(),
    })
}

/// What tells an element of a list from its like: the key of a tag, the name of a container.
fn named(item: &Value) -> Option<&str> {
    match item {
        Value::Map(map) => map.get("key").or_else(|| map.get("name")).and_then(Value::as_str),
        _ => None,
    }
}

fn stored(value: &Value) -> Option<serde_json::Value> {
    serde_json::to_value(value).ok()
}

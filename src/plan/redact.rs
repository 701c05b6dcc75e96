//! Hiding secrets in what was observed: a text that is one of them, or that stands where one was asked for, is shown by
//! its hash only.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Json, PathStep, PropertyPath, Secret, TemplatePart, Value};

/// Hashes of every secret in either.
pub(super) fn secret_hashes(wanted: &BTreeMap<String, Value>, prior: &BTreeMap<String, Value>) -> BTreeSet<String> {
    fn collect(value: &Value, hashes: &mut BTreeSet<String>) {
        match value {
            Value::Secret(secret) => {
                hashes.insert(secret.hash());
            }
            Value::Template(parts) => hashes.extend(parts.iter().filter_map(|part| match part {
                TemplatePart::Secret(secret) => Some(secret.hash()),
                TemplatePart::Text(_) | TemplatePart::Ref(_) => None,
            })),
            Value::List(items) => items.iter().for_each(|item| collect(item, hashes)),
            Value::Map(map) => map.values().for_each(|item| collect(item, hashes)),
            _ => {}
        }
    }
    let mut hashes = BTreeSet::new();
    wanted.values().chain(prior.values()).for_each(|value| collect(value, &mut hashes));
    hashes
}

/// A value as observed, with every text that is one of the secrets hidden.
pub(super) fn redact(json: &Json, hashes: &BTreeSet<String>) -> Value {
    let value = Value::from_json(json);
    if hashes.is_empty() {
        return value;
    }
    fn hide(value: Value, hashes: &BTreeSet<String>) -> Value {
        match value {
            Value::String(text) => {
                let hash = Secret::Clear(text.clone()).hash();
                if hashes.contains(&hash) { Value::Secret(Secret::Hashed(hash)) } else { Value::String(text) }
            }
            Value::List(items) => Value::List(items.into_iter().map(|item| hide(item, hashes)).collect()),
            Value::Map(map) => Value::Map(map.into_iter().map(|(key, item)| (key, hide(item, hashes))).collect()),
            other => other,
        }
    }
    hide(value, hashes)
}

/// A value as observed, with every text hidden that stands where a secret was asked for: it may be another secret.
pub(super) fn hide_in_place(there: Value, asked: &Value) -> Value {
    match (asked, there) {
        (asked, there) if !has_secret(asked) => there,
        (Value::Map(asked), Value::Map(there)) => {
            let hide = |(key, item)| match asked.get(&key) {
                Some(asked) => (key, hide_in_place(item, asked)),
                None => (key, item),
            };
            Value::Map(there.into_iter().map(hide).collect())
        }
        // Which item is which cannot be told: each is hidden as if it were any.
        (Value::List(asked), Value::List(there)) => {
            let hide = |item: Value| asked.iter().fold(item, hide_in_place);
            Value::List(there.into_iter().map(hide).collect())
        }
        (_, there) => hide_all(there),
    }
}

/// A value as observed at `path`, with every text hidden that stands where a secret is wanted or was asked for before.
/// Positions in `path` are those of what is wanted.
pub(super) fn hide_at(
    path: &PropertyPath,
    there: Value,
    wanted: &BTreeMap<String, Value>,
    prior: &BTreeMap<String, Value>,
) -> Value {
    let mut wanted = wanted.get(path.root());
    let mut prior: Vec<&Value> = prior.get(path.root()).into_iter().collect();
    for step in path.steps().iter().skip(1) {
        let next = match (wanted, step) {
            (Some(Value::List(items)), PathStep::Index(index)) => items.get(*index),
            (Some(value), PathStep::Key(key)) => under(value, key),
            _ => None,
        };
        prior = prior.into_iter().flat_map(|value| before(value, step, next)).collect();
        wanted = next;
    }
    wanted.into_iter().chain(prior).fold(there, hide_in_place)
}

/// What an object has under a key; of a list of `{key, value}`, the value with that key.
fn under<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Map(map) => map.get(key),
        Value::List(items) => items.iter().find(|item| name(item) == Some(key)).and_then(|item| under(item, "value")),
        _ => None,
    }
}

/// What was at a step where `wanted` is to be: the item of the same name, or at the same position. For an item that is to
/// go it may be any.
fn before<'a>(value: &'a Value, step: &PathStep, wanted: Option<&Value>) -> Vec<&'a Value> {
    match (value, step, wanted) {
        (value, PathStep::Key(key), _) => under(value, key).into_iter().collect(),
        (Value::List(items), PathStep::Index(index), Some(wanted)) => match name(wanted) {
            Some(named) => items.iter().filter(|item| name(item) == Some(named)).collect(),
            None => items.get(*index).into_iter().collect(),
        },
        (Value::List(items), PathStep::Index(_), None) => items.iter().collect(),
        _ => Vec::new(),
    }
}

/// What tells an item of a list from its like: the key of a tag, the name of a container.
fn name(item: &Value) -> Option<&str> {
    match item {
        Value::Map(map) => map.get("key").or_else(|| map.get("name")).and_then(Value::as_str),
        _ => None,
    }
}

fn has_secret(value: &Value) -> bool {
    match value {
        Value::Secret(_) => true,
        Value::Template(parts) => parts.iter().any(|part| matches!(part, TemplatePart::Secret(_))),
        Value::List(items) => items.iter().any(has_secret),
        Value::Map(map) => map.values().any(has_secret),
        _ => false,
    }
}

fn hide_all(value: Value) -> Value {
    match value {
        Value::String(text) => Value::Secret(Secret::Hashed(Secret::Clear(text).hash())),
        Value::List(items) => Value::List(items.into_iter().map(hide_all).collect()),
        Value::Map(map) => Value::Map(map.into_iter().map(|(key, item)| (key, hide_all(item))).collect()),
        other => other,
    }
}

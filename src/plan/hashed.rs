//! Secrets of which only the hash is known, as in programs that were kept: [`recalled`] finds those that AWS tells,
//! [`refuse_hashed`] refuses what would send others.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Change, Plan, PlanError, Problem};
use crate::kinds::Observed;
use crate::model::{Address, Json, Program, PropertyPath, Secret, TemplatePart, Value};

/// The program, with the text of each secret that stands somewhere in what was observed.
pub fn recalled<'a>(program: &'a Program, observed: &BTreeMap<Address, Option<Observed>>) -> Cow<'a, Program> {
    let mut sought = BTreeSet::new();
    let values = program.resources.iter().flat_map(|resource| resource.properties.values());
    values.for_each(|value| collect(value, &mut sought));
    if sought.is_empty() {
        return Cow::Borrowed(program);
    }
    let mut found = BTreeMap::new();
    for observed in observed.values().flatten() {
        observed.properties.values().for_each(|json| search(json, &sought, &mut found));
    }
    let mut program = program.clone();
    let values = program.resources.iter_mut().flat_map(|resource| resource.properties.values_mut());
    values.for_each(|value| fill(value, &found));
    Cow::Owned(program)
}

/// Refuses a plan that would send a secret of which only the hash is known.
///
/// # Errors
/// All such properties at once.
pub fn refuse_hashed(plan: &Plan) -> Result<(), PlanError> {
    let mut problems = Vec::new();
    for change in &plan.changes {
        let mut paths = Vec::new();
        for (name, value) in change.wanted.iter().filter(|(name, _)| sends(change, name)) {
            hashed(&PropertyPath::new(name), value, &mut paths);
        }
        let problem = |path: PropertyPath| Problem::OnlyHashed { path: path.to_string() };
        problems.extend(paths.into_iter().map(|path| (change.address.clone(), change.source.clone(), problem(path))));
    }
    if problems.is_empty() { Ok(()) } else { Err(PlanError { problems }) }
}

/// Whether a change sends a property. Of an update that is only what differs, unless the object was never made whole.
fn sends(change: &Change, name: &str) -> bool {
    match change.action {
        Action::NoOp | Action::Settle | Action::Delete | Action::Forget => false,
        Action::Create | Action::ReplaceCreateFirst | Action::ReplaceDeleteFirst => true,
        Action::Import | Action::Update => {
            let root = |path: &str| path.split(['.', '[']).next() == Some(name);
            change.reasons.contains(&super::Reason::Unfinished)
                || change.differences.iter().any(|difference| root(&difference.path))
        }
    }
}

fn collect(value: &Value, hashes: &mut BTreeSet<String>) {
    match value {
        Value::Secret(Secret::Hashed(hash)) => {
            hashes.insert(hash.clone());
        }
        Value::Template(parts) => hashes.extend(parts.iter().filter_map(|part| match part {
            TemplatePart::Secret(Secret::Hashed(hash)) => Some(hash.clone()),
            _ => None,
        })),
        Value::List(items) => items.iter().for_each(|item| collect(item, hashes)),
        Value::Map(map) => map.values().for_each(|item| collect(item, hashes)),
        _ => {}
    }
}

fn search(json: &Json, sought: &BTreeSet<String>, found: &mut BTreeMap<String, String>) {
    match json {
        Json::String(text) => {
            let hash = Secret::Clear(text.clone()).hash();
            if sought.contains(&hash) {
                found.insert(hash, text.clone());
            }
        }
        Json::Array(items) => items.iter().for_each(|item| search(item, sought, found)),
        Json::Object(map) => map.values().for_each(|item| search(item, sought, found)),
        _ => {}
    }
}

fn fill(value: &mut Value, texts: &BTreeMap<String, String>) {
    let fill_one = |secret: &mut Secret| {
        if let Secret::Hashed(hash) = secret
            && let Some(text) = texts.get(hash)
        {
            *secret = Secret::Clear(text.clone());
        }
    };
    match value {
        Value::Secret(secret) => fill_one(secret),
        Value::Template(parts) => parts.iter_mut().for_each(|part| {
            if let TemplatePart::Secret(secret) = part {
                fill_one(secret);
            }
        }),
        Value::List(items) => items.iter_mut().for_each(|item| fill(item, texts)),
        Value::Map(map) => map.values_mut().for_each(|item| fill(item, texts)),
        _ => {}
    }
}

fn hashed(path: &PropertyPath, value: &Value, found: &mut Vec<PropertyPath>) {
    match value {
        Value::Secret(Secret::Hashed(_)) => found.push(path.clone()),
        Value::Template(parts) if parts.iter().any(|part| matches!(part, TemplatePart::Secret(Secret::Hashed(_)))) => {
            found.push(path.clone());
        }
        Value::List(items) => {
            items.iter().enumerate().for_each(|(index, item)| hashed(&path.index(index), item, found));
        }
        Value::Map(map) => map.iter().for_each(|(key, item)| hashed(&path.key(key), item, found)),
        _ => {}
    }
}

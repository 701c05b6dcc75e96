//! Outputs of a script as a template's: texts, one each.
//!
//! CloudFormation's outputs are texts. A list of texts becomes one, joined by commas; what is deeper becomes an output
//! for each text in it. A secret is no output, since everybody who may see the stack would see it.

use std::collections::BTreeMap;

use serde_json::json;

use super::Entry;
use super::logical::pascal;
use super::render::Renderer;
use super::text::joined;
use crate::model::{Json, TemplatePart, Value};

/// The entries of one output.
pub(super) fn entries(name: &str, value: &Value, twin: Option<&Value>, renderer: &mut Renderer<'_>) -> Vec<Entry> {
    let mut found = Vec::new();
    collect(&pascal(name), value, twin, renderer, &mut found);
    let entry = |(id, value): (String, Json)| Entry { id, fields: vec![("Value", value)] };
    found.into_iter().map(entry).collect()
}

fn collect(
    id: &str,
    value: &Value,
    twin: Option<&Value>,
    renderer: &mut Renderer<'_>,
    found: &mut Vec<(String, Json)>,
) {
    match value {
        Value::Map(map) => {
            for (key, item) in map {
                let twin = match twin {
                    Some(Value::Map(twin)) => twin.get(key),
                    _ => None,
                };
                collect(&format!("{id}{}", pascal(key)), item, twin, renderer, found);
            }
        }
        Value::List(items) => {
            let twins = match twin {
                Some(Value::List(twins)) if twins.len() == items.len() => twins.as_slice(),
                _ => &[],
            };
            if items.iter().all(is_text) {
                let texts = items.iter().enumerate().map(|(at, item)| joined(renderer.pieces(item, twins.get(at))));
                found.push((id.to_owned(), commas(texts.collect())));
                return;
            }
            for (at, item) in items.iter().enumerate() {
                collect(&format!("{id}{}", at + 1), item, twins.get(at), renderer, found);
            }
        }
        text if is_text(text) => found.push((id.to_owned(), joined(renderer.pieces(text, twin)))),
        _ => {}
    }
}

/// Whether it is one text, and no secret.
fn is_text(value: &Value) -> bool {
    match value {
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) | Value::Ref(_) => true,
        Value::Template(parts) => !parts.iter().any(|part| matches!(part, TemplatePart::Secret(_))),
        Value::Null | Value::List(_) | Value::Map(_) | Value::Secret(_) => false,
    }
}

fn commas(texts: Vec<Json>) -> Json {
    let plain: Option<Vec<&str>> = texts.iter().map(Json::as_str).collect();
    match (plain, texts.as_slice()) {
        (Some(plain), _) => plain.join(",").into(),
        (None, [only]) => only.clone(),
        (None, _) => json!({ "Fn::Join": [",", texts] }),
    }
}

/// The entries with ids that are each there once.
pub(super) fn distinct(entries: Vec<Entry>) -> Vec<Entry> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut distinct: Vec<Entry> = Vec::with_capacity(entries.len());
    for mut entry in entries {
        let stem = if entry.id.is_empty() { "Output".to_owned() } else { entry.id.clone() };
        entry.id = stem.clone();
        while distinct.iter().any(|earlier| earlier.id == entry.id) {
            let number = seen.entry(stem.clone()).or_insert(1);
            *number += 1;
            entry.id = format!("{stem}{number}");
        }
        distinct.push(entry);
    }
    distinct
}

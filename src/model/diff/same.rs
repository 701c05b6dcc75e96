//! When two values mean the same though they are not written the same.

use crate::model::{Json, Value};

/// Whether a value is as good as absent.
pub(super) fn is_nothing(json: &Json) -> bool {
    match json {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// Whether a declared value says no more than leaving it out does: AWS does not tell empty texts, nor every no.
pub(super) fn is_unset(json: &Json) -> bool {
    is_nothing(json) || *json == Json::Bool(false) || json.as_str() == Some("")
}

/// Whether two scalars mean the same: numbers and booleans may be written as texts, a name stands for the ARN of what
/// has it, and a network has many texts.
pub(super) fn same_scalar(wanted: &Json, there: &Json, any_case: bool) -> bool {
    if wanted == there {
        return true;
    }
    let (Some(wanted), Some(there)) = (text(wanted), text(there)) else { return false };
    wanted == there
        || (any_case && wanted.eq_ignore_ascii_case(&there))
        || is_named(&there, &wanted)
        || is_named(&wanted, &there)
        || is_network(&wanted, &there)
}

fn text(json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.clone()),
        // AWS answers some whole numbers as floating-point ones.
        Json::Number(number) => Some(match number.as_f64() {
            Some(x) if x.fract() == 0.0 && x.abs() < 9e15 => format!("{x:.0}"),
            _ => number.to_string(),
        }),
        Json::Bool(b) => Some(b.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// Whether two texts are the same network: AWS clears the bits beyond the prefix, and shortens what is IPv6.
fn is_network(one: &str, other: &str) -> bool {
    let network = |text: &str| text.parse::<ipnet::IpNet>().ok().map(|network| network.trunc());
    one.contains('/') && network(one).is_some_and(|one| Some(one) == network(other))
}

/// Whether an ARN is that of what is called `name`: its resource without the type is the name. A task definition is also
/// called by its family alone.
fn is_named(arn: &str, name: &str) -> bool {
    let Some(rest) = arn.strip_prefix("arn:") else { return false };
    let resource = rest.splitn(5, ':').nth(4).unwrap_or_default();
    let family = || resource.strip_prefix("task-definition/").and_then(|path| path.split(':').next());
    !name.is_empty()
        && (resource == name
            || resource.split_once('/').is_some_and(|(_, path)| path == name)
            || family().is_some_and(|family| family == name))
}

/// A document that may be written as a text.
pub(super) fn document(json: &Json) -> Json {
    match json {
        Json::String(text) => serde_json::from_str(text).unwrap_or_else(|_| json.clone()),
        other => other.clone(),
    }
}

/// The form in which a value is stored, in which a secret equals its hash.
pub(super) fn stored(value: Option<&Value>) -> Json {
    value.and_then(|value| serde_json::to_value(value).ok()).unwrap_or(Json::Null)
}

/// The name of an element.
pub(super) fn name(item: &Value) -> Option<&str> {
    match item {
        Value::Map(map) => map.get("name").and_then(Value::as_str),
        _ => None,
    }
}

/// The names of all elements, when each has one and no two the same.
pub(super) fn names(items: &[Value]) -> Option<Vec<&str>> {
    distinct(items.iter().map(name).collect::<Option<_>>()?)
}

/// [`names`] of plain JSON.
pub(super) fn json_names(items: &[Json]) -> Option<Vec<&str>> {
    distinct(items.iter().map(|item| item.get("name").and_then(Json::as_str)).collect::<Option<_>>()?)
}

fn distinct(names: Vec<&str>) -> Option<Vec<&str>> {
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair[0] != pair[1]).then_some(names)
}

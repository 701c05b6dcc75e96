//! [`Shown`]: a script's value as it is shown at a prompt: data, without anything of the interpreter and without secrets.

use rhai::Dynamic;
use serde::Serialize;

use super::live::Object;
use crate::model::{Json, Value};
use crate::script::convert::{describe, to_value};
use crate::script::existing::Found;
use crate::script::fixed::Fixed;
use crate::script::handle::Handle;
use crate::script::limits::DEEPEST;
use crate::script::session::State;
use crate::script::{text, tokens};

/// A value for the eyes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Shown {
    /// `()`.
    Nothing,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A text; references in it stand in parentheses.
    Text(String),
    /// A list.
    List(Vec<Shown>),
    /// A map.
    Map(Vec<(String, Shown)>),
    /// A resource that is declared.
    Resource {
        /// Its address.
        address: String,
        /// Its properties as declared so far.
        properties: Vec<(String, Shown)>,
    },
    /// Something that runs.
    Object {
        /// What it is, such as `task`.
        sort: String,
        /// What is known of it.
        entries: Vec<(String, Shown)>,
    },
    /// A function, or what has no value of its own: in words.
    Other(String),
}

/// A value as it is shown.
pub(in super::super) fn shown(value: &Dynamic, state: &State) -> Shown {
    of(value, state, 0)
}

fn of(value: &Dynamic, state: &State, depth: usize) -> Shown {
    if depth > DEEPEST {
        return Shown::Other("…".to_owned());
    }
    let entries = |map: &rhai::Map| -> Vec<(String, Shown)> {
        map.iter().map(|(key, item)| (tokens::shown(key), of(item, state, depth + 1))).collect()
    };
    if value.is_unit() {
        return Shown::Nothing;
    }
    if let Ok(items) = value.as_array_ref() {
        return Shown::List(items.iter().map(|item| of(item, state, depth + 1)).collect());
    }
    if let Ok(map) = value.as_map_ref() {
        return Shown::Map(entries(&map));
    }
    if let Some(fixed) = value.read_lock::<Fixed>() {
        return Shown::Map(entries(&fixed.entries));
    }
    if let Some(handle) = value.read_lock::<Handle>() {
        return resource(&handle, state);
    }
    if let Some(object) = value.read_lock::<Object>() {
        return Shown::Object { sort: object.sort().name().to_owned(), entries: entries(object.entries()) };
    }
    if let Some(found) = value.read_lock::<Found>() {
        return Shown::Text(found.id.clone());
    }
    if value.is_fnptr() {
        return Shown::Other("a function".to_owned());
    }
    match to_value(value, "", &state.secrets) {
        Ok(Value::Bool(yes)) => Shown::Bool(yes),
        Ok(Value::Int(number)) => Shown::Int(number),
        Ok(Value::Float(number)) => Shown::Float(number),
        Ok(_) => Shown::Text(tokens::shown(&text::of(value))),
        Err(_) => Shown::Other(describe(value).to_owned()),
    }
}

fn resource(handle: &Handle, state: &State) -> Shown {
    let Some((address, _)) = handle.declared() else { return Shown::Other("a resource".to_owned()) };
    let declared = state.by_address.get(address).map(|index| &state.declarations[*index].properties);
    let property = |(name, value): (&String, &Value)| (name.clone(), of_value(value));
    Shown::Resource { address: address.to_string(), properties: declared.into_iter().flatten().map(property).collect() }
}

/// A property's value as it is shown.
pub(super) fn of_value(value: &Value) -> Shown {
    match value {
        Value::Null => Shown::Nothing,
        Value::Bool(yes) => Shown::Bool(*yes),
        Value::Int(number) => Shown::Int(*number),
        Value::Float(number) => Shown::Float(*number),
        Value::List(items) => Shown::List(items.iter().map(of_value).collect()),
        Value::Map(map) => Shown::Map(map.iter().map(|(key, item)| (key.clone(), of_value(item))).collect()),
        Value::String(text) => Shown::Text(text.clone()),
        Value::Secret(_) => Shown::Text("(secret)".to_owned()),
        Value::Ref(reference) => Shown::Text(format!("({}.{})", reference.address, reference.attribute)),
        Value::Template(parts) => Shown::Text(parts.iter().map(of_part).collect()),
    }
}

fn of_part(part: &crate::model::TemplatePart) -> String {
    use crate::model::TemplatePart;
    match part {
        TemplatePart::Text(text) => text.clone(),
        TemplatePart::Ref(reference) => format!("({}.{})", reference.address, reference.attribute),
        TemplatePart::Secret(_) => "(secret)".to_owned(),
    }
}

impl From<&Json> for Shown {
    fn from(json: &Json) -> Self {
        match json {
            Json::Null => Self::Nothing,
            Json::Bool(yes) => Self::Bool(*yes),
            Json::Number(number) => match number.as_i64() {
                Some(number) => Self::Int(number),
                None => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Json::Object(map) => Self::Map(map.iter().map(|(key, item)| (key.clone(), Self::from(item))).collect()),
        }
    }
}

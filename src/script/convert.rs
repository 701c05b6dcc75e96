//! Between the interpreter's values and the model's.

use std::collections::BTreeMap;

use rhai::{Array, Dynamic, Map};

use super::existing::Found;
use super::fixed::Fixed;
use super::handle::{Container, Handle};
use super::limits::{DEEPEST, MOST_PARTS};
use super::session::State;
use super::tokens;
use crate::model::{Json, PathStep, Secret, TemplatePart, Value};

/// Why a script's value is none that a property can have, and where in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unfit {
    /// Where in the value.
    pub(super) steps: Vec<PathStep>,
    /// What it is.
    pub(super) what: String,
}

/// A property's value from a script's. `key` is the property it is for: it decides which attribute a handle stands for.
///
/// # Errors
/// Functions, ranges and what nests too deep or is too large are no values of properties.
pub(super) fn to_value(value: &Dynamic, key: &str, secrets: &[String]) -> Result<Value, Unfit> {
    Reader { secrets, steps: Vec::new(), parts: 0 }.value(value, key)
}

/// Takes a script's value apart, keeping to limits.
struct Reader<'a> {
    secrets: &'a [String],
    steps: Vec<PathStep>,
    parts: usize,
}

impl Reader<'_> {
    /// Counts one part of the value.
    fn part(&mut self) -> Result<(), Unfit> {
        self.parts += 1;
        if self.parts > MOST_PARTS {
            return Err(Unfit { steps: Vec::new(), what: format!("more than {MOST_PARTS} parts") });
        }
        if self.steps.len() > DEEPEST {
            return Err(Unfit { steps: Vec::new(), what: format!("a value that nests deeper than {DEEPEST}") });
        }
        Ok(())
    }

    fn within<T>(&mut self, step: PathStep, read: impl FnOnce(&mut Self) -> Result<T, Unfit>) -> Result<T, Unfit> {
        self.steps.push(step);
        let result = read(self)?;
        self.steps.pop();
        Ok(result)
    }

    fn value(&mut self, value: &Dynamic, key: &str) -> Result<Value, Unfit> {
        self.part()?;
        if let Ok(text) = value.as_immutable_string_ref() {
            return self.text(&text);
        }
        if let Ok(items) = value.as_array_ref() {
            let item = |(index, item)| self.within(PathStep::Index(index), |reader| reader.value(item, key));
            return Ok(Value::List(items.iter().enumerate().map(item).collect::<Result<_, _>>()?));
        }
        if let Ok(entries) = value.as_map_ref() {
            return self.map(&entries);
        }
        if let Some(fixed) = value.read_lock::<Fixed>() {
            return self.map(&fixed.entries);
        }
        self.scalar(value, key)
    }

    fn map(&mut self, entries: &Map) -> Result<Value, Unfit> {
        let mut map = BTreeMap::new();
        for (name, item) in entries {
            let step = PathStep::Key(name.to_string());
            map.insert(name.to_string(), self.within(step, |reader| reader.value(item, name))?);
        }
        Ok(Value::Map(map))
    }

    fn text(&self, text: &str) -> Result<Value, Unfit> {
        tokens::value(text, self.secrets).ok_or_else(|| Unfit {
            steps: self.steps.clone(),
            what: "a piece of a text that is not known yet".to_owned(),
        })
    }

    fn scalar(&self, value: &Dynamic, key: &str) -> Result<Value, Unfit> {
        if value.is_unit() {
            return Ok(Value::Null);
        }
        if let Ok(boolean) = value.as_bool() {
            return Ok(Value::Bool(boolean));
        }
        if let Ok(number) = value.as_int() {
            return Ok(Value::Int(number));
        }
        if let Ok(number) = value.as_float() {
            return Ok(Value::Float(number));
        }
        if let Ok(character) = value.as_char() {
            return self.text(&character.to_string());
        }
        if let Some(handle) = value.read_lock::<Handle>() {
            return Ok(handle.reference_for(key).map_or(Value::Template(Vec::new()), Value::from));
        }
        if let Some(found) = value.read_lock::<Found>() {
            return self.text(&found.id);
        }
        if let Some(container) = value.read_lock::<Container>() {
            return Ok(Value::String(container.name().to_owned()));
        }
        let what = match value.type_name() {
            name if name.contains("Range") => "a range".to_owned(),
            _ if value.is_fnptr() => "a function".to_owned(),
            name => format!("a value of type {name}"),
        };
        Err(Unfit { steps: self.steps.clone(), what })
    }

    /// JSON in which texts keep their tokens.
    fn json(&mut self, value: &Dynamic) -> Result<Json, Unfit> {
        self.part()?;
        if let Ok(text) = value.as_immutable_string_ref() {
            return Ok(Json::String(text.to_string()));
        }
        if let Ok(items) = value.as_array_ref() {
            let item = |(index, item)| self.within(PathStep::Index(index), |reader| reader.json(item));
            return Ok(Json::Array(items.iter().enumerate().map(item).collect::<Result<_, _>>()?));
        }
        if let Ok(entries) = value.as_map_ref() {
            let mut map = serde_json::Map::new();
            for (name, item) in entries.iter() {
                let step = PathStep::Key(name.to_string());
                map.insert(name.to_string(), self.within(step, |reader| reader.json(item))?);
            }
            return Ok(Json::Object(map));
        }
        Ok(match self.scalar(value, "")? {
            Value::Ref(reference) => Json::String(tokens::reference(&reference)),
            other => other.to_json().unwrap_or(Json::Null),
        })
    }
}

/// JSON in which texts keep their tokens, to be written as text: a secret's stands for its text as it stands in JSON.
pub(super) fn to_json(value: &Dynamic, state: &mut State) -> Result<Json, Unfit> {
    let mut json = Reader { secrets: &[], steps: Vec::new(), parts: 0 }.json(value)?;
    within_json(&mut json, state);
    Ok(json)
}

fn within_json(json: &mut Json, state: &mut State) {
    match json {
        Json::String(text) => *text = tokens::within_json(text, state),
        Json::Array(items) => items.iter_mut().for_each(|item| within_json(item, state)),
        Json::Object(map) => {
            map.values_mut().for_each(|item| within_json(item, state));
            if map.keys().any(|key| tokens::has(key)) {
                let entries = std::mem::take(map);
                *map = entries.into_iter().map(|(key, item)| (tokens::within_json(&key, state), item)).collect();
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// A script's value from a property's.
pub(super) fn to_dynamic(value: &Value, state: &mut State) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(boolean) => (*boolean).into(),
        Value::Int(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::String(text) => text.clone().into(),
        Value::List(items) => items.iter().map(|item| to_dynamic(item, state)).collect::<Array>().into(),
        Value::Map(map) => {
            let entries = map.iter().map(|(key, item)| (key.as_str().into(), to_dynamic(item, state)));
            entries.collect::<Map>().into()
        }
        Value::Ref(reference) => tokens::reference(reference).into(),
        Value::Secret(secret) => secret_token(secret, state).into(),
        Value::Template(parts) if parts.is_empty() => tokens::unknown().into(),
        Value::Template(parts) => {
            let part = |part: &TemplatePart| match part {
                TemplatePart::Text(text) => text.clone(),
                TemplatePart::Ref(reference) => tokens::reference(reference),
                TemplatePart::Secret(secret) => secret_token(secret, state),
            };
            parts.iter().map(part).collect::<String>().into()
        }
    }
}

fn secret_token(secret: &Secret, state: &mut State) -> String {
    match secret {
        Secret::Clear(text) => tokens::secret(state.secret(text)),
        // Known by its hash only: there is no text to give.
        Secret::Hashed(_) => tokens::unknown(),
    }
}

/// A script's value from JSON.
pub(super) fn from_json(json: &Json) -> Dynamic {
    match json {
        Json::Null => Dynamic::UNIT,
        Json::Bool(boolean) => (*boolean).into(),
        Json::Number(number) => match number.as_i64() {
            Some(number) => number.into(),
            None => number.as_f64().unwrap_or(f64::NAN).into(),
        },
        Json::String(text) => text.clone().into(),
        Json::Array(items) => items.iter().map(from_json).collect::<Array>().into(),
        Json::Object(map) => {
            map.iter().map(|(key, item)| (key.as_str().into(), from_json(item))).collect::<Map>().into()
        }
    }
}

/// What a script's value is, in words.
pub(super) fn describe(value: &Dynamic) -> &'static str {
    match value.type_name() {
        "()" => "nothing",
        "bool" => "true or false",
        "i64" => "a whole number",
        "f64" => "a number",
        "char" => "a character",
        name if name.contains("String") || name == "string" => "a string",
        _ if value.is_array() => "a list",
        _ if value.is_map() || value.is::<Fixed>() => "a map",
        _ if value.is::<Handle>() => "a resource",
        _ if value.is::<Found>() => "what was looked up",
        _ if value.is_fnptr() => "a function",
        _ => "something else",
    }
}

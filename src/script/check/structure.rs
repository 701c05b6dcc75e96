//! The structure of values: types, keys, lists, and which properties ask for or exclude others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::session::Mistake;
use super::super::suggest::{did_you_mean, listed};
use super::{Checker, describe};
use crate::model::{Json, JsonType, PropertyPath, Shape, Value};

impl Checker<'_> {
    /// Checks an object; answers it in the types the schema asks for, absent properties left out.
    pub(super) fn object(
        &mut self,
        map: &BTreeMap<String, Value>,
        shape: &Shape,
        path: &PropertyPath,
    ) -> BTreeMap<String, Value> {
        let mut kept = BTreeMap::new();
        for (key, item) in map {
            let place = path.key(key);
            if *item == Value::Null {
                continue;
            }
            if shape.properties.contains_key(key) && self.schema.is_read_only(&place) {
                let label = "AWS sets this";
                self.key(&place, Mistake::new(format!("`{key}` of {} is read-only", self.schema.kind)).label(label));
                continue;
            }
            if self.schema.deprecated.iter().any(|pattern| pattern.matches(&place)) {
                let what = Mistake::new(format!("`{key}` of {} is on its way out", self.schema.kind));
                self.warnings.push(super::Finding { path: place.clone(), aim: super::Aim::Key, mistake: what });
            }
            match shape.under(key) {
                Some(below) => {
                    kept.insert(key.clone(), self.any(item, below, &place));
                }
                None if shape.additional => {
                    kept.insert(key.clone(), without_nothing(item));
                }
                None => self.unknown(key, shape, path),
            }
        }
        self.required(map, shape, path);
        let count = u64::try_from(kept.len()).unwrap_or(u64::MAX);
        if shape.max_properties.is_some_and(|max| count > max) || shape.min_properties.is_some_and(|min| count < min) {
            let wanted = bounds(shape.min_properties, shape.max_properties);
            self.value(path, Mistake::new(format!("{} has {count} keys, not {wanted}", self.named(path))));
        }
        kept
    }

    /// Checks any value.
    pub(super) fn any(&mut self, value: &Value, shape: &Shape, path: &PropertyPath) -> Value {
        let value = match value {
            // What is not known yet is not judged.
            Value::Null | Value::Ref(_) => return value.clone(),
            Value::Template(_) | Value::Secret(_) => {
                if !shape.allows(JsonType::String) && (shape.items.is_some() || !shape.properties.is_empty()) {
                    self.wrong_type(value, shape, path);
                }
                return value.clone();
            }
            _ => match Self::typed(value, shape) {
                Some(value) => value,
                None => {
                    self.wrong_type(value, shape, path);
                    return value.clone();
                }
            },
        };
        let value = match value {
            Value::Map(map) => Value::Map(self.object(&map, shape, path)),
            Value::List(items) => Value::List(self.list(&items, shape, path)),
            scalar => {
                self.scalar(&scalar, shape, path);
                scalar
            }
        };
        self.alternatives(&value, shape, path);
        value
    }

    /// The value in a type the schema allows: numbers as texts where it wants texts, and the other way round.
    fn typed(value: &Value, shape: &Shape) -> Option<Value> {
        let allows = |wanted| shape.allows(wanted);
        Some(match value {
            Value::Int(_) if allows(JsonType::Integer) => value.clone(),
            Value::Float(number) if number.fract() == 0.0 && allows(JsonType::Integer) && number.abs() < 9e15 =>
            {
                #[allow(clippy::cast_possible_truncation, reason = "whole and far below 2^63")]
                Value::Int(*number as i64)
            }
            Value::Float(_) if allows(JsonType::Number) => value.clone(),
            Value::Bool(_) if allows(JsonType::Boolean) => value.clone(),
            Value::Int(number) if allows(JsonType::String) => Value::String(number.to_string()),
            Value::Float(number) if allows(JsonType::String) => Value::String(number.to_string()),
            Value::Bool(boolean) if allows(JsonType::String) => Value::String(boolean.to_string()),
            Value::String(text) if shape.is_document() && shape.is_policy() => match serde_json::from_str(text) {
                Ok(document @ Json::Object(_)) => Value::from_json(&document),
                Ok(_) | Err(_) => value.clone(),
            },
            Value::String(_) if allows(JsonType::String) => value.clone(),
            Value::String(text) if allows(JsonType::Integer) => Value::Int(text.parse().ok()?),
            Value::List(_) if allows(JsonType::Array) => value.clone(),
            Value::Map(_) if allows(JsonType::Object) => value.clone(),
            _ => return None,
        })
    }

    fn wrong_type(&mut self, value: &Value, shape: &Shape, path: &PropertyPath) {
        let wanted: Vec<String> = shape.types.iter().map(ToString::to_string).collect();
        let wanted = wanted.join(" or ");
        let is = describe(value);
        let mistake =
            Mistake::new(format!("{} is {is}, not {wanted}", self.named(path))).label(format!("not {wanted}"));
        let help = match value {
            Value::Map(_) | Value::String(_) if shape.types == [JsonType::Array] => {
                Some("put it in a list: `[…]`".to_owned())
            }
            Value::String(text) if shape.types == [JsonType::Boolean] && (text == "true" || text == "false") => {
                Some(format!("leave the quotes out: {text}"))
            }
            _ => None,
        };
        self.value(path, mistake.help(help));
    }

    fn unknown(&mut self, key: &str, shape: &Shape, path: &PropertyPath) {
        let owner = match path.steps() {
            [] => self.schema.kind.to_string(),
            _ => format!("`{path}`"),
        };
        let settable = shape.properties.keys().filter(|name| !self.schema.is_read_only(&path.key(name)));
        let help = shape
            .by_cfn_name(key)
            .map(|name| format!("did you mean `{name}`?"))
            .or_else(|| did_you_mean(key, settable.clone().map(String::as_str)))
            .or_else(|| {
                let names: Vec<&str> = settable.map(String::as_str).collect();
                (names.len() <= 8).then(|| format!("it has {}", listed(names, "and")))
            });
        let mistake = Mistake::new(format!("{owner} has no property `{key}`")).label("not a property").help(help);
        self.key(&path.key(key), mistake);
    }

    fn required(&mut self, map: &BTreeMap<String, Value>, shape: &Shape, path: &PropertyPath) {
        let has = |name: &String| map.get(name).is_some_and(|value| *value != Value::Null);
        let owner = match path.steps() {
            [] => self.schema.kind.to_string(),
            _ => format!("`{path}`"),
        };
        for name in shape.required.iter().filter(|name| !has(name)) {
            let mistake = Mistake::new(format!("{owner} needs `{name}`")).label(format!("`{name}` is missing"));
            self.value(path, mistake);
        }
        let any_of = only_required(&shape.any_of);
        for set in shape.required_or.iter().chain(&any_of).filter(|set| !set.iter().any(has)) {
            let names = listed(set.iter().map(String::as_str), "or");
            self.value(path, Mistake::new(format!("{owner} needs {names}")).label("none of them is there"));
        }
        for set in shape.required_xor.iter().chain(&only_required(&shape.one_of)) {
            let there: Vec<&str> = set.iter().filter(|name| has(name)).map(String::as_str).collect();
            let names = listed(set.iter().map(String::as_str), "or");
            match there.as_slice() {
                [] => self.value(path, Mistake::new(format!("{owner} needs {names}")).label("none of them is there")),
                [_] => {}
                [.., last] => {
                    let mistake = Mistake::new(format!("{owner} takes only one of {}", listed(there.clone(), "and")));
                    self.key(&path.key(last), mistake.label("one too many"));
                }
            }
        }
        for (name, others) in shape.dependent_required.iter().filter(|(name, _)| has(name)) {
            for other in others.iter().filter(|other| !has(other)) {
                let mistake = Mistake::new(format!("`{name}` of {owner} needs `{other}` beside it"));
                self.key(&path.key(name), mistake.label(format!("`{other}` is missing")));
            }
        }
        let mut told = BTreeSet::new();
        for (name, others) in shape.dependent_excluded.iter().filter(|(name, _)| has(name)) {
            for other in others.iter().filter(|other| has(other)) {
                if told.insert((name.min(other), name.max(other))) {
                    let mistake = Mistake::new(format!("{owner} takes `{name}` or `{other}`, not both"));
                    self.key(&path.key(name.max(other)), mistake.label("one too many"));
                }
            }
        }
    }

    fn list(&mut self, items: &[Value], shape: &Shape, path: &PropertyPath) -> Vec<Value> {
        let mut kept = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let place = path.index(index);
            if *item == Value::Null {
                self.value(&place, Mistake::new(format!("{} is nothing", self.named(&place))));
                continue;
            }
            kept.push(match &shape.items {
                Some(below) => self.any(item, below, &place),
                None => without_nothing(item),
            });
        }
        let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
        if shape.max_items.is_some_and(|max| count > max) || shape.min_items.is_some_and(|min| count < min) {
            let wanted = bounds(shape.min_items, shape.max_items);
            self.value(path, Mistake::new(format!("{} has {count} elements, not {wanted}", self.named(path))));
        }
        self.repeated(&kept, shape, path);
        kept
    }

    fn repeated(&mut self, items: &[Value], shape: &Shape, path: &PropertyPath) {
        let key = |item: &Value| -> Option<String> {
            if !item.is_known() {
                return None;
            }
            let Value::Map(map) = item else { return shape.unique_items.then(|| text_of(item)) };
            if shape.unique_keys.is_empty() {
                return match &shape.keyed_by {
                    Some(key) => map.get(key).map(text_of),
                    None => shape.unique_items.then(|| text_of(item)),
                };
            }
            let values: Vec<String> = shape.unique_keys.iter().filter_map(|key| map.get(key)).map(text_of).collect();
            (!values.is_empty()).then(|| values.join("\n"))
        };
        let mut seen = BTreeSet::new();
        for (index, item) in items.iter().enumerate() {
            if key(item).is_some_and(|key| !seen.insert(key)) {
                let place = path.index(index);
                self.value(&place, Mistake::new(format!("{} is there twice", self.named(&place))).label("again"));
            }
        }
    }

    /// Checks that one of the alternative shapes holds, where there are some.
    fn alternatives(&mut self, value: &Value, shape: &Shape, path: &PropertyPath) {
        for listed in [&shape.any_of, &shape.one_of] {
            if listed.is_empty() || only_required(listed).is_some() {
                continue;
            }
            let tries: Vec<Vec<super::Finding>> = listed
                .iter()
                .map(|alternative| {
                    let mut probe = Checker { schema: self.schema, findings: Vec::new(), warnings: Vec::new() };
                    // An alternative that says nothing of other keys allows them.
                    let open = Shape { additional: true, ..alternative.as_ref().clone() };
                    probe.any(value, &open, path);
                    probe.findings
                })
                .collect();
            if tries.iter().all(|found| !found.is_empty()) {
                let fewest = tries.into_iter().min_by_key(Vec::len);
                self.findings.extend(fewest.unwrap_or_default());
            }
        }
    }

    /// A value in words: the last property on the way to it.
    pub(super) fn named(&self, path: &PropertyPath) -> String {
        match path.steps() {
            [] => format!("the properties of {}", self.schema.kind),
            _ => format!("`{path}`"),
        }
    }
}

/// The properties that alternatives ask for, when each asks for one and nothing else.
fn only_required(alternatives: &[Arc<Shape>]) -> Option<Vec<String>> {
    let property = |shape: &Arc<Shape>| {
        let bare = Shape { required: shape.required.clone(), additional: true, ..Shape::default() };
        match shape.required.as_slice() {
            [only] if **shape == bare => Some(only.clone()),
            _ => None,
        }
    };
    let names = alternatives.iter().map(property).collect::<Option<Vec<String>>>()?;
    (!names.is_empty()).then_some(names)
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| serde_json::to_string(value).unwrap_or_default(), str::to_owned)
}

fn without_nothing(value: &Value) -> Value {
    match value {
        Value::Map(map) => {
            let kept = map.iter().filter(|(_, item)| **item != Value::Null);
            Value::Map(kept.map(|(key, item)| (key.clone(), without_nothing(item))).collect())
        }
        Value::List(items) => Value::List(items.iter().map(without_nothing).collect()),
        other => other.clone(),
    }
}

/// Limits in words.
pub(super) fn bounds<T: std::fmt::Display + PartialEq>(min: Option<T>, max: Option<T>) -> String {
    match (min, max) {
        (Some(min), Some(max)) if min == max => format!("{min}"),
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("{min} or more"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => "any number".to_owned(),
    }
}

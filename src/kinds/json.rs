//! The SDK's types from and to the JSON of the schemas, declared member by member.
//!
//! [`Taken`] makes an SDK value of JSON, [`Told`] the JSON of an SDK value. The macros [`object!`] and [`words!`] write
//! both for a structure and for an enumeration, so that what is sent and what is read back cannot drift apart.

use std::collections::HashMap;

use crate::cloud::{CallError, ErrorClass};
use crate::model::{Json, JsonMap};

/// JSON that is not of the form the call needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {expected}", if path.is_empty() { "properties" } else { path.as_str() })]
pub struct Misfit {
    /// Where, names joined by `.`.
    pub path: String,
    /// What the call needs there.
    pub expected: String,
}

impl Misfit {
    fn new(expected: impl Into<String>) -> Self {
        Self { path: String::new(), expected: expected.into() }
    }

    fn below(mut self, step: &str) -> Self {
        self.path = if self.path.is_empty() { step.to_owned() } else { format!("{step}.{}", self.path) };
        self
    }
}

/// Turns a misfit found while preparing the call `action` into its error: `.map_err(misfit("ecs:CreateService"))`.
pub fn misfit(action: &'static str) -> impl Fn(Misfit) -> CallError {
    move |misfit| refusal(action, misfit.to_string())
}

/// An error for a call that is not made, because AWS could not do what it asks for.
pub fn refusal(action: &'static str, message: impl Into<String>) -> CallError {
    CallError { action, code: None, message: message.into(), request_id: None, class: ErrorClass::Refused }
}

/// Made of JSON.
pub trait Taken: Sized {
    /// Takes the value.
    ///
    /// # Errors
    /// When the JSON is of another form, or lacks a member that the call requires.
    fn take(json: &Json) -> Result<Self, Misfit>;
}

/// Shown as JSON.
pub trait Told {
    /// The value as JSON; null for what is absent.
    fn tell(&self) -> Json;
}

impl Taken for String {
    fn take(json: &Json) -> Result<Self, Misfit> {
        match json {
            Json::String(text) => Ok(text.clone()),
            Json::Number(_) | Json::Bool(_) => Ok(json.to_string()),
            _ => Err(Misfit::new("needs a text")),
        }
    }
}

impl Told for String {
    fn tell(&self) -> Json {
        Json::String(self.clone())
    }
}

impl Taken for i32 {
    fn take(json: &Json) -> Result<Self, Misfit> {
        let number = match json {
            Json::Number(number) => number.as_i64().or_else(|| {
                number.as_f64().filter(|x| x.fract() == 0.0 && x.abs() <= f64::from(i32::MAX)).map(|x| x as i64)
            }),
            Json::String(text) => text.parse().ok(),
            _ => None,
        };
        number.and_then(|number| Self::try_from(number).ok()).ok_or_else(|| Misfit::new("needs a whole number"))
    }
}

impl Told for i32 {
    fn tell(&self) -> Json {
        Json::from(*self)
    }
}

impl Taken for i64 {
    fn take(json: &Json) -> Result<Self, Misfit> {
        let number = match json {
            Json::Number(number) => number
                .as_i64()
                .or_else(|| number.as_f64().filter(|x| x.fract() == 0.0 && x.abs() < 9.0e15).map(|x| x as i64)),
            Json::String(text) => text.parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| Misfit::new("needs a whole number"))
    }
}

impl Told for i64 {
    fn tell(&self) -> Json {
        Json::from(*self)
    }
}

impl Taken for f64 {
    fn take(json: &Json) -> Result<Self, Misfit> {
        let number = match json {
            Json::Number(number) => number.as_f64(),
            Json::String(text) => text.parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| Misfit::new("needs a number"))
    }
}

impl Told for f64 {
    fn tell(&self) -> Json {
        Json::from(*self)
    }
}

impl Taken for bool {
    fn take(json: &Json) -> Result<Self, Misfit> {
        match json {
            Json::Bool(value) => Ok(*value),
            Json::String(text) => text.parse().map_err(|_| Misfit::new("needs true or false")),
            _ => Err(Misfit::new("needs true or false")),
        }
    }
}

impl Told for bool {
    fn tell(&self) -> Json {
        Json::Bool(*self)
    }
}

impl<T: Taken> Taken for Vec<T> {
    fn take(json: &Json) -> Result<Self, Misfit> {
        let items = json.as_array().ok_or_else(|| Misfit::new("needs a list"))?;
        let taken = items.iter().enumerate();
        taken.map(|(at, item)| T::take(item).map_err(|misfit| misfit.below(&at.to_string()))).collect()
    }
}

impl<T: Told> Told for Vec<T> {
    fn tell(&self) -> Json {
        Json::Array(self.iter().map(Told::tell).collect())
    }
}

impl<T: Taken> Taken for HashMap<String, T> {
    fn take(json: &Json) -> Result<Self, Misfit> {
        let taken = members(json)?.iter();
        taken.map(|(key, item)| Ok((key.clone(), T::take(item).map_err(|misfit| misfit.below(key))?))).collect()
    }
}

impl<T: Told> Told for HashMap<String, T> {
    fn tell(&self) -> Json {
        Json::Object(self.iter().map(|(key, item)| (key.clone(), item.tell())).collect())
    }
}

impl<T: Told> Told for Option<T> {
    fn tell(&self) -> Json {
        self.as_ref().map_or(Json::Null, Told::tell)
    }
}

/// The members of an object.
pub fn members(json: &Json) -> Result<&JsonMap, Misfit> {
    json.as_object().ok_or_else(|| Misfit::new("needs an object"))
}

/// A member as an SDK value; `None` when it is not there.
///
/// # Errors
/// When it is of another form.
pub fn member<T: Taken>(map: &JsonMap, name: &str) -> Result<Option<T>, Misfit> {
    match map.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(json) => T::take(json).map(Some).map_err(|misfit| misfit.below(name)),
    }
}

/// Puts in a member, unless it is absent.
pub fn put(map: &mut JsonMap, name: &str, value: &impl Told) {
    match value.tell() {
        Json::Null => {}
        json => {
            map.insert(name.to_owned(), json);
        }
    }
}

/// A member that is a text.
pub fn text<'a>(map: &'a JsonMap, name: &str) -> Option<&'a str> {
    map.get(name).and_then(Json::as_str)
}

/// What a builder's `build` answers: the value, or, where members are required, the value or why not.
pub trait Built<T> {
    /// The value.
    ///
    /// # Errors
    /// When a required member is missing.
    fn built(self) -> Result<T, Misfit>;
}

impl<T> Built<T> for T {
    fn built(self) -> Result<T, Misfit> {
        Ok(self)
    }
}

impl<T> Built<T> for Result<T, aws_smithy_types::error::operation::BuildError> {
    fn built(self) -> Result<T, Misfit> {
        self.map_err(|error| Misfit::new(error.to_string()))
    }
}

/// Declares the members of SDK structures: the name in the schema, the field, and the builder's setter.
macro_rules! object {
    ($($type:ty { $($name:literal $field:ident $set:ident),+ $(,)? })+) => {$(
        impl $crate::kinds::json::Told for $type {
            fn tell(&self) -> $crate::model::Json {
                let mut map = $crate::model::JsonMap::new();
                $($crate::kinds::json::put(&mut map, $name, &self.$field);)+
                $crate::model::Json::Object(map)
            }
        }

        impl $crate::kinds::json::Taken for $type {
            fn take(json: &$crate::model::Json) -> Result<Self, $crate::kinds::json::Misfit> {
                let map = $crate::kinds::json::members(json)?;
                let built = <$type>::builder()$(.$set($crate::kinds::json::member(map, $name)?))+.build();
                $crate::kinds::json::Built::<Self>::built(built)
            }
        }
    )+};
}

/// Declares SDK enumerations, whose values are words.
macro_rules! words {
    ($($type:ty),+ $(,)?) => {$(
        impl $crate::kinds::json::Told for $type {
            fn tell(&self) -> $crate::model::Json {
                $crate::model::Json::String(self.as_str().to_owned())
            }
        }

        impl $crate::kinds::json::Taken for $type {
            fn take(json: &$crate::model::Json) -> Result<Self, $crate::kinds::json::Misfit> {
                <String as $crate::kinds::json::Taken>::take(json).map(|word| <$type>::from(word.as_str()))
            }
        }
    )+};
}

pub(crate) use {object, words};

//! Reads the members of a request; a value of another type is refused as AWS's own parser refuses it.

use crate::local::service::Fault;
use crate::model::{Json, JsonMap};

/// The refusal of a parameter's value.
pub fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterException", message)
}

fn present<'a>(params: &'a JsonMap, name: &str) -> Option<&'a Json> {
    params.get(name).filter(|value| !value.is_null())
}

fn typed<'a, T>(
    params: &'a JsonMap,
    name: &str,
    expected: &str,
    read: impl FnOnce(&'a Json) -> Option<T>,
) -> Result<Option<T>, Fault> {
    let Some(value) = present(params, name) else { return Ok(None) };
    let wrong =
        || Fault::new("SerializationException", format!("The value of {name} can not be converted to {expected}"));
    read(value).map(Some).ok_or_else(wrong)
}

/// A text.
///
/// # Errors
/// `SerializationException`, as for all of these, when it is something else.
pub fn text<'a>(params: &'a JsonMap, name: &str) -> Result<Option<&'a str>, Fault> {
    typed(params, name, "a String", Json::as_str)
}

/// A text that has to be there and not be empty.
///
/// # Errors
/// `InvalidParameterException` when it is not.
pub fn required<'a>(params: &'a JsonMap, name: &str) -> Result<&'a str, Fault> {
    text(params, name)?.filter(|text| !text.is_empty()).ok_or_else(|| invalid(format!("{name} can not be blank.")))
}

/// A whole number.
///
/// # Errors
/// When it is something else.
pub fn whole(params: &JsonMap, name: &str) -> Result<Option<i64>, Fault> {
    typed(params, name, "an Integer", Json::as_i64)
}

/// True or false.
///
/// # Errors
/// When it is something else.
pub fn flag(params: &JsonMap, name: &str) -> Result<Option<bool>, Fault> {
    typed(params, name, "a Boolean", Json::as_bool)
}

/// A list; none is an empty one.
///
/// # Errors
/// When it is something else.
pub fn list<'a>(params: &'a JsonMap, name: &str) -> Result<&'a [Json], Fault> {
    Ok(typed(params, name, "a List", Json::as_array)?.map_or(&[], Vec::as_slice))
}

/// A list of texts; none is an empty one.
///
/// # Errors
/// When it is something else.
pub fn texts<'a>(params: &'a JsonMap, name: &str) -> Result<Vec<&'a str>, Fault> {
    let read = |item: &'a Json| item.as_str();
    let items = list(params, name)?.iter().map(read).collect::<Option<Vec<_>>>();
    items.ok_or_else(|| Fault::new("SerializationException", format!("The items of {name} have to be Strings")))
}

/// A structure.
///
/// # Errors
/// When it is something else.
pub fn map<'a>(params: &'a JsonMap, name: &str) -> Result<Option<&'a JsonMap>, Fault> {
    typed(params, name, "a Structure", Json::as_object)
}

/// The structures of a list.
///
/// # Errors
/// When it has something else in it.
pub fn maps<'a>(params: &'a JsonMap, name: &str) -> Result<Vec<&'a JsonMap>, Fault> {
    let items = list(params, name)?.iter().map(Json::as_object).collect::<Option<Vec<_>>>();
    items.ok_or_else(|| Fault::new("SerializationException", format!("The items of {name} have to be Structures")))
}

/// Whether `include` has a value.
///
/// # Errors
/// When it is no list of texts.
pub fn includes(params: &JsonMap, what: &str) -> Result<bool, Fault> {
    Ok(texts(params, "include")?.contains(&what))
}

//! Properties as JSON: reading members, and putting together what is answered.

use std::collections::BTreeMap;

use crate::cloud::{CallError, ErrorClass};
use crate::kinds::Observed;
use crate::model::{Json, JsonMap};

/// A member that is a text; `None` when it is not there, null or empty.
pub(super) fn text(map: &JsonMap, name: &str) -> Option<String> {
    map.get(name).and_then(Json::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A member that is true or false, as such or as a text.
pub(super) fn flag(map: &JsonMap, name: &str) -> Option<bool> {
    match map.get(name)? {
        Json::Bool(flag) => Some(*flag),
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A member that is a whole number, as such, as a floating-point one or as a text.
pub(super) fn whole(map: &JsonMap, name: &str) -> Option<i32> {
    match map.get(name)? {
        Json::Number(number) => match number.as_i64() {
            Some(whole) => i32::try_from(whole).ok(),
            None => format!("{:.0}", number.as_f64().filter(|x| x.fract() == 0.0)?).parse().ok(),
        },
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// An object of the members there are.
pub(super) fn object<const N: usize>(members: [(&str, Option<Json>); N]) -> JsonMap {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// A text as JSON.
pub(super) fn word(text: Option<&str>) -> Option<Json> {
    text.filter(|text| !text.is_empty()).map(Json::from)
}

/// What was found, in the order of the questions.
pub(super) fn in_order(ids: &[String], found: &BTreeMap<String, Observed>) -> Vec<Option<Observed>> {
    ids.iter().map(|id| found.get(id).cloned()).collect()
}

/// The two parts of an identifier that has two; the second is empty when there is one.
pub(super) fn parts(id: &str) -> (&str, &str) {
    id.split_once('|').unwrap_or((id, ""))
}

/// A good answer that lacks what it must have: whether the call was done is then to be looked up.
pub(super) fn unsaid(action: &'static str, what: &str) -> CallError {
    let message = format!("the answer does not say the {what}");
    CallError { action, code: None, message, request_id: None, class: ErrorClass::Unknown }
}

/// A call that is not made, because AWS could not do what it asks for.
pub(super) fn refusal(action: &'static str, message: impl Into<String>) -> CallError {
    CallError { action, code: None, message: message.into(), request_id: None, class: ErrorClass::Refused }
}

/// Takes "it is not there" for success.
///
/// # Errors
/// Any other failure.
pub(super) fn gone_is_fine<T>(answer: Result<T, CallError>) -> Result<(), CallError> {
    match answer {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_and_truths_may_be_written_as_texts() {
        let map = json!({ "a": 5701, "b": "5701", "c": 5701.0, "d": 0.5, "e": "true", "f": false, "g": "" });
        let map = map.as_object().expect("an object");
        let wholes = ["a", "b", "c", "d", "z"].map(|name| whole(map, name));
        assert_eq!(wholes, [Some(5701), Some(5701), Some(5701), None, None]);
        assert_eq!(["e", "f", "a"].map(|name| flag(map, name)), [Some(true), Some(false), None]);
        assert_eq!(text(map, "g"), None);
    }

    #[test]
    fn only_absence_is_fine_when_deleting() {
        let error = |code| CallError::new("ec2:DeleteVpc", code, "no");
        assert!(gone_is_fine(Ok(())).is_ok());
        assert!(gone_is_fine::<()>(Err(error("InvalidVpcID.NotFound"))).is_ok());
        assert!(gone_is_fine::<()>(Err(error("DependencyViolation"))).is_err());
    }
}

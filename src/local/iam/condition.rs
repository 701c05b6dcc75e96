//! The conditions of a policy's statement.

use std::collections::BTreeMap;

use ipnet::IpNet;
use jiff::Timestamp;

use super::evaluate::{arn_matches, matches};
use crate::model::Json;

/// A condition: an operator, a key, and the values of which one has to fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    /// The key, in lower case.
    key: String,
    test: Test,
    /// Turns the test around: `StringNotEquals`.
    not: bool,
    /// `…IfExists`: met by a key that is not there.
    if_exists: bool,
    /// `ForAllValues:`: each value of the key has to fit.
    for_all: bool,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    Equals,
    EqualsIgnoreCase,
    Like,
    Arn,
    Bool,
    Null,
    Number(Order),
    Date(Order),
    Address,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The keys that are known of a request, in lower case, each with its values.
pub(super) type Keys = BTreeMap<String, Vec<String>>;

/// Reads the `Condition` element.
///
/// # Errors
/// IAM's message when it is malformed.
pub(super) fn parse(element: &Json) -> Result<Vec<Condition>, String> {
    let syntax = || "Syntax errors in policy.".to_owned();
    let mut conditions = Vec::new();
    for (operator, keys) in element.as_object().ok_or_else(syntax)? {
        for (key, values) in keys.as_object().ok_or_else(syntax)? {
            let values = match values {
                Json::Array(values) => values.iter().map(scalar).collect::<Option<_>>(),
                value => scalar(value).map(|value| vec![value]),
            };
            conditions.push(condition(operator, key, values.ok_or_else(syntax)?)?);
        }
    }
    Ok(conditions)
}

fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Bool(_) | Json::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

fn condition(operator: &str, key: &str, values: Vec<String>) -> Result<Condition, String> {
    let unknown = || format!("Invalid Condition type : {operator}.");
    let (for_all, name) = match operator.split_once(':') {
        None => (false, operator),
        Some(("ForAnyValue", name)) => (false, name),
        Some(("ForAllValues", name)) => (true, name),
        Some(_) => return Err(unknown()),
    };
    let (name, if_exists) = name.strip_suffix("IfExists").map_or((name, false), |name| (name, true));
    let (test, not) = match name {
        "StringEquals" | "BinaryEquals" => (Test::Equals, false),
        "StringNotEquals" => (Test::Equals, true),
        "StringEqualsIgnoreCase" => (Test::EqualsIgnoreCase, false),
        "StringNotEqualsIgnoreCase" => (Test::EqualsIgnoreCase, true),
        "StringLike" => (Test::Like, false),
        "StringNotLike" => (Test::Like, true),
        "ArnEquals" | "ArnLike" => (Test::Arn, false),
        "ArnNotEquals" | "ArnNotLike" => (Test::Arn, true),
        "Bool" => (Test::Bool, false),
        "Null" => (Test::Null, false),
        "IpAddress" => (Test::Address, false),
        "NotIpAddress" => (Test::Address, true),
        _ => ordered(name).ok_or_else(unknown)?,
    };
    Ok(Condition { key: key.to_ascii_lowercase(), test, not, if_exists, for_all, values })
}

fn ordered(name: &str) -> Option<(Test, bool)> {
    let (test, order): (fn(Order) -> Test, &str) = match name.strip_prefix("Numeric") {
        Some(order) => (Test::Number, order),
        None => (Test::Date, name.strip_prefix("Date")?),
    };
    let (order, not) = match order {
        "Equals" => (Order::Equal, false),
        "NotEquals" => (Order::Equal, true),
        "LessThan" => (Order::Less, false),
        "LessThanEquals" => (Order::LessOrEqual, false),
        "GreaterThan" => (Order::Greater, false),
        "GreaterThanEquals" => (Order::GreaterOrEqual, false),
        _ => return None,
    };
    Some((test(order), not))
}

impl Condition {
    /// The key it asks for, in lower case.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Whether it is met. A key that is not among `keys` is one that the request does not have.
    pub(super) fn met(&self, keys: &Keys) -> bool {
        let found = keys.get(&self.key);
        if self.test == Test::Null {
            let absent = if found.is_none() { "true" } else { "false" };
            return self.values.iter().any(|value| value.eq_ignore_ascii_case(absent));
        }
        let Some(found) = found else { return self.if_exists || self.for_all || self.not };
        let fits = |found: &String| self.values.iter().any(|value| self.fits(value, found)) != self.not;
        if self.for_all { found.iter().all(fits) } else { found.iter().any(fits) }
    }

    fn fits(&self, wanted: &str, found: &str) -> bool {
        match self.test {
            Test::Equals => wanted == found,
            Test::EqualsIgnoreCase | Test::Bool => wanted.eq_ignore_ascii_case(found),
            Test::Like => matches(wanted, found),
            Test::Arn => arn_matches(wanted, found),
            Test::Null => false,
            Test::Number(order) => compare(order, found.parse::<f64>().ok(), wanted.parse::<f64>().ok()),
            Test::Date(order) => compare(order, date(found), date(wanted)),
            Test::Address => match (wanted.parse::<IpNet>(), found.parse()) {
                (Ok(range), Ok(address)) => range.contains::<&std::net::IpAddr>(&address),
                _ => wanted == found,
            },
        }
    }
}

fn compare<T: PartialOrd>(order: Order, found: Option<T>, wanted: Option<T>) -> bool {
    let (Some(found), Some(wanted)) = (found, wanted) else { return false };
    match order {
        Order::Equal => found == wanted,
        Order::Less => found < wanted,
        Order::LessOrEqual => found <= wanted,
        Order::Greater => found > wanted,
        Order::GreaterOrEqual => found >= wanted,
    }
}

/// A date as ISO 8601 or as seconds since 1970.
fn date(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| Timestamp::from_second(text.parse().ok()?).ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn met(condition: Json, keys: &[(&str, &[&str])]) -> bool {
        let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        let keys = keys.iter().map(|(key, found)| ((*key).to_owned(), values(found))).collect();
        parse(&condition).unwrap().iter().all(|condition| condition.met(&keys))
    }

    #[test]
    fn each_operator_compares_in_its_way() {
        let cluster = "arn:aws:ecs:eu-west-1:000000000000:cluster/one";
        let cases = [
            (json!({"StringEquals": {"k": ["a", "b"]}}), "b", true),
            (json!({"StringEquals": {"k": "A"}}), "a", false),
            (json!({"StringEqualsIgnoreCase": {"k": "A"}}), "a", true),
            (json!({"StringNotEquals": {"k": "a"}}), "a", false),
            (json!({"StringLike": {"k": "a*c?"}}), "abccd", true),
            (json!({"StringNotLike": {"k": "a*"}}), "b", true),
            (json!({"ArnEquals": {"k": "arn:aws:ecs:*:*:cluster/*"}}), cluster, true),
            (json!({"ArnLike": {"k": "arn:aws:ecs:*:cluster/one"}}), cluster, false),
            (json!({"ArnNotLike": {"k": cluster}}), cluster, false),
            (json!({"Bool": {"k": true}}), "true", true),
            (json!({"Null": {"k": "false"}}), "anything", true),
            (json!({"Null": {"k": true}}), "anything", false),
            (json!({"NumericLessThan": {"k": 10}}), "9", true),
            (json!({"NumericGreaterThanEquals": {"k": "10"}}), "9", false),
            (json!({"DateGreaterThan": {"k": "2026-01-01T00:00:00Z"}}), "2026-02-01T00:00:00Z", true),
            (json!({"IpAddress": {"k": "10.0.0.0/8"}}), "10.1.2.3", true),
            (json!({"NotIpAddress": {"k": "10.0.0.0/8"}}), "10.1.2.3", false),
        ];
        for (condition, value, expected) in cases {
            assert_eq!(met(condition.clone(), &[("k", &[value])]), expected, "{condition} {value}");
        }
    }

    #[test]
    fn a_key_that_is_not_there_meets_what_is_negative_or_optional_only() {
        assert!(!met(json!({"StringEquals": {"k": "a"}}), &[]));
        assert!(met(json!({"StringEqualsIfExists": {"k": "a"}}), &[]));
        assert!(met(json!({"StringNotEquals": {"k": "a"}}), &[]));
        assert!(met(json!({"Null": {"k": true}}), &[]));
        assert!(met(json!({"ForAllValues:StringEquals": {"k": "a"}}), &[]));
        assert!(!met(json!({"ForAnyValue:StringEquals": {"k": "a"}}), &[]));
    }

    #[test]
    fn several_values_of_a_key_fit_all_or_any() {
        let keys: &[(&str, &[&str])] = &[("aws:tagkeys", &["a", "b"])];
        assert!(met(json!({"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}}), keys));
        assert!(!met(json!({"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}), keys));
        assert!(met(json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b", "c"]}}), keys));
    }

    #[test]
    fn an_operator_that_iam_does_not_have_is_refused() {
        let refusal = parse(&json!({"StringIs": {"k": "a"}})).unwrap_err();
        assert_eq!(refusal, "Invalid Condition type : StringIs.");
    }
}

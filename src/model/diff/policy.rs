//! IAM policy documents, which have many ways to say the same.
//!
//! One statement may stand for a list of one, a text for a list of one, and the order of a list means nothing
//! ([IAM JSON policy grammar](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html)).

use crate::model::{Json, JsonMap};

/// The one form of all documents that say the same.
pub(super) fn canonical(document: &Json) -> Json {
    let Json::Object(document) = document else { return document.clone() };
    let part = |(key, value): (&String, &Json)| {
        let value = if key == "Statement" { set(value, statement) } else { value.clone() };
        (key.clone(), value)
    };
    Json::Object(document.iter().map(part).collect())
}

fn statement(statement: &Json) -> Json {
    let Json::Object(statement) = statement else { return statement.clone() };
    let part = |(key, value): (&String, &Json)| {
        let value = match key.as_str() {
            "Action" | "NotAction" => set(value, lower_case),
            "Resource" | "NotResource" => set(value, Json::clone),
            "Principal" | "NotPrincipal" => each(value, |principals| set(principals, principal)),
            "Condition" => each(value, |operator| each(operator, |values| set(values, as_text))),
            _ => value.clone(),
        };
        (key.clone(), value)
    };
    Json::Object(statement.iter().map(part).collect())
}

/// A sorted list without repetitions; anything else is a list of one.
fn set(value: &Json, item: impl Fn(&Json) -> Json) -> Json {
    let mut items: Vec<Json> = match value {
        Json::Array(items) => items.iter().map(item).collect(),
        other => vec![item(other)],
    };
    items.sort_by_cached_key(Json::to_string);
    items.dedup();
    Json::Array(items)
}

fn each(value: &Json, item: impl Fn(&Json) -> Json) -> Json {
    match value {
        Json::Object(map) => {
            Json::Object(map.iter().map(|(key, value)| (key.clone(), item(value))).collect::<JsonMap>())
        }
        other => other.clone(),
    }
}

/// Actions are compared without regard to case.
fn lower_case(action: &Json) -> Json {
    action.as_str().map_or_else(|| action.clone(), |text| Json::String(text.to_ascii_lowercase()))
}

/// An account's number stands for its root, and IAM answers the ARN of that
/// ([AWS account principals](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html)).
fn principal(principal: &Json) -> Json {
    match principal.as_str() {
        Some(account) if account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit()) => {
            Json::String(format!("arn:aws:iam::{account}:root"))
        }
        _ => principal.clone(),
    }
}

fn as_text(value: &Json) -> Json {
    match value {
        Json::Bool(_) | Json::Number(_) => Json::String(value.to_string()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_account_is_its_root() {
        let document = |who: &str| json!({ "Statement": { "Effect": "Allow", "Principal": { "AWS": who } } });
        let same = |one: &str, other: &str| canonical(&document(one)) == canonical(&document(other));
        assert!(same("123456789012", "arn:aws:iam::123456789012:root"));
        assert!(!same("123456789012", "arn:aws:iam::123456789013:root"));
    }

    proptest! {
        #[test]
        fn the_order_of_lists_means_nothing(
            actions in proptest::collection::vec("[a-z]{1,4}:[A-Z][a-z]{1,3}", 1..5).prop_shuffle(), seed in any::<u64>(),
        ) {
            let mut shuffled = actions.clone();
            shuffled.rotate_left(seed as usize % actions.len());
            let document = |actions: &[String]| json!({ "Statement": { "Effect": "Allow", "Action": actions } });
            prop_assert_eq!(canonical(&document(&actions)), canonical(&document(&shuffled)));
            let once = canonical(&document(&actions));
            prop_assert_eq!(canonical(&once), once);
        }
    }
}

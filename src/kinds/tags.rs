//! Tags as the schemas have them, a list of `{key, value}`, and what has to change about them: pure JSON, for every
//! service.
//!
//! Of the tags on an object only those that a run has set are its own: a tag somebody else put there is left alone, and
//! so are the `aws:` ones, which AWS lets nobody change.

use std::collections::BTreeMap;

use serde_json::json;

use crate::model::{Json, JsonMap};

/// The prefix of the tags that belong to AWS.
const RESERVED: &str = "aws:";
/// The tag, set at creation, whose value is the token of the very call that made the object.
pub const TOKEN: &str = "hzscript:token";

/// What to do to the tags of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagChanges {
    /// Keys and values to set, in the order of the keys.
    pub set: Vec<(String, String)>,
    /// Keys to take away, in order.
    pub remove: Vec<String>,
}

impl TagChanges {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty()
    }
}

/// The tags in a property of the form `[{key, value}]`, or `{key: value}` as a few schemas have them; in the order
/// given. Empty when there is no such property; a tag without a value has the empty one.
pub fn pairs(properties: &JsonMap, property: &str) -> Vec<(String, String)> {
    let text = |value: Option<&Json>| match value {
        Some(Json::String(text)) => text.clone(),
        None | Some(Json::Null) => String::new(),
        Some(other) => other.to_string(),
    };
    match properties.get(property) {
        Some(Json::Array(tags)) => {
            tags.iter().filter_map(|tag| Some((tag.get("key")?.as_str()?.to_owned(), text(tag.get("value"))))).collect()
        }
        Some(Json::Object(tags)) => tags.iter().map(|(key, value)| (key.clone(), text(Some(value)))).collect(),
        _ => Vec::new(),
    }
}

/// What brings the tags observed to those wanted, all three under the property `tags`. Taken away is only what a run
/// had set, the keys in `prior` that are no longer wanted.
pub fn changes(wanted: &JsonMap, prior: &JsonMap, observed: &JsonMap) -> TagChanges {
    changes_in("tags", wanted, prior, observed)
}

/// [`changes`] for a kind whose tags are under another property.
pub fn changes_in(property: &str, wanted: &JsonMap, prior: &JsonMap, observed: &JsonMap) -> TagChanges {
    let map = |properties| -> BTreeMap<String, String> {
        pairs(properties, property).into_iter().filter(|(key, _)| !key.starts_with(RESERVED)).collect()
    };
    let (wanted, prior, observed) = (map(wanted), map(prior), map(observed));
    TagChanges {
        remove: prior.into_keys().filter(|key| !wanted.contains_key(key) && observed.contains_key(key)).collect(),
        set: wanted.into_iter().filter(|(key, value)| observed.get(key) != Some(value)).collect(),
    }
}

/// Tags as a property, `[{key, value}]` in the order of their keys, without those of AWS.
pub fn to_property(pairs: impl IntoIterator<Item = (String, String)>) -> Json {
    let tags: BTreeMap<String, String> = pairs.into_iter().filter(|(key, _)| !key.starts_with(RESERVED)).collect();
    Json::Array(tags.into_iter().map(|(key, value)| json!({ "key": key, "value": value })).collect())
}

/// Whether tags name the call of this token as the one that made their object.
pub fn has_token(pairs: impl IntoIterator<Item = (String, String)>, token: &str) -> bool {
    pairs.into_iter().any(|(key, value)| key == TOKEN && value == token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(tags: &[(&str, &str)]) -> JsonMap {
        let tags = tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
        JsonMap::from_iter([("tags".to_owned(), Json::Array(tags))])
    }

    #[test]
    fn only_what_a_run_set_is_taken_away() {
        let prior = tagged(&[("ours", "1"), ("kept", "1"), ("gone already", "1")]);
        let observed = tagged(&[("ours", "1"), ("kept", "1"), ("theirs", "1"), ("aws:x", "1")]);
        let wanted = tagged(&[("kept", "2"), ("new", "")]);
        let changes = changes(&wanted, &prior, &observed);
        assert_eq!(changes.remove, ["ours"]);
        assert_eq!(changes.set, [("kept".to_owned(), "2".to_owned()), ("new".to_owned(), String::new())]);
        assert!(super::changes(&wanted, &wanted, &wanted).is_empty());
    }

    #[test]
    fn tags_go_there_and_back() {
        let properties = tagged(&[("b", "2"), ("a", "1")]);
        let pairs = pairs(&properties, "tags");
        assert_eq!(to_property(pairs), json!([{ "key": "a", "value": "1" }, { "key": "b", "value": "2" }]));
    }
}

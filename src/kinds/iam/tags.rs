//! Tags of IAM's objects.

use aws_sdk_iam::types::Tag;

use crate::kinds::tags;
use crate::model::{Json, JsonMap};

/// Declared tags for a call; `None` when there are none.
pub(super) fn to_send(properties: &JsonMap) -> Option<Vec<Tag>> {
    let tags = sdk(&tags::pairs(properties, "tags"));
    (!tags.is_empty()).then_some(tags)
}

/// Keys and values as the SDK has them.
pub(super) fn sdk(pairs: &[(String, String)]) -> Vec<Tag> {
    // The builder fails only without a key or a value.
    pairs.iter().filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok()).collect()
}

/// Tags of an answer as a property.
pub(super) fn told(tags: &[Tag]) -> Json {
    tags::to_property(pairs(tags))
}

/// Whether the object was made by the call of this token.
pub(super) fn has_token(tags: &[Tag], token: &str) -> bool {
    tags::has_token(pairs(tags), token)
}

fn pairs(tags: &[Tag]) -> impl Iterator<Item = (String, String)> {
    tags.iter().map(|tag| (tag.key.clone(), tag.value.clone()))
}

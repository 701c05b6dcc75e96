//! Tags of file systems and access points.

use aws_sdk_efs::types::Tag;

use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::{Update, tags};
use crate::model::{Json, JsonMap};

/// Declared tags for a call; `None` when there are none.
pub(super) fn to_send(properties: &JsonMap, property: &str) -> Option<Vec<Tag>> {
    let tags = sdk(&tags::pairs(properties, property));
    (!tags.is_empty()).then_some(tags)
}

fn sdk(pairs: &[(String, String)]) -> Vec<Tag> {
    // The builder fails only without a key or a value.
    pairs.iter().filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok()).collect()
}

/// The tags found, as a property.
pub(super) fn told(found: &[Tag]) -> Json {
    tags::to_property(found.iter().map(|tag| (tag.key.clone(), tag.value.clone())))
}

/// Brings the tags of an object, which are under `property`, to those wanted.
///
/// # Errors
/// When `elasticfilesystem:TagResource` or `elasticfilesystem:UntagResource` fails.
pub(super) async fn update(cloud: &Cloud, property: &str, change: &Update<'_>) -> Result<(), CallError> {
    if !change.changes(property) {
        return Ok(());
    }
    let changes = tags::changes_in(property, change.wanted, change.prior, change.observed);
    if !changes.remove.is_empty() {
        let call = cloud.efs.untag_resource().resource_id(change.id).set_tag_keys(Some(changes.remove));
        call.send().await.map_err(failed("elasticfilesystem:UntagResource"))?;
    }
    if !changes.set.is_empty() {
        let call = cloud.efs.tag_resource().resource_id(change.id).set_tags(Some(sdk(&changes.set)));
        call.send().await.map_err(failed("elasticfilesystem:TagResource"))?;
    }
    Ok(())
}

//! Tags of Cloud Map's objects.

use aws_sdk_servicediscovery::types::Tag;

use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::tags::{self, TagChanges};
use crate::model::{Json, JsonMap};

/// Declared tags for a call; `None` when there are none.
pub(super) fn to_send(properties: &JsonMap) -> Option<Vec<Tag>> {
    let tags = sdk(&tags::pairs(properties, "tags"));
    (!tags.is_empty()).then_some(tags)
}

fn sdk(pairs: &[(String, String)]) -> Vec<Tag> {
    // The builder fails only without a key or a value.
    pairs.iter().filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok()).collect()
}

/// The tags of an object as a property.
pub(super) async fn read(cloud: &Cloud, arn: &str) -> Result<Json, CallError> {
    let call = cloud.servicediscovery.list_tags_for_resource().resource_arn(arn);
    let answer = call.send().await.map_err(failed("servicediscovery:ListTagsForResource"))?;
    let tags = answer.tags.unwrap_or_default();
    Ok(tags::to_property(tags.into_iter().map(|tag| (tag.key, tag.value))))
}

/// Makes the changes to the tags of an object.
pub(super) async fn change(cloud: &Cloud, arn: &str, changes: &TagChanges) -> Result<(), CallError> {
    if !changes.remove.is_empty() {
        let call = cloud.servicediscovery.untag_resource().resource_arn(arn).set_tag_keys(Some(changes.remove.clone()));
        call.send().await.map_err(failed("servicediscovery:UntagResource"))?;
    }
    if !changes.set.is_empty() {
        let call = cloud.servicediscovery.tag_resource().resource_arn(arn).set_tags(Some(sdk(&changes.set)));
        call.send().await.map_err(failed("servicediscovery:TagResource"))?;
    }
    Ok(())
}

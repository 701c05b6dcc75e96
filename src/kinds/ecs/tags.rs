//! Tags of ECS's objects.

use aws_sdk_ecs::types::Tag;

use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::tags::{self, TagChanges};
use crate::model::{Json, JsonMap};

/// Declared tags for a call; `None` when there are none.
pub(super) fn to_send(properties: &JsonMap) -> Option<Vec<Tag>> {
    let tags = tags::pairs(properties, "tags").into_iter();
    let tags: Vec<Tag> = tags.map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    (!tags.is_empty()).then_some(tags)
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
    tags.iter().filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default())))
}

/// Makes the changes to the tags of an object.
pub(super) async fn change(cloud: &Cloud, arn: &str, changes: &TagChanges) -> Result<(), CallError> {
    if !changes.remove.is_empty() {
        let call = cloud.ecs.untag_resource().resource_arn(arn).set_tag_keys(Some(changes.remove.clone()));
        call.send().await.map_err(failed("ecs:UntagResource"))?;
    }
    if !changes.set.is_empty() {
        let tags = changes.set.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
        let call = cloud.ecs.tag_resource().resource_arn(arn).set_tags(Some(tags));
        call.send().await.map_err(failed("ecs:TagResource"))?;
    }
    Ok(())
}

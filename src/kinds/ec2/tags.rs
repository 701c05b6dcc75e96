//! Tags of EC2's objects: with the call that makes one, and later.

use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};

use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::{Update, tags};
use crate::model::{Json, JsonMap};

/// The tags wanted, for the call that makes the object; `None` when there are none, which AWS refuses to be told.
pub(super) fn specification(of: ResourceType, properties: &JsonMap) -> Option<Vec<TagSpecification>> {
    let tags: Vec<Tag> = tags::pairs(properties, "tags").into_iter().map(tag).collect();
    if tags.is_empty() {
        return None;
    }
    Some(vec![TagSpecification::builder().resource_type(of).set_tags(Some(tags)).build()])
}

/// The tags found, as the property `tags`.
pub(super) fn observed(found: &[Tag]) -> Json {
    let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
    tags::to_property(found.iter().map(|tag| (text(tag.key()), text(tag.value()))))
}

/// Brings the tags of an object to those wanted.
///
/// # Errors
/// When `ec2:CreateTags` or `ec2:DeleteTags` fails.
pub(super) async fn update(cloud: &Cloud, id: &str, change: &Update<'_>) -> Result<(), CallError> {
    let changes = tags::changes(change.wanted, change.prior, change.observed);
    if !changes.set.is_empty() {
        let set = changes.set.into_iter().map(tag).collect();
        cloud.ec2.create_tags().resources(id).set_tags(Some(set)).send().await.map_err(failed("ec2:CreateTags"))?;
    }
    if !changes.remove.is_empty() {
        // A key without a value: whatever the value is.
        let remove = changes.remove.into_iter().map(|key| Tag::builder().key(key).build()).collect();
        cloud.ec2.delete_tags().resources(id).set_tags(Some(remove)).send().await.map_err(failed("ec2:DeleteTags"))?;
    }
    Ok(())
}

fn tag((key, value): (String, String)) -> Tag {
    Tag::builder().key(key).value(value).build()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_without_tags_gets_no_specification() {
        let tagged = json!({ "tags": [{ "key": "Name", "value": "hazelcast" }] });
        let specification =
            specification(ResourceType::Vpc, tagged.as_object().expect("an object")).expect("it has tags");
        assert_eq!(specification[0].resource_type(), Some(&ResourceType::Vpc));
        assert_eq!(observed(specification[0].tags()), tagged["tags"]);
        assert_eq!(super::specification(ResourceType::Vpc, &JsonMap::new()), None);
    }
}

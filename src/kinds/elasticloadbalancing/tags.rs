//! Tags of load balancers, target groups, listeners and rules.

use std::collections::HashMap;

use aws_sdk_elasticloadbalancingv2::types::Tag;
use futures::FutureExt;

use super::many;
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::{Update, tags};
use crate::model::{Json, JsonMap};

/// Declared tags for the call that makes an object; `None` when there are none.
pub(super) fn to_send(properties: &JsonMap) -> Option<Vec<Tag>> {
    let tags = sdk(&tags::pairs(properties, "tags"));
    (!tags.is_empty()).then_some(tags)
}

fn sdk(pairs: &[(String, String)]) -> Vec<Tag> {
    pairs.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// The tags of objects, by their ARNs; of those that are there.
///
/// # Errors
/// When `elasticloadbalancing:DescribeTags` fails.
pub(super) async fn of(cloud: &Cloud, arns: &[String]) -> Result<HashMap<String, Vec<Tag>>, CallError> {
    let describe = |arns: Vec<String>| {
        async move {
            let call = cloud.elb.describe_tags().set_resource_arns(Some(arns));
            let answer = call.send().await.map_err(failed("elasticloadbalancing:DescribeTags"))?;
            Ok(answer.tag_descriptions.unwrap_or_default())
        }
        .boxed()
    };
    let found = many::describe(arns, describe).await?;
    Ok(found.into_iter().filter_map(|one| Some((one.resource_arn?, one.tags.unwrap_or_default()))).collect())
}

/// Tags as the property `tags`.
pub(super) fn told(tags: Option<&Vec<Tag>>) -> Json {
    tags::to_property(pairs(tags))
}

/// Of these objects the one that the call of a token made.
///
/// # Errors
/// When `elasticloadbalancing:DescribeTags` fails.
pub(super) async fn made_by(cloud: &Cloud, arns: &[String], token: &str) -> Result<Option<String>, CallError> {
    let tags = of(cloud, arns).await?;
    Ok(arns.iter().find(|arn| tags::has_token(pairs(tags.get(*arn)), token)).cloned())
}

fn pairs(tags: Option<&Vec<Tag>>) -> impl Iterator<Item = (String, String)> {
    let pair = |tag: &Tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default()));
    tags.into_iter().flatten().filter_map(pair)
}

/// Brings the tags of an object to those wanted.
///
/// # Errors
/// When `elasticloadbalancing:AddTags` or `RemoveTags` fails.
pub(super) async fn update(cloud: &Cloud, change: &Update<'_>) -> Result<(), CallError> {
    if !change.changes("tags") {
        return Ok(());
    }
    let changes = tags::changes(change.wanted, change.prior, change.observed);
    if !changes.remove.is_empty() {
        let call = cloud.elb.remove_tags().resource_arns(change.id).set_tag_keys(Some(changes.remove));
        call.send().await.map_err(failed("elasticloadbalancing:RemoveTags"))?;
    }
    if !changes.set.is_empty() {
        let call = cloud.elb.add_tags().resource_arns(change.id).set_tags(Some(sdk(&changes.set)));
        call.send().await.map_err(failed("elasticloadbalancing:AddTags"))?;
    }
    Ok(())
}

//! Tags of load balancers, target groups, listeners and rules.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::members::{Members, tag_list};
use super::super::service::Fault;
use super::super::store::Tx;
use super::{listener, load_balancer, rule, target_group};
use crate::model::Json;

/// Tags, by key.
pub type Tags = BTreeMap<String, String>;

/// The most tags a resource has.
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>
const MOST: usize = 50;

/// The tags of a call that makes a resource.
pub fn at_creation(members: &Members<'_>) -> Result<Tags, Fault> {
    let tags = members.tags("Tags")?;
    if tags.len() < members.list("Tags")?.len() {
        return Err(Fault::new("DuplicateTagKeys", "A tag key was specified more than once"));
    }
    within(tags)
}

fn within(tags: Tags) -> Result<Tags, Fault> {
    if tags.len() > MOST {
        Err(Fault::new("TooManyTags", "The maximum number of tags has been reached"))
    } else {
        Ok(tags)
    }
}

/// `AddTags`.
pub fn add(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let new = at_creation(members)?;
    for arn in resources(members)? {
        change(tx, arn, |tags| {
            tags.extend(new.clone());
            within(std::mem::take(tags)).map(|kept| *tags = kept)
        })?;
    }
    Ok(json!({}))
}

/// `RemoveTags`.
pub fn remove(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let keys = members.texts("TagKeys")?;
    for arn in resources(members)? {
        change(tx, arn, |tags| {
            tags.retain(|key, _| !keys.contains(&key.as_str()));
            Ok(())
        })?;
    }
    Ok(json!({}))
}

/// `DescribeTags`: of at most twenty resources.
pub fn describe(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let arns = resources(members)?;
    if arns.len() > 20 {
        return Err(members.refuse("You can specify up to 20 resources in a single call"));
    }
    let mut told = Vec::new();
    for arn in arns {
        let mut found = Tags::new();
        change(tx, arn, |tags| {
            found.clone_from(tags);
            Ok(())
        })?;
        told.push(json!({ "ResourceArn": arn, "Tags": tag_list(&found) }));
    }
    Ok(json!({ "TagDescriptions": told }))
}

fn resources<'a>(members: &Members<'a>) -> Result<Vec<&'a str>, Fault> {
    let arns = members.texts("ResourceArns")?;
    if arns.is_empty() { Err(members.refuse("ResourceArns cannot be empty")) } else { Ok(arns) }
}

/// Changes the tags of what an ARN names.
fn change(tx: &mut Tx<'_>, arn: &str, with: impl FnOnce(&mut Tags) -> Result<(), Fault>) -> Result<(), Fault> {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    match resource.split('/').next() {
        Some("loadbalancer") => {
            let mut one = load_balancer::find(tx, arn)?;
            with(&mut one.tags)?;
            Ok(tx.put(&one)?)
        }
        Some("targetgroup") => {
            let mut one = target_group::find(tx, arn)?;
            with(&mut one.tags)?;
            Ok(tx.put(&one)?)
        }
        Some("listener") => {
            let mut one = listener::find(tx, arn)?;
            with(&mut one.tags)?;
            Ok(tx.put(&one)?)
        }
        Some("listener-rule") => {
            let mut one = rule::find(tx, arn)?;
            with(&mut one.tags)?;
            Ok(tx.put(&one)?)
        }
        _ => Err(Fault::new("ValidationError", format!("'{arn}' is not a valid resource ARN"))),
    }
}

//! Tags, and the three calls that change them by ARN.

use std::collections::BTreeMap;

use serde_json::json;

use super::params::{invalid, maps, required, text, texts};
use super::{arn, cluster, service, task, task_definition};
use crate::local::service::Fault;
use crate::local::store::Tx;
use crate::model::{Json, JsonMap};

/// Tags by their keys.
pub type Tags = BTreeMap<String, String>;

/// The tags of a request, checked: at most fifty, keys of 1 to 128 characters that do not begin with `aws:`, values of at
/// most 256 (the documentation of TagResource).
///
/// # Errors
/// `InvalidParameterException`.
pub fn read(params: &JsonMap) -> Result<Tags, Fault> {
    let mut tags = Tags::new();
    for tag in maps(params, "tags")? {
        let key = required(tag, "key")?;
        let value = text(tag, "value")?.unwrap_or_default();
        if key.chars().count() > 128 || value.chars().count() > 256 {
            return Err(invalid("A tag's key has at most 128 characters and its value at most 256."));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid("Tag keys beginning with aws: are reserved."));
        }
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(invalid(format!("Duplicate tag keys found: {key}.")));
        }
    }
    within_limit(&tags)?;
    Ok(tags)
}

fn within_limit(tags: &Tags) -> Result<(), Fault> {
    if tags.keys().filter(|key| !key.starts_with("aws:")).count() > 50 {
        return Err(invalid("A resource has at most 50 tags."));
    }
    Ok(())
}

/// Tags as answers have them.
pub fn view(tags: &Tags) -> Json {
    tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

/// Does something with the tags of the object that `resourceArn` is of, and keeps what came of it.
fn with_tags(
    tx: &mut Tx<'_>,
    params: &JsonMap,
    absent: &str,
    change: impl FnOnce(&mut Tags) -> Result<(), Fault>,
) -> Result<Tags, Fault> {
    let reference = required(params, "resourceArn")?;
    let own = arn::of(tx, "");
    let resource = reference.strip_prefix(own.as_str()).ok_or_else(|| invalid(format!("Invalid ARN: {reference}")))?;
    let missing = || Fault::new(absent, "The specified resource could not be found.");
    let (kind, rest) = resource.split_once('/').ok_or_else(missing)?;
    match kind {
        "cluster" => {
            let mut found = cluster::find(tx, Some(rest))?;
            change(&mut found.tags)?;
            tx.put(&found)?;
            Ok(found.tags)
        }
        "service" => {
            let (of, name) = rest.split_once('/').ok_or_else(missing)?;
            cluster::find(tx, Some(of))?;
            let mut found = service::get(tx, of, name)?.filter(|found| !found.is_inactive()).ok_or_else(missing)?;
            change(&mut found.tags)?;
            tx.put(&found)?;
            Ok(found.tags)
        }
        "task" => {
            let (of, id) = rest.split_once('/').ok_or_else(missing)?;
            cluster::find(tx, Some(of))?;
            let mut found = task::get(tx, of, id)?.ok_or_else(missing)?;
            change(&mut found.tags)?;
            tx.put(&found)?;
            Ok(found.tags)
        }
        "task-definition" => {
            let mut found = task_definition::exact(tx, rest)?.ok_or_else(missing)?;
            change(&mut found.tags)?;
            tx.put(&found)?;
            Ok(found.tags)
        }
        _ => Err(missing()),
    }
}

/// `TagResource`.
pub fn tag(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let more = read(params)?;
    with_tags(tx, params, "ResourceNotFoundException", |tags| {
        tags.extend(more);
        within_limit(tags)
    })?;
    Ok(json!({}))
}

/// `UntagResource`.
pub fn untag(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let keys = texts(params, "tagKeys")?;
    with_tags(tx, params, "ResourceNotFoundException", |tags| {
        tags.retain(|key, _| !keys.contains(&key.as_str()));
        Ok(())
    })?;
    Ok(json!({}))
}

/// `ListTagsForResource`, whose model has no error for what is not there but `InvalidParameterException`.
pub fn list(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let tags = with_tags(tx, params, "InvalidParameterException", |_| Ok(()))?;
    Ok(json!({"tags": view(&tags)}))
}

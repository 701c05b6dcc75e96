//! The versions of a managed policy.

use serde_json::json;

use super::super::members::Members;
use super::super::service::Fault;
use super::super::store::Tx;
use super::policy::{Version, arn, checked_document, find, not_found, to_change};
use super::{managed, no_such_entity, refusal};
use crate::model::Json;

/// How many versions a policy may have.
const VERSIONS: usize = 5;

pub(super) fn create(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut policy = to_change(tx, members)?;
    let document = checked_document(members)?;
    if policy.versions.len() >= VERSIONS {
        let message = "A managed policy can have up to 5 versions. Before you create a new version, you must delete \
                       an existing version.";
        return Err(refusal("LimitExceeded", message));
    }
    policy.last += 1;
    policy.updated = tx.now;
    policy.versions.push(Version { number: policy.last, document, created: tx.now });
    if members.flag("SetAsDefault")?.unwrap_or(false) {
        policy.default = policy.last;
    }
    tx.put(&policy)?;
    let created = policy.versions_json(false).into_iter().next();
    Ok(json!({"PolicyVersion": created}))
}

fn version_number(members: &Members<'_>, arn: &str) -> Result<(u32, Fault), Fault> {
    let id = members.required("VersionId")?;
    let missing = no_such_entity(format!("Policy {arn} version {id} does not exist or is not attachable."));
    match id.strip_prefix('v').and_then(|number| number.parse().ok()) {
        Some(number) => Ok((number, missing)),
        None => Err(members.invalid(
            "VersionId",
            id,
            r"Member must satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?",
        )),
    }
}

pub(super) fn get(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let arn = arn(members)?;
    let (number, missing) = version_number(members, arn)?;
    let versions = match managed::find(arn) {
        Some(managed) => managed.versions_json(true),
        None => find(tx, arn)?.ok_or_else(|| not_found(arn))?.versions_json(true),
    };
    let id = json!(format!("v{number}"));
    let version = versions.into_iter().find(|version| version["VersionId"] == id).ok_or(missing)?;
    Ok(json!({"PolicyVersion": version}))
}

pub(super) fn list(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let arn = arn(members)?;
    let versions = match managed::find(arn) {
        Some(managed) => managed.versions_json(false),
        None => find(tx, arn)?.ok_or_else(|| not_found(arn))?.versions_json(false),
    };
    Ok(super::paged("Versions", versions, None))
}

pub(super) fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut policy = to_change(tx, members)?;
    let (number, missing) = version_number(members, &policy.arn)?;
    if policy.version(number).is_none() {
        return Err(missing);
    }
    if number == policy.default {
        return Err(refusal("DeleteConflict", "Cannot delete the default version of a policy."));
    }
    policy.versions.retain(|version| version.number != number);
    tx.put(&policy)?;
    Ok(json!({}))
}

pub(super) fn set_default(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut policy = to_change(tx, members)?;
    let (number, missing) = version_number(members, &policy.arn)?;
    if policy.version(number).is_none() {
        return Err(missing);
    }
    policy.default = number;
    policy.updated = tx.now;
    tx.put(&policy)?;
    Ok(json!({}))
}

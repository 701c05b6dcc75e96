//! Versions of a secret's value and their stages: AWSCURRENT is the one in use, AWSPREVIOUS the one before.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::members::Members;
use super::super::service::Fault;
use super::super::store::Tx;
use super::secret::{Secret, asked, find, invalid_request, not_found, now};
use crate::model::Json;

pub(super) const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// The largest value, in bytes (Secrets Manager user guide, "quotas").
const LARGEST: usize = 65_536;
/// How many versions are kept, those without a stage among them (the same).
const MOST: usize = 100;

/// A version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) id: String,
    pub(super) text: Option<String>,
    /// In base64, as on the wire.
    pub(super) binary: Option<String>,
    pub(super) stages: Vec<String>,
    pub(super) created: f64,
}

/// A value, as a text or in base64.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Content {
    text: Option<String>,
    binary: Option<String>,
}

impl Version {
    pub(super) fn holds(&self, content: &Content) -> bool {
        (&self.text, &self.binary) == (&content.text, &content.binary)
    }
}

/// The value in a call, if there is one.
pub(super) fn content(members: &Members<'_>) -> Result<Option<Content>, Fault> {
    let (text, binary) = (members.text("SecretString")?, members.text("SecretBinary")?);
    if text.is_some() && binary.is_some() {
        return Err(members
            .refuse("You can't specify both a binary secret value and a string secret value in the same secret."));
    }
    if text.or(binary).is_some_and(|value| value.len() > LARGEST) {
        return Err(members.refuse(format!("The secret value is larger than {LARGEST} bytes.")));
    }
    let owned = |value: Option<&str>| value.map(str::to_owned);
    Ok(text.or(binary).map(|_| Content { text: owned(text), binary: owned(binary) }))
}

/// The identifier of the version to be made: the client's token.
pub(super) fn token(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<String, Fault> {
    match members.text("ClientRequestToken")? {
        Some(token) => Ok(members.within("ClientRequestToken", token, 32, 64)?.to_owned()),
        None => Ok(tx.fresh_uuid("secret version")?),
    }
}

/// Adds a version with stages, which are taken from those that have them. A second time with the same token it is the
/// same version, unless its value is another.
pub(super) fn add(secret: &mut Secret, id: String, content: Content, stages: &[&str], now: f64) -> Result<(), Fault> {
    if let Some(there) = secret.versions.iter().find(|version| version.id == id) {
        if there.holds(&content) {
            return Ok(());
        }
        let message = format!(
            "You can't use ClientRequestToken {id} because that value is already in use for a version of secret {}.",
            secret.arn
        );
        return Err(Fault::new("ResourceExistsException", message));
    }
    let Content { text, binary } = content;
    secret.versions.push(Version { id: id.clone(), text, binary, stages: Vec::new(), created: now });
    for stage in stages {
        set_stage(secret, stage, &id);
    }
    while secret.versions.len() > MOST
        && let Some(oldest) = secret.versions.iter().position(|version| version.stages.is_empty())
    {
        secret.versions.remove(oldest);
    }
    secret.changed = now;
    Ok(())
}

/// Moves a stage to a version; the one that AWSCURRENT leaves becomes AWSPREVIOUS.
fn set_stage(secret: &mut Secret, stage: &str, id: &str) {
    let had = secret.versions.iter().find(|version| version.stages.iter().any(|own| own == stage));
    let had = had.map(|version| version.id.clone()).filter(|had| had != id);
    for version in &mut secret.versions {
        version.stages.retain(|own| own != stage);
        if version.id == id {
            version.stages.push(stage.to_owned());
        }
    }
    if let Some(had) = had.filter(|_| stage == CURRENT) {
        set_stage(secret, PREVIOUS, &had);
        for version in secret.versions.iter_mut().filter(|version| version.id == id) {
            version.stages.retain(|own| own != PREVIOUS);
        }
    }
}

/// The version meant: the current one where neither is given.
pub(super) fn chosen<'a>(secret: &'a Secret, stage: Option<&str>, version: Option<&str>) -> Result<&'a Version, Fault> {
    let by_id = secret.versions.iter().find(|found| Some(found.id.as_str()) == version);
    if let Some(version) = version {
        let missing = format!("Secrets Manager can't find the specified secret value for VersionId: {version}");
        let found = by_id.ok_or_else(|| not_found(&missing))?;
        if stage.is_some_and(|stage| !found.stages.iter().any(|own| own == stage)) {
            return Err(invalid_request(
                "You provided a VersionStage that is not associated to the provided VersionId.",
            ));
        }
        return Ok(found);
    }
    let stage = stage.unwrap_or(CURRENT);
    let missing = format!("Secrets Manager can't find the specified secret value for staging label: {stage}");
    let found = secret.versions.iter().find(|version| version.stages.iter().any(|own| own == stage));
    found.ok_or_else(|| not_found(&missing))
}

pub(super) fn get(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let secret = asked(tx, members)?;
    let version = chosen(&secret, members.text("VersionStage")?, members.text("VersionId")?)?;
    let mut answer = json!({
        "ARN": secret.arn,
        "Name": secret.name,
        "VersionId": version.id,
        "VersionStages": version.stages,
        "CreatedDate": version.created,
    });
    for (name, value) in [("SecretString", &version.text), ("SecretBinary", &version.binary)] {
        if let Some(value) = value {
            answer[name] = json!(value);
        }
    }
    Ok(answer)
}

pub(super) fn put(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut secret = asked(tx, members)?;
    let content = content(members)?;
    let content = content.ok_or_else(|| members.refuse("You must provide either SecretString or SecretBinary."))?;
    let token = token(tx, members)?;
    let stages = members.texts("VersionStages")?;
    let stages = if stages.is_empty() { vec![CURRENT] } else { stages };
    add(&mut secret, token.clone(), content, &stages, now(tx))?;
    tx.put(&secret)?;
    let made = secret.versions.iter().find(|version| version.id == token).map(|version| version.stages.clone());
    Ok(json!({"ARN": secret.arn, "Name": secret.name, "VersionId": token, "VersionStages": made.unwrap_or_default()}))
}

pub(super) fn list(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let secret = find(tx, members.required("SecretId")?)?;
    let deprecated = members.flag("IncludeDeprecated")?.unwrap_or(false);
    let versions = secret.versions.iter().filter(|version| deprecated || !version.stages.is_empty());
    let told = |version: &Version| json!({"VersionId": version.id, "VersionStages": version.stages, "CreatedDate": version.created});
    let versions: Vec<Json> = versions.map(told).collect();
    Ok(json!({"ARN": secret.arn, "Name": secret.name, "Versions": versions}))
}

pub(super) fn move_stage(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut secret = asked(tx, members)?;
    let stage = members.required("VersionStage")?;
    let (from, to) = (members.text("RemoveFromVersionId")?, members.text("MoveToVersionId")?);
    let has = secret.versions.iter().find(|version| version.stages.iter().any(|own| own == stage));
    let has = has.map(|version| version.id.clone());
    if has.as_deref() != from {
        let message = format!(
            "The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to version {}, so you must explicitly reference that version in RemoveFromVersionId.",
            has.unwrap_or_default()
        );
        return Err(members.refuse(message));
    }
    match to {
        Some(to) => {
            chosen(&secret, None, Some(to))?;
            set_stage(&mut secret, stage, to);
        }
        None if stage == CURRENT => {
            return Err(members.refuse("You can only move staging label AWSCURRENT to a different secret version."));
        }
        None => {
            for version in &mut secret.versions {
                version.stages.retain(|own| own != stage);
            }
        }
    }
    secret.changed = now(tx);
    tx.put(&secret)?;
    Ok(json!({"ARN": secret.arn, "Name": secret.name}))
}

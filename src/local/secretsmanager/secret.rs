//! Secrets: making, describing, changing and deleting them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::members::{Members, Page, tag_list};
use super::super::service::Fault;
use super::super::store::{Object, Tx};
use super::NAME;
use super::version::{self, Version};
use crate::model::Json;

/// How long a deletion without a recovery window takes.
const FORCED: Duration = Duration::from_secs(5);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Secret {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) description: Option<String>,
    pub(super) kms_key: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    /// Seconds since 1970, as all times here.
    pub(super) created: f64,
    pub(super) changed: f64,
    /// In the order of their making.
    pub(super) versions: Vec<Version>,
    pub(super) policy: Option<String>,
    pub(super) deletion: Option<Deletion>,
}

/// A deletion that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Deletion {
    /// What its timer is known by.
    id: String,
    /// When it can no longer be restored.
    at: f64,
}

impl Object for Secret {
    const TABLE: &'static str = "secretsmanager.secret";

    fn key(&self) -> String {
        self.name.clone()
    }
}

/// Now, as answers have it: seconds since 1970, to the millisecond.
pub(super) fn now(tx: &Tx<'_>) -> f64 {
    tx.now.as_millisecond() as f64 / 1000.0
}

pub(super) fn invalid_request(message: &str) -> Fault {
    Fault::new("InvalidRequestException", message)
}

pub(super) fn not_found(message: &str) -> Fault {
    Fault::new("ResourceNotFoundException", message)
}

/// The secret of a name or an ARN, which may lack its last seven characters; one that is scheduled for deletion too.
pub(super) fn find(tx: &Tx<'_>, id: &str) -> Result<Secret, Fault> {
    let missing = || not_found("Secrets Manager can't find the specified secret.");
    let start = format!("arn:aws:secretsmanager:{}:{}:secret:", tx.region, tx.account);
    let Some(name) = id.strip_prefix(&start) else {
        return tx.get::<Secret>(id)?.ok_or_else(missing);
    };
    let whole = name.rsplit_once('-').map(|(name, _)| name);
    if let Some(secret) = whole.map(|name| tx.get::<Secret>(name)).transpose()?.flatten()
        && secret.arn == id
    {
        return Ok(secret);
    }
    tx.get::<Secret>(name)?.ok_or_else(missing)
}

/// The secret, when it is not scheduled for deletion.
pub(super) fn usable(tx: &Tx<'_>, id: &str) -> Result<Secret, Fault> {
    let secret = find(tx, id)?;
    if secret.deletion.is_some() {
        let message = "You can't perform this operation on the secret because it was marked for deletion.";
        return Err(invalid_request(message));
    }
    Ok(secret)
}

pub(super) fn asked(tx: &Tx<'_>, members: &Members<'_>) -> Result<Secret, Fault> {
    usable(tx, members.required("SecretId")?)
}

fn merged(members: &Members<'_>, mut tags: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Fault> {
    tags.extend(members.tags("Tags")?);
    if tags.len() > 50 {
        return Err(members.refuse("A secret can have up to 50 tags."));
    }
    Ok(tags)
}

/// A member that is taken for absent when it is empty.
fn filled(members: &Members<'_>, name: &str, most: usize) -> Result<Option<String>, Fault> {
    let Some(value) = members.text(name)? else { return Ok(None) };
    members.within(name, value, 0, most)?;
    Ok(Some(value.to_owned()).filter(|value| !value.is_empty()))
}

pub(super) fn create(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let name = members.within("Name", members.required("Name")?, 1, 512)?;
    if !name.chars().all(|letter| letter.is_ascii_alphanumeric() || "/_+=.@!-".contains(letter)) {
        let message = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: \
                       -/_+=.@!";
        return Err(Fault::new("ValidationException", message));
    }
    let content = version::content(members)?;
    let token = version::token(tx, members)?;
    if let Some(there) = tx.get::<Secret>(name)? {
        if there.deletion.is_some() {
            let message = "You can't create this secret because a secret with this name is already scheduled for \
                           deletion.";
            return Err(invalid_request(message));
        }
        let same = |version: &Version| version.id == token && content.as_ref().is_some_and(|c| version.holds(c));
        if let Some(made) = there.versions.iter().find(|version| same(version)) {
            return Ok(json!({"ARN": there.arn, "Name": there.name, "VersionId": made.id}));
        }
        let message = format!("The operation failed because the secret {name} already exists.");
        return Err(Fault::new("ResourceExistsException", message));
    }
    let now = now(tx);
    let mut secret = Secret {
        arn: fresh_arn(tx, name)?,
        name: name.to_owned(),
        description: filled(members, "Description", 2048)?,
        kms_key: filled(members, "KmsKeyId", 2048)?,
        tags: merged(members, BTreeMap::new())?,
        created: now,
        changed: now,
        versions: Vec::new(),
        policy: None,
        deletion: None,
    };
    let mut answer = json!({"ARN": secret.arn, "Name": secret.name});
    if let Some(content) = content {
        version::add(&mut secret, token.clone(), content, &[version::CURRENT], now)?;
        answer["VersionId"] = json!(token);
    }
    tx.put(&secret)?;
    Ok(answer)
}

/// An ARN ends in six letters and digits of its own, so that a secret made anew under a name is another.
fn fresh_arn(tx: &mut Tx<'_>, name: &str) -> Result<String, Fault> {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let hex = tx.fresh_hex("secret")?;
    let pairs = hex.as_bytes().chunks_exact(2).take(6);
    let number = |pair: &[u8]| pair.iter().fold(0, |sum, digit| (sum * 31 + usize::from(*digit)) % LETTERS.len());
    let suffix: String = pairs.map(|pair| char::from(LETTERS[number(pair)])).collect();
    Ok(format!("arn:aws:secretsmanager:{}:{}:secret:{name}-{suffix}", tx.region, tx.account))
}

fn told(secret: &Secret, stages: &str) -> Json {
    let versions: BTreeMap<&str, &[String]> = secret
        .versions
        .iter()
        .filter(|version| !version.stages.is_empty())
        .map(|version| (version.id.as_str(), version.stages.as_slice()))
        .collect();
    let mut told = json!({
        "ARN": secret.arn,
        "Name": secret.name,
        "CreatedDate": secret.created,
        "LastChangedDate": secret.changed,
        "Tags": tag_list(&secret.tags),
    });
    told[stages] = json!(versions);
    for (name, value) in [("Description", &secret.description), ("KmsKeyId", &secret.kms_key)] {
        if let Some(value) = value {
            told[name] = json!(value);
        }
    }
    if let Some(deletion) = &secret.deletion {
        told["DeletedDate"] = json!(deletion.at);
    }
    told
}

pub(super) fn describe(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    Ok(told(&find(tx, members.required("SecretId")?)?, "VersionIdsToStages"))
}

pub(super) fn list(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let size = members.number("MaxResults", 1, 100)?.and_then(|size| usize::try_from(size).ok()).unwrap_or(100);
    let planned = members.flag("IncludePlannedDeletion")?.unwrap_or(false);
    let mut secrets = tx.all::<Secret>()?;
    secrets.retain(|secret| planned || secret.deletion.is_none());
    for filter in members.structures("Filters")? {
        let keys = ["description", "name", "tag-key", "tag-value", "primary-region", "owning-service", "all"];
        let key = filter.one_of("Key", &keys)?.unwrap_or("all");
        let values = filter.texts("Values")?;
        secrets.retain(|secret| values.iter().any(|value| matches(secret, key, value)));
    }
    let page = Page::of(secrets, Object::key, members.text("NextToken")?, size);
    let items: Vec<Json> = page.items.iter().map(|secret| told(secret, "SecretVersionsToStages")).collect();
    let mut answer = json!({"SecretList": items});
    if let Some(next) = page.next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

/// Whether a filter's value is the beginning of what it looks at; after `!`, whether it is not. Descriptions are
/// compared in either case of their letters.
fn matches(secret: &Secret, key: &str, value: &str) -> bool {
    if let Some(value) = value.strip_prefix('!') {
        return !matches(secret, key, value);
    }
    let name = || secret.name.starts_with(value);
    let description = || {
        let value = value.to_lowercase();
        let described = secret.description.as_deref().unwrap_or_default().to_lowercase();
        described.split_whitespace().any(|word| word.starts_with(&value)) || described.starts_with(&value)
    };
    let tag_key = || secret.tags.keys().any(|key| key.starts_with(value));
    let tag_value = || secret.tags.values().any(|tag| tag.starts_with(value));
    match key {
        "name" => name(),
        "description" => description(),
        "tag-key" => tag_key(),
        "tag-value" => tag_value(),
        "all" => name() || description() || tag_key() || tag_value(),
        _ => false,
    }
}

pub(super) fn update(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut secret = asked(tx, members)?;
    if members.text("Description")?.is_some() {
        secret.description = filled(members, "Description", 2048)?;
    }
    if members.text("KmsKeyId")?.is_some() {
        secret.kms_key = filled(members, "KmsKeyId", 2048)?;
    }
    let mut answer = json!({"ARN": secret.arn, "Name": secret.name});
    let now = now(tx);
    if let Some(content) = version::content(members)? {
        let token = version::token(tx, members)?;
        version::add(&mut secret, token.clone(), content, &[version::CURRENT], now)?;
        answer["VersionId"] = json!(token);
    }
    secret.changed = now;
    tx.put(&secret)?;
    Ok(answer)
}

pub(super) fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let id = members.required("SecretId")?;
    let days = members.number("RecoveryWindowInDays", i64::MIN, i64::MAX)?;
    let force = members.flag("ForceDeleteWithoutRecovery")?.unwrap_or(false);
    if force && days.is_some() {
        return Err(
            members.refuse("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
        );
    }
    let days = days.unwrap_or(30);
    let window = u32::try_from(days)
        .ok()
        .filter(|days| (7..=30).contains(days))
        .ok_or_else(|| members.refuse("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."))?;
    let mut secret = match find(tx, id) {
        // Deleting by force what is not there succeeds.
        Err(fault) if force && fault.code == "ResourceNotFoundException" => {
            return Ok(json!({"ARN": id, "Name": id, "DeletionDate": now(tx)}));
        }
        found => found?,
    };
    if secret.deletion.is_some() && !force {
        let message = "You tried to perform the operation on a secret that's currently marked deleted.";
        return Err(invalid_request(message));
    }
    let time = if force { FORCED } else { DAY * window };
    let at = if force { now(tx) } else { now(tx) + time.as_secs_f64() };
    let deletion = Deletion { id: tx.fresh_uuid("deletion")?, at };
    tx.after(time, NAME, "gone", &format!("{} {}", deletion.id, secret.name))?;
    secret.deletion = Some(deletion);
    tx.put(&secret)?;
    Ok(json!({"ARN": secret.arn, "Name": secret.name, "DeletionDate": at}))
}

/// Carries out a deletion, unless the secret was restored since. `key` is the deletion's identifier and the name.
pub(super) fn gone(tx: &mut Tx<'_>, key: &str) -> Result<(), Fault> {
    let Some((id, name)) = key.split_once(' ') else { return Ok(()) };
    let secret = tx.get::<Secret>(name)?;
    if secret.and_then(|secret| secret.deletion).is_some_and(|deletion| deletion.id == id) {
        tx.delete::<Secret>(name)?;
    }
    Ok(())
}

pub(super) fn restore(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut secret = find(tx, members.required("SecretId")?)?;
    secret.deletion = None;
    tx.put(&secret)?;
    Ok(json!({"ARN": secret.arn, "Name": secret.name}))
}

pub(super) fn tag(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut secret = asked(tx, members)?;
    secret.tags = merged(members, secret.tags)?;
    tx.put(&secret)?;
    Ok(json!({}))
}

pub(super) fn untag(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut secret = asked(tx, members)?;
    let keys = members.texts("TagKeys")?;
    secret.tags.retain(|key, _| !keys.contains(&key.as_str()));
    tx.put(&secret)?;
    Ok(json!({}))
}

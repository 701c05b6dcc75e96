//! Keys: making them, turning them off and on, and deleting them after their window.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::members::{Members, Page};
use super::super::service::Fault;
use super::super::store::{Object, Tx};
use super::NAME;
use super::alias::{self, Alias};
use crate::model::Json;

/// The length of a key's material, in bytes: symmetric keys of KMS are AES-256 keys.
pub(super) const MATERIAL: usize = 32;

/// How many days a deletion waits: at least, at most, and when nothing is said (API reference, `ScheduleKeyDeletion`).
const WINDOW: (i64, i64, i64) = (7, 30, 30);

/// A key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) material: [u8; MATERIAL],
    description: String,
    enabled: bool,
    created: f64,
    tags: BTreeMap<String, String>,
    /// When it will be gone, and after how many days.
    pub(super) deletion: Option<(f64, i64)>,
}

impl Object for Key {
    const TABLE: &'static str = "kms.key";

    fn key(&self) -> String {
        self.id.clone()
    }
}

impl Key {
    fn state(&self) -> &'static str {
        match (&self.deletion, self.enabled) {
            (Some(_), _) => "PendingDeletion",
            (None, true) => "Enabled",
            (None, false) => "Disabled",
        }
    }

    fn pending_deletion(&self) -> Fault {
        Fault::new("KMSInvalidStateException", format!("{} is pending deletion.", self.arn))
    }

    fn told(&self, account: &str) -> Json {
        json!({
            "AWSAccountId": account, "KeyId": self.id, "Arn": self.arn, "CreationDate": self.created,
            "Enabled": self.state() == "Enabled", "Description": self.description, "KeyUsage": "ENCRYPT_DECRYPT",
            "KeyState": self.state(), "DeletionDate": self.deletion.map(|(at, _)| at), "Origin": "AWS_KMS",
            "KeyManager": "CUSTOMER", "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT", "KeySpec": "SYMMETRIC_DEFAULT",
            "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"], "MultiRegion": false,
        })
    }
}

pub(super) fn now(tx: &Tx<'_>) -> f64 {
    tx.now.as_millisecond() as f64 / 1000.0
}

fn not_found(message: String) -> Fault {
    Fault::new("NotFoundException", message)
}

/// The key of an id, an ARN, an alias or an alias's ARN.
pub(super) fn find(tx: &Tx<'_>, named: &str) -> Result<Key, Fault> {
    let own = format!("arn:aws:kms:{}:{}:", tx.region, tx.account);
    let local = match named.strip_prefix(&own) {
        Some(local) => local,
        None if named.starts_with("arn:") => return Err(not_found(format!("Invalid arn {named}"))),
        None => named,
    };
    if local.starts_with("alias/") {
        let missing = || not_found(format!("Alias {own}{local} is not found."));
        let alias = tx.get::<Alias>(local)?.ok_or_else(missing)?;
        return by_id(tx, &alias.target);
    }
    by_id(tx, if named == local { local } else { local.strip_prefix("key/").unwrap_or(local) })
}

/// The key of an id or an ARN: calls that change a key take no alias.
fn find_itself(tx: &Tx<'_>, members: &Members<'_>) -> Result<Key, Fault> {
    let named = members.within("KeyId", members.required("KeyId")?, 1, 2048)?;
    if named.contains("alias/") {
        return Err(not_found(format!("Invalid keyId {named}")));
    }
    find(tx, named)
}

pub(super) fn by_id(tx: &Tx<'_>, id: &str) -> Result<Key, Fault> {
    let missing = || not_found(format!("Key 'arn:aws:kms:{}:{}:key/{id}' does not exist", tx.region, tx.account));
    tx.get::<Key>(id)?.ok_or_else(missing)
}

/// The key that a call names, when it is one to encrypt and decrypt with.
pub(super) fn usable(tx: &Tx<'_>, named: &str) -> Result<Key, Fault> {
    let key = find(tx, named)?;
    match key.state() {
        "Enabled" => Ok(key),
        "Disabled" => Err(Fault::new("DisabledException", format!("{} is disabled.", key.arn))),
        _ => Err(key.pending_deletion()),
    }
}

pub(super) fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], Fault> {
    let mut bytes = [0; LENGTH];
    fill(&mut bytes)?;
    Ok(bytes)
}

pub(super) fn fill(bytes: &mut [u8]) -> Result<(), Fault> {
    getrandom::fill(bytes).map_err(|error| Fault::new("KMSInternalException", error.to_string()).status(500))
}

pub(super) fn create(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let unsupported = |what: &str| {
        Fault::new("UnsupportedOperationException", format!("The embedded AWS makes symmetric keys only, not {what}."))
    };
    for (name, only) in [
        ("KeySpec", "SYMMETRIC_DEFAULT"),
        ("CustomerMasterKeySpec", "SYMMETRIC_DEFAULT"),
        ("KeyUsage", "ENCRYPT_DECRYPT"),
        ("Origin", "AWS_KMS"),
    ] {
        if let Some(other) = members.text(name)?.filter(|value| *value != only) {
            return Err(unsupported(other));
        }
    }
    if members.flag("MultiRegion")? == Some(true) {
        return Err(unsupported("multi-Region ones"));
    }
    if let Some(policy) = members.text("Policy")?
        && serde_json::from_str::<serde_json::Map<String, Json>>(policy).is_err()
    {
        return Err(Fault::new("MalformedPolicyDocumentException", "The policy is not a JSON object."));
    }
    let description = members.within("Description", members.text("Description")?.unwrap_or_default(), 0, 8192)?;
    let tags = members.structures("Tags")?.into_iter().map(|tag| {
        let key = tag.within("TagKey", tag.required("TagKey")?, 1, 128)?;
        Ok((key.to_owned(), tag.within("TagValue", tag.required("TagValue")?, 0, 256)?.to_owned()))
    });
    let tags = tags.collect::<Result<_, Fault>>()?;
    let id = tx.fresh_uuid("kms key")?;
    let key = Key {
        arn: format!("arn:aws:kms:{}:{}:key/{id}", tx.region, tx.account),
        id,
        material: random()?,
        description: description.to_owned(),
        enabled: true,
        created: now(tx),
        tags,
        deletion: None,
    };
    tx.put(&key)?;
    Ok(json!({ "KeyMetadata": key.told(tx.account) }))
}

pub(super) fn describe(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let key = find(tx, members.required("KeyId")?)?;
    Ok(json!({ "KeyMetadata": key.told(tx.account) }))
}

pub(super) fn list(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let limit = members.number("Limit", 1, 1000)?.unwrap_or(100);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let page = Page::of(tx.all::<Key>()?, |key| key.id.clone(), members.text("Marker")?, limit);
    let keys: Json = page.items.iter().map(|key| json!({ "KeyId": key.id, "KeyArn": key.arn })).collect();
    Ok(json!({ "Keys": keys, "Truncated": page.next.is_some(), "NextMarker": page.next }))
}

pub(super) fn enable(tx: &mut Tx<'_>, members: &Members<'_>, enabled: bool) -> Result<Json, Fault> {
    let mut key = find_itself(tx, members)?;
    if key.deletion.is_some() {
        return Err(key.pending_deletion());
    }
    key.enabled = enabled;
    tx.put(&key)?;
    Ok(Json::Null)
}

pub(super) fn schedule_deletion(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let (least, most, usual) = WINDOW;
    let days = members.number("PendingWindowInDays", least, most)?.unwrap_or(usual);
    let mut key = find_itself(tx, members)?;
    if key.deletion.is_some() {
        return Err(key.pending_deletion());
    }
    let window = Duration::from_secs(days.unsigned_abs() * 24 * 60 * 60);
    let at = now(tx) + window.as_secs_f64();
    key.deletion = Some((at, days));
    tx.put(&key)?;
    tx.after(window, NAME, "gone", &format!("{} {at}", key.id))?;
    Ok(json!({ "KeyId": key.arn, "DeletionDate": at, "KeyState": key.state(), "PendingWindowInDays": days }))
}

pub(super) fn cancel_deletion(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut key = find_itself(tx, members)?;
    if key.deletion.take().is_none() {
        return Err(Fault::new("KMSInvalidStateException", format!("{} is not pending deletion.", key.arn)));
    }
    key.enabled = false;
    tx.put(&key)?;
    Ok(json!({ "KeyId": key.arn }))
}

/// The window of a deletion is over; `timer` names the key and when. Nothing happens when it was cancelled or scheduled anew.
pub(super) fn gone(tx: &mut Tx<'_>, timer: &str) -> Result<(), Fault> {
    let Some((id, due)) = timer.split_once(' ') else { return Ok(()) };
    let Some(key) = tx.get::<Key>(id)? else { return Ok(()) };
    if key.deletion.is_some_and(|(at, _)| at.to_string() == due) {
        for alias in alias::of(tx, id)? {
            tx.delete::<Alias>(&alias.name)?;
        }
        tx.delete::<Key>(id)?;
    }
    Ok(())
}

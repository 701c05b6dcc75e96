//! The policies of a file system, each set and told by calls of its own.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::NAME;
use super::file_system::{self, FileSystem, available};
use crate::local::members::Members;
use crate::local::service::{Fault, Timer};
use crate::local::store::Tx;
use crate::model::{Json, JsonMap};

/// How long backups take to be switched, on AWS.
const SWITCHING: Duration = Duration::from_secs(10);
/// The timer of a backup policy.
pub(super) const BACKED_UP: &str = "backup-policy";

/// After how long files move, as the transitions say it.
const AGES: &[&str] = &[
    "AFTER_1_DAY",
    "AFTER_7_DAYS",
    "AFTER_14_DAYS",
    "AFTER_30_DAYS",
    "AFTER_60_DAYS",
    "AFTER_90_DAYS",
    "AFTER_180_DAYS",
    "AFTER_270_DAYS",
    "AFTER_365_DAYS",
];

/// What calls of their own set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Settings {
    /// A transition each, by its name.
    lifecycle: Vec<(String, String)>,
    /// None while nobody has said.
    backup: Option<Backup>,
    policy: Option<String>,
    unprotected: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Backup {
    Enabled,
    Enabling,
    Disabled,
    Disabling,
}

impl Settings {
    /// Those of a new file system.
    pub(super) fn new(backup: bool) -> Self {
        let backup = backup.then_some(Backup::Enabled);
        Self { lifecycle: Vec::new(), backup, policy: None, unprotected: false }
    }

    /// Whether a replication may not overwrite it.
    pub(super) fn protection(&self) -> &'static str {
        if self.unprotected { "DISABLED" } else { "ENABLED" }
    }
}

fn system(tx: &Tx<'_>, members: &Members<'_>) -> Result<FileSystem, Fault> {
    file_system::find(tx, members.required("FileSystemId")?)
}

fn no_policy(what: &str) -> Fault {
    Fault::new("PolicyNotFound", format!("The file system has no {what}.")).status(404)
}

/// `UpdateFileSystemProtection`.
pub(super) fn update_protection(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut system = available(tx, members)?;
    let wanted = members.one_of("ReplicationOverwriteProtection", &["ENABLED", "DISABLED"])?;
    if let Some(wanted) = wanted {
        system.settings.unprotected = wanted == "DISABLED";
        tx.put(&system)?;
    }
    Ok(json!({ "ReplicationOverwriteProtection": system.settings.protection() }))
}

/// `PutLifecycleConfiguration`: in place of the one there is. Each policy is one transition, and none is there twice.
pub(super) fn put_lifecycle(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut system = available(tx, members)?;
    let mut lifecycle: Vec<(String, String)> = Vec::new();
    for policy in members.structures("LifecyclePolicies")? {
        let given = [
            ("TransitionToIA", policy.one_of("TransitionToIA", AGES)?),
            ("TransitionToArchive", policy.one_of("TransitionToArchive", AGES)?),
            ("TransitionToPrimaryStorageClass", policy.one_of("TransitionToPrimaryStorageClass", &["AFTER_1_ACCESS"])?),
        ];
        let mut given = given.into_iter().filter_map(|(name, when)| Some((name.to_owned(), when?.to_owned())));
        let (Some(transition), None) = (given.next(), given.next()) else {
            return Err(members.refuse("Each LifecyclePolicy object can have exactly one transition."));
        };
        if lifecycle.iter().any(|(name, _)| *name == transition.0) {
            return Err(members.refuse(format!("{} is there twice.", transition.0)));
        }
        lifecycle.push(transition);
    }
    system.settings.lifecycle = lifecycle;
    tx.put(&system)?;
    Ok(lifecycle_of(&system))
}

/// `DescribeLifecycleConfiguration`.
pub(super) fn describe_lifecycle(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    Ok(lifecycle_of(&system(tx, members)?))
}

fn lifecycle_of(system: &FileSystem) -> Json {
    let policy = |(name, when): &(String, String)| Json::Object(JsonMap::from_iter([(name.clone(), json!(when))]));
    json!({ "LifecyclePolicies": system.settings.lifecycle.iter().map(policy).collect::<Vec<_>>() })
}

/// `PutBackupPolicy`.
pub(super) fn put_backup(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut system = available(tx, members)?;
    let policy = members.structure("BackupPolicy")?.ok_or_else(|| members.refuse("BackupPolicy is missing."))?;
    let wanted =
        policy.one_of("Status", &["ENABLED", "DISABLED"])?.ok_or_else(|| members.refuse("Status is missing."))?;
    let now = system.settings.backup;
    system.settings.backup = Some(match (wanted, now) {
        ("ENABLED", Some(Backup::Enabled)) => Backup::Enabled,
        ("ENABLED", _) => Backup::Enabling,
        (_, None | Some(Backup::Disabled)) => Backup::Disabled,
        (_, Some(_)) => Backup::Disabling,
    });
    tx.put(&system)?;
    tx.after(SWITCHING, NAME, BACKED_UP, &system.id)?;
    backup_of(&system)
}

/// `DescribeBackupPolicy`.
pub(super) fn describe_backup(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    backup_of(&system(tx, members)?)
}

fn backup_of(system: &FileSystem) -> Result<Json, Fault> {
    let status = match system.settings.backup.ok_or_else(|| no_policy("backup policy"))? {
        Backup::Enabled => "ENABLED",
        Backup::Enabling => "ENABLING",
        Backup::Disabled => "DISABLED",
        Backup::Disabling => "DISABLING",
    };
    Ok(json!({ "BackupPolicy": { "Status": status } }))
}

/// Carries out the timer of a backup policy.
///
/// # Errors
/// When the store fails.
pub(super) fn due(tx: &mut Tx<'_>, timer: &Timer) -> Result<(), Fault> {
    let Some(mut system) = tx.get::<FileSystem>(&timer.key)? else { return Ok(()) };
    system.settings.backup = match system.settings.backup {
        Some(Backup::Enabling) => Some(Backup::Enabled),
        Some(Backup::Disabling) => Some(Backup::Disabled),
        settled => settled,
    };
    Ok(tx.put(&system)?)
}

/// `PutFileSystemPolicy`.
pub(super) fn put_policy(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut system = available(tx, members)?;
    let text = members.within("Policy", members.required("Policy")?, 1, 20_000)?;
    members.flag("BypassPolicyLockoutSafetyCheck")?;
    let document: Option<Json> = serde_json::from_str(text).ok();
    let good = document.as_ref().and_then(|document| document.get("Statement")).is_some_and(|statements| {
        let mut all = match statements {
            Json::Array(all) => all.iter(),
            one => std::slice::from_ref(one).iter(),
        };
        all.all(|one| ["Effect", "Action", "Principal"].iter().all(|part| says(one, part)))
    });
    if !good {
        let message = "The policy is not a JSON document of statements with Effect, Principal and Action.";
        return Err(Fault::new("InvalidPolicyException", message));
    }
    system.settings.policy = Some(text.to_owned());
    tx.put(&system)?;
    Ok(json!({ "FileSystemId": system.id, "Policy": text }))
}

/// Whether a statement has a part, or its opposite.
fn says(statement: &Json, part: &str) -> bool {
    statement.get(part).or_else(|| statement.get(format!("Not{part}"))).is_some()
}

/// `DescribeFileSystemPolicy`.
pub(super) fn describe_policy(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let system = system(tx, members)?;
    let policy = system.settings.policy.ok_or_else(|| no_policy("policy of its own"))?;
    Ok(json!({ "FileSystemId": system.id, "Policy": policy }))
}

/// `DeleteFileSystemPolicy`; one that is not there is fine.
pub(super) fn delete_policy(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut system = available(tx, members)?;
    system.settings.policy = None;
    tx.put(&system)?;
    Ok(Json::Null)
}

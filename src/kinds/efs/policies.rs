//! The policies of a file system, each set and told by calls of its own: lifecycle, backup, access and protection.

use aws_sdk_efs::types::{
    BackupPolicy, LifecyclePolicy, ReplicationOverwriteProtection as Protection, Status, TransitionToArchiveRules,
    TransitionToIaRules, TransitionToPrimaryStorageClassRules,
};
use serde_json::json;

use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::absent::present;
use crate::kinds::json::{member, misfit, object, put, text, words};
use crate::model::{Json, JsonMap};

words!(Status, TransitionToArchiveRules, TransitionToIaRules, TransitionToPrimaryStorageClassRules);

object! {
    LifecyclePolicy {
        "transitionToArchive" transition_to_archive set_transition_to_archive,
        "transitionToIA" transition_to_ia set_transition_to_ia,
        "transitionToPrimaryStorageClass" transition_to_primary_storage_class set_transition_to_primary_storage_class,
    }
    BackupPolicy {
        "status" status set_status,
    }
}

/// The properties that are set here.
pub(super) const PROPERTIES: [&str; 4] =
    ["backupPolicy", "fileSystemPolicy", "fileSystemProtection", "lifecyclePolicies"];

/// The property that says how the access policy is set.
pub(super) const BYPASS: &str = "bypassPolicyLockoutSafetyCheck";

/// Sets those of the properties that are in `names`; one that is not wanted goes back to what a new file system has.
///
/// # Errors
/// When a call fails.
pub(super) async fn set(cloud: &Cloud, id: &str, wanted: &JsonMap, names: &[&str]) -> Result<(), CallError> {
    for name in names {
        match *name {
            "backupPolicy" => set_backup(cloud, id, wanted).await?,
            "fileSystemPolicy" => set_access(cloud, id, wanted).await?,
            "fileSystemProtection" => set_protection(cloud, id, wanted).await?,
            "lifecyclePolicies" => set_lifecycle(cloud, id, wanted).await?,
            _ => {}
        }
    }
    Ok(())
}

async fn set_backup(cloud: &Cloud, id: &str, wanted: &JsonMap) -> Result<(), CallError> {
    const ACTION: &str = "elasticfilesystem:PutBackupPolicy";
    let off = json!({ "backupPolicy": { "status": "DISABLED" } });
    let policy: Option<BackupPolicy> = match (wanted.contains_key("backupPolicy"), off.as_object()) {
        (false, Some(off)) => member(off, "backupPolicy"),
        _ => member(wanted, "backupPolicy"),
    }
    .map_err(misfit(ACTION))?;
    let call = cloud.efs.put_backup_policy().file_system_id(id).set_backup_policy(policy);
    call.send().await.map(drop).map_err(failed(ACTION))
}

async fn set_access(cloud: &Cloud, id: &str, wanted: &JsonMap) -> Result<(), CallError> {
    match wanted.get("fileSystemPolicy").filter(|policy| !policy.is_null()) {
        Some(policy) => {
            const ACTION: &str = "elasticfilesystem:PutFileSystemPolicy";
            let policy = policy.as_str().map_or_else(|| policy.to_string(), str::to_owned);
            let call = cloud.efs.put_file_system_policy().file_system_id(id).policy(policy);
            let call = call.set_bypass_policy_lockout_safety_check(member(wanted, BYPASS).map_err(misfit(ACTION))?);
            call.send().await.map(drop).map_err(failed(ACTION))
        }
        None => {
            let call = cloud.efs.delete_file_system_policy().file_system_id(id);
            call.send().await.map(drop).map_err(failed("elasticfilesystem:DeleteFileSystemPolicy"))
        }
    }
}

async fn set_protection(cloud: &Cloud, id: &str, wanted: &JsonMap) -> Result<(), CallError> {
    let of = wanted.get("fileSystemProtection").and_then(Json::as_object);
    let protection = of.and_then(|of| text(of, "replicationOverwriteProtection")).unwrap_or("ENABLED");
    let call = cloud.efs.update_file_system_protection().file_system_id(id);
    let call = call.replication_overwrite_protection(Protection::from(protection));
    call.send().await.map(drop).map_err(failed("elasticfilesystem:UpdateFileSystemProtection"))
}

async fn set_lifecycle(cloud: &Cloud, id: &str, wanted: &JsonMap) -> Result<(), CallError> {
    const ACTION: &str = "elasticfilesystem:PutLifecycleConfiguration";
    let policies: Option<Vec<LifecyclePolicy>> = member(wanted, "lifecyclePolicies").map_err(misfit(ACTION))?;
    let call = cloud.efs.put_lifecycle_configuration().file_system_id(id);
    call.set_lifecycle_policies(Some(policies.unwrap_or_default())).send().await.map(drop).map_err(failed(ACTION))
}

/// Reads what calls of their own tell of a file system into its properties.
///
/// # Errors
/// When a call fails, also for a file system that is gone.
pub(super) async fn tell(cloud: &Cloud, id: &str, properties: &mut JsonMap) -> Result<(), CallError> {
    let lifecycle = async {
        let call = cloud.efs.describe_lifecycle_configuration().file_system_id(id);
        call.send().await.map_err(failed("elasticfilesystem:DescribeLifecycleConfiguration"))
    };
    let backup = async {
        let call = cloud.efs.describe_backup_policy().file_system_id(id);
        unless_unset(call.send().await.map_err(failed("elasticfilesystem:DescribeBackupPolicy")))
    };
    let access = async {
        let call = cloud.efs.describe_file_system_policy().file_system_id(id);
        unless_unset(call.send().await.map_err(failed("elasticfilesystem:DescribeFileSystemPolicy")))
    };
    let (lifecycle, backup, access) = futures::try_join!(lifecycle, backup, access)?;
    put(properties, "lifecyclePolicies", &lifecycle.lifecycle_policies);
    let status = match backup.as_ref().and_then(|answer| answer.backup_policy()).map(BackupPolicy::status) {
        // What is being switched is as good as switched.
        Some(Status::Enabled | Status::Enabling) => "ENABLED",
        _ => "DISABLED",
    };
    properties.insert("backupPolicy".to_owned(), json!({ "status": status }));
    if let Some(policy) = access.as_ref().and_then(|answer| answer.policy()) {
        let document = serde_json::from_str(policy).unwrap_or_else(|_| Json::String(policy.to_owned()));
        properties.insert("fileSystemPolicy".to_owned(), document);
    }
    Ok(())
}

/// `None` where the file system has no such policy; that it is not there itself is another thing.
fn unless_unset<T>(answer: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match answer {
        Err(error) if !error.is("PolicyNotFound") => Err(error),
        answer => present(answer),
    }
}

//! Volumes of task definitions that are on EFS: what is refused when they are registered, and why a task cannot mount one.

use super::params::{map, maps, text, whole};
use super::task::Task;
use super::task_definition::TaskDefinition;
use crate::local::service::Fault;
use crate::local::store::Tx;
use crate::local::{ec2, efs};
use crate::model::{Json, JsonMap};

fn refuse<T>(message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::new("ClientException", message))
}

/// What registering refuses of the volumes of a task definition.
/// Source: "Specify an Amazon EFS file system in an Amazon ECS task definition" of the developer guide.
///
/// # Errors
/// `ClientException` with what is wrong.
pub fn registration(params: &JsonMap) -> Result<(), Fault> {
    let mut names = Vec::new();
    for volume in maps(params, "volumes")? {
        let name = text(volume, "name")?.unwrap_or_default();
        if !name.is_empty() && names.contains(&name) {
            return refuse(format!("Volume names must be unique within a task definition: {name}."));
        }
        names.push(name);
        if let Some(efs) = map(volume, "efsVolumeConfiguration")? {
            check(name, efs)?;
        }
    }
    Ok(())
}

fn check(name: &str, efs: &JsonMap) -> Result<(), Fault> {
    if text(efs, "fileSystemId")?.unwrap_or_default().is_empty() {
        return refuse(format!("EFS volume '{name}' must have a fileSystemId."));
    }
    let encrypted = text(efs, "transitEncryption")? == Some("ENABLED");
    let authorization = map(efs, "authorizationConfig")?;
    let by = |member: &str| Ok::<_, Fault>(authorization.map(|of| text(of, member)).transpose()?.flatten());
    let (point, iam) = (by("accessPointId")?, by("iam")? == Some("ENABLED"));
    if point.is_some() && !matches!(text(efs, "rootDirectory")?, None | Some("" | "/")) {
        return refuse(format!(
            "EFS volume '{name}' has an access point: its root directory must be omitted or set to '/'."
        ));
    }
    if (point.is_some() || iam) && !encrypted {
        let what = if point.is_some() { "an access point" } else { "IAM authorization" };
        return refuse(format!("EFS volume '{name}' has {what}: its transit encryption must be enabled."));
    }
    if whole(efs, "transitEncryptionPort")?.is_some_and(|port| !(0..=65535).contains(&port)) {
        return refuse(format!("EFS volume '{name}' has a transitEncryptionPort that is none: ports are 0 to 65535."));
    }
    Ok(())
}

/// A volume as ECS answers it: one on EFS has a root directory.
pub fn filled(volume: &JsonMap) -> Json {
    let mut volume = volume.clone();
    if let Some(Json::Object(efs)) = volume.get_mut("efsVolumeConfiguration") {
        efs.entry("rootDirectory").or_insert_with(|| "/".into());
    }
    Json::Object(volume)
}

/// Why the volumes on EFS cannot be mounted for a task that has its interface; `None` when they can.
///
/// # Errors
/// When the store fails.
pub fn refusal(tx: &Tx<'_>, task: &Task, definition: &TaskDefinition) -> Result<Option<String>, Fault> {
    let (Some((vpc, zone)), Some(interface)) = (ec2::subnet_place(tx, &task.subnet)?, &task.interface) else {
        return Ok(None);
    };
    for volume in maps(&definition.definition, "volumes")? {
        let Some(of) = map(volume, "efsVolumeConfiguration")? else { continue };
        let authorization = map(of, "authorizationConfig")?;
        let mount = efs::Mount {
            system: text(of, "fileSystemId")?.unwrap_or_default(),
            access_point: authorization.map(|of| text(of, "accessPointId")).transpose()?.flatten(),
            interface: &interface.id,
            vpc: &vpc,
            zone: &zone,
        };
        if let Some(reason) = efs::refusal(tx, mount)? {
            return Ok(Some(format!(
                "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: \
                 {reason} : unsuccessful EFS utils command execution; code: 1"
            )));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(efs: Json) -> String {
        let params = json!({"volumes": [{"name": "data", "efsVolumeConfiguration": efs}]});
        registration(params.as_object().expect("a map")).map_or_else(|fault| fault.message, |()| String::new())
    }

    #[test]
    fn an_access_point_needs_encryption_and_no_other_directory() {
        let point = |directory: &str, encryption: &str| {
            json!({"fileSystemId": "fs-1", "rootDirectory": directory, "transitEncryption": encryption,
                "authorizationConfig": {"accessPointId": "fsap-1"}})
        };
        assert_eq!(said(point("/", "ENABLED")), "");
        assert!(said(point("/data", "ENABLED")).contains("its root directory must be omitted"));
        assert!(said(point("/", "DISABLED")).contains("its transit encryption must be enabled"));
        let iam = json!({"fileSystemId": "fs-1", "authorizationConfig": {"iam": "ENABLED"}});
        assert!(said(iam).contains("IAM authorization: its transit encryption must be enabled"));
        assert!(said(json!({})).contains("must have a fileSystemId"));
    }

    #[test]
    fn a_volume_on_efs_is_answered_with_a_root_directory() {
        let volume = json!({"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}});
        let filled = filled(volume.as_object().expect("a map"));
        assert_eq!(filled["efsVolumeConfiguration"]["rootDirectory"], "/");
        let other = json!({"name": "scratch"});
        assert_eq!(super::filled(other.as_object().expect("a map")), other);
    }
}

//! `AWS::EFS::MountTarget`: a file system in a subnet. Of the mount targets of a file system there is one a zone, and its
//! creation carries no token: after a lost answer it is told by file system and subnet.

use async_trait::async_trait;
use aws_sdk_efs::operation::create_mount_target::builders::CreateMountTargetFluentBuilder;
use aws_sdk_efs::types::{IpAddressType, LifeCycleState, MountTargetDescription};
use futures::FutureExt;

use super::{file_system, progress};
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::absent::present;
use crate::kinds::json::{Misfit, member, misfit, put, text, words};
use crate::kinds::listing::Among;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, Observed, Poll, Progress, Update};
use crate::model::JsonMap;

words!(IpAddressType);

/// The kind.
#[derive(Debug)]
pub struct MountTarget;

static FACTS: Facts = Facts {
    type_name: "AWS::EFS::MountTarget",
    sends: &["fileSystemId", "ipAddress", "ipAddressType", "ipv6Address", "securityGroups", "subnetId"],
    except: &[],
    replaces: &[],
    name: None,
    // Another subnet may be in the same zone, and a zone has one.
    unique_by: &[&["fileSystemId"]],
    // What has it mounted notices, EFS does not.
    deletable_in_use: true,
    arn: None,
};

#[async_trait]
impl Kind for MountTarget {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        abreast(ids.iter().map(|id| read_one(cloud, id).boxed()).collect()).await
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        let systems = match (among.within("AWS::EFS::FileSystem"), among.is_within()) {
            (Some(ids), _) => ids.to_vec(),
            (None, true) => Vec::new(),
            (None, false) => file_system::ids(cloud).await?,
        };
        let found = abreast(systems.iter().map(|system| of_system(cloud, system).boxed()).collect()).await?;
        let live = found.into_iter().flatten().filter(|target| !is_going(target));
        Ok(live.map(|target| target.mount_target_id).collect())
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let system = text(wanted.properties, "fileSystemId").unwrap_or_default();
        let subnet = text(wanted.properties, "subnetId");
        let found = of_system(cloud, system).await?;
        let ours = found.into_iter().find(|target| Some(target.subnet_id.as_str()) == subnet && !is_going(target));
        Ok(ours.map(|target| target.mount_target_id))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        const ACTION: &str = "elasticfilesystem:CreateMountTarget";
        let call = prepare(wanted.properties, cloud.efs.create_mount_target()).map_err(misfit(ACTION))?;
        let answer = call.send().await.map_err(failed(ACTION))?;
        let mut attributes = JsonMap::new();
        put(&mut attributes, "id", &answer.mount_target_id);
        let accepted = Accepted { attributes, waiting: Some(JsonMap::new()) };
        Ok(Created { id: answer.mount_target_id, configure: false, accepted })
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        if change.changes("securityGroups") {
            const ACTION: &str = "elasticfilesystem:ModifyMountTargetSecurityGroups";
            let groups: Option<Vec<String>> = member(change.wanted, "securityGroups").map_err(misfit(ACTION))?;
            let call = cloud.efs.modify_mount_target_security_groups().mount_target_id(change.id);
            let call = call.set_security_groups(Some(groups.unwrap_or_default()));
            call.send().await.map_err(failed(ACTION))?;
        }
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let call = cloud.efs.delete_mount_target().mount_target_id(target.id);
        let gone = present(call.send().await.map_err(failed("elasticfilesystem:DeleteMountTarget")))?.is_none();
        Ok(Accepted { attributes: JsonMap::new(), waiting: (!gone).then(JsonMap::new) })
    }

    async fn poll(&self, cloud: &Cloud, question: &mut Poll<'_>) -> Result<Progress, CallError> {
        let found = describe(cloud, question.id).await?;
        let told = found.as_ref().map(attributes).unwrap_or_default();
        Ok(progress(found.as_ref().map(|target| &target.life_cycle_state), told, question))
    }
}

fn prepare(
    properties: &JsonMap,
    call: CreateMountTargetFluentBuilder,
) -> Result<CreateMountTargetFluentBuilder, Misfit> {
    Ok(call
        .set_file_system_id(member(properties, "fileSystemId")?)
        .set_ip_address(member(properties, "ipAddress")?)
        .set_ip_address_type(member(properties, "ipAddressType")?)
        .set_ipv6_address(member(properties, "ipv6Address")?)
        .set_security_groups(member(properties, "securityGroups")?)
        .set_subnet_id(member(properties, "subnetId")?))
}

async fn describe(cloud: &Cloud, id: &str) -> Result<Option<MountTargetDescription>, CallError> {
    let call = cloud.efs.describe_mount_targets().mount_target_id(id);
    let answer = present(call.send().await.map_err(failed("elasticfilesystem:DescribeMountTargets")))?;
    Ok(answer.and_then(|answer| answer.mount_targets?.into_iter().next()))
}

/// Those of a file system; none when it is not there.
async fn of_system(cloud: &Cloud, system: &str) -> Result<Vec<MountTargetDescription>, CallError> {
    let pages = cloud.efs.describe_mount_targets().file_system_id(system).into_paginator().items().send();
    let found = pages.collect::<Result<Vec<_>, _>>().await;
    Ok(present(found.map_err(failed("elasticfilesystem:DescribeMountTargets")))?.unwrap_or_default())
}

fn is_going(target: &MountTargetDescription) -> bool {
    matches!(target.life_cycle_state, LifeCycleState::Deleting | LifeCycleState::Deleted)
}

async fn read_one(cloud: &Cloud, id: &str) -> Result<Option<Observed>, CallError> {
    let Some(target) = describe(cloud, id).await?.filter(|target| !is_going(target)) else { return Ok(None) };
    let call = cloud.efs.describe_mount_target_security_groups().mount_target_id(id);
    let groups = match call.send().await.map_err(failed("elasticfilesystem:DescribeMountTargetSecurityGroups")) {
        // One that goes while it is read is gone.
        Err(error) if error.is_not_found() || error.is("IncorrectMountTargetState") => return Ok(None),
        answer => answer?.security_groups,
    };
    let mut properties = JsonMap::new();
    put(&mut properties, "fileSystemId", &target.file_system_id);
    put(&mut properties, "ipAddress", &target.ip_address);
    put(&mut properties, "ipv6Address", &target.ipv6_address);
    put(&mut properties, "securityGroups", &groups);
    put(&mut properties, "subnetId", &target.subnet_id);
    Ok(Some(Observed { properties, attributes: attributes(&target) }))
}

fn attributes(target: &MountTargetDescription) -> JsonMap {
    let mut attributes = JsonMap::new();
    put(&mut attributes, "id", &target.mount_target_id);
    attributes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds::echo;

    #[tokio::test]
    async fn everything_claimed_is_sent_and_read_back() {
        let cloud = echo::cloud(|_, _| json!({}));
        let properties = echo::everything(&MountTarget);
        let call = prepare(&properties, cloud.efs.create_mount_target()).expect("of the right form");
        let sent = call.as_input().clone().build().expect("everything required is there");
        let mut back = JsonMap::new();
        put(&mut back, "fileSystemId", &sent.file_system_id);
        put(&mut back, "ipAddress", &sent.ip_address);
        put(&mut back, "ipAddressType", &sent.ip_address_type);
        put(&mut back, "ipv6Address", &sent.ipv6_address);
        put(&mut back, "securityGroups", &sent.security_groups);
        put(&mut back, "subnetId", &sent.subnet_id);
        echo::assert_same(&back, &properties);
    }
}

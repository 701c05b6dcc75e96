//! `AWS::EFS::FileSystem`. Its policies cannot be given when it is made, and it must be available before they can be set:
//! until then EFS refuses them with a code that says to try again.

use async_trait::async_trait;
use aws_sdk_efs::operation::create_file_system::builders::CreateFileSystemFluentBuilder;
use aws_sdk_efs::types::{
    FileSystemDescription, LifeCycleState, PerformanceMode, ReplicationOverwriteProtection, ThroughputMode,
};
use futures::FutureExt;
use serde_json::json;

use super::{policies, progress, tags};
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::absent::present;
use crate::kinds::json::{Misfit, member, misfit, put, refusal, text, words};
use crate::kinds::listing::Among;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, Observed, Poll, Progress, Update};
use crate::model::JsonMap;

words!(PerformanceMode, ThroughputMode);

/// The kind.
#[derive(Debug)]
pub struct FileSystem;

static FACTS: Facts = Facts {
    type_name: "AWS::EFS::FileSystem",
    sends: &[
        "availabilityZoneName",
        "backupPolicy",
        "bypassPolicyLockoutSafetyCheck",
        "encrypted",
        "fileSystemPolicy",
        "fileSystemProtection",
        "fileSystemTags",
        "kmsKeyId",
        "lifecyclePolicies",
        "performanceMode",
        "provisionedThroughputInMibps",
        "throughputMode",
    ],
    except: &[],
    replaces: &[],
    name: None,
    unique_by: &[],
    deletable_in_use: false,
    arn: Some("arn"),
};

/// The property of the tags.
const TAGS: &str = "fileSystemTags";

#[async_trait]
impl Kind for FileSystem {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let found = match ids {
            [id] => describe(cloud, id).await?.into_iter().collect(),
            _ => all(cloud).await?,
        };
        let live = |id: &String| found.iter().find(|system| system.file_system_id == *id && !is_going(system));
        abreast(ids.iter().map(|id| with_policies(cloud, live(id)).boxed()).collect()).await
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        if among.is_within() { Ok(Vec::new()) } else { ids(cloud).await }
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let call = cloud.efs.describe_file_systems().creation_token(wanted.token);
        let answer = call.send().await.map_err(failed("elasticfilesystem:DescribeFileSystems"))?;
        let live = answer.file_systems().iter().find(|system| !is_going(system));
        Ok(live.map(|system| system.file_system_id.clone()))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        const ACTION: &str = "elasticfilesystem:CreateFileSystem";
        if text(wanted.properties, "kmsKeyId").is_some_and(|key| key.contains("alias/")) {
            let message = "`kmsKeyId` must be a key's ARN or identifier: of an alias EFS tells only the key, and could not \
                           be asked whether it still is the right one";
            return Err(refusal(ACTION, message));
        }
        let call = cloud.efs.create_file_system().creation_token(wanted.token);
        let answer = prepare(wanted.properties, call).map_err(misfit(ACTION))?.send().await.map_err(failed(ACTION))?;
        let mut attributes = JsonMap::new();
        put(&mut attributes, "fileSystemId", &answer.file_system_id);
        put(&mut attributes, "arn", &answer.file_system_arn);
        Ok(Created {
            id: answer.file_system_id,
            configure: declared(wanted.properties).next().is_some(),
            accepted: Accepted { attributes, waiting: Some(JsonMap::new()) },
        })
    }

    async fn configure(&self, cloud: &Cloud, id: &str, wanted: &Create<'_>) -> Result<(), CallError> {
        policies::set(cloud, id, wanted.properties, &declared(wanted.properties).collect::<Vec<_>>()).await
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        let again = change.changes(policies::BYPASS) && change.wanted.contains_key("fileSystemPolicy");
        let changed = policies::PROPERTIES.into_iter();
        let changed = changed.filter(|name| change.changes(name) || (again && *name == "fileSystemPolicy"));
        policies::set(cloud, change.id, change.wanted, &changed.collect::<Vec<_>>()).await?;
        tags::update(cloud, TAGS, change).await?;
        // Last: while it takes effect nothing else can be set.
        if change.changes("throughputMode") || change.changes("provisionedThroughputInMibps") {
            const ACTION: &str = "elasticfilesystem:UpdateFileSystem";
            let mode: Option<ThroughputMode> = member(change.wanted, "throughputMode").map_err(misfit(ACTION))?;
            let provisioned = member(change.wanted, "provisionedThroughputInMibps").map_err(misfit(ACTION))?;
            let call = cloud.efs.update_file_system().file_system_id(change.id);
            let call = call.throughput_mode(mode.unwrap_or(ThroughputMode::Bursting));
            call.set_provisioned_throughput_in_mibps(provisioned).send().await.map_err(failed(ACTION))?;
            return Ok(Accepted { attributes: JsonMap::new(), waiting: Some(JsonMap::new()) });
        }
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let call = cloud.efs.delete_file_system().file_system_id(target.id);
        let gone = present(call.send().await.map_err(failed("elasticfilesystem:DeleteFileSystem")))?.is_none();
        Ok(Accepted { attributes: JsonMap::new(), waiting: (!gone).then(JsonMap::new) })
    }

    async fn poll(&self, cloud: &Cloud, question: &mut Poll<'_>) -> Result<Progress, CallError> {
        let found = describe(cloud, question.id).await?;
        let told = found.as_ref().map(attributes).unwrap_or_default();
        Ok(progress(found.as_ref().map(|system| &system.life_cycle_state), told, question))
    }
}

/// The declared properties that calls of their own set.
fn declared(properties: &JsonMap) -> impl Iterator<Item = &'static str> {
    policies::PROPERTIES.into_iter().filter(|name| properties.get(*name).is_some_and(|value| !value.is_null()))
}

fn prepare(properties: &JsonMap, call: CreateFileSystemFluentBuilder) -> Result<CreateFileSystemFluentBuilder, Misfit> {
    Ok(call
        .set_availability_zone_name(member(properties, "availabilityZoneName")?)
        .set_encrypted(member(properties, "encrypted")?)
        .set_kms_key_id(member(properties, "kmsKeyId")?)
        .set_performance_mode(member(properties, "performanceMode")?)
        .set_provisioned_throughput_in_mibps(member(properties, "provisionedThroughputInMibps")?)
        .set_tags(tags::to_send(properties, TAGS))
        .set_throughput_mode(member(properties, "throughputMode")?))
}

async fn describe(cloud: &Cloud, id: &str) -> Result<Option<FileSystemDescription>, CallError> {
    let call = cloud.efs.describe_file_systems().file_system_id(id);
    let answer = present(call.send().await.map_err(failed("elasticfilesystem:DescribeFileSystems")))?;
    Ok(answer.and_then(|answer| answer.file_systems?.into_iter().next()))
}

async fn all(cloud: &Cloud) -> Result<Vec<FileSystemDescription>, CallError> {
    let pages = cloud.efs.describe_file_systems().into_paginator().items().send();
    pages.collect::<Result<Vec<_>, _>>().await.map_err(failed("elasticfilesystem:DescribeFileSystems"))
}

/// Identifiers of the file systems there are.
pub(super) async fn ids(cloud: &Cloud) -> Result<Vec<String>, CallError> {
    let live = all(cloud).await?.into_iter().filter(|system| !is_going(system));
    Ok(live.map(|system| system.file_system_id).collect())
}

fn is_going(system: &FileSystemDescription) -> bool {
    matches!(system.life_cycle_state, LifeCycleState::Deleting | LifeCycleState::Deleted)
}

async fn with_policies(cloud: &Cloud, system: Option<&FileSystemDescription>) -> Result<Option<Observed>, CallError> {
    let Some(system) = system else { return Ok(None) };
    let mut properties = JsonMap::new();
    put(&mut properties, "availabilityZoneName", &system.availability_zone_name);
    put(&mut properties, "encrypted", &system.encrypted);
    put(&mut properties, "kmsKeyId", &system.kms_key_id);
    put(&mut properties, "performanceMode", &system.performance_mode);
    put(&mut properties, "provisionedThroughputInMibps", &system.provisioned_throughput_in_mibps);
    put(&mut properties, "throughputMode", &system.throughput_mode);
    let protection = system.file_system_protection().and_then(|of| of.replication_overwrite_protection());
    if let Some(protection) = protection {
        // What is overwritten by a replication is not protected from it.
        let told = if *protection == ReplicationOverwriteProtection::Enabled { "ENABLED" } else { "DISABLED" };
        properties.insert("fileSystemProtection".to_owned(), json!({ "replicationOverwriteProtection": told }));
    }
    properties.insert(TAGS.to_owned(), tags::told(&system.tags));
    // One that goes while it is read is gone.
    let policies = present(policies::tell(cloud, &system.file_system_id, &mut properties).await)?;
    Ok(policies.map(|()| Observed { properties, attributes: attributes(system) }))
}

fn attributes(system: &FileSystemDescription) -> JsonMap {
    let mut attributes = JsonMap::new();
    put(&mut attributes, "fileSystemId", &system.file_system_id);
    put(&mut attributes, "arn", &system.file_system_arn);
    attributes
}

//! `AWS::EFS::AccessPoint`: a directory of a file system, as one user.

use async_trait::async_trait;
use aws_sdk_efs::types::{AccessPointDescription, CreationInfo, LifeCycleState, PosixUser, RootDirectory};
use futures::FutureExt;

use super::{progress, tags};
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::absent::present;
use crate::kinds::json::{member, misfit, object, put, text};
use crate::kinds::listing::Among;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, Observed, Poll, Progress, Update};
use crate::model::JsonMap;

object! {
    PosixUser {
        "gid" gid set_gid,
        "secondaryGids" secondary_gids set_secondary_gids,
        "uid" uid set_uid,
    }
    RootDirectory {
        "creationInfo" creation_info set_creation_info,
        "path" path set_path,
    }
    CreationInfo {
        "ownerGid" owner_gid set_owner_gid,
        "ownerUid" owner_uid set_owner_uid,
        "permissions" permissions set_permissions,
    }
}

/// The kind.
#[derive(Debug)]
pub struct AccessPoint;

static FACTS: Facts = Facts {
    type_name: "AWS::EFS::AccessPoint",
    // The client token is the call's own.
    sends: &["accessPointTags", "fileSystemId", "posixUser", "rootDirectory"],
    except: &[],
    replaces: &[],
    name: None,
    unique_by: &[],
    deletable_in_use: true,
    arn: Some("arn"),
};

/// The property of the tags.
const TAGS: &str = "accessPointTags";

#[async_trait]
impl Kind for AccessPoint {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let found = abreast(ids.iter().map(|id| describe(cloud, id).boxed()).collect()).await?;
        let live = |found: &AccessPointDescription| !is_going(found);
        Ok(found.into_iter().map(|found| found.filter(live).as_ref().map(observed)).collect())
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        let systems = match (among.within("AWS::EFS::FileSystem"), among.is_within()) {
            (Some(ids), _) => ids.iter().cloned().map(Some).collect(),
            (None, true) => Vec::new(),
            (None, false) => vec![None],
        };
        let found = abreast(systems.into_iter().map(|system| of_system(cloud, system).boxed()).collect()).await?;
        let live = found.into_iter().flatten().filter(|point| !is_going(point));
        Ok(live.filter_map(|point| point.access_point_id).collect())
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let system = text(wanted.properties, "fileSystemId").unwrap_or_default();
        let found = of_system(cloud, Some(system.to_owned())).await?;
        let ours = |point: &AccessPointDescription| point.client_token() == Some(wanted.token) && !is_going(point);
        Ok(found.into_iter().find(ours).and_then(|point| point.access_point_id))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        const ACTION: &str = "elasticfilesystem:CreateAccessPoint";
        let Create { properties, token } = *wanted;
        let call = cloud
            .efs
            .create_access_point()
            .client_token(token)
            .set_file_system_id(member(properties, "fileSystemId").map_err(misfit(ACTION))?)
            .set_posix_user(member(properties, "posixUser").map_err(misfit(ACTION))?)
            .set_root_directory(member(properties, "rootDirectory").map_err(misfit(ACTION))?)
            .set_tags(tags::to_send(properties, TAGS));
        let answer = call.send().await.map_err(failed(ACTION))?;
        let mut attributes = JsonMap::new();
        put(&mut attributes, "accessPointId", &answer.access_point_id);
        put(&mut attributes, "arn", &answer.access_point_arn);
        Ok(Created {
            id: answer.access_point_id.unwrap_or_default(),
            configure: false,
            accepted: Accepted { attributes, waiting: Some(JsonMap::new()) },
        })
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        tags::update(cloud, TAGS, change).await?;
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let call = cloud.efs.delete_access_point().access_point_id(target.id);
        let gone = present(call.send().await.map_err(failed("elasticfilesystem:DeleteAccessPoint")))?.is_none();
        Ok(Accepted { attributes: JsonMap::new(), waiting: (!gone).then(JsonMap::new) })
    }

    async fn poll(&self, cloud: &Cloud, question: &mut Poll<'_>) -> Result<Progress, CallError> {
        let found = describe(cloud, question.id).await?;
        let told = found.as_ref().map(attributes).unwrap_or_default();
        Ok(progress(found.as_ref().and_then(AccessPointDescription::life_cycle_state), told, question))
    }
}

async fn describe(cloud: &Cloud, id: &str) -> Result<Option<AccessPointDescription>, CallError> {
    let call = cloud.efs.describe_access_points().access_point_id(id);
    let answer = present(call.send().await.map_err(failed("elasticfilesystem:DescribeAccessPoints")))?;
    Ok(answer.and_then(|answer| answer.access_points?.into_iter().next()))
}

/// Those of a file system, or all; none of a file system that is not there.
async fn of_system(cloud: &Cloud, system: Option<String>) -> Result<Vec<AccessPointDescription>, CallError> {
    let pages = cloud.efs.describe_access_points().set_file_system_id(system).into_paginator().items().send();
    let found = pages.collect::<Result<Vec<_>, _>>().await;
    Ok(present(found.map_err(failed("elasticfilesystem:DescribeAccessPoints")))?.unwrap_or_default())
}

fn is_going(point: &AccessPointDescription) -> bool {
    matches!(point.life_cycle_state(), Some(LifeCycleState::Deleting | LifeCycleState::Deleted))
}

fn observed(point: &AccessPointDescription) -> Observed {
    let mut properties = JsonMap::new();
    put(&mut properties, "fileSystemId", &point.file_system_id);
    put(&mut properties, "posixUser", &point.posix_user);
    put(&mut properties, "rootDirectory", &point.root_directory);
    properties.insert(TAGS.to_owned(), tags::told(point.tags()));
    Observed { properties, attributes: attributes(point) }
}

fn attributes(point: &AccessPointDescription) -> JsonMap {
    let mut attributes = JsonMap::new();
    put(&mut attributes, "accessPointId", &point.access_point_id);
    put(&mut attributes, "arn", &point.access_point_arn);
    attributes
}

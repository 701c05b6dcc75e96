//! EFS: file systems, their mount targets and access points. What is stored in them is nobody's here.
//!
//! Everything is made and deleted over time, by timers. A [`mount_target`] has a network interface, which keeps its subnet
//! and its security groups busy. [`settings`] are the policies of a file system, each with calls of its own, [`tags`] the
//! three calls that file systems and access points share. [`mount`] is what the embedded ECS asks for its tasks.
//!
//! There is no replication.

mod access_point;
mod file_system;
mod mount;
mod mount_target;
mod settings;
mod tags;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde_json::json;

pub use mount::{Mount, refusal};

use super::members::{Members, Page};
use super::service::{Fault, Listed, Service, Timer};
use super::store::Tx;
use crate::model::{Json, JsonMap};
use access_point::AccessPoint;
use file_system::FileSystem;
use mount_target::MountTarget;

/// The signing name, by which timers come back.
const NAME: &str = "elasticfilesystem";

/// The service.
pub struct Efs;

impl Service for Efs {
    fn name(&self) -> &'static str {
        NAME
    }

    fn call(&self, tx: &mut Tx<'_>, action: &str, params: &JsonMap) -> Result<Json, Fault> {
        let members = &Members::new(params, "BadRequest");
        match action {
            "CreateFileSystem" => file_system::create(tx, members),
            "DescribeFileSystems" => file_system::describe(tx, members),
            "UpdateFileSystem" => file_system::update(tx, members),
            "DeleteFileSystem" => file_system::delete(tx, members),
            "UpdateFileSystemProtection" => settings::update_protection(tx, members),
            "PutLifecycleConfiguration" => settings::put_lifecycle(tx, members),
            "DescribeLifecycleConfiguration" => settings::describe_lifecycle(tx, members),
            "PutBackupPolicy" => settings::put_backup(tx, members),
            "DescribeBackupPolicy" => settings::describe_backup(tx, members),
            "PutFileSystemPolicy" => settings::put_policy(tx, members),
            "DescribeFileSystemPolicy" => settings::describe_policy(tx, members),
            "DeleteFileSystemPolicy" => settings::delete_policy(tx, members),
            "CreateMountTarget" => mount_target::create(tx, members),
            "DescribeMountTargets" => mount_target::describe(tx, members),
            "DeleteMountTarget" => mount_target::delete(tx, members),
            "DescribeMountTargetSecurityGroups" => mount_target::describe_groups(tx, members),
            "ModifyMountTargetSecurityGroups" => mount_target::modify_groups(tx, members),
            "CreateAccessPoint" => access_point::create(tx, members),
            "DescribeAccessPoints" => access_point::describe(tx, members),
            "DeleteAccessPoint" => access_point::delete(tx, members),
            "TagResource" => tags::tag(tx, members),
            "UntagResource" => tags::untag(tx, members),
            "ListTagsForResource" => tags::list(tx, members),
            _ => Err(Fault::unknown_action("efs", action)),
        }
    }

    fn due(&self, tx: &mut Tx<'_>, timer: &Timer) -> Result<(), Fault> {
        match timer.what.as_str() {
            file_system::SETTLED | file_system::DELETED => file_system::due(tx, timer),
            settings::BACKED_UP => settings::due(tx, timer),
            access_point::MADE | access_point::DELETED => access_point::due(tx, timer),
            _ => mount_target::due(tx, timer),
        }
    }

    fn list(&self, tx: &Tx<'_>) -> Result<Vec<Listed>, Fault> {
        let listed = |kind: &str, id: String, name: Option<String>, state: State| Listed {
            type_name: format!("AWS::EFS::{kind}"),
            id,
            region: tx.region.clone(),
            name,
            status: Some(state.as_str().to_owned()),
        };
        let mut all = Vec::new();
        for system in tx.all::<FileSystem>()? {
            all.push(listed("FileSystem", system.id.clone(), tags::name(&system.tags), system.state));
        }
        for target in tx.all::<MountTarget>()? {
            all.push(listed("MountTarget", target.id, None, target.state));
        }
        for point in tx.all::<AccessPoint>()? {
            all.push(listed("AccessPoint", point.id.clone(), tags::name(&point.tags), point.state));
        }
        Ok(all)
    }
}

/// Where an object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
enum State {
    Creating,
    Available,
    Updating,
    Deleting,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Available => "available",
            Self::Updating => "updating",
            Self::Deleting => "deleting",
        }
    }
}

/// The identifier in an ARN, or the identifier that it is.
fn id_of(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn arn(tx: &Tx<'_>, kind: &str, id: &str) -> String {
    format!("arn:aws:{NAME}:{}:{}:{kind}/{id}", tx.region, tx.account)
}

/// A time as answers have it: seconds since 1970.
fn seconds(time: Timestamp) -> i64 {
    time.as_second()
}

/// A page of a list. `names` are the members for size and continuation of the request and for that of the answer.
fn page(
    members: &Members<'_>,
    list: &str,
    items: Vec<(String, Json)>,
    [size, from, next]: [&str; 3],
) -> Result<Json, Fault> {
    let limit = usize::try_from(members.number(size, 1, 1_000_000)?.unwrap_or(100)).unwrap_or(100);
    let page = Page::of(items, |(id, _)| id.clone(), members.text(from)?, limit.min(100));
    let shown: Vec<Json> = page.items.into_iter().map(|(_, item)| item).collect();
    let mut answer = json!({});
    answer[list] = shown.into();
    answer[next] = page.next.into();
    Ok(answer)
}

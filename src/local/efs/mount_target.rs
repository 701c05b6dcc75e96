//! Mount targets: where a file system is reached from a zone, one a zone and all in one VPC.

use std::net::Ipv4Addr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::file_system::{self, FileSystem, available};
use super::{NAME, State, access_point, page};
use crate::local::ec2;
use crate::local::members::Members;
use crate::local::service::{Fault, Timer};
use crate::local::store::{Object, Tx};
use crate::model::Json;

/// How long one takes to become available, on AWS.
const MAKING: Duration = Duration::from_secs(80);
/// How long one takes to go.
const DELETING: Duration = Duration::from_secs(20);

/// The timer of one that is being made.
const MADE: &str = "mount-target-made";
/// The timer of one that is being deleted.
const DELETED: &str = "mount-target-deleted";

/// The most security groups one has (the documentation of CreateMountTarget).
const MOST_GROUPS: usize = 5;

/// A mount target.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct MountTarget {
    pub(super) id: String,
    pub(super) system: String,
    pub(super) state: State,
    pub(super) vpc: String,
    pub(super) zone: String,
    pub(super) interface: String,
    subnet: String,
    ip: Ipv4Addr,
}

impl Object for MountTarget {
    const TABLE: &'static str = "efs.mount-target";

    fn key(&self) -> String {
        self.id.clone()
    }

    fn parent(&self) -> String {
        self.system.clone()
    }
}

fn find(tx: &Tx<'_>, id: &str) -> Result<MountTarget, Fault> {
    let missing = || Fault::new("MountTargetNotFound", format!("Mount target '{id}' does not exist.")).status(404);
    tx.get(id)?.ok_or_else(missing)
}

/// `CreateMountTarget`.
pub(super) fn create(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let system = available(tx, members)?;
    let subnet = members.required("SubnetId")?;
    if members.one_of("IpAddressType", &["IPV4_ONLY", "IPV6_ONLY", "DUAL_STACK"])?.is_some_and(|of| of != "IPV4_ONLY")
        || members.text("Ipv6Address")?.is_some()
    {
        return Err(members.refuse(format!("The subnet '{subnet}' has no IPv6 addresses.")));
    }
    let groups = groups_of(members)?;
    let ip = members.text("IpAddress")?.map(str::parse).transpose();
    let ip = ip.map_err(|_| members.refuse("The address is not an IPv4 address."))?;
    let Some((vpc, zone)) = ec2::subnet_place(tx, subnet)? else {
        return Err(Fault::new("SubnetNotFound", format!("The subnet ID '{subnet}' does not exist.")));
    };
    check_place(tx, &system, &vpc, &zone)?;
    let id = tx.fresh_id("fsmt-")?;
    let description = format!("EFS mount target for {} ({id})", system.id);
    let made =
        ec2::attach_mount_target(tx, subnet, &groups, ip, &description).map_err(|fault| of_efs(members, fault))?;
    let target = MountTarget {
        id,
        system: system.id,
        state: State::Creating,
        vpc,
        zone,
        interface: made.id,
        subnet: subnet.to_owned(),
        ip: made.private_ip,
    };
    tx.put(&target)?;
    tx.after(MAKING, NAME, MADE, &target.id)?;
    Ok(show(tx, &target))
}

fn groups_of(members: &Members<'_>) -> Result<Vec<String>, Fault> {
    let groups = members.texts("SecurityGroups")?;
    if groups.len() > MOST_GROUPS {
        let message = format!("A mount target has at most {MOST_GROUPS} security groups.");
        return Err(Fault::new("SecurityGroupLimitExceeded", message));
    }
    Ok(groups.into_iter().map(str::to_owned).collect())
}

/// Whether a file system may have a mount target there.
fn check_place(tx: &Tx<'_>, system: &FileSystem, vpc: &str, zone: &str) -> Result<(), Fault> {
    if let Some(only) = system.zone.as_ref().filter(|only| *only != zone) {
        let message = format!("File system '{}' is stored in {only}, and the subnet is in {zone}.", system.id);
        return Err(Fault::new("AvailabilityZonesMismatch", message));
    }
    let conflict = |message: &str| Err(Fault::new("MountTargetConflict", message).status(409));
    for other in tx.under::<MountTarget>(&system.id)? {
        if other.vpc != vpc {
            return conflict("requested subnet for new mount target is not in the same VPC as existing mount targets");
        }
        if other.zone == zone {
            return conflict("mount target already exists in this AZ");
        }
    }
    Ok(())
}

/// A refusal of EC2 as EFS gives it.
fn of_efs(members: &Members<'_>, fault: Fault) -> Fault {
    match fault.code.as_str() {
        "InsufficientFreeAddressesInSubnet" => Fault::new("NoFreeAddressesInSubnet", fault.message).status(409),
        "InvalidIPAddress.InUse" => Fault::new("IpAddressInUse", fault.message).status(409),
        "InvalidSubnetID.NotFound" | "InvalidSubnetID.Malformed" => Fault::new("SubnetNotFound", fault.message),
        // "Returned if one of the specified security groups doesn't exist in the subnet's VPC."
        code if code.starts_with("InvalidGroup") || code == "InvalidParameter" => {
            Fault::new("SecurityGroupNotFound", fault.message)
        }
        _ if fault.status < 500 => members.refuse(fault.message),
        _ => fault,
    }
}

/// `DescribeMountTargets`: of a file system, of an access point's, or one.
pub(super) fn describe(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let found = match (members.text("FileSystemId")?, members.text("MountTargetId")?, members.text("AccessPointId")?) {
        (Some(id), None, None) => tx.under(&file_system::find(tx, id)?.id)?,
        (None, Some(id), None) => vec![find(tx, id)?],
        (None, None, Some(id)) => tx.under(&access_point::find(tx, id)?.system)?,
        _ => return Err(members.refuse("Ask by one of FileSystemId, MountTargetId and AccessPointId.")),
    };
    let shown = found.iter().map(|target| (target.id.clone(), show(tx, target))).collect();
    page(members, "MountTargets", shown, ["MaxItems", "Marker", "NextMarker"])
}

fn show(tx: &Tx<'_>, target: &MountTarget) -> Json {
    json!({
        "OwnerId": tx.account,
        "MountTargetId": target.id,
        "FileSystemId": target.system,
        "SubnetId": target.subnet,
        "LifeCycleState": target.state.as_str(),
        "IpAddress": target.ip,
        "NetworkInterfaceId": target.interface,
        "AvailabilityZoneId": ec2::zone_id(&tx.region, &target.zone),
        "AvailabilityZoneName": target.zone,
        "VpcId": target.vpc,
    })
}

/// `DeleteMountTarget`: it answers while the mount target still goes.
pub(super) fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut target = find(tx, members.required("MountTargetId")?)?;
    if target.state != State::Deleting {
        target.state = State::Deleting;
        tx.put(&target)?;
        tx.after(DELETING, NAME, DELETED, &target.id)?;
    }
    Ok(Json::Null)
}

/// The mount target that a call about security groups names.
fn grouped(tx: &Tx<'_>, members: &Members<'_>) -> Result<MountTarget, Fault> {
    let target = find(tx, members.required("MountTargetId")?)?;
    if target.state == State::Deleting {
        let message = format!("Mount target '{}' is being deleted.", target.id);
        return Err(Fault::new("IncorrectMountTargetState", message).status(409));
    }
    Ok(target)
}

/// `DescribeMountTargetSecurityGroups`.
pub(super) fn describe_groups(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let target = grouped(tx, members)?;
    Ok(json!({ "SecurityGroups": ec2::interface_groups(tx, &target.interface)? }))
}

/// `ModifyMountTargetSecurityGroups`: in place of those there are.
pub(super) fn modify_groups(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let target = grouped(tx, members)?;
    let groups = groups_of(members)?;
    ec2::regroup_interface(tx, &target.interface, &groups).map_err(|fault| of_efs(members, fault))?;
    Ok(Json::Null)
}

/// Carries out a timer of a mount target.
///
/// # Errors
/// When the store fails.
pub(super) fn due(tx: &mut Tx<'_>, timer: &Timer) -> Result<(), Fault> {
    let Some(mut target) = tx.get::<MountTarget>(&timer.key)? else { return Ok(()) };
    match (timer.what.as_str(), target.state) {
        (MADE, State::Creating) => {
            target.state = State::Available;
            tx.put(&target)?;
        }
        (DELETED, State::Deleting) => {
            ec2::release_interface(tx, &target.interface)?;
            tx.delete::<MountTarget>(&target.id)?;
        }
        _ => {}
    }
    Ok(())
}

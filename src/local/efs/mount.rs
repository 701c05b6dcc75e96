//! Whether a task can mount a file system.

use super::State;
use super::access_point::AccessPoint;
use super::file_system::FileSystem;
use super::id_of;
use super::mount_target::MountTarget;
use crate::local::ec2;
use crate::local::service::Fault;
use crate::local::store::Tx;

/// The port on which mount targets answer.
const NFS: i64 = 2049;

/// What is mounted, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Mount<'a> {
    /// The file system, by identifier or ARN.
    pub system: &'a str,
    /// The access point, by identifier or ARN.
    pub access_point: Option<&'a str>,
    /// The network interface of the task that mounts it.
    pub interface: &'a str,
    /// Its VPC.
    pub vpc: &'a str,
    /// Its zone, whose mount target the file system's name stands for.
    pub zone: &'a str,
}

/// Why it cannot be mounted, as the mount helper tells; `None` when it can.
/// Source: <https://docs.aws.amazon.com/efs/latest/ug/troubleshooting-efs-mounting.html>
///
/// # Errors
/// When the store fails.
pub fn refusal(tx: &Tx<'_>, mount: Mount<'_>) -> Result<Option<String>, Fault> {
    let system = id_of(mount.system);
    let reached =
        |target: &MountTarget| target.state == State::Available && target.vpc == mount.vpc && target.zone == mount.zone;
    let there = tx.get::<FileSystem>(system)?.is_some();
    let targets: Vec<MountTarget> = if there { tx.under(system)? } else { Vec::new() };
    let Some(target) = targets.iter().find(|target| reached(target)) else {
        return Ok(Some(format!(
            "Failed to resolve \"{system}.efs.{}.amazonaws.com\" - check that your file system ID is correct, and ensure \
             that the VPC has an EFS mount target for this file system ID.",
            tx.region
        )));
    };
    if !ec2::interface_lets_in(tx, &target.interface, NFS, mount.interface)? {
        return Ok(Some(format!("mount.nfs4: mount system call failed for {system}: Connection timed out")));
    }
    if let Some(point) = mount.access_point {
        let point = tx.get::<AccessPoint>(id_of(point))?;
        if point.is_none_or(|point| point.system != system || point.state != State::Available) {
            return Ok(Some("mount.nfs4: access denied by server while mounting 127.0.0.1:/".to_owned()));
        }
    }
    Ok(None)
}

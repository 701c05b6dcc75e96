//! What the embedded EFS asks of EC2 for its mount targets.

use std::net::Ipv4Addr;

use super::group;
use super::ids::need;
use super::interface::{self, Interface, NewInterface, Owner};
use super::subnet::Subnet;
use crate::local::service::Fault;
use crate::local::store::Tx;

/// A network interface made for a mount target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountInterface {
    /// `eni-…`.
    pub id: String,
    /// Its private address, from the subnet's range.
    pub private_ip: Ipv4Addr,
}

/// Makes the interface of a mount target in a subnet, with the VPC's default group where none is named.
///
/// # Errors
/// As EC2 refuses: unknown subnet or group, a group of another VPC, an address that is taken or none left.
pub fn attach_mount_target(
    tx: &mut Tx<'_>,
    subnet: &str,
    groups: &[String],
    private_ip: Option<Ipv4Addr>,
    description: &str,
) -> Result<MountInterface, Fault> {
    let place: Subnet = need(tx, subnet)?;
    let groups = group::held_in(tx, &place, groups)?;
    let made =
        interface::make(tx, NewInterface { subnet, private_ip, groups, description, owner: Owner::MountTarget })?;
    Ok(MountInterface { id: made.id, private_ip: made.private_ip })
}

/// The security groups of an interface.
///
/// # Errors
/// When the store fails.
pub fn interface_groups(tx: &Tx<'_>, id: &str) -> Result<Vec<String>, Fault> {
    Ok(tx.get::<Interface>(id)?.map(|interface| interface.groups).unwrap_or_default())
}

/// Puts the interface of a mount target into other groups; none means the VPC's default one.
///
/// # Errors
/// As EC2 refuses: an unknown group, or one of another VPC.
pub fn regroup_interface(tx: &mut Tx<'_>, id: &str, groups: &[String]) -> Result<(), Fault> {
    let Some(interface) = tx.get::<Interface>(id)? else { return Ok(()) };
    let groups = group::held_in(tx, &need(tx, &interface.subnet)?, groups)?;
    interface::regroup(tx, id, groups)
}

/// Takes the interface of a mount target away; one that has gone already is fine.
///
/// # Errors
/// When the store fails.
pub fn release_interface(tx: &mut Tx<'_>, id: &str) -> Result<(), Fault> {
    interface::remove(tx, id)
}

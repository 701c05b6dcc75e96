//! What the embedded ECS asks of EC2 for its tasks.

use super::group::{self, Group};
use super::ids::need;
use super::interface::{self, Interface, NewInterface, Owner, Public};
use super::route;
use super::rule::Rule;
use super::subnet::Subnet;
use super::vpc::Vpc;
use super::{address, endpoint};
use crate::local::service::Fault;
use crate::local::store::Tx;

/// A network interface made for a task or a load balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskInterface {
    /// `eni-…`.
    pub id: String,
    /// Its private address, from the subnet's range.
    pub private_ip: String,
    /// Its private DNS name, such as `ip-10-0-1-4.eu-west-1.compute.internal`.
    pub private_dns: String,
    /// Its public address, when one was asked for.
    pub public_ip: Option<String>,
    /// Its MAC address.
    pub mac: String,
    /// The subnet.
    pub subnet: String,
    /// The subnet's availability zone.
    pub zone: String,
}

/// Makes the interface of a task in a subnet, with the VPC's default group where none is named.
///
/// # Errors
/// As EC2 refuses: unknown subnet or group, a group of another VPC, no address left.
pub fn attach_task_interface(
    tx: &mut Tx<'_>,
    subnet: &str,
    groups: &[String],
    public: bool,
    description: &str,
) -> Result<TaskInterface, Fault> {
    let groups = group::held_in(tx, &need(tx, subnet)?, groups)?;
    let new = NewInterface { subnet, private_ip: None, groups, description, owner: Owner::Task };
    let mut interface = interface::make(tx, new)?;
    if public {
        interface.public = Some(Public { ip: address::take_public(tx)?, elastic: None });
        tx.put(&interface)?;
    }
    Ok(TaskInterface::of(&tx.region, interface))
}

impl TaskInterface {
    /// What is told of an interface that was made.
    pub(super) fn of(region: &str, interface: Interface) -> Self {
        Self {
            private_dns: interface::private_dns(region, interface.private_ip),
            private_ip: interface.private_ip.to_string(),
            public_ip: interface.public.map(|public| public.ip.to_string()),
            id: interface.id,
            mac: interface.mac,
            subnet: interface.subnet,
            zone: interface.zone,
        }
    }
}

/// Takes the interface of a stopped task away; one that has gone already is fine.
///
/// # Errors
/// When the store fails.
pub fn release_task_interface(tx: &mut Tx<'_>, id: &str) -> Result<(), Fault> {
    interface::remove(tx, id)
}

/// Whether an interface is reached, on a TCP port, by others of its groups that are where it is.
///
/// # Errors
/// When the store fails.
pub fn reached_by_its_like(tx: &Tx<'_>, interface: &str, port: i64) -> Result<bool, Fault> {
    let Some(interface) = tx.get::<Interface>(interface)? else { return Ok(false) };
    for group in &interface.groups {
        let mut rules = tx.under::<Rule>(group)?.into_iter();
        if rules.any(|rule| rule.lets_in(port, &interface.groups, interface.private_ip)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The VPC of a subnet and its availability zone.
///
/// # Errors
/// When the store fails.
pub fn subnet_place(tx: &Tx<'_>, subnet: &str) -> Result<Option<(String, String)>, Fault> {
    Ok(tx.get::<Subnet>(subnet)?.map(|subnet| (subnet.vpc, subnet.zone)))
}

/// The VPC of a security group.
///
/// # Errors
/// When the store fails.
pub fn group_vpc(tx: &Tx<'_>, group: &str) -> Result<Option<String>, Fault> {
    Ok(tx.get::<Group>(group)?.map(|group| group.vpc))
}

/// Whether a VPC exists, and whether both its DNS attributes are on.
///
/// # Errors
/// When the store fails.
pub fn vpc_dns(tx: &Tx<'_>, vpc: &str) -> Result<Option<bool>, Fault> {
    Ok(tx.get::<Vpc>(vpc)?.map(|vpc| vpc.has_dns_names()))
}

/// Whether what is in the subnet reaches the internet: by its route table's default route to an attached internet
/// gateway (`public`: only with a public address) or to a NAT gateway.
///
/// # Errors
/// When the store fails.
pub fn has_way_out(tx: &Tx<'_>, subnet: &str, public: bool) -> Result<bool, Fault> {
    match tx.get::<Subnet>(subnet)? {
        Some(subnet) => Ok(route::reaches_internet(tx, &subnet, public)?),
        None => Ok(false),
    }
}

/// Whether an interface lets in TCP to a port from a task's interface.
///
/// # Errors
/// When the store fails.
pub fn interface_lets_in(tx: &Tx<'_>, id: &str, port: i64, task: &str) -> Result<bool, Fault> {
    match tx.get::<Interface>(task)? {
        Some(from) => interface::lets_in(tx, id, port, &from),
        None => Ok(false),
    }
}

/// Whether a task's interface reaches a service of AWS, such as `ecr.api`, by an endpoint of its VPC.
///
/// # Errors
/// When the store fails.
pub fn reaches_service(tx: &Tx<'_>, task: &str, service: &str) -> Result<bool, Fault> {
    match tx.get::<Interface>(task)? {
        Some(from) => endpoint::reaches(tx, &from, service),
        None => Ok(false),
    }
}

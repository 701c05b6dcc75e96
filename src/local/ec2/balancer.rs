//! What the embedded Elastic Load Balancing asks of EC2: interfaces of load balancers, and where its targets are.

use std::net::Ipv4Addr;

use super::interface::{self, Interface, NewInterface, Owner, Public};
use super::subnet::Subnet;
use super::vpc::Vpc;
use super::{TaskInterface, address};
use crate::local::service::Fault;
use crate::local::store::Tx;

/// An interface to make for a load balancer.
#[derive(Debug)]
pub struct BalancerInterface<'a> {
    /// In which subnet.
    pub subnet: &'a str,
    /// Its security groups, which exist.
    pub groups: &'a [String],
    /// Whether it has a public address.
    pub public: bool,
    /// Its description.
    pub description: &'a str,
    /// Whether it is of a network load balancer.
    pub network: bool,
}

/// Makes an interface of a load balancer.
///
/// # Errors
/// When the subnet is not there or has no address left.
pub fn attach_balancer_interface(tx: &mut Tx<'_>, wanted: &BalancerInterface<'_>) -> Result<TaskInterface, Fault> {
    let owner = if wanted.network { Owner::NetworkBalancer } else { Owner::Balancer };
    let groups = wanted.groups.to_vec();
    let new = NewInterface { subnet: wanted.subnet, private_ip: None, groups, description: wanted.description, owner };
    let mut interface = interface::make(tx, new)?;
    if wanted.public {
        interface.public = Some(Public { ip: address::take_public(tx)?, elastic: None });
        tx.put(&interface)?;
    }
    Ok(TaskInterface::of(&tx.region, interface))
}

/// Whether an internet gateway is attached to a VPC.
///
/// # Errors
/// When the store fails.
pub fn has_internet_gateway(tx: &Tx<'_>, vpc: &str) -> Result<bool, Fault> {
    Ok(tx.get::<Vpc>(vpc)?.is_some_and(|vpc| vpc.gateway.is_some()))
}

/// The default security group of a VPC.
///
/// # Errors
/// When the store fails.
pub fn default_group(tx: &Tx<'_>, vpc: &str) -> Result<Option<String>, Fault> {
    Ok(tx.get::<Vpc>(vpc)?.map(|vpc| vpc.default_group))
}

/// Whether an address is in the range of a VPC; `None` when there is no such VPC.
///
/// # Errors
/// When the store fails.
pub fn vpc_has(tx: &Tx<'_>, vpc: &str, ip: Ipv4Addr) -> Result<Option<bool>, Fault> {
    Ok(tx.get::<Vpc>(vpc)?.map(|vpc| vpc.cidr.contains(&ip)))
}

/// The interface that has an address of a VPC's.
///
/// # Errors
/// When the store fails.
pub fn interface_at(tx: &Tx<'_>, vpc: &str, ip: Ipv4Addr) -> Result<Option<String>, Fault> {
    let subnets: Vec<Subnet> = tx.under(vpc)?;
    let Some(subnet) = subnets.into_iter().find(|subnet| subnet.cidr.contains(&ip)) else { return Ok(None) };
    let interfaces = tx.under::<Interface>(&subnet.id)?.into_iter();
    Ok(interfaces.filter(|interface| interface.private_ip == ip).map(|interface| interface.id).next())
}

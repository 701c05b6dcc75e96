//! Network interfaces: those of tasks, NAT gateways, load balancers, VPC endpoints and mount targets. Nobody makes them
//! by a call.

use std::net::Ipv4Addr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::filter::{Table, describe as describe_table};
use super::group::{self, Group};
use super::ids::{Entity, IdForm};
use super::params::Params;
use super::subnet::Subnet;
use super::vpc::Vpc;
use super::{address, rule, tags, zones};
use crate::local::service::Fault;
use crate::local::store::{Object, Tx};
use crate::model::Json;

/// A network interface.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Interface {
    /// `eni-…`.
    pub id: String,
    /// Its subnet.
    pub subnet: String,
    /// Its VPC.
    pub vpc: String,
    /// Its availability zone.
    pub zone: String,
    /// Its address in the subnet.
    pub private_ip: Ipv4Addr,
    /// Its public address.
    pub public: Option<Public>,
    /// Its MAC address.
    pub mac: String,
    /// Its security groups.
    pub groups: Vec<String>,
    description: String,
    owner: Owner,
    attachment: String,
    attached: Timestamp,
}

/// A public address of an interface.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Public {
    /// The address.
    pub ip: Ipv4Addr,
    /// For an elastic address, its allocation and association.
    pub elastic: Option<(String, String)>,
}

/// What an interface is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Owner {
    /// A task.
    Task,
    /// A NAT gateway.
    Nat,
    /// A VPC endpoint.
    Endpoint,
    /// A mount target of EFS.
    MountTarget,
    /// An application load balancer.
    Balancer,
    /// A network load balancer.
    NetworkBalancer,
}

/// An interface to make.
#[derive(Debug)]
pub struct NewInterface<'a> {
    /// In which subnet.
    pub subnet: &'a str,
    /// The address asked for; the first free one otherwise.
    pub private_ip: Option<Ipv4Addr>,
    /// Its security groups.
    pub groups: Vec<String>,
    /// Its description.
    pub description: &'a str,
    /// What it is for.
    pub owner: Owner,
}

impl Object for Interface {
    const TABLE: &'static str = "ec2.interface";

    fn key(&self) -> String {
        self.id.clone()
    }

    fn parent(&self) -> String {
        self.subnet.clone()
    }
}

impl Entity for Interface {
    const FORM: IdForm = IdForm {
        prefix: "eni",
        missing: "InvalidNetworkInterfaceID.NotFound",
        message: "The networkInterface ID '{}' does not exist",
        malformed: "InvalidNetworkInterfaceId.Malformed",
        resource: "network-interface",
    };
}

const TABLE: Table = Table {
    ids: "NetworkInterfaceId",
    set: "networkInterfaceSet",
    filters: &[
        ("addresses.association.owner-id", "privateIpAddressesSet/*/association/ipOwnerId"),
        ("addresses.association.public-ip", "privateIpAddressesSet/*/association/publicIp"),
        ("addresses.primary", "privateIpAddressesSet/*/primary"),
        ("addresses.private-ip-address", "privateIpAddressesSet/*/privateIpAddress"),
        ("association.allocation-id", "association/allocationId"),
        ("association.association-id", "association/associationId"),
        ("association.ip-owner-id", "association/ipOwnerId"),
        ("association.public-dns-name", "association/publicDnsName"),
        ("association.public-ip", "association/publicIp"),
        ("attachment.attach-time", "attachment/attachTime"),
        ("attachment.attachment-id", "attachment/attachmentId"),
        ("attachment.delete-on-termination", "attachment/deleteOnTermination"),
        ("attachment.device-index", "attachment/deviceIndex"),
        ("attachment.instance-id", "attachment/instanceId"),
        ("attachment.instance-owner-id", "attachment/instanceOwnerId"),
        ("attachment.status", "attachment/status"),
        ("availability-zone", "availabilityZone"),
        ("availability-zone-id", "availabilityZoneId"),
        ("description", "description"),
        ("group-id", "groupSet/*/groupId"),
        ("group-name", "groupSet/*/groupName"),
        ("interface-type", "interfaceType"),
        ("ipv6-addresses.ipv6-address", "ipv6AddressesSet/*/ipv6Address"),
        ("mac-address", "macAddress"),
        ("network-interface-id", "networkInterfaceId"),
        ("owner-id", "ownerId"),
        ("private-dns-name", "privateDnsName"),
        ("private-ip-address", "privateIpAddress"),
        ("requester-id", "requesterId"),
        ("requester-managed", "requesterManaged"),
        ("source-dest-check", "sourceDestCheck"),
        ("status", "status"),
        ("subnet-id", "subnetId"),
        ("vpc-id", "vpcId"),
    ],
    own: "network-interface-id",
    parent: Some("subnet-id"),
    most: 1000,
};

/// Makes an interface, which takes an address of its subnet and holds its groups.
///
/// # Errors
/// When the subnet is not there or has no address to give.
pub fn make(tx: &mut Tx<'_>, new: NewInterface<'_>) -> Result<Interface, Fault> {
    let mut subnet: Subnet = super::ids::need(tx, new.subnet)?;
    let private_ip = subnet.take_address(new.private_ip)?;
    tx.put(&subnet)?;
    let attachment = match new.owner {
        Owner::Task => tx.fresh_id("eni-attach-")?,
        Owner::Nat | Owner::Endpoint | Owner::MountTarget | Owner::Balancer | Owner::NetworkBalancer => {
            tx.fresh_id("ela-attach-")?
        }
    };
    let interface = Interface {
        id: tx.fresh_id("eni-")?,
        subnet: subnet.id,
        vpc: subnet.vpc,
        zone: subnet.zone,
        private_ip,
        public: None,
        mac: mac(&tx.fresh_hex("mac")?),
        groups: new.groups,
        description: new.description.to_owned(),
        owner: new.owner,
        attachment,
        attached: tx.now,
    };
    for group in &interface.groups {
        group::hold(tx, group, &interface.id)?;
    }
    tx.put(&interface)?;
    Ok(interface)
}

/// Of sixty-four hexadecimal digits a MAC address, one of those that are given locally.
fn mac(hex: &str) -> String {
    let bytes: Vec<&str> = (0..10).step_by(2).map(|at| &hex[at..at + 2]).collect();
    format!("0a:{}", bytes.join(":"))
}

/// Whether the groups of an interface let in TCP to a port from another interface.
///
/// # Errors
/// When the store fails.
pub fn lets_in(tx: &Tx<'_>, id: &str, port: i64, from: &Interface) -> Result<bool, Fault> {
    let Some(interface) = tx.get::<Interface>(id)? else { return Ok(false) };
    for group in &interface.groups {
        if rule::lets_in(tx, group, port, from)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Puts an interface into other groups.
///
/// # Errors
/// When the store fails.
pub fn regroup(tx: &mut Tx<'_>, id: &str, groups: Vec<String>) -> Result<(), Fault> {
    let Some(mut interface) = tx.get::<Interface>(id)? else { return Ok(()) };
    for group in &interface.groups {
        group::let_go(tx, group, id)?;
    }
    for group in &groups {
        group::hold(tx, group, id)?;
    }
    interface.groups = groups;
    Ok(tx.put(&interface)?)
}

/// Takes an interface away and gives its addresses back; an elastic one is left to its owner.
///
/// # Errors
/// When the store fails.
pub fn remove(tx: &mut Tx<'_>, id: &str) -> Result<(), Fault> {
    let Some(interface) = tx.get::<Interface>(id)? else { return Ok(()) };
    if let Some(mut subnet) = tx.get::<Subnet>(&interface.subnet)? {
        subnet.give_back(interface.private_ip);
        tx.put(&subnet)?;
    }
    if let Some(Public { ip, elastic: None }) = interface.public {
        address::give_back_public(tx, ip)?;
    }
    for group in &interface.groups {
        group::let_go(tx, group, id)?;
    }
    tx.delete::<Interface>(id)?;
    Ok(tags::forget(tx, id)?)
}

/// The private DNS name of an address.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/hostname-types.html>
pub fn private_dns(region: &str, ip: Ipv4Addr) -> String {
    let zone = if region == "us-east-1" { "ec2".to_owned() } else { format!("{region}.compute") };
    format!("ip-{}.{zone}.internal", ip.to_string().replace('.', "-"))
}

fn public_dns(region: &str, ip: Ipv4Addr) -> String {
    let zone = if region == "us-east-1" { "compute-1".to_owned() } else { format!("{region}.compute") };
    format!("ec2-{}.{zone}.amazonaws.com", ip.to_string().replace('.', "-"))
}

/// `DescribeNetworkInterfaces`.
pub fn describe(tx: &Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    describe_table(tx, params, &TABLE, show)
}

fn show(tx: &Tx<'_>, interface: &Interface) -> Result<Json, Fault> {
    let names = tx.get::<Vpc>(&interface.vpc)?.is_some_and(|vpc| vpc.has_dns_names());
    let dns = names.then(|| private_dns(&tx.region, interface.private_ip));
    let association = interface.public.as_ref().map(|public| {
        let (allocation, association) = public.elastic.clone().unzip();
        let owner = if public.elastic.is_some() { tx.account } else { "amazon" };
        json!({
            "publicIp": public.ip,
            "publicDnsName": if names { json!(public_dns(&tx.region, public.ip)) } else { json!("") },
            "ipOwnerId": owner,
            "allocationId": allocation,
            "associationId": association,
        })
    });
    let mut groups = Vec::new();
    for id in &interface.groups {
        let name = tx.get::<Group>(id)?.map(|group| group.name);
        groups.push(json!({ "groupId": id, "groupName": name }));
    }
    let (kind, requester, instance_owner) = match interface.owner {
        Owner::Task => ("interface", "amazon-ecs", "amazon-ecs"),
        Owner::Nat => ("nat_gateway", "amazon-vpc", "amazon-aws"),
        Owner::Endpoint => ("vpc_endpoint", "amazon-vpc", "amazon-aws"),
        Owner::MountTarget => ("interface", "amazon-efs", "amazon-aws"),
        Owner::Balancer => ("interface", "amazon-elb", "amazon-elb"),
        Owner::NetworkBalancer => ("network_load_balancer", "amazon-elb", "amazon-aws"),
    };
    Ok(json!({
        "networkInterfaceId": interface.id,
        "interfaceType": kind,
        "description": interface.description,
        "ownerId": tx.account,
        "requesterId": requester,
        "requesterManaged": true,
        "status": "in-use",
        "vpcId": interface.vpc,
        "subnetId": interface.subnet,
        "availabilityZone": interface.zone,
        "availabilityZoneId": zones::id_of(&tx.region, &interface.zone),
        "macAddress": interface.mac,
        "privateIpAddress": interface.private_ip,
        "privateDnsName": dns,
        "privateIpAddressesSet": [{
            "primary": true,
            "privateIpAddress": interface.private_ip,
            "privateDnsName": dns,
            "association": association,
        }],
        "association": association,
        "ipv6AddressesSet": [],
        "groupSet": groups,
        "sourceDestCheck": interface.owner != Owner::Nat,
        "attachment": {
            "attachmentId": interface.attachment,
            "attachTime": super::time(interface.attached),
            "deleteOnTermination": interface.owner == Owner::Task,
            "deviceIndex": 1,
            "networkCardIndex": 0,
            "instanceOwnerId": instance_owner,
            "status": "attached",
        },
        "tagSet": tags::set_of(tx, &interface.id)?,
    }))
}

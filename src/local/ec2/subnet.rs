//! Subnets, and the private addresses given in them.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::filter::{Table, describe as describe_table};
use super::ids::{Entity, IdForm, need};
use super::params::{Params, combination, dependency, invalid, missing};
use super::route_table::Association;
use super::space::{self, Taken};
use super::vpc::Vpc;
use super::{tags, zones};
use crate::local::service::Fault;
use crate::local::store::{Object, Tx};
use crate::model::Json;

/// A subnet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Subnet {
    /// `subnet-…`.
    pub id: String,
    /// Its VPC.
    pub vpc: String,
    /// Its range.
    pub cidr: Ipv4Net,
    /// Its availability zone.
    pub zone: String,
    /// The association with a route table of its own.
    pub association: Option<String>,
    /// The association with the network ACL.
    pub acl_association: String,
    taken: Taken,
    map_public_ip: bool,
    dns64: bool,
    hostname_type: String,
    resource_name_a: bool,
    resource_name_aaaa: bool,
}

impl Object for Subnet {
    const TABLE: &'static str = "ec2.subnet";

    fn key(&self) -> String {
        self.id.clone()
    }

    fn parent(&self) -> String {
        self.vpc.clone()
    }
}

impl Entity for Subnet {
    const FORM: IdForm = IdForm {
        prefix: "subnet",
        missing: "InvalidSubnetID.NotFound",
        message: "The subnet ID '{}' does not exist",
        malformed: "InvalidSubnetID.Malformed",
        resource: "subnet",
    };
}

impl Subnet {
    /// Takes an address: the one asked for, or the first free one.
    ///
    /// # Errors
    /// `InsufficientFreeAddressesInSubnet` when none is free; when the one asked for is outside the range or reserved,
    /// `InvalidParameterValue`; when it is taken, `InvalidIPAddress.InUse`.
    pub fn take_address(&mut self, asked: Option<Ipv4Addr>) -> Result<Ipv4Addr, Fault> {
        let (first, last) = space::usable(self.cidr);
        let address = match asked {
            Some(address) if address < first || address > last => {
                return Err(invalid(format!("Address {address} is not in the usable range of subnet {}.", self.id)));
            }
            Some(address) => address,
            None => self.taken.first_free(first, last).ok_or_else(|| {
                let message = format!("The specified subnet {} does not have enough free addresses.", self.id);
                Fault::new("InsufficientFreeAddressesInSubnet", message)
            })?,
        };
        if self.taken.take(address) {
            Ok(address)
        } else {
            Err(Fault::new("InvalidIPAddress.InUse", format!("Address {address} is in use.")))
        }
    }

    /// Gives an address back.
    pub fn give_back(&mut self, address: Ipv4Addr) {
        self.taken.give_back(address);
    }
}

const TABLE: Table = Table {
    ids: "SubnetId",
    set: "subnetSet",
    filters: &[
        ("availability-zone", "availabilityZone"),
        ("availabilityZone", "availabilityZone"),
        ("availability-zone-id", "availabilityZoneId"),
        ("availabilityZoneId", "availabilityZoneId"),
        ("available-ip-address-count", "availableIpAddressCount"),
        ("cidr", "cidrBlock"),
        ("cidr-block", "cidrBlock"),
        ("cidrBlock", "cidrBlock"),
        ("default-for-az", "defaultForAz"),
        ("defaultForAz", "defaultForAz"),
        ("enable-dns64", "enableDns64"),
        ("ipv6-cidr-block-association.association-id", "ipv6CidrBlockAssociationSet/*/associationId"),
        ("ipv6-cidr-block-association.ipv6-cidr-block", "ipv6CidrBlockAssociationSet/*/ipv6CidrBlock"),
        ("ipv6-cidr-block-association.state", "ipv6CidrBlockAssociationSet/*/ipv6CidrBlockState/state"),
        ("ipv6-native", "ipv6Native"),
        ("map-public-ip-on-launch", "mapPublicIpOnLaunch"),
        ("outpost-arn", "outpostArn"),
        ("owner-id", "ownerId"),
        (
            "private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
            "privateDnsNameOptionsOnLaunch/enableResourceNameDnsARecord",
        ),
        (
            "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
            "privateDnsNameOptionsOnLaunch/enableResourceNameDnsAAAARecord",
        ),
        ("private-dns-name-options-on-launch.hostname-type", "privateDnsNameOptionsOnLaunch/hostnameType"),
        ("state", "state"),
        ("subnet-arn", "subnetArn"),
        ("subnet-id", "subnetId"),
        ("vpc-id", "vpcId"),
    ],
    own: "subnet-id",
    parent: Some("vpc-id"),
    most: 1000,
};

/// `CreateSubnet`.
pub fn create(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    params.refuse(&[
        "Ipv4IpamPoolId",
        "Ipv4NetmaskLength",
        "Ipv6CidrBlock",
        "Ipv6IpamPoolId",
        "Ipv6Native",
        "Ipv6NetmaskLength",
        "OutpostArn",
    ])?;
    let vpc: Vpc = need(tx, params.required("VpcId")?)?;
    let asked = params.required("CidrBlock")?;
    let cidr = space::block(asked, "InvalidSubnet.Range")?;
    if !vpc.cidr.contains(&cidr) {
        return Err(Fault::new("InvalidSubnet.Range", format!("The CIDR '{asked}' is invalid.")));
    }
    let zone = zones::chosen(&tx.region, params)?;
    let overlaps = |other: &Subnet| other.cidr.contains(&cidr) || cidr.contains(&other.cidr);
    if tx.under::<Subnet>(&vpc.id)?.iter().any(overlaps) {
        let message = format!("The CIDR '{asked}' conflicts with another subnet");
        return Err(Fault::new("InvalidSubnet.Conflict", message));
    }
    let subnet = Subnet {
        id: tx.fresh_id("subnet-")?,
        vpc: vpc.id,
        cidr,
        zone,
        association: None,
        acl_association: tx.fresh_id("aclassoc-")?,
        taken: Taken::default(),
        map_public_ip: false,
        dns64: false,
        hostname_type: "ip-name".to_owned(),
        resource_name_a: false,
        resource_name_aaaa: false,
    };
    tx.put(&subnet)?;
    tags::at_creation::<Subnet>(tx, params, &subnet.id)?;
    Ok(json!({ "subnet": show(tx, &subnet)? }))
}

/// `DescribeSubnets`.
pub fn describe(tx: &Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    describe_table(tx, params, &TABLE, show)
}

fn show(tx: &Tx<'_>, subnet: &Subnet) -> Result<Json, Fault> {
    Ok(json!({
        "subnetId": subnet.id,
        "subnetArn": format!("arn:aws:ec2:{}:{}:subnet/{}", tx.region, tx.account, subnet.id),
        "ownerId": tx.account,
        "vpcId": subnet.vpc,
        "cidrBlock": subnet.cidr,
        "availabilityZone": subnet.zone,
        "availabilityZoneId": zones::id_of(&tx.region, &subnet.zone),
        "availableIpAddressCount": space::size(subnet.cidr) - space::RESERVED - subnet.taken.count(),
        "state": "available",
        "defaultForAz": false,
        "mapPublicIpOnLaunch": subnet.map_public_ip,
        "mapCustomerOwnedIpOnLaunch": false,
        "assignIpv6AddressOnCreation": false,
        "ipv6CidrBlockAssociationSet": [],
        "ipv6Native": false,
        "enableDns64": subnet.dns64,
        "privateDnsNameOptionsOnLaunch": {
            "hostnameType": subnet.hostname_type,
            "enableResourceNameDnsARecord": subnet.resource_name_a,
            "enableResourceNameDnsAAAARecord": subnet.resource_name_aaaa,
        },
        "tagSet": tags::set_of(tx, &subnet.id)?,
    }))
}

/// `ModifySubnetAttribute`: one attribute a call.
pub fn modify_attribute(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    params.refuse(&[
        "AssignIpv6AddressOnCreation",
        "CustomerOwnedIpv4Pool",
        "DisableLniAtDeviceIndex",
        "EnableLniAtDeviceIndex",
        "MapCustomerOwnedIpOnLaunch",
    ])?;
    let mut subnet: Subnet = need(tx, params.required("SubnetId")?)?;
    // What was not refused and is here asks for false, which is what it is.
    let mut given = usize::from(params.has("AssignIpv6AddressOnCreation") || params.has("MapCustomerOwnedIpOnLaunch"));
    for (name, attribute) in [
        ("MapPublicIpOnLaunch", &mut subnet.map_public_ip),
        ("EnableDns64", &mut subnet.dns64),
        ("EnableResourceNameDnsARecordOnLaunch", &mut subnet.resource_name_a),
        ("EnableResourceNameDnsAAAARecordOnLaunch", &mut subnet.resource_name_aaaa),
    ] {
        if let Some(on) = params.wrapped_flag(name)? {
            *attribute = on;
            given += 1;
        }
    }
    if let Some(kind) = params.text("PrivateDnsHostnameTypeOnLaunch") {
        if !matches!(kind, "ip-name" | "resource-name") {
            return Err(invalid(format!("Value ({kind}) for parameter privateDnsHostnameTypeOnLaunch is invalid.")));
        }
        kind.clone_into(&mut subnet.hostname_type);
        given += 1;
    }
    match given {
        0 => return Err(missing("attribute")),
        1 => {}
        _ => return Err(combination("Fields for multiple attribute types specified")),
    }
    tx.put(&subnet)?;
    Ok(super::done())
}

/// `DeleteSubnet`: its association with a route table goes with it.
pub fn delete(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let subnet: Subnet = need(tx, params.required("SubnetId")?)?;
    // Every interface has an address, a NAT gateway's too.
    if subnet.taken.count() > 0 {
        return Err(dependency(format!("The subnet '{}' has dependencies and cannot be deleted.", subnet.id)));
    }
    if let Some(association) = &subnet.association {
        tx.delete::<Association>(association)?;
    }
    tx.delete::<Subnet>(&subnet.id)?;
    tags::forget(tx, &subnet.id)?;
    Ok(super::done())
}

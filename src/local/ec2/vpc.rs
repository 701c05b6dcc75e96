//! VPCs. Each is made with a main route table, a default security group and a default network ACL, which go with it.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::endpoint::Endpoint;
use super::filter::{Table, describe as describe_table};
use super::group::{self, Group};
use super::ids::{Entity, IdForm, need};
use super::network_acl::{self, NetworkAcl};
use super::params::{Params, combination, dependency, invalid, missing};
use super::route_table::{self, RouteTable};
use super::space;
use super::subnet::Subnet;
use super::tags;
use crate::local::service::Fault;
use crate::local::store::{Object, Tx};
use crate::model::Json;

/// The account's one set of DHCP options.
const DHCP_OPTIONS: &str = "dopt-00000000000000001";

/// Blocks a VPC cannot have.
/// Source: <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>
const NOT_FOR_VPCS: &[Ipv4Net] = &[
    Ipv4Net::new_assert(std::net::Ipv4Addr::new(0, 0, 0, 0), 8),
    Ipv4Net::new_assert(std::net::Ipv4Addr::new(127, 0, 0, 0), 8),
    Ipv4Net::new_assert(std::net::Ipv4Addr::new(169, 254, 0, 0), 16),
    Ipv4Net::new_assert(std::net::Ipv4Addr::new(224, 0, 0, 0), 4),
];

/// A VPC.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Vpc {
    /// `vpc-…`.
    pub id: String,
    /// Its range.
    pub cidr: Ipv4Net,
    /// Whether instances in it get DNS names.
    pub dns_hostnames: bool,
    /// Whether the resolver of AWS answers in it.
    pub dns_support: bool,
    /// The route table of subnets that have none of their own.
    pub main_table: String,
    /// The association of the main route table.
    pub main_association: String,
    /// The default security group.
    pub default_group: String,
    /// The default network ACL.
    pub default_acl: String,
    /// The internet gateway attached to it.
    pub gateway: Option<String>,
    association: String,
    tenancy: String,
    usage_metrics: bool,
}

impl Object for Vpc {
    const TABLE: &'static str = "ec2.vpc";

    fn key(&self) -> String {
        self.id.clone()
    }
}

impl Entity for Vpc {
    const FORM: IdForm = IdForm {
        prefix: "vpc",
        missing: "InvalidVpcID.NotFound",
        message: "The vpc ID '{}' does not exist",
        malformed: "InvalidVpcID.Malformed",
        resource: "vpc",
    };
}

impl Vpc {
    /// Whether what is in it gets DNS names.
    pub fn has_dns_names(&self) -> bool {
        self.dns_support && self.dns_hostnames
    }
}

const TABLE: Table = Table {
    ids: "VpcId",
    set: "vpcSet",
    filters: &[
        ("cidr", "cidrBlock"),
        ("cidr-block", "cidrBlock"),
        ("cidr-block-association.association-id", "cidrBlockAssociationSet/*/associationId"),
        ("cidr-block-association.cidr-block", "cidrBlockAssociationSet/*/cidrBlock"),
        ("cidr-block-association.state", "cidrBlockAssociationSet/*/cidrBlockState/state"),
        ("dhcp-options-id", "dhcpOptionsId"),
        ("ipv6-cidr-block-association.association-id", "ipv6CidrBlockAssociationSet/*/associationId"),
        ("ipv6-cidr-block-association.ipv6-cidr-block", "ipv6CidrBlockAssociationSet/*/ipv6CidrBlock"),
        ("ipv6-cidr-block-association.ipv6-pool", "ipv6CidrBlockAssociationSet/*/ipv6Pool"),
        ("ipv6-cidr-block-association.state", "ipv6CidrBlockAssociationSet/*/ipv6CidrBlockState/state"),
        ("is-default", "isDefault"),
        ("isDefault", "isDefault"),
        ("owner-id", "ownerId"),
        ("state", "state"),
        ("vpc-id", "vpcId"),
    ],
    own: "vpc-id",
    parent: None,
    most: 1000,
};

/// `CreateVpc`.
pub fn create(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    params.refuse(&[
        "AmazonProvidedIpv6CidrBlock",
        "Ipv4IpamPoolId",
        "Ipv4NetmaskLength",
        "Ipv6CidrBlock",
        "Ipv6CidrBlockNetworkBorderGroup",
        "Ipv6IpamPoolId",
        "Ipv6NetmaskLength",
        "Ipv6Pool",
        "VpcEncryptionControl",
    ])?;
    let asked = params.required("CidrBlock")?;
    let cidr = space::block(asked, "InvalidVpc.Range")?;
    if NOT_FOR_VPCS.iter().any(|block| block.contains(&cidr)) {
        return Err(Fault::new("InvalidVpc.Range", format!("The CIDR '{asked}' is invalid.")));
    }
    let tenancy = params.text("InstanceTenancy").unwrap_or("default");
    if !matches!(tenancy, "default" | "dedicated") {
        let message = format!("Value ({tenancy}) for parameter instanceTenancy is invalid: use default or dedicated.");
        return Err(invalid(message));
    }
    let id = tx.fresh_id("vpc-")?;
    let (table, association) = route_table::create_main(tx, &id, cidr)?;
    let vpc = Vpc {
        cidr,
        dns_hostnames: false,
        dns_support: true,
        main_table: table,
        main_association: association,
        default_group: group::create_default(tx, &id)?,
        default_acl: network_acl::create_default(tx, &id)?,
        gateway: None,
        association: tx.fresh_id("vpc-cidr-assoc-")?,
        tenancy: tenancy.to_owned(),
        usage_metrics: false,
        id,
    };
    tx.put(&vpc)?;
    tags::at_creation::<Vpc>(tx, params, &vpc.id)?;
    let mut shown = show(tx, &vpc)?;
    shown["state"] = "pending".into();
    Ok(json!({ "vpc": shown }))
}

/// `DescribeVpcs`. There is no default VPC.
pub fn describe(tx: &Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    describe_table(tx, params, &TABLE, show)
}

fn show(tx: &Tx<'_>, vpc: &Vpc) -> Result<Json, Fault> {
    Ok(json!({
        "vpcId": vpc.id,
        "ownerId": tx.account,
        "state": "available",
        "cidrBlock": vpc.cidr,
        "cidrBlockAssociationSet": [{
            "associationId": vpc.association,
            "cidrBlock": vpc.cidr,
            "cidrBlockState": { "state": "associated" },
        }],
        "dhcpOptionsId": DHCP_OPTIONS,
        "instanceTenancy": vpc.tenancy,
        "isDefault": false,
        "tagSet": tags::set_of(tx, &vpc.id)?,
    }))
}

/// `ModifyVpcAttribute`: one attribute a call.
pub fn modify_attribute(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let mut vpc: Vpc = need(tx, params.required("VpcId")?)?;
    let support = params.wrapped_flag("EnableDnsSupport")?;
    let hostnames = params.wrapped_flag("EnableDnsHostnames")?;
    let metrics = params.wrapped_flag("EnableNetworkAddressUsageMetrics")?;
    match (support, hostnames, metrics) {
        (Some(on), None, None) => vpc.dns_support = on,
        (None, Some(on), None) => vpc.dns_hostnames = on,
        (None, None, Some(on)) => vpc.usage_metrics = on,
        (None, None, None) => return Err(missing("attribute")),
        _ => return Err(combination("Fields for multiple attribute types specified")),
    }
    // Names need the resolver: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcAttribute.html
    if hostnames == Some(true) && !vpc.dns_support {
        return Err(combination("DNS hostnames can be enabled only when DNS support is enabled."));
    }
    tx.put(&vpc)?;
    Ok(super::done())
}

/// `DescribeVpcAttribute`.
pub fn describe_attribute(tx: &Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let vpc: Vpc = need(tx, params.required("VpcId")?)?;
    let attribute = params.required("Attribute")?;
    let value = match attribute {
        "enableDnsSupport" => vpc.dns_support,
        "enableDnsHostnames" => vpc.dns_hostnames,
        "enableNetworkAddressUsageMetrics" => vpc.usage_metrics,
        other => return Err(invalid(format!("Value ({other}) for parameter attribute is invalid."))),
    };
    Ok(json!({ "vpcId": vpc.id, attribute: { "value": value } }))
}

/// `ModifyVpcTenancy`: only back to `default`.
pub fn modify_tenancy(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let mut vpc: Vpc = need(tx, params.required("VpcId")?)?;
    let tenancy = params.required("InstanceTenancy")?;
    if tenancy != "default" {
        let message = format!("The tenancy of a VPC cannot be modified to {tenancy}.");
        return Err(Fault::new("UnsupportedTenancy", message));
    }
    vpc.tenancy = tenancy.to_owned();
    tx.put(&vpc)?;
    Ok(super::done())
}

/// `DeleteVpc`.
pub fn delete(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let vpc: Vpc = need(tx, params.required("VpcId")?)?;
    // Interfaces and NAT gateways are in subnets.
    let busy = vpc.gateway.is_some()
        || !tx.under::<Subnet>(&vpc.id)?.is_empty()
        || !tx.under::<Endpoint>(&vpc.id)?.is_empty()
        || tx.under::<Group>(&vpc.id)?.iter().any(|group| group.id != vpc.default_group)
        || tx.under::<RouteTable>(&vpc.id)?.iter().any(|table| table.id != vpc.main_table);
    if busy {
        return Err(dependency(format!("The vpc '{}' has dependencies and cannot be deleted.", vpc.id)));
    }
    route_table::forget(tx, &vpc.main_table)?;
    group::forget(tx, &vpc.default_group)?;
    tx.delete::<NetworkAcl>(&vpc.default_acl)?;
    tags::forget(tx, &vpc.default_acl)?;
    tx.delete::<Vpc>(&vpc.id)?;
    tags::forget(tx, &vpc.id)?;
    Ok(super::done())
}

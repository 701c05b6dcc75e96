//! EC2: VPCs and what is in them. No instances.
//!
//! One file a concept: [`vpc`], [`subnet`], [`gateway`], [`route_table`], [`route`], [`group`], [`rule`] and
//! [`permission`], [`address`], [`nat`], [`endpoint`], [`endpoint_change`] and [`endpoint_service`], [`interface`],
//! [`network_acl`], [`zones`], [`tags`]. [`filter`] answers all `Describe` calls, [`ids`] knows the forms of identifiers,
//! [`space`] does the arithmetic of addresses, [`token`] makes calls repeatable. [`task`] is what the embedded ECS uses,
//! [`mount`] what the embedded EFS does, [`balancer`] what Elastic Load Balancing does.
//!
//! Invariants: every interface has exactly one address of its subnet, and no two have the same; a group that an
//! interface or another group's rule uses, and a subnet that an interface is in, cannot go.
//!
//! There is no default VPC, no IPv6 but in rules and destinations of routes, and no quota but on rules and tags. A
//! parameter that means something on AWS and nothing here is refused.

mod address;
mod balancer;
mod endpoint;
mod endpoint_change;
mod endpoint_service;
mod filter;
mod gateway;
mod group;
mod ids;
mod interface;
mod listing;
mod mount;
mod nat;
mod network_acl;
mod params;
mod permission;
mod route;
mod route_table;
mod rule;
mod space;
mod subnet;
mod tags;
mod task;
#[cfg(test)]
mod tests;
mod token;
mod vpc;
mod zones;

use jiff::Timestamp;
use serde_json::json;

pub use balancer::{
    BalancerInterface, attach_balancer_interface, default_group, has_internet_gateway, interface_at, vpc_has,
};
pub use mount::{MountInterface, attach_mount_target, interface_groups, regroup_interface, release_interface};
pub use task::{
    TaskInterface, attach_task_interface, group_vpc, has_way_out, interface_lets_in, reached_by_its_like,
    reaches_service, release_task_interface, subnet_place, vpc_dns,
};
pub use zones::id_of as zone_id;

use super::service::{Fault, Listed, Service, Timer};
use super::store::Tx;
use crate::model::{Json, JsonMap};
use params::Params;

/// The service.
pub struct Ec2;

impl Service for Ec2 {
    fn name(&self) -> &'static str {
        "ec2"
    }

    fn call(&self, tx: &mut Tx<'_>, action: &str, params: &JsonMap) -> Result<Json, Fault> {
        let params = Params(params);
        let answer = dispatch(tx, action, params)?;
        if params.flag("DryRun")? == Some(true) {
            // A refusal undoes what was done.
            let message = "Request would have succeeded, but DryRun flag is set.";
            return Err(Fault::new("DryRunOperation", message).status(412));
        }
        Ok(answer)
    }

    fn due(&self, tx: &mut Tx<'_>, timer: &Timer) -> Result<(), Fault> {
        match timer.what.as_str() {
            endpoint::MADE | endpoint::DELETED => endpoint_change::due(tx, timer),
            _ => nat::due(tx, timer),
        }
    }

    fn list(&self, tx: &Tx<'_>) -> Result<Vec<Listed>, Fault> {
        listing::list(tx)
    }
}

fn dispatch(tx: &mut Tx<'_>, action: &str, params: Params<'_>) -> Result<Json, Fault> {
    match action {
        "CreateVpc" => vpc::create(tx, params),
        "DescribeVpcs" => vpc::describe(tx, params),
        "ModifyVpcAttribute" => vpc::modify_attribute(tx, params),
        "DescribeVpcAttribute" => vpc::describe_attribute(tx, params),
        "ModifyVpcTenancy" => vpc::modify_tenancy(tx, params),
        "DeleteVpc" => vpc::delete(tx, params),
        "CreateSubnet" => subnet::create(tx, params),
        "DescribeSubnets" => subnet::describe(tx, params),
        "ModifySubnetAttribute" => subnet::modify_attribute(tx, params),
        "DeleteSubnet" => subnet::delete(tx, params),
        "CreateInternetGateway" => gateway::create(tx, params),
        "DescribeInternetGateways" => gateway::describe(tx, params),
        "AttachInternetGateway" => gateway::attach(tx, params),
        "DetachInternetGateway" => gateway::detach(tx, params),
        "DeleteInternetGateway" => gateway::delete(tx, params),
        "CreateRouteTable" => route_table::create(tx, params),
        "DescribeRouteTables" => route_table::describe(tx, params),
        "DeleteRouteTable" => route_table::delete(tx, params),
        "AssociateRouteTable" => route_table::associate(tx, params),
        "DisassociateRouteTable" => route_table::disassociate(tx, params),
        "ReplaceRouteTableAssociation" => route_table::replace_association(tx, params),
        "CreateRoute" => route::create(tx, params),
        "ReplaceRoute" => route::replace(tx, params),
        "DeleteRoute" => route::delete(tx, params),
        "CreateSecurityGroup" => group::create(tx, params),
        "DescribeSecurityGroups" => group::describe(tx, params),
        "DeleteSecurityGroup" => group::delete(tx, params),
        "AuthorizeSecurityGroupIngress" => rule::authorize(tx, params, false),
        "AuthorizeSecurityGroupEgress" => rule::authorize(tx, params, true),
        "RevokeSecurityGroupIngress" => rule::revoke(tx, params, false),
        "RevokeSecurityGroupEgress" => rule::revoke(tx, params, true),
        "DescribeSecurityGroupRules" => rule::describe(tx, params),
        "ModifySecurityGroupRules" => rule::modify(tx, params),
        "UpdateSecurityGroupRuleDescriptionsIngress" => rule::describe_anew(tx, params, false),
        "UpdateSecurityGroupRuleDescriptionsEgress" => rule::describe_anew(tx, params, true),
        "AllocateAddress" => address::allocate(tx, params),
        "DescribeAddresses" => address::describe(tx, params),
        "AssociateAddress" => address::associate(tx, params),
        "DisassociateAddress" => address::disassociate(tx, params),
        "ReleaseAddress" => address::release(tx, params),
        "CreateNatGateway" => nat::create(tx, params),
        "DescribeNatGateways" => nat::describe(tx, params),
        "DeleteNatGateway" => nat::delete(tx, params),
        "CreateVpcEndpoint" => endpoint::create(tx, params),
        "DescribeVpcEndpoints" => endpoint::describe(tx, params),
        "ModifyVpcEndpoint" => endpoint_change::modify(tx, params),
        "DeleteVpcEndpoints" => endpoint_change::delete(tx, params),
        "DescribeNetworkInterfaces" => interface::describe(tx, params),
        "DescribeNetworkAcls" => network_acl::describe(tx, params),
        "DescribeAvailabilityZones" => zones::describe(tx, params),
        "DescribeRegions" => zones::describe_regions(tx, params),
        "CreateTags" => tags::create(tx, params),
        "DeleteTags" => tags::delete(tx, params),
        "DescribeTags" => tags::describe(tx, params),
        other => Err(Fault::unknown_action("ec2", other)),
    }
}

/// The answer of a call that has nothing to tell.
fn done() -> Json {
    json!({ "return": true })
}

/// A time as the protocol writes it, in milliseconds.
fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}

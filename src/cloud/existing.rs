//! Looking up what the account has: VPCs with their subnets.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{Filter, RouteTable, Subnet, Vpc};

use super::{CallError, Cloud, failed};
use crate::model::existing::{ExistingSubnet, ExistingVpc, VpcQuery};

/// How the identifier of an internet gateway begins: routes lead to other gateways by the same property.
const INTERNET_GATEWAY: &str = "igw-";

impl Cloud {
    /// The VPCs that are meant, by identifier. A subnet is public when its own route table, or the VPC's main one where
    /// it has none, has a route to an internet gateway
    /// ([VPC guide](https://docs.aws.amazon.com/vpc/latest/userguide/configure-subnets.html#subnet-types)).
    ///
    /// # Errors
    /// When `ec2:DescribeVpcs`, `ec2:DescribeSubnets` or `ec2:DescribeRouteTables` fails.
    pub async fn vpcs(&self, wanted: &VpcQuery) -> Result<Vec<ExistingVpc>, CallError> {
        let asked = match wanted {
            VpcQuery::Name(name) => filter("tag:Name", [name.clone()]),
            VpcQuery::Id(id) => filter("vpc-id", [id.clone()]),
        };
        let pages = self.lookups.describe_vpcs().filters(asked).into_paginator().items().send();
        let mut vpcs: Vec<Vpc> = pages.collect::<Result<_, _>>().await.map_err(failed("ec2:DescribeVpcs"))?;
        // `*` and `?` in a filter stand for anything; in a name they do not.
        vpcs.retain(|vpc| match wanted {
            VpcQuery::Name(name) => {
                vpc.tags().iter().any(|tag| tag.key() == Some("Name") && tag.value() == Some(name.as_str()))
            }
            VpcQuery::Id(id) => vpc.vpc_id() == Some(id.as_str()),
        });
        let ids: Vec<String> = vpcs.iter().filter_map(|vpc| vpc.vpc_id().map(str::to_owned)).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let pages =
            self.lookups.describe_subnets().filters(filter("vpc-id", ids.clone())).into_paginator().items().send();
        let subnets: Vec<Subnet> = pages.collect::<Result<_, _>>().await.map_err(failed("ec2:DescribeSubnets"))?;
        let asked = filter("vpc-id", ids);
        let pages = self.lookups.describe_route_tables().filters(asked).into_paginator().items().send();
        let tables: Vec<RouteTable> =
            pages.collect::<Result<_, _>>().await.map_err(failed("ec2:DescribeRouteTables"))?;
        let routing = Routing::of(&tables);
        let mut found: Vec<ExistingVpc> = vpcs.iter().map(|vpc| told(vpc, &subnets, &routing)).collect();
        found.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(found)
    }
}

fn filter(name: &str, values: impl IntoIterator<Item = String>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().collect())).build()
}

fn told(vpc: &Vpc, subnets: &[Subnet], routing: &Routing<'_>) -> ExistingVpc {
    let own = subnets.iter().filter(|subnet| subnet.vpc_id() == vpc.vpc_id());
    let mut subnets: Vec<ExistingSubnet> = own
        .map(|subnet| ExistingSubnet {
            id: subnet.subnet_id().unwrap_or_default().to_owned(),
            zone: subnet.availability_zone().unwrap_or_default().to_owned(),
            cidr: subnet.cidr_block().unwrap_or_default().to_owned(),
            public: routing.is_public(subnet),
        })
        .collect();
    subnets.sort_by(|one, other| (&one.zone, &one.id).cmp(&(&other.zone, &other.id)));
    ExistingVpc {
        id: vpc.vpc_id().unwrap_or_default().to_owned(),
        cidr: vpc.cidr_block().unwrap_or_default().to_owned(),
        subnets,
    }
}

/// What the route tables of some VPCs say of their subnets.
pub(crate) struct Routing<'a> {
    /// Subnets that have a table of their own.
    routed: BTreeSet<&'a str>,
    /// Those among them whose table leads to an internet gateway.
    public: BTreeSet<&'a str>,
    /// VPCs whose main table does.
    public_vpcs: BTreeSet<&'a str>,
}

impl<'a> Routing<'a> {
    /// What tables say, together.
    pub fn of(tables: &'a [RouteTable]) -> Self {
        let mut routing = Self { routed: BTreeSet::new(), public: BTreeSet::new(), public_vpcs: BTreeSet::new() };
        for table in tables {
            let to_gateway = |route: &aws_sdk_ec2::types::Route| {
                route.gateway_id().is_some_and(|gateway| gateway.starts_with(INTERNET_GATEWAY))
            };
            let leads_out = table.routes().iter().any(to_gateway);
            for association in table.associations() {
                if let Some(subnet) = association.subnet_id() {
                    routing.routed.insert(subnet);
                    if leads_out {
                        routing.public.insert(subnet);
                    }
                } else if leads_out && association.main() == Some(true) {
                    routing.public_vpcs.extend(table.vpc_id());
                }
            }
        }
        routing
    }

    /// Whether a subnet's routes lead to an internet gateway.
    pub fn is_public(&self, subnet: &Subnet) -> bool {
        let id = subnet.subnet_id().unwrap_or_default();
        if self.routed.contains(id) {
            return self.public.contains(id);
        }
        subnet.vpc_id().is_some_and(|vpc| self.public_vpcs.contains(vpc))
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{Route, RouteTableAssociation};

    use super::*;

    fn table(gateway: &str, association: RouteTableAssociation) -> RouteTable {
        let route = Route::builder().destination_cidr_block("0.0.0.0/0").gateway_id(gateway).build();
        RouteTable::builder().vpc_id("vpc-1").routes(route).associations(association).build()
    }

    #[test]
    fn a_subnet_is_public_by_its_own_table_or_else_by_the_main_one() {
        let main = || RouteTableAssociation::builder().main(true).build();
        let own = |subnet: &str| RouteTableAssociation::builder().subnet_id(subnet).build();
        let public = |tables: &[RouteTable], subnet: &str| {
            Routing::of(tables).is_public(&Subnet::builder().subnet_id(subnet).vpc_id("vpc-1").build())
        };
        let tables = [table("local", main()), table("igw-1", own("a")), table("vgw-1", own("b"))];
        assert_eq!(["a", "b", "c"].map(|subnet| public(&tables, subnet)), [true, false, false]);
        let tables = [table("igw-1", main()), table("local", own("a"))];
        assert_eq!(["a", "c"].map(|subnet| public(&tables, subnet)), [false, true]);
    }
}

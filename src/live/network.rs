//! VPCs and their subnets.

use aws_sdk_ec2::types::{Filter, RouteTable, Subnet, Tag, Vpc as Described};
use serde::Serialize;

use super::{Live, LiveError, Sort};
use crate::cloud::{Routing, failed};

/// A VPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Vpc {
    /// `vpc-…`.
    pub id: String,
    /// Its tag `Name`.
    pub name: Option<String>,
    /// Its first block of addresses.
    pub cidr: String,
    /// Whether it is the region's default VPC.
    pub is_default: bool,
    /// `available` or `pending`.
    pub state: String,
    /// Its subnets, by zone and identifier.
    pub subnets: Vec<LiveSubnet>,
}

/// A subnet of a VPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveSubnet {
    /// `subnet-…`.
    pub id: String,
    /// Its tag `Name`.
    pub name: Option<String>,
    /// Its availability zone.
    pub zone: String,
    /// Its block of addresses.
    pub cidr: String,
    /// How many of them are free.
    pub free_addresses: i32,
    /// Whether its routes lead to an internet gateway.
    pub public: bool,
}

fn name(tags: &[Tag]) -> Option<String> {
    tags.iter().find(|tag| tag.key() == Some("Name")).and_then(|tag| tag.value().map(str::to_owned))
}

impl Live {
    /// The VPCs with their subnets, by identifier, in three calls and their pages.
    ///
    /// # Errors
    /// When `ec2:DescribeVpcs`, `ec2:DescribeSubnets` or `ec2:DescribeRouteTables` fails.
    pub async fn vpcs(&self) -> Result<Vec<Vpc>, LiveError> {
        self.described_vpcs(None).await
    }

    /// The VPC of an identifier or of a tag `Name`.
    ///
    /// # Errors
    /// [`LiveError::NotFound`]; [`LiveError::Ambiguous`] when several have the name; when a call fails.
    pub async fn vpc(&self, wanted: &str) -> Result<Vpc, LiveError> {
        let filter = if wanted.starts_with("vpc-") { "vpc-id" } else { "tag:Name" };
        let mut found = self.described_vpcs(Some(Filter::builder().name(filter).values(wanted).build())).await?;
        // `*` and `?` in a filter stand for anything; in a name they do not.
        found.retain(|vpc| vpc.id == wanted || vpc.name.as_deref() == Some(wanted));
        match (found.len(), found.pop()) {
            (1, Some(vpc)) => Ok(vpc),
            (_, Some(vpc)) => {
                let matches = found.into_iter().map(|vpc| vpc.id).chain([vpc.id]).collect();
                Err(LiveError::Ambiguous { sort: Sort::Vpc, name: wanted.to_owned(), matches })
            }
            (_, None) => {
                let all = self.vpcs().await?;
                let by_id = wanted.starts_with("vpc-");
                let told = |vpc: Vpc| if by_id { vpc.id } else { vpc.name.unwrap_or(vpc.id) };
                Err(LiveError::not_found(Sort::Vpc, wanted, None, all.into_iter().map(told).collect()))
            }
        }
    }

    async fn described_vpcs(&self, filter: Option<Filter>) -> Result<Vec<Vpc>, LiveError> {
        let ec2 = &self.cloud.lookups;
        let some = filter.is_some();
        let pages = ec2.describe_vpcs().set_filters(filter.map(|one| vec![one])).into_paginator().items().send();
        let vpcs: Vec<Described> = pages.collect::<Result<_, _>>().await.map_err(failed("ec2:DescribeVpcs"))?;
        if vpcs.is_empty() {
            return Ok(Vec::new());
        }
        let ids = vpcs.iter().filter_map(|vpc| vpc.vpc_id().map(str::to_owned)).collect();
        let within = some.then(|| vec![Filter::builder().name("vpc-id").set_values(Some(ids)).build()]);
        let pages = ec2.describe_subnets().set_filters(within.clone()).into_paginator().items().send();
        let subnets: Vec<Subnet> = pages.collect::<Result<_, _>>().await.map_err(failed("ec2:DescribeSubnets"))?;
        let pages = ec2.describe_route_tables().set_filters(within).into_paginator().items().send();
        let tables: Vec<RouteTable> =
            pages.collect::<Result<_, _>>().await.map_err(failed("ec2:DescribeRouteTables"))?;
        let routing = Routing::of(&tables);
        let mut told: Vec<Vpc> = vpcs.iter().map(|vpc| told(vpc, &subnets, &routing)).collect();
        told.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(told)
    }
}

fn told(vpc: &Described, subnets: &[Subnet], routing: &Routing<'_>) -> Vpc {
    let own = subnets.iter().filter(|subnet| subnet.vpc_id() == vpc.vpc_id());
    let mut subnets: Vec<LiveSubnet> = own
        .map(|subnet| LiveSubnet {
            id: subnet.subnet_id().unwrap_or_default().to_owned(),
            name: name(subnet.tags()),
            zone: subnet.availability_zone().unwrap_or_default().to_owned(),
            cidr: subnet.cidr_block().unwrap_or_default().to_owned(),
            free_addresses: subnet.available_ip_address_count().unwrap_or_default(),
            public: routing.is_public(subnet),
        })
        .collect();
    subnets.sort_by(|one, other| (&one.zone, &one.id).cmp(&(&other.zone, &other.id)));
    Vpc {
        id: vpc.vpc_id().unwrap_or_default().to_owned(),
        name: name(vpc.tags()),
        cidr: vpc.cidr_block().unwrap_or_default().to_owned(),
        is_default: vpc.is_default().unwrap_or_default(),
        state: vpc.state().map(|state| state.as_str().to_owned()).unwrap_or_default(),
        subnets,
    }
}

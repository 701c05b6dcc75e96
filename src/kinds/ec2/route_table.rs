//! `AWS::EC2::RouteTable`, without its routes and associations: those are kinds of their own.

use async_trait::async_trait;
use aws_sdk_ec2::types::{Filter, ResourceType, RouteTable as Described};

use super::filters::{self, TOKEN, chunks};
use super::properties::{gone_is_fine, in_order, object, text, unsaid, word};
use super::tags;
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::listing::Among;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, Observed, Update};

/// A route table.
#[derive(Debug)]
pub struct RouteTable;

static FACTS: Facts = Facts {
    type_name: "AWS::EC2::RouteTable",
    sends: &["vpcId", "tags"],
    except: &[],
    replaces: &[],
    name: None,
    unique_by: &[],
    // Its routes would go with it, its associations refuse.
    deletable_in_use: false,
    arn: None,
};

#[async_trait]
impl Kind for RouteTable {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let found = describe(cloud, "route-table-id", ids).await?;
        let told = found.into_iter().filter_map(|table| {
            let observed = Observed {
                properties: object([("vpcId", word(table.vpc_id())), ("tags", Some(tags::observed(table.tags())))]),
                attributes: object([("routeTableId", word(table.route_table_id()))]),
            };
            Some((table.route_table_id?, observed))
        });
        Ok(in_order(ids, &told.collect()))
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        let mut ids = Vec::new();
        for filters in filters::among(among, &[("AWS::EC2::VPC", "vpc-id")]) {
            let own = filtered(cloud, filters).await?.into_iter().filter(|table| !is_main(table));
            ids.extend(own.filter_map(|table| table.route_table_id));
        }
        Ok(ids)
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let found = describe(cloud, TOKEN, &[wanted.token.to_owned()]).await?;
        Ok(found.into_iter().find_map(|table| table.route_table_id))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        let answer = cloud
            .ec2
            .create_route_table()
            .set_vpc_id(text(wanted.properties, "vpcId"))
            .client_token(wanted.token)
            .set_tag_specifications(tags::specification(ResourceType::RouteTable, wanted.properties))
            .send()
            .await
            .map_err(failed("ec2:CreateRouteTable"))?;
        let id = answer.route_table.and_then(|table| table.route_table_id);
        let id = id.ok_or_else(|| unsaid("ec2:CreateRouteTable", "table's id"))?;
        let attributes = object([("routeTableId", word(Some(&id)))]);
        Ok(Created { id, configure: false, accepted: Accepted { attributes, waiting: None } })
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        tags::update(cloud, change.id, change).await?;
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let answer = cloud.ec2.delete_route_table().route_table_id(target.id).send().await;
        gone_is_fine(answer.map_err(failed("ec2:DeleteRouteTable")))?;
        Ok(Accepted::default())
    }
}

/// Route tables among all, or those that are asked about; also for what is in them.
pub(super) async fn among(cloud: &Cloud, among: Among<'_>) -> Result<Vec<Described>, CallError> {
    match (among.within(FACTS.type_name), among.is_within()) {
        (Some(ids), _) => describe(cloud, "route-table-id", ids).await,
        (None, true) => Ok(Vec::new()),
        (None, false) => filtered(cloud, Vec::new()).await,
    }
}

/// Route tables by a filter; also for what is in them.
pub(super) async fn describe(cloud: &Cloud, by: &str, values: &[String]) -> Result<Vec<Described>, CallError> {
    let mut found = Vec::new();
    for filter in chunks(by, values) {
        found.extend(filtered(cloud, vec![filter]).await?);
    }
    Ok(found)
}

/// What these filters let through together; everything when there are none.
async fn filtered(cloud: &Cloud, filters: Vec<Filter>) -> Result<Vec<Described>, CallError> {
    let pages = cloud.ec2.describe_route_tables().set_filters(Some(filters)).into_paginator().items().send();
    pages.collect::<Result<Vec<_>, _>>().await.map_err(failed("ec2:DescribeRouteTables"))
}

/// Whether it is the table of its VPC for subnets without one: it comes and goes with the VPC.
fn is_main(table: &Described) -> bool {
    table.associations().iter().any(|association| association.main() == Some(true))
}

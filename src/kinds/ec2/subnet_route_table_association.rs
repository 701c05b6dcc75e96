//! `AWS::EC2::SubnetRouteTableAssociation`.
//!
//! It takes no tags: one whose answer was lost is found by its subnet, which has one at most, and its table.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{RouteTableAssociation, RouteTableAssociationStateCode as State};

use super::properties::{gone_is_fine, in_order, object, text, unsaid, word};
use super::route_table;
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::listing::Among;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, Observed, Update};

/// The association of a subnet with a route table.
#[derive(Debug)]
pub struct SubnetRouteTableAssociation;

static FACTS: Facts = Facts {
    type_name: "AWS::EC2::SubnetRouteTableAssociation",
    sends: &["routeTableId", "subnetId"],
    except: &[],
    replaces: &[],
    name: None,
    unique_by: &[&["subnetId"]],
    deletable_in_use: true,
    arn: None,
};

#[async_trait]
impl Kind for SubnetRouteTableAssociation {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let found = associations(cloud, "association.route-table-association-id", ids).await?;
        let told: BTreeMap<String, Observed> = found
            .into_iter()
            .filter_map(|association| {
                let observed = Observed {
                    properties: object([
                        ("routeTableId", word(association.route_table_id())),
                        ("subnetId", word(association.subnet_id())),
                    ]),
                    attributes: object([("id", word(association.route_table_association_id()))]),
                };
                Some((association.route_table_association_id?, observed))
            })
            .collect();
        Ok(in_order(ids, &told))
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        let all = route_table::among(cloud, among)
            .await?
            .into_iter()
            .flat_map(|table| table.associations.unwrap_or_default());
        let own = all.filter(|association| is_live(association) && association.subnet_id().is_some());
        Ok(own.filter_map(|association| association.route_table_association_id).collect())
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let (subnet, table) = (text(wanted.properties, "subnetId"), text(wanted.properties, "routeTableId"));
        let found = associations(cloud, "association.subnet-id", subnet.as_slice()).await?;
        let same = |found: &RouteTableAssociation| found.subnet_id == subnet && found.route_table_id == table;
        Ok(found.into_iter().find(same).and_then(|found| found.route_table_association_id))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        let answer = cloud
            .ec2
            .associate_route_table()
            .set_route_table_id(text(wanted.properties, "routeTableId"))
            .set_subnet_id(text(wanted.properties, "subnetId"))
            .send()
            .await
            .map_err(failed("ec2:AssociateRouteTable"))?;
        let id = answer.association_id.ok_or_else(|| unsaid("ec2:AssociateRouteTable", "association's id"))?;
        let attributes = object([("id", word(Some(&id)))]);
        Ok(Created { id, configure: false, accepted: Accepted { attributes, waiting: None } })
    }

    /// Nothing of it can be changed in place.
    async fn update(&self, _cloud: &Cloud, _change: &Update<'_>) -> Result<Accepted, CallError> {
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let answer = cloud.ec2.disassociate_route_table().association_id(target.id).send().await;
        gone_is_fine(answer.map_err(failed("ec2:DisassociateRouteTable")))?;
        Ok(Accepted::default())
    }
}

/// Associations of the tables that a filter finds, but for those that are going or failed.
async fn associations(cloud: &Cloud, by: &str, values: &[String]) -> Result<Vec<RouteTableAssociation>, CallError> {
    let tables = route_table::describe(cloud, by, values).await?;
    let all = tables.into_iter().flat_map(|table| table.associations.unwrap_or_default());
    Ok(all.filter(is_live).collect())
}

fn is_live(association: &RouteTableAssociation) -> bool {
    let state = association.association_state().and_then(|state| state.state());
    !matches!(state, Some(State::Disassociating | State::Disassociated | State::Failed))
}

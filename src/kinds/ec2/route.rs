//! `AWS::EC2::Route`.
//!
//! A route has no identifier and no tags: it is its table's route to a destination. One whose answer was lost is taken
//! for this stack's only when it leads where it is wanted to lead.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Route as Described, RouteOrigin};

use super::properties::{gone_is_fine, in_order, object, parts, refusal, text, word};
use super::route_table;
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::listing::Among;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, Observed, Update};
use crate::model::JsonMap;

/// A route of a table.
#[derive(Debug)]
pub struct Route;

static FACTS: Facts = Facts {
    type_name: "AWS::EC2::Route",
    sends: &["routeTableId", "destinationCidrBlock", "gatewayId", "natGatewayId"],
    except: &[],
    replaces: &[],
    name: None,
    unique_by: &[&["routeTableId", "destinationCidrBlock"]],
    deletable_in_use: true,
    arn: None,
};

/// The properties that say where a route leads.
const TARGETS: [&str; 2] = ["gatewayId", "natGatewayId"];

#[async_trait]
impl Kind for Route {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let tables: Vec<String> = ids.iter().map(|id| parts(id).0.to_owned()).collect();
        let found = route_table::describe(cloud, "route-table-id", &tables).await?;
        let mut told = BTreeMap::new();
        for table in &found {
            let Some(table_id) = table.route_table_id() else { continue };
            told.extend(table.routes().iter().filter_map(|route| {
                let destination = route.destination_cidr_block()?;
                Some((identifier(table_id, destination), tell(table_id, destination, route)))
            }));
        }
        Ok(in_order(ids, &told))
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        let mut ids = Vec::new();
        for table in route_table::among(cloud, among).await? {
            let Some(table_id) = table.route_table_id() else { continue };
            // Local ones come with the table, propagated ones from a virtual private gateway.
            let own = table.routes().iter().filter(|route| route.origin() == Some(&RouteOrigin::CreateRoute));
            ids.extend(own.filter_map(|route| Some(identifier(table_id, route.destination_cidr_block()?))));
        }
        Ok(ids)
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let (table, destination) = place(wanted.properties)?;
        let id = identifier(&table, &destination);
        let found = self.read(cloud, std::slice::from_ref(&id)).await?.into_iter().next().flatten();
        let same = found.is_some_and(|found| leads_the_same_way(wanted.properties, &found.properties));
        Ok(same.then_some(id))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        let properties = wanted.properties;
        let (table, destination) = place(properties)?;
        cloud
            .ec2
            .create_route()
            .route_table_id(&table)
            .destination_cidr_block(&destination)
            .set_gateway_id(text(properties, "gatewayId"))
            .set_nat_gateway_id(text(properties, "natGatewayId"))
            .send()
            .await
            .map_err(failed("ec2:CreateRoute"))?;
        let attributes = attributes(&destination);
        let accepted = Accepted { attributes, waiting: None };
        Ok(Created { id: identifier(&table, &destination), configure: false, accepted })
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        let properties = change.wanted;
        let (table, destination) = parts(change.id);
        cloud
            .ec2
            .replace_route()
            .route_table_id(table)
            .destination_cidr_block(destination)
            .set_gateway_id(text(properties, "gatewayId"))
            .set_nat_gateway_id(text(properties, "natGatewayId"))
            .send()
            .await
            .map_err(failed("ec2:ReplaceRoute"))?;
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let (table, destination) = parts(target.id);
        let request = cloud.ec2.delete_route().route_table_id(table).destination_cidr_block(destination);
        gone_is_fine(request.send().await.map_err(failed("ec2:DeleteRoute")))?;
        Ok(Accepted::default())
    }
}

fn identifier(table: &str, destination: &str) -> String {
    format!("{table}|{destination}")
}

fn attributes(destination: &str) -> JsonMap {
    object([("cidrBlock", word(Some(destination)))])
}

/// The table and the destination.
fn place(properties: &JsonMap) -> Result<(String, String), CallError> {
    let part = |name| {
        let missing = || refusal("ec2:CreateRoute", format!("`{name}` is missing"));
        text(properties, name).ok_or_else(missing)
    };
    Ok((part("routeTableId")?, part("destinationCidrBlock")?))
}

fn leads_the_same_way(wanted: &JsonMap, there: &JsonMap) -> bool {
    TARGETS.iter().all(|target| text(wanted, target) == text(there, target))
}

fn tell(table: &str, destination: &str, route: &Described) -> Observed {
    Observed {
        properties: object([
            ("routeTableId", word(Some(table))),
            ("destinationCidrBlock", word(Some(destination))),
            ("gatewayId", word(route.gateway_id())),
            ("natGatewayId", word(route.nat_gateway_id())),
        ]),
        attributes: attributes(destination),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_identified_by_table_and_destination() {
        let properties = json!({ "routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1" });
        let (table, destination) = place(properties.as_object().expect("an object")).expect("both");
        assert_eq!(identifier(&table, &destination), "rtb-1|0.0.0.0/0");
        assert_eq!(parts("rtb-1|0.0.0.0/0"), ("rtb-1", "0.0.0.0/0"));
    }
}

//! `AWS::EC2::NatGateway`.
//!
//! Making and deleting take minutes, and failing is a state, not an error. EC2 goes on listing what is deleted or has
//! failed for about an hour; here both are gone.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    ConnectivityType, Filter, NatGateway as Described, NatGatewayAddress, NatGatewayState as State, ResourceType,
};

use super::filters::{self, TOKEN, chunks};
use super::properties::{gone_is_fine, in_order, object, text, unsaid, word};
use super::tags;
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::listing::Among;
use crate::kinds::visible;
use crate::kinds::{Accepted, Action, Create, Created, Delete, Facts, Kind, Observed, Poll, Progress, Update};
use crate::model::JsonMap;

/// A NAT gateway in one zone.
#[derive(Debug)]
pub struct NatGateway;

static FACTS: Facts = Facts {
    type_name: "AWS::EC2::NatGateway",
    sends: &["allocationId", "subnetId", "connectivityType", "privateIpAddress", "tags"],
    except: &[],
    replaces: &[],
    name: None,
    unique_by: &[&["allocationId"]],
    // Routes to it stay, and lead nowhere.
    deletable_in_use: true,
    arn: None,
};

/// Between two looks: a gateway takes a minute or two.
const AGAIN: Duration = Duration::from_secs(5);

#[async_trait]
impl Kind for NatGateway {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let found = describe(cloud, "nat-gateway-id", ids).await?;
        let live = found.into_iter().filter(|gateway| !is_gone(gateway));
        let told = live.filter_map(|gateway| Some((gateway.nat_gateway_id.clone()?, tell(&gateway))));
        Ok(in_order(ids, &told.collect()))
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        let mut ids = Vec::new();
        for filters in filters::among(among, &[("AWS::EC2::VPC", "vpc-id")]) {
            let live = filtered(cloud, filters).await?.into_iter().filter(|gateway| !is_gone(gateway));
            ids.extend(live.filter_map(|gateway| gateway.nat_gateway_id));
        }
        Ok(ids)
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let found = describe(cloud, TOKEN, &[wanted.token.to_owned()]).await?;
        let live = found.into_iter().filter(|gateway| !is_gone(gateway));
        Ok(live.filter_map(|gateway| gateway.nat_gateway_id).next())
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        let properties = wanted.properties;
        let answer = cloud
            .ec2
            .create_nat_gateway()
            .set_allocation_id(text(properties, "allocationId"))
            .set_subnet_id(text(properties, "subnetId"))
            .set_connectivity_type(text(properties, "connectivityType").map(|of| ConnectivityType::from(of.as_str())))
            .set_private_ip_address(text(properties, "privateIpAddress"))
            .client_token(wanted.token)
            .set_tag_specifications(tags::specification(ResourceType::Natgateway, properties))
            .send()
            .await
            .map_err(failed("ec2:CreateNatGateway"))?;
        let id = answer.nat_gateway.and_then(|gateway| gateway.nat_gateway_id);
        let id = id.ok_or_else(|| unsaid("ec2:CreateNatGateway", "gateway's id"))?;
        let attributes = object([("natGatewayId", word(Some(&id)))]);
        let accepted = Accepted { attributes, waiting: Some(JsonMap::new()) };
        Ok(Created { id, configure: false, accepted })
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        if change.changes("tags") {
            tags::update(cloud, change.id, change).await?;
        }
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let answer = cloud.ec2.delete_nat_gateway().nat_gateway_id(target.id).send().await;
        gone_is_fine(answer.map_err(failed("ec2:DeleteNatGateway")))?;
        Ok(Accepted { attributes: JsonMap::new(), waiting: Some(JsonMap::new()) })
    }

    async fn poll(&self, cloud: &Cloud, question: &mut Poll<'_>) -> Result<Progress, CallError> {
        let found = describe(cloud, "nat-gateway-id", &[question.id.to_owned()]).await?;
        Ok(progress(found.first(), question))
    }
}

pub(super) async fn describe(cloud: &Cloud, by: &str, values: &[String]) -> Result<Vec<Described>, CallError> {
    let mut found = Vec::new();
    for filter in chunks(by, values) {
        found.extend(filtered(cloud, vec![filter]).await?);
    }
    Ok(found)
}

/// What these filters let through together; everything when there are none.
async fn filtered(cloud: &Cloud, filters: Vec<Filter>) -> Result<Vec<Described>, CallError> {
    let pages = cloud.ec2.describe_nat_gateways().set_filter(Some(filters)).into_paginator().items().send();
    pages.collect::<Result<Vec<_>, _>>().await.map_err(failed("ec2:DescribeNatGateways"))
}

fn is_gone(gateway: &Described) -> bool {
    matches!(gateway.state(), Some(State::Deleted | State::Failed))
}

fn tell(gateway: &Described) -> Observed {
    let addresses = gateway.nat_gateway_addresses();
    let primary = addresses.iter().find(|address| address.is_primary() == Some(true)).or(addresses.first());
    Observed {
        properties: object([
            ("allocationId", word(primary.and_then(NatGatewayAddress::allocation_id))),
            ("subnetId", word(gateway.subnet_id())),
            // Gateways made before there were private ones do not say.
            ("connectivityType", word(Some(gateway.connectivity_type().map_or("public", ConnectivityType::as_str)))),
            ("privateIpAddress", word(primary.and_then(NatGatewayAddress::private_ip))),
            ("tags", Some(tags::observed(gateway.tags()))),
        ]),
        attributes: object([
            ("natGatewayId", word(gateway.nat_gateway_id())),
            ("eniId", word(primary.and_then(NatGatewayAddress::network_interface_id))),
            ("routeTableId", word(gateway.route_table_id())),
            ("autoProvisionZones", word(gateway.auto_provision_zones().map(|state| state.as_str()))),
            ("autoScalingIps", word(gateway.auto_scaling_ips().map(|state| state.as_str()))),
        ]),
    }
}

fn progress(gateway: Option<&Described>, question: &mut Poll<'_>) -> Progress {
    let state = gateway.and_then(|gateway| gateway.state());
    let waiting =
        |state: &State| Progress::Pending { summary: state.as_str().to_owned(), news: Vec::new(), again_in: AGAIN };
    match (question.action, gateway, state) {
        (Action::Delete, None, _) | (Action::Delete, _, Some(State::Deleted | State::Failed)) => {
            Progress::Ready(JsonMap::new())
        }
        (Action::Delete, Some(_), state) => waiting(state.unwrap_or(&State::Deleting)),
        (_, None, _) => visible::unseen(question),
        (_, Some(gateway), Some(State::Available)) => Progress::Ready(tell(gateway).attributes),
        (_, Some(gateway), Some(State::Failed)) => failure(gateway),
        (_, Some(_), Some(State::Deleting | State::Deleted)) => Progress::Failed {
            reason: "something deleted it before it was available".to_owned(),
            help: "run again, and it is made anew".to_owned(),
        },
        (_, Some(_), state) => waiting(state.unwrap_or(&State::Pending)),
    }
}

/// Why a gateway has failed, and the way out. Codes: the EC2 API's documentation of `NatGateway`.
fn failure(gateway: &Described) -> Progress {
    let code = gateway.failure_code().unwrap_or("failed");
    let help = match code {
        "InsufficientFreeAddressesInSubnet" => "the subnet has no address left: take another, or a larger one",
        "Gateway.NotAttached" => {
            "the VPC has no internet gateway yet: let the NAT gateway depend on its attachment (`dependsOn`)"
        }
        "InvalidAllocationID.NotFound" => "the elastic IP address is gone: run again, and what is missing is made anew",
        "Resource.AlreadyAssociated" => "the elastic IP address is in use: give this gateway one of its own",
        "InvalidSubnetID.NotFound" => "the subnet is gone: run again, and what is missing is made anew",
        _ => "run again, and it is made anew",
    };
    let reason = match gateway.failure_message() {
        Some(message) => format!("{code}: {message}"),
        None => code.to_owned(),
    };
    Progress::Failed { reason, help: help.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(state: State) -> Described {
        let address = |allocation: &str, primary| {
            NatGatewayAddress::builder()
                .allocation_id(allocation)
                .network_interface_id(format!("eni-of-{allocation}"))
                .is_primary(primary)
                .build()
        };
        Described::builder()
            .nat_gateway_id("nat-1")
            .state(state)
            .nat_gateway_addresses(address("eipalloc-2", false))
            .nat_gateway_addresses(address("eipalloc-1", true))
            .build()
    }

    fn ask(action: Action, gateway: Option<&Described>) -> Progress {
        let (mut waiting, empty) = (JsonMap::new(), JsonMap::new());
        let mut question = Poll { id: "nat-1", action, waiting: &mut waiting, attributes: &empty, wanted: &empty };
        progress(gateway, &mut question)
    }

    #[test]
    fn it_is_ready_when_available_and_gone_when_deleted() {
        let Progress::Ready(attributes) = ask(Action::Create, Some(&gateway(State::Available))) else {
            panic!("it is available");
        };
        assert_eq!(attributes["eniId"], "eni-of-eipalloc-1");
        assert!(matches!(ask(Action::Create, Some(&gateway(State::Pending))), Progress::Pending { .. }));
        assert!(matches!(ask(Action::Create, None), Progress::Pending { .. }));
        assert!(matches!(ask(Action::Create, Some(&gateway(State::Deleted))), Progress::Failed { .. }));
        assert!(matches!(ask(Action::Delete, Some(&gateway(State::Deleting))), Progress::Pending { .. }));
        assert!(matches!(ask(Action::Delete, Some(&gateway(State::Deleted))), Progress::Ready(_)));
        assert!(matches!(ask(Action::Delete, None), Progress::Ready(_)));
    }

    #[test]
    fn a_failure_tells_its_cause_and_the_way_out() {
        let mut failed = gateway(State::Failed);
        failed.failure_code = Some("Gateway.NotAttached".to_owned());
        failed.failure_message = Some("Network vpc-1 has no Internet gateway attached".to_owned());
        let Progress::Failed { reason, help } = ask(Action::Create, Some(&failed)) else { panic!("it failed") };
        assert_eq!(reason, "Gateway.NotAttached: Network vpc-1 has no Internet gateway attached");
        assert!(help.contains("dependsOn"), "{help}");
    }
}

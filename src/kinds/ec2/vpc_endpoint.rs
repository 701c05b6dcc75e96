//! `AWS::EC2::VPCEndpoint`: a service of AWS reached without the internet, by a gateway in route tables or by interfaces in
//! subnets.
//!
//! What EC2 answers when none is declared, a policy that lets everything through, is no difference. Private DNS is off
//! unless declared, as in CloudFormation; the call alone would turn it on.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    DnsOptionsSpecification, DnsRecordIpType, Filter, ResourceType, SecurityGroupIdentifier, VpcEndpoint as Described,
    VpcEndpointType,
};
use serde_json::json;

use super::filters::{self, TOKEN, chunks};
use super::properties::{flag, in_order, object, text, unsaid, word};
use super::tags;
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::listing::Among;
use crate::kinds::visible;
use crate::kinds::{Accepted, Action, Create, Created, Delete, Facts, Kind, Observed, Poll, Progress, Update};
use crate::model::{Json, JsonMap};

/// A VPC endpoint.
#[derive(Debug)]
pub struct VpcEndpoint;

static FACTS: Facts = Facts {
    type_name: "AWS::EC2::VPCEndpoint",
    sends: &[
        "dnsOptions",
        "policyDocument",
        "privateDnsEnabled",
        "routeTableIds",
        "securityGroupIds",
        "serviceName",
        "subnetIds",
        "tags",
        "vpcEndpointType",
        "vpcId",
    ],
    except: &[
        "dnsOptions/privateDnsOnlyForInboundResolverEndpoint",
        "dnsOptions/privateDnsPreference",
        "dnsOptions/privateDnsSpecifiedDomains",
    ],
    replaces: &[],
    name: None,
    // A VPC has a service's name once, and a route table leads to it once.
    unique_by: &[&["serviceName", "vpcId"]],
    deletable_in_use: true,
    arn: None,
};

/// Between two looks: one with interfaces takes a minute or two.
const AGAIN: Duration = Duration::from_secs(5);

#[async_trait]
impl Kind for VpcEndpoint {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let found = describe(cloud, "vpc-endpoint-id", ids).await?;
        let live = found.into_iter().filter(|endpoint| !is_gone(endpoint));
        let told = live.filter_map(|endpoint| Some((endpoint.vpc_endpoint_id.clone()?, tell(&endpoint))));
        Ok(in_order(ids, &told.collect()))
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        let mut ids = Vec::new();
        for filters in filters::among(among, &[("AWS::EC2::VPC", "vpc-id")]) {
            let found = filtered(cloud, filters).await?.into_iter().filter(|one| !is_gone(one));
            // Other services make and keep endpoints of their own.
            let own = found.filter(|one| one.requester_managed() != Some(true));
            ids.extend(own.filter_map(|endpoint| endpoint.vpc_endpoint_id));
        }
        Ok(ids)
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let found = describe(cloud, TOKEN, &[wanted.token.to_owned()]).await?;
        let live = found.into_iter().filter(|endpoint| !is_gone(endpoint));
        Ok(live.filter_map(|endpoint| endpoint.vpc_endpoint_id).next())
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        let properties = wanted.properties;
        let form = text(properties, "vpcEndpointType").map(|form| VpcEndpointType::from(form.as_str()));
        let with_interfaces = form == Some(VpcEndpointType::Interface);
        let list = |name| Some(texts(properties, name)).filter(|texts| !texts.is_empty());
        let answer = cloud
            .ec2
            .create_vpc_endpoint()
            .client_token(wanted.token)
            .set_dns_options(records(properties).map(dns_options))
            .set_policy_document(policy(properties))
            .set_private_dns_enabled(with_interfaces.then(|| flag(properties, "privateDnsEnabled").unwrap_or(false)))
            .set_route_table_ids(list("routeTableIds"))
            .set_security_group_ids(list("securityGroupIds"))
            .set_service_name(text(properties, "serviceName"))
            .set_subnet_ids(list("subnetIds"))
            .set_tag_specifications(tags::specification(ResourceType::VpcEndpoint, properties))
            .set_vpc_endpoint_type(form)
            .set_vpc_id(text(properties, "vpcId"))
            .send()
            .await
            .map_err(failed("ec2:CreateVpcEndpoint"))?;
        let endpoint = answer.vpc_endpoint.ok_or_else(|| unsaid("ec2:CreateVpcEndpoint", "endpoint"))?;
        let id = endpoint.vpc_endpoint_id.clone();
        let id = id.ok_or_else(|| unsaid("ec2:CreateVpcEndpoint", "endpoint's id"))?;
        let accepted = Accepted { attributes: tell(&endpoint).attributes, waiting: Some(JsonMap::new()) };
        Ok(Created { id, configure: false, accepted })
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        let mut waiting = None;
        if FACTS.sends.iter().any(|name| *name != "tags" && change.changes(name)) {
            modify(cloud, change).await?;
            waiting = Some(JsonMap::new());
        }
        if change.changes("tags") {
            tags::update(cloud, change.id, change).await?;
        }
        Ok(Accepted { attributes: JsonMap::new(), waiting })
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        const ACTION: &str = "ec2:DeleteVpcEndpoints";
        let answer = cloud.ec2.delete_vpc_endpoints().vpc_endpoint_ids(target.id).send().await;
        for failure in answer.map_err(failed(ACTION))?.unsuccessful() {
            let error = failure.error();
            let code = error.and_then(|error| error.code()).unwrap_or_default();
            let error = CallError::new(ACTION, code, error.and_then(|error| error.message()).unwrap_or_default());
            if !error.is_not_found() {
                return Err(error);
            }
        }
        Ok(Accepted { attributes: JsonMap::new(), waiting: Some(JsonMap::new()) })
    }

    async fn poll(&self, cloud: &Cloud, question: &mut Poll<'_>) -> Result<Progress, CallError> {
        let found = describe(cloud, "vpc-endpoint-id", &[question.id.to_owned()]).await?;
        Ok(progress(found.first(), question))
    }
}

async fn describe(cloud: &Cloud, by: &str, values: &[String]) -> Result<Vec<Described>, CallError> {
    let mut found = Vec::new();
    for filter in chunks(by, values) {
        found.extend(filtered(cloud, vec![filter]).await?);
    }
    Ok(found)
}

/// What these filters let through together; everything when there are none.
async fn filtered(cloud: &Cloud, filters: Vec<Filter>) -> Result<Vec<Described>, CallError> {
    let pages = cloud.ec2.describe_vpc_endpoints().set_filters(Some(filters)).into_paginator().items().send();
    pages.collect::<Result<Vec<_>, _>>().await.map_err(failed("ec2:DescribeVpcEndpoints"))
}

/// The state in lower case: the model and the service do not agree on it.
fn state(endpoint: &Described) -> String {
    endpoint.state().map(|state| state.as_str().to_ascii_lowercase()).unwrap_or_default()
}

fn is_gone(endpoint: &Described) -> bool {
    matches!(state(endpoint).as_str(), "deleting" | "deleted" | "failed" | "rejected" | "expired")
}

fn tell(endpoint: &Described) -> Observed {
    let records = endpoint.dns_options().and_then(|options| options.dns_record_ip_type());
    let policy = endpoint.policy_document().map(|text| serde_json::from_str(text).unwrap_or_else(|_| json!(text)));
    let groups = endpoint.groups().iter().filter_map(SecurityGroupIdentifier::group_id);
    let entries = endpoint.dns_entries().iter().map(|entry| {
        // As CloudFormation tells them.
        format!("{}:{}", entry.hosted_zone_id().unwrap_or_default(), entry.dns_name().unwrap_or_default())
    });
    Observed {
        properties: object([
            ("dnsOptions", records.map(|records| json!({ "dnsRecordIpType": records.as_str() }))),
            ("policyDocument", policy),
            ("privateDnsEnabled", endpoint.private_dns_enabled().map(Json::Bool)),
            ("routeTableIds", Some(json!(endpoint.route_table_ids()))),
            ("securityGroupIds", Some(groups.collect())),
            ("serviceName", word(endpoint.service_name())),
            ("subnetIds", Some(json!(endpoint.subnet_ids()))),
            ("tags", Some(tags::observed(endpoint.tags()))),
            ("vpcEndpointType", word(endpoint.vpc_endpoint_type().map(VpcEndpointType::as_str))),
            ("vpcId", word(endpoint.vpc_id())),
        ]),
        attributes: object([
            ("id", word(endpoint.vpc_endpoint_id())),
            ("creationTimestamp", endpoint.creation_timestamp().map(|time| json!(time.to_string()))),
            ("dnsEntries", Some(entries.collect())),
            ("networkInterfaceIds", Some(json!(endpoint.network_interface_ids()))),
        ]),
    }
}

fn progress(found: Option<&Described>, question: &mut Poll<'_>) -> Progress {
    let deleting = question.action == Action::Delete;
    let state = found.map(state).unwrap_or_default();
    let failed = |help: &str| Progress::Failed {
        reason: match found.and_then(Described::last_error).and_then(|error| error.message()) {
            Some(message) => format!("the endpoint is {state}: {message}"),
            None => format!("the endpoint is {state}"),
        },
        help: help.to_owned(),
    };
    match (found, state.as_str()) {
        (None, _) if deleting => Progress::Ready(JsonMap::new()),
        (None, _) => visible::unseen(question),
        (_, "deleted") if deleting => Progress::Ready(JsonMap::new()),
        (Some(endpoint), "available") if !deleting => Progress::Ready(tell(endpoint).attributes),
        (_, "failed" | "rejected" | "expired" | "deleting" | "deleted") if !deleting => {
            failed("run again: it will be made anew")
        }
        (_, "pendingacceptance") if !deleting => failed("the owner of the service has to accept it: run again then"),
        _ => Progress::Pending { summary: state, news: Vec::new(), again_in: AGAIN },
    }
}

/// The texts of a list.
fn texts(map: &JsonMap, name: &str) -> Vec<String> {
    let items = map.get(name).and_then(Json::as_array).into_iter().flatten();
    items.filter_map(Json::as_str).map(str::to_owned).collect()
}

fn policy(properties: &JsonMap) -> Option<String> {
    match properties.get("policyDocument")? {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        document => Some(document.to_string()),
    }
}

fn records(properties: &JsonMap) -> Option<String> {
    text(properties.get("dnsOptions")?.as_object()?, "dnsRecordIpType")
}

fn dns_options(records: String) -> DnsOptionsSpecification {
    DnsOptionsSpecification::builder().dns_record_ip_type(DnsRecordIpType::from(records.as_str())).build()
}

/// What a list needs to become another: what to add, and what to take away.
fn moves(wanted: &JsonMap, observed: &JsonMap, name: &str) -> (Option<Vec<String>>, Option<Vec<String>>) {
    let set = |map| -> BTreeSet<String> { texts(map, name).into_iter().collect() };
    let (wanted, there) = (set(wanted), set(observed));
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
        let only: Vec<String> = one.difference(other).cloned().collect();
        (!only.is_empty()).then_some(only)
    };
    (only(&wanted, &there), only(&there, &wanted))
}

async fn modify(cloud: &Cloud, change: &Update<'_>) -> Result<(), CallError> {
    let Update { wanted, observed, .. } = *change;
    let mut call = cloud.ec2.modify_vpc_endpoint().vpc_endpoint_id(change.id);
    if change.changes("policyDocument") {
        let policy = policy(wanted);
        call = call.set_reset_policy(policy.is_none().then_some(true)).set_policy_document(policy);
    }
    if change.changes("privateDnsEnabled") {
        call = call.private_dns_enabled(flag(wanted, "privateDnsEnabled").unwrap_or(false));
    }
    if change.changes("dnsOptions") {
        call = call.dns_options(dns_options(records(wanted).unwrap_or_else(|| "ipv4".to_owned())));
    }
    if change.changes("routeTableIds") {
        let (add, remove) = moves(wanted, observed, "routeTableIds");
        call = call.set_add_route_table_ids(add).set_remove_route_table_ids(remove);
    }
    if change.changes("subnetIds") {
        let (add, remove) = moves(wanted, observed, "subnetIds");
        call = call.set_add_subnet_ids(add).set_remove_subnet_ids(remove);
    }
    if change.changes("securityGroupIds") {
        let (add, remove) = moves(wanted, observed, "securityGroupIds");
        // Without any declared those it has stay: an interface cannot be without.
        if add.is_some() || wanted.contains_key("securityGroupIds") {
            call = call.set_add_security_group_ids(add).set_remove_security_group_ids(remove);
        }
    }
    call.send().await.map(drop).map_err(failed("ec2:ModifyVpcEndpoint"))
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{LastError, State};

    use super::*;

    fn in_state(state: &str) -> Described {
        Described::builder().vpc_endpoint_id("vpce-1").state(State::from(state)).build()
    }

    fn asked(action: Action, found: Option<&Described>) -> Progress {
        let (mut waiting, none) = (JsonMap::new(), JsonMap::new());
        progress(found, &mut Poll { id: "vpce-1", action, waiting: &mut waiting, attributes: &none, wanted: &none })
    }

    #[test]
    fn states_are_understood_in_either_case() {
        for ready in ["available", "Available"] {
            assert!(
                matches!(asked(Action::Create, Some(&in_state(ready))), Progress::Ready(told) if told["id"] == "vpce-1")
            );
        }
        assert!(matches!(asked(Action::Create, Some(&in_state("Pending"))), Progress::Pending { .. }));
        assert!(matches!(asked(Action::Delete, Some(&in_state("deleting"))), Progress::Pending { .. }));
        assert_eq!(asked(Action::Delete, None), Progress::Ready(JsonMap::new()));
        assert!(is_gone(&in_state("Failed")) && !is_gone(&in_state("pending")));
    }

    #[test]
    fn a_failure_says_why() {
        let why = LastError::builder().message("no address is left").build();
        let failed = Described::builder().state(State::Failed).last_error(why).build();
        let Progress::Failed { reason, .. } = asked(Action::Create, Some(&failed)) else { panic!("it has failed") };
        assert_eq!(reason, "the endpoint is failed: no address is left");
        assert!(matches!(asked(Action::Create, Some(&in_state("pendingAcceptance"))), Progress::Failed { .. }));
    }

    #[test]
    fn lists_become_others_by_what_comes_and_what_goes() {
        let map = |subnets: Json| JsonMap::from_iter([("subnetIds".to_owned(), subnets)]);
        let (add, remove) = moves(&map(json!(["a", "b"])), &map(json!(["b", "c"])), "subnetIds");
        assert_eq!((add, remove), (Some(vec!["a".to_owned()]), Some(vec!["c".to_owned()])));
        assert_eq!(moves(&map(json!(["a"])), &map(json!(["a"])), "subnetIds"), (None, None));
    }
}

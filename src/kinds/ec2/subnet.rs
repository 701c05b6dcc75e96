//! `AWS::EC2::Subnet`.
//!
//! Creation cannot set what instances and tasks get when they start in it; `configure` does, one attribute a call, as
//! AWS asks for.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{AttributeBooleanValue, Filter, HostnameType, ResourceType, Subnet as Described, SubnetState};
use serde_json::json;

use super::filters::{self, TOKEN, chunks};
use super::properties::{flag, gone_is_fine, in_order, object, text, unsaid, word};
use super::tags;
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::listing::Among;
use crate::kinds::visible;
use crate::kinds::{Accepted, Action, Create, Created, Delete, Facts, Kind, Observed, Poll, Progress, Update};
use crate::model::{Json, JsonMap};

/// A subnet.
#[derive(Debug)]
pub struct Subnet;

static FACTS: Facts = Facts {
    type_name: "AWS::EC2::Subnet",
    sends: &["vpcId", "cidrBlock", "availabilityZone", "mapPublicIpOnLaunch", NAMES, "tags"],
    except: &[],
    replaces: &[],
    name: None,
    // AWS refuses any overlap (`InvalidSubnet.Conflict`); this is the overlap that a replacement always has.
    unique_by: &[&["vpcId", "cidrBlock"]],
    deletable_in_use: false,
    arn: None,
};

const NAMES: &str = "privateDnsNameOptionsOnLaunch";

/// One attribute and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Attribute {
    PublicIp(bool),
    HostnameType(String),
    ARecord(bool),
    AaaaRecord(bool),
}

#[async_trait]
impl Kind for Subnet {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let found = describe(cloud, "subnet-id", ids).await?;
        Ok(in_order(ids, &observe(cloud, found).await?))
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        let mut ids = Vec::new();
        for filters in filters::among(among, &[("AWS::EC2::VPC", "vpc-id")]) {
            let found = filtered(cloud, filters).await?.into_iter();
            ids.extend(found.filter(|one| one.default_for_az() != Some(true)).filter_map(|one| one.subnet_id));
        }
        Ok(ids)
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let found = describe(cloud, TOKEN, &[wanted.token.to_owned()]).await?;
        Ok(found.into_iter().find_map(|subnet| subnet.subnet_id))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        let properties = wanted.properties;
        let answer = cloud
            .ec2
            .create_subnet()
            .set_vpc_id(text(properties, "vpcId"))
            .set_cidr_block(text(properties, "cidrBlock"))
            .set_availability_zone(text(properties, "availabilityZone"))
            .set_tag_specifications(tags::specification(ResourceType::Subnet, properties))
            .send()
            .await
            .map_err(failed("ec2:CreateSubnet"))?;
        let subnet = answer.subnet.ok_or_else(|| unsaid("ec2:CreateSubnet", "subnet"))?;
        let id = subnet.subnet_id.clone().ok_or_else(|| unsaid("ec2:CreateSubnet", "subnet's id"))?;
        let accepted = Accepted { attributes: tell(&subnet, None).attributes, waiting: Some(JsonMap::new()) };
        Ok(Created { id, configure: !launch_calls(properties, &JsonMap::new(), &new()).is_empty(), accepted })
    }

    async fn configure(&self, cloud: &Cloud, id: &str, wanted: &Create<'_>) -> Result<(), CallError> {
        set(cloud, id, launch_calls(wanted.properties, &JsonMap::new(), &new())).await
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        if change.changes("mapPublicIpOnLaunch") || change.changes(NAMES) {
            set(cloud, change.id, launch_calls(change.wanted, change.prior, change.observed)).await?;
        }
        if change.changes("tags") {
            tags::update(cloud, change.id, change).await?;
        }
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let answer = cloud.ec2.delete_subnet().subnet_id(target.id).send().await;
        gone_is_fine(answer.map_err(failed("ec2:DeleteSubnet")))?;
        Ok(Accepted::default())
    }

    async fn poll(&self, cloud: &Cloud, question: &mut Poll<'_>) -> Result<Progress, CallError> {
        if question.action == Action::Delete {
            return Ok(Progress::Ready(JsonMap::new()));
        }
        let found = describe(cloud, "subnet-id", &[question.id.to_owned()]).await?;
        if found.iter().any(|subnet| subnet.state() == Some(&SubnetState::Pending)) {
            return Ok(visible::pending("pending"));
        }
        let mut observed = observe(cloud, found).await?;
        Ok(match observed.remove(question.id) {
            Some(observed) => Progress::Ready(observed.attributes),
            None => visible::unseen(question),
        })
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
    let pages = cloud.ec2.describe_subnets().set_filters(Some(filters)).into_paginator().items().send();
    pages.collect::<Result<Vec<_>, _>>().await.map_err(failed("ec2:DescribeSubnets"))
}

async fn observe(cloud: &Cloud, found: Vec<Described>) -> Result<BTreeMap<String, Observed>, CallError> {
    let ids: Vec<String> = found.iter().filter_map(|subnet| subnet.subnet_id.clone()).collect();
    let lists = list_associations(cloud, &ids).await?;
    let told = found.into_iter().filter_map(|subnet| {
        let id = subnet.subnet_id.clone()?;
        let observed = tell(&subnet, lists.get(&id).map(String::as_str));
        Some((id, observed))
    });
    Ok(told.collect())
}

/// The association of each subnet with its network access control list.
async fn list_associations(cloud: &Cloud, subnets: &[String]) -> Result<BTreeMap<String, String>, CallError> {
    let mut associations = BTreeMap::new();
    for subnets in chunks("association.subnet-id", subnets) {
        let pages = cloud.ec2.describe_network_acls().filters(subnets).into_paginator().items().send();
        let found = pages.collect::<Result<Vec<_>, _>>().await.map_err(failed("ec2:DescribeNetworkAcls"))?;
        let all = found.into_iter().flat_map(|list| list.associations.unwrap_or_default());
        associations.extend(all.filter_map(|one| Some((one.subnet_id?, one.network_acl_association_id?))));
    }
    Ok(associations)
}

fn tell(subnet: &Described, list_association: Option<&str>) -> Observed {
    let names = subnet.private_dns_name_options_on_launch().map(|names| {
        Json::Object(object([
            ("hostnameType", word(names.hostname_type().map(HostnameType::as_str))),
            ("enableResourceNameDnsARecord", names.enable_resource_name_dns_a_record().map(Json::from)),
            ("enableResourceNameDnsAAAARecord", names.enable_resource_name_dns_aaaa_record().map(Json::from)),
        ]))
    });
    let blocking = subnet.block_public_access_states().and_then(|states| {
        let mode = states.internet_gateway_block_mode()?;
        Some(json!({ "internetGatewayBlockMode": mode.as_str() }))
    });
    let ipv6: Vec<&str> =
        subnet.ipv6_cidr_block_association_set().iter().filter_map(|range| range.ipv6_cidr_block()).collect();
    Observed {
        properties: object([
            ("vpcId", word(subnet.vpc_id())),
            ("cidrBlock", word(subnet.cidr_block())),
            ("availabilityZone", word(subnet.availability_zone())),
            ("mapPublicIpOnLaunch", Some(json!(subnet.map_public_ip_on_launch().unwrap_or_default()))),
            (NAMES, names),
            ("tags", Some(tags::observed(subnet.tags()))),
        ]),
        attributes: object([
            ("subnetId", word(subnet.subnet_id())),
            ("availabilityZone", word(subnet.availability_zone())),
            ("networkAclAssociationId", word(list_association)),
            ("ipv6CidrBlocks", Some(json!(ipv6))),
            ("blockPublicAccessStates", blocking),
        ]),
    }
}

/// What a new subnet has.
fn new() -> JsonMap {
    object([
        ("mapPublicIpOnLaunch", Some(json!(false))),
        (
            NAMES,
            Some(json!({
                "hostnameType": "ip-name",
                "enableResourceNameDnsARecord": false,
                "enableResourceNameDnsAAAARecord": false,
            })),
        ),
    ])
}

/// The attributes to set. What the last run asked for and this one does not goes back to what a new subnet has.
fn launch_calls(wanted: &JsonMap, prior: &JsonMap, there: &JsonMap) -> Vec<Attribute> {
    let (wanted, prior, there) = (attributes(wanted), attributes(prior), attributes(there));
    let new = attributes(&new());
    let aims = wanted.into_iter().zip(prior).zip(there).zip(new).map(|(((wanted, prior), there), new)| {
        let aim = wanted.or(if prior.is_some() { new.clone() } else { None });
        aim.filter(|aim| Some(aim) != there.or(new).as_ref())
    });
    aims.flatten().collect()
}

/// The attributes in properties, in the order of [`Attribute`].
fn attributes(properties: &JsonMap) -> [Option<Attribute>; 4] {
    let none = JsonMap::new();
    let names = properties.get(NAMES).and_then(Json::as_object).unwrap_or(&none);
    [
        flag(properties, "mapPublicIpOnLaunch").map(Attribute::PublicIp),
        text(names, "hostnameType").map(Attribute::HostnameType),
        flag(names, "enableResourceNameDnsARecord").map(Attribute::ARecord),
        flag(names, "enableResourceNameDnsAAAARecord").map(Attribute::AaaaRecord),
    ]
}

async fn set(cloud: &Cloud, id: &str, attributes: Vec<Attribute>) -> Result<(), CallError> {
    let value = |value| AttributeBooleanValue::builder().value(value).build();
    for attribute in attributes {
        let request = cloud.ec2.modify_subnet_attribute().subnet_id(id);
        let request = match attribute {
            Attribute::PublicIp(on) => request.map_public_ip_on_launch(value(on)),
            Attribute::HostnameType(of) => request.private_dns_hostname_type_on_launch(HostnameType::from(of.as_str())),
            Attribute::ARecord(on) => request.enable_resource_name_dns_a_record_on_launch(value(on)),
            Attribute::AaaaRecord(on) => request.enable_resource_name_dns_aaaa_record_on_launch(value(on)),
        };
        request.send().await.map_err(failed("ec2:ModifySubnetAttribute"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(wanted: Json, prior: Json, there: &JsonMap) -> Vec<Attribute> {
        let map = |json: Json| json.as_object().cloned().expect("an object");
        launch_calls(&map(wanted), &map(prior), there)
    }

    #[test]
    fn a_new_subnet_is_told_only_what_it_has_not() {
        let wanted = json!({
            "mapPublicIpOnLaunch": true,
            NAMES: { "hostnameType": "ip-name", "enableResourceNameDnsARecord": true },
        });
        let expected = [Attribute::PublicIp(true), Attribute::ARecord(true)];
        assert_eq!(calls(wanted, json!({}), &new()), expected);
        assert_eq!(calls(json!({ "mapPublicIpOnLaunch": false }), json!({}), &new()), []);
    }

    #[test]
    fn what_is_no_longer_asked_for_goes_back() {
        let there = json!({ "mapPublicIpOnLaunch": true, NAMES: { "hostnameType": "resource-name" } });
        let there = there.as_object().expect("an object");
        let expected = [Attribute::PublicIp(false), Attribute::HostnameType("ip-name".to_owned())];
        assert_eq!(calls(json!({}), Json::Object(there.clone()), there), expected);
        assert_eq!(calls(json!({}), json!({}), there), []);
    }
}

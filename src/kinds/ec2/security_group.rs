//! `AWS::EC2::SecurityGroup`, with the rules declared in it.
//!
//! Creation takes no rules and adds one of its own, which lets everything out. Rules are a set for each direction that
//! is declared: what is missing is authorized, then what is too many revoked. A direction that is not declared is left
//! alone, for rules that are resources of their own.

use async_trait::async_trait;
use aws_sdk_ec2::types::{Filter, IpPermission, ResourceType, SecurityGroup as Described};

use super::filters::{self, TOKEN, chunks};
use super::properties::{gone_is_fine, in_order, object, refusal, text, unsaid, word};
use super::rules::{Direction, Rule, changes, declared, undeclared};
use super::{rule_calls, tags};
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::listing::Among;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, NameRule, Observed, Update};
use crate::model::{Json, JsonMap};

/// A security group.
#[derive(Debug)]
pub struct SecurityGroup;

static FACTS: Facts = Facts {
    type_name: "AWS::EC2::SecurityGroup",
    sends: &["groupName", "groupDescription", "vpcId", "securityGroupIngress", "securityGroupEgress", "tags"],
    // AWS takes names of groups in default VPCs only, and never tells them.
    except: &["securityGroupIngress/*/sourceSecurityGroupName"],
    replaces: &[],
    name: Some(NameRule { property: "groupName", max: 255 }),
    unique_by: &[&["groupName", "vpcId"]],
    deletable_in_use: false,
    arn: None,
};

/// The name of the group that every VPC has and nobody can delete.
const DEFAULT: &str = "default";

#[async_trait]
impl Kind for SecurityGroup {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let found = describe(cloud, "group-id", ids).await?;
        let told = found.into_iter().filter_map(|group| {
            let observed = tell(&group);
            Some((group.group_id?, observed))
        });
        Ok(in_order(ids, &told.collect()))
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        let mut ids = Vec::new();
        for filters in filters::among(among, &[("AWS::EC2::VPC", "vpc-id")]) {
            let found = filtered(cloud, filters).await?.into_iter();
            ids.extend(found.filter(|one| one.group_name() != Some(DEFAULT)).filter_map(|one| one.group_id));
        }
        Ok(ids)
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let found = describe(cloud, TOKEN, &[wanted.token.to_owned()]).await?;
        Ok(found.into_iter().find_map(|group| group.group_id))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        let properties = wanted.properties;
        let answer = cloud
            .ec2
            .create_security_group()
            .set_group_name(text(properties, "groupName"))
            .set_description(text(properties, "groupDescription"))
            .set_vpc_id(text(properties, "vpcId"))
            .set_tag_specifications(tags::specification(ResourceType::SecurityGroup, properties))
            .send()
            .await
            .map_err(failed("ec2:CreateSecurityGroup"))?;
        let id = answer.group_id.ok_or_else(|| unsaid("ec2:CreateSecurityGroup", "group's id"))?;
        let configure = Direction::BOTH.into_iter().any(|direction| properties.contains_key(direction.property()));
        let accepted = Accepted { attributes: attributes(&id), waiting: None };
        Ok(Created { id, configure, accepted })
    }

    async fn configure(&self, cloud: &Cloud, id: &str, wanted: &Create<'_>) -> Result<(), CallError> {
        let properties = wanted.properties;
        let found = rule_calls::describe(cloud, "group-id", &[id.to_owned()]).await?;
        for direction in Direction::BOTH {
            if !properties.contains_key(direction.property()) {
                continue;
            }
            let (rules, there) = (rules(direction, properties, id)?, rule_calls::of(&found, direction));
            rule_calls::apply(cloud, direction, id, &changes(&rules, &there)).await?;
            let all = Rule::all_outbound();
            let wants_all = rules.iter().any(|rule| rule.key == all.key);
            if direction == Direction::Egress && there.is_empty() && !wants_all {
                rule_calls::revoke_all_outbound(cloud, id).await?;
            }
        }
        Ok(())
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        let directions = Direction::BOTH.into_iter().filter(|direction| change.changes(direction.property()));
        let directions: Vec<Direction> = directions.collect();
        if !directions.is_empty() {
            // Asked anew rather than taken from the plan: identifiers are needed, and a repeated update finds what the
            // first one did.
            let found = rule_calls::describe(cloud, "group-id", &[change.id.to_owned()]).await?;
            for direction in directions {
                let there = rule_calls::of(&found, direction);
                let wanted = if change.wanted.contains_key(direction.property()) {
                    rules(direction, change.wanted, change.id)?
                } else {
                    undeclared(direction, &rules(direction, change.prior, change.id)?, &there)
                };
                rule_calls::apply(cloud, direction, change.id, &changes(&wanted, &there)).await?;
            }
        }
        if change.changes("tags") {
            tags::update(cloud, change.id, change).await?;
        }
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let answer = cloud.ec2.delete_security_group().group_id(target.id).send().await;
        gone_is_fine(answer.map_err(failed("ec2:DeleteSecurityGroup")))?;
        Ok(Accepted::default())
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
    let pages = cloud.ec2.describe_security_groups().set_filters(Some(filters)).into_paginator().items().send();
    pages.collect::<Result<Vec<_>, _>>().await.map_err(failed("ec2:DescribeSecurityGroups"))
}

fn attributes(id: &str) -> JsonMap {
    object([("groupId", word(Some(id))), ("id", word(Some(id)))])
}

fn rules(direction: Direction, properties: &JsonMap, group: &str) -> Result<Vec<Rule>, CallError> {
    declared(direction, properties, group).map_err(|at| {
        let action = match direction {
            Direction::Ingress => "ec2:AuthorizeSecurityGroupIngress",
            Direction::Egress => "ec2:AuthorizeSecurityGroupEgress",
        };
        refusal(action, format!("{}[{at}] has no protocol or no other side", direction.property()))
    })
}

fn tell(group: &Described) -> Observed {
    let id = group.group_id().unwrap_or_default();
    let rules = |direction: Direction, permissions: &[IpPermission]| {
        let mut rules: Vec<Rule> = permissions.iter().flat_map(Rule::from_permission).collect();
        rules.sort();
        let told = rules.iter().map(|rule| Json::Object(rule.to_json(direction, Some(id))));
        Some(Json::Array(told.collect()))
    };
    Observed {
        properties: object([
            ("groupName", word(group.group_name())),
            ("groupDescription", word(group.description())),
            ("vpcId", word(group.vpc_id())),
            (Direction::Ingress.property(), rules(Direction::Ingress, group.ip_permissions())),
            (Direction::Egress.property(), rules(Direction::Egress, group.ip_permissions_egress())),
            ("tags", Some(tags::observed(group.tags()))),
        ]),
        attributes: attributes(id),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{IpRange, UserIdGroupPair};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_permission_of_several_sides_is_told_as_several_rules() {
        let pair = UserIdGroupPair::builder().group_id("sg-1").user_id("123456789012").build();
        let members = IpPermission::builder()
            .ip_protocol("tcp")
            .from_port(5701)
            .to_port(5701)
            .user_id_group_pairs(pair)
            .ip_ranges(IpRange::builder().cidr_ip("10.0.0.0/16").description("the VPC").build())
            .build();
        let out = Rule::all_outbound().to_permission();
        let group = Described::builder().group_id("sg-1").ip_permissions(members).ip_permissions_egress(out).build();
        let observed = tell(&group).properties;
        let expected = json!([
            {
                "ipProtocol": "tcp",
                "fromPort": 5701,
                "toPort": 5701,
                "cidrIp": "10.0.0.0/16",
                "description": "the VPC",
            },
            {
                "ipProtocol": "tcp",
                "fromPort": 5701,
                "toPort": 5701,
                "sourceSecurityGroupId": "self",
                "sourceSecurityGroupOwnerId": "123456789012",
            },
        ]);
        assert_eq!(observed["securityGroupIngress"], expected);
        let all = json!([{ "ipProtocol": "-1", "fromPort": -1, "toPort": -1, "cidrIp": "0.0.0.0/0" }]);
        assert_eq!(observed["securityGroupEgress"], all);
    }

    #[test]
    fn a_rule_that_cannot_be_sent_is_named() {
        let properties = json!({ "securityGroupEgress": [{ "ipProtocol": "-1" }] });
        let error = rules(Direction::Egress, properties.as_object().expect("an object"), "sg-1").expect_err("no side");
        assert!(error.message.starts_with("securityGroupEgress[0]"), "{error}");
    }
}

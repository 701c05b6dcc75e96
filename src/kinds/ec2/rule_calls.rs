//! Calls on rules of security groups, which EC2 has in pairs: one for each [`Direction`].

use aws_sdk_ec2::types::{Filter, IpPermission, SecurityGroupRule, SecurityGroupRuleDescription};

use super::filters::chunks;
use super::rules::{Changes, Direction, Rule};
use crate::cloud::{CallError, Cloud, failed};

/// What EC2 answers to a rule it has.
const DUPLICATE: &str = "InvalidPermission.Duplicate";

/// Rules by a filter.
///
/// # Errors
/// When `ec2:DescribeSecurityGroupRules` fails.
pub(super) async fn describe(cloud: &Cloud, by: &str, values: &[String]) -> Result<Vec<SecurityGroupRule>, CallError> {
    let mut found = Vec::new();
    for filter in chunks(by, values) {
        found.extend(filtered(cloud, vec![filter]).await?);
    }
    Ok(found)
}

/// All rules of the region.
///
/// # Errors
/// When `ec2:DescribeSecurityGroupRules` fails.
pub(super) async fn all(cloud: &Cloud) -> Result<Vec<SecurityGroupRule>, CallError> {
    filtered(cloud, Vec::new()).await
}

async fn filtered(cloud: &Cloud, filters: Vec<Filter>) -> Result<Vec<SecurityGroupRule>, CallError> {
    let pages = cloud.ec2.describe_security_group_rules().set_filters(Some(filters)).into_paginator().items().send();
    pages.collect::<Result<Vec<_>, _>>().await.map_err(failed("ec2:DescribeSecurityGroupRules"))
}

/// The direction of a rule.
pub(super) fn direction(rule: &SecurityGroupRule) -> Direction {
    if rule.is_egress() == Some(true) { Direction::Egress } else { Direction::Ingress }
}

/// The rules of a group in one direction, with their identifiers.
pub(super) fn of(found: &[SecurityGroupRule], wanted: Direction) -> Vec<(String, Rule)> {
    let rules = found.iter().filter(|rule| direction(rule) == wanted);
    rules.filter_map(|rule| Some((rule.security_group_rule_id()?.to_owned(), Rule::from_described(rule)?))).collect()
}

/// Brings the rules of a group to those wanted: adds before it takes away, so that nothing that is to go on working
/// stops in between.
///
/// # Errors
/// The call that failed. What was done stays done; repeating does the rest.
pub(super) async fn apply(
    cloud: &Cloud,
    direction: Direction,
    group: &str,
    changes: &Changes,
) -> Result<(), CallError> {
    if !changes.authorize.is_empty() {
        add(cloud, direction, group, &changes.authorize).await?;
    }
    if !changes.describe.is_empty() {
        redescribe(cloud, direction, group, &changes.describe).await?;
    }
    if !changes.revoke.is_empty() {
        revoke(cloud, direction, group, changes.revoke.clone()).await?;
    }
    Ok(())
}

/// Authorizes rules of which some may be there already, though they did not show: one call refuses them all then, so
/// each is tried by itself.
async fn add(cloud: &Cloud, direction: Direction, group: &str, rules: &[Rule]) -> Result<(), CallError> {
    match authorize(cloud, direction, group, rules).await {
        Err(error) if error.is(DUPLICATE) => {}
        other => return other.map(drop),
    }
    for rule in rules {
        match authorize(cloud, direction, group, std::slice::from_ref(rule)).await {
            Err(error) if !error.is(DUPLICATE) => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Authorizes rules with one call.
///
/// # Errors
/// When the call fails: for all of them, if for one.
pub(super) async fn authorize(
    cloud: &Cloud,
    direction: Direction,
    group: &str,
    rules: &[Rule],
) -> Result<Vec<SecurityGroupRule>, CallError> {
    let permissions = Some(rules.iter().map(Rule::to_permission).collect::<Vec<IpPermission>>());
    let made = match direction {
        Direction::Ingress => {
            let request = cloud.ec2.authorize_security_group_ingress().group_id(group);
            let answer = request.set_ip_permissions(permissions).send().await;
            answer.map_err(failed("ec2:AuthorizeSecurityGroupIngress"))?.security_group_rules
        }
        Direction::Egress => {
            let request = cloud.ec2.authorize_security_group_egress().group_id(group);
            let answer = request.set_ip_permissions(permissions).send().await;
            answer.map_err(failed("ec2:AuthorizeSecurityGroupEgress"))?.security_group_rules
        }
    };
    Ok(made.unwrap_or_default())
}

/// Gives rules other descriptions; none takes the description away.
///
/// # Errors
/// When the call fails.
pub(super) async fn redescribe(
    cloud: &Cloud,
    direction: Direction,
    group: &str,
    rules: &[(String, Option<String>)],
) -> Result<(), CallError> {
    let one = |(id, description): &(String, Option<String>)| {
        let rule = SecurityGroupRuleDescription::builder().security_group_rule_id(id);
        rule.set_description(description.clone()).build()
    };
    let descriptions = Some(rules.iter().map(one).collect());
    match direction {
        Direction::Ingress => {
            let request = cloud.ec2.update_security_group_rule_descriptions_ingress().group_id(group);
            let answer = request.set_security_group_rule_descriptions(descriptions).send().await;
            answer.map_err(failed("ec2:UpdateSecurityGroupRuleDescriptionsIngress"))?;
        }
        Direction::Egress => {
            let request = cloud.ec2.update_security_group_rule_descriptions_egress().group_id(group);
            let answer = request.set_security_group_rule_descriptions(descriptions).send().await;
            answer.map_err(failed("ec2:UpdateSecurityGroupRuleDescriptionsEgress"))?;
        }
    }
    Ok(())
}

/// Revokes rules by their identifiers.
///
/// # Errors
/// When the call fails: for all of them, if for one.
pub(super) async fn revoke(
    cloud: &Cloud,
    direction: Direction,
    group: &str,
    ids: Vec<String>,
) -> Result<(), CallError> {
    match direction {
        Direction::Ingress => {
            let request = cloud.ec2.revoke_security_group_ingress().group_id(group);
            let answer = request.set_security_group_rule_ids(Some(ids)).send().await;
            answer.map_err(failed("ec2:RevokeSecurityGroupIngress"))?;
        }
        Direction::Egress => {
            let request = cloud.ec2.revoke_security_group_egress().group_id(group);
            let answer = request.set_security_group_rule_ids(Some(ids)).send().await;
            answer.map_err(failed("ec2:RevokeSecurityGroupEgress"))?;
        }
    }
    Ok(())
}

/// Revokes what every new group lets out, by what it says: for a group so new that its rules do not show yet.
///
/// # Errors
/// When the call fails for another reason than that there is no such rule.
pub(super) async fn revoke_all_outbound(cloud: &Cloud, group: &str) -> Result<(), CallError> {
    let request = cloud.ec2.revoke_security_group_egress().group_id(group);
    let answer = request.ip_permissions(Rule::all_outbound().to_permission()).send().await;
    match answer.map_err(failed("ec2:RevokeSecurityGroupEgress")) {
        Err(error) if !error.is("InvalidPermission.NotFound") => Err(error),
        _ => Ok(()),
    }
}

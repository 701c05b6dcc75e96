//! Elastic Load Balancing v2: application and network load balancers, target groups, listeners and rules.
//!
//! One file a concept: [`load_balancer`], [`target_group`], [`target`] (what is registered, and its health), [`listener`],
//! [`rule`], [`action`] and [`condition`] (what those are made of), [`attribute`], [`tags`]. [`usage`] knows which
//! listeners and rules send to which target group.
//!
//! No traffic flows. A target is healthy after as many health checks as its group asks for when the security groups let
//! the load balancer reach it, and unhealthy when they do not. A certificate is taken for good when its ARN is one of
//! this account's: there is no certificate manager here. No IPv6, gateway load balancers, trust stores or capacity units.
//!
//! Source of parameters, answers and codes: botocore 1.44.5's model of `elbv2`.

mod action;
mod attribute;
mod condition;
mod listener;
mod load_balancer;
mod rule;
mod tags;
mod target;
mod target_group;
#[cfg(test)]
mod tests;
mod usage;

use jiff::Timestamp;
use serde_json::json;

use super::members::{Members, Page};
use super::service::{Fault, Listed, Service, Timer};
use super::store::{Object, Tx};
use crate::model::{Json, JsonMap};

pub use target::{Health, TaskTarget, deregister_task, drain_seconds, register_task, task_health};
pub use target_group::{Fitness, fitness};

/// The service.
pub struct ElasticLoadBalancing;

impl Service for ElasticLoadBalancing {
    fn name(&self) -> &'static str {
        "elasticloadbalancing"
    }

    fn call(&self, tx: &mut Tx<'_>, action: &str, params: &JsonMap) -> Result<Json, Fault> {
        let members = &Members::new(params, "ValidationError");
        match action {
            "CreateLoadBalancer" => load_balancer::create(tx, members),
            "DescribeLoadBalancers" => load_balancer::describe(tx, members),
            "DescribeLoadBalancerAttributes" => load_balancer::describe_attributes(tx, members),
            "ModifyLoadBalancerAttributes" => load_balancer::modify_attributes(tx, members),
            "SetSubnets" => load_balancer::set_subnets(tx, members),
            "SetSecurityGroups" => load_balancer::set_security_groups(tx, members),
            "SetIpAddressType" => load_balancer::set_ip_address_type(tx, members),
            "DeleteLoadBalancer" => load_balancer::delete(tx, members),
            "CreateTargetGroup" => target_group::create(tx, members),
            "DescribeTargetGroups" => target_group::describe(tx, members),
            "DescribeTargetGroupAttributes" => target_group::describe_attributes(tx, members),
            "ModifyTargetGroup" => target_group::modify(tx, members),
            "ModifyTargetGroupAttributes" => target_group::modify_attributes(tx, members),
            "DeleteTargetGroup" => target_group::delete(tx, members),
            "RegisterTargets" => target::register(tx, members),
            "DeregisterTargets" => target::deregister(tx, members),
            "DescribeTargetHealth" => target::describe_health(tx, members),
            "CreateListener" => listener::create(tx, members),
            "DescribeListeners" => listener::describe(tx, members),
            "DescribeListenerAttributes" => listener::describe_attributes(tx, members),
            "ModifyListenerAttributes" => listener::modify_attributes(tx, members),
            "ModifyListener" => listener::modify(tx, members),
            "DeleteListener" => listener::delete(tx, members),
            "CreateRule" => rule::create(tx, members),
            "DescribeRules" => rule::describe(tx, members),
            "ModifyRule" => rule::modify(tx, members),
            "SetRulePriorities" => rule::set_priorities(tx, members),
            "DeleteRule" => rule::delete(tx, members),
            "AddTags" => tags::add(tx, members),
            "RemoveTags" => tags::remove(tx, members),
            "DescribeTags" => tags::describe(tx, members),
            _ => Err(Fault::unknown_action("elasticloadbalancing", action)),
        }
    }

    fn due(&self, tx: &mut Tx<'_>, timer: &Timer) -> Result<(), Fault> {
        match timer.what.as_str() {
            load_balancer::MADE => load_balancer::made(tx, &timer.key),
            load_balancer::RELEASED => load_balancer::released(tx, &timer.key),
            target::CHECKED => target::checked(tx, &timer.key),
            target::DRAINED => target::drained(tx, &timer.key),
            _ => Ok(()),
        }
    }

    fn list(&self, tx: &Tx<'_>) -> Result<Vec<Listed>, Fault> {
        let listed = |type_name: &str, id: String, name: Option<String>, status: Option<&str>| Listed {
            type_name: format!("AWS::ElasticLoadBalancingV2::{type_name}"),
            id,
            region: tx.region.clone(),
            name,
            status: status.map(str::to_owned),
        };
        let mut all = Vec::new();
        for one in tx.all::<load_balancer::LoadBalancer>()? {
            let state = one.state();
            all.push(listed("LoadBalancer", one.arn, Some(one.name), Some(state)));
        }
        for one in tx.all::<target_group::TargetGroup>()? {
            all.push(listed("TargetGroup", one.arn, Some(one.name), None));
        }
        all.extend(tx.all::<listener::Listener>()?.into_iter().map(|one| listed("Listener", one.arn, None, None)));
        let rules = tx.all::<rule::Rule>()?.into_iter();
        all.extend(rules.map(|one| listed("ListenerRule", one.arn, None, None)));
        Ok(all)
    }
}

/// An ARN of this service's.
fn arn(tx: &Tx<'_>, resource: &str) -> String {
    format!("arn:aws:elasticloadbalancing:{}:{}:{resource}", tx.region, tx.account)
}

/// Sixteen fresh hexadecimal digits, as ARNs end in.
fn fresh(tx: &mut Tx<'_>, what: &str) -> Result<String, Fault> {
    Ok(tx.fresh_hex(what)?[..16].to_owned())
}

/// A time as answers have it.
fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// A page of objects, by `Marker` and `PageSize`.
fn paged<T: Object>(
    members: &Members<'_>,
    name: &str,
    all: Vec<T>,
    show: impl Fn(&T) -> Result<Json, Fault>,
) -> Result<Json, Fault> {
    let size = members.number("PageSize", 1, 400)?.unwrap_or(400);
    let page = Page::of(all, Object::key, members.text("Marker")?, usize::try_from(size).unwrap_or(400));
    let shown: Vec<Json> = page.items.iter().map(show).collect::<Result<_, _>>()?;
    Ok(json!({ name: shown, "NextMarker": page.next }))
}

/// A name of 1 to 32 letters, digits and hyphens that neither begins nor ends with a hyphen.
/// Source: API reference, `CreateLoadBalancer` and `CreateTargetGroup`.
fn check_name(members: &Members<'_>, what: &str, name: &str) -> Result<(), Fault> {
    if name.is_empty() || name.len() > 32 {
        return Err(members.refuse(format!("The {what} name '{name}' cannot be longer than '32' characters")));
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        let message = format!(
            "The {what} name '{name}' can only contain characters that are alphanumeric characters and hyphens(-)"
        );
        return Err(members.refuse(message));
    }
    if name.starts_with('-') || name.ends_with('-') {
        return Err(members.refuse(format!("The {what} name '{name}' cannot begin or end with a hyphen(-)")));
    }
    Ok(())
}

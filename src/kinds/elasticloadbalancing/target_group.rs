//! `AWS::ElasticLoadBalancingV2::TargetGroup`: where a load balancer sends to, and how it checks what is there.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::operation::create_target_group::builders::CreateTargetGroupFluentBuilder;
use aws_sdk_elasticloadbalancingv2::operation::modify_target_group::builders::ModifyTargetGroupFluentBuilder;
use aws_sdk_elasticloadbalancingv2::types::{
    Matcher, ProtocolEnum, TargetDescription, TargetGroup as Described, TargetGroupAttribute,
    TargetGroupIpAddressTypeEnum, TargetHealthStateEnum, TargetTypeEnum,
};
use futures::FutureExt;

use super::{attributes, many, tags};
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::absent::present;
use crate::kinds::json::{Misfit, member, misfit, object, put, text, words};
use crate::kinds::listing::Among;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, NameRule, Observed, Update};
use crate::model::{Json, JsonMap};

words!(ProtocolEnum, TargetGroupIpAddressTypeEnum, TargetTypeEnum);

object! {
    Matcher {
        "grpcCode" grpc_code set_grpc_code,
        "httpCode" http_code set_http_code,
    }
    TargetDescription {
        "availabilityZone" availability_zone set_availability_zone,
        "id" id set_id,
        "port" port set_port,
    }
}

/// The kind.
#[derive(Debug)]
pub struct TargetGroup;

static FACTS: Facts = Facts {
    type_name: "AWS::ElasticLoadBalancingV2::TargetGroup",
    sends: &[
        "healthCheckEnabled",
        "healthCheckIntervalSeconds",
        "healthCheckPath",
        "healthCheckPort",
        "healthCheckProtocol",
        "healthCheckTimeoutSeconds",
        "healthyThresholdCount",
        "ipAddressType",
        "matcher",
        "name",
        "port",
        "protocol",
        "protocolVersion",
        "tags",
        "targetGroupAttributes",
        "targetType",
        "targets",
        "unhealthyThresholdCount",
        "vpcId",
    ],
    except: &["targets/*/quicServerId"],
    replaces: &[],
    name: Some(NameRule { property: "name", max: 32 }),
    unique_by: &[&["name"]],
    deletable_in_use: false,
    arn: Some("targetGroupArn"),
};

/// Properties that say how targets are checked.
const CHECKS: &[&str] = &[
    "healthCheckEnabled",
    "healthCheckIntervalSeconds",
    "healthCheckPath",
    "healthCheckPort",
    "healthCheckProtocol",
    "healthCheckTimeoutSeconds",
    "healthyThresholdCount",
    "matcher",
    "unhealthyThresholdCount",
];

#[async_trait]
impl Kind for TargetGroup {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let found: HashMap<String, Described> = describe(cloud, ids)
            .await?
            .into_iter()
            .filter_map(|group| Some((group.target_group_arn.clone()?, group)))
            .collect();
        let there: Vec<String> = ids.iter().filter(|id| found.contains_key(*id)).cloned().collect();
        let tags = tags::of(cloud, &there).await?;
        let more = abreast(there.iter().map(|arn| more_of(cloud, arn).boxed()).collect()).await?;
        let more: HashMap<&String, More> =
            there.iter().zip(more).filter_map(|(arn, told)| Some((arn, told?))).collect();
        let read = |id: &String| {
            let mut observed = observed(found.get(id)?);
            let more = more.get(id)?;
            put(&mut observed.properties, "targets", &more.targets);
            observed.properties.insert("targetGroupAttributes".to_owned(), more.attributes.clone());
            observed.properties.insert("tags".to_owned(), tags::told(tags.get(id)));
            Some(observed)
        };
        Ok(ids.iter().map(read).collect())
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        if among.is_within() {
            return Ok(Vec::new());
        }
        let pages = cloud.elb.describe_target_groups().into_paginator().items().send();
        let found = pages.collect::<Result<Vec<_>, _>>().await;
        let found = found.map_err(failed("elasticloadbalancing:DescribeTargetGroups"))?;
        Ok(found.into_iter().filter_map(|group| group.target_group_arn).collect())
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let name = text(wanted.properties, "name").unwrap_or_default();
        let call = cloud.elb.describe_target_groups().names(name);
        let answer = call.send().await.map_err(failed("elasticloadbalancing:DescribeTargetGroups"));
        let found = present(answer)?.and_then(|answer| answer.target_groups).unwrap_or_default();
        let arns: Vec<String> = found.into_iter().filter_map(|group| group.target_group_arn).collect();
        tags::made_by(cloud, &arns, wanted.token).await
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        const ACTION: &str = "elasticloadbalancing:CreateTargetGroup";
        let properties = wanted.properties;
        let call = prepare(properties, cloud.elb.create_target_group()).map_err(misfit(ACTION))?;
        let answer = call.send().await.map_err(failed(ACTION))?;
        let made = answer.target_groups().first();
        Ok(Created {
            id: made.and_then(Described::target_group_arn).unwrap_or_default().to_owned(),
            configure: !attributes::declared(properties, "targetGroupAttributes").is_empty()
                || properties.contains_key("targets"),
            accepted: Accepted { attributes: made.map(told_attributes).unwrap_or_default(), waiting: None },
        })
    }

    async fn configure(&self, cloud: &Cloud, id: &str, wanted: &Create<'_>) -> Result<(), CallError> {
        set_attributes(cloud, id, attributes::declared(wanted.properties, "targetGroupAttributes")).await?;
        register(cloud, id, targets(wanted.properties)?).await
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        tags::update(cloud, change).await?;
        if change.changes("targetGroupAttributes") {
            set_attributes(cloud, change.id, attributes::to_set(change, "targetGroupAttributes")).await?;
        }
        if CHECKS.iter().any(|name| change.changes(name)) {
            const ACTION: &str = "elasticloadbalancing:ModifyTargetGroup";
            let call = cloud.elb.modify_target_group().target_group_arn(change.id);
            let call = modify(change, call).map_err(misfit(ACTION))?;
            call.send().await.map_err(failed(ACTION))?;
        }
        if change.changes("targets") {
            let (wanted, there) = (targets(change.wanted)?, targets(change.observed)?);
            let same = |one: &TargetDescription, other: &TargetDescription| {
                one.id == other.id && (one.port == other.port || one.port.is_none())
            };
            let gone = there.iter().filter(|there| !wanted.iter().any(|one| same(one, there))).cloned().collect();
            deregister(cloud, change.id, gone).await?;
            register(cloud, change.id, wanted).await?;
        }
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let call = cloud.elb.delete_target_group().target_group_arn(target.id);
        present(call.send().await.map_err(failed("elasticloadbalancing:DeleteTargetGroup")))?;
        Ok(Accepted::default())
    }
}

async fn describe(cloud: &Cloud, arns: &[String]) -> Result<Vec<Described>, CallError> {
    let call = |arns: Vec<String>| {
        async move {
            let call = cloud.elb.describe_target_groups().set_target_group_arns(Some(arns));
            let answer = call.send().await.map_err(failed("elasticloadbalancing:DescribeTargetGroups"))?;
            Ok(answer.target_groups.unwrap_or_default())
        }
        .boxed()
    };
    many::describe(arns, call).await
}

/// What is told of one group a call.
struct More {
    attributes: Json,
    targets: Vec<TargetDescription>,
}

/// `None` when the group has gone meanwhile.
async fn more_of(cloud: &Cloud, arn: &str) -> Result<Option<More>, CallError> {
    let call = cloud.elb.describe_target_group_attributes().target_group_arn(arn);
    let answer = call.send().await.map_err(failed("elasticloadbalancing:DescribeTargetGroupAttributes"));
    let Some(told) = present(answer)? else { return Ok(None) };
    let told = told.attributes.unwrap_or_default().into_iter().map(|one| (one.key, one.value));
    let call = cloud.elb.describe_target_health().target_group_arn(arn);
    let answer = call.send().await.map_err(failed("elasticloadbalancing:DescribeTargetHealth"));
    let Some(health) = present(answer)? else { return Ok(None) };
    let draining = Some(&TargetHealthStateEnum::Draining);
    let targets = health.target_health_descriptions.unwrap_or_default().into_iter();
    // What is being taken out is as good as gone.
    let targets = targets.filter(|one| one.target_health().and_then(|health| health.state()) != draining);
    Ok(Some(More { attributes: attributes::told(told), targets: targets.filter_map(|one| one.target).collect() }))
}

fn targets(properties: &JsonMap) -> Result<Vec<TargetDescription>, CallError> {
    let targets = member(properties, "targets").map_err(misfit("elasticloadbalancing:RegisterTargets"))?;
    Ok(targets.unwrap_or_default())
}

async fn register(cloud: &Cloud, arn: &str, targets: Vec<TargetDescription>) -> Result<(), CallError> {
    if targets.is_empty() {
        return Ok(());
    }
    let call = cloud.elb.register_targets().target_group_arn(arn).set_targets(Some(targets));
    call.send().await.map(drop).map_err(failed("elasticloadbalancing:RegisterTargets"))
}

async fn deregister(cloud: &Cloud, arn: &str, targets: Vec<TargetDescription>) -> Result<(), CallError> {
    if targets.is_empty() {
        return Ok(());
    }
    let call = cloud.elb.deregister_targets().target_group_arn(arn).set_targets(Some(targets));
    call.send().await.map(drop).map_err(failed("elasticloadbalancing:DeregisterTargets"))
}

async fn set_attributes(cloud: &Cloud, arn: &str, pairs: Vec<(String, String)>) -> Result<(), CallError> {
    if pairs.is_empty() {
        return Ok(());
    }
    let pairs = pairs.into_iter().map(|(key, value)| TargetGroupAttribute::builder().key(key).value(value).build());
    let call = cloud.elb.modify_target_group_attributes().target_group_arn(arn);
    let call = call.set_attributes(Some(pairs.collect()));
    call.send().await.map(drop).map_err(failed("elasticloadbalancing:ModifyTargetGroupAttributes"))
}

fn prepare(
    properties: &JsonMap,
    call: CreateTargetGroupFluentBuilder,
) -> Result<CreateTargetGroupFluentBuilder, Misfit> {
    Ok(call
        .set_health_check_enabled(member(properties, "healthCheckEnabled")?)
        .set_health_check_interval_seconds(member(properties, "healthCheckIntervalSeconds")?)
        .set_health_check_path(member(properties, "healthCheckPath")?)
        .set_health_check_port(member(properties, "healthCheckPort")?)
        .set_health_check_protocol(member(properties, "healthCheckProtocol")?)
        .set_health_check_timeout_seconds(member(properties, "healthCheckTimeoutSeconds")?)
        .set_healthy_threshold_count(member(properties, "healthyThresholdCount")?)
        .set_ip_address_type(member(properties, "ipAddressType")?)
        .set_matcher(member(properties, "matcher")?)
        .set_name(member(properties, "name")?)
        .set_port(member(properties, "port")?)
        .set_protocol(member(properties, "protocol")?)
        .set_protocol_version(member(properties, "protocolVersion")?)
        .set_tags(tags::to_send(properties))
        .set_target_type(member(properties, "targetType")?)
        .set_unhealthy_threshold_count(member(properties, "unhealthyThresholdCount")?)
        .set_vpc_id(member(properties, "vpcId")?))
}

/// Puts in how targets are checked from now on. What is no longer declared goes back to what AWS takes where nothing is
/// given (API reference, `CreateTargetGroup`).
fn modify(change: &Update<'_>, call: ModifyTargetGroupFluentBuilder) -> Result<ModifyTargetGroupFluentBuilder, Misfit> {
    let wanted = change.wanted;
    let is_http = |name: &str| text(wanted, name).map(|protocol| matches!(protocol, "HTTP" | "HTTPS"));
    let http_group = is_http("protocol").unwrap_or(false);
    let http = is_http("healthCheckProtocol").unwrap_or(http_group);
    let timeout = match (http_group, http) {
        (true, _) => 5,
        (false, true) => 6,
        (false, false) => 10,
    };
    let grpc = text(wanted, "protocolVersion") == Some("GRPC");
    let matcher = || {
        let (grpc_code, http_code) = match (grpc, http_group) {
            (true, _) => (Some("12"), None),
            (false, true) => (None, Some("200")),
            (false, false) => (None, Some("200-399")),
        };
        let text = |code: Option<&str>| code.map(str::to_owned);
        Matcher::builder().set_grpc_code(text(grpc_code)).set_http_code(text(http_code)).build()
    };
    let path = if grpc { "/AWS.ALB/healthcheck" } else { "/" };
    let protocol = if http_group { ProtocolEnum::Http } else { ProtocolEnum::Tcp };
    let call = call
        .health_check_enabled(member(wanted, "healthCheckEnabled")?.unwrap_or(true))
        .health_check_interval_seconds(member(wanted, "healthCheckIntervalSeconds")?.unwrap_or(30))
        .health_check_port(member(wanted, "healthCheckPort")?.unwrap_or_else(|| "traffic-port".to_owned()))
        .health_check_protocol(member(wanted, "healthCheckProtocol")?.unwrap_or(protocol))
        .health_check_timeout_seconds(member(wanted, "healthCheckTimeoutSeconds")?.unwrap_or(timeout))
        .healthy_threshold_count(member(wanted, "healthyThresholdCount")?.unwrap_or(5))
        .unhealthy_threshold_count(member(wanted, "unhealthyThresholdCount")?.unwrap_or(2));
    if !http {
        return Ok(call);
    }
    Ok(call
        .health_check_path(member(wanted, "healthCheckPath")?.unwrap_or_else(|| path.to_owned()))
        .matcher(member(wanted, "matcher")?.unwrap_or_else(matcher)))
}

fn observed(group: &Described) -> Observed {
    let mut properties = JsonMap::new();
    put(&mut properties, "healthCheckEnabled", &group.health_check_enabled);
    put(&mut properties, "healthCheckIntervalSeconds", &group.health_check_interval_seconds);
    put(&mut properties, "healthCheckPath", &group.health_check_path);
    put(&mut properties, "healthCheckPort", &group.health_check_port);
    put(&mut properties, "healthCheckProtocol", &group.health_check_protocol);
    put(&mut properties, "healthCheckTimeoutSeconds", &group.health_check_timeout_seconds);
    put(&mut properties, "healthyThresholdCount", &group.healthy_threshold_count);
    put(&mut properties, "ipAddressType", &group.ip_address_type);
    put(&mut properties, "matcher", &group.matcher);
    put(&mut properties, "name", &group.target_group_name);
    put(&mut properties, "port", &group.port);
    put(&mut properties, "protocol", &group.protocol);
    put(&mut properties, "protocolVersion", &group.protocol_version);
    put(&mut properties, "targetType", &group.target_type);
    put(&mut properties, "unhealthyThresholdCount", &group.unhealthy_threshold_count);
    put(&mut properties, "vpcId", &group.vpc_id);
    Observed { properties, attributes: told_attributes(group) }
}

fn told_attributes(group: &Described) -> JsonMap {
    let mut attributes = JsonMap::new();
    put(&mut attributes, "loadBalancerArns", &group.load_balancer_arns);
    put(&mut attributes, "targetGroupArn", &group.target_group_arn);
    let full = group.target_group_arn().and_then(|arn| arn.rsplit_once(':'));
    put(&mut attributes, "targetGroupFullName", &full.map(|(_, name)| name.to_owned()));
    put(&mut attributes, "targetGroupName", &group.target_group_name);
    attributes
}

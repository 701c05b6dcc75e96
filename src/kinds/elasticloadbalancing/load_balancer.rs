//! `AWS::ElasticLoadBalancingV2::LoadBalancer`, for HTTP (`application`) and TCP (`network`). It is usable once active.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::operation::create_load_balancer::builders::CreateLoadBalancerFluentBuilder;
use aws_sdk_elasticloadbalancingv2::types::{
    IpAddressType, LoadBalancer as Described, LoadBalancerAttribute, LoadBalancerSchemeEnum, LoadBalancerStateEnum,
    LoadBalancerTypeEnum,
};
use futures::FutureExt;

use super::{attributes, many, tags};
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::absent::present;
use crate::kinds::json::{Misfit, member, misfit, put, text, words};
use crate::kinds::listing::Among;
use crate::kinds::{
    Accepted, Action, Create, Created, Delete, Facts, Kind, NameRule, Observed, Poll, Progress, Update, visible,
};
use crate::model::{Json, JsonMap};

words!(IpAddressType, LoadBalancerSchemeEnum, LoadBalancerTypeEnum);

/// The kind.
#[derive(Debug)]
pub struct LoadBalancer;

static FACTS: Facts = Facts {
    type_name: "AWS::ElasticLoadBalancingV2::LoadBalancer",
    sends: &["ipAddressType", "loadBalancerAttributes", "name", "scheme", "securityGroups", "subnets", "tags", "type"],
    except: &[],
    replaces: &[],
    name: Some(NameRule { property: "name", max: 32 }),
    unique_by: &[&["name"]],
    deletable_in_use: false,
    arn: Some("loadBalancerArn"),
};

/// Between two looks: making one takes minutes.
const AGAIN: Duration = Duration::from_secs(5);

#[async_trait]
impl Kind for LoadBalancer {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let found: HashMap<String, Described> = describe(cloud, ids)
            .await?
            .into_iter()
            .filter_map(|balancer| Some((balancer.load_balancer_arn.clone()?, balancer)))
            .collect();
        let there: Vec<String> = ids.iter().filter(|id| found.contains_key(*id)).cloned().collect();
        let tags = tags::of(cloud, &there).await?;
        let settings = abreast(there.iter().map(|arn| attributes_of(cloud, arn).boxed()).collect()).await?;
        let settings: HashMap<&String, Json> =
            there.iter().zip(settings).filter_map(|(arn, told)| Some((arn, told?))).collect();
        let read = |id: &String| {
            let mut observed = observed(found.get(id)?);
            observed.properties.insert("loadBalancerAttributes".to_owned(), settings.get(id)?.clone());
            observed.properties.insert("tags".to_owned(), tags::told(tags.get(id)));
            Some(observed)
        };
        Ok(ids.iter().map(read).collect())
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        if among.is_within() { Ok(Vec::new()) } else { arns(cloud).await }
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let name = text(wanted.properties, "name").unwrap_or_default();
        let call = cloud.elb.describe_load_balancers().names(name);
        let answer = call.send().await.map_err(failed("elasticloadbalancing:DescribeLoadBalancers"));
        let found = present(answer)?.and_then(|answer| answer.load_balancers).unwrap_or_default();
        let arns: Vec<String> = found.into_iter().filter_map(|balancer| balancer.load_balancer_arn).collect();
        tags::made_by(cloud, &arns, wanted.token).await
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        const ACTION: &str = "elasticloadbalancing:CreateLoadBalancer";
        let call = prepare(wanted.properties, cloud.elb.create_load_balancer()).map_err(misfit(ACTION))?;
        let answer = call.send().await.map_err(failed(ACTION))?;
        let made = answer.load_balancers().first();
        Ok(Created {
            id: made.and_then(Described::load_balancer_arn).unwrap_or_default().to_owned(),
            configure: !attributes::declared(wanted.properties, "loadBalancerAttributes").is_empty(),
            accepted: Accepted {
                attributes: made.map(told_attributes).unwrap_or_default(),
                waiting: Some(JsonMap::new()),
            },
        })
    }

    async fn configure(&self, cloud: &Cloud, id: &str, wanted: &Create<'_>) -> Result<(), CallError> {
        set_attributes(cloud, id, attributes::declared(wanted.properties, "loadBalancerAttributes")).await
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        tags::update(cloud, change).await?;
        if change.changes("loadBalancerAttributes") {
            set_attributes(cloud, change.id, attributes::to_set(change, "loadBalancerAttributes")).await?;
        }
        if change.changes("ipAddressType") {
            const ACTION: &str = "elasticloadbalancing:SetIpAddressType";
            let kind = member(change.wanted, "ipAddressType").map_err(misfit(ACTION))?.unwrap_or(IpAddressType::Ipv4);
            let call = cloud.elb.set_ip_address_type().load_balancer_arn(change.id).ip_address_type(kind);
            call.send().await.map_err(failed(ACTION))?;
        }
        if change.changes("securityGroups") {
            const ACTION: &str = "elasticloadbalancing:SetSecurityGroups";
            let groups = member(change.wanted, "securityGroups").map_err(misfit(ACTION))?;
            let call = cloud.elb.set_security_groups().load_balancer_arn(change.id).set_security_groups(groups);
            call.send().await.map_err(failed(ACTION))?;
        }
        if change.changes("subnets") {
            const ACTION: &str = "elasticloadbalancing:SetSubnets";
            let subnets = member(change.wanted, "subnets").map_err(misfit(ACTION))?;
            let call = cloud.elb.set_subnets().load_balancer_arn(change.id).set_subnets(subnets);
            call.send().await.map_err(failed(ACTION))?;
        }
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let call = cloud.elb.delete_load_balancer().load_balancer_arn(target.id);
        present(call.send().await.map_err(failed("elasticloadbalancing:DeleteLoadBalancer")))?;
        Ok(Accepted { attributes: JsonMap::new(), waiting: Some(JsonMap::new()) })
    }

    async fn poll(&self, cloud: &Cloud, question: &mut Poll<'_>) -> Result<Progress, CallError> {
        let found = describe(cloud, &[question.id.to_owned()]).await?;
        Ok(progress(found.first(), question))
    }
}

async fn describe(cloud: &Cloud, arns: &[String]) -> Result<Vec<Described>, CallError> {
    let call = |arns: Vec<String>| {
        async move {
            let call = cloud.elb.describe_load_balancers().set_load_balancer_arns(Some(arns));
            let answer = call.send().await.map_err(failed("elasticloadbalancing:DescribeLoadBalancers"))?;
            Ok(answer.load_balancers.unwrap_or_default())
        }
        .boxed()
    };
    many::describe(arns, call).await
}

/// The attributes of one; `None` when it has gone meanwhile.
async fn attributes_of(cloud: &Cloud, arn: &str) -> Result<Option<Json>, CallError> {
    let call = cloud.elb.describe_load_balancer_attributes().load_balancer_arn(arn);
    let answer = call.send().await.map_err(failed("elasticloadbalancing:DescribeLoadBalancerAttributes"));
    let told = present(answer)?.map(|answer| answer.attributes.unwrap_or_default());
    Ok(told.map(|told| attributes::told(told.into_iter().map(|one| (one.key, one.value)))))
}

async fn set_attributes(cloud: &Cloud, arn: &str, pairs: Vec<(String, String)>) -> Result<(), CallError> {
    if pairs.is_empty() {
        return Ok(());
    }
    let pairs = pairs.into_iter().map(|(key, value)| LoadBalancerAttribute::builder().key(key).value(value).build());
    let call = cloud.elb.modify_load_balancer_attributes().load_balancer_arn(arn);
    let call = call.set_attributes(Some(pairs.collect()));
    call.send().await.map(drop).map_err(failed("elasticloadbalancing:ModifyLoadBalancerAttributes"))
}

fn prepare(
    properties: &JsonMap,
    call: CreateLoadBalancerFluentBuilder,
) -> Result<CreateLoadBalancerFluentBuilder, Misfit> {
    Ok(call
        .set_ip_address_type(member(properties, "ipAddressType")?)
        .set_name(member(properties, "name")?)
        .set_scheme(member(properties, "scheme")?)
        .set_security_groups(member(properties, "securityGroups")?)
        .set_subnets(member(properties, "subnets")?)
        .set_tags(tags::to_send(properties))
        .set_type(member(properties, "type")?))
}

/// ARNs of the load balancers there are.
pub(super) async fn arns(cloud: &Cloud) -> Result<Vec<String>, CallError> {
    let pages = cloud.elb.describe_load_balancers().into_paginator().items().send();
    let found = pages.collect::<Result<Vec<_>, _>>().await;
    let found = found.map_err(failed("elasticloadbalancing:DescribeLoadBalancers"))?;
    Ok(found.into_iter().filter_map(|balancer| balancer.load_balancer_arn).collect())
}

fn observed(balancer: &Described) -> Observed {
    let mut properties = JsonMap::new();
    put(&mut properties, "ipAddressType", &balancer.ip_address_type);
    put(&mut properties, "name", &balancer.load_balancer_name);
    put(&mut properties, "scheme", &balancer.scheme);
    put(&mut properties, "securityGroups", &balancer.security_groups);
    put(&mut properties, "type", &balancer.r#type);
    let zones = balancer.availability_zones().iter();
    let subnets: Vec<String> = zones.filter_map(|zone| zone.subnet_id.clone()).collect();
    put(&mut properties, "subnets", &subnets);
    Observed { properties, attributes: told_attributes(balancer) }
}

fn told_attributes(balancer: &Described) -> JsonMap {
    let mut attributes = JsonMap::new();
    put(&mut attributes, "canonicalHostedZoneID", &balancer.canonical_hosted_zone_id);
    put(&mut attributes, "dnsName", &balancer.dns_name);
    put(&mut attributes, "loadBalancerArn", &balancer.load_balancer_arn);
    let full = balancer.load_balancer_arn().and_then(|arn| arn.split_once(":loadbalancer/"));
    put(&mut attributes, "loadBalancerFullName", &full.map(|(_, name)| name.to_owned()));
    put(&mut attributes, "loadBalancerName", &balancer.load_balancer_name);
    attributes
}

fn progress(balancer: Option<&Described>, question: &mut Poll<'_>) -> Progress {
    let pending = |summary: &str| Progress::Pending { summary: summary.to_owned(), news: Vec::new(), again_in: AGAIN };
    match (question.action, balancer) {
        (Action::Delete, None) => Progress::Ready(JsonMap::new()),
        (Action::Delete, Some(_)) => pending("deleting"),
        (_, None) => visible::unseen(question),
        (_, Some(balancer)) => {
            let state = balancer.state();
            match state.and_then(|state| state.code()) {
                Some(LoadBalancerStateEnum::Failed) => Progress::Failed {
                    reason: state.and_then(|state| state.reason()).unwrap_or("it could not be set up").to_owned(),
                    help: "run again, and it is made anew; see that its subnets have free addresses".to_owned(),
                },
                // One that is impaired has too few addresses to grow, and works.
                Some(LoadBalancerStateEnum::Active | LoadBalancerStateEnum::ActiveImpaired) => {
                    Progress::Ready(told_attributes(balancer))
                }
                state => pending(state.map_or("provisioning", |state| state.as_str())),
            }
        }
    }
}

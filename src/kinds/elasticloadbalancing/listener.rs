//! `AWS::ElasticLoadBalancingV2::Listener`: a port of a load balancer, and what is done with what no rule takes.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::operation::create_listener::builders::CreateListenerFluentBuilder;
use aws_sdk_elasticloadbalancingv2::types::{Certificate, Listener as Described, ListenerAttribute};
use futures::FutureExt;

use super::{attributes, load_balancer, many, tags};
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::absent::present;
use crate::kinds::json::{Misfit, member, misfit, object, put, text};
use crate::kinds::listing::Among;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, Observed, Update};
use crate::model::{Json, JsonMap};

object! {
    Certificate {
        "certificateArn" certificate_arn set_certificate_arn,
    }
}

/// The kind.
#[derive(Debug)]
pub struct Listener;

static FACTS: Facts = Facts {
    type_name: "AWS::ElasticLoadBalancingV2::Listener",
    sends: &[
        "alpnPolicy",
        "certificates",
        "defaultActions",
        "listenerAttributes",
        "loadBalancerArn",
        "port",
        "protocol",
        "sslPolicy",
        "tags",
    ],
    except: &[
        "defaultActions/*/authenticateCognitoConfig",
        "defaultActions/*/authenticateOidcConfig",
        "defaultActions/*/jwtValidationConfig",
    ],
    replaces: &[],
    name: None,
    unique_by: &[&["loadBalancerArn", "port"]],
    deletable_in_use: false,
    arn: Some("listenerArn"),
};

#[async_trait]
impl Kind for Listener {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let describe = |arns: Vec<String>| {
            async move {
                let call = cloud.elb.describe_listeners().set_listener_arns(Some(arns));
                let answer = call.send().await.map_err(failed("elasticloadbalancing:DescribeListeners"))?;
                Ok(answer.listeners.unwrap_or_default())
            }
            .boxed()
        };
        let found = many::describe(ids, describe).await?.into_iter();
        let found: HashMap<String, Described> =
            found.filter_map(|listener| Some((listener.listener_arn.clone()?, listener))).collect();
        let there: Vec<String> = ids.iter().filter(|id| found.contains_key(*id)).cloned().collect();
        let tags = tags::of(cloud, &there).await?;
        let settings = abreast(there.iter().map(|arn| attributes_of(cloud, arn).boxed()).collect()).await?;
        let settings: HashMap<&String, Json> =
            there.iter().zip(settings).filter_map(|(arn, told)| Some((arn, told?))).collect();
        let read = |id: &String| {
            let mut observed = observed(found.get(id)?);
            observed.properties.insert("listenerAttributes".to_owned(), settings.get(id)?.clone());
            observed.properties.insert("tags".to_owned(), tags::told(tags.get(id)));
            Some(observed)
        };
        Ok(ids.iter().map(read).collect())
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        let balancers = match (among.within("AWS::ElasticLoadBalancingV2::LoadBalancer"), among.is_within()) {
            (Some(arns), _) => arns.to_vec(),
            (None, true) => Vec::new(),
            (None, false) => load_balancer::arns(cloud).await?,
        };
        arns(cloud, &balancers).await
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let balancer = text(wanted.properties, "loadBalancerArn").unwrap_or_default();
        let arns = arns(cloud, &[balancer.to_owned()]).await?;
        tags::made_by(cloud, &arns, wanted.token).await
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        const ACTION: &str = "elasticloadbalancing:CreateListener";
        let call = prepare(wanted.properties, cloud.elb.create_listener()).map_err(misfit(ACTION))?;
        let answer = call.send().await.map_err(failed(ACTION))?;
        let made = answer.listeners().first();
        Ok(Created {
            id: made.and_then(Described::listener_arn).unwrap_or_default().to_owned(),
            configure: !attributes::declared(wanted.properties, "listenerAttributes").is_empty(),
            accepted: Accepted { attributes: made.map(told_attributes).unwrap_or_default(), waiting: None },
        })
    }

    async fn configure(&self, cloud: &Cloud, id: &str, wanted: &Create<'_>) -> Result<(), CallError> {
        set_attributes(cloud, id, attributes::declared(wanted.properties, "listenerAttributes")).await
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        const ACTION: &str = "elasticloadbalancing:ModifyListener";
        tags::update(cloud, change).await?;
        if change.changes("listenerAttributes") {
            set_attributes(cloud, change.id, attributes::to_set(change, "listenerAttributes")).await?;
        }
        let settings = ["alpnPolicy", "certificates", "defaultActions", "port", "protocol", "sslPolicy"];
        if settings.iter().any(|name| change.changes(name)) {
            let call = modify(cloud, change).map_err(misfit(ACTION))?;
            call.send().await.map_err(failed(ACTION))?;
        }
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let call = cloud.elb.delete_listener().listener_arn(target.id);
        present(call.send().await.map_err(failed("elasticloadbalancing:DeleteListener")))?;
        Ok(Accepted::default())
    }
}

/// The attributes of one; `None` when it has gone meanwhile.
async fn attributes_of(cloud: &Cloud, arn: &str) -> Result<Option<Json>, CallError> {
    let call = cloud.elb.describe_listener_attributes().listener_arn(arn);
    let answer = call.send().await.map_err(failed("elasticloadbalancing:DescribeListenerAttributes"));
    let told = present(answer)?.map(|answer| answer.attributes.unwrap_or_default());
    Ok(told.map(|told| attributes::told(told.into_iter().map(|one| (one.key, one.value)))))
}

async fn set_attributes(cloud: &Cloud, arn: &str, pairs: Vec<(String, String)>) -> Result<(), CallError> {
    if pairs.is_empty() {
        return Ok(());
    }
    let pairs = pairs.into_iter().map(|(key, value)| ListenerAttribute::builder().key(key).value(value).build());
    let call = cloud.elb.modify_listener_attributes().listener_arn(arn).set_attributes(Some(pairs.collect()));
    call.send().await.map(drop).map_err(failed("elasticloadbalancing:ModifyListenerAttributes"))
}

fn prepare(properties: &JsonMap, call: CreateListenerFluentBuilder) -> Result<CreateListenerFluentBuilder, Misfit> {
    Ok(call
        .set_alpn_policy(member(properties, "alpnPolicy")?)
        .set_certificates(member(properties, "certificates")?)
        .set_default_actions(member(properties, "defaultActions")?)
        .set_load_balancer_arn(member(properties, "loadBalancerArn")?)
        .set_port(member(properties, "port")?)
        .set_protocol(member(properties, "protocol")?)
        .set_ssl_policy(member(properties, "sslPolicy")?)
        .set_tags(tags::to_send(properties)))
}

/// The call with all that is declared: a listener that speaks TLS needs its certificate beside the protocol.
fn modify(
    cloud: &Cloud,
    change: &Update<'_>,
) -> Result<aws_sdk_elasticloadbalancingv2::operation::modify_listener::builders::ModifyListenerFluentBuilder, Misfit> {
    let wanted = change.wanted;
    Ok(cloud
        .elb
        .modify_listener()
        .listener_arn(change.id)
        .set_alpn_policy(member(wanted, "alpnPolicy")?)
        .set_certificates(member(wanted, "certificates")?)
        .set_default_actions(member(wanted, "defaultActions")?)
        .set_port(member(wanted, "port")?)
        .set_protocol(member(wanted, "protocol")?)
        .set_ssl_policy(member(wanted, "sslPolicy")?))
}

/// ARNs of the listeners of load balancers; none of one that is not there.
pub(super) async fn arns(cloud: &Cloud, balancers: &[String]) -> Result<Vec<String>, CallError> {
    let of = |balancer: &String| {
        let call = cloud.elb.describe_listeners().load_balancer_arn(balancer);
        async move {
            let found = call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
            Ok(present(found.map_err(failed("elasticloadbalancing:DescribeListeners")))?.unwrap_or_default())
        }
        .boxed()
    };
    let found = abreast(balancers.iter().map(of).collect()).await?;
    Ok(found.into_iter().flatten().filter_map(|listener: Described| listener.listener_arn).collect())
}

fn observed(listener: &Described) -> Observed {
    let mut properties = JsonMap::new();
    put(&mut properties, "alpnPolicy", &listener.alpn_policy);
    put(&mut properties, "certificates", &listener.certificates);
    put(&mut properties, "defaultActions", &listener.default_actions);
    put(&mut properties, "loadBalancerArn", &listener.load_balancer_arn);
    put(&mut properties, "port", &listener.port);
    put(&mut properties, "protocol", &listener.protocol);
    put(&mut properties, "sslPolicy", &listener.ssl_policy);
    Observed { properties, attributes: told_attributes(listener) }
}

fn told_attributes(listener: &Described) -> JsonMap {
    let mut attributes = JsonMap::new();
    put(&mut attributes, "listenerArn", &listener.listener_arn);
    attributes
}

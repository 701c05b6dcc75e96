//! `AWS::ElasticLoadBalancingV2::ListenerRule`: what a listener does with requests of a certain kind.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::operation::create_rule::builders::CreateRuleFluentBuilder;
use aws_sdk_elasticloadbalancingv2::types::{Rule as Described, RulePriorityPair};
use futures::FutureExt;
use serde_json::json;

use super::{listener, load_balancer, many, tags};
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::absent::present;
use crate::kinds::json::{Misfit, member, misfit, put, text};
use crate::kinds::listing::Among;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, Observed, Update};
use crate::model::JsonMap;

/// The kind.
#[derive(Debug)]
pub struct ListenerRule;

static FACTS: Facts = Facts {
    type_name: "AWS::ElasticLoadBalancingV2::ListenerRule",
    sends: &["actions", "conditions", "listenerArn", "priority", "tags"],
    except: &[
        "actions/*/authenticateCognitoConfig",
        "actions/*/authenticateOidcConfig",
        "actions/*/jwtValidationConfig",
    ],
    replaces: &[],
    name: None,
    unique_by: &[&["listenerArn", "priority"]],
    deletable_in_use: false,
    arn: Some("ruleArn"),
};

#[async_trait]
impl Kind for ListenerRule {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let describe = |arns: Vec<String>| {
            async move {
                let call = cloud.elb.describe_rules().set_rule_arns(Some(arns));
                let answer = call.send().await.map_err(failed("elasticloadbalancing:DescribeRules"))?;
                Ok(answer.rules.unwrap_or_default())
            }
            .boxed()
        };
        let found = many::describe(ids, describe).await?.into_iter();
        let found: HashMap<String, Described> = found.filter_map(|rule| Some((rule.rule_arn.clone()?, rule))).collect();
        let there: Vec<String> = ids.iter().filter(|id| found.contains_key(*id)).cloned().collect();
        let tags = tags::of(cloud, &there).await?;
        let read = |id: &String| {
            let mut observed = observed(found.get(id)?);
            observed.properties.insert("tags".to_owned(), tags::told(tags.get(id)));
            Some(observed)
        };
        Ok(ids.iter().map(read).collect())
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        let listeners = match (among.within("AWS::ElasticLoadBalancingV2::Listener"), among.is_within()) {
            (Some(arns), _) => arns.to_vec(),
            (None, true) => Vec::new(),
            (None, false) => listener::arns(cloud, &load_balancer::arns(cloud).await?).await?,
        };
        arns(cloud, &listeners).await
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let listener = text(wanted.properties, "listenerArn").unwrap_or_default();
        let arns = arns(cloud, &[listener.to_owned()]).await?;
        tags::made_by(cloud, &arns, wanted.token).await
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        const ACTION: &str = "elasticloadbalancing:CreateRule";
        let call = prepare(wanted.properties, cloud.elb.create_rule()).map_err(misfit(ACTION))?;
        let answer = call.send().await.map_err(failed(ACTION))?;
        let made = answer.rules().first();
        Ok(Created {
            id: made.and_then(Described::rule_arn).unwrap_or_default().to_owned(),
            configure: false,
            accepted: Accepted { attributes: made.map(told_attributes).unwrap_or_default(), waiting: None },
        })
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        tags::update(cloud, change).await?;
        if change.changes("priority") {
            const ACTION: &str = "elasticloadbalancing:SetRulePriorities";
            let priority = member(change.wanted, "priority").map_err(misfit(ACTION))?;
            let pair = RulePriorityPair::builder().rule_arn(change.id).set_priority(priority).build();
            cloud.elb.set_rule_priorities().rule_priorities(pair).send().await.map_err(failed(ACTION))?;
        }
        if change.changes("actions") || change.changes("conditions") {
            const ACTION: &str = "elasticloadbalancing:ModifyRule";
            let actions = member(change.wanted, "actions").map_err(misfit(ACTION))?;
            let conditions = member(change.wanted, "conditions").map_err(misfit(ACTION))?;
            let call = cloud.elb.modify_rule().rule_arn(change.id);
            let call = call.set_actions(actions).set_conditions(conditions);
            call.send().await.map_err(failed(ACTION))?;
        }
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let call = cloud.elb.delete_rule().rule_arn(target.id);
        present(call.send().await.map_err(failed("elasticloadbalancing:DeleteRule")))?;
        Ok(Accepted::default())
    }
}

fn prepare(properties: &JsonMap, call: CreateRuleFluentBuilder) -> Result<CreateRuleFluentBuilder, Misfit> {
    Ok(call
        .set_actions(member(properties, "actions")?)
        .set_conditions(member(properties, "conditions")?)
        .set_listener_arn(member(properties, "listenerArn")?)
        .set_priority(member(properties, "priority")?)
        .set_tags(tags::to_send(properties)))
}

/// ARNs of the rules of listeners, but for the default ones, which are the listeners' own; none of one that is not there.
async fn arns(cloud: &Cloud, listeners: &[String]) -> Result<Vec<String>, CallError> {
    let of = |listener: &String| {
        let call = cloud.elb.describe_rules().listener_arn(listener);
        async move {
            let found = call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
            Ok(present(found.map_err(failed("elasticloadbalancing:DescribeRules")))?.unwrap_or_default())
        }
        .boxed()
    };
    let found = abreast(listeners.iter().map(of).collect()).await?.into_iter().flatten();
    Ok(found.filter(|rule: &Described| rule.is_default != Some(true)).filter_map(|rule| rule.rule_arn).collect())
}

fn observed(rule: &Described) -> Observed {
    let mut properties = JsonMap::new();
    put(&mut properties, "actions", &rule.actions);
    put(&mut properties, "conditions", &rule.conditions);
    // A text, since the default rule's is `default`.
    if let Some(priority) = rule.priority().and_then(|priority| priority.parse::<i64>().ok()) {
        properties.insert("priority".to_owned(), json!(priority));
    }
    Observed { properties, attributes: told_attributes(rule) }
}

fn told_attributes(rule: &Described) -> JsonMap {
    let mut attributes = JsonMap::new();
    put(&mut attributes, "ruleArn", &rule.rule_arn);
    put(&mut attributes, "isDefault", &rule.is_default);
    attributes
}

//! `AWS::ApplicationAutoScaling::ScalableTarget`: what is scaled, and between which bounds.
//!
//! AWS brings the capacity within the bounds as soon as they are set. Registering is also how a target is changed, so a
//! target that is there and has not this run's token is not taken over.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_applicationautoscaling::types::{ScalableTarget as Described, ServiceNamespace, SuspendedState};
use futures::FutureExt;
use serde_json::json;

use super::{Scaled, schedule};
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::absent::present;
use crate::kinds::json::{member, misfit, object, put, text};
use crate::kinds::listing::Among;
use crate::kinds::tags::{TOKEN, changes, pairs, to_property};
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, Observed, Update};
use crate::model::{Json, JsonMap};

object! {
    SuspendedState {
        "dynamicScalingInSuspended" dynamic_scaling_in_suspended set_dynamic_scaling_in_suspended,
        "dynamicScalingOutSuspended" dynamic_scaling_out_suspended set_dynamic_scaling_out_suspended,
        "scheduledScalingSuspended" scheduled_scaling_suspended set_scheduled_scaling_suspended,
    }
}

/// The kind.
#[derive(Debug)]
pub struct ScalableTarget;

static FACTS: Facts = Facts {
    type_name: "AWS::ApplicationAutoScaling::ScalableTarget",
    sends: &[
        "maxCapacity",
        "minCapacity",
        "resourceId",
        "roleARN",
        "scalableDimension",
        "scheduledActions",
        "serviceNamespace",
        "suspendedState",
        "tags",
    ],
    except: &[],
    replaces: &[],
    name: None,
    unique_by: &[&["resourceId", "scalableDimension", "serviceNamespace"]],
    deletable_in_use: false,
    arn: Some("arn"),
};

/// Resources a DescribeScalableTargets call takes.
const BATCH: usize = 50;
const REGISTER: &str = "application-autoscaling:RegisterScalableTarget";

#[async_trait]
impl Kind for ScalableTarget {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let found = describe(cloud, ids).await?;
        let calls = ids.iter().map(|id| observe(cloud, id, found.get(id)).boxed()).collect();
        abreast(calls).await
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        let call = cloud.autoscaling.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
        let found = match (among.within("AWS::ECS::Service"), among.is_within()) {
            (Some(services), _) => {
                let ids: Vec<String> = services.iter().filter_map(|id| of_service(id)).collect();
                describe(cloud, &ids).await?.into_values().collect()
            }
            (None, true) => Vec::new(),
            (None, false) => all(call).await?,
        };
        let mut ids: Vec<String> = found.iter().map(id_told).collect();
        ids.sort();
        Ok(ids)
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let id = id_of(wanted.properties);
        match describe(cloud, std::slice::from_ref(&id)).await?.remove(&id) {
            Some(target) => Ok(is_ours(cloud, &target, wanted.token).await?.then_some(id)),
            None => Ok(None),
        }
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        let id = id_of(wanted.properties);
        if let Some(there) = describe(cloud, std::slice::from_ref(&id)).await?.remove(&id)
            && !is_ours(cloud, &there, wanted.token).await?
        {
            let message = format!("`{}` is scaled already, by another scalable target", there.resource_id);
            return Err(CallError::new(REGISTER, "ScalableTargetAlreadyExists", message));
        }
        let scaled = Scaled::parse(&id);
        let of = wanted.properties;
        let call = cloud.autoscaling.register_scalable_target().service_namespace(scaled.namespace());
        let call = call
            .resource_id(scaled.resource)
            .scalable_dimension(scaled.dimension())
            .set_min_capacity(member(of, "minCapacity").map_err(misfit(REGISTER))?)
            .set_max_capacity(member(of, "maxCapacity").map_err(misfit(REGISTER))?)
            .set_role_arn(member(of, "roleARN").map_err(misfit(REGISTER))?)
            .set_suspended_state(member(of, "suspendedState").map_err(misfit(REGISTER))?)
            .set_tags(Some(pairs(of, "tags").into_iter().collect()).filter(|tags: &HashMap<_, _>| !tags.is_empty()));
        let answer = call.send().await.map_err(failed(REGISTER))?;
        let mut attributes = JsonMap::from_iter([("id".to_owned(), json!(id))]);
        put(&mut attributes, "arn", &answer.scalable_target_arn);
        let configure = !schedule::declared(of).is_empty();
        Ok(Created { id, configure, accepted: Accepted { attributes, waiting: None } })
    }

    async fn configure(&self, cloud: &Cloud, id: &str, wanted: &Create<'_>) -> Result<(), CallError> {
        schedule::put_all(cloud, Scaled::parse(id), wanted.properties).await
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        let scaled = Scaled::parse(change.id);
        let own = ["minCapacity", "maxCapacity", "roleARN", "suspendedState"];
        if own.iter().any(|name| change.changes(name)) {
            let mut call = cloud.autoscaling.register_scalable_target().service_namespace(scaled.namespace());
            call = call.resource_id(scaled.resource).scalable_dimension(scaled.dimension());
            // Both bounds, so that at no time one is beyond the other.
            if change.changes("minCapacity") || change.changes("maxCapacity") {
                call = call
                    .set_min_capacity(member(change.wanted, "minCapacity").map_err(misfit(REGISTER))?)
                    .set_max_capacity(member(change.wanted, "maxCapacity").map_err(misfit(REGISTER))?);
            }
            if change.changes("roleARN") {
                call = call.set_role_arn(member(change.wanted, "roleARN").map_err(misfit(REGISTER))?);
            }
            if change.changes("suspendedState") {
                call = call.suspended_state(suspended(change.wanted)?);
            }
            call.send().await.map_err(failed(REGISTER))?;
        }
        if change.changes(schedule::PROPERTY) || change.changed.is_empty() {
            schedule::put_all(cloud, scaled, change.wanted).await?;
            schedule::remove(cloud, scaled, change.prior, change.wanted).await?;
        }
        if let (true, Some(arn)) = (change.changes("tags"), text(change.attributes, "arn")) {
            retag(cloud, arn, change).await?;
        }
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let scaled = Scaled::parse(target.id);
        let call = cloud.autoscaling.deregister_scalable_target().service_namespace(scaled.namespace());
        let call = call.resource_id(scaled.resource).scalable_dimension(scaled.dimension());
        present(call.send().await.map_err(failed("application-autoscaling:DeregisterScalableTarget")))?;
        Ok(Accepted::default())
    }
}

fn id_of(properties: &JsonMap) -> String {
    let part = |name| text(properties, name).unwrap_or_default();
    Scaled { resource: part("resourceId"), dimension: part("scalableDimension"), namespace: part("serviceNamespace") }
        .id()
}

/// All three switches: one that is left out stays as it was.
fn suspended(wanted: &JsonMap) -> Result<SuspendedState, CallError> {
    let wanted: Option<SuspendedState> = member(wanted, "suspendedState").map_err(misfit(REGISTER))?;
    let is_on = |of: fn(&SuspendedState) -> Option<bool>| wanted.as_ref().and_then(of).unwrap_or(false);
    Ok(SuspendedState::builder()
        .dynamic_scaling_in_suspended(is_on(SuspendedState::dynamic_scaling_in_suspended))
        .dynamic_scaling_out_suspended(is_on(SuspendedState::dynamic_scaling_out_suspended))
        .scheduled_scaling_suspended(is_on(SuspendedState::scheduled_scaling_suspended))
        .build())
}

/// Targets by their identifiers; those that are not there are left out.
async fn describe(cloud: &Cloud, ids: &[String]) -> Result<HashMap<String, Described>, CallError> {
    let mut alike: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for id in ids {
        let scaled = Scaled::parse(id);
        alike.entry((scaled.namespace, scaled.dimension)).or_default().push(scaled.resource.to_owned());
    }
    let mut calls = Vec::new();
    for ((namespace, dimension), resources) in &alike {
        for some in resources.chunks(BATCH) {
            let of = Scaled { resource: "", dimension, namespace };
            let call = cloud.autoscaling.describe_scalable_targets().service_namespace(of.namespace());
            let call = call.scalable_dimension(of.dimension()).set_resource_ids(Some(some.to_vec()));
            calls.push(all(call).boxed());
        }
    }
    let found = abreast(calls).await?.into_iter().flatten();
    Ok(found.map(|target| (id_told(&target), target)).collect())
}

/// The identifier of a target as AWS tells it.
fn id_told(target: &Described) -> String {
    let (dimension, namespace) = (target.scalable_dimension.as_str(), target.service_namespace.as_str());
    Scaled { resource: &target.resource_id, dimension, namespace }.id()
}

/// The identifier of the target that the count of a service would be, from that of the service,
/// `arn:aws:ecs:…:service/<cluster>/<name>|<cluster>`.
fn of_service(service: &str) -> Option<String> {
    let arn = service.split('|').next()?;
    let path = arn.splitn(6, ':').nth(5)?;
    Some(Scaled { resource: path, dimension: "ecs:service:DesiredCount", namespace: "ecs" }.id())
}

async fn all(
    call: aws_sdk_applicationautoscaling::operation::describe_scalable_targets::builders::DescribeScalableTargetsFluentBuilder,
) -> Result<Vec<Described>, CallError> {
    let mut pages = call.into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(failed("application-autoscaling:DescribeScalableTargets"))?;
        found.extend(page.scalable_targets.unwrap_or_default());
    }
    Ok(found)
}

/// The tags of a target; none for one that is gone.
async fn tags(cloud: &Cloud, target: &Described) -> Result<Option<HashMap<String, String>>, CallError> {
    // One that was registered before there were tags has no ARN.
    let Some(arn) = target.scalable_target_arn() else { return Ok(Some(HashMap::new())) };
    let answer = cloud.autoscaling.list_tags_for_resource().resource_arn(arn).send().await;
    let answer = present(answer.map_err(failed("application-autoscaling:ListTagsForResource")))?;
    Ok(answer.map(|answer| answer.tags.unwrap_or_default()))
}

async fn is_ours(cloud: &Cloud, target: &Described, token: &str) -> Result<bool, CallError> {
    let tags = tags(cloud, target).await?.unwrap_or_default();
    Ok(tags.get(TOKEN).is_some_and(|own| own == token))
}

async fn retag(cloud: &Cloud, arn: &str, change: &Update<'_>) -> Result<(), CallError> {
    let changes = changes(change.wanted, change.prior, change.observed);
    if !changes.remove.is_empty() {
        let call = cloud.autoscaling.untag_resource().resource_arn(arn).set_tag_keys(Some(changes.remove));
        call.send().await.map_err(failed("application-autoscaling:UntagResource"))?;
    }
    if !changes.set.is_empty() {
        let call = cloud.autoscaling.tag_resource().resource_arn(arn).set_tags(Some(changes.set.into_iter().collect()));
        call.send().await.map_err(failed("application-autoscaling:TagResource"))?;
    }
    Ok(())
}

async fn observe(cloud: &Cloud, id: &str, target: Option<&Described>) -> Result<Option<Observed>, CallError> {
    let Some(target) = target else { return Ok(None) };
    let Some(tags) = tags(cloud, target).await? else { return Ok(None) };
    let mut properties = JsonMap::new();
    put(&mut properties, "maxCapacity", &target.max_capacity);
    put(&mut properties, "minCapacity", &target.min_capacity);
    put(&mut properties, "resourceId", &target.resource_id);
    put(&mut properties, "scalableDimension", &target.scalable_dimension);
    put(&mut properties, "serviceNamespace", &target.service_namespace);
    put(&mut properties, "suspendedState", &target.suspended_state);
    let actions = schedule::read(cloud, Scaled::parse(id)).await?;
    if actions.as_array().is_some_and(|actions| !actions.is_empty()) {
        properties.insert(schedule::PROPERTY.to_owned(), actions);
    }
    properties.insert("tags".to_owned(), to_property(tags));
    let mut attributes = JsonMap::from_iter([("id".to_owned(), Json::String(id.to_owned()))]);
    put(&mut attributes, "arn", &target.scalable_target_arn);
    Ok(Some(Observed { properties, attributes }))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::cloud::ErrorClass;
    use crate::kinds::echo;

    #[tokio::test]
    async fn everything_claimed_is_sent_and_read_back() {
        let kept = Mutex::new((Json::Null, Json::Null));
        let cloud = echo::cloud(move |action, parameters| {
            let mut kept = kept.lock().unwrap();
            match action {
                "RegisterScalableTarget" => {
                    kept.0 = json!(parameters);
                    kept.0["CreationTime"] = json!(1);
                    kept.0["ScalableTargetARN"] = json!("arn:1");
                    json!({ "ScalableTargetARN": "arn:1" })
                }
                "PutScheduledAction" => {
                    kept.1 = json!(parameters);
                    kept.1["CreationTime"] = json!(1);
                    kept.1["ScheduledActionARN"] = json!("arn:2");
                    json!({})
                }
                "DescribeScheduledActions" => json!({ "ScheduledActions": [kept.1] }),
                "ListTagsForResource" => json!({ "Tags": kept.0["Tags"] }),
                _ if kept.0.is_null() => json!({ "ScalableTargets": [] }),
                _ => json!({ "ScalableTargets": [kept.0] }),
            }
        });
        let mut properties = echo::everything(&ScalableTarget);
        for (name, time) in [("startTime", "2030-01-01T00:00:00Z"), ("endTime", "2031-01-01T00:00:00Z")] {
            properties["scheduledActions"][0][name] = json!(time);
        }
        let wanted = Create { properties: &properties, token: "t" };
        let created = ScalableTarget.create(&cloud, &wanted).await.unwrap();
        assert!(created.configure, "scheduled actions have calls of their own");
        ScalableTarget.configure(&cloud, &created.id, &wanted).await.unwrap();
        let read = ScalableTarget.read(&cloud, &[created.id]).await.unwrap().remove(0).expect("it is there");
        properties.remove("roleARN");
        echo::assert_same(&read.properties, &properties);
        assert_eq!(read.attributes, created.accepted.attributes);
    }

    #[tokio::test]
    async fn a_target_of_somebody_else_is_not_taken_over() {
        let cloud = echo::cloud(|action, _| match action {
            "ListTagsForResource" => json!({ "Tags": { TOKEN: "ours" } }),
            "RegisterScalableTarget" => json!({ "ScalableTargetARN": "arn:1" }),
            _ => json!({ "ScalableTargets": [{
                "ServiceNamespace": "ecs", "ResourceId": "service/c/s", "MinCapacity": 1, "MaxCapacity": 2,
                "ScalableDimension": "ecs:service:DesiredCount", "ScalableTargetARN": "arn:1", "CreationTime": 1,
                "RoleARN": "arn:role",
            }] }),
        });
        let properties = json!({
            "resourceId": "service/c/s", "scalableDimension": "ecs:service:DesiredCount", "serviceNamespace": "ecs",
            "minCapacity": 1, "maxCapacity": 2,
        });
        let properties = properties.as_object().expect("an object");
        let theirs = Create { properties, token: "another" };
        let error = ScalableTarget.create(&cloud, &theirs).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::AlreadyExists);
        assert_eq!(ScalableTarget.find(&cloud, &theirs).await.unwrap(), None);
        let ours = Create { properties, token: "ours" };
        let id = "service/c/s|ecs:service:DesiredCount|ecs";
        assert_eq!(ScalableTarget.find(&cloud, &ours).await.unwrap().as_deref(), Some(id));
        assert_eq!(ScalableTarget.create(&cloud, &ours).await.unwrap().id, id);
    }

    #[tokio::test]
    async fn times_that_would_be_told_otherwise_are_refused() {
        let cloud = echo::cloud(|_, _| json!({}));
        let properties = json!({ "scheduledActions": [{
            "scheduledActionName": "a", "schedule": "rate(1 hour)", "startTime": "2030-01-01T00:00:00.000Z",
        }] });
        let wanted = Create { properties: properties.as_object().expect("an object"), token: "t" };
        let error = ScalableTarget.configure(&cloud, "a|b|c", &wanted).await.unwrap_err();
        assert!(error.message.contains("2030-01-31T08:00:00Z"), "{error}");
    }
}

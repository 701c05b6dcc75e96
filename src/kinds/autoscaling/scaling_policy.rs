//! `AWS::ApplicationAutoScaling::ScalingPolicy`: by which rule a target is scaled. Target tracking makes its alarms
//! itself; step scaling is called by alarms that somebody else makes.
//!
//! A policy has no tags: one of the same name on the same target counts as the run's own when it says what is wanted.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use aws_sdk_applicationautoscaling::types::{
    AdjustmentType, CustomizedMetricSpecification, MetricAggregationType, MetricDimension, MetricStatistic, MetricType,
    PolicyType, PredefinedMetricSpecification, ScalingPolicy as Described, ServiceNamespace, StepAdjustment,
    StepScalingPolicyConfiguration, TargetTrackingMetric, TargetTrackingMetricDataQuery, TargetTrackingMetricDimension,
    TargetTrackingMetricStat, TargetTrackingScalingPolicyConfiguration,
};
use futures::FutureExt;

use super::Scaled;
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::absent::present;
use crate::kinds::json::{member, misfit, object, put, text, words};
use crate::kinds::listing::Among;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, Observed, Update};
use crate::model::{JsonMap, Value, diff, schemas};

words!(AdjustmentType, MetricAggregationType, MetricStatistic, MetricType, PolicyType);

object! {
    CustomizedMetricSpecification {
        "dimensions" dimensions set_dimensions,
        "metricName" metric_name set_metric_name,
        "metrics" metrics set_metrics,
        "namespace" namespace set_namespace,
        "statistic" statistic set_statistic,
        "unit" unit set_unit,
    }
    MetricDimension {
        "name" name set_name,
        "value" value set_value,
    }
    PredefinedMetricSpecification {
        "predefinedMetricType" predefined_metric_type set_predefined_metric_type,
        "resourceLabel" resource_label set_resource_label,
    }
    StepAdjustment {
        "metricIntervalLowerBound" metric_interval_lower_bound set_metric_interval_lower_bound,
        "metricIntervalUpperBound" metric_interval_upper_bound set_metric_interval_upper_bound,
        "scalingAdjustment" scaling_adjustment set_scaling_adjustment,
    }
    StepScalingPolicyConfiguration {
        "adjustmentType" adjustment_type set_adjustment_type,
        "cooldown" cooldown set_cooldown,
        "metricAggregationType" metric_aggregation_type set_metric_aggregation_type,
        "minAdjustmentMagnitude" min_adjustment_magnitude set_min_adjustment_magnitude,
        "stepAdjustments" step_adjustments set_step_adjustments,
    }
    TargetTrackingMetric {
        "dimensions" dimensions set_dimensions,
        "metricName" metric_name set_metric_name,
        "namespace" namespace set_namespace,
    }
    TargetTrackingMetricDataQuery {
        "expression" expression set_expression,
        "id" id set_id,
        "label" label set_label,
        "metricStat" metric_stat set_metric_stat,
        "returnData" return_data set_return_data,
    }
    TargetTrackingMetricDimension {
        "name" name set_name,
        "value" value set_value,
    }
    TargetTrackingMetricStat {
        "metric" metric set_metric,
        "stat" stat set_stat,
        "unit" unit set_unit,
    }
    TargetTrackingScalingPolicyConfiguration {
        "customizedMetricSpecification" customized_metric_specification set_customized_metric_specification,
        "disableScaleIn" disable_scale_in set_disable_scale_in,
        "predefinedMetricSpecification" predefined_metric_specification set_predefined_metric_specification,
        "scaleInCooldown" scale_in_cooldown set_scale_in_cooldown,
        "scaleOutCooldown" scale_out_cooldown set_scale_out_cooldown,
        "targetValue" target_value set_target_value,
    }
}

/// The kind.
#[derive(Debug)]
pub struct ScalingPolicy;

static FACTS: Facts = Facts {
    type_name: "AWS::ApplicationAutoScaling::ScalingPolicy",
    sends: &[
        "policyName",
        "policyType",
        "resourceId",
        "scalableDimension",
        "scalingTargetId",
        "serviceNamespace",
        "stepScalingPolicyConfiguration",
        "targetTrackingScalingPolicyConfiguration",
    ],
    except: &[],
    // PutScalingPolicy refuses another type for a policy that is there.
    replaces: &["policyType"],
    name: None,
    // No two policies of a target may track the same metric, whatever their names.
    unique_by: &[&["resourceId", "scalingTargetId"]],
    deletable_in_use: false,
    arn: Some("arn"),
};

/// Policies a DescribeScalingPolicies call takes.
const BATCH: usize = 50;
const PUT: &str = "application-autoscaling:PutScalingPolicy";

#[async_trait]
impl Kind for ScalingPolicy {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let found = describe(cloud, ids.iter().filter_map(|id| Named::of_id(id)).collect()).await?;
        let by_arn: HashMap<&str, &Described> =
            found.iter().map(|policy| (policy.policy_arn.as_str(), policy)).collect();
        let arn = |id: &String| by_arn.get(id.split('|').next().unwrap_or_default()).copied();
        Ok(ids.iter().map(|id| arn(id).map(observed)).collect())
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        let ours: Option<BTreeSet<&str>> = among
            .within("AWS::ApplicationAutoScaling::ScalableTarget")
            .map(|ids| ids.iter().map(|id| Scaled::parse(id).resource).collect());
        if among.is_within() && ours.is_none() {
            return Ok(Vec::new());
        }
        let call = cloud.autoscaling.describe_scaling_policies().service_namespace(ServiceNamespace::Ecs);
        let found = call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let found = found.map_err(failed("application-autoscaling:DescribeScalingPolicies"))?;
        let wanted = |policy: &&Described| ours.as_ref().is_none_or(|ours| ours.contains(policy.resource_id()));
        Ok(found.iter().filter(wanted).map(id_of).collect())
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let there = there(cloud, wanted.properties).await?;
        Ok(there.filter(|policy| says_what_is_wanted(policy, wanted.properties)).map(|policy| id_of(&policy)))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        let there = there(cloud, wanted.properties).await?;
        if let Some(there) = there.filter(|policy| !says_what_is_wanted(policy, wanted.properties)) {
            let message = format!("`{}` has a policy named `{}` already", there.resource_id, there.policy_name);
            return Err(CallError::new(PUT, "ScalingPolicyAlreadyExists", message));
        }
        let target = target(wanted.properties);
        let arn = send(cloud, Scaled::parse(&target), wanted.properties).await?;
        let id = format!("{arn}|{}", Scaled::parse(&target).dimension);
        let attributes = JsonMap::from_iter([("arn".to_owned(), arn.into())]);
        Ok(Created { id, configure: false, accepted: Accepted { attributes, waiting: None } })
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        let target = target(change.wanted);
        send(cloud, Scaled::parse(&target), change.wanted).await?;
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let Some(named) = Named::of_id(target.id) else { return Ok(Accepted::default()) };
        let call = cloud.autoscaling.delete_scaling_policy().policy_name(named.policy);
        let call = call.service_namespace(named.scaled.namespace()).resource_id(named.scaled.resource);
        let answer = call.scalable_dimension(named.scaled.dimension()).send().await;
        present(answer.map_err(failed("application-autoscaling:DeleteScalingPolicy")))?;
        Ok(Accepted::default())
    }
}

/// A policy by its name and what it scales.
#[derive(Debug, Clone, Copy)]
struct Named<'a> {
    policy: &'a str,
    scaled: Scaled<'a>,
}

impl<'a> Named<'a> {
    /// Of an identifier: the ARN, which ends in `:resource/<namespace>/<resource>:policyName/<name>`, and the dimension.
    fn of_id(id: &'a str) -> Option<Self> {
        let (arn, dimension) = id.rsplit_once('|')?;
        let (_, of) = arn.split_once(":resource/")?;
        let (resource, policy) = of.split_once(":policyName/")?;
        let (namespace, resource) = resource.split_once('/')?;
        Some(Self { policy, scaled: Scaled { resource, dimension, namespace } })
    }
}

/// The identifier of the target that a policy declares, in either of the two ways.
fn target(properties: &JsonMap) -> String {
    if let Some(id) = text(properties, "scalingTargetId") {
        return id.to_owned();
    }
    let part = |name| text(properties, name).unwrap_or_default();
    Scaled { resource: part("resourceId"), dimension: part("scalableDimension"), namespace: part("serviceNamespace") }
        .id()
}

fn id_of(policy: &Described) -> String {
    format!("{}|{}", policy.policy_arn, policy.scalable_dimension.as_str())
}

/// Sets a policy, whole, and tells its ARN.
async fn send(cloud: &Cloud, scaled: Scaled<'_>, wanted: &JsonMap) -> Result<String, CallError> {
    let call = cloud.autoscaling.put_scaling_policy().service_namespace(scaled.namespace());
    let call = call.resource_id(scaled.resource).scalable_dimension(scaled.dimension());
    let tracking = member(wanted, "targetTrackingScalingPolicyConfiguration").map_err(misfit(PUT))?;
    let call = call
        .set_policy_name(member(wanted, "policyName").map_err(misfit(PUT))?)
        .set_policy_type(member(wanted, "policyType").map_err(misfit(PUT))?)
        .set_step_scaling_policy_configuration(member(wanted, "stepScalingPolicyConfiguration").map_err(misfit(PUT))?)
        .set_target_tracking_scaling_policy_configuration(tracking);
    Ok(call.send().await.map_err(failed(PUT))?.policy_arn)
}

/// The policy of the declared name on the declared target.
async fn there(cloud: &Cloud, properties: &JsonMap) -> Result<Option<Described>, CallError> {
    let (target, name) = (target(properties), text(properties, "policyName").unwrap_or_default());
    let scaled = Scaled::parse(&target);
    let found = describe(cloud, vec![Named { policy: name, scaled }]).await?.into_iter();
    Ok(found.into_iter().find(|policy| {
        policy.policy_name == name
            && policy.resource_id == scaled.resource
            && policy.scalable_dimension.as_str() == scaled.dimension
    }))
}

/// Whether there is no difference between a policy and what is wanted.
fn says_what_is_wanted(policy: &Described, wanted: &JsonMap) -> bool {
    let wanted: BTreeMap<String, Value> =
        wanted.iter().map(|(name, json)| (name.clone(), Value::from_json(json))).collect();
    let observed = observed(policy).properties;
    let differ = |schema| !diff::differences(schema, &wanted, &wanted, Some(&observed)).is_empty();
    schemas().by_type(FACTS.type_name).is_some_and(|schema| !differ(schema))
}

/// Policies by name; others of the same name may be among them.
async fn describe(cloud: &Cloud, wanted: Vec<Named<'_>>) -> Result<Vec<Described>, CallError> {
    let mut alike: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for named in wanted {
        let names = alike.entry(named.scaled.namespace).or_default();
        if !names.iter().any(|name| name == named.policy) {
            names.push(named.policy.to_owned());
        }
    }
    let mut calls = Vec::new();
    for (namespace, names) in &alike {
        for some in names.chunks(BATCH) {
            let of = Scaled { resource: "", dimension: "", namespace };
            let call = cloud.autoscaling.describe_scaling_policies().service_namespace(of.namespace());
            let mut pages = call.set_policy_names(Some(some.to_vec())).into_paginator().send();
            let all = async move {
                let mut found = Vec::new();
                while let Some(page) = pages.next().await {
                    let page = page.map_err(failed("application-autoscaling:DescribeScalingPolicies"))?;
                    found.extend(page.scaling_policies.unwrap_or_default());
                }
                Ok::<_, CallError>(found)
            };
            calls.push(all.boxed());
        }
    }
    Ok(abreast(calls).await?.into_iter().flatten().collect())
}

fn observed(policy: &Described) -> Observed {
    let mut properties = JsonMap::new();
    put(&mut properties, "policyName", &policy.policy_name);
    put(&mut properties, "policyType", &policy.policy_type);
    put(&mut properties, "resourceId", &policy.resource_id);
    put(&mut properties, "scalableDimension", &policy.scalable_dimension);
    put(&mut properties, "serviceNamespace", &policy.service_namespace);
    put(&mut properties, "stepScalingPolicyConfiguration", &policy.step_scaling_policy_configuration);
    let tracking = &policy.target_tracking_scaling_policy_configuration;
    put(&mut properties, "targetTrackingScalingPolicyConfiguration", tracking);
    let attributes = JsonMap::from_iter([("arn".to_owned(), policy.policy_arn.clone().into())]);
    Observed { properties, attributes }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::json;

    use super::*;
    use crate::cloud::ErrorClass;
    use crate::kinds::echo;
    use crate::model::Json;

    const ARN: &str = "arn:aws:autoscaling:eu-west-1:1:scalingPolicy:1-2:resource/ecs/service/c/s:policyName/cpu";

    #[tokio::test]
    async fn everything_claimed_is_sent_and_read_back() {
        let kept = Mutex::new(Json::Null);
        let cloud = echo::cloud(move |action, parameters| {
            let mut kept = kept.lock().unwrap();
            if action == "PutScalingPolicy" {
                *kept = json!(parameters);
                kept["PolicyARN"] = json!(ARN);
                kept["CreationTime"] = json!(1);
            }
            let found = if kept.is_null() { json!([]) } else { json!([*kept]) };
            json!({ "PolicyARN": ARN, "ScalingPolicies": found })
        });
        let mut properties = echo::everything(&ScalingPolicy);
        properties.remove("scalingTargetId");
        let created = ScalingPolicy.create(&cloud, &Create { properties: &properties, token: "t" }).await.unwrap();
        let dimension = properties["scalableDimension"].as_str().expect("a text");
        assert_eq!(created.id, format!("{ARN}|{dimension}"));
        let read = ScalingPolicy.read(&cloud, &[created.id]).await.unwrap().remove(0).expect("it is there");
        echo::assert_same(&read.properties, &properties);
    }

    fn tracking(value: i64) -> Json {
        json!({
            "policyName": "cpu", "policyType": "TargetTrackingScaling",
            "scalingTargetId": "service/c/s|ecs:service:DesiredCount|ecs",
            "targetTrackingScalingPolicyConfiguration": {
                "predefinedMetricSpecification": { "predefinedMetricType": "ECSServiceAverageCPUUtilization" },
                "targetValue": value,
            },
        })
    }

    #[tokio::test]
    async fn a_policy_of_that_name_that_says_something_else_is_not_overwritten() {
        let cloud = echo::cloud(|action, _| {
            let there = json!({
                "PolicyARN": ARN, "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling", "ResourceId": "service/c/s",
                "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "CreationTime": 1,
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": 60.0, "DisableScaleIn": false,
                    "PredefinedMetricSpecification": { "PredefinedMetricType": "ECSServiceAverageCPUUtilization" },
                },
            });
            match action {
                "PutScalingPolicy" => json!({ "PolicyARN": ARN }),
                _ => json!({ "ScalingPolicies": [there] }),
            }
        });
        for (value, ours) in [(60, true), (61, false)] {
            let properties = tracking(value);
            let wanted = Create { properties: properties.as_object().expect("an object"), token: "t" };
            let id = format!("{ARN}|ecs:service:DesiredCount");
            assert_eq!(ScalingPolicy.find(&cloud, &wanted).await.unwrap(), ours.then(|| id.clone()), "{value}");
            match ScalingPolicy.create(&cloud, &wanted).await {
                Ok(created) => assert!(ours && created.id == id),
                Err(error) => assert!(!ours && error.class == ErrorClass::AlreadyExists, "{error}"),
            }
        }
    }
}

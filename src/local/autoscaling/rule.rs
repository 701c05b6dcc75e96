//! What policies say: which configurations AWS takes, and what it adds to them.
//!
//! Source: the documentation of `TargetTrackingScalingPolicyConfiguration` and `StepScalingPolicyConfiguration` in the
//! Application Auto Scaling API reference.

use serde_json::json;

use super::super::members::Members;
use super::super::service::Fault;
use crate::model::Json;

/// The metrics of services that AWS knows by a name.
const PREDEFINED: [&str; 5] = [
    "ALBRequestCountPerTarget",
    "ECSServiceAverageCPUUtilization",
    "ECSServiceAverageCPUUtilizationHighResolution",
    "ECSServiceAverageMemoryUtilization",
    "ECSServiceAverageMemoryUtilizationHighResolution",
];

/// The member that has the configuration of a type of policy.
pub(super) fn member(policy_type: &str) -> &'static str {
    match policy_type {
        "TargetTrackingScaling" => "TargetTrackingScalingPolicyConfiguration",
        "PredictiveScaling" => "PredictiveScalingPolicyConfiguration",
        _ => "StepScalingPolicyConfiguration",
    }
}

/// The configuration that a call gives, checked.
///
/// # Errors
/// `ValidationException`.
pub(super) fn read(members: &Members<'_>, policy_type: &str) -> Result<Json, Fault> {
    let name = member(policy_type);
    let configuration = members.structure(name)?;
    let Some(configuration) = configuration else {
        return Err(members.refuse(format!("{name} has to be given for a policy of type {policy_type}.")));
    };
    let others = ["TargetTrackingScaling", "PredictiveScaling", "StepScaling"].map(member);
    for other in others.into_iter().filter(|other| *other != name) {
        if members.structure(other)?.is_some() {
            return Err(members.refuse(format!("{other} is not for a policy of type {policy_type}.")));
        }
    }
    match policy_type {
        "TargetTrackingScaling" => tracking(&configuration),
        "StepScaling" => steps(&configuration),
        _ => Err(members.refuse("The embedded AWS forecasts nothing: it has no predictive scaling.")),
    }
}

/// What a tracking policy tracks: two of a target may not track the same.
pub(super) fn metric(configuration: &Json) -> Option<Json> {
    let tracked =
        ["PredefinedMetricSpecification", "CustomizedMetricSpecification"].map(|name| configuration.get(name).cloned());
    tracked.into_iter().flatten().next()
}

fn tracking(of: &Members<'_>) -> Result<Json, Fault> {
    let value = of.json().get("TargetValue").and_then(Json::as_f64);
    if !value.is_some_and(|value| value > 0.0) {
        return Err(of.refuse("TargetValue has to be a number greater than 0."));
    }
    for cooldown in ["ScaleInCooldown", "ScaleOutCooldown"] {
        of.number(cooldown, 0, i64::from(i32::MAX))?;
    }
    let disabled = of.flag("DisableScaleIn")?.unwrap_or(false);
    let (predefined, customized) =
        (of.structure("PredefinedMetricSpecification")?, of.structure("CustomizedMetricSpecification")?);
    match (predefined, customized) {
        (Some(predefined), None) => check_predefined(&predefined)?,
        (None, Some(customized)) => check_customized(&customized)?,
        _ => {
            let message = "Specify either a PredefinedMetricSpecification or a CustomizedMetricSpecification.";
            return Err(of.refuse(message));
        }
    }
    let mut configuration = Json::Object(of.json().clone());
    configuration["DisableScaleIn"] = json!(disabled);
    Ok(configuration)
}

fn check_predefined(of: &Members<'_>) -> Result<(), Fault> {
    let metric = of.required("PredefinedMetricType")?;
    if !PREDEFINED.contains(&metric) {
        return Err(of.refuse(format!("The metric {metric} is not one of services of ECS.")));
    }
    match (metric == "ALBRequestCountPerTarget", of.text("ResourceLabel")?) {
        (true, Some(label)) => {
            // app/<balancer>/<id>/targetgroup/<group>/<id>
            let parts: Vec<&str> = label.split('/').collect();
            if parts.len() == 6 && parts[0] == "app" && parts[3] == "targetgroup" {
                return Ok(());
            }
            Err(of.refuse(format!("The resource label {label} names no load balancer and target group.")))
        }
        (true, None) => Err(of.refuse("ResourceLabel has to be given for the metric ALBRequestCountPerTarget.")),
        (false, Some(_)) => Err(of.refuse(format!("ResourceLabel cannot be given for the metric {metric}."))),
        (false, None) => Ok(()),
    }
}

fn check_customized(of: &Members<'_>) -> Result<(), Fault> {
    let metrics = of.structures("Metrics")?;
    if metrics.is_empty() {
        of.required("MetricName")?;
        of.required("Namespace")?;
        of.required("Statistic")?;
        of.one_of("Statistic", &["Average", "Minimum", "Maximum", "SampleCount", "Sum"])?;
        return Ok(());
    }
    let mut returned = 0;
    for query in &metrics {
        query.required("Id")?;
        if query.text("Expression")?.is_some() == query.structure("MetricStat")?.is_some() {
            return Err(query.refuse("Each metric has either an Expression or a MetricStat."));
        }
        returned += usize::from(query.flag("ReturnData")?.unwrap_or(true));
    }
    if returned == 1 { Ok(()) } else { Err(of.refuse("Exactly one of the metrics has to return data.")) }
}

fn steps(of: &Members<'_>) -> Result<Json, Fault> {
    of.required("AdjustmentType")?;
    let kinds = ["ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"];
    let kind = of.one_of("AdjustmentType", &kinds)?;
    of.one_of("MetricAggregationType", &["Average", "Minimum", "Maximum"])?;
    of.number("Cooldown", 0, i64::from(i32::MAX))?;
    let least = of.number("MinAdjustmentMagnitude", 1, i64::from(i32::MAX))?;
    if least.is_some() && kind != Some("PercentChangeInCapacity") {
        return Err(of.refuse("MinAdjustmentMagnitude is only for the adjustment type PercentChangeInCapacity."));
    }
    let steps = of.structures("StepAdjustments")?;
    if steps.is_empty() {
        return Err(of.refuse("At least one step adjustment has to be given."));
    }
    let mut intervals = Vec::new();
    for step in &steps {
        if step.number("ScalingAdjustment", i64::from(i32::MIN), i64::from(i32::MAX))?.is_none() {
            return Err(step.refuse("ScalingAdjustment has to be given for each step."));
        }
        let bound = |name: &str, open: f64| step.json().get(name).and_then(Json::as_f64).unwrap_or(open);
        let (from, to) =
            (bound("MetricIntervalLowerBound", f64::NEG_INFINITY), bound("MetricIntervalUpperBound", f64::INFINITY));
        if from >= to {
            return Err(step.refuse("A step's upper bound must be greater than its lower bound."));
        }
        intervals.push((from, to));
    }
    intervals.sort_by(|one, other| one.0.total_cmp(&other.0));
    if intervals.windows(2).any(|pair| (pair[0].1 - pair[1].0).abs() > f64::EPSILON) {
        return Err(of.refuse("The intervals of step adjustments can neither overlap nor have gaps between them."));
    }
    let mut configuration = Json::Object(of.json().clone());
    if configuration.get("MetricAggregationType").is_none() {
        configuration["MetricAggregationType"] = json!("Average");
    }
    Ok(configuration)
}

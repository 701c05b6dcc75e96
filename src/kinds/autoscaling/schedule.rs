//! Scheduled actions of a target, which calls of their own set and tell.

use aws_sdk_applicationautoscaling::types::{ScalableTargetAction, ScheduledAction};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::json;

use super::Scaled;
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::absent::present;
use crate::kinds::json::{Told, member, misfit, object, put, refusal, text};
use crate::model::{Json, JsonMap};

object! {
    ScalableTargetAction {
        "maxCapacity" max_capacity set_max_capacity,
        "minCapacity" min_capacity set_min_capacity,
    }
}

/// The property that declares them.
pub(super) const PROPERTY: &str = "scheduledActions";

/// Those that properties declare.
pub(super) fn declared(properties: &JsonMap) -> Vec<&JsonMap> {
    properties.get(PROPERTY).and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_object).collect()
}

fn name(action: &JsonMap) -> &str {
    text(action, "scheduledActionName").unwrap_or_default()
}

/// Sets each of those that are wanted.
pub(super) async fn put_all(cloud: &Cloud, scaled: Scaled<'_>, wanted: &JsonMap) -> Result<(), CallError> {
    const ACTION: &str = "application-autoscaling:PutScheduledAction";
    for action in declared(wanted) {
        let call = cloud.autoscaling.put_scheduled_action().service_namespace(scaled.namespace());
        let call = call.resource_id(scaled.resource).scalable_dimension(scaled.dimension());
        let call = call
            .scheduled_action_name(name(action))
            .set_schedule(member(action, "schedule").map_err(misfit(ACTION))?)
            .set_timezone(member(action, "timezone").map_err(misfit(ACTION))?)
            .set_start_time(time(ACTION, action, "startTime")?)
            .set_end_time(time(ACTION, action, "endTime")?)
            .set_scalable_target_action(member(action, "scalableTargetAction").map_err(misfit(ACTION))?);
        call.send().await.map_err(failed(ACTION))?;
    }
    Ok(())
}

/// Takes away those that a run had declared and this one does not.
pub(super) async fn remove(
    cloud: &Cloud,
    scaled: Scaled<'_>,
    prior: &JsonMap,
    wanted: &JsonMap,
) -> Result<(), CallError> {
    let kept: Vec<&str> = declared(wanted).into_iter().map(name).collect();
    for gone in declared(prior).into_iter().map(name).filter(|name| !kept.contains(name)) {
        let call = cloud.autoscaling.delete_scheduled_action().service_namespace(scaled.namespace());
        let call = call.resource_id(scaled.resource).scalable_dimension(scaled.dimension());
        let answer = call.scheduled_action_name(gone).send().await;
        present(answer.map_err(failed("application-autoscaling:DeleteScheduledAction")))?;
    }
    Ok(())
}

/// Those of a target, as a property.
pub(super) async fn read(cloud: &Cloud, scaled: Scaled<'_>) -> Result<Json, CallError> {
    let call = cloud.autoscaling.describe_scheduled_actions().service_namespace(scaled.namespace());
    let call = call.resource_id(scaled.resource).scalable_dimension(scaled.dimension());
    let mut pages = call.into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(failed("application-autoscaling:DescribeScheduledActions"))?;
        found.extend(page.scheduled_actions().iter().map(told));
    }
    Ok(Json::Array(found))
}

fn told(action: &ScheduledAction) -> Json {
    let mut told = JsonMap::new();
    put(&mut told, "scheduledActionName", &action.scheduled_action_name);
    put(&mut told, "schedule", &action.schedule);
    put(&mut told, "timezone", &action.timezone);
    for (name, at) in [("startTime", action.start_time()), ("endTime", action.end_time())] {
        if let Some(at) = at.and_then(|at| at.fmt(Format::DateTime).ok()) {
            told.insert(name.to_owned(), json!(at));
        }
    }
    told.insert("scalableTargetAction".to_owned(), action.scalable_target_action.tell());
    Json::Object(told)
}

/// A time, which has to be written as it is told again: else it would differ for ever.
fn time(call: &'static str, action: &JsonMap, property: &str) -> Result<Option<DateTime>, CallError> {
    let Some(written) = text(action, property) else { return Ok(None) };
    let time = DateTime::from_str(written, Format::DateTime).ok();
    let same = |time: &DateTime| time.fmt(Format::DateTime).is_ok_and(|told| told == written);
    match time.filter(same) {
        Some(time) => Ok(Some(time)),
        None => {
            let message = format!("{PROPERTY}.{property} is `{written}`: write a time as 2030-01-31T08:00:00Z");
            Err(refusal(call, message))
        }
    }
}

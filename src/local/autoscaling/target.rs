//! Scalable targets, their tags, and what was done for them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::ecs;
use super::super::members::Members;
use super::super::service::Fault;
use super::super::store::{Object, Tx};
use super::policy::Policy;
use super::schedule::Action;
use super::{DIMENSION, Scaled, all_or_of, asked, namespace, paged, scaled};
use crate::model::Json;

/// A target: a service of ECS's and the bounds of its count.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Target {
    pub(super) resource: String,
    min: i64,
    max: i64,
    suspended: Suspended,
    arn: String,
    created: Timestamp,
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Suspended {
    dynamic_scaling_in_suspended: bool,
    dynamic_scaling_out_suspended: bool,
    scheduled_scaling_suspended: bool,
}

impl Object for Target {
    const TABLE: &'static str = "autoscaling.target";

    fn key(&self) -> String {
        key(&self.resource)
    }

    fn parent(&self) -> String {
        self.arn.clone()
    }
}

/// The key of the target of a resource: all but the namespace of what identifies it.
pub(super) fn key(resource: &str) -> String {
    format!("{resource}|{DIMENSION}")
}

/// Something that was done for a target.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Activity {
    id: String,
    resource: String,
    description: String,
    cause: String,
    at: Timestamp,
}

impl Object for Activity {
    const TABLE: &'static str = "autoscaling.activity";

    fn key(&self) -> String {
        self.id.clone()
    }

    fn parent(&self) -> String {
        key(&self.resource)
    }
}

/// `RegisterScalableTarget`: makes a target or changes it, and brings the count within the bounds.
pub(super) fn register(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let scaled = scaled(members)?;
    let before = tx.get::<Target>(&scaled.key())?;
    let bound = |name, last: Option<i64>| {
        let given = members.number(name, 0, i64::from(i32::MAX))?.or(last);
        let message = "You must specify both the minimum and maximum capacity when registering a scalable target.";
        given.ok_or_else(|| members.refuse(message))
    };
    let (min, max) = (
        bound("MinCapacity", before.as_ref().map(|before| before.min))?,
        bound("MaxCapacity", before.as_ref().map(|before| before.max))?,
    );
    if min > max {
        return Err(members.refuse("Maximum capacity cannot be less than minimum capacity"));
    }
    let mut suspended = before.as_ref().map_or_else(Suspended::default, |before| before.suspended);
    if let Some(given) = members.structure("SuspendedState")? {
        let set = |name, switch: &mut bool| -> Result<(), Fault> {
            *switch = given.flag(name)?.unwrap_or(*switch);
            Ok(())
        };
        set("DynamicScalingInSuspended", &mut suspended.dynamic_scaling_in_suspended)?;
        set("DynamicScalingOutSuspended", &mut suspended.dynamic_scaling_out_suspended)?;
        set("ScheduledScalingSuspended", &mut suspended.scheduled_scaling_suspended)?;
    }
    let Some(count) = ecs::desired_count(tx, scaled.cluster, scaled.service)? else {
        return Err(members.refuse(format!("ECS service doesn't exist: {}", scaled.resource)));
    };
    let tags = members.text_map("Tags")?;
    let target = match before {
        Some(_) if !tags.is_empty() => {
            let message = "You cannot add tags to a scalable target that is registered already: call TagResource.";
            return Err(members.refuse(message));
        }
        Some(before) => Target { min, max, suspended, ..before },
        None => {
            let id = &tx.fresh_hex("scalable-target")?[..34];
            let arn = format!("arn:aws:application-autoscaling:{}:{}:scalable-target/{id}", tx.region, tx.account);
            let resource = scaled.resource.to_owned();
            Target { resource, min, max, suspended, arn, created: tx.now, tags: checked(members, tags)? }
        }
    };
    tx.put(&target)?;
    bring_within(tx, scaled, &target, count)?;
    Ok(json!({"ScalableTargetARN": target.arn}))
}

fn bring_within(tx: &mut Tx<'_>, scaled: Scaled<'_>, target: &Target, count: i64) -> Result<(), Fault> {
    let within = count.clamp(target.min, target.max);
    if within == count {
        return Ok(());
    }
    ecs::set_desired_count(tx, scaled.cluster, scaled.service, within)?;
    let (bound, side) = if count < within { ("minimum", "below") } else { ("maximum", "above") };
    let activity = Activity {
        id: tx.fresh_uuid("activity")?,
        resource: target.resource.clone(),
        description: format!("Setting desired count to {within}."),
        cause: format!("{bound} capacity was set to {within}: the capacity of {count} was {side} it"),
        at: tx.now,
    };
    Ok(tx.put(&activity)?)
}

/// `DescribeScalableTargets`.
pub(super) fn describe(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    namespace(members)?;
    let resources = members.texts("ResourceIds")?;
    if members.text("ScalableDimension")?.is_some() && resources.is_empty() {
        return Err(members.refuse("If you specify a scalable dimension, you must also specify a resource ID."));
    }
    let targets = if resources.is_empty() {
        tx.all::<Target>()?
    } else {
        let mut found = Vec::new();
        for resource in resources {
            found.extend(tx.get::<Target>(&key(resource))?);
        }
        found
    };
    let role = format!(
        "arn:aws:iam::{}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/\
         AWSServiceRoleForApplicationAutoScaling_ECSService",
        tx.account
    );
    paged(members, "ScalableTargets", targets, |target| {
        json!({
            "ServiceNamespace": "ecs",
            "ResourceId": target.resource,
            "ScalableDimension": DIMENSION,
            "MinCapacity": target.min,
            "MaxCapacity": target.max,
            // ECS has a role of its own, whichever was given.
            "RoleARN": role,
            "CreationTime": seconds(target.created),
            "SuspendedState": target.suspended,
            "ScalableTargetARN": target.arn,
        })
    })
}

/// `DeregisterScalableTarget`: its policies and scheduled actions go with it.
pub(super) fn deregister(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let scaled = scaled(members)?;
    let key = scaled.key();
    scaled.target(tx)?;
    for policy in tx.under::<Policy>(&key)? {
        tx.delete::<Policy>(&policy.key())?;
    }
    for action in tx.under::<Action>(&key)? {
        tx.delete::<Action>(&action.key())?;
    }
    tx.delete::<Target>(&key)?;
    Ok(json!({}))
}

/// `DescribeScalingActivities`.
pub(super) fn activities(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let found: Vec<Activity> = all_or_of(tx, asked(members)?)?;
    paged(members, "ScalingActivities", found, |activity| {
        json!({
            "ActivityId": activity.id,
            "ServiceNamespace": "ecs",
            "ResourceId": activity.resource,
            "ScalableDimension": DIMENSION,
            "Description": activity.description,
            "Cause": activity.cause,
            "StartTime": seconds(activity.at),
            "EndTime": seconds(activity.at),
            "StatusCode": "Successful",
            "StatusMessage": format!("Successfully set desired count. {}", activity.description),
        })
    })
}

/// The target of an ARN.
fn tagged(tx: &Tx<'_>, members: &Members<'_>) -> Result<Target, Fault> {
    let arn = members.required("ResourceARN")?;
    let found = tx.under::<Target>(arn)?.into_iter().next();
    found.ok_or_else(|| {
        let message = format!("The specified resource doesn't exist: {arn}");
        Fault::new("ResourceNotFoundException", message).field("ResourceName", arn)
    })
}

fn checked(members: &Members<'_>, tags: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Fault> {
    for (key, value) in &tags {
        members.within("Key", key, 1, 128)?;
        members.within("Value", value, 0, 256)?;
        if key.starts_with("aws:") {
            return Err(members.refuse("Tag keys that begin with aws: are reserved."));
        }
    }
    if tags.len() > 50 {
        return Err(Fault::new("TooManyTagsException", "A resource can have up to 50 tags."));
    }
    Ok(tags)
}

/// `TagResource`.
pub(super) fn tag(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut target = tagged(tx, members)?;
    let mut tags = target.tags.clone();
    tags.extend(members.text_map("Tags")?);
    target.tags = checked(members, tags)?;
    tx.put(&target)?;
    Ok(json!({}))
}

/// `UntagResource`.
pub(super) fn untag(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut target = tagged(tx, members)?;
    let keys = members.texts("TagKeys")?;
    target.tags.retain(|key, _| !keys.contains(&key.as_str()));
    tx.put(&target)?;
    Ok(json!({}))
}

/// `ListTagsForResource`.
pub(super) fn list_tags(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    Ok(json!({"Tags": tagged(tx, members)?.tags}))
}

/// A time as answers have it: seconds since 1970, to the millisecond.
pub(super) fn seconds(time: Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1000.0
}

//! Scheduled actions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::members::Members;
use super::super::service::Fault;
use super::super::store::{Object, Tx};
use super::target::{key, seconds};
use super::{DIMENSION, all_or_of, asked, paged, scaled};
use crate::model::{Json, JsonMap};

/// The most scheduled actions of a target ("Quotas for Application Auto Scaling").
const MOST: usize = 200;

/// A scheduled action, with the members it was given.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Action {
    name: String,
    resource: String,
    arn: String,
    told: JsonMap,
    created: Timestamp,
}

impl Object for Action {
    const TABLE: &'static str = "autoscaling.action";

    fn key(&self) -> String {
        action_key(&self.resource, &self.name)
    }

    fn parent(&self) -> String {
        key(&self.resource)
    }
}

fn action_key(resource: &str, name: &str) -> String {
    format!("{}|{name}", key(resource))
}

/// `PutScheduledAction`: makes one or replaces what it says.
pub(super) fn put(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let scaled = scaled(members)?;
    let name = members.within("ScheduledActionName", members.required("ScheduledActionName")?, 1, 256)?;
    scaled.target(tx)?;
    let before = tx.get::<Action>(&action_key(scaled.resource, name))?;
    let mut told = before.as_ref().map(|before| before.told.clone()).unwrap_or_default();
    for member in ["Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction"] {
        if let Some(value) = members.json().get(member).filter(|value| !value.is_null()) {
            told.insert(member.to_owned(), value.clone());
        }
    }
    check(&Members::new(&told, "ValidationException"))?;
    let action = match before {
        Some(before) => Action { told, ..before },
        None => {
            if tx.under::<Action>(&scaled.key())?.len() >= MOST {
                let message = format!("A scalable target can have up to {MOST} scheduled actions.");
                return Err(Fault::new("LimitExceededException", message));
            }
            let id = tx.fresh_uuid("scheduled-action")?;
            let resource = scaled.resource.to_owned();
            let of = format!("scheduledAction:{id}:resource/ecs/{resource}:scheduledActionName/{name}");
            let arn = format!("arn:aws:autoscaling:{}:{}:{of}", tx.region, tx.account);
            Action { name: name.to_owned(), resource, arn, told, created: tx.now }
        }
    };
    tx.put(&action)?;
    Ok(json!({}))
}

fn check(told: &Members<'_>) -> Result<(), Fault> {
    let schedule = told.required("Schedule")?;
    if !is_schedule(schedule) {
        return Err(told.refuse(format!("The schedule {schedule} is no at, rate or cron expression.")));
    }
    let Some(bounds) = told.structure("ScalableTargetAction")? else {
        return Err(told.refuse("ScalableTargetAction has to be given."));
    };
    let bound = |name| bounds.number(name, 0, i64::from(i32::MAX));
    match (bound("MinCapacity")?, bound("MaxCapacity")?) {
        (None, None) => Err(told.refuse("ScalableTargetAction needs MinCapacity, MaxCapacity or both.")),
        (Some(min), Some(max)) if min > max => {
            Err(told.refuse("Maximum capacity cannot be less than minimum capacity"))
        }
        _ => Ok(()),
    }
}

/// Whether a text is `at(yyyy-mm-ddThh:mm:ss)`, `rate(value unit)` or `cron(six fields)`.
fn is_schedule(text: &str) -> bool {
    let Some((kind, inside)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) else { return false };
    match kind {
        "at" => inside.parse::<jiff::civil::DateTime>().is_ok(),
        "rate" => inside.split_once(' ').is_some_and(|(value, unit)| {
            let units = ["minute", "minutes", "hour", "hours", "day", "days"];
            value.parse::<u32>().is_ok_and(|value| value > 0) && units.contains(&unit)
        }),
        "cron" => inside.split_whitespace().count() == 6,
        _ => false,
    }
}

/// `DescribeScheduledActions`.
pub(super) fn describe(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut actions: Vec<Action> = all_or_of(tx, asked(members)?)?;
    let names = members.texts("ScheduledActionNames")?;
    actions.retain(|action| names.is_empty() || names.contains(&action.name.as_str()));
    paged(members, "ScheduledActions", actions, |action| {
        let mut view = json!({
            "ScheduledActionName": action.name,
            "ScheduledActionARN": action.arn,
            "ServiceNamespace": "ecs",
            "ResourceId": action.resource,
            "ScalableDimension": DIMENSION,
            "CreationTime": seconds(action.created),
        });
        for (name, value) in &action.told {
            view[name] = value.clone();
        }
        view
    })
}

/// `DeleteScheduledAction`.
pub(super) fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let scaled = scaled(members)?;
    let name = members.required("ScheduledActionName")?;
    if tx.delete::<Action>(&action_key(scaled.resource, name))? {
        return Ok(json!({}));
    }
    let message = format!(
        "No scheduled action found for service namespace: ecs, resource ID: {}, scheduled action name: {name}",
        scaled.resource
    );
    Err(Fault::new("ObjectNotFoundException", message))
}

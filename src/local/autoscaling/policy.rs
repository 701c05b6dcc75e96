//! Scaling policies.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::members::Members;
use super::super::service::Fault;
use super::super::store::{Object, Tx};
use super::target::{key, seconds};
use super::{DIMENSION, all_or_of, asked, paged, rule, scaled};
use crate::model::Json;

/// The most policies of a target ("Quotas for Application Auto Scaling", step and target tracking together).
const MOST: usize = 50;

/// A policy. Its configuration is as it was given, with what AWS adds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Policy {
    pub(super) name: String,
    pub(super) arn: String,
    resource: String,
    policy_type: String,
    configuration: Json,
    /// Names of the alarms that target tracking has.
    alarms: Vec<String>,
    created: Timestamp,
}

impl Object for Policy {
    const TABLE: &'static str = "autoscaling.policy";

    fn key(&self) -> String {
        policy_key(&self.resource, &self.name)
    }

    fn parent(&self) -> String {
        key(&self.resource)
    }
}

fn policy_key(resource: &str, name: &str) -> String {
    format!("{}|{name}", key(resource))
}

/// `PutScalingPolicy`: makes a policy or changes it.
pub(super) fn put(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let scaled = scaled(members)?;
    let name = members.within("PolicyName", members.required("PolicyName")?, 1, 256)?;
    if !name.chars().all(|letter| !letter.is_control()) {
        let constraint = "Member must satisfy regular expression pattern: \\p{Print}+";
        return Err(members.invalid("PolicyName", name, constraint));
    }
    scaled.target(tx)?;
    let before = tx.get::<Policy>(&policy_key(scaled.resource, name))?;
    let types = ["StepScaling", "TargetTrackingScaling", "PredictiveScaling"];
    let given = members.one_of("PolicyType", &types)?;
    let policy_type = match (given, &before) {
        (Some(given), Some(before)) if given != before.policy_type => {
            return Err(members.refuse(format!("The policy {name} is a {} policy already.", before.policy_type)));
        }
        (Some(given), _) => given.to_owned(),
        (None, Some(before)) => before.policy_type.clone(),
        (None, None) => "StepScaling".to_owned(),
    };
    let configuration = rule::read(members, &policy_type)?;
    let others = tx.under::<Policy>(&scaled.key())?;
    let mut others = others.iter().filter(|other| other.name != name);
    if before.is_none() && others.clone().count() >= MOST {
        let message = format!("A scalable target can have up to {MOST} scaling policies.");
        return Err(Fault::new("LimitExceededException", message));
    }
    let metric = rule::metric(&configuration);
    if metric.is_some() && others.any(|other| rule::metric(&other.configuration) == metric) {
        return Err(
            members.refuse("Only one TargetTrackingScaling policy for a given metric specification is allowed.")
        );
    }
    let policy = match before {
        Some(before) => Policy { configuration, ..before },
        None => {
            let id = tx.fresh_uuid("policy")?;
            let (region, account) = (&tx.region, tx.account);
            let resource = scaled.resource.to_owned();
            let of = format!("scalingPolicy:{id}:resource/ecs/{resource}:policyName/{name}");
            let arn = format!("arn:aws:autoscaling:{region}:{account}:{of}");
            let mut alarms = Vec::new();
            if policy_type == "TargetTrackingScaling" {
                for which in ["AlarmHigh", "AlarmLow"] {
                    alarms.push(format!("TargetTracking-{resource}-{which}-{}", tx.fresh_uuid("alarm")?));
                }
            }
            Policy { name: name.to_owned(), arn, resource, policy_type, configuration, alarms, created: tx.now }
        }
    };
    tx.put(&policy)?;
    Ok(json!({"PolicyARN": policy.arn, "Alarms": policy.alarms(tx)}))
}

impl Policy {
    fn alarms(&self, tx: &Tx<'_>) -> Vec<Json> {
        let arn = |name: &String| format!("arn:aws:cloudwatch:{}:{}:alarm:{name}", tx.region, tx.account);
        self.alarms.iter().map(|name| json!({"AlarmName": name, "AlarmARN": arn(name)})).collect()
    }

    fn view(&self, tx: &Tx<'_>) -> Json {
        let mut view = json!({
            "PolicyARN": self.arn,
            "PolicyName": self.name,
            "ServiceNamespace": "ecs",
            "ResourceId": self.resource,
            "ScalableDimension": DIMENSION,
            "PolicyType": self.policy_type,
            "Alarms": self.alarms(tx),
            "CreationTime": seconds(self.created),
        });
        view[rule::member(&self.policy_type)] = self.configuration.clone();
        view
    }
}

/// `DescribeScalingPolicies`.
pub(super) fn describe(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut policies: Vec<Policy> = all_or_of(tx, asked(members)?)?;
    let names = members.texts("PolicyNames")?;
    policies.retain(|policy| names.is_empty() || names.contains(&policy.name.as_str()));
    paged(members, "ScalingPolicies", policies, |policy| policy.view(tx))
}

/// `DeleteScalingPolicy`.
pub(super) fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let scaled = scaled(members)?;
    let name = members.required("PolicyName")?;
    if tx.delete::<Policy>(&policy_key(scaled.resource, name))? {
        return Ok(json!({}));
    }
    let message = format!(
        "No scaling policy found for service namespace: ecs, resource ID: {}, scalable dimension: {DIMENSION}, policy \
         name: {name}",
        scaled.resource
    );
    Err(Fault::new("ObjectNotFoundException", message))
}

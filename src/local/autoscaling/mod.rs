//! Application Auto Scaling of ECS services: targets, policies and scheduled actions.
//!
//! A target brings the service's count within its bounds when it is registered or changed, which is told as an activity.
//! There are no metrics here, so that no policy ever acts, and no schedule comes due: both are checked, kept and told.
//! Other services than ECS are not scaled.

mod policy;
mod rule;
mod schedule;
mod target;

#[cfg(test)]
mod tests;

use serde_json::json;

use super::members::{Members, Page};
use super::service::{Fault, Listed, Service};
use super::store::{Object, StoreError, Tx};
use crate::model::{Json, JsonMap};
use target::Target;

/// The service.
pub struct AutoScaling;

impl Service for AutoScaling {
    fn name(&self) -> &'static str {
        "application-autoscaling"
    }

    fn call(&self, tx: &mut Tx<'_>, action: &str, params: &JsonMap) -> Result<Json, Fault> {
        let members = &Members::new(params, "ValidationException");
        match action {
            "RegisterScalableTarget" => target::register(tx, members),
            "DescribeScalableTargets" => target::describe(tx, members),
            "DeregisterScalableTarget" => target::deregister(tx, members),
            "DescribeScalingActivities" => target::activities(tx, members),
            "TagResource" => target::tag(tx, members),
            "UntagResource" => target::untag(tx, members),
            "ListTagsForResource" => target::list_tags(tx, members),
            "PutScalingPolicy" => policy::put(tx, members),
            "DescribeScalingPolicies" => policy::describe(tx, members),
            "DeleteScalingPolicy" => policy::delete(tx, members),
            "PutScheduledAction" => schedule::put(tx, members),
            "DescribeScheduledActions" => schedule::describe(tx, members),
            "DeleteScheduledAction" => schedule::delete(tx, members),
            _ => Err(Fault::unknown_action("application-autoscaling", action)),
        }
    }

    fn list(&self, tx: &Tx<'_>) -> Result<Vec<Listed>, Fault> {
        let listed = |type_name: &str, id: String, name: Option<String>| Listed {
            type_name: format!("AWS::ApplicationAutoScaling::{type_name}"),
            id,
            region: tx.region.clone(),
            name,
            status: None,
        };
        let targets = tx.all::<Target>()?.into_iter();
        let targets = targets.map(|target| listed("ScalableTarget", format!("{}|ecs", target.key()), None));
        let policies = tx.all::<policy::Policy>()?.into_iter();
        let policies = policies
            .map(|policy| listed("ScalingPolicy", format!("{}|{DIMENSION}", policy.arn), Some(policy.name.clone())));
        Ok(targets.chain(policies).collect())
    }
}

/// What is scaled of a service.
const DIMENSION: &str = "ecs:service:DesiredCount";

/// The scalable dimensions and namespaces of the API's model that are no service of ECS's.
const OTHER_NAMESPACES: [&str; 14] = [
    "appstream",
    "cassandra",
    "comprehend",
    "custom-resource",
    "dynamodb",
    "ec2",
    "elasticache",
    "elasticmapreduce",
    "kafka",
    "lambda",
    "neptune",
    "rds",
    "sagemaker",
    "workspaces",
];

/// Checks the namespace of a call.
fn namespace(members: &Members<'_>) -> Result<(), Fault> {
    members.required("ServiceNamespace")?;
    let values: Vec<&str> = OTHER_NAMESPACES.iter().copied().chain(["ecs"]).collect();
    match members.one_of("ServiceNamespace", &values)? {
        Some("ecs") | None => Ok(()),
        Some(other) => Err(members.refuse(format!("The embedded AWS scales services of ECS only, not of {other}."))),
    }
}

/// The service that a call names whole: `service/<cluster>/<name>`, its dimension and namespace.
fn scaled<'a>(members: &Members<'a>) -> Result<Scaled<'a>, Fault> {
    namespace(members)?;
    let resource = members.within("ResourceId", members.required("ResourceId")?, 1, 1600)?;
    let dimension = members.required("ScalableDimension")?;
    let mut parts = resource.split('/');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("service"), Some(cluster), Some(service), None) if dimension == DIMENSION => {
            Ok(Scaled { resource, cluster, service })
        }
        _ => Err(members.refuse("Unsupported service namespace, resource type or scalable dimension")),
    }
}

/// A service of ECS's that is scaled.
#[derive(Debug, Clone, Copy)]
struct Scaled<'a> {
    resource: &'a str,
    cluster: &'a str,
    service: &'a str,
}

impl Scaled<'_> {
    fn key(&self) -> String {
        target::key(self.resource)
    }

    /// The refusal where it has no target.
    fn missing(&self) -> Fault {
        let message = format!(
            "No scalable target registered for service namespace: ecs, resource ID: {}, scalable dimension: {DIMENSION}",
            self.resource
        );
        Fault::new("ObjectNotFoundException", message)
    }

    /// Its target.
    fn target(&self, tx: &Tx<'_>) -> Result<Target, Fault> {
        tx.get::<Target>(&self.key())?.ok_or_else(|| self.missing())
    }
}

/// What a call that describes asks for: everything, or what belongs to one resource.
fn asked<'a>(members: &Members<'a>) -> Result<Option<&'a str>, Fault> {
    namespace(members)?;
    let resource = members.text("ResourceId")?;
    if members.text("ScalableDimension")?.is_some() && resource.is_none() {
        return Err(members.refuse("If you specify a scalable dimension, you must also specify a resource ID."));
    }
    Ok(resource)
}

/// All of a table, or those under the target of one resource.
fn all_or_of<T: Object>(tx: &Tx<'_>, resource: Option<&str>) -> Result<Vec<T>, StoreError> {
    match resource {
        Some(resource) => tx.under(&target::key(resource)),
        None => tx.all(),
    }
}

/// A page of a list as an answer has it.
fn paged<T: Object>(
    members: &Members<'_>,
    member: &str,
    items: Vec<T>,
    view: impl Fn(&T) -> Json,
) -> Result<Json, Fault> {
    let size = members.number("MaxResults", 1, 50)?.unwrap_or(50);
    let page = Page::of(items, Object::key, members.text("NextToken")?, usize::try_from(size).unwrap_or(50));
    let mut answer = json!({});
    answer[member] = page.items.iter().map(view).collect();
    if let Some(token) = page.next {
        answer["NextToken"] = json!(token);
    }
    Ok(answer)
}

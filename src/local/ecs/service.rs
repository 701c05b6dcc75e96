//! Services: what is kept of one, how it is told, and how it is found. [`super::service_create`] and
//! [`super::service_change`] have the calls that change one.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::deployment::{self, Breaker, Deployment, Limits, Revision};
use super::events::Event;
use super::params::{includes, invalid, text, texts};
use super::tags::{self, Tags};
use super::task::{self, Task};
use super::{arn, cluster, paging, scheduler};
use crate::local::service::Fault;
use crate::local::store::{Object, StoreError, Tx};
use crate::model::{Json, JsonMap};

/// How far a service's life is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// It is scheduled.
    Active,
    /// It is deleted and its tasks stop.
    Draining,
    /// They have stopped. It is still described until another takes its name.
    Inactive,
}

/// What holds back the start of tasks after failures.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Throttle {
    /// How many times in a row tasks failed.
    pub failures: u32,
    /// Not before this, in milliseconds.
    pub until: i64,
    /// Not before somebody describes the service.
    pub waits: bool,
}

/// A service.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EcsService {
    /// Its name.
    pub name: String,
    /// The name of its cluster.
    pub cluster: String,
    /// How far its life is.
    pub state: State,
    /// How many tasks are wanted.
    pub desired: i64,
    /// What is to be deployed.
    pub revision: Revision,
    /// Deployments, the PRIMARY one first.
    pub deployments: Vec<Deployment>,
    /// The deployment that was completed last: where a rollback goes.
    pub completed: Option<Deployment>,
    /// Its `deploymentConfiguration`, defaults filled in.
    pub configuration: JsonMap,
    /// Members that are kept and told, and change nothing.
    pub told: JsonMap,
    /// Events, the newest first.
    pub events: Vec<Event>,
    /// Tags.
    pub tags: Tags,
    /// When it was created, in milliseconds.
    pub created: i64,
    /// Whether it is steady.
    pub steady: bool,
    /// What holds it back.
    pub throttle: Throttle,
}

impl Object for EcsService {
    const TABLE: &'static str = "ecs.service";

    fn key(&self) -> String {
        key(&self.cluster, &self.name)
    }

    fn parent(&self) -> String {
        if self.is_inactive() { format!("inactive/{}", self.cluster) } else { self.cluster.clone() }
    }
}

/// The key of a service.
pub fn key(cluster: &str, name: &str) -> String {
    format!("{cluster}/{name}")
}

impl EcsService {
    /// Its ARN.
    pub fn arn(&self, tx: &Tx<'_>) -> String {
        arn::of(tx, &format!("service/{}/{}", self.cluster, self.name))
    }

    /// Whether it is ACTIVE.
    pub fn is_active(&self) -> bool {
        self.state == State::Active
    }

    /// Whether it is INACTIVE.
    pub fn is_inactive(&self) -> bool {
        self.state == State::Inactive
    }

    /// Wants so many tasks.
    pub fn want(&mut self, desired: i64) {
        self.steady &= self.desired == desired;
        self.desired = desired;
    }

    /// How its state is told.
    pub fn status(&self) -> &'static str {
        match self.state {
            State::Active => "ACTIVE",
            State::Draining => "DRAINING",
            State::Inactive => "INACTIVE",
        }
    }

    /// The limits its deployments keep to.
    pub fn limits(&self) -> Limits {
        let percent = |name: &str, default| self.configuration.get(name).and_then(Json::as_i64).unwrap_or(default);
        Limits {
            desired: self.desired,
            minimum_percent: percent("minimumHealthyPercent", 100),
            maximum_percent: percent("maximumPercent", 200),
        }
    }

    /// Its circuit breaker.
    pub fn breaker(&self) -> Breaker {
        Breaker::read(self.configuration.get("deploymentCircuitBreaker").unwrap_or(&Json::Null))
    }

    /// The PRIMARY deployment.
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.first()
    }

    /// As answers have it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn view(&self, tx: &Tx<'_>, with_tags: bool) -> Result<Json, StoreError> {
        let tasks = if self.is_inactive() { Vec::new() } else { task::live_of(tx, &self.cluster, &self.name)? };
        let count = |of: Option<&str>, is: fn(&Task) -> bool| {
            let own = |task: &&Task| of.is_none() || task.deployment.as_deref() == of;
            tasks.iter().filter(own).filter(|task| is(task)).count()
        };
        let deployments: Vec<Json> = (self.deployments.iter().enumerate())
            .map(|(at, one)| {
                let id = Some(one.id.as_str());
                let (pending, running) = (count(id, Task::is_pending), count(id, Task::is_running));
                one.view(at == 0, if at == 0 { self.desired } else { 0 }, pending, running)
            })
            .collect();
        let mut view = json!({
            "serviceArn": self.arn(tx),
            "serviceName": self.name,
            "clusterArn": arn::cluster(tx, &self.cluster),
            "status": self.status(),
            "desiredCount": self.desired,
            "runningCount": count(None, Task::is_running),
            "pendingCount": count(None, Task::is_pending),
            "taskDefinition": self.revision.task_definition,
            "loadBalancers": self.revision.balancers,
            "serviceRegistries": self.revision.registries,
            "deploymentConfiguration": self.configuration,
            "deployments": deployments,
            "events": self.events.iter().map(Event::view).collect::<Vec<_>>(),
            "createdAt": super::millis_to_seconds(self.created),
            "createdBy": format!("arn:aws:iam::{}:user/local", tx.account),
            "roleArn": format!(
                "arn:aws:iam::{}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
                tx.account
            ),
            "placementConstraints": [],
            "placementStrategy": [],
            "schedulingStrategy": "REPLICA",
            "deploymentController": {"type": "ECS"},
            "enableExecuteCommand": self.revision.exec,
        });
        let platform = self.revision.platform_version.as_deref().unwrap_or("LATEST");
        deployment::describe_revision(&mut view, &self.revision, platform);
        for (name, value) in &self.told {
            view[name] = value.clone();
        }
        if with_tags {
            view["tags"] = tags::view(&self.tags);
        }
        Ok(view)
    }
}

/// The service of a name, whatever its state.
///
/// # Errors
/// When the store fails.
pub fn get(tx: &Tx<'_>, cluster: &str, name: &str) -> Result<Option<EcsService>, StoreError> {
    tx.get(&key(cluster, name))
}

/// The services of a cluster that are not INACTIVE.
///
/// # Errors
/// When the store fails.
pub fn live(tx: &Tx<'_>, cluster: &str) -> Result<Vec<EcsService>, StoreError> {
    tx.under(cluster)
}

/// The service that a request's members `cluster` and `service` are about.
///
/// # Errors
/// `ClusterNotFoundException`, `ServiceNotFoundException`.
pub fn of(tx: &Tx<'_>, params: &JsonMap) -> Result<EcsService, Fault> {
    let cluster = cluster::of(tx, params)?;
    let name = arn::last(tx, "service", super::params::required(params, "service")?)?;
    get(tx, &cluster.name, name)?.ok_or_else(|| Fault::new("ServiceNotFoundException", "Service not found."))
}

/// `DescribeServices`.
pub fn describe(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let references = texts(params, "services")?;
    if references.is_empty() {
        return Err(invalid("Services cannot be empty."));
    }
    if references.len() > 10 {
        return Err(invalid("Services cannot have more than 10 elements."));
    }
    let cluster = cluster::of(tx, params)?;
    let with_tags = includes(params, "TAGS")?;
    let (mut services, mut failures) = (Vec::new(), Vec::new());
    for reference in references {
        let name = reference.rsplit_once('/').map_or(reference, |(_, name)| name);
        let found = get(tx, &cluster.name, name)?;
        let full = arn::of(tx, &format!("service/{}/{name}", cluster.name));
        // The short form of before 2021 has no cluster in it.
        let short = arn::of(tx, &format!("service/{name}"));
        match found {
            Some(found) if !reference.starts_with("arn:") || [&full, &short].contains(&&reference.to_owned()) => {
                scheduler::looked_at(tx, &found)?;
                services.push(found.view(tx, with_tags)?);
            }
            _ => {
                let arn = if reference.starts_with("arn:") { reference.to_owned() } else { full };
                failures.push(json!({"arn": arn, "reason": "MISSING"}));
            }
        }
    }
    Ok(json!({"services": services, "failures": failures}))
}

/// `ListServices`: those that are ACTIVE.
pub fn list(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let cluster = cluster::of(tx, params)?;
    let launch_type = text(params, "launchType")?;
    let wanted = |service: &EcsService| {
        let own = if service.revision.on_fargate() { "FARGATE" } else { "EC2" };
        service.is_active() && launch_type.is_none_or(|wanted| wanted == own)
    };
    let all = live(tx, &cluster.name)?;
    let mut arns: Vec<String> = all.iter().filter(|service| wanted(service)).map(|service| service.arn(tx)).collect();
    arns.sort();
    paging::page(params, "serviceArns", arns, 10)
}

/// Reads `serviceRegistries`, checked against Cloud Map.
///
/// # Errors
/// `InvalidParameterException`.
pub fn registries(tx: &Tx<'_>, params: &JsonMap) -> Result<Vec<JsonMap>, Fault> {
    let registries: Vec<JsonMap> = super::params::maps(params, "serviceRegistries")?.into_iter().cloned().collect();
    if registries.len() > 1 {
        return Err(invalid("A service can have only 1 service registry."));
    }
    for registry in &registries {
        let arn = super::params::required(registry, "registryArn")?;
        if !crate::local::servicediscovery::service_exists(tx, arn)? {
            return Err(invalid(format!("The service registry {arn} does not exist.")));
        }
    }
    Ok(registries)
}

/// Members of CreateService, UpdateService and RunTask for what is not there.
const ABSENT: &[&str] =
    &["placementConstraints", "placementStrategy", "role", "volumeConfigurations", "vpcLatticeConfigurations"];

/// Refuses what asks for something that is not there, rather than drop it: Service Connect, managed volumes, placement
/// on instances.
///
/// # Errors
/// `InvalidParameterException` when there is any.
pub fn nothing_absent(params: &JsonMap) -> Result<(), Fault> {
    let is_empty = |value: &Json| match value {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        _ => false,
    };
    let asked = |name: &&&str| params.get(**name).is_some_and(|value| !is_empty(value));
    let connect = params.get("serviceConnectConfiguration").is_some_and(|connect| connect["enabled"] == true);
    match ABSENT.iter().find(asked).copied().or(connect.then_some("serviceConnectConfiguration")) {
        Some(name) => Err(invalid(format!("The embedded AWS has nothing to do {name} with."))),
        None => Ok(()),
    }
}

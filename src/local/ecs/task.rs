//! Tasks: what is kept of one, and how it is told.
//!
//! Those of a service that are not STOPPED lie under one parent, and the stopped ones under another, so that a service
//! with a long past is scheduled as fast as one without.

mod view;

use serde::{Deserialize, Serialize};

use super::tags::Tags;
use super::task_definition::TaskDefinition;
use super::{arn, service};
use crate::local::ec2::TaskInterface;
use crate::local::store::{Object, StoreError, Tx};
use crate::model::{Json, JsonMap};

/// How long a stopped task is told of, in milliseconds, whatever the pace.
const KEPT: i64 = 3600 * 1000;

/// The states of a task on Fargate, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Last {
    /// Its interface is being made.
    Provisioning,
    /// Its images are being pulled.
    Pending,
    /// It runs.
    Running,
    /// It is taken out of Cloud Map.
    Deactivating,
    /// Its containers are being stopped.
    Stopping,
    /// Its interface is being deleted.
    Deprovisioning,
    /// It is over.
    Stopped,
}

/// What a health check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Health {
    /// Nothing yet, or there is none.
    Unknown,
    /// It passed.
    Healthy,
    /// It failed as often as it may.
    Unhealthy,
}

/// A container of a task.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Container {
    /// Its name in the task definition.
    pub name: String,
    image: String,
    arn: String,
    runtime: String,
    cpu: i64,
    memory: Option<i64>,
    reservation: Option<i64>,
    /// Its exit code, once it has ended.
    pub exit_code: Option<i64>,
    /// Why it could not be started.
    pub reason: Option<String>,
}

impl Container {
    /// Its ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }
}

/// A task's network interface.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Interface {
    /// `eni-…`.
    pub id: String,
    /// Its private address.
    pub private_ip: String,
    private_dns: String,
    mac: String,
    /// Its availability zone.
    pub zone: String,
}

impl From<TaskInterface> for Interface {
    fn from(made: TaskInterface) -> Self {
        let TaskInterface { id, private_ip, private_dns, mac, zone, .. } = made;
        Self { id, private_ip, private_dns, mac, zone }
    }
}

/// The times of a task, in milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Times {
    /// When it was asked for.
    pub created: i64,
    /// When its agent was first heard of.
    pub connected: Option<i64>,
    /// When the first image began to be pulled.
    pub pull_started: Option<i64>,
    /// When the last was there.
    pub pull_stopped: Option<i64>,
    /// When it came to run.
    pub started: Option<i64>,
    /// When it first counted as healthy.
    pub ready: Option<i64>,
    /// When it was first to stop.
    pub stopping: Option<i64>,
    /// When its containers had ended.
    pub execution_stopped: Option<i64>,
    /// When it was over.
    pub stopped: Option<i64>,
}

/// A task.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    /// Thirty-two hexadecimal digits.
    pub id: String,
    /// The name of its cluster.
    pub cluster: String,
    /// The name of its service.
    pub service: Option<String>,
    /// The deployment that started it.
    pub deployment: Option<String>,
    /// `family:revision`.
    pub definition: String,
    /// `service:NAME` or `family:NAME`.
    pub group: String,
    /// Who started it.
    pub started_by: Option<String>,
    /// The capacity provider, in place of a launch type.
    pub provider: Option<String>,
    /// Its platform's version.
    pub platform: String,
    /// The subnet it is put in.
    pub subnet: String,
    /// The security groups.
    pub security_groups: Vec<String>,
    /// Whether it gets a public address.
    pub public: bool,
    /// The Cloud Map services it is registered in when it runs.
    pub registries: Vec<JsonMap>,
    /// The target groups it is registered in when it runs.
    #[serde(default)]
    pub balancers: Vec<JsonMap>,
    /// What RunTask overrides.
    pub overrides: JsonMap,
    /// Whether ECS Exec is on.
    pub exec: bool,
    /// Its tags.
    pub tags: Tags,
    /// Its state.
    pub last: Last,
    /// Whether it is to stop.
    pub stopping: bool,
    /// `TaskFailedToStart` and the like.
    pub stop_code: Option<String>,
    /// Why it stopped, in AWS's words.
    pub stopped_reason: Option<String>,
    /// Its health.
    pub health: Health,
    /// Its interface, once made and until STOPPED.
    pub interface: Option<Interface>,
    /// Its containers.
    pub containers: Vec<Container>,
    /// Its times.
    pub times: Times,
    attachment: String,
    cpu: String,
    memory: String,
    storage: Option<i64>,
    version: i64,
}

impl Object for Task {
    const TABLE: &'static str = "ecs.task";

    fn key(&self) -> String {
        format!("{}/{}", self.cluster, self.id)
    }

    fn parent(&self) -> String {
        let service = self.service.as_deref().unwrap_or_default();
        let state = if self.last == Last::Stopped { "stopped" } else { "live" };
        format!("{state}/{}/{service}", self.cluster)
    }
}

/// What a new task is made from.
#[derive(Debug)]
pub struct Spec<'a> {
    /// The cluster's name.
    pub cluster: &'a str,
    /// The task definition.
    pub definition: &'a TaskDefinition,
    /// The service and its deployment's id.
    pub service: Option<(&'a str, &'a str)>,
    /// The group.
    pub group: String,
    /// Who starts it.
    pub started_by: Option<String>,
    /// The capacity provider.
    pub provider: Option<String>,
    /// The platform's version.
    pub platform: &'a str,
    /// The subnet.
    pub subnet: String,
    /// The security groups.
    pub security_groups: &'a [String],
    /// Whether it gets a public address.
    pub public: bool,
    /// The Cloud Map services.
    pub registries: &'a [JsonMap],
    /// The target groups.
    pub balancers: &'a [JsonMap],
    /// Overrides.
    pub overrides: JsonMap,
    /// ECS Exec.
    pub exec: bool,
    /// Tags.
    pub tags: Tags,
}

impl Task {
    /// A task that is PROVISIONING. It is not kept yet.
    ///
    /// # Errors
    /// When the store fails.
    pub fn new(tx: &mut Tx<'_>, spec: Spec<'_>) -> Result<Self, StoreError> {
        let id = tx.fresh_hex("task")?[..32].to_owned();
        let mut containers = Vec::new();
        for definition in spec.definition.containers() {
            let text = |name: &str| definition.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
            let number = |name: &str| definition.get(name).and_then(Json::as_i64);
            let (uuid, runtime) = (tx.fresh_uuid("container")?, tx.fresh_hex("runtime")?);
            containers.push(Container {
                name: text("name"),
                image: text("image"),
                arn: arn::of(tx, &format!("container/{}/{id}/{uuid}", spec.cluster)),
                runtime: format!("{id}-{}", &runtime[..10]),
                cpu: number("cpu").unwrap_or(0),
                memory: number("memory"),
                reservation: number("memoryReservation"),
                exit_code: None,
                reason: None,
            });
        }
        let size = |name: &str| {
            let overridden = spec.overrides.get(name).and_then(Json::as_str);
            overridden.or_else(|| spec.definition.text(name)).unwrap_or_default().to_owned()
        };
        let storage = spec.definition.definition.get("ephemeralStorage").and_then(|one| one["sizeInGiB"].as_i64());
        Ok(Self {
            cluster: spec.cluster.to_owned(),
            service: spec.service.map(|(service, _)| service.to_owned()),
            deployment: spec.service.map(|(_, deployment)| deployment.to_owned()),
            definition: spec.definition.key(),
            group: spec.group,
            started_by: spec.started_by,
            provider: spec.provider,
            platform: spec.platform.to_owned(),
            subnet: spec.subnet,
            security_groups: spec.security_groups.to_vec(),
            public: spec.public,
            registries: spec.registries.to_vec(),
            balancers: spec.balancers.to_vec(),
            exec: spec.exec,
            tags: spec.tags,
            last: Last::Provisioning,
            stopping: false,
            stop_code: None,
            stopped_reason: None,
            health: Health::Unknown,
            interface: None,
            containers,
            times: Times { created: super::millis(tx.now), ..Times::default() },
            attachment: tx.fresh_uuid("attachment")?,
            cpu: size("cpu"),
            memory: size("memory"),
            overrides: spec.overrides,
            storage,
            version: 0,
            id,
        })
    }

    /// Whether it runs and is to go on.
    pub fn is_running(&self) -> bool {
        self.last == Last::Running && !self.stopping
    }

    /// Whether it is on its way to run.
    pub fn is_pending(&self) -> bool {
        self.last < Last::Running && !self.stopping
    }

    /// Whether it runs and counts as healthy: its health check passed, or, without one, it has run for a while; and it is
    /// healthy in its target groups.
    pub fn is_ready(&self) -> bool {
        self.is_running() && self.times.ready.is_some()
    }

    /// Its ARN.
    pub fn arn(&self, tx: &Tx<'_>) -> String {
        arn::of(tx, &format!("task/{}/{}", self.cluster, self.id))
    }

    /// Its service's key.
    pub fn service_key(&self) -> Option<String> {
        self.service.as_ref().map(|service| service::key(&self.cluster, service))
    }

    /// What RunTask overrides of a container.
    pub fn container_overrides(&self, name: &str) -> Option<&JsonMap> {
        let all = self.overrides.get("containerOverrides")?.as_array()?;
        all.iter().filter_map(Json::as_object).find(|one| one.get("name").is_some_and(|own| own == name))
    }

    /// Keeps it, with its version counted up.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        self.version += 1;
        tx.put(self)
    }
}

/// The task of an id, unless it stopped more than an hour ago.
///
/// # Errors
/// When the store fails.
pub fn get(tx: &mut Tx<'_>, cluster: &str, id: &str) -> Result<Option<Task>, StoreError> {
    let found: Option<Task> = tx.get(&format!("{cluster}/{id}"))?;
    Ok(found.filter(|task| !expired(tx, task)))
}

fn expired(tx: &Tx<'_>, task: &Task) -> bool {
    task.times.stopped.is_some_and(|at| super::millis(tx.now) - at > KEPT)
}

/// The tasks of a service that are not STOPPED; those of no service for an empty name.
///
/// # Errors
/// When the store fails.
pub fn live_of(tx: &Tx<'_>, cluster: &str, service: &str) -> Result<Vec<Task>, StoreError> {
    tx.under(&format!("live/{cluster}/{service}"))
}

/// The tasks of a service that have stopped within the last hour; older ones are forgotten.
///
/// # Errors
/// When the store fails.
pub fn stopped_of(tx: &mut Tx<'_>, cluster: &str, service: &str) -> Result<Vec<Task>, StoreError> {
    let all: Vec<Task> = tx.under(&format!("stopped/{cluster}/{service}"))?;
    let (old, recent): (Vec<Task>, Vec<Task>) = all.into_iter().partition(|task| expired(tx, task));
    for task in old {
        tx.delete::<Task>(&task.key())?;
    }
    Ok(recent)
}

/// The tasks of a cluster that are not STOPPED.
///
/// # Errors
/// When the store fails.
pub fn live_in(tx: &Tx<'_>, cluster: &str) -> Result<Vec<Task>, StoreError> {
    let mut tasks = live_of(tx, cluster, "")?;
    for service in service::live(tx, cluster)? {
        tasks.extend(live_of(tx, cluster, &service.name)?);
    }
    Ok(tasks)
}

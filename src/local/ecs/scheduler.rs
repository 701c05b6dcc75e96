//! The scheduler: brings a service's tasks to what its PRIMARY deployment wants.
//!
//! A service that needs a look is woken by one timer, however much happened to its tasks, and the look reads its live
//! tasks once: the cost of a deployment grows with its tasks and with nothing else. Tasks that fail hold the next start
//! back for longer and longer. After [`BY_ITSELF`] failures in a row a service tries again only when somebody describes
//! it: nothing piles up while nobody runs this program, and whoever looks sees what AWS would show.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::capacity::Providers;
use super::deployment::{self, Breaker, Deployment, Rollout, Seen};
use super::network::Spread;
use super::service::{self, EcsService, State};
use super::service_create::deployment_id;
use super::task::{self, Spec, Task};
use super::task_definition::{self, TaskDefinition};
use super::{events, failure, life};
use crate::local::service::Fault;
use crate::local::store::{Object, StoreError, Tx};

/// The timer by which a service is woken.
pub const TICK: &str = "service.tick";

/// The timer by which a service that was held back tries again.
pub const RETRY: &str = "service.retry";

/// How many failures in a row are followed by another attempt without anybody looking.
const BY_ITSELF: u32 = 6;

/// The longest time between two attempts ("Amazon ECS service throttle logic" of the developer guide).
const LONGEST: Duration = Duration::from_secs(27 * 60);

/// That a service is to be looked at.
#[derive(Debug, Serialize, Deserialize)]
struct Woken {
    service: String,
}

impl Object for Woken {
    const TABLE: &'static str = "ecs.woken";

    fn key(&self) -> String {
        self.service.clone()
    }
}

/// Has a service looked at soon, once for everything that happens until then.
///
/// # Errors
/// When the store fails.
pub fn wake(tx: &mut Tx<'_>, service: &str) -> Result<(), StoreError> {
    if tx.get::<Woken>(service)?.is_none() {
        tx.put(&Woken { service: service.to_owned() })?;
        tx.after(Duration::from_secs(1), "ecs", TICK, service)?;
    }
    Ok(())
}

/// Somebody describes a service: if it waits for that, and was held back for long enough, it tries again.
///
/// # Errors
/// When the store fails.
pub fn looked_at(tx: &mut Tx<'_>, service: &EcsService) -> Result<(), StoreError> {
    if service.throttle.waits && service.state == State::Active && super::millis(tx.now) >= service.throttle.until {
        let mut service = service.clone();
        service.throttle.waits = false;
        tx.put(&service)?;
        wake(tx, &service::key(&service.cluster, &service.name))?;
    }
    Ok(())
}

/// How long the next start is held back after so many failures in a row.
fn held_back(failures: u32) -> Duration {
    Duration::from_secs(10 << failures.saturating_sub(1).min(12)).min(LONGEST)
}

/// Counts a failure of a service's: the next start is held back. Failures while it is held back already count as one.
fn hold_back(tx: &mut Tx<'_>, service: &mut EcsService) -> Result<(), StoreError> {
    let now = super::millis(tx.now);
    let pace = tx.settings.pace.max(0.0);
    // A service that ran well since it last tried again begins anew. At no pace at all, no time passes.
    let well = Duration::from_secs(15 * 60).mul_f64(pace).max(Duration::from_secs(10));
    if now - service.throttle.until > i64::try_from(well.as_millis()).unwrap_or(i64::MAX) {
        service.throttle.failures = 0;
    }
    let already_held = service.throttle.failures > 0 && now < service.throttle.until;
    if already_held {
        return Ok(());
    }
    service.throttle.failures += 1;
    let failures = service.throttle.failures;
    let delay = held_back(failures);
    service.throttle.until = now + i64::try_from(delay.mul_f64(pace).as_millis()).unwrap_or(i64::MAX);
    service.throttle.waits = failures > BY_ITSELF;
    if !service.throttle.waits {
        tx.after(delay, "ecs", RETRY, &service::key(&service.cluster, &service.name))?;
    }
    if failures == 3 {
        let message = "is unable to consistently start tasks successfully. For more information, see the \
                       Troubleshooting section of the Amazon ECS Developer Guide.";
        events::add_problem(tx, &mut service.events, &service.name, message)?;
    }
    Ok(())
}

/// A task of a service ended though nobody wanted it to. `failed` says whether that counts as its deployment's failure:
/// it never got ready, or its health check failed.
///
/// # Errors
/// When the store fails.
pub fn task_ended(tx: &mut Tx<'_>, task: &Task, failed: bool, event: Option<&str>) -> Result<(), StoreError> {
    let Some(key) = task.service_key() else { return Ok(()) };
    let Some(mut service) = tx.get::<EcsService>(&key)? else { return Ok(()) };
    if failed && let Some(one) = service.deployments.iter_mut().find(|one| Some(&one.id) == task.deployment.as_ref()) {
        one.failed += 1;
        one.updated = super::millis(tx.now);
    }
    if let Some(event) = event {
        events::add_problem(tx, &mut service.events, &service.name, event)?;
    }
    service.steady = false;
    hold_back(tx, &mut service)?;
    tx.put(&service)?;
    wake(tx, &key)
}

/// A task of a service counts as healthy.
///
/// # Errors
/// When the store fails.
pub fn task_ready(tx: &mut Tx<'_>, task: &Task) -> Result<(), StoreError> {
    let Some(key) = task.service_key() else { return Ok(()) };
    wake(tx, &key)
}

/// Looks at a service and does what it needs.
///
/// # Errors
/// When the store fails.
pub fn tick(tx: &mut Tx<'_>, key: &str) -> Result<(), Fault> {
    tx.delete::<Woken>(key)?;
    let Some(mut service) = tx.get::<EcsService>(key)? else { return Ok(()) };
    match service.state {
        State::Inactive => return Ok(()),
        State::Draining => drain(tx, &mut service)?,
        State::Active => schedule(tx, &mut service)?,
    }
    tx.put(&service)?;
    Ok(())
}

fn drain(tx: &mut Tx<'_>, service: &mut EcsService) -> Result<(), Fault> {
    let tasks = task::live_of(tx, &service.cluster, &service.name)?;
    if tasks.is_empty() {
        service.state = State::Inactive;
        service.deployments.clear();
        return Ok(());
    }
    let to_stop: Vec<Task> = tasks.into_iter().filter(|task| !task.stopping).collect();
    stop(tx, service, to_stop)
}

fn stop(tx: &mut Tx<'_>, service: &mut EcsService, tasks: Vec<Task>) -> Result<(), Fault> {
    let mut ids = Vec::new();
    for mut task in tasks {
        let deployment = service.primary().map_or_else(String::new, |one| one.id.clone());
        let reason = format!("Scaling activity initiated by (deployment {deployment})");
        life::stop(tx, &mut task, "ServiceSchedulerInitiated", &reason)?;
        ids.push(task.id);
    }
    for some in ids.chunks(events::TASKS_AN_EVENT) {
        events::add(tx, &mut service.events, &service.name, &events::of_tasks("has stopped", some))?;
    }
    Ok(())
}

fn schedule(tx: &mut Tx<'_>, service: &mut EcsService) -> Result<(), Fault> {
    let now = super::millis(tx.now);
    let live: Vec<Task> = task::live_of(tx, &service.cluster, &service.name)?;
    let tasks: Vec<Task> = live.into_iter().filter(|task| !task.stopping).collect();
    let breaker = service.breaker();
    // What came to be healthy since its deployment's last failure ends the row of failures.
    for one in &mut service.deployments {
        let since = |task: &Task| is_of(task, one) && task.is_ready() && task.times.ready >= Some(one.updated);
        if breaker.resets && one.rollout == Rollout::InProgress && one.failed > 0 && tasks.iter().any(since) {
            one.failed = 0;
        }
    }
    trip_breaker(tx, service, breaker)?;
    let Some(primary) = service.primary().cloned() else { return Ok(()) };
    let of_primary = |task: &Task| is_of(task, &primary);
    let seen: Vec<Seen> = tasks.iter().map(|task| Seen { primary: of_primary(task), ready: task.is_ready() }).collect();
    let may_launch = !service.throttle.waits && now >= service.throttle.until;
    let next = deployment::next(service.limits(), &seen, primary.rollout != Rollout::Failed, may_launch);
    if next.stuck {
        let message = "was unable to stop or start tasks during a deployment because of the service deployment \
                       configuration. Update the minimumHealthyPercent or maximumPercent value and try again.";
        events::add_problem(tx, &mut service.events, &service.name, message)?;
    }
    if next.launch > 0 {
        launch(tx, service, &primary, &tasks, next.launch)?;
    }
    let to_stop: Vec<Task> = next.stop.iter().map(|&at| tasks[at].clone()).collect();
    let gone: Vec<String> = to_stop.iter().map(|task| task.id.clone()).collect();
    if !to_stop.is_empty() {
        stop(tx, service, to_stop)?;
        wake(tx, &service::key(&service.cluster, &service.name))?;
    }
    // An older deployment is told of as long as it has tasks that go on, and a failed one until another is steady.
    let has_tasks =
        |id: &str| tasks.iter().any(|task| task.deployment.as_deref() == Some(id) && !gone.contains(&task.id));
    let id = primary.id.as_str();
    let failed = |one: &Deployment| one.rollout == Rollout::Failed && !next.steady;
    service.deployments.retain(|one| one.id == id || has_tasks(&one.id) || failed(one));
    if next.steady {
        settle(tx, service)?;
    } else if next.launch > 0 || !gone.is_empty() {
        service.steady = false;
    }
    Ok(())
}

/// The service has what it wants.
fn settle(tx: &mut Tx<'_>, service: &mut EcsService) -> Result<(), StoreError> {
    let now = super::millis(tx.now);
    let name = service.name.clone();
    if let Some(primary) = service.deployments.first_mut()
        && primary.rollout == Rollout::InProgress
    {
        primary.rollout = Rollout::Completed;
        primary.reason = format!("ECS deployment {} completed.", primary.id);
        primary.updated = now;
        service.completed = Some(primary.clone());
        let message = format!("(deployment {}) deployment completed.", primary.id);
        events::add(tx, &mut service.events, &name, &message)?;
    }
    if !service.steady {
        service.steady = true;
        events::add(tx, &mut service.events, &name, events::STEADY)?;
    }
    Ok(())
}

fn is_of(task: &Task, deployment: &Deployment) -> bool {
    task.deployment.as_ref() == Some(&deployment.id)
}

/// Stops a deployment of which too many tasks failed, and rolls it back when that is wanted and there is where to.
fn trip_breaker(tx: &mut Tx<'_>, service: &mut EcsService, breaker: Breaker) -> Result<(), Fault> {
    let threshold = breaker.threshold(service.desired);
    let now = super::millis(tx.now);
    let name = service.name.clone();
    let Some(primary) = service.deployments.first_mut() else { return Ok(()) };
    if !breaker.enabled || primary.rollout != Rollout::InProgress || primary.failed < threshold {
        return Ok(());
    }
    primary.rollout = Rollout::Failed;
    primary.reason = "ECS deployment circuit breaker: tasks failed to start.".to_owned();
    primary.updated = now;
    let was_rollback = primary.rollback;
    let message = format!("(deployment {}) deployment failed: tasks failed to start.", primary.id);
    events::add(tx, &mut service.events, &name, &message)?;
    let Some(before) = service.completed.clone().filter(|_| breaker.rolls_back && !was_rollback) else { return Ok(()) };
    events::add(tx, &mut service.events, &name, &format!("rolling back to deployment {}.", before.id))?;
    let mut rollback = Deployment::begin(deployment_id(tx)?, before.revision.clone(), now);
    rollback.reason = format!("ECS deployment circuit breaker: rolling back to deploymentId {}.", before.id);
    rollback.rollback = true;
    service.deployments.insert(0, rollback);
    service.revision = before.revision;
    service.throttle = service::Throttle::default();
    Ok(())
}

fn launch(
    tx: &mut Tx<'_>,
    service: &mut EcsService,
    primary: &Deployment,
    tasks: &[Task],
    count: usize,
) -> Result<(), Fault> {
    let revision = &primary.revision;
    let definition = task_definition::lookup(tx, &revision.task_definition)?;
    let refusal = match (&definition, &revision.network) {
        (Some(definition), Some(_)) if revision.on_fargate() => {
            failure::role_refusal(tx, definition)?.map(|why| format!("failed to launch a task with (error {why})."))
        }
        _ => Some(
            "was unable to place a task because no container instance met all of its requirements. Reason: No \
             Container Instances were found in your cluster."
                .to_owned(),
        ),
    };
    if let Some(refusal) = refusal {
        events::add_problem(tx, &mut service.events, &service.name, &refusal)?;
        if let Some(one) = service.deployments.first_mut() {
            one.failed += 1;
            one.updated = super::millis(tx.now);
        }
        service.steady = false;
        hold_back(tx, service)?;
        // The circuit breaker may have to be tripped.
        return Ok(wake(tx, &service::key(&service.cluster, &service.name))?);
    }
    if primary.unplaced < tx.settings.faults.refused_placements() {
        let refusal = format!("was unable to place a task. Reason: {}.", failure::NO_CAPACITY);
        events::add_problem(tx, &mut service.events, &service.name, &refusal)?;
        if let Some(one) = service.deployments.first_mut() {
            one.unplaced += 1;
        }
        service.steady = false;
        return Ok(hold_back(tx, service)?);
    }
    let (Some(definition), Some(network)) = (definition, &revision.network) else { return Ok(()) };
    let mut spread = Spread::over(tx, network)?;
    tasks.iter().for_each(|task| spread.count(&task.subnet));
    let mut providers = Providers::of(&revision.strategy);
    tasks.iter().filter(|task| is_of(task, primary)).for_each(|task| providers.count(task.provider.as_deref()));
    let mut ids = Vec::new();
    for _ in 0..count {
        let spec = Spec {
            cluster: &service.cluster,
            definition: &definition,
            service: Some((&service.name, &primary.id)),
            group: format!("service:{}", service.name),
            started_by: Some(primary.id.clone()),
            provider: providers.choose(),
            platform: deployment::platform(revision),
            subnet: spread.choose(),
            security_groups: &network.groups,
            public: network.public,
            registries: &revision.registries,
            balancers: &revision.balancers,
            overrides: crate::model::JsonMap::new(),
            exec: revision.exec,
            tags: task_tags(service, &definition),
        };
        let mut task = Task::new(tx, spec)?;
        ids.push(task.id.clone());
        life::begin(tx, &mut task)?;
    }
    for some in ids.chunks(events::TASKS_AN_EVENT) {
        events::add(tx, &mut service.events, &service.name, &events::of_tasks("has started", some))?;
    }
    Ok(())
}

fn task_tags(service: &EcsService, definition: &TaskDefinition) -> super::tags::Tags {
    let told = |name: &str| service.told.get(name).cloned().unwrap_or_default();
    let mut tags = match told("propagateTags").as_str() {
        Some("SERVICE") => service.tags.clone(),
        Some("TASK_DEFINITION") => definition.tags.clone(),
        _ => super::tags::Tags::new(),
    };
    if told("enableECSManagedTags") == json!(true) {
        tags.insert("aws:ecs:clusterName".to_owned(), service.cluster.clone());
        tags.insert("aws:ecs:serviceName".to_owned(), service.name.clone());
    }
    tags
}

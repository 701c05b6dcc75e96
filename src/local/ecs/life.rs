//! A task's life: what happens to it at its timers, and how it is stopped.
//!
//! PROVISIONING (4 s) → PENDING (10 s) → RUNNING, healthy after 40 s or as its health check and its target groups say,
//! and DEACTIVATING (5 s or as long as target groups drain; with Cloud Map or target groups only) → STOPPING (5 s) →
//! DEPROVISIONING (8 s) → STOPPED: typical times of Fargate. A timer that finds the task elsewhere does nothing.

use std::time::Duration;

use serde_json::json;

use super::balancer::Verdict;
use super::params::{list, whole};
use super::task::{Health, Last, Task};
use super::task_definition::{self, TaskDefinition};
use super::{balancer, container, failure, member_log, scheduler, service};
use crate::local::service::Fault;
use crate::local::store::Tx;
use crate::local::{ec2, logs, servicediscovery};
use crate::model::{Json, JsonMap};

const PENDING: &str = "task.pending";
const RUNNING: &str = "task.running";
const HEALTH: &str = "task.health";
const EXIT: &str = "task.exit";
const DEACTIVATING: &str = "task.deactivating";
const STOPPING: &str = "task.stopping";
const DEPROVISIONING: &str = "task.deprovisioning";
const STOPPED: &str = "task.stopped";

/// How long a task without a health check runs before it counts as healthy, in seconds (the documentation of
/// `minimumHealthyPercent`).
const UNCHECKED: u64 = 40;

/// The exit code of a process that SIGTERM ended.
const TERMINATED: i64 = 143;

fn later(tx: &mut Tx<'_>, task: &Task, seconds: u64, what: &str) -> Result<(), Fault> {
    let key = format!("{}/{}", task.cluster, task.id);
    Ok(tx.after(Duration::from_secs(seconds), "ecs", what, &key)?)
}

/// Lets a new task's life begin.
///
/// # Errors
/// When the store fails.
pub fn begin(tx: &mut Tx<'_>, task: &mut Task) -> Result<(), Fault> {
    task.keep(tx)?;
    later(tx, task, 4, PENDING)
}

/// Has a task stopped. Nothing when it is being stopped already.
///
/// # Errors
/// When the store fails.
pub fn stop(tx: &mut Tx<'_>, task: &mut Task, code: &str, reason: &str) -> Result<(), Fault> {
    if task.stopping {
        return Ok(());
    }
    task.stopping = true;
    task.stop_code = Some(code.to_owned());
    task.stopped_reason = Some(reason.to_owned());
    task.times.stopping = Some(super::millis(tx.now));
    for registry in &task.registries {
        servicediscovery::deregister_task(tx, registry_arn(registry), &task.id)?;
    }
    if task.last < Last::Running {
        task.last = Last::Deprovisioning;
        later(tx, task, 8, STOPPED)?;
    } else {
        let taken_out = !task.registries.is_empty() || !task.balancers.is_empty();
        balancer::take_out(tx, task)?;
        later(tx, task, 1, if taken_out { DEACTIVATING } else { STOPPING })?;
    }
    Ok(task.keep(tx)?)
}

/// Carries out a timer of a task's.
///
/// # Errors
/// When the store fails.
pub fn due(tx: &mut Tx<'_>, what: &str, key: &str) -> Result<(), Fault> {
    let Some(mut task) = tx.get::<Task>(key)? else { return Ok(()) };
    match (what, task.last, task.stopping) {
        (PENDING, Last::Provisioning, false) => provision(tx, task),
        (RUNNING, Last::Pending, false) => start(tx, task),
        (HEALTH, Last::Running, false) => check_health(tx, task),
        (EXIT, Last::Running, false) => exit(tx, task),
        (DEACTIVATING, Last::Running, true) => {
            task.last = Last::Deactivating;
            task.keep(tx)?;
            let drained = balancer::drain_seconds(tx, &task)?.max(5);
            later(tx, &task, drained, STOPPING)
        }
        (STOPPING, Last::Running | Last::Deactivating, true) => {
            task.last = Last::Stopping;
            task.keep(tx)?;
            later(tx, &task, 5, DEPROVISIONING)
        }
        (DEPROVISIONING, Last::Stopping, true) => {
            task.last = Last::Deprovisioning;
            task.times.execution_stopped = Some(super::millis(tx.now));
            for one in &mut task.containers {
                one.exit_code.get_or_insert(TERMINATED);
            }
            task.keep(tx)?;
            member_log::left(tx, &task)?;
            later(tx, &task, 8, STOPPED)
        }
        (STOPPED, Last::Deprovisioning, true) => end(tx, task),
        _ => Ok(()),
    }
}

fn provision(tx: &mut Tx<'_>, mut task: Task) -> Result<(), Fault> {
    let description = task.arn(tx);
    match ec2::attach_task_interface(tx, &task.subnet, &task.security_groups, task.public, &description) {
        Ok(made) => {
            let now = Some(super::millis(tx.now));
            task.interface = Some(made.into());
            task.last = Last::Pending;
            task.times.connected = now;
            task.times.pull_started = now;
            task.keep(tx)?;
            later(tx, &task, 10, RUNNING)
        }
        Err(fault) if fault.status >= 500 => Err(fault),
        Err(fault) => {
            let reason = failure::no_interface(&task, &fault);
            let event = format!("was unable to place a task. Reason: RESOURCE:ENI. {reason}");
            fail(tx, task, &reason, Some(&event))
        }
    }
}

/// Stops a task that cannot start.
fn fail(tx: &mut Tx<'_>, mut task: Task, reason: &str, event: Option<&str>) -> Result<(), Fault> {
    task.times.execution_stopped = Some(super::millis(tx.now));
    stop(tx, &mut task, "TaskFailedToStart", reason)?;
    Ok(scheduler::task_ended(tx, &task, true, event)?)
}

fn start(tx: &mut Tx<'_>, mut task: Task) -> Result<(), Fault> {
    let Some(definition) = task_definition::exact(tx, &task.definition)? else {
        return fail(tx, task, "The task definition does not exist.", None);
    };
    if let Some(problem) = failure::of_start(tx, &task, &definition)? {
        if let Some(one) = task.containers.iter_mut().find(|one| Some(&one.name) == problem.container.as_ref()) {
            one.reason = Some(problem.reason.clone());
        }
        return fail(tx, task, &problem.reason, None);
    }
    let now = Some(super::millis(tx.now));
    task.last = Last::Running;
    task.times.pull_stopped = now;
    task.times.started = now;
    task.keep(tx)?;
    register(tx, &task, &definition)?;
    balancer::put_in(tx, &task)?;
    log_start(tx, &task, &definition)?;
    member_log::joined(tx, &task, &definition)?;
    let decided = match health_check(&definition) {
        Some(check) => decided_after(check)?.max(ignored_for(tx, &task, check)?),
        None => UNCHECKED,
    };
    later(tx, &task, decided, HEALTH)?;
    if let Some((_, end)) = first_end(&task, &definition) {
        later(tx, &task, end.after.as_secs(), EXIT)?;
    }
    Ok(())
}

/// After how many seconds a health check has decided: the first one comes after an interval, and those that fail while
/// the container starts do not count.
fn decided_after(check: &JsonMap) -> Result<u64, Fault> {
    let number = |name: &str, default| Ok::<_, Fault>(whole(check, name)?.unwrap_or(default));
    let interval = number("interval", 30)?;
    let seconds = if container::passes(&words(check, "command")) {
        interval
    } else {
        interval * number("retries", 3)? + number("startPeriod", 0)?
    };
    Ok(u64::try_from(seconds).unwrap_or(0))
}

/// For how many seconds a service ignores that a task's health check fails.
fn ignored_for(tx: &Tx<'_>, task: &Task, check: &JsonMap) -> Result<u64, Fault> {
    let service = task.service.as_ref().map(|service| service::get(tx, &task.cluster, service)).transpose()?.flatten();
    let grace = service.and_then(|service| service.told.get("healthCheckGracePeriodSeconds")?.as_u64());
    Ok(if container::passes(&words(check, "command")) { 0 } else { grace.unwrap_or(0) })
}

fn words<'a>(map: &'a JsonMap, name: &str) -> Vec<&'a str> {
    list(map, name).unwrap_or_default().iter().filter_map(Json::as_str).collect()
}

/// The health check of the first container that has one.
fn health_check(definition: &TaskDefinition) -> Option<&JsonMap> {
    definition.containers().find_map(|container| container.get("healthCheck")?.as_object())
}

/// The essential container that ends first by itself, and how.
fn first_end<'a>(task: &Task, definition: &'a TaskDefinition) -> Option<(&'a str, container::End)> {
    let essential = |container: &&JsonMap| container.get("essential").is_none_or(|one| one != false);
    let ends = definition.containers().filter(essential).filter_map(|container| {
        let name = container.get("name")?.as_str()?;
        let end = container::end(&task_definition::command(container, task.container_overrides(name)))?;
        Some((name, end))
    });
    ends.min_by_key(|(_, end)| end.after)
}

fn check_health(tx: &mut Tx<'_>, mut task: Task) -> Result<(), Fault> {
    let Some(definition) = task_definition::exact(tx, &task.definition)? else { return Ok(()) };
    let check = health_check(&definition);
    if check.is_none_or(|check| container::passes(&words(check, "command"))) {
        if check.is_some() {
            task.health = Health::Healthy;
        }
        match balancer::verdict(tx, &task)? {
            Verdict::Healthy => {}
            Verdict::Waits => {
                task.keep(tx)?;
                return later(tx, &task, balancer::AGAIN, HEALTH);
            }
            Verdict::Unhealthy { group } => {
                let event = format!(
                    "(task {}) (port {}) is unhealthy in (target-group {group}) due to (reason Request timed out).",
                    task.id,
                    balancer::port_in(&task, &group)
                );
                let reason = format!("Task failed ELB health checks in (target-group {group})");
                stop(tx, &mut task, "ServiceSchedulerInitiated", &reason)?;
                return Ok(scheduler::task_ended(tx, &task, true, Some(&event))?);
            }
        }
        task.times.ready = Some(super::millis(tx.now));
        task.keep(tx)?;
        return Ok(scheduler::task_ready(tx, &task)?);
    }
    task.health = Health::Unhealthy;
    for registry in &task.registries {
        servicediscovery::set_health(tx, registry_arn(registry), &task.id, false)?;
    }
    if task.service.is_none() {
        return Ok(task.keep(tx)?);
    }
    stop(tx, &mut task, "ServiceSchedulerInitiated", "Task failed container health checks")?;
    let event = format!("(task {}) failed container health checks.", task.id);
    Ok(scheduler::task_ended(tx, &task, true, Some(&event))?)
}

fn exit(tx: &mut Tx<'_>, mut task: Task) -> Result<(), Fault> {
    let Some(definition) = task_definition::exact(tx, &task.definition)? else { return Ok(()) };
    let Some((name, ended)) = first_end(&task, &definition) else { return Ok(()) };
    if let Some(one) = task.containers.iter_mut().find(|one| one.name == name) {
        one.exit_code = Some(ended.code);
    }
    let was_ready = task.is_ready();
    stop(tx, &mut task, "EssentialContainerExited", "Essential container in task exited")?;
    Ok(scheduler::task_ended(tx, &task, !was_ready, None)?)
}

fn end(tx: &mut Tx<'_>, mut task: Task) -> Result<(), Fault> {
    if let Some(interface) = &task.interface {
        ec2::release_task_interface(tx, &interface.id)?;
    }
    task.last = Last::Stopped;
    task.times.stopped = Some(super::millis(tx.now));
    task.keep(tx)?;
    match task.service_key() {
        Some(service) => Ok(scheduler::wake(tx, &service)?),
        None => Ok(()),
    }
}

fn registry_arn(registry: &JsonMap) -> &str {
    registry.get("registryArn").and_then(Json::as_str).unwrap_or_default()
}

/// Registers a task that runs in Cloud Map, with the attributes that ECS gives it.
fn register(tx: &mut Tx<'_>, task: &Task, definition: &TaskDefinition) -> Result<(), Fault> {
    let Some(interface) = &task.interface else { return Ok(()) };
    for registry in &task.registries {
        let mut attributes = JsonMap::new();
        let mut add = |name: &str, value: &str| attributes.insert(name.to_owned(), json!(value));
        add("AWS_INSTANCE_IPV4", &interface.private_ip);
        add("AWS_INIT_HEALTH_STATUS", "HEALTHY");
        add("AVAILABILITY_ZONE", &interface.zone);
        add("REGION", &tx.region);
        add("ECS_CLUSTER_NAME", &task.cluster);
        add("ECS_SERVICE_NAME", task.service.as_deref().unwrap_or_default());
        add("ECS_TASK_DEFINITION_FAMILY", &definition.family);
        let port = whole(registry, "port")?.or(whole(registry, "containerPort")?);
        if let Some(port) = port {
            add("AWS_INSTANCE_PORT", &port.to_string());
        }
        match servicediscovery::register_task(tx, registry_arn(registry), &task.id, &attributes) {
            Err(fault) if fault.status >= 500 => return Err(fault),
            // The registry has gone since the service was made: the task runs, and nobody finds it.
            Err(_) | Ok(()) => {}
        }
    }
    Ok(())
}

/// What containers print when they start.
fn log_start(tx: &mut Tx<'_>, task: &Task, definition: &TaskDefinition) -> Result<(), Fault> {
    for container in definition.containers() {
        let Some((group, stream)) = failure::log_stream(container, &task.id) else { continue };
        let name = container.get("name").and_then(Json::as_str).unwrap_or_default();
        let image = container.get("image").and_then(Json::as_str).unwrap_or_default();
        let mut lines = vec![format!("{name}: started from {image}")];
        if let Some(end) = container::end(&task_definition::command(container, task.container_overrides(name))) {
            lines = end.output;
        }
        logs::write(tx, &group, &stream, &lines)?;
    }
    Ok(())
}

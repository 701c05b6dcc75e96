//! Target groups of services: `loadBalancers` checked against Elastic Load Balancing, and tasks registered there as they
//! run.
//!
//! Source: developer guide, "Use load balancing to distribute Amazon ECS service traffic", and the refusals of
//! `CreateService`.

use super::deployment::Revision;
use super::params::{invalid, maps, required, text, whole};
use super::service;
use super::task::Task;
use super::task_definition::TaskDefinition;
use crate::local::ec2;
use crate::local::elasticloadbalancing::{self as elb, Health, TaskTarget};
use crate::local::service::Fault;
use crate::local::store::Tx;
use crate::model::{Json, JsonMap};

/// The most target groups of a service.
const MOST: usize = 5;

/// After how many seconds a task's targets are looked at again.
pub const AGAIN: u64 = 5;

/// What a task's target groups say of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is healthy in all that anything is sent to.
    Healthy,
    /// One has not decided.
    Waits,
    /// One cannot reach it.
    Unhealthy {
        /// Its ARN.
        group: String,
    },
}

/// Reads `loadBalancers`, checked against Elastic Load Balancing.
///
/// # Errors
/// `InvalidParameterException` for a target group that is not there or has no load balancer.
pub fn read(tx: &Tx<'_>, params: &JsonMap) -> Result<Vec<JsonMap>, Fault> {
    let balancers: Vec<JsonMap> = maps(params, "loadBalancers")?.into_iter().cloned().collect();
    if balancers.len() > MOST {
        return Err(invalid(format!("load balancers can have at most {MOST} items.")));
    }
    for one in &balancers {
        if text(one, "loadBalancerName")?.is_some() {
            return Err(invalid("The embedded AWS has no classic load balancers."));
        }
        let arn = required(one, "targetGroupArn")?;
        let Some(group) = elb::fitness(tx, arn)? else {
            return Err(invalid(format!("The target group with targetGroupArn {arn} does not exist.")));
        };
        if !group.has_balancer {
            let message =
                format!("The target group with targetGroupArn {arn} does not have an associated load balancer.");
            return Err(invalid(message));
        }
        required(one, "containerName")?;
        if whole(one, "containerPort")?.is_none() {
            return Err(invalid("containerPort can not be blank."));
        }
    }
    Ok(balancers)
}

/// Refuses target groups that the tasks of a revision cannot be registered in.
///
/// # Errors
/// `InvalidParameterException`.
pub fn check(tx: &Tx<'_>, revision: &Revision, definition: &TaskDefinition) -> Result<(), Fault> {
    for one in &revision.balancers {
        let (arn, name) = (required(one, "targetGroupArn")?, required(one, "containerName")?);
        let port = whole(one, "containerPort")?;
        if let (Some(group), Some(network)) = (elb::fitness(tx, arn)?, &revision.network) {
            if group.target_type != "ip" {
                return Err(invalid(format!(
                    "The provided target group {arn} has target type {}, which is incompatible with the awsvpc \
                     network mode specified in the task definition.",
                    group.target_type
                )));
            }
            let place = network.subnets.first().map(|subnet| ec2::subnet_place(tx, subnet)).transpose()?.flatten();
            if place.is_some_and(|(vpc, _)| vpc != group.vpc) {
                let message = format!("The provided target group {arn} is in another VPC than the service's subnets.");
                return Err(invalid(message));
            }
        }
        let container = definition.containers().find(|one| one.get("name").is_some_and(|own| own == name));
        let Some(container) = container else {
            return Err(invalid(format!("The container {name} does not exist in the task definition.")));
        };
        let mappings = maps(container, "portMappings")?;
        if !mappings.iter().any(|mapping| mapping.get("containerPort").and_then(Json::as_i64) == port) {
            let port = port.unwrap_or_default();
            return Err(invalid(format!("The container {name} did not have a container port {port} defined.")));
        }
    }
    Ok(())
}

/// The targets that a task is, once it has an address.
fn targets(task: &Task) -> impl Iterator<Item = TaskTarget<'_>> {
    let ip = task.interface.as_ref().map(|interface| interface.private_ip.as_str());
    task.balancers.iter().filter_map(move |one| {
        let (group, port) = (one.get("targetGroupArn")?.as_str()?, one.get("containerPort")?.as_i64()?);
        Some(TaskTarget { group, ip: ip?, port })
    })
}

/// Registers a task that runs.
///
/// # Errors
/// When the store fails.
pub fn put_in(tx: &mut Tx<'_>, task: &Task) -> Result<(), Fault> {
    targets(task).try_for_each(|target| elb::register_task(tx, target))
}

/// Takes a task out that is to stop.
///
/// # Errors
/// When the store fails.
pub fn take_out(tx: &mut Tx<'_>, task: &Task) -> Result<(), Fault> {
    targets(task).try_for_each(|target| elb::deregister_task(tx, target))
}

/// For how many seconds a task that is taken out is drained.
///
/// # Errors
/// When the store fails.
pub fn drain_seconds(tx: &Tx<'_>, task: &Task) -> Result<u64, Fault> {
    targets(task).try_fold(0, |longest, target| Ok(elb::drain_seconds(tx, target.group)?.max(longest)))
}

/// The port that a task is registered with in a group.
pub fn port_in(task: &Task, group: &str) -> i64 {
    targets(task).find(|target| target.group == group).map_or(0, |target| target.port)
}

/// What a task's target groups say. A failing one is ignored during the service's grace period.
///
/// # Errors
/// When the store fails.
pub fn verdict(tx: &Tx<'_>, task: &Task) -> Result<Verdict, Fault> {
    let mut verdict = Verdict::Healthy;
    for target in targets(task) {
        match elb::task_health(tx, target)? {
            Some(Health::Initial) => verdict = Verdict::Waits,
            Some(Health::Unhealthy) if in_grace(tx, task)? => verdict = Verdict::Waits,
            Some(Health::Unhealthy) => return Ok(Verdict::Unhealthy { group: target.group.to_owned() }),
            // A group that nothing is sent to, or that has gone, does not keep a task from being ready.
            None | Some(Health::Healthy | Health::Unused | Health::Draining) => {}
        }
    }
    Ok(verdict)
}

/// Whether a task's service still ignores failing checks.
fn in_grace(tx: &Tx<'_>, task: &Task) -> Result<bool, Fault> {
    let Some(name) = &task.service else { return Ok(false) };
    let service = service::get(tx, &task.cluster, name)?;
    let grace = service.and_then(|service| service.told.get("healthCheckGracePeriodSeconds")?.as_f64()).unwrap_or(0.0);
    let since = super::millis(tx.now) - task.times.started.unwrap_or_default();
    // Grace is AWS's time, which the pace shortens.
    #[allow(clippy::cast_precision_loss)]
    let since = since as f64;
    Ok(since < grace * 1000.0 * tx.settings.pace.max(0.0))
}

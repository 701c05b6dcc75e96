//! Targets, and their health: unused → initial → healthy or unhealthy, and draining → gone.

use std::net::Ipv4Addr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::ec2;
use super::super::members::Members;
use super::super::service::Fault;
use super::super::store::{Object, Tx};
use super::target_group::{self, TargetGroup};
use super::{load_balancer, usage};
use crate::model::Json;

/// The timer of a target whose checks decide.
pub const CHECKED: &str = "target-checked";
/// The timer of a target that has been drained.
pub const DRAINED: &str = "target-drained";

/// A target.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Target {
    group: String,
    id: String,
    port: i64,
    zone: Option<String>,
    health: Health,
    /// Counts what happened to it: a timer of before is not of now.
    turn: u32,
}

/// How a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Health {
    /// Nothing sends to its group.
    Unused,
    /// Its checks have not decided yet.
    Initial,
    /// They passed.
    Healthy,
    /// They failed.
    Unhealthy,
    /// It is taken out.
    Draining,
}

/// A target that ECS registers for a task.
#[derive(Debug, Clone, Copy)]
pub struct TaskTarget<'a> {
    /// The target group's ARN.
    pub group: &'a str,
    /// The task's address.
    pub ip: &'a str,
    /// The container's port.
    pub port: i64,
}

impl Object for Target {
    const TABLE: &'static str = "elb.target";

    fn key(&self) -> String {
        key(&self.group, &self.id, self.port)
    }

    fn parent(&self) -> String {
        self.group.clone()
    }
}

fn key(group: &str, id: &str, port: i64) -> String {
    format!("{group} {id} {port}")
}

impl Target {
    /// Has its checks begin anew, or not at all while nothing sends to its group.
    fn begin(&mut self, tx: &mut Tx<'_>, group: &TargetGroup) -> Result<(), Fault> {
        self.turn += 1;
        if usage::balancer_of(tx, &group.arn)?.is_none() {
            self.health = Health::Unused;
            return Ok(tx.put(self)?);
        }
        self.health = Health::Initial;
        // The first check passes or fails a target that is new.
        self.check_after(tx, group.check.interval)
    }

    fn check_after(&self, tx: &mut Tx<'_>, seconds: i64) -> Result<(), Fault> {
        tx.put(self)?;
        self.later(tx, CHECKED, u64::try_from(seconds).unwrap_or(0))
    }

    fn later(&self, tx: &mut Tx<'_>, what: &str, seconds: u64) -> Result<(), Fault> {
        let timer = format!("{} {}", self.turn, self.key());
        Ok(tx.after(Duration::from_secs(seconds), "elasticloadbalancing", what, &timer)?)
    }

    /// Whether its load balancer can reach it.
    fn is_reached(&self, tx: &Tx<'_>, group: &TargetGroup) -> Result<bool, Fault> {
        let Some(balancer) = usage::balancer_of(tx, &group.arn)? else { return Ok(false) };
        let balancer = load_balancer::find(tx, &balancer)?;
        let Ok(ip) = self.id.parse::<Ipv4Addr>() else { return Ok(false) };
        let Some(there) = ec2::interface_at(tx, &group.vpc, ip)? else { return Ok(false) };
        let port = group.check.port.parse().unwrap_or(self.port);
        for place in &balancer.places {
            if ec2::interface_lets_in(tx, &there, port, &place.interface)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How it is now: what its checks say changes with the security groups.
    fn now(&self, tx: &Tx<'_>, group: &TargetGroup) -> Result<Health, Fault> {
        match self.health {
            Health::Healthy | Health::Unhealthy if self.is_reached(tx, group)? => Ok(Health::Healthy),
            Health::Healthy => Ok(Health::Unhealthy),
            other => Ok(other),
        }
    }

    fn show(&self, tx: &Tx<'_>, group: &TargetGroup) -> Result<Json, Fault> {
        let (state, reason, description) = match self.now(tx, group)? {
            Health::Unused => (
                "unused",
                Some("Target.NotInUse"),
                Some("Target group is not configured to receive traffic from the load balancer"),
            ),
            Health::Initial => {
                ("initial", Some("Elb.RegistrationInProgress"), Some("Target registration is in progress"))
            }
            Health::Healthy => ("healthy", None, None),
            Health::Unhealthy => ("unhealthy", Some("Target.Timeout"), Some("Request timed out")),
            Health::Draining => {
                ("draining", Some("Target.DeregistrationInProgress"), Some("Target deregistration is in progress"))
            }
        };
        let check_port =
            if group.check.port == "traffic-port" { self.port.to_string() } else { group.check.port.clone() };
        Ok(json!({
            "Target": { "Id": self.id, "Port": self.port, "AvailabilityZone": self.zone },
            "HealthCheckPort": check_port,
            "TargetHealth": { "State": state, "Reason": reason, "Description": description },
        }))
    }
}

/// The target a timer is about, if it is still about it.
fn of_timer(tx: &Tx<'_>, timer: &str) -> Result<Option<Target>, Fault> {
    let Some((turn, key)) = timer.split_once(' ') else { return Ok(None) };
    Ok(tx.get::<Target>(key)?.filter(|target| target.turn.to_string() == turn))
}

/// The first checks of a target have decided; what later ones say is worked out when somebody asks.
pub fn checked(tx: &mut Tx<'_>, timer: &str) -> Result<(), Fault> {
    let Some(mut target) = of_timer(tx, timer)? else { return Ok(()) };
    if target.health != Health::Initial {
        return Ok(());
    }
    let group = target_group::find(tx, &target.group)?;
    target.health = if target.is_reached(tx, &group)? { Health::Healthy } else { Health::Unhealthy };
    Ok(tx.put(&target)?)
}

/// A target has been drained.
pub fn drained(tx: &mut Tx<'_>, timer: &str) -> Result<(), Fault> {
    if let Some(target) = of_timer(tx, timer)? {
        tx.delete::<Target>(&target.key())?;
    }
    Ok(())
}

/// Something began or ceased to send to a group: its targets are checked from now on, or are unused.
pub fn association_changed(tx: &mut Tx<'_>, group: &str) -> Result<(), Fault> {
    let Some(group) = tx.get::<TargetGroup>(group)? else { return Ok(()) };
    let used = usage::balancer_of(tx, &group.arn)?.is_some();
    for mut target in tx.under::<Target>(&group.arn)? {
        if target.health != Health::Draining && used == (target.health == Health::Unused) {
            target.begin(tx, &group)?;
        }
    }
    Ok(())
}

/// Forgets the targets of a group.
pub fn forget_all(tx: &mut Tx<'_>, group: &str) -> Result<(), Fault> {
    for target in tx.under::<Target>(group)? {
        tx.delete::<Target>(&target.key())?;
    }
    Ok(())
}

/// The targets of a call, each checked.
fn asked<'a>(tx: &Tx<'_>, members: &Members<'a>, group: &TargetGroup) -> Result<Vec<(&'a str, i64)>, Fault> {
    let given = members.structures("Targets")?;
    if given.is_empty() {
        return Err(members.refuse("At least one target must be specified"));
    }
    let mut targets = Vec::new();
    for one in given {
        let (id, port) = (one.required("Id")?, one.number("Port", 1, 65535)?.unwrap_or(group.port));
        let invalid = |message: String| Err(Fault::new("InvalidTarget", message));
        if group.target_type != "ip" {
            return invalid(format!("The following targets are not in a running state: '{id}'"));
        }
        let Ok(ip) = id.parse::<Ipv4Addr>() else {
            return Err(members.refuse(format!("The IP address '{id}' is not a valid IPv4 address")));
        };
        if ec2::vpc_has(tx, &group.vpc, ip)? != Some(true) && one.text("AvailabilityZone")? != Some("all") {
            return Err(members.refuse(format!(
                "The IP address '{id}' is outside the VPC '{}': its AvailabilityZone must be 'all'",
                group.vpc
            )));
        }
        targets.push((id, port));
    }
    Ok(targets)
}

/// `RegisterTargets`: one that is there already stays as it is.
pub fn register(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let group = target_group::find(tx, members.required("TargetGroupArn")?)?;
    for (id, port) in asked(tx, members, &group)? {
        put_in(tx, &group, id, port)?;
    }
    Ok(json!({}))
}

fn put_in(tx: &mut Tx<'_>, group: &TargetGroup, id: &str, port: i64) -> Result<(), Fault> {
    let there = tx.get::<Target>(&key(&group.arn, id, port))?;
    if there.as_ref().is_some_and(|target| target.health != Health::Draining) {
        return Ok(());
    }
    let turn = there.map_or(0, |target| target.turn);
    let (group_arn, id, zone, health) = (group.arn.clone(), id.to_owned(), None, Health::Unused);
    Target { group: group_arn, id, port, zone, health, turn }.begin(tx, group)
}

/// `DeregisterTargets`: those that are not there are fine.
pub fn deregister(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let group = target_group::find(tx, members.required("TargetGroupArn")?)?;
    for (id, port) in asked(tx, members, &group)? {
        take_out(tx, &group, id, port)?;
    }
    Ok(json!({}))
}

/// Drains a target; one that nothing was sent to goes at once.
fn take_out(tx: &mut Tx<'_>, group: &TargetGroup, id: &str, port: i64) -> Result<(), Fault> {
    let Some(mut target) = tx.get::<Target>(&key(&group.arn, id, port))? else { return Ok(()) };
    match target.health {
        Health::Draining => Ok(()),
        Health::Unused => {
            tx.delete::<Target>(&target.key())?;
            Ok(())
        }
        _ => {
            target.health = Health::Draining;
            target.turn += 1;
            tx.put(&target)?;
            target.later(tx, DRAINED, group.drain())
        }
    }
}

/// `DescribeTargetHealth`: of all targets, or of those asked for.
pub fn describe_health(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let group = target_group::find(tx, members.required("TargetGroupArn")?)?;
    let shown: Vec<Json> = if members.list("Targets")?.is_empty() {
        tx.under::<Target>(&group.arn)?.iter().map(|target| target.show(tx, &group)).collect::<Result<_, _>>()?
    } else {
        let mut shown = Vec::new();
        for (id, port) in asked(tx, members, &group)? {
            shown.push(match tx.get::<Target>(&key(&group.arn, id, port))? {
                Some(target) => target.show(tx, &group)?,
                None => json!({
                    "Target": { "Id": id, "Port": port },
                    "TargetHealth": {
                        "State": "unused", "Reason": "Target.NotRegistered",
                        "Description": "Target is not registered to the target group",
                    },
                }),
            });
        }
        shown
    };
    Ok(json!({ "TargetHealthDescriptions": shown }))
}

/// Registers a task. A group that has gone is left alone: the task runs, and nothing is sent to it.
///
/// # Errors
/// When the store fails.
pub fn register_task(tx: &mut Tx<'_>, target: TaskTarget<'_>) -> Result<(), Fault> {
    match tx.get::<TargetGroup>(target.group)? {
        Some(group) => put_in(tx, &group, target.ip, target.port),
        None => Ok(()),
    }
}

/// Takes a task out; nothing when it is not there.
///
/// # Errors
/// When the store fails.
pub fn deregister_task(tx: &mut Tx<'_>, target: TaskTarget<'_>) -> Result<(), Fault> {
    match tx.get::<TargetGroup>(target.group)? {
        Some(group) => take_out(tx, &group, target.ip, target.port),
        None => Ok(()),
    }
}

/// How a task's target is; `None` when it is not registered.
///
/// # Errors
/// When the store fails.
pub fn task_health(tx: &Tx<'_>, target: TaskTarget<'_>) -> Result<Option<Health>, Fault> {
    let Some(group) = tx.get::<TargetGroup>(target.group)? else { return Ok(None) };
    let registered = tx.get::<Target>(&key(target.group, target.ip, target.port))?;
    registered.map(|target| target.now(tx, &group)).transpose()
}

/// For how long targets of a group are drained, in seconds.
///
/// # Errors
/// When the store fails.
pub fn drain_seconds(tx: &Tx<'_>, group: &str) -> Result<u64, Fault> {
    Ok(tx.get::<TargetGroup>(group)?.map_or(0, |group| group.drain()))
}

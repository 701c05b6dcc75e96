//! Deployments of a service, and the pure decision what a service's tasks need next.
//!
//! Source: the documentation of `DeploymentConfiguration`, `DeploymentCircuitBreaker` and `Deployment`.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::network::Network;
use crate::model::{Json, JsonMap};

/// How far a deployment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rollout {
    /// On its way.
    InProgress,
    /// Was steady once.
    Completed,
    /// The circuit breaker stopped it: it starts nothing any more.
    Failed,
}

/// What a deployment deploys: another one of any of these makes another deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    /// The ARN of the task definition.
    pub task_definition: String,
    /// Where the tasks' interfaces are.
    pub network: Option<Network>,
    /// `FARGATE` or `EC2`, in effect while there is no strategy.
    pub launch_type: Option<String>,
    /// The capacity provider strategy.
    pub strategy: Vec<Json>,
    /// `LATEST` or a version.
    pub platform_version: Option<String>,
    /// The Cloud Map services that tasks are registered in.
    pub registries: Vec<JsonMap>,
    /// The target groups that tasks are registered in, with the container and its port.
    #[serde(default)]
    pub balancers: Vec<JsonMap>,
    /// Whether ECS Exec is on.
    pub exec: bool,
}

impl Revision {
    /// Whether its tasks run on Fargate.
    pub fn on_fargate(&self) -> bool {
        !self.strategy.is_empty() || self.launch_type.as_deref() == Some("FARGATE")
    }
}

/// A deployment. The first of a service's is PRIMARY, the others ACTIVE.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Deployment {
    /// `ecs-svc/` and nineteen digits.
    pub id: String,
    /// What it deploys.
    pub revision: Revision,
    /// When it began, in milliseconds.
    pub created: i64,
    /// When it last changed, in milliseconds.
    pub updated: i64,
    /// How many tasks failed one after the other.
    pub failed: i64,
    /// How far it is.
    pub rollout: Rollout,
    /// Why it is there.
    pub reason: String,
    /// Whether it rolls another back.
    pub rollback: bool,
    /// How many of its placements found no capacity.
    #[serde(default)]
    pub unplaced: u32,
}

impl Deployment {
    /// One that begins.
    pub fn begin(id: String, revision: Revision, now: i64) -> Self {
        let reason = format!("ECS deployment {id} in progress.");
        let rollout = Rollout::InProgress;
        Self { id, revision, created: now, updated: now, failed: 0, rollout, reason, rollback: false, unplaced: 0 }
    }

    /// As answers have it.
    pub fn view(&self, primary: bool, desired: i64, pending: usize, running: usize) -> Json {
        let mut view = json!({
            "id": self.id,
            "status": if primary { "PRIMARY" } else { "ACTIVE" },
            "taskDefinition": self.revision.task_definition,
            "desiredCount": desired,
            "pendingCount": pending,
            "runningCount": running,
            "failedTasks": self.failed,
            "createdAt": super::millis_to_seconds(self.created),
            "updatedAt": super::millis_to_seconds(self.updated),
            "rolloutState": match self.rollout {
                Rollout::InProgress => "IN_PROGRESS",
                Rollout::Completed => "COMPLETED",
                Rollout::Failed => "FAILED",
            },
            "rolloutStateReason": self.reason,
        });
        describe_revision(&mut view, &self.revision, platform(&self.revision));
        view
    }
}

/// Adds what services and deployments tell of a revision in the same members; a service tells the platform version that
/// was asked for, a deployment the one it is.
pub fn describe_revision(view: &mut Json, revision: &Revision, platform: &str) {
    if revision.strategy.is_empty() {
        view["launchType"] = json!(revision.launch_type.as_deref().unwrap_or("EC2"));
    } else {
        view["capacityProviderStrategy"] = json!(revision.strategy);
    }
    if revision.on_fargate() {
        view["platformVersion"] = json!(platform);
        view["platformFamily"] = json!("Linux");
    }
    if let Some(network) = &revision.network {
        view["networkConfiguration"] = network.view();
    }
}

/// The platform version that tasks of a revision get: LATEST is 1.4.0.
pub fn platform(revision: &Revision) -> &str {
    revision.platform_version.as_deref().filter(|version| *version != "LATEST").unwrap_or("1.4.0")
}

/// How many tasks there have to be and may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many are wanted.
    pub desired: i64,
    /// How much of them has to be there, in percent, rounded up.
    pub minimum_percent: i64,
    /// How much of them may be there, in percent, rounded down.
    pub maximum_percent: i64,
}

/// A task that is not being stopped, as the decision sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Whether it is of the PRIMARY deployment.
    pub primary: bool,
    /// Whether it runs and, when it has a health check, is healthy.
    pub ready: bool,
}

/// What is to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Next {
    /// How many tasks to start.
    pub launch: usize,
    /// Which of the seen tasks to stop, by their place.
    pub stop: Vec<usize>,
    /// Nothing is to be done, and everything is as wanted.
    pub steady: bool,
    /// Nothing can be done though something is wanted: the percentages leave no room.
    pub stuck: bool,
}

/// Decides what a service's tasks need: new ones as far as the maximum leaves room, and old ones stopped as far as the
/// minimum is kept. `open` says whether the PRIMARY deployment goes on, that is, has not failed; `may_launch` whether
/// it may start tasks now, that is, is not held back after failures.
pub fn next(limits: Limits, tasks: &[Seen], open: bool, may_launch: bool) -> Next {
    let least = (limits.desired * limits.minimum_percent + 99) / 100;
    let most = limits.desired * limits.maximum_percent / 100;
    let mut next = Next::default();
    let mut new: Vec<usize> = (0..tasks.len()).filter(|&at| tasks[at].primary).collect();
    // Surplus: first what is not ready, then the youngest.
    new.sort_by_key(|&at| (!tasks[at].ready, at));
    let wanted_new = usize::try_from(limits.desired).unwrap_or(0);
    if new.len() > wanted_new {
        next.stop.extend(new.drain(wanted_new..));
    }
    let mut old: Vec<usize> = (0..tasks.len()).filter(|&at| !tasks[at].primary).collect();
    if !open {
        return next;
    }
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let wanted = limits.desired - count(new.len());
    let room = (most - count(new.len() + old.len())).max(0);
    if may_launch {
        next.launch = usize::try_from(wanted.min(room)).unwrap_or(0);
    }
    // Old ones that are not ready give nothing up.
    old.sort_by_key(|&at| tasks[at].ready);
    let idle = old.iter().filter(|&&at| !tasks[at].ready).count();
    let ready_new = new.iter().filter(|&&at| tasks[at].ready).count();
    let ready = count(ready_new + old.len() - idle);
    let spare = (ready - least).max(0);
    let surplus = ready - limits.desired;
    let for_room = (wanted - room).max(0);
    let replaced = if ready_new >= wanted_new { i64::MAX } else { surplus.max(for_room).clamp(0, spare) };
    let stopped = usize::try_from(replaced.saturating_add(count(idle))).unwrap_or(0).min(old.len());
    let kept = old.split_off(stopped);
    next.stop.extend(old);
    let idle_now = next.launch == 0 && next.stop.is_empty();
    next.steady = idle_now && kept.is_empty() && ready_new == wanted_new && new.len() == wanted_new;
    next.stuck = idle_now && wanted > 0 && room == 0 && spare == 0 && may_launch && tasks.iter().all(|task| task.ready);
    next
}

/// A circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    /// Whether it is on.
    pub enabled: bool,
    /// Whether it rolls back.
    pub rolls_back: bool,
    /// Whether a task that gets healthy ends the row of failures.
    pub resets: bool,
    threshold: Threshold,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Threshold {
    Count(i64),
    Percent(i64),
    /// At least 3 and at most 200.
    BoundedPercent(i64),
}

impl Breaker {
    /// Reads a `deploymentCircuitBreaker`; what it does not say is AWS's default.
    pub fn read(json: &Json) -> Self {
        let flag = |name: &str, default| json[name].as_bool().unwrap_or(default);
        let threshold = &json["thresholdConfiguration"];
        let value = threshold["value"].as_i64().unwrap_or(50);
        let threshold = match threshold["type"].as_str() {
            Some("COUNT") => Threshold::Count(value),
            Some("UNBOUNDED_PERCENT") => Threshold::Percent(value),
            _ => Threshold::BoundedPercent(value),
        };
        let (enabled, rolls_back) = (flag("enable", false), flag("rollback", false));
        Self { enabled, rolls_back, resets: flag("resetOnHealthyTask", true), threshold }
    }

    /// After how many failed tasks it stops a deployment.
    pub fn threshold(self, desired: i64) -> i64 {
        let percent = |value: i64| (desired * value + 99) / 100;
        match self.threshold {
            Threshold::Count(value) => value,
            Threshold::Percent(value) => percent(value).max(1),
            Threshold::BoundedPercent(value) => percent(value).clamp(3, 200),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READY: Seen = Seen { primary: true, ready: true };
    const STARTING: Seen = Seen { primary: true, ready: false };
    const OLD: Seen = Seen { primary: false, ready: true };

    fn limits(desired: i64, minimum_percent: i64, maximum_percent: i64) -> Limits {
        Limits { desired, minimum_percent, maximum_percent }
    }

    #[test]
    fn a_new_service_starts_all_and_is_steady_when_all_are_ready() {
        assert_eq!(next(limits(3, 100, 200), &[], true, true).launch, 3);
        assert_eq!(next(limits(3, 100, 200), &[READY, STARTING, STARTING], true, true), Next::default());
        assert!(next(limits(3, 100, 200), &[READY; 3], true, true).steady);
    }

    #[test]
    fn rolling_stops_one_old_task_for_each_ready_new_one() {
        let begun = next(limits(2, 100, 200), &[OLD, OLD], true, true);
        assert_eq!(begun, Next { launch: 2, ..Next::default() });
        assert_eq!(next(limits(2, 100, 200), &[OLD, OLD, STARTING, STARTING], true, true), Next::default());
        assert_eq!(next(limits(2, 100, 200), &[OLD, OLD, READY, STARTING], true, true).stop, [0]);
        assert_eq!(next(limits(2, 100, 200), &[OLD, READY, READY], true, true).stop, [0]);
    }

    #[test]
    fn without_room_above_old_tasks_go_first_as_far_as_the_minimum_allows() {
        assert_eq!(next(limits(4, 50, 100), &[OLD; 4], true, true), Next { stop: vec![0, 1], ..Next::default() });
        assert_eq!(next(limits(4, 50, 100), &[OLD; 2], true, true), Next { launch: 2, ..Next::default() });
    }

    #[test]
    fn a_maximum_that_rounds_down_to_the_desired_count_is_stuck() {
        assert_eq!(next(limits(1, 100, 150), &[OLD], true, true), Next { stuck: true, ..Next::default() });
    }

    #[test]
    fn scaling_in_stops_what_is_not_ready_and_then_the_youngest() {
        assert_eq!(next(limits(1, 100, 200), &[READY, READY, STARTING], true, true).stop, [1, 2]);
    }

    #[test]
    fn a_failed_deployment_starts_nothing_and_keeps_the_old_tasks() {
        assert_eq!(next(limits(2, 100, 200), &[OLD, OLD], false, true), Next::default());
        assert_eq!(next(limits(2, 100, 200), &[OLD, OLD, READY], false, true), Next::default());
    }

    #[test]
    fn tasks_in_every_state_never_pass_the_limits() {
        for (minimum, maximum) in [(100, 200), (50, 100), (0, 100), (100, 150), (50, 200)] {
            for desired in 0..6 {
                for bits in 0..3_u32.pow(5) {
                    let kind = |at: u32| [READY, STARTING, OLD][(bits / 3_u32.pow(at) % 3) as usize];
                    let tasks: Vec<Seen> = (0..5).map(kind).collect();
                    let limits = limits(desired, minimum, maximum);
                    let next = next(limits, &tasks, true, true);
                    let after = i64::try_from(tasks.len() + next.launch).expect("small");
                    assert!(next.launch == 0 || after <= desired * maximum / 100, "{limits:?} {tasks:?} {next:?}");
                    let ready = |kept: &dyn Fn(&usize) -> bool| {
                        (0..tasks.len()).filter(kept).filter(|&at| tasks[at].ready).count() as i64
                    };
                    let (before, left) = (ready(&|_| true), ready(&|at| !next.stop.contains(at)));
                    let least = (desired * minimum + 99) / 100;
                    assert!(left >= before.min(least), "{limits:?} {tasks:?} {next:?}");
                }
            }
        }
    }

    #[test]
    fn the_breaker_counts_to_half_of_the_desired_tasks_within_its_bounds() {
        let breaker = Breaker::read(&json!({"enable": true, "rollback": false}));
        assert!(breaker.enabled && !breaker.rolls_back && breaker.resets);
        assert_eq!([0, 1, 6, 7, 25, 1000].map(|desired| breaker.threshold(desired)), [3, 3, 3, 4, 13, 200]);
    }

    #[test]
    fn another_threshold_goes_before_the_default() {
        let threshold = |kind: &str, value: i64| {
            Breaker::read(&json!({"thresholdConfiguration": {"type": kind, "value": value}})).threshold(1000)
        };
        assert_eq!(
            [threshold("COUNT", 7), threshold("UNBOUNDED_PERCENT", 50), threshold("BOUNDED_PERCENT", 10)],
            [7, 500, 100]
        );
    }
}

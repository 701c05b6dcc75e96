//! Where a deployment of a service stands, judged from what ECS describes: pure.
//!
//! What is followed is one deployment by its id, not "the service": a service whose deployment failed and was rolled
//! back is steady too, on the old revision.

use std::time::Duration;

use aws_sdk_ecs::types::{Deployment, DeploymentRolloutState, Service, ServiceEvent, Task};
use serde_json::json;

use super::stopped::{self, Cause, Failures};
use crate::kinds::Progress;
use crate::kinds::json::text;
use crate::model::{Json, JsonMap};

/// How many tasks must fail of the same hopeless cause before a deployment without a circuit breaker is given up.
const GIVE_UP: usize = 3;
/// For how many questions in a row ECS may be unable to assume a role: IAM needs a while to tell ECS of a new one.
const ROLE_GRACE: u64 = 24;
/// For how many seconds of a deployment tasks that stop for want of a role are no reason to give up, for the same reason.
const ROLE_TIME: f64 = 120.0;
/// When to ask again.
const AGAIN: Duration = Duration::from_secs(5);

/// What is remembered between two questions.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Watch {
    /// The deployment that is followed; the PRIMARY one when none is known yet.
    pub deployment: Option<String>,
    /// Tasks that stopped before are not its failures; seconds since 1970.
    since: f64,
    /// The latest event told.
    event: Option<String>,
    /// ARNs of stopped tasks told.
    told: Vec<String>,
    /// For how many questions ECS has been unable to assume a role.
    refused: u64,
}

impl Watch {
    /// For the deployment that a call has just begun, or the one whose count it has changed.
    pub fn begin(service: &Service) -> Self {
        let mut watch = Self::default();
        if let Some(primary) = primary(service) {
            watch.follow(primary);
        }
        watch.event = latest(service);
        watch
    }

    /// From the notes of the last question.
    pub fn from_notes(notes: &JsonMap) -> Self {
        let told = notes.get("told").and_then(Json::as_array).into_iter().flatten();
        Self {
            deployment: text(notes, "deployment").map(str::to_owned),
            since: notes.get("since").and_then(Json::as_f64).unwrap_or_default(),
            event: text(notes, "event").map(str::to_owned),
            told: told.filter_map(Json::as_str).map(str::to_owned).collect(),
            refused: notes.get("refused").and_then(Json::as_u64).unwrap_or_default(),
        }
    }

    /// Notes for the next question.
    pub fn to_notes(&self) -> JsonMap {
        let mut notes = JsonMap::new();
        let texts = [("deployment", &self.deployment), ("event", &self.event)];
        notes.extend(texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), json!(text.as_ref()?)))));
        notes.insert("since".to_owned(), json!(self.since));
        notes.insert("told".to_owned(), json!(self.told));
        notes.insert("refused".to_owned(), json!(self.refused));
        notes
    }

    fn follow(&mut self, deployment: &Deployment) {
        self.deployment = deployment.id.clone();
        let began = deployment.updated_at().or(deployment.created_at());
        self.since = began.map_or(0.0, aws_smithy_types::DateTime::as_secs_f64);
    }

    /// The deployment that is followed, when it is still there.
    fn own<'a>(&self, service: &'a Service) -> Option<&'a Deployment> {
        service.deployments().iter().find(|deployment| deployment.id() == self.deployment.as_deref())
    }

    /// Whether stopped tasks have to be looked at to judge.
    pub fn needs_tasks(&self, service: &Service) -> bool {
        !self.own(service).is_some_and(|own| is_primary(own) && is_done(service, own))
    }

    fn events(&mut self, service: &Service) -> Vec<String> {
        let new = |event: &&ServiceEvent| match &self.event {
            Some(last) => event.id() != Some(last),
            None => event.created_at().is_none_or(|at| at.as_secs_f64() >= self.since),
        };
        let mut news: Vec<String> =
            service.events().iter().take_while(new).filter_map(|event| event.message.clone()).collect();
        news.reverse();
        self.event = latest(service).or(self.event.take());
        news
    }

    fn stopped(&mut self, failed: &[&Task]) -> Vec<String> {
        let mut news = Vec::new();
        for task in failed {
            let arn = task.task_arn().unwrap_or_default();
            if !self.told.iter().any(|told| told == arn) {
                self.told.push(arn.to_owned());
                let id = arn.rsplit('/').next().unwrap_or(arn);
                news.push(format!("task {id} stopped: {}", stopped::reason(task)));
            }
        }
        news
    }
}

/// Judges. `stopped` are the service's stopped tasks, `wanted` the task definition that was asked for.
pub(crate) fn judge(service: &Service, stopped: &[Task], wanted: Option<&str>, watch: &mut Watch) -> Progress {
    let Some(primary) = primary(service) else { return without_deployments(service) };
    let is_wanted = |deployment: &Deployment| {
        wanted.is_none_or(|wanted| same_definition(wanted, deployment.task_definition().unwrap_or_default()))
    };
    if watch.deployment.is_none() {
        watch.follow(primary);
        watch.since = primary.created_at().map_or(0.0, aws_smithy_types::DateTime::as_secs_f64);
        // What happened before it was looked at is no news of what is waited for.
        watch.event = latest(service);
    }
    let failed_state = |own: &Deployment| own.rollout_state() == Some(&DeploymentRolloutState::Failed);
    let mut own = watch.own(service);
    let superseded = own.is_none_or(|own| !is_primary(own) && !failed_state(own));
    if superseded && is_wanted(primary) {
        // Somebody had the same revision deployed once more: that is the deployment to wait for now.
        watch.follow(primary);
        own = Some(primary);
    }
    let failed: Vec<&Task> = stopped.iter().filter(|task| is_failure(task, watch)).collect();
    let failures = Failures::of(failed.iter().copied());
    let mut news = watch.events(service);
    let assumed = news.iter().any(|event| Cause::of(event) == Cause::Role);
    news.extend(watch.stopped(&failed));

    let Some(own) = own else {
        let onto = primary.task_definition().unwrap_or("another task definition");
        return given_up(format!("the deployment was replaced by one of {onto}: it was rolled back"), &failures, None);
    };
    if failed_state(own) {
        let reason = own.rollout_state_reason().unwrap_or("the deployment failed").trim_end_matches('.');
        // Where not even a task was made, only an event says why.
        return match role_refused(service, watch).filter(|_| failed.is_empty()) {
            Some(event) => given_up(format!("{reason}; {event}"), &failures, Some(Cause::Role)),
            None => given_up(reason.to_owned(), &failures, None),
        };
    }
    if !is_primary(own) {
        let onto = primary.task_definition().unwrap_or("another task definition");
        return given_up(format!("the deployment is being replaced by one of {onto}"), &failures, None);
    }
    if is_done(service, own) {
        return Progress::Ready(JsonMap::new());
    }
    let breaker = service.deployment_configuration().and_then(|how| how.deployment_circuit_breaker());
    if !breaker.is_some_and(|breaker| breaker.enable)
        && let Some(cause) =
            Failures::of(failed.iter().copied().filter(|task| !too_early(task, watch))).hopeless(GIVE_UP)
    {
        return given_up("its tasks keep stopping".to_owned(), &failures, Some(cause));
    }
    watch.refused = match (own.running_count + own.pending_count > 0, assumed, watch.refused) {
        (true, ..) => 0,
        (false, false, 0) => 0,
        (false, _, questions) => questions + 1,
    };
    if watch.refused > ROLE_GRACE {
        let reason = role_refused(service, watch).unwrap_or("ECS was unable to assume a role of the task definition");
        return given_up(reason.to_owned(), &failures, Some(Cause::Role));
    }
    Progress::Pending { summary: summary(service, own), news, again_in: AGAIN }
}

/// The latest event of the deployment's time that says that ECS could not assume a role.
fn role_refused<'a>(service: &'a Service, watch: &Watch) -> Option<&'a str> {
    let recent = |event: &&ServiceEvent| event.created_at().is_none_or(|at| at.as_secs_f64() >= watch.since);
    let told = service.events().iter().take_while(recent).filter_map(ServiceEvent::message);
    told.into_iter().find(|event| Cause::of(event) == Cause::Role)
}

fn latest(service: &Service) -> Option<String> {
    service.events().first().and_then(ServiceEvent::id).map(str::to_owned)
}

fn primary(service: &Service) -> Option<&Deployment> {
    service.deployments().iter().find(|deployment| is_primary(deployment))
}

fn is_primary(deployment: &Deployment) -> bool {
    deployment.status() == Some("PRIMARY")
}

/// Whether a deployment has all its tasks, and the service no others.
fn is_done(service: &Service, own: &Deployment) -> bool {
    let rolled_out = match own.rollout_state() {
        Some(state) => *state == DeploymentRolloutState::Completed,
        None => service.deployments().len() == 1,
    };
    rolled_out
        && own.running_count == own.desired_count
        && service.running_count == service.desired_count
        && service.pending_count == 0
}

/// A service that ECS does not deploy (controllers CODE_DEPLOY and EXTERNAL) is ready once it is there.
fn without_deployments(service: &Service) -> Progress {
    let controller = service.deployment_controller().map_or("ECS", |controller| controller.r#type.as_str());
    if controller == "ECS" {
        Progress::Pending { summary: "no deployment yet".to_owned(), news: Vec::new(), again_in: AGAIN }
    } else {
        Progress::Ready(JsonMap::new())
    }
}

fn is_failure(task: &Task, watch: &Watch) -> bool {
    let at = task.stopped_at().or(task.stopping_at());
    task.started_by() == watch.deployment.as_deref()
        && at.is_none_or(|at| at.as_secs_f64() >= watch.since)
        && stopped::failed(task)
}

/// Whether a task stopped for want of a role that ECS may not know of yet.
fn too_early(task: &Task, watch: &Watch) -> bool {
    let at = task.stopped_at().or(task.stopping_at()).map(aws_smithy_types::DateTime::as_secs_f64);
    at.is_some_and(|at| at < watch.since + ROLE_TIME) && Cause::of(&stopped::reason(task)) == Cause::Role
}

fn given_up(what: String, failures: &Failures, cause: Option<Cause>) -> Progress {
    let cause = cause.or_else(|| failures.main_cause()).unwrap_or_else(|| Cause::of(&what));
    let mut reason = vec![what.trim_end_matches('.').to_owned()];
    reason.extend(failures.summary());
    Progress::Failed { reason: reason.join("; "), help: cause.help().to_owned() }
}

/// Whether a task definition as declared (ARN, `family:revision` or `family`) is the one of this ARN.
fn same_definition(declared: &str, arn: &str) -> bool {
    let revision = arn.rsplit('/').next().unwrap_or(arn);
    declared == arn || declared == revision || revision.rsplit_once(':').is_some_and(|(family, _)| family == declared)
}

fn summary(service: &Service, own: &Deployment) -> String {
    let mut summary = format!("{}/{} tasks running", own.running_count, own.desired_count);
    if own.pending_count > 0 {
        summary += &format!(", {} pending", own.pending_count);
    }
    let old = service.running_count - own.running_count;
    if old > 0 {
        summary += &format!(", {old} of before");
    }
    summary
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::builders::{DeploymentBuilder, ServiceBuilder};
    use aws_sdk_ecs::types::{
        Container, DeploymentCircuitBreaker, DeploymentConfiguration, DeploymentRolloutState as Rollout, TaskStopCode,
    };
    use aws_smithy_types::DateTime;

    use super::*;

    const OLD: &str = "arn:aws:ecs:eu-west-1:1:task-definition/app:1";
    const NEW: &str = "arn:aws:ecs:eu-west-1:1:task-definition/app:2";

    fn deployment(id: &str, status: &str, definition: &str, rollout: Rollout, running: i32) -> DeploymentBuilder {
        Deployment::builder()
            .id(id)
            .status(status)
            .task_definition(definition)
            .rollout_state(rollout)
            .desired_count(3)
            .running_count(running)
            .created_at(DateTime::from_secs(100))
            .updated_at(DateTime::from_secs(100))
    }

    fn service(deployments: Vec<DeploymentBuilder>) -> ServiceBuilder {
        let deployments: Vec<Deployment> = deployments.into_iter().map(DeploymentBuilder::build).collect();
        let running = deployments.iter().map(|deployment| deployment.running_count).sum();
        Service::builder().set_deployments(Some(deployments)).desired_count(3).running_count(running).pending_count(0)
    }

    fn exited(deployment: &str, number: u32, at: i64) -> Task {
        Task::builder()
            .task_arn(format!("arn:aws:ecs:eu-west-1:1:task/c/{number}"))
            .started_by(deployment)
            .stop_code(TaskStopCode::EssentialContainerExited)
            .stopped_reason("Essential container in task exited")
            .stopped_at(DateTime::from_secs(at))
            .containers(Container::builder().name("app").exit_code(1).build())
            .build()
    }

    fn watching(deployment: &str) -> Watch {
        Watch { deployment: Some(deployment.to_owned()), since: 100.0, ..Watch::default() }
    }

    fn shown(progress: &Progress) -> String {
        match progress {
            Progress::Ready(_) => "ready".to_owned(),
            Progress::Pending { summary, news, .. } => {
                std::iter::once(summary).chain(news).cloned().collect::<Vec<_>>().join(" | ")
            }
            Progress::Failed { reason, .. } => format!("failed: {reason}"),
        }
    }

    #[test]
    fn a_deployment_is_judged_by_its_own_state() {
        let cases: [(&str, Vec<DeploymentBuilder>, &str); 8] = [
            ("complete", vec![deployment("d2", "PRIMARY", NEW, Rollout::Completed, 3)], "ready"),
            ("not all run", vec![deployment("d2", "PRIMARY", NEW, Rollout::InProgress, 2)], "2/3 tasks running"),
            (
                "all run and old ones too",
                vec![
                    deployment("d2", "PRIMARY", NEW, Rollout::InProgress, 3),
                    deployment("d1", "ACTIVE", OLD, Rollout::Completed, 1),
                ],
                "3/3 tasks running, 1 of before",
            ),
            ("scaling", vec![deployment("d2", "PRIMARY", NEW, Rollout::Completed, 1)], "1/3 tasks running"),
            (
                "failed and being rolled back",
                vec![
                    deployment("d3", "PRIMARY", OLD, Rollout::InProgress, 1),
                    deployment("d2", "ACTIVE", NEW, Rollout::Failed, 0)
                        .rollout_state_reason("ECS deployment circuit breaker: tasks failed to start."),
                ],
                "failed: ECS deployment circuit breaker: tasks failed to start",
            ),
            (
                "rolled back and steady on the old revision",
                vec![deployment("d3", "PRIMARY", OLD, Rollout::Completed, 3)],
                "failed: the deployment was replaced by one of arn:aws:ecs:eu-west-1:1:task-definition/app:1: it was rolled back",
            ),
            (
                "deployed once more by somebody",
                vec![
                    deployment("d3", "PRIMARY", NEW, Rollout::InProgress, 1),
                    deployment("d2", "ACTIVE", NEW, Rollout::InProgress, 1),
                ],
                "1/3 tasks running, 1 of before",
            ),
            (
                "failed in place",
                vec![deployment("d2", "PRIMARY", NEW, Rollout::Failed, 0)],
                "failed: the deployment failed",
            ),
        ];
        for (case, deployments, expected) in cases {
            let progress = judge(&service(deployments).build(), &[], Some(NEW), &mut watching("d2"));
            assert_eq!(shown(&progress), expected, "{case}");
        }
    }

    #[test]
    fn three_hopeless_stops_end_it_unless_a_circuit_breaker_will() {
        let stopped: Vec<Task> = (1..=3).map(|number| exited("d2", number, 110)).collect();
        let running = || service(vec![deployment("d2", "PRIMARY", NEW, Rollout::InProgress, 0)]);
        let progress = judge(&running().build(), &stopped, Some(NEW), &mut watching("d2"));
        let expected =
            "failed: its tasks keep stopping; 3 tasks stopped: Essential container in task exited; app: exit code 1";
        assert_eq!(shown(&progress), expected);
        assert!(matches!(&progress, Progress::Failed { help, .. } if help == Cause::Exited.help()));

        let breaker = DeploymentCircuitBreaker::builder().enable(true).rollback(true).build();
        let guarded = DeploymentConfiguration::builder().deployment_circuit_breaker(breaker).build();
        let guarded = running().deployment_configuration(guarded).build();
        assert!(matches!(judge(&guarded, &stopped, Some(NEW), &mut watching("d2")), Progress::Pending { .. }));

        // Stops of before, of another deployment, and by the scheduler are not its failures.
        let mut other: Vec<Task> = (1..=3).map(|number| exited("d2", number, 90)).collect();
        other.extend((4..=6).map(|number| exited("d1", number, 110)));
        let scaled_in = Task::builder().started_by("d2").stop_code(TaskStopCode::ServiceSchedulerInitiated);
        other.extend((0..3).map(|_| scaled_in.clone().stopped_reason("Scaling activity initiated by d2").build()));
        let progress = judge(&running().build(), &other, Some(NEW), &mut watching("d2"));
        assert_eq!(shown(&progress), "0/3 tasks running");
    }

    #[test]
    fn tasks_that_stop_for_want_of_a_new_role_are_given_time() {
        let message = "ECS was unable to assume the role 'arn:aws:iam::1:role/new' that was provided for this task.";
        let refused = |number: u32, at: i64| {
            let mut task = exited("d2", number, at);
            task.stop_code = Some(TaskStopCode::TaskFailedToStart);
            task.stopped_reason = Some(message.to_owned());
            task
        };
        let running = service(vec![deployment("d2", "PRIMARY", NEW, Rollout::InProgress, 0)]).build();
        let early: Vec<Task> = (1..=6).map(|number| refused(number, 110 + i64::from(number))).collect();
        assert!(matches!(judge(&running, &early, Some(NEW), &mut watching("d2")), Progress::Pending { .. }));
        let late: Vec<Task> = (1..=3).map(|number| refused(number, 230 + i64::from(number))).collect();
        let progress = judge(&running, &late, Some(NEW), &mut watching("d2"));
        assert!(matches!(&progress, Progress::Failed { help, .. } if help == Cause::Role.help()), "{progress:?}");
    }

    #[test]
    fn news_is_told_once_and_in_order() {
        let event = |id: &str, message: &str| ServiceEvent::builder().id(id).message(message).build();
        let running = |events: Vec<ServiceEvent>| {
            service(vec![deployment("d2", "PRIMARY", NEW, Rollout::InProgress, 0)]).set_events(Some(events)).build()
        };
        let mut watch = Watch::begin(&running(vec![event("e0", "of before")]));
        assert_eq!(watch.deployment.as_deref(), Some("d2"));
        let later = running(vec![event("e2", "second"), event("e1", "first"), event("e0", "of before")]);
        let stopped = [exited("d2", 7, 120)];
        let progress = judge(&later, &stopped, Some(NEW), &mut watch);
        let told =
            "0/3 tasks running | first | second | task 7 stopped: Essential container in task exited; app: exit code 1";
        assert_eq!(shown(&progress), told);
        let mut watch = Watch::from_notes(&watch.to_notes());
        assert_eq!(shown(&judge(&later, &stopped, Some(NEW), &mut watch)), "0/3 tasks running");
    }

    #[test]
    fn a_role_that_cannot_be_assumed_is_given_time_and_then_up() {
        let message = "(service app) ECS was unable to assume the role 'arn:aws:iam::1:role/none' that was provided";
        let event = ServiceEvent::builder().id("e1").message(message).created_at(DateTime::from_secs(101)).build();
        let refused = service(vec![deployment("d2", "PRIMARY", NEW, Rollout::InProgress, 0)]).events(event).build();
        let mut watch = watching("d2");
        let mut questions = 0;
        let progress = loop {
            questions += 1;
            match judge(&refused, &[], Some("app"), &mut watch) {
                Progress::Pending { .. } if questions < 100 => {}
                progress => break progress,
            }
        };
        assert_eq!(questions, ROLE_GRACE + 1);
        assert_eq!(shown(&progress), format!("failed: {message}"));
        assert!(matches!(&progress, Progress::Failed { help, .. } if help == Cause::Role.help()));
    }

    #[test]
    fn a_service_that_is_looked_at_again_tells_nothing_of_before() {
        let event =
            |id: &str, at: i64| ServiceEvent::builder().id(id).message(id).created_at(DateTime::from_secs(at)).build();
        let running = |events: Vec<ServiceEvent>| {
            let rolled_back = deployment("d3", "PRIMARY", OLD, Rollout::InProgress, 2);
            service(vec![rolled_back]).set_events(Some(events)).build()
        };
        let mut watch = Watch::from_notes(&JsonMap::new());
        let before = vec![event("rolled back", 130), event("started", 120)];
        assert_eq!(shown(&judge(&running(before.clone()), &[], Some(OLD), &mut watch)), "2/3 tasks running");
        let later = [vec![event("steady", 150)], before].concat();
        assert_eq!(shown(&judge(&running(later), &[], Some(OLD), &mut watch)), "2/3 tasks running | steady");
    }

    #[test]
    fn what_was_found_again_follows_the_primary_deployment() {
        let found = service(vec![deployment("d5", "PRIMARY", NEW, Rollout::InProgress, 2)]).build();
        let mut watch = Watch::from_notes(&JsonMap::new());
        assert_eq!(shown(&judge(&found, &[], Some("app:2"), &mut watch)), "2/3 tasks running");
        assert_eq!(watch.deployment.as_deref(), Some("d5"));
    }
}

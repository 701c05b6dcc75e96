//! What runs, as the library tells it, on an embedded AWS whose members log as Hazelcast's do.

use std::pin::pin;
use std::time::Duration;

use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use futures::StreamExt;
use hzscript::live::{
    Change, Live, LiveError, LogQuery, MemberGroup, Obstacle, Progress, Sort, Source, Standing, TaskQuery, Which,
};
use hzscript::model::formation::Product;

use crate::support::Stack;
use crate::support::world::project_script;

const CLUSTER: &str = "fargate-cluster";
const SERVICE: &str = "hazelcast-service";
const GROUP: &str = "/ecs/hazelcast";
const CONTAINER: &str = "ecs-fargate-container";

fn script() -> String {
    std::fs::read_to_string(project_script("hazelcast.rhai")).expect("it is there")
}

/// The cluster of the project's script, steady, and with a list of its members.
async fn running() -> (Stack, Live) {
    let stack = Stack::new().await;
    stack.runs(&script()).await;
    let live = Live::new(stack.engine.cloud().clone());
    tokio::time::sleep(Duration::from_secs(30)).await;
    (stack, live)
}

async fn settled(live: &Live, mut change: Change) -> Vec<String> {
    let mut told = Vec::new();
    loop {
        match live.progress(&mut change).await.expect("asked") {
            Progress::Steady => return told,
            Progress::Underway { summary, again_in, .. } => {
                told.push(summary);
                tokio::time::sleep(again_in).await;
            }
            Progress::Failed { reason, .. } => panic!("{reason}"),
        }
    }
}

async fn tasks(live: &Live, which: Which) -> Vec<hzscript::live::Task> {
    let query = TaskQuery { cluster: CLUSTER.to_owned(), service: Some(SERVICE.to_owned()), which };
    live.tasks(&query).await.expect("listed")
}

async fn members(live: &Live) -> MemberGroup {
    let mut groups = live.members(CLUSTER).await.expect("read");
    assert_eq!(groups.len(), 1, "{groups:?}");
    groups.remove(0)
}

fn standing(group: &MemberGroup, wanted: Standing) -> usize {
    group.members.iter().filter(|member| member.standing == wanted).count()
}

/// Has a task print a line now, in its stream or in one of a task that is not there.
async fn print(stack: &Stack, task: &str, line: &str) {
    let logs = &stack.engine.cloud().logs;
    let stream = format!("hazelcast/{CONTAINER}/{task}");
    let _ = logs.create_log_stream().log_group_name(GROUP).log_stream_name(&stream).send().await;
    let at = stack.local.now().as_millisecond();
    let event = InputLogEvent::builder().message(line).timestamp(at).build().expect("an event");
    logs.put_log_events().log_group_name(GROUP).log_stream_name(&stream).log_events(event).send().await.expect("put");
}

#[tokio::test(start_paused = true)]
async fn what_runs_is_told() {
    let (_stack, live) = running().await;
    let clusters = live.clusters().await.expect("listed");
    let counts: Vec<_> =
        clusters.iter().map(|one| (one.name.as_str(), one.services, one.running, one.pending)).collect();
    assert_eq!(counts, [(CLUSTER, 1, 3, 0)]);
    let services = live.services(CLUSTER).await.expect("listed");
    assert_eq!(services.len(), 1);
    let service = &services[0];
    assert_eq!((service.name.as_str(), service.definition.as_str()), (SERVICE, "hazelcast-definition:1"));
    assert!(service.is_steady() && !service.exec, "{service:?}");
    assert_eq!(service.deployments[0].rollout.as_deref(), Some("COMPLETED"));
    let events = live.events(CLUSTER, Some(SERVICE)).await.expect("listed");
    assert!(events.is_sorted_by_key(|event| event.time), "the oldest comes first");
    assert!(events.last().is_some_and(|event| event.message.ends_with("steady state.")), "{events:?}");

    let tasks = tasks(&live, Which::Running).await;
    assert_eq!(tasks.len(), 3);
    for task in &tasks {
        assert!(
            task.is_running() && task.address.as_ref().is_some_and(|address| address.starts_with("10.0.")),
            "{task:?}"
        );
        assert!(task.zone.is_some() && task.interface.is_some() && task.started > task.created, "{task:?}");
        assert_eq!(task.containers[0].name, CONTAINER);
    }
    let short = &tasks[0].id[..8];
    assert_eq!(live.task(CLUSTER, short).await.expect("found").id, tasks[0].id);

    let group = members(&live).await;
    assert_eq!((group.product, group.wanted, group.found, group.formed), (Product::Hazelcast, 3, 3, true));
    assert_eq!(group.summary, "3 members formed one cluster");
    assert!(group.members.iter().all(|member| (member.sees, member.seen_by) == (Some(3), 3)), "{group:?}");

    let json = serde_json::to_value(&tasks[0]).expect("JSON");
    assert_eq!(json["startedBy"], service.deployments[0].id);
    assert_eq!(json["containers"][0]["exitCode"], serde_json::Value::Null);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_stopped_is_told_of_until_another_is_a_member() {
    let (_stack, live) = running().await;
    let first = tasks(&live, Which::Running).await.remove(0);
    let stopped = live.stop(CLUSTER, &first.id[..8], "by a test").await.expect("stopped");
    assert_eq!(stopped.id, first.id);
    let group = members(&live).await;
    assert_eq!((standing(&group, Standing::Together), standing(&group, Standing::Stale)), (2, 1), "{group:?}");
    assert_eq!((group.formed, group.summary.as_str()), (false, "2 of 3 members see each other, 1 stale"));
    let stale = group.members.iter().find(|member| member.standing == Standing::Stale).expect("there is one");
    assert_eq!(stale.address, first.address.as_ref().map(|address| format!("{address}:5701")));

    let change = live.underway(CLUSTER, SERVICE).await.expect("asked");
    settled(&live, change).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let group = members(&live).await;
    assert!(group.formed, "{group:?}");
    let gone = tasks(&live, Which::Stopped).await;
    assert_eq!(gone.iter().map(|task| &task.id).collect::<Vec<_>>(), [&first.id]);

    let story = live.story(CLUSTER, &first.id, 5).await.expect("told");
    assert!(story.moments.is_sorted_by_key(|moment| moment.time));
    let told = |source: Source, text: &str| {
        story.moments.iter().position(|moment| moment.source == source && moment.text.contains(text))
    };
    let order = [
        told(Source::Task, "asked for by service hazelcast-service"),
        told(Source::Service, "has started"),
        told(Source::Task, "runs"),
        told(Source::Log, "Members {size:3"),
        told(Source::Task, "is to stop: by a test"),
        told(Source::Container, "ended with exit code 143 (ended as it was told to)"),
        told(Source::Task, "has stopped"),
    ];
    assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{order:?} {story:#?}");
    assert_eq!(story.task.stop_code.as_deref(), Some("UserInitiated"));
    assert_eq!(story.task.help, None, "nothing failed");
}

#[tokio::test(start_paused = true)]
async fn a_service_is_scaled_and_redeployed() {
    let (_stack, live) = running().await;
    let change = live.scale(CLUSTER, SERVICE, 5).await.expect("accepted");
    let told = settled(&live, change).await;
    assert_eq!(told[0], "3/5 tasks running");
    tokio::time::sleep(Duration::from_secs(30)).await;
    let group = members(&live).await;
    assert_eq!((group.wanted, group.found, group.formed), (5, 5, true), "{group:?}");

    let before: Vec<String> = tasks(&live, Which::Running).await.into_iter().map(|task| task.id).collect();
    let change = live.redeploy(CLUSTER, SERVICE).await.expect("accepted");
    settled(&live, change).await;
    let after = tasks(&live, Which::Running).await;
    assert_eq!(after.len(), 5);
    assert!(after.iter().all(|task| !before.contains(&task.id)));
}

#[tokio::test(start_paused = true)]
async fn a_service_goes_back_to_the_revision_before() {
    let (stack, live) = running().await;
    let error = live.rollback(CLUSTER, SERVICE).await.expect_err("there is none before");
    assert!(matches!(&error, LiveError::NothingBefore { definition, .. } if definition == "hazelcast-definition:1"));
    let ecs = &stack.engine.cloud().ecs;
    let described = ecs.describe_task_definition().task_definition("hazelcast-definition").send().await.expect("there");
    let first = described.task_definition.expect("one");
    let registered = ecs
        .register_task_definition()
        .family("hazelcast-definition")
        .requires_compatibilities("FARGATE".into())
        .network_mode("awsvpc".into())
        .set_cpu(first.cpu)
        .set_memory(first.memory)
        .set_task_role_arn(first.task_role_arn)
        .set_execution_role_arn(first.execution_role_arn)
        .set_container_definitions(first.container_definitions)
        .send()
        .await
        .expect("registered");
    let second = registered.task_definition.and_then(|one| one.task_definition_arn).expect("an ARN");
    ecs.update_service().cluster(CLUSTER).service(SERVICE).task_definition(second).send().await.expect("updated");
    let change = live.underway(CLUSTER, SERVICE).await.expect("asked");
    settled(&live, change).await;
    assert_eq!(live.service(CLUSTER, SERVICE).await.expect("there").definition, "hazelcast-definition:2");
    let change = live.rollback(CLUSTER, SERVICE).await.expect("accepted");
    assert_eq!(change.service.definition, "hazelcast-definition:1");
    settled(&live, change).await;
    assert!(tasks(&live, Which::Running).await.iter().all(|task| task.definition == "hazelcast-definition:1"));
}

#[tokio::test(start_paused = true)]
async fn logs_are_searched_by_time_and_text() {
    let (stack, live) = running().await;
    let task = tasks(&live, Which::Running).await.remove(0).id;
    let now = stack.local.now();
    tokio::time::sleep(Duration::from_secs(1)).await;
    print(&stack, &task, "level=warn took 10.5 s").await;
    let all = LogQuery { cluster: CLUSTER.to_owned(), ..LogQuery::default() };
    let texts = |lines: Vec<hzscript::live::LogLine>| lines.into_iter().map(|line| line.message).collect::<Vec<_>>();
    let lines = live.logs(&all).await.expect("read");
    assert!(lines.is_sorted_by_key(|line| line.time) && lines.len() > 20, "{lines:?}");
    assert_eq!(lines[0].service.as_deref(), Some(SERVICE));
    let since = LogQuery { since: Some(now), ..all.clone() };
    assert_eq!(texts(live.logs(&since).await.expect("read")), ["level=warn took 10.5 s"]);
    let with = LogQuery { filter: Some("took 10.5".to_owned()), ..all.clone() };
    assert_eq!(texts(live.logs(&with).await.expect("read")), ["level=warn took 10.5 s"]);
    let with = LogQuery { filter: Some("Members {size:3".to_owned()), task: Some(task[..6].to_owned()), ..all.clone() };
    let found = live.logs(&with).await.expect("read");
    assert!(
        !found.is_empty() && found.iter().all(|line| line.task == task && line.container == CONTAINER),
        "{found:?}"
    );
    let last = LogQuery { limit: Some(1), ..all.clone() };
    assert_eq!(texts(live.logs(&last).await.expect("read")), ["level=warn took 10.5 s"]);
    let wrong = LogQuery { container: Some("fargate-container".to_owned()), ..all };
    let error = live.logs(&wrong).await.expect_err("there is none");
    assert_eq!(error.help().as_deref(), Some("did you mean `ecs-fargate-container`?"));
}

#[tokio::test(start_paused = true)]
async fn following_tells_every_line_once_whichever_stream_it_is_in() {
    let (stack, live) = running().await;
    let tasks = tasks(&live, Which::Running).await;
    let query = LogQuery { cluster: CLUSTER.to_owned(), limit: Some(1), ..LogQuery::default() };
    let mut following = pin!(live.follow(query));
    let last = following.next().await.expect("it goes on").expect("read").message;
    assert_eq!(last, "]");
    let mut expected = Vec::new();
    for number in 0..12 {
        let line = format!("line {number}");
        // The last ones are in the stream of a task that came later.
        let of = if number < 9 { &tasks[number % 3].id } else { &"f".repeat(32) };
        print(&stack, of, &line).await;
        expected.push(line);
        if number % 4 == 3 {
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
    }
    let mut told = Vec::new();
    while told.len() < expected.len() {
        told.push(following.next().await.expect("it goes on").expect("read").message);
    }
    told.sort_by_key(|line| line.trim_start_matches("line ").parse::<usize>().ok());
    assert_eq!(told, expected);
    let more = tokio::time::timeout(Duration::from_secs(300), following.next()).await;
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_not_there_is_told_with_one_that_is() {
    let (_stack, live) = running().await;
    let told = |error: LiveError| (error.to_string(), error.help().unwrap_or_default());
    let error = live.services("fargate-clutser").await.expect_err("there is none");
    assert_eq!(
        told(error),
        ("there is no cluster `fargate-clutser`".to_owned(), "did you mean `fargate-cluster`?".to_owned())
    );
    for error in [
        live.service(CLUSTER, "hazelcast-servce").await.expect_err("there is none"),
        live.scale(CLUSTER, "hazelcast-servce", 3).await.map(drop).expect_err("there is none"),
    ] {
        let (message, help) = told(error);
        assert_eq!(message, "there is no service `hazelcast-servce` in the cluster `fargate-cluster`");
        assert_eq!(help, "did you mean `hazelcast-service`?");
    }
    let error = live.task(CLUSTER, "zzzz").await.expect_err("there is none");
    assert!(matches!(&error, LiveError::NotFound { sort: Sort::Task, there, .. } if there.len() == 3), "{error:?}");
    let error = live.role("hazelcast-role").await.expect_err("there is none");
    assert_eq!(error.help().as_deref(), Some("did you mean `hazelcast-ecs-role`?"));
    let error = live.vpc("my-vcp").await.expect_err("there is none");
    assert_eq!(error.help().as_deref(), Some("did you mean `my-vpc`?"));
    assert!(live.tasks(&TaskQuery { cluster: "other".to_owned(), ..TaskQuery::default() }).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn what_is_around_a_cluster_is_told() {
    let (_stack, live) = running().await;
    let vpc = live.vpc("my-vpc").await.expect("there");
    let public = |wanted: bool| vpc.subnets.iter().filter(|subnet| subnet.public == wanted).count();
    assert_eq!((vpc.cidr.as_str(), public(true), public(false)), ("10.0.0.0/16", 2, 2));
    assert!(live.vpcs().await.expect("listed").contains(&vpc));
    let role = live.role("hazelcast-ecs-role").await.expect("there");
    assert_eq!(role.inline, ["hazelcast-policy"]);
    assert_eq!(role.trust["Statement"][0]["Principal"]["Service"], "ecs-tasks.amazonaws.com");
    let groups = live.log_groups().await.expect("listed");
    assert!(groups.iter().any(|group| group.name == GROUP && group.retention_days == Some(30)), "{groups:?}");
    assert_eq!(live.namespaces().await.expect("listed"), []);
}

#[tokio::test(start_paused = true)]
async fn a_container_is_entered_only_where_that_is_on() {
    let (_stack, live) = running().await;
    let task = tasks(&live, Which::Running).await.remove(0).id;
    let entry = live.entry(CLUSTER, &task, None).await.expect("there");
    assert_eq!((entry.container.name.as_str(), entry.role.as_deref()), (CONTAINER, Some("hazelcast-ecs-role")));
    let off = Obstacle::Off { service: Some(SERVICE.to_owned()), service_has_it: false };
    assert!(entry.obstacles.contains(&off), "{entry:?}");
    let error = live.enter(&entry, "/bin/sh").await.expect_err("it is off");
    assert!(matches!(&error, LiveError::Call(error) if error.is("InvalidParameterException")), "{error}");
    let error = live.entry(CLUSTER, &task, Some("member")).await.expect_err("there is none");
    assert!(matches!(&error, LiveError::NotFound { sort: Sort::Container, .. }), "{error:?}");
}

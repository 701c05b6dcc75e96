//! A service that expects a cluster is done once its members found each other.
//!
//! What is looked at are the logs of the embedded AWS's members, or logs written here.

use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use hzscript::apply::execute::{Settings, Stop};
use hzscript::apply::formation::FormationCheck;
use hzscript::event::Event;
use hzscript::model::Formed;
use hzscript::state::Status;

use crate::support::stack::summary;
use crate::support::{Stack, World};

const MEMBER: &str = "hazelcast/hazelcast:5.5.10";
/// An image of which the embedded AWS does not know what it logs.
const OTHER: &str = "example/node:1";
const LIST_TASKS: &str = r#"["ecs:ListTasks", "ecs:DescribeTasks"]"#;
const OWN: &str = "group.allow_from(group, 5701);";
const EXPECT: &str = r#"service.expect_cluster(#{ product: "hazelcast" });"#;
const AWSLOGS: &str = r##"#{ logDriver: "awslogs", options: #{
    "awslogs-group": "/ecs/test", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "hz" } }"##;

struct Script {
    image: &'static str,
    actions: &'static str,
    rule: &'static str,
    logging: &'static str,
    expect: &'static str,
}

const GOOD: Script = Script { image: MEMBER, actions: LIST_TASKS, rule: OWN, logging: AWSLOGS, expect: EXPECT };

impl Script {
    fn text(&self) -> String {
        let Self { image, actions, rule, logging, expect } = self;
        format!(
            r##"
let net = network(#{{ name: "net", cidr: "10.0.0.0/16", azs: 2, natGateways: 1 }});
let cluster = ecs_cluster("main", #{{ clusterName: "main" }});
let logs = logs_log_group("logs", #{{ logGroupName: "/ecs/test" }});
let task = iam_role("members", #{{ roleName: "members", assumedBy: service_principal("ecs-tasks.amazonaws.com") }});
task.add_to_policy(#{{ actions: {actions}, resources: "*" }});
let role = iam_role("execution", #{{ roleName: "execution", assumedBy: service_principal("ecs-tasks.amazonaws.com") }});
role.attach_managed_policy("service-role/AmazonECSTaskExecutionRolePolicy");
let definition = ecs_task_definition("task", #{{
    family: "task", cpu: 256, memory: 512, networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"],
    executionRoleArn: role.arn, taskRoleArn: task.arn,
    containerDefinitions: [#{{
        name: "member", image: "{image}", essential: true, logConfiguration: {logging},
        environment: [
            #{{ name: "HZ_NETWORK_JOIN_AWS_ENABLED", value: "true" }},
            #{{ name: "HZ_NETWORK_JOIN_AWS_SERVICENAME", value: "members" }},
        ],
    }}],
}});
let group = ec2_security_group("group", #{{ groupDescription: "members", vpcId: net.vpc.vpcId }});
{rule}
let service = ecs_service("service", #{{
    serviceName: "members", cluster: cluster.clusterName, taskDefinition: definition.taskDefinitionArn,
    desiredCount: 3, launchType: "FARGATE",
    networkConfiguration: #{{ awsvpcConfiguration: #{{ subnets: net.privateSubnets, securityGroups: [group.groupId] }} }},
}}, #{{ dependsOn: net.routes + [logs] }});
{expect}
"##
        )
    }
}

async fn checked(wait: bool) -> Stack {
    let formation = FormationCheck::Always;
    Stack::executed(Settings { parallelism: 16, wait, formation, stop: Stop::default() }).await
}

async fn status(stack: &Stack) -> Status {
    stack.state().await.resources[&service()].status.clone()
}

fn service() -> hzscript::model::Address {
    "ecs_service.service".parse().expect("an address")
}

/// The identifiers of the running tasks, sorted.
async fn tasks(stack: &Stack) -> Vec<String> {
    let listed = stack.engine.cloud().ecs.list_tasks().cluster("main").send().await.expect("listed");
    let mut ids: Vec<String> =
        listed.task_arns().iter().filter_map(|arn| arn.rsplit('/').next()).map(str::to_owned).collect();
    ids.sort();
    ids
}

/// Has a task say that its cluster has these members.
async fn say(stack: &Stack, task: &str, members: &[&str]) {
    let logs = &stack.engine.cloud().logs;
    let stream = format!("hz/member/{task}");
    let _ = logs.create_log_stream().log_group_name("/ecs/test").log_stream_name(&stream).send().await;
    let described = stack.engine.cloud().ecs.describe_tasks().cluster("main").tasks(task).send().await.expect("read");
    let started = described.tasks()[0].started_at().expect("it runs").to_millis().expect("a time");
    let mut call = logs.put_log_events().log_group_name("/ecs/test").log_stream_name(&stream);
    let mut lines = vec![format!("Members {{size:{}, ver:1}} [", members.len())];
    lines.extend(members.iter().map(|member| format!("\tMember [{member}]:5701 - id")));
    for line in lines {
        call = call.log_events(InputLogEvent::builder().message(line).timestamp(started).build().expect("an event"));
    }
    call.send().await.expect("written");
}

#[tokio::test(start_paused = true)]
async fn a_service_is_done_when_its_members_formed_one_cluster() {
    let stack = checked(true).await;
    let report = stack.runs(&GOOD.text()).await;
    assert_eq!(report.formed[&service()], Formed::Together { members: 3 });
    let events = stack.events();
    assert!(events.iter().any(|event| matches!(event, Event::StepFormed { .. })), "{events:#?}");
    assert_eq!(status(&stack).await, Status::Ready);
    assert!(stack.plan(&GOOD.text()).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn on_the_embedded_aws_it_is_skipped_and_said_why() {
    let stack = Stack::new().await;
    let report = stack.runs(&Script { actions: r#""s3:GetObject""#, ..GOOD }.text()).await;
    assert!(
        matches!(&report.formed[&service()], Formed::Skipped { reason } if reason.contains("tasks are simulated")),
        "{:?}",
        report.formed
    );
}

#[tokio::test(start_paused = true)]
async fn members_that_stay_alone_fail_the_step_with_the_likely_cause() {
    let denied = Script { actions: r#""s3:GetObject""#, ..GOOD };
    let closed = Script { rule: "", ..GOOD };
    for (script, cause, help) in [
        (denied, "the task role (members) is refused ecs:ListTasks", "not the execution role"),
        (closed, "lets members reach each other on port 5701", "group.allow_from(group, 5701)"),
    ] {
        let stack = checked(true).await;
        let text = script.text();
        let report = stack.run(&text).await;
        assert_eq!(report.failures.len(), 1, "{:#?}", report.failures);
        let failure = &report.failures[0];
        assert!(failure.reason.contains("sees 1 member (10.0."), "{}", failure.reason);
        assert!(failure.reason.contains(cause), "{}", failure.reason);
        assert!(failure.help.as_deref().is_some_and(|told| told.contains(help)), "{:?}", failure.help);
        assert!(matches!(status(&stack).await, Status::Apart { .. }));

        // The next run looks again, and leaves the service as it is.
        let before = tasks(&stack).await;
        assert_eq!(summary(&stack.plan(&text).await), "… ecs_service.service");
        assert_eq!(stack.run(&text).await.failures.len(), 1);
        assert_eq!(tasks(&stack).await, before);
        stack.destroy().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_split_is_told_and_seen_to_heal() {
    let stack = checked(true).await;
    stack.runs(&Script { image: OTHER, expect: "", ..GOOD }.text()).await;
    let running = tasks(&stack).await;
    let all = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
    say(&stack, &running[0], &all[..2]).await;
    say(&stack, &running[1], &all[..2]).await;
    say(&stack, &running[2], &all[2..]).await;

    // To expect a cluster changes nothing in AWS, but has it looked for.
    let text = Script { image: OTHER, ..GOOD }.text();
    assert_eq!(summary(&stack.plan(&text).await), "~ ecs_service.service");
    let report = stack.run(&text).await;
    let reason = &report.failures[0].reason;
    let [a, b, c] = [0, 1, 2].map(|index| running[index].as_str());
    let pair = format!("tasks {a}, {b} see 2 members (10.0.0.1:5701, 10.0.0.2:5701)");
    let alone = format!("task {c} sees 1 member (10.0.0.3:5701)");
    assert!(reason.contains(&pair) && reason.contains(&alone), "{reason}");
    let summaries = stack.events();
    let told = |event: &Event| matches!(event, Event::StepWaiting { summary, .. } if summary == "2 of 3 members have found each other");
    assert!(summaries.iter().any(told), "{summaries:#?}");

    for task in &running {
        say(&stack, task, &all).await;
    }
    let report = stack.runs(&text).await;
    assert_eq!(report.formed[&service()], Formed::Together { members: 3 });
    assert_eq!(tasks(&stack).await, running);
    assert!(stack.plan(&text).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn members_that_find_each_other_late_are_waited_for_as_long_as_is_said() {
    let stack = checked(true).await;
    stack.runs(&Script { image: OTHER, expect: "", ..GOOD }.text()).await;
    let running = tasks(&stack).await;
    let text = Script { image: OTHER, ..GOOD }.text();
    let short = text.replace("net.routes + [logs] }", "net.routes + [logs], timeouts: #{ formation: \"1m\" } }");
    let late = async {
        tokio::time::sleep(std::time::Duration::from_secs(120)).await;
        for task in &running {
            say(&stack, task, &["10.0.0.1", "10.0.0.2", "10.0.0.3"]).await;
        }
    };
    assert_eq!(stack.run(&short).await.failures.len(), 1);
    let (report, ()) = tokio::join!(stack.runs(&text), late);
    assert_eq!(report.formed[&service()], Formed::Together { members: 3 });
}

#[tokio::test(start_paused = true)]
async fn logs_that_cannot_be_read_are_a_warning() {
    let splunk = r##"#{ logDriver: "splunk", options: #{ "splunk-url": "https://logs.example.com" } }"##;
    let stack = checked(true).await;
    let report = stack.runs(&Script { logging: splunk, ..GOOD }.text()).await;
    assert!(
        matches!(&report.formed[&service()], Formed::Unseen { reason } if reason.contains("do not log to CloudWatch")),
        "{:?}",
        report.formed
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_that_does_not_wait_leaves_it_to_the_next() {
    let stack = checked(false).await;
    let mut runs = 0;
    let report = loop {
        let report = stack.runs(&GOOD.text()).await;
        runs += 1;
        if !report.formed.is_empty() || runs == 20 {
            break report;
        }
        assert_eq!(report.settling, [service()]);
        tokio::time::sleep(std::time::Duration::from_secs(15)).await;
    };
    assert_eq!(report.formed.get(&service()), Some(&Formed::Together { members: 3 }), "after {runs} runs");
    assert!(runs > 1);
}

#[test]
fn a_user_is_told_what_became_of_the_cluster() {
    let world = World::new();
    let script = world.script("cluster.rhai", &GOOD.text());
    let ended = world.hz(&["run", &script, "--yes"]).succeeds();
    ended.told("ecs_service.service: whether its members found each other was not looked at: on the embedded AWS");
    let script = world.script("other.rhai", &GOOD.text().replace("desiredCount: 3", "desiredCount: 2"));
    world
        .hz(&["run", &script, "--stack", "cluster", "--yes", "--formation-check", "always"])
        .succeeds()
        .told("ecs_service.service: 2 members formed one cluster");
}

#[tokio::test(start_paused = true)]
async fn nodes_of_orientdb_find_each_other_in_either_layout() {
    for layout in ["service", "servicePerNode"] {
        let stack = checked(true).await;
        let script = format!(
            r##"orientdb_fargate_stack(#{{ name: "orient", cloudNamespace: "orientdb.com", layout: "{layout}" }});"##
        );
        let report = stack.runs(&script).await;
        let together = |formed: &Formed| *formed == Formed::Together { members: 3 };
        assert!(!report.formed.is_empty() && report.formed.values().all(together), "{layout}: {:?}", report.formed);
    }
}

#[tokio::test(start_paused = true)]
async fn nodes_of_orientdb_that_cannot_reach_each_other_fail_the_step() {
    let stack = checked(true).await;
    let script = r##"orientdb_fargate_stack(#{
        name: "orient", cloudNamespace: "orientdb.com", ingress: #{ hazelcast: false },
    });"##;
    let report = stack.run(script).await;
    assert_eq!(report.failures.len(), 1, "{:#?}", report.failures);
    let reason = &report.failures[0].reason;
    assert!(reason.contains("lets members reach each other on port 2434"), "{reason}");
}

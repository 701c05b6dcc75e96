//! Waiting tells the truth: about its own deployment, with the cause, and nothing is lost when it fails.

use hzscript::apply::execute::{Report, Settings, Stop};
use hzscript::apply::formation::FormationCheck;
use hzscript::event::Event;
use hzscript::plan::Action;
use hzscript::state::Status;

use crate::support::Stack;
use crate::support::stack::summary;

/// A service of two tasks; `{…}` is filled in.
const SERVICE: &str = r#"
let net = network(#{ name: "net", cidr: "10.0.0.0/16", azs: 2, natGateways: 1 });
let cluster = ecs_cluster("main", #{ clusterName: "main" });
let logs = logs_log_group("logs", #{ logGroupName: "/ecs/test" });
let role = iam_role("execution", #{
    roleName: "execution",
    assumeRolePolicyDocument: assume_role("{trusted}"),
    managedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"],
});
let task = ecs_task_definition("task", #{
    family: "task", cpu: 256, memory: 512, networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"],
    executionRoleArn: {role},
    containerDefinitions: [#{
        name: "member", image: "{image}", essential: true,
        logConfiguration: #{
            logDriver: "awslogs",
            options: #{ "awslogs-group": "{group}", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "ecs" },
        },
    }],
});
let group = ec2_security_group("group", #{ groupDescription: "members", vpcId: net.vpc.vpcId });
let subnets = [];
for subnet in net.privateSubnets { subnets.push(subnet.subnetId); }
ecs_service("service", #{
    serviceName: "service", cluster: cluster.arn, taskDefinition: task.taskDefinitionArn,
    desiredCount: 2, launchType: "FARGATE",
    deploymentConfiguration: #{ deploymentCircuitBreaker: #{ enable: {breaker}, rollback: {breaker} } },
    networkConfiguration: #{ awsvpcConfiguration: #{ subnets: subnets, securityGroups: [group.groupId] } },
}, #{ dependsOn: net.routes + [logs, role] });
"#;

struct Service {
    image: &'static str,
    group: &'static str,
    role: &'static str,
    trusted: &'static str,
    breaker: bool,
}

const GOOD: Service = Service {
    image: "hazelcast/hazelcast:5.5.10",
    group: "/ecs/test",
    role: "role.arn",
    trusted: "ecs-tasks.amazonaws.com",
    breaker: true,
};

impl Service {
    fn script(&self) -> String {
        SERVICE
            .replace("{image}", self.image)
            .replace("{group}", self.group)
            .replace("{role}", self.role)
            .replace("{trusted}", self.trusted)
            .replace("{breaker}", if self.breaker { "true" } else { "false" })
    }
}

/// The only failure, which must be the service's.
#[track_caller]
fn failure(report: &Report) -> (String, String) {
    assert_eq!(report.failures.len(), 1, "{report:#?}");
    let failure = &report.failures[0];
    assert_eq!(failure.address.to_string(), "ecs_service.service");
    (failure.reason.clone(), failure.help.clone().unwrap_or_default())
}

#[tokio::test(start_paused = true)]
async fn a_rollback_is_a_failure_and_not_stable() {
    let stack = Stack::new().await;
    stack.runs(&GOOD.script()).await;
    let bad = Service { image: "hazelcast/does-not-exist:1", ..GOOD };
    let report = stack.run(&bad.script()).await;
    let (reason, help) = failure(&report);
    assert!(reason.contains("CannotPullContainerError"), "{reason}");
    assert!(!help.is_empty());
    // The old revision serves on; the next run goes on from here.
    let address = "ecs_service.service".parse().expect("an address");
    assert!(matches!(stack.state().await.resources[&address].status, Status::Failed { .. }));
    stack.runs(&GOOD.script()).await;
    assert!(stack.plan(&GOOD.script()).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_image_that_cannot_be_pulled_fails_early_also_without_a_breaker() {
    for breaker in [true, false] {
        let stack = Stack::new().await;
        let bad = Service { image: "hazelcast/does-not-exist:1", breaker, ..GOOD };
        let began = tokio::time::Instant::now();
        let (reason, help) = failure(&stack.run(&bad.script()).await);
        assert!(reason.contains("CannotPullContainerError"), "{reason}");
        assert!(help.contains("image"), "{help}");
        assert!(began.elapsed().as_secs() < 30 * 60, "after {:?} of AWS's time", began.elapsed());
        stack.runs(&GOOD.script()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_log_group_is_named() {
    let stack = Stack::new().await;
    let (reason, help) = failure(&stack.run(&Service { group: "/ecs/absent", ..GOOD }.script()).await);
    assert!(reason.contains("ResourceInitializationError") && reason.contains("log group"), "{reason}");
    assert!(help.contains("log group"), "{help}");
    let made = stack.state().await.resources.len();
    assert!(made > 10, "what was made stays in the state: {made}");
    stack.runs(&GOOD.script()).await;
}

#[tokio::test(start_paused = true)]
async fn a_role_that_cannot_be_assumed_is_named() {
    for bad in [
        Service { role: r#""arn:aws:iam::000000000000:role/absent""#, ..GOOD },
        Service { trusted: "ec2.amazonaws.com", ..GOOD },
    ] {
        let stack = Stack::new().await;
        let (reason, help) = failure(&stack.run(&bad.script()).await);
        assert!(reason.contains("assume the role"), "{reason}");
        assert!(help.contains("role"), "{help}");
        stack.runs(&GOOD.script()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn while_it_settles_counts_and_events_are_told() {
    let stack = Stack::new().await;
    stack.runs(&GOOD.script()).await;
    let events = stack.events();
    let waiting = |text: &str| {
        events.iter().any(|event| matches!(event, Event::StepWaiting { summary, .. } if summary.contains(text)))
    };
    assert!(waiting("0/2") && waiting("pending"), "{events:#?}");
    let news = |text: &str| {
        events.iter().any(|event| matches!(event, Event::StepNews { text: told, .. } if told.contains(text)))
    };
    assert!(news("has started 2 tasks"), "{events:#?}");
}

#[tokio::test(start_paused = true)]
async fn what_ecs_told_before_a_change_is_no_news() {
    let stack = Stack::new().await;
    let described = async || {
        let call = stack.engine.cloud().ecs.describe_services().cluster("main").services("service");
        let services = call.send().await.expect("an answer").services.unwrap_or_default();
        let events = services.iter().flat_map(|service| service.events());
        events.filter_map(|event| Some(event.id()?.to_owned() + event.message()?)).collect::<Vec<_>>()
    };
    let bad = Service { image: "hazelcast/does-not-exist:1", ..GOOD };
    stack.runs(&GOOD.script()).await;
    for text in [bad.script(), GOOD.script(), GOOD.script().replace("desiredCount: 2", "desiredCount: 3")] {
        let before = described().await;
        stack.events();
        stack.run(&text).await;
        let told = stack.events().into_iter().filter_map(|event| match event {
            Event::StepNews { text, .. } => Some(text),
            _ => None,
        });
        let told: Vec<String> = told.filter(|text| text.starts_with("(service")).collect();
        let new = described().await.len() - before.len();
        assert!(told.len() <= new, "{new} are new\n{}\nthere were\n{}", told.join("\n"), before.join("\n"));
        // ECS itself rolls back for as long as it takes.
        tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_waiting_the_next_run_picks_up_what_was_settling() {
    let stack = Stack::impatient().await;
    let report = stack.runs(&GOOD.script()).await;
    let settling: Vec<String> = report.settling.iter().map(ToString::to_string).collect();
    assert_eq!(settling, ["ecs_service.service"]);
    let plan = stack.plan(&GOOD.script()).await;
    assert_eq!(summary(&plan), "… ecs_service.service");
    assert_eq!(plan.changes.iter().filter(|change| change.action == Action::Settle).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_limit_ends_the_waiting_but_not_the_deployment() {
    let stack = Stack::new().await;
    let limited = GOOD.script().replace(
        "dependsOn: net.routes + [logs, role]",
        "dependsOn: net.routes + [logs, role], timeouts: #{ create: \"1s\" }",
    );
    let (reason, help) = failure(&stack.run(&limited).await);
    assert!(reason.contains("1 s"), "{reason}");
    assert!(help.contains("timeouts"), "{help}");
    stack.runs(&GOOD.script()).await;
    assert!(stack.plan(&GOOD.script()).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_slot_is_enough() {
    let settings = Settings { parallelism: 1, wait: true, formation: FormationCheck::OnAws, stop: Stop::default() };
    let stack = Stack::executed(settings).await;
    stack.runs(&GOOD.script()).await;
    stack.destroy().await;
    assert_eq!(stack.exists(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_stop_begins_nothing_new() {
    let stop = Stop::default();
    let stack =
        Stack::executed(Settings { parallelism: 4, wait: true, formation: FormationCheck::OnAws, stop: stop.clone() })
            .await;
    stop.ask();
    let report = stack.run(&GOOD.script()).await;
    assert_eq!(report.done, 0);
    assert!(report.skipped.len() > 10, "{report:#?}");
    let told: std::collections::BTreeSet<_> = report.skipped.iter().collect();
    assert_eq!(told.len(), report.skipped.len(), "each once");
    assert_eq!(stack.exists(), Vec::<String>::new());
}

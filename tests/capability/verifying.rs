//! `verify` and `explain`: what is said before a run, and about errors.

use hzscript::cloud::Verdict;
use serde_json::Value as Json;

use crate::support::stack::{account, connected};
use crate::support::world::project_script;
use crate::support::{Stack, World};

/// What was looked at, with what came of it.
fn checks(world: &World, script: &str, code: i32) -> Vec<(String, String, String)> {
    let ended = world.hz(&["verify", script, "--json"]).exits_with(code);
    let lines = ended.json_lines();
    let verified = lines.iter().find(|line| line["event"] == "verified").expect("a list").clone();
    let text = |check: &Json, name: &str| check[name].as_str().unwrap_or_default().to_owned();
    let all = verified["checks"].as_array().expect("a list").iter();
    all.map(|check| (text(check, "outcome"), text(check, "what"), text(check, "says"))).collect()
}

#[track_caller]
fn has(checks: &[(String, String, String)], outcome: &str, what: &str, says: &str) {
    let found = checks.iter().any(|check| check.0 == outcome && check.1.starts_with(what) && check.2.contains(says));
    assert!(found, "{outcome} {what} {says}\n{checks:#?}");
}

#[test]
fn the_script_can_come_to_life_before_and_after_its_run() {
    let world = World::new();
    let script = project_script("hazelcast.rhai");
    for _ in 0..2 {
        let found = checks(&world, &script, 0);
        has(&found, "unseen", "image hazelcast/hazelcast:5.5.10", "public registry");
        has(&found, "ok", "executionRoleArn", "what is needed");
        has(&found, "ok", "taskRoleArn", "what is needed");
        has(&found, "ok", "log group", "logs_log_group.hazelcast-logs");
        has(&found, "ok", "way out of", "NAT gateway");
        has(&found, "ok", "members on port 5701", "lets them in");
        has(&found, "ok", "addresses", "free in 2 subnet(s)");
        assert!(found.iter().all(|(outcome, ..)| outcome == "ok" || outcome == "unseen"), "{found:#?}");
        world.hz(&["run", &script, "--yes"]).succeeds();
    }
}

const BROKEN: &str = r#"
let vpc = ec2_vpc("vpc", #{ cidrBlock: "10.0.0.0/16" });
let subnet = ec2_subnet("subnet", #{ vpcId: vpc.vpcId, cidrBlock: "10.0.1.0/28" });
let group = ec2_security_group("group", #{ groupDescription: "members", vpcId: vpc.vpcId });
let stranger = iam_role("stranger", #{ assumeRolePolicyDocument: assume_role("ec2.amazonaws.com") });
let powerless = iam_role("powerless", #{ assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com") });
let task = ecs_task_definition("task", #{
    cpu: 256, memory: 512, networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"],
    executionRoleArn: powerless.arn, taskRoleArn: stranger.arn,
    containerDefinitions: [#{
        name: "member", image: "example/does-not-exist:1",
        secrets: [#{ name: "PASSWORD", valueFrom: "arn:aws:secretsmanager:eu-west-1:000000000000:secret:none-a1b2c3" }],
        logConfiguration: #{
            logDriver: "awslogs",
            options: #{ "awslogs-group": "/none", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "a" },
        },
    }, #{
        name: "other", image: "000000000000.dkr.ecr.eu-west-1.amazonaws.com/none:1", essential: false,
    }],
});
let cluster = ecs_cluster("main", #{});
let service = ecs_service("service", #{
    cluster: cluster.clusterName, taskDefinition: task.taskDefinitionArn, desiredCount: 20, launchType: "FARGATE",
    networkConfiguration: #{ awsvpcConfiguration: #{ subnets: [subnet.subnetId], securityGroups: [group.groupId] } },
});
service.expect_cluster(#{ product: "hazelcast" });
"#;

#[test]
fn what_will_go_wrong_is_told_with_the_way_out() {
    let world = World::new();
    let script = world.script("broken.rhai", BROKEN);
    let found = checks(&world, &script, 1);
    has(&found, "failed", "image example/does-not-exist:1", "does not have it");
    has(&found, "failed", "image 000000000000.dkr.ecr", "none");
    has(&found, "failed", "secret PASSWORD", "there is no secret");
    has(&found, "failed", "log group /none", "no task starts without it");
    has(&found, "failed", "executionRoleArn iam_role.powerless", "secretsmanager:GetSecretValue (secrets)");
    has(&found, "failed", "taskRoleArn iam_role.stranger", "does not trust ecs-tasks.amazonaws.com");
    has(&found, "failed", "way out of ec2_subnet.subnet", "there is none");
    has(&found, "failed", "addresses", "11 free in 1 subnet(s), for 20 more task(s)");
    has(&found, "failed", "members on port 5701", "no rule");
    let told = world.hz(&["verify", &script]).exits_with(1);
    for text in
        ["broken.rhai:7:", "help: route 0.0.0.0/0 to a NAT gateway", "\"secretsmanager:GetSecretValue\"", "failed  "]
    {
        assert!(told.says(text), "{text}\n{}", told.stdout);
    }
    assert_eq!(world.exists(), [], "nothing was changed");
}

#[tokio::test(start_paused = true)]
async fn what_a_role_may_do_is_simulated() {
    let stack = Stack::new().await;
    let script = r#"
        let role = iam_role("role", #{ roleName: "role", assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com") });
        role.add_to_policy("look", #{
            actions: ["ecs:ListTasks"], resources: "*", conditions: #{ ArnEquals: #{ "ecs:cluster": "arn:aws:ecs:eu-west-1:000000000000:cluster/a" } },
        });
        role.add_to_policy("look", #{ effect: "Deny", actions: ["ecs:StopTask"], resources: "*" });
    "#;
    stack.runs(script).await;
    let cloud = stack.engine.cloud();
    let role = "arn:aws:iam::000000000000:role/role";
    let asked = |context: &'static [(&'static str, &'static str)]| {
        cloud.can(role, &["ecs:ListTasks", "ecs:StopTask", "ec2:DescribeVpcs"], "*", context)
    };
    let found = asked(&[("ecs:cluster", "arn:aws:ecs:eu-west-1:000000000000:cluster/a")]).await.expect("decided");
    let verdicts: Vec<Verdict> = found.iter().map(|decision| decision.verdict).collect();
    assert_eq!(verdicts, [Verdict::Allowed, Verdict::ExplicitDeny, Verdict::ImplicitDeny]);
    assert_eq!(found[0].policies, ["role_role_look"]);
    assert_eq!(found[2].to_string(), "not allowed by any policy");
    let without = asked(&[]).await.expect("decided");
    assert_eq!(
        (without[0].verdict, without[0].missing_keys.as_slice()),
        (Verdict::ImplicitDeny, ["ecs:cluster".to_owned()].as_slice())
    );
    let nobody = connected(&account(&[])).await.can(role, &["ecs:ListTasks"], "*", &[]).await.expect_err("no role");
    assert!(nobody.is_not_found(), "{nobody}");
}

#[test]
fn a_code_is_explained_and_a_mistyped_one_guessed() {
    let world = World::new();
    world.hz(&["explain", "HZ0301"]).succeeds().told("the stack is locked").told("--lock-timeout 5m");
    world.hz(&["explain", "137"]).succeeds().told("SIGKILL");
    world.hz(&["explain", "exit", "code", "143"]).succeeds().told("SIGTERM");
    world.hz(&["explain", "HZ0503,", "CannotPullContainerError"]).succeeds().told("did not come to life").told("image");
    world.hz(&["explain"]).succeeds().told("HZ0101").told("DependencyViolation");
    let json = world.hz(&["explain", "DependencyViolation", "--json"]).succeeds();
    let json: Json = serde_json::from_str(&json.stdout).expect("an object");
    assert_eq!((json["code"].as_str(), json["ofAws"].as_bool()), (Some("DependencyViolation"), Some(true)));
    world.hz(&["explain", "DependencyViolaton"]).exits_with(1).told("did you mean DependencyViolation?");
    world.hz(&["explain", "HZ9999"]).exits_with(1).told("nothing is known of the code HZ9999");
}

#[test]
fn an_error_says_which_code_tells_more() {
    let world = World::new();
    let script = world.script("wrong.rhai", "ecs_clster(\"a\", #{});");
    world.hz(&["check", &script]).exits_with(1).told("more: hzscript explain HZ0101");
    let ended = world.hz(&["check", &script, "--json"]).exits_with(1);
    let error = ended.json_lines().into_iter().find(|line| line["event"] == "error").expect("an error");
    assert_eq!(error["codes"], serde_json::json!(["HZ0101"]));
    let image = ["run", &project_script("hazelcast.rhai"), "--yes", "--set", "image=example:missing"];
    let ended = world.hz(&image).exits_with(1);
    assert!(
        ended.says("more: hzscript explain HZ0503, CannotPullContainerError"),
        "{}\n{}",
        ended.stdout,
        ended.stderr
    );
}

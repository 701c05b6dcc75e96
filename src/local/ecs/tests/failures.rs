//! Tasks that cannot start, deployments that fail, and members that do not find each other.

use serde_json::json;

use super::{Aws, definition};
use crate::model::Json;

fn breaker(rollback: bool) -> Json {
    json!({"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": rollback}}})
}

fn with_image(family: &str, image: &str) -> Json {
    let mut definition = definition(family);
    definition["containerDefinitions"][0]["image"] = json!(image);
    definition
}

fn with_logs(family: &str, group: &str, role: &str) -> Json {
    let mut definition = definition(family);
    definition["executionRoleArn"] = json!(role);
    definition["containerDefinitions"][0]["logConfiguration"] = json!({"logDriver": "awslogs", "options": {
        "awslogs-group": group, "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "ecs"}});
    definition
}

#[test]
fn an_image_that_cannot_be_pulled_fails_the_deployment() {
    let (mut aws, network) = Aws::with_network(1.0);
    aws.ecs("RegisterTaskDefinition", with_image("web", "web:missing"));
    aws.create("web", &network, 2, breaker(true));
    aws.pass(300);
    let deployment = aws.service("web")["deployments"][0].clone();
    assert_eq!(deployment["rolloutState"], "FAILED");
    assert_eq!(deployment["rolloutStateReason"], "ECS deployment circuit breaker: tasks failed to start.");
    assert_eq!(deployment["failedTasks"], 4);
    let stopped = aws.tasks("STOPPED");
    assert_eq!(stopped.len(), 4, "none is started any more");
    for task in stopped {
        assert_eq!(task["stopCode"], "TaskFailedToStart");
        let reason = task["stoppedReason"].as_str().expect("a text");
        assert!(reason.starts_with("CannotPullContainerError: "), "{reason}");
        assert_eq!(task["containers"][0]["reason"], reason);
        assert!(task.get("startedAt").is_none());
    }
    assert_eq!(
        aws.events("web").last().expect("one"),
        "(service web) (deployment ID) deployment failed: tasks failed to start."
    );
}

#[test]
fn a_failed_deployment_is_rolled_back_to_the_one_completed_last() {
    let (mut aws, network) = Aws::with_network(1.0);
    aws.ecs("RegisterTaskDefinition", definition("web"));
    let first = aws.create("web", &network, 2, breaker(true))["deployments"][0]["id"].clone();
    aws.pass(120);
    aws.ecs("RegisterTaskDefinition", with_image("web", "web:missing"));
    let update = json!({"cluster": "demo", "service": "web", "taskDefinition": "web:2"});
    let second = aws.ecs("UpdateService", update)["service"]["deployments"][0]["id"].clone();
    let mut seen = Vec::new();
    for _ in 0..300 {
        aws.pass(1);
        let service = aws.service("web");
        assert_eq!(service["runningCount"].as_i64().map(|running| running >= 2), Some(true));
        let primary = service["deployments"][0].clone();
        if seen.last().is_none_or(|last: &Json| last["id"] != primary["id"]) {
            if seen.len() == 1 {
                assert_eq!(service["deployments"][1]["id"], second);
                assert_eq!(service["deployments"][1]["rolloutState"], "FAILED");
            }
            seen.push(primary);
        }
    }
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1]["taskDefinition"], "arn:aws:ecs:eu-west-1:000000000000:task-definition/web:1");
    let reason =
        format!("ECS deployment circuit breaker: rolling back to deploymentId {}.", first.as_str().expect("text"));
    assert_eq!(seen[1]["rolloutStateReason"], reason);
    let service = aws.service("web");
    assert_eq!(service["deployments"].as_array().map(Vec::len), Some(1));
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    assert_eq!(service["taskDefinition"], seen[1]["taskDefinition"]);
    assert!(aws.events("web").contains(&"(service web) rolling back to deployment ID.".to_owned()));
}

#[test]
fn without_a_circuit_breaker_tasks_are_tried_ever_more_slowly() {
    let (mut aws, network) = Aws::with_network(1.0);
    aws.ecs("RegisterTaskDefinition", with_image("web", "web:missing"));
    aws.create("web", &network, 1, json!({}));
    let mut attempts = Vec::new();
    for _ in 0..7 {
        aws.pass(100);
        attempts.push(aws.service("web")["deployments"][0]["failedTasks"].as_i64().expect("a number"));
    }
    assert_eq!(attempts, [3, 4, 5, 6, 6, 6, 6]);
    assert_eq!(aws.service("web")["deployments"][0]["rolloutState"], "IN_PROGRESS");
}

#[test]
fn at_no_pace_at_all_everything_still_comes_to_an_end() {
    let (mut aws, network) = Aws::with_network(0.0);
    aws.ecs("RegisterTaskDefinition", with_image("web", "web:missing"));
    aws.create("web", &network, 1, json!({}));
    assert!(aws.pass(1) < 100);
    assert_eq!(aws.tasks("STOPPED").len(), 7);
    aws.ecs("DeregisterTaskDefinition", json!({"taskDefinition": "web:1"}));
    aws.ecs("RegisterTaskDefinition", definition("web"));
    aws.ecs("UpdateService", json!({"cluster": "demo", "service": "web", "taskDefinition": "web"}));
    aws.pass(1);
    assert_eq!(aws.service("web")["deployments"][0]["rolloutState"], "COMPLETED");
}

#[test]
fn a_log_group_that_is_not_there_stops_the_task() {
    let (mut aws, network) = Aws::with_network(1.0);
    aws.role("logger", &["logs:*"]);
    aws.ecs("RegisterTaskDefinition", with_logs("web", "/ecs/web", "logger"));
    aws.create("web", &network, 1, json!({}));
    aws.pass(25);
    assert_eq!(
        aws.tasks("STOPPED")[0]["stoppedReason"],
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to \
         create Cloudwatch log stream: operation error CloudWatch Logs: CreateLogStream, https response error \
         StatusCode: 400, ResourceNotFoundException: The specified log group does not exist."
    );
    aws.ask("logs", "CreateLogGroup", json!({"logGroupName": "/ecs/web"})).expect("a group");
    aws.pass(120);
    assert_eq!(aws.service("web")["deployments"][0]["rolloutState"], "COMPLETED");
    assert_eq!(aws.service("web")["deployments"][0]["failedTasks"], 0);
}

#[test]
fn secrets_that_cannot_be_read_stop_the_task() {
    let (mut aws, network) = Aws::with_network(1.0);
    aws.role("nobody", &["logs:*"]);
    aws.role("reader", &["secretsmanager:GetSecretValue"]);
    let arn = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:root-a1b2c3";
    let mut with = definition("web");
    with["containerDefinitions"][0]["secrets"] = json!([{"name": "PASSWORD", "valueFrom": format!("{arn}:key::")}]);
    let head = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval \
                failed: unable to retrieve secret from asm: service call has been retried 1 time(s):";
    for (role, why) in [
        (
            "nobody",
            format!(
                "AccessDeniedException: arn:aws:iam::000000000000:role/nobody is not authorized to perform: \
                 secretsmanager:GetSecretValue on resource: {arn}"
            ),
        ),
        (
            "reader",
            format!(
                "failed to fetch secret {arn} from secrets manager: ResourceNotFoundException: Secrets Manager can't \
                 find the specified secret."
            ),
        ),
    ] {
        with["executionRoleArn"] = json!(role);
        aws.ecs("RegisterTaskDefinition", with.clone());
        let run = json!({"cluster": "demo", "taskDefinition": "web", "launchType": "FARGATE",
            "networkConfiguration": network});
        let task = aws.ecs("RunTask", run)["tasks"][0]["taskArn"].clone();
        aws.pass(60);
        let told = aws.ecs("DescribeTasks", json!({"cluster": "demo", "tasks": [task]}));
        assert_eq!(told["tasks"][0]["stoppedReason"], format!("{head} {why}"), "{role}");
    }
}

#[test]
fn a_role_that_is_not_there_starts_no_task_until_it_is() {
    let (mut aws, network) = Aws::with_network(1.0);
    let mut definition = definition("web");
    definition["taskRoleArn"] = json!("absent");
    aws.ecs("RegisterTaskDefinition", definition);
    aws.create("web", &network, 2, json!({}));
    aws.pass(30);
    let events = aws.events("web");
    let told = "(service web) failed to launch a task with (error ECS was unable to assume the role \
                'arn:aws:iam::000000000000:role/absent' that was provided for this task.";
    assert!(events[0].starts_with(told), "{events:?}");
    assert_eq!(events.len(), 1, "what repeats is omitted");
    assert_eq!(aws.tasks("STOPPED").len() + aws.tasks("RUNNING").len(), 0);
    let run =
        json!({"cluster": "demo", "taskDefinition": "web", "launchType": "FARGATE", "networkConfiguration": network});
    let (code, message) = aws.refused("RunTask", run);
    assert_eq!(code, "ClientException");
    assert!(message.starts_with("ECS was unable to assume the role"), "{message}");
}

#[test]
fn a_subnet_without_a_way_out_times_out() {
    let (mut aws, mut network) = Aws::with_network(1.0);
    network["awsvpcConfiguration"]["assignPublicIp"] = json!("DISABLED");
    aws.ecs("RegisterTaskDefinition", definition("web"));
    aws.create("web", &network, 1, json!({}));
    aws.pass(30);
    let reason = aws.tasks("STOPPED")[0]["stoppedReason"].clone();
    let reason = reason.as_str().expect("a text");
    assert!(reason.starts_with("CannotPullContainerError") && reason.ends_with("i/o timeout"), "{reason}");
}

#[test]
fn a_subnet_without_addresses_left_takes_no_more_tasks() {
    let (mut aws, mut network) = Aws::with_network(1.0);
    let vpc = aws.vpc.clone();
    let small = json!({"VpcId": vpc, "CidrBlock": "10.0.3.0/28", "AvailabilityZone": "eu-west-1a"});
    let small = aws.ec2("CreateSubnet", small)["subnet"]["subnetId"].clone();
    network["awsvpcConfiguration"]["subnets"] = json!([small]);
    aws.ecs("RegisterTaskDefinition", definition("web"));
    aws.create("web", &network, 12, json!({}));
    aws.pass(6);
    assert_eq!(aws.tasks("RUNNING").len(), 11, "sixteen addresses less AWS's five");
    let told = format!(
        "(service web) was unable to place a task. Reason: RESOURCE:ENI. Unexpected EC2 error while attempting to Create \
         Network Interface with public IP assignment enabled in subnet '{}': InsufficientFreeAddressesInSubnet",
        small.as_str().expect("a text")
    );
    assert_eq!(aws.service("web")["events"][0]["message"], told);
    let refused = aws.ask("ec2", "DeleteSubnet", json!({"SubnetId": small})).expect_err("refused");
    assert_eq!(refused.code, "DependencyViolation");
    aws.ecs("DeleteService", json!({"cluster": "demo", "service": "web", "force": true}));
    aws.pass(60);
    aws.ec2("DeleteSubnet", json!({"SubnetId": small}));
}

#[test]
fn a_task_that_fails_its_health_check_is_replaced_and_counts() {
    let (mut aws, network) = Aws::with_network(1.0);
    let mut sick = definition("web");
    sick["containerDefinitions"][0]["healthCheck"] =
        json!({"command": ["CMD-SHELL", "exit 1"], "interval": 5, "retries": 2});
    aws.ecs("RegisterTaskDefinition", sick);
    aws.create("web", &network, 1, breaker(false));
    aws.pass(60);
    assert_eq!(aws.tasks("STOPPED")[0]["stoppedReason"], "Task failed container health checks");
    assert!(aws.events("web").contains(&"(service web) (task ID) failed container health checks.".to_owned()));
    aws.pass(600);
    assert_eq!(aws.service("web")["deployments"][0]["rolloutState"], "FAILED");
}

#[test]
fn containers_that_exit_at_once_never_make_a_service_steady() {
    let (mut aws, network) = Aws::with_network(1.0);
    let mut short = definition("web");
    short["containerDefinitions"][0]["command"] = json!(["exit", "7"]);
    aws.ecs("RegisterTaskDefinition", short);
    aws.create("web", &network, 1, breaker(false));
    aws.pass(600);
    let deployment = aws.service("web")["deployments"][0].clone();
    assert_eq!((&deployment["rolloutState"], &deployment["failedTasks"]), (&json!("FAILED"), &json!(3)));
    let stopped = aws.tasks("STOPPED");
    assert_eq!(stopped[0]["stoppedReason"], "Essential container in task exited");
    assert_eq!(stopped[0]["containers"][0]["exitCode"], 7);
}

/// The lists of members that a log group has, as `stream: Members {…`.
fn lists(aws: &mut Aws) -> Vec<String> {
    let found = aws.ask("logs", "FilterLogEvents", json!({"logGroupName": "/ecs/hz"})).expect("events");
    let events = found["events"].as_array().expect("events").iter();
    let messages = events.filter_map(|event| event["message"].as_str().map(str::to_owned));
    messages.filter(|message| message.starts_with("Members {")).collect()
}

fn members(role: &str) -> Json {
    let mut definition = with_logs("hz", "/ecs/hz", "logger");
    definition["taskRoleArn"] = json!(role);
    let container = &mut definition["containerDefinitions"][0];
    container["image"] = json!("hazelcast/hazelcast:5.5");
    container["environment"] = json!([
        {"name": "HZ_NETWORK_JOIN_AWS_ENABLED", "value": "true"},
        {"name": "HZ_NETWORK_JOIN_AWS_SERVICENAME", "value": "web"},
    ]);
    definition
}

fn hazelcast(role: &str, actions: &[&str]) -> (Aws, Json) {
    let (mut aws, network) = Aws::with_network(1.0);
    let group = &network["awsvpcConfiguration"]["securityGroups"][0];
    let own = json!([{"IpProtocol": "tcp", "FromPort": "5701", "ToPort": "5701", "Groups": [{"GroupId": group}]}]);
    aws.ec2("AuthorizeSecurityGroupIngress", json!({"GroupId": group, "IpPermissions": own}));
    aws.ask("logs", "CreateLogGroup", json!({"logGroupName": "/ecs/hz"})).expect("a group");
    aws.role("logger", &["logs:*"]);
    aws.role(role, actions);
    aws.ecs("RegisterTaskDefinition", members(role));
    aws.create("hz", &network, 3, json!({}));
    aws.pass(60);
    (aws, network)
}

#[test]
fn members_that_may_list_tasks_find_each_other() {
    let (mut aws, _) = hazelcast("members", &["ecs:ListTasks", "ecs:DescribeTasks"]);
    assert_eq!(lists(&mut aws), ["Members {size:3, ver:3} ["; 3]);
    aws.ecs("UpdateService", json!({"cluster": "demo", "service": "web", "desiredCount": 2}));
    aws.pass(60);
    assert_eq!(lists(&mut aws)[3..], ["Members {size:2, ver:4} ["; 2]);
}

#[test]
fn members_that_may_not_stay_alone_and_run_all_the_same() {
    let (mut aws, _) = hazelcast("denied", &["ec2:DescribeNetworkInterfaces"]);
    assert_eq!(lists(&mut aws), ["Members {size:1, ver:1} ["; 3]);
    assert_eq!(aws.service("web")["deployments"][0]["rolloutState"], "COMPLETED");
}

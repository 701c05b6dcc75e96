//! Services that come up, change and go.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Aws, definition};
use crate::local::service::Service;
use crate::model::Json;

fn texts(items: &[Json], name: &str) -> Vec<String> {
    items.iter().map(|item| item[name].as_str().unwrap_or_default().to_owned()).collect()
}

fn detail<'a>(task: &'a Json, name: &str) -> &'a str {
    let details = task["attachments"][0]["details"].as_array().expect("details");
    let found = details.iter().find(|detail| detail["name"] == name);
    found.and_then(|detail| detail["value"].as_str()).unwrap_or_default()
}

/// A service of `count` tasks that is steady.
fn steady(count: i64) -> (Aws, Json) {
    let (mut aws, network) = Aws::with_network(1.0);
    aws.ecs("RegisterTaskDefinition", definition("web"));
    aws.create("web", &network, count, json!({}));
    aws.pass(120);
    assert_eq!(aws.service("web")["deployments"][0]["rolloutState"], "COMPLETED");
    (aws, network)
}

#[test]
fn tasks_get_interfaces_and_run_and_the_service_is_steady() {
    let (mut aws, network) = Aws::with_network(1.0);
    aws.ecs("RegisterTaskDefinition", definition("web"));
    let created = aws.create("web", &network, 3, json!({"tags": [{"key": "a", "value": "b"}]}));
    assert_eq!(created["tags"], json!([{"key": "a", "value": "b"}]));
    assert_eq!(created["deployments"][0]["rolloutState"], "IN_PROGRESS");
    let id = created["deployments"][0]["id"].as_str().expect("a text").to_owned();
    assert_eq!(id.len(), "ecs-svc/".len() + 19);
    aws.pass(2);
    let tasks = aws.tasks("RUNNING");
    assert_eq!(texts(&tasks, "lastStatus"), ["PROVISIONING"; 3]);
    assert!(tasks.iter().all(|task| task.get("availabilityZone").is_none()), "{tasks:?}");
    aws.pass(4);
    assert_eq!(texts(&aws.tasks("RUNNING"), "lastStatus"), ["PENDING"; 3]);
    assert_eq!(aws.service("web")["pendingCount"], 3);
    aws.pass(30);
    assert_eq!(aws.service("web")["deployments"][0]["rolloutState"], "IN_PROGRESS", "running, not yet healthy");
    aws.pass(40);
    let tasks = aws.tasks("RUNNING");
    assert_eq!(texts(&tasks, "lastStatus"), ["RUNNING"; 3]);
    assert_eq!(texts(&tasks, "startedBy"), [id.as_str(); 3]);
    assert_eq!(texts(&tasks, "group"), ["service:web"; 3]);
    let zones: BTreeSet<String> = texts(&tasks, "availabilityZone").into_iter().collect();
    assert_eq!(zones.into_iter().collect::<Vec<_>>(), ["eu-west-1a", "eu-west-1b"]);
    for task in &tasks {
        let address = detail(task, "privateIPv4Address");
        assert!(address.starts_with("10.0."), "{address}");
        assert_eq!(task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"], address);
        assert!(detail(task, "networkInterfaceId").starts_with("eni-"));
        assert!(task["startedAt"].as_f64() > task["createdAt"].as_f64());
    }
    let service = aws.service("web");
    assert_eq!(service["deployments"].as_array().map(Vec::len), Some(1));
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    assert_eq!(service["deployments"][0]["rolloutStateReason"], format!("ECS deployment {id} completed."));
    assert_eq!(
        aws.events("web"),
        [
            "(service web) has started 3 tasks: (task ID) (task ID) (task ID).",
            "(service web) (deployment ID) deployment completed.",
            "(service web) has reached a steady state.",
        ]
    );
    assert_eq!(aws.pass(7200), 0, "a steady service has nothing to do");
}

#[test]
fn another_revision_rolls_without_fewer_tasks_than_wanted() {
    let (mut aws, _) = steady(2);
    let before = aws.service("web")["deployments"][0]["id"].clone();
    aws.ecs("RegisterTaskDefinition", definition("web"));
    let update = json!({"cluster": "demo", "service": "web", "taskDefinition": "web"});
    let updated = aws.ecs("UpdateService", update.clone())["service"].clone();
    assert_eq!(updated["deployments"].as_array().map(Vec::len), Some(2));
    assert_eq!(updated["deployments"][1]["id"], before);
    assert_eq!(updated["deployments"][1]["status"], "ACTIVE");
    assert_eq!(updated["deployments"][0]["runningCount"], 0);
    for _ in 0..90 {
        aws.pass(1);
        let running = aws.service("web")["runningCount"].as_i64().expect("a number");
        assert!((2..=4).contains(&running), "{running}");
    }
    let service = aws.service("web");
    assert_eq!(service["deployments"].as_array().map(Vec::len), Some(1));
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    let arns = texts(&aws.tasks("RUNNING"), "taskDefinitionArn");
    assert_eq!(arns, ["arn:aws:ecs:eu-west-1:000000000000:task-definition/web:2"; 2]);
    let stopped = aws.tasks("STOPPED");
    assert_eq!(texts(&stopped, "lastStatus"), ["STOPPED"; 2]);
    assert_eq!(texts(&stopped, "stopCode"), ["ServiceSchedulerInitiated"; 2]);
    let again = aws.ecs("UpdateService", update)["service"].clone();
    assert_eq!(again["deployments"].as_array().map(Vec::len), Some(1), "the same revision is no deployment");
    let told = aws.events("web").len();
    aws.pass(60);
    assert_eq!(aws.events("web").len(), told, "and nothing to tell of");
    let forced = json!({"cluster": "demo", "service": "web", "forceNewDeployment": true});
    assert_eq!(aws.ecs("UpdateService", forced)["service"]["deployments"].as_array().map(Vec::len), Some(2));
}

#[test]
fn another_count_keeps_the_deployment() {
    let (mut aws, _) = steady(2);
    let before = aws.service("web")["deployments"][0]["id"].clone();
    for (desired, event) in [
        (3, "(service web) has started 1 tasks: (task ID)."),
        (1, "(service web) has stopped 2 running tasks: (task ID) (task ID)."),
        (0, "(service web) has stopped 1 running tasks: (task ID)."),
    ] {
        aws.ecs("UpdateService", json!({"cluster": "demo", "service": "web", "desiredCount": desired}));
        aws.pass(60);
        let service = aws.service("web");
        assert_eq!((&service["runningCount"], &service["pendingCount"]), (&json!(desired), &json!(0)));
        assert_eq!(service["deployments"][0]["id"], before);
        let events = aws.events("web");
        assert_eq!(events[events.len() - 2..], [event, "(service web) has reached a steady state."]);
    }
}

#[test]
fn a_task_that_somebody_stops_is_replaced() {
    let (mut aws, _) = steady(2);
    let task = aws.tasks("RUNNING")[0]["taskArn"].clone();
    let stopped = aws.ecs("StopTask", json!({"cluster": "demo", "task": task, "reason": "why not"}));
    assert_eq!(stopped["task"]["desiredStatus"], "STOPPED");
    assert_eq!(stopped["task"]["lastStatus"], "RUNNING");
    aws.pass(60);
    assert_eq!(aws.service("web")["runningCount"], 2);
    let gone = aws.tasks("STOPPED");
    assert_eq!(gone[0]["taskArn"], task);
    assert_eq!((&gone[0]["stopCode"], &gone[0]["stoppedReason"]), (&json!("UserInitiated"), &json!("why not")));
    assert_eq!(gone[0]["containers"][0]["exitCode"], 143);
    aws.pass(3601);
    assert_eq!(aws.tasks("STOPPED"), Vec::<Json>::new(), "told of for an hour");
    let described = aws.ecs("DescribeTasks", json!({"cluster": "demo", "tasks": [task]}));
    assert_eq!(described["failures"][0]["reason"], "MISSING");
}

#[test]
fn a_service_drains_before_it_is_inactive_and_frees_its_name_then() {
    let (mut aws, network) = steady(1);
    let delete = |force| json!({"cluster": "demo", "service": "web", "force": force});
    assert_eq!(
        aws.refused("DeleteService", delete(false)).1,
        "The service cannot be stopped while it is scaled above 0."
    );
    let deleted = aws.ecs("DeleteService", delete(true));
    assert_eq!(deleted["service"]["status"], "DRAINING");
    let again = json!({
        "cluster": "demo", "serviceName": "web", "taskDefinition": "web", "desiredCount": 1, "launchType": "FARGATE",
        "networkConfiguration": network,
    });
    assert_eq!(aws.refused("CreateService", again.clone()).1, "Unable to Start a service that is still Draining.");
    assert_eq!(aws.ecs("ListServices", json!({"cluster": "demo"})), json!({"serviceArns": []}));
    let update = json!({"cluster": "demo", "service": "web", "desiredCount": 1});
    assert_eq!(aws.refused("UpdateService", update).0, "ServiceNotActiveException");
    aws.pass(5);
    assert_eq!(aws.refused("DeleteCluster", json!({"cluster": "demo"})).0, "ClusterContainsServicesException");
    aws.pass(60);
    let gone = aws.service("web");
    assert_eq!((&gone["status"], &gone["runningCount"]), (&json!("INACTIVE"), &json!(0)));
    assert_eq!(aws.refused("DeleteService", delete(true)).0, "ServiceNotFoundException");
    assert_eq!(aws.ecs("CreateService", again)["service"]["status"], "ACTIVE");
}

#[test]
fn creating_twice_is_one_service_only_with_the_same_token_and_parameters() {
    let (mut aws, network) = Aws::with_network(1.0);
    aws.ecs("RegisterTaskDefinition", definition("web"));
    let token = json!({"clientToken": "token-1"});
    let first = aws.create("web", &network, 1, token.clone());
    let second = aws.create("web", &network, 1, token);
    assert_eq!(first["deployments"][0]["id"], second["deployments"][0]["id"]);
    for (desired, token) in [(2, json!("token-1")), (1, json!("token-2")), (1, Json::Null)] {
        let params = json!({
            "cluster": "demo", "serviceName": "web", "taskDefinition": "web", "desiredCount": desired,
            "launchType": "FARGATE", "networkConfiguration": network, "clientToken": token,
        });
        assert_eq!(aws.refused("CreateService", params).1, "Creation of service was not idempotent.");
    }
}

#[test]
fn a_service_needs_what_it_refers_to() {
    let (mut aws, network) = Aws::with_network(1.0);
    aws.ecs("RegisterTaskDefinition", definition("web"));
    let mut params = json!({
        "cluster": "demo", "serviceName": "web", "taskDefinition": "web", "desiredCount": 1, "launchType": "FARGATE",
        "networkConfiguration": network,
    });
    let mut refusal = |pointer: &str, value: Json| {
        let mut params = params.clone();
        *params.pointer_mut(pointer).expect("a member") = value;
        aws.refused("CreateService", params)
    };
    let vpc = "/networkConfiguration/awsvpcConfiguration";
    assert_eq!(refusal("/cluster", json!("none")).0, "ClusterNotFoundException");
    assert_eq!(refusal("/taskDefinition", json!("none:1")).1, "TaskDefinition not found.");
    assert!(refusal(&format!("{vpc}/subnets"), json!(["subnet-none"])).1.contains("InvalidSubnetID.NotFound"));
    assert!(refusal(&format!("{vpc}/securityGroups"), json!(["sg-none"])).1.contains("InvalidGroup.NotFound"));
    assert!(refusal("/networkConfiguration", Json::Null).1.starts_with("Network Configuration must be provided"));
    assert_eq!(refusal("/desiredCount", json!("one")).0, "SerializationException");
    params["volumeConfigurations"] = json!([{"name": "data"}]);
    assert!(aws.refused("CreateService", params).1.contains("volumeConfigurations"), "nothing is dropped silently");
}

#[test]
fn with_a_health_check_running_is_not_enough() {
    let (mut aws, network) = Aws::with_network(1.0);
    let mut checked = definition("web");
    checked["containerDefinitions"][0]["healthCheck"] =
        json!({"command": ["CMD-SHELL", "curl localhost"], "interval": 40});
    aws.ecs("RegisterTaskDefinition", checked);
    aws.create("web", &network, 1, json!({}));
    aws.pass(40);
    let service = aws.service("web");
    assert_eq!(
        (&service["runningCount"], &service["deployments"][0]["rolloutState"]),
        (&json!(1), &json!("IN_PROGRESS"))
    );
    assert_eq!(aws.tasks("RUNNING")[0]["healthStatus"], "UNKNOWN");
    aws.pass(40);
    assert_eq!(aws.tasks("RUNNING")[0]["healthStatus"], "HEALTHY");
    assert_eq!(aws.service("web")["deployments"][0]["rolloutState"], "COMPLETED");
}

#[test]
fn a_job_ends_with_its_exit_code_and_runs_once_for_its_token() {
    let (mut aws, network) = Aws::with_network(1.0);
    aws.ecs("RegisterTaskDefinition", definition("job"));
    let run = json!({
        "cluster": "demo", "taskDefinition": "job", "launchType": "FARGATE", "networkConfiguration": network,
        "clientToken": "once", "startedBy": "me",
        "overrides": {"containerOverrides": [{"name": "app", "command": ["sh", "-c", "exit 3"]}]},
    });
    let ran = aws.ecs("RunTask", run.clone());
    assert_eq!(ran["tasks"][0]["group"], "family:job");
    aws.pass(60);
    let again = aws.ecs("RunTask", run.clone());
    assert_eq!(again["tasks"][0]["taskArn"], ran["tasks"][0]["taskArn"]);
    assert_eq!(again["tasks"][0]["lastStatus"], "STOPPED");
    assert_eq!(again["tasks"][0]["stopCode"], "EssentialContainerExited");
    assert_eq!(again["tasks"][0]["containers"][0]["exitCode"], 3);
    let mut other = run;
    other["count"] = json!(2);
    assert_eq!(aws.refused("RunTask", other).0, "ConflictException");
    let listed = aws.ecs("ListTasks", json!({"cluster": "demo", "startedBy": "me", "desiredStatus": "STOPPED"}));
    assert_eq!(listed["taskArns"].as_array().map(Vec::len), Some(1));
}

#[test]
fn tasks_are_found_in_cloud_map_while_they_run() {
    let (mut aws, network) = Aws::with_network(1.0);
    aws.ecs("RegisterTaskDefinition", definition("web"));
    let registry = aws.registry("demo.local", "web");
    let registries = json!({"serviceRegistries": [{"registryArn": registry}]});
    aws.create("web", &network, 2, registries);
    let found = |aws: &mut Aws| -> Vec<Json> {
        let params = json!({"NamespaceName": "demo.local", "ServiceName": "web"});
        let found = aws.ask("servicediscovery", "DiscoverInstances", params).expect("instances");
        found["Instances"].as_array().expect("instances").clone()
    };
    assert_eq!(found(&mut aws), Vec::<Json>::new());
    aws.pass(60);
    let instances = found(&mut aws);
    let of = |name: &str| -> BTreeSet<String> {
        instances.iter().map(|one| one["Attributes"][name].as_str().unwrap_or_default().to_owned()).collect()
    };
    let tasks = aws.tasks("RUNNING");
    assert_eq!(
        of("AWS_INSTANCE_IPV4"),
        tasks.iter().map(|task| detail(task, "privateIPv4Address").to_owned()).collect()
    );
    assert_eq!(of("ECS_SERVICE_NAME").into_iter().collect::<Vec<_>>(), ["web"]);
    aws.ecs("StopTask", json!({"cluster": "demo", "task": tasks[0]["taskArn"]}));
    assert_eq!(found(&mut aws).len(), 1, "gone before it has stopped");
    assert_eq!(
        aws.ecs("DescribeTasks", json!({"cluster": "demo", "tasks": [tasks[0]["taskArn"]]}))["tasks"][0]["lastStatus"],
        "RUNNING"
    );
    aws.pass(3);
    assert_eq!(
        aws.ecs("DescribeTasks", json!({"cluster": "demo", "tasks": [tasks[0]["taskArn"]]}))["tasks"][0]["lastStatus"],
        "DEACTIVATING"
    );
    aws.pass(60);
    assert_eq!(found(&mut aws).len(), 2);
    aws.ecs("DeleteService", json!({"cluster": "demo", "service": "web", "force": true}));
    aws.pass(60);
    assert_eq!(found(&mut aws), Vec::<Json>::new());
    let none = json!({
        "cluster": "demo", "serviceName": "other", "taskDefinition": "web", "desiredCount": 1, "launchType": "FARGATE",
        "networkConfiguration": network, "serviceRegistries": [{"registryArn": format!("{}x", registry.as_str().expect("a text"))}],
    });
    assert_eq!(aws.refused("CreateService", none).0, "InvalidParameterException");
}

#[test]
fn what_is_gone_is_not_listed() {
    let (mut aws, _) = steady(1);
    let listed = |aws: &mut Aws| -> Vec<String> {
        let listed = aws.store.transact("eu-west-1", aws.now, &aws.settings, |tx| crate::local::ecs::Ecs.list(tx));
        listed.expect("a list").into_iter().map(|one| format!("{} {}", one.type_name, one.id)).collect()
    };
    let arn = |rest: &str| format!("arn:aws:ecs:eu-west-1:000000000000:{rest}");
    let service = format!("AWS::ECS::Service {}|{}", arn("service/demo/web"), arn("cluster/demo"));
    let definition = format!("AWS::ECS::TaskDefinition {}", arn("task-definition/web:1"));
    assert_eq!(listed(&mut aws), [service, "AWS::ECS::Cluster demo".to_owned(), definition]);
    aws.ecs("DeleteService", json!({"cluster": "demo", "service": "web", "force": true}));
    aws.pass(60);
    aws.ecs("DeleteCluster", json!({"cluster": "demo"}));
    aws.ecs("DeregisterTaskDefinition", json!({"taskDefinition": "web:1"}));
    assert_eq!(listed(&mut aws), Vec::<String>::new());
}

#[test]
fn a_large_service_costs_as_many_timers_as_its_tasks_need() {
    let (mut aws, network) = Aws::with_network(1.0);
    aws.ecs("RegisterTaskDefinition", definition("web"));
    aws.create("web", &network, 200, json!({}));
    let timers = aws.pass(120);
    assert_eq!(aws.service("web")["runningCount"], 200);
    assert!(timers <= 3 * 200 + 5, "{timers}");
    let listed = aws.ecs("ListTasks", json!({"cluster": "demo"}));
    assert_eq!(listed["taskArns"].as_array().map(Vec::len), Some(100));
    let rest = aws.ecs("ListTasks", json!({"cluster": "demo", "nextToken": listed["nextToken"]}));
    assert_eq!(rest["taskArns"].as_array().map(Vec::len), Some(100));
    assert_eq!(rest.get("nextToken"), None);
}

//! Calls that need nothing but ECS.

use serde_json::json;

use super::{Aws, definition};

#[test]
fn a_cluster_is_made_once_and_stays_described_when_deleted() {
    let mut aws = Aws::new();
    let made = aws.ecs("CreateCluster", json!({"clusterName": "demo", "tags": [{"key": "team", "value": "a"}]}));
    assert_eq!(made["cluster"]["clusterArn"], "arn:aws:ecs:eu-west-1:000000000000:cluster/demo");
    assert_eq!(aws.ecs("CreateCluster", json!({"clusterName": "demo"})), made);
    assert_eq!(
        aws.refused("CreateCluster", json!({"clusterName": "demo", "capacityProviders": ["FARGATE"]})).0,
        "InvalidParameterException"
    );
    let described = aws.ecs("DescribeClusters", json!({"clusters": ["demo", "other"]}));
    assert_eq!(described["clusters"][0]["tags"], json!([]));
    assert_eq!(
        described["failures"],
        json!([{"arn": "arn:aws:ecs:eu-west-1:000000000000:cluster/other", "reason": "MISSING"}])
    );
    assert_eq!(aws.ecs("DeleteCluster", json!({"cluster": "demo"}))["cluster"]["status"], "INACTIVE");
    assert_eq!(aws.ecs("DescribeClusters", json!({"clusters": ["demo"]}))["clusters"][0]["status"], "INACTIVE");
    assert_eq!(aws.ecs("ListClusters", json!({})), json!({"clusterArns": []}));
    assert_eq!(aws.refused("DeleteCluster", json!({"cluster": "other"})).0, "ClusterNotFoundException");
    let gone = ("ClusterNotFoundException".to_owned(), "The referenced cluster was inactive.".to_owned());
    assert_eq!(aws.refused("ListServices", json!({"cluster": "demo"})), gone);
    assert_eq!(aws.ecs("CreateCluster", json!({"clusterName": "demo"}))["cluster"]["tags"], json!([]));
}

#[test]
fn capacity_providers_are_replaced_and_only_fargates_are_there() {
    let mut aws = Aws::new();
    aws.ecs("CreateCluster", json!({"clusterName": "demo", "capacityProviders": ["FARGATE"]}));
    let put = aws.ecs(
        "PutClusterCapacityProviders",
        json!({"cluster": "demo", "capacityProviders": ["FARGATE_SPOT"],
               "defaultCapacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]}),
    );
    assert_eq!(put["cluster"]["capacityProviders"], json!(["FARGATE_SPOT"]));
    let strategy = json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}]);
    assert_eq!(put["cluster"]["defaultCapacityProviderStrategy"], strategy);
    let mut put = |providers: &str, in_strategy: &str| {
        let strategy = json!([{"capacityProvider": in_strategy}]);
        let params =
            json!({"cluster": "demo", "capacityProviders": [providers], "defaultCapacityProviderStrategy": strategy});
        aws.refused("PutClusterCapacityProviders", params).1
    };
    assert!(put("mine", "mine").starts_with("The specified capacity provider 'mine' was not found."));
    assert!(put("FARGATE", "FARGATE_SPOT").contains("not associated with the cluster"));
}

#[test]
fn a_task_definition_is_answered_with_what_ecs_fills_in() {
    let mut aws = Aws::new();
    let mut params = definition("web");
    params["taskRoleArn"] = json!("members");
    params["cpu"] = json!(".25 vCPU");
    params["tags"] = json!([{"key": "a", "value": "b"}]);
    let answer = aws.ecs("RegisterTaskDefinition", params);
    assert_eq!(
        answer["taskDefinition"],
        json!({
            "taskDefinitionArn": "arn:aws:ecs:eu-west-1:000000000000:task-definition/web:1",
            "family": "web", "revision": 1, "status": "ACTIVE", "networkMode": "awsvpc", "cpu": "256", "memory": "512",
            "taskRoleArn": "arn:aws:iam::000000000000:role/members",
            "requiresCompatibilities": ["FARGATE"], "compatibilities": ["EC2", "FARGATE"],
            "volumes": [], "placementConstraints": [],
            "requiresAttributes": [
                {"name": "com.amazonaws.ecs.capability.docker-remote-api.1.18"},
                {"name": "com.amazonaws.ecs.capability.task-iam-role"},
                {"name": "ecs.capability.task-eni"},
            ],
            "registeredAt": 1_795_521_600.0, "registeredBy": "arn:aws:iam::000000000000:user/local",
            "containerDefinitions": [{
                "name": "app", "image": "nginx:1", "cpu": 0, "essential": true, "environment": [], "mountPoints": [],
                "volumesFrom": [], "systemControls": [],
                "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
            }],
        })
    );
    assert_eq!(answer["tags"], json!([{"key": "a", "value": "b"}]));
    let described = aws.ecs("DescribeTaskDefinition", json!({"taskDefinition": "web", "include": ["TAGS"]}));
    assert_eq!(described, answer);
}

#[test]
fn a_family_counts_on_after_its_revisions_are_gone() {
    let mut aws = Aws::new();
    for _ in 0..3 {
        aws.ecs("RegisterTaskDefinition", definition("web"));
    }
    aws.ecs("DeregisterTaskDefinition", json!({"taskDefinition": "web:3"}));
    let latest = aws.ecs("DescribeTaskDefinition", json!({"taskDefinition": "web"}));
    assert_eq!(latest["taskDefinition"]["revision"], 2);
    let deleted = aws.ecs("DeleteTaskDefinitions", json!({"taskDefinitions": ["web:2", "web:3"]}));
    assert_eq!(deleted["taskDefinitions"][0]["status"], "DELETE_IN_PROGRESS");
    assert_eq!(deleted["failures"][0]["arn"], "arn:aws:ecs:eu-west-1:000000000000:task-definition/web:2");
    let again = aws.ecs("RegisterTaskDefinition", definition("web"));
    assert_eq!(again["taskDefinition"]["revision"], 4);
    let listed = aws.ecs("ListTaskDefinitions", json!({"familyPrefix": "web", "sort": "DESC", "maxResults": 2}));
    let arn = |revision: u8| format!("arn:aws:ecs:eu-west-1:000000000000:task-definition/web:{revision}");
    assert_eq!(listed["taskDefinitionArns"], json!([arn(4), arn(2)]));
    let next = json!({"familyPrefix": "web", "sort": "DESC", "maxResults": 2, "nextToken": listed["nextToken"]});
    assert_eq!(aws.ecs("ListTaskDefinitions", next), json!({"taskDefinitionArns": [arn(1)]}));
    assert_eq!(aws.ecs("ListTaskDefinitionFamilies", json!({})), json!({"families": ["web"]}));
    assert_eq!(
        aws.refused("DescribeTaskDefinition", json!({"taskDefinition": "none"})),
        ("ClientException".to_owned(), "Unable to describe task definition.".to_owned())
    );
}

#[test]
fn what_is_not_there_is_a_failure_and_too_many_are_refused() {
    let mut aws = Aws::new();
    let absent = json!({"cluster": "demo", "services": ["web"]});
    assert_eq!(aws.refused("DescribeServices", absent.clone()).0, "ClusterNotFoundException");
    aws.ecs("CreateCluster", json!({"clusterName": "demo"}));
    let arn = "arn:aws:ecs:eu-west-1:000000000000:service/demo/web";
    let expected = json!({"services": [], "failures": [{"arn": arn, "reason": "MISSING"}]});
    assert_eq!(aws.ecs("DescribeServices", absent), expected);
    let arn = "arn:aws:ecs:eu-west-1:000000000000:task/demo/0123";
    let expected = json!({"tasks": [], "failures": [{"arn": arn, "reason": "MISSING"}]});
    assert_eq!(aws.ecs("DescribeTasks", json!({"cluster": "demo", "tasks": [arn]})), expected);
    let many = vec!["x"; 101];
    let services = json!({"cluster": "demo", "services": many[..11]});
    assert_eq!(aws.refused("DescribeServices", services).0, "InvalidParameterException");
    let tasks = json!({"cluster": "demo", "tasks": many});
    assert_eq!(aws.refused("DescribeTasks", tasks).0, "InvalidParameterException");
    let wrong = json!({"cluster": "demo", "service": "web", "desiredCount": 1});
    assert_eq!(aws.refused("UpdateService", wrong).0, "ServiceNotFoundException");
}

#[test]
fn tags_are_changed_by_arn() {
    let mut aws = Aws::new();
    aws.ecs("CreateCluster", json!({"clusterName": "demo"}));
    let arn = json!("arn:aws:ecs:eu-west-1:000000000000:cluster/demo");
    let tags = json!([{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]);
    aws.ecs("TagResource", json!({"resourceArn": arn, "tags": tags}));
    aws.ecs("UntagResource", json!({"resourceArn": arn, "tagKeys": ["a"]}));
    let left = aws.ecs("ListTagsForResource", json!({"resourceArn": arn}));
    assert_eq!(left, json!({"tags": [{"key": "b", "value": "2"}]}));
    let reserved = json!({"resourceArn": arn, "tags": [{"key": "aws:x", "value": ""}]});
    assert_eq!(aws.refused("TagResource", reserved).0, "InvalidParameterException");
    let absent = json!({"resourceArn": "arn:aws:ecs:eu-west-1:000000000000:task-definition/x:1", "tags": []});
    assert_eq!(aws.refused("TagResource", absent).0, "ResourceNotFoundException");
}

#[test]
fn account_settings_are_kept() {
    let mut aws = Aws::new();
    assert_eq!(aws.ecs("ListAccountSettings", json!({})), json!({"settings": []}));
    aws.ecs("PutAccountSetting", json!({"name": "containerInsights", "value": "enabled"}));
    let kept = aws.ecs("ListAccountSettings", json!({"effectiveSettings": true, "name": "containerInsights"}));
    assert_eq!(kept["settings"][0]["value"], "enabled");
}

#[test]
fn a_service_on_instances_says_that_there_are_none() {
    let mut aws = Aws::new();
    aws.ecs("CreateCluster", json!({"clusterName": "demo"}));
    let bridge = json!({"family": "old", "containerDefinitions": [{"name": "app", "image": "nginx", "memory": 128}]});
    aws.ecs("RegisterTaskDefinition", bridge);
    let create = json!({"cluster": "demo", "serviceName": "web", "taskDefinition": "old", "desiredCount": 1});
    aws.ecs("CreateService", create);
    aws.pass(3600);
    assert_eq!(
        aws.events("web").join("\n"),
        "(service web) was unable to place a task because no container instance met all of its requirements. Reason: \
         No Container Instances were found in your cluster.\n(service web) is unable to consistently start tasks \
         successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
    );
    let waiting = aws.service("web");
    assert_eq!(waiting["deployments"][0]["failedTasks"], 7);
    assert_eq!(waiting["deployments"][0]["rolloutState"], "IN_PROGRESS");
    aws.pass(2);
    assert_eq!(aws.service("web")["deployments"][0]["failedTasks"], 8, "who looks sees another attempt");
    let in_the_way = aws.refused("DeleteCluster", json!({"cluster": "demo"}));
    assert_eq!(in_the_way.0, "ClusterContainsServicesException");
}

#[test]
fn a_container_is_entered_only_when_its_agent_can_be_reached() {
    let (mut aws, network) = Aws::with_network(1.0);
    let mut params = definition("web");
    params["taskRoleArn"] = json!("arn:aws:iam::000000000000:role/members");
    aws.role("members", &["ssmmessages:*"]);
    aws.ecs("RegisterTaskDefinition", params);
    aws.ecs("RegisterTaskDefinition", definition("bare"));
    let run = |aws: &mut Aws, family: &str, on: bool| {
        let params = json!({"cluster": "demo", "taskDefinition": family, "launchType": "FARGATE",
                            "enableExecuteCommand": on, "networkConfiguration": network});
        let task = aws.ecs("RunTask", params)["tasks"][0]["taskArn"].clone();
        json!({"cluster": "demo", "task": task, "interactive": true, "command": "/bin/sh"})
    };
    let asked = run(&mut aws, "web", true);
    let off = run(&mut aws, "web", false);
    let bare = run(&mut aws, "bare", true);
    let refused = |aws: &mut Aws, params: &crate::model::Json| aws.refused("ExecuteCommand", params.clone()).0;
    assert_eq!(refused(&mut aws, &asked), "InvalidParameterException", "it does not run yet");
    aws.pass(30);
    let described = aws.ecs("DescribeTasks", json!({"cluster": "demo", "tasks": [asked["task"]]}));
    let container = &described["tasks"][0]["containers"][0];
    assert_eq!(container["managedAgents"], json!([{"name": "ExecuteCommandAgent", "lastStatus": "RUNNING"}]));
    let session = aws.ecs("ExecuteCommand", asked.clone());
    assert_eq!(session["containerArn"], container["containerArn"]);
    assert_eq!(session["containerName"], "app");
    let id = session["session"]["sessionId"].as_str().expect("a text");
    assert!(id.starts_with("ecs-execute-command-"), "{id}");
    assert!(session["session"]["streamUrl"].as_str().is_some_and(|url| url.contains(id)), "{session}");
    assert_eq!(refused(&mut aws, &off), "InvalidParameterException");
    assert_eq!(refused(&mut aws, &bare), "TargetNotConnectedException", "it has no role");
    for (name, value) in [("interactive", json!(false)), ("container", json!("other")), ("task", json!("0123"))] {
        let mut wrong = asked.clone();
        wrong[name] = value;
        assert_eq!(refused(&mut aws, &wrong), "InvalidParameterException", "{name}");
    }
}

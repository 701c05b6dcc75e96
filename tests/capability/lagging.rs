//! AWS loses answers, knows late of what it has made, and has enough of credentials: nothing is made twice, nothing is
//! forgotten.

use crate::support::Stack;
use crate::support::faults::{Fault, Faults};
use crate::support::world::project_script;

const GATEWAY: &str = r#"ec2_internet_gateway("gateway");"#;
const NETWORK: &str =
    r#"ec2_vpc("vpc", #{ cidrBlock: "10.0.0.0/16", enableDnsSupport: true, enableDnsHostnames: true });"#;
const NOTHING: Fault = Fault::Answer(200, "<DescribeInternetGatewaysResponse/>");

#[tokio::test(start_paused = true)]
async fn what_a_lost_call_made_is_found_also_when_it_shows_late() {
    let faults = Faults::default();
    let stack = Stack::faulty(&faults).await;
    faults.set("CreateInternetGateway", Fault::Lost, 1);
    faults.set("DescribeInternetGateways", NOTHING, 2);
    stack.runs(GATEWAY).await;
    assert_eq!(stack.exists(), ["AWS::EC2::InternetGateway"]);
    assert!(stack.plan(GATEWAY).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_a_lost_call_made_is_found_by_the_next_run_when_this_one_gives_up() {
    let faults = Faults::default();
    let stack = Stack::faulty(&faults).await;
    faults.set("CreateInternetGateway", Fault::Lost, 1);
    faults.set("DescribeInternetGateways", Fault::Answer(503, "<Response/>"), 50);
    let report = stack.run(GATEWAY).await;
    assert_eq!(report.failures.len(), 1, "{report:#?}");
    faults.set("DescribeInternetGateways", NOTHING, 0);
    stack.runs(GATEWAY).await;
    assert_eq!(stack.exists(), ["AWS::EC2::InternetGateway"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_lost_call_made_is_found_by_the_next_run_also_when_it_shows_late() {
    let faults = Faults::default();
    let stack = Stack::faulty(&faults).await;
    faults.set("CreateInternetGateway", Fault::Lost, 1);
    faults.set("DescribeInternetGateways", Fault::Answer(503, "<Response/>"), 50);
    assert_eq!(stack.run(GATEWAY).await.failures.len(), 1);
    faults.set("DescribeInternetGateways", NOTHING, 2);
    stack.runs(GATEWAY).await;
    assert_eq!(stack.exists(), ["AWS::EC2::InternetGateway"]);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_show_for_a_moment_is_not_made_again() {
    let faults = Faults::default();
    let stack = Stack::faulty(&faults).await;
    stack.runs(GATEWAY).await;
    faults.set("DescribeInternetGateways", NOTHING, 2);
    assert!(stack.plan(GATEWAY).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_is_still_being_made_is_not_forgotten_when_all_is_deleted() {
    let stack = Stack::impatient().await;
    let beside = stack.beside("network");
    beside.runs(NETWORK).await;
    let vpc = beside.id("ec2_vpc.vpc").await;
    stack.runs(&format!(r#"servicediscovery_private_dns_namespace("names", #{{ name: "a.b", vpc: "{vpc}" }});"#)).await;
    stack.destroy().await;
    tokio::time::sleep(std::time::Duration::from_secs(300)).await;
    let listed = stack.engine.cloud().servicediscovery.list_namespaces().send().await.expect("an answer");
    assert_eq!(listed.namespaces(), []);
}

#[tokio::test(start_paused = true)]
async fn settings_of_something_new_wait_until_aws_knows_it() {
    let faults = Faults::default();
    let stack = Stack::faulty(&faults).await;
    let absent = r#"{"__type":"ResourceNotFoundException","message":"The specified log group does not exist."}"#;
    faults.set("PutRetentionPolicy", Fault::Answer(400, absent), 3);
    let script = r#"logs_log_group("logs", #{ logGroupName: "g", retentionInDays: 7 });"#;
    stack.runs(script).await;
    assert!(stack.plan(script).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_service_waits_until_its_cluster_is_known() {
    let faults = Faults::default();
    let stack = Stack::faulty(&faults).await;
    let absent = r#"{"__type":"ClusterNotFoundException","message":"Cluster not found."}"#;
    faults.set("CreateService", Fault::Answer(400, absent), 3);
    let script = r#"
let vpc = ec2_vpc("vpc", #{ cidrBlock: "10.0.0.0/16" });
let subnet = ec2_subnet("a", #{ vpcId: vpc.vpcId, cidrBlock: "10.0.1.0/24" });
let cluster = ecs_cluster("main", #{ clusterName: "main" });
let task = ecs_task_definition("task", #{
    family: "task", cpu: 256, memory: 512, networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"],
    containerDefinitions: [#{ name: "member", image: "hazelcast/hazelcast:5.5.10" }],
});
ecs_service("service", #{
    cluster: cluster.arn, taskDefinition: task.taskDefinitionArn, desiredCount: 0, launchType: "FARGATE",
    networkConfiguration: #{ awsvpcConfiguration: #{ subnets: [subnet.subnetId] } },
});
"#;
    stack.runs(script).await;
    assert!(stack.plan(script).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_made_of_something_new_waits_until_that_is_known() {
    let stack = Stack::upset(&["lag=20s"]).await;
    let script = r#"
let net = network(#{ name: "net", cidr: "10.0.0.0/16", azs: 1, natGateways: 1 });
let role = iam_role("execution", #{ roleName: "execution", assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com") });
let group = ec2_security_group("group", #{ groupDescription: "members", vpcId: net.vpc.vpcId });
group.allow_from(group, 5701);
"#;
    stack.runs(script).await;
    tokio::time::sleep(std::time::Duration::from_secs(30)).await;
    assert!(stack.plan(script).await.is_empty());
    stack.destroy().await;
    assert_eq!(stack.exists(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_service_waits_until_there_is_capacity() {
    let stack = Stack::upset(&["capacity=4"]).await;
    let script = std::fs::read_to_string(project_script("hazelcast.rhai")).expect("readable");
    stack.runs(&script).await;
    let told = format!("{:?}", stack.events());
    assert!(told.contains("Capacity is unavailable at this time"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn credentials_that_expire_meanwhile_are_told_from_those_that_may_not() {
    for (code, told) in [("ExpiredTokenException", "expired"), ("AccessDeniedException", "logs:CreateLogGroup")] {
        let faults = Faults::default();
        let stack = Stack::faulty(&faults).await;
        let body = format!(r#"{{"__type":"{code}","message":"no"}}"#);
        faults.set("CreateLogGroup", Fault::Answer(400, body.leak()), 1);
        let report = stack.run(r#"logs_log_group("logs", #{ logGroupName: "g" });"#).await;
        let help = report.failures[0].help.as_deref().unwrap_or_default();
        assert!(help.contains(told), "{help}");
    }
}

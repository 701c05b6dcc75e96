//! Runs that end before their time, at any record of the journal: the next run ends where an undisturbed one does, with
//! nothing lost and nothing made twice.

use hzscript::engine::EngineError;
use hzscript::state::StateStore;
use object_store::ObjectStoreExt;
use object_store::path::Path;

use crate::support::Stack;
use crate::support::failing::Failing;
use crate::support::interruption::{attempt, programs, survives};
use crate::support::stack::owner;

const SCRIPT: &str = r#"
let net = network(#{ name: "net", cidr: "{cidr}", azs: 2, natGateways: 1 });
let cluster = ecs_cluster("main", #{ clusterName: "main" });
let logs = logs_log_group("logs", #{ retentionInDays: 5 });
let role = iam_role("execution", #{
    assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com"),
    managedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"],
});
let task = ecs_task_definition("task", #{
    family: "task", cpu: 256, memory: 512, networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"],
    executionRoleArn: role.arn,
    containerDefinitions: [#{ name: "member", image: "hazelcast/hazelcast:5.5.10", essential: true }],
}, #{ replaceOn: [role.arn] });
let group = ec2_security_group("group", #{ groupDescription: "members", vpcId: net.vpc.vpcId });
let subnets = [];
for subnet in net.privateSubnets { subnets.push(subnet.subnetId); }
ecs_service("service", #{
    cluster: cluster.arn, taskDefinition: task.taskDefinitionArn, desiredCount: 2, launchType: "FARGATE",
    networkConfiguration: #{ awsvpcConfiguration: #{ subnets: subnets, securityGroups: [group.groupId] } },
}, #{ dependsOn: net.routes + [logs, role] });
output("vpc", net.vpc.vpcId);
"#;

fn script(cidr: &str) -> String {
    SCRIPT.replace("{cidr}", cidr)
}

#[tokio::test(start_paused = true)]
async fn a_creation() {
    survives(&programs(&[Some(&script("10.0.0.0/16"))]).await, 5).await;
}

#[tokio::test(start_paused = true)]
async fn a_replacement() {
    survives(&programs(&[Some(&script("10.0.0.0/16")), Some(&script("10.1.0.0/16"))]).await, 17).await;
}

#[tokio::test(start_paused = true)]
async fn a_deletion() {
    survives(&programs(&[Some(&script("10.0.0.0/16")), None]).await, 11).await;
}

#[tokio::test(start_paused = true)]
async fn a_plan_from_before_an_interrupted_run_is_stale() {
    let store = Failing::new();
    let stack = Stack::kept_in(StateStore::within(store.clone(), "test")).await;
    assert!(attempt(&stack, Some("")).await.expect("begun").is_complete());
    let text = r#"logs_log_group("a", #{}); logs_log_group("b", #{});"#;
    let early = stack.plan(text).await;
    store.takes(2);
    assert!(attempt(&stack, Some(text)).await.is_err());
    store.takes(i64::MAX);
    let session = stack.engine.begin(&owner()).await.expect("begun");
    assert!(matches!(session.apply(&early).await, Err(EngineError::Stale)));
}

#[tokio::test(start_paused = true)]
async fn a_journal_without_its_snapshot_is_no_new_beginning() {
    let store = Failing::new();
    let stack = Stack::kept_in(StateStore::within(store.clone(), "test")).await;
    store.takes(4);
    assert!(attempt(&stack, Some(r#"logs_log_group("a", #{});"#)).await.is_err());
    store.takes(i64::MAX);
    store.inner.delete(&Path::from("test/snapshot.json")).await.expect("deleted");
    let error = stack.engine.state().await.expect_err("the snapshot is missing");
    assert!(error.to_string().contains("missing"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_record_cut_short_is_an_error_that_names_it() {
    let store = Failing::new();
    let stack = Stack::kept_in(StateStore::within(store.clone(), "test")).await;
    assert!(attempt(&stack, Some("")).await.expect("begun").is_complete());
    let path = Path::from("test/journal/0000000001-00000000.json");
    store.inner.put(&path, "{\"record\": \"int".into()).await.expect("put");
    let error = stack.engine.state().await.expect_err("cut short").to_string();
    assert!(error.contains("0000000001-00000000.json"), "{error}");
}

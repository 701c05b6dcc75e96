//! The state made to know what exists, without a script and without a change in AWS.

use hzscript::engine::EngineError;
use hzscript::state::StateStore;

use super::guides::ask;
use crate::support::failing::Failing;
use crate::support::stack::owner;
use crate::support::{Stack, World};

const SCRIPT: &str = r#"
let role = iam_role("role", #{ assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com") });
logs_log_group("logs", #{ logGroupName: "/test", retentionInDays: 5 });
secretsmanager_secret("secret", #{ name: "given", secretString: secret("hunter2"), description: role.arn });
let net = network(#{ name: "net", cidr: "10.0.0.0/16", azs: 2, natGateways: 1 });
let cluster = ecs_cluster("main", #{ clusterName: "main" });
let task = fargate_task_definition(#{ name: "app" });
task.add_container("app", #{ image: "app:1" });
fargate_service(#{ name: "app", cluster: cluster, taskDefinition: task, network: net, desiredCount: 1 });
"#;

/// Refreshes, which must succeed; gives back what was found, a line each.
async fn refresh(stack: &Stack) -> Vec<String> {
    let session = stack.engine.begin(&owner()).await.expect("begun");
    let refreshed = session.refresh().await.expect("it can be read");
    let line = |one: &hzscript::plan::drift::Drifted| {
        let paths: Vec<&str> = one.differences.iter().map(|found| found.path.as_str()).collect();
        if one.gone { format!("{} is gone", one.address) } else { format!("{} {}", one.address, paths.join(", ")) }
    };
    let lines = refreshed.found.resources.iter().map(line).collect();
    session.take_in(refreshed).await.expect("written");
    lines
}

async fn change(stack: &Stack) {
    let cloud = stack.engine.cloud();
    let retention = cloud.logs.put_retention_policy().log_group_name("/test").retention_in_days(14);
    retention.send().await.expect("changed");
    let role = stack.id("iam_role.role").await;
    cloud.iam.delete_role().role_name(role).send().await.expect("deleted");
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_is_forgotten_and_what_was_asked_for_stays_asked_for() {
    let stack = Stack::new().await;
    stack.runs(SCRIPT).await;
    assert_eq!(refresh(&stack).await, Vec::<String>::new(), "a run leaves nothing to refresh");
    let before = stack.state().await;
    let role = stack.id("iam_role.role").await;
    change(&stack).await;
    let exists = stack.exists();
    assert_eq!(refresh(&stack).await, ["iam_role.role is gone"]);
    assert_eq!(stack.exists(), exists, "AWS is not changed");
    let after = stack.state().await;
    let at = "iam_role.role".parse().expect("an address");
    assert_eq!((after.resources.contains_key(&at), after.generation(&at)), (false, 1));
    let logs = "logs_log_group.logs".parse().expect("an address");
    assert_eq!(after.resources[&logs], before.resources[&logs], "it is drift still");
    assert_eq!(after.made.map(|made| made.command).as_deref(), Some("test"));
    assert_eq!(refresh(&stack).await, Vec::<String>::new());

    stack.runs(SCRIPT).await;
    assert_ne!(stack.id("iam_role.role").await, role, "no name is made up twice");
    let groups = stack.engine.cloud().logs.describe_log_groups().log_group_name_prefix("/test").send().await;
    let groups = groups.expect("an answer").log_groups.expect("there is one");
    assert_eq!(groups.first().and_then(|group| group.retention_in_days), Some(5), "the run has put it right");
}

#[tokio::test(start_paused = true)]
async fn attributes_that_aws_tells_otherwise_are_taken_in() {
    let store = StateStore::open("memory:///", "test").expect("a store");
    let stack = Stack::kept_in(store.clone()).await;
    stack.runs(SCRIPT).await;
    let known = stack.state().await;
    let at = "secretsmanager_secret.secret".parse().expect("an address");
    let mut wrong = known.clone();
    let attributes = &mut wrong.resources.get_mut(&at).expect("it is there").attributes;
    let name = attributes.keys().next().expect("there are some").clone();
    attributes.insert(name.clone(), "wrong".into());
    store.save(&wrong).await.expect("saved");
    assert_eq!(refresh(&stack).await, [format!("{at} {name}")]);
    assert_eq!(stack.state().await.resources, known.resources);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_is_interrupted_at_any_write_is_gone_on_with() {
    for takes in 0.. {
        let store = Failing::new();
        let stack = Stack::kept_in(StateStore::within(store.clone(), "test")).await;
        stack.runs(SCRIPT).await;
        change(&stack).await;
        store.takes(takes);
        let attempt = async {
            let session = stack.engine.begin(&owner()).await?;
            let refreshed = session.refresh().await?;
            session.take_in(refreshed).await
        };
        let done = attempt.await;
        store.takes(i64::MAX);
        if done.is_ok() {
            assert!(takes >= 4, "lock, record, copy and snapshot");
            break;
        }
        assert!(matches!(done, Err(EngineError::State(_))), "{takes}: {done:?}");
        refresh(&stack).await;
        assert!(!stack.state().await.resources.contains_key(&"iam_role.role".parse().expect("an address")), "{takes}");
    }
}

#[test]
fn a_refresh_shows_what_it_writes_asks_and_tells_no_secret() {
    let world = World::new();
    let script = world.script("app.rhai", SCRIPT);
    world.hz(&["run", &script, "--yes"]).succeeds();
    std::fs::remove_file(world.path().join("app.rhai")).expect("removed");
    world.hz(&["refresh", "app.rhai"]).succeeds().told("Nothing to refresh");
    ask(&world, async |cloud| {
        cloud.logs.delete_log_group().log_group_name("/test").send().await.expect("deleted");
        let call = cloud.secrets.update_secret().secret_id("given").description("hunter3");
        call.send().await.expect("changed");
    });
    world.hz(&["refresh", "--stack", "app"]).exits_with(1).told("logs_log_group.logs").told("--yes");
    world.hz(&["state", "show", "logs_log_group.logs", "--stack", "app"]).succeeds();
    let ended = world.hz(&["refresh", "--stack", "app", "--yes", "--json"]).succeeds();
    let lines = ended.json_lines();
    let line = |event: &str| lines.iter().find(|line| line["event"] == event).expect("it is there");
    assert_eq!(line("refresh")["refresh"]["resources"][0]["gone"], true);
    assert_eq!(line("refresh")["refresh"]["drifted"], serde_json::json!(["secretsmanager_secret.secret"]));
    assert_eq!(line("refreshed")["serial"], 2);
    world.hz(&["state", "show", "logs_log_group.logs", "--stack", "app"]).exits_with(1);
    let ended = world.hz(&["refresh", "--stack", "app"]).succeeds().told("hzscript drift");
    assert!(!ended.says("hunter2") && !ended.says("hunter3"), "{}", ended.stdout);
    world.hz(&["refresh", "--stack", "apq"]).exits_with(1).told("did you mean --stack app?");
}

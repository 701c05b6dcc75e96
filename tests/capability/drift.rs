//! What exists beside what the last run asked for, and what the state tells, without a script.

use hzscript::model::Json;
use hzscript::plan::drift::Drift;

use super::guides::ask;
use crate::support::{Stack, World};

const SCRIPT: &str = r#"
let role = iam_role("role", #{ roleName: "role", assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com") });
let logs = logs_log_group("logs", #{ logGroupName: "/test", retentionInDays: 5, tags: [#{ key: "team", value: "a" }] });
let net = network(#{ name: "net", cidr: "10.0.0.0/16", azs: 1, natGateways: 1 });
let cluster = ecs_cluster("main", #{ clusterName: "main" });
let task = fargate_task_definition(#{ name: "app" });
task.add_container("app", #{ image: "app:1", environment: #{ WORD: secret("hunter2") } });
fargate_service(#{ name: "app", cluster: cluster, taskDefinition: task, network: net, desiredCount: 2 });
"#;

/// What is not as asked for, a line each.
fn told(drift: &Drift) -> Vec<String> {
    let mut lines = Vec::new();
    for drifted in &drift.resources {
        if drifted.gone {
            lines.push(format!("{} is gone", drifted.address));
        }
        for found in &drifted.differences {
            let text = |value: &_| serde_json::to_string(value).expect("it is JSON");
            let (before, after) = (text(&found.before), text(&found.after));
            lines.push(format!("{} {}: {before} -> {after}", drifted.address, found.path));
        }
    }
    lines
}

async fn drift(stack: &Stack) -> Drift {
    stack.engine.look().await.expect("begun").drift().await.expect("it can be read")
}

/// What somebody does who wants another number of tasks.
async fn scale(stack: &Stack, tasks: i32) {
    let id = stack.id("ecs_service.app").await;
    let arn = id.split('|').next().expect("it begins with the ARN");
    let call = stack.engine.cloud().ecs.update_service().cluster("main").service(arn).desired_count(tasks);
    call.send().await.expect("scaled");
}

#[tokio::test(start_paused = true)]
async fn what_others_change_and_delete_is_drift_and_a_run_puts_it_right() {
    let stack = Stack::new().await;
    stack.runs(SCRIPT).await;
    let before = stack.state().await;
    let cloud = stack.engine.cloud();
    let resources = before.resources.len();
    let none = drift(&stack).await;
    assert_eq!((told(&none), none.unchanged), (Vec::new(), resources));

    let retention = cloud.logs.put_retention_policy().log_group_name("/test").retention_in_days(14);
    retention.send().await.expect("changed");
    scale(&stack, 4).await;
    cloud.iam.delete_role().role_name("role").send().await.expect("deleted");
    let found = drift(&stack).await;
    assert_eq!(
        told(&found),
        [
            "ecs_service.app desiredCount: 2 -> 4",
            "iam_role.role is gone",
            "logs_log_group.logs retentionInDays: 5 -> 14",
        ]
    );
    assert_eq!((found.unchanged, found.gone()), (resources - 3, 1));
    assert_eq!(stack.state().await, before, "nothing is written");

    stack.runs(SCRIPT).await;
    assert_eq!(told(&drift(&stack).await), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_is_left_to_others_is_no_drift() {
    let script = SCRIPT.replace("desiredCount: 2 }", "desiredCount: 2, autoscaling: #{ min: 1, max: 6, cpu: 50 } }");
    let script =
        script.replace(r#"value: "a" }] });"#, r#"value: "a" }] }, #{ ignoreChanges: ["retentionInDays"] });"#);
    let stack = Stack::new().await;
    stack.runs(&script).await;
    let cloud = stack.engine.cloud();
    let retention = cloud.logs.put_retention_policy().log_group_name("/test").retention_in_days(14);
    retention.send().await.expect("changed");
    scale(&stack, 4).await;
    let group = cloud.logs.describe_log_groups().send().await.expect("an answer").log_groups.expect("there is one");
    let arn =
        group.iter().find(|group| group.log_group_name() == Some("/test")).and_then(|group| group.log_group_arn());
    let tagged = cloud.logs.tag_resource().resource_arn(arn.expect("it has one")).tags("owner", "somebody");
    tagged.send().await.expect("tagged");
    assert_eq!(told(&drift(&stack).await), Vec::<String>::new());

    let tagged = cloud.logs.tag_resource().resource_arn(arn.expect("it has one")).tags("team", "b");
    tagged.send().await.expect("tagged");
    assert_eq!(told(&drift(&stack).await), [r#"logs_log_group.logs tags.team: "a" -> "b""#]);
    // What the script leaves to others no longer is drift again.
    stack.runs(&script.replace(r#", #{ ignoreChanges: ["retentionInDays"] }"#, "")).await;
    let retention = cloud.logs.put_retention_policy().log_group_name("/test").retention_in_days(14);
    retention.send().await.expect("changed");
    assert_eq!(told(&drift(&stack).await), ["logs_log_group.logs retentionInDays: 5 -> 14"]);
}

#[test]
fn drift_is_told_by_the_exit_status_and_in_json() {
    let world = World::new();
    let script = world.script("app.rhai", SCRIPT);
    world.hz(&["run", &script, "--yes"]).succeeds();
    std::fs::remove_file(world.path().join("app.rhai")).expect("removed");
    world.hz(&["drift", &script]).exits_with(0).told("No drift");
    ask(&world, async |cloud| {
        let call = cloud.logs.put_retention_policy().log_group_name("/test").retention_in_days(14);
        call.send().await.expect("changed");
    });
    let ended = world.hz(&["drift", "--stack", "app"]).exits_with(2).told("retentionInDays: 5 → 14");
    assert!(ended.says("1 changed, 0 gone"), "{}", ended.stdout);
    let lines = world.hz(&["drift", "--stack", "app", "--json"]).exits_with(2).json_lines();
    let line = lines.iter().find(|line| line["event"] == "drift").expect("it is there");
    let difference = &line["drift"]["resources"][0];
    assert_eq!((&line["none"], &difference["address"]), (&false.into(), &"logs_log_group.logs".into()));
    assert_eq!(difference["differences"][0]["after"], 14);
    world.hz(&["drift", "--stack", "apq"]).exits_with(1).told("did you mean --stack app?");
    world.hz(&["drift", "--stack", "app", "--region", "us-east-1"]).exits_with(1).told("eu-west-1");
}

const SECRET: &str = r#"
secretsmanager_secret("given", #{ name: "given", secretString: "hunter2", description: secret("hunter3") });
logs_log_group("logs", #{ logGroupName: "/test", tags: [#{ key: "word", value: secret("hunter4") }] });
"#;

#[test]
fn secrets_are_not_told_whoever_set_them() {
    let world = World::new();
    let script = world.script("app.rhai", SECRET);
    world.hz(&["run", &script, "--yes"]).succeeds();
    world.hz(&["drift", &script]).exits_with(0);
    ask(&world, async |cloud| {
        let call = cloud.secrets.update_secret().secret_id("given").description("elsewhere-1");
        call.send().await.expect("changed");
        let groups = cloud.logs.describe_log_groups().send().await.expect("an answer");
        let arn = groups.log_groups().first().and_then(|group| group.log_group_arn()).expect("it has one");
        cloud.logs.tag_resource().resource_arn(arn).tags("word", "elsewhere-2").send().await.expect("changed");
    });
    let mut said = String::new();
    for words in [vec!["drift", &script], vec!["drift", &script, "--json"]] {
        let ended = world.hz(&words).exits_with(2).told("description").told("tags.word").told("(secret)");
        said.extend([ended.stdout, ended.stderr]);
    }
    for words in [vec!["plan", &script], vec!["plan", &script, "--json"]] {
        let ended = world.hz(&words).succeeds().told("description").told("tags.word").told("(secret)");
        said.extend([ended.stdout, ended.stderr]);
    }
    for address in ["secretsmanager_secret.given", "logs_log_group.logs"] {
        for json in [&[][..], &["--json"]] {
            let ended = world.hz(&[&["state", "show", address, &script], json].concat()).succeeds().told("(secret)");
            said.push_str(&ended.stdout);
        }
    }
    for value in ["hunter2", "hunter3", "hunter4", "elsewhere-1", "elsewhere-2", "sha256"] {
        assert!(!said.contains(value), "{value} is said:\n{said}");
    }
}

#[test]
fn the_state_tells_what_there_is_and_what_may_be_meant() {
    let world = World::new();
    world.hz(&["state", "stacks"]).succeeds().told("No stack was ever run");
    world.hz(&["state", "list", "--stack", "app"]).exits_with(1).told("no stack was ever run there");
    assert!(!world.path().join(".hzscript").exists(), "looking makes nothing");
    let script = world.script("app.rhai", SCRIPT);
    world.hz(&["run", &script, "--yes"]).succeeds();
    world.hz(&["run", &world.script("other.rhai", "ecs_cluster(\"c\", #{});"), "--yes"]).succeeds();

    let json = |words: &[&str]| -> Json {
        let ended = world.hz(&[words, &["--json"]].concat()).succeeds();
        serde_json::from_str(&ended.stdout).expect("one value")
    };
    let listed = json(&["state", "list", &script]);
    let listed = listed.as_array().expect("an array");
    let logs = listed.iter().find(|item| item["address"] == "logs_log_group.logs").expect("it is listed");
    assert_eq!((&logs["type"], &logs["id"]), (&"AWS::Logs::LogGroup".into(), &"/test".into()));
    let stacks = json(&["state", "stacks"]);
    let counts: Vec<_> =
        stacks.as_array().expect("an array").iter().map(|one| (&one["stack"], &one["resources"])).collect();
    assert_eq!(counts, [(&"app".into(), &listed.len().into()), (&"other".into(), &1.into())]);
    let shown = json(&["state", "show", "ecs_cluster.main", "--stack", "app"]);
    assert_eq!((&shown["inputs"]["clusterName"], &shown["neededBy"][0]), (&"main".into(), &"ecs_service.app".into()));

    world.hz(&["state", "list", &script]).succeeds().told("logs_log_group.logs").told("Stack app in local");
    let service = world.hz(&["state", "show", "ecs_service.app", &script]).succeeds();
    service.told("desiredCount: 2").told("ecs_cluster.main").told("serviceArn: arn:aws:ecs");
    let show = |address: &str| world.hz(&["state", "show", address, &script]).exits_with(1);
    show("ecs_service.ap").told("did you mean ecs_service.app?");
    show("logs").told("did you mean logs_log_group.logs?");
    show("nothing/like it").told("hzscript state list --stack app");
    world.hz(&["state", "show", "ecs_service.app", "--stack", "ap"]).exits_with(1).told("did you mean --stack app?");
    world.hz(&["state", "list", "--stack", "none"]).exits_with(1).told("stacks there are: app, other");
}

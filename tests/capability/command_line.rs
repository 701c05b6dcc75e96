//! The command line, good input and bad.

use std::process::Stdio;

use crate::support::World;

const LOGS: &str = r#"
let days = input("days", 5);
let logs = logs_log_group("logs", #{ logGroupName: "/test", retentionInDays: days });
output("name", logs.logGroupName);
"#;

#[test]
fn without_a_terminal_and_without_yes_nothing_changes() {
    let world = World::new();
    let script = world.script("logs.rhai", LOGS);
    world.hz(&["run", &script]).exits_with(1).told("logs_log_group.logs").told("--yes");
    assert_eq!(world.exists(), []);
}

#[test]
fn eight_mistakes_are_eight_messages_each_with_its_place() {
    let world = World::new();
    let script = world.script(
        "wrong.rhai",
        r#"let vpc = ec2_vpc("vpc", #{ cidrBlok: "10.0.0.0/16", cidrBlock: "10.0.0.0/16" });
let small = ec2_vpc("small", #{ cidrBlock: "10.0.0.1/99" });
ec2_subnet("subnet", #{ cidrBlock: "10.0.1.0/24" });
logs_log_group("logs", #{ retentionInDays: 4 });
logs_log_group("other", #{ retentionInDays: "many" });
ecs_task_definition("task", #{ cpu: 256, memory: 4096, networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"],
    containerDefinitions: [#{ name: "a", image: "a" }] });
iam_role("role", #{ roleName: "not a name!", assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com") });
output("id", vpc.vpcIdd);
"#,
    );
    let ended = world.hz(&["run", &script, "--yes"]).exits_with(1);
    for line in [1, 2, 3, 4, 5, 6, 8, 9] {
        assert!(ended.says(&format!("wrong.rhai:{line}:")), "line {line}\n{}", ended.stderr);
    }
    let ended = ended.told("cidrBlock").told("vpcId").told("2048");
    assert!(ended.says("8 mistakes"), "{}", ended.stderr);
    assert_eq!(world.exists(), []);
}

#[test]
fn hostile_scripts_end_in_a_clear_error() {
    let nested = format!("let x = {}1{};", "[".repeat(10_000), "]".repeat(10_000));
    let scripts = [
        ("loop.rhai", "loop { }".to_owned()),
        ("bomb.rhai", r#"let s = "x"; loop { s += s; }"#.to_owned()),
        ("list.rhai", "let a = []; loop { a.push([1, 2, 3]); }".to_owned()),
        ("nested.rhai", nested),
        (
            "cycle.rhai",
            r#"let a = ec2_security_group("a", #{ groupDescription: "a" });
               let b = ec2_security_group("b", #{ groupDescription: "b" });
               a.allow_from(b, 1); b.allow_from(a, 1);"#
                .to_owned(),
        ),
    ];
    let world = World::new();
    for (name, text) in scripts {
        let script = world.script(name, &text);
        let ended = world.hz(&["run", &script, "--yes"]).exits_with(1);
        assert!(ended.says(name), "{name}\n{}", ended.stderr);
        assert!(!ended.says("panicked"), "{name}\n{}", ended.stderr);
        assert_eq!(world.exists(), []);
    }
}

#[test]
fn inputs_come_from_flags_files_and_the_environment() {
    let world = World::new();
    let script = world.script("logs.rhai", LOGS);
    world.script("inputs.toml", "days = 7\n");
    world.hz(&["plan", &script]).succeeds().told("5");
    world.hz(&["plan", &script, "--inputs", "inputs.toml"]).succeeds().told("7");
    world.hz(&["plan", &script, "--inputs", "inputs.toml", "--set", "days=14"]).succeeds().told("14");
    let ended = world.command(&["plan", &script]).env("HZ_INPUT_days", "30").output().expect("it starts");
    assert!(String::from_utf8_lossy(&ended.stdout).contains("30"));
    // The environment is every script's: what this one does not ask for is another's.
    let ended = world.command(&["plan", &script]).env("HZ_INPUT_other", "30").output().expect("it starts");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    world.hz(&["plan", &script, "--set", "day=14"]).exits_with(1).told("days");
    world.hz(&["plan", &script, "--set", "days=soon"]).exits_with(1).told("days");
}

#[test]
fn json_is_one_object_a_line() {
    let world = World::new();
    let script = world.script("logs.rhai", LOGS);
    let lines = world.hz(&["run", &script, "--yes", "--json"]).succeeds().json_lines();
    assert!(lines.len() > 3 && lines.iter().all(serde_json::Value::is_object), "{lines:#?}");
    let done: Vec<_> = lines.iter().filter(|line| line["event"] == "stepDone").collect();
    assert!(!done.is_empty() && done.iter().all(|line| line["elapsed"].is_f64()), "seconds\n{lines:#?}");
}

#[test]
fn the_preview_shows_what_differs() {
    let world = World::new();
    let script = world.script("logs.rhai", LOGS);
    world.hz(&["run", &script, "--yes"]).succeeds();
    world.hz(&["plan", &script, "--set", "days=7"]).succeeds().told("~ logs_log_group.logs").told("retentionInDays");
    assert_eq!(world.hz(&["plan", &script, "--set", "days=7", "--detailed-exitcode"]).code, Some(2));
}

#[test]
fn a_file_that_is_not_there_is_said_with_a_way_out() {
    let world = World::new();
    world.script("logs.rhai", LOGS);
    world.hz(&["run", "log.rhai", "--yes"]).exits_with(1).told("log.rhai").told("logs.rhai");
}

#[test]
fn help_is_had_by_either_word() {
    let world = World::new();
    assert_eq!(world.hz(&["help", "run"]).succeeds().stdout, world.hz(&["run", "--help"]).succeeds().stdout);
    world.hz(&["help", "local", "serve"]).succeeds().told("--port");
}

#[test]
fn an_endpoint_that_is_no_address_is_told_from_credentials_that_are_missing() {
    let world = World::new();
    let script = world.script("logs.rhai", LOGS);
    let ended = world.hz(&["plan", &script, "--endpoint-url", "localhost:4566"]).exits_with(1);
    ended.told("`localhost:4566` is not an address").told("http://");
}

#[test]
fn a_profile_that_is_named_is_used_whatever_credentials_the_environment_has() {
    let world = World::new();
    let script = world.script("logs.rhai", LOGS);
    let arguments = ["plan", &script, "--profile", "nobodys", "--region", "eu-west-1"];
    let mut command = world.command(&arguments);
    command.args(["--endpoint-url", "http://127.0.0.1:1"]);
    command.env("AWS_ACCESS_KEY_ID", "other").env("AWS_SECRET_ACCESS_KEY", "other");
    let ended = command.output().expect("it starts");
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(told.contains("nobodys") && !told.contains("refused"), "{told}");
}

#[test]
fn check_needs_no_cloud() {
    let world = World::new();
    let script = world.script("logs.rhai", LOGS);
    world.hz(&["check", &script]).succeeds();
    assert!(!world.path().join(".hzscript/local").exists(), "nothing was opened");
}

#[test]
fn a_killed_run_is_gone_on_with() {
    let world = World::new();
    let script =
        world.script("many.rhai", r#"for n in 0..200 { logs_log_group("g" + n, #{ logGroupName: "/g/" + n }); }"#);
    let mut killed = world
        .command(&["run", &script, "--yes"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    // As soon as something was made.
    let made = world.path().join(".hzscript/state/many/journal");
    while std::fs::read_dir(&made).map_or(0, Iterator::count) < 40 {
        assert!(killed.try_wait().expect("asked").is_none(), "it ended before it was killed");
        std::thread::yield_now();
    }
    killed.kill().expect("killed");
    killed.wait().expect("ended");
    world.hz(&["run", &script, "--yes"]).succeeds();
    assert_eq!(world.count("AWS::Logs::LogGroup"), 200, "nothing lost, nothing twice");
    world.hz(&["plan", &script, "--detailed-exitcode"]).exits_with(0);
}

#[test]
fn a_stack_that_is_mistyped_is_not_taken_for_one_that_is_gone() {
    let world = World::new();
    let script = world.script("cluster.rhai", "ecs_cluster(\"main\", #{});");
    world.hz(&["run", &script, "--yes"]).succeeds();
    world.hz(&["destroy", "--stack", "clutser", "--yes"]).exits_with(1).told("did you mean cluster?");
    world.hz(&["destroy", "--stack", "other", "--yes"]).succeeds().told("Stacks there are: cluster.");
}

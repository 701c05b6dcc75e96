//! `hzscript.toml`: what it gives, what wins over it, and what is refused in it.

use crate::support::World;

const SCRIPT: &str = r#"
let days = input("days", 5);
logs_log_group("logs", #{ logGroupName: "/test", retentionInDays: days });
output("region", region());
"#;

const SETTINGS: &str = r#"
[defaults]
script = "logs.rhai"
stack = "dev"
region = "eu-central-1"
inputs = { days = 7 }

[stack.prod]
region = "eu-north-1"
inputs = { days = 30 }
"#;

fn world() -> World {
    let world = World::new();
    world.script("logs.rhai", SCRIPT);
    world.script("hzscript.toml", SETTINGS);
    world
}

#[test]
fn a_command_takes_from_the_file_what_nothing_else_says() {
    let world = world();
    world.hz(&["check"]).succeeds().told("1 resource");
    let planned = world.hz(&["plan", "-v"]).succeeds().told("eu-central-1, stack dev").told("retentionInDays 7");
    planned
        .told("hzscript.toml:3: script logs.rhai")
        .told("hzscript.toml:5: region eu-central-1")
        .told("hzscript.toml:6: input days");
    world.hz(&["plan", "--stack", "prod"]).succeeds().told("eu-north-1, stack prod").told("retentionInDays 30");
    world.hz(&["plan", "--region", "us-east-1"]).succeeds().told("us-east-1, stack dev");
    world.hz(&["plan", "--set", "days=14"]).succeeds().told("retentionInDays 14");
    let with = |name: &str, value: &str| {
        let ended = world.command(&["plan"]).env(name, value).output().expect("it starts");
        String::from_utf8(ended.stdout).expect("UTF-8")
    };
    assert!(with("AWS_REGION", "us-west-2").contains("us-west-2, stack dev"), "the environment wins over the file");
    assert!(with("HZSCRIPT_STACK", "prod").contains("eu-north-1, stack prod"));
    assert!(with("HZ_INPUT_days", "60").contains("retentionInDays 60"));
}

#[test]
fn a_stack_is_looked_after_without_naming_its_script() {
    let world = world();
    world.hz(&["run", "--yes"]).succeeds().told("stack dev");
    world.hz(&["outputs"]).succeeds().told("eu-central-1");
    world.hz(&["drift"]).exits_with(0);
    world.hz(&["state", "list"]).succeeds().told("logs_log_group.logs");
    world.hz(&["state", "show", "logs_log_group.logs"]).succeeds().told("retentionInDays");
    world.hz(&["state", "mv", "logs_log_group.logs=logs_log_group.moved", "--yes"]).succeeds();
    world.hz(&["forget", "logs_log_group.moved", "--yes"]).succeeds();
    world.hz(&["state", "history"]).succeeds().told("forget");
    world.hz(&["destroy", "--yes"]).succeeds();
}

#[test]
fn the_state_is_beside_the_file_wherever_the_program_is_started() {
    let world = world();
    std::fs::create_dir(world.path().join("deep")).expect("made");
    let mut below = world.command(&["run", "--yes"]);
    let ended = below.current_dir(world.path().join("deep")).output().expect("it starts");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(!world.path().join("deep/.hzscript").exists());
    world.hz(&["plan", "--detailed-exitcode"]).exits_with(0);
    world.hz(&["plan", "logs.rhai", "--detailed-exitcode"]).exits_with(0);
}

#[test]
fn another_script_of_the_folder_has_a_stack_and_inputs_of_its_own() {
    let world = world();
    world.script("other.rhai", r#"ecs_cluster("main", #{});"#);
    world.hz(&["plan", "other.rhai"]).succeeds().told("eu-central-1, stack other");
}

#[test]
fn what_is_wrong_in_the_file_is_told_where_it_stands() {
    let world = world();
    world.script("hzscript.toml", "[defaults]\nscript = \"logs.rhai\"\nregoin = \"eu-west-1\"\ntarget = \"azure\"\n");
    let ended = world.hz(&["plan"]).exits_with(1).told("hzscript.toml:3:1").told("did you mean `region`?");
    ended.told("hzscript.toml:4:10").told("`local` or `aws`").told("2 mistakes in hzscript.toml");
    world.script("hzscript.toml", "[defaults\n");
    world.hz(&["plan"]).exits_with(1).told("hzscript.toml:1:");
    world.script("hzscript.toml", "[defaults]\nscript = \"logs.rhai\"\ninputs = { day = 7 }\n");
    world.hz(&["plan"]).exits_with(1).told("no input `day`, which hzscript.toml gives").told("`days`");
    assert_eq!(world.exists(), []);
}

#[test]
fn a_secret_does_not_belong_into_the_file() {
    let world = world();
    let secret = r#"secretsmanager_secret("it", #{ secretString: secret(input("password")) });"#;
    world.script("logs.rhai", secret);
    world.script("hzscript.toml", "[defaults]\nscript = \"logs.rhai\"\ninputs = { password = \"hunter2-in-clear\" }\n");
    let ended = world.hz(&["plan"]).exits_with(1).told("`password` is secret").told("HZ_INPUT_password");
    assert!(!ended.says("hunter2"), "{}", ended.stderr);
    world.script("logs.rhai", &secret.replace(r#"secret(input("password"))"#, r#"input("password", secret("x"))"#));
    world.hz(&["plan"]).exits_with(1).told("`password` is secret");
}

#[test]
fn a_target_or_profile_of_the_file_gives_way_to_another_target() {
    let world = world();
    let aws = "[defaults]\nscript = \"logs.rhai\"\ntarget = \"aws\"\nprofile = \"nobodys\"\nregion = \"eu-west-1\"\n";
    world.script("hzscript.toml", aws);
    world.hz(&["plan"]).exits_with(1).told("nobodys");
    world.hz(&["plan", "--target", "local"]).succeeds().told("local: the embedded AWS");
    world.hz(&["plan", "--fault", "drop=create"]).exits_with(1).told("--target local");
}

//! The state changed by itself: other addresses, resources forgotten, states copied and brought back. Nothing in AWS is
//! asked or changed.

use std::fs;
use std::path::PathBuf;

use hzscript::model::Json;

use crate::support::World;

const SCRIPT: &str = r#"
let days = input("days", 5);
let logs = logs_log_group("logs", #{ logGroupName: "/test", retentionInDays: days });
let role = iam_role("role", #{ roleName: "role", assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com") });
secretsmanager_secret("secret", #{ name: "given", secretString: secret("hunter2"), description: role.arn });
output("name", logs.logGroupName);
"#;

/// A world in which the script ran.
fn ran() -> World {
    let world = World::new();
    world.script("app.rhai", SCRIPT);
    world.hz(&["run", "app.rhai", "--yes"]).succeeds();
    world
}

fn folder(world: &World) -> PathBuf {
    world.path().join(".hzscript/state/app")
}

/// Addresses that the state has.
fn known(world: &World) -> Vec<String> {
    let listed = world.hz(&["state", "list", "--stack", "app", "--json"]).succeeds();
    let listed: Vec<Json> = serde_json::from_str(&listed.stdout).expect("an array");
    listed.iter().map(|item| item["address"].as_str().expect("a text").to_owned()).collect()
}

fn json(text: &str) -> Json {
    serde_json::from_str(text).expect("JSON")
}

/// The serials of the copies there are.
fn serials(world: &World) -> Vec<u64> {
    let listed = world.hz(&["state", "history", "--stack", "app", "--json"]).succeeds();
    let listed: Vec<Json> = serde_json::from_str(&listed.stdout).expect("an array");
    listed.iter().map(|item| item["serial"].as_u64().expect("a number")).collect()
}

const ALL: [&str; 3] = ["iam_role.role", "logs_log_group.logs", "secretsmanager_secret.secret"];

#[test]
fn what_is_forgotten_stays_in_aws_and_can_be_taken_up_again() {
    let world = ran();
    let before = world.exists();
    world.hz(&["forget", "logs_log_group.logs", "app.rhai"]).exits_with(1).told("--yes");
    assert_eq!(known(&world), ALL);
    let ended = world.hz(&["forget", "logs_log_group.logs", "app.rhai", "--yes"]).succeeds();
    ended.told("AWS::Logs::LogGroup").told("/test").told("stay in AWS").told("option `id`");
    assert_eq!(known(&world), [ALL[0], ALL[2]]);
    assert_eq!(world.exists(), before);
    world.script("app.rhai", &SCRIPT.replace("retentionInDays: days }", "retentionInDays: days }, #{ id: \"/test\" }"));
    world.hz(&["run", "app.rhai", "--yes"]).succeeds();
    assert_eq!((known(&world).len(), world.exists()), (3, before));
}

#[test]
fn rm_is_forget_and_what_others_need_goes_with_them_only() {
    let world = ran();
    let needed = ["state", "rm", "iam_role.role", "--stack", "app", "--yes"];
    world.hz(&needed).exits_with(1).told("needed by secretsmanager_secret.secret").told("nothing was changed");
    world
        .hz(&["state", "rm", "iam_role.rule", "--stack", "app", "--yes"])
        .exits_with(1)
        .told("no resource iam_role.rule");
    world.hz(&["state", "rm", "iam_role.role", "--yes"]).exits_with(1).told("which stack is meant");
    world.hz(&["state", "rm", "role", "--stack", "app", "--yes"]).exits_with(1).told("not an address");
    world
        .hz(&["state", "rm", "iam_role.role", "--stack", "apq", "--yes"])
        .exits_with(1)
        .told("did you mean --stack app?");
    assert!(!folder(&world).parent().expect("a folder").join("apq").exists(), "a wrong name leaves nothing behind");
    assert_eq!(known(&world), ALL);
    let both = ["state", "rm", "iam_role.role", "secretsmanager_secret.secret", "--stack", "app", "--yes", "--json"];
    let ended = world.hz(&both).succeeds();
    let told = json(&ended.stdout);
    assert_eq!((told["serial"].as_u64(), &told["forgotten"][0]["id"]), (Some(2), &"role".into()));
    assert_eq!(known(&world), [ALL[1]]);
}

#[test]
fn resources_move_together_and_what_needs_them_follows() {
    let world = ran();
    let mv = |words: &[&str]| world.hz(&[&["state", "mv"], words, &["app.rhai", "--yes"]].concat());
    mv(&["iam_role.role", "iam_role.other"]).succeeds().told("The script must say the new address");
    let shown = world.hz(&["state", "show", "secretsmanager_secret.secret", "--stack", "app", "--json"]).succeeds();
    assert_eq!(json(&shown.stdout)["dependencies"], serde_json::json!(["iam_role.other"]));
    mv(&["iam_role.other", "logs_log_group.other"]).exits_with(1).told("another kind");
    mv(&["iam_role.role", "iam_role.third"]).exits_with(1).told("no resource iam_role.role");
    mv(&["iam_role.other=iam_role.third", "iam_role.other=iam_role.fourth"]).exits_with(1).told("named twice");
    mv(&["iam_role.other", "iam_role.third", "iam_role.fourth"]).exits_with(1).told("what becomes what is not said");
    let both = ["iam_role.other=iam_role.role", "logs_log_group.logs=logs_log_group.moved", "--json"];
    let told = json(&mv(&both).succeeds().stdout);
    assert_eq!(told["moved"][1], serde_json::json!({ "from": ALL[1], "to": "logs_log_group.moved", "id": "/test" }));
    assert_eq!(known(&world), ["iam_role.role", "logs_log_group.moved", "secretsmanager_secret.secret"]);
    let before = world.exists();
    world.script("app.rhai", &SCRIPT.replace("logs_log_group(\"logs\"", "logs_log_group(\"moved\""));
    world.hz(&["run", "app.rhai", "--yes"]).succeeds();
    assert_eq!(world.exists(), before, "nothing was made again or deleted");
}

#[test]
fn history_tells_who_wrote_what_and_restore_brings_it_back() {
    let world = ran();
    world.hz(&["run", "app.rhai", "--yes", "--set", "days=7"]).succeeds();
    world.hz(&["forget", "logs_log_group.logs", "app.rhai", "--yes"]).succeeds();
    let ended = world.hz(&["state", "history", "app.rhai"]).succeeds();
    for said in ["+3 ~0 -0", "+0 ~1 -0", "+0 ~0 -1", "run app.rhai", "forget logs_log_group.logs"] {
        assert!(ended.says(said), "{said}\n{}", ended.stdout);
    }
    assert_eq!(serials(&world), [0, 1, 2, 3]);
    world.hz(&["state", "restore", "9", "app.rhai", "--yes"]).exits_with(1).told("there are: 0, 1, 2, 3");
    world.hz(&["state", "restore", "3", "app.rhai"]).succeeds().told("nothing to restore");
    world.hz(&["state", "restore", "1", "app.rhai"]).exits_with(1).told("--yes");
    let ended = world.hz(&["state", "restore", "1", "app.rhai", "--yes"]).succeeds();
    ended.told("1 come to be known, 0 known otherwise").told("Nothing in AWS is changed").told("as serial 4");
    assert_eq!((known(&world).len(), serials(&world)), (3, vec![0, 1, 2, 3, 4]));
    let told = world.hz(&["state", "restore", "2", "app.rhai", "--yes", "--json"]).succeeds();
    let told = json(&told.stdout);
    assert_eq!((&told["restored"], &told["serial"]), (&2.into(), &5.into()));
    assert_eq!(told["difference"]["changed"][0]["what"], serde_json::json!(["retentionInDays"]));
    world.hz(&["plan", "app.rhai", "--set", "days=7", "--detailed-exitcode"]).succeeds();
}

#[test]
fn a_damaged_state_is_restored_as_the_error_says() {
    let world = ran();
    let before = known(&world);
    fs::write(folder(&world).join("snapshot.json"), "{}").expect("written");
    world.hz(&["plan", "app.rhai"]).exits_with(1).told("hzscript state restore 1 --stack app");
    for words in [&["forget", "logs_log_group.logs"][..], &["state", "mv", "iam_role.role", "iam_role.other"]] {
        world.hz(&[words, &["app.rhai", "--yes"]].concat()).exits_with(1).told("state restore 1 --stack app");
    }
    world.hz(&["state", "history", "--stack", "app"]).succeeds();
    world.hz(&["state", "restore", "1", "--stack", "app", "--yes"]).succeeds().told("cannot be read");
    assert_eq!(known(&world), before);
    world.hz(&["plan", "app.rhai", "--detailed-exitcode"]).succeeds();
    fs::remove_file(folder(&world).join("snapshot.json")).expect("removed");
    world.hz(&["state", "restore", "2", "--stack", "app", "--yes"]).succeeds();
    assert_eq!(known(&world), before);
}

#[test]
fn a_state_is_pulled_and_pushed_elsewhere_and_never_over_what_is_not_its_own() {
    let world = ran();
    let pull = |to: &str| {
        let pulled = world.hz(&["state", "pull", "--stack", "app"]).succeeds();
        assert!(!pulled.says("hunter2"), "{}", pulled.stdout);
        fs::write(world.path().join(to), &pulled.stdout).expect("written");
        pulled.stdout
    };
    let text = pull("first");
    world.hz(&["state", "push", "first"]).succeeds().told("nothing to push");
    world.hz(&["state", "push", "first", "--state", "elsewhere", "--yes"]).succeeds().told("3 come to be known");
    world.hz(&["plan", "app.rhai", "--state", "elsewhere", "--detailed-exitcode"]).succeeds();
    let again = world.hz(&["state", "pull", "--stack", "app", "--state", "elsewhere"]).succeeds();
    assert_eq!(json(&again.stdout)["resources"], json(&text)["resources"]);

    world.hz(&["state", "mv", "iam_role.role", "iam_role.other", "app.rhai", "--yes"]).succeeds();
    world.hz(&["state", "push", "first", "--yes"]).exits_with(1).told("older").told("nothing was changed");
    world.hz(&["state", "push", "first", "--stack", "other", "--yes"]).exits_with(1).told("stack app, not of other");
    fs::write(world.path().join("edited"), text.replace("\"/test\"", "\"/tset\"")).expect("written");
    world.hz(&["state", "push", "edited", "--yes", "--force"]).exits_with(1).told("checksum");
    world.hz(&["state", "push", "nowhere", "--yes"]).exits_with(1).told("cannot read nowhere");
    assert!(known(&world).contains(&"iam_role.other".to_owned()));
    let told = world.hz(&["state", "push", "first", "--yes", "--force", "--json"]).succeeds();
    assert_eq!(json(&told.stdout)["serial"], 3);
    assert_eq!((known(&world), serials(&world)), (ALL.map(str::to_owned).to_vec(), vec![0, 1, 2, 3]));

    // A stack that was begun on its own.
    world.hz(&["run", "app.rhai", "--yes", "--state", "third", "--dir", "apart"]).succeeds();
    world.hz(&["state", "push", "first", "--state", "third", "--yes"]).exits_with(1).told("lineage");
    let region = text.replace("\"eu-west-1\"", "\"eu-west-2\"");
    assert_ne!(region, text);
}

//! Plans that are saved: what is executed later is what was shown, on what it was made for, or nothing.

use std::sync::LazyLock;

use hzscript::apply::execute::Report;
use hzscript::apply::formation::FormationCheck;
use hzscript::cloud::Answering;
use hzscript::engine::{Engine, EngineError};
use hzscript::plan::Saved;
use hzscript::plan::saved::ReadError;
use hzscript::state::StateStore;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::support::failing::Failing;
use crate::support::interruption::attempt;
use crate::support::stack::{owner, summary};
use crate::support::world::project_script;
use crate::support::{Stack, World};

const TWO: &str = r#"
let net = ec2_vpc("net", #{ cidrBlock: "10.0.0.0/16" });
ec2_subnet("a", #{ vpcId: net.vpcId, cidrBlock: "10.0.1.0/24" });
logs_log_group("logs", #{ retentionInDays: 5 });
output("net", net.vpcId);
"#;

/// Plans a script, and gives the plan back as it is read from text.
async fn drafted(stack: &Stack, text: &str) -> Saved {
    let program = stack.program(text).await;
    let session = stack.engine.draft().await.expect("it can be looked at");
    let plan = session.plan(&program).await.expect("a plan");
    let again = "hzscript run test.rhai".to_owned();
    let saved = Saved::new(plan, &session.state().await, stack.engine.place(), again).expect("no secrets");
    let read = Saved::from_text(saved.to_text().expect("JSON").as_bytes()).expect("readable");
    assert_eq!(read, saved, "what is read is what was written");
    read
}

async fn applied(stack: &Stack, saved: &Saved) -> Result<Report, EngineError> {
    stack.engine.begin_saved(saved, &owner()).await?.apply(&saved.plan).await
}

#[test]
fn what_was_shown_is_executed_without_the_script() {
    for script in ["hazelcast.rhai", "orientdb.rhai"] {
        let world = World::new();
        let text = std::fs::read_to_string(project_script(script)).expect("readable");
        let script = world.script("demo.rhai", &text);
        let planned = world.hz(&["plan", &script, "--out", "demo.plan"]).succeeds();
        assert_eq!(world.exists(), []);
        std::fs::remove_file(world.path().join(&script)).expect("removed");
        let (shown, _) = planned.stdout.split_once("Saved in demo.plan").expect("it says so");
        let applied = world.hz(&["apply", "demo.plan", "--yes"]).succeeds().told(shown.trim_end());
        assert!(!shown.contains("????"), "every name is known: {shown}");

        world.script("demo.rhai", &text);
        world.hz(&["plan", &script, "--detailed-exitcode"]).exits_with(0);
        let there = world.exists();
        let again = world.hz(&["apply", "demo.plan", "--yes"]).exits_with(1);
        again.told("demo.plan is stale").told("or plan and execute at once: hzscript run demo.rhai");
        assert_eq!(world.exists(), there);

        let run = World::new();
        run.script("demo.rhai", &text);
        run.hz(&["run", &script, "--yes"]).succeeds();
        let types = |all: Vec<(String, String)>| all.into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
        assert_eq!(types(there), types(run.exists()), "{}", applied.stdout);
    }
}

#[tokio::test(start_paused = true)]
async fn updates_replacements_and_deletions_are_executed_as_planned() {
    let stack = Stack::new().await;
    applied(&stack, &drafted(&stack, TWO).await).await.expect("executed");
    let changed = r#"
        let net = ec2_vpc("net", #{ cidrBlock: "10.0.0.0/16", enableDnsHostnames: true });
        ec2_subnet("a", #{ vpcId: net.vpcId, cidrBlock: "10.0.2.0/24" });
        logs_log_group("moved", #{ retentionInDays: 7 }, #{ aliases: ["logs_log_group.logs"] });
        ec2_subnet("b", #{ vpcId: net.vpcId, cidrBlock: "10.0.3.0/24" });
    "#;
    let last = r#"let net = ec2_vpc("net", #{ cidrBlock: "10.1.0.0/16" });"#;
    for (text, steps) in [
        (
            changed,
            ["~ ec2_vpc.net enableDnsHostnames", "+/- ec2_subnet.a cidrBlock", "~ logs_log_group.moved"].as_slice(),
        ),
        (last, &["+/- ec2_vpc.net cidrBlock", "- ec2_subnet.b", "- logs_log_group.moved"]),
    ] {
        let saved = drafted(&stack, text).await;
        let told = summary(&saved.plan);
        assert!(steps.iter().all(|step| told.contains(step)), "{told}");
        let report = applied(&stack, &saved).await.expect("begun");
        assert!(report.is_complete(), "{:#?}", report.failures);
        assert!(stack.plan(text).await.is_empty());
    }
    assert_eq!(stack.exists(), ["AWS::EC2::VPC"]);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_changed_since_is_refused() {
    let stack = Stack::new().await;
    let first = drafted(&stack, TWO).await;
    let other = drafted(&stack, TWO).await;
    applied(&stack, &first).await.expect("executed");
    let there = stack.exists();
    for stale in [&first, &other] {
        assert!(matches!(applied(&stack, stale).await, Err(EngineError::Stale)));
    }
    let next = drafted(&stack, "").await;
    stack.runs(&TWO.replace("retentionInDays: 5", "retentionInDays: 7")).await;
    assert!(matches!(applied(&stack, &next).await, Err(EngineError::Stale)));
    assert_eq!(stack.exists(), there);
    // Nobody is kept out by a plan that was refused.
    stack.runs("").await;
}

#[tokio::test(start_paused = true)]
async fn a_plan_of_a_state_that_is_gone_is_refused() {
    let stack = Stack::new().await;
    stack.runs(TWO).await;
    let saved = drafted(&stack, "").await;
    let store = StateStore::open("memory:///", "test").expect("a store");
    let begun = engine(&stack, store.clone(), Answering::Embedded).begin_saved(&saved, &owner()).await.map(|_| ());
    assert!(matches!(begun, Err(EngineError::Stale)), "{begun:?}");
    assert_eq!(store.load().await.expect("readable"), None, "no state is begun");
}

fn engine(stack: &Stack, store: StateStore, answering: Answering) -> Engine {
    let mut cloud = stack.engine.cloud().clone();
    cloud.answering = answering;
    let engine = Engine::builder(cloud).state(store).parallelism(4).formation(FormationCheck::Never);
    engine.build().expect("an engine")
}

#[tokio::test(start_paused = true)]
async fn another_account_or_cloud_is_refused() {
    let stack = Stack::new().await;
    let saved = drafted(&stack, TWO).await;
    let store = || StateStore::open("memory:///", "test").expect("a store");
    let mut elsewhere = saved.clone();
    elsewhere.plan.target.account = "111122223333".to_owned();
    for (saved, answering) in [(&saved, Answering::Aws), (&elsewhere, Answering::Embedded)] {
        let begun = engine(&stack, store(), answering).begin_saved(saved, &owner()).await.map(|_| ());
        assert!(matches!(begun, Err(EngineError::PlannedElsewhere { .. })), "{begun:?}");
    }
    engine(&stack, store(), Answering::Embedded).begin_saved(&saved, &owner()).await.expect("it is for this");
}

#[test]
fn a_plan_of_a_stack_that_was_never_run_is_executed_where_it_was_made_and_nowhere_else() {
    let world = World::new();
    let script = world.script("a.rhai", TWO);
    world.hz(&["plan", &script, "--out", "a.plan"]).succeeds();
    let elsewhere = world.hz(&["apply", "a.plan", "--yes", "--state", "other"]).exits_with(1);
    elsewhere.told("is for a state that is kept in").told("as it was planned with");
    assert_eq!(world.exists(), []);
    // The same words mean another place in another folder.
    std::fs::create_dir(world.path().join("sub")).expect("made");
    let below = world.command(&["apply", "../a.plan", "--yes"]).current_dir(world.path().join("sub")).output();
    assert_eq!(below.expect("it starts").status.code(), Some(1));
    world.hz(&["apply", "a.plan", "--yes"]).succeeds();
}

/// Each of two changes needs the other: no planner makes that, but a checksum is no signature.
#[tokio::test(start_paused = true)]
async fn a_plan_without_an_order_is_not_begun() {
    let stack = Stack::new().await;
    let mut saved = drafted(&stack, TWO).await;
    let subnet =
        saved.plan.changes.iter().find(|change| change.address.name() == "a").expect("planned").address.clone();
    saved.plan.changes[0].dependencies.push(subnet);
    let ended = applied(&stack, &saved).await;
    assert!(matches!(ended, Err(EngineError::NoOrder(_))), "{ended:?}");
    assert!(stack.exists().is_empty());
}

#[test]
fn another_region_or_stack_is_refused_with_the_way_out() {
    let world = World::new();
    let script = world.script("a.rhai", TWO);
    world.hz(&["plan", &script, "--out", "a.plan"]).succeeds();
    let elsewhere = world.hz(&["apply", "a.plan", "--yes", "--region", "us-east-1"]).exits_with(1);
    elsewhere.told("is for local (account 000000000000, eu-west-1)").told("--target local --region eu-west-1");
    let other = world.hz(&["apply", "a.plan", "--yes", "--stack", "b"]).exits_with(1);
    other.told("a.plan is a plan of stack a, not of b").told("leave out --stack");
    assert_eq!(world.exists(), []);
    // Without consent nothing is done, and the plan stays good.
    world.hz(&["apply", "a.plan"]).exits_with(1).told("hzscript apply a.plan --yes");
    assert_eq!(world.exists(), []);
    let lines = world.hz(&["apply", "a.plan", "--yes", "--json"]).succeeds().json_lines();
    let report = lines.iter().find(|line| line["event"] == "report").expect("a report");
    assert_eq!((&report["complete"], &report["report"]["done"]), (&true.into(), &3.into()));
}

#[test]
fn nothing_to_do_is_saved_and_applied_any_number_of_times() {
    let world = World::new();
    let script = world.script("a.rhai", TWO);
    world.hz(&["run", &script, "--yes"]).succeeds();
    let planned = world.hz(&["plan", &script, "--out", "a.plan", "--json", "--detailed-exitcode"]).exits_with(0);
    let saved = serde_json::json!({ "event": "saved", "file": "a.plan" });
    assert!(planned.json_lines().contains(&saved), "{:?}", planned.json_lines());
    for _ in 0..2 {
        world.hz(&["apply", "a.plan"]).succeeds().told("nothing to do").told("net = vpc-");
    }
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_apply_is_gone_on_with() {
    let mut takes = 0;
    loop {
        let store = Failing::new();
        let stack = Stack::kept_in(StateStore::within(store.clone(), "test")).await;
        let saved = drafted(&stack, TWO).await;
        store.takes(takes);
        let ended = applied(&stack, &saved).await;
        store.takes(i64::MAX);
        if ended.is_ok() {
            break;
        }
        // The lock, the empty state and its copy come first: without a record after them nothing was begun.
        let again = applied(&stack, &saved).await;
        match takes {
            0..4 => assert!(again.expect("the plan is still good").is_complete(), "after {takes}"),
            _ => assert!(matches!(again, Err(EngineError::Stale)), "after {takes}: {again:?}"),
        }
        // By a plan that is saved, and by a run.
        if takes % 2 == 0 {
            let rest = drafted(&stack, TWO).await;
            let report = applied(&stack, &rest).await.expect("it is of what the interruption left");
            assert!(report.is_complete(), "after {takes}: {:#?}", report.failures);
        } else {
            assert!(attempt(&stack, Some(TWO)).await.expect("begun").is_complete(), "after {takes}");
        }
        assert_eq!(stack.exists(), ["AWS::EC2::Subnet", "AWS::EC2::VPC", "AWS::Logs::LogGroup"], "after {takes}");
        assert!(stack.plan(TWO).await.is_empty(), "after {takes}");
        takes += 1;
    }
    assert!(takes > 8, "{takes}");
}

#[test]
fn a_plan_that_sends_a_secret_is_not_saved() {
    let world = World::new();
    let script = |value: &str| {
        world.script(
            "s.rhai",
            &format!(
                r#"secretsmanager_secret("s", #{{ name: "s", secretString: {value} }});
                output("o", "plain");"#
            ),
        )
    };
    let secret = r#"secret("hunter2-hush")"#;
    for value in [secret, r#"secret("other-" + "hush")"#] {
        let script = script(value);
        let refused = world.hz(&["plan", &script, "--out", "s.plan"]).exits_with(1);
        assert!(!refused.says("hush"), "{refused:?}");
        refused
            .told("the plan was not saved: secretsmanager_secret.s needs a secret")
            .told("plan and execute at once: hzscript run s.rhai");
        assert!(!world.path().join("s.plan").exists());
        world.hz(&["run", &script, "--yes"]).succeeds();
    }
    // What is made in AWS, and what stays as it is, is no matter.
    script("secret(\"other-hush\")");
    world.hz(&["plan", "s.rhai", "--out", "s.plan"]).succeeds();
    let text = std::fs::read_to_string(world.path().join("s.plan")).expect("readable");
    assert!(!text.contains("hush"), "{text}");
}

#[test]
fn what_is_no_plan_is_neither_overwritten_nor_executed() {
    let world = World::new();
    let script = world.script("a.rhai", TWO);
    let refused = world.hz(&["plan", &script, "--out", "a.rhai"]).exits_with(1);
    refused.told("a.rhai is there and is not a saved plan").told("another name with --out");
    assert_eq!(std::fs::read_to_string(world.path().join("a.rhai")).expect("readable"), TWO);
    world.hz(&["plan", &script, "--out", "."]).exits_with(1).told("is not a saved plan");
    world.hz(&["plan", &script, "--out", "none/a.plan"]).exits_with(1).told("cannot write none/a.plan");
    world.hz(&["apply", "a.rhai", "--yes"]).exits_with(1).told("it is not a saved plan").told("hzscript run SCRIPT");
    world.hz(&["apply", ".", "--yes"]).exits_with(1).told("it is a folder");
    world.hz(&["apply", "none", "--yes"]).exits_with(1).told("there is no such file");

    world.hz(&["plan", &script, "--out", "a.plan"]).succeeds();
    let file = world.path().join("a.plan");
    let text = std::fs::read_to_string(&file).expect("readable");
    std::fs::write(&file, text.replace("10.0.0.0/16", "10.9.0.0/16")).expect("written");
    world.hz(&["apply", "a.plan", "--yes"]).exits_with(1).told("edited, damaged or cut short");
    assert_eq!(world.exists(), []);
    // One that is damaged is still a plan, and may be made anew.
    world.hz(&["plan", &script, "--out", "a.plan"]).succeeds();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let mut names: Vec<_> =
        std::fs::read_dir(world.path()).expect("readable").map(|entry| entry.expect("readable").file_name()).collect();
    names.sort();
    assert_eq!(names, [".hzscript", "a.plan", "a.rhai"], "nothing is left behind");
}

#[test]
fn another_version_of_the_format_is_refused_whatever_is_in_it() {
    let text = std::str::from_utf8(&TEXT).expect("UTF-8");
    let (head, body) = text.split_once('\n').expect("two lines");
    let newer = head.replace("\"format\":2", "\"format\":4,\"more\":[1]");
    let read = |text: String| Saved::from_text(text.as_bytes()).expect_err("refused");
    assert_eq!(read(format!("{newer}\n{body}")), ReadError::OtherFormat { found: 4 });
    assert_eq!(read(format!("{newer}\n")), ReadError::OtherFormat { found: 4 });
    assert_eq!(read(String::new()), ReadError::NotAPlan);
    let empty: String = Sha256::digest(b"{}\n").iter().map(|byte| format!("{byte:02x}")).collect();
    let malformed = read(format!("{{\"hzscript\":\"plan\",\"format\":2,\"sha256\":\"{empty}\"}}\n{{}}\n"));
    assert!(matches!(malformed, ReadError::Malformed { .. }), "{malformed:?}");
}

/// A saved plan with something of every sort in it.
static TEXT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let stack = Stack::new().await;
        stack.runs(TWO).await;
        let text = TWO.replace("10.0.1", "10.0.2").replace("Days: 5", "Days: 7");
        drafted(&stack, &text).await.to_text().expect("JSON").into_bytes()
    })
});

proptest! {
    #[test]
    fn any_byte_that_was_changed_is_noticed(at in any::<prop::sample::Index>(), by in 1..=255u8) {
        let mut text = TEXT.clone();
        text[at.index(TEXT.len())] ^= by;
        prop_assert!(Saved::from_text(&text).is_err());
    }

    #[test]
    fn any_cut_and_any_addition_is_noticed(at in any::<prop::sample::Index>(), more in any::<u8>()) {
        prop_assert!(Saved::from_text(&TEXT[..at.index(TEXT.len())]).is_err());
        let mut text = TEXT.clone();
        text.insert(at.index(TEXT.len() + 1), more);
        prop_assert!(Saved::from_text(&text).is_err());
    }
}

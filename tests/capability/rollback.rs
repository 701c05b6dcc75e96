//! Going back: to the program of an earlier run, by its serial, and by itself when a run fails.

use hzscript::apply::execute::{Report, Settings, Stop};
use hzscript::apply::formation::FormationCheck;
use hzscript::engine::{Back, Ended, EngineError};
use hzscript::model::Address;
use hzscript::plan::scope::AddressPattern;
use hzscript::plan::{Plan, Problem, Saved, Scope};
use hzscript::state::edit::{Doing, addresses};
use hzscript::state::keys::{Passphrase, Wanted};
use hzscript::state::{Executed, Keyring, Locking, StateStore};
use object_store::ObjectStoreExt;
use proptest::prelude::*;

use crate::support::failing::Failing;
use crate::support::faults::{Fault, Faults};
use crate::support::interruption::attempt;
use crate::support::stack::{owner, summary};
use crate::support::{Stack, World};

const NET: &str = r#"
let net = ec2_vpc("net", #{ cidrBlock: "{cidr}.0.0/16" });
ec2_subnet("a", #{ vpcId: net.vpcId, cidrBlock: "{cidr}.1.0/24" });
logs_log_group("logs", #{ logGroupName: "logs", retentionInDays: {days} });
output("days", {days});
"#;

fn net(cidr: &str, days: u32) -> String {
    NET.replace("{cidr}", cidr).replace("{days}", &days.to_string())
}

/// A log group that cannot be made: somebody else has made it.
const TAKEN: &str = r#"logs_log_group("taken", #{ logGroupName: "taken" });"#;

async fn take(stack: &Stack) {
    stack.engine.cloud().logs.create_log_group().log_group_name("taken").send().await.expect("made");
}

/// Plans going back; without a serial, to the last complete run before.
async fn plan_back(stack: &Stack, to: Option<u64>) -> Result<(Executed, Plan), EngineError> {
    let to = stack.engine.earlier(to).await?;
    let plan = stack.engine.look().await?.plan_back(&to).await?;
    Ok((to, plan))
}

/// Goes back.
async fn back(stack: &Stack, to: Option<u64>) -> Result<Report, EngineError> {
    let session = stack.engine.begin(&owner()).await?;
    let planning = async {
        let to = stack.engine.earlier(to).await?;
        session.plan_back(&to).await
    };
    match planning.await {
        Ok(plan) => session.apply(&plan).await,
        Err(error) => {
            session.end().await?;
            Err(error)
        }
    }
}

async fn goes_back(stack: &Stack, to: Option<u64>) {
    let report = back(stack, to).await.expect("it can be gone back");
    assert!(report.is_complete(), "{:#?}", report.failures);
}

/// Runs a script that goes back by itself when it fails.
async fn run_or_back(stack: &Stack, text: &str) -> Result<Ended, EngineError> {
    let session = stack.engine.begin(&owner()).await?;
    let plan = session.plan(&stack.program(text).await).await?;
    session.apply_or_go_back(&plan).await
}

/// The same, which must fail and be gone back from.
async fn fails_and_goes_back(stack: &Stack, text: &str) -> Back {
    let ended = run_or_back(stack, text).await.expect("the state can be written");
    assert!(!ended.report.failures.is_empty(), "it fails");
    let back = ended.back.expect("it is gone back").expect("it can be");
    assert!(back.report.is_complete(), "{:#?}", back.report);
    back
}

async fn serial(stack: &Stack) -> u64 {
    stack.state().await.serial
}

#[tokio::test(start_paused = true)]
async fn any_of_the_last_runs_is_gone_back_to_without_its_script() {
    let stack = Stack::new().await;
    let scripts = [net("10.0", 5), net("10.0", 7), net("10.1", 7)];
    for script in &scripts {
        stack.runs(script).await;
    }
    assert_eq!(serial(&stack).await, 3);
    let (to, plan) = plan_back(&stack, None).await.expect("planned");
    assert_eq!((to.serial, to.command.as_str()), (2, "test"));
    assert_eq!(summary(&plan), "+/- ec2_vpc.net cidrBlock\n+/- ec2_subnet.a cidrBlock, vpcId");
    assert_eq!(serial(&stack).await, 3, "looking changes nothing");

    goes_back(&stack, Some(1)).await;
    assert!(stack.plan(&scripts[0]).await.is_empty());
    assert_eq!(stack.exists(), ["AWS::EC2::Subnet", "AWS::EC2::VPC", "AWS::Logs::LogGroup"]);
    // It is a run like any other, with a serial of its own, and can itself be gone back from.
    assert_eq!(serial(&stack).await, 4);
    goes_back(&stack, None).await;
    assert!(stack.plan(&scripts[2]).await.is_empty());
    goes_back(&stack, Some(4)).await;
    assert!(stack.plan(&scripts[0]).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_kept_is_refused_with_what_is() {
    let stack = Stack::new().await;
    assert!(matches!(back(&stack, None).await, Err(EngineError::NothingEarlier { .. })));
    stack.runs(&net("10.0", 5)).await;
    assert!(matches!(back(&stack, None).await, Err(EngineError::NothingEarlier { .. })));
    assert!(matches!(back(&stack, Some(0)).await, Err(EngineError::BeforeTheFirst { .. })));
    match back(&stack, Some(9)).await {
        Err(EngineError::NotKept { serial: 9, kept, .. }) => {
            assert_eq!(kept.iter().map(|executed| executed.serial).collect::<Vec<_>>(), [1]);
        }
        other => panic!("{other:?}"),
    }
    stack.destroy().await;
    stack.runs(TAKEN).await;
    assert!(matches!(back(&stack, None).await, Err(EngineError::BeforeTheFirst { .. })));
    goes_back(&stack, Some(1)).await;
    assert!(stack.plan(&net("10.0", 5)).await.is_empty(), "what was deleted is made again");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_failed_is_not_gone_back_to_unless_it_is_named() {
    let stack = Stack::new().await;
    take(&stack).await;
    stack.runs(&net("10.0", 5)).await;
    let failing = format!("{}{TAKEN}", net("10.0", 14));
    assert_eq!(stack.run(&failing).await.failures.len(), 1);
    let (to, plan) = plan_back(&stack, None).await.expect("planned");
    assert_eq!((to.serial, to.complete), (1, true));
    assert_eq!(summary(&plan), "~ logs_log_group.logs retentionInDays");
    assert!(!plan_back(&stack, Some(2)).await.expect("planned").0.complete);
}

#[tokio::test(start_paused = true)]
async fn what_others_changed_since_is_put_right() {
    let stack = Stack::new().await;
    stack.runs(&net("10.0", 5)).await;
    stack.runs(&net("10.0", 7)).await;
    let logs = &stack.engine.cloud().logs;
    logs.put_retention_policy().log_group_name("logs").retention_in_days(30).send().await.expect("changed");
    logs.delete_log_group().log_group_name("logs").send().await.expect("deleted");
    goes_back(&stack, Some(1)).await;
    assert!(stack.plan(&net("10.0", 5)).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_renamed_since_gets_its_name_back() {
    let stack = Stack::new().await;
    let renamed = |name: &str, aliases: &str| {
        format!(r#"logs_log_group("{name}", #{{ retentionInDays: 5 }}, #{{ aliases: [{aliases}] }});"#)
    };
    stack.runs(&renamed("a", "")).await;
    let id = stack.id("logs_log_group.a").await;
    stack.runs(&renamed("b", r#""logs_log_group.a""#)).await;
    stack.runs(&renamed("c", r#""logs_log_group.b""#)).await;
    let (_, plan) = plan_back(&stack, Some(1)).await.expect("planned");
    assert!(plan.changes.iter().all(|change| !change.action.replaces()), "{:#?}", summary(&plan));
    goes_back(&stack, Some(1)).await;
    assert_eq!(stack.id("logs_log_group.a").await, id);
    assert!(stack.plan(&renamed("a", "")).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn protection_holds_and_says_as_of_when() {
    let stack = Stack::new().await;
    let named = |name: &str, options: &str| {
        format!(r#"logs_log_group("logs", #{{ logGroupName: "{name}" }}, #{{ {options} }});"#)
    };
    stack.runs(&named("one", "")).await;
    stack.runs(&named("two", "")).await;
    stack.runs(&named("two", "protect: true")).await;
    let Err(EngineError::Plan(error)) = plan_back(&stack, Some(1)).await else { panic!("it is protected") };
    let (address, source, problem) = &error.problems[0];
    assert_eq!(address.to_string(), "logs_log_group.logs");
    assert!(matches!(problem, Problem::Protected { verb: "replace", .. }), "{problem:?}");
    assert_eq!(source.as_ref().expect("it was declared").file, "test.rhai (as of serial 1)");
}

#[tokio::test(start_paused = true)]
async fn a_secret_of_which_only_the_hash_is_kept_is_not_sent() {
    let stack = Stack::new().await;
    let script = |value: &str, text: &str| {
        format!(
            r#"secretsmanager_secret("s", #{{ name: "s", description: "{text}", secretString: secret("{value}") }});"#
        )
    };
    stack.runs(&script("one-hush", "first")).await;
    stack.runs(&script("one-hush", "second")).await;
    stack.runs(&script("two-hush", "second")).await;
    let Err(EngineError::Plan(error)) = plan_back(&stack, Some(1)).await else { panic!("it cannot be sent") };
    let problem = Problem::OnlyHashed { path: "secretString".to_owned() };
    assert_eq!(error.problems.len(), 1, "{error:#?}");
    assert_eq!(error.problems[0].2, problem);
    assert!(problem.help().expect("a way out").contains("script"));
    // Where it is the same it need not be sent.
    stack.runs(&script("one-hush", "third")).await;
    goes_back(&stack, Some(1)).await;
    assert!(stack.plan(&script("one-hush", "first")).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_aws_tells_is_sent_again() {
    let stack = Stack::new().await;
    let script = |cpu: u32| {
        format!(
            r#"ecs_task_definition("t", #{{
                family: "t", cpu: {cpu}, memory: 1024, networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"],
                containerDefinitions: [#{{ name: "c", image: "busybox", essential: true,
                    environment: [#{{ name: "PASSWORD", value: secret("one-hush") }}] }}],
            }});"#
        )
    };
    stack.runs(&script(256)).await;
    stack.runs(&script(512)).await;
    goes_back(&stack, Some(1)).await;
    assert!(stack.plan(&script(256)).await.is_empty());
    let state = serde_json::to_string(&stack.state().await).expect("JSON");
    assert!(!state.contains("hush"), "{state}");
}

#[tokio::test(start_paused = true)]
async fn a_saved_plan_is_gone_back_to_and_from() {
    let stack = Stack::new().await;
    let scripts = [net("10.0", 5), net("10.0", 7)];
    for script in &scripts {
        let session = stack.engine.draft().await.expect("it can be looked at");
        let plan = session.plan(&stack.program(script).await).await.expect("a plan");
        let saved = Saved::new(plan, &session.state().await, stack.engine.place(), String::new()).expect("no secrets");
        let saved = Saved::from_text(saved.to_text().expect("JSON").as_bytes()).expect("readable");
        let session = stack.engine.begin_saved(&saved, &owner()).await.expect("begun");
        assert!(session.apply(&saved.plan).await.expect("executed").is_complete());
    }
    goes_back(&stack, None).await;
    assert!(stack.plan(&scripts[0]).await.is_empty());
    goes_back(&stack, None).await;
    assert!(stack.plan(&scripts[1]).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn programs_are_kept_as_long_as_the_copies_of_the_state() {
    let store = StateStore::open("memory:///", "test").expect("a store");
    let stack = Stack::kept_in(store.clone()).await;
    for days in 1..=23 {
        stack.runs(&format!(r#"logs_log_group("a", #{{}}); output("days", {days});"#)).await;
    }
    let kept = store.program_serials().await.expect("listed");
    assert_eq!(kept, (4..=23).collect::<Vec<u64>>());
}

#[tokio::test(start_paused = true)]
async fn what_an_interrupted_run_has_done_is_gone_back_from() {
    let store = Failing::new();
    let stack = Stack::kept_in(StateStore::within(store.clone(), "test")).await;
    stack.runs(&net("10.0", 5)).await;
    stack.runs(&net("10.0", 14)).await;
    store.takes(6);
    assert!(attempt(&stack, Some(&net("10.1", 7))).await.is_err());
    store.takes(i64::MAX);
    let (to, _) = plan_back(&stack, None).await.expect("planned");
    assert_eq!(to.serial, 2, "the last one that ended");
    goes_back(&stack, None).await;
    assert!(stack.plan(&net("10.0", 14)).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ended_but_was_not_written_down_is_known_once_it_is_found_complete() {
    let script = net("10.0", 14);
    let mut takes = 3;
    loop {
        let store = Failing::new();
        let stack = Stack::kept_in(StateStore::within(store.clone(), "test")).await;
        stack.runs(&net("10.0", 5)).await;
        store.takes(takes);
        let ended = attempt(&stack, Some(&script)).await;
        store.takes(i64::MAX);
        if ended.is_ok() {
            break;
        }
        let session = stack.engine.begin(&owner()).await.expect("begun");
        let plan = session.plan(&stack.program(&script).await).await.expect("planned");
        if plan.is_empty() {
            session.end_as_wanted(&plan).await.expect("ended");
        } else {
            assert!(session.apply(&plan).await.expect("executed").is_complete(), "after {takes}");
        }
        take(&stack).await;
        let back = fails_and_goes_back(&stack, &format!("{}{TAKEN}", net("10.0", 7))).await;
        assert_ne!(back.to.expect("a run").serial, 1, "after {takes}");
        assert!(stack.plan(&script).await.is_empty(), "after {takes}");
        takes += 1;
    }
    // The lock, the intent, the outcome and the outputs, then the program, the copy and the snapshot, and the lock again.
    assert_eq!(takes, 8);
}

#[tokio::test(start_paused = true)]
async fn what_a_run_of_a_part_left_is_gone_back_to_as_a_whole() {
    let stack = Stack::new().await;
    let logs = vec![AddressPattern::new("logs_log_group.logs")];
    stack.runs(&net("10.0", 5)).await;
    let session = stack.engine.begin(&owner()).await.expect("begun");
    let only = Scope { only: logs.clone(), ..Scope::default() };
    let plan = session.plan_within(&stack.program(&net("10.1", 7)).await, &only).await.expect("planned");
    assert!(session.apply(&plan).await.expect("executed").is_complete());
    stack.runs(&net("10.1", 14)).await;
    let (to, _) = plan_back(&stack, None).await.expect("planned");
    assert_eq!(to.serial, 2);
    goes_back(&stack, None).await;
    assert!(stack.plan(&net("10.0", 7)).await.is_empty(), "{}", summary(&stack.plan(&net("10.0", 7)).await));

    let session = stack.engine.begin(&owner()).await.expect("begun");
    let except = Scope { except: logs, ..Scope::default() };
    let plan = session.plan_destroy_within(&except).await.expect("planned");
    assert!(session.apply(&plan).await.expect("executed").is_complete());
    stack.runs(&net("10.2", 3)).await;
    goes_back(&stack, None).await;
    assert_eq!(stack.exists(), ["AWS::Logs::LogGroup"]);
}

/// Changes the state alone.
async fn edits(store: &StateStore, doing: Doing<'_>) {
    let edit = store.edit(&owner(), &Locking::default()).await.expect("begun");
    let before = edit.before().expect("readable");
    let after = match doing {
        Doing::Moving(pairs) => addresses::moved(before, pairs).expect("moved"),
        Doing::Forgetting(which) => addresses::forgotten(before, which).expect("forgotten"),
        Doing::Restoring(_) | Doing::Replacing => before.clone(),
    };
    edit.write(after, doing).await.expect("written");
    edit.end().await.expect("ended");
}

fn address(text: &str) -> Address {
    text.parse().expect("an address")
}

#[tokio::test(start_paused = true)]
async fn what_changes_the_state_alone_is_taken_into_account() {
    let store = StateStore::within(Failing::new(), "test");
    let stack = Stack::kept_in(store.clone()).await;
    take(&stack).await;
    stack.runs(&net("10.0", 5)).await;
    stack.runs(&net("10.0", 7)).await;
    edits(&store, Doing::Moving(&[(address("logs_log_group.logs"), address("logs_log_group.moved"))])).await;
    let moved = |days| net("10.0", days).replace("logs_log_group(\"logs\"", "logs_log_group(\"moved\"");
    assert_eq!(plan_back(&stack, None).await.expect("planned").0.serial, 1, "the run before, not the one that it was");
    let back = fails_and_goes_back(&stack, &format!("{}{TAKEN}", moved(14))).await;
    assert_eq!(back.to.map(|to| to.serial), Some(3));
    assert!(stack.plan(&moved(7)).await.is_empty());
    let (_, plan) = plan_back(&stack, Some(1)).await.expect("planned");
    assert_eq!(plan.moves, [(address("logs_log_group.moved"), address("logs_log_group.logs"))]);
    assert_eq!(summary(&plan), "~ logs_log_group.logs retentionInDays, tags[\"hzscript:address\"]");

    let refreshing = stack.engine.begin(&owner()).await.expect("begun");
    let found = refreshing.refresh().await.expect("read");
    let refreshed = refreshing.take_in(found).await.expect("written");
    let back = fails_and_goes_back(&stack, &format!("{}{TAKEN}", moved(14))).await;
    assert_eq!(back.to.map(|to| to.serial), Some(refreshed));

    edits(&store, Doing::Forgetting(&[address("logs_log_group.moved")].into())).await;
    let without = net("10.0", 7).replace("logs_log_group", "// ");
    let back = fails_and_goes_back(&stack, &format!("{without}{TAKEN}")).await;
    assert_eq!((back.report.done, back.stays), (0, Vec::new()), "what is forgotten is not made again");

    // What takes the place of a state was never executed, and what was before it is another stack's for all that is known.
    edits(&store, Doing::Replacing).await;
    let ended = run_or_back(&stack, &format!("{without}{TAKEN}")).await.expect("the state can be written");
    assert!(matches!(ended.back, Some(Err(EngineError::NothingEarlier { .. }))), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn a_secret_of_a_sealed_stack_is_sent_again_and_kept_from_others() {
    let kept = Failing::new();
    let keys = Keyring::new(Passphrase::new("open sesame"), None, Some(Wanted::Passphrase));
    let stack = Stack::kept_in(StateStore::within(kept.clone(), "test").with_keys(keys)).await;
    let with = |word: &str| format!(r#"secretsmanager_secret("s", #{{ name: "s", secretString: secret("{word}") }});"#);
    stack.runs(&with("correct-horse")).await;
    stack.runs(&with("battery-staple")).await;
    let program = kept.inner.get(&"test/programs/0000000001.json".into()).await.expect("there");
    let program = program.bytes().await.expect("read");
    assert!(!String::from_utf8_lossy(&program).contains("correct-horse"));
    goes_back(&stack, None).await;
    let value = stack.engine.cloud().secrets.get_secret_value().secret_id("s").send().await.expect("there");
    assert_eq!(value.secret_string(), Some("correct-horse"));
    let unkeyed = stack.on(StateStore::within(kept, "test"));
    assert!(
        matches!(plan_back(&unkeyed, Some(2)).await, Err(EngineError::Plan(_))),
        "without the key it cannot be sent"
    );
}

/// A program of log groups and roles: by name, how many days of retention there are, or which description.
fn programs() -> impl Strategy<Value = String> {
    let group = |name: &'static str| {
        let days = prop::sample::select(vec![1, 3, 5, 7]);
        prop::option::of((days, 0..3u8)).prop_map(move |declared| match declared {
            Some((days, 0)) => {
                format!("logs_log_group(\"{name}\", #{{ logGroupName: \"{name}\" }}); let {name} = {days};\n")
            }
            Some((days, n)) => {
                format!("logs_log_group(\"{name}\", #{{ logGroupName: \"{name}{n}\", retentionInDays: {days} }});\n")
            }
            None => String::new(),
        })
    };
    let role = |name: &'static str| {
        prop::option::of("[a-c]{1}").prop_map(move |text| {
            let text = text?;
            Some(format!(
                "output(\"{name}\", iam_role(\"{name}\", #{{ roleName: \"{name}\", description: \"{text}\", \
                 assumeRolePolicyDocument: assume_role(\"ecs-tasks.amazonaws.com\") }}).arn);\n"
            ))
        })
    };
    (group("a"), group("b"), role("r"), role("s")).prop_map(|(a, b, r, s)| {
        let all = "logs_log_group(\"always\", #{ logGroupName: \"always\" });\n";
        [all, a.as_str(), b.as_str(), &r.unwrap_or_default(), &s.unwrap_or_default()].concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
    #[test]
    fn whatever_was_run_since_going_back_gives_what_the_program_gives(
        scripts in prop::collection::vec(programs(), 2..5),
        at in any::<prop::sample::Index>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let (stack, fresh) = (Stack::new().await, Stack::new().await);
            for script in &scripts {
                stack.runs(script).await;
            }
            let at = at.index(scripts.len());
            goes_back(&stack, Some(at as u64 + 1)).await;
            fresh.runs(&scripts[at]).await;
            let wanted = async |stack: &Stack| {
                let state = stack.state().await;
                let inputs = state.resources.into_iter().map(|(address, recorded)| (address, recorded.inputs));
                (inputs.collect::<Vec<_>>(), state.outputs, stack.exists())
            };
            assert_eq!(wanted(&stack).await, wanted(&fresh).await);
            assert!(stack.plan(&scripts[at]).await.is_empty());
        });
    }
}

#[test]
fn a_user_goes_back_by_the_name_of_the_stack() {
    let world = World::new();
    let script = world.script("a.rhai", &net("10.0", 5));
    world.hz(&["rollback", "--stack", "a"]).exits_with(1).told("stack a was never run");
    world.hz(&["run", &script, "--yes"]).succeeds();
    world.hz(&["rollback", &script]).exits_with(1).told("no run of stack a is kept that ended completely before");
    world.script("a.rhai", &net("10.0", 7));
    world.hz(&["run", &script, "--yes"]).succeeds();
    std::fs::remove_file(world.path().join("a.rhai")).expect("removed");

    let unknown = world.hz(&["rollback", "--stack", "a", "--to", "7"]).exits_with(1);
    unknown.told("no program of serial 7 is kept of stack a").told("there are serial 1 of ").told("(`run a.rhai`)");
    world.hz(&["rollback", "--stack", "a", "--to", "0"]).exits_with(1).told("`hzscript destroy --stack a` does that");
    let shown = world.hz(&["rollback", "--stack", "a", "--dry-run"]).succeeds();
    let shown = shown.told("Going back to serial 1 of ").told("retentionInDays: 7 → 5").told("1 to update");
    assert!(!shown.says("Done"), "{shown:?}");
    world.hz(&["rollback", "--stack", "a"]).exits_with(1).told("hzscript rollback --stack a --yes");
    world.hz(&["rollback", "--stack", "a", "--yes"]).succeeds().told("days = 5").told("Done: 1 step");
    let again = world.hz(&["rollback", "--stack", "a", "--to", "1", "--yes"]).succeeds();
    again.told("nothing to do: everything is as it was in serial 1");
    let lines = world.hz(&["rollback", "--stack", "a", "--yes", "--json"]).succeeds().json_lines();
    let going = lines.iter().find(|line| line["event"] == "goingBack").expect("it is told");
    assert_eq!((&going["serial"], &going["complete"]), (&2.into(), &true.into()));
    world.script("a.rhai", &net("10.0", 7));
    world.hz(&["plan", &script, "--detailed-exitcode"]).exits_with(0);
}

#[test]
fn a_user_is_told_what_failed_and_what_was_rolled_back() {
    let world = World::new();
    let other = world.script("other.rhai", TAKEN);
    world.hz(&["run", &other, "--yes"]).succeeds();
    let failing = format!("{}{TAKEN}", net("10.0", 7));
    let script = world.script("a.rhai", &failing);
    let first = world.hz(&["run", &script, "--yes", "--rollback-on-failure"]).exits_with(1);
    first
        .told("logs_log_group.taken was not created")
        .told("the run failed: rolling back to the empty stack that it began with")
        .told("The run failed, and was rolled back to the empty stack that it began with: 3 steps.");
    assert_eq!(world.exists().len(), 1);

    world.script("a.rhai", &net("10.0", 5));
    world.hz(&["run", &script, "--yes"]).succeeds();
    world.script("a.rhai", &failing);
    world.hz(&["plan", &script, "--out", "a.plan"]).succeeds();
    let ended = world.hz(&["apply", "a.plan", "--yes", "--rollback-on-failure"]).exits_with(1);
    let ended = ended.told("logs_log_group.taken was not created").told("and was rolled back to serial ");
    assert!(!ended.says("To go on from there"), "{ended:?}");
    let lines = world.hz(&["run", &script, "--yes", "--rollback-on-failure", "--json"]).exits_with(1).json_lines();
    let back = lines.iter().find(|line| line["event"] == "rolledBack").expect("it is told");
    assert_eq!((&back["complete"], &back["interrupted"]), (&true.into(), &false.into()));
    world.script("a.rhai", &net("10.0", 5));
    world.hz(&["plan", &script, "--detailed-exitcode"]).exits_with(0);
}

mod on_failure {
    use super::*;

    const SERVICE: &str = r#"
let net = network(#{ name: "net", cidr: "10.0.0.0/16", azs: 2, natGateways: 1 });
let cluster = ecs_cluster("main", #{ clusterName: "main" });
let role = iam_role("execution", #{
    roleName: "execution",
    assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com"),
    managedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"],
});
let task = ecs_task_definition("task", #{
    family: "task", cpu: 256, memory: 512, networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"],
    executionRoleArn: role.arn,
    containerDefinitions: [#{ name: "member", image: "{image}", essential: true }],
});
let group = ec2_security_group("group", #{ groupDescription: "members", vpcId: net.vpc.vpcId });
let subnets = [];
for subnet in net.privateSubnets { subnets.push(subnet.subnetId); }
ecs_service("service", #{
    serviceName: "service", cluster: cluster.arn, taskDefinition: task.taskDefinitionArn,
    desiredCount: 2, launchType: "FARGATE",
    deploymentConfiguration: #{ deploymentCircuitBreaker: #{ enable: true, rollback: true } },
    networkConfiguration: #{ awsvpcConfiguration: #{ subnets: subnets, securityGroups: [group.groupId] } },
}, #{ dependsOn: net.routes + [role] });
"#;

    fn service(image: &str) -> String {
        SERVICE.replace("{image}", image)
    }

    #[tokio::test(start_paused = true)]
    async fn a_deployment_that_does_not_become_steady_is_undone() {
        let stack = Stack::new().await;
        let good = service("hazelcast/hazelcast:5.5.10");
        stack.runs(&good).await;
        let there = stack.exists();
        let back = fails_and_goes_back(&stack, &service("hazelcast/hazelcast:does-not-exist")).await;
        assert_eq!(back.to.map(|to| to.serial), Some(1));
        assert!(stack.plan(&good).await.is_empty(), "{}", summary(&stack.plan(&good).await));
        assert_eq!(stack.exists(), there);
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_first_run_nothing_is_left() {
        let stack = Stack::new().await;
        let back = fails_and_goes_back(&stack, &service("hazelcast/hazelcast:does-not-exist")).await;
        assert_eq!((back.to, back.stays), (None, Vec::new()));
        assert_eq!(stack.exists(), Vec::<String>::new());
        assert!(stack.state().await.resources.is_empty());
        stack.runs(&service("hazelcast/hazelcast:5.5.10")).await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_protected_retained_or_adopted_is_not_deleted() {
        for before in ["", r#"logs_log_group("before", #{});"#] {
            let stack = Stack::new().await;
            take(&stack).await;
            if !before.is_empty() {
                stack.runs(before).await;
            }
            let there = stack.exists().len();
            let logs = &stack.engine.cloud().logs;
            logs.create_log_group().log_group_name("theirs").send().await.expect("made");
            let script = format!(
                r#"{before}
                logs_log_group("adopted", #{{ logGroupName: "theirs", retentionInDays: 5 }}, #{{ id: "theirs" }});
                logs_log_group("gone", #{{}});
                let net = ec2_vpc("net", #{{ cidrBlock: "10.0.0.0/16" }});
                let other = ec2_vpc("other", #{{ cidrBlock: "10.1.0.0/16" }});
                ec2_subnet("a", #{{ vpcId: net.vpcId, cidrBlock: "10.0.1.0/24" }}, #{{ protect: true }});
                logs_log_group("retained", #{{ logGroupName: "retained" }}, #{{ retain: true }});
                logs_log_group("taken", #{{ logGroupName: "taken" }}, #{{ dependsOn: [other, net] }});"#
            );
            let back = fails_and_goes_back(&stack, &script).await;
            let stays: Vec<String> = back.stays.iter().map(ToString::to_string).collect();
            assert_eq!(stays, ["ec2_subnet.a", "ec2_vpc.net", "logs_log_group.retained"]);
            // The network and its subnet, what is retained, and what is others'.
            assert_eq!(stack.exists().len(), there + 4, "{:?}", stack.exists());
            let state = stack.state().await;
            assert!(!state.resources.keys().any(|address| address.name() == "adopted"), "it is forgotten");
            logs.delete_log_group().log_group_name("taken").send().await.expect("deleted");
            stack.runs(&script).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_replacement_that_fails_midway_is_undone() {
        let faults = Faults::default();
        let stack = Stack::faulty(&faults).await;
        let (before, after) = (net("10.0", 5), net("10.1", 7));
        stack.runs(&before).await;
        let there = stack.exists();
        let refusal = r#"<Response><Errors><Error><Code>SubnetLimitExceeded</Code><Message>no more</Message></Error></Errors><RequestID>r</RequestID></Response>"#;
        faults.set("CreateSubnet", Fault::Answer(400, refusal), 1);
        fails_and_goes_back(&stack, &after).await;
        assert_eq!(faults.left(), 0);
        assert!(stack.plan(&before).await.is_empty(), "{}", summary(&stack.plan(&before).await));
        assert_eq!(stack.exists(), there);
        stack.runs(&after).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_that_the_old_object_still_has_is_free_in_time() {
        let faults = Faults::default();
        let stack = Stack::faulty(&faults).await;
        let named = |name: &str, days: u32| {
            format!(r#"logs_log_group("a", #{{ logGroupName: "{name}", retentionInDays: {days} }});"#)
        };
        stack.runs(&named("one", 5)).await;
        let refusal = r#"{"__type":"InvalidParameterException","message":"not now"}"#;
        faults.set("DeleteLogGroup", Fault::Answer(400, refusal), 1);
        fails_and_goes_back(&stack, &named("two", 5)).await;
        assert!(stack.plan(&named("one", 5)).await.is_empty());
        assert_eq!(stack.exists().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_complete_run_before_nothing_is_undone() {
        let stack = Stack::new().await;
        take(&stack).await;
        stack.run(&format!("{}{TAKEN}", net("10.0", 5))).await;
        let there = stack.exists();
        let ended = run_or_back(&stack, &format!("{}{TAKEN}", net("10.0", 14))).await.expect("executed");
        assert!(matches!(ended.back, Some(Err(EngineError::NothingEarlier { .. }))), "{:?}", ended.back);
        assert_eq!(stack.exists(), there);
        stack.engine.begin(&owner()).await.expect("the lock was given back").end().await.expect("ended");
    }

    #[tokio::test(start_paused = true)]
    async fn what_succeeds_or_is_asked_to_end_is_not_undone() {
        let stop = Stop::default();
        let settings = Settings { parallelism: 4, wait: true, formation: FormationCheck::Never, stop: stop.clone() };
        let stack = Stack::executed(settings).await;
        take(&stack).await;
        assert!(run_or_back(&stack, &net("10.0", 5)).await.expect("executed").back.is_none());
        stop.ask();
        let ended = run_or_back(&stack, &format!("{}{TAKEN}", net("10.0", 14))).await.expect("executed");
        assert!(ended.back.is_none(), "{ended:#?}");
    }

    #[tokio::test(start_paused = true)]
    async fn wherever_it_is_killed_the_next_run_goes_on_by_its_own_plan() {
        let (before, after) = (net("10.0", 5), format!("{}{TAKEN}", net("10.1", 7)));
        let mut takes = 0;
        loop {
            let store = Failing::new();
            let stack = Stack::kept_in(StateStore::within(store.clone(), "test")).await;
            take(&stack).await;
            stack.runs(&before).await;
            let there = stack.exists();
            store.takes(takes);
            let ended = run_or_back(&stack, &after).await;
            store.takes(i64::MAX);
            let next = if takes % 2 == 0 { &before } else { &after };
            if ended.is_ok_and(|ended| ended.back.is_some_and(|back| back.is_ok())) {
                assert!(stack.plan(&before).await.is_empty());
                assert_eq!(stack.exists(), there);
                break;
            }
            if next == &after {
                stack.engine.cloud().logs.delete_log_group().log_group_name("taken").send().await.expect("deleted");
            }
            let report = attempt(&stack, Some(next)).await.expect("begun");
            assert!(report.is_complete(), "after {takes}: {:#?}", report.failures);
            assert!(stack.plan(next).await.is_empty(), "after {takes}");
            assert_eq!(stack.exists().len(), there.len(), "after {takes}: {:?}", stack.exists());
            takes += 1;
        }
        assert!(takes > 30, "{takes}");
    }
}

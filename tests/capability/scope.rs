//! Parts of a stack: what `--only`, `--exclude`, `--except` and `--replace` take along, leave out, and leave behind.

use hzscript::apply::execute::Report;
use hzscript::engine::EngineError;
use hzscript::plan::scope::{AddressPattern, ScopeError};
use hzscript::plan::{Action, Plan, Problem, Reason, Scope, Why};
use hzscript::state::Snapshot;

use crate::support::stack::{owner, summary};
use crate::support::{Stack, World};

const THREE: &str = r#"
let net = ec2_vpc("net", #{ cidrBlock: "10.0.0.0/16" });
let a = ec2_subnet("a", #{ vpcId: net.vpcId, cidrBlock: "10.0.1.0/24" });
let logs = logs_log_group("logs", #{ logGroupName: "logs", retentionInDays: 5 });
output("subnet", a.subnetId);
output("logs", logs.arn);
output("both", `${net.vpcId} ${logs.arn}`);
"#;

fn patterns(addresses: &[&str]) -> Vec<AddressPattern> {
    addresses.iter().map(|address| AddressPattern::new(address)).collect()
}

fn only(addresses: &[&str]) -> Scope {
    Scope { only: patterns(addresses), ..Scope::default() }
}

fn exclude(addresses: &[&str]) -> Scope {
    Scope { exclude: patterns(addresses), ..Scope::default() }
}

fn except(addresses: &[&str]) -> Scope {
    Scope { except: patterns(addresses), ..Scope::default() }
}

async fn plan(stack: &Stack, text: &str, scope: &Scope) -> Result<Plan, EngineError> {
    let program = stack.program(text).await;
    stack.engine.look().await?.plan_within(&program, scope).await
}

async fn run(stack: &Stack, text: &str, scope: &Scope) -> (Plan, Report) {
    let program = stack.program(text).await;
    let session = stack.engine.begin(&owner()).await.expect("begun");
    let plan = session.plan_within(&program, scope).await.expect("a plan");
    let report = session.apply(&plan).await.expect("the state can be written");
    assert!(report.is_complete(), "{:#?}", report.failures);
    (plan, report)
}

async fn destroy(stack: &Stack, scope: &Scope) -> Plan {
    let session = stack.engine.begin(&owner()).await.expect("begun");
    let plan = session.plan_destroy_within(scope).await.expect("a plan");
    let report = session.apply(&plan).await.expect("the state can be written");
    assert!(report.is_complete(), "{:#?}", report.failures);
    plan
}

fn problem(planned: Result<Plan, EngineError>) -> (String, Problem) {
    match planned {
        Err(EngineError::Plan(mut error)) if error.problems.len() == 1 => {
            let (address, _, problem) = error.problems.remove(0);
            (address.to_string(), problem)
        }
        other => panic!("{other:?}"),
    }
}

fn outputs(state: &Snapshot) -> Vec<&str> {
    state.outputs.keys().map(String::as_str).collect()
}

#[tokio::test(start_paused = true)]
async fn only_what_is_asked_for_is_made_with_all_that_it_needs() {
    let stack = Stack::new().await;
    let (plan, report) = run(&stack, THREE, &only(&["ec2_subnet.*"])).await;
    assert_eq!(summary(&plan), "+ ec2_vpc.net\n+ ec2_subnet.a");
    assert_eq!(plan.left_out.values().collect::<Vec<_>>(), [&Why::Unnamed]);
    assert_eq!(stack.exists(), ["AWS::EC2::Subnet", "AWS::EC2::VPC"]);
    assert_eq!(report.outputs.keys().collect::<Vec<_>>(), ["subnet"], "the others need what does not exist");
    let again = self::plan(&stack, THREE, &only(&["ec2_subnet.a"])).await.expect("a plan");
    assert!(again.is_empty());
    stack.runs(THREE).await;
    assert!(stack.plan(THREE).await.is_empty());
    assert_eq!(outputs(&stack.state().await), ["both", "logs", "subnet"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_out_stays_as_it_is_with_what_is_told_of_it() {
    let stack = Stack::new().await;
    stack.runs(THREE).await;
    let before = stack.state().await;
    let changed = THREE.replace("Days: 5", "Days: 7").replace("10.0.1.0", "10.0.2.0").replace("`${net", "`!${net");
    let (plan, _) = run(&stack, &changed, &exclude(&["logs_log_group.logs"])).await;
    assert_eq!(summary(&plan), "+/- ec2_subnet.a cidrBlock");
    let after = stack.state().await;
    let logs = "logs_log_group.logs".parse().expect("an address");
    assert_eq!(after.resources[&logs], before.resources[&logs]);
    assert_eq!(after.outputs["logs"], before.outputs["logs"]);
    assert_ne!(after.outputs["both"], before.outputs["both"], "what is known of what is left out is used");
    let rest = stack.plan(&changed).await;
    assert_eq!(summary(&rest), "~ logs_log_group.logs retentionInDays");
    // What the script no longer declares is left out by its address as well.
    let rest = self::plan(&stack, "", &exclude(&["ec2_subnet.a"])).await.expect("a plan");
    assert_eq!(summary(&rest), "- logs_log_group.logs");
    let net = "ec2_vpc.net".parse().expect("an address");
    assert_eq!(rest.left_out[&net], Why::UsedBy { address: "ec2_subnet.a".parse().expect("an address") });
}

#[tokio::test(start_paused = true)]
async fn what_needs_something_that_is_left_out_uses_what_exists_of_it() {
    let stack = Stack::new().await;
    let scope = Scope { only: patterns(&["ec2_subnet.a"]), ..exclude(&["ec2_vpc.net"]) };
    let (address, problem) = problem(plan(&stack, THREE, &scope).await);
    let needed = "ec2_vpc.net".parse().expect("an address");
    assert_eq!((address.as_str(), problem), ("ec2_subnet.a", Problem::NeedsLeftOut { needed }));
    assert_eq!(plan(&stack, THREE, &exclude(&["ec2_vpc.net"])).await.expect("a plan").left_out.len(), 2);

    run(&stack, THREE, &only(&["ec2_vpc.net"])).await;
    let changed = THREE.replace("16\" }", "16\", enableDnsHostnames: true }");
    let (plan, _) = run(&stack, &changed, &scope).await;
    assert_eq!(summary(&plan), "+ ec2_subnet.a", "the network is not changed");
    assert_eq!(summary(&stack.plan(&changed).await), "~ ec2_vpc.net enableDnsHostnames\n+ logs_log_group.logs");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_takes_along_what_uses_it() {
    let stack = Stack::new().await;
    let two = r#"
        let net = ec2_vpc("net", #{ cidrBlock: "10.0.0.0/16" });
        let other = ec2_vpc("other", #{ cidrBlock: "10.1.0.0/16" });
        ec2_subnet("a", #{ vpcId: net.vpcId, cidrBlock: "10.0.1.0/24" });
        logs_log_group("logs", #{});
    "#;
    stack.runs(two).await;
    let moved = r#"
        let other = ec2_vpc("other", #{ cidrBlock: "10.1.0.0/16" });
        ec2_subnet("a", #{ vpcId: other.vpcId, cidrBlock: "10.1.1.0/24" });
    "#;
    let (plan, _) = run(&stack, moved, &only(&["ec2_vpc.net"])).await;
    assert_eq!(summary(&plan), "+/- ec2_subnet.a cidrBlock, vpcId\n- ec2_vpc.net");
    assert_eq!(summary(&stack.plan(moved).await), "- logs_log_group.logs");
    let (_, problem) = problem(self::plan(&stack, &moved.replace("10.1", "10.2"), &exclude(&["ec2_subnet.a"])).await);
    let user = "ec2_subnet.a".parse().expect("an address");
    assert_eq!(problem, Problem::UsedByLeftOut { user, verb: "replace" });
}

#[tokio::test(start_paused = true)]
async fn a_part_is_destroyed() {
    let stack = Stack::new().await;
    stack.runs(THREE).await;
    let plan = destroy(&stack, &except(&["ec2_subnet.a"])).await;
    assert_eq!(summary(&plan), "- logs_log_group.logs");
    assert_eq!(stack.exists(), ["AWS::EC2::Subnet", "AWS::EC2::VPC"]);
    assert_eq!(outputs(&stack.state().await), ["both", "subnet"]);
    stack.runs(THREE).await;
    let plan = destroy(&stack, &only(&["ec2_vpc.net"])).await;
    assert_eq!(summary(&plan), "- ec2_subnet.a\n- ec2_vpc.net");
    stack.destroy().await;
    assert!(stack.exists().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_named_is_replaced_and_what_depends_on_it_follows() {
    let stack = Stack::new().await;
    stack.runs(THREE).await;
    let replace = |address: &str| Scope { replace: patterns(&[address]), ..Scope::default() };
    let planned = plan(&stack, THREE, &replace("logs_log_group.logs")).await.expect("a plan");
    assert_eq!(summary(&planned), "-/+ logs_log_group.logs", "its name is taken until it is gone");
    assert_eq!(planned.changes.iter().filter(|change| change.reasons.contains(&Reason::Asked)).count(), 1);
    let before = stack.id("ec2_subnet.a").await;
    let (plan, _) = run(&stack, THREE, &replace("ec2_vpc.net")).await;
    assert_eq!(summary(&plan), "+/- ec2_vpc.net\n+/- ec2_subnet.a vpcId");
    assert_ne!(stack.id("ec2_subnet.a").await, before);
    assert!(stack.plan(THREE).await.is_empty());
    let none = self::plan(&stack, THREE, &replace("ec2_vpc.nte")).await.expect_err("nothing is called so");
    let near = "ec2_vpc.net".parse().ok();
    assert!(matches!(none, EngineError::Scope(ScopeError::NoMatch { near: found, .. }) if found == near));
}

#[tokio::test(start_paused = true)]
async fn a_name_that_something_left_out_has_is_let_go_of_first() {
    let stack = Stack::new().await;
    stack.runs(r#"logs_log_group("old", #{ logGroupName: "a" });"#).await;
    let renamed = r#"logs_log_group("new", #{ logGroupName: "a" }); ec2_vpc("net", #{ cidrBlock: "10.0.0.0/16" });"#;
    let (_, problem) = problem(plan(&stack, renamed, &exclude(&["logs_log_group.old"])).await);
    let holder = "logs_log_group.old".parse().expect("an address");
    assert_eq!(problem, Problem::HeldByLeftOut { holder });
    let (plan, _) = run(&stack, renamed, &only(&["logs_log_group.new"])).await;
    assert_eq!(summary(&plan), "+ logs_log_group.new\n- logs_log_group.old");
}

#[tokio::test(start_paused = true)]
async fn protection_is_lifted_by_saying_so_and_not_by_saying_nothing() {
    let stack = Stack::new().await;
    let script =
        |options: &str, name: &str| format!(r#"logs_log_group("a", #{{ logGroupName: "{name}" }}, #{{ {options} }});"#);
    stack.runs(&script("protect: true", "a")).await;
    // Neither the option nor the declaration has to be there.
    assert!(stack.plan(&script("", "a")).await.is_empty());
    stack.runs(&script("", "a")).await;
    for text in ["", &script("", "b"), &script("protect: false", "b")] {
        let refused = problem(plan(&stack, text, &Scope::default()).await).1;
        assert!(matches!(refused, Problem::Protected { .. }), "{refused:?}");
        assert!(refused.help().is_some_and(|help| help.contains("protect: false")), "{refused:?}");
    }
    let renamed = problem(plan(&stack, &script("", "a").replace("(\"a\"", "(\"b\""), &Scope::default()).await).1;
    assert!(renamed.help().is_some_and(|help| help.contains("aliases: [\"logs_log_group.a\"]")), "{renamed:?}");
    let lifted = stack.plan(&script("protect: false", "a")).await;
    let change = &lifted.changes[0];
    assert_eq!((change.action, &change.reasons[..]), (Action::Update, &[Reason::Protection { on: false }][..]));
    stack.runs(&script("protect: false", "a")).await;
    assert_eq!(summary(&stack.plan(&script("", "b")).await), "+/- logs_log_group.a logGroupName");
    assert_eq!(summary(&stack.plan("").await), "- logs_log_group.a");
}

#[tokio::test(start_paused = true)]
async fn what_is_said_no_longer_of_retention_and_of_what_is_ignored_does_not_count() {
    let stack = Stack::new().await;
    let script = |options: &str, days: u32| {
        format!(r#"logs_log_group("a", #{{ logGroupName: "a", retentionInDays: {days} }}, #{{ {options} }});"#)
    };
    stack.runs(&script(r#"retain: true, ignoreChanges: "retentionInDays""#, 5)).await;
    assert!(stack.plan(&script(r#"retain: true, ignoreChanges: "retentionInDays""#, 7)).await.is_empty());
    assert_eq!(summary(&stack.plan("").await), "x logs_log_group.a", "what retains it is in the state");
    assert_eq!(summary(&stack.plan(&script("", 7)).await), "~ logs_log_group.a retentionInDays");
    stack.runs(&script("", 7)).await;
    assert_eq!(summary(&stack.plan("").await), "- logs_log_group.a");
}

#[tokio::test(start_paused = true)]
async fn what_seems_to_have_been_renamed_is_suggested() {
    let stack = Stack::new().await;
    let script = |net: &str, a: &str, b: &str| {
        format!(
            r#"let net = ec2_vpc("{net}", #{{ cidrBlock: "10.0.0.0/16" }});
            ec2_subnet("{a}", #{{ vpcId: net.vpcId, cidrBlock: "10.0.1.0/24" }});
            ec2_subnet("{b}", #{{ vpcId: net.vpcId, cidrBlock: "10.0.2.0/24" }});
            logs_log_group("{a}", #{{}});
            logs_log_group("{b}", #{{}});"#
        )
    };
    stack.runs(&script("net", "a", "b")).await;
    let suggested = |plan: &Plan| -> Vec<String> {
        plan.suggested_moves.iter().map(|found| format!("{} {}", found.from, found.to)).collect()
    };
    // Which log group is which cannot be told.
    let plan = stack.plan(&script("main", "x", "y")).await;
    assert_eq!(
        suggested(&plan),
        ["ec2_vpc.net ec2_vpc.main", "ec2_subnet.a ec2_subnet.x", "ec2_subnet.b ec2_subnet.y"]
    );
    let plan = stack.plan(&script("net", "a", "y")).await;
    assert_eq!(suggested(&plan), ["ec2_subnet.b ec2_subnet.y", "logs_log_group.b logs_log_group.y"]);
    let changed = script("net", "a", "y").replace("10.0.2.0", "10.0.3.0");
    assert_eq!(suggested(&stack.plan(&changed).await), ["logs_log_group.b logs_log_group.y"]);
}

#[test]
fn what_is_left_out_is_told() {
    let world = World::new();
    let script = world.script("app.rhai", THREE);
    let part = ["--only", "ec2_vpc.*"];
    let ended = world.hz(&[&["plan", &script], &part[..]].concat()).succeeds();
    ended.told("Left out by --only: 2 resources; -v tells which.").told("1 to create");
    world.hz(&[&["plan", &script, "-v"], &part[..]].concat()).succeeds().told("  logs_log_group.logs");
    world.hz(&[&["run", &script, "--yes"], &part[..]].concat()).succeeds();
    let nothing = world.hz(&[&["plan", &script, "--detailed-exitcode"], &part[..]].concat()).exits_with(0);
    assert!(!nothing.says("everything is as the script declares it"), "{nothing:?}");
    nothing.told("nothing to do within --only ec2_vpc.*");
    let ended = world.hz(&["plan", &script, "-v", "--exclude", "ec2_vpc.net"]).succeeds();
    ended.told("Left out by --exclude: 2 resources:").told("ec2_subnet.a, which needs ec2_vpc.net");
    let wrong = world.hz(&["plan", &script, "--exclude", "ec2_vcp.net"]).exits_with(1);
    wrong.told("no resource matches `ec2_vcp.net` of --exclude").told("did you mean ec2_vpc.net?");
    let lines = world.hz(&[&["plan", &script, "--json"], &part[..]].concat()).succeeds().json_lines();
    let plan = &lines.iter().find(|line| line["event"] == "plan").expect("a plan")["plan"];
    assert_eq!(plan["scope"]["only"], serde_json::json!(["ec2_vpc.*"]));
    assert_eq!(plan["leftOut"]["ec2_subnet.a"]["why"], "unnamed");
    world.hz(&["destroy", &script, "--yes", "--except", "ec2_vpc.net"]).succeeds().told("beside --except ec2_vpc.net");
}

#[test]
fn a_destruction_is_saved_and_applied() {
    let world = World::new();
    let script = world.script("app.rhai", THREE);
    world.hz(&["run", &script, "--yes"]).succeeds();
    let saved = world.hz(&["destroy", &script, "--out", "gone.plan", "--except", "ec2_vpc.net"]).succeeds();
    saved.told("Saved in gone.plan. To execute exactly this: hzscript apply gone.plan").told("2 to delete");
    assert_eq!(world.exists().len(), 3, "nothing was destroyed");
    world.hz(&["apply", "gone.plan", "--yes"]).succeeds();
    assert_eq!(world.count("AWS::EC2::VPC"), 1);
    assert_eq!(world.exists().len(), 1);
    let stale = world.hz(&["apply", "gone.plan", "--yes"]).exits_with(1);
    stale.told("hzscript destroy app.rhai --except ec2_vpc.net");
}

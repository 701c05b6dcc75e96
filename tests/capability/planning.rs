//! Plans: what is planned, in which order, and why.

use hzscript::engine::EngineError;
use hzscript::plan::{Action, PlanError, Reason};

use crate::support::Stack;
use crate::support::stack::summary;

fn problems(error: EngineError) -> PlanError {
    match error {
        EngineError::Plan(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_script_no_longer_declares_is_deleted_users_first() {
    let stack = Stack::new().await;
    let whole = r#"
        let vpc = ec2_vpc("vpc", #{ cidrBlock: "10.0.0.0/16" });
        let subnet = ec2_subnet("subnet", #{ vpcId: vpc.vpcId, cidrBlock: "10.0.1.0/24" });
        logs_log_group("kept", #{});
    "#;
    stack.runs(whole).await;
    let rest = r#"logs_log_group("kept", #{});"#;
    let plan = stack.plan(rest).await;
    assert_eq!(summary(&plan), "- ec2_subnet.subnet\n- ec2_vpc.vpc");
    stack.runs(rest).await;
    assert_eq!(stack.exists(), ["AWS::Logs::LogGroup"]);
}

#[tokio::test(start_paused = true)]
async fn an_alias_moves_an_object_without_touching_it() {
    let stack = Stack::new().await;
    stack.runs(r#"logs_log_group("old", #{ logGroupName: "a" });"#).await;
    let renamed = r#"logs_log_group("new", #{ logGroupName: "a" }, #{ aliases: ["logs_log_group.old"] });"#;
    let plan = stack.plan(renamed).await;
    assert_eq!(plan.moves.len(), 1);
    assert!(
        plan.changes.iter().all(|change| !change.action.replaces() && change.action != Action::Create),
        "{plan:#?}"
    );
    stack.runs(renamed).await;
    assert!(stack.plan(renamed).await.is_empty());
    assert_eq!(stack.exists().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_protected_is_neither_deleted_nor_replaced() {
    let stack = Stack::new().await;
    let script = r#"logs_log_group("kept", #{ logGroupName: "a" }, #{ protect: true });"#;
    stack.runs(script).await;
    let error = problems(stack.try_plan("").await.expect_err("a deletion"));
    assert!(error.problems[0].2.to_string().contains("protected"), "{error:?}");
    let error = problems(stack.try_plan(&script.replace("\"a\"", "\"b\"")).await.expect_err("a replacement"));
    assert!(error.problems[0].2.to_string().contains("replace"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_retained_stays_in_the_account() {
    let stack = Stack::new().await;
    stack.runs(r#"logs_log_group("kept", #{ logGroupName: "a" }, #{ retain: true });"#).await;
    assert_eq!(summary(&stack.plan("").await), "x logs_log_group.kept");
    stack.runs("").await;
    assert_eq!(stack.exists(), ["AWS::Logs::LogGroup"]);
}

#[tokio::test(start_paused = true)]
async fn something_that_exists_is_adopted_by_its_id() {
    let stack = Stack::new().await;
    let created = stack.engine.cloud().ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.expect("made");
    let id = created.vpc().and_then(|vpc| vpc.vpc_id()).expect("an id").to_owned();
    let script = format!(r#"ec2_vpc("vpc", #{{ cidrBlock: "10.0.0.0/16" }}, #{{ id: "{id}" }});"#);
    let plan = stack.plan(&script).await;
    assert!(summary(&plan).starts_with("> ec2_vpc.vpc"), "{}", summary(&plan));
    stack.runs(&script).await;
    assert!(stack.plan(&script).await.is_empty());
    assert_eq!(stack.id("ec2_vpc.vpc").await, id);
    let absent = script.replace(&id, "vpc-00000000000000000");
    let stack = Stack::new().await;
    assert!(problems(stack.try_plan(&absent).await.expect_err("absent")).problems[0].2.to_string().contains("exist"));
}

#[tokio::test(start_paused = true)]
async fn what_is_another_stacks_is_not_adopted() {
    let stack = Stack::new().await;
    let made = stack.engine.cloud().logs.create_log_group().log_group_name("theirs").tags("hzscript:stack", "other");
    made.send().await.expect("made");
    let script = r#"logs_log_group("a", #{ logGroupName: "theirs" }, #{ id: "theirs" });"#;
    let error = problems(stack.try_plan(script).await.expect_err("another's"));
    assert!(error.problems[0].2.to_string().contains("`other`"), "{error:?}");
    assert!(error.problems[0].2.help().is_some_and(|help| help.contains("retain")), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn differences_that_are_ignored_are_left() {
    let stack = Stack::new().await;
    stack.runs(r#"logs_log_group("a", #{ retentionInDays: 5 });"#).await;
    let changed = r#"logs_log_group("a", #{ retentionInDays: 7 }, #{ ignoreChanges: ["retentionInDays"] });"#;
    let plan = stack.plan(changed).await;
    assert_eq!((&plan.changes[0].reasons[..], plan.changes[0].differences.len()), (&[Reason::Handling][..], 0));
    stack.runs(changed).await;
    assert!(stack.plan(changed).await.is_empty());
    let groups = stack.engine.cloud().logs.describe_log_groups().send().await.expect("an answer");
    assert_eq!(groups.log_groups()[0].retention_in_days, Some(5));
}

#[tokio::test(start_paused = true)]
async fn a_value_in_replace_on_replaces() {
    let stack = Stack::new().await;
    let script = |on: u32| format!(r#"logs_log_group("a", #{{}}, #{{ replaceOn: [{on}] }});"#);
    stack.runs(&script(1)).await;
    assert!(stack.plan(&script(1)).await.is_empty());
    let plan = stack.plan(&script(2)).await;
    assert_eq!(plan.changes[0].reasons[0], Reason::ReplaceOn);
    assert!(plan.changes[0].action.replaces());
}

#[tokio::test(start_paused = true)]
async fn what_vanished_is_made_again() {
    let stack = Stack::new().await;
    let script = r#"logs_log_group("a", #{ logGroupName: "a" });"#;
    stack.runs(script).await;
    stack.engine.cloud().logs.delete_log_group().log_group_name("a").send().await.expect("deleted");
    let plan = stack.plan(script).await;
    assert_eq!(summary(&plan), "+ logs_log_group.a");
    assert!(matches!(plan.changes[0].reasons[0], Reason::Vanished { .. }));
    stack.runs(script).await;
    assert!(stack.plan(script).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn drift_is_seen_and_mended() {
    let stack = Stack::new().await;
    let script = r#"logs_log_group("a", #{ logGroupName: "a", retentionInDays: 5 });"#;
    stack.runs(script).await;
    let logs = &stack.engine.cloud().logs;
    logs.put_retention_policy().log_group_name("a").retention_in_days(30).send().await.expect("changed");
    assert_eq!(summary(&stack.plan(script).await), "~ logs_log_group.a retentionInDays");
    stack.runs(script).await;
    assert!(stack.plan(script).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_kind_without_code_is_refused_by_name() {
    let stack = Stack::new().await;
    // The registry has a schema of it that says neither how it is read nor how it is made.
    let script = r#"aws_resource("AWS::IAM::Policy", "p", #{ policyName: "p", roles: ["r"], policyDocument: policy_document([]) });"#;
    let error = problems(stack.try_plan(script).await.expect_err("no code"));
    assert!(error.problems[0].2.to_string().contains("AWS::IAM::Policy"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_property_that_is_not_sent_is_refused() {
    let stack = Stack::new().await;
    let script = r#"logs_log_group("l", #{ bearerTokenAuthenticationEnabled: true });"#;
    let error = problems(stack.try_plan(script).await.expect_err("not sent"));
    assert!(error.problems[0].2.to_string().contains("bearerTokenAuthenticationEnabled"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn the_same_inputs_give_the_same_plan() {
    let stack = Stack::new().await;
    let script = r#"
        let net = network(#{ name: "net", cidr: "10.0.0.0/16", azs: 3, natGateways: 1 });
        output("vpc", net.vpc.vpcId);
    "#;
    stack.runs(script).await;
    let text = |plan| serde_json::to_string(&plan).expect("JSON");
    assert_eq!(text(stack.plan(script).await), text(stack.plan(script).await));
}

#[tokio::test(start_paused = true)]
async fn protection_is_taken_off_and_retention_put_on_by_a_run_that_changes_nothing_else() {
    let stack = Stack::new().await;
    let script = |options: &str| format!(r#"logs_log_group("kept", #{{}}, #{{ {options} }});"#);
    stack.runs(&script("protect: true")).await;
    problems(stack.try_plan("").await.expect_err("protected"));
    stack.runs(&script("protect: false, retain: true")).await;
    assert!(stack.plan(&script("retain: true")).await.is_empty());
    assert_eq!(summary(&stack.plan("").await), "x logs_log_group.kept");
    stack.runs("").await;
    assert_eq!(stack.exists(), ["AWS::Logs::LogGroup"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_protected_but_gone_is_forgotten() {
    let stack = Stack::new().await;
    stack.runs(r#"logs_log_group("kept", #{ logGroupName: "a" }, #{ protect: true });"#).await;
    stack.engine.cloud().logs.delete_log_group().log_group_name("a").send().await.expect("deleted");
    assert_eq!(summary(&stack.plan("").await), "x logs_log_group.kept");
}

#[tokio::test(start_paused = true)]
async fn a_made_up_name_moves_with_its_object_and_is_never_made_up_again() {
    let stack = Stack::new().await;
    stack.runs(r#"logs_log_group("old", #{});"#).await;
    let name = stack.id("logs_log_group.old").await;
    let renamed = r#"logs_log_group("new", #{}, #{ aliases: ["logs_log_group.old"] });"#;
    stack.runs(renamed).await;
    assert_eq!(stack.id("logs_log_group.new").await, name);
    assert!(stack.plan(renamed).await.is_empty());
    stack.runs(&format!(r#"{renamed} logs_log_group("old", #{{}});"#)).await;
    assert_ne!(stack.id("logs_log_group.old").await, name);
    assert_eq!(stack.exists().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_adopted_keeps_its_name() {
    let stack = Stack::new().await;
    stack.engine.cloud().logs.create_log_group().log_group_name("theirs").send().await.expect("made");
    let script = r#"logs_log_group("a", #{ retentionInDays: 5 }, #{ id: "theirs" });"#;
    stack.runs(script).await;
    assert!(stack.plan(script).await.is_empty(), "{}", summary(&stack.plan(script).await));
    assert_eq!(stack.id("logs_log_group.a").await, "theirs");
}

#[tokio::test(start_paused = true)]
async fn a_reference_in_replace_on_replaces_only_when_it_changes() {
    let stack = Stack::new().await;
    let script = |range: &str| {
        format!(
            r#"let vpc = ec2_vpc("vpc", #{{ cidrBlock: "{range}" }});
            logs_log_group("a", #{{}}, #{{ replaceOn: [vpc.vpcId] }});"#
        )
    };
    stack.runs(&script("10.0.0.0/16")).await;
    assert!(stack.plan(&script("10.0.0.0/16")).await.is_empty());
    assert_eq!(stack.plan(&script("10.1.0.0/16")).await.counts().replace, 2);
    stack.runs(&script("10.1.0.0/16")).await;
    assert!(stack.plan(&script("10.1.0.0/16")).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_ignored_is_not_called_when_something_else_changes() {
    let stack = Stack::new().await;
    let script = |tag: &str, days: u32| {
        format!(
            r#"logs_log_group("a", #{{ logGroupName: "a", retentionInDays: {days}, tags: [#{{ key: "k", value: "{tag}" }}] }},
                #{{ ignoreChanges: ["retentionInDays"] }});"#
        )
    };
    stack.runs(&script("1", 5)).await;
    let logs = &stack.engine.cloud().logs;
    logs.put_retention_policy().log_group_name("a").retention_in_days(30).send().await.expect("changed");
    let plan = stack.plan(&script("2", 7)).await;
    assert_eq!(plan.changes[0].wanted["retentionInDays"], hzscript::model::Value::Int(30));
    stack.runs(&script("2", 7)).await;
    let address = "logs_log_group.a".parse().expect("an address");
    let asked = stack.state().await.resources[&address].inputs["retentionInDays"].clone();
    assert_eq!(asked, hzscript::model::Value::Int(5), "what was last asked for");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_not_made_up_yet_is_shown_as_such() {
    let stack = Stack::new().await;
    let script = r#"logs_log_group("a", #{});"#;
    let (plan, again) = (stack.plan(script).await, stack.plan(script).await);
    assert_eq!(plan, again);
    assert_eq!(plan.changes[0].wanted["logGroupName"].as_str(), Some("test-a-????????"));
    let program = stack.program(script).await;
    let looking = stack.engine.look().await.expect("looked");
    let plan = looking.plan(&program).await.expect("planned");
    assert!(matches!(looking.apply(&plan).await, Err(EngineError::OnlyLooking)));
    assert_eq!(stack.exists().len(), 0);
}

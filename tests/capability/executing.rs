//! Executing: what fails stops what needs it and nothing else, and nothing is made twice.

use hzscript::engine::EngineError;

use crate::support::Stack;
use crate::support::stack::{owner, summary};

#[tokio::test(start_paused = true)]
async fn a_failure_stops_what_needs_it_and_nothing_else() {
    let stack = Stack::new().await;
    let taken = stack.engine.cloud().logs.create_log_group().log_group_name("taken").send().await;
    taken.expect("made by somebody else");
    let script = r#"
        let taken = logs_log_group("taken", #{ logGroupName: "taken" });
        logs_log_group("needs-it", #{ logGroupName: "needs-it" }, #{ dependsOn: [taken] });
        logs_log_group("apart", #{ logGroupName: "apart" });
    "#;
    let report = stack.run(script).await;
    assert_eq!(report.failures.len(), 1, "{report:#?}");
    assert_eq!(report.failures[0].address.to_string(), "logs_log_group.taken");
    assert!(report.failures[0].help.as_deref().is_some_and(|help| help.contains("id")), "{report:#?}");
    assert_eq!(report.skipped.iter().map(ToString::to_string).collect::<Vec<_>>(), ["logs_log_group.needs-it"]);
    assert_eq!(summary(&stack.plan(script).await), "+ logs_log_group.taken\n+ logs_log_group.needs-it");
    stack.engine.cloud().logs.delete_log_group().log_group_name("taken").send().await.expect("deleted");
    stack.runs(script).await;
    assert!(stack.plan(script).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn two_runs_at_once_are_refused() {
    let stack = Stack::new().await;
    let first = stack.engine.begin(&owner()).await.expect("begun");
    let second = stack.engine.begin(&owner()).await.expect_err("the lock is held");
    assert!(matches!(second, EngineError::State(hzscript::state::StateError::Locked(_))), "{second:?}");
    first.end().await.expect("ended");
    stack.engine.begin(&owner()).await.expect("begun").end().await.expect("ended");
}

#[tokio::test(start_paused = true)]
async fn a_stale_plan_is_refused() {
    let stack = Stack::new().await;
    let program = stack.program(r#"logs_log_group("a", #{});"#).await;
    let plan = stack.engine.look().await.expect("looked").plan(&program).await.expect("planned");
    stack.runs(r#"logs_log_group("b", #{});"#).await;
    let session = stack.engine.begin(&owner()).await.expect("begun");
    assert!(matches!(session.apply(&plan).await, Err(EngineError::Stale)));
    assert_eq!(stack.exists().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn secrets_are_not_in_the_state() {
    let stack = Stack::new().await;
    stack
        .runs(
            r#"
        let password = secret("correct horse");
        logs_log_group("a", #{ tags: [#{ key: "password", value: password }] });
        output("password", password);
    "#,
        )
        .await;
    let state = serde_json::to_string(&stack.state().await).expect("JSON");
    assert!(!state.contains("correct horse"), "{state}");
    assert!(state.contains("sha256:"), "{state}");
}

#[tokio::test(start_paused = true)]
async fn generated_names_differ_for_a_replacement() {
    let stack = Stack::new().await;
    let script = |on: u32| format!(r#"logs_log_group("a", #{{}}, #{{ replaceOn: [{on}] }});"#);
    stack.runs(&script(1)).await;
    let first = stack.id("logs_log_group.a").await;
    assert!(first.starts_with("test-a-"), "{first}");
    stack.runs(&script(2)).await;
    assert_ne!(stack.id("logs_log_group.a").await, first);
    assert_eq!(stack.exists().len(), 1);
}

//! Executing: what fails stops what needs it and nothing else, and nothing is made twice.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use hzscript::engine::{Engine, EngineError};
use hzscript::event::{Event, Events};
use hzscript::state::StateStore;

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

#[tokio::test(start_paused = true)]
async fn a_panic_in_one_step_is_a_failure_of_that_step() {
    let stack = Stack::new().await;
    let events = Events::to(|event| {
        if matches!(event, Event::StepRetrying { .. } | Event::StepWaiting { .. }) {
            panic!("this receiver cannot count");
        }
    });
    let engine = Engine::builder(stack.engine.cloud().clone()).stack("other").state_in_memory();
    let engine = engine.parallelism(4).events(events).build().expect("an engine");
    let program = stack
        .program(
            r#"
        network(#{ name: "net", cidr: "10.0.0.0/16", azs: 1, natGateways: 1 });
        logs_log_group("apart", #{});
    "#,
        )
        .await;
    let session = engine.begin(&owner()).await.expect("begun");
    let plan = session.plan(&program).await.expect("planned");
    let report = session.apply(&plan).await.expect("the state can be written");
    assert!(!report.failures.is_empty());
    assert!(report.failures.iter().all(|failure| failure.reason.contains("cannot count")), "{report:#?}");
    assert!(stack.exists().contains(&"AWS::Logs::LogGroup".to_owned()), "the rest goes on");
    engine.begin(&owner()).await.expect("the lock was given back").end().await.expect("ended");
}

/// A connection whose calls arrive and whose answers are lost.
#[derive(Debug, Clone)]
struct Deaf(SharedHttpClient);

impl HttpClient for Deaf {
    fn http_connector(&self, settings: &HttpConnectorSettings, parts: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(DeafConnector(self.0.http_connector(settings, parts)))
    }
}

#[derive(Debug)]
struct DeafConnector(SharedHttpConnector);

impl HttpConnector for DeafConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async move {
            answer.await?;
            Err(ConnectorError::io("the line is dead".into()))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_made_though_no_answer_ever_came_is_found_by_the_next_run() {
    let stack = Stack::new().await;
    let mut cloud = stack.engine.cloud().clone();
    let config = cloud.logs.config();
    let deaf = Deaf(config.http_client().expect("a client"));
    cloud.logs = aws_sdk_cloudwatchlogs::Client::from_conf(config.to_builder().http_client(deaf).build());
    let store = StateStore::open("memory:///", "test").expect("a store");
    let engine = |cloud| Engine::builder(cloud).state(store.clone()).parallelism(4).build().expect("an engine");
    let program = stack.program(r#"logs_log_group("a", #{ retentionInDays: 5 });"#).await;
    let run = async |engine: Engine| {
        let session = engine.begin(&owner()).await.expect("begun");
        let plan = session.plan(&program).await.expect("planned");
        (summary(&plan), session.apply(&plan).await.expect("the state can be written"))
    };
    let (_, report) = run(engine(cloud)).await;
    assert_eq!(report.failures.len(), 1, "{report:#?}");
    assert_eq!(stack.exists().len(), 1, "it was made all the same");
    let (plan, report) = run(engine(stack.engine.cloud().clone())).await;
    assert!(plan.starts_with("~ logs_log_group.a"), "it is known again: {plan}");
    assert!(report.is_complete(), "{report:#?}");
    assert_eq!(stack.exists().len(), 1, "and not made twice");
}

//! The engine in another program: put together, asked for whole pieces of work, dropped and stopped, and what it tells.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use hzscript::apply::execute::{Report, Stop};
use hzscript::cloud::{Closed, ErrorClass, Gate, Request};
use hzscript::engine::{BuildError, EngineError};
use hzscript::model::{Json, Options};
use hzscript::object_store::memory::InMemory;
use hzscript::plan::Saved;
use hzscript::script::{Evaluated, FunctionError, Limits, Mistakes, Offline, ProgramBuilder, Script};
use hzscript::state::StateStore;
use hzscript::{Cloud, Engine, Event, Events, Program};
use serde_json::json;

use crate::support::stack::{account, connected, summary};

const LOGS: &str = r#"logs_log_group("a", #{ retentionInDays: 5 });"#;

/// A connection to an empty account that is as slow as AWS.
async fn cloud() -> Cloud {
    connected(&account(&[])).await
}

async fn engine() -> Engine {
    Engine::builder(cloud().await).stack("test").state_in_memory().build().expect("an engine")
}

/// Evaluates apart from the paused clock, which would run ahead of the script's own thread.
async fn try_evaluated(engine: &Engine, script: impl Into<Script>) -> Result<Evaluated, Mistakes> {
    let (engine, script, runtime) = (engine.clone(), script.into(), tokio::runtime::Handle::current());
    let evaluating = tokio::task::spawn_blocking(move || runtime.block_on(engine.evaluate(script)));
    evaluating.await.expect("it does not panic")
}

async fn evaluated(engine: &Engine, script: impl Into<Script>) -> Program {
    try_evaluated(engine, script).await.unwrap_or_else(|mistakes| panic!("{mistakes:?}")).program
}

fn complete(report: &Report) {
    assert!(report.is_complete(), "{report:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_script_is_evaluated_planned_applied_and_destroyed() {
    let engine = engine().await;
    let program = evaluated(&engine, format!("{LOGS} output(\"days\", 5);")).await;
    let planned = engine.plan(&program).await.expect("a plan");
    assert_eq!(summary(&planned), "+ logs_log_group.a");
    let report = engine.apply(&planned).await.expect("executed");
    complete(&report);
    assert_eq!(report.done, 1);
    assert_eq!(engine.outputs().await.expect("readable"), BTreeMap::from([("days".to_owned(), Json::from(5))]));

    let again = engine.run(&program).await.expect("executed");
    assert_eq!((again.done, again.outputs), (0, report.outputs), "there is nothing to do");
    let planned = engine.plan_destroy().await.expect("a plan");
    assert_eq!(summary(&planned), "- logs_log_group.a");
    complete(&engine.destroy().await.expect("executed"));
    assert!(matches!(engine.apply(&planned).await, Err(EngineError::Stale)), "what it would delete is gone");
}

#[tokio::test(start_paused = true)]
async fn a_plan_is_executed_on_the_state_it_was_made_from_or_not() {
    let engine = engine().await;
    let program = evaluated(&engine, LOGS).await;
    let first = engine.plan(&program).await.expect("a plan");
    complete(&engine.run(&program).await.expect("executed"));
    assert!(matches!(engine.apply(&first).await, Err(EngineError::Stale)));

    let other = Engine::builder(engine.cloud().clone()).stack("other").state_in_memory().build().expect("an engine");
    let planned = other.plan(&program).await.expect("a plan");
    assert!(matches!(engine.apply(&planned).await, Err(EngineError::PlannedElsewhere { .. })));
    complete(&other.apply(&planned).await.expect("executed"));
}

#[tokio::test(start_paused = true)]
async fn a_plan_is_kept_as_text_and_executed_by_another_engine() {
    let store = StateStore::open("memory:///", "test").expect("a store");
    let cloud = cloud().await;
    let engine = || Engine::builder(cloud.clone()).state(store.clone()).build().expect("an engine");
    let one = engine();
    assert_eq!(one.stack(), "test");
    let planned = one.plan(&evaluated(&one, LOGS).await).await.expect("a plan");
    let json = serde_json::to_value(&planned).expect("JSON");
    assert_eq!(json["changes"][0]["action"], "create");
    let text = one.saved(planned, "plan again").expect("there are no secrets").to_text().expect("it is text");
    let saved = Saved::from_text(text.as_bytes()).expect("it is one");
    complete(&engine().apply_saved(&saved).await.expect("executed"));
}

#[tokio::test(start_paused = true)]
async fn progress_is_a_stream_whose_events_can_be_sent_elsewhere() {
    let engine = engine().await;
    let program = evaluated(&engine, LOGS).await;
    let (events, stream) = Events::stream();
    let run = async {
        // With the last sink the stream ends.
        let engine = engine.reporting_to(events);
        engine.run(&program).await.expect("executed")
    };
    let (report, told) = futures::join!(run, stream.collect::<Vec<Event>>());
    complete(&report);
    let names = |event: &Event| serde_json::to_value(event).expect("JSON")["event"].as_str().map(str::to_owned);
    let names: Vec<String> = told.iter().filter_map(names).collect();
    assert_eq!(names, ["reading", "executing", "stepStarted", "stepDone", "executed"]);
    for event in told {
        let text = serde_json::to_string(&event).expect("JSON");
        assert_eq!(serde_json::from_str::<Event>(&text).expect("an event"), event, "{text}");
    }
    let text = serde_json::to_string(&report).expect("JSON");
    assert_eq!(serde_json::from_str::<Report>(&text).expect("a report"), report);
}

/// Gateways take minutes.
const SLOW: &str = r#"network(#{ name: "net", cidr: "10.0.0.0/16", azs: 1, natGateways: 1 });"#;

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_is_taken_up_by_the_next() {
    for seconds in [0, 1, 2, 5, 30, 60] {
        let engine = engine().await;
        let program = evaluated(&engine, SLOW).await;
        let dropped = tokio::time::timeout(Duration::from_secs(seconds), engine.run(&program)).await;
        assert!(dropped.is_err(), "it was not done within {seconds} s");
        complete(&engine.run(&program).await.expect("nobody has the lock"));
        assert!(engine.plan(&program).await.expect("a plan").is_empty());
        complete(&engine.destroy().await.expect("executed"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_asked_to_stop_says_what_it_did_not_do() {
    let engine = engine().await;
    let program = evaluated(&engine, SLOW).await;
    let stop = Stop::default();
    let run = engine.stopped_by(stop.clone());
    let asking = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        stop.ask();
    };
    let (report, ()) = futures::join!(run.run(&program), asking);
    let report = report.expect("executed");
    assert!(report.done > 0 && !report.skipped.is_empty(), "{report:#?}");
    complete(&engine.run(&program).await.expect("executed"));
}

#[tokio::test]
async fn an_evaluation_that_is_dropped_stops_the_script() {
    let (events, stream) = Events::stream();
    let limits = Limits { operations: u64::MAX, time: Duration::MAX, ..Limits::default() };
    let engine = Engine::builder(cloud().await).state_in_memory().limits(limits).events(events);
    let engine = engine.build().expect("an engine");
    assert!(engine.evaluate("let n = 0; while true { n = 1; }").now_or_never().is_none());
    drop(engine);
    // The script has the last sink, until it ends.
    assert_eq!(stream.collect::<Vec<Event>>().await, []);
}

#[tokio::test(start_paused = true)]
async fn a_script_is_kept_to_the_limits_of_the_engine() {
    let limits = Limits { operations: 1000, time: Duration::MAX, ..Limits::default() };
    let engine = Engine::builder(cloud().await).state_in_memory().limits(limits).build().expect("an engine");
    let mistakes = try_evaluated(&engine, "while true {}").await.expect_err("it has no end");
    insta::assert_snapshot!(mistakes, @"script.rhai:1:12: the script takes more than 1000 operations (look for a loop that does not end)");
}

#[test]
fn all_work_can_be_sent_between_threads() {
    fn sent<T: Send>(_: T) {}
    fn of(engine: &Engine, program: &Program) {
        let owner = hzscript::state::Owner::this_process("test");
        sent(engine.evaluate("a"));
        sent(engine.plan(program));
        sent(async { engine.apply(&engine.plan_destroy().await?).await });
        sent(engine.run(program));
        sent(engine.destroy());
        sent(engine.outputs());
        sent(async { engine.begin(&owner).await?.plan(program).await });
    }
    let _: fn(&Engine, &Program) = of;
    fn lasting<T: Send + Sync + 'static>() {}
    lasting::<Engine>();
    lasting::<Events>();
}

#[tokio::test(start_paused = true)]
async fn scripts_call_functions_and_look_ups_of_the_host() {
    let team = |name: String| async move {
        tokio::task::yield_now().await;
        if name == "orders" { Ok(vec!["ann", "bob"]) } else { Err(format!("there is no team {name}")) }
    };
    let built = Engine::builder(cloud().await)
        .state_in_memory()
        .input("name", "orders")
        .function("days_for", |tier: String, factor: u32| -> Result<u32, String> {
            if tier == "gold" { Ok(5 * factor) } else { Err(format!("there is no tier {tier}")) }
        })
        .function("motto", || Ok::<_, String>("keep it simple"))
        .lookup("team", team);
    let engine = built.build().expect("an engine");
    let script = r#"
        let group = logs_log_group("a", #{ logGroupName: "/a", retentionInDays: days_for("gold", 6) });
        output("motto", motto());
        output("team", team(input("name", "none")));
        output("known", team(input("name", "none"))[0] + days_for("gold", group.retentionInDays));
    "#;
    let outputs = evaluated(&engine, script).await.outputs;
    insta::assert_snapshot!(serde_json::to_string(&outputs).expect("JSON"), @r#"{"known":"ann150","motto":"keep it simple","team":["ann","bob"]}"#);

    for (call, said) in [
        (r#"days_for("lead", 1)"#, "days_for: there is no tier lead"),
        (r#"days_for("gold", -1)"#, "days_for: argument 2: invalid value: integer `-1`, expected u32"),
        (r#"team("x")"#, "team: there is no team x"),
        (r#"team(secret("x"))"#, "team is given a secret"),
        (r#"team(logs_log_group("b").arn)"#, "team is given what is not known before it is made"),
        ("motto(1)", "there is no function `motto (number)`"),
        (r#"fn motto() { 1 } motto()"#, "the script defines a function `motto`, which the language has already"),
    ] {
        let mistakes = try_evaluated(&engine, call).await.expect_err(call);
        let told = mistakes.mistakes.first().expect("there is one");
        assert_eq!(told.message, said, "{call}");
        assert!(told.place.is_some(), "{call}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_given_with_a_script_comes_before_what_the_engine_gives() {
    let offline = Offline { account: "111122223333".to_owned(), region: "eu-north-1".to_owned() };
    let engine = Engine::builder(cloud().await).state_in_memory().input("a", 1).input("b", 1).lookups(offline);
    let engine = engine.build().expect("an engine");
    let text = r#"output("all", [input("a", 0), input("b", 0), region()]);"#;
    let outputs = evaluated(&engine, Script::new("a.rhai", text).input("b", 2)).await.outputs;
    insta::assert_snapshot!(serde_json::to_string(&outputs).expect("JSON"), @r#"{"all":[1,2,"eu-north-1"]}"#);

    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("part.rhai"), "export const DAYS = 7;").expect("written");
    let main = folder.path().join("main.rhai");
    let text = "import \"part\" as part; output(\"days\", part::DAYS + input(\"a\", 0) + input(\"b\", 0));";
    std::fs::write(&main, text).expect("written");
    let outputs = evaluated(&engine, Script::read(&main).await.expect("read")).await.outputs;
    assert_eq!(serde_json::to_string(&outputs).expect("JSON"), r#"{"days":9}"#);
    assert!(Script::read(folder.path().join("none.rhai")).await.is_err());
}

#[tokio::test]
async fn an_engine_that_cannot_be_is_refused() {
    let cloud = cloud().await;
    let builder = || Engine::builder(cloud.clone());
    let store = StateStore::open("memory:///", "one").expect("a store");
    assert!(matches!(builder().build(), Err(BuildError::NoState)));
    assert!(matches!(builder().state_in_memory().stack("a b").build(), Err(BuildError::BadStack(_))));
    assert!(matches!(builder().state(store).stack("two").build(), Err(BuildError::OtherStack { .. })));
    let named = |name: &str| builder().state_in_memory().function(name, || Ok::<_, String>(1)).build().err();
    for name in ["ec2_vpc", "input", "network", "len", "parse_int"] {
        assert!(matches!(named(name), Some(BuildError::Function(FunctionError::Taken(_)))), "{name}");
    }
    for name in ["let", "a b", "", "1a", "this"] {
        assert!(matches!(named(name), Some(BuildError::Function(FunctionError::NotAName(_)))), "{name}");
    }
    assert!(named("price").is_none());
    let twice = builder().state_in_memory().function("price", || Ok::<_, String>(1));
    let twice = twice.lookup("price", |_: String| std::future::ready(Ok::<_, String>(1)));
    assert!(matches!(twice.build(), Err(BuildError::Function(FunctionError::Twice(_)))));
}

#[tokio::test(start_paused = true)]
async fn states_are_kept_in_folders_and_stores_of_ones_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let objects = Arc::new(InMemory::new());
    let cloud = cloud().await;
    let builder = |stack: &str| Engine::builder(cloud.clone()).stack(stack);
    let made: [&dyn Fn() -> Engine; 2] =
        [&|| builder("folder").state_in_folder(folder.path()).build().expect("an engine"), &|| {
            builder("objects").state_in_objects(objects.clone()).build().expect("an engine")
        }];
    for engine in made {
        let program = evaluated(&engine(), LOGS).await;
        complete(&engine().run(&program).await.expect("executed"));
        assert!(engine().plan(&program).await.expect("a plan").is_empty(), "another engine knows it");
    }
    assert!(folder.path().join("folder/snapshot.json").exists());
}

/// What a host keeps beside the work that it waits for.
fn boxed<'a, T>(work: impl Future<Output = T> + Send + 'a) -> futures::future::BoxFuture<'a, T> {
    work.boxed()
}

#[tokio::test(start_paused = true)]
async fn runs_of_several_stacks_go_on_side_by_side() {
    let cloud = cloud().await;
    let engines: Vec<Engine> = ["one", "two", "three"]
        .map(|stack| Engine::builder(cloud.clone()).stack(stack).state_in_memory().build().expect("an engine"))
        .to_vec();
    let program = evaluated(&engines[0], r#"logs_log_group("a", #{});"#).await;
    let runs = engines.iter().map(|engine| boxed(engine.run(&program)));
    for report in futures::future::join_all(runs).await {
        complete(&report.expect("executed"));
    }
}

/// What a program declares, wherever it does.
fn declared(program: &Program) -> String {
    let resources = program.resources.iter().map(|resource| (&resource.address, &resource.properties));
    let resources: Vec<_> = resources.map(|(address, properties)| (address.to_string(), properties)).collect();
    serde_json::to_string_pretty(&(resources, &program.outputs)).expect("JSON")
}

#[tokio::test(start_paused = true)]
async fn a_program_built_in_rust_is_what_a_script_would_declare() {
    let engine = engine().await;
    let script = r#"
        let vpc = ec2_vpc("main", #{ cidrBlock: "10.0.0.0/16" });
        let a = ec2_subnet("a", #{ vpcId: vpc.vpcId, cidrBlock: "10.0.1.0/24", tags: [#{ key: "of", value: `${vpc.id}-a` }] });
        iam_role("role", #{ assumedBy: "ecs-tasks.amazonaws.com" }, #{ dependsOn: a });
        output("subnet", a.id);
        output("password", secret("correct horse"));
    "#;
    let mut program = ProgramBuilder::new();
    let vpc = program.declare("ec2_vpc", "main", json!({ "cidrBlock": "10.0.0.0/16", "instanceTenancy": null }));
    let tags = json!([{ "key": "of", "value": format!("{}-a", vpc.id()) }]);
    let a = json!({ "vpcId": vpc.attribute("vpcId"), "cidrBlock": "10.0.1.0/24", "tags": tags });
    let a = program.declare("ec2_subnet", "a", a);
    let depends_on = a.address().into_iter().cloned().collect();
    let options = Options { depends_on, ..Options::default() };
    program.declare_with("iam_role", "role", json!({ "assumedBy": "ecs-tasks.amazonaws.com" }), options);
    program.output("subnet", a.id());
    let password = program.secret("correct horse");
    program.output("password", password);
    let built = program.build().expect("there is no mistake").program;

    let written = evaluated(&engine, script).await;
    assert_eq!(declared(&built), declared(&written));
    let depends_on = |program: &Program| program.resources[2].dependencies();
    assert_eq!(depends_on(&built), depends_on(&written));
    assert!(built.resources[0].source.file.ends_with("embedding.rs"), "{:?}", built.resources[0].source);
    complete(&engine.run(&built).await.expect("executed"));
    assert!(engine.plan(&written).await.expect("a plan").is_empty());
    complete(&engine.destroy().await.expect("executed"));
}

#[test]
fn mistakes_in_a_program_built_in_rust_are_placed_in_its_source() {
    let mut program = ProgramBuilder::new();
    let first = line!() + 1;
    let vpc = program.declare("ec2_vpc", "main", json!({ "cidrBlok": "10.0.0.0/16" }));
    program.declare("ec2_subnet", "a", json!({ "vpcId": vpc.attribute("vpcIdd"), "cidrBlock": "10.0.1.1/24" }));
    program.declare("ec2_vpcs", "b", json!({}));
    program.declare("ec2_vpc", "not a name", json!({}));
    program.declare("logs_log_group", "list", json!(["no object"]));
    program.output("twice", 1);
    program.output("twice", 2);
    let mut elsewhere = ProgramBuilder::new();
    let group = elsewhere.declare("logs_log_group", "elsewhere", json!({}));
    program.declare("logs_log_group", "a", json!({ "logGroupName": group.id() }));
    let mistakes = program.build().expect_err("there are mistakes");
    let told = mistakes.mistakes.iter().map(|mistake| {
        let place = mistake.place.as_ref().expect("each has a place");
        assert!(place.file.ends_with("embedding.rs"), "{place:?}");
        format!("{} {}", place.line - usize::try_from(first).expect("a line"), mistake.message)
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r"
    0 ec2_vpc has no property `cidrBlok`
    0 ec2_vpc needs `cidrBlock` or `ipv4IpamPoolId`
    1 ec2_vpc has no attribute `vpcIdd`
    1 `cidrBlock`: `10.0.1.1/24` has bits beyond its prefix
    2 there is no kind `ec2_vpcs`
    3 `not a name` is not a name: 1 to 128 letters, digits, `-`, `_`, `/` or `.`, starting with a letter or digit
    4 the properties of logs_log_group.list are not an object
    6 the output `twice` is there twice
    9 nothing declares `logs_log_group.elsewhere`
    ");

    let mut twice = ProgramBuilder::new();
    for _ in 0..2 {
        twice.declare("logs_log_group", "a", json!({}));
    }
    let mistakes = twice.build().expect_err("it is there twice").to_string();
    assert!(mistakes.contains("logs_log_group.a is declared twice"), "{mistakes}");
}

/// Lets nothing pass.
#[derive(Debug)]
struct Shut;

impl Gate for Shut {
    fn pass(&self, request: Request<'_>) -> Result<(), Closed> {
        Err(Closed(format!("{}:{} is shut", request.service, request.operation)))
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_to_no_aws_refuses_whatever_asks_it() {
    let cloud = Cloud::own("files", "/srv/files", "here");
    let engine = Engine::builder(cloud.clone()).state_in_memory().build().expect("an engine");
    let target = engine.target();
    assert_eq!((&*target.cloud, &*target.account, &*target.region), ("files", "/srv/files", "here"));
    let report = engine.run(&evaluated(&engine, LOGS).await).await.expect("executed");
    let reasons: Vec<&str> = report.failures.iter().map(|failure| failure.reason.as_str()).collect();
    assert!(reasons.iter().all(|reason| reason.contains("there is no AWS")) && reasons.len() == 1, "{reasons:?}");
    let mistakes = try_evaluated(&engine, "availability_zones()").await.expect_err("nobody answers").to_string();
    assert!(mistakes.contains("there is no AWS"), "{mistakes}");

    cloud.pass("files:Read").expect("nothing is shut");
    let of = |calls: &hzscript::cloud::Calls| calls.counted().get(&("files".to_owned(), "Read".to_owned())).copied();
    assert_eq!(of(&cloud.calls).map(|count| count.sent), Some(1));
    let error = cloud.guarded(Arc::new(Shut)).pass("files:Read").expect_err("it is shut");
    assert_eq!(
        (error.class, error.to_string()),
        (ErrorClass::NotMade, "files:Read: the call was not made: files:Read is shut".to_owned())
    );
    assert_eq!(of(&cloud.calls).map(|count| count.sent), Some(1), "it was not made");
}

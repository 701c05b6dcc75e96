//! The engine in process, on an embedded AWS in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use hzscript::apply::execute::{Report, Settings, Stop};
use hzscript::apply::formation::FormationCheck;
use hzscript::cloud::Cloud;
use hzscript::engine::{Engine, EngineError};
use hzscript::event::{Event, Events};
use hzscript::local::Local;
use hzscript::local::settings::Settings as LocalSettings;
use hzscript::model::Program;
use hzscript::plan::{Action, Plan};
use hzscript::script::{Given, Script};
use hzscript::state::{Locking, Owner, Snapshot, StateStore, Surroundings};

use super::faults::Faults;

/// A stack named `test` and what it lives on.
pub struct Stack {
    pub engine: Engine,
    pub local: Local,
    events: Arc<Mutex<Vec<Event>>>,
}

/// Where a process of number [`GONE`] is no more.
#[derive(Debug)]
struct Here;

impl Surroundings for Here {
    fn now(&self) -> Option<SystemTime> {
        None
    }

    fn is_gone(&self, owner: &Owner) -> bool {
        owner.process == GONE
    }
}

/// A process that is no more: none has this number.
pub const GONE: u32 = u32::MAX;

/// How the lock is taken where a process of number [`GONE`] is no more.
pub fn locking() -> Locking {
    Locking { surroundings: Arc::new(Here), ..Locking::default() }
}

impl Stack {
    /// An empty one. AWS is as slow as in truth: use it under a paused clock.
    pub async fn new() -> Self {
        Self::executed(settings(true)).await
    }

    /// One on an AWS in which these faults happen, as `--fault` says them.
    pub async fn upset(faults: &[&str]) -> Self {
        let local = account(faults);
        let cloud = connected(&local).await;
        Self::with(local, cloud, in_memory())
    }

    /// One whose connection to AWS has faults.
    pub async fn faulty(faults: &Faults) -> Self {
        Self::made(in_memory(), settings(true), Some(faults)).await
    }

    /// One whose runs do not wait for what nothing else needs.
    pub async fn impatient() -> Self {
        Self::executed(settings(false)).await
    }

    /// One whose state is in a store of its own making.
    pub async fn kept_in(store: StateStore) -> Self {
        Self::made(store, settings(true), None).await
    }

    /// One whose state is in a store of its own making, and whose connection to AWS has faults.
    pub async fn faulty_and_kept_in(store: StateStore, faults: &Faults) -> Self {
        Self::made(store, settings(true), Some(faults)).await
    }

    /// One that is executed in its own way.
    pub async fn executed(settings: Settings) -> Self {
        Self::made(in_memory(), settings, None).await
    }

    async fn made(store: StateStore, settings: Settings, faults: Option<&Faults>) -> Self {
        let local = account(&[]);
        let cloud = connected(&local).await;
        let cloud = faults.map_or_else(|| cloud.clone(), |faults| faults.on(cloud.clone(), &local));
        Self::assembled(local, cloud, store, settings)
    }

    /// One on an account that is there, whose calls are made in their own way.
    pub fn with(local: Local, cloud: Cloud, store: StateStore) -> Self {
        Self::assembled(local, cloud, store, settings(true))
    }

    fn assembled(local: Local, cloud: Cloud, store: StateStore, settings: Settings) -> Self {
        let events = Arc::new(Mutex::new(Vec::new()));
        let sink = events.clone();
        let events_to = Events::to(move |event| sink.lock().expect("not poisoned").push(event));
        let engine = Engine::builder(cloud).state(store).events(events_to).settings(settings).locking(locking());
        Self { engine: engine.build().expect("an engine"), local, events }
    }

    /// Another stack in the same account.
    pub fn beside(&self, name: &str) -> Self {
        let engine = Engine::builder(self.engine.cloud().clone()).stack(name).state_in_memory();
        let engine = engine.settings(settings(true)).build().expect("an engine");
        Self { engine, local: self.local.clone(), events: Arc::default() }
    }

    /// The same stack on the same account, its state reached in another way.
    pub fn on(&self, store: StateStore) -> Self {
        let engine = Engine::builder(self.engine.cloud().clone()).state(store).settings(settings(true));
        let engine = engine.build().expect("an engine");
        Self { engine, local: self.local.clone(), events: Arc::default() }
    }

    /// Evaluates a script that must have no mistake.
    pub async fn program(&self, text: &str) -> Program {
        self.program_with(text, BTreeMap::new()).await
    }

    /// [`Stack::program`], with inputs.
    pub async fn program_with(&self, text: &str, inputs: BTreeMap<String, Given>) -> Program {
        let script = Script { inputs, ..Script::new("test.rhai", text) };
        let engine = self.engine.reporting_to(Events::none());
        // A blocking task keeps the paused clock from running ahead while the script's own thread is at work.
        let runtime = tokio::runtime::Handle::current();
        let evaluating = tokio::task::spawn_blocking(move || runtime.block_on(engine.evaluate(script)));
        match evaluating.await.expect("it does not panic") {
            Ok(evaluated) => evaluated.program,
            Err(mistakes) => panic!("{:#?}\n{text}", mistakes.mistakes),
        }
    }

    /// Plans a script, changing nothing.
    pub async fn plan(&self, text: &str) -> Plan {
        self.try_plan(text).await.unwrap_or_else(|error| panic!("{error}: {error:?}\n{text}"))
    }

    /// [`Stack::plan`], for what cannot be planned.
    pub async fn try_plan(&self, text: &str) -> Result<Plan, EngineError> {
        let program = self.program(text).await;
        self.engine.look().await?.plan(&program).await
    }

    /// Plans and executes a script, whatever comes of it.
    pub async fn run(&self, text: &str) -> Report {
        self.carry_out(&self.program(text).await).await.1
    }

    /// Plans and executes a program, whatever comes of it.
    pub async fn carry_out(&self, program: &Program) -> (Plan, Report) {
        let session = self.engine.begin(&owner()).await.expect("begun");
        let plan = session.plan(program).await.unwrap_or_else(|error| panic!("{error}: {error:?}\n{program:#?}"));
        let report = session.apply(&plan).await.expect("the state can be written");
        (plan, report)
    }

    /// [`Stack::run`], which must do everything.
    pub async fn runs(&self, text: &str) -> Report {
        let report = self.run(text).await;
        assert!(report.is_complete(), "{:#?}\n{text}", report.failures);
        report
    }

    /// Deletes everything, which must succeed.
    pub async fn destroy(&self) -> Report {
        let session = self.engine.begin(&owner()).await.expect("begun");
        let plan = session.plan_destroy().await.expect("a plan");
        let report = session.apply(&plan).await.expect("the state can be written");
        assert!(report.is_complete(), "{:#?}", report.failures);
        report
    }

    /// The state, which must be there.
    pub async fn state(&self) -> Snapshot {
        self.engine.state().await.expect("readable").expect("there was a run")
    }

    /// The physical identifier of a resource.
    pub async fn id(&self, address: &str) -> String {
        let address = address.parse().expect("an address");
        self.state().await.resources.get(&address).unwrap_or_else(|| panic!("{address} is in the state")).id.clone()
    }

    /// Events since the last time.
    pub fn events(&self) -> Vec<Event> {
        std::mem::take(&mut self.events.lock().expect("not poisoned"))
    }

    /// Types of what the embedded AWS has.
    pub fn exists(&self) -> Vec<String> {
        self.local.list().expect("readable").into_iter().map(|listed| listed.type_name).collect()
    }
}

/// An empty account, as slow as AWS in truth, in which these faults happen.
pub fn account(faults: &[&str]) -> Local {
    let faults: Vec<String> = faults.iter().map(|rule| (*rule).to_owned()).collect();
    let faults = faults.try_into().expect("faults");
    let settings = LocalSettings { pace: 1.0, faults, ..LocalSettings::default() };
    let opened = "2026-01-01T00:00:00Z".parse().expect("a time");
    Local::in_memory(settings, opened).expect("an embedded AWS")
}

/// A connection to an account.
pub async fn connected(local: &Local) -> Cloud {
    Cloud::embedded(local, "eu-west-1").await.expect("a connection")
}

fn in_memory() -> StateStore {
    StateStore::open("memory:///", "test").expect("a store")
}

fn settings(wait: bool) -> Settings {
    Settings { parallelism: 16, wait, formation: FormationCheck::OnAws, stop: Stop::default() }
}

pub fn owner() -> Owner {
    Owner {
        user: "tester".to_owned(),
        host: "here".to_owned(),
        process: std::process::id(),
        command: "test".to_owned(),
        since: "2026-01-01T00:00:00Z".to_owned(),
        identity: None,
    }
}

/// A plan in few words: a line a change, no-ops left out.
pub fn summary(plan: &Plan) -> String {
    let sign = |action: Action| match action {
        Action::NoOp => "=",
        Action::Settle => "…",
        Action::Import => ">",
        Action::Create => "+",
        Action::Update => "~",
        Action::ReplaceCreateFirst => "+/-",
        Action::ReplaceDeleteFirst => "-/+",
        Action::Delete => "-",
        Action::Forget => "x",
    };
    let lines = plan.changes.iter().filter(|change| change.action != Action::NoOp).map(|change| {
        let paths: Vec<&str> = change.differences.iter().map(|found| found.path.as_str()).collect();
        format!("{} {} {}", sign(change.action), change.address, paths.join(", ")).trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

//! Stacks at random: whatever is declared, whatever was left by an earlier run, whatever others did to it in the account and
//! whatever goes wrong, an operation that is made again until it is done ends where it says, with nothing made twice and
//! nothing lost.
//!
//! `HZSCRIPT_CASES` says how many are tried, `HZSCRIPT_SEED` which, `HZSCRIPT_CASE` from which number on. It stops at the
//! first that fails, or after `HZSCRIPT_FAILURES` of them. One that fails is made smaller, in `HZSCRIPT_SMALLER` trials, and
//! written out as a test, which belongs into `random_stacks_found.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hzscript::apply::execute::Report;
use hzscript::engine::EngineError;
use hzscript::kinds::{self, Delete};
use hzscript::model::{Address, Json, JsonMap, Program, Value};
use hzscript::plan::scope::AddressPattern;
use hzscript::plan::{Plan, PlanError, Problem, Scope};
use hzscript::state::edit::Doing as Editing;
use hzscript::state::edit::addresses::{forgotten, moved, objects as objects_of};
use hzscript::state::{EditError, Recorded, Snapshot, StateStore, Status};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use crate::support::Stack;
use crate::support::cases::{Case, Operation, Outside, case};
use crate::support::interruption::gone;
use crate::support::random::{Mutation, mutated, program};
use crate::support::stack::{account, connected, locking, summary};
use crate::support::ward::{Object, Seen, Ward, everything, object_of, objects};

/// How often an operation is made until it is done, where calls fail at random.
const ATTEMPTS: usize = 16;

/// Longer than AWS takes to end what it is still at when a run is done.
const SETTLED: Duration = Duration::from_secs(15 * 60);

/// What happened in a case, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Told {
    ended_early: usize,
    refused: usize,
    created: usize,
    deleted: usize,
    ordered: usize,
    let_go: usize,
    changed_outside: usize,
}

impl Told {
    fn and(self, other: Self) -> Self {
        Self {
            ended_early: self.ended_early + other.ended_early,
            refused: self.refused + other.refused,
            created: self.created + other.created,
            deleted: self.deleted + other.deleted,
            ordered: self.ordered + other.ordered,
            let_go: self.let_go + other.let_go,
            changed_outside: self.changed_outside + other.changed_outside,
        }
    }
}

/// What is done to a whole stack or a part of it.
#[derive(Clone, Copy)]
enum Doing<'a> {
    Run(&'a Program, &'a Scope),
    Destroy,
}

/// How doing it ended.
#[derive(Debug)]
enum Done {
    All,
    /// It cannot be planned, for reasons that a plan may have.
    Refused(PlanError),
}

/// One stack and what happens to it.
struct Life<'a> {
    case: &'a Case,
    ward: Ward,
    told: Told,
}

/// Does what a case says, and checks all that must hold.
pub async fn replay(text: &str) {
    let case: Case = serde_json::from_str(text).expect("a case");
    holds(&case).await;
}

async fn holds(case: &Case) -> Told {
    let faults: Vec<&str> = case.faults.iter().map(String::as_str).collect();
    let ward = Ward::new(account(&faults), Default::default()).await;
    let mut life = Life { case, ward, told: Told::default() };
    life.first().await;
    life.outside().await;
    life.operation().await;
    life.counts();
    let told = life.told;
    Told { let_go: life.ward.let_go().len(), ..told }
}

impl Life<'_> {
    async fn first(&mut self) {
        let program = program(&self.case.first);
        self.ward.wants(addresses(&program));
        let scope = Scope::default();
        match self.ended(self.case.first_ends_at, Doing::Run(&program, &scope)).await {
            // What it left is where the operation begins, unless there is no state at all yet.
            true if StateStore::within(self.ward.kept(), "test").load().await.expect("readable").is_some() => {}
            _ => {
                self.complete(Doing::Run(&program, &scope), "first").await;
                self.is_as_declared(&program, "first").await;
            }
        }
    }

    async fn outside(&mut self) {
        let known: Vec<(Address, Recorded)> = self.ward.state().await.resources.into_iter().collect();
        let cloud = connected(self.ward.local()).await;
        for (which, what) in &self.case.outside {
            let Some((_, one)) = known.get(usize::from(*which) % known.len().max(1)) else { continue };
            let done = match what {
                Outside::Deletes => {
                    let kind = kinds::by_type(&one.kind).expect("a kind");
                    let prior = plain(&one.inputs);
                    let target = Delete { id: &one.id, prior: &prior, attributes: &one.attributes };
                    kind.delete(&cloud, &target).await.is_ok()
                }
                Outside::Changes => match one.kind.as_str() {
                    "AWS::Logs::LogGroup" => {
                        let call = cloud.logs.put_retention_policy().log_group_name(&one.id).retention_in_days(14);
                        call.send().await.is_ok()
                    }
                    "AWS::IAM::Role" => {
                        cloud.iam.update_role().role_name(&one.id).description("another").send().await.is_ok()
                    }
                    "AWS::SecretsManager::Secret" => {
                        cloud.secrets.update_secret().secret_id(&one.id).description("another").send().await.is_ok()
                    }
                    _ => false,
                },
            };
            self.told.changed_outside += usize::from(done);
        }
        tokio::time::sleep(SETTLED).await;
        self.counts();
        let let_go = self.ward.let_go();
        self.ward = Ward::new(self.ward.local().clone(), self.ward.kept()).await;
        let_go.into_iter().for_each(|object| self.ward.lets_go(object));
    }

    async fn operation(&mut self) {
        let all = Scope::default();
        let pattern = |program: &Program, which: u8| -> Vec<AddressPattern> {
            let one = program.resources.get(usize::from(which) % program.resources.len().max(1));
            one.map(|one| AddressPattern::new(&one.address.to_string())).into_iter().collect()
        };
        let mutated = |mutations: &[Mutation]| program(&mutated(&self.case.first, mutations));
        match &self.case.operation {
            Operation::Run(mutations) => self.runs(&mutated(mutations), &all).await,
            Operation::Only(mutations, which) => {
                let program = mutated(mutations);
                let scope = Scope { only: pattern(&program, *which), ..all };
                self.runs(&program, &scope).await;
            }
            Operation::Exclude(mutations, which) => {
                let program = mutated(mutations);
                let scope = Scope { exclude: pattern(&program, *which), ..all };
                self.runs(&program, &scope).await;
            }
            Operation::Replace(mutations, which) => {
                let program = mutated(mutations);
                let scope = Scope { replace: pattern(&program, *which), ..all };
                self.runs(&program, &scope).await;
            }
            Operation::Destroy => self.destroys().await,
            Operation::Refresh => self.refreshes().await,
            Operation::Forget(which) => self.forgets(*which).await,
            Operation::Move(which) => self.moves(*which).await,
        }
    }

    async fn runs(&mut self, program: &Program, scope: &Scope) {
        self.ward.wants(addresses(program));
        let doing = Doing::Run(program, scope);
        self.ended(self.case.ends_at, doing).await;
        let begun = objects(self.ward.local());
        if let Done::Refused(error) = self.complete(doing, "the operation").await {
            self.is_refused_rightly(&error, program, scope);
            assert_eq!(objects(self.ward.local()), begun, "{error}: nothing was done");
            return;
        }
        if *scope != Scope::default() && scope.replace.is_empty() {
            let again = self.look(doing).await;
            assert!(again.is_empty(), "the same part again: {}", summary(&again));
        }
        self.ends_as(program, "the whole").await;
    }

    /// Runs the whole, which then is as declared, unless it is refused. Whether it was not.
    async fn ends_as(&mut self, program: &Program, when: &str) -> bool {
        let scope = Scope::default();
        match self.complete(Doing::Run(program, &scope), when).await {
            Done::All => self.is_as_declared(program, when).await,
            Done::Refused(error) => {
                self.is_refused_rightly(&error, program, &scope);
                return false;
            }
        }
        true
    }

    async fn destroys(&mut self) {
        self.ward.wants(BTreeSet::new());
        self.ended(self.case.ends_at, Doing::Destroy).await;
        let begun = objects(self.ward.local());
        match self.complete(Doing::Destroy, "destroy").await {
            Done::All => self.is_as_declared(&Program::default(), "in the end").await,
            Done::Refused(error) => {
                self.is_refused_rightly(&error, &program(&self.case.first), &Scope::default());
                assert_eq!(objects(self.ward.local()), begun, "{error}: nothing was done");
            }
        }
    }

    async fn refreshes(&mut self) {
        let program = program(&self.case.first);
        self.ward.wants(addresses(&program));
        let before = objects(self.ward.local());
        if self.case.ends_at.is_some() {
            let stack = self.ward.stack().await;
            let ended = self.ward.until(self.case.ends_at, refresh(&stack)).await.is_none();
            self.told.ended_early += usize::from(ended);
        }
        let mut found = Err("nothing was done".to_owned());
        for _ in 0..self.attempts() {
            let stack = self.ward.stack().await;
            found = refresh(&stack).await;
            if found.is_ok() {
                break;
            }
        }
        found.unwrap_or_else(|error| panic!("refresh: {error}"));
        assert_eq!(objects(self.ward.local()), before, "nothing in the account is changed");
        let state = self.ward.state().await;
        self.knows_all(&state, "after the refresh");
        self.ends_as(&program, "after the refresh").await;
    }

    async fn forgets(&mut self, which: u8) {
        let state = self.ward.state().await;
        let Some(address) = state.resources.keys().nth(usize::from(which) % state.resources.len().max(1)).cloned()
        else {
            return self.runs(&program(&self.case.first), &Scope::default()).await;
        };
        let targets = BTreeSet::from([address.clone()]);
        let let_go: Vec<Object> = objects_of(&state, &address).map(object_of).collect();
        let before = objects(self.ward.local());
        let mut left_out = BTreeSet::new();
        if self.edits(Editing::Forgetting(&targets), |state| forgotten(state, &targets)).await {
            assert!(!self.ward.state().await.resources.contains_key(&address), "{address} is forgotten");
            let_go.into_iter().filter(|one| before.contains(one)).for_each(|one| self.ward.lets_go(one));
            left_out.insert(address);
        }
        assert_eq!(objects(self.ward.local()), before, "nothing in the account is changed");
        // What needs it was not there, and goes with it.
        let mut rest = program(&self.case.first);
        for resource in &rest.resources {
            if resource.dependencies().iter().any(|needed| left_out.contains(needed)) {
                left_out.insert(resource.address.clone());
            }
        }
        rest.resources.retain(|resource| !left_out.contains(&resource.address));
        self.ward.wants(addresses(&rest));
        self.ends_as(&rest, "after it was forgotten").await;
    }

    async fn moves(&mut self, which: u8) {
        let state = self.ward.state().await;
        let mut declared = self.case.first.clone();
        let index = usize::from(which) % declared.len();
        let old = program(&declared);
        declared[index].renamed += 1;
        let new = program(&declared);
        let (was, is) = (addresses(&old), addresses(&new));
        let pairs: Vec<(Address, Address)> = was.difference(&is).cloned().zip(is.difference(&was).cloned()).collect();
        let known = |state: &Snapshot| -> BTreeMap<Address, String> {
            state.resources.iter().map(|(address, one)| (address.clone(), one.id.clone())).collect()
        };
        let (exist, mut ids) = (objects(self.ward.local()), known(&state));
        if self.edits(Editing::Moving(&pairs), |state| moved(state, &pairs)).await {
            for (from, to) in &pairs {
                let id = ids.remove(from).expect("it was there");
                ids.insert(to.clone(), id);
            }
        }
        assert_eq!(known(&self.ward.state().await), ids, "nothing else was done to the state");
        assert_eq!(objects(self.ward.local()), exist, "nothing in the account is changed");
        self.ward.wants(is);
        let done = self.ends_as(&new, "after it was moved").await;
        if done && self.case.first_ends_at.is_none() && self.case.outside.is_empty() {
            assert_eq!(known(&self.ward.state().await), ids, "nothing was made again");
        }
    }

    /// Changes the state alone, also when that ends early: then it is done or it is not. Whether it could be done.
    async fn edits(
        &mut self,
        editing: Editing<'_>,
        becomes: impl Fn(&Snapshot) -> Result<Snapshot, EditError>,
    ) -> bool {
        let before = self.ward.state().await;
        let Ok(after) = becomes(&before) else { return false };
        let edit = async |kept: StateStore| {
            let edit = kept.edit(&gone(), &locking()).await.expect("begun");
            edit.write(after.clone(), editing).await.expect("written");
            edit.end().await.expect("ended");
        };
        self.ward.edits(true);
        let kept = StateStore::within(std::sync::Arc::new(self.ward.clone()), "test");
        // There are few moments in it.
        let ends_at = self.case.ends_at.map(|moment| 1 + moment % 8);
        if self.ward.until(ends_at, edit(kept)).await.is_none() {
            self.told.ended_early += 1;
            let found = self.ward.state().await;
            assert!([&before.resources, &after.resources].contains(&&found.resources), "it is done or it is not");
            if found.resources == before.resources {
                self.ward.edits(true);
                edit(StateStore::within(std::sync::Arc::new(self.ward.clone()), "test")).await;
            }
        }
        self.ward.edits(false);
        true
    }

    /// Does it, until it ends at a moment. Whether it has ended early.
    async fn ended(&mut self, ends_at: Option<usize>, doing: Doing<'_>) -> bool {
        if ends_at.is_none() {
            return false;
        }
        let stack = self.ward.stack().await;
        let ended = self.ward.until(ends_at, attempt(&stack, doing)).await.is_none();
        self.told.ended_early += usize::from(ended);
        ended
    }

    fn attempts(&self) -> usize {
        if self.case.faults.is_empty() { 1 } else { ATTEMPTS }
    }

    /// Does it until all is done. Where nothing goes wrong once is enough.
    async fn complete(&mut self, doing: Doing<'_>, when: &str) -> Done {
        let mut last = String::new();
        for _ in 0..self.attempts() {
            let stack = self.ward.stack().await;
            match attempt(&stack, doing).await {
                Ok(report) if report.is_complete() => {
                    self.ward.is_well(when);
                    return Done::All;
                }
                Ok(report) => last = format!("{:#?}", report.failures),
                Err(EngineError::Plan(error)) => {
                    self.told.refused += 1;
                    return Done::Refused(error);
                }
                Err(error) => last = format!("{error}: {error:?}"),
            }
            self.ward.is_well(when);
        }
        panic!("{when}: it does not come to an end: {last}");
    }

    /// Plans it, changing nothing.
    async fn look(&self, doing: Doing<'_>) -> Plan {
        let mut last = String::new();
        for _ in 0..self.attempts() {
            let stack = self.ward.stack().await;
            let planned = async {
                let session = stack.engine.look().await?;
                match doing {
                    Doing::Run(program, scope) => session.plan_within(program, scope).await,
                    Doing::Destroy => session.plan_destroy().await,
                }
            };
            match planned.await {
                Ok(plan) => return plan,
                Err(error) => last = format!("{error}: {error:?}"),
            }
        }
        panic!("it cannot be planned: {last}");
    }

    /// A plan may be refused because of what is protected and, of a part, because of what is left out.
    fn is_refused_rightly(&self, error: &PlanError, program: &Program, scope: &Scope) {
        let was_protected = |address: &Address| {
            let own =
                |one: &&hzscript::model::Resource| one.address == *address || one.options.aliases.contains(address);
            let before = self::program(&self.case.first);
            let mut all = program.resources.iter().chain(&before.resources).filter(own);
            all.any(|one| one.options.protect == Some(true))
        };
        for (_, _, problem) in &error.problems {
            let rightly = match problem {
                Problem::Protected { address, .. } => was_protected(address),
                Problem::UsedByLeftOut { .. } | Problem::HeldByLeftOut { .. } => *scope != Scope::default(),
                _ => false,
            };
            assert!(rightly, "{problem}");
        }
    }

    /// The account has what the state knows, once, and what was let go, and nothing else.
    fn knows_all(&self, state: &Snapshot, when: &str) {
        let known: Vec<Object> = everything(state).map(|(_, one)| object_of(one)).collect();
        let distinct: BTreeSet<Object> = known.iter().cloned().collect();
        assert_eq!(known.len(), distinct.len(), "{when}: no object is known twice: {known:#?}");
        let expected: BTreeSet<Object> = distinct.into_iter().chain(self.ward.let_go()).collect();
        let exist = objects(self.ward.local());
        let more: Vec<_> = exist.difference(&expected).collect();
        let less: Vec<_> = expected.difference(&exist).collect();
        assert!(more.is_empty() && less.is_empty(), "{when}: orphaned: {more:#?}\nlost: {less:#?}");
    }

    /// What exists is what is declared, and nothing is left to do.
    async fn is_as_declared(&mut self, program: &Program, when: &str) {
        tokio::time::sleep(SETTLED).await;
        self.ward.is_well(when);
        let state = self.ward.state().await;
        let known: BTreeSet<Address> = state.resources.keys().cloned().collect();
        assert_eq!(known, addresses(program), "{when}");
        assert!(state.deposed.is_empty() && state.pending.is_empty(), "{when}: {state:#?}");
        self.knows_all(&state, when);
        for (address, one) in &state.resources {
            assert_eq!(one.status, Status::Ready, "{when}: {address}");
        }
        let plan = self.look(Doing::Run(program, &Scope::default())).await;
        assert!(plan.is_empty(), "{when}: the second plan: {}", summary(&plan));
        let resolved = |reference: &hzscript::model::Reference| {
            let Recorded { attributes, inputs, .. } = state.resources.get(&reference.address)?;
            let property = || inputs.get(&reference.attribute)?.to_json();
            attributes.get(&reference.attribute).cloned().or_else(property)
        };
        for resource in &program.resources {
            let change = plan.changes.iter().find(|change| change.address == resource.address).expect("it is planned");
            for (name, value) in &resource.properties {
                let Some(wanted) = value.resolve(&resolved).to_json() else {
                    panic!("{when}: {} refers to what is not known: {value:?}", resource.address)
                };
                let has = change.observed.get(name);
                let kept = resource.options.ignore_changes.contains(name) || matches!(value, Value::Secret(_));
                assert!(
                    kept || has.is_some_and(|has| includes(has, &wanted)),
                    "{when}: {} has {name} {has:?}",
                    resource.address
                );
            }
        }
    }

    /// Counts what was done since the last time.
    fn counts(&mut self) {
        let Seen { created, deleted, ordered } = self.ward.seen();
        self.told = self.told.and(Told { created, deleted, ordered, ..Told::default() });
    }
}

async fn attempt(stack: &Stack, doing: Doing<'_>) -> Result<Report, EngineError> {
    let session = stack.engine.begin(&gone()).await?;
    let planned = match doing {
        Doing::Run(program, scope) => session.plan_within(program, scope).await,
        Doing::Destroy => session.plan_destroy().await,
    };
    match planned {
        Ok(plan) => session.apply(&plan).await,
        Err(error) => {
            session.end().await?;
            Err(error)
        }
    }
}

async fn refresh(stack: &Stack) -> Result<(), String> {
    let told = |error: EngineError| format!("{error}: {error:?}");
    let session = stack.engine.begin(&gone()).await.map_err(told)?;
    match session.refresh().await {
        Ok(found) => session.take_in(found).await.map(drop).map_err(told),
        Err(error) => {
            session.end().await.map_err(told)?;
            Err(told(error))
        }
    }
}

fn addresses(program: &Program) -> BTreeSet<Address> {
    program.resources.iter().map(|resource| resource.address.clone()).collect()
}

/// What of the properties is known.
fn plain(inputs: &BTreeMap<String, Value>) -> JsonMap {
    inputs.iter().filter_map(|(name, value)| Some((name.clone(), value.to_json()?))).collect()
}

/// Whether what exists has all that is wanted: AWS may tell more.
fn includes(has: &Json, wanted: &Json) -> bool {
    match (has, wanted) {
        (Json::Object(has), Json::Object(wanted)) => {
            wanted.iter().all(|(name, wanted)| has.get(name).is_some_and(|has| includes(has, wanted)))
        }
        (Json::Array(has), Json::Array(wanted)) => {
            has.len() == wanted.len() && has.iter().zip(wanted).all(|(has, wanted)| includes(has, wanted))
        }
        (has, wanted) => has == wanted,
    }
}

/// The case as a test of its own.
fn written_out(case: &Case) -> String {
    let text = serde_json::to_string(case).expect("JSON");
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!(
        "#[tokio::test(start_paused = true)]\nasync fn case_{:016x}() {{\n    replay(\n        r#\"{text}\"#,\n    )\n    .await;\n}}\n",
        hasher.finish()
    )
}

/// Tries the case of this number of a seed. The answer is what happened in it, or what to say.
fn tried(seed: u64, number: usize) -> Result<Told, String> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&(number as u64).to_le_bytes());
    let config = Config {
        failure_persistence: None,
        max_shrink_iters: said("HZSCRIPT_SMALLER", 40) as u32,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let tree = case().new_tree(&mut runner).expect("a case");
    let told = Mutex::new(Told::default());
    let done = runner.run_one(tree, |case| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        *told.lock().expect("not poisoned") = runtime.expect("a runtime").block_on(holds(&case));
        Ok(())
    });
    match done {
        Ok(_) => Ok(*told.lock().expect("not poisoned")),
        Err(TestError::Abort(reason)) => Err(reason.to_string()),
        Err(TestError::Fail(reason, case)) => {
            let text = written_out(&case);
            let path = std::env::temp_dir().join(format!("hzscript-case-{seed}-{number}.rs"));
            let kept =
                std::fs::write(&path, &text).map_or_else(|error| error.to_string(), |()| path.display().to_string());
            Err(format!(
                "case {number} of HZSCRIPT_SEED={seed}: {reason}\n{case:#?}\nAs a test, for random_stacks_found.rs ({kept}):\n{text}"
            ))
        }
    }
}

fn said(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number"))
}

#[test]
fn whatever_happens_nothing_is_made_twice_or_lost() {
    let (seed, first, cases) = (said("HZSCRIPT_SEED", 1), said("HZSCRIPT_CASE", 0), said("HZSCRIPT_CASES", 1000));
    let (first, cases) = (first as usize, cases as usize);
    let next = AtomicUsize::new(first);
    let all: Mutex<(Told, Vec<String>)> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= first + cases
                        || all.lock().expect("not poisoned").1.len() >= said("HZSCRIPT_FAILURES", 1) as usize
                    {
                        break;
                    }
                    let tried = tried(seed, number);
                    let mut all = all.lock().expect("not poisoned");
                    match tried {
                        Ok(told) => all.0 = all.0.and(told),
                        Err(failed) => all.1.push(failed),
                    }
                }
            });
        }
    });
    let (told, failed) = all.into_inner().expect("not poisoned");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    println!("{cases} cases: {told:?}");
    if cases >= 500 {
        assert!(told.ended_early > cases / 5, "{told:?}");
        assert!(told.refused > 0 && told.refused < cases / 4, "{told:?}");
        assert!(told.created > 3 * cases && told.deleted > cases / 3, "{told:?}");
        assert!(told.ordered > cases, "{told:?}");
        assert!(told.let_go > 0 && told.changed_outside > cases / 10, "{told:?}");
    }
}

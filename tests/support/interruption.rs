//! Runs that end before their time, and are begun again.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use hzscript::apply::execute::Report;
use hzscript::engine::EngineError;
use hzscript::model::Program;
use hzscript::plan::Plan;
use hzscript::state::{Owner, StateStore};

use super::Stack;
use super::inventory::inventory;
use super::moments::{Left, Moments, Watch};
use super::stack::{GONE, account, connected, owner, summary};

/// At how many moments a run was ended, and what came of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Survived {
    /// Calls of the undisturbed run.
    pub calls: usize,
    /// Objects of its state written and removed.
    pub writes: usize,
    /// Moments tried: before and after each of those.
    pub points: usize,
    /// What there was at them, each once.
    pub states: usize,
    /// Moments after which another run ended where the undisturbed one did.
    pub survived: usize,
}

impl fmt::Display for Survived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, writes, points, states, survived } = self;
        write!(f, "{calls} calls, {writes} writes, points: {points}, distinct states: {states}, survived: {survived}")
    }
}

/// What a run does, given as a script; nothing is the deletion of all.
pub async fn attempt(stack: &Stack, text: Option<&str>) -> Result<Report, EngineError> {
    let program = match text {
        Some(text) => Some(stack.program(text).await),
        None => None,
    };
    carry_out(stack, program.as_ref(), &owner()).await
}

/// What a run does; nothing is the deletion of all.
async fn carry_out(stack: &Stack, program: Option<&Program>, owner: &Owner) -> Result<Report, EngineError> {
    let session = stack.engine.begin(owner).await?;
    let plan = match program {
        Some(program) => session.plan(program).await?,
        None => session.plan_destroy().await?,
    };
    session.apply(&plan).await
}

/// Somebody who is no longer there, so that the lock is taken from them.
pub fn gone() -> Owner {
    Owner { process: GONE, ..owner() }
}

/// Does what a run does, which must be everything.
pub async fn complete(stack: &Stack, program: Option<&Program>, when: &str) {
    let report = carry_out(stack, program, &gone()).await.unwrap_or_else(|error| panic!("{when}: {error}: {error:?}"));
    assert!(report.is_complete(), "{when}: {:#?}", report.failures);
}

/// Nothing is left to do: the plan that says so.
pub async fn is_settled(stack: &Stack, program: Option<&Program>, when: &str) -> Plan {
    let session = stack.engine.look().await.unwrap_or_else(|error| panic!("{when}: {error}"));
    let plan = match program {
        Some(program) => session.plan(program).await,
        None => session.plan_destroy().await,
    };
    let plan = plan.unwrap_or_else(|error| panic!("{when}: {error}"));
    assert!(plan.is_empty(), "{when}: {}", summary(&plan));
    plan
}

/// Programs of scripts; nothing stays nothing.
pub async fn programs(texts: &[Option<&str>]) -> Vec<Option<Program>> {
    let stack = Stack::new().await;
    let mut programs = Vec::new();
    for text in texts {
        programs.push(match text {
            Some(text) => Some(stack.program(text).await),
            None => None,
        });
    }
    programs
}

/// Carries out `runs`, the last of them ended at every moment, and then again for every so-manieth of what there may be
/// then. What there is in the end is what there would have been, nothing is left to do, and no secret has another value
/// than before.
pub async fn survives(runs: &[Option<Program>], stride: usize) -> Survived {
    let watch = Watch::new(&account(&[]));
    let stack = watch.stack().await;
    let (last, before) = runs.split_last().expect("a run");
    for run in before {
        complete(&stack, run.as_ref(), "before").await;
    }
    watch.begin();
    complete(&stack, last.as_ref(), "undisturbed").await;
    let Moments { calls, writes, left, .. } = watch.end();
    assert!(calls > 20 && writes > 10, "{calls} calls, {writes} writes");
    let expected = inventory(&stack, &is_settled(&stack, last.as_ref(), "undisturbed").await).await;
    let mut survived = Survived { calls, writes, points: 2 * (calls + writes), states: left.len(), survived: 0 };
    assert_eq!(left.iter().map(|left| left.moments).sum::<usize>(), survived.points, "none is left out");
    for Left { local, kept, when, moments } in left.into_iter().step_by(stride) {
        let cloud = connected(&local).await;
        let stack = Stack::with(local, cloud, StateStore::within(Arc::new(kept), "test"));
        let secrets = secrets(&stack).await;
        complete(&stack, last.as_ref(), &when).await;
        let found = inventory(&stack, &is_settled(&stack, last.as_ref(), &when).await).await;
        let (more, less): (Vec<_>, Vec<_>) =
            (found.difference(&expected).collect(), expected.difference(&found).collect());
        assert!(more.is_empty() && less.is_empty(), "{when}: too much: {more:#?}\ntoo little: {less:#?}");
        for (arn, versions) in self::secrets(&stack).await {
            assert_eq!(versions.len(), 1, "{when}: {versions:?}");
            assert!(secrets.get(&arn).is_none_or(|before| *before == versions), "{when}");
        }
        survived.survived += moments;
    }
    survived
}

/// The secrets there are, with their versions and values.
async fn secrets(stack: &Stack) -> BTreeMap<String, Vec<(String, String)>> {
    let calls = &stack.engine.cloud().secrets;
    let mut found = BTreeMap::new();
    for secret in calls.list_secrets().send().await.expect("an answer").secret_list() {
        let arn = secret.arn().unwrap_or_default();
        let listed = calls.list_secret_version_ids().secret_id(arn).include_deprecated(true).send().await;
        let mut versions = Vec::new();
        for version in listed.expect("an answer").versions() {
            let id = version.version_id().unwrap_or_default();
            let value = calls.get_secret_value().secret_id(arn).version_id(id).send().await.expect("an answer");
            versions.push((id.to_owned(), value.secret_string.unwrap_or_default()));
        }
        found.insert(arn.to_owned(), versions);
    }
    found
}

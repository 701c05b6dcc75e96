//! Runs that end at a record of the journal, and are begun again.

use std::collections::BTreeMap;

use hzscript::apply::execute::Report;
use hzscript::engine::EngineError;
use hzscript::state::StateStore;

use super::Stack;
use super::failing::Failing;
use super::stack::{owner, summary};

/// What a run does, given as a script; nothing is the deletion of all.
pub async fn attempt(stack: &Stack, text: Option<&str>) -> Result<Report, EngineError> {
    let session = stack.engine.begin(&owner()).await?;
    let plan = match text {
        Some(text) => session.plan(&stack.program(text).await).await?,
        None => session.plan_destroy().await?,
    };
    session.apply(&plan).await
}

/// Does what a run does, which must be everything.
async fn complete(stack: &Stack, text: Option<&str>, when: &str) {
    let report = attempt(stack, text).await.expect("begun");
    assert!(report.is_complete(), "{when}: {:#?}", report.failures);
}

/// Carries out `runs`, the last of them with a store that gives up after so many objects, for every so-manieth of
/// them; then again. What there is then is what there would have been, and no secret has another value than before.
pub async fn survives(runs: &[Option<&str>], stride: usize) {
    let store = Failing::new();
    let stack = Stack::kept_in(StateStore::within(store.clone(), "test")).await;
    let (last, before) = runs.split_last().expect("a run");
    for run in before {
        complete(&stack, *run, "before").await;
    }
    store.takes(i64::MAX);
    complete(&stack, *last, "undisturbed").await;
    let (expected, records) = (stack.exists(), store.taken());
    assert!(records > 20, "{records} records");
    for takes in (0..records).step_by(stride) {
        let store = Failing::new();
        let stack = Stack::kept_in(StateStore::within(store.clone(), "test")).await;
        for run in before {
            complete(&stack, *run, "before").await;
        }
        store.takes(takes);
        let when = format!("after {takes} of {records}");
        let ended = attempt(&stack, *last).await;
        assert!(matches!(ended, Err(EngineError::State(_))), "{when}: {ended:?}");
        store.takes(i64::MAX);
        let secrets = secrets(&stack).await;
        complete(&stack, *last, &when).await;
        assert_eq!(stack.exists(), expected, "{when}");
        for (arn, versions) in self::secrets(&stack).await {
            assert_eq!(versions.len(), 1, "{when}: {versions:?}");
            assert!(secrets.get(&arn).is_none_or(|before| *before == versions), "{when}");
        }
        if let Some(text) = last {
            let plan = stack.plan(text).await;
            assert!(plan.is_empty(), "{when}: {:#?}", summary(&plan));
        }
    }
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

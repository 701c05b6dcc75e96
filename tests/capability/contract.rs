//! What every kind keeps to, for each entry of `KINDS`: made and read back equal, nothing to do on a second plan, every
//! property its code claims updated in place or replaced as its schema says, deleted twice.

use std::time::Duration;

use hzscript::kinds::{Delete, KINDS, by_type};
use hzscript::model::{JsonMap, KindName, PropertyPath, schemas};
use hzscript::plan::Action;

use super::samples::{SAMPLES, Sample};
use crate::support::Stack;
use crate::support::stack::summary;

/// Longer than all the changes of a sample take together, in AWS's time.
const TOO_LONG: Duration = Duration::from_secs(24 * 60 * 60);

#[test]
fn every_kind_has_a_sample_and_every_claimed_property_a_change() {
    let mut missing = Vec::new();
    for kind in KINDS {
        let facts = kind.facts();
        let schema = schemas().by_type(facts.type_name).expect("a schema");
        let Some(sample) = SAMPLES.iter().find(|sample| sample.kind == facts.type_name) else {
            missing.push(facts.type_name.to_owned());
            continue;
        };
        for claimed in facts.sends {
            let root = claimed.split('/').next().expect("a property");
            let replaces = schema.replaces(&PropertyPath::new(root)) || facts.replaces.contains(&root);
            // Whether some are replaced depends on the values.
            let conditional = schema.conditional_create_only.iter().any(|pattern| pattern.root() == root);
            let either = if conditional { sample.replacements } else { &[] };
            let changes = if replaces { sample.replacements } else { sample.updates };
            let has = changes.iter().chain(either).any(|(property, _)| *property == root);
            if !has && !sample.fixed.iter().any(|(property, _)| *property == root) {
                let what = if replaces { "replacement" } else { "update" };
                missing.push(format!("{} {root}: no {what}", facts.type_name));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn every_kind_keeps_the_contract() {
    for sample in SAMPLES {
        println!("{}", sample.kind);
        let kept = tokio::time::timeout(TOO_LONG, keeps(sample)).await;
        assert!(kept.is_ok(), "{}: waits without an end", sample.kind);
    }
}

async fn keeps(sample: &Sample) {
    let stack = Stack::new().await;
    let base = sample.script(None);
    stack.runs(&base).await;
    settled(&stack, &base, "created").await;
    for change in sample.updates {
        println!("    {} = {}", change.0, change.1);
        let script = sample.script(Some(change));
        expect(&stack, &script, change, |action| action == Action::Update).await;
        stack.runs(&script).await;
        settled(&stack, &script, change.0).await;
        // Back to where it was: a property that is no longer declared is taken away as well as it can be.
        stack.runs(&base).await;
        settled(&stack, &base, &format!("{} taken back", change.0)).await;
    }
    for change in sample.replacements {
        println!("    {} = {}", change.0, change.1);
        let script = sample.script(Some(change));
        expect(&stack, &script, change, Action::replaces).await;
        let before = stack.id(&sample.address()).await;
        stack.runs(&script).await;
        settled(&stack, &script, change.0).await;
        if !sample.same_id {
            assert_ne!(stack.id(&sample.address()).await, before, "{}: another object", sample.kind);
        }
        stack.runs(&base).await;
    }
    let recorded = stack.state().await.resources.remove(&sample.address().parse().expect("an address"));
    let recorded = recorded.expect("it is in the state");
    let kind = by_type(sample.kind).expect("a kind");
    let prior: JsonMap =
        recorded.inputs.iter().filter_map(|(name, value)| Some((name.clone(), value.to_json()?))).collect();
    stack.destroy().await;
    assert_eq!(stack.exists(), Vec::<String>::new(), "{}: all is gone", sample.kind);
    let again = Delete { id: &recorded.id, prior: &prior, attributes: &recorded.attributes };
    let deleted = kind.delete(stack.engine.cloud(), &again).await;
    assert!(deleted.is_ok(), "{}: deleted twice: {deleted:?}", sample.kind);
    let read = kind.read(stack.engine.cloud(), std::slice::from_ref(&recorded.id)).await.expect("read");
    assert_eq!(read, [None], "{}: reads as gone", sample.kind);
}

async fn settled(stack: &Stack, script: &str, what: &str) {
    let plan = stack.plan(script).await;
    let differences: Vec<_> = plan.changes.iter().flat_map(|change| &change.differences).collect();
    assert!(plan.is_empty(), "{what}: not settled:\n{}\n{differences:#?}\n{script}", summary(&plan));
}

/// The change is planned as it should be, for the property and what goes with it.
async fn expect(stack: &Stack, script: &str, (property, value): &(&str, &str), right: impl Fn(Action) -> bool) {
    let plan = stack.plan(script).await;
    let change = plan.changes.iter().find(|change| change.address.name() == "it").expect("it is planned");
    assert!(right(change.action), "{property}: {:?}\n{}\n{script}", change.action, summary(&plan));
    let roots = change.differences.iter().map(|found| found.path.split(['.', '[']).next().unwrap_or_default());
    let roots: std::collections::BTreeSet<&str> = roots.collect();
    assert!(roots.contains(property), "{property}: {roots:?}\n{script}");
    let others: Vec<&&str> = roots.iter().filter(|root| *root != property && !value.contains(**root)).collect();
    assert!(others.is_empty(), "{property}: {others:?} differ too\n{script}");
}

impl Sample {
    /// The script that declares it, with one property changed.
    pub fn script(&self, change: Option<&(&str, &str)>) -> String {
        let builder = KindName::from_type(self.kind);
        let change = change.map(|(property, value)| format!("it.{property} = {value};\n")).unwrap_or_default();
        format!("{}\nlet it = #{{ {} }};\n{change}{builder}(\"it\", it);\n", self.before, self.declared)
    }

    fn address(&self) -> String {
        format!("{}.it", KindName::from_type(self.kind))
    }
}

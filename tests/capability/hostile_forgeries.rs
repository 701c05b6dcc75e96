//! Plans and states that somebody else put together, with a checksum that is right: reading, showing and executing them
//! ends in an answer, and no more is made or deleted than a plan says.

use std::cell::Cell;
use std::collections::BTreeMap;

use hzscript::plan::{Action, Saved};
use hzscript::state::edit::whole::{self, Difference};
use hzscript::state::{Keyring, Snapshot, Target};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::support::Stack;
use crate::support::stack::owner;

const BEFORE: &str = r#"
let net = ec2_vpc("net", #{ cidrBlock: "10.0.0.0/16" });
ec2_subnet("a", #{ vpcId: net.vpcId, cidrBlock: "10.0.1.0/24" });
logs_log_group("logs", #{ retentionInDays: 5 });
logs_log_group("old", #{ logGroupName: "/old" });
output("net", net.vpcId);
"#;

const AFTER: &str = r#"
let net = ec2_vpc("net", #{ cidrBlock: "10.0.0.0/16" });
ec2_subnet("a", #{ vpcId: net.vpcId, cidrBlock: "10.0.2.0/24" });
logs_log_group("logs", #{ retentionInDays: 7 });
iam_role("role", #{ assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com") });
output("net", net.vpcId);
"#;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime")
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is done to one place of a document.
#[derive(Debug, Clone)]
enum Forgery {
    Put(Json),
    Copy(Index),
    Remove,
    Double,
}

fn forgeries() -> impl Strategy<Value = Vec<(Index, Forgery)>> {
    let values = prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(u32::MAX),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("x"),
        json!([]),
        json!({}),
        json!([{}]),
        json!("create"),
        json!("delete"),
        json!("noOp"),
        json!("update"),
        json!("replaceDeleteFirst"),
        json!("import"),
        json!("forget"),
        json!("settle"),
        json!("ec2_vpc.net"),
        json!("ec2_subnet.a"),
        json!("AWS::EC2::VPC"),
        json!({ "$ref": "ec2_subnet.a#id" }),
        json!({ "$template": [] }),
        json!({ "$secret": "sha256:00" }),
        json!({ "$ref": "x" }),
        json!("\u{1b}[2J\u{202e}"),
    ]);
    let forgery = prop_oneof![
        4 => values.prop_map(Forgery::Put),
        3 => any::<Index>().prop_map(Forgery::Copy),
        2 => Just(Forgery::Remove),
        1 => Just(Forgery::Double),
    ];
    prop::collection::vec((any::<Index>(), forgery), 1..4)
}

/// Every place in a document below its top.
fn places(value: &Json, at: &str, found: &mut Vec<String>) {
    let mut within = |key: &str, item: &Json| {
        let place = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        found.push(place.clone());
        places(item, &place, found);
    };
    match value {
        Json::Array(items) => items.iter().enumerate().for_each(|(index, item)| within(&index.to_string(), item)),
        Json::Object(map) => map.iter().for_each(|(key, item)| within(key, item)),
        _ => {}
    }
}

fn forged(mut document: Json, forgeries: &[(Index, Forgery)]) -> Json {
    for (at, forgery) in forgeries {
        let mut found = Vec::new();
        places(&document, "", &mut found);
        if found.is_empty() {
            break;
        }
        let place = found[at.index(found.len())].clone();
        let (parent, key) = place.rsplit_once('/').expect("a place");
        let copied = match forgery {
            Forgery::Put(value) => Some(value.clone()),
            Forgery::Copy(from) => document.pointer(&found[from.index(found.len())]).cloned(),
            Forgery::Remove => None,
            Forgery::Double => document.pointer(&place).cloned(),
        };
        let double = matches!(forgery, Forgery::Double);
        match (document.pointer_mut(parent).expect("a parent"), copied) {
            (Json::Array(items), Some(value)) if double => items.push(value),
            (Json::Array(items), None) => drop(items.remove(key.parse().expect("an index"))),
            (Json::Object(map), None) => drop(map.remove(&key.replace("~1", "/").replace("~0", "~"))),
            (_, Some(value)) => *document.pointer_mut(&place).expect("there") = value,
            (_, None) => {}
        }
    }
    document
}

/// Everything in the account, counted.
fn there(stack: &Stack) -> BTreeMap<(String, String), usize> {
    let listed = stack.local.list().expect("readable").into_iter().map(|listed| (listed.type_name, listed.id));
    listed.fold(BTreeMap::new(), |mut all, one| {
        *all.entry(one).or_default() += 1;
        all
    })
}

/// Executes a forged plan, and says whether it was read, and whether it was begun.
async fn executed(forgeries: &[(Index, Forgery)]) -> Result<(bool, bool), TestCaseError> {
    let stack = Stack::new().await;
    stack.runs(BEFORE).await;
    let program = stack.program(AFTER).await;
    let session = stack.engine.draft().await.expect("it can be looked at");
    let plan = session.plan(&program).await.expect("a plan");
    let again = "hzscript run test.rhai".to_owned();
    let saved = Saved::new(plan, &session.state().await, stack.engine.place(), again).expect("no secrets");
    let text = saved.to_text().expect("JSON");
    let (_, body) = text.split_once('\n').expect("two lines");
    let body = format!("{}\n", forged(serde_json::from_str(body).expect("JSON"), forgeries));
    let head = json!({ "hzscript": "plan", "format": 2, "sha256": digest(body.as_bytes()) });
    let Ok(saved) = Saved::from_text(format!("{head}\n{body}").as_bytes()) else { return Ok((false, false)) };
    let before = there(&stack);
    let Ok(session) = stack.engine.begin_saved(&saved, &owner()).await else { return Ok((true, false)) };
    // What comes of it is AWS's to say: that there is an end to it is what counts.
    drop(session.apply(&saved.plan).await);
    let after = there(&stack);
    let counted = |which: fn(Action) -> bool| saved.plan.changes.iter().filter(|change| which(change.action)).count();
    let made = after.keys().filter(|one| !before.contains_key(*one)).count();
    let gone = before.keys().filter(|one| !after.contains_key(*one)).count();
    let makes =
        counted(|action| matches!(action, Action::Create | Action::ReplaceCreateFirst | Action::ReplaceDeleteFirst));
    let deletes =
        counted(|action| matches!(action, Action::Delete | Action::ReplaceCreateFirst | Action::ReplaceDeleteFirst));
    prop_assert!(made <= makes, "{made} made, and the plan says {makes}: {:?}", saved.plan);
    prop_assert!(gone <= deletes, "{gone} deleted, and the plan says {deletes}: {:?}", saved.plan);
    Ok((true, true))
}

/// A state as it is stored, with its checksum.
fn sealed(document: &Json) -> Option<String> {
    let text = serde_json::to_string_pretty(document).expect("JSON");
    let without = text.strip_suffix("\n}")?;
    Some(format!("{without},\n  \"checksum\": \"{}\"\n}}\n", digest(without.as_bytes())))
}

/// Pushes a forged state, and goes on from it.
async fn pushed(forgeries: &[(Index, Forgery)]) -> Result<bool, TestCaseError> {
    let stack = Stack::new().await;
    stack.runs(BEFORE).await;
    let session = stack.engine.look().await.expect("it can be looked at");
    let state = session.state().await;
    drop(session);
    let text = whole::pulled(&state, &Keyring::default()).expect("text");
    let mut document: Json = serde_json::from_slice(&text).expect("JSON");
    document.as_object_mut().expect("an object").remove("checksum");
    let Some(text) = sealed(&forged(document, forgeries)) else { return Ok(false) };
    let Ok(read) = whole::read(text.as_bytes(), &Keyring::default()) else { return Ok(false) };
    let Ok((after, _)) = whole::pushed(read, Some(&state), "test", true) else { return Ok(false) };
    let _ = Difference::between(Some(&state), &after).is_none();
    let other = hzscript::state::StateStore::open("memory:///", "test").expect("a store");
    other.save(&after).await.expect("saved");
    let stack = stack.on(other);
    let before = there(&stack);
    let program = stack.program(AFTER).await;
    let Ok(session) = stack.engine.begin(&owner()).await else { return Ok(true) };
    if let Ok(plan) = session.plan(&program).await {
        drop(session.apply(&plan).await);
    }
    if let Ok(session) = stack.engine.begin(&owner()).await
        && let Ok(plan) = session.plan_destroy().await
    {
        drop(session.apply(&plan).await);
    }
    prop_assert!(there(&stack).len() <= before.len() + 6);
    Ok(true)
}

#[test]
fn what_is_forged_of_nothing_is_read_and_executed() {
    let (read, begun) = runtime().block_on(executed(&[])).expect("in order");
    assert!(read && begun);
    assert!(runtime().block_on(pushed(&[])).expect("in order"));
}

#[test]
fn a_state_that_counts_beyond_all_there_was_is_refused() {
    let target = Target { cloud: "model".to_owned(), account: "0".repeat(12), region: "nowhere-1".to_owned() };
    let document = serde_json::to_value(Snapshot::new("lineage".to_owned(), "test", target)).expect("JSON");
    let read = |document: &Json| whole::read(sealed(document).expect("an object").as_bytes(), &Keyring::default());
    assert!(read(&document).is_ok());
    for (member, value) in [("serial", json!(u64::MAX)), ("generations", json!({ "ec2_vpc.net": u32::MAX }))] {
        let mut forged = document.clone();
        forged[member] = value;
        let refused = read(&forged).expect_err("refused").to_string();
        assert!(refused.contains("counts beyond"), "{member}: {refused}");
    }
}

/// Tries many forgeries; how many got as far as `far` says.
fn tried(far: impl Fn(&[(Index, Forgery)]) -> Result<bool, TestCaseError>) -> u32 {
    let mut runner = TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) });
    let count = Cell::new(0);
    let ran = runner.run(&forgeries(), |forgeries| {
        count.set(count.get() + u32::from(far(&forgeries)?));
        Ok(())
    });
    ran.unwrap_or_else(|error| panic!("{error}"));
    count.get()
}

#[test]
fn a_forged_plan_makes_and_deletes_no_more_than_it_says() {
    let begun = tried(|forgeries| Ok(runtime().block_on(executed(forgeries))?.1));
    assert!(begun > 0, "some were begun");
}

#[test]
fn a_forged_state_ends_in_an_answer() {
    let read = tried(|forgeries| runtime().block_on(pushed(forgeries)));
    assert!(read > 0, "some were read");
}

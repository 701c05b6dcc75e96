//! Edits of the state whatever comes between: stores that fail at any write, journals of interrupted runs, and any sequence
//! of edits.

use std::collections::{BTreeMap, BTreeSet};

use hzscript::model::{Address, JsonMap, Timeouts};
use hzscript::state::edit::{Doing, addresses, whole};
use hzscript::state::{
    EditError, Keyring, Locking, Record, Recorded, Snapshot, StateError, StateStore, Status, Target, Verb,
};
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};
use proptest::prelude::*;

use crate::support::failing::Failing;
use crate::support::stack::owner;

fn address(name: &str) -> Address {
    format!("logs_log_group.{name}").parse().expect("an address")
}

fn recorded(id: &str, generation: u32, needs: &[&str]) -> Recorded {
    Recorded {
        kind: "AWS::Logs::LogGroup".to_owned(),
        id: id.to_owned(),
        generation,
        inputs: BTreeMap::new(),
        attributes: JsonMap::new(),
        dependencies: needs.iter().map(|name| address(name)).collect(),
        status: Status::Ready,
        protect: false,
        retain: false,
        replace_on: Vec::new(),
        ignore_changes: Vec::new(),
        timeouts: Timeouts::default(),
        formation: None,
    }
}

fn made(name: &str, id: &str, generation: u32, needs: &[&str]) -> Record {
    Record::Made { address: address(name), recorded: Box::new(recorded(id, generation, needs)) }
}

fn intended(name: &str, generation: u32) -> Record {
    let recorded = Box::new(recorded("", generation, &[]));
    Record::Intent { address: address(name), verb: Verb::Create, token: format!("t-{generation}"), recorded }
}

fn empty() -> Snapshot {
    let target = Target { cloud: "model".to_owned(), account: "0".repeat(12), region: "nowhere-1".to_owned() };
    Snapshot::new("lineage".to_owned(), "test", target)
}

/// A stack of `a`, `b` that needs it, and `c`, as of serial 2; and what an interrupted run wrote since, if one did.
async fn kept(interrupted: bool) -> (std::sync::Arc<Failing>, StateStore) {
    let store = Failing::new();
    let state = StateStore::within(store.clone(), "test");
    let mut snapshot = empty();
    for (serial, record) in
        (0..).zip([made("a", "id-a", 1, &[]), made("b", "id-b", 1, &["a"]), made("c", "id-c", 1, &[])])
    {
        snapshot.apply(&record);
        snapshot.serial = serial;
        state.save(&snapshot).await.expect("saved");
    }
    if interrupted {
        let journal = state.begin(&mut snapshot).await.expect("begun");
        for record in [intended("d", 1), made("d", "id-d", 1, &["b"]), intended("e", 1)] {
            journal.append(&record).await.expect("written");
        }
    }
    (store, state)
}

/// What an edit makes of the state.
type Change = fn(&Snapshot) -> Snapshot;

/// Edits of the state that `kept` makes.
fn edits() -> [(&'static str, Change); 4] {
    fn mv(before: &Snapshot) -> Snapshot {
        addresses::moved(before, &[(address("a"), address("x")), (address("c"), address("a"))]).expect("moved")
    }
    fn forget(before: &Snapshot) -> Snapshot {
        addresses::forgotten(before, &BTreeSet::from([address("c")])).expect("forgotten")
    }
    fn push(before: &Snapshot) -> Snapshot {
        let mut other = empty();
        other.apply(&made("z", "id-z", 1, &[]));
        whole::pushed(other, Some(before), "test", true).expect("forced").0
    }
    fn nothing_of_it(before: &Snapshot) -> Snapshot {
        let all = before.resources.keys().cloned().collect();
        addresses::forgotten(before, &all).expect("forgotten")
    }
    [("mv", mv), ("forget", forget), ("push", push), ("forget all", nothing_of_it)]
}

#[tokio::test]
async fn an_edit_that_is_interrupted_at_any_write_is_done_or_not_done() {
    for (name, change) in edits() {
        for interrupted in [false, true] {
            let mut survived = 0;
            for takes in 0.. {
                let (store, state) = kept(interrupted).await;
                let before = state.load().await.expect("readable").expect("there");
                let after = change(&before);
                store.takes(takes);
                let done = attempt(&state, after.clone()).await;
                store.takes(i64::MAX);
                let now = state.load().await.expect("readable").expect("there");
                let when = format!("{name}, {takes} writes, interrupted: {interrupted}");
                assert!(whole::same(&now, &before) || whole::same(&now, &after), "{when}");
                if done.is_ok() {
                    assert!(whole::same(&now, &after), "{when}");
                    let versions = state.versions().await.expect("listed");
                    let kept = versions.iter().filter_map(|version| version.snapshot.as_ref().ok());
                    assert!(kept.into_iter().any(|version| whole::same(version, &before)), "{when}: it is kept");
                    break;
                }
                survived += 1;
                attempt(&state, after.clone()).await.expect("the second time");
                let now = state.load().await.expect("readable").expect("there");
                assert!(whole::same(&now, &after), "{when}");
            }
            assert!(survived >= 3, "{name}: lock, copy and snapshot");
        }
    }
}

async fn attempt(state: &StateStore, after: Snapshot) -> Result<u64, StateError> {
    let edit = state.edit(&owner(), &Locking::default()).await?;
    let done = edit.write(after, Doing::Replacing).await;
    edit.end().await?;
    done
}

async fn restore(state: &StateStore, serial: u64) -> Result<Vec<String>, EditError> {
    let edit = state.edit(&owner(), &Locking::default()).await?;
    let done = async {
        let restored = edit.restored(serial).await?;
        edit.write(restored.snapshot, Doing::Restoring(serial)).await?;
        Ok(restored.unread)
    };
    let done = done.await;
    edit.end().await?;
    done
}

async fn put(store: &Failing, path: &str, text: &'static str) {
    store.inner.put(&Path::from(path), PutPayload::from(text)).await.expect("written");
}

#[tokio::test]
async fn a_restore_of_a_damaged_state_that_is_interrupted_loses_nothing() {
    for takes in 0.. {
        let (store, state) = kept(true).await;
        let before = state.load().await.expect("readable").expect("there");
        put(&store, "test/snapshot.json", "{}").await;
        assert!(matches!(state.load().await, Err(StateError::Corrupt { copy: Some(copy), .. }) if copy.serial == 2));
        store.takes(takes);
        let done = restore(&state, 2).await;
        store.takes(i64::MAX);
        // Where it was only the lock that could not be given back, there is nothing left to restore.
        if done.is_err() && state.load().await.is_err() {
            restore(&state, 2).await.expect("the second time");
        }
        let now = state.load().await.expect("readable").expect("there");
        // A generation that may have been had is not had again; that is all that may differ.
        let counted = Snapshot { generations: before.generations.clone(), ..now };
        assert!(whole::same(&counted, &before), "{takes} writes: records of the interrupted run are in it");
        if done.is_ok() {
            assert!(takes >= 3, "lock, copy and snapshot");
            break;
        }
    }
}

#[tokio::test]
async fn records_that_cannot_be_read_are_told_and_the_others_count() {
    let (store, state) = kept(true).await;
    put(&store, "test/journal/0000000002-00000000.json", "{}").await;
    assert!(matches!(state.load().await, Err(StateError::Corrupt { .. })));
    let unread = restore(&state, 2).await.expect("restored");
    assert_eq!(unread.len(), 1, "{unread:?}");
    let now = state.load().await.expect("readable").expect("there");
    assert!(now.resources.contains_key(&address("d")));
    assert_eq!(now.pending, [intended("e", 1)]);
}

#[tokio::test]
async fn what_an_interrupted_run_may_have_made_is_looked_for_after_a_restore() {
    let (_, state) = kept(true).await;
    restore(&state, 1).await.expect("restored");
    let now = state.load().await.expect("readable").expect("there");
    assert_eq!(now.pending, [intended("e", 1)]);
    assert_eq!(now.resources.keys().cloned().collect::<Vec<_>>(), [address("a"), address("b")]);
    assert_eq!((now.generation(&address("c")), now.generation(&address("e"))), (1, 1), "counted on");

    // One that the earlier state has another object of is not: that would then be put aside, and deleted.
    let mut newest = now.clone();
    newest.pending = vec![intended("a", 2)];
    let mut earlier = now.clone();
    let lost = whole::counted_on(&mut earlier, &newest);
    assert_eq!((lost, earlier.generation(&address("a"))), (newest.pending.clone(), 2));
    assert_eq!(earlier.pending, now.pending);
}

#[test]
fn what_an_interrupted_run_was_at_work_on_neither_moves_nor_is_forgotten() {
    let mut snapshot = empty();
    snapshot.apply(&made("a", "id-a", 1, &[]));
    snapshot.apply(&Record::Intent {
        address: address("b"),
        verb: Verb::Create,
        token: "t".to_owned(),
        recorded: Box::new(recorded("", 1, &["a"])),
    });
    let moved = |from: &str, to: &str| addresses::moved(&snapshot, &[(address(from), address(to))]);
    assert!(matches!(moved("a", "x"), Err(EditError::Unsettled { .. })), "what is made of it would need what is gone");
    assert!(matches!(moved("a", "b"), Err(EditError::Unsettled { .. })));
    let forgotten = addresses::forgotten(&snapshot, &BTreeSet::from([address("a")]));
    assert!(matches!(forgotten, Err(EditError::Unsettled { .. })));
}

#[test]
fn addresses_change_in_rows_and_not_in_circles() {
    let mut snapshot = empty();
    for name in ["a", "b", "c"] {
        snapshot.apply(&made(name, &format!("id-{name}"), 1, &[]));
    }
    let moved = |pairs: &[(&str, &str)]| {
        let pairs: Vec<_> = pairs.iter().map(|(from, to)| (address(from), address(to))).collect();
        addresses::moved(&snapshot, &pairs)
    };
    let after = moved(&[("a", "b"), ("b", "d")]).expect("moved");
    let ids = |snapshot: &Snapshot| {
        let ids = snapshot.resources.iter().map(|(address, one)| format!("{} {}", address.name(), one.id));
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids(&after), ["b id-a", "c id-c", "d id-b"]);
    assert!(matches!(moved(&[("a", "b"), ("b", "a")]), Err(EditError::Circle { addresses }) if addresses.len() == 2));
    assert!(matches!(moved(&[("a", "b"), ("b", "c")]), Err(EditError::Taken { to }) if to == address("c")));
    assert!(matches!(moved(&[("a", "d"), ("b", "d")]), Err(EditError::Twice { .. })));
    assert!(matches!(moved(&[("a", "a")]), Err(EditError::Twice { .. })));
}

/// An edit of any sort, by numbers.
#[derive(Debug, Clone)]
enum Step {
    Make { name: usize, needs: Vec<usize> },
    Move { pairs: Vec<(usize, usize)> },
    Forget { names: Vec<usize> },
    Restore { back: usize },
    PushBack { back: usize },
}

const NAMES: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];

fn step() -> impl Strategy<Value = Step> {
    let name = 0..NAMES.len();
    let names = prop::collection::vec(0..NAMES.len(), 1..4);
    prop_oneof![
        4 => (name.clone(), prop::collection::vec(0..NAMES.len(), 0..3)).prop_map(|(name, needs)| Step::Make { name, needs }),
        3 => prop::collection::vec((name.clone(), name), 1..4).prop_map(|pairs| Step::Move { pairs }),
        2 => names.prop_map(|names| Step::Forget { names }),
        2 => (0usize..6).prop_map(|back| Step::Restore { back }),
        1 => (0usize..6).prop_map(|back| Step::PushBack { back }),
    ]
}

/// That every dependency is there, and that no two objects of an address ever had the same generation: `ever` has what
/// each was until now.
fn is_valid(snapshot: &Snapshot, ever: &mut BTreeMap<(Address, u32), String>) -> Result<(), TestCaseError> {
    let aside = snapshot.deposed.iter().flat_map(|(address, aside)| aside.iter().map(move |one| (address, one)));
    let mut now = BTreeSet::new();
    for (address, one) in snapshot.resources.iter().chain(aside) {
        for needed in &one.dependencies {
            prop_assert!(addresses::objects(snapshot, needed).next().is_some(), "{address} needs {needed}");
        }
        prop_assert!(now.insert((address, one.generation)), "{address} has generation {} twice", one.generation);
        prop_assert!(one.generation > 0);
        let id = ever.entry((address.clone(), one.generation)).or_insert_with(|| one.id.clone());
        prop_assert_eq!(&*id, &one.id, "{} {}", address, one.generation);
    }
    Ok(())
}

/// The state after a step, where the step can be done.
async fn after(step: &Step, number: usize, before: &Snapshot, state: &StateStore) -> Option<Snapshot> {
    let at = |index: &usize| address(NAMES[*index]);
    match step {
        Step::Make { name, needs } => {
            let mut after = before.clone();
            let there: Vec<&str> = needs.iter().filter(|one| *one != name).map(|one| NAMES[*one]).collect();
            let there: Vec<&str> =
                there.into_iter().filter(|one| before.resources.contains_key(&address(one))).collect();
            let generation = before.generation(&address(NAMES[*name])) + 1;
            after.apply(&made(NAMES[*name], &format!("id-{number}"), generation, &there));
            Some(after)
        }
        Step::Move { pairs } => {
            let pairs: Vec<_> = pairs.iter().map(|(from, to)| (at(from), at(to))).collect();
            addresses::moved(before, &pairs).ok()
        }
        Step::Forget { names } => addresses::forgotten(before, &names.iter().map(at).collect()).ok(),
        Step::Restore { back } => {
            let serial = before.serial.checked_sub(*back as u64)?;
            let edit = state.edit(&owner(), &Locking::default()).await.expect("begun");
            let restored = edit.restored(serial).await;
            edit.end().await.expect("ended");
            Some(restored.ok()?.snapshot)
        }
        Step::PushBack { back } => {
            let version = state.version(before.serial.checked_sub(*back as u64)?).await.expect("readable")?;
            let text = whole::pulled(&version, &Keyring::default()).expect("text");
            let read = whole::read(&text, &Keyring::default()).expect("a state");
            assert!(whole::same(&read, &version), "what is pulled is what is read");
            let forced = *back > 0;
            Some(whole::pushed(read, Some(before), "test", forced).expect("pushed").0)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn any_sequence_of_edits_leaves_a_valid_state(steps in prop::collection::vec(step(), 1..25)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let state = StateStore::open("memory:///", "test").expect("a store");
            state.save(&empty()).await.expect("saved");
            let mut ever = BTreeMap::new();
            for (number, step) in steps.iter().enumerate() {
                let before = state.load().await.expect("readable").expect("there");
                let Some(after) = after(step, number, &before, &state).await else { continue };
                let serial = attempt(&state, after.clone()).await.expect("written");
                let now = state.load().await.expect("readable").expect("there");
                prop_assert!(whole::same(&now, &after));
                prop_assert_eq!((now.serial, serial), (before.serial + 1, now.serial));
                prop_assert_eq!(&now.lineage, &before.lineage);
                is_valid(&now, &mut ever)?;
            }
            Ok(())
        })?;
    }

    #[test]
    fn there_and_back_again_is_where_it_was(
        steps in prop::collection::vec(step(), 1..12), from in 0..NAMES.len(), to in 0..NAMES.len(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut before = empty();
        let none = StateStore::open("memory:///", "test").expect("a store");
        for (number, step) in steps.iter().enumerate() {
            if matches!(step, Step::Restore { .. } | Step::PushBack { .. }) {
                continue;
            }
            if let Some(after) = runtime.block_on(after(step, number, &before, &none)) {
                before = after;
            }
        }
        let (from, to) = (address(NAMES[from]), address(NAMES[to]));
        if let Ok(there) = addresses::moved(&before, &[(from.clone(), to.clone())]) {
            prop_assert!(there.resources.contains_key(&to) && !there.resources.contains_key(&from));
            let back = addresses::moved(&there, &[(to, from)]).expect("moved back");
            let known = |snapshot: &Snapshot| {
                let sorted = |one: &Recorded| one.dependencies.iter().cloned().collect::<BTreeSet<_>>();
                let known = snapshot.resources.iter().map(|(address, one)| (address.clone(), one.id.clone(), sorted(one)));
                known.collect::<Vec<_>>()
            };
            prop_assert_eq!(known(&back), known(&before));
            prop_assert_eq!(back.deposed.keys().collect::<Vec<_>>(), before.deposed.keys().collect::<Vec<_>>());
        }
    }
}

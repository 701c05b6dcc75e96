//! What holds in every kind of store: what is written is read, one writer at a time, nothing that was cut short is taken
//! for whole, and a crash between any two writes changes nothing.

use std::collections::BTreeMap;

use hzscript::model::Value;
use hzscript::state::{Locking, Owner, Record, Snapshot, StateError, StateStore, Target};

use crate::support::place::Place;
use crate::support::stack::owner;

fn snapshot(stack: &str) -> Snapshot {
    let target = Target { cloud: "model".to_owned(), account: "0".repeat(12), region: "nowhere-1".to_owned() };
    Snapshot::new("lineage".to_owned(), stack, target)
}

/// A record that says which it is.
fn record(number: i64) -> Record {
    Record::Outputs { outputs: BTreeMap::from([("number".to_owned(), Value::Int(number))]) }
}

fn number(snapshot: &Snapshot) -> i64 {
    match snapshot.outputs.get("number") {
        Some(Value::Int(number)) => *number,
        other => panic!("{other:?}"),
    }
}

async fn loaded(store: &StateStore) -> Snapshot {
    store.load().await.expect("readable").expect("there is one")
}

/// A stack with a snapshot, and a journal of so many records since.
async fn begun(store: &StateStore, stack: &str, records: i64) -> Snapshot {
    let mut snapshot = snapshot(stack);
    store.save(&snapshot).await.expect("saved");
    let journal = store.begin(&mut snapshot).await.expect("begun");
    for number in 0..records {
        journal.append(&record(number)).await.expect("appended");
        snapshot.apply(&record(number));
    }
    snapshot
}

#[tokio::test]
async fn what_is_written_is_read() {
    for place in Place::all() {
        let store = place.stack("one").await;
        store.prove().await.expect("it has conditional writes");
        assert_eq!(store.load().await.expect("readable"), None, "{place}");
        assert_eq!(store.stacks().await.expect("listed"), [""; 0], "{place}");
        // More records than are read at a time, and than an order by text would keep.
        let mut snapshot = begun(&store, "one", 40).await;
        assert_eq!(loaded(&store).await, snapshot, "{place}");
        assert_eq!(number(&snapshot), 39);
        snapshot.serial += 1;
        store.save(&snapshot).await.expect("saved");
        assert_eq!(loaded(&store).await, snapshot, "{place}");
        let objects = place.objects("one").await;
        assert_eq!(objects.names("journal").await, [""; 0], "{place}: the journal is part of the snapshot");
        assert_eq!(objects.names("history").await, ["0000000000.json", "0000000001.json"], "{place}");
    }
}

#[tokio::test]
async fn stacks_do_not_know_of_each_other() {
    for place in Place::all() {
        let (one, other) = (place.stack("one").await, place.stack("other").await);
        begun(&one, "one", 3).await;
        assert_eq!(other.load().await.expect("readable"), None, "{place}");
        begun(&other, "other", 1).await;
        assert_eq!(number(&loaded(&one).await), 2, "{place}");
        assert_eq!(one.stacks().await.expect("listed"), ["one", "other"], "{place}");
        assert_eq!(one.others().await.expect("listed"), ["other"], "{place}");
    }
}

#[tokio::test]
async fn no_two_writers_write_the_same_record() {
    for place in Place::all() {
        let (one, other) = (place.stack("one").await, place.stack("one").await);
        let mut first = begun(&one, "one", 0).await;
        let mut second = loaded(&other).await;
        let first = one.begin(&mut first).await.expect("begun");
        let second = other.begin(&mut second).await.expect("begun");
        let (one, other) = (record(1), record(2));
        let (one, other) = tokio::join!(first.append(&one), second.append(&other));
        assert_ne!(one.is_ok(), other.is_ok(), "{place}: {one:?} {other:?}");
        let refused = one.err().or(other.err()).expect("one is refused");
        let StateError::Store { source: object_store::Error::AlreadyExists { .. }, .. } = refused else {
            panic!("{place}: {refused:?}")
        };
    }
}

#[tokio::test]
async fn one_at_a_time_has_the_lock() {
    for place in Place::all() {
        let (one, other) = (place.stack("one").await, place.stack("one").await);
        let elsewhere = Owner { host: "elsewhere".to_owned(), ..owner() };
        let lock = one.lock(&owner(), &Locking::default()).await.expect("it is free");
        for second in [owner(), elsewhere.clone()] {
            let refused = other.lock(&second, &Locking::default()).await.expect_err("it is taken");
            assert!(matches!(refused, StateError::Locked(..)), "{place}: {refused:?}");
        }
        place.stack("other").await.lock(&elsewhere, &Locking::default()).await.expect("another stack's is free");
        lock.release().await.expect("released");
        let again = other.lock(&elsewhere, &Locking::default()).await.expect("it is free again");
        again.release().await.expect("released");
    }
}

#[tokio::test]
async fn of_many_who_want_the_lock_one_gets_it() {
    for place in Place::all() {
        let mut stores = Vec::new();
        for _ in 0..8 {
            stores.push(place.stack("one").await);
        }
        let asking = stores.iter().enumerate().map(|(number, store)| async move {
            let owner = Owner { host: format!("machine-{number}"), ..owner() };
            store.lock(&owner, &Locking::default()).await
        });
        let ended = futures::future::join_all(asking).await;
        assert_eq!(ended.iter().filter(|lock| lock.is_ok()).count(), 1, "{place}: {ended:?}");
    }
}

#[tokio::test]
async fn the_lock_of_a_process_that_is_no_more_is_taken_over() {
    for place in Place::all() {
        let store = place.stack("one").await;
        // Beyond the largest process number there can be on Linux.
        let gone = Owner { process: 1 << 23, ..owner() };
        drop(store.lock(&gone, &Locking::default()).await.expect("it is free"));
        let lock = store.lock(&owner(), &Locking::default()).await.unwrap_or_else(|error| panic!("{place}: {error}"));
        lock.release().await.expect("released");
    }
}

#[tokio::test]
async fn what_was_cut_short_is_refused() {
    for place in Place::all() {
        let store = place.stack("one").await;
        begun(&store, "one", 3).await;
        let objects = place.objects("one").await;
        let names = objects.names("journal").await;
        assert_eq!(names.len(), 3, "{place}");
        for name in [format!("journal/{}", names[1]), "snapshot.json".to_owned()] {
            let whole = objects.read(&name).await;
            for cut in [whole.len() / 2, whole.len() - 1, 0] {
                objects.write(&name, &whole[..cut]).await;
                let refused = store.load().await.expect_err("cut short");
                let StateError::Corrupt { path, copy, .. } = refused else { panic!("{place}: {refused:?}") };
                assert!(path.ends_with(&name), "{place}: {path}");
                assert_eq!(copy.is_some(), name == "snapshot.json", "{place}: {copy:?}");
            }
            objects.write(&name, &whole).await;
        }
        assert_eq!(number(&loaded(&store).await), 2, "{place}");
    }
}

#[tokio::test]
async fn a_journal_without_its_snapshot_is_no_new_beginning() {
    for place in Place::all() {
        let store = place.stack("one").await;
        begun(&store, "one", 1).await;
        place.objects("one").await.remove("snapshot.json").await;
        let refused = store.load().await.expect_err("the snapshot is gone");
        assert!(matches!(&refused, StateError::Corrupt { reason, .. } if reason.contains("journal")), "{refused:?}");
    }
}

#[tokio::test]
async fn a_crash_between_snapshot_and_removal_of_the_journal_changes_nothing() {
    for place in Place::all() {
        let store = place.stack("one").await;
        let mut snapshot = begun(&store, "one", 3).await;
        let objects = place.objects("one").await;
        let mut journal = Vec::new();
        for name in objects.names("journal").await {
            let name = format!("journal/{name}");
            journal.push((objects.read(&name).await, name));
        }
        snapshot.serial += 1;
        snapshot.apply(&record(100));
        store.save(&snapshot).await.expect("saved");
        for (bytes, name) in &journal {
            objects.write(name, bytes).await;
        }
        assert_eq!(loaded(&store).await, snapshot, "{place}");
        let journal = store.begin(&mut snapshot).await.expect("begun");
        assert_eq!(snapshot.serial, 1, "{place}: nothing was written since");
        journal.append(&record(101)).await.expect("appended");
        assert_eq!(number(&loaded(&store).await), 101, "{place}");
        snapshot.apply(&record(101));
        snapshot.serial += 1;
        store.save(&snapshot).await.expect("saved");
        assert_eq!(objects.names("journal").await, [""; 0], "{place}");
    }
}

#[tokio::test]
async fn what_an_interrupted_run_wrote_becomes_part_of_the_next() {
    for place in Place::all() {
        let store = place.stack("one").await;
        begun(&store, "one", 2).await;
        let mut found = loaded(&store).await;
        let journal = store.begin(&mut found).await.expect("begun");
        assert_eq!(found.serial, 1, "{place}");
        assert_eq!(number(&loaded(&store).await), 1, "{place}");
        journal.append(&record(7)).await.expect("appended");
        assert_eq!(number(&loaded(&store).await), 7, "{place}");
    }
}

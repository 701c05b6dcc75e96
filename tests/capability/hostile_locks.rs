//! Objects of a lock that nobody wrote as they are: they are refused, or the lock is somebody's; nobody has it twice.

use std::sync::Arc;

use hzscript::state::{Locking, Owner, StateError, StateStore};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::support::stack::owner;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime")
}

/// What a number says, as it is stored: with the checksum that is right for it.
fn sealed(json: &Json) -> Vec<u8> {
    let text = serde_json::to_string_pretty(json).expect("JSON");
    let without = text.strip_suffix("\n}").expect("an object");
    let digest: String = Sha256::digest(without.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{without},\n  \"checksum\": \"{digest}\"\n}}\n").into_bytes()
}

/// A store with these objects in the folder of the lock.
async fn with(objects: &[(String, Vec<u8>)]) -> StateStore {
    let store = Arc::new(InMemory::new());
    for (name, bytes) in objects {
        store.put(&Path::from(format!("test/lock/{name}")), bytes.clone().into()).await.expect("put");
    }
    let store: Arc<dyn ObjectStore> = store;
    StateStore::within(store, "test")
}

fn entry(claim: &str, lease: u64) -> Json {
    json!({ "lock": "some", "owner": owner(), "lease": lease, "claim": claim, "format": 2 })
}

/// Takes the lock twice without giving it back in between, looks at it, and takes it away. At most one has it.
async fn contended(store: &StateStore) -> Result<(), TestCaseError> {
    let (one, other) = (owner(), Owner { user: "other".to_owned(), host: "elsewhere".to_owned(), ..owner() });
    let locking = Locking::default();
    let first = store.lock(&one, &locking).await;
    let second = store.lock(&other, &locking).await;
    prop_assert!(first.is_err() || second.is_err(), "two have it: {first:?} {second:?}");
    if first.is_ok() {
        // It goes on being one's own however long it is renewed.
        for _ in 0..4 {
            tokio::time::sleep(locking.lease).await;
            let held = first.as_ref().is_ok_and(|lock| lock.lease().check().is_ok());
            let another = store.lock(&other, &locking).await;
            prop_assert!(!held || another.is_err(), "two have it later: {another:?}");
        }
    }
    if let Ok(Some(holder)) = store.holder().await {
        prop_assert!(!holder.to_string().is_empty());
        drop(store.unlock(&holder.id, &other, &locking).await);
    }
    Ok(())
}

#[test]
fn what_is_sealed_here_is_what_the_program_seals() {
    runtime().block_on(async {
        let store = with(&[("0000000007.json".to_owned(), sealed(&entry("held", 60)))]).await;
        let holder = store.holder().await.expect("readable").expect("there");
        assert_eq!(holder.id, "some");
        assert!(matches!(store.lock(&owner(), &Locking::default()).await, Err(StateError::Locked(_))));
    });
}

#[test]
fn numbers_at_the_end_of_what_there_is_are_no_new_beginning() {
    for number in ["9999999998", "9999999999", "10000000000", "18446744073709551614", "18446744073709551615"] {
        for claim in ["released", "held", "forced"] {
            runtime().block_on(async {
                let store = with(&[(format!("{number}.json"), sealed(&entry(claim, 60)))]).await;
                let outcome = contended(&store).await;
                assert!(outcome.is_ok(), "{number} {claim}: {outcome:?}");
            });
        }
    }
}

#[test]
fn a_lease_of_any_length_is_counted() {
    for lease in [0, 1, u64::MAX - 1, u64::MAX] {
        for claim in ["released", "held", "forced"] {
            runtime().block_on(async {
                let store = with(&[("0000000001.json".to_owned(), sealed(&entry(claim, lease)))]).await;
                contended(&store).await.expect("one has it");
            });
        }
    }
}

/// Bytes that are nothing, almost something, or something with wrong members.
fn contents() -> impl Strategy<Value = Vec<u8>> {
    let whole = prop::sample::select(vec!["held", "forced", "released"]).prop_map(|claim| sealed(&entry(claim, 60)));
    let wrong = (prop::sample::select(vec!["lock", "owner", "lease", "claim"]), any::<i64>(), any::<bool>());
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..80),
        Just(b"{}\n".to_vec()),
        whole.clone(),
        (whole.clone(), any::<Index>()).prop_map(|(whole, at)| whole[..at.index(whole.len())].to_vec()),
        (whole, any::<Index>(), 1u8..=255).prop_map(|(mut whole, at, by)| {
            let at = at.index(whole.len());
            whole[at] ^= by;
            whole
        }),
        wrong.prop_map(|(member, value, gone)| {
            let mut entry = entry("held", 60);
            entry[member] = value.into();
            if gone {
                entry.as_object_mut().expect("an object").remove(member);
            }
            sealed(&entry)
        }),
    ]
}

fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (0u64..4).prop_map(|number| format!("{number:010}.json")),
        1 => any::<u64>().prop_map(|number| format!("{number:010}.json")),
        1 => prop::sample::select(vec![
            "9999999999.json", "+000000001.json", "-000000001.json", "00000000002.json", "1.json", "probe-x", "x/0000000005.json",
            "0000000003.json.tmp", ".json",
        ]).prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn whatever_lies_in_the_folder_of_a_lock_nobody_has_it_twice(
        objects in prop::collection::vec((names(), contents()), 0..4),
    ) {
        runtime().block_on(async { contended(&with(&objects).await).await })?;
    }
}

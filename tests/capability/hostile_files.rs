//! State that is not as it was written: it is refused, and what is wrong and what there is in its place are told.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value as Json;

use crate::support::World;

const LOGS: &str = r#"
let days = input("days", 5);
let logs = logs_log_group("logs", #{ logGroupName: "/test", retentionInDays: days });
output("name", logs.logGroupName);
"#;

/// The state of the one stack of a world.
fn state(world: &World) -> PathBuf {
    let mut folders = vec![world.path().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            if entry.file_name() == "snapshot.json" {
                return folder;
            }
            if entry.path().is_dir() {
                folders.push(entry.path());
            }
        }
    }
    panic!("there is no state")
}

/// A world in which the script ran.
fn ran() -> (World, PathBuf) {
    let world = World::new();
    let script = world.script("logs.rhai", LOGS);
    world.hz(&["run", &script, "--yes"]).succeeds();
    let folder = state(&world);
    (world, folder)
}

#[test]
fn a_damaged_snapshot_names_the_copy_that_takes_its_place() {
    let (world, folder) = ran();
    let path = folder.join("snapshot.json");
    let whole = fs::read(&path).expect("readable");
    let mut edited = String::from_utf8(whole.clone()).expect("text");
    edited = edited.replace("\"retentionInDays\": 5", "\"retentionInDays\": 7");
    for damaged in [edited.into_bytes(), whole[..whole.len() / 2].to_vec(), Vec::new()] {
        assert_ne!(damaged, whole);
        fs::write(&path, &damaged).expect("written");
        for words in [&["plan", "logs.rhai"][..], &["run", "logs.rhai", "--yes"], &["destroy", "logs.rhai", "--yes"]] {
            let ended = world.hz(words).exits_with(1).told("snapshot.json is not readable").told("history");
            assert!(!ended.says("panicked"), "{}", ended.stderr);
        }
        assert_eq!(fs::read(&path).expect("readable"), damaged, "it is left as it is");
    }
    let copies = fs::read_dir(folder.join("history")).expect("a folder").flatten().map(|entry| entry.path());
    fs::copy(copies.max().expect("a copy"), &path).expect("put back");
    assert_eq!(fs::read(&path).expect("readable"), whole);
    world.hz(&["destroy", "logs.rhai", "--yes"]).succeeds();
    assert_eq!(world.exists(), []);
}

#[test]
fn a_snapshot_that_is_gone_is_no_new_beginning() {
    let (world, folder) = ran();
    fs::remove_file(folder.join("snapshot.json")).expect("removed");
    world.hz(&["run", "logs.rhai", "--yes"]).exits_with(1).told("missing").told("history");
    assert_eq!(world.count("AWS::Logs::LogGroup"), 1);
}

#[test]
fn a_damaged_copy_is_not_offered() {
    let (world, folder) = ran();
    let copies = fs::read_dir(folder.join("history")).expect("a folder").flatten().map(|entry| entry.path());
    let newest = copies.max().expect("a copy");
    fs::write(&newest, "{}").expect("written");
    fs::write(folder.join("snapshot.json"), "{}").expect("written");
    let ended = world.hz(&["plan", "logs.rhai"]).exits_with(1).told("0000000000.json");
    let newest = newest.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(!ended.says(&newest), "{}", ended.stderr);
}

#[test]
fn state_of_the_version_before_checksums_is_read_and_written_anew() {
    let (world, folder) = ran();
    let path = folder.join("snapshot.json");
    let mut json: Json = serde_json::from_slice(&fs::read(&path).expect("readable")).expect("JSON");
    json["format"] = 1.into();
    json.as_object_mut().expect("an object").remove("checksum");
    fs::write(&path, json.to_string()).expect("written");
    world.hz(&["plan", "logs.rhai"]).succeeds();
    world.hz(&["run", "logs.rhai", "--yes", "--set", "days=7"]).succeeds();
    let json: Json = serde_json::from_slice(&fs::read(&path).expect("readable")).expect("JSON");
    assert_eq!(json["format"], 2);
    assert!(json["checksum"].is_string());
}

#[test]
fn state_of_a_newer_version_is_refused() {
    let (world, folder) = ran();
    let path = folder.join("snapshot.json");
    let mut json: Json = serde_json::from_slice(&fs::read(&path).expect("readable")).expect("JSON");
    json["format"] = 99.into();
    fs::write(&path, json.to_string()).expect("written");
    world.hz(&["plan", "logs.rhai"]).exits_with(1).told("format 99").told("newer");
}

#[test]
fn twenty_snapshots_are_kept() {
    use hzscript::state::{Snapshot, StateStore, Target};
    let folder = tempfile::tempdir().expect("a folder");
    let store = StateStore::in_folder(folder.path(), "test").expect("a store");
    let target = Target { cloud: "model".to_owned(), account: "0".repeat(12), region: "nowhere-1".to_owned() };
    let mut snapshot = Snapshot::new("lineage".to_owned(), "test", target);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for serial in 0..30 {
        snapshot.serial = serial;
        runtime.block_on(store.save(&snapshot)).expect("saved");
    }
    let mut kept: Vec<String> = fs::read_dir(folder.path().join("test/history"))
        .expect("a folder")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    kept.sort();
    assert_eq!(kept.len(), 20);
    assert_eq!((kept[0].as_str(), kept[19].as_str()), ("0000000010.json", "0000000029.json"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4) })]

    #[test]
    fn no_byte_of_a_snapshot_can_be_another(at in any::<Index>(), other in 1u8..=255) {
        let (world, folder) = ran();
        let path = folder.join("snapshot.json");
        let mut bytes = fs::read(&path).expect("readable");
        let at = at.index(bytes.len());
        bytes[at] ^= other;
        fs::write(&path, &bytes).expect("written");
        let ended = world.hz(&["plan", "logs.rhai"]).exits_with(1).told("snapshot.json");
        prop_assert!(!ended.says("panicked"), "{}", ended.stderr);
    }
}

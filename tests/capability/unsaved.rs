//! A state that cannot be written at the end of a run: it is tried again, then kept beside, and nothing is lost.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use hzscript::engine::EngineError;
use hzscript::event::Event;
use hzscript::state::StateStore;

use crate::support::counted::Counted;
use crate::support::failing::Failing;
use crate::support::interruption::attempt;
use crate::support::{Stack, World};

const LOGS: &str = r#"logs_log_group("logs", #{ logGroupName: "/test", retentionInDays: input("days", 5) });"#;

/// A world in which the script ran, and now no snapshot can be written.
fn stuck() -> (World, PathBuf) {
    let world = World::new();
    let script = world.script("logs.rhai", LOGS);
    world.hz(&["run", &script, "--yes"]).succeeds();
    let history = world.path().join(".hzscript/state/logs/history");
    fs::rename(&history, history.with_extension("away")).expect("moved");
    fs::write(&history, "in the way").expect("written");
    (world, history)
}

#[test]
fn the_state_is_written_beside() {
    let (world, history) = stuck();
    let words = ["run", "logs.rhai", "--yes", "--set", "days=7"];
    let file = world.path().join(".hzscript/logs-2.hzstate");
    let ended = world.hz(&words).exits_with(1).told("the state was not saved").told("hzscript state push");
    assert!(ended.says(".hzscript/logs-2.hzstate"), "{}", ended.stderr);
    assert!(ended.says("1 step"), "how the run went is told, too:\n{}", ended.stdout);
    let kept = fs::read(&file).expect("it is there");

    fs::remove_file(&history).expect("removed");
    fs::rename(history.with_extension("away"), &history).expect("moved");
    world.hz(&words).succeeds().told("nothing to do");
    assert_eq!(world.count("AWS::Logs::LogGroup"), 1);
    let text = String::from_utf8(kept).expect("text");
    assert!(text.contains("\"retentionInDays\": 7") && text.contains("\"checksum\""), "{text}");
}

#[test]
fn no_file_is_written_over() {
    let (world, _) = stuck();
    let there = world.path().join(".hzscript/logs-2.hzstate");
    fs::write(&there, "precious").expect("written");
    world.hz(&["run", "logs.rhai", "--yes", "--set", "days=7"]).exits_with(1).told("logs-2-2.hzstate");
    assert_eq!(fs::read_to_string(&there).expect("readable"), "precious");
}

#[test]
fn what_cannot_be_kept_in_a_file_is_printed() {
    let (world, _) = stuck();
    for folder in [world.path().to_owned(), world.path().join(".hzscript")] {
        for number in 1..=100 {
            let again = if number == 1 { String::new() } else { format!("-{number}") };
            fs::write(folder.join(format!("logs-2{again}.hzstate")), "").expect("written");
        }
    }
    let ended = world.hz(&["run", "logs.rhai", "--yes", "--set", "days=7"]).exits_with(1);
    let (_, rest) = ended.stderr.split_once("----- BEGIN STATE logs -----\n").expect("printed");
    let (state, _) = rest.split_once("----- END STATE -----").expect("printed whole");
    let state: serde_json::Value = serde_json::from_str(state).expect("JSON");
    assert_eq!(state["serial"], 2);
}

#[tokio::test(start_paused = true)]
async fn the_caller_gets_the_report_and_the_state() {
    let store = Failing::new();
    let stack = Stack::kept_in(StateStore::within(store.clone(), "test")).await;
    let text = r#"logs_log_group("a", #{});"#;
    assert!(attempt(&stack, Some("")).await.expect("begun").is_complete());
    store.takes(i64::MAX);
    assert!(attempt(&stack, Some(text)).await.expect("begun").is_complete());
    let all = store.taken();
    assert!(attempt(&stack, None).await.expect("begun").is_complete());

    // All but the copy and the snapshot itself.
    store.takes(all - 2);
    stack.events();
    let ended = attempt(&stack, Some(text)).await;
    let Err(EngineError::NotSaved(unsaved)) = ended else { panic!("{ended:?}") };
    assert!(unsaved.report.is_complete());
    let retries = stack.events().iter().filter(|event| matches!(event, Event::StateRetrying { .. })).count();
    assert_eq!(retries, 4);
    store.takes(i64::MAX);
    assert!(stack.plan(text).await.is_empty(), "the journal has everything");
    let state: serde_json::Value = serde_json::from_slice(&unsaved.bytes).expect("JSON");
    assert_eq!(state["serial"], unsaved.serial);
}

#[tokio::test(start_paused = true)]
async fn the_state_is_written_when_the_store_is_back() {
    let store = Failing::new();
    let stack = Stack::kept_in(StateStore::within(store.clone(), "test")).await;
    let text = r#"logs_log_group("a", #{});"#;
    assert!(attempt(&stack, Some("")).await.expect("begun").is_complete());
    store.takes(i64::MAX);
    assert!(attempt(&stack, Some(text)).await.expect("begun").is_complete());
    let all = store.taken();
    assert!(attempt(&stack, None).await.expect("begun").is_complete());
    store.takes(all - 2);
    let back = async {
        let retried = |event: &Event| matches!(event, Event::StateRetrying { .. });
        while !stack.events().iter().any(retried) {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        store.takes(i64::MAX);
        futures::future::pending::<()>().await;
    };
    tokio::select! {
        ended = attempt(&stack, Some(text)) => assert!(ended.expect("saved in the end").is_complete()),
        () = back => unreachable!("it only looks on"),
    }
    assert_eq!(stack.state().await.resources.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn requests_to_the_store_grow_with_the_steps_alone() {
    let script = |steps: usize| (0..steps).map(|n| format!("logs_log_group(\"g{n}\", #{{}});")).collect::<String>();
    let mut counts = Vec::new();
    for steps in [10, 20, 40] {
        let store = Counted::new();
        let stack = Stack::kept_in(StateStore::within(store.clone(), "test")).await;
        stack.runs(&script(steps)).await;
        counts.push(store.requests());
        let again = {
            stack.runs(&script(steps)).await;
            store.requests()
        };
        assert!(again.values().sum::<usize>() < 25, "{again:?}");
    }
    let [ten, twenty, forty] = counts.try_into().expect("three");
    for what in ["get", "list", "delete"] {
        assert_eq!(ten.get(what), twenty.get(what), "{what}: {ten:?} {twenty:?}");
        assert_eq!(ten.get(what), forty.get(what), "{what}: {ten:?} {forty:?}");
    }
    let (first, second) = (twenty["put"] - ten["put"], forty["put"] - twenty["put"]);
    assert_eq!(2 * first, second, "{ten:?} {twenty:?} {forty:?}");
    assert!(first <= 10 * 3, "an intent, an outcome, and what is configured: {first} for ten steps");
}

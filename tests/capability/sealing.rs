//! Sealed secrets: their texts are in the state for whoever has the key, and nowhere for anybody else.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use hzscript::model::{Secret, Secrets, Value};
use hzscript::state::keys::{Passphrase, Wanted};
use hzscript::state::{KeyError, Keyring, StateError, StateStore};

use super::guides::ask;
use crate::support::failing::Failing;
use crate::support::stack::owner;
use crate::support::world::Ended;
use crate::support::{Stack, World};

const SCRIPT: &str = r#"
let word = input("word", secret("nothing"));
let given = secretsmanager_secret("given", #{ name: "given", secretString: word });
secretsmanager_secret("inside", #{ name: "inside", secretString: json(#{ password: word, url: `db://${given.arn}` }) });
output("word", word);
output("url", `db://root:${word}@${given.arn}`);
"#;

/// A text that JSON writes otherwise.
const WORD: &str = "corr\"ect\\horse-hüsh";
const OTHER: &str = "batt\"ery\\staple-hüsh";
const PASSPHRASE: &str = "open sesame-hüsh";

/// A world in which the program has these variables.
struct Keyed<'a> {
    world: &'a World,
    variables: Vec<(&'a str, &'a str)>,
}

impl Keyed<'_> {
    fn hz(&self, words: &[&str]) -> Ended {
        let mut command = self.world.command(words);
        command.envs(self.variables.iter().copied()).stdin(Stdio::null()).output().expect("it starts").into()
    }
}

fn with<'a>(world: &'a World, passphrase: Option<&'a str>, word: &'a str) -> Keyed<'a> {
    let passphrase = passphrase.map(|passphrase| ("HZSCRIPT_PASSPHRASE", passphrase));
    Keyed { world, variables: passphrase.into_iter().chain([("HZ_INPUT_WORD", word)]).collect() }
}

/// The files below a folder, less the data of the embedded AWS: that is the account, which has the values as AWS has them.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path());
    let (folders, mut files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    for folder in folders.iter().filter(|folder| !folder.ends_with(".hzscript/local")) {
        files.extend(self::files(folder));
    }
    files
}

/// How a text may stand in other texts: as it is, as JSON has it once and twice, and in base64, wherever it begins.
fn forms(text: &str) -> Vec<String> {
    let json = |text: &str| serde_json::to_string(text).expect("JSON").trim_matches('"').to_owned();
    let mut forms = vec![text.to_owned(), json(text), json(&json(text))];
    for text in [text.to_owned(), json(text)] {
        for before in 0..3 {
            let padded = [vec![0; before], text.clone().into_bytes()].concat();
            let encoded = aws_smithy_types::base64::encode(&padded);
            // What neighbours have a part in is left out.
            let whole = &encoded[if before == 0 { 0 } else { 4 }..(padded.len() / 3) * 4];
            assert!(whole.len() > 8, "{whole}");
            forms.push(whole.to_owned());
        }
    }
    forms
}

#[test]
fn forms_are_what_base64_has_of_a_text_among_others() {
    for around in ["", "a", "ab", "abc"] {
        let encoded = aws_smithy_types::base64::encode(format!("{around}{WORD}{around}"));
        assert!(forms(WORD).iter().any(|form| encoded.contains(form)), "{around}");
    }
}

/// What nobody may find in what was said and what was kept.
fn found_nowhere(world: &World, said: &[Ended], secrets: &[&str]) {
    let kept = files(world.path());
    for form in secrets.iter().flat_map(|secret| forms(secret)) {
        for ended in said {
            assert!(!ended.says(&form), "{form} is said: {ended:?}");
        }
        for file in &kept {
            let bytes = std::fs::read(file).expect("readable");
            assert!(!String::from_utf8_lossy(&bytes).contains(&form), "{form} is in {}", file.display());
        }
    }
}

fn is_in_aws(world: &World, word: &str) -> bool {
    ask(world, async |cloud| {
        let value = |name: &'static str| cloud.secrets.get_secret_value().secret_id(name).send();
        let (given, inside) = (value("given").await.expect("a value"), value("inside").await.expect("a value"));
        let inside = inside.secret_string().expect("a text").to_owned();
        given.secret_string() == Some(word) && forms(word)[..2].iter().any(|form| inside.contains(form))
    })
}

#[test]
fn no_text_of_a_secret_is_in_any_file_or_output() {
    for passphrase in [None, Some(PASSPHRASE)] {
        let world = World::new();
        let script = world.script("s.rhai", SCRIPT);
        let mut said = Vec::new();
        let encrypt: &[&str] = if passphrase.is_some() { &["--encrypt", "passphrase"] } else { &[] };
        for word in [WORD, OTHER] {
            let keyed = with(&world, passphrase, word);
            for words in [
                &["plan", &script][..],
                &["plan", &script, "--json"],
                &["check", &script, "--json"],
                &[&["run", &script, "--yes", "-v", "--json"], encrypt].concat(),
                &["run", &script, "--yes", "-v"],
                &["run", &script, "--yes", "--json"],
                &["outputs", &script],
                &["outputs", &script, "--json"],
                &["state", "list", &script, "--json"],
                &["state", "show", "secretsmanager_secret.given", &script],
                &["state", "show", "secretsmanager_secret.inside", &script, "--json"],
                &["drift", &script],
                &["drift", &script, "--json"],
                &["synth", &script],
            ] {
                said.push(keyed.hz(words).succeeds());
            }
            assert!(is_in_aws(&world, word));
        }
        // A plan that changes what has a secret, and one that makes it again, both of what was changed by others.
        let keyed = with(&world, passphrase, WORD);
        ask(&world, async |cloud| {
            cloud.secrets.put_secret_value().secret_id("given").secret_string(OTHER).send().await.expect("changed");
        });
        for words in [&["drift", &script][..], &["drift", &script, "--json"], &["plan", &script, "-v"]] {
            said.push(keyed.hz(words));
        }
        let saved = keyed.hz(&["plan", &script, "--out", "s.plan"]);
        if passphrase.is_some() {
            said.extend([saved.succeeds(), keyed.hz(&["apply", "s.plan", "--yes", "-v", "--json"]).succeeds()]);
            assert!(is_in_aws(&world, WORD));
            said.push(keyed.hz(&["apply", "s.plan", "--yes"]).exits_with(1).told("stale"));
            let mistaken = with(&world, Some("open sesame"), WORD);
            for words in [&["run", &script, "--yes"][..], &["plan", &script], &["apply", "s.plan", "--json"]] {
                said.push(mistaken.hz(words).exits_with(1).told("the passphrase is not the one"));
            }
        } else {
            said.push(saved.exits_with(1).told("need a secret, which a saved plan does not hold"));
        }
        said.push(keyed.hz(&["destroy", &script, "--yes", "--json"]).succeeds());
        let kept = files(&world.path().join(".hzscript/state"));
        assert!(kept.len() >= 5, "{kept:?}");
        found_nowhere(&world, &said, &[WORD, OTHER, PASSPHRASE]);
    }
}

#[test]
fn outputs_are_shown_in_clear_to_whoever_asks_and_has_the_key() {
    let world = World::new();
    let script = world.script("s.rhai", SCRIPT);
    let keyed = with(&world, Some(PASSPHRASE), WORD);
    let show = ["outputs", script.as_str(), "--show-secrets", "--json"];
    keyed.hz(&["run", &script, "--yes"]).succeeds();
    keyed.hz(&show).exits_with(1).told("only hashes are kept of the secrets in url, word").told("--encrypt");
    keyed.hz(&["run", &script, "--yes", "--encrypt", "passphrase"]).succeeds();
    let shown: serde_json::Value = serde_json::from_str(&keyed.hz(&show).succeeds().stdout).expect("JSON");
    assert_eq!(shown["word"], WORD);
    let url = shown["url"].as_str().expect("a text");
    assert!(url.starts_with(&format!("db://root:{WORD}@arn:aws:secretsmanager:")), "{url}");
    let unkeyed = with(&world, None, WORD);
    unkeyed.hz(&show).exits_with(1).told("sealed with a passphrase, which is needed here").told("HZSCRIPT_PASSPHRASE");
    let hidden = unkeyed.hz(&["outputs", &script]).succeeds().told("(secret)");
    assert!(!hidden.says(WORD));
}

#[test]
fn commands_that_need_no_text_go_on_without_the_key() {
    let world = World::new();
    let script = world.script("s.rhai", SCRIPT);
    let keyed = with(&world, Some(PASSPHRASE), WORD);
    keyed.hz(&["run", &script, "--yes", "--encrypt", "passphrase"]).succeeds();
    let unkeyed = with(&world, None, WORD);
    unkeyed.hz(&["plan", &script, "--detailed-exitcode"]).succeeds();
    unkeyed.hz(&["drift", &script]).succeeds();
    unkeyed.hz(&["state", "show", "secretsmanager_secret.given", &script]).succeeds().told("(secret)");
    unkeyed.hz(&["run", &script, "--yes"]).exits_with(1).told("is needed here").told("--passphrase-file");
    let changed = with(&world, None, OTHER);
    changed.hz(&["plan", &script, "--detailed-exitcode"]).exits_with(2);
    changed.hz(&["plan", &script, "--out", "s.plan"]).exits_with(1).told("is needed here");
    // What is shown does not depend on the key.
    let keyed_plan = with(&world, Some(PASSPHRASE), OTHER).hz(&["plan", &script, "--json"]).succeeds();
    assert_eq!(changed.hz(&["plan", &script, "--json"]).succeeds().stdout, keyed_plan.stdout);
    unkeyed.hz(&["destroy", &script, "--yes"]).succeeds();
}

#[test]
fn a_plan_with_secrets_is_executed_with_the_key_only_and_seals_a_new_stack() {
    let world = World::new();
    let script = world.script("s.rhai", SCRIPT);
    let keyed = with(&world, Some(PASSPHRASE), WORD);
    let saving = ["plan", script.as_str(), "--out", "s.plan", "--encrypt", "passphrase"];
    with(&world, None, WORD).hz(&saving).exits_with(1).told("is needed here");
    keyed.hz(&saving).succeeds();
    std::fs::remove_file(world.path().join(&script)).expect("removed");
    let apply = ["apply", "s.plan", "--yes"];
    with(&world, None, WORD).hz(&apply).exits_with(1).told("is needed here");
    with(&world, Some("another"), WORD).hz(&apply).exits_with(1).told("the passphrase is not the one");
    assert_eq!(world.exists(), []);
    let keyed = with(&world, Some(PASSPHRASE), "not the word");
    keyed.hz(&apply).succeeds();
    assert!(is_in_aws(&world, WORD));
    let shown = keyed.hz(&["outputs", "--stack", "s", "--show-secrets"]).succeeds();
    assert!(shown.says(WORD), "{shown:?}");
    // Edited with its checksum put right, a sealed text is refused all the same.
    world.script(&script, SCRIPT);
    keyed.hz(&["plan", &script, "--out", "s.plan"]).succeeds();
    let text = std::fs::read_to_string(world.path().join("s.plan")).expect("readable");
    let (_, body) = text.split_once('\n').expect("two lines");
    let mut json: serde_json::Value = serde_json::from_str(body).expect("JSON");
    let sealed = json["sealed"]["secrets"].as_object_mut().expect("sealed secrets");
    let hashes: Vec<String> = sealed.keys().cloned().collect();
    let (one, other) = (sealed[&hashes[0]].clone(), sealed[&hashes[1]].clone());
    sealed[&hashes[0]] = other;
    sealed[&hashes[1]] = one;
    let body = format!("{json}\n");
    let digest: String =
        sha2::Digest::finalize(sha2::Digest::chain_update(<sha2::Sha256 as sha2::Digest>::new(), &body))
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
    let head = serde_json::json!({ "hzscript": "plan", "format": 2, "sha256": digest });
    std::fs::write(world.path().join("s.plan"), format!("{head}\n{body}")).expect("written");
    keyed.hz(&apply).exits_with(1).told("edited, damaged or cut short");
}

#[test]
fn a_key_is_changed_and_taken_off() {
    let world = World::new();
    let script = world.script("s.rhai", SCRIPT);
    let keyed = with(&world, Some(PASSPHRASE), WORD);
    keyed.hz(&["run", &script, "--yes", "--encrypt", "passphrase"]).succeeds();
    let show = ["outputs", script.as_str(), "--show-secrets"];
    let rekey = |how: &'static str| ["state", "rekey", "s.rhai", "--encrypt", how];
    keyed.hz(&rekey("passphrase")).exits_with(1).told("HZSCRIPT_NEW_PASSPHRASE");
    let mut both = with(&world, Some(PASSPHRASE), WORD);
    both.variables.push(("HZSCRIPT_NEW_PASSPHRASE", "another-hüsh"));
    both.hz(&rekey("passphrase")).succeeds().told("encrypted with a passphrase");
    keyed.hz(&show).exits_with(1).told("the passphrase is not the one").told("--discard-secrets");
    let renewed = with(&world, Some("another-hüsh"), WORD);
    assert!(renewed.hz(&show).succeeds().says(WORD));
    // One that a file has, which others may not read.
    world.script("key", "another-hüsh\n");
    let from_file = [&show[..], &["--passphrase-file", "key"]].concat();
    world.hz(&from_file).exits_with(1).told("others may read it").told("chmod 600 key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let owners = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(world.path().join("key"), owners).expect("set");
        assert!(world.hz(&from_file).succeeds().says(WORD));
    }
    renewed.hz(&["run", &script, "--yes", "--encrypt", "kms:alias/a"]).exits_with(1).told("state rekey");
    renewed.hz(&rekey("none")).succeeds().told("only hashes are kept");
    renewed.hz(&show).exits_with(1).told("only hashes are kept");
    let state = files(&world.path().join(".hzscript/state"));
    let all: String = state.iter().map(|file| std::fs::read_to_string(file).expect("a text")).collect();
    assert!(all.contains("$secret") && !all.contains("\"sealed\""), "{all}");
    renewed.hz(&["plan", &script, "--detailed-exitcode"]).succeeds();
}

#[test]
fn a_lost_passphrase_costs_the_texts_and_nothing_else() {
    let world = World::new();
    let script = world.script("s.rhai", SCRIPT);
    with(&world, Some(PASSPHRASE), WORD).hz(&["run", &script, "--yes", "--encrypt", "passphrase"]).succeeds();
    let lost = with(&world, Some("what was it"), WORD);
    let rekey = ["state", "rekey", "--stack", "s", "--encrypt", "passphrase"];
    lost.hz(&rekey).exits_with(1).told("the passphrase is not the one");
    let mut renewed = with(&world, None, WORD);
    renewed.variables.push(("HZSCRIPT_NEW_PASSPHRASE", "never forget"));
    renewed.hz(&rekey).exits_with(1).told("is needed here");
    renewed.hz(&[&rekey[..], &["--discard-secrets"]].concat()).succeeds();
    let keyed = with(&world, Some("never forget"), WORD);
    keyed.hz(&["outputs", &script, "--show-secrets"]).exits_with(1).told("run the script again");
    keyed.hz(&["plan", &script, "--detailed-exitcode"]).succeeds();
    keyed.hz(&["run", &script, "--yes"]).succeeds();
    assert!(keyed.hz(&["outputs", &script, "--show-secrets"]).succeeds().says(WORD));
}

#[test]
fn a_key_of_kms_seals_and_opens() {
    let world = World::new();
    let script = world.script("s.rhai", SCRIPT);
    let unkeyed = with(&world, None, WORD);
    let run = ["run", script.as_str(), "--yes", "--encrypt", "kms:alias/states"];
    unkeyed.hz(&run).exits_with(1).told("the KMS key alias/states cannot be used").told("kms:GenerateDataKey");
    let key = ask(&world, async |cloud| {
        let made = cloud.kms.create_key().send().await.expect("made").key_metadata.expect("a key");
        let alias = cloud.kms.create_alias().alias_name("alias/states").target_key_id(&made.key_id);
        alias.send().await.expect("made");
        made.key_id
    });
    unkeyed.hz(&run).succeeds();
    let show = ["outputs", script.as_str(), "--show-secrets"];
    let said = [unkeyed.hz(&["run", &script, "--yes", "-v"]).succeeds(), unkeyed.hz(&["outputs", &script]).succeeds()];
    found_nowhere(&world, &said, &[WORD]);
    assert!(unkeyed.hz(&show).succeeds().says(WORD));
    unkeyed.hz(&["plan", &script, "--out", "s.plan"]).succeeds();
    unkeyed.hz(&["apply", "s.plan", "--yes"]).succeeds();
    ask(&world, async |cloud| drop(cloud.kms.disable_key().key_id(&key).send().await.expect("disabled")));
    unkeyed.hz(&show).exits_with(1).told("is disabled").told("kms:Decrypt");
    unkeyed.hz(&["plan", &script, "--detailed-exitcode"]).succeeds();
    ask(&world, async |cloud| drop(cloud.kms.enable_key().key_id(&key).send().await.expect("enabled")));
    let keyed = with(&world, Some(PASSPHRASE), WORD);
    keyed.hz(&["state", "rekey", &script, "--encrypt", "passphrase"]).succeeds();
    ask(&world, async |cloud| drop(cloud.kms.schedule_key_deletion().key_id(&key).send().await.expect("scheduled")));
    assert!(keyed.hz(&show).succeeds().says(WORD));
}

fn keyed(store: &Arc<Failing>, passphrase: &str, wanted: Option<Wanted>) -> StateStore {
    let keys = Keyring::new(Passphrase::new(passphrase), None, wanted);
    StateStore::within(store.clone(), "test").with_keys(keys)
}

const TWO: &str = r#"
    let word = secret("correct-horse");
    secretsmanager_secret("one", #{ name: "one", secretString: word });
    logs_log_group("logs", #{ retentionInDays: 5 });
    output("word", word);
"#;

async fn word(store: &StateStore) -> Secret {
    let snapshot = store.load().await.expect("readable").expect("there");
    match snapshot.outputs.get("word") {
        Some(Value::Secret(secret)) => secret.clone(),
        other => panic!("{other:?}"),
    }
}

fn is_text(secret: &Secret) -> bool {
    matches!(secret, Secret::Clear(text) if text == "correct-horse")
}

#[tokio::test(start_paused = true)]
async fn work_without_the_key_loses_nothing_and_writes_no_secret_that_it_cannot_seal() {
    let store = Failing::new();
    let stack = Stack::kept_in(keyed(&store, "p", Some(Wanted::Passphrase))).await;
    stack.runs(TWO).await;
    let unkeyed = stack.on(StateStore::within(store.clone(), "test"));
    unkeyed.runs(&TWO.replace("retentionInDays: 5", "retentionInDays: 7")).await;
    assert!(!is_text(&word(&StateStore::within(store.clone(), "test")).await));
    assert!(is_text(&word(&keyed(&store, "p", None)).await), "what is sealed was carried over");
    let session = unkeyed.engine.begin(&owner()).await.expect("begun");
    let plan = session.plan(&unkeyed.program(&TWO.replace("correct", "another")).await).await.expect("a plan");
    let refused = session.apply(&plan).await.expect_err("it cannot be sealed").to_string();
    assert!(refused.contains("sealed with a passphrase, which is needed here"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn what_an_interrupted_run_wrote_is_sealed_and_read() {
    let mut texts = 0;
    for takes in 0.. {
        let store = Failing::new();
        let stack = Stack::kept_in(keyed(&store, "p", Some(Wanted::Passphrase))).await;
        store.takes(takes);
        let session = stack.engine.begin(&owner()).await;
        let ended = match session {
            Ok(session) => {
                let plan = session.plan(&stack.program(TWO).await).await.expect("a plan");
                session.apply(&plan).await
            }
            Err(error) => Err(error),
        };
        if ended.is_ok() {
            break;
        }
        store.takes(i64::MAX);
        let Some(snapshot) = keyed(&store, "p", None).load().await.expect("readable") else { continue };
        let mut all = snapshot;
        Secrets::visit_secrets(&mut all, &mut |secret| {
            assert!(is_text(secret), "after {takes}");
            texts += 1;
        });
        stack.on(keyed(&store, "p", None)).runs(TWO).await;
        assert!(is_text(&word(&keyed(&store, "p", None)).await), "after {takes}");
    }
    assert!(texts > 3, "{texts} texts");
}

#[tokio::test(start_paused = true)]
async fn a_change_of_key_that_is_interrupted_is_completed_by_the_same_once_more() {
    for takes in 0..30 {
        let store = Failing::new();
        let stack = Stack::kept_in(keyed(&store, "old", Some(Wanted::Passphrase))).await;
        for days in [5, 7, 14] {
            stack.runs(&TWO.replace("retentionInDays: 5", &format!("retentionInDays: {days}"))).await;
        }
        let rekey = async || {
            let old = keyed(&store, "old", None);
            let to = Keyring::new(Passphrase::new("new"), None, Some(Wanted::Passphrase));
            let lineage =
                StateStore::within(store.clone(), "test").load().await.expect("readable").expect("there").lineage;
            assert!(to.begin(&lineage).await.expect("a key"));
            old.rekey(&to, false).await
        };
        store.takes(takes);
        let first = rekey().await;
        store.takes(i64::MAX);
        if first.is_ok() {
            assert!(takes > 3, "{takes}");
            return;
        }
        assert!(is_text(&word(&keyed(&store, "old", None)).await), "after {takes}");
        rekey().await.expect("completed");
        let renewed = keyed(&store, "new", None);
        assert!(is_text(&word(&renewed).await), "after {takes}");
        let old = keyed(&store, "old", None).load().await;
        assert!(matches!(old, Err(StateError::Key(KeyError::WrongPassphrase))), "{old:?}");
        stack.on(renewed).runs(TWO).await;
    }
    panic!("it never completed");
}

/// A stack's state as a version of the format has it: a snapshot, and the two records of the creation of one secret more.
fn written_in(format: u32) -> (tempfile::TempDir, Vec<PathBuf>) {
    let there: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "formats", &format.to_string()].iter().collect();
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state");
    std::fs::create_dir_all(state.join("journal")).expect("made");
    let mut copied = Vec::new();
    for file in files(&there) {
        let to = state.join(file.strip_prefix(&there).expect("below"));
        std::fs::copy(&file, &to).expect("copied");
        copied.push(to);
    }
    (folder, copied)
}

#[tokio::test]
async fn every_format_there_ever_was_is_read() {
    for format in [1, 2, 3] {
        let (folder, copied) = written_in(format);
        assert_eq!(copied.len(), 3);
        for passphrase in [None, Some("sesame")] {
            let keys = Keyring::new(passphrase.and_then(Passphrase::new), None, None);
            let store = StateStore::in_folder(folder.path(), "state").expect("a store").with_keys(keys);
            let mut snapshot = store.load().await.expect("readable").expect("there");
            let addresses: Vec<String> = snapshot.resources.keys().map(ToString::to_string).collect();
            let expected = ["logs_log_group.logs", "secretsmanager_secret.one", "secretsmanager_secret.two"];
            assert_eq!(addresses, expected, "format {format}");
            let mut texts = Vec::new();
            Secrets::visit_secrets(&mut snapshot, &mut |secret| texts.push(is_text(secret)));
            let opened = format == 3 && passphrase.is_some();
            assert_eq!(texts, [opened; 3], "format {format}");
        }
    }
}

//! Secrets: their values are nowhere but in AWS, and are made once, whatever happens.

use std::path::Path;

use aws_sdk_secretsmanager::types::SecretVersionsListEntry;

use super::guides::ask;
use crate::support::faults::{Fault, Faults};
use crate::support::stack::summary;
use crate::support::{Stack, World};

/// The files below a folder, less the embedded AWS's own, which has the values as AWS has them.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path());
    let (folders, mut files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    for folder in folders.iter().filter(|folder| !folder.ends_with(".hzscript/local")) {
        files.extend(self::files(folder));
    }
    files
}

#[test]
fn values_are_in_no_file_and_no_output() {
    let world = World::new();
    let text = |given: &str| {
        format!(
            r#"
let made = secretsmanager_secret("made", #{{ generateSecretString: #{{
    secretStringTemplate: json(#{{ username: "root" }}), generateStringKey: "password", excludePunctuation: true }} }});
let given = secretsmanager_secret("given", #{{ name: "given", secretString: "{given}-" + input("word", "hush") }});
let told = secretsmanager_secret("told", #{{ name: "told", secretString: secret("{given}-told") }});
output("made", made.arn);
output("value", given.secretString);
let task = fargate_task_definition(#{{ name: "app" }});
task.add_container("app", #{{ image: "app:1", secrets: #{{ A: made, B: `${{given.arn}}:key::`, C: told }} }});
"#
        )
    };
    let mut said = String::new();
    let mut values = Vec::new();
    for given in ["first-value", "second-value"] {
        let script = world.script("secrets.rhai", &text(given));
        for words in [
            vec!["plan", &script],
            vec!["plan", &script, "--json"],
            vec!["run", &script, "--yes", "--json"],
            vec!["run", &script, "--yes"],
            vec!["outputs", &script, "--json"],
        ] {
            let ended = world.hz(&words).succeeds();
            said.extend([ended.stdout, ended.stderr]);
        }
        world.hz(&["plan", &script, "--detailed-exitcode"]).exits_with(0);
        values.extend([format!("{given}-hush"), format!("{given}-told")]);
    }
    let made = ask(&world, async |cloud| {
        let listed = cloud.secrets.list_secrets().send().await.expect("an answer");
        let ids = listed.secret_list().iter().filter_map(|secret| secret.name());
        let mut found = Vec::new();
        for id in ids {
            let value = cloud.secrets.get_secret_value().secret_id(id).send().await.expect("a value");
            found.push(value.secret_string.expect("a text"));
        }
        found
    });
    let password = made.iter().find_map(|value| {
        let value: serde_json::Value = serde_json::from_str(value).ok()?;
        assert_eq!(value["username"], "root");
        Some(value["password"].as_str()?.to_owned())
    });
    values.push(password.expect("it is generated"));
    assert!(made.contains(&"second-value-hush".to_owned()) && made.contains(&"second-value-told".to_owned()));
    let kept = files(&world.path().join(".hzscript"));
    assert!(kept.len() >= 2, "{kept:?}");
    for value in values {
        assert!(!said.contains(&value), "{value} is said");
        for file in &kept {
            let bytes = std::fs::read(file).expect("readable");
            assert!(!String::from_utf8_lossy(&bytes).contains(&value), "{value} is in {}", file.display());
        }
    }
}

const NAMED: &str = r#"secretsmanager_secret("s", #{ name: "s", {properties} });"#;

fn named(properties: &str) -> String {
    NAMED.replace("{properties}", properties)
}

async fn value(stack: &Stack) -> String {
    let call = stack.engine.cloud().secrets.get_secret_value().secret_id("s");
    call.send().await.expect("a value").secret_string.expect("a text")
}

async fn versions(stack: &Stack) -> Vec<SecretVersionsListEntry> {
    let call = stack.engine.cloud().secrets.list_secret_version_ids().secret_id("s").include_deprecated(true);
    call.send().await.expect("an answer").versions.unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn only_a_changed_value_makes_a_new_version() {
    let stack = Stack::new().await;
    let generated = "generateSecretString: #{ passwordLength: 20 }";
    stack.runs(&named(generated)).await;
    let first = value(&stack).await;
    stack.runs(&named(&format!("description: \"what for\", {generated}"))).await;
    assert_eq!((value(&stack).await, versions(&stack).await.len()), (first.clone(), 1));
    stack.runs(&named("generateSecretString: #{ passwordLength: 40 }")).await;
    assert_eq!((value(&stack).await.len(), versions(&stack).await.len()), (40, 2));
    stack.runs(&named("secretString: \"given\"")).await;
    assert_eq!((value(&stack).await.as_str(), versions(&stack).await.len()), ("given", 3));
    let plan = stack.plan(&named("secretString: \"given\"")).await;
    assert!(plan.is_empty(), "{}", summary(&plan));
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_lost_leave_one_secret_with_one_value() {
    let faults = Faults::default();
    let stack = Stack::faulty(&faults).await;
    let generated = |length: u32| named(&format!("generateSecretString: #{{ passwordLength: {length} }}"));
    faults.set("CreateSecret", Fault::Lost, 1);
    stack.runs(&generated(20)).await;
    assert_eq!((stack.exists(), versions(&stack).await.len()), (vec!["AWS::SecretsManager::Secret".to_owned()], 1));
    faults.set("PutSecretValue", Fault::Lost, 1);
    stack.runs(&generated(30)).await;
    assert_eq!((value(&stack).await.len(), versions(&stack).await.len()), (30, 2));
    let plan = stack.plan(&generated(30)).await;
    assert!(plan.is_empty(), "{}", summary(&plan));
}

#[tokio::test(start_paused = true)]
async fn a_name_is_free_again_after_a_deletion() {
    let stack = Stack::new().await;
    let script = named("secretString: \"one\"");
    stack.runs(&script).await;
    let first = stack.id("secretsmanager_secret.s").await;
    stack.destroy().await;
    assert_eq!(stack.exists(), Vec::<String>::new());
    // AWS is still at it when the next run begins.
    stack.runs(&script).await;
    assert_ne!(stack.id("secretsmanager_secret.s").await, first);
    assert_eq!(value(&stack).await, "one");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_somebody_elses_deletion_holds_is_refused_with_the_way_out() {
    let stack = Stack::new().await;
    let secrets = &stack.engine.cloud().secrets;
    secrets.create_secret().name("s").secret_string("theirs").send().await.expect("made");
    secrets.delete_secret().secret_id("s").send().await.expect("scheduled");
    let report = stack.run(&named("secretString: \"ours\"")).await;
    let reason = &report.failures.first().expect("it fails").reason;
    for told in ["scheduled for deletion", "restore-secret --secret-id s", "--force-delete-without-recovery"] {
        assert!(reason.contains(told), "{reason}");
    }
    // Restored and adopted it is as declared.
    let restored = secrets.restore_secret().secret_id("s").send().await.expect("restored");
    let arn = restored.arn.expect("an ARN");
    let adopted = format!(r#"secretsmanager_secret("s", #{{ name: "s", secretString: "ours" }}, #{{ id: "{arn}" }});"#);
    stack.runs(&adopted).await;
    assert_eq!(value(&stack).await, "ours");
}

const SERVICE: &str = r#"
let net = network(#{ name: "net", cidr: "10.0.0.0/16", azs: 1, natGateways: 1 });
let cluster = ecs_cluster("main", #{});
let root = secretsmanager_secret("root", #{ generateSecretString: #{
    secretStringTemplate: json(#{ username: "root" }), generateStringKey: "password" } });
let task = fargate_task_definition(#{ name: "app" });
task.add_container("app", #{ image: "app:1", secrets: #{ WHOLE: root, PART: `${root.arn}:{key}::` } });
fargate_service(#{ name: "app", cluster: cluster, taskDefinition: task, network: net });
"#;

#[tokio::test(start_paused = true)]
async fn tasks_get_the_secrets_of_their_stack_and_no_others() {
    let stack = Stack::new().await;
    stack.runs(&SERVICE.replace("{key}", "password")).await;
    let report = stack.run(&SERVICE.replace("{key}", "token")).await;
    let failure = report.failures.first().expect("tasks do not start");
    assert!(failure.reason.contains("did not contain json key token"), "{}", failure.reason);
    assert!(failure.help.as_ref().is_some_and(|help| help.contains("valueFrom")), "{:?}", failure.help);
}

#[tokio::test(start_paused = true)]
async fn a_repository_that_is_not_there_gives_no_images() {
    let script = |repository: &str| {
        SERVICE
            .replace("{key}", "password")
            .replace("\"app:1\"", &format!("ecr_image(#{{ repository: {repository} }})"))
    };
    let stack = Stack::new().await;
    let report = stack.run(&script("\"team/app\"")).await;
    let reason = &report.failures.first().expect("tasks do not start").reason;
    assert!(reason.contains("CannotPullContainerError"), "{reason}");
    stack.runs(&script("ecr_repository(\"App\", #{})")).await;
    assert!(stack.id("ecr_repository.App").await.starts_with("test-app-"));
}

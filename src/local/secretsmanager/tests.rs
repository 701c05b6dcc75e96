//! What Secrets Manager does and refuses, call by call.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::super::settings::Settings;
use super::super::store::Store;
use super::*;

struct Region {
    store: Store,
    settings: Settings,
    now: Timestamp,
}

impl Region {
    fn new() -> Self {
        let settings = Settings { pace: 1.0, ..Settings::default() };
        Self { store: Store::in_memory().unwrap(), settings, now: "2026-01-01T00:00:00Z".parse().unwrap() }
    }

    fn within<T>(&mut self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
        self.store.transact("eu-west-1", self.now, &self.settings, work)
    }

    fn ask(&mut self, action: &str, params: Json) -> Result<Json, Fault> {
        self.within(|tx| SecretsManager.call(tx, action, params.as_object().unwrap()))
    }

    fn call(&mut self, action: &str, params: Json) -> Json {
        self.ask(action, params).unwrap()
    }

    fn refused(&mut self, action: &str, params: Json) -> String {
        let fault = self.ask(action, params).unwrap_err();
        assert_eq!(fault.status, 400);
        fault.code
    }

    fn value(&mut self, id: &Json) -> String {
        self.call("GetSecretValue", json!({"SecretId": id}))["SecretString"].as_str().unwrap().to_owned()
    }

    /// Lets time go by, carrying out what is due.
    fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        while self
            .within(|tx| {
                let Some((_, _, _, timer)) = tx.take_due()? else { return Ok(false) };
                SecretsManager.due(tx, &timer)?;
                Ok(true)
            })
            .unwrap()
        {}
    }
}

fn token(number: u32) -> String {
    format!("{number:032}")
}

#[test]
fn a_secret_is_made_once_for_a_token_and_read_by_name_and_arn() {
    let mut region = Region::new();
    let params = json!({"Name": "db/root", "SecretString": "one", "ClientRequestToken": token(1)});
    let made = region.call("CreateSecret", params.clone());
    let arn = made["ARN"].as_str().unwrap().to_owned();
    let (start, suffix) = arn.rsplit_once('-').unwrap();
    assert_eq!((start, suffix.len()), ("arn:aws:secretsmanager:eu-west-1:000000000000:secret:db/root", 6));
    assert_eq!(region.call("CreateSecret", params.clone())["ARN"], made["ARN"]);
    for id in ["db/root", &arn, start] {
        assert_eq!(region.value(&json!(id)), "one");
    }
    let mut other = params;
    other["SecretString"] = json!("two");
    assert_eq!(region.refused("CreateSecret", other), "ResourceExistsException");
    assert_eq!(region.refused("CreateSecret", json!({"Name": "a b"})), "ValidationException");
    assert_eq!(region.refused("GetSecretValue", json!({"SecretId": "none"})), "ResourceNotFoundException");
    region.call("CreateSecret", json!({"Name": "empty"}));
    assert_eq!(region.refused("GetSecretValue", json!({"SecretId": "empty"})), "ResourceNotFoundException");
}

#[test]
fn stages_follow_the_versions() {
    let mut region = Region::new();
    let id = region.call("CreateSecret", json!({"Name": "s", "SecretString": "a", "ClientRequestToken": token(1)}));
    let id = id["ARN"].clone();
    for (number, value) in [(2, "b"), (3, "c")] {
        region.call(
            "PutSecretValue",
            json!({"SecretId": id, "SecretString": value, "ClientRequestToken": token(number)}),
        );
    }
    let stages = region.call("DescribeSecret", json!({"SecretId": id}))["VersionIdsToStages"].clone();
    assert_eq!(stages, json!({token(2): ["AWSPREVIOUS"], token(3): ["AWSCURRENT"]}));
    assert_eq!(region.value(&id), "c");
    let previous = region.call("GetSecretValue", json!({"SecretId": id, "VersionStage": "AWSPREVIOUS"}));
    assert_eq!(previous["SecretString"], "b");
    let again = json!({"SecretId": id, "SecretString": "x", "ClientRequestToken": token(3)});
    assert_eq!(region.refused("PutSecretValue", again), "ResourceExistsException");
    let back = json!({"SecretId": id, "VersionStage": "AWSCURRENT", "MoveToVersionId": token(2)});
    assert_eq!(region.refused("UpdateSecretVersionStage", back.clone()), "InvalidParameterException");
    let mut back = back;
    back["RemoveFromVersionId"] = json!(token(3));
    region.call("UpdateSecretVersionStage", back);
    assert_eq!(region.value(&id), "b");
    let all = region.call("ListSecretVersionIds", json!({"SecretId": id, "IncludeDeprecated": true}));
    assert_eq!(all["Versions"].as_array().unwrap().len(), 3);
}

#[test]
fn a_deleted_secret_keeps_its_name_until_it_is_gone_or_restored() {
    let mut region = Region::new();
    let make = || json!({"Name": "s", "SecretString": "a"});
    region.call("CreateSecret", make());
    assert_eq!(
        region.refused("DeleteSecret", json!({"SecretId": "s", "RecoveryWindowInDays": 6})),
        "InvalidParameterException"
    );
    region.call("DeleteSecret", json!({"SecretId": "s", "RecoveryWindowInDays": 7}));
    assert_eq!(region.refused("CreateSecret", make()), "InvalidRequestException");
    assert_eq!(region.refused("GetSecretValue", json!({"SecretId": "s"})), "InvalidRequestException");
    assert!(region.call("DescribeSecret", json!({"SecretId": "s"}))["DeletedDate"].is_number());
    assert_eq!(region.call("ListSecrets", json!({}))["SecretList"], json!([]));
    region.call("RestoreSecret", json!({"SecretId": "s"}));
    region.wait(8 * 24 * 60 * 60);
    assert_eq!(region.value(&json!("s")), "a");
    region.call("DeleteSecret", json!({"SecretId": "s", "ForceDeleteWithoutRecovery": true}));
    assert_eq!(region.refused("CreateSecret", make()), "InvalidRequestException");
    region.wait(60);
    region.call("CreateSecret", make());
    region.call("DeleteSecret", json!({"SecretId": "none", "ForceDeleteWithoutRecovery": true}));
    assert_eq!(region.refused("DeleteSecret", json!({"SecretId": "none"})), "ResourceNotFoundException");
}

#[test]
fn secrets_are_listed_in_pages_and_by_filters() {
    let mut region = Region::new();
    for name in ["a/1", "a/2", "b/1"] {
        region.call("CreateSecret", json!({"Name": name, "Tags": [{"Key": "team", "Value": name}]}));
    }
    let names = |answer: &Json| -> Vec<String> {
        let listed = answer["SecretList"].as_array().unwrap().iter();
        listed.map(|secret| secret["Name"].as_str().unwrap().to_owned()).collect()
    };
    let first = region.call("ListSecrets", json!({"MaxResults": 2}));
    assert_eq!(names(&first), ["a/1", "a/2"]);
    let second = region.call("ListSecrets", json!({"MaxResults": 2, "NextToken": first["NextToken"]}));
    assert_eq!((names(&second), second.get("NextToken")), (vec!["b/1".to_owned()], None));
    for (key, value, found) in
        [("name", "a/", vec!["a/1", "a/2"]), ("name", "!a/", vec!["b/1"]), ("tag-value", "b", vec!["b/1"])]
    {
        let listed = region.call("ListSecrets", json!({"Filters": [{"Key": key, "Values": [value]}]}));
        assert_eq!(names(&listed), found, "{key} {value}");
    }
}

#[test]
fn passwords_have_what_is_asked_for() {
    let mut region = Region::new();
    let mut draw =
        |params: Json| region.call("GetRandomPassword", params)["RandomPassword"].as_str().unwrap().to_owned();
    let (one, other) = (draw(json!({})), draw(json!({})));
    assert_eq!((one.len(), one != other), (32, true));
    for _ in 0..50 {
        let password = draw(json!({"PasswordLength": 3, "ExcludePunctuation": true, "ExcludeCharacters": "01aA"}));
        let types = [
            password.chars().any(|letter| letter.is_ascii_lowercase()),
            password.chars().any(|letter| letter.is_ascii_uppercase()),
            password.chars().any(|letter| letter.is_ascii_digit()),
        ];
        assert_eq!(types, [true; 3], "{password}");
        assert!(!password.contains(['0', '1', 'a', 'A']), "{password}");
    }
    for bad in [json!({"PasswordLength": 3}), json!({"PasswordLength": 5000})] {
        assert_eq!(region.refused("GetRandomPassword", bad), "InvalidParameterException");
    }
}

#[test]
fn policies_of_secrets_are_kept_when_they_are_documents() {
    let mut region = Region::new();
    region.call("CreateSecret", json!({"Name": "s"}));
    let bad = json!({"SecretId": "s", "ResourcePolicy": "{"});
    assert_eq!(region.refused("PutResourcePolicy", bad), "MalformedPolicyDocumentException");
    let policy = r#"{"Version":"2012-10-17","Statement":[]}"#;
    region.call("PutResourcePolicy", json!({"SecretId": "s", "ResourcePolicy": policy}));
    assert_eq!(region.call("GetResourcePolicy", json!({"SecretId": "s"}))["ResourcePolicy"], policy);
    region.call("DeleteResourcePolicy", json!({"SecretId": "s"}));
    assert_eq!(region.call("GetResourcePolicy", json!({"SecretId": "s"})).get("ResourcePolicy"), None);
}

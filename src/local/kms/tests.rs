//! What KMS does and refuses, call by call.

use std::time::Duration;

use aws_smithy_types::base64;
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
    fn new(pace: f64) -> Self {
        let settings = Settings { pace, ..Settings::default() };
        Self { store: Store::in_memory().unwrap(), settings, now: "2026-01-01T00:00:00Z".parse().unwrap() }
    }

    fn within<T>(&mut self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
        self.store.transact("eu-west-1", self.now, &self.settings, work)
    }

    fn ask(&mut self, action: &str, params: Json) -> Result<Json, Fault> {
        self.within(|tx| Kms.call(tx, action, params.as_object().unwrap()))
    }

    fn call(&mut self, action: &str, params: Json) -> Json {
        self.ask(action, params).unwrap()
    }

    fn refused(&mut self, action: &str, params: Json) -> String {
        let fault = self.ask(action, params).unwrap_err();
        assert_eq!(fault.status, 400);
        fault.code
    }

    fn key(&mut self) -> (String, String) {
        let made = self.call("CreateKey", json!({}));
        let text = |name: &str| made["KeyMetadata"][name].as_str().unwrap().to_owned();
        (text("KeyId"), text("Arn"))
    }

    fn state(&mut self, id: &str) -> Json {
        self.call("DescribeKey", json!({ "KeyId": id }))["KeyMetadata"]["KeyState"].clone()
    }

    fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        while self
            .within(|tx| {
                let Some((due, _, _, timer)) = tx.take_due()? else { return Ok(false) };
                tx.now = due;
                Kms.due(tx, &timer)?;
                Ok(true)
            })
            .unwrap()
        {}
    }
}

#[test]
fn a_key_goes_by_its_id_its_arn_and_its_alias() {
    let mut region = Region::new(1.0);
    let (id, arn) = region.key();
    region.call("CreateAlias", json!({ "AliasName": "alias/states", "TargetKeyId": id }));
    let alias_arn = arn.replace(&format!("key/{id}"), "alias/states");
    let blob =
        region.call("Encrypt", json!({ "KeyId": id, "Plaintext": base64::encode("text") }))["CiphertextBlob"].clone();
    for name in [id.as_str(), &arn, "alias/states", &alias_arn] {
        let opened = region.call("Decrypt", json!({ "KeyId": name, "CiphertextBlob": blob }));
        assert_eq!((&opened["Plaintext"], &opened["KeyId"]), (&json!(base64::encode("text")), &json!(arn)));
    }
    let listed = region.call("ListAliases", json!({ "KeyId": arn }));
    assert_eq!(listed["Aliases"][0]["AliasArn"], alias_arn);
    assert_eq!(region.call("ListKeys", json!({}))["Keys"], json!([{ "KeyId": id, "KeyArn": arn }]));
    for name in ["alias/none", "key/none", "none", "arn:aws:kms:eu-west-1:000000000000:key/none", &alias_arn[1..]] {
        assert_eq!(region.refused("DescribeKey", json!({ "KeyId": name })), "NotFoundException", "{name}");
    }
}

#[test]
fn a_ciphertext_opens_with_its_key_under_its_context_only() {
    let mut region = Region::new(1.0);
    let ((id, _), (other, _)) = (region.key(), region.key());
    let context = json!({ "a": "1", "b": "2" });
    let sealed = |region: &mut Region| {
        let params = json!({ "KeyId": id, "Plaintext": base64::encode("text"), "EncryptionContext": context });
        region.call("Encrypt", params)["CiphertextBlob"].clone()
    };
    let blob = sealed(&mut region);
    assert_ne!(sealed(&mut region), blob);
    let open = |blob: &Json, context: Json| json!({ "CiphertextBlob": blob, "EncryptionContext": context });
    assert_eq!(region.call("Decrypt", open(&blob, json!({ "b": "2", "a": "1" })))["Plaintext"], base64::encode("text"));
    for wrong in [json!({}), json!({ "a": "1" }), json!({ "a": "1", "b": "3" })] {
        assert_eq!(region.refused("Decrypt", open(&blob, wrong)), "InvalidCiphertextException");
    }
    let mut bytes = base64::decode(blob.as_str().unwrap()).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    for broken in [base64::encode(&bytes), base64::encode(&bytes[..40]), base64::encode("x")] {
        assert_eq!(region.refused("Decrypt", open(&json!(broken), context.clone())), "InvalidCiphertextException");
    }
    let mut elsewhere = open(&blob, context);
    elsewhere["KeyId"] = json!(other);
    assert_eq!(region.refused("Decrypt", elsewhere), "IncorrectKeyException");
}

#[test]
fn a_data_key_is_what_its_ciphertext_has() {
    let mut region = Region::new(1.0);
    let (id, _) = region.key();
    for (asked, length) in [
        (json!({ "KeySpec": "AES_256" }), 32),
        (json!({ "KeySpec": "AES_128" }), 16),
        (json!({ "NumberOfBytes": 5 }), 5),
    ] {
        let mut params = asked;
        params["KeyId"] = json!(id);
        let made = region.call("GenerateDataKey", params.clone());
        assert_eq!(base64::decode(made["Plaintext"].as_str().unwrap()).unwrap().len(), length);
        let opened = region.call("Decrypt", json!({ "CiphertextBlob": made["CiphertextBlob"] }));
        assert_eq!(opened["Plaintext"], made["Plaintext"]);
        assert_eq!(region.call("GenerateDataKeyWithoutPlaintext", params)["Plaintext"], Json::Null);
    }
    for wrong in [json!({}), json!({ "KeySpec": "AES_256", "NumberOfBytes": 5 }), json!({ "NumberOfBytes": 1025 })] {
        let mut params = wrong;
        params["KeyId"] = json!(id);
        assert_eq!(region.refused("GenerateDataKey", params), "ValidationException");
    }
}

#[test]
fn what_is_turned_off_or_about_to_go_is_of_no_use() {
    let mut region = Region::new(1.0);
    let (id, arn) = region.key();
    region.call("CreateAlias", json!({ "AliasName": "alias/a", "TargetKeyId": id }));
    let data = json!({ "KeyId": id, "KeySpec": "AES_256" });
    region.call("DisableKey", json!({ "KeyId": id }));
    assert_eq!(
        (region.state(&id), region.refused("GenerateDataKey", data.clone())),
        (json!("Disabled"), "DisabledException".to_owned())
    );
    region.call("EnableKey", json!({ "KeyId": id }));
    for days in [6, 31] {
        let params = json!({ "KeyId": id, "PendingWindowInDays": days });
        assert_eq!(region.refused("ScheduleKeyDeletion", params), "ValidationException");
    }
    assert_eq!(region.refused("ScheduleKeyDeletion", json!({ "KeyId": "alias/a" })), "NotFoundException");
    let week = json!({ "KeyId": id, "PendingWindowInDays": 7 });
    assert_eq!(region.call("ScheduleKeyDeletion", week.clone())["KeyId"], arn);
    for (action, params) in [
        ("GenerateDataKey", data),
        ("ScheduleKeyDeletion", week.clone()),
        ("EnableKey", json!({ "KeyId": id })),
        ("CreateAlias", json!({ "AliasName": "alias/b", "TargetKeyId": id })),
    ] {
        assert_eq!(region.refused(action, params), "KMSInvalidStateException", "{action}");
    }
    region.call("CancelKeyDeletion", json!({ "KeyId": id }));
    assert_eq!(region.state(&id), "Disabled");
    assert_eq!(region.refused("CancelKeyDeletion", json!({ "KeyId": id })), "KMSInvalidStateException");
    region.wait(8 * 86_400);
    assert_eq!(region.state(&id), "Disabled", "what was cancelled does not happen");
    region.call("ScheduleKeyDeletion", week);
    region.wait(7 * 86_400 - 10);
    assert_eq!(region.state(&id), "PendingDeletion");
    region.wait(10);
    assert_eq!(region.refused("DescribeKey", json!({ "KeyId": id })), "NotFoundException");
    assert_eq!(region.call("ListAliases", json!({}))["Aliases"], json!([]));
}

#[test]
fn a_deletion_that_was_scheduled_anew_waits_its_own_window() {
    for pace in [1.0, 0.001] {
        let mut region = Region::new(pace);
        let (id, _) = region.key();
        region.call("ScheduleKeyDeletion", json!({ "KeyId": id, "PendingWindowInDays": 7 }));
        region.call("CancelKeyDeletion", json!({ "KeyId": id }));
        region.call("ScheduleKeyDeletion", json!({ "KeyId": id, "PendingWindowInDays": 30 }));
        let paced = |days: f64| (days * 86_400.0 * pace) as u64;
        region.wait(paced(8.0));
        assert_eq!(region.state(&id), "PendingDeletion");
        region.wait(paced(23.0));
        assert_eq!(region.refused("DescribeKey", json!({ "KeyId": id })), "NotFoundException");
    }
}

#[test]
fn names_and_sorts_that_there_are_not_are_refused() {
    let mut region = Region::new(1.0);
    let (id, _) = region.key();
    let alias = |name: &str| json!({ "AliasName": name, "TargetKeyId": id });
    region.call("CreateAlias", alias("alias/a"));
    assert_eq!(region.refused("CreateAlias", alias("alias/a")), "AlreadyExistsException");
    assert_eq!(region.refused("CreateAlias", alias("alias/aws/a")), "InvalidAliasNameException");
    for name in ["a", "alias/", "alias/a b"] {
        assert_eq!(region.refused("CreateAlias", alias(name)), "ValidationException", "{name}");
    }
    let of_alias = json!({ "AliasName": "alias/c", "TargetKeyId": "alias/a" });
    assert_eq!(region.refused("CreateAlias", of_alias), "ValidationException");
    assert_eq!(region.refused("DeleteAlias", json!({ "AliasName": "alias/z" })), "NotFoundException");
    assert_eq!(region.refused("CreateKey", json!({ "KeySpec": "RSA_2048" })), "UnsupportedOperationException");
    assert_eq!(region.refused("CreateKey", json!({ "Policy": "x" })), "MalformedPolicyDocumentException");
    let long = json!({ "KeyId": id, "Plaintext": base64::encode(vec![0; 4097]) });
    assert_eq!(region.refused("Encrypt", long), "ValidationException");
}

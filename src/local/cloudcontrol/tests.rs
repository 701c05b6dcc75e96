//! What Cloud Control does and refuses, call by call.

use std::time::Duration;

use serde_json::json;

use super::super::settings::Settings;
use super::super::store::Store;
use super::super::{Timestamp, advance};
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

    fn ask(&mut self, action: &str, params: Json) -> Result<Json, Fault> {
        advance(&mut self.store, self.now, &self.settings)?;
        let work = |tx: &mut Tx<'_>| CloudControl.call(tx, action, params.as_object().unwrap());
        self.store.transact("eu-west-1", self.now, &self.settings, work)
    }

    fn later(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    fn refused(&mut self, action: &str, params: Json) -> String {
        self.ask(action, params).unwrap_err().to_string()
    }

    fn create(&mut self, type_name: &str, state: Json, token: &str) -> Json {
        let params = json!({ "TypeName": type_name, "DesiredState": state.to_string(), "ClientToken": token });
        self.ask("CreateResource", params).unwrap()["ProgressEvent"].clone()
    }

    fn status(&mut self, event: &Json) -> Json {
        let params = json!({ "RequestToken": event["RequestToken"] });
        self.ask("GetResourceRequestStatus", params).unwrap()["ProgressEvent"].clone()
    }

    /// Makes an object and waits for it; its identifier.
    fn made(&mut self, type_name: &str, state: Json) -> String {
        let event = self.create(type_name, state.clone(), &format!("t-{}", self.now.as_second()));
        self.later(30);
        let event = self.status(&event);
        assert_eq!(event["OperationStatus"], "SUCCESS", "{event}");
        event["Identifier"].as_str().unwrap().to_owned()
    }

    fn properties(&mut self, type_name: &str, id: &str) -> Json {
        let answer = self.ask("GetResource", json!({ "TypeName": type_name, "Identifier": id })).unwrap();
        assert_eq!(answer["ResourceDescription"]["Identifier"], id);
        serde_json::from_str(answer["ResourceDescription"]["Properties"].as_str().unwrap()).unwrap()
    }

    fn update(&mut self, type_name: &str, id: &str, patch: Json) -> Result<Json, Fault> {
        let params = json!({ "TypeName": type_name, "Identifier": id, "PatchDocument": patch.to_string() });
        self.ask("UpdateResource", params)
    }
}

const TOPIC: &str = "AWS::SNS::Topic";
const PARAMETER: &str = "AWS::SSM::Parameter";

#[test]
fn a_request_takes_a_while_and_the_object_is_there_at_its_end() {
    let mut region = Region::new();
    let event = region.create(TOPIC, json!({ "TopicName": "alerts", "DisplayName": "Alerts" }), "t");
    assert_eq!((&event["OperationStatus"], &event["Operation"]), (&json!("IN_PROGRESS"), &json!("CREATE")));
    assert_eq!(event.get("Identifier"), None);
    region.later(2);
    let arn = "arn:aws:sns:eu-west-1:000000000000:alerts";
    let event = region.status(&event);
    assert_eq!((&event["OperationStatus"], &event["Identifier"]), (&json!("IN_PROGRESS"), &json!(arn)));
    region.later(30);
    assert_eq!(region.status(&event)["OperationStatus"], "SUCCESS");
    let wanted = json!({ "TopicName": "alerts", "DisplayName": "Alerts", "TopicArn": arn });
    assert_eq!(region.properties(TOPIC, arn), wanted);
    let listed = region.ask("ListResources", json!({ "TypeName": TOPIC })).unwrap();
    assert_eq!(listed["ResourceDescriptions"][0]["Identifier"], arn);

    let event = region.ask("DeleteResource", json!({ "TypeName": TOPIC, "Identifier": arn })).unwrap();
    region.later(30);
    assert_eq!(region.status(&event["ProgressEvent"])["OperationStatus"], "SUCCESS");
    let gone = region.refused("GetResource", json!({ "TypeName": TOPIC, "Identifier": arn }));
    assert_eq!(
        gone,
        format!("ResourceNotFoundException: Resource of type '{TOPIC}' with identifier '{arn}' was not found.")
    );
    let again = region.refused("DeleteResource", json!({ "TypeName": TOPIC, "Identifier": arn }));
    assert!(again.starts_with("ResourceNotFoundException"), "{again}");
}

#[test]
fn names_that_nobody_gave_are_made_up() {
    let mut region = Region::new();
    let topic = region.made(TOPIC, json!({}));
    assert!(topic.starts_with("arn:aws:sns:eu-west-1:000000000000:topic-"), "{topic}");
    let bucket = region.made("AWS::S3::Bucket", json!({}));
    let properties = region.properties("AWS::S3::Bucket", &bucket);
    assert_eq!(
        (&properties["BucketName"], &properties["Arn"]),
        (&json!(bucket), &json!(format!("arn:aws:s3:::{bucket}")))
    );
    let queue = region.made("AWS::SQS::Queue", json!({ "QueueName": "jobs" }));
    assert_eq!(queue, "https://sqs.eu-west-1.amazonaws.com/000000000000/jobs");
}

#[test]
fn a_client_token_stands_for_its_request_for_36_hours() {
    let mut region = Region::new();
    let first = region.create(TOPIC, json!({ "TopicName": "a" }), "t");
    assert_eq!(region.create(TOPIC, json!({ "TopicName": "a" }), "t")["RequestToken"], first["RequestToken"]);
    let params = json!({ "TypeName": TOPIC, "DesiredState": "{\"TopicName\":\"b\"}", "ClientToken": "t" });
    assert!(region.refused("CreateResource", params).starts_with("ClientTokenConflictException: "));
    region.later(37 * 60 * 60);
    let second = region.create(TOPIC, json!({ "TopicName": "a" }), "t");
    assert_ne!(second["RequestToken"], first["RequestToken"]);
    region.later(30);
    let second = region.status(&second);
    assert_eq!((&second["OperationStatus"], &second["ErrorCode"]), (&json!("FAILED"), &json!("AlreadyExists")));
    region.later(7 * 24 * 60 * 60);
    let params = json!({ "RequestToken": first["RequestToken"] });
    assert!(region.refused("GetResourceRequestStatus", params).starts_with("RequestTokenNotFoundException"));
}

#[test]
fn one_request_works_on_an_object_at_a_time() {
    let mut region = Region::new();
    let id = region.made(PARAMETER, json!({ "Name": "p", "Type": "String", "Value": "1" }));
    let patch = json!([{ "op": "add", "path": "/Value", "value": "2" }]);
    let event = region.update(PARAMETER, &id, patch.clone()).unwrap()["ProgressEvent"].clone();
    let busy = region.update(PARAMETER, &id, patch.clone()).unwrap_err();
    assert_eq!(busy.code, "ConcurrentOperationException");
    let deleted = region.refused("DeleteResource", json!({ "TypeName": PARAMETER, "Identifier": id }));
    assert!(deleted.starts_with("ConcurrentOperationException"), "{deleted}");
    let cancelled = region.ask("CancelResourceRequest", json!({ "RequestToken": event["RequestToken"] })).unwrap();
    assert_eq!(cancelled["ProgressEvent"]["OperationStatus"], "CANCEL_COMPLETE");
    region.later(30);
    assert_eq!(region.properties(PARAMETER, &id)["Value"], "1");
    region.update(PARAMETER, &id, patch).unwrap();
    region.later(30);
    assert_eq!(region.properties(PARAMETER, &id)["Value"], "2");
}

#[test]
fn a_patch_changes_what_may_be_changed() {
    let mut region = Region::new();
    let id = region.made(PARAMETER, json!({ "Name": "p", "Type": "String", "Value": "1", "Description": "secret" }));
    assert_eq!(region.properties(PARAMETER, &id).get("Description"), None, "it is write-only");
    let mut refused = |patch: Json| region.update(PARAMETER, &id, patch).unwrap_err().to_string();
    assert_eq!(
        refused(json!([{ "op": "replace", "path": "/Name", "value": "q" }])),
        "NotUpdatableException: Invalid patch update: createOnlyProperties [/properties/Name] cannot be updated"
    );
    assert!(
        refused(json!([{ "op": "remove", "path": "/Tier" }])).starts_with("InvalidRequestException: Invalid patch")
    );
    assert_eq!(
        refused(json!([{ "op": "remove", "path": "/Value" }])),
        "ValidationException: Model validation failed (#: required key [Value] not found)"
    );
    assert_eq!(
        refused(json!([{ "op": "add", "path": "/Arn", "value": "arn:x" }])),
        "NotUpdatableException: Invalid patch update: readOnlyProperties [/properties/Arn] cannot be updated"
    );
}

#[test]
fn what_the_schema_does_not_allow_is_refused() {
    let mut region = Region::new();
    let mut refused = |type_name: &str, state: &str| {
        region.refused("CreateResource", json!({ "TypeName": type_name, "DesiredState": state }))
    };
    let cases = [
        refused(PARAMETER, r#"{"Name":"p","Colour":1}"#),
        refused(PARAMETER, r#"{"Type":"Text","Value":["x"]}"#),
        refused(TOPIC, r#"{"TopicArn":"arn"}"#),
        refused(TOPIC, "nothing"),
        refused("AWS::SNS::Topics", "{}"),
        refused("AWS::EC2::VPC", "{}"),
        refused("AWS::MediaLive::Channel", "{}"),
        refused("SNS", "{}"),
    ];
    insta::assert_snapshot!(cases.join("\n"), @r#"
    ValidationException: Model validation failed (#: required key [Type] not found; #: required key [Value] not found; #: extraneous key [Colour] is not permitted)
    ValidationException: Model validation failed (#/Type: #: Text is not a valid enum value; #/Value: expected type: String, found: JSONArray)
    InvalidRequestException: Invalid create request: readOnlyProperties [/properties/TopicArn] cannot be set
    InvalidRequestException: DesiredState is not valid JSON: expected ident at line 1 column 2
    TypeNotFoundException: The type 'AWS::SNS::Topics' cannot be found.
    UnsupportedActionException: Resource type AWS::EC2::VPC does not support CREATE action here: the embedded AWS keeps its objects in their own service.
    UnsupportedActionException: Resource type AWS::MediaLive::Channel does not support CREATE action
    ValidationException: 1 validation error detected: Value 'SNS' at 'typeName' failed to satisfy constraint: Member must satisfy regular expression pattern: [A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}
    "#);
}

#[test]
fn requests_are_listed_by_what_they_do_and_where_they_stand() {
    let mut region = Region::new();
    let id = region.made(TOPIC, json!({ "TopicName": "a" }));
    region.create(TOPIC, json!({ "TopicName": "b" }), "b");
    region.ask("DeleteResource", json!({ "TypeName": TOPIC, "Identifier": id })).unwrap();
    let mut listed = |filter: Json| {
        let answer = region.ask("ListResourceRequests", json!({ "ResourceRequestStatusFilter": filter })).unwrap();
        let summaries = answer["ResourceRequestStatusSummaries"].as_array().unwrap().clone();
        let mut found: Vec<String> =
            summaries.iter().map(|one| format!("{} {}", one["Operation"], one["OperationStatus"])).collect();
        found.sort();
        found.join(", ").replace('"', "")
    };
    assert_eq!(listed(json!({})), "CREATE IN_PROGRESS, CREATE SUCCESS, DELETE IN_PROGRESS");
    assert_eq!(listed(json!({ "Operations": ["CREATE"], "OperationStatuses": ["SUCCESS"] })), "CREATE SUCCESS");
    assert_eq!(listed(json!({ "OperationStatuses": ["FAILED"] })), "");
}

//! What CloudWatch Logs does and refuses, call by call.

use jiff::Timestamp;
use serde_json::json;

use super::super::settings::Settings;
use super::super::store::Store;
use super::*;

/// The time of the calls, in milliseconds since 1970: 2026-01-01T00:00:00Z.
const NOW: i64 = 1_767_225_600_000;
const DAY: i64 = 86_400_000;

struct Region {
    store: Store,
    settings: Settings,
    now: i64,
}

impl Region {
    fn new() -> Self {
        Self { store: Store::in_memory().unwrap(), settings: Settings::default(), now: NOW }
    }

    fn with_stream() -> Self {
        let mut region = Self::new();
        region.call("CreateLogGroup", json!({"logGroupName": "g"}));
        region.call("CreateLogStream", json!({"logGroupName": "g", "logStreamName": "s"}));
        region
    }

    fn within<T>(&mut self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
        let now = Timestamp::from_millisecond(self.now).unwrap();
        self.store.transact("eu-west-1", now, &self.settings, work)
    }

    fn ask(&mut self, action: &str, params: Json) -> Result<Json, Fault> {
        self.within(|tx| Logs.call(tx, action, params.as_object().unwrap()))
    }

    fn call(&mut self, action: &str, params: Json) -> Json {
        self.ask(action, params).unwrap()
    }

    fn refused(&mut self, action: &str, params: Json) -> String {
        let fault = self.ask(action, params).unwrap_err();
        assert_eq!(fault.status, 400);
        fault.code
    }

    fn put(&mut self, events: &[(i64, &str)]) -> Json {
        let events: Vec<Json> =
            events.iter().map(|(time, message)| json!({"timestamp": time, "message": message})).collect();
        self.call("PutLogEvents", json!({"logGroupName": "g", "logStreamName": "s", "logEvents": events}))
    }
}

fn messages(answer: &Json) -> Vec<&str> {
    answer["events"].as_array().unwrap().iter().map(|event| event["message"].as_str().unwrap()).collect()
}

fn names<'a>(answer: &'a Json, list: &str, member: &str) -> Vec<&'a str> {
    answer[list].as_array().unwrap().iter().map(|item| item[member].as_str().unwrap()).collect()
}

#[test]
fn a_group_is_described_with_both_of_its_arns() {
    let mut region = Region::new();
    region.call("CreateLogGroup", json!({"logGroupName": "/ecs/app", "kmsKeyId": "arn:aws:kms:k", "tags": {"a": "1"}}));
    region.call("PutRetentionPolicy", json!({"logGroupName": "/ecs/app", "retentionInDays": 5}));
    let described = region.call("DescribeLogGroups", json!({"logGroupNamePrefix": "/ecs"}));
    let arn = "arn:aws:logs:eu-west-1:000000000000:log-group:/ecs/app";
    let expected = json!({"logGroups": [{
        "logGroupName": "/ecs/app",
        "creationTime": NOW,
        "metricFilterCount": 0,
        "arn": format!("{arn}:*"),
        "logGroupArn": arn,
        "storedBytes": 0,
        "logGroupClass": "STANDARD",
        "deletionProtectionEnabled": false,
        "retentionInDays": 5,
        "kmsKeyId": "arn:aws:kms:k",
    }]});
    assert_eq!(described, expected);
    region.call("DeleteRetentionPolicy", json!({"logGroupName": "/ecs/app"}));
    region.call("DisassociateKmsKey", json!({"logGroupName": "/ecs/app"}));
    let described = region.call("DescribeLogGroups", json!({"logGroupIdentifiers": [arn]}))["logGroups"][0].clone();
    assert_eq!((described.get("retentionInDays"), described.get("kmsKeyId")), (None, None));
}

#[test]
fn groups_are_refused_that_exist_or_do_not_or_are_misspelled() {
    let mut region = Region::new();
    region.call("CreateLogGroup", json!({"logGroupName": "g"}));
    let exists = region.refused("CreateLogGroup", json!({"logGroupName": "g"}));
    assert_eq!(exists, "ResourceAlreadyExistsException");
    for name in ["a b", "", "aws/x"] {
        let refused = region.refused("CreateLogGroup", json!({"logGroupName": name}));
        assert_eq!(refused, "InvalidParameterException", "{name}");
    }
    for days in [2, 0, -1] {
        let refused = region.refused("PutRetentionPolicy", json!({"logGroupName": "g", "retentionInDays": days}));
        assert_eq!(refused, "InvalidParameterException", "{days}");
    }
    let missing = region.ask("PutRetentionPolicy", json!({"logGroupName": "h", "retentionInDays": 1})).unwrap_err();
    assert_eq!(missing, Fault::new("ResourceNotFoundException", "The specified log group does not exist."));
    let both = json!({"logGroupNamePrefix": "g", "logGroupNamePattern": "g"});
    assert_eq!(region.refused("DescribeLogGroups", both), "InvalidParameterException");
}

#[test]
fn groups_are_found_by_pattern_whatever_its_case_and_come_in_pages() {
    let mut region = Region::new();
    for name in ["b/Hazel", "a/hazel", "c/other"] {
        region.call("CreateLogGroup", json!({"logGroupName": name}));
    }
    let found = region.call("DescribeLogGroups", json!({"logGroupNamePattern": "HAZEL"}));
    assert_eq!(names(&found, "logGroups", "logGroupName"), ["a/hazel", "b/Hazel"]);
    let first = region.call("DescribeLogGroups", json!({"limit": 2}));
    assert_eq!(names(&first, "logGroups", "logGroupName"), ["a/hazel", "b/Hazel"]);
    let second = region.call("DescribeLogGroups", json!({"limit": 2, "nextToken": first["nextToken"]}));
    assert_eq!(names(&second, "logGroups", "logGroupName"), ["c/other"]);
    assert_eq!(second.get("nextToken"), None);
}

#[test]
fn a_protected_group_is_not_deleted_and_a_deleted_one_leaves_no_events() {
    let mut region = Region::with_stream();
    region.put(&[(NOW, "one")]);
    let protect = |on: bool| json!({"logGroupIdentifier": "g", "deletionProtectionEnabled": on});
    region.call("PutLogGroupDeletionProtection", protect(true));
    assert_eq!(region.refused("DeleteLogGroup", json!({"logGroupName": "g"})), "ValidationException");
    region.call("PutLogGroupDeletionProtection", protect(false));
    region.call("DeleteLogGroup", json!({"logGroupName": "g"}));
    assert_eq!(region.refused("DeleteLogGroup", json!({"logGroupName": "g"})), "ResourceNotFoundException");
    region.call("CreateLogGroup", json!({"logGroupName": "g"}));
    assert_eq!(region.call("DescribeLogStreams", json!({"logGroupName": "g"}))["logStreams"], json!([]));
    region.call("CreateLogStream", json!({"logGroupName": "g", "logStreamName": "s"}));
    assert_eq!(messages(&region.call("FilterLogEvents", json!({"logGroupName": "g"}))), Vec::<&str>::new());
}

#[test]
fn tags_are_those_of_the_arn_without_its_star() {
    let mut region = Region::new();
    region.call("CreateLogGroup", json!({"logGroupName": "g", "tags": {"a": "1"}}));
    let arn = "arn:aws:logs:eu-west-1:000000000000:log-group:g";
    region.call("TagResource", json!({"resourceArn": arn, "tags": {"b": "2"}}));
    region.call("UntagLogGroup", json!({"logGroupName": "g", "tags": ["a"]}));
    region.call("TagLogGroup", json!({"logGroupName": "g", "tags": {"c": "3"}}));
    region.call("UntagResource", json!({"resourceArn": arn, "tagKeys": ["c"]}));
    let tags = json!({"tags": {"b": "2"}});
    assert_eq!(region.call("ListTagsForResource", json!({"resourceArn": arn})), tags);
    assert_eq!(region.call("ListTagsLogGroup", json!({"logGroupName": "g"})), tags);
    let starred = json!({"resourceArn": format!("{arn}:*")});
    assert_eq!(region.refused("ListTagsForResource", starred), "InvalidParameterException");
    let missing = json!({"resourceArn": format!("{arn}h")});
    assert_eq!(region.refused("ListTagsForResource", missing), "ResourceNotFoundException");
}

#[test]
fn streams_are_ordered_by_name_or_by_their_last_event() {
    let mut region = Region::with_stream();
    for name in ["ss", "a"] {
        region.call("CreateLogStream", json!({"logGroupName": "g", "logStreamName": name}));
    }
    let again = json!({"logGroupName": "g", "logStreamName": "a"});
    assert_eq!(region.refused("CreateLogStream", again), "ResourceAlreadyExistsException");
    region.put(&[(NOW, "late")]);
    let early = json!([{"timestamp": NOW - 1, "message": "early"}]);
    region.call("PutLogEvents", json!({"logGroupName": "g", "logStreamName": "ss", "logEvents": early}));
    let mut ordered = |params: Json| {
        let mut names_found = Vec::new();
        let mut token = Json::Null;
        loop {
            let mut params = params.clone();
            params["logGroupName"] = json!("g");
            params["limit"] = json!(2);
            params["nextToken"] = token;
            let answer = region.call("DescribeLogStreams", params);
            let page = names(&answer, "logStreams", "logStreamName");
            names_found.extend(page.into_iter().map(str::to_owned));
            match answer.get("nextToken") {
                Some(next) => token = next.clone(),
                None => return names_found,
            }
        }
    };
    assert_eq!(ordered(json!({})), ["a", "s", "ss"]);
    assert_eq!(ordered(json!({"descending": true})), ["ss", "s", "a"]);
    assert_eq!(ordered(json!({"orderBy": "LastEventTime", "descending": true})), ["s", "ss", "a"]);
    assert_eq!(ordered(json!({"logStreamNamePrefix": "s"})), ["s", "ss"]);
}

#[test]
fn reading_forward_ends_with_the_same_token_and_goes_on_when_more_comes() {
    let mut region = Region::with_stream();
    region.put(&[(NOW - 3, "one"), (NOW - 2, "two"), (NOW - 1, "three")]);
    let mut get = |params: Json| {
        let mut all = json!({"logGroupName": "g", "logStreamName": "s"});
        all.as_object_mut().unwrap().append(&mut params.as_object().unwrap().clone());
        region.call("GetLogEvents", all)
    };
    let first = get(json!({"startFromHead": true, "limit": 2}));
    assert_eq!(messages(&first), ["one", "two"]);
    let second = get(json!({"nextToken": first["nextForwardToken"]}));
    assert_eq!(messages(&second), ["three"]);
    let end = get(json!({"nextToken": second["nextForwardToken"]}));
    assert_eq!(messages(&end), Vec::<&str>::new());
    assert_eq!(end["nextForwardToken"], second["nextForwardToken"]);
    let back = get(json!({"nextToken": second["nextBackwardToken"], "limit": 1}));
    assert_eq!(messages(&back), ["two"]);
    assert_eq!(messages(&get(json!({"limit": 2}))), ["two", "three"]);
    assert_eq!(messages(&get(json!({"startTime": NOW - 2, "endTime": NOW - 1}))), ["two"]);
    region.put(&[(NOW, "four")]);
    let more = json!({"logGroupName": "g", "logStreamName": "s", "nextToken": end["nextForwardToken"]});
    assert_eq!(messages(&region.call("GetLogEvents", more)), ["four"]);
    let bad = json!({"logGroupName": "g", "logStreamName": "s", "nextToken": "x"});
    assert_eq!(region.refused("GetLogEvents", bad), "InvalidParameterException");
}

#[test]
fn a_stream_is_followed_from_before_its_first_event() {
    let mut region = Region::with_stream();
    let ask = json!({"logGroupName": "g", "logStreamName": "s"});
    let empty = region.call("GetLogEvents", ask.clone());
    region.put(&[(NOW, "one")]);
    let mut ask = ask;
    ask["nextToken"] = empty["nextForwardToken"].clone();
    assert_eq!(messages(&region.call("GetLogEvents", ask)), ["one"]);
}

#[test]
fn a_search_mixes_streams_by_time_and_filters_them() {
    let mut region = Region::with_stream();
    region.put(&[(NOW - 4, "INFO a"), (NOW - 2, "ERROR b")]);
    region
        .within(|tx| {
            tx.now = Timestamp::from_millisecond(NOW - 3).unwrap();
            write(tx, "g", "web/1", &["ERROR c".to_owned(), "INFO d".to_owned()])
        })
        .unwrap();
    let mut search = |params: Json| {
        let mut all = json!({"logGroupName": "g"});
        all.as_object_mut().unwrap().append(&mut params.as_object().unwrap().clone());
        region.call("FilterLogEvents", all)
    };
    assert_eq!(messages(&search(json!({}))), ["INFO a", "ERROR c", "INFO d", "ERROR b"]);
    assert_eq!(messages(&search(json!({"filterPattern": "ERROR"}))), ["ERROR c", "ERROR b"]);
    assert_eq!(messages(&search(json!({"logStreamNamePrefix": "web/"}))), ["ERROR c", "INFO d"]);
    assert_eq!(messages(&search(json!({"logStreamNames": ["s"], "startTime": NOW - 3}))), ["ERROR b"]);
    let first = search(json!({"limit": 3}));
    assert_eq!(messages(&first), ["INFO a", "ERROR c", "INFO d"]);
    let second = search(json!({"limit": 3, "nextToken": first["nextToken"]}));
    assert_eq!((messages(&second), second.get("nextToken")), (vec!["ERROR b"], None));
    let unknown = json!({"logGroupName": "g", "logStreamNames": ["t"]});
    assert_eq!(region.refused("FilterLogEvents", unknown), "ResourceNotFoundException");
}

#[test]
fn events_out_of_order_are_refused_and_those_out_of_time_left_out() {
    let mut region = Region::with_stream();
    let events = json!([{"timestamp": NOW, "message": "b"}, {"timestamp": NOW - 1, "message": "a"}]);
    let unordered = json!({"logGroupName": "g", "logStreamName": "s", "logEvents": events});
    assert_eq!(region.refused("PutLogEvents", unordered), "InvalidParameterException");
    let answer = region.put(&[(NOW - 15 * DAY, "old"), (NOW, "now"), (NOW + 3 * 3_600_000, "new")]);
    let rejected = json!({"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2});
    assert_eq!(answer["rejectedLogEventsInfo"], rejected);
    let found = region.call("FilterLogEvents", json!({"logGroupName": "g"}));
    assert_eq!(messages(&found), ["now"]);
    let stored = region.call("DescribeLogGroups", json!({}))["logGroups"][0]["storedBytes"].clone();
    assert_eq!(stored, 29);
}

#[test]
fn events_are_gone_after_their_retention() {
    let mut region = Region::with_stream();
    region.call("PutRetentionPolicy", json!({"logGroupName": "g", "retentionInDays": 3}));
    region.put(&[(NOW, "one")]);
    region.now = NOW + 2 * DAY;
    assert_eq!(messages(&region.call("FilterLogEvents", json!({"logGroupName": "g"}))), ["one"]);
    region.now = NOW + 4 * DAY;
    assert_eq!(messages(&region.call("FilterLogEvents", json!({"logGroupName": "g"}))), Vec::<&str>::new());
}

#[test]
fn a_task_writes_to_a_group_that_is_there_only() {
    let mut region = Region::new();
    let lines = ["a".to_owned(), "b".to_owned()];
    region.within(|tx| write(tx, "g", "app/1", &lines)).unwrap();
    assert!(!region.within(|tx| group_exists(tx, "g")).unwrap());
    region.within(|tx| create_group(tx, "g")).unwrap();
    region.within(|tx| create_group(tx, "g")).unwrap();
    region.within(|tx| write(tx, "g", "app/1", &lines)).unwrap();
    region.within(|tx| write(tx, "g", "app/1", &lines[..1])).unwrap();
    let read = json!({"logGroupName": "g", "logStreamName": "app/1", "startFromHead": true});
    assert_eq!(messages(&region.call("GetLogEvents", read)), ["a", "b", "a"]);
    let stream = region.call("DescribeLogStreams", json!({"logGroupName": "g"}))["logStreams"][0].clone();
    assert_eq!(stream["arn"], "arn:aws:logs:eu-west-1:000000000000:log-group:g:log-stream:app/1");
    assert_eq!((&stream["firstEventTimestamp"], &stream["lastEventTimestamp"]), (&json!(NOW), &json!(NOW)));
    let listed = region.within(|tx| Logs.list(tx)).unwrap();
    assert_eq!((listed[0].type_name.as_str(), listed[0].id.as_str()), ("AWS::Logs::LogGroup", "g"));
}

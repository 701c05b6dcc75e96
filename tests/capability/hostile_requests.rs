//! Requests that no client of good will sends: the embedded AWS refuses each in the protocol it came in, and goes on.

use std::cell::Cell;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use hzscript::local::Local;
use hzscript::local::settings::Settings;
use hzscript::local::wire::Encoded;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;
use serde_json::{Value as Json, json};

use super::samples::SAMPLES;
use crate::support::Stack;
use crate::support::faults::Faults;

/// What is made of a request.
#[derive(Debug, Clone)]
enum Change {
    /// A value of its body is another.
    Value(Index, Json),
    /// A value of its body is not there.
    Without(Index),
    /// A value of its body is one of another request's.
    Exchanged(Index, Index, Index),
    /// A value of its body stands in lists within lists.
    Nested(Index, usize),
    /// A byte of its body is another.
    Byte(Index, u8),
    /// Its body ends early.
    Cut(Index),
    /// A part of its address is another.
    Path(Index, String),
}

fn texts() -> impl Strategy<Value = String> {
    let known = [
        "",
        "\u{0}",
        "\u{1b}[2J",
        "arn",
        "arn:aws:ecs:eu-west-1:000000000000:",
        "arn:::::::",
        "::",
        ":",
        "/",
        "|",
        "-",
        "0.0.0.0/0",
        "255.255.255.255/32",
        "10.0.0.0/-1",
        "10.0.0.0/33",
        "::/0",
        "-1",
        "99999999999999999999",
        "NaN",
        "1e999",
        "[",
        "{",
        "{\"Statement\":[]}",
        "{\"Version\":\"2012-10-17\",\"Statement\":{}}",
        "%",
        "%zz",
        "${",
        "${a",
        "..",
        "subnet-",
        "vpc-\u{fc}",
        "\u{20ac}\u{20ac}\u{20ac}",
        "true",
        "*",
        "?",
        "family:",
        "family:0",
        ":1",
        "a:b:c",
    ];
    prop_oneof![
        4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        2 => ".{0,20}",
        1 => (".", 100usize..3_000).prop_map(|(text, times)| text.repeat(times)),
    ]
}

fn values() -> impl Strategy<Value = Json> {
    let numbers = prop::sample::select(vec![
        json!(0),
        json!(-1),
        json!(1),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(i32::MAX),
        json!(0.5),
        json!(1e300),
        json!(-1e300),
        json!(65_536),
    ]);
    let leaf = prop_oneof![
        4 => texts().prop_map(Json::String),
        3 => numbers,
        1 => any::<i64>().prop_map(Json::from),
        1 => any::<bool>().prop_map(Json::Bool),
        1 => Just(Json::Null),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
            prop::collection::btree_map("[a-zA-Z]{0,8}", inner, 0..4)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

fn changes() -> impl Strategy<Value = Change> {
    let index = any::<Index>;
    prop_oneof![
        6 => (index(), values()).prop_map(|(at, value)| Change::Value(at, value)),
        2 => index().prop_map(Change::Without),
        3 => (index(), index(), index()).prop_map(|(at, other, there)| Change::Exchanged(at, other, there)),
        1 => (index(), 1usize..120).prop_map(|(at, depth)| Change::Nested(at, depth)),
        1 => (index(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        1 => index().prop_map(Change::Cut),
        1 => (index(), texts()).prop_map(|(at, text)| Change::Path(at, text)),
    ]
}

/// The values in a body, as pointers.
fn pointers(value: &Json) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut at = 0;
    while let Some(pointer) = found.get(at).cloned() {
        match value.pointer(&pointer) {
            Some(Json::Object(map)) => {
                let escaped = |key: &String| key.replace('~', "~0").replace('/', "~1");
                found.extend(map.keys().map(|key| format!("{pointer}/{}", escaped(key))));
            }
            Some(Json::Array(items)) => found.extend((0..items.len()).map(|index| format!("{pointer}/{index}"))),
            _ => {}
        }
        at += 1;
    }
    found
}

fn value_at(body: &Bytes, at: Index) -> Json {
    if let Ok(json) = serde_json::from_slice::<Json>(body) {
        let found = pointers(&json);
        return json.pointer(&found[at.index(found.len())]).cloned().unwrap_or_default();
    }
    let pairs: Vec<_> = form_urlencoded::parse(body).collect();
    if pairs.is_empty() { Json::Null } else { pairs[at.index(pairs.len())].1.clone().into() }
}

/// The body with a value replaced, or left out.
fn with(body: &Bytes, at: Index, make: impl Fn(Json) -> Option<Json>) -> Vec<u8> {
    if let Ok(mut json) = serde_json::from_slice::<Json>(body) {
        let found = pointers(&json);
        let pointer = &found[at.index(found.len())];
        let old = json.pointer(pointer).cloned().unwrap_or_default();
        match (make(old), pointer.rsplit_once('/')) {
            (Some(new), _) => *json.pointer_mut(pointer).expect("it is there") = new,
            (None, Some((above, key))) => {
                if let Some(Json::Object(map)) = json.pointer_mut(above) {
                    map.remove(key);
                }
            }
            (None, None) => return Vec::new(),
        }
        return json.to_string().into_bytes();
    }
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    if pairs.is_empty() {
        return Vec::new();
    }
    let at = at.index(pairs.len());
    let (name, old) = pairs.remove(at);
    match make(Json::String(old)) {
        Some(Json::Object(map)) => pairs.extend(map.iter().map(|(key, item)| (format!("{name}.{key}"), text(item)))),
        Some(Json::Array(items)) => {
            pairs.extend(items.iter().enumerate().map(|(index, item)| (format!("{name}.{}", index + 1), text(item))));
        }
        Some(other) => pairs.push((name, text(&other))),
        None => {}
    }
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
}

fn text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn changed(request: &Request<Bytes>, change: &Change, all: &[Request<Bytes>]) -> Request<Bytes> {
    let mut made = request.clone();
    let body = request.body();
    *made.body_mut() = match change {
        Change::Value(at, value) => with(body, *at, |_| Some(value.clone())).into(),
        Change::Without(at) => with(body, *at, |_| None).into(),
        Change::Exchanged(at, other, there) => {
            let value = value_at(all[other.index(all.len())].body(), *there);
            with(body, *at, |_| Some(value.clone())).into()
        }
        Change::Nested(at, depth) => {
            with(body, *at, |old| Some((0..*depth).fold(old, |value, _| json!([value])))).into()
        }
        Change::Byte(at, byte) if !body.is_empty() => {
            let mut bytes = body.to_vec();
            let at = at.index(bytes.len());
            bytes[at] = *byte;
            bytes.into()
        }
        Change::Cut(at) if !body.is_empty() => body.slice(..at.index(body.len())),
        Change::Byte(..) | Change::Cut(_) | Change::Path(..) => body.clone(),
    };
    if let Change::Path(at, text) = change {
        let mut parts: Vec<String> = request.uri().path().split('/').skip(1).map(str::to_owned).collect();
        let at = at.index(parts.len());
        parts[at] = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        if let Ok(uri) = format!("http://aws.test/{}", parts.join("/")).parse() {
            *made.uri_mut() = uri;
        }
    }
    made
}

/// Whether elements are closed in the order they were opened, and every reference is one that XML has.
fn is_xml(text: &str) -> bool {
    let text = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").unwrap_or(text).trim();
    let mut open = Vec::new();
    let mut pieces = text.split('<');
    if pieces.next().is_some_and(|before| !before.is_empty()) {
        return false;
    }
    for piece in pieces {
        let Some((tag, after)) = piece.split_once('>') else { return false };
        let name = tag.split([' ', '/']).next().unwrap_or_default();
        match tag.strip_prefix('/') {
            Some(closed) if open.pop() != Some(closed) => return false,
            Some(_) => {}
            None if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c)) => {
                return false;
            }
            None if tag.ends_with('/') => {}
            None => open.push(name),
        }
        let mut references = after.split('&').skip(1);
        if !references
            .all(|text| ["amp;", "lt;", "gt;", "quot;", "apos;", "#"].iter().any(|known| text.starts_with(known)))
        {
            return false;
        }
        if after.chars().any(|c| c.is_control() && !"\n\t\r".contains(c)) {
            return false;
        }
    }
    open.is_empty()
}

/// Whether it is an answer or a refusal as its protocol has them, and no failure of the embedded AWS's own.
fn well_formed(answer: &Encoded) -> Result<(), TestCaseError> {
    let shown = String::from_utf8_lossy(&answer.body);
    prop_assert!(!answer.status.is_server_error(), "{} {shown}", answer.status);
    let mut headers = HeaderMap::new();
    for (name, value) in &answer.headers {
        headers.insert(*name, HeaderValue::from_str(value).map_err(|error| TestCaseError::fail(error.to_string()))?);
    }
    match headers.get("content-type").and_then(|value| value.to_str().ok()) {
        Some("application/cbor") => {
            prop_assert!(ciborium::from_reader::<ciborium::Value, _>(answer.body.as_slice()).is_ok(), "{shown}");
        }
        Some(kind) if kind.starts_with("text/xml") => {
            prop_assert!(std::str::from_utf8(&answer.body).is_ok_and(is_xml), "{shown}");
        }
        _ if answer.body.is_empty() => {}
        _ => prop_assert!(serde_json::from_slice::<Json>(&answer.body).is_ok(), "{shown}"),
    }
    Ok(())
}

async fn ask(local: &Local, request: Request<Bytes>) -> Encoded {
    let (parts, body) = request.into_parts();
    local.answer(parts.method, parts.uri, parts.headers, body).await.expect("it is not lost")
}

/// An AWS with stacks of these samples, and the requests as the SDK made them when it set them up and took some down.
async fn heard(chosen: impl Fn(&str) -> bool) -> (Local, Vec<Request<Bytes>>) {
    let faults = Faults::default();
    let first = Stack::faulty(&faults).await;
    for (index, sample) in SAMPLES.iter().filter(|sample| chosen(sample.kind)).enumerate() {
        let stack = first.beside(&format!("stack-{index}"));
        // Whether all of it can be made beside the others is not what is asked here.
        stack.run(&sample.script(None)).await;
        if index % 2 == 0 {
            stack.destroy().await;
        }
    }
    (first.local.clone(), faults.heard())
}

fn upset(chosen: impl Fn(&str) -> bool, cases: u32) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
    let (local, requests) = runtime.block_on(heard(chosen));
    let strategy = (any::<Index>(), prop::collection::vec(changes(), 1..3));
    let mut runner = TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) });
    let done = Cell::new(0);
    let ran = runner.run(&strategy, |(which, changes)| {
        let mut request = requests[which.index(requests.len())].clone();
        for change in &changes {
            request = changed(&request, change, &requests);
        }
        let shown = format!("{request:?}");
        let answer = runtime.block_on(async {
            let answer = ask(&local, request).await;
            tokio::time::advance(Duration::from_secs(7)).await;
            answer
        });
        well_formed(&answer).map_err(|error| TestCaseError::fail(format!("{error}\n{shown}")))?;
        done.set(done.get() + u32::from(answer.status.is_success()));
        let listed = local.list();
        prop_assert!(listed.is_ok(), "{listed:?}\n{shown}");
        Ok(())
    });
    ran.unwrap_or_else(|error| panic!("{error}"));
    let done = done.get();
    assert!(done > 20 && done < cases, "{done} of {cases} were done all the same: requests reach what answers them");
}

#[test]
fn ecs_and_its_scaling_are_not_upset() {
    upset(|kind| kind.starts_with("AWS::ECS::") || kind.starts_with("AWS::ApplicationAutoScaling::"), 400);
}

#[test]
fn ec2_and_its_load_balancers_are_not_upset() {
    upset(|kind| kind.starts_with("AWS::EC2::") || kind.starts_with("AWS::ElasticLoadBalancingV2::"), 400);
}

#[test]
fn no_other_service_is_upset() {
    let others = ["IAM", "Logs", "SecretsManager", "ServiceDiscovery", "EFS", "ECR"];
    upset(|kind| others.iter().any(|name| kind.split("::").nth(1) == Some(name)), 600);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn any_request_is_answered(
        method in prop::sample::select(vec!["GET", "POST", "PUT", "DELETE", "PATCH", "X"]),
        path in prop_oneof![
            Just("/".to_owned()), "/[a-zA-Z0-9%._~/?=&-]{0,60}",
            "/2015-02-01/[a-z-]{0,20}/[a-z0-9%-]{0,12}", "/service/[a-zA-Z0-9_]{0,30}/operation/[a-zA-Z]{0,20}",
        ],
        headers in prop::collection::vec((
            prop::sample::select(vec!["x-amz-target", "smithy-protocol", "authorization", "content-type", "host"]),
            prop_oneof![
                prop::sample::select(vec![
                    "rpc-v2-cbor", "AmazonEC2ContainerServiceV20141113.CreateService", "Logs_20140328.PutLogEvents",
                    "secretsmanager.CreateSecret", "Route53AutoNaming_v20170314.CreateService",
                    "AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/iam/aws4_request",
                    "AWS4-HMAC-SHA256 Credential=A/20260101/\u{fc}/ec2/aws4_request",
                ]).prop_map(|text| text.as_bytes().to_vec()),
                prop::collection::vec(any::<u8>(), 0..40),
            ],
        ), 0..4),
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            values().prop_map(|value| value.to_string().into_bytes()),
            "Action=[A-Za-z]{0,12}&Version=(2016-11-15|2010-05-08|2015-12-01|2011-06-15)(&[A-Za-z.0-9]{1,20}=[a-z0-9%]{0,9}){0,6}"
                .prop_map(String::into_bytes),
        ],
    ) {
        let Ok(uri) = path.parse::<Uri>() else { return Ok(()) };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                map.insert(name, value);
            }
        }
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let answer = runtime.block_on(async {
            let opened = "2026-01-01T00:00:00Z".parse().expect("a time");
            let local = Local::in_memory(Settings::default(), opened).expect("an AWS");
            local.answer(method, uri, map, body.into()).await.expect("it is not lost")
        });
        well_formed(&answer)?;
    }
}

/// Members of requests to KMS and STS, and what stands in them.
fn members() -> impl Strategy<Value = Vec<(&'static str, Json)>> {
    let names = prop::sample::select(vec![
        "KeyId",
        "Plaintext",
        "CiphertextBlob",
        "EncryptionContext",
        "AliasName",
        "TargetKeyId",
        "KeySpec",
        "KeyUsage",
        "NumberOfBytes",
        "PendingWindowInDays",
        "Limit",
        "Marker",
        "Tags",
        "Description",
        "EncryptionAlgorithm",
        "RoleArn",
        "RoleSessionName",
        "DurationSeconds",
        "Policy",
    ]);
    let known = prop::sample::select(vec![
        json!("alias/own"),
        json!("alias/aws/own"),
        json!("alias/"),
        json!("AES_256"),
        json!("SYMMETRIC_DEFAULT"),
        json!("AA=="),
        json!("="),
        json!("A".repeat(9000)),
        json!({ "a": "b" }),
        json!({ "a": {} }),
        json!(32),
        json!(1025),
        json!(-1),
        json!(7),
        json!("arn:aws:kms:eu-west-1:000000000000:key/x"),
        json!("arn:aws:iam::000000000000:role/x"),
        json!("own"),
    ]);
    prop::collection::vec((names, prop_oneof![2 => known, 1 => values()]), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn neither_keys_nor_credentials_are_upset(
        asked in prop::collection::vec((
            prop::sample::select(vec![
                "CreateKey", "DescribeKey", "ListKeys", "EnableKey", "DisableKey", "ScheduleKeyDeletion", "CancelKeyDeletion",
                "CreateAlias", "DeleteAlias", "ListAliases", "Encrypt", "Decrypt", "GenerateDataKey",
                "GenerateDataKeyWithoutPlaintext", "AssumeRole", "GetCallerIdentity", "Nothing",
            ]),
            members(), any::<bool>(),
        ), 1..5),
    ) {
        let opened = "2026-01-01T00:00:00Z".parse().expect("a time");
        let local = Local::in_memory(Settings::default(), opened).expect("an AWS");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let signed = |service: &str| format!("AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/{service}/aws4_request");
        let kms = |action: &str, body: String| {
            let request = Request::post("/").header("x-amz-target", format!("TrentService.{action}"));
            let request = request.header("content-type", "application/x-amz-json-1.1").header("authorization", signed("kms"));
            request.body(Bytes::from(body)).expect("a request")
        };
        let sts = |body: String| {
            let request = Request::post("/").header("content-type", "application/x-www-form-urlencoded");
            request.header("authorization", signed("sts")).body(Bytes::from(body)).expect("a request")
        };
        runtime.block_on(async {
            let made = ask(&local, kms("CreateKey", "{}".to_owned())).await;
            prop_assert!(made.status.is_success());
            let made: Json = serde_json::from_slice(&made.body).expect("JSON");
            let key = made["KeyMetadata"]["KeyId"].clone();
            let alias = json!({ "AliasName": "alias/own", "TargetKeyId": key });
            prop_assert!(ask(&local, kms("CreateAlias", alias.to_string())).await.status.is_success());
            for (action, members, own) in asked {
                let mut body: serde_json::Map<String, Json> =
                    members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
                if own {
                    body.insert("KeyId".to_owned(), key.clone());
                }
                well_formed(&ask(&local, kms(action, Json::Object(body).to_string())).await)?;
                let form = members.iter().map(|(name, value)| (*name, value.as_str().map_or(value.to_string(), str::to_owned)));
                let form = form_urlencoded::Serializer::new(format!("Action={action}&Version=2011-06-15&")).extend_pairs(form).finish();
                well_formed(&ask(&local, sts(form)).await)?;
            }
            Ok(())
        })?;
    }
}

//! The wire protocols: from an HTTP request to a service, an action and its parameters, and back.
//!
//! | protocol | services | file |
//! |---|---|---|
//! | awsJson 1.1 | ECS, CloudWatch Logs, Cloud Map | [`json`] |
//! | awsJson 1.0 | Cloud Control | the same |
//! | rpc-v2-cbor, which botocore prefers for Cloud Map | the same | [`cbor`] |
//! | awsQuery and ec2Query | IAM and STS; EC2 | [`query`], [`xml`] |
//! | REST-JSON | EFS | [`rest`] |
//!
//! Nothing that a client sends makes this panic or allocate more than a few times its size.

pub mod cbor;
pub mod json;
pub mod query;
pub mod rest;
pub mod xml;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};

use super::service::Fault;
use crate::model::{Json, JsonMap};

/// The region of a call that names none.
pub const DEFAULT_REGION: &str = "us-east-1";

/// How a call was written, and its answer is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// awsJson 1.1.
    Json,
    /// awsJson 1.0.
    Json10,
    /// rpc-v2-cbor.
    Cbor,
    /// awsQuery.
    Query,
    /// ec2Query.
    Ec2,
    /// REST-JSON, and the status of a good answer.
    Rest(StatusCode),
}

/// A call, decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// How it was written.
    pub protocol: Protocol,
    /// The service's signing name.
    pub service: &'static str,
    /// The region it is signed for.
    pub region: String,
    /// The operation.
    pub action: String,
    /// Its parameters.
    pub params: JsonMap,
}

/// Signing names, with the names the JSON protocols use for the services, and the versions the query protocols use.
const NAMES: [(&str, &str, &str); 12] = [
    ("application-autoscaling", "AnyScaleFrontendService", ""),
    ("cloudcontrolapi", "CloudApiService", ""),
    ("ec2", "", "2016-11-15"),
    ("ecr", "AmazonEC2ContainerRegistry_V20150921", ""),
    ("ecs", "AmazonEC2ContainerServiceV20141113", ""),
    ("elasticloadbalancing", "", "2015-12-01"),
    ("iam", "", "2010-05-08"),
    ("kms", "TrentService", ""),
    ("logs", "Logs_20140328", ""),
    ("secretsmanager", "secretsmanager", ""),
    ("servicediscovery", "Route53AutoNaming_v20170314", ""),
    ("sts", "", "2011-06-15"),
];

/// Decodes a request.
///
/// # Errors
/// A refusal, with the protocol to write it in, when it is not a call this AWS knows.
pub fn decode(method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Result<Call, (Protocol, Fault)> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (region, signed_for) = credential_scope(header("authorization"), uri);
    let named = |name: &str| NAMES.iter().find(|(_, wire, _)| !wire.is_empty() && *wire == name).map(|names| names.0);
    if let Some((target, action)) = header("x-amz-target").split_once('.') {
        let protocol = if target == "CloudApiService" { Protocol::Json10 } else { Protocol::Json };
        let service = named(target).ok_or_else(|| (protocol, unknown_service(target)))?;
        let params = json::decode(body).map_err(|fault| (protocol, fault))?;
        return Ok(Call { protocol, service, region, action: action.to_owned(), params });
    }
    if header("smithy-protocol") == "rpc-v2-cbor" {
        let protocol = Protocol::Cbor;
        let mut path = uri.path().trim_matches('/').split('/');
        let (service, action) = match (path.next(), path.next(), path.next(), path.next()) {
            (Some("service"), Some(service), Some("operation"), Some(action)) => (service, action),
            _ => return Err((protocol, unknown_service(uri.path()))),
        };
        let service = named(service).ok_or_else(|| (protocol, unknown_service(service)))?;
        let params = cbor::decode(body).map_err(|fault| (protocol, fault))?;
        return Ok(Call { protocol, service, region, action: action.to_owned(), params });
    }
    if let Some(decoded) = rest::decode(method, uri, body) {
        let request = decoded.map_err(|fault| (Protocol::Rest(StatusCode::OK), fault))?;
        let rest::Request { service, action, success, params } = request;
        return Ok(Call { protocol: Protocol::Rest(success), service, region, action: action.to_owned(), params });
    }
    let form = if *method == Method::GET { uri.query().unwrap_or_default().as_bytes() } else { body.as_ref() };
    let mut params = query::decode(form).map_err(|fault| (Protocol::Query, fault))?;
    let mut take = |name: &str| params.remove(name).and_then(|value| value.as_str().map(str::to_owned));
    let (action, version) = (take("Action").unwrap_or_default(), take("Version").unwrap_or_default());
    let by_version = NAMES.iter().find(|(_, _, known)| !known.is_empty() && *known == version);
    let by_scope = NAMES.iter().find(|(name, wire, _)| wire.is_empty() && *name == signed_for);
    let service = by_version.or(by_scope).map(|names| names.0);
    let service = service.ok_or_else(|| (Protocol::Query, unknown_service(&signed_for)))?;
    let protocol = if service == "ec2" { Protocol::Ec2 } else { Protocol::Query };
    Ok(Call { protocol, service, region, action, params })
}

fn unknown_service(name: &str) -> Fault {
    Fault::new("UnknownService", format!("The embedded AWS has no service {name}.")).status(404)
}

/// The region and the service a request is signed for, in its header or, for a presigned one, in its query.
fn credential_scope(authorization: &str, uri: &Uri) -> (String, String) {
    let in_header = authorization.split("Credential=").nth(1).map(str::to_owned);
    let in_query = || {
        let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        query.filter(|(name, _)| name == "X-Amz-Credential").map(|(_, value)| value.into_owned()).next()
    };
    let credential = in_header.or_else(in_query).unwrap_or_default();
    let mut parts = credential.split([',', ' ']).next().unwrap_or_default().split('/').skip(2);
    let region = parts.next().filter(|region| is_region(region)).unwrap_or(DEFAULT_REGION).to_owned();
    (region, parts.next().unwrap_or_default().to_owned())
}

/// A region's code is an identifier of the store: letters, digits and dashes.
fn is_region(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// An answer, encoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// The HTTP status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// Encodes the answer to a call of `action`, or its refusal. `request` is the request's id.
pub fn encode(protocol: Protocol, action: &str, request: &str, answer: Result<Json, Fault>) -> Encoded {
    let status = match (&answer, protocol) {
        (Ok(_), Protocol::Rest(success)) => success,
        (Ok(_), _) => StatusCode::OK,
        (Err(fault), _) => StatusCode::from_u16(fault.status).unwrap_or(StatusCode::BAD_REQUEST),
    };
    let mut headers = vec![("x-amzn-requestid", request.to_owned())];
    let body = match protocol {
        Protocol::Json | Protocol::Json10 => {
            let version = if protocol == Protocol::Json { "1.1" } else { "1.0" };
            headers.push(("content-type", format!("application/x-amz-json-{version}")));
            if let Err(fault) = &answer {
                headers.push(("x-amzn-errortype", header_text(&fault.code)));
            }
            json::encode(&json::body(answer))
        }
        Protocol::Rest(_) => {
            headers.push(("content-type", "application/json".to_owned()));
            if let Err(fault) = &answer {
                headers.push(("x-amzn-errortype", header_text(&fault.code)));
            }
            if status == StatusCode::NO_CONTENT { Vec::new() } else { json::encode(&rest::body(answer)) }
        }
        Protocol::Cbor => {
            headers.push(("content-type", "application/cbor".to_owned()));
            headers.push(("smithy-protocol", "rpc-v2-cbor".to_owned()));
            cbor::encode(&json::body(answer))
        }
        Protocol::Query | Protocol::Ec2 => {
            headers.push(("content-type", "text/xml;charset=UTF-8".to_owned()));
            match answer {
                Ok(answer) => xml::answer(protocol, action, request, &answer).into_bytes(),
                Err(fault) => xml::fault(protocol, request, &fault).into_bytes(),
            }
        }
    };
    Encoded { status, headers, body }
}

fn header_text(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect()
    }

    #[test]
    fn a_json_call_is_told_by_its_target_and_scope() {
        let scope = "AWS4-HMAC-SHA256 Credential=LOCAL/20260101/eu-west-1/ecs/aws4_request, SignedHeaders=host";
        let headers =
            headers(&[("x-amz-target", "AmazonEC2ContainerServiceV20141113.ListTasks"), ("authorization", scope)]);
        let body = Bytes::from_static(br#"{"cluster":"a"}"#);
        let call = decode(&Method::POST, &Uri::from_static("/"), &headers, &body).expect("a call");
        assert_eq!((call.service, call.region.as_str(), call.action.as_str()), ("ecs", "eu-west-1", "ListTasks"));
        assert_eq!(Json::Object(call.params), json!({ "cluster": "a" }));
    }

    #[test]
    fn a_query_call_is_told_by_its_version_also_as_a_get() {
        let uri = Uri::from_static("/?Action=DescribeVpcs&Version=2016-11-15&VpcId.1=vpc-1");
        let call = decode(&Method::GET, &uri, &HeaderMap::new(), &Bytes::new()).expect("a call");
        assert_eq!((call.service, call.protocol, call.action.as_str()), ("ec2", Protocol::Ec2, "DescribeVpcs"));
        assert_eq!(Json::Object(call.params), json!({ "VpcId": ["vpc-1"] }));
    }

    #[test]
    fn refusals_are_written_in_the_protocol_of_the_call() {
        let fault = || Err(Fault::new("Bad<Thing>", "a & b").field("NamespaceId", "ns-1"));
        let text = |protocol| String::from_utf8(encode(protocol, "Do", "r-1", fault()).body).expect("text");
        assert_eq!(text(Protocol::Json), r#"{"NamespaceId":"ns-1","__type":"Bad<Thing>","message":"a & b"}"#);
        assert!(text(Protocol::Ec2).contains("<Code>Bad&lt;Thing&gt;</Code><Message>a &amp; b</Message>"));
        assert!(text(Protocol::Query).starts_with("<ErrorResponse><Error><Type>Sender</Type>"));
        let rest = Protocol::Rest(StatusCode::NO_CONTENT);
        assert_eq!(text(rest), r#"{"ErrorCode":"Bad<Thing>","Message":"a & b","NamespaceId":"ns-1"}"#);
        let refused = encode(rest, "Do", "r-1", fault());
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(refused.headers.contains(&("x-amzn-errortype", "Bad<Thing>".to_owned())));
        let done = encode(rest, "Do", "r-1", Ok(Json::Null));
        assert_eq!((done.status, done.body.as_slice()), (StatusCode::NO_CONTENT, &[][..]));
    }

    proptest! {
        #[test]
        fn no_request_makes_it_panic(
            target in "[A-Za-z0-9_.]{0,60}", protocol in "(rpc-v2-cbor)?", body in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let headers = headers(&[("x-amz-target", target.as_str()), ("smithy-protocol", protocol.as_str())]);
            let uri = Uri::from_static("/service/Route53AutoNaming_v20170314/operation/GetOperation");
            let _ = decode(&Method::POST, &uri, &headers, &Bytes::from(body.clone()));
            let _ = decode(&Method::POST, &uri, &HeaderMap::new(), &Bytes::from(body));
        }
    }
}

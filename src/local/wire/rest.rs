//! REST-JSON: the operation is told by method and path, its parameters stand in path, query and body.
//!
//! Each service has a table of [`Route`]s. Its paths begin with the version of its API, by which it is told apart.

use http::{Method, StatusCode, Uri};
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::json;
use crate::local::service::Fault;
use crate::model::{Json, JsonMap};

mod efs;

/// A service that speaks REST-JSON.
struct Service {
    /// Its signing name.
    name: &'static str,
    /// What all its paths begin with, slashes included.
    version: &'static str,
    routes: &'static [Route],
}

/// How an operation is written.
struct Route {
    method: Method,
    /// Behind the version; a part in braces is the member of that name.
    path: &'static str,
    action: &'static str,
    /// The status of a good answer.
    success: StatusCode,
    /// Lists in the query, as the query and as the operation call them. Other members of the query are texts and have
    /// one name.
    lists: &'static [(&'static str, &'static str)],
}

/// Every service that speaks REST-JSON.
const SERVICES: &[Service] = &[Service { name: "elasticfilesystem", version: "/2015-02-01/", routes: efs::ROUTES }];

/// A request, decoded.
#[derive(Debug, PartialEq)]
pub struct Request {
    /// The service's signing name.
    pub service: &'static str,
    /// The operation.
    pub action: &'static str,
    /// The status of a good answer.
    pub success: StatusCode,
    /// Members of path, query and body, in this order of precedence.
    pub params: JsonMap,
}

/// Decodes a request; `None` when no service here has such paths.
///
/// # Errors
/// `UnknownOperationException` when the service has no such operation, `SerializationException` when the body is not a
/// JSON object.
pub fn decode(method: &Method, uri: &Uri, body: &[u8]) -> Option<Result<Request, Fault>> {
    let service = SERVICES.iter().find(|service| uri.path().starts_with(service.version))?;
    let path = uri.path().strip_prefix(service.version)?;
    let found = service.routes.iter().filter(|route| route.method == *method);
    let found = found.filter_map(|route| Some((route, labels(route.path, path)?))).next();
    let Some((route, labels)) = found else {
        let message = format!("The embedded AWS has no {method} of {} in {}.", uri.path(), service.name);
        return Some(Err(Fault::new("UnknownOperationException", message).status(404)));
    };
    Some(json::decode(body).map(|mut params| {
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            let value = Json::String(value.into_owned());
            match route.lists.iter().find(|(written, _)| *written == name) {
                Some((_, member)) => match params.entry(*member).or_insert_with(|| json!([])) {
                    Json::Array(items) => items.push(value),
                    other => *other = json!([value]),
                },
                None => {
                    params.insert(name.into_owned(), value);
                }
            }
        }
        params.extend(labels);
        Request { service: service.name, action: route.action, success: route.success, params }
    }))
}

/// The members in a path that is of the route's form.
fn labels(route: &str, path: &str) -> Option<JsonMap> {
    let mut labels = JsonMap::new();
    let mut parts = path.trim_end_matches('/').split('/');
    for wanted in route.split('/') {
        let part = parts.next()?;
        match wanted.strip_prefix('{').and_then(|wanted| wanted.strip_suffix('}')) {
            Some(_) if part.is_empty() => return None,
            Some(name) => {
                labels.insert(name.to_owned(), percent_decode_str(part).decode_utf8_lossy().into());
            }
            None if wanted != part => return None,
            None => {}
        }
    }
    parts.next().is_none().then_some(labels)
}

/// The body of an answer or a refusal. EFS's errors have the code in the body too.
pub fn body(answer: Result<Json, Fault>) -> Json {
    answer.map_or_else(
        |fault| {
            let mut body = fault.fields;
            body.insert("ErrorCode".to_owned(), fault.code.into());
            body.insert("Message".to_owned(), fault.message.into());
            Json::Object(body)
        },
        |answer| json::body(Ok(answer)),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(method: Method, uri: &'static str, body: &str) -> Request {
        let decoded = decode(&method, &Uri::from_static(uri), body.as_bytes());
        decoded.expect("a service has such paths").expect("it has such an operation")
    }

    #[test]
    fn members_come_from_path_query_and_body() {
        let made = decoded(Method::POST, "/2015-02-01/file-systems", r#"{"CreationToken":"t"}"#);
        assert_eq!(
            (made.service, made.action, made.success),
            ("elasticfilesystem", "CreateFileSystem", StatusCode::CREATED)
        );
        assert_eq!(Json::Object(made.params), json!({ "CreationToken": "t" }));
        let put = decoded(Method::PUT, "/2015-02-01/file-systems/fs-1/policy", r#"{"FileSystemId":"x","Policy":"{}"}"#);
        assert_eq!(put.action, "PutFileSystemPolicy");
        assert_eq!(Json::Object(put.params), json!({ "FileSystemId": "fs-1", "Policy": "{}" }), "the path wins");
        let asked = decoded(Method::GET, "/2015-02-01/mount-targets?MaxItems=2&FileSystemId=fs-1", "");
        assert_eq!(asked.action, "DescribeMountTargets");
        assert_eq!(Json::Object(asked.params), json!({ "MaxItems": "2", "FileSystemId": "fs-1" }));
    }

    #[test]
    fn names_in_paths_are_decoded_and_lists_in_queries_are_lists() {
        let uri = "/2015-02-01/resource-tags/arn%3Aaws%3Aefs%2Ffs-1?tagKeys=a&tagKeys=b%20c";
        let untagged = decoded(Method::DELETE, uri, "");
        assert_eq!(untagged.action, "UntagResource");
        assert_eq!(Json::Object(untagged.params), json!({ "ResourceId": "arn:aws:efs/fs-1", "TagKeys": ["a", "b c"] }));
    }

    #[test]
    fn what_is_no_operation_is_refused_and_other_paths_are_left_to_others() {
        let of = |method, uri| decode(&method, &Uri::from_static(uri), b"");
        assert_eq!(of(Method::POST, "/"), None);
        for (method, uri) in [
            (Method::PATCH, "/2015-02-01/file-systems"),
            (Method::GET, "/2015-02-01/file-systems/fs-1/policy/more"),
            (Method::DELETE, "/2015-02-01/file-systems/"),
        ] {
            let refusal = of(method, uri).expect("the service is known").expect_err("no such operation");
            assert_eq!((refusal.code.as_str(), refusal.status), ("UnknownOperationException", 404), "{uri}");
        }
    }

    proptest! {
        #[test]
        fn no_request_makes_it_panic(
            path in "[a-z0-9/%{}._~-]{0,60}", query in "[A-Za-z0-9=&%+]{0,60}", method in 0usize..4,
            body in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            let method = [Method::GET, Method::POST, Method::PUT, Method::DELETE][method].clone();
            if let Ok(uri) = format!("/2015-02-01/{path}?{query}").parse::<Uri>() {
                let _ = decode(&method, &uri, &body);
            }
        }
    }
}

//! For tests of kinds: an AWS that says back what it was told, and properties that have everything a kind claims.
//!
//! With both a test sees that what [`Facts::sends`](super::Facts::sends) claims is sent, and is read back the same.

use std::fmt;
use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::json;

use super::Kind;
use crate::cloud::{Answering, Calls, Cloud};
use crate::model::schema::{JsonType, Shape, schemas};
use crate::model::{Json, JsonMap, PathPattern, PropertyPath};

/// What answers: from an action and its parameters to the answer.
type Answer = dyn Fn(&str, &JsonMap) -> Json + Send + Sync;

#[derive(Clone)]
struct Echo(Arc<Answer>);

impl fmt::Debug for Echo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Echo")
    }
}

impl HttpClient for Echo {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Echo {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default();
        let (action, parameters) = match request.headers().get("x-amz-target") {
            Some(target) => {
                let action = target.rsplit('.').next().unwrap_or_default();
                (action.to_owned(), serde_json::from_slice(body).unwrap_or_default())
            }
            None => {
                let mut parameters: JsonMap =
                    form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), json!(value))).collect();
                let action = parameters.remove("Action").unwrap_or_default();
                parameters.remove("Version");
                (action.as_str().unwrap_or_default().to_owned(), parameters)
            }
        };
        let answer = (self.0)(&action, &parameters);
        let failed = answer.get("__type").is_some() || answer.as_str().is_some_and(|xml| xml.contains("<Error>"));
        let status = if failed { 400 } else { 200 };
        let answer = answer.as_str().map_or_else(|| answer.to_string(), str::to_owned);
        let response = StatusCode::try_from(status).map(|status| HttpResponse::new(status, SdkBody::from(answer)));
        HttpConnectorFuture::ready(Ok(response.expect("both are HTTP status codes")))
    }
}

/// A cloud that answers as told: services that speak JSON with it (an error has a `__type`), others with a text of XML.
pub(super) fn cloud(answer: impl Fn(&str, &JsonMap) -> Json + Send + Sync + 'static) -> Cloud {
    let credentials = Credentials::new("TEST", "test", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(SharedHttpClient::new(Echo(Arc::new(answer))))
        .build();
    let (account, region) = ("123456789012".to_owned(), "eu-west-1".to_owned());
    Cloud::assembled(&config, account, region, Answering::Embedded, 0.0, Calls::default())
}

/// Properties with everything in them that the kind claims to send, each value another.
pub(super) fn everything(kind: &dyn Kind) -> JsonMap {
    let facts = kind.facts();
    let schema = schemas().by_type(facts.type_name).expect("every kind has a schema");
    let except: Vec<PathPattern> = facts.except.iter().map(|path| PathPattern::parse(path)).collect();
    let mut maker = Maker { except, made: 0 };
    facts
        .sends
        .iter()
        .map(|name| {
            let property = schema.shape.properties.get(*name).unwrap_or_else(|| panic!("there is no {name}"));
            let made = maker.make(&property.shape, &PropertyPath::new(name)).expect("nothing claimed is excepted");
            ((*name).to_owned(), made)
        })
        .collect()
}

/// Asserts that two properties are the same, whatever form their numbers have.
pub(super) fn assert_same(read: &JsonMap, expected: &JsonMap) {
    fn plain(json: &Json) -> Json {
        match json {
            Json::Number(number) => json!(number.as_f64()),
            Json::Array(items) => items.iter().map(plain).collect(),
            Json::Object(map) => Json::Object(map.iter().map(|(key, item)| (key.clone(), plain(item))).collect()),
            other => other.clone(),
        }
    }
    let text = |map: &JsonMap| format!("{:#}", plain(&Json::Object(map.clone())));
    assert_eq!(text(read).lines().collect::<Vec<_>>(), text(expected).lines().collect::<Vec<_>>());
}

struct Maker {
    except: Vec<PathPattern>,
    made: u32,
}

impl Maker {
    fn make(&mut self, shape: &Shape, path: &PropertyPath) -> Option<Json> {
        if self.except.iter().any(|pattern| pattern.covers(path)) {
            return None;
        }
        self.made += 1;
        if let Some(choice) = shape.choices.first() {
            return Some(choice.clone());
        }
        if !shape.properties.is_empty() {
            let members = shape.properties.iter();
            let members = members
                .filter_map(|(name, property)| Some((name.clone(), self.make(&property.shape, &path.key(name))?)));
            return Some(Json::Object(members.collect()));
        }
        Some(match shape.types.first() {
            Some(JsonType::Array) => match &shape.items {
                Some(items) => Json::Array(self.make(items, &path.index(0)).into_iter().collect()),
                None => json!([]),
            },
            Some(JsonType::Integer | JsonType::Number) => json!(self.made),
            Some(JsonType::Boolean) => json!(true),
            Some(JsonType::Object) if shape.is_free_form() && !shape.is_document() => {
                json!({ "Some-Key": format!("value {}", self.made) })
            }
            _ => json!(format!("text {}", self.made)),
        })
    }
}

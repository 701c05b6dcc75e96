//! awsJson 1.1: a body that is a JSON object.

use crate::local::service::Fault;
use crate::model::{Json, JsonMap};

/// Parameters from a body; an empty one has none.
///
/// # Errors
/// `SerializationException` when it is not a JSON object.
pub fn decode(body: &[u8]) -> Result<JsonMap, Fault> {
    if body.is_empty() {
        return Ok(JsonMap::new());
    }
    match serde_json::from_slice(body) {
        Ok(Json::Object(params)) => Ok(params),
        Ok(_) => Err(Fault::new("SerializationException", "The body is not an object.")),
        Err(error) => Err(Fault::new("SerializationException", error.to_string())),
    }
}

/// The body of an answer or a refusal, before it is written; members that are null are left out.
pub fn body(answer: Result<Json, Fault>) -> Json {
    match answer {
        Ok(Json::Null) => Json::Object(JsonMap::new()),
        Ok(answer) => without_nulls(answer),
        Err(fault) => {
            let mut body = fault.fields;
            body.insert("__type".to_owned(), fault.code.into());
            body.insert("message".to_owned(), fault.message.into());
            Json::Object(body)
        }
    }
}

fn without_nulls(json: Json) -> Json {
    match json {
        Json::Object(map) => {
            let kept = map.into_iter().filter(|(_, value)| !value.is_null());
            Json::Object(kept.map(|(key, value)| (key, without_nulls(value))).collect())
        }
        Json::Array(items) => Json::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// The text of a body.
pub fn encode(body: &Json) -> Vec<u8> {
    body.to_string().into_bytes()
}

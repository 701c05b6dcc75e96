//! rpc-v2-cbor: the same objects as JSON, in CBOR, with timestamps tagged.

use ciborium::Value;

use crate::local::service::Fault;
use crate::model::{Json, JsonMap};

/// The tag of a timestamp in seconds ([RFC 8949, 3.4.2](https://www.rfc-editor.org/rfc/rfc8949#section-3.4.2)).
const EPOCH: u64 = 1;

/// How deep a body may nest.
const DEPTH: usize = 64;

/// Parameters from a body; an empty one has none.
///
/// # Errors
/// `SerializationException` when it is not a CBOR map with texts as keys.
pub fn decode(body: &[u8]) -> Result<JsonMap, Fault> {
    let bad = |reason: String| Fault::new("SerializationException", reason);
    if body.is_empty() {
        return Ok(JsonMap::new());
    }
    let value = ciborium::de::from_reader_with_recursion_limit(body, DEPTH).map_err(|error| bad(error.to_string()))?;
    match to_json(value) {
        Some(Json::Object(params)) => Ok(params),
        _ => Err(bad("The body is not a map.".to_owned())),
    }
}

fn to_json(value: Value) -> Option<Json> {
    Some(match value {
        Value::Null => Json::Null,
        Value::Bool(b) => Json::Bool(b),
        Value::Integer(i) => Json::from(i64::try_from(i).ok()?),
        Value::Float(x) => Json::from(x),
        Value::Text(text) => Json::String(text),
        Value::Tag(EPOCH, inner) => to_json(*inner)?,
        Value::Array(items) => Json::Array(items.into_iter().map(to_json).collect::<Option<_>>()?),
        Value::Map(pairs) => {
            let pairs = pairs.into_iter().map(|(key, item)| Some((key.into_text().ok()?, to_json(item)?)));
            Json::Object(pairs.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// The bytes of a body.
pub fn encode(body: &Json) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory cannot fail, and what came from JSON can be written.
    let _ = ciborium::into_writer(&from_json("", body), &mut bytes);
    bytes
}

fn from_json(name: &str, json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(number) if is_timestamp(name) => {
            Value::Tag(EPOCH, Box::new(Value::Float(number.as_f64().unwrap_or_default())))
        }
        Json::Number(number) => match number.as_i64() {
            Some(i) => Value::Integer(i.into()),
            None => Value::Float(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::Array(items.iter().map(|item| from_json(name, item)).collect()),
        Json::Object(map) => {
            Value::Map(map.iter().map(|(key, item)| (Value::Text(key.clone()), from_json(key, item))).collect())
        }
    }
}

/// Members that are timestamps: those of Cloud Map end in `Date`, those of ECS in `At`; CloudWatch Logs has none.
fn is_timestamp(name: &str) -> bool {
    name.ends_with("Date") || name.ends_with("At")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_go_there_and_back_and_dates_are_tagged() {
        let body = json!({ "Operation": { "CreateDate": 1.5, "Targets": { "NAMESPACE": "ns-1" }, "n": [1, -2] } });
        assert_eq!(Json::Object(decode(&encode(&body)).expect("a map")), body);
        let Value::Map(pairs) = from_json("", &json!({ "CreateDate": 1.5 })) else { panic!("a map") };
        assert_eq!(pairs[0].1, Value::Tag(1, Box::new(Value::Float(1.5))));
    }
}

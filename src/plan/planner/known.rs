//! [`attribute`]: what is known of a resource by its attributes' names.

use std::collections::BTreeMap;

use crate::kinds::Facts;
use crate::model::schema::KindSchema;
use crate::model::{Json, JsonMap, Value};

/// The value of an attribute of a resource: `id`, `arn` and `name` by what they mean for the kind, then attributes that
/// AWS told, then declared properties. `None` while it is not known.
pub fn attribute(
    name: &str,
    schema: &KindSchema,
    facts: &Facts,
    wanted: &BTreeMap<String, Value>,
    attributes: Option<&JsonMap>,
    id: Option<&str>,
) -> Option<Json> {
    let property = |name: &str| wanted.get(name).and_then(Value::to_json);
    let told = |name: &str| attributes.and_then(|attributes| attributes.get(name)).cloned();
    if let Some(value) = told(name).or_else(|| property(name)) {
        return Some(value);
    }
    match name {
        "id" => match (id, schema.primary_identifier.as_slice()) {
            (Some(id), _) => Some(Json::String(id.to_owned())),
            (None, [only]) => property(only),
            (None, _) => None,
        },
        "arn" => facts.arn.and_then(told),
        "name" => facts.name.and_then(|rule| property(rule.property)),
        _ => None,
    }
}

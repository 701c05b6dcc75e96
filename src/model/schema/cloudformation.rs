//! Schemas in CloudFormation's own form, whose paths are JSON pointers (`/properties/Name`), read as the embedded files'
//! form is.

use serde_json::json;

use super::read::Files;
use super::{JsonType, KindSchema, Shape};
use crate::model::Json;

/// Why JSON is no schema of a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// `typeName` is not there, or not of the form `Organization::Service::Resource`.
    #[error("`{0}` is not the name of a type: it is three words of 2 to 64 letters and digits with `::` between them")]
    TypeName(String),
    /// There are no `properties`.
    #[error("the schema of {0} has no `properties`")]
    NoProperties(String),
    /// A list of properties names one that is not there.
    #[error("`{list}` of {type_name} names `{property}`, which is not among its properties")]
    NoProperty {
        /// The type.
        type_name: String,
        /// The list.
        list: &'static str,
        /// The property, as the schema calls it.
        property: String,
    },
}

/// Whether a text has the form of a type's name (API reference of Cloud Control, `CreateResource`), the service
/// beginning with a letter.
pub(super) fn is_type_name(text: &str) -> bool {
    let words: Vec<&str> = text.split("::").collect();
    let word = |word: &&str| (2..=64).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    words.len() == 3 && words.iter().all(word) && words[1].starts_with(|first: char| first.is_ascii_alphabetic())
}

/// Lists of paths, by their names there and in the files.
const LISTS: [(&str, &str); 6] = [
    ("createOnlyProperties", "createOnly"),
    ("conditionalCreateOnlyProperties", "conditionalCreateOnly"),
    ("readOnlyProperties", "readOnly"),
    ("writeOnlyProperties", "writeOnly"),
    ("deprecatedProperties", "deprecated"),
    ("primaryIdentifier", "primaryIdentifier"),
];
/// What only certain values of the whole allow.
const CONSTRAINTS: [&str; 6] =
    ["anyOf", "oneOf", "requiredOr", "requiredXor", "dependentRequired", "dependentExcluded"];
/// What is called the same in both.
const SAME: [&str; 4] = ["properties", "definitions", "required", "handlers"];

/// Reads a schema, which must not contradict itself.
pub(super) fn read(files: &Files, source: &Json) -> Result<KindSchema, SchemaError> {
    let type_name = source.get("typeName").and_then(Json::as_str).unwrap_or_default();
    if !is_type_name(type_name) {
        return Err(SchemaError::TypeName(type_name.to_owned()));
    }
    if !source.get("properties").is_some_and(Json::is_object) {
        return Err(SchemaError::NoProperties(type_name.to_owned()));
    }
    let schema = taken(files, type_name, source);
    for list in LISTS.iter().map(|(there, _)| *there).chain(["required"]) {
        for name in source[list].as_array().into_iter().flatten().filter_map(Json::as_str).map(inside) {
            let root = name.split('/').next().unwrap_or_default();
            if schema.shape.by_cfn_name(root).is_none() {
                let (type_name, property) = (type_name.to_owned(), name.to_owned());
                return Err(SchemaError::NoProperty { type_name, list, property });
            }
        }
    }
    Ok(schema)
}

/// Reads a schema as it is.
pub(super) fn taken(files: &Files, type_name: &str, source: &Json) -> KindSchema {
    let mut entry = json!({});
    for name in SAME {
        entry[name] = source.get(name).cloned().unwrap_or(Json::Null);
    }
    for (there, here) in LISTS {
        entry[here] = source[there].as_array().into_iter().flatten().filter_map(Json::as_str).map(inside).collect();
    }
    for name in CONSTRAINTS.iter().filter(|name| source.get(**name).is_some()) {
        entry["constraints"][*name] = source[*name].clone();
    }
    entry["replacementStrategy"] = source["replacementStrategy"].clone();
    if let Some(tagging) = source.get("tagging").filter(|tagging| tagging["taggable"] != Json::Bool(false)) {
        entry["tagging"] = tagging.clone();
        entry["tagging"]["taggable"] = Json::Bool(true);
        entry["tagging"]["tagProperty"] = tagging["tagProperty"].as_str().map_or("Tags", inside).into();
    }
    let mut schema = files.read(type_name, &entry, &Json::Null);
    schema.tag_property = schema.tag_property.filter(|name| schema.shape.under(name).is_some_and(holds_tags));
    schema
}

/// A pointer into the properties, as the files write it.
fn inside(pointer: &str) -> &str {
    pointer.strip_prefix("/properties/").unwrap_or(pointer)
}

/// Whether a property holds tags as all services understand them: a list of `{key, value}`, or a map of texts.
fn holds_tags(shape: &Shape) -> bool {
    match shape.items.as_deref() {
        Some(items) => items.properties.contains_key("key") && items.properties.contains_key("value"),
        None => shape.types == [JsonType::Object] && shape.properties.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(schema: &Json) -> String {
        KindSchema::from_json(schema).expect_err("refused").to_string()
    }

    #[test]
    fn a_schema_of_cloudformation_is_read() {
        let schema = KindSchema::from_json(&json!({
            "typeName": "Example::File::Text",
            "properties": {
                "Path": { "type": "string" }, "DNSName": { "type": "string" }, "Id": { "type": "string" },
                "Parts": { "type": "array", "items": { "$ref": "#/definitions/Part" } },
                "Labels": { "type": "array", "items": { "$ref": "#/definitions/Tag" } },
            },
            "definitions": {
                "Part": { "type": "object", "properties": { "Name": { "type": "string" } }, "required": ["Name"] },
                "Tag": { "type": "object", "properties": { "Key": { "type": "string" }, "Value": { "type": "string" } } },
            },
            "required": ["Path"],
            "createOnlyProperties": ["/properties/Path", "/properties/Parts/*/Name"],
            "readOnlyProperties": ["/properties/Id"],
            "primaryIdentifier": ["/properties/Id"],
            "tagging": { "tagProperty": "/properties/Labels" },
            "handlers": { "create": { "permissions": ["example:Write"] } },
        }))
        .expect("a schema");
        assert_eq!(schema.kind.as_str(), "file_text");
        assert_eq!(schema.required, ["path"]);
        assert_eq!(schema.shape.properties["dnsName"].cfn_name, "DNSName");
        assert_eq!(schema.create_only.iter().map(ToString::to_string).collect::<Vec<_>>(), ["path", "parts/*/name"]);
        assert_eq!((schema.primary_identifier.as_slice(), schema.attributes()), (&["id".to_owned()][..], vec!["id"]));
        assert_eq!(schema.tag_property.as_deref(), Some("labels"));
        assert_eq!(schema.permissions["create"], ["example:Write"]);
    }

    #[test]
    fn what_is_no_schema_is_refused_by_name() {
        let named = |name: &str| json!({ "typeName": name, "properties": {} });
        assert!(KindSchema::from_json(&named("Example::File::Text")).is_ok());
        for name in ["", "Example::File", "Example::File::Te xt", "A::File::Text", "Example::3D::Text", "a::b::c::d"] {
            let wanted = format!("`{name}` is not the name of a type");
            assert!(refused(&named(name)).starts_with(&wanted), "{name}");
        }
        assert_eq!(
            refused(&json!({ "typeName": "Example::File::Text" })),
            "the schema of Example::File::Text has no `properties`"
        );
        let mut schema = named("Example::File::Text");
        schema["readOnlyProperties"] = json!(["/properties/Id"]);
        assert_eq!(
            refused(&schema),
            "`readOnlyProperties` of Example::File::Text names `Id`, which is not among its properties"
        );
    }
}

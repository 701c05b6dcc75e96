//! What a value must look like: a [`Shape`] is a schema with every reference in it resolved.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;

use super::Pattern;

/// A type of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JsonType {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// Text.
    String,
    /// A list.
    Array,
    /// An object.
    Object,
}

impl JsonType {
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "string" => Self::String,
            "array" => Self::Array,
            "object" => Self::Object,
            _ => return None,
        })
    }
}

impl fmt::Display for JsonType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "nothing",
            Self::Boolean => "true or false",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "a list",
            Self::Object => "a map",
        })
    }
}

/// A format a text must have.
#[derive(Debug, Clone, PartialEq)]
pub enum Format {
    /// An IPv4 network in CIDR notation, host bits zero.
    Ipv4Network,
    /// An IPv6 network in CIDR notation.
    Ipv6Network,
    /// A JSON document, as text or as an object.
    Json,
    /// A format of AWS's own, such as `AWS::EC2::VPC.Id`, with its expression where one is known.
    Named {
        /// Its name.
        name: String,
        /// What texts of it look like.
        pattern: Option<Arc<Pattern>>,
    },
}

/// A property of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// CloudFormation's name for it, such as `VpcId`.
    pub cfn_name: String,
    /// What its value must look like.
    pub shape: Arc<Shape>,
}

/// What a value must look like. Absent limits limit nothing; an empty `types` allows every type.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shape {
    /// Types allowed.
    pub types: Vec<JsonType>,
    /// Properties of an object, by their camelCase names.
    pub properties: BTreeMap<String, Property>,
    /// Shapes of values whose keys match an expression; those keys are written as they are.
    pub pattern_properties: Vec<(Arc<Pattern>, Arc<Shape>)>,
    /// Whether keys beyond these are allowed.
    pub additional: bool,
    /// Properties that must be there (camelCase).
    pub required: Vec<String>,
    /// Sets of properties of which at least one must be there.
    pub required_or: Vec<Vec<String>>,
    /// Sets of properties of which exactly one must be there.
    pub required_xor: Vec<Vec<String>>,
    /// Properties that ask for others.
    pub dependent_required: BTreeMap<String, Vec<String>>,
    /// Properties that exclude others.
    pub dependent_excluded: BTreeMap<String, Vec<String>>,
    /// Fewest keys of an object.
    pub min_properties: Option<u64>,
    /// Most keys of an object.
    pub max_properties: Option<u64>,
    /// Shape of a list's elements.
    pub items: Option<Arc<Shape>>,
    /// Whether the order of a list means nothing.
    pub unordered: bool,
    /// Whether a list has no element twice.
    pub unique_items: bool,
    /// Keys (camelCase) of which no two elements of a list have the same values.
    pub unique_keys: Vec<String>,
    /// The key by which a list of attributes or tags is in truth a map: elements are `{key, value}`.
    pub keyed_by: Option<String>,
    /// Fewest elements.
    pub min_items: Option<u64>,
    /// Most elements.
    pub max_items: Option<u64>,
    /// Most different elements.
    pub max_unique_items: Option<u64>,
    /// Values allowed, when they are listed.
    pub choices: Vec<Json>,
    /// Whether the listed values are compared without regard to case.
    pub any_case: bool,
    /// Expression a text must match.
    pub pattern: Option<Arc<Pattern>>,
    /// Format a text must have.
    pub format: Option<Format>,
    /// Fewest characters.
    pub min_length: Option<u64>,
    /// Most characters.
    pub max_length: Option<u64>,
    /// Least number.
    pub minimum: Option<f64>,
    /// Greatest number.
    pub maximum: Option<f64>,
    /// A number it must be a multiple of.
    pub multiple_of: Option<f64>,
    /// What AWS takes when it is absent.
    pub default: Option<Json>,
    /// Shapes of which exactly one must hold besides this.
    pub one_of: Vec<Arc<Shape>>,
    /// Shapes of which at least one must hold besides this.
    pub any_of: Vec<Arc<Shape>>,
    /// Whether it is an IAM policy document, which has many ways to say the same.
    pub policy: bool,
}

impl Shape {
    /// Whether a value of this type is allowed.
    pub fn allows(&self, wanted: JsonType) -> bool {
        self.types.is_empty()
            || self.types.contains(&wanted)
            || (wanted == JsonType::Integer && self.types.contains(&JsonType::Number))
    }

    /// Whether it is an object whose keys the schema does not name: they pass as written.
    pub fn is_free_form(&self) -> bool {
        self.properties.is_empty()
            && self.allows(JsonType::Object)
            && (self.additional || !self.pattern_properties.is_empty())
    }

    /// Whether it is a JSON document that may be written as text or as an object.
    pub fn is_document(&self) -> bool {
        self.properties.is_empty() && self.types.contains(&JsonType::String) && self.types.contains(&JsonType::Object)
    }

    /// Whether it is an IAM policy document.
    pub fn is_policy(&self) -> bool {
        self.policy
    }

    /// The shape of what is under a key: of the property, or of what its expression or the free form allows.
    pub fn under(&self, key: &str) -> Option<&Shape> {
        if let Some(property) = self.properties.get(key) {
            return Some(&property.shape);
        }
        self.pattern_properties.iter().find(|(pattern, _)| pattern.matches(key)).map(|(_, shape)| shape.as_ref())
    }

    /// The property whose CloudFormation name this is.
    pub fn by_cfn_name(&self, cfn_name: &str) -> Option<&str> {
        self.properties.iter().find(|(_, property)| property.cfn_name == cfn_name).map(|(name, _)| name.as_str())
    }
}

//! Values of properties: JSON, plus references to attributes not known yet, texts that contain them, and secrets.
//!
//! Kinds never see a [`Value`]: before a call every reference is resolved and the value becomes plain [`Json`].
//! The serialized form is JSON in which `{"$ref": "address#attribute"}`, `{"$template": […]}` and
//! `{"$secret": "sha256:…"}` stand for what JSON cannot say; a secret's text is never serialized nor printed. State that is
//! sealed has the texts beside, encrypted (`state::cipher`).

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Address;

/// A plain JSON value, as kinds and the SDK see it.
pub type Json = serde_json::Value;
/// A plain JSON object, keys sorted.
pub type JsonMap = serde_json::Map<String, Json>;

/// An attribute of another resource: what `vpc.vpcId` is before the VPC exists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// The resource that has the attribute.
    pub address: Address,
    /// The attribute's name in camelCase, such as `vpcId`, or `id` for the physical identifier.
    pub attribute: String,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.address, self.attribute)
    }
}

/// A text that is never printed nor stored in clear. Equality is that of the text; what is stored is its SHA-256.
#[derive(Clone, Eq)]
pub enum Secret {
    /// The text itself, in memory only.
    Clear(String),
    /// What a stored secret leaves: `sha256:` and hexadecimal digits.
    Hashed(String),
}

impl Secret {
    /// The stored form: `sha256:` and the digest in hexadecimal.
    pub fn hash(&self) -> String {
        match self {
            Self::Hashed(hash) => hash.clone(),
            Self::Clear(text) => {
                let digest = Sha256::digest(text.as_bytes());
                let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("sha256:{hex}")
            }
        }
    }

    /// The text as it stands between the quotes of a JSON string. Of a hash nothing else can be told.
    pub fn within_json(&self) -> Self {
        match self {
            Self::Hashed(_) => self.clone(),
            Self::Clear(text) => {
                let quoted = Json::from(text.as_str()).to_string();
                let within = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                Self::Clear(within.unwrap_or_default().to_owned())
            }
        }
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Clear(one), Self::Clear(other)) => one == other,
            _ => self.hash() == other.hash(),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// A piece of a [`Value::Template`].
#[derive(Debug, Clone, PartialEq)]
pub enum TemplatePart {
    /// Literal text.
    Text(String),
    /// An attribute whose text goes here once known.
    Ref(Reference),
    /// A secret whose text goes here; the whole template is then secret.
    Secret(Secret),
}

/// A property's value as a script declares it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value: the same as leaving the property out.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    String(String),
    /// A list.
    List(Vec<Value>),
    /// An object, keys sorted.
    Map(BTreeMap<String, Value>),
    /// An attribute of another resource; boxed, so that the many other values stay small.
    Ref(Box<Reference>),
    /// Text with references in it.
    Template(Vec<TemplatePart>),
    /// Text that is never shown.
    Secret(Secret),
}

impl Value {
    /// Every reference in the value, in order of appearance.
    pub fn references(&self) -> Vec<&Reference> {
        let mut found = Vec::new();
        self.collect_references(&mut found);
        found
    }

    /// Visits every reference in the value, in order of appearance.
    pub fn visit_references_mut(&mut self, visit: &mut dyn FnMut(&mut Reference)) {
        match self {
            Self::Ref(reference) => visit(reference),
            Self::Template(parts) => parts.iter_mut().for_each(|part| {
                if let TemplatePart::Ref(reference) = part {
                    visit(reference);
                }
            }),
            Self::List(items) => items.iter_mut().for_each(|item| item.visit_references_mut(visit)),
            Self::Map(map) => map.values_mut().for_each(|item| item.visit_references_mut(visit)),
            _ => {}
        }
    }

    fn collect_references<'a>(&'a self, found: &mut Vec<&'a Reference>) {
        match self {
            Self::Ref(reference) => found.push(reference),
            Self::Template(parts) => found.extend(parts.iter().filter_map(|part| match part {
                TemplatePart::Ref(reference) => Some(reference),
                TemplatePart::Text(_) | TemplatePart::Secret(_) => None,
            })),
            Self::List(items) => items.iter().for_each(|item| item.collect_references(found)),
            Self::Map(map) => map.values().for_each(|item| item.collect_references(found)),
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::String(_) | Self::Secret(_) => {}
        }
    }

    /// The value with every reference that `lookup` knows put in place; a template whose parts are all known becomes
    /// a string (or a secret, when it has one in it).
    pub fn resolve(&self, lookup: &dyn Fn(&Reference) -> Option<Json>) -> Value {
        match self {
            Self::Ref(reference) => lookup(reference).map_or_else(|| self.clone(), |json| Value::from_json(&json)),
            Self::Template(parts) => resolve_template(parts, lookup),
            Self::List(items) => Self::List(items.iter().map(|item| item.resolve(lookup)).collect()),
            Self::Map(map) => Self::Map(map.iter().map(|(key, item)| (key.clone(), item.resolve(lookup))).collect()),
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::String(_) | Self::Secret(_) => {
                self.clone()
            }
        }
    }

    /// Plain JSON, secrets in clear: what a call is made of. `None` while a reference is unresolved or a secret is
    /// known by its hash only.
    pub fn to_json(&self) -> Option<Json> {
        Some(match self {
            Self::Null => Json::Null,
            Self::Bool(b) => Json::Bool(*b),
            Self::Int(i) => Json::from(*i),
            Self::Float(x) => Json::from(*x),
            Self::String(s) => Json::String(s.clone()),
            Self::List(items) => Json::Array(items.iter().map(Value::to_json).collect::<Option<_>>()?),
            Self::Map(map) => {
                Json::Object(map.iter().map(|(key, item)| Some((key.clone(), item.to_json()?))).collect::<Option<_>>()?)
            }
            Self::Secret(Secret::Clear(text)) => Json::String(text.clone()),
            Self::Ref(_) | Self::Template(_) | Self::Secret(Secret::Hashed(_)) => return None,
        })
    }

    /// Plain JSON without what cannot be: an unresolved reference, a secret known by its hash only. `None` when that is
    /// all there is.
    pub fn known_json(&self) -> Option<Json> {
        match self {
            Self::List(items) => Some(Json::Array(items.iter().filter_map(Self::known_json).collect())),
            Self::Map(map) => {
                let known = map.iter().filter_map(|(key, item)| Some((key.clone(), item.known_json()?)));
                Some(Json::Object(known.collect()))
            }
            other => other.to_json(),
        }
    }

    /// [`Value::known_json`] without any secret, so that it is the same whether their texts are known or not.
    pub fn open_json(&self) -> Option<Json> {
        match self {
            Self::Secret(_) => None,
            Self::List(items) => Some(Json::Array(items.iter().filter_map(Self::open_json).collect())),
            Self::Map(map) => {
                let open = map.iter().filter_map(|(key, item)| Some((key.clone(), item.open_json()?)));
                Some(Json::Object(open.collect()))
            }
            other => other.to_json(),
        }
    }

    /// A value from plain JSON. Nothing in it is taken for a reference or a secret.
    pub fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(b) => Self::Bool(*b),
            Json::Number(n) => n.as_i64().map_or_else(|| Self::Float(n.as_f64().unwrap_or(f64::NAN)), Self::Int),
            Json::String(s) => Self::String(s.clone()),
            Json::Array(items) => Self::List(items.iter().map(Self::from_json).collect()),
            Json::Object(map) => {
                Self::Map(map.iter().map(|(key, item)| (key.clone(), Self::from_json(item))).collect())
            }
        }
    }

    /// The text, when the value is a plain string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether nothing in it is unresolved.
    pub fn is_known(&self) -> bool {
        match self {
            Self::Ref(_) | Self::Template(_) => false,
            Self::List(items) => items.iter().all(Self::is_known),
            Self::Map(map) => map.values().all(Self::is_known),
            _ => true,
        }
    }

    fn to_stored(&self) -> Json {
        match self {
            Self::Ref(reference) => serde_json::json!({ "$ref": reference.to_string() }),
            Self::Secret(secret) => serde_json::json!({ "$secret": secret.hash() }),
            Self::Template(parts) => {
                let parts: Vec<Json> = parts
                    .iter()
                    .map(|part| match part {
                        TemplatePart::Text(text) => Json::String(text.clone()),
                        TemplatePart::Ref(reference) => serde_json::json!({ "$ref": reference.to_string() }),
                        TemplatePart::Secret(secret) => serde_json::json!({ "$secret": secret.hash() }),
                    })
                    .collect();
                serde_json::json!({ "$template": parts })
            }
            Self::List(items) => Json::Array(items.iter().map(Self::to_stored).collect()),
            Self::Map(map) => {
                // A user's own map that looks like one of ours has another `$`, so that reading it back cannot mistake
                // it. To wrap it instead would nest what is stored deeper than what can be read.
                let ours = map.len() == 1 && map.keys().all(|key| key.starts_with('$'));
                let stored = |key: &String| if ours { format!("${key}") } else { key.clone() };
                Json::Object(map.iter().map(|(key, item)| (stored(key), item.to_stored())).collect())
            }
            plain => plain.to_json().unwrap_or(Json::Null),
        }
    }

    fn from_stored(json: &Json) -> Result<Self, String> {
        let Json::Object(object) = json else {
            return match json {
                Json::Array(items) => Ok(Self::List(items.iter().map(Self::from_stored).collect::<Result<_, _>>()?)),
                plain => Ok(Self::from_json(plain)),
            };
        };
        let special = (object.len() == 1).then(|| object.iter().next()).flatten();
        match special.map(|(key, item)| (key.as_str(), item)) {
            Some(("$ref", Json::String(text))) => Ok(parse_reference(text)?.into()),
            Some(("$secret", Json::String(hash))) => Ok(Self::Secret(Secret::Hashed(hash.clone()))),
            Some(("$template", Json::Array(parts))) => {
                let parts = parts.iter().map(|part| {
                    Ok(match Self::from_stored(part)? {
                        Self::String(text) => TemplatePart::Text(text),
                        Self::Ref(reference) => TemplatePart::Ref(*reference),
                        Self::Secret(secret) => TemplatePart::Secret(secret),
                        _ => return Err("a template has a part that is neither text, reference nor secret".to_owned()),
                    })
                });
                Ok(Self::Template(parts.collect::<Result<_, String>>()?))
            }
            // How such maps were stored before.
            Some(("$map", Json::Object(map))) => Self::map_from_stored(map),
            Some((key, item)) if key.starts_with("$$") => {
                Ok(Self::Map(BTreeMap::from([(key[1..].to_owned(), Self::from_stored(item)?)])))
            }
            Some((key, _)) if key.starts_with('$') => Err(format!("`{key}` is not a form of value this version knows")),
            _ => Self::map_from_stored(object),
        }
    }

    fn map_from_stored(map: &JsonMap) -> Result<Self, String> {
        let items = map.iter().map(|(key, item)| Ok((key.clone(), Self::from_stored(item)?)));
        Ok(Self::Map(items.collect::<Result<_, String>>()?))
    }
}

impl From<Reference> for Value {
    fn from(reference: Reference) -> Self {
        Self::Ref(Box::new(reference))
    }
}

/// JSON for showing: what the serialized form of a value has for secrets, which is their hashes, is taken out.
pub fn without_secrets(json: &Json) -> Json {
    match json {
        Json::Object(map) if map.len() == 1 && map.contains_key("$secret") => "(secret)".into(),
        Json::Object(map) => map.iter().map(|(key, item)| (key.clone(), without_secrets(item))).collect(),
        Json::Array(items) => items.iter().map(without_secrets).collect(),
        plain => plain.clone(),
    }
}

fn resolve_template(parts: &[TemplatePart], lookup: &dyn Fn(&Reference) -> Option<Json>) -> Value {
    let mut resolved: Vec<TemplatePart> = Vec::with_capacity(parts.len());
    for part in parts {
        let text = match part {
            TemplatePart::Ref(reference) => match lookup(reference) {
                Some(Json::String(text)) => TemplatePart::Text(text),
                Some(other) => TemplatePart::Text(other.to_string()),
                None => part.clone(),
            },
            _ => part.clone(),
        };
        match (resolved.last_mut(), text) {
            (Some(TemplatePart::Text(before)), TemplatePart::Text(after)) => before.push_str(&after),
            (_, part) => resolved.push(part),
        }
    }
    let mut whole = String::new();
    let mut secret = false;
    for part in &resolved {
        match part {
            TemplatePart::Text(text) => whole.push_str(text),
            TemplatePart::Secret(Secret::Clear(text)) => {
                secret = true;
                whole.push_str(text);
            }
            TemplatePart::Ref(_) | TemplatePart::Secret(Secret::Hashed(_)) => return Value::Template(resolved),
        }
    }
    if secret { Value::Secret(Secret::Clear(whole)) } else { Value::String(whole) }
}

fn parse_reference(text: &str) -> Result<Reference, String> {
    let (address, attribute) =
        text.split_once('#').ok_or_else(|| format!("`{text}` is not a reference: address#attribute"))?;
    let address = address.parse().map_err(|error| format!("{error}"))?;
    Ok(Reference { address, attribute: attribute.to_owned() })
}

impl Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_stored().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_stored(&Json::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

//! [`Template`]: what CloudFormation takes, written as JSON or YAML.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::yaml;
use crate::model::Json;

/// The one version of the format that there is.
const FORMAT: &str = "2010-09-09";

/// A parameter, resource or output.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its logical id.
    pub id: String,
    /// What is said of it, in the order it is written.
    pub fields: Vec<(&'static str, Json)>,
}

/// A CloudFormation template.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Template {
    /// A parameter for each secret.
    pub parameters: Vec<Entry>,
    /// The resources, in the order they were declared.
    pub resources: Vec<Entry>,
    /// The outputs, by name.
    pub outputs: Vec<Entry>,
}

/// A template, or a part of it, in the order it is written.
pub(super) enum Node<'a> {
    /// Keys in this order.
    Map(Vec<(&'a str, Node<'a>)>),
    /// A value; keys sorted.
    Json(&'a Json),
    /// A text.
    Text(&'a str),
}

impl Template {
    /// The template as JSON, indented, with a newline at the end.
    pub fn to_json(&self) -> String {
        // A map with text keys always serializes.
        serde_json::to_string_pretty(&self.document()).unwrap_or_default() + "\n"
    }

    /// The template as YAML.
    pub fn to_yaml(&self) -> String {
        yaml::written(&self.document())
    }

    fn document(&self) -> Node<'_> {
        let mut top = vec![("AWSTemplateFormatVersion", Node::Text(FORMAT))];
        // A template must have resources, be it none.
        for (name, entries, always) in [
            ("Parameters", &self.parameters, false),
            ("Resources", &self.resources, true),
            ("Outputs", &self.outputs, false),
        ] {
            if always || !entries.is_empty() {
                top.push((name, section(entries)));
            }
        }
        Node::Map(top)
    }
}

fn section(entries: &[Entry]) -> Node<'_> {
    let mut map = Vec::with_capacity(entries.len());
    for Entry { id, fields } in entries {
        let fields = fields.iter().map(|(key, value)| (*key, Node::Json(value))).collect();
        map.push((id.as_str(), Node::Map(fields)));
    }
    Node::Map(map)
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Json(json) => json.serialize(serializer),
            Self::Text(text) => text.serialize(serializer),
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, node) in entries {
                    map.serialize_entry(key, node)?;
                }
                map.end()
            }
        }
    }
}

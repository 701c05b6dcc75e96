//! awsQuery and ec2Query: parameters as a form, whose dotted names say where in a tree a value stands.

use std::collections::BTreeMap;

use crate::local::service::Fault;
use crate::model::{Json, JsonMap};

/// How deep names may nest.
const DEPTH: usize = 16;

#[derive(Default)]
struct Node {
    value: Option<String>,
    below: BTreeMap<String, Node>,
}

/// Parameters from a form: `Filter.1.Name=x` and `Tags.member.1.Key=x` are lists of objects.
///
/// # Errors
/// `MalformedQueryString` when a name nests too deep.
pub fn decode(form: &[u8]) -> Result<JsonMap, Fault> {
    let mut root = Node::default();
    for (name, value) in form_urlencoded::parse(form) {
        if name.split('.').count() > DEPTH {
            return Err(Fault::new("MalformedQueryString", "A parameter's name nests too deep."));
        }
        let node = name.split('.').fold(&mut root, |node, part| node.below.entry(part.to_owned()).or_default());
        node.value = Some(value.into_owned());
    }
    Ok(root.below.into_iter().map(|(name, node)| (name, node.into_json())).collect())
}

impl Node {
    fn into_json(mut self) -> Json {
        if self.below.is_empty() {
            return Json::String(self.value.unwrap_or_default());
        }
        if self.below.len() == 1
            && let Some(member) = self.below.remove("member")
        {
            return member.into_json();
        }
        let numbered = self.below.keys().map(|key| key.parse::<u32>().ok()).collect::<Option<Vec<u32>>>();
        let Some(numbers) = numbered else {
            return Json::Object(self.below.into_iter().map(|(name, node)| (name, node.into_json())).collect());
        };
        let mut items: Vec<(u32, Node)> = numbers.into_iter().zip(self.below.into_values()).collect();
        items.sort_by_key(|(number, _)| *number);
        Json::Array(items.into_iter().map(|(_, node)| node.into_json()).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dotted_names_make_lists_and_objects() {
        let form = "Filter.2.Name=b&Filter.1.Name=a&Filter.1.Value.1=x&Filter.10.Name=j&Tags.member.1.Key=k&\
                    EnableDnsSupport.Value=true&Empty=";
        assert_eq!(
            Json::Object(decode(form.as_bytes()).expect("parameters")),
            json!({
                "Filter": [{ "Name": "a", "Value": ["x"] }, { "Name": "b" }, { "Name": "j" }],
                "Tags": [{ "Key": "k" }],
                "EnableDnsSupport": { "Value": "true" },
                "Empty": "",
            })
        );
        assert!(decode("a.".repeat(40).as_bytes()).is_err());
    }
}

//! What matters of a resource, in a few words beside its address.

use std::collections::BTreeMap;

use hzscript::model::Value;

use super::{escape, value};

/// The longest hint, in characters.
const MAX: usize = 64;

/// The longest a single value in it may be, in characters.
const MAX_VALUE: usize = 40;

/// Properties that tell most, whatever the kind, the most telling first.
const TELLING: &[&str] = &[
    "cidrBlock",
    "availabilityZone",
    "desiredCount",
    "cpu",
    "memory",
    "retentionInDays",
    "destinationCidrBlock",
    "ipProtocol",
    "fromPort",
    "toPort",
    "cidrIp",
    "launchType",
    "name",
    "description",
    "groupDescription",
];

/// The hint of a resource with these properties; empty when nothing of it tells anything.
pub fn hint(properties: &BTreeMap<String, Value>) -> String {
    let mut parts = images(properties);
    parts.extend(ports(properties));
    let told = TELLING.iter().filter_map(|name| Some((name, properties.get(*name)?)));
    parts.extend(told.filter_map(|(name, found)| Some(format!("{name} {}", scalar(found)?))));
    if parts.is_empty() {
        parts.extend(properties.iter().filter_map(|(name, found)| match found {
            Value::Ref(reference) => Some(format!("{name} of {}", reference.address)),
            _ => None,
        }));
    }
    let mut hint = String::new();
    for part in parts {
        let separator = if hint.is_empty() { "" } else { ", " };
        if !hint.is_empty() && hint.chars().count() + separator.len() + part.chars().count() > MAX {
            break;
        }
        hint.push_str(separator);
        hint.push_str(&escape::shortened(&part, MAX));
    }
    hint
}

fn scalar(found: &Value) -> Option<String> {
    match found {
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => Some(value::short(found, MAX_VALUE)),
        _ => None,
    }
}

/// Images of the containers of a task definition.
fn images(properties: &BTreeMap<String, Value>) -> Vec<String> {
    members(properties, "containerDefinitions")
        .filter_map(|container| container.get("image"))
        .filter_map(scalar)
        .map(|image| format!("image {image}"))
        .collect()
}

/// Ports a security group lets in.
fn ports(properties: &BTreeMap<String, Value>) -> Option<String> {
    let ports: Vec<String> = members(properties, "securityGroupIngress")
        .filter_map(|rule| match (rule.get("fromPort")?, rule.get("toPort")) {
            (Value::Int(from), Some(Value::Int(to))) if from != to => Some(format!("{from}-{to}")),
            (from, _) => scalar(from),
        })
        .collect();
    (!ports.is_empty()).then(|| format!("lets in {}", ports.join(", ")))
}

fn members<'a>(
    properties: &'a BTreeMap<String, Value>,
    name: &str,
) -> impl Iterator<Item = &'a BTreeMap<String, Value>> {
    let items = match properties.get(name) {
        Some(Value::List(items)) => items.as_slice(),
        _ => &[],
    };
    items.iter().filter_map(|item| match item {
        Value::Map(map) => Some(map),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use hzscript::model::Reference;
    use serde_json::json;

    use super::*;

    fn of(json: serde_json::Value) -> String {
        match Value::from_json(&json) {
            Value::Map(properties) => hint(&properties),
            other => panic!("{other:?} has no properties"),
        }
    }

    #[test]
    fn what_matters_comes_first_and_no_more_than_fits() {
        let task = json!({
            "family": "hazelcast", "cpu": "512", "memory": "1024",
            "containerDefinitions": [{ "name": "member", "image": "hazelcast/hazelcast:5.5" }],
        });
        assert_eq!(of(task), "image hazelcast/hazelcast:5.5, cpu 512, memory 1024");
        let group = json!({ "securityGroupIngress": [
            { "ipProtocol": "tcp", "fromPort": 5701, "toPort": 5703 },
            { "ipProtocol": "tcp", "fromPort": 8080, "toPort": 8080 },
        ] });
        assert_eq!(of(group), "lets in 5701-5703, 8080");
        assert_eq!(
            of(json!({ "desiredCount": 3, "description": "x".repeat(100), "fromPort": 1 })),
            "desiredCount 3, fromPort 1"
        );
        assert_eq!(of(json!({ "tags": [] })), "");
    }

    #[test]
    fn with_nothing_else_to_tell_it_is_what_it_belongs_to() {
        let table =
            Reference { address: "ec2_route_table.public".parse().expect("it is one"), attribute: "id".to_owned() };
        let properties = BTreeMap::from([("routeTableId".to_owned(), Value::from(table))]);
        assert_eq!(hint(&properties), "routeTableId of ec2_route_table.public");
    }
}

//! Who may reach what, and do what: security groups and policies.

use std::collections::BTreeMap;

use super::super::session::Mistake;
use super::declared::{Looked, list, map};
use crate::model::{PropertyPath, Resource, Value};

/// Ports that are there for everybody: HTTP and HTTPS.
const PUBLIC: [i64; 2] = [80, 443];
/// How many ports one rule opens at most without being called wide.
const MANY: i64 = 1000;
/// The whole internet.
const WORLD: [&str; 2] = ["0.0.0.0/0", "::/0"];

/// The rules that let something in.
pub(super) fn security_group(index: usize, resource: &Resource, looked: &mut Looked<'_>) {
    let rules: Vec<(PropertyPath, &BTreeMap<String, Value>)> = match resource.properties.get("securityGroupIngress") {
        Some(Value::List(rules)) => {
            let path = PropertyPath::new("securityGroupIngress");
            let rules = rules.iter().enumerate().filter_map(|(at, rule)| match rule {
                Value::Map(rule) => Some((path.index(at), rule)),
                _ => None,
            });
            rules.collect()
        }
        _ => vec![(PropertyPath::whole(), &resource.properties)],
    };
    for (path, rule) in rules {
        let addresses = ["cidrIp", "cidrIpv6"].into_iter().find_map(|key| Some((key, rule.get(key)?.as_str()?)));
        let Some((key, addresses)) = addresses else { continue };
        let port = |name: &str| match rule.get(name) {
            Some(Value::Int(port)) => Some(*port),
            _ => None,
        };
        let all = rule.get("ipProtocol").and_then(Value::as_str) == Some("-1") || port("fromPort") == Some(-1);
        let (from, to) =
            if all { (0, 65535) } else { (port("fromPort").unwrap_or(0), port("toPort").unwrap_or(65535)) };
        let ports = match (from, to) {
            (0, 65535) => "every port".to_owned(),
            (from, to) if from == to => format!("port {from}"),
            (from, to) => format!("ports {from} to {to}"),
        };
        let address = &resource.address;
        if WORLD.contains(&addresses) && !(from == to && PUBLIC.contains(&from)) {
            let mistake = Mistake::new(format!("{address} lets the whole internet in at {ports}"));
            let help = "name the addresses of clients, or let in their security group".to_owned();
            looked.say(index, path.key(key), "open-to-the-world", mistake.label("every address").help(help));
        }
        if to - from + 1 >= MANY {
            let mistake = Mistake::new(format!("{address} lets {addresses} in at {ports}"));
            let help = "open the ports that are meant, one by one".to_owned();
            looked.say(index, path.key(key), "all-ports-open", mistake.label("all of these ports").help(help));
        }
    }
}

/// The documents of a role or a policy.
pub(super) fn policies(index: usize, resource: &Resource, looked: &mut Looked<'_>) {
    if let Some(document) = map(&resource.properties, "policyDocument") {
        statements(index, resource, document, &PropertyPath::new("policyDocument"), looked);
    }
    for (at, policy) in list(&resource.properties, "policies").iter().enumerate() {
        let Value::Map(policy) = policy else { continue };
        let path = PropertyPath::new("policies").index(at).key("policyDocument");
        if let Some(document) = map(policy, "policyDocument") {
            statements(index, resource, document, &path, looked);
        }
    }
}

fn statements(
    index: usize,
    resource: &Resource,
    document: &BTreeMap<String, Value>,
    path: &PropertyPath,
    looked: &mut Looked<'_>,
) {
    let path = path.key("Statement");
    for (at, statement) in list(document, "Statement").iter().enumerate() {
        let Value::Map(statement) = statement else { continue };
        if statement.get("Effect").and_then(Value::as_str) != Some("Allow") {
            continue;
        }
        let actions: Vec<&str> = match statement.get("Action") {
            Some(Value::String(action)) => vec![action],
            Some(Value::List(actions)) => actions.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        for (which, action) in actions.iter().enumerate() {
            let what = match action.split_once(':') {
                None if *action == "*" => "everything".to_owned(),
                Some((service, "*")) => format!("every action of {service}"),
                _ => continue,
            };
            let mistake = Mistake::new(format!("{} is allowed {what}", resource.address)).label("all actions");
            let help = "name the actions that are needed".to_owned();
            // As `policy_statement` takes it; where it is written otherwise, the statement is shown.
            let path = path.index(at).key("actions").index(which);
            looked.say(index, path, "wildcard-action", mistake.help(help));
        }
    }
}

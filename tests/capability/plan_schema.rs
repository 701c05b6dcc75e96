//! The JSON of plans is what its schema says: every member is described, and nothing else is there. `.ci/plans.py` asks
//! another validator about every script.

use std::collections::BTreeSet;

use hzscript::model::{Address, Json};
use hzscript::plan::schema::{FORMAT_VERSION, SCHEMA};
use hzscript::plan::scope::AddressPattern;
use hzscript::plan::{Action, Reason, Scope, Why};
use serde_json::json;

use crate::support::World;
use crate::support::world::project_script;

fn schema() -> Json {
    serde_json::from_str(SCHEMA).expect("JSON")
}

/// What is wrong with a value, by the part of JSON Schema that the schema uses; a member that is not described is wrong.
fn problems(root: &Json, schema: &Json, value: &Json, at: &str, found: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let of = root.pointer(name.trim_start_matches('#')).unwrap_or_else(|| panic!("{name} is there"));
        return problems(root, of, value, at, found);
    }
    let fits = |schema: &Json| {
        let mut found = Vec::new();
        problems(root, schema, value, at, &mut found);
        found.is_empty()
    };
    for several in ["oneOf", "anyOf"] {
        if let Some(forms) = schema[several].as_array()
            && !forms.iter().any(fits)
        {
            found.push(format!("{at} fits none of its forms: {value}"));
        }
    }
    let fits_type = |name: &Json| match name.as_str().expect("a type") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64(),
        "null" => value.is_null(),
        other => panic!("{other} is a type"),
    };
    let right = match &schema["type"] {
        Json::Null => true,
        Json::Array(names) => names.iter().any(fits_type),
        name => fits_type(name),
    };
    let is_const = schema.get("const").is_none_or(|only| only == value);
    let is_one = schema["enum"].as_array().is_none_or(|all| all.contains(value));
    if !(right && is_const && is_one) {
        found.push(format!("{at}: {value}"));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        let items = schema["prefixItems"].get(index).unwrap_or(&schema["items"]);
        problems(root, items, item, &format!("{at}[{index}]"), found);
    }
    let Some(members) = value.as_object() else { return };
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str) {
        if !members.contains_key(name) {
            found.push(format!("{at} has no {name}"));
        }
    }
    if schema["properties"].is_null() && schema["additionalProperties"].is_null() {
        return;
    }
    for (name, member) in members {
        let below = format!("{at}.{name}");
        match schema["properties"].get(name).or(schema.get("additionalProperties")) {
            Some(schema) => problems(root, schema, member, &below, found),
            None => found.push(format!("{below} is not described")),
        }
    }
}

#[track_caller]
fn fits(name: &str, value: &Json) {
    let root = schema();
    let of = if name.is_empty() { &root } else { &root["$defs"][name] };
    let mut found = Vec::new();
    problems(&root, of, value, name, &mut found);
    assert!(found.is_empty(), "{found:#?}\n{value:#}");
}

#[test]
fn what_is_printed_is_what_is_described() {
    let world = World::new();
    let script = project_script("hazelcast.rhai");
    let judged = |words: &[&str]| {
        let lines = world.hz(words).succeeds().json_lines();
        let plans: Vec<&Json> = lines.iter().filter(|line| line["event"] == "plan").collect();
        assert_eq!(plans.len(), 1, "{words:?}");
        fits("", plans[0]);
    };
    judged(&["plan", &script, "--json", "--exclude", "ecs_service.*"]);
    judged(&["run", &script, "--json", "--yes"]);
    judged(&["plan", &script, "--json", "--set", "cidr=10.1.0.0/16"]);
    let written = world.script("hazelcast.rhai", r#"ec2_vpc("net", #{ cidrBlock: "10.0.0.0/16" });"#);
    judged(&["plan", &written, "--json"]);
    judged(&["destroy", &script, "--json", "--yes"]);
    assert_eq!(world.hz(&["schema", "plan"]).succeeds().stdout.trim_end(), SCHEMA.trim_end());
}

/// The reason after this one, of all there are.
fn next(reason: &Reason) -> Option<Reason> {
    let text = || "text".to_owned();
    let address: Address = "ec2_vpc.net".parse().expect("an address");
    Some(match reason {
        Reason::New => Reason::Vanished { id: text() },
        Reason::Vanished { .. } => Reason::Differs,
        Reason::Differs => Reason::Immutable { paths: vec![text()] },
        Reason::Immutable { .. } => Reason::ReplaceOn,
        Reason::ReplaceOn => Reason::Asked,
        Reason::Asked => Reason::Uses { address },
        Reason::Uses { .. } => Reason::Exclusive { properties: vec![text()] },
        Reason::Exclusive { .. } => Reason::FailedBefore { reason: text() },
        Reason::FailedBefore { .. } => Reason::Unsettled,
        Reason::Unsettled => Reason::Apart { reason: text() },
        Reason::Apart { .. } => Reason::Unfinished,
        Reason::Unfinished => Reason::Protection { on: true },
        Reason::Protection { .. } => Reason::Handling,
        Reason::Handling => Reason::Undeclared,
        Reason::Undeclared => Reason::Destroyed,
        Reason::Destroyed => Reason::Deposed,
        Reason::Deposed => Reason::Adopted { id: text() },
        Reason::Adopted { .. } => return None,
    })
}

#[test]
fn every_reason_and_every_action_is_described() {
    let reasons: Vec<Reason> = std::iter::successors(Some(Reason::New), next).collect();
    for reason in &reasons {
        fits("reason", &json!(reason));
    }
    assert_eq!(reasons.len(), schema()["$defs"]["reason"]["oneOf"].as_array().expect("forms").len());
    let address: Address = "ec2_vpc.net".parse().expect("an address");
    let used = Why::UsedBy { address: address.clone() };
    for why in [Why::Unnamed, Why::Excluded, Why::Needs { address }, used] {
        fits("why", &json!(why));
    }
    let only = vec![AddressPattern::new("ec2_vpc.*")];
    fits("scope", &json!(Scope { only: only.clone(), exclude: only.clone(), except: only.clone(), replace: only }));
    let described = &schema()["$defs"]["change"]["properties"]["action"]["enum"];
    let all = [
        Action::NoOp,
        Action::Settle,
        Action::Import,
        Action::Create,
        Action::Update,
        Action::ReplaceCreateFirst,
        Action::ReplaceDeleteFirst,
        Action::Delete,
        Action::Forget,
    ];
    assert_eq!(json!(all), *described);
}

#[test]
fn every_member_says_what_it_is() {
    fn look(schema: &Json, at: &str, silent: &mut Vec<String>) {
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            if member["description"].as_str().is_none_or(str::is_empty) {
                silent.push(format!("{at}.{name}"));
            }
        }
        match schema {
            // What is below `properties` are members, which may be called as anything.
            Json::Object(parts) => parts.iter().for_each(|(name, below)| match (name.as_str(), below) {
                ("properties", Json::Object(members)) => members.iter().for_each(|(name, member)| {
                    look(member, &format!("{at}.{name}"), silent);
                }),
                _ => look(below, &format!("{at}/{name}"), silent),
            }),
            Json::Array(items) => items.iter().for_each(|item| look(item, at, silent)),
            _ => {}
        }
    }
    let mut silent = Vec::new();
    look(&schema(), "", &mut silent);
    assert!(silent.is_empty(), "{silent:?}");
    let names: BTreeSet<&str> = ["$defs", "$schema", "description", "properties", "required", "title", "type"].into();
    let schema = schema();
    assert_eq!(schema.as_object().expect("an object").keys().map(String::as_str).collect::<BTreeSet<_>>(), names);
    assert_eq!(schema["properties"]["formatVersion"]["const"], FORMAT_VERSION);
}

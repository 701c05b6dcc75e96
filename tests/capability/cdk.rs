//! What a script declares equals what AWS CDK synthesizes for the same choices, but for the differences that
//! `tests/reference/corrections.toml` lists, each with both values and its reason.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value as Json;

use crate::support::World;
use crate::support::graph::Graph;
use crate::support::world::project_script;

/// Made by AWS CDK 2.276 from 61 lines of TypeScript.
const CDK: &str = include_str!("../reference/cdk-orientdb.template.json");

/// The same choices, with the builders.
const BUILDERS: &str = include_str!("../reference/cdk-orientdb.rhai");

/// The same choices, as the stack of the standard library.
const STACK: &str = include_str!("../reference/cdk-orientdb-stack.rhai");

/// Where the scripts differ from CDK's template, and why.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Corrections {
    correction: Vec<Correction>,
}

/// Differences with one reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Correction {
    /// Which scripts differ so.
    scripts: Vec<Of>,
    /// What is wrong in CDK's template; none where both mean the same.
    mistake: Option<String>,
    /// What is right, or why both mean the same.
    why: String,
    /// The differences, as [`Graph::differences`] tells them.
    differences: Vec<String>,
}

/// A script that is compared.
#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Of {
    Builders,
    Stack,
}

fn synthesized(script: &str) -> Json {
    let world = World::new();
    let script = world.script("orientdb.rhai", script);
    let told = world.hz(&["synth", &script, "--format", "json"]).succeeds();
    serde_json::from_str(&told.stdout).expect("JSON")
}

fn cdk() -> Json {
    serde_json::from_str(CDK).expect("JSON")
}

/// Lines of code, less comments and empty ones.
fn lines_of_code(script: &str) -> usize {
    script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

/// Every difference is listed, and every one that is listed is there.
fn compared(of: Of, script: &str) {
    let listed: Corrections = toml::from_str(include_str!("../reference/corrections.toml")).expect("corrections");
    let mut expected = BTreeSet::new();
    for correction in &listed.correction {
        assert!(correction.mistake.as_deref() != Some("") && !correction.why.is_empty(), "{correction:?}");
        for line in correction.differences.iter().filter(|_| correction.scripts.contains(&of)) {
            assert!(expected.insert(line.as_str()), "listed twice: {line}");
        }
    }
    let found = Graph::read(&cdk()).differences(&Graph::read(&synthesized(script)));
    let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    let unexplained: Vec<_> = found.difference(&expected).collect();
    let obsolete: Vec<_> = expected.difference(&found).collect();
    assert!(unexplained.is_empty() && obsolete.is_empty(), "not listed: {unexplained:#?}\nno longer so: {obsolete:#?}");
}

#[test]
fn builders_declare_what_cdk_synthesizes() {
    compared(Of::Builders, BUILDERS);
}

#[test]
fn the_stack_is_what_cdk_synthesizes_but_for_its_corrections() {
    compared(Of::Stack, STACK);
}

#[test]
fn the_stack_takes_at_most_ten_lines() {
    assert!(lines_of_code(STACK) <= 10);
    let script = std::fs::read_to_string(project_script("orientdb.rhai")).expect("readable");
    assert!(lines_of_code(&script) <= 10);
}

#[test]
fn the_stack_has_the_resources_of_cdk_and_three_more_less_a_policy() {
    let count = |template: &Json| {
        let mut types: BTreeMap<String, usize> = BTreeMap::new();
        for resource in template["Resources"].as_object().expect("resources").values() {
            *types.entry(resource["Type"].as_str().expect("a type").to_owned()).or_default() += 1;
        }
        types
    };
    let (theirs, ours) = (count(&cdk()), count(&synthesized(STACK)));
    assert_eq!((theirs.values().sum::<usize>(), ours.values().sum::<usize>()), (33, 35));
    let types: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    let of = |all: &BTreeMap<String, usize>, name: &str| all.get(name).copied().unwrap_or_default();
    let other = types.into_iter().map(|name| (name.as_str(), of(&theirs, name), of(&ours, name)));
    let other: Vec<_> = other.filter(|(_, theirs, ours)| theirs != ours).collect();
    assert_eq!(
        other,
        [
            // A group's rules that name the group itself stand beside it: Hazelcast and binary, between nodes.
            ("AWS::EC2::SecurityGroupIngress", 0, 2),
            // It stands in its role here.
            ("AWS::IAM::Policy", 1, 0),
            // The root password.
            ("AWS::SecretsManager::Secret", 0, 1),
        ]
    );
}

#[test]
fn a_difference_of_any_sort_is_found() {
    let read = |text: &str| Graph::read(&serde_json::from_str::<Json>(text).expect("JSON"));
    let cdk = Graph::read(&cdk());
    assert_eq!(cdk.differences(&read(CDK)), Vec::<String>::new());
    for (text, instead, found) in [
        ("10.0.128.0/18", "10.0.129.0/18", "CidrBlock: \"10.0.128.0/18\" -> \"10.0.129.0/18\""),
        ("\"TaskRoleArn\"", "\"ExecutionRole\"", "ExecutionRole: - -> "),
        ("\"Action\": \"sts:AssumeRole\"", "\"Action\": [\"sts:AssumeRole\"]", ""),
        ("\"AWS::ServiceDiscovery::Service\"", "\"AWS::ServiceDiscovery::HttpNamespace\"", "only in the second"),
        ("\"DeletionPolicy\": \"Delete\"", "\"DeletionPolicy\": \"Retain\"", "DeletionPolicy: - -> \"Retain\""),
        ("\"Parameters\"", "\"Outputs\"", "Outputs BootstrapVersion: only in the second"),
        (
            "\"OrientDBVPCVPCGWBDF71AC6\"\n   ]",
            "\"OrientDBVPCIGW6BA99754\"\n   ]",
            "DefaultRoute907E83A6 DependsOn: OrientDBVPCVPCGWBDF71AC6 -> -",
        ),
    ] {
        assert!(CDK.contains(text), "{text}");
        let differences = cdk.differences(&read(&CDK.replace(text, instead)));
        let told = differences.iter().any(|line| line.contains(found));
        assert_eq!(told, !found.is_empty(), "{text}: {differences:#?}");
    }
    // An order that references imply need not be said.
    let mut implied: Json = serde_json::from_str(CDK).expect("JSON");
    let service = implied["Resources"]["OrientDBService67EE3139"].as_object_mut().expect("the service");
    assert!(service.remove("DependsOn").is_some());
    assert_eq!(cdk.differences(&Graph::read(&implied)), Vec::<String>::new());
}

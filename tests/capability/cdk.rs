//! What a script declares equals what AWS CDK synthesizes for the same choices, but for corrections that are listed here.

use serde_json::Value as Json;

use crate::support::World;
use crate::support::graph::Graph;

/// Made by AWS CDK 2.276 from 61 lines of TypeScript.
const CDK: &str = include_str!("../reference/cdk-orientdb.template.json");

/// The same choices, with the builders.
const BUILDERS: &str = include_str!("../reference/cdk-orientdb.rhai");

/// The same choices, as the stack of the standard library.
const STACK: &str = include_str!("../reference/cdk-orientdb-stack.rhai");

/// A pattern of differences, `*` standing for any text, and why they may be.
type Correction = (&'static str, &'static str);

/// What differs however it is declared.
const SPELLING: &[Correction] = &[
    (
        "AWS::EC2::* Tags.*: * -> *",
        "CDK tags with places in its own tree; a run of hzscript names each by its declaration, a template those that the \
         script names",
    ),
    ("AWS::EC2::VPC * InstanceTenancy: \"default\" -> -", "CDK writes the default; without it AWS takes the same"),
    ("AWS::EC2::Subnet * MapPublicIpOnLaunch: false -> -", "CDK writes the default; without it AWS takes the same"),
    ("AWS::ECS::Service * DeploymentConfiguration.Alarms.*: * -> -", "CDK writes that there are no alarms"),
    ("AWS::ECS::Service * EnableECSManagedTags: false -> -", "CDK writes the default"),
    (
        "AWS::ServiceDiscovery::Service * DnsConfig.NamespaceId: * -> -",
        "CDK says it twice: this place is deprecated for the one beside it",
    ),
];

/// What the builders leave to be made up.
const NAMES: &[Correction] = &[
    ("AWS::IAM::Role * Policies[0].PolicyName: * -> \"default\"", "both make the name up"),
    ("AWS::ECS::TaskDefinition * Family: * -> -", "CDK makes the name up, a template leaves that to CloudFormation"),
];

/// What the stack does otherwise, so that its nodes start and find each other.
const STACK_CORRECTIONS: &[Correction] = &[
    ("AWS::IAM::Role * Description: - -> *", "both roles say what they are for"),
    (
        "AWS::IAM::Role ECSTaskRole* Policies[0].*: * -> -",
        "OrientDB has no plugin that asks ECS for its like: nodes find each other by DNS, and their role allows nothing",
    ),
    (
        "AWS::IAM::Role ECSExecutionRole* Policies[0].*: * -> *",
        "the managed policy lets ECS write logs already; what is added lets it read the root password",
    ),
    ("AWS::SecretsManager::Secret *: only in the second", "CDK's stack leaves the root password to the image"),
    ("AWS::ECS::TaskDefinition * ContainerDefinitions[0].Secrets[0].*: - -> *", "the same"),
    ("AWS::EC2::SecurityGroup * GroupDescription: * -> *", "each says what it is for in its own words"),
    (
        "AWS::EC2::SecurityGroup * GroupName: - -> \"OrientDBSecurityGroup\"",
        "the guide names the group, CDK's stack did not",
    ),
    (
        "AWS::EC2::SecurityGroup * SecurityGroupEgress[0].*: * -> -",
        "CDK writes the rule that a group has when none is given: everything may go out",
    ),
    (
        "AWS::EC2::SecurityGroup * SecurityGroupIngress[*].*: * -> *",
        "CDK's stack opens 5701, where OrientDB does not listen, and ping to the world; clients' ports 2424, 2480 and 8182 \
         are open to the VPC",
    ),
    (
        "AWS::EC2::SecurityGroupIngress *Self*: only in the second",
        "nodes reach each other at 2434 and 2424, and nobody else reaches 2434",
    ),
    (
        "AWS::ECS::Service * DeploymentConfiguration.DeploymentCircuitBreaker.*: - -> true",
        "a deployment that cannot succeed ends and is rolled back",
    ),
    (
        "AWS::ECS::Service * DeploymentConfiguration.MinimumHealthyPercent: 50 -> 100",
        "a node goes when its successor is there: with half of them the data of a cluster of three is in danger",
    ),
    (
        "AWS::ECS::Service * ServiceRegistries[0].Container*: - -> *",
        "the Hazelcast in OrientDB up to 3.2.10 resolves SRV records only, which have a port",
    ),
    ("AWS::ServiceDiscovery::Service * DnsConfig.DnsRecords[0].Type: \"A\" -> \"SRV\"", "the same"),
    (
        "AWS::ECS::TaskDefinition * ContainerDefinitions[0].Command[*]: - -> *",
        "the image starts a server that is not distributed; hazelcast.xml is written first, with the task's own address",
    ),
    (
        "AWS::ECS::TaskDefinition * ContainerDefinitions[0].Environment[*].*: - -> *",
        "the configuration of Hazelcast, and a heap and disk cache that fit into the task's memory",
    ),
    ("AWS::ECS::TaskDefinition * ContainerDefinitions[0].HealthCheck.*: - -> *", "ECS replaces a node that hangs"),
    ("AWS::ECS::TaskDefinition * ContainerDefinitions[0].PortMappings[*].*: - -> *", "CDK's stack maps no port"),
    (
        "AWS::ECS::TaskDefinition * ContainerDefinitions[0].StopTimeout: - -> 120",
        "nodes have time to leave the cluster",
    ),
    ("AWS::ECS::TaskDefinition * Family: * -> \"OrientDBTaskDef\"", "CDK makes the name up, the guide gives one"),
];

#[test]
fn builders_declare_what_cdk_synthesizes() {
    compared(BUILDERS, &[SPELLING, NAMES]);
}

#[test]
fn the_stack_is_what_cdk_synthesizes_but_for_its_corrections() {
    compared(STACK, &[SPELLING, STACK_CORRECTIONS]);
}

/// Compares a script with CDK's template: each difference must be explained, and each explanation needed.
fn compared(script: &str, corrections: &[&[Correction]]) {
    let world = World::new();
    let script = world.script("orientdb.rhai", script);
    let ours = world.hz(&["synth", &script, "--format", "json"]).succeeds().stdout;
    let read = |text: &str| Graph::read(&serde_json::from_str::<Json>(text).expect("JSON"));
    let (cdk, ours) = (read(CDK), read(&ours));
    // A policy beside its role counts as part of the role.
    assert_eq!(cdk.resources(), 32);
    let found = cdk.differences(&ours);
    let corrections = || corrections.iter().copied().flatten();
    let unexplained: Vec<&String> =
        found.iter().filter(|line| !corrections().any(|(pattern, _)| is_like(line, pattern))).collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    for (pattern, why) in corrections() {
        assert!(found.iter().any(|line| is_like(line, pattern)), "no difference any more: {pattern} ({why})");
    }
}

/// Whether a line is the pattern's text, with any text for each `*`.
fn is_like(line: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => line == pattern,
        Some((text, rest)) => line.strip_prefix(text).is_some_and(|line| {
            let places = line.char_indices().map(|(at, _)| at).chain([line.len()]);
            places.into_iter().any(|at| is_like(&line[at..], rest))
        }),
    }
}

#[test]
fn a_difference_of_any_sort_is_found() {
    let read = |text: &str| Graph::read(&serde_json::from_str::<Json>(text).expect("JSON"));
    let cdk = read(CDK);
    assert_eq!(cdk.differences(&read(CDK)), Vec::<String>::new());
    for (text, instead, found) in [
        ("10.0.128.0/18", "10.0.129.0/18", "CidrBlock: \"10.0.128.0/18\" -> \"10.0.129.0/18\""),
        ("\"TaskRoleArn\"", "\"ExecutionRole\"", "ExecutionRole: - -> "),
        ("\"Action\": \"sts:AssumeRole\"", "\"Action\": [\"sts:AssumeRole\"]", ""),
        ("\"AWS::ServiceDiscovery::Service\"", "\"AWS::ServiceDiscovery::HttpNamespace\"", "only in the second"),
    ] {
        assert!(CDK.contains(text));
        let differences = cdk.differences(&read(&CDK.replace(text, instead)));
        let told = differences.iter().any(|line| line.contains(found));
        assert_eq!(told, !found.is_empty(), "{text}: {differences:#?}");
    }
}

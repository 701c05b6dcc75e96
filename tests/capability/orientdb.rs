//! The stack of OrientDB as a user runs it.

use std::collections::BTreeMap;

use crate::support::World;

/// How many of each type there are.
fn types(world: &World) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (type_name, _) in world.exists() {
        *counts.entry(type_name).or_default() += 1;
    }
    counts.into_iter().map(|(type_name, count)| format!("{count} {type_name}")).collect()
}

#[test]
fn a_name_alone_is_a_complete_stack() {
    let world = World::new();
    let script = world.script("orient.rhai", "orientdb_fargate_stack(#{ name: \"orient\" });");
    world.hz(&["plan", &script]).succeeds().told("27 to create").told("give `cloudNamespace: \"orientdb.com\"`");
    assert_eq!(types(&world), Vec::<String>::new());
    world.hz(&["run", &script, "--yes"]).succeeds().told("3/3 tasks running");
    // A network of two zones with one way out, and a service with all it needs.
    insta::assert_snapshot!(types(&world).join("\n"), @r"
    1 AWS::EC2::EIP
    1 AWS::EC2::InternetGateway
    1 AWS::EC2::NatGateway
    3 AWS::EC2::Route
    3 AWS::EC2::RouteTable
    1 AWS::EC2::SecurityGroup
    4 AWS::EC2::Subnet
    4 AWS::EC2::SubnetRouteTableAssociation
    1 AWS::EC2::VPC
    1 AWS::EC2::VPCGatewayAttachment
    1 AWS::ECS::Cluster
    1 AWS::ECS::Service
    1 AWS::ECS::TaskDefinition
    2 AWS::IAM::Role
    1 AWS::Logs::LogGroup
    1 AWS::SecretsManager::Secret
    ");
    world.hz(&["plan", &script, "--detailed-exitcode"]).exits_with(0);
    world.hz(&["destroy", &script, "--yes"]).succeeds();
    assert_eq!(types(&world), Vec::<String>::new());
}

#[test]
fn what_nodes_keep_outlives_the_stack_unless_it_must_not() {
    let world = World::new();
    let stack = |persistence: &str| {
        let properties = format!("name: \"orient\", desiredCount: 1, persistence: {persistence}");
        world.script("orient.rhai", &format!("orientdb_fargate_stack(#{{ {properties} }});"))
    };
    for persistence in ["true", "#{ retain: false }"] {
        let script = stack(persistence);
        world.hz(&["run", &script, "--yes"]).succeeds();
        world.hz(&["plan", &script, "--detailed-exitcode"]).exits_with(0);
        world.hz(&["destroy", &script, "--yes"]).succeeds();
        // The one of the first run; that of the second was another, and is gone.
        assert_eq!(types(&world), ["1 AWS::EFS::FileSystem"], "{persistence}");
    }
}

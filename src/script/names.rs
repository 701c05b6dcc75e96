//! Names that scripts cannot define functions under: those of the language.

use rhai::AST;

use super::{Functions, library};
use crate::model::schemas;

/// Functions of the language beside the builders and the standard library, and how each is called.
pub(super) const FUNCTIONS: [(&str, &str); 25] = [
    ("aws_resource", "aws_resource(\"AWS::SNS::Topic\", \"name\", #{ … }), and options in a fourth place"),
    ("input", "input(\"name\"), or input(\"name\", default)"),
    ("output", "output(\"name\", value)"),
    ("secret", "secret(\"text\")"),
    ("merge", "merge(#{ … }, #{ … })"),
    ("json", "json(value)"),
    ("parse_json", "parse_json(\"text\")"),
    ("print", "print(value)"),
    ("debug", "debug(value)"),
    ("policy_statement", "policy_statement(#{ actions: …, resources: … })"),
    ("policy_document", "policy_document([#{ actions: …, resources: … }])"),
    ("assume_role", "assume_role(\"ecs-tasks.amazonaws.com\")"),
    ("service_principal", "service_principal(\"ecs-tasks.amazonaws.com\")"),
    ("managed_policy", "managed_policy(\"service-role/AmazonECSTaskExecutionRolePolicy\")"),
    ("availability_zones", "availability_zones()"),
    ("region", "region()"),
    ("caller_identity", "caller_identity()"),
    ("existing_vpc", "existing_vpc(#{ name: … }), or with its id"),
    ("cidr_subnets", "cidr_subnets(\"10.0.0.0/16\", bits, count)"),
    ("cidr_pattern", "cidr_pattern(\"10.0.0.0/16\")"),
    ("cidr_prefix", "cidr_prefix(\"10.0.0.0/16\")"),
    ("is_kind", "is_kind(value, \"ec2_vpc\")"),
    ("known_properties", "known_properties(map, #{ name: \"type\" }, \"function\")"),
    ("mistake", "mistake(\"property\", \"message\")"),
    ("warn", "warn(\"property\" or (), \"message\"), and the way out in a third place"),
];

/// Methods of handles, and how each is called.
pub(super) const METHODS: [(&str, &str); 11] = [
    ("add_to_policy", "role.add_to_policy(#{ actions: …, resources: … }), or with the policy's name before it"),
    ("attach_managed_policy", "role.attach_managed_policy(\"name or ARN\")"),
    ("add_container", "definition.add_container(\"name\", #{ image: … })"),
    ("add_port_mappings", "container.add_port_mappings(5701), or with a map or a list of them"),
    ("add_volume", "definition.add_volume(#{ name: … })"),
    ("add_to_task_role_policy", "definition.add_to_task_role_policy(#{ actions: …, resources: … })"),
    ("add_to_execution_role_policy", "definition.add_to_execution_role_policy(#{ actions: …, resources: … })"),
    ("add_ingress", "group.add_ingress(#{ ipProtocol: …, … })"),
    ("add_egress", "group.add_egress(#{ ipProtocol: …, … })"),
    (
        "expect_cluster",
        "service.expect_cluster(#{ product: \"hazelcast\" }), or with port, size, container and namespace as well",
    ),
    ("allow_from", "group.allow_from(group or \"10.0.0.0/16\", 5701), and a description in a third place"),
];

/// Whether the language has a function of that name, builders and the standard library aside.
pub(super) fn is_function(name: &str) -> bool {
    FUNCTIONS.iter().any(|(function, _)| *function == name)
}

/// Functions a script defines under a name that is taken: they would silently stand in for it.
pub(super) fn taken(ast: &AST, own: &Functions) -> Vec<String> {
    let is_taken = |name: &str| {
        is_function(name)
            || own.has(name)
            || library::names().contains(name)
            || schemas().kinds().any(|(kind, _)| kind.as_str() == name)
    };
    ast.iter_functions().map(|function| function.name.to_owned()).filter(|name| is_taken(name)).collect()
}

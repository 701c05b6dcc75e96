//! Names that scripts cannot define functions under: those of the language.

use rhai::AST;

use super::library;
use crate::model::schemas;

/// Functions of the language beside the builders and the standard library.
pub(super) const FUNCTIONS: [&str; 19] = [
    "input",
    "output",
    "secret",
    "merge",
    "json",
    "parse_json",
    "print",
    "debug",
    "policy_statement",
    "policy_document",
    "assume_role",
    "availability_zones",
    "region",
    "caller_identity",
    "cidr_subnets",
    "cidr_pattern",
    "cidr_prefix",
    "known_properties",
    "mistake",
];

/// Functions a script defines under a name that is taken: they would silently stand in for it.
pub(super) fn taken(ast: &AST) -> Vec<String> {
    let is_taken = |name: &str| {
        FUNCTIONS.contains(&name)
            || library::names().contains(name)
            || schemas().kinds().any(|(kind, _)| kind.as_str() == name)
    };
    ast.iter_functions().map(|function| function.name.to_owned()).filter(|name| is_taken(name)).collect()
}

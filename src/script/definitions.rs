//! Definitions for editors: what scripts can call, as files `.d.rhai` that Rhai's language server reads. They declare and
//! do nothing.
//!
//! Such a file begins with `module static;`, which makes its functions global; then each function with its documentation,
//! its parameters and their types, and what it returns.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{library, names};
use crate::model::{KindSchema, PropertyPath, schemas};

/// How wide the text of documentation is, in columns.
const WIDTH: usize = 100;

/// The files, by name.
pub fn definitions() -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("builders.d.rhai", builders()),
        ("stdlib.d.rhai", standard_library()),
        ("language.d.rhai", language()),
        ("tests.d.rhai", tests()),
    ])
}

fn begun(about: &str) -> String {
    format!("// {about}\n// Written by `hzscript definitions`; changes are lost.\n\nmodule static;\n")
}

/// A comment before a function.
fn comment(text: &str, out: &mut String) {
    for line in text.lines() {
        let mut room = WIDTH;
        let mut line_out = String::new();
        for word in line.split(' ') {
            if !line_out.is_empty() && word.chars().count() + 1 > room {
                let _ = writeln!(out, "/// {}", line_out.trim_end());
                line_out.clear();
                room = WIDTH;
            }
            if !line_out.is_empty() {
                line_out.push(' ');
            }
            room = room.saturating_sub(word.chars().count() + 1);
            line_out.push_str(word);
        }
        let _ = writeln!(out, "{}", format!("/// {line_out}").trim_end());
    }
}

fn builders() -> String {
    let mut out = begun("Builders: one for each kind of resource.");
    for (kind, _) in schemas().kinds() {
        let Some(schema) = schemas().by_kind(kind) else { continue };
        out.push('\n');
        documentation(schema, &mut out);
        for parameters in
            ["name: string", "name: string, properties: map", "name: string, properties: map, options: map"]
        {
            let _ = writeln!(out, "fn {kind}({parameters}) -> resource;");
        }
    }
    out
}

/// What is said of a builder: its type, its properties, and the attributes that its handle has beside them.
fn documentation(schema: &KindSchema, out: &mut String) {
    comment(&format!("Declares one `{}`.", schema.type_name), out);
    let required = &schema.required;
    let settable = schema.shape.properties.keys().filter(|name| !schema.is_read_only(&PropertyPath::new(name)));
    let (must, may): (Vec<&String>, Vec<&String>) = settable.partition(|name| required.contains(*name));
    let listed = |names: &[&String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if !must.is_empty() {
        comment(&format!("\nRequired: {}.", listed(&must)), out);
    }
    if !may.is_empty() {
        comment(&format!("\nOptional: {}.", listed(&may)), out);
    }
    let attributes: Vec<String> = schema.attributes().into_iter().map(|name| format!("`{name}`")).collect();
    if !attributes.is_empty() {
        comment(&format!("\nAttributes: {}.", attributes.join(", ")), out);
    }
}

fn standard_library() -> String {
    let mut out = begun("The standard library.");
    for (name, comments) in library::documented() {
        out.push('\n');
        for line in comments.iter().flat_map(|comment| comment.lines()) {
            let _ = writeln!(out, "{}", line.trim_end());
        }
        let _ = writeln!(out, "fn {name}(properties: map) -> ?;");
    }
    out
}

fn language() -> String {
    let mut out = begun("Functions and methods of the language beside Rhai's own.");
    // Those that Rhai has of itself are in the definitions that its language server brings.
    for (name, usage) in names::FUNCTIONS.into_iter().filter(|(name, _)| !["print", "debug"].contains(name)) {
        written(name, usage, FUNCTIONS, &mut out);
    }
    for (name, usage) in names::METHODS {
        written(name, usage, METHODS, &mut out);
    }
    out
}

fn tests() -> String {
    let mut out = begun("Functions of tests: `hzscript test`.");
    for (name, usage) in super::testing::FUNCTIONS {
        written(name, usage, TESTS, &mut out);
    }
    out
}

/// How each function is declared: name, then parameters and what it returns for each way to call it.
type Signatures = &'static [(&'static str, &'static [&'static str])];

fn written(name: &str, usage: &str, signatures: Signatures, out: &mut String) {
    out.push('\n');
    comment(&format!("`{usage}`"), out);
    for (_, ways) in signatures.iter().filter(|(known, _)| *known == name) {
        for way in *ways {
            let _ = writeln!(out, "fn {name}{way};");
        }
    }
}

const FUNCTIONS: Signatures = &[
    (
        "aws_resource",
        &[
            "(kind: string, name: string) -> resource",
            "(kind: string, name: string, properties: map) -> resource",
            "(kind: string, name: string, properties: map, options: map) -> resource",
        ],
    ),
    ("input", &["(name: string) -> ?", "(name: string, otherwise: ?) -> ?"]),
    ("output", &["(name: string, value: ?) -> ()"]),
    ("secret", &["(text: string) -> string"]),
    ("merge", &["(one: map, other: map) -> map"]),
    ("json", &["(value: ?) -> string"]),
    ("parse_json", &["(text: string) -> ?"]),
    ("policy_statement", &["(statement: map) -> map"]),
    ("policy_document", &["(statements: array) -> map"]),
    ("assume_role", &["(service: string) -> map"]),
    ("service_principal", &["(service: string) -> map"]),
    ("managed_policy", &["(name: string) -> string"]),
    ("availability_zones", &["() -> array"]),
    ("region", &["() -> string"]),
    ("caller_identity", &["() -> map"]),
    ("existing_vpc", &["(which: map) -> map"]),
    ("cidr_subnets", &["(network: string, bits: int, count: int) -> array"]),
    ("cidr_pattern", &["(network: string) -> string"]),
    ("cidr_prefix", &["(network: string) -> int"]),
    ("is_kind", &["(value: ?, kind: string) -> bool"]),
    (
        "known_properties",
        &[
            "(given: map, known: map, owner: string) -> ()",
            "(given: map, known: map, owner: string, within: string) -> ()",
        ],
    ),
    ("mistake", &["(property: string, message: string) -> ()"]),
    ("warn", &["(property: ?, message: string) -> ()", "(property: ?, message: string, help: string) -> ()"]),
];

const METHODS: Signatures = &[
    (
        "add_to_policy",
        &[
            "(role: resource, statement: map) -> resource",
            "(role: resource, policy: string, statement: map) -> resource",
        ],
    ),
    ("attach_managed_policy", &["(role: resource, policy: string) -> resource"]),
    ("add_container", &["(definition: resource, name: string, properties: map) -> container"]),
    ("add_port_mappings", &["(container: container, ports: ?) -> container"]),
    ("add_volume", &["(definition: resource, volume: map) -> resource"]),
    ("add_to_task_role_policy", &["(definition: resource, statement: map) -> resource"]),
    ("add_to_execution_role_policy", &["(definition: resource, statement: map) -> resource"]),
    ("add_ingress", &["(group: resource, rule: map) -> resource"]),
    ("add_egress", &["(group: resource, rule: map) -> resource"]),
    ("expect_cluster", &["(service: resource, expected: map) -> resource"]),
    (
        "allow_from",
        &[
            "(group: resource, from: ?, port: int) -> resource",
            "(group: resource, from: ?, port: int, description: string) -> resource",
        ],
    ),
];

const TESTS: Signatures = &[
    ("plan", &["(script: string) -> plan", "(script: string, inputs: map) -> plan"]),
    ("assert", &["(holds: bool) -> ()", "(holds: bool, message: string) -> ()"]),
    ("assert_eq", &["(actual: ?, expected: ?) -> ()", "(actual: ?, expected: ?, message: string) -> ()"]),
    ("assert_ne", &["(actual: ?, other: ?) -> ()", "(actual: ?, other: ?, message: string) -> ()"]),
    ("assert_contains", &["(whole: ?, part: ?) -> ()", "(whole: ?, part: ?, message: string) -> ()"]),
    ("assert_fails", &["(script: string, part: string) -> ()", "(script: string, inputs: map, part: string) -> ()"]),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::OnceLock;

    use regex::Regex;

    use super::*;

    /// Words that are no names in definitions, for they are none in Rhai.
    const RESERVED: [&str; 12] =
        ["default", "print", "debug", "type_of", "module", "static", "public", "new", "with", "match", "this", "exit"];

    /// Functions that a file declares, as name and number of parameters. Panics where a line is not what the grammar of
    /// definitions allows: `module static;` first, then comments and `fn name(parameter: type, …) -> type;`.
    fn declared(file: &str, text: &str) -> BTreeSet<(String, usize)> {
        static FORM: OnceLock<Regex> = OnceLock::new();
        let form = FORM.get_or_init(|| {
            let kind = r"(?:[a-z]+|\?|\(\))";
            let parameter = format!(r"[a-z_]+: {kind}");
            Regex::new(&format!(r"^fn ([a-z][a-z0-9_]*)\(((?:{parameter}(?:, {parameter})*)?)\) -> {kind};$"))
                .expect("an expression")
        });
        let mut code = text.lines().filter(|line| !line.is_empty() && !line.starts_with("//"));
        assert_eq!(code.next(), Some("module static;"), "{file}");
        let function = |line: &str| {
            let found = form.captures(line).unwrap_or_else(|| panic!("{file}: {line}"));
            let parameters: Vec<&str> = found[2].split(", ").filter(|parameter| !parameter.is_empty()).collect();
            let mut names: Vec<&str> = parameters.iter().filter_map(|parameter| parameter.split(':').next()).collect();
            names.push(&found[1]);
            assert!(names.iter().all(|name| !RESERVED.contains(name)), "{file}: {line}");
            (found[1].to_owned(), parameters.len())
        };
        let declared = code.map(function).collect();
        let lines: Vec<&str> = text.lines().collect();
        for pair in lines.windows(2).filter(|pair| pair[0].starts_with("///")) {
            assert!(
                pair[1].starts_with("///") || pair[1].starts_with("fn "),
                "{file}: a comment of nothing: {}",
                pair[0]
            );
        }
        assert!(lines.iter().all(|line| !line.ends_with(' ')), "{file}");
        declared
    }

    #[test]
    fn they_are_definitions_and_declare_what_there_is() {
        let files = definitions();
        let mut all = BTreeSet::new();
        for (file, text) in files.iter().filter(|(file, _)| **file != "tests.d.rhai") {
            all.extend(declared(file, text));
        }
        let registered = super::super::evaluator::signatures();
        for function in &all {
            assert!(registered.contains(function), "{function:?} cannot be called");
        }
        let known = |name: &str| all.iter().any(|(declared, _)| declared == name);
        for (name, _) in names::FUNCTIONS.iter().chain(&names::METHODS) {
            assert!(known(name) || ["print", "debug"].contains(name), "{name}");
        }
        assert!(schemas().kinds().all(|(kind, _)| known(kind.as_str())));
        assert!(library::names().iter().all(|name| known(name)));
        let tests = declared("tests.d.rhai", &files["tests.d.rhai"]);
        for (name, _) in super::super::testing::FUNCTIONS {
            assert!(tests.iter().any(|(declared, _)| declared == name), "{name}");
        }
    }

    #[test]
    fn what_is_known_of_a_name_is_in_its_comment() {
        let files = definitions();
        let before = |file: &str, line: &str| {
            let text = &files[file];
            let at = text.find(line).unwrap_or_else(|| panic!("{line}"));
            let paragraph = text[..at].rsplit("\n\n").next().unwrap_or_default();
            paragraph.to_owned()
        };
        let builder = before("builders.d.rhai", "fn logs_log_group(name: string) -> resource;");
        for part in ["/// Declares one `AWS::Logs::LogGroup`.", "`retentionInDays`", "/// Attributes: `arn`"] {
            assert!(builder.contains(part), "{part}: {builder}");
        }
        assert!(before("stdlib.d.rhai", "fn network(properties: map)").contains("/// - `cidr`: addresses of the VPC"));
        assert!(
            before("language.d.rhai", "fn allow_from(group: resource, from: ?, port: int) ->")
                .contains("group.allow_from(")
        );
    }
}

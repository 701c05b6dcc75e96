//! Entries of builders: what the schema says of a kind, and what its code sends of that.

use super::{Entry, Heading, Property, Section, examples};
use crate::kinds::{self, Facts};
use crate::model::{Format, JsonType, KindName, KindSchema, PathPattern, PropertyPath, Shape, schemas};

/// Attributes of every handle, whatever its kind.
const ALWAYS: [&str; 4] = ["id", "arn", "name", "address"];

/// What builders take beside the properties of their schemas: the CloudFormation type, the property it is in (none at the
/// top), its name, what it is, and what becomes of it.
pub(super) const FORMS: [(&str, &str, &str, &str, &str); 4] = [
    (
        "AWS::IAM::Role",
        "",
        "assumedBy",
        "a principal, such as `service_principal(…)`",
        "Who may assume the role, in place of `assumeRolePolicyDocument`.",
    ),
    (
        "AWS::IAM::Role",
        "",
        "inlinePolicies",
        "a map",
        "From the name of each policy to its document, such as `policy_document(…)`; becomes `policies`.",
    ),
    (
        "AWS::IAM::Role",
        "",
        "managedPolicies",
        "a list of strings",
        "Managed policies by name or ARN, such as `managed_policy(…)`; becomes `managedPolicyArns`.",
    ),
    (
        "AWS::ECS::TaskDefinition",
        "containerDefinitions",
        "logging",
        "what `aws_logs(…)` returns",
        "Where the output goes, in place of `logConfiguration`. Of `add_container` only.",
    ),
];

/// Properties that may be written in another way than the schema's.
const ALSO: [(&str, &str, &str, &str); 3] = [
    (
        "AWS::ECS::TaskDefinition",
        "containerDefinitions",
        "environment",
        "With `add_container` also a map from name to value.",
    ),
    (
        "AWS::ECS::TaskDefinition",
        "containerDefinitions",
        "secrets",
        "With `add_container` also a map from name to a secret or its ARN; the execution role is then allowed to read it.",
    ),
    ("AWS::SecretsManager::Secret", "", "secretString", "It is secret whether the script says so or not."),
];

/// The heading of a builder.
pub(super) fn heading(kind: &KindName, type_name: &str) -> Heading {
    Heading {
        name: kind.as_str().to_owned(),
        section: Section::Builder,
        service: type_name.split("::").nth(1).map(str::to_owned),
        type_name: Some(type_name.to_owned()),
        summary: examples::of(kind.as_str()).map(|example| example.summary).unwrap_or_default(),
    }
}

/// The entry of a builder.
pub(super) fn entry(schema: &KindSchema) -> Entry {
    let facts = kinds::by_type(&schema.type_name).map(|kind| kind.facts());
    let reader = Reader { schema, facts };
    let mut attributes: Vec<String> = schema.attributes().into_iter().map(str::to_owned).collect();
    attributes.extend(
        ALWAYS.iter().filter(|name| !schema.shape.properties.contains_key(**name)).map(|name| (*name).to_owned()),
    );
    attributes.sort();
    attributes.dedup();
    let heading = heading(&schema.kind, &schema.type_name);
    let name = &heading.name;
    Entry {
        signatures: vec![format!("{name}(name, properties, options)")],
        text: reader.text(),
        properties: reader.properties(&schema.shape, &PropertyPath::whole()),
        attributes,
        returns: Some("A handle: its properties as declared, and what AWS says of it once it exists.".to_owned()),
        example: examples::of(name).map(|example| example.script),
        heading,
    }
}

struct Reader<'a> {
    schema: &'a KindSchema,
    facts: Option<&'static Facts>,
}

impl Reader<'_> {
    /// What holds of the kind as a whole.
    fn text(&self) -> String {
        let mut sentences = Vec::new();
        if self.facts.is_none() {
            sentences.push(
                "There is no code for this kind yet: its properties are checked and `synth` writes it, but planning refuses it."
                    .to_owned(),
            );
        }
        sentences.extend(together(&self.schema.shape));
        if self.schema.delete_before_create {
            sentences.push("A replacement is made once the old one is gone.".to_owned());
        }
        sentences.join(" ")
    }

    /// The properties of an object at a path; positions in lists are 0.
    fn properties(&self, shape: &Shape, at: &PropertyPath) -> Vec<Property> {
        let declared = shape.properties.iter().filter_map(|(name, property)| {
            let path = at.key(name);
            (!self.schema.is_read_only(&path)).then(|| self.property(name, &property.shape, shape, &path))
        });
        let mut properties: Vec<Property> = declared.collect();
        let own = FORMS.iter().filter(|(kind, within, ..)| *kind == self.schema.type_name && *within == inside(at));
        properties.extend(own.map(|(_, _, name, takes, text)| Property {
            names: vec![(*name).to_owned()],
            takes: (*takes).to_owned(),
            text: (*text).to_owned(),
            ..Property::default()
        }));
        properties.sort_by(|one, other| one.names.cmp(&other.names));
        properties
    }

    fn property(&self, name: &str, shape: &Shape, owner: &Shape, path: &PropertyPath) -> Property {
        let required = owner.required.iter().any(|required| required == name)
            || (path.steps().len() == 1 && self.schema.required.iter().any(|required| required == name));
        let items = shape.items.as_deref().unwrap_or(shape);
        let inner = if shape.items.is_some() { path.index(0) } else { path.clone() };
        let deprecated = self.schema.deprecated.iter().any(|pattern| pattern.covers(path));
        let also = ALSO.iter().find(|(kind, within, own, _)| {
            *kind == self.schema.type_name && *own == name && path.parent().is_some_and(|at| *within == inside(&at))
        });
        Property {
            names: vec![name.to_owned()],
            takes: takes(shape),
            required,
            replaces: self.replaces(path),
            write_only: self.schema.is_write_only(path),
            deprecated,
            refused: self.refused(path),
            default: shape.default.as_ref().map(ToString::to_string),
            choices: items.choices.iter().map(ToString::to_string).collect(),
            // What a document of IAM's may look like says nothing to whoever writes one.
            pattern: items.pattern.as_ref().filter(|_| !shape.is_policy()).map(|pattern| pattern.source().to_owned()),
            limits: if shape.is_policy() { Vec::new() } else { limits(name, shape, owner) },
            text: also.map(|(.., text)| (*text).to_owned()).unwrap_or_default(),
            properties: self.properties(items, &inner),
        }
    }

    fn replaces(&self, path: &PropertyPath) -> bool {
        let by_code = self.facts.is_some_and(|facts| facts.replaces.iter().any(|name| *name == path.root()));
        self.schema.replaces(path) || (by_code && path.steps().len() == 1)
    }

    fn refused(&self, path: &PropertyPath) -> bool {
        let Some(facts) = self.facts else { return false };
        let reaches = |text: &&str| {
            let pattern = PathPattern::parse(text);
            pattern.covers(path) || pattern.is_inside(path)
        };
        !facts.sends.iter().any(reaches) || facts.except.iter().any(|text| PathPattern::parse(text).covers(path))
    }
}

/// The property that an object stands in, positions left aside; empty for the resource as a whole.
fn inside(path: &PropertyPath) -> String {
    path.to_string().replace("[0]", "")
}

/// What holds of properties together, as sentences.
fn together(shape: &Shape) -> Vec<String> {
    let one = |how: &str, sets: &[Vec<String>]| -> Vec<String> {
        sets.iter().map(|set| format!("{how} one of {} must be given.", named(set, "or"))).collect()
    };
    let mut sentences = one("At least", &shape.required_or);
    sentences.extend(one("Exactly", &shape.required_xor));
    sentences
}

fn named(names: &[String], last: &str) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [rest @ .., end] if !rest.is_empty() => format!("{} {last} {end}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// What a value is, in words.
fn takes(shape: &Shape) -> String {
    if shape.is_policy() {
        return "a policy document".to_owned();
    }
    if shape.is_document() {
        return "a map, or a text of JSON".to_owned();
    }
    match &shape.format {
        Some(Format::Ipv4Network) => return "a network such as `10.0.0.0/16`".to_owned(),
        Some(Format::Ipv6Network) => return "a network such as `2001:db8::/56`".to_owned(),
        Some(Format::Named { name, .. }) => {
            if let Some(text) = of_kind(name) {
                return text;
            }
        }
        Some(Format::Json) | None => {}
    }
    let types: Vec<String> = shape.types.iter().map(|one| one_type(*one, shape)).collect();
    match types.as_slice() {
        [] if !shape.properties.is_empty() => "a map".to_owned(),
        [] => "any value".to_owned(),
        several => several.join(" or "),
    }
}

/// What is meant by a format that names a kind, such as `AWS::EC2::VPC.Id`.
fn of_kind(format: &str) -> Option<String> {
    let (type_name, part) = format.split_once('.')?;
    let schema = schemas().by_type(type_name)?;
    let part = if part == "Id" || part == "Arn" {
        part.replace("Id", "id").replace("Arn", "ARN")
    } else {
        part.to_lowercase()
    };
    let article = if schema.kind.as_str().starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    Some(format!("{article} `{}`, or its {part}", schema.kind))
}

fn one_type(one: JsonType, shape: &Shape) -> String {
    match (one, &shape.items) {
        (JsonType::Array, Some(items)) => format!("a list of {}", plural(items)),
        _ => one.to_string(),
    }
}

/// What the elements of a list are.
fn plural(items: &Shape) -> String {
    let of_kind = match &items.format {
        Some(Format::Named { name, .. }) => of_kind(name),
        _ => None,
    };
    if let Some(one) = of_kind {
        return format!("which each is {one}");
    }
    let plural = |one: &JsonType| match one {
        JsonType::Null | JsonType::Boolean => "true and false",
        JsonType::Integer => "whole numbers",
        JsonType::Number => "numbers",
        JsonType::String => "strings",
        JsonType::Array => "lists",
        JsonType::Object => "maps",
    };
    match items.types.as_slice() {
        [] if items.properties.is_empty() => "values".to_owned(),
        [] => "maps".to_owned(),
        several => several.iter().map(plural).collect::<Vec<_>>().join(" or "),
    }
}

/// What limits a value beside its type, choices and expression.
fn limits(name: &str, shape: &Shape, owner: &Shape) -> Vec<String> {
    let items = shape.items.as_deref().unwrap_or(shape);
    let whole = |number: Option<u64>| number.map(|number| number.to_string());
    let number = |number: Option<f64>| number.map(|number| number.to_string());
    let mut limits = Vec::new();
    limits.extend(range(whole(shape.min_items), whole(shape.max_items.or(shape.max_unique_items)), "element"));
    limits.extend(range(whole(items.min_length), whole(items.max_length), "character"));
    limits.extend(range(number(items.minimum), number(items.maximum), ""));
    limits.extend(items.multiple_of.map(|step| format!("a multiple of {step}")));
    limits.extend(owner.dependent_required.get(name).map(|others| format!("needs {}", named(others, "and"))));
    limits.extend(owner.dependent_excluded.get(name).map(|others| format!("not with {}", named(others, "or"))));
    limits.extend(together(items).iter().map(|sentence| within(sentence)));
    limits
}

/// A sentence as a part of another.
fn within(sentence: &str) -> String {
    let mut chars = sentence.trim_end_matches('.').chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

fn range(least: Option<String>, most: Option<String>, of: &str) -> Option<String> {
    let text = match (least.filter(|least| least != "0" || of.is_empty()), most) {
        (None, None) => return None,
        (Some(least), None) => format!("at least {least}"),
        (None, Some(most)) => format!("at most {most}"),
        (Some(least), Some(most)) if least == most => format!("exactly {least}"),
        (Some(least), Some(most)) => format!("{least} to {most}"),
    };
    let one = text.ends_with(" 1") && !text.contains("to");
    Some(match of {
        "" => text,
        of => format!("{text} {of}{}", if one { "" } else { "s" }),
    })
}

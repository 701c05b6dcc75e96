//! Reads the embedded schema files into [`KindSchema`]s.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value as Json;

use super::shape::{Format, JsonType, Property, Shape};
use super::{KindSchema, Pattern, Tagging, camel_case};
use crate::model::{KindName, PathPattern};

/// Lists that services answer in an order of their own, though the schemas do not say so: of the API reference none
/// says that their order means anything.
const UNORDERED: &[&str] = &[
    "AlarmNames",
    "CapacityProviderStrategy",
    "CapacityProviders",
    "ClusterSettings",
    "DefaultCapacityProviderStrategy",
    "DnsRecords",
    "LoadBalancers",
];

/// The parsed files, and the expressions met so far.
pub(super) struct Files {
    schemas: Json,
    required_by_api: Json,
    patterns: Mutex<HashMap<String, Arc<Pattern>>>,
}

impl Files {
    /// Parses the two files.
    pub(super) fn parse(schemas: &str, required_by_api: &str) -> Result<Self, serde_json::Error> {
        Ok(Self {
            schemas: serde_json::from_str(schemas)?,
            required_by_api: serde_json::from_str(required_by_api)?,
            patterns: Mutex::default(),
        })
    }

    /// The types there are.
    pub(super) fn type_names(&self) -> impl Iterator<Item = &str> {
        self.schemas.get("kinds").and_then(Json::as_object).into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// Memory sizes in MiB that Fargate offers, by CPU units.
    pub(super) fn fargate_sizes(&self) -> BTreeMap<u64, Vec<u64>> {
        let sizes = self.schemas.get("fargateSizes").and_then(Json::as_object).into_iter().flatten();
        let row = |(cpu, rule): (&String, &Json)| {
            let number = |key: &str| rule.get(key).and_then(Json::as_u64);
            let memory = match rule.get("enum").and_then(Json::as_array) {
                Some(listed) => listed.iter().filter_map(Json::as_u64).collect(),
                None => {
                    let (min, max) = (number("minimum")?, number("maximum")?);
                    let step = number("multipleOf").filter(|step| *step > 0)?;
                    (min..=max).filter(|memory| memory % step == 0).collect()
                }
            };
            Some((cpu.parse().ok()?, memory))
        };
        sizes.filter_map(row).collect()
    }

    /// The schema of a type in the files.
    pub(super) fn kind(&self, type_name: &str) -> KindSchema {
        let none = Json::Null;
        let source = self.schemas.get("kinds").and_then(|kinds| kinds.get(type_name)).unwrap_or(&none);
        let api = self.required_by_api.get("kinds").and_then(|kinds| kinds.get(type_name)).unwrap_or(&none);
        self.read(type_name, source, api)
    }

    /// The schema of a type from an entry in the files' form, and what the create call requires beyond it.
    pub(super) fn read(&self, type_name: &str, source: &Json, api: &Json) -> KindSchema {
        let mut reader = Reader { files: self, definitions: &source["definitions"], api, done: BTreeMap::new() };
        let mut shape = reader.shape(source, "");
        shape.types = vec![JsonType::Object];
        shape.additional = false;
        reader.constraints(&source["constraints"], &mut shape);
        require_by_api(type_name, api, &mut shape);

        let tagging = &source["tagging"];
        let flag = |key: &str| tagging.get(key).and_then(Json::as_bool).unwrap_or(false);
        let handlers = source.get("handlers").and_then(Json::as_object).into_iter().flatten();
        KindSchema {
            type_name: type_name.to_owned(),
            kind: KindName::from_type(type_name),
            required: shape.required.clone(),
            shape: Arc::new(shape),
            create_only: patterns(&source["createOnly"]),
            conditional_create_only: patterns(&source["conditionalCreateOnly"]),
            read_only: patterns(&source["readOnly"]),
            write_only: patterns(&source["writeOnly"]),
            deprecated: patterns(&source["deprecated"]),
            primary_identifier: names(&source["primaryIdentifier"]),
            tag_property: flag("taggable")
                .then(|| tagging.get("tagProperty").and_then(Json::as_str).map(camel_case))
                .flatten(),
            tagging: Tagging { on_create: flag("tagOnCreate"), updatable: flag("tagUpdatable") },
            permissions: handlers.map(|(name, handler)| (name.clone(), texts(&handler["permissions"]))).collect(),
            delete_before_create: source["replacementStrategy"] == "delete_then_create",
        }
    }

    fn pattern(&self, source: &str) -> Arc<Pattern> {
        let mut known = self.patterns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pattern) = known.get(source) {
            return pattern.clone();
        }
        let rewrite = self.schemas.get("patternRewrites").and_then(|rewrites| rewrites.get(source));
        let pattern = Arc::new(Pattern::new(source, rewrite));
        known.insert(source.to_owned(), pattern.clone());
        pattern
    }

    fn format(&self, name: &str) -> Format {
        match name {
            "ipv4-network" => Format::Ipv4Network,
            "ipv6-network" => Format::Ipv6Network,
            "json" => Format::Json,
            _ => Format::Named {
                name: name.to_owned(),
                pattern: self.schemas["formats"].get(name).and_then(Json::as_str).map(|source| self.pattern(source)),
            },
        }
    }
}

struct Reader<'a> {
    files: &'a Files,
    definitions: &'a Json,
    api: &'a Json,
    /// Definitions read so far; `None` for one that is being read, so that one that contains itself ends.
    done: BTreeMap<&'a str, Option<Arc<Shape>>>,
}

impl<'a> Reader<'a> {
    /// The shape of a schema under a property name (CloudFormation's), shared when it is a definition.
    fn shared(&mut self, source: &'a Json, name: &str) -> Arc<Shape> {
        let definition = source.get("$ref").and_then(Json::as_str).and_then(|text| text.rsplit('/').next());
        match definition {
            None => Arc::new(self.shape(source, name)),
            Some(definition) => {
                let shape = self.definition(definition);
                // What stands beside a reference limits it further; the schemas have only this and a repeated type.
                match source.get("maxItems").and_then(Json::as_u64) {
                    Some(max) => Arc::new(Shape { max_items: Some(max), ..shape.as_ref().clone() }),
                    None => shape,
                }
            }
        }
    }

    fn definition(&mut self, name: &'a str) -> Arc<Shape> {
        match self.done.get(name) {
            Some(Some(shape)) => return shape.clone(),
            Some(None) => return Arc::new(Shape { additional: true, ..Shape::default() }),
            None => {}
        }
        self.done.insert(name, None);
        let mut shape = self.shape(&self.definitions[name], name);
        for required in names(&self.api["definitions"][name]) {
            add(&mut shape.required, required);
        }
        let shape = Arc::new(shape);
        self.done.insert(name, Some(shape.clone()));
        shape
    }

    fn shape(&mut self, source: &'a Json, name: &str) -> Shape {
        let number = |key: &str| source.get(key).and_then(Json::as_f64);
        let count = |key: &str| source.get(key).and_then(Json::as_u64);
        let flag = |key: &str| source.get(key).and_then(Json::as_bool);
        let format = source.get("format").and_then(Json::as_str).map(|name| self.files.format(name));
        let any_case = source.get("enumCaseInsensitive");
        let mut shape = Shape {
            types: types(&source["type"]),
            additional: flag("additionalProperties").unwrap_or(true),
            required: names(&source["required"]),
            min_properties: count("minProperties"),
            max_properties: count("maxProperties"),
            unique_items: flag("uniqueItems").unwrap_or(false),
            unique_keys: names(&source["uniqueKeys"]),
            min_items: count("minItems"),
            max_items: count("maxItems"),
            max_unique_items: count("maxUniqueItems"),
            choices: any_case.or(source.get("enum")).and_then(Json::as_array).cloned().unwrap_or_default(),
            any_case: any_case.is_some(),
            pattern: source.get("pattern").and_then(Json::as_str).map(|text| self.files.pattern(text)),
            min_length: count("minLength"),
            max_length: count("maxLength"),
            minimum: number("minimum"),
            maximum: number("maximum"),
            multiple_of: number("multipleOf"),
            default: source.get("default").cloned(),
            ..Shape::default()
        };
        if shape.types.is_empty() && format == Some(Format::Json) {
            shape.types = vec![JsonType::Object, JsonType::String];
        }
        shape.format = format;
        for (cfn_name, property) in object(source, "properties") {
            let value = Property { cfn_name: cfn_name.clone(), shape: self.shared(property, cfn_name) };
            shape.properties.insert(camel_case(cfn_name), value);
        }
        for (expression, property) in object(source, "patternProperties") {
            let value = self.shared(property, "");
            shape.pattern_properties.push((self.files.pattern(expression), value));
        }
        shape.items = source.get("items").map(|items| self.shared(items, ""));
        shape.keyed_by = shape.items.as_deref().and_then(key_of_attributes);
        // A list of which each key occurs once has no order to speak of, whatever the schema says of it.
        shape.unordered = flag("insertionOrder") == Some(false)
            || !shape.unique_keys.is_empty()
            || shape.keyed_by.is_some()
            || UNORDERED.contains(&name);
        shape.one_of = self.alternatives(&source["oneOf"]);
        shape.any_of = self.alternatives(&source["anyOf"]);
        self.constraints(source, &mut shape);
        shape.policy = shape.allows(JsonType::Object)
            && shape.is_free_form()
            && (name.ends_with("PolicyDocument") || matches!(name, "RepositoryPolicyText" | "FileSystemPolicy"));
        shape
    }

    /// Alternatives, those that only say what a reference may point to left out: a list with one of them limits nothing.
    fn alternatives(&mut self, source: &'a Json) -> Vec<Arc<Shape>> {
        let listed = source.as_array().map(Vec::as_slice).unwrap_or_default();
        if listed.iter().any(|alternative| alternative.get("relationshipRef").is_some()) {
            return Vec::new();
        }
        listed.iter().map(|alternative| self.shared(alternative, "")).collect()
    }

    fn constraints(&mut self, source: &'a Json, shape: &mut Shape) {
        for (key, sets) in [("requiredOr", &mut shape.required_or), ("requiredXor", &mut shape.required_xor)] {
            sets.extend(Some(names(&source[key])).filter(|set| !set.is_empty()));
        }
        shape.dependent_required.extend(dependents(source, "dependentRequired"));
        shape.dependent_excluded.extend(dependents(source, "dependentExcluded"));
        if shape.any_of.is_empty() {
            shape.any_of = self.alternatives(&source["anyOf"]);
        }
    }
}

/// Adds what the create call asks for though the schema does not.
///
/// Left out are names and tokens that are made up where the user gives none (`…Name`, `family`, `clientToken`), and
/// properties of which another may stand in, as a set of alternatives of the kind says. `AttachInternetGateway` is the
/// call for one of the two things a gateway attachment can attach, so there one of the two is asked for.
fn require_by_api(type_name: &str, api: &Json, shape: &mut Shape) {
    if type_name == "AWS::EC2::VPCGatewayAttachment" {
        shape.required_or.push(vec!["internetGatewayId".to_owned(), "vpnGatewayId".to_owned()]);
    }
    for name in names(&api["notInSchemaRequired"]) {
        let made_up = name == "name" || name.ends_with("Name") || name == "family" || name == "clientToken";
        let has_alternative = shape.required_or.iter().chain(&shape.required_xor).any(|set| set.contains(&name))
            || shape.dependent_required.values().any(|set| set.contains(&name));
        if !made_up && !has_alternative {
            add(&mut shape.required, name);
        }
    }
}

fn add(list: &mut Vec<String>, name: String) {
    if !list.contains(&name) {
        list.push(name);
    }
}

/// The key of `{key, value}` elements, when that is all they have.
fn key_of_attributes(items: &Shape) -> Option<String> {
    let is_attribute = items.properties.len() == 2 && items.properties.contains_key("value");
    (is_attribute && items.properties.contains_key("key")).then(|| "key".to_owned())
}

fn object<'a>(source: &'a Json, key: &str) -> impl Iterator<Item = (&'a String, &'a Json)> {
    source.get(key).and_then(Json::as_object).into_iter().flatten()
}

fn dependents(source: &Json, key: &str) -> Vec<(String, Vec<String>)> {
    object(source, key).map(|(name, others)| (camel_case(name), names(others))).collect()
}

fn types(source: &Json) -> Vec<JsonType> {
    match source {
        Json::String(name) => JsonType::parse(name).into_iter().collect(),
        Json::Array(listed) => listed.iter().filter_map(Json::as_str).filter_map(JsonType::parse).collect(),
        _ => Vec::new(),
    }
}

fn texts(source: &Json) -> Vec<String> {
    source.as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
}

fn names(source: &Json) -> Vec<String> {
    source.as_array().into_iter().flatten().filter_map(Json::as_str).map(camel_case).collect()
}

fn patterns(source: &Json) -> Vec<PathPattern> {
    let parse = |path: &str| {
        let steps: Vec<String> = path.split('/').map(camel_case).collect();
        PathPattern::parse(&steps.join("/"))
    };
    source.as_array().into_iter().flatten().filter_map(Json::as_str).map(parse).collect()
}

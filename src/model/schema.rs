//! Schemas of kinds: CloudFormation's, with camelCase names, embedded in the binary.
//!
//! [`schemas`] parses the two files once; each [`KindSchema`] is built when first asked for. Where the files come from
//! and under which licences is told in `schemas/README.md`. Others can be added ([`Schemas::add`]), for kinds of an
//! embedder's own.
//!
//! What has a builder is in [`Schemas::kinds`]. All other types of AWS's are found by name, whether their schemas are
//! known or not.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde_json::Value as Json;

use super::{KindName, PathPattern, PropertyPath, Value};

mod added;
mod cloudformation;
mod naming;
mod pattern;
mod read;
mod shape;
mod types;

pub use added::{MOST_ADDED, Taken};
pub use cloudformation::SchemaError;
pub use naming::camel_case;
pub use pattern::Pattern;
pub use shape::{Format, JsonType, Property, Shape};
pub use types::MOST_OPEN;

/// Every schema there is.
pub struct Schemas {
    files: read::Files,
    fargate: OnceLock<BTreeMap<u64, Vec<u64>>>,
    kinds: BTreeMap<KindName, Entry>,
    added: added::Added,
    types: types::Types,
}

struct Entry {
    type_name: String,
    schema: OnceLock<KindSchema>,
}

/// The schemas embedded in the binary, and those added in this process.
pub fn schemas() -> &'static Schemas {
    static SCHEMAS: OnceLock<Schemas> = OnceLock::new();
    SCHEMAS.get_or_init(|| {
        let files = read::Files::parse(
            include_str!("../../schemas/aws-resource-schemas.json"),
            include_str!("../../schemas/aws-api-required.json"),
        )
        .expect("the embedded schema files are JSON: they are part of the binary");
        let entry =
            |name: &str| (KindName::from_type(name), Entry { type_name: name.to_owned(), schema: OnceLock::new() });
        let kinds = files.type_names().map(entry).collect();
        Schemas {
            files,
            fargate: OnceLock::new(),
            kinds,
            added: added::Added::default(),
            types: types::Types::default(),
        }
    })
}

impl Schemas {
    /// The schema of a kind by its builder's name, or, for what has no builder, by what it is called in addresses.
    pub fn by_kind(&self, kind: &KindName) -> Option<&KindSchema> {
        let own = self.kinds.get(kind).map(|entry| self.built(entry)).or_else(|| self.added.get(kind));
        own.or_else(|| self.types.by_kind(&self.files, kind))
    }

    /// The schema of a CloudFormation type, such as `AWS::EC2::VPC`; an open one for a type that is not known. `None`
    /// when that cannot be a type's name, when another type is called the same in addresses, or when there are more
    /// than [`MOST_OPEN`] types that are not known.
    pub fn by_type(&self, type_name: &str) -> Option<&KindSchema> {
        match self.by_kind(&KindName::from_type(type_name)) {
            Some(schema) => Some(schema).filter(|schema| schema.type_name == type_name),
            None => self.types.open(type_name),
        }
    }

    /// Names of all types that are known, with or without a builder.
    pub fn type_names(&self) -> impl Iterator<Item = &str> {
        self.kinds().map(|(_, type_name)| type_name).chain(self.types.names())
    }

    /// Whether scripts have a builder of this kind.
    pub fn has_builder(&self, kind: &KindName) -> bool {
        self.kinds.contains_key(kind) || self.added.get(kind).is_some()
    }

    /// Every schema of what has a builder, by builder's name. Builds them all: where names are enough, [`Schemas::kinds`] costs nothing.
    pub fn iter(&self) -> impl Iterator<Item = &KindSchema> {
        self.kinds.values().map(|entry| self.built(entry)).chain(self.added.all())
    }

    /// Builders' names and CloudFormation types, by builder's name: those in the binary, then those that were added.
    pub fn kinds(&self) -> impl Iterator<Item = (&KindName, &str)> {
        let added = self.added.all().into_iter().map(|schema| (&schema.kind, schema.type_name.as_str()));
        self.kinds.iter().map(|(kind, entry)| (kind, entry.type_name.as_str())).chain(added)
    }

    /// Adds a schema, for good: from now on scripts have a builder of its name.
    ///
    /// # Errors
    /// [`Taken`] when there is one of that builder's name.
    pub fn add(&self, schema: KindSchema) -> Result<&'static KindSchema, Taken> {
        match self.kinds.get(&schema.kind) {
            Some(entry) => Err(added::taken(&schema, self.built(entry))),
            None => self.added.put(schema),
        }
    }

    /// Memory sizes in MiB that Fargate offers, by CPU units (1024 are one vCPU).
    pub fn fargate_sizes(&self) -> &BTreeMap<u64, Vec<u64>> {
        self.fargate.get_or_init(|| self.files.fargate_sizes())
    }

    fn built<'a>(&'a self, entry: &'a Entry) -> &'a KindSchema {
        entry.schema.get_or_init(|| self.files.kind(&entry.type_name))
    }
}

/// How a kind takes tags.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tagging {
    /// Whether the create call takes them.
    pub on_create: bool,
    /// Whether they can be changed later.
    pub updatable: bool,
}

/// The schema of a kind. Names are camelCase throughout.
#[derive(Debug)]
pub struct KindSchema {
    /// The CloudFormation type, such as `AWS::EC2::VPC`.
    pub type_name: String,
    /// The builder's name, such as `ec2_vpc`.
    pub kind: KindName,
    /// The object its properties are.
    pub shape: Arc<Shape>,
    /// Top-level properties that must be declared: those the schema asks for, and those only the create call asks for,
    /// but for names and tokens that are made up where the user gives none.
    pub required: Vec<String>,
    /// A change of these replaces the object.
    pub create_only: Vec<PathPattern>,
    /// A change of these replaces the object or not, depending on the values.
    pub conditional_create_only: Vec<PathPattern>,
    /// AWS says what these are; nobody sets them.
    pub read_only: Vec<PathPattern>,
    /// AWS takes these and never tells them.
    pub write_only: Vec<PathPattern>,
    /// Properties that are on their way out.
    pub deprecated: Vec<PathPattern>,
    /// The properties that together identify an object.
    pub primary_identifier: Vec<String>,
    /// The property that holds tags; `None` when the kind takes none.
    pub tag_property: Option<String>,
    /// How it takes them.
    pub tagging: Tagging,
    /// IAM actions each handler (`create`, `read`, `update`, `delete`, `list`) needs.
    pub permissions: BTreeMap<String, Vec<String>>,
    /// Whether a replacement can only be made once the old object is gone, as CloudFormation does.
    pub delete_before_create: bool,
}

impl KindSchema {
    /// A schema from JSON in CloudFormation's form ([resource provider
    /// schema](https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html)), as
    /// `aws cloudformation describe-type` tells it: `typeName`, `properties`, `required`, `createOnlyProperties` and so on.
    /// What it does not say limits nothing.
    ///
    /// # Errors
    /// [`SchemaError`] when it has no type of the right form, or names properties that it does not have.
    ///
    /// # Examples
    /// ```
    /// use hzscript::model::KindSchema;
    /// let schema = KindSchema::from_json(&serde_json::json!({
    ///     "typeName": "Example::File::Text",
    ///     "properties": { "Path": { "type": "string" }, "Content": { "type": "string" } },
    ///     "required": ["Path"],
    ///     "createOnlyProperties": ["/properties/Path"],
    ///     "primaryIdentifier": ["/properties/Path"],
    /// }));
    /// assert_eq!(schema.map(|schema| schema.kind.to_string()), Ok("file_text".to_owned()));
    /// ```
    pub fn from_json(json: &Json) -> Result<Self, SchemaError> {
        cloudformation::read(&schemas().files, json)
    }

    /// Whether nothing is known of the type but its name: properties are then written as CloudFormation has them, and
    /// AWS alone judges them.
    pub fn is_open(&self) -> bool {
        self.shape.additional
    }

    /// Names of top-level properties that AWS sets: what a handle offers beyond what was declared.
    pub fn attributes(&self) -> Vec<&str> {
        self.read_only.iter().filter(|pattern| pattern.is_top_level()).map(PathPattern::root).collect()
    }

    /// Whether a change at the path replaces the object, whatever the values.
    pub fn replaces(&self, path: &PropertyPath) -> bool {
        self.create_only.iter().any(|pattern| pattern.covers(path))
    }

    /// Whether this very change replaces the object: [`KindSchema::replaces`], a create-only property somewhere inside
    /// the changed value, or one of the properties for which it depends on the values:
    /// - a service's `launchType` replaces when one type becomes another; leaving it or taking it up (in exchange for a
    ///   capacity provider strategy) does not;
    /// - a VPC's `instanceTenancy` can only change from `dedicated` to `default`;
    /// - a subnet's `ipv6CidrBlock` can be added, and nothing else.
    pub fn replaces_change(&self, path: &PropertyPath, before: Option<&Json>, after: Option<&Value>) -> bool {
        if self.replaces(path) {
            return true;
        }
        if self.conditional_create_only.iter().any(|pattern| pattern.covers(path)) {
            return match path.root() {
                "launchType" => before.is_some() && after.is_some(),
                "instanceTenancy" => after.is_some_and(|after| after.as_str() != Some("default")),
                _ => before.is_some(),
            };
        }
        self.create_only.iter().filter(|pattern| pattern.is_inside(path)).any(|pattern| {
            before.is_some_and(|before| json_has(before, path, pattern))
                || after.is_some_and(|after| value_has(after, path, pattern))
        })
    }

    /// Whether AWS never tells what is at the path.
    pub fn is_write_only(&self, path: &PropertyPath) -> bool {
        self.write_only.iter().any(|pattern| pattern.covers(path))
    }

    /// Whether AWS alone says what is at the path.
    pub fn is_read_only(&self, path: &PropertyPath) -> bool {
        self.read_only.iter().any(|pattern| pattern.covers(path))
    }

    /// The shape of what is at a path, when the schema knows it.
    pub fn shape_at(&self, path: &PropertyPath) -> Option<&Shape> {
        path.steps().iter().try_fold(self.shape.as_ref(), |shape, step| match step {
            super::PathStep::Key(key) => shape.under(key),
            super::PathStep::Index(_) => shape.items.as_deref(),
        })
    }
}

fn json_has(value: &Json, path: &PropertyPath, pattern: &PathPattern) -> bool {
    if pattern.matches(path) {
        return !value.is_null();
    }
    match value {
        Json::Object(map) => map.iter().any(|(key, item)| {
            let path = path.key(key);
            (pattern.is_inside(&path) || pattern.matches(&path)) && json_has(item, &path, pattern)
        }),
        Json::Array(items) => items.iter().enumerate().any(|(i, item)| json_has(item, &path.index(i), pattern)),
        _ => false,
    }
}

fn value_has(value: &Value, path: &PropertyPath, pattern: &PathPattern) -> bool {
    if pattern.matches(path) {
        return *value != Value::Null;
    }
    match value {
        Value::Map(map) => map.iter().any(|(key, item)| {
            let path = path.key(key);
            (pattern.is_inside(&path) || pattern.matches(&path)) && value_has(item, &path, pattern)
        }),
        Value::List(items) => items.iter().enumerate().any(|(i, item)| value_has(item, &path.index(i), pattern)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns_of<'a>(shape: &'a Shape, found: &mut Vec<&'a Pattern>) {
        found.extend(shape.pattern.as_deref());
        if let Some(Format::Named { pattern: Some(pattern), .. }) = &shape.format {
            found.push(pattern);
        }
        for (pattern, below) in &shape.pattern_properties {
            found.push(pattern);
            patterns_of(below, found);
        }
        let below = shape.properties.values().map(|property| property.shape.as_ref());
        let below = below.chain(shape.items.as_deref()).chain(shape.any_of.iter().map(Arc::as_ref));
        below.chain(shape.one_of.iter().map(Arc::as_ref)).for_each(|below| patterns_of(below, found));
    }

    #[test]
    fn every_kind_has_its_schema_and_every_expression_compiles() {
        let mut patterns = Vec::new();
        for schema in schemas().iter().filter(|schema| schema.type_name.starts_with("AWS::")) {
            assert_eq!(schemas().by_type(&schema.type_name).map(|found| &found.kind), Some(&schema.kind));
            assert!(!schema.primary_identifier.is_empty(), "{}", schema.type_name);
            for name in schema.primary_identifier.iter().chain(&schema.required).chain(&schema.tag_property) {
                assert!(schema.shape.properties.contains_key(name), "{} {name}", schema.type_name);
            }
            patterns_of(&schema.shape, &mut patterns);
        }
        assert_eq!(schemas().kinds.len(), 41);
        let broken: Vec<&str> = patterns.iter().filter(|p| !p.compiles()).map(|p| p.source()).collect();
        assert_eq!(broken, Vec::<&str>::new());
    }

    #[test]
    fn made_up_names_are_not_required_and_what_the_call_needs_is() {
        let required = |type_name: &str| schemas().by_type(type_name).map(|schema| schema.required.clone());
        assert_eq!(required("AWS::ECS::TaskDefinition"), Some(vec!["containerDefinitions".to_owned()]));
        assert_eq!(required("AWS::IAM::Role"), Some(vec!["assumeRolePolicyDocument".to_owned()]));
        assert_eq!(required("AWS::ECS::Service"), Some(vec![]));
        let namespace = required("AWS::ServiceDiscovery::PrivateDnsNamespace");
        assert_eq!(namespace, Some(vec!["name".to_owned(), "vpc".to_owned()]));
        assert_eq!(required("AWS::ApplicationAutoScaling::ScalingPolicy").map(|names| names.len()), Some(2));
    }

    #[test]
    fn definitions_are_resolved_with_what_the_call_needs() {
        let schema = schemas().by_type("AWS::ECS::Service").expect("it is there");
        let path = PropertyPath::new("networkConfiguration").key("awsvpcConfiguration");
        let shape = schema.shape_at(&path).expect("it is known");
        assert_eq!(shape.required, ["subnets"]);
        assert!(schema.replaces(&PropertyPath::new("cluster")) && !schema.replaces(&PropertyPath::new("desiredCount")));
        assert_eq!(schema.tag_property.as_deref(), Some("tags"));
        assert_eq!(schemas().fargate_sizes()[&256], [512, 1024, 2048]);
    }
}

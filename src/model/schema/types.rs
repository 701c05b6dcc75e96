//! Every type of AWS's that no builder declares: its schema is read from its line of the embedded file when first asked
//! for, and then stays.
//!
//! A type that the file does not have, because it is newer or not AWS's, is taken as it is written: nothing is known of
//! its properties ([`KindSchema::is_open`]), and in addresses it stands under its own name.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use serde_json::Value as Json;

use super::read::Files;
use super::{JsonType, KindSchema, Shape, Tagging, cloudformation};
use crate::model::KindName;

/// Most types outside of the file that a process knows: what is known stays in memory.
pub const MOST_OPEN: usize = 500;

/// The file: a type a line, its name and its schema in CloudFormation's form with a tab between them, by name.
static FILE: &str = include_str!("../../../schemas/aws-types.txt");

/// A line of the file.
#[derive(Debug)]
struct Line {
    type_name: &'static str,
    text: &'static str,
    schema: OnceLock<KindSchema>,
}

/// The types.
#[derive(Debug, Default)]
pub(super) struct Types {
    listed: OnceLock<BTreeMap<KindName, Line>>,
    open: RwLock<HashMap<String, &'static KindSchema>>,
}

impl Types {
    fn listed(&self) -> &BTreeMap<KindName, Line> {
        self.listed.get_or_init(|| {
            let line = |line: &'static str| {
                let (type_name, text) = line.split_once('\t')?;
                Some((KindName::from_type(type_name), Line { type_name, text, schema: OnceLock::new() }))
            };
            FILE.lines().filter_map(line).collect()
        })
    }

    /// Names of the types in the file, by what they are called in addresses.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.listed().values().map(|line| line.type_name)
    }

    /// The schema of a type by what it is called in addresses.
    pub(super) fn by_kind(&self, files: &Files, kind: &KindName) -> Option<&KindSchema> {
        if kind.as_str().contains("::") {
            return self.open(kind.as_str());
        }
        let line = self.listed().get(kind)?;
        Some(line.schema.get_or_init(|| {
            let source: Json = serde_json::from_str(line.text).unwrap_or(Json::Null);
            cloudformation::taken(files, line.type_name, &source)
        }))
    }

    /// The schema of a type that the file does not have; `None` when that cannot be a type's name, or too many are known.
    pub(super) fn open(&self, type_name: &str) -> Option<&'static KindSchema> {
        if !cloudformation::is_type_name(type_name) {
            return None;
        }
        if let Some(known) = self.open.read().unwrap_or_else(PoisonError::into_inner).get(type_name) {
            return Some(known);
        }
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = open.get(type_name) {
            return Some(known);
        }
        if open.len() >= MOST_OPEN {
            return None;
        }
        let shape = Shape { types: vec![JsonType::Object], additional: true, ..Shape::default() };
        let schema: &'static KindSchema = Box::leak(Box::new(KindSchema {
            type_name: type_name.to_owned(),
            kind: KindName::of_open(type_name),
            shape: Arc::new(shape),
            required: Vec::new(),
            create_only: Vec::new(),
            conditional_create_only: Vec::new(),
            read_only: Vec::new(),
            write_only: Vec::new(),
            deprecated: Vec::new(),
            primary_identifier: Vec::new(),
            tag_property: None,
            tagging: Tagging::default(),
            permissions: BTreeMap::new(),
            delete_before_create: false,
        }));
        open.insert(type_name.to_owned(), schema);
        Some(schema)
    }
}

//! [`Subject`]: what a picture is of. Whatever declares resources is read alike.

use std::collections::{BTreeMap, HashMap};

use super::draw::{Mark, Tone};
use crate::model::{Address, JsonMap, Program, Reference, Source, TemplatePart, Value, schemas};
use crate::plan::{Action, Plan};
use crate::state::Snapshot;

/// What a picture is of.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// What a script declares.
    Program(&'a Program),
    /// What is to change, with what stays.
    Plan(&'a Plan),
    /// What the last runs made.
    State(&'a Snapshot),
}

impl<'a> From<&'a Program> for Subject<'a> {
    fn from(program: &'a Program) -> Self {
        Self::Program(program)
    }
}

impl<'a> From<&'a Plan> for Subject<'a> {
    fn from(plan: &'a Plan) -> Self {
        Self::Plan(plan)
    }
}

impl<'a> From<&'a Snapshot> for Subject<'a> {
    fn from(snapshot: &'a Snapshot) -> Self {
        Self::State(snapshot)
    }
}

/// A resource as any of them has it.
#[derive(Debug, Clone)]
pub(super) struct Item<'a> {
    pub address: &'a Address,
    pub kind: &'a str,
    pub properties: &'a BTreeMap<String, Value>,
    pub dependencies: Vec<Address>,
    pub action: Option<Action>,
    pub id: Option<&'a str>,
    pub attributes: Option<&'a JsonMap>,
    pub source: Option<&'a Source>,
}

impl<'a> Subject<'a> {
    /// Its resources, in its order.
    pub(super) fn items(self) -> Vec<Item<'a>> {
        match self {
            Self::Program(program) => {
                let item = |resource: &'a crate::model::Resource| Item {
                    address: &resource.address,
                    kind: schemas().by_kind(resource.address.kind()).map_or("", |schema| &schema.type_name),
                    properties: &resource.properties,
                    dependencies: resource.dependencies(),
                    action: None,
                    id: resource.options.id.as_deref(),
                    attributes: None,
                    source: Some(&resource.source),
                };
                program.resources.iter().map(item).collect()
            }
            Self::Plan(plan) => {
                let item = |change: &'a crate::plan::Change| Item {
                    address: &change.address,
                    kind: &change.kind,
                    properties: &change.wanted,
                    dependencies: change.dependencies.clone(),
                    action: Some(change.action),
                    id: change.id.as_deref(),
                    attributes: Some(&change.attributes),
                    source: change.source.as_ref(),
                };
                plan.changes.iter().map(item).collect()
            }
            Self::State(snapshot) => {
                let item = |(address, recorded): (&'a Address, &'a crate::state::Recorded)| Item {
                    address,
                    kind: &recorded.kind,
                    properties: &recorded.inputs,
                    dependencies: recorded.dependencies.clone(),
                    action: None,
                    id: Some(&recorded.id),
                    attributes: Some(&recorded.attributes),
                    source: None,
                };
                snapshot.resources.iter().map(item).collect()
            }
        }
    }

    /// The name of its stack, where it has one.
    pub(super) fn stack(self) -> Option<&'a str> {
        match self {
            Self::Program(_) => None,
            Self::Plan(plan) => Some(&plan.stack),
            Self::State(snapshot) => Some(&snapshot.stack),
        }
    }
}

impl Mark {
    /// The mark of what is done.
    pub fn of(action: Action) -> Self {
        match action {
            Action::NoOp => Self::Same,
            Action::Settle => Self::Wait,
            Action::Import => Self::TakeOver,
            Action::Create => Self::Create,
            Action::Update => Self::Update,
            Action::ReplaceCreateFirst | Action::ReplaceDeleteFirst => Self::Replace,
            Action::Delete => Self::Delete,
            Action::Forget => Self::Forget,
        }
    }
}

/// What sort of thing a kind is, and the heading that it goes under.
pub(super) fn sort(kind: &str) -> (Tone, &'static str) {
    let mut parts = kind.split("::").skip(1);
    let (service, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    match (service, name) {
        ("EC2", "InternetGateway" | "NatGateway" | "EIP" | "VPCGatewayAttachment" | "VPCEndpoint") => {
            (Tone::Gateway, "Network")
        }
        ("EC2", name) if name.starts_with("SecurityGroup") => (Tone::Access, "Security groups"),
        ("EC2", _) => (Tone::Network, "Network"),
        ("IAM", _) => (Tone::Access, "Roles and policies"),
        ("ECS" | "ApplicationAutoScaling", _) => (Tone::Compute, "Containers"),
        ("ElasticLoadBalancingV2", _) => (Tone::Balancing, "Load balancing"),
        ("ServiceDiscovery", _) => (Tone::Naming, "Names"),
        ("EFS" | "S3" | "RDS" | "DynamoDB", _) => (Tone::Storage, "Storage"),
        ("Logs" | "CloudWatch", _) => (Tone::Logs, "Logs"),
        ("SecretsManager" | "KMS" | "SSM", _) => (Tone::Secrets, "Secrets"),
        ("ECR", _) => (Tone::Images, "Images"),
        _ => (Tone::Other, "Other"),
    }
}

/// Resources by what refers to them: their addresses, identifiers and attributes.
pub(super) struct Finder<'a> {
    pub items: Vec<Item<'a>>,
    by_address: HashMap<&'a Address, usize>,
    by_text: HashMap<(&'a str, &'a str), usize>,
}

impl<'a> Finder<'a> {
    pub fn new(items: Vec<Item<'a>>) -> Self {
        let mut by_text = HashMap::new();
        for (at, item) in items.iter().enumerate() {
            let attributes = item.attributes.into_iter().flat_map(|attributes| attributes.values());
            for text in attributes.filter_map(serde_json::Value::as_str) {
                by_text.entry((item.kind, text)).or_insert(at);
            }
        }
        // An identifier tells more than an attribute that is the same by chance.
        by_text.extend(items.iter().enumerate().filter_map(|(at, item)| Some(((item.kind, item.id?), at))));
        let by_address = items.iter().enumerate().map(|(at, item)| (item.address, at)).collect();
        Self { items, by_address, by_text }
    }

    /// The resource of this kind that a value names.
    pub fn named(&self, value: &Value, kind: &str) -> Option<usize> {
        let at = match value {
            Value::Ref(reference) => *self.by_address.get(&reference.address)?,
            Value::String(text) => *self.by_text.get(&(kind, text.as_str()))?,
            Value::Template(parts) => parts.iter().find_map(|part| match part {
                TemplatePart::Ref(reference) => self
                    .by_address
                    .get(&reference.address)
                    .copied()
                    .filter(|at| self.items.get(*at).is_some_and(|item| item.kind == kind)),
                TemplatePart::Text(_) | TemplatePart::Secret(_) => None,
            })?,
            _ => return None,
        };
        self.items.get(at).filter(|item| item.kind == kind).map(|_| at)
    }

    /// The position of an address.
    pub fn at(&self, address: &Address) -> Option<usize> {
        self.by_address.get(address).copied()
    }

    /// A value as text: what a reference is to is looked up where it is declared. Secrets are none.
    pub fn text(&self, value: &Value) -> Option<String> {
        match value {
            Value::Bool(yes) => Some(yes.to_string()),
            Value::Int(number) => Some(number.to_string()),
            Value::Float(number) => Some(number.to_string()),
            Value::String(text) => Some(text.clone()),
            Value::Ref(reference) => Some(self.referred(reference)),
            Value::Template(parts) => parts
                .iter()
                .map(|part| match part {
                    TemplatePart::Text(text) => Some(text.clone()),
                    TemplatePart::Ref(reference) => Some(self.referred(reference)),
                    TemplatePart::Secret(_) => None,
                })
                .collect(),
            Value::Null | Value::List(_) | Value::Map(_) | Value::Secret(_) => None,
        }
    }

    fn referred(&self, reference: &Reference) -> String {
        let item = self.at(&reference.address).and_then(|at| self.items.get(at));
        let declared = item.and_then(|item| item.properties.get(&reference.attribute)).and_then(|value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Int(number) => Some(number.to_string()),
            _ => None,
        });
        declared.unwrap_or_else(|| reference.address.name().to_owned())
    }

    /// A property of a resource as text.
    pub fn property(&self, at: usize, name: &str) -> Option<String> {
        self.items.get(at)?.properties.get(name).and_then(|value| self.text(value))
    }

    /// Positions of the resources of a kind that are there once everything is done.
    pub fn of_kind(&self, kind: &str) -> Vec<usize> {
        let stays = |item: &Item<'_>| !matches!(item.action, Some(Action::Delete | Action::Forget));
        let wanted = self.items.iter().enumerate().filter(|(_, item)| item.kind == kind && stays(item));
        wanted.map(|(at, _)| at).collect()
    }
}

/// What is at a place in a value: names of keys, lists gone through.
pub(super) fn below<'a>(value: &'a Value, names: &[&str]) -> Vec<&'a Value> {
    match (value, names) {
        (Value::List(items), _) => items.iter().flat_map(|item| below(item, names)).collect(),
        (value, []) => vec![value],
        (Value::Map(map), [name, rest @ ..]) => map.get(*name).map(|value| below(value, rest)).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// What is at a place in the properties of a resource.
pub(super) fn within<'a>(properties: &'a BTreeMap<String, Value>, names: &[&str]) -> Vec<&'a Value> {
    let Some((first, rest)) = names.split_first() else { return Vec::new() };
    properties.get(*first).map(|value| below(value, rest)).unwrap_or_default()
}

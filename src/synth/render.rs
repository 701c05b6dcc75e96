//! [`Renderer`]: values as a template writes them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::attribute::Target;
use super::elsewhere::Elsewhere;
use super::logical::{Names, pascal};
use super::text::{Piece, joined};
use super::{Entry, Known, Problem, document};
use crate::model::{Address, Json, JsonMap, JsonType, Program, Resource, Secret, Shape, TemplatePart, Value};

/// What ARNs of AWS's own managed policies begin with: each partition has them, under its own name.
const MANAGED_POLICY: &str = "arn:aws:iam::aws:policy/";

/// Writes values, and notes what they need beside.
pub(super) struct Renderer<'a> {
    program: &'a Program,
    pub(super) known: &'a BTreeMap<&'a Address, Known<'a>>,
    elsewhere: Option<Elsewhere<'a>>,
    names: &'a Names<'a>,
    /// Secrets met so far, by hash: the parameters that stand for them.
    parameters: Vec<(String, Entry)>,
    /// What others call by a name that nobody gave it.
    pub(super) named: BTreeSet<&'a Address>,
    /// What the resource at hand refers to in a way that the template shows.
    pub(super) implied: BTreeSet<&'a Address>,
    /// What it refers to, where a declared value stands in the template.
    pub(super) replaced: BTreeSet<&'a Address>,
    /// What stands in the way.
    pub(super) problems: Vec<Problem>,
}

impl<'a> Renderer<'a> {
    pub(super) fn new(
        program: &'a Program,
        known: &'a BTreeMap<&'a Address, Known<'a>>,
        elsewhere: Option<Elsewhere<'a>>,
        names: &'a Names<'a>,
    ) -> Self {
        Self {
            program,
            known,
            elsewhere,
            names,
            parameters: Vec::new(),
            named: BTreeSet::new(),
            implied: BTreeSet::new(),
            replaced: BTreeSet::new(),
            problems: Vec::new(),
        }
    }

    /// What is to be given a name, and the parameters.
    pub(super) fn finish(self) -> (BTreeSet<&'a Address>, Vec<Entry>) {
        (self.named, self.parameters.into_iter().map(|(_, entry)| entry).collect())
    }

    /// The properties of a resource.
    pub(super) fn properties(&mut self, known: Known<'a>) -> JsonMap {
        self.implied.clear();
        self.replaced.clear();
        let twin = known.twin.map(|twin| &twin.properties);
        self.object(&known.resource.properties, twin, Some(&known.schema.shape))
    }

    /// Logical ids of what the resource needs and its properties do not show.
    pub(super) fn explicit(&mut self, resource: &'a Resource) -> BTreeSet<&'a str> {
        let wanted = resource.options.depends_on.iter().chain(self.replaced.iter().copied());
        let wanted: BTreeSet<&Address> = wanted.filter(|address| !self.implied.contains(*address)).collect();
        wanted.into_iter().filter(|address| self.known.contains_key(*address)).map(|a| self.names.id(a)).collect()
    }

    fn object(
        &mut self,
        map: &BTreeMap<String, Value>,
        twin: Option<&BTreeMap<String, Value>>,
        shape: Option<&Shape>,
    ) -> JsonMap {
        let mut object = JsonMap::new();
        for (key, item) in map {
            let property = shape.and_then(|shape| shape.properties.get(key));
            let below = shape.and_then(|shape| shape.under(key));
            if let Some(json) = self.value(item, twin.and_then(|twin| twin.get(key)), below) {
                object.insert(property.map_or(key, |property| &property.cfn_name).clone(), json);
            }
        }
        object
    }

    /// A value, in the type that CloudFormation wants; `None` when it is none.
    pub(super) fn value(&mut self, value: &Value, twin: Option<&Value>, shape: Option<&Shape>) -> Option<Json> {
        match value {
            Value::Null => None,
            Value::List(items) => {
                let twins = match twin {
                    Some(Value::List(twins)) if twins.len() == items.len() => twins.as_slice(),
                    _ => &[],
                };
                let below = shape.and_then(|shape| shape.items.as_deref());
                let items = items.iter().enumerate().filter_map(|(at, item)| self.value(item, twins.get(at), below));
                Some(items.collect())
            }
            Value::Map(map) => {
                let twin = match twin {
                    Some(Value::Map(twin)) => Some(twin),
                    _ => None,
                };
                Some(self.object(map, twin, shape).into())
            }
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => Some(scalar(value.to_json()?, shape)),
            Value::Ref(reference) => match self.target(reference)? {
                Target::Declared(value, twin) => self.value(value, twin, shape),
                Target::Told(pieces) => Some(joined(pieces)),
            },
            Value::String(_) | Value::Template(_) | Value::Secret(_) => {
                if shape.is_some_and(|shape| shape.is_policy() || shape.is_document() || takes_object_only(shape))
                    && let Some(document) = document::parsed(value)
                {
                    let twin = twin.and_then(document::parsed);
                    return self.value(&document, twin.as_ref(), None);
                }
                let text = joined(self.pieces(value, twin));
                Some(if text.is_string() { scalar(text, shape) } else { text })
            }
        }
    }

    /// The pieces of a value that stands in a text.
    pub(super) fn pieces(&mut self, value: &Value, twin: Option<&Value>) -> Vec<Piece> {
        match value {
            Value::String(text) => self.located(text, twin.and_then(Value::as_str)),
            Value::Ref(reference) => match self.target(reference) {
                Some(Target::Declared(value, twin)) => self.pieces(value, twin),
                Some(Target::Told(pieces)) => pieces,
                None => Vec::new(),
            },
            Value::Template(parts) => {
                let twins = match twin {
                    Some(Value::Template(twins)) if twins.len() == parts.len() => twins.as_slice(),
                    _ => &[],
                };
                parts.iter().enumerate().flat_map(|(at, part)| self.part(part, twins.get(at))).collect()
            }
            Value::Secret(secret) => vec![Piece::Ref(self.parameter(secret))],
            Value::Null => Vec::new(),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::List(_) | Value::Map(_) => {
                vec![Piece::Text(value.known_json().unwrap_or_default().to_string())]
            }
        }
    }

    fn part(&mut self, part: &TemplatePart, twin: Option<&TemplatePart>) -> Vec<Piece> {
        match part {
            TemplatePart::Text(text) => {
                let twin = match twin {
                    Some(TemplatePart::Text(twin)) => Some(twin.as_str()),
                    _ => None,
                };
                self.located(text, twin)
            }
            TemplatePart::Ref(reference) => self.pieces(&Value::from(reference.clone()), None),
            TemplatePart::Secret(secret) => vec![Piece::Ref(self.parameter(secret))],
        }
    }

    /// A text, with what the script was told of its account and region asked for again.
    fn located(&self, text: &str, twin: Option<&str>) -> Vec<Piece> {
        if let Some(path) = text.strip_prefix(MANAGED_POLICY) {
            let rest = Piece::Text(format!(":iam::aws:policy/{path}"));
            return vec![Piece::Text("arn:".to_owned()), Piece::Ref("AWS::Partition".to_owned()), rest];
        }
        let told = self.elsewhere.zip(twin).and_then(|(elsewhere, twin)| elsewhere.pieces(text, twin));
        told.unwrap_or_else(|| vec![Piece::Text(text.to_owned())])
    }

    /// The parameter that stands for a secret: whoever deploys the template gives the text.
    fn parameter(&mut self, secret: &Secret) -> String {
        let hash = secret.hash();
        if let Some((_, entry)) = self.parameters.iter().find(|(known, _)| *known == hash) {
            return entry.id.clone();
        }
        let is_it = |value: &Value| matches!(value, Value::Secret(input) if input.hash() == hash);
        let input = self.program.inputs.iter().find(|(_, value)| is_it(value)).map(|(name, _)| name);
        let escaped = |value: &Value| matches!(value, Value::Secret(input) if input.within_json().hash() == hash);
        let within = self.program.inputs.iter().find(|(_, value)| escaped(value)).map(|(name, _)| name);
        let (stem, description) = match input.or(within) {
            Some(name) if input.is_some() => (pascal(name), format!("The input {name} of the script")),
            Some(name) => {
                (format!("{}Json", pascal(name)), format!("The input {name} of the script, as it stands in JSON"))
            }
            None => ("Secret".to_owned(), "A secret of the script".to_owned()),
        };
        let taken = |id: &str| self.names.has(id) || self.parameters.iter().any(|(_, entry)| entry.id == id);
        let numbered = |number: usize| if number == 0 { stem.clone() } else { format!("{stem}{number}") };
        let free = (usize::from(input.or(within).is_none())..).map(numbered).find(|id| !id.is_empty() && !taken(id));
        let id = free.unwrap_or(stem.clone());
        let fields =
            vec![("Type", Json::from("String")), ("NoEcho", json!(true)), ("Description", Json::from(description))];
        self.parameters.push((hash, Entry { id: id.clone(), fields }));
        id
    }
}

fn takes_object_only(shape: &Shape) -> bool {
    !shape.allows(JsonType::String) && (shape.allows(JsonType::Object) || shape.allows(JsonType::Array))
}

/// A plain value in a type the schema allows, where it can be put into one.
fn scalar(json: Json, shape: Option<&Shape>) -> Json {
    let Some(shape) = shape else { return json };
    let allows = |wanted: JsonType| shape.allows(wanted);
    match &json {
        Json::Number(number) if !allows(JsonType::Number) && !allows(JsonType::Integer) && allows(JsonType::String) => {
            number.to_string().into()
        }
        Json::Bool(truth) if !allows(JsonType::Boolean) && allows(JsonType::String) => truth.to_string().into(),
        Json::String(text) if !allows(JsonType::String) => {
            let parsed = serde_json::from_str::<Json>(text).ok().filter(|parsed| match parsed {
                Json::Number(number) => allows(JsonType::Number) || (number.is_i64() && allows(JsonType::Integer)),
                Json::Bool(_) => allows(JsonType::Boolean),
                _ => false,
            });
            parsed.unwrap_or(json)
        }
        _ => json,
    }
}

//! What a plan says of the things that its resources name.

use crate::kinds;
use crate::model::{Json, TemplatePart, Value};
use crate::plan::{Action, Change, Plan};

/// A plan, as something to look things up in.
pub(super) struct Sight<'a> {
    plan: &'a Plan,
}

/// What a value names.
#[derive(Clone)]
pub(super) enum Named<'a> {
    /// A resource of the stack.
    Own(&'a Change),
    /// Something else, by this text.
    Other(String),
    /// Nobody knows before the run.
    Unknown,
}

impl<'a> Sight<'a> {
    pub(super) fn of(plan: &'a Plan) -> Self {
        Self { plan }
    }

    /// The resources of a kind that there will be.
    pub(super) fn all(&self, kind: &str) -> impl Iterator<Item = &'a Change> {
        let stays = |change: &&Change| !matches!(change.action, Action::Delete | Action::Forget);
        let kind = kind.to_owned();
        self.plan.changes.iter().filter(stays).filter(move |change| change.kind == kind)
    }

    /// What a value names.
    pub(super) fn named(&self, value: &Value) -> Named<'a> {
        match value {
            Value::Ref(reference) => {
                let own = self.plan.changes.iter().find(|change| change.address == reference.address);
                own.map_or(Named::Unknown, Named::Own)
            }
            Value::String(text) => {
                let own = self.plan.changes.iter().find(|change| is_named(change, text));
                own.map_or_else(|| Named::Other(text.clone()), Named::Own)
            }
            Value::Template(parts) => {
                let reference = parts.iter().find_map(|part| match part {
                    TemplatePart::Ref(reference) => Some(reference),
                    _ => None,
                });
                let own = reference
                    .and_then(|reference| self.plan.changes.iter().find(|change| change.address == reference.address));
                own.map_or(Named::Unknown, Named::Own)
            }
            _ => Named::Unknown,
        }
    }

    /// Whether a value names this resource.
    pub(super) fn names(&self, value: Option<&Value>, change: &Change) -> bool {
        let named = value.map(|value| self.named(value));
        matches!(named, Some(Named::Own(own)) if own.address == change.address)
    }
}

/// Whether a text is an identifier, an ARN or the name of a resource.
fn is_named(change: &Change, text: &str) -> bool {
    let is_attribute = || change.attributes.values().any(|value| value.as_str() == Some(text) && text.len() > 5);
    let property = kinds::by_type(&change.kind).map_or("", |kind| kind.facts().name_property());
    change.id.as_deref() == Some(text)
        || change.wanted.get(property).and_then(Value::as_str) == Some(text)
        || is_attribute()
}

/// Whether it is there before the run.
pub(super) fn exists(change: &Change) -> bool {
    change.id.is_some() && !matches!(change.action, Action::Create) && !change.action.replaces()
}

/// An attribute that is known.
pub(super) fn attribute<'a>(change: &'a Change, name: &str) -> Option<&'a str> {
    change.attributes.get(name).and_then(Json::as_str)
}

/// The values of a list, or of one value.
pub(super) fn items(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::List(items)) => items,
        Some(Value::Null) | None => &[],
        Some(one) => std::slice::from_ref(one),
    }
}

/// A member of an object.
pub(super) fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Map(map) => map.get(name),
        _ => None,
    }
}

/// A text member of an object.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    member(value, name).and_then(Value::as_str)
}

/// A number, also where it is written as text.
pub(super) fn number(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Int(number) => Some(*number),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Whether a text is as a pattern has it, `*` standing for anything; case counts for nothing.
pub(super) fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

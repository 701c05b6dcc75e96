//! [`Handle`]: what a builder returns. Its attributes are declared values or references.

use std::collections::BTreeSet;
use std::sync::Arc;

use rhai::{Dynamic, Engine, NativeCallContext};

use super::convert::{to_dynamic, to_value};
use super::session::{Mistake, Session};
use super::suggest::{did_you_mean, listed};
use super::tokens;
use crate::model::{Address, KindSchema, Reference, Value};

/// Attributes every resource has, whatever its kind.
const ALWAYS: [&str; 3] = ["id", "arn", "name"];

/// A declared resource, as scripts hold it. Empty for what a mistake left undeclared: nothing more is said about it.
#[derive(Debug, Clone)]
pub(super) struct Handle(Option<Arc<Declared>>);

#[derive(Debug)]
struct Declared {
    address: Address,
    schema: &'static KindSchema,
}

impl Handle {
    pub(super) fn new(address: Address, schema: &'static KindSchema) -> Self {
        Self(Some(Arc::new(Declared { address, schema })))
    }

    /// A handle of nothing.
    pub(super) fn unknown() -> Self {
        Self(None)
    }

    /// Its address and schema.
    pub(super) fn declared(&self) -> Option<(&Address, &'static KindSchema)> {
        self.0.as_deref().map(|declared| (&declared.address, declared.schema))
    }

    /// What the resource itself stands for as the value of a property: the part of its identifier of that name, its ARN
    /// where the property is one, its identifier otherwise.
    pub(super) fn reference_for(&self, property: &str) -> Option<Reference> {
        let (address, schema) = self.declared()?;
        let attribute = if schema.primary_identifier.iter().any(|name| name == property) {
            property
        } else if property.ends_with("Arn") || property.ends_with("Arns") {
            "arn"
        } else {
            "id"
        };
        Some(Reference { address: address.clone(), attribute: attribute.to_owned() })
    }

    fn reference(&self, attribute: &str) -> Dynamic {
        match self.declared() {
            None => tokens::unknown().into(),
            Some((address, _)) => {
                tokens::reference(&Reference { address: address.clone(), attribute: attribute.to_owned() }).into()
            }
        }
    }
}

/// A container of a task definition, as scripts hold it.
#[derive(Debug, Clone)]
pub(super) struct Container {
    pub(super) definition: Handle,
    pub(super) name: String,
    /// Which of the definition's containers it is.
    pub(super) index: usize,
}

impl Container {
    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// Whether a property says which object it is: a reference to it is kept as one though its value is known, so that what
/// uses it comes after.
fn identifies(schema: &KindSchema, name: &str) -> bool {
    schema.primary_identifier.iter().any(|part| part == name)
        || name == "name"
        || name == "family"
        || name.ends_with("Name")
}

/// What is wrong with the name of an attribute, if anything is.
pub(super) fn no_attribute(schema: &KindSchema, name: &str) -> Option<Mistake> {
    if schema.is_open() || schema.shape.properties.contains_key(name) || ALWAYS.contains(&name) {
        return None;
    }
    let attributes: BTreeSet<&str> = schema.attributes().into_iter().chain(ALWAYS).collect();
    let names = schema.shape.properties.keys().map(String::as_str).chain(ALWAYS);
    let help = did_you_mean(name, names)
        .unwrap_or_else(|| format!("beside its properties it has {}", listed(attributes, "and")));
    let mistake = Mistake::new(format!("{} has no attribute `{name}`", schema.kind)).label("not an attribute");
    Some(mistake.help(help))
}

fn attribute(session: &Session, context: &NativeCallContext, handle: &Handle, name: &str) -> Dynamic {
    let Some((address, schema)) = handle.declared() else { return tokens::unknown().into() };
    if name == "address" {
        return address.to_string().into();
    }
    if let Some(mistake) = no_attribute(schema, name) {
        session.mistake(context, mistake);
        return tokens::unknown().into();
    }
    let mut state = session.state();
    let declared = state.by_address.get(address).and_then(|index| state.declarations[*index].properties.get(name));
    match declared.cloned() {
        // A list or map, a number, or a text that says nothing of which object it is.
        Some(value) if !(identifies(schema, name) && matches!(value, Value::String(_))) && value != Value::Null => {
            to_dynamic(&value, &mut state)
        }
        _ => handle.reference(name),
    }
}

/// Whether a value is what was declared.
fn is_as_declared(session: &Session, handle: &Handle, name: &str, value: &Dynamic) -> bool {
    let state = session.state();
    let index = handle.declared().and_then(|(address, _)| state.by_address.get(address));
    let declared = index.and_then(|index| state.declarations[*index].properties.get(name));
    declared.is_some() && declared == to_value(value, name, &state.secrets).ok().as_ref()
}

/// Registers handles and what can be asked of them.
pub(super) fn register(engine: &mut Engine, session: &Arc<Session>) {
    engine.register_type_with_name::<Handle>("resource").register_type_with_name::<Container>("container");
    let own = session.clone();
    engine.register_indexer_get(move |context: NativeCallContext, handle: &mut Handle, name: &str| {
        attribute(&own, &context, handle, name)
    });
    let own = session.clone();
    engine.register_indexer_set(move |context: NativeCallContext, handle: &mut Handle, name: &str, value: Dynamic| {
        // A method called on an attribute, such as `map` of a list, gives the attribute back.
        if is_as_declared(&own, handle, name, &value) {
            return;
        }
        let help = "write it where the resource is declared".to_owned();
        let what = handle.declared().map_or_else(|| "it".to_owned(), |(address, _)| address.to_string());
        own.mistake(&context, Mistake::new(format!("`{name}` of {what} cannot be set afterwards")).help(help));
    });
    // Of what a mistake left undeclared, nothing is told apart.
    engine.register_fn("is_kind", |handle: Handle, kind: &str| {
        handle.declared().is_none_or(|(address, _)| address.kind().as_str() == kind)
    });
    engine.register_fn("is_kind", |_: Dynamic, _: &str| false);
    let text = |handle: &mut Handle| -> Dynamic { handle.reference("id") };
    engine.register_fn("to_string", text).register_fn("to_debug", text);
    engine.register_fn("==", |one: Handle, other: Handle| {
        one.declared().map(|(address, _)| address) == other.declared().map(|(address, _)| address)
    });
    engine.register_fn("!=", |one: Handle, other: Handle| {
        one.declared().map(|(address, _)| address) != other.declared().map(|(address, _)| address)
    });
    let text = |container: &mut Container| container.name.clone();
    engine.register_get("name", text).register_fn("to_string", text).register_fn("to_debug", text);
}

//! Program → CloudFormation template. A pure function: the same program, the same text, byte for byte.
//!
//! [`synth`] makes a [`Template`], which writes itself as JSON or YAML. The schemas say how a property is spelled, which
//! type it has and what `Ref` and `Fn::GetAtt` answer; [`attribute`] has the few kinds of which they do not.
//!
//! What CloudFormation does itself is left to it: names that nobody gave, and tags by which a run finds its objects.
//! Options that tell hzscript how to go about a change (`ignoreChanges`, `timeouts`, `formation` and the like) have no
//! counterpart in a template.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::kinds::Facts;
use crate::model::schema::{KindSchema, schemas};
use crate::model::{Address, Json, Program, Reference, Resource, Source, Value};

mod attribute;
mod document;
mod elsewhere;
mod logical;
mod output;
mod own;
mod render;
mod template;
mod text;
mod yaml;

pub use elsewhere::{Elsewhere, Environment};
pub use template::{Entry, Template};

use logical::Names;
use render::Renderer;

/// What a template is made from.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a, F> {
    /// The program.
    pub program: &'a Program,
    /// What is known of a CloudFormation type; `None` for one that there is no code for, whose schema has to do.
    pub facts: F,
    /// The same script evaluated for another account and region, by which the texts that came of them are told. Without
    /// it, what the script was told of its account and region stands in the template as it is.
    pub elsewhere: Option<Elsewhere<'a>>,
}

/// Why something cannot be put into a template.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Problem {
    /// No type of CloudFormation's has this builder.
    #[error("no type of CloudFormation's is declared by `{kind}`")]
    NoType {
        /// The builder's name.
        kind: String,
    },
    /// A reference names nothing.
    #[error("nothing declares `{reference}`")]
    Dangling {
        /// The reference.
        reference: Reference,
    },
    /// CloudFormation does not tell the attribute, and nothing declares it.
    #[error("CloudFormation does not tell `{reference}`, and nothing declares it")]
    NotTold {
        /// The reference.
        reference: Reference,
    },
}

impl Problem {
    /// The way out, when there is one.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NotTold { reference } => Some(format!(
                "declare `{}` of {}, or refer to another attribute",
                reference.attribute, reference.address
            )),
            Self::NoType { .. } | Self::Dangling { .. } => None,
        }
    }
}

/// Everything that stands in the way of a template.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{} problem(s) stand in the way of a template", problems.len())]
pub struct SynthError {
    /// Each with the declaration it is in (`output.name` for an output) and where that stands.
    pub problems: Vec<(String, Option<Source>, Problem)>,
}

/// A declaration and what is known of its kind.
#[derive(Debug, Clone, Copy)]
struct Known<'a> {
    resource: &'a Resource,
    /// The same declaration, evaluated elsewhere.
    twin: Option<&'a Resource>,
    schema: &'static KindSchema,
    facts: Option<&'a Facts>,
    /// Its logical id.
    id: &'a str,
}

impl<'a> Known<'a> {
    /// A declared property, here and elsewhere.
    fn property(&self, name: &str) -> Option<(&'a Value, Option<&'a Value>)> {
        let value = self.resource.properties.get(name).filter(|value| **value != Value::Null)?;
        Some((value, self.twin.and_then(|twin| twin.properties.get(name))))
    }
}

/// Makes the template of a program.
///
/// # Errors
/// All problems at once.
pub fn synth<'a, F>(inputs: Inputs<'a, F>) -> Result<Template, SynthError>
where
    F: Fn(&str) -> Option<&'a Facts>,
{
    let Inputs { program, facts, elsewhere } = inputs;
    let elsewhere = elsewhere.filter(|elsewhere| elsewhere.is_of(program));
    let names = Names::of(program);
    let mut known = BTreeMap::new();
    let mut problems = Vec::new();
    for (at, resource) in program.resources.iter().enumerate() {
        let address = &resource.address;
        let Some(schema) = schemas().by_kind(address.kind()) else {
            let problem = Problem::NoType { kind: address.kind().to_string() };
            problems.push((address.to_string(), Some(resource.source.clone()), problem));
            continue;
        };
        let twin = elsewhere.and_then(|elsewhere| elsewhere.program.resources.get(at));
        let facts = facts(&schema.type_name);
        known.insert(address, Known { resource, twin, schema, facts, id: names.id(address) });
    }

    let mut renderer = Renderer::new(program, &known, elsewhere, &names);
    let mut resources = Vec::with_capacity(known.len());
    for resource in &program.resources {
        if let Some(known) = known.get(&resource.address) {
            resources.extend(entries(*known, &mut renderer, &names));
            let found = renderer.problems.drain(..);
            problems
                .extend(found.map(|problem| (resource.address.to_string(), Some(resource.source.clone()), problem)));
        }
    }
    let mut outputs = Vec::new();
    for (name, value) in &program.outputs {
        let twin = elsewhere.and_then(|elsewhere| elsewhere.program.outputs.get(name));
        outputs.extend(output::entries(name, value, twin, &mut renderer));
        problems.extend(renderer.problems.drain(..).map(|problem| (format!("output.{name}"), None, problem)));
    }
    let (named, parameters) = renderer.finish();
    give_names(&mut resources, &named, &known);
    if problems.is_empty() {
        Ok(Template { parameters, resources, outputs: output::distinct(outputs) })
    } else {
        Err(SynthError { problems })
    }
}

/// The entry of a resource, and those of what stands beside it.
fn entries<'a>(known: Known<'a>, renderer: &mut Renderer<'a>, names: &Names<'_>) -> Vec<Entry> {
    let Known { resource, schema, id, .. } = known;
    let mut properties = renderer.properties(known);
    let beside = own::beside(&schema.type_name, id, &mut properties, |id| names.free(id));
    let mut fields = vec![("Type", Json::from(schema.type_name.as_str()))];
    if !properties.is_empty() {
        fields.push(("Properties", properties.into()));
    }
    let depends_on = renderer.explicit(resource);
    if !depends_on.is_empty() {
        fields.push(("DependsOn", depends_on.into_iter().collect()));
    }
    let options = &resource.options;
    if options.retain || options.protect == Some(true) {
        fields.extend(["DeletionPolicy", "UpdateReplacePolicy"].map(|policy| (policy, Json::from("Retain"))));
    } else if options.id.is_some() {
        // What exists is imported, and an import asks for a policy, whichever it is.
        fields.push(("DeletionPolicy", "Delete".into()));
    }
    std::iter::once(Entry { id: id.to_owned(), fields }).chain(beside).collect()
}

/// Gives names to what others call by a name that nobody gave it.
fn give_names(resources: &mut [Entry], named: &BTreeSet<&Address>, known: &BTreeMap<&Address, Known<'_>>) {
    for known in named.iter().filter_map(|address| known.get(address)) {
        let rule = known.facts.and_then(|facts| facts.name);
        let property = rule.and_then(|rule| known.schema.shape.properties.get(rule.property));
        let entry = resources.iter_mut().find(|entry| entry.id == known.id);
        if let (Some(property), Some(entry)) = (property, entry) {
            let name = text::joined(attribute::made_up(known.id));
            match entry.fields.iter_mut().find(|(key, _)| *key == "Properties") {
                Some((_, properties)) => properties[&property.cfn_name] = name,
                None => entry.fields.insert(1, ("Properties", json!({ &property.cfn_name: name }))),
            }
        }
    }
}

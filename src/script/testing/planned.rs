//! [`Planned`]: what a test holds of a script that it planned.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, EvalAltResult, Map};

use super::super::suggest::{did_you_mean, listed};
use super::Step;
use crate::model::{Resource, TemplatePart, Value};
use crate::script::Evaluated;

/// A script planned.
#[derive(Debug, Clone)]
pub(super) struct Planned(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    script: String,
    evaluated: Evaluated,
    steps: Vec<Step>,
}

impl Planned {
    pub(super) fn new(script: String, evaluated: Evaluated, steps: Vec<Step>) -> Self {
        Self(Arc::new(Inner { script, evaluated, steps }))
    }

    fn all(&self) -> &[Resource] {
        &self.0.evaluated.program.resources
    }

    /// The resource of an address.
    fn resource(&self, address: &str) -> Result<Map, Box<EvalAltResult>> {
        if let Some(found) = self.all().iter().find(|resource| resource.address.to_string() == address) {
            return Ok(resource(found));
        }
        let addresses: Vec<String> = self.all().iter().map(|resource| resource.address.to_string()).collect();
        let names = || addresses.iter().map(String::as_str);
        let mut message = format!("{} declares no `{address}`", self.0.script);
        match did_you_mean(address, names()) {
            Some(meant) => message.push_str(&format!(": {meant}")),
            None if addresses.is_empty() => {}
            None => message.push_str(&format!(": it declares {}", listed(names(), "and"))),
        }
        Err(message.into())
    }

    /// The resources of a type of CloudFormation's, or of a kind.
    fn of_kind(&self, kind: &str) -> Result<Array, Box<EvalAltResult>> {
        let known = crate::model::schemas().kinds().any(|(own, type_name)| own.as_str() == kind || type_name == kind);
        if !known {
            let kinds = crate::model::schemas().kinds().flat_map(|(own, type_name)| [own.as_str(), type_name]);
            let help = did_you_mean(kind, kinds).map(|meant| format!(": {meant}")).unwrap_or_default();
            return Err(format!("there is no kind `{kind}`{help}").into());
        }
        let is = |resource: &&Resource| resource.address.kind().as_str() == kind || type_of(resource) == Some(kind);
        Ok(self.all().iter().filter(is).map(|found| resource(found).into()).collect())
    }

    fn steps(&self) -> Array {
        let step = |step: &Step| {
            let entries = [("address", step.address.clone()), ("action", step.action.clone())];
            Dynamic::from_map(entries.into_iter().map(|(key, text)| (key.into(), text.into())).collect())
        };
        self.0.steps.iter().map(step).collect()
    }
}

fn type_of(resource: &Resource) -> Option<&'static str> {
    crate::model::schemas().by_kind(resource.address.kind()).map(|schema| schema.type_name.as_str())
}

/// Registers what can be asked of it.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Planned>("plan");
    engine.register_fn("resource", |planned: &mut Planned, address: &str| planned.resource(address));
    engine.register_fn("resources", |planned: &mut Planned, kind: &str| planned.of_kind(kind));
    engine.register_fn("resources", |planned: &mut Planned| -> Array {
        planned.all().iter().map(|found| resource(found).into()).collect()
    });
    engine.register_fn("has", |planned: &mut Planned, address: &str| {
        planned.all().iter().any(|resource| resource.address.to_string() == address)
    });
    engine.register_get("steps", |planned: &mut Planned| planned.steps());
    engine.register_get("outputs", |planned: &mut Planned| map(&planned.0.evaluated.program.outputs));
    engine.register_get("inputs", |planned: &mut Planned| map(&planned.0.evaluated.program.inputs));
    engine.register_get("warnings", |planned: &mut Planned| -> Array {
        planned.0.evaluated.warnings.iter().map(|warning| warning.message.clone().into()).collect()
    });
    engine.register_fn("to_string", |planned: &mut Planned| format!("plan of {}", planned.0.script));
    engine.register_fn("to_debug", |planned: &mut Planned| format!("plan of {}", planned.0.script));
}

fn resource(resource: &Resource) -> Map {
    let options = &resource.options;
    let depends_on: Array = options.depends_on.iter().map(|address| address.to_string().into()).collect();
    let entries: [(&str, Dynamic); 8] = [
        ("address", resource.address.to_string().into()),
        ("kind", resource.address.kind().to_string().into()),
        ("type", type_of(resource).unwrap_or_default().to_owned().into()),
        ("name", resource.address.name().to_owned().into()),
        ("properties", map(&resource.properties).into()),
        ("dependsOn", depends_on.into()),
        ("protect", options.protect.unwrap_or_default().into()),
        ("retain", options.retain.into()),
    ];
    entries.into_iter().map(|(key, value)| (key.into(), value)).collect()
}

fn map(values: &BTreeMap<String, Value>) -> Map {
    values.iter().map(|(key, item)| (key.as_str().into(), value(item))).collect()
}

/// A value as tests see it. What is not known yet is `${address#attribute}`, and a secret tells nothing.
fn value(of: &Value) -> Dynamic {
    match of {
        Value::Null => Dynamic::UNIT,
        Value::Bool(yes) => (*yes).into(),
        Value::Int(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::String(text) => text.clone().into(),
        Value::List(items) => items.iter().map(value).collect::<Array>().into(),
        Value::Map(entries) => map(entries).into(),
        Value::Ref(reference) => format!("${{{reference}}}").into(),
        Value::Template(parts) => {
            let part = |part: &TemplatePart| match part {
                TemplatePart::Text(text) => text.clone(),
                TemplatePart::Ref(reference) => format!("${{{reference}}}"),
                TemplatePart::Secret(_) => "(secret)".to_owned(),
            };
            parts.iter().map(part).collect::<String>().into()
        }
        Value::Secret(_) => "(secret)".into(),
    }
}

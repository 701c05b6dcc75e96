//! Forms: properties that builders take beside those of their schemas, as CDK writes them, and what they become.
//!
//! A role takes `assumedBy`, `inlinePolicies` and `managedPolicies`; a container `logging`, and maps as `environment` and
//! `secrets`. Each is rewritten into the schema's properties before anything is checked; what moves is told by [`Moved`],
//! so that a mistake in it is placed where it was written.

use std::collections::BTreeMap;

use super::check::describe;
use super::policy;
use super::session::Mistake;
use super::spans::Aim;
use super::suggest::closest;
use crate::model::{PathStep, PropertyPath, Secret, Shape, TemplatePart, Value};

/// What a role takes beside its schema's properties.
pub(super) const OF_ROLE: [&str; 3] = ["assumedBy", "inlinePolicies", "managedPolicies"];
/// What a container takes beside its schema's properties.
pub(super) const OF_CONTAINER: [&str; 1] = ["logging"];

/// A value that is elsewhere than where it was written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Moved {
    /// Where it is.
    pub(super) to: PropertyPath,
    /// Where it was written.
    pub(super) from: Vec<PathStep>,
}

/// Something wrong in a form.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wrong {
    /// Where.
    pub(super) at: Vec<PathStep>,
    /// Whether the key is wrong, or what stands under it.
    pub(super) aim: Aim,
    /// What is wrong.
    pub(super) mistake: Mistake,
}

/// What came of rewriting.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Rewritten {
    /// What moved.
    pub(super) moved: Vec<Moved>,
    /// What is wrong.
    pub(super) wrong: Vec<Wrong>,
    /// What the execution role must be allowed for the secrets: an action and on what.
    pub(super) reads: Vec<(&'static str, Value)>,
}

impl Rewritten {
    fn value(&mut self, at: &[PathStep], mistake: Mistake) {
        self.wrong.push(Wrong { at: at.to_vec(), aim: Aim::Value, mistake });
    }

    fn key(&mut self, key: &str, mistake: Mistake) {
        self.wrong.push(Wrong { at: vec![step(key)], aim: Aim::Key, mistake });
    }

    fn moved(&mut self, to: PropertyPath, from: &[PathStep]) {
        self.moved.push(Moved { to, from: from.to_vec() });
    }

    /// Tells of names that are meant to be one of a form, and takes them for it.
    fn mistyped(&mut self, owner: &str, values: &mut BTreeMap<String, Value>, shape: Option<&Shape>, own: &[&str]) {
        let Some(shape) = shape else { return };
        let names = || shape.properties.keys().map(String::as_str).chain(own.iter().copied());
        let meant = |key: &str| closest(key, names()).filter(|name| own.contains(name));
        let unknown = values.keys().filter(|key| !names().any(|name| name == *key));
        let found: Vec<_> = unknown.filter_map(|key| Some((key.clone(), meant(key)?.to_owned()))).collect();
        for (key, name) in found {
            if let Some(value) = values.remove(&key) {
                values.entry(name.clone()).or_insert(value);
            }
            let mistake = Mistake::new(format!("{owner} has no property `{key}`")).label("not a property");
            self.key(&key, mistake.help(format!("did you mean `{name}`?")));
        }
    }
}

fn step(key: &str) -> PathStep {
    PathStep::Key(key.to_owned())
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

/// Takes a property out, unless it is nothing.
fn take(values: &mut BTreeMap<String, Value>, name: &str) -> Option<Value> {
    values.remove(name).filter(|value| *value != Value::Null)
}

/// The list a property is, made when it is not there; none when it is something else, which is told elsewhere.
fn list<'a>(values: &'a mut BTreeMap<String, Value>, name: &str) -> Option<&'a mut Vec<Value>> {
    match values.entry(name.to_owned()).or_insert_with(|| Value::List(Vec::new())) {
        Value::List(items) => Some(items),
        _ => None,
    }
}

/// Rewrites the properties of a role.
pub(super) fn role(values: &mut BTreeMap<String, Value>, shape: &Shape) -> Rewritten {
    let mut made = Rewritten::default();
    made.mistyped("iam_role", values, Some(shape), &OF_ROLE);
    if let Some(principal) = take(values, "assumedBy") {
        assumed_by(principal, values, &mut made);
    }
    if let Some(policies) = take(values, "inlinePolicies") {
        inline_policies(policies, values, &mut made);
    }
    match take(values, "managedPolicies") {
        Some(Value::List(policies)) => {
            let Some(arns) = list(values, "managedPolicyArns") else { return made };
            for (index, policy) in policies.into_iter().enumerate() {
                let to = PropertyPath::new("managedPolicyArns").index(arns.len());
                made.moved(to, &[step("managedPolicies"), PathStep::Index(index)]);
                arns.push(policy::managed(policy));
            }
        }
        Some(other) => {
            let what = format!("`managedPolicies` is {}, not a list", describe(&other));
            let mistake = Mistake::new(what).label("not a list").help("put it in a list: `[…]`".to_owned());
            made.value(&[step("managedPolicies")], mistake);
        }
        None => {}
    }
    made
}

/// Rewrites the properties of a secret: its value is one whether the script says so or not.
pub(super) fn secret(values: &mut BTreeMap<String, Value>) -> Rewritten {
    match values.get_mut("secretString") {
        Some(value @ Value::String(_)) => {
            if let Value::String(text) = std::mem::replace(value, Value::Null) {
                *value = Value::Secret(Secret::Clear(text));
            }
        }
        Some(Value::Template(parts)) => {
            for part in parts {
                if let TemplatePart::Text(text) = part {
                    *part = TemplatePart::Secret(Secret::Clear(std::mem::take(text)));
                }
            }
        }
        _ => {}
    }
    Rewritten::default()
}

fn assumed_by(principal: Value, values: &mut BTreeMap<String, Value>, made: &mut Rewritten) {
    let document = "assumeRolePolicyDocument";
    if values.contains_key(document) {
        let what = format!("iam_role takes `assumedBy` or `{document}`, not both");
        return made.key("assumedBy", Mistake::new(what).label("one too many"));
    }
    let principal = match principal {
        Value::Map(principal) => Value::Map(principal),
        service @ (Value::String(_) | Value::Ref(_) | Value::Template(_)) => {
            Value::Map(BTreeMap::from([("Service".to_owned(), service)]))
        }
        other => {
            let what = format!("`assumedBy` is {}, not a principal", describe(&other));
            let help = "such as service_principal(\"ecs-tasks.amazonaws.com\")".to_owned();
            made.value(&[step("assumedBy")], Mistake::new(what).label("not a principal").help(help));
            Value::Map(BTreeMap::new())
        }
    };
    values.insert(document.to_owned(), policy::assumed_by(principal));
    made.moved(PropertyPath::new(document), &[step("assumedBy")]);
}

fn inline_policies(policies: Value, values: &mut BTreeMap<String, Value>, made: &mut Rewritten) {
    let Value::Map(policies) = policies else {
        let what = format!("`inlinePolicies` is {}, not a map", describe(&policies));
        let help = "from the name of each policy to its document: #{ name: policy_document([…]) }".to_owned();
        return made.value(&[step("inlinePolicies")], Mistake::new(what).label("not a map").help(help));
    };
    let Some(items) = list(values, "policies") else { return };
    for (name, document) in policies {
        let place = PropertyPath::new("policies").index(items.len());
        let from = [step("inlinePolicies"), step(&name)];
        made.moved(place.clone(), &from);
        made.moved(place.key("policyName"), &from);
        made.moved(place.key("policyDocument"), &from);
        if matches!(document, Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_)) {
            let what = format!("the policy `{name}` is {}, not a document", describe(&document));
            let help = "such as policy_document([policy_statement(#{ … })])".to_owned();
            made.value(&from, Mistake::new(what).label("not a document").help(help));
        }
        items.push(Value::Map(BTreeMap::from([
            ("policyName".to_owned(), Value::String(name)),
            ("policyDocument".to_owned(), document),
        ])));
    }
}

/// Rewrites the properties of a container. Places are those within the container.
pub(super) fn container(values: &mut BTreeMap<String, Value>, shape: Option<&Shape>) -> Rewritten {
    let mut made = Rewritten::default();
    made.mistyped("a container", values, shape, &OF_CONTAINER);
    if let Some(logging) = take(values, "logging") {
        if values.contains_key("logConfiguration") {
            let what = "a container takes `logging` or `logConfiguration`, not both";
            made.key("logging", Mistake::new(what).label("one too many"));
        } else {
            values.insert("logConfiguration".to_owned(), logging);
            made.moved(PropertyPath::new("logConfiguration"), &[step("logging")]);
        }
    }
    if let Some(Value::List(entries)) = values.get("secrets") {
        for (index, entry) in entries.iter().enumerate() {
            let Value::Map(entry) = entry else { continue };
            let name = entry.get("name").and_then(Value::as_str).unwrap_or_default();
            match entry.get("valueFrom").map(|value| reading(name, value)) {
                Some(Ok(read)) => made.reads.extend(read),
                Some(Err(mistake)) => {
                    let from = [step("secrets"), PathStep::Index(index), step("valueFrom")];
                    made.value(&from, mistake);
                }
                None => {}
            }
        }
    }
    for (name, under) in [("environment", "value"), ("secrets", "valueFrom")] {
        let Some(Value::Map(entries)) = values.get(name).cloned() else { continue };
        let mut items = Vec::with_capacity(entries.len());
        for (key, value) in entries.into_iter().filter(|(_, value)| *value != Value::Null) {
            let place = PropertyPath::new(name).index(items.len());
            let from = [step(name), step(&key)];
            made.moved(place.clone(), &from);
            made.moved(place.key(under), &from);
            if name == "secrets" {
                match reading(&key, &value) {
                    Ok(read) => made.reads.extend(read),
                    Err(mistake) => made.value(&from, mistake),
                }
            }
            items.push(Value::Map(BTreeMap::from([("name".to_owned(), text(&key)), (under.to_owned(), value)])));
        }
        values.insert(name.to_owned(), Value::List(items));
    }
    if let Some(Value::List(mappings)) = values.get_mut("portMappings") {
        for mapping in mappings {
            *mapping = port_mapping(std::mem::replace(mapping, Value::Null));
        }
    }
    made
}

/// A port mapping, which may be given by its port alone.
pub(super) fn port_mapping(mapping: Value) -> Value {
    match mapping {
        Value::Int(port) => Value::Map(BTreeMap::from([
            ("containerPort".to_owned(), Value::Int(port)),
            ("protocol".to_owned(), text("tcp")),
        ])),
        other => other,
    }
}

/// What ECS must be allowed to put a secret into a container
/// ([ECS guide](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html)). An ARN of
/// Secrets Manager may go on with `:json-key:stage:version` after its seven parts; who may read it is said without.
fn reading(name: &str, secret: &Value) -> Result<Option<(&'static str, Value)>, Mistake> {
    let arn = match secret {
        Value::String(arn) => arn,
        Value::Ref(_) => return Ok(Some(("secretsmanager:GetSecretValue", secret.clone()))),
        Value::Template(parts) => {
            return Ok(match parts.first() {
                Some(TemplatePart::Ref(reference)) => {
                    Some(("secretsmanager:GetSecretValue", Value::from(reference.clone())))
                }
                _ => None,
            });
        }
        Value::Secret(_) => {
            let what = format!("the secret `{name}` is given by its text, which the task definition would show");
            let help = "keep it in Secrets Manager, and give its ARN".to_owned();
            return Err(Mistake::new(what).label("not an ARN").help(help));
        }
        // Its type is wrong: that is told elsewhere.
        _ => return Ok(None),
    };
    let parts: Vec<&str> = arn.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "secretsmanager", _, _, "secret", _, ..] => {
            Ok(Some(("secretsmanager:GetSecretValue", Value::String(parts[..7].join(":")))))
        }
        ["arn", _, "ssm", _, _, parameter] if parameter.starts_with("parameter/") => {
            Ok(Some(("ssm:GetParameters", Value::String(arn.clone()))))
        }
        _ => Err(Mistake::new(format!("`{arn}` is not the ARN of a secret"))
            .label("not an ARN of Secrets Manager or of a parameter")
            .help(
                "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME, or arn:aws:ssm:REGION:ACCOUNT:parameter/NAME"
                    .to_owned(),
            )),
    }
}

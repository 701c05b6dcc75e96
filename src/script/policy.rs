//! IAM policies: `policy_statement`, `policy_document`, `assume_role`, `service_principal`, `managed_policy`.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, Map, NativeCallContext};

use super::session::{Mistake, Session};
use super::spans::Aim;
use super::suggest::did_you_mean;
use super::tokens;
use crate::model::{PathStep, Value};

/// The version of IAM's policy language ([IAM reference](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html)).
const VERSION: &str = "2012-10-17";

/// Where AWS keeps its own managed policies ([IAM user guide](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html)).
const AWS_POLICIES: &str = "arn:aws:iam::aws:policy/";
/// Managed policies of AWS under `service-role/`, which are commonly named without it.
const SERVICE_ROLE_POLICIES: [&str; 2] = ["AmazonECSTaskExecutionRolePolicy", "AmazonEC2ContainerServiceforEC2Role"];

/// Elements of a statement: as scripts write them, as IAM does, and whether several are a list.
const ELEMENTS: [(&str, &str, bool); 10] = [
    ("sid", "Sid", false),
    ("effect", "Effect", false),
    ("actions", "Action", true),
    ("notActions", "NotAction", true),
    ("resources", "Resource", true),
    ("notResources", "NotResource", true),
    ("principals", "Principal", false),
    ("notPrincipals", "NotPrincipal", false),
    ("conditions", "Condition", false),
    ("condition", "Condition", false),
];

/// Registers the functions.
pub(super) fn register(engine: &mut Engine, session: &Arc<Session>) {
    let own = session.clone();
    engine.register_fn("policy_statement", move |context: NativeCallContext, elements: Map| {
        statement(&own, &context, &elements, 0)
    });
    engine.register_fn("policy_document", |statements: Array| document(statements));
    engine.register_fn("policy_document", |statement: Map| document(vec![statement.into()]));
    engine.register_fn("assume_role", |service: &str| assume(service.into()));
    engine.register_fn("assume_role", |services: Array| assume(services.into()));
    engine.register_fn("service_principal", |service: &str| principal(service.into()));
    engine.register_fn("service_principal", |services: Array| principal(services.into()));
    engine.register_fn("managed_policy", |name: &str| managed_arn(name));
}

/// A statement in IAM's words. One that is in them already stays as it is.
pub(super) fn statement(session: &Session, context: &NativeCallContext, elements: &Map, argument: usize) -> Map {
    if elements.contains_key("Action") || elements.contains_key("NotAction") {
        return elements.clone();
    }
    let origin = session.origin(context).argument(argument);
    let mut made = Map::new();
    made.insert("Effect".into(), "Allow".into());
    for (name, value) in elements {
        match ELEMENTS.iter().find(|(own, ..)| name == own) {
            Some((_, iam, true)) if !value.is_array() => {
                made.insert((*iam).into(), vec![value.clone()].into());
            }
            Some((_, iam, _)) => {
                made.insert((*iam).into(), value.clone());
            }
            None => {
                let names = ELEMENTS.iter().map(|(own, ..)| *own);
                let help = did_you_mean(name, names.clone())
                    .unwrap_or_else(|| format!("it has {}", names.collect::<Vec<_>>().join(", ")));
                let mistake = Mistake::new(format!("a policy statement has no `{name}`")).label("not an element");
                let step = [PathStep::Key(name.to_string())];
                session.state().mistake(&origin, &step, Aim::Key, mistake.help(help));
            }
        }
    }
    if !made.contains_key("Action") && !made.contains_key("NotAction") {
        let mistake = Mistake::new("a policy statement needs `actions`").label("`actions` is missing");
        session.state().mistake(&origin, &[], Aim::Value, mistake);
    }
    made
}

fn document(statements: Array) -> Map {
    let mut document = Map::new();
    document.insert("Version".into(), VERSION.into());
    document.insert("Statement".into(), statements.into());
    document
}

/// A document of statements, as a property's value.
pub(super) fn document_of(statements: Vec<Value>) -> Value {
    Value::Map(BTreeMap::from([
        ("Version".to_owned(), Value::String(VERSION.to_owned())),
        ("Statement".to_owned(), Value::List(statements)),
    ]))
}

/// A statement that allows an action on a resource, as a property's value.
pub(super) fn allow(action: &str, resource: Value) -> Value {
    Value::Map(BTreeMap::from([
        ("Effect".to_owned(), Value::String("Allow".to_owned())),
        ("Action".to_owned(), Value::List(vec![Value::String(action.to_owned())])),
        ("Resource".to_owned(), Value::List(vec![resource])),
    ]))
}

/// The document that lets a principal assume a role, as a property's value.
pub(super) fn assumed_by(principal: Value) -> Value {
    document_of(vec![Value::Map(BTreeMap::from([
        ("Effect".to_owned(), Value::String("Allow".to_owned())),
        ("Principal".to_owned(), principal),
        ("Action".to_owned(), Value::String("sts:AssumeRole".to_owned())),
    ]))])
}

/// The ARN of a managed policy that may be named without where AWS keeps it. What is no text that is known stays.
pub(super) fn managed(policy: Value) -> Value {
    match policy {
        Value::String(name) => Value::String(managed_arn(&name)),
        other => other,
    }
}

fn managed_arn(name: &str) -> String {
    if tokens::has(name) || name.starts_with("arn:") {
        name.to_owned()
    } else if SERVICE_ROLE_POLICIES.contains(&name) {
        format!("{AWS_POLICIES}service-role/{name}")
    } else {
        format!("{AWS_POLICIES}{name}")
    }
}

fn principal(service: Dynamic) -> Map {
    Map::from([("Service".into(), service)])
}

fn assume(service: Dynamic) -> Map {
    let mut statement = Map::new();
    statement.insert("Effect".into(), "Allow".into());
    statement.insert("Principal".into(), principal(service).into());
    statement.insert("Action".into(), "sts:AssumeRole".into());
    document(vec![statement.into()])
}

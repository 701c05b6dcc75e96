//! Methods of handles that add to a declaration after it is made: statements, containers, port mappings, rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhai::{Dynamic, Engine, Map, NativeCallContext};

use super::convert::to_value;
use super::handle::{Container, Handle};
use super::policy;
use super::session::{Mistake, Session, State};
use super::sources::Origin;
use crate::model::{PathStep, PropertyPath, Value};

/// The inline policy that collects what `add_to_policy` adds, unless another is named.
const DEFAULT_POLICY: &str = "default";
/// Where AWS keeps its own managed policies ([IAM user guide](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html)).
const AWS_POLICIES: &str = "arn:aws:iam::aws:policy/";
/// Managed policies of AWS under `service-role/`, which are commonly named without it.
const SERVICE_ROLE_POLICIES: [&str; 2] = ["AmazonECSTaskExecutionRolePolicy", "AmazonEC2ContainerServiceforEC2Role"];

/// What a list of a declaration is extended with.
struct Addition<'a> {
    session: &'a Session,
    context: &'a NativeCallContext<'a>,
    handle: &'a Handle,
}

impl Addition<'_> {
    /// Runs `add` on the declaration, when it is of a kind that has `property`.
    fn on<T>(&self, property: &str, add: impl FnOnce(&mut State, usize, &Origin) -> T) -> Option<T> {
        let (address, schema) = self.handle.declared()?;
        let origin = self.session.origin(self.context);
        let mut state = self.session.state();
        if !schema.shape.properties.contains_key(property) {
            let what = format!("{} has no `{}`: it has no `{property}`", schema.kind, self.context.fn_name());
            state.mistake_at(&origin, Mistake::new(what).label("not a method of it"));
            return None;
        }
        let index = *state.by_address.get(address)?;
        Some(add(&mut state, index, &origin))
    }

    /// Appends an element to the list `property`, and remembers that it came from `origin`.
    fn push(&self, property: &str, value: Value, argument: usize) -> Option<usize> {
        self.on(property, |state, index, origin| {
            let declaration = &mut state.declarations[index];
            let items = list(declaration.properties.entry(property.to_owned()).or_insert(Value::Null))?;
            items.push(value);
            let at = items.len() - 1;
            declaration.added.push((PropertyPath::new(property).index(at), origin.argument(argument)));
            Some(at)
        })?
    }

    /// The value of an argument.
    fn value(&self, value: &Dynamic, key: &str, argument: usize) -> Option<Value> {
        let converted = to_value(value, key, &self.session.state().secrets);
        converted
            .map_err(|unfit| self.wrong(argument, &unfit.steps, format!("{} cannot be used here", unfit.what)))
            .ok()
    }

    fn wrong(&self, argument: usize, steps: &[PathStep], message: String) {
        self.session.mistake_in(self.context, argument, steps, Mistake::new(message));
    }
}

fn list(value: &mut Value) -> Option<&mut Vec<Value>> {
    if *value == Value::Null {
        *value = Value::List(Vec::new());
    }
    match value {
        Value::List(items) => Some(items),
        _ => None,
    }
}

/// Registers the methods.
pub(super) fn register(engine: &mut Engine, session: &Arc<Session>) {
    let own = session.clone();
    engine.register_fn("add_to_policy", move |context: NativeCallContext, handle: &mut Handle, statement: Map| {
        let addition = Addition { session: &own, context: &context, handle };
        add_to_policy(&addition, DEFAULT_POLICY, &statement, 1);
        handle.clone()
    });
    let own = session.clone();
    engine.register_fn(
        "add_to_policy",
        move |context: NativeCallContext, handle: &mut Handle, name: &str, statement: Map| {
            let addition = Addition { session: &own, context: &context, handle };
            add_to_policy(&addition, name, &statement, 2);
            handle.clone()
        },
    );
    let own = session.clone();
    engine.register_fn(
        "attach_managed_policy",
        move |context: NativeCallContext, handle: &mut Handle, policy: Dynamic| {
            let addition = Addition { session: &own, context: &context, handle };
            if let Some(value) = addition.value(&policy, "policyArn", 1) {
                addition.push("managedPolicyArns", managed_policy(value), 1);
            }
            handle.clone()
        },
    );
    let own = session.clone();
    engine.register_fn(
        "add_container",
        move |context: NativeCallContext, handle: &mut Handle, name: &str, properties: Map| {
            let addition = Addition { session: &own, context: &context, handle };
            let mut properties = properties;
            properties.insert("name".into(), name.to_owned().into());
            let value = addition.value(&properties.into(), "", 2);
            let index = value.and_then(|value| addition.push("containerDefinitions", value, 2));
            let definition = if index.is_some() { handle.clone() } else { Handle::unknown() };
            Container { definition, name: name.to_owned(), index: index.unwrap_or(0) }
        },
    );
    let own = session.clone();
    engine.register_fn(
        "add_port_mappings",
        move |context: NativeCallContext, container: &mut Container, mappings: Dynamic| {
            add_port_mappings(&own, &context, container, &mappings);
            container.clone()
        },
    );
    for (method, property) in [("add_ingress", "securityGroupIngress"), ("add_egress", "securityGroupEgress")] {
        let own = session.clone();
        engine.register_fn(method, move |context: NativeCallContext, handle: &mut Handle, rule: Map| {
            let addition = Addition { session: &own, context: &context, handle };
            if let Some(value) = addition.value(&rule.into(), "", 1) {
                addition.push(property, value, 1);
            }
            handle.clone()
        });
    }
    let own = session.clone();
    engine.register_fn(
        "allow_from",
        move |context: NativeCallContext, handle: &mut Handle, source: Dynamic, ports: Dynamic| {
            allow_from(&Addition { session: &own, context: &context, handle }, &source, &ports, None);
            handle.clone()
        },
    );
    let own = session.clone();
    engine.register_fn(
        "allow_from",
        move |context: NativeCallContext, handle: &mut Handle, source: Dynamic, ports: Dynamic, description: &str| {
            allow_from(&Addition { session: &own, context: &context, handle }, &source, &ports, Some(description));
            handle.clone()
        },
    );
}

fn add_to_policy(addition: &Addition<'_>, name: &str, statement: &Map, argument: usize) {
    let statement = policy::statement(addition.session, addition.context, statement, argument);
    let Some(statement) = addition.value(&statement.into(), "", argument) else { return };
    let named = |policy: &Value| matches!(policy, Value::Map(policy) if policy.get("policyName").and_then(Value::as_str) == Some(name));
    addition.on("policies", |state, index, _| {
        let properties = &mut state.declarations[index].properties;
        let Some(policies) = list(properties.entry("policies".to_owned()).or_insert(Value::Null)) else { return };
        if !policies.iter().any(named) {
            policies.push(Value::Map(BTreeMap::from([
                ("policyName".to_owned(), Value::String(name.to_owned())),
                ("policyDocument".to_owned(), policy::document_of(Vec::new())),
            ])));
        }
        let policy = policies.iter_mut().find(|policy| named(policy));
        let Some(Value::Map(policy)) = policy else { return };
        let Some(Value::Map(document)) = policy.get_mut("policyDocument") else { return };
        if let Some(statements) = list(document.entry("Statement".to_owned()).or_insert(Value::Null)) {
            statements.push(statement);
        }
    });
}

/// The ARN of a managed policy that may be named without where AWS keeps it.
fn managed_policy(value: Value) -> Value {
    match value {
        Value::String(name) if SERVICE_ROLE_POLICIES.contains(&name.as_str()) => {
            Value::String(format!("{AWS_POLICIES}service-role/{name}"))
        }
        Value::String(name) if !name.starts_with("arn:") => Value::String(format!("{AWS_POLICIES}{name}")),
        other => other,
    }
}

fn add_port_mappings(session: &Session, context: &NativeCallContext, container: &Container, mappings: &Dynamic) {
    let addition = Addition { session, context, handle: &container.definition };
    let Some(value) = addition.value(mappings, "", 1) else { return };
    let (several, values) = match value {
        Value::List(values) => (true, values),
        one => (false, vec![one]),
    };
    addition.on("containerDefinitions", |state, index, origin| {
        let declaration = &mut state.declarations[index];
        let Some(Value::List(containers)) = declaration.properties.get_mut("containerDefinitions") else { return };
        let Some(Value::Map(definition)) = containers.get_mut(container.index) else { return };
        let Some(items) = list(definition.entry("portMappings".to_owned()).or_insert(Value::Null)) else { return };
        let path = PropertyPath::new("containerDefinitions").index(container.index).key("portMappings");
        if several {
            declaration.added.push((path.clone(), origin.argument(1)));
        }
        for value in values {
            items.push(match value {
                Value::Int(port) => Value::Map(BTreeMap::from([
                    ("containerPort".to_owned(), Value::Int(port)),
                    ("protocol".to_owned(), Value::String("tcp".to_owned())),
                ])),
                other => other,
            });
            if !several {
                declaration.added.push((path.index(items.len() - 1), origin.argument(1)));
            }
        }
    });
}

fn allow_from(addition: &Addition<'_>, source: &Dynamic, ports: &Dynamic, description: Option<&str>) {
    let Some((address, _)) = addition.handle.declared() else { return };
    let own = source.read_lock::<Handle>().is_some_and(|other| other.declared().map(|(a, _)| a) == Some(address));
    let source = match source.read_lock::<Handle>() {
        Some(_) if own => Value::String("self".to_owned()),
        Some(other) => match other.declared() {
            Some((_, schema)) if schema.type_name != "AWS::EC2::SecurityGroup" => {
                let message = format!("a rule allows a security group or a network, not {}", schema.kind);
                return addition.wrong(1, &[], message);
            }
            Some((address, _)) => {
                Value::Ref(crate::model::Reference { address: address.clone(), attribute: "groupId".to_owned() })
            }
            None => return,
        },
        None => match addition.value(source, "", 1) {
            Some(value) => value,
            None => return,
        },
    };
    let key = match &source {
        Value::String(text) if text.contains(':') => "cidrIpv6",
        Value::String(text) if text.contains('/') => "cidrIp",
        Value::Template(_) => "cidrIp",
        Value::Ref(reference) if reference.attribute.to_ascii_lowercase().contains("cidr") => "cidrIp",
        _ => "sourceSecurityGroupId",
    };
    let range = match (ports.as_int(), ports.as_immutable_string_ref()) {
        (Ok(port), _) => Some((port, port)),
        (_, Ok(text)) => match text.split_once('-') {
            Some((from, to)) => from.trim().parse().ok().zip(to.trim().parse().ok()),
            None => text.parse().ok().map(|port| (port, port)),
        },
        _ => None,
    };
    let Some((from, to)) = range.filter(|(from, to)| (0..=65535).contains(from) && (*from..=65535).contains(to)) else {
        return addition.wrong(
            2,
            &[],
            "a port is a number from 0 to 65535, or a range such as \"5701-5708\"".to_owned(),
        );
    };
    let mut rule = BTreeMap::from([
        (key.to_owned(), source),
        ("ipProtocol".to_owned(), Value::String("tcp".to_owned())),
        ("fromPort".to_owned(), Value::Int(from)),
        ("toPort".to_owned(), Value::Int(to)),
    ]);
    if let Some(description) = description {
        rule.insert("description".to_owned(), Value::String(description.to_owned()));
    }
    // The rule has no text of its own: what is wrong in it is wrong in the source.
    addition.push("securityGroupIngress", Value::Map(rule), 1);
}

//! Methods of handles that add to a declaration after it is made: statements, containers, port mappings, rules, volumes.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhai::{Dynamic, Engine, Map, NativeCallContext};

use super::convert::to_value;
use super::handle::{Container, Handle};
use super::session::{Added, Mistake, Session, State};
use super::sources::Origin;
use super::{forms, policy};
use crate::model::{PathStep, PropertyPath, Value};

/// The inline policy that collects what `add_to_policy` adds, unless another is named.
const DEFAULT_POLICY: &str = "default";

/// The containers of a task definition.
const CONTAINERS: &str = "containerDefinitions";

/// What a list of a declaration is extended with.
#[derive(Clone, Copy)]
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
            declaration.added.push(Added {
                path: PropertyPath::new(property).index(at),
                origin: origin.argument(argument),
                within: Vec::new(),
            });
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
                addition.push("managedPolicyArns", policy::managed(value), 1);
            }
            handle.clone()
        },
    );
    let own = session.clone();
    engine.register_fn(
        "add_container",
        move |context: NativeCallContext, handle: &mut Handle, name: &str, properties: Map| {
            let addition = Addition { session: &own, context: &context, handle };
            let index = add_container(&addition, name, properties);
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
    for (method, property) in
        [("add_to_task_role_policy", "taskRoleArn"), ("add_to_execution_role_policy", "executionRoleArn")]
    {
        let own = session.clone();
        engine.register_fn(method, move |context: NativeCallContext, handle: &mut Handle, statement: Map| {
            add_to_role_policy(&Addition { session: &own, context: &context, handle }, property, &statement);
            handle.clone()
        });
    }
    for (method, property) in
        [("add_ingress", "securityGroupIngress"), ("add_egress", "securityGroupEgress"), ("add_volume", "volumes")]
    {
        let own = session.clone();
        engine.register_fn(method, move |context: NativeCallContext, handle: &mut Handle, element: Map| {
            let addition = Addition { session: &own, context: &context, handle };
            if let Some(value) = addition.value(&element.into(), "", 1) {
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

/// Adds a container, and answers which of the definition's it is.
fn add_container(addition: &Addition<'_>, name: &str, mut properties: Map) -> Option<usize> {
    properties.insert("name".into(), name.to_owned().into());
    let Value::Map(mut values) = addition.value(&properties.into(), "", 2)? else { return None };
    let (_, schema) = addition.handle.declared()?;
    let shape = schema.shape_at(&PropertyPath::new(CONTAINERS).index(0));
    let rewritten = forms::container(&mut values, shape);
    let index = addition.push(CONTAINERS, Value::Map(values), 2)?;
    addition.on(CONTAINERS, |state, declaration, origin| {
        let written = origin.argument(2);
        for wrong in rewritten.wrong {
            state.mistake(&written, &wrong.at, wrong.aim, wrong.mistake);
        }
        let container = PropertyPath::new(CONTAINERS).index(index);
        let moved = |moved: forms::Moved| Added {
            path: container.steps().iter().chain(moved.to.steps()).cloned().collect(),
            origin: written.clone(),
            within: moved.from,
        };
        state.declarations[declaration].added.extend(rewritten.moved.into_iter().map(moved));
    });
    if let Some(RoleOf::Declared(role)) = role_of(addition, "executionRoleArn") {
        let role = Addition { handle: &role, ..*addition };
        for (action, resource) in rewritten.reads {
            add_statement(&role, DEFAULT_POLICY, policy::allow(action, resource), 2);
        }
    }
    Some(index)
}

/// A role of a task definition.
enum RoleOf {
    /// It is declared in the script.
    Declared(Handle),
    /// It is not.
    Elsewhere,
}

/// The role that a property of a task definition names, when it names one.
fn role_of(addition: &Addition<'_>, property: &str) -> Option<RoleOf> {
    let (address, _) = addition.handle.declared()?;
    let state = addition.session.state();
    let role = state.declarations[*state.by_address.get(address)?].properties.get(property)?;
    Some(match role {
        Value::Ref(role) => match state.by_address.get(&role.address) {
            Some(index) => RoleOf::Declared(Handle::new(role.address.clone(), state.declarations[*index].schema)),
            None => RoleOf::Elsewhere,
        },
        _ => RoleOf::Elsewhere,
    })
}

/// Adds a statement to a role of a task definition.
fn add_to_role_policy(addition: &Addition<'_>, property: &str, statement: &Map) {
    // Whether it is a task definition at all.
    if addition.on(property, |_, _, _| ()).is_none() {
        return;
    }
    let why = match role_of(addition, property) {
        Some(RoleOf::Declared(role)) => {
            return add_to_policy(&Addition { handle: &role, ..*addition }, DEFAULT_POLICY, statement, 1);
        }
        Some(RoleOf::Elsewhere) => "is not declared in this script",
        None => "is not set",
    };
    let mistake = Mistake::new(format!("`{property}` of the task definition {why}: nothing can be added to it"));
    let help = "give it a role that iam_role makes, or let fargate_task_definition make one".to_owned();
    addition.session.mistake(addition.context, mistake.help(help));
}

fn add_to_policy(addition: &Addition<'_>, name: &str, statement: &Map, argument: usize) {
    let statement = policy::statement(addition.session, addition.context, statement, argument);
    if let Some(statement) = addition.value(&statement.into(), "", argument) {
        add_statement(addition, name, statement, argument);
    }
}

/// Adds a statement, written in an argument of the call, to an inline policy, which is made if need be.
fn add_statement(addition: &Addition<'_>, name: &str, statement: Value, argument: usize) {
    let named = |policy: &Value| matches!(policy, Value::Map(policy) if policy.get("policyName").and_then(Value::as_str) == Some(name));
    addition.on("policies", |state, index, origin| {
        let declaration = &mut state.declarations[index];
        let Some(policies) = list(declaration.properties.entry("policies".to_owned()).or_insert(Value::Null)) else {
            return;
        };
        if !policies.iter().any(named) {
            policies.push(Value::Map(BTreeMap::from([
                ("policyName".to_owned(), Value::String(name.to_owned())),
                ("policyDocument".to_owned(), policy::document_of(Vec::new())),
            ])));
        }
        let Some(which) = policies.iter().position(named) else { return };
        let Some(Value::Map(policy)) = policies.get_mut(which) else { return };
        let Some(Value::Map(document)) = policy.get_mut("policyDocument") else { return };
        if let Some(statements) = list(document.entry("Statement".to_owned()).or_insert(Value::Null)) {
            let place = PropertyPath::new("policies").index(which).key("policyDocument").key("Statement");
            let path = place.index(statements.len());
            statements.push(statement);
            declaration.added.push(Added { path, origin: origin.argument(argument), within: Vec::new() });
        }
    });
}

fn add_port_mappings(session: &Session, context: &NativeCallContext, container: &Container, mappings: &Dynamic) {
    let addition = Addition { session, context, handle: &container.definition };
    let Some(value) = addition.value(mappings, "", 1) else { return };
    let (several, values) = match value {
        Value::List(values) => (true, values),
        one => (false, vec![one]),
    };
    addition.on(CONTAINERS, |state, index, origin| {
        let declaration = &mut state.declarations[index];
        let Some(Value::List(containers)) = declaration.properties.get_mut(CONTAINERS) else { return };
        let Some(Value::Map(definition)) = containers.get_mut(container.index) else { return };
        let Some(items) = list(definition.entry("portMappings".to_owned()).or_insert(Value::Null)) else { return };
        let path = PropertyPath::new(CONTAINERS).index(container.index).key("portMappings");
        for (index, value) in values.into_iter().enumerate() {
            items.push(forms::port_mapping(value));
            let within = if several { vec![PathStep::Index(index)] } else { Vec::new() };
            let origin = origin.argument(1);
            declaration.added.push(Added { path: path.index(items.len() - 1), origin, within });
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
                Value::from(crate::model::Reference { address: address.clone(), attribute: "groupId".to_owned() })
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

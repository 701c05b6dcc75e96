//! Builders: one function a kind, `kind(name, properties, options)`, made from the schemas.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rhai::{Dynamic, Engine, Map, NativeCallContext};

use super::convert::to_value;
use super::handle::Handle;
use super::session::{Added, Declaration, Mistake, Session, State};
use super::sources::{At, Origin};
use super::spans::Aim;
use super::suggest::did_you_mean;
use super::{forms, generic, library, names, options};
use crate::model::{Address, AddressError, KindName, KindSchema, Options, PathStep, Value, schemas};

/// Registers a builder for every kind.
pub(super) fn register(engine: &mut Engine, session: &Arc<Session>) {
    let own = session.clone();
    #[allow(deprecated, reason = "rhai marks what may change between its versions; this one is pinned")]
    engine.on_missing_function(move |name, _, _, _| {
        Ok(own.state().missing.contains(name).then(|| Dynamic::from(Handle::unknown())))
    });
    for (kind, _) in schemas().kinds() {
        let own = session.clone();
        engine.register_fn(kind.as_str(), move |context: NativeCallContext, name: &str| {
            build(&own, &context, kind, name, Map::new(), None)
        });
        let own = session.clone();
        engine.register_fn(kind.as_str(), move |context: NativeCallContext, name: &str, properties: Map| {
            build(&own, &context, kind, name, properties, None)
        });
        let own = session.clone();
        engine.register_fn(
            kind.as_str(),
            move |context: NativeCallContext, name: &str, properties: Map, options: Map| {
                build(&own, &context, kind, name, properties, Some(options))
            },
        );
    }
}

/// Records calls in a file that are made as builders are called, and for which there is neither a kind nor a function of
/// the script. When such a call is made, it gives a handle of nothing, and evaluation goes on.
pub(super) fn unknown_kinds(session: &Session, file: &str, functions: &BTreeSet<String>) {
    let mut state = session.state();
    for (name, position) in state.sources.builds(file) {
        let known = schemas().kinds().any(|(kind, _)| kind.as_str() == name)
            || functions.contains(&name)
            || names::is_function(&name)
            || session.functions.has(&name)
            || library::names().contains(&name);
        if known || !name.contains('_') {
            continue;
        }
        let kinds = schemas().kinds().map(|(kind, _)| kind.as_str());
        let help = did_you_mean(&name, kinds).or_else(|| {
            let type_name = generic::as_type(&name)?;
            Some(format!("of what has no builder, write the type: aws_resource(\"{type_name}\", \"name\", #{{ … }})"))
        });
        let help = help.unwrap_or_else(|| {
            "builders are named after CloudFormation's types: AWS::ECS::Service is ecs_service".to_owned()
        });
        let origin = Origin { at: At { file: file.to_owned(), position }, argument: None, frames: Vec::new() };
        state.mistake_at(&origin, Mistake::new(format!("there is no kind `{name}`")).label("not a kind").help(help));
        state.missing.insert(name);
    }
}

fn build(
    session: &Session,
    context: &NativeCallContext,
    kind: &KindName,
    name: &str,
    properties: Map,
    options: Option<Map>,
) -> Handle {
    match schemas().by_kind(kind) {
        Some(schema) => declare(session, context, Call { schema, first: 0 }, name, properties, options),
        None => Handle::unknown(),
    }
}

/// What a call declares, and which of its arguments is the name: properties and options follow it.
#[derive(Clone, Copy)]
pub(super) struct Call {
    pub(super) schema: &'static KindSchema,
    pub(super) first: usize,
}

pub(super) fn declare(
    session: &Session,
    context: &NativeCallContext,
    call: Call,
    name: &str,
    properties: Map,
    options: Option<Map>,
) -> Handle {
    let Call { schema, first } = call;
    let origin = session.origin(context);
    let mut state = session.state();
    let address = match state.known_text(name).map(|name| Address::new(schema.kind.clone(), &name)) {
        Some(Ok(address)) => address,
        Some(Err(error)) => {
            let mistake = Mistake::new(error.to_string()).label("not a name");
            let help = matches!(error, AddressError::BadName(_))
                .then(|| "the name of the declaration is not the name in AWS: that is a property".to_owned());
            state.mistake_once(&origin.argument(first), mistake.help(help));
            return Handle::unknown();
        }
        None => {
            let mistake = Mistake::new("the name of a declaration must be known before anything is made");
            state.mistake(&origin.argument(first), &[], Aim::Value, mistake.label("not known yet"));
            return Handle::unknown();
        }
    };
    let mut values = BTreeMap::new();
    for (key, value) in &properties {
        match to_value(value, key, &state.secrets) {
            Ok(Value::Null) => {}
            Ok(value) => {
                values.insert(key.to_string(), value);
            }
            Err(unfit) => {
                let mut steps = vec![PathStep::Key(key.to_string())];
                steps.extend(unfit.steps);
                let mistake = Mistake::new(format!("`{key}` has {} in it", unfit.what)).label("not a value AWS knows");
                state.mistake(&origin.argument(first + 1), &steps, Aim::Value, mistake);
            }
        }
    }
    let mut options = match options {
        Some(map) => options::read(&map, schema, &mut state, &origin.argument(first + 2)),
        None => Options::default(),
    };
    if !schemas().has_builder(&schema.kind) && !schema.is_open() {
        // What it is called by a version that does not know the type.
        options.aliases.extend(format!("{}.{}", schema.type_name, address.name()).parse::<Address>());
    }
    let anew = state.by_address.get(&address).copied().filter(|&index| {
        let before = state.declarations[index].origin.outermost().clone();
        session.is_anew(&mut state, &address.to_string(), &before, origin.outermost())
    });
    record(&mut state, call, address, (values, options), origin, anew)
}

/// Records a declaration, whoever makes it, with its forms rewritten; `anew` is the one it takes the place of. It is checked
/// when all are known.
pub(super) fn record(
    state: &mut State,
    call: Call,
    address: Address,
    (mut values, options): (BTreeMap<String, Value>, Options),
    origin: Origin,
    anew: Option<usize>,
) -> Handle {
    let Call { schema, first } = call;
    let mut rewritten = if first > 0 { generic::renamed(&mut values, schema) } else { forms::Rewritten::default() };
    let own = match schema.type_name.as_str() {
        "AWS::IAM::Role" => forms::role(&mut values, &schema.shape),
        "AWS::SecretsManager::Secret" => forms::secret(&mut values),
        _ => forms::Rewritten::default(),
    };
    rewritten.moved.extend(own.moved);
    rewritten.wrong.extend(own.wrong);
    let written = origin.argument(first + 1);
    for wrong in rewritten.wrong {
        state.mistake(&written, &wrong.at, wrong.aim, wrong.mistake);
    }
    let moved = |moved: forms::Moved| Added { path: moved.to, origin: written.clone(), within: moved.from };
    let added = rewritten.moved.into_iter().map(moved).collect();
    if let (Some(&index), None) = (state.by_address.get(&address), anew) {
        let before = state.declarations[index].origin.outermost().clone();
        let where_first = match state.sources.place(&before) {
            Some(place) => format!("{}:{}:{}", place.file, place.line, place.column),
            None => before.file,
        };
        let mistake = Mistake::new(format!("{address} is declared twice, first at {where_first}"));
        let mistake = mistake.label("again").help("give one of them another name".to_owned());
        state.mistake_once(&origin.argument(first), mistake);
        return Handle::unknown();
    }
    let declaration =
        Declaration { address: address.clone(), schema, properties: values, options, origin, first, added };
    match anew {
        Some(index) => state.declarations[index] = declaration,
        None => {
            state.by_address.insert(address.clone(), state.declarations.len());
            state.declarations.push(declaration);
        }
    }
    Handle::new(address, schema)
}

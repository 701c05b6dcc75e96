//! `aws_resource(type, name, properties, options)`: a resource of any type that CloudFormation's registry has.
//!
//! A type that has a builder becomes what that would make. Property names may also be written as CloudFormation has them:
//! where the schema is known they become those of the language. Of a type whose schema is not known nothing is changed,
//! and names must be CloudFormation's, for nobody could tell what a name in small letters stands for.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhai::{Engine, Map, NativeCallContext};

use super::builders::{Call, declare};
use super::forms::{Moved, Rewritten, Wrong};
use super::handle::Handle;
use super::session::{Mistake, Session, State};
use super::sources::Origin;
use super::spans::Aim;
use super::suggest::{closest, did_you_mean};
use crate::model::{KindName, KindSchema, PathStep, PropertyPath, Shape, Value, schemas};

/// Registers the function.
pub(super) fn register(engine: &mut Engine, session: &Arc<Session>) {
    let own = session.clone();
    engine.register_fn("aws_resource", move |context: NativeCallContext, type_name: &str, name: &str| {
        aws_resource(&own, &context, type_name, name, Map::new(), None)
    });
    let own = session.clone();
    engine.register_fn(
        "aws_resource",
        move |context: NativeCallContext, type_name: &str, name: &str, properties: Map| {
            aws_resource(&own, &context, type_name, name, properties, None)
        },
    );
    let own = session.clone();
    engine.register_fn(
        "aws_resource",
        move |context: NativeCallContext, type_name: &str, name: &str, properties: Map, options: Map| {
            aws_resource(&own, &context, type_name, name, properties, Some(options))
        },
    );
}

fn aws_resource(
    session: &Session,
    context: &NativeCallContext,
    type_name: &str,
    name: &str,
    properties: Map,
    options: Option<Map>,
) -> Handle {
    let origin = session.origin(context);
    let schema = {
        let mut state = session.state();
        let Some(type_name) = state.known_text(type_name) else {
            let mistake = Mistake::new("the type of a resource must be known before anything is made");
            state.mistake(&origin.argument(0), &[], Aim::Value, mistake.label("not known yet"));
            return Handle::unknown();
        };
        match schema(&type_name, &mut state, &origin) {
            Some(schema) => schema,
            None => return Handle::unknown(),
        }
    };
    declare(session, context, Call { schema, first: 1 }, name, properties, options)
}

/// The schema of a type; what is wrong with its name is recorded.
fn schema(type_name: &str, state: &mut State, origin: &Origin) -> Option<&'static KindSchema> {
    let known = schemas().by_type(type_name);
    if let Some(schema) = known.filter(|schema| !schema.is_open()) {
        return Some(schema);
    }
    let help = did_you_mean(type_name, schemas().type_names());
    if let Some(open) = known {
        let what = format!("this version does not know {type_name}: AWS alone judges its properties");
        let warning = Mistake::new(what).label("not known").help(help);
        state.warn(&origin.argument(0), &[], Aim::Value, warning);
        return Some(open);
    }
    let same = schemas().by_kind(&KindName::from_type(type_name));
    let mistake = match same {
        Some(same) => Mistake::new(format!("there is no type {type_name}"))
            .label("not a type")
            .help(format!("did you mean `{}`?", same.type_name)),
        None if is_form(type_name) => {
            Mistake::new(format!("too many types are not known to this version: {type_name} is one too many"))
        }
        None => Mistake::new(format!("`{type_name}` is not the name of a type"))
            .label("not a type")
            .help(help.unwrap_or_else(|| "types are named as CloudFormation names them: AWS::SNS::Topic".to_owned())),
    };
    state.mistake(&origin.argument(0), &[], Aim::Value, mistake);
    None
}

fn is_form(type_name: &str) -> bool {
    type_name.split("::").count() == 3 && type_name.chars().all(|c| c.is_ascii_alphanumeric() || c == ':')
}

/// Writes properties that have CloudFormation's names in those of the language.
pub(super) fn renamed(values: &mut BTreeMap<String, Value>, schema: &KindSchema) -> Rewritten {
    let mut made = Rewritten::default();
    if schema.is_open() {
        for name in values.keys().filter(|name| name.starts_with(|first: char| first.is_ascii_lowercase())) {
            let mut letters = name.chars();
            let raised: String =
                letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect();
            let what = format!("the properties of {} are not known: `{name}` may stand for several", schema.type_name);
            let written = format!("write it as CloudFormation's documentation does, such as `{raised}`");
            let help = match did_you_mean(&schema.type_name, schemas().type_names()) {
                Some(meant) => format!("{meant} if not, {written}"),
                None => written,
            };
            let mistake = Mistake::new(what).label("not CloudFormation's name").help(help);
            made.wrong.push(Wrong { at: vec![PathStep::Key(name.clone())], aim: Aim::Key, mistake });
        }
        return made;
    }
    map(values, &schema.shape, &PropertyPath::whole(), &[], &mut made);
    made
}

fn map(
    values: &mut BTreeMap<String, Value>,
    shape: &Shape,
    to: &PropertyPath,
    from: &[PathStep],
    made: &mut Rewritten,
) {
    for (written, mut value) in std::mem::take(values) {
        let name = match shape.by_cfn_name(&written) {
            Some(name) if !shape.properties.contains_key(&written) => name.to_owned(),
            _ => written.clone(),
        };
        let (to, from) = (to.key(&name), [from, &[PathStep::Key(written.clone())]].concat());
        if name != written {
            made.moved.push(Moved { to: to.clone(), from: from.clone() });
        }
        if let Some(below) = shape.under(&name) {
            inside(&mut value, below, &to, &from, made);
        }
        if values.insert(name.clone(), value).is_some() {
            let mistake = Mistake::new(format!("`{name}` is there twice, also as CloudFormation writes it"));
            made.wrong.push(Wrong { at: from, aim: Aim::Key, mistake: mistake.label("again") });
        }
    }
}

fn inside(value: &mut Value, shape: &Shape, to: &PropertyPath, from: &[PathStep], made: &mut Rewritten) {
    match value {
        Value::Map(values) => map(values, shape, to, from, made),
        Value::List(items) => {
            let Some(below) = shape.items.as_deref() else { return };
            for (index, item) in items.iter_mut().enumerate() {
                inside(item, below, &to.index(index), &[from, &[PathStep::Index(index)]].concat(), made);
            }
        }
        _ => {}
    }
}

/// What a builder's name that there is none of is as a type.
pub(super) fn as_type(name: &str) -> Option<String> {
    let kind = format!("{name}.x").parse::<crate::model::Address>().ok()?.kind().clone();
    let known = schemas().by_kind(&kind).map(|schema| schema.type_name.clone());
    known.or_else(|| {
        let names = schemas().type_names().map(|type_name| (KindName::from_type(type_name), type_name));
        let names: Vec<(KindName, &str)> = names.collect();
        let close = closest(name, names.iter().map(|(kind, _)| kind.as_str()))?;
        names.iter().find(|(kind, _)| kind.as_str() == close).map(|(_, type_name)| (*type_name).to_owned())
    })
}

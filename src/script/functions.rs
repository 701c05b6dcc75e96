//! Functions of the language that are not about resources: `print`, `merge`, `json`, look-ups, CIDR arithmetic.

use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Map, NativeCallContext, Variant};

use super::cidr::{self, CidrError};
use super::convert::{describe, from_json, to_json};
use super::session::{Mistake, Session};
use super::sources::Origin;
use super::spans::Aim;
use super::suggest::{did_you_mean, listed};
use super::{text, tokens};
use crate::event::Event;
use crate::model::{Address, PathStep};

type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// Registers the functions.
pub(super) fn register(engine: &mut Engine, session: &Arc<Session>) {
    printing(engine, session);
    values(engine, session);
    lookups(engine, session);
    networks(engine, session);
    let own = session.clone();
    engine.register_fn("known_properties", move |given: &mut Map, known: Map, function: &str| {
        known_properties(&own, given, &known, function, &[]);
    });
    let own = session.clone();
    engine.register_fn("known_properties", move |given: &mut Map, known: Map, function: &str, within: &str| {
        let owner = format!("`{within}` of {function}");
        known_properties(&own, given, &known, &owner, &[PathStep::Key(within.to_owned())]);
    });
    saying(engine, session);
}

/// `mistake` and `warn`: what functions of the standard library, and scripts, have to say of what they were called with.
fn saying(engine: &mut Engine, session: &Arc<Session>) {
    let own = session.clone();
    engine.register_fn("mistake", move |context: NativeCallContext, key: &str, message: &str| {
        let (origin, steps) = meant(&own, &context, key);
        own.state().mistake(&origin, &steps, Aim::Value, Mistake::new(tokens::shown(message)));
    });
    let own = session.clone();
    engine.register_fn("warn", move |context: NativeCallContext, key: &str, message: &str| {
        warn(&own, &context, key, message, None);
    });
    let own = session.clone();
    engine.register_fn("warn", move |context: NativeCallContext, key: &str, message: &str, help: &str| {
        warn(&own, &context, key, message, Some(help));
    });
    let own = session.clone();
    engine.register_fn("warn", move |context: NativeCallContext, (): (), message: &str| {
        warn(&own, &context, "", message, None);
    });
    let own = session.clone();
    engine.register_fn("warn", move |context: NativeCallContext, (): (), message: &str, help: &str| {
        warn(&own, &context, "", message, Some(help));
    });
}

fn warn(session: &Session, context: &NativeCallContext, key: &str, message: &str, help: Option<&str>) {
    let (origin, steps) = meant(session, context, key);
    let what = Mistake::new(tokens::shown(message)).help(help.map(tokens::shown));
    session.state().warn(&origin, &steps, Aim::Value, what);
}

/// The place of a property in the map that the caller of a function of the standard library gave it; dots lead into
/// maps, and no key at all means the call as a whole.
fn meant(session: &Session, context: &NativeCallContext, key: &str) -> (Origin, Vec<PathStep>) {
    let mut origin = session.origin(context);
    if let Some(caller) = origin.frames.pop() {
        let argument = (!key.is_empty()).then_some(0);
        origin = Origin { at: caller, argument, frames: origin.frames };
    }
    let keys = key.split('.').filter(|key| !key.is_empty());
    (origin, keys.map(|key| PathStep::Key(key.to_owned())).collect())
}

fn printing(engine: &mut Engine, session: &Arc<Session>) {
    // `print` below sends the event, with its place; the interpreter's own hook has none to tell.
    engine.on_print(|_| {}).on_debug(|_, _, _| {});
    // One for each type that the interpreter has a `print` of its own for, and one for the rest.
    print_type::<ImmutableString>(engine, session);
    print_type::<char>(engine, session);
    print_type::<bool>(engine, session);
    print_type::<f64>(engine, session);
    print_type::<()>(engine, session);
    print_type::<Array>(engine, session);
    print_type::<Map>(engine, session);
    print_type::<Dynamic>(engine, session);
}

fn print_type<T: Variant + Clone>(engine: &mut Engine, session: &Arc<Session>) {
    for name in ["print", "debug"] {
        let own = session.clone();
        engine.register_fn(name, move |context: NativeCallContext, value: T| {
            let source = own.at(&context).source();
            let text = tokens::shown(&text::of(&Dynamic::from(value)));
            own.events.send(Event::Printed { text, source });
            // What the interpreter passes on to its own hook.
            String::new()
        });
    }
}

fn values(engine: &mut Engine, session: &Arc<Session>) {
    engine.register_fn("merge", |one: Map, other: Map| merge(one, other, 0));
    let own = session.clone();
    engine.register_fn("json", move |context: NativeCallContext, value: Dynamic| -> Outcome<ImmutableString> {
        let json = to_json(&value, &mut own.state());
        match json {
            Ok(json) => text::short(json.to_string()),
            Err(unfit) => {
                let mistake = Mistake::new(format!("the value has {} in it, which cannot be JSON", unfit.what));
                own.mistake_in(&context, 0, &unfit.steps, mistake);
                Ok(tokens::unknown().into())
            }
        }
    });
    let own = session.clone();
    engine.register_fn("parse_json", move |text: &str| -> Outcome<Dynamic> {
        let text = text::known(&own, text)?;
        let json: crate::model::Json = serde_json::from_str(&text).map_err(|error| format!("not JSON: {error}"))?;
        Ok(from_json(&json))
    });
}

/// The entries of both; where both have a map under a key, the maps are merged, else the second wins.
fn merge(mut one: Map, other: Map, depth: usize) -> Map {
    for (key, value) in other {
        let both = one.get(&key).is_some_and(Dynamic::is_map) && value.is_map() && depth < super::limits::DEEPEST;
        let merged = match one.remove(&key) {
            Some(before) if both => merge(before.cast(), value.cast(), depth + 1).into(),
            _ => value,
        };
        one.insert(key, merged);
    }
    one
}

fn lookups(engine: &mut Engine, session: &Arc<Session>) {
    let own = session.clone();
    engine.register_fn("availability_zones", move || -> Outcome<Array> {
        Ok(own.ask(own.lookups.zones())?.into_iter().map(Dynamic::from).collect())
    });
    let own = session.clone();
    engine.register_fn("region", move || -> Outcome<String> { Ok(own.ask(own.lookups.region())?) });
    let own = session.clone();
    engine.register_fn("caller_identity", move || -> Outcome<Map> {
        let account = own.ask(own.lookups.account())?;
        let region = own.ask(own.lookups.region())?;
        Ok(Map::from([("account".into(), account.into()), ("region".into(), region.into())]))
    });
}

fn networks(engine: &mut Engine, session: &Arc<Session>) {
    let own = session.clone();
    engine.register_fn(
        "cidr_subnets",
        move |context: NativeCallContext, network: &str, bits: i64, count: i64| -> Array {
            let parts = known(&own, network)
                .and_then(|network| cidr::parse(&network).map_err(Some))
                .and_then(|network| cidr::subnets(network, bits, count).map_err(Some));
            match parts {
                Ok(parts) => parts.into_iter().map(|part| part.to_string().into()).collect(),
                Err(error) => {
                    not_a_network(&own, &context, error.as_ref());
                    // As many as are asked for, so that what follows is not wrong as well.
                    let count = usize::try_from(count).unwrap_or(0).min(64);
                    std::iter::repeat_with(|| tokens::unknown().into()).take(count).collect()
                }
            }
        },
    );
    let own = session.clone();
    engine.register_fn("cidr_pattern", move |context: NativeCallContext, network: &str| {
        match known(&own, network).and_then(|network| cidr::parse(&network).map_err(Some)) {
            Ok(network) => cidr::pattern(network),
            Err(error) => {
                not_a_network(&own, &context, error.as_ref());
                tokens::unknown()
            }
        }
    });
    let own = session.clone();
    engine.register_fn("cidr_prefix", move |context: NativeCallContext, network: &str| -> i64 {
        match known(&own, network).and_then(|network| cidr::parse(&network).map_err(Some)) {
            Ok(network) => i64::from(network.prefix_len()),
            Err(error) => {
                not_a_network(&own, &context, error.as_ref());
                -1
            }
        }
    });
}

fn known(session: &Session, text: &str) -> Result<String, Option<CidrError>> {
    session.state().known_text(text).ok_or(None)
}

/// A network that is none is a mistake of who wrote it: of the call into the standard library, where there is one.
fn not_a_network(session: &Session, context: &NativeCallContext, error: Option<&CidrError>) {
    let mistake = match error {
        Some(error) => Mistake::new(error.to_string()).label("not a network").help(error.help()),
        None => Mistake::new("a network must be known before anything is made").label("not known yet"),
    };
    let mut origin = session.origin(context).argument(0);
    let mut state = session.state();
    let steps = [PathStep::Key("cidr".to_owned())];
    if let Some(caller) = origin.frames.pop() {
        origin.at = caller;
        state.mistake(&origin, &steps, Aim::Value, mistake);
    } else {
        state.mistake(&origin, &[], Aim::Value, mistake);
    }
}

/// Records a mistake for every property that a function of the standard library does not have, or has of another type,
/// where its caller wrote it: in the map it was called with, or in one within. Those are taken out, so that what follows is not wrong as well. `known` has the type of
/// each: `string`, `map`, or `any` for what is checked elsewhere.
/// Tells of properties that are not known or not of their type (`string`, `map`, `any`; `name`: a string that declarations
/// can be named after), and takes them out.
fn known_properties(session: &Session, given: &mut Map, known: &Map, owner: &str, within: &[PathStep]) {
    let mut state = session.state();
    let mut frames = state.frames.clone();
    let Some(caller) = frames.pop() else { return };
    let origin = Origin { at: caller, argument: Some(0), frames };
    given.retain(|key, value| {
        let steps = [within, &[PathStep::Key(key.to_string())]].concat();
        let Some(wanted) = known.get(key) else {
            let names = || known.keys().map(|known| known.as_str());
            let help = did_you_mean(key, names()).unwrap_or_else(|| format!("it has {}", listed(names(), "and")));
            let mistake = Mistake::new(format!("{owner} has no property `{key}`"));
            state.mistake(&origin, &steps, Aim::Key, mistake.label("not a property").help(help));
            return false;
        };
        let wanted = wanted.to_string();
        let named = wanted == "name" && value.is_string();
        let (fits, wanted) = match wanted.as_str() {
            "string" | "name" => (value.is_string(), "string"),
            "map" => (value.is_map(), "map"),
            other => (true, other),
        };
        if !fits && !value.is_unit() {
            let mistake = Mistake::new(format!("`{key}` is {}, not a {wanted}", describe(value)));
            state.mistake(&origin, &steps, Aim::Value, mistake.label(format!("not a {wanted}")));
        }
        if named && let Some(Err(error)) = state.known_text(&value.to_string()).map(|name| Address::check_name(&name)) {
            state.mistake(&origin, &steps, Aim::Value, Mistake::new(error.to_string()).label("not a name"));
            return false;
        }
        fits
    });
}

//! `input`, `output` and `secret`: what goes into a script and what comes out of it.

use std::sync::Arc;

use rhai::{Dynamic, Engine, NativeCallContext};

use super::convert::{from_json, to_value};
use super::session::{Mistake, Session, State};
use super::suggest::did_you_mean;
use super::{Diagnostic, Given, tokens};
use crate::model::{Json, Secret, Value};

/// Registers the functions.
pub(super) fn register(engine: &mut Engine, session: &Arc<Session>) {
    let own = session.clone();
    engine.register_fn("input", move |context: NativeCallContext, name: &str| input(&own, &context, name, None));
    let own = session.clone();
    engine.register_fn("input", move |context: NativeCallContext, name: &str, default: Dynamic| {
        input(&own, &context, name, Some(default))
    });
    let own = session.clone();
    engine.register_fn("output", move |context: NativeCallContext, name: &str, value: Dynamic| {
        output(&own, &context, name, &value);
    });
    let own = session.clone();
    engine.register_fn("secret", move |context: NativeCallContext, value: Dynamic| secret(&own, &context, &value));
    let own = session.clone();
    engine.register_fn("is_secret", move |value: Dynamic| {
        let text = value.as_immutable_string_ref();
        text.is_ok_and(|text| matches!(tokens::value(&text, &own.state().secrets), Some(Value::Secret(_))))
    });
}

fn input(session: &Session, context: &NativeCallContext, name: &str, default: Option<Dynamic>) -> Dynamic {
    let given = session.given.get(name);
    let result = match (given, &default) {
        (None, None) => {
            let help = format!("give it with --set {name}=…, or a default: input(\"{name}\", …)");
            Err(Mistake::new(format!("the input `{name}` is not given")).label("required").help(help))
        }
        (None, Some(default)) => Ok(default.clone()),
        (Some(given), default) => typed(session, name, given, default.as_ref()),
    };
    let value = match result {
        Ok(value) => value,
        Err(mistake) => {
            session.mistake(context, mistake);
            default.unwrap_or_else(|| tokens::unknown().into())
        }
    };
    let mut state = session.state();
    let stored = to_value(&value, name, &state.secrets).unwrap_or(Value::Null);
    state.inputs.insert(name.to_owned(), stored);
    value
}

/// What was given, in the type of the default.
fn typed(session: &Session, name: &str, given: &Given, default: Option<&Dynamic>) -> Result<Dynamic, Mistake> {
    let wrong = |text: &str, wanted: &str| {
        Mistake::new(format!("the input `{name}` is `{text}`, not {wanted}")).label(format!("takes {wanted}"))
    };
    let Some(default) = default.filter(|default| !default.is_unit()) else {
        return Ok(match given {
            Given::Text(text) | Given::Ambient(text) => text.clone().into(),
            Given::Json(json) | Given::Kept { value: json, .. } => from_json(json),
        });
    };
    if let Ok(text) = default.as_immutable_string_ref() {
        let given = match given {
            Given::Text(text) | Given::Ambient(text) => text,
            Given::Json(Json::String(text)) | Given::Kept { value: Json::String(text), .. } => text,
            Given::Json(json) | Given::Kept { value: json, .. } => return Err(wrong(&json.to_string(), "a string")),
        };
        let is_secret = matches!(tokens::value(&text, &session.state().secrets), Some(Value::Secret(_)));
        if is_secret && let Some(mistake) = kept_in_clear(name, session.given.get(name)) {
            return Err(mistake);
        }
        return Ok(if is_secret { tokens::secret(session.state().secret(given)).into() } else { given.clone().into() });
    }
    let json = match given {
        Given::Json(json) | Given::Kept { value: json, .. } => json.clone(),
        Given::Text(text) | Given::Ambient(text) => {
            serde_json::from_str(text.trim()).unwrap_or_else(|_| Json::String(text.clone()))
        }
    };
    let shown = match given {
        Given::Text(text) | Given::Ambient(text) => text.clone(),
        Given::Json(json) | Given::Kept { value: json, .. } => json.to_string(),
    };
    let (fits, wanted) = if default.is_int() {
        (json.is_i64(), "a whole number")
    } else if default.is_float() {
        (json.is_number(), "a number")
    } else if default.is_bool() {
        (json.is_boolean(), "true or false")
    } else if default.is_array() {
        (json.is_array(), "a list, as JSON")
    } else if default.is_map() {
        (json.is_object(), "a map, as JSON")
    } else {
        return Err(Mistake::new(format!("the default of the input `{name}` is no value an input can have")));
    };
    if !fits {
        return Err(wrong(&shown, wanted));
    }
    if default.is_float() {
        return Ok(json.as_f64().unwrap_or_default().into());
    }
    Ok(from_json(&json))
}

fn output(session: &Session, context: &NativeCallContext, name: &str, value: &Dynamic) {
    let converted = to_value(value, "", &session.state().secrets);
    match converted {
        Ok(value) => {
            let at = session.origin(context).outermost().clone();
            let mut state = session.state();
            let first = state.said.insert(name.to_owned(), at.clone());
            let anew = first.is_some_and(|first| session.is_anew(&mut state, name, &first, &at));
            let twice = state.outputs.insert(name.to_owned(), value).is_some() && !anew;
            drop(state);
            if twice {
                session.mistake(context, Mistake::new(format!("the output `{name}` is there twice")).label("again"));
            }
        }
        Err(unfit) => {
            let mistake = Mistake::new(format!("the output `{name}` has {} in it", unfit.what));
            session.mistake_in(context, 1, &unfit.steps, mistake);
        }
    }
}

fn secret(session: &Session, context: &NativeCallContext, value: &Dynamic) -> Dynamic {
    let Ok(text) = value.as_immutable_string_ref() else {
        let what = super::convert::describe(value);
        session.mistake(context, Mistake::new(format!("a secret is a string, not {what}")));
        return tokens::unknown().into();
    };
    let mut state = session.state();
    match tokens::value(&text, &state.secrets) {
        Some(Value::Secret(_)) => text.to_string().into(),
        Some(Value::String(text)) => {
            let number = state.secret(&text);
            // What was given as an input and turns out to be secret was one all along.
            let mut kept = Vec::new();
            for (name, input) in state.inputs.iter_mut().filter(|(_, input)| input.as_str() == Some(&text)) {
                *input = Value::Secret(Secret::Clear(text.clone()));
                kept.extend(kept_in_clear(name, session.given.get(name)));
            }
            drop(state);
            kept.into_iter().for_each(|mistake| session.mistake(context, mistake));
            tokens::secret(number).into()
        }
        _ => {
            drop(state);
            let mistake = Mistake::new("a secret must be known before anything is made").label("not known yet");
            session.mistake(context, mistake);
            tokens::unknown().into()
        }
    }
}

/// That a secret was given by a file that others read, too.
fn kept_in_clear(name: &str, given: Option<&Given>) -> Option<Mistake> {
    let Given::Kept { file, .. } = given? else { return None };
    let help = format!("take it out there, and give it by HZ_INPUT_{name}, or by --inputs and a file of its own");
    Some(Mistake::new(format!("the input `{name}` is secret, and {file} has it in clear")).help(help))
}

/// Inputs that were given and that the script does not have.
pub(super) fn unused(session: &Session, state: &State) -> Vec<Diagnostic> {
    let meant = |given: &Given| !matches!(given, Given::Ambient(_) | Given::Kept { meant: false, .. });
    let unknown = session.given.iter().filter(|(name, given)| meant(given) && !state.inputs.contains_key(*name));
    let mistake = |(name, given): (&String, &Given)| {
        let names = state.inputs.keys().map(String::as_str);
        let help = did_you_mean(name, names.clone()).or_else(|| {
            let names: Vec<&str> = names.collect();
            (!names.is_empty()).then(|| format!("it has {}", names.join(", ")))
        });
        let whence = match given {
            Given::Kept { file, .. } => format!(", which {file} gives"),
            _ => String::new(),
        };
        Mistake::new(format!("the script has no input `{name}`{whence}")).help(help).at(None, Vec::new())
    };
    unknown.map(mistake).collect()
}

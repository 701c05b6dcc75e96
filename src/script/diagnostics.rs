//! From the interpreter's errors to diagnostics: what, where, and from where it was called.

use rhai::{EvalAltResult, LexError, ParseErrorType, Position};

use super::limits::{CALL_LEVELS, EXPRESSION_DEPTH, Watch};
use super::session::{Mistake, State};
use super::sources::At;
use super::suggest::did_you_mean;
use super::{Diagnostic, explore, library, names, tokens};
use crate::model::schemas;

/// Most callers that are told.
const MOST_CALLERS: usize = 8;

/// The diagnostic of an error that ended the evaluation of `file`.
pub(super) fn of(error: EvalAltResult, file: &str, state: &State, watch: &Watch) -> Diagnostic {
    let mut frames: Vec<At> = Vec::new();
    let mut file = file.to_owned();
    let mut error = error;
    loop {
        match error {
            EvalAltResult::ErrorInFunctionCall(_, source, inner, position) => {
                frames.push(At { file: file.clone(), position });
                if !source.is_empty() {
                    file = source;
                }
                error = *inner;
            }
            EvalAltResult::ErrorInModule(module, inner, position) => {
                frames.push(At { file: file.clone(), position });
                file = module;
                error = *inner;
            }
            _ => break,
        }
    }
    let position = error.position();
    let mut at = At { file, position };
    if position.is_none() {
        while let Some(frame) = frames.pop() {
            at = frame;
            if !at.position.is_none() {
                break;
            }
        }
    }
    let called_from = frames.iter().rev().filter_map(|frame| state.sources.place(frame)).take(MOST_CALLERS).collect();
    let mistake = match watch.stopped() {
        Some(stop) => Mistake::new(stop.to_string()).help("look for a loop that does not end".to_owned()),
        None => mistake(error),
    };
    mistake.at(state.sources.place(&at), called_from)
}

fn mistake(mut error: EvalAltResult) -> Mistake {
    match &error {
        EvalAltResult::ErrorParsing(kind, _) => parsing(kind),
        EvalAltResult::ErrorFunctionNotFound(signature, _) => function_not_found(signature),
        EvalAltResult::ErrorPropertyNotFound(name, _) => {
            let help = format!("ask for it with a default: `.get(\"{name}\") ?? …`");
            Mistake::new(format!("the map has no `{name}`")).label("not there").help(help)
        }
        EvalAltResult::ErrorStackOverflow(_) => {
            Mistake::new(format!("functions call each other more than {CALL_LEVELS} deep"))
                .help("does one call itself without end?".to_owned())
        }
        EvalAltResult::ErrorRuntime(value, _) => Mistake::new(tokens::shown(&super::text::of(value))),
        EvalAltResult::ErrorNonPureMethodCallOnConstant(name, _) => {
            let help = "declare it with `let` instead of `const`".to_owned();
            Mistake::new(format!("`{name}` changes what it is called on, and that is a constant")).help(help)
        }
        EvalAltResult::ErrorDotExpr(text, _) => match no_property(text) {
            Some((name, owner)) => Mistake::new(format!("there is no property `{name}` of a value of type {owner}")),
            None => Mistake::new(sentence(text)),
        },
        _ => {
            error.set_position(Position::NONE);
            Mistake::new(sentence(&tokens::shown(&error.to_string())))
        }
    }
}

/// A text that cannot be read, in words.
pub(super) fn parsing(kind: &ParseErrorType) -> Mistake {
    match kind {
        ParseErrorType::ExprTooDeep => Mistake::new(format!("expressions nest more than {EXPRESSION_DEPTH} deep"))
            .help("give the inner ones names with `let`".to_owned()),
        ParseErrorType::VariableUndefined(name) => {
            let kinds = schemas().kinds().map(|(kind, _)| kind.as_str());
            Mistake::new(format!("there is no variable `{name}`")).label("not defined").help(did_you_mean(name, kinds))
        }
        ParseErrorType::VariableExists(name) => {
            Mistake::new(format!("there is a variable `{name}` already")).label("again")
        }
        ParseErrorType::DuplicatedProperty(name) => Mistake::new(format!("the map has `{name}` twice")).label("again"),
        ParseErrorType::BadInput(LexError::MalformedChar(text)) => {
            let help = "texts are in double quotes, or in backticks to put values into them".to_owned();
            Mistake::new(format!("'{text}' is not a character")).help(help)
        }
        ParseErrorType::BadInput(error) => Mistake::new(sentence(&error.to_string())),
        other => Mistake::new(sentence(&other.to_string())),
    }
}

/// The property and the type, from the interpreter's words for a property that is not there.
fn no_property(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.strip_prefix("Unknown property '")?.split_once('\'')?;
    let (_, owner) = rest.trim_end_matches('\'').rsplit_once('\'')?;
    Some((name, if owner == "i64" { "number" } else { owner }))
}

fn function_not_found(signature: &str) -> Mistake {
    let name = signature.split([' ', '(']).next().unwrap_or(signature);
    let shown = signature.replace("&str | ImmutableString | String", "string").replace("i64", "number");
    if schemas().kinds().any(|(kind, _)| kind.as_str() == name) {
        return Mistake::new(format!("`{shown}` cannot be called"))
            .label("not how a builder is called")
            .help(format!("write {name}(\"name\", #{{ … }}), and options in a third place"));
    }
    if library::names().contains(name) {
        return Mistake::new(format!("`{shown}` cannot be called")).help(format!("write {name}(#{{ … }})"));
    }
    let kinds = schemas().kinds().map(|(kind, _)| kind.as_str());
    let library = library::names().iter().map(String::as_str);
    let own = || names::FUNCTIONS.iter().chain(&names::METHODS);
    if let Some((_, usage)) = own().find(|(known, _)| *known == name) {
        let mistake = Mistake::new(format!("`{shown}` cannot be called: other arguments are wanted"));
        return mistake.help(format!("write {usage}"));
    }
    if explore::questions().iter().any(|(question, _)| *question == name) {
        let mistake = Mistake::new(format!("a script has no function `{shown}`: it asks what runs"));
        return mistake.label("not a function of scripts").help("ask at the prompt: hzscript repl".to_owned());
    }
    let names: Vec<&str> = kinds.chain(library).chain(own().map(|(known, _)| *known)).collect();
    Mistake::new(format!("there is no function `{shown}`")).label("not a function").help(did_you_mean(name, names))
}

/// The first letter small, as messages here begin.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

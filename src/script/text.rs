//! Functions of texts that must know about tokens or keep to limits, in place of the interpreter's own.
//!
//! A text with a reference in it is not known yet: it can be put into other texts, and nothing else. To compare it or
//! take it apart is a mistake, unless all its references are to values that were declared.

use std::fmt::Write;
use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Map};

use super::fixed::Fixed;
use super::handle::{Container, Handle};
use super::limits::{DEEPEST, LONGEST_TEXT};
use super::session::Session;
use super::tokens;
use crate::model::Reference;

type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// A script's value as text: texts as they are, lists and maps as JSON with their tokens kept, cut where it gets too
/// long.
pub(super) fn of(value: &Dynamic) -> String {
    match value.as_immutable_string_ref() {
        Ok(text) => text.to_string(),
        Err(_) => {
            let mut out = String::new();
            write(value, &mut out, 0);
            out
        }
    }
}

fn write(value: &Dynamic, out: &mut String, depth: usize) {
    if depth > DEEPEST || out.len() > LONGEST_TEXT {
        out.push('…');
        return;
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        let quoted = serde_json::Value::String(text.to_string()).to_string();
        out.push_str(&quoted);
    } else if let Ok(items) = value.as_array_ref() {
        out.push('[');
        for (index, item) in items.iter().enumerate() {
            if out.len() > LONGEST_TEXT {
                break;
            }
            out.push_str(if index > 0 { ", " } else { "" });
            write(item, out, depth + 1);
        }
        out.push(']');
    } else if let Ok(entries) = value.as_map_ref() {
        write_map(&entries, out, depth);
    } else if let Some(fixed) = value.read_lock::<Fixed>() {
        write_map(&fixed.entries, out, depth);
    } else if let Some(handle) = value.read_lock::<Handle>() {
        let token = |reference: Reference| tokens::reference(&reference);
        out.push_str(&handle.reference_for("").map_or_else(tokens::unknown, token));
    } else if let Some(container) = value.read_lock::<Container>() {
        out.push_str(container.name());
    } else if value.is_unit() {
        out.push_str("()");
    } else {
        let _ = write!(out, "{value}");
    }
}

fn write_map(entries: &Map, out: &mut String, depth: usize) {
    out.push_str("#{");
    for (index, (key, item)) in entries.iter().enumerate() {
        if out.len() > LONGEST_TEXT {
            break;
        }
        out.push_str(if index > 0 { ", " } else { "" });
        let _ = write!(out, "{}: ", serde_json::Value::String(key.to_string()));
        write(item, out, depth + 1);
    }
    out.push('}');
}

/// The text, when it is known.
pub(super) fn known(session: &Session, text: &str) -> Outcome<String> {
    if tokens::has(text) {
        let state = session.state();
        return state.known_text(text).ok_or_else(|| {
            let what = tokens::shown(text);
            let unknown =
                |piece: &tokens::Piece<'_>| matches!(piece, tokens::Piece::Reference(_) | tokens::Piece::Unknown);
            let why =
                if tokens::pieces(text).iter().any(unknown) { "is not known before it is made" } else { "is secret" };
            format!("`{what}` {why}, so it cannot be compared or taken apart").into()
        });
    }
    Ok(text.to_owned())
}

/// A text that may be as long as it is.
pub(super) fn short(text: String) -> Outcome<ImmutableString> {
    if text.len() > LONGEST_TEXT { Err(too_long()) } else { Ok(text.into()) }
}

fn too_long() -> Box<EvalAltResult> {
    format!("a text is longer than {} KiB", LONGEST_TEXT >> 10).into()
}

fn join(one: &str, other: &str) -> Outcome<ImmutableString> {
    if one.len() + other.len() > LONGEST_TEXT {
        return Err(too_long());
    }
    Ok(format!("{one}{other}").into())
}

/// Registers the functions.
pub(super) fn register(engine: &mut Engine, session: &Arc<Session>) {
    joining(engine);
    comparing(engine, session);
    asking(engine, session);
    changing(engine, session);
}

fn joining(engine: &mut Engine) {
    for name in ["to_string", "to_debug"] {
        engine.register_fn(name, |items: &mut Array| of(&items.clone().into()));
        engine.register_fn(name, |entries: &mut Map| of(&entries.clone().into()));
    }
    engine.register_fn("+", |one: ImmutableString, other: ImmutableString| join(&one, &other));
    engine.register_fn("+", |one: ImmutableString, other: Dynamic| join(&one, &of(&other)));
    engine.register_fn("+", |one: Dynamic, other: ImmutableString| join(&of(&one), &other));
    for name in ["+=", "append"] {
        engine.register_fn(name, |one: &mut ImmutableString, other: ImmutableString| -> Outcome<()> {
            *one = join(one, &other)?;
            Ok(())
        });
        engine.register_fn(name, |one: &mut ImmutableString, other: Dynamic| -> Outcome<()> {
            *one = join(one, &of(&other))?;
            Ok(())
        });
    }
    engine.register_fn("pad", |text: &mut ImmutableString, length: i64, with: char| -> Outcome<()> {
        pad(text, length, &with.to_string())
    });
    engine.register_fn("pad", |text: &mut ImmutableString, length: i64, with: &str| -> Outcome<()> {
        pad(text, length, with)
    });
}

fn pad(text: &mut ImmutableString, length: i64, with: &str) -> Outcome<()> {
    let wanted = usize::try_from(length).unwrap_or(0);
    if wanted > LONGEST_TEXT {
        return Err(too_long());
    }
    let mut count = text.chars().count();
    let added = with.chars().count();
    let mut padded = text.to_string();
    while added > 0 && count < wanted {
        padded.push_str(with);
        count += added;
        if padded.len() > LONGEST_TEXT {
            return Err(too_long());
        }
    }
    *text = padded.into();
    Ok(())
}

fn comparing(engine: &mut Engine, session: &Arc<Session>) {
    fn operator(engine: &mut Engine, session: &Arc<Session>, name: &str, compare: fn(&str, &str) -> bool) {
        let own = session.clone();
        engine.register_fn(name, move |one: ImmutableString, other: ImmutableString| -> Outcome<bool> {
            if !tokens::has(&one) && !tokens::has(&other) {
                return Ok(compare(&one, &other));
            }
            Ok(compare(&known(&own, &one)?, &known(&own, &other)?))
        });
    }
    operator(engine, session, "==", |one, other| one == other);
    operator(engine, session, "!=", |one, other| one != other);
    operator(engine, session, "<", |one, other| one < other);
    operator(engine, session, "<=", |one, other| one <= other);
    operator(engine, session, ">", |one, other| one > other);
    operator(engine, session, ">=", |one, other| one >= other);
}

fn asking(engine: &mut Engine, session: &Arc<Session>) {
    let own = session.clone();
    let length = move |text: &mut ImmutableString| -> Outcome<i64> {
        Ok(i64::try_from(known(&own, text)?.chars().count()).unwrap_or(i64::MAX))
    };
    engine.register_fn("len", length.clone()).register_get("len", length);
    for name in ["contains", "starts_with", "ends_with"] {
        let own = session.clone();
        engine.register_fn(name, move |text: ImmutableString, part: ImmutableString| -> Outcome<bool> {
            let (text, part) = (known(&own, &text)?, known(&own, &part)?);
            Ok(match name {
                "contains" => text.contains(&part),
                "starts_with" => text.starts_with(&part),
                _ => text.ends_with(&part),
            })
        });
    }
    let own = session.clone();
    engine.register_fn("index_of", move |text: ImmutableString, part: &str| -> Outcome<i64> {
        let text = known(&own, &text)?;
        let at = text.find(part).map(|at| text[..at].chars().count());
        Ok(at.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1))
    });
    let own = session.clone();
    engine.register_fn("to_chars", move |text: ImmutableString| -> Outcome<Array> {
        Ok(known(&own, &text)?.chars().map(Dynamic::from).collect())
    });
    let own = session.clone();
    engine.register_fn("split", move |text: ImmutableString, separator: &str| -> Outcome<Array> {
        Ok(known(&own, &text)?.split(separator).map(|part| part.to_owned().into()).collect())
    });
    let own = session.clone();
    engine.register_fn("sub_string", move |text: ImmutableString, start: i64| -> Outcome<ImmutableString> {
        Ok(sub_string(&known(&own, &text)?, start, i64::MAX))
    });
    let own = session.clone();
    engine.register_fn("sub_string", move |text: ImmutableString, start: i64, length: i64| {
        Outcome::Ok(sub_string(&known(&own, &text)?, start, length))
    });
}

fn sub_string(text: &str, start: i64, length: i64) -> ImmutableString {
    let count = text.chars().count();
    let skip = match usize::try_from(start) {
        Ok(start) => start,
        Err(_) => count.saturating_sub(usize::try_from(start.unsigned_abs()).unwrap_or(usize::MAX)),
    };
    let take = usize::try_from(length).unwrap_or(0);
    text.chars().skip(skip).take(take).collect::<String>().into()
}

fn changing(engine: &mut Engine, session: &Arc<Session>) {
    for (name, change) in [
        ("to_upper", (|text: &str| text.to_uppercase()) as fn(&str) -> String),
        ("to_lower", |text: &str| text.to_lowercase()),
    ] {
        let own = session.clone();
        engine.register_fn(name, move |text: ImmutableString| short(change(&known(&own, &text)?)));
    }
    for (name, change) in [
        ("make_upper", (|text: &str| text.to_uppercase()) as fn(&str) -> String),
        ("make_lower", |text: &str| text.to_lowercase()),
    ] {
        let own = session.clone();
        engine.register_fn(name, move |text: &mut ImmutableString| -> Outcome<()> {
            *text = short(change(&known(&own, text)?))?;
            Ok(())
        });
    }
    let own = session.clone();
    engine.register_fn("replace", move |text: &mut ImmutableString, find: &str, put: &str| -> Outcome<()> {
        let before = known(&own, text)?;
        if find.is_empty() {
            return Ok(());
        }
        let times = before.matches(find).count();
        if before.len() + times.saturating_mul(put.len()) > LONGEST_TEXT {
            return Err(too_long());
        }
        *text = before.replace(find, put).into();
        Ok(())
    });
}

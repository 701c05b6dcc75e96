//! Functions of lists and maps that must keep to limits or tell errors, in place of the interpreter's own.
//!
//! Its `sort` swallows errors, the end of the script among them; its `pad` fills memory in one operation; and what moves
//! a value out of a list lets lists nest deeper, step by step, than the stack has room to drop them.

use std::cmp::Ordering;
use std::ops::{Range, RangeInclusive};

use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, Map, NativeCallContext};

use super::limits::{DEEPEST, LONGEST_LIST};

type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// Registers the functions.
pub(super) fn register(engine: &mut Engine) {
    sorting(engine);
    moving(engine);
    engine.register_fn("pad", |items: &mut Array, length: i64, with: Dynamic| -> Outcome<()> {
        let wanted = usize::try_from(length).unwrap_or(0);
        if wanted > LONGEST_LIST {
            return Err(format!("a list is longer than {LONGEST_LIST}").into());
        }
        let simple = !with.is_array() && !with.is_map();
        if wanted > items.len() && !simple && wanted - items.len() > 1 << 10 {
            return Err("a list is padded with too many lists or maps".into());
        }
        if wanted > items.len() {
            items.resize(wanted, with);
        }
        Ok(())
    });
}

fn sorting(engine: &mut Engine) {
    for name in ["sort", "sort_by"] {
        engine.register_fn(name, |context: NativeCallContext, items: &mut Array, compare: FnPtr| -> Outcome<()> {
            *items = sorted(std::mem::take(items), &mut |one, other| by(&context, &compare, one, other))?;
            Ok(())
        });
    }
    for name in ["order", "order_by"] {
        engine.register_fn(name, |context: NativeCallContext, items: Array, compare: FnPtr| -> Outcome<Array> {
            sorted(items, &mut |one, other| by(&context, &compare, one, other))
        });
    }
    engine.register_fn("sort", |items: &mut Array| -> Outcome<()> {
        *items = sorted(std::mem::take(items), &mut natural)?;
        Ok(())
    });
    engine.register_fn("order", |items: Array| sorted(items, &mut natural));
    engine.register_fn("sort_desc", |items: &mut Array| -> Outcome<()> {
        *items = sorted(std::mem::take(items), &mut |one, other| natural(other, one))?;
        Ok(())
    });
    engine.register_fn("order_desc", |items: Array| sorted(items, &mut |one, other| natural(other, one)));
    engine.register_fn("dedup", |context: NativeCallContext, items: &mut Array, same: FnPtr| -> Outcome<()> {
        let mut kept: Array = Vec::with_capacity(items.len());
        for item in items.drain(..) {
            let again = match kept.last() {
                Some(last) => same.call_within_context::<bool>(&context, (last.clone(), item.clone()))?,
                None => false,
            };
            if !again {
                kept.push(item);
            }
        }
        *items = kept;
        Ok(())
    });
}

fn by(context: &NativeCallContext, compare: &FnPtr, one: &Dynamic, other: &Dynamic) -> Outcome<Ordering> {
    let result = compare.call_within_context::<Dynamic>(context, (one.clone(), other.clone()))?;
    if let Ok(number) = result.as_int() {
        return Ok(number.cmp(&0));
    }
    match result.as_bool() {
        Ok(true) => Ok(Ordering::Less),
        Ok(false) => Ok(Ordering::Greater),
        Err(_) => Err("what compares two elements answers a number or true or false".into()),
    }
}

fn natural(one: &Dynamic, other: &Dynamic) -> Outcome<Ordering> {
    if let (Ok(one), Ok(other)) = (one.as_int(), other.as_int()) {
        return Ok(one.cmp(&other));
    }
    let float = |value: &Dynamic| value.as_float().or_else(|_| value.as_int().map(int_to_float));
    if let (Ok(one), Ok(other)) = (float(one), float(other)) {
        return Ok(one.total_cmp(&other));
    }
    if let (Ok(one), Ok(other)) = (one.as_immutable_string_ref(), other.as_immutable_string_ref()) {
        return Ok(one.as_str().cmp(other.as_str()));
    }
    if let (Ok(one), Ok(other)) = (one.as_bool(), other.as_bool()) {
        return Ok(one.cmp(&other));
    }
    Err("only numbers, or only texts, can be put in order".into())
}

#[allow(clippy::cast_precision_loss, reason = "for comparison with a float only")]
fn int_to_float(number: i64) -> f64 {
    number as f64
}

/// A stable sort that stops at the first error, and that no comparison, however inconsistent, can upset.
fn sorted(items: Array, compare: &mut dyn FnMut(&Dynamic, &Dynamic) -> Outcome<Ordering>) -> Outcome<Array> {
    let mut runs: Vec<Array> = items.into_iter().map(|item| vec![item]).collect();
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len().div_ceil(2));
        let mut rest = runs.into_iter();
        while let Some(one) = rest.next() {
            merged.push(match rest.next() {
                Some(other) => merge(one, other, compare)?,
                None => one,
            });
        }
        runs = merged;
    }
    Ok(runs.pop().unwrap_or_default())
}

fn merge(one: Array, other: Array, compare: &mut dyn FnMut(&Dynamic, &Dynamic) -> Outcome<Ordering>) -> Outcome<Array> {
    let mut out = Vec::with_capacity(one.len() + other.len());
    let (mut one, mut other) = (one.into_iter().peekable(), other.into_iter().peekable());
    while let (Some(left), Some(right)) = (one.peek(), other.peek()) {
        let from = if compare(left, right)? == Ordering::Greater { &mut other } else { &mut one };
        out.extend(from.next());
    }
    out.extend(one);
    out.extend(other);
    Ok(out)
}

fn moving(engine: &mut Engine) {
    engine.register_fn("pop", |items: &mut Array| shallow(items.pop()));
    engine
        .register_fn("shift", |items: &mut Array| shallow(if items.is_empty() { None } else { Some(items.remove(0)) }));
    engine.register_fn("remove", |items: &mut Array, index: i64| {
        let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let index = if index < 0 { index.saturating_add(length) } else { index };
        let at = usize::try_from(index).ok().filter(|at| *at < items.len());
        shallow(at.map(|at| items.remove(at)))
    });
    engine.register_fn("remove", |entries: &mut Map, key: &str| shallow(entries.remove(key)));
    engine.register_fn("drain", |items: &mut Array, start: i64, length: i64| {
        drain(items, start, start.saturating_add(length))
    });
    engine.register_fn("drain", |items: &mut Array, range: Range<i64>| drain(items, range.start, range.end));
    engine.register_fn("drain", |items: &mut Array, range: RangeInclusive<i64>| {
        drain(items, *range.start(), range.end().saturating_add(1))
    });
    for (name, takes) in [("drain", true), ("retain", false)] {
        engine.register_fn(name, move |context: NativeCallContext, items: &mut Array, wanted: FnPtr| {
            let mut taken = Array::new();
            let mut kept = Array::with_capacity(items.len());
            for item in std::mem::take(items) {
                let is_wanted = wanted.call_within_context::<bool>(&context, (item.clone(),))?;
                if is_wanted == takes { taken.push(shallow(Some(item))?) } else { kept.push(item) }
            }
            *items = kept;
            Outcome::Ok(taken)
        });
    }
    engine.register_fn("split", |items: &mut Array, at: i64| -> Outcome<Array> {
        let at = usize::try_from(at).unwrap_or(0).min(items.len());
        let tail = items.split_off(at);
        tail.into_iter().map(|item| shallow(Some(item))).collect()
    });
}

/// Takes out a range; what lies outside of the list is not there to take.
fn drain(items: &mut Array, start: i64, end: i64) -> Outcome<Array> {
    let within = |at: i64| usize::try_from(at).unwrap_or(0).min(items.len());
    let (start, end) = (within(start), within(end));
    let drained: Array = if start < end { items.drain(start..end).collect() } else { Array::new() };
    drained.into_iter().map(|item| shallow(Some(item))).collect()
}

fn shallow(value: Option<Dynamic>) -> Outcome<Dynamic> {
    match value {
        Some(value) if deeper_than(&value, DEEPEST) => {
            // Dropped here, while it is still shallow enough for the stack.
            Err(format!("lists and maps nest deeper than {DEEPEST}").into())
        }
        Some(value) => Ok(value),
        None => Ok(Dynamic::UNIT),
    }
}

fn deeper_than(value: &Dynamic, depth: usize) -> bool {
    if let Ok(items) = value.as_array_ref() {
        return depth == 0 || items.iter().any(|item| deeper_than(item, depth - 1));
    }
    if let Ok(entries) = value.as_map_ref() {
        return depth == 0 || entries.values().any(|item| deeper_than(item, depth - 1));
    }
    false
}

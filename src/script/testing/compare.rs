//! Values of tests: whether two are the same, whether one is in another, and how they are shown.

use rhai::Dynamic;

/// Whether two values are the same; numbers are by what they count.
pub(super) fn same(one: &Dynamic, other: &Dynamic) -> bool {
    if let (Some(one), Some(other)) = (number(one), number(other)) {
        return one == other;
    }
    if let (Ok(one), Ok(other)) = (one.as_array_ref(), other.as_array_ref()) {
        return one.len() == other.len() && one.iter().zip(other.iter()).all(|(one, other)| same(one, other));
    }
    if let (Ok(one), Ok(other)) = (one.as_map_ref(), other.as_map_ref()) {
        let alike =
            |(key, value): (&rhai::Identifier, &Dynamic)| other.get(key).is_some_and(|there| same(value, there));
        return one.len() == other.len() && one.iter().all(alike);
    }
    one.type_id() == other.type_id() && shown(one) == shown(other)
}

/// Whether a value is in another: a text in a text, an element in a list, a key or all entries of a map in a map.
/// `None` when nothing can be in such a value.
pub(super) fn contains(whole: &Dynamic, part: &Dynamic) -> Option<bool> {
    if let Ok(whole) = whole.as_immutable_string_ref() {
        return part.as_immutable_string_ref().ok().map(|part| whole.contains(part.as_str()));
    }
    if let Ok(whole) = whole.as_array_ref() {
        return Some(whole.iter().any(|item| same(item, part)));
    }
    let whole = whole.as_map_ref().ok()?;
    if let Ok(key) = part.as_immutable_string_ref() {
        return Some(whole.contains_key(key.as_str()));
    }
    let part = part.as_map_ref().ok()?;
    Some(part.iter().all(|(key, value)| whole.get(key).is_some_and(|there| same(there, value))))
}

fn number(value: &Dynamic) -> Option<f64> {
    #[allow(clippy::cast_precision_loss, reason = "a count that large is none of a test's")]
    let whole = |number| number as f64;
    value.as_int().ok().map(whole).or_else(|| value.as_float().ok())
}

/// A value as a script writes it; what is in maps and lists is on lines of its own.
pub(super) fn shown(value: &Dynamic) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out
}

fn write(value: &Dynamic, depth: usize, out: &mut String) {
    let indent = "    ".repeat(depth + 1);
    if let Ok(items) = value.as_array_ref() {
        out.push('[');
        for item in items.iter() {
            out.push_str(&format!("\n{indent}"));
            write(item, depth + 1, out);
            out.push(',');
        }
        end(items.is_empty(), depth, "]", out);
    } else if let Ok(entries) = value.as_map_ref() {
        out.push_str("#{");
        for (key, item) in entries.iter() {
            let plain = rhai::is_valid_identifier(key);
            let key = if plain { key.to_string() } else { serde_json::Value::from(key.as_str()).to_string() };
            out.push_str(&format!("\n{indent}{key}: "));
            write(item, depth + 1, out);
            out.push(',');
        }
        end(entries.is_empty(), depth, "}", out);
    } else if let Ok(text) = value.as_immutable_string_ref() {
        out.push_str(&serde_json::Value::from(text.as_str()).to_string());
    } else if value.is_unit() {
        out.push_str("()");
    } else {
        out.push_str(&value.to_string());
    }
}

fn end(empty: bool, depth: usize, close: &str, out: &mut String) {
    if !empty {
        out.push_str(&format!("\n{}", "    ".repeat(depth)));
    }
    out.push_str(close);
}

//! JSON documents written as text, for properties that take them as objects.

use std::collections::BTreeMap;

use crate::model::{Json, TemplatePart, Value};

/// What stands in a document for a part that is not text: characters that no script's text has.
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';

/// The document a text holds, references and secrets in it kept; `None` when it holds none.
pub(super) fn parsed(value: &Value) -> Option<Value> {
    let (text, parts): (String, &[TemplatePart]) = match value {
        Value::String(text) => (text.clone(), &[]),
        Value::Template(parts) => {
            let piece = |(at, part): (usize, &TemplatePart)| match part {
                TemplatePart::Text(text) => text.clone(),
                TemplatePart::Ref(_) | TemplatePart::Secret(_) => format!("{OPEN}{at}{CLOSE}"),
            };
            (parts.iter().enumerate().map(piece).collect(), parts)
        }
        _ => return None,
    };
    let json: Json = serde_json::from_str(&text).ok()?;
    (json.is_object() || json.is_array()).then(|| restored(&json, parts))
}

/// The value, with the parts in their places again.
fn restored(json: &Json, parts: &[TemplatePart]) -> Value {
    match json {
        Json::Array(items) => Value::List(items.iter().map(|item| restored(item, parts)).collect()),
        Json::Object(map) => {
            let items = map.iter().map(|(key, item)| (key.clone(), restored(item, parts)));
            Value::Map(items.collect::<BTreeMap<_, _>>())
        }
        Json::String(text) if text.contains(OPEN) => {
            let mut found = Vec::new();
            for piece in text.split(OPEN) {
                let (part, rest) = match piece.split_once(CLOSE) {
                    Some((at, rest)) => (at.parse::<usize>().ok().and_then(|at| parts.get(at)), rest),
                    None => (None, piece),
                };
                found.extend(part.cloned());
                if !rest.is_empty() {
                    found.push(TemplatePart::Text(rest.to_owned()));
                }
            }
            Value::Template(found)
        }
        plain => Value::from_json(plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Reference;

    #[test]
    fn references_in_a_document_keep_their_places() {
        let role = Reference { address: "iam_role.a".parse().expect("an address"), attribute: "arn".to_owned() };
        let text = |text: &str| TemplatePart::Text(text.to_owned());
        let reference = || TemplatePart::Ref(role.clone());
        let document = [text("{\"a\": [\""), reference(), text("\", \"x"), reference(), text("y\"]}")];
        let expected = Value::List(vec![
            Value::Template(vec![reference()]),
            Value::Template(vec![text("x"), reference(), text("y")]),
        ]);
        let expected = Value::Map(BTreeMap::from([("a".to_owned(), expected)]));
        assert_eq!(parsed(&Value::Template(document.to_vec())), Some(expected));
        assert_eq!(parsed(&Value::String("plain".to_owned())), None);
        assert_eq!(parsed(&Value::String("7".to_owned())), None);
    }
}

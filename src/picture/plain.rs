//! Values as readers see them, in plain words; secrets are only said to be some.

use super::draw::text::visible;
use crate::model::{Reference, TemplatePart, Value};

/// What stands for a secret.
pub(super) const SECRET: &str = "(secret)";

/// A value on one line, whole.
pub(super) fn whole(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::Bool(yes) => yes.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::String(text) => word(text),
        Value::List(items) => format!("[{}]", items.iter().map(whole).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => {
            let items: Vec<String> = map.iter().map(|(key, item)| format!("{}: {}", word(key), whole(item))).collect();
            if items.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", items.join(", ")) }
        }
        Value::Ref(reference) => format!("(known after apply: {})", attribute(reference)),
        Value::Template(parts) => {
            let parts: String = parts
                .iter()
                .map(|part| match part {
                    TemplatePart::Text(text) => visible(text),
                    TemplatePart::Ref(reference) => format!("${{{}}}", attribute(reference)),
                    TemplatePart::Secret(_) => SECRET.to_owned(),
                })
                .collect();
            format!("\"{parts}\"")
        }
        Value::Secret(_) => SECRET.to_owned(),
    }
}

/// A value on lines of its own: objects and lists opened, policies and other documents in text as they were written.
pub(super) fn lines(value: &Value) -> Vec<String> {
    fn below(name: &str, value: &Value, depth: usize, lines: &mut Vec<String>) {
        let indent = "  ".repeat(depth);
        let colon = if name.is_empty() { String::new() } else { format!("{name}: ") };
        match value {
            Value::Map(map) if !map.is_empty() => {
                let deeper = if name.is_empty() { depth } else { depth + 1 };
                if !name.is_empty() {
                    lines.push(format!("{indent}{name}:"));
                }
                map.iter().for_each(|(key, item)| below(&visible(key), item, deeper, lines));
            }
            Value::List(items) if items.iter().any(|item| matches!(item, Value::Map(_) | Value::List(_))) => {
                let deeper = if name.is_empty() { depth } else { depth + 1 };
                if !name.is_empty() {
                    lines.push(format!("{indent}{name}:"));
                }
                items.iter().enumerate().for_each(|(at, item)| below(&format!("[{at}]"), item, deeper, lines));
            }
            Value::String(text) if text.contains('\n') => {
                lines.push(format!("{indent}{colon}|"));
                lines.extend(text.lines().map(|line| format!("{indent}  {}", visible(line))));
            }
            other => lines.push(format!("{indent}{colon}{}", whole(other))),
        }
    }
    let mut all = Vec::new();
    below("", value, 0, &mut all);
    all
}

fn attribute(reference: &Reference) -> String {
    format!("{}.{}", reference.address, visible(&reference.attribute))
}

/// Text as it is when it reads as one word, else quoted.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:*@+%$#=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    let quoted: String =
        text.chars().flat_map(|c| if c == '"' || c == '\\' { vec!['\\', c] } else { vec![c] }).collect();
    format!("\"{}\"", visible(&quoted))
}

//! YAML, as plain as it can be: blocks, and texts in double quotes wherever they could be taken for anything else.
//!
//! What is written reads the same by the rules of YAML 1.1, which CloudFormation has, and of 1.2.

use super::template::Node;
use crate::model::Json;

/// Words that YAML 1.1 or 1.2 takes for truth values or nothing.
const WORDS: [&str; 10] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "~"];

/// The document.
pub(super) fn written(node: &Node<'_>) -> String {
    let mut out = String::new();
    write(node, 0, &mut out);
    out
}

fn write(node: &Node<'_>, depth: usize, out: &mut String) {
    match node {
        Node::Map(entries) if entries.is_empty() => out.push_str(" {}\n"),
        Node::Map(entries) => {
            begin(depth, out);
            for (key, node) in entries {
                indent(depth, out);
                out.push_str(&text(key));
                out.push(':');
                write(node, depth + 1, out);
            }
        }
        Node::Json(json) => value(json, depth, out),
        Node::Text(plain) => line(&text(plain), out),
    }
}

fn value(json: &Json, depth: usize, out: &mut String) {
    match json {
        Json::Object(map) if map.is_empty() => out.push_str(" {}\n"),
        Json::Array(items) if items.is_empty() => out.push_str(" []\n"),
        Json::Object(map) => {
            begin(depth, out);
            for (key, item) in map {
                indent(depth, out);
                out.push_str(&text(key));
                out.push(':');
                value(item, depth + 1, out);
            }
        }
        Json::Array(items) => {
            begin(depth, out);
            for item in items {
                indent(depth, out);
                out.push('-');
                element(item, depth + 1, out);
            }
        }
        Json::String(plain) => line(&text(plain), out),
        Json::Null | Json::Bool(_) | Json::Number(_) => line(&json.to_string(), out),
    }
}

/// An element of a list: its first line stands beside the dash.
fn element(item: &Json, depth: usize, out: &mut String) {
    let mut block = String::new();
    value(item, depth, &mut block);
    match block.strip_prefix('\n') {
        Some(lines) => {
            out.push(' ');
            out.push_str(lines.trim_start_matches(' '));
        }
        None => out.push_str(&block),
    }
}

/// What is inside another begins on a line of its own.
fn begin(depth: usize, out: &mut String) {
    if depth > 0 {
        out.push('\n');
    }
}

fn indent(depth: usize, out: &mut String) {
    out.push_str(&"  ".repeat(depth));
}

fn line(text: &str, out: &mut String) {
    out.push(' ');
    out.push_str(text);
    out.push('\n');
}

/// A text, quoted unless it can only be a text.
fn text(text: &str) -> String {
    let begins_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@ ()+,".contains(c);
    let ends_well = !text.ends_with([' ', ':']) && !text.contains(": ");
    let is_word = WORDS.contains(&text.to_ascii_lowercase().as_str());
    if begins_well && ends_well && !is_word && text.chars().all(plain) { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            _ if c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric() => out.push(c),
            _ => out.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_quoted_where_they_could_be_something_else() {
        for plain in ["AWS::EC2::VPC", "Fn::GetAtt", "/ecs/hazelcast", "a b", "eu-west-1a"] {
            assert_eq!(text(plain), plain);
        }
        for (quoted, shown) in [
            ("", r#""""#),
            ("No", r#""No""#),
            ("10.0.0.0/16", r#""10.0.0.0/16""#),
            ("2012-10-17", r#""2012-10-17""#),
            ("*", r#""*""#),
            ("a: b", r#""a: b""#),
            ("a ", r#""a ""#),
            ("a #b", r##""a #b""##),
            ("é\u{2028}\"\\\n", r#""é\U00002028\"\\\n""#),
        ] {
            assert_eq!(text(quoted), shown);
        }
    }

    #[test]
    fn lists_and_maps_nest() {
        let json = json!({ "a": [{ "b": 1, "c": ["x", ["z"], {}, []] }, [true, null]], "d": {} });
        let node = Node::Map(vec![("Top", Node::Json(&json)), ("None", Node::Map(vec![]))]);
        let wanted = "\
Top:
  a:
    - b: 1
      c:
        - x
        - - z
        - {}
        - []
    - - true
      - null
  d: {}
None: {}
";
        assert_eq!(written(&node), wanted);
    }
}

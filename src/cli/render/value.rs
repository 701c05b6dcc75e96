//! Values as a reader sees them: plain words bare, other text quoted, what is not known yet and what is secret said so.

use hzscript::model::{Reference, TemplatePart, Value};

use super::escape;

/// What stands for a secret.
pub const SECRET: &str = "(secret)";

/// A value on one line, whole.
pub fn whole(value: &Value) -> String {
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
        Value::Template(parts) => template(parts),
        Value::Secret(_) => SECRET.to_owned(),
    }
}

/// A value on one line of at most `max` characters.
pub fn short(value: &Value, max: usize) -> String {
    escape::shortened(&whole(value), max)
}

/// A reference as a script writes it.
pub fn attribute(reference: &Reference) -> String {
    format!("{}.{}", reference.address, escape::line(&reference.attribute))
}

fn template(parts: &[TemplatePart]) -> String {
    let parts: String = parts
        .iter()
        .map(|part| match part {
            TemplatePart::Text(text) => escape::line(text).into_owned(),
            TemplatePart::Ref(reference) => format!("${{{}}}", attribute(reference)),
            TemplatePart::Secret(_) => SECRET.to_owned(),
        })
        .collect();
    format!("\"{parts}\"")
}

/// Text as it is when it reads as one word, else quoted.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:*@+%$#=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    let quoted: String =
        text.chars().flat_map(|c| if c == '"' || c == '\\' { vec!['\\', c] } else { vec![c] }).collect();
    format!("\"{}\"", escape::line(&quoted))
}

pub use hzscript::model::value::without_secrets;

#[cfg(test)]
mod tests {
    use hzscript::model::{Json, Secret};

    use super::*;

    #[test]
    fn words_are_bare_and_the_rest_is_quoted() {
        let shown = |json: Json| whole(&Value::from_json(&json));
        assert_eq!(shown("10.0.0.0/16".into()), "10.0.0.0/16");
        assert_eq!(shown("Hazelcast \"ECS\" role\u{1b}".into()), r#""Hazelcast \"ECS\" role\u{1b}""#);
        assert_eq!(shown("".into()), "\"\"");
        assert_eq!(
            shown(serde_json::json!({ "ports": [5701, true, null], "of": {} })),
            "{ of: {}, ports: [5701, true, (none)] }"
        );
    }

    #[test]
    fn secrets_and_what_is_not_known_are_said_to_be() {
        let reference =
            Reference { address: "ec2_vpc.main".parse().expect("an address"), attribute: "vpcId".to_owned() };
        let secret = Secret::Clear("hunter2".to_owned());
        let parts = vec![
            TemplatePart::Text("vpc=".to_owned()),
            TemplatePart::Ref(reference.clone()),
            TemplatePart::Secret(secret.clone()),
        ];
        assert_eq!(whole(&Value::from(reference)), "(known after apply: ec2_vpc.main.vpcId)");
        assert_eq!(whole(&Value::Template(parts.clone())), "\"vpc=${ec2_vpc.main.vpcId}(secret)\"");
        let all = Value::List(vec![Value::Secret(secret), Value::Template(parts)]);
        let json = without_secrets(&serde_json::to_value(&all).expect("it is JSON"));
        assert_eq!(
            json,
            serde_json::json!(["(secret)", { "$template": ["vpc=", { "$ref": "ec2_vpc.main#vpcId" }, "(secret)"] }])
        );
    }
}

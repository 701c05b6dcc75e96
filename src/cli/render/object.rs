//! One object of the state in full: how it was asked for, what AWS told of it, what it needs.

use std::collections::BTreeMap;

use hzscript::model::{Address, Value};
use hzscript::state::{Awaited, Recorded, Status};

use super::palette::Palette;
use super::{escape, value};

/// The longest value on the line of its name, in characters; a longer list or object goes below it.
const MAX_VALUE: usize = 80;

/// The object, as lines.
pub fn shown(address: &Address, recorded: &Recorded, needed_by: &[&Address], palette: Palette) -> String {
    let Recorded { kind, id, generation, inputs, attributes, dependencies, protect, retain, .. } = recorded;
    let mut lines = vec![palette.bold(&address.to_string())];
    let mut fact = |name: &str, text: &str| lines.push(format!("  {name:10}  {}", escape::line(text)));
    fact("type", kind);
    fact("id", id);
    fact("status", &status(&recorded.status));
    fact("generation", &generation.to_string());
    for (set, name) in [(*protect, "protect"), (*retain, "retain")] {
        if set {
            fact(name, "yes");
        }
    }
    if !recorded.ignore_changes.is_empty() {
        fact("ignores", &recorded.ignore_changes.join(", "));
    }
    let attributes: BTreeMap<String, Value> =
        attributes.iter().map(|(name, value)| (name.clone(), Value::from_json(value))).collect();
    for (title, values) in [("Asked for:", inputs), ("Attributes:", &attributes)] {
        if !values.is_empty() {
            lines.extend([String::new(), title.to_owned()]);
            values.iter().for_each(|(name, item)| below(&escape::line(name), item, 1, &mut lines));
        }
    }
    let dependencies: Vec<&Address> = dependencies.iter().collect();
    for (title, addresses) in [("Needs:", dependencies.as_slice()), ("Needed by:", needed_by)] {
        if !addresses.is_empty() {
            lines.extend([String::new(), title.to_owned()]);
            lines.extend(addresses.iter().map(|address| format!("  {address}")));
        }
    }
    lines.join("\n")
}

/// How far an object has come, in words.
pub fn status(status: &Status) -> String {
    match status {
        Status::Ready => "ready".to_owned(),
        Status::Unconfigured => "not everything is set".to_owned(),
        Status::Settling { action: Awaited::Create, .. } => "being made".to_owned(),
        Status::Settling { action: Awaited::Update, .. } => "being changed".to_owned(),
        Status::Settling { action: Awaited::Delete, .. } => "being deleted".to_owned(),
        Status::Apart { reason } => format!("members apart: {reason}"),
        Status::Failed { reason } => format!("failed: {reason}"),
    }
}

/// A value beside its name where it is short, else what is in it below.
fn below(name: &str, item: &Value, depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    let whole = value::whole(item);
    let long = whole.chars().count() > MAX_VALUE;
    match item {
        Value::Map(map) if long => {
            lines.push(format!("{indent}{name}:"));
            map.iter().for_each(|(key, item)| below(&escape::line(key), item, depth + 1, lines));
        }
        Value::List(items) if long => {
            lines.push(format!("{indent}{name}:"));
            items.iter().enumerate().for_each(|(at, item)| below(&format!("[{at}]"), item, depth + 1, lines));
        }
        Value::String(text) if text.contains('\n') => {
            lines.push(format!("{indent}{name}: |"));
            lines.extend(text.lines().map(|line| format!("{indent}  {}", escape::line(line))));
        }
        _ => lines.push(format!("{indent}{name}: {whole}")),
    }
}

#[cfg(test)]
mod tests {
    use hzscript::model::{JsonMap, Secret, Timeouts};
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_is_shown_whole_and_without_secrets() {
        let address = |text: &str| text.parse::<Address>().expect("an address");
        let mut containers = Value::from_json(&json!([{ "image": "hazelcast/hazelcast:5.5", "name": "member\u{7}",
            "command": ["sh", "-c", "one\ntwo"] }]));
        if let Value::List(items) = &mut containers
            && let Some(Value::Map(first)) = items.first_mut()
        {
            first.insert("password".to_owned(), Value::Secret(Secret::Clear("hunter2".to_owned())));
        }
        let inputs = [("containerDefinitions", containers), ("notes", Value::String("one\ntwo".to_owned()))];
        let recorded = Recorded {
            kind: "AWS::ECS::TaskDefinition".to_owned(),
            id: "arn:1".to_owned(),
            generation: 2,
            inputs: inputs.into_iter().map(|(name, item)| (name.to_owned(), item)).collect(),
            attributes: JsonMap::from_iter([("taskDefinitionArn".to_owned(), "arn:1".into())]),
            dependencies: vec![address("iam_role.task")],
            status: Status::Failed { reason: "no image\n".to_owned() },
            protect: true,
            retain: false,
            replace_on: Vec::new(),
            ignore_changes: vec!["tags".to_owned()],
            timeouts: Timeouts::default(),
            formation: None,
        };
        let by = address("ecs_service.members");
        let shown = shown(&address("ecs_task_definition.members"), &recorded, &[&by], Palette::new(false));
        insta::assert_snapshot!(shown, @r#"
        ecs_task_definition.members
          type        AWS::ECS::TaskDefinition
          id          arn:1
          status      failed: no image\n
          generation  2
          protect     yes
          ignores     tags

        Asked for:
          containerDefinitions:
            [0]:
              command: [sh, -c, "one\ntwo"]
              image: hazelcast/hazelcast:5.5
              name: "member\u{7}"
              password: (secret)
          notes: |
            one
            two

        Attributes:
          taskDefinitionArn: arn:1

        Needs:
          iam_role.task

        Needed by:
          ecs_service.members
        "#);
    }
}

//! Names in ECS: what its schemas leave open, and the service refuses.

use std::collections::{BTreeMap, BTreeSet};

use super::super::session::Mistake;
use super::Checker;
use crate::model::{PropertyPath, Value};

/// Checks the property that names a cluster, a service or a family. Source: `CreateCluster`, `CreateService` and
/// `RegisterTaskDefinition` in the ECS API reference.
pub(super) fn check(property: &str, properties: &BTreeMap<String, Value>, checker: &mut Checker<'_>) {
    if let Some(Value::String(name)) = properties.get(property) {
        form(&PropertyPath::new(property), property, name, checker);
    }
}

/// Checks the names of a task definition's containers, each of which is there once.
pub(super) fn of_containers(properties: &BTreeMap<String, Value>, checker: &mut Checker<'_>) {
    let Some(Value::List(containers)) = properties.get("containerDefinitions") else { return };
    let mut seen = BTreeSet::new();
    for (index, container) in containers.iter().enumerate() {
        let Value::Map(container) = container else { continue };
        let Some(Value::String(name)) = container.get("name") else { continue };
        let path = PropertyPath::new("containerDefinitions").index(index).key("name");
        form(&path, "name", name, checker);
        // One that is there twice as a whole is told as that.
        if !seen.insert(name) && !containers[..index].contains(&containers[index]) {
            let mistake = Mistake::new(format!("two containers of the task definition have the name `{name}`"));
            checker.value(&path, mistake.label("again").help("give one of them another name".to_owned()));
        }
    }
}

fn form(path: &PropertyPath, property: &str, name: &str, checker: &mut Checker<'_>) {
    let ok = (1..=255).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if !ok {
        let mistake = Mistake::new(format!("`{property}` cannot be `{name}`")).label("not of the right form");
        checker.value(path, mistake.help("it takes a name of 1 to 255 letters, digits, - and _".to_owned()));
    }
}

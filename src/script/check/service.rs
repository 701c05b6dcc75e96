//! ECS services: what AWS asks for and the schema leaves open, because it depends on the rest.

use std::collections::BTreeMap;

use super::super::session::Mistake;
use super::Checker;
use crate::model::{PropertyPath, Value};

/// Checks that a service says what to run and, on Fargate, in which network. Source: `CreateService` in the ECS API
/// reference.
pub(super) fn check(properties: &BTreeMap<String, Value>, checker: &mut Checker<'_>) {
    let mut missing = |name: &str, when: &str, help: String| {
        if !properties.contains_key(name) {
            let mistake = Mistake::new(format!("a service{when} needs `{name}`")).help(help);
            checker.value(&PropertyPath::whole(), mistake.label(format!("`{name}` is missing")));
        }
    };
    let controller = match properties.get("deploymentController") {
        Some(Value::Map(controller)) => controller.get("type").and_then(Value::as_str),
        _ => None,
    };
    if controller == Some("EXTERNAL") {
        return;
    }
    missing("taskDefinition", "", "write `taskDefinition: definition.taskDefinitionArn`".to_owned());
    if properties.get("launchType").and_then(Value::as_str) == Some("FARGATE") {
        let help = "write `networkConfiguration: #{ awsvpcConfiguration: #{ subnets: … } }`".to_owned();
        missing("networkConfiguration", " on Fargate", help);
    }
    if properties.contains_key("launchType") && properties.contains_key("capacityProviderStrategy") {
        let mistake = Mistake::new("a service takes `launchType` or `capacityProviderStrategy`, not both");
        let help = "leave `launchType` out: the strategy says where tasks run".to_owned();
        checker.key(&PropertyPath::new("launchType"), mistake.label("excludes the strategy").help(help));
    }
}

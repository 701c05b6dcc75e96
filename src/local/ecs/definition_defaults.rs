//! What ECS adds to a task definition when it is registered.

use serde_json::json;

use super::params::{list, map, maps, text};
use super::{arn, fargate, validate, volume};
use crate::local::service::Fault;
use crate::local::store::Tx;
use crate::model::{Json, JsonMap};

/// The members of a request that a task definition keeps as they are.
const KEPT: &[&str] = &[
    "placementConstraints",
    "requiresCompatibilities",
    "pidMode",
    "ipcMode",
    "proxyConfiguration",
    "inferenceAccelerators",
    "ephemeralStorage",
    "runtimePlatform",
    "enableFaultInjection",
    "networkMode",
];

/// The definition that a request registers: roles as ARNs, sizes as numbers, empty lists where AWS answers them, and what
/// AWS derives. The request has been found valid.
///
/// # Errors
/// When a member has another type than AWS's model gives it.
pub fn fill(tx: &Tx<'_>, params: &JsonMap) -> Result<JsonMap, Fault> {
    let mut definition = JsonMap::new();
    for name in KEPT {
        if let Some(value) = params.get(*name).filter(|value| !value.is_null()) {
            definition.insert((*name).to_owned(), value.clone());
        }
    }
    definition.entry("placementConstraints").or_insert_with(|| json!([]));
    definition.insert("volumes".to_owned(), maps(params, "volumes")?.into_iter().map(volume::filled).collect());
    for name in ["taskRoleArn", "executionRoleArn"] {
        if let Some(role) = text(params, name)?.filter(|role| !role.is_empty()) {
            definition.insert(name.to_owned(), arn::role(tx, role).into());
        }
    }
    for name in ["cpu", "memory"] {
        if let Some(size) = text(params, name)?.and_then(fargate::units) {
            definition.insert(name.to_owned(), size.to_string().into());
        }
    }
    let awsvpc = text(params, "networkMode")? == Some("awsvpc");
    let containers = maps(params, "containerDefinitions")?;
    let filled = containers.iter().map(|&container| filled(container, awsvpc)).collect::<Result<Vec<_>, _>>()?;
    definition.insert("containerDefinitions".to_owned(), filled.into());
    let compatibilities = if validate::fargate(params).is_ok() { json!(["EC2", "FARGATE"]) } else { json!(["EC2"]) };
    definition.insert("compatibilities".to_owned(), compatibilities);
    definition.insert("requiresAttributes".to_owned(), attributes(params, &containers)?);
    definition.insert("registeredAt".to_owned(), super::seconds(tx.now).into());
    definition.insert("registeredBy".to_owned(), format!("arn:aws:iam::{}:user/local", tx.account).into());
    Ok(definition)
}

fn filled(container: &JsonMap, awsvpc: bool) -> Result<Json, Fault> {
    let mut filled = container.clone();
    filled.retain(|_, value| !value.is_null());
    filled.entry("cpu").or_insert_with(|| json!(0));
    filled.entry("essential").or_insert_with(|| json!(true));
    for name in ["environment", "mountPoints", "volumesFrom", "systemControls"] {
        filled.entry(name).or_insert_with(|| json!([]));
    }
    let mut mappings = Vec::new();
    for mapping in maps(container, "portMappings")? {
        let mut mapping = mapping.clone();
        mapping.entry("protocol").or_insert_with(|| json!("tcp"));
        if !mapping.contains_key("containerPortRange") {
            let port = if awsvpc { mapping.get("containerPort").cloned().unwrap_or_default() } else { json!(0) };
            mapping.entry("hostPort").or_insert(port);
        }
        mappings.push(Json::Object(mapping));
    }
    filled.insert("portMappings".to_owned(), mappings.into());
    if let Some(check) = map(container, "healthCheck")? {
        let mut check = check.clone();
        for (name, value) in [("interval", 30), ("timeout", 5), ("retries", 3)] {
            check.entry(name).or_insert_with(|| json!(value));
        }
        filled.insert("healthCheck".to_owned(), check.into());
    }
    Ok(filled.into())
}

/// What the task asks of where it runs, as far as it follows from what this program declares.
fn attributes(params: &JsonMap, containers: &[&JsonMap]) -> Result<Json, Fault> {
    let mut names = vec!["com.amazonaws.ecs.capability.docker-remote-api.1.18"];
    let execution_role = text(params, "executionRoleArn")?.is_some();
    for container in containers {
        if let Some(log) = map(container, "logConfiguration")? {
            match text(log, "logDriver")? {
                Some("awslogs") => {
                    names.push("com.amazonaws.ecs.capability.logging-driver.awslogs");
                    names.push("com.amazonaws.ecs.capability.docker-remote-api.1.19");
                    if execution_role {
                        names.push("ecs.capability.execution-role-awslogs");
                    }
                }
                Some("splunk") => names.push("com.amazonaws.ecs.capability.logging-driver.splunk"),
                Some("awsfirelens") => names.push("com.amazonaws.ecs.capability.logging-driver.awsfirelens"),
                _ => {}
            }
        }
        if text(container, "image")?.is_some_and(validate::is_ecr) {
            names.push("com.amazonaws.ecs.capability.ecr-auth");
            names.push("ecs.capability.execution-role-ecr-pull");
        }
        if !list(container, "secrets")?.is_empty() {
            names.push("ecs.capability.secrets.asm.environment-variables");
        }
        if map(container, "healthCheck")?.is_some() {
            names.push("ecs.capability.container-health-check");
        }
        if !list(container, "dependsOn")?.is_empty() {
            names.push("ecs.capability.container-ordering");
        }
    }
    if text(params, "taskRoleArn")?.is_some() {
        names.push("com.amazonaws.ecs.capability.task-iam-role");
    }
    if text(params, "networkMode")? == Some("awsvpc") {
        names.push("ecs.capability.task-eni");
    }
    if map(params, "ephemeralStorage")?.is_some() {
        names.push("ecs.capability.extensible-ephemeral-storage");
    }
    for volume in maps(params, "volumes")? {
        if map(volume, "efsVolumeConfiguration")?.is_some() {
            names.push("ecs.capability.efs");
        }
    }
    names.sort_unstable();
    names.dedup();
    Ok(names.into_iter().map(|name| json!({"name": name})).collect())
}

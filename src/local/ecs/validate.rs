//! What ECS refuses when a task definition is registered. Pure.
//!
//! The rules are those of the documentation of RegisterTaskDefinition; the sentences those that AWS is known to answer.

use super::cluster::is_name;
use super::fargate::{has_size, units};
use super::params::{flag, list, map, maps, text, texts, whole};
use super::volume;
use crate::local::service::Fault;
use crate::model::JsonMap;

fn refuse<T>(message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::new("ClientException", message))
}

/// Whether an image is in a private registry of AWS.
pub fn is_ecr(image: &str) -> bool {
    image.contains(".dkr.ecr.") && image.contains(".amazonaws.com")
}

/// Everything that is checked.
///
/// # Errors
/// `ClientException` with what is wrong.
pub fn registration(params: &JsonMap) -> Result<(), Fault> {
    match text(params, "family")?.unwrap_or_default() {
        "" => return refuse("Family should not be null or empty."),
        family if !is_name(family) => return refuse("Family contains invalid characters."),
        _ => {}
    }
    let containers = maps(params, "containerDefinitions")?;
    if containers.is_empty() {
        return refuse("Container definitions should not be null or empty.");
    }
    let mut names = Vec::new();
    for container in &containers {
        let name = text(container, "name")?.unwrap_or_default();
        if !is_name(name) {
            return refuse(if name.is_empty() {
                "Container.name should not be null or empty."
            } else {
                "Container.name contains invalid characters."
            });
        }
        if names.contains(&name) {
            return refuse(format!("Container names must be unique within a task definition: {name}."));
        }
        names.push(name);
    }
    let mut essential = false;
    for container in &containers {
        check_container(params, container, &names)?;
        essential |= flag(container, "essential")?.unwrap_or(true);
    }
    if !essential {
        return refuse("A task definition must have at least one essential container.");
    }
    check_size(params, &containers)?;
    volume::registration(params)?;
    let compatibilities = texts(params, "requiresCompatibilities")?;
    if let Some(unknown) = compatibilities.iter().find(|one| !["EC2", "FARGATE", "EXTERNAL"].contains(one)) {
        return refuse(format!("Invalid launch type {unknown}."));
    }
    if compatibilities.contains(&"FARGATE") {
        fargate(params)?;
    }
    Ok(())
}

fn check_size(params: &JsonMap, containers: &[&JsonMap]) -> Result<(), Fault> {
    let size = |name: &str| -> Result<Option<i64>, Fault> {
        match text(params, name)? {
            None => Ok(None),
            Some(given) => match units(given) {
                Some(units) => Ok(Some(units)),
                None => refuse(format!("Invalid '{name}' setting for task: {given}.")),
            },
        }
    };
    let (cpu, memory) = (size("cpu")?, size("memory")?);
    let (mut cpu_sum, mut memory_sum) = (0, 0);
    for container in containers {
        let name = text(container, "name")?.unwrap_or_default();
        let (hard, soft) = (whole(container, "memory")?, whole(container, "memoryReservation")?);
        if memory.is_none() && hard.is_none() && soft.is_none() {
            return refuse(format!(
                "Invalid setting for container '{name}'. At least one of 'memory' or 'memoryReservation' must be \
                 specified."
            ));
        }
        if let (Some(hard), Some(soft)) = (hard, soft)
            && soft > hard
        {
            return refuse(format!(
                "Invalid setting for container '{name}'. 'memoryReservation' must not be greater than 'memory'."
            ));
        }
        if let (Some(hard), Some(task)) = (hard, memory)
            && hard > task
        {
            return refuse(format!(
                "Invalid setting for container '{name}'. The container's memory cannot be greater than the task's."
            ));
        }
        cpu_sum += whole(container, "cpu")?.unwrap_or(0);
        memory_sum += soft.unwrap_or(0);
    }
    if cpu.is_some_and(|cpu| cpu_sum > cpu) {
        return refuse("The sum of the CPU units of all containers cannot be greater than the task's.");
    }
    if memory.is_some_and(|memory| memory_sum > memory) {
        return refuse(
            "The sum of the memory reservations of all containers cannot be greater than the task's memory.",
        );
    }
    Ok(())
}

fn check_container(params: &JsonMap, container: &JsonMap, names: &[&str]) -> Result<(), Fault> {
    if text(container, "image")?.unwrap_or_default().is_empty() {
        return refuse("Container.image should not be null or empty.");
    }
    let awsvpc = text(params, "networkMode")? == Some("awsvpc");
    let mut ports = Vec::new();
    for mapping in maps(container, "portMappings")? {
        let (inside, outside) = (whole(mapping, "containerPort")?, whole(mapping, "hostPort")?);
        for port in [inside, outside].into_iter().flatten() {
            if !(0..=65535).contains(&port) {
                return refuse(format!("Invalid port {port}: ports are 0 to 65535."));
            }
        }
        if awsvpc && outside.is_some() && inside != outside {
            return refuse("When networkMode=awsvpc, the host ports and container ports in port mappings must match.");
        }
        let protocol = text(mapping, "protocol")?.unwrap_or("tcp");
        if !["tcp", "udp"].contains(&protocol) {
            return refuse(format!("Invalid protocol {protocol} in a port mapping."));
        }
        if inside.is_some() && ports.contains(&(inside, protocol)) {
            return refuse("A container port may be mapped only once for each protocol.");
        }
        ports.push((inside, protocol));
    }
    if let Some(log) = map(container, "logConfiguration")?
        && text(log, "logDriver")? == Some("awslogs")
    {
        let options = map(log, "options")?;
        for option in ["awslogs-group", "awslogs-region"] {
            if options.is_none_or(|options| !options.contains_key(option)) {
                return refuse(format!("Log driver awslogs requires options: {option}"));
            }
        }
    }
    if let Some(check) = map(container, "healthCheck")? {
        if list(check, "command")?.is_empty() {
            return refuse("Health check command must not be empty.");
        }
        for (name, least, most) in
            [("interval", 5, 300), ("timeout", 2, 60), ("retries", 1, 10), ("startPeriod", 0, 300)]
        {
            if whole(check, name)?.is_some_and(|value| !(least..=most).contains(&value)) {
                return refuse(format!("Health check {name} must be between {least} and {most}."));
            }
        }
    }
    for dependency in maps(container, "dependsOn")? {
        let other = text(dependency, "containerName")?.unwrap_or_default();
        if !names.contains(&other) {
            return refuse(format!("Container dependency {other} is not a container of the task definition."));
        }
    }
    let volumes = maps(params, "volumes")?;
    for mount in maps(container, "mountPoints")? {
        let volume = text(mount, "sourceVolume")?.unwrap_or_default();
        if !volumes.iter().any(|one| one.get("name").is_some_and(|name| name == volume)) {
            return refuse(format!("Unknown volume '{volume}'."));
        }
    }
    if !list(container, "secrets")?.is_empty() && text(params, "executionRoleArn")?.unwrap_or_default().is_empty() {
        return refuse(
            "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
        );
    }
    Ok(())
}

/// What Fargate asks of a task definition.
///
/// # Errors
/// `ClientException` with what keeps it from running there.
pub fn fargate(params: &JsonMap) -> Result<(), Fault> {
    if text(params, "networkMode")? != Some("awsvpc") {
        return refuse("Fargate only supports network mode \u{2018}awsvpc\u{2019}.");
    }
    let size = |name: &str| -> Result<i64, Fault> {
        let given = text(params, name)?.and_then(units);
        given.map_or_else(|| refuse(format!("Fargate requires that '{name}' be defined at the task level.")), Ok)
    };
    if !has_size(size("cpu")?, size("memory")?) {
        return refuse("No Fargate configuration exists for given values.");
    }
    if let Some(storage) = map(params, "ephemeralStorage")?
        && !whole(storage, "sizeInGiB")?.is_some_and(|size| (21..=200).contains(&size))
    {
        return refuse("The ephemeral storage size must be between 21 and 200 GiB.");
    }
    let execution_role = !text(params, "executionRoleArn")?.unwrap_or_default().is_empty();
    for container in maps(params, "containerDefinitions")? {
        if !execution_role && text(container, "image")?.is_some_and(is_ecr) {
            return refuse("Fargate requires task definition to have execution role ARN to support ECR images.");
        }
        if let Some(log) = map(container, "logConfiguration")? {
            let driver = text(log, "logDriver")?.unwrap_or_default();
            if !["awslogs", "splunk", "awsfirelens"].contains(&driver) {
                return refuse(format!("Log driver {driver} is not supported by Fargate."));
            }
            if driver == "awslogs" && !execution_role {
                return refuse(
                    "Fargate requires task definition to have execution role ARN to support log driver awslogs.",
                );
            }
            if driver == "awslogs"
                && map(log, "options")?.is_none_or(|options| !options.contains_key("awslogs-stream-prefix"))
            {
                return refuse("Log driver awslogs requires options: awslogs-stream-prefix");
            }
        }
        if flag(container, "privileged")? == Some(true) {
            return refuse("Fargate does not support privileged containers.");
        }
        if whole(container, "stopTimeout")?.is_some_and(|seconds| !(0..=120).contains(&seconds)) {
            return refuse("Fargate stops containers within 120 seconds: stopTimeout must be between 0 and 120.");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn definition() -> Value {
        json!({
            "family": "hazelcast", "networkMode": "awsvpc", "cpu": "1024", "memory": "2048",
            "requiresCompatibilities": ["FARGATE"], "executionRoleArn": "ecsTaskExecutionRole",
            "containerDefinitions": [{
                "name": "member", "image": "hazelcast/hazelcast:5.5", "portMappings": [{"containerPort": 5701}],
                "logConfiguration": {"logDriver": "awslogs", "options": {
                    "awslogs-group": "/ecs/hazelcast", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "ecs"}},
            }],
        })
    }

    fn refusal(change: impl FnOnce(&mut Value)) -> String {
        let mut params = definition();
        change(&mut params);
        registration(params.as_object().expect("a map")).map_or_else(|fault| fault.message, |()| String::new())
    }

    type Change = fn(&mut Value);

    #[test]
    fn a_whole_fargate_definition_is_accepted() {
        assert_eq!(refusal(|_| {}), "");
    }

    #[test]
    fn what_fargate_does_not_run_is_refused_in_aws_words() {
        let cases: [(Change, &str); 8] = [
            (|p| p["memory"] = json!("512"), "No Fargate configuration exists for given values."),
            (|p| p["cpu"] = Value::Null, "Fargate requires that 'cpu' be defined at the task level."),
            (|p| p["networkMode"] = json!("bridge"), "Fargate only supports network mode \u{2018}awsvpc\u{2019}."),
            (
                |p| p["executionRoleArn"] = Value::Null,
                "Fargate requires task definition to have execution role ARN to support log driver awslogs.",
            ),
            (
                |p| p["containerDefinitions"][0]["portMappings"][0]["hostPort"] = json!(80),
                "When networkMode=awsvpc, the host ports and container ports in port mappings must match.",
            ),
            (
                |p| p["containerDefinitions"][0]["essential"] = json!(false),
                "A task definition must have at least one essential container.",
            ),
            (
                |p| {
                    let same = p["containerDefinitions"][0].clone();
                    p["containerDefinitions"] = json!([same, same]);
                },
                "Container names must be unique within a task definition: member.",
            ),
            (|p| p["family"] = json!("a b"), "Family contains invalid characters."),
        ];
        for (change, expected) in cases {
            assert_eq!(refusal(change), expected);
        }
    }

    #[test]
    fn secrets_need_an_execution_role_whatever_runs_them() {
        let said = refusal(|p| {
            p["executionRoleArn"] = Value::Null;
            p["requiresCompatibilities"] = json!([]);
            p["containerDefinitions"][0]["logConfiguration"] = Value::Null;
            p["containerDefinitions"][0]["secrets"] = json!([{"name": "A", "valueFrom": "arn:aws:secretsmanager:x"}]);
        });
        assert!(said.starts_with("When you are specifying container secrets"), "{said}");
    }
}

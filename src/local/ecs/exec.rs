//! `ExecuteCommand`: a session in a container. There is no container here, and so nobody at the other end of it.

use serde_json::json;

use super::params::{flag, invalid, required, text};
use super::task::{Last, Task};
use super::{arn, cluster, task, task_definition};
use crate::local::iam;
use crate::local::service::Fault;
use crate::local::store::Tx;
use crate::model::{Json, JsonMap};

/// What the agent in a container may not do without ("Monitor Amazon ECS containers with ECS Exec" of the developer guide).
const ACTIONS: [&str; 4] = [
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
];

/// Whether the agent in the containers of a task can open its channels: its task role may.
fn connects(tx: &Tx<'_>, task: &Task) -> Result<bool, Fault> {
    let Some(definition) = task_definition::exact(tx, &task.definition)? else { return Ok(false) };
    let overridden = task.overrides.get("taskRoleArn").and_then(Json::as_str);
    let Some(role) = overridden.or_else(|| definition.text("taskRoleArn")) else { return Ok(false) };
    for action in ACTIONS {
        if !iam::role_may(tx, role, action, "*")? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `ExecuteCommand`.
pub fn execute(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    required(params, "command")?;
    let cluster = cluster::of(tx, params)?;
    let id = arn::last(tx, "task", required(params, "task")?)?;
    if !flag(params, "interactive")?.unwrap_or(false) {
        return Err(invalid("Interactive is the only mode supported currently."));
    }
    let found = task::get(tx, &cluster.name, id)?.ok_or_else(|| invalid("The referenced task was not found."))?;
    let container = match text(params, "container")? {
        Some(name) => found.containers.iter().find(|one| one.name == name),
        None if found.containers.len() > 1 => {
            return Err(invalid("The container name must be specified for a task that has more than one container."));
        }
        None => found.containers.first(),
    };
    let container = container.ok_or_else(|| invalid("The specified container was not found in the task."))?;
    if !found.exec || found.last != Last::Running || container.exit_code.is_some() {
        return Err(invalid(
            "The execute command failed because execute command was not enabled when the task was run or the execute \
             command agent isn't running. Wait and try again or run a new task with execute command enabled and try \
             again.",
        ));
    }
    if !connects(tx, &found)? {
        return Err(Fault::new(
            "TargetNotConnectedException",
            "The execute command failed due to an internal error. Try again later.",
        ));
    }
    let (name, container_arn) = (container.name.clone(), container.arn().to_owned());
    let session = format!("ecs-execute-command-{}", &tx.fresh_hex("session")?[..17]);
    let token = tx.fresh_hex("token")?;
    Ok(json!({
        "clusterArn": arn::cluster(tx, &cluster.name),
        "containerArn": container_arn,
        "containerName": name,
        "interactive": true,
        "session": {
            "sessionId": session,
            "streamUrl": format!(
                "wss://ssmmessages.{}.amazonaws.com/v1/data-channel/{session}?role=publish_subscribe", tx.region
            ),
            "tokenValue": token,
        },
        "taskArn": found.arn(tx),
    }))
}

//! Entering a container: what it needs, and the session.
//!
//! Sources: ECS developer guide, "Monitor Amazon ECS containers with ECS Exec"; the AWS CLI's `ecs execute-command` for what
//! the session plugin is given; Systems Manager user guide, "Starting a session (port forwarding)".

use aws_sdk_ecs::types::TaskDefinition;
use serde::Serialize;

use super::{Container, Live, LiveError, Sort, Task, last};
use crate::cloud::failed;

/// The actions that the task role needs, so that the agent in the container can open its channels.
pub const ROLE_ACTIONS: [&str; 4] = [
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
];

/// A container that is to be entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its task.
    pub task: Task,
    /// The container.
    pub container: Container,
    /// The name of the task role; none when the task has none.
    pub role: Option<String>,
    /// What stands in the way, as far as it can be seen.
    pub obstacles: Vec<Obstacle>,
}

/// What keeps a container from being entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Obstacle {
    /// The task does not run.
    NotRunning {
        /// Its state.
        status: String,
    },
    /// The task was started without it.
    Off {
        /// Its service, when it is of one.
        service: Option<String>,
        /// Whether that service has it on for the tasks that it starts now.
        service_has_it: bool,
    },
    /// The task has no task role.
    NoRole,
    /// The task role may not do what the agent in the container needs.
    RoleMayNot {
        /// Its name.
        role: String,
        /// The actions.
        actions: Vec<String>,
    },
    /// The agent in the container does not run (yet).
    Agent {
        /// Its state.
        status: String,
    },
}

impl Obstacle {
    /// What it is, and what helps.
    pub fn told(&self) -> (String, String) {
        match self {
            Self::NotRunning { status } => {
                (format!("the task does not run: it is {status}"), "choose one that runs: `hzscript tasks`".to_owned())
            }
            Self::Off { service: Some(service), service_has_it: true } => (
                format!("the task was started before ECS Exec was turned on for service {service}"),
                format!("have its tasks replaced: `hzscript redeploy --service {service}`"),
            ),
            Self::Off { service: Some(service), .. } => (
                format!("ECS Exec is off for service {service}"),
                "set `enableExecuteCommand: true` on the service, run the script, then have its tasks replaced: \
                 `hzscript redeploy`"
                    .to_owned(),
            ),
            Self::Off { service: None, .. } => (
                "ECS Exec is off for the task".to_owned(),
                "start it with `enableExecuteCommand` (aws ecs run-task --enable-execute-command)".to_owned(),
            ),
            Self::NoRole => (
                "the task has no task role, so the agent in it cannot open its channels".to_owned(),
                format!("give the task definition a `taskRoleArn` whose role allows {}", ROLE_ACTIONS.join(", ")),
            ),
            Self::RoleMayNot { role, actions } => {
                let list: Vec<String> = actions.iter().map(|action| format!("\"{action}\"")).collect();
                (
                    format!("the task role ({role}) may not do {}", actions.join(", ")),
                    format!("allow it: role.add_to_policy(#{{ actions: [{}], resources: \"*\" }})", list.join(", ")),
                )
            }
            Self::Agent { status } => (
                format!("the agent in the container is {status}"),
                format!(
                    "wait a little; else check that the task role allows {}, and that the subnet has a way out to Systems \
                     Manager (a NAT gateway, or an endpoint for ssmmessages)",
                    ROLE_ACTIONS.join(", ")
                ),
            ),
        }
    }
}

impl Entry {
    /// The name by which Systems Manager knows the container; `None` while ECS tells no identifier of it.
    pub fn target(&self) -> Option<String> {
        let runtime = self.container.runtime_id.as_ref()?;
        Some(format!("ecs:{}_{}_{runtime}", self.task.cluster, self.task.id))
    }
}

/// A session that Systems Manager has opened.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Session {
    /// Its identifier.
    pub session_id: String,
    /// Where it is spoken to.
    pub stream_url: String,
    /// What lets one in: a secret.
    pub token_value: String,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("session_id", &self.session_id).finish_non_exhaustive()
    }
}

impl Live {
    /// A container of a task, and what keeps it from being entered. Without a name it is the first that is essential.
    ///
    /// # Errors
    /// As [`Live::task`]; [`LiveError::NotFound`] for the container.
    pub async fn entry(&self, cluster: &str, task: &str, container: Option<&str>) -> Result<Entry, LiveError> {
        let task = self.task(cluster, task).await?;
        let definition = self.definition(&task.definition).await?;
        let name = container.map(str::to_owned).or_else(|| definition.as_ref().and_then(essential)).unwrap_or_default();
        let Some(found) = task.containers.iter().find(|one| one.name == name).cloned() else {
            let there = task.containers.iter().map(|container| container.name.clone()).collect();
            return Err(LiveError::not_found(Sort::Container, &name, Some(format!("task {}", task.id)), there));
        };
        let role_arn = definition.as_ref().and_then(|one| one.task_role_arn());
        let role = role_arn.map(|arn| last(arn).to_owned());
        let mut obstacles = Vec::new();
        if !task.is_running() {
            let status = if task.status == "RUNNING" { "about to stop" } else { &task.status };
            obstacles.push(Obstacle::NotRunning { status: status.to_owned() });
        }
        if !task.exec {
            let service_has_it = match &task.service {
                Some(name) => self.service(cluster, name).await?.exec,
                None => false,
            };
            obstacles.push(Obstacle::Off { service: task.service.clone(), service_has_it });
        }
        match (role_arn, &role) {
            (Some(arn), Some(role)) => {
                let actions = self.refused(arn).await;
                if !actions.is_empty() {
                    obstacles.push(Obstacle::RoleMayNot { role: role.clone(), actions });
                }
            }
            _ => obstacles.push(Obstacle::NoRole),
        }
        if let Some(status) = found.exec_agent.as_ref().filter(|status| *status != "RUNNING") {
            obstacles.push(Obstacle::Agent { status: status.clone() });
        }
        Ok(Entry { task, container: found, role, obstacles })
    }

    /// Which of [`ROLE_ACTIONS`] a role may not do; none where that cannot be asked.
    async fn refused(&self, role: &str) -> Vec<String> {
        let decisions = self.cloud.can(role, &ROLE_ACTIONS, "*", &[]).await.unwrap_or_default();
        let refused = decisions.into_iter().filter(|decision| !decision.is_allowed());
        refused.map(|decision| decision.action).collect()
    }

    /// Opens a session in which a command runs in a container.
    ///
    /// # Errors
    /// When `ecs:ExecuteCommand` fails: `InvalidParameterException` where ECS Exec is off, `TargetNotConnectedException`
    /// where the agent in the container does not run.
    pub async fn enter(&self, entry: &Entry, command: &str) -> Result<Session, LiveError> {
        let call = self.cloud.ecs.execute_command().cluster(&entry.task.cluster).task(&entry.task.arn);
        let call = call.container(&entry.container.name).interactive(true).command(command);
        let answer = call.send().await.map_err(failed("ecs:ExecuteCommand"))?;
        let session = answer.session;
        let text = |of: fn(&aws_sdk_ecs::types::Session) -> Option<&str>| {
            session.as_ref().and_then(of).unwrap_or_default().to_owned()
        };
        Ok(Session {
            session_id: text(|session| session.session_id()),
            stream_url: text(|session| session.stream_url()),
            token_value: text(|session| session.token_value()),
        })
    }
}

/// The name of the first container that a task cannot go on without.
fn essential(definition: &TaskDefinition) -> Option<String> {
    let mut containers = definition.container_definitions().iter();
    let found = containers.find(|container| container.essential() != Some(false));
    found.and_then(|container| container.name().map(str::to_owned))
}

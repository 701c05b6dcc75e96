//! Tasks and their containers.

use aws_sdk_ecs::types::{Container as Contained, DesiredStatus, Task as Described};
use futures::FutureExt;
use jiff::Timestamp;
use serde::Serialize;

use super::{Live, LiveError, Sort, last, time};
use crate::cloud::{CallError, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::ecs::describe::{TASKS, describe_tasks};
use crate::kinds::ecs::stopped::{self, Cause};

/// The fewest characters of a task's identifier that stand for the whole.
const LEAST: usize = 4;

/// Which tasks are meant by whether they run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Which {
    /// Those that run or are to run.
    #[default]
    Running,
    /// Those that have stopped or are to stop, as long as ECS remembers them (an hour at least).
    Stopped,
    /// Both.
    All,
}

/// Which tasks are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskQuery {
    /// The cluster's name.
    pub cluster: String,
    /// Those of this service only.
    pub service: Option<String>,
    /// By whether they run.
    pub which: Which,
}

/// A task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Its identifier: thirty-two hexadecimal digits.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// The name of its cluster.
    pub cluster: String,
    /// The service that it is of; none for one that was started by itself.
    pub service: Option<String>,
    /// Its task definition, as `family:revision`.
    pub definition: String,
    /// Its state: `PROVISIONING`, `PENDING`, `ACTIVATING`, `RUNNING`, `DEACTIVATING`, `STOPPING`, `DEPROVISIONING` or
    /// `STOPPED`.
    pub status: String,
    /// What it is to be: `RUNNING` or `STOPPED`.
    pub desired_status: String,
    /// `HEALTHY`, `UNHEALTHY` or `UNKNOWN`.
    pub health: String,
    /// `FARGATE`, `EC2` or `EXTERNAL`; none when a capacity provider chose.
    pub launch_type: Option<String>,
    /// The capacity provider.
    pub capacity_provider: Option<String>,
    /// Its availability zone.
    pub zone: Option<String>,
    /// The private address of its network interface.
    pub address: Option<String>,
    /// Its network interface (`eni-…`).
    pub interface: Option<String>,
    /// The subnet of that.
    pub subnet: Option<String>,
    /// CPU units, 1024 to a virtual CPU.
    pub cpu: Option<String>,
    /// Memory in MiB.
    pub memory: Option<String>,
    /// Who started it: for a service's task its deployment.
    pub started_by: Option<String>,
    /// Whether it can be entered (ECS Exec).
    pub exec: bool,
    /// When it was asked for.
    pub created: Option<Timestamp>,
    /// When it was connected.
    pub connected: Option<Timestamp>,
    /// When the first image began to be pulled.
    pub pull_started: Option<Timestamp>,
    /// When the last was there.
    pub pull_stopped: Option<Timestamp>,
    /// When it came to run.
    pub started: Option<Timestamp>,
    /// When it was told to stop.
    pub stopping: Option<Timestamp>,
    /// When its containers had ended.
    pub execution_stopped: Option<Timestamp>,
    /// When it was over.
    pub stopped: Option<Timestamp>,
    /// Why it stopped, in a word: `EssentialContainerExited`, `TaskFailedToStart`, `UserInitiated`, ….
    pub stop_code: Option<String>,
    /// Why it stopped, in AWS's words, with those of its containers.
    pub stopped_reason: Option<String>,
    /// What helps, when it stopped because something failed.
    pub help: Option<String>,
    /// Its containers.
    pub containers: Vec<Container>,
}

/// A container of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    /// Its name in the task definition.
    pub name: String,
    /// Its image.
    pub image: String,
    /// `PENDING`, `RUNNING` or `STOPPED`.
    pub status: String,
    /// Its exit code, once it has ended.
    pub exit_code: Option<i32>,
    /// Why it could not start or ended, in AWS's words.
    pub reason: Option<String>,
    /// `HEALTHY`, `UNHEALTHY` or `UNKNOWN`.
    pub health: String,
    /// The identifier that Systems Manager knows it by.
    pub runtime_id: Option<String>,
    /// The state of the agent by which it is entered; none where that is off.
    pub exec_agent: Option<String>,
}

impl Task {
    /// Whether it runs and is to go on.
    pub fn is_running(&self) -> bool {
        self.status == "RUNNING" && self.desired_status == "RUNNING"
    }

    pub(super) fn of(described: Described) -> Self {
        let stopped = described.stop_code.is_some() || described.stopped_reason.is_some();
        let reason = stopped.then(|| stopped::reason(&described));
        let help = reason.as_ref().filter(|_| stopped::failed(&described)).map(|reason| Cause::of(reason).help());
        let detail = |name: &str| {
            let attached = described.attachments().iter().flat_map(|attachment| attachment.details());
            attached.filter(|detail| detail.name() == Some(name)).find_map(|detail| detail.value().map(str::to_owned))
        };
        let (address, interface, subnet) =
            (detail("privateIPv4Address"), detail("networkInterfaceId"), detail("subnetId"));
        let group = described.group.unwrap_or_default();
        let arn = described.task_arn.unwrap_or_default();
        Self {
            id: last(&arn).to_owned(),
            cluster: last(described.cluster_arn.as_deref().unwrap_or_default()).to_owned(),
            service: group.strip_prefix("service:").map(str::to_owned),
            definition: last(described.task_definition_arn.as_deref().unwrap_or_default()).to_owned(),
            status: described.last_status.unwrap_or_default(),
            desired_status: described.desired_status.unwrap_or_default(),
            health: described.health_status.map_or("UNKNOWN", |health| word(health.as_str())).to_owned(),
            launch_type: described.launch_type.map(|launch| launch.as_str().to_owned()),
            capacity_provider: described.capacity_provider_name,
            zone: described.availability_zone,
            address,
            interface,
            subnet,
            cpu: described.cpu,
            memory: described.memory,
            started_by: described.started_by,
            exec: described.enable_execute_command,
            created: time(described.created_at.as_ref()),
            connected: time(described.connectivity_at.as_ref()),
            pull_started: time(described.pull_started_at.as_ref()),
            pull_stopped: time(described.pull_stopped_at.as_ref()),
            started: time(described.started_at.as_ref()),
            stopping: time(described.stopping_at.as_ref()),
            execution_stopped: time(described.execution_stopped_at.as_ref()),
            stopped: time(described.stopped_at.as_ref()),
            stop_code: described.stop_code.map(|code| code.as_str().to_owned()),
            stopped_reason: reason,
            help: help.map(str::to_owned),
            containers: described.containers.unwrap_or_default().into_iter().map(Container::of).collect(),
            arn,
        }
    }
}

/// A word of AWS's for a health that is one of three.
fn word(health: &str) -> &'static str {
    match health {
        "HEALTHY" => "HEALTHY",
        "UNHEALTHY" => "UNHEALTHY",
        _ => "UNKNOWN",
    }
}

impl Container {
    fn of(contained: Contained) -> Self {
        let mut agents = contained.managed_agents.unwrap_or_default().into_iter();
        let agent = agents.find(|agent| agent.name().is_some_and(|name| name.as_str() == "ExecuteCommandAgent"));
        Self {
            name: contained.name.unwrap_or_default(),
            image: contained.image.unwrap_or_default(),
            status: contained.last_status.unwrap_or_default(),
            exit_code: contained.exit_code,
            reason: contained.reason.filter(|reason| !reason.is_empty()),
            health: contained.health_status.map_or("UNKNOWN", |health| word(health.as_str())).to_owned(),
            runtime_id: contained.runtime_id,
            exec_agent: agent.and_then(|agent| agent.last_status),
        }
    }
}

impl Live {
    /// The tasks that are asked for, those of a service together, in the order in which they were made.
    ///
    /// # Errors
    /// [`LiveError::NotFound`] for the cluster or the service; when a call fails.
    pub async fn tasks(&self, query: &TaskQuery) -> Result<Vec<Task>, LiveError> {
        let TaskQuery { cluster, service, which } = query;
        let wanted: &[DesiredStatus] = match which {
            Which::Running => &[DesiredStatus::Running],
            Which::Stopped => &[DesiredStatus::Stopped],
            Which::All => &[DesiredStatus::Running, DesiredStatus::Stopped],
        };
        let mut arns = Vec::new();
        for status in wanted {
            match self.listed_tasks(cluster, service.as_deref(), status).await {
                Ok(listed) => arns.extend(listed),
                Err(error) if error.is("ServiceNotFoundException") => {
                    return Err(self.no_service(cluster, service.as_deref().unwrap_or_default()).await?);
                }
                Err(error) if error.is("ClusterNotFoundException") => {
                    self.cluster(cluster).await?;
                    return Err(error.into());
                }
                Err(error) => return Err(error.into()),
            }
        }
        // One that stops between the two lists is in both.
        arns.sort();
        arns.dedup();
        let calls = arns.chunks(TASKS).map(|arns| describe_tasks(&self.cloud, cluster, arns).boxed()).collect();
        let mut tasks: Vec<Task> = abreast(calls).await?.into_iter().flatten().map(Task::of).collect();
        tasks.sort_by(|one, other| {
            (&one.service, one.created, &one.id).cmp(&(&other.service, other.created, &other.id))
        });
        Ok(tasks)
    }

    /// The task of an identifier, of an ARN, or of the first characters of an identifier, four at least; stopped ones
    /// too, as long as ECS remembers them.
    ///
    /// # Errors
    /// [`LiveError::NotFound`], [`LiveError::Ambiguous`]; when a call fails.
    pub async fn task(&self, cluster: &str, id: &str) -> Result<Task, LiveError> {
        const WHOLE: usize = 32;
        let id = last(id);
        if id.len() >= WHOLE {
            let described = describe_tasks(&self.cloud, cluster, &[id.to_owned()]).await;
            match described {
                Ok(found) => {
                    if let Some(task) = found.into_iter().next() {
                        return Ok(Task::of(task));
                    }
                }
                Err(error) if error.is("ClusterNotFoundException") => {
                    self.cluster(cluster).await?;
                    return Err(error.into());
                }
                Err(error) => return Err(error.into()),
            }
        }
        let query = TaskQuery { cluster: cluster.to_owned(), service: None, which: Which::All };
        let all = self.tasks(&query).await?;
        let (mut found, others): (Vec<Task>, Vec<Task>) =
            all.into_iter().partition(|task| id.len() >= LEAST && task.id.starts_with(id));
        match (found.len(), found.pop()) {
            (1, Some(task)) => Ok(task),
            (_, Some(task)) => {
                let matches = found.into_iter().map(|task| task.id).chain([task.id]).collect();
                Err(LiveError::Ambiguous { sort: Sort::Task, name: id.to_owned(), matches })
            }
            (_, None) => {
                let there = others.into_iter().map(|task| task.id).collect();
                Err(LiveError::not_found(Sort::Task, id, Some(format!("the cluster `{}`", last(cluster))), there))
            }
        }
    }

    async fn listed_tasks(
        &self,
        cluster: &str,
        service: Option<&str>,
        status: &DesiredStatus,
    ) -> Result<Vec<String>, CallError> {
        let call = self.cloud.ecs.list_tasks().cluster(cluster).desired_status(status.clone());
        let call = call.set_service_name(service.map(|service| last(service).to_owned()));
        let pages = call.into_paginator().items().send();
        pages.collect::<Result<_, _>>().await.map_err(failed("ecs:ListTasks"))
    }
}

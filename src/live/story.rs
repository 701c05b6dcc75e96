//! [`Story`]: what became of one task, in the order of time.

use jiff::Timestamp;
use serde::Serialize;

use super::{Live, LiveError, Service, Task};

/// Who tells of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// ECS, of the task.
    Task,
    /// ECS, of one of its containers.
    Container,
    /// ECS, of its service.
    Service,
    /// What it printed.
    Log,
}

/// What happened at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Moment {
    /// When.
    pub time: Timestamp,
    /// Who tells.
    pub source: Source,
    /// What happened. Lines of logs as they were printed.
    pub text: String,
}

/// What became of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Story {
    /// The task as it is now.
    pub task: Task,
    /// What happened to it, oldest first.
    pub moments: Vec<Moment>,
    /// Why its log is not among them, when it could not be read.
    pub unread: Option<String>,
}

/// What an exit code says beside its number: those of shells and of signals.
fn meaning(code: i32) -> Option<&'static str> {
    Some(match code {
        126 => "the command cannot be executed",
        127 => "the command was not found",
        134 => "aborted",
        137 => "killed: out of memory, or not ended in time after it was told to stop",
        139 => "it used memory that is not its own",
        143 => "ended as it was told to",
        _ => return None,
    })
}

impl Live {
    /// What became of a task: its states, what its service told of it, how its containers ended, and its last lines, as many
    /// of each container as are asked for at most.
    ///
    /// # Errors
    /// As [`Live::task`].
    pub async fn story(&self, cluster: &str, task: &str, lines: u16) -> Result<Story, LiveError> {
        let task = self.task(cluster, task).await?;
        let service = match &task.service {
            // It may be gone while its tasks are still told of.
            Some(name) => match self.service(cluster, name).await {
                Ok(service) => Some(service),
                Err(LiveError::NotFound { .. }) => None,
                Err(error) => return Err(error),
            },
            None => None,
        };
        let (printed, unread) = match self.last_lines(&task, i32::from(lines)).await {
            Ok(lines) => (lines, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        let several = task.containers.len() > 1;
        let printed = printed.into_iter().map(|line| Moment {
            time: line.time,
            source: Source::Log,
            text: if several { format!("{}: {}", line.container, line.message) } else { line.message },
        });
        let mut moments = states(&task);
        moments.extend(service.iter().flat_map(|service| told(service, &task)));
        moments.extend(printed);
        // What happened at the same time stays in the order of its sources.
        moments.sort_by_key(|moment| moment.time);
        Ok(Story { task, moments, unread })
    }
}

/// What a service told of one of its tasks, oldest first.
fn told<'a>(service: &'a Service, task: &'a Task) -> impl Iterator<Item = Moment> + 'a {
    let of_task = service.events.iter().rev().filter(|event| event.message.contains(&task.id));
    of_task.filter_map(|event| Some(Moment { time: event.time?, source: Source::Service, text: event.message.clone() }))
}

/// A reason without what was put to it of how containers ended.
fn without_ends<'a>(reason: &'a str, task: &Task) -> &'a str {
    let ends = task.containers.iter().filter_map(|container| reason.find(&format!("; {}: ", container.name)));
    &reason[..ends.min().unwrap_or(reason.len())]
}

/// The states of a task and how its containers ended.
fn states(task: &Task) -> Vec<Moment> {
    let by = match (&task.service, &task.started_by) {
        (Some(service), Some(deployment)) => format!(" by service {service} (deployment {deployment})"),
        (Some(service), None) => format!(" by service {service}"),
        (None, Some(who)) => format!(" by {who}"),
        (None, None) => String::new(),
    };
    let at: Vec<String> = [("at", &task.address), ("in", &task.zone), ("in", &task.subnet), ("by", &task.interface)]
        .into_iter()
        .filter_map(|(word, value)| value.as_ref().map(|value| format!("{word} {value}")))
        .collect();
    // How its containers ended is told when they have.
    let why = match (&task.stop_code, task.stopped_reason.as_deref().map(|reason| without_ends(reason, task))) {
        (Some(code), Some(reason)) => format!(": {reason} ({code})"),
        (None, Some(reason)) => format!(": {reason}"),
        (Some(code), None) => format!(": {code}"),
        (None, None) => String::new(),
    };
    let states = [
        (task.created, format!("asked for{by}, of {}", task.definition)),
        (task.connected, format!("connected {}", at.join(", "))),
        (task.pull_started, "begins to pull its images".to_owned()),
        (task.pull_stopped, "has its images".to_owned()),
        (task.started, "runs".to_owned()),
        (task.stopping, format!("is to stop{why}")),
    ];
    let of_task = |(time, text): (Option<Timestamp>, String)| Some(Moment { time: time?, source: Source::Task, text });
    let mut moments: Vec<Moment> = states.into_iter().filter_map(of_task).collect();
    let ended = task.execution_stopped.or(task.stopped);
    for container in &task.containers {
        let reason = container.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let text = match container.exit_code {
            Some(code) => {
                let meaning = meaning(code).map(|meaning| format!(" ({meaning})")).unwrap_or_default();
                format!("{} ended with exit code {code}{meaning}{reason}", container.name)
            }
            None if !reason.is_empty() => format!("{} did not start{reason}", container.name),
            None => continue,
        };
        moments.extend(ended.map(|time| Moment { time, source: Source::Container, text }));
    }
    moments.extend(of_task((task.stopped, "has stopped".to_owned())));
    moments
}

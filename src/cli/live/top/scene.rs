//! [`Scene`]: what there is to show.

use std::collections::VecDeque;

use hzscript::live::{LiveError, LogLine, Service, ServiceEvent, Task, TaskQuery, Which};
use jiff::{SignedDuration, Timestamp};

use crate::cli::live::place::Place;

/// How many lines of the log are kept.
pub const LINES: usize = 500;

/// For how long a task that has stopped is shown.
const SHOWN: SignedDuration = SignedDuration::from_mins(5);

/// What is shown.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    /// What is looked at.
    pub header: String,
    /// The services, by name.
    pub services: Vec<Service>,
    /// Their tasks, and those that have stopped lately.
    pub tasks: Vec<Task>,
    /// What the services told, oldest first.
    pub events: Vec<ServiceEvent>,
    /// What the tasks printed, oldest first.
    pub lines: VecDeque<LogLine>,
    /// When this was so; none before the first answer.
    pub at: Option<Timestamp>,
    /// Why the last question had no answer.
    pub trouble: Option<String>,
    /// Why the log cannot be read.
    pub log_trouble: Option<String>,
}

/// An answer.
#[derive(Debug)]
pub struct Asked {
    /// The services, by name.
    pub services: Vec<Service>,
    /// Their tasks, and those that have stopped.
    pub tasks: Vec<Task>,
}

/// Asks.
///
/// # Errors
/// When there is no answer.
pub async fn ask(place: &Place) -> Result<Asked, LiveError> {
    let service = place.only_service().map(str::to_owned);
    let query = TaskQuery { cluster: place.cluster.clone(), service, which: Which::All };
    let (services, mut tasks) = futures::try_join!(place.services(), place.live.tasks(&query))?;
    tasks.retain(|task| place.has(task.service.as_deref()));
    Ok(Asked { services, tasks })
}

impl Scene {
    /// One with nothing in it yet.
    pub fn new(header: String) -> Self {
        Self { header, ..Self::default() }
    }

    /// Takes an answer in, which came at a time.
    pub fn take(&mut self, asked: Asked, now: Timestamp) {
        let Asked { services, mut tasks } = asked;
        tasks.retain(|task| task.stopped.is_none_or(|stopped| now.duration_since(stopped) < SHOWN));
        self.events = services.iter().flat_map(|service| service.events.iter().rev().cloned()).collect();
        self.events.sort_by_key(|event| event.time);
        (self.services, self.tasks) = (services, tasks);
        (self.at, self.trouble) = (Some(now), None);
    }

    /// Takes a line in.
    pub fn line(&mut self, line: LogLine) {
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
        self.log_trouble = None;
    }
}

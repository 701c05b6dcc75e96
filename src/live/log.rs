//! What tasks print: the log groups that their task definitions name, searched.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatchlogs::types::{FilteredLogEvent, LogGroup as Described};
use aws_sdk_ecs::types::TaskDefinition;
use futures::FutureExt;
use jiff::Timestamp;
use serde::Serialize;

use super::{Live, LiveError, Sort, Task, TaskQuery, Which, from_millis, last};
use crate::cloud::{CallError, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::ecs::gather::{Logs, log_of, to_cloudwatch};

/// The most pages of one search: what is beyond is left out, oldest lines first.
const PAGES: usize = 200;

/// Which lines are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// The cluster's name.
    pub cluster: String,
    /// Those of this service only.
    pub service: Option<String>,
    /// Those of this task only: an identifier, or its first characters.
    pub task: Option<String>,
    /// Those of containers of this name only.
    pub container: Option<String>,
    /// Not before this.
    pub since: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
    /// Those in which this is found: a filter pattern of CloudWatch Logs, or else a text ([`pattern`]).
    pub filter: Option<String>,
    /// So many at most: the newest.
    pub limit: Option<usize>,
}

/// A line, or several that were written as one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// CloudWatch's identifier of the event, unique in its group.
    pub id: String,
    /// When it was printed.
    pub time: Timestamp,
    /// The log group.
    pub group: String,
    /// The log stream.
    pub stream: String,
    /// The service whose task printed it, where that is known.
    pub service: Option<String>,
    /// The container that printed it.
    pub container: String,
    /// The task's identifier.
    pub task: String,
    /// What was printed.
    pub message: String,
}

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogGroup {
    /// Its name.
    pub name: String,
    /// Its ARN, without `:*`.
    pub arn: String,
    /// For how many days its events are kept; for ever when none is said.
    pub retention_days: Option<i32>,
    /// How many bytes it has, compressed.
    pub stored_bytes: i64,
    /// When it was made.
    pub created: Option<Timestamp>,
}

impl LogGroup {
    fn of(described: Described) -> Self {
        Self {
            name: described.log_group_name.unwrap_or_default(),
            arn: described.arn.map(|arn| arn.trim_end_matches(":*").to_owned()).unwrap_or_default(),
            retention_days: described.retention_in_days,
            stored_bytes: described.stored_bytes.unwrap_or_default(),
            created: from_millis(described.creation_time),
        }
    }
}

/// Where a container of some tasks logs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub logs: Logs,
    pub container: String,
    /// The service of the tasks.
    pub service: Option<String>,
    /// The one task that is asked about.
    pub task: Option<String>,
}

impl Place {
    /// What names of its streams begin with.
    pub fn prefix(&self) -> String {
        format!("{}{}", self.logs.prefix, self.task.as_deref().unwrap_or_default())
    }

    /// An event as a line of this place; `None` when it is of another.
    fn line(&self, event: FilteredLogEvent) -> Option<LogLine> {
        let stream = event.log_stream_name?;
        let task = stream.strip_prefix(&self.logs.prefix)?.to_owned();
        Some(LogLine {
            id: event.event_id?,
            time: from_millis(event.timestamp)?,
            group: self.logs.group.clone(),
            service: self.service.clone(),
            container: self.container.clone(),
            message: event.message.unwrap_or_default(),
            task,
            stream,
        })
    }
}

/// A filter pattern of CloudWatch Logs for what somebody looks for. What begins as a pattern does (`{`, `[`, `"`, `?`,
/// `%`, `-`), and words of letters, digits and `_` (all of which are to be in the line), stay as they are; any other text is
/// looked for as it is. Source: CloudWatch Logs user guide, "Filter pattern syntax".
pub fn pattern(wanted: &str) -> String {
    let wanted = wanted.trim();
    let is_pattern = wanted.starts_with(['{', '[', '"', '?', '%', '-']);
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == ' ';
    if is_pattern || wanted.chars().all(plain) {
        wanted.to_owned()
    } else {
        format!("\"{}\"", wanted.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

impl Live {
    /// The log groups, by name.
    ///
    /// # Errors
    /// When `logs:DescribeLogGroups` fails.
    pub async fn log_groups(&self) -> Result<Vec<LogGroup>, LiveError> {
        let pages = self.cloud.logs.describe_log_groups().into_paginator().items().send();
        let described: Vec<Described> =
            pages.collect::<Result<_, _>>().await.map_err(failed("logs:DescribeLogGroups"))?;
        let mut groups: Vec<LogGroup> = described.into_iter().map(LogGroup::of).collect();
        groups.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(groups)
    }

    /// The lines that are asked for, oldest first. What tasks print that log to elsewhere than to CloudWatch Logs in this
    /// region is not there.
    ///
    /// # Errors
    /// [`LiveError::NotFound`] for what the query names; [`LiveError::NoLogs`] when nothing of it can be read; when a call
    /// fails.
    pub async fn logs(&self, query: &LogQuery) -> Result<Vec<LogLine>, LiveError> {
        let places = self.places(query).await?;
        let mut lines = self.search(&places, query, query.since).await?;
        if let Some(limit) = query.limit {
            lines.drain(..lines.len().saturating_sub(limit));
        }
        Ok(lines)
    }

    /// The last lines of a task, so many of each of its containers at most, oldest first. What cannot be read is left out.
    pub(super) async fn last_lines(&self, task: &Task, limit: i32) -> Result<Vec<LogLine>, LiveError> {
        let places = self.places_of_task(task).await?;
        let calls = places.iter().map(|place| {
            async move {
                let stream = format!("{}{}", place.logs.prefix, task.id);
                let call = self.cloud.logs.get_log_events().log_group_name(&place.logs.group).log_stream_name(&stream);
                let answer = call.start_from_head(false).limit(limit).send().await.map_err(failed("logs:GetLogEvents"));
                let events = crate::kinds::absent::present(answer)?.and_then(|answer| answer.events);
                let line = |(number, event): (usize, aws_sdk_cloudwatchlogs::types::OutputLogEvent)| {
                    Some(LogLine {
                        id: format!("{stream}:{number}"),
                        time: from_millis(event.timestamp)?,
                        group: place.logs.group.clone(),
                        stream: stream.clone(),
                        service: task.service.clone(),
                        container: place.container.clone(),
                        task: task.id.clone(),
                        message: event.message.unwrap_or_default(),
                    })
                };
                Ok(events.unwrap_or_default().into_iter().enumerate().filter_map(line).collect::<Vec<_>>())
            }
            .boxed()
        });
        let mut lines: Vec<LogLine> = abreast(calls.collect()).await?.into_iter().flatten().collect();
        lines.sort_by_key(|line| line.time);
        Ok(lines)
    }

    /// Where what a query asks about logs.
    pub(super) async fn places(&self, query: &LogQuery) -> Result<Vec<Place>, LiveError> {
        let mut places = match &query.task {
            Some(id) => self.places_of_task(&self.task(&query.cluster, id).await?).await?,
            None => self.places_of_services(query).await?,
        };
        if let Some(container) = &query.container {
            let there: BTreeSet<String> = places.iter().map(|place| place.container.clone()).collect();
            places.retain(|place| place.container == *container);
            if places.is_empty() {
                let there = there.into_iter().collect();
                return Err(LiveError::not_found(Sort::Container, container, None, there));
            }
        }
        Ok(places)
    }

    async fn places_of_task(&self, task: &Task) -> Result<Vec<Place>, LiveError> {
        let wanted = BTreeMap::from([(task.definition.clone(), BTreeSet::from([task.service.clone()]))]);
        let places = self.places_of(wanted).await?;
        Ok(places.into_iter().map(|place| Place { task: Some(task.id.clone()), ..place }).collect())
    }

    async fn places_of_services(&self, query: &LogQuery) -> Result<Vec<Place>, LiveError> {
        let services = match &query.service {
            Some(name) => vec![self.service(&query.cluster, name).await?],
            None => self.services(&query.cluster).await?,
        };
        let mut wanted: BTreeMap<String, BTreeSet<Option<String>>> = BTreeMap::new();
        for service in services {
            let own = service.deployments.into_iter().map(|deployment| deployment.definition);
            for definition in own.chain([service.definition]) {
                wanted.entry(definition).or_default().insert(Some(service.name.clone()));
            }
        }
        if query.service.is_none() {
            // Those that were started by themselves.
            let all = TaskQuery { cluster: query.cluster.clone(), service: None, which: Which::All };
            for task in self.tasks(&all).await? {
                wanted.entry(task.definition).or_default().insert(task.service);
            }
        }
        self.places_of(wanted).await
    }

    /// Where tasks of these definitions and services log.
    async fn places_of(&self, wanted: BTreeMap<String, BTreeSet<Option<String>>>) -> Result<Vec<Place>, LiveError> {
        let calls = wanted.keys().map(|name| self.definition(name).boxed()).collect();
        let definitions: Vec<Option<TaskDefinition>> = abreast(calls).await?;
        let mut places = BTreeSet::new();
        let mut why = None;
        for (definition, services) in definitions.iter().zip(wanted.values()) {
            let containers = definition.iter().flat_map(TaskDefinition::container_definitions);
            for container in containers.filter(|container| to_cloudwatch(container)) {
                match log_of(container, &self.cloud.region) {
                    Ok(logs) => places.extend(services.iter().map(|service| Place {
                        logs: logs.clone(),
                        container: container.name().unwrap_or_default().to_owned(),
                        service: service.clone(),
                        task: None,
                    })),
                    Err(reason) => why = Some(reason),
                }
            }
        }
        if places.is_empty() {
            let nothing = || match wanted.is_empty() {
                true => "nothing runs there".to_owned(),
                false => "no container logs to CloudWatch (log driver awslogs)".to_owned(),
            };
            return Err(LiveError::NoLogs { reason: why.unwrap_or_else(nothing) });
        }
        Ok(places.into_iter().collect())
    }

    /// The task definition of a `family:revision`; `None` when there is none.
    pub(super) async fn definition(&self, name: &str) -> Result<Option<TaskDefinition>, CallError> {
        let answer = self.cloud.ecs.describe_task_definition().task_definition(last(name)).send().await;
        match answer.map_err(failed("ecs:DescribeTaskDefinition")) {
            Ok(answer) => Ok(answer.task_definition),
            // What is not there is refused as a bad name is.
            Err(error) if error.is("ClientException") || error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What is found in some places from a time on, in its order. One call a place and page. A log group that is not there
    /// (yet) has nothing.
    pub(super) async fn search(
        &self,
        places: &[Place],
        query: &LogQuery,
        since: Option<Timestamp>,
    ) -> Result<Vec<LogLine>, LiveError> {
        // Of services that log to the same place all tasks have the same streams.
        let mut of_place: BTreeMap<(&str, String), &Place> = BTreeMap::new();
        for place in places {
            of_place.entry((&place.logs.group, place.prefix())).or_insert(place);
        }
        let calls = of_place.into_values().map(|place| self.search_place(place, query, since).boxed()).collect();
        let mut lines: Vec<LogLine> = abreast(calls).await?.into_iter().flatten().collect();
        lines.sort_by(|one, other| (one.time, &one.id).cmp(&(other.time, &other.id)));
        Ok(lines)
    }

    async fn search_place(
        &self,
        place: &Place,
        query: &LogQuery,
        since: Option<Timestamp>,
    ) -> Result<Vec<LogLine>, CallError> {
        let mut lines = Vec::new();
        let mut next = None;
        for _ in 0..PAGES {
            let call = self.cloud.logs.filter_log_events().log_group_name(&place.logs.group);
            let call = call.log_stream_name_prefix(place.prefix()).set_next_token(next);
            let call = call.set_filter_pattern(query.filter.as_deref().map(pattern));
            let call = call.set_start_time(since.map(Timestamp::as_millisecond));
            let call = call.set_end_time(query.until.map(Timestamp::as_millisecond));
            let page = match call.send().await.map_err(failed("logs:FilterLogEvents")) {
                Ok(page) => page,
                Err(error) if error.is_not_found() => return Ok(Vec::new()),
                Err(error) => return Err(error),
            };
            lines.extend(page.events.unwrap_or_default().into_iter().filter_map(|event| place.line(event)));
            next = page.next_token;
            if next.is_none() {
                break;
            }
        }
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn a_text_is_looked_for_as_it_is_and_a_pattern_as_one() {
        for same in ["", "Members", "ERROR timeout", "?ERROR ?WARN", "{ $.level = \"x\" }", "-DEBUG", "\"a b\"", "%a+%"]
        {
            assert_eq!(pattern(same), same);
        }
        assert_eq!(pattern("Members {size:3"), "\"Members {size:3\"");
        assert_eq!(pattern(" 10.0.1.5 "), "\"10.0.1.5\"");
        assert_eq!(pattern(r#"say "hi" \o"#), r#""say \"hi\" \\o""#);
    }
}

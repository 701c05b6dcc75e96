//! What runs, for entries that ask about it, and the names of it for completion.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use hzscript::live::{Change, Live, LiveError, LogQuery, Progress, Service, TaskQuery, Which};
use hzscript::model::Json;
use hzscript::script::explore::{Queries, Question};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::super::Tools;
use super::super::connect::Target;
use super::super::environment::Environment;
use super::super::error::Error;
use super::super::interrupt::Interrupt;
use super::super::prompt::{Consent, ask};
use super::super::render::escape;
use super::super::render::screen::Screen;
use super::look::log_line;
use super::names::Names;
use super::{Repl, usage};

/// How many lines of logs are shown when it is not said how many.
const LINES: usize = 100;

/// Answers from the account that is connected to.
pub struct Running {
    live: Live,
    /// What is worked on, in the questions about changes.
    place: String,
    consent: Consent,
    /// Whether changes are made without asking.
    yes: bool,
    interactive: bool,
    screen: Screen,
}

impl Running {
    /// Over what is connected to.
    pub fn new(live: Live, target: &Target, yes: bool, environment: &Environment, screen: &Screen) -> Self {
        let cloud = live.cloud();
        let (place, consent) = match target {
            Target::Local { .. } => ("local".to_owned(), Consent::Short),
            Target::Aws { .. } => (format!("aws account {}, {}", cloud.account, cloud.region), Consent::Full),
        };
        let (interactive, screen) = (environment.interactive, screen.clone());
        Self { live, place, consent, yes, interactive, screen }
    }

    /// The cluster that a service is in, which may be meant by its name alone.
    async fn found(&self, cluster: Option<String>, service: &str) -> Result<Service, String> {
        if let Some(cluster) = cluster {
            return self.live.service(&cluster, service).await.map_err(told);
        }
        let mut found: Vec<Service> = Vec::new();
        let mut names = Vec::new();
        for one in self.services(None).await? {
            names.push(one.name.clone());
            found.extend((one.name == service).then_some(one));
        }
        match (found.len(), found.pop()) {
            (1, Some(one)) => Ok(one),
            (0, _) if names.is_empty() => Err(format!("there is no service `{service}`, and no other")),
            (0, _) => Err(format!("there is no service `{service}`; there are: {}", names.join(", "))),
            (_, _) => Err(format!(
                "there are several services `{service}`: say in which cluster, service(\"cluster\", \"{service}\")"
            )),
        }
    }

    async fn services(&self, cluster: Option<String>) -> Result<Vec<Service>, String> {
        let mut found = Vec::new();
        for cluster in self.clusters(cluster).await? {
            found.extend(self.live.services(&cluster).await.map_err(told)?);
        }
        Ok(found)
    }

    /// The names of the clusters that are meant.
    async fn clusters(&self, cluster: Option<String>) -> Result<Vec<String>, String> {
        match cluster {
            Some(cluster) => Ok(vec![cluster]),
            None => Ok(self.live.clusters().await.map_err(told)?.into_iter().map(|cluster| cluster.name).collect()),
        }
    }

    /// Asks whether to do something; without consent it is left.
    async fn agreed(&self, what: &str) -> Result<bool, String> {
        if self.yes {
            return Ok(true);
        }
        if !self.interactive {
            return Err("there is no terminal to ask on, so nothing was changed: add --yes to go on without".to_owned());
        }
        let question = format!("{} ({})?", escape::line(what), self.place);
        // The question ends with the entry, which Ctrl-C ends.
        let yes = ask(&question, self.consent, &self.screen, &Interrupt::never()).await.unwrap_or(false);
        if !yes {
            self.screen.err("Nothing was changed.");
        }
        Ok(yes)
    }

    /// Waits until a change is done, and tells how far it is.
    async fn settled(&self, change: Result<Change, LiveError>) -> Result<Json, String> {
        let mut change = change.map_err(told)?;
        let mut last = String::new();
        loop {
            match self.live.progress(&mut change).await.map_err(told)? {
                Progress::Steady => {
                    let Service { name, cluster, .. } = &change.service;
                    let service = self.live.service(cluster, name).await.map_err(told)?;
                    self.screen.out(&format!("{} is steady: {} tasks run", escape::line(name), service.running));
                    return Ok(Json::Null);
                }
                Progress::Underway { summary, news, again_in } => {
                    let shown: Vec<String> =
                        news.into_iter().chain((summary != last).then(|| summary.clone())).collect();
                    shown.iter().for_each(|line| self.screen.err(&format!("  {}", escape::line(line))));
                    last = summary;
                    tokio::time::sleep(again_in).await;
                }
                Progress::Failed { reason, help } => return Err(format!("{reason}; {help}")),
            }
        }
    }

    async fn logs(&self, question: Question) -> Result<Json, String> {
        let Question::Logs { cluster, service, task, since, filter, limit, container } = question else {
            return Ok(Json::Null);
        };
        let since = since.map(|since| ago(&since)).transpose()?;
        let limit = limit.map_or(LINES, |limit| usize::try_from(limit).unwrap_or(0));
        let query = LogQuery { cluster, service, task, container, since, until: None, filter, limit: Some(limit) };
        data(self.live.logs(&query).await)
    }

    async fn members(&self, cluster: Option<String>, service: Option<String>) -> Result<Json, String> {
        let mut found = Vec::new();
        for cluster in self.clusters(cluster).await? {
            let groups = self.live.members(&cluster).await.map_err(told)?;
            found.extend(
                groups
                    .into_iter()
                    .filter(|group| service.as_ref().is_none_or(|service| group.services.contains(service))),
            );
        }
        data(Ok(found))
    }
}

#[async_trait]
impl Queries for Running {
    async fn ask(&self, question: Question) -> Result<Json, String> {
        let live = &self.live;
        match question {
            Question::Clusters => data(live.clusters().await),
            Question::Cluster { cluster } => data(live.cluster(&cluster).await),
            Question::Services { cluster } => data(Ok(self.services(cluster).await?)),
            Question::Service { cluster, service } => data(Ok(self.found(cluster, &service).await?)),
            Question::Tasks { cluster, service } => {
                let mut found = Vec::new();
                for cluster in self.clusters(cluster).await? {
                    let query = TaskQuery { cluster, service: service.clone(), which: Which::All };
                    found.extend(live.tasks(&query).await.map_err(told)?);
                }
                data(Ok(found))
            }
            Question::Events { cluster, service } => data(live.events(&cluster, Some(&service)).await),
            Question::Logs { .. } => self.logs(question).await,
            Question::Members { cluster, service } => self.members(cluster, service).await,
            Question::Instances { service } => data(live.instances(&service).await),
            Question::Namespaces => data(live.namespaces().await),
            Question::LogGroups => data(live.log_groups().await),
            Question::Vpcs => data(live.vpcs().await),
            Question::Vpc { vpc } => data(live.vpc(&vpc).await),
            Question::Role { role } => data(live.role(&role).await),
            Question::Can { role, action, resource } => data(live.can(&role, &action, &resource).await),
            Question::Scale { cluster, service, count } => {
                let count = u32::try_from(count).map_err(|_| format!("{count} is no number of tasks"))?;
                let what = format!("Scale service {service} of cluster {cluster} to {count}");
                match self.agreed(&what).await? {
                    true => self.settled(live.scale(&cluster, &service, count).await).await,
                    false => Ok(Json::Null),
                }
            }
            Question::Redeploy { cluster, service } => {
                match self.agreed(&format!("Start all tasks of service {service} of cluster {cluster} anew")).await? {
                    true => self.settled(live.redeploy(&cluster, &service).await).await,
                    false => Ok(Json::Null),
                }
            }
            Question::Rollback { cluster, service } => {
                match self.agreed(&format!("Take service {service} of cluster {cluster} back")).await? {
                    true => self.settled(live.rollback(&cluster, &service).await).await,
                    false => Ok(Json::Null),
                }
            }
            Question::Stop { cluster, task, reason } => {
                if !self.agreed(&format!("Stop task {task} of cluster {cluster}")).await? {
                    return Ok(Json::Null);
                }
                let reason = reason.unwrap_or_else(|| "stopped at the prompt of hzscript".to_owned());
                let task = live.stop(&cluster, &task, &reason).await.map_err(told)?;
                self.screen.out(&format!("task {} is to stop", escape::line(&task.id)));
                Ok(Json::Null)
            }
        }
    }
}

/// An answer as data.
fn data<T: Serialize>(answer: Result<T, LiveError>) -> Result<Json, String> {
    serde_json::to_value(answer.map_err(told)?).map_err(|error| error.to_string())
}

/// Why there is no answer, with the way out.
fn told(error: LiveError) -> String {
    match error.help() {
        Some(help) => format!("{error}; {help}"),
        None => error.to_string(),
    }
}

/// So long ago.
fn ago(text: &str) -> Result<Timestamp, String> {
    let wrong = || format!("`{text}` is not how long ago: write it such as 90s, 10m or 1h30m");
    let duration = text.parse::<SignedDuration>().map_err(|_| wrong())?;
    Timestamp::now().checked_sub(duration).map_err(|_| wrong())
}

impl Repl<'_> {
    /// Answers of what is connected to.
    pub(super) fn running(live: Live, target: &Target, yes: bool, tools: &Tools) -> Arc<dyn Queries> {
        Arc::new(Running::new(live, target, yes, &tools.environment, &tools.screen))
    }

    /// Shows the logs of a service as they come, until Ctrl-C.
    pub(super) async fn follow(&self, service: &str, tools: &Tools) -> Result<(), Error> {
        let live = Live::new(self.cloud.clone());
        let running = Running::new(live.clone(), &self.target, false, &tools.environment, &tools.screen);
        let (cluster, name) = match service.split_once('/') {
            Some((cluster, name)) => (Some(cluster.to_owned()), name),
            None => (None, service),
        };
        let failed = |message: String| usage(&escape::line(&message), None);
        let found = tools.interrupt.cut(running.found(cluster, name)).await?.map_err(failed)?;
        let since = Timestamp::now().checked_sub(SignedDuration::from_mins(10)).ok();
        let (cluster, service) = (found.cluster, Some(found.name));
        let query = LogQuery { cluster, service, since, limit: Some(LINES), ..LogQuery::default() };
        let palette = tools.screen.out_palette();
        let following = async {
            let mut lines = std::pin::pin!(live.follow(query));
            while let Some(line) = lines.next().await {
                let line = line.map_err(|error| failed(told(error)))?;
                tools.screen.out(&log_line(&line.time.to_string(), &line.task, &line.message, palette));
            }
            Ok::<_, Error>(())
        };
        // To end it is what Ctrl-C is for there.
        tools.interrupt.cut(following).await.unwrap_or(Ok(()))
    }
}

/// How often names are asked for anew at most.
pub const FRESH: Duration = Duration::from_secs(20);

/// Finds out what there is, by name, for completion. What cannot be found out is not completed.
pub async fn find_names(live: Live, names: Names) {
    let Ok(clusters) = live.clusters().await else { return };
    let mut services = Vec::new();
    for cluster in clusters {
        let found = live.services(&cluster.name).await.unwrap_or_default();
        services.push((cluster.name, found.into_iter().map(|service| service.name).collect()));
    }
    let vpcs = live.vpcs().await.unwrap_or_default();
    names.set(services, vpcs.into_iter().flat_map(|vpc| [Some(vpc.id), vpc.name]).flatten());
}

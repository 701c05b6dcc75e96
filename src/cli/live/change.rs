//! `hzscript scale`, `redeploy` and `stop`: ask, have it done, and wait until it is.

use hzscript::live::{Change, Live, LiveError, Progress, Service};
use serde_json::json;

use super::place::Place;
use super::show;
use crate::cli::Tools;
use crate::cli::args::{ChangeArguments, RedeployArguments, ScaleArguments, StopArguments};
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::prompt::{Consent, agreed};
use crate::cli::render::escape;

/// Has a service run another number of tasks.
///
/// # Errors
/// When there is no such service, nobody can be asked, or AWS refuses.
pub async fn scale(arguments: &ScaleArguments, tools: &Tools) -> Result<Exit, Error> {
    let place = Place::find(&arguments.at, tools).await?;
    let service = tools.interrupt.cut(place.one_service()).await??;
    let count = arguments.count;
    let warning = tools.interrupt.cut(set_back(&place, &service, count)).await?;
    let question = format!("Scale service {} from {} to {count} {}?", service.name, service.desired, noun(count));
    if !asked(&question, warning.as_deref(), &arguments.change, arguments.at.output.json, &place, tools).await? {
        return Ok(Exit::Failure);
    }
    let change = place.live.scale(&place.cluster, &service.name, count).await?;
    wait(&place, change, &arguments.change, arguments.at.output.json, tools).await
}

fn noun(count: u32) -> &'static str {
    if count == 1 { "task" } else { "tasks" }
}

/// Who will set another count than this one, when somebody will.
async fn set_back(place: &Place, service: &Service, count: u32) -> Option<String> {
    let scaled = place.live.scaled_between(&place.cluster, &service.name).await.ok().flatten();
    if let Some((least, most)) = scaled {
        return Some(format!(
            "Application Auto Scaling keeps service {} between {least} and {most} tasks, and may set another count at \
             any time.",
            service.name
        ));
    }
    let declared = place.declared.get(&service.name).filter(|declared| **declared != i64::from(count))?;
    Some(format!("The script declares desiredCount {declared}: its next run sets it back, unless you change it there."))
}

/// Has a service replace its tasks by new ones.
///
/// # Errors
/// As [`scale`].
pub async fn redeploy(arguments: &RedeployArguments, tools: &Tools) -> Result<Exit, Error> {
    let place = Place::find(&arguments.at, tools).await?;
    let service = tools.interrupt.cut(place.one_service()).await??;
    let question = format!(
        "Replace the {} {} of service {} by new ones of {}?",
        service.desired,
        noun(service.desired),
        service.name,
        service.definition
    );
    if !asked(&question, None, &arguments.change, arguments.at.output.json, &place, tools).await? {
        return Ok(Exit::Failure);
    }
    let change = place.live.redeploy(&place.cluster, &service.name).await?;
    wait(&place, change, &arguments.change, arguments.at.output.json, tools).await
}

/// Stops a task.
///
/// # Errors
/// As [`scale`].
pub async fn stop(arguments: &StopArguments, tools: &Tools) -> Result<Exit, Error> {
    let place = Place::find(&arguments.at, tools).await?;
    let task = tools.interrupt.cut(place.live.task(&place.cluster, &arguments.task)).await??;
    let json = arguments.at.output.json;
    if task.desired_status == "STOPPED" {
        return Err(Error::Usage {
            message: format!("task {} is {} already", show::short(&task.id), task.status),
            help: Some(format!("`hzscript trace {} {}` tells why", show::short(&task.id), place.again)),
        });
    }
    let replaced = match &task.service {
        Some(service) => format!("; service {service} starts another in its place"),
        None => String::new(),
    };
    let question = format!("Stop task {}{replaced}?", show::short(&task.id));
    if !asked(&question, None, &arguments.change, json, &place, tools).await? {
        return Ok(Exit::Failure);
    }
    let stopped = place.live.stop(&place.cluster, &task.id, &arguments.reason).await?;
    match stopped.service.clone() {
        Some(service) => {
            let change = place.live.underway(&place.cluster, &service).await?;
            wait(&place, change, &arguments.change, json, tools).await
        }
        None => {
            ended(tools, json, "accepted", None, &serde_json::to_value(&stopped).unwrap_or_default());
            tools.screen.err(&format!("Task {} is being stopped.", show::short(&stopped.id)));
            Ok(Exit::Success)
        }
    }
}

/// Says what is to be known before, and asks, unless that is not wanted.
async fn asked(
    question: &str,
    warning: Option<&str>,
    change: &ChangeArguments,
    json: bool,
    place: &Place,
    tools: &Tools,
) -> Result<bool, Error> {
    if !json {
        tools.screen.out(&place.header());
        let palette = tools.screen.err_palette();
        warning.into_iter().for_each(|warning| tools.screen.err(&palette.yellow(&escape::line(warning))));
    }
    if change.yes {
        return Ok(true);
    }
    let consent = if place.target.name() == "aws" { Consent::Full } else { Consent::Short };
    agreed(&escape::line(question), consent, json, &tools.command(), tools).await
}

/// Waits until a change is done, and tells how it goes.
async fn wait(
    place: &Place,
    mut change: Change,
    arguments: &ChangeArguments,
    json: bool,
    tools: &Tools,
) -> Result<Exit, Error> {
    let name = change.service.name.clone();
    let status = format!("hzscript status {}", place.again);
    let tell = |text: &str| {
        if !json {
            tools.screen.err(&escape::line(text))
        }
    };
    if arguments.no_wait {
        ended(tools, json, "accepted", None, &serde_json::to_value(&change.service).unwrap_or_default());
        tell(&format!("Accepted; {status} shows how far it is."));
        return Ok(Exit::Success);
    }
    match tools.interrupt.cut(settled(&place.live, &mut change, tell)).await {
        Err(_) => {
            tell(&format!("No longer waited for: ECS goes on with it, and {status} shows how far it is."));
            ended(tools, json, "underway", None, &serde_json::to_value(&change.service).unwrap_or_default());
            Ok(Exit::Interrupted)
        }
        Ok(Err(error)) => Err(error.into()),
        Ok(Ok(Progress::Failed { reason, help })) => {
            let palette = tools.screen.err_palette();
            if !json {
                tools.screen.err(&format!("{} {}", palette.red("error:"), escape::line(&reason)));
                tools.screen.err(&format!("{} {}", palette.cyan(" help:"), escape::line(&help)));
            }
            ended(tools, json, "failed", Some(&reason), &serde_json::to_value(&change.service).unwrap_or_default());
            Ok(Exit::Failure)
        }
        Ok(Ok(_)) => {
            let service = place.live.service(&place.cluster, &name).await?;
            tell(&format!("Done: {} tasks of service {name} run.", show::tasks(&service)));
            ended(tools, json, "steady", None, &serde_json::to_value(&service).unwrap_or_default());
            Ok(Exit::Success)
        }
    }
}

/// The answer as JSON, where that is wanted.
fn ended(tools: &Tools, json: bool, state: &str, reason: Option<&str>, of: &serde_json::Value) {
    if json {
        tools.screen.raw_out(&format!("{:#}", json!({ "state": state, "reason": reason, "of": of })));
    }
}

/// Asks again and again, until a change is done or will not be.
async fn settled(live: &Live, change: &mut Change, tell: impl Fn(&str)) -> Result<Progress, LiveError> {
    let mut before = String::new();
    loop {
        match live.progress(change).await? {
            Progress::Underway { summary, news, again_in } => {
                news.iter().for_each(|news| tell(&format!("  {news}")));
                if summary != before {
                    tell(&format!("  {summary}"));
                    before = summary;
                }
                tokio::time::sleep(live.cloud().paced(again_in)).await;
            }
            end => return Ok(end),
        }
    }
}

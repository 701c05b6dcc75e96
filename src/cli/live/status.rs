//! `hzscript status`: the services of a cluster, how far their deployments are, and what they told last.

use hzscript::live::{Cluster, LiveError, Service, Task, TaskQuery, Which};
use jiff::Timestamp;
use serde_json::json;

use super::place::Place;
use super::show;
use crate::cli::Tools;
use crate::cli::args::StatusArguments;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::render::palette::Palette;
use crate::cli::render::{escape, table::table};

/// How many events are shown of each service.
const EVENTS: usize = 3;

/// How many tasks that failed are shown.
const FAILED: usize = 5;

/// Shows it.
///
/// # Errors
/// When what runs cannot be asked for.
pub async fn run(arguments: &StatusArguments, tools: &Tools) -> Result<Exit, Error> {
    let place = Place::find(&arguments.at, tools).await?;
    let (cluster, services, stopped) = tools.interrupt.cut(asked(&place)).await??;
    if arguments.at.output.json {
        let value = json!({ "cluster": cluster, "services": services, "failed": stopped });
        tools.screen.raw_out(&format!("{value:#}"));
    } else {
        tools.screen.out(&place.header());
        tools.screen.out("");
        let text = told(&cluster, &services, &stopped, &place.again, Timestamp::now(), tools.screen.out_palette());
        tools.screen.out(&text);
    }
    Ok(Exit::Success)
}

/// The cluster, its services, and the tasks of them that stopped lately because something failed, the newest first.
async fn asked(place: &Place) -> Result<(Cluster, Vec<Service>, Vec<Task>), LiveError> {
    let query = TaskQuery {
        cluster: place.cluster.clone(),
        service: place.only_service().map(str::to_owned),
        which: Which::Stopped,
    };
    let cluster = place.live.cluster(&place.cluster);
    let (cluster, services, mut stopped) = futures::try_join!(cluster, place.services(), place.live.tasks(&query))?;
    stopped.retain(|task| task.help.is_some() && place.has(task.service.as_deref()));
    stopped.sort_by_key(|task| std::cmp::Reverse(task.stopping.or(task.stopped)));
    Ok((cluster, services, stopped))
}

fn told(
    cluster: &Cluster,
    services: &[Service],
    failed: &[Task],
    again: &str,
    now: Timestamp,
    palette: Palette,
) -> String {
    let Cluster { name, status, running, pending, .. } = cluster;
    let pending = if *pending > 0 { format!(", {pending} pending") } else { String::new() };
    let text = format!("Cluster {name} is {status}: {running} tasks running{pending}");
    let mut lines = vec![palette.bold(&escape::line(&text)), String::new()];
    if services.is_empty() {
        lines.push("It has no services.".to_owned());
        return lines.join("\n");
    }
    let rows = services.iter().map(|service| {
        let since = service.deployments.first().and_then(|deployment| deployment.updated.or(deployment.created));
        [
            service.name.clone(),
            show::tasks(service),
            service.definition.clone(),
            show::rollout(service),
            show::ago(since, now),
            if service.exec { "on".to_owned() } else { String::new() },
        ]
    });
    lines.push(table(["SERVICE", "TASKS", "TASK DEFINITION", "DEPLOYMENT", "CHANGED", "EXEC"], rows));
    for service in services {
        lines.push(String::new());
        lines.push(palette.bold(&escape::line(&format!("Events of {}", service.name))));
        let mut events = show::event_lines(service.events.iter().take(EVENTS), palette);
        events.reverse();
        lines.extend(if events.is_empty() { vec!["none yet".to_owned()] } else { events });
    }
    if !failed.is_empty() {
        lines.push(String::new());
        lines.push(palette.bold("Tasks that failed lately"));
        for task in failed.iter().take(FAILED) {
            let at = palette.dim(&show::time(task.stopping.or(task.stopped)));
            let reason = escape::line(task.stopped_reason.as_deref().unwrap_or_default());
            lines.push(format!("{at}  {}  {}", show::short(&task.id), palette.red(&reason)));
        }
        if let Some(help) = failed.first().and_then(|task| task.help.as_ref()) {
            lines.push(format!("{} {}", palette.cyan("help:"), escape::line(help)));
        }
        let first = failed.first().map(|task| show::short(&task.id)).unwrap_or_default();
        lines.push(format!("The story of one: hzscript trace {first} {}", escape::line(again)));
    }
    lines.join("\n")
}

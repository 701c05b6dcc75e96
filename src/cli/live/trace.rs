//! `hzscript trace`: what became of one task, in the order of time.

use hzscript::live::{Source, Story, Task};

use super::place::Place;
use super::show;
use crate::cli::Tools;
use crate::cli::args::TraceArguments;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::render::escape;
use crate::cli::render::palette::Palette;

/// Tells it.
///
/// # Errors
/// When there is no such task, or what became of it cannot be asked for.
pub async fn run(arguments: &TraceArguments, tools: &Tools) -> Result<Exit, Error> {
    let place = Place::find(&arguments.at, tools).await?;
    let story = place.live.story(&place.cluster, &arguments.task, arguments.lines);
    let story = tools.interrupt.cut(story).await??;
    if arguments.at.output.json {
        tools.screen.raw_out(&format!("{:#}", serde_json::to_value(&story).unwrap_or_default()));
    } else {
        tools.screen.out(&place.header());
        tools.screen.out("");
        tools.screen.out(&told(&story, tools.screen.out_palette()));
    }
    Ok(Exit::Success)
}

fn told(story: &Story, palette: Palette) -> String {
    /// Where messages begin: behind the time and who tells.
    const INDENT: usize = 33;
    let Story { task, moments, unread } = story;
    let mut lines = vec![palette.bold(&escape::line(&title(task))), String::new()];
    for moment in moments {
        let source = match moment.source {
            Source::Task => "task",
            Source::Container => "container",
            Source::Service => "service",
            Source::Log => "log",
        };
        let text = show::message(&moment.text, INDENT);
        let text = match moment.source {
            Source::Container => palette.yellow(&text),
            Source::Log => palette.dim(&text),
            Source::Task | Source::Service => text,
        };
        lines.push(format!("{}  {source:<9}  {text}", palette.dim(&show::time(Some(moment.time)))));
    }
    if let Some(unread) = unread {
        lines.push(palette.yellow(&escape::line(&format!("Its log could not be read: {unread}"))));
    }
    if let Some(reason) = &task.stopped_reason {
        lines.push(String::new());
        let text = format!("It stopped: {reason}");
        lines.push(if task.help.is_some() {
            palette.red(&escape::line(&text))
        } else {
            escape::line(&text).into_owned()
        });
    }
    if let Some(help) = &task.help {
        lines.push(format!("{} {}", palette.cyan("help:"), escape::line(help)));
    }
    lines.join("\n")
}

fn title(task: &Task) -> String {
    let of = task.service.as_ref().map(|service| format!(" of service {service}")).unwrap_or_default();
    let at = match (&task.address, &task.zone) {
        (Some(address), Some(zone)) => format!(", {address} in {zone}"),
        (Some(address), None) => format!(", {address}"),
        _ => String::new(),
    };
    format!("Task {}{of}: {} ({}{at})", task.id, show::state(task), task.definition)
}

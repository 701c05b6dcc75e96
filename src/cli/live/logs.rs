//! `hzscript logs`: what tasks print, and with `--follow` what they will.

use std::io::Write;
use std::pin::pin;

use futures::StreamExt;
use hzscript::live::{LogLine, LogQuery};
use jiff::Timestamp;

use super::place::Place;
use super::show;
use crate::cli::Tools;
use crate::cli::args::LogsArguments;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::render::escape;
use crate::cli::render::palette::Palette;

/// Shows them.
///
/// # Errors
/// When they cannot be read.
pub async fn run(arguments: &LogsArguments, tools: &Tools) -> Result<Exit, Error> {
    let place = Place::find(&arguments.at, tools).await?;
    let since = Timestamp::now().checked_sub(arguments.since).unwrap_or(Timestamp::UNIX_EPOCH);
    let query = LogQuery {
        cluster: place.cluster.clone(),
        service: place.only_service().map(str::to_owned),
        task: arguments.task.clone(),
        container: arguments.container.clone(),
        since: Some(since),
        until: None,
        filter: arguments.filter.clone(),
        limit: arguments.lines,
    };
    let json = arguments.at.output.json;
    if !json {
        tools.screen.err(&place.header());
    }
    if arguments.follow {
        return follow(&place, query, json, tools).await;
    }
    // Those of other services are not among the newest that are wanted.
    let query = LogQuery { limit: None, ..query };
    let mut lines = tools.interrupt.cut(place.live.logs(&query)).await??;
    lines.retain(|line| place.has(line.service.as_deref()));
    lines.drain(..lines.len().saturating_sub(arguments.lines.unwrap_or(usize::MAX)));
    if json {
        tools.screen.raw_out(&format!("{:#}", serde_json::to_value(&lines).unwrap_or_default()));
    } else if lines.is_empty() {
        let since = show::rough(i64::try_from(arguments.since.as_secs()).unwrap_or(i64::MAX));
        let with = arguments.filter.as_ref().map(|filter| format!(" with {filter}")).unwrap_or_default();
        tools.screen.err(&escape::line(&format!("No lines{with} in the last {since}; --since looks further back.")));
    } else {
        lines.iter().for_each(|line| tools.screen.out(&text(line, tools.screen.out_palette())));
    }
    Ok(Exit::Success)
}

/// Prints lines as they come. Ctrl-C is how it ends, or that nobody reads them any more.
async fn follow(place: &Place, query: LogQuery, json: bool, tools: &Tools) -> Result<Exit, Error> {
    let mut lines = pin!(place.live.follow(query));
    loop {
        match tools.interrupt.cut(lines.next()).await {
            Err(_) | Ok(None) => return Ok(Exit::Success),
            Ok(Some(Err(error))) => return Err(error.into()),
            Ok(Some(Ok(line))) if !place.has(line.service.as_deref()) => {}
            Ok(Some(Ok(line))) => {
                let text = match json {
                    true => escape::json(&serde_json::to_string(&line).unwrap_or_default()).into_owned(),
                    false => text(&line, tools.screen.out_palette()),
                };
                let mut out = std::io::stdout().lock();
                if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {
                    return Ok(Exit::Success);
                }
            }
        }
    }
}

fn text(line: &LogLine, palette: Palette) -> String {
    const INDENT: usize = 4;
    let at = line.time.strftime("%Y-%m-%d %H:%M:%S%.3fZ").to_string();
    let who = escape::line(&format!("{}/{}", show::short(&line.task), line.container)).into_owned();
    format!("{} {} {}", palette.dim(&at), palette.cyan(&who), show::message(&line.message, INDENT))
}

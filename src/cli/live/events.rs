//! `hzscript events`: what ECS tells of the services of a cluster.

use super::place::Place;
use super::show;
use crate::cli::Tools;
use crate::cli::args::EventsArguments;
use crate::cli::error::Error;
use crate::cli::exit::Exit;

/// Shows them, the newest last.
///
/// # Errors
/// When they cannot be asked for.
pub async fn run(arguments: &EventsArguments, tools: &Tools) -> Result<Exit, Error> {
    let place = Place::find(&arguments.at, tools).await?;
    let mut events = tools.interrupt.cut(place.live.events(&place.cluster, place.only_service())).await??;
    events.retain(|event| place.has(Some(&event.service)));
    events.drain(..events.len().saturating_sub(arguments.lines));
    if arguments.at.output.json {
        tools.screen.raw_out(&format!("{:#}", serde_json::to_value(&events).unwrap_or_default()));
        return Ok(Exit::Success);
    }
    tools.screen.out(&place.header());
    tools.screen.out("");
    let lines = show::event_lines(&events, tools.screen.out_palette());
    tools.screen.out(&if lines.is_empty() { "No events yet.".to_owned() } else { lines.join("\n") });
    Ok(Exit::Success)
}

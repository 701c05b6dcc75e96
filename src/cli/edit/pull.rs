//! `hzscript state pull`: the state as text, records of an interrupted run included.

use hzscript::state::edit::whole;

use super::Place;
use crate::cli::Tools;
use crate::cli::args::PullArguments;
use crate::cli::error::Error;
use crate::cli::exit::Exit;

/// Prints it. Secrets in it are hashes, and sealed where those of the stack are.
///
/// # Errors
/// When there is no such stack, or its state cannot be read.
pub async fn run(arguments: &PullArguments, tools: &Tools) -> Result<Exit, Error> {
    let place = Place::existing(&arguments.stack, arguments.script.as_deref(), tools).await?;
    let snapshot = place.store.load().await?;
    let snapshot =
        snapshot.ok_or_else(|| Error::Usage { message: format!("stack {} was never run", place.name), help: None })?;
    let text = whole::pulled(&snapshot, place.store.keys()).map_err(|error| place.failed(error))?;
    tools.screen.bytes_out(&text, tools.environment.stdout_is_terminal);
    Ok(Exit::Success)
}

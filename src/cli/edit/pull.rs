//! `hzscript state pull`: the state as text, records of an interrupted run included.

use hzscript::state::edit::whole;

use crate::cli::Tools;
use crate::cli::args::PullArguments;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::known;

/// Prints it. Secrets in it are hashes.
///
/// # Errors
/// When there is no such stack, or its state cannot be read.
pub async fn run(arguments: &PullArguments, tools: &Tools) -> Result<Exit, Error> {
    let snapshot = known::snapshot(&arguments.stack, arguments.script.as_deref()).await?;
    let text = whole::pulled(&snapshot)
        .map_err(|error| Error::Io { what: "write the state as text".to_owned(), source: error.into() })?;
    tools.screen.bytes_out(&text, tools.environment.stdout_is_terminal);
    Ok(Exit::Success)
}

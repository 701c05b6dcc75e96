//! `hzscript drift`: how what exists differs from what the last run asked for. No script is evaluated.

use hzscript::apply::formation::FormationCheck;

use super::Tools;
use super::args::DriftArguments;
use super::error::Error;
use super::exit::Exit;
use super::known;
use super::render::screen::Line;
use super::render::{drift, value};
use super::stack::{Calls, Stack};

/// Compares and shows what differs; nothing is written.
///
/// # Errors
/// When there is no such stack, or what exists cannot be read.
pub async fn run(arguments: &DriftArguments, tools: &Tools) -> Result<Exit, Error> {
    let known = known::snapshot(&arguments.stack, arguments.script.as_deref(), tools).await?;
    let calls = Calls { parallelism: arguments.parallelism, wait: true, formation: FormationCheck::Never };
    let stack = Stack::open(known.stack, &arguments.stack, &arguments.target, calls, tools).await?;
    let looking = async { stack.engine.look().await?.drift().await };
    let found = tools.interrupt.cut(looking).await?.map_err(|error| stack.failed(error))?;

    let json = value::without_secrets(&serde_json::to_value(&found).unwrap_or_default());
    tools.screen.line(&Line::Drift { none: found.is_none(), drift: json });
    tools.screen.out("");
    tools.screen.out(&drift::found(&found, tools.screen.out_palette()));
    Ok(if found.is_none() { Exit::Success } else { Exit::Changes })
}

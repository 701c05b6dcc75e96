//! `hzscript refresh`: make the state know what exists. AWS is asked and not changed; no script is evaluated.

use hzscript::apply::formation::FormationCheck;

use super::Tools;
use super::args::RefreshArguments;
use super::error::Error;
use super::exit::Exit;
use super::known;
use super::prompt::{Consent, agreed};
use super::render::screen::Line;
use super::render::{refresh, value};
use super::stack::{Calls, Stack};

/// Shows what the state does not know, asks, and writes it down.
///
/// # Errors
/// When there is no such stack, what exists cannot be read, or the state cannot be written.
pub async fn run(arguments: &RefreshArguments, tools: &Tools) -> Result<Exit, Error> {
    let known = known::snapshot(&arguments.stack, arguments.script.as_deref(), tools).await?;
    let calls = Calls { parallelism: arguments.parallelism, wait: true, formation: FormationCheck::Never };
    let stack = Stack::open(known.stack, &arguments.stack, &arguments.target, calls, tools).await?;
    let owner = tools.environment.owner(&format!("refresh {}", stack.name));
    let session = stack.engine.begin(&owner).await.map_err(|error| stack.failed(error))?;
    let asked = async {
        let refreshed = tools.interrupt.cut(session.refresh()).await?.map_err(|error| stack.failed(error))?;
        let found = &refreshed.found;
        let json = value::without_secrets(&serde_json::to_value(found).unwrap_or_default());
        tools.screen.line(&Line::Refresh { none: found.is_none(), refresh: json });
        tools.screen.out("");
        tools.screen.out(&refresh::found(found, tools.screen.out_palette()));
        if found.is_none() || arguments.consent.yes {
            return Ok((refreshed, true));
        }
        let consent = if known.target.cloud == "aws" { Consent::Full } else { Consent::Short };
        let question = format!("Write this down in the state of stack {} ({})?", stack.name, known.target);
        let yes = agreed(&question, consent, tools.screen.is_json(), &tools.command(), tools).await?;
        Ok((refreshed, yes))
    };
    let asked = asked.await;
    let (refreshed, exit) = match asked {
        Ok((refreshed, true)) if !refreshed.found.is_none() => (Some(refreshed), Ok(Exit::Success)),
        Ok((_, agreed)) => (None, Ok(if agreed { Exit::Success } else { Exit::Failure })),
        Err(error) => (None, Err(error)),
    };
    match refreshed {
        Some(refreshed) => {
            let serial = session.take_in(refreshed).await.map_err(|error| stack.failed(error))?;
            tools.screen.line(&Line::Refreshed { serial });
            tools.screen.out(&format!("Refreshed (state {serial})."));
        }
        None => session.end().await.map_err(|error| stack.failed(error))?,
    }
    exit
}

//! `hzscript rollback`: go back to what an earlier run executed. The script is not evaluated: it only names the stack.

use std::collections::BTreeMap;

use hzscript::apply::formation::FormationCheck;
use hzscript::engine::{EngineError, Session};
use hzscript::plan::Plan;
use hzscript::state::Executed;

use super::Tools;
use super::args::RollbackArguments;
use super::error::Error;
use super::execute::{Wording, execute, show};
use super::exit::Exit;
use super::keys::{Sealing, Use};
use super::render::escape;
use super::render::screen::Line;
use super::script::{similar, stack_name};
use super::stack::{Calls, Stack};

/// Goes back, or with `--dry-run` only shows what that would change.
///
/// # Errors
/// When there is nothing to go back to, it cannot be planned, or the state cannot be written. A step that fails is no
/// error but a failure.
pub async fn run(arguments: &RollbackArguments, tools: &Tools) -> Result<Exit, Error> {
    let name = stack_name(arguments.stack.stack.as_deref(), arguments.script.as_deref())?;
    let calls = Calls {
        parallelism: arguments.apply.parallelism,
        wait: !arguments.apply.no_wait,
        formation: FormationCheck::from(arguments.formation.formation_check),
    };
    let texts = if arguments.dry_run { Use::Better } else { Use::Needed };
    let stack = Stack::open_sealed(name, &arguments.stack, &arguments.target, calls, Sealing::of(texts), tools).await?;
    let stack = stack.locking(arguments.apply.lock, tools);
    let failed = |error| stack.failed(error);
    if stack.engine.state().await.map_err(failed)?.is_none() {
        let help = arguments.script.as_deref().and_then(similar);
        return Err(Error::Usage { message: format!("stack {} was never run", stack.name), help });
    }
    let session = if arguments.dry_run {
        stack.engine.look().await.map_err(failed)?
    } else {
        let owner = tools.environment.owner(&format!("rollback {}", stack.name));
        stack.engine.begin(&owner).await.map_err(failed)?
    };
    let (session, to, plan) = plan_or_end(session, arguments.to, &stack, tools).await?;
    let text = format!("Going back to {to}.");
    tools.screen.out(&escape::line(&text));
    let Executed { serial, complete, since, command, .. } = &to;
    tools.screen.line(&Line::GoingBack { serial: *serial, complete: *complete, since, command });
    show(&plan, tools);
    if plan.is_empty() || arguments.dry_run {
        session.end().await.map_err(failed)?;
        if plan.is_empty() {
            tools.screen.out(&format!("No changes, nothing to do: everything is as it was in serial {serial}."));
        }
        return Ok(Exit::Success);
    }
    let command = tools.command();
    let (question, again) = ("Apply these changes to", again(&command, *serial));
    let wording = Wording { question, command: &command, again: &again, rollback: false };
    execute(session, &plan, &stack, arguments.apply.yes, wording, tools).await
}

/// The command that goes on from where this one ended: without a serial it would go back to another one.
fn again(command: &str, serial: u64) -> String {
    if command.split(' ').any(|word| word == "--to" || word.starts_with("--to=")) {
        command.to_owned()
    } else {
        format!("{command} --to {serial}")
    }
}

/// Plans; when that fails or is interrupted, the session is ended first.
async fn plan_or_end<'a>(
    session: Session<'a>,
    to: Option<u64>,
    stack: &Stack,
    tools: &Tools,
) -> Result<(Session<'a>, Executed, Plan), Error> {
    let planning = async {
        let to = stack.engine.earlier(to).await?;
        let plan = session.plan_back(&to).await?;
        Ok((to, plan))
    };
    let error = match tools.interrupt.cut(planning).await {
        Ok(Ok((to, plan))) => return Ok((session, to, plan)),
        // Where it was declared then need not be where that stands now.
        Ok(Err(EngineError::Plan(error))) => Error::Plan { error, sources: BTreeMap::new() },
        Ok(Err(error)) => stack.failed(error),
        Err(interrupted) => interrupted.into(),
    };
    session.end().await.map_err(|error| stack.failed(error))?;
    Err(error)
}

#[cfg(test)]
mod tests {
    use super::again;

    #[test]
    fn what_was_not_completed_is_gone_on_with_to_the_same_serial() {
        assert_eq!(again("hzscript rollback a.rhai --yes", 4), "hzscript rollback a.rhai --yes --to 4");
        assert_eq!(again("hzscript rollback --to 3 a.rhai", 3), "hzscript rollback --to 3 a.rhai");
        assert_eq!(again("hzscript rollback a.rhai --to=3", 3), "hzscript rollback a.rhai --to=3");
    }
}

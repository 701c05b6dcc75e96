//! `hzscript run`: make what the script declares.

use std::sync::Arc;

use hzscript::engine::{EngineError, Session};
use hzscript::plan::Plan;
use hzscript::script::Evaluated;

use super::args::RunArguments;
use super::error::Error;
use super::execute::{Wording, show_and_execute};
use super::exit::Exit;
use super::input::gather;
use super::script::{Script, stack_name};
use super::stack::{Calls, Stack};
use super::{Tools, evaluate};

/// Runs.
///
/// # Errors
/// When nothing could be planned, or the state could not be written. A step that fails is no error but a failure.
pub async fn run(arguments: &RunArguments, tools: &Tools) -> Result<Exit, Error> {
    let script = Script::read(&arguments.script)?;
    let name = stack_name(arguments.stack.stack.as_deref(), Some(&script.path))?;
    let inputs = gather(&arguments.inputs, &tools.environment)?;
    let calls = Calls {
        parallelism: arguments.apply.parallelism,
        wait: !arguments.apply.no_wait,
        formation: arguments.formation.formation_check.into(),
    };
    let stack = Stack::open(name, &arguments.stack, &arguments.target, calls, tools).await?;
    let lookups = Arc::new(evaluate::Connected(stack.engine.cloud().clone()));
    let evaluated = tools.interrupt.cut(evaluate::run(&script, inputs, lookups, &tools.screen)).await??;

    let command = tools.command();
    let owner = tools.environment.owner(&format!("run {}", script.shown()));
    let session = stack.engine.begin(&owner).await.map_err(|error| stack.failed(error))?;
    let (session, plan) = plan_or_end(session, &evaluated, &stack, tools).await?;
    let wording = Wording { question: "Apply these changes to", command: &command, again: &command };
    show_and_execute(session, &plan, &stack, arguments.apply.yes, wording, tools).await
}

/// Plans; when that fails or is interrupted, the session is ended first.
async fn plan_or_end<'a>(
    session: Session<'a>,
    evaluated: &Evaluated,
    stack: &Stack,
    tools: &Tools,
) -> Result<(Session<'a>, Plan), Error> {
    let planned = tools.interrupt.cut(session.plan(&evaluated.program)).await;
    let error = match planned {
        Ok(Ok(plan)) => return Ok((session, plan)),
        Ok(Err(error)) => not_planned(error, evaluated, stack),
        Err(interrupted) => interrupted.into(),
    };
    session.end().await.map_err(|error| stack.failed(error))?;
    Err(error)
}

/// Why a program could not be planned, with the texts of its files.
pub fn not_planned(error: EngineError, evaluated: &Evaluated, stack: &Stack) -> Error {
    match error {
        EngineError::Plan(error) => Error::Plan { error, sources: evaluated.sources.clone() },
        other => stack.failed(other),
    }
}

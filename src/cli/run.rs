//! `hzscript run`: make what the script declares.

use hzscript::engine::{EngineError, Session};
use hzscript::model::Program;
use hzscript::plan::{Plan, Scope, SuggestedMove};
use hzscript::script::Evaluated;

use super::args::RunArguments;
use super::error::Error;
use super::execute::{Wording, can_ask, show_and_execute};
use super::exit::Exit;
use super::input::gather;
use super::interrupt::Interrupted;
use super::keys::{Sealing, Use};
use super::prompt::{Consent, ask};
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
    let sealing = Sealing { encrypt: arguments.encrypt.encrypt.as_ref(), ..Sealing::of(Use::Needed) };
    let stack = Stack::open_sealed(name, &arguments.stack, &arguments.target, calls, sealing, tools).await?;
    let stack = stack.locking(arguments.apply.lock, tools);
    let evaluated = tools.interrupt.cut(evaluate::on(&stack, &script, inputs, &tools.screen)).await??;

    let command = tools.command();
    let rollback = arguments.failing.rollback_on_failure;
    let wording = Wording { question: "Apply these changes to", command: &command, again: &command, rollback };
    let what = format!("run {}", script.shown());
    carry_out(evaluated, &Scope::from(&arguments.scope), &stack, arguments.apply.yes, (&what, wording), tools).await
}

/// Plans a program, asks, and carries the plan out. `what` is the command as others see it who have to wait.
///
/// # Errors
/// When nothing could be planned, or the state could not be written.
pub async fn carry_out(
    mut evaluated: Evaluated,
    scope: &Scope,
    stack: &Stack,
    yes: bool,
    (what, wording): (&str, Wording<'_>),
    tools: &Tools,
) -> Result<Exit, Error> {
    let owner = tools.environment.owner(what);
    let session = stack.engine.begin(&owner).await.map_err(|error| stack.failed(error))?;
    let (mut session, mut plan) = plan_or_end(session, &evaluated, scope, stack, tools).await?;
    if !plan.suggested_moves.is_empty() && !yes && can_ask(tools) {
        match renamed(&plan, tools).await {
            Ok(moves) if moves.is_empty() => {}
            Ok(moves) => {
                take_over(&mut evaluated.program, &moves);
                (session, plan) = plan_or_end(session, &evaluated, scope, stack, tools).await?;
            }
            Err(interrupted) => {
                session.end().await.map_err(|error| stack.failed(error))?;
                return Err(interrupted.into());
            }
        }
    }
    show_and_execute(session, &plan, stack, yes, wording, tools).await
}

/// Asks of each address that seems to have been renamed whether it was; answers those that were.
async fn renamed(plan: &Plan, tools: &Tools) -> Result<Vec<SuggestedMove>, Interrupted> {
    let mut moves = Vec::new();
    tools.screen.err("");
    for suggested in &plan.suggested_moves {
        let SuggestedMove { from, to, .. } = suggested;
        let question = format!("{from} is gone from the script and {to} is like it. Treat it as renamed?");
        if ask(&question, Consent::Short, &tools.screen, &tools.interrupt).await? {
            moves.push(suggested.clone());
        }
    }
    Ok(moves)
}

/// Declares that resources were called otherwise before.
fn take_over(program: &mut Program, moves: &[SuggestedMove]) {
    for SuggestedMove { from, to, .. } in moves {
        if let Some(resource) = program.resources.iter_mut().find(|resource| resource.address == *to) {
            resource.options.aliases.push(from.clone());
        }
    }
}

/// Plans; when that fails or is interrupted, the session is ended first.
pub async fn plan_or_end<'a>(
    session: Session<'a>,
    evaluated: &Evaluated,
    scope: &Scope,
    stack: &Stack,
    tools: &Tools,
) -> Result<(Session<'a>, Plan), Error> {
    let planned = tools.interrupt.cut(session.plan_within(&evaluated.program, scope)).await;
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

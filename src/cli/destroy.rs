//! `hzscript destroy`: delete everything a stack has. The script is not evaluated: it only names the stack.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hzscript::apply::formation::FormationCheck;
use hzscript::engine::EngineError;
use hzscript::plan::{Plan, PlanError, Scope};

use super::Tools;
use super::args::DestroyArguments;
use super::connect::StatePlace;
use super::error::Error;
use super::execute::{Wording, execute, show};
use super::exit::Exit;
use super::known::closest;
use super::render::scope::nothing_to_do;
use super::saved;
use super::script::{Script, similar, stack_name};
use super::stack::{Calls, Stack};

/// Destroys.
///
/// # Errors
/// When something is protected, or what exists cannot be read. A deletion that fails is no error but a failure.
pub async fn run(arguments: &DestroyArguments, tools: &Tools) -> Result<Exit, Error> {
    let name = stack_name(arguments.stack.stack.as_deref(), arguments.script.as_deref())?;
    let calls = Calls {
        parallelism: arguments.apply.parallelism,
        wait: !arguments.apply.no_wait,
        formation: FormationCheck::Never,
    };
    let stack = Stack::open(name, &arguments.stack, &arguments.target, calls, tools).await?;
    let stack = stack.locking(arguments.apply.lock, tools);
    if stack.engine.state().await.map_err(|error| stack.failed(error))?.is_none() {
        // A name that was mistyped must not look like a stack that is gone.
        if let Some(script) = &arguments.script
            && let Some(help) = similar(script)
        {
            let (path, reason) = (script.clone(), "there is no such file".to_owned());
            return Err(Error::Script { path, reason, help: Some(help) });
        }
        let place = StatePlace::choose(&arguments.stack, &tools.environment).beside(&stack.target);
        let others = place.open(&stack.name).await?.others().await?;
        if arguments.stack.stack.is_some()
            && let Some(other) = closest(&stack.name, others.iter().map(String::as_str))
        {
            let message = format!("there is no stack {}", stack.name);
            return Err(Error::Usage { message, help: Some(format!("did you mean {other}?")) });
        }
        let there =
            if others.is_empty() { String::new() } else { format!(" Stacks there are: {}.", others.join(", ")) };
        tools.screen.out(&format!("Stack {} was never run: nothing to destroy.{there}", stack.name));
        return Ok(Exit::Success);
    }

    let scope = Scope::from(&arguments.scope);
    if let Some(path) = &arguments.out {
        return save(path, &scope, arguments, &stack, tools).await;
    }
    let command = tools.command();
    let owner = tools.environment.owner(&format!("destroy {}", stack.name));
    let session = stack.engine.begin(&owner).await.map_err(|error| stack.failed(error))?;
    let planned = tools.interrupt.cut(session.plan_destroy_within(&scope)).await;
    let error = match planned {
        Ok(Ok(plan)) if plan.is_empty() => {
            session.end().await.map_err(|error| stack.failed(error))?;
            tell_nothing(&plan, &stack, tools);
            return Ok(Exit::Success);
        }
        Ok(Ok(plan)) => {
            show(&plan, tools);
            let question = if plan.left_out.is_empty() { "Destroy everything in" } else { "Destroy this part of" };
            let wording = Wording { question, command: &command, again: &command, rollback: false };
            return execute(session, &plan, &stack, arguments.apply.yes, wording, tools).await;
        }
        Ok(Err(error)) => not_planned(error, &stack),
        Err(interrupted) => interrupted.into(),
    };
    session.end().await.map_err(|error| stack.failed(error))?;
    Err(error)
}

/// Keeps the plan in a file instead of executing it.
async fn save(
    path: &Path,
    scope: &Scope,
    arguments: &DestroyArguments,
    stack: &Stack,
    tools: &Tools,
) -> Result<Exit, Error> {
    saved::check_place(path)?;
    let looking = async {
        let session = stack.engine.draft().await.map_err(|error| stack.failed(error))?;
        let plan = session.plan_destroy_within(scope).await.map_err(|error| not_planned(error, stack))?;
        Ok::<_, Error>((plan, session.state().await))
    };
    let (plan, state) = tools.interrupt.cut(looking).await??;
    if plan.is_empty() {
        tell_nothing(&plan, stack, tools);
        return Ok(Exit::Success);
    }
    show(&plan, tools);
    let again = tools.destroy_command();
    saved::keep(path, plan, &state, again, stack, (&arguments.stack, &arguments.target), tools)?;
    Ok(Exit::Success)
}

/// Says that there is nothing to destroy.
fn tell_nothing(plan: &Plan, stack: &Stack, tools: &Tools) {
    if plan.left_out.is_empty() {
        tools.screen.out(&format!("Stack {} is empty: nothing to destroy.", stack.name));
    } else {
        show(plan, tools);
        tools.screen.out(&nothing_to_do(plan));
    }
}

/// Why it could not be planned, with the texts of the files that the problems are in.
fn not_planned(error: EngineError, stack: &Stack) -> Error {
    match error {
        EngineError::Plan(error) => {
            let sources = sources(&error);
            Error::Plan { error, sources }
        }
        other => stack.failed(other),
    }
}

/// The texts of the files that problems are in, as far as they can be read.
fn sources(error: &PlanError) -> BTreeMap<String, String> {
    let files: BTreeSet<&str> =
        error.problems.iter().filter_map(|(_, source, _)| Some(source.as_ref()?.file.as_str())).collect();
    let read = |file: &str| Some((file.to_owned(), Script::read(file.as_ref()).ok()?.source));
    files.into_iter().filter_map(read).collect()
}

//! `hzscript apply`: execute a plan that was saved, exactly as it was shown. The script is not evaluated again.

use hzscript::engine::EngineError;

use super::Tools;
use super::args::ApplySavedArguments;
use super::error::Error;
use super::execute::{Wording, show_and_execute};
use super::exit::Exit;
use super::keys::{Sealing, Use};
use super::saved::{self, SavedError};
use super::script::stack_name;
use super::stack::{Calls, Stack};

/// Shows the plan, and executes it.
///
/// # Errors
/// When the file is not what was written, or the plan is not for this state, account and region. A step that fails is no
/// error but a failure.
pub async fn run(arguments: &ApplySavedArguments, tools: &Tools) -> Result<Exit, Error> {
    let path = &arguments.plan;
    let mut saved = saved::read(path)?;
    let name = stack_name(Some(&saved.plan.stack), None)?;
    if let Some(asked) = arguments.stack.stack.as_ref().filter(|asked| **asked != name) {
        let (path, asked) = (path.clone(), asked.clone());
        return Err(SavedError::AnothersPlan { path, planned: name, asked }.into());
    }
    let calls = Calls {
        parallelism: arguments.apply.parallelism,
        wait: !arguments.apply.no_wait,
        formation: arguments.formation.formation_check.into(),
    };
    let seal = saved.sealed.as_ref().map(|sealed| sealed.seal.clone());
    let texts = if seal.is_some() { Use::Needed } else { Use::Idle };
    let sealing = Sealing { beside: seal.as_ref(), ..Sealing::of(texts) };
    let stack = Stack::open_sealed(name, &arguments.stack, &arguments.target, calls, sealing, tools).await?;
    let stack = stack.locking(arguments.apply.lock, tools);
    saved.open(stack.engine.keys()).map_err(|error| SavedError::Unusable { path: path.clone(), error })?;
    let owner = tools.environment.owner(&format!("apply {}", path.display()));
    let session = stack.engine.begin_saved(&saved, &owner).await.map_err(|error| match error {
        EngineError::Stale => SavedError::Stale { path: path.clone(), again: saved.again.clone() }.into(),
        other => stack.failed(other),
    })?;
    let command = tools.command();
    let rollback = arguments.failing.rollback_on_failure;
    let wording = Wording { question: "Apply these changes to", command: &command, again: &saved.again, rollback };
    show_and_execute(session, &saved.plan, &stack, arguments.apply.yes, wording, tools).await
}

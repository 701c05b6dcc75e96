//! Taking over what exists, and nothing else: the part of a plan that does.

use std::collections::BTreeSet;

use hzscript::model::Address;
use hzscript::plan::{Action, Plan, Scope};
use hzscript::script::Evaluated;
use hzscript::state::Snapshot;

use super::Tools;
use super::error::Error;
use super::execute::{Wording, show_and_execute};
use super::exit::Exit;
use super::run::plan_or_end;
use super::stack::Stack;

/// Plans the program, and of that plan shows and executes what takes over these resources.
///
/// # Errors
/// When it cannot be planned, is more than taking over, or the state cannot be written.
pub async fn run(
    stack: &Stack,
    evaluated: &Evaluated,
    only: &BTreeSet<Address>,
    yes: bool,
    wording: Wording<'_>,
    tools: &Tools,
) -> Result<Exit, Error> {
    let owner = tools.environment.owner(wording.command);
    let session = stack.engine.begin(&owner).await.map_err(|error| stack.failed(error))?;
    let (session, plan) = plan_or_end(session, evaluated, &Scope::default(), stack, tools).await?;
    let state = session.state().await;
    match part(plan, only, &state) {
        Ok(plan) => show_and_execute(session, &plan, stack, yes, wording, tools).await,
        Err(error) => {
            session.end().await.map_err(|error| stack.failed(error))?;
            Err(error)
        }
    }
}

/// The part of a plan that takes over these resources.
fn part(mut plan: Plan, only: &BTreeSet<Address>, state: &Snapshot) -> Result<Plan, Error> {
    plan.changes.retain(|change| only.contains(&change.address));
    plan.outputs = state.outputs.clone();
    plan.outputs_change = false;
    // What the stack is to be beside them, only the next run says.
    plan.program = None;
    for change in &plan.changes {
        let (address, refused) =
            (&change.address, |message: String, help: String| Err(Error::Usage { message, help: Some(help) }));
        if let Some(there) = state.resources.get(address) {
            let message = format!("the stack {} has {address} already, as {}", plan.stack, there.id);
            return refused(message, "one address is one object: declare another under another name".to_owned());
        }
        if change.action != Action::Import {
            let message = format!("{address} would not be taken over but made");
            return refused(message, "give its declaration the option `id`".to_owned());
        }
        let unknown = change.wanted.values().flat_map(|value| value.references()).next();
        if let Some(reference) = unknown {
            let message = format!("{address} refers to `{reference}`, which is not there yet");
            return refused(message, format!("import {} first", reference.address));
        }
    }
    Ok(plan)
}

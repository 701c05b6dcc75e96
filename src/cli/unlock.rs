//! `hzscript state unlock`: take a lock away from a run that is no more.

use hzscript::state::{Holder, StateStore};

use super::Tools;
use super::args::UnlockArguments;
use super::connect::StatePlace;
use super::error::Error;
use super::exit::Exit;
use super::prompt::{Consent, ask};
use super::render::escape;
use super::script::stack_name;

/// Warns, asks, and takes the lock away.
///
/// # Errors
/// When the stack is not locked, or with another lock.
pub async fn run(arguments: &UnlockArguments, tools: &Tools) -> Result<Exit, Error> {
    let name = stack_name(arguments.stack.stack.as_deref(), arguments.script.as_deref())?;
    let store = StatePlace::choose(&arguments.stack, &tools.environment).open_existing(&name).await?;
    let Some((store, holder)) = held(store).await? else {
        let help = "without a lock there is nothing to take away: run again".to_owned();
        return Err(Error::Usage { message: format!("stack {name} is not locked"), help: Some(help) });
    };
    if holder.id == arguments.id {
        tools.screen.err(&warning(&name, &holder, tools));
        if !arguments.yes && !consent(&name, tools).await? {
            return Ok(Exit::Failure);
        }
    }
    let owner = tools.environment.owner(&format!("state unlock {}", arguments.id));
    let unlocking = store.unlock(&arguments.id, &owner, &tools.environment.locking()).await?;
    let wait = unlocking.wait().as_secs_f64().ceil();
    if wait > 0.0 {
        tools
            .screen
            .err(&format!("That run cannot renew the lock any more, and has ended in {wait} s: waiting for that."));
    }
    tools.interrupt.cut(unlocking.finish()).await??;
    tools.screen.out(&format!("Stack {name} is not locked any more."));
    Ok(Exit::Success)
}

async fn held(store: Option<StateStore>) -> Result<Option<(StateStore, Holder)>, Error> {
    let Some(store) = store else { return Ok(None) };
    let holder = store.holder().await?;
    Ok(holder.map(|holder| (store, holder)))
}

fn warning(stack: &str, holder: &Holder, tools: &Tools) -> String {
    let alive = holder.renewal.is_some_and(|renewal| renewal.is_alive());
    let advice = match alive {
        true => {
            "That run is at work: it is going to be stopped in the middle of it. End it in its own terminal if you can."
        }
        false => "If that run is still at work, it is going to be stopped in the middle of it.",
    };
    let held = escape::line(&holder.to_string()).into_owned();
    format!("{} stack {stack} is locked by {held}.\n{advice}", tools.screen.err_palette().yellow("warning:"))
}

async fn consent(stack: &str, tools: &Tools) -> Result<bool, Error> {
    if !tools.environment.interactive {
        return Err(Error::Usage {
            message: "there is no terminal to ask on, so the lock was left as it is".to_owned(),
            help: Some(format!("to take it away: {} --yes", tools.command())),
        });
    }
    let question = format!("Take the lock of stack {stack} away?");
    let yes = ask(&question, Consent::Full, &tools.screen, &tools.interrupt).await?;
    if !yes {
        tools.screen.err("The lock was left as it is.");
    }
    Ok(yes)
}

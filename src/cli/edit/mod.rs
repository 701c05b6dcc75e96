//! Commands that change the state alone: no cloud is connected to. Each shows what becomes of the state, asks, and writes
//! it under the stack's lock.

pub mod forget;
pub mod history;
pub mod mv;
pub mod pull;
pub mod push;
pub mod restore;

use std::path::{Path, PathBuf};

use hzscript::engine::EngineError;
use hzscript::model::{Address, AddressError, Json};
use hzscript::state::edit::Found;
use hzscript::state::{Edit, EditError, Snapshot, StateStore, Target};

use super::Tools;
use super::args::StackArguments;
use super::connect::StatePlace;
use super::error::Error;
use super::exit::Exit;
use super::keys::{Sealing, Use, with_keys};
use super::known::not_there;
use super::prompt::{Consent, agreed};
use super::script::stack_name;
use super::state::print;

/// A stack whose state is worked on.
#[derive(Debug)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Where its state is.
    pub store: StateStore,
}

impl Place {
    /// The stack that the arguments name, which must have been run.
    ///
    /// # Errors
    /// When there is no such stack.
    pub async fn existing(stack: &StackArguments, script: Option<&Path>, tools: &Tools) -> Result<Self, Error> {
        let name = stack_name(stack.stack.as_deref(), script)?;
        let store = StatePlace::choose(stack, &tools.environment).open_existing(&name).await?;
        match store {
            Some(store) if store.stacks().await?.contains(&name) => {
                let store = with_keys(store, Sealing::of(Use::Idle), &stack.keys, None, tools).await?;
                Ok(Self { name, store })
            }
            store => Err(not_there(&name, script, store.as_ref()).await?),
        }
    }

    /// Does `work` under the lock, which is given back whatever comes of it.
    ///
    /// # Errors
    /// When somebody else has the lock, and those of the work.
    pub async fn locked<T>(
        &self,
        command: &str,
        tools: &Tools,
        work: impl AsyncFnOnce(&Edit) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let failed = |error| Error::Engine { error: Box::new(EngineError::State(error)), state: self.store.shown() };
        let edit =
            self.store.edit(&tools.environment.owner(command), &tools.environment.locking()).await.map_err(failed)?;
        let done = work(&edit).await;
        let ended = edit.end().await;
        let done = done?;
        ended?;
        Ok(done)
    }

    /// The state, which must be readable.
    ///
    /// # Errors
    /// When it is not.
    pub fn readable<'a>(&self, edit: &'a Edit) -> Result<&'a Snapshot, Error> {
        match edit.found() {
            Found::Whole(snapshot) => Ok(snapshot),
            Found::Damaged(damage) => Err(Error::State(damage.clone().into())),
            Found::Nothing => Err(Error::Usage { message: format!("stack {} was never run", self.name), help: None }),
        }
    }

    /// An error of an edit as one of the command line's.
    pub fn failed(&self, error: EditError) -> Error {
        Error::Edit { error: Box::new(error), stack: self.name.clone() }
    }
}

/// Asks before the state is changed: in full where it is that of an account.
///
/// # Errors
/// When nobody can be asked; Ctrl-C.
pub async fn consent(
    verb: &str,
    place: &Place,
    target: &Target,
    yes: bool,
    json: bool,
    tools: &Tools,
) -> Result<bool, Error> {
    if yes {
        return Ok(true);
    }
    let consent = if target.cloud == "aws" { Consent::Full } else { Consent::Short };
    let question = format!("{verb} the state of stack {} ({target})?", place.name);
    agreed(&question, consent, json, &tools.command(), tools).await
}

/// Says that there is nothing to do: as one JSON value where that is wanted.
fn nothing(json: Option<Json>, text: &str, tools: &Tools) -> Exit {
    match json {
        Some(json) => print(&json, tools),
        None => tools.screen.out(text),
    }
    Exit::Success
}

/// The words that are no script, and the script: a name that ends in `.rhai`.
///
/// # Errors
/// When there are several scripts, or neither a script nor a stack is named.
pub fn sorted(words: &[String], stack: &StackArguments) -> Result<(Vec<String>, Option<PathBuf>), Error> {
    let (scripts, rest): (Vec<String>, Vec<String>) = words.iter().cloned().partition(|word| word.ends_with(".rhai"));
    let usage = |message: &str| {
        let help = "name the script whose stack it is at the end (a name that ends in .rhai), or give --stack NAME";
        Error::Usage { message: message.to_owned(), help: Some(help.to_owned()) }
    };
    match scripts.as_slice() {
        [] if stack.stack.is_none() => Err(usage("which stack is meant is not said")),
        [] => Ok((rest, None)),
        [script] => Ok((rest, Some(PathBuf::from(script)))),
        _ => Err(usage("two scripts are named")),
    }
}

/// An address as it was typed.
///
/// # Errors
/// When it is none.
pub fn address(text: &str) -> Result<Address, Error> {
    text.parse().map_err(|error: AddressError| Error::Usage { message: error.to_string(), help: None })
}

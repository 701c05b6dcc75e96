//! `hzscript state`: what the state knows. Nothing is called and nothing is written here; the commands that change the state
//! are in [`super::edit`], [`super::unlock`] and [`super::rekey`].

use hzscript::model::{Address, Json};
use hzscript::state::{Recorded, Snapshot, Status};
use serde_json::json;

use super::Tools;
use super::args::{FolderArguments, StateCommand};
use super::connect::StatePlace;
use super::edit;
use super::error::Error;
use super::exit::Exit;
use super::known::{self, closest};
use super::rekey;
use super::render::table::table;
use super::render::{object, value};
use super::unlock;

/// Carries the command out.
///
/// # Errors
/// When there is no such stack or resource, or the state cannot be read.
pub async fn run(command: &StateCommand, tools: &Tools) -> Result<Exit, Error> {
    match command {
        StateCommand::List { script, stack, output } => {
            let snapshot = known::snapshot(stack, script.as_deref(), tools).await?;
            list(&snapshot, output.json, tools);
        }
        StateCommand::Show { address, script, stack, output } => {
            let snapshot = known::snapshot(stack, script.as_deref(), tools).await?;
            show(address, &snapshot, output.json, tools)?;
        }
        StateCommand::Unlock(arguments) => return unlock::run(arguments, tools).await,
        StateCommand::Rekey(arguments) => return rekey::run(arguments, tools).await,
        StateCommand::Stacks { state, folder, output } => stacks(state.as_deref(), folder, output.json, tools).await?,
        StateCommand::Mv(arguments) => return edit::mv::run(arguments, tools).await,
        StateCommand::Rm(arguments) => return edit::forget::run(arguments, tools).await,
        StateCommand::Pull(arguments) => return edit::pull::run(arguments, tools).await,
        StateCommand::Push(arguments) => return edit::push::run(arguments, tools).await,
        StateCommand::History(arguments) => return edit::history::run(arguments, tools).await,
        StateCommand::Restore(arguments) => return edit::restore::run(arguments, tools).await,
    }
    Ok(Exit::Success)
}

/// Live objects, then those that replacements have put aside.
fn objects(snapshot: &Snapshot) -> impl Iterator<Item = (&Address, &Recorded, bool)> {
    let aside = snapshot.deposed.iter().flat_map(|(address, aside)| aside.iter().map(move |one| (address, one, true)));
    snapshot.resources.iter().map(|(address, recorded)| (address, recorded, false)).chain(aside)
}

/// Lists what the stack has.
pub fn list(snapshot: &Snapshot, json: bool, tools: &Tools) {
    if json {
        let object = |(address, recorded, aside): (&Address, &Recorded, bool)| {
            let Recorded { kind, id, status, .. } = recorded;
            json!({ "address": address, "type": kind, "id": id, "status": status, "deposed": aside })
        };
        return print(&objects(snapshot).map(object).collect::<Json>(), tools);
    }
    tools.screen.out(&format!("Stack {} in {}", snapshot.stack, snapshot.target));
    if objects(snapshot).next().is_none() {
        tools.screen.out("It has no resources.");
        return;
    }
    let row = |(address, recorded, aside): (&Address, &Recorded, bool)| {
        let status = match (&recorded.status, aside) {
            (_, true) => "put aside".to_owned(),
            (Status::Ready, false) => String::new(),
            (status, false) => object::status(status),
        };
        [address.to_string(), recorded.kind.clone(), recorded.id.clone(), status]
    };
    tools.screen.out(&table(["ADDRESS", "TYPE", "ID", "STATUS"], objects(snapshot).map(row)));
}

/// Shows a resource in full.
///
/// # Errors
/// When the stack has none of that address.
pub fn show(address: &str, snapshot: &Snapshot, json: bool, tools: &Tools) -> Result<(), Error> {
    let found = snapshot.resources.iter().find(|(known, _)| known.to_string() == address);
    let Some((address, recorded)) = found else { return Err(no_address(address, snapshot)) };
    let needed_by: Vec<&Address> =
        snapshot.resources.iter().filter(|(_, other)| other.dependencies.contains(address)).map(|(by, _)| by).collect();
    if json {
        let mut shown = value::without_secrets(&serde_json::to_value(recorded).unwrap_or_default());
        if let Json::Object(members) = &mut shown {
            members.insert("address".to_owned(), json!(address));
            members.insert("neededBy".to_owned(), json!(needed_by));
        }
        print(&shown, tools);
    } else {
        tools.screen.out(&object::shown(address, recorded, &needed_by, tools.screen.out_palette()));
    }
    Ok(())
}

/// That the stack has no such resource, and which one may be meant: one that is spelt like it, or called the same.
fn no_address(wrong: &str, snapshot: &Snapshot) -> Error {
    let known: Vec<String> = snapshot.resources.keys().map(Address::to_string).collect();
    let near = closest(wrong, known.iter().map(String::as_str)).map(str::to_owned);
    let named = |address: &&String| address.split_once('.').is_some_and(|(_, name)| name == wrong);
    let meant = near.or_else(|| known.iter().find(named).cloned());
    let help = match meant {
        Some(address) => format!("did you mean {address}?"),
        None => format!("`hzscript state list --stack {}` lists those there are", snapshot.stack),
    };
    Error::Usage { message: format!("stack {} has no resource {wrong}", snapshot.stack), help: Some(help) }
}

async fn stacks(state: Option<&str>, folder: &FolderArguments, json: bool, tools: &Tools) -> Result<(), Error> {
    let place = StatePlace::of(state, folder, &tools.environment);
    let mut found = Vec::new();
    // Which stack the place is opened for makes no difference to which there are.
    if let Some(store) = place.open_existing("any").await? {
        for name in store.stacks().await? {
            found.extend(place.open(&name).await?.load().await?);
        }
    }
    if json {
        let object = |snapshot: &Snapshot| {
            let Snapshot { stack, target, serial, resources, .. } = snapshot;
            json!({ "stack": stack, "target": target, "serial": serial, "resources": resources.len() })
        };
        print(&found.iter().map(object).collect::<Json>(), tools);
    } else if found.is_empty() {
        tools.screen.out("No stack was ever run here.");
    } else {
        let row = |snapshot: Snapshot| {
            [
                snapshot.stack,
                snapshot.target.to_string(),
                snapshot.serial.to_string(),
                snapshot.resources.len().to_string(),
            ]
        };
        tools.screen.out(&table(["STACK", "TARGET", "SERIAL", "RESOURCES"], found.into_iter().map(row)));
    }
    Ok(())
}

/// Prints one JSON value.
pub fn print(json: &Json, tools: &Tools) {
    tools.screen.raw_out(&format!("{json:#}"));
}

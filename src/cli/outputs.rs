//! `hzscript outputs`: the outputs of the last run, from the state alone. Secrets are shown only when that is asked for.

use std::collections::BTreeMap;

use hzscript::engine::{outputs_in_clear, shown_outputs};
use hzscript::model::Json;
use hzscript::state::cipher::Way;
use hzscript::state::{Snapshot, StateStore};

use super::Tools;
use super::args::OutputsArguments;
use super::connect::{Folder, StatePlace, Target};
use super::error::Error;
use super::exit::Exit;
use super::keys::{Sealing, Use, with_keys};
use super::render::report;
use super::script::{similar, stack_name};

/// Shows them.
///
/// # Errors
/// When the state cannot be read, or a secret that is to be shown not be had.
pub async fn run(arguments: &OutputsArguments, tools: &Tools) -> Result<Exit, Error> {
    let name = stack_name(arguments.stack.stack.as_deref(), arguments.script.as_deref())?;
    let store = StatePlace::choose(&arguments.stack, &tools.environment).open_existing(&name).await?;
    let store = match store {
        Some(store) if arguments.show_secrets => Some(opened(store, arguments, tools).await?),
        store => store,
    };
    let snapshot = match &store {
        Some(store) => store.load().await?,
        None => None,
    };
    if snapshot.is_none()
        && let Some(path) = &arguments.script
        && let Some(help) = similar(path)
    {
        let reason = "there is no such file".to_owned();
        return Err(Error::Script { path: path.clone(), reason, help: Some(help) });
    }
    let outputs = match &snapshot {
        Some(snapshot) if arguments.show_secrets => in_clear(snapshot, store.as_ref())?,
        Some(snapshot) => shown_outputs(&snapshot.outputs),
        None => BTreeMap::new(),
    };
    if arguments.json {
        tools.screen.raw_out(&pretty(outputs));
    } else if let Some(text) = report::outputs(&outputs, tools.screen.out_palette()) {
        if let Some(snapshot) = &snapshot {
            tools.screen.out(&format!("Stack {name} in {}", snapshot.target));
        }
        tools.screen.out(&text);
    } else {
        let why = if snapshot.is_some() { "has no outputs" } else { "was never run, so there are no outputs" };
        tools.screen.err(&format!("Stack {name} {why}."));
    }
    Ok(Exit::Success)
}

/// The store with the key of its secrets.
async fn opened(store: StateStore, arguments: &OutputsArguments, tools: &Tools) -> Result<StateStore, Error> {
    let cloud = match store.seal().await?.map(|seal| seal.way) {
        Some(Way::Kms { .. }) => {
            let target = Target::choose(&arguments.target, &tools.environment)?;
            Some(tools.interrupt.cut(target.connect(&Folder::new(&arguments.stack.folder))).await??)
        }
        _ => None,
    };
    with_keys(store, Sealing::of(Use::Needed), &arguments.stack.keys, cloud.as_ref(), tools).await
}

fn in_clear(snapshot: &Snapshot, store: Option<&StateStore>) -> Result<BTreeMap<String, Json>, Error> {
    outputs_in_clear(&snapshot.outputs).map_err(|unknown| {
        let sealed = store.is_some_and(|store| store.keys().seal().is_some());
        let help =
            if sealed { "run the script again: it was last run before" } else { "run the script with --encrypt" };
        Error::Usage {
            message: format!("only hashes are kept of the secrets in {}", unknown.join(", ")),
            help: Some(help.to_owned()),
        }
    })
}

fn pretty(outputs: BTreeMap<String, Json>) -> String {
    let object: Json = outputs.into_iter().collect::<serde_json::Map<_, _>>().into();
    format!("{object:#}")
}

//! `hzscript outputs`: the outputs of the last run, from the state alone.

use std::collections::BTreeMap;

use hzscript::engine::shown_outputs;
use hzscript::model::Json;

use super::Tools;
use super::args::OutputsArguments;
use super::connect::StatePlace;
use super::error::Error;
use super::exit::Exit;
use super::render::report;
use super::script::{similar, stack_name};

/// Shows them.
///
/// # Errors
/// When the state cannot be read.
pub async fn run(arguments: &OutputsArguments, tools: &Tools) -> Result<Exit, Error> {
    let name = stack_name(arguments.stack.stack.as_deref(), arguments.script.as_deref())?;
    let store = StatePlace::choose(&arguments.stack).open_existing(&name)?;
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
    let outputs = snapshot.as_ref().map(|snapshot| shown_outputs(&snapshot.outputs)).unwrap_or_default();
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

fn pretty(outputs: BTreeMap<String, Json>) -> String {
    let object: Json = outputs.into_iter().collect::<serde_json::Map<_, _>>().into();
    format!("{object:#}")
}

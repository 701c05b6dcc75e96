//! `hzscript state history`: the last states that were written.

use hzscript::model::Json;
use hzscript::state::edit::whole::Difference;
use hzscript::state::{Snapshot, Version};
use serde_json::json;

use super::Place;
use crate::cli::Tools;
use crate::cli::args::HistoryArguments;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::render::table::table;
use crate::cli::state::print;

/// A copy, and the one before it, where both are readable.
type Pair<'a> = (&'a Version, Option<&'a Snapshot>);

/// Lists them, the oldest first.
///
/// # Errors
/// When there is no such stack, or the store fails.
pub async fn run(arguments: &HistoryArguments, tools: &Tools) -> Result<Exit, Error> {
    let place = Place::existing(&arguments.stack, arguments.script.as_deref(), tools).await?;
    let versions = place.store.versions().await?;
    let pairs: Vec<Pair<'_>> = versions
        .iter()
        .enumerate()
        .map(|(at, version)| (version, at.checked_sub(1).and_then(|at| versions[at].snapshot.as_ref().ok())))
        .collect();
    if arguments.output.json {
        print(&pairs.into_iter().map(object).collect::<Json>(), tools);
        return Ok(Exit::Success);
    }
    tools
        .screen
        .out(&table(["SERIAL", "WRITTEN", "RESOURCES", "CHANGES", "BY", "COMMAND"], pairs.into_iter().map(row)));
    if let Some(newest) = versions.last() {
        let records = place.store.records_since(newest.serial).await?;
        if records > 0 {
            tools.screen.out(&format!(
                "A run that was interrupted, or is at work, has written {records} records since; the next run begins with them."
            ));
        }
    }
    Ok(Exit::Success)
}

fn row((version, before): Pair<'_>) -> [String; 6] {
    let Version { serial, written, snapshot } = version;
    let Ok(snapshot) = snapshot else {
        return [
            serial.to_string(),
            written.clone(),
            String::new(),
            "not readable".to_owned(),
            String::new(),
            String::new(),
        ];
    };
    let changes = before.map_or_else(String::new, |before| {
        let Difference { added, changed, removed } = Difference::between(Some(before), snapshot);
        format!("+{} ~{} -{}", added.len(), changed.len(), removed.len())
    });
    let (user, command) =
        snapshot.made.as_ref().map(|made| (made.user.clone(), made.command.clone())).unwrap_or_default();
    [serial.to_string(), written.clone(), snapshot.resources.len().to_string(), changes, user, command]
}

fn object((version, before): Pair<'_>) -> Json {
    let Version { serial, written, snapshot } = version;
    let Ok(snapshot) = snapshot else { return json!({ "serial": serial, "written": written, "readable": false }) };
    let difference = before.map(|before| Difference::between(Some(before), snapshot));
    let counted = difference.map(|Difference { added, changed, removed }| {
        json!({ "added": added.len(), "changed": changed.len(), "removed": removed.len() })
    });
    json!({ "serial": serial, "written": written, "readable": true, "resources": snapshot.resources.len(),
        "changes": counted, "made": snapshot.made })
}

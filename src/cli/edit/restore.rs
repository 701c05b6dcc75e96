//! `hzscript state restore`: an earlier state as the newest.

use hzscript::state::edit::whole::Difference;
use hzscript::state::edit::{Doing, Restored, whole};
use serde_json::json;

use super::{Place, consent, nothing};
use crate::cli::Tools;
use crate::cli::args::RestoreArguments;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::render::edit as render;
use crate::cli::state::print;

/// Shows how it differs from what there is, asks, and writes it.
///
/// # Errors
/// When there is no such state, or it is damaged itself.
pub async fn run(arguments: &RestoreArguments, tools: &Tools) -> Result<Exit, Error> {
    let place = Place::existing(&arguments.stack, arguments.script.as_deref(), tools).await?;
    let json = arguments.output.json;
    let wanted = arguments.serial;
    place
        .locked(&format!("state restore {wanted}"), tools, async |edit| {
            let Restored { snapshot, unread, lost } =
                edit.restored(wanted).await.map_err(|error| place.failed(error))?;
            let difference = Difference::between(edit.before(), &snapshot);
            if let Some(before) = edit.before().filter(|before| whole::same(before, &snapshot)) {
                let json =
                    json.then(|| json!({ "stack": place.name, "serial": before.serial, "difference": difference }));
                let text = format!("The state there is says the same as serial {wanted}: nothing to restore.");
                return Ok(nothing(json, &text, tools));
            }
            if !json {
                tools.screen.out(&format!("Stack {} in {}", place.name, snapshot.target));
                if edit.is_damaged() {
                    tools.screen.out("The newest state cannot be read: everything below is what there will be.");
                }
                tools.screen.out(&render::difference(&difference, &lost, tools.screen.out_palette()));
                if !unread.is_empty() {
                    tools.screen.out(&render::unread(&unread, tools.screen.out_palette()));
                }
            }
            let verb = format!("Bring back serial {wanted} as");
            if !consent(&verb, &place, &snapshot.target, arguments.consent.yes, json, tools).await? {
                return Ok(Exit::Failure);
            }
            let serial = edit.write(snapshot, Doing::Restoring(wanted)).await?;
            if json {
                let value = json!({ "stack": place.name, "restored": wanted, "serial": serial,
                    "difference": difference, "unread": unread });
                print(&value, tools);
            } else {
                tools.screen.out(&format!("Restored: serial {wanted} is the newest state again, as serial {serial}."));
            }
            Ok(Exit::Success)
        })
        .await
}

//! `hzscript forget`, which is `hzscript state rm`: take objects out of the state and leave them in AWS.

use std::collections::BTreeSet;

use hzscript::model::Address;
use hzscript::state::edit::{Doing, addresses};
use serde_json::json;

use super::{Place, address, consent, sorted};
use crate::cli::Tools;
use crate::cli::args::ForgetArguments;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::render::table::table;
use crate::cli::state::print;

/// Shows what is forgotten, asks, and writes the state without it.
///
/// # Errors
/// When the stack has no such resource, or others need it.
pub async fn run(arguments: &ForgetArguments, tools: &Tools) -> Result<Exit, Error> {
    let (words, script) = sorted(&arguments.words, &arguments.stack)?;
    let named = words.iter().map(|word| address(word)).collect::<Result<BTreeSet<Address>, Error>>()?;
    if named.is_empty() {
        return Err(Error::Usage { message: "no resource is named".to_owned(), help: None });
    }
    let place = Place::existing(&arguments.stack, script.as_deref(), tools).await?;
    let json = arguments.output.json;
    place
        .locked(&format!("forget {}", words.join(" ")), tools, async |edit| {
            let before = place.readable(edit)?;
            let after = addresses::forgotten(before, &named).map_err(|error| place.failed(error))?;
            let objects: Vec<_> =
                named.iter().flat_map(|one| addresses::objects(before, one).map(move |recorded| (one, recorded))).collect();
            if !json {
                let row = |(address, recorded): &(&Address, &hzscript::state::Recorded)| {
                    [address.to_string(), recorded.kind.clone(), recorded.id.clone()]
                };
                tools.screen.out(&format!("Stack {} in {}", place.name, before.target));
                tools.screen.out(&table(["ADDRESS", "TYPE", "ID"], objects.iter().map(row)));
                tools.screen.out("They stay in AWS as they are, their tags included, and nothing looks after them any more.");
            }
            if !consent("Take this out of", &place, &before.target, arguments.consent.yes, json, tools).await? {
                return Ok(Exit::Failure);
            }
            let serial = edit.write(after, Doing::Forgetting(&named)).await?;
            if json {
                let object = |(address, recorded): &(&Address, &hzscript::state::Recorded)| {
                    json!({ "address": address, "type": recorded.kind, "id": recorded.id })
                };
                let forgotten: Vec<_> = objects.iter().map(object).collect();
                print(&json!({ "stack": place.name, "serial": serial, "forgotten": forgotten }), tools);
            } else {
                tools.screen.out(&format!(
                    "Forgotten (state {serial}). To take one up again, declare it with the option `id`; while the script \
                     declares it without, a run makes another."
                ));
            }
            Ok(Exit::Success)
        })
        .await
}

//! `hzscript state mv`: give objects other addresses, all of them or none.

use hzscript::model::Address;
use hzscript::state::edit::{Doing, addresses};
use serde_json::json;

use super::{Place, address, consent, sorted};
use crate::cli::Tools;
use crate::cli::args::MvArguments;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::render::table::table;
use crate::cli::state::print;

/// Shows what moves, asks, and writes the state.
///
/// # Errors
/// When an object is not there, a target is, or the pairs do not go together.
pub async fn run(arguments: &MvArguments, tools: &Tools) -> Result<Exit, Error> {
    let (words, script) = sorted(&arguments.words, &arguments.stack)?;
    let pairs = pairs(&words)?;
    let place = Place::existing(&arguments.stack, script.as_deref(), tools).await?;
    let json = arguments.output.json;
    place
        .locked(&format!("state mv {}", words.join(" ")), tools, async |edit| {
            let before = place.readable(edit)?;
            let after = addresses::moved(before, &pairs).map_err(|error| place.failed(error))?;
            let id = |address: &Address| before.resources.get(address).map(|recorded| recorded.id.clone());
            if !json {
                let row = |(from, to): &(Address, Address)| [from.to_string(), to.to_string(), id(from).unwrap_or_default()];
                tools.screen.out(&format!("Stack {} in {}", place.name, before.target));
                tools.screen.out(&table(["FROM", "TO", "ID"], pairs.iter().map(row)));
            }
            if !consent("Change these addresses in", &place, &before.target, arguments.consent.yes, json, tools).await? {
                return Ok(Exit::Failure);
            }
            let serial = edit.write(after, Doing::Moving(&pairs)).await?;
            if json {
                let moved = pairs.iter().map(|(from, to)| json!({ "from": from, "to": to, "id": id(from) }));
                let moved: Vec<_> = moved.collect();
                print(&json!({ "stack": place.name, "serial": serial, "moved": moved }), tools);
            } else {
                tools.screen.out(&format!(
                    "Moved (state {serial}). The script must say the new address now: a run would delete the object otherwise, \
                     and make another under the old one."
                ));
            }
            Ok(Exit::Success)
        })
        .await
}

/// `FROM TO`, or any number of `FROM=TO`.
fn pairs(words: &[String]) -> Result<Vec<(Address, Address)>, Error> {
    let split: Option<Vec<(&str, &str)>> = words.iter().map(|word| word.split_once('=')).collect();
    match (split, words) {
        (Some(split), [_, ..]) => split.into_iter().map(|(from, to)| Ok((address(from)?, address(to)?))).collect(),
        (None, [from, to]) if !from.contains('=') && !to.contains('=') => Ok(vec![(address(from)?, address(to)?)]),
        _ => Err(Error::Usage {
            message: "what becomes what is not said".to_owned(),
            help: Some("write one as FROM TO, several as FROM=TO FROM=TO".to_owned()),
        }),
    }
}

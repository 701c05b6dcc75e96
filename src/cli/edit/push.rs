//! `hzscript state push`: a state that was pulled in the place of the one there is.

use std::io::Read;
use std::path::Path;

use hzscript::state::edit::whole::Difference;
use hzscript::state::edit::{Doing, whole};
use hzscript::state::{Keyring, Snapshot};
use serde_json::json;

use super::{Place, consent, nothing};
use crate::cli::Tools;
use crate::cli::args::PushArguments;
use crate::cli::connect::{Folder, StatePlace};
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::keys::{Sealing, Use, with_keys};
use crate::cli::render::edit as render;
use crate::cli::script::{plain, stack_name};
use crate::cli::state::print;

/// The largest state that is read, in bytes.
const MAX_STATE: u64 = 1 << 30;

/// Shows how it differs from what there is, asks, and writes it.
///
/// # Errors
/// When the file is not as it was written, or its state is not for this.
pub async fn run(arguments: &PushArguments, tools: &Tools) -> Result<Exit, Error> {
    let bytes = bytes(&arguments.file)?;
    // Whose it is, before the keys of that stack are there to read it with.
    let named = read(&bytes, &Keyring::default(), &arguments.file)?;
    let given = arguments.stack.stack.as_deref();
    let name = match (given, &arguments.script) {
        (None, None) => stack_name(Some(&named.stack), None)?,
        (given, script) => stack_name(given, script.as_deref())?,
    };
    if arguments.stack.state.is_none() {
        Folder::new(&arguments.stack.folder).make()?;
    }
    let store = StatePlace::choose(&arguments.stack, &tools.environment).open(&name).await?;
    let store = with_keys(store, Sealing::of(Use::Idle), &arguments.stack.keys, None, tools).await?;
    let pushed = read(&bytes, store.keys(), &arguments.file)?;
    let place = Place { store, name };
    let json = arguments.output.json;
    place
        .locked(&format!("state push {}", arguments.file.display()), tools, async |edit| {
            if edit.is_damaged() && !arguments.force {
                place.readable(edit)?;
            }
            let there = edit.before();
            let pushing = whole::pushed(pushed, there, &place.name, arguments.force);
            let (after, lost) = pushing.map_err(|error| place.failed(error))?;
            let difference = Difference::between(there, &after);
            if there.is_some_and(|there| whole::same(there, &after)) {
                let serial = there.map(|there| there.serial);
                let json = json.then(|| json!({ "stack": place.name, "serial": serial, "difference": difference }));
                return Ok(nothing(json, "The state there is says the same: nothing to push.", tools));
            }
            if !json {
                tools.screen.out(&format!("Stack {} in {}", place.name, after.target));
                tools.screen.out(&render::difference(&difference, &lost, tools.screen.out_palette()));
            }
            if !consent("Put this in the place of", &place, &after.target, arguments.consent.yes, json, tools).await? {
                return Ok(Exit::Failure);
            }
            let serial = edit.write(after, Doing::Replacing).await?;
            if json {
                print(&json!({ "stack": place.name, "serial": serial, "difference": difference }), tools);
            } else {
                tools.screen.out(&format!("Pushed (state {serial})."));
            }
            Ok(Exit::Success)
        })
        .await
}

fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source: std::io::Error| Error::Usage {
        message: format!("cannot read {}: {}", path.display(), plain(&source)),
        help: None,
    };
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(MAX_STATE).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_STATE).read_to_end(&mut bytes))
    };
    read.map_err(failed)?;
    Ok(bytes)
}

fn read(bytes: &[u8], keys: &Keyring, path: &Path) -> Result<Snapshot, Error> {
    whole::read(bytes, keys).map_err(|error| Error::Edit { error: Box::new(error), stack: path.display().to_string() })
}

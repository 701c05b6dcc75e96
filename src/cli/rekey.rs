//! `hzscript state rekey`: encrypt the secrets of a stack, change what they are encrypted with, or keep hashes only.

use std::sync::Arc;

use hzscript::state::cipher::Way;
use hzscript::state::keys::{KeyService, Wanted};
use hzscript::state::{KeyError, Keyring, StateError, StateStore};
use serde_json::json;

use super::Tools;
use super::args::{Encrypt, RekeyArguments};
use super::connect::{Folder, StatePlace, Target};
use super::error::Error;
use super::exit::Exit;
use super::keys::{Sealing, Use, VARIABLE, asked, given, with_keys};
use super::known;
use super::script::stack_name;

/// The environment variable that has the new passphrase.
const NEW_VARIABLE: &str = "HZSCRIPT_NEW_PASSPHRASE";

/// Writes all that the stack has once more, under the new key.
///
/// # Errors
/// When there is no such stack, a key is missing or wrong, or somebody else is at work.
pub async fn run(arguments: &RekeyArguments, tools: &Tools) -> Result<Exit, Error> {
    let snapshot = known::snapshot(&arguments.stack, arguments.script.as_deref(), tools).await?;
    let name = stack_name(arguments.stack.stack.as_deref(), arguments.script.as_deref())?;
    let store = StatePlace::choose(&arguments.stack, &tools.environment).open(&name).await?;
    let before = store.seal().await?.map(|seal| seal.way);
    let Encrypt(wanted) = &arguments.encrypt;
    let is_kms = |way: &Option<Way>| matches!(way, Some(Way::Kms { .. }));
    let cloud = if is_kms(&before) || matches!(wanted, Some(Wanted::Kms { .. })) {
        let target = Target::choose(&arguments.target, &tools.environment)?;
        Some(tools.interrupt.cut(target.connect(&Folder::new(&arguments.stack.folder))).await??)
    } else {
        None
    };
    let texts = if arguments.discard_secrets { Use::Idle } else { Use::Needed };
    let opened = with_keys(store.clone(), Sealing::of(texts), &arguments.stack.keys, cloud.as_ref(), tools).await;
    let store = match opened {
        Err(Error::State(StateError::Key(KeyError::WrongPassphrase))) if arguments.discard_secrets => store,
        opened => opened?,
    };
    let passphrase = match wanted {
        Some(Wanted::Passphrase) => {
            let new = given(arguments.new_passphrase_file.as_deref(), NEW_VARIABLE, tools)?;
            // Where there was none, the one that is given is the new one.
            let same = match &before {
                Some(Way::Passphrase { .. }) => None,
                _ => given(arguments.stack.keys.passphrase_file.as_deref(), VARIABLE, tools)?,
            };
            match new.or(same) {
                None => Some(asked("New passphrase", true, tools).await?.ok_or_else(no_new_one)?),
                some => some,
            }
        }
        _ => None,
    };
    let service = cloud.map(|cloud| Arc::new(cloud) as Arc<dyn KeyService>);
    let to = Keyring::new(passphrase, service, wanted.clone());
    tools.interrupt.cut(to.begin(&snapshot.lineage)).await?.map_err(StateError::from)?;
    let written = write(&store, &to, arguments, &name, tools).await?;
    let now = to.seal().map(|seal| seal.way);
    if arguments.json {
        let how = now.as_ref().map(Way::name);
        tools.screen.raw_out(&format!("{:#}", json!({ "stack": name, "encrypted": how, "written": written })));
    } else {
        let objects = if written == 1 { "1 object" } else { &format!("{written} objects") };
        tools.screen.out(&match &now {
            Some(way) => format!("The secrets of stack {name} are encrypted with {} ({objects} written).", way.name()),
            None => format!("Of the secrets of stack {name} only hashes are kept ({objects} written)."),
        });
        if before.is_none() && now.is_some() {
            tools.screen.out("Their texts are there from the next run on.");
        }
    }
    Ok(Exit::Success)
}

async fn write(
    store: &StateStore,
    to: &Keyring,
    arguments: &RekeyArguments,
    name: &str,
    tools: &Tools,
) -> Result<usize, Error> {
    let owner = tools.environment.owner(&format!("state rekey --stack {name}"));
    let lock = store.lock(&owner, &tools.environment.locking()).await?;
    let written = store.rekey(to, arguments.discard_secrets).await;
    let released = lock.release().await;
    let written = written?;
    released?;
    Ok(written)
}

fn no_new_one() -> Error {
    Error::Usage {
        message: "there is no new passphrase, and no terminal to ask for it on".to_owned(),
        help: Some(format!("set {NEW_VARIABLE}, or give --new-passphrase-file FILE")),
    }
}

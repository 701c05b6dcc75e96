//! The keys of a stack's secrets: a passphrase from the environment, a file or the terminal, or AWS KMS.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use console::Term;
use hzscript::cloud::Cloud;
use hzscript::state::cipher::{Seal, Way};
use hzscript::state::keys::{KeyService, Passphrase, Wanted};
use hzscript::state::{KeyError, Keyring, StateError, StateStore};

use super::Tools;
use super::args::KeyArguments;
use super::error::Error;
use super::script::plain;

/// The environment variable that has the passphrase.
pub const VARIABLE: &str = "HZSCRIPT_PASSPHRASE";

/// The longest passphrase, in bytes.
const MAX_PASSPHRASE: u64 = 64 << 10;

/// How much a command depends on the texts of secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Not at all: nobody is asked and nothing called for them.
    Idle,
    /// It does more with them.
    Better,
    /// It cannot do without.
    Needed,
}

/// What a command wants with the secrets of a stack.
#[derive(Debug, Clone, Copy)]
pub struct Sealing<'a> {
    /// How much it depends on them.
    pub texts: Use,
    /// What to seal with where nothing is sealed yet.
    pub encrypt: Option<&'a Wanted>,
    /// The seal of what else is read, such as a saved plan.
    pub beside: Option<&'a Seal>,
}

impl Sealing<'_> {
    /// Of a command that seals nothing new.
    pub fn of(texts: Use) -> Self {
        Self { texts, encrypt: None, beside: None }
    }
}

/// The store with the keys that the command wants, as far as they are to be had.
///
/// # Errors
/// When one is needed and not there, or is another one than the stack is sealed with.
pub async fn with_keys(
    store: StateStore,
    sealing: Sealing<'_>,
    arguments: &KeyArguments,
    cloud: Option<&Cloud>,
    tools: &Tools,
) -> Result<StateStore, Error> {
    let seal = store.seal().await?;
    let known: Vec<&Seal> = seal.iter().chain(sealing.beside).collect();
    let first = known.is_empty();
    let by_passphrase = known.iter().any(|seal| matches!(seal.way, Way::Passphrase { .. }))
        || first && sealing.encrypt == Some(&Wanted::Passphrase);
    let by_kms = known.iter().any(|seal| matches!(seal.way, Way::Kms { .. }))
        || first && matches!(sealing.encrypt, Some(Wanted::Kms { .. }));
    let passphrase = if by_passphrase {
        let given = given(arguments.passphrase_file.as_deref(), VARIABLE, tools)?;
        match given {
            None if sealing.texts != Use::Idle => asked("Passphrase of the stack's secrets", first, tools).await?,
            given => given,
        }
    } else {
        None
    };
    let service = cloud.filter(|_| by_kms && sealing.texts != Use::Idle).cloned();
    let service = service.map(|cloud| Arc::new(cloud) as Arc<dyn KeyService>);
    let keys = Keyring::new(passphrase, service, sealing.encrypt.cloned());
    for seal in known {
        let opened = tools.interrupt.cut(keys.unlock(seal)).await?.map_err(StateError::from)?;
        if !opened && sealing.texts == Use::Needed {
            return Err(StateError::from(KeyError::Missing { way: seal.way.clone() }).into());
        }
    }
    keys.follow(seal);
    Ok(store.with_keys(keys))
}

/// The passphrase in a file, or in a variable of the environment.
///
/// # Errors
/// When the file cannot be read, or others may read it.
pub fn given(file: Option<&Path>, variable: &str, tools: &Tools) -> Result<Option<Passphrase>, Error> {
    let Some(path) = file else { return Ok(tools.environment.variable(variable).and_then(Passphrase::new)) };
    let failed = |reason: &str, help: Option<&str>| Error::Usage {
        message: format!("cannot take the passphrase from {}: {reason}", path.display()),
        help: help.map(str::to_owned),
    };
    let file = File::open(path).map_err(|error| failed(&plain(&error), None))?;
    if others_may_read(&file) {
        let help = format!("make it its owner's alone: chmod 600 {}", path.display());
        return Err(failed("others may read it", Some(&help)));
    }
    let mut text = String::new();
    file.take(MAX_PASSPHRASE + 1).read_to_string(&mut text).map_err(|error| failed(&plain(&error), None))?;
    if text.len() as u64 > MAX_PASSPHRASE {
        return Err(failed("it is too long", None));
    }
    let line = text.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).unwrap_or(&text);
    Passphrase::new(line).map(Some).ok_or_else(|| failed("it is empty", None))
}

#[cfg(unix)]
fn others_may_read(file: &File) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_may_read(_: &File) -> bool {
    false
}

/// Asks at the terminal, twice for a new one; `None` where there is nobody to ask.
///
/// # Errors
/// When the two differ, there was no answer, or the answer is Ctrl-C.
pub async fn asked(what: &str, new: bool, tools: &Tools) -> Result<Option<Passphrase>, Error> {
    if !tools.environment.interactive || tools.screen.is_json() {
        return Ok(None);
    }
    let first = hidden(&format!("{what}: "), tools).await?;
    if new && hidden("The same once more: ", tools).await? != first {
        let message = "the two are not the same; nothing was changed".to_owned();
        return Err(Error::Usage { message, help: None });
    }
    let none = || Error::Usage { message: "no passphrase was given; nothing was changed".to_owned(), help: None };
    Passphrase::new(first).map(Some).ok_or_else(none)
}

/// Reads a line that is not shown.
async fn hidden(question: &str, tools: &Tools) -> Result<String, Error> {
    let term = Term::stderr();
    let failed = |source| Error::Io { what: "ask for the passphrase".to_owned(), source };
    term.write_str(question).map_err(failed)?;
    let reading = term.clone();
    let read = tokio::task::spawn_blocking(move || reading.read_secure_line());
    let answer = tools.interrupt.cut(read).await.inspect_err(|_| {
        // The thread that reads has the terminal show nothing until it has its line.
        #[cfg(unix)]
        drop(std::process::Command::new("stty").arg("echo").status());
        tools.screen.err("");
    })?;
    answer.map_err(|error| failed(std::io::Error::other(error)))?.map_err(failed)
}

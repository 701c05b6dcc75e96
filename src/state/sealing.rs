//! Sealing the objects of a store: where the secrets of state are, and how all that is written changes its key.

use object_store::PutMode;
use object_store::path::Path;

use super::cipher::Seal;
use super::error::StateError;
use super::journal::Record;
use super::keys::{KeyError, Keyring, Sealed};
use super::sealed::{self, Broken};
use super::snapshot::{Recorded, Snapshot};
use super::store::StateStore;
use crate::model::{Secret, Secrets, Value};

impl Secrets for Recorded {
    fn visit_secrets(&mut self, visit: &mut dyn FnMut(&mut Secret)) {
        self.inputs.visit_secrets(visit);
        self.replace_on.visit_secrets(visit);
    }
}

impl Secrets for Record {
    fn visit_secrets(&mut self, visit: &mut dyn FnMut(&mut Secret)) {
        match self {
            Self::Intent { recorded, .. } | Self::Made { recorded, .. } => recorded.visit_secrets(visit),
            Self::Outputs { outputs } => outputs.visit_secrets(visit),
            Self::Refused { .. } | Self::Gone { .. } | Self::Moved { .. } => {}
        }
    }
}

impl Secrets for Snapshot {
    fn visit_secrets(&mut self, visit: &mut dyn FnMut(&mut Secret)) {
        self.resources.visit_secrets(visit);
        self.deposed.visit_secrets(visit);
        self.outputs.visit_secrets(visit);
        self.pending.visit_secrets(visit);
    }
}

impl StateStore {
    /// The same, with keys for its secrets.
    #[must_use]
    pub fn with_keys(self, keys: Keyring) -> Self {
        Self { keys, ..self }
    }

    /// The keys for its secrets.
    pub fn keys(&self) -> &Keyring {
        &self.keys
    }

    /// How the secrets of the stack are sealed; `None` when they are not, or there is no such stack.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn seal(&self) -> Result<Option<Seal>, StateError> {
        let path = self.snapshot_path();
        Ok(self.raw(&path).await?.and_then(|bytes| sealed::sealed(&bytes)).map(|sealed| sealed.seal))
    }

    pub(super) fn snapshot_path(&self) -> Path {
        self.folder.clone().join("snapshot.json")
    }

    /// Gets the key of an object that was read, if it is sealed and there is a way to the key. The snapshot's seal is that
    /// of the stack.
    pub(super) async fn meet(&self, path: &Path, bytes: &[u8]) -> Result<(), StateError> {
        let seal = sealed::sealed(bytes).map(|sealed| sealed.seal);
        if let Some(seal) = seal.as_ref().filter(|_| self.keys.has_means()) {
            self.keys.unlock(seal).await?;
        }
        if *path == self.snapshot_path() {
            self.keys.follow(seal);
        }
        Ok(())
    }

    /// Seals all that the stack has with the key of `to`, or takes the seals off when it has none. The snapshot comes last:
    /// when this is interrupted, the same once more completes it. With `discard`, what cannot be opened is given up. Says how
    /// many objects it wrote.
    ///
    /// # Errors
    /// When a key is missing, or the store fails.
    pub async fn rekey(&self, to: &Keyring, discard: bool) -> Result<usize, StateError> {
        let last = self.snapshot_path();
        let mut paths = self.objects(&self.folder).await?;
        paths.retain(|path| *path != last);
        let mut written = 0;
        for path in paths {
            let Some(bytes) = self.raw(&path).await? else { continue };
            if sealed::sealed(&bytes).is_none_or(|sealed| Some(sealed.seal) == to.seal()) {
                continue;
            }
            self.write_again(&path, &bytes, to, discard).await?;
            written += 1;
        }
        if let Some(bytes) = self.raw(&last).await? {
            self.write_again(&last, &bytes, to, discard).await?;
            written += 1;
        }
        Ok(written)
    }

    async fn write_again(&self, path: &Path, bytes: &[u8], to: &Keyring, discard: bool) -> Result<(), StateError> {
        let (json, sealed) = sealed::take_apart(bytes).map_err(|broken| self.broken(path, broken))?;
        // Where nothing was sealed so far, no text is known.
        let nothing = || to.close(&Vec::<Value>::new());
        let again = match &sealed {
            None => nothing()?,
            Some(sealed) => match self.opening(sealed, to).await {
                Ok(from) => {
                    let altered = || self.broken(path, Broken::Because("a sealed secret was altered".to_owned()));
                    from.close_again(sealed, to)?.map_err(|_| altered())?
                }
                Err(_) if discard => nothing()?,
                Err(error) => return Err(error),
            },
        };
        let bytes = sealed::put_together(json, again.as_ref()).map_err(|error| self.corrupt(path, &error))?;
        self.put(path, bytes, PutMode::Overwrite).await
    }

    /// The keyring that opens what is sealed: one that was interrupted before may have sealed it with what is to come.
    async fn opening<'a>(&'a self, sealed: &Sealed, to: &'a Keyring) -> Result<&'a Keyring, StateError> {
        match self.keys.unlock(&sealed.seal).await {
            Ok(true) => Ok(&self.keys),
            no => match (no, to.unlock(&sealed.seal).await) {
                (_, Ok(true)) => Ok(to),
                (Err(error), _) => Err(error.into()),
                (Ok(_), _) => Err(KeyError::Missing { way: sealed.seal.way.clone() }.into()),
            },
        }
    }
}

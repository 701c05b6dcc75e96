//! The lock of a stack: who is at work on it. One at a time is.

use std::path::Path as FilePath;

use object_store::PutMode;
use object_store::path::Path;
use serde::{Deserialize, Serialize};

use super::error::StateError;
use super::store::StateStore;

/// Who works on a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The user's name.
    pub user: String,
    /// The machine's name.
    pub host: String,
    /// The process.
    pub process: u32,
    /// The command.
    pub command: String,
    /// Since when (RFC 3339).
    pub since: String,
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { user, host, process, command, since } = self;
        write!(f, "{user} on {host} (process {process}, `{command}`) since {since}")
    }
}

impl StateStore {
    /// Takes the lock. One left by a process of this machine that is no more is taken over.
    ///
    /// # Errors
    /// [`StateError::Locked`] when somebody else has it.
    pub async fn lock(&self, owner: &Owner) -> Result<Lock, StateError> {
        let path = self.folder.clone().join("lock.json");
        let mut text = serde_json::to_vec_pretty(owner).map_err(|error| self.corrupt(&path, &error))?;
        text.push(b'\n');
        loop {
            match self.put(&path, text.clone(), PutMode::Create).await {
                Ok(()) => return Ok(Lock { store: self.clone(), path }),
                Err(StateError::Store { source: object_store::Error::AlreadyExists { .. }, .. }) => {}
                Err(error) => return Err(error),
            }
            let Some(bytes) = self.read(&path).await? else { continue };
            let holder: Owner = serde_json::from_slice(&bytes).map_err(|error| self.corrupt(&path, &error))?;
            if holder.host != owner.host || is_running(holder.process) {
                return Err(StateError::Locked(Box::new(holder)));
            }
            self.remove(&path).await?;
        }
    }
}

/// Whether a process of this machine is alive; where that cannot be told, it is taken to be.
fn is_running(process: u32) -> bool {
    let table = FilePath::new("/proc");
    !table.join("self").exists() || table.join(process.to_string()).exists()
}

/// The right to change a stack, until released.
#[derive(Debug)]
pub struct Lock {
    store: StateStore,
    path: Path,
}

impl Lock {
    /// Gives the lock back.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn release(self) -> Result<(), StateError> {
        self.store.remove(&self.path).await
    }
}

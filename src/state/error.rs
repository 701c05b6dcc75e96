//! [`StateError`]: why state could not be read or written.

use super::keys::KeyError;
use super::lock::{Holder, Lost};
use super::snapshot::NEWEST_FORMAT;

/// Why state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The address of the store is not one.
    #[error("`{url}` is not a place for state: {reason}")]
    BadUrl {
        /// As given.
        url: String,
        /// Why not.
        reason: String,
    },
    /// The store refused or failed.
    #[error("state at {path}: {source}")]
    Store {
        /// The object.
        path: String,
        /// The cause.
        #[source]
        source: object_store::Error,
    },
    /// What was read is not what was written.
    #[error("{path} is not readable: {reason}")]
    Corrupt {
        /// The object.
        path: String,
        /// Why.
        reason: String,
        /// For a snapshot, the newest good copy there is.
        copy: Option<KeptCopy>,
    },
    /// A newer version of the program wrote it.
    #[error("{path} has format {found}; this version knows {NEWEST_FORMAT}")]
    Newer {
        /// The object.
        path: String,
        /// Its format.
        found: u64,
    },
    /// The store writes over what exists, whatever it is asked for.
    #[error("{place} ignores the condition that an object must not exist yet")]
    Unconditional {
        /// Where the state was to be.
        place: String,
    },
    /// Somebody else is at work on the stack.
    #[error("the stack is locked by {0}")]
    Locked(Box<Holder>),
    /// The run does not have its lock any longer: it may write nothing more.
    #[error("the lock was lost: {0}")]
    Lost(Lost),
    /// The lock to be taken away is not the one there is.
    #[error("the stack is {}, not with lock {asked}", holder.as_ref().map_or_else(|| "not locked".to_owned(), |holder| format!("locked with lock {}", holder.id)))]
    OtherLock {
        /// The identifier that was given.
        asked: String,
        /// Who has the lock, if anybody has.
        holder: Option<Box<Holder>>,
    },
    /// Its secrets cannot be sealed, or their texts not be had.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// A copy of a snapshot that is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCopy {
    /// The object.
    pub path: String,
    /// The stack.
    pub stack: String,
    /// The serial of the snapshot.
    pub serial: u64,
}

//! What the last runs made: a snapshot per stack, and a journal of the steps since.
//!
//! [`snapshot`] and [`journal`] are pure data and a pure next state; [`store`] is where they are kept.

mod asked;
mod error;
mod history;
pub mod journal;
mod ledger;
mod lock;
mod objects;
mod sealed;
pub mod snapshot;
pub mod store;

pub use error::StateError;
pub use journal::{Record, Verb};
pub use ledger::{Journal, Ledger};
pub use lock::{Holder, LEASE, Lease, Lock, Locking, Lost, Owner, ProcessIdentity, Renewal, Surroundings, Unlocking};
pub use snapshot::{Awaited, Recorded, Snapshot, Status, Target};
pub use store::StateStore;

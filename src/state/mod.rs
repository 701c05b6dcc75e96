//! What the last runs made: a snapshot per stack, and a journal of the steps since.
//!
//! [`snapshot`] and [`journal`] are pure data and a pure next state; [`store`] is where they are kept.

mod asked;
pub mod journal;
mod sealed;
pub mod snapshot;
pub mod store;

pub use journal::{Record, Verb};
pub use snapshot::{Awaited, Recorded, Snapshot, Status, Target};
pub use store::{Journal, Ledger, Lock, Owner, StateError, StateStore};

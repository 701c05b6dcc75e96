//! What the last runs made: a snapshot per stack, and a journal of the steps since.
//!
//! [`snapshot`] and [`journal`] are pure data and a pure next state; [`store`] is where they are kept.

mod asked;
pub mod cipher;
mod crashing;
pub mod edit;
mod error;
pub mod history;
pub mod journal;
pub mod keys;
mod ledger;
mod lock;
mod objects;
mod programs;
mod sealed;
mod sealing;
pub mod snapshot;
pub mod store;

pub use edit::{Edit, EditError};
pub use error::{KeptCopy, StateError};
pub use history::Version;
pub use journal::{Record, Verb};
pub use keys::{KeyError, Keyring};
pub use ledger::{Journal, Ledger};
pub use lock::{Holder, LEASE, Lease, Lock, Locking, Lost, Owner, ProcessIdentity, Renewal, Surroundings, Unlocking};
pub use programs::Executed;
pub use snapshot::{Awaited, Made, Recorded, Snapshot, Status, Target};
pub use store::StateStore;

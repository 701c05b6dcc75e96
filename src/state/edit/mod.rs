//! Changes of the state alone: nothing in AWS is asked or changed. What may be changed and what becomes of it are pure
//! functions of snapshots ([`addresses`], [`whole`]); an [`Edit`] holds the lock and writes.
//!
//! What an edit writes has the next serial, and the state it takes the place of is kept in the history. The snapshot is
//! one object: whenever an edit is interrupted, either it is done or nothing is.

pub mod addresses;
mod error;
pub mod whole;

use std::collections::BTreeSet;

use super::error::{KeptCopy, StateError};
use super::journal::Record;
use super::lock::{Lock, Locking, Owner};
use super::programs::Executed;
use super::snapshot::{Made, Snapshot};
use super::store::StateStore;
use crate::model::Address;

pub use error::EditError;

/// Work on the state alone, under its lock.
#[derive(Debug)]
pub struct Edit {
    store: StateStore,
    lock: Lock,
    made: Made,
    found: Found,
}

/// The state as an edit found it.
#[derive(Debug)]
pub enum Found {
    /// The stack was never run.
    Nothing,
    /// It is readable, as this.
    Whole(Box<Snapshot>),
    /// It is not as it was written: [`Edit::restored`] is what is left to do.
    Damaged(Damage),
}

/// What is the matter with a state that is not as it was written.
#[derive(Debug, Clone)]
pub struct Damage {
    path: String,
    reason: String,
    copy: Option<KeptCopy>,
}

impl From<Damage> for StateError {
    fn from(Damage { path, reason, copy }: Damage) -> Self {
        Self::Corrupt { path, reason, copy }
    }
}

/// An earlier state to bring back.
#[derive(Debug)]
pub struct Restored {
    /// What is to be written.
    pub snapshot: Snapshot,
    /// Where the newest state is damaged: records of the journal that cannot be read either.
    pub unread: Vec<String>,
    /// Creations that an interrupted run may have carried out, and which are not looked for any more.
    pub lost: Vec<Record>,
}

/// What an edit does to the state, as far as what was executed before is concerned: the program is kept again under the
/// new serial, so that going back finds objects under the addresses that they have now.
#[derive(Debug, Clone, Copy)]
pub enum Doing<'a> {
    /// Objects get other addresses: from and to.
    Moving(&'a [(Address, Address)]),
    /// Objects of these addresses are not looked after any more.
    Forgetting(&'a BTreeSet<Address>),
    /// The state of this serial is brought back.
    Restoring(u64),
    /// The state is one of which it is not known what it was to be.
    Replacing,
}

impl StateStore {
    /// Begins to change the state alone: takes the lock and reads what there is.
    ///
    /// # Errors
    /// When somebody else has the lock, the store fails, or a newer version of the program wrote the state.
    pub async fn edit(&self, owner: &Owner, locking: &Locking) -> Result<Edit, StateError> {
        let lock = self.lock(owner, locking).await?;
        let found = match self.load().await {
            Ok(None) => Found::Nothing,
            Ok(Some(snapshot)) => Found::Whole(Box::new(snapshot)),
            Err(StateError::Corrupt { path, reason, copy }) => Found::Damaged(Damage { path, reason, copy }),
            Err(error) => {
                // Why it could not be begun tells more than why the lock stays.
                let _ = lock.release().await;
                return Err(error);
            }
        };
        Ok(Edit { store: self.clone(), lock, made: Made::by(owner), found })
    }
}

impl Edit {
    /// The state as it was found.
    pub fn found(&self) -> &Found {
        &self.found
    }

    /// The state before the edit, where it is readable.
    pub fn before(&self) -> Option<&Snapshot> {
        match &self.found {
            Found::Whole(snapshot) => Some(snapshot),
            Found::Nothing | Found::Damaged(_) => None,
        }
    }

    /// Whether the state is not as it was written.
    pub fn is_damaged(&self) -> bool {
        matches!(self.found, Found::Damaged(_))
    }

    /// What bringing back the snapshot of `serial` writes. Generations and calls without an outcome that are known since
    /// are counted on ([`whole::counted_on`]). Where the newest snapshot is damaged, records that follow this one are part
    /// of what is brought back, as far as they can be read.
    ///
    /// # Errors
    /// [`EditError::NoVersion`] when there is no such copy; the copy's own damage.
    pub async fn restored(&self, serial: u64) -> Result<Restored, EditError> {
        let Some(mut snapshot) = self.store.version(serial).await? else {
            let kept = self.store.versions().await?;
            return Err(EditError::NoVersion {
                serial,
                kept: kept.into_iter().map(|version| version.serial).collect(),
            });
        };
        let (mut unread, mut lost) = (Vec::new(), Vec::new());
        match &self.found {
            Found::Nothing => {}
            Found::Whole(newest) => lost = whole::counted_on(&mut snapshot, newest),
            Found::Damaged(_) => {
                unread = self.store.replay(&mut snapshot).await?;
                for version in self.store.versions().await?.into_iter().filter(|version| version.serial > serial) {
                    let Ok(mut newer) = version.snapshot else { continue };
                    // What cannot be read of it would not be known anyhow.
                    self.store.replay(&mut newer).await?;
                    let also = whole::counted_on(&mut snapshot, &newer);
                    lost.extend(also.into_iter().filter(|record| !lost.contains(record)).collect::<Vec<_>>());
                }
            }
        }
        Ok(Restored { snapshot, unread, lost })
    }

    /// Writes the state that is to be, with the next serial, which is given back. The state as it was found is kept in the
    /// history first.
    ///
    /// # Errors
    /// When the store fails or the lock is lost: the state is then as it was found.
    pub async fn write(&self, after: Snapshot, doing: Doing<'_>) -> Result<u64, StateError> {
        self.lock.lease().while_held(self.put_in_place(after, doing)).await
    }

    async fn put_in_place(&self, mut after: Snapshot, doing: Doing<'_>) -> Result<u64, StateError> {
        let newest = match &self.found {
            Found::Whole(before) => {
                let mut kept = (**before).clone();
                self.store.keep(&mut kept).await?;
                Some(kept.serial)
            }
            Found::Nothing | Found::Damaged(_) => self.store.newest_serial().await?,
        };
        after.serial = newest.map_or(after.serial, |newest| after.serial.max(newest + 1));
        after.made = Some(self.made.clone());
        let executed = self.executed(newest, after.serial, doing).await;
        self.store.keep_program(&executed).await?;
        self.store.save(&after).await?;
        Ok(after.serial)
    }

    /// What was executed, as the state of `serial` has it. What is not the program of the state before is not known.
    async fn executed(&self, before: Option<u64>, serial: u64, doing: Doing<'_>) -> Executed {
        let of = match doing {
            Doing::Restoring(serial) => Some(serial),
            Doing::Moving(_) | Doing::Forgetting(_) => before,
            Doing::Replacing => None,
        };
        let known = match of {
            // One that cannot be read keeps nobody from bringing back the state.
            Some(of) => self.store.program(of).await.unwrap_or_default(),
            None => None,
        };
        let Some(known) = known else { return Executed::new(serial, false, &self.made, None) };
        known.kept_again(serial, |program| match doing {
            Doing::Moving(pairs) => program.moved(pairs),
            Doing::Forgetting(addresses) => program.without(addresses),
            Doing::Restoring(_) | Doing::Replacing => program,
        })
    }

    /// Gives the lock back.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end(self) -> Result<(), StateError> {
        self.lock.release().await
    }
}

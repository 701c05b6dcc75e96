//! Taking a lock away from whoever has it.
//!
//! Whoever has it hears of that when it is to be renewed, or not at all: until its lease has ended it may make calls. So
//! the lock is first taken by whoever takes it away, which ends its being renewed, and given back only when the lease
//! has ended.

use std::time::Duration;

use super::earlier::EARLIER;
use super::log::{Claim, Entry};
use super::{ATTEMPTS, Holder, Locking, Owner};
use crate::state::error::StateError;
use crate::state::store::StateStore;

/// A lock that was taken away and is not free yet.
#[derive(Debug)]
pub struct Unlocking {
    store: StateStore,
    /// What was said when it was taken away, and in which number; none for the lock of an earlier version.
    taken: Option<(u64, Entry)>,
    wait: Duration,
}

impl StateStore {
    /// Takes the lock `id` away from whoever has it. To be used only when that run is known to be no more, or to do
    /// nothing: what it did last may not have been written down.
    ///
    /// # Errors
    /// [`StateError::OtherLock`] when nobody has it, or the lock has another identifier.
    pub async fn unlock(&self, id: &str, owner: &Owner, locking: &Locking) -> Result<Unlocking, StateError> {
        for _ in 0..ATTEMPTS {
            let last = self.last_entry().await?.filter(|last| last.entry.claim != Claim::Released);
            let Some(last) = last else {
                let earlier = self.read_earlier_lock().await?;
                if id != EARLIER || earlier.is_none() {
                    return Err(other(id, earlier));
                }
                self.remove(&self.earlier_object()).await?;
                return Ok(Unlocking { store: self.clone(), taken: None, wait: Duration::ZERO });
            };
            let Some(renewal) = self.renewal(&last).await? else { continue };
            if last.entry.lock != id {
                return Err(other(id, Some(last.entry.held(renewal))));
            }
            let wait = if last.entry.is_free(&*locking.surroundings) { Duration::ZERO } else { renewal.left() };
            let (next, entry) = (self.after(&last)?, Entry::new(owner, last.entry.lease(), Claim::Forced));
            if self.create_entry(next, &entry).await? && self.is_last(next).await? {
                return Ok(Unlocking { store: self.clone(), taken: Some((next, entry)), wait });
            }
        }
        Err(self.unsettled())
    }
}

fn other(asked: &str, holder: Option<Holder>) -> StateError {
    StateError::OtherLock { asked: asked.to_owned(), holder: holder.map(Box::new) }
}

impl Unlocking {
    /// For how long whoever had it may still make calls.
    pub fn wait(&self) -> Duration {
        self.wait
    }

    /// Waits until whoever had it makes no calls any more, and gives it back.
    ///
    /// # Errors
    /// When the store fails; the lock then becomes free by itself a lease later.
    pub async fn finish(self) -> Result<(), StateError> {
        tokio::time::sleep(self.wait).await;
        if let Some((number, entry)) = self.taken {
            // Had somebody else it by now, it would be free, too.
            self.store.create_entry(number + 1, &entry.saying(Claim::Released)).await?;
            self.store.remove_before(number + 1).await;
        }
        Ok(())
    }
}

//! Taking the lock, waiting for it when that is wanted; and that a run without it calls nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Engine, EngineError};
use crate::cloud::{Closed, Cloud, Gate, Request};
use crate::event::Event;
use crate::model::Address;
use crate::state::{Lease, Ledger, Lock, Owner, Record, StateError};

/// How often it is looked whether a lock that is waited for has become free.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl Engine {
    /// Takes the lock, as soon as it is free where that may take a while.
    pub(super) async fn take_lock(&self, owner: &Owner) -> Result<Lock, EngineError> {
        let began = Instant::now();
        let mut told = None;
        loop {
            let holder = match self.store.lock(owner, &self.locking).await {
                Err(StateError::Locked(holder)) if began.elapsed() < self.locking.wait => holder,
                taken => return Ok(taken?),
            };
            if told.replace(holder.id.clone()) != Some(holder.id.clone()) {
                self.events.send(Event::WaitingForLock { holder: holder.to_string(), id: holder.id });
            }
            let left = self.locking.wait.saturating_sub(began.elapsed());
            self.settings.stop.sleep(LOOK_AGAIN.min(left)).await;
            if self.settings.stop.asked() {
                return Err(EngineError::StoppedWaiting);
            }
        }
    }

    /// The connection for as long as the lock holds.
    pub(super) fn cloud_under(&self, lease: &Lease) -> Cloud {
        self.cloud.guarded(Arc::new(lease.clone()))
    }
}

impl Gate for Lease {
    fn pass(&self, _: Request<'_>) -> Result<(), Closed> {
        self.check().map_err(|lost| Closed(format!("the lock was lost: {lost}")))
    }
}

/// The error that ended something: that the lock was lost where it was, whatever that led to.
pub(super) async fn cause(error: EngineError, ledger: &Ledger) -> EngineError {
    match ledger.check() {
        Err(StateError::Lost(lost)) => EngineError::LockLost { lost, in_flight: in_flight(ledger).await },
        _ => error,
    }
}

/// Resources of which a call was begun whose outcome is not written down.
async fn in_flight(ledger: &Ledger) -> Vec<Address> {
    let pending = ledger.snapshot().await.pending;
    let addresses: BTreeSet<Address> = pending
        .into_iter()
        .filter_map(|record| match record {
            Record::Intent { address, .. } => Some(address),
            _ => None,
        })
        .collect();
    addresses.into_iter().collect()
}

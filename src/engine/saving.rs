//! Writing the state at the end of a run. The journal has everything already; that the snapshot cannot be written loses
//! nothing, and is still not taken lightly: it is tried again, and then handed to the caller, to be kept elsewhere.

use std::time::Duration;

use super::Engine;
use super::error::EngineError;
use crate::apply::execute::Report;
use crate::event::Event;
use crate::state::{Ledger, Made, Snapshot, StateError};

/// The pauses between attempts, on AWS.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];

/// What a run did, whose state could not be written.
#[derive(Debug)]
pub struct Unsaved {
    /// How the run went.
    pub report: Report,
    /// The serial of the state.
    pub serial: u64,
    /// The state as it would have been written.
    pub bytes: Vec<u8>,
    /// Why it was not.
    pub cause: StateError,
}

impl Engine {
    /// Writes the state that a run ends in, with patience for as long as the lock holds.
    pub(super) async fn save(
        &self,
        ledger: &Ledger,
        made: Option<Made>,
        report: Report,
    ) -> Result<Report, EngineError> {
        let snapshot = last(ledger, made).await;
        let mut pauses = PAUSES.iter();
        loop {
            let Err(cause) = ledger.while_held(self.store.save(&snapshot)).await else { return Ok(report) };
            if let StateError::Lost(_) = cause {
                return Err(cause.into());
            }
            let Some(pause) = pauses.next() else {
                let bytes = self.store.bytes(&snapshot)?;
                return Err(EngineError::NotSaved(Box::new(Unsaved { report, serial: snapshot.serial, bytes, cause })));
            };
            let after = self.cloud.paced(*pause);
            self.events.send(Event::StateRetrying { reason: cause.to_string(), after });
            tokio::time::sleep(after).await;
        }
    }
}

/// The state at the end of work on it.
pub(super) async fn last(ledger: &Ledger, made: Option<Made>) -> Snapshot {
    let mut snapshot = ledger.snapshot().await;
    snapshot.serial += 1;
    snapshot.made = made;
    snapshot
}

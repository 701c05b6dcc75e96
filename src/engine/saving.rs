//! Writing the state at the end of a run. The journal has everything already; that the snapshot cannot be written loses
//! nothing, and is still not taken lightly: it is tried again, and then handed to the caller, to be kept elsewhere.

use std::time::Duration;

use super::Engine;
use super::error::EngineError;
use crate::apply::execute::Report;
use crate::event::Event;
use crate::state::{Executed, Ledger, Made, Snapshot, StateError};

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
    /// Writes the state that a run ends in and what it executed, with patience for as long as the lock holds.
    pub(super) async fn save(
        &self,
        ledger: &Ledger,
        made: &Made,
        report: Report,
        executed: &Executed,
    ) -> Result<(Report, Snapshot), EngineError> {
        let snapshot = last(ledger, Some(made.clone())).await;
        let mut pauses = PAUSES.iter();
        loop {
            let (cause, saved) = match ledger.while_held(self.write(&snapshot, Some(executed))).await {
                Ok(Ok(())) => return Ok((report, snapshot)),
                Err(cause @ StateError::Lost(_)) => return Err(cause.into()),
                Ok(Err(cause)) => (cause, true),
                Err(cause) => (cause, false),
            };
            let Some(pause) = pauses.next() else {
                if saved {
                    return Err(cause.into());
                }
                let bytes = self.store.bytes(&snapshot)?;
                return Err(EngineError::NotSaved(Box::new(Unsaved { report, serial: snapshot.serial, bytes, cause })));
            };
            let after = self.cloud.paced(*pause);
            self.events.send(Event::StateRetrying { reason: cause.to_string(), after });
            tokio::time::sleep(after).await;
        }
    }

    /// Writes what was executed, then the state. The state matters more than what could be gone back to: it is written all
    /// the same, and the answer says whether the program was.
    pub(super) async fn write(
        &self,
        snapshot: &Snapshot,
        executed: Option<&Executed>,
    ) -> Result<Result<(), StateError>, StateError> {
        let kept = match executed {
            Some(executed) => self.store.keep_program(executed).await,
            None => Ok(()),
        };
        self.store.save(snapshot).await?;
        Ok(kept)
    }
}

/// The state at the end of work on it.
pub(super) async fn last(ledger: &Ledger, made: Option<Made>) -> Snapshot {
    let mut snapshot = ledger.snapshot().await;
    snapshot.serial += 1;
    snapshot.made = made;
    snapshot
}

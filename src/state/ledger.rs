//! [`Ledger`]: a snapshot in memory, and the [`Journal`] that keeps pace with it in the store.

use std::sync::atomic::{AtomicU64, Ordering};

use object_store::PutMode;
use object_store::path::Path;
use tokio::sync::Mutex;

use super::error::StateError;
use super::journal::Record;
use super::lock::{Lease, Lost};
use super::snapshot::Snapshot;
use super::store::StateStore;
use crate::model::{Secret, Secrets};

/// The records of a run, each written before the run goes on.
#[derive(Debug)]
pub struct Journal {
    store: StateStore,
    serial: u64,
    next: AtomicU64,
}

impl Journal {
    /// Writes a record. The run must stop when this fails.
    ///
    /// # Errors
    /// When the store fails, or the record's place is taken by another writer.
    pub async fn append(&self, record: &Record) -> Result<(), StateError> {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let name = format!("{:010}-{number:08}.json", self.serial);
        let path = self.store.folder.clone().join("journal").join(name);
        self.store.write(&path, record, PutMode::Create).await
    }
}

impl StateStore {
    /// A journal whose records follow the snapshot of this serial and those already written since.
    pub(super) async fn journal(&self, serial: u64) -> Result<Journal, StateError> {
        let last = self.journal_objects(Some(serial)).await?.last().and_then(record_number);
        let next = last.map_or(0, |number| number + 1);
        Ok(Journal { store: self.clone(), serial, next: AtomicU64::new(next) })
    }
}

/// A snapshot in memory and the journal that keeps pace with it.
#[derive(Debug)]
pub struct Ledger {
    snapshot: Mutex<Snapshot>,
    journal: Option<Journal>,
    lease: Option<Lease>,
}

impl Ledger {
    /// Begins with a snapshot as loaded. Without a journal nothing is written: for looking only.
    pub fn new(snapshot: Snapshot, journal: Option<Journal>) -> Self {
        Self { snapshot: Mutex::new(snapshot), journal, lease: None }
    }

    /// From now on nothing is written unless the lock holds.
    #[must_use]
    pub fn under(self, lease: Lease) -> Self {
        Self { lease: Some(lease), ..self }
    }

    /// Whether anything may still be done.
    ///
    /// # Errors
    /// [`StateError::Lost`] when the lock does not hold any longer.
    pub fn check(&self) -> Result<(), StateError> {
        self.lease.as_ref().map_or(Ok(()), Lease::check).map_err(StateError::Lost)
    }

    /// Waits until the lock does not hold any longer; for ever where there is none.
    pub async fn lost(&self) -> Lost {
        match &self.lease {
            Some(lease) => lease.lost().await,
            None => std::future::pending().await,
        }
    }

    /// Writes to the store: what it does not answer to is not waited for once the lock does not hold any longer.
    ///
    /// # Errors
    /// [`StateError::Lost`] then; otherwise what `writing` ends with.
    pub async fn while_held<T>(&self, writing: impl Future<Output = Result<T, StateError>>) -> Result<T, StateError> {
        match &self.lease {
            Some(lease) => lease.while_held(writing).await,
            None => writing.await,
        }
    }

    /// Writes a record, then applies it.
    ///
    /// # Errors
    /// When it could not be written; the snapshot is then unchanged.
    pub async fn record(&self, record: Record) -> Result<(), StateError> {
        if let Some(journal) = &self.journal {
            self.while_held(journal.append(&record)).await?;
        }
        self.snapshot.lock().await.apply(&record);
        Ok(())
    }

    /// The snapshot as it is now.
    pub async fn snapshot(&self) -> Snapshot {
        self.snapshot.lock().await.clone()
    }

    /// Visits the secrets of the snapshot as it is now. None may become another.
    pub async fn visit_secrets(&self, visit: &mut (dyn FnMut(&mut Secret) + Send)) {
        self.snapshot.lock().await.visit_secrets(visit);
    }
}

/// Which of its journal a record is.
fn record_number(path: &Path) -> Option<u64> {
    path.filename()?.strip_suffix(".json")?.split_once('-')?.1.parse().ok()
}

//! Copies of the last snapshots: what the state was, and what to put in place of a newest one that is damaged.

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, PutMode};

use super::error::{KeptCopy, StateError};
use super::journal::Record;
use super::snapshot::Snapshot;
use super::store::{StateStore, serial};

/// A copy of a snapshot.
#[derive(Debug)]
pub struct Version {
    /// Its serial.
    pub serial: u64,
    /// When it was written, as the store tells (RFC 3339).
    pub written: String,
    /// What it holds, or why it cannot be read.
    pub snapshot: Result<Snapshot, StateError>,
}

impl StateStore {
    pub(super) fn history(&self) -> Path {
        self.folder.clone().join("history")
    }

    fn copy(&self, serial: u64) -> Path {
        self.history().join(format!("{serial:010}.json"))
    }

    /// Copies of snapshots, the oldest first.
    pub(super) async fn kept(&self) -> Result<Vec<Path>, StateError> {
        let mut found = self.objects(&self.history()).await?;
        found.retain(|path| copied(path).is_some());
        Ok(found)
    }

    /// The copies there are, the oldest first. Those that cannot be read are among them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn versions(&self) -> Result<Vec<Version>, StateError> {
        let folder = self.history();
        let listed = self.store.list(Some(&folder)).try_collect::<Vec<_>>().await;
        let mut versions = Vec::new();
        for meta in listed.map_err(|source| self.failed(&folder, source))? {
            let Some(serial) = copied(&meta.location) else { continue };
            let Some(bytes) = self.read(&meta.location).await? else { continue };
            let written = meta.last_modified.format("%Y-%m-%dT%H:%M:%SZ").to_string();
            versions.push(Version { serial, written, snapshot: self.parse(&meta.location, &bytes) });
        }
        versions.sort_by_key(|version| version.serial);
        Ok(versions)
    }

    /// The copy of one snapshot; `None` when there is none.
    ///
    /// # Errors
    /// When the store fails or the copy is damaged.
    pub async fn version(&self, serial: u64) -> Result<Option<Snapshot>, StateError> {
        let path = self.copy(serial);
        self.read(&path).await?.map(|bytes| self.parse(&path, &bytes)).transpose()
    }

    /// How many records an interrupted run, or one that is at work now, has written since a snapshot.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn records_since(&self, serial: u64) -> Result<usize, StateError> {
        Ok(self.journal_objects(Some(serial)).await?.len())
    }

    /// Replays the records that follow a snapshot, as far as they can be read; gives back where those are that cannot.
    /// A record that is not known does no harm to the others: a call without an outcome is looked into by the next run.
    pub(super) async fn replay(&self, snapshot: &mut Snapshot) -> Result<Vec<String>, StateError> {
        let mut unread = Vec::new();
        for path in self.journal_objects(Some(snapshot.serial)).await? {
            let Some(bytes) = self.read(&path).await? else { continue };
            match self.parse::<Record>(&path, &bytes) {
                Ok(record) => snapshot.apply(&record),
                Err(_) => unread.push(self.at(&path)),
            }
        }
        Ok(unread)
    }

    /// The greatest serial that anything here bears.
    pub(super) async fn newest_serial(&self) -> Result<Option<u64>, StateError> {
        let copies = self.kept().await?.last().and_then(copied);
        let journal = self.journal_objects(None).await?.last().and_then(serial);
        Ok(copies.max(journal))
    }

    /// Sees to it that a state as it was loaded is in the history, records since its snapshot included: `snapshot` then
    /// bears the serial it has there.
    pub(super) async fn keep(&self, snapshot: &mut Snapshot) -> Result<(), StateError> {
        self.compact(snapshot).await?;
        let path = self.copy(snapshot.serial);
        if self.read(&path).await?.is_none() {
            // It is older than the history.
            self.write(&path, snapshot, PutMode::Overwrite).await?;
        }
        Ok(())
    }

    /// A snapshot that is not to be relied on, and what there is to put in its place.
    pub(super) async fn damaged(&self, path: &Path, reason: &str) -> StateError {
        let stack = self.folder.filename().unwrap_or_default();
        let mut copy = None;
        // That the copies cannot be read either is no better news.
        for path in self.kept().await.unwrap_or_default().into_iter().rev() {
            let read = self.read(&path).await.ok().flatten();
            let good = read.is_some_and(|bytes| self.parse::<Snapshot>(&path, &bytes).is_ok());
            if let (true, Some(serial)) = (good, copied(&path)) {
                copy = Some(KeptCopy { path: self.at(&path), stack: stack.to_owned(), serial });
                break;
            }
        }
        StateError::Corrupt { path: self.at(path), reason: reason.to_owned(), copy }
    }
}

/// The serial of the snapshot that a copy is of.
pub(super) fn copied(path: &Path) -> Option<u64> {
    path.filename()?.strip_suffix(".json")?.parse().ok()
}

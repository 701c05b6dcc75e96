//! Copies of the last snapshots, for when the newest is not to be relied on.

use object_store::path::Path;

use super::error::StateError;
use super::snapshot::Snapshot;
use super::store::StateStore;

impl StateStore {
    pub(super) fn history(&self) -> Path {
        self.folder.clone().join("history")
    }

    /// Copies of snapshots, the oldest first.
    pub(super) async fn kept(&self) -> Result<Vec<Path>, StateError> {
        let mut found = self.objects(&self.history()).await?;
        found.retain(|path| copied(path).is_some());
        Ok(found)
    }

    /// A snapshot that is not to be relied on, and what there is to put in its place.
    pub(super) async fn damaged(&self, path: &Path, reason: &str) -> StateError {
        let mut copy = None;
        // That the copies cannot be read either is no better news.
        for path in self.kept().await.unwrap_or_default().into_iter().rev() {
            let read = self.read(&path).await.ok().flatten();
            if read.is_some_and(|bytes| self.parse::<Snapshot>(&path, &bytes).is_ok()) {
                copy = Some(self.at(&path));
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

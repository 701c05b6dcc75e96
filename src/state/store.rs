//! Where state is kept: [`StateStore`] on any object store, one folder a stack.
//!
//! ```text
//! <root>/<stack>/snapshot.json              the last finished run
//! <root>/<stack>/history/<serial>.json      a copy of it, and of the last ones before it
//! <root>/<stack>/programs/<serial>.json     what the run executed that ended in it
//! <root>/<stack>/journal/<serial>-<n>.json  records since, each an object of its own
//! <root>/<stack>/lock.json                  who is at work
//! ```
//! A journal belongs to the snapshot whose serial its records name; what is left of an older one is ignored and
//! removed. The snapshot is written before the journal is removed, so a crash between the two changes nothing. Its copy
//! is written before both: what a crash leaves of it is the state that was about to be written, and the next write takes
//! its place.

use std::path::Path as FilePath;
use std::sync::Arc;

use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, PutMode};
use url::Url;

use super::error::StateError;
use super::history::copied;
use super::journal::Record;
use super::keys::Keyring;
use super::ledger::Journal;
use super::snapshot::Snapshot;

/// How many snapshots are kept: the last one and those before it.
const KEPT: usize = 20;

/// How many records are read at a time.
const READING: usize = 16;

/// The state of one stack in a store.
#[derive(Debug, Clone)]
pub struct StateStore {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) folder: Path,
    pub(super) shown: String,
    pub(super) keys: Keyring,
    /// Whether it is known that what exists is not written over when it must not be.
    pub(super) proven: bool,
}

impl StateStore {
    /// Opens the state of `stack` below `url`: `file:///absolute/folder` or `memory:///`. All others need credentials and
    /// are opened by [`crate::stores::open`].
    ///
    /// # Errors
    /// [`StateError::BadUrl`] when the store cannot be opened.
    pub fn open(url: &str, stack: &str) -> Result<Self, StateError> {
        let bad = |reason: String| StateError::BadUrl { url: url.to_owned(), reason };
        if let Some(path) = url.strip_prefix("file://") {
            return Self::in_folder(FilePath::new(path), stack);
        }
        let parsed = Url::parse(url).map_err(|error| bad(error.to_string()))?;
        if parsed.scheme() != "memory" {
            return Err(bad("states are kept at file://, s3://, gs://, az:// and memory://".to_owned()));
        }
        let root = Path::from_url_path(parsed.path()).map_err(|error| bad(error.to_string()))?;
        let (store, folder) = (Arc::new(InMemory::new()), root.join(stack));
        Ok(Self { store, folder, shown: url.to_owned(), proven: true, keys: Keyring::default() })
    }

    /// Opens the state of `stack` below a folder of the file system, which is made if need be.
    ///
    /// # Errors
    /// [`StateError::BadUrl`] when the folder cannot be made.
    pub fn in_folder(folder: &FilePath, stack: &str) -> Result<Self, StateError> {
        let shown = format!("file://{}", folder.display());
        let bad = |reason: String| StateError::BadUrl { url: shown.clone(), reason };
        std::fs::create_dir_all(folder).map_err(|error| bad(error.to_string()))?;
        let store = object_store::local::LocalFileSystem::new_with_prefix(folder)
            .map_err(|error| bad(error.to_string()))?
            .with_automatic_cleanup(true);
        Ok(Self { store: Arc::new(store), folder: Path::from(stack), shown, proven: true, keys: Keyring::default() })
    }

    /// The state of `stack` in any object store whose conditional writes are to be relied on.
    pub fn within(store: Arc<dyn ObjectStore>, stack: &str) -> Self {
        let shown = store.to_string();
        Self { store, folder: Path::from(stack), shown, proven: true, keys: Keyring::default() }
    }

    /// The state of `stack` below a prefix of a store of which [`StateStore::prove`] has to tell whether it will do.
    pub fn remote(store: Arc<dyn ObjectStore>, prefix: &Path, stack: &str, shown: String) -> Self {
        Self { store, folder: prefix.clone().join(stack), shown, proven: false, keys: Keyring::default() }
    }

    /// Tries whether the store refuses to write over what exists, when it is asked to: one writer at a time depends on
    /// it. Done once in the life of a stack.
    ///
    /// # Errors
    /// [`StateError::Unconditional`] when it does not; otherwise when the store fails.
    pub async fn prove(&self) -> Result<(), StateError> {
        if self.proven {
            return Ok(());
        }
        let path = self.folder.clone().join(format!("probe-{}", uuid::Uuid::new_v4()));
        self.put(&path, b"1".to_vec(), PutMode::Create).await?;
        let refused = match self.put(&path, b"2".to_vec(), PutMode::Create).await {
            Ok(()) => Ok(false),
            Err(StateError::Store { source: object_store::Error::AlreadyExists { .. }, .. }) => Ok(true),
            Err(error) => Err(error),
        };
        self.remove(&path).await?;
        if refused? { Ok(()) } else { Err(StateError::Unconditional { place: self.shown() }) }
    }

    /// The snapshot with the journal since replayed on it; `None` when the stack was never run.
    ///
    /// # Errors
    /// When the store fails or what it holds is not readable.
    pub async fn load(&self) -> Result<Option<Snapshot>, StateError> {
        let path = self.folder.clone().join("snapshot.json");
        let journal = self.journal_objects(None).await?;
        let Some(bytes) = self.read(&path).await? else {
            return if !journal.is_empty() {
                Err(self.damaged(&path, "it is missing, and there is a journal that follows it").await)
            } else if self.kept().await?.last().and_then(copied).is_some_and(|serial| serial > 0) {
                // Before the first run there is nothing that could be lost.
                Err(self.damaged(&path, "it is missing, and there are copies of it").await)
            } else {
                Ok(None)
            };
        };
        let mut snapshot: Snapshot = match self.parse(&path, &bytes) {
            Err(StateError::Corrupt { reason, .. }) => return Err(self.damaged(&path, &reason).await),
            parsed => parsed?,
        };
        let follows = snapshot.serial;
        if journal.last().and_then(serial).is_some_and(|serial| serial > follows) {
            return Err(self.damaged(&path, "it is older than the journal beside it").await);
        }
        let since = journal.into_iter().filter(|path| serial(path) == Some(follows));
        // Boxed: the compiler cannot tell otherwise that what comes of it can be sent between threads.
        let reads: Vec<_> = since.map(|path| self.record_at(path).boxed()).collect();
        let mut records = futures::stream::iter(reads).buffered(READING);
        while let Some(record) = records.try_next().await? {
            if let Some(record) = record {
                snapshot.apply(&record);
            }
        }
        Ok(Some(snapshot))
    }

    async fn record_at(&self, path: Path) -> Result<Option<Record>, StateError> {
        let bytes = self.read(&path).await?;
        bytes.map(|bytes| self.parse(&path, &bytes)).transpose()
    }

    /// Names of the other stacks that the store has, in order.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn others(&self) -> Result<Vec<String>, StateError> {
        let own = self.folder.parts().next_back();
        let mut names = self.stacks().await?;
        names.retain(|name| own.as_ref().is_none_or(|own| own.as_ref() != name));
        Ok(names)
    }

    /// Names of all stacks that the store has, in order.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn stacks(&self) -> Result<Vec<String>, StateError> {
        let mut above: Vec<_> = self.folder.parts().collect();
        above.pop();
        let above = Path::from_iter(above);
        let listed =
            self.store.list_with_delimiter(Some(&above)).await.map_err(|source| self.failed(&above, source))?;
        let names = listed.common_prefixes.iter().filter_map(|path| path.parts().next_back());
        let mut names: Vec<String> = names.map(|name| name.as_ref().to_owned()).collect();
        names.sort();
        Ok(names)
    }

    /// Writes the snapshot and a copy of it, then removes the journals of the serials before it, and the oldest copies with
    /// their programs.
    ///
    /// # Errors
    /// When the store fails; the journal is then still there.
    pub async fn save(&self, snapshot: &Snapshot) -> Result<(), StateError> {
        let path = self.folder.clone().join("snapshot.json");
        let copy = self.history().join(format!("{:010}.json", snapshot.serial));
        self.write(&copy, snapshot, PutMode::Overwrite).await?;
        self.write(&path, snapshot, PutMode::Overwrite).await?;
        let mut old = self.journal_objects(None).await?;
        let kept = self.kept().await?;
        let (oldest, kept) = kept.split_at(kept.len().saturating_sub(KEPT));
        old.extend_from_slice(oldest);
        old.extend(self.programs_before(kept).await?);
        let removed = self.store.delete_stream(futures::stream::iter(old.into_iter().map(Ok)).boxed());
        removed.try_collect::<Vec<_>>().await.map_err(|source| self.failed(&path, source))?;
        Ok(())
    }

    /// Begins to write down a run: what an interrupted one wrote since the snapshot becomes part of it, so that no plan
    /// made before is taken for one made after.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn begin(&self, snapshot: &mut Snapshot) -> Result<Journal, StateError> {
        self.compact(snapshot).await?;
        self.journal(snapshot.serial).await
    }

    /// Writes what an interrupted run wrote since the snapshot, which is in `snapshot`, as one of its own.
    pub(super) async fn compact(&self, snapshot: &mut Snapshot) -> Result<(), StateError> {
        let serial = self.next_serial(snapshot).await?;
        if serial != snapshot.serial {
            snapshot.serial = serial;
            snapshot.made = None;
            self.save(snapshot).await?;
        }
        Ok(())
    }

    /// The serial that a run has which begins now: the snapshot's own, or the next where an interrupted one has written.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next_serial(&self, snapshot: &Snapshot) -> Result<u64, StateError> {
        let written = !self.journal_objects(Some(snapshot.serial)).await?.is_empty();
        Ok(snapshot.serial + u64::from(written))
    }

    /// The stack that the state is of.
    pub fn stack(&self) -> &str {
        self.folder.filename().unwrap_or_default()
    }

    /// Where the state is, for messages.
    pub fn shown(&self) -> String {
        format!("{}/{}", self.shown.trim_end_matches('/'), self.folder)
    }

    pub(super) async fn journal_objects(&self, serial: Option<u64>) -> Result<Vec<Path>, StateError> {
        let mut found = self.objects(&self.folder.clone().join("journal")).await?;
        if let Some(serial) = serial {
            let prefix = format!("{serial:010}-");
            found.retain(|path| path.filename().is_some_and(|name| name.starts_with(&prefix)));
        }
        Ok(found)
    }
}

/// The serial that a journal's record names.
pub(super) fn serial(path: &Path) -> Option<u64> {
    path.filename()?.split_once('-')?.0.parse().ok()
}

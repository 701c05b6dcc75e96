//! Where state is kept: [`StateStore`] on any object store, one folder a stack.
//!
//! ```text
//! <root>/<stack>/snapshot.json              the last finished run
//! <root>/<stack>/history/<serial>.json      a copy of it, and of the last ones before it
//! <root>/<stack>/journal/<serial>-<n>.json  records since, each an object of its own
//! <root>/<stack>/lock.json                  who is at work
//! ```
//! A journal belongs to the snapshot whose serial its records name; what is left of an older one is ignored and
//! removed. The snapshot is written before the journal is removed, so a crash between the two changes nothing. Its copy
//! is written before both: what a crash leaves of it is the state that the journal makes of the snapshot.

use std::path::Path as FilePath;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::journal::Record;
use super::sealed::{self, Broken};
use super::snapshot::{FORMAT, Snapshot};

/// How many snapshots are kept: the last one and those before it.
const KEPT: usize = 20;

/// Why state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The address of the store is not one.
    #[error("`{url}` is not a place for state: {reason}")]
    BadUrl {
        /// As given.
        url: String,
        /// Why not.
        reason: String,
    },
    /// The store refused or failed.
    #[error("state at {path}: {source}")]
    Store {
        /// The object.
        path: String,
        /// The cause.
        #[source]
        source: object_store::Error,
    },
    /// What was read is not what was written.
    #[error("{path} is not readable: {reason}")]
    Corrupt {
        /// The object.
        path: String,
        /// Why.
        reason: String,
        /// For a snapshot, the newest good copy there is.
        copy: Option<String>,
    },
    /// A newer version of the program wrote it.
    #[error("{path} has format {found}; this version knows {FORMAT}")]
    Newer {
        /// The object.
        path: String,
        /// Its format.
        found: u64,
    },
    /// Somebody else is at work on the stack.
    #[error("the stack is locked by {0}")]
    Locked(Box<Owner>),
}

/// Who works on a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The user's name.
    pub user: String,
    /// The machine's name.
    pub host: String,
    /// The process.
    pub process: u32,
    /// The command.
    pub command: String,
    /// Since when (RFC 3339).
    pub since: String,
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { user, host, process, command, since } = self;
        write!(f, "{user} on {host} (process {process}, `{command}`) since {since}")
    }
}

/// The state of one stack in a store.
#[derive(Debug, Clone)]
pub struct StateStore {
    store: Arc<dyn ObjectStore>,
    folder: Path,
    shown: String,
}

impl StateStore {
    /// Opens the state of `stack` below `url`: `file:///absolute/folder` or `memory:///`.
    ///
    /// # Errors
    /// [`StateError::BadUrl`] when the store cannot be opened.
    pub fn open(url: &str, stack: &str) -> Result<Self, StateError> {
        let bad = |reason: String| StateError::BadUrl { url: url.to_owned(), reason };
        if let Some(path) = url.strip_prefix("file://") {
            return Self::in_folder(FilePath::new(path), stack);
        }
        let parsed = url::Url::parse(url).map_err(|error| bad(error.to_string()))?;
        let (store, root) = object_store::parse_url(&parsed).map_err(|error| bad(error.to_string()))?;
        Ok(Self { store: Arc::from(store), folder: root.join(stack), shown: url.to_owned() })
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
        Ok(Self { store: Arc::new(store), folder: Path::from(stack), shown })
    }

    /// The state of `stack` in any object store.
    pub fn within(store: Arc<dyn ObjectStore>, stack: &str) -> Self {
        let shown = store.to_string();
        Self { store, folder: Path::from(stack), shown }
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
        for path in journal.into_iter().filter(|path| serial(path) == Some(follows)) {
            let Some(bytes) = self.read(&path).await? else { continue };
            snapshot.apply(&self.parse::<Record>(&path, &bytes)?);
        }
        Ok(Some(snapshot))
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

    /// Writes the snapshot and a copy of it, then removes the journals of the serials before it, and the oldest copies.
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
        old.extend_from_slice(&kept[..kept.len().saturating_sub(KEPT)]);
        let removed = self.store.delete_stream(futures::stream::iter(old.into_iter().map(Ok)).boxed());
        removed.try_collect::<Vec<_>>().await.map_err(|source| self.failed(&path, source))?;
        Ok(())
    }

    fn history(&self) -> Path {
        self.folder.clone().join("history")
    }

    /// Copies of snapshots, the oldest first.
    async fn kept(&self) -> Result<Vec<Path>, StateError> {
        let mut found = self.objects(&self.history()).await?;
        found.retain(|path| copied(path).is_some());
        Ok(found)
    }

    /// A snapshot that is not to be relied on, and what there is to put in its place.
    async fn damaged(&self, path: &Path, reason: &str) -> StateError {
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

    /// A journal whose records follow the snapshot of this serial and those already written since.
    async fn journal(&self, serial: u64) -> Result<Journal, StateError> {
        let last = self.journal_objects(Some(serial)).await?.last().and_then(record_number);
        let next = last.map_or(0, |number| number + 1);
        Ok(Journal { store: self.clone(), serial, next: AtomicU64::new(next) })
    }

    /// Begins to write down a run: what an interrupted one wrote since the snapshot becomes part of it, so that no plan
    /// made before is taken for one made after.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn begin(&self, snapshot: &mut Snapshot) -> Result<Journal, StateError> {
        let serial = self.next_serial(snapshot).await?;
        if serial != snapshot.serial {
            snapshot.serial = serial;
            self.save(snapshot).await?;
        }
        self.journal(snapshot.serial).await
    }

    /// The serial that a run has which begins now: the snapshot's own, or the next where an interrupted one has written.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next_serial(&self, snapshot: &Snapshot) -> Result<u64, StateError> {
        let written = !self.journal_objects(Some(snapshot.serial)).await?.is_empty();
        Ok(snapshot.serial + u64::from(written))
    }

    /// Takes the lock. One left by a process of this machine that is no more is taken over.
    ///
    /// # Errors
    /// [`StateError::Locked`] when somebody else has it.
    pub async fn lock(&self, owner: &Owner) -> Result<Lock, StateError> {
        let path = self.folder.clone().join("lock.json");
        let mut text = serde_json::to_vec_pretty(owner).map_err(|error| self.corrupt(&path, &error))?;
        text.push(b'\n');
        loop {
            match self.put(&path, text.clone(), PutMode::Create).await {
                Ok(()) => return Ok(Lock { store: self.clone(), path }),
                Err(StateError::Store { source: object_store::Error::AlreadyExists { .. }, .. }) => {}
                Err(error) => return Err(error),
            }
            let Some(bytes) = self.read(&path).await? else { continue };
            let holder: Owner = serde_json::from_slice(&bytes).map_err(|error| self.corrupt(&path, &error))?;
            if holder.host != owner.host || is_running(holder.process) {
                return Err(StateError::Locked(Box::new(holder)));
            }
            self.remove(&path).await?;
        }
    }

    /// Where the state is, for messages.
    pub fn shown(&self) -> String {
        format!("{}/{}", self.shown.trim_end_matches('/'), self.folder)
    }

    async fn journal_objects(&self, serial: Option<u64>) -> Result<Vec<Path>, StateError> {
        let mut found = self.objects(&self.folder.clone().join("journal")).await?;
        if let Some(serial) = serial {
            let prefix = format!("{serial:010}-");
            found.retain(|path| path.filename().is_some_and(|name| name.starts_with(&prefix)));
        }
        Ok(found)
    }

    /// What there is in a folder, in order.
    async fn objects(&self, folder: &Path) -> Result<Vec<Path>, StateError> {
        let listed = self.store.list(Some(folder)).map_ok(|meta| meta.location).try_collect::<Vec<_>>().await;
        let mut found = listed.map_err(|source| self.failed(folder, source))?;
        found.sort();
        Ok(found)
    }

    async fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, StateError> {
        let got = match self.store.get(path).await {
            Ok(got) => got,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(source) => return Err(self.failed(path, source)),
        };
        Ok(Some(got.bytes().await.map_err(|source| self.failed(path, source))?.to_vec()))
    }

    fn parse<T: serde::de::DeserializeOwned>(&self, path: &Path, bytes: &[u8]) -> Result<T, StateError> {
        sealed::open(bytes).map_err(|broken| match broken {
            Broken::Newer(found) => StateError::Newer { path: self.at(path), found },
            Broken::Because(reason) => StateError::Corrupt { path: self.at(path), reason, copy: None },
        })
    }

    async fn write<T: Serialize>(&self, path: &Path, value: &T, mode: PutMode) -> Result<(), StateError> {
        let bytes = sealed::seal(value).map_err(|error| self.corrupt(path, &error))?;
        self.put(path, bytes, mode).await
    }

    async fn put(&self, path: &Path, bytes: Vec<u8>, mode: PutMode) -> Result<(), StateError> {
        let options = PutOptions { mode, ..PutOptions::default() };
        let put = self.store.put_opts(path, PutPayload::from(bytes), options).await;
        put.map(|_| ()).map_err(|source| self.failed(path, source))
    }

    async fn remove(&self, path: &Path) -> Result<(), StateError> {
        match self.store.delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(self.failed(path, source)),
        }
    }

    fn failed(&self, path: &Path, source: object_store::Error) -> StateError {
        StateError::Store { path: self.at(path), source }
    }

    fn corrupt(&self, path: &Path, error: &serde_json::Error) -> StateError {
        StateError::Corrupt { path: self.at(path), reason: error.to_string(), copy: None }
    }

    /// Where an object is, for messages.
    fn at(&self, path: &Path) -> String {
        format!("{}/{path}", self.shown.trim_end_matches('/'))
    }
}

/// The serial that a journal's record names.
fn serial(path: &Path) -> Option<u64> {
    path.filename()?.split_once('-')?.0.parse().ok()
}

/// The serial of the snapshot that a copy is of.
fn copied(path: &Path) -> Option<u64> {
    path.filename()?.strip_suffix(".json")?.parse().ok()
}

fn record_number(path: &Path) -> Option<u64> {
    path.filename()?.strip_suffix(".json")?.split_once('-')?.1.parse().ok()
}

/// Whether a process of this machine is alive; where that cannot be told, it is taken to be.
fn is_running(process: u32) -> bool {
    let table = FilePath::new("/proc");
    !table.join("self").exists() || table.join(process.to_string()).exists()
}

/// The right to change a stack, until released.
#[derive(Debug)]
pub struct Lock {
    store: StateStore,
    path: Path,
}

impl Lock {
    /// Gives the lock back.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn release(self) -> Result<(), StateError> {
        self.store.remove(&self.path).await
    }
}

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

/// A snapshot in memory and the journal that keeps pace with it.
#[derive(Debug)]
pub struct Ledger {
    snapshot: Mutex<Snapshot>,
    journal: Option<Journal>,
}

impl Ledger {
    /// Begins with a snapshot as loaded. Without a journal nothing is written: for looking only.
    pub fn new(snapshot: Snapshot, journal: Option<Journal>) -> Self {
        Self { snapshot: Mutex::new(snapshot), journal }
    }

    /// Writes a record, then applies it.
    ///
    /// # Errors
    /// When it could not be written; the snapshot is then unchanged.
    pub async fn record(&self, record: Record) -> Result<(), StateError> {
        if let Some(journal) = &self.journal {
            journal.append(&record).await?;
        }
        self.snapshot.lock().await.apply(&record);
        Ok(())
    }

    /// The snapshot as it is now.
    pub async fn snapshot(&self) -> Snapshot {
        self.snapshot.lock().await.clone()
    }

    /// The snapshot at the end.
    pub fn into_snapshot(self) -> Snapshot {
        self.snapshot.into_inner()
    }
}

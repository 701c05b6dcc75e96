//! The objects of a store: read, written and removed one by one, each error with where it is.

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::StateError;
use super::sealed::{self, Broken, Unwritable};
use super::snapshot::Snapshot;
use super::store::StateStore;
use crate::model::Secrets;

impl StateStore {
    /// What there is in a folder, in order.
    pub(super) async fn objects(&self, folder: &Path) -> Result<Vec<Path>, StateError> {
        let listed = self.store.list(Some(folder)).map_ok(|meta| meta.location).try_collect::<Vec<_>>().await;
        let mut found = listed.map_err(|source| self.failed(folder, source))?;
        found.sort();
        Ok(found)
    }

    /// What is at a path; when it is sealed, its key is got if there is a way to it.
    pub(super) async fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, StateError> {
        let bytes = self.raw(path).await?;
        if let Some(bytes) = &bytes {
            self.meet(path, bytes).await?;
        }
        Ok(bytes)
    }

    pub(super) async fn raw(&self, path: &Path) -> Result<Option<Vec<u8>>, StateError> {
        let got = match self.store.get(path).await {
            Ok(got) => got,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(source) => return Err(self.failed(path, source)),
        };
        Ok(Some(got.bytes().await.map_err(|source| self.failed(path, source))?.to_vec()))
    }

    pub(super) fn parse<T: DeserializeOwned + Secrets>(&self, path: &Path, bytes: &[u8]) -> Result<T, StateError> {
        sealed::open(bytes, &self.keys).map_err(|broken| self.broken(path, broken))
    }

    pub(super) async fn write<T: Serialize + Secrets + Clone>(
        &self,
        path: &Path,
        value: &T,
        mode: PutMode,
    ) -> Result<(), StateError> {
        let bytes = self.sealed(path, value)?;
        self.put(path, bytes, mode).await
    }

    /// What is written of a snapshot.
    ///
    /// # Errors
    /// When it cannot be JSON, or a secret not be sealed.
    pub fn bytes(&self, snapshot: &Snapshot) -> Result<Vec<u8>, StateError> {
        self.sealed(&self.folder, snapshot)
    }

    fn sealed<T: Serialize + Secrets + Clone>(&self, path: &Path, value: &T) -> Result<Vec<u8>, StateError> {
        sealed::seal(value, &self.keys).map_err(|error| match error {
            Unwritable::Json(error) => self.corrupt(path, &error),
            Unwritable::Key(error) => error.into(),
        })
    }

    pub(super) async fn put(&self, path: &Path, bytes: Vec<u8>, mode: PutMode) -> Result<(), StateError> {
        let options = PutOptions { mode, ..PutOptions::default() };
        let put = self.store.put_opts(path, PutPayload::from(bytes), options).await;
        put.map(|_| ()).map_err(|source| self.failed(path, source))
    }

    pub(super) async fn remove(&self, path: &Path) -> Result<(), StateError> {
        match self.store.delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(self.failed(path, source)),
        }
    }

    pub(super) fn failed(&self, path: &Path, source: object_store::Error) -> StateError {
        StateError::Store { path: self.at(path), source }
    }

    pub(super) fn broken(&self, path: &Path, broken: Broken) -> StateError {
        match broken {
            Broken::Newer(found) => StateError::Newer { path: self.at(path), found },
            Broken::Because(reason) => StateError::Corrupt { path: self.at(path), reason, copy: None },
        }
    }

    pub(super) fn corrupt(&self, path: &Path, error: &serde_json::Error) -> StateError {
        StateError::Corrupt { path: self.at(path), reason: error.to_string(), copy: None }
    }

    /// Where an object is, for messages.
    pub(super) fn at(&self, path: &Path) -> String {
        format!("{}/{path}", self.shown.trim_end_matches('/'))
    }
}

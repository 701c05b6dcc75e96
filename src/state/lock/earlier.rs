//! The lock of earlier versions: one object `lock.json`, which is not renewed and is removed when its run ends.
//!
//! It is looked at by whoever has the lock of this version, so that two never judge it at once.

use object_store::path::Path;

use super::{Holder, Owner, Surroundings};
use crate::state::error::StateError;
use crate::state::store::StateStore;

/// The object, which is also its identifier.
pub(super) const EARLIER: &str = "lock.json";

impl StateStore {
    pub(super) fn earlier_object(&self) -> Path {
        self.folder.clone().join(EARLIER)
    }

    /// Whoever has the lock of an earlier version.
    pub(super) async fn read_earlier_lock(&self) -> Result<Option<Holder>, StateError> {
        let path = self.earlier_object();
        let Some(bytes) = self.read(&path).await? else { return Ok(None) };
        let owner: Owner = serde_json::from_slice(&bytes).map_err(|error| self.corrupt(&path, &error))?;
        Ok(Some(Holder { id: EARLIER.to_owned(), owner, renewal: None }))
    }

    /// Whoever has the lock of an earlier version; one whose process is no more is removed.
    pub(super) async fn earlier_lock(&self, surroundings: &dyn Surroundings) -> Result<Option<Holder>, StateError> {
        let found = self.read_earlier_lock().await?;
        if found.as_ref().is_some_and(|holder| surroundings.is_gone(&holder.owner)) {
            self.remove(&self.earlier_object()).await?;
            return Ok(None);
        }
        Ok(found)
    }
}

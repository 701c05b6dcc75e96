//! The objects of a lock: `lock/<number>.json`, the greatest number being what counts.
//!
//! A number is created once and never written again. The two greatest always stay: whoever lists while numbers are
//! created and removed sees at least one of them. Whoever creates a number looks whether it is the greatest: it may have
//! been free because it was used and removed since the last look.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, PutMode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::lease::was_let_go;
use super::{ATTEMPTS, Holder, Owner, Renewal, Surroundings};
use crate::model::{Secret, Secrets};
use crate::state::error::StateError;
use crate::state::store::StateStore;

/// What the name of a probe begins with: an object that is written only to learn what time it is for the store.
const PROBE: &str = "probe-";

/// How many digits a number has: so many renewals take millennia.
const DIGITS: usize = 10;

/// The greatest number after which a lock is taken: there is room for its renewals among those of so many digits.
const MOST: u64 = 9_000_000_000;

/// What a number says of the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Claim {
    /// A run has it.
    Held,
    /// It was taken from a run that may go on until its lease ends: nobody may have it before.
    Forced,
    /// Nobody has it.
    Released,
}

/// What stands in a number.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    /// The identifier of the lock: the same in all numbers that renew it.
    pub lock: String,
    /// Whose it is.
    pub owner: Owner,
    /// For how long, in seconds.
    pub lease: u64,
    /// What is said.
    pub claim: Claim,
}

impl Secrets for Entry {
    fn visit_secrets(&mut self, _: &mut dyn FnMut(&mut Secret)) {}
}

impl Entry {
    /// The first of a lock.
    pub fn new(owner: &Owner, lease: Duration, claim: Claim) -> Self {
        let lease = lease.as_secs() + u64::from(lease.subsec_nanos() > 0);
        Self { lock: Uuid::new_v4().to_string(), owner: owner.clone(), lease, claim }
    }

    /// The same lock, with something else said of it.
    pub fn saying(&self, claim: Claim) -> Self {
        Self { claim, ..self.clone() }
    }

    pub fn lease(&self) -> Duration {
        Duration::from_secs(self.lease)
    }

    /// Whether both say the same of the same lock.
    pub fn is(&self, other: &Self) -> bool {
        (&self.lock, self.claim) == (&other.lock, other.claim)
    }

    /// Whether the lock may be taken without regard to when it was renewed: whoever had it makes no calls any more.
    pub fn is_free(&self, surroundings: &dyn Surroundings) -> bool {
        match self.claim {
            Claim::Released => true,
            Claim::Forced => false,
            Claim::Held => was_let_go(&self.lock) || surroundings.is_gone(&self.owner),
        }
    }

    /// The lock as others are told of it.
    pub fn held(self, renewal: Renewal) -> Holder {
        Holder { id: self.lock, owner: self.owner, renewal: Some(renewal) }
    }
}

/// The greatest number.
#[derive(Debug)]
pub(super) struct Last {
    pub number: u64,
    pub entry: Entry,
}

impl StateStore {
    /// The number after the greatest one.
    ///
    /// # Errors
    /// When there is hardly any left to renew the lock with: nobody has come so far by taking locks.
    pub(super) fn after(&self, last: &Last) -> Result<u64, StateError> {
        if last.number < MOST {
            return Ok(last.number + 1);
        }
        let reason = "its number is beyond all that were ever taken".to_owned();
        Err(StateError::Corrupt { path: self.at(&self.lock_object(last.number)), reason, copy: None })
    }

    fn lock_folder(&self) -> Path {
        self.folder.clone().join("lock")
    }

    fn lock_object(&self, number: u64) -> Path {
        self.lock_folder().join(format!("{number:0DIGITS$}.json"))
    }

    /// Everything in the folder of the lock.
    async fn lock_objects(&self) -> Result<Vec<ObjectMeta>, StateError> {
        let folder = self.lock_folder();
        let listed = self.store.list(Some(&folder)).try_collect().await;
        listed.map_err(|source| self.failed(&folder, source))
    }

    /// The greatest number; none when there never was a lock.
    pub(super) async fn last_entry(&self) -> Result<Option<Last>, StateError> {
        for _ in 0..ATTEMPTS {
            let Some(number) = self.lock_objects().await?.iter().filter_map(number).max() else { return Ok(None) };
            if let Some(entry) = self.read_entry(number).await? {
                return Ok(Some(Last { number, entry }));
            }
        }
        Err(self.unsettled())
    }

    async fn read_entry(&self, number: u64) -> Result<Option<Entry>, StateError> {
        let path = self.lock_object(number);
        let bytes = self.read(&path).await?;
        bytes.map(|bytes| self.parse(&path, &bytes)).transpose()
    }

    /// When the greatest number was written, by the store's clock alone: it is compared with an object written now. None
    /// when it is no longer the greatest.
    pub(super) async fn renewal(&self, last: &Last) -> Result<Option<Renewal>, StateError> {
        let probe = self.lock_folder().join(format!("{PROBE}{}", Uuid::new_v4()));
        self.put(&probe, b"{}\n".to_vec(), PutMode::Overwrite).await?;
        let listed = self.lock_objects().await;
        self.remove(&probe).await?;
        let listed = listed?;
        let now = listed.iter().find(|object| object.location == probe);
        let greatest = listed.iter().filter(|object| number(object).is_some()).max_by_key(|object| number(object));
        let (Some(now), Some(greatest)) = (now, greatest) else { return Ok(None) };
        let ago = (now.last_modified - greatest.last_modified).to_std().unwrap_or_default();
        let (lease, forced) = (last.entry.lease(), last.entry.claim == Claim::Forced);
        Ok((number(greatest) == Some(last.number)).then_some(Renewal { ago, lease, forced }))
    }

    /// Creates a number; whether it is there and says this. The answer to an earlier attempt may have been lost.
    pub(super) async fn create_entry(&self, number: u64, entry: &Entry) -> Result<bool, StateError> {
        match self.write(&self.lock_object(number), entry, PutMode::Create).await {
            Ok(()) => Ok(true),
            Err(StateError::Store { source: object_store::Error::AlreadyExists { .. }, .. }) => {
                Ok(self.read_entry(number).await?.is_some_and(|there| there.is(entry)))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a number that was just created is the greatest. If so, those that nobody needs any more are removed, and
    /// it is otherwise.
    pub(super) async fn is_last(&self, created: u64) -> Result<bool, StateError> {
        let listed = self.lock_objects().await?;
        if listed.iter().filter_map(number).max() > Some(created) {
            self.remove(&self.lock_object(created)).await?;
            return Ok(false);
        }
        let old = listed
            .into_iter()
            .map(|object| object.location)
            .filter(|path| numbered(path).is_some_and(|number| number < created.saturating_sub(1)));
        let old: Vec<_> = old.map(Ok).collect();
        // That something old is left matters to nobody.
        drop(self.store.delete_stream(futures::stream::iter(old).boxed()).try_collect::<Vec<_>>().await);
        Ok(true)
    }

    /// Removes the number that is no longer needed once `created` is there.
    pub(super) async fn remove_before(&self, created: u64) {
        if let Some(old) = created.checked_sub(2).filter(|old| *old > 0) {
            // That something old is left matters to nobody.
            drop(self.remove(&self.lock_object(old)).await);
        }
    }

    /// Who wrote a number that this lock could not create.
    pub(super) async fn writer(&self, number: u64) -> Result<Option<Entry>, StateError> {
        match self.read_entry(number).await? {
            Some(entry) => Ok(Some(entry)),
            None => Ok(self.last_entry().await?.map(|last| last.entry)),
        }
    }

    /// That the lock is never twice the same.
    pub(super) fn unsettled(&self) -> StateError {
        let reason = format!("looked at {ATTEMPTS} times, it was never the same for long enough");
        StateError::Corrupt { path: self.at(&self.lock_folder()), reason, copy: None }
    }
}

fn number(object: &ObjectMeta) -> Option<u64> {
    numbered(&object.location)
}

/// The number in a name, if that is how it is written. One with more digits counts, too: nobody comes so far, but to
/// leave it out would be to begin again.
fn numbered(path: &Path) -> Option<u64> {
    let digits = path.filename()?.strip_suffix(".json")?;
    digits.parse().ok().filter(|number| format!("{number:0DIGITS$}") == digits)
}

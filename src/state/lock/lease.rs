//! [`Lock`]: the right to change a stack, renewed for as long as it is there; [`Lease`]: whether it still holds.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::log::{Claim, Entry};
use super::{Locking, Owner, Surroundings};
use crate::state::error::StateError;
use crate::state::store::StateStore;

/// The part of a lease that whoever has the lock relies on. The rest is for what is under way when it ends.
const RELIED_ON: f64 = 5.0 / 6.0;

/// Locks that this process had and could not give back: nobody uses them any more.
static LET_GO: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Whether this process had this lock and could not give it back.
pub(super) fn was_let_go(lock: &str) -> bool {
    LET_GO.lock().unwrap_or_else(PoisonError::into_inner).contains(lock)
}

/// That a lock was not given back, should this be dropped.
#[derive(Debug)]
pub(super) struct NotGivenBack(Option<String>);

impl NotGivenBack {
    pub fn of(entry: &Entry) -> Self {
        Self(Some(entry.lock.clone()))
    }

    fn given_back(&mut self) {
        self.0 = None;
    }
}

impl Drop for NotGivenBack {
    fn drop(&mut self) {
        LET_GO.lock().unwrap_or_else(PoisonError::into_inner).extend(self.0.take());
    }
}

/// Why a lock does not hold any longer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// It was not renewed in time, and another run has it.
    #[error("it was not renewed in time, and was taken over by {0}")]
    Taken(Box<Owner>),
    /// It was taken away.
    #[error("it was taken away by {0}")]
    Unlocked(Box<Owner>),
    /// It could not be renewed for so long that another run may have it.
    #[error("it could not be renewed for {} s{}", after.as_secs(), reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    Expired {
        /// Since the last renewal.
        after: Duration,
        /// What the store said; none when it did not answer, or the process was not running.
        reason: Option<String>,
    },
    /// It was given back.
    #[error("it was given back")]
    Ended,
}

/// Whether a lock holds. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Lease(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// How long after a renewal was asked for it is relied on.
    relied_on: Duration,
    surroundings: Arc<dyn Surroundings>,
    renewed: Mutex<Moment>,
    lost: watch::Sender<Option<Lost>>,
}

/// A moment by two clocks: one may stand still while the machine sleeps, the other be set.
#[derive(Debug, Clone, Copy)]
struct Moment {
    running: Instant,
    wall: Option<SystemTime>,
}

impl Moment {
    fn now(surroundings: &dyn Surroundings) -> Self {
        Self { running: Instant::now(), wall: surroundings.now() }
    }

    /// How long it is since then, by the clock that says more.
    fn until(&self, now: &Self) -> Duration {
        let wall = now.wall.zip(self.wall).and_then(|(now, then)| now.duration_since(then).ok());
        now.running.duration_since(self.running).max(wall.unwrap_or_default())
    }
}

impl Lease {
    /// One that counts from now: its number is about to be created.
    pub(super) fn begin(locking: &Locking) -> Self {
        Self(Arc::new(Inner {
            relied_on: locking.lease.mul_f64(RELIED_ON),
            surroundings: locking.surroundings.clone(),
            renewed: Mutex::new(Moment::now(&*locking.surroundings)),
            lost: watch::Sender::new(None),
        }))
    }

    /// Whether the lock holds.
    ///
    /// # Errors
    /// Why it does not, from then on for ever.
    pub fn check(&self) -> Result<(), Lost> {
        if let Some(lost) = &*self.0.lost.borrow() {
            return Err(lost.clone());
        }
        let after = self.renewed().until(&self.now());
        if after < self.0.relied_on { Ok(()) } else { Err(self.lose(Lost::Expired { after, reason: None })) }
    }

    /// Waits until the lock does not hold any longer.
    pub async fn lost(&self) -> Lost {
        let mut lost = self.0.lost.subscribe();
        let told = lost.wait_for(Option::is_some).await.ok().and_then(|lost| lost.clone());
        // The sender is in `self`, so there is always something told.
        told.unwrap_or(Lost::Ended)
    }

    /// Writes to the store: what it does not answer to is not waited for once the lock does not hold any longer.
    ///
    /// # Errors
    /// [`StateError::Lost`] then; otherwise what `writing` ends with.
    pub async fn while_held<T>(&self, writing: impl Future<Output = Result<T, StateError>>) -> Result<T, StateError> {
        self.check().map_err(StateError::Lost)?;
        tokio::select! {
            biased;
            lost = self.lost() => Err(StateError::Lost(lost)),
            written = writing => written,
        }
    }

    fn now(&self) -> Moment {
        Moment::now(&*self.0.surroundings)
    }

    fn renewed(&self) -> Moment {
        *self.0.renewed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deadline(&self) -> Instant {
        self.renewed().running + self.0.relied_on
    }

    /// It was renewed, which was asked for at `asked`. Too late is too late.
    fn renew(&self, asked: Moment) -> Result<(), Lost> {
        self.check()?;
        *self.0.renewed.lock().unwrap_or_else(PoisonError::into_inner) = asked;
        Ok(())
    }

    /// It does not hold any longer; the first reason is the one that is told.
    fn lose(&self, why: Lost) -> Lost {
        self.0.lost.send_if_modified(|lost| {
            let first = lost.is_none();
            lost.get_or_insert(why.clone());
            first
        });
        self.0.lost.borrow().clone().unwrap_or(why)
    }
}

/// The right to change a stack, until released. It is renewed as long as this is there.
#[derive(Debug)]
pub struct Lock {
    store: StateStore,
    entry: Entry,
    number: Arc<AtomicU64>,
    lease: Lease,
    keeper: JoinHandle<()>,
    held: NotGivenBack,
}

impl Lock {
    /// The lock that `entry` in `number` says, which has just been created.
    pub(super) fn new(store: StateStore, entry: Entry, number: u64, lease: Lease, held: NotGivenBack) -> Self {
        let number = Arc::new(AtomicU64::new(number));
        let keeper =
            Keeper { store: store.clone(), entry: entry.clone(), number: number.clone(), lease: lease.clone() };
        let keeper = tokio::spawn(keeper.keep(entry.lease() / 3));
        Self { store, entry, number, lease, keeper, held }
    }

    /// What it is called in refusals.
    pub fn id(&self) -> &str {
        &self.entry.lock
    }

    /// Whether it holds.
    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Gives the lock back.
    ///
    /// # Errors
    /// [`StateError::Lost`] when it is somebody else's, or the store does not answer for as long as the lock holds;
    /// otherwise when the store fails.
    pub async fn release(mut self) -> Result<(), StateError> {
        self.keeper.abort();
        self.lease.check().map_err(StateError::Lost)?;
        let (renewed, deadline) = (self.lease.renewed(), self.lease.deadline());
        self.lease.lose(Lost::Ended);
        let expired = |_| {
            let after = renewed.until(&self.lease.now());
            StateError::Lost(Lost::Expired { after, reason: None })
        };
        timeout_at(deadline, self.give_back()).await.map_err(expired)??;
        self.held.given_back();
        // It is given back: that something old is left matters to nobody.
        drop(timeout_at(deadline, self.store.remove_before(self.number.load(Ordering::SeqCst))).await);
        Ok(())
    }

    async fn give_back(&self) -> Result<(), StateError> {
        let released = self.entry.saying(Claim::Released);
        loop {
            let next = self.number.fetch_add(1, Ordering::SeqCst) + 1;
            if self.store.create_entry(next, &released).await? {
                return Ok(());
            }
            // The last renewal may have been done without anybody hearing of it.
            match self.store.writer(next).await? {
                Some(writer) if writer.is(&self.entry) => {}
                writer => return Err(StateError::Lost(to(writer))),
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.keeper.abort();
        self.lease.lose(Lost::Ended);
    }
}

/// Whoever has a lock that somebody else has lost.
fn to(writer: Option<Entry>) -> Lost {
    match writer {
        Some(entry) if entry.claim == Claim::Held => Lost::Taken(Box::new(entry.owner)),
        Some(entry) => Lost::Unlocked(Box::new(entry.owner)),
        None => Lost::Ended,
    }
}

/// What renews a lock.
struct Keeper {
    store: StateStore,
    entry: Entry,
    number: Arc<AtomicU64>,
    lease: Lease,
}

impl Keeper {
    /// Renews until the lock is lost.
    async fn keep(self, period: Duration) {
        loop {
            sleep(period).await;
            if let Err(lost) = self.renew(period / 5).await {
                self.lease.lose(lost);
                return;
            }
        }
    }

    /// Renews once, trying again for as long as the lock holds.
    async fn renew(&self, pause: Duration) -> Result<(), Lost> {
        // An attempt that failed may have been done: what it made counts from the first.
        let asked = self.lease.now();
        let next = self.number.load(Ordering::SeqCst) + 1;
        let mut reason = None;
        loop {
            self.lease.check()?;
            let deadline = self.lease.deadline();
            match timeout_at(deadline, self.create(next)).await {
                Ok(Ok(())) => break,
                Ok(Err(StateError::Lost(lost))) => return Err(lost),
                Ok(Err(error)) => reason = Some(error.to_string()),
                Err(_) => return Err(self.expired(reason)),
            }
            sleep_until(deadline.min(Instant::now() + pause)).await;
            if Instant::now() >= deadline {
                return Err(self.expired(reason));
            }
        }
        self.lease.renew(asked)?;
        self.number.fetch_max(next, Ordering::SeqCst);
        self.store.remove_before(next).await;
        Ok(())
    }

    async fn create(&self, next: u64) -> Result<(), StateError> {
        if self.store.create_entry(next, &self.entry).await? {
            return Ok(());
        }
        Err(StateError::Lost(to(self.store.writer(next).await?)))
    }

    fn expired(&self, reason: Option<String>) -> Lost {
        Lost::Expired { after: self.lease.renewed().until(&self.lease.now()), reason }
    }
}

//! The lock of a stack: who is at work on it. One at a time is.
//!
//! The lock is a log of numbered objects (`log`). Whoever creates the next number has it: [`Lock`] for a lease, which
//! is renewed by creating the next number again, and ends by itself when it is not. A lock that is given back leaves a
//! last number behind, so that numbers never begin again.
//!
//! Invariants: whoever has the lock stops by its own clock ([`Lease`]) before anybody else may take it by the store's.
//! A lock is taken from a run that is not known to be no more only after its lease, whoever asks for it.

mod earlier;
mod lease;
mod log;
mod unlock;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::error::StateError;
use super::store::StateStore;
use lease::NotGivenBack;
use log::{Claim, Entry};

pub use lease::{Lease, Lock, Lost};
pub use unlock::Unlocking;

/// How long a lock is had without being renewed, when nothing else is said.
pub const LEASE: Duration = Duration::from_secs(60);

/// How much longer than its lease a lock that is not renewed is left alone: stores tell times in whole seconds, and
/// clocks do not all run at the same pace.
const MARGIN: Duration = Duration::from_secs(2);

/// How often taking the lock is tried again because others were quicker, before it is taken for a mistake of the store.
const ATTEMPTS: u32 = 64;

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
    /// What tells the process from every other one that had or will have its number, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<ProcessIdentity>,
}

impl Owner {
    /// This process, which does `command`, from now on; nobody is named.
    pub fn this_process(command: &str) -> Self {
        Self {
            user: "somebody".to_owned(),
            host: "an unnamed machine".to_owned(),
            process: std::process::id(),
            command: command.to_owned(),
            since: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            identity: None,
        }
    }
}

/// What tells a process from all others with the same number: on other machines, in other containers, and before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessIdentity {
    /// The identifier of the machine's boot.
    pub boot: String,
    /// The namespace that the process is numbered in.
    pub namespace: String,
    /// When it started, in ticks since the boot.
    pub started: u64,
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { user, host, process, command, since, .. } = self;
        write!(f, "{user} on {host} (process {process}, `{command}`) since {since}")
    }
}

/// A lock that somebody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// What [`StateStore::unlock`] wants to be told.
    pub id: String,
    /// Who has it.
    pub owner: Owner,
    /// How it is renewed; none where an earlier version of the program has it, which renews nothing.
    pub renewal: Option<Renewal>,
}

/// How a lock is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewal {
    /// How long ago that was the last time, by the store's clock.
    pub ago: Duration,
    /// How long it is had without.
    pub lease: Duration,
    /// Whether it belongs to somebody who takes it from another, and gives it back by itself.
    pub forced: bool,
}

impl Renewal {
    /// Whether the run that has the lock still renews it, as far as can be told.
    pub fn is_alive(&self) -> bool {
        self.ago <= self.lease / 2
    }

    /// After how long without a renewal anybody may take the lock.
    pub fn left(&self) -> Duration {
        self.lease.saturating_add(MARGIN).saturating_sub(self.ago)
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}; ", self.owner)?;
        let Some(renewal) = &self.renewal else { return f.write_str("of an earlier version, which does not renew it") };
        let (ago, left) = (renewal.ago.as_secs(), renewal.left().as_secs_f64().ceil());
        match (renewal.forced, renewal.is_alive()) {
            (true, _) => write!(f, "it ends by itself within {left} s"),
            (false, true) => write!(f, "that run renewed it {ago} s ago"),
            (false, false) => {
                write!(f, "that run has not renewed it for {ago} s, and without that it ends in {left} s")
            }
        }
    }
}

/// What only the program around this library can tell.
pub trait Surroundings: std::fmt::Debug + Send + Sync {
    /// The time by a clock that goes on while the machine sleeps, if there is one.
    fn now(&self) -> Option<SystemTime>;

    /// Whether a process is certainly no more.
    fn is_gone(&self, owner: &Owner) -> bool;
}

/// Nothing is known.
#[derive(Debug)]
struct Unknown;

impl Surroundings for Unknown {
    fn now(&self) -> Option<SystemTime> {
        None
    }

    fn is_gone(&self, _: &Owner) -> bool {
        false
    }
}

/// How locks are taken.
#[derive(Debug, Clone)]
pub struct Locking {
    /// How long a lock is had without being renewed. It is renewed every third of it.
    pub lease: Duration,
    /// How long a lock that another run has is waited for.
    pub wait: Duration,
    /// What only the program around this library can tell.
    pub surroundings: Arc<dyn Surroundings>,
}

impl Default for Locking {
    fn default() -> Self {
        Self { lease: LEASE, wait: Duration::ZERO, surroundings: Arc::new(Unknown) }
    }
}

impl StateStore {
    /// Takes the lock, if nobody has it, or who had it is no more or has not renewed it. It is renewed for as long as the
    /// answer is there, which needs a running tokio runtime. To wait for it is the caller's business.
    ///
    /// # Errors
    /// [`StateError::Locked`] when somebody else has it.
    pub async fn lock(&self, owner: &Owner, locking: &Locking) -> Result<Lock, StateError> {
        for _ in 0..ATTEMPTS {
            // Each attempt has an identifier of its own: what became of those before is nobody's.
            let claim = Entry::new(owner, locking.lease, Claim::Held);
            let next = match self.last_entry().await? {
                None => 1,
                Some(last) => {
                    if !last.entry.is_free(&*locking.surroundings) {
                        let Some(renewal) = self.renewal(&last).await? else { continue };
                        if !renewal.left().is_zero() {
                            return Err(StateError::Locked(Box::new(last.entry.held(renewal))));
                        }
                    }
                    self.after(&last)?
                }
            };
            // From here on it may be there, whether anybody hears of it or not.
            let (lease, held) = (Lease::begin(locking), NotGivenBack::of(&claim));
            if !self.create_entry(next, &claim).await? || !self.is_last(next).await? {
                continue;
            }
            let lock = Lock::new(self.clone(), claim, next, lease, held);
            return match self.earlier_lock(&*locking.surroundings).await? {
                None => Ok(lock),
                Some(holder) => lock.release().await.and(Err(StateError::Locked(Box::new(holder)))),
            };
        }
        Err(self.unsettled())
    }

    /// Who has the lock, if anybody has: also one that may be taken because it is no longer renewed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn holder(&self) -> Result<Option<Holder>, StateError> {
        for _ in 0..ATTEMPTS {
            match self.last_entry().await? {
                Some(last) if last.entry.claim != Claim::Released => {
                    if let Some(renewal) = self.renewal(&last).await? {
                        return Ok(Some(last.entry.held(renewal)));
                    }
                }
                _ => return self.read_earlier_lock().await,
            }
        }
        Err(self.unsettled())
    }
}

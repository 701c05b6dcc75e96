//! When a failed call is made again, and after how long.
//!
//! The SDK makes only calls again that were too many (`cloud::repeat`): a creation whose answer was lost must be looked for
//! before it is made again, and only this crate knows how.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::cloud::{CallError, ErrorClass};

/// What a call does, for judging its failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Reads.
    Read,
    /// Makes an object: not to be repeated blindly when the answer was lost.
    Create,
    /// Changes an object: may be repeated.
    Update,
    /// Deletes an object: may be repeated, and waits for what still uses it.
    Delete,
}

/// How long a conflict that goes away by itself is waited for, when the resource sets no `timeouts`: network interfaces
/// of stopping tasks go within minutes, an orphaned one of a load balancer within about a quarter of an hour.
const BUSY_DELETE: Duration = Duration::from_secs(15 * 60);
/// The same for creations and updates.
const BUSY: Duration = Duration::from_secs(120);
/// How long throttling is put up with.
const THROTTLED: Duration = Duration::from_secs(300);
/// How long AWS may not know yet what this run made.
const PROPAGATION: Duration = Duration::from_secs(120);
/// How often a lost answer is asked for again.
const LOST: u32 = 5;

/// The attempts of one call.
#[derive(Debug)]
pub struct Attempts<'a> {
    purpose: Purpose,
    /// Spreads the delays of calls that fail together.
    seed: &'a str,
    /// The longest to wait for a conflict, when the resource says.
    limit: Option<Duration>,
    made: u32,
    /// Those whose answer was lost.
    lost: u32,
    waited: Duration,
}

impl<'a> Attempts<'a> {
    /// For a new call.
    pub fn new(purpose: Purpose, seed: &'a str, limit: Option<Duration>) -> Self {
        Self { purpose, seed, limit, made: 0, lost: 0, waited: Duration::ZERO }
    }

    /// After how long to try again; `None` to give up. `fresh` says whether the error names something that this run
    /// made a moment ago, which AWS may not know everywhere yet.
    pub fn next(&mut self, error: &CallError, fresh: bool) -> Option<Duration> {
        let allowed = match (error.class, self.purpose) {
            (ErrorClass::Throttled, _) => THROTTLED,
            (ErrorClass::Busy, Purpose::Delete) => self.limit.unwrap_or(BUSY_DELETE),
            (ErrorClass::Busy, _) => self.limit.unwrap_or(BUSY),
            (ErrorClass::Unknown, _) if self.lost < LOST => Duration::MAX,
            (ErrorClass::NotFound | ErrorClass::Refused, Purpose::Create | Purpose::Update) if fresh => PROPAGATION,
            _ => return None,
        };
        if self.waited >= allowed {
            return None;
        }
        let base = Duration::from_millis(100) * 2u32.saturating_pow(self.made.min(10));
        let delay = base.min(Duration::from_secs(15)).mul_f64(0.75 + 0.5 * self.spread());
        self.made += 1;
        self.lost += u32::from(error.class == ErrorClass::Unknown);
        self.waited += delay;
        Some(delay)
    }

    /// Between 0 and 1, the same for the same call and attempt.
    fn spread(&self) -> f64 {
        let digest = Sha256::digest(format!("{}/{}", self.seed, self.made).as_bytes());
        f64::from(digest[0]) / 255.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_answer_is_asked_for_again_however_often_calls_were_too_many() {
        let mut attempts = Attempts::new(Purpose::Update, "a", None);
        let throttled = CallError::new("ecs:UpdateService", "ThrottlingException", "slower");
        let lost = CallError::new("ecs:UpdateService", "ServiceUnavailable", "later");
        for _ in 0..8 {
            assert!(attempts.next(&throttled, false).is_some());
        }
        for _ in 0..LOST {
            assert!(attempts.next(&lost, false).is_some());
        }
        assert_eq!(attempts.next(&lost, false), None);
    }
}

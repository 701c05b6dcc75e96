//! [`Watch`]: what keeps a script within its limits of operations, time and memory.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::{Limits, memory};

/// Longest text one operation may make, in bytes. What a template or a policy may hold is far below.
pub(super) const LONGEST_TEXT: usize = 1 << 20;
/// Most elements one operation may add to a list.
pub(super) const LONGEST_LIST: usize = 1 << 20;
/// Most parts of one value of a property, and of one JSON text.
pub(super) const MOST_PARTS: usize = 1 << 16;
/// Most variables a script may define: what parsing them costs grows with their square.
pub(super) const MOST_VARIABLES: usize = 5_000;
/// How deep lists and maps may nest in each other.
pub(super) const DEEPEST: usize = 64;
/// How deep functions may call each other.
pub(super) const CALL_LEVELS: usize = 64;
/// How deep expressions may nest in a script, and in a function of it.
pub(super) const EXPRESSION_DEPTH: usize = 64;
/// How often the clock is read: once in so many operations.
const CLOCK_EVERY: u64 = 16;

/// Which limit stopped a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Too many operations.
    Operations(u64),
    /// Too long.
    Time(Duration),
    /// Too much memory, in bytes.
    Memory(usize),
    /// Nobody waits for the result any more.
    Cancelled,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operations(limit) => write!(f, "the script takes more than {limit} operations"),
            Self::Time(limit) => write!(f, "the script takes longer than {} seconds", limit.as_secs_f64()),
            Self::Memory(limit) => write!(f, "the script holds more than {} MiB of memory", limit >> 20),
            Self::Cancelled => f.write_str("the evaluation was cancelled"),
        }
    }
}

/// Counts what one evaluation uses. Made on the thread that evaluates; `cancelled` stops it from any other.
pub(super) struct Watch {
    limits: Limits,
    started: Instant,
    /// Microseconds spent on waiting for answers about the account, which are not the script's.
    waited: AtomicU64,
    operations: AtomicU64,
    held_before: isize,
    cancelled: Arc<AtomicBool>,
    stopped: OnceLock<Stop>,
}

impl Watch {
    pub(super) fn start(limits: Limits, cancelled: Arc<AtomicBool>) -> Self {
        Self {
            limits,
            started: Instant::now(),
            waited: AtomicU64::new(0),
            operations: AtomicU64::new(0),
            held_before: memory::held(),
            cancelled,
            stopped: OnceLock::new(),
        }
    }

    /// Counts one operation; what stops the script, if anything does.
    pub(super) fn operation(&self) -> Option<Stop> {
        let done = self.operations.fetch_add(1, Ordering::Relaxed);
        if done >= self.limits.operations {
            return Some(self.stop(Stop::Operations(self.limits.operations)));
        }
        if self.over_memory() {
            return Some(self.stop(Stop::Memory(self.limits.memory)));
        }
        if done.is_multiple_of(CLOCK_EVERY) { self.clock() } else { None }
    }

    /// Looks at the clock and the memory only, as while a script is parsed.
    pub(super) fn clock(&self) -> Option<Stop> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Some(self.stop(Stop::Cancelled));
        }
        if self.over_memory() {
            return Some(self.stop(Stop::Memory(self.limits.memory)));
        }
        let waited = Duration::from_micros(self.waited.load(Ordering::Relaxed));
        let over = self.started.elapsed().saturating_sub(waited) > self.limits.time;
        over.then(|| self.stop(Stop::Time(self.limits.time)))
    }

    fn over_memory(&self) -> bool {
        let held = memory::held().saturating_sub(self.held_before);
        usize::try_from(held).is_ok_and(|held| held > self.limits.memory)
    }

    fn stop(&self, stop: Stop) -> Stop {
        *self.stopped.get_or_init(|| stop)
    }

    /// What stopped the script.
    pub(super) fn stopped(&self) -> Option<Stop> {
        self.stopped.get().copied()
    }

    /// Runs something whose time is not the script's.
    pub(super) fn aside<T>(&self, wait: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let answer = wait();
        let took = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.waited.fetch_add(took, Ordering::Relaxed);
        answer
    }
}

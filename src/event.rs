//! [`Event`]: the one channel by which progress leaves the library. Text, progress bars and JSON lines are sinks of it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::Stream;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::model::{Address, FailedCall, Formed, Source};
use crate::plan::{Action, Counts};

/// Something a reader of progress may want to know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// The script printed a line.
    Printed {
        /// What it printed.
        text: String,
        /// Where.
        source: Source,
    },
    /// Another run has the lock, and it is waited for.
    WaitingForLock {
        /// Who has it, since when, and whether that run still renews it.
        holder: String,
        /// The lock's identifier.
        id: String,
    },
    /// What exists is about to be read.
    Reading {
        /// How many resources.
        resources: usize,
    },
    /// A run that did not end left something behind that was found again.
    Recovered {
        /// The resource.
        address: Address,
        /// Its physical identifier.
        id: String,
    },
    /// A run failed, and what was before it is about to be restored.
    RollingBack {
        /// The serial of the run that is gone back to; none when there was nothing.
        serial: Option<u64>,
        /// How many changes that takes of each sort.
        counts: Counts,
    },
    /// Executing begins.
    Executing {
        /// How many steps there are.
        steps: usize,
    },
    /// A step begins.
    StepStarted {
        /// The resource.
        address: Address,
        /// What is done to it.
        action: Action,
    },
    /// A step waits for AWS.
    StepWaiting {
        /// The resource.
        address: Address,
        /// Where it stands, such as `2/3 tasks running`.
        summary: String,
    },
    /// AWS told something while a step waited: a service event, a stopped task.
    StepNews {
        /// The resource.
        address: Address,
        /// What it told.
        text: String,
    },
    /// It was looked at, or not, whether the members of a service found each other. Where they have not, the step fails.
    StepFormed {
        /// The resource.
        address: Address,
        /// What came of it.
        formed: Formed,
    },
    /// A call is to be repeated.
    StepRetrying {
        /// The resource.
        address: Address,
        /// Why.
        reason: String,
        /// After how long; in JSON, in seconds.
        #[serde(with = "seconds")]
        after: Duration,
    },
    /// The state could not be written, and that is to be tried again.
    StateRetrying {
        /// Why.
        reason: String,
        /// After how long; in JSON, in seconds.
        #[serde(with = "seconds")]
        after: Duration,
    },
    /// A step is done.
    StepDone {
        /// The resource.
        address: Address,
        /// What was done.
        action: Action,
        /// The physical identifier.
        id: String,
        /// How long it took; in JSON, in seconds.
        #[serde(with = "seconds")]
        elapsed: Duration,
        /// Whether AWS has accepted it but it is still settling (`--no-wait`).
        settling: bool,
    },
    /// A step failed.
    StepFailed {
        /// The resource.
        address: Address,
        /// What was to be done.
        action: Action,
        /// Why not.
        reason: String,
        /// The way out, when known.
        help: Option<String>,
        /// The call, when it was one that failed.
        #[serde(skip_serializing_if = "Option::is_none")]
        call: Option<Box<FailedCall>>,
        /// Where the resource is declared, when it still is.
        source: Option<Source>,
    },
    /// A step was not begun because one that it needs failed.
    StepSkipped {
        /// The resource.
        address: Address,
        /// What was to be done.
        action: Action,
        /// The failed one.
        because: Address,
    },
    /// Executing ended.
    Executed {
        /// Steps done.
        done: usize,
        /// Steps that failed.
        failed: usize,
        /// Steps not begun.
        skipped: usize,
        /// How long it took; in JSON, in seconds.
        #[serde(with = "seconds")]
        elapsed: Duration,
    },
}

mod seconds {
    use std::time::Duration;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(duration.as_secs_f64())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// Where events go. Cheap to clone.
#[derive(Clone)]
pub struct Events(Arc<dyn Fn(Event) + Send + Sync>);

impl Events {
    /// A sink that calls `receive` for each event, in order, from any thread.
    pub fn to(receive: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(receive))
    }

    /// A sink whose events come out of a stream. The stream ends when the sink and its clones are gone; a sink whose stream
    /// is gone drops everything.
    pub fn stream() -> (Self, EventStream) {
        let (sender, receiver) = mpsc::unbounded_channel();
        // Whoever does not want the events any more may drop the stream.
        (Self::to(move |event| drop(sender.send(event))), EventStream(receiver))
    }

    /// A sink that drops everything.
    pub fn none() -> Self {
        Self::to(|_| {})
    }

    /// Sends one.
    pub fn send(&self, event: Event) {
        (self.0)(event);
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Events")
    }
}

/// Events as they come, each once. What is not taken yet is kept.
#[derive(Debug)]
pub struct EventStream(mpsc::UnboundedReceiver<Event>);

impl Stream for EventStream {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.0.poll_recv(context)
    }
}

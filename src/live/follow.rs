//! Following logs: each line once, whichever stream it is in, and those of tasks that come later too.
//!
//! Every question begins a while before the newest line that was seen, because lines of different streams come to
//! CloudWatch at different times; those that were seen are remembered for as long, by the identifier of their event.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use futures::Stream;
use jiff::{SignedDuration, Timestamp};

use super::log::Place;
use super::{Live, LiveError, LogLine, LogQuery};

/// How much later than its time a line may come to CloudWatch and still be seen. The awslogs driver sends what it has at
/// least every five seconds.
const LATE: SignedDuration = SignedDuration::from_secs(60);

/// How long to wait between two questions. CloudWatch allows five searches a second in an account.
const PAUSE: Duration = Duration::from_secs(2);

/// After how many questions it is looked again where tasks log: a deployment may change that.
const LOOK_AGAIN: u32 = 10;

/// Where following is.
struct Following {
    live: Live,
    query: LogQuery,
    places: Vec<Place>,
    /// How many questions were asked.
    asked: u32,
    /// The time of the newest line.
    newest: Option<Timestamp>,
    /// Lines no older than [`LATE`] before the newest: time, group, identifier.
    seen: BTreeSet<(Timestamp, String, String)>,
    /// What is to be given out.
    ready: VecDeque<LogLine>,
}

impl Following {
    /// The next lines, at least one of them.
    async fn fill(&mut self) -> Result<(), LiveError> {
        while self.ready.is_empty() {
            if self.asked > 0 {
                tokio::time::sleep(self.live.cloud.paced(PAUSE)).await;
            }
            let look = self.places.is_empty() || self.asked.is_multiple_of(LOOK_AGAIN);
            self.asked = self.asked.wrapping_add(1);
            if look {
                match self.live.places(&self.query).await {
                    Ok(places) => self.places = places,
                    // Between two deployments nothing may run.
                    Err(LiveError::NoLogs { .. }) if !self.places.is_empty() => {}
                    Err(error) => return Err(error),
                }
            }
            let since = self.newest.map(|newest| newest - LATE).max(self.query.since);
            for line in self.live.search(&self.places, &self.query, since).await? {
                self.take(line);
            }
            if let Some(limit) = self.query.limit.take() {
                self.ready.drain(..self.ready.len().saturating_sub(limit));
            }
        }
        Ok(())
    }

    fn take(&mut self, line: LogLine) {
        if !self.seen.insert((line.time, line.group.clone(), line.id.clone())) {
            return;
        }
        if self.newest.is_none_or(|newest| line.time > newest) {
            self.newest = Some(line.time);
            let keep = line.time - LATE;
            self.seen = self.seen.split_off(&(keep, String::new(), String::new()));
        }
        self.ready.push_back(line);
    }
}

impl Live {
    /// The lines that are asked for and then those that come, until the stream is dropped. Each comes once; one that
    /// reaches CloudWatch more than a minute after it was printed may be left out. With a `limit`, so many of those that
    /// there are already at most. After an error the stream goes on when it is asked again.
    pub fn follow(&self, query: LogQuery) -> impl Stream<Item = Result<LogLine, LiveError>> + Send + 'static {
        let following = Following {
            live: self.clone(),
            query,
            places: Vec::new(),
            asked: 0,
            newest: None,
            seen: BTreeSet::new(),
            ready: VecDeque::new(),
        };
        futures::stream::unfold(following, |mut following| async {
            let item = match following.fill().await {
                Ok(()) => following.ready.pop_front().map(Ok),
                Err(error) => Some(Err(error)),
            };
            item.map(|item| (item, following))
        })
    }
}

//! The waiting of a step: until AWS has done what it accepted, until a call may be made again, until there is a slot.
//!
//! Nothing that sleeps has a slot.

use std::time::Duration;

use tokio::time::Instant;

use super::plain;
use super::retry::{Attempts, Purpose};
use super::step::{Step, Trouble, Waited};
use crate::cloud::CallError;
use crate::event::Event;
use crate::kinds::{Kind, Poll, Progress};
use crate::model::JsonMap;
use crate::state::{Awaited, Recorded, Status};

impl Step<'_> {
    /// Takes up what an earlier run was waiting for.
    pub(super) fn resume(&self, recorded: &mut Recorded) -> Awaited {
        let before = self.run.before.resources.get(&self.change.address);
        match before.map(|before| &before.status) {
            Some(Status::Settling { action, waiting }) => {
                recorded.status = Status::Settling { action: *action, waiting: waiting.clone() };
                *action
            }
            // AWS was done: whether it still is comes first.
            Some(Status::Apart { .. }) => {
                recorded.status = Status::Settling { action: Awaited::Update, waiting: JsonMap::new() };
                Awaited::Update
            }
            _ => Awaited::Create,
        }
    }

    /// Waits until what AWS accepted is in effect. What nothing else needs is asked about once when the run does not
    /// wait.
    pub(super) async fn settle(
        &self,
        kind: &dyn Kind,
        recorded: &mut Recorded,
        awaited: Awaited,
    ) -> Result<Waited, Trouble> {
        let Status::Settling { action, waiting } = &recorded.status else { return Ok(Waited::Ready) };
        let (action, mut waiting) = (*action, waiting.clone());
        let timeouts = &self.change.options.timeouts;
        let limit = match awaited {
            Awaited::Create => timeouts.create,
            Awaited::Update => timeouts.update,
            Awaited::Delete => timeouts.delete,
        };
        let wanted = plain(&recorded.inputs);
        let began = Instant::now();
        let mut last = String::new();
        loop {
            match self.poll(kind, recorded, action, &mut waiting, &wanted).await? {
                Progress::Ready(attributes) => {
                    recorded.attributes.extend(attributes);
                    recorded.status = self.done_status();
                    self.record(recorded).await?;
                    return Ok(Waited::Ready);
                }
                Progress::Failed { reason, help } => {
                    recorded.status = Status::Failed { reason: reason.clone() };
                    self.record(recorded).await?;
                    return Err(Trouble::failed(reason, Some(help)));
                }
                Progress::Pending { summary, news, again_in } => {
                    self.tell(&mut last, summary, news);
                    recorded.status = Status::Settling { action, waiting: waiting.clone() };
                    if limit.is_some_and(|limit| began.elapsed() >= limit) {
                        let reason = format!("not settled within {}: {last}", shown(limit.unwrap_or_default()));
                        self.record(recorded).await?;
                        let help = "run again to go on waiting, or set a longer time in the option `timeouts`";
                        return Err(Trouble::failed(reason, Some(help.to_owned())));
                    }
                    let waited_for = self.run.settings.wait || self.needed;
                    if waited_for {
                        self.run.pause(again_in).await;
                    }
                    if !waited_for || self.run.is_ending() {
                        self.record(recorded).await?;
                        return Ok(Waited::Settling);
                    }
                }
            }
        }
    }

    /// Waits until something that AWS is deleting is no more.
    pub(super) async fn wait_until_gone(&self, kind: &dyn Kind, recorded: &Recorded) -> Result<(), Trouble> {
        let Status::Settling { action, waiting } = &recorded.status else { return Ok(()) };
        let (action, mut waiting) = (*action, waiting.clone());
        let limit = recorded.timeouts.delete;
        let began = Instant::now();
        let mut last = String::new();
        let wanted = JsonMap::new();
        loop {
            match self.poll(kind, recorded, action, &mut waiting, &wanted).await? {
                Progress::Ready(_) => return Ok(()),
                Progress::Failed { reason, help } => return Err(Trouble::failed(reason, Some(help))),
                Progress::Pending { summary, news, again_in } => {
                    self.tell(&mut last, summary, news);
                    if limit.is_some_and(|limit| began.elapsed() >= limit) || self.run.is_ending() {
                        let reason = format!("not gone yet: {last}");
                        return Err(Trouble::failed(reason, Some("run again to go on waiting".to_owned())));
                    }
                    self.run.pause(again_in).await;
                }
            }
        }
    }

    async fn poll(
        &self,
        kind: &dyn Kind,
        recorded: &Recorded,
        action: Awaited,
        waiting: &mut JsonMap,
        wanted: &JsonMap,
    ) -> Result<Progress, Trouble> {
        let mut attempts = Attempts::new(Purpose::Read, &recorded.id, None);
        loop {
            self.hold().await;
            let mut question = Poll {
                id: &recorded.id,
                action: action.into(),
                waiting: &mut *waiting,
                attributes: &recorded.attributes,
                wanted,
            };
            let answer = kind.poll(self.run.cloud, &mut question).await;
            self.let_go();
            match answer {
                Ok(progress) => return Ok(progress),
                Err(error) => self.again(&mut attempts, &error).await?,
            }
        }
    }

    pub(super) fn tell(&self, last: &mut String, summary: String, news: Vec<String>) {
        let address = &self.change.address;
        for text in news {
            self.run.events.send(Event::StepNews { address: address.clone(), text });
        }
        if *last != summary {
            self.run.events.send(Event::StepWaiting { address: address.clone(), summary: summary.clone() });
            *last = summary;
        }
    }

    /// Sleeps before the next attempt, or gives up with the error.
    pub(super) async fn again(&self, attempts: &mut Attempts<'_>, error: &CallError) -> Result<(), Trouble> {
        self.again_of(attempts, error, false).await
    }

    /// [`Step::again`]; `new` says that what the error is about was made a moment ago, whether it names it or not.
    pub(super) async fn again_of(
        &self,
        attempts: &mut Attempts<'_>,
        error: &CallError,
        new: bool,
    ) -> Result<(), Trouble> {
        self.run.ledger.check()?;
        let fresh = new
            || self.run.fresh.lock().is_ok_and(|fresh| {
                fresh.iter().any(|id| error.message.contains(id.as_str()) && id.len() > 3)
                    || error.message.contains("assume the role") && !fresh.is_empty()
                    // It does not say which cluster.
                    || error.is("ClusterNotFoundException") && !fresh.is_empty()
            });
        match attempts.next(error, fresh) {
            Some(after) if !self.run.is_ending() => {
                let address = self.change.address.clone();
                self.run.events.send(Event::StepRetrying { address, reason: error.to_string(), after });
                self.rest(after).await;
                Ok(())
            }
            _ => Err(self.refused(error)),
        }
    }

    /// Sleeps without a slot.
    pub(super) async fn rest(&self, on_aws: Duration) {
        self.let_go();
        self.run.pause(on_aws).await;
        self.hold().await;
    }

    /// Waits for a slot, unless it has one.
    pub(super) async fn hold(&self) {
        if self.slot.lock().is_ok_and(|slot| slot.is_some()) {
            return;
        }
        let permit = self.run.slots.acquire().await.ok();
        if let Ok(mut slot) = self.slot.lock() {
            *slot = permit;
        }
    }

    /// Gives the slot to another step.
    pub(super) fn let_go(&self) {
        if let Ok(mut slot) = self.slot.lock() {
            slot.take();
        }
    }
}

fn shown(limit: Duration) -> String {
    format!("{} s", limit.as_secs())
}

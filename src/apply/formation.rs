//! The end of a step whose object runs members of a cluster: it is done once they have found each other.
//!
//! While that is not known the object's status is [`Status::Apart`], so that a run that ends before is taken up by the
//! next one, which looks again and changes nothing.

use std::time::Duration;

use tokio::time::Instant;

use super::retry::{Attempts, Purpose};
use super::step::{Step, Trouble, Waited};
use crate::cloud::Answering;
use crate::event::Event;
use crate::kinds::{Gathered, Gathering, Kind};
use crate::model::{Formation, Formed};
use crate::state::{Recorded, Status};

/// How long members may take where the declaration does not say.
const LIMIT: Duration = Duration::from_secs(180);

/// Whether it is looked at that members found each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FormationCheck {
    /// On AWS: tasks of the embedded AWS are simulated, and what other endpoints log nobody knows.
    #[default]
    OnAws,
    /// Whoever answers.
    Always,
    /// Not at all.
    Never,
}

impl Step<'_> {
    /// The status of what AWS has done everything for.
    pub(super) fn done_status(&self) -> Status {
        match self.change.options.formation {
            Some(_) => Status::Apart { reason: "nobody has looked yet".to_owned() },
            None => Status::Ready,
        }
    }

    /// The status of what AWS has nothing to do for. What was looked at before is looked at again only when that had
    /// another outcome or was asked for otherwise.
    pub(super) fn kept_status(&self) -> Status {
        let before = self.run.before.resources.get(&self.change.address);
        let known = before.is_some_and(|before| {
            before.formation == self.change.options.formation && !matches!(before.status, Status::Apart { .. })
        });
        if known { Status::Ready } else { self.done_status() }
    }

    /// Waits until the members of what has been made or changed have found each other, where that is expected.
    pub(super) async fn form(&self, kind: &dyn Kind, recorded: &mut Recorded) -> Result<Waited, Trouble> {
        let Some(expected) = &self.change.options.formation else { return Ok(Waited::Ready) };
        if !matches!(recorded.status, Status::Apart { .. }) {
            return Ok(Waited::Ready);
        }
        if let Some(reason) = self.why_not_looked_at() {
            return self.formed(recorded, Formed::Skipped { reason }).await;
        }
        let limit = self.run.cloud.paced(self.change.options.timeouts.formation.unwrap_or(LIMIT));
        let began = Instant::now();
        let mut last = String::new();
        loop {
            let over = began.elapsed() >= limit;
            match self.look(kind, recorded, expected, over).await? {
                Gathered::Formed { members } => return self.formed(recorded, Formed::Together { members }).await,
                Gathered::Unseen { reason } => return self.formed(recorded, Formed::Unseen { reason }).await,
                Gathered::Apart { silent: true, .. } if over && self.was_formed() => {
                    let reason = "they had found each other, and their logs no longer tell".to_owned();
                    return self.formed(recorded, Formed::Unseen { reason }).await;
                }
                Gathered::Apart { reason, help, .. } if over => {
                    self.apart(recorded, reason.clone()).await?;
                    let help = format!("{help}\nthe service is there and steady; the next run looks again");
                    return Err(Trouble::failed(reason, Some(help)));
                }
                Gathered::Apart { summary, reason, again_in, .. } => {
                    self.tell(&mut last, summary, Vec::new());
                    let waited_for = self.run.settings.wait || self.needed;
                    if waited_for {
                        self.run.pause(again_in).await;
                    }
                    if !waited_for || self.run.is_ending() {
                        self.apart(recorded, reason).await?;
                        return Ok(Waited::Settling);
                    }
                }
            }
        }
    }

    fn why_not_looked_at(&self) -> Option<String> {
        match (self.run.settings.formation, &self.run.cloud.answering) {
            (FormationCheck::Always, _) | (FormationCheck::OnAws, Answering::Aws) => None,
            (FormationCheck::Never, _) => Some("this run was asked not to".to_owned()),
            (FormationCheck::OnAws, Answering::Embedded) => {
                Some("on the embedded AWS tasks are simulated, and no members run".to_owned())
            }
            (FormationCheck::OnAws, Answering::Elsewhere { url }) => {
                Some(format!("{url} is not AWS, and need not run the tasks"))
            }
            (FormationCheck::OnAws, Answering::Own { name }) => {
                Some(format!("{name} is not AWS, and need not run the tasks"))
            }
        }
    }

    /// Whether an earlier run left the object with nothing to wait for and the same expectation.
    fn was_formed(&self) -> bool {
        let before = self.run.before.resources.get(&self.change.address);
        !self.change.action.replaces()
            && before.is_some_and(|before| {
                before.status == Status::Ready && before.formation == self.change.options.formation
            })
    }

    async fn look(
        &self,
        kind: &dyn Kind,
        recorded: &Recorded,
        expected: &Formation,
        why: bool,
    ) -> Result<Gathered, Trouble> {
        let mut attempts = Attempts::new(Purpose::Read, &recorded.id, None);
        let question = Gathering { id: &recorded.id, expected, why };
        loop {
            self.hold().await;
            let answer = kind.gathered(self.run.cloud, &question).await;
            self.let_go();
            match answer {
                Ok(gathered) => return Ok(gathered),
                Err(error) => self.again(&mut attempts, &error).await?,
            }
        }
    }

    async fn formed(&self, recorded: &mut Recorded, formed: Formed) -> Result<Waited, Trouble> {
        recorded.status = Status::Ready;
        self.record(recorded).await?;
        let address = self.change.address.clone();
        self.run.events.send(Event::StepFormed { address: address.clone(), formed: formed.clone() });
        if let Ok(mut all) = self.run.formed.lock() {
            all.insert(address, formed);
        }
        Ok(Waited::Ready)
    }

    async fn apart(&self, recorded: &mut Recorded, reason: String) -> Result<(), Trouble> {
        recorded.status = Status::Apart { reason };
        self.record(recorded).await
    }
}

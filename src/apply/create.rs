//! The creation in a step: one call, whatever becomes of its answer, and what it could not set.

use std::time::Duration;

use super::plain;
use super::recover::with_token;
use super::retry::{Attempts, Purpose};
use super::step::{Step, Trouble};
use crate::cloud::{CallError, ErrorClass};
use crate::kinds::{Accepted, Create, Created, Kind};
use crate::model::JsonMap;
use crate::state::{Awaited, Record, Recorded, Status, Verb};

/// After how long to look again for what a call may have made whose answer was lost.
pub(super) const LOOK_AGAIN: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];

/// Why a creation made nothing that is known of.
enum NotMade {
    /// AWS refused it: there is nothing.
    Refused(Trouble),
    /// An answer was lost: there may be something.
    Unsure(Trouble),
}

impl Step<'_> {
    /// Makes it, and writes down what was made.
    pub(super) async fn create(&self, kind: &dyn Kind, recorded: &mut Recorded) -> Result<(), Trouble> {
        let address = &self.change.address;
        let token = self.identity().token("create");
        let properties = plain(&with_token(&recorded.kind, &recorded.inputs, &token));
        let wanted = Create { properties: &properties, token: &token };
        self.intend(Verb::Create, &token, recorded).await?;
        let created = match self.call_create(kind, &wanted).await {
            Ok(created) => created,
            Err(NotMade::Refused(trouble)) => {
                let generation = recorded.generation;
                self.run.ledger.record(Record::Refused { address: address.clone(), generation }).await?;
                return Err(trouble);
            }
            // The intent stays, so that the next run looks for it.
            Err(NotMade::Unsure(trouble)) => return Err(trouble),
        };
        recorded.id = created.id;
        if let Ok(mut fresh) = self.run.fresh.lock() {
            // What AWS does not know yet it names by a part of the identifier.
            fresh.extend(recorded.id.split('|').map(str::to_owned));
        }
        recorded.attributes.extend(created.accepted.attributes);
        let settled = match created.accepted.waiting {
            None => self.done_status(),
            Some(waiting) => Status::Settling { action: Awaited::Create, waiting },
        };
        recorded.status = if created.configure { Status::Unconfigured } else { settled.clone() };
        self.record(recorded).await?;
        if created.configure {
            self.configure(kind, recorded, &wanted).await?;
            recorded.status = settled;
            self.record(recorded).await?;
        }
        Ok(())
    }

    /// Makes it once, whatever becomes of the answers: after a lost one it is looked for before and after each attempt.
    async fn call_create(&self, kind: &dyn Kind, wanted: &Create<'_>) -> Result<Created, NotMade> {
        let mut attempts = Attempts::new(Purpose::Create, wanted.token, self.change.options.timeouts.create);
        let mut lost = false;
        loop {
            let error = match kind.create(self.run.cloud, wanted).await {
                Ok(created) => return Ok(created),
                Err(error) => error,
            };
            lost |= error.class == ErrorClass::Unknown;
            if lost || error.class == ErrorClass::AlreadyExists {
                let found = self.find(kind, wanted, &error).await.map_err(NotMade::Unsure)?;
                if let Some(id) = found {
                    let accepted = Accepted { attributes: JsonMap::new(), waiting: Some(JsonMap::new()) };
                    return Ok(Created { id, configure: true, accepted });
                }
            }
            if let Err(trouble) = self.again(&mut attempts, &error).await {
                return Err(if lost { NotMade::Unsure(trouble) } else { NotMade::Refused(trouble) });
            }
        }
    }

    /// Looks for what a creation that ended with this error may have made: when the answer was lost more than once, for
    /// it may not show at once.
    async fn find(&self, kind: &dyn Kind, wanted: &Create<'_>, error: &CallError) -> Result<Option<String>, Trouble> {
        let mut attempts = Attempts::new(Purpose::Read, wanted.token, None);
        let mut pauses = LOOK_AGAIN.iter().filter(|_| error.class == ErrorClass::Unknown);
        loop {
            match kind.find(self.run.cloud, wanted).await {
                Ok(None) => match pauses.next() {
                    Some(pause) => self.rest(*pause).await,
                    None => return Ok(None),
                },
                Ok(found) => return Ok(found),
                Err(unseen) => self.again(&mut attempts, &unseen).await.map_err(|_| self.refused(error))?,
            }
        }
    }

    /// Sets what the creation could not.
    pub(super) async fn configure(
        &self,
        kind: &dyn Kind,
        recorded: &Recorded,
        wanted: &Create<'_>,
    ) -> Result<(), Trouble> {
        let mut attempts = Attempts::new(Purpose::Update, wanted.token, None);
        while let Err(error) = kind.configure(self.run.cloud, &recorded.id, wanted).await {
            self.again_of(&mut attempts, &error, error.is_not_found()).await?;
        }
        Ok(())
    }
}

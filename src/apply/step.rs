//! One node of a plan's graph: the call, its record, and the waiting.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::SemaphorePermit;
use tokio::time::Instant;

use super::execute::{Failure, Run};
use super::plain;
use super::recover::with_token;
use super::retry::{Attempts, Purpose};
use crate::cloud::{CallError, ErrorClass};
use crate::event::Event;
use crate::kinds::{self, Accepted, Create, Created, Delete, Kind, Poll, Progress, Update};
use crate::model::schema::schemas;
use crate::model::{Json, JsonMap, Reference, Value};
use crate::plan::complete::Identity;
use crate::plan::order::Half;
use crate::plan::{Action, Change, planner};
use crate::state::{Awaited, Record, Recorded, StateError, Status, Verb};

/// What is known of a resource once it is there.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub id: String,
    pub attributes: JsonMap,
    pub wanted: BTreeMap<String, Value>,
}

impl Known {
    /// The value of an attribute.
    pub fn attribute(&self, reference: &Reference) -> Option<Json> {
        let schema = schemas().by_kind(reference.address.kind())?;
        let facts = kinds::by_type(&schema.type_name)?.facts();
        planner::attribute(&reference.attribute, schema, facts, &self.wanted, Some(&self.attributes), Some(&self.id))
    }
}

/// How a step ended.
pub(super) enum Outcome {
    Done,
    Settling,
    Failed(Box<Failure>),
}

/// Why a step cannot go on.
enum Trouble {
    /// The journal cannot be written: the run is over.
    State(StateError),
    /// This step failed.
    Failed { reason: String, help: Option<String> },
}

impl From<StateError> for Trouble {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

/// A creation that was given up.
struct NotMade {
    trouble: Trouble,
    /// Whether an answer was lost, so that the object may be there all the same.
    lost: bool,
}

/// After how long to look again for what a call may have made whose answer was lost.
const LOOK_AGAIN: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];

/// A node at work.
pub(super) struct Step<'a> {
    pub run: &'a Run<'a>,
    pub change: &'a Change,
    pub half: Half,
    /// Whether other nodes come after it.
    pub needed: bool,
}

/// How waiting ended.
enum Waited {
    Ready,
    Settling,
}

impl<'a> Step<'a> {
    /// Does it, holding the slot while a call is in flight.
    pub async fn carry_out(self, permit: SemaphorePermit<'a>) -> Result<Outcome, StateError> {
        let began = Instant::now();
        let change = self.change;
        let action = match (self.half, change.action) {
            (Half::Remove, action) if action.replaces() => Action::Delete,
            (_, action) => action,
        };
        self.run.events.send(Event::StepStarted { address: change.address.clone(), action });
        let done = match self.half {
            Half::Make => self.make(permit).await,
            Half::Remove => self.remove(permit).await,
        };
        match done {
            Ok((id, waited)) => {
                let settling = matches!(waited, Waited::Settling);
                let elapsed = began.elapsed();
                let address = change.address.clone();
                self.run.events.send(Event::StepDone { address, action, id, elapsed, settling });
                Ok(if settling { Outcome::Settling } else { Outcome::Done })
            }
            Err(Trouble::State(error)) => Err(error),
            Err(Trouble::Failed { reason, help }) => {
                let failure =
                    Failure { address: change.address.clone(), action, reason, help, source: change.source.clone() };
                self.run.events.send(Event::StepFailed {
                    address: failure.address.clone(),
                    action,
                    reason: failure.reason.clone(),
                    help: failure.help.clone(),
                    source: failure.source.clone(),
                });
                Ok(Outcome::Failed(Box::new(failure)))
            }
        }
    }

    fn kind(&self) -> Result<&'static dyn Kind, Trouble> {
        let reason = || format!("this version has no code for {}", self.change.kind);
        kinds::by_type(&self.change.kind).ok_or_else(|| Trouble::Failed { reason: reason(), help: None })
    }

    fn identity(&self) -> Identity<'_> {
        Identity {
            stack: self.run.stack,
            lineage: self.run.lineage,
            address: &self.change.address,
            generation: self.change.generation,
        }
    }

    // Making

    async fn make(&self, permit: SemaphorePermit<'a>) -> Result<(String, Waited), Trouble> {
        let change = self.change;
        let kind = self.kind()?;
        let wanted = self.wanted()?;
        let mut recorded = Recorded {
            kind: change.kind.clone(),
            id: change.id.clone().unwrap_or_default(),
            generation: change.generation,
            inputs: wanted,
            attributes: change.attributes.clone(),
            dependencies: change.dependencies.clone(),
            status: Status::Ready,
            protect: change.options.protect,
            retain: change.options.retain,
            replace_on: change.options.replace_on.clone(),
            timeouts: change.options.timeouts.clone(),
        };
        let awaited = match change.action {
            Action::Create | Action::ReplaceCreateFirst | Action::ReplaceDeleteFirst => {
                recorded.attributes = JsonMap::new();
                self.bury_vanished().await?;
                self.create(kind, &mut recorded).await?;
                Awaited::Create
            }
            Action::Settle => self.resume(&mut recorded),
            _ => {
                self.update(kind, &mut recorded).await?;
                Awaited::Update
            }
        };
        let waited = self.settle(kind, &mut recorded, awaited, permit).await?;
        self.learn(&recorded);
        Ok((recorded.id, waited))
    }

    /// Writes down that the object a plain creation takes the place of is gone: it would be put aside otherwise, and
    /// deleting it would hit the new one where both have the same name.
    async fn bury_vanished(&self) -> Result<(), Trouble> {
        let address = &self.change.address;
        match self.run.before.resources.get(address).filter(|_| self.change.action == Action::Create) {
            Some(vanished) => {
                let gone = Record::Gone { address: address.clone(), generation: vanished.generation };
                Ok(self.run.ledger.record(gone).await?)
            }
            None => Ok(()),
        }
    }

    /// Properties with every reference put in place.
    fn wanted(&self) -> Result<BTreeMap<String, Value>, Trouble> {
        let wanted: BTreeMap<String, Value> =
            self.change.wanted.iter().map(|(name, value)| (name.clone(), self.run.resolve(value))).collect();
        for (name, value) in &wanted {
            if let Some(reference) = value.references().first() {
                return Err(Trouble::Failed {
                    reason: format!("`{name}` needs `{reference}`, which AWS did not tell"),
                    help: Some("run again: what exists is read anew".to_owned()),
                });
            }
        }
        Ok(wanted)
    }

    async fn create(&self, kind: &dyn Kind, recorded: &mut Recorded) -> Result<(), Trouble> {
        let address = &self.change.address;
        let token = self.identity().token("create");
        let properties = plain(&with_token(&recorded.kind, &recorded.inputs, &token));
        let wanted = Create { properties: &properties, token: &token };
        self.intend(Verb::Create, &token, recorded).await?;
        let created = match self.call_create(kind, &wanted).await {
            Ok(created) => created,
            Err(NotMade { trouble, lost }) => {
                // What a lost call may have made the next run looks for, by the intent that stays.
                if !lost {
                    let generation = recorded.generation;
                    self.run.ledger.record(Record::Refused { address: address.clone(), generation }).await?;
                }
                return Err(trouble);
            }
        };
        recorded.id = created.id;
        if let Ok(mut fresh) = self.run.fresh.lock() {
            fresh.insert(recorded.id.clone());
        }
        recorded.attributes.extend(created.accepted.attributes);
        let settled = match created.accepted.waiting {
            None => Status::Ready,
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

    /// Makes it once, whatever becomes of the answers.
    async fn call_create(&self, kind: &dyn Kind, wanted: &Create<'_>) -> Result<Created, NotMade> {
        let mut attempts = Attempts::new(Purpose::Create, wanted.token, None);
        let mut lost = false;
        loop {
            let error = match kind.create(self.run.cloud, wanted).await {
                Ok(created) => return Ok(created),
                Err(error) => error,
            };
            lost |= error.class == ErrorClass::Unknown;
            if matches!(error.class, ErrorClass::Unknown | ErrorClass::AlreadyExists) {
                let found = self.find(kind, wanted, &error).await;
                if let Some(id) = found.map_err(|trouble| NotMade { trouble, lost })? {
                    let accepted = Accepted { attributes: JsonMap::new(), waiting: Some(JsonMap::new()) };
                    return Ok(Created { id, configure: true, accepted });
                }
            }
            self.again(&mut attempts, &error).await.map_err(|trouble| NotMade { trouble, lost })?;
        }
    }

    /// Looks for what a creation that ended with this error may have made: when the answer was lost more than once, for
    /// it may not show at once.
    async fn find(&self, kind: &dyn Kind, wanted: &Create<'_>, error: &CallError) -> Result<Option<String>, Trouble> {
        let mut attempts = Attempts::new(Purpose::Read, wanted.token, None);
        let mut pauses = LOOK_AGAIN.iter().filter(|_| error.class == ErrorClass::Unknown);
        loop {
            let pause = match kind.find(self.run.cloud, wanted).await {
                Ok(None) => pauses.next().copied(),
                Ok(found) => return Ok(found),
                Err(failed) => Some(attempts.next(&failed, false).ok_or_else(|| refused(error))?),
            };
            match pause {
                Some(pause) => self.pause(pause).await,
                None => return Ok(None),
            }
        }
    }

    async fn configure(&self, kind: &dyn Kind, recorded: &Recorded, wanted: &Create<'_>) -> Result<(), Trouble> {
        let mut attempts = Attempts::new(Purpose::Update, wanted.token, None);
        while let Err(error) = kind.configure(self.run.cloud, &recorded.id, wanted).await {
            self.again_of(&mut attempts, &error, error.is_not_found()).await?;
        }
        Ok(())
    }

    async fn update(&self, kind: &dyn Kind, recorded: &mut Recorded) -> Result<(), Trouble> {
        let change = self.change;
        let before = self.run.before.resources.get(&change.address);
        let token = self.identity().token(&format!("update {}", self.run.serial));
        let wanted = plain(&recorded.inputs);
        let prior = before.map(|before| plain(&before.inputs)).unwrap_or_default();
        self.intend(Verb::Update, &token, recorded).await?;
        if before.is_some_and(|before| before.status == Status::Unconfigured) {
            self.configure(kind, recorded, &Create { properties: &wanted, token: &token }).await?;
            recorded.status = Status::Settling { action: Awaited::Create, waiting: JsonMap::new() };
        }
        let mut changed: Vec<String> = change.differences.iter().map(|found| root(&found.path).to_owned()).collect();
        changed.dedup();
        let failed_before = before.is_some_and(|before| matches!(before.status, Status::Failed { .. }));
        if !changed.is_empty() || failed_before {
            let update = Update {
                id: &recorded.id,
                wanted: &wanted,
                observed: &change.observed,
                prior: &prior,
                attributes: &recorded.attributes,
                changed: &changed,
                token: &token,
            };
            let mut attempts = Attempts::new(Purpose::Update, &token, change.options.timeouts.update);
            let accepted = loop {
                match kind.update(self.run.cloud, &update).await {
                    Ok(accepted) => break accepted,
                    Err(error) => self.again(&mut attempts, &error).await?,
                }
            };
            recorded.attributes.extend(accepted.attributes);
            if let Some(waiting) = accepted.waiting {
                recorded.status = Status::Settling { action: Awaited::Update, waiting };
            }
        }
        self.record(recorded).await
    }

    /// Takes up what an earlier run was waiting for.
    fn resume(&self, recorded: &mut Recorded) -> Awaited {
        let before = self.run.before.resources.get(&self.change.address);
        match before.map(|before| &before.status) {
            Some(Status::Settling { action, waiting }) => {
                recorded.status = Status::Settling { action: *action, waiting: waiting.clone() };
                *action
            }
            _ => Awaited::Create,
        }
    }

    // Waiting

    /// Waits until what AWS accepted is in effect, without a slot while nothing is asked.
    async fn settle(
        &self,
        kind: &dyn Kind,
        recorded: &mut Recorded,
        awaited: Awaited,
        permit: SemaphorePermit<'a>,
    ) -> Result<Waited, Trouble> {
        let Status::Settling { action, waiting } = &recorded.status else { return Ok(Waited::Ready) };
        let (action, mut waiting) = (*action, waiting.clone());
        drop(permit);
        let timeouts = &self.change.options.timeouts;
        let limit = match awaited {
            Awaited::Create => timeouts.create,
            Awaited::Update => timeouts.update,
            Awaited::Delete => timeouts.delete,
        };
        let wanted = plain(&recorded.inputs);
        let began = Instant::now();
        if !self.run.settings.wait && !self.needed {
            return Ok(Waited::Settling);
        }
        let mut last = String::new();
        loop {
            match self.poll(kind, recorded, action, &mut waiting, &wanted).await? {
                Progress::Ready(attributes) => {
                    recorded.attributes.extend(attributes);
                    recorded.status = Status::Ready;
                    self.record(recorded).await?;
                    return Ok(Waited::Ready);
                }
                Progress::Failed { reason, help } => {
                    recorded.status = Status::Failed { reason: reason.clone() };
                    self.record(recorded).await?;
                    return Err(Trouble::Failed { reason, help: Some(help) });
                }
                Progress::Pending { summary, news, again_in } => {
                    self.tell(&mut last, summary, news);
                    if limit.is_some_and(|limit| began.elapsed() >= limit) {
                        let reason = format!("not settled within {}: {last}", shown(limit.unwrap_or_default()));
                        recorded.status = Status::Settling { action, waiting };
                        self.record(recorded).await?;
                        let help = "run again to go on waiting, or set a longer time in the option `timeouts`";
                        return Err(Trouble::Failed { reason, help: Some(help.to_owned()) });
                    }
                    self.pause(again_in).await;
                    if self.run.settings.stop.asked() {
                        recorded.status = Status::Settling { action, waiting };
                        self.record(recorded).await?;
                        return Ok(Waited::Settling);
                    }
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
            let slot = self.run.slots.acquire().await;
            let mut question = Poll {
                id: &recorded.id,
                action: action.into(),
                waiting: &mut *waiting,
                attributes: &recorded.attributes,
                wanted,
            };
            let answer = kind.poll(self.run.cloud, &mut question).await;
            drop(slot);
            match answer {
                Ok(progress) => return Ok(progress),
                Err(error) => self.again(&mut attempts, &error).await?,
            }
        }
    }

    fn tell(&self, last: &mut String, summary: String, news: Vec<String>) {
        let address = &self.change.address;
        for text in news {
            self.run.events.send(Event::StepNews { address: address.clone(), text });
        }
        if *last != summary {
            self.run.events.send(Event::StepWaiting { address: address.clone(), summary: summary.clone() });
            *last = summary;
        }
    }

    // Removing

    async fn remove(&self, permit: SemaphorePermit<'a>) -> Result<(String, Waited), Trouble> {
        let change = self.change;
        let address = &change.address;
        let replaced = change.action.replaces();
        let live = self.run.before.resources.get(address);
        let aside = self.run.before.deposed.get(address).into_iter().flatten();
        let object = match live {
            Some(live) if replaced || live.generation == change.generation => Some(live),
            _ => aside.into_iter().find(|deposed| deposed.generation == change.generation),
        };
        let Some(object) = object else { return Ok((String::new(), Waited::Ready)) };
        let gone = Record::Gone { address: address.clone(), generation: object.generation };
        if change.action == Action::Forget {
            self.run.ledger.record(gone).await?;
            return Ok((object.id.clone(), Waited::Ready));
        }
        let kind = self.kind()?;
        let mut recorded = object.clone();
        let identity = Identity { generation: object.generation, ..self.identity() };
        let token = identity.token("delete");
        self.intend(Verb::Delete, &token, &recorded).await?;
        let prior = plain(&object.inputs);
        let delete = Delete { id: &object.id, prior: &prior, attributes: &object.attributes };
        let mut permit = Some(permit);
        let mut attempts = Attempts::new(Purpose::Delete, &token, object.timeouts.delete);
        let accepted = loop {
            match kind.delete(self.run.cloud, &delete).await {
                Ok(accepted) => break accepted,
                Err(error) => {
                    permit.take();
                    self.again(&mut attempts, &error).await?;
                    permit = self.run.slots.acquire().await.ok();
                }
            }
        };
        if let (Some(waiting), Some(permit)) = (accepted.waiting, permit) {
            recorded.status = Status::Settling { action: Awaited::Delete, waiting };
            self.wait_until_gone(kind, &mut recorded, permit).await?;
        }
        self.run.ledger.record(gone).await?;
        Ok((object.id.clone(), Waited::Ready))
    }

    async fn wait_until_gone(
        &self,
        kind: &dyn Kind,
        recorded: &mut Recorded,
        permit: SemaphorePermit<'a>,
    ) -> Result<(), Trouble> {
        let Status::Settling { action, waiting } = &recorded.status else { return Ok(()) };
        let (action, mut waiting) = (*action, waiting.clone());
        drop(permit);
        let began = Instant::now();
        let mut last = String::new();
        let wanted = JsonMap::new();
        loop {
            match self.poll(kind, recorded, action, &mut waiting, &wanted).await? {
                Progress::Ready(_) => return Ok(()),
                Progress::Failed { reason, help } => return Err(Trouble::Failed { reason, help: Some(help) }),
                Progress::Pending { summary, news, again_in } => {
                    self.tell(&mut last, summary, news);
                    let limit = recorded.timeouts.delete;
                    if limit.is_some_and(|limit| began.elapsed() >= limit) || self.run.settings.stop.asked() {
                        let reason = format!("not gone yet: {last}");
                        return Err(Trouble::Failed { reason, help: Some("run again to go on waiting".to_owned()) });
                    }
                    self.pause(again_in).await;
                }
            }
        }
    }

    // Shared

    async fn intend(&self, verb: Verb, token: &str, recorded: &Recorded) -> Result<(), Trouble> {
        let intent = Record::Intent {
            address: self.change.address.clone(),
            generation: recorded.generation,
            verb,
            token: token.to_owned(),
            kind: recorded.kind.clone(),
            inputs: recorded.inputs.clone(),
            dependencies: recorded.dependencies.clone(),
        };
        Ok(self.run.ledger.record(intent).await?)
    }

    async fn record(&self, recorded: &Recorded) -> Result<(), Trouble> {
        let address = self.change.address.clone();
        Ok(self.run.ledger.record(Record::Made { address, recorded: Box::new(recorded.clone()) }).await?)
    }

    fn learn(&self, recorded: &Recorded) {
        let known =
            Known { id: recorded.id.clone(), attributes: recorded.attributes.clone(), wanted: recorded.inputs.clone() };
        if let Ok(mut all) = self.run.known.lock() {
            all.insert(self.change.address.clone(), known);
        }
    }

    /// Sleeps at the cloud's pace, or less when the run is asked to stop.
    async fn pause(&self, on_aws: Duration) {
        self.run.settings.stop.sleep(self.run.cloud.paced(on_aws)).await;
    }

    /// Sleeps before the next attempt, or gives up with the error.
    async fn again(&self, attempts: &mut Attempts<'_>, error: &CallError) -> Result<(), Trouble> {
        self.again_of(attempts, error, false).await
    }

    /// [`Step::again`]; `new` says that what the error is about was made a moment ago, whether it names it or not.
    async fn again_of(&self, attempts: &mut Attempts<'_>, error: &CallError, new: bool) -> Result<(), Trouble> {
        let fresh = new
            || self.run.fresh.lock().is_ok_and(|fresh| {
                fresh.iter().any(|id| error.message.contains(id.as_str()) && id.len() > 3)
                    || error.message.contains("assume the role") && !fresh.is_empty()
                    // It does not say which cluster.
                    || error.is("ClusterNotFoundException") && !fresh.is_empty()
            });
        match attempts.next(error, fresh) {
            Some(after) if !self.run.settings.stop.asked() => {
                let address = self.change.address.clone();
                self.run.events.send(Event::StepRetrying { address, reason: error.to_string(), after });
                self.pause(after).await;
                Ok(())
            }
            _ => Err(refused(error)),
        }
    }
}

fn refused(error: &CallError) -> Trouble {
    let help = match error.class {
        ErrorClass::AlreadyExists => Some(
            "something of that name exists and is not this stack's: choose another name, or adopt it with the option `id`"
                .to_owned(),
        ),
        ErrorClass::Denied if error.code.as_deref().is_some_and(|code| code.contains("Expired")) => {
            Some("the credentials have expired: renew them, then run again".to_owned())
        }
        ErrorClass::Denied => Some(format!("the credentials need permission for {}", error.action)),
        ErrorClass::Busy => Some("something outside this stack still uses it; remove that, then run again".to_owned()),
        ErrorClass::Throttled | ErrorClass::Unknown => Some("run again: nothing is lost and nothing is made twice".to_owned()),
        ErrorClass::NotFound | ErrorClass::Refused => None,
    };
    let id = error.request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default();
    Trouble::Failed { reason: format!("{error}{id}"), help }
}

fn root(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

fn shown(limit: Duration) -> String {
    format!("{} s", limit.as_secs())
}

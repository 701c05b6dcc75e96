//! One node of a plan's graph: the call, its record, and the waiting.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;

use futures::FutureExt;
use tokio::sync::SemaphorePermit;
use tokio::time::Instant;

use super::execute::{Failure, Run};
use super::plain;
use super::retry::{Attempts, Purpose};
use crate::cloud::{CallError, ErrorClass};
use crate::event::Event;
use crate::kinds::{self, Create, Delete, Kind, Update};
use crate::model::schema::schemas;
use crate::model::{FailedCall, Json, JsonMap, Reference, Value};
use crate::permissions::resource_of;
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
pub(super) enum Trouble {
    /// The journal cannot be written, or the lock is lost: the run is over.
    State(StateError),
    /// This step failed.
    Failed { reason: String, help: Option<String>, call: Option<Box<FailedCall>> },
}

impl Trouble {
    /// A failure that is no call's.
    pub fn failed(reason: String, help: Option<String>) -> Self {
        Self::Failed { reason, help, call: None }
    }
}

impl From<StateError> for Trouble {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

/// A node at work.
pub(super) struct Step<'a> {
    pub run: &'a Run<'a>,
    pub change: &'a Change,
    pub half: Half,
    /// Whether other nodes come after it.
    pub needed: bool,
    /// The right to have a call in flight, while it has it.
    pub slot: Mutex<Option<SemaphorePermit<'a>>>,
}

/// How waiting ended.
pub(super) enum Waited {
    Ready,
    Settling,
}

impl<'a> Step<'a> {
    /// Does it, holding a slot while a call is in flight. A panic is a failure of this step and of no other.
    pub async fn carry_out(self) -> Result<Outcome, StateError> {
        let began = Instant::now();
        let change = self.change;
        let action = match (self.half, change.action) {
            (Half::Remove, action) if action.replaces() => Action::Delete,
            (_, action) => action,
        };
        self.run.events.send(Event::StepStarted { address: change.address.clone(), action });
        let doing = async {
            match self.half {
                Half::Make => self.make().await,
                Half::Remove => self.remove().await,
            }
        };
        let done = AssertUnwindSafe(doing).catch_unwind().await.unwrap_or_else(|panic| Err(panicked(panic.as_ref())));
        self.let_go();
        match done {
            Ok((id, waited)) => {
                let settling = matches!(waited, Waited::Settling);
                let elapsed = began.elapsed();
                let address = change.address.clone();
                self.run.events.send(Event::StepDone { address, action, id, elapsed, settling });
                Ok(if settling { Outcome::Settling } else { Outcome::Done })
            }
            Err(Trouble::State(error)) => Err(error),
            Err(Trouble::Failed { reason, help, call }) => {
                let (address, source) = (change.address.clone(), change.source.clone());
                let failure = Failure { address, action, reason, help, call, source };
                self.run.events.send(Event::StepFailed {
                    address: failure.address.clone(),
                    action,
                    reason: failure.reason.clone(),
                    help: failure.help.clone(),
                    call: failure.call.clone(),
                    source: failure.source.clone(),
                });
                Ok(Outcome::Failed(Box::new(failure)))
            }
        }
    }

    /// [`refused`], with what is known of the resource by the plan.
    pub(super) fn refused(&self, error: &CallError) -> Trouble {
        let known = resource_of(self.run.plan, &self.change.address, error.action);
        refused(error, known.as_deref())
    }

    fn kind(&self) -> Result<&'static dyn Kind, Trouble> {
        let reason = || format!("this version has no code for {}", self.change.kind);
        kinds::by_type(&self.change.kind).ok_or_else(|| Trouble::failed(reason(), None))
    }

    pub(super) fn identity(&self) -> Identity<'_> {
        Identity {
            stack: self.run.stack,
            lineage: self.run.lineage,
            address: &self.change.address,
            generation: self.change.generation,
        }
    }

    // Making

    async fn make(&self) -> Result<(String, Waited), Trouble> {
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
            protect: change.options.protect.unwrap_or_default(),
            retain: change.options.retain,
            replace_on: change.options.replace_on.iter().map(|value| self.run.resolve(value)).collect(),
            ignore_changes: change.options.ignore_changes.clone(),
            timeouts: change.options.timeouts.clone(),
            formation: change.options.formation.clone(),
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
        let waited = self.settle(kind, &mut recorded, awaited).await?;
        self.learn(&recorded);
        let waited = match waited {
            Waited::Ready => self.form(kind, &mut recorded).await?,
            Waited::Settling => Waited::Settling,
        };
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
                let reason = format!("`{name}` needs `{reference}`, which AWS did not tell");
                return Err(Trouble::failed(reason, Some("run again: what exists is read anew".to_owned())));
            }
        }
        Ok(wanted)
    }

    async fn update(&self, kind: &dyn Kind, recorded: &mut Recorded) -> Result<(), Trouble> {
        let change = self.change;
        let before = self.run.before.resources.get(&change.address);
        let status = before.map_or(&Status::Ready, |before| &before.status);
        let token = self.identity().token(&format!("update {}", self.run.serial));
        let wanted = plain(&recorded.inputs);
        let prior = before.map(|before| plain(&before.inputs)).unwrap_or_default();
        // What is ignored is called what it is, and is not what was asked for.
        for name in &change.options.ignore_changes {
            recorded.inputs.remove(name);
            let asked = before.and_then(|before| before.inputs.get(name));
            recorded.inputs.extend(asked.map(|value| (name.clone(), value.clone())));
        }
        self.intend(Verb::Update, &token, recorded).await?;
        let mut changed: Vec<String> = change.differences.iter().map(|found| root(&found.path).to_owned()).collect();
        changed.dedup();
        let mut follow = None;
        if *status == Status::Unconfigured {
            self.configure(kind, recorded, &Create { properties: &wanted, token: &token }).await?;
            follow = Some(Status::Settling { action: Awaited::Create, waiting: JsonMap::new() });
        }
        // Nothing that was awaited before is in effect because something else was changed.
        let failed_before = matches!(status, Status::Failed { .. });
        match status {
            Status::Settling { .. } => follow = Some(status.clone()),
            Status::Failed { .. } => {
                follow = Some(Status::Settling { action: Awaited::Create, waiting: JsonMap::new() });
            }
            Status::Ready | Status::Apart { .. } | Status::Unconfigured => {}
        }
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
                follow = Some(Status::Settling { action: Awaited::Update, waiting });
            }
        }
        recorded.status = follow.unwrap_or_else(|| self.kept_status());
        self.record(recorded).await
    }

    // Removing

    async fn remove(&self) -> Result<(String, Waited), Trouble> {
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
        let mut attempts = Attempts::new(Purpose::Delete, &token, object.timeouts.delete);
        let accepted = loop {
            match kind.delete(self.run.cloud, &delete).await {
                Ok(accepted) => break accepted,
                Err(error) => self.again(&mut attempts, &error).await?,
            }
        };
        if let Some(waiting) = accepted.waiting {
            recorded.status = Status::Settling { action: Awaited::Delete, waiting };
            self.wait_until_gone(kind, &recorded).await?;
        }
        self.run.ledger.record(gone).await?;
        Ok((object.id.clone(), Waited::Ready))
    }

    // Shared

    pub(super) async fn intend(&self, verb: Verb, token: &str, recorded: &Recorded) -> Result<(), Trouble> {
        let intent = Record::Intent {
            address: self.change.address.clone(),
            verb,
            token: token.to_owned(),
            recorded: Box::new(recorded.clone()),
        };
        Ok(self.run.ledger.record(intent).await?)
    }

    pub(super) async fn record(&self, recorded: &Recorded) -> Result<(), Trouble> {
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
}

fn panicked(panic: &(dyn Any + Send)) -> Trouble {
    let told = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let reason = format!("hzscript itself failed: {}", told.unwrap_or("it did not say why"));
    let help = "this is a mistake in hzscript, please report it; running again goes on from here";
    Trouble::failed(reason, Some(help.to_owned()))
}

/// What a refused call means for its step. `known` is what its resource is known to be where AWS does not say.
pub(super) fn refused(error: &CallError, known: Option<&str>) -> Trouble {
    let call = error.facts(known);
    let help = match error.class {
        ErrorClass::AlreadyExists => Some(
            "something of that name exists and is not this stack's: choose another name, or adopt it with the option `id`"
                .to_owned(),
        ),
        ErrorClass::Denied => Some(match &call.denied {
            Some(denied) => denied.help(known),
            None if error.code.as_deref().is_some_and(|code| code.contains("Expired")) => {
                "the credentials have expired: renew them, then run again".to_owned()
            }
            None => "AWS does not know these credentials (any more): sign in again, or choose others with --profile NAME"
                .to_owned(),
        }),
        ErrorClass::Busy => Some("something outside this stack still uses it; remove that, then run again".to_owned()),
        ErrorClass::Throttled | ErrorClass::Unknown => Some("run again: nothing is lost and nothing is made twice".to_owned()),
        ErrorClass::NotFound => {
            Some("what it names is not there (any more): look at the identifiers in the script, then run again".to_owned())
        }
        ErrorClass::Refused => Some("change in the script what AWS refuses, then run again".to_owned()),
        ErrorClass::NotMade => None,
    };
    Trouble::Failed { reason: error.told(), help, call: Some(Box::new(call)) }
}

fn root(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

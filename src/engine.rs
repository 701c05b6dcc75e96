//! [`Engine`]: evaluate, plan, apply, destroy. What the command line uses, and other tools embed.
//!
//! ```text
//! Engine ── begin ──▶ Session ── plan ──▶ Plan ── apply ──▶ Report
//!        ├─ look  ──▶ (a session that writes nothing) ── drift ──▶ Drift
//!        ├─ draft ──▶ (the same, for a plan that is saved)
//!        └─ begin_saved ──▶ (a session on the state that a saved plan was made from)
//! ```

use std::collections::{BTreeMap, BTreeSet};

use crate::apply::execute::{Report, Settings, execute};
use crate::apply::observe::{Wanted, observe};
use crate::apply::recover::{RecoverError, recover};
use crate::cloud::{CallError, Cloud};
use crate::event::{Event, Events};
use crate::kinds::{self, Observed};
use crate::model::schema::schemas;
use crate::model::{Address, JsonMap, Program, Value};
use crate::plan::drift::{Drift, drift};
use crate::plan::saved::checksum_of_state;
use crate::plan::{self, Plan, PlanError, Saved};
use crate::state::{Awaited, Ledger, Lock, Owner, Record, Snapshot, StateError, StateStore, Status, Target};

/// Why a stack could not be planned or executed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The state cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// What exists cannot be read.
    #[error("cannot read what exists: {0}")]
    Observe(#[from] CallError),
    /// The program cannot be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The state belongs to another account or region.
    #[error("the state of stack `{stack}` is of {recorded}, and this is {connected}")]
    WrongTarget {
        /// The stack.
        stack: String,
        /// Where it lives.
        recorded: Target,
        /// What is connected to.
        connected: Target,
    },
    /// The work was begun with [`Engine::look`], which changes nothing.
    #[error("this session only looks: a plan is executed in one that was begun")]
    OnlyLooking,
    /// The plan was made from another state.
    #[error("the plan is stale: the state has changed since it was made")]
    Stale,
    /// The plan was made for another account or region.
    #[error("the plan of stack `{stack}` is for {planned}, and this is {connected}")]
    PlannedElsewhere {
        /// The stack.
        stack: String,
        /// What it was made for.
        planned: Target,
        /// What is connected to.
        connected: Target,
    },
}

impl From<RecoverError> for EngineError {
    fn from(error: RecoverError) -> Self {
        match error {
            RecoverError::Call(error) => Self::Observe(error),
            RecoverError::State(error) => Self::State(error),
        }
    }
}

/// One stack on one cloud.
#[derive(Debug, Clone)]
pub struct Engine {
    cloud: Cloud,
    store: StateStore,
    stack: String,
    target: Target,
    events: Events,
    settings: Settings,
}

impl Engine {
    /// An engine for `stack`, whose state is in `store`. `target` names the cloud that is connected to.
    pub fn new(cloud: Cloud, store: StateStore, stack: &str, target: &str, events: Events, settings: Settings) -> Self {
        let target = Target { cloud: target.to_owned(), account: cloud.account.clone(), region: cloud.region.clone() };
        Self { cloud, store, stack: stack.to_owned(), target, events, settings }
    }

    /// The account and region.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The connection.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// The state as the last run left it; `None` when there was none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn state(&self) -> Result<Option<Snapshot>, EngineError> {
        Ok(self.store.load().await?)
    }

    /// Begins work that may change the stack: takes the lock, and finds what an interrupted run left.
    ///
    /// # Errors
    /// When somebody else is at work, the state is another account's, or AWS cannot be asked.
    pub async fn begin(&self, owner: &Owner) -> Result<Session<'_>, EngineError> {
        self.begin_with(owner, Opening::Work).await
    }

    /// Begins to execute a saved plan: as [`Engine::begin`], on exactly the state that the plan was made from. A stack that
    /// was never run gets the lineage that the plan gave it.
    ///
    /// # Errors
    /// As [`Engine::begin`]; [`EngineError::PlannedElsewhere`] and [`EngineError::Stale`] when the plan is not for this.
    pub async fn begin_saved(&self, saved: &Saved, owner: &Owner) -> Result<Session<'_>, EngineError> {
        let Plan { stack, target, .. } = &saved.plan;
        if *target != self.target || *stack != self.stack {
            let (stack, planned, connected) = (stack.clone(), target.clone(), self.target.clone());
            return Err(EngineError::PlannedElsewhere { stack, planned, connected });
        }
        self.begin_with(owner, Opening::Saved(saved)).await
    }

    async fn begin_with(&self, owner: &Owner, opening: Opening<'_>) -> Result<Session<'_>, EngineError> {
        let lock = self.store.lock(owner).await?;
        match self.open(opening).await {
            Ok(ledger) => Ok(Session { engine: self, ledger, lock: Some(lock) }),
            Err(error) => {
                // Why it could not be begun tells more than why the lock stays.
                let _ = lock.release().await;
                Err(error)
            }
        }
    }

    /// Begins work that changes nothing, neither the stack nor its state.
    ///
    /// # Errors
    /// When the state is another account's, or AWS cannot be asked.
    pub async fn look(&self) -> Result<Session<'_>, EngineError> {
        Ok(Session { engine: self, ledger: self.open(Opening::Look).await?, lock: None })
    }

    /// Begins work that changes nothing, as [`Engine::look`], for a plan that is saved: its serial is what the run that
    /// executes it will find, and a stack that was never run gets its lineage now, so that no name is left open.
    ///
    /// # Errors
    /// As [`Engine::look`].
    pub async fn draft(&self) -> Result<Session<'_>, EngineError> {
        Ok(Session { engine: self, ledger: self.open(Opening::Draft).await?, lock: None })
    }

    async fn open(&self, opening: Opening<'_>) -> Result<Ledger, EngineError> {
        let loaded = self.store.load().await?;
        if let Some(loaded) = &loaded
            && loaded.target != self.target
        {
            return Err(EngineError::WrongTarget {
                stack: self.stack.clone(),
                recorded: loaded.target.clone(),
                connected: self.target.clone(),
            });
        }
        let begun = loaded.is_some();
        let lineage = || match opening {
            // Who only looks makes none up: names that derive from it are then shown as not known.
            Opening::Look => String::new(),
            Opening::Draft | Opening::Work => uuid::Uuid::new_v4().to_string(),
            Opening::Saved(saved) => saved.plan.lineage.clone(),
        };
        let mut snapshot = loaded.unwrap_or_else(|| Snapshot::new(lineage(), &self.stack, self.target.clone()));
        if let Opening::Draft | Opening::Saved(_) = opening {
            let serial = self.store.next_serial(&snapshot).await?;
            match opening {
                Opening::Saved(Saved { plan, .. }) if (serial, &snapshot.lineage) != (plan.serial, &plan.lineage) => {
                    return Err(EngineError::Stale);
                }
                Opening::Draft => snapshot.serial = serial,
                _ => {}
            }
        }
        let journal = match opening {
            Opening::Look | Opening::Draft => None,
            Opening::Work | Opening::Saved(_) => {
                if !begun {
                    self.store.save(&snapshot).await?;
                }
                Some(self.store.begin(&mut snapshot).await?)
            }
        };
        let ledger = Ledger::new(snapshot, journal);
        recover(&ledger, &self.cloud, &self.events).await?;
        if let Opening::Saved(saved) = opening
            && checksum_of_state(&ledger.snapshot().await) != saved.state
        {
            return Err(EngineError::Stale);
        }
        Ok(ledger)
    }

    async fn carry_out(&self, ledger: Ledger, plan: &Plan) -> Result<Report, EngineError> {
        let current = ledger.snapshot().await;
        if (current.serial, &current.lineage) != (plan.serial, &plan.lineage) {
            return Err(EngineError::Stale);
        }
        let report = execute(plan, &ledger, &self.cloud, &self.events, &self.settings).await?;
        let mut snapshot = ledger.into_snapshot();
        snapshot.serial += 1;
        self.store.save(&snapshot).await?;
        Ok(report)
    }
}

/// What a state is opened for.
#[derive(Debug, Clone, Copy)]
enum Opening<'a> {
    /// To look only.
    Look,
    /// To look, and make a plan that is saved.
    Draft,
    /// To plan and execute.
    Work,
    /// To execute a plan that was saved.
    Saved(&'a Saved),
}

/// Work on a stack, from reading its state to writing it.
#[derive(Debug)]
pub struct Session<'a> {
    engine: &'a Engine,
    ledger: Ledger,
    lock: Option<Lock>,
}

impl Session<'_> {
    /// Plans a program.
    ///
    /// # Errors
    /// When what exists cannot be read, or the program cannot be planned.
    pub async fn plan(&self, program: &Program) -> Result<Plan, EngineError> {
        self.plan_with(program, false).await
    }

    /// Plans the deletion of everything the stack has.
    ///
    /// # Errors
    /// When what exists cannot be read, or something is protected.
    pub async fn plan_destroy(&self) -> Result<Plan, EngineError> {
        self.plan_with(&Program::default(), true).await
    }

    /// Compares what exists with what the last run asked for.
    ///
    /// # Errors
    /// When what exists cannot be read.
    pub async fn drift(&self) -> Result<Drift, EngineError> {
        let snapshot = self.ledger.snapshot().await;
        let observed = self.observe(to_observe(&Program::default(), &snapshot)).await?;
        Ok(drift(&snapshot, &observed, |kind| kinds::by_type(kind).map(|kind| kind.facts())))
    }

    async fn observe(&self, wanted: Vec<Wanted>) -> Result<BTreeMap<Address, Option<Observed>>, EngineError> {
        self.engine.events.send(Event::Reading { resources: wanted.len() });
        Ok(observe(&self.engine.cloud, wanted, self.engine.settings.parallelism).await?)
    }

    async fn plan_with(&self, program: &Program, destroying: bool) -> Result<Plan, EngineError> {
        let mut snapshot = self.ledger.snapshot().await;
        let moves = moves(program, &snapshot);
        for (from, to) in &moves {
            snapshot.apply(&Record::Moved { from: from.clone(), to: to.clone() });
        }
        let observed = self.observe(to_observe(program, &snapshot)).await?;
        let facts = |kind: &str| kinds::by_type(kind).map(|kind| kind.facts());
        let inputs = plan::Inputs { program, snapshot: &snapshot, observed: &observed, facts, destroying };
        Ok(Plan { moves, ..plan::plan(inputs)? })
    }

    /// Executes a plan and writes the state, whatever comes of it.
    ///
    /// # Errors
    /// When the session only looks, the plan is stale, or the journal or the state cannot be written.
    pub async fn apply(self, plan: &Plan) -> Result<Report, EngineError> {
        let Self { engine, ledger, lock } = self;
        let Some(lock) = lock else { return Err(EngineError::OnlyLooking) };
        let done = engine.carry_out(ledger, plan).await;
        let released = lock.release().await;
        let report = done?;
        released?;
        Ok(report)
    }

    /// Ends without executing anything.
    ///
    /// # Errors
    /// When the lock cannot be given back.
    pub async fn end(self) -> Result<(), EngineError> {
        if let Some(lock) = self.lock {
            lock.release().await?;
        }
        Ok(())
    }

    /// The state as it is now.
    pub async fn state(&self) -> Snapshot {
        self.ledger.snapshot().await
    }
}

/// Objects of the state whose address a declaration of the same kind names among its `aliases`, each once.
fn moves(program: &Program, snapshot: &Snapshot) -> Vec<(Address, Address)> {
    let declared: BTreeSet<&Address> = program.resources.iter().map(|resource| &resource.address).collect();
    let mut moved = BTreeSet::new();
    let mut moves = Vec::new();
    for resource in &program.resources {
        if snapshot.resources.contains_key(&resource.address) {
            continue;
        }
        let known = |alias: &&Address| {
            alias.kind() == resource.address.kind()
                && snapshot.resources.contains_key(*alias)
                && !declared.contains(*alias)
        };
        if let Some(alias) = resource.options.aliases.iter().find(|alias| known(alias) && !moved.contains(*alias)) {
            moved.insert(alias);
            moves.push((alias.clone(), resource.address.clone()));
        }
    }
    moves
}

/// What planning needs to know of: all that the state has, and what declarations want to adopt.
fn to_observe(program: &Program, snapshot: &Snapshot) -> Vec<Wanted> {
    let known = snapshot.resources.iter().map(|(address, recorded)| Wanted {
        address: address.clone(),
        kind: recorded.kind.clone(),
        id: recorded.id.clone(),
        making: match &recorded.status {
            Status::Settling { action: Awaited::Create, waiting } => Some(waiting.clone()),
            Status::Unconfigured => Some(JsonMap::new()),
            _ => None,
        },
    });
    let adopted = program.resources.iter().filter_map(|resource| {
        let id = resource.options.id.clone().filter(|_| !snapshot.resources.contains_key(&resource.address))?;
        let schema = schemas().by_kind(resource.address.kind())?;
        Some(Wanted { address: resource.address.clone(), kind: schema.type_name.clone(), id, making: None })
    });
    known.chain(adopted).collect()
}

/// Outputs of a state, for showing: secrets stay hidden.
pub fn shown_outputs(outputs: &BTreeMap<String, Value>) -> BTreeMap<String, serde_json::Value> {
    fn shown(value: &Value) -> serde_json::Value {
        match value {
            Value::Secret(_) => "(secret)".into(),
            Value::Ref(_) | Value::Template(_) => "(not known yet)".into(),
            Value::List(items) => items.iter().map(shown).collect(),
            Value::Map(map) => map.iter().map(|(key, item)| (key.clone(), shown(item))).collect(),
            plain => plain.to_json().unwrap_or_default(),
        }
    }
    outputs.iter().map(|(name, value)| (name.clone(), shown(value))).collect()
}

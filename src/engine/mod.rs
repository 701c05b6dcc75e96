//! [`Engine`]: evaluate, plan, apply, destroy. What the command line uses, and other tools embed.
//!
//! [`Engine::builder`] puts one together. [`Engine::evaluate`], [`Engine::plan`], [`Engine::apply`], [`Engine::run`] and
//! [`Engine::destroy`] each do one whole piece of work; below them is a [`Session`], for those who look at something and
//! decide before they go on:
//!
//! ```text
//! Engine ── begin ──▶ Session ── plan ──▶ Plan ── apply ──▶ Report
//!        │                    └─ refresh ──▶ Refreshed ── take_in ──▶ (the serial of the state)
//!        ├─ look  ──▶ (a session that writes nothing) ── drift ──▶ Drift
//!        ├─ draft ──▶ (the same, for a plan that is saved)
//!        ├─ begin_saved ──▶ (a session on the state that a saved plan was made from)
//!        └─ earlier ──▶ Executed ── plan_back ──▶ (a plan that goes back to an earlier program)
//! ```

mod back;
mod builder;
mod error;
mod locking;
mod saving;
mod sealing;
mod session;
mod whole;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::apply::execute::{Report, Settings, Stop, execute};
use crate::apply::recover::recover;
use crate::cloud::Cloud;
use crate::event::Events;
use crate::model::Value;
use crate::plan::saved::checksum_of_state;
use crate::plan::{Plan, Saved};
use crate::script::{Functions, Given, Limits, Lookups};
use crate::state::{Executed, Keyring, Lease, Ledger, Locking, Made, Owner, Snapshot, StateStore, Target};
use locking::cause;

pub use back::{Back, Ended};
pub use builder::{BuildError, Builder, is_stack_name};
pub use error::EngineError;
pub use saving::Unsaved;
pub use session::{Refreshed, Session};
pub use whole::Planned;

/// One stack on one cloud. Cheap to clone; clones work on the same stack.
#[derive(Debug, Clone)]
pub struct Engine {
    cloud: Cloud,
    store: StateStore,
    stack: String,
    target: Target,
    events: Events,
    settings: Settings,
    locking: Locking,
    owner: Option<Owner>,
    evaluation: Arc<Evaluation>,
}

/// What scripts are evaluated with.
struct Evaluation {
    inputs: BTreeMap<String, Given>,
    limits: Limits,
    lookups: Arc<dyn Lookups>,
    functions: Functions,
}

impl std::fmt::Debug for Evaluation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The values of inputs may be secret.
        let names: Vec<&String> = self.inputs.keys().collect();
        f.debug_struct("Evaluation").field("inputs", &names).field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Engine {
    /// Begins to put an engine together that works on `cloud`.
    pub fn builder(cloud: Cloud) -> Builder {
        Builder::new(cloud)
    }

    /// The same, taking the lock in another way.
    #[must_use]
    pub fn locking(self, locking: Locking) -> Self {
        Self { locking, ..self }
    }

    /// The same engine, whose events go elsewhere.
    #[must_use]
    pub fn reporting_to(&self, events: Events) -> Self {
        Self { events, ..self.clone() }
    }

    /// The same engine, whose runs `stop` asks to end early.
    #[must_use]
    pub fn stopped_by(&self, stop: Stop) -> Self {
        let mut engine = self.clone();
        engine.settings.stop = stop;
        engine
    }

    /// The name of the stack.
    pub fn stack(&self) -> &str {
        &self.stack
    }

    /// The account and region.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The connection.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// Where the stack's state is kept: an address that means the same in every folder.
    pub fn place(&self) -> String {
        let shown = self.store.shown();
        let absolute = shown.strip_prefix("file://").and_then(|path| std::path::absolute(path).ok());
        absolute.map_or(shown, |path| format!("file://{}", path.display()))
    }

    /// The keys for the secrets of the state.
    pub fn keys(&self) -> &Keyring {
        self.store.keys()
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
    /// As [`Engine::begin`]; [`EngineError::PlannedElsewhere`], [`EngineError::KeptElsewhere`] and [`EngineError::Stale`]
    /// when the plan is not for this.
    pub async fn begin_saved(&self, saved: &Saved, owner: &Owner) -> Result<Session<'_>, EngineError> {
        if let Some(error) = self.made_elsewhere(&saved.plan) {
            return Err(error);
        }
        self.begin_with(owner, Opening::Saved(saved)).await
    }

    async fn begin_with(&self, owner: &Owner, opening: Opening<'_>) -> Result<Session<'_>, EngineError> {
        let lock = self.take_lock(owner).await?;
        let lease = lock.lease().clone();
        let cloud = self.cloud_under(&lease);
        match self.open(opening, &cloud, Some(lease)).await {
            Ok(ledger) => Ok(Session { engine: self, cloud, ledger, lock: Some(lock), made: Some(Made::by(owner)) }),
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
        let ledger = self.open(Opening::Look, &self.cloud, None).await?;
        Ok(Session { engine: self, cloud: self.cloud.clone(), ledger, lock: None, made: None })
    }

    /// Begins work that changes nothing, as [`Engine::look`], for a plan that is saved: its serial is what the run that
    /// executes it will find, and a stack that was never run gets its lineage now, so that no name is left open.
    ///
    /// # Errors
    /// As [`Engine::look`].
    pub async fn draft(&self) -> Result<Session<'_>, EngineError> {
        let ledger = self.open(Opening::Draft, &self.cloud, None).await?;
        Ok(Session { engine: self, cloud: self.cloud.clone(), ledger, lock: None, made: None })
    }

    /// Begins to execute a plan that was made by [`Engine::plan`], on exactly the state that it was made from.
    ///
    /// # Errors
    /// As [`Engine::begin_saved`].
    pub async fn begin_planned(&self, planned: &Planned, owner: &Owner) -> Result<Session<'_>, EngineError> {
        if let Some(error) = self.made_elsewhere(planned) {
            return Err(error);
        }
        self.begin_with(owner, Opening::Planned(planned)).await
    }

    /// That a plan was made for another stack or place, where it was.
    fn made_elsewhere(&self, plan: &Plan) -> Option<EngineError> {
        let (stack, planned, connected) = (plan.stack.clone(), plan.target.clone(), self.target.clone());
        let elsewhere = planned != connected || stack != self.stack;
        elsewhere.then_some(EngineError::PlannedElsewhere { stack, planned, connected })
    }

    async fn open(&self, opening: Opening<'_>, cloud: &Cloud, lease: Option<Lease>) -> Result<Ledger, EngineError> {
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
        if let (Some(made), false) = (opening.made(), begun)
            && made.place != self.place()
        {
            let (stack, planned, here) = (self.stack.clone(), made.place.to_owned(), self.place());
            return Err(EngineError::KeptElsewhere { stack, planned, here });
        }
        let lineage = || match opening {
            // Who only looks makes none up: names that derive from it are then shown as not known.
            Opening::Look => String::new(),
            Opening::Draft | Opening::Work => uuid::Uuid::new_v4().to_string(),
            Opening::Saved(Saved { plan, .. }) => plan.lineage.clone(),
            Opening::Planned(planned) => planned.lineage.clone(),
        };
        let mut snapshot = loaded.unwrap_or_else(|| Snapshot::new(lineage(), &self.stack, self.target.clone()));
        if let Opening::Draft | Opening::Saved(_) | Opening::Planned(_) = opening {
            let serial = self.store.next_serial(&snapshot).await?;
            match opening.made() {
                Some(MadeFrom { plan, .. }) if (serial, &snapshot.lineage) != (plan.serial, &plan.lineage) => {
                    return Err(EngineError::Stale);
                }
                None => snapshot.serial = serial,
                Some(_) => {}
            }
        }
        let keys = self.store.keys();
        let newly_sealed = match opening {
            Opening::Look => false,
            Opening::Draft | Opening::Work | Opening::Planned(_) => keys.begin(&snapshot.lineage).await?,
            Opening::Saved(saved) => saved.seals(keys)?,
        };
        let journal = match opening {
            Opening::Look | Opening::Draft => None,
            Opening::Work | Opening::Saved(_) | Opening::Planned(_) => {
                if !begun {
                    self.store.prove().await?;
                    self.store.save(&snapshot).await?;
                }
                let journal = self.store.begin(&mut snapshot).await?;
                if begun && newly_sealed {
                    // The seal is there before the first record that has it.
                    self.store.save(&snapshot).await?;
                }
                Some(journal)
            }
        };
        let ledger = Ledger::new(snapshot, journal);
        let ledger = match lease {
            Some(lease) => ledger.under(lease),
            None => ledger,
        };
        if let Err(error) = recover(&ledger, cloud, &self.events).await {
            return Err(cause(error.into(), &ledger).await);
        }
        if let Some(made) = opening.made()
            && checksum_of_state(&ledger.snapshot().await) != made.state
        {
            return Err(EngineError::Stale);
        }
        Ok(ledger)
    }

    /// What a run kept that found everything as its plan wants it. A part tells nothing of the whole.
    async fn keep_as_wanted(&self, ledger: &Ledger, plan: &Plan, made: &Made) -> Result<(), EngineError> {
        let Some(program) = plan.program.as_ref().filter(|program| !program.resources.is_empty()) else {
            return Ok(());
        };
        let known = self.store.program(plan.serial).await?.is_some_and(|executed| executed.complete);
        if !known && plan.left_out.is_empty() {
            let executed = Executed::new(plan.serial, true, made, Some(program));
            ledger.while_held(self.store.keep_program(&executed)).await?;
        }
        Ok(())
    }

    /// Executes a plan and writes the state, the program that was executed before it.
    async fn carry_out(
        &self,
        cloud: &Cloud,
        ledger: &Ledger,
        plan: &Plan,
        made: &Made,
    ) -> Result<(Report, Snapshot), EngineError> {
        let current = ledger.snapshot().await;
        if (current.serial, &current.lineage) != (plan.serial, &plan.lineage) {
            return Err(EngineError::Stale);
        }
        let follows_complete = self.follows_complete(plan).await?;
        let report = execute(plan, ledger, cloud, &self.events, &self.settings).await?;
        let complete = report.is_complete() && report.settling.is_empty() && follows_complete;
        let executed = Executed::new(plan.serial + 1, complete, made, plan.program.as_ref());
        self.save(ledger, made, report, &executed).await
    }

    /// Whether, of what a plan leaves out, all is as it was wanted.
    async fn follows_complete(&self, plan: &Plan) -> Result<bool, EngineError> {
        if plan.left_out.is_empty() {
            return Ok(true);
        }
        // What was never run has nothing that could be left incomplete; what was interrupted keeps no program.
        let last = self.store.last_program(plan.serial).await?;
        Ok(last.is_none_or(|executed| executed.complete && executed.serial == plan.serial))
    }

    /// Writes the state at the end of work on it that executed nothing, and gives back its serial.
    async fn finish(
        &self,
        ledger: &Ledger,
        made: Option<Made>,
        executed: Option<&Executed>,
    ) -> Result<u64, EngineError> {
        let snapshot = saving::last(ledger, made).await;
        ledger.while_held(self.write(&snapshot, executed)).await??;
        Ok(snapshot.serial)
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
    /// To execute a plan that was made.
    Planned(&'a Planned),
}

/// What a plan was made from.
struct MadeFrom<'a> {
    plan: &'a Plan,
    /// The checksum of the state.
    state: &'a str,
    /// Where that is kept.
    place: &'a str,
}

impl<'a> Opening<'a> {
    /// What the plan was made from that is to be executed, if there is one already.
    fn made(self) -> Option<MadeFrom<'a>> {
        match self {
            Self::Saved(Saved { plan, state, place, .. }) => Some(MadeFrom { plan, state, place }),
            Self::Planned(planned) => Some(MadeFrom { plan: planned, state: &planned.state, place: &planned.place }),
            Self::Look | Self::Draft | Self::Work => None,
        }
    }
}

/// Outputs of a state with the texts of secrets, for whoever asks for them.
///
/// # Errors
/// The names of those of which only hashes are known.
pub fn outputs_in_clear(outputs: &BTreeMap<String, Value>) -> Result<BTreeMap<String, serde_json::Value>, Vec<String>> {
    let unknown = outputs.iter().filter(|(_, value)| value.to_json().is_none()).map(|(name, _)| name.clone());
    let unknown: Vec<String> = unknown.collect();
    if !unknown.is_empty() {
        return Err(unknown);
    }
    Ok(outputs.iter().filter_map(|(name, value)| Some((name.clone(), value.to_json()?))).collect())
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

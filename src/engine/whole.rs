//! Whole pieces of work, each one call: evaluate, plan, apply, run, destroy. What they return is `Send`.
//!
//! Each may be dropped at any moment: then nothing more is called, what was begun stands in the journal, and the next run
//! of this process goes on from there at once, one of another process when the lock has ended. [`Stop`] ends a run more
//! gently: what is in flight is finished and written down.
//!
//! [`Stop`]: crate::apply::execute::Stop

use std::collections::BTreeMap;
use std::ops::Deref;

use serde::ser::Error;
use serde::{Serialize, Serializer};

use super::error::EngineError;
use super::{Engine, Session, shown_outputs};
use crate::apply::execute::Report;
use crate::model::value::without_secrets;
use crate::model::{Json, Program};
use crate::plan::saved::{SaveError, checksum_of_state};
use crate::plan::{Plan, Saved};
use crate::script::{self, Evaluated, Mistakes, Request, Script};
use crate::state::{Owner, Snapshot};

/// A plan with the state it was made from: what [`Engine::apply`] executes on exactly that state, or not. Serialized it is
/// the member `plan` of what `schemas/plan.schema.json` describes: for showing, without any secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    plan: Plan,
    snapshot: Snapshot,
    /// The checksum of the state.
    pub(super) state: String,
    /// Where that is kept.
    pub(super) place: String,
}

impl Serialize for Planned {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stored = serde_json::to_value(&self.plan).map_err(S::Error::custom)?;
        without_secrets(&stored).serialize(serializer)
    }
}

impl Deref for Planned {
    type Target = Plan;

    fn deref(&self) -> &Plan {
        &self.plan
    }
}

impl Engine {
    /// Evaluates a script, with the engine's inputs, limits, look-ups and functions. A text is one, and so is what
    /// [`Script::read`] reads; a program that Rust builds comes from [`ProgramBuilder`](crate::script::ProgramBuilder).
    ///
    /// # Errors
    /// All its mistakes at once.
    pub async fn evaluate(&self, script: impl Into<Script> + Send) -> Result<Evaluated, Mistakes> {
        let Script { file, source, root, inputs: own } = script.into();
        let mut inputs = self.evaluation.inputs.clone();
        inputs.extend(own);
        script::evaluate(Request {
            file,
            source,
            root,
            inputs,
            lookups: self.evaluation.lookups.clone(),
            limits: self.evaluation.limits.clone(),
            functions: self.evaluation.functions.clone(),
            events: self.events.clone(),
        })
        .await
    }

    /// Plans a program. Nothing is changed, and the lock is not taken.
    ///
    /// # Errors
    /// As [`Engine::draft`] and [`Session::plan`].
    pub async fn plan(&self, program: &Program) -> Result<Planned, EngineError> {
        let session = self.draft().await?;
        let plan = session.plan(program).await?;
        Ok(self.planned(plan, session).await)
    }

    /// Plans the deletion of everything the stack has.
    ///
    /// # Errors
    /// As [`Engine::draft`] and [`Session::plan_destroy`].
    pub async fn plan_destroy(&self) -> Result<Planned, EngineError> {
        let session = self.draft().await?;
        let plan = session.plan_destroy().await?;
        Ok(self.planned(plan, session).await)
    }

    async fn planned(&self, plan: Plan, session: Session<'_>) -> Planned {
        let snapshot = session.state().await;
        Planned { plan, state: checksum_of_state(&snapshot), place: self.place(), snapshot }
    }

    /// Executes a plan on exactly the state that it was made from, and writes the state, whatever comes of it. A step that
    /// fails is no error: [`Report::is_complete`] tells.
    ///
    /// # Errors
    /// As [`Engine::begin_saved`] and [`Session::apply`]: [`EngineError::Stale`] when there was a run since.
    pub async fn apply(&self, planned: &Planned) -> Result<Report, EngineError> {
        carry_out(self.begin_planned(planned, &self.owner("apply")).await?, planned).await
    }

    /// Executes a saved plan, as [`Engine::apply`] does.
    ///
    /// # Errors
    /// As [`Engine::apply`].
    pub async fn apply_saved(&self, saved: &Saved) -> Result<Report, EngineError> {
        carry_out(self.begin_saved(saved, &self.owner("apply")).await?, &saved.plan).await
    }

    /// Plans a program and executes the plan, under one lock.
    ///
    /// # Errors
    /// As [`Engine::begin`], [`Session::plan`] and [`Session::apply`].
    pub async fn run(&self, program: &Program) -> Result<Report, EngineError> {
        let session = self.begin(&self.owner("run")).await?;
        match session.plan(program).await {
            Ok(plan) => carry_out(session, &plan).await,
            Err(error) => ended(session, error).await,
        }
    }

    /// Deletes everything the stack has.
    ///
    /// # Errors
    /// As [`Engine::begin`], [`Session::plan_destroy`] and [`Session::apply`].
    pub async fn destroy(&self) -> Result<Report, EngineError> {
        let session = self.begin(&self.owner("destroy")).await?;
        match session.plan_destroy().await {
            Ok(plan) => carry_out(session, &plan).await,
            Err(error) => ended(session, error).await,
        }
    }

    /// A plan to be kept as text ([`Saved::to_text`]) and executed later. `again` is what would make it anew, for messages.
    ///
    /// # Errors
    /// When a step needs a secret and the state has no key to seal it with.
    pub fn saved(&self, planned: Planned, again: &str) -> Result<Saved, SaveError> {
        let Planned { plan, snapshot, place, .. } = planned;
        Saved::with_keys(plan, &snapshot, place, again.to_owned(), self.keys())
    }

    /// Outputs of the last run, for showing: secrets stay hidden. Empty where there was none.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn outputs(&self) -> Result<BTreeMap<String, Json>, EngineError> {
        Ok(self.state().await?.map(|snapshot| shown_outputs(&snapshot.outputs)).unwrap_or_default())
    }

    /// Who is said to be at work.
    fn owner(&self, command: &str) -> Owner {
        self.owner.clone().unwrap_or_else(|| Owner::this_process(command))
    }
}

/// Executes a plan in a session; one that finds everything as it is wanted, ends it.
async fn carry_out(session: Session<'_>, plan: &Plan) -> Result<Report, EngineError> {
    if plan.is_empty() {
        let outputs = session.state().await.outputs;
        session.end_as_wanted(plan).await?;
        return Ok(Report { outputs, ..Report::default() });
    }
    session.apply(plan).await
}

/// Ends a session in which something could not be planned.
async fn ended(session: Session<'_>, error: EngineError) -> Result<Report, EngineError> {
    // Why it could not be planned tells more than why the lock stays.
    let _ = session.end().await;
    Err(error)
}

//! [`Session`]: work on a stack, from reading its state to writing it.

use std::collections::{BTreeMap, BTreeSet};

use super::Engine;
use super::error::EngineError;
use super::locking::cause;
use crate::apply::execute::Report;
use crate::apply::observe::{Wanted, observe};
use crate::cloud::Cloud;
use crate::event::Event;
use crate::kinds::{self, Facts, Observed};
use crate::model::schema::schemas;
use crate::model::{Address, JsonMap, Program};
use crate::plan::drift::{Drift, drift};
use crate::plan::hashed::{recalled, refuse_hashed};
use crate::plan::refresh::{Refresh, refresh};
use crate::plan::{self, Plan, Scope};
use crate::state::{Awaited, Ledger, Lock, Made, Record, Snapshot, Status};

/// What a refresh has found, to be written down.
#[derive(Debug)]
pub struct Refreshed {
    /// What the state does not know of what exists.
    pub found: Refresh,
    records: Vec<Record>,
    /// The serial of the state that was compared.
    serial: u64,
}

/// Work on a stack, from reading its state to writing it.
#[derive(Debug)]
pub struct Session<'a> {
    pub(super) engine: &'a Engine,
    /// The connection, for as long as the lock holds.
    pub(super) cloud: Cloud,
    pub(super) ledger: Ledger,
    pub(super) lock: Option<Lock>,
    /// What the snapshot says wrote it.
    pub(super) made: Option<Made>,
}

impl Session<'_> {
    /// Plans a program.
    ///
    /// # Errors
    /// When what exists cannot be read, or the program cannot be planned.
    pub async fn plan(&self, program: &Program) -> Result<Plan, EngineError> {
        self.plan_within(program, &Scope::default()).await
    }

    /// Plans a part of a program.
    ///
    /// # Errors
    /// As [`Session::plan`]; [`EngineError::Scope`] when nothing is like what was asked for.
    pub async fn plan_within(&self, program: &Program, scope: &Scope) -> Result<Plan, EngineError> {
        self.plan_with(program, scope, &BTreeSet::new(), false).await
    }

    /// Plans the deletion of everything the stack has.
    ///
    /// # Errors
    /// When what exists cannot be read, or something is protected.
    pub async fn plan_destroy(&self) -> Result<Plan, EngineError> {
        self.plan_destroy_within(&Scope::default()).await
    }

    /// Plans the deletion of a part of what the stack has.
    ///
    /// # Errors
    /// As [`Session::plan_destroy`]; [`EngineError::Scope`] when nothing is like what was asked for.
    pub async fn plan_destroy_within(&self, scope: &Scope) -> Result<Plan, EngineError> {
        self.plan_with(&Program::default(), scope, &BTreeSet::new(), true).await
    }

    /// Compares what exists with what the last run asked for.
    ///
    /// # Errors
    /// When what exists cannot be read.
    pub async fn drift(&self) -> Result<Drift, EngineError> {
        let snapshot = self.ledger.snapshot().await;
        let observed = self.observe(to_observe(&Program::default(), &snapshot)).await?;
        Ok(drift(&snapshot, &observed, facts))
    }

    /// Compares what exists with what the state knows. Nothing is written before [`Session::take_in`].
    ///
    /// # Errors
    /// When what exists cannot be read.
    pub async fn refresh(&self) -> Result<Refreshed, EngineError> {
        let snapshot = self.ledger.snapshot().await;
        let observed = self.observe(to_observe(&Program::default(), &snapshot)).await?;
        let (found, records) = refresh(&snapshot, &observed, drift(&snapshot, &observed, facts));
        Ok(Refreshed { found, records, serial: snapshot.serial })
    }

    /// Writes down what a refresh of this session has found, and gives back the serial of the state. AWS is not called.
    ///
    /// # Errors
    /// When the session only looks, or the journal or the state cannot be written.
    pub async fn take_in(self, refreshed: Refreshed) -> Result<u64, EngineError> {
        let Self { engine, ledger, lock, made, .. } = self;
        let Some(lock) = lock else { return Err(EngineError::OnlyLooking) };
        let done = async {
            if ledger.snapshot().await.serial != refreshed.serial {
                return Err(EngineError::Stale);
            }
            for record in refreshed.records {
                ledger.record(record).await?;
            }
            let executed = engine.store.program(refreshed.serial).await?;
            let executed = executed.map(|executed| executed.kept_again(refreshed.serial + 1, |program| program));
            engine.finish(&ledger, made, executed.as_ref()).await
        };
        let done = done.await;
        let released = lock.release().await;
        let serial = done?;
        released?;
        Ok(serial)
    }

    async fn observe(&self, wanted: Vec<Wanted>) -> Result<BTreeMap<Address, Option<Observed>>, EngineError> {
        self.engine.events.send(Event::Reading { resources: wanted.len() });
        match observe(&self.cloud, wanted, self.engine.settings.parallelism).await {
            Ok(observed) => Ok(observed),
            Err(error) => Err(cause(error.into(), &self.ledger).await),
        }
    }

    /// Plans; what has one of the addresses in `leaving` is left as it is.
    pub(super) async fn plan_with(
        &self,
        program: &Program,
        scope: &Scope,
        leaving: &BTreeSet<Address>,
        destroying: bool,
    ) -> Result<Plan, EngineError> {
        let mut snapshot = self.ledger.snapshot().await;
        snapshot.resources.retain(|address, _| !leaving.contains(address));
        let moves = moves(program, &snapshot);
        for (from, to) in &moves {
            snapshot.apply(&Record::Moved { from: from.clone(), to: to.clone() });
        }
        let choice = scope.choose(program, &snapshot)?;
        let observed = self.observe(to_observe(program, &snapshot)).await?;
        let recalled = recalled(program, &observed);
        let inputs = plan::Inputs { program: &recalled, snapshot: &snapshot, observed: &observed, facts, destroying };
        let mut plan = Plan { moves, ..plan::plan_within(inputs, choice)? };
        refuse_hashed(&plan)?;
        if !plan.left_out.is_empty() {
            plan.program = self.engine.program_in_part(program, &plan, &snapshot, destroying).await?;
        }
        if self.learn(&plan).await && self.lock.is_some() {
            // There may be nothing to execute, after which the state would be written.
            let snapshot = self.ledger.snapshot().await;
            self.ledger.while_held(self.engine.store.save(&snapshot)).await?;
        }
        Ok(plan)
    }

    /// Executes a plan and writes the state, whatever comes of it.
    ///
    /// # Errors
    /// When the session only looks, the plan is stale, or the journal or the state cannot be written.
    pub async fn apply(self, plan: &Plan) -> Result<Report, EngineError> {
        self.learn(plan).await;
        let Self { engine, cloud, ledger, lock, made } = self;
        let (Some(lock), Some(made)) = (lock, made) else { return Err(EngineError::OnlyLooking) };
        let done = match engine.carry_out(&cloud, &ledger, plan, &made).await {
            Ok(done) => Ok(done),
            Err(error) => Err(cause(error, &ledger).await),
        };
        let released = lock.release().await;
        let (report, _) = done?;
        released?;
        Ok(report)
    }

    /// Ends without executing anything, since everything is as this plan wants it: where no complete run ended in this
    /// state, its program is from now on what can be gone back to.
    ///
    /// # Errors
    /// When the store fails, or the lock cannot be given back.
    pub async fn end_as_wanted(self, plan: &Plan) -> Result<(), EngineError> {
        let kept = match &self.made {
            Some(made) => self.engine.keep_as_wanted(&self.ledger, plan, made).await,
            None => Ok(()),
        };
        self.end().await?;
        kept
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

/// What is known of a CloudFormation type.
fn facts(kind: &str) -> Option<&'static Facts> {
    kinds::by_type(kind).map(|kind| kind.facts())
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

//! Going back: to the program of an earlier run, because that is asked for ([`Session::plan_back`]) or because a run
//! failed ([`Session::apply_or_go_back`]).

use std::collections::{BTreeMap, BTreeSet};

use super::error::EngineError;
use super::locking::cause;
use super::{Engine, Session};
use crate::apply::execute::Report;
use crate::apply::recover::recover;
use crate::cloud::Cloud;
use crate::event::Event;
use crate::model::{Address, Program};
use crate::plan::{Action, Plan, Reason, Scope};
use crate::state::{Executed, Lease, Ledger, Made, Recorded, Snapshot};

/// How a run ended that goes back when it fails.
#[derive(Debug)]
pub struct Ended {
    /// How it went.
    pub report: Report,
    /// How going back went; none when nothing failed, or when the run was asked to end.
    pub back: Option<Result<Back, EngineError>>,
}

/// How going back went.
#[derive(Debug)]
pub struct Back {
    /// What was gone back to; none when the run was the stack's first, and there was nothing.
    pub to: Option<Executed>,
    /// What the failed run had made and that stays all the same, because it is protected, retained, or needed by such.
    pub stays: Vec<Address>,
    /// How it went.
    pub report: Report,
}

impl Engine {
    /// The program that ended in the state of serial `to`; without one, of the last run before the state's own serial
    /// that ended completely.
    ///
    /// # Errors
    /// [`EngineError::NotKept`], [`EngineError::NothingEarlier`] and [`EngineError::BeforeTheFirst`] when there is nothing
    /// to go back to, and when the state cannot be read.
    pub async fn earlier(&self, to: Option<u64>) -> Result<Executed, EngineError> {
        // What an interrupted run has written since makes the state another one than that of the last run.
        let next = match self.state().await? {
            Some(snapshot) => self.store.next_serial(&snapshot).await?,
            None => 0,
        };
        let found = match to {
            Some(serial) => self.store.program(serial).await?.filter(|executed| executed.whole),
            None => {
                let run = self.store.program(next).await?.map_or(next, |executed| executed.run);
                self.store.last_complete(|serial| serial < run).await?
            }
        };
        match (found, to) {
            (Some(executed), _) if executed.program.resources.is_empty() => {
                Err(EngineError::BeforeTheFirst { stack: self.stack.clone() })
            }
            (Some(executed), _) => Ok(executed),
            (None, Some(0)) => Err(EngineError::BeforeTheFirst { stack: self.stack.clone() }),
            (None, to) => {
                let (stack, kept) = (self.stack.clone(), self.kept().await?);
                Err(match to {
                    Some(serial) => EngineError::NotKept { stack, serial, kept },
                    None => EngineError::NothingEarlier { stack, kept },
                })
            }
        }
    }
}

impl Engine {
    /// All that runs executed, as far as it is kept.
    async fn kept(&self) -> Result<Vec<Executed>, EngineError> {
        let mut kept = Vec::new();
        for serial in self.store.program_serials().await? {
            kept.extend(self.store.program(serial).await?.filter(|executed| executed.whole));
        }
        Ok(kept)
    }
}

impl Session<'_> {
    /// Plans to go back to an earlier program. Where its declarations stood is said to be as of its serial, and what was
    /// given another address since is given back the one it had.
    ///
    /// # Errors
    /// As [`Session::plan`]; also when a secret would have to be sent of which only the hash is known.
    pub async fn plan_back(&self, to: &Executed) -> Result<Plan, EngineError> {
        let kept = self.engine.kept().await?.into_iter().filter(|executed| executed.serial > to.serial);
        let since: Vec<Program> = kept.map(|executed| executed.program).collect();
        self.plan_back_leaving(to, &since, &BTreeSet::new()).await
    }

    async fn plan_back_leaving(
        &self,
        to: &Executed,
        since: &[Program],
        leaving: &BTreeSet<Address>,
    ) -> Result<Plan, EngineError> {
        let as_of = |file: &mut String| *file = format!("{file} (as of serial {})", to.serial);
        match self.plan_with(&named_before(&to.program, since), &Scope::default(), leaving, false).await {
            Ok(mut plan) => {
                plan.changes.iter_mut().filter_map(|change| change.source.as_mut()).for_each(|at| as_of(&mut at.file));
                Ok(Plan { program: Some(to.program.clone()), ..plan })
            }
            Err(EngineError::Plan(mut error)) => {
                let places = error.problems.iter_mut().filter_map(|(_, source, _)| source.as_mut());
                places.for_each(|at| as_of(&mut at.file));
                Err(EngineError::Plan(error))
            }
            Err(error) => Err(error),
        }
    }

    /// Executes a plan and writes the state. When a step failed, plans and executes going back to the program before, and
    /// writes the state again, as the same owner of the stack: to the last program that was executed completely, or to
    /// nothing when the stack had nothing. Not when the run was asked to end.
    ///
    /// What the failed run had newly made is deleted, what it had adopted is forgotten, and what is protected or retained
    /// stays, with what that needs.
    ///
    /// # Errors
    /// As [`Session::apply`], for the run; why it could not be gone back is in the answer.
    pub async fn apply_or_go_back(self, plan: &Plan) -> Result<Ended, EngineError> {
        let Self { engine, cloud, ledger, lock, made } = self;
        let (Some(lock), Some(made)) = (lock, made) else { return Err(EngineError::OnlyLooking) };
        let at_work = AtWork { engine, cloud, lease: lock.lease().clone(), made };
        let done = at_work.carry_out_or_go_back(&ledger, plan).await;
        let released = lock.release().await;
        let ended = done?;
        released?;
        Ok(ended)
    }
}

/// Who has the lock of a stack, and works on it more than once.
struct AtWork<'a> {
    engine: &'a Engine,
    cloud: Cloud,
    lease: Lease,
    made: Made,
}

impl AtWork<'_> {
    async fn carry_out_or_go_back(&self, ledger: &Ledger, plan: &Plan) -> Result<Ended, EngineError> {
        let before = ledger.snapshot().await;
        let had_nothing = before.resources.is_empty() && before.deposed.is_empty();
        let (report, snapshot) = self.carry_out(ledger, plan).await?;
        if report.failures.is_empty() || self.engine.settings.stop.asked() {
            return Ok(Ended { report, back: None });
        }
        let back = self.go_back(snapshot, plan, had_nothing).await;
        Ok(Ended { report, back: Some(back) })
    }

    async fn carry_out(&self, ledger: &Ledger, plan: &Plan) -> Result<(Report, Snapshot), EngineError> {
        match self.engine.carry_out(&self.cloud, ledger, plan, &self.made).await {
            Ok(done) => Ok(done),
            Err(error) => Err(cause(error, ledger).await),
        }
    }

    async fn go_back(&self, mut snapshot: Snapshot, failed: &Plan, had_nothing: bool) -> Result<Back, EngineError> {
        let engine = self.engine;
        let found = match had_nothing {
            true => None,
            false => engine.store.last_complete(|serial| serial <= failed.serial).await?,
        };
        if found.is_none() && !had_nothing {
            return Err(EngineError::NothingEarlier { stack: engine.stack.clone(), kept: engine.kept().await? });
        }
        let nothing = || Executed::new(0, true, &self.made, Some(&Program::default()));
        let to = found.clone().unwrap_or_else(nothing);

        let journal = match self.lease.while_held(engine.store.begin(&mut snapshot)).await {
            Ok(journal) => journal,
            Err(error) => return Err(cause(error.into(), &Ledger::new(snapshot, None).under(self.lease.clone())).await),
        };
        let ledger = Ledger::new(snapshot, Some(journal)).under(self.lease.clone());
        if let Err(error) = recover(&ledger, &self.cloud, &engine.events).await {
            return Err(cause(error.into(), &ledger).await);
        }
        let stays = staying(&to.program, &ledger.snapshot().await);
        let session = Session { engine, cloud: self.cloud.clone(), ledger, lock: None, made: None };
        let since: Vec<Program> = failed.program.iter().cloned().collect();
        let mut plan = session.plan_back_leaving(&to, &since, &stays).await?;
        forget_adopted(&mut plan, failed);
        let (serial, counts) = (found.as_ref().map(|found| found.serial), plan.counts());
        engine.events.send(Event::RollingBack { serial, counts });
        let (report, _) = self.carry_out(&session.ledger, &plan).await?;
        Ok(Back { to: found, stays: stays.into_iter().collect(), report })
    }
}

impl Engine {
    /// What the stack is to be when a plan of a part of it is carried out: what is left out is as it was wanted before.
    /// None where that is not known of all that stays. `snapshot` has been moved as the plan says.
    pub(super) async fn program_in_part(
        &self,
        now: &Program,
        plan: &Plan,
        snapshot: &Snapshot,
        destroying: bool,
    ) -> Result<Option<Program>, EngineError> {
        let before = match self.store.last_program(plan.serial).await? {
            Some(executed) if !executed.whole => return Ok(None),
            Some(executed) => executed.program.moved(&plan.moves),
            None => Program::default(),
        };
        let known: BTreeSet<&Address> = before.resources.iter().map(|resource| &resource.address).collect();
        if plan.left_out.keys().any(|address| snapshot.resources.contains_key(address) && !known.contains(address)) {
            return Ok(None);
        }
        let in_scope = |address: &Address| !plan.left_out.contains_key(address);
        if destroying {
            let Program { outputs, inputs, .. } = before.clone();
            return Ok(Some(Program::merged(&before, &Program { resources: Vec::new(), outputs, inputs }, in_scope)));
        }
        Ok(Some(Program::merged(&before, now, in_scope)))
    }
}

/// The program, in which what has another name in those since may be found by it.
fn named_before(program: &Program, since: &[Program]) -> Program {
    let mut program = program.clone();
    for resource in &mut program.resources {
        let mut names = vec![resource.address.clone()];
        for later in since {
            let renamed =
                later.resources.iter().filter(|later| later.options.aliases.iter().any(|a| names.contains(a)));
            let renamed: Vec<Address> = renamed.map(|later| later.address.clone()).collect();
            names.extend(renamed.into_iter().filter(|name| *name != resource.address));
        }
        resource.options.aliases.extend(names.into_iter().skip(1).rev());
    }
    program
}

/// What a failed run has made anew, as the program does not declare it, and that is to stay: because it is protected or
/// retained, or because something that stays needs it.
fn staying(program: &Program, snapshot: &Snapshot) -> BTreeSet<Address> {
    let declared: BTreeSet<&Address> = program.resources.iter().map(|resource| &resource.address).collect();
    let new: BTreeMap<&Address, &Recorded> =
        snapshot.resources.iter().filter(|(address, _)| !declared.contains(*address)).collect();
    let mut open: Vec<&Address> =
        new.iter().filter(|(_, recorded)| recorded.protect || recorded.retain).map(|(address, _)| *address).collect();
    let mut stays = BTreeSet::new();
    while let Some(address) = open.pop() {
        let Some(recorded) = new.get(address) else { continue };
        if stays.insert(address.clone()) {
            open.extend(&recorded.dependencies);
        }
    }
    stays
}

/// What the failed run had taken over is not its own to delete.
fn forget_adopted(plan: &mut Plan, failed: &Plan) {
    let adopted = failed.changes.iter().filter(|change| change.action == Action::Import);
    let adopted: BTreeSet<&Address> = adopted.map(|change| &change.address).collect();
    for change in plan.changes.iter_mut().filter(|change| adopted.contains(&change.address)) {
        if change.action == Action::Delete && !change.reasons.contains(&Reason::Deposed) {
            change.action = Action::Forget;
        }
    }
}

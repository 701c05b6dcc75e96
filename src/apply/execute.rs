//! Carrying a plan out: as much side by side as its graph allows, the longest chain first.
//!
//! A step that waits for AWS holds no slot. A step that fails stops those that need it and nothing else. The journal is
//! written before and after each call; when it cannot be, the run stops.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use super::formation::FormationCheck;
use super::step::{Known, Outcome, Step};
use crate::cloud::Cloud;
use crate::event::{Event, Events};
use crate::kinds;
use crate::model::{Address, FailedCall, Formed, Reference, Source, Value};
use crate::plan::order::{Half, Node, graph};
use crate::plan::{Action, Plan};
use crate::state::{Ledger, Record, Snapshot, StateError};

/// How to execute.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The most calls in flight at a time.
    pub parallelism: usize,
    /// Whether steps that nothing else needs are waited for.
    pub wait: bool,
    /// Whether it is looked at that members found each other.
    pub formation: FormationCheck,
    /// Asks the run to end early.
    pub stop: Stop,
}

impl Default for Settings {
    fn default() -> Self {
        Self { parallelism: 16, wait: true, formation: FormationCheck::default(), stop: Stop::default() }
    }
}

/// Asks a run to end: what is in flight is finished and written down, nothing new is begun.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<(AtomicBool, Notify)>);

impl Stop {
    /// Asks.
    pub fn ask(&self) {
        self.0.0.store(true, Ordering::SeqCst);
        self.0.1.notify_waiters();
    }

    /// Whether it was asked.
    pub fn asked(&self) -> bool {
        self.0.0.load(Ordering::SeqCst)
    }

    /// Sleeps, or less when asked to stop.
    pub(crate) async fn sleep(&self, duration: std::time::Duration) {
        let notified = self.0.1.notified();
        if self.asked() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(duration) => {}
            () = notified => {}
        }
    }
}

/// A step that failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The resource.
    pub address: Address,
    /// What was to be done.
    pub action: Action,
    /// Why not.
    pub reason: String,
    /// The way out, when known.
    pub help: Option<String>,
    /// The call, when it was one that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<Box<FailedCall>>,
    /// Where it is declared, when it still is.
    pub source: Option<Source>,
}

/// How a run went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Steps done.
    pub done: usize,
    /// Steps that failed.
    pub failures: Vec<Failure>,
    /// Steps not begun, because of a failure or because the run was asked to stop.
    pub skipped: Vec<Address>,
    /// Resources AWS has accepted but is still working on.
    pub settling: Vec<Address>,
    /// What came of looking whether members found each other, for each service of which that is expected. Where they
    /// have not, the step failed.
    pub formed: BTreeMap<Address, Formed>,
    /// Outputs, as far as they are known.
    pub outputs: BTreeMap<String, Value>,
}

impl Report {
    /// Whether everything was done.
    pub fn is_complete(&self) -> bool {
        self.failures.is_empty() && self.skipped.is_empty()
    }
}

/// Why a plan could not be executed to its end.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// A change would have to come before itself. Nothing was done.
    #[error("the plan has no order: {0} would have to come before and after itself")]
    NoOrder(Address),
    /// The journal cannot be written.
    #[error(transparent)]
    State(#[from] StateError),
}

/// What the steps of a run share.
pub(super) struct Run<'a> {
    pub plan: &'a Plan,
    pub cloud: &'a Cloud,
    pub ledger: &'a Ledger,
    pub events: &'a Events,
    pub settings: &'a Settings,
    pub lineage: &'a str,
    pub serial: u64,
    pub stack: &'a str,
    /// The objects there were when the run began.
    pub before: &'a Snapshot,
    /// What is known of each resource, as steps end.
    pub known: Mutex<HashMap<Address, Known>>,
    /// What came of looking whether members found each other.
    pub formed: Mutex<BTreeMap<Address, Formed>>,
    /// Physical identifiers made in this run, which AWS may not know everywhere yet.
    pub fresh: Mutex<BTreeSet<String>>,
    pub slots: Semaphore,
    /// Asked when the journal cannot be written, or must not be any longer.
    pub halt: Stop,
}

/// Executes a plan.
///
/// # Errors
/// When the plan has no order, before anything was done; when the journal cannot be written, or the lock is lost. All
/// else is in the report.
pub async fn execute(
    plan: &Plan,
    ledger: &Ledger,
    cloud: &Cloud,
    events: &Events,
    settings: &Settings,
) -> Result<Report, ExecuteError> {
    let began = Instant::now();
    let mut before = ledger.snapshot().await;
    let moves: Vec<Record> =
        plan.moves.iter().map(|(from, to)| Record::Moved { from: from.clone(), to: to.clone() }).collect();
    moves.iter().for_each(|moved| before.apply(moved));
    let facts = |kind: &str| kinds::by_type(kind).map(|kind| kind.facts());
    // The planner has built the same graph before; a plan that was read from a file may be another's work.
    let nodes = graph(plan, &before, facts).map_err(ExecuteError::NoOrder)?;
    for moved in moves {
        ledger.record(moved).await?;
    }
    let run = Run {
        plan,
        cloud,
        ledger,
        events,
        settings,
        lineage: &plan.lineage,
        serial: plan.serial,
        stack: &plan.stack,
        before: &before,
        known: Mutex::new(known_before(plan)),
        formed: Mutex::default(),
        fresh: Mutex::new(BTreeSet::new()),
        slots: Semaphore::new(settings.parallelism.max(1)),
        halt: Stop::default(),
    };
    events.send(Event::Executing { steps: nodes.len() });
    let mut report = walk(plan, &nodes, &run).await?;
    let outputs: BTreeMap<String, Value> =
        plan.outputs.iter().map(|(name, value)| (name.clone(), run.resolve(value))).collect();
    let known_only: BTreeMap<String, Value> = outputs.into_iter().filter(|(_, value)| value.is_known()).collect();
    ledger.record(Record::Outputs { outputs: known_only.clone() }).await?;
    report.outputs = known_only;
    report.formed = run.formed.lock().map(|mut formed| std::mem::take(&mut *formed)).unwrap_or_default();
    events.send(Event::Executed {
        done: report.done,
        failed: report.failures.len(),
        skipped: report.skipped.len(),
        elapsed: began.elapsed(),
    });
    Ok(report)
}

fn known_before(plan: &Plan) -> HashMap<Address, Known> {
    let kept = |action: Action| matches!(action, Action::NoOp | Action::Settle | Action::Update | Action::Import);
    plan.changes
        .iter()
        .filter(|change| kept(change.action))
        .filter_map(|change| {
            let known =
                Known { id: change.id.clone()?, attributes: change.attributes.clone(), wanted: change.wanted.clone() };
            Some((change.address.clone(), known))
        })
        .collect()
}

/// Begins each node when those before it are done.
async fn walk(plan: &Plan, nodes: &[Node], run: &Run<'_>) -> Result<Report, StateError> {
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    let mut left: Vec<usize> = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        left.push(node.after.len());
        node.after.iter().for_each(|&before| users[before].push(index));
    }
    let mut ready: BinaryHeap<(usize, std::cmp::Reverse<usize>)> = BinaryHeap::new();
    for (index, node) in nodes.iter().enumerate().filter(|(index, _)| left[*index] == 0) {
        ready.push((node.urgency, std::cmp::Reverse(index)));
    }
    let mut stopped_by: Vec<Option<Address>> = vec![None; nodes.len()];
    let mut report = Report::default();
    let mut running: FuturesUnordered<BoxFuture<'_, (usize, Result<Outcome, StateError>)>> = FuturesUnordered::new();
    let mut broken: Option<StateError> = None;
    let lost = run.ledger.lost();
    tokio::pin!(lost);
    loop {
        let may_begin = !ready.is_empty() && !run.is_ending();
        if !may_begin && running.is_empty() {
            break;
        }
        tokio::select! {
            biased;
            // What waits need not wait any longer; what is in flight can be neither called back nor written down.
            lost = &mut lost, if broken.is_none() => {
                broken = Some(StateError::Lost(lost));
                run.halt.ask();
            }
            Some((index, outcome)) = running.next() => {
                let change = &plan.changes[nodes[index].change];
                let mut failed = None;
                match outcome {
                    Ok(Outcome::Done) => report.done += 1,
                    Ok(Outcome::Settling) => {
                        report.done += 1;
                        report.settling.push(change.address.clone());
                    }
                    Ok(Outcome::Failed(failure)) => {
                        failed = Some(change.address.clone());
                        report.failures.push(*failure);
                    }
                    Err(error) => {
                        broken.get_or_insert(error);
                        run.halt.ask();
                        continue;
                    }
                }
                release(index, failed, plan, nodes, &users, &mut left, &mut ready, &mut stopped_by, run, &mut report);
            }
            permit = run.slots.acquire(), if may_begin => {
                let (Ok(permit), Some((_, std::cmp::Reverse(index)))) = (permit, ready.pop()) else { break };
                let node = &nodes[index];
                let change = &plan.changes[node.change];
                let needed = !users[index].is_empty();
                let step = Step { run, change, half: node.half, needed, slot: Mutex::new(Some(permit)) };
                running.push(async move { (index, step.carry_out().await) }.boxed());
            }
        }
    }
    if let Some(error) = broken {
        return Err(error);
    }
    let mut told: BTreeSet<Address> = report.skipped.iter().cloned().collect();
    let not_begun: BTreeSet<usize> = ready.into_iter().map(|(_, index)| index.0).collect();
    for (index, node) in nodes.iter().enumerate() {
        let address = &plan.changes[node.change].address;
        let left_over = left[index] > 0 || not_begun.contains(&index);
        if left_over && told.insert(address.clone()) {
            report.skipped.push(address.clone());
        }
    }
    Ok(report)
}

/// A node has ended: those that waited for it alone may begin, or are skipped when it failed.
#[expect(clippy::too_many_arguments, reason = "the working state of one loop")]
fn release(
    index: usize,
    failed: Option<Address>,
    plan: &Plan,
    nodes: &[Node],
    users: &[Vec<usize>],
    left: &mut [usize],
    ready: &mut BinaryHeap<(usize, std::cmp::Reverse<usize>)>,
    stopped_by: &mut [Option<Address>],
    run: &Run<'_>,
    report: &mut Report,
) {
    let mut ended = vec![(index, failed)];
    while let Some((index, failed)) = ended.pop() {
        for &user in &users[index] {
            left[user] -= 1;
            if let Some(culprit) = &failed {
                stopped_by[user].get_or_insert_with(|| culprit.clone());
            }
            if left[user] > 0 {
                continue;
            }
            match stopped_by[user].clone() {
                None => ready.push((nodes[user].urgency, std::cmp::Reverse(user))),
                Some(because) => {
                    let change = &plan.changes[nodes[user].change];
                    if nodes[user].half == Half::Make || !change.action.replaces() {
                        run.events.send(Event::StepSkipped {
                            address: change.address.clone(),
                            action: change.action,
                            because: because.clone(),
                        });
                        report.skipped.push(change.address.clone());
                    }
                    ended.push((user, Some(because)));
                }
            }
        }
    }
}

impl Run<'_> {
    /// Whether nothing new is to be begun.
    pub(super) fn is_ending(&self) -> bool {
        self.settings.stop.asked() || self.halt.asked()
    }

    /// Sleeps at the cloud's pace, or less when the run is to end.
    pub(super) async fn pause(&self, on_aws: std::time::Duration) {
        let duration = self.cloud.paced(on_aws);
        tokio::select! {
            () = self.settings.stop.sleep(duration) => {}
            () = self.halt.sleep(duration) => {}
        }
    }

    /// The value with everything that is known by now put in place.
    pub(super) fn resolve(&self, value: &Value) -> Value {
        value.resolve(&|reference| self.lookup(reference))
    }

    fn lookup(&self, reference: &Reference) -> Option<crate::model::Json> {
        let known = self.known.lock().ok()?;
        known.get(&reference.address)?.attribute(reference)
    }
}

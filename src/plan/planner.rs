//! [`plan`]: from a program, the state and what was observed to what must change.
//!
//! One pass over the resources in dependency order, so that whether a reference is known, and whether what it refers to
//! is replaced, is settled before it is asked. The cost of a resource does not depend on how many there are.

mod change;
mod known;
mod support;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::order::{deletion_order, dependency_order};
use super::problem::{PlanError, Problem};
use super::{Action, Change, Plan, Reason};
use crate::kinds::{Facts, Observed};
use crate::model::schema::schemas;
use crate::model::{Address, Json, JsonMap, Options, Program, Reference, Source, Value};
use crate::state::{Recorded, Snapshot};

pub use known::attribute;
use support::Support;

/// What planning starts from.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// What is wanted.
    pub program: &'a Program,
    /// What the last runs made.
    pub snapshot: &'a Snapshot,
    /// What AWS has now, for each address that was asked about: `None` for what is gone. An address that is not in it
    /// was not asked about, and is taken to be as last left.
    pub observed: &'a BTreeMap<Address, Option<Observed>>,
    /// What is known of a CloudFormation type; `None` when it has no code.
    pub facts: fn(&str) -> Option<&'static Facts>,
    /// Whether deletions are because the stack is being destroyed.
    pub destroying: bool,
}

impl std::fmt::Debug for Inputs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inputs").field("program", self.program).field("snapshot", self.snapshot).finish_non_exhaustive()
    }
}

/// Plans.
///
/// # Errors
/// All the problems at once.
pub fn plan(inputs: Inputs<'_>) -> Result<Plan, PlanError> {
    let mut planner = Planner {
        inputs,
        done: HashMap::with_capacity(inputs.program.resources.len()),
        supports: HashMap::new(),
        problems: Vec::new(),
        changes: Vec::with_capacity(inputs.program.resources.len()),
    };
    planner.wanted();
    planner.unwanted();
    planner.finish()
}

struct Planner<'a> {
    inputs: Inputs<'a>,
    /// Index in `changes` of each address planned so far.
    done: HashMap<Address, usize>,
    supports: HashMap<&'static str, Support>,
    problems: Vec<(Address, Option<Source>, Problem)>,
    changes: Vec<Change>,
}

impl Planner<'_> {
    fn wanted(&mut self) {
        let resources = &self.inputs.program.resources;
        let order = match dependency_order(resources) {
            Ok(order) => order,
            Err((at, problem)) => {
                let at = &resources[at];
                self.problems.push((at.address.clone(), Some(at.source.clone()), problem));
                return;
            }
        };
        for index in order {
            let resource = &resources[index];
            match self.change(resource) {
                Ok(change) => {
                    self.done.insert(change.address.clone(), self.changes.len());
                    self.changes.push(change);
                }
                Err(problems) => {
                    let place = |problem| (resource.address.clone(), Some(resource.source.clone()), problem);
                    self.problems.extend(problems.into_iter().map(place));
                }
            }
        }
    }

    /// Deletions: what the state has and the program does not declare, and what replacements have put aside.
    fn unwanted(&mut self) {
        let snapshot = self.inputs.snapshot;
        let declared: BTreeSet<&Address> =
            self.inputs.program.resources.iter().map(|resource| &resource.address).collect();
        let gone: Vec<(&Address, &Recorded)> =
            snapshot.resources.iter().filter(|(address, _)| !declared.contains(*address)).collect();
        for (address, recorded) in deletion_order(&gone) {
            let reason = if self.inputs.destroying { Reason::Destroyed } else { Reason::Undeclared };
            let mut change = deletion(address, recorded, reason);
            if matches!(self.inputs.observed.get(address), Some(None)) {
                change.action = Action::Forget;
                change.reasons = vec![Reason::Vanished { id: recorded.id.clone() }];
            } else if recorded.retain {
                change.action = Action::Forget;
            } else if recorded.protect {
                let problem = Problem::Protected { address: address.clone(), verb: "delete" };
                self.problems.push((address.clone(), None, problem));
            }
            self.changes.push(change);
        }
        for (address, aside) in &snapshot.deposed {
            self.changes.extend(aside.iter().map(|recorded| deletion(address, recorded, Reason::Deposed)));
        }
    }

    fn finish(mut self) -> Result<Plan, PlanError> {
        let snapshot = self.inputs.snapshot;
        let outputs: BTreeMap<String, Value> =
            self.inputs.program.outputs.iter().map(|(name, value)| (name.clone(), self.resolve(value))).collect();
        let plan = Plan {
            stack: snapshot.stack.clone(),
            target: snapshot.target.clone(),
            serial: snapshot.serial,
            lineage: snapshot.lineage.clone(),
            moves: Vec::new(),
            outputs_change: stored(&outputs) != stored(&snapshot.outputs),
            outputs,
            changes: std::mem::take(&mut self.changes),
        };
        if self.problems.is_empty()
            && let Err(address) = super::order::graph(&plan, snapshot, self.inputs.facts)
        {
            self.problems.push((address.clone(), None, Problem::NoOrder(address)));
        }
        if self.problems.is_empty() { Ok(plan) } else { Err(PlanError { problems: self.problems }) }
    }

    fn resolve(&self, value: &Value) -> Value {
        value.resolve(&|reference| self.lookup(reference))
    }

    /// An attribute, when it is known before executing.
    fn lookup(&self, reference: &Reference) -> Option<Json> {
        let change = &self.changes[*self.done.get(&reference.address)?];
        let schema = schemas().by_kind(reference.address.kind())?;
        let facts = (self.inputs.facts)(&schema.type_name)?;
        let kept = matches!(change.action, Action::NoOp | Action::Settle | Action::Update | Action::Import);
        let attributes = kept.then_some(&change.attributes);
        let id = if kept { change.id.as_deref() } else { None };
        attribute(&reference.attribute, schema, facts, &change.wanted, attributes, id)
    }
}

fn deletion(address: &Address, recorded: &Recorded, reason: Reason) -> Change {
    Change {
        address: address.clone(),
        kind: recorded.kind.clone(),
        action: Action::Delete,
        reasons: vec![reason],
        differences: Vec::new(),
        wanted: BTreeMap::new(),
        generation: recorded.generation,
        id: Some(recorded.id.clone()),
        dependencies: recorded.dependencies.clone(),
        options: Options { timeouts: recorded.timeouts.clone(), ..Default::default() },
        source: None,
        observed: JsonMap::new(),
        attributes: recorded.attributes.clone(),
    }
}

/// The stored form, in which a secret equals its hash.
fn stored<T: serde::Serialize>(value: &T) -> Json {
    serde_json::to_value(value).unwrap_or(Json::Null)
}

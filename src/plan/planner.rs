//! [`plan`]: from a program, the state and what was observed to what must change.
//!
//! One pass over the resources in dependency order, so that whether a reference is known, and whether what it refers to
//! is replaced, is settled before it is asked. The cost of a resource does not depend on how many there are.

mod change;
mod known;
mod support;
mod within;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::moved::suggested;
use super::order::{deletion_order, dependency_order};
use super::problem::{PlanError, Problem};
use super::scope::Choice;
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

/// Plans all of a stack.
///
/// # Errors
/// All the problems at once.
pub fn plan(inputs: Inputs<'_>) -> Result<Plan, PlanError> {
    plan_within(inputs, Choice::default())
}

/// Plans the part of a stack that was chosen, and whatever else it turns out to take.
///
/// # Errors
/// All the problems at once.
pub fn plan_within(inputs: Inputs<'_>, mut choice: Choice) -> Result<Plan, PlanError> {
    loop {
        let mut planner = Planner {
            inputs,
            choice: &choice,
            done: HashMap::with_capacity(inputs.program.resources.len()),
            supports: HashMap::new(),
            problems: Vec::new(),
            changes: Vec::with_capacity(inputs.program.resources.len()),
        };
        planner.wanted();
        planner.unwanted();
        let missing = planner.missing();
        if missing.is_empty() {
            return planner.finish();
        }
        let more = missing.keys().cloned().collect();
        let mut wider = choice.clone();
        if !wider.take_in(more, inputs.program, inputs.snapshot) {
            planner.problems.extend(missing.into_values());
            return planner.finish();
        }
        choice = wider;
    }
}

struct Planner<'a> {
    inputs: Inputs<'a>,
    choice: &'a Choice,
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
            if self.choice.left_out.contains_key(&resource.address) {
                continue;
            }
            let planned = match self.lacks(resource) {
                Some(problems) => Err(problems),
                None => self.change(resource),
            };
            match planned {
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
        let left_out = &self.choice.left_out;
        let unwanted = |address: &Address| !declared.contains(address) && !left_out.contains_key(address);
        let gone: Vec<(&Address, &Recorded)> =
            snapshot.resources.iter().filter(|(address, _)| unwanted(address)).collect();
        for (address, recorded) in deletion_order(&gone) {
            let reason = if self.inputs.destroying { Reason::Destroyed } else { Reason::Undeclared };
            let mut change = deletion(address, recorded, reason);
            if matches!(self.inputs.observed.get(address), Some(None)) {
                change.action = Action::Forget;
                change.reasons = vec![Reason::Vanished { id: recorded.id.clone() }];
            } else if recorded.retain {
                change.action = Action::Forget;
            } else if recorded.protect {
                let problem =
                    Problem::Protected { address: address.clone(), verb: "delete", declared: false, renamed: None };
                self.problems.push((address.clone(), None, problem));
            }
            self.changes.push(change);
        }
        let kept: BTreeSet<Address> = self.used_by_left_out().into_iter().cloned().collect();
        for (address, aside) in &snapshot.deposed {
            if !left_out.contains_key(address) && !kept.contains(address) {
                self.changes.extend(aside.iter().map(|recorded| deletion(address, recorded, Reason::Deposed)));
            }
        }
    }

    fn finish(mut self) -> Result<Plan, PlanError> {
        let snapshot = self.inputs.snapshot;
        let outputs = self.outputs();
        let mut plan = Plan {
            stack: snapshot.stack.clone(),
            target: snapshot.target.clone(),
            serial: snapshot.serial,
            lineage: snapshot.lineage.clone(),
            moves: Vec::new(),
            outputs_change: stored(&outputs) != stored(&snapshot.outputs),
            outputs,
            changes: std::mem::take(&mut self.changes),
            scope: self.choice.scope.clone(),
            left_out: self.choice.left_out.clone(),
            suggested_moves: Vec::new(),
            program: Some(self.inputs.program.clone()),
        };
        if !self.inputs.destroying {
            plan.suggested_moves = suggested(&plan, snapshot, self.inputs.facts);
        }
        for (_, _, problem) in &mut self.problems {
            if let Problem::Protected { address, renamed, .. } = problem {
                let suggested = plan.suggested_moves.iter().find(|suggested| suggested.from == *address);
                *renamed = suggested.map(|suggested| suggested.to.clone());
            }
        }
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
        let Some(&index) = self.done.get(&reference.address) else { return self.lookup_left_out(reference) };
        let change = &self.changes[index];
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

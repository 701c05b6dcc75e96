//! What a plan within a scope takes beside what was chosen, and what stands for what is left out: the objects of the
//! state, and the outputs of the last run.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Planner, attribute};
use crate::kinds::Facts;
use crate::model::schema::schemas;
use crate::model::{Address, Json, JsonMap, Reference, Resource, Source, Value};
use crate::plan::order::keys;
use crate::plan::problem::Problem;
use crate::plan::{Action, Change};
use crate::state::Recorded;

/// A resource that cannot be planned, where it is declared, and why.
type Stuck = (Address, Option<Source>, Problem);

impl Planner<'_> {
    /// What is left out without which the changes cannot be carried out, each with the change that wants it: users of what
    /// is removed, and holders of names that are given anew.
    pub(super) fn missing(&self) -> BTreeMap<Address, Stuck> {
        let mut missing = BTreeMap::new();
        if self.choice.left_out.is_empty() {
            return missing;
        }
        let facts = self.inputs.facts;
        let removed: HashMap<&Address, &Change> =
            self.changes.iter().filter(|change| self.removes(change)).map(|change| (&change.address, change)).collect();
        let mut named: HashMap<(&str, usize, String), &Change> = HashMap::new();
        for change in self.changes.iter().filter(|change| change.action == Action::Create || change.action.replaces()) {
            for (set, values) in keys(&change.kind, &change.wanted, facts) {
                named.insert((&change.kind, set, values), change);
            }
        }
        let stuck = |change: &Change, problem| (change.address.clone(), change.source.clone(), problem);
        for address in self.choice.left_out.keys() {
            for object in self.objects(address) {
                for change in object.dependencies.iter().filter_map(|used| removed.get(used)) {
                    let verb = if change.action.replaces() { "replace" } else { "delete" };
                    let problem = Problem::UsedByLeftOut { user: address.clone(), verb };
                    missing.entry(address.clone()).or_insert_with(|| stuck(change, problem));
                }
                for (set, values) in keys(&object.kind, &object.inputs, facts) {
                    if let Some(change) = named.get(&(object.kind.as_str(), set, values)) {
                        let problem = Problem::HeldByLeftOut { holder: address.clone() };
                        missing.entry(address.clone()).or_insert_with(|| stuck(change, problem));
                    }
                }
            }
        }
        missing
    }

    /// Whether a change takes away the live object of its address, which AWS refuses while it is in use.
    fn removes(&self, change: &Change) -> bool {
        let live = self.inputs.snapshot.resources.get(&change.address);
        let own = live.is_some_and(|live| live.generation == change.generation);
        (change.action.replaces() || change.action == Action::Delete && own)
            && !(self.inputs.facts)(&change.kind).is_some_and(|facts| facts.deletable_in_use)
    }

    /// What an address has in the account: its live object, unless that is gone, and those put aside.
    fn objects(&self, address: &Address) -> impl Iterator<Item = &Recorded> {
        let snapshot = self.inputs.snapshot;
        self.left(address).into_iter().chain(snapshot.deposed.get(address).into_iter().flatten())
    }

    /// The live object of an address, unless it is gone.
    fn left(&self, address: &Address) -> Option<&Recorded> {
        let gone = matches!(self.inputs.observed.get(address), Some(None));
        self.inputs.snapshot.resources.get(address).filter(|_| !gone)
    }

    /// What a declaration needs that is left out and does not exist.
    pub(super) fn lacks(&self, resource: &Resource) -> Option<Vec<Problem>> {
        let left_out = &self.choice.left_out;
        if left_out.is_empty() {
            return None;
        }
        let needs = resource.dependencies().into_iter();
        let lacking = needs.filter(|needed| left_out.contains_key(needed) && self.left(needed).is_none());
        let problems: Vec<Problem> = lacking.map(|needed| Problem::NeedsLeftOut { needed }).collect();
        (!problems.is_empty()).then_some(problems)
    }

    /// An attribute of what is left out, as the state and AWS have it.
    pub(super) fn lookup_left_out(&self, reference: &Reference) -> Option<Json> {
        self.choice.left_out.get(&reference.address)?;
        let object = self.left(&reference.address)?;
        let schema = schemas().by_type(&object.kind)?;
        let facts: &Facts = (self.inputs.facts)(&object.kind)?;
        let mut attributes: JsonMap = object.attributes.clone();
        if let Some(Some(observed)) = self.inputs.observed.get(&reference.address) {
            attributes.extend(observed.attributes.clone());
        }
        attribute(&reference.attribute, schema, facts, &object.inputs, Some(&attributes), Some(&object.id))
    }

    /// Addresses that something left out may use an old object of: what a replacement put aside stays then.
    pub(super) fn used_by_left_out(&self) -> BTreeSet<&Address> {
        let left_out = self.choice.left_out.keys();
        left_out.flat_map(|address| self.objects(address)).flat_map(|object| &object.dependencies).collect()
    }

    /// The outputs. One that needs what is left out and does not exist keeps its old value; when only a part is destroyed,
    /// all do but those that told of it.
    pub(super) fn outputs(&self) -> BTreeMap<String, Value> {
        let left_out = &self.choice.left_out;
        let before = &self.inputs.snapshot.outputs;
        if self.inputs.destroying && !left_out.is_empty() {
            let gone: BTreeSet<&str> = self.changes.iter().flat_map(told).collect();
            let kept = before.iter().filter(|(_, value)| !has_any(value, &gone));
            return kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        }
        let output = |(name, value): (&String, &Value)| {
            let value = self.resolve(value);
            let lost = value.references().into_iter().any(|reference| left_out.contains_key(&reference.address));
            let value = if lost { before.get(name)?.clone() } else { value };
            Some((name.clone(), value))
        };
        self.inputs.program.outputs.iter().filter_map(output).collect()
    }
}

/// The texts by which an object is known.
fn told(change: &Change) -> impl Iterator<Item = &str> {
    change.id.as_deref().into_iter().chain(change.attributes.values().filter_map(Json::as_str))
}

fn has_any(value: &Value, texts: &BTreeSet<&str>) -> bool {
    match value {
        Value::String(text) => texts.contains(text.as_str()),
        Value::List(items) => items.iter().any(|item| has_any(item, texts)),
        Value::Map(map) => map.values().any(|item| has_any(item, texts)),
        _ => false,
    }
}

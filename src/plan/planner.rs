//! [`plan`]: from a program, the state and what was observed to what must change.
//!
//! One pass over the resources in dependency order, so that whether a reference is known, and whether what it refers to
//! is replaced, is settled before it is asked. The cost of a resource does not depend on how many there are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::complete::{Identity, STACK_TAG, complete};
use super::order::{deletion_order, dependency_order};
use super::problem::{PlanError, Problem};
use super::redact::{redact, secret_hashes};
use super::{Action, Change, Difference, Plan, Reason};
use crate::kinds::tags::pairs;
use crate::kinds::{Facts, Observed};
use crate::model::diff::differences;
use crate::model::path::{PathPattern, PropertyPath};
use crate::model::schema::{KindSchema, schemas};
use crate::model::{Address, Json, JsonMap, Program, Reference, Resource, Source, Value};
use crate::state::{Recorded, Snapshot, Status};

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

/// The parsed form of what a kind sends.
struct Support {
    sends: Vec<PathPattern>,
    except: Vec<PathPattern>,
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

    fn change(&mut self, resource: &Resource) -> Result<Change, Vec<Problem>> {
        let kind_name = resource.address.kind();
        let no_code = || vec![Problem::NoCode { kind: kind_name.to_string() }];
        let schema = schemas().by_kind(kind_name).ok_or_else(no_code)?;
        let Some(facts) = (self.inputs.facts)(&schema.type_name) else {
            return Err(vec![Problem::NoCode { kind: schema.type_name.clone() }]);
        };
        self.refuse_unsent(resource, facts)?;

        let snapshot = self.inputs.snapshot;
        let recorded = snapshot.resources.get(&resource.address);
        let mut raw: BTreeMap<String, Value> = BTreeMap::new();
        for (name, value) in &resource.properties {
            if *value != Value::Null {
                raw.insert(name.clone(), self.resolve(value));
            }
        }
        let replace_on: Vec<Value> = resource.options.replace_on.iter().map(|value| self.resolve(value)).collect();
        let tags = schema.tag_property.as_deref().is_some_and(|tags| facts.sends.contains(&tags));
        let filled = |generation: u32| {
            let mut properties = raw.clone();
            let identity =
                Identity { stack: &snapshot.stack, lineage: &snapshot.lineage, address: &resource.address, generation };
            complete(&mut properties, schema, facts.name, tags, identity);
            properties
        };
        let mut options = resource.options.clone();
        options.replace_on = replace_on;
        let mut change = Change {
            address: resource.address.clone(),
            kind: schema.type_name.clone(),
            action: Action::NoOp,
            reasons: Vec::new(),
            differences: Vec::new(),
            wanted: BTreeMap::new(),
            generation: 0,
            id: None,
            dependencies: resource.dependencies(),
            options,
            source: Some(resource.source.clone()),
            observed: JsonMap::new(),
            attributes: JsonMap::new(),
        };
        let fresh = || snapshot.generation(&resource.address) + 1;
        let Some(recorded) = recorded else {
            change.generation = fresh();
            change.wanted = filled(change.generation);
            return match &resource.options.id {
                Some(id) => self.adopt(change, schema, facts, resource, id),
                None => {
                    change.action = Action::Create;
                    change.reasons.push(Reason::New);
                    Ok(change)
                }
            };
        };

        change.id = Some(recorded.id.clone());
        change.generation = recorded.generation;
        change.attributes = recorded.attributes.clone();
        let observed = match self.inputs.observed.get(&resource.address) {
            Some(None) => {
                change.action = Action::Create;
                change.reasons.push(Reason::Vanished { id: recorded.id.clone() });
                change.generation = fresh().max(recorded.generation + 1);
                change.wanted = filled(change.generation);
                return Ok(change);
            }
            Some(Some(observed)) => {
                change.attributes.extend(observed.attributes.clone());
                change.observed = observed.properties.clone();
                Some(&observed.properties)
            }
            None => None,
        };
        change.wanted = filled(recorded.generation);
        keep_made_up_name(&mut change.wanted, resource, facts, recorded.inputs.get(facts.name_property()));
        leave_ignored(&mut change, Some(&recorded.inputs), observed);
        self.compare(&mut change, schema, facts, recorded, observed);
        if change.action.replaces() {
            if recorded.protect || resource.options.protect {
                return Err(vec![Problem::Protected { address: resource.address.clone(), verb: "replace" }]);
            }
            change.generation = recorded.generation.max(snapshot.generation(&resource.address)) + 1;
            change.wanted = filled(change.generation);
            self.choose_order(&mut change, facts, recorded);
        }
        Ok(change)
    }

    /// Decides between nothing, waiting, an update and a replacement.
    fn compare(
        &self,
        change: &mut Change,
        schema: &KindSchema,
        facts: &Facts,
        recorded: &Recorded,
        observed: Option<&JsonMap>,
    ) {
        let found = differences(schema, &change.wanted, &recorded.inputs, observed);
        let hashes = secret_hashes(&change.wanted, &recorded.inputs);
        change.differences = found
            .into_iter()
            .filter(|difference| !change.options.ignore_changes.iter().any(|name| difference.path.root() == name))
            .map(|difference| {
                let root = difference.path.root();
                Difference {
                    replaces: difference.replaces || facts.replaces.contains(&root),
                    path: difference.path.to_string(),
                    before: difference.before.map(|json| redact(&json, &hashes)),
                    after: difference.after,
                }
            })
            .collect();
        let immutable: Vec<String> =
            change.differences.iter().filter(|found| found.replaces).map(|found| found.path.clone()).collect();
        if !immutable.is_empty() {
            change.reasons.push(Reason::Immutable { paths: immutable });
        }
        if stored(&change.options.replace_on) != stored(&recorded.replace_on) {
            change.reasons.push(Reason::ReplaceOn);
        }
        for used in &change.dependencies {
            let Some(&index) = self.done.get(used) else { continue };
            let other = &self.changes[index];
            let stuck = other.action == Action::ReplaceDeleteFirst
                && !(self.inputs.facts)(&other.kind).is_some_and(|facts| facts.deletable_in_use);
            if stuck && recorded.dependencies.contains(used) {
                change.reasons.push(Reason::Uses { address: used.clone() });
            }
        }
        if !change.reasons.is_empty() {
            change.action = Action::ReplaceCreateFirst;
            return;
        }
        match &recorded.status {
            Status::Failed { reason } => {
                change.action = Action::Update;
                change.reasons.push(Reason::FailedBefore { reason: reason.clone() });
            }
            Status::Unconfigured => {
                change.action = Action::Update;
                change.reasons.push(Reason::Unfinished);
            }
            Status::Settling { .. } if change.differences.is_empty() => {
                change.action = Action::Settle;
                change.reasons.push(Reason::Unsettled);
            }
            Status::Apart { reason } if change.differences.is_empty() => {
                change.action = Action::Settle;
                change.reasons.push(Reason::Apart { reason: reason.clone() });
            }
            Status::Settling { .. } | Status::Apart { .. } | Status::Ready => {}
        }
        if !change.differences.is_empty() {
            change.action = Action::Update;
            change.reasons.push(Reason::Differs);
        }
        let handled_the_same = change.options.protect == recorded.protect
            && change.options.retain == recorded.retain
            && change.options.ignore_changes == recorded.ignore_changes
            && change.options.timeouts == recorded.timeouts
            && change.options.formation == recorded.formation
            && change.dependencies == recorded.dependencies;
        if change.action == Action::NoOp && !handled_the_same {
            change.action = Action::Update;
            change.reasons.push(Reason::Handling);
        }
    }

    /// Chooses which of the two objects of a replacement comes first.
    fn choose_order(&self, change: &mut Change, facts: &Facts, recorded: &Recorded) {
        let same = |property: &&str| {
            let before = recorded.inputs.get(*property);
            let after = change.wanted.get(*property);
            before == after && after.is_none_or(Value::is_known)
        };
        let stays = facts.unique_by.iter().find(|set| set.iter().all(same));
        if let Some(set) = stays {
            let properties = set.iter().map(|name| (*name).to_owned()).collect();
            change.reasons.push(Reason::Exclusive { properties });
        }
        let forced = change.reasons.iter().any(|reason| matches!(reason, Reason::Uses { .. }));
        if stays.is_some() || forced {
            change.action = Action::ReplaceDeleteFirst;
        }
    }

    fn adopt(
        &self,
        mut change: Change,
        schema: &KindSchema,
        facts: &Facts,
        resource: &Resource,
        id: &str,
    ) -> Result<Change, Vec<Problem>> {
        let Some(Some(observed)) = self.inputs.observed.get(&change.address) else {
            return Err(vec![Problem::NothingToAdopt { id: id.to_owned() }]);
        };
        if let Some(stack) = owner(observed, schema).filter(|stack| *stack != self.inputs.snapshot.stack) {
            return Err(vec![Problem::AnothersObject { id: id.to_owned(), stack }]);
        }
        // A made-up name would never be the one it has.
        let name = observed.properties.get(facts.name_property()).map(Value::from_json);
        keep_made_up_name(&mut change.wanted, resource, facts, name.as_ref());
        leave_ignored(&mut change, None, Some(&observed.properties));
        change.differences = differences(schema, &change.wanted, &BTreeMap::new(), Some(&observed.properties))
            .into_iter()
            .filter(|found| !change.options.ignore_changes.iter().any(|name| found.path.root() == name))
            .map(|found| Difference {
                replaces: found.replaces || facts.replaces.contains(&found.path.root()),
                path: found.path.to_string(),
                before: found.before.as_ref().map(Value::from_json),
                after: found.after,
            })
            .collect();
        let paths: Vec<String> =
            change.differences.iter().filter(|found| found.replaces).map(|found| found.path.clone()).collect();
        if !paths.is_empty() {
            return Err(vec![Problem::AdoptedDiffers { id: id.to_owned(), paths }]);
        }
        change.observed = observed.properties.clone();
        change.attributes = observed.attributes.clone();
        change.id = Some(id.to_owned());
        change.action = Action::Import;
        change.reasons.push(Reason::Adopted { id: id.to_owned() });
        Ok(change)
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

    fn refuse_unsent(&mut self, resource: &Resource, facts: &'static Facts) -> Result<(), Vec<Problem>> {
        let support = self.supports.entry(facts.type_name).or_insert_with(|| Support {
            sends: facts.sends.iter().map(|path| PathPattern::parse(path)).collect(),
            except: facts.except.iter().map(|path| PathPattern::parse(path)).collect(),
        });
        let mut unsent = Vec::new();
        for (name, value) in &resource.properties {
            support.collect_unsent(&PropertyPath::new(name), value, &mut unsent);
        }
        if unsent.is_empty() {
            return Ok(());
        }
        let problem =
            |path: PropertyPath| Problem::NotSent { path: path.to_string(), kind: facts.type_name.to_owned() };
        Err(unsent.into_iter().map(problem).collect())
    }
}

impl Support {
    fn collect_unsent(&self, path: &PropertyPath, value: &Value, unsent: &mut Vec<PropertyPath>) {
        if *value == Value::Null {
            return;
        }
        if self.except.iter().any(|pattern| pattern.covers(path)) {
            unsent.push(path.clone());
            return;
        }
        let covered = self.sends.iter().any(|pattern| pattern.covers(path));
        match value {
            // Something below may still be excepted, or be all that is sent.
            Value::Map(map) if !map.is_empty() => {
                for (key, item) in map {
                    self.collect_unsent(&path.key(key), item, unsent);
                }
            }
            Value::List(items) if !items.is_empty() => {
                for (index, item) in items.iter().enumerate() {
                    self.collect_unsent(&path.index(index), item, unsent);
                }
            }
            _ if covered => {}
            _ => unsent.push(path.clone()),
        }
    }
}

/// The value of an attribute of a resource: `id`, `arn` and `name` by what they mean for the kind, then attributes that
/// AWS told, then declared properties. `None` while it is not known.
pub fn attribute(
    name: &str,
    schema: &KindSchema,
    facts: &Facts,
    wanted: &BTreeMap<String, Value>,
    attributes: Option<&JsonMap>,
    id: Option<&str>,
) -> Option<Json> {
    let property = |name: &str| wanted.get(name).and_then(Value::to_json);
    let told = |name: &str| attributes.and_then(|attributes| attributes.get(name)).cloned();
    if let Some(value) = told(name).or_else(|| property(name)) {
        return Some(value);
    }
    match name {
        "id" => match (id, schema.primary_identifier.as_slice()) {
            (Some(id), _) => Some(Json::String(id.to_owned())),
            (None, [only]) => property(only),
            (None, _) => None,
        },
        "arn" => facts.arn.and_then(told),
        "name" => facts.name.and_then(|rule| property(rule.property)),
        _ => None,
    }
}

/// What has a name keeps it while the script gives none: it may have been made up for another address, or be that of
/// something adopted.
fn keep_made_up_name(wanted: &mut BTreeMap<String, Value>, resource: &Resource, facts: &Facts, there: Option<&Value>) {
    let property = facts.name_property();
    let given = resource.properties.get(property).is_some_and(|value| *value != Value::Null);
    if let (false, Some(Value::String(name))) = (given, there) {
        wanted.insert(property.to_owned(), Value::String(name.clone()));
    }
}

/// Puts what there is in place of what is declared, where differences are not acted on: a call that says everything
/// must say that too.
fn leave_ignored(change: &mut Change, recorded: Option<&BTreeMap<String, Value>>, observed: Option<&JsonMap>) {
    for name in &change.options.ignore_changes {
        let there = observed.and_then(|observed| observed.get(name)).map(Value::from_json);
        match there.or_else(|| recorded.and_then(|recorded| recorded.get(name)).cloned()) {
            Some(value) => change.wanted.insert(name.clone(), value),
            None => change.wanted.remove(name),
        };
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
        options: crate::model::Options { timeouts: recorded.timeouts.clone(), ..Default::default() },
        source: None,
        observed: JsonMap::new(),
        attributes: recorded.attributes.clone(),
    }
}

/// The stored form, in which a secret equals its hash.
fn stored<T: serde::Serialize>(value: &T) -> Json {
    serde_json::to_value(value).unwrap_or(Json::Null)
}

/// The stack that an object belongs to, by its tags.
fn owner(observed: &Observed, schema: &KindSchema) -> Option<String> {
    let tags = pairs(&observed.properties, schema.tag_property.as_deref()?);
    tags.into_iter().find(|(key, _)| key == STACK_TAG).map(|(_, stack)| stack)
}

//! What is to happen to one declaration: nothing, waiting, an update, a replacement, a creation, an adoption.

use std::collections::BTreeMap;

use super::{Planner, stored};
use crate::kinds::tags::pairs;
use crate::kinds::{Facts, Observed};
use crate::model::diff::differences;
use crate::model::schema::{KindSchema, schemas};
use crate::model::{Address, JsonMap, PropertyPath, Resource, Value};
use crate::plan::complete::{Identity, STACK_TAG, complete};
use crate::plan::problem::Problem;
use crate::plan::redact::{hide_at, redact, secret_hashes};
use crate::plan::{Action, Change, Difference, Reason};
use crate::state::{Recorded, Status};

impl Planner<'_> {
    pub(super) fn change(&mut self, resource: &Resource) -> Result<Change, Vec<Problem>> {
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
        // What the script says nothing of is as the state has it.
        options.protect = Some(options.protect.unwrap_or(recorded.is_some_and(|recorded| recorded.protect)));
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
                change.attributes.extend(observed.told(schema, &resource.properties));
                change.observed = observed.properties.clone();
                Some(&observed.properties)
            }
            None => None,
        };
        change.wanted = filled(recorded.generation);
        keep_made_up_name(&mut change.wanted, resource, facts, recorded.inputs.get(facts.name_property()));
        leave_ignored(&mut change, Some(&recorded.inputs), observed);
        self.compare(&mut change, schema, facts, recorded, observed);
        if change.action == Action::NoOp || change.action == Action::Update {
            self.set_again(&mut change, resource, schema, facts, recorded);
        }
        if change.action.replaces() {
            if recorded.protect || resource.options.protect == Some(true) {
                let address = resource.address.clone();
                return Err(vec![Problem::Protected { address, verb: "replace", declared: true, renamed: None }]);
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
                let before = difference.before.map(|json| redact(&json, &hashes));
                let hide = |before| hide_at(&difference.path, before, &change.wanted, &recorded.inputs);
                Difference {
                    replaces: difference.replaces || facts.replaces.contains(&root),
                    path: difference.path.to_string(),
                    before: before.map(hide),
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
        if self.choice.replace.contains(&change.address) {
            change.reasons.push(Reason::Asked);
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
        let protect = change.options.protect.unwrap_or(recorded.protect);
        if protect != recorded.protect {
            change.action = if change.action == Action::NoOp { Action::Update } else { change.action };
            change.reasons.push(Reason::Protection { on: protect });
        }
        let handled_the_same = change.options.retain == recorded.retain
            && change.options.ignore_changes == recorded.ignore_changes
            && change.options.timeouts == recorded.timeouts
            && change.options.formation == recorded.formation
            && change.dependencies == recorded.dependencies;
        if change.action == Action::NoOp && !handled_the_same {
            change.action = Action::Update;
            change.reasons.push(Reason::Handling);
        }
    }

    /// What refers to an object that is deleted, although it is in use, before it is made again is set again: what AWS had
    /// of it went with the old object, also when the new one is called the same.
    fn set_again(
        &self,
        change: &mut Change,
        resource: &Resource,
        schema: &KindSchema,
        facts: &Facts,
        recorded: &Recorded,
    ) {
        let goes_first = |address: &Address| {
            let other = self.done.get(address).map(|&index| &self.changes[index]);
            other.is_some_and(|other| {
                let facts = (self.inputs.facts)(&other.kind);
                other.action == Action::ReplaceDeleteFirst && facts.is_some_and(|facts| facts.deletable_in_use)
            })
        };
        let ignored = |name: &String| change.options.ignore_changes.contains(name);
        let differs = |name: &String| change.differences.iter().any(|found| root(&found.path) == name);
        let fixed = |name: &String| facts.replaces.contains(&name.as_str()) || is_fixed(schema, name);
        let again: Vec<Difference> = resource
            .properties
            .iter()
            .filter(|(_, value)| value.references().iter().any(|reference| goes_first(&reference.address)))
            .filter(|(name, _)| !ignored(name) && !differs(name) && !fixed(name))
            .map(|(name, value)| Difference {
                path: name.clone(),
                before: recorded.inputs.get(name).cloned(),
                after: Some(value.clone()),
                replaces: false,
            })
            .collect();
        if again.is_empty() {
            return;
        }
        change.differences.extend(again);
        if change.action == Action::NoOp {
            change.action = Action::Update;
            change.reasons.push(Reason::Differs);
        }
    }

    /// Chooses which of the two objects of a replacement comes first.
    fn choose_order(&self, change: &mut Change, facts: &Facts, recorded: &Recorded) {
        let same = |property: &&str| {
            let before = recorded.inputs.get(*property);
            let after = change.wanted.get(*property);
            before == after && after.is_none_or(Value::is_known)
        };
        let given = |property: &&str| change.wanted.contains_key(*property);
        let stays = facts.unique_by.iter().find(|set| set.iter().all(same) && set.iter().any(given));
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
        let allowed = |stack: &String| {
            *stack == self.inputs.snapshot.stack || resource.options.from_stack.as_ref() == Some(stack)
        };
        if let Some(stack) = owner(observed, schema).filter(|stack| !allowed(stack)) {
            return Err(vec![Problem::AnothersObject { id: id.to_owned(), stack }]);
        }
        // A made-up name would never be the one it has.
        let name = observed.properties.get(facts.name_property()).map(Value::from_json);
        keep_made_up_name(&mut change.wanted, resource, facts, name.as_ref());
        leave_ignored(&mut change, None, Some(&observed.properties));
        let none = BTreeMap::new();
        change.differences = differences(schema, &change.wanted, &none, Some(&observed.properties))
            .into_iter()
            .filter(|found| !change.options.ignore_changes.iter().any(|name| found.path.root() == name))
            // What AWS never tells and nobody can change is taken to be what is declared.
            .filter(|found| !(found.replaces && found.before.is_none() && schema.is_write_only(&found.path)))
            .map(|found| Difference {
                replaces: found.replaces || facts.replaces.contains(&found.path.root()),
                path: found.path.to_string(),
                before: found.before.map(|there| hide_at(&found.path, Value::from_json(&there), &change.wanted, &none)),
                after: found.after,
            })
            .collect();
        let paths: Vec<String> =
            change.differences.iter().filter(|found| found.replaces).map(|found| found.path.clone()).collect();
        if !paths.is_empty() {
            return Err(vec![Problem::AdoptedDiffers { id: id.to_owned(), paths }]);
        }
        change.observed = observed.properties.clone();
        change.attributes = observed.told(schema, &resource.properties);
        change.id = Some(id.to_owned());
        change.action = Action::Import;
        change.reasons.push(Reason::Adopted { id: id.to_owned() });
        Ok(change)
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

/// The stack that an object belongs to, by its tags.
fn owner(observed: &Observed, schema: &KindSchema) -> Option<String> {
    let tags = pairs(&observed.properties, schema.tag_property.as_deref()?);
    tags.into_iter().find(|(key, _)| key == STACK_TAG).map(|(_, stack)| stack)
}

/// The top-level property that a path is in.
fn root(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or_default()
}

/// Whether AWS cannot change the property, or not always.
fn is_fixed(schema: &KindSchema, property: &str) -> bool {
    let path = PropertyPath::new(property);
    schema.replaces(&path) || schema.conditional_create_only.iter().any(|pattern| pattern.covers(&path))
}

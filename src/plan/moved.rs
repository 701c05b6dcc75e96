//! [`suggested`]: addresses that seem to have been renamed. What a plan would delete under one address and make anew under
//! another, alike in everything that was said of it, is likely the same thing.
//!
//! Only pairs that nothing else could be meant by are suggested, and nothing is done by itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::complete::{ADDRESS_TAG, STACK_TAG, TOKEN_TAG};
use super::planner::attribute;
use super::{Action, Change, Plan, Reason};
use crate::kinds::Facts;
use crate::model::schema::schemas;
use crate::model::{Address, Json, Reference, Value};
use crate::state::{Recorded, Snapshot};

/// Two addresses that seem to be of the same thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestedMove {
    /// The address in the state, which the program no longer declares.
    pub from: Address,
    /// The address in the program, which the state does not have.
    pub to: Address,
    /// What they have in common.
    pub because: Likeness,
}

/// What two objects have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Likeness {
    /// The physical name.
    Name,
    /// All properties but names that were made up and tags of the stack.
    Properties,
}

/// Pairs of a deletion and a creation of the same kind that are alike, each of which is like nothing else.
pub(super) fn suggested(
    plan: &Plan,
    snapshot: &Snapshot,
    facts: fn(&str) -> Option<&'static Facts>,
) -> Vec<SuggestedMove> {
    let gone = |change: &&Change| change.reasons == [Reason::Undeclared];
    let gone: Vec<&Change> = plan.changes.iter().filter(gone).collect();
    let kinds: BTreeSet<&str> = gone.iter().map(|change| change.kind.as_str()).collect();
    let new = |change: &&Change| change.action == Action::Create && change.reasons == [Reason::New];
    let new: Vec<&Change> =
        plan.changes.iter().filter(new).filter(|change| kinds.contains(change.kind.as_str())).collect();
    if new.is_empty() {
        return Vec::new();
    }
    let alike = Alike { stack: &plan.stack, facts };
    let mut there: HashMap<Mark, Vec<&Address>> = HashMap::new();
    for change in &gone {
        let Some(recorded) = snapshot.resources.get(&change.address) else { continue };
        for mark in alike.marks(&change.address, &change.kind, &recorded.inputs) {
            there.entry(mark).or_default().push(&change.address);
        }
    }
    let mut ambiguous: BTreeSet<&Address> = BTreeSet::new();
    loop {
        let mut found: Vec<SuggestedMove> = Vec::new();
        let mut claims: BTreeMap<&Address, usize> = BTreeMap::new();
        let mut before: HashMap<&Address, &Recorded> = HashMap::new();
        for change in &new {
            // What it refers to may have been renamed, too: each comes after what it needs.
            let known = |reference: &Reference| {
                let recorded = before.get(&reference.address)?;
                alike.attribute(reference, recorded)
            };
            let wanted = change.wanted.iter().map(|(name, value)| (name.clone(), value.resolve(&known))).collect();
            let marks = alike.marks(&change.address, &change.kind, &wanted);
            let like = marks.iter().find_map(|mark| Some((mark.by, there.get(mark)?.as_slice())));
            let Some((because, [from])) = like else { continue };
            if ambiguous.contains(from) {
                continue;
            }
            *claims.entry(from).or_default() += 1;
            before.extend(snapshot.resources.get(*from).map(|recorded| (&change.address, recorded)));
            found.push(SuggestedMove { from: (*from).clone(), to: change.address.clone(), because });
        }
        let many: Vec<&Address> = claims.into_iter().filter(|(_, claims)| *claims > 1).map(|(from, _)| from).collect();
        if many.is_empty() {
            return found;
        }
        ambiguous.extend(many);
    }
}

/// What objects that are alike have the same of.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Mark {
    by: Likeness,
    kind: String,
    text: String,
}

struct Alike<'a> {
    stack: &'a str,
    facts: fn(&str) -> Option<&'static Facts>,
}

impl Alike<'_> {
    /// The marks of an object, the most telling first. Properties that are not all known are no mark.
    fn marks(&self, address: &Address, kind: &str, properties: &BTreeMap<String, Value>) -> Vec<Mark> {
        let mark = |by, text: String| Mark { by, kind: kind.to_owned(), text };
        let property = (self.facts)(kind).map_or("", |facts| facts.name_property());
        let name = properties.get(property).and_then(Value::as_str);
        let made_up = name.is_some_and(|name| name.strip_prefix(self.stack).is_some_and(|rest| rest.starts_with('-')));
        let mut marks: Vec<Mark> = name.map(|name| mark(Likeness::Name, name.to_owned())).into_iter().collect();
        if !properties.values().all(Value::is_known) {
            return marks;
        }
        let tags = schemas().by_type(kind).and_then(|schema| schema.tag_property.as_deref());
        let said: BTreeMap<&str, Value> = properties
            .iter()
            .filter(|(name, _)| !(made_up && *name == property))
            .map(|(name, value)| match value {
                Value::List(items) if tags == Some(name.as_str()) => {
                    let own = items.iter().filter(|tag| !is_of_stack(tag, address)).cloned().collect();
                    (name.as_str(), Value::List(own))
                }
                other => (name.as_str(), other.clone()),
            })
            .filter(|(_, value)| *value != Value::List(Vec::new()))
            .collect();
        marks.extend(serde_json::to_string(&said).ok().map(|text| mark(Likeness::Properties, text)));
        marks
    }

    fn attribute(&self, reference: &Reference, recorded: &Recorded) -> Option<Json> {
        let schema = schemas().by_type(&recorded.kind)?;
        let facts = (self.facts)(&recorded.kind)?;
        let Recorded { inputs, attributes, id, .. } = recorded;
        attribute(&reference.attribute, schema, facts, inputs, Some(attributes), Some(id))
    }
}

/// Whether a tag is one that every object of a stack gets: of the stack, and a name that is the address's.
fn is_of_stack(tag: &Value, address: &Address) -> bool {
    let Value::Map(tag) = tag else { return false };
    let text = |name: &str| tag.get(name).and_then(Value::as_str);
    match text("key") {
        Some("Name") => text("value") == Some(address.name()),
        Some(key) => [STACK_TAG, ADDRESS_TAG, TOKEN_TAG].contains(&key),
        None => false,
    }
}

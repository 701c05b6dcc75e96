//! [`Saved`]: a plan as text, to be executed later exactly as it was shown.
//!
//! Two lines of JSON: what the text is (its format and the checksum of the second line), and the plan with what executing
//! it needs beside what is shown. The checksum tells that a file was damaged or edited, not who wrote it. No secret is in
//! it: a plan of which a step needs one cannot be saved ([`SaveError`]), since a hash cannot be sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Action, Change, Plan};
use crate::model::{Address, JsonMap, TemplatePart, Value};
use crate::state::Snapshot;

/// The version of the format that this code writes; no other is read.
pub const FORMAT: u64 = 2;

/// What the first line says the text is.
const WHAT: &str = "plan";

/// A plan, and what it is to be executed on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// The plan.
    pub plan: Plan,
    /// The checksum of the state that it was made from ([`checksum_of_state`]).
    pub state: String,
    /// Where that state is kept. A stack that was never run has none yet: its plan is executed nowhere else.
    pub place: String,
    /// The command that plans anew and executes, for messages.
    pub again: String,
}

/// Why a plan cannot be saved: secrets would be in the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", told(resources, outputs))]
pub struct SaveError {
    /// Resources that are sent a secret, or that have one now and are changed.
    pub resources: Vec<Address>,
    /// Outputs that are put together of a secret and what is not known yet.
    pub outputs: Vec<String>,
}

/// Why a text cannot be read as a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It does not begin as a plan does.
    #[error("it is not a saved plan")]
    NotAPlan,
    /// Another version of the program wrote it.
    #[error("it has format {found}, and this version reads format {FORMAT}")]
    OtherFormat {
        /// Its format.
        found: u64,
    },
    /// It is not what was written.
    #[error("it was edited, damaged or cut short: its checksum is not that of what is in it")]
    Damaged,
    /// The checksum is right, but what it is of is no plan.
    #[error("what is in it is not a plan: {reason}")]
    Malformed {
        /// Why not.
        reason: String,
    },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    hzscript: String,
    format: u64,
    sha256: String,
}

/// The beginning of a head, whatever else a version of the format has in it.
#[derive(Debug, Deserialize)]
struct AnyHead {
    hzscript: String,
    format: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    saved: Saved,
    /// What each change has that is not shown, in their order.
    beside: Vec<Beside>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Beside {
    observed: JsonMap,
    attributes: JsonMap,
}

impl Saved {
    /// A plan made from `snapshot`, which is kept in `place` ([`Engine::place`](crate::engine::Engine::place)) and which
    /// `again` would make anew.
    ///
    /// # Errors
    /// When a step needs a secret, or an output would lose one.
    pub fn new(mut plan: Plan, snapshot: &Snapshot, place: String, again: String) -> Result<Self, SaveError> {
        let resources = needing_secrets(&plan, snapshot);
        let outputs: Vec<String> =
            plan.outputs.iter().filter(|(_, value)| would_lose(value)).map(|(name, _)| name.clone()).collect();
        if !resources.is_empty() || !outputs.is_empty() {
            return Err(SaveError { resources, outputs });
        }
        for change in &mut plan.changes {
            // What is not changed is not compared again, and may have in it what was secret once.
            if !matches!(change.action, Action::Update | Action::Import) {
                change.observed = JsonMap::new();
            }
        }
        Ok(Self { plan, state: checksum_of_state(snapshot), place, again })
    }

    /// As text.
    ///
    /// # Errors
    /// When a value has no JSON.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        let beside =
            |change: &Change| Beside { observed: change.observed.clone(), attributes: change.attributes.clone() };
        let body = Body { saved: self.clone(), beside: self.plan.changes.iter().map(beside).collect() };
        let body = format!("{}\n", serde_json::to_string(&body)?);
        let head = Head { hzscript: WHAT.to_owned(), format: FORMAT, sha256: checksum(body.as_bytes()) };
        Ok(format!("{}\n{body}", serde_json::to_string(&head)?))
    }

    /// From text. Nothing of it is believed before the checksum is right.
    ///
    /// # Errors
    /// When it is not exactly what [`Saved::to_text`] wrote.
    pub fn from_text(text: &[u8]) -> Result<Self, ReadError> {
        let (head, body) = split(text).ok_or(ReadError::NotAPlan)?;
        let any: AnyHead = serde_json::from_slice(head).map_err(|_| ReadError::NotAPlan)?;
        if any.hzscript != WHAT {
            return Err(ReadError::NotAPlan);
        }
        if any.format != FORMAT {
            return Err(ReadError::OtherFormat { found: any.format });
        }
        let head: Head = serde_json::from_slice(head).map_err(|_| ReadError::Damaged)?;
        if head.sha256 != checksum(body) {
            return Err(ReadError::Damaged);
        }
        let malformed = |reason: String| ReadError::Malformed { reason };
        let Body { mut saved, beside } = serde_json::from_slice(body).map_err(|error| malformed(error.to_string()))?;
        if beside.len() != saved.plan.changes.len() {
            return Err(malformed("it has more or fewer changes than it should".to_owned()));
        }
        for (change, beside) in saved.plan.changes.iter_mut().zip(beside) {
            change.observed = beside.observed;
            change.attributes = beside.attributes;
        }
        if let Some(change) = saved.plan.changes.iter().find(|change| sends(change) && has_secret(&change.wanted)) {
            return Err(malformed(format!("{} is sent a secret of which only the hash is known", change.address)));
        }
        Ok(saved)
    }

    /// Whether a text begins as a plan does, of whatever version.
    pub fn is_one(text: &[u8]) -> bool {
        let head = split(text).and_then(|(head, _)| serde_json::from_slice::<AnyHead>(head).ok());
        head.is_some_and(|head| head.hzscript == WHAT)
    }
}

/// The checksum of all that a state has. Runs count on, so that its serial is not part of it.
pub fn checksum_of_state(snapshot: &Snapshot) -> String {
    let counted = Snapshot { serial: 0, ..snapshot.clone() };
    // A snapshot is always JSON: its keys are texts.
    checksum(&serde_json::to_vec(&counted).unwrap_or_default())
}

fn checksum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    Some((&text[..end], &text[end + 1..]))
}

/// Whether properties are sent to AWS.
fn sends(change: &Change) -> bool {
    change.action.changes() && change.action != Action::Delete
}

/// What would be sent a secret. What has one now is among them when it is changed: AWS may tell it in clear.
fn needing_secrets(plan: &Plan, snapshot: &Snapshot) -> Vec<Address> {
    let from: BTreeMap<&Address, &Address> = plan.moves.iter().map(|(from, to)| (to, from)).collect();
    let has_one = |address: &Address| {
        let before = snapshot.resources.get(from.get(address).copied().unwrap_or(address));
        before.is_some_and(|before| has_secret(&before.inputs))
    };
    let changes = plan.changes.iter().filter(|change| sends(change));
    let found = changes.filter(|change| has_secret(&change.wanted) || has_one(&change.address));
    found.map(|change| change.address.clone()).collect()
}

fn has_secret(properties: &BTreeMap<String, Value>) -> bool {
    fn within(value: &Value) -> bool {
        match value {
            Value::Secret(_) => true,
            Value::Template(parts) => parts.iter().any(|part| matches!(part, TemplatePart::Secret(_))),
            Value::List(items) => items.iter().any(within),
            Value::Map(map) => map.values().any(within),
            _ => false,
        }
    }
    properties.values().any(within)
}

/// Whether a value that is only shown and kept as a hash could not be put together from hashes.
fn would_lose(value: &Value) -> bool {
    match value {
        Value::Template(parts) => parts.iter().any(|part| matches!(part, TemplatePart::Secret(_))),
        Value::List(items) => items.iter().any(would_lose),
        Value::Map(map) => map.values().any(would_lose),
        _ => false,
    }
}

fn told(resources: &[Address], outputs: &[String]) -> String {
    let resources = resources.iter().map(ToString::to_string);
    let all: Vec<String> = resources.chain(outputs.iter().map(|name| format!("the output `{name}`"))).collect();
    let verb = if all.len() == 1 { "needs" } else { "need" };
    format!("{} {verb} a secret, which a saved plan does not hold", all.join(", "))
}

//! [`Saved`]: a plan as text, to be executed later exactly as it was shown.
//!
//! Two lines of JSON: what the text is (its format and the checksum of the second line), and the plan with what executing
//! it needs beside what is shown: among that the program, to be kept with the state. The checksum tells that a file was
//! damaged or edited, not who wrote it. No secret is in it in clear: where the stack is sealed, they are sealed in the
//! plan, too; otherwise a plan of which a step needs one cannot be saved ([`SaveError`]), since a hash cannot be sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Action, Change, Plan};
use crate::model::{Address, JsonMap, Program, Secret, Secrets, TemplatePart, Value};
use crate::state::keys::Sealed;
use crate::state::{KeyError, Keyring, Snapshot};

/// The version of the format that this code writes of a plan without sealed secrets.
pub const FORMAT: u64 = 2;

/// The version of the format that this code writes of a plan with sealed secrets; no newer one is read.
pub const NEWEST_FORMAT: u64 = 3;

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
    /// Its secrets, where they are sealed.
    #[serde(skip)]
    pub sealed: Option<Sealed>,
    /// What AWS said each change's object has now, as long as it is only known sealed.
    #[serde(skip)]
    hidden: Vec<Option<Value>>,
}

/// Why a plan cannot be saved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SaveError {
    /// Secrets would be in the text.
    #[error("{}", told(resources, outputs))]
    Secrets {
        /// Resources that are sent a secret, or that have one now and are changed.
        resources: Vec<Address>,
        /// Outputs that are put together of a secret and what is not known yet.
        outputs: Vec<String>,
    },
    /// Secrets cannot be sealed.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Why a text cannot be read as a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It does not begin as a plan does.
    #[error("it is not a saved plan")]
    NotAPlan,
    /// Another version of the program wrote it.
    #[error("it has format {found}, and this version reads formats {FORMAT} to {NEWEST_FORMAT}")]
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
    /// The program that the plan carries out. A run of a plan without one keeps none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    program: Option<Program>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<Sealed>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Beside {
    observed: JsonMap,
    attributes: JsonMap,
    /// In place of what was observed, where it is sealed: it may have secrets in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hidden: Option<Value>,
}

/// What is sealed of a plan.
#[derive(Clone)]
struct Contents {
    plan: Plan,
    hidden: Vec<Option<Value>>,
}

impl Secrets for Contents {
    fn visit_secrets(&mut self, visit: &mut dyn FnMut(&mut Secret)) {
        self.plan.visit_secrets(visit);
        self.hidden.visit_secrets(visit);
    }
}

impl Saved {
    /// A plan made from `snapshot`, which is kept in `place` ([`Engine::place`](crate::engine::Engine::place)) and which
    /// `again` would make anew.
    ///
    /// # Errors
    /// When a step needs a secret, or an output would lose one.
    pub fn new(plan: Plan, snapshot: &Snapshot, place: String, again: String) -> Result<Self, SaveError> {
        Self::with_keys(plan, snapshot, place, again, &Keyring::default())
    }

    /// The same with its secrets, where the stack is sealed.
    ///
    /// # Errors
    /// When a step needs a secret, or an output would lose one, and there is no key to seal it with.
    pub fn with_keys(
        mut plan: Plan,
        snapshot: &Snapshot,
        place: String,
        again: String,
        keys: &Keyring,
    ) -> Result<Self, SaveError> {
        let resources = needing_secrets(&plan, snapshot);
        let outputs: Vec<String> =
            plan.outputs.iter().filter(|(_, value)| would_lose(value)).map(|(name, _)| name.clone()).collect();
        for change in &mut plan.changes {
            // What is not changed is not compared again, and may have in it what was secret once.
            if !matches!(change.action, Action::Update | Action::Import) {
                change.observed = JsonMap::new();
            }
        }
        let needs_some = !resources.is_empty() || !outputs.is_empty();
        let sealed = match keys.require() {
            Ok(()) if has_text(&plan) => keys.close(&Contents { hidden: hidden(&plan), plan: plan.clone() })?,
            Err(missing) if needs_some => return Err(missing.into()),
            Ok(()) | Err(_) => None,
        };
        if sealed.is_none() && needs_some {
            return Err(SaveError::Secrets { resources, outputs });
        }
        Ok(Self { plan, state: checksum_of_state(snapshot), place, again, sealed, hidden: Vec::new() })
    }

    /// As text.
    ///
    /// # Errors
    /// When a value has no JSON.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        let hidden = if self.sealed.is_some() { hidden(&self.plan) } else { vec![None; self.plan.changes.len()] };
        let beside = |(change, hidden): (&Change, Option<Value>)| {
            let observed = if hidden.is_some() { JsonMap::new() } else { change.observed.clone() };
            Beside { observed, attributes: change.attributes.clone(), hidden }
        };
        let beside = self.plan.changes.iter().zip(hidden).map(beside).collect();
        let body =
            Body { saved: self.clone(), beside, program: self.plan.program.clone(), sealed: self.sealed.clone() };
        let body = format!("{}\n", serde_json::to_string(&body)?);
        let format = if self.sealed.is_some() { NEWEST_FORMAT } else { FORMAT };
        let head = Head { hzscript: WHAT.to_owned(), format, sha256: checksum(body.as_bytes()) };
        Ok(format!("{}\n{body}", serde_json::to_string(&head)?))
    }

    /// From text. Nothing of it is believed before the checksum is right. Sealed secrets are not opened yet
    /// ([`Saved::open`]).
    ///
    /// # Errors
    /// When it is not exactly what [`Saved::to_text`] wrote.
    pub fn from_text(text: &[u8]) -> Result<Self, ReadError> {
        let (head, body) = split(text).ok_or(ReadError::NotAPlan)?;
        let any: AnyHead = serde_json::from_slice(head).map_err(|_| ReadError::NotAPlan)?;
        if any.hzscript != WHAT {
            return Err(ReadError::NotAPlan);
        }
        if !(FORMAT..=NEWEST_FORMAT).contains(&any.format) {
            return Err(ReadError::OtherFormat { found: any.format });
        }
        let head: Head = serde_json::from_slice(head).map_err(|_| ReadError::Damaged)?;
        if head.sha256 != checksum(body) {
            return Err(ReadError::Damaged);
        }
        let malformed = |reason: String| ReadError::Malformed { reason };
        let Body { mut saved, beside, program, sealed } =
            serde_json::from_slice(body).map_err(|error| malformed(error.to_string()))?;
        if beside.len() != saved.plan.changes.len() {
            return Err(malformed("it has more or fewer changes than it should".to_owned()));
        }
        saved.plan.program = program;
        for (change, beside) in saved.plan.changes.iter_mut().zip(beside) {
            change.observed = beside.observed;
            change.attributes = beside.attributes;
            saved.hidden.push(beside.hidden);
        }
        saved.sealed = sealed;
        if saved.sealed.is_none() {
            saved.hidden.clear();
            saved.has_all()?;
        }
        Ok(saved)
    }

    /// Puts sealed secrets in their places; those of a plan without any are.
    ///
    /// # Errors
    /// When what is sealed is not what was written, or is not all that is to be sent.
    pub fn open(&mut self, keys: &Keyring) -> Result<(), ReadError> {
        let Some(sealed) = &self.sealed else { return Ok(()) };
        let mut contents = Contents { plan: self.plan.clone(), hidden: std::mem::take(&mut self.hidden) };
        keys.open(sealed, &mut contents).map_err(|_| ReadError::Damaged)?;
        let malformed = |reason: String| ReadError::Malformed { reason };
        for (change, hidden) in contents.plan.changes.iter_mut().zip(contents.hidden) {
            let Some(Value::Secret(Secret::Clear(text))) = hidden else { continue };
            change.observed = serde_json::from_str(&text).map_err(|error| malformed(error.to_string()))?;
        }
        self.plan = contents.plan;
        self.has_all()
    }

    fn has_all(&self) -> Result<(), ReadError> {
        let lacks = |change: &&Change| sends(change) && has_secret(&change.wanted, &|secret| !is_text(secret));
        let Some(change) = self.plan.changes.iter().find(lacks) else { return Ok(()) };
        let reason = format!("{} is sent a secret of which only the hash is known", change.address);
        Err(ReadError::Malformed { reason })
    }

    /// That its secrets are open, so that it can be executed; a stack that is not sealed yet is sealed as it is. Says whether
    /// that was done.
    ///
    /// # Errors
    /// [`KeyError::Missing`] when they are not open.
    pub fn seals(&self, keys: &Keyring) -> Result<bool, KeyError> {
        let Some(Sealed { seal, .. }) = &self.sealed else { return Ok(false) };
        if !self.hidden.is_empty() {
            return Err(KeyError::Missing { way: seal.way.clone() });
        }
        let newly = keys.seal().is_none();
        if newly {
            keys.follow(Some(seal.clone()));
        }
        Ok(newly)
    }

    /// Whether a text begins as a plan does, of whatever version.
    pub fn is_one(text: &[u8]) -> bool {
        let head = split(text).and_then(|(head, _)| serde_json::from_slice::<AnyHead>(head).ok());
        head.is_some_and(|head| head.hzscript == WHAT)
    }
}

/// The checksum of all that a state has. Runs count on, so that its serial is not part of it, nor who wrote it.
pub fn checksum_of_state(snapshot: &Snapshot) -> String {
    let counted = Snapshot { serial: 0, made: None, ..snapshot.clone() };
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
    let any = |_: &Secret| true;
    let from: BTreeMap<&Address, &Address> = plan.moves.iter().map(|(from, to)| (to, from)).collect();
    let has_one = |address: &Address| {
        let before = snapshot.resources.get(from.get(address).copied().unwrap_or(address));
        before.is_some_and(|before| has_secret(&before.inputs, &any))
    };
    let changes = plan.changes.iter().filter(|change| sends(change));
    let found = changes.filter(|change| has_secret(&change.wanted, &any) || has_one(&change.address));
    found.map(|change| change.address.clone()).collect()
}

/// Whether among the secrets is one of which `which` holds.
fn has_secret(properties: &BTreeMap<String, Value>, which: &dyn Fn(&Secret) -> bool) -> bool {
    fn within(value: &Value, which: &dyn Fn(&Secret) -> bool) -> bool {
        match value {
            Value::Secret(secret) => which(secret),
            Value::Template(parts) => {
                parts.iter().any(|part| matches!(part, TemplatePart::Secret(secret) if which(secret)))
            }
            Value::List(items) => items.iter().any(|item| within(item, which)),
            Value::Map(map) => map.values().any(|item| within(item, which)),
            _ => false,
        }
    }
    properties.values().any(|value| within(value, which))
}

fn is_text(secret: &Secret) -> bool {
    matches!(secret, Secret::Clear(_))
}

/// Whether any secret of a plan is known as a text.
fn has_text(plan: &Plan) -> bool {
    let mut found = false;
    plan.clone().visit_secrets(&mut |secret| found |= is_text(secret));
    found
}

/// What AWS said each change's object has now, as a secret: of what has one, AWS may tell it in clear.
fn hidden(plan: &Plan) -> Vec<Option<Value>> {
    let text = |change: &Change| serde_json::to_string(&change.observed).ok();
    let hide = |change: &Change| text(change).filter(|_| !change.observed.is_empty());
    plan.changes.iter().map(|change| hide(change).map(|text| Value::Secret(Secret::Clear(text)))).collect()
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

//! What the evaluation of a program with an entry takes and gives.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use rhai::{Dynamic, Scope};

use super::complete::Known;
use super::live::Asking;
use super::shown::Shown;
use crate::model::{Options, Value};
use crate::script::Diagnostic;
use crate::script::session::{Anew, State};
use crate::script::sources::At;
use crate::script::text;

/// What is evaluated, beside the text.
pub(in super::super) struct Trial {
    /// Where in the text the entry stands.
    pub(in super::super) fresh: Vec<Range<usize>>,
    /// Variables that hold what queries answered.
    pub(in super::super) held: Vec<(String, Dynamic)>,
    /// Answers to questions about what runs, where they may be asked.
    pub(in super::super) queries: Option<Asking>,
}

/// What came of it.
pub(in super::super) struct Tried {
    /// The value of the last statement.
    pub(in super::super) value: Shown,
    /// The variables, with their values.
    pub(in super::super) variables: Vec<(String, Dynamic)>,
    /// What of them can be told to whoever types.
    pub(in super::super) known: Vec<Known>,
    /// What is said.
    pub(in super::super) said: Said,
    /// Where each thing is said, in the program's own file, in bytes, by the names in `said`.
    pub(in super::super) places: BTreeMap<String, usize>,
    /// What the entry said anew: its name, where it was said first and where now.
    pub(in super::super) anew: Vec<(String, usize, usize)>,
    /// Worth saying though it is no mistake.
    pub(in super::super) warnings: Vec<Diagnostic>,
    /// What keeps the program from being planned, as far as more entries may mend it.
    pub(in super::super) missing: Vec<Diagnostic>,
    /// The texts of every file.
    pub(in super::super) sources: BTreeMap<String, String>,
}

/// What a program says, whatever it is made of.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in super::super) struct Said {
    /// Resources by address.
    pub(in super::super) resources: BTreeMap<String, (BTreeMap<String, Value>, Options)>,
    /// Outputs by name.
    pub(in super::super) outputs: BTreeMap<String, Value>,
    /// Inputs by name.
    pub(in super::super) inputs: BTreeMap<String, Value>,
    /// Variables as texts.
    pub(in super::super) variables: BTreeMap<String, String>,
}

impl Tried {
    /// Of an evaluation without mistakes.
    pub(in super::super) fn new(value: Shown, scope: Scope<'static>, state: &mut State) -> Self {
        let variables: Vec<(String, Dynamic)> =
            scope.into_iter().map(|(name, value, _)| (name.to_string(), value)).collect();
        let known = variables.iter().map(|(name, value)| Known::new(name, value)).collect();
        let mut places = BTreeMap::new();
        let offset = |state: &State, at: &At| state.sources.place(at).map(|place| place.offset);
        for declaration in &state.declarations {
            let at = offset(state, declaration.origin.outermost());
            places.extend(at.map(|at| (declaration.address.to_string(), at)));
        }
        let said_at = state.said.iter().filter_map(|(name, at)| Some((name.clone(), offset(state, at)?)));
        places.extend(said_at);
        let anew = std::mem::take(&mut state.anew);
        let anew = anew
            .into_iter()
            .filter_map(|Anew { what, first, now }| Some((what, offset(state, &first)?, offset(state, &now)?)));
        let anew = anew.collect();
        let resources = state.declarations.iter().map(|declaration| {
            let said = (declaration.properties.clone(), declaration.options.clone());
            (declaration.address.to_string(), said)
        });
        let said = Said {
            resources: resources.collect(),
            outputs: state.outputs.clone(),
            inputs: state.inputs.clone(),
            variables: variables.iter().map(|(name, value)| (name.clone(), text::of(value))).collect(),
        };
        let (warnings, missing, sources) = (Vec::new(), Vec::new(), BTreeMap::new());
        Self { value, variables, known, said, places, anew, warnings, missing, sources }
    }
}

/// How a program changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// Addresses of resources that are new.
    pub added: Vec<String>,
    /// Addresses of resources that are declared otherwise.
    pub changed: Vec<String>,
    /// Addresses of resources that are gone.
    pub removed: Vec<String>,
    /// Names of outputs that are new, other, or gone.
    pub outputs: Vec<String>,
}

impl Changed {
    /// From what was said to what is said.
    pub(super) fn between(before: &Said, now: &Said) -> Self {
        let (was, is) = (&before.resources, &now.resources);
        let differs = |name: &&String| before.outputs.get(*name) != now.outputs.get(*name);
        let outputs: BTreeSet<&String> = before.outputs.keys().chain(now.outputs.keys()).filter(differs).collect();
        Self {
            added: is.keys().filter(|address| !was.contains_key(*address)).cloned().collect(),
            changed: is
                .iter()
                .filter(|(address, said)| was.get(*address).is_some_and(|before| before != *said))
                .map(|(address, _)| address.clone())
                .collect(),
            removed: was.keys().filter(|address| !is.contains_key(*address)).cloned().collect(),
            outputs: outputs.into_iter().cloned().collect(),
        }
    }

    /// Whether nothing does.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

//! [`Session`]: what one evaluation gathers: declarations, outputs, inputs, and everything to say about them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rhai::NativeCallContext;
use tokio::runtime::Handle as Runtime;

use super::Lookups;
use super::limits::Watch;
use super::sources::{At, Origin, Sources};
use super::spans::Aim;
use super::{Diagnostic, Functions, Given, Place, Request, tokens};
use crate::event::Events;
use crate::model::{Address, KindSchema, Options, PathStep, PropertyPath, Value};

/// Most mistakes that are told of one script.
const MOST_MISTAKES: usize = 500;

/// Something wrong, before it has a place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mistake {
    pub(super) message: String,
    pub(super) label: Option<String>,
    pub(super) help: Option<String>,
    /// The name of the rule of `lint` that it is, where it is no mistake but a warning.
    rule: Option<&'static str>,
}

impl Mistake {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), label: None, help: None, rule: None }
    }

    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    pub(super) fn help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }

    /// The same as what a rule of `lint` finds.
    pub(super) fn rule(mut self, rule: &'static str) -> Self {
        self.rule = Some(rule);
        self
    }

    /// The same at a place.
    pub(super) fn at(self, place: Option<Place>, called_from: Vec<Place>) -> Diagnostic {
        let Self { message, label, help, rule: _ } = self;
        Diagnostic { message, label, place, called_from, help }
    }
}

/// One declaration while the script runs.
pub(super) struct Declaration {
    pub(super) address: Address,
    pub(super) schema: &'static KindSchema,
    pub(super) properties: BTreeMap<String, Value>,
    pub(super) options: Options,
    /// The call that declared it.
    pub(super) origin: Origin,
    /// Which of the call's arguments is the name: properties and options follow it.
    pub(super) first: usize,
    /// From where values come that are not where the builder was given them.
    pub(super) added: Vec<Added>,
}

/// A value that was written elsewhere than where it is: in another call, or under another name.
pub(super) struct Added {
    /// Where it is in the declaration.
    pub(super) path: PropertyPath,
    /// The argument it was written in.
    pub(super) origin: Origin,
    /// Where in there.
    pub(super) within: Vec<PathStep>,
}

impl Declaration {
    /// From where the value at a path comes, and its path in there.
    pub(super) fn origin_of(&self, path: &PropertyPath) -> (Origin, Vec<PathStep>) {
        let covering = self.added.iter().filter(|added| added.path.covers(path));
        match covering.max_by_key(|added| added.path.steps().len()) {
            Some(added) => {
                let rest = &path.steps()[added.path.steps().len()..];
                (added.origin.clone(), [&added.within, rest].concat())
            }
            None => (self.origin.argument(self.first + 1), path.steps().to_vec()),
        }
    }
}

/// What is gathered.
#[derive(Default)]
pub(super) struct State {
    pub(super) declarations: Vec<Declaration>,
    pub(super) by_address: HashMap<Address, usize>,
    pub(super) outputs: BTreeMap<String, Value>,
    pub(super) inputs: BTreeMap<String, Value>,
    /// Texts of secrets, by the numbers in their tokens.
    pub(super) secrets: Vec<String>,
    pub(super) sources: Sources,
    pub(super) mistakes: Vec<Diagnostic>,
    pub(super) warnings: Vec<Diagnostic>,
    /// The rule of each warning, for `lint`; none for what a function says by `warn`.
    pub(super) warned_by: Vec<Option<&'static str>>,
    /// Kinds there are none of, of which that is told.
    pub(super) missing: BTreeSet<String>,
    /// Calls into the standard library that are under way, outermost first.
    pub(super) frames: Vec<At>,
    /// Where outputs were said.
    pub(super) said: BTreeMap<String, At>,
    /// What an entry at a prompt said anew.
    pub(super) anew: Vec<Anew>,
}

/// Something that was said before, and that an entry at a prompt says anew.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Anew {
    /// The resource's address, or the output's name.
    pub(super) what: String,
    /// Where it was said first.
    pub(super) first: At,
    /// Where it is said now.
    pub(super) now: At,
}

impl State {
    /// Records a mistake at a place inside a value.
    pub(super) fn mistake(&mut self, origin: &Origin, steps: &[PathStep], aim: Aim, mistake: Mistake) {
        let diagnostic = self.diagnostic(origin, steps, aim, mistake);
        let call = origin.frames.first().and_then(|call| self.sources.place(call));
        // A value handed on to several resources is wrong once.
        let handed_on = |told: &Diagnostic| {
            diagnostic.place.is_some()
                && told.place == diagnostic.place
                && diagnostic.place != call
                && diagnostic.place.as_ref().is_some_and(|place| place.file != origin.at.file)
        };
        let told = self.mistakes.iter().any(|told| *told == diagnostic || handed_on(told));
        if !told && self.mistakes.len() < MOST_MISTAKES {
            self.mistakes.push(diagnostic);
        }
    }

    /// Records what is worth saying of a place inside a value though it is no mistake; the same is told once.
    pub(super) fn warn(&mut self, origin: &Origin, steps: &[PathStep], aim: Aim, what: Mistake) {
        let rule = what.rule;
        let warning = self.diagnostic(origin, steps, aim, what);
        if !self.warnings.contains(&warning) && self.warnings.len() < MOST_MISTAKES {
            self.warnings.push(warning);
            self.warned_by.push(rule);
        }
    }

    /// A mistake with its place. What the standard library made up itself has none that the script's author could change:
    /// then it is the call that led there.
    pub(super) fn diagnostic(&self, origin: &Origin, steps: &[PathStep], aim: Aim, mistake: Mistake) -> Diagnostic {
        let callers = |frames: &[At]| frames.iter().rev().filter_map(|frame| self.sources.place(frame)).collect();
        if let Some((depth, place)) = self.handed_on(origin, steps) {
            return mistake.at(Some(place), callers(&origin.frames[..depth]));
        }
        match origin.frames.first() {
            Some(call) => mistake.at(self.sources.place(call), Vec::new()),
            None => mistake.at(self.sources.locate(origin, steps, aim), Vec::new()),
        }
    }

    /// Where a caller of the standard library wrote the value that a resource in there has: under the property that the
    /// function reads there, or else under one of the same name; and which caller it is.
    fn handed_on(&self, origin: &Origin, steps: &[PathStep]) -> Option<(usize, Place)> {
        if let Some((caller, depth)) = origin.frames.last().zip(origin.frames.len().checked_sub(1))
            && let Some((property, read)) = self.sources.read(origin, steps)
        {
            let frame = Origin { at: caller.clone(), argument: Some(0), frames: Vec::new() };
            let own = [PathStep::Key(property.to_owned())];
            let whole = [&own, &steps[read..]].concat();
            let place = self.sources.exact(&frame, &whole, Aim::Value);
            if let Some(place) = place.or_else(|| self.sources.exact(&frame, &own, Aim::Value)) {
                return Some((depth, place));
            }
        }
        let last = steps.iter().rev().find(|step| matches!(step, PathStep::Key(_)))?;
        (0..origin.frames.len()).rev().find_map(|depth| {
            let frame = Origin { at: origin.frames[depth].clone(), argument: Some(0), frames: Vec::new() };
            if frame.at == origin.at {
                return None;
            }
            Some((depth, self.sources.exact(&frame, std::slice::from_ref(last), Aim::Value)?))
        })
    }

    /// Records a mistake of a call as a whole.
    pub(super) fn mistake_at(&mut self, origin: &Origin, mistake: Mistake) {
        self.mistake(origin, &[], Aim::Value, mistake);
    }

    /// Records a mistake of an argument; of a call into the standard library that led there it is told once, however
    /// often it is made in there.
    pub(super) fn mistake_once(&mut self, origin: &Origin, mistake: Mistake) {
        let Some(outermost) = origin.frames.first() else { return self.mistake(origin, &[], Aim::Value, mistake) };
        let origin = Origin { at: outermost.clone(), argument: None, frames: Vec::new() };
        let place = self.sources.place(outermost);
        if !self.mistakes.iter().any(|told| told.place == place && told.label == mistake.label) {
            self.mistake_at(&origin, mistake);
        }
    }

    /// The number of a secret's text.
    pub(super) fn secret(&mut self, text: &str) -> usize {
        self.secrets.iter().position(|known| known == text).unwrap_or_else(|| {
            self.secrets.push(text.to_owned());
            self.secrets.len() - 1
        })
    }

    /// A text with the references put in place that are known already, or `None` while one is not.
    pub(super) fn known_text(&self, text: &str) -> Option<String> {
        if !tokens::has(text) {
            return Some(text.to_owned());
        }
        let mut whole = String::new();
        for piece in tokens::pieces(text) {
            match piece {
                tokens::Piece::Text(text) => whole.push_str(text),
                tokens::Piece::Reference(reference) => {
                    let declaration = &self.declarations[*self.by_address.get(&reference.address)?];
                    whole.push_str(declaration.properties.get(&reference.attribute)?.as_str()?);
                }
                tokens::Piece::Secret(_) | tokens::Piece::Unknown => return None,
            }
        }
        Some(whole)
    }
}

/// One evaluation.
pub(super) struct Session {
    /// The script's own file, where the interpreter names none.
    pub(super) file: String,
    pub(super) given: BTreeMap<String, Given>,
    pub(super) lookups: Arc<dyn Lookups>,
    pub(super) functions: Functions,
    pub(super) runtime: Option<Runtime>,
    pub(super) events: Events,
    pub(super) watch: Arc<Watch>,
    /// Where in the script's own file, in bytes, an entry at a prompt stands, which may say anew what was said before.
    fresh: Vec<Range<usize>>,
    state: Mutex<State>,
}

impl Session {
    pub(super) fn new(request: &Request, runtime: Option<Runtime>, watch: Arc<Watch>) -> Self {
        Self {
            file: request.file.clone(),
            given: request.inputs.clone(),
            lookups: request.lookups.clone(),
            functions: request.functions.clone(),
            runtime,
            events: request.events.clone(),
            watch,
            fresh: Vec::new(),
            state: Mutex::default(),
        }
    }

    /// The same, in which what stands in `fresh` was just typed at a prompt.
    pub(super) fn at_prompt(self, fresh: Vec<Range<usize>>) -> Self {
        Self { fresh, ..self }
    }

    /// Records that something is said anew, when that is an entry's to do: whether it is.
    pub(super) fn is_anew(&self, state: &mut State, what: &str, first: &At, now: &At) -> bool {
        let is_fresh = |at: &At| {
            let place = state.sources.place(at).filter(|place| place.file == self.file);
            place.is_some_and(|place| self.fresh.iter().any(|fresh| fresh.contains(&place.offset)))
        };
        if is_fresh(first) || !is_fresh(now) {
            return false;
        }
        state.anew.push(Anew { what: what.to_owned(), first: first.clone(), now: now.clone() });
        true
    }

    /// What is gathered so far. Not to be held while a script's function is called.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a call stands.
    pub(super) fn at(&self, context: &NativeCallContext) -> At {
        let file = context.call_source().unwrap_or(&self.file).to_owned();
        At { file, position: context.call_position() }
    }

    /// A call, as where something comes from.
    pub(super) fn origin(&self, context: &NativeCallContext) -> Origin {
        let at = self.at(context);
        Origin { at, argument: None, frames: self.state().frames.clone() }
    }

    /// Records a mistake of the call as a whole.
    pub(super) fn mistake(&self, context: &NativeCallContext, mistake: Mistake) {
        let origin = self.origin(context);
        self.state().mistake_at(&origin, mistake);
    }

    /// Records a mistake in an argument of the call.
    pub(super) fn mistake_in(&self, context: &NativeCallContext, argument: usize, steps: &[PathStep], what: Mistake) {
        let origin = self.origin(context).argument(argument);
        self.state().mistake(&origin, steps, Aim::Value, what);
    }

    /// Asks the account something; the time it takes is not the script's.
    pub(super) fn ask<T>(&self, question: impl Future<Output = Result<T, String>>) -> Result<T, String> {
        let Some(runtime) = &self.runtime else {
            return Err("nothing can be asked of the account outside of a runtime".to_owned());
        };
        self.watch.aside(|| runtime.block_on(question))
    }
}

//! An entry as typed: whether it is whole, and from places in the text it was tried in back to places in it.

use rhai::{Engine, LexError, ParseError, ParseErrorType, Position};

use super::document::Placed;
use super::scan::{Scan, Sort, Token, scan};
use super::statements::{Defines, Statement};
use super::{PROMPT, evaluator};
use crate::script::limits::EXPRESSION_DEPTH;
use crate::script::session::{Mistake, State};
use crate::script::sources::At;
use crate::script::{Diagnostic, Mistakes, Place, diagnostics};

/// Whether an entry is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// It is, or nothing that follows makes it so.
    Whole,
    /// It goes on.
    GoesOn,
}

/// Whether an entry is whole, to the interpreter's eyes.
pub fn completeness(text: &str) -> Completeness {
    let goes_on = scan(text).open_ended || parsed(text).is_some_and(|error| goes_on(text, &error));
    if goes_on { Completeness::GoesOn } else { Completeness::Whole }
}

/// Why an entry cannot be read.
fn parsed(text: &str) -> Option<ParseError> {
    // The interpreter reads by recursion: on the stack of whoever types, what nests deep would be too much. On its own
    // thread there is room, and it is told then.
    if depth(text) > EXPRESSION_DEPTH {
        return None;
    }
    engine().compile(text).err()
}

/// What is wrong with an entry that cannot be read, as far as that shows in it alone.
pub(super) fn mistake(text: &str) -> Option<Diagnostic> {
    let ParseError(kind, position) = parsed(text)?;
    // A name may be defined elsewhere.
    if let ParseErrorType::VariableUndefined(_) | ParseErrorType::ModuleUndefined(_) = *kind {
        return None;
    }
    let mut state = State::default();
    state.sources.add(PROMPT, text);
    let place = match position.is_none() {
        true => Some(place(text, text.trim_end().len(), 0)),
        false => state.sources.place(&At { file: PROMPT.to_owned(), position }),
    };
    Some(diagnostics::parsing(&kind).at(place, Vec::new()))
}

/// How deep brackets nest.
fn depth(text: &str) -> usize {
    let mut depth = (0usize, 0usize);
    for Token { sort, .. } in scan(text).tokens {
        match sort {
            Sort::Open => depth = (depth.0 + 1, depth.1.max(depth.0 + 1)),
            Sort::Close => depth.0 = depth.0.saturating_sub(1),
            _ => {}
        }
    }
    depth.1
}

/// An interpreter to which every name is known.
fn engine() -> Engine {
    let mut engine = evaluator::plain_engine();
    engine.set_strict_variables(false).set_allow_shadowing(true);
    engine
}

/// Whether more text may mend it: what is wrong is its end.
fn goes_on(text: &str, ParseError(kind, position): &ParseError) -> bool {
    let past_the_end = position.is_none() || beyond(text, *position);
    match &**kind {
        ParseErrorType::BadInput(LexError::UnterminatedString) => false,
        ParseErrorType::BadInput(_) => false,
        ParseErrorType::UnexpectedEOF
        | ParseErrorType::MissingToken(..)
        | ParseErrorType::MissingSymbol(_)
        | ParseErrorType::ExprExpected(_)
        | ParseErrorType::PropertyExpected
        | ParseErrorType::VariableExpected
        | ParseErrorType::MalformedIndexExpr(_)
        | ParseErrorType::FnMissingName
        | ParseErrorType::FnMissingParams(_)
        | ParseErrorType::FnMissingBody(_) => past_the_end,
        _ => false,
    }
}

/// Whether nothing that says something stands at or after a position.
fn beyond(text: &str, position: Position) -> bool {
    let Some(line) = position.line() else { return true };
    let begin: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let Some(rest) = text.get(begin..) else { return true };
    let column = position.position().unwrap_or(1).max(1);
    let at = rest.char_indices().nth(column - 1).map_or(text.len(), |(at, _)| begin + at);
    !scan(text).tokens.iter().any(|token| token.says() && token.range.end > at)
}

/// Whether a statement, which is none of those that define, only names something: there is nothing to keep of it.
pub(super) fn only_looks(statement: &str) -> bool {
    let Scan { tokens, .. } = scan(statement);
    let plain = |token: &Token| {
        matches!(token.sort, Sort::Space | Sort::Comment | Sort::Word | Sort::Number | Sort::Text | Sort::End)
            || &statement[token.range.clone()] == "."
    };
    tokens.iter().all(plain)
}

/// Whether a statement ends the program rather than a function or a closure.
pub(super) fn returns(entry: &str, part: &Statement) -> bool {
    let own = &entry[part.range.clone()];
    let Scan { tokens, .. } = scan(own);
    let is = |word: &str| tokens.iter().any(|token| &own[token.range.clone()] == word);
    !matches!(part.defines, Defines::Function(_)) && !is("|") && is("return")
}

/// A mistake of an entry as a whole.
pub(super) fn refused(entry: &str, what: &str, help: Option<&str>) -> Mistakes {
    let mut state = State::default();
    state.sources.add(PROMPT, entry);
    let first = scan(entry).tokens.iter().find(|token| token.says()).map_or(0, |token| token.range.start);
    let place = place(entry, first, 0);
    let mistake = Mistake::new(what).help(help.map(str::to_owned)).at(Some(place), Vec::new());
    Mistakes { mistakes: vec![mistake], sources: state.sources.texts() }
}

/// A place in an entry.
fn place(entry: &str, offset: usize, length: usize) -> Place {
    let offset = offset.min(entry.len());
    let before = &entry[..offset];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    let length = length.min(entry.len() - offset);
    Place { file: PROMPT.to_owned(), line, column, offset, length }
}

/// From a text that was tried back to the entry in it.
pub(super) struct Back<'a> {
    /// What the text is called.
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) entry: &'a str,
    pub(super) placed: &'a [Placed],
}

impl Back<'_> {
    /// Mistakes, with those in the entry placed there.
    pub(super) fn mistakes(&self, mistakes: Mistakes) -> Mistakes {
        let mut sources = mistakes.sources;
        sources.insert(PROMPT.to_owned(), self.entry.to_owned());
        Mistakes { mistakes: self.diagnostics(mistakes.mistakes), sources }
    }

    /// The same of diagnostics.
    pub(super) fn diagnostics(&self, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let back = |mut diagnostic: Diagnostic| {
            let places = diagnostic.place.iter_mut().chain(&mut diagnostic.called_from);
            for known in places.filter(|known| known.file == self.file) {
                if let Some(own) = self.own(known) {
                    *known = own;
                }
            }
            diagnostic
        };
        found.into_iter().map(back).collect()
    }

    fn own(&self, known: &Place) -> Option<Place> {
        let within = |placed: &&Placed| placed.range.contains(&known.offset);
        let ends = |placed: &&Placed| self.text.get(placed.range.end..).is_some_and(|rest| rest.trim().is_empty());
        let at_the_end = || self.placed.last().filter(ends).filter(|placed| known.offset >= placed.range.end);
        let placed = self.placed.iter().find(within).or_else(at_the_end)?;
        let within = (known.offset - placed.range.start).min(placed.range.len());
        Some(place(self.entry, placed.offset + within, known.length))
    }
}

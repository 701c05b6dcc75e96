//! [`Sources`]: the texts of the files evaluated, and from where in a value to where in a text.

use std::collections::BTreeMap;

use rhai::{AST, Position};

use super::Place;
use super::spans::{Aim, Spans};
use crate::model::{PathStep, Source};

/// A place in a file as the interpreter tells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    /// The file's name as shown.
    pub(super) file: String,
    /// Where in it.
    pub(super) position: Position,
}

impl At {
    /// The place as it is recorded of a declaration.
    pub(super) fn source(&self) -> Source {
        let (line, column) = (self.position.line().unwrap_or(0), self.position.position().unwrap_or(0));
        Source { file: self.file.clone(), line, column }
    }
}

/// Where a value comes from: a call, and which of its arguments.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Origin {
    /// The call.
    pub(super) at: At,
    /// The argument the value is, from 0; `None` for the call as a whole.
    pub(super) argument: Option<usize>,
    /// Calls to functions of the standard library that led there, outermost first.
    pub(super) frames: Vec<At>,
}

impl Origin {
    /// The same call, for one of its arguments.
    pub(super) fn argument(&self, argument: usize) -> Self {
        Self { argument: Some(argument), ..self.clone() }
    }

    /// Where the user's own script has it: the call itself, or the call into the standard library that led there.
    pub(super) fn outermost(&self) -> &At {
        self.frames.first().unwrap_or(&self.at)
    }
}

struct File {
    text: String,
    /// Offsets at which lines begin.
    lines: Vec<usize>,
    spans: Spans,
}

/// The files evaluated, by their names.
#[derive(Default)]
pub(super) struct Sources {
    files: BTreeMap<String, File>,
    /// Whether places in files whose texts are not there are points: those of a program that Rust builds.
    without_texts: bool,
}

impl Sources {
    /// Those of a program that Rust builds.
    pub(super) fn of_rust() -> Self {
        Self { files: BTreeMap::new(), without_texts: true }
    }

    /// Adds a file's text.
    pub(super) fn add(&mut self, file: &str, text: &str) {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(breaks).collect();
        self.files.insert(file.to_owned(), File { text: text.to_owned(), lines, spans: Spans::default() });
    }

    /// Adds what its syntax tree tells of places.
    pub(super) fn index(&mut self, file: &str, ast: &AST) {
        if let Some(file) = self.files.get_mut(file) {
            file.spans = Spans::of(ast);
        }
    }

    /// The texts of the files named.
    pub(super) fn texts(&self) -> BTreeMap<String, String> {
        self.files.iter().map(|(name, file)| (name.clone(), file.text.clone())).collect()
    }

    /// Texts in double quotes that look as if they were meant to be interpolated.
    pub(super) fn uninterpolated(&self) -> Vec<At> {
        let found = |(name, file): (&String, &File)| {
            let at = |position: &Position| At { file: name.clone(), position: *position };
            let double = |at: &At| self.place(at).is_some_and(|place| file.text[place.offset..].starts_with('"'));
            file.spans.uninterpolated.iter().map(at).filter(double).collect::<Vec<_>>()
        };
        self.files.iter().flat_map(found).collect()
    }

    /// Calls in a file that are made as builders are called.
    pub(super) fn builds(&self, file: &str) -> Vec<(String, Position)> {
        self.files.get(file).map(|file| file.spans.builds.clone()).unwrap_or_default()
    }

    /// The place of a position: the word, text or sign that stands there.
    pub(super) fn place(&self, at: &At) -> Option<Place> {
        let line = at.position.line()?;
        let Some(file) = self.files.get(&at.file) else {
            let column = at.position.position().unwrap_or(1).max(1);
            let point = Place { file: at.file.clone(), line, column, offset: 0, length: 0 };
            return self.without_texts.then_some(point);
        };
        let column = at.position.position().unwrap_or(1).max(1);
        let begin = *file.lines.get(line - 1)?;
        let end = file.lines.get(line).map_or(file.text.len(), |next| next - 1);
        let text = file.text.get(begin..end)?;
        let mut within = text.char_indices().nth(column - 1).map_or(text.len(), |(at, _)| at);
        let mut column = column;
        // The interpreter places the use of a property at its dot.
        let after_dot = text[within..].strip_prefix('.').and_then(|rest| rest.chars().next());
        if after_dot.is_some_and(|c| c.is_alphabetic() || c == '_') {
            within += 1;
            column += 1;
        }
        let length = word_length(&text[within..]);
        Some(Place { file: at.file.clone(), line, column, offset: begin + within, length })
    }

    /// Where a file defines a function: its name.
    pub(super) fn definition(&self, file: &str, function: &str) -> Option<Position> {
        let text = &self.files.get(file)?.text;
        text.lines().enumerate().find_map(|(line, text)| {
            let after = text.find("fn ")? + "fn ".len();
            let name = text[after..].trim_start();
            let rest = name.strip_prefix(function)?;
            let column = text.len() - name.len();
            rest.trim_start().starts_with('(').then(|| {
                let column = text[..column].chars().count() + 1;
                Some(Position::new(u16::try_from(line + 1).ok()?, u16::try_from(column).ok()?))
            })?
        })
    }

    /// The place inside a value that a call was given, when it is written out there.
    pub(super) fn exact(&self, origin: &Origin, steps: &[PathStep], aim: Aim) -> Option<Place> {
        let file = self.files.get(&origin.at.file)?;
        let position = file.spans.exact(origin.at.position, origin.argument?, steps, aim)?;
        self.place(&At { file: origin.at.file.clone(), position })
    }

    /// The property of a function's own map that a value in a call is or lies in, and how many steps lead there.
    pub(super) fn read(&self, origin: &Origin, steps: &[PathStep]) -> Option<(&str, usize)> {
        self.files.get(&origin.at.file)?.spans.read(origin.at.position, origin.argument?, steps)
    }

    /// The place inside a value that a call was given: of the key, or of what stands under it.
    pub(super) fn locate(&self, origin: &Origin, steps: &[PathStep], aim: Aim) -> Option<Place> {
        let file = self.files.get(&origin.at.file);
        let inside = match (origin.argument, file) {
            (Some(argument), Some(file)) => file.spans.locate(origin.at.position, argument, steps, aim),
            _ => None,
        };
        let position = inside.unwrap_or(origin.at.position);
        self.place(&At { file: origin.at.file.clone(), position })
    }
}

/// How many bytes the word, quoted text or sign at the start of a line's rest takes.
fn word_length(rest: &str) -> usize {
    let Some(first) = rest.chars().next() else { return 0 };
    if first == '"' || first == '`' {
        let mut escaped = false;
        for (at, c) in rest.char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\\' if first == '"' => escaped = true,
                _ if c == first => return at + 1,
                _ => {}
            }
        }
        return rest.trim_end().len();
    }
    if rest.starts_with("#{") {
        return 2;
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let number = |c: char| is_word(c) || c == '.';
    let length = if first.is_ascii_digit() { rest.find(|c| !number(c)) } else { rest.find(|c| !is_word(c)) };
    match length {
        Some(0) => first.len_utf8(),
        Some(length) => length,
        None => rest.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_characters_and_offsets_bytes() {
        let mut sources = Sources::default();
        sources.add("a.rhai", "let ä = 1;\nlet ü = \"x\\\"y\" ;\n");
        let at = |line, column| At { file: "a.rhai".to_owned(), position: Position::new(line, column) };
        let place = sources.place(&at(2, 9)).expect("it is in the file");
        assert_eq!((place.line, place.column, place.offset, place.length), (2, 9, 21, 6));
        assert_eq!(sources.place(&at(1, 5)).map(|place| place.length), Some(2));
        assert_eq!(sources.place(&at(9, 1)), None);
    }
}

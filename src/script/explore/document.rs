//! [`Document`]: the program's text as statements, of which an entry adds some and takes the place of others.

use std::collections::BTreeSet;
use std::ops::Range;

use super::statements::{Defines, Statement, statements};

/// A statement with what stands before it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    /// Tells it from all others, whatever becomes of its place.
    id: usize,
    /// White space and comments before it.
    lead: String,
    body: String,
    pub(super) defines: Defines,
    ended: bool,
}

/// The text of a program.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Document {
    pieces: Vec<Piece>,
    /// What stands after the last statement.
    tail: String,
    next: usize,
}

/// Where the statements of an entry go.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Placing {
    /// For each statement of the entry, the piece whose place it takes; the others go to the end.
    pub(super) of: Vec<Option<Taking>>,
    /// Pieces that go away.
    pub(super) removed: BTreeSet<usize>,
}

/// That a statement takes the place of a piece.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Taking {
    /// The piece.
    pub(super) piece: usize,
    /// The variable that the piece defines and the statement does not: it goes on to define it.
    pub(super) variable: Option<String>,
}

/// Where a statement of an entry stands in a text made with it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    /// In the text.
    pub(super) range: Range<usize>,
    /// Where it begins in the entry.
    pub(super) offset: usize,
    /// Which statement of the entry it is.
    pub(super) statement: usize,
}

impl Document {
    /// Of a script's text.
    pub(super) fn of(text: &str) -> Self {
        let mut document = Self::default();
        let mut end = 0;
        for Statement { range, defines, ended } in statements(text) {
            let (lead, body) = (text[end..range.start].to_owned(), text[range.clone()].to_owned());
            end = range.end;
            document.push(lead, body, defines, ended);
        }
        document.tail = text[end..].to_owned();
        document
    }

    fn push(&mut self, lead: String, body: String, defines: Defines, ended: bool) -> usize {
        let id = self.next;
        self.next += 1;
        self.pieces.push(Piece { id, lead, body, defines, ended });
        id
    }

    /// Whether there is nothing in it that says anything.
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Its text.
    pub(super) fn text(&self) -> String {
        let mut text: String = self.pieces.iter().flat_map(|piece| [piece.lead.as_str(), &piece.body]).collect();
        text.push_str(&self.tail);
        text
    }

    /// Its text, to which more statements may be added.
    pub(super) fn open_text(&self) -> String {
        let mut document = self.clone();
        document.open();
        document.text()
    }

    /// Has its last statement ended, and its text end with a line.
    fn open(&mut self) {
        if let Some(last) = self.pieces.last_mut() {
            last.end();
        }
        if !self.pieces.is_empty() && !self.tail.contains('\n') || !self.tail.is_empty() && !self.tail.ends_with('\n') {
            self.tail.push('\n');
        }
    }

    /// The piece that defines a variable or function.
    pub(super) fn defining(&self, defines: &Defines) -> Option<&Piece> {
        match defines {
            Defines::Variable(_) | Defines::Function(_) => {
                self.pieces.iter().rev().find(|piece| piece.defines == *defines)
            }
            Defines::Import | Defines::Nothing => None,
        }
    }

    /// The piece that stands at an offset of the text.
    pub(super) fn at(&self, offset: usize) -> Option<&Piece> {
        let mut begin = 0;
        self.pieces.iter().find(|piece| {
            begin += piece.lead.len() + piece.body.len();
            offset < begin
        })
    }

    /// The names of its functions.
    pub(super) fn functions(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match &piece.defines {
            Defines::Function(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The document with an entry's statements, and where each stands in its text.
    pub(super) fn with(&self, entry: &str, parts: &[Statement], placing: &Placing) -> (Self, Vec<Placed>) {
        let mut document = self.clone();
        document.open();
        let mut ids = Vec::with_capacity(parts.len());
        let mut end = 0;
        for (part, taking) in parts.iter().zip(&placing.of) {
            let body = &entry[part.range.clone()];
            let lead = &entry[end..part.range.start];
            end = part.range.end;
            let stays = taking.as_ref().filter(|taking| !placing.removed.contains(&taking.piece));
            let found = stays.and_then(|taking| {
                let piece = document.pieces.iter_mut().find(|piece| piece.id == taking.piece)?;
                piece.body = taking.body(body);
                if let Defines::Variable(_) | Defines::Function(_) = part.defines {
                    piece.defines = part.defines.clone();
                }
                piece.ended = part.ended;
                piece.end();
                Some(piece.id)
            });
            ids.push(found.unwrap_or_else(|| {
                if let Some(last) = document.pieces.last_mut() {
                    last.end();
                }
                let lead = match document.tail.is_empty() {
                    true => lead.to_owned(),
                    false => std::mem::take(&mut document.tail) + lead.trim_start_matches('\n'),
                };
                // A variable that the piece it stands for defined is defined all the same.
                let variable = taking.as_ref().and_then(|taking| taking.variable.clone());
                let body = taking.as_ref().map_or_else(|| body.to_owned(), |taking| taking.body(body));
                let defines = variable.map_or_else(|| part.defines.clone(), Defines::Variable);
                document.push(lead, body, defines, part.ended)
            }));
        }
        if document.tail.is_empty() {
            document.tail = "\n".to_owned();
        }
        document.pieces.iter_mut().filter(|piece| placing.removed.contains(&piece.id)).for_each(Piece::remove);
        let placed = document.placed(entry, parts, placing, &ids);
        (document, placed)
    }

    fn placed(&self, entry: &str, parts: &[Statement], placing: &Placing, ids: &[usize]) -> Vec<Placed> {
        let mut begin = 0;
        let mut placed = Vec::new();
        for piece in &self.pieces {
            begin += piece.lead.len();
            if let Some(statement) = ids.iter().position(|id| *id == piece.id) {
                let part = &parts[statement];
                let length = entry[part.range.clone()].len();
                let added = placing.of[statement].as_ref().map_or(0, |taking| taking.added().len());
                let range = begin + added..begin + added + length;
                placed.push(Placed { range, offset: part.range.start, statement });
            }
            begin += piece.body.len();
        }
        placed
    }

    /// The document without the statements of an entry that only look, and without those that went away.
    pub(super) fn kept(mut self, placed: &[Placed], only_look: &[usize]) -> Self {
        let looks = |document: &Self, placed: &Placed| {
            only_look.contains(&placed.statement).then(|| Some(document.at(placed.range.start)?.id))?
        };
        let gone: BTreeSet<usize> = placed.iter().filter_map(|placed| looks(&self, placed)).collect();
        self.pieces.iter_mut().filter(|piece| gone.contains(&piece.id)).for_each(Piece::remove);
        if let Some(last) = self.pieces.last_mut() {
            last.end();
        }
        self
    }
}

impl Piece {
    /// Tells it from all others.
    pub(super) fn id(&self) -> usize {
        self.id
    }

    fn end(&mut self) {
        if !self.ended && !self.body.is_empty() {
            self.body.push(';');
        }
        self.ended = true;
    }

    /// Takes the statement away, with the comments that are about it: not the one that ends the line before.
    fn remove(&mut self) {
        self.body.clear();
        self.defines = Defines::Nothing;
        self.ended = true;
        let line_before = self.lead.find('\n').unwrap_or(self.lead.len());
        self.lead.truncate(line_before);
        if self.lead.trim().is_empty() {
            self.lead.clear();
        }
    }
}

impl Taking {
    /// What is put before the statement.
    fn added(&self) -> String {
        self.variable.as_ref().map(|name| format!("let {name} = ")).unwrap_or_default()
    }

    fn body(&self, statement: &str) -> String {
        self.added() + statement
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "// head\nlet a = 1; // of a\n\n// b is next\nlet b = f(\"b\");\nb.x()";

    fn with(entry: &str, takes: &[Option<(usize, Option<&str>)>], removed: &[usize]) -> String {
        let document = Document::of(SCRIPT);
        let taking = |(piece, name): (usize, Option<&str>)| Taking { piece, variable: name.map(str::to_owned) };
        let of = takes.iter().map(|take| take.map(taking)).collect();
        let placing = Placing { of, removed: removed.iter().copied().collect() };
        let (made, placed) = document.with(entry, &statements(entry), &placing);
        let text = made.text();
        for placed in placed {
            assert_eq!(text[placed.range.clone()], entry[placed.offset..placed.offset + placed.range.len()]);
        }
        text
    }

    #[test]
    fn a_script_is_its_statements() {
        for text in [SCRIPT, "", "\n// nothing\n", "x;;\n", "\u{feff}a"] {
            assert_eq!(Document::of(text).text(), text);
        }
    }

    #[test]
    fn entries_go_to_the_end_or_take_a_place() {
        insta::assert_snapshot!(with("let c = 3; c", &[None, None], &[]), @r#"
        // head
        let a = 1; // of a

        // b is next
        let b = f("b");
        b.x();
        let c = 3; c
        "#);
        insta::assert_snapshot!(with("let a = 2\n", &[Some((0, None))], &[]), @r#"
        // head
        let a = 2; // of a

        // b is next
        let b = f("b");
        b.x();
        "#);
        insta::assert_snapshot!(with("f(\"b\", a)", &[Some((1, Some("b")))], &[]), @r#"
        // head
        let a = 1; // of a

        // b is next
        let b = f("b", a);
        b.x();
        "#);
        insta::assert_snapshot!(with("let z = 1; let b = z;", &[None, None], &[1]), @r"
        // head
        let a = 1; // of a
        b.x();
        let z = 1; let b = z;
        ");
    }
}

//! Writing the structure of a script out again, line by line.

use super::super::syntax::lexer::{Kind as TokenKind, Token};
use super::super::syntax::tree::{Group, Item, Kind, Node, Role};
use super::WIDTH;
use super::measure::{self, Room};

/// Blanks a level.
const INDENT: usize = 4;

/// The text of a script.
pub(super) fn printed(root: &Group<'_>) -> String {
    let mut printer = Printer::default();
    printer.statements(&root.items, 0);
    if !printer.out.is_empty() {
        printer.out.push('\n');
    }
    printer.out
}

#[derive(Default)]
struct Printer {
    out: String,
    /// Characters on the line so far.
    column: usize,
    /// Blanks that the line begins with.
    indent: usize,
}

/// Where parts of an item are written.
#[derive(Clone, Copy)]
struct Around {
    /// Blanks that the first line of the item begins with.
    base: usize,
    /// What follows on the line of the last part.
    after: Room,
}

impl Printer {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        match text.rsplit_once('\n') {
            Some((_, last)) => self.column = last.chars().count(),
            None => self.column += text.chars().count(),
        }
    }

    fn line(&mut self, indent: usize) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
        self.out.push_str(&" ".repeat(indent));
        self.column = indent;
        self.indent = indent;
    }

    /// Whether something that begins here ends in time.
    fn fits(&self, room: Room) -> bool {
        self.column + room.columns <= WIDTH
    }

    /// Statements, each on lines of its own.
    fn statements(&mut self, items: &[Item<'_>], indent: usize) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 || !self.out.is_empty() {
                self.next_line(item, at == 0, indent);
            }
            self.item(item, indent, item.end.unwrap_or_default());
        }
    }

    /// A new line for an item, and an empty one before it where the author had some.
    fn next_line(&mut self, item: &Item<'_>, first: bool, indent: usize) {
        if item.breaks > 1 && !first {
            self.line(0);
        }
        self.line(indent);
    }

    fn item(&mut self, item: &Item<'_>, base: usize, end: &str) {
        let after = Room { columns: end.len(), breaks: true };
        self.nodes(&item.nodes, Around { base, after });
        self.put(end);
        for comment in &item.trailing {
            self.put(" ");
            self.token(comment);
        }
    }

    fn token(&mut self, token: &Token<'_>) {
        self.put(if token.is_comment() { token.text.trim_end() } else { token.text });
    }

    fn nodes(&mut self, nodes: &[Node<'_>], around: Around) {
        // What follows each part on its line; and the same where a block that follows is opened, which is done before
        // anything else is.
        let mut after = vec![around.after; nodes.len()];
        let mut to_block = after.clone();
        for at in (1..nodes.len()).rev() {
            if measure::is_broken_before(nodes, at) {
                after[at - 1] = Room { columns: 0, breaks: true };
                to_block[at - 1] = after[at - 1];
                continue;
            }
            let blank = Room { columns: usize::from(measure::is_spaced(&nodes[at - 1], &nodes[at])), breaks: false };
            after[at - 1] = blank.then(measure::node(&nodes[at])).then(after[at]);
            to_block[at - 1] = match &nodes[at] {
                Node::Group(group) if group.kind == Kind::Block => blank.then(Room { columns: 1, breaks: true }),
                node => blank.then(measure::node(node)).then(to_block[at]),
            };
        }
        let mut open_blocks = false;
        for (at, node) in nodes.iter().enumerate() {
            if at > 0 {
                // A line broken behind `=` stays so where nothing else in it can be broken.
                let assigned = matches!(&nodes[at - 1], Node::Token(_, Role::Assign))
                    && node.first().breaks > 0
                    && nodes[at..].iter().all(|node| matches!(node, Node::Token(..)));
                let broken = measure::is_broken_before(nodes, at);
                let room = Room { columns: 1, breaks: false }.then(measure::node(node)).then(after[at]);
                if broken || (assigned && !self.fits(room)) {
                    self.line(around.base + INDENT);
                } else if measure::is_spaced(&nodes[at - 1], node) {
                    self.put(" ");
                }
            }
            match node {
                Node::Token(token, _) | Node::Comment(token) => self.token(token),
                Node::Group(group) => {
                    if matches!(group.kind, Kind::Block | Kind::Switch) {
                        let fits = self.fits(measure::group(group).then(after[at]));
                        // One branch that is opened opens those behind it.
                        open_blocks |= !fits && !measure::is_open(group);
                        let indent = if is_body(nodes) { around.base } else { self.indent };
                        self.block(group, indent, Around { after: after[at], ..around }, open_blocks);
                    } else {
                        self.group(group, Around { after: to_block[at], ..around });
                    }
                }
            }
        }
    }

    /// Braces with statements or arms.
    fn block(&mut self, group: &Group<'_>, indent: usize, around: Around, open: bool) {
        if group.items.is_empty() {
            return self.put("{}");
        }
        if !open && !measure::is_open(group) {
            return self.joined(group, around);
        }
        self.put("{");
        if group.kind == Kind::Block {
            self.statements(&group.items, indent + INDENT);
        } else {
            self.items(group, indent + INDENT);
        }
        self.line(indent);
        self.put("}");
    }

    /// Any other brackets.
    fn group(&mut self, group: &Group<'_>, around: Around) {
        let room = measure::group(group).then(around.after);
        let open = measure::is_open(group) || (!self.fits(room) && is_opened(group));
        if group.items.is_empty() || !open {
            return self.joined(group, around);
        }
        let indent = self.indent;
        self.put(group.open.text);
        self.items(group, indent + INDENT);
        self.line(indent);
        self.close(group);
    }

    fn close(&mut self, group: &Group<'_>) {
        if let Some(close) = &group.close {
            self.token(close);
        }
    }

    /// Brackets that stay on the line.
    fn joined(&mut self, group: &Group<'_>, around: Around) {
        self.put(group.open.text);
        let padded = measure::is_padded(group.kind) && !group.items.is_empty();
        let blank = if padded { " " } else { "" };
        self.put(blank);
        let count = group.items.len();
        // What follows each item on its line.
        let mut after = vec![Room { columns: blank.len() + 1, breaks: false }.then(around.after); count];
        for at in (1..count).rev() {
            let comma = Room { columns: 1, breaks: measure::keeps_break(group, at) };
            let blank = Room { columns: 1, breaks: false };
            after[at - 1] = comma.then(blank).then(measure::nodes(&group.items[at].nodes)).then(after[at]);
        }
        for (at, item) in group.items.iter().enumerate() {
            if at > 0 {
                self.put(group.items[at - 1].end.unwrap_or_default());
                if measure::keeps_break(group, at) {
                    self.line(around.base + INDENT);
                } else {
                    self.put(" ");
                }
            }
            self.nodes(&item.nodes, Around { after: after[at], ..around });
        }
        if group.items.last().is_some_and(|item| item.end == Some(";")) {
            self.put(";");
        }
        self.put(blank);
        self.close(group);
    }

    /// Items on lines of their own, or several on a line where the author had them so.
    fn items(&mut self, group: &Group<'_>, indent: usize) {
        let fill = !group.broken && group.kind == Kind::List && group.items.iter().all(is_atom);
        let last = group.items.iter().rposition(|item| !item.is_comment());
        for (at, item) in group.items.iter().enumerate() {
            let before = at.checked_sub(1).map(|before| &group.items[before]);
            let ended = |before: &Item<'_>| before.is_comment() || !before.trailing.is_empty();
            let beside =
                (fill || (group.broken && item.breaks == 0)) && !before.is_none_or(ended) && !item.is_comment();
            let room = Room { columns: 2, breaks: false }.then(measure::nodes(&item.nodes));
            if beside && self.fits(room) {
                self.put(" ");
            } else {
                self.next_line(item, at == 0, indent);
            }
            self.item(item, indent, if ends(group, item, last == Some(at)) { "," } else { "" });
        }
    }
}

/// Whether blocks among these parts are the body of a statement, which is indented as the statement is.
fn is_body(nodes: &[Node<'_>]) -> bool {
    let words = ["if", "while", "for", "loop", "do", "switch", "try", "fn", "private"];
    matches!(nodes.first(), Some(Node::Token(token, _)) if token.kind == TokenKind::Word && words.contains(&token.text))
}

/// Whether an item on a line of its own has a comma behind it.
fn ends(group: &Group<'_>, item: &Item<'_>, last: bool) -> bool {
    if !last || item.is_comment() {
        return item.end.is_some();
    }
    match group.kind {
        Kind::Map | Kind::List | Kind::Call => true,
        Kind::Switch => {
            item.end.is_some() || !matches!(item.nodes.last(), Some(Node::Group(group)) if group.kind == Kind::Block)
        }
        _ => false,
    }
}

/// Whether brackets that do not fit are opened, rather than what is in them.
fn is_opened(group: &Group<'_>) -> bool {
    match group.kind {
        Kind::Map | Kind::List | Kind::Switch => true,
        Kind::Call => {
            let only = group.items.len() == 1;
            let opens = |item: &Item<'_>| {
                item.nodes.iter().any(|node| match node {
                    Node::Group(inner) if inner.items.is_empty() => false,
                    Node::Group(inner) => {
                        matches!(inner.kind, Kind::Map | Kind::List | Kind::Block | Kind::Switch)
                            || (only && inner.kind == Kind::Call)
                    }
                    _ => false,
                })
            };
            !(group.items.iter().any(opens) || (only && group.items.iter().all(is_atom)))
        }
        _ => false,
    }
}

/// Whether an item is a single token.
fn is_atom(item: &Item<'_>) -> bool {
    matches!(item.nodes.as_slice(), [Node::Token(..)])
}

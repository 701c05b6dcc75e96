//! How much room parts of a script take on a line, and whether they take one line at all.

use super::super::syntax::lexer::{Kind as TokenKind, Token};
use super::super::syntax::tree::{Group, Item, Kind, Node, Role};

/// The columns that something takes to its end, or to the first line break that it must have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) columns: usize,
    /// Whether a line must end in it.
    pub(super) breaks: bool,
}

impl Room {
    fn of(columns: usize) -> Self {
        Self { columns, breaks: false }
    }

    /// This and what follows on the same line.
    pub(super) fn then(self, next: Self) -> Self {
        if self.breaks { self } else { Self { columns: self.columns + next.columns, breaks: next.breaks } }
    }

    fn then_break(self) -> Self {
        Self { breaks: true, ..self }
    }
}

/// A token as it is written.
pub(super) fn token(token: &Token<'_>) -> Room {
    let first = token.text.lines().next().unwrap_or_default();
    let room = Room::of(first.chars().count());
    if token.kind == TokenKind::LineComment || token.text.contains('\n') { room.then_break() } else { room }
}

/// A part of an item.
pub(super) fn node(node: &Node<'_>) -> Room {
    match node {
        Node::Token(one, _) | Node::Comment(one) => token(one),
        Node::Group(group) => self::group(group),
    }
}

/// Parts of an item in a row, with the blanks between them.
pub(super) fn nodes(nodes: &[Node<'_>]) -> Room {
    let mut room = Room::default();
    for (at, part) in nodes.iter().enumerate() {
        if at > 0 {
            if is_broken_before(nodes, at) {
                return room.then_break();
            }
            room = room.then(Room::of(usize::from(is_spaced(&nodes[at - 1], part))));
        }
        room = room.then(node(part));
    }
    room
}

/// Brackets with what is in them, joined unless that cannot be.
pub(super) fn group(group: &Group<'_>) -> Room {
    let open = Room::of(group.open.text.len());
    if group.items.is_empty() {
        return open.then(Room::of(1));
    }
    if is_open(group) {
        return open.then_break();
    }
    let padded = usize::from(is_padded(group.kind));
    let mut room = open.then(Room::of(padded));
    for (at, item) in group.items.iter().enumerate() {
        if at > 0 {
            if keeps_break(group, at) {
                return room.then_break();
            }
            room = room.then(Room::of(2));
        }
        room = room.then(nodes(&item.nodes));
    }
    let end = group.items.last().is_some_and(|item| item.end == Some(";"));
    room.then(Room::of(usize::from(end) + padded + 1))
}

/// Whether there is a blank inside of such brackets.
pub(super) fn is_padded(kind: Kind) -> bool {
    matches!(kind, Kind::Block | Kind::Switch | Kind::Map)
}

/// Whether brackets cannot be joined on a line, whatever the room.
pub(super) fn is_open(group: &Group<'_>) -> bool {
    let commented = |item: &Item<'_>| item.is_comment() || !item.trailing.is_empty();
    !group.items.is_empty()
        && (group.broken
            || group.items.iter().any(commented)
            || (group.kind == Kind::Block && group.items.len() > 1)
            || ((matches!(group.kind, Kind::Block | Kind::Switch) || scattered(group))
                && group.items.iter().any(|item| nodes(&item.nodes).breaks)))
}

/// Whether items of a map or list begin lines though the first does not.
fn scattered(group: &Group<'_>) -> bool {
    matches!(group.kind, Kind::Map | Kind::List) && group.items.iter().skip(1).any(|item| item.breaks > 0)
}

/// Whether an argument begins a line of its own because the author had it so.
pub(super) fn keeps_break(group: &Group<'_>, at: usize) -> bool {
    matches!(group.kind, Kind::Call | Kind::Paren | Kind::Index) && group.items[at].breaks > 0
}

/// Whether a part begins a line of its own: behind a comment that ends with its line, and where the author broke the line
/// before an operator or a dot. A break behind an operator counts as one before it.
pub(super) fn is_broken_before(nodes: &[Node<'_>], at: usize) -> bool {
    if matches!(&nodes[at - 1], Node::Comment(token) if token.kind == TokenKind::LineComment) {
        return true;
    }
    let begins = |at: usize| nodes.get(at).is_some_and(|node| node.first().breaks > 0);
    match &nodes[at] {
        Node::Token(_, Role::Binary) => begins(at) || begins(at + 1),
        Node::Token(token, Role::Tight) => matches!(token.text, "." | "?.") && begins(at),
        Node::Comment(_) => begins(at),
        _ => false,
    }
}

/// Whether there is a blank between two parts of an item.
pub(super) fn is_spaced(before: &Node<'_>, after: &Node<'_>) -> bool {
    let as_written = !after.first().glued;
    match (before, after) {
        (Node::Comment(_), _) | (_, Node::Comment(_)) => true,
        (_, Node::Token(_, Role::Tight | Role::Colon | Role::Comma | Role::BarClose | Role::Bang)) => false,
        (Node::Token(_, Role::Tight | Role::BarOpen | Role::Bang), _) => false,
        // `- 1.abs()` is not `-1.abs()`, and `- -1` not `--1`.
        (Node::Token(_, Role::Unary), Node::Token(token, role)) => {
            as_written && (token.kind == TokenKind::Number || *role == Role::Unary)
        }
        (Node::Token(_, Role::Unary), _) => false,
        (_, Node::Group(group)) => !matches!(group.kind, Kind::Call | Kind::Index),
        _ => true,
    }
}

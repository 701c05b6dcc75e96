//! The structure of a script as far as its layout goes: brackets with their items, statements among them, and comments
//! where they stand. What an expression means does not matter here.

use super::lexer::{Kind as TokenKind, Token, tokens};

/// Words after which no value has ended.
const KEYWORDS: [&str; 22] = [
    "as", "break", "catch", "const", "continue", "do", "else", "export", "fn", "for", "if", "import", "in", "let",
    "loop", "private", "return", "switch", "throw", "try", "until", "while",
];

/// Signs that give a variable its value, and the one of an arm of `switch`.
const ASSIGNMENTS: [&str; 13] = ["=", "=>", "+=", "-=", "*=", "/=", "%=", "**=", "<<=", ">>=", "&=", "|=", "^="];

/// What a group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Kind {
    /// The script as a whole.
    Root,
    /// Statements in braces.
    Block,
    /// The arms of a `switch`.
    Switch,
    /// `#{ … }`.
    Map,
    /// `[ … ]` that is a list.
    List,
    /// `( … )` with arguments or parameters.
    Call,
    /// `[ … ]` behind a value.
    Index,
    /// `( … )` around an expression.
    Paren,
}

impl Kind {
    /// Whether its items are statements.
    pub(in super::super) fn has_statements(self) -> bool {
        matches!(self, Self::Root | Self::Block)
    }
}

/// What a token is to those beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Role {
    /// A word, number or text.
    Plain,
    /// An operator before its only side.
    Unary,
    /// An operator between its sides.
    Binary,
    /// One of [`ASSIGNMENTS`].
    Assign,
    /// A sign that holds its sides together.
    Tight,
    /// `:` behind a key.
    Colon,
    /// `,` between the parameters of a closure.
    Comma,
    /// The first `|` of a closure's parameters.
    BarOpen,
    /// The second one.
    BarClose,
    /// `!` of a call that sees the caller's variables.
    Bang,
}

/// A part of an item.
#[derive(Debug, Clone)]
pub(in super::super) enum Node<'a> {
    /// A token that is no bracket.
    Token(Token<'a>, Role),
    /// Brackets with what is in them.
    Group(Group<'a>),
    /// A comment.
    Comment(Token<'a>),
}

impl<'a> Node<'a> {
    /// Its first token.
    pub(in super::super) fn first(&self) -> &Token<'a> {
        match self {
            Self::Token(token, _) | Self::Comment(token) => token,
            Self::Group(group) => &group.open,
        }
    }

    /// Whether it is this word.
    fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Token(token, _) if token.kind == TokenKind::Word && token.text == word)
    }

    /// Whether an operator behind it has it for a side.
    fn is_value(&self) -> bool {
        match self {
            Self::Token(token, Role::Plain) => token.kind != TokenKind::Word || !KEYWORDS.contains(&token.text),
            Self::Token(..) | Self::Comment(_) => false,
            Self::Group(_) => true,
        }
    }
}

/// A statement, an element, an argument, an entry or an arm; or comments on lines of their own.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Item<'a> {
    /// Its parts without what ends it.
    pub(in super::super) nodes: Vec<Node<'a>>,
    /// `;` or `,`, where it is there.
    pub(in super::super) end: Option<&'a str>,
    /// Comments behind it on its last line.
    pub(in super::super) trailing: Vec<Token<'a>>,
    /// How many lines end before it.
    pub(in super::super) breaks: usize,
}

impl Item<'_> {
    /// Whether it is a comment alone.
    pub(in super::super) fn is_comment(&self) -> bool {
        self.end.is_none() && self.nodes.iter().all(|node| matches!(node, Node::Comment(_)))
    }

    /// Where it begins and ends in the text, in bytes.
    pub(in super::super) fn extent(&self) -> Option<(usize, usize)> {
        let end = |token: &Token<'_>| token.offset + token.text.len();
        let begin = self.nodes.first()?.first().offset;
        Some((
            begin,
            self.nodes.last().map_or(begin, |last| match last {
                Node::Token(token, _) | Node::Comment(token) => end(token),
                Node::Group(group) => end(group.close.as_ref().unwrap_or(&group.open)),
            }),
        ))
    }
}

/// Brackets with what is in them.
#[derive(Debug, Clone)]
pub(in super::super) struct Group<'a> {
    pub(in super::super) kind: Kind,
    pub(in super::super) open: Token<'a>,
    /// None for the script as a whole, and where the text ends too soon.
    pub(in super::super) close: Option<Token<'a>>,
    pub(in super::super) items: Vec<Item<'a>>,
    /// Whether a line ends behind the opening bracket.
    pub(in super::super) broken: bool,
}

/// The structure of a text.
pub(in super::super) fn parse(text: &str) -> Group<'_> {
    let tokens = tokens(text);
    let open = Token { kind: TokenKind::Open, text: "", offset: 0, breaks: 0, glued: false };
    let mut parser = Parser { tokens: &tokens, at: 0 };
    let mut root = parser.group(Kind::Root, open);
    // A bracket that nothing opened: no script that can be evaluated has one.
    while parser.at < tokens.len() {
        parser.at += 1;
        root.items.extend(parser.group(Kind::Root, open).items);
    }
    root
}

struct Parser<'t, 'a> {
    tokens: &'t [Token<'a>],
    at: usize,
}

impl<'a> Parser<'_, 'a> {
    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at)
    }

    /// The next token that is no comment.
    fn ahead(&self) -> &'a str {
        self.tokens[self.at..].iter().find(|token| !token.is_comment()).map_or("", |token| token.text)
    }

    /// Whether nothing but comments is left of the line.
    fn ends_line(&self) -> bool {
        let mut rest = self.tokens[self.at..].iter().enumerate();
        let next = rest.find(|(at, token)| (*at > 0 && token.breaks > 0) || !token.is_comment());
        next.is_none_or(|(_, token)| token.breaks > 0)
    }

    /// What is in a bracket whose opening was passed.
    fn group(&mut self, kind: Kind, open: Token<'a>) -> Group<'a> {
        let broken = self.peek().is_some_and(|token| token.breaks > 0);
        let mut items = Vec::new();
        let close = loop {
            match self.peek() {
                None => break None,
                Some(token) if token.kind == TokenKind::Close => {
                    let close = *token;
                    if kind != Kind::Root {
                        self.at += 1;
                    }
                    break Some(close);
                }
                Some(_) => self.item(kind, &mut items),
            }
        };
        Group { kind, open, close, items, broken }
    }

    /// One item, and the comments behind it that are on lines of their own.
    fn item(&mut self, kind: Kind, items: &mut Vec<Item<'a>>) {
        let Some(first) = self.peek().copied() else { return };
        let mut item = Item { breaks: first.breaks, ..Item::default() };
        if first.is_comment() && self.ends_line() {
            self.at += 1;
            item.nodes.push(Node::Comment(first));
            while let Some(comment) = self.peek().copied().filter(|token| token.is_comment() && token.breaks == 0) {
                self.at += 1;
                item.trailing.push(comment);
            }
            items.push(item);
            return;
        }
        self.nodes(kind, &mut item);
        let mut own_lines = Vec::new();
        while item.nodes.len() > 1 && matches!(item.nodes.last(), Some(Node::Comment(_))) {
            own_lines.extend(item.nodes.pop());
        }
        for node in own_lines.into_iter().rev() {
            let comment = *node.first();
            if comment.breaks == 0 && item.trailing.last().is_none_or(|last| last.kind == TokenKind::BlockComment) {
                item.trailing.push(comment);
            } else {
                items.push(std::mem::take(&mut item));
                item = Item { nodes: vec![node], breaks: comment.breaks, ..Item::default() };
            }
        }
        while let Some(comment) = self.peek().copied().filter(|token| token.is_comment() && token.breaks == 0) {
            if !self.ends_line() {
                break;
            }
            self.at += 1;
            let before = item.trailing.last().or(match item.nodes.last() {
                Some(Node::Comment(comment)) => Some(comment),
                _ => None,
            });
            if before.is_some_and(|before| before.kind == TokenKind::LineComment) {
                items.push(std::mem::take(&mut item));
                item = Item { nodes: vec![Node::Comment(comment)], breaks: 1, ..Item::default() };
            } else {
                item.trailing.push(comment);
            }
        }
        items.push(item);
    }

    /// The parts of an item, to its end.
    fn nodes(&mut self, kind: Kind, item: &mut Item<'a>) {
        let separator = if kind.has_statements() { ";" } else { "," };
        // Where the statement begins that the item is: behind the arrow of an arm.
        let mut head = 0;
        let mut switches = 0_usize;
        let mut closure = false;
        while let Some(token) = self.peek().copied() {
            match token.kind {
                TokenKind::Close => return,
                TokenKind::Sign if token.text == separator && !closure => {
                    self.at += 1;
                    item.end = Some(separator);
                    return;
                }
                TokenKind::LineComment | TokenKind::BlockComment => {
                    self.at += 1;
                    item.nodes.push(Node::Comment(token));
                }
                TokenKind::Open => {
                    self.at += 1;
                    let group = self.group(group_kind(&token, last(&item.nodes), switches > 0), token);
                    let made = group.kind;
                    switches -= usize::from(made == Kind::Switch);
                    item.nodes.push(Node::Group(group));
                    let statement = kind.has_statements() || (kind == Kind::Switch && head > 0);
                    if statement && self.is_complete(&item.nodes[head..], made) {
                        if self.peek().is_some_and(|token| token.text == separator) {
                            self.at += 1;
                            item.end = Some(separator);
                        }
                        return;
                    }
                }
                _ => {
                    self.at += 1;
                    let role = self.role(&token, last(&item.nodes), closure);
                    closure = role == Role::BarOpen || (closure && role != Role::BarClose);
                    switches += usize::from(token.kind == TokenKind::Word && token.text == "switch");
                    item.nodes.push(Node::Token(token, role));
                    if kind == Kind::Switch && token.text == "=>" {
                        head = item.nodes.len();
                    }
                }
            }
        }
    }

    /// Whether a statement whose last part is a block ends with it.
    fn is_complete(&self, nodes: &[Node<'a>], last: Kind) -> bool {
        let mut parts = nodes.iter().filter(|node| !matches!(node, Node::Comment(_)));
        let Some(first) = parts.next() else { return false };
        let is = |words: &[&str]| words.iter().any(|word| first.is_word(word));
        match last {
            Kind::Switch => first.is_word("switch"),
            Kind::Block if is(&["if"]) => self.ahead() != "else",
            Kind::Block if is(&["try"]) => self.ahead() != "catch",
            Kind::Block if is(&["while", "loop", "for", "fn", "private"]) => true,
            Kind::Block => parts.next().is_none(),
            _ => false,
        }
    }

    fn role(&self, token: &Token<'a>, before: Option<&Node<'a>>, closure: bool) -> Role {
        if token.kind != TokenKind::Sign {
            return Role::Plain;
        }
        let value = before.is_some_and(Node::is_value);
        match token.text {
            "," => Role::Comma,
            "." | "?." | "!." | "::" | ".." | "..=" => Role::Tight,
            ":" => Role::Colon,
            "|" if closure => Role::BarClose,
            "|" if !value => Role::BarOpen,
            // A closure without parameters.
            "||" if !value => Role::Plain,
            "!" if value && token.glued && self.peek().is_some_and(|next| next.text == "(") => Role::Bang,
            "+" | "-" | "!" if !value => Role::Unary,
            sign if ASSIGNMENTS.contains(&sign) => Role::Assign,
            _ => Role::Binary,
        }
    }
}

/// The last part that is no comment.
fn last<'n, 'a>(nodes: &'n [Node<'a>]) -> Option<&'n Node<'a>> {
    nodes.iter().rev().find(|node| !matches!(node, Node::Comment(_)))
}

fn group_kind(open: &Token<'_>, before: Option<&Node<'_>>, switching: bool) -> Kind {
    let is_block =
        |node: &&Node<'_>| matches!(node, Node::Group(group) if matches!(group.kind, Kind::Block | Kind::Switch));
    let value = before.filter(|node| !is_block(node)).is_some_and(Node::is_value);
    match open.text {
        "{" if switching => Kind::Switch,
        "{" => Kind::Block,
        "#{" => Kind::Map,
        "[" if !value => Kind::List,
        "[" | "?[" => Kind::Index,
        _ if value || matches!(before, Some(Node::Token(_, Role::Bang))) => Kind::Call,
        _ => Kind::Paren,
    }
}

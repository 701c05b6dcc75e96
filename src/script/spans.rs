//! [`Spans`]: where in a script's text the parts of a call's arguments stand.
//!
//! Values carry no place, the syntax tree does. It is walked once; every call's arguments are indexed by where the call
//! stands, maps and lists with their keys and elements, variables by name.

use std::collections::{BTreeMap, HashMap};

use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, Stmt};

use crate::model::PathStep;

/// How many variables in a row are followed to where their value is written.
const LONGEST_CHAIN: usize = 8;

/// The parameter of every function of the standard library: the map it is called with.
const PROPERTIES: &str = "properties";

/// What of a map's entry is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// Its key.
    Key,
    /// Its value.
    Value,
}

/// An expression, as far as its places matter.
#[derive(Debug)]
enum Node {
    Map {
        at: Position,
        entries: BTreeMap<String, (Position, Node)>,
    },
    List {
        at: Position,
        items: Vec<Node>,
    },
    Name {
        at: Position,
        name: String,
    },
    /// A call or an operator: the value is one of the arguments, or made of them.
    Call {
        at: Position,
        arguments: Vec<Node>,
    },
    /// `properties.get("key")`: the value is that property of a function of the standard library.
    Read {
        at: Position,
        key: String,
    },
    Leaf {
        at: Position,
    },
}

impl Node {
    fn at(&self) -> Position {
        match self {
            Self::Map { at, .. }
            | Self::List { at, .. }
            | Self::Name { at, .. }
            | Self::Call { at, .. }
            | Self::Read { at, .. }
            | Self::Leaf { at } => *at,
        }
    }

    fn of(expr: &Expr) -> Self {
        let at = expr.start_position();
        match expr {
            Expr::Map(map, at) => {
                let entry = |(key, value): &(rhai::Ident, Expr)| (key.name.to_string(), (key.pos, Self::of(value)));
                Self::Map { at: *at, entries: map.0.iter().map(entry).collect() }
            }
            Expr::Array(items, at) => Self::List { at: *at, items: items.iter().map(Self::of).collect() },
            Expr::Variable(variable, ..) => Self::Name { at, name: variable.1.to_string() },
            Expr::FnCall(call, _) | Expr::MethodCall(call, _) => {
                Self::Call { at, arguments: call.args.iter().map(Self::of).collect() }
            }
            Expr::Coalesce(sides, _) => Self::Call { at, arguments: sides.iter().map(Self::of).collect() },
            Expr::Dot(sides, ..) => match (&sides.lhs, &sides.rhs) {
                (Expr::Variable(variable, ..), Expr::MethodCall(call, _))
                    if variable.1 == PROPERTIES && call.name == "get" =>
                {
                    match call.args.as_slice() {
                        [Expr::StringConstant(key, _)] => Self::Read { at, key: key.to_string() },
                        _ => Self::Leaf { at },
                    }
                }
                _ => Self::Leaf { at },
            },
            _ => Self::Leaf { at },
        }
    }
}

/// Places of arguments, of one file.
#[derive(Debug, Default)]
pub(super) struct Spans {
    calls: HashMap<Position, Vec<Node>>,
    variables: HashMap<String, Vec<(Position, Node)>>,
    /// Texts that have `${` in them.
    pub(super) uninterpolated: Vec<Position>,
    /// Calls with a text and a map, as builders are called: name and place.
    pub(super) builds: Vec<(String, Position)>,
}

impl Spans {
    /// Walks a syntax tree.
    pub(super) fn of(ast: &AST) -> Self {
        let mut spans = Self::default();
        ast.walk(&mut |path: &[ASTNode]| {
            match path.last() {
                Some(ASTNode::Stmt(Stmt::FnCall(call, at)) | ASTNode::Expr(Expr::FnCall(call, at))) => {
                    spans.build(call, *at);
                    spans.call(call, *at);
                }
                Some(ASTNode::Expr(Expr::MethodCall(call, at))) => spans.method(call, *at),
                Some(ASTNode::Stmt(Stmt::Var(variable, ..))) => {
                    let (name, value, _) = &**variable;
                    let entry = (name.pos, Node::of(value));
                    spans.variables.entry(name.name.to_string()).or_default().push(entry);
                }
                Some(ASTNode::Expr(Expr::StringConstant(text, at)))
                    if text.contains("${") && !text.contains("${aws:") =>
                {
                    spans.uninterpolated.push(*at);
                }
                _ => {}
            }
            true
        });
        spans
    }

    fn call(&mut self, call: &FnCallExpr, at: Position) {
        if !call.is_operator_call() && !call.args.is_empty() {
            self.calls.insert(at, call.args.iter().map(Node::of).collect());
        }
    }

    /// What a method is called on is its argument 0, and stands elsewhere.
    fn method(&mut self, call: &FnCallExpr, at: Position) {
        let object = std::iter::once(Node::Leaf { at: Position::NONE });
        self.calls.insert(at, object.chain(call.args.iter().map(Node::of)).collect());
    }

    fn build(&mut self, call: &FnCallExpr, at: Position) {
        if call.is_qualified() {
            return;
        }
        if let [Expr::StringConstant(..) | Expr::InterpolatedString(..), Expr::Map(..), ..] = call.args.as_slice() {
            self.builds.push((call.name.to_string(), at));
        }
    }

    /// Where the value under `steps` in an argument of the call at `at` stands, or the nearest around it that is known.
    pub(super) fn locate(&self, at: Position, argument: usize, steps: &[PathStep], aim: Aim) -> Option<Position> {
        let node = self.calls.get(&at)?.get(argument)?;
        let exact = self.exact(at, argument, steps, aim);
        let around = || (0..steps.len()).rev().find_map(|shorter| self.find(node, &steps[..shorter], Aim::Key, 0));
        exact.or_else(|| around().map(|(position, _)| position)).filter(|position| !position.is_none())
    }

    /// Where the value under `steps` stands, when it is written out.
    pub(super) fn exact(&self, at: Position, argument: usize, steps: &[PathStep], aim: Aim) -> Option<Position> {
        let node = self.calls.get(&at)?.get(argument)?;
        self.find(node, steps, aim, 0).map(|(position, _)| position).filter(|position| !position.is_none())
    }

    /// The property of the function's own map that the value under `steps` is, or that it lies in, and how many of the
    /// steps lead to that property.
    pub(super) fn read(&self, at: Position, argument: usize, steps: &[PathStep]) -> Option<(&str, usize)> {
        let node = self.calls.get(&at)?.get(argument)?;
        (0..=steps.len()).rev().find_map(|depth| {
            let (_, found) = self.find(node, &steps[..depth], Aim::Value, 0)?;
            Some((self.property(found, 0)?, depth))
        })
    }

    fn property<'a>(&'a self, node: &'a Node, chain: usize) -> Option<&'a str> {
        match node {
            Node::Read { key, .. } => Some(key),
            Node::Name { at, name } if chain < LONGEST_CHAIN => self.property(self.written(name, *at)?, chain + 1),
            Node::Call { arguments, .. } if chain < LONGEST_CHAIN => {
                arguments.iter().find_map(|argument| self.property(argument, chain + 1))
            }
            _ => None,
        }
    }

    /// What a variable's value is written as, where it is used at `at`.
    fn written(&self, name: &str, at: Position) -> Option<&Node> {
        self.variables.get(name)?.iter().rev().find(|(before, _)| *before < at).map(|(_, node)| node)
    }

    /// Where the value under `steps` in a node stands, and what it is written as.
    fn find<'a>(&'a self, node: &'a Node, steps: &[PathStep], aim: Aim, chain: usize) -> Option<(Position, &'a Node)> {
        let Some((step, rest)) = steps.split_first() else { return Some((node.at(), node)) };
        match (node, step) {
            (Node::Map { entries, .. }, PathStep::Key(key)) => {
                let (at, value) = entries.get(key)?;
                if rest.is_empty() && aim == Aim::Key { Some((*at, value)) } else { self.find(value, rest, aim, chain) }
            }
            (Node::List { items, .. }, PathStep::Index(index)) => self.find(items.get(*index)?, rest, aim, chain),
            (Node::Name { at, name }, _) if chain < LONGEST_CHAIN => {
                self.find(self.written(name, *at)?, steps, aim, chain + 1)
            }
            (Node::Call { arguments, .. }, _) if chain < LONGEST_CHAIN => {
                arguments.iter().rev().find_map(|argument| self.find(argument, steps, aim, chain + 1))
            }
            _ => None,
        }
    }
}

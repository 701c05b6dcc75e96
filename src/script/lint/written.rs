//! What is found in the text of a script: traps of the language, and what does nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rhai::{AST, ASTNode, Expr, FnAccess, Position, Stmt};

use super::super::limits::Watch;
use super::super::session::{Mistake, State};
use super::super::sources::Sources;
use super::super::syntax::lexer::Kind as TokenKind;
use super::super::syntax::tree::{self, Group, Item, Node};
use super::super::{Mistakes, evaluator, library, names};
use super::{Finding, allow, at, rule};

/// Words of statements that leave a block.
const LEAVES: [&str; 4] = ["return", "throw", "break", "continue"];

/// What is found in a file's text.
///
/// # Errors
/// When it cannot be parsed.
pub(super) fn findings(file: &str, text: &str, watch: &Arc<Watch>) -> Result<Vec<Finding>, Mistakes> {
    let ast = evaluator::parsed(file, text, watch)?;
    let mut state = State::default();
    state.sources.add(file, text);
    let mut seen = Seen::default();
    ast.walk(&mut |path: &[ASTNode]| {
        seen.node(path);
        true
    });
    let mut said = seen.said.clone();
    said.extend(seen.unused_variables());
    said.extend(unused_functions(&ast, &seen, &state.sources, file));
    let place = |(position, name, mistake): (Position, &str, Mistake)| {
        Some(at(&state.sources, file, position, rule(name)?, mistake))
    };
    let mut findings: Vec<Finding> = said.into_iter().filter_map(place).collect();
    unreachable(&tree::parse(text), file, text, &mut findings);
    Ok(findings)
}

type Said = (Position, &'static str, Mistake);

/// What a walk has seen.
#[derive(Default)]
struct Seen {
    said: Vec<Said>,
    /// Variables by name, with where they are defined.
    defined: BTreeMap<String, Vec<Position>>,
    /// Names that are read.
    read: BTreeSet<String>,
    /// Names of functions that are called, or named by a pointer.
    called: BTreeSet<String>,
    /// What the value of each variable is, where it is plain to see.
    types: BTreeMap<String, &'static str>,
}

impl Seen {
    fn say(&mut self, at: Position, rule: &'static str, mistake: Mistake) {
        self.said.push((at, rule, mistake));
    }

    fn node(&mut self, path: &[ASTNode]) {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::Var(variable, ..))) => {
                self.variable(&variable.0.name, variable.0.pos, &variable.1)
            }
            Some(ASTNode::Stmt(Stmt::Share(captured))) => self.captured(path, captured.iter().map(|(name, _)| name)),
            Some(ASTNode::Stmt(Stmt::Export(names, _))) => {
                self.read.insert(names.0.name.to_string());
            }
            Some(
                ASTNode::Stmt(Stmt::FnCall(call, at))
                | ASTNode::Expr(Expr::FnCall(call, at) | Expr::MethodCall(call, at)),
            ) => {
                self.call(call, *at);
            }
            Some(ASTNode::Expr(Expr::Variable(variable, _, _))) => {
                self.read.insert(variable.1.to_string());
            }
            // Functions are handed on by their names, as `Fn("name")`.
            Some(ASTNode::Expr(Expr::StringConstant(text, _))) => {
                self.called.insert(text.to_string());
            }
            Some(ASTNode::Expr(Expr::DynamicConstant(value, _))) => {
                self.called.extend(value.clone().try_cast::<rhai::FnPtr>().map(|pointer| pointer.fn_name().to_owned()));
            }
            Some(ASTNode::Expr(Expr::Coalesce(sides, _))) => {
                if let Some(Expr::Dot(parts, ..)) = sides.first() {
                    self.missing_key(&parts.lhs, &parts.rhs);
                }
            }
            _ => {}
        }
    }

    fn variable(&mut self, name: &str, at: Position, value: &Expr) {
        self.defined.entry(name.to_owned()).or_default().push(at);
        match self.type_of(value) {
            Some(of) if self.defined[name].len() == 1 => drop(self.types.insert(name.to_owned(), of)),
            _ => drop(self.types.remove(name)),
        }
        if names::is_function(name) || library::names().contains(name) {
            let mistake = Mistake::new(format!("`{name}` is a function of the language, and a variable here"));
            self.say(at, "shadowed-function", mistake.label("the same name").help("give it another name".to_owned()));
        }
    }

    fn captured<'n>(&mut self, path: &[ASTNode], names: impl Iterator<Item = &'n rhai::Ident>) {
        let mut loops = BTreeSet::new();
        for node in path {
            if let ASTNode::Stmt(Stmt::For(parts, _)) = node {
                loops.insert(parts.0.name.to_string());
                loops.extend(parts.1.as_ref().map(|counter| counter.name.to_string()));
            }
        }
        for name in names {
            self.read.insert(name.name.to_string());
            if loops.contains(name.name.as_str()) {
                let mistake = Mistake::new(format!("the closure holds `{}` of the loop, not its value now", name.name));
                let help = format!("copy it inside the loop, and use that: `let own = {};`", name.name);
                self.say(name.pos, "captured-loop-variable", mistake.label("the last value, later").help(help));
            }
        }
    }

    fn call(&mut self, call: &rhai::FnCallExpr, at: Position) {
        self.called.insert(call.name.to_string());
        match (call.name.as_str(), call.args.as_slice()) {
            ("/", [Expr::IntegerConstant(one, _), Expr::IntegerConstant(other, _)])
                if other != &0 && one % other != 0 =>
            {
                let mistake = Mistake::new(format!("`{one} / {other}` is {}: the rest is dropped", one / other));
                let help = format!("write `{one}.0 / {other}` for a number with a fraction");
                self.say(at, "integer-division", mistake.label("whole numbers").help(help));
            }
            ("==" | "!=" | "<" | ">" | "<=" | ">=", [one, other]) => {
                let (Some(one), Some(other)) = (self.type_of(one), self.type_of(other)) else { return };
                if one != other {
                    let mistake = Mistake::new(format!("{one} is compared with {other}"));
                    let help = "that has one outcome only: compare like with like".to_owned();
                    self.say(at, "different-types", mistake.label("different types").help(help));
                }
            }
            ("mixin", _) => {
                let mistake = Mistake::new("`mixin` replaces maps within maps, and returns nothing");
                self.say(
                    at,
                    "shallow-mixin",
                    mistake.help("write `merge(one, other)`, which answers a new map".to_owned()),
                );
            }
            _ => {}
        }
    }

    fn missing_key(&mut self, of: &Expr, key: &Expr) {
        let (Expr::Variable(variable, ..), Expr::Property(property, at)) = (of, key) else { return };
        let (map, key) = (&variable.1, &property.2);
        let mistake = Mistake::new(format!("`{map}.{key} ?? …` fails where the map has no `{key}`"));
        let mistake = mistake.label("fails when missing").help(format!("write `{map}.get(\"{key}\") ?? …`"));
        self.say(*at, "missing-key", mistake);
    }

    /// What a value is, where it is plain to see.
    fn type_of(&self, value: &Expr) -> Option<&'static str> {
        Some(match value {
            Expr::IntegerConstant(..) | Expr::FloatConstant(..) => "a number",
            Expr::StringConstant(..) | Expr::InterpolatedString(..) => "a text",
            Expr::BoolConstant(..) => "true or false",
            Expr::Array(..) => "a list",
            Expr::Map(..) => "a map",
            Expr::Variable(variable, ..) => return self.types.get(variable.1.as_str()).copied(),
            Expr::FnCall(call, _) if call.name == "input" && call.args.len() == 2 => {
                return self.type_of(&call.args[1]);
            }
            _ => return None,
        })
    }

    fn unused_variables(&self) -> Vec<Said> {
        let unused = self.defined.iter().filter(|(name, _)| !name.starts_with('_') && !self.read.contains(*name));
        unused
            .flat_map(|(name, places)| {
                places.iter().map(move |at| {
                    let mistake = Mistake::new(format!("`{name}` is never read")).label("not used");
                    (*at, "unused-variable", mistake.help(format!("leave `let {name} =` out, or call it `_{name}`")))
                })
            })
            .collect()
    }
}

/// Functions that nothing calls. A file of functions alone is there to be imported, and so are its functions that are not
/// private; tests are called by `hzscript test`.
fn unused_functions(ast: &AST, seen: &Seen, sources: &Sources, file: &str) -> Vec<Said> {
    let alone = ast.statements().is_empty();
    let functions = ast.iter_functions().filter(|function| !function.name.starts_with("anon$"));
    let unused = functions.filter(|function| {
        let private = function.access == FnAccess::Private;
        let is_test = function.name.starts_with("test_") && function.params.is_empty();
        !seen.called.contains(function.name) && !is_test && (private || !alone)
    });
    unused
        .map(|function| {
            let name = function.name;
            let mistake = Mistake::new(format!("`{name}` is never called")).label("not used");
            let at = sources.definition(file, name).unwrap_or(Position::NONE);
            (at, "unused-function", mistake.help("take it away".to_owned()))
        })
        .collect()
}

/// Statements behind one that leaves.
fn unreachable(group: &Group<'_>, file: &str, text: &str, findings: &mut Vec<Finding>) {
    let mut left = false;
    for item in group.items.iter().filter(|item| !item.is_comment()) {
        let word = item.nodes.iter().find_map(|node| match node {
            Node::Comment(_) => None,
            Node::Token(token, _) if token.kind == TokenKind::Word => Some(token.text),
            _ => Some(""),
        });
        let word = word.unwrap_or_default();
        if left && group.kind.has_statements() && !["fn", "private"].contains(&word) {
            let extent = Item::extent(item);
            let mistake = Mistake::new("this is never reached").label("behind what leaves");
            let place = extent.map(|(begin, _)| allow::place(file, text, begin, word.len()));
            let mistake = mistake.help("take it away, or put a condition around what leaves before".to_owned());
            findings.extend(
                rule("unreachable-code").map(|rule| Finding { rule, diagnostic: mistake.at(place, Vec::new()) }),
            );
            break;
        }
        left |= LEAVES.contains(&word);
    }
    for node in group.items.iter().flat_map(|item| &item.nodes) {
        if let Node::Group(group) = node {
            unreachable(group, file, text, findings);
        }
    }
}

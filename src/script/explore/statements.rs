//! Takes a script apart into the statements it has at its outermost level, so that one can take the place of another.

use std::ops::Range;

use super::scan::{Scan, Sort, Token, scan};

/// What a statement defines by itself, whatever it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Defines {
    /// A variable or a constant.
    Variable(String),
    /// A function.
    Function(String),
    /// The name of an imported file.
    Import,
    /// Nothing.
    Nothing,
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Statement {
    /// Where it is, from its first word to what ends it; white space and comments before it are not part of it.
    pub(in super::super) range: Range<usize>,
    /// What it defines.
    pub(in super::super) defines: Defines,
    /// Whether another may follow as it stands.
    pub(in super::super) ended: bool,
}

/// Words that begin a statement which ends with its block.
const BLOCKS: [&str; 6] = ["if", "while", "loop", "for", "switch", "try"];

/// Words after a block that go on with its statement.
const GO_ON: [&str; 2] = ["else", "catch"];

/// The statements of a text, in order.
pub(in super::super) fn statements(text: &str) -> Vec<Statement> {
    let Scan { tokens, .. } = scan(text);
    let tokens: Vec<Token> = tokens.into_iter().filter(Token::says).collect();
    let mut found = Vec::new();
    let mut from = 0;
    while from < tokens.len() {
        let (end, ended) = end_of(text, &tokens[from..]);
        let own = &tokens[from..from + end];
        let (Some(first), Some(last)) = (own.first(), own.last()) else { break };
        let range = first.range.start..last.range.end;
        if first.sort == Sort::End {
            // Nothing but its end: part of the one before.
            if let Some(Statement { range: before, .. }) = found.last_mut() {
                before.end = range.end;
            }
        } else {
            found.push(Statement { range, defines: defines(text, own), ended });
        }
        from += end;
    }
    found
}

/// How many tokens the first statement has, and whether it is ended.
fn end_of(text: &str, tokens: &[Token]) -> (usize, bool) {
    let word =
        |at: usize| tokens.get(at).filter(|token| token.sort == Sort::Word).map(|token| &text[token.range.clone()]);
    let is_function = word(0) == Some("fn") || word(0) == Some("private") && word(1) == Some("fn");
    let in_braces = tokens.first().is_some_and(|token| &text[token.range.clone()] == "{");
    let is_block = in_braces || is_function || word(0).is_some_and(|word| BLOCKS.contains(&word));
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.sort {
            Sort::Open => depth += 1,
            Sort::Close => {
                depth = depth.saturating_sub(1);
                let ends = depth == 0 && is_block && &text[token.range.clone()] == "}";
                let goes_on = !is_function && word(at + 1).is_some_and(|next| GO_ON.contains(&next));
                if ends && !goes_on {
                    return (at + 1, true);
                }
            }
            Sort::End if depth == 0 => return (at + 1, true),
            _ => {}
        }
    }
    (tokens.len(), false)
}

fn defines(text: &str, tokens: &[Token]) -> Defines {
    let mut words = tokens.iter().take(3).map(|token| &text[token.range.clone()]);
    let (first, second, third) = (words.next(), words.next(), words.next());
    match (first, second) {
        (Some("let" | "const"), Some(name)) => Defines::Variable(name.to_owned()),
        (Some("fn"), Some(name)) => Defines::Function(name.to_owned()),
        (Some("private"), Some("fn")) => Defines::Function(third.unwrap_or_default().to_owned()),
        (Some("import"), _) => Defines::Import,
        _ => Defines::Nothing,
    }
}

/// Names in a piece of a script: of functions that are called by themselves, and of variables.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in super::super) struct Names {
    /// Functions called.
    pub(in super::super) calls: Vec<String>,
    /// Everything else that may be a variable.
    pub(in super::super) variables: Vec<String>,
}

/// The names that a piece of a script uses.
pub(in super::super) fn names(text: &str) -> Names {
    let tokens: Vec<Token> = scan(text).tokens.into_iter().filter(Token::says).collect();
    let shown = |at: usize| tokens.get(at).map(|token| &text[token.range.clone()]);
    let mut names = Names::default();
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.sort == Sort::Word) {
        let after_dot = at > 0 && shown(at - 1) == Some(".") && (at < 2 || shown(at - 2) != Some("."));
        if after_dot {
            continue;
        }
        let name = text[token.range.clone()].to_owned();
        match shown(at + 1) {
            Some("(") => names.calls.push(name),
            // A key of a map; what follows `?` and `:` elsewhere is no key, and one more name does no harm.
            Some(":") if shown(at + 2) != Some(":") => {}
            _ => names.variables.push(name),
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let line = |statement: &Statement| {
            let Statement { range, defines, ended } = statement;
            format!("{defines:?} {ended} {}", text[range.clone()].replace('\n', "⏎"))
        };
        statements(text).iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn statements_end_where_the_interpreter_ends_them() {
        let text = r#"
// first
let a = if x { 1 } else { 2 }; // of a
/// Doc.
fn twice(n) { n * 2 }
private fn own() { `}${ #{ a: "}" }.a }` }
if a > 1 {
    print("one; two");
} else if b { } else { }
do { x += 1; } while x < 3;
for i in 0..3 { f(i); } while false { }
import "b" as b;;
ecs_cluster("c", #{
    clusterName: "c",
})
"#;
        insta::assert_snapshot!(shown(text), @r#"
        Variable("a") true let a = if x { 1 } else { 2 };
        Function("twice") true fn twice(n) { n * 2 }
        Function("own") true private fn own() { `}${ #{ a: "}" }.a }` }
        Nothing true if a > 1 {⏎    print("one; two");⏎} else if b { } else { }
        Nothing true do { x += 1; } while x < 3;
        Nothing true for i in 0..3 { f(i); }
        Nothing true while false { }
        Import true import "b" as b;;
        Nothing false ecs_cluster("c", #{⏎    clusterName: "c",⏎})
        "#);
    }

    #[test]
    fn names_are_of_functions_and_variables_and_not_of_members() {
        let found = names("let n = cluster(\"a\").services().filter(|s| s.name == x && y.z(#{ k: v })).len() + 0..m");
        assert_eq!(found.calls, ["cluster"]);
        assert_eq!(found.variables, ["let", "n", "s", "s", "x", "y", "v", "m"]);
    }
}

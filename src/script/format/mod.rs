//! The formatter: a script laid out anew, its tokens, comments and meaning left alone.
//!
//! Four spaces a level, a statement a line, blanks around operators, at most one empty line at a place. Where the author
//! began a new line behind an opening bracket, the bracket stays open, with a comma behind the last item; what was joined
//! stays joined while it fits in [`WIDTH`] columns. Lines that the author broke before an operator, a dot or an argument
//! stay broken. Texts are never touched.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::limits::Watch;
use super::syntax::lexer::{Kind, tokens};
use super::syntax::tree;
use super::{Diagnostic, Limits, Mistakes, evaluator};

mod measure;
mod print;

/// The longest line, in characters, where one can be broken.
pub const WIDTH: usize = 120;

/// Formats a script.
///
/// # Errors
/// What is wrong with it, when it is no script: then there is nothing to lay out.
pub fn format(file: &str, source: &str) -> Result<String, Mistakes> {
    let text = evaluator::without_mark(source);
    let limits = Limits::default();
    super::on_own_thread(file, source, |cancelled| {
        let watch = Arc::new(Watch::start(limits, cancelled));
        evaluator::parsed(file, text, &watch)?;
        let formatted = print::printed(&tree::parse(text));
        // Whatever went wrong in here: what says something else is never written.
        if significant(&formatted) == significant(text) && comments(&formatted) == comments(text) {
            return Ok(formatted);
        }
        let message = "it cannot be formatted without changing what it says".to_owned();
        let help = Some("this is a fault of the formatter's: please report it with the script".to_owned());
        let mistake = Diagnostic { message, label: None, place: None, called_from: Vec::new(), help };
        Err(Mistakes { mistakes: vec![mistake], sources: BTreeMap::from([(file.to_owned(), text.to_owned())]) })
    })
}

/// The tokens that say something: without comments, and without commas that end a list.
fn significant(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for token in tokens(text).into_iter().filter(|token| !token.is_comment()) {
        if token.kind == Kind::Close && found.last() == Some(&",") {
            found.pop();
        }
        found.push(token.text);
    }
    found
}

/// The comments, without blanks at the ends of their lines.
fn comments(text: &str) -> Vec<&str> {
    tokens(text).into_iter().filter(|token| token.is_comment()).map(|token| token.text.trim_end()).collect()
}

#[cfg(test)]
mod tests;

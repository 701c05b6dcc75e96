//! Filter patterns: which messages a search finds.
//!
//! What the user guide ("Filter pattern syntax") has for unstructured events: terms, quoted phrases, `?` for either,
//! `-` for without, and `%…%` for a regular expression. Patterns of JSON and of space-delimited fields are refused.

use regex::Regex;

/// A pattern that was read. Terms are found anywhere in a message, and their case counts.
#[derive(Debug)]
pub(super) struct Pattern {
    all: Vec<Term>,
    any: Vec<Term>,
    none: Vec<Term>,
}

#[derive(Debug)]
enum Term {
    Text(String),
    Regex(Regex),
}

/// Why a pattern cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum PatternError {
    /// A quote or `%` is not closed.
    #[error("Invalid character(s) in term '{0}'")]
    Open(String),
    /// A regular expression is none.
    #[error("Invalid regular expression '{0}'")]
    Regex(String),
    /// A pattern of structured events.
    #[error("The embedded AWS does not have patterns of JSON or space-delimited events: '{0}'")]
    Structured(String),
}

impl Pattern {
    /// Reads one; the empty one matches everything.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        let mut pattern = Self { all: Vec::new(), any: Vec::new(), none: Vec::new() };
        let mut rest = text.trim();
        if rest.starts_with(['{', '[']) {
            return Err(PatternError::Structured(rest.to_owned()));
        }
        while !rest.is_empty() {
            let (terms, unsigned) = match (rest.strip_prefix('?'), rest.strip_prefix('-')) {
                (Some(unsigned), _) => (&mut pattern.any, unsigned),
                (None, Some(unsigned)) => (&mut pattern.none, unsigned),
                (None, None) => (&mut pattern.all, rest),
            };
            let (term, after) = term(unsigned)?;
            terms.extend(term);
            rest = after.trim_start();
        }
        Ok(pattern)
    }

    /// Whether a message is found. Beside terms that have to be there or not, those with `?` say nothing.
    pub(super) fn matches(&self, message: &str) -> bool {
        if !self.all.is_empty() || !self.none.is_empty() {
            return self.all.iter().all(|term| term.is_in(message))
                && !self.none.iter().any(|term| term.is_in(message));
        }
        self.any.is_empty() || self.any.iter().any(|term| term.is_in(message))
    }
}

/// The term at the beginning, and what follows it.
fn term(text: &str) -> Result<(Option<Term>, &str), PatternError> {
    let open = || PatternError::Open(text.to_owned());
    if let Some(quoted) = text.strip_prefix('"') {
        let mut phrase = String::new();
        let mut letters = quoted.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => return Ok((Some(Term::Text(phrase)), &quoted[at + 1..])),
                '\\' => phrase.push(letters.next().ok_or_else(open)?.1),
                _ => phrase.push(letter),
            }
        }
        return Err(open());
    }
    if let Some(expression) = text.strip_prefix('%') {
        let (expression, after) = expression.split_once('%').ok_or_else(open)?;
        let regex = Regex::new(expression).map_err(|_| PatternError::Regex(expression.to_owned()))?;
        return Ok((Some(Term::Regex(regex)), after));
    }
    let (word, after) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
    Ok(((!word.is_empty()).then(|| Term::Text(word.to_owned())), after))
}

impl Term {
    fn is_in(&self, message: &str) -> bool {
        match self {
            Self::Text(text) => message.contains(text),
            Self::Regex(regex) => regex.is_match(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(pattern: &str, message: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(message)
    }

    #[test]
    fn terms_have_to_be_there_all_or_any_or_not() {
        let message = "ERROR 500: member 10.0.1.4 has left the cluster";
        for pattern in [
            "",
            "ERROR",
            "ERROR member",
            "\"has left\"",
            "?WARN ?ERROR",
            "?\"has left\" ?\"has joined\"",
            "ERROR -WARN",
            "%[0-9]{3}:%",
        ] {
            assert!(found(pattern, message), "{pattern}");
        }
        for pattern in ["error", "ERROR WARN", "\"left has\"", "?WARN ?INFO", "-ERROR", "ERROR -cluster", "%^member%"] {
            assert!(!found(pattern, message), "{pattern}");
        }
    }

    #[test]
    fn a_quote_can_be_in_a_phrase() {
        assert!(found(r#""say \"yes\"""#, r#"they say "yes" again"#));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        assert_eq!(Pattern::parse("\"open").unwrap_err(), PatternError::Open("\"open".to_owned()));
        assert_eq!(Pattern::parse("%[%").unwrap_err(), PatternError::Regex("[".to_owned()));
        let structured = "{ $.level = \"ERROR\" }";
        assert_eq!(Pattern::parse(structured).unwrap_err(), PatternError::Structured(structured.to_owned()));
    }

    proptest! {
        #[test]
        fn any_pattern_is_read_or_refused(pattern in any::<String>(), message in any::<String>()) {
            if let Ok(pattern) = Pattern::parse(&pattern) {
                pattern.matches(&message);
            }
        }

        #[test]
        fn a_phrase_finds_the_messages_that_have_it(before in ".*", phrase in "[a-zé ]{1,12}", after in ".*") {
            let (pattern, message) = (format!("\"{phrase}\""), format!("{before}{phrase}{after}"));
            prop_assert!(found(&pattern, &message));
        }
    }
}

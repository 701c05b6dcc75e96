//! Making text from elsewhere harmless before it reaches a terminal.
//!
//! Scripts, AWS and file names may hold control characters, which move the cursor or change colours, and marks that
//! turn the direction of text around. Both are shown as escapes instead.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a terminal would do something with it rather than show it.
fn acts(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text on one line.
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Writing to a string cannot fail.
            c if acts(c) => drop(write!(out, "\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// The text with its line breaks.
pub fn lines(text: &str) -> String {
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// JSON with the escapes of its own for what it leaves as it is, which are those of YAML's double quotes too.
pub fn json(text: &str) -> Cow<'_, str> {
    let acts = |c: char| c != '\n' && acts(c);
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            // Writing to a string cannot fail. All of them are below U+10000.
            c if acts(c) => drop(write!(out, "\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// The text of a file with every such character replaced by one as long, so that offsets into it stay true.
pub fn same_length(text: &str) -> String {
    let replaced = |c: char| match c {
        '\n' | '\t' | '\r' => c,
        c if !acts(c) => c,
        c => match c.len_utf8() {
            1 => '?',
            2 => '¿',
            _ => '\u{fffd}',
        },
    };
    text.chars().map(replaced).collect()
}

/// The text cut to at most `max` characters, saying so by an ellipsis.
pub fn shortened(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some(_) => text.chars().take(max.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_instead() {
        assert_eq!(line("a\u{1b}[31mred\u{9b}0m\r\n\t\u{7f}"), "a\\u{1b}[31mred\\u{9b}0m\\r\\n\\t\\u{7f}");
        assert_eq!(line("over\u{202e}turned\u{2066}"), "over\\u{202e}turned\\u{2066}");
        assert!(matches!(line("Grüße → 東京 ✔"), Cow::Borrowed(_)));
        assert_eq!(lines("one\n\u{7}two\n"), "one\n\\u{7}two");
    }

    #[test]
    fn json_reads_the_same() {
        let value = serde_json::json!({ "a\u{7f}": ["\u{9b}2J\u{202e}\u{1b}ü\n", 1] });
        let text = format!("{value:#}");
        let safe = json(&text);
        assert!(!safe.chars().any(|c| c != '\n' && acts(c)), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).ok(), Some(value));
    }

    #[test]
    fn offsets_into_a_file_stay_true() {
        let text = "let a = \"\u{1b}[2J\u{85}\u{202e}ü\";\n\tx";
        let safe = same_length(text);
        assert_eq!(safe, "let a = \"?[2J¿\u{fffd}ü\";\n\tx");
        assert_eq!((safe.len(), safe.find('ü')), (text.len(), text.find('ü')));
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!([shortened("äöü", 3), shortened("äöüß", 3), shortened("", 0)], ["äöü", "äö…", ""]);
    }
}

//! Tokens of a script, comments among them. What stands between two tokens is white space and nothing else, so that the
//! tokens with what is before them are the text.
//!
//! It takes texts that the interpreter takes, and answers something for every other text as well.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Kind {
    /// A name or a keyword.
    Word,
    /// A number.
    Number,
    /// A text or a character, quotes and what is put into it included.
    Text,
    /// `(`, `[`, `{`, `#{` or `?[`.
    Open,
    /// `)`, `]` or `}`.
    Close,
    /// Any other sign.
    Sign,
    /// A comment to the end of its line, without the line's end.
    LineComment,
    /// A comment between `/*` and `*/`.
    BlockComment,
}

/// A token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Token<'a> {
    pub(in super::super) kind: Kind,
    pub(in super::super) text: &'a str,
    /// Where it begins, in bytes.
    pub(in super::super) offset: usize,
    /// How many lines end between it and the token before.
    pub(in super::super) breaks: usize,
    /// Whether nothing stands between it and the token before.
    pub(in super::super) glued: bool,
}

impl Token<'_> {
    /// Whether it is a comment.
    pub(in super::super) fn is_comment(&self) -> bool {
        matches!(self.kind, Kind::LineComment | Kind::BlockComment)
    }
}

/// Signs of more than one letter; a longer one stands before what it begins with.
const SIGNS: [&str; 41] = [
    "..=", "...", "**=", "<<=", ">>=", "===", "!==", "::<", "..", "::", "=>", "==", "!=", "<=", ">=", "&&", "||", "??",
    "?.", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>", "**", "++", "--", ":=", ":;", "->", "<-", "<|",
    "|>", "!.", "(*", "*)",
];

/// The tokens of a text, in order.
pub(in super::super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer { text, at: 0 };
    let mut found = Vec::new();
    loop {
        let before = lexer.at;
        lexer.skip_white();
        let blank = &text[before..lexer.at];
        let offset = lexer.at;
        let Some(kind) = lexer.next() else { return found };
        let breaks = blank.bytes().filter(|byte| *byte == b'\n').count();
        let glued = blank.is_empty() && !found.is_empty();
        found.push(Token { kind, text: &text[offset..lexer.at], offset, breaks, glued });
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_white(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Moves behind the characters that are like this.
    fn skip(&mut self, like: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !like(c)).unwrap_or(rest.len());
    }

    /// Moves behind the next token.
    fn next(&mut self) -> Option<Kind> {
        let rest = self.rest();
        let first = rest.chars().next()?;
        if rest.starts_with("//") {
            let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
            self.at += end;
            return Some(Kind::LineComment);
        }
        if rest.starts_with("/*") {
            self.block_comment();
            return Some(Kind::BlockComment);
        }
        if first.is_alphabetic() || first == '_' {
            self.skip(|c| c.is_alphanumeric() || c == '_');
            return Some(Kind::Word);
        }
        if first.is_ascii_digit() {
            self.number();
            return Some(Kind::Number);
        }
        if first == '"' || first == '\'' {
            self.quoted(first);
            return Some(Kind::Text);
        }
        if first == '`' {
            self.template();
            return Some(Kind::Text);
        }
        let hashes = rest.len() - rest.trim_start_matches('#').len();
        if hashes > 0 && rest[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let within = &rest[hashes + 1..];
            self.at += within.find(&end).map_or(rest.len(), |found| hashes + 1 + found + end.len());
            return Some(Kind::Text);
        }
        for opening in ["#{", "?["] {
            if rest.starts_with(opening) {
                self.at += opening.len();
                return Some(Kind::Open);
            }
        }
        if matches!(first, '(' | '[' | '{') && !rest.starts_with("(*") {
            self.at += 1;
            return Some(Kind::Open);
        }
        if matches!(first, ')' | ']' | '}') {
            self.at += 1;
            return Some(Kind::Close);
        }
        let is_in = rest.starts_with("!in") && !rest[3..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign)).map(|sign| sign.len());
        self.at += if is_in { 3 } else { sign.unwrap_or(first.len_utf8()) };
        Some(Kind::Sign)
    }

    fn block_comment(&mut self) {
        let mut level = 0_usize;
        while let Some(c) = self.peek() {
            if self.rest().starts_with("/*") {
                level += 1;
                self.at += 2;
            } else if self.rest().starts_with("*/") {
                level -= 1;
                self.at += 2;
                if level == 0 {
                    return;
                }
            } else {
                self.at += c.len_utf8();
            }
        }
    }

    fn number(&mut self) {
        let rest = self.rest();
        let radix =
            rest.get(..2).is_some_and(|two| two.starts_with('0') && two.ends_with(['x', 'X', 'o', 'O', 'b', 'B']));
        if radix {
            self.at += 2;
            return self.skip(|c| c.is_ascii_hexdigit() || c == '_');
        }
        let digits = |c: char| c.is_ascii_digit() || c == '_';
        self.skip(digits);
        if let Some(after) = self.rest().strip_prefix('.') {
            match after.chars().next() {
                Some('_' | '.') => return,
                Some(c) if c.is_alphabetic() => return,
                _ => {
                    self.at += 1;
                    self.skip(digits);
                }
            }
        }
        let rest = self.rest();
        if rest.starts_with(['e', 'E']) {
            let sign = usize::from(rest[1..].starts_with(['+', '-']));
            if rest[1 + sign..].starts_with(|c: char| c.is_ascii_digit()) {
                self.at += 1 + sign;
                self.skip(digits);
            }
        }
    }

    /// A text in quotes; doubled quotes in it stand for one.
    fn quoted(&mut self, quote: char) {
        self.at += quote.len_utf8();
        while let Some(c) = self.peek() {
            self.at += c.len_utf8();
            if c == '\\' {
                self.at += self.peek().map_or(0, char::len_utf8);
            } else if c == quote && self.ends(quote) {
                return;
            }
        }
    }

    /// A text in backticks, with what is put into it.
    fn template(&mut self) {
        self.at += 1;
        while let Some(c) = self.peek() {
            if self.rest().starts_with("\\${") {
                self.at += 3;
            } else if self.rest().starts_with("${") {
                self.at += 2;
                self.put_in();
            } else {
                self.at += c.len_utf8();
                if c == '`' && self.ends('`') {
                    return;
                }
            }
        }
    }

    /// What is put into a text, to the brace that ends it.
    fn put_in(&mut self) {
        let mut depth = 1_usize;
        loop {
            self.skip_white();
            let begin = self.at;
            let Some(kind) = self.next() else { return };
            match (kind, &self.text[begin..self.at]) {
                (Kind::Open, "{" | "#{") => depth += 1,
                (Kind::Close, "}") => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// Whether a quote was the last; a second one is passed over.
    fn ends(&mut self, quote: char) -> bool {
        let doubled = self.rest().starts_with(quote);
        self.at += if doubled { quote.len_utf8() } else { 0 };
        !doubled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        tokens(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn tokens_are_those_of_the_interpreter() {
        assert_eq!(
            texts("0..count 1.5e-3 2.len() 0x_ff 1_000"),
            ["0", "..", "count", "1.5e-3", "2", ".", "len", "(", ")", "0x_ff", "1_000"]
        );
        assert_eq!(texts("a?.b?[0]??c !in d"), ["a", "?.", "b", "?[", "0", "]", "??", "c", "!in", "d"]);
        assert_eq!(texts(r##"#"a"b"# #{ "x\"y": 'c' }"##), [r##"#"a"b"#"##, "#{", r#""x\"y""#, ":", "'c'", "}"]);
        let nested = "`a ${ if x { `}` } else { \"}\" } } \\${ `` b`";
        assert_eq!(texts(&format!("f({nested})")), ["f", "(", nested, ")"]);
        assert_eq!(texts("a /* b /* c */ d */ // e\nf"), ["a", "/* b /* c */ d */", "// e", "f"]);
    }

    #[test]
    fn line_breaks_and_blanks_before_a_token_are_known() {
        let found = tokens("a\n\n  b .c");
        assert_eq!(
            found.iter().map(|token| (token.breaks, token.glued)).collect::<Vec<_>>(),
            [(0, false), (2, false), (0, false), (0, true)]
        );
    }

    #[test]
    fn texts_that_do_not_end_are_taken_to_the_end() {
        for text in ["\"a", "`a ${ b", "/* a /* b */", "#\"a\"", "'", "`", "1.", "\"\\", "é?", "#"] {
            assert!(tokens(text).last().is_some_and(|token| token.offset + token.text.len() == text.len()), "{text}");
        }
    }
}

//! Takes a text apart into words, texts, signs and comments, whatever it is: half an entry, a broken one, no script at all.
//!
//! Every byte is in one token, and nothing is refused. What is wrong with a text is for the interpreter to say.

use std::ops::Range;

/// What a piece of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// White space.
    Space,
    /// A comment, of a line or a block.
    Comment,
    /// A text, or the part of one in backticks that stands between values.
    Text,
    /// A number.
    Number,
    /// A name or a keyword.
    Word,
    /// A bracket that opens: `(`, `[`, `{`, `#{`, or `${` in a text.
    Open,
    /// A bracket that closes.
    Close,
    /// `;`.
    End,
    /// Any other sign.
    Sign,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub sort: Sort,
    /// Where, in bytes.
    pub range: Range<usize>,
}

/// A text taken apart.
#[derive(Debug, Clone, Default)]
pub struct Scan {
    /// All of it.
    pub tokens: Vec<Token>,
    /// Whether a comment or a text in backticks goes on past the end.
    pub open_ended: bool,
}

/// Takes a text apart.
pub fn scan(text: &str) -> Scan {
    let mut scanner = Scanner { text, at: 0, nested: Vec::new(), found: Scan::default() };
    while scanner.at < text.len() {
        scanner.next();
    }
    scanner.found
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// The brackets that are open: `true` for a `${`, whose end goes on with the text around it.
    nested: Vec<bool>,
    found: Scan,
}

impl Scanner<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn push(&mut self, sort: Sort, length: usize) {
        let end = self.at + length;
        self.found.tokens.push(Token { sort, range: self.at..end });
        self.at = end;
    }

    /// The length of what `holds` holds of, from the start.
    fn run(&self, holds: impl Fn(char) -> bool) -> usize {
        self.rest().find(|c| !holds(c)).unwrap_or(self.rest().len())
    }

    fn next(&mut self) {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return };
        match first {
            c if c.is_whitespace() => self.push(Sort::Space, self.run(char::is_whitespace)),
            '/' if rest.starts_with("//") => {
                let length = rest.find('\n').unwrap_or(rest.len());
                self.push(Sort::Comment, length);
            }
            '/' if rest.starts_with("/*") => self.block_comment(),
            '"' => self.push(Sort::Text, quoted(rest, '"')),
            '\'' => self.push(Sort::Text, quoted(rest, '\'')),
            '`' => self.backticks(1),
            '#' if rest.trim_start_matches('#').starts_with('"') => self.raw(),
            '#' if rest.starts_with("#{") => self.open(2, false),
            '(' | '[' | '{' => self.open(1, false),
            '}' if self.nested.last() == Some(&true) => {
                self.nested.pop();
                self.push(Sort::Close, 1);
                self.backticks(0);
            }
            ')' | ']' | '}' => {
                self.nested.pop();
                self.push(Sort::Close, 1);
            }
            ';' => self.push(Sort::End, 1),
            c if c.is_ascii_digit() => self.push(Sort::Number, number(rest)),
            c if c.is_alphabetic() || c == '_' => {
                self.push(Sort::Word, self.run(|c| c.is_alphanumeric() || c == '_'));
            }
            c => self.push(Sort::Sign, c.len_utf8()),
        }
    }

    fn open(&mut self, length: usize, in_text: bool) {
        self.nested.push(in_text);
        self.push(Sort::Open, length);
    }

    /// Comments nest.
    fn block_comment(&mut self) {
        let bytes = self.rest().as_bytes();
        let (mut depth, mut at) = (0usize, 0);
        while at < bytes.len() {
            match bytes.get(at..at + 2) {
                Some(b"/*") => (depth, at) = (depth + 1, at + 2),
                Some(b"*/") => {
                    (depth, at) = (depth - 1, at + 2);
                    if depth == 0 {
                        return self.push(Sort::Comment, at);
                    }
                }
                _ => at += 1,
            }
        }
        self.found.open_ended = true;
        self.push(Sort::Comment, at);
    }

    /// A text in backticks from where `skip` bytes begin it, up to its end or to a value in it.
    fn backticks(&mut self, skip: usize) {
        let bytes = self.rest().as_bytes();
        let mut at = skip;
        while at < bytes.len() {
            match (bytes[at], bytes.get(at + 1)) {
                (b'`', Some(b'`')) => at += 2,
                (b'`', _) => return self.push(Sort::Text, at + 1),
                (b'$', Some(b'{')) => {
                    if at > 0 {
                        self.push(Sort::Text, at);
                    }
                    return self.open(2, true);
                }
                _ => at += 1,
            }
        }
        self.found.open_ended = true;
        if at > 0 {
            self.push(Sort::Text, at);
        }
    }

    /// `#"…"#`, with as many `#` at the end as at the beginning.
    fn raw(&mut self) {
        let hashes = self.run(|c| c == '#');
        let close = format!("\"{}", &self.rest()[..hashes]);
        let begin = hashes + 1;
        let length = match self.rest()[begin..].find(&close) {
            Some(found) => begin + found + close.len(),
            None => {
                self.found.open_ended = true;
                self.rest().len()
            }
        };
        self.push(Sort::Text, length);
    }
}

/// The length of a text in quotes; it ends with its line unless the line ends in `\`.
fn quoted(text: &str, quote: char) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '\n' => return at,
            c if c == quote && quote == '"' && chars.peek().is_some_and(|(_, next)| *next == quote) => {
                chars.next();
            }
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a number: a dot belongs to it when a digit follows, and a range or a method does not.
fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'.' if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => at += 1,
            c if c.is_ascii_alphanumeric() || c == b'_' => at += 1,
            _ => break,
        }
    }
    at
}

impl Token {
    /// Whether it says something: neither white space nor a comment.
    pub fn says(&self) -> bool {
        !matches!(self.sort, Sort::Space | Sort::Comment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let token = |token: &Token| format!("{:?}[{}]", token.sort, &text[token.range.clone()]);
        scan(text).tokens.iter().filter(|token| token.sort != Sort::Space).map(token).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn texts_comments_and_brackets_are_told_apart() {
        insta::assert_snapshot!(
            shown("let a = #{ x: 1.5, y: 1..3 }; // it's"),
            @"Word[let] Word[a] Sign[=] Open[#{] Word[x] Sign[:] Number[1.5] Sign[,] Word[y] Sign[:] Number[1] Sign[.] Sign[.] Number[3] Close[}] End[;] Comment[// it's]"
        );
        insta::assert_snapshot!(
            shown(r##"f("a\"}", `b ${g(`c ${1}`)} }`, '}', #"raw "}"#)"##),
            @r##"Word[f] Open[(] Text["a\"}"] Sign[,] Text[`b ] Open[${] Word[g] Open[(] Text[`c ] Open[${] Number[1] Close[}] Text[`] Close[)] Close[}] Text[ }`] Sign[,] Text['}'] Sign[,] Text[#"raw "}"#] Close[)]"##
        );
        insta::assert_snapshot!(shown("/* a /* b */ c */ d /* e"), @"Comment[/* a /* b */ c */] Word[d] Comment[/* e]");
    }

    proptest::proptest! {
        #[test]
        fn every_byte_is_in_one_token(text in "[ -~\\n`äé→\"'/*{}$#;]{0,80}") {
            let mut end = 0;
            for token in scan(&text).tokens {
                proptest::prop_assert_eq!(token.range.start, end);
                proptest::prop_assert!(token.range.end > end && text.is_char_boundary(token.range.end));
                end = token.range.end;
            }
            proptest::prop_assert_eq!(end, text.len());
        }
    }
}

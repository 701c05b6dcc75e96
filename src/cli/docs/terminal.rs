//! Markdown as text for a terminal: wrapped, indented, in few colours.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use crate::cli::render::escape;
use crate::cli::render::palette::Palette;

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Plain,
    Code,
    Strong,
}

/// A word: pieces with no space between them.
type Word = Vec<(String, Look)>;

/// The text for a terminal of so many columns.
pub fn shown(markdown: &str, palette: Palette, width: usize) -> String {
    let mut writer = Writer { palette, width, ..Writer::default() };
    for event in Parser::new(markdown) {
        writer.take(event);
    }
    writer.lines.join("\n")
}

#[derive(Debug)]
struct Writer {
    palette: Palette,
    width: usize,
    lines: Vec<String>,
    /// Words of the paragraph that is being read.
    words: Vec<Word>,
    /// Whether the next piece begins a word.
    apart: bool,
    look: Look,
    /// How many lists there are around.
    lists: usize,
    heading: bool,
    /// Whether it is a block of code that is being read.
    code: bool,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            palette: Palette::new(false),
            width: 0,
            lines: Vec::new(),
            words: Vec::new(),
            apart: true,
            look: Look::Plain,
            lists: 0,
            heading: false,
            code: false,
        }
    }
}

impl Writer {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) if self.code => {
                let lines = text.lines().map(|line| format!("    {}", escape::line(line)).trim_end().to_owned());
                self.lines.extend(lines);
            }
            // What looks like HTML is text like any other.
            Event::Text(text) | Event::InlineHtml(text) | Event::Html(text) => self.text(&text, self.look),
            Event::Code(text) => self.text(&text, Look::Code),
            Event::SoftBreak | Event::HardBreak => self.apart = true,
            Event::Start(Tag::Strong) => self.look = Look::Strong,
            Event::End(TagEnd::Strong) => self.look = Look::Plain,
            Event::Start(Tag::Heading { .. }) => {
                self.gap();
                self.heading = true;
            }
            Event::End(TagEnd::Heading(_)) => {
                self.flush();
                self.heading = false;
            }
            Event::Start(Tag::CodeBlock(_)) => {
                self.gap();
                self.code = true;
            }
            Event::End(TagEnd::CodeBlock) => self.code = false,
            Event::Start(Tag::List(_)) => {
                if self.lists == 0 {
                    self.gap();
                }
                // A list inside an item comes below its text.
                self.flush();
                self.lists += 1;
            }
            Event::End(TagEnd::List(_)) => self.lists -= 1,
            Event::Start(Tag::Paragraph) if self.lists == 0 => self.gap(),
            Event::End(TagEnd::Paragraph | TagEnd::Item) => self.flush(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str, look: Look) {
        for (index, part) in text.split(char::is_whitespace).enumerate() {
            if index > 0 {
                self.apart = true;
            }
            if part.is_empty() {
                continue;
            }
            let piece = (escape::line(part).into_owned(), look);
            match self.words.last_mut().filter(|_| !self.apart) {
                Some(word) => word.push(piece),
                None => self.words.push(vec![piece]),
            }
            self.apart = false;
        }
    }

    /// An empty line, unless there is nothing before.
    fn gap(&mut self) {
        self.flush();
        if self.lines.last().is_some_and(|last| !last.is_empty()) {
            self.lines.push(String::new());
        }
    }

    /// Writes the words that were read, wrapped.
    fn flush(&mut self) {
        self.apart = true;
        if self.words.is_empty() {
            return;
        }
        let first = self.lists * 2;
        // The lines below an item's first stand further in.
        let rest = if self.lists > 0 { first + 4 } else { first };
        let mut line = " ".repeat(first);
        let mut length = first;
        let mut empty = true;
        for word in std::mem::take(&mut self.words) {
            let size: usize = word.iter().map(|(text, _)| text.chars().count()).sum();
            if !empty && length + 1 + size > self.width {
                self.lines.push(std::mem::replace(&mut line, " ".repeat(rest)));
                length = rest;
                empty = true;
            }
            if !empty {
                line.push(' ');
                length += 1;
            }
            for (text, look) in &word {
                line.push_str(&self.styled(text, *look));
            }
            length += size;
            empty = false;
        }
        self.lines.push(line);
    }

    fn styled(&self, text: &str, look: Look) -> String {
        match look {
            _ if self.heading => self.palette.bold(text),
            Look::Plain => text.to_owned(),
            Look::Code => self.palette.cyan(text),
            Look::Strong => self.palette.yellow(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_wrapped_and_indented() {
        let text = "# a_name\n\nMakes `a thing`, of\nparts.\n\n- `one` — a string; **required**. It is long enough to wrap.\n  - `two`: x\u{1b}[2J\n\n```rhai\nlet a = `${b}`;\n\nf(a);\n```\n";
        insta::assert_snapshot!(shown(text, Palette::new(false), 40), @r"
        a_name

        Makes a thing, of parts.

          one — a string; required. It is long
              enough to wrap.
            two: x\u{1b}[2J

            let a = `${b}`;

            f(a);
        ");
    }
}

//! What helps whoever types: completion, hints, colours, and lines that go on.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hzscript::model::{Address, schemas};
use hzscript::script::explore::{
    Completeness, Completions, Known, Sort, Token, Wanted, complete, completeness, scan, usage,
};
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use super::super::render::escape;
use super::super::render::palette::Palette;
use super::command::COMMANDS;
use super::names::Names;

/// What is known to whoever types, as of the last entry.
#[derive(Debug, Default)]
pub struct Memory {
    /// Variables of the program, and answers that are held.
    pub known: Vec<Known>,
    /// Addresses of the program.
    pub addresses: Vec<String>,
    /// Functions of the program.
    pub functions: Vec<String>,
    /// Inputs of the program.
    pub inputs: Vec<String>,
}

/// What helps whoever types.
pub struct Line {
    memory: Arc<Mutex<Memory>>,
    names: Names,
    palette: Palette,
}

impl Line {
    /// One that shares what is known.
    pub fn new(memory: Arc<Mutex<Memory>>, names: Names, palette: Palette) -> Self {
        Self { memory, names, palette }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Completes an entry in the language.
    fn in_language(&self, text: &str, cursor: usize) -> (usize, Vec<Pair>) {
        let Completions { start, found, wanted } = {
            let memory = self.memory();
            complete(text, cursor, &memory.known, &memory.addresses, &memory.functions)
        };
        let wide = found.iter().map(|one| one.text.chars().count()).max().unwrap_or(0);
        let pair = |text: &str, note: &str| {
            let display = format!("{text:wide$}  {}", escape::line(note));
            Pair { display: display.trim_end().to_owned(), replacement: text.to_owned() }
        };
        let mut pairs: Vec<Pair> = found.iter().map(|one| pair(&one.text, &one.note)).collect();
        let prefix = &text[start..cursor];
        let live = wanted.map(|wanted: Wanted| self.names.of(&wanted)).unwrap_or_default();
        let plain = |name: &&String| name.starts_with(prefix) && escape::line(name) == name.as_str();
        pairs.extend(live.iter().filter(plain).map(|name| pair(name, "")));
        (start, pairs)
    }

    /// Completes a command.
    fn command(&self, text: &str, cursor: usize) -> (usize, Vec<Pair>) {
        let before = &text[..cursor];
        let Some((name, rest)) = before.split_once(' ') else {
            let fits = COMMANDS.iter().filter(|(name, ..)| name.starts_with(before));
            let pair = |(name, takes, what): &(&str, &str, &str)| {
                let display = format!("{:26}  {what}", format!("{name} {takes}"));
                let replacement = if takes.is_empty() { (*name).to_owned() } else { format!("{name} ") };
                Pair { display, replacement }
            };
            return (0, fits.map(pair).collect());
        };
        let start = cursor - rest.len() + rest.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let word = &before[start..];
        let of = |words: Vec<String>| {
            let fits = words.into_iter().filter(|candidate| candidate.starts_with(word));
            fits.map(|word| Pair { display: word.clone(), replacement: word }).collect()
        };
        let found = match name {
            ":load" | ":l" | ":save" | ":graph" => of(files(word, name == ":load" || name == ":l")),
            ":target" => of(vec!["local".to_owned(), "aws".to_owned()]),
            ":inputs" => of(self.memory().inputs.iter().map(|input| format!("{input}=")).collect()),
            ":state" | ":diff" => of(self.memory().addresses.clone()),
            ":follow" => of(self.names.of(&Wanted::Services(None))),
            ":doc" => {
                let commands = COMMANDS.iter().map(|(name, ..)| (*name).to_owned());
                let (_, pairs) = self.in_language(word, word.len());
                of(pairs.into_iter().map(|pair| pair.replacement).chain(commands).collect())
            }
            _ => Vec::new(),
        };
        (start, found)
    }
}

/// Files and folders that a path may be the beginning of.
fn files(path: &str, scripts: bool) -> Vec<String> {
    let (folder, _) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (&path[..folder.len() + 1], name));
    let Ok(entries) = std::fs::read_dir(if folder.is_empty() { "." } else { folder }) else { return Vec::new() };
    let mut found: Vec<String> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let fits = is_folder || !scripts || name.ends_with(".rhai");
            let plain = !name.starts_with('.') && escape::line(&name) == name;
            (fits && plain).then(|| format!("{folder}{name}{}", if is_folder { "/" } else { "" }))
        })
        .collect();
    found.sort();
    found
}

impl Helper for Line {}

impl Completer for Line {
    type Candidate = Pair;

    fn complete(&self, line: &str, cursor: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        Ok(if line.starts_with(':') { self.command(line, cursor) } else { self.in_language(line, cursor) })
    }
}

/// What is shown after the cursor, dimmed.
pub struct Hint(String);

impl rustyline::hint::Hint for Hint {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Line {
    type Hint = Hint;

    /// How a function is called whose bracket was just opened.
    fn hint(&self, line: &str, cursor: usize, _: &Context<'_>) -> Option<Hint> {
        if cursor < line.len() {
            return None;
        }
        if line.starts_with(':') {
            let (_, takes, _) = COMMANDS.iter().find(|(name, ..)| *name == line.trim_end())?;
            return (!takes.is_empty() && line.ends_with(' ')).then(|| Hint((*takes).to_owned()));
        }
        let name = line.strip_suffix('(')?;
        let begin = name.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
        Some(Hint(usage(&name[begin..])?))
    }
}

impl Highlighter for Line {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if !self.palette.is_colored() { Cow::Borrowed(line) } else { Cow::Owned(colored(line, self.palette)) }
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        Cow::Owned(self.palette.bold(prompt))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(self.palette.dim(hint))
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        kind != CmdKind::MoveCursor
    }
}

impl Validator for Line {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = context.input();
        Ok(match is_given_up(text) || is_whole(text) {
            true => ValidationResult::Valid(None),
            false => ValidationResult::Incomplete,
        })
    }
}

/// Whether an entry is whole: a command, or a script's text that is.
pub fn is_whole(text: &str) -> bool {
    text.starts_with(':') || completeness(text) == Completeness::Whole
}

/// Whether two empty lines end what would go on.
fn is_given_up(text: &str) -> bool {
    text.ends_with("\n\n")
}

/// Words of the language.
const KEYWORDS: [&str; 24] = [
    "let", "const", "fn", "private", "if", "else", "switch", "while", "loop", "for", "in", "do", "until", "break",
    "continue", "return", "throw", "try", "catch", "import", "export", "as", "true", "false",
];

/// An entry in colours, of the same width.
pub fn colored(line: &str, palette: Palette) -> String {
    if line.starts_with(':') {
        let (name, rest) = line.split_at(line.find(' ').unwrap_or(line.len()));
        return palette.cyan(name) + rest;
    }
    let tokens: Vec<Token> = scan(line).tokens;
    let text = |token: &Token| &line[token.range.clone()];
    let paint = |(at, token): (usize, &Token)| {
        let text = text(token);
        match token.sort {
            Sort::Comment => palette.dim(text),
            Sort::Text if is_address(text.trim_matches('"')) => palette.magenta(text),
            Sort::Text => palette.green(text),
            Sort::Number => palette.cyan(text),
            Sort::Word if KEYWORDS.contains(&text) => palette.magenta(text),
            Sort::Word
                if tokens.get(at + 1).is_some_and(|next| &line[next.range.clone()] == "(") && usage(text).is_some() =>
            {
                palette.yellow(text)
            }
            _ => text.to_owned(),
        }
    };
    tokens.iter().enumerate().map(paint).collect()
}

/// Whether a text is the address of a resource of a kind there is.
fn is_address(text: &str) -> bool {
    text.parse::<Address>().is_ok_and(|address| schemas().by_kind(address.kind()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        let memory = Memory { inputs: vec!["desiredCount".to_owned()], ..Memory::default() };
        Line::new(Arc::new(Mutex::new(memory)), Names::default(), Palette::new(false))
    }

    fn completed(text: &str) -> Vec<String> {
        let (start, pairs) =
            if text.starts_with(':') { line().command(text, text.len()) } else { line().in_language(text, text.len()) };
        pairs.into_iter().map(|pair| format!("{}{}", &text[..start], pair.replacement)).collect()
    }

    #[test]
    fn commands_and_what_they_take_are_completed() {
        assert_eq!(completed(":pl"), [":plan"]);
        assert_eq!(completed(":inputs a=1 des"), [":inputs a=1 desiredCount="]);
        assert_eq!(completed(":target l"), [":target local"]);
        assert_eq!(completed(":doc ecs_clu"), [":doc ecs_cluster", ":doc ecs_cluster_capacity_provider_associations"]);
        assert_eq!(completed(":load src/cli/repl/no"), Vec::<String>::new());
    }

    #[test]
    fn colours_change_no_text() {
        let text = "let a = ecs_cluster(\"ecs_cluster.a\", #{ n: 1 }); // `b`\n\"not ended";
        let colored = colored(text, Palette::new(true));
        assert_ne!(colored, text);
        assert_eq!(console::strip_ansi_codes(&colored), text);
    }

    #[test]
    fn two_empty_lines_end_what_would_go_on() {
        assert!(is_whole(":load x (") && is_whole("let a = 1") && !is_whole("let a = (") && !is_whole("fn f() {\n\n"));
        assert!(is_given_up("fn f() {\n\n") && !is_given_up("fn f() {\n"));
    }
}

//! [`Exploring`]: a program that is said bit by bit, as at a prompt.
//!
//! What was said so far is a text ([`document`]). An entry is tried with all of it, as one script, and becomes part of the
//! text when it has no mistake: what fails leaves nothing behind, and what the text makes is what a script of it would.
//! Entries that only look are tried and forgotten. What runs is asked about ([`live`]) by entries alone: the answers are
//! kept beside the text, never in it.

mod asked;
mod complete;
mod document;
mod entry;
pub(super) mod live;
mod remembered;
mod scan;
mod shown;
mod statements;
mod tried;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use rhai::Dynamic;

use super::{
    Cancel, Diagnostic, Evaluated, Functions, Given, Limits, Lookups, Mistakes, Request, STACK, evaluate, evaluator,
    limits,
};
use crate::event::{Event, Events};
use document::{Document, Placed, Placing, Taking};
use entry::Back;
use remembered::Remembered;
use statements::{Defines, Statement, statements};
use tried::Said;

pub use complete::{Completion, Completions, Known, Wanted, complete, usage};
pub use entry::{Completeness, completeness};
pub use live::{Queries, Question};
pub use scan::{Scan, Sort, Token, scan};
pub use shown::Shown;
pub use tried::Changed;

pub(super) use shown::shown;
pub(super) use tried::{Trial, Tried};

/// Functions that begin a question about what runs, and how each is called.
pub fn questions() -> &'static [(&'static str, &'static str)] {
    &live::ROOTS
}

/// What an entry is called in messages.
pub const PROMPT: &str = "(prompt)";

/// What the program is called in messages while it is in no file.
pub const PROGRAM: &str = "(program)";

/// What exploring needs from outside.
pub struct Setting {
    /// The folder imports are confined to; `None` allows none. A file that is loaded brings its own.
    pub root: Option<PathBuf>,
    /// Inputs by name.
    pub inputs: BTreeMap<String, Given>,
    /// Answers to what the program may ask of the account. They are remembered until the program is taken as a whole.
    pub lookups: Arc<dyn Lookups>,
    /// Limits on each entry, evaluated with all that was said before.
    pub limits: Limits,
    /// Where `print` goes.
    pub events: Events,
    /// Answers to questions about what runs.
    pub queries: Option<Arc<dyn Queries>>,
}

/// A script that is taken in.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// Its path as the user wrote it.
    pub file: String,
    /// Its text.
    pub source: String,
    /// The folder its imports are confined to.
    pub root: Option<PathBuf>,
}

/// What came of an entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Entered {
    /// Its value.
    pub value: Shown,
    /// Whether it is part of the program now.
    pub kept: bool,
    /// How the program changed.
    pub changed: Changed,
    /// Worth saying though it is no mistake, and not said before.
    pub warnings: Vec<Diagnostic>,
    /// What the program still lacks before it can be planned, and was not told before.
    pub missing: Vec<Diagnostic>,
    /// The texts of every file that diagnostics may point into, by name.
    pub sources: BTreeMap<String, String>,
}

/// A program that is said bit by bit.
pub struct Exploring {
    setting: Setting,
    lookups: Arc<Remembered>,
    loaded: Option<Loaded>,
    document: Document,
    /// Entries that became part of the program since it was loaded.
    typed: Vec<String>,
    /// Functions that ask about what runs: never part of the program.
    asking: Vec<(String, String)>,
    /// Variables that hold answers about what runs: never part of the program.
    held: Vec<(String, Dynamic)>,
    now: Now,
}

/// What the program is, as it was last tried.
#[derive(Debug, Clone, Default)]
struct Now {
    said: Said,
    known: Vec<Known>,
    warnings: Vec<Diagnostic>,
    missing: Vec<Diagnostic>,
    printed: Vec<String>,
}

/// A text to be tried, and where the entry is in it.
struct Attempt {
    document: Document,
    text: String,
    placed: Vec<Placed>,
}

impl Exploring {
    /// One in which nothing was said yet.
    pub fn new(setting: Setting) -> Self {
        let lookups = Arc::new(Remembered::new(setting.lookups.clone()));
        Self {
            setting,
            lookups,
            loaded: None,
            document: Document::default(),
            typed: Vec::new(),
            asking: Vec::new(),
            held: Vec::new(),
            now: Now::default(),
        }
    }

    /// The program's text, as a script has it.
    pub fn text(&self) -> String {
        self.document.open_text()
    }

    /// Whether nothing was said yet.
    pub fn is_empty(&self) -> bool {
        self.document.is_empty()
    }

    /// The script that was taken in.
    pub fn loaded(&self) -> Option<&Loaded> {
        self.loaded.as_ref()
    }

    /// Entries that became part of the program since it was loaded or saved.
    pub fn typed(&self) -> &[String] {
        &self.typed
    }

    /// Variables, those that hold answers included.
    pub fn known(&self) -> Vec<Known> {
        let held = self.held.iter().map(|(name, value)| Known::new(name, value));
        self.now.known.iter().cloned().chain(held).collect()
    }

    /// Addresses of the resources declared, sorted.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.now.said.resources.keys().map(String::as_str)
    }

    /// Names of the program's functions, and of those that ask about what runs.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.document.functions().chain(self.asking.iter().map(|(name, _)| name.as_str()))
    }

    /// A resource as it is declared so far.
    pub fn resource(&self, address: &str) -> Option<Shown> {
        let (properties, _) = self.now.said.resources.get(address)?;
        let properties = properties.iter().map(|(name, value)| (name.clone(), shown::of_value(value))).collect();
        Some(Shown::Resource { address: address.to_owned(), properties })
    }

    /// Inputs that the program has, with the values it goes by; secrets are hidden.
    pub fn inputs(&self) -> impl Iterator<Item = (&str, Shown)> {
        self.now.said.inputs.iter().map(|(name, value)| (name.as_str(), shown::of_value(value)))
    }

    /// What keeps the program from being planned.
    pub fn missing(&self) -> &[Diagnostic] {
        &self.now.missing
    }

    /// Has everything answered by another account from now on. The program is not evaluated again by this.
    pub fn connect(&mut self, lookups: Arc<dyn Lookups>, queries: Option<Arc<dyn Queries>>) {
        self.lookups = Arc::new(Remembered::new(lookups.clone()));
        self.setting.lookups = lookups;
        self.setting.queries = queries;
        self.held.clear();
    }

    /// The program as a whole, as a script of its text gives it, with look-ups answered anew.
    ///
    /// # Errors
    /// All its mistakes.
    pub async fn program(&self) -> Result<Evaluated, Mistakes> {
        self.lookups.forget();
        evaluate(Request { events: Events::none(), ..self.request(&self.text()) }).await
    }

    /// Takes an entry.
    ///
    /// # Errors
    /// All its mistakes, in places of the entry where they are there; nothing is changed then.
    pub async fn enter(&mut self, text: &str) -> Result<Entered, Mistakes> {
        if let Some(mistake) = entry::mistake(text) {
            return Err(Mistakes { mistakes: vec![mistake], sources: [(PROMPT.to_owned(), text.to_owned())].into() });
        }
        let parts = statements(text);
        if parts.iter().any(|part| entry::returns(text, part)) {
            let help = "leave it out: the value of an entry is that of its last statement";
            return Err(entry::refused(text, "`return` would end the program here", Some(help)));
        }
        if self.asks(text, &parts) { self.ask(text, &parts).await } else { self.say(text, &parts).await }
    }

    /// Takes a script in as the beginning of the program. What was typed is said again after it.
    ///
    /// # Errors
    /// All its mistakes; nothing is changed then.
    pub async fn load(&mut self, loaded: Loaded) -> Result<Entered, Mistakes> {
        let before = self.now.said.clone();
        let mut next = Self {
            document: Document::of(evaluator::without_mark(&loaded.source)),
            loaded: Some(loaded),
            now: Now::default(),
            typed: Vec::new(),
            setting: self.setting.again(),
            lookups: self.lookups.clone(),
            asking: self.asking.clone(),
            held: self.held.clone(),
        };
        next.lookups.forget();
        let text = next.document.text();
        let tried = next.attempt(&text, Trial::whole(), &next.now.printed).await?;
        let mut entered = next.accept(tried, true);
        for entry in &self.typed {
            let parts = statements(entry);
            let again = Box::pin(next.say(entry, &parts)).await?;
            entered.warnings.extend(again.warnings);
            entered.missing = next.now.missing.clone();
            entered.sources.extend(again.sources);
        }
        *self = next;
        entered.changed = Changed::between(&before, &self.now.said);
        entered.value = Shown::Nothing;
        Ok(entered)
    }

    /// That the program was written to a file: it is the one that is loaded from now on.
    pub fn saved(&mut self, loaded: Loaded) {
        self.document = Document::of(&loaded.source);
        self.loaded = Some(loaded);
        self.typed.clear();
    }

    /// Forgets everything that was said.
    pub fn clear(&mut self) {
        *self = Self::new(self.setting.again());
    }

    /// Gives inputs; the program is evaluated with them.
    ///
    /// # Errors
    /// All the mistakes the program has with them; they are not given then.
    pub async fn give(&mut self, inputs: BTreeMap<String, Given>) -> Result<Entered, Mistakes> {
        let before = std::mem::replace(&mut self.setting.inputs, inputs);
        let text = self.document.text();
        match self.attempt(&text, Trial::whole(), &self.now.printed).await {
            Ok(tried) => Ok(self.accept(tried, true)),
            Err(mistakes) => {
                self.setting.inputs = before;
                Err(mistakes)
            }
        }
    }

    /// The inputs that were given.
    pub fn given(&self) -> &BTreeMap<String, Given> {
        &self.setting.inputs
    }

    /// Takes what was tried for what the program is.
    fn accept(&mut self, tried: (Tried, Vec<String>), kept: bool) -> Entered {
        let (Tried { value, said, known, warnings, missing, sources, .. }, printed) = tried;
        let new = |now: &[Diagnostic], before: &[Diagnostic]| -> Vec<Diagnostic> {
            let told = |one: &&Diagnostic| before.iter().any(|other| other.message == one.message);
            now.iter().filter(|diagnostic| !told(diagnostic)).cloned().collect()
        };
        let entered = Entered {
            value,
            kept,
            changed: Changed::between(&self.now.said, &said),
            warnings: new(&warnings, &self.now.warnings),
            missing: new(&missing, &self.now.missing),
            sources,
        };
        self.held.retain(|(name, _)| !said.variables.contains_key(name));
        self.now = Now { said, known, warnings, missing, printed };
        entered
    }

    /// Takes an entry that says something of the program, or only looks at it.
    async fn say(&mut self, text: &str, parts: &[Statement]) -> Result<Entered, Mistakes> {
        let takes = |part: &Statement| {
            let piece = self.document.defining(&part.defines)?.id();
            Some(Taking { piece, variable: None })
        };
        let mut placing = Placing { of: parts.iter().map(takes).collect(), ..Placing::default() };
        let (attempt, tried) = loop {
            let (attempt, tried) = match self.place(text, parts, &placing).await {
                Ok(done) => done,
                // What takes the place of something earlier may need what was said since.
                Err(mistakes) if placing.of.iter().any(Option::is_some) => {
                    let at_the_end = placing.at_the_end();
                    self.place(text, parts, &at_the_end).await.map_err(|_| mistakes)?
                }
                Err(mistakes) => return Err(mistakes),
            };
            match self.taking_over(&tried.0, &attempt, parts, &placing) {
                Ok(next) if next == placing => break (attempt, tried),
                Ok(next) => placing = next,
                Err(what) => {
                    let help = "write that statement again as a whole, or give this another name";
                    return Err(entry::refused(text, &what, Some(help)));
                }
            }
        };
        let defines = parts.iter().any(|part| part.defines != Defines::Nothing);
        let kept = defines || tried.0.said != self.now.said;
        if !kept {
            let mut entered = self.looked(tried);
            entered.warnings.retain(|warning| !self.now.warnings.iter().any(|told| told.message == warning.message));
            return Ok(entered);
        }
        let only_look: Vec<usize> = (0..parts.len())
            .filter(|at| parts[*at].defines == Defines::Nothing && entry::only_looks(&text[parts[*at].range.clone()]))
            .collect();
        let at_the_end = attempt.placed.last().is_some_and(|placed| {
            let rest = attempt.text.get(placed.range.end..);
            placed.statement + 1 == parts.len() && rest.is_some_and(|rest| rest.trim().is_empty())
        });
        self.document = attempt.document.kept(&attempt.placed, &only_look);
        self.typed.push(text.to_owned());
        let mut entered = self.accept(tried, true);
        if !at_the_end {
            entered.value = Shown::Nothing;
        }
        Ok(entered)
    }

    /// What an entry shows that leaves everything as it is.
    fn looked(&self, (tried, _): (Tried, Vec<String>)) -> Entered {
        Entered {
            value: tried.value,
            kept: false,
            changed: Changed::default(),
            warnings: tried.warnings,
            missing: Vec::new(),
            sources: tried.sources,
        }
    }

    /// Tries the program with an entry whose statements go where `placing` says.
    async fn place(
        &self,
        entry: &str,
        parts: &[Statement],
        placing: &Placing,
    ) -> Result<(Attempt, (Tried, Vec<String>)), Mistakes> {
        let (document, placed) = self.document.with(entry, parts, placing);
        let text = document.text();
        let fresh = placed.iter().map(|placed| placed.range.clone()).collect();
        let tried = self.attempt(&text, Trial { fresh, ..Trial::whole() }, &self.now.printed).await;
        let back = Back { file: self.file(), text: &text, entry, placed: &placed };
        match tried {
            Ok((mut tried, printed)) => {
                tried.warnings = back.diagnostics(tried.warnings);
                tried.missing = back.diagnostics(tried.missing);
                tried.sources.insert(PROMPT.to_owned(), entry.to_owned());
                Ok((Attempt { document, text, placed }, (tried, printed)))
            }
            Err(mistakes) => Err(back.mistakes(mistakes)),
        }
    }

    /// Where the statements of an entry go that say anew what earlier ones said.
    fn taking_over(
        &self,
        tried: &Tried,
        attempt: &Attempt,
        parts: &[Statement],
        placing: &Placing,
    ) -> Result<Placing, String> {
        let mut next = placing.clone();
        for (what, first, now) in &tried.anew {
            let Some(piece) = attempt.document.at(*first) else { continue };
            let Some(placed) = attempt.placed.iter().find(|placed| placed.range.contains(now)) else { continue };
            let others = |(name, at): (&String, &usize)| {
                attempt.document.at(*at).is_some_and(|other| other.id() == piece.id()).then(|| name.clone())
            };
            let others: Vec<String> = tried.places.iter().filter_map(others).collect();
            if !others.is_empty() {
                let some: Vec<&str> = others.iter().take(3).map(String::as_str).collect();
                let more = others.len().saturating_sub(some.len());
                let and_more = if more == 0 { String::new() } else { format!(" and {more} more") };
                let some = some.join(", ");
                return Err(format!("{what} is declared by a statement that declares {some}{and_more} as well"));
            }
            let is_plain = parts[placed.statement].defines == Defines::Nothing;
            let variable = match &piece.defines {
                Defines::Variable(name) if is_plain => Some(name.clone()),
                _ => None,
            };
            match &next.of[placed.statement] {
                Some(taking) if taking.piece == piece.id() => {}
                Some(_) => drop(next.removed.insert(piece.id())),
                None => next.of[placed.statement] = Some(Taking { piece: piece.id(), variable }),
            }
        }
        Ok(next)
    }

    /// What the program is called in messages.
    fn file(&self) -> &str {
        self.loaded.as_ref().map_or(PROGRAM, |loaded| &loaded.file)
    }

    fn request(&self, text: &str) -> Request {
        let loaded = self.loaded.as_ref();
        Request {
            file: self.file().to_owned(),
            source: text.to_owned(),
            root: loaded.map_or_else(|| self.setting.root.clone(), |loaded| loaded.root.clone()),
            inputs: self.setting.inputs.clone(),
            lookups: self.lookups.clone(),
            limits: self.setting.limits.clone(),
            functions: Functions::default(),
            events: self.setting.events.clone(),
        }
    }

    /// Evaluates a text on a thread of its own. What it prints is passed on but for what was `printed` before, and answered.
    async fn attempt(&self, text: &str, trial: Trial, printed: &[String]) -> Result<(Tried, Vec<String>), Mistakes> {
        let (events, heard) = anew(&self.setting.events, printed);
        let request = Request { events, ..self.request(text) };
        let sources = BTreeMap::from([(request.file.clone(), request.source.clone())]);
        let failed = |message: String| {
            let mistake = Diagnostic { message, label: None, place: None, called_from: Vec::new(), help: None };
            Mistakes { mistakes: vec![mistake], sources }
        };
        let (send, receive) = tokio::sync::oneshot::channel();
        let cancelled = Arc::new(AtomicBool::new(false));
        let _cancel = Cancel(cancelled.clone());
        let runtime = tokio::runtime::Handle::try_current().ok();
        let spawned = std::thread::Builder::new().name("script".to_owned()).stack_size(STACK).spawn(move || {
            let watch = Arc::new(limits::Watch::start(request.limits.clone(), cancelled));
            // Nobody may be waiting any more; then nobody needs the result either.
            let _ = send.send(evaluator::explore(request, runtime, watch, trial));
        });
        if let Err(error) = spawned {
            return Err(failed(format!("no thread to evaluate the entry on: {error}")));
        }
        let tried = match receive.await {
            Ok(result) => result?,
            Err(_) => return Err(failed("the evaluation of the entry failed unexpectedly".to_owned())),
        };
        let heard = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
        Ok((tried, heard))
    }
}

/// Passes on what is printed, but for what was printed before by the same program; keeps all of it.
fn anew(events: &Events, before: &[String]) -> (Events, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (events, before, all) = (events.clone(), before.to_vec(), heard.clone());
    let sink = Events::to(move |event| {
        if let Event::Printed { text, .. } = &event {
            let mut heard = all.lock().unwrap_or_else(PoisonError::into_inner);
            heard.push(text.clone());
            if heard.len() <= before.len() && heard[..] == before[..heard.len()] {
                return;
            }
        }
        events.send(event);
    });
    (sink, heard)
}

impl Setting {
    /// The same again.
    fn again(&self) -> Self {
        Self {
            root: self.root.clone(),
            inputs: self.inputs.clone(),
            lookups: self.lookups.clone(),
            limits: self.limits.clone(),
            events: self.events.clone(),
            queries: self.queries.clone(),
        }
    }
}

impl Trial {
    /// Of a text that is no entry.
    fn whole() -> Self {
        Self { fresh: Vec::new(), held: Vec::new(), queries: None }
    }
}

impl Placing {
    /// The same, where what takes a place goes to the end instead.
    fn at_the_end(&self) -> Self {
        let mut placing = self.clone();
        placing.removed.extend(self.of.iter().flatten().map(|taking| taking.piece));
        placing
    }
}

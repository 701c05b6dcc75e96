//! `hzscript repl`: a prompt at which a program is said bit by bit, planned and carried out, and what runs is looked at.
//!
//! The language and what was said are the library's ([`hzscript::script::explore`]); here are the line that is typed
//! ([`line`]), the commands ([`command`]), how values look ([`look`]) and what commands do with the stack ([`work`]).

mod command;
mod doc;
mod graph;
mod line;
mod live;
mod look;
mod names;
mod work;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use hzscript::cloud::Cloud;
use hzscript::live::Live;
use hzscript::script::explore::{Changed, Entered, Exploring, Loaded, Setting};
use hzscript::script::{Diagnostic, Limits};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};

use super::Tools;
use super::args::ReplArguments;
use super::connect::{Folder, Target};
use super::error::Error;
use super::exit::Exit;
use super::input::gather;
use super::interrupt::Interrupt;
use super::render::progress::elapsed;
use super::render::{diagnostics, error, escape};
use super::script::{Script, stack_name};
use super::stack::say;
use command::{COMMANDS, Command};
use line::{Line, Memory, is_whole};
use live::{FRESH, find_names};
use names::Names;

/// The stack that is worked on when neither a script nor `--stack` names one.
const STACK: &str = "repl";

/// The most entries that the history keeps.
const HISTORY: usize = 2000;

/// Runs the prompt.
///
/// # Errors
/// When there is no connection, or the script that is named cannot be read; without a terminal, at the first mistake.
pub async fn run(arguments: &ReplArguments, tools: &Tools) -> Result<Exit, Error> {
    let mut repl = Repl::open(arguments.clone(), tools).await?;
    let interactive = tools.environment.interactive && arguments.eval.is_empty();
    if let Some(script) = &arguments.script {
        match repl.load(script).await {
            Ok(()) => {}
            // It can be mended and read again.
            Err(error) if interactive => repl.told(&error),
            Err(error) => return Err(error),
        }
    }
    if !arguments.eval.is_empty() {
        for entry in &arguments.eval {
            if repl.take(entry, tools).await? == Next::End {
                break;
            }
        }
        return Ok(repl.exit);
    }
    if interactive { repl.at_terminal().await } else { repl.take_input(tools).await }
}

/// Whether another entry follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Entry,
    End,
}

/// The prompt.
struct Repl<'a> {
    arguments: ReplArguments,
    tools: &'a Tools,
    target: Target,
    cloud: Cloud,
    /// The stack's name.
    stack: String,
    exploring: Exploring,
    memory: Arc<Mutex<Memory>>,
    names: Names,
    /// Whether names of what runs have changed.
    stale: bool,
    /// Whether it is told how long entries take.
    timed: bool,
    exit: Exit,
}

impl<'a> Repl<'a> {
    async fn open(arguments: ReplArguments, tools: &'a Tools) -> Result<Self, Error> {
        let stack = match (&arguments.stack.stack, &arguments.script) {
            (None, None) => STACK.to_owned(),
            (given, script) => stack_name(given.as_deref(), script.as_deref())?,
        };
        let inputs = gather(&arguments.inputs, &tools.environment)?;
        let target = Target::choose(&arguments.target, &tools.environment)?;
        let folder = Folder::new(&arguments.stack.folder);
        folder.make()?;
        let cloud = tools.interrupt.cut(target.connect(&folder)).await??;
        let _ = tools.calls.set(cloud.calls.clone());
        say(&target, &cloud, &stack, tools);
        let names = Names::default();
        let exploring = Exploring::new(Setting {
            root: Some(PathBuf::from(".")),
            inputs,
            lookups: Arc::new(cloud.clone()),
            limits: Limits::default(),
            events: tools.screen.events(),
            queries: Some(Self::running(Live::new(cloud.clone()), &target, arguments.apply.yes, tools)),
        });
        let (memory, exit) = (Arc::default(), Exit::Success);
        Ok(Self { arguments, tools, target, cloud, stack, exploring, memory, names, stale: false, timed: false, exit })
    }

    /// Reads entries from whoever sits at the terminal until they end.
    async fn at_terminal(&mut self) -> Result<Exit, Error> {
        let screen = &self.tools.screen;
        let failed = |error: ReadlineError| Error::Io { what: "read from the terminal".to_owned(), source: io(error) };
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .completion_show_all_if_ambiguous(true)
            .auto_add_history(false)
            .max_history_size(HISTORY)
            .map_err(failed)?
            .build();
        let mut editor: Editor<Line, FileHistory> = Editor::with_config(config).map_err(failed)?;
        editor.set_helper(Some(Line::new(self.memory.clone(), self.names.clone(), screen.out_palette())));
        let history = self.arguments.stack.folder.dir.join("history");
        // There may be none yet.
        let _ = editor.load_history(&history);
        let mut asked: Option<Instant> = None;
        screen.out(&screen.out_palette().dim(":help says what can be typed here; :quit or Ctrl-D ends"));
        loop {
            self.remember();
            if self.stale || asked.is_none_or(|asked| asked.elapsed() > FRESH) {
                self.stale = false;
                asked = Some(Instant::now());
                // Nobody waits for it: what it finds is completed from then on.
                tokio::spawn(find_names(Live::new(self.cloud.clone()), self.names.clone()));
            }
            let prompt = format!("{}/{}> ", self.target.name(), self.stack);
            let typed = tokio::task::block_in_place(|| editor.readline(&prompt));
            let entry = match typed {
                Ok(entry) => entry,
                // The line is given up.
                Err(ReadlineError::Interrupted) => continue,
                Err(ReadlineError::Eof) if self.may_end(&mut editor) => break,
                Err(ReadlineError::Eof) => continue,
                Err(error) => return Err(failed(error)),
            };
            if !entry.trim().is_empty() && !is_secret(&entry) {
                let _ = editor.add_history_entry(entry.trim_end());
            }
            // An entry that does not end is ended by Ctrl-C, and the prompt is not.
            let (first, second) = (screen.clone(), screen.clone());
            let (interrupt, _listening) = Interrupt::while_working(move || first.interrupted(), move || second.ended());
            let environment = self.tools.environment.clone();
            let own = Tools { environment, screen: screen.clone(), interrupt, calls: OnceLock::new() };
            match self.take(&entry, &own).await {
                Ok(Next::Entry) => {}
                Ok(Next::End) if self.may_end(&mut editor) => break,
                Ok(Next::End) => {}
                Err(error) => self.told(&error),
            }
        }
        let _ = editor.save_history(&history);
        Ok(Exit::Success)
    }

    /// Whether it may end: what was typed and is in no file is asked about.
    fn may_end(&self, editor: &mut Editor<Line, FileHistory>) -> bool {
        if self.exploring.typed().is_empty() {
            return true;
        }
        let count = self.exploring.typed().len();
        let entries = if count == 1 { "an entry is".to_owned() } else { format!("{count} entries are") };
        let question = format!("{entries} in no script yet (:save FILE writes them). End all the same? [y/N] ");
        editor.set_helper(None);
        let answer = tokio::task::block_in_place(|| editor.readline(&question));
        editor.set_helper(Some(Line::new(self.memory.clone(), self.names.clone(), self.tools.screen.out_palette())));
        match answer {
            Ok(answer) => matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"),
            Err(ReadlineError::Eof) => true,
            Err(_) => false,
        }
    }

    /// Reads entries from standard input until it ends, or one has a mistake.
    async fn take_input(&mut self, tools: &Tools) -> Result<Exit, Error> {
        let read = tokio::task::spawn_blocking(|| std::io::read_to_string(std::io::stdin()));
        let failed = |source| Error::Io { what: "read entries from standard input".to_owned(), source };
        let text = tools.interrupt.cut(read).await?.map_err(|error| failed(error.into()))?.map_err(failed)?;
        let mut entry = String::new();
        for line in text.lines() {
            if !entry.is_empty() {
                entry.push('\n');
            }
            entry.push_str(line);
            if is_whole(&entry) {
                if self.take(&std::mem::take(&mut entry), tools).await? == Next::End {
                    return Ok(self.exit);
                }
                if self.exit != Exit::Success {
                    return Ok(self.exit);
                }
            }
        }
        if !entry.trim().is_empty() {
            self.take(&entry, tools).await?;
        }
        Ok(self.exit)
    }

    /// Takes an entry.
    async fn take(&mut self, entry: &str, tools: &Tools) -> Result<Next, Error> {
        let began = Instant::now();
        let text = entry.trim();
        let next = if text.is_empty() {
            Next::Entry
        } else if text.starts_with(':') {
            match command::read(text) {
                Ok(command) => self.command(command, tools).await?,
                Err((message, help)) => return Err(Error::Usage { message, help }),
            }
        } else {
            let entered = tools.interrupt.cut(self.exploring.enter(entry)).await?.map_err(Error::Mistakes)?;
            self.show(&entered);
            Next::Entry
        };
        if self.timed && next == Next::Entry {
            let took = began.elapsed();
            let shown = if took.as_secs() > 0 { elapsed(took) } else { format!("{} ms", took.as_millis()) };
            tools.screen.out(&tools.screen.out_palette().dim(&shown));
        }
        Ok(next)
    }

    async fn command(&mut self, command: Command, tools: &Tools) -> Result<Next, Error> {
        self.stale = matches!(command, Command::Apply | Command::Destroy | Command::Target(_));
        match command {
            Command::Help => self.help(),
            Command::Doc(name) => self.doc(&name)?,
            Command::Plan => self.plan(tools).await?,
            Command::Apply => self.exit = self.apply(tools).await?,
            Command::Destroy => self.exit = self.destroy(tools).await?,
            Command::Diff(address) => self.diff(address.as_deref(), tools).await?,
            Command::Graph(file) => self.graph(file.as_deref(), tools).await?,
            Command::State(address) => self.state(address.as_deref(), tools).await?,
            Command::Load(file) => self.load(&file).await?,
            Command::Reload => self.reload().await?,
            Command::Save(file) => self.save(file)?,
            Command::Program => self.program(),
            Command::Clear => {
                self.exploring.clear();
                tools.screen.out("The program is empty; what exists is as it was.");
            }
            Command::Inputs(given) => self.inputs(&given).await?,
            Command::Target(name) => self.retarget(name.as_deref(), tools).await?,
            Command::Follow(service) => self.follow(&service, tools).await?,
            Command::Time => {
                self.timed = !self.timed;
                tools.screen.out(if self.timed {
                    "It is told how long entries take."
                } else {
                    "It is told no longer."
                });
            }
            Command::Quit => return Ok(Next::End),
        }
        Ok(Next::Entry)
    }

    /// Shows what came of an entry.
    fn show(&self, entered: &Entered) {
        let screen = &self.tools.screen;
        let Entered { value, changed, warnings, missing, sources, .. } = entered;
        if let Some(text) = look::shown(value, screen.out_palette()) {
            screen.out(&text);
        }
        if let Some(text) = differs(changed, screen) {
            screen.out(&text);
        }
        for warning in warnings {
            screen.err(&diagnostics::warning(warning, sources, screen.err_palette(), screen.width()));
        }
        for diagnostic in missing {
            screen.err(&screen.err_palette().yellow(&not_yet(diagnostic)));
        }
    }

    /// Tells an error, without ending.
    fn told(&self, error: &Error) {
        let screen = &self.tools.screen;
        screen.calm();
        if let Error::Interrupted = error {
            screen.err(&screen.err_palette().yellow("it is not waited for any longer"));
            return;
        }
        screen.err(&error::told(error).text(screen.err_palette(), screen.width()));
    }

    /// Has what is known there for whoever types next.
    fn remember(&self) {
        let memory = Memory {
            known: self.exploring.known(),
            addresses: self.exploring.addresses().map(str::to_owned).collect(),
            functions: self.exploring.functions().map(str::to_owned).collect(),
            inputs: self.exploring.inputs().map(|(name, _)| name.to_owned()).collect(),
        };
        self.names.roles(memory.addresses.iter().filter_map(|address| {
            let name = address.strip_prefix("iam_role.")?;
            Some(name.to_owned())
        }));
        *self.memory.lock().unwrap_or_else(PoisonError::into_inner) = memory;
    }

    fn help(&self) {
        let screen = &self.tools.screen;
        let palette = screen.out_palette();
        let width = COMMANDS.iter().map(|(name, takes, _)| name.len() + takes.len() + 1).max().unwrap_or(0);
        let line = |(name, takes, what): &(&str, &str, &str)| {
            let called = format!("{name} {takes}");
            format!("  {}{}  {what}", palette.cyan(&called), " ".repeat(width - called.len()))
        };
        let commands: Vec<String> = COMMANDS.iter().map(line).collect();
        screen.out(&format!(
            "Type the language of scripts: what is declared here makes a program.\n\
             \n\
             \x20 let c = ecs_cluster(\"c\", #{{ clusterName: \"c\" }})   declare; again to declare it otherwise\n\
             \x20 c.arn                                              look at a value\n\
             \x20 clusters()                                         ask what runs, whatever started it\n\
             \x20 service(\"hazelcast-service\").tasks()               … and filter it: .filter(|t| t.status == \"STOPPED\")\n\
             \n\
             Tab completes, an open bracket goes on in the next line, Ctrl-C gives a line up.\n\
             \n{}",
            commands.join("\n")
        ));
    }

    /// Takes a script in.
    async fn load(&mut self, file: &Path) -> Result<(), Error> {
        let script = Script::read(file)?;
        if self.arguments.stack.stack.is_none() {
            self.stack = stack_name(None, Some(file))?;
        }
        let loaded = Loaded { file: script.shown(), source: script.source.clone(), root: Some(script.folder()) };
        let entered = self.exploring.load(loaded).await.map_err(Error::Mistakes)?;
        let count = self.exploring.addresses().count();
        let resources = if count == 1 { "a resource".to_owned() } else { format!("{count} resources") };
        let entered = Entered { changed: Changed::default(), ..entered };
        self.show(&entered);
        self.tools.screen.out(&format!("{} declares {resources}.", escape::line(&script.shown())));
        Ok(())
    }

    async fn reload(&mut self) -> Result<(), Error> {
        let file = self.exploring.loaded().map(|loaded| PathBuf::from(&loaded.file)).or(self.arguments.script.clone());
        match file {
            Some(file) => self.load(&file).await,
            None => Err(usage("no script was loaded", Some(":load FILE takes one in"))),
        }
    }

    fn save(&mut self, file: Option<PathBuf>) -> Result<(), Error> {
        let Some(file) = file.or_else(|| self.exploring.loaded().map(|loaded| PathBuf::from(&loaded.file))) else {
            return Err(usage("there is no file to save the program in", Some("write :save FILE")));
        };
        let own = self.exploring.loaded().is_some_and(|loaded| Path::new(&loaded.file) == file);
        if !own && file.exists() {
            let message = format!("{} is there already", escape::line(&file.display().to_string()));
            return Err(usage(&message, Some("give another name, or :load it first to save over it")));
        }
        let text = self.exploring.text();
        let failed = |source| Error::Io { what: format!("write {}", file.display()), source };
        std::fs::write(&file, &text).map_err(failed)?;
        let script = Script { path: file.clone(), source: text.clone() };
        let loaded = Loaded { file: script.shown(), source: text, root: Some(script.folder()) };
        self.exploring.saved(loaded);
        let shown = escape::line(&script.shown()).into_owned();
        let by_name = stack_name(None, Some(&file)).is_ok_and(|name| name == self.stack);
        let stack = if by_name { String::new() } else { format!(" --stack {}", self.stack) };
        self.tools.screen.out(&format!("{shown} is written; outside of here: hzscript run {shown}{stack}"));
        Ok(())
    }

    fn program(&self) {
        let screen = &self.tools.screen;
        let text = self.exploring.text();
        let palette = screen.out_palette();
        let safe = escape::lines(text.trim_end());
        screen.out(&if palette.is_colored() { line::colored(&safe, palette) } else { safe });
    }
}

/// What changed of the program, in lines as plans have them.
fn differs(changed: &Changed, screen: &super::render::screen::Screen) -> Option<String> {
    let palette = screen.out_palette();
    let resources = |addresses: &[String], sign: &str| -> Vec<String> {
        addresses.iter().map(|address| format!("{sign} {}", escape::line(address))).collect()
    };
    let added = resources(&changed.added, "+").into_iter().map(|line| palette.green(&line));
    let otherwise = resources(&changed.changed, "~").into_iter().map(|line| palette.yellow(&line));
    let removed = resources(&changed.removed, "-").into_iter().map(|line| palette.red(&line));
    let outputs = changed.outputs.iter().map(|name| palette.dim(&format!("output {}", escape::line(name))));
    let lines: Vec<String> = added.chain(otherwise).chain(removed).chain(outputs).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// What a program still lacks, on one line.
fn not_yet(diagnostic: &Diagnostic) -> String {
    let place = diagnostic.place.as_ref();
    let at = place.map(|place| format!(" ({}:{})", escape::line(&place.file), place.line)).unwrap_or_default();
    format!("before it can be planned: {}{at}", escape::line(&diagnostic.message))
}

/// Whether an entry is not kept in the history, because of what may be in it.
fn is_secret(entry: &str) -> bool {
    entry.contains("secret(") || entry.trim_start().starts_with(":inputs") && entry.contains('=')
}

/// An error of what was typed.
fn usage(message: &str, help: Option<&str>) -> Error {
    Error::Usage { message: message.to_owned(), help: help.map(str::to_owned) }
}

/// The terminal's error as one of input and output.
fn io(error: ReadlineError) -> std::io::Error {
    match error {
        ReadlineError::Io(error) => error,
        other => std::io::Error::other(other.to_string()),
    }
}

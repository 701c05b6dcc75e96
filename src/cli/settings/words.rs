//! The arguments of the process with what `hzscript.toml` says put in where neither they nor the environment say it.
//!
//! What is put in stands right behind the command's name, as if it had been typed there; the script comes last. So no command
//! needs to know of the file.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches};

use super::file::File;
use super::{NAME, Settings, find};
use crate::cli::args::Arguments;
use crate::cli::environment::Environment;
use crate::cli::error::Error;
use crate::cli::known::closest;

/// Variables that say which region or profile, and which therefore win over the file.
const AWS_VARIABLES: [(&str, &[&str]); 2] =
    [("region", &["AWS_REGION", "AWS_DEFAULT_REGION"]), ("profile", &["AWS_PROFILE"])];

/// Arguments as they hold.
#[derive(Debug)]
pub struct Parsed {
    /// The arguments.
    pub arguments: Arguments,
    /// What the file says for them, where there is one.
    pub settings: Option<Settings>,
    /// What was taken from the file, in words.
    pub taken: Vec<String>,
}

/// Why there are no arguments.
#[derive(Debug)]
pub enum Stopped {
    /// They are wrong, or ask for help.
    Clap(clap::Error),
    /// The file is wrong, or says not enough.
    Error(Error),
}

impl From<clap::Error> for Stopped {
    fn from(error: clap::Error) -> Self {
        Self::Clap(error)
    }
}

/// Reads the words of a command line, the program's name first.
///
/// # Errors
/// [`Stopped`].
pub fn parse(words: &[OsString], environment: &Environment) -> Result<Parsed, Stopped> {
    let first = Arguments::command().try_get_matches_from(words);
    let without_script = match &first {
        Ok(_) => false,
        Err(error) if lacks_script(error) => true,
        Err(_) => false,
    };
    let first = match first {
        Err(error) if !without_script => return Err(not_understood(error, words)),
        first => first,
    };
    // What else was given shows once something stands where the script belongs.
    let mut typed = match &first {
        Ok(matches) => Typed::of(words, matches),
        Err(_) => Typed::of(words, &Arguments::command().try_get_matches_from(with_script(words, "script"))?),
    };
    if without_script {
        typed.script = None;
    }
    let script = typed.script.clone();
    let folder = script.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    let home = environment.variable("HOME").map(PathBuf::from);
    let file = find(folder, &environment.here, home.as_deref());
    // What is begun anew takes nothing from around it.
    let Some(path) = file.filter(|_| typed.commands.first().is_none_or(|command| command != "init")) else {
        return match first {
            Ok(matches) => {
                Ok(Parsed { arguments: Arguments::from_arg_matches(&matches)?, settings: None, taken: Vec::new() })
            }
            Err(_) => Err(Stopped::Error(no_script(&typed, environment, None))),
        };
    };
    let file = File::read(&path).map_err(Stopped::Error)?;
    let settings = Settings::of(&file, script.as_deref(), typed.stack.as_deref());
    if without_script && settings.script.is_none() {
        return Err(Stopped::Error(no_script(&typed, environment, Some(&file.shown))));
    }
    let without_script = without_script || typed.means_script() && settings.script.is_some();
    let (words, taken) = typed.with(words, &settings, without_script, environment);
    let matches = Arguments::command().try_get_matches_from(words)?;
    Ok(Parsed { arguments: Arguments::from_arg_matches(&matches)?, settings: Some(settings), taken })
}

/// The words with a script, which comes last.
fn with_script(words: &[OsString], script: impl AsRef<OsStr>) -> Vec<OsString> {
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let mut words = words.to_vec();
    words.insert(end, script.as_ref().to_owned());
    words
}

/// Whether all that is missing is a script.
fn lacks_script(error: &clap::Error) -> bool {
    if error.kind() != ErrorKind::MissingRequiredArgument {
        return false;
    }
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(missing)) => missing.len() == 1 && missing[0].contains("SCRIPT"),
        _ => false,
    }
}

/// Why words are no command line. A script in the place of a command is one that somebody wants to run.
fn not_understood(error: clap::Error, words: &[OsString]) -> Stopped {
    let unknown = match (error.kind(), error.get(ContextKind::InvalidSubcommand)) {
        (ErrorKind::InvalidSubcommand, Some(ContextValue::String(word))) => word.clone(),
        _ => return Stopped::Clap(error),
    };
    if unknown.ends_with(".rhai") {
        let message = format!("what is to be done with {unknown}?");
        let help = format!("hzscript run {unknown} makes what it declares, hzscript plan {unknown} only shows it");
        return Stopped::Error(Error::Usage { message, help: Some(help) });
    }
    let mut command = Arguments::command();
    command.build();
    let mut below: &Command = &command;
    let mut path = "hzscript".to_owned();
    for word in words.iter().skip(1) {
        let Some(found) = word.to_str().and_then(|word| below.find_subcommand(word)) else { break };
        path.push_str(&format!(" {}", found.get_name()));
        below = found;
    }
    let help = match closest(&unknown, below.get_subcommands().map(Command::get_name)) {
        Some(meant) => format!("did you mean `{path} {meant}`?"),
        None => format!("`{path} --help` lists the commands"),
    };
    Stopped::Error(Error::Usage { message: format!("there is no command `{path} {unknown}`"), help: Some(help) })
}

/// That a command needs a script, and which there may be.
fn no_script(typed: &Typed, environment: &Environment, file: Option<&str>) -> Error {
    let command = typed.commands.join(" ");
    let scripts = scripts(&environment.here);
    let help = match (scripts.as_slice(), file) {
        ([only], _) => format!("hzscript {command} {only}"),
        ([_, ..], _) => format!("which one? {}", scripts.join(", ")),
        ([], Some(file)) => format!("name it, or put it into {file}: [defaults] script = \"main.rhai\""),
        ([], None) => "`hzscript init` writes a first one".to_owned(),
    };
    let message = match file {
        Some(file) => format!("`hzscript {command}` needs a script, and {file} names none"),
        None => format!("`hzscript {command}` needs a script, and there is no {NAME} here that names one"),
    };
    let help = if typed.by_stack { format!("{help}; or give --stack NAME") } else { help };
    Error::Usage { message, help: Some(help) }
}

/// Scripts in a folder, tests left out.
fn scripts(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).into_iter().flatten();
    let names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> =
        names.filter(|name| name.ends_with(".rhai") && !name.ends_with("_test.rhai")).collect();
    names.sort();
    names
}

/// What was typed, or set in the environment.
#[derive(Debug)]
struct Typed {
    /// The names of the command: `state`, `show`.
    commands: Vec<String>,
    /// What the command takes, by its names in the definition.
    takes: Vec<String>,
    /// Those of them that were given.
    given: Vec<String>,
    script: Option<PathBuf>,
    stack: Option<String>,
    target: Option<String>,
    /// Whether a stack can be named instead of a script.
    by_stack: bool,
}

impl Typed {
    fn of(words: &[OsString], matches: &ArgMatches) -> Self {
        let mut command = Arguments::command();
        command.build();
        let mut commands = Vec::new();
        let mut below: &Command = &command;
        for word in words.iter().skip(1) {
            let Some(found) = word.to_str().and_then(|word| below.find_subcommand(word)) else { break };
            commands.push(found.get_name().to_owned());
            below = found;
        }
        let by_stack =
            below.get_arguments().any(|argument| argument.get_id() == "script" && !argument.is_required_set());
        let takes: Vec<String> = below.get_arguments().map(|argument| argument.get_id().to_string()).collect();
        let mut typed = Self { commands, given: Vec::new(), script: None, stack: None, target: None, by_stack, takes };
        let mut matches = matches;
        while let Some((_, inner)) = matches.subcommand() {
            matches = inner;
        }
        let said =
            |id: &str| matches!(matches.value_source(id), Some(ValueSource::CommandLine | ValueSource::EnvVariable));
        typed.given = typed.takes.iter().filter(|id| said(id)).cloned().collect();
        let text = |id: &str| {
            typed.has(id).then(|| matches.get_raw(id)?.next().map(|word| word.to_string_lossy().into_owned()))
        };
        let (script, stack, target) = (text("script").flatten(), text("stack").flatten(), text("target").flatten());
        let several = if typed.has("words") { matches.get_raw("words") } else { None };
        let several: Vec<String> =
            several.into_iter().flatten().map(|word| word.to_string_lossy().into_owned()).collect();
        typed.script = script
            .map(PathBuf::from)
            .or_else(|| several.iter().find(|word| word.ends_with(".rhai")).map(PathBuf::from));
        (typed.stack, typed.target) = (stack, target);
        typed
    }

    fn has(&self, id: &str) -> bool {
        self.given.iter().any(|given| given == id)
    }

    /// Whether the folder's script is meant where nothing is named, though the command could do without: those about what
    /// runs, which take a cluster instead, and the prompt.
    fn means_script(&self) -> bool {
        let about_what_runs = self.takes("cluster") && !self.takes("address");
        let named = ["script", "stack", "cluster"].iter().any(|id| self.has(id));
        self.takes("script") && !named && (about_what_runs || self.commands.first().is_some_and(|name| name == "repl"))
    }

    fn takes(&self, id: &str) -> bool {
        self.takes.iter().any(|takes| takes == id)
    }

    /// The words with what the file says, and what that is.
    fn with(
        &self,
        words: &[OsString],
        settings: &Settings,
        without_script: bool,
        environment: &Environment,
    ) -> (Vec<OsString>, Vec<String>) {
        let mut put_in: Vec<OsString> = Vec::new();
        let mut taken = Vec::new();
        let told = |name: &str, value: &str, line: usize| {
            let file = &settings.file;
            if line > 0 { format!("{file}:{line}: {name} {value}") } else { format!("beside {file}: {name} {value}") }
        };
        let script = settings.script.as_ref().filter(|_| without_script);
        for (name, (value, line)) in &settings.options {
            let id = name.replace('-', "_");
            let by_environment = AWS_VARIABLES.iter().any(|(option, variables)| {
                option == name && variables.iter().any(|variable| environment.variable(variable).is_some())
            });
            if !self.takes(&id) || self.has(&id) || by_environment || !self.wants(name, settings, without_script) {
                continue;
            }
            put_in.push(format!("--{name}={value}").into());
            taken.push(told(name, value, *line));
        }
        if self.takes("set") {
            taken.extend(
                settings.inputs.iter().map(|(name, (_, line))| format!("{}:{line}: input {name}", settings.file)),
            );
        }
        // Of commands that take addresses and then a script, the stack is said instead.
        let no_script = self.takes("words") && self.script.is_none() && !self.has("stack");
        if no_script && let Some(name) = stack_of(settings) {
            put_in.push(format!("--stack={name}").into());
            taken.push(told("stack", &name, settings.script.as_ref().map_or(0, |(_, line)| *line)));
        }
        let mut words = words.to_vec();
        if let Some((script, line)) = script {
            words = with_script(&words, script);
            taken.push(told("script", &script.to_string_lossy(), *line));
        }
        let behind = (1 + self.commands.len()).min(words.len());
        words.splice(behind..behind, put_in);
        (words, taken)
    }

    /// Whether an option has a meaning for what was typed.
    fn wants(&self, name: &str, settings: &Settings, without_script: bool) -> bool {
        let target =
            self.target.as_deref().or_else(|| settings.options.get("target").map(|(target, _)| target.as_str()));
        let endpoint = self.has("endpoint_url");
        match name {
            "target" => !endpoint,
            "profile" => target == Some("aws") || endpoint,
            // Only where a script says whose it is.
            "stack" => without_script || self.script.is_some() && !self.takes("words"),
            // What is only shown is not encrypted, and what is encrypted anew says how.
            "encrypt" => match self.commands.last().map(String::as_str) {
                Some("plan") => self.has("out"),
                Some("run") => true,
                _ => false,
            },
            _ => true,
        }
    }
}

/// The stack that is meant where neither it nor a script is named.
fn stack_of(settings: &Settings) -> Option<String> {
    let named = settings.options.get("stack").map(|(name, _)| name.clone());
    let stem = || settings.script.as_ref()?.0.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    named.or_else(stem)
}

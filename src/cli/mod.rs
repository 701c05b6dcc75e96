//! The command line: one file a command, over the library's public API.
//!
//! Arguments ([`args`]) choose a connection and a place for the state ([`connect`]); a command opens a [`stack`] and
//! has it planned and executed; [`render`] shows everything. What the process finds around it is read in
//! [`environment`].

mod adopt;
mod apply;
mod args;
mod author;
mod check;
mod connect;
mod destroy;
mod docs;
mod drift;
mod edit;
mod environment;
mod error;
mod evaluate;
mod execute;
mod exit;
mod explain;
mod faults;
mod graph;
mod import;
mod init;
mod input;
mod interrupt;
mod keys;
mod known;
mod live;
mod local;
mod manual;
mod outputs;
mod permissions;
mod plan;
mod prompt;
mod refresh;
mod rekey;
mod render;
mod repl;
mod rescue;
mod rollback;
mod run;
mod saved;
mod schema;
mod script;
mod settings;
mod stack;
mod state;
mod synth;
mod unlock;
mod verify;
mod welcome;

use std::sync::OnceLock;

use hzscript::cloud::Calls;

use args::{
    Command, EventsArguments, ExecArguments, LogsArguments, OutputArguments, PortForwardArguments, RedeployArguments,
    ScaleArguments, StatusArguments, StopArguments, TasksArguments, TopArguments, TraceArguments,
};
use environment::Environment;
use error::Error;
use exit::Exit;
use interrupt::Interrupt;
use render::screen::{Options, Screen};
use settings::{Parsed, Stopped};

/// What every command works with.
#[derive(Debug)]
struct Tools {
    environment: Environment,
    screen: Screen,
    interrupt: Interrupt,
    /// What the connection counts, once there is one.
    calls: OnceLock<Calls>,
}

impl Tools {
    /// The command as it was typed, to be typed again; values that were set may be secret and are left out.
    fn command(&self) -> String {
        again(typed())
    }

    /// The command that executes what this one plans, to be typed instead of it.
    fn run_command(&self) -> String {
        again(instead("run", typed()).into_iter())
    }

    /// The command that destroys what this one plans to, to be typed instead of it.
    fn destroy_command(&self) -> String {
        again(instead("destroy", typed()).into_iter())
    }
}

/// Runs the program with the arguments of the process, and answers with its exit status.
pub fn main() -> i32 {
    let mut environment = Environment::read();
    let words: Vec<std::ffi::OsString> = std::env::args_os().collect();
    if words.len() < 2 {
        let screen = Screen::new(Options::default(), &environment);
        screen.out(&welcome::text(&environment, screen.out_palette()));
        return Exit::Success.code();
    }
    let Parsed { arguments, settings, taken } = match settings::parse(&words, &environment) {
        Ok(parsed) => parsed,
        Err(Stopped::Clap(error)) => {
            drop(error.print());
            // 2 would be taken for changes by those who use --detailed-exitcode.
            return if error.use_stderr() { Exit::Failure.code() } else { Exit::Success.code() };
        }
        Err(Stopped::Error(error)) => {
            let json = words.iter().any(|word| word == "--json");
            return told(&error, &Screen::new(Options { json, ..Options::default() }, &environment)).code();
        }
    };
    if let Some(settings) = settings {
        environment.settled = settings.inputs.into_iter().map(|(name, (given, _))| (name, given)).collect();
    }
    let screen = Screen::new(options(&arguments.command), &environment);
    if screen.is_verbose() {
        taken.iter().for_each(|taken| screen.err(&screen.err_palette().dim(&render::escape::line(taken))));
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(source) => {
            return told(&Error::Io { what: "start".to_owned(), source }, &screen).code();
        }
    };
    let exit = runtime.block_on(async {
        let (first, second) = (screen.clone(), screen.clone());
        let interrupt = match arguments.command.is_prompt(&environment) {
            true => Interrupt::never(),
            false => Interrupt::listen(move || first.interrupted(), move || second.ended()),
        };
        let tools = Tools { environment, screen: screen.clone(), interrupt, calls: OnceLock::new() };
        let exit = dispatch(&arguments.command, &tools).await.unwrap_or_else(|error| told(&error, &screen));
        tools.calls.get().into_iter().for_each(|calls| screen.calls(calls));
        exit
    });
    // A thread that still waits for an answer at the terminal is not waited for.
    runtime.shutdown_background();
    exit.code()
}

async fn dispatch(command: &Command, tools: &Tools) -> Result<Exit, Error> {
    match command {
        Command::Init(arguments) => init::run(arguments, tools).await,
        Command::Run(arguments) => run::run(arguments, tools).await,
        Command::Plan(arguments) => plan::run(arguments, tools).await,
        Command::Apply(arguments) => apply::run(arguments, tools).await,
        Command::Rollback(arguments) => rollback::run(arguments, tools).await,
        Command::Destroy(arguments) => destroy::run(arguments, tools).await,
        Command::Outputs(arguments) => outputs::run(arguments, tools).await,
        Command::Drift(arguments) => drift::run(arguments, tools).await,
        Command::Repl(arguments) => repl::run(arguments, tools).await,
        Command::Status(arguments) => live::status::run(arguments, tools).await,
        Command::Tasks(arguments) => live::tasks::run(arguments, tools).await,
        Command::Events(arguments) => live::events::run(arguments, tools).await,
        Command::Logs(arguments) => live::logs::run(arguments, tools).await,
        Command::Members(arguments) => live::members::run(arguments, tools).await,
        Command::Trace(arguments) => live::trace::run(arguments, tools).await,
        Command::Exec(arguments) => live::enter::exec(arguments, tools).await,
        Command::PortForward(arguments) => live::enter::port_forward(arguments, tools).await,
        Command::Scale(arguments) => live::scale(arguments, tools).await,
        Command::Redeploy(arguments) => live::redeploy(arguments, tools).await,
        Command::Stop(arguments) => live::stop(arguments, tools).await,
        Command::Top(arguments) => live::top::run(arguments, tools).await,
        Command::Refresh(arguments) => refresh::run(arguments, tools).await,
        Command::Forget(arguments) => edit::forget::run(arguments, tools).await,
        Command::Import(arguments) => import::run(arguments, tools).await,
        Command::State(command) => state::run(command, tools).await,
        Command::Check(arguments) => check::run(arguments, tools).await,
        Command::Verify(arguments) => verify::run(arguments, tools).await,
        Command::Fmt(arguments) => author::fmt::run(arguments, tools),
        Command::Lint(arguments) => author::lint::run(arguments, tools).await,
        Command::Test(arguments) => author::test::run(arguments, tools).await,
        Command::Definitions(arguments) => author::definitions::run(arguments, tools),
        Command::Synth(arguments) => synth::run(arguments, tools).await,
        Command::Graph(arguments) => graph::run(arguments, tools).await,
        Command::Docs(arguments) => docs::run(arguments, tools),
        Command::Explain(arguments) => explain::run(arguments, tools),
        Command::Schema(command) => Ok(schema::run(command, tools)),
        Command::Completions(arguments) => Ok(manual::completions(arguments, tools)),
        Command::Man(arguments) => manual::man(arguments, tools),
        Command::Local(command) => local::run(command, tools).await,
    }
}

/// How a command wants things shown.
fn options(command: &Command) -> Options {
    let of = |output: &OutputArguments| Options {
        json: output.json,
        no_color: output.no_color,
        verbose: output.verbose,
        quiet: false,
    };
    match command {
        Command::Init(arguments) => Options { no_color: arguments.no_color, ..Options::default() },
        Command::Run(arguments) => of(&arguments.output),
        // What is printed is one document.
        Command::Plan(arguments) if arguments.iam => Options { json: false, quiet: true, ..of(&arguments.output) },
        Command::Plan(arguments) => of(&arguments.output),
        Command::Apply(arguments) => of(&arguments.output),
        Command::Rollback(arguments) => of(&arguments.output),
        Command::Destroy(arguments) => of(&arguments.output),
        Command::Check(arguments) => of(&arguments.output),
        Command::Verify(arguments) => of(&arguments.output),
        Command::Fmt(arguments) => of(&arguments.output),
        Command::Lint(arguments) => of(&arguments.output),
        Command::Test(arguments) => of(&arguments.output),
        Command::Drift(arguments) => of(&arguments.output),
        Command::Refresh(arguments) => of(&arguments.output),
        Command::Import(arguments) => of(&arguments.output),
        // Their JSON is one value, which they print themselves.
        Command::Outputs(arguments) => Options { no_color: arguments.no_color, ..Options::default() },
        Command::Status(StatusArguments { at })
        | Command::Tasks(TasksArguments { at, .. })
        | Command::Events(EventsArguments { at, .. })
        | Command::Logs(LogsArguments { at, .. })
        | Command::Members(StatusArguments { at })
        | Command::Trace(TraceArguments { at, .. })
        | Command::Exec(ExecArguments { at, .. })
        | Command::PortForward(PortForwardArguments { at, .. })
        | Command::Scale(ScaleArguments { at, .. })
        | Command::Redeploy(RedeployArguments { at, .. })
        | Command::Stop(StopArguments { at, .. })
        | Command::Top(TopArguments { at, .. }) => Options { no_color: at.output.no_color, ..Options::default() },
        Command::Synth(arguments) => Options { no_color: arguments.no_color, ..Options::default() },
        Command::Repl(arguments) => Options { no_color: arguments.no_color, ..Options::default() },
        // What is drawn is all that is to be on standard output.
        Command::Graph(arguments) => Options { no_color: arguments.no_color, quiet: true, ..Options::default() },
        Command::Forget(arguments) => Options { no_color: arguments.output.no_color, ..Options::default() },
        Command::State(command) => Options { no_color: command.no_color(), ..Options::default() },
        Command::Explain(arguments) => Options { no_color: arguments.no_color, ..Options::default() },
        Command::Docs(arguments) => Options { no_color: arguments.no_color, ..Options::default() },
        Command::Schema(_)
        | Command::Completions(_)
        | Command::Man(_)
        | Command::Local(_)
        | Command::Definitions(_) => Options::default(),
    }
}

/// Tells an error.
fn told(error: &Error, screen: &Screen) -> Exit {
    screen.calm();
    let told = render::error::told(error);
    screen.line(&told.line());
    screen.err(&told.text(screen.err_palette(), screen.width()));
    if matches!(error, Error::Interrupted) { Exit::Interrupted } else { Exit::Failure }
}

/// The arguments of the process.
fn typed() -> impl Iterator<Item = String> {
    std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned())
}

/// The arguments of a command that plans as one with these and executes: what is about plans alone is left out.
fn instead(command: &str, mut arguments: impl Iterator<Item = String>) -> Vec<String> {
    // The command comes first.
    arguments.next();
    let mut words = vec![command.to_owned()];
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--out" | "--html" => drop(arguments.next()),
            "--detailed-exitcode" | "--json" => {}
            "--set" => words.extend([argument].into_iter().chain(arguments.next())),
            other if other.starts_with("--out=") || other.starts_with("--html=") => {}
            _ => words.push(argument),
        }
    }
    words
}

/// A command line for these arguments, quoted for a shell. What `--set` gives is left out: it may be secret.
fn again(arguments: impl Iterator<Item = String>) -> String {
    let mut line = "hzscript".to_owned();
    let mut value_of_set = false;
    for argument in arguments {
        let shown = match (value_of_set, argument.split_once('=')) {
            (true, Some((name, _))) => format!("{name}=…"),
            (false, Some(("--set", set))) => {
                format!("--set={}=…", set.split_once('=').map_or(set, |(name, _)| name))
            }
            _ => argument.clone(),
        };
        value_of_set = !value_of_set && argument == "--set";
        let plain = |c: char| c.is_alphanumeric() || "-_./:=,@+…".contains(c);
        line.push(' ');
        if !shown.is_empty() && shown.chars().all(plain) {
            line.push_str(&shown);
        } else {
            line.push_str(&format!("'{}'", shown.replace('\'', "'\\''")));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::{again, instead};

    #[test]
    fn a_command_can_be_typed_again_and_tells_no_secret() {
        let typed = ["run", "my script.rhai", "--set", "password=hunter2", "--set=token=a b", "--stack", "it's"];
        assert_eq!(
            again(typed.iter().map(|argument| (*argument).to_owned())),
            "hzscript run 'my script.rhai' --set password=… --set=token=… --stack 'it'\\''s'"
        );
    }

    #[test]
    fn what_is_planned_is_run_with_the_same_arguments() {
        let typed = "plan a.rhai --out p --set --out=1 --json --set count=2 --out=p --detailed-exitcode --dir d";
        let words = instead("run", typed.split(' ').map(str::to_owned));
        assert_eq!(words.join(" "), "run a.rhai --set --out=1 --set count=2 --dir d");
    }
}

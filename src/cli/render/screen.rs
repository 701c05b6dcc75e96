//! [`Screen`]: where everything is printed. The plan, outputs and JSON go to standard output, progress, questions and
//! errors to standard error.
//!
//! Progress bars live at the bottom of a terminal; whatever is printed meanwhile is printed above them. A reader that
//! goes away (a closed pipe) does not end a run.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hzscript::cloud::{Calls, Count};
use hzscript::event::{Event, Events};
use hzscript::model::{Address, FailedCall, Json};
use hzscript::plan::Counts;
use hzscript::script::Diagnostic;
use hzscript::script::lint::{Rule, Severity};
use hzscript::script::testing::Comparison;
use hzscript::verify::Check;
use indicatif::{MultiProgress, ProgressDrawTarget};
use serde::Serialize;

use super::palette::Palette;
use super::progress::Progress;
use super::terminal::Terminal;
use super::{calls, escape};
use crate::cli::environment::Environment;

/// How often the bars are drawn at most, in a second.
const FRAMES: u8 = 20;

/// A JSON line; events of the library are lines of their own, with the same member `event`.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Line<'a> {
    /// What is worked on: the first line.
    Target {
        /// The sentence that people are shown.
        text: &'a str,
        /// `local` or `aws`.
        target: &'a str,
        /// The account's twelve digits.
        account: &'a str,
        /// The region's code.
        region: &'a str,
        /// The stack's name.
        stack: &'a str,
    },
    /// What goes wrong on purpose.
    Faults {
        /// The sentence that people are shown.
        text: &'a str,
    },
    /// What is worth saying of the script though it is no mistake.
    Warning {
        /// The warning.
        diagnostic: &'a Diagnostic,
    },
    /// The plan: what `schemas/plan.schema.json` describes.
    Plan {
        /// The version of its format.
        format_version: u32,
        /// How many changes there are of each sort.
        counts: Counts,
        /// Whether executing it would do nothing.
        empty: bool,
        /// The whole of it; secrets taken out.
        plan: Json,
    },
    /// The plan was saved.
    Saved {
        /// The file.
        file: &'a str,
    },
    /// What exists was written as a script.
    Imported {
        /// The file, unless it was only shown.
        file: Option<&'a str>,
        /// The declarations.
        script: &'a str,
        /// The addresses of what is declared, in the order of the script.
        declared: &'a [String],
        /// Kinds and identifiers of what was found and not declared.
        left: &'a [String],
        /// Inputs that need a value.
        inputs: &'a [String],
    },
    /// How what exists differs from what the last run asked for.
    Drift {
        /// Whether nothing does.
        none: bool,
        /// What does, property by property; secrets taken out.
        drift: Json,
    },
    /// What the state does not know of what exists.
    Refresh {
        /// Whether it knows everything.
        none: bool,
        /// What is to be written down; secrets taken out.
        refresh: Json,
    },
    /// It was written down.
    Refreshed {
        /// The serial of the state.
        serial: u64,
    },
    /// What is gone back to.
    GoingBack {
        /// The serial.
        serial: u64,
        /// Whether the run that ended in it was completed.
        complete: bool,
        /// When that run began.
        since: &'a str,
        /// Its command.
        command: &'a str,
    },
    /// How a run went.
    Report {
        /// Whether everything was done.
        complete: bool,
        /// Whether the user asked it to end before that.
        interrupted: bool,
        /// Steps done, failures, and what was not begun; secrets taken out.
        report: Json,
    },
    /// How going back went after a run had failed.
    RolledBack {
        /// What was gone back to; none where there was nothing.
        serial: Option<u64>,
        /// Whether everything was done.
        complete: bool,
        /// Whether the user asked it to end before that.
        interrupted: bool,
        /// What the failed run had made and that stays.
        stays: &'a [Address],
        /// Steps done, failures, and what was not begun; secrets taken out.
        report: Json,
    },
    /// The outputs; secrets taken out.
    Outputs {
        /// By name.
        outputs: BTreeMap<String, Json>,
    },
    /// The script has no mistakes.
    Checked {
        /// How many resources it declares.
        resources: usize,
        /// How many outputs.
        outputs: usize,
    },
    /// A rule of `lint` has something to say.
    Finding {
        /// The rule's code.
        code: &'a str,
        /// Its name.
        rule: &'a str,
        /// How much it matters.
        severity: Severity,
        /// What it says, and where.
        diagnostic: &'a Diagnostic,
    },
    /// Scripts were looked at.
    Linted {
        /// How many files.
        files: usize,
        /// How many warnings were found.
        warnings: usize,
        /// How many notes, shown or not.
        notes: usize,
        /// How many findings comments allow.
        allowed: usize,
        /// How many files have mistakes.
        broken: usize,
    },
    /// A rule of `lint`.
    Rule {
        /// The rule.
        #[serde(flatten)]
        rule: &'a Rule,
    },
    /// A test of scripts was run.
    Test {
        /// The file it is in.
        file: &'a str,
        /// Its name.
        name: &'a str,
        /// Whether it passed.
        passed: bool,
        /// Why not.
        failure: Option<&'a Diagnostic>,
        /// What was compared and is not the same.
        comparison: Option<&'a Comparison>,
        /// What it printed.
        printed: &'a [String],
    },
    /// All tests were run.
    Tested {
        /// How many passed.
        passed: usize,
        /// How many did not.
        failed: usize,
        /// How many the filter left out.
        filtered_out: usize,
    },
    /// A script was laid out, or is not as it would be.
    Formatted {
        /// The file.
        file: &'a str,
        /// Whether it was written.
        written: bool,
    },
    /// Whether what a script declares can come to life.
    Verified {
        /// Everything that was looked at.
        checks: &'a [Check],
        /// How many of them will go wrong.
        failed: usize,
        /// How many may.
        warnings: usize,
    },
    /// How many calls were made of AWS.
    Calls {
        /// By `service:Operation`.
        calls: BTreeMap<String, Count>,
    },
    /// Why the command did not do what it was asked to.
    Error {
        /// What went wrong.
        message: &'a str,
        /// The way out, when there is one.
        help: Option<&'a str>,
        /// Places it is about.
        diagnostics: &'a [Diagnostic],
        /// The call that failed, when it was one.
        #[serde(skip_serializing_if = "Option::is_none")]
        call: Option<&'a FailedCall>,
        /// Codes that `hzscript explain` knows.
        codes: &'a [&'static str],
    },
}

/// How to show things.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// JSON lines rather than text.
    pub json: bool,
    /// Whether colours were turned off.
    pub no_color: bool,
    /// Whether everything is told.
    pub verbose: bool,
    /// Whether nothing is printed to standard output but what was asked for.
    pub quiet: bool,
}

/// Where things are printed. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Screen(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: Options,
    out: Palette,
    err: Palette,
    bars: bool,
    multi: MultiProgress,
    progress: Mutex<Progress>,
}

impl Screen {
    /// One for this environment.
    pub fn new(options: Options, environment: &Environment) -> Self {
        let color = !options.no_color && environment.allows_color();
        let bars = environment.stderr_is_terminal && !options.json;
        let target = match bars {
            true => ProgressDrawTarget::term_like_with_hz(Box::new(Terminal::stderr()), FRAMES),
            false => ProgressDrawTarget::hidden(),
        };
        let err = Palette::new(color && environment.stderr_is_terminal);
        let multi = MultiProgress::with_draw_target(target);
        let progress = Progress::new(bars.then(|| multi.clone()), err, options.verbose);
        Self(Arc::new(Inner {
            options,
            out: Palette::new(color && environment.stdout_is_terminal),
            err,
            bars,
            multi,
            progress: Mutex::new(progress),
        }))
    }

    /// Whether JSON lines are wanted.
    pub fn is_json(&self) -> bool {
        self.0.options.json
    }

    /// Whether everything is to be told.
    pub fn is_verbose(&self) -> bool {
        self.0.options.verbose
    }

    /// Colours of standard output.
    pub fn out_palette(&self) -> Palette {
        self.0.out
    }

    /// Colours of standard error.
    pub fn err_palette(&self) -> Palette {
        self.0.err
    }

    /// Columns to wrap text at.
    pub fn width(&self) -> usize {
        const WITHOUT_TERMINAL: usize = 100;
        let term = console::Term::stderr();
        if self.0.bars { usize::from(term.size().1).clamp(40, 140) } else { WITHOUT_TERMINAL }
    }

    /// Prints text to standard output, unless JSON or a result alone is wanted.
    pub fn out(&self, text: &str) {
        if !self.is_json() && !self.0.options.quiet {
            self.print(text);
        }
    }

    /// Prints text to standard error, unless JSON is wanted.
    pub fn err(&self, text: &str) {
        if !self.is_json() {
            // Nobody is there to be told.
            self.0.multi.suspend(|| drop(writeln!(std::io::stderr(), "{text}")));
        }
    }

    /// Prints to standard error what must not get lost, whether JSON is wanted or not.
    pub fn dump(&self, text: &str) {
        let text = escape::json(text);
        self.0.multi.suspend(|| drop(writeln!(std::io::stderr(), "{text}")));
    }

    /// Prints a JSON line to standard output, when JSON is wanted.
    pub fn line(&self, line: &Line<'_>) {
        self.serialized(line);
    }

    /// Prints to standard output text that a program may read: JSON or YAML, in whose texts a terminal finds nothing to
    /// obey.
    pub fn raw_out(&self, text: &str) {
        self.print(&escape::json(text));
    }

    /// Prints to standard output. What is from elsewhere in the text was escaped before, its colours are its own.
    fn print(&self, text: &str) {
        self.0.multi.suspend(|| {
            let mut out = std::io::stdout().lock();
            drop(writeln!(out, "{text}").and_then(|()| out.flush()));
        });
    }

    /// Prints to standard output bytes that are read again as they are, unless a terminal would obey them.
    pub fn bytes_out(&self, bytes: &[u8], terminal: bool) {
        if terminal {
            return self.raw_out(String::from_utf8_lossy(bytes).trim_end());
        }
        let mut out = std::io::stdout().lock();
        drop(out.write_all(bytes).and_then(|()| out.flush()));
    }

    /// A sink of events that shows progress.
    pub fn events(&self) -> Events {
        let screen = self.clone();
        Events::to(move |event| screen.receive(&event))
    }

    fn receive(&self, event: &Event) {
        self.serialized(event);
        let told = self.progress().receive(event);
        if let Some(text) = told {
            self.err(&text);
        }
    }

    /// Says that the first Ctrl-C was seen.
    pub fn interrupted(&self) {
        if self.progress().is_executing() {
            let text = "finishing the calls in flight, then ending; Ctrl-C again ends at once";
            self.err(&self.err_palette().yellow(text));
        }
    }

    /// Says that the second Ctrl-C was seen, on a screen without bars.
    pub fn ended(&self) {
        let executing = self.progress().is_executing();
        self.calm();
        if executing {
            let text = "ended at once; what a call in flight has done is found by the next run";
            self.err(&self.err_palette().yellow(text));
        }
    }

    /// Takes the progress bars away.
    pub fn calm(&self) {
        self.progress().end();
    }

    /// Tells how many calls were made, where everything is told.
    pub fn calls(&self, calls: &Calls) {
        let counted = calls.counted();
        if self.is_json() {
            let named =
                |((service, operation), count): (&(String, String), &Count)| (format!("{service}:{operation}"), *count);
            self.line(&Line::Calls { calls: counted.iter().map(named).collect() });
        } else if self.0.options.verbose {
            self.err(&calls::told(&counted));
        }
    }

    /// What each step that was not begun would have needed.
    pub fn missing(&self) -> BTreeMap<Address, Address> {
        self.progress().missing().clone()
    }

    /// What each step would have needed that was not begun before the run was rolled back.
    pub fn missed(&self) -> BTreeMap<Address, Address> {
        self.progress().missed().clone()
    }

    fn serialized(&self, line: &impl Serialize) {
        if self.is_json()
            && let Ok(json) = serde_json::to_string(line)
        {
            self.raw_out(&json);
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        // What is shown may be wrong after a panic, but nothing else depends on it.
        self.0.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

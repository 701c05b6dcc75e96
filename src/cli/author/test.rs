//! `hzscript test`: run the tests of scripts, which plan them and assert on what they declare.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;
use hzscript::kinds;
use hzscript::local::store::ACCOUNT;
use hzscript::plan::{self, Action};
use hzscript::script::testing::{self, File, Outcome, Planner, Step, Test};
use hzscript::script::{Diagnostic, Evaluated, Offline};
use hzscript::state::{Snapshot, Target};

use super::scripts;
use crate::cli::Tools;
use crate::cli::args::TestArguments;
use crate::cli::connect::local_region;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::render::screen::Line;
use crate::cli::render::{diagnostics, escape, lines};
use crate::cli::script::Script;

/// Runs the tests, all of them whatever fails, and tells of them in the order of files and lines.
///
/// # Errors
/// When a file cannot be read or parsed, and when there are no tests.
pub async fn run(arguments: &TestArguments, tools: &Tools) -> Result<Exit, Error> {
    let began = Instant::now();
    let region = local_region(arguments.region.as_deref(), &tools.environment)?;
    let (tests, left_out) = found(arguments)?;
    let lookups = Arc::new(Offline { account: ACCOUNT.to_owned(), region: region.clone() });
    let planner = Arc::new(Empty { region });
    let screen = &tools.screen;
    let palette = screen.out_palette();
    screen.out(&format!("running {}", counted(tests.len())));

    let at_once = std::thread::available_parallelism().map_or(4, usize::from);
    let running = tests.iter().map(|test| testing::run(test, lookups.clone(), planner.clone()));
    let mut outcomes = futures::stream::iter(running).buffered(at_once);
    let mut failed: Vec<(&Test, Outcome)> = Vec::new();
    for test in &tests {
        let Some(outcome) = tools.interrupt.cut(outcomes.next()).await? else { break };
        let failure = outcome.failure.as_ref();
        screen.line(&Line::Test {
            file: test.file(),
            name: &test.name,
            passed: failure.is_none(),
            failure: failure.map(|failure| &failure.diagnostic),
            comparison: failure.and_then(|failure| failure.comparison.as_ref()),
            printed: &outcome.printed,
        });
        let verdict = if failure.is_none() { palette.green("ok") } else { palette.red("FAILED") };
        screen.out(&format!("test {} ... {verdict}", name(test)));
        if failure.is_some() {
            failed.push((test, outcome));
        }
    }
    if !failed.is_empty() {
        screen.out("\nfailures:");
        for (test, outcome) in &failed {
            screen.out(&format!("\n---- {} ----\n{}", name(test), told(outcome, tools)));
        }
    }
    let (passed, failures) = (tests.len() - failed.len(), failed.len());
    screen.line(&Line::Tested { passed, failed: failures, filtered_out: left_out });
    let verdict = if failures == 0 { palette.green("ok") } else { palette.red("FAILED") };
    let took = began.elapsed().as_secs_f64();
    screen.out(&format!(
        "\ntest result: {verdict}. {passed} passed; {failures} failed; {left_out} filtered out; finished in {took:.2}s"
    ));
    Ok(if failures == 0 { Exit::Success } else { Exit::Failure })
}

fn counted(tests: usize) -> String {
    format!("{tests} test{}", if tests == 1 { "" } else { "s" })
}

fn name(test: &Test) -> String {
    escape::line(&format!("{}::{}", test.file(), test.name)).into_owned()
}

/// The tests that are meant, and how many are left out by the filter.
fn found(arguments: &TestArguments) -> Result<(Vec<Test>, usize), Error> {
    let files = scripts::find(&arguments.files, scripts::TEST)?;
    let mut tests = Vec::new();
    for path in &files {
        let script = Script::read(path)?;
        let (file, folder) = (script.shown(), script.folder());
        let file = File { file, source: script.source, root: root(&folder), folder };
        tests.extend(testing::find(file).map_err(Error::Mistakes)?);
    }
    let help = |text: &str| Some(text.to_owned());
    if tests.is_empty() {
        let message = "there are no tests in these files".to_owned();
        let help =
            help("a test is a function without parameters whose name begins with `test_`: fn test_members() { … }");
        return Err(Error::Usage { message, help });
    }
    let all = tests.len();
    if let Some(filter) = &arguments.filter {
        tests.retain(|test| name(test).contains(filter.as_str()));
        if tests.is_empty() {
            let message = format!("none of {} has `{filter}` in its name", counted(all));
            return Err(Error::Usage { message, help: help("a name is the file and the function: file::test_name") });
        }
    }
    let left_out = all - tests.len();
    Ok((tests, left_out))
}

/// The folder that scripts must be in which tests plan: where the command runs, for tests in a folder of it, else their own.
fn root(folder: &Path) -> PathBuf {
    let here = PathBuf::from(".");
    let within = |folder: &Path| Some(folder.canonicalize().ok()?.starts_with(here.canonicalize().ok()?));
    if within(folder) == Some(true) { here } else { folder.to_owned() }
}

/// A failure in words.
fn told(outcome: &Outcome, tools: &Tools) -> String {
    let (palette, width) = (tools.screen.out_palette(), tools.screen.width());
    let mut text = String::new();
    if let Some(failure) = &outcome.failure {
        text.push_str(&diagnostics::mistake(&failure.diagnostic, &failure.sources, palette, width));
        if let Some(compared) = &failure.comparison {
            let both = [&compared.expected, &compared.actual].map(|side| escape::lines(side));
            let [expected, actual] = both;
            if expected.contains('\n') || actual.contains('\n') {
                text.push_str("\n  expected (-) and actual (+):\n");
                for line in lines::comparison(&compared.expected, &compared.actual, palette).lines() {
                    text.push_str(&format!("    {line}\n"));
                }
            } else {
                let (expected, actual) = (palette.green(&expected), palette.red(&actual));
                text.push_str(&format!("\n  expected: {expected}\n    actual: {actual}\n"));
            }
        }
    }
    if !outcome.printed.is_empty() {
        text.push_str("\n  printed:\n");
        for line in outcome.printed.iter().flat_map(|text| text.lines()) {
            text.push_str(&format!("    {}\n", escape::line(line)));
        }
    }
    text
}

/// Plans for a stack that has nothing yet, on the embedded AWS, without asking it anything.
#[derive(Debug)]
struct Empty {
    region: String,
}

impl Planner for Empty {
    fn steps(&self, evaluated: &Evaluated, stack: &str) -> Result<Vec<Step>, Vec<Diagnostic>> {
        let region = self.region.clone();
        let target = Target { cloud: "local".to_owned(), account: ACCOUNT.to_owned(), region };
        let snapshot = Snapshot::new("test".to_owned(), stack, target);
        let planned = plan::plan(plan::Inputs {
            program: &evaluated.program,
            snapshot: &snapshot,
            observed: &BTreeMap::new(),
            facts: |kind| kinds::by_type(kind).map(|kind| kind.facts()),
            destroying: false,
        });
        let plan = planned.map_err(|error| {
            let problem = |problem| diagnostics::of_problem(problem, &evaluated.sources);
            error.problems.iter().map(problem).collect::<Vec<_>>()
        })?;
        let step = |change: &plan::Change| Step {
            address: change.address.to_string(),
            action: action(change.action).to_owned(),
        };
        Ok(plan.changes.iter().map(step).collect())
    }
}

/// What is done, as plans in JSON say it.
fn action(action: Action) -> &'static str {
    match action {
        Action::NoOp => "noOp",
        Action::Settle => "settle",
        Action::Import => "import",
        Action::Create => "create",
        Action::Update => "update",
        Action::ReplaceCreateFirst => "replaceCreateFirst",
        Action::ReplaceDeleteFirst => "replaceDeleteFirst",
        Action::Delete => "delete",
        Action::Forget => "forget",
    }
}

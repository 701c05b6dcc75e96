//! Tests of scripts, written in the language: functions named `test_…` in a file `…_test.rhai`, which plan a script with
//! inputs and assert on what it declares. Nothing is connected to and nothing kept: look-ups are answered by whoever runs
//! the tests, and steps are those of a stack that has nothing yet.
//!
//! [`find`] finds the tests of a file, [`run`] runs one of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rhai::{AST, CallFnOptions, Dynamic, EvalAltResult, Position, Scope};
use tokio::runtime::Handle as Runtime;

use super::limits::Watch;
use super::session::State;
use super::sources::At;
use super::{Cancel, Diagnostic, Evaluated, Limits, Lookups, Mistakes, Place, STACK, diagnostics, evaluator};

mod compare;
mod language;
mod planned;

pub use language::FUNCTIONS;

/// What the names of tests begin with.
const PREFIX: &str = "test_";

/// A file of tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path as the user wrote it, for messages.
    pub file: String,
    /// Its text.
    pub source: String,
    /// Its folder: where scripts that it names are looked for.
    pub folder: PathBuf,
    /// The folder that those scripts must be in, or in a folder of it.
    pub root: PathBuf,
}

/// A test.
#[derive(Debug, Clone)]
pub struct Test {
    /// The function's name.
    pub name: String,
    /// Where it is defined.
    pub place: Option<Place>,
    file: Arc<File>,
    ast: Arc<AST>,
}

impl Test {
    /// The file it is in, as shown.
    pub fn file(&self) -> &str {
        &self.file.file
    }
}

/// What planning does to a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its address.
    pub address: String,
    /// What is done, such as `create`.
    pub action: String,
}

/// Plans what a script declares, for a stack that has nothing yet.
pub trait Planner: Send + Sync {
    /// The steps, in the order of the plan.
    ///
    /// # Errors
    /// All the problems, as diagnostics.
    fn steps(&self, evaluated: &Evaluated, stack: &str) -> Result<Vec<Step>, Vec<Diagnostic>>;
}

/// How a test ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Why it failed, when it did.
    pub failure: Option<Failure>,
    /// What it, and the scripts it planned, printed.
    pub printed: Vec<String>,
}

/// Why a test failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// What went wrong, and where.
    pub diagnostic: Diagnostic,
    /// What was compared, when something was.
    pub comparison: Option<Comparison>,
    /// The texts of the files it may point into, by name.
    pub sources: BTreeMap<String, String>,
}

/// Two values that were to be the same.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Comparison {
    /// What was expected, as a script writes it; entries of maps and lists on lines of their own.
    pub expected: String,
    /// What there was.
    pub actual: String,
}

/// The tests of a file, in the order of their lines.
///
/// # Errors
/// When it cannot be parsed, or a test takes parameters.
pub fn find(file: File) -> Result<Vec<Test>, Mistakes> {
    let text = evaluator::without_mark(&file.source).to_owned();
    let parsed = super::on_own_thread(&file.file, &text, |cancelled| {
        let watch = Arc::new(Watch::start(Limits::default(), cancelled));
        evaluator::parsed(&file.file, &text, &watch)
    })?;
    let state = state_of(&file);
    let place = |name: &str| {
        let position = state.sources.definition(&file.file, name).unwrap_or(Position::NONE);
        state.sources.place(&At { file: file.file.clone(), position })
    };
    let tests = parsed.iter_functions().filter(|function| function.name.starts_with(PREFIX));
    let tests: Vec<(String, usize)> = tests.map(|test| (test.name.to_owned(), test.params.len())).collect();
    let with_parameters = tests.iter().filter(|(_, parameters)| *parameters > 0).map(|(name, _)| Diagnostic {
        message: format!("`{name}` takes parameters, and a test takes none"),
        label: Some("not a test".to_owned()),
        place: place(name),
        called_from: Vec::new(),
        help: Some("take them away, or give it a name that does not begin with `test_`".to_owned()),
    });
    let mistakes: Vec<Diagnostic> = with_parameters.collect();
    if !mistakes.is_empty() {
        return Err(Mistakes { mistakes, sources: state.sources.texts() });
    }
    let places = tests.iter().map(|(name, _)| (place(name), name.clone()));
    let mut places: Vec<(Option<Place>, String)> = places.collect();
    places.sort();
    let (file, ast) = (Arc::new(file), Arc::new(parsed));
    let test = |(place, name)| Test { name, place, file: file.clone(), ast: ast.clone() };
    Ok(places.into_iter().map(test).collect())
}

/// Runs a test on a thread of its own. Dropping the future stops it.
pub async fn run(test: &Test, lookups: Arc<dyn Lookups>, planner: Arc<dyn Planner>) -> Outcome {
    let (send, receive) = tokio::sync::oneshot::channel();
    let cancelled = Arc::new(AtomicBool::new(false));
    let _cancel = Cancel(cancelled.clone());
    let runtime = Runtime::current();
    let own = test.clone();
    let spawned = std::thread::Builder::new().name("test".to_owned()).stack_size(STACK).spawn(move || {
        // Nobody may be waiting any more; then nobody needs the outcome either.
        let _ = send.send(carry_out(&own, lookups, planner, runtime, cancelled));
    });
    let failed = |message: String| Outcome {
        failure: Some(Failure {
            diagnostic: Diagnostic {
                message,
                label: None,
                place: test.place.clone(),
                called_from: Vec::new(),
                help: None,
            },
            comparison: None,
            sources: state_of(&test.file).sources.texts(),
        }),
        printed: Vec::new(),
    };
    if let Err(error) = spawned {
        return failed(format!("no thread to run the test on: {error}"));
    }
    receive.await.unwrap_or_else(|_| failed("the test failed unexpectedly".to_owned()))
}

fn carry_out(
    test: &Test,
    lookups: Arc<dyn Lookups>,
    planner: Arc<dyn Planner>,
    runtime: Runtime,
    cancelled: Arc<AtomicBool>,
) -> Outcome {
    let watch = Arc::new(Watch::start(Limits::default(), cancelled));
    let bench = Arc::new(language::Bench::new(test.file.clone(), lookups, planner, runtime, watch.clone()));
    let engine = language::engine(&bench);
    let options = CallFnOptions::new().eval_ast(true);
    let called: Result<Dynamic, Box<EvalAltResult>> =
        engine.call_fn_with_options(options, &mut Scope::new(), &test.ast, &test.name, ());
    drop(engine);
    let failure = called.err().map(|error| {
        let state = state_of(&test.file);
        let diagnostic = diagnostics::of(innermost(*error, &test.name), &test.file.file, &state, &watch);
        Failure { diagnostic, comparison: bench.compared(), sources: state.sources.texts() }
    });
    Outcome { failure, printed: bench.printed() }
}

/// The error without the call of the test itself, which stands nowhere.
fn innermost(error: EvalAltResult, test: &str) -> EvalAltResult {
    match error {
        EvalAltResult::ErrorInFunctionCall(name, _, inner, position) if name == test && position.is_none() => *inner,
        other => other,
    }
}

/// What places in the file are told from.
fn state_of(file: &File) -> State {
    let mut state = State::default();
    state.sources.add(&file.file, evaluator::without_mark(&file.source));
    state
}

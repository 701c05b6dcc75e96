//! What tests can call: `plan`, and what asserts.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rhai::{Dynamic, Engine, EvalAltResult, Map};
use tokio::runtime::Handle as Runtime;

use super::super::convert::to_json;
use super::super::limits::Watch;
use super::super::session::State;
use super::planned::{self, Planned};
use super::{Comparison, File, Planner, compare};
use crate::event::{Event, Events};
use crate::script::{Diagnostic, Evaluated, Functions, Given, Limits, Lookups, Mistakes, Request, evaluate, evaluator};

/// Functions that tests have beside those of Rhai, and how each is called.
pub const FUNCTIONS: [(&str, &str); 6] = [
    ("plan", "plan(\"script.rhai\"), or with a map of inputs in a second place"),
    ("assert", "assert(condition), or with a message in a second place"),
    ("assert_eq", "assert_eq(actual, expected), or with a message in a third place"),
    ("assert_ne", "assert_ne(actual, other), or with a message in a third place"),
    ("assert_contains", "assert_contains(whole, part), or with a message in a third place"),
    ("assert_fails", "assert_fails(\"script.rhai\", #{ input: … }, \"part of a mistake\")"),
];

/// Longest script that is read, in bytes.
const LONGEST_FILE: u64 = 4 << 20;

type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// What a test works with.
pub(super) struct Bench {
    file: Arc<File>,
    lookups: Arc<dyn Lookups>,
    planner: Arc<dyn Planner>,
    runtime: Runtime,
    watch: Arc<Watch>,
    printed: Arc<Mutex<Vec<String>>>,
    compared: Mutex<Option<Comparison>>,
}

/// Why a script was not planned.
enum Refused {
    /// It has mistakes, or what it declares cannot be planned.
    Mistakes(Vec<Diagnostic>),
    /// There is no such script, or it cannot be read.
    Unreadable(String),
}

impl Bench {
    pub(super) fn new(
        file: Arc<File>,
        lookups: Arc<dyn Lookups>,
        planner: Arc<dyn Planner>,
        runtime: Runtime,
        watch: Arc<Watch>,
    ) -> Self {
        Self { file, lookups, planner, runtime, watch, printed: Arc::default(), compared: Mutex::default() }
    }

    /// What was printed so far.
    pub(super) fn printed(&self) -> Vec<String> {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the last assertion that failed compared.
    pub(super) fn compared(&self) -> Option<Comparison> {
        self.compared.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn print(&self, text: &str) {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_owned());
    }

    fn failed<T>(&self, message: String, comparison: Option<Comparison>) -> Outcome<T> {
        *self.compared.lock().unwrap_or_else(PoisonError::into_inner) = comparison;
        Err(message.into())
    }

    /// The text of a script, and its name in messages.
    fn read(&self, script: &str) -> Result<(String, String), String> {
        let folder = &self.file.folder;
        let path = if folder == Path::new(".") { script.into() } else { folder.join(script) };
        let unreadable = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => format!("there is no script `{script}` beside {}", self.file.file),
            _ => format!("cannot read `{script}`: {error}"),
        };
        let root = self.file.root.canonicalize().map_err(unreadable)?;
        let found = path.canonicalize().map_err(unreadable)?;
        if !found.starts_with(root) {
            return Err(format!("`{script}` is outside of the folder that the tests are run in"));
        }
        if !found.is_file() {
            return Err(format!("`{script}` is no file"));
        }
        if found.metadata().map_err(unreadable)?.len() > LONGEST_FILE {
            return Err(format!("`{script}` is longer than {} MiB", LONGEST_FILE >> 20));
        }
        let text = std::fs::read_to_string(&found).map_err(unreadable)?;
        Ok((path.display().to_string(), text))
    }

    fn plan(&self, script: &str, inputs: &Map) -> Result<Planned, Refused> {
        let (file, source) = self.read(script).map_err(Refused::Unreadable)?;
        let mut given = std::collections::BTreeMap::new();
        for (name, value) in inputs {
            let json = to_json(value, &mut State::default());
            let json =
                json.map_err(|unfit| Refused::Unreadable(format!("the input `{name}` has {} in it", unfit.what)))?;
            given.insert(name.to_string(), Given::Json(json));
        }
        let printed = self.printed.clone();
        let request = Request {
            root: Path::new(&file).parent().map(Path::to_owned),
            file,
            source,
            inputs: given,
            lookups: self.lookups.clone(),
            limits: Limits::default(),
            functions: Functions::default(),
            events: Events::to(move |event| {
                if let Event::Printed { text, .. } = event {
                    printed.lock().unwrap_or_else(PoisonError::into_inner).push(text);
                }
            }),
        };
        // The time that scripts take is not the test's.
        let evaluated: Result<Evaluated, Mistakes> = self.watch.aside(|| self.runtime.block_on(evaluate(request)));
        let evaluated = evaluated.map_err(|mistakes| Refused::Mistakes(mistakes.mistakes))?;
        let stack = Path::new(script).file_stem().map_or_else(|| "test".into(), |stem| stem.to_string_lossy());
        let steps = self.watch.aside(|| self.planner.steps(&evaluated, &stack)).map_err(Refused::Mistakes)?;
        Ok(Planned::new(script.to_owned(), evaluated, steps))
    }
}

/// An interpreter for tests.
pub(super) fn engine(bench: &Arc<Bench>) -> Engine {
    let mut engine = evaluator::plain_engine();
    engine.set_allow_shadowing(true);
    let watch = bench.watch.clone();
    engine.on_progress(move |_| watch.operation().map(|stop| Dynamic::from(stop.to_string())));
    let own = bench.clone();
    engine.on_print(move |text| own.print(text));
    let own = bench.clone();
    engine.on_debug(move |text, _, _| own.print(text));
    planned::register(&mut engine);
    planning(&mut engine, bench);
    asserting(&mut engine, bench);
    engine
}

fn planning(engine: &mut Engine, bench: &Arc<Bench>) {
    let plan = |bench: &Bench, script: &str, inputs: &Map| -> Outcome<Planned> {
        bench.plan(script, inputs).or_else(|refused| match refused {
            Refused::Unreadable(why) => Err(why.into()),
            Refused::Mistakes(mistakes) => bench.failed(format!("{script} has mistakes:\n{}", told(&mistakes)), None),
        })
    };
    let own = bench.clone();
    engine.register_fn("plan", move |script: &str| plan(&own, script, &Map::new()));
    let own = bench.clone();
    engine.register_fn("plan", move |script: &str, inputs: Map| plan(&own, script, &inputs));
    let fails = |bench: &Bench, script: &str, inputs: &Map, part: &str| -> Outcome<()> {
        let expected = format!("a mistake with {:?} in it", part);
        match bench.plan(script, inputs) {
            Ok(_) => bench
                .failed(format!("{script} has no mistakes"), Some(Comparison { expected, actual: "none".to_owned() })),
            Err(Refused::Unreadable(why)) => Err(why.into()),
            Err(Refused::Mistakes(mistakes)) => {
                let says = |text: &String| text.contains(part);
                if mistakes.iter().any(|told| says(&told.message) || told.help.as_ref().is_some_and(says)) {
                    return Ok(());
                }
                let actual = told(&mistakes);
                bench.failed(format!("{script} has other mistakes"), Some(Comparison { expected, actual }))
            }
        }
    };
    let own = bench.clone();
    engine.register_fn("assert_fails", move |script: &str, inputs: Map, part: &str| fails(&own, script, &inputs, part));
    let own = bench.clone();
    engine.register_fn("assert_fails", move |script: &str, part: &str| fails(&own, script, &Map::new(), part));
}

/// Mistakes, each on a line with its place.
fn told(mistakes: &[Diagnostic]) -> String {
    let line = |mistake: &Diagnostic| match &mistake.place {
        Some(place) => format!("{}:{}:{} {}", place.file, place.line, place.column, mistake.message),
        None => mistake.message.clone(),
    };
    mistakes.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn asserting(engine: &mut Engine, bench: &Arc<Bench>) {
    let own = bench.clone();
    engine.register_fn("assert", move |holds: bool| -> Outcome<()> {
        if holds { Ok(()) } else { own.failed("it does not hold".to_owned(), None) }
    });
    let own = bench.clone();
    engine.register_fn("assert", move |holds: bool, message: &str| -> Outcome<()> {
        if holds { Ok(()) } else { own.failed(message.to_owned(), None) }
    });
    comparing(engine, bench, "assert_eq", |actual, expected| {
        (!compare::same(actual, expected)).then(|| ("these are not the same".to_owned(), compare::shown(expected)))
    });
    comparing(engine, bench, "assert_ne", |actual, other| {
        compare::same(actual, other)
            .then(|| ("these are the same".to_owned(), format!("anything but {}", compare::shown(other))))
    });
    comparing(engine, bench, "assert_contains", |whole, part| match compare::contains(whole, part) {
        Some(true) => None,
        Some(false) => {
            Some((format!("{} is not in it", one_line(part)), format!("something with {} in it", compare::shown(part))))
        }
        None => {
            let (whole, part) = (whole.type_name(), one_line(part));
            Some((format!("{part} cannot be in a value of type {whole}"), "a text, a list or a map".to_owned()))
        }
    });
}

/// A value on one line, shortened.
fn one_line(value: &Dynamic) -> String {
    const LONGEST: usize = 60;
    let text = compare::shown(value).split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// Registers what compares two values: `wrong` answers what is said, and what was expected, when they are not right.
fn comparing(
    engine: &mut Engine,
    bench: &Arc<Bench>,
    name: &str,
    wrong: fn(&Dynamic, &Dynamic) -> Option<(String, String)>,
) {
    let check = move |bench: &Bench, actual: &Dynamic, other: &Dynamic, message: Option<&str>| -> Outcome<()> {
        let Some((said, expected)) = wrong(actual, other) else { return Ok(()) };
        let said = message.map_or(said, str::to_owned);
        bench.failed(said, Some(Comparison { expected, actual: compare::shown(actual) }))
    };
    let own = bench.clone();
    engine.register_fn(name, move |actual: Dynamic, other: Dynamic| check(&own, &actual, &other, None));
    let own = bench.clone();
    engine.register_fn(name, move |actual: Dynamic, other: Dynamic, message: &str| {
        check(&own, &actual, &other, Some(message))
    });
}

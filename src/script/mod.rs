//! From a script to a [`Program`]: evaluation by Rhai, with every mistake collected and placed.
//!
//! Evaluating is pure: the same script, inputs and look-ups give the same program. A script reaches nothing but what
//! the [`Request`] grants.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use crate::event::Events;
use crate::model::existing::{ExistingVpc, VpcQuery};
use crate::model::{Json, Program};

mod builders;
mod built;
mod check;
mod cidr;
mod convert;
pub mod definitions;
mod diagnostics;
mod evaluator;
mod existing;
pub mod explore;
mod fixed;
pub mod format;
mod formation;
mod forms;
mod functions;
mod generic;
mod handle;
mod image;
mod inputs;
mod library;
mod limits;
pub mod lint;
mod lists;
mod memory;
mod mutators;
mod names;
mod offline;
mod options;
mod own;
mod policy;
mod resolver;
mod session;
mod sources;
mod spans;
pub(crate) mod suggest;
mod syntax;
pub mod testing;
#[cfg(test)]
mod tests;
mod text;
mod tokens;

pub use built::{Declared, ProgramBuilder};
pub(crate) use library::files as library_files;
pub use memory::CountingAllocator;
pub use offline::Offline;
pub use own::{Function, FunctionError, Functions, Lookup};
pub(crate) use suggest::closest;

/// Stack of the thread that evaluates, in bytes: what the deepest script within the limits needs in a debug build, several
/// times over.
const STACK: usize = 64 << 20;

/// In the tests of this crate the limit on memory holds.
#[cfg(test)]
#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// A script and what is given with it, as an [`Engine`](crate::engine::Engine) evaluates it. A text alone is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// Its path as the user knows it, for messages.
    pub file: String,
    /// Its text.
    pub source: String,
    /// The folder imports are confined to; `None` allows none. Imports are relative to the importing file.
    pub root: Option<PathBuf>,
    /// Inputs by name.
    pub inputs: BTreeMap<String, Given>,
}

impl Script {
    /// A script that is in memory: `file` is what messages call it. It imports nothing.
    pub fn new(file: impl Into<String>, source: impl Into<String>) -> Self {
        Self { file: file.into(), source: source.into(), root: None, inputs: BTreeMap::new() }
    }

    /// Reads a script, which may import what is in its folder.
    ///
    /// # Errors
    /// When the file cannot be read, or is no text.
    pub async fn read(path: impl AsRef<Path>) -> std::io::Result<Self> {
        let path = path.as_ref();
        let source = tokio::fs::read_to_string(path).await?;
        let root = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        Ok(Self { root: Some(root), ..Self::new(path.display().to_string(), source) })
    }

    /// The same with an input.
    #[must_use]
    pub fn input(mut self, name: impl Into<String>, value: impl Into<Json>) -> Self {
        self.inputs.insert(name.into(), Given::Json(value.into()));
        self
    }
}

impl From<&str> for Script {
    fn from(source: &str) -> Self {
        Self::new("script.rhai", source)
    }
}

impl From<String> for Script {
    fn from(source: String) -> Self {
        Self::new("script.rhai", source)
    }
}

/// What to evaluate.
pub struct Request {
    /// The script's path as the user wrote it, for messages.
    pub file: String,
    /// Its text.
    pub source: String,
    /// The folder imports are confined to; `None` allows none. Imports are relative to the importing file.
    pub root: Option<PathBuf>,
    /// Inputs by name.
    pub inputs: BTreeMap<String, Given>,
    /// Answers to what a script may ask of the account.
    pub lookups: Arc<dyn Lookups>,
    /// Limits.
    pub limits: Limits,
    /// Functions that scripts have beside those of the language.
    pub functions: Functions,
    /// Where `print` goes.
    pub events: Events,
}

/// An input's value as given from outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// Text (`--set`), read as the type of the input's default.
    Text(String),
    /// Text that is there for whatever script asks (environment), read the same way. That no input asks for it is no
    /// mistake.
    Ambient(String),
    /// A value (`--inputs FILE`).
    Json(Json),
    /// A value from a file that others read, too, such as the settings beside a script. That it turns out to be secret is
    /// a mistake.
    Kept {
        /// The value.
        value: Json,
        /// The file, for messages.
        file: String,
        /// Whether it is for this very script: then that no input asks for it is a mistake.
        meant: bool,
    },
}

/// Limits on a script's evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Operations of the interpreter.
    pub operations: u64,
    /// Wall-clock time, parsing included.
    pub time: Duration,
    /// Memory it may hold, in bytes. Checked between operations where [`CountingAllocator`] is installed; one operation
    /// may go past it by as much again.
    pub memory: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { operations: 20_000_000, time: Duration::from_secs(5), memory: 120 << 20 }
    }
}

/// What a script may ask of the account while it is evaluated.
#[async_trait]
pub trait Lookups: Send + Sync {
    /// The account's twelve digits.
    async fn account(&self) -> Result<String, String>;
    /// The region's code.
    async fn region(&self) -> Result<String, String>;
    /// Names of the region's availability zones, sorted.
    async fn zones(&self) -> Result<Vec<String>, String>;
    /// The VPCs that are meant: one, unless the account has none or several of them.
    async fn vpcs(&self, wanted: &VpcQuery) -> Result<Vec<ExistingVpc>, String>;
    /// Whether the answers stand in for an account's, because none is asked.
    fn stand_in(&self) -> bool {
        false
    }
}

/// A script evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// What it wants.
    pub program: Program,
    /// What is worth saying though it is no mistake.
    pub warnings: Vec<Diagnostic>,
    /// The texts of every file a diagnostic may point into, by their names in [`Place::file`]. Rust's are not among them.
    pub sources: BTreeMap<String, String>,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// The file as shown.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Offset in bytes from the start of the file.
    pub offset: usize,
    /// Length of the offending text in bytes; 0 when it is a point.
    pub length: usize,
}

/// Something to say about a script.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Diagnostic {
    /// What is wrong, in one line.
    pub message: String,
    /// What to call the place, such as `not a property of ecs_service`.
    pub label: Option<String>,
    /// Where.
    pub place: Option<Place>,
    /// From where that was called, innermost first.
    pub called_from: Vec<Place>,
    /// The way out.
    pub help: Option<String>,
}

/// In a line: where, what, and the way out.
impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(Place { file, line, column, .. }) = &self.place {
            write!(f, "{file}:{line}:{column}: ")?;
        }
        f.write_str(&self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, " ({help})"))
    }
}

/// Everything wrong with a script, in the order of the places.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", mistakes.iter().map(Diagnostic::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Mistakes {
    /// Each of them; never empty.
    pub mistakes: Vec<Diagnostic>,
    /// The texts of every file they point into, by their names.
    pub sources: BTreeMap<String, String>,
}

/// Evaluates a script on a thread of its own. Dropping the future stops the script.
///
/// # Errors
/// All the mistakes at once.
pub async fn evaluate(request: Request) -> Result<Evaluated, Mistakes> {
    let (send, receive) = tokio::sync::oneshot::channel();
    let cancelled = Arc::new(AtomicBool::new(false));
    let _cancel = Cancel(cancelled.clone());
    let runtime = tokio::runtime::Handle::try_current().ok();
    let sources = BTreeMap::from([(request.file.clone(), request.source.clone())]);
    let spawned = std::thread::Builder::new().name("script".to_owned()).stack_size(STACK).spawn(move || {
        let watch = Arc::new(limits::Watch::start(request.limits.clone(), cancelled));
        // Nobody may be waiting any more; then nobody needs the result either.
        let _ = send.send(evaluator::run(request, runtime, watch));
    });
    let failed = |message: String| {
        let mistake = Diagnostic { message, label: None, place: None, called_from: Vec::new(), help: None };
        Mistakes { mistakes: vec![mistake], sources }
    };
    if let Err(error) = spawned {
        return Err(failed(format!("no thread to evaluate the script on: {error}")));
    }
    match receive.await {
        Ok(result) => result,
        Err(_) => Err(failed("the evaluation of the script failed unexpectedly".to_owned())),
    }
}

/// Does something with a script that needs as much stack as evaluating it, and waits for it.
fn on_own_thread<T: Send>(
    file: &str,
    source: &str,
    work: impl FnOnce(Arc<AtomicBool>) -> Result<T, Mistakes> + Send,
) -> Result<T, Mistakes> {
    let failed = |message: String| Mistakes {
        mistakes: vec![Diagnostic { message, label: None, place: None, called_from: Vec::new(), help: None }],
        sources: BTreeMap::from([(file.to_owned(), source.to_owned())]),
    };
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("script".to_owned()).stack_size(STACK);
        let spawned = builder.spawn_scoped(scope, || work(Arc::default()));
        let thread = spawned.map_err(|error| failed(format!("no thread to read the script on: {error}")))?;
        thread.join().unwrap_or_else(|_| Err(failed("reading the script failed unexpectedly".to_owned())))
    })
}

/// Stops the script when dropped.
struct Cancel(Arc<AtomicBool>);

impl Drop for Cancel {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

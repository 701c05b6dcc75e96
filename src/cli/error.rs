//! [`Error`]: why a command ended without doing what it was asked to. How it is told is in [`super::render::error`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use hzscript::cloud::ConnectError;
use hzscript::engine::EngineError;
use hzscript::import::ImportError;
use hzscript::live::LiveError;
use hzscript::local::service::Fault;
use hzscript::local::store::StoreError;
use hzscript::plan::PlanError;
use hzscript::script::Mistakes;
use hzscript::state::{EditError, StateError};
use hzscript::stores::OpenError;
use hzscript::synth::SynthError;

use super::input::InputError;
use super::interrupt::Interrupted;
use super::saved::SavedError;

/// Why a command failed.
#[derive(Debug)]
pub enum Error {
    /// The user asked to end before anything was changed.
    Interrupted,
    /// The arguments do not go together.
    Usage {
        /// Why not.
        message: String,
        /// The way out, when it needs saying.
        help: Option<String>,
    },
    /// The script cannot be read.
    Script {
        /// Its path.
        path: PathBuf,
        /// Why not.
        reason: String,
        /// The way out, when there is one.
        help: Option<String>,
    },
    /// The inputs cannot be read.
    Input(InputError),
    /// The script has mistakes.
    Mistakes(Mistakes),
    /// `hzscript.toml` has mistakes.
    Project(Mistakes),
    /// The program cannot be planned.
    Plan {
        /// Why not.
        error: PlanError,
        /// The texts of the files it was declared in, by name.
        sources: BTreeMap<String, String>,
    },
    /// The program cannot be put into a template.
    Synth {
        /// Why not.
        error: SynthError,
        /// The texts of the files it was declared in, by name.
        sources: BTreeMap<String, String>,
    },
    /// The stack cannot be planned or executed.
    Engine {
        /// Why not.
        error: Box<EngineError>,
        /// Where its state is.
        state: String,
    },
    /// What runs cannot be asked for, or is not there.
    Live(Box<LiveError>),
    /// Nothing can be imported.
    Import(Box<ImportError>),
    /// The plan cannot be saved, or the saved one not be executed.
    Saved(Box<SavedError>),
    /// The state cannot be opened or read.
    State(StateError),
    /// The state is not changed so.
    Edit {
        /// Why not.
        error: Box<EditError>,
        /// The stack.
        stack: String,
    },
    /// Everything was done that could be, and the state of it cannot be written where it is kept.
    NotSaved {
        /// Why not.
        cause: Box<StateError>,
        /// Where it is kept.
        state: String,
        /// The stack.
        stack: String,
        /// The file it was written to instead; none when it was printed.
        file: Option<PathBuf>,
    },
    /// There is no connection to AWS.
    Connect(Box<ConnectError>),
    /// The embedded AWS's data cannot be read.
    Local {
        /// Its folder.
        folder: PathBuf,
        /// The cause.
        source: StoreError,
    },
    /// The embedded AWS refused.
    Refused(Fault),
    /// The embedded AWS's settings cannot be read.
    Settings {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Files cannot be read, written or removed, or a port not be listened on.
    Io {
        /// What was to be done, such as `make the folder .hzscript`.
        what: String,
        /// The cause.
        source: std::io::Error,
    },
}

impl From<Interrupted> for Error {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}

impl From<InputError> for Error {
    fn from(error: InputError) -> Self {
        Self::Input(error)
    }
}

impl From<SavedError> for Error {
    fn from(error: SavedError) -> Self {
        Self::Saved(Box::new(error))
    }
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::State(error) => Self::State(error),
            OpenError::Connect(error) => Self::Connect(error),
        }
    }
}

impl From<StateError> for Error {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

//! [`Builder`]: an [`Engine`] put together, with what scripts may ask and call beside what the language has.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::path::Path;

use super::{Engine, Evaluation};
use crate::apply::execute::{Settings, Stop};
use crate::apply::formation::FormationCheck;
use crate::cloud::Cloud;
use crate::event::{Event, Events};
use crate::kinds::{self, Kind};
use crate::model::schema::Taken;
use crate::model::{Json, KindSchema};
use crate::script::{Function, FunctionError, Functions, Given, Limits, Lookup, Lookups};
use crate::state::{Locking, Owner, StateError, StateStore, Target};

/// The longest name of a stack, in characters: it is part of the names of what the stack makes.
const LONGEST_STACK: usize = 64;

/// The name of a stack when nothing else is said.
const STACK: &str = "main";

/// Why an engine cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Nothing says where the state is kept.
    #[error("nothing says where the state is kept: what a run makes would be forgotten")]
    NoState,
    /// The name cannot be a stack's.
    #[error("`{0}` cannot be a stack's name: at most 64 letters, digits, `-` and `_`, a letter or digit first")]
    BadStack(String),
    /// The state that was given is another stack's.
    #[error("the state that was given is that of the stack `{state}`, and the engine is for `{stack}`")]
    OtherStack {
        /// The stack that was named.
        stack: String,
        /// The stack that the state is of.
        state: String,
    },
    /// The place for the state cannot be opened.
    #[error(transparent)]
    State(#[from] StateError),
    /// A function cannot have its name.
    #[error(transparent)]
    Function(#[from] FunctionError),
    /// A kind cannot be added.
    #[error(transparent)]
    Kind(#[from] Taken),
}

/// Whether a text can be the name of a stack: at most 64 letters, digits, `-` and `_`, a letter or digit first.
pub fn is_stack_name(name: &str) -> bool {
    (1..=LONGEST_STACK).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// Where the state is kept.
#[derive(Debug)]
enum Kept {
    Memory,
    Folder(PathBuf),
    Objects(Arc<dyn ObjectStore>),
    Opened(StateStore),
}

/// An engine that is being put together. Made by [`Engine::builder`]; the only thing that must be said is where the state
/// is kept.
///
/// ```
/// # async fn example(cloud: hzscript::Cloud) -> Result<(), Box<dyn std::error::Error>> {
/// let engine = hzscript::Engine::builder(cloud)
///     .stack("orders")
///     .state_in_memory()
///     .input("members", 5)
///     .function("price", |zone: String, hours: u32| -> Result<f64, String> {
///         Ok(if zone.ends_with('a') { 0.04 } else { 0.05 } * f64::from(hours))
///     })
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing before `build`"]
pub struct Builder {
    cloud: Cloud,
    stack: Option<String>,
    kept: Option<Kept>,
    inputs: BTreeMap<String, Given>,
    limits: Limits,
    lookups: Option<Arc<dyn Lookups>>,
    functions: Functions,
    kinds: Vec<(&'static dyn Kind, KindSchema)>,
    refused: Option<FunctionError>,
    events: Events,
    settings: Settings,
    locking: Locking,
    owner: Option<Owner>,
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { stack, kept, limits, settings, .. } = self;
        f.debug_struct("Builder")
            .field("stack", stack)
            .field("kept", kept)
            .field("limits", limits)
            .field("settings", settings)
            .finish_non_exhaustive()
    }
}

impl Builder {
    pub(super) fn new(cloud: Cloud) -> Self {
        Self {
            cloud,
            stack: None,
            kept: None,
            inputs: BTreeMap::new(),
            limits: Limits::default(),
            lookups: None,
            functions: Functions::default(),
            kinds: Vec::new(),
            refused: None,
            events: Events::none(),
            settings: Settings::default(),
            locking: Locking::default(),
            owner: None,
        }
    }

    /// The name of the stack; by default that of the state that was given, or `main`.
    pub fn stack(mut self, name: impl Into<String>) -> Self {
        self.stack = Some(name.into());
        self
    }

    /// Keeps the state in a folder of this machine, which is made if need be.
    pub fn state_in_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.kept = Some(Kept::Folder(folder.into()));
        self
    }

    /// Keeps the state in memory: with the engine, what it made is forgotten. For trying things.
    pub fn state_in_memory(mut self) -> Self {
        self.kept = Some(Kept::Memory);
        self
    }

    /// Keeps the state in an object store of your own. It must refuse to create what exists, when it is asked to; that is
    /// tried before a stack is begun.
    pub fn state_in_objects(mut self, objects: Arc<dyn ObjectStore>) -> Self {
        self.kept = Some(Kept::Objects(objects));
        self
    }

    /// Keeps the state in what is open already: what `stores::open` opened by its URL, or what has keys for secrets.
    pub fn state(mut self, store: StateStore) -> Self {
        self.kept = Some(Kept::Opened(store));
        self
    }

    /// Gives scripts an input; what is given with a script itself comes before it.
    pub fn input(mut self, name: impl Into<String>, value: impl Into<Json>) -> Self {
        self.inputs.insert(name.into(), Given::Json(value.into()));
        self
    }

    /// Gives scripts inputs; what is given with a script itself comes before them.
    pub fn inputs(mut self, inputs: impl IntoIterator<Item = (String, Given)>) -> Self {
        self.inputs.extend(inputs);
        self
    }

    /// Limits the evaluation of scripts.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Answers what scripts ask of the account; by default the cloud does.
    pub fn lookups(mut self, lookups: impl Lookups + 'static) -> Self {
        self.lookups = Some(Arc::new(lookups));
        self
    }

    /// Gives scripts a function. Its arguments are what the script calls it with, read as their types; what it answers is
    /// given back as a script's value. It must answer the same to the same, or the program is another one each time.
    pub fn function<A>(mut self, name: &str, function: impl Function<A>) -> Self {
        if let Err(error) = self.functions.add(name, function) {
            self.refused.get_or_insert(error);
        }
        self
    }

    /// Gives scripts a look-up: as [`Builder::function`], but it may wait for its answer. The time that takes is not counted
    /// among the script's.
    pub fn lookup<A>(mut self, name: &str, lookup: impl Lookup<A>) -> Self {
        if let Err(error) = self.functions.add_lookup(name, lookup) {
            self.refused.get_or_insert(error);
        }
        self
    }

    /// Adds a kind of your own, which need not be one of AWS's: scripts have a builder for it. It is added to the process, for
    /// good, as [`kinds::register`] does: every process that works on a stack which has such resources must add it.
    pub fn kind(mut self, kind: &'static dyn Kind, schema: KindSchema) -> Self {
        self.kinds.push((kind, schema));
        self
    }

    /// Where events go.
    pub fn events(mut self, events: Events) -> Self {
        self.events = events;
        self
    }

    /// Calls `receive` for each event, in order, from any thread.
    pub fn on_event(self, receive: impl Fn(Event) + Send + Sync + 'static) -> Self {
        self.events(Events::to(receive))
    }

    /// The most calls in flight at a time; 16 when nothing else is said.
    pub fn parallelism(mut self, most: usize) -> Self {
        self.settings.parallelism = most;
        self
    }

    /// Whether steps that nothing else needs are waited for, as they are when nothing else is said.
    pub fn wait(mut self, wait: bool) -> Self {
        self.settings.wait = wait;
        self
    }

    /// When it is looked at that members found each other.
    pub fn formation(mut self, check: FormationCheck) -> Self {
        self.settings.formation = check;
        self
    }

    /// What asks runs to end early.
    pub fn stop(mut self, stop: Stop) -> Self {
        self.settings.stop = stop;
        self
    }

    /// How plans are executed, all at once.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// How the lock of the stack is taken.
    pub fn locking(mut self, locking: Locking) -> Self {
        self.locking = locking;
        self
    }

    /// Who is said to be at work; by default nobody by name, and this process.
    pub fn owner(mut self, owner: Owner) -> Self {
        self.owner = Some(owner);
        self
    }

    /// The engine.
    ///
    /// # Errors
    /// When nothing says where the state is kept or that cannot be opened, and when a name is none.
    pub fn build(self) -> Result<Engine, BuildError> {
        let Self { cloud, stack, kept, inputs, limits, lookups, functions, kinds, refused, .. } = self;
        let (events, settings, locking, owner) = (self.events, self.settings, self.locking, self.owner);
        if let Some(refused) = refused {
            return Err(refused.into());
        }
        let opened = match &kept {
            Some(Kept::Opened(store)) => Some(store.stack().to_owned()),
            _ => None,
        };
        let stack = match (stack, opened) {
            (Some(stack), Some(state)) if stack != state => return Err(BuildError::OtherStack { stack, state }),
            (Some(stack), _) | (None, Some(stack)) => stack,
            (None, None) => STACK.to_owned(),
        };
        if !is_stack_name(&stack) {
            return Err(BuildError::BadStack(stack));
        }
        let store = match kept {
            None => return Err(BuildError::NoState),
            Some(Kept::Memory) => StateStore::open("memory:///", &stack)?,
            Some(Kept::Folder(folder)) => StateStore::in_folder(&folder, &stack)?,
            Some(Kept::Objects(objects)) => {
                let shown = objects.to_string();
                StateStore::remote(objects, &Path::default(), &stack, shown)
            }
            Some(Kept::Opened(store)) => store,
        };
        for (kind, schema) in kinds {
            kinds::register(kind, schema)?;
        }
        let name = cloud.answering.name().to_owned();
        let target = Target { cloud: name, account: cloud.account.clone(), region: cloud.region.clone() };
        let lookups = lookups.unwrap_or_else(|| Arc::new(cloud.clone()));
        let evaluation = Evaluation { inputs, limits, lookups, functions };
        Ok(Engine { cloud, store, stack, target, events, settings, locking, owner, evaluation: Arc::new(evaluation) })
    }
}

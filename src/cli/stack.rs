//! What `run`, `plan`, `apply` and `destroy` begin with: a connection, the first line, and an engine on the stack's state.

use std::path::PathBuf;
use std::sync::Arc;

use hzscript::apply::execute::Settings;
use hzscript::apply::formation::FormationCheck;
use hzscript::cloud::Cloud;
use hzscript::engine::{Engine, EngineError};
use hzscript::local::fault::Crash;
use hzscript::state::Locking;

use super::Tools;
use super::args::{LockArguments, StackArguments, TargetArguments};
use super::connect::{Folder, StatePlace, Target};
use super::error::Error;
use super::keys::{Sealing, Use, with_keys};
use super::render::escape;
use super::render::screen::Line;

/// A stack on the cloud it lives on.
#[derive(Debug)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// The engine.
    pub engine: Engine,
    /// The sort of cloud.
    pub target: Target,
    /// Where the state is, for messages.
    pub state: String,
    /// Where a state goes that cannot be written there.
    pub beside: PathBuf,
}

/// How calls are made.
#[derive(Debug, Clone, Copy)]
pub struct Calls {
    /// The most in flight at a time.
    pub parallelism: usize,
    /// Whether what AWS has accepted is waited for.
    pub wait: bool,
    /// Whether it is looked at that members found each other.
    pub formation: FormationCheck,
}

impl Stack {
    /// Connects, says so, and opens the state, for a command that goes on without the texts of secrets.
    ///
    /// # Errors
    /// When there is no connection or no state can be kept, or the key is another one.
    pub async fn open(
        name: String,
        stack: &StackArguments,
        target: &TargetArguments,
        calls: Calls,
        tools: &Tools,
    ) -> Result<Self, Error> {
        Self::open_sealed(name, stack, target, calls, Sealing::of(Use::Idle), tools).await
    }

    /// The same for a command that has its own wants with secrets.
    ///
    /// # Errors
    /// As [`Stack::open`], and when there is no key that is needed.
    pub async fn open_sealed(
        name: String,
        stack: &StackArguments,
        target: &TargetArguments,
        calls: Calls,
        sealing: Sealing<'_>,
        tools: &Tools,
    ) -> Result<Self, Error> {
        let target = Target::choose(target, &tools.environment)?;
        let folder = Folder::new(&stack.folder);
        let cloud = tools.interrupt.cut(target.connect(&folder)).await??;
        // A second connection would be counted by itself, and there is none.
        let _ = tools.calls.set(cloud.calls.clone());
        say(&target, &cloud, &name, tools);
        if let Some(faults) = target.faults(&folder)? {
            tools.screen.out(&faults);
            tools.screen.line(&Line::Faults { text: &faults });
        }
        Self::over((target, cloud), name, stack, calls, sealing, tools).await
    }

    /// The same over a connection that is there.
    ///
    /// # Errors
    /// When no state can be kept, the key is another one, or there is none that is needed.
    pub async fn over(
        (target, cloud): (Target, Cloud),
        name: String,
        stack: &StackArguments,
        calls: Calls,
        sealing: Sealing<'_>,
        tools: &Tools,
    ) -> Result<Self, Error> {
        let folder = Folder::new(&stack.folder);
        let place = StatePlace::choose(stack, &tools.environment).beside(&target);
        if stack.state.is_none() {
            folder.make()?;
        }
        let store = place.open(&name).await?;
        let store = match target.crash_of_writes() {
            Some(Crash { number, done, .. }) => store.crashing_at(number, done),
            None => store,
        };
        let state = store.shown();
        let store = with_keys(store, sealing, &stack.keys, Some(&cloud), tools).await?;
        let Calls { parallelism, wait, formation } = calls;
        let settings = Settings { parallelism, wait, formation, stop: tools.interrupt.stop() };
        let engine = Engine::builder(cloud).stack(&name).state(store).settings(settings).events(tools.screen.events());
        let engine = engine.build().map_err(|error| Error::Usage { message: error.to_string(), help: None })?;
        let beside = if folder.path().is_dir() { folder.path().to_owned() } else { PathBuf::from(".") };
        Ok(Self { name, engine, target, state, beside })
    }

    /// The same, to be changed: its lock is taken as the arguments say.
    #[must_use]
    pub fn locking(self, arguments: LockArguments, tools: &Tools) -> Self {
        let LockArguments { lock_timeout: wait, lock_lease: lease } = arguments;
        let locking = Locking { lease, wait, surroundings: Arc::new(tools.environment.machine()) };
        Self { engine: self.engine.locking(locking), ..self }
    }

    /// An error of the engine as one of the command line's.
    pub fn failed(&self, error: EngineError) -> Error {
        if let EngineError::StoppedWaiting = error {
            return Error::Interrupted;
        }
        Error::Engine { error: Box::new(error), state: self.state.clone() }
    }
}

/// Says what is worked on.
pub fn say(target: &Target, cloud: &Cloud, stack: &str, tools: &Tools) {
    let text = target.header(cloud, stack);
    tools.screen.out(&escape::line(&text));
    let (account, region) = (&cloud.account, &cloud.region);
    tools.screen.line(&Line::Target { text: &text, target: target.name(), account, region, stack });
}

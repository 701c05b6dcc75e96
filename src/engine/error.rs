//! [`EngineError`]: why a stack could not be planned or executed.

use super::saving::Unsaved;
use crate::apply::execute::ExecuteError;
use crate::apply::recover::RecoverError;
use crate::cloud::CallError;
use crate::model::Address;
use crate::plan::PlanError;
use crate::plan::scope::ScopeError;
use crate::state::{Executed, KeyError, Lost, StateError, Target};

/// Why a stack could not be planned or executed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The state cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// What exists cannot be read.
    #[error("cannot read what exists: {0}")]
    Observe(#[from] CallError),
    /// The program cannot be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The plan has no order, so that nothing was begun.
    #[error("the plan has no order: {0} would have to come before and after itself")]
    NoOrder(Address),
    /// The part of the stack that was asked for means nothing.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The state belongs to another account or region.
    #[error("the state of stack `{stack}` is of {recorded}, and this is {connected}")]
    WrongTarget {
        /// The stack.
        stack: String,
        /// Where it lives.
        recorded: Target,
        /// What is connected to.
        connected: Target,
    },
    /// The lock was lost on the way: nothing was called and nothing was written down from then on.
    #[error("the lock was lost: {lost}")]
    LockLost {
        /// Why.
        lost: Lost,
        /// Resources of which a call was in flight, and nobody knows what came of it. The next run looks for that.
        in_flight: Vec<Address>,
    },
    /// It was asked to stop while it waited for the lock.
    #[error("it was stopped while it waited for the lock")]
    StoppedWaiting,
    /// The work was begun with [`Engine::look`](super::Engine::look), which changes nothing.
    #[error("this session only looks: a plan is executed in one that was begun")]
    OnlyLooking,
    /// No program of the serial is kept.
    #[error("of stack `{stack}` no program of serial {serial} is kept")]
    NotKept {
        /// The stack.
        stack: String,
        /// The serial that was asked for.
        serial: u64,
        /// Those there are.
        kept: Vec<Executed>,
    },
    /// No complete run came before.
    #[error("of stack `{stack}` no earlier run is kept that ended completely")]
    NothingEarlier {
        /// The stack.
        stack: String,
        /// Runs that are kept.
        kept: Vec<Executed>,
    },
    /// What would be gone back to is nothing.
    #[error("stack `{stack}` had nothing then: going back would delete everything")]
    BeforeTheFirst {
        /// The stack.
        stack: String,
    },
    /// The plan was made from another state.
    #[error("the plan is stale: the state has changed since it was made")]
    Stale,
    /// The plan was made for a stack that was never run, whose state would be kept elsewhere.
    #[error("the plan of stack `{stack}` is for a state that is kept in {planned}, and this is {here}")]
    KeptElsewhere {
        /// The stack.
        stack: String,
        /// Where its state was to be.
        planned: String,
        /// Where it would be now.
        here: String,
    },
    /// Steps were executed, and the state cannot be written.
    #[error("the state cannot be written: {}", .0.cause)]
    NotSaved(Box<Unsaved>),
    /// The plan was made for another account or region.
    #[error("the plan of stack `{stack}` is for {planned}, and this is {connected}")]
    PlannedElsewhere {
        /// The stack.
        stack: String,
        /// What it was made for.
        planned: Target,
        /// What is connected to.
        connected: Target,
    },
}

impl From<ExecuteError> for EngineError {
    fn from(error: ExecuteError) -> Self {
        match error {
            ExecuteError::NoOrder(address) => Self::NoOrder(address),
            ExecuteError::State(error) => Self::State(error),
        }
    }
}

impl From<KeyError> for EngineError {
    fn from(error: KeyError) -> Self {
        Self::State(error.into())
    }
}

impl From<RecoverError> for EngineError {
    fn from(error: RecoverError) -> Self {
        match error {
            RecoverError::Call(error) => Self::Observe(error),
            RecoverError::State(error) => Self::State(error),
        }
    }
}

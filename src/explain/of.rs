//! The code of each error of the library. Every variant is named: a new one has to choose.

use super::Code;
use crate::apply::execute::Failure;
#[cfg(feature = "aws")]
use crate::cloud::ConnectError;
use crate::engine::EngineError;
use crate::plan::Problem;
use crate::plan::scope::ScopeError;
use crate::state::{EditError, StateError};

/// The code of what stands in the way of a plan.
pub fn of_problem(problem: &Problem) -> Code {
    match problem {
        Problem::NoCode { .. } => Code::NoCode,
        Problem::NotSent { .. } => Code::NotSent,
        Problem::Cycle { .. } => Code::Cycle,
        Problem::Dangling { .. } => Code::Dangling,
        Problem::Protected { .. } => Code::Protected,
        Problem::NeedsLeftOut { .. } | Problem::UsedByLeftOut { .. } | Problem::HeldByLeftOut { .. } => Code::LeftOut,
        Problem::NothingToAdopt { .. } => Code::NothingToAdopt,
        Problem::AdoptedDiffers { .. } => Code::AdoptedDiffers,
        Problem::AnothersObject { .. } => Code::AnothersObject,
        Problem::OnlyHashed { .. } => Code::OnlyHashed,
        Problem::NoOrder(_) => Code::NoOrder,
    }
}

/// The codes of what keeps a stack from being planned or executed.
pub fn of_engine(error: &EngineError) -> Vec<Code> {
    vec![match error {
        EngineError::State(error) => of_state(error),
        EngineError::Observe(error) if error.denial().is_some() => Code::Denied,
        EngineError::Observe(_) => Code::Observe,
        EngineError::Plan(error) => {
            let mut codes: Vec<Code> = error.problems.iter().map(|(.., problem)| of_problem(problem)).collect();
            codes.sort_unstable();
            codes.dedup();
            return codes;
        }
        EngineError::NoOrder(_) => Code::NoOrder,
        EngineError::Scope(error) => of_scope(error),
        EngineError::WrongTarget { .. } => Code::WrongTarget,
        EngineError::PlannedElsewhere { .. } | EngineError::KeptElsewhere { .. } => Code::PlannedElsewhere,
        EngineError::LockLost { .. } => Code::LockLost,
        EngineError::StoppedWaiting => Code::Interrupted,
        EngineError::OnlyLooking => Code::OnlyLooking,
        EngineError::NotKept { .. } | EngineError::NothingEarlier { .. } | EngineError::BeforeTheFirst { .. } => {
            Code::NothingEarlier
        }
        EngineError::NotSaved(_) => Code::NotSaved,
        EngineError::Stale => Code::Stale,
    }]
}

/// The code of a part of a stack that means nothing.
pub fn of_scope(error: &ScopeError) -> Code {
    match error {
        ScopeError::NoMatch { .. } => Code::NoMatch,
        ScopeError::ReplacesLeftOut { .. } => Code::ReplacesLeftOut,
    }
}

/// The code of what is the matter with a state.
pub fn of_state(error: &StateError) -> Code {
    match error {
        StateError::Locked(_) => Code::Locked,
        StateError::OtherLock { .. } => Code::OtherLock,
        StateError::Lost(_) => Code::LockLost,
        StateError::Corrupt { .. } => Code::Corrupt,
        StateError::Newer { .. } => Code::Newer,
        StateError::BadUrl { .. } => Code::BadUrl,
        StateError::Key(_) => Code::Key,
        StateError::Store { .. } => Code::Store,
        StateError::Unconditional { .. } => Code::Unconditional,
    }
}

/// The code of what keeps a state from being edited.
pub fn of_edit(error: &EditError) -> Code {
    match error {
        EditError::State(error) => of_state(error),
        _ => Code::Edit,
    }
}

/// The code of there being no connection.
#[cfg(feature = "aws")]
pub fn of_connection(error: &ConnectError) -> Code {
    match error {
        ConnectError::NoRegion => Code::NoRegion,
        ConnectError::Profile { .. } => Code::Profile,
        ConnectError::Identity(_) => Code::Identity,
    }
}

/// The code of a step that failed.
pub fn of_failure(failure: &Failure) -> Code {
    match &failure.call {
        Some(call) if call.denied.is_some() => Code::Denied,
        Some(_) => Code::Refused,
        None => Code::NotReady,
    }
}

//! [`EditError`]: why the state is not changed so.

use crate::model::Address;
use crate::state::{StateError, Target};

/// Why the state is not changed so.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The state cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// The stack has no such resource.
    #[error("stack {stack} has no resource {address}")]
    Unknown {
        /// The stack.
        stack: String,
        /// The resource.
        address: Address,
    },
    /// Others in the state need it.
    #[error("{address} is needed by {}", listed(by))]
    Needed {
        /// The resource.
        address: Address,
        /// What needs it.
        by: Vec<Address>,
    },
    /// An interrupted run was about to make a call for it, or for what needs it, and nobody knows yet what came of that.
    #[error("an interrupted run was at work on {address}, and what came of that is not known yet")]
    Unsettled {
        /// The resource.
        address: Address,
    },
    /// An object has the kind it has.
    #[error("{from} cannot become {to}: that is another kind")]
    OtherKind {
        /// The address it has.
        from: Address,
        /// The address it was to have.
        to: Address,
    },
    /// The stack has a resource of that address.
    #[error("there is a {to} already")]
    Taken {
        /// The address.
        to: Address,
    },
    /// An address stands in two pairs on the same side, or on both sides of one.
    #[error("{address} is named twice")]
    Twice {
        /// The address.
        address: Address,
    },
    /// Each of the addresses is to become the next, and the last the first.
    #[error("{} would change places", listed(addresses))]
    Circle {
        /// The addresses.
        addresses: Vec<Address>,
    },
    /// What is pushed is not a state, or not as it was written.
    #[error("it is not a state as `hzscript state pull` writes it: {reason}")]
    NotAState {
        /// Why not.
        reason: String,
    },
    /// It was written by a newer version of the program.
    #[error("it has format {found}, which is newer than this version knows")]
    Newer {
        /// Its format.
        found: u64,
    },
    /// It is the state of another stack.
    #[error("it is the state of stack {pushed}, not of {stack}")]
    OtherStack {
        /// Whose it is.
        pushed: String,
        /// The stack.
        stack: String,
    },
    /// It is of a stack that was begun on its own, though it may have the same name.
    #[error("it is not from this state: its lineage is {pushed}, and the one there is has {there}")]
    OtherLineage {
        /// Its lineage.
        pushed: String,
        /// The lineage of the state there is.
        there: String,
    },
    /// It is of another account or region.
    #[error("it is of {pushed}, and the state there is is of {there}")]
    Elsewhere {
        /// Where it lives.
        pushed: Box<Target>,
        /// Where the state that there is lives.
        there: Box<Target>,
    },
    /// The state there is was written after it.
    #[error("it is older: its serial is {pushed}, and the state there is has {there}")]
    Older {
        /// Its serial.
        pushed: u64,
        /// The serial of the state there is.
        there: u64,
    },
    /// The history has no such serial.
    #[error("there is no copy of serial {serial}; there are: {}", serials(kept))]
    NoVersion {
        /// The serial.
        serial: u64,
        /// Those there are, the oldest first.
        kept: Vec<u64>,
    },
}

fn listed(addresses: &[Address]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn serials(kept: &[u64]) -> String {
    match kept {
        [] => "none".to_owned(),
        kept => kept.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

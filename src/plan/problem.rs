//! What stands in the way of a plan.

use super::complete::STACK_TAG;
use crate::model::{Address, Source};

/// How what the script no longer declares is no longer protected.
const LIFTED: &str = "declare it with `protect: false` and run once, then try again: what protects it is in the state, and \
                      is not lifted by taking a line out of the script";

/// Why something cannot be planned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Problem {
    /// The kind has no code, and Cloud Control does not make it.
    #[error("{kind} can be declared but not made: this version has no code for it, and Cloud Control does not make it")]
    NoCode {
        /// The CloudFormation type.
        kind: String,
    },
    /// The kind's code does not send the property.
    #[error("`{path}` of {kind} is not sent by this version, and would be lost")]
    NotSent {
        /// The property.
        path: String,
        /// The CloudFormation type.
        kind: String,
    },
    /// Resources need each other.
    #[error("these need each other: {}", cycle.iter().map(ToString::to_string).collect::<Vec<_>>().join(" → "))]
    Cycle {
        /// In order.
        cycle: Vec<Address>,
    },
    /// A reference names nothing.
    #[error("nothing declares `{reference}`")]
    Dangling {
        /// The reference.
        reference: String,
    },
    /// The plan would delete or replace what is protected.
    #[error("{address} is protected, and this would {verb} it")]
    Protected {
        /// What.
        address: Address,
        /// `delete` or `replace`.
        verb: &'static str,
        /// Whether the program declares it.
        declared: bool,
        /// The address that it seems to have now, when it seems to have been renamed.
        renamed: Option<Address>,
    },
    /// It needs something that is left out and that does not exist.
    #[error("it needs {needed}, which is left out and does not exist yet")]
    NeedsLeftOut {
        /// The thing.
        needed: Address,
    },
    /// It would be taken away from something that is left out.
    #[error("this would {verb} it while {user}, which is left out, uses it")]
    UsedByLeftOut {
        /// Who uses it.
        user: Address,
        /// `delete` or `replace`.
        verb: &'static str,
    },
    /// Something that is left out has its name, or its place.
    #[error("{holder}, which is left out, has its name or its place")]
    HeldByLeftOut {
        /// The other.
        holder: Address,
    },
    /// What is to be adopted is not there.
    #[error("`{id}` does not exist, so it cannot be adopted")]
    NothingToAdopt {
        /// The physical identifier.
        id: String,
    },
    /// What is to be adopted differs where AWS can only replace.
    #[error("`{id}` cannot be adopted: {} cannot be changed in place", paths.join(", "))]
    AdoptedDiffers {
        /// The physical identifier.
        id: String,
        /// The properties.
        paths: Vec<String>,
    },
    /// What is to be adopted is another stack's, by its tags.
    #[error("`{id}` belongs to the stack `{stack}`, so it cannot be adopted")]
    AnothersObject {
        /// The physical identifier.
        id: String,
        /// The other stack's name.
        stack: String,
    },
    /// A secret would have to be sent of which only the hash is known.
    #[error("`{path}` is a secret of which only the hash is kept, so it cannot be sent")]
    OnlyHashed {
        /// The property.
        path: String,
    },
    /// Changes that must each come before the other.
    #[error("no order is possible: {0} would have to come before and after itself")]
    NoOrder(Address),
}

impl Problem {
    /// The way out, when there is a general one.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Protected { declared: true, .. } => {
                Some("write `protect: false` in its options and run once, then try again".to_owned())
            }
            Self::Protected { address, renamed: Some(renamed), .. } => Some(format!(
                "if it was renamed, write `aliases: [\"{address}\"]` in the options of {renamed}; if not, {LIFTED}"
            )),
            Self::Protected { .. } => Some(LIFTED.to_owned()),
            Self::NeedsLeftOut { needed: other }
            | Self::UsedByLeftOut { user: other, .. }
            | Self::HeldByLeftOut { holder: other } => {
                Some(format!("leave out both or neither: {other} is in the way of this one alone"))
            }
            Self::NoCode { .. } => {
                Some("leave it out of the script, or make it by other means and use its id".to_owned())
            }
            Self::AnothersObject { stack, .. } => Some(format!(
                "two stacks would change the same object: let `{stack}` go of it first (run it with `retain: true`, then \
                 without the declaration), and take the tag `{STACK_TAG}` off; when `{stack}` is no more, take it over \
                 with the option `fromStack: \"{stack}\"`"
            )),
            Self::OnlyHashed { .. } => {
                Some("run the version of the script that sets it: a script says its secrets anew".to_owned())
            }
            Self::NotSent { .. } => Some("leave the property out".to_owned()),
            _ => None,
        }
    }
}

/// Everything that stands in the way of a plan.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{} problem(s) stand in the way of a plan", problems.len())]
pub struct PlanError {
    /// Each with the resource and where it is declared.
    pub problems: Vec<(Address, Option<Source>, Problem)>,
}

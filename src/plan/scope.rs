//! [`Scope`]: which part of a stack a plan is about. [`Scope::choose`] makes a [`Choice`] of it for a program and a state:
//! which addresses are left out, each with its reason.
//!
//! What is chosen is always enough to be carried out: with a declaration goes all that it needs, with a deletion all that
//! uses the object, and what is left out takes along what cannot be done without it. What only planning tells (that
//! something is replaced, which name is taken) is added by [`Choice::take_in`].

mod pattern;
mod ties;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::{Address, Program};
use crate::state::Snapshot;

pub use pattern::AddressPattern;
use pattern::closest;
use ties::Ties;

/// What of a stack is asked for. By default all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Scope {
    /// Nothing but these, with all that they need.
    pub only: Vec<AddressPattern>,
    /// All but these, and what needs them.
    pub exclude: Vec<AddressPattern>,
    /// The same when destroying: these stay, and what they need.
    pub except: Vec<AddressPattern>,
    /// These are replaced, although nothing that AWS cannot change in place differs.
    pub replace: Vec<AddressPattern>,
}

/// Why something is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Why {
    /// Only others are asked for, and they do not need it.
    Unnamed,
    /// It is excluded by its address.
    Excluded,
    /// It needs something that is left out.
    Needs {
        /// The thing.
        address: Address,
    },
    /// It would be deleted, and something that is left out uses it.
    UsedBy {
        /// The user.
        address: Address,
    },
}

/// Why a scope means nothing for a stack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// Nothing has such an address.
    #[error("no resource matches `{pattern}` of --{option}")]
    NoMatch {
        /// The option, such as `only`.
        option: &'static str,
        /// What was asked for.
        pattern: AddressPattern,
        /// An address that may be meant.
        near: Option<Address>,
    },
    /// What is to be replaced is left out.
    #[error("{address} is to be replaced, and it is left out")]
    ReplacesLeftOut {
        /// What.
        address: Address,
    },
}

/// A scope, applied to a program and a state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Choice {
    /// What was asked for.
    pub scope: Scope,
    /// What is left out, of all that is declared or in the state.
    pub left_out: BTreeMap<Address, Why>,
    /// What is to be replaced.
    pub replace: BTreeSet<Address>,
}

impl Scope {
    /// Applies it. `snapshot` has been moved as the program's aliases say; the program is empty when destroying.
    ///
    /// # Errors
    /// When a pattern matches nothing, or what is to be replaced is left out.
    pub fn choose(&self, program: &Program, snapshot: &Snapshot) -> Result<Choice, ScopeError> {
        if *self == Self::default() {
            return Ok(Choice::default());
        }
        let ties = Ties::new(program, snapshot);
        let declared: BTreeSet<&Address> = program.resources.iter().map(|resource| &resource.address).collect();
        let all = ties.addresses();
        let only = matching("only", &self.only, &all)?;
        let mut excluded = matching("exclude", &self.exclude, &all)?;
        excluded.extend(matching("except", &self.except, &all)?);
        let replace = matching("replace", &self.replace, &declared)?;
        let left_out = if self.only.is_empty() {
            ties.without(excluded)
        } else {
            let mut left_out: BTreeMap<Address, Why> = all.iter().map(|one| ((*one).clone(), Why::Unnamed)).collect();
            left_out.extend(excluded.into_iter().map(|one| (one, Why::Excluded)));
            ties.take_in(&mut left_out, only);
            left_out
        };
        match replace.iter().find(|address| left_out.contains_key(*address)) {
            Some(address) => Err(ScopeError::ReplacesLeftOut { address: address.clone() }),
            None => Ok(Choice { scope: self.clone(), left_out, replace }),
        }
    }
}

impl Choice {
    /// Takes in what turned out to be needed, with all that it needs in turn. What is not there because it was excluded
    /// stays out, and so does everything when only exclusions were asked for: then nothing changes.
    ///
    /// Returns whether anything changed.
    pub(super) fn take_in(&mut self, more: BTreeSet<Address>, program: &Program, snapshot: &Snapshot) -> bool {
        let before = self.left_out.len();
        Ties::new(program, snapshot).take_in(&mut self.left_out, more);
        self.left_out.len() != before
    }
}

/// The addresses that the patterns match, each pattern at least one.
fn matching(
    option: &'static str,
    patterns: &[AddressPattern],
    addresses: &BTreeSet<&Address>,
) -> Result<BTreeSet<Address>, ScopeError> {
    let mut found = BTreeSet::new();
    for pattern in patterns {
        let mut matched = addresses.iter().filter(|address| pattern.matches(address)).peekable();
        if matched.peek().is_none() {
            let near = closest(pattern, addresses);
            return Err(ScopeError::NoMatch { option, pattern: pattern.clone(), near });
        }
        found.extend(matched.map(|address| (*address).clone()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{JsonMap, Options, Resource, Source, Timeouts};
    use crate::state::{Recorded, Status, Target};

    fn address(name: &str) -> Address {
        format!("logs_log_group.{name}").parse().expect("an address")
    }

    /// `a>b` declares `a`, which needs `b`.
    fn program(ties: &str) -> Program {
        let resource = |tie: &str| {
            let (name, needs) = tie.split_once('>').unwrap_or((tie, ""));
            let depends_on = needs.split(',').filter(|name| !name.is_empty()).map(address).collect();
            let options = Options { depends_on, ..Options::default() };
            Resource { address: address(name), properties: BTreeMap::new(), options, source: Source::default() }
        };
        Program { resources: ties.split_whitespace().map(resource).collect(), ..Program::default() }
    }

    /// The same of a state.
    fn state(ties: &str) -> Snapshot {
        let target = Target { cloud: "model".to_owned(), account: "0".repeat(12), region: "nowhere-1".to_owned() };
        let mut snapshot = Snapshot::new("lineage".to_owned(), "stack", target);
        for resource in program(ties).resources {
            let recorded = Recorded {
                kind: "AWS::Logs::LogGroup".to_owned(),
                id: resource.address.to_string(),
                generation: 1,
                inputs: BTreeMap::new(),
                attributes: JsonMap::new(),
                dependencies: resource.dependencies(),
                status: Status::Ready,
                protect: false,
                retain: false,
                replace_on: Vec::new(),
                ignore_changes: Vec::new(),
                timeouts: Timeouts::default(),
                formation: None,
            };
            snapshot.resources.insert(resource.address, recorded);
        }
        snapshot
    }

    fn patterns(names: &str) -> Vec<AddressPattern> {
        names.split_whitespace().map(|name| AddressPattern::new(&format!("logs_log_group.{name}"))).collect()
    }

    /// What is left out, as `name` or `name why other`.
    fn left_out(scope: &Scope, declared: &str, recorded: &str) -> Vec<String> {
        let choice = scope.choose(&program(declared), &state(recorded)).expect("a choice");
        let told = |(address, why): (&Address, &Why)| match why {
            Why::Unnamed => address.name().to_owned(),
            Why::Excluded => format!("{} excluded", address.name()),
            Why::Needs { address: other } => format!("{} needs {}", address.name(), other.name()),
            Why::UsedBy { address: other } => format!("{} used by {}", address.name(), other.name()),
        };
        choice.left_out.iter().map(told).collect()
    }

    #[test]
    fn only_takes_along_all_that_is_needed() {
        let only = |names: &str| Scope { only: patterns(names), ..Scope::default() };
        assert_eq!(left_out(&only("c"), "a b>a c>b d>c e", ""), ["d", "e"]);
        // `gone` is deleted, so what uses it must let go of it first, with what that needs.
        assert_eq!(left_out(&only("gone"), "a>n n b", "gone a>gone b x>gone"), ["b"]);
    }

    #[test]
    fn what_is_excluded_takes_along_what_needs_it_and_keeps_what_it_needs() {
        let exclude = |names: &str| Scope { exclude: patterns(names), ..Scope::default() };
        assert_eq!(left_out(&exclude("b"), "a b>a c>b d", ""), ["b excluded", "c needs b"]);
        assert_eq!(left_out(&exclude("u"), "d", "used u>used d"), ["u excluded", "used used by u"]);
        let except = Scope { except: patterns("b"), ..Scope::default() };
        assert_eq!(left_out(&except, "", "a b>a c>b"), ["a used by b", "b excluded"]);
    }

    #[test]
    fn what_is_asked_for_may_need_what_is_excluded() {
        let both = Scope { only: patterns("c"), exclude: patterns("a"), ..Scope::default() };
        assert_eq!(left_out(&both, "z a>z b>a c>b", ""), ["a excluded", "z"]);
    }

    #[test]
    fn a_star_is_any_text_and_what_matches_nothing_is_told() {
        let scope = |only: &str| Scope { only: patterns(only), ..Scope::default() };
        assert_eq!(left_out(&scope("sub*net"), "subnet sub-a-net sub-net-b", ""), ["sub-net-b"]);
        let error = scope("subnte").choose(&program("subnet other"), &state("")).expect_err("nothing");
        assert!(matches!(&error, ScopeError::NoMatch { option: "only", near, .. } if *near == Some(address("subnet"))));
        let replaced = Scope { exclude: patterns("a"), replace: patterns("a"), ..Scope::default() };
        let error = replaced.choose(&program("a b"), &state("")).expect_err("it contradicts itself");
        assert_eq!(error, ScopeError::ReplacesLeftOut { address: address("a") });
    }
}

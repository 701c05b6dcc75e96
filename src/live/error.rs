//! [`LiveError`]: why a question about what runs has no answer.

use std::fmt;

use crate::cloud::CallError;
use crate::script::suggest::closest;

/// A sort of thing that is asked for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// An ECS cluster.
    Cluster,
    /// An ECS service.
    Service,
    /// A task.
    Task,
    /// A container of a task.
    Container,
    /// A log group.
    LogGroup,
    /// A service of Cloud Map.
    DiscoveryService,
    /// A VPC.
    Vpc,
    /// A role of IAM.
    Role,
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cluster => "cluster",
            Self::Service => "service",
            Self::Task => "task",
            Self::Container => "container",
            Self::LogGroup => "log group",
            Self::DiscoveryService => "Cloud Map service",
            Self::Vpc => "VPC",
            Self::Role => "role",
        })
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LiveError {
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// There is nothing of that name.
    #[error("there is no {sort} `{name}`{}", within.as_ref().map(|within| format!(" in {within}")).unwrap_or_default())]
    NotFound {
        /// What was asked for.
        sort: Sort,
        /// Its name as it was given.
        name: String,
        /// Where it was looked for, such as ``the cluster `main` ``; none where that is the whole account and region.
        within: Option<String>,
        /// The name among those there are that is most like it.
        near: Option<String>,
        /// All that there are, sorted.
        there: Vec<String>,
    },
    /// The beginning of an identifier is that of several.
    #[error("`{name}` may be any of {} {sort}s", matches.len())]
    Ambiguous {
        /// What was asked for.
        sort: Sort,
        /// What was given.
        name: String,
        /// Which may be meant.
        matches: Vec<String>,
    },
    /// Nothing that was asked about logs to where it can be read.
    #[error("there are no logs to read: {reason}")]
    NoLogs {
        /// Why not.
        reason: String,
    },
    /// A service has no task definition that it can go back to.
    #[error("service `{service}` has nothing to go back to: {definition} is the first revision that is still active")]
    NothingBefore {
        /// The service.
        service: String,
        /// The task definition that it runs.
        definition: String,
    },
}

impl LiveError {
    /// That there is nothing of a name among those there are.
    pub(super) fn not_found(sort: Sort, name: &str, within: Option<String>, mut there: Vec<String>) -> Self {
        there.sort();
        let near = closest(name, there.iter().map(String::as_str)).map(str::to_owned);
        Self::NotFound { sort, name: name.to_owned(), within, near, there }
    }

    /// The way out, when there is one to be told.
    pub fn help(&self) -> Option<String> {
        /// The most names that are listed.
        const MOST: usize = 10;
        match self {
            Self::Call(_) => None,
            Self::NotFound { near: Some(near), .. } => Some(format!("did you mean `{near}`?")),
            Self::NotFound { sort, there, .. } => Some(match there.as_slice() {
                [] => format!("there is no {sort} at all"),
                few if few.len() <= MOST => format!("there are: {}", few.join(", ")),
                many => {
                    format!("there are {}, {} and {} more", many[..MOST].join(", "), many[MOST], many.len() - MOST - 1)
                }
            }),
            Self::Ambiguous { matches, .. } => Some(format!("give more of it: {}", matches.join(", "))),
            Self::NoLogs { .. } => None,
            Self::NothingBefore { .. } => Some(
                "where a script's runs made the service, `hzscript rollback SCRIPT` goes back to what the run before \
                 executed"
                    .to_owned(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_not_there_is_told_with_those_that_are() {
        let error = |name: &str, there: &[&str]| {
            let there = there.iter().map(|&name| name.to_owned()).collect();
            LiveError::not_found(Sort::Service, name, Some("the cluster `main`".to_owned()), there)
        };
        let near = error("membres", &["members", "console"]);
        assert_eq!(near.to_string(), "there is no service `membres` in the cluster `main`");
        assert_eq!(near.help().as_deref(), Some("did you mean `members`?"));
        assert_eq!(error("x", &["members", "console"]).help().as_deref(), Some("there are: console, members"));
        assert_eq!(error("x", &[]).help().as_deref(), Some("there is no service at all"));
        let many: Vec<String> = (10..25).map(|number| format!("s{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let help = error("other", &many).help().unwrap_or_default();
        assert_eq!(help, "there are s10, s11, s12, s13, s14, s15, s16, s17, s18, s19, s20 and 4 more");
    }
}

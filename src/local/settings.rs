//! What can be set of the embedded AWS.

use serde::{Deserialize, Serialize};

use super::fault::Faults;
use super::iam::caller::CallerPolicies;

/// Settings, as the file `settings.toml` in its folder has them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Settings {
    /// By how much AWS's own durations are multiplied: 1 is as slow as AWS, 0 is at once.
    pub pace: f64,
    /// Images that cannot be pulled, `*` standing for anything: a task with one stops with `CannotPullContainerError`.
    pub deny_images: Vec<String>,
    /// What goes wrong.
    pub faults: Faults,
    /// Policy documents, as JSON, that say what whoever calls may do; by default everything.
    pub caller_policies: CallerPolicies,
}

impl Default for Settings {
    fn default() -> Self {
        let deny_images = vec!["*does-not-exist*".to_owned(), "*:missing".to_owned()];
        Self { pace: 0.02, deny_images, faults: Faults::default(), caller_policies: CallerPolicies::default() }
    }
}

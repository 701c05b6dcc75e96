//! Whether what a plan makes can come to life: looked at before a run.
//!
//! What the plan makes itself is checked by the program, what exists is asked of AWS: images, what tasks' roles may do,
//! secrets, log groups, addresses and ways out of subnets, and whether members reach each other. Nothing is changed.

mod groups;
mod image;
mod network;
mod role;
mod sight;
mod task;

use serde::Serialize;

use crate::cloud::{CallError, Cloud};
use crate::model::{Address, Source};
use crate::plan::{Action, Change, Plan};
use sight::Sight;

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It is as it has to be.
    Ok,
    /// It cannot be looked at from here.
    Unseen,
    /// It may go wrong.
    Warning,
    /// It will go wrong.
    Failed,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// The resource that needs it.
    pub address: Address,
    /// What was looked at, such as `image hazelcast/hazelcast:5.5.10`.
    pub what: String,
    /// What came of it.
    pub outcome: Outcome,
    /// What was seen.
    pub says: String,
    /// What to do, where something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Where the resource is declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// Checks everything that tasks and services of a plan need. `denied_images` are patterns of images that are known not to
/// be there, `*` standing for anything: those of the embedded AWS.
pub async fn verify(cloud: &Cloud, plan: &Plan, denied_images: &[String]) -> Vec<Check> {
    let sight = Sight::of(plan);
    let mut checks = Vec::new();
    for change in &plan.changes {
        if matches!(change.action, Action::Delete | Action::Forget) {
            continue;
        }
        let mut look = Look { cloud, sight: &sight, change, denied_images, found: Vec::new() };
        match change.kind.as_str() {
            "AWS::ECS::TaskDefinition" => look.task_definition().await,
            "AWS::ECS::Service" => look.service().await,
            _ => {}
        }
        checks.append(&mut look.found);
    }
    checks
}

/// The look at one resource.
struct Look<'a> {
    cloud: &'a Cloud,
    sight: &'a Sight<'a>,
    change: &'a Change,
    denied_images: &'a [String],
    found: Vec<Check>,
}

impl Look<'_> {
    fn tell(&mut self, outcome: Outcome, what: impl Into<String>, says: impl Into<String>, help: Option<&str>) {
        self.found.push(Check {
            address: self.change.address.clone(),
            what: what.into(),
            outcome,
            says: says.into(),
            help: help.map(str::to_owned),
            source: self.change.source.clone(),
        });
    }

    fn ok(&mut self, what: impl Into<String>, says: impl Into<String>) {
        self.tell(Outcome::Ok, what, says, None);
    }

    fn failed(&mut self, what: impl Into<String>, says: impl Into<String>, help: &str) {
        self.tell(Outcome::Failed, what, says, Some(help));
    }

    /// That AWS cannot be asked.
    fn unseen(&mut self, what: impl Into<String>, error: &CallError) {
        let help = error.denial().map(|denial| denial.help(None));
        self.tell(Outcome::Unseen, what, error.told(), help.as_deref());
    }
}

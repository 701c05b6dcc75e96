//! What runs, whatever started it: clusters, services, tasks, their events and logs, the members they are, and the few
//! changes that are made by hand.
//!
//! [`Live`] asks AWS, or the embedded one, and answers with plain structures that serialize to JSON (camelCase, times as
//! RFC 3339). It keeps nothing between two questions and prints nothing. Where AWS tells of many objects in one call, one
//! call is made.
//!
//! ```text
//! clusters ─ services ─ deployments, events
//!                    └─ tasks ─ containers, story
//! logs, follow          what tasks print
//! members               who found whom, beside who runs
//! namespaces, instances Cloud Map
//! vpcs, role, log groups
//! scale, redeploy, rollback, stop, and Change: how far that is
//! ```

mod act;
mod cluster;
mod discovery;
mod enter;
mod error;
mod follow;
mod log;
mod member;
mod network;
mod role;
mod service;
mod story;
mod task;

use aws_smithy_types::DateTime;
use jiff::Timestamp;

use crate::cloud::Cloud;

pub use act::{Change, Progress};
pub use cluster::Cluster;
pub use discovery::{DiscoveryService, Instance, Namespace};
pub use enter::{Entry, Obstacle, Session};
pub use error::{LiveError, Sort};
pub use log::{LogGroup, LogLine, LogQuery, pattern};
pub use member::{Member, MemberGroup, Standing};
pub use network::{LiveSubnet, Vpc};
pub use role::Role;
pub use service::{Deployment, Service, ServiceEvent};
pub use story::{Moment, Source, Story};
pub use task::{Container, Task, TaskQuery, Which};

/// Questions about what runs in an account and region, and changes of it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Live {
    cloud: Cloud,
}

impl Live {
    /// Over a connection.
    pub fn new(cloud: Cloud) -> Self {
        Self { cloud }
    }

    /// The connection.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }
}

/// A time as the SDK has it.
fn time(at: Option<&DateTime>) -> Option<Timestamp> {
    at.and_then(|at| Timestamp::from_nanosecond(at.as_nanos()).ok())
}

/// A time that the SDK has as milliseconds since 1970.
fn from_millis(at: Option<i64>) -> Option<Timestamp> {
    at.and_then(|at| Timestamp::from_millisecond(at).ok())
}

/// The last part of an ARN or a path; what has none stands for itself.
fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// A count, which AWS never tells as less than nothing.
fn count(of: i32) -> u32 {
    u32::try_from(of).unwrap_or(0)
}

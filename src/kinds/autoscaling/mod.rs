//! Kinds of Application Auto Scaling: what is scaled, and by which rule.
//!
//! A target has no identifier of its own: it is what is scaled, a [`Scaled`].

pub mod scalable_target;
pub mod scaling_policy;
mod schedule;

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};

use crate::kinds::json::words;

words!(ScalableDimension, ServiceNamespace);

/// What is scaled: the three things that together identify a target, joined by `|` as CloudFormation joins them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Scaled<'a> {
    /// Such as `service/my-cluster/my-service`.
    resource: &'a str,
    /// Such as `ecs:service:DesiredCount`.
    dimension: &'a str,
    /// Such as `ecs`.
    namespace: &'a str,
}

impl<'a> Scaled<'a> {
    /// Of a target's identifier.
    fn parse(id: &'a str) -> Self {
        let mut parts = id.splitn(3, '|');
        let mut next = || parts.next().unwrap_or_default();
        Self { resource: next(), dimension: next(), namespace: next() }
    }

    /// The identifier.
    fn id(&self) -> String {
        format!("{}|{}|{}", self.resource, self.dimension, self.namespace)
    }

    fn dimension(&self) -> ScalableDimension {
        ScalableDimension::from(self.dimension)
    }

    fn namespace(&self) -> ServiceNamespace {
        ServiceNamespace::from(self.namespace)
    }
}

//! Kinds of `ecs`.
//!
//! What a kind sends is declared in [`container`], [`volume`], [`deploying`] and [`service_call`]; [`watch`] tells from what ECS
//! describes where a deployment stands, and [`stopped`] why tasks stop and what helps.

pub mod cluster;
pub mod cluster_capacity_provider_associations;
mod container;
mod deploying;
pub(crate) mod describe;
pub(crate) mod formed;
pub(crate) mod gather;
pub(crate) mod member_list;
pub mod service;
mod service_call;
pub(crate) mod stopped;
mod tags;
pub mod task_definition;
mod volume;
pub(crate) mod watch;

use crate::cloud::{CallError, ErrorClass};

/// The first call about ECS in an account makes ECS's own role, and may be refused until IAM has told everybody of it
/// (ECS developer guide, "Using service-linked roles"; IAM user guide on eventual consistency).
fn waits_for_linked_role(mut error: CallError) -> CallError {
    if error.message.contains("assume the service linked role") {
        error.class = ErrorClass::Busy;
    }
    error
}

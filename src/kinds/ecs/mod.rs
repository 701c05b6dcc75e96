//! Kinds of `ecs`.
//!
//! What a kind sends is declared in [`container`], [`volume`], [`deploying`] and [`service_call`]; [`watch`] tells from what ECS
//! describes where a deployment stands, and [`stopped`] why tasks stop and what helps.

pub mod cluster;
pub mod cluster_capacity_provider_associations;
mod container;
mod deploying;
mod describe;
mod formed;
mod gather;
mod member_list;
pub mod service;
mod service_call;
mod stopped;
mod tags;
pub mod task_definition;
mod volume;
mod watch;

use crate::cloud::{CallError, ErrorClass};

/// The first call about ECS in an account makes ECS's own role, and may be refused until IAM has told everybody of it
/// (ECS developer guide, "Using service-linked roles"; IAM user guide on eventual consistency).
fn waits_for_linked_role(mut error: CallError) -> CallError {
    if error.message.contains("assume the service linked role") {
        error.class = ErrorClass::Busy;
    }
    error
}

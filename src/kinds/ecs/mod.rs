//! Kinds of `ecs`.
//!
//! What a kind sends is declared in [`container`], [`volume`] and [`deploying`]; [`watch`] tells from what ECS
//! describes where a deployment stands, and [`stopped`] why tasks stop and what helps.

pub mod cluster;
mod container;
mod deploying;
pub mod service;
mod stopped;
mod tags;
pub mod task_definition;
mod volume;
mod watch;

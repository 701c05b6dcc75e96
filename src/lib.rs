//! hzscript: scripts that plan, preview and execute Hazelcast and OrientDB clusters on ECS Fargate.
//!
//! The modules in the order data flows: a script becomes a program ([`model`]), the program a plan, the plan calls
//! through [`kinds`] on a [`cloud`].

pub mod cloud;
pub mod kinds;
pub mod model;

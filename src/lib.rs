//! hzscript: scripts that plan, preview and execute Hazelcast and OrientDB clusters on ECS Fargate.
//!
//! The modules in the order data flows: a [`script`] becomes a program ([`model`]), the program and the [`state`] a
//! [`plan`], the plan calls ([`apply`]) through [`kinds`] on a [`cloud`], which may be the embedded AWS ([`local`]).
//! [`synth`] writes a program as a CloudFormation template instead, [`import`] what exists as a script. [`stores`] opens what
//! states are kept in.
//! [`engine`] ties them together and is where an embedder starts; [`event`] is how progress is told.

pub mod apply;
pub mod cloud;
pub mod engine;
pub mod event;
pub mod import;
pub mod kinds;
pub mod local;
pub mod model;
pub mod plan;
pub mod script;
pub mod state;
pub mod stores;
pub mod synth;

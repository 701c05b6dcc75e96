//! Kinds of Elastic Load Balancing v2: load balancers, target groups, listeners and rules.
//!
//! What several share is by concept: [`action`] and [`condition`] (between the schema and the SDK), [`attributes`] (those
//! with a key and a value), [`tags`], [`many`] (asking about many at once).
//!
//! Source of what calls take, answer and refuse: botocore 1.44.5's model of `elbv2`.

mod action;
mod attributes;
mod condition;
mod listener;
mod listener_rule;
mod load_balancer;
mod many;
mod tags;
mod target_group;

pub use listener::Listener;
pub use listener_rule::ListenerRule;
pub use load_balancer::LoadBalancer;
pub use target_group::TargetGroup;

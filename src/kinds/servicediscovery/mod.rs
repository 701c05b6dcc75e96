//! Kinds of `servicediscovery` (Cloud Map). Most of what changes here answers with an [`operation`] to follow.

pub mod http_namespace;
mod namespace;
mod operation;
pub mod private_dns_namespace;
pub mod service;
mod tags;

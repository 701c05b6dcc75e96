//! Kinds of Secrets Manager.

mod generated;
pub mod secret;

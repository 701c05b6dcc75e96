//! Kinds of `iam`.
//!
//! IAM has no tokens: names are the identity, and the tag of the token at creation says whose an object is. It reads one
//! object a call, or the whole account at once ([`account`]).

mod account;
mod document;
pub mod managed_policy;
pub mod role;
mod role_policies;
mod tags;

#[cfg(test)]
mod tests;

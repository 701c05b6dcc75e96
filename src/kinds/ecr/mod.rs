//! Kinds of the container registry.

pub mod repository;

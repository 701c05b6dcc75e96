//! Kinds of `ecs`.

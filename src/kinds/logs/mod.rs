//! Kinds of `logs`.

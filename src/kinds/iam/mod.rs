//! Kinds of `iam`.

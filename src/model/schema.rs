//! Schemas of kinds.

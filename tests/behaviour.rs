//! What the program does, by capability.

mod capability;
mod support;

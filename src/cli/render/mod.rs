//! What is shown and how: text for people, JSON lines for programs.

pub mod calls;
pub mod diagnostics;
pub mod difference;
pub mod drift;
pub mod edit;
pub mod error;
pub mod escape;
mod hint;
pub mod lines;
pub mod moved;
pub mod object;
pub mod palette;
pub mod plan;
pub mod progress;
pub mod refresh;
pub mod report;
pub mod scope;
pub mod screen;
pub mod store;
pub mod table;
mod terminal;
pub mod value;

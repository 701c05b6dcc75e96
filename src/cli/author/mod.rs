//! Commands for those who write scripts: `fmt`, `lint`, `test`, `definitions`. They need no AWS and no state.

pub mod definitions;
pub mod fmt;
pub mod lint;
mod scripts;
pub mod test;

use super::Tools;
use super::error::Error;

/// Tells an error of one file and goes on with the others.
fn tell(error: &Error, tools: &Tools) {
    super::told(error, &tools.screen);
}

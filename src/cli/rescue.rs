//! A state that cannot be written where it is kept: it goes into a file beside, or is printed.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use hzscript::apply::execute::Report;
use hzscript::engine::Unsaved;

use super::Tools;
use super::error::Error;
use super::stack::Stack;

/// The most files of the same serial that are kept.
const MOST: usize = 100;

/// Keeps the state, and says how the run went and what became of its state.
pub fn rescue(unsaved: Unsaved, stack: &Stack, tools: &Tools) -> (Report, Error) {
    let Unsaved { report, serial, bytes, cause } = unsaved;
    let file = [stack.beside.as_path(), Path::new(".")]
        .iter()
        .find_map(|folder| write(folder, &format!("{}-{serial}", stack.name), &bytes));
    if file.is_none() {
        let text = String::from_utf8_lossy(&bytes);
        tools.screen.dump(&format!("----- BEGIN STATE {} -----\n{text}----- END STATE -----", stack.name));
    }
    (report, Error::NotSaved { cause: Box::new(cause), state: stack.state.clone(), stack: stack.name.clone(), file })
}

/// Writes a file that does not exist yet.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> Option<PathBuf> {
    for number in 1..=MOST {
        let again = if number == 1 { String::new() } else { format!("-{number}") };
        let path = folder.join(format!("{name}{again}.hzstate"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                let written = file.write_all(bytes).and_then(|()| file.sync_all());
                return written.is_ok().then_some(path);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(_) => return None,
        }
    }
    None
}

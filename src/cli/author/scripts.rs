//! Which scripts a command is about: the files it was given, and those in the folders it was given.

use std::path::{Path, PathBuf};

use crate::cli::error::Error;
use crate::cli::script::{plain, similar};

/// What the names of scripts end in.
const SCRIPT: &str = ".rhai";
/// What the names of tests end in.
pub const TEST: &str = "_test.rhai";
/// What the names of definitions for editors end in: they are no scripts.
const DEFINITIONS: &str = ".d.rhai";
/// How deep folders are looked into.
const DEEPEST: usize = 32;

/// The scripts that are meant, sorted, each once: files as they are, of folders all whose names end in `ending`.
///
/// # Errors
/// When a file or folder is not there or cannot be read, and when nothing is found.
pub fn find(given: &[PathBuf], ending: &str) -> Result<Vec<PathBuf>, Error> {
    let here = [PathBuf::from(".")];
    let given = if given.is_empty() { &here } else { given };
    let mut found = Vec::new();
    for path in given {
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => within(path, ending, 0, &mut found)?,
            Ok(_) => found.push(path.clone()),
            Err(error) => return Err(unreadable(path, &error)),
        }
    }
    found.sort();
    found.dedup();
    if found.is_empty() {
        let places: Vec<String> = given.iter().map(|path| path.display().to_string()).collect();
        return Err(Error::Usage {
            message: format!("there are no files *{ending} in {}", places.join(", ")),
            help: Some("name the files, or a folder that has some".to_owned()),
        });
    }
    Ok(found)
}

/// Those of scripts, for commands that take any.
pub fn scripts(given: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    find(given, SCRIPT)
}

fn within(folder: &Path, ending: &str, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    if depth > DEEPEST {
        return Ok(());
    }
    let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(folder, &error))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // Links are not followed: they may lead in a circle.
        let Ok(kind) = entry.file_type() else { continue };
        if name.starts_with('.') || (kind.is_dir() && name == "target") {
            continue;
        }
        let path = if folder == Path::new(".") { PathBuf::from(entry.file_name()) } else { entry.path() };
        if kind.is_dir() {
            within(&path, ending, depth + 1, found)?;
        } else if name.ends_with(ending) && !name.ends_with(DEFINITIONS) {
            found.push(path);
        }
    }
    Ok(())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::Script { path: path.to_owned(), reason: plain(error), help: similar(path) }
}

//! `hzscript definitions`: what editors are told of the language.

use hzscript::script::definitions::definitions;

use crate::cli::Tools;
use crate::cli::args::DefinitionsArguments;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::render::escape;

/// Writes the files.
///
/// # Errors
/// When they cannot be written.
pub fn run(arguments: &DefinitionsArguments, tools: &Tools) -> Result<Exit, Error> {
    let folder = &arguments.out;
    let shown = folder.display().to_string();
    let failed = |what: &str| {
        let what = what.to_owned();
        move |source| Error::Io { what, source }
    };
    std::fs::create_dir_all(folder).map_err(failed(&format!("make the folder {shown}")))?;
    let files = definitions();
    for (name, text) in &files {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(failed(&format!("write {}", path.display())))?;
    }
    let functions: usize = files.values().map(|text| text.lines().filter(|line| line.starts_with("fn ")).count()).sum();
    let count = files.len();
    tools.screen.out(&format!("wrote {count} files with {functions} functions to {}", escape::line(&shown)));
    Ok(Exit::Success)
}

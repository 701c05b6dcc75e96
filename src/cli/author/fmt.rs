//! `hzscript fmt`: lay scripts out.

use std::fs::OpenOptions;
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use hzscript::script::format::format;

use super::scripts;
use crate::cli::Tools;
use crate::cli::args::FmtArguments;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::render::lines;
use crate::cli::render::screen::Line;
use crate::cli::script::Script;

/// Formats.
///
/// # Errors
/// When a file cannot be read or written. A script with mistakes is told of and left as it is, and the others are
/// formatted.
pub fn run(arguments: &FmtArguments, tools: &Tools) -> Result<Exit, Error> {
    if arguments.files == [PathBuf::from("-")] {
        return from_input(arguments, tools);
    }
    let mut exit = Exit::Success;
    let mut changed = 0_usize;
    let files = scripts::scripts(&arguments.files)?;
    for path in &files {
        let script = Script::read(path)?;
        let formatted = match format(&script.shown(), &script.source) {
            Ok(formatted) => formatted,
            Err(mistakes) => {
                super::tell(&Error::Mistakes(mistakes), tools);
                exit = Exit::Failure;
                continue;
            }
        };
        if arguments.stdout {
            tools.screen.bytes_out(formatted.as_bytes(), tools.environment.stdout_is_terminal);
            continue;
        }
        if formatted == script.source {
            continue;
        }
        changed += 1;
        let file = script.shown();
        tools.screen.line(&Line::Formatted { file: &file, written: !arguments.check });
        if arguments.check {
            exit = Exit::Failure;
            tools.screen.out(&lines::difference(&file, &script.source, &formatted, tools.screen.out_palette()));
        } else {
            replace(path, &formatted)
                .map_err(|source| Error::Io { what: format!("write {}", path.display()), source })?;
            tools.screen.err(&format!("formatted {}", crate::cli::render::escape::line(&file)));
        }
    }
    if !arguments.stdout {
        let total = files.len();
        tools.screen.err(&match (arguments.check, changed) {
            (_, 0) => format!("{total} files, all formatted"),
            (true, changed) => format!("{changed} of {total} files are not formatted: `hzscript fmt` formats them"),
            (false, changed) => format!("{changed} of {total} files formatted"),
        });
    }
    Ok(exit)
}

/// Formats what comes in and lets it out; a script with mistakes comes out as it is.
fn from_input(arguments: &FmtArguments, tools: &Tools) -> Result<Exit, Error> {
    let failed = |source| Error::Io { what: "read the script from standard input".to_owned(), source };
    let mut source = String::new();
    if std::io::stdin().is_terminal() {
        tools.screen.err("reading a script from the terminal; Ctrl-D ends it");
    }
    std::io::stdin().read_to_string(&mut source).map_err(failed)?;
    let formatted = format("<stdin>", &source).map_err(Error::Mistakes)?;
    if arguments.check {
        if formatted == source {
            return Ok(Exit::Success);
        }
        tools.screen.out(&lines::difference("<stdin>", &source, &formatted, tools.screen.out_palette()));
        return Ok(Exit::Failure);
    }
    tools.screen.bytes_out(formatted.as_bytes(), tools.environment.stdout_is_terminal);
    Ok(Exit::Success)
}

/// Puts a text in place of a file's, at once: whoever reads it has the one or the other.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    // A link stays one: what it leads to is written.
    let path = path.canonicalize()?;
    let permissions = std::fs::metadata(&path)?.permissions();
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = path.with_file_name(name);
    let written = OpenOptions::new().write(true).create_new(true).open(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let placed = written
        .and_then(|()| std::fs::set_permissions(&beside, permissions))
        .and_then(|()| std::fs::rename(&beside, &path));
    if placed.is_err() {
        drop(std::fs::remove_file(&beside));
    }
    placed
}

//! `hzscript completions` and `hzscript man`: what shells and `man` know of the commands, made of their definition.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::Tools;
use super::args::{Arguments, CompletionsArguments, ManArguments};
use super::error::Error;
use super::exit::Exit;

/// Prints the completions for a shell.
pub fn completions(arguments: &CompletionsArguments, tools: &Tools) -> Exit {
    tools.screen.bytes_out(&completion(arguments.shell), false);
    Exit::Success
}

fn completion(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "hzscript", &mut text);
    text
}

/// Prints the first page, or writes all of them.
///
/// # Errors
/// When they cannot be written.
pub fn man(arguments: &ManArguments, tools: &Tools) -> Result<Exit, Error> {
    let Some(folder) = &arguments.out else {
        let mut page = Vec::new();
        let rendered = clap_mangen::Man::new(Arguments::command()).render(&mut page);
        rendered.map_err(|source| Error::Io { what: "write the page".to_owned(), source })?;
        tools.screen.bytes_out(&page, false);
        return Ok(Exit::Success);
    };
    let failed = |source| Error::Io { what: format!("write pages to {}", folder.display()), source };
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(Arguments::command(), folder).map_err(failed)?;
    let count = pages(folder).map_err(failed)?;
    tools.screen.out(&format!(
        "{count} pages in {}; `man -l {}` shows one.",
        folder.display(),
        folder.join("hzscript.1").display()
    ));
    Ok(Exit::Success)
}

/// How many pages of this program are in a folder.
fn pages(folder: &Path) -> Result<usize, std::io::Error> {
    let mut count = 0;
    for file in std::fs::read_dir(folder)? {
        let name = file?.file_name();
        let name = name.to_string_lossy();
        count += usize::from(name.starts_with("hzscript") && name.ends_with(".1"));
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory, ValueEnum};
    use clap_complete::Shell;

    use super::*;

    /// The commands, each with those it is below.
    fn commands(command: &Command, above: &str, found: &mut Vec<String>) {
        for below in command.get_subcommands() {
            let name = format!("{above}-{}", below.get_name());
            commands(below, &name, found);
            found.push(name);
        }
    }

    #[test]
    fn every_shell_completes_every_command_and_every_command_has_a_page() {
        let mut names = Vec::new();
        commands(&Arguments::command(), "hzscript", &mut names);
        assert!(names.iter().any(|name| name == "hzscript-state-show"), "{names:?}");
        for shell in Shell::value_variants() {
            let text = String::from_utf8(completion(*shell)).expect("UTF-8");
            for name in &names {
                let word = name.rsplit('-').next().expect("a word");
                assert!(text.contains(word), "{shell} does not know {name}");
            }
        }
        let folder = tempfile::tempdir().expect("a folder");
        clap_mangen::generate_to(Arguments::command(), folder.path()).expect("written");
        for name in &names {
            assert!(folder.path().join(format!("{name}.1")).exists(), "{name} has no page");
        }
        assert_eq!(pages(folder.path()).expect("readable"), names.len() + 1 + help_pages(folder.path()));
    }

    /// Pages of the commands `help`, which clap adds by itself.
    fn help_pages(folder: &Path) -> usize {
        let files = std::fs::read_dir(folder).expect("readable");
        let names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
        names.filter(|name| name.contains("-help")).count()
    }
}

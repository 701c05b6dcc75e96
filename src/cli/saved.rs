//! Files with saved plans: private, written whole or not at all, and never written over anything else.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use hzscript::plan::saved::{ReadError, SaveError};
use hzscript::plan::{Plan, Saved};
use hzscript::state::Snapshot;
use uuid::Uuid;

use super::args::{DEFAULT_FOLDER, StackArguments, TargetArguments, TargetName};
use super::connect::LOCAL_REGION;
use super::error::Error;
use super::keys::VARIABLE;
use super::render::escape;
use super::render::screen::Line;
use super::script::plain;
use super::stack::Stack;
use super::{Tools, again};

/// The largest plan that is read, in bytes.
const MAX_PLAN: u64 = 256 << 20;

/// How much of a file is read to see what it is, in bytes: more than the first line of a plan has.
const BEGINNING: u64 = 1024;

/// What is the matter with a saved plan.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// The file cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// What is in the file cannot be executed.
    #[error("cannot use {}: {error}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: ReadError,
    },
    /// The place of a plan is taken by something else.
    #[error("{} is there and is not a saved plan; it was left as it is", .0.display())]
    Taken(PathBuf),
    /// It cannot be put into a file.
    #[error("the plan was not saved: {error}")]
    Secret {
        /// Why not.
        error: SaveError,
        /// The command that plans and executes at once.
        again: String,
    },
    /// The state is not the one that the plan was made from.
    #[error("{} is stale: the state has changed since the plan was made; nothing was changed", path.display())]
    Stale {
        /// The file.
        path: PathBuf,
        /// The command that plans and executes at once.
        again: String,
    },
    /// It is another stack's.
    #[error("{} is a plan of stack {planned}, not of {asked}", path.display())]
    AnothersPlan {
        /// The file.
        path: PathBuf,
        /// The stack it was made for.
        planned: String,
        /// The stack that was asked for.
        asked: String,
    },
}

impl SavedError {
    /// The way out, when there is one.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Unreadable { .. } => return None,
            Self::Unusable { error: ReadError::OtherFormat { .. }, .. } => {
                "use the version of hzscript that wrote it, or make the plan again with this one".to_owned()
            }
            Self::Unusable { error: ReadError::NotAPlan, .. } => {
                "`hzscript plan SCRIPT --out FILE` saves one; a script is executed with `hzscript run SCRIPT`"
                    .to_owned()
            }
            Self::Unusable { .. } => "make the plan again: hzscript plan SCRIPT --out FILE".to_owned(),
            Self::Taken(_) => "give another name with --out, or remove the file".to_owned(),
            Self::Secret { error: SaveError::Key(_), again } => format!(
                "give the passphrase ({VARIABLE}, --passphrase-file FILE), or plan and execute at once: {again}"
            ),
            Self::Secret { again, .. } => format!(
                "keep secrets encrypted (`--encrypt`), or plan and execute at once: {again}; or let AWS make the \
                 secret up (`generateSecretString`), or refer to one that exists by its ARN"
            ),
            Self::Stale { again, .. } => format!("make the plan again, or plan and execute at once: {again}"),
            Self::AnothersPlan { .. } => "leave out --stack: the plan names its stack".to_owned(),
        })
    }
}

/// That a plan may be written to `path`: nothing is there, or a plan.
///
/// # Errors
/// When something else is there.
pub fn check_place(path: &Path) -> Result<(), Error> {
    let Ok(there) = std::fs::symlink_metadata(path) else { return Ok(()) };
    if there.is_file() && is_plan(path) { Ok(()) } else { Err(SavedError::Taken(path.to_owned()).into()) }
}

/// Whether a file begins as a saved plan does.
pub fn is_plan(path: &Path) -> bool {
    let mut beginning = Vec::new();
    File::open(path).is_ok_and(|file| file.take(BEGINNING).read_to_end(&mut beginning).is_ok())
        && Saved::is_one(&beginning)
}

/// Writes a plan, for its owner's eyes only: a new file takes the place of the old one once it is complete.
///
/// # Errors
/// When something else is there, or it cannot be written.
pub fn write(path: &Path, saved: &Saved) -> Result<(), Error> {
    let failed = |source| Error::Io { what: format!("write {}", path.display()), source };
    let text = saved.to_text().map_err(|error| failed(std::io::Error::other(error)))?;
    check_place(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}", Uuid::new_v4()));
    let written = private(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.and_then(|()| std::fs::rename(&beside, path)).map_err(|error| {
        // What is wrong is told; whether the rest of it is left behind matters less.
        drop(std::fs::remove_file(&beside));
        failed(error)
    })
}

/// Saves a plan that was made with these arguments, and says how it is executed.
///
/// # Errors
/// When it has secrets in it, or cannot be written.
pub fn keep(
    path: &Path,
    plan: Plan,
    state: &Snapshot,
    anew: String,
    stack: &Stack,
    (place, target): (&StackArguments, &TargetArguments),
    tools: &Tools,
) -> Result<(), Error> {
    let saved = Saved::with_keys(plan, state, stack.engine.place(), anew.clone(), stack.engine.keys());
    let saved = saved.map_err(|error| SavedError::Secret { error, again: anew })?;
    write(path, &saved)?;
    let apply = apply_command(path, place, target, &saved.plan.target.region);
    let path = path.display().to_string();
    let (shown, apply) = (escape::line(&path), escape::line(&apply));
    tools.screen.out(&format!("\nSaved in {shown}. To execute exactly this: {apply}"));
    tools.screen.line(&Line::Saved { file: &path });
    Ok(())
}

/// The command that executes the plan in a file, on the state and the cloud that it was made for.
fn apply_command(path: &Path, stack: &StackArguments, target: &TargetArguments, region: &str) -> String {
    let mut words = vec!["apply".to_owned(), path.display().to_string()];
    let mut option = |name: &str, value: &str| words.extend([name.to_owned(), value.to_owned()]);
    if stack.folder.dir != Path::new(DEFAULT_FOLDER) {
        option("--dir", &stack.folder.dir.display().to_string());
    }
    if let Some(state) = &stack.state {
        option("--state", state);
    }
    if target.target == Some(TargetName::Aws) || target.endpoint_url.is_some() {
        option("--target", "aws");
        option("--region", region);
    } else if region != LOCAL_REGION {
        option("--region", region);
    }
    for (name, value) in [("--profile", &target.profile), ("--endpoint-url", &target.endpoint_url)] {
        if let Some(value) = value {
            option(name, value);
        }
    }
    again(words.into_iter())
}

/// Reads a plan.
///
/// # Errors
/// When it cannot be read, or is not what was written.
pub fn read(path: &Path) -> Result<Saved, Error> {
    let unreadable = |reason: String| Error::from(SavedError::Unreadable { path: path.to_owned(), reason });
    let file = File::open(path).map_err(|error| unreadable(plain(&error)))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(unreadable("it is a folder".to_owned()));
    }
    let mut text = Vec::new();
    file.take(MAX_PLAN + 1).read_to_end(&mut text).map_err(|error| unreadable(plain(&error)))?;
    if text.len() as u64 > MAX_PLAN {
        return Err(unreadable(format!("it is larger than {} MiB", MAX_PLAN >> 20)));
    }
    Saved::from_text(&text).map_err(|error| SavedError::Unusable { path: path.to_owned(), error }.into())
}

#[cfg(unix)]
fn private(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::{Arguments, Command};

    #[test]
    fn a_plan_is_applied_where_it_was_made() {
        let command =
            |typed: &str, region: &str| match Arguments::try_parse_from(typed.split(' ')).map(|all| all.command) {
                Ok(Command::Plan(arguments)) => {
                    apply_command(Path::new("my plan"), &arguments.stack, &arguments.target, region)
                }
                other => panic!("{other:?}"),
            };
        assert_eq!(command("hzscript plan a.rhai --set n=1", "eu-west-1"), "hzscript apply 'my plan'");
        assert_eq!(
            command("hzscript plan a.rhai --dir d --state s", "us-east-1"),
            "hzscript apply 'my plan' --dir d --state s --region us-east-1"
        );
        assert_eq!(
            command("hzscript plan a.rhai --target aws --profile p", "eu-west-1"),
            "hzscript apply 'my plan' --target aws --region eu-west-1 --profile p"
        );
    }
}

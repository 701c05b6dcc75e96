//! Programs that runs executed, kept as long as the copies of the snapshots that the runs ended in: what can be gone
//! back to. A snapshot's own inputs would not do: references in them are resolved to what may be gone by then.
//!
//! A program is written before the snapshot of its serial. Should the snapshot not follow, the state that the journal
//! makes gets that serial, and it is the program's all the same.
//!
//! What changes the state alone keeps the program again under the new serial, where addresses change and go as in the
//! state, or that it is not known any more. What is left of an interrupted run keeps none.

use object_store::PutMode;
use object_store::path::Path;
use serde::{Deserialize, Serialize};

use super::error::StateError;
use super::history::copied;
use super::snapshot::Made;
use super::store::StateStore;
use crate::model::{Program, Secret, Secrets};

/// A program that was executed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Executed {
    /// The serial of the snapshot that the run ended in.
    pub serial: u64,
    /// The serial of the snapshot that the run itself ended in: a lesser one, where the state alone was changed since.
    pub run: u64,
    /// Whether the program is all that the stack was to be. Otherwise that is not known, and cannot be gone back to.
    pub whole: bool,
    /// Whether the run did everything, and saw it through.
    pub complete: bool,
    /// When it began (RFC 3339).
    pub since: String,
    /// Who ran it.
    pub by: String,
    /// The command.
    pub command: String,
    /// What was wanted. Secrets are known by what the state keeps of them.
    pub program: Program,
}

impl Executed {
    /// The program of a run that ended in the snapshot of this serial; none, when it is not known as a whole.
    pub fn new(serial: u64, complete: bool, made: &Made, program: Option<&Program>) -> Self {
        let Made { command, user, at } = made.clone();
        let (whole, program) = (program.is_some(), program.cloned().unwrap_or_default());
        Self { serial, run: serial, whole, complete: complete && whole, since: at, by: user, command, program }
    }

    /// The same for the state of a later serial, in which what was executed is this.
    #[must_use]
    pub fn kept_again(self, serial: u64, program: impl FnOnce(Program) -> Program) -> Self {
        Self { serial, program: program(self.program), ..self }
    }
}

impl Secrets for Executed {
    fn visit_secrets(&mut self, visit: &mut dyn FnMut(&mut Secret)) {
        self.program.visit_secrets(visit);
    }
}

impl std::fmt::Display for Executed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { serial, complete, since, command, .. } = self;
        let how = if *complete { "" } else { ", not completed" };
        write!(f, "serial {serial} of {since} (`{command}`{how})")
    }
}

impl StateStore {
    /// Writes down what a run executed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keep_program(&self, executed: &Executed) -> Result<(), StateError> {
        self.write(&self.program_path(executed.serial), executed, PutMode::Overwrite).await
    }

    /// What the run executed that ended in the snapshot of this serial, when it is kept.
    ///
    /// # Errors
    /// When the store fails or what it holds is not readable.
    pub async fn program(&self, serial: u64) -> Result<Option<Executed>, StateError> {
        let path = self.program_path(serial);
        match self.read(&path).await? {
            Some(bytes) => self.parse(&path, &bytes).map(Some),
            None => Ok(None),
        }
    }

    /// Serials of which the program is kept, the oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn program_serials(&self) -> Result<Vec<u64>, StateError> {
        Ok(self.program_objects().await?.iter().filter_map(copied).collect())
    }

    /// What was executed last, up to this serial.
    ///
    /// # Errors
    /// When the store fails or what it holds is not readable.
    pub async fn last_program(&self, serial: u64) -> Result<Option<Executed>, StateError> {
        match self.program_serials().await?.into_iter().rfind(|kept| *kept <= serial) {
            Some(kept) => self.program(kept).await,
            None => Ok(None),
        }
    }

    /// The last program of a run that ended completely, of those that `may` be it by their serial; none, when what the
    /// stack was to be is not known of a later one.
    ///
    /// # Errors
    /// When the store fails or what it holds is not readable.
    pub async fn last_complete(&self, may: impl Fn(u64) -> bool) -> Result<Option<Executed>, StateError> {
        for serial in self.program_serials().await?.into_iter().rev().filter(|serial| may(*serial)) {
            match self.program(serial).await? {
                Some(executed) if executed.complete => return Ok(Some(executed)),
                Some(executed) if !executed.whole => return Ok(None),
                Some(_) | None => {}
            }
        }
        Ok(None)
    }

    /// Programs that are older than the oldest of these copies of snapshots.
    pub(super) async fn programs_before(&self, kept: &[Path]) -> Result<Vec<Path>, StateError> {
        let oldest = kept.first().and_then(copied).unwrap_or_default();
        let mut found = self.program_objects().await?;
        found.retain(|path| copied(path).is_some_and(|serial| serial < oldest));
        Ok(found)
    }

    async fn program_objects(&self) -> Result<Vec<Path>, StateError> {
        self.objects(&self.folder.clone().join("programs")).await
    }

    fn program_path(&self, serial: u64) -> Path {
        self.folder.clone().join("programs").join(format!("{serial:010}.json"))
    }
}

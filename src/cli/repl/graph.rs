//! `:graph`: what needs what, as a tree or as a picture.

use std::path::Path;

use hzscript::picture::{Subject, graph_of, tree};

use super::super::Tools;
use super::super::error::Error;
use super::super::graph::to_file;
use super::super::render::escape;
use super::Repl;

impl Repl<'_> {
    /// Shows what needs what, or draws it into a file.
    pub(super) async fn graph(&self, file: Option<&Path>, tools: &Tools) -> Result<(), Error> {
        let evaluated = tools.interrupt.cut(self.exploring.program()).await?.map_err(Error::Mistakes)?;
        let program = &evaluated.program;
        if program.resources.is_empty() {
            tools.screen.out("The program declares nothing.");
            return Ok(());
        }
        match file {
            None => tools.screen.out(tree(&graph_of(Subject::Program(program))).trim_end()),
            Some(path) => {
                to_file(path, program, &self.stack)?;
                tools.screen.out(&format!("{} is written.", escape::line(&path.display().to_string())));
            }
        }
        Ok(())
    }
}

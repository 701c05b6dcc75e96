//! Arguments of `schema`.

use clap::Subcommand;

/// What is described.
#[derive(Debug, Subcommand)]
pub enum SchemaCommand {
    /// The line with the plan that `plan`, `run`, `apply` and `destroy` print with --json
    Plan,
}

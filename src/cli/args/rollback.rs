//! Arguments of `rollback`.

use std::path::PathBuf;

use clap::Args;

use super::shared::*;

/// Arguments of `rollback`.
#[derive(Debug, Args)]
pub struct RollbackArguments {
    /// The script whose stack it is; it is not evaluated. May be left out with --stack
    #[arg(required_unless_present = "stack")]
    pub script: Option<PathBuf>,
    /// The serial of the state to go back to; by default that of the last run before that ended completely
    #[arg(long, value_name = "SERIAL")]
    pub to: Option<u64>,
    /// Only show what would change
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub stack: StackArguments,
    #[command(flatten)]
    pub target: TargetArguments,
    #[command(flatten)]
    pub apply: ApplyArguments,
    #[command(flatten)]
    pub formation: FormationArguments,
    #[command(flatten)]
    pub output: OutputArguments,
}

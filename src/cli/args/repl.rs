//! Arguments of `repl`.

use std::path::PathBuf;

use clap::Args;

use super::sealing::EncryptArguments;
use super::shared::*;

/// Arguments of `repl`.
#[derive(Debug, Clone, Args)]
pub struct ReplArguments {
    /// A script to begin with
    pub script: Option<PathBuf>,
    /// Enter this and end; may be repeated
    #[arg(long, short = 'e', value_name = "ENTRY")]
    pub eval: Vec<String>,
    #[command(flatten)]
    pub inputs: InputArguments,
    #[command(flatten)]
    pub stack: StackArguments,
    #[command(flatten)]
    pub encrypt: EncryptArguments,
    #[command(flatten)]
    pub target: TargetArguments,
    #[command(flatten)]
    pub apply: ApplyArguments,
    #[command(flatten)]
    pub formation: FormationArguments,
    /// Print without colours (also: NO_COLOR)
    #[arg(long, help_heading = "Output")]
    pub no_color: bool,
}

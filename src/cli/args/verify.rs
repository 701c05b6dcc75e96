//! Arguments of `verify`.

use std::path::PathBuf;

use clap::Args;

use super::shared::*;

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// The script
    pub script: PathBuf,
    /// The most calls in flight at a time
    #[arg(long, value_name = "N", env = "HZSCRIPT_PARALLELISM")]
    #[arg(default_value_t = DEFAULT_PARALLELISM, value_parser = parallelism)]
    pub parallelism: usize,
    #[command(flatten)]
    pub inputs: InputArguments,
    #[command(flatten)]
    pub stack: StackArguments,
    #[command(flatten)]
    pub target: TargetArguments,
    #[command(flatten)]
    pub output: OutputArguments,
}

//! Arguments of the commands that change things: `run`, `apply`, `destroy`.

use std::path::PathBuf;

use clap::Args;

use super::sealing::EncryptArguments;
use super::shared::*;

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// The script
    pub script: PathBuf,
    #[command(flatten)]
    pub scope: ScopeArguments,
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
    pub failing: FailingArguments,
    #[command(flatten)]
    pub formation: FormationArguments,
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub struct ApplySavedArguments {
    /// The file that `hzscript plan --out FILE` wrote
    #[arg(value_name = "FILE")]
    pub plan: PathBuf,
    #[command(flatten)]
    pub stack: StackArguments,
    #[command(flatten)]
    pub target: TargetArguments,
    #[command(flatten)]
    pub apply: ApplyArguments,
    #[command(flatten)]
    pub failing: FailingArguments,
    #[command(flatten)]
    pub formation: FormationArguments,
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Arguments of `destroy`.
#[derive(Debug, Args)]
pub struct DestroyArguments {
    /// The script whose stack it is; it is not evaluated. May be left out with --stack
    #[arg(required_unless_present = "stack")]
    pub script: Option<PathBuf>,
    /// Save the plan in this file instead, to be executed with `hzscript apply FILE`; nothing is destroyed
    #[arg(long, value_name = "FILE", conflicts_with_all = ["yes", "no_wait"])]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub scope: DestroyScopeArguments,
    #[command(flatten)]
    pub stack: StackArguments,
    #[command(flatten)]
    pub target: TargetArguments,
    #[command(flatten)]
    pub apply: ApplyArguments,
    #[command(flatten)]
    pub output: OutputArguments,
}

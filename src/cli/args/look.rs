//! Arguments of the commands that change nothing: `plan`, `drift`, `outputs`, `check`, `synth`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::sealing::EncryptArguments;
use super::shared::*;

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArguments {
    /// The script
    pub script: PathBuf,
    /// Save the plan in this file, to be executed with `hzscript apply FILE`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write the plan as a page for reviewers to this file: changes, reasons, differences, pictures
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Print the least IAM policy that running this plan needs, instead of the plan; SCRIPT may be a saved plan then
    #[arg(long, conflicts_with_all = ["out", "detailed_exitcode"])]
    pub iam: bool,
    /// Exit with 0 when there is nothing to do, 2 when there are changes, 1 on an error
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// The most calls in flight at a time
    #[arg(long, value_name = "N", env = "HZSCRIPT_PARALLELISM")]
    #[arg(default_value_t = DEFAULT_PARALLELISM, value_parser = parallelism)]
    pub parallelism: usize,
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
    pub output: OutputArguments,
}

/// Arguments of `drift`.
#[derive(Debug, Args)]
pub struct DriftArguments {
    /// The script whose stack it is; it is not evaluated. May be left out with --stack
    #[arg(required_unless_present = "stack")]
    pub script: Option<PathBuf>,
    /// The most calls in flight at a time
    #[arg(long, value_name = "N", env = "HZSCRIPT_PARALLELISM")]
    #[arg(default_value_t = DEFAULT_PARALLELISM, value_parser = parallelism)]
    pub parallelism: usize,
    #[command(flatten)]
    pub stack: StackArguments,
    #[command(flatten)]
    pub target: TargetArguments,
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Arguments of `outputs`.
#[derive(Debug, Args)]
pub struct OutputsArguments {
    /// The script whose stack it is; it is not evaluated. May be left out with --stack
    #[arg(required_unless_present = "stack")]
    pub script: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// Show the texts of secrets, too, where they are encrypted in the state
    #[arg(long)]
    pub show_secrets: bool,
    #[command(flatten)]
    pub stack: StackArguments,
    #[command(flatten)]
    pub target: TargetArguments,
    /// Print without colours (also: NO_COLOR)
    #[arg(long, help_heading = "Output")]
    pub no_color: bool,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The script
    pub script: PathBuf,
    /// The region to take it to be in
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    #[command(flatten)]
    pub inputs: InputArguments,
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Arguments of `synth`.
#[derive(Debug, Args)]
pub struct SynthArguments {
    /// The script
    pub script: PathBuf,
    /// The format; by default JSON for a --out that ends in .json, YAML otherwise
    #[arg(long, value_enum)]
    pub format: Option<TemplateFormat>,
    /// Write it to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub inputs: InputArguments,
    #[command(flatten)]
    pub target: TargetArguments,
    #[command(flatten)]
    pub folder: FolderArguments,
    /// Print without colours (also: NO_COLOR)
    #[arg(long, help_heading = "Output")]
    pub no_color: bool,
}

/// How a template is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TemplateFormat {
    /// JSON
    Json,
    /// YAML
    Yaml,
}

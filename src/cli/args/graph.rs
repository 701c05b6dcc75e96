//! Arguments of `graph`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::shared::*;

/// What `graph --help` says below the arguments.
pub(super) const AFTER_GRAPH: &str = "\
Without --format and --out a tree of text is shown. Arrows lead from what is needed to what needs it; what follows from
others is left out. With --network: subnets, services and gateways, and who may talk to whom on which port.
Of a saved plan, html is the page for reviewers that `hzscript plan --html` writes, too.";

/// Arguments of `graph`.
#[derive(Debug, Args)]
pub struct GraphArguments {
    /// The script
    #[arg(required_unless_present = "plan", conflicts_with = "plan")]
    pub script: Option<PathBuf>,
    /// Draw the plan in this file, which `hzscript plan --out FILE` wrote
    #[arg(long, value_name = "FILE", conflicts_with = "changes")]
    pub plan: Option<PathBuf>,
    /// Draw the network and who may talk to whom, rather than what needs what
    #[arg(long)]
    pub network: bool,
    /// Plan against the state first, and show what is made, changed and deleted
    #[arg(long)]
    pub changes: bool,
    /// The format; by default what the name in --out ends in, and text without it
    #[arg(long, value_enum)]
    pub format: Option<PictureFormat>,
    /// Write it to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub inputs: InputArguments,
    #[command(flatten)]
    pub stack: StackArguments,
    #[command(flatten)]
    pub target: TargetArguments,
    /// Print without colours (also: NO_COLOR)
    #[arg(long, help_heading = "Output")]
    pub no_color: bool,
}

/// How a picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PictureFormat {
    /// A tree for the terminal
    Text,
    /// A vector image
    Svg,
    /// Pixels
    Png,
    /// A page to look around in, which needs nothing beside itself
    Html,
    /// A flowchart of mermaid's
    Mermaid,
    /// Graphviz's language
    Dot,
}

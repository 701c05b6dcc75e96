//! Arguments of `init`.

use std::path::PathBuf;

use clap::Args;

use super::shared::TargetName;

/// What `init` does and does not.
pub const AFTER_INIT: &str = "\
Examples:
  hzscript init                                     asks what it needs to know
  hzscript init sessions --hazelcast --name sessions --members 5 --yes
  hzscript init graph --orientdb --vpc shared --target aws --region eu-west-1 --yes
What is not said is asked for on a terminal, and elsewhere, or with --yes, as usual: three members of Hazelcast in a network
of their own, on the embedded AWS. Files that are there are not written over without asking.";

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct InitArguments {
    /// The folder to write to, which is made; by default this one
    pub folder: Option<PathBuf>,
    /// A Hazelcast cluster
    #[arg(long, conflicts_with = "orientdb")]
    pub hazelcast: bool,
    /// An OrientDB cluster
    #[arg(long)]
    pub orientdb: bool,
    /// The cluster's name, which the script and its stack have, too
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// How many members, or nodes
    #[arg(long, value_name = "N")]
    pub members: Option<String>,
    /// Where commands work unless they are told otherwise
    #[arg(long, value_enum)]
    pub target: Option<TargetName>,
    /// The region
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// A VPC that exists already, by its name or id; by default one is made
    #[arg(long, value_name = "VPC")]
    pub vpc: Option<String>,
    /// Ask nothing
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Write over files that are there
    #[arg(long)]
    pub force: bool,
    /// Print without colours (also: NO_COLOR)
    #[arg(long, help_heading = "Output")]
    pub no_color: bool,
}

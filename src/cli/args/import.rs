//! Arguments of `import`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::shared::*;

/// Arguments of `import`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("wanted").required(true).args(["address", "from_tag", "cluster"])))]
#[command(group(ArgGroup::new("file").args(["out", "append"])))]
pub struct ImportArguments {
    /// Where to declare it, such as ecs_cluster.main
    #[arg(requires = "id")]
    pub address: Option<String>,
    /// The physical identifier of what exists, such as vpc-0123456789abcdef0; of several parts, joined by `|`
    pub id: Option<String>,
    /// A script that declares the address already: what exists is taken over as that, and no script is written
    #[arg(conflicts_with_all = ["file", "adopt"])]
    pub script: Option<PathBuf>,
    /// Declare everything that has this tag, and what belongs to it
    #[arg(long, value_name = "KEY[=VALUE]", conflicts_with = "id")]
    pub from_tag: Option<String>,
    /// Declare a cluster of ECS: its services and what they use
    #[arg(long, value_name = "NAME", conflicts_with = "id")]
    pub cluster: Option<String>,
    /// With --cluster: the VPC too, and what is in it; otherwise it is referred to by identifiers
    #[arg(long, requires = "cluster")]
    pub with_network: bool,
    /// Take over also what is of this stack, by its tags; may be repeated. --from-tag hzscript:stack=NAME says so by itself
    #[arg(long, value_name = "NAME")]
    pub from_stack: Vec<String>,
    /// Write the script to this new file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Add to this script what it does not declare yet
    #[arg(long, value_name = "FILE")]
    pub append: Option<PathBuf>,
    /// Take it over at once: plan, show, ask, execute
    #[arg(long, requires = "file")]
    pub adopt: bool,
    #[command(flatten)]
    pub inputs: InputArguments,
    #[command(flatten)]
    pub stack: StackArguments,
    #[command(flatten)]
    pub target: TargetArguments,
    #[command(flatten)]
    pub apply: ApplyArguments,
    #[command(flatten)]
    pub output: OutputArguments,
}

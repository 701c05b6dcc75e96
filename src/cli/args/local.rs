//! Arguments of `local`.

use clap::Subcommand;

use super::shared::*;

/// A command about the embedded AWS.
#[derive(Debug, Subcommand)]
pub enum LocalCommand {
    /// Answer AWS's calls on a port of this machine, for the aws command line, boto3 and others
    Serve {
        /// The port; by default any that is free
        #[arg(long, value_name = "N", default_value_t = 0)]
        port: u16,
        #[command(flatten)]
        folder: FolderArguments,
        #[command(flatten)]
        faults: FaultArguments,
    },
    /// List everything that exists in it
    List {
        /// Print a JSON array of {type, id, region, …}
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        folder: FolderArguments,
    },
    /// Remove everything in it, at once and without traces; its settings stay
    Reset {
        /// Do not ask
        #[arg(long, short = 'y')]
        yes: bool,
        #[command(flatten)]
        folder: FolderArguments,
    },
}

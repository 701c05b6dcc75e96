//! Arguments of `state`; those of its commands that change it are in [`super::edit`].

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::edit::*;
use super::sealing::RekeyArguments;
use super::shared::*;

/// A command about the state, which calls nothing in AWS but for keys.
#[derive(Debug, Subcommand)]
pub enum StateCommand {
    /// List the resources of a stack: addresses, types, identifiers
    List {
        /// The script whose stack it is; it is not evaluated. May be left out with --stack
        #[arg(required_unless_present = "stack")]
        script: Option<PathBuf>,
        #[command(flatten)]
        stack: StackArguments,
        #[command(flatten)]
        output: StateOutputArguments,
    },
    /// Show a resource: its properties as asked for, its attributes, what it needs and what needs it
    Show {
        /// The resource, such as ecs_service.hazelcast-service
        address: String,
        /// The script whose stack it is; it is not evaluated. May be left out with --stack
        #[arg(required_unless_present = "stack")]
        script: Option<PathBuf>,
        #[command(flatten)]
        stack: StackArguments,
        #[command(flatten)]
        output: StateOutputArguments,
    },
    /// Encrypt the secrets of a stack, change what they are encrypted with, or keep only hashes again
    #[command(after_help = "\
Everything that is kept of the stack is written anew. Older versions that a store keeps of its objects stay as they are.")]
    Rekey(RekeyArguments),
    /// List the stacks there are
    Stacks {
        /// Where states are kept: a folder, or the URL of one; by default `state` in the folder of --dir
        #[arg(long, value_name = "URL", env = "HZSCRIPT_STATE")]
        state: Option<String>,
        #[command(flatten)]
        folder: FolderArguments,
        #[command(flatten)]
        output: StateOutputArguments,
    },
    /// Take the lock away from a run that is no more, and let others at the stack
    #[command(after_help = "\
A lock that is not renewed ends by itself, and one of a process of this machine that is no more is taken over at once:
this is for a run that goes on renewing and does nothing else, or that nobody can reach. What it did last may not have
been written down; the next run looks for that.")]
    Unlock(UnlockArguments),
    /// Give resources other addresses; nothing in AWS is changed
    #[command(after_help = AFTER_MV)]
    Mv(MvArguments),
    /// The same as `hzscript forget`: take resources out of the state and leave them in AWS
    #[command(after_help = AFTER_FORGET)]
    Rm(ForgetArguments),
    /// Print the state as text that `push` takes, records of an interrupted run included
    Pull(PullArguments),
    /// Put a state that `pull` printed in the place of the one there is; nothing in AWS is changed
    #[command(after_help = AFTER_PUSH)]
    Push(PushArguments),
    /// List the last states that were written: when, by what, and how each differs from the one before
    History(HistoryArguments),
    /// Bring an earlier state back as the newest; nothing in AWS is changed
    #[command(after_help = AFTER_RESTORE)]
    Restore(RestoreArguments),
}

impl StateCommand {
    /// Whether colours were turned off.
    pub fn no_color(&self) -> bool {
        match self {
            Self::List { output, .. } | Self::Show { output, .. } | Self::Stacks { output, .. } => output.no_color,
            Self::Unlock(arguments) => arguments.no_color,
            Self::Rekey(arguments) => arguments.no_color,
            Self::Mv(arguments) => arguments.output.no_color,
            Self::Rm(arguments) => arguments.output.no_color,
            Self::Push(arguments) => arguments.output.no_color,
            Self::History(arguments) => arguments.output.no_color,
            Self::Restore(arguments) => arguments.output.no_color,
            Self::Pull(_) => false,
        }
    }
}

/// Arguments of `state unlock`.
#[derive(Debug, Args)]
pub struct UnlockArguments {
    /// The lock's identifier, as the refusal tells it
    pub id: String,
    /// The script whose stack it is; it is not evaluated. May be left out with --stack
    #[arg(required_unless_present = "stack")]
    pub script: Option<PathBuf>,
    /// Do not ask
    #[arg(long, short = 'y')]
    pub yes: bool,
    #[command(flatten)]
    pub stack: StackArguments,
    /// Print without colours (also: NO_COLOR)
    #[arg(long, help_heading = "Output")]
    pub no_color: bool,
}

/// How to show what the state knows.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct StateOutputArguments {
    /// Print one JSON value
    #[arg(long)]
    pub json: bool,
    /// Print without colours (also: NO_COLOR)
    #[arg(long)]
    pub no_color: bool,
}

//! Arguments of the commands that change the state and nothing in AWS: `refresh`, `forget`, and `state mv`, `rm`, `push`, `restore`;
//! and of those that show what there is to bring back.

use std::path::PathBuf;

use clap::Args;

use super::shared::*;
use super::state::StateOutputArguments;

/// What `forget` does and does not.
pub const AFTER_FORGET: &str = "\
What is forgotten stays in AWS as it is, its tags included, and nothing looks after it any more. While the script still
declares it, the next run makes another one; to take it up again, give its declaration the option `id`:
  logs_log_group(\"logs\", #{ logGroupName: \"/app\" }, #{ id: \"/app\" })
What others in the state need is refused unless they are named too. No credentials are needed.";

/// What `state mv` does and does not.
pub const AFTER_MV: &str = "\
Examples:
  hzscript state mv ecs_service.old ecs_service.new app.rhai
  hzscript state mv ecs_service.a=ecs_service.b iam_role.a=iam_role.b --stack prod     all of them or none
The script must say the new address from now on, or the next run deletes the one and makes the other. Instead of moving,
a declaration can name the address it had with the option `aliases`. No credentials are needed.";

/// What `state push` does and does not.
pub const AFTER_PUSH: &str = "\
Refused unless --force is given: the state of another stack, account or region, of another lineage (a stack that was begun
on its own), and one that is not newer than what is there. A file that is not as it was written is never taken.
The state there was is kept: `state history` lists it, `state restore` brings it back.";

/// What `state restore` does and does not.
pub const AFTER_RESTORE: &str = "\
What is known changes, not what there is: what was made since that state stays in AWS and is no longer known, and what was
deleted since is known again, so that the next run makes it anew. Works also when the newest state is damaged.
The state there was is kept, and can be brought back the same way.";

/// What `refresh` does and does not.
pub const AFTER_REFRESH: &str = "\
It reads what exists, shows what the state does not know of it, asks, and writes that down: attributes that AWS tells
otherwise (addresses, ARNs, DNS names), and what is gone, which the state then forgets. What an interrupted run made is found,
too. No script is evaluated, so outputs stay as the last run told them, and what was made outside the stack is not taken in.
Properties stay as the last run asked for them: unlike `terraform apply -refresh-only` it does not make the state say what
others have set. That is drift still: `hzscript drift` shows it, and the next run puts it right.
A run reads what exists by itself; a refresh is never needed before one. Exit status: 0 done or nothing to do, 1 not done.";

/// Whether anybody is asked.
#[derive(Debug, Args)]
pub struct ConsentArguments {
    /// Do not ask before changing the state
    #[arg(long, short = 'y')]
    pub yes: bool,
}

/// Arguments of `refresh`.
#[derive(Debug, Args)]
pub struct RefreshArguments {
    /// The script whose stack it is; it is not evaluated. May be left out with --stack
    #[arg(required_unless_present = "stack")]
    pub script: Option<PathBuf>,
    #[command(flatten)]
    pub consent: ConsentArguments,
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

/// Arguments of `forget` and `state rm`.
#[derive(Debug, Args)]
#[command(override_usage = "hzscript forget [OPTIONS] <ADDRESS>... [SCRIPT.rhai]")]
pub struct ForgetArguments {
    /// The resources, such as ecs_service.hazelcast-service; and the script whose stack it is, unless --stack is given
    #[arg(required = true, value_name = "ADDRESS")]
    pub words: Vec<String>,
    #[command(flatten)]
    pub consent: ConsentArguments,
    #[command(flatten)]
    pub stack: StackArguments,
    #[command(flatten)]
    pub output: StateOutputArguments,
}

/// Arguments of `state mv`.
#[derive(Debug, Args)]
#[command(override_usage = "hzscript state mv [OPTIONS] <FROM> <TO> [SCRIPT.rhai]\n       \
                            hzscript state mv [OPTIONS] <FROM=TO>... [SCRIPT.rhai]")]
pub struct MvArguments {
    /// The address it has and the one it is to have; and the script whose stack it is, unless --stack is given
    #[arg(required = true, value_name = "FROM=TO")]
    pub words: Vec<String>,
    #[command(flatten)]
    pub consent: ConsentArguments,
    #[command(flatten)]
    pub stack: StackArguments,
    #[command(flatten)]
    pub output: StateOutputArguments,
}

/// Arguments of `state pull`.
#[derive(Debug, Args)]
pub struct PullArguments {
    /// The script whose stack it is; it is not evaluated. May be left out with --stack
    #[arg(required_unless_present = "stack")]
    pub script: Option<PathBuf>,
    #[command(flatten)]
    pub stack: StackArguments,
}

/// Arguments of `state push`.
#[derive(Debug, Args)]
pub struct PushArguments {
    /// The file that `hzscript state pull` printed; `-` is standard input
    pub file: PathBuf,
    /// The script whose stack it is; by default, and without --stack, the stack that the file names
    pub script: Option<PathBuf>,
    /// Put it there even if it is of another stack, account, region or lineage, or older
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub consent: ConsentArguments,
    #[command(flatten)]
    pub stack: StackArguments,
    #[command(flatten)]
    pub output: StateOutputArguments,
}

/// Arguments of `state history`.
#[derive(Debug, Args)]
pub struct HistoryArguments {
    /// The script whose stack it is; it is not evaluated. May be left out with --stack
    #[arg(required_unless_present = "stack")]
    pub script: Option<PathBuf>,
    #[command(flatten)]
    pub stack: StackArguments,
    #[command(flatten)]
    pub output: StateOutputArguments,
}

/// Arguments of `state restore`.
#[derive(Debug, Args)]
pub struct RestoreArguments {
    /// Which state to bring back, as `hzscript state history` lists them
    pub serial: u64,
    /// The script whose stack it is; it is not evaluated. May be left out with --stack
    #[arg(required_unless_present = "stack")]
    pub script: Option<PathBuf>,
    #[command(flatten)]
    pub consent: ConsentArguments,
    #[command(flatten)]
    pub stack: StackArguments,
    #[command(flatten)]
    pub output: StateOutputArguments,
}

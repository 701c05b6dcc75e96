//! Arguments of the commands about what runs: `status`, `tasks`, `events`, `logs`, `members`, `trace`, `exec`,
//! `port-forward`, `scale`, `redeploy`, `stop`, `top`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::shared::*;

/// What `scale` does and does not.
pub const AFTER_SCALE: &str = "\
Examples:
  hzscript scale 5 scripts/hazelcast.rhai
  hzscript scale 0 --cluster production --service members --yes
It changes what runs and no script: where the script declares `desiredCount`, the next run sets it back.
Ctrl-C ends the waiting; ECS goes on. Exit status: 0 done, 1 not done, 130 no longer waited for.";

/// What `redeploy` does and does not.
pub const AFTER_REDEPLOY: &str = "\
Every task is replaced by a new one of the same task definition, a few at a time as the service's deployment
configuration says, so that an image that was pushed again, or a secret that was changed, is taken in.
Ctrl-C ends the waiting; ECS goes on. Exit status: 0 done, 1 not done, 130 no longer waited for.";

/// What `exec` needs.
pub const AFTER_EXEC: &str = "\
Examples:
  hzscript exec 1f3a scripts/hazelcast.rhai
  hzscript exec 1f3a --cluster production --container member -- /bin/bash -c 'ls /opt'
It needs AWS's session plugin on this machine, `enableExecuteCommand: true` on the service, and a task role that may do
ssmmessages:CreateControlChannel, CreateDataChannel, OpenControlChannel and OpenDataChannel; what is missing is said.";

/// What `port-forward` needs.
pub const AFTER_PORT_FORWARD: &str = "\
Example:
  hzscript port-forward 1f3a 8080:8080 scripts/hazelcast.rhai
Until Ctrl-C, what connects to the local port reaches the container's. It hands over to `aws ssm start-session`, and needs
the aws command line, AWS's session plugin, and what `hzscript exec` needs.";

/// How to use `top`.
pub const AFTER_TOP: &str = "\
Keys: q ends it, tab goes to the next list, the arrows choose in it, l makes the log large, f filters, s sorts the tasks,
? tells them. Without a terminal, --once prints what it would show.";

/// Which cluster and which of its services.
#[derive(Debug, Args)]
pub struct WhereArguments {
    /// The script whose stack is meant; it is not evaluated. Without one, and without --stack and --cluster, it is the
    /// account's only cluster
    pub script: Option<PathBuf>,
    /// The cluster
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,
    /// This service only
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    #[command(flatten)]
    pub stack: StackArguments,
    #[command(flatten)]
    pub target: TargetArguments,
    #[command(flatten)]
    pub output: ValueOutputArguments,
}

/// How to show things, for commands whose JSON is one value.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct ValueOutputArguments {
    /// Print JSON: one value
    #[arg(long)]
    pub json: bool,
    /// Print without colours (also: NO_COLOR)
    #[arg(long)]
    pub no_color: bool,
}

/// Arguments of `status` and `members`.
#[derive(Debug, Args)]
pub struct StatusArguments {
    #[command(flatten)]
    pub at: WhereArguments,
}

/// Arguments of `tasks`.
#[derive(Debug, Args)]
pub struct TasksArguments {
    /// Those that have stopped, too, as long as ECS remembers them (an hour at least)
    #[arg(long, short = 'a')]
    pub all: bool,
    #[command(flatten)]
    pub at: WhereArguments,
}

/// Arguments of `events`.
#[derive(Debug, Args)]
pub struct EventsArguments {
    /// So many at most: the newest
    #[arg(long, short = 'n', value_name = "N", default_value_t = 50)]
    pub lines: usize,
    #[command(flatten)]
    pub at: WhereArguments,
}

/// Arguments of `logs`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hzscript logs scripts/hazelcast.rhai --since 10m --filter 'Members {size:3'
  hzscript logs -f --cluster production --service members
With -f and --json each line is a JSON value of its own.")]
pub struct LogsArguments {
    /// Go on with the lines that come, until Ctrl-C
    #[arg(long, short = 'f')]
    pub follow: bool,
    /// How far back to begin, such as 10m or 2h
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = duration)]
    pub since: Duration,
    /// Only lines in which this is found: a text, or a filter pattern of CloudWatch Logs
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// So many of those there are at most: the newest
    #[arg(long, short = 'n', value_name = "N")]
    pub lines: Option<usize>,
    /// This task only, by the first characters of its identifier
    #[arg(long, value_name = "TASK")]
    pub task: Option<String>,
    /// Containers of this name only
    #[arg(long, value_name = "NAME")]
    pub container: Option<String>,
    #[command(flatten)]
    pub at: WhereArguments,
}

/// Arguments of `trace`.
#[derive(Debug, Args)]
pub struct TraceArguments {
    /// The task, by the first characters of its identifier, four at least
    pub task: String,
    /// So many of the last lines that each of its containers printed
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    pub lines: u16,
    #[command(flatten)]
    pub at: WhereArguments,
}

/// Arguments of `exec`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_EXEC)]
pub struct ExecArguments {
    /// The task, by the first characters of its identifier, four at least
    pub task: String,
    /// The container; by default the first that is essential
    #[arg(long, value_name = "NAME")]
    pub container: Option<String>,
    #[command(flatten)]
    pub at: WhereArguments,
    /// What to run in it [default: /bin/sh]
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// Arguments of `port-forward`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_PORT_FORWARD)]
pub struct PortForwardArguments {
    /// The task, by the first characters of its identifier, four at least
    pub task: String,
    /// The port on this machine and the one in the container
    #[arg(value_name = "LOCAL:REMOTE", value_parser = ports)]
    pub ports: (u16, u16),
    /// The container; by default the first that is essential
    #[arg(long, value_name = "NAME")]
    pub container: Option<String>,
    #[command(flatten)]
    pub at: WhereArguments,
}

/// Whether anybody is asked, and whether what becomes of it is waited for.
#[derive(Debug, Args)]
pub struct ChangeArguments {
    /// Do not ask
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Do not wait until it is done
    #[arg(long)]
    pub no_wait: bool,
}

/// Arguments of `scale`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_SCALE)]
pub struct ScaleArguments {
    /// How many tasks the service is to run
    pub count: u32,
    #[command(flatten)]
    pub change: ChangeArguments,
    #[command(flatten)]
    pub at: WhereArguments,
}

/// Arguments of `redeploy`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_REDEPLOY)]
pub struct RedeployArguments {
    #[command(flatten)]
    pub change: ChangeArguments,
    #[command(flatten)]
    pub at: WhereArguments,
}

/// Arguments of `stop`.
#[derive(Debug, Args)]
pub struct StopArguments {
    /// The task, by the first characters of its identifier, four at least
    pub task: String,
    /// Why, as ECS will tell it
    #[arg(long, value_name = "TEXT", default_value = "stopped by hand")]
    pub reason: String,
    #[command(flatten)]
    pub change: ChangeArguments,
    #[command(flatten)]
    pub at: WhereArguments,
}

/// Arguments of `top`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_TOP)]
pub struct TopArguments {
    /// How often AWS is asked, such as 2s; one second at least
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = interval)]
    pub interval: Duration,
    /// Print what there is to show once, as text
    #[arg(long)]
    pub once: bool,
    #[command(flatten)]
    pub at: WhereArguments,
}

/// A local and a remote port; one alone is both.
fn ports(text: &str) -> Result<(u16, u16), String> {
    let (local, remote) = text.split_once(':').unwrap_or((text, text));
    match (local.parse(), remote.parse()) {
        (Ok(local), Ok(remote)) if local > 0 && remote > 0 => Ok((local, remote)),
        _ => Err("two ports are wanted, such as 8080:8080".to_owned()),
    }
}

/// An interval at which AWS may be asked.
fn interval(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        short if short < Duration::from_secs(1) => Err("a duration of one second at least is wanted".to_owned()),
        interval => Ok(interval),
    }
}

#[cfg(test)]
mod tests {
    use super::{interval, ports};

    #[test]
    fn ports_are_two_or_one_that_is_both() {
        assert_eq!(ports("15701:5701"), Ok((15701, 5701)));
        assert_eq!(ports("8080"), Ok((8080, 8080)));
        for bad in ["", ":", "0:1", "1:", "x:1", "1:2:3", "70000:1"] {
            assert!(ports(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn aws_is_asked_once_a_second_at_most() {
        assert!(interval("1s").is_ok() && interval("0").is_err() && interval("soon").is_err());
    }
}

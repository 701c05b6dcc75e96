//! Arguments that several commands have: inputs, stack, target, execution, output.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use hzscript::apply::formation::FormationCheck;
use hzscript::local::fault::Rule;
use hzscript::plan::Scope;
use hzscript::plan::scope::AddressPattern;

use super::sealing::KeyArguments;

/// Values for the script's inputs.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Inputs")]
pub struct InputArguments {
    /// Give an input a value; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Read inputs from a .toml or .json file; may be repeated, later ones win. --set wins over files, files over
    /// HZ_INPUT_<NAME> in the environment
    #[arg(long, value_name = "FILE")]
    pub inputs: Vec<PathBuf>,
}

/// Which stack, and where what is known of it is kept.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Stack and state")]
pub struct StackArguments {
    /// The stack's name; by default the script's file name. One script can be deployed many times under many names
    #[arg(long, value_name = "NAME", env = "HZSCRIPT_STACK")]
    pub stack: Option<String>,
    /// Where to keep the state: a folder, or a URL: s3://bucket/prefix?region=REGION, gs://bucket/prefix,
    /// az://container/prefix?account=NAME; by default `state` in the folder of --dir
    #[arg(long, value_name = "URL", env = "HZSCRIPT_STATE")]
    pub state: Option<String>,
    #[command(flatten)]
    pub folder: FolderArguments,
    #[command(flatten)]
    pub keys: KeyArguments,
}

/// Where this program keeps its files.
#[derive(Debug, Clone, Args)]
pub struct FolderArguments {
    /// The folder for the state and the embedded AWS's data
    #[arg(long, value_name = "DIR", default_value = DEFAULT_FOLDER, env = "HZSCRIPT_DIR")]
    pub dir: PathBuf,
}

/// A sort of cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TargetName {
    /// The embedded AWS on this machine
    Local,
    /// An AWS account, by the ordinary credentials
    Aws,
}

/// Which cloud.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Target")]
pub struct TargetArguments {
    /// The cloud to work on [default: local]
    #[arg(long, value_enum, env = "HZSCRIPT_TARGET")]
    pub target: Option<TargetName>,
    /// The region; by default AWS_REGION, then the profile's, and eu-west-1 for the embedded AWS
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// The profile of ~/.aws/config to use, with --target aws
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// Send AWS's calls to this address instead; implies --target aws
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
    #[command(flatten)]
    pub faults: FaultArguments,
}

/// What goes wrong on purpose.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Faults (embedded AWS only)")]
pub struct FaultArguments {
    /// Have something go wrong in the embedded AWS; may be repeated: throttle=0.3, error=0.05, drop=0.1, drop=create,
    /// drop=change, slow=2s, lag=10s, capacity=2, crash=call:17:before, crash=journal:5:after, seed=42. Those of calls may
    /// be limited to some: throttle=0.5@ecs:CreateService, error=1@iam, deny=1@ecs:CreateCluster
    #[arg(long = "fault", value_name = "SPEC")]
    pub rules: Vec<Rule>,
    /// Call as somebody who may do only what the IAM policy in this file allows; may be repeated
    #[arg(long, value_name = "FILE")]
    pub as_policy: Vec<PathBuf>,
}

/// Which part of a stack.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Scope")]
pub struct ScopeArguments {
    /// Plan this resource only, with all that it needs; may be repeated. `*` stands for any text: 'ec2_subnet.*'
    #[arg(long, value_name = "ADDRESS")]
    pub only: Vec<String>,
    /// Leave out this resource, with all that needs it; may be repeated. `*` as above
    #[arg(long, value_name = "ADDRESS")]
    pub exclude: Vec<String>,
    /// Replace this resource, although nothing differs that AWS cannot change in place; may be repeated. `*` as above
    #[arg(long, value_name = "ADDRESS")]
    pub replace: Vec<String>,
}

impl From<&ScopeArguments> for Scope {
    fn from(arguments: &ScopeArguments) -> Self {
        let ScopeArguments { only, exclude, replace } = arguments;
        Self { only: patterns(only), exclude: patterns(exclude), replace: patterns(replace), ..Self::default() }
    }
}

/// Which part of a stack is destroyed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Scope")]
pub struct DestroyScopeArguments {
    /// Destroy this resource only, with all that uses it; may be repeated. `*` stands for any text: 'ec2_subnet.*'
    #[arg(long, value_name = "ADDRESS")]
    pub only: Vec<String>,
    /// Keep this resource, with all that it needs; may be repeated. `*` as above
    #[arg(long, value_name = "ADDRESS")]
    pub except: Vec<String>,
}

impl From<&DestroyScopeArguments> for Scope {
    fn from(arguments: &DestroyScopeArguments) -> Self {
        let DestroyScopeArguments { only, except } = arguments;
        Self { only: patterns(only), except: patterns(except), ..Self::default() }
    }
}

fn patterns(texts: &[String]) -> Vec<AddressPattern> {
    texts.iter().map(|text| AddressPattern::new(text)).collect()
}

/// How to execute.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Execution")]
pub struct ApplyArguments {
    /// Do not ask before changing anything
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// The most calls in flight at a time
    #[arg(long, value_name = "N", env = "HZSCRIPT_PARALLELISM")]
    #[arg(default_value_t = DEFAULT_PARALLELISM, value_parser = parallelism)]
    pub parallelism: usize,
    /// Return once AWS has accepted everything; the next run picks up what was still settling
    #[arg(long)]
    pub no_wait: bool,
    #[command(flatten)]
    pub lock: LockArguments,
}

/// How the lock of a stack is taken.
#[derive(Debug, Clone, Copy, Args)]
pub struct LockArguments {
    /// How long to wait for another run on the stack to end, such as 30s or 5m; by default not at all
    #[arg(long, value_name = "DURATION", env = "HZSCRIPT_LOCK_TIMEOUT", default_value = "0", value_parser = duration)]
    #[arg(hide_default_value = true)]
    pub lock_timeout: Duration,
    /// How long the lock is kept without being renewed, which is done every third of it: as long as others wait when
    /// this machine is no more
    #[arg(long, value_name = "DURATION", env = "HZSCRIPT_LOCK_LEASE", default_value = "60s", value_parser = lease)]
    #[arg(hide_short_help = true)]
    pub lock_lease: Duration,
}

/// What becomes of a run that fails.
#[derive(Debug, Clone, Args)]
pub struct FailingArguments {
    /// When a step fails, go back to the last run that ended completely; what a stack's first run made is deleted
    #[arg(long, help_heading = "Execution")]
    pub rollback_on_failure: bool,
}

/// Whether members are looked for.
#[derive(Debug, Clone, Args)]
pub struct FormationArguments {
    /// Where to look, in the logs, whether the members of a cluster found each other
    #[arg(long, value_enum, value_name = "WHERE", env = "HZSCRIPT_FORMATION_CHECK", default_value = "aws")]
    #[arg(help_heading = "Execution")]
    pub formation_check: FormationCheckName,
}

/// Where it is looked at that members found each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormationCheckName {
    /// On AWS only, where tasks really run
    Aws,
    /// On the embedded AWS and at other endpoints, too
    Always,
    /// Nowhere
    Never,
}

impl From<FormationCheckName> for FormationCheck {
    fn from(name: FormationCheckName) -> Self {
        match name {
            FormationCheckName::Aws => Self::OnAws,
            FormationCheckName::Always => Self::Always,
            FormationCheckName::Never => Self::Never,
        }
    }
}

/// How to show things.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArguments {
    /// Print JSON lines: one object a line, its member `event` saying what it is
    #[arg(long)]
    pub json: bool,
    /// Print without colours (also: NO_COLOR)
    #[arg(long)]
    pub no_color: bool,
    /// Tell of every call that is repeated, too, and at the end how many there were
    #[arg(long, short = 'v')]
    pub verbose: bool,
}

/// The folder for everything when nothing else is said.
pub const DEFAULT_FOLDER: &str = ".hzscript";

/// Calls in flight when nothing else is said.
pub const DEFAULT_PARALLELISM: usize = 16;

/// The most calls in flight anybody may ask for: AWS throttles long before.
const MAX_PARALLELISM: usize = 1000;

/// A number of calls in flight.
///
/// # Errors
/// When it is none that may be asked for.
pub fn parallelism(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if (1..=MAX_PARALLELISM).contains(&number) => Ok(number),
        _ => Err(format!("a number from 1 to {MAX_PARALLELISM} is wanted")),
    }
}

/// The shortest and the longest lease: below, a store that is slow for a moment loses the lock; above, nothing is won.
const LEASES: std::ops::RangeInclusive<Duration> = Duration::from_secs(3)..=Duration::from_secs(3600);

/// A duration, such as `90s`, `5m` or `1h30m`; a bare number is of seconds.
///
/// # Errors
/// When it is none.
pub fn duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let parsed = text.parse::<jiff::SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok());
    parsed.ok_or_else(|| "a duration is wanted, such as 90s, 5m or 1h30m".to_owned())
}

/// A duration that a lease may have.
///
/// # Errors
/// When it is none.
fn lease(text: &str) -> Result<Duration, String> {
    let lease = duration(text)?;
    if LEASES.contains(&lease) { Ok(lease) } else { Err("a duration from 3s to 1h is wanted".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_what_people_write() {
        let seconds = |text: &str| duration(text).ok().map(|duration| duration.as_secs());
        assert_eq!(
            ["0", "90", "90s", "5m", "1h30m", "-5s", "soon", ""].map(seconds),
            [Some(0), Some(90), Some(90), Some(300), Some(5400), None, None, None]
        );
        assert_eq!(["2s", "3s", "1h", "2h"].map(|text| lease(text).is_ok()), [false, true, true, false]);
    }
}

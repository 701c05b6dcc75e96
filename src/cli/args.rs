//! The arguments of the program: what `hzscript --help` shows.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use hzscript::apply::formation::FormationCheck;

/// Scripts that plan, preview and execute Hazelcast and OrientDB clusters on ECS Fargate.
///
/// A script declares what should exist. `hzscript run` compares it with what is there, shows what would change, asks,
/// and makes it so. Without further options everything happens in an embedded AWS on this machine: no account, no cost.
#[derive(Debug, Parser)]
#[command(name = "hzscript", version, max_term_width = 110, after_help = EXAMPLES)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  hzscript run scripts/hazelcast.rhai                       try it on the embedded AWS
  hzscript plan scripts/hazelcast.rhai --set desiredCount=5 what would change
  hzscript plan scripts/hazelcast.rhai --out hazelcast.plan  the same, kept in a file
  hzscript apply hazelcast.plan                             exactly that
  hzscript run scripts/hazelcast.rhai --target aws --profile dev --region eu-west-1
  hzscript outputs scripts/hazelcast.rhai --json
  hzscript drift scripts/hazelcast.rhai                     what others have changed
  hzscript synth scripts/hazelcast.rhai --out hazelcast.yaml  as a CloudFormation template
  hzscript destroy scripts/hazelcast.rhai";

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make what the script declares: plan, show, ask, execute
    #[command(after_help = "\
Exit status: 0 done or nothing to do, 1 not (all) done, 130 interrupted.
Ctrl-C once finishes the calls in flight and writes everything down; the next run goes on from there.")]
    Run(RunArguments),
    /// Show what a run would change, and change nothing
    #[command(after_help = "\
With --out the plan is kept in a file, readable by its owner only, for `hzscript apply`. No secret is in it: a plan that
sends one to AWS cannot be saved, only be run.")]
    Plan(PlanArguments),
    /// Execute a saved plan exactly as it was shown, without evaluating the script again
    #[command(after_help = "\
It is refused when the state has changed since it was made, for another account, region or target, and when the file is
not as it was written. Exit status: 0 done or nothing to do, 1 not (all) done, 130 interrupted.
What was begun and not completed is gone on with by `hzscript run`.")]
    Apply(ApplySavedArguments),
    /// Delete everything the script's stack has
    Destroy(DestroyArguments),
    /// Show the outputs of the last run
    Outputs(OutputsArguments),
    /// Compare what exists with what the last run asked for, and change nothing
    #[command(after_help = "\
Exit status: 0 no drift, 2 drift, 1 on an error. What AWS fills in, what others tag, and what ignoreChanges leaves alone
is no drift.")]
    Drift(DriftArguments),
    /// What the state knows: stacks, their resources, one resource in full
    #[command(subcommand)]
    State(StateCommand),
    /// Look for mistakes in a script, without any AWS
    Check(CheckArguments),
    /// Write the script as a CloudFormation template, and change nothing
    #[command(after_help = "\
The template is for the account and region that look-ups are answered for. Names and zones that the script was told are
asked of CloudFormation again; secrets become parameters that are not echoed.")]
    Synth(SynthArguments),
    /// The embedded AWS: serve it to other programs, see what is in it, empty it
    #[command(subcommand)]
    Local(LocalCommand),
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// The script
    pub script: PathBuf,
    #[command(flatten)]
    pub inputs: InputArguments,
    #[command(flatten)]
    pub stack: StackArguments,
    #[command(flatten)]
    pub target: TargetArguments,
    #[command(flatten)]
    pub apply: ApplyArguments,
    #[command(flatten)]
    pub formation: FormationArguments,
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArguments {
    /// The script
    pub script: PathBuf,
    /// Save the plan in this file, to be executed with `hzscript apply FILE`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Exit with 0 when there is nothing to do, 2 when there are changes, 1 on an error
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// The most calls in flight at a time
    #[arg(long, value_name = "N", env = "HZSCRIPT_PARALLELISM")]
    #[arg(default_value_t = DEFAULT_PARALLELISM, value_parser = parallelism)]
    pub parallelism: usize,
    #[command(flatten)]
    pub inputs: InputArguments,
    #[command(flatten)]
    pub stack: StackArguments,
    #[command(flatten)]
    pub target: TargetArguments,
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
    pub formation: FormationArguments,
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Whether members are looked for.
#[derive(Debug, Args)]
pub struct FormationArguments {
    /// Where to look, in the logs, whether the members of a cluster found each other
    #[arg(long, value_enum, value_name = "WHERE", env = "HZSCRIPT_FORMATION_CHECK", default_value = "aws")]
    #[arg(help_heading = "Execution")]
    pub formation_check: FormationCheckName,
}

/// Arguments of `destroy`.
#[derive(Debug, Args)]
pub struct DestroyArguments {
    /// The script whose stack it is; it is not evaluated. May be left out with --stack
    #[arg(required_unless_present = "stack")]
    pub script: Option<PathBuf>,
    #[command(flatten)]
    pub stack: StackArguments,
    #[command(flatten)]
    pub target: TargetArguments,
    #[command(flatten)]
    pub apply: ApplyArguments,
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
    #[command(flatten)]
    pub stack: StackArguments,
    /// Print without colours (also: NO_COLOR)
    #[arg(long, help_heading = "Output")]
    pub no_color: bool,
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

/// A command about the state, which calls nothing.
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
}

impl StateCommand {
    /// Whether colours were turned off.
    pub fn no_color(&self) -> bool {
        let (Self::List { output, .. } | Self::Show { output, .. } | Self::Stacks { output, .. }) = self;
        output.no_color
    }
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

/// Values for the script's inputs.
#[derive(Debug, Args)]
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
#[derive(Debug, Args)]
#[command(next_help_heading = "Stack and state")]
pub struct StackArguments {
    /// The stack's name; by default the script's file name. One script can be deployed many times under many names
    #[arg(long, value_name = "NAME", env = "HZSCRIPT_STACK")]
    pub stack: Option<String>,
    /// Where to keep the state: a folder, or the URL of one; by default `state` in the folder of --dir
    #[arg(long, value_name = "URL", env = "HZSCRIPT_STATE")]
    pub state: Option<String>,
    #[command(flatten)]
    pub folder: FolderArguments,
}

/// Where this program keeps its files.
#[derive(Debug, Args)]
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
#[derive(Debug, Args)]
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
}

/// How to execute.
#[derive(Debug, Args)]
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
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArguments {
    /// Print JSON lines: one object a line, its member `event` saying what it is
    #[arg(long)]
    pub json: bool,
    /// Print without colours (also: NO_COLOR)
    #[arg(long)]
    pub no_color: bool,
    /// Tell of every call that is repeated, too
    #[arg(long, short = 'v')]
    pub verbose: bool,
}

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

/// The folder for everything when nothing else is said.
pub const DEFAULT_FOLDER: &str = ".hzscript";

/// Calls in flight when nothing else is said.
const DEFAULT_PARALLELISM: usize = 16;

/// The most calls in flight anybody may ask for: AWS throttles long before.
const MAX_PARALLELISM: usize = 1000;

fn parallelism(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if (1..=MAX_PARALLELISM).contains(&number) => Ok(number),
        _ => Err(format!("a number from 1 to {MAX_PARALLELISM} is wanted")),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::Arguments;

    #[test]
    fn the_definition_holds_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_stack_can_be_destroyed_without_its_script() {
        assert!(Arguments::try_parse_from(["hzscript", "destroy", "--stack", "prod"]).is_ok());
        assert!(Arguments::try_parse_from(["hzscript", "destroy"]).is_err());
        assert!(Arguments::try_parse_from(["hzscript", "run", "--stack", "prod"]).is_err());
    }

    #[test]
    fn nothing_runs_without_any_calls_in_flight() {
        let parse = |n: &str| Arguments::try_parse_from(["hzscript", "plan", "a.rhai", "--parallelism", n]).is_ok();
        assert_eq!(["0", "1", "1000", "1001", "x"].map(parse), [false, true, true, false, false]);
    }
}

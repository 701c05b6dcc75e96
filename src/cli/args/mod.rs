//! The arguments of the program: what `hzscript --help` shows.

mod author;
mod edit;
mod explain;
mod graph;
mod import;
mod init;
mod live;
mod local;
mod look;
mod reference;
mod repl;
mod rollback;
mod run;
mod schema;
mod sealing;
mod shared;
mod state;
mod verify;

use clap::{Parser, Subcommand};

use super::environment::Environment;

pub use author::{DefinitionsArguments, FmtArguments, LintArguments, TestArguments};
pub use edit::{
    ForgetArguments, HistoryArguments, MvArguments, PullArguments, PushArguments, RefreshArguments, RestoreArguments,
};
pub use explain::ExplainArguments;
pub use graph::{GraphArguments, PictureFormat};
pub use import::ImportArguments;
pub use init::InitArguments;
pub use live::{
    ChangeArguments, EventsArguments, ExecArguments, LogsArguments, PortForwardArguments, RedeployArguments,
    ScaleArguments, StatusArguments, StopArguments, TasksArguments, TopArguments, TraceArguments, WhereArguments,
};
pub use local::LocalCommand;
pub use look::{CheckArguments, DriftArguments, OutputsArguments, PlanArguments, SynthArguments, TemplateFormat};
pub use reference::{CompletionsArguments, DocsArguments, ManArguments};
pub use repl::ReplArguments;
pub use rollback::RollbackArguments;
pub use run::{ApplySavedArguments, DestroyArguments, RunArguments};
pub use schema::SchemaCommand;
pub use sealing::{Encrypt, KeyArguments, RekeyArguments, how};
pub use shared::{
    DEFAULT_FOLDER, DEFAULT_PARALLELISM, DestroyScopeArguments, FaultArguments, FolderArguments, InputArguments,
    LockArguments, OutputArguments, StackArguments, TargetArguments, TargetName, duration,
};
pub use state::{StateCommand, UnlockArguments};
pub use verify::VerifyArguments;

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
  hzscript init                                             a first script, and what goes with it
  hzscript run scripts/hazelcast.rhai                       try it on the embedded AWS
  hzscript plan scripts/hazelcast.rhai --set desiredCount=5 what would change
  hzscript plan scripts/hazelcast.rhai --out hazelcast.plan  the same, kept in a file
  hzscript apply hazelcast.plan                             exactly that
  hzscript run scripts/hazelcast.rhai --target aws --profile dev --region eu-west-1
  hzscript outputs scripts/hazelcast.rhai --json
  hzscript rollback scripts/hazelcast.rhai                  back to what the run before executed
  hzscript repl scripts/hazelcast.rhai                      a prompt to explore it at
  hzscript drift scripts/hazelcast.rhai                     what others have changed
  hzscript status scripts/hazelcast.rhai                    what runs
  hzscript import --cluster production --out production.rhai  what exists, as a script
  hzscript graph scripts/hazelcast.rhai --out hazelcast.svg  what needs what, as a picture
  hzscript synth scripts/hazelcast.rhai --out hazelcast.yaml  as a CloudFormation template
  hzscript destroy scripts/hazelcast.rhai
  hzscript docs hazelcast_cluster                           what scripts can say";

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a first script, and what goes with it
    #[command(after_help = init::AFTER_INIT)]
    Init(InitArguments),
    /// Make what the script declares: plan, show, ask, execute
    #[command(after_help = "\
Exit status: 0 done or nothing to do, 1 not (all) done, 130 interrupted.
Ctrl-C once finishes the calls in flight and writes everything down; the next run goes on from there.")]
    Run(RunArguments),
    /// Show what a run would change, and change nothing
    #[command(after_help = "\
With --out the plan is kept in a file, readable by its owner only, for `hzscript apply`. Secrets are in it only where the
stack's are encrypted (--encrypt), and as they are; else a plan that sends one to AWS cannot be saved, only be run.")]
    Plan(PlanArguments),
    /// Execute a saved plan exactly as it was shown, without evaluating the script again
    #[command(after_help = "\
It is refused when the state has changed since it was made, for another account, region or target, and when the file is
not as it was written. Exit status: 0 done or nothing to do, 1 not (all) done, 130 interrupted.
What was begun and not completed is gone on with by `hzscript run`.")]
    Apply(ApplySavedArguments),
    /// Go back to what an earlier run of the stack executed: plan, show, ask, execute
    #[command(after_help = "\
The script is not evaluated: what runs executed is kept with the state, for the last twenty states. Going back is a run
like any other, and can itself be gone back from. Secrets that differ and are known by their hash only cannot be sent.
Exit status: 0 done or nothing to do, 1 not (all) done, 130 interrupted.")]
    Rollback(RollbackArguments),
    /// Delete everything the script's stack has
    Destroy(DestroyArguments),
    /// Show the outputs of the last run
    Outputs(OutputsArguments),
    /// Compare what exists with what the last run asked for, and change nothing
    #[command(after_help = "\
Exit status: 0 no drift, 2 drift, 1 on an error. What AWS fills in, what others tag, and what ignoreChanges leaves alone
is no drift.")]
    Drift(DriftArguments),
    /// A prompt: say a program bit by bit, plan and run it, look at what runs
    #[command(after_help = "\
Declarations typed there make a program, which :plan, :apply and :save work on; clusters(), services(), tasks(), members()
and the like ask what runs. Without a terminal entries are read from standard input, up to the first mistake.")]
    Repl(ReplArguments),
    /// Show the services of a cluster: tasks, deployments, last events, what failed lately
    Status(StatusArguments),
    /// List the tasks of a cluster, and with --all those that have stopped
    Tasks(TasksArguments),
    /// Show what ECS tells of the services of a cluster
    Events(EventsArguments),
    /// Show what tasks print, and with -f what they will
    Logs(LogsArguments),
    /// Show which members of Hazelcast and OrientDB clusters found each other, beside the tasks that run
    #[command(after_help = "\
Exit status: 0 all of them found each other, 1 not.")]
    Members(StatusArguments),
    /// Tell what became of one task: its states, events, exit codes, last lines, and why it stopped
    Trace(TraceArguments),
    /// Run a command in a container (ECS Exec)
    Exec(ExecArguments),
    /// Have a local port lead to one of a container
    PortForward(PortForwardArguments),
    /// Have a service run another number of tasks
    Scale(ScaleArguments),
    /// Have a service replace its tasks by new ones
    Redeploy(RedeployArguments),
    /// Stop a task; its service starts another
    Stop(StopArguments),
    /// Watch a cluster: services, tasks, events and logs on the whole screen
    #[command(visible_alias = "watch")]
    Top(TopArguments),
    /// Make the state know what exists, and change nothing in AWS
    #[command(after_help = edit::AFTER_REFRESH)]
    Refresh(RefreshArguments),
    /// Take resources out of the state and leave them in AWS
    #[command(after_help = edit::AFTER_FORGET)]
    Forget(ForgetArguments),
    /// Write the script for what exists, and take it over
    #[command(after_help = "\
Of one object: hzscript import ec2_vpc.main vpc-0123456789abcdef0
Of all with a tag: hzscript import --from-tag team=data --out data.rhai
Of a cluster: hzscript import --cluster production --out production.rhai --adopt
The script has the properties that AWS tells, without what it fills in anyway, and never a secret. A run of it takes
everything over: what exists stays as it is, but for the tags of the stack.")]
    Import(ImportArguments),
    /// What the state knows: stacks, their resources, one in full; moving, copying it, and bringing an earlier one back
    #[command(subcommand)]
    State(StateCommand),
    /// Look for mistakes in a script, without any AWS
    Check(CheckArguments),
    /// Look, before a run, whether what a script declares can come to life: images, roles, secrets, logs, network
    #[command(after_help = "\
What the script makes is checked by the program, what exists is asked of AWS. Exit status: 0 nothing failed, 1 something
did, or it could not be planned.")]
    Verify(VerifyArguments),
    /// Lay scripts out: blanks, line breaks and commas, nothing else
    #[command(after_help = author::AFTER_FMT)]
    Fmt(FmtArguments),
    /// Look for what scripts say and hardly mean: traps of the language, open ports, wide policies, unpinned images
    #[command(after_help = author::AFTER_LINT)]
    Lint(LintArguments),
    /// Run the tests of scripts: functions test_… in files …_test.rhai, without any AWS
    #[command(after_help = author::AFTER_TEST)]
    Test(TestArguments),
    /// Write definitions for editors, by which Rhai's language server knows builders and functions
    #[command(after_help = author::AFTER_DEFINITIONS)]
    Definitions(DefinitionsArguments),
    /// Write the script as a CloudFormation template, and change nothing
    #[command(after_help = "\
The template is for the account and region that look-ups are answered for. Names and zones that the script was told are
asked of CloudFormation again; secrets become parameters that are not echoed.")]
    Synth(SynthArguments),
    /// Draw what needs what, or the network: text, SVG, PNG, HTML, mermaid, Graphviz
    #[command(after_help = graph::AFTER_GRAPH)]
    Graph(GraphArguments),
    /// Look up builders, their properties, functions and options
    #[command(after_help = reference::AFTER_DOCS)]
    Docs(DocsArguments),
    /// Say at length what an error means: a code of hzscript's own, or one of AWS
    Explain(ExplainArguments),
    /// Print the JSON Schema of what other commands print
    #[command(subcommand)]
    Schema(SchemaCommand),
    /// Print what a shell needs to complete commands and options
    #[command(after_help = reference::AFTER_COMPLETIONS)]
    Completions(CompletionsArguments),
    /// Write the manual pages
    #[command(after_help = reference::AFTER_MAN)]
    Man(ManArguments),
    /// The embedded AWS: serve it to other programs, see what is in it, empty it
    #[command(subcommand)]
    Local(LocalCommand),
}

impl Command {
    /// Whether it reads what is typed itself, so that Ctrl-C is a key and not the end.
    pub fn is_prompt(&self, environment: &Environment) -> bool {
        matches!(self, Self::Repl(arguments) if environment.interactive && arguments.eval.is_empty())
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

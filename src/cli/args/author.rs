//! Arguments of the commands for those who write scripts: `fmt`, `lint`, `test`, `definitions`.

use std::path::PathBuf;

use clap::Args;

use super::shared::*;

/// Said after the help of `fmt`.
pub const AFTER_FMT: &str = "\
The tokens of a script, its comments and texts stay as they are: only blanks, line breaks and commas at the end of lists
change. A map that the author broke behind its opening brace stays open. A script with mistakes is left alone.
Exit status: 0 all is formatted, 1 with --check not all was, or on an error.";

/// Arguments of `fmt`.
#[derive(Debug, Args)]
pub struct FmtArguments {
    /// Scripts, and folders with scripts; by default all in this folder. `-` formats standard input
    #[arg(value_name = "FILES")]
    pub files: Vec<PathBuf>,
    /// Change nothing: show what is not formatted, and exit with 1 when something is not
    #[arg(long)]
    pub check: bool,
    /// Print the formatted scripts instead of writing them
    #[arg(long, conflicts_with = "check")]
    pub stdout: bool,
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Said after the help of `test`.
pub const AFTER_TEST: &str = "\
A test plans a script with inputs, for a stack that has nothing yet, and asserts on what comes of it:

  fn test_members() {
      let p = plan(\"hazelcast.rhai\", #{ desiredCount: 5 });
      assert_eq(p.resource(\"ecs_service.hazelcast-service\").properties.desiredCount, 5);
      assert_eq(p.resources(\"AWS::EC2::Subnet\").len(), 4);
  }

Of a plan: resource(address), resources(), resources(type), has(address), outputs, inputs, warnings, steps. Of a resource:
address, kind, type, name, properties, dependsOn, protect, retain. What is not known yet is ${address#attribute}.
Assertions: assert, assert_eq(actual, expected), assert_ne, assert_contains(whole, part), and assert_fails(script, inputs,
part of a mistake). Scripts are named as seen from the test's file.
Exit status: 0 all passed, 1 not all did, or on an error.";

/// Arguments of `test`.
#[derive(Debug, Args)]
pub struct TestArguments {
    /// Files of tests, and folders with such; by default all in this folder
    #[arg(value_name = "FILES")]
    pub files: Vec<PathBuf>,
    /// Run only tests with this in their name, which is the file and the function: file::test_name
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// The region to take scripts to be in
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Said after the help of `lint`.
pub const AFTER_LINT: &str = "\
A comment lets a finding be, behind a statement or on a line before it, with the reason after it:

  // hzscript: allow(open-to-the-world): it is a public API
  group.allow_from(\"0.0.0.0/0\", 8443);

`allow-file(rule)` is about the whole file. Look-ups are answered as `check` does. Files of tests are not evaluated.
Exit status: 0, or 1 when a script has mistakes, something denied is found, or on an error.";

/// Arguments of `lint`.
#[derive(Debug, Args)]
pub struct LintArguments {
    /// Scripts, and folders with scripts; by default all in this folder
    #[arg(value_name = "FILES")]
    pub files: Vec<PathBuf>,
    /// Exit with 1 when one of these is found: `warnings` for all of them, or a rule; may be repeated
    #[arg(long, value_name = "RULE")]
    pub deny: Vec<String>,
    /// Show notes, too
    #[arg(long)]
    pub notes: bool,
    /// List the rules, why they matter and what to do
    #[arg(long)]
    pub list: bool,
    /// The region to take scripts to be in
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    #[command(flatten)]
    pub inputs: InputArguments,
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Said after the help of `definitions`.
pub const AFTER_DEFINITIONS: &str = "\
Rhai's language server, and editors with it, read files .d.rhai below the folder that is opened, and complete and explain
what is in them. Write them anew with each version of hzscript.";

/// Arguments of `definitions`.
#[derive(Debug, Args)]
pub struct DefinitionsArguments {
    /// The folder to write them to; it is made where it is not there
    #[arg(long, value_name = "FOLDER", default_value = "definitions")]
    pub out: PathBuf,
}

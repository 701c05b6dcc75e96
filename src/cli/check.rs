//! `hzscript check`: look for mistakes without any AWS.

use std::collections::BTreeMap;
use std::sync::Arc;

use hzscript::kinds;
use hzscript::local::store::ACCOUNT;
use hzscript::model::Program;
use hzscript::plan::{self, Problem};
use hzscript::script::{Evaluated, Offline};
use hzscript::state::{Snapshot, Target};

use super::args::CheckArguments;
use super::connect::local_region;
use super::error::Error;
use super::exit::Exit;
use super::input::gather;
use super::render::screen::Line;
use super::script::{Script, stack_name};
use super::{Tools, evaluate};

/// Checks.
///
/// # Errors
/// All mistakes at once.
pub async fn run(arguments: &CheckArguments, tools: &Tools) -> Result<Exit, Error> {
    let script = Script::read(&arguments.script)?;
    let inputs = gather(&arguments.inputs, &tools.environment)?;
    let region = local_region(arguments.region.as_deref(), &tools.environment)?;
    let lookups = Arc::new(Offline { account: ACCOUNT.to_owned(), region: region.clone() });
    let evaluated = tools.interrupt.cut(evaluate::run(&script, inputs, lookups, &tools.screen)).await??;
    // The name only matters for names that are made up, which nobody sees here.
    let stack = stack_name(None, Some(&script.path)).unwrap_or_else(|_| "check".to_owned());
    plannable(&evaluated, &stack, region)?;

    let Program { resources, outputs, .. } = &evaluated.program;
    let (resources, outputs) = (resources.len(), outputs.len());
    tools.screen.line(&Line::Checked { resources, outputs });
    tools.screen.out(&format!("ok: {}, {}", counted(resources, "resource"), counted(outputs, "output")));
    Ok(Exit::Success)
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Whether the program could be planned for a stack that has nothing yet.
fn plannable(evaluated: &Evaluated, stack: &str, region: String) -> Result<(), Error> {
    let target = Target { cloud: "local".to_owned(), account: ACCOUNT.to_owned(), region };
    let snapshot = Snapshot::new("check".to_owned(), stack, target);
    let planned = plan::plan(plan::Inputs {
        program: &evaluated.program,
        snapshot: &snapshot,
        observed: &BTreeMap::new(),
        facts: |kind| kinds::by_type(kind).map(|kind| kind.facts()),
        destroying: false,
    });
    let Err(mut error) = planned else { return Ok(()) };
    // What is to be adopted was not looked for.
    error.problems.retain(|(_, _, problem)| !matches!(problem, Problem::NothingToAdopt { .. }));
    if error.problems.is_empty() {
        return Ok(());
    }
    Err(Error::Plan { error, sources: evaluated.sources.clone() })
}

//! `hzscript plan`: show what a run would change.

use std::sync::Arc;

use hzscript::apply::formation::FormationCheck;

use super::args::PlanArguments;
use super::error::Error;
use super::execute::show;
use super::exit::Exit;
use super::input::gather;
use super::run::{UP_TO_DATE, not_planned};
use super::script::{Script, stack_name};
use super::stack::{Calls, Stack};
use super::{Tools, evaluate};

/// Plans and shows the plan; nothing is written.
///
/// # Errors
/// When it could not be planned.
pub async fn run(arguments: &PlanArguments, tools: &Tools) -> Result<Exit, Error> {
    let script = Script::read(&arguments.script)?;
    let name = stack_name(arguments.stack.stack.as_deref(), Some(&script.path))?;
    let inputs = gather(&arguments.inputs, &tools.environment)?;
    let calls = Calls { parallelism: arguments.parallelism, wait: true, formation: FormationCheck::Never };
    let stack = Stack::open(name, &arguments.stack, &arguments.target, calls, tools).await?;
    let lookups = Arc::new(evaluate::Connected(stack.engine.cloud().clone()));
    let evaluated = tools.interrupt.cut(evaluate::run(&script, inputs, lookups, &tools.screen)).await??;

    let looking = async {
        let session = stack.engine.look().await.map_err(|error| stack.failed(error))?;
        session.plan(&evaluated.program).await.map_err(|error| not_planned(error, &evaluated, &stack))
    };
    let plan = tools.interrupt.cut(looking).await??;
    show(&plan, tools);
    if plan.is_empty() {
        tools.screen.out(UP_TO_DATE);
    }
    Ok(if arguments.detailed_exitcode && !plan.is_empty() { Exit::Changes } else { Exit::Success })
}

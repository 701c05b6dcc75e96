//! `hzscript plan`: show what a run would change, and save it when that is wanted; or show what has to be allowed for it.

use std::sync::Arc;

use hzscript::apply::formation::FormationCheck;
use hzscript::plan::Scope;

use super::args::PlanArguments;
use super::error::Error;
use super::execute::show;
use super::exit::Exit;
use super::graph::Seen;
use super::input::gather;
use super::keys::{Sealing, Use};
use super::render::escape;
use super::render::scope::nothing_to_do;
use super::run::not_planned;
use super::saved;
use super::script::{Script, stack_name};
use super::stack::{Calls, Stack};
use super::{Tools, evaluate, graph, permissions};

/// Plans and shows the plan; nothing is written but the file it is saved in.
///
/// # Errors
/// When it could not be planned or saved.
pub async fn run(arguments: &PlanArguments, tools: &Tools) -> Result<Exit, Error> {
    if arguments.iam && saved::is_plan(&arguments.script) {
        return permissions::of_saved(arguments, tools);
    }
    let script = Script::read(&arguments.script)?;
    if let Some(path) = &arguments.out {
        saved::check_place(path)?;
    }
    if arguments.out.is_none() && arguments.encrypt.encrypt.is_some() {
        let message = "--encrypt goes with --out: of a plan that is only shown nothing is kept".to_owned();
        return Err(Error::Usage { message, help: None });
    }
    let name = stack_name(arguments.stack.stack.as_deref(), Some(&script.path))?;
    let inputs = gather(&arguments.inputs, &tools.environment)?;
    let calls = Calls { parallelism: arguments.parallelism, wait: true, formation: FormationCheck::Never };
    // Only what is saved has secrets in it.
    let sealing = match &arguments.out {
        Some(_) => Sealing { encrypt: arguments.encrypt.encrypt.as_ref(), ..Sealing::of(Use::Better) },
        None => Sealing::of(Use::Idle),
    };
    let stack = Stack::open_sealed(name, &arguments.stack, &arguments.target, calls, sealing, tools).await?;
    let lookups = Arc::new(Seen::new(Arc::new(stack.engine.cloud().clone())));
    let evaluated = tools.interrupt.cut(evaluate::run(&script, inputs, lookups.clone(), &tools.screen)).await??;

    let scope = Scope::from(&arguments.scope);
    let looking = async {
        let opened = if arguments.out.is_some() { stack.engine.draft().await } else { stack.engine.look().await };
        let session = opened.map_err(|error| stack.failed(error))?;
        let plan = session.plan_within(&evaluated.program, &scope).await;
        Ok::<_, Error>((plan.map_err(|error| not_planned(error, &evaluated, &stack))?, session.state().await))
    };
    let (plan, state) = tools.interrupt.cut(looking).await??;
    if arguments.iam {
        let found = permissions::surroundings(&stack, arguments);
        permissions::print(&plan, &found, arguments.output.json, tools);
        return Ok(Exit::Success);
    }
    show(&plan, tools);
    if plan.is_empty() {
        tools.screen.out(&nothing_to_do(&plan));
    }
    let empty = plan.is_empty();
    if let Some(path) = &arguments.html {
        graph::write(path, graph::review(&plan, &evaluated.warnings, &lookups.vpcs())?.as_bytes())?;
        let path = path.display().to_string();
        tools.screen.out(&format!("\nFor reviewers: {}", escape::line(&path)));
    }
    if let Some(path) = &arguments.out {
        let again = tools.run_command();
        saved::keep(path, plan, &state, again, &stack, (&arguments.stack, &arguments.target), tools)?;
    }
    Ok(if arguments.detailed_exitcode && !empty { Exit::Changes } else { Exit::Success })
}

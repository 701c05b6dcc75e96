//! `hzscript plan`: show what a run would change, and save it when that is wanted.

use std::path::Path;
use std::sync::Arc;

use hzscript::apply::formation::FormationCheck;
use hzscript::plan::Saved;

use super::args::{DEFAULT_FOLDER, PlanArguments, TargetName};
use super::connect::LOCAL_REGION;
use super::error::Error;
use super::execute::{UP_TO_DATE, show};
use super::exit::Exit;
use super::input::gather;
use super::render::escape;
use super::render::screen::Line;
use super::run::not_planned;
use super::saved::{self, SavedError};
use super::script::{Script, stack_name};
use super::stack::{Calls, Stack};
use super::{Tools, again, evaluate};

/// Plans and shows the plan; nothing is written but the file it is saved in.
///
/// # Errors
/// When it could not be planned or saved.
pub async fn run(arguments: &PlanArguments, tools: &Tools) -> Result<Exit, Error> {
    let script = Script::read(&arguments.script)?;
    if let Some(path) = &arguments.out {
        saved::check_place(path)?;
    }
    let name = stack_name(arguments.stack.stack.as_deref(), Some(&script.path))?;
    let inputs = gather(&arguments.inputs, &tools.environment)?;
    let calls = Calls { parallelism: arguments.parallelism, wait: true, formation: FormationCheck::Never };
    let stack = Stack::open(name, &arguments.stack, &arguments.target, calls, tools).await?;
    let lookups = Arc::new(evaluate::Connected(stack.engine.cloud().clone()));
    let evaluated = tools.interrupt.cut(evaluate::run(&script, inputs, lookups, &tools.screen)).await??;

    let looking = async {
        let opened = if arguments.out.is_some() { stack.engine.draft().await } else { stack.engine.look().await };
        let session = opened.map_err(|error| stack.failed(error))?;
        let plan = session.plan(&evaluated.program).await;
        Ok::<_, Error>((plan.map_err(|error| not_planned(error, &evaluated, &stack))?, session.state().await))
    };
    let (plan, state) = tools.interrupt.cut(looking).await??;
    show(&plan, tools);
    if plan.is_empty() {
        tools.screen.out(UP_TO_DATE);
    }
    let empty = plan.is_empty();
    if let Some(path) = &arguments.out {
        let again = tools.run_command();
        let saved = Saved::new(plan, &state, again.clone()).map_err(|error| SavedError::Secret { error, again })?;
        saved::write(path, &saved)?;
        let (path, apply) = (path.display().to_string(), apply_command(path, arguments, &saved.plan.target.region));
        tools.screen.out(&format!(
            "\nSaved in {}. To execute exactly this: {}",
            escape::line(&path),
            escape::line(&apply)
        ));
        tools.screen.line(&Line::Saved { file: &path });
    }
    Ok(if arguments.detailed_exitcode && !empty { Exit::Changes } else { Exit::Success })
}

/// The command that executes the plan in a file, on the state and the cloud that it was made for.
fn apply_command(path: &Path, arguments: &PlanArguments, region: &str) -> String {
    let PlanArguments { stack, target, .. } = arguments;
    let mut words = vec!["apply".to_owned(), path.display().to_string()];
    let mut option = |name: &str, value: &str| words.extend([name.to_owned(), value.to_owned()]);
    if stack.folder.dir != Path::new(DEFAULT_FOLDER) {
        option("--dir", &stack.folder.dir.display().to_string());
    }
    if let Some(state) = &stack.state {
        option("--state", state);
    }
    if target.target == Some(TargetName::Aws) || target.endpoint_url.is_some() {
        option("--target", "aws");
        option("--region", region);
    } else if region != LOCAL_REGION {
        option("--region", region);
    }
    for (name, value) in [("--profile", &target.profile), ("--endpoint-url", &target.endpoint_url)] {
        if let Some(value) = value {
            option(name, value);
        }
    }
    again(words.into_iter())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::{Arguments, Command};

    #[test]
    fn a_plan_is_applied_where_it_was_made() {
        let command =
            |typed: &str, region: &str| match Arguments::try_parse_from(typed.split(' ')).map(|all| all.command) {
                Ok(Command::Plan(arguments)) => apply_command(Path::new("my plan"), &arguments, region),
                other => panic!("{other:?}"),
            };
        assert_eq!(command("hzscript plan a.rhai --set n=1", "eu-west-1"), "hzscript apply 'my plan'");
        assert_eq!(
            command("hzscript plan a.rhai --dir d --state s", "us-east-1"),
            "hzscript apply 'my plan' --dir d --state s --region us-east-1"
        );
        assert_eq!(
            command("hzscript plan a.rhai --target aws --profile p", "eu-west-1"),
            "hzscript apply 'my plan' --target aws --region eu-west-1 --profile p"
        );
    }
}

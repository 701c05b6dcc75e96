//! `hzscript verify`: whether what a script declares can come to life, before a run.

use hzscript::apply::formation::FormationCheck;
use hzscript::verify::{Check, Outcome, verify};

use super::args::VerifyArguments;
use super::connect::Folder;
use super::error::Error;
use super::exit::Exit;
use super::input::gather;
use super::keys::{Sealing, Use};
use super::render::escape;
use super::render::palette::Palette;
use super::render::screen::Line;
use super::run::not_planned;
use super::script::{Script, stack_name};
use super::stack::{Calls, Stack};
use super::{Tools, evaluate};

/// Plans, checks what the plan needs, and prints a list of it. Nothing is changed.
///
/// # Errors
/// When it could not be planned. What does not hold is in the list, and in the exit status.
pub async fn run(arguments: &VerifyArguments, tools: &Tools) -> Result<Exit, Error> {
    let script = Script::read(&arguments.script)?;
    let name = stack_name(arguments.stack.stack.as_deref(), Some(&script.path))?;
    let inputs = gather(&arguments.inputs, &tools.environment)?;
    let calls = Calls { parallelism: arguments.parallelism, wait: true, formation: FormationCheck::Never };
    let sealing = Sealing::of(Use::Idle);
    let stack = Stack::open_sealed(name, &arguments.stack, &arguments.target, calls, sealing, tools).await?;
    let denied = stack.target.denied_images(&Folder::new(&arguments.stack.folder))?;
    let cloud = stack.engine.cloud().clone();
    let evaluated = tools.interrupt.cut(evaluate::on(&stack, &script, inputs, &tools.screen)).await??;
    let looking = async {
        let session = stack.engine.look().await.map_err(|error| stack.failed(error))?;
        let plan = session.plan(&evaluated.program).await.map_err(|error| not_planned(error, &evaluated, &stack))?;
        Ok::<_, Error>(verify(&cloud, &plan, &denied).await)
    };
    let checks = tools.interrupt.cut(looking).await??;
    let count = |outcome: Outcome| checks.iter().filter(|check| check.outcome == outcome).count();
    let (failed, warnings) = (count(Outcome::Failed), count(Outcome::Warning));
    tools.screen.line(&Line::Verified { checks: &checks, failed, warnings });
    tools.screen.out(&told(&checks, tools.screen.out_palette()));
    Ok(if failed > 0 { Exit::Failure } else { Exit::Success })
}

/// The list, resource by resource.
fn told(checks: &[Check], palette: Palette) -> String {
    let mut lines = Vec::new();
    let mut last = None;
    for check in checks {
        if last != Some(&check.address) {
            let place = check.source.as_ref();
            let place = place.map(|at| format!("  {}:{}:{}", escape::line(&at.file), at.line, at.column));
            lines.push(format!(
                "\n{}{}",
                palette.bold(&check.address.to_string()),
                palette.dim(&place.unwrap_or_default())
            ));
            last = Some(&check.address);
        }
        let (sign, what, says) = (sign(check.outcome, palette), escape::line(&check.what), escape::line(&check.says));
        lines.push(format!("  {sign} {what}: {says}"));
        for (index, line) in check.help.iter().flat_map(|help| help.lines()).enumerate() {
            let head = if index == 0 { palette.cyan("help:") } else { "     ".to_owned() };
            lines.push(format!("            {head} {}", escape::line(line)));
        }
    }
    let count = |outcome: Outcome| checks.iter().filter(|check| check.outcome == outcome).count();
    let summary = format!(
        "{} ok, {} warning(s), {} failed, {} that cannot be looked at from here.",
        count(Outcome::Ok),
        count(Outcome::Warning),
        count(Outcome::Failed),
        count(Outcome::Unseen)
    );
    lines.push(String::new());
    lines.push(match (count(Outcome::Failed), count(Outcome::Warning), checks.len()) {
        (_, _, 0) => "Nothing to look at: the script declares no tasks.".to_owned(),
        (0, 0, _) => palette.green(&summary),
        (0, _, _) => palette.yellow(&summary),
        _ => palette.red(&summary),
    });
    lines.join("\n")
}

fn sign(outcome: Outcome, palette: Palette) -> String {
    match outcome {
        Outcome::Ok => palette.green("ok      "),
        Outcome::Warning => palette.yellow("warning "),
        Outcome::Failed => palette.red("failed  "),
        Outcome::Unseen => palette.dim("unseen  "),
    }
}

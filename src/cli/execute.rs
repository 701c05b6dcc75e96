//! Carrying a plan out, for `run`, `apply` and `destroy`: show, ask, execute, report.

use std::time::Instant;

use hzscript::engine::{EngineError, Session, shown_outputs};
use hzscript::plan::schema::FORMAT_VERSION;
use hzscript::plan::{Action, Plan};

use super::Tools;
use super::connect::Target;
use super::error::Error;
use super::exit::Exit;
use super::prompt::{Consent, agreed};
use super::render::report::{Ending, ending, outputs};
use super::render::scope::{self, nothing_to_do};
use super::render::screen::Line;
use super::render::{moved, plan as preview, value};
use super::rescue::rescue;
use super::stack::Stack;

/// What is about to be done, in the words of the questions and answers about it.
#[derive(Debug, Clone, Copy)]
pub struct Wording<'a> {
    /// The question's beginning, such as `Apply these changes to`.
    pub question: &'a str,
    /// The command, such as `hzscript run scripts/hazelcast.rhai`.
    pub command: &'a str,
    /// The command that goes on from where this one ended.
    pub again: &'a str,
}

/// Shows a plan, and executes it as [`execute`] does when it changes anything.
///
/// # Errors
/// As [`execute`].
pub async fn show_and_execute(
    session: Session<'_>,
    plan: &Plan,
    stack: &Stack,
    yes: bool,
    wording: Wording<'_>,
    tools: &Tools,
) -> Result<Exit, Error> {
    show(plan, tools);
    if plan.is_empty() {
        session.end().await.map_err(|error| stack.failed(error))?;
        tools.screen.out(&nothing_to_do(plan));
        show_outputs(&plan.outputs, tools);
        return Ok(Exit::Success);
    }
    execute(session, plan, stack, yes, wording, tools).await
}

/// Shows a plan.
pub fn show(plan: &Plan, tools: &Tools) {
    let json = serde_json::to_value(plan).unwrap_or_default();
    let json = value::without_secrets(&json);
    let (format_version, counts, empty) = (FORMAT_VERSION, plan.counts(), plan.is_empty());
    tools.screen.line(&Line::Plan { format_version, counts, empty, plan: json });
    tools.screen.out("");
    tools.screen.out(&preview::preview(plan, tools.screen.out_palette()));
    let beside = scope::left_out(plan, tools.screen.is_verbose());
    for line in beside.into_iter().chain(moved::warnings(plan, tools.screen.out_palette())) {
        tools.screen.out(&line);
    }
}

/// Asks whether to execute the plan, executes it, and reports. The session ends in any case.
///
/// # Errors
/// When the state cannot be written, or the user interrupts before anything was begun.
pub async fn execute(
    session: Session<'_>,
    plan: &Plan,
    stack: &Stack,
    yes: bool,
    wording: Wording<'_>,
    tools: &Tools,
) -> Result<Exit, Error> {
    let agreed = if yes || !touches_anything(plan) { Ok(true) } else { consent(plan, stack, wording, tools).await };
    match agreed {
        Ok(true) => {}
        Ok(false) => {
            session.end().await.map_err(|error| stack.failed(error))?;
            return Ok(Exit::Failure);
        }
        Err(error) => {
            session.end().await.map_err(|error| stack.failed(error))?;
            return Err(error);
        }
    }
    let began = Instant::now();
    let done = session.apply(plan).await;
    tools.screen.calm();
    let (report, lost) = match done {
        Ok(report) => (report, None),
        Err(EngineError::NotSaved(unsaved)) => {
            let (report, error) = rescue(*unsaved, stack, tools);
            (report, Some(error))
        }
        Err(error) => return Err(stack.failed(error)),
    };
    let finished = report.is_complete() && report.settling.is_empty();
    let interrupted = tools.interrupt.asked() && !finished;
    let json = value::without_secrets(&serde_json::to_value(&report).unwrap_or_default());
    tools.screen.line(&Line::Report { complete: report.is_complete(), interrupted, report: json });
    let missing = tools.screen.missing();
    let again = wording.again;
    let told = Ending { report: &report, missing: &missing, took: began.elapsed(), interrupted, again };
    tools.screen.out("");
    tools.screen.out(&ending(&told, tools.screen.out_palette()));
    show_outputs(&report.outputs, tools);
    if let Some(error) = lost {
        return Err(error);
    }
    Ok(match (interrupted, report.is_complete()) {
        (true, _) => Exit::Interrupted,
        (false, true) => Exit::Success,
        (false, false) => Exit::Failure,
    })
}

/// Shows outputs, if there are any.
pub fn show_outputs(found: &std::collections::BTreeMap<String, hzscript::model::Value>, tools: &Tools) {
    let shown = shown_outputs(found);
    if let Some(text) = outputs(&shown, tools.screen.out_palette()) {
        tools.screen.out("");
        tools.screen.out(&text);
    }
    tools.screen.line(&Line::Outputs { outputs: shown });
}

/// Whether there is anything to ask about: waiting and writing down outputs need no consent.
fn touches_anything(plan: &Plan) -> bool {
    plan.changes.iter().any(|change| change.action.changes() || change.action == Action::Forget)
}

/// Whether there is somebody to be asked.
pub fn can_ask(tools: &Tools) -> bool {
    tools.environment.interactive && !tools.screen.is_json()
}

async fn consent(plan: &Plan, stack: &Stack, wording: Wording<'_>, tools: &Tools) -> Result<bool, Error> {
    let place = match &stack.target {
        Target::Local { .. } => "local".to_owned(),
        Target::Aws { .. } => format!("aws account {}, {}", plan.target.account, plan.target.region),
    };
    let consent = match &stack.target {
        Target::Local { .. } => Consent::Short,
        Target::Aws { .. } => Consent::Full,
    };
    let question = format!("{} stack {} ({place})?", wording.question, stack.name);
    agreed(&question, consent, tools.screen.is_json(), wording.command, tools).await
}

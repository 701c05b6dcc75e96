//! Carrying a plan out, for `run`, `apply` and `destroy`: show, ask, execute, report.

use std::collections::BTreeMap;
use std::time::Instant;

use hzscript::apply::execute::Report;
use hzscript::engine::{Back, EngineError, Session, shown_outputs};
use hzscript::model::Address;
use hzscript::plan::schema::FORMAT_VERSION;
use hzscript::plan::{Action, Plan};

use super::Tools;
use super::connect::Target;
use super::error::Error;
use super::exit::Exit;
use super::prompt::{Consent, agreed};
use super::render::report::{Ending, ending, outputs, rolled_back};
use super::render::scope::{self, nothing_to_do};
use super::render::screen::Line;
use super::render::{self, moved, plan as preview, value};
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
    /// Whether what was before is restored when a step fails.
    pub rollback: bool,
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
        session.end_as_wanted(plan).await.map_err(|error| stack.failed(error))?;
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
    let done = match wording.rollback {
        true => session.apply_or_go_back(plan).await.map(|ended| (ended.report, ended.back)),
        false => session.apply(plan).await.map(|report| (report, None)),
    };
    tools.screen.calm();
    let (report, back, lost) = match done {
        Ok((report, back)) => (report, back, None),
        Err(EngineError::NotSaved(unsaved)) => {
            let (report, error) = rescue(*unsaved, stack, tools);
            (report, None, Some(error))
        }
        Err(error) => return Err(stack.failed(error)),
    };
    if let Some(back) = back {
        // Whoever asks to end while it is gone back is told so of that.
        tell(&report, &tools.screen.missed(), began, false, None, tools);
        return Ok(tell_back(back, stack, tools));
    }
    let interrupted = is_interrupted(&report, tools);
    tell(&report, &tools.screen.missing(), began, interrupted, Some(wording.again), tools);
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

fn is_interrupted(report: &Report, tools: &Tools) -> bool {
    tools.interrupt.asked() && !(report.is_complete() && report.settling.is_empty())
}

/// Tells how a run went, and how to go on where that is up to the user.
fn tell(
    report: &Report,
    missing: &BTreeMap<Address, Address>,
    began: Instant,
    interrupted: bool,
    again: Option<&str>,
    tools: &Tools,
) {
    let json = value::without_secrets(&serde_json::to_value(report).unwrap_or_default());
    tools.screen.line(&Line::Report { complete: report.is_complete(), interrupted, report: json });
    let told = Ending { report, missing, took: began.elapsed(), interrupted, again };
    tools.screen.out("");
    tools.screen.out(&ending(&told, tools.screen.out_palette()));
}

/// Tells how going back went after a run had failed. It is a failure in any case.
fn tell_back(back: Result<Back, EngineError>, stack: &Stack, tools: &Tools) -> Exit {
    tools.screen.out("");
    let back = match back {
        Ok(back) => back,
        Err(error) => {
            let told = render::error::told(&match error {
                EngineError::Plan(error) => Error::Plan { error, sources: BTreeMap::new() },
                EngineError::NotSaved(unsaved) => rescue(*unsaved, stack, tools).1,
                other => stack.failed(other),
            });
            tools.screen.line(&told.line());
            tools.screen.err(&told.text(tools.screen.err_palette(), tools.screen.width()));
            tools.screen.out(&tools.screen.out_palette().red("It was not rolled back."));
            return Exit::Failure;
        }
    };
    let interrupted = is_interrupted(&back.report, tools);
    let json = value::without_secrets(&serde_json::to_value(&back.report).unwrap_or_default());
    let complete = back.report.is_complete();
    let serial = back.to.as_ref().map(|to| to.serial);
    tools.screen.line(&Line::RolledBack { serial, complete, interrupted, stays: &back.stays, report: json });
    let missing = tools.screen.missing();
    tools.screen.out(&rolled_back(&back, &missing, interrupted, &stack.name, tools.screen.out_palette()));
    show_outputs(&back.report.outputs, tools);
    if interrupted { Exit::Interrupted } else { Exit::Failure }
}

/// Shows outputs, if there are any.
pub fn show_outputs(found: &BTreeMap<String, hzscript::model::Value>, tools: &Tools) {
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

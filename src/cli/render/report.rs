//! How a run went, and the outputs.

use std::collections::BTreeMap;
use std::time::Duration;

use hzscript::apply::execute::{Failure, Report};
use hzscript::engine::Back;
use hzscript::explain;
use hzscript::model::{Address, Formed, Json};

use super::escape;
use super::palette::Palette;
use super::progress::{done, elapsed};

/// What is said at the end of a run.
#[derive(Debug)]
pub struct Ending<'a> {
    /// How it went.
    pub report: &'a Report,
    /// What each step that was not begun would have needed.
    pub missing: &'a BTreeMap<Address, Address>,
    /// How long it took.
    pub took: Duration,
    /// Whether the user asked it to end early.
    pub interrupted: bool,
    /// The command to go on with, such as `hzscript run scripts/hazelcast.rhai`; none where something else is done next.
    pub again: Option<&'a str>,
}

/// The end of a run in words.
pub fn ending(ending: &Ending<'_>, palette: Palette) -> String {
    let Ending { report, missing, took, interrupted, again } = ending;
    let mut lines = not_done(report, missing, palette);
    if !report.settling.is_empty() {
        lines.push("Accepted and still settling; the next run waits for it:".to_owned());
        lines.extend(report.settling.iter().map(|address| format!("  {address}")));
        lines.push(String::new());
    }
    if !report.formed.is_empty() {
        lines.push("Clusters:".to_owned());
        lines.extend(report.formed.iter().map(|(address, formed)| {
            let text = format!("  {address}: {}", escape::line(&formed.to_string()));
            if matches!(formed, Formed::Unseen { .. }) { palette.yellow(&text) } else { text }
        }));
        lines.push(String::new());
    }
    let took = elapsed(*took);
    let (steps, failures, skipped) = (report.done, report.failures.len(), report.skipped.len());
    if report.is_complete() && !interrupted {
        lines.push(palette.green(&format!("Done: {} in {took}.", counted(steps, "step"))));
        return lines.join("\n");
    }
    let summary = format!("{} done, {failures} failed, {skipped} not begun, in {took}.", counted(steps, "step"));
    lines.push(if *interrupted { palette.yellow(&format!("Interrupted: {summary}")) } else { palette.red(&summary) });
    if let Some(again) = again {
        lines.push(format!("What was done is in the state. To go on from there: {}", escape::line(again)));
    }
    lines.join("\n")
}

/// How going back went after a run of a stack had failed, in words.
pub fn rolled_back(
    back: &Back,
    missing: &BTreeMap<Address, Address>,
    interrupted: bool,
    stack: &str,
    palette: Palette,
) -> String {
    let Back { to, stays, report } = back;
    let mut lines = not_done(report, missing, palette);
    if !stays.is_empty() {
        lines.push("Made by the failed run, and staying: it is protected or retained, or needed by such:".to_owned());
        lines.extend(stays.iter().map(|address| format!("  {address}")));
        lines.push(String::new());
    }
    let to = match to {
        Some(to) => format!("to {}", escape::line(&to.to_string())),
        None => "to the empty stack that it began with".to_owned(),
    };
    let steps = counted(report.done, "step");
    if report.is_complete() && !interrupted {
        lines.push(palette.yellow(&format!("The run failed, and was rolled back {to}: {steps}.")));
        return lines.join("\n");
    }
    let (failures, skipped) = (report.failures.len(), report.skipped.len());
    let summary = format!("{steps} done, {failures} failed, {skipped} not begun.");
    let what = if interrupted { "was interrupted" } else { "was not completed" };
    lines.push(palette.red(&format!("The run failed, and rolling it back {to} {what}: {summary}")));
    let go_on = match &back.to {
        Some(to) => format!("hzscript rollback --stack {stack} --to {}", to.serial),
        None => format!("hzscript destroy --stack {stack}"),
    };
    lines.push(format!("What was done is in the state. To go on from there: {go_on}"));
    lines.join("\n")
}

/// What failed and what was not begun.
fn not_done(report: &Report, missing: &BTreeMap<Address, Address>, palette: Palette) -> Vec<String> {
    let mut lines = Vec::new();
    for failure in &report.failures {
        lines.extend(failed(failure, palette));
        lines.push(String::new());
    }
    if !report.skipped.is_empty() {
        lines.push("Not begun:".to_owned());
        lines.extend(report.skipped.iter().map(|address| match missing.get(address) {
            Some(needed) => format!("  {address}, which needs {needed}"),
            None => format!("  {address}"),
        }));
        lines.push(String::new());
    }
    lines
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn failed(failure: &Failure, palette: Palette) -> Vec<String> {
    let head = format!("✘ {} was not {}", failure.address, done(failure.action));
    let mut lines = vec![palette.red(&head)];
    lines.extend(failure.reason.lines().map(|line| format!("  {}", escape::line(line))));
    if let Some(help) = &failure.help {
        lines.extend(help.lines().enumerate().map(|(index, line)| {
            let head = if index == 0 { palette.cyan("help:") } else { "     ".to_owned() };
            format!("  {head} {}", escape::line(line))
        }));
    }
    let of_aws = failure.call.as_ref().and_then(|call| explain::explain(call.code.as_deref()?));
    let of_aws = of_aws.or_else(|| explain::mentioned(&failure.reason));
    let codes = [Some(explain::of_failure(failure).as_str()), of_aws.map(|known| known.code)];
    let codes: Vec<&str> = codes.into_iter().flatten().collect();
    lines.push(palette.dim(&format!("  more: hzscript explain {}", codes.join(", "))));
    if let Some(source) = &failure.source {
        let place = format!("  declared at {}:{}:{}", escape::line(&source.file), source.line, source.column);
        lines.push(palette.dim(&place));
    }
    lines
}

/// Outputs as lines, names lined up; none when there are none.
pub fn outputs(outputs: &BTreeMap<String, Json>, palette: Palette) -> Option<String> {
    let width = outputs.keys().map(|name| name.chars().count()).max()?;
    let mut lines = vec!["Outputs:".to_owned()];
    for (name, value) in outputs {
        let text = match value {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        let name = palette.bold(&format!("{:width$}", escape::line(name)));
        let mut rows = text.lines().map(escape::line);
        lines.push(format!("  {name} = {}", rows.next().unwrap_or_default()));
        lines.extend(rows.map(|row| format!("  {:width$}   {row}", "")));
    }
    Some(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use hzscript::model::{Program, Source};
    use hzscript::plan::Action;
    use hzscript::state::Executed;

    use super::*;

    fn address(text: &str) -> Address {
        text.parse().expect("an address")
    }

    fn shown(report: &Report, interrupted: bool) -> String {
        let missing = BTreeMap::from([(address("ecs_service.console"), address("ecs_service.members"))]);
        let again = Some("hzscript run scripts/hazelcast.rhai");
        let all = Ending { report, missing: &missing, took: Duration::from_secs(34), interrupted, again };
        ending(&all, Palette::new(false))
    }

    #[test]
    fn a_run_that_was_not_completed_says_why_and_how_to_go_on() {
        let report = Report {
            done: 7,
            failures: vec![Failure {
                address: address("ecs_service.members"),
                action: Action::Create,
                reason: "the deployment failed: 3 tasks stopped\nCannotPullContainerError: no such image".to_owned(),
                help: Some("check the image's name".to_owned()),
                call: None,
                source: Some(Source { file: "scripts/hazelcast.rhai".to_owned(), line: 40, column: 5 }),
            }],
            skipped: vec![address("ecs_service.console"), address("ec2_eip.spare")],
            ..Report::default()
        };
        insta::assert_snapshot!(shown(&report, false), @r"
        ✘ ecs_service.members was not created
          the deployment failed: 3 tasks stopped
          CannotPullContainerError: no such image
          help: check the image's name
          more: hzscript explain HZ0503, CannotPullContainerError
          declared at scripts/hazelcast.rhai:40:5

        Not begun:
          ecs_service.console, which needs ecs_service.members
          ec2_eip.spare

        7 steps done, 1 failed, 2 not begun, in 34 s.
        What was done is in the state. To go on from there: hzscript run scripts/hazelcast.rhai
        ");
    }

    #[test]
    fn a_run_that_was_completed_says_what_is_still_settling() {
        let report = Report { done: 1, settling: vec![address("ecs_service.members")], ..Report::default() };
        insta::assert_snapshot!(shown(&report, false), @r"
        Accepted and still settling; the next run waits for it:
          ecs_service.members

        Done: 1 step in 34 s.
        ");
        let interrupted = Report { skipped: vec![address("ecs_service.members")], ..Report::default() };
        insta::assert_snapshot!(shown(&interrupted, true), @r"
        Not begun:
          ecs_service.members

        Interrupted: 0 steps done, 0 failed, 1 not begun, in 34 s.
        What was done is in the state. To go on from there: hzscript run scripts/hazelcast.rhai
        ");
    }

    #[test]
    fn what_came_of_rolling_back_is_said() {
        let to = Executed {
            serial: 3,
            run: 3,
            whole: true,
            complete: true,
            since: "2026-01-02T03:04:05Z".to_owned(),
            by: "ann on build-1".to_owned(),
            command: "run a.rhai".to_owned(),
            program: Program::default(),
        };
        let shown = |back: &Back| rolled_back(back, &BTreeMap::new(), false, "a", Palette::new(false));
        let done = Report { done: 2, ..Report::default() };
        insta::assert_snapshot!(shown(&Back { to: Some(to.clone()), stays: Vec::new(), report: done }), @"The run failed, and was rolled back to serial 3 of 2026-01-02T03:04:05Z (`run a.rhai`): 2 steps.");
        let report = Report { done: 1, skipped: vec![address("ec2_vpc.net")], ..Report::default() };
        let stays = vec![address("logs_log_group.kept")];
        insta::assert_snapshot!(shown(&Back { to: None, stays: stays.clone(), report: report.clone() }), @r"
        Not begun:
          ec2_vpc.net

        Made by the failed run, and staying: it is protected or retained, or needed by such:
          logs_log_group.kept

        The run failed, and rolling it back to the empty stack that it began with was not completed: 1 step done, 0 failed, 1 not begun.
        What was done is in the state. To go on from there: hzscript destroy --stack a
        ");
        let not_done = shown(&Back { to: Some(to), stays, report });
        assert!(not_done.ends_with("hzscript rollback --stack a --to 3"), "{not_done}");
    }

    #[test]
    fn what_became_of_clusters_is_said() {
        let formed = BTreeMap::from([
            (address("ecs_service.console"), Formed::Skipped { reason: "tasks are simulated".to_owned() }),
            (address("ecs_service.members"), Formed::Together { members: 3 }),
        ]);
        let report = Report { done: 2, formed, ..Report::default() };
        insta::assert_snapshot!(shown(&report, false), @r"
        Clusters:
          ecs_service.console: whether its members found each other was not looked at: tasks are simulated
          ecs_service.members: 3 members formed one cluster

        Done: 2 steps in 34 s.
        ");
    }

    #[test]
    fn outputs_are_lined_up() {
        let found = BTreeMap::from([
            ("members".to_owned(), serde_json::json!([5701, "10.0.0.5"])),
            ("url".to_owned(), "http://a\u{7}\nsecond line".into()),
        ]);
        insta::assert_snapshot!(outputs(&found, Palette::new(false)).expect("there are some"), @r#"
        Outputs:
          members = [5701,"10.0.0.5"]
          url     = http://a\u{7}
                    second line
        "#);
        assert_eq!(outputs(&BTreeMap::new(), Palette::new(false)), None);
    }
}

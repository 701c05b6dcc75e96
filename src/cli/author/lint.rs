//! `hzscript lint`: what scripts say and hardly mean.

use std::sync::Arc;

use hzscript::event::Events;
use hzscript::local::store::ACCOUNT;
use hzscript::script::lint::{self, Finding, Linted, RULES, Rule, Severity};
use hzscript::script::{Functions, Limits, Offline, Request};

use super::scripts;
use crate::cli::Tools;
use crate::cli::args::LintArguments;
use crate::cli::connect::local_region;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::input::gather;
use crate::cli::known::closest;
use crate::cli::render::diagnostics;
use crate::cli::render::screen::Line;
use crate::cli::script::Script;

/// What `--deny` takes for all warnings together.
const WARNINGS: &str = "warnings";

/// Looks at the scripts.
///
/// # Errors
/// When a file cannot be read, or `--deny` names what there is not. A script with mistakes is told of, and the others are
/// looked at.
pub async fn run(arguments: &LintArguments, tools: &Tools) -> Result<Exit, Error> {
    if arguments.list {
        list(tools);
        return Ok(Exit::Success);
    }
    let denied = denied(&arguments.deny)?;
    let region = local_region(arguments.region.as_deref(), &tools.environment)?;
    let lookups = Arc::new(Offline { account: ACCOUNT.to_owned(), region });
    let files = scripts::scripts(&arguments.files)?;
    let mut exit = Exit::Success;
    let (mut warnings, mut notes, mut allowed, mut broken) = (0_usize, 0_usize, 0_usize, 0_usize);
    for path in &files {
        let script = Script::read(path)?;
        let looking = async {
            if script.shown().ends_with(scripts::TEST) {
                return Ok(lint::lint_text(&script.shown(), &script.source).await);
            }
            let request = Request {
                file: script.shown(),
                source: script.source.clone(),
                root: Some(script.folder()),
                inputs: gather(&arguments.inputs, &tools.environment)?,
                lookups: lookups.clone(),
                limits: Limits::default(),
                functions: Functions::default(),
                events: Events::none(),
            };
            Ok::<_, Error>(lint::lint(request).await)
        };
        match tools.interrupt.cut(looking).await?? {
            Ok(linted) => {
                allowed += linted.allowed;
                for finding in &linted.findings {
                    match finding.rule.severity {
                        Severity::Warning => warnings += 1,
                        Severity::Note => notes += 1,
                    }
                    if denied.contains(&finding.rule) {
                        exit = Exit::Failure;
                    }
                    if finding.rule.severity == Severity::Warning || arguments.notes {
                        tell(finding, &linted, tools);
                    }
                }
            }
            Err(mistakes) => {
                broken += 1;
                exit = Exit::Failure;
                super::tell(&Error::Mistakes(mistakes), tools);
            }
        }
    }
    tools.screen.line(&Line::Linted { files: files.len(), warnings, notes, allowed, broken });
    let hint = if notes > 0 && !arguments.notes { " (--notes shows them)" } else { "" };
    let mut parts = vec![counted(files.len(), "file"), counted(warnings, "warning")];
    parts.push(format!("{}{hint}", counted(notes, "note")));
    parts.push(format!("{allowed} allowed"));
    if broken > 0 {
        parts.push(format!("{broken} with mistakes"));
    }
    tools.screen.out(&parts.join(", "));
    Ok(exit)
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The rules whose findings make the exit status 1.
fn denied(names: &[String]) -> Result<Vec<&'static Rule>, Error> {
    let mut denied = Vec::new();
    for name in names {
        if name == WARNINGS {
            denied.extend(RULES.iter().filter(|rule| rule.severity == Severity::Warning));
        } else if let Some(rule) = lint::rule(name) {
            denied.push(rule);
        } else {
            let near = closest(name, RULES.iter().map(|rule| rule.name)).map(|near| format!("did you mean {near}?"));
            return Err(Error::Usage {
                message: format!("there is no rule `{name}` to deny"),
                help: Some(
                    near.unwrap_or_else(|| "--deny takes `warnings`, or a rule of `hzscript lint --list`".to_owned()),
                ),
            });
        }
    }
    Ok(denied)
}

fn tell(finding: &Finding, linted: &Linted, tools: &Tools) {
    let rule = finding.rule;
    tools.screen.line(&Line::Finding {
        code: rule.code,
        rule: rule.name,
        severity: rule.severity,
        diagnostic: &finding.diagnostic,
    });
    let mut diagnostic = finding.diagnostic.clone();
    diagnostic.message = format!("{} [{} {}]", diagnostic.message, rule.code, rule.name);
    let (palette, width) = (tools.screen.out_palette(), tools.screen.width());
    tools.screen.out(&diagnostics::warning(&diagnostic, &linted.sources, palette, width));
}

/// Lists the rules.
fn list(tools: &Tools) {
    let palette = tools.screen.out_palette();
    for rule in &RULES {
        tools.screen.line(&Line::Rule { rule });
        let note = if rule.severity == Severity::Note { palette.dim(" (note)") } else { String::new() };
        let name = palette.bold(rule.name);
        tools.screen.out(&format!("{} {name}{note}: {}\n     {}", rule.code, rule.summary, rule.explanation));
    }
}

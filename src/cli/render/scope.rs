//! What a plan leaves out, and what is said when nothing is left of it.

use hzscript::plan::scope::AddressPattern;
use hzscript::plan::{Plan, Scope, Why};

use super::escape;

/// What is said of a stack, or the part of it that was asked for, that needs nothing.
pub fn nothing_to_do(plan: &Plan) -> String {
    if plan.left_out.is_empty() {
        return "No changes, nothing to do: everything is as the script declares it.".to_owned();
    }
    let Scope { only, exclude, except, .. } = &plan.scope;
    let within = if only.is_empty() {
        let beside: Vec<String> = options("exclude", exclude).chain(options("except", except)).collect();
        format!("beside {}", beside.join(" "))
    } else {
        let within: Vec<String> =
            options("only", only).chain(options("exclude", exclude)).chain(options("except", except)).collect();
        format!("within {}", within.join(" "))
    };
    format!("No changes, nothing to do {within}.")
}

/// What a plan leaves out, as lines: how much of it, and when everything is to be told each with its reason.
pub fn left_out(plan: &Plan, all: bool) -> Vec<String> {
    if plan.left_out.is_empty() {
        return Vec::new();
    }
    let Scope { only, exclude, except, .. } = &plan.scope;
    let names = [("--only", only), ("--exclude", exclude), ("--except", except)];
    let by: Vec<&str> = names.iter().filter(|(_, patterns)| !patterns.is_empty()).map(|(name, _)| *name).collect();
    let count = plan.left_out.len();
    let resources = if count == 1 { "resource" } else { "resources" };
    let more = if all { ":" } else { "; -v tells which." };
    let mut lines = vec![format!("Left out by {}: {count} {resources}{more}", by.join(" and "))];
    if all {
        lines.extend(plan.left_out.iter().map(|(address, why)| match why {
            Why::Unnamed | Why::Excluded => format!("  {address}"),
            Why::Needs { address: other } => format!("  {address}, which needs {other}"),
            Why::UsedBy { address: other } => format!("  {address}, which {other} uses"),
        }));
    }
    lines
}

fn options(name: &str, patterns: &[AddressPattern]) -> impl Iterator<Item = String> {
    patterns.iter().map(move |pattern| format!("--{name} {}", escape::line(&pattern.to_string())))
}

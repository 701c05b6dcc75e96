//! What is said of addresses that seem to have been renamed: the line to write, and the command that does without.

use hzscript::plan::{Likeness, Plan, SuggestedMove};

use super::escape;
use super::palette::Palette;

/// The warnings, as lines.
pub fn warnings(plan: &Plan, palette: Palette) -> Vec<String> {
    let stack = escape::line(&plan.stack);
    let warning = |SuggestedMove { from, to, because }: &SuggestedMove| {
        let alike = match because {
            Likeness::Name => "they have the same name",
            Likeness::Properties => "they have the same properties",
        };
        let sign = palette.yellow("warning:");
        [
            format!("{sign} {from} would be deleted and {to} made, and {alike}. If it was renamed,"),
            format!("  write in the options of {to}: aliases: [\"{from}\"]"),
            format!("  or type: hzscript state mv {from} {to} --stack {stack}"),
        ]
    };
    plan.suggested_moves.iter().flat_map(warning).collect()
}

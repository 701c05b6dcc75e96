//! What becomes of a state that is changed as a whole: one line a resource, the counts, and what that means.

use hzscript::state::Record;
use hzscript::state::edit::whole::{Difference, Entry};

use super::escape;
use super::palette::Palette;

/// Addresses are lined up to this width; a longer one pushes its identifier aside.
const MAX_ADDRESS: usize = 56;

/// How the state that is to be differs from the one there is.
pub fn difference(difference: &Difference, lost: &[Record], palette: Palette) -> String {
    let Difference { added, changed, removed } = difference;
    let all = || added.iter().chain(changed).chain(removed);
    let width = all().map(|entry| entry.address.to_string().chars().count()).max().unwrap_or(0).min(MAX_ADDRESS);
    let line = |sign: String, entry: &Entry| {
        let Entry { address, id, what, .. } = entry;
        let id = palette.dim(&escape::line(id));
        let what = if what.is_empty() { String::new() } else { format!("  {}", escape::line(&what.join(", "))) };
        format!("{sign} {:width$}  {id}{what}", address.to_string())
    };
    let mut lines = vec![String::new()];
    lines.extend(added.iter().map(|entry| line(palette.green("  +"), entry)));
    lines.extend(changed.iter().map(|entry| line(palette.yellow("  ~"), entry)));
    lines.extend(removed.iter().map(|entry| line(palette.red("  -"), entry)));
    if !difference.is_none() {
        lines.push(String::new());
    }
    let counts = [added.len(), changed.len(), removed.len()];
    lines
        .push(format!("{} come to be known, {} known otherwise, {} no longer known.", counts[0], counts[1], counts[2]));
    lines.push(palette.yellow(
        "Nothing in AWS is changed: what is no longer known stays there and is looked after by nobody. A run looks for what \
         comes to be known, and makes it anew where it is gone.",
    ));
    let lost = lost.iter().filter_map(|record| match record {
        Record::Intent { address, token, .. } => Some((address, token)),
        _ => None,
    });
    lines.extend(lost.map(|(address, token)| {
        let token = escape::line(token);
        palette.yellow(&format!(
            "An interrupted run may have made another {address}, which will not be looked for: its tag hzscript:token is {token}."
        ))
    }));
    lines.join("\n")
}

/// Records of a damaged state that cannot be read.
pub fn unread(paths: &[String], palette: Palette) -> String {
    let paths = paths.iter().map(|path| format!("  {} {}", palette.cyan("?"), escape::line(path)));
    let title = "What these records say of an interrupted run is not known:".to_owned();
    std::iter::once(title).chain(paths).collect::<Vec<_>>().join("\n")
}

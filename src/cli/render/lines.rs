//! How two texts differ, line by line, with a few lines around what does.

use super::escape;
use super::palette::Palette;

/// Lines shown around what differs.
const CONTEXT: usize = 2;

/// The most pairs of lines that are compared each with each; beyond it, all that is between the first and the last
/// difference counts as different.
const MAX_PAIRS: usize = 4_000_000;

/// A line of both texts, or of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edit<'a> {
    Same(&'a str),
    Removed(&'a str),
    Added(&'a str),
}

/// How a file's text would change: its name, and each part that differs with the number of its first line.
pub fn difference(name: &str, before: &str, after: &str, palette: Palette) -> String {
    let mut out = vec![palette.bold(&escape::line(name))];
    out.extend(parts(&edits(before, after), palette, true));
    if before.lines().eq(after.lines()) {
        out.push("  only the ends of lines differ, or the end of the file".to_owned());
    }
    out.join("\n")
}

/// How what is differs from what was expected, all lines of it where they are few.
pub fn comparison(expected: &str, actual: &str, palette: Palette) -> String {
    parts(&edits(expected, actual), palette, false).join("\n")
}

fn parts(edits: &[Edit<'_>], palette: Palette, numbered: bool) -> Vec<String> {
    let differs = |edit: &Edit<'_>| !matches!(edit, Edit::Same(_));
    let mut out = Vec::new();
    let mut line = 0;
    let mut shown_to = 0;
    for (at, edit) in edits.iter().enumerate() {
        line += usize::from(!matches!(edit, Edit::Added(_)));
        let near = edits[at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(edits.len())].iter().any(differs);
        if !near {
            continue;
        }
        if at != shown_to || at == 0 {
            if numbered {
                out.push(palette.cyan(&format!("@ line {}", line.max(1))));
            } else if at != 0 {
                out.push("  …".to_owned());
            }
        }
        shown_to = at + 1;
        out.push(match edit {
            Edit::Same(text) => format!("  {}", escape::line(text)).trim_end().to_owned(),
            Edit::Removed(text) => palette.red(&format!("- {}", escape::line(text))),
            Edit::Added(text) => palette.green(&format!("+ {}", escape::line(text))),
        });
    }
    out
}

/// The shortest way from one text to the other, by lines.
fn edits<'a>(before: &'a str, after: &'a str) -> Vec<Edit<'a>> {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let start = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    let (old, new) = (&before[start..], &after[start..]);
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(one, other)| one == other).count();
    let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);
    let mut found: Vec<Edit<'_>> = before[..start].iter().map(|line| Edit::Same(line)).collect();
    if old.len().saturating_mul(new.len()) > MAX_PAIRS {
        found.extend(old.iter().map(|line| Edit::Removed(line)));
        found.extend(new.iter().map(|line| Edit::Added(line)));
    } else {
        found.extend(between(old, new));
    }
    found.extend(before[before.len() - end..].iter().map(|line| Edit::Same(line)));
    found
}

/// The same by the longest common subsequence.
fn between<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Edit<'a>> {
    let width = new.len() + 1;
    // The length of the longest one of what is left of both.
    let mut longest = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i * width + j] = if old[i] == new[j] {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut found = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            found.push(Edit::Same(old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && longest[(i + 1) * width + j] >= longest[i * width + j + 1]) {
            found.push(Edit::Removed(old[i]));
            i += 1;
        } else {
            found.push(Edit::Added(new[j]));
            j += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_shown_with_what_is_around_it() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\u{1b}\n10\n";
        let after = "1\n2\n3\nfour\n5\n6\n7\n8\n9\u{1b}\n";
        insta::assert_snapshot!(difference("a.rhai", before, after, Palette::new(false)), @r"
        a.rhai
        @ line 2
          2
          3
        - 4
        + four
          5
          6
        @ line 8
          8
          9\u{1b}
        - 10
        ");
        insta::assert_snapshot!(comparison("a\nb", "b\nc", Palette::new(false)), @r"
        - a
          b
        + c
        ");
        assert_eq!(difference("a", "x\n", "x", Palette::new(false)).lines().count(), 2);
    }
}

//! Documentation comments: what stands in `///` before functions, as entries.
//!
//! A comment is a summary, paragraphs, the properties of the map that is taken (a paragraph that begins with `Properties`,
//! then a list whose items begin with names in backticks), what is returned (a paragraph that begins with `Returns`), and
//! below a heading `# Example` a script between fences. It belongs to all the lines that follow it at once and begin with
//! `fn` or `option`.

use super::{Entry, Heading, Property, Section};

/// The entries of a file. What is private has none.
pub(super) fn entries(text: &str, section: Section) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut comment: Vec<&str> = Vec::new();
    // Whether the line before was one that the comment belongs to.
    let mut named = false;
    for line in text.lines() {
        if let Some(line) = line.strip_prefix("///") {
            if named {
                comment.clear();
                named = false;
            }
            comment.push(line.strip_prefix(' ').unwrap_or(line));
            continue;
        }
        let Some((name, signature, section)) = declared(line, section) else {
            comment.clear();
            named = false;
            continue;
        };
        match entries.last_mut().filter(|entry| named && entry.heading.name == name) {
            Some(entry) => entry.signatures.push(signature),
            None => entries.push(entry(name, signature, section, &comment)),
        }
        named = true;
    }
    entries
}

/// What a line declares: its name, how it is written, and what sort of thing it is. A function whose name has a dot in it
/// is a method.
fn declared(line: &str, section: Section) -> Option<(String, String, Section)> {
    let line = line.trim_end_matches(|c| " {;".contains(c));
    if let Some(option) = line.strip_prefix("option ") {
        let name = option.split(':').next().unwrap_or_default();
        return Some((name.to_owned(), option.to_owned(), Section::Option));
    }
    let signature = line.strip_prefix("fn ")?;
    let (name, _) = signature.split_once('(')?;
    Some(match name.split_once('.') {
        Some((_, method)) => (method.to_owned(), signature.to_owned(), Section::Method),
        None => (name.to_owned(), signature.to_owned(), section),
    })
}

fn entry(name: String, signature: String, section: Section, comment: &[&str]) -> Entry {
    let (comment, example) = match comment.iter().position(|line| *line == "# Example") {
        Some(at) => (&comment[..at], Some(fenced(&comment[at + 1..]))),
        None => (comment, None),
    };
    let mut paragraphs = comment.split(|line| line.is_empty()).filter(|lines| !lines.is_empty());
    let summary = paragraphs.next().map(|lines| lines.join(" ")).unwrap_or_default();
    let (mut text, mut properties, mut returns) = (Vec::new(), Vec::new(), None);
    for lines in paragraphs {
        if lines[0].starts_with("Properties") {
            properties = listed(lines);
        } else if lines[0].starts_with("Returns") {
            returns = Some(lines.join(" "));
        } else {
            text.push(lines.join(" "));
        }
    }
    Entry {
        heading: Heading { name, section, service: None, type_name: None, summary },
        signatures: vec![signature],
        text: text.join("\n\n"),
        properties,
        attributes: Vec::new(),
        returns,
        example,
    }
}

/// What is between fences.
fn fenced(lines: &[&str]) -> String {
    let inside = lines.iter().skip_while(|line| !line.starts_with("```")).skip(1);
    inside.take_while(|line| !line.starts_with("```")).copied().collect::<Vec<_>>().join("\n")
}

/// The properties of a list. The line above it may say that all are optional but some.
fn listed(lines: &[&str]) -> Vec<Property> {
    let mut items: Vec<String> = Vec::new();
    for line in &lines[1..] {
        match (line.strip_prefix("- "), items.last_mut()) {
            (Some(item), _) => items.push(item.to_owned()),
            (None, Some(item)) => *item = format!("{item} {}", line.trim_start()),
            (None, None) => {}
        }
    }
    let needed = lines[0].split_once(" but ").map(|(_, needed)| needed).unwrap_or_default();
    items.iter().map(|item| property(item, needed)).collect()
}

/// A property, or several, of an item such as ``- `cpu`, `memory`: the size. Required.``
fn property(item: &str, needed: &str) -> Property {
    let (names, text) = item.split_once(": ").unwrap_or((item, ""));
    let names: Vec<String> = names.split(", ").map(|name| name.trim_matches('`').to_owned()).collect();
    let (text, required) = match text.strip_suffix("Required.") {
        Some(text) => (text.trim_end(), true),
        None => (text, names.iter().any(|name| needed.contains(&format!("`{name}`")))),
    };
    Property { names, text: text.to_owned(), required, ..Property::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_taken_apart() {
        let text = "\
/// Makes a thing
/// of parts.
///
/// It is quick.
///
/// Properties, all optional but `name`:
/// - `name`: what it is called.
/// - `cpu`, `memory`: its size: large or
///   small; default small.
///
/// Returns `thing`.
///
/// # Example
/// ```rhai
/// thing(#{ name: \"a\" });
/// ```
fn thing(properties) {
    1
}

/// Hidden.
private fn other() {}

/// Adds.
fn role.add(statement) -> role;
fn role.add(name, statement) -> role;
/// Keeps it.
option keep: true or false
";
        let entries = entries(text, Section::Library);
        let names: Vec<_> = entries.iter().map(|entry| (entry.heading.name.as_str(), entry.heading.section)).collect();
        assert_eq!(names, [("thing", Section::Library), ("add", Section::Method), ("keep", Section::Option)]);
        let thing = &entries[0];
        assert_eq!(thing.heading.summary, "Makes a thing of parts.");
        assert_eq!((thing.text.as_str(), thing.returns.as_deref()), ("It is quick.", Some("Returns `thing`.")));
        assert_eq!(thing.example.as_deref(), Some("thing(#{ name: \"a\" });"));
        assert_eq!(thing.properties[1].names, ["cpu", "memory"]);
        assert_eq!(thing.properties[1].text, "its size: large or small; default small.");
        assert_eq!(thing.properties.iter().map(|one| one.required).collect::<Vec<_>>(), [true, false]);
        assert_eq!(entries[1].signatures, ["role.add(statement) -> role", "role.add(name, statement) -> role"]);
        assert_eq!(entries[2].signatures, ["keep: true or false"]);
    }
}

//! Entries as Markdown: what terminals, pages and editors show.

use super::{Entry, Found, Heading, Property, Section};

/// How deep properties are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Those of the entry, and how many are in them.
    Top,
    /// All there are.
    All,
}

impl Entry {
    /// The entry as Markdown: a heading of the first level and what is below it, example included.
    pub fn markdown(&self, depth: Depth) -> String {
        let Heading { name, type_name, summary, .. } = &self.heading;
        let mut blocks = vec![format!("# {name}")];
        let of_type = type_name.as_ref().map(|name| format!("`{name}`"));
        blocks.push(sentences([of_type.as_deref(), Some(summary.as_str())]));
        blocks.push(fenced(&self.signatures.join("\n")));
        blocks.push(self.text.clone());
        if !self.properties.is_empty() {
            blocks.push("## Properties".to_owned());
            blocks.push(listed(&self.properties, depth, 0));
        }
        if !self.attributes.is_empty() {
            blocks.push("## Attributes".to_owned());
            blocks.push(named(&self.attributes));
        }
        if let Some(returns) = self.returns.as_ref().filter(|_| self.heading.section != Section::Builder) {
            blocks.push("## Returns".to_owned());
            blocks.push(returns.strip_prefix("Returns ").map_or_else(|| returns.clone(), capitalized));
        }
        if let Some(example) = &self.example {
            blocks.push("## Example".to_owned());
            blocks.push(fenced(example));
        }
        joined(blocks)
    }
}

impl Found {
    /// What was found as Markdown.
    pub fn markdown(&self, depth: Depth) -> String {
        match self {
            Self::Entry(entry) => entry.markdown(depth),
            Self::Property { path, of, property } => {
                let mut blocks = vec![format!("# {path}")];
                let type_name = of.type_name.as_ref().map(|name| format!(" (`{name}`)")).unwrap_or_default();
                blocks.push(format!("A property of `{}`{type_name}.", of.name));
                blocks.push(itemized(&facts(property)));
                blocks.push(property.text.clone());
                if !property.properties.is_empty() {
                    blocks.push("## Properties".to_owned());
                    blocks.push(listed(&property.properties, depth, 0));
                }
                joined(blocks)
            }
            Self::Attribute { name, of } => joined(vec![
                format!("# {}.{name}", of.name),
                format!(
                    "An attribute of what `{}` returns: known once the resource exists, a reference until then.",
                    of.name
                ),
            ]),
        }
    }
}

fn joined(blocks: Vec<String>) -> String {
    let blocks: Vec<String> = blocks.into_iter().filter(|block| !block.is_empty()).collect();
    blocks.join("\n\n") + "\n"
}

fn sentences<const N: usize>(parts: [Option<&str>; N]) -> String {
    let parts: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    parts.join(": ")
}

fn fenced(script: &str) -> String {
    format!("```rhai\n{script}\n```")
}

fn named(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn itemized(items: &[String]) -> String {
    items.iter().map(|item| format!("- {}", capitalized(item))).collect::<Vec<_>>().join("\n")
}

fn listed(properties: &[Property], depth: Depth, level: usize) -> String {
    let indent = "  ".repeat(level);
    let mut lines = Vec::new();
    for property in properties {
        let names = named(&property.names);
        let mut facts = facts(property);
        let inner = property.properties.len();
        if inner > 0 && depth == Depth::Top {
            facts.push(format!("{inner} {} in it", if inner == 1 { "property" } else { "properties" }));
        }
        let said = if property.text.is_empty() { String::new() } else { format!(": {}", property.text) };
        let facts = if facts.is_empty() { String::new() } else { format!(" — {}", facts.join("; ")) };
        // Of what a comment says all, its facts come last.
        let line = if property.takes.is_empty() {
            format!("{names}{said}{facts}")
        } else {
            format!("{names}{facts}{}", said_after(&said))
        };
        lines.push(format!("{indent}- {line}"));
        if inner > 0 && depth == Depth::All {
            lines.push(listed(&property.properties, depth, level + 1));
        }
    }
    lines.join("\n")
}

fn said_after(said: &str) -> String {
    said.strip_prefix(": ").map(|said| format!(". {said}")).unwrap_or_default()
}

/// What is known of a property, in the order of weight.
fn facts(property: &Property) -> Vec<String> {
    let Property {
        takes, required, replaces, write_only, deprecated, refused, default, choices, pattern, limits, ..
    } = property;
    let mut facts: Vec<String> = Vec::new();
    facts.extend(Some(takes.clone()).filter(|takes| !takes.is_empty()));
    let flags = [
        (*required, "**required**"),
        (*replaces, "a change replaces the resource"),
        (*write_only, "AWS never tells it"),
        (*deprecated, "deprecated"),
        (*refused, "planning refuses it: hzscript does not send it"),
    ];
    facts.extend(flags.iter().filter(|(holds, _)| *holds).map(|(_, text)| (*text).to_owned()));
    facts.extend(default.as_ref().map(|default| format!("default {}", code(default))));
    if !choices.is_empty() {
        let choices: Vec<String> = choices.iter().map(|choice| code(choice)).collect();
        facts.push(format!("one of {}", choices.join(", ")));
    }
    facts.extend(limits.iter().cloned());
    facts.extend(pattern.as_ref().map(|pattern| format!("matches {}", code(pattern))));
    facts
}

/// A span of code, whatever is in it.
fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

fn capitalized(text: impl AsRef<str>) -> String {
    let mut chars = text.as_ref().chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

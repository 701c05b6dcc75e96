//! `hzscript docs`: the reference of the language, for a terminal, as Markdown or as a page.

mod page;
mod terminal;

use hzscript::reference::{Depth, Found, Heading, Reference, Section, Unknown};

use super::Tools;
use super::args::DocsArguments;
use super::error::Error;
use super::exit::Exit;
use super::render::escape;
use super::render::palette::Palette;

/// The longest name that others are lined up with, in a list.
const LONGEST_NAME: usize = 32;

/// Shows what is asked for.
///
/// # Errors
/// When nothing has that name, or the file cannot be written.
pub fn run(arguments: &DocsArguments, tools: &Tools) -> Result<Exit, Error> {
    let reference = Reference::new();
    let width = tools.screen.width();
    let palette = if arguments.out.is_some() { Palette::new(false) } else { tools.screen.out_palette() };
    let text = match (&arguments.name, &arguments.search) {
        (_, Some(words)) => {
            let found = reference.search(&[words]);
            if found.is_empty() {
                let message = format!("nothing in the reference has `{words}`");
                return Err(Error::Usage { message, help: Some("hzscript docs lists what there is".to_owned()) });
            }
            listed(&found, palette, width)
        }
        (None, None) if arguments.html => page::page(&reference),
        (None, None) if arguments.markdown => whole(&reference),
        (None, None) => overview(&reference, palette, width),
        (Some(name), None) => {
            let found = reference.find(name).map_err(unknown)?;
            if arguments.markdown {
                found.markdown(Depth::All)
            } else {
                let hint = hint(&found);
                let text = terminal::shown(&found.markdown(Depth::Top), palette, width);
                if hint.is_empty() { text } else { format!("{text}\n\n{}", palette.dim(&hint)) }
            }
        }
    };
    let text = text.trim_end();
    match &arguments.out {
        None => tools.screen.out(text),
        Some(path) => {
            let failed = |source| Error::Io { what: format!("write {}", path.display()), source };
            std::fs::write(path, format!("{text}\n")).map_err(failed)?;
            tools.screen.err(&escape::line(&format!("written to {}", path.display())));
        }
    }
    Ok(Exit::Success)
}

fn unknown(unknown: Unknown) -> Error {
    let help = match &unknown.meant {
        Some(meant) => format!("did you mean `{meant}`? hzscript docs {meant}"),
        None => "hzscript docs lists what there is; hzscript docs --search WORDS looks through all of it".to_owned(),
    };
    Error::Usage { message: unknown.to_string(), help: Some(help) }
}

/// Where to read on, below what was found.
fn hint(found: &Found) -> String {
    let (path, properties) = match found {
        Found::Entry(entry) => (&entry.heading.name, &entry.properties),
        Found::Property { path, property, .. } => (path, &property.properties),
        Found::Attribute { .. } => return String::new(),
    };
    let inner = properties.iter().find(|property| !property.properties.is_empty());
    let name = inner.and_then(|property| property.names.first());
    name.map(|name| format!("hzscript docs {path}.{name} tells what is in a property.")).unwrap_or_default()
}

/// Everything as one text of Markdown.
fn whole(reference: &Reference) -> String {
    let entries = reference.entries();
    let mut text = format!("# Reference of hzscript {}\n", env!("CARGO_PKG_VERSION"));
    for section in Section::ALL {
        text.push_str(&format!("\n# {}\n", section.title()));
        for entry in entries.iter().filter(|entry| entry.heading.section == section) {
            // One level below the section.
            for line in entry.markdown(Depth::All).lines() {
                let heading = line.starts_with("# ") || line.starts_with("## ");
                text.push_str(&format!("\n{}{line}", if heading { "#" } else { "" }));
            }
            text.push('\n');
        }
    }
    text
}

/// What there is, by section.
fn overview(reference: &Reference, palette: Palette, width: usize) -> String {
    let headings = reference.headings();
    let mut text = listed(&headings, palette, width);
    text.push_str(&format!(
        "\n\n{}",
        palette.dim(
            "hzscript docs NAME tells all of one, ecs_service.desiredCount of a property; --search WORDS looks through everything."
        )
    ));
    text
}

/// Names with their summaries, below the titles of their sections.
fn listed(headings: &[Heading], palette: Palette, width: usize) -> String {
    let mut blocks = Vec::new();
    for section in Section::ALL {
        let those: Vec<&Heading> = headings.iter().filter(|heading| heading.section == section).collect();
        let lengths = those.iter().map(|heading| heading.name.chars().count());
        let column = lengths.filter(|length| *length <= LONGEST_NAME).max().unwrap_or(0);
        let lines: Vec<String> = those.into_iter().map(|heading| line(heading, column, palette, width)).collect();
        if !lines.is_empty() {
            blocks.push(format!("{}\n{}", palette.bold(section.title()), lines.join("\n")));
        }
    }
    blocks.join("\n\n")
}

fn line(heading: &Heading, column: usize, palette: Palette, width: usize) -> String {
    let name = format!("{:column$}", heading.name);
    let summary = match (&heading.type_name, heading.summary.is_empty()) {
        (Some(type_name), true) => type_name.clone(),
        // Its first sentence.
        _ => heading.summary.split_inclusive(". ").next().unwrap_or_default().trim_end().replace('`', ""),
    };
    let room = width.saturating_sub(name.chars().count() + 4).max(20);
    format!("  {}  {}", palette.cyan(&name), escape::shortened(&escape::line(&summary), room)).trim_end().to_owned()
}

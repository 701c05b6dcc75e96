//! `:doc`: what a builder, a function or a command is, and takes.

use hzscript::reference::{Depth, Reference, Unknown};

use super::super::error::Error;
use super::super::render::escape;
use super::super::render::palette::Palette;
use super::command::COMMANDS;
use super::{Repl, usage};

impl Repl<'_> {
    /// Shows what there is to say about a name.
    pub(super) fn doc(&self, name: &str) -> Result<(), Error> {
        let screen = &self.tools.screen;
        if let Some((command, takes, what)) = COMMANDS.iter().find(|(command, ..)| *command == name) {
            screen.out(&format!("{command} {takes}\n  {what}"));
            return Ok(());
        }
        if let Some((_, usage)) = hzscript::script::explore::questions().iter().find(|(question, _)| *question == name)
        {
            screen.out(&format!("{usage}\n  asks what runs; at the prompt only, scripts do not have it"));
            return Ok(());
        }
        let found = Reference::new().find(name).map_err(|Unknown { name, meant }| {
            let help = match meant {
                Some(meant) => format!("did you mean {meant}?"),
                None => "Tab after a few letters shows what there is".to_owned(),
            };
            usage(&format!("there is nothing named `{}`", escape::line(&name)), Some(&help))
        })?;
        screen.out(&colored(&escape::lines(&found.markdown(Depth::Top)), screen.out_palette()));
        Ok(())
    }
}

/// Markdown with its headings and examples in colours.
fn colored(markdown: &str, palette: Palette) -> String {
    let mut in_example = false;
    let line = |line: &str| {
        if line.starts_with("```") {
            in_example = !in_example;
            return None;
        }
        Some(match line.trim_start_matches('#') {
            heading if heading.len() < line.len() && !in_example => palette.bold(heading.trim_start()),
            _ if in_example => format!("    {}", super::line::colored(line, palette)),
            _ => line.to_owned(),
        })
    };
    markdown.trim_end().lines().filter_map(line).collect::<Vec<_>>().join("\n")
}

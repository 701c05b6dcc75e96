//! `hzscript explain`: what a code means, at length.

use hzscript::explain::{Explanation, explain, explanations};
use serde_json::json;

use super::Tools;
use super::args::ExplainArguments;
use super::error::Error;
use super::exit::Exit;
use super::known::closest;
use super::render::palette::Palette;
use super::render::table::table;

/// Prints the explanation of a code, or the list of all.
///
/// # Errors
/// When nothing is known of the code.
pub fn run(arguments: &ExplainArguments, tools: &Tools) -> Result<Exit, Error> {
    let code = arguments.code.join(" ");
    if code.is_empty() {
        list(arguments.json, tools);
        return Ok(Exit::Success);
    }
    // Several are told after an error, with commas between them.
    let known = code.split(',').map(|code| explain(code).ok_or_else(|| unknown(code.trim())));
    let known = known.collect::<Result<Vec<_>, _>>()?;
    if arguments.json {
        let all: Vec<_> = known.into_iter().map(json).collect();
        let value = match all.as_slice() {
            [one] => one.clone(),
            many => json!(many),
        };
        tools.screen.raw_out(&format!("{value:#}"));
        return Ok(Exit::Success);
    }
    let texts: Vec<String> = known.into_iter().map(|known| told(known, tools.screen.out_palette())).collect();
    tools.screen.out(&texts.join("\n\n"));
    Ok(Exit::Success)
}

fn list(as_json: bool, tools: &Tools) {
    if as_json {
        let all: Vec<_> = explanations().iter().map(json).collect();
        tools.screen.raw_out(&format!("{:#}", json!(all)));
        return;
    }
    let row = |known: &Explanation| [known.code.to_owned(), known.title.to_owned()];
    for (of_aws, heading) in [(false, "hzscript's own:"), (true, "\nAWS's, and reasons why tasks stop:")] {
        let rows = explanations().iter().filter(|known| known.of_aws == of_aws).map(row);
        tools.screen.out(&format!("{heading}\n{}", table(["CODE", "WHAT IT SAYS"], rows)));
    }
}

fn json(known: &Explanation) -> serde_json::Value {
    let Explanation { code, of_aws, title, cause, example, way_out } = known;
    json!({ "code": code, "ofAws": of_aws, "title": title, "cause": cause, "example": example, "wayOut": way_out })
}

/// Columns that paragraphs are wrapped at.
const WIDTH: usize = 100;

fn told(known: &Explanation, palette: Palette) -> String {
    let mut lines = vec![palette.bold(&format!("{}: {}", known.code, known.title)), String::new()];
    let parts = [("Cause", known.cause), ("Example", known.example), ("Way out", known.way_out)];
    for (index, (name, text)) in parts.into_iter().enumerate() {
        if index > 0 {
            lines.push(String::new());
        }
        lines.push(palette.cyan(&format!("{name}:")));
        lines.extend(wrapped(text).into_iter().map(|line| format!("  {line}")));
    }
    lines.join("\n")
}

fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let full = lines
            .last()
            .is_some_and(|line| !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH);
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

fn unknown(code: &str) -> Error {
    let names = explanations().iter().map(|known| known.code);
    let near = closest(code, names).map(|near| format!("did you mean {near}? `hzscript explain` lists all"));
    Error::Usage {
        message: format!("nothing is known of the code {code}"),
        help: Some(near.unwrap_or_else(|| {
            "`hzscript explain` lists all; what AWS's other codes mean is in the reference of the call".to_owned()
        })),
    }
}

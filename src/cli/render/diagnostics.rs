//! Mistakes in a script with the place they are about, rendered by miette.

use std::collections::BTreeMap;

use hzscript::model::{Address, Source};
use hzscript::plan::Problem;
use hzscript::script::{Diagnostic, Place};
use hzscript::synth;
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, Severity, SourceCode,
    SourceSpan, SpanContents,
};

use super::escape;
use super::palette::Palette;

/// A mistake as text, ending in a line break.
pub fn mistake(diagnostic: &Diagnostic, sources: &BTreeMap<String, String>, palette: Palette, width: usize) -> String {
    render(diagnostic, Severity::Error, sources, palette, width)
}

/// A warning as text, ending in a line break.
pub fn warning(diagnostic: &Diagnostic, sources: &BTreeMap<String, String>, palette: Palette, width: usize) -> String {
    render(diagnostic, Severity::Warning, sources, palette, width)
}

/// A problem of planning as a mistake at the place of the declaration.
pub fn of_problem(
    (address, source, problem): &(Address, Option<Source>, Problem),
    sources: &BTreeMap<String, String>,
) -> Diagnostic {
    let message = match problem {
        Problem::Cycle { .. } | Problem::Protected { .. } | Problem::NoOrder(_) => problem.to_string(),
        _ => format!("{address}: {problem}"),
    };
    at_declaration(message, source.as_ref(), sources, problem.help())
}

/// A problem of a template as a mistake at the place of the declaration.
pub fn of_template(
    (what, source, problem): &(String, Option<Source>, synth::Problem),
    sources: &BTreeMap<String, String>,
) -> Diagnostic {
    at_declaration(format!("{what}: {problem}"), source.as_ref(), sources, problem.help())
}

fn at_declaration(
    message: String,
    source: Option<&Source>,
    sources: &BTreeMap<String, String>,
    help: Option<String>,
) -> Diagnostic {
    Diagnostic {
        message,
        label: source.map(|_| "declared here".to_owned()),
        place: source.map(|source| place(source, sources)),
        called_from: Vec::new(),
        help,
    }
}

/// The place of a declaration: the word that begins there, when the file is at hand.
fn place(source: &Source, sources: &BTreeMap<String, String>) -> Place {
    let text = sources.get(&source.file).map_or("", String::as_str);
    let before: usize = text.split_inclusive('\n').take(source.line.saturating_sub(1)).map(str::len).sum();
    let line = text[before..].lines().next().unwrap_or_default();
    let within = line.char_indices().nth(source.column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    let word = line[within..].find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(line.len() - within);
    Place { file: source.file.clone(), line: source.line, column: source.column, offset: before + within, length: word }
}

fn render(
    diagnostic: &Diagnostic,
    severity: Severity,
    sources: &BTreeMap<String, String>,
    palette: Palette,
    width: usize,
) -> String {
    let snippet = diagnostic.place.as_ref().and_then(|place| Snippet::new(place, sources.get(&place.file)?));
    let shown = Shown {
        message: escape::lines(&diagnostic.message),
        severity,
        label: diagnostic.label.as_ref().map(|label| escape::line(label).into_owned()),
        help: diagnostic.help.as_ref().map(|help| escape::lines(help)),
        snippet,
    };
    let theme = if palette.is_colored() { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_width(width);
    let mut text = String::new();
    if handler.render_report(&mut text, &shown).is_err() {
        text = format!("  × {}\n", shown.message);
    }
    if shown.snippet.is_none()
        && let Some(place) = &diagnostic.place
    {
        text.push_str(&format!("  at {}\n", position(place)));
    }
    for place in &diagnostic.called_from {
        text.push_str(&format!("  called from {}\n", position(place)));
    }
    text
}

/// `file:line:column`.
fn position(place: &Place) -> String {
    format!("{}:{}:{}", escape::line(&place.file), place.line, place.column)
}

/// A diagnostic as miette wants it.
#[derive(Debug)]
struct Shown {
    message: String,
    severity: Severity,
    label: Option<String>,
    help: Option<String>,
    snippet: Option<Snippet>,
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl miette::Diagnostic for Shown {
    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn std::fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.snippet.as_ref().map(|snippet| snippet as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let snippet = self.snippet.as_ref()?;
        let label = LabeledSpan::new_primary_with_span(self.label.clone(), snippet.span);
        Some(Box::new(std::iter::once(label)))
    }
}

/// A file and the place in it. Its columns are of characters, where miette's own are of bytes.
#[derive(Debug)]
struct Snippet {
    name: String,
    text: String,
    span: SourceSpan,
    line: usize,
    column: usize,
}

impl Snippet {
    /// `None` when the place is not in the text.
    fn new(place: &Place, text: &str) -> Option<Self> {
        let end = place.offset.checked_add(place.length)?;
        if !text.is_char_boundary(place.offset) || !text.is_char_boundary(end) {
            return None;
        }
        Some(Self {
            name: escape::line(&place.file).into_owned(),
            text: escape::same_length(text),
            span: (place.offset, place.length).into(),
            line: place.line,
            column: place.column,
        })
    }
}

impl SourceCode for Snippet {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let found = self.text.read_span(span, before, after)?;
        let primary = before == 0 && after == 0 && *span == self.span;
        let (line, column) = if primary {
            (self.line.saturating_sub(1), self.column.saturating_sub(1))
        } else {
            (found.line(), found.column())
        };
        let contents = MietteSpanContents::new_named(
            self.name.clone(),
            found.data(),
            *found.span(),
            line,
            column,
            found.line_count(),
        );
        Ok(Box::new(contents))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "scripts/a.rhai";

    fn shown(diagnostic: &Diagnostic, text: &str) -> String {
        let sources = BTreeMap::from([(FILE.to_owned(), text.to_owned())]);
        mistake(diagnostic, &sources, Palette::new(false), 90)
    }

    fn at(line: usize, column: usize, offset: usize, length: usize) -> Place {
        Place { file: FILE.to_owned(), line, column, offset, length }
    }

    #[test]
    fn a_mistake_shows_its_place_label_and_help() {
        let text = "let é = \"ü\"; ec2_vpc(\"a\", #{ cidrBlok: \"\u{1b}[2J\" });\n";
        let offset = text.find("cidrBlok").expect("it is there");
        let column = text[..offset].chars().count() + 1;
        let diagnostic = Diagnostic {
            message: "ec2_vpc has no property `cidrBlok`".to_owned(),
            label: Some("not a property of ec2_vpc".to_owned()),
            place: Some(at(1, column, offset, 8)),
            called_from: vec![at(7, 1, 0, 0)],
            help: Some("did you mean `cidrBlock`?".to_owned()),
        };
        insta::assert_snapshot!(shown(&diagnostic, text), @r#"
         × ec2_vpc has no property `cidrBlok`
          ╭─[scripts/a.rhai:1:30]
        1 │ let é = "ü"; ec2_vpc("a", #{ cidrBlok: "?[2J" });
          ·                              ────┬───
          ·                                  ╰── not a property of ec2_vpc
          ╰────
         help: did you mean `cidrBlock`?
         called from scripts/a.rhai:7:1
        "#);
    }

    #[test]
    fn a_place_that_is_not_in_the_file_is_named_all_the_same() {
        let mut diagnostic = Diagnostic {
            message: "the script ends too soon".to_owned(),
            label: None,
            place: Some(at(9, 3, 900, 4)),
            called_from: Vec::new(),
            help: None,
        };
        insta::assert_snapshot!(shown(&diagnostic, "short"), @r"
        × the script ends too soon
        at scripts/a.rhai:9:3
        ");
        diagnostic.place = Some(at(1, 6, 5, 0));
        insta::assert_snapshot!(shown(&diagnostic, "short"), @r"
         × the script ends too soon
          ╭─[scripts/a.rhai:1:6]
        1 │ short
          ╰────
        ");
        diagnostic.place = Some(at(1, 1, 0, 0));
        insta::assert_snapshot!(shown(&diagnostic, ""), @r"
        × the script ends too soon
         ╭─[scripts/a.rhai:1:1]
         ╰────
        ");
    }

    #[test]
    fn a_problem_of_planning_points_at_the_declaration() {
        let text = "\nlet é = 1; ecs_cluster(\"a\");\n";
        let source = Source { file: FILE.to_owned(), line: 2, column: 12 };
        let address: Address = "ecs_cluster.a".parse().expect("an address");
        let problem = Problem::NoCode { kind: "AWS::ECS::Cluster".to_owned() };
        let sources = BTreeMap::from([(FILE.to_owned(), text.to_owned())]);
        let diagnostic = of_problem(&(address, Some(source), problem), &sources);
        let place = diagnostic.place.clone().expect("a place");
        assert_eq!(&text[place.offset..place.offset + place.length], "ecs_cluster");
        insta::assert_snapshot!(shown(&diagnostic, text), @r#"
         × ecs_cluster.a: AWS::ECS::Cluster can be declared but not made: this version has no
         │ code for it, and Cloud Control does not make it
          ╭─[scripts/a.rhai:2:12]
        1 │ 
        2 │ let é = 1; ecs_cluster("a");
          ·            ─────┬─────
          ·                 ╰── declared here
          ╰────
         help: leave it out of the script, or make it by other means and use its id
        "#);
    }
}

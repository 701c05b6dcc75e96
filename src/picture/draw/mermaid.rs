//! A diagram as [mermaid](https://mermaid.js.org/syntax/flowchart.html) has flowcharts.

use std::fmt::Write;

use super::layout::filled;
use super::text::visible;
use super::{Diagram, Direction, Line, Mark};

/// Writes it.
pub fn mermaid(diagram: &Diagram) -> String {
    let mut out = format!(
        "---\ntitle: {}\n---\nflowchart {}\n",
        serde_json::Value::from(visible(&diagram.title)),
        match diagram.direction {
            Direction::Down => "TB",
            Direction::Right => "LR",
        }
    );
    let filled: Vec<usize> = filled(diagram).into_iter().collect();
    within(diagram, &filled, None, 1, &mut out);
    for edge in &diagram.edges {
        let arrow = match edge.line {
            Line::Plain => "-->",
            Line::Strong | Line::Alarming => "==>",
            Line::Dashed => "-.->",
        };
        let label = if edge.label.is_empty() { String::new() } else { format!("|{}|", quoted(&edge.label)) };
        put(&mut out, format_args!("  n{} {arrow}{label} n{}\n", edge.from, edge.to));
    }
    for (mark, style) in STYLES {
        let of: Vec<String> = diagram
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.mark == Some(*mark))
            .map(|(at, _)| format!("n{at}"))
            .collect();
        if !of.is_empty() {
            let name = mark.name();
            put(&mut out, format_args!("  classDef {name} {style}\n  class {} {name}\n", of.join(",")));
        }
    }
    out
}

/// How what something happens to is shown.
const STYLES: &[(Mark, &str)] = &[
    (Mark::Create, "stroke:#1a8f4c,fill:#eaf8f0,color:#1b2431"),
    (Mark::TakeOver, "stroke:#0e8f9c,fill:#e8f7f9,color:#1b2431"),
    (Mark::Update, "stroke:#b07503,fill:#fff7e2,color:#1b2431"),
    (Mark::Replace, "stroke:#9333b8,fill:#f8edfc,color:#1b2431"),
    (Mark::Wait, "stroke:#0e8f9c,fill:#e8f7f9,color:#1b2431"),
    (Mark::Delete, "stroke:#cf2e2e,fill:#fdecec,color:#1b2431,stroke-dasharray:4 4"),
    (Mark::Forget, "stroke:#cf2e2e,fill:#fdecec,color:#1b2431,stroke-dasharray:4 4"),
];

/// What a frame has in it.
fn within(diagram: &Diagram, filled: &[usize], frame: Option<usize>, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    for at in filled {
        let Some(group) = diagram.groups.get(*at).filter(|group| group.within == frame) else { continue };
        let title = format!("{} {}", group.title, group.note);
        put(out, format_args!("{indent}subgraph g{at} [{}]\n", quoted(title.trim())));
        within(diagram, filled, Some(*at), depth + 1, out);
        put(out, format_args!("{indent}end\n"));
    }
    for (at, node) in diagram.nodes.iter().enumerate().filter(|(_, node)| node.within == frame) {
        let sign = node.mark.map_or("", Mark::sign);
        let title = if sign.is_empty() { node.title.clone() } else { format!("{sign} {}", node.title) };
        let lines: Vec<String> = std::iter::once(&title).chain(&node.lines).map(|line| entities(line)).collect();
        put(out, format_args!("{indent}n{at}[\"{}\"]\n", lines.join("<br/>")));
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", entities(text))
}

/// Text with mermaid's own entities for whatever means something to it or to HTML.
fn entities(text: &str) -> String {
    let mut out = String::new();
    for c in visible(text).chars() {
        match c {
            c if c.is_alphanumeric() || " .,:/-_+~()…−±→".contains(c) => out.push(c),
            c => put(&mut out, format_args!("#{};", u32::from(c))),
        }
    }
    out
}

fn put(out: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(what);
}

//! A diagram in [Graphviz's language](https://graphviz.org/doc/info/lang.html).

use std::fmt::Write;

use super::layout::filled;
use super::text::visible;
use super::{Diagram, Direction, Line, Mark};

/// Writes it.
pub fn dot(diagram: &Diagram) -> String {
    let direction = match diagram.direction {
        Direction::Down => "TB",
        Direction::Right => "LR",
    };
    let mut out = format!(
        "digraph {{\n  label={}; labelloc=t; rankdir={direction}; fontname=\"sans-serif\";\n  node [shape=box, \
         style=\"rounded,filled\", fillcolor=\"#ffffff\", color=\"#93a1b3\", fontname=\"sans-serif\", fontsize=11];\n  edge \
         [color=\"#5b6879\", fontname=\"sans-serif\", fontsize=10];\n",
        quoted(&diagram.title)
    );
    let filled: Vec<usize> = filled(diagram).into_iter().collect();
    within(diagram, &filled, None, 1, &mut out);
    for edge in &diagram.edges {
        let mut attributes = Vec::new();
        if !edge.label.is_empty() {
            attributes.push(format!("label={}", quoted(&edge.label)));
        }
        match edge.line {
            Line::Plain => {}
            Line::Strong => attributes.push("penwidth=1.6, color=\"#2563c9\"".to_owned()),
            Line::Alarming => attributes.push("penwidth=1.6, color=\"#d1382f\"".to_owned()),
            Line::Dashed => attributes.push("style=dashed".to_owned()),
        }
        let attributes = if attributes.is_empty() { String::new() } else { format!(" [{}]", attributes.join(", ")) };
        // An arrow against the rest is written the other way, and drawn from its end.
        let (from, to, turned) = match edge.back {
            false => (edge.from, edge.to, ""),
            true => (edge.to, edge.from, " [dir=back]"),
        };
        put(&mut out, format_args!("  n{from} -> n{to}{attributes}{turned};\n"));
    }
    out.push_str("}\n");
    out
}

fn within(diagram: &Diagram, filled: &[usize], frame: Option<usize>, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    for at in filled {
        let Some(group) = diagram.groups.get(*at).filter(|group| group.within == frame) else { continue };
        let title = format!("{} {}", group.title, group.note);
        put(
            out,
            format_args!(
                "{indent}subgraph cluster_{at} {{\n{indent}  label={}; style=\"rounded\"; color=\"#93a1b3\";\n",
                quoted(title.trim())
            ),
        );
        within(diagram, filled, Some(*at), depth + 1, out);
        put(out, format_args!("{indent}}}\n"));
    }
    for (at, node) in diagram.nodes.iter().enumerate().filter(|(_, node)| node.within == frame) {
        let sign = node.mark.map_or("", Mark::sign);
        let title = if sign.is_empty() { node.title.clone() } else { format!("{sign} {}", node.title) };
        let lines: Vec<String> = std::iter::once(&title).chain(&node.lines).map(|line| escaped(line)).collect();
        let style = node.mark.map_or("", color);
        put(
            out,
            format_args!("{indent}n{at} [label=\"{}\", tooltip={}{style}];\n", lines.join("\\n"), quoted(&node.tip)),
        );
    }
}

fn color(mark: Mark) -> &'static str {
    match mark {
        Mark::Create => ", color=\"#1a8f4c\", fillcolor=\"#eaf8f0\"",
        Mark::TakeOver | Mark::Wait => ", color=\"#0e8f9c\", fillcolor=\"#e8f7f9\"",
        Mark::Update => ", color=\"#b07503\", fillcolor=\"#fff7e2\"",
        Mark::Replace => ", color=\"#9333b8\", fillcolor=\"#f8edfc\"",
        Mark::Delete | Mark::Forget => ", color=\"#cf2e2e\", fillcolor=\"#fdecec\", style=\"rounded,filled,dashed\"",
        Mark::Same => "",
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// Text between double quotes, in which a backslash begins an escape and `&` an entity of HTML.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in visible(text).chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out
}

fn put(out: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(what);
}

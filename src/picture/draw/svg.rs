//! A diagram as SVG. Texts keep their measured widths whatever font there is, so that they stay in their boxes.

use std::fmt::Write;

use super::font::{Weight, fitted, width};
use super::layout::{
    ABOVE, AFTER, HEAD, HEADING, INDENT, Layout, LayoutError, NAME, NAME_LINE, Rect, Route, SIGN, SMALL, SMALL_LINE,
    count, filled, layout,
};
use super::paint;
use super::text::markup;
use super::{Diagram, Edge, Legend, Line, Mark, Node};

/// Around everything.
const MARGIN: f64 = 28.0;
/// The height of the heading.
const TITLE: f64 = 58.0;
/// The height of the legend.
const LEGEND: f64 = 34.0;
/// The least width of a picture.
const NARROWEST: f64 = 420.0;

/// What a picture is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use<'a> {
    /// A file of its own.
    Alone,
    /// Pixels: only light colours.
    Pixels,
    /// A part of an HTML page, which has [`style`] among its own: identifiers begin with this, and boxes lead to the
    /// places in the page that are called `change-` and their identifier, when they are links.
    Within {
        /// The beginning of identifiers.
        prefix: &'a str,
        /// Whether boxes are links.
        links: bool,
    },
}

/// The rules of style that pictures within a page need.
pub fn style() -> String {
    paint::style()
}

/// Writes it.
///
/// # Errors
/// When it cannot be laid out.
pub fn svg(diagram: &Diagram, of: Use<'_>) -> Result<String, LayoutError> {
    let placed = layout(diagram)?;
    Ok(Picture { diagram, placed, of, out: String::new() }.written())
}

struct Picture<'a> {
    diagram: &'a Diagram,
    placed: Layout,
    of: Use<'a>,
    out: String,
}

impl Picture<'_> {
    fn written(mut self) -> String {
        let Diagram { title, about, .. } = self.diagram;
        let heading = width(title, 18.0, Weight::Bold).max(width(about, 12.0, Weight::Regular)).max(NARROWEST);
        let legend = self.legend_width();
        let inner = self.placed.width.max(heading).max(legend);
        let legend_height = if self.diagram.legend.is_empty() { 0.0 } else { LEGEND };
        let (wide, high) = (inner + 2.0 * MARGIN, self.placed.height + TITLE + legend_height + 2.0 * MARGIN);
        let (wide, high) = (wide.ceil(), high.ceil());
        let prefix = self.prefix();
        self.put(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}\" height=\"{high}\" viewBox=\"0 0 {wide} {high}\" \
             role=\"img\" aria-labelledby=\"{prefix}title {prefix}about\" font-family=\"{}\">\n\
             <title id=\"{prefix}title\">{}</title>\n<desc id=\"{prefix}about\">{}</desc>\n",
            paint::FONTS,
            markup(title),
            markup(about)
        ));
        match self.of {
            Use::Alone => self.put(format_args!("<style>{}</style>\n", paint::style())),
            Use::Pixels => self.put(format_args!("<style>{}</style>\n", paint::light())),
            Use::Within { .. } => {}
        }
        if !matches!(self.of, Use::Within { .. }) {
            self.put(format_args!(
                "<rect class=\"hz-paper\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"12\"/>\n",
                wide - 1.0,
                high - 1.0
            ));
        }
        self.text("hz-T", MARGIN, MARGIN + 16.0, title, 18.0, Weight::Bold);
        self.text("hz-A", MARGIN, MARGIN + 36.0, about, 12.0, Weight::Regular);
        self.put(format_args!(
            "<g class=\"hz-all\" transform=\"translate({} {})\">\n",
            short(MARGIN + (inner - self.placed.width) / 2.0),
            short(MARGIN + TITLE)
        ));
        self.groups();
        self.edges();
        self.nodes();
        self.labels();
        self.put(format_args!("</g>\n"));
        if legend_height > 0.0 {
            self.legend(high - MARGIN);
        }
        self.out.push_str("</svg>\n");
        self.out
    }

    fn prefix(&self) -> String {
        match self.of {
            Use::Within { prefix, .. } => format!("{prefix}-"),
            Use::Alone | Use::Pixels => String::new(),
        }
    }

    fn put(&mut self, what: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.out.write_fmt(what);
    }

    /// A line of text that is as wide as it was measured, in whatever font.
    fn text(&mut self, class: &str, x: f64, y: f64, text: &str, size: f64, weight: Weight) {
        let wide = width(text, size, weight);
        if text.is_empty() {
            return;
        }
        self.put(format_args!(
            "<text class=\"{class}\" x=\"{}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\">{}</text>\n",
            short(x),
            short(y),
            short(wide),
            markup(text)
        ));
    }

    fn groups(&mut self) {
        let filled = filled(self.diagram);
        for at in filled {
            let (Some(group), Some(rect)) = (self.diagram.groups.get(at), self.placed.groups.get(at).copied()) else {
                continue;
            };
            self.put(format_args!(
                "<g class=\"hz-frame\"><title>{}</title>",
                markup(format!("{} {}", group.title, group.note).trim())
            ));
            self.put(format_args!("<rect class=\"hz-g hz-g-{}\" {} rx=\"10\"/>\n", group.tone.name(), rectangle(rect)));
            let room = rect.width - 2.0 * 12.0;
            let title = fitted(&group.title, HEADING, Weight::Bold, room);
            let taken = width(&title, HEADING, Weight::Bold) + 8.0;
            let y = rect.y + HEAD * 0.5 + 8.0;
            self.text("hz-h", rect.x + 12.0, y, &title, HEADING, Weight::Bold);
            if room - taken > 24.0 {
                let note = fitted(&group.note, SMALL, Weight::Regular, room - taken);
                self.text("hz-s", rect.x + 12.0 + taken, y, &note, SMALL, Weight::Regular);
            }
            self.put(format_args!("</g>\n"));
        }
    }

    fn edges(&mut self) {
        for (edge, route) in self.diagram.edges.iter().zip(std::mem::take(&mut self.placed.edges)) {
            self.edge(edge, &route);
            self.placed.edges.push(route);
        }
    }

    fn edge(&mut self, edge: &Edge, route: &Route) {
        let Some((path, head)) = way(&route.points) else { return };
        let (from, to) = (&self.diagram.nodes[edge.from], &self.diagram.nodes[edge.to]);
        let class = match edge.line {
            Line::Plain => "",
            Line::Strong => " hz-strong",
            Line::Alarming => " hz-alarming",
            Line::Dashed => " hz-dashed",
        };
        let said = if edge.label.is_empty() { String::new() } else { format!(": {}", edge.label) };
        self.put(format_args!(
            "<g class=\"hz-e{class}\" data-from=\"{}\" data-to=\"{}\"><title>{}</title><path d=\"{path}\"/>\
             <polygon points=\"{head}\"/></g>\n",
            markup(&from.id),
            markup(&to.id),
            markup(&format!("{} → {}{said}", from.title, to.title))
        ));
    }

    /// What stands beside arrows, above everything else.
    fn labels(&mut self) {
        for (edge, route) in self.diagram.edges.iter().zip(std::mem::take(&mut self.placed.edges)) {
            let Some((x, y)) = route.label else { continue };
            let class = match edge.line {
                Line::Strong => "hz-e hz-strong",
                Line::Alarming => "hz-e hz-alarming",
                Line::Plain | Line::Dashed => "hz-e",
            };
            let wide = width(&edge.label, SMALL, Weight::Regular);
            let field = Rect { x: x - wide / 2.0 - 4.0, y: y - 8.5, width: wide + 8.0, height: 17.0 };
            self.put(format_args!("<g class=\"{class} hz-label\"><rect {} rx=\"5\"/>", rectangle(field)));
            self.text("hz-s", x - wide / 2.0, y + 4.0, &edge.label, SMALL, Weight::Regular);
            self.put(format_args!("</g>\n"));
        }
    }

    fn nodes(&mut self) {
        for (node, rect) in self.diagram.nodes.iter().zip(std::mem::take(&mut self.placed.nodes)) {
            self.node(node, rect);
            self.placed.nodes.push(rect);
        }
    }

    fn node(&mut self, node: &Node, rect: Rect) {
        let link = match self.of {
            Use::Within { prefix, links } => {
                let id = format!("{prefix}-{}", node.id);
                let open = if links {
                    format!("<a class=\"hz-a\" href=\"#change-{}\">", markup(&node.id))
                } else {
                    String::new()
                };
                self.put(format_args!("{open}<g id=\"{}\" ", markup(&id)));
                links
            }
            Use::Alone | Use::Pixels => {
                self.put(format_args!("<g "));
                false
            }
        };
        let mark = node.mark.map_or("none", Mark::name);
        self.put(format_args!(
            "class=\"hz-n hz-m-{mark}\" data-id=\"{}\"><title>{}</title><rect class=\"hz-box\" {} rx=\"7\"/>",
            markup(&node.id),
            markup(&node.tip),
            rectangle(rect)
        ));
        let tone = node.tone.name();
        self.put(format_args!(
            "<rect class=\"hz-bar hz-b-{tone}\" x=\"{}\" y=\"{}\" width=\"3\" height=\"{}\" rx=\"1.5\" stroke=\"none\"/>\
             <path class=\"hz-i hz-i-{tone}\" transform=\"translate({} {})\" d=\"{}\"/>\n",
            short(rect.x + 4.0),
            short(rect.y + 6.0),
            short(rect.height - 12.0),
            short(rect.x + 12.0),
            short(rect.y + 8.0),
            paint::icon(node.tone)
        ));
        let sign = node.mark.map_or("", Mark::sign);
        let room = rect.width - INDENT - AFTER;
        let room_of_name = if sign.is_empty() { room } else { room - SIGN };
        let title = fitted(&node.title, NAME, Weight::Bold, room_of_name);
        let x = rect.x + INDENT;
        self.text("hz-t", x, rect.y + ABOVE + 13.0, &title, NAME, Weight::Bold);
        for (at, line) in node.lines.iter().enumerate() {
            let y = rect.y + ABOVE + NAME_LINE + SMALL_LINE * count(at) + 11.0;
            let line = fitted(line, SMALL, Weight::Regular, room);
            self.text("hz-s", x, y, &line, SMALL, Weight::Regular);
        }
        if !sign.is_empty() {
            let right = rect.x + rect.width - AFTER - width(sign, 14.0, Weight::Bold);
            self.text("hz-sign", right, rect.y + ABOVE + 13.0, sign, 14.0, Weight::Bold);
        }
        self.out.push_str(if link { "</g></a>\n" } else { "</g>\n" });
    }

    fn legend_width(&self) -> f64 {
        let entry = |entry: &Legend| match entry {
            Legend::Mark(_, text) => 20.0 + width(text, SMALL, Weight::Regular) + 18.0,
            Legend::Line(_, text) => 36.0 + width(text, SMALL, Weight::Regular) + 18.0,
        };
        self.diagram.legend.iter().map(entry).sum()
    }

    fn legend(&mut self, y: f64) {
        let mut x = MARGIN;
        for entry in &self.diagram.legend {
            match entry {
                Legend::Mark(mark, text) => {
                    self.put(format_args!(
                        "<g class=\"hz-n hz-m-{}\"><rect class=\"hz-box\" x=\"{}\" y=\"{}\" width=\"14\" height=\"14\" \
                         rx=\"3\"/>",
                        mark.name(),
                        short(x),
                        short(y - 11.0)
                    ));
                    let sign = width(mark.sign(), 14.0, Weight::Bold);
                    self.text("hz-sign", x + 7.0 - sign / 2.0, y + 1.0, mark.sign(), 14.0, Weight::Bold);
                    self.put(format_args!("</g>\n"));
                    self.text("hz-s", x + 20.0, y, text, SMALL, Weight::Regular);
                    x += 20.0 + width(text, SMALL, Weight::Regular) + 18.0;
                }
                Legend::Line(line, text) => {
                    let class = match line {
                        Line::Plain => "hz-e",
                        Line::Strong => "hz-e hz-strong",
                        Line::Alarming => "hz-e hz-alarming",
                        Line::Dashed => "hz-e hz-dashed",
                    };
                    if let Some((path, head)) = way(&[(x, y - 4.0), (x + 28.0, y - 4.0)]) {
                        self.put(format_args!(
                            "<g class=\"{class}\"><path d=\"{path}\"/><polygon points=\"{head}\"/></g>\n"
                        ));
                    }
                    self.text("hz-s", x + 36.0, y, text, SMALL, Weight::Regular);
                    x += 36.0 + width(text, SMALL, Weight::Regular) + 18.0;
                }
            }
        }
    }
}

/// A number as short as it can be told: hundredths of a pixel are not seen.
fn short(number: f64) -> String {
    let text = format!("{number:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn rectangle(rect: Rect) -> String {
    let Rect { x, y, width, height } = rect;
    format!("x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", short(x), short(y), short(width), short(height))
}

/// The way of an arrow through its points, round at the corners, and its head; none for an arrow without a way.
fn way(points: &[(f64, f64)]) -> Option<(String, String)> {
    const HEAD_LONG: f64 = 8.0;
    const HEAD_WIDE: f64 = 3.6;
    let (first, last) = (points.first()?, points.last()?);
    let before = points.iter().rev().find(|point| (point.0 - last.0).hypot(point.1 - last.1) > 0.5)?;
    let long = (last.0 - before.0).hypot(last.1 - before.1);
    let along = ((last.0 - before.0) / long, (last.1 - before.1) / long);
    let neck = (last.0 - along.0 * HEAD_LONG, last.1 - along.1 * HEAD_LONG);
    let end = (neck.0 + along.0, neck.1 + along.1);
    let point = |(x, y): (f64, f64)| format!("{} {}", short(x), short(y));
    let middle = |one: (f64, f64), other: (f64, f64)| ((one.0 + other.0) / 2.0, (one.1 + other.1) / 2.0);

    let mut path = format!("M{}", point(*first));
    let corners = points.get(1..points.len() - 1).unwrap_or_default();
    let mut rest = corners.iter().peekable();
    if let Some(corner) = corners.first() {
        let _ = write!(path, "L{}", point(middle(*first, *corner)));
    }
    while let Some(corner) = rest.next() {
        let next = rest.peek().map_or(end, |next| **next);
        let _ = write!(path, "Q{} {}", point(*corner), point(middle(*corner, next)));
    }
    let _ = write!(path, "L{}", point(end));
    let side = (-along.1 * HEAD_WIDE, along.0 * HEAD_WIDE);
    let comma = |(x, y): (f64, f64)| format!("{},{}", short(x), short(y));
    let head = [*last, (neck.0 + side.0, neck.1 + side.1), (neck.0 - side.0, neck.1 - side.1)].map(comma).join(" ");
    Some((path, head))
}

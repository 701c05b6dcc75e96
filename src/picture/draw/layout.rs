//! Where everything goes: sizes by the widths of texts, places by dagre's layers ([`dugong`]), and room for the headings
//! of frames, which dagre knows nothing of.

use std::collections::{BTreeMap, BTreeSet};

use dugong::graphlib::{Graph, GraphOptions};
use dugong::{EdgeLabel, GraphLabel, LabelPos, NodeLabel, Point, RankDir};

use super::font::{Weight, width};
use super::{Diagram, Direction, Node};

/// Sizes of text, in pixels: names, what is below them, headings of frames, beside arrows.
pub(super) const NAME: f64 = 13.0;
pub(super) const SMALL: f64 = 11.0;
pub(super) const HEADING: f64 = 12.0;

/// From the left border of a box to its text: past the icon.
pub(super) const INDENT: f64 = 38.0;
/// From the text of a box to its right border.
pub(super) const AFTER: f64 = 14.0;
/// The room that a sign takes at the right of a box.
pub(super) const SIGN: f64 = 26.0;
/// Above the first line of a box, and below the last.
pub(super) const ABOVE: f64 = 10.0;
/// The height of a box's name, and of a line below it.
pub(super) const NAME_LINE: f64 = 17.0;
pub(super) const SMALL_LINE: f64 = 15.0;
/// The height of a frame's heading.
pub(super) const HEAD: f64 = 30.0;
/// The widest a text in a box may be.
const WIDEST: f64 = 300.0;
/// The narrowest a box may be.
const NARROWEST: f64 = 120.0;
/// The most boxes without arrows in a row.
const ROWS: usize = 8;

/// Why nothing can be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it cannot be laid out: {reason}")]
pub struct LayoutError {
    /// What the layout found.
    pub reason: String,
}

/// A rectangle by its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// The way of an arrow.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Route {
    /// From beginning to end.
    pub points: Vec<(f64, f64)>,
    /// The middle of what stands beside it.
    pub label: Option<(f64, f64)>,
}

/// Where everything is.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Layout {
    pub width: f64,
    pub height: f64,
    pub nodes: Vec<Rect>,
    pub groups: Vec<Rect>,
    pub edges: Vec<Route>,
}

/// Lays a diagram out.
///
/// # Errors
/// When dagre finds no places, which it does for every graph that is known.
pub(super) fn layout(diagram: &Diagram) -> Result<Layout, LayoutError> {
    if diagram.nodes.is_empty() {
        return Ok(Layout::default());
    }
    let mut graph: Graph<NodeLabel, EdgeLabel, GraphLabel> =
        Graph::new(GraphOptions { directed: true, multigraph: true, compound: true });
    let down = diagram.direction == Direction::Down;
    graph.set_graph(GraphLabel {
        rankdir: if down { RankDir::TB } else { RankDir::LR },
        nodesep: if down { 34.0 } else { 18.0 },
        ranksep: if down { 44.0 } else { 56.0 },
        edgesep: 12.0,
        ..GraphLabel::default()
    });
    let filled = filled(diagram);
    for (at, _) in diagram.groups.iter().enumerate().filter(|(at, _)| filled.contains(at)) {
        graph.set_node(frame(at), NodeLabel::default());
    }
    for (at, node) in diagram.nodes.iter().enumerate() {
        let (width, height) = size(node);
        graph.set_node(id(at), NodeLabel { width, height, ..NodeLabel::default() });
    }
    for (at, group) in diagram.groups.iter().enumerate().filter(|(at, _)| filled.contains(at)) {
        if let Some(within) = group.within {
            graph.set_parent(frame(at), frame(within));
        }
    }
    for (at, node) in diagram.nodes.iter().enumerate() {
        if let Some(within) = node.within {
            graph.set_parent(id(at), frame(within));
        }
    }
    for (at, edge) in diagram.edges.iter().enumerate() {
        let mut label = EdgeLabel { minlen: 1, weight: 1.0, labelpos: LabelPos::C, ..EdgeLabel::default() };
        if !edge.label.is_empty() {
            label.width = width(&edge.label, SMALL, Weight::Regular) + 10.0;
            label.height = 18.0;
        }
        let (from, to) = if edge.back { (edge.to, edge.from) } else { (edge.from, edge.to) };
        graph.set_edge_named(id(from), id(to), Some(format!("e{at}")), Some(label));
    }
    for (number, (from, to)) in rows(diagram).into_iter().enumerate() {
        let label = EdgeLabel { minlen: 1, weight: 0.0, ..EdgeLabel::default() };
        graph.set_edge_named(id(from), id(to), Some(format!("r{number}")), Some(label));
    }
    dugong::layout(&mut graph).map_err(|error| LayoutError { reason: error.to_string() })?;
    Ok(headed(diagram, placed(diagram, &graph, &filled)))
}

fn id(at: usize) -> String {
    format!("n{at}")
}

fn frame(at: usize) -> String {
    format!("g{at}")
}

/// Frames that have a box somewhere in them: the others are not drawn.
pub(super) fn filled(diagram: &Diagram) -> BTreeSet<usize> {
    let mut filled = BTreeSet::new();
    for node in &diagram.nodes {
        let mut within = node.within;
        while let Some(at) = within {
            if !filled.insert(at) {
                break;
            }
            within = diagram.groups.get(at).and_then(|group| group.within);
        }
    }
    filled
}

/// The size of a box.
fn size(node: &Node) -> (f64, f64) {
    let sign = if node.mark.is_some_and(|mark| !mark.sign().is_empty()) { SIGN } else { 0.0 };
    let name = width(&node.title, NAME, Weight::Bold) + sign;
    let widest = node.lines.iter().map(|line| width(line, SMALL, Weight::Regular)).fold(name, f64::max);
    let height = 2.0 * ABOVE + NAME_LINE + SMALL_LINE * count(node.lines.len());
    ((INDENT + widest.min(WIDEST) + AFTER).max(NARROWEST).ceil(), height.max(36.0))
}

/// Boxes of the same frame that no arrow touches, in rows: pairs of which the second goes after the first.
fn rows(diagram: &Diagram) -> Vec<(usize, usize)> {
    let touched: BTreeSet<usize> = diagram.edges.iter().flat_map(|edge| [edge.from, edge.to]).collect();
    let mut alone: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (at, node) in diagram.nodes.iter().enumerate().filter(|(at, _)| !touched.contains(at)) {
        alone.entry(node.within).or_default().push(at);
    }
    let mut pairs = Vec::new();
    for boxes in alone.into_values() {
        let in_row = if boxes.len() <= 3 { boxes.len().max(1) } else { (boxes.len().isqrt() + 1).min(ROWS) };
        pairs.extend(boxes.iter().zip(boxes.iter().skip(in_row)).map(|(one, next)| (*one, *next)));
    }
    pairs
}

fn placed(diagram: &Diagram, graph: &Graph<NodeLabel, EdgeLabel, GraphLabel>, filled: &BTreeSet<usize>) -> Layout {
    let rect = |name: String| {
        let node = graph.node(&name)?;
        let (width, height) = (node.width, node.height);
        Some(Rect { x: node.x? - width / 2.0, y: node.y? - height / 2.0, width, height })
    };
    let route = |(at, edge): (usize, &super::Edge)| {
        let (from, to) = if edge.back { (edge.to, edge.from) } else { (edge.from, edge.to) };
        let Some(label) = graph.edge(&id(from), &id(to), Some(&format!("e{at}"))) else { return Route::default() };
        let mut points: Vec<(f64, f64)> = label.points.iter().map(|Point { x, y }| (*x, *y)).collect();
        if edge.back {
            points.reverse();
        }
        Route { points, label: label.x.zip(label.y).filter(|_| !edge.label.is_empty()) }
    };
    Layout {
        width: graph.graph().width,
        height: graph.graph().height,
        nodes: (0..diagram.nodes.len()).map(|at| rect(id(at)).unwrap_or_default()).collect(),
        groups: (0..diagram.groups.len())
            .map(|at| if filled.contains(&at) { rect(frame(at)).unwrap_or_default() } else { Rect::default() })
            .collect(),
        edges: diagram.edges.iter().enumerate().map(route).collect(),
    }
}

/// The layout with room below the upper border of each frame for its heading: whatever is lower moves down. What is beside
/// a frame moves as a whole, so that nothing comes to lie over anything.
fn headed(diagram: &Diagram, mut layout: Layout) -> Layout {
    let mut tops: Vec<f64> = Vec::new();
    for (rect, group) in layout.groups.iter().zip(&diagram.groups) {
        if rect.width > 0.0 && !group.title.is_empty() {
            tops.push(rect.y);
        }
    }
    tops.sort_by(f64::total_cmp);
    tops.dedup_by(|one, other| (*one - *other).abs() < 0.5);
    // Above a border, and below it.
    let above = |y: f64| y + HEAD * count(tops.iter().filter(|top| **top < y - 0.5).count());
    let below = |y: f64| y + HEAD * count(tops.iter().filter(|top| **top < y + 0.5).count());
    for rect in &mut layout.groups {
        let bottom = below(rect.y + rect.height);
        rect.y = above(rect.y);
        rect.height = bottom - rect.y;
    }
    let mut moved: Vec<f64> = Vec::new();
    for rect in &mut layout.nodes {
        let middle = rect.y + rect.height / 2.0;
        moved.push(below(middle) - middle);
        rect.y += below(middle) - middle;
    }
    for (route, edge) in layout.edges.iter_mut().zip(&diagram.edges) {
        // The ends of an arrow stay at their boxes.
        let last = route.points.len().saturating_sub(1);
        for (at, (_, y)) in route.points.iter_mut().enumerate() {
            *y = match at {
                0 => *y + moved[edge.from],
                at if at == last => *y + moved[edge.to],
                _ => below(*y),
            };
        }
        route.label.iter_mut().for_each(|(_, y)| *y = below(*y));
    }
    layout.height = below(layout.height);
    layout
}

/// A number of things as a length.
pub(super) fn count(things: usize) -> f64 {
    f64::from(u32::try_from(things).unwrap_or(u32::MAX))
}

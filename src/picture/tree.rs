//! A graph as text: each resource once with what it needs below it; what was told before is only named.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::Graph;
use super::draw::text::visible;
use super::draw::{Diagram, Edge, Mark};

/// The tree, a line for each. What nothing needs is at the left; what was shown already with all that it needs has `…`.
/// In a plan, the sign of what is done stands before the address.
pub fn tree(graph: &Graph) -> String {
    let mut needs: Vec<Vec<usize>> = vec![Vec::new(); graph.members.len()];
    let mut needed: BTreeSet<usize> = BTreeSet::new();
    for (one, by) in &graph.needs {
        needs[*by].push(*one);
        needed.insert(*one);
    }
    let mut writing = Writing { graph, needs, told: BTreeSet::new(), out: String::new() };
    // What is in a circle is needed by something, and told nevertheless.
    let roots: Vec<usize> = (0..graph.members.len()).filter(|at| !needed.contains(at)).collect();
    for at in roots.into_iter().chain(0..graph.members.len()) {
        if !writing.told.contains(&at) {
            writing.branch(at);
        }
    }
    writing.out
}

struct Writing<'a> {
    graph: &'a Graph,
    needs: Vec<Vec<usize>>,
    told: BTreeSet<usize>,
    out: String,
}

impl Writing<'_> {
    /// One resource and all that it needs. What is still to be written is kept in a list: a chain may be long.
    fn branch(&mut self, at: usize) {
        let mut rest = vec![(at, String::new(), "", "")];
        while let Some((at, before, joint, after)) = rest.pop() {
            let Some(member) = self.graph.members.get(at) else { continue };
            let sign = member.action.map(Mark::of).map_or("", Mark::sign);
            let sign = if sign.is_empty() { String::new() } else { format!("{sign} ") };
            let again = !self.told.insert(at) && !self.needs[at].is_empty();
            let more = if again { " …" } else { "" };
            // Writing to a string cannot fail.
            let _ = writeln!(self.out, "{before}{joint}{sign}{}{more}", visible(&member.id));
            if again {
                continue;
            }
            let before = format!("{before}{after}");
            let last = self.needs[at].len().saturating_sub(1);
            for (position, needed) in self.needs[at].iter().enumerate().rev() {
                let (joint, after) = if position == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
                rest.push((*needed, before.clone(), joint, after));
            }
        }
    }
}

/// A diagram as text: frames with what is in them, then who leads to whom.
pub fn outline(diagram: &Diagram) -> String {
    fn within(diagram: &Diagram, frame: Option<usize>, depth: usize, out: &mut String) {
        let indent = "  ".repeat(depth);
        for (at, group) in diagram.groups.iter().enumerate().filter(|(_, group)| group.within == frame) {
            let title = format!("{} {}", group.title, group.note);
            let _ = writeln!(out, "{indent}{}", visible(title.trim()));
            within(diagram, Some(at), depth + 1, out);
        }
        for node in diagram.nodes.iter().filter(|node| node.within == frame) {
            let said = node.lines.join("; ");
            let said = if said.is_empty() { said } else { format!(": {said}") };
            let _ = writeln!(out, "{indent}{}{}", visible(&node.title), visible(&said));
        }
    }
    let mut out = String::new();
    within(diagram, None, 0, &mut out);
    let told: Vec<&Edge> = diagram.edges.iter().filter(|edge| !edge.label.is_empty()).collect();
    if !told.is_empty() {
        out.push('\n');
    }
    for edge in told {
        if let (Some(from), Some(to)) = (diagram.nodes.get(edge.from), diagram.nodes.get(edge.to)) {
            let line = format!("{} → {}: {}", from.title, to.title, edge.label);
            let _ = writeln!(out, "{}", visible(&line));
        }
    }
    out
}

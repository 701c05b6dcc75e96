//! [`Network`]: where things are in a network, and who may talk to whom on which port.
//!
//! VPCs, zones and subnets are frames; what is in them is in boxes: gateways, security groups, load balancers, endpoints,
//! files, and the tasks of services in each of their subnets. An arrow with a port is a rule that lets somebody in; a
//! dashed one leads out, or from a security group to what it is around.

mod places;
mod rules;
mod services;

use std::collections::BTreeMap;

use super::draw::{Diagram, Direction, Edge, Group, Legend, Line, Node, Tone};
use super::subject::{Finder, Subject};
use crate::model::existing::ExistingVpc;

/// Where things are in a network, and who may talk to whom.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    diagram: Diagram,
}

/// The network of a program, a plan or a state. Of what is referred to and exists already, `existing` tells more.
pub fn network_of<'a>(subject: impl Into<Subject<'a>>, existing: &[ExistingVpc]) -> Network {
    let subject = subject.into();
    let finder = Finder::new(subject.items());
    let mut drawing = Drawing {
        finder: &finder,
        existing,
        groups: Vec::new(),
        nodes: Vec::new(),
        edges: BTreeMap::new(),
        vpcs: BTreeMap::new(),
        subnets: BTreeMap::new(),
        guards: BTreeMap::new(),
        ways_out: BTreeMap::new(),
    };
    drawing.places();
    drawing.services();
    drawing.rules();
    drawing.empty_subnets();
    let diagram = drawing.finished(subject.stack());
    Network { diagram }
}

impl Network {
    /// It as frames, boxes and arrows.
    pub fn diagram(&self) -> &Diagram {
        &self.diagram
    }

    /// Whether there is nothing of a network in it.
    pub fn is_empty(&self) -> bool {
        self.diagram.nodes.is_empty()
    }
}

const VPC: &str = "AWS::EC2::VPC";
const SUBNET: &str = "AWS::EC2::Subnet";
const GROUP: &str = "AWS::EC2::SecurityGroup";

/// What something is called by which others refer to it: the position of a resource, or an identifier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Declared(usize),
    There(String),
}

/// A subnet, before it is known whether anything is in it.
#[derive(Debug, Clone)]
struct Subnet {
    /// The frame it is in.
    within: Option<usize>,
    title: String,
    note: String,
    public: bool,
    /// Its own frame, once something is in it.
    frame: Option<usize>,
    /// The box of the gateway that leads out.
    out: Option<usize>,
}

struct Drawing<'a> {
    finder: &'a Finder<'a>,
    existing: &'a [ExistingVpc],
    groups: Vec<Group>,
    nodes: Vec<Node>,
    /// Arrows without what stands beside them, and that.
    edges: BTreeMap<(usize, usize, Line, bool), Vec<String>>,
    vpcs: BTreeMap<Key, usize>,
    subnets: BTreeMap<Key, Subnet>,
    /// Boxes of security groups.
    guards: BTreeMap<Key, usize>,
    /// Boxes of gateways to the world, by the frame of their VPC.
    ways_out: BTreeMap<usize, usize>,
}

impl Drawing<'_> {
    /// Adds a box.
    fn node(&mut self, id: String, within: Option<usize>, title: String, lines: Vec<String>, tone: Tone) -> usize {
        let tip = std::iter::once(title.clone()).chain(lines.iter().cloned()).collect::<Vec<_>>().join(" · ");
        self.nodes.push(Node { id, within, title, lines, tip, tone, mark: None });
        self.nodes.len() - 1
    }

    /// Adds a frame.
    fn group(&mut self, within: Option<usize>, title: String, note: String, tone: Tone) -> usize {
        self.groups.push(Group { within, title, note, tone });
        self.groups.len() - 1
    }

    /// Adds an arrow, or what stands beside it to one that is there.
    fn edge(&mut self, from: usize, to: usize, label: &str, line: Line) {
        self.arrow((from, to, line, false), label);
    }

    /// Adds an arrow that leads out, against the direction of the rest.
    fn edge_out(&mut self, from: usize, to: usize) {
        self.arrow((from, to, Line::Dashed, true), "");
    }

    fn arrow(&mut self, arrow: (usize, usize, Line, bool), label: &str) {
        let labels = self.edges.entry(arrow).or_default();
        if !label.is_empty() && !labels.iter().any(|there| there == label) {
            labels.push(label.to_owned());
        }
    }

    /// Everybody outside.
    fn world(&mut self) -> usize {
        match self.nodes.iter().position(|node| node.id == "world") {
            Some(at) => at,
            None => {
                let lines = vec!["anybody, 0.0.0.0/0".to_owned()];
                self.node("world".to_owned(), None, "The internet".to_owned(), lines, Tone::World)
            }
        }
    }

    fn finished(self, stack: Option<&str>) -> Diagram {
        let edges: Vec<Edge> = self
            .edges
            .into_iter()
            .map(|((from, to, line, back), labels)| Edge { from, to, label: labels.join(", "), line, back })
            .collect();
        let mut legend = Vec::new();
        for (line, meaning) in [
            (Line::Strong, "may talk to, on these ports"),
            (Line::Alarming, "anybody may"),
            (Line::Dashed, "is around, or leads out"),
            (Line::Plain, "runs, or sends on to"),
        ] {
            if edges.iter().any(|edge| edge.line == line) {
                legend.push(Legend::Line(line, meaning.to_owned()));
            }
        }
        Diagram {
            title: stack.map_or_else(|| "Network".to_owned(), |stack| format!("Network of {stack}")),
            about: "Where things are, and who may talk to whom on which port".to_owned(),
            direction: Direction::Down,
            groups: self.groups,
            nodes: self.nodes,
            edges,
            legend,
        }
    }
}

//! [`Graph`]: which resources there are, and what needs what.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::draw::{Diagram, Direction, Edge, Group, Legend, Line, Mark, Node};
use super::subject::{Item, Subject, sort};
use crate::model::Address;
use crate::plan::Action;

/// A resource of a graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Its address.
    pub address: Address,
    /// What it is called in pictures: its address, and for an object that a replacement has put aside its number, too.
    pub id: String,
    /// Its CloudFormation type.
    pub kind: String,
    /// What is done to it, in a plan.
    pub action: Option<Action>,
    /// Where it is declared, `file:line`, where that is known.
    pub source: Option<String>,
}

/// Which resources there are, and what needs what.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    /// Its heading.
    pub title: String,
    /// The resources, in the order of what declares them.
    pub members: Vec<Member>,
    /// What needs what, by positions: the one that is needed, and the one that needs it. What follows from others is
    /// left out.
    pub needs: Vec<(usize, usize)>,
}

/// The graph of a program, a plan or a state.
pub fn graph_of<'a>(subject: impl Into<Subject<'a>>) -> Graph {
    let subject = subject.into();
    let items = subject.items();
    let mut seen: BTreeMap<&Address, usize> = BTreeMap::new();
    let member = |item: &Item<'_>, count: usize| Member {
        address: item.address.clone(),
        id: if count == 0 { item.address.to_string() } else { format!("{}~{count}", item.address) },
        kind: item.kind.to_owned(),
        action: item.action,
        source: item.source.map(|source| format!("{}:{}", source.file, source.line)),
    };
    let mut members = Vec::with_capacity(items.len());
    for item in &items {
        let count = seen.entry(item.address).or_default();
        members.push(member(item, *count));
        *count += 1;
    }
    let title = subject.stack().map_or_else(|| "Resources".to_owned(), |stack| format!("Stack {stack}"));
    Graph { title, members, needs: reduced(&items) }
}

/// What needs what, without what follows from others.
fn reduced(items: &[Item<'_>]) -> Vec<(usize, usize)> {
    // Of objects with the same address, the first is the one that others need.
    let mut places: HashMap<&Address, usize> = HashMap::new();
    for (at, item) in items.iter().enumerate() {
        places.entry(item.address).or_insert(at);
    }
    let needs: Vec<BTreeSet<usize>> = items
        .iter()
        .enumerate()
        .map(|(at, item)| {
            let needed = item.dependencies.iter().filter_map(|address| places.get(address).copied());
            needed.filter(|needed| *needed != at).collect()
        })
        .collect();
    // All that each needs, directly or not, as bits. What is in a circle is not reached from itself twice.
    let words = items.len().div_ceil(64);
    let mut reach: Vec<Option<Vec<u64>>> = vec![None; items.len()];
    for start in 0..items.len() {
        let mut path = vec![(start, false)];
        let mut open: BTreeSet<usize> = BTreeSet::new();
        while let Some((at, done)) = path.pop() {
            if reach[at].is_some() {
                continue;
            }
            if done {
                let mut bits = vec![0_u64; words];
                for needed in &needs[at] {
                    bits[needed / 64] |= 1 << (needed % 64);
                    if let Some(further) = &reach[*needed] {
                        bits.iter_mut().zip(further).for_each(|(bits, further)| *bits |= further);
                    }
                }
                reach[at] = Some(bits);
            } else if open.insert(at) {
                path.push((at, true));
                path.extend(needs[at].iter().filter(|needed| reach[**needed].is_none()).map(|needed| (*needed, false)));
            }
        }
    }
    let reaches = |from: usize, to: usize| {
        reach[from].as_ref().is_some_and(|bits| bits[to / 64] & (1 << (to % 64)) != 0) && !needs[to].contains(&from)
    };
    let mut pairs = Vec::new();
    for (at, needed) in needs.iter().enumerate() {
        for one in needed {
            if !needed.iter().any(|other| other != one && reaches(*other, *one)) {
                pairs.push((*one, at));
            }
        }
    }
    pairs
}

impl Graph {
    /// It as boxes and arrows: sorts of things in frames, arrows from what is needed to what needs it.
    pub fn diagram(&self) -> Diagram {
        let mut groups: Vec<Group> = Vec::new();
        let mut node = |member: &Member| {
            let (tone, heading) = sort(&member.kind);
            let within = groups.iter().position(|group| group.title == heading).unwrap_or_else(|| {
                groups.push(Group { within: None, title: heading.to_owned(), note: String::new(), tone });
                groups.len() - 1
            });
            let mark = member.action.map(Mark::of);
            let kind = member.address.kind().to_string();
            let mut tip = vec![member.address.to_string(), member.kind.clone()];
            tip.extend(mark.map(|mark| meaning(mark).to_owned()));
            let title = member.address.name().to_owned();
            let tip = tip.join(" · ");
            Node { id: member.id.clone(), within: Some(within), title, lines: vec![kind], tip, tone, mark }
        };
        let nodes: Vec<Node> = self.members.iter().map(&mut node).collect();
        let edge = |(from, to): &(usize, usize)| Edge {
            from: *from,
            to: *to,
            label: String::new(),
            line: Line::Plain,
            back: false,
        };
        let marks: BTreeSet<Mark> = nodes.iter().filter_map(|node| node.mark).collect();
        let mut legend: Vec<Legend> = Vec::new();
        if !self.needs.is_empty() {
            legend.push(Legend::Line(Line::Plain, "is needed by".to_owned()));
        }
        legend.extend(marks.into_iter().map(|mark| Legend::Mark(mark, meaning(mark).to_owned())));
        let counted = match self.members.len() {
            1 => "1 resource".to_owned(),
            count => format!("{count} resources"),
        };
        Diagram {
            title: self.title.clone(),
            about: format!("{counted}; arrows lead from what is needed to what needs it"),
            direction: Direction::Right,
            groups,
            nodes,
            edges: self.needs.iter().map(edge).collect(),
            legend,
        }
    }
}

/// What a mark means.
pub(super) fn meaning(mark: Mark) -> &'static str {
    match mark {
        Mark::Create => "to create",
        Mark::TakeOver => "to take over",
        Mark::Update => "to update",
        Mark::Replace => "to replace",
        Mark::Wait => "to wait for",
        Mark::Delete => "to delete",
        Mark::Forget => "to forget",
        Mark::Same => "unchanged",
    }
}

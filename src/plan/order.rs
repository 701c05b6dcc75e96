//! In which order things can happen: [`dependency_order`] of declarations, [`deletion_order`] of objects, and the
//! [`graph`] of a plan's nodes.
//!
//! A change is one or two nodes: making (creating, updating, adopting) and removing. What holds between them:
//! - making comes after making what it needs;
//! - removing comes after whatever used the object has been removed or changed to no longer use it;
//! - of a replacement, the making comes first or the removing, as the change says;
//! - making an object comes after removing another that holds its name.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

use super::{Action, Plan, Problem};
use crate::kinds::Facts;
use crate::model::{Address, Json, Resource, Value};
use crate::state::{Recorded, Snapshot};

/// Indices of the resources, each after those it needs, otherwise in the order of declaration.
///
/// # Errors
/// The index of a resource that names nothing or is in a cycle, with the problem.
pub fn dependency_order(resources: &[Resource]) -> Result<Vec<usize>, (usize, Problem)> {
    let index: HashMap<&Address, usize> = resources.iter().enumerate().map(|(i, r)| (&r.address, i)).collect();
    let mut needs: Vec<Vec<usize>> = Vec::with_capacity(resources.len());
    for (at, resource) in resources.iter().enumerate() {
        let found = resource.dependencies().into_iter().map(|address| {
            index.get(&address).copied().ok_or_else(|| (at, Problem::Dangling { reference: address.to_string() }))
        });
        needs.push(found.collect::<Result<_, _>>()?);
    }
    sort(&needs).map_err(|cycle| {
        let names = cycle.iter().map(|&at| resources[at].address.clone()).collect();
        (cycle[0], Problem::Cycle { cycle: names })
    })
}

/// Objects, each before those it needs.
pub fn deletion_order<'a>(objects: &[(&'a Address, &'a Recorded)]) -> Vec<(&'a Address, &'a Recorded)> {
    let index: HashMap<&Address, usize> = objects.iter().enumerate().map(|(i, (address, _))| (*address, i)).collect();
    let needs: Vec<Vec<usize>> = objects
        .iter()
        .map(|(_, recorded)| recorded.dependencies.iter().filter_map(|address| index.get(address).copied()).collect())
        .collect();
    // A state cannot have a cycle; were it edited to have one, any order is as good.
    let order = sort(&needs).unwrap_or_else(|_| (0..objects.len()).collect());
    order.into_iter().rev().map(|at| objects[at]).collect()
}

/// Kahn's order, smallest index first among the ready; the error is the indices of one cycle.
fn sort(needs: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
    let mut left: Vec<usize> = vec![0; needs.len()];
    for (at, needed) in needs.iter().enumerate() {
        left[at] = needed.len();
        needed.iter().for_each(|&other| users[other].push(at));
    }
    let mut ready: BinaryHeap<Reverse<usize>> =
        left.iter().enumerate().filter(|(_, left)| **left == 0).map(|(at, _)| Reverse(at)).collect();
    let mut order = Vec::with_capacity(needs.len());
    while let Some(Reverse(at)) = ready.pop() {
        order.push(at);
        for &user in &users[at] {
            left[user] -= 1;
            if left[user] == 0 {
                ready.push(Reverse(user));
            }
        }
    }
    if order.len() == needs.len() {
        return Ok(order);
    }
    // Every node left has a need that is left: following them must come back.
    let stuck: BTreeSet<usize> = (0..needs.len()).filter(|&at| left[at] > 0).collect();
    let mut path: Vec<usize> = Vec::new();
    let mut seen: HashMap<usize, usize> = HashMap::new();
    let mut at = stuck.iter().next().copied().unwrap_or_default();
    while !seen.contains_key(&at) {
        seen.insert(at, path.len());
        path.push(at);
        match needs[at].iter().find(|other| stuck.contains(other)) {
            Some(&next) => at = next,
            None => break,
        }
    }
    let mut cycle = path.split_off(seen.get(&at).copied().unwrap_or_default());
    cycle.push(at);
    Err(cycle)
}

/// Which half of a change a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// Creating, updating, adopting, waiting.
    Make,
    /// Deleting, forgetting.
    Remove,
}

/// One thing to execute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Index of the change in the plan.
    pub change: usize,
    /// Which half.
    pub half: Half,
    /// Nodes that come first.
    pub after: Vec<usize>,
    /// The longest chain of nodes from here to the end: the higher, the sooner to start.
    pub urgency: usize,
}

/// The nodes of a plan in an order that respects `after`.
///
/// # Errors
/// The address of a change that would have to come before itself.
pub fn graph(
    plan: &Plan,
    snapshot: &Snapshot,
    facts: fn(&str) -> Option<&'static Facts>,
) -> Result<Vec<Node>, Address> {
    let mut nodes: Vec<(usize, Half)> = Vec::new();
    let mut making: HashMap<&Address, usize> = HashMap::new();
    let mut removing: HashMap<(&Address, u32), usize> = HashMap::new();
    for (index, change) in plan.changes.iter().enumerate() {
        let address = &change.address;
        match change.action {
            Action::NoOp => {}
            Action::Settle | Action::Import | Action::Create | Action::Update => {
                making.insert(address, nodes.len());
                nodes.push((index, Half::Make));
            }
            Action::ReplaceCreateFirst | Action::ReplaceDeleteFirst => {
                making.insert(address, nodes.len());
                nodes.push((index, Half::Make));
                let old = snapshot.resources.get(address).map_or(0, |recorded| recorded.generation);
                removing.insert((address, old), nodes.len());
                nodes.push((index, Half::Remove));
            }
            Action::Delete | Action::Forget => {
                removing.insert((address, change.generation), nodes.len());
                nodes.push((index, Half::Remove));
            }
        }
    }
    let live = |address: &Address| snapshot.resources.get(address).map(|recorded| recorded.generation);
    let removal =
        |address: &Address| live(address).and_then(|generation| removing.get(&(address, generation))).copied();

    let mut after: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); nodes.len()];
    for (node, &(index, half)) in nodes.iter().enumerate() {
        let change = &plan.changes[index];
        if half == Half::Make {
            after[node].extend(change.dependencies.iter().filter_map(|needed| making.get(needed)));
        }
        match (change.action, half) {
            (Action::ReplaceCreateFirst, Half::Remove) => after[node].extend(making.get(&change.address)),
            (Action::ReplaceDeleteFirst, Half::Make) => after[node].extend(removal(&change.address)),
            _ => {}
        }
    }
    // Objects put aside go when what took their place is there, and nothing uses them any more.
    let mut aside: HashMap<&Address, Vec<usize>> = HashMap::new();
    for (address, deposed) in &snapshot.deposed {
        let nodes = deposed.iter().filter_map(|recorded| removing.get(&(address, recorded.generation)).copied());
        aside.entry(address).or_default().extend(nodes);
    }
    // Whoever used an object that is to be removed comes before the removal.
    let used_by = |user: &Address, recorded: &Recorded, own: Option<usize>, after: &mut Vec<BTreeSet<usize>>| {
        for used in &recorded.dependencies {
            for &removal_of_used in aside.get(used).into_iter().flatten() {
                after[removal_of_used].extend(own);
                after[removal_of_used].extend(making.get(user));
            }
            let Some(removal_of_used) = removal(used) else { continue };
            let change = &plan.changes[nodes[removal_of_used].0];
            let in_use_is_fine = facts(&change.kind).is_some_and(|facts| facts.deletable_in_use);
            if change.action == Action::ReplaceDeleteFirst {
                if !in_use_is_fine {
                    after[removal_of_used].extend(own);
                }
            } else {
                after[removal_of_used].extend(own);
                after[removal_of_used].extend(making.get(user));
            }
        }
    };
    // Most plans remove nothing: then nobody need be asked.
    if !removing.is_empty() {
        for (address, recorded) in &snapshot.resources {
            used_by(address, recorded, removal(address), &mut after);
        }
        for (address, aside) in &snapshot.deposed {
            for recorded in aside {
                let own = removing.get(&(address, recorded.generation)).copied();
                used_by(address, recorded, own, &mut after);
            }
        }
        after_namesakes(plan, snapshot, facts, &nodes, &mut after);
    }
    for (address, removals) in &aside {
        let Some(&making) = making.get(*address) else { continue };
        for &removal in removals {
            if !after[making].contains(&removal) {
                after[removal].insert(making);
            }
        }
    }
    for (node, before) in after.iter_mut().enumerate() {
        before.remove(&node);
    }

    let needs: Vec<Vec<usize>> = after.into_iter().map(|set| set.into_iter().collect()).collect();
    let order = sort(&needs).map_err(|cycle| plan.changes[nodes[cycle[0]].0].address.clone())?;
    let mut urgency = vec![0; nodes.len()];
    for &node in order.iter().rev() {
        for &before in &needs[node] {
            urgency[before] = urgency[before].max(urgency[node] + 1);
        }
    }
    let place: HashMap<usize, usize> = order.iter().enumerate().map(|(place, &node)| (node, place)).collect();
    Ok(order
        .iter()
        .map(|&node| Node {
            change: nodes[node].0,
            half: nodes[node].1,
            after: needs[node].iter().map(|before| place[before]).collect(),
            urgency: urgency[node],
        })
        .collect())
}

/// What is made under a name waits for the removal of what another address had under the same name.
fn after_namesakes(
    plan: &Plan,
    snapshot: &Snapshot,
    facts: fn(&str) -> Option<&'static Facts>,
    nodes: &[(usize, Half)],
    after: &mut [BTreeSet<usize>],
) {
    let mut holders: BTreeMap<(String, usize, String), usize> = BTreeMap::new();
    for (node, &(index, half)) in nodes.iter().enumerate() {
        let change = &plan.changes[index];
        let Half::Remove = half else { continue };
        let live = snapshot.resources.get(&change.address);
        let live = live.filter(|live| change.action.replaces() || live.generation == change.generation);
        let mut aside = snapshot.deposed.get(&change.address).into_iter().flatten();
        let Some(recorded) = live.or_else(|| aside.find(|recorded| recorded.generation == change.generation)) else {
            continue;
        };
        for (set, values) in keys(&change.kind, &recorded.inputs, facts) {
            holders.insert((change.kind.clone(), set, values), node);
        }
    }
    for (node, &(index, half)) in nodes.iter().enumerate() {
        let change = &plan.changes[index];
        if half != Half::Make || !(change.action == Action::Create || change.action.replaces()) {
            continue;
        }
        for (set, values) in keys(&change.kind, &change.wanted, facts) {
            let holder = holders.get(&(change.kind.clone(), set, values));
            after[node].extend(holder.filter(|&&holder| nodes[holder].0 != index));
        }
    }
}

/// The values of each set of properties that no two live objects may share, where all of them are known.
pub(super) fn keys(
    kind: &str,
    inputs: &BTreeMap<String, Value>,
    facts: fn(&str) -> Option<&'static Facts>,
) -> Vec<(usize, String)> {
    let sets = facts(kind).map_or(&[][..], |facts| facts.unique_by);
    let values = |set: &&[&str]| -> Option<String> {
        let known = set.iter().map(|name| inputs.get(*name).and_then(Value::to_json)).collect::<Option<Vec<Json>>>()?;
        serde_json::to_string(&known).ok()
    };
    sets.iter().enumerate().filter_map(|(index, set)| Some((index, values(set)?))).collect()
}

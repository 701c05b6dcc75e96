//! References across declarations: none dangles, and no declarations need each other.

use std::collections::BTreeMap;

use crate::model::{Address, Resource};

/// Addresses that `dependsOn` names and nothing declares, with the declaration that names them.
pub(in super::super) fn dangling(resources: &[Resource]) -> Vec<(usize, Address)> {
    let known: BTreeMap<&Address, usize> = resources.iter().enumerate().map(|(i, r)| (&r.address, i)).collect();
    let missing = |(index, resource): (usize, &Resource)| {
        let absent = resource.dependencies().into_iter().filter(|address| !known.contains_key(address));
        absent.map(|address| (index, address)).collect::<Vec<_>>()
    };
    resources.iter().enumerate().flat_map(missing).collect()
}

/// Declarations that need each other, in order, if there are any.
pub(in super::super) fn cycle(resources: &[Resource]) -> Option<Vec<usize>> {
    let known: BTreeMap<&Address, usize> = resources.iter().enumerate().map(|(i, r)| (&r.address, i)).collect();
    let needs: Vec<Vec<usize>> = resources
        .iter()
        .map(|resource| resource.dependencies().iter().filter_map(|address| known.get(address).copied()).collect())
        .collect();
    // Depth first, without recursion: a chain of declarations may be as long as the script.
    let mut done = vec![false; resources.len()];
    let mut on_path = vec![false; resources.len()];
    for start in 0..resources.len() {
        let mut path: Vec<(usize, usize)> = Vec::new();
        if !done[start] {
            on_path[start] = true;
            path.push((start, 0));
        }
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            if let Some(&need) = needs[node].get(*next) {
                *next += 1;
                if on_path[need] {
                    let from = path.iter().position(|(node, _)| *node == need).unwrap_or(0);
                    return Some(path[from..].iter().map(|(node, _)| *node).collect());
                }
                if !done[need] {
                    on_path[need] = true;
                    path.push((need, 0));
                }
            } else {
                done[node] = true;
                on_path[node] = false;
                path.pop();
            }
        }
    }
    None
}

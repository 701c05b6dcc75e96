//! What a stack and its account have, told so that two can be compared: identifiers and tokens, which no two have in
//! common, are named after the resource they belong to, or left out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hzscript::plan::Plan;
use regex::{Captures, Regex};

use super::Stack;

/// Longer than AWS takes to end what it is still at when a run is done.
const SETTLED: Duration = Duration::from_secs(15 * 60);

/// What there is, a line each: what the state says, what AWS has of it as the last plan saw it, and all that exists.
pub async fn inventory(stack: &Stack, plan: &Plan) -> BTreeSet<String> {
    tokio::time::sleep(SETTLED).await;
    let state = stack.state().await;
    let mut names: Vec<(String, String)> = Vec::new();
    let mut lines = Vec::new();
    for (address, recorded) in &state.resources {
        names.push((recorded.id.clone(), format!("<{address}>")));
        lines.push(format!("{address} is {:?}", recorded.status));
    }
    lines.push(format!("put aside: {:?}", state.deposed.keys().collect::<Vec<_>>()));
    lines.push(format!("pending: {:?}", state.pending));
    for change in &plan.changes {
        lines.push(format!("{} has {}", change.address, serde_json::Value::Object(change.observed.clone())));
    }
    for listed in stack.local.list().expect("readable") {
        let name = listed.name.unwrap_or_default();
        lines.push(format!("{} {} {name} {}", listed.type_name, listed.id, listed.status.unwrap_or_default()));
    }
    // The longest first: one may be the beginning of another.
    names.sort_by_key(|(id, _)| std::cmp::Reverse(id.len()));
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for line in lines {
        let named = names
            .iter()
            .fold(line, |line, (id, name)| if line.contains(id.as_str()) { line.replace(id, name) } else { line });
        *counted.entry(without_identifiers(&named)).or_default() += 1;
    }
    counted.into_iter().map(|(line, times)| format!("{times} × {line}")).collect()
}

/// The text without runs of eight and more hexadecimal digits, and without addresses that are no blocks of them.
fn without_identifiers(text: &str) -> String {
    let found = Regex::new(r"[0-9a-f]{8,}|\d+(?:\.\d+){3}/?").expect("a pattern");
    let left = found.replace_all(
        text,
        |found: &Captures<'_>| {
            if found[0].ends_with('/') { found[0].to_owned() } else { "…".to_owned() }
        },
    );
    left.into_owned()
}

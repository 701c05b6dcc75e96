//! What a stack and its account have, told so that two can be compared: identifiers and tokens, which no two have in
//! common, are named after the resource they belong to, or left out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hzscript::kinds::{self, Observed};

use super::Stack;

/// Longer than AWS takes to end what it is still at when a run is done.
const SETTLED: Duration = Duration::from_secs(15 * 60);

/// What there is, a line each: what the state says, what AWS has of it, and all that exists.
pub async fn inventory(stack: &Stack) -> BTreeSet<String> {
    tokio::time::sleep(SETTLED).await;
    let state = stack.state().await;
    let mut names: Vec<(String, String)> = Vec::new();
    let mut by_kind: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
    let mut lines = Vec::new();
    for (address, recorded) in &state.resources {
        names.push((recorded.id.clone(), format!("<{address}>")));
        by_kind.entry(&recorded.kind).or_default().push((address.to_string(), recorded.id.clone()));
        lines.push(format!("{address} is {:?}", recorded.status));
    }
    lines.push(format!("put aside: {:?}", state.deposed.keys().collect::<Vec<_>>()));
    lines.push(format!("pending: {:?}", state.pending));
    for (kind, known) in by_kind {
        let ids: Vec<String> = known.iter().map(|(_, id)| id.clone()).collect();
        let read = read(stack, kind, &ids).await;
        for ((address, _), found) in known.iter().zip(read) {
            let properties = found.map(|found| serde_json::Value::Object(found.properties).to_string());
            lines.push(format!("{address}: {}", properties.as_deref().unwrap_or("it is gone")));
        }
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

/// What AWS has of these, however often it has to be asked.
async fn read(stack: &Stack, kind: &str, ids: &[String]) -> Vec<Option<Observed>> {
    let kind = kinds::by_type(kind).expect("a kind");
    for _ in 0..1000 {
        if let Ok(found) = kind.read(stack.engine.cloud(), ids).await {
            return found;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("there is no answer")
}

/// The text without runs of eight and more hexadecimal digits.
fn without_identifiers(text: &str) -> String {
    let mut left = String::new();
    for run in text.split_inclusive(|c: char| !c.is_ascii_hexdigit()) {
        let end = run.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(run.len());
        left.push_str(if end < 8 { &run[..end] } else { "…" });
        left.push_str(&run[end..]);
    }
    left
}

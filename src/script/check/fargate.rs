//! Task definitions for Fargate: network mode, and the pairs of CPU and memory it offers.

use std::collections::BTreeMap;

use super::super::session::Mistake;
use super::Checker;
use crate::model::{PropertyPath, Value, schemas};

/// Checks what Fargate asks of a task definition that names it in `requiresCompatibilities`, and writes sizes as plain
/// numbers.
pub(super) fn check(properties: &mut BTreeMap<String, Value>, checker: &mut Checker<'_>) {
    let fargate = match properties.get("requiresCompatibilities") {
        Some(Value::List(names)) => names.iter().any(|name| name.as_str() == Some("FARGATE")),
        _ => false,
    };
    if !fargate {
        return;
    }
    let here = PropertyPath::whole();
    match properties.get("networkMode") {
        None => {
            let help = "write `networkMode: \"awsvpc\"`".to_owned();
            let mistake = Mistake::new("a task definition for Fargate needs `networkMode`").help(help);
            checker.value(&here, mistake.label("`networkMode` is missing"));
        }
        Some(Value::String(mode)) if mode != "awsvpc" => {
            let help = "write `\"awsvpc\"`".to_owned();
            let mistake = Mistake::new(format!("Fargate has no network mode `{mode}`")).help(help);
            checker.value(&PropertyPath::new("networkMode"), mistake.label("only awsvpc"));
        }
        Some(_) => {}
    }
    if let Some(Value::Map(storage)) = properties.get("ephemeralStorage")
        && let Some(Value::Int(size)) = storage.get("sizeInGiB")
        && !(21..=200).contains(size)
    {
        let mistake =
            Mistake::new(format!("Fargate has no disks of {size} GiB for tasks")).label("not a size of Fargate");
        let help = "it offers 21 to 200 GiB, and 20 when nothing is said".to_owned();
        checker.value(&PropertyPath::new("ephemeralStorage").key("sizeInGiB"), mistake.help(help));
    }
    let cpu = size("cpu", "vCPU", 1024.0, properties, checker);
    let memory = size("memory", "GB", 1024.0, properties, checker);
    let (Some(cpu), Some(memory)) = (cpu, memory) else { return };
    let sizes = schemas().fargate_sizes();
    match sizes.get(&cpu) {
        None => {
            let offered: Vec<String> = sizes.keys().map(ToString::to_string).collect();
            let help = format!("it offers {} (1024 are one vCPU)", offered.join(", "));
            let mistake =
                Mistake::new(format!("Fargate has no tasks of {cpu} CPU units")).label("not a size of Fargate");
            checker.value(&PropertyPath::new("cpu"), mistake.help(help));
        }
        Some(memories) if !memories.contains(&memory) => {
            let help = format!("it offers {} MiB", in_words(memories));
            let mistake = Mistake::new(format!("Fargate has no {memory} MiB for tasks of {cpu} CPU units"));
            checker.value(&PropertyPath::new("memory"), mistake.label("not offered with this cpu").help(help));
        }
        Some(_) => {}
    }
}

/// A size in units, which may be written as `1 vCPU` or `2 GB`.
fn size(
    name: &str,
    unit: &str,
    per_unit: f64,
    properties: &mut BTreeMap<String, Value>,
    checker: &mut Checker<'_>,
) -> Option<u64> {
    let Some(value) = properties.get_mut(name) else {
        let mistake = Mistake::new(format!("a task definition for Fargate needs `{name}`"));
        checker.value(&PropertyPath::whole(), mistake.label(format!("`{name}` is missing")));
        return None;
    };
    let text = value.as_str()?;
    if let Ok(units) = text.parse() {
        return Some(units);
    }
    let lower = text.to_ascii_lowercase();
    let in_units = lower.strip_suffix(&unit.to_ascii_lowercase()).and_then(|count| count.trim().parse::<f64>().ok());
    match in_units.map(|count| count * per_unit).filter(|units| units.fract() == 0.0 && (1.0..1e9).contains(units)) {
        Some(units) => {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, within 1 and 1e9")]
            let units = units as u64;
            *value = Value::String(units.to_string());
            Some(units)
        }
        None => {
            let help = format!("a number such as 1024, or a text such as `1 {unit}`");
            let mistake = Mistake::new(format!("`{name}` is `{text}`")).label("not a size");
            checker.value(&PropertyPath::new(name), mistake.help(help));
            None
        }
    }
}

/// Sizes listed, or as a range where they are many.
fn in_words(sizes: &[u64]) -> String {
    match sizes {
        [first, second, .., last] if sizes.len() > 4 => format!("{first} to {last} in steps of {}", second - first),
        _ => sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

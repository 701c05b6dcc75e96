//! `--fault`: what goes wrong on purpose, and saying that it does.

use hzscript::local::fault::{Faults, Rule, What};
use uuid::Uuid;

use super::args::FaultArguments;

/// The faults of the arguments, with a seed where they have none.
pub fn given(arguments: &FaultArguments) -> Faults {
    let faults = Faults::new(arguments.rules.clone());
    if !faults.are_drawn() || faults.seed().is_some() {
        return faults;
    }
    // Short enough to be typed again.
    let (seed, ..) = Uuid::new_v4().as_fields();
    faults.and(&Faults::new(vec![Rule { what: What::Seed(u64::from(seed % 1_000_000)), only: None }]))
}

/// What goes wrong, in a line; `None` when nothing does.
pub fn told(faults: &Faults) -> Option<String> {
    let seed = faults.seed().unwrap_or_default();
    let again = if faults.are_drawn() { format!("; seed={seed} has them again") } else { String::new() };
    (!faults.is_empty()).then(|| format!("faults: {faults}{again}"))
}

//! What a stack's state says, for commands that need one that was run: a name that was mistyped must not look like a
//! stack that has nothing.

use std::path::Path;

use hzscript::state::{Snapshot, StateStore};

use super::Tools;
use super::args::StackArguments;
use super::connect::StatePlace;
use super::error::Error;
use super::script::{similar, stack_name};

/// The most stacks that are listed where none is like the one that is not there.
const MAX_LISTED: usize = 8;

/// The state of the stack that the arguments name.
///
/// # Errors
/// When there is no such stack, or its state cannot be read.
pub async fn snapshot(stack: &StackArguments, script: Option<&Path>, tools: &Tools) -> Result<Snapshot, Error> {
    let name = stack_name(stack.stack.as_deref(), script)?;
    let store = StatePlace::choose(stack, &tools.environment).open_existing(&name).await?;
    let loaded = match &store {
        Some(store) => store.load().await?,
        None => None,
    };
    match loaded {
        Some(snapshot) => Ok(snapshot),
        None => Err(not_there(&name, script, store.as_ref()).await?),
    }
}

/// That a stack was never run, and which one may be meant.
///
/// # Errors
/// When it cannot be told which stacks there are.
pub async fn not_there(name: &str, script: Option<&Path>, store: Option<&StateStore>) -> Result<Error, Error> {
    if let Some(path) = script
        && let Some(help) = similar(path)
    {
        let reason = "there is no such file".to_owned();
        return Ok(Error::Script { path: path.to_owned(), reason, help: Some(help) });
    }
    let others = match store {
        Some(store) => store.others().await?,
        None => Vec::new(),
    };
    let help = closest(name, others.iter().map(String::as_str)).map(|near| format!("did you mean --stack {near}?"));
    let listed = || match others.as_slice() {
        [] => "no stack was ever run there; --state and --dir say where states are kept".to_owned(),
        few if few.len() <= MAX_LISTED => format!("stacks there are: {}", few.join(", ")),
        _ => "`hzscript state stacks` lists those there are".to_owned(),
    };
    Ok(Error::Usage { message: format!("there is no stack {name}"), help: Some(help.unwrap_or_else(listed)) })
}

/// The name that is most like a wrong one, when one is like it at all.
pub fn closest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |name: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &wrong.to_lowercase());
    let (near, best) = names.map(|name| (distance(name), name)).min()?;
    (near <= (wrong.chars().count() / 4).max(1)).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn only_a_name_that_is_like_it_is_meant() {
        let meant = |wrong: &str| closest(wrong, ["hazelcast", "orientdb", "a"].into_iter());
        assert_eq!(meant("Hazelcats"), Some("hazelcast"));
        assert_eq!(meant("orientd"), Some("orientdb"));
        assert_eq!(meant("redis"), None);
    }
}

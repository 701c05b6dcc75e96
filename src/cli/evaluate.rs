//! Evaluating the script, with what it may ask of the account.

use std::collections::BTreeMap;
use std::sync::Arc;

use hzscript::script::{self, Evaluated, Functions, Given, Limits, Lookups, Request};

use super::error::Error;
use super::render::diagnostics;
use super::render::screen::{Line, Screen};
use super::script::Script;
use super::stack::Stack;

/// Evaluates a script for no stack, and prints its warnings.
///
/// # Errors
/// All its mistakes.
pub async fn run(
    script: &Script,
    inputs: BTreeMap<String, Given>,
    lookups: Arc<dyn Lookups>,
    screen: &Screen,
) -> Result<Evaluated, Error> {
    let evaluated = script::evaluate(Request {
        file: script.shown(),
        source: script.source.clone(),
        root: Some(script.folder()),
        inputs,
        lookups,
        limits: Limits::default(),
        functions: Functions::default(),
        events: screen.events(),
    });
    let evaluated = evaluated.await.map_err(Error::Mistakes)?;
    warn(&evaluated, screen);
    Ok(evaluated)
}

/// Evaluates a script for a stack, with what the account answers, and prints its warnings.
///
/// # Errors
/// All its mistakes.
pub async fn on(
    stack: &Stack,
    script: &Script,
    inputs: BTreeMap<String, Given>,
    screen: &Screen,
) -> Result<Evaluated, Error> {
    let (file, source, root) = (script.shown(), script.source.clone(), Some(script.folder()));
    let evaluated = stack.engine.evaluate(script::Script { file, source, root, inputs }).await;
    let evaluated = evaluated.map_err(Error::Mistakes)?;
    warn(&evaluated, screen);
    Ok(evaluated)
}

fn warn(evaluated: &Evaluated, screen: &Screen) {
    for diagnostic in &evaluated.warnings {
        screen.line(&Line::Warning { diagnostic });
        let text = diagnostics::warning(diagnostic, &evaluated.sources, screen.err_palette(), screen.width());
        screen.err(&text);
    }
}

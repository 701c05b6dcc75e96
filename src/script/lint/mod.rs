//! Lint: what a script may say and hardly means, in its text and in what it declares. Mistakes are not among it: a script
//! that has some is not evaluated.
//!
//! [`RULES`] are all there are. A comment `// hzscript: allow(rule)` lets a finding be: behind a statement or an entry, or
//! on a line before it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::runtime::Handle as Runtime;

use super::limits::Watch;
use super::session::{Mistake, State};
use super::sources::{At, Sources};
use super::{Cancel, Diagnostic, Evaluated, Mistakes, Request, STACK, evaluator};

mod allow;
mod declared;
mod declared_access;
mod declared_tasks;
mod rules;
#[cfg(test)]
mod tests;
mod written;

pub use rules::{RULES, Rule, Severity, rule};

/// Something that a rule has to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// What it says, and where.
    pub diagnostic: Diagnostic,
}

/// What there is to say of a script.
#[derive(Debug, Clone, PartialEq)]
pub struct Linted {
    /// In the order of places.
    pub findings: Vec<Finding>,
    /// How many are let be by comments.
    pub allowed: usize,
    /// The texts of every file a finding may point into, by their names.
    pub sources: BTreeMap<String, String>,
}

/// Evaluates a script and looks at it and what it declares.
///
/// # Errors
/// All the mistakes at once.
pub async fn lint(request: Request) -> Result<Linted, Mistakes> {
    let sources = BTreeMap::from([(request.file.clone(), request.source.clone())]);
    on_thread(sources, move |runtime, cancelled| {
        let watch = Arc::new(Watch::start(request.limits.clone(), cancelled));
        let main = request.file.clone();
        let look = |state: &State, evaluated: &Evaluated| found_in(state, evaluated);
        let (evaluated, findings) = evaluator::looked_at(request, runtime, watch.clone(), look)?;
        let mut all = findings;
        for (file, text) in evaluated.sources.iter().filter(|(file, _)| **file == main || !is_library(file)) {
            all.extend(written::findings(file, text, &watch)?);
        }
        Ok(told(all, evaluated.sources))
    })
    .await
}

/// Looks at a text alone, which is not evaluated, such as one of tests.
///
/// # Errors
/// When it cannot be parsed.
pub async fn lint_text(file: &str, source: &str) -> Result<Linted, Mistakes> {
    let (file, text) = (file.to_owned(), evaluator::without_mark(source).to_owned());
    let sources = BTreeMap::from([(file.clone(), text.clone())]);
    on_thread(sources.clone(), move |_, cancelled| {
        let watch = Arc::new(Watch::start(super::Limits::default(), cancelled));
        Ok(told(written::findings(&file, &text, &watch)?, sources))
    })
    .await
}

async fn on_thread(
    sources: BTreeMap<String, String>,
    work: impl FnOnce(Option<Runtime>, Arc<AtomicBool>) -> Result<Linted, Mistakes> + Send + 'static,
) -> Result<Linted, Mistakes> {
    let (send, receive) = tokio::sync::oneshot::channel();
    let cancelled = Arc::new(AtomicBool::new(false));
    let _cancel = Cancel(cancelled.clone());
    let runtime = Runtime::try_current().ok();
    let spawned = std::thread::Builder::new().name("lint".to_owned()).stack_size(STACK).spawn(move || {
        // Nobody may be waiting any more; then nobody needs the result either.
        let _ = send.send(work(runtime, cancelled));
    });
    let failed = |message: String| {
        let mistake = Diagnostic { message, label: None, place: None, called_from: Vec::new(), help: None };
        Mistakes { mistakes: vec![mistake], sources }
    };
    if let Err(error) = spawned {
        return Err(failed(format!("no thread to look at the script on: {error}")));
    }
    receive.await.unwrap_or_else(|_| Err(failed("looking at the script failed unexpectedly".to_owned())))
}

fn is_library(file: &str) -> bool {
    super::library::is_file(file)
}

/// What evaluating told, and what is found in what is declared.
fn found_in(state: &State, evaluated: &Evaluated) -> Vec<Finding> {
    let warned = evaluated.warnings.iter().zip(&state.warned_by);
    let warned = warned.filter_map(|(diagnostic, by)| {
        let rule = rule(by.unwrap_or(rules::WARNED))?;
        Some(Finding { rule, diagnostic: diagnostic.clone() })
    });
    let mut findings: Vec<Finding> = warned.collect();
    for found in declared::findings(&evaluated.program) {
        let Some(declaration) = state.declarations.get(found.index) else { continue };
        let (origin, steps) = declaration.origin_of(&found.path);
        let diagnostic = state.diagnostic(&origin, &steps, found.aim, found.mistake);
        findings.push(Finding { rule: found.rule, diagnostic });
    }
    findings
}

/// The findings that no comment allows, each once, with what there is to say of such comments.
fn told(mut findings: Vec<Finding>, sources: BTreeMap<String, String>) -> Linted {
    let mut comments = Vec::new();
    for (file, text) in sources.iter().filter(|(file, _)| !is_library(file)) {
        comments.extend(allow::comments(file, text));
    }
    let before = findings.len();
    findings.retain(|finding| {
        let mut allowed = false;
        for comment in comments.iter_mut().filter(|comment| comment.allows(finding)) {
            comment.used(finding.rule);
            allowed = true;
        }
        !allowed
    });
    let allowed = before - findings.len();
    findings.extend(comments.iter().flat_map(allow::Comment::idle));
    let key =
        |finding: &Finding| (finding.diagnostic.place.is_none(), finding.diagnostic.place.clone(), finding.rule.code);
    findings.sort_by(|one, other| key(one).cmp(&key(other)));
    findings.dedup();
    Linted { findings, allowed, sources }
}

/// A finding at a position of a file.
fn at(sources: &Sources, file: &str, position: rhai::Position, rule: &'static Rule, mistake: Mistake) -> Finding {
    let place = sources.place(&At { file: file.to_owned(), position });
    Finding { rule, diagnostic: mistake.at(place, Vec::new()) }
}

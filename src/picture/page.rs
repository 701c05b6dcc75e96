//! A plan as a page for those who review it: what it is for, how much it changes, each change with its reasons and what
//! differs, and the pictures of it. Secrets are only said to be some.

use std::fmt::Write;

use super::draw::text::{markup, visible};
use super::draw::{LayoutError, Mark};
use super::graph::{graph_of, meaning};
use super::html::{page, view};
use super::network::network_of;
use super::plain;
use crate::model::existing::ExistingVpc;
use crate::model::{Json, Value};
use crate::plan::{Action, Change, Difference, Plan, Reason};

/// The longest value that stands on the line of its property, in characters.
const SHORT: usize = 60;

/// The most lines of which the differing ones are looked for one by one.
const COMPARED: usize = 600;

/// What a page says beside the plan.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// What is worth saying of the script though it is no mistake.
    pub warnings: &'a [String],
    /// What is known of networks that exist already.
    pub existing: &'a [ExistingVpc],
}

/// Writes the page.
///
/// # Errors
/// When a picture cannot be laid out.
pub fn plan_page(plan: &Plan, beside: Beside<'_>) -> Result<String, LayoutError> {
    let graph = graph_of(plan);
    let ids: Vec<&str> = graph.members.iter().map(|member| member.id.as_str()).collect();
    let mut body = String::new();
    head(plan, &mut body);
    bar(plan, &mut body);
    body.push_str("<main>\n");
    notes(plan, beside.warnings, &ids, &mut body);
    body.push_str("<section aria-labelledby=\"changes\">\n<h2 id=\"changes\">Changes</h2>\n");
    if plan.changes.iter().all(|change| change.action == Action::NoOp) {
        body.push_str("<p>Nothing is to be done to any resource.</p>\n");
    }
    for (change, id) in plan.changes.iter().zip(&ids) {
        one(change, id, &mut body);
    }
    body.push_str("</section>\n");
    outputs(plan, &mut body);
    body.push_str("<section aria-labelledby=\"graph\">\n<h2 id=\"graph\">What needs what</h2>\n");
    body.push_str(&view(&graph.diagram(), "graph", true)?);
    body.push_str("</section>\n");
    let network = network_of(plan, beside.existing);
    if !network.is_empty() {
        body.push_str("<section aria-labelledby=\"network\">\n<h2 id=\"network\">Network</h2>\n");
        body.push_str(&view(network.diagram(), "network", false)?);
        body.push_str("</section>\n");
    }
    body.push_str(
        "</main>\n<footer>Keys: <kbd>/</kbd> search, <kbd>j</kbd> <kbd>k</kbd> next and previous change, <kbd>Enter</kbd> \
         fold, <kbd>o</kbd> <kbd>c</kbd> unfold and fold all, <kbd>Esc</kbd> end the search; in a picture <kbd>+</kbd> \
         <kbd>-</kbd> <kbd>0</kbd> and arrows.</footer>\n",
    );
    Ok(page(&format!("Plan of {}", plan.stack), "plan", &body))
}

fn put(out: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(what);
}

/// How many changes there are of each mark; those that are always told first.
fn counts(plan: &Plan) -> Vec<(Mark, usize)> {
    let of = |mark: Mark| plan.changes.iter().filter(|change| Mark::of(change.action) == mark).count();
    let always = [Mark::Create, Mark::Update, Mark::Replace, Mark::Delete];
    let sometimes = [Mark::TakeOver, Mark::Wait, Mark::Forget, Mark::Same];
    let sometimes = sometimes.into_iter().map(|mark| (mark, of(mark))).filter(|(_, count)| *count > 0);
    always.into_iter().map(|mark| (mark, of(mark))).chain(sometimes).collect()
}

fn head(plan: &Plan, out: &mut String) {
    let target = &plan.target;
    let cloud = if target.cloud == "local" { "the embedded AWS" } else { "AWS" };
    put(
        out,
        format_args!(
            "<header class=\"top\">\n<h1>Plan of {}</h1>\n<p class=\"where\">for {cloud}, account {}, region {}; made from \
             state {}</p>\n<ul class=\"counts\">\n",
            markup(&plan.stack),
            markup(&target.account),
            markup(&target.region),
            plan.serial
        ),
    );
    for (mark, count) in counts(plan) {
        let zero = if count == 0 { " zero" } else { "" };
        put(out, format_args!("<li class=\"m-{}{zero}\"><b>{count}</b>{}</li>\n", mark.name(), meaning(mark)));
    }
    out.push_str("</ul>\n</header>\n");
}

fn bar(plan: &Plan, out: &mut String) {
    out.push_str(
        "<div class=\"bar\" role=\"toolbar\" aria-label=\"Search and filter\"><div><input type=\"search\" id=\"search\" \
         placeholder=\"Search addresses, types, properties, values\" aria-label=\"Search\" autocomplete=\"off\"><span \
         id=\"found\" role=\"status\"></span>",
    );
    for (mark, count) in counts(plan).into_iter().filter(|(_, count)| *count > 0) {
        put(
            out,
            format_args!(
                "<button type=\"button\" data-filter=\"{}\" aria-pressed=\"false\">{} {count}</button>",
                mark.name(),
                meaning(mark)
            ),
        );
    }
    out.push_str(
        "<button type=\"button\" data-fold=\"open\">Unfold all</button><button type=\"button\" data-fold=\"close\">Fold \
         all</button></div></div>\n",
    );
}

/// What must not be overlooked: what is lost, what seems to be renamed, what is left out, what the script is warned of.
fn notes(plan: &Plan, warnings: &[String], ids: &[&str], out: &mut String) {
    let lost: Vec<(&Change, &str)> = plan
        .changes
        .iter()
        .zip(ids.iter().copied())
        .filter(|(change, _)| change.action == Action::Delete || change.action.replaces())
        .collect();
    out.push_str("<section aria-label=\"Notes\">\n");
    if !lost.is_empty() {
        out.push_str(
            "<div class=\"note danger\"><p><strong>Objects that exist are deleted or replaced:</strong></p><ul>\n",
        );
        for (change, id) in lost {
            let id = markup(id);
            let what = meaning(Mark::of(change.action));
            put(out, format_args!("<li><a href=\"#change-{id}\">{id}</a> {what}</li>\n"));
        }
        out.push_str("</ul></div>\n");
    }
    for (from, to) in &plan.moves {
        put(out, format_args!("<div class=\"note\"><p>{from} is {to} from now on.</p></div>\n"));
    }
    for moved in &plan.suggested_moves {
        put(
            out,
            format_args!(
                "<div class=\"note\"><p>{} seems to have been renamed to {}: with <code>aliases: [\"{}\"]</code> in its \
                 options it is kept.</p></div>\n",
                moved.from, moved.to, moved.from
            ),
        );
    }
    if !plan.left_out.is_empty() {
        let all: Vec<String> = plan.left_out.keys().map(ToString::to_string).collect();
        put(out, format_args!("<div class=\"note\"><p>Left out: {}.</p></div>\n", markup(&all.join(", "))));
    }
    for warning in warnings {
        put(out, format_args!("<div class=\"note\"><p>{}</p></div>\n", markup(warning)));
    }
    out.push_str("</section>\n");
}

/// One change, folded where it says nothing that is not expected.
fn one(change: &Change, id: &str, out: &mut String) {
    let mark = Mark::of(change.action);
    let open = if matches!(mark, Mark::Create | Mark::Same) { "" } else { " open" };
    let verb = match change.action {
        Action::ReplaceCreateFirst => "to replace: the new one first",
        Action::ReplaceDeleteFirst => "to replace: the old one goes first",
        _ => meaning(mark),
    };
    put(
        out,
        format_args!(
            "<details class=\"change m-{name}\" id=\"change-{id}\" data-action=\"{name}\"{open}><summary><span \
             class=\"sign\">{}</span><span class=\"address\">{id}</span><span class=\"kind\">{}</span><span \
             class=\"verb\">{verb}</span></summary><div class=\"body\">\n",
            mark.sign(),
            markup(&change.kind),
            name = mark.name(),
            id = markup(id),
        ),
    );
    for reason in change.reasons.iter().filter_map(|reason| told(reason, change)) {
        put(out, format_args!("<p class=\"why\">{}</p>\n", markup(&reason)));
    }
    if let Some(physical) = &change.id {
        put(out, format_args!("<p class=\"muted\">It is <code>{}</code>.</p>\n", markup(physical)));
    }
    if let Some(source) = change.source.as_ref().filter(|source| !source.file.is_empty()) {
        let place = format!("{}:{}:{}", source.file, source.line, source.column);
        put(out, format_args!("<p class=\"muted\">Declared at {}.</p>\n", markup(&place)));
    }
    let made = matches!(change.action, Action::Create) || change.differences.is_empty();
    if made {
        properties(change, out);
    } else {
        differences(&change.differences, out);
    }
    if !change.dependencies.is_empty() {
        let needs: Vec<String> =
            change.dependencies.iter().map(|address| format!("<a href=\"#change-{address}\">{address}</a>")).collect();
        put(out, format_args!("<p class=\"muted\">Needs {}.</p>\n", needs.join(", ")));
    }
    out.push_str("</div></details>\n");
}

fn properties(change: &Change, out: &mut String) {
    if change.wanted.is_empty() {
        return;
    }
    out.push_str("<table><thead><tr><th scope=\"col\">Property</th><th scope=\"col\">Value</th></tr></thead><tbody>\n");
    for (name, value) in &change.wanted {
        put(out, format_args!("<tr><td>{}</td><td class=\"value\">", markup(name)));
        alone(value, out);
        out.push_str("</td></tr>\n");
    }
    out.push_str("</tbody></table>\n");
}

/// A value by itself.
fn alone(value: &Value, out: &mut String) {
    let lines = lines(value);
    match lines.as_slice() {
        [line] if line.chars().count() <= SHORT => put(out, format_args!("{}", worded(line))),
        lines => {
            out.push_str("<pre>");
            for line in lines {
                put(out, format_args!("<span>{}</span>", worded(line)));
            }
            out.push_str("</pre>");
        }
    }
}

/// A line, what is not shown in it marked as such.
fn worded(line: &str) -> String {
    markup(line).replace(plain::SECRET, "<em class=\"secret\">(secret)</em>")
}

fn differences(differences: &[Difference], out: &mut String) {
    out.push_str(
        "<table><thead><tr><th scope=\"col\">Property</th><th scope=\"col\">Before → after</th></tr></thead><tbody>\n",
    );
    for Difference { path, before, after, replaces } in differences {
        let tag = if *replaces { " <span class=\"tag\">replaces</span>" } else { "" };
        put(out, format_args!("<tr><td>{}{tag}</td><td class=\"value\">", markup(path)));
        let side = |value: &Option<Value>| value.as_ref().map_or_else(|| vec!["(none)".to_owned()], lines);
        let (before, after) = (side(before), side(after));
        match (before.as_slice(), after.as_slice()) {
            ([one], [other]) if one.chars().count().max(other.chars().count()) <= 2 * SHORT => {
                put(out, format_args!("<del>{}</del> → <ins>{}</ins>", worded(one), worded(other)));
            }
            _ => {
                out.push_str("<pre>");
                for (sort, line) in compared(&before, &after) {
                    let (class, sign) = match sort {
                        Side::Both => ("", " "),
                        Side::Before => (" class=\"gone\"", "-"),
                        Side::After => (" class=\"new\"", "+"),
                    };
                    put(out, format_args!("<span{class}>{sign} {}</span>", worded(line)));
                }
                out.push_str("</pre>");
            }
        }
        out.push_str("</td></tr>\n");
    }
    out.push_str("</tbody></table>\n");
}

/// A value as lines; a text that is JSON as what it says.
fn lines(value: &Value) -> Vec<String> {
    if let Value::String(text) = value
        && text.starts_with(['{', '['])
        && let Ok(json @ (Json::Object(_) | Json::Array(_))) = serde_json::from_str::<Json>(text)
    {
        return plain::lines(&Value::from_json(&json));
    }
    plain::lines(value)
}

/// Which of two texts has a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Both,
    Before,
    After,
}

/// Lines of two texts one after the other, those that both have once: by the longest list of lines they share.
fn compared<'a>(before: &'a [String], after: &'a [String]) -> Vec<(Side, &'a str)> {
    let (wide, high) = (after.len() + 1, before.len() + 1);
    if wide.max(high) > COMPARED {
        let gone = before.iter().map(|line| (Side::Before, line.as_str()));
        return gone.chain(after.iter().map(|line| (Side::After, line.as_str()))).collect();
    }
    let mut shared = vec![0_usize; wide * high];
    for one in (0..before.len()).rev() {
        for other in (0..after.len()).rev() {
            shared[one * wide + other] = if before[one] == after[other] {
                shared[(one + 1) * wide + other + 1] + 1
            } else {
                shared[(one + 1) * wide + other].max(shared[one * wide + other + 1])
            };
        }
    }
    let (mut one, mut other, mut all) = (0, 0, Vec::new());
    while one < before.len() || other < after.len() {
        if one < before.len() && other < after.len() && before[one] == after[other] {
            all.push((Side::Both, before[one].as_str()));
            (one, other) = (one + 1, other + 1);
        } else if one < before.len()
            && (other == after.len() || shared[(one + 1) * wide + other] >= shared[one * wide + other + 1])
        {
            all.push((Side::Before, before[one].as_str()));
            one += 1;
        } else {
            all.push((Side::After, after[other].as_str()));
            other += 1;
        }
    }
    all
}

fn outputs(plan: &Plan, out: &mut String) {
    if plan.outputs.is_empty() {
        return;
    }
    let change = if plan.outputs_change { " (they change)" } else { "" };
    put(
        out,
        format_args!(
            "<section aria-labelledby=\"outputs\">\n<h2 id=\"outputs\">Outputs{change}</h2>\n<table><tbody>\n"
        ),
    );
    for (name, value) in &plan.outputs {
        put(out, format_args!("<tr><td>{}</td><td class=\"value\">", markup(name)));
        alone(value, out);
        out.push_str("</td></tr>\n");
    }
    out.push_str("</tbody></table>\n</section>\n");
}

/// A reason in words, where it does not go without saying.
fn told(reason: &Reason, change: &Change) -> Option<String> {
    let forgotten = change.action == Action::Forget;
    Some(match reason {
        Reason::New => return None,
        Reason::Differs => return None,
        Reason::Vanished { id } => format!("{} is no longer there.", visible(id)),
        Reason::Immutable { paths } => format!("Because {} cannot be changed in place.", paths.join(", ")),
        Reason::ReplaceOn => "Because a value in its replaceOn differs.".to_owned(),
        Reason::Asked => "Because --replace names it.".to_owned(),
        Reason::Uses { address } => format!("Because {address}, which it uses, is deleted before it is made again."),
        Reason::Exclusive { properties } => {
            format!("The old one goes first: no two can have the same {}.", properties.join(", "))
        }
        Reason::FailedBefore { reason } => format!("An earlier run did not bring it to life: {reason}"),
        Reason::Unsettled => "An earlier run ended while AWS was working on it.".to_owned(),
        Reason::Apart { reason } => format!("Whether its members found each other is looked at: {reason}"),
        Reason::Unfinished => "An earlier run ended before everything was set.".to_owned(),
        Reason::Protection { on: true } => "It becomes protected from deletion and replacement.".to_owned(),
        Reason::Protection { on: false } => "Its protection is lifted.".to_owned(),
        Reason::Handling => "Its options differ: they are written down, and nothing is called.".to_owned(),
        Reason::Undeclared if forgotten => "The script no longer declares it; it stays in the account.".to_owned(),
        Reason::Undeclared => "The script no longer declares it.".to_owned(),
        Reason::Destroyed if forgotten => "Its option `retain` leaves it in the account.".to_owned(),
        Reason::Destroyed => "The stack is destroyed.".to_owned(),
        Reason::Deposed => "A replacement has put it aside.".to_owned(),
        Reason::Adopted { id } => format!("It takes over {}.", visible(id)),
    })
}

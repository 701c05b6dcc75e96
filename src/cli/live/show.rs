//! Words for what runs: times, states, identifiers. All that is from elsewhere is made harmless here or by
//! [`crate::cli::render::table`].

use hzscript::live::{Deployment, Service, Task};
use jiff::Timestamp;

use crate::cli::render::escape;
use crate::cli::render::palette::Palette;

/// How many characters of a task's identifier are shown: they are enough to name it.
pub const SHORT: usize = 12;

/// A task's identifier, as short as it is shown.
pub fn short(id: &str) -> String {
    id.chars().take(SHORT).collect()
}

/// A time of day and date, in UTC.
pub fn time(at: Option<Timestamp>) -> String {
    at.map(|at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()).unwrap_or_default()
}

/// How long ago a time was, roughly.
pub fn ago(at: Option<Timestamp>, now: Timestamp) -> String {
    at.map(|at| format!("{} ago", rough(now.duration_since(at).as_secs()))).unwrap_or_default()
}

/// How long a time is past, in its greatest unit.
pub fn rough(seconds: i64) -> String {
    match seconds.max(0) {
        few @ 0..60 => format!("{few} s"),
        few @ 60..3600 => format!("{} min", few / 60),
        few @ 3600..86400 => format!("{} h", few / 3600),
        many => format!("{} d", many / 86400),
    }
}

/// `3/3`, or `2/3 (1 pending)`.
pub fn tasks(service: &Service) -> String {
    let Service { running, desired, pending, .. } = service;
    match pending {
        0 => format!("{running}/{desired}"),
        pending => format!("{running}/{desired} ({pending} pending)"),
    }
}

/// Where a service's deployments stand, in a line.
pub fn rollout(service: &Service) -> String {
    let one = |deployment: &Deployment| {
        let state = deployment.rollout.as_deref().unwrap_or(&deployment.status).to_lowercase().replace('_', " ");
        let failed = match deployment.failed {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        match service.deployments.len() {
            1 => format!("{state}{failed}"),
            _ => format!("{} {state} {}/{}{failed}", deployment.definition, deployment.running, deployment.desired),
        }
    };
    match service.status.as_str() {
        "ACTIVE" => service.deployments.iter().map(one).collect::<Vec<_>>().join("; "),
        other => other.to_lowercase(),
    }
}

/// A task's state, with its health where that is known.
pub fn state(task: &Task) -> String {
    match (task.status.as_str(), task.desired_status.as_str(), task.health.as_str()) {
        ("RUNNING", "STOPPED", _) => "RUNNING, to stop".to_owned(),
        ("RUNNING", _, health @ ("HEALTHY" | "UNHEALTHY")) => format!("RUNNING, {}", health.to_lowercase()),
        (status, ..) => status.to_owned(),
    }
}

/// The text with spaces for tabs: they do no harm, but are no columns behind a time.
pub fn spaced(text: &str) -> String {
    text.replace('\t', "    ")
}

/// A message of a log on one line, or on several that are set in.
pub fn message(text: &str, indent: usize) -> String {
    let lines = escape::lines(&spaced(text.trim_end_matches(['\n', '\r'])));
    lines.replace('\n', &format!("\n{}", " ".repeat(indent)))
}

/// Events, a line each.
pub fn event_lines<'a>(
    events: impl IntoIterator<Item = &'a hzscript::live::ServiceEvent>,
    palette: Palette,
) -> Vec<String> {
    let line = |event: &hzscript::live::ServiceEvent| {
        format!("{}  {}", palette.dim(&time(event.time)), escape::line(&event.message))
    };
    events.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_ago_is_told_in_the_greatest_unit() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().expect("a time");
        let ago = |text: &str| ago(text.parse().ok(), now);
        assert_eq!(ago("2026-11-24T11:59:18Z"), "42 s ago");
        assert_eq!(ago("2026-11-24T11:57:30Z"), "2 min ago");
        assert_eq!(ago("2026-11-23T13:00:00Z"), "23 h ago");
        assert_eq!(ago("2026-11-20T12:00:00Z"), "4 d ago");
        assert_eq!(ago("2026-11-24T12:00:03Z"), "0 s ago", "another clock may be ahead");
    }

    #[test]
    fn a_message_cannot_move_the_cursor() {
        assert_eq!(message("one\u{1b}[2J\n\ttwo\r\n", 2), "one\\u{1b}[2J\n      two");
    }
}

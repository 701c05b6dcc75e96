//! What a container does, as far as its command tells: nothing is really run.
//!
//! Commands that do one simple thing are followed (`exit 3`, `false`, `sleep 30`, `echo done`, alone or joined by `;` or
//! `&&`), so that jobs end and failing health checks fail. Everything else runs until it is stopped.

use std::time::Duration;

/// How a container ends by itself.
#[derive(Debug, PartialEq, Eq)]
pub struct End {
    /// After how long.
    pub after: Duration,
    /// With which exit code.
    pub code: i64,
    /// What it prints before.
    pub output: Vec<String>,
}

/// The script that a command runs: what follows `sh -c`, else its words.
fn script(words: &[&str]) -> String {
    match words {
        [shell, "-c", script] if shell.ends_with("sh") => (*script).to_owned(),
        ["CMD-SHELL" | "CMD", rest @ ..] => rest.join(" "),
        words => words.join(" "),
    }
}

/// How a container with this entry point and command ends; `None` when it goes on until it is stopped.
pub fn end(words: &[&str]) -> Option<End> {
    let script = script(words).replace("&&", ";");
    let mut end = End { after: Duration::from_secs(1), code: 0, output: Vec::new() };
    for step in script.split(';').map(str::trim) {
        match step.split_once(' ').map_or((step, ""), |(command, rest)| (command, rest.trim())) {
            ("true", "") => end.code = 0,
            ("false", "") => {
                end.code = 1;
                return Some(end);
            }
            ("exit", code) => {
                end.code = if code.is_empty() { 0 } else { code.parse::<u8>().ok()?.into() };
                return Some(end);
            }
            ("sleep", seconds) => end.after += Duration::from_secs(seconds.parse().ok()?),
            ("echo", text) => end.output.push(text.trim_matches(['"', '\'']).to_owned()),
            _ => return None,
        }
    }
    Some(end)
}

/// Whether a health check passes: every one does but those that plainly fail.
pub fn passes(check: &[&str]) -> bool {
    end(check).is_none_or(|end| end.code == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_commands_end_and_others_go_on() {
        let ended = end(&["sh", "-c", "echo begin && sleep 20; exit 3"]).expect("it ends");
        assert_eq!(ended, End { after: Duration::from_secs(21), code: 3, output: vec!["begin".to_owned()] });
        assert_eq!(end(&["false"]).map(|end| end.code), Some(1));
        assert_eq!(end(&["hz", "start"]), None);
        assert_eq!(end(&[]), None);
        assert_eq!(end(&["sh", "-c", "exit $CODE"]), None);
    }

    #[test]
    fn health_checks_pass_unless_they_plainly_fail() {
        assert!(passes(&["CMD-SHELL", "curl -fs http://127.0.0.1:5701/hazelcast/health/ready || exit 1"]));
        assert!(!passes(&["CMD-SHELL", "exit 1"]));
        assert!(!passes(&["CMD", "false"]));
    }
}

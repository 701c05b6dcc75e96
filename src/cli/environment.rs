//! What the process finds around it: environment variables, terminal, user and machine. Read here and nowhere else.

use std::io::IsTerminal;

use hzscript::state::Owner;
use jiff::Timestamp;

/// The environment of the process.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Environment variables that are text, in the order of their names.
    variables: Vec<(String, String)>,
    /// Whether somebody can answer a question.
    pub interactive: bool,
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether standard error is a terminal.
    pub stderr_is_terminal: bool,
}

impl Environment {
    /// Reads it.
    pub fn read() -> Self {
        let mut variables: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        variables.sort();
        let stderr_is_terminal = std::io::stderr().is_terminal();
        Self {
            variables,
            interactive: std::io::stdin().is_terminal() && stderr_is_terminal,
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal,
        }
    }

    /// The value of a variable; one that is empty counts as not set.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let found = self.variables.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Variables whose name starts with `prefix`, as what follows it and the value.
    pub fn starting_with<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.variables.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }

    /// Whether colours may be used at all (<https://no-color.org>).
    pub fn allows_color(&self) -> bool {
        self.variable("NO_COLOR").is_none() && self.variable("TERM") != Some("dumb")
    }

    /// Who runs `command`, since now.
    pub fn owner(&self, command: &str) -> Owner {
        let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| self.variable(name));
        let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let host = kernel.as_deref().map(str::trim).filter(|host| !host.is_empty());
        let host = host.or_else(|| ["HOSTNAME", "COMPUTERNAME"].iter().find_map(|name| self.variable(name)));
        Owner {
            user: user.unwrap_or("somebody").to_owned(),
            host: host.unwrap_or("this machine").to_owned(),
            process: std::process::id(),
            command: command.to_owned(),
            since: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }
    }

    /// One made up, for tests.
    #[cfg(test)]
    pub fn with(variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { variables, interactive: false, stdout_is_terminal: false, stderr_is_terminal: false }
    }
}

//! What the process finds around it: environment variables, terminal, user and machine. Read here and nowhere else.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use hzscript::script::Given;
use hzscript::state::{Locking, Owner, ProcessIdentity, Surroundings};
use hzscript::stores::Access;
use jiff::Timestamp;

/// The environment of the process.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Environment variables that are text, in the order of their names.
    variables: Vec<(String, String)>,
    /// The folder the program was started in.
    pub here: PathBuf,
    /// Inputs that `hzscript.toml` gives.
    pub settled: BTreeMap<String, Given>,
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
            here: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            settled: BTreeMap::new(),
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

    /// How a lock is taken by what does not wait for it.
    pub fn locking(&self) -> Locking {
        Locking { surroundings: Arc::new(self.machine()), ..Locking::default() }
    }

    /// What the environment says of stores of states.
    pub fn access(&self) -> Access {
        let of_stores = |name: &str| name.starts_with("GOOGLE_") || name.starts_with("AZURE_");
        let named = self.variables.iter().filter(|(name, value)| of_stores(name) && !value.is_empty());
        let endpoint = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"].iter().find_map(|name| self.variable(name));
        Access { s3_endpoint: endpoint.map(str::to_owned), variables: named.cloned().collect(), ..Access::default() }
    }

    /// Who runs `command`, since now.
    pub fn owner(&self, command: &str) -> Owner {
        let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| self.variable(name));
        let process = std::process::id();
        Owner {
            user: user.unwrap_or("somebody").to_owned(),
            host: self.host(),
            process,
            command: command.to_owned(),
            since: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            identity: identity(process),
        }
    }

    /// The machine's name.
    fn host(&self) -> String {
        let kernel = proc("sys/kernel/hostname").filter(|host| !host.is_empty());
        let named = || ["HOSTNAME", "COMPUTERNAME"].iter().find_map(|name| self.variable(name)).map(str::to_owned);
        kernel.or_else(named).unwrap_or_else(|| "this machine".to_owned())
    }

    /// What the engine asks of the machine.
    pub fn machine(&self) -> Machine {
        Machine { host: self.host() }
    }

    /// One made up, for tests.
    #[cfg(test)]
    pub fn with(variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self {
            variables,
            here: PathBuf::from("."),
            settled: BTreeMap::new(),
            interactive: false,
            stdout_is_terminal: false,
            stderr_is_terminal: false,
        }
    }
}

/// This machine: its clock, and which of its processes are no more.
#[derive(Debug)]
pub struct Machine {
    host: String,
}

impl Surroundings for Machine {
    fn now(&self) -> Option<SystemTime> {
        Some(SystemTime::now())
    }

    fn is_gone(&self, owner: &Owner) -> bool {
        // Where processes of others are hidden, the first one is, and that one is not shown tells nothing.
        if owner.host != self.host || !Path::new("/proc/1/stat").exists() {
            return false;
        }
        let running = started(owner.process);
        let Some(known) = &owner.identity else { return running.is_none() };
        let Some(own) = identity(std::process::id()) else { return false };
        (&own.boot, &own.namespace) == (&known.boot, &known.namespace) && running != Some(known.started)
    }
}

/// What tells a process of this machine from every other one, where the kernel tells (proc(5)).
fn identity(process: u32) -> Option<ProcessIdentity> {
    let namespace = std::fs::read_link("/proc/self/ns/pid").ok()?.into_os_string().into_string().ok()?;
    Some(ProcessIdentity { boot: proc("sys/kernel/random/boot_id")?, namespace, started: started(process)? })
}

/// When a process started, in ticks since the boot; none when there is none, or only what is left of one.
fn started(process: u32) -> Option<u64> {
    let stat = proc(&format!("{process}/stat"))?;
    // The second field is a name in parentheses, with anything in it; the third is the state.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    // The start is the twenty-second.
    fields.nth(18)?.parse().ok().filter(|_| !matches!(state, "Z" | "X"))
}

/// A file that the kernel writes, without white space around it.
fn proc(path: &str) -> Option<String> {
    Some(std::fs::read_to_string(Path::new("/proc").join(path)).ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_is_gone_only_when_it_is_known_to_be() {
        let environment = Environment::with(&[]);
        let machine = environment.machine();
        let own = environment.owner("test");
        let identity = own.identity.clone().expect("the kernel tells");
        let with = |change: &dyn Fn(&mut Owner)| {
            let mut owner = own.clone();
            change(&mut owner);
            machine.is_gone(&owner)
        };
        let identified = |identity: ProcessIdentity| with(&move |owner| owner.identity = Some(identity.clone()));
        let mut ended = std::process::Command::new("true").spawn().expect("it starts");
        ended.wait().expect("it ends");
        let ended = ended.id();

        assert!(!with(&|_| {}), "this process is there");
        assert!(!with(&|owner| owner.identity = None), "an earlier version did not tell more than its number");
        assert!(with(&|owner| owner.process = ended));
        assert!(with(&|owner| (owner.process, owner.identity) = (ended, None)));
        let started = identity.started - 1;
        assert!(identified(ProcessIdentity { started, ..identity.clone() }), "its number was given to another");
        for elsewhere in [
            ProcessIdentity { boot: "another".to_owned(), started, ..identity.clone() },
            ProcessIdentity { namespace: "another".to_owned(), started, ..identity },
        ] {
            assert!(!identified(elsewhere), "nothing is known of other machines and containers");
        }
        assert!(!with(&|owner| (owner.process, owner.host) = (ended, "another".to_owned())));
    }
}

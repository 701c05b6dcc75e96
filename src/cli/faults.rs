//! `--fault` and `--as-policy`: what goes wrong on purpose, and saying that it does.

use std::path::Path;

use hzscript::local::fault::{Faults, Rule, What};
use hzscript::local::iam::caller::{BadPolicy, CallerPolicies};
use hzscript::local::settings::Settings;
use uuid::Uuid;

use super::args::FaultArguments;
use super::error::Error;
use super::script::plain;

/// The largest policy that is read, in bytes: above every quota of IAM.
const MAX_POLICY: u64 = 1 << 20;

/// What goes wrong on purpose.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Upset {
    /// Faults, with a seed where they are drawn.
    pub faults: Faults,
    /// What whoever calls may do.
    pub caller: CallerPolicies,
}

impl Upset {
    /// That of the arguments.
    ///
    /// # Errors
    /// When a policy cannot be read.
    pub fn given(arguments: &FaultArguments) -> Result<Self, Error> {
        let documents = arguments.as_policy.iter().map(|file| document(file)).collect::<Result<_, _>>()?;
        let caller = CallerPolicies::new(documents).map_err(|BadPolicy(reason)| {
            let files: Vec<String> = arguments.as_policy.iter().map(|file| file.display().to_string()).collect();
            let message =
                format!("--as-policy: not every one of {} is a policy that IAM would take: {reason}", files.join(", "));
            let help = "`hzscript plan SCRIPT --iam --json` prints one";
            Error::Usage { message, help: Some(help.to_owned()) }
        })?;
        let faults = Faults::new(arguments.rules.clone());
        if !faults.are_drawn() || faults.seed().is_some() {
            return Ok(Self { faults, caller });
        }
        // Short enough to be typed again.
        let (seed, ..) = Uuid::new_v4().as_fields();
        let seed = Rule { what: What::Seed(u64::from(seed % 1_000_000)), only: None };
        Ok(Self { faults: faults.and(&Faults::new(vec![seed])), caller })
    }

    /// Settings with it beside what goes wrong by them.
    pub fn on(&self, settings: Settings) -> Settings {
        let faults = settings.faults.and(&self.faults);
        Settings { faults, caller_policies: settings.caller_policies.and(&self.caller), ..settings }
    }
}

fn document(file: &Path) -> Result<String, Error> {
    let unreadable = |reason: String| Error::Usage {
        message: format!("cannot read the policy {}: {reason}", file.display()),
        help: Some("--as-policy takes a file with an IAM policy document".to_owned()),
    };
    let length = std::fs::metadata(file).map_err(|error| unreadable(plain(&error)))?.len();
    if length > MAX_POLICY {
        return Err(unreadable(format!("it is larger than {} MiB", MAX_POLICY >> 20)));
    }
    std::fs::read_to_string(file).map_err(|error| unreadable(plain(&error)))
}

/// What goes wrong by these settings, in a line or two; `None` when nothing does.
pub fn told(settings: &Settings) -> Option<String> {
    let faults = &settings.faults;
    let seed = faults.seed().unwrap_or_default();
    let again = if faults.are_drawn() { format!("; seed={seed} has them again") } else { String::new() };
    let faults = (!faults.is_empty()).then(|| format!("faults: {faults}{again}"));
    let limited = !settings.caller_policies.is_empty();
    let caller = limited.then(|| "caller: may do only what the given policies allow".to_owned());
    let lines: Vec<String> = faults.into_iter().chain(caller).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

//! What is made to go wrong in the embedded AWS: [`Faults`], as `--fault` and `settings.toml` say them.
//!
//! Which calls a share of calls are is drawn from the seed, the call and how often it was made ([`fates`]): the same run
//! meets the same faults, whatever else goes on at the same time. Only [`What::Crash`] counts calls.

pub mod fates;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::SERVICES;

/// Every form that a rule may have.
pub const FORMS: &str = "  throttle=0.3             this share of calls is refused: too many
  error=0.05               this share of calls ends in an error of the service's own; half of them are done
  deny=1                   this share of calls is refused: no policy allows it
  drop=0.1                 this share of calls is done, and the answer lost
  drop=create              the first answer of every call that makes something is lost
  drop=change              the first answer of every call that changes something is lost
  slow=2s                  every answer is late
  lag=10s                  what is new is unknown to other calls for so long, in AWS's time
  capacity=2               the first placements of each deployment, and of each call that runs tasks, find no capacity
  crash=call:17:before     this program ends at once before its 17th call (or `after`)
  crash=journal:5:after    this program ends at once after its 5th write of the state (or `before`)
  seed=42                  what is drawn for shares of calls: the same seed, the same faults
throttle, error, deny, drop, slow and crash=call may be for some calls only: throttle=0.5@ecs:CreateService, error=1@iam:Get*,
slow=1s@logs.";

/// The longest time that an answer or a thing may be late.
const LATEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A rule that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rule:?} is no fault: {reason}. Faults are:\n{FORMS}")]
pub struct BadRule {
    /// As it was given.
    pub rule: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What goes wrong, all together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Faults(Vec<Rule>);

/// One thing that goes wrong, and with which calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What it is.
    pub what: What,
    /// With which calls; by default all.
    pub only: Option<Only>,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A share of calls is refused because there are too many.
    Throttle(f64),
    /// A share of calls ends in an error of the service's own.
    Error(f64),
    /// A share of calls is refused because no policy allows them.
    Deny(f64),
    /// Calls are done and their answers lost.
    Drop(Lost),
    /// Answers are late by this time.
    Slow(Duration),
    /// What is new is unknown to other calls for this time on AWS.
    Lag(Duration),
    /// So many placements find no capacity.
    Capacity(u32),
    /// The process ends at once.
    Crash(Crash),
    /// What is drawn for shares of calls.
    Seed(u64),
}

/// Whose answers are lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lost {
    /// Those of a share of calls.
    Share(f64),
    /// The first of every call that makes something.
    Creations,
    /// The first of every call that changes something.
    Changes,
}

/// At which moment the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crash {
    /// What is counted.
    pub counted: Counted,
    /// Which one, from 1.
    pub number: u64,
    /// Whether it has been done then.
    pub done: bool,
}

/// What the moments of a crash are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Calls of this process.
    Calls,
    /// Objects of the state that this process writes: records of the journal, snapshot, its copies and the lock.
    Writes,
}

/// Some of the calls there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Only {
    /// The signing name of their service.
    pub service: String,
    /// Their action, or the beginning of it before a `*`; by default all.
    pub action: Option<String>,
}

impl Only {
    /// Whether a call is one of them.
    pub fn includes(&self, service: &str, action: &str) -> bool {
        self.service == service
            && self.action.as_deref().is_none_or(|own| match own.strip_suffix('*') {
                Some(beginning) => action.starts_with(beginning),
                None => action == own,
            })
    }
}

impl Faults {
    /// Those of these rules.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self(rules)
    }

    /// Whether nothing goes wrong.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|rule| matches!(rule.what, What::Seed(_)))
    }

    /// The rules.
    pub fn rules(&self) -> &[Rule] {
        &self.0
    }

    /// With further rules; of two seeds the later one is in use.
    #[must_use]
    pub fn and(mut self, more: &Self) -> Self {
        self.0.extend_from_slice(&more.0);
        self
    }

    /// Whether anything is drawn, so that a seed matters.
    pub fn are_drawn(&self) -> bool {
        let drawn = |what: &What| {
            matches!(what, What::Throttle(_) | What::Error(_) | What::Deny(_) | What::Drop(Lost::Share(_)))
        };
        self.0.iter().any(|rule| drawn(&rule.what))
    }

    /// The seed that was said.
    pub fn seed(&self) -> Option<u64> {
        self.0.iter().rev().find_map(|rule| match rule.what {
            What::Seed(seed) => Some(seed),
            _ => None,
        })
    }

    /// Which write of the state the process ends at.
    pub fn crash_of_writes(&self) -> Option<Crash> {
        self.0.iter().find_map(|rule| match rule.what {
            What::Crash(crash) if crash.counted == Counted::Writes => Some(crash),
            _ => None,
        })
    }

    /// How long, on AWS, what is new is unknown to other calls.
    pub(super) fn lag(&self) -> Option<Duration> {
        self.0.iter().rev().find_map(|rule| match rule.what {
            What::Lag(lag) => Some(lag),
            _ => None,
        })
    }

    /// How many placements find no capacity.
    pub(super) fn refused_placements(&self) -> u32 {
        let refused = self.0.iter().rev().find_map(|rule| match rule.what {
            What::Capacity(refused) => Some(refused),
            _ => None,
        });
        refused.unwrap_or_default()
    }
}

impl TryFrom<Vec<String>> for Faults {
    type Error = BadRule;

    fn try_from(texts: Vec<String>) -> Result<Self, BadRule> {
        Ok(Self(texts.iter().map(|text| text.parse()).collect::<Result<_, _>>()?))
    }
}

impl From<Faults> for Vec<String> {
    fn from(faults: Faults) -> Self {
        faults.0.iter().map(Rule::to_string).collect()
    }
}

/// The rules without the seed, as they are given.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules = self.0.iter().filter(|rule| !matches!(rule.what, What::Seed(_)));
        f.write_str(&rules.map(Rule::to_string).collect::<Vec<_>>().join(", "))
    }
}

impl FromStr for Rule {
    type Err = BadRule;

    fn from_str(text: &str) -> Result<Self, BadRule> {
        let bad = |reason: String| BadRule { rule: text.to_owned(), reason };
        let (rule, only) = match text.split_once('@') {
            Some((rule, only)) => (rule, Some(self::only(only).map_err(bad)?)),
            None => (text, None),
        };
        let (name, value) = rule.split_once('=').ok_or_else(|| bad("it has no `=`".to_owned()))?;
        let what = what(name.trim(), value.trim()).map_err(bad)?;
        let of_calls = match what {
            What::Throttle(_) | What::Error(_) | What::Deny(_) | What::Drop(_) | What::Slow(_) => true,
            What::Crash(Crash { counted, .. }) => counted == Counted::Calls,
            What::Lag(_) | What::Capacity(_) | What::Seed(_) => false,
        };
        if only.is_some() && !of_calls {
            return Err(bad("it is not about calls, so nothing may follow with `@`".to_owned()));
        }
        Ok(Self { what, only })
    }
}

fn what(name: &str, value: &str) -> Result<What, String> {
    let whole = |what: &str| format!("{what} is a whole number");
    Ok(match (name, value) {
        ("throttle", value) => What::Throttle(share(value)?),
        ("error", value) => What::Error(share(value)?),
        ("deny", value) => What::Deny(share(value)?),
        ("drop", "create") => What::Drop(Lost::Creations),
        ("drop", "change") => What::Drop(Lost::Changes),
        ("drop", value) => What::Drop(Lost::Share(share(value)?)),
        ("slow", value) => What::Slow(time(value)?),
        ("lag", value) => What::Lag(time(value)?),
        ("capacity", value) => What::Capacity(value.parse().map_err(|_| whole("how many placements"))?),
        ("seed", value) => What::Seed(value.parse().map_err(|_| whole("a seed"))?),
        ("crash", value) => What::Crash(crash(value)?),
        (other, _) => return Err(format!("nothing is called `{other}`")),
    })
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| format!("`{text}` is no share of calls, which is a number from 0 to 1"))
}

fn time(text: &str) -> Result<Duration, String> {
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0)];
    let seconds = units.into_iter().find_map(|(unit, seconds)| {
        text.strip_suffix(unit)?.parse().ok().map(|number: f64| number * seconds).filter(|number| *number >= 0.0)
    });
    let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).filter(|time| *time <= LATEST);
    time.ok_or_else(|| format!("`{text}` is no time, which looks like 500ms, 2s or 1m"))
}

fn crash(text: &str) -> Result<Crash, String> {
    let parts: Vec<&str> = text.split(':').collect();
    let counted = match parts.first() {
        Some(&"call") => Counted::Calls,
        Some(&"journal") => Counted::Writes,
        _ => return Err("a crash is at a `call` or at a write of the `journal`".to_owned()),
    };
    let number = parts.get(1).and_then(|number| number.parse().ok()).filter(|number| *number > 0);
    let number = number.ok_or("which call or write it is at is a whole number from 1")?;
    match parts[2..] {
        ["before"] => Ok(Crash { counted, number, done: false }),
        ["after"] => Ok(Crash { counted, number, done: true }),
        _ => Err("a crash is `before` or `after`".to_owned()),
    }
}

fn only(text: &str) -> Result<Only, String> {
    let (service, action) = match text.split_once(':') {
        Some((service, action)) => (service, Some(action)),
        None => (text, None),
    };
    if !SERVICES.iter().any(|known| known.name() == service) {
        let names: Vec<&str> = SERVICES.iter().map(|known| known.name()).collect();
        return Err(format!("there is no service `{service}`, only {}", names.join(", ")));
    }
    let named = |action: &str| {
        let name = action.strip_suffix('*').unwrap_or(action);
        !action.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric())
    };
    match action {
        Some(action) if !named(action) => Err(format!("`{action}` is no action, which looks like CreateService")),
        action => Ok(Only { service: service.to_owned(), action: action.map(str::to_owned) }),
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |time: &Duration| format!("{}s", time.as_secs_f64());
        match &self.what {
            What::Throttle(share) => write!(f, "throttle={share}"),
            What::Error(share) => write!(f, "error={share}"),
            What::Deny(share) => write!(f, "deny={share}"),
            What::Drop(Lost::Share(share)) => write!(f, "drop={share}"),
            What::Drop(Lost::Creations) => f.write_str("drop=create"),
            What::Drop(Lost::Changes) => f.write_str("drop=change"),
            What::Slow(time) => write!(f, "slow={}", seconds(time)),
            What::Lag(time) => write!(f, "lag={}", seconds(time)),
            What::Capacity(refused) => write!(f, "capacity={refused}"),
            What::Seed(seed) => write!(f, "seed={seed}"),
            What::Crash(Crash { counted, number, done }) => {
                let counted = if *counted == Counted::Calls { "call" } else { "journal" };
                write!(f, "crash={counted}:{number}:{}", if *done { "after" } else { "before" })
            }
        }?;
        match &self.only {
            Some(Only { service, action: Some(action) }) => write!(f, "@{service}:{action}"),
            Some(Only { service, action: None }) => write!(f, "@{service}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written_as_it_is_given() {
        let forms = [
            "throttle=0.3",
            "error=0.05",
            "deny=1",
            "drop=0.1",
            "drop=create",
            "drop=change",
            "slow=2s",
            "lag=10s",
            "capacity=2",
            "crash=call:17:before",
            "crash=journal:5:after",
            "seed=42",
            "throttle=0.5@ecs:CreateService",
            "error=1@iam:Get*",
            "slow=1s@logs",
        ];
        for form in forms {
            assert_eq!(form.parse::<Rule>().map(|rule| rule.to_string()).as_deref(), Ok(form));
            assert!(FORMS.contains(form), "{form}");
        }
    }

    #[test]
    fn what_is_none_is_refused_with_the_reason_and_the_forms() {
        for (text, reason) in [
            ("throttle", "has no `=`"),
            ("throttle=1.5", "from 0 to 1"),
            ("throttle=NaN", "from 0 to 1"),
            ("slow=soon", "500ms"),
            ("slow=-1s", "500ms"),
            ("lag=1e300s", "500ms"),
            ("crash=call:0:before", "from 1"),
            ("crash=call:1", "`before` or `after`"),
            ("crash=never", "`call`"),
            ("capacity=some", "whole number"),
            ("trottle=0.1", "nothing is called `trottle`"),
            ("throttle=0.1@s3", "no service `s3`, only application-autoscaling, cloudcontrolapi, ec2"),
            ("throttle=0.1@ecs:", "no action"),
            ("lag=1s@ecs", "not about calls"),
            ("crash=journal:1:after@ecs", "not about calls"),
        ] {
            let refused = text.parse::<Rule>().expect_err(text);
            assert!(refused.reason.contains(reason), "{text}: {}", refused.reason);
            assert!(refused.to_string().ends_with(FORMS), "{refused}");
        }
    }
}

//! What becomes of a call: drawn from the seed, from what is asked for, and from how often that was asked.
//!
//! What differs from one run to the next though the same is asked for (identifiers, tokens, values of secrets) counts for
//! nothing in the draw, so that a run meets the faults that the last one met.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{Counted, Crash, Faults, Lost, What};
use crate::local::iam::caller::not_allowed;
use crate::local::service::Fault;
use crate::local::store::ACCOUNT;
use crate::local::wire::Call;

/// How calls begin that make something.
const MAKES: [&str; 8] = ["Allocate", "Associate", "Attach", "Authorize", "Create", "Put", "Register", "Run"];

/// How calls begin that change nothing.
const READS: [&str; 6] = ["BatchGet", "Describe", "Discover", "Filter", "Get", "List"];

/// What becomes of calls, by the faults there are.
#[derive(Debug)]
pub struct Fates {
    faults: Faults,
    seed: u64,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    /// How often each thing was asked for.
    asked: HashMap<[u8; 32], u32>,
    /// For each rule, how many calls it was about.
    counted: Vec<u64>,
}

/// What becomes of a call.
#[derive(Debug, Default, PartialEq)]
pub struct Fate {
    /// Whether the process ends before it is carried out.
    pub ends_before: bool,
    /// The answer in place of the true one.
    pub refusal: Option<Fault>,
    /// Whether it is not carried out.
    pub undone: bool,
    /// Whether the process ends once it is carried out.
    pub ends_after: bool,
    /// How late the answer is.
    pub late: Duration,
    /// Whether the answer is lost.
    pub lost: bool,
    /// How often the same was asked before.
    pub before: u32,
}

impl Fates {
    /// By these faults. Without a seed it is 0.
    pub fn new(faults: Faults) -> Self {
        let seed = faults.seed().unwrap_or_default();
        Self { faults, seed, told: Mutex::default() }
    }

    /// What becomes of a call that is made now.
    pub fn of(&self, call: &Call) -> Fate {
        let mut fate = Fate::default();
        if self.faults.is_empty() {
            return fate;
        }
        let rules = self.faults.rules();
        let asked = asked(call);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.counted.resize(rules.len(), 0);
        let times = told.asked.entry(Sha256::digest(asked.as_bytes()).into()).or_default();
        fate.before = *times;
        *times += 1;
        let same = without_identifiers(&asked);
        let drawn = |share: f64, of: &str| self.draw(of, &same, fate.before) < share;
        for (rule, count) in rules.iter().zip(&mut told.counted) {
            if rule.only.as_ref().is_some_and(|only| !only.includes(call.service, &call.action)) {
                continue;
            }
            *count += 1;
            match rule.what {
                What::Throttle(share) if drawn(share, "throttle") => {
                    (fate.refusal, fate.undone) = (Some(throttled(call.service)), true);
                }
                What::Error(share) if fate.refusal.is_none() && drawn(share, "error") => {
                    (fate.refusal, fate.undone) = (Some(failed(call.service)), drawn(0.5, "undone"));
                }
                What::Deny(share) if fate.refusal.is_none() && drawn(share, "deny") => {
                    let action = format!("{}:{}", call.service, call.action);
                    let refusal = not_allowed(call.service, ACCOUNT, &action);
                    (fate.refusal, fate.undone) = (Some(refusal), true);
                }
                What::Drop(Lost::Share(share)) => fate.lost |= drawn(share, "drop"),
                What::Drop(Lost::Creations) => fate.lost |= fate.before == 0 && begins(&call.action, &MAKES),
                What::Drop(Lost::Changes) => fate.lost |= fate.before == 0 && !begins(&call.action, &READS),
                What::Slow(time) => fate.late = fate.late.max(time),
                What::Crash(Crash { counted: Counted::Calls, number, done }) if number == *count => {
                    fate.ends_before |= !done;
                    fate.ends_after |= done;
                }
                _ => {}
            }
        }
        fate
    }

    /// Between 0 and 1, the same for the same.
    fn draw(&self, of: &str, same: &str, before: u32) -> f64 {
        let digest = Sha256::digest(format!("{}\n{of}\n{before}\n{same}", self.seed).as_bytes());
        let drawn = digest.iter().take(4).fold(0_u32, |drawn, byte| drawn << 8 | u32::from(*byte));
        f64::from(drawn) / (f64::from(u32::MAX) + 1.0)
    }
}

fn begins(action: &str, with: &[&str]) -> bool {
    with.iter().any(|beginning| action.starts_with(beginning))
}

/// What a call asks for. The value of a secret may be made up anew each time it is asked for.
fn asked(call: &Call) -> String {
    let mut params = call.params.clone();
    params.remove("SecretString");
    let Call { service, region, action, .. } = call;
    format!("{service} {region} {action} {}", crate::model::Json::Object(params))
}

/// The text without what hexadecimal identifiers and tokens are made of.
fn without_identifiers(text: &str) -> String {
    let part_of_one = |c: char| c.is_ascii_hexdigit() || c == '-';
    let mut left = String::with_capacity(text.len());
    for run in text.split_inclusive(|c| !part_of_one(c)) {
        let end = run.find(|c| !part_of_one(c)).unwrap_or(run.len());
        if run[..end].chars().filter(char::is_ascii_hexdigit).count() < 8 {
            left.push_str(&run[..end]);
        }
        left.push_str(&run[end..]);
    }
    left
}

/// The refusal of one call too many.
///
/// Sources: botocore's models where they have the code (ECR, ECS, EFS, Logs, Application Auto Scaling, Cloud Map);
/// "Error codes for the Amazon EC2 API"; the common errors of the query protocol.
fn throttled(service: &str) -> Fault {
    let rate = "Rate exceeded";
    match service {
        "ec2" => Fault::new("RequestLimitExceeded", "Request limit exceeded.").status(503),
        "servicediscovery" => Fault::new("RequestLimitExceeded", rate),
        "elasticfilesystem" => Fault::new("ThrottlingException", rate).status(429),
        "iam" | "elasticloadbalancing" | "sts" => Fault::new("Throttling", rate),
        _ => Fault::new("ThrottlingException", rate),
    }
}

/// A failure of the service's own. Sources: as for [`throttled`].
fn failed(service: &str) -> Fault {
    let (code, status) = match service {
        "ec2" => ("InternalError", 500),
        "ecs" | "ecr" => ("ServerException", 500),
        "iam" => ("ServiceFailure", 500),
        "logs" => ("ServiceUnavailableException", 500),
        "secretsmanager" => ("InternalServiceError", 500),
        "elasticfilesystem" => ("InternalServerError", 500),
        "application-autoscaling" => ("InternalServiceException", 500),
        _ => ("InternalFailure", 500),
    };
    Fault::new(code, "An internal error has occurred.").status(status)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::local::wire::Protocol;
    use crate::model::Json;

    fn fates(rules: &[&str]) -> Fates {
        let rules: Vec<String> = rules.iter().map(|rule| (*rule).to_owned()).collect();
        Fates::new(rules.try_into().expect("rules"))
    }

    fn call(service: &'static str, action: &str, params: Json) -> Call {
        let Json::Object(params) = params else { panic!("an object") };
        let region = "eu-west-1".to_owned();
        Call { protocol: Protocol::Json, service, region, action: action.to_owned(), params }
    }

    /// Which of a hundred clusters' creations are throttled at their first and second attempt.
    fn throttled_of(fates: &Fates, order: impl Iterator<Item = u32>, token: &str) -> Vec<(u32, bool)> {
        let mut found: Vec<(u32, bool)> = order
            .map(|n| {
                let call = call("ecs", "CreateCluster", json!({ "name": format!("c{n}"), "token": token }));
                (n, fates.of(&call).refusal.is_some())
            })
            .collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn a_call_meets_its_fate_whatever_else_is_asked_and_in_which_order() {
        let rules = ["throttle=0.3", "seed=7"];
        let (one, other) = (fates(&rules), fates(&rules));
        let (first, second) = ("hz-0123456789abcdef0123456789abcdef", "hz-ffff456789abcdef0123456789abcdef");
        let forth = throttled_of(&one, 0..200, first);
        assert_eq!(forth, throttled_of(&other, (0..200).rev(), second));
        let share = forth.iter().filter(|(_, refused)| *refused).count();
        assert!((40..80).contains(&share), "{share} of 200");
        let again = throttled_of(&one, 0..200, first);
        assert_ne!(again, forth, "another attempt is drawn anew");
        assert_eq!(again, throttled_of(&other, 0..200, second));
        assert_ne!(throttled_of(&fates(&["throttle=0.3", "seed=8"]), 0..200, first), forth, "so is another seed");
    }

    #[test]
    fn the_first_answer_of_each_creation_is_lost_and_no_other() {
        let fates = fates(&["drop=create"]);
        let create = call("ecs", "CreateCluster", json!({ "clusterName": "a" }));
        assert!(fates.of(&create).lost);
        assert!(!fates.of(&create).lost);
        assert!(fates.of(&call("ecs", "CreateCluster", json!({ "clusterName": "b" }))).lost);
        assert!(!fates.of(&call("ecs", "DescribeClusters", json!({}))).lost);
        assert!(!fates.of(&call("ecs", "DeleteCluster", json!({}))).lost);
    }

    #[test]
    fn a_call_that_is_denied_is_not_carried_out() {
        let fate = fates(&["deny=1@ecs:CreateCluster"]).of(&call("ecs", "CreateCluster", json!({})));
        let refusal = fate.refusal.expect("it is refused");
        assert_eq!((refusal.code.as_str(), fate.undone), ("AccessDeniedException", true));
        assert!(refusal.message.ends_with("allows the ecs:CreateCluster action"), "{refusal}");
    }

    #[test]
    fn a_rule_for_some_calls_counts_and_meets_those_alone() {
        let fates = fates(&["crash=call:2:after@ecs:Create*", "throttle=1@iam", "slow=2s@ecs:CreateCluster"]);
        assert_eq!(
            fates.of(&call("iam", "GetRole", json!({}))).refusal.map(|fault| fault.code).as_deref(),
            Some("Throttling")
        );
        let first = fates.of(&call("ecs", "CreateCluster", json!({})));
        assert_eq!((first.ends_after, first.late, first.refusal), (false, Duration::from_secs(2), None));
        assert!(!fates.of(&call("ecs", "DescribeServices", json!({}))).ends_after);
        let second = fates.of(&call("ecs", "CreateService", json!({})));
        assert_eq!((second.ends_before, second.ends_after, second.late), (false, true, Duration::ZERO));
    }
}

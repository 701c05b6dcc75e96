//! What the caller may do: [`CallerPolicies`], and the refusal in AWS's words of what they do not allow.
//!
//! Without such policies whoever calls may do everything. With them a call needs what AWS's service authorization
//! reference says it needs ([`needs`]), and what a condition asks for that is not known here counts in the caller's
//! favour.

mod named;
mod needs;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::document::{Document, Purpose};
use super::evaluate::{Decision, Request, effect};
use crate::local::service::Fault;
use crate::local::store::Tx;
use crate::local::wire::Call;
use needs::Need;

/// The identity-based policies of whoever calls; none: everything is allowed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct CallerPolicies(Vec<(String, Document)>);

/// A text that is no policy document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is not a policy that IAM would take: {0}")]
pub struct BadPolicy(pub String);

impl CallerPolicies {
    /// Those of these documents.
    ///
    /// # Errors
    /// IAM's words for the first that is malformed.
    pub fn new(documents: Vec<String>) -> Result<Self, BadPolicy> {
        let read = |text: String| match Document::parse(&text, Purpose::Identity) {
            Ok(document) => Ok((text, document)),
            Err(reason) => Err(BadPolicy(reason)),
        };
        documents.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// With further ones.
    #[must_use]
    pub fn and(mut self, more: &Self) -> Self {
        self.0.extend_from_slice(&more.0);
        self
    }

    fn decide(&self, need: &Need, resource: &str) -> Decision {
        let request = Request { action: &need.action, resource, keys: need.keys.clone(), open: true };
        Decision::of(self.0.iter().filter_map(|(_, document)| effect(document, &request)))
    }
}

impl TryFrom<Vec<String>> for CallerPolicies {
    type Error = BadPolicy;

    fn try_from(documents: Vec<String>) -> Result<Self, BadPolicy> {
        Self::new(documents)
    }
}

impl From<CallerPolicies> for Vec<String> {
    fn from(policies: CallerPolicies) -> Self {
        policies.0.into_iter().map(|(text, _)| text).collect()
    }
}

/// Lets a call pass that the caller's policies allow, with all that it needs.
///
/// # Errors
/// The refusal AWS gives, of the first thing that is not allowed.
pub fn check(tx: &Tx<'_>, call: &Call, policies: &CallerPolicies) -> Result<(), Fault> {
    // Whoever has credentials may ask whose they are.
    if policies.is_empty() || (call.service, call.action.as_str()) == ("sts", "GetCallerIdentity") {
        return Ok(());
    }
    for need in needs::of(tx, call)? {
        for resource in &need.resources {
            let why = match policies.decide(&need, resource) {
                Decision::Allowed => continue,
                Decision::ExplicitDeny => "with an explicit deny in an identity-based policy".to_owned(),
                Decision::ImplicitDeny => {
                    format!("because no identity-based policy allows the {} action", need.action)
                }
            };
            return Err(refused(call.service, tx.account, &need.action, need.told(resource), &why));
        }
    }
    Ok(())
}

/// The refusal of an action that no policy allows.
pub fn not_allowed(service: &str, account: &str, action: &str) -> Fault {
    let why = format!("because no identity-based policy allows the {action} action");
    refused(service, account, action, None, &why)
}

/// The refusal in the words of a service.
///
/// Sources: IAM user guide, "Troubleshoot access denied error messages"; "Error codes for the Amazon EC2 API"; the common
/// errors of the JSON and of the query protocol.
fn refused(service: &str, account: &str, action: &str, resource: Option<&str>, why: &str) -> Fault {
    let on = resource.map(|resource| format!(" on resource: {resource}")).unwrap_or_default();
    let user = format!("arn:aws:iam::{account}:user/local");
    let message = format!("User: {user} is not authorized to perform: {action}{on} {why}");
    match service {
        "ec2" => {
            let encoded: String = Sha256::digest(message.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
            let message = format!(
                "You are not authorized to perform this operation. {message}. Encoded authorization failure message: \
                 {encoded}"
            );
            Fault::new("UnauthorizedOperation", message).status(403)
        }
        "iam" | "sts" | "elasticloadbalancing" => Fault::new("AccessDenied", message).status(403),
        "elasticfilesystem" => Fault::new("AccessDeniedException", message).status(403),
        _ => Fault::new("AccessDeniedException", message),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::local::settings::Settings;
    use crate::local::store::Store;
    use crate::local::wire::Protocol;

    fn call(service: &'static str, action: &str, params: Value) -> Call {
        let params = params.as_object().expect("an object").clone();
        let (region, action) = ("eu-west-1".to_owned(), action.to_owned());
        Call { protocol: Protocol::Json, service, region, action, params }
    }

    fn checked(statements: Value, call: &Call) -> Result<(), Fault> {
        let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        let policies = CallerPolicies::new(vec![document]).expect("a policy");
        let (mut store, settings) = (Store::in_memory().expect("a store"), Settings::default());
        let now = "2026-01-01T00:00:00Z".parse().expect("a time");
        store.transact("eu-west-1", now, &settings, |tx| check(tx, call, &policies))
    }

    fn allowed(action: &str, resource: &str) -> Value {
        json!([{"Effect": "Allow", "Action": action, "Resource": resource}])
    }

    #[test]
    fn what_is_not_allowed_is_refused_in_awss_words() {
        let create = call("ecs", "CreateCluster", json!({"clusterName": "main"}));
        let arn = "arn:aws:ecs:eu-west-1:000000000000:cluster/main";
        assert_eq!(checked(allowed("ecs:CreateCluster", arn), &create), Ok(()));
        let refusal = checked(allowed("ecs:CreateCluster", "arn:aws:ecs:*:*:cluster/other"), &create).unwrap_err();
        assert_eq!((refusal.code.as_str(), refusal.status), ("AccessDeniedException", 400));
        assert_eq!(
            refusal.message,
            format!(
                "User: arn:aws:iam::000000000000:user/local is not authorized to perform: ecs:CreateCluster on resource: \
                 {arn} because no identity-based policy allows the ecs:CreateCluster action"
            )
        );
        let denied = json!([
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": "ecs:Create*", "Resource": "*"},
        ]);
        let refusal = checked(denied, &create).unwrap_err();
        assert!(refusal.message.ends_with("with an explicit deny in an identity-based policy"), "{refusal}");
        let describe = call("ec2", "DescribeVpcs", json!({}));
        let refusal = checked(allowed("ecs:*", "*"), &describe).unwrap_err();
        assert_eq!((refusal.code.as_str(), refusal.status), ("UnauthorizedOperation", 403));
        assert!(refusal.message.contains("Encoded authorization failure message: "), "{refusal}");
        let identity = call("sts", "GetCallerIdentity", json!({}));
        assert_eq!(checked(allowed("ecs:*", "*"), &identity), Ok(()));
    }

    #[test]
    fn what_a_call_passes_on_and_tags_is_needed_too() {
        let role = "arn:aws:iam::000000000000:role/tasks";
        let register = call(
            "ecs",
            "RegisterTaskDefinition",
            json!({"family": "members", "taskRoleArn": role, "tags": [{"key": "a", "value": "b"}]}),
        );
        let missing = |statements: Value| checked(statements, &register).map_err(|refusal| refusal.message);
        let needs = |text: &str, found: Result<(), String>| {
            assert!(found.as_ref().is_err_and(|message| message.contains(text)), "{text}: {found:?}");
        };
        let on = "arn:aws:ecs:eu-west-1:000000000000:task-definition/members:*";
        let own = json!({"Effect": "Allow", "Action": "ecs:RegisterTaskDefinition", "Resource": on});
        let tags = json!({"Effect": "Allow", "Action": "ecs:TagResource", "Resource": on});
        let pass = |service: &str| {
            json!({"Effect": "Allow", "Action": "iam:PassRole", "Resource": role,
                "Condition": {"StringEquals": {"iam:PassedToService": service}}})
        };
        let passing = "perform: iam:PassRole on resource: arn:aws:iam::000000000000:role/tasks";
        needs(passing, missing(json!([own, tags])));
        needs(passing, missing(json!([own, tags, pass("ec2.amazonaws.com")])));
        needs("perform: ecs:TagResource on resource:", missing(json!([own, pass("ecs-tasks.amazonaws.com")])));
        assert_eq!(missing(json!([own, tags, pass("ecs-tasks.amazonaws.com")])), Ok(()));
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        let refused = |text: &str| CallerPolicies::new(vec![text.to_owned()]).map(|_| ()).map_err(|error| error.0);
        assert_eq!(refused("no policy"), Err("Syntax errors in policy.".to_owned()));
        assert_eq!(refused("{}"), Err("Policy document must be version 2012-10-17 or greater.".to_owned()));
    }
}

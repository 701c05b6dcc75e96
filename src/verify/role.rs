//! Whether tasks' roles can be assumed by ECS, and may do what their containers need.

use super::sight::{Named, attribute, exists, is_like, items, member, text};
use super::{Look, Outcome};
use crate::cloud::{Verdict, failed};
use crate::model::{Json, Value};
use crate::plan::Change;

/// The service that tasks' roles have to trust.
const TASKS: &str = "ecs-tasks.amazonaws.com";

/// What AWS's policy for execution roles allows.
///
/// Source: AWS managed policy reference, `AmazonECSTaskExecutionRolePolicy`.
const EXECUTION: (&str, &[&str]) = (
    "AmazonECSTaskExecutionRolePolicy",
    &[
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchGetImage",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ],
);

/// Something that a role has to be allowed, and what for.
pub(super) struct Needed {
    pub(super) action: &'static str,
    pub(super) resource: String,
    pub(super) purpose: &'static str,
}

impl Look<'_> {
    /// Whether a role, which a property names, is what it has to be.
    pub(super) async fn role(&mut self, property: &str, value: &Value, needed: &[Needed]) {
        match self.sight.named(value) {
            Named::Own(role) if role.kind == "AWS::IAM::Role" && !exists(role) => {
                self.role_made(property, role, needed)
            }
            Named::Own(role) => match attribute(role, "arn").map(str::to_owned) {
                Some(arn) => self.role_there(property, &arn, needed).await,
                None => self.tell(Outcome::Unseen, property, format!("it is what {} says", role.address), None),
            },
            Named::Other(arn) => self.role_there(property, &arn, needed).await,
            Named::Unknown => {
                self.tell(Outcome::Unseen, property, "which role it is is not known before the run", None)
            }
        }
    }

    fn role_made(&mut self, property: &str, role: &Change, needed: &[Needed]) {
        let what = format!("{property} {}", role.address);
        let trust = role.wanted.get("assumeRolePolicyDocument");
        if !trust.is_some_and(trusts) {
            let help = format!("write assumeRolePolicyDocument: assume_role(\"{TASKS}\")");
            return self.failed(what, format!("it does not trust {TASKS}"), &help);
        }
        let mut allowed: Vec<String> = Vec::new();
        let mut unknown = Vec::new();
        for policy in items(role.wanted.get("policies")) {
            let statements = member(policy, "policyDocument").and_then(|document| member(document, "Statement"));
            for statement in items(statements) {
                if text(statement, "Effect") == Some("Allow") {
                    let actions = items(member(statement, "Action")).iter().filter_map(Value::as_str);
                    allowed.extend(actions.map(str::to_owned));
                }
            }
        }
        for arn in items(role.wanted.get("managedPolicyArns")) {
            match arn.as_str() {
                Some(arn) if arn.ends_with(EXECUTION.0) => allowed.extend(EXECUTION.1.iter().map(|a| (*a).to_owned())),
                Some(arn) if arn.ends_with("/AdministratorAccess") => allowed.push("*".to_owned()),
                other => unknown.push(other.unwrap_or("a policy of this stack").to_owned()),
            }
        }
        let may = |action: &str| allowed.iter().any(|pattern| is_like(pattern, action));
        let missing: Vec<&Needed> = needed.iter().filter(|needed| !may(needed.action)).collect();
        if missing.is_empty() {
            return self.ok(what, format!("it trusts {TASKS} and allows what is needed"));
        }
        let says = format!("it does not allow {}", listed(&missing));
        if !unknown.is_empty() {
            let says = format!("{says} by itself; what {} allow is not looked at", unknown.join(", "));
            return self.tell(Outcome::Warning, what, says, None);
        }
        self.failed(what, says, &remedy(&missing));
    }

    async fn role_there(&mut self, property: &str, arn: &str, needed: &[Needed]) {
        let what = format!("{property} {arn}");
        let name = arn.rsplit('/').next().unwrap_or(arn);
        let role = match self.cloud.iam.get_role().role_name(name).send().await.map_err(failed("iam:GetRole")) {
            Ok(answer) => answer.role,
            Err(error) if error.is_not_found() => {
                return self.failed(what, "there is no such role", "make it, or declare it in the script: iam_role");
            }
            Err(error) => return self.unseen(what, &error),
        };
        let document = role.as_ref().and_then(|role| role.assume_role_policy_document()).unwrap_or_default();
        let document = percent_encoding::percent_decode_str(document).decode_utf8_lossy().into_owned();
        let document = serde_json::from_str::<Json>(&document).unwrap_or_default();
        if !trusts(&Value::from_json(&document)) {
            let help = format!("let {TASKS} assume it: aws iam update-assume-role-policy --role-name {name}");
            return self.failed(what, format!("it does not trust {TASKS}"), &help);
        }
        let arn = role.map_or_else(|| arn.to_owned(), |role| role.arn);
        let mut missing = Vec::new();
        for needed in needed {
            match self.cloud.can(&arn, &[needed.action], &needed.resource, &[]).await {
                // A condition on what is not known before the run does not speak against it.
                Ok(decisions) => missing.extend(
                    decisions
                        .iter()
                        .filter(|found| {
                            found.verdict == Verdict::ExplicitDeny
                                || !found.is_allowed() && found.missing_keys.is_empty()
                        })
                        .map(|_| needed),
                ),
                Err(error) => return self.unseen(what, &error),
            }
        }
        match missing.as_slice() {
            [] => self.ok(what, format!("it trusts {TASKS} and may do what is needed")),
            missing => self.failed(what, format!("it may not do {}", listed(missing)), &remedy(missing)),
        }
    }
}

fn listed(missing: &[&Needed]) -> String {
    let told: Vec<String> = missing.iter().map(|needed| format!("{} ({})", needed.action, needed.purpose)).collect();
    told.join(", ")
}

/// The statement that a role lacks.
fn remedy(missing: &[&Needed]) -> String {
    let actions: Vec<&str> = missing.iter().map(|needed| needed.action).collect();
    let mut resources: Vec<&str> = missing.iter().map(|needed| needed.resource.as_str()).collect();
    resources.sort_unstable();
    resources.dedup();
    let statement = serde_json::json!({ "Effect": "Allow", "Action": actions, "Resource": resources });
    format!("add this statement to a policy of the role:\n{statement}")
}

/// Whether a trust policy lets ECS's tasks assume the role.
fn trusts(document: &Value) -> bool {
    items(member(document, "Statement")).iter().any(|statement| {
        let services = member(statement, "Principal").and_then(|principal| member(principal, "Service"));
        text(statement, "Effect") == Some("Allow")
            && items(services).iter().any(|service| service.as_str() == Some(TASKS))
    })
}

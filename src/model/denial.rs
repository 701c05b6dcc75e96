//! [`FailedCall`]: the facts of a failed call, as reports, events and people have them; and [`Denial`]: what AWS says of one
//! that the credentials do not allow, and the statement that would allow it.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Json;

/// The facts of a failed call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedCall {
    /// The call as the IAM action, such as `ecs:CreateService`.
    pub action: String,
    /// AWS's error code; none when no answer came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The request's id, for AWS's support.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What is not allowed, where it failed for the permissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied: Option<Denial>,
    /// The IAM statement that is missing, where one would help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_statement: Option<Json>,
}

/// Why a call was not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Because {
    /// No policy of the caller's allows it, or AWS does not say why not: a statement is missing.
    NotAllowed,
    /// A policy of the caller's denies it.
    Denied,
    /// A service control policy of the organization denies it, or none allows it.
    ServiceControlPolicy,
    /// A resource control policy of the organization denies it, or none allows it.
    ResourceControlPolicy,
    /// The caller's permissions boundary does not allow it.
    PermissionsBoundary,
    /// The policy of the session, given when the role was assumed, does not allow it.
    SessionPolicy,
    /// The policy of the resource does not allow it.
    ResourcePolicy,
    /// The policy of the VPC endpoint that the call went through does not allow it.
    EndpointPolicy,
}

/// What the credentials do not allow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Denial {
    /// The action that is not allowed: mostly the call's own, but also one that goes with it, such as `iam:PassRole`.
    pub action: String,
    /// The ARN of what it is not allowed on, or `*`, where AWS says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Who is not allowed, where AWS says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// Why not.
    pub because: Because,
    /// The message in which EC2 hides the details, for `sts:DecodeAuthorizationMessage`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoded: Option<String>,
    /// The service that a role is passed to, where that is what is not allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed_to: Option<String>,
}

impl Denial {
    /// What a call says that failed for the permissions of whoever made it. `call` is its action, `text` AWS's message.
    ///
    /// Source of the wording: IAM user guide, "Troubleshoot access denied error messages".
    pub fn of(call: &str, text: &str) -> Self {
        let word_after = |before: &str| {
            let (_, rest) = text.split_once(before)?;
            let word = rest.split_whitespace().next()?.trim_end_matches(['.', ',']);
            (!word.is_empty()).then(|| word.to_owned())
        };
        let action = word_after("not authorized to perform: ").filter(|action| action.contains(':'));
        let action = action.unwrap_or_else(|| call.to_owned());
        let resource = word_after("on resource: ").map(|resource| resource.trim_matches('"').to_owned());
        Self {
            resource: resource.filter(|resource| resource.starts_with("arn:") || resource == "*"),
            principal: word_after("User: "),
            because: because(text),
            encoded: word_after("Encoded authorization failure message: "),
            passed_to: (action == "iam:PassRole").then(|| passed_to(call).to_owned()),
            action,
        }
    }

    /// The statement that is missing, to be put into a policy of the caller's. None where no statement would help.
    /// `known` is what the resource is known to be where AWS does not say.
    pub fn statement(&self, known: Option<&str>) -> Option<Json> {
        if self.because != Because::NotAllowed {
            return None;
        }
        let resource = self.resource.as_deref().or(known).unwrap_or("*");
        let mut statement = json!({ "Effect": "Allow", "Action": self.action, "Resource": resource });
        if let Some(service) = &self.passed_to {
            statement["Condition"] = json!({ "StringEquals": { "iam:PassedToService": service } });
        } else if let Some(service) = self.linked() {
            statement["Condition"] = json!({ "StringEquals": { "iam:AWSServiceName": service } });
        }
        Some(statement)
    }

    /// The service whose own role is to be made, where that is what is not allowed.
    fn linked(&self) -> Option<&str> {
        let resource = self.resource.as_deref().filter(|_| self.action == "iam:CreateServiceLinkedRole")?;
        resource.split_once(":role/aws-service-role/")?.1.split('/').next()
    }

    /// What to do about it.
    pub fn help(&self, known: Option<&str>) -> String {
        let action = &self.action;
        let help = match self.because {
            Because::NotAllowed => {
                let statement = self.statement(known).unwrap_or_default();
                format!("add this statement to a policy of {}:\n{statement}", self.who())
            }
            Because::Denied => format!(
                "a policy of {} denies it, and no other statement can allow it then: take {action} out of that Deny",
                self.who()
            ),
            Because::ServiceControlPolicy => format!(
                "a service control policy of the organization does not allow it, and no statement in the account can: \
                 whoever runs the organization has to allow {action}"
            ),
            Because::ResourceControlPolicy => format!(
                "a resource control policy of the organization does not allow it, and no statement in the account can: \
                 whoever runs the organization has to allow {action}"
            ),
            Because::PermissionsBoundary => format!(
                "the permissions boundary of {} does not allow it: allow {action} there, too, since both it and a policy \
                 have to",
                self.who()
            ),
            Because::SessionPolicy => format!(
                "the session was begun with a policy that does not allow it: assume the role again with one that allows \
                 {action}, or with none"
            ),
            Because::ResourcePolicy => {
                format!("the policy of the resource does not allow it: allow {action} to {} there", self.who())
            }
            Because::EndpointPolicy => {
                format!(
                    "the policy of the VPC endpoint that the call went through does not allow it: allow {action} there"
                )
            }
        };
        match &self.encoded {
            Some(encoded) if self.principal.is_none() => format!(
                "{help}\nfor what EC2 checked: aws sts decode-authorization-message --encoded-message {encoded}"
            ),
            _ => help,
        }
    }

    fn who(&self) -> &str {
        self.principal.as_deref().unwrap_or("the caller")
    }
}

/// What the words after the action and the resource say.
fn because(text: &str) -> Because {
    let said = |words: &str| text.contains(words);
    if said("service control policy") {
        Because::ServiceControlPolicy
    } else if said("resource control policy") {
        Because::ResourceControlPolicy
    } else if said("permissions boundary") {
        Because::PermissionsBoundary
    } else if said("session policy") {
        Because::SessionPolicy
    } else if said("endpoint policy") {
        Because::EndpointPolicy
    } else if said("resource-based policy") {
        Because::ResourcePolicy
    } else if said("explicit deny") {
        Because::Denied
    } else {
        Because::NotAllowed
    }
}

/// The service that a call passes roles to.
fn passed_to(action: &str) -> &'static str {
    match action {
        "ecs:RegisterTaskDefinition" | "ecs:RunTask" => "ecs-tasks.amazonaws.com",
        "application-autoscaling:RegisterScalableTarget" => "application-autoscaling.amazonaws.com",
        _ => "ecs.amazonaws.com",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: &str = "arn:aws:sts::111122223333:assumed-role/deploy/ann";

    #[test]
    fn the_missing_statement_is_as_narrow_as_aws_says() {
        let cluster = "arn:aws:ecs:eu-west-1:111122223333:cluster/main";
        let message = format!(
            "User: {WHO} is not authorized to perform: ecs:CreateCluster on resource: {cluster} because no \
             identity-based policy allows the ecs:CreateCluster action"
        );
        let found = Denial::of("ecs:CreateCluster", &message);
        let statement = json!({ "Effect": "Allow", "Action": "ecs:CreateCluster", "Resource": cluster });
        assert_eq!(found.statement(None), Some(statement.clone()));
        assert_eq!(found.help(None), format!("add this statement to a policy of {WHO}:\n{statement}"));
    }

    #[test]
    fn a_role_is_passed_to_a_service() {
        let role = "arn:aws:iam::111122223333:role/tasks";
        let message = format!(
            "User: {WHO} is not authorized to perform: iam:PassRole on resource: {role} because no identity-based \
             policy allows the iam:PassRole action"
        );
        let found = Denial::of("ecs:RegisterTaskDefinition", &message);
        let condition = json!({ "StringEquals": { "iam:PassedToService": "ecs-tasks.amazonaws.com" } });
        let statement =
            json!({ "Effect": "Allow", "Action": "iam:PassRole", "Resource": role, "Condition": condition });
        assert_eq!(found.statement(None), Some(statement));
        let role = "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS";
        let message =
            format!("User: {WHO} is not authorized to perform: iam:CreateServiceLinkedRole on resource: {role}");
        let found = Denial::of("ecs:CreateCluster", &message);
        let statement = found.statement(None).expect("there is one");
        assert_eq!(statement["Condition"]["StringEquals"]["iam:AWSServiceName"], "ecs.amazonaws.com");
    }

    #[test]
    fn where_ec2_hides_the_details_the_call_says_the_action_and_how_to_see_more_is_told() {
        let message = "You are not authorized to perform this operation. Encoded authorization failure message: 4GIOHlTkIaWHQD0Q0m6XSnuUMCm";
        let found = Denial::of("ec2:CreateSubnet", message);
        let known = "arn:aws:ec2:eu-west-1:111122223333:*";
        let statement = json!({ "Effect": "Allow", "Action": "ec2:CreateSubnet", "Resource": known });
        assert_eq!(found.statement(Some(known)), Some(statement));
        assert_eq!(found.statement(None).expect("there is one")["Resource"], "*");
        assert!(found.help(None).ends_with("--encoded-message 4GIOHlTkIaWHQD0Q0m6XSnuUMCm"), "{}", found.help(None));
    }

    #[test]
    fn where_no_statement_helps_none_is_shown() {
        let said = |why: &str| {
            let message = format!("User: {WHO} is not authorized to perform: ecs:CreateCluster on resource: * {why}");
            let found = Denial::of("ecs:CreateCluster", &message);
            assert_eq!(found.statement(None).is_some(), found.because == Because::NotAllowed, "{why}");
            assert!(found.help(None).contains("ecs:CreateCluster"), "{}", found.help(None));
            found.because
        };
        assert_eq!(said("with an explicit deny in an identity-based policy"), Because::Denied);
        assert_eq!(said("with an explicit deny in a service control policy"), Because::ServiceControlPolicy);
        assert_eq!(said("because no service control policy allows it"), Because::ServiceControlPolicy);
        assert_eq!(said("with an explicit deny in a resource control policy"), Because::ResourceControlPolicy);
        assert_eq!(said("because no permissions boundary allows the action"), Because::PermissionsBoundary);
        assert_eq!(said("because no session policy allows the action"), Because::SessionPolicy);
        assert_eq!(said("because no resource-based policy allows the action"), Because::ResourcePolicy);
        assert_eq!(said("because no VPC endpoint policy allows the action"), Because::EndpointPolicy);
        assert_eq!(said(""), Because::NotAllowed);
    }
}

//! Policies of IAM that say more than is meant, or nothing: what is allowed on `*` though it can be allowed on single
//! resources, and actions that their service does not have. Both are warned of, for AWS takes them.

use std::collections::BTreeMap;

use super::super::session::Mistake;
use super::super::spans::Aim;
use super::super::suggest::closest;
use super::{Checker, Finding, actions};
use crate::model::{PropertyPath, Value};

/// Most actions that are told of one statement.
const MOST_TOLD: usize = 4;

/// Looks at the policies of a role.
pub(super) fn of_role(properties: &BTreeMap<String, Value>, checker: &mut Checker<'_>) {
    let Some(Value::List(policies)) = properties.get("policies") else { return };
    for (index, policy) in policies.iter().enumerate() {
        let Value::Map(policy) = policy else { continue };
        let path = PropertyPath::new("policies").index(index).key("policyDocument");
        document(policy.get("policyDocument"), &path, checker);
    }
}

/// Looks at the document of a policy.
pub(super) fn of_policy(properties: &BTreeMap<String, Value>, checker: &mut Checker<'_>) {
    document(properties.get("policyDocument"), &PropertyPath::new("policyDocument"), checker);
}

fn document(document: Option<&Value>, path: &PropertyPath, checker: &mut Checker<'_>) {
    let Some(Value::Map(document)) = document else { return };
    let path = path.key("Statement");
    match document.get("Statement") {
        Some(Value::List(statements)) => {
            for (index, statement) in statements.iter().enumerate() {
                if let Value::Map(statement) = statement {
                    self::statement(statement, &path.index(index), checker);
                }
            }
        }
        Some(Value::Map(only)) => statement(only, &path, checker),
        _ => {}
    }
}

fn statement(statement: &BTreeMap<String, Value>, path: &PropertyPath, checker: &mut Checker<'_>) {
    let mut wide = Vec::new();
    for (index, action) in texts(statement.get("Action")).into_iter().enumerate() {
        let Some((prefix, name)) = action.split_once(':') else { continue };
        let Some(service) = actions::service(prefix) else { continue };
        if !service.has(name) {
            let mistake = Mistake::new(format!("{prefix} has no action `{name}`: the policy says nothing of it"));
            let meant = closest(name, service.names()).map(|meant| format!("did you mean `{prefix}:{meant}`?"));
            // As `policy_statement` takes it; where it is written otherwise, the statement is shown.
            let path = path.key("actions").index(index);
            checker.warn(&path, Aim::Value, mistake.label("not an action").help(meant).rule("unknown-action"));
        } else if service.is_narrow(name) {
            wide.push(action);
        }
    }
    let allows = statement.get("Effect").and_then(Value::as_str) == Some("Allow");
    let conditional = matches!(statement.get("Condition"), Some(Value::Map(conditions)) if !conditions.is_empty());
    if wide.is_empty() || !allows || conditional || !texts(statement.get("Resource")).contains(&"*") {
        return;
    }
    wide.dedup();
    let more = wide.len().saturating_sub(MOST_TOLD);
    let several = format!("{more} more");
    let names: Vec<String> = wide.iter().take(MOST_TOLD).map(|action| format!("`{action}`")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).chain((more > 0).then_some(several.as_str())).collect();
    let told = match names.as_slice() {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        names => names.concat(),
    };
    let verb = if wide.len() == 1 { "is" } else { "are" };
    let mistake = Mistake::new(format!("{told} {verb} allowed on every resource")).label("more than is needed");
    let help = "put them in a statement of their own, with the ARNs of what is meant, or with a condition".to_owned();
    checker.warn(&path.key("resources"), Aim::Value, mistake.help(help).rule("wide-policy"));
}

/// The texts that are known of an element that is one or a list of them.
fn texts(element: Option<&Value>) -> Vec<&str> {
    match element {
        Some(Value::String(text)) => vec![text],
        Some(Value::List(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

impl Checker<'_> {
    fn warn(&mut self, path: &PropertyPath, aim: Aim, mistake: Mistake) {
        self.warnings.push(Finding { path: path.clone(), aim, mistake });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::model::{Json, Value, schemas};

    fn warned(statement: Json) -> String {
        let properties = json!({ "policyDocument": { "Version": "2012-10-17", "Statement": [statement] } });
        let Value::Map(properties) = Value::from_json(&properties) else { panic!("an object") };
        let schema = schemas().by_type("AWS::IAM::ManagedPolicy").expect("the kind is there");
        let found = super::super::check(schema, &properties).warnings;
        found.into_iter().map(|finding| finding.mistake.message).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_could_be_narrower_is_warned_of() {
        let all = |action: Json| warned(json!({ "Effect": "Allow", "Action": action, "Resource": "*" }));
        insta::assert_snapshot!(all(json!(["logs:PutLogEvents", "ecr:GetAuthorizationToken"])), @"`logs:PutLogEvents` is allowed on every resource");
        insta::assert_snapshot!(all(json!(["sqs:SendMessage", "ecs:ListTasks", "ecs:DescribeTasks"])), @"`ecs:ListTasks` and `ecs:DescribeTasks` are allowed on every resource");
        let many = ["RunTask", "StopTask", "StartTask", "UpdateService", "DeleteService", "DeleteCluster"];
        let many = many.map(|name| format!("ecs:{name}"));
        insta::assert_snapshot!(all(json!(many)), @"`ecs:RunTask`, `ecs:StopTask`, `ecs:StartTask`, `ecs:UpdateService` and 2 more are allowed on every resource");
    }

    #[test]
    fn what_cannot_be_narrower_or_is_narrowed_is_not() {
        for statement in [
            json!({ "Effect": "Allow", "Action": ["ec2:Describe*", "ec2:DescribeNetworkInterfaces"], "Resource": "*" }),
            json!({ "Effect": "Allow", "Action": "ecs:*", "Resource": "*" }),
            json!({ "Effect": "Allow", "Action": "*", "Resource": "*" }),
            json!({ "Effect": "Deny", "Action": "ecs:RunTask", "Resource": "*" }),
            json!({ "Effect": "Allow", "Action": "ecs:RunTask", "Resource": "arn:aws:ecs:*:*:task-definition/a:*" }),
            json!({ "Effect": "Allow", "Action": "ecs:ListTasks", "Resource": "*",
                "Condition": { "ArnEquals": { "ecs:cluster": "arn:aws:ecs:eu-west-1:1:cluster/a" } } }),
            json!({ "Effect": "Allow", "Action": "unheard-of:Anything", "Resource": "*" }),
        ] {
            assert_eq!(warned(statement.clone()), "", "{statement}");
        }
    }

    #[test]
    fn actions_that_are_not_there_are_warned_of() {
        let said = warned(json!({ "Effect": "Deny", "Action": ["ecs:ListTask", "ecs:Lst*"], "Resource": "*" }));
        insta::assert_snapshot!(said, @r"
        ecs has no action `ListTask`: the policy says nothing of it
        ecs has no action `Lst*`: the policy says nothing of it
        ");
    }
}

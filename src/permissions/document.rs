//! [`PolicyDocument`]: permissions as the statements of a policy, those that can stand together in one.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::json;

use super::{Permission, Surroundings, Use};
use crate::model::Json;

/// The most characters of a customer managed policy, white space not counted.
///
/// Source: IAM user guide, "IAM and AWS STS quotas".
pub const MANAGED_POLICY_LIMIT: usize = 6144;

/// A policy document.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyDocument {
    /// The version of the language of policies.
    version: &'static str,
    /// The statements.
    statement: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    sid: String,
    effect: &'static str,
    action: Vec<String>,
    resource: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Json>,
}

/// A key of a condition and the value that it is to have.
type Condition = Option<(String, String)>;

/// What permissions of one statement have in common.
type Together = (Use, BTreeSet<String>, Condition);

/// Actions of one service on any resource of their types, and those.
type OnAny<'a> = (BTreeSet<&'a str>, BTreeSet<String>);

impl PolicyDocument {
    /// The document that allows these and nothing else.
    pub fn allowing(permissions: &[Permission]) -> Self {
        // What one use of an action needs on several things it needs on all of them.
        let mut actions: BTreeMap<(Use, &str, &Condition), BTreeSet<String>> = BTreeMap::new();
        for Permission { purpose, action, resources, condition } in permissions {
            actions.entry((*purpose, action, condition)).or_default().extend(resources.iter().cloned());
        }
        let mut statements: BTreeMap<Together, BTreeSet<&str>> = BTreeMap::new();
        // Each action is about types of its own, so what is any of a type may stand together.
        let mut any: BTreeMap<(Use, &str), OnAny<'_>> = BTreeMap::new();
        for ((purpose, action, condition), resources) in actions {
            let resources = if resources.contains("*") { BTreeSet::from(["*".to_owned()]) } else { resources };
            let service = action.split(':').next().unwrap_or_default();
            if condition.is_none() && resources.iter().all(|resource| is_any(resource)) {
                let (together, of) = any.entry((purpose, service)).or_default();
                together.insert(action);
                of.extend(resources);
                continue;
            }
            statements.entry((purpose, resources, condition.clone())).or_default().insert(action);
        }
        for ((purpose, _), (together, resources)) in any {
            statements.entry((purpose, resources, None)).or_default().extend(together);
        }
        let mut named: BTreeMap<String, usize> = BTreeMap::new();
        let statement = statements.into_iter().map(|((purpose, resources, condition), actions)| {
            let name = name(purpose, &actions);
            let times = named.entry(name.clone()).or_default();
            *times += 1;
            Statement {
                sid: if *times == 1 { name } else { format!("{name}Part{times}") },
                effect: "Allow",
                action: actions.into_iter().map(str::to_owned).collect(),
                resource: resources.into_iter().collect(),
                condition: condition.map(|(key, value)| condition_of(&key, &value)),
            }
        });
        Self { version: "2012-10-17", statement: statement.collect() }
    }

    /// Every action that it allows.
    pub fn actions(&self) -> BTreeSet<&str> {
        self.statement.iter().flat_map(|statement| &statement.action).map(String::as_str).collect()
    }

    /// Its size as IAM counts it: without white space.
    pub fn size(&self) -> usize {
        let text = serde_json::to_string(self).unwrap_or_default();
        text.chars().filter(|letter| !letter.is_whitespace()).count()
    }
}

/// Whether a resource is any of its type, of this account and region.
fn is_any(resource: &str) -> bool {
    resource.splitn(6, ':').nth(5).is_some_and(|of| of.split_once('/').is_some_and(|(_, id)| id == "*"))
}

fn condition_of(key: &str, value: &str) -> Json {
    let operator = if value.ends_with('*') { "StringLike" } else { "StringEquals" };
    json!({ operator: { key: value } })
}

/// The name of a statement: what it is for, and the service when it is one.
fn name(purpose: Use, actions: &BTreeSet<&str>) -> String {
    let purpose = match purpose {
        Use::Change => "Change",
        Use::Read => "Read",
        Use::Sometimes => "Sometimes",
        Use::State => "State",
    };
    let services: BTreeSet<&str> = actions.iter().filter_map(|action| action.split(':').next()).collect();
    match services.into_iter().collect::<Vec<_>>().as_slice() {
        ["iam"] if actions.iter().all(|action| *action == "iam:PassRole") => "PassRole".to_owned(),
        [service] => {
            let words = service.split('-').map(|word| {
                let mut letters = word.chars();
                letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
            });
            format!("{purpose}{}", words.flatten().collect::<String>())
        }
        _ => purpose.to_owned(),
    }
}

/// What reading and writing the state needs.
pub(super) fn of_state(surroundings: &Surroundings, region: &str, account: &str) -> Vec<Permission> {
    let mut found = Vec::new();
    let mut state = |action: &str, resource: String, condition: Option<(String, String)>| {
        let (action, resources) = (action.to_owned(), BTreeSet::from([resource]));
        found.push(Permission { purpose: Use::State, action, resources, condition });
    };
    if let Some((bucket, prefix)) = &surroundings.bucket {
        let prefix = prefix.trim_matches('/');
        let objects = if prefix.is_empty() { "*".to_owned() } else { format!("{prefix}/*") };
        let within = (!prefix.is_empty()).then(|| ("s3:prefix".to_owned(), format!("{prefix}/*")));
        state("s3:ListBucket", format!("arn:aws:s3:::{bucket}"), within);
        for action in ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"] {
            state(action, format!("arn:aws:s3:::{bucket}/{objects}"), None);
        }
    }
    if let Some(key) = &surroundings.key {
        // Of an alias only the key that it stands for can be allowed.
        let arn = match key {
            key if key.starts_with("arn:") && !key.contains(":alias/") => key.clone(),
            key if key.contains("alias/") => format!("arn:aws:kms:{region}:{account}:key/*"),
            key => format!("arn:aws:kms:{region}:{account}:key/{key}"),
        };
        state("kms:GenerateDataKey", arn.clone(), None);
        state("kms:Decrypt", arn, None);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permission(purpose: Use, action: &str, resource: &str) -> Permission {
        let resources = BTreeSet::from([resource.to_owned()]);
        Permission { purpose, action: action.to_owned(), resources, condition: None }
    }

    #[test]
    fn what_can_stand_together_is_one_statement() {
        let cluster = "arn:aws:ecs:eu-west-1:111122223333:cluster/main";
        let permissions = [
            permission(Use::Change, "ecs:CreateCluster", cluster),
            permission(Use::Change, "ecs:TagResource", cluster),
            permission(Use::Read, "ec2:DescribeVpcs", "*"),
            permission(Use::Read, "logs:DescribeLogGroups", "*"),
        ];
        let document = PolicyDocument::allowing(&permissions);
        insta::assert_snapshot!(serde_json::to_string_pretty(&document).expect("JSON"), @r#"
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Sid": "ChangeEcs",
              "Effect": "Allow",
              "Action": [
                "ecs:CreateCluster",
                "ecs:TagResource"
              ],
              "Resource": [
                "arn:aws:ecs:eu-west-1:111122223333:cluster/main"
              ]
            },
            {
              "Sid": "Read",
              "Effect": "Allow",
              "Action": [
                "ec2:DescribeVpcs",
                "logs:DescribeLogGroups"
              ],
              "Resource": [
                "*"
              ]
            }
          ]
        }
        "#);
        assert_eq!(document.size(), serde_json::to_string(&document).expect("JSON").len());
    }

    #[test]
    fn a_state_in_s3_and_its_key_are_needed_too() {
        let surroundings = Surroundings {
            bucket: Some(("states".to_owned(), "team/prod".to_owned())),
            key: Some("alias/states".to_owned()),
            ..Surroundings::default()
        };
        let found = PolicyDocument::allowing(&of_state(&surroundings, "eu-west-1", "111122223333"));
        let text = serde_json::to_string(&found).expect("JSON");
        for part in [
            r#""Condition":{"StringLike":{"s3:prefix":"team/prod/*"}}"#,
            r#""arn:aws:s3:::states/team/prod/*""#,
            r#""arn:aws:kms:eu-west-1:111122223333:key/*""#,
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}

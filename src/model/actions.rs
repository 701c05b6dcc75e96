//! What the actions of IAM policies are about: types of resources, and the forms of their ARNs.
//!
//! Source: AWS's service authorization reference, as `schemas/iam-resources.json` has it (`schemas/README.md`).

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

/// What an action is about.
#[derive(Debug, Clone, Copy)]
pub struct ActionSubject {
    /// Types of resources that it is always about.
    pub on: &'static [String],
    /// Types of resources that it may be about beside those, or instead.
    pub or: &'static [String],
    arns: &'static BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Service {
    arns: BTreeMap<String, String>,
    actions: BTreeMap<String, Types>,
}

#[derive(Debug, Deserialize)]
struct Types {
    #[serde(default)]
    on: Vec<String>,
    #[serde(default)]
    or: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Table {
    #[serde(rename = "_meta")]
    _meta: serde::de::IgnoredAny,
    #[serde(flatten)]
    services: BTreeMap<String, Service>,
}

fn table() -> &'static BTreeMap<String, Service> {
    static TABLE: OnceLock<BTreeMap<String, Service>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let text = include_str!("../../schemas/iam-resources.json");
        serde_json::from_str::<Table>(text).expect("it is part of the binary, and a test reads it").services
    })
}

/// What an action such as `ecs:CreateService` is about; none when it is not among those that are known.
pub fn subject_of(action: &str) -> Option<ActionSubject> {
    let (prefix, name) = action.split_once(':')?;
    let service = table().get(prefix)?;
    let types = service.actions.get(name)?;
    Some(ActionSubject { on: &types.on, or: &types.or, arns: &service.arns })
}

impl ActionSubject {
    /// Whether it can be allowed on everything only.
    pub fn is_whole(&self) -> bool {
        self.on.is_empty() && self.or.is_empty()
    }

    /// Every type of resource that it may be about.
    pub fn types(self) -> impl Iterator<Item = &'static str> {
        self.on.iter().chain(self.or).map(String::as_str)
    }

    /// The ARN of any resource of one of its types.
    pub fn any(&self, of: &str, region: &str, account: &str) -> Option<String> {
        self.arns.get(of).map(|form| filled(form, region, account, &[]))
    }
}

/// The ARN of a resource of a type that a service's actions are about, such as `ecs` and `cluster`. `parts` are what
/// stands for the variables that are about the resource itself, in their order; `*` for those that are left out.
pub fn arn_of(service: &str, of: &str, region: &str, account: &str, parts: &[&str]) -> Option<String> {
    Some(filled(table().get(service)?.arns.get(of)?, region, account, parts))
}

fn filled(form: &str, region: &str, account: &str, parts: &[&str]) -> String {
    let (mut arn, mut parts, mut rest) = (String::new(), parts.iter(), form);
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        arn.push_str(before);
        arn.push_str(match name {
            "Partition" => "aws",
            "Region" => region,
            "Account" => account,
            _ => parts.next().copied().unwrap_or("*"),
        });
        rest = after;
    }
    arn.push_str(rest);
    arn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_says_what_it_is_about() {
        let create = subject_of("ecs:CreateService").expect("it is known");
        assert_eq!(create.on, ["service"]);
        let arn = create.any("service", "eu-west-1", "111122223333");
        assert_eq!(arn.as_deref(), Some("arn:aws:ecs:eu-west-1:111122223333:service/*/*"));
        let arn = arn_of("ecs", "service", "eu-west-1", "111122223333", &["main"]);
        assert_eq!(arn.as_deref(), Some("arn:aws:ecs:eu-west-1:111122223333:service/main/*"));
        assert!(subject_of("ec2:DescribeVpcs").is_some_and(|describe| describe.is_whole()));
        assert!(subject_of("ecs:MakeTea").is_none() && subject_of("tea").is_none());
    }

    #[test]
    fn every_type_has_the_form_of_its_arn() {
        let text = include_str!("../../schemas/iam-resources.json");
        let table: Table = serde_json::from_str(text).expect("readable");
        for (prefix, service) in &table.services {
            for name in service.actions.keys() {
                let subject = subject_of(&format!("{prefix}:{name}")).expect("it is known");
                for of in subject.types() {
                    assert!(subject.any(of, "r", "a").is_some(), "{prefix}:{name} {of}");
                }
            }
        }
    }
}

//! The kind of each type, made from its schema when first asked for, and kept.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use super::CloudControl;
use crate::kinds::{Facts, Kind};
use crate::model::{KindSchema, PropertyPath, schemas};

/// The kinds made so far. There are no more than types that are known ([`schemas`] limits those).
static MADE: RwLock<Option<HashMap<&'static str, &'static CloudControl>>> = RwLock::new(None);

/// What Cloud Control must be able to do with a type's objects.
const NEEDED: [&str; 3] = ["create", "read", "delete"];

/// The kind of a type; `None` when there is no such type, or Cloud Control cannot make, read and delete its objects.
pub(in crate::kinds) fn of(type_name: &str) -> Option<&'static dyn Kind> {
    let schema = schemas().by_type(type_name)?;
    if !schema.is_open() && !NEEDED.iter().all(|handler| schema.permissions.contains_key(*handler)) {
        return None;
    }
    let made = MADE.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(kind) = made.as_ref().and_then(|made| made.get(type_name)) {
        return Some(*kind);
    }
    drop(made);
    let mut made = MADE.write().unwrap_or_else(PoisonError::into_inner);
    let kind = made.get_or_insert_default().entry(&schema.type_name).or_insert_with(|| {
        let kind = CloudControl { schema, facts: Box::leak(Box::new(facts(schema))) };
        Box::leak(Box::new(kind))
    });
    Some(*kind)
}

fn facts(schema: &'static KindSchema) -> Facts {
    let settable = |name: &&'static str| !schema.is_read_only(&PropertyPath::new(name));
    let names: Vec<&'static str> = schema.shape.properties.keys().map(String::as_str).filter(settable).collect();
    let names: &'static [&'static str] = names.leak();
    let sends: &'static [&'static str] = if schema.is_open() { &["*"] } else { names };
    let fixed = !schema.is_open() && !schema.permissions.contains_key("update");
    Facts {
        type_name: &schema.type_name,
        sends,
        except: &[],
        replaces: if fixed { names } else { &[] },
        name: None,
        unique_by: unique_by(schema),
        deletable_in_use: false,
        arn: arn(schema),
    }
}

/// What no two objects have the same: the identifier, where it is not AWS that makes it, and the name.
fn unique_by(schema: &'static KindSchema) -> &'static [&'static [&'static str]] {
    let mut sets: Vec<&'static [&'static str]> = Vec::new();
    if !super::is_made_by_aws(schema) {
        let parts: Vec<&'static str> = schema.primary_identifier.iter().map(String::as_str).collect();
        sets.push(parts.leak());
    }
    let own = schema.type_name.rsplit("::").next().unwrap_or_default();
    for cfn_name in [format!("{own}Name"), "Name".to_owned()] {
        let name = schema.shape.by_cfn_name(&cfn_name);
        let name =
            name.filter(|name| schema.replaces(&PropertyPath::new(name)) && !sets.iter().any(|set| set == &[*name]));
        sets.extend(name.map(|name| &*vec![name].leak()));
    }
    sets.leak()
}

/// The attribute that is the ARN: the one called so, or the only one whose name ends so.
fn arn(schema: &'static KindSchema) -> Option<&'static str> {
    let attributes = schema.attributes();
    let ends: Vec<&&str> = attributes.iter().filter(|name| **name == "arn" || name.ends_with("Arn")).collect();
    let own = schema.primary_identifier.iter().find(|name| name.ends_with("Arn"));
    match (ends.iter().find(|name| ***name == "arn"), own, ends.as_slice()) {
        (Some(arn), _, _) | (None, None, [arn]) => Some(arn),
        (None, Some(own), _) => Some(own),
        (None, None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(type_name: &str) -> String {
        match of(type_name) {
            None => format!("{type_name}: none"),
            Some(kind) => {
                let facts = kind.facts();
                format!(
                    "{type_name}: {} sent, {} replace, unique {:?}, arn {:?}",
                    facts.sends.len(),
                    facts.replaces.len(),
                    facts.unique_by,
                    facts.arn
                )
            }
        }
    }

    #[test]
    fn kinds_are_what_their_schemas_say() {
        let types = [
            "AWS::SNS::Topic",
            "AWS::S3::Bucket",
            "AWS::SSM::Parameter",
            "AWS::IAM::RolePolicy",
            "AWS::SNS::Subscription",
            "AWS::IAM::Policy",
            "AWS::MediaLive::Channel",
            "AWS::NotYet::Thing",
            "AWS::sns::topic",
            "no type",
        ];
        insta::assert_snapshot!(types.map(told).join("\n"), @r#"
        AWS::SNS::Topic: 14 sent, 0 replace, unique [["topicName"]], arn Some("topicArn")
        AWS::S3::Bucket: 25 sent, 0 replace, unique [["bucketName"]], arn Some("arn")
        AWS::SSM::Parameter: 9 sent, 0 replace, unique [["name"]], arn Some("arn")
        AWS::IAM::RolePolicy: 3 sent, 0 replace, unique [["policyName", "roleName"]], arn None
        AWS::SNS::Subscription: 11 sent, 0 replace, unique [], arn Some("arn")
        AWS::IAM::Policy: none
        AWS::MediaLive::Channel: none
        AWS::NotYet::Thing: 1 sent, 0 replace, unique [], arn None
        AWS::sns::topic: none
        no type: none
        "#);
    }

    #[test]
    fn every_type_that_is_listed_has_a_schema_that_makes_sense() {
        let mut made = 0;
        for type_name in schemas().type_names() {
            let schema = schemas().by_type(type_name).expect("a schema");
            assert!(!schema.primary_identifier.is_empty() && !schema.is_open(), "{type_name}");
            let identifies = schema
                .primary_identifier
                .iter()
                .all(|name| name.contains('/') || schema.shape.properties.contains_key(name));
            assert!(identifies, "{type_name}: {:?}", schema.primary_identifier);
            made += usize::from(of(type_name).is_some());
        }
        assert!(made > 1500, "{made}");
    }
}

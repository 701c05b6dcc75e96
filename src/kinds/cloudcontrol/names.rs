//! Names of properties, between scripts and CloudFormation: as the schema pairs them, at every level. What a schema does
//! not name, keys of free-form maps above all, is the same in both.

use crate::model::{Json, JsonMap, Shape};

/// Properties in CloudFormation's names.
pub(super) fn to_cloudformation(shape: Option<&Shape>, json: &Json) -> Json {
    match json {
        Json::Object(map) => {
            let member = |(name, value): (&String, &Json)| match named(shape, name) {
                Some((cfn_name, below)) => (cfn_name.to_owned(), to_cloudformation(Some(below), value)),
                None => (name.clone(), to_cloudformation(shape.and_then(|shape| shape.under(name)), value)),
            };
            Json::Object(map.iter().map(member).collect::<JsonMap>())
        }
        Json::Array(items) => {
            let below = elements(shape);
            Json::Array(items.iter().map(|item| to_cloudformation(below, item)).collect())
        }
        other => other.clone(),
    }
}

/// Properties in the names of scripts.
pub(super) fn from_cloudformation(shape: Option<&Shape>, json: &Json) -> Json {
    match json {
        Json::Object(map) => {
            let member = |(cfn_name, value): (&String, &Json)| match called(shape, cfn_name) {
                Some((name, below)) => (name.to_owned(), from_cloudformation(Some(below), value)),
                None => {
                    let below = shape.and_then(|shape| shape.under(cfn_name));
                    (cfn_name.clone(), from_cloudformation(below, value))
                }
            };
            Json::Object(map.iter().map(member).collect::<JsonMap>())
        }
        Json::Array(items) => {
            let below = elements(shape);
            Json::Array(items.iter().map(|item| from_cloudformation(below, item)).collect())
        }
        other => other.clone(),
    }
}

/// CloudFormation's name of a property, and its shape; also where only one of several forms of a value has it.
pub(super) fn named<'a>(shape: Option<&'a Shape>, name: &str) -> Option<(&'a str, &'a Shape)> {
    forms(shape?).find_map(|shape| {
        let property = shape.properties.get(name)?;
        Some((property.cfn_name.as_str(), property.shape.as_ref()))
    })
}

/// The name in scripts of a property of CloudFormation's, and its shape.
fn called<'a>(shape: Option<&'a Shape>, cfn_name: &str) -> Option<(&'a str, &'a Shape)> {
    forms(shape?).find_map(|shape| {
        let (name, property) = shape.properties.iter().find(|(_, property)| property.cfn_name == cfn_name)?;
        Some((name.as_str(), property.shape.as_ref()))
    })
}

/// The shape of a list's elements.
pub(super) fn elements(shape: Option<&Shape>) -> Option<&Shape> {
    forms(shape?).find_map(|shape| shape.items.as_deref())
}

/// A shape and those that stand beside it.
fn forms(shape: &Shape) -> impl Iterator<Item = &Shape> {
    std::iter::once(shape).chain(shape.any_of.iter().chain(&shape.one_of).map(AsRef::as_ref))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::schemas;

    #[test]
    fn names_go_to_cloudformation_and_back() {
        let shape = |type_name: &str| schemas().by_type(type_name).expect("a schema").shape.clone();
        let pairs = [
            (
                "AWS::Lambda::Function",
                json!({
                    "code": { "s3Bucket": "b" }, "vpcConfig": { "subnetIds": ["s"] },
                    "environment": { "variables": { "some_Name": "x" } },
                    "tags": [{ "key": "k", "value": "v" }],
                }),
                json!({
                    "Code": { "S3Bucket": "b" }, "VpcConfig": { "SubnetIds": ["s"] },
                    "Environment": { "Variables": { "some_Name": "x" } },
                    "Tags": [{ "Key": "k", "Value": "v" }],
                }),
            ),
            (
                "AWS::CloudFront::Distribution",
                json!({ "distributionConfig": { "origins": [{ "domainName": "d", "id": "1" }], "enabled": true } }),
                json!({ "DistributionConfig": { "Origins": [{ "DomainName": "d", "Id": "1" }], "Enabled": true } }),
            ),
            (
                "AWS::SNS::TopicPolicy",
                json!({ "policyDocument": { "Statement": [{ "effect": "Allow" }] }, "topics": ["t"] }),
                json!({ "PolicyDocument": { "Statement": [{ "effect": "Allow" }] }, "Topics": ["t"] }),
            ),
        ];
        for (type_name, ours, theirs) in pairs {
            let shape = shape(type_name);
            assert_eq!(to_cloudformation(Some(&shape), &ours), theirs, "{type_name}");
            assert_eq!(from_cloudformation(Some(&shape), &theirs), ours, "{type_name}");
        }
    }

    #[test]
    fn what_is_not_known_keeps_its_names() {
        let properties = json!({ "SomeName": { "Inner": 1, "camelCase": [{ "Key": 2 }] } });
        let open = schemas().by_type("AWS::NotYet::Thing").expect("a schema");
        assert!(open.is_open());
        assert_eq!(to_cloudformation(Some(&open.shape), &properties), properties);
        assert_eq!(from_cloudformation(Some(&open.shape), &properties), properties);
    }
}

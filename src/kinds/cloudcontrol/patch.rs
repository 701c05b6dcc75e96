//! What brings an object to what is wanted, as a JSON patch ([RFC 6902](https://www.rfc-editor.org/rfc/rfc6902)), which
//! Cloud Control applies to what it reads.
//!
//! Only what differs is in it: what AWS has filled in beside it stays. Lists are put in whole, but for tags, of which
//! those that somebody else put there are kept. What AWS never tells is said again each time, since the patch is applied
//! to a model that does not have it
//! ([user guide](https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations-update.html)).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::names::{named, to_cloudformation};
use crate::kinds::Update;
use crate::kinds::tags::{changes_in, pairs};
use crate::model::{Json, JsonMap, KindSchema, PropertyPath, Shape};

/// The operations.
pub(super) fn patch(schema: &KindSchema, change: &Update<'_>) -> Vec<Json> {
    let mut patch = Patch { schema, ops: Vec::new() };
    let names: BTreeSet<&String> = change.wanted.keys().chain(change.prior.keys()).collect();
    for name in names {
        let path = PropertyPath::new(name);
        if schema.is_read_only(&path) || schema.replaces(&path) {
            continue;
        }
        let (cfn_name, shape) = match named(Some(&schema.shape), name) {
            Some((cfn_name, shape)) => (cfn_name, Some(shape)),
            None => (name.as_str(), None),
        };
        let pointer = format!("/{}", escaped(cfn_name));
        let changed = change.changed.is_empty() || change.changes(name);
        if changed && schema.tag_property.as_ref() == Some(name) {
            patch.tags(name, &pointer, change);
            continue;
        }
        let before = patch.ops.len();
        let (wanted, prior) = (change.wanted.get(name), change.prior.get(name));
        let there = change.observed.get(name).filter(|there| !there.is_null());
        patch.member(&path, &pointer, shape, wanted, prior, there);
        if patch.ops.len() == before && change.changed.is_empty() {
            // Said again, so that an update that failed is made once more.
            patch.ops.extend(wanted.map(|wanted| (path.clone(), add(&pointer, shape, wanted))));
        }
        if !changed {
            let ops = patch.ops.split_off(before);
            let hidden = |path: &PropertyPath| {
                schema.write_only.iter().any(|pattern| pattern.covers(path) || pattern.is_inside(path))
            };
            patch.ops.extend(ops.into_iter().filter(|(path, _)| hidden(path)));
        }
    }
    patch.ops.into_iter().map(|(_, op)| op).collect()
}

struct Patch<'a> {
    schema: &'a KindSchema,
    ops: Vec<(PropertyPath, Json)>,
}

impl Patch<'_> {
    fn member(
        &mut self,
        path: &PropertyPath,
        pointer: &str,
        shape: Option<&Shape>,
        wanted: Option<&Json>,
        prior: Option<&Json>,
        there: Option<&Json>,
    ) {
        match (wanted, there) {
            (None, Some(_)) if prior.is_some() => {
                self.ops.push((path.clone(), json!({ "op": "remove", "path": pointer })));
            }
            (None, _) => {}
            (Some(Json::Object(wanted)), Some(Json::Object(there))) if !whole(shape) => {
                let prior = prior.and_then(Json::as_object);
                self.object(path, pointer, shape, wanted, prior, there);
            }
            (Some(wanted), there) if there != Some(wanted) => {
                self.ops.push((path.clone(), add(pointer, shape, wanted)));
            }
            (Some(_), _) => {}
        }
    }

    fn object(
        &mut self,
        path: &PropertyPath,
        pointer: &str,
        shape: Option<&Shape>,
        wanted: &JsonMap,
        prior: Option<&JsonMap>,
        there: &JsonMap,
    ) {
        let gone = there.keys().filter(|key| !wanted.contains_key(*key));
        // Of a free-form map AWS tells what was set and nothing else.
        let free = shape.is_some_and(Shape::is_free_form);
        let gone = gone.filter(|key| free || prior.is_some_and(|prior| prior.contains_key(*key)));
        for key in wanted.keys().chain(gone) {
            let path = path.key(key);
            if self.schema.is_read_only(&path) || self.schema.replaces(&path) {
                continue;
            }
            let (cfn_name, below) = match named(shape, key) {
                Some((cfn_name, below)) => (cfn_name, Some(below)),
                None => (key.as_str(), shape.and_then(|shape| shape.under(key))),
            };
            let pointer = format!("{pointer}/{}", escaped(cfn_name));
            let there = there.get(key);
            let prior = if free { there } else { prior.and_then(|prior| prior.get(key)) };
            self.member(&path, &pointer, below, wanted.get(key), prior, there);
        }
    }

    fn tags(&mut self, property: &str, pointer: &str, change: &Update<'_>) {
        let changes = changes_in(property, change.wanted, change.prior, change.observed);
        if changes.is_empty() {
            return;
        }
        let kept = |(key, _): &(String, String)| !key.starts_with("aws:") && !changes.remove.contains(key);
        let mut tags: BTreeMap<String, String> = pairs(change.observed, property).into_iter().filter(kept).collect();
        tags.extend(changes.set);
        let tags: Json = match change.wanted.get(property).or(change.observed.get(property)) {
            Some(Json::Object(_)) => json!(tags),
            _ => tags.into_iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect(),
        };
        self.ops.push((PropertyPath::new(property), json!({ "op": "add", "path": pointer, "value": tags })));
    }
}

/// Whether a value is put in whole, though it is an object: a document.
fn whole(shape: Option<&Shape>) -> bool {
    shape.is_some_and(|shape| shape.is_policy() || shape.is_document())
}

fn add(pointer: &str, shape: Option<&Shape>, value: &Json) -> Json {
    json!({ "op": "add", "path": pointer, "value": to_cloudformation(shape, value) })
}

/// A name in a pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::schemas;

    fn ops(type_name: &str, wanted: &Json, prior: &Json, observed: &Json, changed: &[&str]) -> String {
        let map = |json: &Json| json.as_object().cloned().expect("an object");
        let changed: Vec<String> = changed.iter().map(|name| (*name).to_owned()).collect();
        let change = Update {
            id: "it",
            wanted: &map(wanted),
            observed: &map(observed),
            prior: &map(prior),
            attributes: &JsonMap::new(),
            changed: &changed,
            token: "t",
        };
        let found = patch(schemas().by_type(type_name).expect("a schema"), &change);
        found.iter().map(Json::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn only_what_differs_is_changed() {
        let bucket = |versions: &str, days: i64| {
            json!({
                "bucketName": "b", "versioningConfiguration": { "status": versions },
                "lifecycleConfiguration": { "rules": [{ "id": "a", "status": "Enabled", "expirationInDays": days }] },
            })
        };
        let mut observed = bucket("Enabled", 5);
        observed["publicAccessBlockConfiguration"] = json!({ "blockPublicAcls": true });
        insta::assert_snapshot!(
            ops("AWS::S3::Bucket", &bucket("Suspended", 5), &bucket("Enabled", 5), &observed, &["versioningConfiguration"]),
            @r#"{"op":"add","path":"/VersioningConfiguration/Status","value":"Suspended"}"#
        );
        insta::assert_snapshot!(
            ops("AWS::S3::Bucket", &bucket("Enabled", 7), &bucket("Enabled", 5), &observed, &["lifecycleConfiguration"]),
            @r#"{"op":"add","path":"/LifecycleConfiguration/Rules","value":[{"ExpirationInDays":7,"Id":"a","Status":"Enabled"}]}"#
        );
        let without = json!({ "bucketName": "b" });
        let changed = ["versioningConfiguration", "lifecycleConfiguration"];
        insta::assert_snapshot!(
            ops("AWS::S3::Bucket", &without, &bucket("Enabled", 5), &observed, &changed),
            @r#"
        {"op":"remove","path":"/LifecycleConfiguration"}
        {"op":"remove","path":"/VersioningConfiguration"}
        "#
        );
    }

    #[test]
    fn tags_of_others_stay() {
        let tags = |tags: &[(&str, &str)]| -> Json {
            json!({ "tags": tags.iter().map(|(k, v)| json!({ "key": k, "value": v })).collect::<Vec<_>>() })
        };
        let (wanted, prior) = (tags(&[("a", "2"), ("c", "1")]), tags(&[("a", "1"), ("b", "1")]));
        let observed = tags(&[("a", "1"), ("b", "1"), ("theirs", "x"), ("aws:own", "y")]);
        insta::assert_snapshot!(
            ops("AWS::SNS::Topic", &wanted, &prior, &observed, &["tags"]),
            @r#"{"op":"add","path":"/Tags","value":[{"Key":"a","Value":"2"},{"Key":"c","Value":"1"},{"Key":"theirs","Value":"x"}]}"#
        );
        insta::assert_snapshot!(
            ops("AWS::SSM::Parameter", &json!({ "tags": { "a/b": "2" } }), &json!({}), &json!({ "tags": { "x": "1" } }), &["tags"]),
            @r#"{"op":"add","path":"/Tags","value":{"a/b":"2","x":"1"}}"#
        );
    }

    #[test]
    fn what_aws_never_tells_is_said_again() {
        let function =
            |memory: i64| json!({ "code": { "s3Bucket": "b", "s3Key": "k" }, "memorySize": memory, "role": "r" });
        let observed = json!({ "memorySize": 128, "role": "r", "packageType": "Zip" });
        insta::assert_snapshot!(
            ops("AWS::Lambda::Function", &function(256), &function(128), &observed, &["memorySize"]),
            @r#"
        {"op":"add","path":"/Code","value":{"S3Bucket":"b","S3Key":"k"}}
        {"op":"add","path":"/MemorySize","value":256}
        "#
        );
        let observed = json!({ "code": {}, "memorySize": 128, "role": "r" });
        insta::assert_snapshot!(
            ops("AWS::Lambda::Function", &function(256), &function(128), &observed, &["memorySize"]),
            @r#"
        {"op":"add","path":"/Code/S3Bucket","value":"b"}
        {"op":"add","path":"/Code/S3Key","value":"k"}
        {"op":"add","path":"/MemorySize","value":256}
        "#
        );
    }

    #[test]
    fn an_update_that_failed_says_everything_again() {
        let topic = json!({ "topicName": "t", "displayName": "d" });
        insta::assert_snapshot!(
            ops("AWS::SNS::Topic", &topic, &topic, &topic, &[]),
            @r#"{"op":"add","path":"/DisplayName","value":"d"}"#
        );
        insta::assert_snapshot!(
            ops("AWS::NotYet::Thing", &json!({ "A/b~c": { "x": 1 } }), &json!({}), &json!({ "A/b~c": { "x": 2 } }), &["A/b~c"]),
            @r#"{"op":"add","path":"/A~1b~0c/x","value":1}"#
        );
    }
}

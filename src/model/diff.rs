//! How what is wanted differs from what there is.
//!
//! Only what is declared counts, and what the last run declared and this one no longer does: AWS fills in much that
//! nobody asked for. Lists whose order means nothing compare as sets, elements that have a name are compared with their
//! namesakes, and policy documents by what they say. Values that AWS rewrites are compared in its form. What AWS never tells is compared with what the last run asked for.

use std::collections::BTreeMap;

use super::schema::KindSchema;
use super::{Json, JsonMap, PropertyPath, Secret, Shape, Value};

mod form;
mod matching;
mod policy;
mod same;

use same::{is_nothing, same_scalar};

/// One difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Where.
    pub path: PropertyPath,
    /// What it is; `None` when it is not there.
    pub before: Option<Json>,
    /// What it is to be; `None` when it is to go.
    pub after: Option<Value>,
    /// Whether AWS can only replace for it.
    pub replaces: bool,
}

/// What differs between the properties wanted and those observed. `prior` is what the last run asked for; it also stands
/// in for what was not observed at all, and for what AWS never tells.
pub fn differences(
    schema: &KindSchema,
    wanted: &BTreeMap<String, Value>,
    prior: &BTreeMap<String, Value>,
    observed: Option<&JsonMap>,
) -> Vec<Found> {
    let (wanted, prior) = (form::canonical(&schema.type_name, wanted), form::canonical(&schema.type_name, prior));
    let mut comparison = Comparison { schema, found: Vec::new() };
    let names: std::collections::BTreeSet<&String> = wanted.keys().chain(prior.keys()).collect();
    for name in names {
        let path = PropertyPath::new(name);
        let (after, last) = (wanted.get(name), prior.get(name));
        if schema.is_read_only(&path) {
            continue;
        }
        let recorded = || last.and_then(Value::open_json);
        let before = match observed {
            Some(observed) if !schema.is_write_only(&path) => observed.get(name).cloned(),
            _ => recorded(),
        };
        let told = observed.is_some() && !schema.is_write_only(&path);
        if !told && same::stored(after) == same::stored(last) {
            continue;
        }
        let shape = schema.shape.under(name);
        comparison.property(&path, shape, after, last, before.as_ref());
    }
    comparison.found
}

struct Comparison<'a> {
    schema: &'a KindSchema,
    found: Vec<Found>,
}

impl Comparison<'_> {
    fn add(&mut self, path: &PropertyPath, before: Option<&Json>, after: Option<&Value>) {
        let replaces = self.schema.replaces_change(path, before, after);
        self.found.push(Found { path: path.clone(), before: before.cloned(), after: after.cloned(), replaces });
    }

    fn property(
        &mut self,
        path: &PropertyPath,
        shape: Option<&Shape>,
        after: Option<&Value>,
        last: Option<&Value>,
        before: Option<&Json>,
    ) {
        let before = before.filter(|before| !before.is_null());
        match (after.filter(|after| **after != Value::Null), before) {
            (None, None) => {}
            // Not wanted any more: what is left of it is to go, unless it is what AWS takes anyway.
            (None, Some(before)) => {
                if last.is_some()
                    && !is_nothing(before)
                    && shape.and_then(|shape| shape.default.as_ref()) != Some(before)
                {
                    self.add(path, Some(before), None);
                }
            }
            (Some(after), None) => {
                let absent = after.to_json().is_some_and(|after| {
                    same::is_unset(&after) || shape.and_then(|shape| shape.default.as_ref()) == Some(&after)
                });
                if !absent {
                    self.add(path, None, Some(after));
                }
            }
            (Some(after), Some(before)) => self.value(path, shape, after, last, before),
        }
    }

    fn value(
        &mut self,
        path: &PropertyPath,
        shape: Option<&Shape>,
        after: &Value,
        last: Option<&Value>,
        before: &Json,
    ) {
        if shape.is_some_and(|shape| shape.is_policy() || shape.is_document()) {
            let same = after.to_json().is_some_and(|after| {
                let (after, before) = (same::document(&after), same::document(before));
                let policy = shape.is_some_and(Shape::is_policy);
                if policy { policy::canonical(&after) == policy::canonical(&before) } else { after == before }
            });
            if !same {
                self.add(path, Some(before), Some(after));
            }
            return;
        }
        match (after, before) {
            (Value::Map(after), Json::Object(before)) => self.map(path, shape, after, last, before),
            (Value::List(wanted), Json::Array(there)) => self.list(path, shape, after, wanted, last, before, there),
            (Value::Secret(secret), Json::String(text)) => {
                if secret.hash() != Secret::Clear(text.clone()).hash() {
                    self.add(path, Some(before), Some(after));
                }
            }
            _ => {
                let any_case = shape.is_some_and(|shape| shape.any_case);
                if !after.to_json().is_some_and(|after| same_scalar(&after, before, any_case)) {
                    self.add(path, Some(before), Some(after));
                }
            }
        }
    }

    fn map(
        &mut self,
        path: &PropertyPath,
        shape: Option<&Shape>,
        after: &BTreeMap<String, Value>,
        last: Option<&Value>,
        before: &JsonMap,
    ) {
        let last = match last {
            Some(Value::Map(last)) => Some(last),
            _ => None,
        };
        for (key, item) in after {
            let path = path.key(key);
            if self.schema.is_read_only(&path) {
                continue;
            }
            let below = shape.and_then(|shape| shape.under(key));
            let prior = last.and_then(|last| last.get(key));
            let hidden = self.schema.is_write_only(&path);
            let recorded = prior.and_then(Value::open_json);
            if hidden && same::stored(Some(item)) == same::stored(prior) {
                continue;
            }
            let there = if hidden { recorded.as_ref() } else { before.get(key) };
            self.property(&path, below, Some(item), prior, there);
        }
        // Of a free-form map AWS tells what was set and nothing else; tags may be somebody else's.
        let tags = path.steps().len() == 1 && self.schema.tag_property.as_deref() == Some(path.root());
        let whole = !tags && shape.is_some_and(Shape::is_free_form);
        for (key, item) in before.iter().filter(|(key, _)| !after.contains_key(*key)) {
            let below = shape.and_then(|shape| shape.under(key));
            let prior = last.and_then(|last| last.get(key));
            if prior.is_some() {
                self.property(&path.key(key), below, None, prior, Some(item));
            } else if whole && !is_nothing(item) {
                self.add(&path.key(key), Some(item), None);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a list and its values are needed both ways")]
    fn list(
        &mut self,
        path: &PropertyPath,
        shape: Option<&Shape>,
        after: &Value,
        wanted: &[Value],
        last: Option<&Value>,
        before: &Json,
        there: &[Json],
    ) {
        let items = shape.and_then(|shape| shape.items.as_deref());
        let last: &[Value] = match last {
            Some(Value::List(last)) => last,
            _ => &[],
        };
        if shape.is_some_and(|shape| shape.keyed_by.is_some()) {
            return self.attributes(path, wanted, last, there);
        }
        let unordered = shape.is_some_and(|shape| shape.unordered || shape.unique_items);
        if unordered {
            if let (Some(wanted_names), Some(there_names)) = (same::names(wanted), same::json_names(there)) {
                return self.namesakes(path, items, wanted, &wanted_names, last, there, &there_names);
            }
            if !self.same_set(path, items, wanted, there) {
                self.add(path, Some(before), Some(after));
            }
            return;
        }
        for (index, item) in wanted.iter().enumerate() {
            self.property(&path.index(index), items, Some(item), last.get(index), there.get(index));
        }
        for (index, item) in there.iter().enumerate().skip(wanted.len()) {
            self.add(&path.index(index), Some(item), None);
        }
    }

    /// Lists of `{key, value}`: those that somebody else put there are left alone.
    fn attributes(&mut self, path: &PropertyPath, wanted: &[Value], last: &[Value], there: &[Json]) {
        let text = |json: Option<&Json>| json.and_then(Json::as_str).unwrap_or_default().to_owned();
        let there: BTreeMap<String, String> =
            there.iter().map(|item| (text(item.get("key")), text(item.get("value")))).collect();
        let pairs = |list: &[Value]| -> BTreeMap<String, Value> {
            let pair = |item: &Value| match item {
                Value::Map(map) => {
                    let value = map.get("value").cloned().unwrap_or(Value::String(String::new()));
                    Some((map.get("key")?.as_str()?.to_owned(), value))
                }
                _ => None,
            };
            list.iter().filter_map(pair).collect()
        };
        let (wanted, last) = (pairs(wanted), pairs(last));
        for (key, value) in &wanted {
            let path = path.key(key);
            match there.get(key) {
                None => self.add(&path, None, Some(value)),
                Some(text) => self.value(&path, None, value, None, &Json::String(text.clone())),
            }
        }
        for key in last.keys().filter(|key| !wanted.contains_key(*key)) {
            if let Some(text) = there.get(key) {
                self.add(&path.key(key), Some(&Json::String(text.clone())), None);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "two lists and their names")]
    fn namesakes(
        &mut self,
        path: &PropertyPath,
        items: Option<&Shape>,
        wanted: &[Value],
        wanted_names: &[&str],
        last: &[Value],
        there: &[Json],
        there_names: &[&str],
    ) {
        let places: BTreeMap<&str, &Json> = there_names.iter().copied().zip(there).collect();
        let last: BTreeMap<&str, &Value> = last.iter().filter_map(|item| Some((same::name(item)?, item))).collect();
        for (index, (item, name)) in wanted.iter().zip(wanted_names).enumerate() {
            self.property(&path.index(index), items, Some(item), last.get(name).copied(), places.get(name).copied());
        }
        for (index, (item, _)) in
            there.iter().zip(there_names).enumerate().filter(|(_, (_, name))| !wanted_names.contains(name))
        {
            self.add(&path.index(index), Some(item), None);
        }
    }

    /// Whether each wanted element is there, and nothing else.
    fn same_set(&self, path: &PropertyPath, items: Option<&Shape>, wanted: &[Value], there: &[Json]) -> bool {
        // The same thing said twice is said once.
        let distinct: Vec<&Value> = wanted
            .iter()
            .enumerate()
            .filter(|(at, item)| !wanted[..*at].contains(item))
            .map(|(_, item)| item)
            .collect();
        distinct.len() == there.len()
            && matching::is_perfect(distinct.len(), |wanted, candidate| {
                let mut trial = Comparison { schema: self.schema, found: Vec::new() };
                trial.property(path, items, Some(distinct[wanted]), None, Some(&there[candidate]));
                trial.found.is_empty()
            })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::schemas;

    fn diff(type_name: &str, wanted: Json, prior: Json, observed: Option<Json>) -> Vec<String> {
        let map = |json: &Json| match Value::from_json(json) {
            Value::Map(map) => map,
            _ => panic!("a map"),
        };
        let schema = schemas().by_type(type_name).expect("a kind");
        let observed = observed.map(|json| json.as_object().cloned().expect("an object"));
        let found = differences(schema, &map(&wanted), &map(&prior), observed.as_ref());
        let shown = |found: &Found| {
            let sign = if found.replaces { "!" } else { "" };
            let after = found.after.as_ref().and_then(Value::to_json);
            let text = |json: Option<&Json>| json.map_or("-".to_owned(), Json::to_string);
            format!("{sign}{}: {} -> {}", found.path, text(found.before.as_ref()), text(after.as_ref()))
        };
        found.iter().map(shown).collect()
    }

    #[test]
    fn only_what_is_declared_counts() {
        let observed = json!({ "cidrBlock": "10.0.0.0/16", "enableDnsSupport": true, "instanceTenancy": "default" });
        let wanted = json!({ "cidrBlock": "10.0.0.0/16" });
        assert_eq!(diff("AWS::EC2::VPC", wanted, json!({}), Some(observed.clone())), Vec::<String>::new());
        let wanted = json!({ "cidrBlock": "10.1.0.0/16", "enableDnsSupport": false });
        assert_eq!(
            diff("AWS::EC2::VPC", wanted, json!({}), Some(observed)),
            [r#"!cidrBlock: "10.0.0.0/16" -> "10.1.0.0/16""#, "enableDnsSupport: true -> false"]
        );
    }

    #[test]
    fn an_empty_text_and_a_no_that_aws_does_not_tell_are_no_difference() {
        let wanted = json!({ "roleName": "r", "description": "" });
        assert_eq!(diff("AWS::IAM::Role", wanted, json!({}), Some(json!({ "roleName": "r" }))), Vec::<String>::new());
        let containers = |container: Json| json!({ "containerDefinitions": [container] });
        let observed = containers(json!({ "name": "a", "image": "x" }));
        let wanted = |privileged: bool| containers(json!({ "name": "a", "privileged": privileged }));
        let kind = "AWS::ECS::TaskDefinition";
        assert_eq!(diff(kind, wanted(false), json!({}), Some(observed.clone())), Vec::<String>::new());
        assert_eq!(diff(kind, wanted(true), json!({}), Some(observed)).len(), 1);
    }

    #[test]
    fn what_is_no_longer_declared_is_taken_away_once() {
        let observed = json!({ "logGroupName": "a", "retentionInDays": 5 });
        let (wanted, prior) = (json!({ "logGroupName": "a" }), json!({ "logGroupName": "a", "retentionInDays": 5 }));
        assert_eq!(
            diff("AWS::Logs::LogGroup", wanted.clone(), prior, Some(observed.clone())),
            ["retentionInDays: 5 -> -"]
        );
        assert_eq!(diff("AWS::Logs::LogGroup", wanted.clone(), wanted, Some(observed)), Vec::<String>::new());
    }

    #[test]
    fn containers_are_compared_with_their_namesakes_and_defaults_are_no_difference() {
        let observed = json!({ "containerDefinitions": [
            { "name": "b", "image": "x", "cpu": 0, "environment": [{ "name": "K", "value": "1" }], "mountPoints": [] },
            { "name": "a", "image": "y", "essential": true },
        ]});
        let wanted = |image: &str| {
            json!({ "containerDefinitions": [
                { "name": "a", "image": "y", "environment": [] },
                { "name": "b", "image": image, "environment": [{ "name": "K", "value": "1" }] },
            ]})
        };
        let kind = "AWS::ECS::TaskDefinition";
        assert_eq!(diff(kind, wanted("x"), json!({}), Some(observed.clone())), Vec::<String>::new());
        assert_eq!(
            diff(kind, wanted("z"), json!({}), Some(observed)),
            [r#"!containerDefinitions[1].image: "x" -> "z""#]
        );
    }

    #[test]
    fn an_element_that_fits_several_does_not_take_the_one_that_another_needs() {
        let mappings = |mappings: Json| json!({ "containerDefinitions": [{ "name": "a", "portMappings": mappings }] });
        let observed = mappings(json!([
            { "containerPort": 5701, "hostPort": 5701, "protocol": "udp" },
            { "containerPort": 5701, "hostPort": 5701, "protocol": "tcp" },
        ]));
        let wanted =
            |second: &str| mappings(json!([{ "containerPort": 5701 }, { "containerPort": 5701, "protocol": second }]));
        let kind = "AWS::ECS::TaskDefinition";
        for second in ["udp", "tcp"] {
            assert_eq!(diff(kind, wanted(second), json!({}), Some(observed.clone())), Vec::<String>::new());
        }
        assert_eq!(diff(kind, wanted("sctp"), json!({}), Some(observed)).len(), 1);
    }

    #[test]
    fn lists_that_ecs_answers_in_its_own_order_have_none() {
        let observed = json!({ "capacityProviders": ["FARGATE", "FARGATE_SPOT"] });
        let wanted = json!({ "capacityProviders": ["FARGATE_SPOT", "FARGATE"] });
        assert_eq!(diff("AWS::ECS::Cluster", wanted, json!({}), Some(observed)), Vec::<String>::new());
        let strategy = |first: &str, second: &str| json!({ "capacityProviderStrategy": [{ "capacityProvider": first }, { "capacityProvider": second }] });
        let (wanted, observed) = (strategy("a", "b"), strategy("b", "a"));
        assert_eq!(diff("AWS::ECS::Service", wanted, json!({}), Some(observed)), Vec::<String>::new());
    }

    #[test]
    fn networks_are_compared_by_what_they_are() {
        let kind = "AWS::EC2::SecurityGroupIngress";
        let rule = |property: &str, network: &str| json!({ "ipProtocol": "tcp", property: network });
        for (property, wanted, there) in [
            ("cidrIpv6", "2001:0DB8:0::/32", "2001:db8::/32"),
            ("cidrIpv6", "2001:db8::7/32", "2001:db8::/32"),
            ("cidrIp", "10.0.7.9/16", "10.0.0.0/16"),
        ] {
            let (wanted, there) = (rule(property, wanted), rule(property, there));
            assert_eq!(diff(kind, wanted, json!({}), Some(there)), Vec::<String>::new());
        }
        let (wanted, there) = (rule("cidrIp", "10.0.0.0/17"), rule("cidrIp", "10.0.0.0/16"));
        assert_eq!(diff(kind, wanted, json!({}), Some(there)).len(), 1);
    }

    #[test]
    fn tags_of_others_are_left_alone() {
        let tags = |pairs: &[(&str, &str)]| {
            let tags: Vec<Json> = pairs.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
            json!({ "tags": tags })
        };
        let found = diff(
            "AWS::EC2::VPC",
            tags(&[("kept", "2"), ("new", "1")]),
            tags(&[("kept", "1"), ("gone", "1")]),
            Some(tags(&[("kept", "1"), ("gone", "1"), ("theirs", "1")])),
        );
        assert_eq!(found, [r#"tags.kept: "1" -> "2""#, r#"tags.new: - -> "1""#, r#"tags.gone: "1" -> -"#]);
    }

    #[test]
    fn rules_are_a_set() {
        let rule =
            |port: i64| json!({ "ipProtocol": "tcp", "fromPort": port, "toPort": port, "cidrIp": "10.0.0.0/16" });
        let rules =
            |ports: &[i64]| json!({ "securityGroupIngress": ports.iter().map(|p| rule(*p)).collect::<Vec<_>>() });
        let kind = "AWS::EC2::SecurityGroup";
        assert_eq!(diff(kind, rules(&[1, 2]), json!({}), Some(rules(&[2, 1]))), Vec::<String>::new());
        assert_eq!(diff(kind, rules(&[1, 2]), json!({}), Some(rules(&[2, 1, 3]))).len(), 1);
    }

    #[test]
    fn policies_are_compared_by_what_they_say() {
        let role = |document: Json| json!({ "assumeRolePolicyDocument": document });
        let written = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": ["sts:AssumeRole"],
            "Principal": { "Service": ["ecs-tasks.amazonaws.com"] } }] });
        let stored = json!({ "Statement": { "Principal": { "Service": "ecs-tasks.amazonaws.com" },
            "Action": "sts:AssumeRole", "Effect": "Allow" }, "Version": "2012-10-17" });
        assert_eq!(diff("AWS::IAM::Role", role(written.clone()), json!({}), Some(role(stored))), Vec::<String>::new());
        let other = json!({ "Version": "2012-10-17", "Statement": [] });
        assert_eq!(diff("AWS::IAM::Role", role(written), json!({}), Some(role(other))).len(), 1);
    }

    #[test]
    fn names_stand_for_the_arns_that_end_in_them() {
        let observed = json!({ "cluster": "arn:aws:ecs:eu-west-1:000000000000:cluster/main", "desiredCount": 3 });
        let kind = "AWS::ECS::Service";
        assert_eq!(diff(kind, json!({ "cluster": "main" }), json!({}), Some(observed.clone())), Vec::<String>::new());
        assert_eq!(diff(kind, json!({ "cluster": "other" }), json!({}), Some(observed)).len(), 1);
    }

    #[test]
    fn without_an_observation_the_last_run_stands_in() {
        let prior = json!({ "cidrBlock": "10.0.0.0/16" });
        assert_eq!(diff("AWS::EC2::VPC", prior.clone(), prior.clone(), None), Vec::<String>::new());
        assert_eq!(diff("AWS::EC2::VPC", json!({ "cidrBlock": "10.1.0.0/16" }), prior, None).len(), 1);
    }
}

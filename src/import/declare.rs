//! What a declaration of an object says: of what AWS tells of it, all that somebody may have chosen.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::Found;
use super::leads::{GROUP, LISTENER, NAMES, NAT, REGISTRY, RULE, SCALING, TARGETS};
use crate::kinds::Facts;
use crate::model::path::PathPattern;
use crate::model::{Json, JsonMap, KindSchema, PropertyPath, Shape};

/// What begins the keys of the tags that a run puts on everything.
const OWN_TAGS: &str = "hzscript:";

/// The properties of a declaration, and what is to be said beside it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Properties {
    /// Properties by their camelCase names.
    pub map: JsonMap,
    /// Sentences about what is not in them.
    pub notes: Vec<String>,
}

/// The properties of an object as they are declared. `vpc` is the VPC that everything found is in, if it is one.
pub(super) fn properties(found: &Found, vpc: Option<&str>) -> Properties {
    let (schema, facts) = (found.schema, found.kind.facts());
    let tidy = Tidy {
        schema,
        sends: facts.sends.iter().map(|path| PathPattern::parse(path)).collect(),
        except: facts.except.iter().map(|path| PathPattern::parse(path)).collect(),
        defaults: defaults(&schema.type_name),
    };
    let mut declared = Properties::default();
    for (name, value) in &found.observed.properties {
        let path = PropertyPath::new(name);
        if Some(name) == schema.tag_property.as_ref() {
            let tags = own_tags_left_out(value);
            if !is_empty(&tags) && facts.sends.contains(&name.as_str()) {
                declared.map.insert(name.clone(), tags);
            }
            continue;
        }
        let needed = schema.required.contains(name) || facts.name_property() == name;
        let kept = match tidy.value(&path, schema.shape.under(name), value, &mut declared.notes) {
            None if needed && !value.is_null() => Some(value.clone()),
            kept => kept,
        };
        if let Some(kept) = kept {
            declared.map.insert(name.clone(), kept);
        }
    }
    by_kind(found, vpc, &mut declared);
    declared.notes.extend(untold(schema, facts, &declared.map));
    declared
}

/// What some kinds need beyond what the schemas say.
fn by_kind(found: &Found, vpc: Option<&str>, declared: &mut Properties) {
    let Properties { map, notes } = declared;
    match found.type_name() {
        GROUP => {
            let there = &found.observed.properties;
            for rule in elements(map, "securityGroupIngress") {
                if rule.get("sourceSecurityGroupId").is_some_and(|group| group == "self") {
                    rule.remove("sourceSecurityGroupOwnerId");
                }
            }
            // To declare no rules is to take away the one that every new group has.
            if there.get("securityGroupEgress").is_some_and(is_empty) {
                map.insert("securityGroupEgress".to_owned(), Json::Array(Vec::new()));
            }
        }
        // The one that a public gateway got.
        NAT if map.contains_key("allocationId") => drop(map.remove("privateIpAddress")),
        // Said by the service's own property.
        REGISTRY => {
            if let Some(dns) = map.get_mut("dnsConfig").and_then(Json::as_object_mut) {
                dns.remove("namespaceId");
            }
        }
        // Tasks of services come and go there.
        TARGETS => drop(map.remove("targets")),
        LISTENER => {
            elements(map, "defaultActions").for_each(|action| said_once(action, &["targetGroupArn"], "forwardConfig"))
        }
        RULE => {
            elements(map, "actions").for_each(|action| said_once(action, &["targetGroupArn"], "forwardConfig"));
            elements(map, "conditions").for_each(|condition| said_once(condition, CONDITIONS, "values"));
            // arn:…:listener-rule/app/<name>/<balancer>/<listener>/<rule>
            if let Some((listener, _)) = found.id.rsplit_once('/') {
                let listener = listener.replacen(":listener-rule/", ":listener/", 1);
                map.insert("listenerArn".to_owned(), Json::String(listener));
            }
        }
        NAMES => match vpc {
            Some(vpc) => {
                map.insert("vpc".to_owned(), Json::from(vpc));
                notes.push("`vpc` is where everything else is: AWS does not tell it".to_owned());
            }
            None => notes.push("AWS does not tell `vpc`: it is asked for when the script runs".to_owned()),
        },
        _ => {}
    }
}

/// In which the values of a condition are told besides.
const CONDITIONS: &[&str] = &["hostHeaderConfig", "pathPatternConfig"];

fn elements<'a>(map: &'a mut JsonMap, list: &str) -> impl Iterator<Item = &'a mut JsonMap> {
    map.get_mut(list).and_then(Json::as_array_mut).into_iter().flatten().filter_map(Json::as_object_mut)
}

/// What AWS tells in two ways, and takes in one of them.
fn said_once(element: &mut JsonMap, here: &[&str], not_here: &str) {
    if here.iter().any(|name| element.contains_key(*name)) {
        element.remove(not_here);
    }
}

/// What is not told and would have to be declared to be made again as it is.
fn untold(schema: &KindSchema, facts: &Facts, map: &JsonMap) -> Vec<String> {
    let hidden = schema.write_only.iter().filter(|path| path.is_top_level());
    let hidden = hidden.map(PathPattern::root).filter(|name| facts.sends.contains(name) && !map.contains_key(*name));
    // What is said in another way is not missing.
    let said = [(NAMES, "vpc"), (SCALING, "scalingTargetId")];
    let kept = |name: &&str| !said.contains(&(schema.type_name.as_str(), *name));
    let hidden: Vec<String> = hidden.filter(kept).map(|name| format!("`{name}`")).collect();
    if hidden.is_empty() {
        return Vec::new();
    }
    vec![format!("AWS does not tell {}: left out, it stays as it is", hidden.join(", "))]
}

/// Tags without those of hzscript: a run puts its own there.
fn own_tags_left_out(tags: &Json) -> Json {
    match tags {
        Json::Array(tags) => {
            let own = |tag: &&Json| !tag["key"].as_str().unwrap_or_default().starts_with(OWN_TAGS);
            Json::Array(tags.iter().filter(own).cloned().collect())
        }
        Json::Object(tags) => {
            let own = tags.iter().filter(|(key, _)| !key.starts_with(OWN_TAGS));
            Json::Object(own.map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        other => other.clone(),
    }
}

/// Leaves out what needs no saying.
struct Tidy<'a> {
    schema: &'a KindSchema,
    sends: Vec<PathPattern>,
    except: Vec<PathPattern>,
    defaults: &'static [(PathPattern, Json)],
}

impl Tidy<'_> {
    /// A value without what needs no saying; `None` when that is all of it.
    fn value(&self, path: &PropertyPath, shape: Option<&Shape>, value: &Json, notes: &mut Vec<String>) -> Option<Json> {
        if value.is_null() || self.schema.is_read_only(path) || self.is_default(path, shape, value) {
            return None;
        }
        let sent = self.sends.iter().any(|sent| sent.covers(path) || sent.is_inside(path));
        if !sent || self.except.iter().any(|except| except.covers(path)) {
            if !is_empty(value) {
                notes.push(format!("`{path}` is left out: this version does not send it"));
            }
            return None;
        }
        if shape.is_some_and(|shape| shape.is_policy() || shape.is_document()) {
            return Some(document(value));
        }
        let free = shape.is_some_and(Shape::is_free_form);
        match value {
            Json::Object(map) if !free => {
                let mut kept = JsonMap::new();
                for (key, item) in map {
                    let below = shape.and_then(|shape| shape.under(key));
                    let needed = shape.is_some_and(|shape| shape.required.contains(key)) && !item.is_null();
                    let tidy = self.value(&path.key(key), below, item, notes);
                    if let Some(item) = tidy.or_else(|| needed.then(|| item.clone())) {
                        kept.insert(key.clone(), item);
                    }
                }
                (!kept.is_empty()).then_some(Json::Object(kept))
            }
            Json::Array(items) => {
                let below = shape.and_then(|shape| shape.items.as_deref());
                let keyed = shape.is_some_and(|shape| shape.keyed_by.is_some());
                let mut kept = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    let path = path.index(index);
                    // Of a list that is a map in truth, elements may be left out; of others every one counts.
                    if keyed && self.is_default(&path, below, item) {
                        continue;
                    }
                    let tidy = self.value(&path, below, item, notes);
                    kept.push(tidy.unwrap_or_else(|| item.clone()));
                }
                (!kept.is_empty()).then_some(Json::Array(kept))
            }
            Json::Object(map) if map.is_empty() => None,
            // AWS answers some whole numbers as floating-point ones.
            Json::Number(number) => Some(match number.as_f64() {
                Some(x) if number.is_f64() && x.fract() == 0.0 && x.abs() < 9e15 => Json::from(x as i64),
                _ => value.clone(),
            }),
            other => Some(other.clone()),
        }
    }

    fn is_default(&self, path: &PropertyPath, shape: Option<&Shape>, value: &Json) -> bool {
        let same = |default: &Json| default == value || default.as_f64().is_some_and(|x| value.as_f64() == Some(x));
        shape.and_then(|shape| shape.default.as_ref()).is_some_and(same)
            || self.defaults.iter().any(|(at, default)| at.matches(path) && same(default))
    }
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// A document as a map, whichever way AWS tells it.
fn document(value: &Json) -> Json {
    match value {
        Json::String(text) => match serde_json::from_str(text) {
            Ok(Json::Object(map)) => Json::Object(map),
            _ => value.clone(),
        },
        other => other.clone(),
    }
}

/// What AWS takes where nothing is said, beyond what the schemas tell: values by path, for each type. From the API
/// references; a value that is not here is written though it may be a default, which changes nothing.
fn defaults(type_name: &str) -> &'static [(PathPattern, Json)] {
    static DEFAULTS: OnceLock<BTreeMap<String, Vec<(PathPattern, Json)>>> = OnceLock::new();
    let parse = || {
        let all: BTreeMap<String, Vec<(String, Json)>> =
            serde_json::from_str(include_str!("defaults.json")).expect("the file is JSON: it is part of the binary");
        let parsed = |values: Vec<(String, Json)>| {
            values.into_iter().map(|(path, value)| (PathPattern::parse(&path), value)).collect()
        };
        all.into_iter().map(|(type_name, values)| (type_name, parsed(values))).collect()
    };
    DEFAULTS.get_or_init(parse).get(type_name).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds::{self, KINDS, Observed};
    use crate::model::schemas;

    fn declared(type_name: &str, told: Json) -> Properties {
        let kind = kinds::by_type(type_name).expect("a kind");
        let schema = schemas().by_type(type_name).expect("a schema");
        let observed = Observed { properties: told.as_object().cloned().expect("an object"), ..Observed::default() };
        properties(&Found { kind, schema, id: "one".to_owned(), address: None, observed }, None)
    }

    #[test]
    fn defaults_are_of_properties_that_are_sent() {
        let mut count = 0;
        for kind in KINDS {
            let facts = kind.facts();
            for (path, _) in defaults(facts.type_name) {
                assert!(facts.sends.iter().any(|sent| *sent == path.root()), "{} {path}", facts.type_name);
                count += 1;
            }
        }
        let file: BTreeMap<String, Vec<Json>> = serde_json::from_str(include_str!("defaults.json")).expect("JSON");
        assert_eq!(count, file.values().map(Vec::len).sum::<usize>(), "every type has code");
    }

    #[test]
    fn what_is_filled_in_and_what_is_our_own_is_left_out() {
        let told = json!({
            "roleName": "r", "path": "/", "maxSessionDuration": 3600, "policies": [], "description": "",
            "assumeRolePolicyDocument": "{\"Version\": \"2012-10-17\", \"Statement\": []}",
            "tags": [{ "key": "hzscript:stack", "value": "s" }, { "key": "team", "value": "data" }],
        });
        let expected = json!({
            "roleName": "r", "description": "",
            "assumeRolePolicyDocument": { "Version": "2012-10-17", "Statement": [] },
            "tags": [{ "key": "team", "value": "data" }],
        });
        assert_eq!(
            declared("AWS::IAM::Role", told),
            Properties { map: expected.as_object().cloned().expect("an object"), notes: vec![] }
        );
    }

    #[test]
    fn what_is_not_sent_and_what_is_not_told_is_said() {
        let found = declared(
            "AWS::ECS::Service",
            json!({ "serviceName": "s", "serviceConnectConfiguration": { "enabled": true } }),
        );
        assert_eq!(found.map.keys().collect::<Vec<_>>(), ["serviceName"]);
        assert_eq!(found.notes, ["`serviceConnectConfiguration` is left out: this version does not send it"]);
        let found = declared("AWS::SecretsManager::Secret", json!({ "name": "s" }));
        assert!(found.notes[0].contains("`secretString`"), "{:?}", found.notes);
    }

    #[test]
    fn a_group_that_lets_nothing_out_says_so() {
        let rules = |rules: Json| {
            declared("AWS::EC2::SecurityGroup", json!({ "groupName": "g", "securityGroupEgress": rules })).map
        };
        assert_eq!(rules(json!([]))["securityGroupEgress"], json!([]));
        let all = json!([{ "ipProtocol": "-1", "fromPort": -1, "toPort": -1, "cidrIp": "0.0.0.0/0" }]);
        assert!(!rules(all).contains_key("securityGroupEgress"));
    }
}

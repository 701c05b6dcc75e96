//! CloudFormation templates as graphs, for comparing two whose logical ids differ.
//!
//! [`Graph::read`] resolves what does not depend on resources: pseudo parameters, zones, joined texts. [`Graph::matched`]
//! finds which resource of one template plays the role of which in the other: first where a type is there once, then
//! along references from and to what is matched already; among several the one with most properties the same.

use std::collections::{BTreeMap, BTreeSet};

use hzscript::model::schemas;
use serde_json::{Value as Json, json};

/// A place in a resource and what stands there: a plain value, or `{"$ref": [id, attribute]}`.
type Leaves = BTreeMap<String, Json>;

/// A resource of a template.
#[derive(Debug)]
struct Node {
    type_name: String,
    leaves: Leaves,
    /// What it waits for beside what it refers to.
    after: BTreeSet<String>,
}

/// A template.
#[derive(Debug)]
pub struct Graph {
    /// Its resources, by logical id.
    resources: BTreeMap<String, Node>,
    /// What is declared beside them, such as `Outputs service`.
    beside: BTreeSet<String>,
}

/// The sections of a template beside its resources that declare something.
const SECTIONS: [&str; 6] = ["Conditions", "Mappings", "Outputs", "Parameters", "Rules", "Transform"];

/// Whose template it is: ids of the one side by those of the other.
type Matching = BTreeMap<String, String>;

impl Graph {
    /// The graph of a template, as it is in `eu-west-1`.
    ///
    /// A role's policies are the same whether they stand in it or are `AWS::IAM::Policy` beside it: they are put into it.
    pub fn read(template: &Json) -> Self {
        let declared = template["Resources"].as_object().expect("resources");
        let mut resources: BTreeMap<String, (String, Json, BTreeSet<String>)> = BTreeMap::new();
        let mut inline = Vec::new();
        for (id, resource) in declared {
            let type_name = resource["Type"].as_str().expect("a type").to_owned();
            let resolving = Resolving { types: declared };
            let policies = ["DeletionPolicy", "UpdateReplacePolicy"].map(|name| (name, &resource[name]));
            let mut properties = resolving.value(resource.get("Properties").unwrap_or(&json!({})));
            // To delete is what CloudFormation does where nothing is said.
            for (name, policy) in policies.into_iter().filter(|(_, policy)| !policy.is_null() && **policy != "Delete") {
                properties[name] = policy.clone();
            }
            if type_name == "AWS::IAM::Policy" {
                inline.push(properties);
            } else {
                resources.insert(id.clone(), (type_name, properties, names(&resource["DependsOn"])));
            }
        }
        for policy in inline {
            for role in policy["Roles"].as_array().expect("roles") {
                let (_, role, _) = resources.get_mut(role["$ref"][0].as_str().expect("a role")).expect("it is there");
                let policies = role.as_object_mut().expect("properties").entry("Policies").or_insert(json!([]));
                let inline = json!({ "PolicyName": policy["PolicyName"], "PolicyDocument": policy["PolicyDocument"] });
                policies.as_array_mut().expect("a list").push(inline);
            }
        }
        let node = |(id, (type_name, properties, after))| {
            let mut leaves = Leaves::new();
            flatten("", &properties, &mut leaves);
            (id, Node { type_name, leaves, after })
        };
        let declared = |section: &str| match &template[section] {
            Json::Object(map) => map.keys().map(|name| format!("{section} {name}")).collect(),
            other => Vec::from_iter((!other.is_null()).then(|| section.to_owned())),
        };
        let beside = SECTIONS.into_iter().flat_map(declared).collect();
        Self { resources: resources.into_iter().map(node).collect(), beside }
    }

    /// Resources of `other` by those of this one that play the same role.
    fn matched(&self, other: &Self) -> Matching {
        let mut matching = Matching::new();
        let types: BTreeSet<&str> = self.resources.values().map(|node| node.type_name.as_str()).collect();
        for type_name in types {
            let of = |graph: &Self| -> Vec<String> {
                let typed = graph.resources.iter().filter(|(_, node)| node.type_name == type_name);
                typed.map(|(id, _)| id.clone()).collect()
            };
            if let ([own], [theirs]) = (of(self).as_slice(), of(other).as_slice()) {
                matching.insert(own.clone(), theirs.clone());
            }
        }
        loop {
            let before = matching.len();
            for (own, theirs) in matching.clone() {
                self.follow(other, &own, &theirs, &mut matching);
                self.lead(other, &own, &theirs, &mut matching);
            }
            if matching.len() == before {
                return matching;
            }
        }
    }

    /// Matches what both refer to at the same place.
    fn follow(&self, other: &Self, own: &str, theirs: &str, matching: &mut Matching) {
        for (path, leaf) in &self.resources[own].leaves {
            let (Some(one), Some(two)) = (target(leaf), other.resources[theirs].leaves.get(path).and_then(target))
            else {
                continue;
            };
            self.pair(other, one, two, matching);
        }
    }

    /// Matches what refers to both from the same place.
    fn lead(&self, other: &Self, own: &str, theirs: &str, matching: &mut Matching) {
        let referring = |graph: &Self, id: &str, free: &dyn Fn(&str) -> bool| {
            let mut found: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
            for (from, node) in graph.resources.iter().filter(|(from, _)| free(from)) {
                for path in node.leaves.iter().filter(|(_, leaf)| target(leaf) == Some(id)).map(|(path, _)| path) {
                    found.entry((node.type_name.clone(), path.clone())).or_default().push(from.clone());
                }
            }
            found
        };
        let ours = referring(self, own, &|id| !matching.contains_key(id));
        let mut rest = referring(other, theirs, &|id| !matching.values().any(|taken| taken == id));
        for (role, ones) in ours {
            let mut candidates = rest.remove(&role).unwrap_or_default();
            for one in ones {
                let alike: Vec<usize> = candidates.iter().map(|two| self.alike(other, &one, two, matching)).collect();
                let Some(most) = alike.iter().max() else { break };
                let best: Vec<&String> =
                    candidates.iter().zip(&alike).filter(|(_, alike)| *alike == most).map(|(two, _)| two).collect();
                // Several may be alike but for what is not matched yet: then a later round tells them apart.
                if let [only] = best.as_slice() {
                    let only = (*only).clone();
                    self.pair(other, &one, &only, matching);
                    candidates.retain(|two| *two != only);
                }
            }
        }
    }

    /// In how many places both have the same.
    fn alike(&self, other: &Self, own: &str, theirs: &str, matching: &Matching) -> usize {
        let (own, theirs) = (&self.resources[own].leaves, &other.resources[theirs].leaves);
        own.iter().filter(|(path, leaf)| theirs.get(*path) == Some(&renamed(leaf, matching))).count()
    }

    fn pair(&self, other: &Self, own: &str, theirs: &str, matching: &mut Matching) {
        let free = !matching.contains_key(own) && !matching.values().any(|taken| taken == theirs);
        if free && self.resources[own].type_name == other.resources[theirs].type_name {
            matching.insert(own.to_owned(), theirs.to_owned());
        }
    }

    /// What differs, a line each, by this one's ids: `TYPE id PATH: this -> that`, and `… only in the first` or `second` for
    /// what is there once. An order of this one, `TYPE id DependsOn: other -> -`, differs when the other has it neither
    /// said nor implied by what refers to what.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let matching = self.matched(other);
        let back: Matching = matching.iter().map(|(own, theirs)| (theirs.clone(), own.clone())).collect();
        let mut found = Vec::new();
        for (id, node) in &self.resources {
            let place = format!("{} {id}", node.type_name);
            let Some(match_id) = matching.get(id) else {
                found.push(format!("{place}: only in the first"));
                continue;
            };
            let theirs = &other.resources[match_id];
            let leaves = theirs.leaves.iter().map(|(path, leaf)| (path.clone(), renamed(leaf, &back))).collect();
            compare(&place, &node.leaves, &leaves, &mut found);
            let implied = other.reachable(match_id);
            for first in node.after.iter().filter(|first| matching.get(*first).is_none_or(|id| !implied.contains(id))) {
                found.push(format!("{place} DependsOn: {first} -> -"));
            }
        }
        for (id, node) in other.resources.iter().filter(|(id, _)| !back.contains_key(*id)) {
            let place = format!("{} {id}", node.type_name);
            found.push(format!("{place}: only in the second"));
            let leaves = node.leaves.iter().map(|(path, leaf)| (path.clone(), renamed(leaf, &back))).collect();
            compare(&place, &Leaves::new(), &leaves, &mut found);
        }
        found.extend(self.beside.difference(&other.beside).map(|name| format!("{name}: only in the first")));
        found.extend(other.beside.difference(&self.beside).map(|name| format!("{name}: only in the second")));
        found
    }

    /// What must be there before a resource, by all that is said and referred to.
    fn reachable(&self, id: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![id.to_owned()];
        while let Some(id) = open.pop() {
            let node = &self.resources[&id];
            let referred = node.leaves.values().flat_map(targets);
            let next: Vec<String> = node.after.iter().map(String::as_str).chain(referred).map(str::to_owned).collect();
            open.extend(next.into_iter().filter(|next| found.insert(next.clone())));
        }
        found
    }
}

/// Where two resources differ.
fn compare(place: &str, one: &Leaves, two: &Leaves, found: &mut Vec<String>) {
    let paths: BTreeSet<&String> = one.keys().chain(two.keys()).collect();
    for path in paths {
        let (one, two) = (one.get(path), two.get(path));
        if one != two {
            let shown = |leaf: Option<&Json>| leaf.map_or("-".to_owned(), Json::to_string);
            found.push(format!("{place} {path}: {} -> {}", shown(one), shown(two)));
        }
    }
}

/// One name, or a list of them.
fn names(value: &Json) -> BTreeSet<String> {
    match value {
        Json::Array(items) => items.iter().flat_map(names).collect(),
        Json::String(name) => [name.clone()].into(),
        _ => BTreeSet::new(),
    }
}

/// The ids that are anywhere in a leaf.
fn targets(leaf: &Json) -> Vec<&str> {
    match leaf {
        Json::Object(map) if map.contains_key("$ref") => target(leaf).into_iter().collect(),
        Json::Object(map) => map.values().flat_map(targets).collect(),
        Json::Array(items) => items.iter().flat_map(targets).collect(),
        _ => Vec::new(),
    }
}

/// The id a leaf refers to.
fn target(leaf: &Json) -> Option<&str> {
    leaf["$ref"][0].as_str()
}

/// A leaf with the ids in it that the matching knows replaced.
fn renamed(leaf: &Json, matching: &Matching) -> Json {
    match leaf {
        Json::Object(map) if map.contains_key("$ref") => {
            let own = leaf["$ref"][0].as_str().unwrap_or_default();
            json!({ "$ref": [matching.get(own).map_or(own, String::as_str), leaf["$ref"][1]] })
        }
        Json::Object(map) => map.iter().map(|(key, item)| (key.clone(), renamed(item, matching))).collect(),
        Json::Array(items) => items.iter().map(|item| renamed(item, matching)).collect(),
        plain => plain.clone(),
    }
}

fn flatten(path: &str, value: &Json, leaves: &mut Leaves) {
    match value {
        Json::Array(tags) if path == "Tags" => {
            for tag in tags {
                leaves.insert(format!("Tags.{}", tag["Key"].as_str().expect("a key")), tag["Value"].clone());
            }
        }
        Json::Object(map) if !map.is_empty() && !map.keys().any(|key| key.starts_with('$')) => {
            for (key, item) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, item, leaves);
            }
        }
        Json::Array(items) if !items.is_empty() => {
            let labels: BTreeSet<Option<String>> = items.iter().map(|item| label(path, item)).collect();
            let told_apart = labels.len() == items.len();
            for (at, item) in items.iter().enumerate() {
                let label = label(path, item).filter(|_| told_apart).unwrap_or_else(|| at.to_string());
                flatten(&format!("{path}[{label}]"), item, leaves);
            }
        }
        leaf if !path.is_empty() => drop(leaves.insert(path.to_owned(), leaf.clone())),
        _ => {}
    }
}

/// What an item of a list is known by, in lists whose order means nothing.
fn label(path: &str, item: &Json) -> Option<String> {
    let list = path.rsplit('.').next()?;
    match list {
        "Environment" | "Secrets" => Some(item["Name"].as_str()?.to_owned()),
        "PortMappings" => Some(item["ContainerPort"].to_string()),
        "SecurityGroupIngress" => Some(format!("{} {}", item["IpProtocol"].as_str()?, item["FromPort"])),
        _ => None,
    }
}

/// Resolves the functions of a template.
struct Resolving<'a> {
    types: &'a serde_json::Map<String, Json>,
}

impl Resolving<'_> {
    fn value(&self, value: &Json) -> Json {
        let map = match value {
            Json::Array(items) => return items.iter().map(|item| self.value(item)).collect(),
            Json::Object(map) => map,
            plain => return plain.clone(),
        };
        match map.iter().next().map(|(key, argument)| (key.as_str(), argument)) {
            Some(("Ref", name)) => self.reference(name.as_str().expect("a name"), "Ref"),
            Some(("Fn::GetAtt", path)) => {
                self.reference(path[0].as_str().expect("an id"), path[1].as_str().expect("a name"))
            }
            Some(("Fn::GetAZs", _)) => json!(["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
            Some(("Fn::Select", arguments)) => {
                let from = self.value(&arguments[1]);
                from[usize::try_from(arguments[0].as_u64().expect("a number")).expect("small")].clone()
            }
            Some(("Fn::Join", arguments)) => {
                assert_eq!(arguments[0], "", "joined by nothing");
                text(arguments[1].as_array().expect("a list").iter().map(|item| self.value(item)).collect())
            }
            Some(("Fn::Sub", template)) => self.substituted(template.as_str().expect("a text")),
            _ => map.iter().map(|(key, item)| (key.clone(), canonical(key, self.value(item)))).collect(),
        }
    }

    fn substituted(&self, template: &str) -> Json {
        let mut parts = Vec::new();
        for (at, piece) in template.split("${").enumerate() {
            match piece.split_once('}').filter(|_| at > 0) {
                Some((name, rest)) => {
                    let (id, attribute) = name.split_once('.').unwrap_or((name, "Ref"));
                    parts.extend([self.reference(id, attribute), rest.into()]);
                }
                None => parts.push(piece.into()),
            }
        }
        text(parts)
    }

    /// `Ref` and the attribute that says the same are one.
    fn reference(&self, id: &str, attribute: &str) -> Json {
        match id {
            "AWS::Region" => return "eu-west-1".into(),
            "AWS::Partition" => return "aws".into(),
            "AWS::AccountId" => return "000000000000".into(),
            _ => {}
        }
        let type_name = self.types[id]["Type"].as_str().expect("a type");
        let schema = schemas().by_type(type_name).expect("a known type");
        let identifies = matches!(schema.primary_identifier.as_slice(), [only]
            if schema.shape.by_cfn_name(attribute) == Some(only));
        let is_group = (type_name, attribute) == ("AWS::EC2::SecurityGroup", "GroupId");
        json!({ "$ref": [id, if identifies || is_group { "Ref" } else { attribute }] })
    }
}

/// A text put together, as far as it is known.
fn text(parts: Vec<Json>) -> Json {
    let mut merged: Vec<Json> = Vec::new();
    for part in parts.into_iter().filter(|part| *part != "") {
        match (merged.last_mut(), &part) {
            (Some(Json::String(before)), Json::String(after)) => before.push_str(after),
            _ => merged.push(part),
        }
    }
    if merged.len() == 1 { merged.remove(0) } else { json!({ "$text": merged }) }
}

/// In a policy one of something is a list of one, and the order of a list means nothing.
fn canonical(key: &str, value: Json) -> Json {
    match (key, value) {
        ("Action" | "Resource" | "Service", Json::Array(mut items)) => {
            items.sort_by_key(Json::to_string);
            items.into()
        }
        ("Action" | "Resource" | "Service", one) => json!([one]),
        (_, other) => other,
    }
}

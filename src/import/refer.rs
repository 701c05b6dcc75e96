//! Which texts of a declaration name something that is declared too: they become attributes of its variable.
//!
//! Only whole texts and ARNs that go on with `:` are taken for it: what merely looks alike is left as it stands.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::leads::{CALLED, CLUSTER, NAMES, SERVICE, TASK_DEFINITION};
use super::text::{Expr, is_name};
use super::{Found, leads};
use crate::model::{Json, JsonMap};

/// What in the name of a variable of a container's environment says that its value is nobody's business.
const HIDDEN: [&str; 8] =
    ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "CREDENTIAL", "PRIVATE_KEY", "API_KEY", "ACCESS_KEY"];

/// Keys that come first in a map, as people write it.
const FIRST: [&str; 9] =
    ["name", "policyName", "Version", "Sid", "Effect", "Principal", "Action", "Resource", "ipProtocol"];

/// By what each object can be referred to.
pub(super) struct Index {
    /// Identifiers and ARNs: the object's position, and the attribute.
    by_id: HashMap<String, (usize, String)>,
    /// Names, by the type of what they name.
    by_name: BTreeMap<(&'static str, String), usize>,
}

impl Index {
    /// Of all that is declared.
    pub fn of(found: &[Found]) -> Self {
        let mut by_id: HashMap<String, (usize, String)> = HashMap::new();
        let mut by_name = BTreeMap::new();
        // What identifies an object comes before what it tells of others, and `groupId` before `id`.
        for own in [true, false] {
            for (at, one) in found.iter().enumerate() {
                let mut told: Vec<_> = one.observed.attributes.iter().collect();
                told.sort_by_key(|(name, _)| *name == "id");
                for (name, value) in told {
                    let identifies = one.schema.primary_identifier.contains(name)
                        || one.kind.facts().arn == Some(name.as_str())
                        || value.as_str() == Some(one.id.as_str());
                    if let (true, Some(text)) = (identifies == own && is_name(name), value.as_str())
                        && is_identifier(text)
                    {
                        by_id.entry(text.to_owned()).or_insert((at, name.clone()));
                    }
                }
            }
        }
        for (at, one) in found.iter().enumerate() {
            for (_, type_name, attribute) in CALLED.iter().filter(|(_, type_name, _)| *type_name == one.type_name()) {
                let Found { observed, .. } = one;
                let name = observed.properties.get(*attribute).or(observed.attributes.get(*attribute));
                if let Some(name) = name.and_then(Json::as_str) {
                    by_name.entry((*type_name, name.to_owned())).or_insert(at);
                }
            }
        }
        Self { by_id, by_name }
    }
}

/// Whether a text is an identifier or an ARN, rather than a word that others may use for something else.
fn is_identifier(text: &str) -> bool {
    let made_up = |part: &str| part.len() >= 8 && part.chars().all(|c| c.is_ascii_alphanumeric());
    text.starts_with("arn:")
        || text
            .split_once('-')
            .is_some_and(|(kind, rest)| kind.chars().all(|c| c.is_ascii_lowercase()) && made_up(rest))
}

/// Puts references into the properties of one declaration.
pub(super) struct Referring<'a> {
    /// By what objects can be referred to.
    pub index: &'a Index,
    /// All that is declared.
    pub found: &'a [Found],
    /// Their variables.
    pub variables: &'a [String],
    /// The object whose declaration it is.
    pub own: usize,
    /// The place of each in the script; `None` while the order is still looked for.
    pub places: Option<&'a [usize]>,
    /// Objects that are referred to.
    pub used: BTreeSet<usize>,
    /// Inputs that stand for what is secret.
    pub inputs: Vec<String>,
}

impl Referring<'_> {
    /// The properties as a map of expressions, those that identify the object first.
    pub fn properties(&mut self, map: &JsonMap) -> Expr {
        let one = &self.found[self.own];
        let mut names: Vec<&String> = map.keys().collect();
        let name = one.kind.facts().name_property();
        names.sort_by_key(|key| (*key != name, one.schema.tag_property.as_ref() == Some(*key), (*key).clone()));
        let entries = names.into_iter().filter_map(|key| Some((key.clone(), self.value(key, map.get(key)?))));
        let mut entries: Vec<(String, Expr)> = entries.collect();
        if one.type_name() == NAMES && !map.contains_key("vpc") {
            entries.push(("vpc".to_owned(), Expr::Call("input", Box::new(Expr::Text("vpc".to_owned())))));
            self.inputs.push("vpc".to_owned());
        }
        Expr::Map(entries)
    }

    fn value(&mut self, key: &str, value: &Json) -> Expr {
        match value {
            Json::String(text) => self.text(key, text),
            Json::Array(items) => Expr::List(items.iter().map(|item| self.item(key, item)).collect()),
            Json::Object(map) => {
                let mut entries: Vec<_> = map.iter().collect();
                entries.sort_by_key(|(key, _)| FIRST.iter().position(|first| first == key).unwrap_or(FIRST.len()));
                Expr::Map(entries.into_iter().map(|(key, item)| (key.clone(), self.value(key, item))).collect())
            }
            plain => Expr::of(plain),
        }
    }

    /// An element of a list; one of a container's environment may be secret.
    fn item(&mut self, list: &str, item: &Json) -> Expr {
        let variable = item.get("name").and_then(Json::as_str).filter(|_| list == "environment");
        if let (Some(name), Some(map), TASK_DEFINITION) = (variable, item.as_object(), self.found[self.own].type_name())
            && HIDDEN.iter().any(|word| name.to_ascii_uppercase().contains(word))
        {
            let entries = map.iter().map(|(key, value)| {
                let value = if key == "value" { self.secret(name) } else { self.value(key, value) };
                (key.clone(), value)
            });
            return Expr::Map(entries.collect());
        }
        self.value(list, item)
    }

    fn secret(&mut self, name: &str) -> Expr {
        if !self.inputs.iter().any(|input| input == name) {
            self.inputs.push(name.to_owned());
        }
        Expr::Call("secret", Box::new(Expr::Call("input", Box::new(Expr::Text(name.to_owned())))))
    }

    fn text(&mut self, key: &str, text: &str) -> Expr {
        if let Some((at, attribute)) = self.index.by_id.get(text) {
            return self.of(*at, attribute).unwrap_or_else(|| Expr::Text(text.to_owned()));
        }
        let called = CALLED.iter().find(|(place, ..)| *place == key && *place != "resourceId");
        if let Some((_, type_name, attribute)) = called
            && let Some(at) = self.index.by_name.get(&(*type_name, text.to_owned()))
        {
            return self.of(*at, attribute).unwrap_or_else(|| Expr::Text(text.to_owned()));
        }
        let joined = if key == "resourceId" { self.scaled(text) } else { self.longer_arn(text) };
        joined.unwrap_or_else(|| Expr::Text(text.to_owned()))
    }

    /// `service/<cluster>/<service>`.
    fn scaled(&mut self, text: &str) -> Option<Expr> {
        let (cluster, service) = text.strip_prefix("service/")?.split_once('/')?;
        let in_cluster = |at: &usize| {
            let id = &self.found[*at].id;
            leads::last_part(id.split('|').next().unwrap_or_default()) == service
                && id.split('|').next_back() == Some(cluster)
        };
        let service_at = (0..self.found.len()).filter(|at| self.found[*at].type_name() == SERVICE).find(in_cluster)?;
        let cluster_at = self.index.by_name.get(&(CLUSTER, cluster.to_owned())).copied();
        let cluster = cluster_at.and_then(|at| self.of(at, "clusterName")).unwrap_or(Expr::Text(cluster.to_owned()));
        let service = self.of(service_at, "name")?;
        let slash = |text: &str| Expr::Text(text.to_owned());
        Some(Expr::Joined(vec![slash("service/"), cluster, slash("/"), service]))
    }

    /// An ARN that goes on after one that is known, such as that of all streams of a log group.
    fn longer_arn(&mut self, text: &str) -> Option<Expr> {
        if !text.starts_with("arn:") {
            return None;
        }
        let ends = text.match_indices(':').map(|(end, _)| end).rev();
        let (end, (at, attribute)) =
            ends.filter_map(|end| Some((end, self.index.by_id.get(&text[..end])?.clone()))).next()?;
        let known = self.of(at, &attribute)?;
        Some(Expr::Joined(vec![known, Expr::Text(text[end..].to_owned())]))
    }

    /// An attribute of what is declared before; noted as used.
    fn of(&mut self, at: usize, attribute: &str) -> Option<Expr> {
        if at == self.own || self.places.is_some_and(|places| places[at] > places[self.own]) {
            return None;
        }
        self.used.insert(at);
        Some(Expr::Of(self.variables[at].clone(), Some(attribute.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_no_identifiers() {
        let ids = ["vpc-0123456789abcdef0", "arn:aws:ecs:eu-west-1:1:cluster/c", "srv-abcdefgh12345678", "ns-abcdefgh"];
        assert!(ids.iter().all(|id| is_identifier(id)));
        let words = ["IGW", "hazelcast", "eu-west-1a", "my-vpc", "fargate-cluster", "10.0.0.0/16", "vpc-1"];
        assert_eq!(words.iter().filter(|word| is_identifier(word)).count(), 0);
    }
}

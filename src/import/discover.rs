//! Finding objects: from a tag or a cluster to everything that belongs to it, a round at a time.

use std::collections::{BTreeMap, BTreeSet};

use futures::{FutureExt, StreamExt, TryStreamExt};

use super::leads::{
    self, By, CLUSTER, GROUP, LEADS, Lead, MANAGED_POLICY, OF_CLUSTER, OF_NETWORK, PARTS, ROLE, RULE, TARGETS,
    TO_NETWORK,
};
use super::{Found, ImportError, Wanted, kind_of, schema_of};
use crate::cloud::{CallError, Cloud};
use crate::kinds::listing::{Among, TagFilter};
use crate::kinds::{self, KINDS, Kind, Observed};
use crate::model::{Address, Json};

/// Kinds that are read side by side.
const AT_ONCE: usize = 8;
/// How many others are named where one is not there.
const OTHERS: usize = 8;

/// Finds what is wanted, in no order that means anything but always the same.
///
/// # Errors
/// When there is nothing of what is wanted, or a call fails.
pub async fn find(cloud: &Cloud, wanted: &Wanted) -> Result<Vec<Found>, ImportError> {
    match wanted {
        Wanted::One { address, id } => Ok(vec![one(cloud, address, id).await?]),
        Wanted::Tagged(tag) => tagged(cloud, tag).await,
        Wanted::Cluster { name, network } => cluster(cloud, name, *network).await,
    }
}

async fn one(cloud: &Cloud, address: &Address, id: &str) -> Result<Found, ImportError> {
    let unknown = || ImportError::UnknownKind { kind: address.kind().to_string() };
    let (kind, schema) = kind_of(address.kind()).ok_or_else(unknown)?;
    let found = kind.read(cloud, &[id.to_owned()]).await?.into_iter().next().flatten();
    match found {
        Some(observed) => Ok(Found { kind, schema, id: id.to_owned(), address: Some(address.clone()), observed }),
        None => {
            let mut others = kind.list(cloud, Among::All).await?;
            others.sort_by_cached_key(|other| (strsim::damerau_levenshtein(other, id), other.clone()));
            others.truncate(OTHERS);
            Err(ImportError::NotThere { type_name: kind.facts().type_name, id: id.to_owned(), others })
        }
    }
}

async fn tagged(cloud: &Cloud, tag: &TagFilter) -> Result<Vec<Found>, ImportError> {
    let mut search = Search::new(cloud);
    let kinds = KINDS.iter().copied().filter(|kind| {
        let property = schema_of(*kind).and_then(|schema| schema.tag_property.as_deref());
        property.is_some_and(|property| kind.facts().sends.contains(&property))
    });
    let read = |kind: &'static dyn Kind| async move {
        let ids = kind.list(cloud, Among::Tagged(tag)).await?;
        let found = kind.read(cloud, &ids).await?;
        Ok::<_, CallError>((kind, ids, found))
    };
    let answers: Vec<_> =
        futures::stream::iter(kinds.map(|kind| read(kind).boxed())).buffered(AT_ONCE).try_collect().await?;
    let mut fresh = Vec::new();
    for (kind, ids, found) in answers {
        let property = schema_of(kind).and_then(|schema| schema.tag_property.as_deref()).unwrap_or_default();
        let has_it = |found: &Observed| tag.is_among(&kinds::tags::pairs(&found.properties, property));
        let found = found.into_iter().map(|found| found.filter(has_it)).collect();
        fresh.extend(search.keep(kind, ids, found));
    }
    if fresh.is_empty() {
        return Err(ImportError::NothingTagged { key: tag.key.clone(), value: tag.value.clone() });
    }
    search.spread(fresh, PARTS, &[]).await?;
    Ok(search.ended())
}

async fn cluster(cloud: &Cloud, name: &str, network: bool) -> Result<Vec<Found>, ImportError> {
    let mut search = Search::new(cloud);
    let name = leads::last_part(name).to_owned();
    let fresh = search.read(CLUSTER, BTreeSet::from([name.clone()])).await?;
    if fresh.is_empty() {
        let others = match kinds::by_type(CLUSTER) {
            Some(kind) => kind.list(cloud, Among::All).await?,
            None => Vec::new(),
        };
        return Err(ImportError::NoCluster { name, others });
    }
    let mut parts = [PARTS, OF_CLUSTER].concat();
    let mut named: Vec<&Lead> = LEADS.iter().collect();
    if network {
        parts.extend(OF_NETWORK);
        named.extend(TO_NETWORK);
    }
    search.spread(fresh, &parts, &named).await?;
    Ok(search.ended())
}

/// A type and an identifier.
type Key = (&'static str, String);

/// What was found so far.
struct Search<'a> {
    cloud: &'a Cloud,
    found: BTreeMap<Key, Found>,
    /// What was asked for, whether it was there or not.
    asked: BTreeSet<Key>,
}

impl<'a> Search<'a> {
    fn new(cloud: &'a Cloud) -> Self {
        Self { cloud, found: BTreeMap::new(), asked: BTreeSet::new() }
    }

    /// Keeps what there is of these; answers what is new.
    fn keep(&mut self, kind: &'static dyn Kind, ids: Vec<String>, found: Vec<Option<Observed>>) -> Vec<Key> {
        let Some(schema) = schema_of(kind) else { return Vec::new() };
        let type_name = kind.facts().type_name;
        let mut fresh = Vec::new();
        for (id, observed) in ids.into_iter().zip(found) {
            let key = (type_name, id.clone());
            self.asked.insert(key.clone());
            let Some(observed) = observed.filter(|observed| !is_kept_by_aws(type_name, observed)) else { continue };
            let found = Found { kind, schema, id, address: None, observed };
            if self.found.insert(key.clone(), found).is_none() {
                fresh.push(key);
            }
        }
        fresh
    }

    async fn read(&mut self, type_name: &str, ids: BTreeSet<String>) -> Result<Vec<Key>, CallError> {
        let Some(kind) = kinds::by_type(type_name) else { return Ok(Vec::new()) };
        let own = kind.facts().type_name;
        let ids: Vec<String> = ids.into_iter().filter(|id| !self.asked.contains(&(own, id.clone()))).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let found = kind.read(self.cloud, &ids).await?;
        Ok(self.keep(kind, ids, found))
    }

    /// Follows what is new to what belongs to it and what it names, until nothing new is found.
    async fn spread(
        &mut self,
        mut fresh: Vec<Key>,
        parts: &[(&str, &'static str)],
        named: &[&Lead],
    ) -> Result<(), CallError> {
        while !fresh.is_empty() {
            let mut next: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
            for (parent, part) in parts {
                let ids: Vec<String> = fresh.iter().filter(|key| key.0 == *parent).map(|key| key.1.clone()).collect();
                if let (false, Some(kind)) = (ids.is_empty(), kinds::by_type(part)) {
                    let among = Among::Within { kind: parent, ids: &ids };
                    next.entry(part).or_default().extend(kind.list(self.cloud, among).await?);
                }
            }
            for lead in named {
                for found in fresh.iter().filter(|key| key.0 == lead.from).filter_map(|key| self.found.get(key)) {
                    let Observed { properties, attributes } = &found.observed;
                    let texts = leads::texts(properties, lead.at).into_iter().chain(leads::texts(attributes, lead.at));
                    let ids = texts.map(|text| if lead.by == By::Arn { leads::last_part(text) } else { text });
                    next.entry(lead.to).or_default().extend(ids.map(str::to_owned));
                }
            }
            fresh = Vec::new();
            // In the order of scripts, so that what decides about others is read before them.
            for type_name in leads::ORDER {
                if let Some(mut ids) = next.remove(type_name) {
                    if leads::BY_LIST.contains(type_name) {
                        self.leave_unlisted(type_name, &mut ids).await?;
                    }
                    fresh.extend(self.read(type_name, ids).await?);
                }
            }
            self.leave_what_others_use();
            fresh.retain(|key| self.found.contains_key(key));
        }
        Ok(())
    }

    /// Leaves out what is not in the list of its kind.
    async fn leave_unlisted(&self, type_name: &str, ids: &mut BTreeSet<String>) -> Result<(), CallError> {
        if let Some(kind) = kinds::by_type(type_name) {
            let there = kind.list(self.cloud, Among::All).await?;
            ids.retain(|id| there.contains(id));
        }
        Ok(())
    }

    /// Rules of a shared listener that lead to somebody else's targets, and policies that roles of others have too.
    fn leave_what_others_use(&mut self) {
        let there = |type_name: &str, id: &str| self.found.keys().any(|key| key.0 == type_name && key.1 == id);
        let foreign = |found: &Found| {
            let properties = &found.observed.properties;
            match found.type_name() {
                RULE => {
                    let mut targets = Vec::new();
                    properties.values().for_each(|value| target_groups(value, &mut targets));
                    !targets.is_empty() && !targets.iter().any(|arn| there(TARGETS, arn))
                }
                MANAGED_POLICY => leads::texts(properties, "roles/*").iter().any(|role| !there(ROLE, role)),
                _ => false,
            }
        };
        let foreign: Vec<Key> =
            self.found.iter().filter(|(_, found)| foreign(found)).map(|(key, _)| key.clone()).collect();
        foreign.iter().for_each(|key| drop(self.found.remove(key)));
    }

    fn ended(self) -> Vec<Found> {
        self.found.into_values().collect()
    }
}

fn target_groups(value: &Json, found: &mut Vec<String>) {
    match value {
        Json::String(text) if text.contains(":targetgroup/") => found.push(text.clone()),
        Json::Array(items) => items.iter().for_each(|item| target_groups(item, found)),
        Json::Object(map) => map.values().for_each(|item| target_groups(item, found)),
        _ => {}
    }
}

/// What AWS makes and keeps itself, and others lead to all the same.
fn is_kept_by_aws(type_name: &str, observed: &Observed) -> bool {
    let text = |name: &str| observed.properties.get(name).and_then(Json::as_str).unwrap_or_default();
    match type_name {
        GROUP => text("groupName") == "default",
        ROLE => text("path").starts_with("/aws-service-role/"),
        _ => false,
    }
}

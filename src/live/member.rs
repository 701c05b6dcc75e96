//! Members of Hazelcast and OrientDB clusters: whom their logs say they found and what Cloud Map has registered, beside
//! the tasks that ECS says run.
//!
//! Logs are read as a run does that looks whether members found each other ([`crate::kinds::ecs::gather`]).

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{ContainerDefinition, TaskDefinition};
use futures::FutureExt;
use serde::Serialize;

use super::{Live, LiveError, Service, Task, TaskQuery, Which, last};
use crate::cloud::{CallError, ErrorClass};
use crate::kinds::abreast::abreast;
use crate::kinds::ecs::gather::{Logs, log_of, search, to_cloudwatch};
use crate::kinds::ecs::member_list::List;
use crate::model::formation::Product;

/// How a member stands to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// It sees what most see, and is seen.
    Together,
    /// Others see it, but it sees something else.
    Divided,
    /// Its task runs, and those that see most do not see it.
    Missing,
    /// Its task runs, and it has not said whom it sees.
    Silent,
    /// Its task does not run yet.
    Starting,
    /// It is seen by others, or registered in Cloud Map, and no task of its address runs.
    Stale,
}

/// A member, or what is taken for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Its address and port, as members see it; the address of its task as long as nobody tells the port.
    pub address: Option<String>,
    /// The task that it runs in; none for one that is stale.
    pub task: Option<String>,
    /// The service of that.
    pub service: Option<String>,
    /// The availability zone of that.
    pub zone: Option<String>,
    /// How it stands to the others.
    pub standing: Standing,
    /// How many members it sees, itself included; none when it has not said.
    pub sees: Option<usize>,
    /// How many tasks say that they see it.
    pub seen_by: usize,
    /// Whether Cloud Map has it; none where its service registers its tasks nowhere.
    pub registered: Option<bool>,
}

/// Members that are to be one cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberGroup {
    /// What they are.
    pub product: Product,
    /// The services whose tasks they are, by name.
    pub services: Vec<String>,
    /// How many are wanted.
    pub wanted: usize,
    /// How many of the list that most of them print run.
    pub found: usize,
    /// Whether all that are wanted run and see each other and nobody else.
    pub formed: bool,
    /// That in words.
    pub summary: String,
    /// Why logs could not be read, when they could not.
    pub unread: Option<String>,
    /// The members, by address.
    pub members: Vec<Member>,
}

/// What a service's tasks say.
#[derive(Debug, Default)]
struct Said {
    product: Option<Product>,
    /// The newest list of each task that printed one, by the task's identifier.
    lists: BTreeMap<String, List>,
    unread: Option<String>,
}

impl Live {
    /// The members that the services of a cluster run, those that are to be one cluster together. Services that run no
    /// members are left out.
    ///
    /// # Errors
    /// [`LiveError::NotFound`] for the cluster; when a call fails.
    pub async fn members(&self, cluster: &str) -> Result<Vec<MemberGroup>, LiveError> {
        let services = self.services(cluster).await?;
        let query = TaskQuery { cluster: cluster.to_owned(), service: None, which: Which::Running };
        let tasks = self.tasks(&query).await?;
        let mut said = self.said(&services, &tasks).await?;
        let running: Vec<Service> =
            services.into_iter().filter(|one| said.get(&one.name).is_some_and(|said| said.product.is_some())).collect();
        let mut registries: BTreeSet<String> = BTreeSet::new();
        registries.extend(running.iter().flat_map(|service| service.registries.iter().cloned()));
        let calls = registries.iter().map(|arn| self.registered_addresses(arn).boxed()).collect();
        let registered: BTreeMap<String, BTreeSet<String>> =
            registries.iter().cloned().zip(abreast(calls).await?).collect();
        let mut groups = Vec::new();
        for names in grouped(&running, &said) {
            let own: Vec<&Service> = running.iter().filter(|service| names.contains(&service.name)).collect();
            let tasks: Vec<&Task> =
                tasks.iter().filter(|task| task.service.as_ref().is_some_and(|name| names.contains(name))).collect();
            let mut whole = Said::default();
            for name in &names {
                let Said { product, lists, unread } = said.remove(name).unwrap_or_default();
                whole.product = whole.product.or(product);
                whole.lists.extend(lists);
                whole.unread = whole.unread.or(unread);
            }
            groups.push(group(&own, &tasks, whole, &registered));
        }
        groups.sort_by(|one, other| one.services.cmp(&other.services));
        Ok(groups)
    }

    /// What the running tasks of services say of members, by service.
    async fn said(&self, services: &[Service], tasks: &[Task]) -> Result<BTreeMap<String, Said>, LiveError> {
        let wanted: BTreeSet<&str> = (services.iter().map(|service| service.definition.as_str()))
            .chain(tasks.iter().filter(|task| task.service.is_some()).map(|task| task.definition.as_str()))
            .collect();
        let calls = wanted.iter().map(|name| self.definition(name).boxed()).collect();
        let definitions = abreast(calls).await?;
        let definitions: BTreeMap<&str, TaskDefinition> =
            wanted.into_iter().zip(definitions).filter_map(|(name, found)| Some((name, found?))).collect();
        let mut said: BTreeMap<String, Said> = BTreeMap::new();
        let mut places: BTreeSet<(Logs, &str)> = BTreeSet::new();
        for service in services {
            let own = said.entry(service.name.clone()).or_default();
            if let Some(definition) = definitions.get(service.definition.as_str()) {
                own.product = definition.container_definitions().iter().find_map(product);
            }
        }
        for (name, definition) in &definitions {
            for container in definition.container_definitions().iter().filter(|one| to_cloudwatch(one)) {
                match log_of(container, &self.cloud.region) {
                    Ok(logs) => drop(places.insert((logs, *name))),
                    Err(reason) if product(container).is_some() => {
                        let own = services.iter().filter(|service| service.definition == *name);
                        own.for_each(|service| {
                            said.entry(service.name.clone()).or_default().unread = Some(reason.clone())
                        });
                    }
                    Err(_) => {}
                }
            }
        }
        let calls = places.iter().map(|(logs, definition)| {
            let own: Vec<&Task> = tasks.iter().filter(|task| task.definition == *definition).collect();
            self.lists(logs, own).boxed()
        });
        let of: BTreeMap<&str, &str> =
            tasks.iter().filter_map(|task| Some((task.id.as_str(), task.service.as_deref()?))).collect();
        for ((logs, definition), found) in places.iter().zip(abreast(calls.collect()).await?) {
            match found {
                Ok(lists) => {
                    for (task, list) in lists {
                        let Some(service) = of.get(task.as_str()) else { continue };
                        let own = said.entry((*service).to_owned()).or_default();
                        own.product = own.product.or(Some(Product::Hazelcast));
                        own.lists.insert(task, list);
                    }
                }
                Err(reason) => {
                    let of_definition = services.iter().filter(|service| service.definition == *definition);
                    of_definition.for_each(|service| {
                        let own = said.entry(service.name.clone()).or_default();
                        own.unread = Some(format!("{reason} ({})", logs.group));
                    });
                }
            }
        }
        Ok(said)
    }

    /// The newest lists of members that some tasks print in a log, or why it could not be read.
    async fn lists(&self, logs: &Logs, tasks: Vec<&Task>) -> Result<Result<BTreeMap<String, List>, String>, CallError> {
        if tasks.is_empty() {
            return Ok(Ok(BTreeMap::new()));
        }
        let since = tasks.iter().filter_map(|task| task.created).min().map(jiff::Timestamp::as_millisecond);
        let ids = tasks.iter().map(|task| task.id.clone());
        match search(&self.cloud, logs, ids, since).await {
            Ok(Some(found)) => {
                Ok(Ok(found.into_iter().filter_map(|one| Some((one.task, one.reading.newest?))).collect()))
            }
            Ok(None) => Ok(Err("the log is too long to read through".to_owned())),
            Err(error) if error.is_not_found() => Ok(Err("the log group is not there".to_owned())),
            Err(error) if error.class == ErrorClass::Denied => {
                Ok(Err(format!("the credentials need permission for {}", error.action)))
            }
            Err(error) => Err(error),
        }
    }

    /// The addresses that are registered in a service of Cloud Map; none when that is gone.
    async fn registered_addresses(&self, arn: &str) -> Result<BTreeSet<String>, CallError> {
        match self.registered(last(arn)).await {
            Ok(instances) => Ok(instances.into_iter().filter_map(|instance| instance.address).collect()),
            Err(error) if error.is_not_found() => Ok(BTreeSet::new()),
            Err(error) => Err(error),
        }
    }
}

/// What a container runs, as far as its image tells.
fn product(container: &ContainerDefinition) -> Option<Product> {
    let image = container.image().unwrap_or_default().to_lowercase();
    let name = image.rsplit('/').next().unwrap_or_default().split([':', '@']).next().unwrap_or_default();
    if name.contains("orientdb") {
        Some(Product::Orientdb)
    } else if name.starts_with("hazelcast") {
        Some(Product::Hazelcast)
    } else {
        None
    }
}

/// Services whose members are to be one cluster, and what shows that.
struct Group<'a> {
    names: BTreeSet<String>,
    members: BTreeSet<&'a str>,
    /// Names without their numbers.
    stems: BTreeSet<&'a str>,
    product: Option<Product>,
}

/// The names of services whose members are to be one cluster: those that see each other's tasks, and those that are named
/// alike but for a number, as nodes are that have a service each.
fn grouped(services: &[Service], said: &BTreeMap<String, Said>) -> Vec<BTreeSet<String>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for Service { name, .. } in services {
        let said = said.get(name);
        let lists = said.into_iter().flat_map(|said| said.lists.values());
        let stem = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let mut own = Group {
            names: BTreeSet::from([name.clone()]),
            members: lists.flat_map(|list| list.members.iter().map(String::as_str)).collect(),
            stems: Some(stem).filter(|stem| stem != name).into_iter().collect(),
            product: said.and_then(|said| said.product),
        };
        let (joined, others): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| {
            let alike = !group.stems.is_disjoint(&own.stems) && group.product == own.product;
            alike || !group.members.is_disjoint(&own.members)
        });
        groups = others;
        for group in joined {
            own.names.extend(group.names);
            own.members.extend(group.members);
            own.stems.extend(group.stems);
        }
        groups.push(own);
    }
    groups.into_iter().map(|group| group.names).collect()
}

/// The list that most tasks print; of those that as many print the longest.
fn main_list(lists: &BTreeMap<String, List>) -> BTreeSet<String> {
    let mut counts: BTreeMap<&BTreeSet<String>, usize> = BTreeMap::new();
    for list in lists.values() {
        *counts.entry(&list.members).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(members, count)| (*count, members.len()));
    most.map(|(members, _)| members.clone()).unwrap_or_default()
}

/// The address without its port.
fn host(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(host, _)| host)
}

fn group(
    services: &[&Service],
    tasks: &[&Task],
    said: Said,
    registered: &BTreeMap<String, BTreeSet<String>>,
) -> MemberGroup {
    let main = main_list(&said.lists);
    let seen_by = |address: &str| said.lists.values().filter(|list| list.members.contains(address)).count();
    let of_host = |wanted: &str| main.iter().find(|address| host(address) == wanted).cloned();
    let registered_in = |service: &str| {
        let own = services.iter().find(|one| one.name == service)?;
        let own: Vec<&BTreeSet<String>> = own.registries.iter().filter_map(|arn| registered.get(arn)).collect();
        (!own.is_empty()).then_some(own)
    };
    let mut members: Vec<Member> = tasks
        .iter()
        .map(|task| {
            let list = said.lists.get(&task.id);
            let own = list.and_then(|list| list.this.clone());
            let address =
                own.or_else(|| task.address.as_deref().map(|ip| of_host(ip).unwrap_or_else(|| ip.to_owned())));
            let is_seen = address.as_ref().is_some_and(|address| main.contains(address));
            let standing = match list {
                _ if !task.is_running() => Standing::Starting,
                Some(list) if is_seen && list.members == main => Standing::Together,
                Some(_) if is_seen => Standing::Divided,
                None if main.is_empty() || is_seen => Standing::Silent,
                _ => Standing::Missing,
            };
            Member {
                task: Some(task.id.clone()),
                service: task.service.clone(),
                zone: task.zone.clone(),
                standing,
                sees: list.map(|list| list.members.len()),
                seen_by: address.as_deref().map_or(0, seen_by),
                registered: task.service.as_deref().and_then(registered_in).map(|own| {
                    task.address.as_ref().is_some_and(|address| own.iter().any(|those| those.contains(address)))
                }),
                address,
            }
        })
        .collect();
    let running: BTreeSet<&str> = tasks.iter().filter_map(|task| task.address.as_deref()).collect();
    let in_cloud_map: BTreeSet<&String> =
        services.iter().flat_map(|one| &one.registries).filter_map(|arn| registered.get(arn)).flatten().collect();
    let left = main.iter().filter(|address| !running.contains(host(address))).cloned();
    let mut stale: BTreeSet<String> = left.collect();
    let known: BTreeSet<String> = stale.iter().map(|address| host(address).to_owned()).collect();
    let only_registered =
        in_cloud_map.iter().filter(|ip| !running.contains(ip.as_str()) && !known.contains(ip.as_str()));
    stale.extend(only_registered.map(|ip| (*ip).clone()));
    let any_registry = services.iter().any(|service| !service.registries.is_empty());
    members.extend(stale.into_iter().map(|address| Member {
        task: None,
        service: None,
        zone: None,
        standing: Standing::Stale,
        sees: None,
        seen_by: seen_by(&address),
        registered: any_registry.then(|| in_cloud_map.contains(&host(&address).to_owned())),
        address: Some(address),
    }));
    members.sort_by(|one, other| (&one.address, &one.task).cmp(&(&other.address, &other.task)));
    let wanted = services.iter().map(|service| usize::try_from(service.desired).unwrap_or(0)).sum();
    let whole = members.iter().all(|member| member.standing == Standing::Together) && members.len() == wanted;
    let found = main.iter().filter(|address| running.contains(host(address))).count();
    MemberGroup {
        product: said.product.unwrap_or(Product::Hazelcast),
        services: services.iter().map(|service| service.name.clone()).collect(),
        wanted,
        found,
        formed: whole,
        summary: summary(&members, wanted, found, whole),
        unread: said.unread,
        members,
    }
}

fn summary(members: &[Member], wanted: usize, found: usize, whole: bool) -> String {
    let count = |standing: Standing| members.iter().filter(|member| member.standing == standing).count();
    let mut text = match (whole, wanted, found) {
        (true, 0, _) => "no members are wanted".to_owned(),
        (true, 1, _) => "1 member, which has nobody to find".to_owned(),
        (true, ..) => format!("{wanted} members formed one cluster"),
        (false, _, 0) => "no member has said yet whom it found".to_owned(),
        (false, _, 1) if wanted > 1 => format!("none of {wanted} members has found another"),
        (false, ..) => format!("{found} of {wanted} members see each other"),
    };
    let odd = [
        (Standing::Divided, "divided"),
        (Standing::Missing, "missing"),
        (Standing::Silent, "silent"),
        (Standing::Starting, "starting"),
        (Standing::Stale, "stale"),
    ];
    for (standing, word) in odd {
        match count(standing) {
            0 => {}
            number => text = format!("{text}, {number} {word}"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(image: &str) -> ContainerDefinition {
        ContainerDefinition::builder().image(image).build()
    }

    #[test]
    fn an_image_tells_what_it_runs() {
        let of = |image: &str| product(&container(image));
        assert_eq!(of("hazelcast/hazelcast:5.5.10"), Some(Product::Hazelcast));
        assert_eq!(of("1.dkr.ecr.eu-west-1.amazonaws.com/hazelcast-enterprise@sha256:1"), Some(Product::Hazelcast));
        assert_eq!(of("orientdb:3.2.55"), Some(Product::Orientdb));
        assert_eq!(of("hazelcast/management-center:5.11.0"), None);
        assert_eq!(of("nginx"), None);
    }

    #[test]
    fn the_list_that_most_print_counts() {
        let list = |members: &[&str]| List { members: members.iter().map(|&one| one.to_owned()).collect(), this: None };
        let lists = |all: &[&[&str]]| all.iter().enumerate().map(|(at, one)| (at.to_string(), list(one))).collect();
        let main = |all: &[&[&str]]| main_list(&lists(all)).into_iter().collect::<Vec<_>>();
        assert_eq!(main(&[&["a", "b"], &["a", "b"], &["c", "d", "e"]]), ["a", "b"]);
        assert_eq!(main(&[&["a"], &["b", "c"]]), ["b", "c"]);
        assert_eq!(main(&[]), Vec::<String>::new());
    }
}

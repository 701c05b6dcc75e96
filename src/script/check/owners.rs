//! What two declarations have a say in: the count of a service that is scaled, and the capacity providers of a cluster.
//!
//! - A service of which a scalable target is declared has `desiredCount` to begin with; after that the count is the
//!   target's, and a difference is not acted on (`ignoreChanges`). Without the target it is the script's again.
//! - Capacity providers are declared by the cluster or by an association of its own, not by both. A service that runs on
//!   them comes after the association.

use std::collections::BTreeMap;

use super::super::session::Mistake;
use crate::model::{Address, PropertyPath, Reference, Resource, TemplatePart, Value};

/// The dimension of a scalable target that is the count of a service.
const COUNT: &str = "ecs:service:DesiredCount";
/// What a cluster and an association both can declare.
const PROVIDERS: [&str; 2] = ["capacityProviders", "defaultCapacityProviderStrategy"];

/// Gives each its owner. What cannot be decided is answered, by the index of the declaration and the path in it.
pub(in super::super) fn owners(resources: &mut [Resource]) -> Vec<(usize, PropertyPath, Mistake)> {
    let mut found = scaled_services(resources);
    found.extend(capacity_providers(resources));
    found
}

fn of_kind<'a>(resources: &'a [Resource], kind: &'a str) -> impl Iterator<Item = (usize, &'a Resource)> {
    resources.iter().enumerate().filter(move |(_, resource)| resource.address.kind().as_str() == kind)
}

/// Leaves the counts of services that are scaled to their targets.
fn scaled_services(resources: &mut [Resource]) -> Vec<(usize, PropertyPath, Mistake)> {
    let mut mistakes = Vec::new();
    let mut pairs = Vec::new();
    for (index, target) in of_kind(resources, "applicationautoscaling_scalable_target") {
        let dimension = target.properties.get("scalableDimension").and_then(Value::as_str);
        let Some(id) = target.properties.get("resourceId").filter(|_| dimension == Some(COUNT)) else { continue };
        let by_arn = |reference: &&Reference| {
            let names = ["arn", "serviceArn", "id"];
            let kinds = ["ecs_service", "ecs_cluster"];
            let is_name = reference.address.kind().as_str() == "ecs_cluster" && reference.attribute == "id";
            kinds.contains(&reference.address.kind().as_str())
                && names.contains(&reference.attribute.as_str())
                && !is_name
        };
        if let Some(wrong) = id.references().into_iter().find(by_arn) {
            let message = format!("`resourceId` has `{}` of {} in it, not its name", wrong.attribute, wrong.address);
            let help = "write it as `service/${cluster.clusterName}/${service.name}`, in backticks".to_owned();
            let mistake = Mistake::new(message).label("names are needed here").help(help);
            mistakes.push((index, PropertyPath::new("resourceId"), mistake));
            continue;
        }
        let parts = segments(id);
        if parts.iter().any(|part| part.text().is_some_and(|text| text.starts_with("arn:"))) {
            let help = "a service is `service/<name of its cluster>/<its name>`".to_owned();
            let mistake = Mistake::new("`resourceId` has an ARN in it").label("names are needed here").help(help);
            mistakes.push((index, PropertyPath::new("resourceId"), mistake));
            continue;
        }
        let [kind, cluster, name] = parts.as_slice() else { continue };
        if kind.text() != Some("service") {
            continue;
        }
        let services = of_kind(resources, "ecs_service");
        let mut services = services.filter(|(_, service)| name.is_service(service) && cluster.is_cluster_of(service));
        pairs.extend(services.next().map(|(service, _)| (index, service)));
    }
    for (target, service) in pairs {
        let address = resources[service].address.clone();
        // It may be named by a text alone.
        let depends_on = &mut resources[target].options.depends_on;
        if !depends_on.contains(&address) {
            depends_on.push(address);
        }
        let ignored = &mut resources[service].options.ignore_changes;
        if !ignored.iter().any(|name| name == "desiredCount") {
            ignored.push("desiredCount".to_owned());
        }
    }
    mistakes
}

/// What stands between the slashes of a resource's identifier.
#[derive(Debug, Clone, PartialEq)]
enum Segment<'a> {
    Text(String),
    Attribute(&'a Reference),
    /// Both in one, or a secret: nothing that can be told.
    Mixed,
}

fn segments(id: &Value) -> Vec<Segment<'_>> {
    let parts: Vec<Segment<'_>> = match id {
        Value::String(text) => return text.split('/').map(|part| Segment::Text(part.to_owned())).collect(),
        Value::Template(parts) => parts
            .iter()
            .map(|part| match part {
                TemplatePart::Text(text) => Segment::Text(text.clone()),
                TemplatePart::Ref(reference) => Segment::Attribute(reference),
                TemplatePart::Secret(_) => Segment::Mixed,
            })
            .collect(),
        _ => return Vec::new(),
    };
    let mut found = vec![Segment::Text(String::new())];
    for part in parts {
        if let Segment::Text(text) = part {
            for (at, piece) in text.split('/').enumerate() {
                if at > 0 {
                    found.push(Segment::Text(String::new()));
                }
                join(&mut found, Segment::Text(piece.to_owned()));
            }
        } else {
            join(&mut found, part);
        }
    }
    found
}

/// Appends to the last segment.
fn join<'a>(found: &mut [Segment<'a>], part: Segment<'a>) {
    let Some(last) = found.last_mut() else { return };
    *last = match (&*last, part) {
        (Segment::Text(text), part) if text.is_empty() => part,
        (Segment::Text(text), Segment::Text(more)) => Segment::Text(format!("{text}{more}")),
        (last, Segment::Text(more)) if more.is_empty() => last.clone(),
        _ => Segment::Mixed,
    };
}

impl Segment<'_> {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Attribute(_) | Self::Mixed => None,
        }
    }

    fn is_service(&self, service: &Resource) -> bool {
        match self {
            Self::Attribute(reference) => reference.address == service.address,
            Self::Text(name) => service.properties.get("serviceName").and_then(Value::as_str) == Some(name),
            Self::Mixed => false,
        }
    }

    fn is_cluster_of(&self, service: &Resource) -> bool {
        match (self, service.properties.get("cluster")) {
            (Self::Attribute(own), Some(Value::Ref(other))) => own.address == other.address,
            (Self::Text(own), Some(Value::String(other))) => other.rsplit('/').next() == Some(own),
            (Self::Text(own), None) => own == "default",
            // A text and a reference may be the same; the service's name has to do.
            (Self::Text(_), Some(Value::Ref(_))) | (Self::Attribute(_), Some(Value::String(_))) => true,
            _ => false,
        }
    }
}

/// The declared cluster that a property refers to.
fn cluster_of(resource: &Resource) -> Option<Address> {
    match resource.properties.get("cluster") {
        Some(Value::Ref(reference)) => Some(reference.address.clone()),
        _ => None,
    }
}

/// Sees that each cluster's capacity providers are declared once, and are those that its services run on.
fn capacity_providers(resources: &mut [Resource]) -> Vec<(usize, PropertyPath, Mistake)> {
    let mut mistakes = Vec::new();
    let clusters: BTreeMap<Address, usize> =
        of_kind(resources, "ecs_cluster").map(|(index, cluster)| (cluster.address.clone(), index)).collect();
    let mut associations: BTreeMap<Address, usize> = BTreeMap::new();
    for (index, association) in of_kind(resources, "ecs_cluster_capacity_provider_associations") {
        let Some(cluster) = cluster_of(association) else { continue };
        let declares = |name: &str| {
            let own = clusters.get(&cluster).and_then(|at| resources[*at].properties.get(name));
            own.is_some_and(|own| *own != Value::Null)
        };
        let twice = if PROVIDERS.iter().any(|name| declares(name)) {
            Some(cluster.to_string())
        } else {
            let before = associations.insert(cluster.clone(), index);
            before.map(|before| resources[before].address.to_string())
        };
        if let Some(other) = twice {
            let mistake = Mistake::new(format!("the capacity providers of {cluster} are declared by {other} already"));
            let help = "declare them in one place: each would undo what the other says".to_owned();
            let mistake = mistake.label("declared twice").help(help);
            mistakes.push((index, PropertyPath::new("cluster"), mistake));
        }
    }
    let mut after = Vec::new();
    for (index, service) in of_kind(resources, "ecs_service") {
        let Some(cluster) = cluster_of(service) else { continue };
        let association = associations.get(&cluster);
        if let Some(association) = association
            && !service.properties.contains_key("launchType")
        {
            after.push((index, resources[*association].address.clone()));
        }
        let Some(declared) = association.or(clusters.get(&cluster)).map(|at| &resources[*at]) else { continue };
        if let Some((item, provider)) = not_there(service, declared) {
            let message = format!("{cluster} has no capacity provider `{provider}`");
            let help = "declare `capacityProviders: [\"FARGATE\", \"FARGATE_SPOT\"]` where the cluster is".to_owned();
            let path = PropertyPath::new("capacityProviderStrategy").index(item).key("capacityProvider");
            mistakes.push((index, path, Mistake::new(message).label("the cluster has none of that name").help(help)));
        }
    }
    for (service, association) in after {
        let depends_on = &mut resources[service].options.depends_on;
        if !depends_on.contains(&association) {
            depends_on.push(association);
        }
    }
    mistakes
}

/// A provider of a service's strategy that its cluster, of which all are known, does not have.
fn not_there<'a>(service: &'a Resource, declared: &Resource) -> Option<(usize, &'a str)> {
    let providers: Vec<&str> = match declared.properties.get("capacityProviders") {
        None => Vec::new(),
        Some(Value::List(items)) => items.iter().map(Value::as_str).collect::<Option<_>>()?,
        Some(_) => return None,
    };
    let Some(Value::List(strategy)) = service.properties.get("capacityProviderStrategy") else { return None };
    let provider = |item: &'a Value| match item {
        Value::Map(item) => item.get("capacityProvider").and_then(Value::as_str),
        _ => None,
    };
    let named = strategy.iter().enumerate().filter_map(|(at, item)| Some((at, provider(item)?)));
    named.into_iter().find(|(_, provider)| !providers.contains(provider))
}

//! Cloud Map: namespaces, services, and the instances by which tasks are found.
//!
//! What AWS does after it has answered is an [`operation`], which ends by a timer. What ECS does for its tasks is done
//! at once: its waiting is ECS's own.

mod discover;
mod filter;
mod instance;
mod namespace;
mod operation;
mod service;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;

use super::members::{Members, tag_list};
use super::service::{Fault, Listed, Service, Timer};
use super::store::Tx;
use crate::model::{Json, JsonMap};
use instance::Instance;
use namespace::Namespace;

/// The service.
pub struct ServiceDiscovery;

impl Service for ServiceDiscovery {
    fn name(&self) -> &'static str {
        "servicediscovery"
    }

    fn call(&self, tx: &mut Tx<'_>, action: &str, params: &JsonMap) -> Result<Json, Fault> {
        let members = &Members::new(params, "InvalidInput");
        match action {
            "CreatePrivateDnsNamespace" => namespace::create_private_dns(tx, members),
            "CreateHttpNamespace" => namespace::create_http(tx, members),
            "GetNamespace" => namespace::get(tx, members),
            "ListNamespaces" => namespace::list(tx, members),
            "UpdatePrivateDnsNamespace" => namespace::update(tx, members, true),
            "UpdateHttpNamespace" => namespace::update(tx, members, false),
            "DeleteNamespace" => namespace::delete(tx, members),
            "GetOperation" => operation::get(tx, members),
            "ListOperations" => operation::list(tx, members),
            "CreateService" => service::create(tx, members),
            "GetService" => service::get(tx, members),
            "ListServices" => service::list(tx, members),
            "UpdateService" => service::update(tx, members),
            "DeleteService" => service::delete(tx, members),
            "RegisterInstance" => instance::register(tx, members),
            "DeregisterInstance" => instance::deregister(tx, members),
            "GetInstance" => instance::get(tx, members),
            "ListInstances" => instance::list(tx, members),
            "GetInstancesHealthStatus" => instance::health_statuses(tx, members),
            "UpdateInstanceCustomHealthStatus" => instance::update_health(tx, members),
            "DiscoverInstances" => discover::instances(tx, members),
            "DiscoverInstancesRevision" => discover::revision(tx, members),
            "TagResource" => tag(tx, members),
            "UntagResource" => untag(tx, members),
            "ListTagsForResource" => Ok(json!({"Tags": tag_list(tagged(tx, members)?.tags())})),
            _ => Err(Fault::unknown_action("servicediscovery", action)),
        }
    }

    fn due(&self, tx: &mut Tx<'_>, timer: &Timer) -> Result<(), Fault> {
        operation::due(tx, timer)
    }

    fn list(&self, tx: &Tx<'_>) -> Result<Vec<Listed>, Fault> {
        let listed = |type_name: &str, id: String, name: String| Listed {
            type_name: format!("AWS::ServiceDiscovery::{type_name}"),
            id,
            region: tx.region.clone(),
            name: Some(name),
            status: None,
        };
        let namespaces = tx.all::<Namespace>()?.into_iter().filter(|namespace| namespace.made);
        let namespaces = namespaces.map(|namespace| {
            let type_name = if namespace.dns.is_some() { "PrivateDnsNamespace" } else { "HttpNamespace" };
            listed(type_name, namespace.id, namespace.name)
        });
        let services = tx.all::<service::Service>()?.into_iter();
        let services = services.map(|service| listed("Service", service.id, service.name));
        Ok(namespaces.chain(services).collect())
    }
}

/// Registers a task as an instance of a service (by the service's ARN), or changes its attributes. Refused when there is
/// no such service, or when the attributes are not those that its records need.
///
/// # Errors
/// `ServiceNotFound` and `InvalidInput` as above, or when the store fails.
pub fn register_task(tx: &mut Tx<'_>, service_arn: &str, instance: &str, attributes: &JsonMap) -> Result<(), Fault> {
    let service = service::find(tx, service_arn)?;
    let attributes = json!({"Attributes": attributes});
    let members = attributes.as_object().map(|attributes| Members::new(attributes, "InvalidInput"));
    let attributes = members.map_or(Ok(BTreeMap::new()), |members| members.text_map("Attributes"))?;
    instance::registered(tx, &Instance::new(&service, instance, attributes, None)?)
}

/// Takes an instance out again; nothing when it is not there.
///
/// # Errors
/// When the store fails.
pub fn deregister_task(tx: &mut Tx<'_>, service_arn: &str, instance: &str) -> Result<(), Fault> {
    instance::deregistered(tx, id_of(service_arn), instance)
}

/// Whether there is a service of this ARN.
///
/// # Errors
/// When the store fails.
pub fn service_exists(tx: &Tx<'_>, service_arn: &str) -> Result<bool, Fault> {
    Ok(tx.get::<service::Service>(id_of(service_arn))?.is_some_and(|service| service.arn == service_arn))
}

/// Says whether an instance is healthy (custom health checks, as ECS reports a task's); nothing when it is not there.
///
/// # Errors
/// When the store fails.
pub fn set_health(tx: &mut Tx<'_>, service_arn: &str, instance: &str, healthy: bool) -> Result<(), Fault> {
    let Some(service) = tx.get::<service::Service>(id_of(service_arn))? else { return Ok(()) };
    match instance::find(tx, &service, instance) {
        Ok(mut instance) => instance::set_health(tx, &mut instance, healthy),
        Err(fault) if fault.code == "InstanceNotFound" => Ok(()),
        Err(fault) => Err(fault),
    }
}

/// The identifier in an ARN, or the identifier that it is.
fn id_of(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// A time as Cloud Map's answers have it: seconds since 1970, to the millisecond.
fn seconds(time: Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1000.0
}

fn page_size(members: &Members<'_>, most: i64) -> Result<usize, Fault> {
    Ok(usize::try_from(members.number("MaxResults", 1, most)?.unwrap_or(100)).unwrap_or(100))
}

/// A page of a list as an answer has it.
fn paged(member: &str, items: Vec<Json>, next: Option<String>) -> Json {
    let mut answer = json!({});
    answer[member] = Json::Array(items);
    if let Some(token) = next {
        answer["NextToken"] = Json::String(token);
    }
    answer
}

/// The tags of a call put to those that there are.
fn tags(members: &Members<'_>, mut tags: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Fault> {
    tags.extend(members.tags("Tags")?);
    if tags.len() > 50 {
        return Err(Fault::new("TooManyTagsException", "A resource can have up to 50 tags."));
    }
    Ok(tags)
}

/// What has tags.
enum Tagged {
    Namespace(Box<Namespace>),
    Service(Box<service::Service>),
}

impl Tagged {
    fn tags(&self) -> &BTreeMap<String, String> {
        match self {
            Self::Namespace(namespace) => &namespace.tags,
            Self::Service(service) => &service.tags,
        }
    }

    fn put(self, tx: &mut Tx<'_>, tags: BTreeMap<String, String>) -> Result<(), Fault> {
        match self {
            Self::Namespace(mut namespace) => {
                namespace.tags = tags;
                Ok(tx.put(&*namespace)?)
            }
            Self::Service(mut service) => {
                service.tags = tags;
                Ok(tx.put(&*service)?)
            }
        }
    }
}

/// What `ResourceARN` names.
fn tagged(tx: &Tx<'_>, members: &Members<'_>) -> Result<Tagged, Fault> {
    let arn = members.required("ResourceARN")?;
    let namespace = tx.get::<Namespace>(id_of(arn))?.filter(|namespace| namespace.made && namespace.arn == arn);
    if let Some(namespace) = namespace {
        return Ok(Tagged::Namespace(Box::new(namespace)));
    }
    match tx.get::<service::Service>(id_of(arn))?.filter(|service| service.arn == arn) {
        Some(service) => Ok(Tagged::Service(Box::new(service))),
        None => {
            let message = format!("The resource {arn} does not exist.");
            Err(Fault::new("ResourceNotFoundException", message))
        }
    }
}

fn tag(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let tagged = tagged(tx, members)?;
    let tags = tags(members, tagged.tags().clone())?;
    tagged.put(tx, tags)?;
    Ok(json!({}))
}

fn untag(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let tagged = tagged(tx, members)?;
    let keys = members.texts("TagKeys")?;
    let mut tags = tagged.tags().clone();
    tags.retain(|key, _| !keys.contains(&key.as_str()));
    tagged.put(tx, tags)?;
    Ok(json!({}))
}

//! Discovery: finding instances by the names of their namespace and service.

use serde_json::json;

use super::super::members::Members;
use super::super::service::Fault;
use super::super::store::Tx;
use super::instance::Instance;
use super::namespace::Namespace;
use super::page_size;
use super::service::{self, Health, Service};
use crate::model::Json;

/// The service that `NamespaceName` and `ServiceName` name.
fn asked(tx: &Tx<'_>, members: &Members<'_>) -> Result<Service, Fault> {
    let (namespace, name) = (members.required("NamespaceName")?, members.required("ServiceName")?);
    let mut namespaces = tx.under::<Namespace>(namespace)?;
    namespaces.retain(|namespace| namespace.made);
    if namespaces.is_empty() {
        return Err(Fault::new("NamespaceNotFound", format!("No namespace exists with the name {namespace}.")));
    }
    for namespace in namespaces {
        if let Some(service) = service::named(tx, &namespace.id, name)? {
            return Ok(service);
        }
    }
    Err(Fault::new("ServiceNotFound", format!("No service exists with the name {name} in {namespace}.")))
}

pub(super) fn instances(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let service = asked(tx, members)?;
    let statuses = ["HEALTHY", "UNHEALTHY", "ALL", "HEALTHY_OR_ELSE_ALL"];
    let status = members.one_of("HealthStatus", &statuses)?.unwrap_or("HEALTHY_OR_ELSE_ALL");
    let (query, optional) = (members.text_map("QueryParameters")?, members.text_map("OptionalParameters")?);
    let mut found = tx.under::<Instance>(&service.id)?;
    found.retain(|instance| query.iter().all(|(name, value)| instance.attributes.get(name) == Some(value)));
    let fits = |instance: &Instance| optional.iter().all(|(name, value)| instance.attributes.get(name) == Some(value));
    if found.iter().any(fits) {
        found.retain(fits);
    }
    // Without a health check the status asked for is ignored (API reference, `DiscoverInstances`).
    if service.health != Health::Unchecked {
        let any_healthy = found.iter().any(|instance| instance.healthy);
        found.retain(|instance| match status {
            "HEALTHY" => instance.healthy,
            "UNHEALTHY" => !instance.healthy,
            "HEALTHY_OR_ELSE_ALL" => instance.healthy || !any_healthy,
            _ => true,
        });
    }
    found.truncate(page_size(members, 1000)?);
    let item = |instance: &Instance| {
        json!({
            "InstanceId": instance.id,
            "NamespaceName": members.json().get("NamespaceName"),
            "ServiceName": service.name,
            "HealthStatus": instance.health(&service),
            "Attributes": instance.attributes,
        })
    };
    let items: Vec<Json> = found.iter().map(item).collect();
    Ok(json!({"Instances": items, "InstancesRevision": service.revision}))
}

pub(super) fn revision(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    Ok(json!({"InstancesRevision": asked(tx, members)?.revision}))
}

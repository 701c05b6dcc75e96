//! Cloud Map: namespaces, services and the instances by which tasks are found.

use std::collections::BTreeMap;

use aws_sdk_servicediscovery::types::{
    FilterCondition, NamespaceSummary, ServiceFilter, ServiceFilterName, ServiceSummary,
};
use futures::FutureExt;
use serde::Serialize;

use super::{Live, LiveError, Sort, last};
use crate::cloud::{CallError, failed};
use crate::kinds::abreast::abreast;

/// A namespace of Cloud Map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Namespace {
    /// `ns-…`.
    pub id: String,
    /// Its name, such as `hazelcast.local`.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// `DNS_PRIVATE`, `DNS_PUBLIC` or `HTTP`.
    pub kind: String,
    /// Its services, by name.
    pub services: Vec<DiscoveryService>,
}

/// A service of Cloud Map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DiscoveryService {
    /// `srv-…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The name of its namespace.
    pub namespace: String,
    /// How many instances are registered in it, as Cloud Map counts.
    pub instances: u32,
}

impl DiscoveryService {
    /// The name by which its instances are looked up.
    pub fn host(&self) -> String {
        format!("{}.{}", self.name, self.namespace)
    }
}

/// What is registered in a service of Cloud Map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Instance {
    /// Its identifier: for a task of ECS that of the task.
    pub id: String,
    /// Its address, where it has one.
    pub address: Option<String>,
    /// Its port, where it has one.
    pub port: Option<String>,
    /// `HEALTHY` or `UNHEALTHY`; none where nobody checks.
    pub health: Option<String>,
    /// All that is said of it.
    pub attributes: BTreeMap<String, String>,
}

impl Live {
    /// The namespaces with their services, by name: two calls, and one for each namespace.
    ///
    /// # Errors
    /// When `servicediscovery:ListNamespaces` or `servicediscovery:ListServices` fails.
    pub async fn namespaces(&self) -> Result<Vec<Namespace>, LiveError> {
        let mut pages = self.cloud.servicediscovery.list_namespaces().into_paginator().send();
        let mut found: Vec<NamespaceSummary> = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed("servicediscovery:ListNamespaces"))?;
            found.extend(page.namespaces.unwrap_or_default());
        }
        let calls = found.iter().map(|namespace| {
            self.services_of(namespace.id().unwrap_or_default(), namespace.name().unwrap_or_default()).boxed()
        });
        let services = abreast(calls.collect()).await?;
        let mut namespaces: Vec<Namespace> = (found.into_iter().zip(services))
            .map(|(namespace, services)| Namespace {
                id: namespace.id.unwrap_or_default(),
                name: namespace.name.unwrap_or_default(),
                arn: namespace.arn.unwrap_or_default(),
                kind: namespace.r#type.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
                services,
            })
            .collect();
        namespaces.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
        Ok(namespaces)
    }

    async fn services_of(&self, id: &str, namespace: &str) -> Result<Vec<DiscoveryService>, CallError> {
        const ACTION: &str = "servicediscovery:ListServices";
        let filter = ServiceFilter::builder().name(ServiceFilterName::NamespaceId).values(id);
        let filter = filter.condition(FilterCondition::Eq).build();
        let filter = filter.map_err(|error| CallError::new(ACTION, "InvalidInput", error.to_string()))?;
        let mut pages = self.cloud.servicediscovery.list_services().filters(filter).into_paginator().send();
        let mut found: Vec<ServiceSummary> = Vec::new();
        while let Some(page) = pages.next().await {
            found.extend(page.map_err(failed(ACTION))?.services.unwrap_or_default());
        }
        let mut services: Vec<DiscoveryService> = found
            .into_iter()
            .map(|service| DiscoveryService {
                id: service.id.unwrap_or_default(),
                name: service.name.unwrap_or_default(),
                arn: service.arn.unwrap_or_default(),
                namespace: namespace.to_owned(),
                instances: service.instance_count.map_or(0, super::count),
            })
            .collect();
        services.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(services)
    }

    /// What is registered in the Cloud Map service of an identifier (`srv-…`), an ARN, a name, or a host name
    /// (`service.namespace`), by identifier.
    ///
    /// # Errors
    /// [`LiveError::NotFound`], [`LiveError::Ambiguous`] when several namespaces have such a name; when a call fails.
    pub async fn instances(&self, service: &str) -> Result<Vec<Instance>, LiveError> {
        let id = last(service);
        if id.starts_with("srv-") {
            match self.registered(id).await {
                Err(error) if error.is_not_found() => {}
                answer => return Ok(answer?),
            }
        }
        let all: Vec<DiscoveryService> =
            self.namespaces().await?.into_iter().flat_map(|namespace| namespace.services).collect();
        let found: Vec<&DiscoveryService> =
            all.iter().filter(|one| one.name == service || one.host() == service).collect();
        match found.as_slice() {
            [one] => Ok(self.registered(&one.id).await?),
            [] => {
                let there = all.iter().map(|one| if id.starts_with("srv-") { one.id.clone() } else { one.host() });
                Err(LiveError::not_found(Sort::DiscoveryService, service, None, there.collect()))
            }
            several => {
                let matches = several.iter().map(|one| one.host()).collect();
                Err(LiveError::Ambiguous { sort: Sort::DiscoveryService, name: service.to_owned(), matches })
            }
        }
    }

    /// What is registered in the service of an identifier, with its health.
    pub(super) async fn registered(&self, id: &str) -> Result<Vec<Instance>, CallError> {
        const HEALTH: &str = "servicediscovery:GetInstancesHealthStatus";
        let client = &self.cloud.servicediscovery;
        let mut pages = client.list_instances().service_id(id).into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed("servicediscovery:ListInstances"))?;
            found.extend(page.instances.unwrap_or_default());
        }
        let mut health = BTreeMap::new();
        if !found.is_empty() {
            let mut pages = client.get_instances_health_status().service_id(id).into_paginator().send();
            while let Some(page) = pages.next().await {
                match page.map_err(failed(HEALTH)) {
                    Ok(page) => health.extend(page.status.unwrap_or_default()),
                    // Instances that nobody checks have no status (Cloud Map API reference, GetInstancesHealthStatus).
                    Err(error) if error.is_not_found() => break,
                    Err(error) => return Err(error),
                }
            }
        }
        let mut instances: Vec<Instance> = found
            .into_iter()
            .map(|instance| {
                let attributes: BTreeMap<String, String> =
                    instance.attributes.unwrap_or_default().into_iter().collect();
                let id = instance.id.unwrap_or_default();
                Instance {
                    address: attributes.get("AWS_INSTANCE_IPV4").cloned(),
                    port: attributes.get("AWS_INSTANCE_PORT").cloned(),
                    health: health.get(&id).map(|health| health.as_str().to_owned()),
                    attributes,
                    id,
                }
            })
            .collect();
        instances.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(instances)
    }
}

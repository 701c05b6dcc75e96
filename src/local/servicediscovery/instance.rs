//! Instances of a service: registering them, their health, and taking them out again.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::members::{Members, Page};
use super::super::service::Fault;
use super::super::store::{Object, Tx};
use super::operation::{Change, QUICK, begin, in_progress};
use super::page_size;
use super::service::{self, Health, Service};
use crate::model::Json;

/// The attribute that gives the first health status of an instance with a custom check.
const FIRST_HEALTH: &str = "AWS_INIT_HEALTH_STATUS";

/// An instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Instance {
    pub(super) service: String,
    pub(super) id: String,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) creator_request: Option<String>,
    pub(super) healthy: bool,
}

impl Object for Instance {
    const TABLE: &'static str = "servicediscovery.instance";

    fn key(&self) -> String {
        key(&self.service, &self.id)
    }

    fn parent(&self) -> String {
        self.service.clone()
    }
}

fn key(service: &str, instance: &str) -> String {
    format!("{service}/{instance}")
}

impl Instance {
    /// One to be registered, checked against what its service needs.
    pub(super) fn new(
        service: &Service,
        id: &str,
        mut attributes: BTreeMap<String, String>,
        creator_request: Option<String>,
    ) -> Result<Self, Fault> {
        check(service, &attributes).map_err(|message| Fault::new("InvalidInput", message))?;
        let healthy = attributes.remove(FIRST_HEALTH).is_none_or(|status| status == "HEALTHY");
        Ok(Self { service: service.id.clone(), id: id.to_owned(), attributes, creator_request, healthy })
    }

    /// Its health as it is known.
    pub(super) fn health(&self, service: &Service) -> &'static str {
        match (&service.health, self.healthy) {
            (Health::Unchecked, _) => "UNKNOWN",
            (_, true) => "HEALTHY",
            (_, false) => "UNHEALTHY",
        }
    }

    fn json(&self, account: &str) -> Json {
        json!({"Id": self.id, "Attributes": self.attributes, "CreatedByAccount": account})
    }
}

/// The attributes that the records of a service need (API reference, `RegisterInstance`).
fn check(service: &Service, attributes: &BTreeMap<String, String>) -> Result<(), String> {
    let has = |name: &str| attributes.contains_key(name);
    let needs = |name: &str, record: &str| {
        if has(name) {
            Ok(())
        } else {
            Err(format!("{name} has to be specified because the service has {record} records."))
        }
    };
    if attributes.len() > 30 {
        return Err("An instance can have up to 30 attributes.".to_owned());
    }
    if attributes.iter().any(|(name, value)| name.is_empty() || name.len() > 255 || value.len() > 1024) {
        return Err("Names of attributes have up to 255 characters, values up to 1024.".to_owned());
    }
    if attributes.get("AWS_INSTANCE_IPV4").is_some_and(|address| address.parse::<Ipv4Addr>().is_err()) {
        return Err("AWS_INSTANCE_IPV4 is not an IPv4 address.".to_owned());
    }
    if attributes.get("AWS_INSTANCE_IPV6").is_some_and(|address| address.parse::<Ipv6Addr>().is_err()) {
        return Err("AWS_INSTANCE_IPV6 is not an IPv6 address.".to_owned());
    }
    if attributes.get("AWS_INSTANCE_PORT").is_some_and(|port| !port.parse::<u16>().is_ok_and(|port| port > 0)) {
        return Err("AWS_INSTANCE_PORT is not a port.".to_owned());
    }
    if let Some(status) = attributes.get(FIRST_HEALTH) {
        if service.health != Health::Custom {
            return Err(format!("{FIRST_HEALTH} needs a service with HealthCheckCustomConfig."));
        }
        if status != "HEALTHY" && status != "UNHEALTHY" {
            return Err(format!("{FIRST_HEALTH} is HEALTHY or UNHEALTHY."));
        }
    }
    if has("AWS_EC2_INSTANCE_ID") && service.dns.is_some() {
        return Err("AWS_EC2_INSTANCE_ID is for HTTP namespaces only.".to_owned());
    }
    if has("AWS_ALIAS_DNS_NAME") {
        let weighted = service.dns.as_ref().is_some_and(|dns| dns.routing == "WEIGHTED");
        if !weighted || !(service.has_record("A") || service.has_record("AAAA")) {
            return Err("AWS_ALIAS_DNS_NAME needs A or AAAA records and the routing policy WEIGHTED.".to_owned());
        }
        if attributes.keys().any(|name| name.starts_with("AWS_INSTANCE_")) {
            return Err("AWS_ALIAS_DNS_NAME cannot be together with AWS_INSTANCE attributes.".to_owned());
        }
        return Ok(());
    }
    if service.has_record("A") {
        needs("AWS_INSTANCE_IPV4", "A")?;
    }
    if service.has_record("AAAA") {
        needs("AWS_INSTANCE_IPV6", "AAAA")?;
    }
    if service.has_record("SRV") {
        needs("AWS_INSTANCE_PORT", "SRV")?;
        if !has("AWS_INSTANCE_IPV6") {
            needs("AWS_INSTANCE_IPV4", "SRV")?;
        }
    }
    if service.has_record("CNAME") {
        needs("AWS_INSTANCE_CNAME", "CNAME")?;
    }
    Ok(())
}

/// The service that `ServiceId` names.
fn service_asked(tx: &Tx<'_>, members: &Members<'_>) -> Result<Service, Fault> {
    service::find(tx, members.required("ServiceId")?)
}

/// An instance of a service.
pub(super) fn find(tx: &Tx<'_>, service: &Service, id: &str) -> Result<Instance, Fault> {
    let missing = || Fault::new("InstanceNotFound", format!("No instance exists with the ID {id}."));
    tx.get::<Instance>(&key(&service.id, id))?.ok_or_else(missing)
}

pub(super) fn register(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let service = service_asked(tx, members)?;
    let id = members.within("InstanceId", members.required("InstanceId")?, 1, 64)?;
    members.spelled("InstanceId", id, "_/:.@-", "^[0-9a-zA-Z_/:.@-]+$")?;
    let request = members.text("CreatorRequestId")?.map(str::to_owned);
    let instance = Instance::new(&service, id, members.text_map("Attributes")?, request)?;
    let what = instance.key();
    let change = Change::RegisterInstance { instance: instance.clone() };
    match in_progress(tx, &what)? {
        Some(operation) if operation.change == change && instance.creator_request.is_some() => {
            Ok(json!({"OperationId": operation.id}))
        }
        _ => Ok(json!({"OperationId": begin(tx, change, &what, &service.id, QUICK)?})),
    }
}

/// The end of registering one, whether it is new or known.
pub(super) fn registered(tx: &mut Tx<'_>, instance: &Instance) -> Result<(), Fault> {
    tx.put(instance)?;
    changed(tx, &instance.service)
}

fn changed(tx: &mut Tx<'_>, service: &str) -> Result<(), Fault> {
    if let Some(mut service) = tx.get::<Service>(service)? {
        service.revision += 1;
        tx.put(&service)?;
    }
    Ok(())
}

pub(super) fn deregister(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let service = service_asked(tx, members)?;
    let id = members.required("InstanceId")?;
    let what = key(&service.id, id);
    if in_progress(tx, &what)?.is_none() {
        find(tx, &service, id)?;
    }
    let change = Change::DeregisterInstance { service: service.id.clone(), instance: id.to_owned() };
    Ok(json!({"OperationId": begin(tx, change, &what, &service.id, QUICK)?}))
}

/// The end of taking one out; nothing when it is not there.
pub(super) fn deregistered(tx: &mut Tx<'_>, service: &str, instance: &str) -> Result<(), Fault> {
    if tx.delete::<Instance>(&key(service, instance))? {
        changed(tx, service)?;
    }
    Ok(())
}

pub(super) fn get(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let service = service_asked(tx, members)?;
    let instance = find(tx, &service, members.required("InstanceId")?)?;
    let mut answer = instance.json(tx.account);
    if let Some(request) = &instance.creator_request {
        answer["CreatorRequestId"] = json!(request);
    }
    Ok(json!({"Instance": answer, "ResourceOwner": tx.account}))
}

pub(super) fn list(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let service = service_asked(tx, members)?;
    let instances = tx.under::<Instance>(&service.id)?;
    let page = Page::of(instances, Object::key, members.text("NextToken")?, page_size(members, 100)?);
    let items = page.items.iter().map(|instance| instance.json(tx.account)).collect();
    let mut answer = super::paged("Instances", items, page.next);
    answer["ResourceOwner"] = json!(tx.account);
    Ok(answer)
}

pub(super) fn health_statuses(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let service = service_asked(tx, members)?;
    let asked = members.texts("Instances")?;
    let instances = if asked.is_empty() {
        tx.under::<Instance>(&service.id)?
    } else {
        asked.into_iter().map(|id| find(tx, &service, id)).collect::<Result<_, _>>()?
    };
    let page = Page::of(instances, Object::key, members.text("NextToken")?, page_size(members, 100)?);
    let statuses: BTreeMap<&str, &str> =
        page.items.iter().map(|instance| (instance.id.as_str(), instance.health(&service))).collect();
    let mut answer = json!({"Status": statuses});
    if let Some(token) = page.next {
        answer["NextToken"] = json!(token);
    }
    Ok(answer)
}

pub(super) fn update_health(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let service = service_asked(tx, members)?;
    let mut instance = find(tx, &service, members.required("InstanceId")?)?;
    members.required("Status")?;
    let healthy = members.one_of("Status", &["HEALTHY", "UNHEALTHY"])? == Some("HEALTHY");
    if service.health != Health::Custom {
        let message = format!("The service {} has no custom health check.", service.id);
        return Err(Fault::new("CustomHealthNotFound", message));
    }
    set_health(tx, &mut instance, healthy)?;
    Ok(json!({}))
}

/// Says whether an instance is healthy.
pub(super) fn set_health(tx: &mut Tx<'_>, instance: &mut Instance, healthy: bool) -> Result<(), Fault> {
    if instance.healthy == healthy {
        return Ok(());
    }
    instance.healthy = healthy;
    tx.put(instance)?;
    changed(tx, &instance.service)
}

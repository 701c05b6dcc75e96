//! Services of a namespace: their records and health checks.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::identifier::fresh_word;
use super::super::members::{Members, Page};
use super::super::service::Fault;
use super::super::store::{Object, StoreError, Tx};
use super::filter::Filter;
use super::instance::Instance;
use super::namespace::{self, Namespace};
use super::operation::{Busy, Change, ZONE, begin};
use super::{id_of, page_size, seconds, tags};
use crate::model::Json;

/// A service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Service {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) description: Option<String>,
    pub(super) created: Timestamp,
    pub(super) creator_request: Option<String>,
    /// `None` for one that only DiscoverInstances finds.
    pub(super) dns: Option<DnsConfig>,
    pub(super) health: Health,
    pub(super) tags: BTreeMap<String, String>,
    /// Counts what changes of its instances.
    pub(super) revision: i64,
}

/// What is registered in DNS for an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DnsConfig {
    pub(super) routing: String,
    /// The types with their seconds to live.
    pub(super) records: Vec<(String, i64)>,
}

/// How the health of instances is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Health {
    /// Not at all.
    Unchecked,
    /// By Route 53, with this configuration as it was sent.
    Checked(Json),
    /// By UpdateInstanceCustomHealthStatus.
    Custom,
}

/// What UpdateService changes: records and check are replaced, none where none are given (API reference).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Update {
    description: Option<String>,
    records: Option<Vec<(String, i64)>>,
    check: Option<Json>,
}

impl Object for Service {
    const TABLE: &'static str = "servicediscovery.service";

    fn key(&self) -> String {
        self.id.clone()
    }

    fn parent(&self) -> String {
        self.namespace.clone()
    }
}

/// Finds a service by its namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Name {
    namespace: String,
    name: String,
    service: String,
}

impl Object for Name {
    const TABLE: &'static str = "servicediscovery.service-name";

    fn key(&self) -> String {
        name_key(&self.namespace, &self.name)
    }
}

/// Names that differ by case only are the same name in DNS (API reference, `CreateService`).
fn name_key(namespace: &str, name: &str) -> String {
    format!("{namespace}/{}", name.to_ascii_lowercase())
}

fn not_found(id: &str) -> Fault {
    Fault::new("ServiceNotFound", format!("No service exists with the ID {id}."))
}

/// The service of an identifier or ARN.
pub(super) fn find(tx: &Tx<'_>, id: &str) -> Result<Service, Fault> {
    let id = id_of(id);
    tx.get::<Service>(id)?.ok_or_else(|| not_found(id))
}

/// The service of a name.
pub(super) fn named(tx: &Tx<'_>, namespace: &str, name: &str) -> Result<Option<Service>, StoreError> {
    match tx.get::<Name>(&name_key(namespace, name))? {
        Some(found) => tx.get::<Service>(&found.service),
        None => Ok(None),
    }
}

impl Service {
    /// Whether it has records of a type.
    pub(super) fn has_record(&self, of: &str) -> bool {
        self.dns.as_ref().is_some_and(|dns| dns.records.iter().any(|(kind, _)| kind == of))
    }

    fn summary(&self, tx: &Tx<'_>) -> Result<Json, Fault> {
        let mut service = json!({
            "Id": self.id,
            "Arn": self.arn,
            "ResourceOwner": tx.account,
            "CreatedByAccount": tx.account,
            "Name": self.name,
            "Type": if self.dns.is_some() { "DNS_HTTP" } else { "HTTP" },
            "InstanceCount": tx.under::<Instance>(&self.id)?.len(),
            "CreateDate": seconds(self.created),
        });
        if let Some(description) = &self.description {
            service["Description"] = json!(description);
        }
        if let Some(dns) = &self.dns {
            let record = |(kind, ttl): &(String, i64)| json!({"Type": kind, "TTL": ttl});
            service["DnsConfig"] = json!({
                "NamespaceId": self.namespace,
                "RoutingPolicy": dns.routing,
                "DnsRecords": dns.records.iter().map(record).collect::<Vec<_>>(),
            });
        }
        match &self.health {
            Health::Unchecked => {}
            Health::Checked(config) => service["HealthCheckConfig"] = config.clone(),
            Health::Custom => service["HealthCheckCustomConfig"] = json!({"FailureThreshold": 1}),
        }
        Ok(service)
    }

    fn full(&self, tx: &Tx<'_>) -> Result<Json, Fault> {
        let mut service = self.summary(tx)?;
        service["NamespaceId"] = json!(self.namespace);
        if let Some(request) = &self.creator_request {
            service["CreatorRequestId"] = json!(request);
        }
        Ok(service)
    }

    /// Whether a call asks for what this one is.
    fn is_what(&self, asked: &Self) -> bool {
        self.creator_request.is_some()
            && self.creator_request == asked.creator_request
            && (&self.description, &self.dns, &self.health, &self.tags)
                == (&asked.description, &asked.dns, &asked.health, &asked.tags)
    }
}

/// The records of a `DnsConfig`, in one of the combinations that there are (API reference, `DnsRecord`).
fn records(dns: &Members<'_>) -> Result<Vec<(String, i64)>, Fault> {
    let mut records = Vec::new();
    for record in dns.structures("DnsRecords")? {
        record.required("Type")?;
        let kind = record.one_of("Type", &["SRV", "A", "AAAA", "CNAME"])?.unwrap_or_default();
        let ttl = record.number("TTL", 0, 2_147_483_647)?;
        let ttl = ttl.ok_or_else(|| record.refuse("A DNS record has no TTL."))?;
        records.push((kind.to_owned(), ttl));
    }
    let mut kinds: Vec<&str> = records.iter().map(|(kind, _)| kind.as_str()).collect();
    kinds.sort_unstable();
    match kinds[..] {
        ["A" | "AAAA" | "SRV" | "CNAME"] | ["A", "AAAA"] => Ok(records),
        _ => Err(dns.refuse("Invalid combination of DNS record types: A, AAAA, A and AAAA, SRV, or CNAME.")),
    }
}

fn health_check(members: &Members<'_>, namespace: &Namespace) -> Result<Option<Json>, Fault> {
    let Some(config) = members.structure("HealthCheckConfig")? else { return Ok(None) };
    if namespace.dns.is_some() {
        return Err(config.refuse("HealthCheckConfig is not allowed in a private DNS namespace."));
    }
    config.required("Type")?;
    config.one_of("Type", &["HTTP", "HTTPS", "TCP"])?;
    config.number("FailureThreshold", 1, 10)?;
    Ok(Some(Json::Object(config.json().clone())))
}

fn dns_config(members: &Members<'_>, namespace: &Namespace) -> Result<Option<DnsConfig>, Fault> {
    let Some(config) = members.structure("DnsConfig")? else { return Ok(None) };
    if namespace.dns.is_none() {
        return Err(config.refuse("DnsConfig is not allowed in an HTTP namespace."));
    }
    if members.one_of("Type", &["HTTP"])?.is_some() {
        return Err(config.refuse("DnsConfig is not allowed in a service of type HTTP."));
    }
    let routing = config.one_of("RoutingPolicy", &["MULTIVALUE", "WEIGHTED"])?.unwrap_or("MULTIVALUE").to_owned();
    let records = records(&config)?;
    if routing != "WEIGHTED" && records.iter().any(|(kind, _)| kind == "CNAME") {
        return Err(config.refuse("A CNAME record needs the routing policy WEIGHTED."));
    }
    Ok(Some(DnsConfig { routing, records }))
}

/// Whether a name is labels of letters, digits, hyphens and underscores, joined by dots.
fn is_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let inner = label.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter));
        inner && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= 127 && name.split('.').all(is_label)
}

pub(super) fn create(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let name = members.required("Name")?;
    if !is_name(name) {
        return Err(members.invalid("Name", name, "Member must be labels of at most 63 letters, digits, - and _"));
    }
    let namespace = match members.text("NamespaceId")? {
        Some(id) => Some(id),
        None => members.structure("DnsConfig")?.map_or(Ok(None), |config| config.text("NamespaceId"))?,
    };
    let namespace = namespace::to_fill(tx, namespace.ok_or_else(|| members.refuse("NamespaceId has to be given."))?)?;
    let description = members.text("Description")?;
    let description = description.map(|text| members.within("Description", text, 0, 1024)).transpose()?;
    let custom = members.structure("HealthCheckCustomConfig")?;
    let health = match (health_check(members, &namespace)?, custom) {
        (None, None) => Health::Unchecked,
        (Some(config), None) => Health::Checked(config),
        (None, Some(config)) => {
            config.number("FailureThreshold", 1, 10)?;
            Health::Custom
        }
        (Some(_), Some(_)) => {
            return Err(members.refuse("Specify either HealthCheckConfig or HealthCheckCustomConfig, not both."));
        }
    };
    let dns = dns_config(members, &namespace)?;
    let id = format!("srv-{}", fresh_word(tx, "service", 16)?);
    let service = Service {
        arn: format!("arn:aws:servicediscovery:{}:{}:service/{id}", tx.region, tx.account),
        id,
        name: name.to_owned(),
        namespace: namespace.id,
        description: description.map(str::to_owned),
        created: tx.now,
        creator_request: members.text("CreatorRequestId")?.map(str::to_owned),
        dns,
        health,
        tags: tags(members, BTreeMap::new())?,
        revision: 1,
    };
    match named(tx, &service.namespace, name)? {
        Some(other) if other.is_what(&service) => return Ok(json!({"Service": other.full(tx)?})),
        Some(other) => {
            let message = "The service can't be created because a service with the same name already exists.";
            let fault = Fault::new("ServiceAlreadyExists", message).field("ServiceId", other.id);
            return Err(fault.field("ServiceArn", other.arn).field("CreatorRequestId", other.creator_request));
        }
        None => {}
    }
    tx.put(&Name { namespace: service.namespace.clone(), name: name.to_owned(), service: service.id.clone() })?;
    tx.put(&service)?;
    Ok(json!({"Service": service.full(tx)?}))
}

pub(super) fn get(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    Ok(json!({"Service": find(tx, members.required("Id")?)?.full(tx)?}))
}

pub(super) fn list(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let filters = Filter::read(members, &["NAMESPACE_ID", "RESOURCE_OWNER"])?;
    let mut services = match filters.iter().find(|filter| filter.name == "NAMESPACE_ID") {
        None => tx.all::<Service>()?,
        Some(filter) => {
            let mut services = Vec::new();
            for id in &filter.values {
                services.extend(tx.under::<Service>(id_of(id))?);
            }
            services
        }
    };
    let foreign = |filter: &Filter<'_>| filter.name == "RESOURCE_OWNER" && !filter.admits("SELF");
    if filters.iter().any(foreign) {
        services.clear();
    }
    let page = Page::of(services, Object::key, members.text("NextToken")?, page_size(members, 100)?);
    let items = page.items.iter().map(|service| service.summary(tx)).collect::<Result<_, _>>()?;
    Ok(super::paged("Services", items, page.next))
}

pub(super) fn update(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let service = find(tx, members.required("Id")?)?;
    let change = members.structure("Service")?.ok_or_else(|| members.refuse("Service has to be given."))?;
    let namespace = namespace::find(tx, &service.namespace)?;
    let check = health_check(&change, &namespace)?;
    if check.is_some() && service.health == Health::Custom {
        return Err(members.refuse("A service with HealthCheckCustomConfig cannot have HealthCheckConfig."));
    }
    let records = match (change.structure("DnsConfig")?, &service.dns) {
        (None, _) => None,
        (Some(config), Some(_)) => Some(records(&config)?),
        (Some(config), None) => return Err(config.refuse("The service has no DnsConfig that could be changed.")),
    };
    let description = change.text("Description")?.map(str::to_owned);
    let change = Change::UpdateService { service: service.id.clone(), update: Update { description, records, check } };
    Ok(json!({"OperationId": begin(tx, change, &service.id, "", ZONE)?}))
}

/// The end of changing one.
pub(super) fn updated(tx: &mut Tx<'_>, id: &str, update: &Update) -> Result<(), Fault> {
    let Some(mut service) = tx.get::<Service>(id)? else { return Ok(()) };
    service.description = update.description.clone().or(service.description);
    service.dns = match (service.dns, &update.records) {
        (Some(dns), Some(records)) => Some(DnsConfig { records: records.clone(), ..dns }),
        _ => None,
    };
    service.health = match (service.health, &update.check) {
        (Health::Custom, _) => Health::Custom,
        (_, Some(check)) => Health::Checked(check.clone()),
        (_, None) => Health::Unchecked,
    };
    Ok(tx.put(&service)?)
}

pub(super) fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let service = find(tx, members.required("Id")?)?;
    if !tx.under::<Instance>(&service.id)?.is_empty() || !tx.under::<Busy>(&service.id)?.is_empty() {
        let message = "Service contains registered instances; delete the instances before deleting the service.";
        return Err(Fault::new("ResourceInUse", message));
    }
    tx.delete::<Name>(&name_key(&service.namespace, &service.name))?;
    tx.delete::<Service>(&service.id)?;
    Ok(json!({}))
}

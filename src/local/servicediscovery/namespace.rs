//! Namespaces: private DNS ones, which need a VPC, and HTTP ones.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::ec2;
use super::super::identifier::fresh_word;
use super::super::members::{Members, Page};
use super::super::service::Fault;
use super::super::store::{Object, Tx};
use super::filter::Filter;
use super::operation::{self, Change, Failure, QUICK, ZONE, begin, duplicate, in_progress};
use super::service::Service;
use super::{id_of, page_size, seconds, tags};
use crate::model::Json;

/// A namespace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Namespace {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) created: Timestamp,
    pub(super) creator_request: Option<String>,
    /// The operation that makes it.
    pub(super) operation: String,
    /// Whether that has ended: before, it is not there for anybody but a call to make it again.
    pub(super) made: bool,
    /// `None` for an HTTP namespace.
    pub(super) dns: Option<Dns>,
    pub(super) tags: BTreeMap<String, String>,
}

/// What a private DNS namespace has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Dns {
    pub(super) vpc: String,
    pub(super) hosted_zone: String,
    /// Seconds, of the zone's SOA record.
    pub(super) ttl: i64,
}

impl Object for Namespace {
    const TABLE: &'static str = "servicediscovery.namespace";

    fn key(&self) -> String {
        self.id.clone()
    }

    fn parent(&self) -> String {
        self.name.clone()
    }
}

/// The namespace of an identifier or ARN.
pub(super) fn find(tx: &Tx<'_>, id: &str) -> Result<Namespace, Fault> {
    let id = id_of(id);
    let missing = || Fault::new("NamespaceNotFound", format!("No namespace exists with the ID {id}."));
    tx.get::<Namespace>(id)?.filter(|namespace| namespace.made).ok_or_else(missing)
}

/// The namespace of an identifier, to put something into: one that is being deleted is not there.
pub(super) fn to_fill(tx: &Tx<'_>, id: &str) -> Result<Namespace, Fault> {
    let namespace = find(tx, id)?;
    match in_progress(tx, &namespace.id)?.map(|operation| operation.change) {
        Some(Change::DeleteNamespace { .. }) => {
            Err(Fault::new("NamespaceNotFound", format!("The namespace {id} is being deleted.")))
        }
        _ => Ok(namespace),
    }
}

impl Namespace {
    fn kind(&self) -> &'static str {
        if self.dns.is_some() { "DNS_PRIVATE" } else { "HTTP" }
    }

    fn summary(&self, tx: &Tx<'_>) -> Result<Json, Fault> {
        let mut properties = json!({"HttpProperties": {"HttpName": self.name}});
        if let Some(dns) = &self.dns {
            properties["DnsProperties"] = json!({"HostedZoneId": dns.hosted_zone, "SOA": {"TTL": dns.ttl}});
        }
        let mut namespace = json!({
            "Id": self.id,
            "Arn": self.arn,
            "ResourceOwner": tx.account,
            "Name": self.name,
            "Type": self.kind(),
            "Properties": properties,
            "ServiceCount": tx.under::<Service>(&self.id)?.len(),
            "CreateDate": seconds(self.created),
        });
        if let Some(description) = &self.description {
            namespace["Description"] = json!(description);
        }
        Ok(namespace)
    }

    /// Whether a call asks for what this one is.
    fn is_what(&self, asked: &Self) -> bool {
        let dns = |namespace: &Self| namespace.dns.as_ref().map(|dns| (dns.vpc.clone(), dns.ttl));
        self.creator_request.is_some()
            && self.creator_request == asked.creator_request
            && self.description == asked.description
            && self.tags == asked.tags
            && dns(self) == dns(asked)
    }
}

fn description(members: &Members<'_>) -> Result<Option<String>, Fault> {
    let Some(text) = members.text("Description")? else { return Ok(None) };
    Ok(Some(members.within("Description", text, 0, 1024)?.to_owned()))
}

fn soa_ttl(members: &Members<'_>) -> Result<Option<i64>, Fault> {
    let Some(properties) = members.structure("Properties")? else { return Ok(None) };
    let Some(dns) = properties.structure("DnsProperties")? else { return Ok(None) };
    let Some(soa) = dns.structure("SOA")? else { return Ok(None) };
    soa.number("TTL", 0, 2_147_483_647)
}

/// The name of a namespace to be made.
fn name<'a>(members: &Members<'a>, most: usize) -> Result<&'a str, Fault> {
    let name = members.within("Name", members.required("Name")?, 1, most)?;
    if name.starts_with("arn:") || !name.chars().all(|letter| letter.is_ascii_graphic()) {
        let constraint = "Member must satisfy regular expression pattern: ^(?!arn:)[!-~]{1,1024}$";
        return Err(members.invalid("Name", name, constraint));
    }
    Ok(name)
}

pub(super) fn create_private_dns(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let name = name(members, 253)?;
    let labels = name.trim_end_matches('.').split('.');
    if !labels.into_iter().all(|label| (1..=63).contains(&label.len())) {
        return Err(members.refuse(format!("{name} is not a valid domain name.")));
    }
    let vpc = members.within("Vpc", members.required("Vpc")?, 1, 64)?.to_owned();
    let ttl = soa_ttl(members)?.unwrap_or(15);
    let hosted_zone = format!("Z{}", fresh_word(tx, "hosted-zone", 20)?.to_ascii_uppercase());
    create(tx, members, name, Some(Dns { vpc, hosted_zone, ttl }))
}

pub(super) fn create_http(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let name = name(members, 1024)?;
    create(tx, members, name, None)
}

fn create(tx: &mut Tx<'_>, members: &Members<'_>, name: &str, dns: Option<Dns>) -> Result<Json, Fault> {
    let creator_request = members.text("CreatorRequestId")?.map(str::to_owned);
    let id = format!("ns-{}", fresh_word(tx, "namespace", 16)?);
    let mut namespace = Namespace {
        arn: format!("arn:aws:servicediscovery:{}:{}:namespace/{id}", tx.region, tx.account),
        id,
        name: name.to_owned(),
        description: description(members)?,
        created: tx.now,
        creator_request,
        operation: String::new(),
        made: false,
        dns,
        tags: tags(members, BTreeMap::new())?,
    };
    let vpc = |namespace: &Namespace| namespace.dns.as_ref().map(|dns| dns.vpc.clone());
    let same = tx.under::<Namespace>(name)?.into_iter().find(|other| vpc(other) == vpc(&namespace));
    match same {
        Some(other) if other.is_what(&namespace) => return Ok(json!({"OperationId": other.operation})),
        Some(other) if !other.made => return Err(duplicate(&other.operation)),
        Some(other) => {
            let message = "The namespace that you're trying to create already exists.";
            let fault = Fault::new("NamespaceAlreadyExists", message).field("NamespaceId", other.id);
            return Err(fault.field("CreatorRequestId", other.creator_request));
        }
        None => {}
    }
    let duration = if namespace.dns.is_some() { ZONE } else { QUICK };
    let change = Change::CreateNamespace { namespace: namespace.id.clone() };
    namespace.operation = begin(tx, change, &namespace.id, "", duration)?;
    tx.put(&namespace)?;
    Ok(json!({"OperationId": namespace.operation}))
}

/// The end of making one.
pub(super) fn made(tx: &mut Tx<'_>, id: &str) -> Result<Result<(), Failure>, Fault> {
    let Some(namespace) = tx.get::<Namespace>(id)? else { return Ok(Ok(())) };
    let outcome = match &namespace.dns {
        None => Ok(()),
        Some(dns) => zone_outcome(&dns.vpc, ec2::vpc_dns(tx, &dns.vpc)?),
    };
    settle(tx, namespace, outcome.is_ok())?;
    Ok(outcome)
}

/// Whether a hosted zone can be made in a VPC, by whether that exists and has both its DNS attributes on.
fn zone_outcome(vpc: &str, dns: Option<bool>) -> Result<(), Failure> {
    let why = match dns {
        Some(true) => return Ok(()),
        Some(false) => format!("The VPC {vpc} does not have both enableDnsSupport and enableDnsHostnames set to true."),
        None => format!("The VPC {vpc} does not exist. (Service: Route53, Status Code: 400, Error Code: InvalidVPCId)"),
    };
    Err(Failure { code: "CANNOT_CREATE_HOSTED_ZONE".to_owned(), message: why })
}

/// Leaves nothing of a namespace that could not be made, so that it can be asked for again.
fn settle(tx: &mut Tx<'_>, mut namespace: Namespace, made: bool) -> Result<(), Fault> {
    if made {
        namespace.made = true;
        tx.put(&namespace)?;
    } else {
        tx.delete::<Namespace>(&namespace.id)?;
    }
    Ok(())
}

pub(super) fn get(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let namespace = find(tx, members.required("Id")?)?;
    let mut answer = namespace.summary(tx)?;
    if let Some(request) = &namespace.creator_request {
        answer["CreatorRequestId"] = json!(request);
    }
    Ok(json!({"Namespace": answer}))
}

pub(super) fn list(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let filters = Filter::read(members, &["TYPE", "NAME", "HTTP_NAME", "RESOURCE_OWNER"])?;
    let mut namespaces = tx.all::<Namespace>()?;
    namespaces.retain(|namespace| {
        let fits = |filter: &Filter<'_>| match filter.name {
            "TYPE" => filter.admits(namespace.kind()),
            "RESOURCE_OWNER" => filter.admits("SELF"),
            _ => filter.admits(&namespace.name),
        };
        namespace.made && filters.iter().all(fits)
    });
    let page = Page::of(namespaces, Object::key, members.text("NextToken")?, page_size(members, 100)?);
    let items = page.items.iter().map(|namespace| namespace.summary(tx)).collect::<Result<_, _>>()?;
    Ok(super::paged("Namespaces", items, page.next))
}

/// Begins to change a namespace, private DNS or HTTP as `dns` says.
pub(super) fn update(tx: &mut Tx<'_>, members: &Members<'_>, dns: bool) -> Result<Json, Fault> {
    let namespace = find(tx, members.required("Id")?)?;
    if namespace.dns.is_some() != dns {
        return Err(members.refuse(format!("The namespace {} is of another type.", namespace.id)));
    }
    let change = members.structure("Namespace")?.ok_or_else(|| members.refuse("Namespace has to be given."))?;
    let (description, ttl) = (description(&change)?, soa_ttl(&change)?);
    let duration = if dns { ZONE } else { QUICK };
    let change = Change::UpdateNamespace { namespace: namespace.id.clone(), description, ttl };
    Ok(json!({"OperationId": begin(tx, change, &namespace.id, "", duration)?}))
}

/// The end of changing one.
pub(super) fn updated(tx: &mut Tx<'_>, id: &str, description: Option<String>, ttl: Option<i64>) -> Result<(), Fault> {
    let Some(mut namespace) = tx.get::<Namespace>(id)? else { return Ok(()) };
    namespace.description = description.or(namespace.description);
    if let (Some(dns), Some(ttl)) = (&mut namespace.dns, ttl) {
        dns.ttl = ttl;
    }
    Ok(tx.put(&namespace)?)
}

pub(super) fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let namespace = find(tx, members.required("Id")?)?;
    if let Some(operation) = in_progress(tx, &namespace.id)? {
        return Err(operation::duplicate(&operation.id));
    }
    if !tx.under::<Service>(&namespace.id)?.is_empty() {
        let message = "Namespace has associated services; delete the services before deleting the namespace.";
        return Err(Fault::new("ResourceInUse", message));
    }
    let duration = if namespace.dns.is_some() { ZONE } else { QUICK };
    let change = Change::DeleteNamespace { namespace: namespace.id.clone() };
    Ok(json!({"OperationId": begin(tx, change, &namespace.id, "", duration)?}))
}

/// The end of deleting one.
pub(super) fn deleted(tx: &mut Tx<'_>, id: &str) -> Result<(), Fault> {
    tx.delete::<Namespace>(id)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_needs_a_vpc_with_both_dns_attributes_on() {
        assert_eq!(zone_outcome("vpc-1", Some(true)), Ok(()));
        for dns in [None, Some(false)] {
            let failure = zone_outcome("vpc-1", dns).unwrap_err();
            assert_eq!(failure.code, "CANNOT_CREATE_HOSTED_ZONE");
            assert!(failure.message.contains("vpc-1"));
        }
    }
}

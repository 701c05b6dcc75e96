//! VPC endpoints: gateways in route tables, and interfaces in subnets. [`super::endpoint_change`] is their later life.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::endpoint_service::{self as services, Form};
use super::filter::{Table, describe as describe_table};
use super::group::Group;
use super::ids::{Entity, IdForm, need};
use super::interface::{self, Interface, NewInterface, Owner};
use super::params::Params;
use super::route_table::RouteTable;
use super::subnet::Subnet;
use super::vpc::Vpc;
use super::{group, tags, token};
use crate::local::service::Fault;
use crate::local::store::{Object, Tx};
use crate::model::Json;

/// How long one with interfaces takes to become available, on AWS; also after it has got others.
pub(super) const MAKING: Duration = Duration::from_secs(75);
/// How long one with interfaces takes to go.
pub(super) const DELETING: Duration = Duration::from_secs(60);

/// The timer of one that is being made or changed.
pub const MADE: &str = "endpoint-made";
/// The timer of one that is being deleted.
pub const DELETED: &str = "endpoint-deleted";

/// What one lets through for which no policy is given.
/// Source: <https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html>
const FULL_ACCESS: &str =
    r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

/// A VPC endpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Endpoint {
    /// `vpce-…`.
    pub id: String,
    /// Its VPC.
    pub vpc: String,
    /// The whole name of its service.
    pub service: String,
    /// Where it stands.
    pub state: State,
    /// Whether it is in subnets or in route tables.
    pub form: Form,
    /// Its route tables.
    pub tables: Vec<String>,
    /// Its subnets, each with the interface in it.
    pub interfaces: Vec<(String, String)>,
    /// Whether the service's own name leads to it.
    pub private_dns: bool,
    pub(super) groups: Vec<String>,
    pub(super) policy: Option<String>,
    pub(super) records: String,
    created: Timestamp,
}

/// Where a VPC endpoint stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// It is being made or changed.
    Pending,
    /// It works.
    Available,
    /// It is being deleted.
    Deleting,
}

impl State {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Available => "available",
            Self::Deleting => "deleting",
        }
    }
}

impl Object for Endpoint {
    const TABLE: &'static str = "ec2.endpoint";

    fn key(&self) -> String {
        self.id.clone()
    }

    fn parent(&self) -> String {
        self.vpc.clone()
    }
}

impl Entity for Endpoint {
    const FORM: IdForm = IdForm {
        prefix: "vpce",
        missing: "InvalidVpcEndpointId.NotFound",
        message: "The Vpc Endpoint Id '{}' does not exist",
        malformed: "InvalidVpcEndpointId.Malformed",
        resource: "vpc-endpoint",
    };
}

const TABLE: Table = Table {
    ids: "VpcEndpointId",
    set: "vpcEndpointSet",
    filters: &[
        ("ip-address-type", "ipAddressType"),
        ("service-name", "serviceName"),
        ("service-region", "serviceRegion"),
        ("vpc-endpoint-id", "vpcEndpointId"),
        ("vpc-endpoint-state", "state"),
        ("vpc-endpoint-type", "vpcEndpointType"),
        ("vpc-id", "vpcId"),
    ],
    own: "vpc-endpoint-id",
    parent: Some("vpc-id"),
    most: 1000,
};

pub(super) fn wrong(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameter", message)
}

/// `CreateVpcEndpoint`.
pub fn create(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    params.refuse(&["ResourceConfigurationArn", "ServiceNetworkArn", "ServiceRegion", "SubnetConfiguration"])?;
    let earlier = token::earlier(tx, "CreateVpcEndpoint", params)?;
    let earlier: Option<Endpoint> = earlier.map(|id| tx.get(&id)).transpose()?.flatten();
    let endpoint = match earlier {
        Some(endpoint) => endpoint,
        None => {
            let endpoint = make(tx, params)?;
            tags::at_creation::<Endpoint>(tx, params, &endpoint.id)?;
            token::remember(tx, "CreateVpcEndpoint", params, &endpoint.id)?;
            endpoint
        }
    };
    Ok(json!({ "vpcEndpoint": show(tx, &endpoint)?, "clientToken": params.text("ClientToken") }))
}

fn make(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Endpoint, Fault> {
    let vpc: Vpc = need(tx, params.required("VpcId")?)?;
    let service = params.required("ServiceName")?;
    let forms = services::forms(&tx.region, service).ok_or_else(|| {
        Fault::new("InvalidServiceName", format!("The Vpc Endpoint Service '{service}' does not exist"))
    })?;
    let asked = params.text("VpcEndpointType").unwrap_or(Form::Gateway.as_str());
    let Some(form) = forms.iter().copied().find(|form| form.as_str() == asked) else {
        let there: Vec<&str> = forms.iter().map(|form| form.as_str()).collect();
        let there = there.join(", ");
        return Err(wrong(format!("Endpoint type ({asked}) does not match available service types ([{there}]).")));
    };
    let (of_other, name) = match form {
        Form::Gateway => (["SubnetId", "SecurityGroupId"].iter().find(|name| params.has(name)), "Gateway"),
        Form::Interface => (["RouteTableId"].iter().find(|name| params.has(name)), "Interface"),
    };
    if let Some(of_other) = of_other {
        return Err(wrong(format!("{of_other} is not for VPC endpoints of the type {name}.")));
    }
    let id = tx.fresh_id("vpce-")?;
    let mut endpoint = Endpoint {
        id,
        vpc: vpc.id,
        service: service.to_owned(),
        state: State::Available,
        form,
        tables: Vec::new(),
        interfaces: Vec::new(),
        private_dns: false,
        groups: Vec::new(),
        policy: policy(params)?,
        records: records(params)?.unwrap_or("ipv4").to_owned(),
        created: tx.now,
    };
    add_tables(tx, &mut endpoint, &params.list("RouteTableId"))?;
    if form == Form::Interface {
        endpoint.groups = params.list("SecurityGroupId").into_iter().map(str::to_owned).collect();
        check_groups(tx, &endpoint)?;
        add_subnets(tx, &mut endpoint, &params.list("SubnetId"))?;
        set_private_dns(tx, &mut endpoint, params.flag("PrivateDnsEnabled")?.unwrap_or(true))?;
        endpoint.state = State::Pending;
        tx.after(MAKING, "ec2", MADE, &endpoint.id)?;
    }
    tx.put(&endpoint)?;
    Ok(endpoint)
}

pub(super) fn policy(params: Params<'_>) -> Result<Option<String>, Fault> {
    let Some(text) = params.text("PolicyDocument").filter(|text| !text.is_empty()) else { return Ok(None) };
    let document: Option<Json> = serde_json::from_str(text).ok();
    if document.is_some_and(|document| document.get("Statement").is_some()) {
        return Ok(Some(text.to_owned()));
    }
    Err(Fault::new("InvalidPolicyDocument", "The policy document is not a JSON document with a Statement."))
}

/// The DNS records asked for.
pub(super) fn records<'a>(params: Params<'a>) -> Result<Option<&'a str>, Fault> {
    let asked = params.object("DnsOptions").and_then(|options| options.text("DnsRecordIpType"));
    match params
        .text("IpAddressType")
        .filter(|kind| *kind != "ipv4")
        .or(asked.filter(|kind| !["ipv4", "service-defined"].contains(kind)))
    {
        Some(other) => Err(wrong(format!("{other} is not possible: the subnets have no IPv6 addresses."))),
        None => Ok(asked),
    }
}

/// Puts route tables of the VPC to those of a gateway endpoint. A table leads to a service by one endpoint.
pub(super) fn add_tables(tx: &Tx<'_>, endpoint: &mut Endpoint, tables: &[&str]) -> Result<(), Fault> {
    for id in tables {
        let table: RouteTable = need(tx, id)?;
        if table.vpc != endpoint.vpc {
            return Err(wrong(format!("Route table {id} and {} belong to different networks.", endpoint.vpc)));
        }
        let others = tx.under::<Endpoint>(&endpoint.vpc)?;
        let leads = |other: &&Endpoint| {
            other.id != endpoint.id && other.service == endpoint.service && other.tables.contains(&table.id)
        };
        if others.iter().find(leads).is_some() {
            let list = services::prefix_list(&endpoint.service);
            let message = format!("route table {id} already has a route with destination-prefix-list-id {list}");
            return Err(Fault::new("RouteAlreadyExists", message));
        }
        if !endpoint.tables.contains(&table.id) {
            endpoint.tables.push(table.id);
        }
    }
    Ok(())
}

/// Puts an interface into each of the subnets. No two are in one zone.
pub(super) fn add_subnets(tx: &mut Tx<'_>, endpoint: &mut Endpoint, subnets: &[&str]) -> Result<(), Fault> {
    let mut zones = Vec::new();
    for (subnet, _) in &endpoint.interfaces {
        zones.extend(tx.get::<Subnet>(subnet)?.map(|subnet| subnet.zone));
    }
    for id in subnets {
        let subnet: Subnet = need(tx, id)?;
        if subnet.vpc != endpoint.vpc {
            return Err(wrong(format!("Subnet {id} and {} belong to different networks.", endpoint.vpc)));
        }
        if endpoint.interfaces.iter().any(|(there, _)| *there == subnet.id) {
            continue;
        }
        if zones.contains(&subnet.zone) {
            let message = format!("Found another VPC endpoint subnet in the availability zone of {id}.");
            return Err(Fault::new("DuplicateSubnetsInSameZone", message));
        }
        let groups = group::held_in(tx, &subnet, &endpoint.groups)?;
        zones.push(subnet.zone);
        let description = format!("VPC Endpoint Interface {}", endpoint.id);
        let new = NewInterface {
            subnet: &subnet.id,
            private_ip: None,
            groups,
            description: &description,
            owner: Owner::Endpoint,
        };
        let made = interface::make(tx, new)?;
        endpoint.interfaces.push((subnet.id, made.id));
    }
    Ok(())
}

pub(super) fn check_groups(tx: &Tx<'_>, endpoint: &Endpoint) -> Result<(), Fault> {
    for id in &endpoint.groups {
        if need::<Group>(tx, id)?.vpc != endpoint.vpc {
            return Err(wrong(format!("Security group {id} and {} belong to different networks.", endpoint.vpc)));
        }
    }
    Ok(())
}

/// Lets the service's own name lead to an endpoint, or not: to one in a VPC, and only where the VPC resolves names.
pub(super) fn set_private_dns(tx: &Tx<'_>, endpoint: &mut Endpoint, on: bool) -> Result<(), Fault> {
    if on {
        if !need::<Vpc>(tx, &endpoint.vpc)?.has_dns_names() {
            return Err(wrong(format!(
                "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true \
                 for {}",
                endpoint.vpc
            )));
        }
        let others = tx.under::<Endpoint>(&endpoint.vpc)?;
        let same = |other: &Endpoint| other.service == endpoint.service && other.private_dns && other.id != endpoint.id;
        if others.iter().any(same) {
            return Err(wrong(format!(
                "private-dns-enabled cannot be set because there is already a conflicting DNS domain for {} in the VPC {}",
                services::private_name(&tx.region, &endpoint.service),
                endpoint.vpc
            )));
        }
    }
    endpoint.private_dns = on;
    Ok(())
}

/// `DescribeVpcEndpoints`.
pub fn describe(tx: &Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    describe_table(tx, params, &TABLE, show)
}

fn show(tx: &Tx<'_>, endpoint: &Endpoint) -> Result<Json, Fault> {
    let mut groups = Vec::new();
    if let Some((_, interface)) = endpoint.interfaces.first() {
        for id in tx.get::<Interface>(interface)?.map(|interface| interface.groups).unwrap_or_default() {
            let name = tx.get::<Group>(&id)?.map(|group| group.name);
            groups.push(json!({ "groupId": id, "groupName": name }));
        }
    }
    let interface = endpoint.form == Form::Interface;
    let (subnets, interfaces): (Vec<&String>, Vec<&String>) =
        endpoint.interfaces.iter().map(|(subnet, interface)| (subnet, interface)).unzip();
    Ok(json!({
        "vpcEndpointId": endpoint.id,
        "vpcEndpointType": endpoint.form.as_str(),
        "vpcId": endpoint.vpc,
        "serviceName": endpoint.service,
        "serviceRegion": tx.region,
        "state": endpoint.state.as_str(),
        "policyDocument": endpoint.policy.as_deref().unwrap_or(FULL_ACCESS),
        "routeTableIdSet": endpoint.tables,
        "subnetIdSet": subnets,
        "groupSet": groups,
        "ipAddressType": interface.then_some("ipv4"),
        "dnsOptions": interface.then(|| json!({ "dnsRecordIpType": endpoint.records })),
        "privateDnsEnabled": endpoint.private_dns,
        "requesterManaged": false,
        "networkInterfaceIdSet": interfaces,
        "dnsEntrySet": names(tx, endpoint),
        "creationTimestamp": super::time(endpoint.created),
        "ownerId": tx.account,
        "tagSet": tags::set_of(tx, &endpoint.id)?,
    }))
}

/// The names that lead to an endpoint with interfaces.
fn names(tx: &Tx<'_>, endpoint: &Endpoint) -> Vec<Json> {
    if endpoint.form == Form::Gateway {
        return Vec::new();
    }
    let short = services::short(&tx.region, &endpoint.service).unwrap_or_default();
    let own = format!("{}-{}.{short}.{}.vpce.amazonaws.com", endpoint.id, &endpoint.id[6..14], tx.region);
    let private = endpoint.private_dns.then(|| services::private_name(&tx.region, &endpoint.service));
    let zone = format!("Z0{}", endpoint.id[6..].to_ascii_uppercase());
    [Some(own), private].into_iter().flatten().map(|name| json!({ "dnsName": name, "hostedZoneId": zone })).collect()
}

/// Takes a route table that goes from the endpoints of its VPC.
///
/// # Errors
/// When the store fails.
pub fn table_goes(tx: &mut Tx<'_>, table: &RouteTable) -> Result<(), Fault> {
    for mut endpoint in of_table(tx, &table.vpc, &table.id)? {
        endpoint.tables.retain(|there| *there != table.id);
        tx.put(&endpoint)?;
    }
    Ok(())
}

fn of_table(tx: &Tx<'_>, vpc: &str, table: &str) -> Result<Vec<Endpoint>, Fault> {
    let all = tx.under::<Endpoint>(vpc)?.into_iter();
    Ok(all.filter(|endpoint| endpoint.tables.iter().any(|there| there == table)).collect())
}

/// The routes that gateway endpoints have put into a route table.
///
/// # Errors
/// When the store fails.
pub fn routes(tx: &Tx<'_>, table: &RouteTable) -> Result<Vec<Json>, Fault> {
    let route = |endpoint: Endpoint| {
        json!({
            "destinationPrefixListId": services::prefix_list(&endpoint.service), "gatewayId": endpoint.id,
            "origin": "CreateRoute", "state": "active",
        })
    };
    Ok(of_table(tx, &table.vpc, &table.id)?.into_iter().map(route).collect())
}

/// Whether what has an interface reaches a service, such as `ecr.api`, by an endpoint of its VPC: by a gateway in its
/// route table, or by interfaces that let it in and to which the service's own name leads.
///
/// # Errors
/// When the store fails.
pub fn reaches(tx: &Tx<'_>, from: &Interface, service: &str) -> Result<bool, Fault> {
    const HTTPS: i64 = 443;
    let Some(subnet) = tx.get::<Subnet>(&from.subnet)? else { return Ok(false) };
    let table = super::route_table::of_subnet(tx, &subnet)?;
    for endpoint in tx.under::<Endpoint>(&from.vpc)? {
        if services::short(&tx.region, &endpoint.service) != Some(service) || endpoint.state != State::Available {
            continue;
        }
        if table.as_ref().is_some_and(|table| endpoint.tables.contains(table)) {
            return Ok(true);
        }
        if let Some((_, interface)) = endpoint.interfaces.first().filter(|_| endpoint.private_dns)
            && interface::lets_in(tx, interface, HTTPS, from)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

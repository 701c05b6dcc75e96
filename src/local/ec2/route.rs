//! Routes: where each leads, and whether it still does.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::gateway::Gateway;
use super::ids::{Entity, IdForm, need};
use super::interface::Interface;
use super::nat::Nat;
use super::params::{Params, combination, invalid, missing};
use super::route_table::{self, RouteTable};
use super::subnet::Subnet;
use super::vpc::Vpc;
use crate::local::service::Fault;
use crate::local::store::{Object, StoreError, Tx};
use crate::model::Json;

/// A route.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Route {
    /// Its route table.
    pub table: String,
    /// What it is for, its host bits cleared.
    pub destination: IpNet,
    /// Where it leads.
    pub target: Target,
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// To the VPC itself.
    Local,
    /// To an internet gateway.
    Gateway(String),
    /// To a NAT gateway.
    Nat(String),
    /// To a network interface.
    Interface(String),
}

impl Object for Route {
    const TABLE: &'static str = "ec2.route";

    fn key(&self) -> String {
        key(&self.table, self.destination)
    }

    fn parent(&self) -> String {
        self.table.clone()
    }
}

fn key(table: &str, destination: IpNet) -> String {
    format!("{table}|{destination}")
}

impl Route {
    /// The route of a VPC's own range.
    pub fn local(table: &str, cidr: Ipv4Net) -> Self {
        Self { table: table.to_owned(), destination: IpNet::V4(cidr), target: Target::Local }
    }
}

/// Targets that a route can have on AWS and that nothing here makes, each with the code for one that is not there.
const ABSENT_TARGETS: &[(&str, &str)] = &[
    ("CarrierGatewayId", "InvalidCarrierGatewayID.NotFound"),
    ("CoreNetworkArn", "InvalidCoreNetworkArn.NotFound"),
    ("EgressOnlyInternetGatewayId", "InvalidGatewayID.NotFound"),
    ("InstanceId", "InvalidInstanceID.NotFound"),
    ("LocalGatewayId", "InvalidLocalGatewayID.NotFound"),
    ("OdbNetworkArn", "InvalidOdbNetworkArn.NotFound"),
    ("TransitGatewayId", "InvalidTransitGatewayID.NotFound"),
    ("VpcEndpointId", "InvalidVpcEndpointId.NotFound"),
    ("VpcPeeringConnectionId", "InvalidVpcPeeringConnectionID.NotFound"),
];

/// `CreateRoute`.
pub fn create(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let table: RouteTable = need(tx, params.required("RouteTableId")?)?;
    let destination = destination(params)?;
    let target = target(tx, params, &table)?;
    check_destination(tx, &table, destination, &target)?;
    if tx.get::<Route>(&key(&table.id, destination))?.is_some() {
        let message = format!("The route identified by {destination} already exists.");
        return Err(Fault::new("RouteAlreadyExists", message));
    }
    tx.put(&Route { table: table.id, destination, target })?;
    Ok(super::done())
}

/// `ReplaceRoute`.
pub fn replace(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    params.refuse(&["LocalTarget"])?;
    let table: RouteTable = need(tx, params.required("RouteTableId")?)?;
    let destination = destination(params)?;
    let mut route = existing(tx, &table, destination)?;
    if route.target == Target::Local {
        return Err(invalid(format!("cannot replace local route {destination} in route table {}", table.id)));
    }
    route.target = target(tx, params, &table)?;
    check_destination(tx, &table, destination, &route.target)?;
    tx.put(&route)?;
    Ok(super::done())
}

/// `DeleteRoute`.
pub fn delete(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let table: RouteTable = need(tx, params.required("RouteTableId")?)?;
    let destination = destination(params)?;
    let route = existing(tx, &table, destination)?;
    if route.target == Target::Local {
        return Err(invalid(format!("cannot remove local route {destination} in route table {}", table.id)));
    }
    tx.delete::<Route>(&route.key())?;
    Ok(super::done())
}

fn existing(tx: &Tx<'_>, table: &RouteTable, destination: IpNet) -> Result<Route, Fault> {
    tx.get(&key(&table.id, destination))?.ok_or_else(|| {
        let message = format!("no route with destination-cidr-block {destination} in route table {}", table.id);
        Fault::new("InvalidRoute.NotFound", message)
    })
}

fn destination(params: Params<'_>) -> Result<IpNet, Fault> {
    params.refuse(&["DestinationPrefixListId"])?;
    let bad = |name: &str, text: &str| {
        invalid(format!("Value ({text}) for parameter {name} is invalid. This is not a valid CIDR block."))
    };
    match (params.text("DestinationCidrBlock"), params.text("DestinationIpv6CidrBlock")) {
        (Some(text), None) => match text.parse::<Ipv4Net>() {
            Ok(block) => Ok(IpNet::V4(block.trunc())),
            Err(_) => Err(bad("destinationCidrBlock", text)),
        },
        (None, Some(text)) => match text.parse::<Ipv6Net>() {
            Ok(block) => Ok(IpNet::V6(block.trunc())),
            Err(_) => Err(bad("destinationIpv6CidrBlock", text)),
        },
        (None, None) => Err(missing("destinationCidrBlock")),
        (Some(_), Some(_)) => Err(combination("A route has one destination.")),
    }
}

/// The one target that the parameters name, which must be there and in the VPC.
fn target(tx: &Tx<'_>, params: Params<'_>, table: &RouteTable) -> Result<Target, Fault> {
    let known = ["GatewayId", "NatGatewayId", "NetworkInterfaceId"];
    let given = known.iter().copied().chain(ABSENT_TARGETS.iter().map(|(name, _)| *name));
    match given.filter(|name| params.has(name)).count() {
        0 => return Err(missing("gatewayId")),
        1 => {}
        _ => return Err(combination("A route has one target.")),
    }
    if let Some(id) = params.text("GatewayId") {
        return gateway_target(tx, table, id);
    }
    if let Some(id) = params.text("NatGatewayId") {
        return nat_target(tx, table, id);
    }
    if let Some(id) = params.text("NetworkInterfaceId") {
        let interface: Interface = need(tx, id)?;
        return if interface.vpc == table.vpc {
            Ok(Target::Interface(interface.id))
        } else {
            Err(elsewhere(table, "interface", id))
        };
    }
    let (name, code) = ABSENT_TARGETS.iter().find(|(name, _)| params.has(name)).copied().unwrap_or_default();
    let id = params.text(name).unwrap_or_default();
    Err(Fault::new(code, format!("The target '{id}' does not exist")))
}

fn gateway_target(tx: &Tx<'_>, table: &RouteTable, id: &str) -> Result<Target, Fault> {
    let vpc = tx.get::<Gateway>(id)?.and_then(|gateway| gateway.vpc);
    match vpc {
        Some(vpc) if vpc == table.vpc => Ok(Target::Gateway(id.to_owned())),
        Some(_) => Err(elsewhere(table, "network gateway", id)),
        // One that is attached to nothing is refused in the same words.
        None => Err(Fault::new("InvalidGatewayID.NotFound", format!("The gateway ID '{id}' does not exist"))),
    }
}

fn nat_target(tx: &Tx<'_>, table: &RouteTable, id: &str) -> Result<Target, Fault> {
    const FORM: IdForm = IdForm {
        missing: "InvalidNatGatewayID.NotFound",
        message: "The natGateway ID '{}' does not exist",
        ..Nat::FORM
    };
    FORM.check(id)?;
    let nat = tx.get::<Nat>(id)?.filter(|nat| !nat.is_gone()).ok_or_else(|| FORM.absent(id))?;
    if nat.vpc == table.vpc { Ok(Target::Nat(nat.id)) } else { Err(elsewhere(table, "NAT gateway", id)) }
}

fn elsewhere(table: &RouteTable, what: &str, id: &str) -> Fault {
    invalid(format!("route table {} and {what} {id} belong to different networks", table.id))
}

/// A destination inside the VPC can lead to an interface only.
/// Source: <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html#route-table-routes>
fn check_destination(tx: &Tx<'_>, table: &RouteTable, destination: IpNet, target: &Target) -> Result<(), Fault> {
    let IpNet::V4(block) = destination else { return Ok(()) };
    let vpc: Vpc = need(tx, &table.vpc)?;
    if vpc.cidr != block && vpc.cidr.contains(&block) && matches!(target, Target::Gateway(_)) {
        return Err(invalid(format!(
            "The destination CIDR block {block} is equal to or more specific than one of this VPC's CIDR blocks. This \
             route can target only an interface or an instance."
        )));
    }
    Ok(())
}

/// A route as it is described.
///
/// # Errors
/// When the store fails.
pub fn show(tx: &Tx<'_>, route: &Route, vpc: &str) -> Result<Json, StoreError> {
    let destination = match route.destination {
        IpNet::V4(_) => "destinationCidrBlock",
        IpNet::V6(_) => "destinationIpv6CidrBlock",
    };
    let (member, target) = match &route.target {
        Target::Local => ("gatewayId", "local"),
        Target::Gateway(id) => ("gatewayId", id.as_str()),
        Target::Nat(id) => ("natGatewayId", id.as_str()),
        Target::Interface(id) => ("networkInterfaceId", id.as_str()),
    };
    let origin = if route.target == Target::Local { "CreateRouteTable" } else { "CreateRoute" };
    let state = if leads(tx, route, vpc)? { "active" } else { "blackhole" };
    Ok(json!({ destination: route.destination, member: target, "origin": origin, "state": state }))
}

/// Whether the target of a route is still there.
fn leads(tx: &Tx<'_>, route: &Route, vpc: &str) -> Result<bool, StoreError> {
    Ok(match &route.target {
        Target::Local => true,
        Target::Gateway(id) => tx.get::<Gateway>(id)?.is_some_and(|gateway| gateway.vpc.as_deref() == Some(vpc)),
        Target::Nat(id) => tx.get::<Nat>(id)?.is_some_and(|nat| !nat.is_gone()),
        Target::Interface(id) => tx.get::<Interface>(id)?.is_some(),
    })
}

/// Whether what is in a subnet reaches the internet by the default route: through a gateway with a public address, or
/// through a NAT gateway in a subnet that is itself routed to a gateway.
///
/// # Errors
/// When the store fails.
pub fn reaches_internet(tx: &Tx<'_>, subnet: &Subnet, public: bool) -> Result<bool, StoreError> {
    match default_target(tx, subnet)? {
        Some(Target::Gateway(_)) => Ok(public),
        Some(Target::Nat(id)) => {
            let Some(nat) = tx.get::<Nat>(&id)?.filter(Nat::is_open) else { return Ok(false) };
            let Some(outer) = tx.get::<Subnet>(&nat.subnet)? else { return Ok(false) };
            Ok(matches!(default_target(tx, &outer)?, Some(Target::Gateway(_))))
        }
        _ => Ok(false),
    }
}

/// The target of a subnet's default route, when it is there.
fn default_target(tx: &Tx<'_>, subnet: &Subnet) -> Result<Option<Target>, StoreError> {
    let Some(table) = route_table::of_subnet(tx, subnet)? else { return Ok(None) };
    let Some(route) = tx.get::<Route>(&key(&table, IpNet::V4(Ipv4Net::default())))? else { return Ok(None) };
    Ok(leads(tx, &route, &subnet.vpc)?.then_some(route.target))
}

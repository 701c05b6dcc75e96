//! What exists, as CloudFormation names it.

use super::address::Address;
use super::endpoint::Endpoint;
use super::gateway::Gateway;
use super::group::{DEFAULT, Group};
use super::nat::Nat;
use super::route::{Route, Target};
use super::route_table::{Association, RouteTable};
use super::subnet::Subnet;
use super::tags;
use super::vpc::Vpc;
use crate::local::service::{Fault, Listed};
use crate::local::store::Tx;

/// Everything that calls have made and that has not gone. Rules of security groups are part of their group.
///
/// # Errors
/// When the store fails.
pub fn list(tx: &Tx<'_>) -> Result<Vec<Listed>, Fault> {
    let mut listed = Vec::new();
    let mut add = |kind: &str, id: String, name: Option<String>, status: Option<&str>| {
        listed.push(Listed {
            type_name: format!("AWS::EC2::{kind}"),
            id,
            region: tx.region.clone(),
            name,
            status: status.map(str::to_owned),
        });
    };
    let vpcs: Vec<Vpc> = tx.all()?;
    for vpc in &vpcs {
        add("VPC", vpc.id.clone(), tags::name_of(tx, &vpc.id)?, Some("available"));
    }
    for subnet in tx.all::<Subnet>()? {
        add("Subnet", subnet.id.clone(), tags::name_of(tx, &subnet.id)?, Some("available"));
    }
    for gateway in tx.all::<Gateway>()? {
        add("InternetGateway", gateway.id.clone(), tags::name_of(tx, &gateway.id)?, None);
        if let Some(vpc) = gateway.vpc {
            add("VPCGatewayAttachment", format!("IGW|{vpc}"), None, Some("available"));
        }
    }
    for table in tx.all::<RouteTable>()? {
        if vpcs.iter().all(|vpc| vpc.main_table != table.id) {
            add("RouteTable", table.id.clone(), tags::name_of(tx, &table.id)?, None);
        }
    }
    for route in tx.all::<Route>()? {
        if route.target != Target::Local {
            add("Route", format!("{}|{}", route.table, route.destination), None, None);
        }
    }
    for association in tx.all::<Association>()? {
        if association.subnet.is_some() {
            add("SubnetRouteTableAssociation", association.id, None, None);
        }
    }
    for group in tx.all::<Group>()? {
        if group.name != DEFAULT {
            add("SecurityGroup", group.id, Some(group.name), None);
        }
    }
    for address in tx.all::<Address>()? {
        add("EIP", format!("{}|{}", address.ip, address.id), tags::name_of(tx, &address.id)?, None);
    }
    for nat in tx.all::<Nat>()? {
        if !nat.is_gone() {
            add("NatGateway", nat.id.clone(), tags::name_of(tx, &nat.id)?, Some(nat.state.as_str()));
        }
    }
    for endpoint in tx.all::<Endpoint>()? {
        add("VPCEndpoint", endpoint.id.clone(), tags::name_of(tx, &endpoint.id)?, Some(endpoint.state.as_str()));
    }
    Ok(listed)
}

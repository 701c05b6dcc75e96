//! Route tables and their associations with subnets. A subnet without one of its own is routed by the VPC's main table.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::filter::{Table, describe as describe_table};
use super::ids::{Entity, IdForm, need};
use super::params::{Params, dependency, invalid, missing};
use super::route::{self, Route};
use super::subnet::Subnet;
use super::vpc::Vpc;
use super::{endpoint, tags, token};
use crate::local::service::Fault;
use crate::local::store::{Object, StoreError, Tx};
use crate::model::Json;

/// A route table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RouteTable {
    /// `rtb-…`.
    pub id: String,
    /// Its VPC.
    pub vpc: String,
}

impl Object for RouteTable {
    const TABLE: &'static str = "ec2.route-table";

    fn key(&self) -> String {
        self.id.clone()
    }

    fn parent(&self) -> String {
        self.vpc.clone()
    }
}

impl Entity for RouteTable {
    const FORM: IdForm = IdForm {
        prefix: "rtb",
        missing: "InvalidRouteTableID.NotFound",
        message: "The routeTable ID '{}' does not exist",
        malformed: "InvalidRouteTableId.Malformed",
        resource: "route-table",
    };
}

/// An association of a route table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Association {
    /// `rtbassoc-…`.
    pub id: String,
    /// The route table.
    pub table: String,
    /// The subnet; none for the one that makes the table its VPC's main one.
    pub subnet: Option<String>,
}

impl Object for Association {
    const TABLE: &'static str = "ec2.route-table-association";

    fn key(&self) -> String {
        self.id.clone()
    }

    fn parent(&self) -> String {
        self.table.clone()
    }
}

impl Entity for Association {
    const FORM: IdForm = IdForm {
        prefix: "rtbassoc",
        missing: "InvalidAssociationID.NotFound",
        message: "The association ID '{}' does not exist",
        malformed: "InvalidAssociationID.NotFound",
        resource: "",
    };
}

const TABLE: Table = Table {
    ids: "RouteTableId",
    set: "routeTableSet",
    filters: &[
        ("association.gateway-id", "associationSet/*/gatewayId"),
        ("association.main", "associationSet/*/main"),
        ("association.route-table-association-id", "associationSet/*/routeTableAssociationId"),
        ("association.route-table-id", "associationSet/*/routeTableId"),
        ("association.subnet-id", "associationSet/*/subnetId"),
        ("owner-id", "ownerId"),
        ("route.destination-cidr-block", "routeSet/*/destinationCidrBlock"),
        ("route.destination-ipv6-cidr-block", "routeSet/*/destinationIpv6CidrBlock"),
        ("route.destination-prefix-list-id", "routeSet/*/destinationPrefixListId"),
        ("route.egress-only-internet-gateway-id", "routeSet/*/egressOnlyInternetGatewayId"),
        ("route.gateway-id", "routeSet/*/gatewayId"),
        ("route.instance-id", "routeSet/*/instanceId"),
        ("route.nat-gateway-id", "routeSet/*/natGatewayId"),
        ("route.origin", "routeSet/*/origin"),
        ("route.state", "routeSet/*/state"),
        ("route.transit-gateway-id", "routeSet/*/transitGatewayId"),
        ("route.vpc-peering-connection-id", "routeSet/*/vpcPeeringConnectionId"),
        ("route-table-id", "routeTableId"),
        ("vpc-id", "vpcId"),
    ],
    own: "route-table-id",
    parent: Some("vpc-id"),
    most: 100,
};

/// Makes the main route table of a VPC, and answers its identifier and that of its association.
///
/// # Errors
/// When the store fails.
pub fn create_main(tx: &mut Tx<'_>, vpc: &str, cidr: Ipv4Net) -> Result<(String, String), StoreError> {
    let table = make(tx, vpc, cidr)?;
    let association = Association { id: tx.fresh_id("rtbassoc-")?, table: table.id.clone(), subnet: None };
    tx.put(&association)?;
    Ok((table.id, association.id))
}

fn make(tx: &mut Tx<'_>, vpc: &str, cidr: Ipv4Net) -> Result<RouteTable, StoreError> {
    let table = RouteTable { id: tx.fresh_id("rtb-")?, vpc: vpc.to_owned() };
    tx.put(&table)?;
    tx.put(&Route::local(&table.id, cidr))?;
    Ok(table)
}

/// Forgets a route table with its routes and associations.
///
/// # Errors
/// When the store fails.
pub fn forget(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    for association in tx.under::<Association>(id)? {
        tx.delete::<Association>(&association.id)?;
    }
    for route in tx.under::<Route>(id)? {
        tx.delete::<Route>(&route.key())?;
    }
    tx.delete::<RouteTable>(id)?;
    tags::forget(tx, id)
}

/// `CreateRouteTable`.
pub fn create(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let client_token = params.text("ClientToken");
    let earlier = token::earlier(tx, "CreateRouteTable", params)?;
    let earlier: Option<RouteTable> = earlier.map(|id| tx.get(&id)).transpose()?.flatten();
    let table = match earlier {
        Some(table) => table,
        None => {
            let vpc: Vpc = need(tx, params.required("VpcId")?)?;
            let table = make(tx, &vpc.id, vpc.cidr)?;
            tags::at_creation::<RouteTable>(tx, params, &table.id)?;
            token::remember(tx, "CreateRouteTable", params, &table.id)?;
            table
        }
    };
    Ok(json!({ "routeTable": show(tx, &table)?, "clientToken": client_token }))
}

/// `DescribeRouteTables`.
pub fn describe(tx: &Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    describe_table(tx, params, &TABLE, show)
}

fn show(tx: &Tx<'_>, table: &RouteTable) -> Result<Json, Fault> {
    let associations = tx.under::<Association>(&table.id)?.into_iter().map(|association| {
        json!({
            "routeTableAssociationId": association.id,
            "routeTableId": association.table,
            "subnetId": association.subnet,
            "main": association.subnet.is_none(),
            "associationState": { "state": "associated" },
        })
    });
    let routes = tx.under::<Route>(&table.id)?.into_iter().map(|one| route::show(tx, &one, &table.vpc));
    let mut routes = routes.collect::<Result<Vec<_>, _>>()?;
    routes.extend(endpoint::routes(tx, table)?);
    Ok(json!({
        "routeTableId": table.id,
        "vpcId": table.vpc,
        "ownerId": tx.account,
        "associationSet": associations.collect::<Vec<_>>(),
        "routeSet": routes,
        "propagatingVgwSet": [],
        "tagSet": tags::set_of(tx, &table.id)?,
    }))
}

/// `DeleteRouteTable`: not while it has associations, and so never the main one.
pub fn delete(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let table: RouteTable = need(tx, params.required("RouteTableId")?)?;
    if !tx.under::<Association>(&table.id)?.is_empty() {
        return Err(dependency(format!("The routeTable '{}' has dependencies and cannot be deleted.", table.id)));
    }
    endpoint::table_goes(tx, &table)?;
    forget(tx, &table.id)?;
    Ok(super::done())
}

/// `AssociateRouteTable`, with a subnet.
pub fn associate(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    params.refuse(&["GatewayId", "PublicIpv4Pool"])?;
    let table: RouteTable = need(tx, params.required("RouteTableId")?)?;
    let Some(subnet) = params.text("SubnetId") else { return Err(missing("subnetId")) };
    let mut subnet: Subnet = need(tx, subnet)?;
    same_network(&table, &subnet)?;
    if subnet.association.is_some() {
        let message =
            format!("the specified association for route table {} conflicts with an existing association", table.id);
        return Err(Fault::new("Resource.AlreadyAssociated", message));
    }
    let association = bind(tx, &table, &mut subnet)?;
    Ok(json!({ "associationId": association, "associationState": { "state": "associated" } }))
}

fn same_network(table: &RouteTable, subnet: &Subnet) -> Result<(), Fault> {
    if subnet.vpc == table.vpc {
        return Ok(());
    }
    Err(invalid(format!("Route table {} and subnet {} belong to different networks", table.id, subnet.id)))
}

fn bind(tx: &mut Tx<'_>, table: &RouteTable, subnet: &mut Subnet) -> Result<String, StoreError> {
    let id = tx.fresh_id("rtbassoc-")?;
    tx.put(&Association { id: id.clone(), table: table.id.clone(), subnet: Some(subnet.id.clone()) })?;
    subnet.association = Some(id.clone());
    tx.put(subnet)?;
    Ok(id)
}

/// `DisassociateRouteTable`.
pub fn disassociate(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let association: Association = need(tx, params.required("AssociationId")?)?;
    let Some(subnet) = &association.subnet else {
        let message = format!("cannot disassociate the main route table association {}", association.id);
        return Err(invalid(message));
    };
    let mut subnet: Subnet = need(tx, subnet)?;
    subnet.association = None;
    tx.put(&subnet)?;
    tx.delete::<Association>(&association.id)?;
    Ok(super::done())
}

/// `ReplaceRouteTableAssociation`: also makes another table the main one.
pub fn replace_association(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let association: Association = need(tx, params.required("AssociationId")?)?;
    let table: RouteTable = need(tx, params.required("RouteTableId")?)?;
    let id = match &association.subnet {
        Some(subnet) => {
            let mut subnet: Subnet = need(tx, subnet)?;
            same_network(&table, &subnet)?;
            bind(tx, &table, &mut subnet)?
        }
        None => {
            let mut vpc: Vpc = need(tx, &table.vpc)?;
            if vpc.main_association != association.id {
                let message =
                    format!("Route table {} and association {} belong to different networks", table.id, association.id);
                return Err(invalid(message));
            }
            let id = tx.fresh_id("rtbassoc-")?;
            tx.put(&Association { id: id.clone(), table: table.id.clone(), subnet: None })?;
            vpc.main_table = table.id;
            vpc.main_association.clone_from(&id);
            tx.put(&vpc)?;
            id
        }
    };
    tx.delete::<Association>(&association.id)?;
    Ok(json!({ "newAssociationId": id, "associationState": { "state": "associated" } }))
}

/// The route table by which what is in a subnet is routed.
///
/// # Errors
/// When the store fails.
pub fn of_subnet(tx: &Tx<'_>, subnet: &Subnet) -> Result<Option<String>, StoreError> {
    match &subnet.association {
        Some(association) => Ok(tx.get::<Association>(association)?.map(|association| association.table)),
        None => Ok(tx.get::<Vpc>(&subnet.vpc)?.map(|vpc| vpc.main_table)),
    }
}

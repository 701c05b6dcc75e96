//! Public addresses: elastic ones, and those that tasks get while they run.
//!
//! All are from 198.18.0.0/15, which belongs to nobody ([RFC 2544](https://www.rfc-editor.org/rfc/rfc2544)).

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::filter::{Filters, Table, describe as describe_table};
use super::ids::{Entity, IdForm, need};
use super::interface::Interface;
use super::params::{Params, invalid, missing};
use super::space::Taken;
use super::tags;
use crate::local::service::Fault;
use crate::local::store::{Object, Tx};
use crate::model::Json;

const FIRST: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);
const LAST: Ipv4Addr = Ipv4Addr::new(198, 19, 255, 254);

/// The public addresses that are given, in all regions.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Pool {
    taken: Taken,
}

impl Object for Pool {
    const TABLE: &'static str = "ec2.public-pool";
    const GLOBAL: bool = true;

    fn key(&self) -> String {
        String::new()
    }
}

/// Takes a public address.
///
/// # Errors
/// `InsufficientAddressCapacity` when all are given.
pub fn take_public(tx: &mut Tx<'_>) -> Result<Ipv4Addr, Fault> {
    let mut pool: Pool = tx.get("")?.unwrap_or_default();
    let Some(address) = pool.taken.first_free(FIRST, LAST) else {
        return Err(Fault::new(
            "InsufficientAddressCapacity",
            "Not enough available addresses to satisfy your request.",
        ));
    };
    pool.taken.take(address);
    tx.put(&pool)?;
    Ok(address)
}

/// Gives a public address back.
///
/// # Errors
/// When the store fails.
pub fn give_back_public(tx: &mut Tx<'_>, address: Ipv4Addr) -> Result<(), Fault> {
    let mut pool: Pool = tx.get("")?.unwrap_or_default();
    pool.taken.give_back(address);
    Ok(tx.put(&pool)?)
}

/// An elastic address.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Address {
    /// `eipalloc-…`.
    pub id: String,
    /// The address.
    pub ip: Ipv4Addr,
    /// What it is associated with.
    pub bound: Option<Bound>,
}

/// What an elastic address is associated with: the interface of a NAT gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bound {
    /// `eipassoc-…`.
    pub association: String,
    /// The interface.
    pub interface: String,
    /// The interface's private address.
    pub private_ip: Ipv4Addr,
}

impl Object for Address {
    const TABLE: &'static str = "ec2.address";

    fn key(&self) -> String {
        self.id.clone()
    }

    /// Its association, by which calls find it.
    fn parent(&self) -> String {
        self.bound.as_ref().map(|bound| bound.association.clone()).unwrap_or_default()
    }
}

impl Entity for Address {
    const FORM: IdForm = IdForm {
        prefix: "eipalloc",
        missing: "InvalidAllocationID.NotFound",
        message: "The allocation ID '{}' does not exist",
        malformed: "InvalidAllocationID.NotFound",
        resource: "elastic-ip",
    };
}

const TABLE: Table = Table {
    ids: "AllocationId",
    set: "addressesSet",
    filters: &[
        ("allocation-id", "allocationId"),
        ("association-id", "associationId"),
        ("domain", "domain"),
        ("instance-id", "instanceId"),
        ("network-border-group", "networkBorderGroup"),
        ("network-interface-id", "networkInterfaceId"),
        ("network-interface-owner-id", "networkInterfaceOwnerId"),
        ("private-ip-address", "privateIpAddress"),
        ("public-ip", "publicIp"),
    ],
    own: "allocation-id",
    parent: Some("association-id"),
    most: 1000,
};

/// `AllocateAddress`.
pub fn allocate(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    params.refuse(&["Address", "CustomerOwnedIpv4Pool", "IpamPoolId"])?;
    if let Some(domain) = params.text("Domain").filter(|domain| *domain != "vpc") {
        return Err(invalid(format!("Value ({domain}) for parameter domain is invalid. Must be 'vpc'.")));
    }
    if let Some(pool) = params.text("PublicIpv4Pool").filter(|pool| *pool != "amazon") {
        return Err(Fault::new("InvalidPublicIpv4PoolID.NotFound", format!("The pool ID '{pool}' does not exist")));
    }
    if let Some(group) = params.text("NetworkBorderGroup").filter(|group| *group != tx.region) {
        return Err(invalid(format!("Value ({group}) for parameter networkBorderGroup is invalid.")));
    }
    let address = Address { id: tx.fresh_id("eipalloc-")?, ip: take_public(tx)?, bound: None };
    tx.put(&address)?;
    tags::at_creation::<Address>(tx, params, &address.id)?;
    Ok(json!({
        "allocationId": address.id, "publicIp": address.ip, "domain": "vpc", "publicIpv4Pool": "amazon",
        "networkBorderGroup": tx.region,
    }))
}

/// `DescribeAddresses`.
pub fn describe(tx: &Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let ips = params.list("PublicIp");
    if ips.is_empty() {
        let mut answer = describe_table(tx, params, &TABLE, show)?;
        // This call has no pages.
        answer.as_object_mut().map(|answer| answer.remove("nextToken"));
        return Ok(answer);
    }
    let filters = Filters::of(params, TABLE.filters)?;
    let all: Vec<Address> = tx.all()?;
    let mut shown = Vec::new();
    for ip in ips {
        let Some(address) = all.iter().find(|address| address.ip.to_string() == ip) else {
            return Err(Fault::new("InvalidAddress.NotFound", format!("Address '{ip}' not found.")));
        };
        let json = show(tx, address)?;
        if filters.pass(&json) {
            shown.push(json);
        }
    }
    Ok(json!({ TABLE.set: shown }))
}

fn show(tx: &Tx<'_>, address: &Address) -> Result<Json, Fault> {
    let mut shown = json!({
        "allocationId": address.id,
        "publicIp": address.ip,
        "domain": "vpc",
        "publicIpv4Pool": "amazon",
        "networkBorderGroup": tx.region,
        "tagSet": tags::set_of(tx, &address.id)?,
    });
    if let Some(bound) = &address.bound {
        shown["associationId"] = json!(bound.association);
        shown["networkInterfaceId"] = json!(bound.interface);
        shown["networkInterfaceOwnerId"] = json!(tx.account);
        shown["privateIpAddress"] = json!(bound.private_ip);
    }
    Ok(shown)
}

/// `ReleaseAddress`.
pub fn release(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let Some(id) = params.text("AllocationId") else {
        return Err(if params.has("PublicIp") {
            invalid("You must specify an allocation id when releasing a VPC elastic IP address")
        } else {
            missing("AllocationId")
        });
    };
    let address: Address = need(tx, id)?;
    if address.bound.is_some() {
        return Err(Fault::new("InvalidIPAddress.InUse", format!("Address {} is in use.", address.ip)));
    }
    give_back_public(tx, address.ip)?;
    tx.delete::<Address>(&address.id)?;
    tags::forget(tx, &address.id)?;
    Ok(super::done())
}

/// `AssociateAddress`. Every interface here is a service's own, and AWS lets nobody change those.
pub fn associate(tx: &Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let address: Address = need(tx, params.required("AllocationId")?)?;
    if let Some(instance) = params.text("InstanceId") {
        let message = format!("The instance ID '{instance}' does not exist");
        return Err(Fault::new("InvalidInstanceID.NotFound", message));
    }
    let interface: Interface = need(tx, params.required("NetworkInterfaceId")?)?;
    if let Some(bound) = &address.bound
        && params.flag("AllowReassociation")? != Some(true)
    {
        return Err(already_bound(&address, bound));
    }
    Err(not_yours(&interface.id))
}

/// `DisassociateAddress`: what a NAT gateway holds is let go when the gateway is deleted, and not before.
pub fn disassociate(tx: &Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let Some(association) = params.text("AssociationId") else { return Err(missing("AssociationId")) };
    let held = if association.is_empty() { Vec::new() } else { tx.under::<Address>(association)? };
    match held.into_iter().find_map(|address| address.bound) {
        Some(bound) => Err(not_yours(&bound.interface)),
        None => Err(Fault::new(
            "InvalidAssociationID.NotFound",
            format!("The association ID '{association}' does not exist"),
        )),
    }
}

/// The refusal to associate an address a second time.
pub fn already_bound(address: &Address, bound: &Bound) -> Fault {
    let message = format!("resource {} is already associated with associate-id {}", address.id, bound.association);
    Fault::new("Resource.AlreadyAssociated", message)
}

fn not_yours(interface: &str) -> Fault {
    let message = format!("You do not have permission to access the specified resource ({interface}).");
    Fault::new("AuthFailure", message).status(403)
}

//! NAT gateways: made and deleted over time, and described for an hour after they have gone.

use std::net::Ipv4Addr;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::address::{self, Address, Bound};
use super::filter::{Table, describe as describe_table};
use super::ids::{Entity, IdForm, need};
use super::interface::{self, Interface, NewInterface, Owner, Public};
use super::params::{Params, combination, invalid};
use super::subnet::Subnet;
use super::vpc::Vpc;
use super::{tags, token};
use crate::local::service::{Fault, Timer};
use crate::local::store::{Object, Tx};
use crate::model::Json;

/// How long one takes to become available, on AWS.
const MAKING: Duration = Duration::from_secs(90);
/// How long until one that cannot be made has failed.
const FAILING: Duration = Duration::from_secs(5);
/// How long one takes to be deleted.
const DELETING: Duration = Duration::from_secs(45);
/// How long one that has gone is still described.
/// Source: <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-working-with.html>
const DESCRIBED: Duration = Duration::from_secs(3600);

/// The timer of one that is being made.
pub const MADE: &str = "nat-made";
/// The timer of one that is being deleted.
pub const DELETED: &str = "nat-deleted";
/// The timer of one that is to be forgotten.
pub const FORGOTTEN: &str = "nat-forgotten";

/// A NAT gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Nat {
    /// `nat-…`.
    pub id: String,
    /// Its subnet.
    pub subnet: String,
    /// Its VPC.
    pub vpc: String,
    /// Where it stands.
    pub state: State,
    public: bool,
    created: Timestamp,
    deleted: Option<Timestamp>,
    failure: Option<Failure>,
    allocation: Option<String>,
    public_ip: Option<Ipv4Addr>,
    association: Option<String>,
    private_ip: Option<Ipv4Addr>,
    interface: Option<String>,
}

/// Where a NAT gateway stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// It is being made.
    Pending,
    /// It works.
    Available,
    /// It could not be made.
    Failed,
    /// It is being deleted.
    Deleting,
    /// It has gone.
    Deleted,
}

impl State {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Available => "available",
            Self::Failed => "failed",
            Self::Deleting => "deleting",
            Self::Deleted => "deleted",
        }
    }
}

/// Why one could not be made.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Failure {
    code: String,
    message: String,
}

impl Object for Nat {
    const TABLE: &'static str = "ec2.nat-gateway";

    fn key(&self) -> String {
        self.id.clone()
    }

    fn parent(&self) -> String {
        self.vpc.clone()
    }
}

impl Entity for Nat {
    const FORM: IdForm = IdForm {
        prefix: "nat",
        missing: "NatGatewayNotFound",
        message: "The Nat Gateway {} was not found",
        malformed: "NatGatewayMalformed",
        resource: "natgateway",
    };
}

impl Nat {
    /// Whether it is there only to be described.
    pub fn is_gone(&self) -> bool {
        matches!(self.state, State::Failed | State::Deleted)
    }

    /// Whether it leads to the internet.
    pub fn is_open(&self) -> bool {
        self.state == State::Available && self.public
    }
}

const TABLE: Table = Table {
    ids: "NatGatewayId",
    set: "natGatewaySet",
    filters: &[("nat-gateway-id", "natGatewayId"), ("state", "state"), ("subnet-id", "subnetId"), ("vpc-id", "vpcId")],
    own: "nat-gateway-id",
    parent: Some("vpc-id"),
    most: 1000,
};

/// `CreateNatGateway`. What keeps one from working does not refuse the call: the gateway fails.
pub fn create(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    params.refuse(&[
        "AvailabilityZoneAddress",
        "SecondaryAllocationId",
        "SecondaryPrivateIpAddress",
        "SecondaryPrivateIpAddressCount",
        "VpcId",
    ])?;
    let earlier = token::earlier(tx, "CreateNatGateway", params)?;
    let earlier: Option<Nat> = earlier.map(|id| tx.get(&id)).transpose()?.flatten();
    let nat = match earlier {
        Some(nat) => nat,
        None => {
            let nat = make(tx, params)?;
            tags::at_creation::<Nat>(tx, params, &nat.id)?;
            token::remember(tx, "CreateNatGateway", params, &nat.id)?;
            nat
        }
    };
    Ok(json!({ "natGateway": show(tx, &nat)?, "clientToken": params.text("ClientToken") }))
}

fn make(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Nat, Fault> {
    if let Some(mode) = params.text("AvailabilityMode").filter(|mode| *mode != "zonal") {
        return Err(Fault::new("UnsupportedOperation", format!("The embedded AWS has no {mode} NAT gateways.")));
    }
    let public = match params.text("ConnectivityType").unwrap_or("public") {
        "public" => true,
        "private" => false,
        other => return Err(invalid(format!("Value ({other}) for parameter connectivityType is invalid."))),
    };
    let subnet: Subnet = need(tx, params.required("SubnetId")?)?;
    let address = match (public, params.text("AllocationId")) {
        (true, _) => Some(need::<Address>(tx, params.required("AllocationId")?)?),
        (false, None) => None,
        (false, Some(_)) => return Err(combination("A private NAT gateway has no elastic IP address.")),
    };
    let private_ip = params.text("PrivateIpAddress").map(str::parse).transpose();
    let private_ip = private_ip.map_err(|_| invalid("Value for parameter privateIpAddress is invalid."))?;
    let mut nat = Nat {
        id: tx.fresh_id("nat-")?,
        subnet: subnet.id,
        vpc: subnet.vpc,
        state: State::Pending,
        public,
        created: tx.now,
        deleted: None,
        failure: None,
        allocation: address.as_ref().map(|address| address.id.clone()),
        public_ip: address.as_ref().map(|address| address.ip),
        association: None,
        private_ip,
        interface: None,
    };
    match connect(tx, &mut nat, address) {
        Ok(()) => tx.after(MAKING, "ec2", MADE, &nat.id)?,
        Err(fault) if FAILURES.contains(&fault.code.as_str()) => {
            nat.failure = Some(Failure { code: fault.code, message: fault.message });
            tx.after(FAILING, "ec2", MADE, &nat.id)?;
        }
        Err(fault) => return Err(fault),
    }
    tx.put(&nat)?;
    Ok(nat)
}

/// The codes with which a gateway fails.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NatGateway.html>
const FAILURES: &[&str] = &["InsufficientFreeAddressesInSubnet", "Gateway.NotAttached", "Resource.AlreadyAssociated"];

/// Gives a gateway its interface and address, or changes nothing.
fn connect(tx: &mut Tx<'_>, nat: &mut Nat, address: Option<Address>) -> Result<(), Fault> {
    if let Some(address) = &address
        && let Some(bound) = &address.bound
    {
        return Err(address::already_bound(address, bound));
    }
    if nat.public && need::<Vpc>(tx, &nat.vpc)?.gateway.is_none() {
        let message = format!("Network {} has no Internet gateway attached", nat.vpc);
        return Err(Fault::new("Gateway.NotAttached", message));
    }
    let description = format!("Interface for NAT Gateway {}", nat.id);
    let mut interface = interface::make(
        tx,
        NewInterface {
            subnet: &nat.subnet,
            private_ip: nat.private_ip,
            groups: Vec::new(),
            description: &description,
            owner: Owner::Nat,
        },
    )?;
    nat.private_ip = Some(interface.private_ip);
    nat.interface = Some(interface.id.clone());
    if let Some(mut address) = address {
        let association = tx.fresh_id("eipassoc-")?;
        nat.association = Some(association.clone());
        interface.public = Some(Public { ip: address.ip, elastic: Some((address.id.clone(), association.clone())) });
        tx.put(&interface)?;
        address.bound = Some(Bound { association, interface: interface.id, private_ip: interface.private_ip });
        tx.put(&address)?;
    }
    Ok(())
}

/// `DescribeNatGateways`.
pub fn describe(tx: &Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    describe_table(tx, params, &TABLE, show)
}

fn show(tx: &Tx<'_>, nat: &Nat) -> Result<Json, Fault> {
    let status = match nat.state {
        State::Pending => "associating",
        State::Available => "succeeded",
        State::Failed => "failed",
        State::Deleting | State::Deleted => "disassociating",
    };
    let failure = nat.failure.as_ref().filter(|_| nat.state != State::Pending);
    Ok(json!({
        "natGatewayId": nat.id,
        "subnetId": nat.subnet,
        "vpcId": nat.vpc,
        "state": nat.state.as_str(),
        "connectivityType": if nat.public { "public" } else { "private" },
        "availabilityMode": "zonal",
        "createTime": super::time(nat.created),
        "deleteTime": nat.deleted.map(super::time),
        "failureCode": failure.map(|failure| &failure.code),
        "failureMessage": failure.map(|failure| &failure.message),
        "natGatewayAddressSet": [{
            "allocationId": nat.allocation,
            "associationId": nat.association,
            "publicIp": nat.public_ip,
            "networkInterfaceId": nat.interface,
            "privateIp": nat.private_ip,
            "isPrimary": true,
            "status": status,
        }],
        "tagSet": tags::set_of(tx, &nat.id)?,
    }))
}

/// `DeleteNatGateway`: routes to it stay and lead nowhere.
pub fn delete(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let id = params.required("NatGatewayId")?;
    let mut nat: Nat = need(tx, id)?;
    match nat.state {
        State::Deleted => return Err(Nat::FORM.absent(id)),
        State::Deleting => {}
        State::Pending | State::Available | State::Failed => {
            nat.state = State::Deleting;
            nat.deleted = Some(tx.now);
            tx.put(&nat)?;
            tx.after(DELETING, "ec2", DELETED, &nat.id)?;
        }
    }
    Ok(json!({ "natGatewayId": nat.id }))
}

/// Carries out a timer of a gateway.
///
/// # Errors
/// When the store fails.
pub fn due(tx: &mut Tx<'_>, timer: &Timer) -> Result<(), Fault> {
    let Some(mut nat) = tx.get::<Nat>(&timer.key)? else { return Ok(()) };
    match (timer.what.as_str(), nat.state) {
        (MADE, State::Pending) if nat.failure.is_some() => {
            nat.state = State::Failed;
            nat.deleted = Some(tx.now);
            tx.put(&nat)?;
            forget_later(tx, &nat.id)?;
        }
        (MADE, State::Pending) => {
            nat.state = State::Available;
            tx.put(&nat)?;
        }
        (DELETED, State::Deleting) => {
            disconnect(tx, &nat)?;
            nat.state = State::Deleted;
            tx.put(&nat)?;
            forget_later(tx, &nat.id)?;
        }
        (FORGOTTEN, State::Failed | State::Deleted) => {
            tx.delete::<Nat>(&nat.id)?;
            tags::forget(tx, &nat.id)?;
        }
        _ => {}
    }
    Ok(())
}

/// Lets one that has gone be described for an hour of the clock, whatever the pace: nobody waits for that, and at a
/// quick pace the reason of a failure would be gone before it is read.
fn forget_later(tx: &mut Tx<'_>, id: &str) -> Result<(), Fault> {
    match Duration::try_from_secs_f64(DESCRIBED.as_secs_f64() / tx.settings.pace) {
        Ok(on_aws) => Ok(tx.after(on_aws, "ec2", FORGOTTEN, id)?),
        // Where nothing takes time, it stays.
        Err(_) => Ok(()),
    }
}

fn disconnect(tx: &mut Tx<'_>, nat: &Nat) -> Result<(), Fault> {
    let Some(id) = &nat.interface else { return Ok(()) };
    let elastic = tx.get::<Interface>(id)?.and_then(|interface| interface.public?.elastic);
    if let Some((allocation, _)) = elastic
        && let Some(mut address) = tx.get::<Address>(&allocation)?
    {
        address.bound = None;
        tx.put(&address)?;
    }
    interface::remove(tx, id)
}

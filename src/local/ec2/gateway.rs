//! Internet gateways and their attachment to a VPC.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::filter::{Table, describe as describe_table};
use super::ids::{Entity, IdForm, need};
use super::interface::Interface;
use super::params::{Params, dependency, invalid};
use super::subnet::Subnet;
use super::tags;
use super::vpc::Vpc;
use crate::local::service::Fault;
use crate::local::store::{Object, StoreError, Tx};
use crate::model::Json;

/// An internet gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Gateway {
    /// `igw-…`.
    pub id: String,
    /// The VPC it is attached to.
    pub vpc: Option<String>,
}

impl Object for Gateway {
    const TABLE: &'static str = "ec2.internet-gateway";

    fn key(&self) -> String {
        self.id.clone()
    }

    fn parent(&self) -> String {
        self.vpc.clone().unwrap_or_default()
    }
}

impl Entity for Gateway {
    const FORM: IdForm = IdForm {
        prefix: "igw",
        missing: "InvalidInternetGatewayID.NotFound",
        message: "The internetGateway ID '{}' does not exist",
        malformed: "InvalidInternetGatewayId.Malformed",
        resource: "internet-gateway",
    };
}

const TABLE: Table = Table {
    ids: "InternetGatewayId",
    set: "internetGatewaySet",
    filters: &[
        ("attachment.state", "attachmentSet/*/state"),
        ("attachment.vpc-id", "attachmentSet/*/vpcId"),
        ("internet-gateway-id", "internetGatewayId"),
        ("owner-id", "ownerId"),
    ],
    own: "internet-gateway-id",
    parent: Some("attachment.vpc-id"),
    most: 1000,
};

/// `CreateInternetGateway`.
pub fn create(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let gateway = Gateway { id: tx.fresh_id("igw-")?, vpc: None };
    tx.put(&gateway)?;
    tags::at_creation::<Gateway>(tx, params, &gateway.id)?;
    Ok(json!({ "internetGateway": show(tx, &gateway)? }))
}

/// `DescribeInternetGateways`.
pub fn describe(tx: &Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    describe_table(tx, params, &TABLE, show)
}

fn show(tx: &Tx<'_>, gateway: &Gateway) -> Result<Json, Fault> {
    let attachments: Vec<Json> = gateway.vpc.iter().map(|vpc| json!({ "vpcId": vpc, "state": "available" })).collect();
    Ok(json!({
        "internetGatewayId": gateway.id,
        "ownerId": tx.account,
        "attachmentSet": attachments,
        "tagSet": tags::set_of(tx, &gateway.id)?,
    }))
}

/// `AttachInternetGateway`.
pub fn attach(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let mut gateway: Gateway = need(tx, params.required("InternetGatewayId")?)?;
    let mut vpc: Vpc = need(tx, params.required("VpcId")?)?;
    if let Some(other) = &gateway.vpc {
        let message = format!("resource {} is already attached to network {other}", gateway.id);
        return Err(Fault::new("Resource.AlreadyAssociated", message));
    }
    if vpc.gateway.is_some() {
        return Err(invalid(format!("Network {} already has an internet gateway attached", vpc.id)));
    }
    gateway.vpc = Some(vpc.id.clone());
    vpc.gateway = Some(gateway.id.clone());
    tx.put(&gateway)?;
    tx.put(&vpc)?;
    Ok(super::done())
}

/// `DetachInternetGateway`.
pub fn detach(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let mut gateway: Gateway = need(tx, params.required("InternetGatewayId")?)?;
    let mut vpc: Vpc = need(tx, params.required("VpcId")?)?;
    if gateway.vpc.as_ref() != Some(&vpc.id) {
        let message = format!("resource {} is not attached to network {}", gateway.id, vpc.id);
        return Err(Fault::new("Gateway.NotAttached", message));
    }
    if has_public_address(tx, &vpc.id)? {
        return Err(dependency(format!(
            "Network {} has some mapped public address(es). Please unmap those public address(es) before detaching \
             the gateway.",
            vpc.id
        )));
    }
    gateway.vpc = None;
    vpc.gateway = None;
    tx.put(&gateway)?;
    tx.put(&vpc)?;
    Ok(super::done())
}

fn has_public_address(tx: &Tx<'_>, vpc: &str) -> Result<bool, StoreError> {
    for subnet in tx.under::<Subnet>(vpc)? {
        if tx.under::<Interface>(&subnet.id)?.iter().any(|interface| interface.public.is_some()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `DeleteInternetGateway`.
pub fn delete(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let gateway: Gateway = need(tx, params.required("InternetGatewayId")?)?;
    if gateway.vpc.is_some() {
        let message = format!("The internetGateway '{}' has dependencies and cannot be deleted.", gateway.id);
        return Err(dependency(message));
    }
    tx.delete::<Gateway>(&gateway.id)?;
    tags::forget(tx, &gateway.id)?;
    Ok(super::done())
}

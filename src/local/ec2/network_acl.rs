//! Network ACLs: the default one of each VPC, which lets everything through.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::filter::{Table, describe as describe_table};
use super::ids::{Entity, IdForm};
use super::params::Params;
use super::subnet::Subnet;
use super::tags;
use crate::local::service::Fault;
use crate::local::store::{Object, StoreError, Tx};
use crate::model::Json;

/// A default network ACL.
#[derive(Debug, Serialize, Deserialize)]
pub struct NetworkAcl {
    id: String,
    vpc: String,
}

impl Object for NetworkAcl {
    const TABLE: &'static str = "ec2.network-acl";

    fn key(&self) -> String {
        self.id.clone()
    }

    fn parent(&self) -> String {
        self.vpc.clone()
    }
}

impl Entity for NetworkAcl {
    const FORM: IdForm = IdForm {
        prefix: "acl",
        missing: "InvalidNetworkAclID.NotFound",
        message: "The networkAcl ID '{}' does not exist",
        malformed: "InvalidNetworkAclId.Malformed",
        resource: "network-acl",
    };
}

const TABLE: Table = Table {
    ids: "NetworkAclId",
    set: "networkAclSet",
    filters: &[
        ("association.association-id", "associationSet/*/networkAclAssociationId"),
        ("association.network-acl-id", "associationSet/*/networkAclId"),
        ("association.subnet-id", "associationSet/*/subnetId"),
        ("default", "default"),
        ("entry.cidr", "entrySet/*/cidrBlock"),
        ("entry.egress", "entrySet/*/egress"),
        ("entry.icmp.code", "entrySet/*/icmpTypeCode/code"),
        ("entry.icmp.type", "entrySet/*/icmpTypeCode/type"),
        ("entry.ipv6-cidr", "entrySet/*/ipv6CidrBlock"),
        ("entry.port-range.from", "entrySet/*/portRange/from"),
        ("entry.port-range.to", "entrySet/*/portRange/to"),
        ("entry.protocol", "entrySet/*/protocol"),
        ("entry.rule-action", "entrySet/*/ruleAction"),
        ("entry.rule-number", "entrySet/*/ruleNumber"),
        ("network-acl-id", "networkAclId"),
        ("owner-id", "ownerId"),
        ("vpc-id", "vpcId"),
    ],
    own: "network-acl-id",
    parent: Some("vpc-id"),
    most: 1000,
};

/// Makes the default one of a VPC, and answers its identifier.
///
/// # Errors
/// When the store fails.
pub fn create_default(tx: &mut Tx<'_>, vpc: &str) -> Result<String, StoreError> {
    let acl = NetworkAcl { id: tx.fresh_id("acl-")?, vpc: vpc.to_owned() };
    tx.put(&acl)?;
    Ok(acl.id)
}

/// `DescribeNetworkAcls`.
pub fn describe(tx: &Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    describe_table(tx, params, &TABLE, show)
}

fn show(tx: &Tx<'_>, acl: &NetworkAcl) -> Result<Json, Fault> {
    let associations = tx.under::<Subnet>(&acl.vpc)?.into_iter().map(|subnet| {
        json!({
            "networkAclAssociationId": subnet.acl_association, "networkAclId": acl.id, "subnetId": subnet.id,
        })
    });
    let entries = [true, false].into_iter().flat_map(|egress| {
        [(100, "allow"), (32767, "deny")].map(|(number, action)| {
            json!({
                "ruleNumber": number, "ruleAction": action, "egress": egress, "protocol": "-1",
                "cidrBlock": "0.0.0.0/0",
            })
        })
    });
    Ok(json!({
        "networkAclId": acl.id,
        "vpcId": acl.vpc,
        "ownerId": tx.account,
        "default": true,
        "associationSet": associations.collect::<Vec<_>>(),
        "entrySet": entries.collect::<Vec<_>>(),
        "tagSet": tags::set_of(tx, &acl.id)?,
    }))
}

//! Security groups. Who uses one (interfaces, rules of other groups) is kept with it, so that it cannot go before them.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::filter::{Table, describe as describe_table};
use super::ids::{Entity, IdForm, need};
use super::params::{Params, dependency, invalid, missing};
use super::rule::{self, Rule};
use super::subnet::Subnet;
use super::tags;
use super::vpc::Vpc;
use crate::local::service::Fault;
use crate::local::store::{Object, StoreError, Tx};
use crate::model::Json;

/// The name of each VPC's own group.
pub const DEFAULT: &str = "default";

/// The longest name and description, in characters.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html>
const LONGEST: usize = 255;

/// A security group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Group {
    /// `sg-…`.
    pub id: String,
    /// Its VPC.
    pub vpc: String,
    /// Its name.
    pub name: String,
    description: String,
}

impl Object for Group {
    const TABLE: &'static str = "ec2.group";

    fn key(&self) -> String {
        self.id.clone()
    }

    fn parent(&self) -> String {
        self.vpc.clone()
    }
}

impl Entity for Group {
    const FORM: IdForm = IdForm {
        prefix: "sg",
        missing: "InvalidGroup.NotFound",
        message: "The security group '{}' does not exist",
        malformed: "InvalidGroupId.Malformed",
        resource: "security-group",
    };
}

/// The name of a group in its VPC. Names that differ by case only are one.
#[derive(Debug, Serialize, Deserialize)]
struct Name {
    key: String,
}

impl Name {
    fn of(vpc: &str, name: &str) -> Self {
        Self { key: format!("{vpc}|{}", name.to_lowercase()) }
    }
}

impl Object for Name {
    const TABLE: &'static str = "ec2.group-name";

    fn key(&self) -> String {
        self.key.clone()
    }
}

/// A use of a group, by an interface or by a rule of another group.
#[derive(Debug, Serialize, Deserialize)]
struct Use {
    group: String,
    user: String,
}

impl Object for Use {
    const TABLE: &'static str = "ec2.group-use";

    fn key(&self) -> String {
        format!("{}|{}", self.group, self.user)
    }

    fn parent(&self) -> String {
        self.group.clone()
    }
}

/// The groups of an interface in a subnet: those asked for, each once, or the VPC's default one.
///
/// # Errors
/// When one is not there or is of another VPC.
pub fn held_in(tx: &Tx<'_>, subnet: &Subnet, asked: &[String]) -> Result<Vec<String>, Fault> {
    let mut held = Vec::new();
    for id in asked {
        let group: Group = need(tx, id)?;
        if group.vpc != subnet.vpc {
            let message = format!("Security group {id} and subnet {} belong to different networks.", subnet.id);
            return Err(Fault::new("InvalidParameter", message));
        }
        if !held.contains(&group.id) {
            held.push(group.id);
        }
    }
    if held.is_empty() {
        held.push(need::<Vpc>(tx, &subnet.vpc)?.default_group);
    }
    Ok(held)
}

/// Notes that something uses a group.
///
/// # Errors
/// When the store fails.
pub fn hold(tx: &mut Tx<'_>, group: &str, user: &str) -> Result<(), StoreError> {
    tx.put(&Use { group: group.to_owned(), user: user.to_owned() })
}

/// Notes that something uses a group no more.
///
/// # Errors
/// When the store fails.
pub fn let_go(tx: &mut Tx<'_>, group: &str, user: &str) -> Result<(), StoreError> {
    let used = Use { group: group.to_owned(), user: user.to_owned() };
    tx.delete::<Use>(&used.key())?;
    Ok(())
}

const TABLE: Table = Table {
    ids: "GroupId",
    set: "securityGroupInfo",
    filters: &[
        ("description", "groupDescription"),
        ("egress.ip-permission.cidr", "ipPermissionsEgress/*/ipRanges/*/cidrIp"),
        ("egress.ip-permission.from-port", "ipPermissionsEgress/*/fromPort"),
        ("egress.ip-permission.group-id", "ipPermissionsEgress/*/groups/*/groupId"),
        ("egress.ip-permission.group-name", "ipPermissionsEgress/*/groups/*/groupName"),
        ("egress.ip-permission.ipv6-cidr", "ipPermissionsEgress/*/ipv6Ranges/*/cidrIpv6"),
        ("egress.ip-permission.prefix-list-id", "ipPermissionsEgress/*/prefixListIds/*/prefixListId"),
        ("egress.ip-permission.protocol", "ipPermissionsEgress/*/ipProtocol"),
        ("egress.ip-permission.to-port", "ipPermissionsEgress/*/toPort"),
        ("egress.ip-permission.user-id", "ipPermissionsEgress/*/groups/*/userId"),
        ("group-id", "groupId"),
        ("group-name", "groupName"),
        ("ip-permission.cidr", "ipPermissions/*/ipRanges/*/cidrIp"),
        ("ip-permission.from-port", "ipPermissions/*/fromPort"),
        ("ip-permission.group-id", "ipPermissions/*/groups/*/groupId"),
        ("ip-permission.group-name", "ipPermissions/*/groups/*/groupName"),
        ("ip-permission.ipv6-cidr", "ipPermissions/*/ipv6Ranges/*/cidrIpv6"),
        ("ip-permission.prefix-list-id", "ipPermissions/*/prefixListIds/*/prefixListId"),
        ("ip-permission.protocol", "ipPermissions/*/ipProtocol"),
        ("ip-permission.to-port", "ipPermissions/*/toPort"),
        ("ip-permission.user-id", "ipPermissions/*/groups/*/userId"),
        ("owner-id", "ownerId"),
        ("vpc-id", "vpcId"),
    ],
    own: "group-id",
    parent: Some("vpc-id"),
    most: 1000,
};

/// Makes the default group of a VPC, which lets in what comes from itself, and answers its identifier.
///
/// # Errors
/// When the store fails.
pub fn create_default(tx: &mut Tx<'_>, vpc: &str) -> Result<String, Fault> {
    let group = make(tx, vpc, DEFAULT, "default VPC security group")?;
    rule::allow_itself(tx, &group.id)?;
    Ok(group.id)
}

fn make(tx: &mut Tx<'_>, vpc: &str, name: &str, description: &str) -> Result<Group, Fault> {
    let group = Group {
        id: tx.fresh_id("sg-")?,
        vpc: vpc.to_owned(),
        name: name.to_owned(),
        description: description.to_owned(),
    };
    tx.put(&group)?;
    tx.put(&Name::of(vpc, name))?;
    rule::allow_out(tx, &group.id)?;
    Ok(group)
}

/// `CreateSecurityGroup`: with a rule that lets everything out.
pub fn create(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let name = params.required("GroupName")?;
    let description = params.required("GroupDescription")?;
    let Some(vpc) = params.text("VpcId") else {
        return Err(Fault::new("VPCIdNotSpecified", "No default VPC for this user"));
    };
    let vpc: Vpc = need(tx, vpc)?;
    check_text("GroupName", name)?;
    check_text("GroupDescription", description)?;
    if name.to_lowercase().starts_with("sg-") {
        return Err(invalid(format!("Value ({name}) for parameter GroupName is invalid. It cannot begin with sg-.")));
    }
    if name.eq_ignore_ascii_case(DEFAULT) {
        return Err(Fault::new("InvalidGroup.Reserved", format!("The security group '{name}' is reserved")));
    }
    if tx.get::<Name>(&Name::of(&vpc.id, name).key)?.is_some() {
        let message = format!("The security group '{name}' already exists for VPC '{}'", vpc.id);
        return Err(Fault::new("InvalidGroup.Duplicate", message));
    }
    let group = make(tx, &vpc.id, name, description)?;
    tags::at_creation::<Group>(tx, params, &group.id)?;
    Ok(json!({
        "groupId": group.id,
        "securityGroupArn": arn(tx, &group.id),
        "tagSet": tags::set_of(tx, &group.id)?,
        "return": true,
    }))
}

/// What a name or description may be made of.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html>
fn check_text(parameter: &str, text: &str) -> Result<(), Fault> {
    let good = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    if text.chars().count() > LONGEST {
        let message = format!("Value for parameter {parameter} is invalid: it is longer than {LONGEST} characters.");
        return Err(invalid(message));
    }
    if !text.chars().all(good) {
        return Err(invalid(format!(
            "Value ({text}) for parameter {parameter} is invalid. Valid characters are a-z, A-Z, 0-9, spaces, and \
             ._-:/()#,@[]+=&;{{}}!$*"
        )));
    }
    Ok(())
}

fn arn(tx: &Tx<'_>, id: &str) -> String {
    format!("arn:aws:ec2:{}:{}:security-group/{id}", tx.region, tx.account)
}

/// `DescribeSecurityGroups`.
pub fn describe(tx: &Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    if let Some(name) = params.list("GroupName").first() {
        return Err(by_name(name));
    }
    describe_table(tx, params, &TABLE, show)
}

/// Names name groups of the default VPC, and there is none.
fn by_name(name: &str) -> Fault {
    Fault::new("InvalidGroup.NotFound", format!("The security group '{name}' does not exist in default VPC"))
}

fn show(tx: &Tx<'_>, group: &Group) -> Result<Json, Fault> {
    let rules: Vec<Rule> = tx.under(&group.id)?;
    Ok(json!({
        "groupId": group.id,
        "groupName": group.name,
        "groupDescription": group.description,
        "ownerId": tx.account,
        "vpcId": group.vpc,
        "securityGroupArn": arn(tx, &group.id),
        "ipPermissions": rule::permissions(tx.account, rules.iter().filter(|rule| !rule.egress)),
        "ipPermissionsEgress": rule::permissions(tx.account, rules.iter().filter(|rule| rule.egress)),
        "tagSet": tags::set_of(tx, &group.id)?,
    }))
}

/// The group that a call is about, by `GroupId`.
///
/// # Errors
/// When it is not given or not there.
pub fn of_call(tx: &Tx<'_>, params: Params<'_>) -> Result<Group, Fault> {
    match (params.text("GroupId"), params.text("GroupName")) {
        (Some(id), _) => need(tx, id),
        (None, Some(name)) => Err(by_name(name)),
        (None, None) => Err(missing("groupId")),
    }
}

/// `DeleteSecurityGroup`.
pub fn delete(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let group = of_call(tx, params)?;
    if group.name == DEFAULT {
        let message = format!("the specified group: \"{}\" name: \"{DEFAULT}\" cannot be deleted by a user", group.id);
        return Err(Fault::new("CannotDelete", message));
    }
    if !tx.under::<Use>(&group.id)?.is_empty() {
        return Err(dependency(format!("resource {} has a dependent object", group.id)));
    }
    forget(tx, &group.id)?;
    Ok(json!({ "return": true, "groupId": group.id }))
}

/// Forgets a group with its rules.
///
/// # Errors
/// When the store fails.
pub fn forget(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    for rule in tx.under::<Rule>(id)? {
        rule::remove(tx, &rule)?;
    }
    if let Some(group) = tx.get::<Group>(id)? {
        tx.delete::<Name>(&Name::of(&group.vpc, &group.name).key)?;
    }
    tx.delete::<Group>(id)?;
    tags::forget(tx, id)
}

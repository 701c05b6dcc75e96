//! Rules of security groups, each with an identifier of its own.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::filter::{Table, describe as describe_table};
use super::group::{self, Group};
use super::ids::{Entity, IdForm, need};
use super::interface::Interface;
use super::params::{Params, invalid, missing};
use super::permission::{self, Peer, Permission};
use super::tags;
use crate::local::service::Fault;
use crate::local::store::{Object, StoreError, Tx};
use crate::model::Json;

/// The most rules a group has for each direction.
/// Source: <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>
const MOST: usize = 60;

/// A rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    /// `sgr-…`.
    pub id: String,
    /// Its group.
    pub group: String,
    /// Whether it is about what goes out.
    pub egress: bool,
    permission: Permission,
    description: Option<String>,
}

impl Object for Rule {
    const TABLE: &'static str = "ec2.group-rule";

    fn key(&self) -> String {
        self.id.clone()
    }

    fn parent(&self) -> String {
        self.group.clone()
    }
}

impl Rule {
    /// Whether it lets in, on a TCP port, what has one of these groups or this address.
    pub fn lets_in(&self, port: i64, groups: &[String], address: Ipv4Addr) -> bool {
        let Permission { protocol, from, to, peer } = &self.permission;
        let reached = protocol == "-1" || protocol == "tcp" && (*from..=*to).contains(&port);
        let known = match peer {
            Peer::V4(range) => range.contains(&address),
            Peer::V6(_) => false,
            Peer::Group(id) => groups.contains(id),
        };
        !self.egress && reached && known
    }
}

impl Entity for Rule {
    const FORM: IdForm = IdForm {
        prefix: "sgr",
        missing: "InvalidSecurityGroupRuleId.NotFound",
        message: "The security group rule ID '{}' does not exist",
        malformed: "InvalidSecurityGroupRuleId.Malformed",
        resource: "security-group-rule",
    };
}

const TABLE: Table = Table {
    ids: "SecurityGroupRuleId",
    set: "securityGroupRuleSet",
    filters: &[("group-id", "groupId"), ("security-group-rule-id", "securityGroupRuleId")],
    own: "security-group-rule-id",
    parent: Some("group-id"),
    most: 1000,
};

/// Lets everything out of a new group.
///
/// # Errors
/// When the store fails.
pub fn allow_out(tx: &mut Tx<'_>, group: &str) -> Result<(), Fault> {
    let anywhere = Permission::all(Peer::V4(ipnet::Ipv4Net::default()));
    add(tx, group, true, anywhere, None).map(|_| ())
}

/// Lets into a new group what comes from itself.
///
/// # Errors
/// When the store fails.
pub fn allow_itself(tx: &mut Tx<'_>, group: &str) -> Result<(), Fault> {
    let itself = Permission::all(Peer::Group(group.to_owned()));
    add(tx, group, false, itself, None).map(|_| ())
}

/// Whether a group lets in TCP to a port from an interface.
///
/// # Errors
/// When the store fails.
pub fn lets_in(tx: &Tx<'_>, group: &str, port: i64, from: &Interface) -> Result<bool, StoreError> {
    let rules = tx.under::<Rule>(group)?;
    Ok(rules.iter().filter(|rule| !rule.egress).any(|Rule { permission, .. }| {
        let port = match permission.protocol.as_str() {
            "-1" => true,
            "tcp" => permission.from == -1 || (permission.from..=permission.to).contains(&port),
            _ => false,
        };
        let peer = match &permission.peer {
            Peer::V4(block) => block.contains(&from.private_ip),
            Peer::V6(_) => false,
            Peer::Group(group) => from.groups.contains(group),
        };
        port && peer
    }))
}

fn add(
    tx: &mut Tx<'_>,
    group: &str,
    egress: bool,
    permission: Permission,
    description: Option<String>,
) -> Result<Rule, Fault> {
    let rule = Rule { id: tx.fresh_id("sgr-")?, group: group.to_owned(), egress, permission, description };
    tx.put(&rule)?;
    hold_peer(tx, &rule)?;
    Ok(rule)
}

/// A rule of a group about itself does not keep it from going.
fn hold_peer(tx: &mut Tx<'_>, rule: &Rule) -> Result<(), StoreError> {
    match &rule.permission.peer {
        Peer::Group(peer) if *peer != rule.group => group::hold(tx, peer, &rule.id),
        _ => Ok(()),
    }
}

fn let_peer_go(tx: &mut Tx<'_>, rule: &Rule) -> Result<(), StoreError> {
    match &rule.permission.peer {
        Peer::Group(peer) => group::let_go(tx, peer, &rule.id),
        _ => Ok(()),
    }
}

/// Forgets a rule.
///
/// # Errors
/// When the store fails.
pub fn remove(tx: &mut Tx<'_>, rule: &Rule) -> Result<(), StoreError> {
    let_peer_go(tx, rule)?;
    tx.delete::<Rule>(&rule.id)?;
    tags::forget(tx, &rule.id)
}

/// `AuthorizeSecurityGroupIngress` and `…Egress`: all of the rules or none.
pub fn authorize(tx: &mut Tx<'_>, params: Params<'_>, egress: bool) -> Result<Json, Fault> {
    let group = group::of_call(tx, params)?;
    let wanted = permission::read(tx, params, &group)?;
    let there = of_group(tx, &group, egress)?;
    for (permission, _) in &wanted {
        if there.iter().any(|rule| rule.permission == *permission) {
            let message = format!("the specified rule \"{}\" already exists", permission.told());
            return Err(Fault::new("InvalidPermission.Duplicate", message));
        }
    }
    if there.len() + wanted.len() > MOST {
        let message = "The maximum number of rules per security group has been reached.";
        return Err(Fault::new("RulesPerSecurityGroupLimitExceeded", message));
    }
    let mut shown = Vec::new();
    for (permission, description) in wanted {
        let rule = add(tx, &group.id, egress, permission, description)?;
        tags::at_creation::<Rule>(tx, params, &rule.id)?;
        shown.push(show(tx, &rule)?);
    }
    Ok(json!({ "return": true, "securityGroupRuleSet": shown }))
}

fn of_group(tx: &Tx<'_>, group: &Group, egress: bool) -> Result<Vec<Rule>, StoreError> {
    let mut rules: Vec<Rule> = tx.under(&group.id)?;
    rules.retain(|rule| rule.egress == egress);
    Ok(rules)
}

/// `RevokeSecurityGroupIngress` and `…Egress`, by identifiers or by what they permit.
pub fn revoke(tx: &mut Tx<'_>, params: Params<'_>, egress: bool) -> Result<Json, Fault> {
    let group = group::of_call(tx, params)?;
    let ids = params.list("SecurityGroupRuleId");
    let rules = if ids.is_empty() {
        let wanted = permission::read(tx, params, &group)?;
        let there = of_group(tx, &group, egress)?;
        wanted.iter().map(|(permission, _)| matching(&there, permission)).collect::<Result<Vec<_>, _>>()?
    } else {
        ids.into_iter().map(|id| by_id(tx, &group, egress, id)).collect::<Result<Vec<_>, _>>()?
    };
    let mut shown = Vec::new();
    for rule in rules {
        shown.push(show_revoked(&rule));
        remove(tx, &rule)?;
    }
    Ok(json!({ "return": true, "revokedSecurityGroupRuleSet": shown }))
}

fn matching(there: &[Rule], permission: &Permission) -> Result<Rule, Fault> {
    there.iter().find(|rule| rule.permission == *permission).cloned().ok_or_else(|| {
        Fault::new("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
    })
}

fn by_id(tx: &Tx<'_>, group: &Group, egress: bool, id: &str) -> Result<Rule, Fault> {
    let rule: Rule = need(tx, id)?;
    if rule.group == group.id && rule.egress == egress { Ok(rule) } else { Err(Rule::FORM.absent(id)) }
}

/// `DescribeSecurityGroupRules`.
pub fn describe(tx: &Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    describe_table(tx, params, &TABLE, show)
}

fn show(tx: &Tx<'_>, rule: &Rule) -> Result<Json, Fault> {
    let mut shown = json!({
        "securityGroupRuleId": rule.id,
        "securityGroupRuleArn": format!("arn:aws:ec2:{}:{}:security-group-rule/{}", tx.region, tx.account, rule.id),
        "groupId": rule.group,
        "groupOwnerId": tx.account,
        "isEgress": rule.egress,
        "ipProtocol": rule.permission.protocol,
        "fromPort": rule.permission.from,
        "toPort": rule.permission.to,
        "description": rule.description,
        "tagSet": tags::set_of(tx, &rule.id)?,
    });
    match &rule.permission.peer {
        Peer::V4(block) => shown["cidrIpv4"] = json!(block),
        Peer::V6(block) => shown["cidrIpv6"] = json!(block),
        Peer::Group(id) => shown["referencedGroupInfo"] = json!({ "groupId": id, "userId": tx.account }),
    }
    Ok(shown)
}

/// As it stands in the answer of a revocation, whose members are fewer and one differs.
fn show_revoked(rule: &Rule) -> Json {
    let mut shown = json!({
        "securityGroupRuleId": rule.id,
        "groupId": rule.group,
        "isEgress": rule.egress,
        "ipProtocol": rule.permission.protocol,
        "fromPort": rule.permission.from,
        "toPort": rule.permission.to,
        "description": rule.description,
    });
    match &rule.permission.peer {
        Peer::V4(block) => shown["cidrIpv4"] = json!(block),
        Peer::V6(block) => shown["cidrIpv6"] = json!(block),
        Peer::Group(id) => shown["referencedGroupId"] = json!(id),
    }
    shown
}

/// Rules as the permissions of their group: those of the same protocol and ports together.
pub fn permissions<'a>(account: &str, rules: impl Iterator<Item = &'a Rule>) -> Vec<Json> {
    let mut sets: Vec<(&Permission, Json)> = Vec::new();
    for rule in rules {
        let this = &rule.permission;
        let same = |other: &Permission| (&other.protocol, other.from, other.to) == (&this.protocol, this.from, this.to);
        let at = sets.iter().position(|(other, _)| same(other)).unwrap_or_else(|| {
            let mut set = json!({
                "ipProtocol": this.protocol, "groups": [], "ipRanges": [], "ipv6Ranges": [], "prefixListIds": [],
            });
            if matches!(this.protocol.as_str(), "tcp" | "udp" | "icmp" | "icmpv6") {
                set["fromPort"] = json!(this.from);
                set["toPort"] = json!(this.to);
            }
            sets.push((this, set));
            sets.len() - 1
        });
        let (member, peer) = match &this.peer {
            Peer::V4(block) => ("ipRanges", json!({ "cidrIp": block, "description": rule.description })),
            Peer::V6(block) => ("ipv6Ranges", json!({ "cidrIpv6": block, "description": rule.description })),
            Peer::Group(id) => ("groups", json!({ "groupId": id, "userId": account, "description": rule.description })),
        };
        if let Some(list) = sets[at].1[member].as_array_mut() {
            list.push(peer);
        }
    }
    sets.into_iter().map(|(_, set)| set).collect()
}

/// `ModifySecurityGroupRules`: what a rule permits, but not the type of its other side.
pub fn modify(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let group: Group = need(tx, params.required("GroupId")?)?;
    let updates = params.objects("SecurityGroupRule");
    if updates.is_empty() {
        return Err(missing("SecurityGroupRule"));
    }
    for update in updates {
        let id = update.required("SecurityGroupRuleId")?;
        let mut rule: Rule = need(tx, id)?;
        if rule.group != group.id {
            return Err(Rule::FORM.absent(id));
        }
        let Some(wanted) = update.object("SecurityGroupRule") else { return Err(missing("SecurityGroupRule")) };
        let permission = permission::read_one(tx, wanted, &group)?;
        if std::mem::discriminant(&permission.peer) != std::mem::discriminant(&rule.permission.peer) {
            return Err(invalid("You may not change the type of a rule's source or destination."));
        }
        let same = |other: &Rule| other.id != rule.id && other.permission == permission;
        if of_group(tx, &group, rule.egress)?.iter().any(same) {
            let message = format!("the specified rule \"{}\" already exists", permission.told());
            return Err(Fault::new("InvalidPermission.Duplicate", message));
        }
        let description = wanted.text("Description").filter(|text| !text.is_empty());
        permission::check_description(description)?;
        let_peer_go(tx, &rule)?;
        rule.permission = permission;
        rule.description = description.map(str::to_owned);
        tx.put(&rule)?;
        hold_peer(tx, &rule)?;
    }
    Ok(super::done())
}

/// `UpdateSecurityGroupRuleDescriptionsIngress` and `…Egress`.
pub fn describe_anew(tx: &mut Tx<'_>, params: Params<'_>, egress: bool) -> Result<Json, Fault> {
    let group = group::of_call(tx, params)?;
    let mut rules = Vec::new();
    for named in params.objects("SecurityGroupRuleDescription") {
        let rule = by_id(tx, &group, egress, named.required("SecurityGroupRuleId")?)?;
        let description = named.text("Description").filter(|text| !text.is_empty());
        permission::check_description(description)?;
        rules.push((rule, description.map(str::to_owned)));
    }
    if rules.is_empty() {
        let there = of_group(tx, &group, egress)?;
        for (permission, description) in permission::read(tx, params, &group)? {
            rules.push((matching(&there, &permission)?, description));
        }
    }
    for (mut rule, description) in rules {
        rule.description = description;
        tx.put(&rule)?;
    }
    Ok(super::done())
}

//! What a security group's rule permits: protocol, ports and the other side, read from a call and written for one.

use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use super::group::Group;
use super::ids::need;
use super::params::{Params, invalid, missing};
use crate::local::service::Fault;
use crate::local::store::Tx;

/// What a rule permits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permission {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, another protocol's number, or `-1` for all.
    pub protocol: String,
    /// The first port, or the ICMP type; -1 for all.
    pub from: i64,
    /// The last port, or the ICMP code; -1 for all.
    pub to: i64,
    /// The other side.
    pub peer: Peer,
}

/// The other side of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Peer {
    /// A range of IPv4 addresses.
    V4(Ipv4Net),
    /// A range of IPv6 addresses.
    V6(Ipv6Net),
    /// What has a security group.
    Group(String),
}

impl Permission {
    /// One for all protocols.
    pub fn all(peer: Peer) -> Self {
        Self { protocol: "-1".to_owned(), from: -1, to: -1, peer }
    }

    /// As AWS tells it in the refusal of a second one.
    pub fn told(&self) -> String {
        let peer = match &self.peer {
            Peer::V4(block) => block.to_string(),
            Peer::V6(block) => block.to_string(),
            Peer::Group(id) => id.clone(),
        };
        let protocol = if self.protocol == "-1" { "ALL".to_owned() } else { self.protocol.to_uppercase() };
        match (self.from, self.to) {
            (-1, -1) => format!("peer: {peer}, {protocol}, ALLOW"),
            (from, to) => format!("peer: {peer}, {protocol}, from port: {from}, to port: {to}, ALLOW"),
        }
    }
}

/// Reads the permissions of a call that names a group's rules by what they permit, each with its description.
///
/// # Errors
/// When one is not valid, is given twice, or its other side is not there.
pub fn read(tx: &Tx<'_>, params: Params<'_>, group: &Group) -> Result<Vec<(Permission, Option<String>)>, Fault> {
    params.refuse(&["SourceSecurityGroupName"])?;
    let mut read = Vec::new();
    let given = params.objects("IpPermissions");
    if given.is_empty() && params.has("IpProtocol") {
        let ports = ports(params)?;
        let cidr = params.text("CidrIp").ok_or_else(|| missing("cidrIp"))?;
        push(&mut read, &ports, Peer::V4(v4(cidr)?), None)?;
    }
    for one in given {
        let ports = ports(one)?;
        let before = read.len();
        for range in one.objects("IpRanges") {
            push(&mut read, &ports, Peer::V4(v4(range.required("CidrIp")?)?), range.text("Description"))?;
        }
        for range in one.objects("Ipv6Ranges") {
            push(&mut read, &ports, Peer::V6(v6(range.required("CidrIpv6")?)?), range.text("Description"))?;
        }
        for pair in one.objects("Groups") {
            let id = pair.required("GroupId")?;
            push(&mut read, &ports, peer_group(tx, group, id)?, pair.text("Description"))?;
        }
        if let Some(list) = one.objects("PrefixListIds").first() {
            return Err(no_prefix_list(list.required("PrefixListId")?));
        }
        if read.len() == before {
            return Err(missing("cidrIp"));
        }
    }
    if read.is_empty() { Err(missing("ipPermissions")) } else { Ok(read) }
}

/// Reads the one permission that replaces a rule's.
///
/// # Errors
/// When it is not valid or its other side is not there.
pub fn read_one(tx: &Tx<'_>, params: Params<'_>, group: &Group) -> Result<Permission, Fault> {
    let (protocol, from, to) = ports(params)?;
    let peers = ["CidrIpv4", "CidrIpv6", "ReferencedGroupId", "PrefixListId"];
    let peer = match peers.map(|name| params.text(name)) {
        [Some(cidr), None, None, None] => Peer::V4(v4(cidr)?),
        [None, Some(cidr), None, None] => Peer::V6(v6(cidr)?),
        [None, None, Some(id), None] => peer_group(tx, group, id)?,
        [None, None, None, Some(list)] => return Err(no_prefix_list(list)),
        _ => return Err(invalid("A rule has one source or destination.")),
    };
    Ok(Permission { protocol, from, to, peer })
}

type Ports = (String, i64, i64);

fn push(
    read: &mut Vec<(Permission, Option<String>)>,
    (protocol, from, to): &Ports,
    peer: Peer,
    description: Option<&str>,
) -> Result<(), Fault> {
    let permission = Permission { protocol: protocol.clone(), from: *from, to: *to, peer };
    if read.iter().any(|(other, _)| *other == permission) {
        return Err(invalid("The same permission must not appear multiple times"));
    }
    let description = description.filter(|text| !text.is_empty());
    check_description(description)?;
    read.push((permission, description.map(str::to_owned)));
    Ok(())
}

/// Checks the description of a rule.
///
/// # Errors
/// `InvalidParameterValue` when it has characters AWS does not take there, or more than 255.
pub fn check_description(description: Option<&str>) -> Result<(), Fault> {
    let good = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    match description {
        Some(text) if text.chars().count() > 255 || !text.chars().all(good) => Err(invalid(
            "Invalid rule description. Valid descriptions are strings less than 256 characters from the following \
             set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        )),
        _ => Ok(()),
    }
}

/// Protocol and ports. Ports mean something for TCP and UDP, and as type and code for ICMP.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html>
fn ports(params: Params<'_>) -> Result<Ports, Fault> {
    let given = params.text("IpProtocol").ok_or_else(|| missing("ipProtocol"))?.to_lowercase();
    let protocol = match given.as_str() {
        "1" => "icmp",
        "6" => "tcp",
        "17" => "udp",
        "58" => "icmpv6",
        "all" => "-1",
        other => other,
    };
    let (from, to) = (params.integer("FromPort")?, params.integer("ToPort")?);
    match protocol {
        "tcp" | "udp" => {
            let (Some(from), Some(to)) = (from, to) else {
                return Err(invalid(
                    "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
                ));
            };
            let name = protocol.to_uppercase();
            if from > to || !(0..=65535).contains(&from) || !(0..=65535).contains(&to) {
                return Err(invalid(format!("Invalid {name} port range '{from}:{to}'")));
            }
            Ok((protocol.to_owned(), from, to))
        }
        "icmp" | "icmpv6" => {
            let (from, to) = (from.unwrap_or(-1), to.unwrap_or(-1));
            if !(-1..=255).contains(&from) || !(-1..=255).contains(&to) || (from == -1 && to != -1) {
                return Err(invalid(format!("ICMP code ({to}) or type ({from}) is not valid")));
            }
            Ok((protocol.to_owned(), from, to))
        }
        "-1" => Ok((protocol.to_owned(), -1, -1)),
        number if number.parse::<u8>().is_ok() => Ok((number.to_owned(), -1, -1)),
        other => Err(invalid(format!("Invalid value '{other}' for IP protocol. Unknown protocol."))),
    }
}

/// A range with its host bits cleared, as AWS keeps it.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html>
fn v4(text: &str) -> Result<Ipv4Net, Fault> {
    text.parse::<Ipv4Net>().map(|block| block.trunc()).map_err(|_| malformed(text))
}

fn v6(text: &str) -> Result<Ipv6Net, Fault> {
    text.parse::<Ipv6Net>().map(|block| block.trunc()).map_err(|_| malformed(text))
}

fn malformed(text: &str) -> Fault {
    invalid(format!("CIDR block {text} is malformed"))
}

fn no_prefix_list(id: &str) -> Fault {
    Fault::new("InvalidPrefixListID.NotFound", format!("The prefix list ID '{id}' does not exist"))
}

fn peer_group(tx: &Tx<'_>, group: &Group, id: &str) -> Result<Peer, Fault> {
    let peer: Group = need(tx, id)?;
    if peer.vpc != group.vpc {
        let message = "You have specified two resources that belong to different networks.";
        return Err(Fault::new("InvalidGroup.NotFound", message));
    }
    Ok(Peer::Group(peer.id))
}

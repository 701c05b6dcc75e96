//! Rules of security groups: from and to JSON and the SDK's two forms of them, and what brings one set to another.
//!
//! Two rules are the same rule when their [`Key`]s are equal: AWS has no two of those in a group. The description and
//! the owner of the other group are told, but identify nothing.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, ReferencedSecurityGroup, SecurityGroupRule, UserIdGroupPair,
};
use serde_json::json;

use super::properties::{object, text, whole, word};
use crate::model::{Json, JsonMap};

/// What a rule says for the other group when it means its own.
pub(super) const SELF: &str = "self";
/// Every protocol; also every type or code of ICMP, and what EC2 tells for ports where there are none.
const ALL: i32 = -1;

/// Which way traffic goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Ingress,
    Egress,
}

impl Direction {
    pub(super) const BOTH: [Self; 2] = [Self::Ingress, Self::Egress];

    /// The property of a group that holds the rules.
    pub(super) const fn property(self) -> &'static str {
        match self {
            Self::Ingress => "securityGroupIngress",
            Self::Egress => "securityGroupEgress",
        }
    }

    const fn group(self) -> &'static str {
        match self {
            Self::Ingress => "sourceSecurityGroupId",
            Self::Egress => "destinationSecurityGroupId",
        }
    }

    const fn prefix_list(self) -> &'static str {
        match self {
            Self::Ingress => "sourcePrefixListId",
            Self::Egress => "destinationPrefixListId",
        }
    }
}

/// The other side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Peer {
    Ipv4(String),
    Ipv6(String),
    PrefixList(String),
    Group(String),
}

/// What tells rules apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, another protocol's number, or `-1` for all.
    protocol: String,
    /// First and last port, or type and code of ICMP; none for protocols that have neither.
    from: Option<i32>,
    to: Option<i32>,
    peer: Peer,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rule {
    pub(super) key: Key,
    /// The account of the other group.
    owner: Option<String>,
    pub(super) description: Option<String>,
}

impl Key {
    fn new(protocol: &str, from: Option<i32>, to: Option<i32>, peer: Peer) -> Self {
        let protocol = protocol_name(protocol);
        let (from, to) = match protocol.as_str() {
            "tcp" | "udp" | "icmp" => (from, to),
            // Ports are optional here, and absent ones stand for all.
            "icmpv6" => (from.or(Some(ALL)), to.or(Some(ALL))),
            // "… allows traffic on all ports, regardless of any port range you specify."
            _ => (None, None),
        };
        Self { protocol, from, to, peer }
    }
}

/// EC2's own name of a protocol: it answers `tcp` to `6`.
fn protocol_name(protocol: &str) -> String {
    match protocol {
        "1" => "icmp".to_owned(),
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "58" => "icmpv6".to_owned(),
        "all" => "-1".to_owned(),
        other => other.to_lowercase(),
    }
}

/// A network as EC2 writes it: without bits beyond its prefix
/// ([IpRange](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html)).
fn ipv4(network: impl Into<String>) -> Peer {
    let network = network.into();
    Peer::Ipv4(network.parse::<ipnet::Ipv4Net>().map_or(network, |network| network.trunc().to_string()))
}

/// The same for IPv6, whose addresses have a short form besides.
fn ipv6(network: &str) -> Peer {
    let parsed = network.parse::<ipnet::Ipv6Net>();
    Peer::Ipv6(parsed.map_or_else(|_| network.to_owned(), |network| network.trunc().to_string()))
}

impl Rule {
    /// What every new group lets out: everything.
    pub(super) fn all_outbound() -> Self {
        let key = Key::new(&ALL.to_string(), None, None, Peer::Ipv4("0.0.0.0/0".to_owned()));
        Self { key, owner: None, description: None }
    }

    /// From the schema's form; `own` is the group that `self` means. `None` when it names no protocol or no other side.
    pub(super) fn from_json(direction: Direction, rule: &JsonMap, own: Option<&str>) -> Option<Self> {
        let group = || {
            let id = text(rule, direction.group())?;
            Some(Peer::Group(own.filter(|_| id == SELF).map_or(id, str::to_owned)))
        };
        let peer = text(rule, "cidrIp")
            .map(ipv4)
            .or_else(|| text(rule, "cidrIpv6").map(|network| ipv6(&network)))
            .or_else(|| text(rule, direction.prefix_list()).map(Peer::PrefixList))
            .or_else(group)?;
        let protocol =
            text(rule, "ipProtocol").or_else(|| whole(rule, "ipProtocol").map(|number| number.to_string()))?;
        Some(Self {
            key: Key::new(&protocol, whole(rule, "fromPort"), whole(rule, "toPort"), peer),
            owner: text(rule, "sourceSecurityGroupOwnerId"),
            description: text(rule, "description"),
        })
    }

    /// In the schema's form; `own` is the group that becomes `self`. Where there are no ports, both are -1, as
    /// CloudFormation has it.
    pub(super) fn to_json(&self, direction: Direction, own: Option<&str>) -> JsonMap {
        let Key { protocol, from, to, peer } = &self.key;
        let port = |port: &Option<i32>| Some(json!(port.unwrap_or(ALL)));
        let (name, other) = match peer {
            Peer::Ipv4(network) => ("cidrIp", network.as_str()),
            Peer::Ipv6(network) => ("cidrIpv6", network.as_str()),
            Peer::PrefixList(list) => (direction.prefix_list(), list.as_str()),
            Peer::Group(id) => (direction.group(), if own == Some(id) { SELF } else { id }),
        };
        let owner = if direction == Direction::Ingress { word(self.owner.as_deref()) } else { None };
        object([
            ("ipProtocol", word(Some(protocol))),
            ("fromPort", port(from)),
            ("toPort", port(to)),
            (name, word(Some(other))),
            ("sourceSecurityGroupOwnerId", owner),
            ("description", word(self.description.as_deref())),
        ])
    }

    /// As a permission of its own.
    pub(super) fn to_permission(&self) -> IpPermission {
        let Key { protocol, from, to, peer } = &self.key;
        let permission = IpPermission::builder().ip_protocol(protocol).set_from_port(*from).set_to_port(*to);
        let description = self.description.clone();
        match peer {
            Peer::Ipv4(network) => {
                permission.ip_ranges(IpRange::builder().cidr_ip(network).set_description(description).build()).build()
            }
            Peer::Ipv6(network) => permission
                .ipv6_ranges(Ipv6Range::builder().cidr_ipv6(network).set_description(description).build())
                .build(),
            Peer::PrefixList(list) => permission
                .prefix_list_ids(PrefixListId::builder().prefix_list_id(list).set_description(description).build())
                .build(),
            Peer::Group(id) => {
                let pair = UserIdGroupPair::builder().group_id(id).set_user_id(self.owner.clone());
                permission.user_id_group_pairs(pair.set_description(description).build()).build()
            }
        }
    }

    /// The rules of a permission, which has one for each other side it names.
    pub(super) fn from_permission(permission: &IpPermission) -> Vec<Self> {
        let protocol = permission.ip_protocol().unwrap_or_default();
        let rule = |peer, owner: Option<&str>, description: Option<&str>| Self {
            key: Key::new(protocol, permission.from_port(), permission.to_port(), peer),
            owner: owner.map(str::to_owned),
            description: said(description),
        };
        let ipv4 = permission
            .ip_ranges()
            .iter()
            .filter_map(|range| Some(rule(Peer::Ipv4(range.cidr_ip()?.to_owned()), None, range.description())));
        let ipv6 = permission
            .ipv6_ranges()
            .iter()
            .filter_map(|range| Some(rule(ipv6(range.cidr_ipv6()?), None, range.description())));
        let lists = permission.prefix_list_ids().iter().filter_map(|list| {
            Some(rule(Peer::PrefixList(list.prefix_list_id()?.to_owned()), None, list.description()))
        });
        let groups = permission.user_id_group_pairs().iter().filter_map(|pair| {
            Some(rule(Peer::Group(pair.group_id()?.to_owned()), pair.user_id(), pair.description()))
        });
        ipv4.chain(ipv6).chain(lists).chain(groups).collect()
    }

    /// From the form that has an identifier.
    pub(super) fn from_described(rule: &SecurityGroupRule) -> Option<Self> {
        let other = rule.referenced_group_info();
        let group = || other.and_then(ReferencedSecurityGroup::group_id).map(|id| Peer::Group(id.to_owned()));
        let peer = rule
            .cidr_ipv4()
            .map(|network| Peer::Ipv4(network.to_owned()))
            .or_else(|| rule.cidr_ipv6().map(ipv6))
            .or_else(|| rule.prefix_list_id().map(|list| Peer::PrefixList(list.to_owned())))
            .or_else(group)?;
        Some(Self {
            key: Key::new(rule.ip_protocol()?, rule.from_port(), rule.to_port(), peer),
            owner: other.and_then(ReferencedSecurityGroup::user_id).map(str::to_owned),
            description: said(rule.description()),
        })
    }
}

fn said(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The rules a group declares; `Err` is the position of one that names no protocol or no other side.
pub(super) fn declared(direction: Direction, properties: &JsonMap, own: &str) -> Result<Vec<Rule>, usize> {
    let rules = properties.get(direction.property()).and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    let one = |(at, rule): (usize, &Json)| {
        rule.as_object().and_then(|rule| Rule::from_json(direction, rule, Some(own))).ok_or(at)
    };
    rules.iter().enumerate().map(one).collect()
}

/// What brings one set of rules to another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Rules that are missing.
    pub(super) authorize: Vec<Rule>,
    /// Identifiers of rules with another description, and the one wanted.
    pub(super) describe: Vec<(String, Option<String>)>,
    /// Identifiers of rules that are too many.
    pub(super) revoke: Vec<String>,
}

/// What brings the rules there, each with its identifier, to those wanted.
pub(super) fn changes(wanted: &[Rule], there: &[(String, Rule)]) -> Changes {
    let mut changes = Changes::default();
    let distinct: BTreeSet<&Rule> = wanted.iter().collect();
    for rule in distinct {
        match there.iter().find(|(_, found)| found.key == rule.key) {
            None => changes.authorize.push(rule.clone()),
            Some((id, found)) if found.description != rule.description => {
                changes.describe.push((id.clone(), rule.description.clone()));
            }
            Some(_) => {}
        }
    }
    let surplus = there.iter().filter(|(_, found)| !wanted.iter().any(|rule| rule.key == found.key));
    changes.revoke = surplus.map(|(id, _)| id.clone()).collect();
    changes
}

/// The rules wanted of a group that no longer declares those of a direction: what the last run had asked for goes, what
/// others put there stays, and what goes out is again what goes out of a new group.
pub(super) fn undeclared(direction: Direction, prior: &[Rule], there: &[(String, Rule)]) -> Vec<Rule> {
    let theirs = there.iter().map(|(_, rule)| rule).filter(|rule| !prior.iter().any(|own| own.key == rule.key));
    let mut wanted: Vec<Rule> = theirs.cloned().collect();
    let all = Rule::all_outbound();
    if direction == Direction::Egress && !wanted.iter().any(|rule| rule.key == all.key) {
        wanted.push(all);
    }
    wanted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn json_rule(direction: Direction, rule: &Json) -> Rule {
        Rule::from_json(direction, rule.as_object().expect("an object"), Some("sg-own")).expect("a rule")
    }

    fn ingress(port: i32, from: &str) -> Rule {
        let rule = json!({ "ipProtocol": "tcp", "fromPort": port, "toPort": port, "cidrIp": from });
        json_rule(Direction::Ingress, &rule)
    }

    fn numbered(rules: &[Rule]) -> Vec<(String, Rule)> {
        rules.iter().enumerate().map(|(at, rule)| (format!("sgr-{at}"), rule.clone())).collect()
    }

    #[test]
    fn self_is_the_group_itself_both_ways() {
        for (direction, name) in
            [(Direction::Ingress, "sourceSecurityGroupId"), (Direction::Egress, "destinationSecurityGroupId")]
        {
            let told = json!({ "ipProtocol": "tcp", "fromPort": 5701, "toPort": 5701, name: "self" });
            let rule = json_rule(direction, &told);
            assert_eq!(rule.to_permission().user_id_group_pairs()[0].group_id(), Some("sg-own"));
            assert_eq!(Json::Object(rule.to_json(direction, Some("sg-own"))), told);
            assert_eq!(rule.to_json(direction, None)[name], "sg-own");
        }
    }

    #[test]
    fn a_protocol_has_one_name_and_ports_only_where_they_mean_something() {
        let same = |a: Json, b: Json| {
            let rule = |mut rule: Json| {
                rule["cidrIp"] = json!("0.0.0.0/0");
                json_rule(Direction::Egress, &rule).key
            };
            assert_eq!(rule(a), rule(b));
        };
        let tcp = json!({ "ipProtocol": "tcp", "fromPort": 80, "toPort": 80 });
        same(json!({ "ipProtocol": "6", "fromPort": "80", "toPort": 80.0 }), tcp.clone());
        same(json!({ "ipProtocol": "TCP", "fromPort": 80, "toPort": 80 }), tcp);
        same(json!({ "ipProtocol": "-1", "fromPort": 0, "toPort": 65535 }), json!({ "ipProtocol": "-1" }));
        let network = |text: &str| {
            let rule = json!({ "ipProtocol": "tcp", "fromPort": 1, "toPort": 1, "cidrIp": text });
            json_rule(Direction::Ingress, &rule).key
        };
        assert_eq!(network("10.0.7.9/16"), network("10.0.0.0/16"));
        same(json!({ "ipProtocol": -1 }), json!({ "ipProtocol": "-1", "fromPort": -1, "toPort": -1 }));
        same(json!({ "ipProtocol": "icmpv6" }), json!({ "ipProtocol": "58", "fromPort": -1, "toPort": -1 }));
    }

    #[test]
    fn a_rule_without_another_side_is_no_rule() {
        let properties = json!({ "securityGroupIngress": [
            { "ipProtocol": "tcp", "fromPort": 1, "toPort": 1, "cidrIp": "10.0.0.0/8" },
            { "ipProtocol": "tcp", "fromPort": 1, "toPort": 1 },
        ] });
        let declared = declared(Direction::Ingress, properties.as_object().expect("an object"), "sg-own");
        assert_eq!(declared, Err(1));
    }

    #[test]
    fn missing_rules_are_added_surplus_ones_taken_and_descriptions_changed() {
        let (kept, gone, new) = (ingress(1, "10.0.0.0/8"), ingress(2, "10.0.0.0/8"), ingress(2, "10.1.0.0/16"));
        let described = Rule { description: Some("of members".to_owned()), ..kept.clone() };
        let found = changes(&[described.clone(), new.clone(), new.clone()], &numbered(&[kept, gone]));
        let expected = Changes {
            authorize: vec![new],
            describe: vec![("sgr-0".to_owned(), Some("of members".to_owned()))],
            revoke: vec!["sgr-1".to_owned()],
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn the_owner_of_the_other_group_identifies_nothing() {
        let told = json!({ "ipProtocol": "-1", "sourceSecurityGroupId": "sg-other" });
        let wanted = json_rule(Direction::Ingress, &told);
        let there = Rule { owner: Some("123456789012".to_owned()), ..wanted.clone() };
        assert_eq!(changes(&[wanted], &numbered(&[there])), Changes::default());
    }

    #[test]
    fn what_is_no_longer_declared_goes_and_what_others_made_stays() {
        let (own, theirs) = (ingress(1, "10.0.0.0/8"), ingress(2, "10.0.0.0/8"));
        let there = numbered(&[own.clone(), theirs.clone()]);
        let prior = [own];
        let left = |direction| undeclared(direction, &prior, &there);
        assert_eq!(left(Direction::Egress), [theirs.clone(), Rule::all_outbound()]);
        assert_eq!(left(Direction::Ingress), [theirs]);
        let all = [Rule::all_outbound()];
        let found = changes(&undeclared(Direction::Egress, &all, &numbered(&all)), &numbered(&all));
        assert_eq!(found, Changes::default());
    }

    fn rules() -> impl Strategy<Value = Rule> {
        let network = (any::<[u8; 4]>(), 0u8..=32).prop_map(|(octets, length)| {
            let network = ipnet::Ipv4Net::new(octets.into(), length).expect("a length of IPv4").trunc();
            Peer::Ipv4(network.to_string())
        });
        let network6 = (any::<[u8; 16]>(), 0u8..=128).prop_map(|(octets, length)| {
            let network = ipnet::Ipv6Net::new(octets.into(), length).expect("a length of IPv6").trunc();
            Peer::Ipv6(network.to_string())
        });
        let peer = prop_oneof![
            network,
            network6,
            "pl-[0-9a-f]{8}".prop_map(Peer::PrefixList),
            "sg-[0-9a-f]{8}".prop_map(Peer::Group),
        ];
        let protocol = prop_oneof![Just("tcp"), Just("udp"), Just("icmp"), Just("icmpv6"), Just("-1"), Just("50")];
        let description = proptest::option::of("[a-z][a-z ]{0,20}");
        (protocol, 0..=65535i32, 0..=65535i32, peer, description).prop_map(|(protocol, from, to, peer, description)| {
            let key = Key::new(protocol, Some(from), Some(to), peer);
            Rule { key, owner: None, description }
        })
    }

    proptest! {
        #[test]
        fn rules_go_to_aws_and_back(rule in rules()) {
            prop_assert_eq!(Rule::from_permission(&rule.to_permission()), [rule]);
        }

        #[test]
        fn rules_go_to_json_and_back(rule in rules()) {
            for direction in Direction::BOTH {
                let json = rule.to_json(direction, None);
                prop_assert_eq!(Rule::from_json(direction, &json, None), Some(rule.clone()));
            }
        }

        #[test]
        fn changes_lead_to_what_is_wanted(
            wanted in prop::collection::vec(rules(), 0..6),
            kept in 0usize..6,
            others in prop::collection::vec(rules(), 0..4),
        ) {
            let there: Vec<Rule> = wanted.iter().take(kept).cloned().chain(others).collect();
            let mut keys = BTreeSet::new();
            let there: Vec<Rule> = there.into_iter().filter(|rule| keys.insert(rule.key.clone())).collect();
            let there = numbered(&there);
            let found = changes(&wanted, &there);
            let left = there.iter().filter(|(id, _)| !found.revoke.contains(id)).map(|(_, rule)| rule.key.clone());
            let after: BTreeSet<Key> = left.chain(found.authorize.iter().map(|rule| rule.key.clone())).collect();
            prop_assert_eq!(after, wanted.iter().map(|rule| rule.key.clone()).collect());
        }
    }
}

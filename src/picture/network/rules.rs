//! Who may talk to whom: the rules of security groups.

use std::collections::BTreeMap;

use super::{Drawing, GROUP, Line, Tone, VPC};
use crate::model::Value;
use crate::picture::subject::Finder;

impl Drawing<'_> {
    /// Draws the rules that let somebody in; those that let out only where not everything is.
    pub(super) fn rules(&mut self) {
        let finder = self.finder;
        for at in finder.of_kind(GROUP) {
            let Some(item) = finder.items.get(at) else { continue };
            let Some(node) = self.guard_of(at) else { continue };
            if let Some(Value::List(rules)) = item.properties.get("securityGroupIngress") {
                for rule in rules {
                    if let Value::Map(rule) = rule {
                        self.rule_in(node, rule);
                    }
                }
            }
            if let Some(Value::List(rules)) = item.properties.get("securityGroupEgress") {
                for rule in rules {
                    if let Value::Map(rule) = rule {
                        self.rule_out(node, rule);
                    }
                }
            }
        }
        for (kind, inward) in [("AWS::EC2::SecurityGroupIngress", true), ("AWS::EC2::SecurityGroupEgress", false)] {
            for at in finder.of_kind(kind) {
                let Some(item) = finder.items.get(at) else { continue };
                let Some(node) = item.properties.get("groupId").and_then(|group| self.guard(group)) else { continue };
                if inward {
                    self.rule_in(node, item.properties);
                } else {
                    self.rule_out(node, item.properties);
                }
            }
        }
    }

    /// The box of a declared security group.
    fn guard_of(&mut self, at: usize) -> Option<usize> {
        let item = self.finder.items.get(at)?;
        let reference = crate::model::Reference { address: item.address.clone(), attribute: "groupId".to_owned() };
        self.guard(&Value::from(reference))
    }

    fn rule_in(&mut self, node: usize, rule: &BTreeMap<String, Value>) {
        let ports = ports(self.finder, rule);
        if let Some(source) = rule.get("sourceSecurityGroupId") {
            // `self` is how a script says it of a group that is being declared.
            let itself = matches!(source, Value::String(text) if text == "self");
            let from = if itself { Some(node) } else { self.guard(source) };
            match from {
                Some(from) if from == node => self.line(node, &format!("each other: {ports}")),
                Some(from) => self.edge(from, node, &ports, Line::Strong),
                None => {}
            }
            return;
        }
        let of = ["cidrIp", "cidrIpv6", "sourcePrefixListId"].iter().find_map(|name| rule.get(*name));
        let Some(source) = of.and_then(|value| self.finder.text(value)) else { return };
        if source == "0.0.0.0/0" || source == "::/0" {
            let world = self.world();
            self.edge(world, node, &ports, Line::Alarming);
            return;
        }
        let from = self.addresses(&source);
        self.edge(from, node, &ports, Line::Strong);
    }

    fn rule_out(&mut self, node: usize, rule: &BTreeMap<String, Value>) {
        let ports = ports(self.finder, rule);
        let of = ["cidrIp", "cidrIpv6", "destinationSecurityGroupId", "destinationPrefixListId"];
        let to = of.iter().find_map(|name| rule.get(*name)).and_then(|value| self.finder.text(value));
        if let Some(to) = to {
            self.line(node, &format!("out: {ports} to {to}"));
        }
    }

    /// The box of addresses that are let in.
    fn addresses(&mut self, addresses: &str) -> usize {
        let id = format!("addresses-{addresses}");
        if let Some(at) = self.nodes.iter().position(|node| node.id == id) {
            return at;
        }
        let finder = self.finder;
        let vpc =
            finder.of_kind(VPC).into_iter().find(|at| finder.property(*at, "cidrBlock").as_deref() == Some(addresses));
        let known = self.existing.iter().find(|vpc| vpc.cidr == addresses).map(|vpc| vpc.id.clone());
        let line = match vpc.map(|at| self.name(at)).or(known) {
            Some(name) => format!("anything in {name}"),
            None => "these addresses".to_owned(),
        };
        self.node(id, None, addresses.to_owned(), vec![line], Tone::World)
    }

    /// Says something more of a box.
    fn line(&mut self, node: usize, text: &str) {
        if let Some(node) = self.nodes.get_mut(node)
            && !node.lines.iter().any(|line| line == text)
        {
            node.lines.push(text.to_owned());
            node.tip = format!("{} · {text}", node.tip);
        }
    }
}

/// The protocol and ports of a rule.
fn ports(finder: &Finder<'_>, rule: &BTreeMap<String, Value>) -> String {
    let text = |name: &str| rule.get(name).and_then(|value| finder.text(value));
    let protocol = match text("ipProtocol").as_deref() {
        None | Some("-1" | "all") => return "everything".to_owned(),
        Some("6") => "tcp".to_owned(),
        Some("17") => "udp".to_owned(),
        Some("1") => "icmp".to_owned(),
        Some(other) => other.to_lowercase(),
    };
    match (text("fromPort").as_deref(), text("toPort").as_deref()) {
        (Some("0"), Some("65535")) | (None, _) | (Some("-1"), _) => format!("{protocol}, all"),
        (Some(from), Some(to)) if from != to => format!("{protocol} {from}-{to}"),
        (Some(from), _) => format!("{protocol} {from}"),
    }
}

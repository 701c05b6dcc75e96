//! Addresses across declarations: subnets lie inside their VPC and do not overlap.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;

use super::super::cidr;
use super::super::session::Mistake;
use crate::model::{Address, Value};

/// A declared VPC or subnet whose addresses are known.
pub(in super::super) struct Network<'a> {
    /// Which declaration it is.
    pub(in super::super) index: usize,
    /// Its address.
    pub(in super::super) address: &'a Address,
    /// Its properties.
    pub(in super::super) properties: &'a BTreeMap<String, Value>,
}

/// Subnets that do not fit, by the index of their declaration.
pub(in super::super) fn networks(vpcs: &[Network<'_>], subnets: &[Network<'_>]) -> Vec<(usize, Mistake)> {
    let block = |network: &Network<'_>| cidr::parse(network.properties.get("cidrBlock")?.as_str()?).ok();
    let blocks: BTreeMap<&Address, Ipv4Net> = vpcs.iter().filter_map(|vpc| Some((vpc.address, block(vpc)?))).collect();
    let mut found = Vec::new();
    let mut by_vpc: BTreeMap<&Address, Vec<(Ipv4Net, &Network<'_>)>> = BTreeMap::new();
    for subnet in subnets {
        let Some(own) = block(subnet) else { continue };
        let Some(Value::Ref(vpc)) = subnet.properties.get("vpcId") else { continue };
        if let Some(whole) = blocks.get(&vpc.address).filter(|whole| !whole.contains(&own)) {
            let mistake = Mistake::new(format!("{own} is not inside {whole}, the addresses of {}", vpc.address));
            found.push((subnet.index, mistake.label("outside of its VPC")));
        }
        by_vpc.entry(&vpc.address).or_default().push((own, subnet));
    }
    for mut subnets in by_vpc.into_values() {
        subnets.sort_by_key(|(block, subnet)| (block.network(), block.prefix_len(), subnet.index));
        let mut widest: Option<(Ipv4Net, &Network<'_>)> = None;
        for (block, subnet) in subnets {
            match widest {
                Some((before, other)) if before.broadcast() >= block.network() => {
                    let (first, second) = if other.index < subnet.index { (other, subnet) } else { (subnet, other) };
                    let mistake =
                        Mistake::new(format!("the addresses of {} overlap those of {}", second.address, first.address));
                    found.push((second.index, mistake.label("overlaps")));
                }
                _ => widest = Some((block, subnet)),
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Reference;

    #[test]
    fn subnets_are_inside_and_apart() {
        let vpc: Address = "ec2_vpc.v".parse().expect("an address");
        let in_vpc = Value::from(Reference { address: vpc.clone(), attribute: "vpcId".to_owned() });
        let block = |cidr: &str| ("cidrBlock".to_owned(), Value::String(cidr.to_owned()));
        let whole = BTreeMap::from([block("10.0.0.0/16")]);
        let names = ["a", "b", "c", "d"].map(|name| format!("ec2_subnet.{name}").parse().expect("an address"));
        let blocks = ["10.0.0.0/24", "10.1.0.0/24", "10.0.0.128/25", "10.0.1.0/24"];
        let properties = blocks.map(|cidr| BTreeMap::from([block(cidr), ("vpcId".to_owned(), in_vpc.clone())]));
        let subnet = |index: usize| Network { index, address: &names[index], properties: &properties[index] };
        let subnets: Vec<Network<'_>> = (0..blocks.len()).map(subnet).collect();
        let found = networks(&[Network { index: 9, address: &vpc, properties: &whole }], &subnets);
        let lines: Vec<String> = found.into_iter().map(|(index, what)| format!("{index} {}", what.message)).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        1 10.1.0.0/24 is not inside 10.0.0.0/16, the addresses of ec2_vpc.v
        2 the addresses of ec2_subnet.c overlap those of ec2_subnet.a
        ");
    }
}

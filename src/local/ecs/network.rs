//! Where tasks' network interfaces are: `networkConfiguration`, and how tasks spread over its subnets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::params::{invalid, map, text, texts};
use crate::local::ec2;
use crate::local::service::Fault;
use crate::local::store::Tx;
use crate::model::{Json, JsonMap};

/// An `awsvpcConfiguration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// One to sixteen subnets.
    pub subnets: Vec<String>,
    /// At most five security groups; none means the VPC's default one.
    pub groups: Vec<String>,
    /// Whether tasks get a public address.
    pub public: bool,
}

impl Network {
    /// As answers have it.
    pub fn view(&self) -> Json {
        json!({"awsvpcConfiguration": {
            "subnets": self.subnets,
            "securityGroups": self.groups,
            "assignPublicIp": if self.public { "ENABLED" } else { "DISABLED" },
        }})
    }
}

/// The network of a request, checked against EC2.
///
/// # Errors
/// `InvalidParameterException` for what is not there or does not belong together.
pub fn read(tx: &Tx<'_>, params: &JsonMap) -> Result<Option<Network>, Fault> {
    let Some(configuration) = map(params, "networkConfiguration")? else { return Ok(None) };
    let Some(vpc) = map(configuration, "awsvpcConfiguration")? else { return Ok(None) };
    let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let public = match text(vpc, "assignPublicIp")? {
        None | Some("DISABLED") => false,
        Some("ENABLED") => true,
        Some(other) => return Err(invalid(format!("Invalid value for assignPublicIp: {other}."))),
    };
    let network =
        Network { subnets: owned(texts(vpc, "subnets")?), groups: owned(texts(vpc, "securityGroups")?), public };
    check(tx, &network)?;
    Ok(Some(network))
}

fn check(tx: &Tx<'_>, network: &Network) -> Result<(), Fault> {
    if network.subnets.is_empty() {
        return Err(invalid("subnets can not be empty."));
    }
    if network.subnets.len() > 16 || network.groups.len() > 5 {
        return Err(invalid("A network configuration has at most 16 subnets and 5 security groups."));
    }
    let mut vpcs = Vec::new();
    for subnet in &network.subnets {
        let (vpc, _) = ec2::subnet_place(tx, subnet)?.ok_or_else(|| {
            invalid(format!(
                "Error retrieving subnet information for [{subnet}]: The subnet ID '{subnet}' does not exist \
                 (ErrorCode: InvalidSubnetID.NotFound)"
            ))
        })?;
        vpcs.push(vpc);
    }
    if vpcs.iter().any(|vpc| *vpc != vpcs[0]) {
        return Err(invalid("All subnets must be in the same VPC."));
    }
    for group in &network.groups {
        let vpc = ec2::group_vpc(tx, group)?.ok_or_else(|| {
            invalid(format!(
                "Error retrieving security group information for [{group}]: The security group '{group}' does not \
                 exist (ErrorCode: InvalidGroup.NotFound)"
            ))
        })?;
        if vpc != vpcs[0] {
            return Err(invalid("Security groups must be in the same VPC as the subnets."));
        }
    }
    Ok(())
}

/// How many tasks there are in each subnet, to choose the next one's by: first the zone with the fewest, then the subnet.
#[derive(Debug)]
pub struct Spread {
    /// Each subnet with its zone and count, in the order of the configuration.
    subnets: Vec<(String, String, usize)>,
    zones: BTreeMap<String, usize>,
}

impl Spread {
    /// Over the subnets of a network that are there.
    ///
    /// # Errors
    /// When the store fails.
    pub fn over(tx: &Tx<'_>, network: &Network) -> Result<Self, Fault> {
        let mut subnets = Vec::new();
        for subnet in &network.subnets {
            // One that has gone is in a zone of its own: what is put there fails and says so.
            let zone = ec2::subnet_place(tx, subnet)?.map_or_else(|| subnet.clone(), |(_, zone)| zone);
            subnets.push((subnet.clone(), zone));
        }
        Ok(Self::of(subnets))
    }

    fn of(subnets: Vec<(String, String)>) -> Self {
        let zones = subnets.iter().map(|(_, zone)| (zone.clone(), 0)).collect();
        Self { subnets: subnets.into_iter().map(|(subnet, zone)| (subnet, zone, 0)).collect(), zones }
    }

    /// Counts a task that is in a subnet.
    pub fn count(&mut self, subnet: &str) {
        if let Some((_, zone, count)) = self.subnets.iter_mut().find(|(own, ..)| own == subnet) {
            *count += 1;
            *self.zones.entry(zone.clone()).or_default() += 1;
        }
    }

    /// Chooses the next task's subnet, and counts it. Empty when there is no subnet at all.
    pub fn choose(&mut self) -> String {
        let by_load = |(_, zone, count): &&(String, String, usize)| (self.zones.get(zone).copied(), *count);
        let chosen = self.subnets.iter().min_by_key(by_load).map(|(subnet, ..)| subnet.clone()).unwrap_or_default();
        self.count(&chosen);
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_spread_over_zones_before_subnets() {
        let subnet = |name: &str, zone: &str| (name.to_owned(), zone.to_owned());
        let mut spread = Spread::of(vec![subnet("a1", "a"), subnet("a2", "a"), subnet("b1", "b")]);
        spread.count("a1");
        let chosen: Vec<String> = (0..5).map(|_| spread.choose()).collect();
        assert_eq!(chosen, ["b1", "a2", "b1", "a1", "b1"]);
    }
}

//! Load balancers. Each has an interface in every one of its subnets, which keeps the subnet and the security groups
//! busy until some time after the load balancer has gone.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::ec2::{self, BalancerInterface};
use super::super::members::Members;
use super::super::service::Fault;
use super::super::store::{Object, Tx};
use super::attribute::{self, Attributes};
use super::tags::{self, Tags};
use super::{arn, check_name, fresh, listener, paged, time};
use crate::model::Json;

/// The timer of one that is being made.
pub const MADE: &str = "balancer-made";
/// The timer of the interfaces of one that is deleted.
pub const RELEASED: &str = "balancer-released";

/// How long one takes to become active.
const MAKING: Duration = Duration::from_secs(120);
/// How long its interfaces stay after it.
const RELEASING: Duration = Duration::from_secs(45);

/// A load balancer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoadBalancer {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Whether it is a network load balancer.
    pub network: bool,
    /// Whether it is reached from inside only.
    pub internal: bool,
    /// Its VPC.
    pub vpc: String,
    /// Its subnets.
    pub places: Vec<Place>,
    /// Its security groups.
    pub groups: Vec<String>,
    /// Its tags.
    pub tags: Tags,
    attributes: Attributes,
    created: Timestamp,
    active: bool,
}

/// A subnet that a load balancer is in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Place {
    /// The subnet.
    pub subnet: String,
    zone: String,
    /// The interface.
    pub interface: String,
}

impl Object for LoadBalancer {
    const TABLE: &'static str = "elb.load-balancer";

    fn key(&self) -> String {
        self.arn.clone()
    }

    fn parent(&self) -> String {
        self.name.clone()
    }
}

/// The interfaces that one left behind.
#[derive(Debug, Serialize, Deserialize)]
struct Orphans {
    balancer: String,
    interfaces: Vec<String>,
}

impl Object for Orphans {
    const TABLE: &'static str = "elb.orphans";

    fn key(&self) -> String {
        self.balancer.clone()
    }
}

impl LoadBalancer {
    /// Its state, as AWS writes it.
    pub fn state(&self) -> &'static str {
        if self.active { "active" } else { "provisioning" }
    }

    /// What is between `loadbalancer/` and the end of its ARN.
    pub fn path(&self) -> &str {
        self.arn.split_once(":loadbalancer/").map_or("", |(_, path)| path)
    }

    fn show(&self, region: &str) -> Json {
        let (kind, scheme) = (
            if self.network { "network" } else { "application" },
            if self.internal { "internal" } else { "internet-facing" },
        );
        let zones: Vec<Json> = (self.places.iter())
            .map(|place| json!({ "ZoneName": place.zone, "SubnetId": place.subnet, "LoadBalancerAddresses": [] }))
            .collect();
        let id = self.path().rsplit('/').next().unwrap_or_default();
        let number = u64::from_str_radix(&id[..id.len().min(8)], 16).unwrap_or_default();
        let prefix = if self.internal { "internal-" } else { "" };
        let dns = if self.network {
            format!("{}-{id}.elb.{region}.amazonaws.com", self.name)
        } else {
            format!("{prefix}{}-{number}.{region}.elb.amazonaws.com", self.name)
        };
        json!({
            "LoadBalancerArn": self.arn,
            "DNSName": dns,
            "CanonicalHostedZoneId": if self.network { "Z2IFOLAFXWLO4F" } else { "Z32O12XQLNTSW2" },
            "CreatedTime": time(self.created),
            "LoadBalancerName": self.name,
            "Scheme": scheme,
            "VpcId": self.vpc,
            "State": { "Code": self.state() },
            "Type": kind,
            "AvailabilityZones": zones,
            "SecurityGroups": self.groups,
            "IpAddressType": "ipv4",
        })
    }
}

/// The load balancer of an ARN.
pub fn find(tx: &Tx<'_>, arn: &str) -> Result<LoadBalancer, Fault> {
    let absent = || Fault::new("LoadBalancerNotFound", format!("Load balancer '{arn}' not found"));
    tx.get(arn)?.ok_or_else(absent)
}

fn asked(tx: &Tx<'_>, members: &Members<'_>) -> Result<LoadBalancer, Fault> {
    find(tx, members.required("LoadBalancerArn")?)
}

/// `CreateLoadBalancer`. With the same settings as one of that name it tells that one.
pub fn create(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let name = members.required("Name")?;
    check_name(members, "load balancer", name)?;
    if name.starts_with("internal-") {
        return Err(members.refuse(format!("The load balancer name '{name}' cannot begin with 'internal-'")));
    }
    let network = match members.text("Type")?.unwrap_or("application") {
        "application" => false,
        "network" => true,
        other => return Err(members.refuse(format!("The embedded AWS has no {other} load balancers"))),
    };
    let internal = members.one_of("Scheme", &["internal", "internet-facing"])? == Some("internal");
    nothing_absent(members)?;
    let subnets = subnets_of(members)?;
    let vpc = check_subnets(tx, members, &subnets, network, internal)?;
    let groups = groups_of(tx, members, &vpc, network)?;
    let tags = tags::at_creation(members)?;
    if let Some(there) = tx.under::<LoadBalancer>(name)?.into_iter().next() {
        let sorted = |mut list: Vec<String>| {
            list.sort_unstable();
            list
        };
        let places = there.places.iter().map(|place| place.subnet.clone()).collect();
        let same = (there.network, there.internal, &there.tags) == (network, internal, &tags)
            && sorted(places) == sorted(subnets)
            && sorted(there.groups.clone()) == sorted(groups);
        return if same {
            Ok(json!({ "LoadBalancers": [there.show(&tx.region)] }))
        } else {
            let message = format!("A load balancer with the same name '{name}' exists, but with different settings");
            Err(Fault::new("DuplicateLoadBalancerName", message))
        };
    }
    let kind = if network { "net" } else { "app" };
    let id = fresh(tx, "load-balancer")?;
    let mut balancer = LoadBalancer {
        arn: arn(tx, &format!("loadbalancer/{kind}/{name}/{id}")),
        name: name.to_owned(),
        network,
        internal,
        vpc,
        places: Vec::new(),
        groups,
        tags,
        attributes: attribute::defaults(if network { attribute::NETWORK } else { attribute::APPLICATION }),
        created: tx.now,
        active: false,
    };
    for subnet in &subnets {
        enter(tx, &mut balancer, subnet)?;
    }
    tx.put(&balancer)?;
    tx.after(MAKING, "elasticloadbalancing", MADE, &balancer.arn)?;
    Ok(json!({ "LoadBalancers": [balancer.show(&tx.region)] }))
}

/// Refuses what means something on AWS and nothing here.
fn nothing_absent(members: &Members<'_>) -> Result<(), Fault> {
    for name in ["IpamPools", "CustomerOwnedIpv4Pool", "EnablePrefixForIpv6SourceNat"] {
        if members.json().contains_key(name) {
            return Err(members.refuse(format!("The embedded AWS has nothing to do {name} with")));
        }
    }
    if members.text("IpAddressType")?.is_some_and(|kind| kind != "ipv4") {
        return Err(no_ipv6());
    }
    Ok(())
}

fn no_ipv6() -> Fault {
    let message = "You must specify subnets with an associated IPv6 CIDR block.";
    Fault::new("InvalidSubnet", message)
}

fn subnets_of(members: &Members<'_>) -> Result<Vec<String>, Fault> {
    let mut subnets: Vec<String> = members.texts("Subnets")?.into_iter().map(str::to_owned).collect();
    for mapping in members.structures("SubnetMappings")? {
        if mapping.json().len() > 1 {
            return Err(members.refuse("The embedded AWS chooses the addresses of load balancers itself"));
        }
        subnets.push(mapping.required("SubnetId")?.to_owned());
    }
    subnets.dedup();
    Ok(subnets)
}

/// The VPC of the subnets, which must be in zones of their own, two at least for an application load balancer.
fn check_subnets(
    tx: &Tx<'_>,
    members: &Members<'_>,
    subnets: &[String],
    network: bool,
    internal: bool,
) -> Result<String, Fault> {
    let invalid = |code: &str, message: String| Err(Fault::new(code, message));
    let Some(first) = subnets.first() else {
        return Err(members.refuse("At least one subnet must be specified"));
    };
    let (mut vpc, mut zones) = (String::new(), Vec::new());
    for subnet in subnets {
        let Some((of, zone)) = ec2::subnet_place(tx, subnet)? else {
            return invalid("SubnetNotFound", format!("The subnet ID '{subnet}' does not exist"));
        };
        if subnet != first && of != vpc {
            return invalid("InvalidConfigurationRequest", "All subnets must belong to the same VPC".to_owned());
        }
        vpc = of;
        if zones.contains(&zone) {
            let message = "A load balancer cannot be attached to multiple subnets in the same Availability Zone";
            return invalid("InvalidConfigurationRequest", message.to_owned());
        }
        zones.push(zone);
    }
    if !network && zones.len() < 2 {
        let message = "At least two subnets in two different Availability Zones must be specified";
        return Err(members.refuse(message));
    }
    if !internal && !ec2::has_internet_gateway(tx, &vpc)? {
        return invalid("InvalidSubnet", format!("VPC {vpc} has no internet gateway"));
    }
    Ok(vpc)
}

/// The security groups of a call; an application load balancer has its VPC's own where none is given.
fn groups_of(tx: &Tx<'_>, members: &Members<'_>, vpc: &str, network: bool) -> Result<Vec<String>, Fault> {
    let mut groups: Vec<String> = members.texts("SecurityGroups")?.into_iter().map(str::to_owned).collect();
    groups.sort_unstable();
    groups.dedup();
    for group in &groups {
        let message = match ec2::group_vpc(tx, group)? {
            None => format!("The security group '{group}' does not exist"),
            Some(of) if of != vpc => format!("One or more security groups are invalid: '{group}' is not in {vpc}"),
            Some(_) => continue,
        };
        return Err(Fault::new("InvalidSecurityGroup", message));
    }
    if groups.is_empty() && !network {
        groups.extend(ec2::default_group(tx, vpc)?);
    }
    Ok(groups)
}

fn enter(tx: &mut Tx<'_>, balancer: &mut LoadBalancer, subnet: &str) -> Result<(), Fault> {
    let description = format!("ELB {}", balancer.path());
    let wanted = BalancerInterface {
        subnet,
        groups: &balancer.groups,
        public: !balancer.internal,
        description: &description,
        network: balancer.network,
    };
    let made = ec2::attach_balancer_interface(tx, &wanted).map_err(|fault| match fault.code.as_str() {
        "InsufficientFreeAddressesInSubnet" => {
            Fault::new("InvalidSubnet", format!("Not enough IP space available in {subnet}"))
        }
        _ => fault,
    })?;
    let place = Place { subnet: subnet.to_owned(), zone: made.zone, interface: made.id };
    balancer.places.push(place);
    Ok(())
}

/// It has been made.
pub fn made(tx: &mut Tx<'_>, arn: &str) -> Result<(), Fault> {
    if let Some(mut balancer) = tx.get::<LoadBalancer>(arn)? {
        balancer.active = true;
        tx.put(&balancer)?;
    }
    Ok(())
}

/// `DescribeLoadBalancers`: by ARN, by name, or all.
pub fn describe(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let (arns, names) = (members.texts("LoadBalancerArns")?, members.texts("Names")?);
    let mut found = Vec::new();
    for arn in &arns {
        found.push(find(tx, arn)?);
    }
    for name in &names {
        let absent = || Fault::new("LoadBalancerNotFound", format!("Load balancers '[{name}]' not found"));
        found.push(tx.under::<LoadBalancer>(name)?.into_iter().next().ok_or_else(absent)?);
    }
    if arns.is_empty() && names.is_empty() {
        found = tx.all()?;
    }
    paged(members, "LoadBalancers", found, |one| Ok(one.show(&tx.region)))
}

/// `DescribeLoadBalancerAttributes`.
pub fn describe_attributes(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    Ok(attribute::told(&asked(tx, members)?.attributes))
}

/// `ModifyLoadBalancerAttributes`.
pub fn modify_attributes(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut balancer = asked(tx, members)?;
    let told = attribute::modify(members, &mut balancer.attributes)?;
    tx.put(&balancer)?;
    Ok(told)
}

/// `SetSubnets`: those that stay keep their interfaces.
pub fn set_subnets(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut balancer = asked(tx, members)?;
    nothing_absent(members)?;
    let wanted = subnets_of(members)?;
    let vpc = check_subnets(tx, members, &wanted, balancer.network, balancer.internal)?;
    if vpc != balancer.vpc {
        let message = format!("The subnets are not in the VPC '{}' of the load balancer", balancer.vpc);
        return Err(Fault::new("InvalidConfigurationRequest", message));
    }
    let (kept, gone): (Vec<Place>, Vec<Place>) =
        std::mem::take(&mut balancer.places).into_iter().partition(|place| wanted.contains(&place.subnet));
    balancer.places = kept;
    let there: Vec<String> = balancer.places.iter().map(|place| place.subnet.clone()).collect();
    for subnet in wanted.iter().filter(|subnet| !there.contains(subnet)) {
        enter(tx, &mut balancer, subnet)?;
    }
    let interfaces = gone.into_iter().map(|place| place.interface).collect();
    leave(tx, &balancer.arn, interfaces)?;
    tx.put(&balancer)?;
    Ok(json!({ "AvailabilityZones": balancer.show(&tx.region)["AvailabilityZones"], "IpAddressType": "ipv4" }))
}

/// `SetSecurityGroups`.
pub fn set_security_groups(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut balancer = asked(tx, members)?;
    let groups = groups_of(tx, members, &balancer.vpc, balancer.network)?;
    if balancer.network && balancer.groups.is_empty() != groups.is_empty() {
        let message = "Security groups cannot be added to or taken from a network load balancer that was made without \
                       or with some";
        return Err(Fault::new("InvalidConfigurationRequest", message));
    }
    // A network load balancer may have none, and then goes on without.
    for place in balancer.places.iter().filter(|_| !groups.is_empty()) {
        ec2::regroup_interface(tx, &place.interface, &groups)?;
    }
    balancer.groups = groups;
    tx.put(&balancer)?;
    Ok(json!({ "SecurityGroupIds": balancer.groups }))
}

/// `SetIpAddressType`: there is no IPv6.
pub fn set_ip_address_type(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    asked(tx, members)?;
    if members.required("IpAddressType")? != "ipv4" {
        return Err(no_ipv6());
    }
    Ok(json!({ "IpAddressType": "ipv4" }))
}

/// `DeleteLoadBalancer`, with its listeners; one that is not there is fine.
pub fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let Some(balancer) = tx.get::<LoadBalancer>(members.required("LoadBalancerArn")?)? else { return Ok(json!({})) };
    if balancer.attributes.get("deletion_protection.enabled").is_some_and(|on| on == "true") {
        let message =
            format!("Load balancer '{}' cannot be deleted because deletion protection is enabled", balancer.arn);
        return Err(Fault::new("OperationNotPermitted", message));
    }
    listener::forget_all(tx, &balancer.arn)?;
    let interfaces = balancer.places.iter().map(|place| place.interface.clone()).collect();
    leave(tx, &balancer.arn, interfaces)?;
    tx.delete::<LoadBalancer>(&balancer.arn)?;
    Ok(json!({}))
}

/// Leaves interfaces behind, to go after a while.
fn leave(tx: &mut Tx<'_>, balancer: &str, interfaces: Vec<String>) -> Result<(), Fault> {
    if interfaces.is_empty() {
        return Ok(());
    }
    let key = format!("{balancer} {}", fresh(tx, "orphans")?);
    tx.put(&Orphans { balancer: key.clone(), interfaces })?;
    Ok(tx.after(RELEASING, "elasticloadbalancing", RELEASED, &key)?)
}

/// The interfaces that one left behind go.
pub fn released(tx: &mut Tx<'_>, key: &str) -> Result<(), Fault> {
    let Some(orphans) = tx.get::<Orphans>(key)? else { return Ok(()) };
    for interface in &orphans.interfaces {
        ec2::release_interface(tx, interface)?;
    }
    tx.delete::<Orphans>(key)?;
    Ok(())
}

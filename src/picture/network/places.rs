//! VPCs, zones and subnets, with the gateways and routes that lead out of them.

use super::{Drawing, GROUP, Key, SUBNET, Subnet, Tone, VPC};
use crate::model::Value;
use crate::picture::subject::within;

const TABLE: &str = "AWS::EC2::RouteTable";
const GATEWAY: &str = "AWS::EC2::InternetGateway";
const NAT: &str = "AWS::EC2::NatGateway";

/// Where a subnet's packets to the world go.
enum Way {
    Gateway,
    Nat(usize),
}

impl Drawing<'_> {
    /// Draws them.
    pub(super) fn places(&mut self) {
        for at in self.finder.of_kind(VPC) {
            let note = self.finder.property(at, "cidrBlock").unwrap_or_default();
            let title = self.name(at);
            let frame = self.group(None, title, note, Tone::Network);
            self.vpcs.insert(Key::Declared(at), frame);
        }
        for at in self.finder.of_kind("AWS::EC2::VPCGatewayAttachment") {
            let Some(item) = self.finder.items.get(at) else { continue };
            let gateway = item.properties.get("internetGatewayId").and_then(|value| self.finder.named(value, GATEWAY));
            let (Some(gateway), Some(vpc)) = (gateway, item.properties.get("vpcId").cloned()) else { continue };
            let Some(frame) = self.vpc(&vpc) else { continue };
            self.way_out(frame, gateway);
        }
        for at in self.finder.of_kind(SUBNET) {
            self.declared_subnet(at);
        }
        for at in self.finder.of_kind(NAT) {
            let Some(place) = self.finder.items.get(at).and_then(|item| item.properties.get("subnetId")).cloned()
            else {
                continue;
            };
            let Some((key, frame)) = self.inside(&place) else { continue };
            let (id, title) = (self.id(at), self.name(at));
            let node = self.node(id, Some(frame), title, vec!["NAT gateway".to_owned()], Tone::Gateway);
            let vpc = self.outermost(frame);
            if let Some(gateway) = self.ways_out.get(&vpc).copied() {
                self.edge_out(node, gateway);
            }
            if let Some(subnet) = self.subnets.get_mut(&key) {
                subnet.public = true;
            }
        }
        let keys: Vec<Key> = self.subnets.keys().cloned().collect();
        for key in keys {
            self.route(&key);
        }
        self.endpoints();
    }

    /// The frame of a VPC, which is made for one that exists already.
    pub(super) fn vpc(&mut self, value: &Value) -> Option<usize> {
        let key = match self.finder.named(value, VPC) {
            Some(at) => Key::Declared(at),
            None => Key::There(self.finder.text(value)?),
        };
        if let Some(frame) = self.vpcs.get(&key) {
            return Some(*frame);
        }
        let Key::There(id) = &key else { return None };
        let known = self.existing.iter().find(|vpc| vpc.id == *id);
        let note = known.map_or("is there already".to_owned(), |vpc| format!("{}, is there already", vpc.cidr));
        let frame = self.group(None, id.clone(), note, Tone::Network);
        self.vpcs.insert(key, frame);
        Some(frame)
    }

    fn way_out(&mut self, frame: usize, gateway: usize) {
        let world = self.world();
        let (id, title) = (self.id(gateway), self.name(gateway));
        let node = self.node(id, Some(frame), title, vec!["internet gateway".to_owned()], Tone::Gateway);
        self.edge_out(node, world);
        self.ways_out.insert(frame, node);
    }

    fn declared_subnet(&mut self, at: usize) {
        let Some(vpc) = self.finder.items.get(at).and_then(|item| item.properties.get("vpcId")).cloned() else {
            return;
        };
        let frame = self.vpc(&vpc);
        let zone = self.finder.property(at, "availabilityZone").or_else(|| {
            // Of a list of zones that are looked up, the place in the list tells them apart.
            self.finder.property(at, "availabilityZoneId")
        });
        let within = match zone {
            Some(zone) => self.zone(frame, &zone),
            None => frame,
        };
        let public = matches!(self.way(at), Some(Way::Gateway));
        let note = self.finder.property(at, "cidrBlock").unwrap_or_default();
        let subnet = Subnet { within, title: self.name(at), note, public, frame: None, out: None };
        self.subnets.insert(Key::Declared(at), subnet);
    }

    /// The frame of a zone in a VPC.
    fn zone(&mut self, vpc: Option<usize>, zone: &str) -> Option<usize> {
        let there = self.groups.iter().position(|group| group.within == vpc && group.title == zone);
        Some(there.unwrap_or_else(|| self.group(vpc, zone.to_owned(), String::new(), Tone::Other)))
    }

    /// The subnet that a value names: one that exists already is looked up.
    fn subnet(&mut self, value: &Value) -> Option<Key> {
        let key = match self.finder.named(value, SUBNET) {
            Some(at) => Key::Declared(at),
            None => Key::There(self.finder.text(value)?),
        };
        if self.subnets.contains_key(&key) {
            return Some(key);
        }
        let Key::There(id) = &key else { return None };
        let known = self.existing.iter().find_map(|vpc| {
            let subnet = vpc.subnets.iter().find(|subnet| subnet.id == *id)?;
            Some((vpc.id.clone(), subnet.clone()))
        });
        let subnet = match known {
            Some((vpc, there)) => {
                let vpc = self.vpc(&Value::String(vpc));
                let within = self.zone(vpc, &there.zone);
                Subnet { within, title: id.clone(), note: there.cidr, public: there.public, frame: None, out: None }
            }
            None => {
                // Whose it is is not known; where there is one VPC, it is most likely that one's.
                let mut all = self.vpcs.values().copied();
                let within = all.next().filter(|_| all.next().is_none());
                let note = "is there already".to_owned();
                Subnet { within, title: id.clone(), note, public: false, frame: None, out: None }
            }
        };
        self.subnets.insert(key.clone(), subnet);
        Some(key)
    }

    /// The frame of the subnet that a value names, for something in it.
    pub(super) fn inside(&mut self, value: &Value) -> Option<(Key, usize)> {
        let key = self.subnet(value)?;
        let Subnet { within, title, note, public, frame, .. } = self.subnets.get(&key)?.clone();
        if let Some(frame) = frame {
            return Some((key, frame));
        }
        let note = if public { format!("public {note}") } else { format!("private {note}") };
        let tone = if public { Tone::Naming } else { Tone::Network };
        let frame = self.group(within, title, note.trim().to_owned(), tone);
        if let Some(subnet) = self.subnets.get_mut(&key) {
            subnet.frame = Some(frame);
        }
        Some((key, frame))
    }

    /// Where the packets of a declared subnet to the world go, by its route table.
    fn way(&self, subnet: usize) -> Option<Way> {
        let finder = self.finder;
        let table = finder.of_kind("AWS::EC2::SubnetRouteTableAssociation").into_iter().find_map(|at| {
            let properties = finder.items.get(at)?.properties;
            let of = finder.named(properties.get("subnetId")?, SUBNET)?;
            finder.named(properties.get("routeTableId")?, TABLE).filter(|_| of == subnet)
        })?;
        finder.of_kind("AWS::EC2::Route").into_iter().find_map(|at| {
            let properties = finder.items.get(at)?.properties;
            let of = finder.named(properties.get("routeTableId")?, TABLE)?;
            let to = properties.get("destinationCidrBlock")?;
            if of != table || finder.text(to)? != "0.0.0.0/0" {
                return None;
            }
            let nat = properties.get("natGatewayId").and_then(|nat| finder.named(nat, NAT)).map(Way::Nat);
            nat.or_else(|| properties.get("gatewayId").map(|_| Way::Gateway))
        })
    }

    /// Finds the box that leads out of a subnet.
    fn route(&mut self, key: &Key) {
        let Key::Declared(at) = key else { return };
        let out = match self.way(*at) {
            Some(Way::Nat(nat)) => {
                let id = self.id(nat);
                self.nodes.iter().position(|node| node.id == id)
            }
            Some(Way::Gateway) => {
                let within = self.subnets.get(key).and_then(|subnet| subnet.within);
                let vpc = within.map(|within| self.outermost(within));
                vpc.and_then(|vpc| self.ways_out.get(&vpc).copied())
            }
            None => None,
        };
        if let Some(subnet) = self.subnets.get_mut(key) {
            subnet.out = out;
        }
    }

    /// The frame around all others that a frame is in.
    fn outermost(&self, frame: usize) -> usize {
        let mut at = frame;
        while let Some(within) = self.groups.get(at).and_then(|group| group.within) {
            at = within;
        }
        at
    }

    fn endpoints(&mut self) {
        for (kind, title) in [("Interface", "Interface endpoints"), ("Gateway", "Gateway endpoints")] {
            let mut places: Vec<(usize, Vec<String>, Vec<Value>)> = Vec::new();
            for at in self.finder.of_kind("AWS::EC2::VPCEndpoint") {
                let of_kind = self.finder.property(at, "vpcEndpointType").unwrap_or_else(|| "Gateway".to_owned());
                let Some(item) = self.finder.items.get(at).filter(|_| of_kind == kind) else { continue };
                let Some(frame) = item.properties.get("vpcId").and_then(|vpc| self.vpc(vpc)) else { continue };
                let service = self.finder.property(at, "serviceName").unwrap_or_else(|| self.name(at));
                // `com.amazonaws.REGION.` goes without saying.
                let short = service.splitn(4, '.').nth(3).unwrap_or(&service).to_owned();
                let guards: Vec<Value> = within(item.properties, &["securityGroupIds"]).into_iter().cloned().collect();
                match places.iter_mut().find(|(there, ..)| *there == frame) {
                    Some((_, services, all)) => {
                        services.push(short);
                        all.extend(guards);
                    }
                    None => places.push((frame, vec![short], guards)),
                }
            }
            for (frame, services, guards) in places {
                let lines = services.chunks(3).map(|some| some.join(", ")).collect();
                let id = format!("{}-endpoints-{frame}", kind.to_lowercase());
                let node = self.node(id, Some(frame), title.to_owned(), lines, Tone::Gateway);
                for guard in guards {
                    self.guarded(&guard, node);
                }
            }
        }
    }

    /// Boxes for subnets that have nothing in them.
    pub(super) fn empty_subnets(&mut self) {
        let keys: Vec<Key> = self.subnets.keys().cloned().collect();
        for key in keys {
            let Some(subnet) = self.subnets.get(&key).filter(|subnet| subnet.frame.is_none()).cloned() else {
                continue;
            };
            let sort = if subnet.public { "public" } else { "private" };
            let id = match &key {
                Key::Declared(at) => self.id(*at),
                Key::There(id) => id.clone(),
            };
            let line = format!("{sort} {}", subnet.note);
            self.node(id, subnet.within, subnet.title, vec![line.trim().to_owned()], Tone::Network);
        }
    }

    /// What a resource is called.
    pub(super) fn name(&self, at: usize) -> String {
        self.finder.items.get(at).map_or_else(String::new, |item| item.address.name().to_owned())
    }

    /// What its box is called.
    pub(super) fn id(&self, at: usize) -> String {
        self.finder.items.get(at).map_or_else(String::new, |item| item.address.to_string())
    }

    /// The box of a security group: one that exists already is in the frame of the only VPC, when there is one.
    pub(super) fn guard(&mut self, value: &Value) -> Option<usize> {
        let key = match self.finder.named(value, GROUP) {
            Some(at) => Key::Declared(at),
            None => Key::There(self.finder.text(value)?),
        };
        if let Some(node) = self.guards.get(&key) {
            return Some(*node);
        }
        let (id, title, within) = match &key {
            Key::Declared(at) => {
                let vpc = self.finder.items.get(*at).and_then(|item| item.properties.get("vpcId")).cloned();
                (self.id(*at), self.name(*at), vpc.and_then(|vpc| self.vpc(&vpc)))
            }
            Key::There(id) => {
                let mut all = self.vpcs.values().copied();
                (id.clone(), id.clone(), all.next().filter(|_| all.next().is_none()))
            }
        };
        let node = self.node(id, within, title, vec!["security group".to_owned()], Tone::Access);
        self.guards.insert(key, node);
        Some(node)
    }

    /// An arrow from a security group to what it is around.
    pub(super) fn guarded(&mut self, guard: &Value, node: usize) {
        if let Some(guard) = self.guard(guard) {
            self.edge(guard, node, "", super::Line::Dashed);
        }
    }
}

//! Whether a service's tasks find addresses in their subnets, and a way out of them.

use aws_sdk_ec2::types::{Filter, RouteTable};

use super::sight::{Named, exists, items, member, number, text};
use super::{Look, Outcome};
use crate::cloud::{CallError, failed};
use crate::model::Value;
use crate::plan::Change;

/// Addresses of each subnet that are AWS's own.
const RESERVED: u64 = 5;

/// Where tasks get to from a subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Through a NAT gateway, or something like it.
    Nat,
    /// Through an internet gateway, which asks for a public address.
    Internet,
    /// To some services of AWS, by endpoints.
    Endpoints,
    /// Nowhere.
    None,
}

/// What is known of a subnet.
struct Place {
    name: String,
    free: u64,
    way: Way,
}

impl Look<'_> {
    pub(super) async fn service(&mut self) {
        let network = self.change.wanted.get("networkConfiguration");
        let Some(network) = network.and_then(|network| member(network, "awsvpcConfiguration")).cloned() else { return };
        let mut places = Vec::new();
        for subnet in items(member(&network, "subnets")).to_vec() {
            match self.place(&subnet).await {
                Ok(Some(place)) => places.push(place),
                Ok(None) => self.tell(Outcome::Unseen, "subnet", "which one it is is not known before the run", None),
                Err(error) if error.is_not_found() => {
                    self.failed("subnet", error.message.clone(), "look at the identifier, and at the region");
                }
                Err(error) => self.unseen("subnet", &error),
            }
        }
        let public = text(&network, "assignPublicIp") == Some("ENABLED");
        places.iter().for_each(|place| self.way_out(place, public));
        self.addresses(&places);
        self.members(&network).await;
    }

    fn addresses(&mut self, places: &[Place]) {
        let Some(tasks) = number(self.change.wanted.get("desiredCount")).and_then(|count| u64::try_from(count).ok())
        else {
            return;
        };
        if places.is_empty() || tasks == 0 {
            return;
        }
        let there = number(self.change.observed.get("desiredCount").map(Value::from_json).as_ref());
        let more = tasks.saturating_sub(there.and_then(|count| u64::try_from(count).ok()).unwrap_or_default());
        let free: u64 = places.iter().map(|place| place.free).sum();
        let says = format!("{free} free in {} subnet(s), for {more} more task(s)", places.len());
        let help = "use larger subnets, or more of them";
        if free < more {
            self.failed("addresses", says, help);
        } else if free < tasks.saturating_mul(2) {
            let says = format!("{says}; a deployment runs up to twice as many for a while");
            self.tell(Outcome::Warning, "addresses", says, Some(help));
        } else {
            self.ok("addresses", says);
        }
    }

    fn way_out(&mut self, place: &Place, public: bool) {
        let what = format!("way out of {}", place.name);
        match (place.way, public) {
            (Way::Nat, _) => self.ok(what, "through a NAT gateway"),
            (Way::Internet, true) => self.ok(what, "through an internet gateway, with a public address"),
            (Way::Internet, false) => self.failed(
                what,
                "it leads to an internet gateway, and tasks have no public address",
                "set assignPublicIp: \"ENABLED\", or use subnets behind a NAT gateway",
            ),
            (Way::Endpoints, _) => self.tell(
                Outcome::Warning,
                what,
                "only to services of AWS, by endpoints",
                Some("images of ECR are reached with endpoints for ecr.api, ecr.dkr, logs and S3; public registries are not"),
            ),
            (Way::None, _) => self.failed(
                what,
                "there is none: no image is pulled, and no log written",
                "route 0.0.0.0/0 to a NAT gateway, or make endpoints for ecr.api, ecr.dkr, logs and S3",
            ),
        }
    }

    async fn place(&self, subnet: &Value) -> Result<Option<Place>, CallError> {
        Ok(match self.sight.named(subnet) {
            Named::Own(own) if !exists(own) => Some(self.place_made(own)),
            Named::Own(own) => match &own.id {
                Some(id) => Some(self.place_there(id).await?),
                None => None,
            },
            Named::Other(id) => Some(self.place_there(&id).await?),
            Named::Unknown => None,
        })
    }

    /// What the program says of a subnet that it makes.
    fn place_made(&self, subnet: &Change) -> Place {
        let bits = subnet.wanted.get("cidrBlock").and_then(Value::as_str);
        let bits = bits.and_then(|cidr| cidr.rsplit_once('/')?.1.parse::<u32>().ok()).filter(|bits| *bits <= 32);
        let free = bits.map_or(0, |bits| (1_u64 << (32 - bits)).saturating_sub(RESERVED));
        let table = self.sight.all("AWS::EC2::SubnetRouteTableAssociation").find_map(|association| {
            let of_it = self.sight.names(association.wanted.get("subnetId"), subnet);
            let table = association.wanted.get("routeTableId").filter(|_| of_it)?;
            match self.sight.named(table) {
                Named::Own(table) => Some(table),
                _ => None,
            }
        });
        let routes = self.sight.all("AWS::EC2::Route").filter(|route| {
            let everywhere = route.wanted.get("destinationCidrBlock").and_then(Value::as_str) == Some("0.0.0.0/0");
            everywhere && table.is_some_and(|table| self.sight.names(route.wanted.get("routeTableId"), table))
        });
        let by_gateway = |route: &Change| route.wanted.contains_key("gatewayId");
        let mut ways = routes.map(|route| if by_gateway(route) { Way::Internet } else { Way::Nat });
        let endpoints = || self.sight.all("AWS::EC2::VPCEndpoint").next().map(|_| Way::Endpoints);
        let way = ways.next().or_else(endpoints).unwrap_or(Way::None);
        Place { name: subnet.address.to_string(), free, way }
    }

    /// What AWS says of a subnet.
    async fn place_there(&self, id: &str) -> Result<Place, CallError> {
        let filter = |name: &str, value: &str| Filter::builder().name(name).values(value).build();
        let call = self.cloud.ec2.describe_subnets().subnet_ids(id);
        let answer = call.send().await.map_err(failed("ec2:DescribeSubnets"))?;
        let subnet = answer.subnets().first();
        let free = subnet.and_then(|subnet| subnet.available_ip_address_count()).unwrap_or_default();
        let vpc = subnet.and_then(|subnet| subnet.vpc_id()).unwrap_or_default();
        let call = self.cloud.ec2.describe_route_tables().filters(filter("vpc-id", vpc));
        let tables = call.send().await.map_err(failed("ec2:DescribeRouteTables"))?.route_tables.unwrap_or_default();
        let of = |table: &&RouteTable, own: bool| {
            table.associations().iter().any(|found| match own {
                true => found.subnet_id() == Some(id),
                false => found.main() == Some(true),
            })
        };
        let table =
            tables.iter().find(|table| of(table, true)).or_else(|| tables.iter().find(|table| of(table, false)));
        let out = table
            .map(RouteTable::routes)
            .unwrap_or_default()
            .iter()
            .find(|route| route.destination_cidr_block() == Some("0.0.0.0/0"));
        let way = match out {
            Some(route) if route.gateway_id().is_some_and(|id| id.starts_with("igw-")) => Way::Internet,
            Some(_) => Way::Nat,
            None => {
                let call = self.cloud.ec2.describe_vpc_endpoints().filters(filter("vpc-id", vpc));
                let found = call.send().await.map_err(failed("ec2:DescribeVpcEndpoints"))?;
                if found.vpc_endpoints().is_empty() { Way::None } else { Way::Endpoints }
            }
        };
        Ok(Place { name: id.to_owned(), free: u64::try_from(free).unwrap_or_default(), way })
    }
}

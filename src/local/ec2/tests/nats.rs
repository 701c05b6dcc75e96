//! NAT gateways, and who reaches the internet.

use super::*;

/// A VPC with an internet gateway and a public subnet, routed to it, and a private one.
struct Network {
    account: Account,
    vpc: String,
    gateway: String,
    public: String,
    private: String,
    private_table: String,
}

impl Network {
    fn new() -> Self {
        let mut account = Account::new();
        let vpc = account.vpc("10.0.0.0/16");
        let gateway = account.gateway(&vpc);
        let public = account.subnet(&vpc, "10.0.0.0/28");
        let private = account.subnet(&vpc, "10.0.1.0/24");
        let public_table = account.table(&vpc);
        let private_table = account.table(&vpc);
        for (table, subnet) in [(&public_table, &public), (&private_table, &private)] {
            account.ok("AssociateRouteTable", json!({ "RouteTableId": table, "SubnetId": subnet }));
        }
        account.ok(
            "CreateRoute",
            json!({ "RouteTableId": public_table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway }),
        );
        Self { account, vpc, gateway, public, private, private_table }
    }

    fn route_to(&mut self, nat: &str) {
        let params =
            json!({ "RouteTableId": self.private_table, "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": nat });
        self.account.ok("CreateRoute", params);
    }

    fn shown(&mut self, nat: &str) -> Json {
        self.account.ok("DescribeNatGateways", json!({ "NatGatewayId": [nat] }))["natGatewaySet"][0].clone()
    }

    fn state(&mut self, nat: &str) -> String {
        self.shown(nat)["state"].as_str().expect("a state").to_owned()
    }

    fn way_out(&mut self, subnet: &str, public: bool) -> bool {
        self.account.within(|tx| has_way_out(tx, subnet, public)).expect("an answer")
    }
}

#[test]
fn a_gateway_becomes_available_and_is_described_for_an_hour_after_it_has_gone() {
    let mut net = Network::new();
    let address = net.account.address();
    let nat = net.account.nat(&net.public.clone(), &address);
    let listed = ("AWS::EC2::NatGateway".to_owned(), nat.clone());
    assert_eq!(net.state(&nat), "pending");
    net.account.pass(89);
    assert_eq!(net.state(&nat), "pending");
    net.account.pass(1);
    assert_eq!(net.state(&nat), "available");
    assert!(net.account.listed().contains(&listed));
    net.account.ok("DeleteNatGateway", json!({ "NatGatewayId": nat }));
    net.account.ok("DeleteNatGateway", json!({ "NatGatewayId": nat }));
    assert_eq!(net.state(&nat), "deleting");
    net.account.pass(45);
    assert_eq!(net.state(&nat), "deleted");
    assert_eq!(net.shown(&nat)["deleteTime"], "2030-01-01T00:01:30.000Z");
    assert!(!net.account.listed().contains(&listed));
    assert_eq!(net.account.code("DeleteNatGateway", json!({ "NatGatewayId": nat })), "NatGatewayNotFound");
    net.account.pass(3599);
    assert_eq!(net.state(&nat), "deleted");
    net.account.pass(1);
    assert_eq!(net.account.code("DescribeNatGateways", json!({ "NatGatewayId": [nat] })), "NatGatewayNotFound");
}

#[test]
fn one_that_is_deleted_while_it_is_made_never_becomes_available() {
    let mut net = Network::new();
    let address = net.account.address();
    let nat = net.account.nat(&net.public.clone(), &address);
    net.account.pass(80);
    net.account.ok("DeleteNatGateway", json!({ "NatGatewayId": nat }));
    net.account.pass(11);
    assert_eq!(net.state(&nat), "deleting");
    net.account.pass(40);
    assert_eq!(net.state(&nat), "deleted");
}

#[test]
fn it_holds_its_subnet_and_address_until_it_has_gone() {
    let mut net = Network::new();
    let address = net.account.address();
    let nat = net.account.nat(&net.public.clone(), &address);
    let interfaces = net.account.ok("DescribeNetworkInterfaces", json!({}));
    let interface = &interfaces["networkInterfaceSet"][0];
    assert_eq!(interface["interfaceType"], "nat_gateway");
    assert_eq!(interface["description"], format!("Interface for NAT Gateway {nat}"));
    assert_eq!(interface["association"]["allocationId"], json!(address));
    let held = net.shown(&nat)["natGatewayAddressSet"][0].clone();
    assert_eq!(held["privateIp"], "10.0.0.4");
    assert_eq!(held["networkInterfaceId"], interface["networkInterfaceId"]);
    let addresses = net.account.ok("DescribeAddresses", json!({}));
    let association = addresses["addressesSet"][0]["associationId"].as_str().expect("an association").to_owned();
    let detach = json!({ "InternetGatewayId": net.gateway, "VpcId": net.vpc });
    let held = [
        ("DeleteSubnet", json!({ "SubnetId": net.public }), "DependencyViolation"),
        ("ReleaseAddress", json!({ "AllocationId": address }), "InvalidIPAddress.InUse"),
        ("DetachInternetGateway", detach.clone(), "DependencyViolation"),
        ("DeleteVpc", json!({ "VpcId": net.vpc }), "DependencyViolation"),
        ("DisassociateAddress", json!({ "AssociationId": association }), "AuthFailure"),
    ];
    net.account.refused(held.clone());
    net.account.pass(90);
    net.account.ok("DeleteNatGateway", json!({ "NatGatewayId": nat }));
    net.account.pass(44);
    net.account.refused(held);
    net.account.pass(1);
    net.account.ok("DeleteSubnet", json!({ "SubnetId": net.public }));
    net.account.ok("DetachInternetGateway", detach);
    net.account.ok("ReleaseAddress", json!({ "AllocationId": address }));
}

#[test]
fn what_keeps_one_from_working_makes_it_fail() {
    let mut net = Network::new();
    let (address, second) = (net.account.address(), net.account.address());
    net.account.nat(&net.public.clone(), &address);
    let lonely = net.account.vpc("10.1.0.0/16");
    let unattached = net.account.subnet(&lonely, "10.1.0.0/24");
    let full = net.account.subnet(&net.vpc.clone(), "10.0.2.0/28");
    for _ in 0..11 {
        net.account.task(&full, &[], false);
    }
    for (subnet, address, code) in [
        (net.public.clone(), &address, "Resource.AlreadyAssociated"),
        (unattached, &second, "Gateway.NotAttached"),
        (full, &second, "InsufficientFreeAddressesInSubnet"),
    ] {
        let nat = net.account.nat(&subnet, address);
        assert_eq!(net.state(&nat), "pending");
        net.account.pass(5);
        let shown = net.shown(&nat);
        assert_eq!((shown["state"].as_str(), shown["failureCode"].as_str()), (Some("failed"), Some(code)));
    }
    net.account.ok("ReleaseAddress", json!({ "AllocationId": second }));
}

#[test]
fn wrong_parameters_are_refused_at_once() {
    let mut net = Network::new();
    let address = net.account.address();
    let (subnet, absent) = (net.public.clone(), "eipalloc-0123456789abcdef0");
    net.account.refused([
        ("CreateNatGateway", json!({ "SubnetId": subnet }), "MissingParameter"),
        ("CreateNatGateway", json!({ "SubnetId": subnet, "AllocationId": absent }), "InvalidAllocationID.NotFound"),
        (
            "CreateNatGateway",
            json!({ "SubnetId": "subnet-0123456789abcdef0", "AllocationId": address }),
            "InvalidSubnetID.NotFound",
        ),
        (
            "CreateNatGateway",
            json!({ "SubnetId": subnet, "AllocationId": address, "ConnectivityType": "private" }),
            "InvalidParameterCombination",
        ),
        (
            "CreateNatGateway",
            json!({ "SubnetId": subnet, "AllocationId": address, "PrivateIpAddress": "10.0.0.3" }),
            "InvalidParameterValue",
        ),
    ]);
    let private = json!({ "SubnetId": subnet, "ConnectivityType": "private", "PrivateIpAddress": "10.0.0.9" });
    let made = net.account.ok("CreateNatGateway", private);
    assert_eq!(made["natGateway"]["natGatewayAddressSet"][0]["privateIp"], "10.0.0.9");
}

#[test]
fn a_client_token_makes_one_gateway() {
    let mut net = Network::new();
    let address = net.account.address();
    let params = json!({ "SubnetId": net.public, "AllocationId": address, "ClientToken": "t" });
    let first = net.account.id("CreateNatGateway", params.clone(), "/natGateway/natGatewayId");
    net.account.pass(90);
    let again = net.account.ok("CreateNatGateway", params);
    assert_eq!(again["natGateway"]["natGatewayId"], json!(first));
    assert_eq!(again["natGateway"]["state"], "available");
    assert_eq!(again["clientToken"], "t");
}

#[test]
fn a_failure_can_be_read_at_any_pace() {
    for pace in [0.0, 0.000_001] {
        let mut net = Network::new();
        net.account.settings.pace = pace;
        let address = net.account.address();
        let lonely = net.account.vpc("10.1.0.0/16");
        let unattached = net.account.subnet(&lonely, "10.1.0.0/24");
        let nat = net.account.nat(&unattached, &address);
        net.account.pass(3599);
        assert_eq!(net.shown(&nat)["failureCode"], "Gateway.NotAttached");
    }
}

#[test]
fn the_way_out_is_by_the_default_route() {
    let mut net = Network::new();
    let (public, private) = (net.public.clone(), net.private.clone());
    assert!(net.way_out(&public, true));
    assert!(!net.way_out(&public, false));
    assert!(!net.way_out(&private, true));
    assert!(!net.way_out("subnet-0", true));
    let address = net.account.address();
    let nat = net.account.nat(&public, &address);
    net.route_to(&nat);
    assert!(!net.way_out(&private, false), "it is pending");
    net.account.pass(90);
    assert!(net.way_out(&private, false));
    net.account.ok("DeleteNatGateway", json!({ "NatGatewayId": nat }));
    net.account.pass(45);
    assert!(!net.way_out(&private, false));
    let tables = net.account.ok("DescribeRouteTables", json!({ "RouteTableId": [net.private_table] }));
    assert_eq!(tables["routeTableSet"][0]["routeSet"][1]["state"], "blackhole");
    net.account.pass(3600);
    let tables = net.account.ok("DescribeRouteTables", json!({ "RouteTableId": [net.private_table] }));
    assert_eq!(tables["routeTableSet"][0]["routeSet"][1]["state"], "blackhole");
}

#[test]
fn a_nat_gateway_in_a_subnet_without_internet_leads_nowhere() {
    let mut net = Network::new();
    let private = net.private.clone();
    let address = net.account.address();
    let nat = net.account.nat(&private, &address);
    net.account.pass(90);
    net.route_to(&nat);
    assert!(!net.way_out(&private, false));
}

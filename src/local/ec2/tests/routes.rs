//! Route tables, their associations and routes.

use super::*;

#[test]
fn routes_lead_to_what_is_there_in_the_same_vpc() {
    let mut account = Account::new();
    let (vpc, other) = (account.vpc("10.0.0.0/16"), account.vpc("10.1.0.0/16"));
    let gateway = account.gateway(&vpc);
    let foreign = account.gateway(&other);
    let spare = account.id("CreateInternetGateway", json!({}), "/internetGateway/internetGatewayId");
    let table = account.table(&vpc);
    let route = |destination: &str, target: &str, id: &str| {
        let mut route = json!({ "RouteTableId": table, "DestinationCidrBlock": destination });
        route[target] = json!(id);
        route
    };
    let nat = "nat-0123456789abcdef0";
    account.ok("CreateRoute", route("0.0.0.0/0", "GatewayId", &gateway));
    account.refused([
        ("CreateRoute", route("0.0.0.0/0", "GatewayId", &gateway), "RouteAlreadyExists"),
        ("CreateRoute", route("10.0.0.0/16", "GatewayId", &gateway), "RouteAlreadyExists"),
        ("CreateRoute", route("10.0.1.0/24", "GatewayId", &gateway), "InvalidParameterValue"),
        ("CreateRoute", route("1.0.0.0/8", "GatewayId", &spare), "InvalidGatewayID.NotFound"),
        ("CreateRoute", route("1.0.0.0/8", "GatewayId", "igw-0123456789abcdef0"), "InvalidGatewayID.NotFound"),
        ("CreateRoute", route("1.0.0.0/8", "GatewayId", &foreign), "InvalidParameterValue"),
        ("CreateRoute", route("1.0.0.0/8", "NatGatewayId", nat), "InvalidNatGatewayID.NotFound"),
        ("CreateRoute", route("1.0.0.0/8", "NatGatewayId", "nat"), "NatGatewayMalformed"),
        ("CreateRoute", route("1.0.0.0/8", "TransitGatewayId", "tgw-0"), "InvalidTransitGatewayID.NotFound"),
        ("CreateRoute", route("somewhere", "GatewayId", &gateway), "InvalidParameterValue"),
        ("CreateRoute", json!({ "RouteTableId": table, "DestinationCidrBlock": "1.0.0.0/8" }), "MissingParameter"),
        ("CreateRoute", json!({ "RouteTableId": table, "GatewayId": gateway }), "MissingParameter"),
        (
            "CreateRoute",
            json!({
                "RouteTableId": table, "DestinationCidrBlock": "1.0.0.0/8", "GatewayId": gateway, "NatGatewayId": nat,
            }),
            "InvalidParameterCombination",
        ),
        ("ReplaceRoute", route("1.0.0.0/8", "GatewayId", &gateway), "InvalidRoute.NotFound"),
        ("ReplaceRoute", route("10.0.0.0/16", "GatewayId", &gateway), "InvalidParameterValue"),
        ("DeleteRoute", route("1.0.0.0/8", "Unused", ""), "InvalidRoute.NotFound"),
        ("DeleteRoute", route("10.0.0.0/16", "Unused", ""), "InvalidParameterValue"),
    ]);
    account.ok(
        "CreateRoute",
        json!({
            "RouteTableId": table, "DestinationIpv6CidrBlock": "::/0", "GatewayId": gateway,
        }),
    );
    let listed: Vec<String> =
        account.listed().into_iter().filter(|(kind, _)| kind == "AWS::EC2::Route").map(|(_, id)| id).collect();
    assert_eq!(listed, [format!("{table}|0.0.0.0/0"), format!("{table}|::/0")]);
    account.ok("DeleteRoute", json!({ "RouteTableId": table, "DestinationIpv6CidrBlock": "::/0" }));
    account.ok("DeleteRoute", route("0.0.0.0/0", "Unused", ""));
    assert_eq!(account.code("DeleteRoute", route("0.0.0.0/0", "Unused", "")), "InvalidRoute.NotFound");
}

#[test]
fn the_destination_of_a_route_is_kept_without_host_bits() {
    let mut account = Account::new();
    let vpc = account.vpc("10.0.0.0/16");
    let gateway = account.gateway(&vpc);
    let table = account.table(&vpc);
    let to = |cidr: &str| json!({ "RouteTableId": table, "DestinationCidrBlock": cidr, "GatewayId": gateway });
    account.ok("CreateRoute", to("100.68.0.18/18"));
    assert_eq!(account.code("CreateRoute", to("100.68.0.0/18")), "RouteAlreadyExists");
}

#[test]
fn a_route_whose_gateway_is_detached_is_a_blackhole() {
    let mut account = Account::new();
    let vpc = account.vpc("10.0.0.0/16");
    let gateway = account.gateway(&vpc);
    let table = account.table(&vpc);
    account
        .ok("CreateRoute", json!({ "RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway }));
    let state = |account: &mut Account| {
        let tables = account.ok("DescribeRouteTables", json!({ "RouteTableId": [table] }));
        tables["routeTableSet"][0]["routeSet"][1]["state"].clone()
    };
    assert_eq!(state(&mut account), "active");
    account.ok("DetachInternetGateway", json!({ "InternetGatewayId": gateway, "VpcId": vpc }));
    assert_eq!(state(&mut account), "blackhole");
}

#[test]
fn a_subnet_is_associated_with_one_route_table() {
    let mut account = Account::new();
    let (vpc, other) = (account.vpc("10.0.0.0/16"), account.vpc("10.1.0.0/16"));
    let subnet = account.subnet(&vpc, "10.0.0.0/24");
    let (table, second, foreign) = (account.table(&vpc), account.table(&vpc), account.table(&other));
    let with = |table: &str| json!({ "RouteTableId": table, "SubnetId": subnet });
    assert_eq!(account.code("AssociateRouteTable", with(&foreign)), "InvalidParameterValue");
    let association = account.id("AssociateRouteTable", with(&table), "/associationId");
    account.refused([
        ("AssociateRouteTable", with(&table), "Resource.AlreadyAssociated"),
        ("AssociateRouteTable", with(&second), "Resource.AlreadyAssociated"),
        ("DeleteRouteTable", json!({ "RouteTableId": table }), "DependencyViolation"),
        (
            "ReplaceRouteTableAssociation",
            json!({ "AssociationId": association, "RouteTableId": foreign }),
            "InvalidParameterValue",
        ),
    ]);
    let params = json!({ "AssociationId": association, "RouteTableId": second });
    let replaced = account.id("ReplaceRouteTableAssociation", params, "/newAssociationId");
    assert_ne!(replaced, association);
    account.ok("DeleteRouteTable", json!({ "RouteTableId": table }));
    assert!(account.listed().contains(&("AWS::EC2::SubnetRouteTableAssociation".to_owned(), replaced.clone())));
    account.ok("DisassociateRouteTable", json!({ "AssociationId": replaced }));
    assert_eq!(
        account.code("DisassociateRouteTable", json!({ "AssociationId": replaced })),
        "InvalidAssociationID.NotFound"
    );
    account.id("AssociateRouteTable", with(&second), "/associationId");
    account.ok("DeleteSubnet", json!({ "SubnetId": subnet }));
    account.ok("DeleteRouteTable", json!({ "RouteTableId": second }));
}

#[test]
fn another_table_can_become_the_main_one() {
    let mut account = Account::new();
    let vpc = account.vpc("10.0.0.0/16");
    let first = account.ok("DescribeRouteTables", json!({}))["routeTableSet"][0].clone();
    let main = first["routeTableId"].as_str().expect("an id").to_owned();
    let association = first["associationSet"][0]["routeTableAssociationId"].clone();
    let table = account.table(&vpc);
    account.refused([
        ("DisassociateRouteTable", json!({ "AssociationId": association }), "InvalidParameterValue"),
        ("DeleteRouteTable", json!({ "RouteTableId": main }), "DependencyViolation"),
    ]);
    account.ok("ReplaceRouteTableAssociation", json!({ "AssociationId": association, "RouteTableId": table }));
    let filter = json!({ "Filter": [{ "Name": "association.main", "Value": ["true"] }] });
    assert_eq!(each(&account.ok("DescribeRouteTables", filter), "routeTableSet", "routeTableId"), [table.as_str()]);
    assert_eq!(account.code("DeleteRouteTable", json!({ "RouteTableId": table })), "DependencyViolation");
    account.ok("DeleteRouteTable", json!({ "RouteTableId": main }));
}

#[test]
fn a_client_token_makes_one_route_table() {
    let mut account = Account::new();
    let (vpc, other) = (account.vpc("10.0.0.0/16"), account.vpc("10.1.0.0/16"));
    let params = json!({ "VpcId": vpc, "ClientToken": "t" });
    let table = account.id("CreateRouteTable", params.clone(), "/routeTable/routeTableId");
    assert_eq!(account.id("CreateRouteTable", params.clone(), "/routeTable/routeTableId"), table);
    let mismatch = json!({ "VpcId": other, "ClientToken": "t" });
    assert_eq!(account.code("CreateRouteTable", mismatch), "IdempotentParameterMismatch");
    account.pass(25 * 3600);
    assert_ne!(account.id("CreateRouteTable", params, "/routeTable/routeTableId"), table);
}

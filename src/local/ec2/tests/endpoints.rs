//! VPC endpoints: what is refused, what they keep busy, and what is reached by them.

use super::*;

const API: &str = "com.amazonaws.eu-west-1.ecr.api";
const S3: &str = "com.amazonaws.eu-west-1.s3";

/// A VPC that gives names, with a subnet and a group.
fn network() -> (Account, String, String, String) {
    let mut account = Account::new();
    let vpc = account.vpc("10.0.0.0/16");
    account.ok("ModifyVpcAttribute", json!({ "VpcId": vpc, "EnableDnsHostnames": { "Value": "true" } }));
    let subnet = account.subnet(&vpc, "10.0.1.0/24");
    let group = account.group(&vpc, "endpoints");
    (account, vpc, subnet, group)
}

fn interface(vpc: &str, subnets: &[&str], groups: &[&str]) -> Json {
    json!({
        "VpcId": vpc, "ServiceName": API, "VpcEndpointType": "Interface", "SubnetId": subnets,
        "SecurityGroupId": groups, "PrivateDnsEnabled": "true",
    })
}

fn shown(account: &mut Account, endpoint: &str) -> Json {
    account.ok("DescribeVpcEndpoints", json!({ "VpcEndpointId": [endpoint] }))["vpcEndpointSet"][0].clone()
}

fn made(account: &mut Account, params: Json) -> String {
    account.id("CreateVpcEndpoint", params, "/vpcEndpoint/vpcEndpointId")
}

#[test]
fn what_a_service_or_a_vpc_has_not_is_refused() {
    let (mut account, vpc, subnet, group) = network();
    let other_vpc = account.vpc("10.1.0.0/16");
    let other_subnet = account.subnet(&other_vpc, "10.1.1.0/24");
    let other_table = account.table(&other_vpc);
    let same_zone = account.subnet(&vpc, "10.0.2.0/24");
    let plain = |service: &str, form: &str| json!({ "VpcId": vpc, "ServiceName": service, "VpcEndpointType": form });
    let mut in_tables = plain(S3, "Gateway");
    in_tables["RouteTableId"] = json!([other_table]);
    let mut mixed = plain(S3, "Gateway");
    mixed["SubnetId"] = json!([subnet]);
    account.refused([
        ("CreateVpcEndpoint", plain("com.amazonaws.eu-west-1.no-such", "Interface"), "InvalidServiceName"),
        ("CreateVpcEndpoint", plain("com.amazonaws.us-east-1.s3", "Gateway"), "InvalidServiceName"),
        ("CreateVpcEndpoint", plain(API, "Gateway"), "InvalidParameter"),
        ("CreateVpcEndpoint", in_tables, "InvalidParameter"),
        ("CreateVpcEndpoint", mixed, "InvalidParameter"),
        ("CreateVpcEndpoint", interface(&vpc, &[&other_subnet], &[&group]), "InvalidParameter"),
        ("CreateVpcEndpoint", interface(&vpc, &[&subnet, &same_zone], &[&group]), "DuplicateSubnetsInSameZone"),
        ("CreateVpcEndpoint", interface(&other_vpc, &[&other_subnet], &[]), "InvalidParameter"),
        ("CreateVpcEndpoint", interface(&vpc, &[&subnet], &["sg-0123456789abcdef0"]), "InvalidGroup.NotFound"),
        ("ModifyVpcEndpoint", json!({ "VpcEndpointId": "vpce-0123456789abcdef0" }), "InvalidVpcEndpointId.NotFound"),
    ]);
}

#[test]
fn one_with_interfaces_takes_time_and_keeps_its_network_busy() {
    let (mut account, vpc, subnet, group) = network();
    let endpoint = made(&mut account, interface(&vpc, &[&subnet], &[&group]));
    let told = shown(&mut account, &endpoint);
    assert_eq!(told["state"], "pending");
    assert_eq!(told["groupSet"][0]["groupId"], group);
    let policy: Json = serde_json::from_str(told["policyDocument"].as_str().expect("a text")).expect("JSON");
    assert_eq!(policy["Statement"][0]["Action"], "*");
    account.refused([
        ("ModifyVpcEndpoint", json!({ "VpcEndpointId": endpoint, "ResetPolicy": "true" }), "IncorrectState"),
        ("CreateVpcEndpoint", interface(&vpc, &[&subnet], &[&group]), "InvalidParameter"),
        ("DeleteSubnet", json!({ "SubnetId": subnet }), "DependencyViolation"),
        ("DeleteSecurityGroup", json!({ "GroupId": group }), "DependencyViolation"),
        ("DeleteVpc", json!({ "VpcId": vpc }), "DependencyViolation"),
    ]);
    let interfaces = told["networkInterfaceIdSet"].clone();
    let described = account.ok("DescribeNetworkInterfaces", json!({ "NetworkInterfaceId": interfaces }));
    assert_eq!(described["networkInterfaceSet"][0]["interfaceType"], "vpc_endpoint");
    account.pass(100);
    assert_eq!(shown(&mut account, &endpoint)["state"], "available");
    let absent = "vpce-0123456789abcdef0";
    let answer = account.ok("DeleteVpcEndpoints", json!({ "VpcEndpointId": [endpoint, absent] }));
    assert_eq!(answer["unsuccessful"][0]["resourceId"], absent);
    assert_eq!(answer["unsuccessful"][0]["error"]["code"], "InvalidVpcEndpointId.NotFound");
    assert_eq!(shown(&mut account, &endpoint)["state"], "deleting");
    account.pass(100);
    account.refused([(
        "DescribeVpcEndpoints",
        json!({ "VpcEndpointId": [endpoint] }),
        "InvalidVpcEndpointId.NotFound",
    )]);
    account.ok("DeleteSubnet", json!({ "SubnetId": subnet }));
}

#[test]
fn a_gateway_is_a_route_in_its_tables_and_keeps_its_vpc() {
    let (mut account, vpc, ..) = network();
    let (one, other) = (account.table(&vpc), account.table(&vpc));
    let gateway = json!({ "VpcId": vpc, "ServiceName": S3, "RouteTableId": [one] });
    let endpoint = made(&mut account, gateway.clone());
    assert_eq!(shown(&mut account, &endpoint)["state"], "available");
    let routes = account.ok("DescribeRouteTables", json!({ "RouteTableId": [one] }))["routeTableSet"][0].clone();
    assert_eq!(routes["routeSet"][1]["gatewayId"], endpoint);
    account.refused([("CreateVpcEndpoint", gateway, "RouteAlreadyExists")]);
    let change = json!({ "VpcEndpointId": endpoint, "AddRouteTableId": [other], "RemoveRouteTableId": [one] });
    account.ok("ModifyVpcEndpoint", change);
    assert_eq!(shown(&mut account, &endpoint)["routeTableIdSet"], json!([other]));
    account.ok("DeleteRouteTable", json!({ "RouteTableId": other }));
    assert_eq!(shown(&mut account, &endpoint)["routeTableIdSet"], json!([]));
    account.ok("DeleteVpcEndpoints", json!({ "VpcEndpointId": [endpoint] }));
    assert_eq!(account.ok("DescribeVpcEndpoints", json!({}))["vpcEndpointSet"], json!([]));
}

#[test]
fn a_client_token_makes_one() {
    let (mut account, vpc, ..) = network();
    let params = json!({ "VpcId": vpc, "ServiceName": S3, "ClientToken": "t" });
    let made = [made(&mut account, params.clone()), made(&mut account, params)];
    assert_eq!(made[0], made[1]);
}

#[test]
fn a_service_is_reached_by_a_gateway_of_the_subnet_or_by_interfaces_that_let_it_in() {
    let (mut account, vpc, subnet, group) = network();
    let tasks = account.group(&vpc, "tasks");
    let task = account.task(&subnet, std::slice::from_ref(&tasks), false);
    let reaches = |account: &mut Account, service: &str| {
        account.within(|tx| reaches_service(tx, &task.id, service)).expect("an answer")
    };
    let endpoint = made(&mut account, interface(&vpc, &[&subnet], &[&group]));
    account.pass(100);
    assert!(!reaches(&mut account, "ecr.api"), "its group lets nothing in");
    let https = json!({ "GroupId": group, "IpPermissions": [{ "IpProtocol": "tcp", "FromPort": "443", "ToPort": "443",
        "Groups": [{ "GroupId": tasks }] }] });
    account.ok("AuthorizeSecurityGroupIngress", https);
    assert!(reaches(&mut account, "ecr.api"));
    assert!(!reaches(&mut account, "ecr.dkr"), "that is another service");
    account.ok("ModifyVpcEndpoint", json!({ "VpcEndpointId": endpoint, "PrivateDnsEnabled": "false" }));
    assert!(!reaches(&mut account, "ecr.api"), "its name leads elsewhere");

    let table = account.table(&vpc);
    made(&mut account, json!({ "VpcId": vpc, "ServiceName": S3, "RouteTableId": [table] }));
    assert!(!reaches(&mut account, "s3"), "the subnet has another route table");
    account.ok("AssociateRouteTable", json!({ "RouteTableId": table, "SubnetId": subnet }));
    assert!(reaches(&mut account, "s3"));
}

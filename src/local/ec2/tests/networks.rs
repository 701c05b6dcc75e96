//! VPCs, subnets and internet gateways.

use super::*;

#[test]
fn a_vpc_comes_with_its_defaults_and_takes_them_along() {
    let mut account = Account::new();
    let vpc = account.vpc("10.0.0.0/16");
    let tables = account.ok("DescribeRouteTables", json!({}));
    assert_eq!(tables["routeTableSet"][0]["associationSet"][0]["main"], true);
    assert_eq!(
        tables["routeTableSet"][0]["routeSet"],
        json!([{
            "destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local", "origin": "CreateRouteTable",
            "state": "active",
        }])
    );
    let groups = account.ok("DescribeSecurityGroups", json!({}));
    assert_eq!(each(&groups, "securityGroupInfo", "groupName"), ["default"]);
    let acls = account.ok("DescribeNetworkAcls", json!({}));
    assert_eq!(each(&acls, "networkAclSet", "vpcId"), [vpc.as_str()]);
    assert_eq!(account.listed(), [("AWS::EC2::VPC".to_owned(), vpc.clone())]);

    account.ok("DeleteVpc", json!({ "VpcId": vpc }));
    for (action, set) in [
        ("DescribeVpcs", "vpcSet"),
        ("DescribeRouteTables", "routeTableSet"),
        ("DescribeSecurityGroups", "securityGroupInfo"),
        ("DescribeSecurityGroupRules", "securityGroupRuleSet"),
        ("DescribeNetworkAcls", "networkAclSet"),
    ] {
        assert_eq!(account.ok(action, json!({}))[set], json!([]), "{action}");
    }
}

#[test]
fn blocks_are_checked_and_their_host_bits_cleared() {
    let mut account = Account::new();
    let vpc = account.vpc("10.0.3.9/16");
    let subnet = account.subnet(&vpc, "10.0.1.77/24");
    let vpcs = account.ok("DescribeVpcs", json!({ "VpcId": [vpc] }));
    assert_eq!(each(&vpcs, "vpcSet", "cidrBlock"), ["10.0.0.0/16"]);
    let subnets = account.ok("DescribeSubnets", json!({ "SubnetId": [subnet] }));
    assert_eq!(each(&subnets, "subnetSet", "cidrBlock"), ["10.0.1.0/24"]);
    let subnet_of = |cidr: &str| json!({ "VpcId": vpc, "CidrBlock": cidr });
    account.refused([
        ("CreateVpc", json!({}), "MissingParameter"),
        ("CreateVpc", json!({ "CidrBlock": "10.0.0.0/15" }), "InvalidVpc.Range"),
        ("CreateVpc", json!({ "CidrBlock": "10.0.0.0/29" }), "InvalidVpc.Range"),
        ("CreateVpc", json!({ "CidrBlock": "127.1.0.0/16" }), "InvalidVpc.Range"),
        ("CreateVpc", json!({ "CidrBlock": "10.0.0.0" }), "InvalidParameterValue"),
        ("CreateVpc", json!({ "CidrBlock": "10.0.0.0/16", "InstanceTenancy": "host" }), "InvalidParameterValue"),
        (
            "CreateVpc",
            json!({ "CidrBlock": "10.0.0.0/16", "AmazonProvidedIpv6CidrBlock": "true" }),
            "UnsupportedOperation",
        ),
        ("CreateSubnet", subnet_of("10.1.0.0/24"), "InvalidSubnet.Range"),
        ("CreateSubnet", subnet_of("10.0.2.0/29"), "InvalidSubnet.Range"),
        ("CreateSubnet", subnet_of("10.0.0.0/15"), "InvalidSubnet.Range"),
        ("CreateSubnet", subnet_of("10.0.1.0/24"), "InvalidSubnet.Conflict"),
        ("CreateSubnet", subnet_of("10.0.1.128/25"), "InvalidSubnet.Conflict"),
        ("CreateSubnet", subnet_of("10.0.0.0/16"), "InvalidSubnet.Conflict"),
        ("CreateSubnet", subnet_of("ten"), "InvalidParameterValue"),
        (
            "CreateSubnet",
            json!({ "VpcId": vpc, "CidrBlock": "10.0.9.0/24", "AvailabilityZone": "eu-west-1z" }),
            "InvalidParameterValue",
        ),
    ]);
    account.subnet(&vpc, "10.0.2.0/24");
}

#[test]
fn a_subnet_is_in_the_zone_asked_for_by_name_or_identifier() {
    let mut account = Account::new();
    let vpc = account.vpc("10.0.0.0/16");
    for (at, (parameter, value, zone, id)) in [
        ("AvailabilityZone", "eu-west-1b", "eu-west-1b", "euw1-az2"),
        ("AvailabilityZoneId", "euw1-az3", "eu-west-1c", "euw1-az3"),
        ("Unasked", "", "eu-west-1a", "euw1-az1"),
    ]
    .into_iter()
    .enumerate()
    {
        let params = json!({ "VpcId": vpc, "CidrBlock": format!("10.0.{at}.0/24"), parameter: value });
        let subnet = account.ok("CreateSubnet", params);
        assert_eq!(subnet["subnet"]["availabilityZone"], zone);
        assert_eq!(subnet["subnet"]["availabilityZoneId"], id);
        assert_eq!(subnet["subnet"]["availableIpAddressCount"], 251);
    }
}

#[test]
fn absent_and_malformed_identifiers_have_their_codes() {
    let digits = "0123456789abcdef0";
    let vpc = format!("vpc-{digits}");
    Account::new().refused([
        ("DescribeVpcs", json!({ "VpcId": [vpc] }), "InvalidVpcID.NotFound"),
        ("DeleteVpc", json!({ "VpcId": "vpc-nonsense" }), "InvalidVpcID.Malformed"),
        ("DescribeSubnets", json!({ "SubnetId": [format!("subnet-{digits}")] }), "InvalidSubnetID.NotFound"),
        ("DeleteSubnet", json!({ "SubnetId": vpc }), "InvalidSubnetID.Malformed"),
        (
            "DeleteInternetGateway",
            json!({ "InternetGatewayId": format!("igw-{digits}") }),
            "InvalidInternetGatewayID.NotFound",
        ),
        ("DeleteInternetGateway", json!({ "InternetGatewayId": "igw-" }), "InvalidInternetGatewayId.Malformed"),
        ("DeleteRouteTable", json!({ "RouteTableId": format!("rtb-{digits}") }), "InvalidRouteTableID.NotFound"),
        ("DeleteRouteTable", json!({ "RouteTableId": "rtb-1" }), "InvalidRouteTableId.Malformed"),
        (
            "DisassociateRouteTable",
            json!({ "AssociationId": format!("rtbassoc-{digits}") }),
            "InvalidAssociationID.NotFound",
        ),
        ("DeleteSecurityGroup", json!({ "GroupId": format!("sg-{digits}") }), "InvalidGroup.NotFound"),
        ("DescribeSecurityGroups", json!({ "GroupId": ["default"] }), "InvalidGroupId.Malformed"),
        ("ReleaseAddress", json!({ "AllocationId": format!("eipalloc-{digits}") }), "InvalidAllocationID.NotFound"),
        ("DescribeAddresses", json!({ "PublicIp": ["198.18.0.1"] }), "InvalidAddress.NotFound"),
        ("DeleteNatGateway", json!({ "NatGatewayId": format!("nat-{digits}") }), "NatGatewayNotFound"),
        ("DescribeNatGateways", json!({ "NatGatewayId": ["nat-x"] }), "NatGatewayMalformed"),
        (
            "DescribeNetworkInterfaces",
            json!({ "NetworkInterfaceId": [format!("eni-{digits}")] }),
            "InvalidNetworkInterfaceID.NotFound",
        ),
        ("DescribeAvailabilityZones", json!({ "ZoneName": ["eu-west-1z"] }), "InvalidZone.NotFound"),
        ("RunInstances", json!({}), "InvalidAction"),
    ]);
}

#[test]
fn attributes_of_a_vpc_change_one_at_a_time() {
    let mut account = Account::new();
    let vpc = account.vpc("10.0.0.0/16");
    let dns = |account: &mut Account| account.within(|tx| vpc_dns(tx, &vpc)).expect("an answer");
    let on = json!({ "Value": "true" });
    let off = json!({ "Value": "false" });
    assert_eq!(dns(&mut account), Some(false));
    account.ok("ModifyVpcAttribute", json!({ "VpcId": vpc, "EnableDnsHostnames": on }));
    assert_eq!(dns(&mut account), Some(true));
    let attribute = account.ok("DescribeVpcAttribute", json!({ "VpcId": vpc, "Attribute": "enableDnsHostnames" }));
    assert_eq!(attribute, json!({ "vpcId": vpc, "enableDnsHostnames": { "value": true } }));
    account.ok("ModifyVpcAttribute", json!({ "VpcId": vpc, "EnableDnsHostnames": off }));
    account.ok("ModifyVpcAttribute", json!({ "VpcId": vpc, "EnableDnsSupport": off }));
    account.refused([
        ("ModifyVpcAttribute", json!({ "VpcId": vpc, "EnableDnsHostnames": on }), "InvalidParameterCombination"),
        (
            "ModifyVpcAttribute",
            json!({ "VpcId": vpc, "EnableDnsHostnames": off, "EnableDnsSupport": on }),
            "InvalidParameterCombination",
        ),
        ("ModifyVpcAttribute", json!({ "VpcId": vpc }), "MissingParameter"),
        ("ModifyVpcTenancy", json!({ "VpcId": vpc, "InstanceTenancy": "dedicated" }), "UnsupportedTenancy"),
        ("DescribeVpcAttribute", json!({ "VpcId": vpc, "Attribute": "dns" }), "InvalidParameterValue"),
    ]);
    assert_eq!(account.within(|tx| vpc_dns(tx, "vpc-1")).expect("an answer"), None);
}

#[test]
fn attributes_of_a_subnet_change_one_at_a_time() {
    let mut account = Account::new();
    let vpc = account.vpc("10.0.0.0/16");
    let subnet = account.subnet(&vpc, "10.0.0.0/24");
    let on = json!({ "Value": "true" });
    for (parameter, value, pointer, expected) in [
        ("MapPublicIpOnLaunch", on.clone(), "/mapPublicIpOnLaunch", json!(true)),
        ("EnableDns64", on.clone(), "/enableDns64", json!(true)),
        (
            "EnableResourceNameDnsARecordOnLaunch",
            on.clone(),
            "/privateDnsNameOptionsOnLaunch/enableResourceNameDnsARecord",
            json!(true),
        ),
        (
            "PrivateDnsHostnameTypeOnLaunch",
            json!("resource-name"),
            "/privateDnsNameOptionsOnLaunch/hostnameType",
            json!("resource-name"),
        ),
        ("AssignIpv6AddressOnCreation", json!({ "Value": "false" }), "/assignIpv6AddressOnCreation", json!(false)),
    ] {
        account.ok("ModifySubnetAttribute", json!({ "SubnetId": subnet, parameter: value }));
        let answer = account.ok("DescribeSubnets", json!({ "SubnetId": [subnet] }));
        assert_eq!(answer["subnetSet"][0].pointer(pointer), Some(&expected), "{parameter}");
    }
    account.refused([
        (
            "ModifySubnetAttribute",
            json!({ "SubnetId": subnet, "EnableDns64": on, "MapPublicIpOnLaunch": on }),
            "InvalidParameterCombination",
        ),
        ("ModifySubnetAttribute", json!({ "SubnetId": subnet }), "MissingParameter"),
        (
            "ModifySubnetAttribute",
            json!({ "SubnetId": subnet, "AssignIpv6AddressOnCreation": on }),
            "UnsupportedOperation",
        ),
    ]);
}

#[test]
fn a_vpc_stays_while_anything_is_in_it() {
    let mut account = Account::new();
    let vpc = account.vpc("10.0.0.0/16");
    let delete = json!({ "VpcId": vpc });
    let gateway = account.gateway(&vpc);
    let subnet = account.subnet(&vpc, "10.0.0.0/24");
    let table = account.table(&vpc);
    let group = account.group(&vpc, "g");
    for (action, params) in [
        ("DeleteSubnet", json!({ "SubnetId": subnet })),
        ("DeleteRouteTable", json!({ "RouteTableId": table })),
        ("DeleteSecurityGroup", json!({ "GroupId": group })),
        ("DetachInternetGateway", json!({ "InternetGatewayId": gateway, "VpcId": vpc })),
    ] {
        assert_eq!(account.code("DeleteVpc", delete.clone()), "DependencyViolation", "before {action}");
        account.ok(action, params);
    }
    account.ok("DeleteVpc", delete.clone());
    assert_eq!(account.code("DeleteVpc", delete), "InvalidVpcID.NotFound");
}

#[test]
fn an_internet_gateway_is_attached_once_and_only_then_detached() {
    let mut account = Account::new();
    let (vpc, other) = (account.vpc("10.0.0.0/16"), account.vpc("10.1.0.0/16"));
    let gateway = account.gateway(&vpc);
    let spare = account.id("CreateInternetGateway", json!({}), "/internetGateway/internetGatewayId");
    let pair = |gateway: &str, vpc: &str| json!({ "InternetGatewayId": gateway, "VpcId": vpc });
    account.refused([
        ("AttachInternetGateway", pair(&gateway, &vpc), "Resource.AlreadyAssociated"),
        ("AttachInternetGateway", pair(&gateway, &other), "Resource.AlreadyAssociated"),
        ("AttachInternetGateway", pair(&spare, &vpc), "InvalidParameterValue"),
        ("DetachInternetGateway", pair(&spare, &vpc), "Gateway.NotAttached"),
        ("DetachInternetGateway", pair(&gateway, &other), "Gateway.NotAttached"),
        ("DeleteInternetGateway", json!({ "InternetGatewayId": gateway }), "DependencyViolation"),
    ]);
    assert!(account.listed().contains(&("AWS::EC2::VPCGatewayAttachment".to_owned(), format!("IGW|{vpc}"))));
    account.ok("DetachInternetGateway", pair(&gateway, &vpc));
    account.ok("DeleteInternetGateway", json!({ "InternetGatewayId": gateway }));
    account.ok("AttachInternetGateway", pair(&spare, &vpc));
}

#[test]
fn a_gateway_stays_attached_while_public_addresses_are_mapped() {
    let mut account = Account::new();
    let vpc = account.vpc("10.0.0.0/16");
    let gateway = account.gateway(&vpc);
    let subnet = account.subnet(&vpc, "10.0.0.0/24");
    let detach = json!({ "InternetGatewayId": gateway, "VpcId": vpc });
    let hidden = account.task(&subnet, &[], false);
    let shown = account.task(&subnet, &[], true);
    assert_eq!(account.code("DetachInternetGateway", detach.clone()), "DependencyViolation");
    account.stop(&shown);
    account.ok("DetachInternetGateway", detach);
    account.stop(&hidden);
}

#[test]
fn a_dry_run_changes_nothing_and_says_what_would_have_been_refused() {
    let mut account = Account::new();
    let dry = |cidr: &str| json!({ "CidrBlock": cidr, "DryRun": "true" });
    let fault = account.call("CreateVpc", dry("10.0.0.0/16")).expect_err("a dry run");
    assert_eq!((fault.code.as_str(), fault.status), ("DryRunOperation", 412));
    assert_eq!(account.code("CreateVpc", dry("10.0.0.0/8")), "InvalidVpc.Range");
    assert_eq!(account.listed(), []);
}

//! Filters, pages, zones and the list.

use super::*;

fn filter(name: &str, values: &[&str]) -> Json {
    json!({ "Filter": [{ "Name": name, "Value": values }] })
}

#[test]
fn filters_find_by_what_is_answered() {
    let mut account = Account::new();
    let (vpc, other) = (account.vpc("10.0.0.0/16"), account.vpc("10.1.0.0/16"));
    let gateway = account.gateway(&vpc);
    let subnet = account.subnet(&vpc, "10.0.1.0/24");
    account.subnet(&other, "10.1.1.0/24");
    let group = account.group(&vpc, "members");
    let table = account.table(&vpc);
    account.ok("AssociateRouteTable", json!({ "RouteTableId": table, "SubnetId": subnet }));
    let task = account.task(&subnet, std::slice::from_ref(&group), true);
    account.task(&subnet, &[], false);
    for (resource, name, value) in [(&vpc, "Name", "prod-net"), (&other, "Name", "test-net"), (&subnet, "tier", "app")]
    {
        account.ok("CreateTags", json!({ "ResourceId": [resource], "Tag": [{ "Key": name, "Value": value }] }));
    }
    let public = task.public_ip.clone().expect("a public address");
    for (action, set, member, name, value, expected) in [
        ("DescribeVpcs", "vpcSet", "vpcId", "vpc-id", vpc.as_str(), vec![vpc.as_str()]),
        ("DescribeVpcs", "vpcSet", "vpcId", "cidr", "10.1.0.0/16", vec![&other]),
        ("DescribeVpcs", "vpcSet", "vpcId", "cidr", "10.?.0.0/16", vec![&vpc, &other]),
        ("DescribeVpcs", "vpcSet", "vpcId", "is-default", "true", vec![]),
        ("DescribeVpcs", "vpcSet", "vpcId", "isDefault", "false", vec![&vpc, &other]),
        ("DescribeVpcs", "vpcSet", "vpcId", "state", "available", vec![&vpc, &other]),
        ("DescribeVpcs", "vpcSet", "vpcId", "tag:Name", "prod-*", vec![&vpc]),
        ("DescribeVpcs", "vpcSet", "vpcId", "tag:name", "prod-net", vec![]),
        ("DescribeVpcs", "vpcSet", "vpcId", "tag-key", "Name", vec![&vpc, &other]),
        ("DescribeSubnets", "subnetSet", "subnetId", "vpc-id", &vpc, vec![&subnet]),
        ("DescribeSubnets", "subnetSet", "subnetId", "tag-key", "tier", vec![&subnet]),
        ("DescribeSubnets", "subnetSet", "subnetId", "subnet-id", "subnet-0123456789abcdef0", vec![]),
        ("DescribeSubnets", "subnetSet", "subnetId", "cidr-block", "10.0.1.0/24", vec![&subnet]),
        ("DescribeSubnets", "subnetSet", "subnetId", "availability-zone", "eu-west-1b", vec![]),
        ("DescribeSubnets", "subnetSet", "subnetId", "available-ip-address-count", "249", vec![&subnet]),
        (
            "DescribeInternetGateways",
            "internetGatewaySet",
            "internetGatewayId",
            "attachment.vpc-id",
            &vpc,
            vec![&gateway],
        ),
        ("DescribeRouteTables", "routeTableSet", "routeTableId", "association.subnet-id", &subnet, vec![&table]),
        ("DescribeSecurityGroups", "securityGroupInfo", "groupId", "group-name", "mem*", vec![&group]),
        ("DescribeNetworkInterfaces", "networkInterfaceSet", "networkInterfaceId", "group-id", &group, vec![&task.id]),
        (
            "DescribeNetworkInterfaces",
            "networkInterfaceSet",
            "networkInterfaceId",
            "addresses.private-ip-address",
            &task.private_ip,
            vec![&task.id],
        ),
        (
            "DescribeNetworkInterfaces",
            "networkInterfaceSet",
            "networkInterfaceId",
            "association.public-ip",
            &public,
            vec![&task.id],
        ),
    ] {
        let answer = account.ok(action, filter(name, &[value]));
        assert_eq!(each(&answer, set, member), expected, "{action} {name}={value}");
    }
    let both = json!({ "Filter": [
        { "Name": "vpc-id", "Value": [vpc, other] }, { "Name": "tag:Name", "Value": ["test-net", "none"] },
    ] });
    assert_eq!(each(&account.ok("DescribeVpcs", both), "vpcSet", "vpcId"), [other.as_str()]);
    let tags = account.ok("DescribeTags", filter("tag:Name", &["prod-net"]));
    assert_eq!(
        tags["tagSet"],
        json!([{ "resourceId": vpc, "resourceType": "vpc", "key": "Name", "value": "prod-net" }])
    );
}

#[test]
fn an_unknown_filter_is_refused_even_when_there_is_nothing() {
    let mut account = Account::new();
    for action in [
        "DescribeVpcs",
        "DescribeSubnets",
        "DescribeInternetGateways",
        "DescribeRouteTables",
        "DescribeSecurityGroups",
        "DescribeSecurityGroupRules",
        "DescribeAddresses",
        "DescribeNatGateways",
        "DescribeNetworkInterfaces",
        "DescribeNetworkAcls",
        "DescribeAvailabilityZones",
        "DescribeRegions",
        "DescribeTags",
    ] {
        assert_eq!(account.code(action, filter("vpcid", &["x"])), "InvalidParameterValue", "{action}");
    }
    let values: Vec<&str> = vec!["x"; 201];
    assert_eq!(account.code("DescribeVpcs", filter("vpc-id", &values)), "FilterLimitExceeded");
}

/// The VPCs on each page of five, each page handed to `then` before the next is asked for.
fn pages(account: &mut Account, mut then: impl FnMut(&mut Account, &[String])) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut params = json!({ "MaxResults": "5" });
    loop {
        let page = account.ok("DescribeVpcs", params.clone());
        let ids: Vec<String> = each(&page, "vpcSet", "vpcId").into_iter().map(str::to_owned).collect();
        then(account, &ids);
        pages.push(ids);
        match page["nextToken"].as_str() {
            Some(token) => params["NextToken"] = json!(token),
            None => return pages,
        }
    }
}

#[test]
fn pages_hold_everything_once_also_while_objects_go() {
    let mut account = Account::new();
    let mut expected: Vec<String> = (0..13).map(|n| account.vpc(&format!("10.{n}.0.0/16"))).collect();
    expected.sort();
    let expected: Vec<Vec<String>> = expected.chunks(5).map(<[String]>::to_vec).collect();
    assert_eq!(pages(&mut account, |_, _| ()), expected);
    let deleting = pages(&mut account, |account, ids| {
        for id in ids {
            account.ok("DeleteVpc", json!({ "VpcId": id }));
        }
    });
    assert_eq!(deleting, expected);
}

#[test]
fn page_sizes_and_tokens_are_checked() {
    let mut account = Account::new();
    account.refused([
        ("DescribeVpcs", json!({ "MaxResults": "4" }), "InvalidParameterValue"),
        ("DescribeVpcs", json!({ "MaxResults": "1001" }), "InvalidParameterValue"),
        ("DescribeRouteTables", json!({ "MaxResults": "101" }), "InvalidParameterValue"),
        ("DescribeVpcs", json!({ "MaxResults": "many" }), "InvalidParameterValue"),
        ("DescribeVpcs", json!({ "NextToken": "nonsense" }), "InvalidNextToken"),
        (
            "DescribeVpcs",
            json!({ "MaxResults": "5", "VpcId": ["vpc-0123456789abcdef0"] }),
            "InvalidParameterCombination",
        ),
    ]);
}

#[test]
fn a_region_has_three_zones_and_is_among_the_regions() {
    let mut account = Account::new();
    let zones = account.ok("DescribeAvailabilityZones", json!({}));
    assert_eq!(each(&zones, "availabilityZoneInfo", "zoneName"), ["eu-west-1a", "eu-west-1b", "eu-west-1c"]);
    let one = account.ok("DescribeAvailabilityZones", json!({ "ZoneId": ["euw1-az2"] }));
    assert_eq!(each(&one, "availabilityZoneInfo", "zoneName"), ["eu-west-1b"]);
    let regions = account.ok("DescribeRegions", json!({ "RegionName": ["eu-west-1"] }));
    assert_eq!(each(&regions, "regionInfo", "regionEndpoint"), ["ec2.eu-west-1.amazonaws.com"]);
    assert_eq!(account.code("DescribeRegions", json!({ "RegionName": ["moon-1"] })), "InvalidParameterValue");
}

#[test]
fn the_default_network_acl_has_every_subnet() {
    let mut account = Account::new();
    let vpc = account.vpc("10.0.0.0/16");
    let subnet = account.subnet(&vpc, "10.0.1.0/24");
    let acls = account.ok("DescribeNetworkAcls", filter("association.subnet-id", &[&subnet]));
    assert_eq!(acls["networkAclSet"][0]["entrySet"].as_array().map(Vec::len), Some(4));
    assert_eq!(acls["networkAclSet"][0]["default"], true);
}

#[test]
fn the_list_has_what_calls_made_and_not_what_aws_made() {
    let mut account = Account::new();
    let vpc = account.vpc("10.0.0.0/16");
    let gateway = account.gateway(&vpc);
    let subnet = account.subnet(&vpc, "10.0.1.0/24");
    let table = account.table(&vpc);
    let group = account.group(&vpc, "g");
    account.task(&subnet, &[], false);
    let expected = [
        ("AWS::EC2::VPC", vpc.clone()),
        ("AWS::EC2::Subnet", subnet),
        ("AWS::EC2::InternetGateway", gateway),
        ("AWS::EC2::VPCGatewayAttachment", format!("IGW|{vpc}")),
        ("AWS::EC2::RouteTable", table),
        ("AWS::EC2::SecurityGroup", group),
    ];
    assert_eq!(account.listed(), expected.map(|(kind, id)| (kind.to_owned(), id)));
}

//! Tags at creation and after.

use super::*;

#[test]
fn everything_taggable_takes_tags_at_creation() {
    let mut account = Account::new();
    let spec = |resource: &str| json!([{ "ResourceType": resource, "Tag": [{ "Key": "k", "Value": "v" }] }]);
    let tags = json!([{ "key": "k", "value": "v" }]);
    let vpc = account.vpc("10.0.0.0/16");
    account.gateway(&vpc);
    let subnet = account.subnet(&vpc, "10.0.0.0/24");
    let address = account.address();
    for (action, resource, params, pointer) in [
        ("CreateVpc", "vpc", json!({ "CidrBlock": "10.1.0.0/16" }), "/vpc/tagSet"),
        ("CreateSubnet", "subnet", json!({ "VpcId": vpc, "CidrBlock": "10.0.1.0/24" }), "/subnet/tagSet"),
        ("CreateInternetGateway", "internet-gateway", json!({}), "/internetGateway/tagSet"),
        ("CreateRouteTable", "route-table", json!({ "VpcId": vpc }), "/routeTable/tagSet"),
        (
            "CreateSecurityGroup",
            "security-group",
            json!({ "VpcId": vpc, "GroupName": "g", "GroupDescription": "d" }),
            "/tagSet",
        ),
        (
            "CreateNatGateway",
            "natgateway",
            json!({ "SubnetId": subnet, "AllocationId": address }),
            "/natGateway/tagSet",
        ),
    ] {
        let mut params = params;
        params["TagSpecification"] = spec("instance");
        assert_eq!(account.code(action, params.clone()), "InvalidParameterValue", "{action}");
        params["TagSpecification"] = spec(resource);
        assert_eq!(account.ok(action, params).pointer(pointer), Some(&tags), "{action}");
    }
    account.ok("AllocateAddress", json!({ "TagSpecification": spec("elastic-ip") }));
    let tagged = account.ok("DescribeTags", json!({}));
    assert_eq!(tagged["tagSet"].as_array().map(Vec::len), Some(7));
}

#[test]
fn tags_are_set_taken_away_and_go_with_their_resource() {
    let mut account = Account::new();
    let vpc = account.vpc("10.0.0.0/16");
    let tag = |pairs: &[(&str, &str)]| -> Json {
        pairs.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
    };
    account.ok("CreateTags", json!({ "ResourceId": [vpc], "Tag": tag(&[("Name", "a"), ("x", "1"), ("y", "2")]) }));
    account.ok("CreateTags", json!({ "ResourceId": [vpc], "Tag": tag(&[("Name", "b")]) }));
    account.ok("DeleteTags", json!({ "ResourceId": [vpc], "Tag": tag(&[("x", "other")]) }));
    account.ok("DeleteTags", json!({ "ResourceId": [vpc], "Tag": [{ "Key": "y" }] }));
    let shown = account.ok("DescribeVpcs", json!({}));
    assert_eq!(shown["vpcSet"][0]["tagSet"], json!([{ "key": "Name", "value": "b" }, { "key": "x", "value": "1" }]));
    account.ok("DeleteTags", json!({ "ResourceId": [vpc] }));
    assert_eq!(account.ok("DescribeVpcs", json!({}))["vpcSet"][0]["tagSet"], json!([]));
    account.ok("CreateTags", json!({ "ResourceId": [vpc], "Tag": tag(&[("x", "1")]) }));
    account.ok("DeleteVpc", json!({ "VpcId": vpc }));
    assert_eq!(account.ok("DescribeTags", json!({}))["tagSet"], json!([]));
}

#[test]
fn bad_tags_and_resources_are_refused() {
    let mut account = Account::new();
    let vpc = account.vpc("10.0.0.0/16");
    let tag = |key: &str, value: &str| json!({ "ResourceId": [vpc], "Tag": [{ "Key": key, "Value": value }] });
    let many: Json = (0..51).map(|n| json!({ "Key": format!("k{n}"), "Value": "" })).collect();
    account.refused([
        ("CreateTags", tag("aws:x", ""), "InvalidParameterValue"),
        ("CreateTags", tag("", "x"), "InvalidParameterValue"),
        ("CreateTags", tag(&"k".repeat(129), ""), "InvalidParameterValue"),
        ("CreateTags", tag("k", &"v".repeat(257)), "InvalidParameterValue"),
        ("CreateTags", json!({ "ResourceId": [vpc], "Tag": many }), "TagLimitExceeded"),
        ("CreateTags", json!({ "ResourceId": [vpc] }), "MissingParameter"),
        ("CreateTags", json!({ "Tag": [{ "Key": "k" }] }), "MissingParameter"),
        (
            "CreateTags",
            json!({ "ResourceId": ["subnet-0123456789abcdef0"], "Tag": [{ "Key": "k" }] }),
            "InvalidSubnetID.NotFound",
        ),
        ("CreateTags", json!({ "ResourceId": ["thing"], "Tag": [{ "Key": "k" }] }), "InvalidID"),
    ]);
    let twice = json!([{ "Key": "k", "Value": "1" }, { "Key": "k", "Value": "2" }]);
    let params = json!({ "CidrBlock": "10.1.0.0/16", "TagSpecification": [{ "ResourceType": "vpc", "Tag": twice }] });
    assert_eq!(account.code("CreateVpc", params), "InvalidParameterValue");
}

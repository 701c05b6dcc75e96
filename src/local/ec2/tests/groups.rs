//! Security groups and their rules.

use super::*;

fn tcp(port: u16, cidr: &str) -> Json {
    let port = port.to_string();
    json!({ "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{ "CidrIp": cidr }] })
}

fn from_group(port: u16, group: &str) -> Json {
    let port = port.to_string();
    json!({ "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "Groups": [{ "GroupId": group }] })
}

fn rules(group: &str, permissions: &[Json]) -> Json {
    json!({ "GroupId": group, "IpPermissions": permissions })
}

#[test]
fn a_group_is_made_with_a_name_of_its_own() {
    let mut account = Account::new();
    let (vpc, other) = (account.vpc("10.0.0.0/16"), account.vpc("10.1.0.0/16"));
    let named = |name: &str| json!({ "VpcId": vpc, "GroupName": name, "GroupDescription": "d" });
    let group = account.group(&vpc, "Hazelcast");
    account.group(&other, "Hazelcast");
    account.refused([
        ("CreateSecurityGroup", named("Hazelcast"), "InvalidGroup.Duplicate"),
        ("CreateSecurityGroup", named("hazelCAST"), "InvalidGroup.Duplicate"),
        ("CreateSecurityGroup", named("default"), "InvalidGroup.Reserved"),
        ("CreateSecurityGroup", named("sg-mine"), "InvalidParameterValue"),
        ("CreateSecurityGroup", named("größe"), "InvalidParameterValue"),
        ("CreateSecurityGroup", named(&"x".repeat(256)), "InvalidParameterValue"),
        ("CreateSecurityGroup", json!({ "VpcId": vpc, "GroupName": "x" }), "MissingParameter"),
        ("CreateSecurityGroup", json!({ "GroupName": "x", "GroupDescription": "d" }), "VPCIdNotSpecified"),
        ("DescribeSecurityGroups", json!({ "GroupName": ["Hazelcast"] }), "InvalidGroup.NotFound"),
    ]);
    let shown = account.ok("DescribeSecurityGroups", json!({ "GroupId": [group] }));
    assert_eq!(shown["securityGroupInfo"][0]["ipPermissions"], json!([]));
    assert_eq!(
        shown["securityGroupInfo"][0]["ipPermissionsEgress"],
        json!([{
            "ipProtocol": "-1", "ipRanges": [{ "cidrIp": "0.0.0.0/0", "description": null }], "ipv6Ranges": [],
            "groups": [], "prefixListIds": [],
        }])
    );
    account.ok("DeleteSecurityGroup", json!({ "GroupId": group }));
    account.group(&vpc, "hazelcast");
}

#[test]
fn the_default_group_cannot_be_deleted() {
    let mut account = Account::new();
    account.vpc("10.0.0.0/16");
    let group = account.id("DescribeSecurityGroups", json!({}), "/securityGroupInfo/0/groupId");
    assert_eq!(account.code("DeleteSecurityGroup", json!({ "GroupId": group })), "CannotDelete");
}

#[test]
fn rules_are_added_shown_together_and_taken_away() {
    let mut account = Account::new();
    let vpc = account.vpc("10.0.0.0/16");
    let group = account.group(&vpc, "g");
    let permission = json!({
        "IpProtocol": "6", "FromPort": "5701", "ToPort": "5703",
        "IpRanges": [{ "CidrIp": "10.0.0.9/16", "Description": "members" }],
        "Ipv6Ranges": [{ "CidrIpv6": "::/0" }],
        "Groups": [{ "GroupId": group }],
    });
    let added = account.ok("AuthorizeSecurityGroupIngress", rules(&group, std::slice::from_ref(&permission)));
    let set = added["securityGroupRuleSet"].as_array().expect("rules");
    assert_eq!(set.len(), 3);
    assert_eq!(set[0]["cidrIpv4"], "10.0.0.0/16");
    assert_eq!(set[2]["referencedGroupInfo"]["groupId"], json!(group));
    account.ok(
        "AuthorizeSecurityGroupIngress",
        rules(
            &group,
            &[json!({
                "IpProtocol": "icmp", "FromPort": "8", "ToPort": "-1", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }],
            })],
        ),
    );
    let shown = account.ok("DescribeSecurityGroups", json!({ "GroupId": [group] }));
    assert_eq!(
        shown["securityGroupInfo"][0]["ipPermissions"],
        json!([
            {
                "ipProtocol": "tcp", "fromPort": 5701, "toPort": 5703,
                "ipRanges": [{ "cidrIp": "10.0.0.0/16", "description": "members" }],
                "ipv6Ranges": [{ "cidrIpv6": "::/0", "description": null }],
                "groups": [{ "groupId": group, "userId": "000000000000", "description": null }],
                "prefixListIds": [],
            },
            {
                "ipProtocol": "icmp", "fromPort": 8, "toPort": -1,
                "ipRanges": [{ "cidrIp": "0.0.0.0/0", "description": null }],
                "ipv6Ranges": [], "groups": [], "prefixListIds": [],
            },
        ])
    );
    let gone = account.ok("RevokeSecurityGroupIngress", rules(&group, std::slice::from_ref(&permission)));
    assert_eq!(gone["revokedSecurityGroupRuleSet"].as_array().map(Vec::len), Some(3));
    assert_eq!(account.code("RevokeSecurityGroupIngress", rules(&group, &[permission])), "InvalidPermission.NotFound");
}

#[test]
fn a_rule_exists_once_and_a_refused_call_adds_none() {
    let mut account = Account::new();
    let vpc = account.vpc("10.0.0.0/16");
    let group = account.group(&vpc, "g");
    account.ok("AuthorizeSecurityGroupIngress", rules(&group, &[tcp(80, "10.0.0.0/8")]));
    let call = |permissions: &[Json]| ("AuthorizeSecurityGroupIngress", rules(&group, permissions));
    for (permissions, code) in [
        (vec![tcp(81, "10.0.0.0/8"), tcp(80, "10.1.1.1/8")], "InvalidPermission.Duplicate"),
        (vec![tcp(81, "10.0.0.0/8"), tcp(81, "10.0.0.0/8")], "InvalidParameterValue"),
        (vec![tcp(81, "10.0.0.0/8"), tcp(82, "10.0.0")], "InvalidParameterValue"),
        (vec![from_group(81, "sg-0123456789abcdef0")], "InvalidGroup.NotFound"),
        (vec![json!({ "IpProtocol": "tcp", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] })], "InvalidParameterValue"),
        (vec![json!({ "IpProtocol": "tcp", "FromPort": "1", "ToPort": "1" })], "MissingParameter"),
        (
            vec![json!({
                "IpProtocol": "udp", "FromPort": "9", "ToPort": "8", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }],
            })],
            "InvalidParameterValue",
        ),
        (vec![json!({ "IpProtocol": "gopher", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] })], "InvalidParameterValue"),
        (
            vec![json!({ "IpProtocol": "-1", "PrefixListIds": [{ "PrefixListId": "pl-0" }] })],
            "InvalidPrefixListID.NotFound",
        ),
        (
            vec![json!({
                "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "0.0.0.0/0", "Description": "what?" }],
            })],
            "InvalidParameterValue",
        ),
        ((1000..1060).map(|port| tcp(port, "0.0.0.0/0")).collect(), "RulesPerSecurityGroupLimitExceeded"),
    ] {
        let (action, params) = call(&permissions);
        assert_eq!(account.code(action, params), code, "{permissions:?}");
    }
    let filter = json!({ "Filter": [{ "Name": "group-id", "Value": [group] }] });
    let there = account.ok("DescribeSecurityGroupRules", filter);
    assert_eq!(there["securityGroupRuleSet"].as_array().map(Vec::len), Some(2));
    // The other direction has rules of its own.
    account.ok("AuthorizeSecurityGroupEgress", rules(&group, &[tcp(80, "10.0.0.0/8")]));
}

#[test]
fn a_group_stays_while_another_names_it() {
    let mut account = Account::new();
    let (vpc, other) = (account.vpc("10.0.0.0/16"), account.vpc("10.1.0.0/16"));
    let (group, named) = (account.group(&vpc, "a"), account.group(&vpc, "b"));
    let foreign = account.group(&other, "c");
    account.ok("AuthorizeSecurityGroupIngress", rules(&named, &[from_group(80, &named)]));
    account.ok("AuthorizeSecurityGroupIngress", rules(&group, &[from_group(80, &named)]));
    account.ok("AuthorizeSecurityGroupEgress", rules(&group, &[from_group(80, &named)]));
    let delete = json!({ "GroupId": named });
    account.refused([
        ("AuthorizeSecurityGroupIngress", rules(&group, &[from_group(81, &foreign)]), "InvalidGroup.NotFound"),
        ("DeleteSecurityGroup", delete.clone(), "DependencyViolation"),
    ]);
    account.ok("RevokeSecurityGroupIngress", rules(&group, &[from_group(80, &named)]));
    assert_eq!(account.code("DeleteSecurityGroup", delete.clone()), "DependencyViolation");
    account.ok("DeleteSecurityGroup", json!({ "GroupId": group }));
    account.ok("DeleteSecurityGroup", delete);
}

#[test]
fn rules_are_named_by_their_identifiers() {
    let mut account = Account::new();
    let vpc = account.vpc("10.0.0.0/16");
    let (group, peer) = (account.group(&vpc, "g"), account.group(&vpc, "peer"));
    let permissions = [tcp(80, "10.0.0.0/8"), tcp(81, "10.0.0.0/8"), from_group(82, &peer)];
    let added = account.ok("AuthorizeSecurityGroupIngress", rules(&group, &permissions));
    let ids: Vec<String> =
        each(&added, "securityGroupRuleSet", "securityGroupRuleId").into_iter().map(str::to_owned).collect();
    let to = |id: &str, rule: Json| {
        let update = json!({ "SecurityGroupRuleId": id, "SecurityGroupRule": rule });
        json!({ "GroupId": group, "SecurityGroupRule": [update] })
    };
    let one = |port: &str, kind: &str, peer: &str| {
        let mut rule = json!({ "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "Description": "new" });
        rule[kind] = json!(peer);
        rule
    };
    account.refused([
        ("ModifySecurityGroupRules", to(&ids[0], one("81", "CidrIpv4", "10.0.0.0/8")), "InvalidPermission.Duplicate"),
        ("ModifySecurityGroupRules", to(&ids[0], one("81", "ReferencedGroupId", &peer)), "InvalidParameterValue"),
        (
            "ModifySecurityGroupRules",
            to("sgr-0123456789abcdef0", one("81", "CidrIpv4", "10.0.0.0/8")),
            "InvalidSecurityGroupRuleId.NotFound",
        ),
        (
            "RevokeSecurityGroupEgress",
            json!({ "GroupId": group, "SecurityGroupRuleId": [ids[0]] }),
            "InvalidSecurityGroupRuleId.NotFound",
        ),
        (
            "DescribeSecurityGroupRules",
            json!({ "SecurityGroupRuleId": ["sgr-"] }),
            "InvalidSecurityGroupRuleId.Malformed",
        ),
    ]);
    account.ok("ModifySecurityGroupRules", to(&ids[0], one("90", "CidrIpv4", "11.0.0.0/8")));
    // The peer is let go with the rule that names it.
    account.ok("ModifySecurityGroupRules", to(&ids[2], one("82", "ReferencedGroupId", &group)));
    account.ok("DeleteSecurityGroup", json!({ "GroupId": peer }));
    account.ok(
        "UpdateSecurityGroupRuleDescriptionsIngress",
        json!({ "GroupId": group, "SecurityGroupRuleDescription": [
            { "SecurityGroupRuleId": ids[1], "Description": "by id" },
        ] }),
    );
    let described = json!({ "IpProtocol": "tcp", "FromPort": "90", "ToPort": "90", "IpRanges": [
        { "CidrIp": "11.0.0.0/8", "Description": "by value" },
    ] });
    account.ok("UpdateSecurityGroupRuleDescriptionsIngress", rules(&group, &[described]));
    let shown = account.ok("DescribeSecurityGroupRules", json!({ "SecurityGroupRuleId": ids[..2] }));
    assert_eq!(each(&shown, "securityGroupRuleSet", "description"), ["by value", "by id"]);
    assert_eq!(shown["securityGroupRuleSet"][0]["fromPort"], 90);
    let gone = account.ok("RevokeSecurityGroupIngress", json!({ "GroupId": group, "SecurityGroupRuleId": ids }));
    assert_eq!(gone["revokedSecurityGroupRuleSet"].as_array().map(Vec::len), Some(3));
    assert_eq!(gone["revokedSecurityGroupRuleSet"][2]["referencedGroupId"], json!(group));
}

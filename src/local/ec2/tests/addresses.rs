//! Private and public addresses, and who holds them.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use proptest::prelude::*;

use super::*;

#[test]
fn addresses_are_given_in_order_and_again_after_release() {
    let mut account = Account::new();
    let vpc = account.vpc("10.0.0.0/16");
    let subnet = account.subnet(&vpc, "10.0.1.0/28");
    let tasks: Vec<TaskInterface> = (0..11).map(|_| account.task(&subnet, &[], false)).collect();
    let given: Vec<&str> = tasks.iter().map(|task| task.private_ip.as_str()).collect();
    assert_eq!(given[..3], ["10.0.1.4", "10.0.1.5", "10.0.1.6"]);
    assert_eq!(given[10], "10.0.1.14");
    let full = account.within(|tx| attach_task_interface(tx, &subnet, &[], false, "")).expect_err("a full subnet");
    assert_eq!(full.code, "InsufficientFreeAddressesInSubnet");
    let count = |account: &mut Account| {
        account.ok("DescribeSubnets", json!({ "SubnetId": [subnet] }))["subnetSet"][0]["availableIpAddressCount"]
            .clone()
    };
    assert_eq!(count(&mut account), 0);
    account.stop(&tasks[5]);
    account.stop(&tasks[2]);
    account.stop(&tasks[2]);
    assert_eq!(count(&mut account), 2);
    assert_eq!(account.task(&subnet, &[], false).private_ip, "10.0.1.6");
    assert_eq!(account.task(&subnet, &[], false).private_ip, "10.0.1.9");
}

#[test]
fn a_task_interface_is_described_in_full() {
    let mut account = Account::new();
    let vpc = account.vpc("10.0.0.0/16");
    let subnet = account.subnet(&vpc, "10.0.1.0/24");
    let group = account.group(&vpc, "members");
    account.ok("ModifyVpcAttribute", json!({ "VpcId": vpc, "EnableDnsHostnames": { "Value": "true" } }));
    let task = account.task(&subnet, std::slice::from_ref(&group), true);
    assert_eq!(task.private_dns, "ip-10-0-1-4.eu-west-1.compute.internal");
    assert_eq!((task.subnet.as_str(), task.zone.as_str()), (subnet.as_str(), "eu-west-1a"));
    let answer = account.ok("DescribeNetworkInterfaces", json!({}));
    let shown = &answer["networkInterfaceSet"][0];
    for (pointer, expected) in [
        ("/networkInterfaceId", json!(task.id)),
        ("/privateIpAddress", json!("10.0.1.4")),
        ("/privateDnsName", json!(task.private_dns)),
        ("/privateIpAddressesSet/0/privateIpAddress", json!("10.0.1.4")),
        ("/privateIpAddressesSet/0/association/publicIp", json!(task.public_ip)),
        ("/association/publicIp", json!("198.18.0.1")),
        ("/association/publicDnsName", json!("ec2-198-18-0-1.eu-west-1.compute.amazonaws.com")),
        ("/groupSet", json!([{ "groupId": group, "groupName": "members" }])),
        ("/attachment/status", json!("attached")),
        ("/attachment/attachTime", json!("2030-01-01T00:00:00.000Z")),
        ("/status", json!("in-use")),
        ("/interfaceType", json!("interface")),
        ("/requesterManaged", json!(true)),
        ("/macAddress", json!(task.mac)),
        ("/vpcId", json!(vpc)),
        ("/subnetId", json!(subnet)),
        ("/availabilityZone", json!("eu-west-1a")),
        ("/description", json!("a task")),
    ] {
        assert_eq!(shown.pointer(pointer), Some(&expected), "{pointer}");
    }
    assert_eq!(task.mac.len(), 17);
}

#[test]
fn an_interface_keeps_its_subnet_and_groups() {
    let mut account = Account::new();
    let vpc = account.vpc("10.0.0.0/16");
    let subnet = account.subnet(&vpc, "10.0.1.0/24");
    let group = account.group(&vpc, "g");
    let one = account.task(&subnet, std::slice::from_ref(&group), false);
    let two = account.task(&subnet, std::slice::from_ref(&group), false);
    account.stop(&one);
    account.refused([
        ("DeleteSubnet", json!({ "SubnetId": subnet }), "DependencyViolation"),
        ("DeleteSecurityGroup", json!({ "GroupId": group }), "DependencyViolation"),
    ]);
    account.stop(&two);
    account.ok("DeleteSubnet", json!({ "SubnetId": subnet }));
    account.ok("DeleteSecurityGroup", json!({ "GroupId": group }));
}

#[test]
fn a_task_without_groups_gets_the_default_one_and_with_a_wrong_one_nothing() {
    let mut account = Account::new();
    let (vpc, other) = (account.vpc("10.0.0.0/16"), account.vpc("10.1.0.0/16"));
    let subnet = account.subnet(&vpc, "10.0.1.0/24");
    account.task(&subnet, &[], false);
    let shown = account.ok("DescribeNetworkInterfaces", json!({}));
    assert_eq!(shown["networkInterfaceSet"][0]["groupSet"][0]["groupName"], "default");
    let foreign = account.group(&other, "g");
    for (subnet, group, code) in [
        (subnet.as_str(), foreign.as_str(), "InvalidParameter"),
        (subnet.as_str(), "sg-0123456789abcdef0", "InvalidGroup.NotFound"),
        ("subnet-0123456789abcdef0", foreign.as_str(), "InvalidSubnetID.NotFound"),
    ] {
        let groups = [group.to_owned()];
        let fault = account.within(|tx| attach_task_interface(tx, subnet, &groups, false, "")).expect_err("a refusal");
        assert_eq!(fault.code, code);
    }
    let places =
        account.within(|tx| Ok((subnet_place(tx, &subnet)?, group_vpc(tx, &foreign)?, group_vpc(tx, "sg-1")?)));
    assert_eq!(places, Ok((Some((vpc, "eu-west-1a".to_owned())), Some(other), None)));
}

#[test]
fn elastic_addresses_are_allocated_described_and_released() {
    let mut account = Account::new();
    let (one, two) = (account.address(), account.address());
    let all = account.ok("DescribeAddresses", json!({}));
    assert_eq!(each(&all, "addressesSet", "publicIp"), ["198.18.0.1", "198.18.0.2"]);
    let by_ip = account.ok("DescribeAddresses", json!({ "PublicIp": ["198.18.0.2"] }));
    assert_eq!(each(&by_ip, "addressesSet", "allocationId"), [two.as_str()]);
    assert!(account.listed().contains(&("AWS::EC2::EIP".to_owned(), format!("198.18.0.1|{one}"))));
    account.ok("ReleaseAddress", json!({ "AllocationId": one }));
    account.refused([
        ("ReleaseAddress", json!({ "AllocationId": one }), "InvalidAllocationID.NotFound"),
        ("ReleaseAddress", json!({ "PublicIp": "198.18.0.2" }), "InvalidParameterValue"),
        ("ReleaseAddress", json!({}), "MissingParameter"),
        ("AllocateAddress", json!({ "Domain": "standard" }), "InvalidParameterValue"),
        ("DisassociateAddress", json!({ "AssociationId": "eipassoc-0" }), "InvalidAssociationID.NotFound"),
        ("AssociateAddress", json!({ "AllocationId": two, "InstanceId": "i-0" }), "InvalidInstanceID.NotFound"),
    ]);
    let again = account.address();
    let described = account.ok("DescribeAddresses", json!({ "AllocationId": [again] }));
    assert_eq!(each(&described, "addressesSet", "publicIp"), ["198.18.0.1"]);
}

#[test]
fn regions_share_no_public_address() {
    let mut account = Account::new();
    account.address();
    let params = json!({}).as_object().expect("parameters").clone();
    let settings = account.settings.clone();
    let there: Result<Json, Fault> =
        account.store.transact("us-east-1", account.now, &settings, |tx| Ec2.call(tx, "AllocateAddress", &params));
    assert_eq!(there.expect("an address")["publicIp"], "198.18.0.2");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_address_is_given_twice_nor_a_reserved_one(
        size in 25u8..=28,
        steps in prop::collection::vec((0u8..4, any::<prop::sample::Index>()), 1..60),
    ) {
        let mut account = Account::new();
        let vpc = account.vpc("10.0.0.0/16");
        let block: Ipv4Net = format!("10.0.7.128/{size}").parse().expect("a block");
        let subnet = account.subnet(&vpc, &block.to_string());
        let first_four = (0..4).map(|n| Ipv4Addr::from(u32::from(block.network()) + n));
        let reserved: BTreeSet<Ipv4Addr> = first_four.chain([block.broadcast()]).collect();
        let room = (1usize << (32 - size)) - reserved.len();
        let mut held: Vec<TaskInterface> = Vec::new();
        for (step, which) in steps {
            if step == 0 && !held.is_empty() {
                let gone = held.swap_remove(which.index(held.len()));
                account.stop(&gone);
                continue;
            }
            let made = account.within(|tx| attach_task_interface(tx, &subnet, &[], false, ""));
            match made {
                Ok(task) => {
                    let ip: Ipv4Addr = task.private_ip.parse().expect("an address");
                    prop_assert!(block.contains(&ip) && !reserved.contains(&ip), "{ip} in {block}");
                    prop_assert!(held.iter().all(|other| other.private_ip != task.private_ip), "{ip} twice");
                    held.push(task);
                }
                Err(fault) => {
                    prop_assert_eq!(fault.code, "InsufficientFreeAddressesInSubnet");
                    prop_assert_eq!(held.len(), room);
                }
            }
        }
        let subnets = account.ok("DescribeSubnets", json!({ "SubnetId": [subnet] }));
        let count = subnets["subnetSet"][0]["availableIpAddressCount"].as_u64().expect("a count");
        prop_assert_eq!(count as usize, room - held.len());
    }
}

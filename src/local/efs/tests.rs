//! What EFS does and refuses, call by call, with what takes time carried out as it goes by.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::local::SERVICES;
use crate::local::settings::Settings;
use crate::local::store::Store;

/// An account in `eu-west-1`, as slow as AWS.
struct Account {
    store: Store,
    settings: Settings,
    now: Timestamp,
}

impl Account {
    fn new() -> Self {
        let settings = Settings { pace: 1.0, ..Settings::default() };
        let now = "2030-01-01T00:00:00Z".parse().expect("a time");
        Self { store: Store::in_memory().expect("a store"), settings, now }
    }

    /// With a file system that is available.
    fn with_system() -> (Self, Json) {
        let mut account = Self::new();
        let system = account.ok("CreateFileSystem", json!({"CreationToken": "t"}))["FileSystemId"].clone();
        account.pass(10);
        (account, system)
    }

    fn ask(&mut self, service: &str, action: &str, params: Json) -> Result<Json, Fault> {
        let asked = SERVICES.iter().find(|one| one.name() == service).expect("a service");
        let params = params.as_object().expect("parameters").clone();
        self.store.transact("eu-west-1", self.now, &self.settings, |tx| asked.call(tx, action, &params))
    }

    fn ok(&mut self, action: &str, params: Json) -> Json {
        self.ask(NAME, action, params.clone()).unwrap_or_else(|fault| panic!("{action} {params}: {fault}"))
    }

    fn ec2(&mut self, action: &str, params: Json) -> Json {
        self.ask("ec2", action, params).unwrap_or_else(|fault| panic!("{action}: {fault}"))
    }

    /// Asserts the codes and statuses of calls that are refused.
    fn refused(&mut self, calls: impl IntoIterator<Item = (&'static str, Json, &'static str, u16)>) {
        for (action, params, code, status) in calls {
            match self.ask(NAME, action, params.clone()) {
                Ok(answer) => panic!("{action} {params} is answered with {answer}"),
                Err(fault) => assert_eq!((fault.code.as_str(), fault.status), (code, status), "{action} {params}"),
            }
        }
    }

    fn pass(&mut self, seconds: u64) {
        let until = self.now + Duration::from_secs(seconds);
        let step = |tx: &mut Tx<'_>| -> Result<bool, Fault> {
            let Some((at, _, name, timer)) = tx.take_due()? else { return Ok(false) };
            tx.now = at;
            SERVICES.iter().find(|one| one.name() == name).expect("a service").due(tx, &timer)?;
            Ok(true)
        };
        while self.store.transact("eu-west-1", until, &self.settings, step).expect("a timer") {}
        self.now = until;
    }

    fn subnet(&mut self, vpc: &Json, cidr: &str, zone: &str) -> Json {
        let params = json!({"VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": zone});
        self.ec2("CreateSubnet", params)["subnet"]["subnetId"].clone()
    }

    fn state(&mut self, system: &Json) -> Json {
        let described = self.ok("DescribeFileSystems", json!({"FileSystemId": system}));
        described["FileSystems"][0]["LifeCycleState"].clone()
    }
}

#[test]
fn a_creation_token_makes_one_file_system_and_tells_it_again() {
    let mut account = Account::new();
    let made = account.ok("CreateFileSystem", json!({"CreationToken": "t", "Encrypted": true}));
    assert_eq!(made["LifeCycleState"], "creating");
    assert!(made["KmsKeyId"].as_str().is_some_and(|key| key.starts_with("arn:aws:kms:eu-west-1:")), "{made}");
    let fault = account.ask(NAME, "CreateFileSystem", json!({"CreationToken": "t"})).expect_err("it is there");
    assert_eq!((fault.code.as_str(), fault.status), ("FileSystemAlreadyExists", 409));
    assert_eq!(fault.fields["FileSystemId"], made["FileSystemId"]);
    let system = made["FileSystemId"].clone();
    let policy = json!({"FileSystemId": system, "BackupPolicy": {"Status": "ENABLED"}});
    account.refused([("PutBackupPolicy", policy, "IncorrectFileSystemLifeCycleState", 409)]);
    account.pass(10);
    assert_eq!(account.state(&system), "available");
    account.ok("DeleteFileSystem", json!({"FileSystemId": system}));
    account.pass(10);
    account.refused([("DescribeFileSystems", json!({"FileSystemId": system}), "FileSystemNotFound", 404)]);
    account.ok("CreateFileSystem", json!({"CreationToken": "t"}));
}

#[test]
fn what_does_not_go_together_is_refused() {
    let mut account = Account::new();
    let create = |more: Json, code, status| {
        let mut params = json!({"CreationToken": "t"});
        params.as_object_mut().expect("a map").extend(more.as_object().expect("a map").clone());
        ("CreateFileSystem", params, code, status)
    };
    account.refused([
        ("CreateFileSystem", json!({}), "BadRequest", 400),
        create(json!({"KmsKeyId": "alias/a"}), "BadRequest", 400),
        create(json!({"ThroughputMode": "provisioned"}), "BadRequest", 400),
        create(json!({"ProvisionedThroughputInMibps": 5.0}), "BadRequest", 400),
        create(json!({"ThroughputMode": "fast"}), "BadRequest", 400),
        create(json!({"PerformanceMode": "maxIO", "ThroughputMode": "elastic"}), "BadRequest", 400),
        create(json!({"AvailabilityZoneName": "eu-west-1z"}), "UnsupportedAvailabilityZone", 400),
        create(
            json!({"ThroughputMode": "provisioned", "ProvisionedThroughputInMibps": 1e6}),
            "ThroughputLimitExceeded",
            400,
        ),
        create(json!({"Tags": [{"Key": "aws:x", "Value": ""}]}), "BadRequest", 400),
    ]);
}

#[test]
fn throughput_that_was_raised_stays_for_a_day() {
    let (mut account, system) = Account::with_system();
    let to = |mode: &str, mibps: Option<f64>| json!({"FileSystemId": system, "ThroughputMode": mode, "ProvisionedThroughputInMibps": mibps});
    account.ok("UpdateFileSystem", to("elastic", None));
    assert_eq!(account.state(&system), "updating");
    account.pass(30);
    account.ok("UpdateFileSystem", to("provisioned", Some(10.0)));
    account.pass(30);
    account.refused([
        ("UpdateFileSystem", to("bursting", None), "TooManyRequests", 429),
        ("UpdateFileSystem", to("provisioned", Some(9.0)), "TooManyRequests", 429),
    ]);
    account.ok("UpdateFileSystem", to("provisioned", Some(11.0)));
    account.pass(24 * 3600 + 30);
    account.ok("UpdateFileSystem", to("bursting", None));
}

#[test]
fn policies_are_told_as_they_were_set() {
    let (mut account, system) = Account::with_system();
    let of = || json!({"FileSystemId": system});
    account.refused([
        ("DescribeBackupPolicy", of(), "PolicyNotFound", 404),
        ("DescribeFileSystemPolicy", of(), "PolicyNotFound", 404),
        ("PutFileSystemPolicy", json!({"FileSystemId": system, "Policy": "{}"}), "InvalidPolicyException", 400),
        (
            "PutLifecycleConfiguration",
            json!({"FileSystemId": system, "LifecyclePolicies": [
                {"TransitionToIA": "AFTER_1_DAY", "TransitionToArchive": "AFTER_90_DAYS"}]}),
            "BadRequest",
            400,
        ),
    ]);
    account.ok("PutBackupPolicy", json!({"FileSystemId": system, "BackupPolicy": {"Status": "ENABLED"}}));
    assert_eq!(account.ok("DescribeBackupPolicy", of())["BackupPolicy"]["Status"], "ENABLING");
    account.pass(20);
    assert_eq!(account.ok("DescribeBackupPolicy", of())["BackupPolicy"]["Status"], "ENABLED");
    let policies = json!([{"TransitionToIA": "AFTER_7_DAYS"}, {"TransitionToPrimaryStorageClass": "AFTER_1_ACCESS"}]);
    account.ok("PutLifecycleConfiguration", json!({"FileSystemId": system, "LifecyclePolicies": policies}));
    assert_eq!(account.ok("DescribeLifecycleConfiguration", of())["LifecyclePolicies"], policies);
    let one_zone = json!({"CreationToken": "z", "AvailabilityZoneName": "eu-west-1a"});
    let one_zone = account.ok("CreateFileSystem", one_zone)["FileSystemId"].clone();
    let told = account.ok("DescribeBackupPolicy", json!({"FileSystemId": one_zone}));
    assert_eq!(told["BackupPolicy"]["Status"], "ENABLED", "one zone is backed up unless told not to");
}

#[test]
fn a_zone_has_one_mount_target_and_its_interface_keeps_subnet_and_group_busy() {
    let (mut account, system) = Account::with_system();
    let vpc = account.ec2("CreateVpc", json!({"CidrBlock": "10.0.0.0/16"}))["vpc"]["vpcId"].clone();
    let other_vpc = account.ec2("CreateVpc", json!({"CidrBlock": "10.0.0.0/16"}))["vpc"]["vpcId"].clone();
    let one = account.subnet(&vpc, "10.0.1.0/24", "eu-west-1a");
    let same_zone = account.subnet(&vpc, "10.0.2.0/24", "eu-west-1a");
    let other = account.subnet(&vpc, "10.0.3.0/24", "eu-west-1b");
    let elsewhere = account.subnet(&other_vpc, "10.0.1.0/24", "eu-west-1c");
    let group = json!({"GroupName": "nfs", "GroupDescription": "NFS", "VpcId": vpc});
    let group = account.ec2("CreateSecurityGroup", group)["groupId"].clone();
    let to =
        |subnet: &Json, groups: Json| json!({"FileSystemId": system, "SubnetId": subnet, "SecurityGroups": groups});
    let target = account.ok("CreateMountTarget", to(&one, json!([group])));
    assert_eq!(target["LifeCycleState"], "creating");
    account.refused([
        ("CreateMountTarget", to(&same_zone, json!([])), "MountTargetConflict", 409),
        ("CreateMountTarget", to(&elsewhere, json!([])), "MountTargetConflict", 409),
        ("CreateMountTarget", to(&json!("subnet-0123456789abcdef0"), json!([])), "SubnetNotFound", 400),
        ("CreateMountTarget", to(&other, json!(["sg-0123456789abcdef0"])), "SecurityGroupNotFound", 400),
        ("CreateMountTarget", to(&other, json!(vec!["sg-1"; 6])), "SecurityGroupLimitExceeded", 400),
        ("DeleteFileSystem", json!({"FileSystemId": system}), "FileSystemInUse", 409),
        ("DescribeMountTargets", json!({}), "BadRequest", 400),
    ]);
    let subnet_busy = account.ask("ec2", "DeleteSubnet", json!({"SubnetId": one})).expect_err("it is in use");
    let group_busy = account.ask("ec2", "DeleteSecurityGroup", json!({"GroupId": group})).expect_err("it is in use");
    assert_eq!([subnet_busy.code.as_str(), group_busy.code.as_str()], ["DependencyViolation"; 2]);
    let interface = json!({"NetworkInterfaceId": [target["NetworkInterfaceId"]]});
    let shown = account.ec2("DescribeNetworkInterfaces", interface)["networkInterfaceSet"][0].clone();
    assert_eq!((&shown["privateIpAddress"], &shown["groupSet"][0]["groupId"]), (&target["IpAddress"], &group));
    account.pass(100);
    let id = json!({"MountTargetId": target["MountTargetId"]});
    assert_eq!(account.ok("DescribeMountTargets", id.clone())["MountTargets"][0]["LifeCycleState"], "available");
    let default = json!({"MountTargetId": target["MountTargetId"], "SecurityGroups": []});
    account.ok("ModifyMountTargetSecurityGroups", default);
    account.ec2("DeleteSecurityGroup", json!({"GroupId": group}));
    account.ok("DeleteMountTarget", id.clone());
    account.refused([
        ("DescribeMountTargetSecurityGroups", id.clone(), "IncorrectMountTargetState", 409),
        ("CreateMountTarget", to(&same_zone, json!([])), "MountTargetConflict", 409),
    ]);
    account.pass(30);
    account.refused([("DescribeMountTargets", id, "MountTargetNotFound", 404)]);
    account.ec2("DeleteSubnet", json!({"SubnetId": one}));
    account.ok("CreateMountTarget", to(&same_zone, json!([])));
}

#[test]
fn a_file_system_of_one_zone_is_mounted_there() {
    let mut account = Account::new();
    let params = json!({"CreationToken": "t", "AvailabilityZoneName": "eu-west-1b"});
    let system = account.ok("CreateFileSystem", params)["FileSystemId"].clone();
    account.pass(10);
    let vpc = account.ec2("CreateVpc", json!({"CidrBlock": "10.0.0.0/16"}))["vpc"]["vpcId"].clone();
    let a = account.subnet(&vpc, "10.0.1.0/24", "eu-west-1a");
    let b = account.subnet(&vpc, "10.0.2.0/24", "eu-west-1b");
    let to = |subnet: &Json| json!({"FileSystemId": system, "SubnetId": subnet});
    account.refused([("CreateMountTarget", to(&a), "AvailabilityZonesMismatch", 400)]);
    account.ok("CreateMountTarget", to(&b));
}

#[test]
fn access_points_go_with_their_file_system_and_have_tags() {
    let (mut account, system) = Account::with_system();
    let to = |more: Json| {
        let mut params = json!({"ClientToken": "t", "FileSystemId": system});
        params.as_object_mut().expect("a map").extend(more.as_object().expect("a map").clone());
        params
    };
    account.refused([
        ("CreateAccessPoint", to(json!({"PosixUser": {"Uid": -1, "Gid": 1}})), "BadRequest", 400),
        ("CreateAccessPoint", to(json!({"PosixUser": {"Uid": 1}})), "BadRequest", 400),
        ("CreateAccessPoint", to(json!({"RootDirectory": {"Path": "data"}})), "BadRequest", 400),
        ("CreateAccessPoint", to(json!({"RootDirectory": {"Path": "/a/b/c/d/e"}})), "BadRequest", 400),
        (
            "CreateAccessPoint",
            to(json!({"RootDirectory": {"CreationInfo": {"OwnerUid": 1, "OwnerGid": 1, "Permissions": "0999"}}})),
            "BadRequest",
            400,
        ),
    ]);
    let made = account.ok("CreateAccessPoint", to(json!({"Tags": [{"Key": "Name", "Value": "data"}]})));
    assert_eq!((&made["Name"], &made["RootDirectory"]["Path"]), (&json!("data"), &json!("/")));
    let again = account.ask(NAME, "CreateAccessPoint", to(json!({}))).expect_err("it is there");
    assert_eq!(again.code, "AccessPointAlreadyExists");
    assert_eq!(again.fields["AccessPointId"], made["AccessPointId"]);
    let resource = made["AccessPointArn"].clone();
    account.ok("TagResource", json!({"ResourceId": resource, "Tags": [{"Key": "a", "Value": "1"}]}));
    account.ok("UntagResource", json!({"ResourceId": resource, "TagKeys": ["Name"]}));
    let told = account.ok("ListTagsForResource", json!({"ResourceId": resource}));
    assert_eq!(told["Tags"], json!([{"Key": "a", "Value": "1"}]));
    account.ok("DeleteFileSystem", json!({"FileSystemId": system}));
    account.pass(10);
    account.refused([("DescribeAccessPoints", json!({"AccessPointId": resource}), "AccessPointNotFound", 404)]);
}

#[test]
fn lists_come_in_pages() {
    let mut account = Account::new();
    for n in 0..5 {
        account.ok("CreateFileSystem", json!({"CreationToken": format!("t{n}")}));
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut marker = Json::Null;
    loop {
        let page = account.ok("DescribeFileSystems", json!({"MaxItems": "2", "Marker": marker}));
        let systems = page["FileSystems"].as_array().expect("a list");
        seen.extend(systems.iter().map(|system| system["FileSystemId"].to_string()));
        marker = page["NextMarker"].clone();
        if marker.is_null() {
            break;
        }
        assert_eq!(systems.len(), 2);
    }
    assert_eq!(seen.len(), 5);
}

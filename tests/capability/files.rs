//! Files that outlive tasks, and networks without NAT: services with volumes on EFS, and with endpoints for a way out.

use hzscript::kinds::{Create, by_type};
use hzscript::model::JsonMap;
use serde_json::json;

use crate::support::stack::summary;
use crate::support::{Stack, World};

/// A service whose tasks mount a file system by an access point.
const WITH_FILES: &str = r#"
let net = network(#{ name: "net" });
let nfs = ec2_security_group("nfs", #{
    groupDescription: "NFS", vpcId: net.vpc.vpcId,
    securityGroupIngress: [#{ ipProtocol: "tcp", fromPort: {port}, toPort: {port}, cidrIp: net.cidr }],
});
let files = efs_file_system("files", #{
    encrypted: true, backupPolicy: #{ status: "ENABLED" },
    lifecyclePolicies: [#{ transitionToIA: "{age}" }, #{ transitionToPrimaryStorageClass: "AFTER_1_ACCESS" }],
});
let point = efs_access_point("files", #{
    fileSystemId: files.fileSystemId, posixUser: #{ uid: 1000, gid: 1000 },
    rootDirectory: #{ path: "/data", creationInfo: #{ ownerUid: 1000, ownerGid: 1000, permissions: "0750" } },
});
let targets = [];
for (subnet, i) in net.privateSubnets.extract(0, {targets}) {
    targets.push(efs_mount_target(`files-${i + 1}`, #{
        fileSystemId: files.fileSystemId, subnetId: subnet.subnetId, securityGroups: [nfs.groupId],
    }));
}
let task = ecs_task_definition("task", #{
    cpu: 256, memory: 512, networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"],
    containerDefinitions: [#{
        name: "web", image: "nginx:1", mountPoints: [#{ sourceVolume: "data", containerPath: "/data" }],
    }],
}, #{ dependsOn: net.routes + targets });
task.add_volume(#{ name: "data", efsVolumeConfiguration: #{
    filesystemId: {system}, transitEncryption: "ENABLED", authorizationConfig: #{ accessPointId: point.accessPointId },
} });
ecs_service("service", #{
    cluster: ecs_cluster("cluster", #{}).arn, taskDefinition: task.taskDefinitionArn, desiredCount: 2, launchType: "FARGATE",
    networkConfiguration: #{ awsvpcConfiguration: #{ subnets: net.privateSubnets.map(|subnet| subnet.subnetId) } },
    deploymentConfiguration: #{ deploymentCircuitBreaker: #{ enable: true, rollback: false } },
});
"#;

fn with_files(changes: &[(&str, &str)]) -> String {
    let defaults =
        [("{port}", "2049"), ("{age}", "AFTER_30_DAYS"), ("{targets}", "2"), ("{system}", "files.fileSystemId")];
    let changed = changes.iter().chain(&defaults);
    changed.fold(WITH_FILES.to_owned(), |script, (place, value)| script.replace(place, value))
}

#[tokio::test(start_paused = true)]
async fn a_service_mounts_files_and_settles_and_its_file_system_is_changed_in_place() {
    let stack = Stack::new().await;
    stack.runs(&with_files(&[])).await;
    assert!(stack.plan(&with_files(&[])).await.is_empty());
    let aged = with_files(&[("{age}", "AFTER_90_DAYS")]);
    assert_eq!(summary(&stack.plan(&aged).await), "~ efs_file_system.files lifecyclePolicies");
    stack.runs(&aged).await;
    assert!(stack.plan(&aged).await.is_empty());
    stack.destroy().await;
    assert_eq!(stack.exists(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn tasks_that_cannot_mount_their_files_say_why() {
    for (change, told) in [
        (("{targets}", "1"), "Failed to resolve"),
        (("{system}", r#""fs-0123456789abcdef0""#), "fs-0123456789abcdef0.efs.eu-west-1.amazonaws.com"),
        (("{system}", r#"efs_file_system("other", #{}).fileSystemId"#), "Failed to resolve"),
        (("{port}", "2048"), "Connection timed out"),
    ] {
        let stack = Stack::new().await;
        let report = stack.run(&with_files(&[change])).await;
        assert_eq!(report.failures.len(), 1, "{change:?}: {report:#?}");
        let failure = &report.failures[0];
        assert!(
            failure.reason.contains("ResourceInitializationError: failed to invoke EFS utils"),
            "{}",
            failure.reason
        );
        assert!(failure.reason.contains(told), "{change:?}: {}", failure.reason);
        assert!(failure.help.as_ref().is_some_and(|help| help.contains("2049")), "{:?}", failure.help);
    }
}

#[tokio::test(start_paused = true)]
async fn a_mount_target_goes_to_another_subnet_of_its_zone_only_after_the_old_one_is_gone() {
    let stack = Stack::new().await;
    let script = |subnet: &str| {
        format!(
            r#"
            let vpc = ec2_vpc("vpc", #{{ cidrBlock: "10.0.0.0/16" }});
            let subnets = [1, 2].map(|n| ec2_subnet(`subnet-${{n}}`, #{{
                vpcId: vpc.vpcId, cidrBlock: `10.0.${{n}}.0/24`, availabilityZone: "eu-west-1a",
            }}));
            let files = efs_file_system("files", #{{}});
            efs_mount_target("target", #{{
                fileSystemId: files.fileSystemId, subnetId: subnets[{subnet}].subnetId, securityGroups: [],
            }});
            "#
        )
    };
    stack.runs(&script("0")).await;
    assert_eq!(summary(&stack.plan(&script("1")).await), "-/+ efs_mount_target.target subnetId");
    stack.runs(&script("1")).await;
    assert!(stack.plan(&script("1")).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_file_system_made_twice_by_one_token_is_found_again() {
    let stack = Stack::new().await;
    let cloud = stack.engine.cloud();
    for (kind, properties) in
        [("AWS::EFS::FileSystem", json!({})), ("AWS::EFS::AccessPoint", json!({ "fileSystemId": "{system}" }))]
    {
        let mut properties: JsonMap = properties.as_object().expect("an object").clone();
        if kind.ends_with("AccessPoint") {
            let systems = cloud.efs.describe_file_systems().send().await.expect("an answer").file_systems.expect("one");
            properties.insert("fileSystemId".to_owned(), json!(systems[0].file_system_id));
        }
        let kind = by_type(kind).expect("a kind");
        let wanted = Create { properties: &properties, token: "hz-1" };
        assert_eq!(kind.find(cloud, &wanted).await.expect("an answer"), None);
        let made = kind.create(cloud, &wanted).await.expect("made");
        let again = kind.create(cloud, &wanted).await.expect_err("it is there");
        assert!(again.code.as_ref().is_some_and(|code| code.ends_with("AlreadyExists")), "{again:?}");
        assert_eq!(kind.find(cloud, &wanted).await.expect("an answer"), Some(made.id));
        tokio::time::advance(std::time::Duration::from_secs(60)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_is_named_by_itself_and_not_by_an_alias() {
    let stack = Stack::new().await;
    let report = stack.run(r#"efs_file_system("files", #{ encrypted: true, kmsKeyId: "alias/files" });"#).await;
    assert!(report.failures[0].reason.contains("`kmsKeyId` must be a key's ARN or identifier"), "{report:#?}");
}

/// A service in private subnets, whose image is in ECR.
const WITHOUT_NAT: &str = r#"
let net = network(#{ name: "net", natGateways: 0, endpoints: {endpoints} });
let task = fargate_task_definition(#{ name: "web" });
task.add_container("web", #{ image: {image}, logging: aws_logs(#{ streamPrefix: "web" }) });
fargate_service(#{ serviceName: "web", cluster: ecs_cluster("web", #{}), taskDefinition: task, network: net });
"#;

fn without_nat(endpoints: &str, image: &str) -> String {
    WITHOUT_NAT.replace("{endpoints}", endpoints).replace("{image}", image)
}

const IN_ECR: &str = r#"ecr_image(#{ repository: ecr_repository("web", #{}) })"#;

#[tokio::test(start_paused = true)]
async fn tasks_start_without_nat_where_endpoints_lead_to_all_that_they_need() {
    let stack = Stack::new().await;
    let script = without_nat("true", IN_ECR);
    stack.runs(&script).await;
    assert!(stack.plan(&script).await.is_empty());
    assert_eq!(stack.exists().iter().filter(|kind| *kind == "AWS::EC2::VPCEndpoint").count(), 7);
    stack.destroy().await;
    assert_eq!(stack.exists(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_gateway_endpoint_gets_other_route_tables_in_place() {
    let stack = Stack::new().await;
    let script = |tables: &str| {
        format!(
            r#"
            let vpc = ec2_vpc("vpc", #{{ cidrBlock: "10.0.0.0/16" }});
            let one = ec2_route_table("one", #{{ vpcId: vpc.vpcId }});
            let other = ec2_route_table("other", #{{ vpcId: vpc.vpcId }});
            ec2_vpc_endpoint("s3", #{{
                vpcId: vpc.vpcId, serviceName: "com.amazonaws.eu-west-1.s3", vpcEndpointType: "Gateway",
                routeTableIds: {tables},
            }});
            "#
        )
    };
    let mut there = "[one.routeTableId]";
    stack.runs(&script(there)).await;
    for tables in ["[other.routeTableId, one.routeTableId]", "[other.routeTableId]", "[]"] {
        let plan = summary(&stack.plan(&script(tables)).await);
        assert!(plan.starts_with("~ ec2_vpc_endpoint.s3 routeTableIds"), "from {there} to {tables}: {plan}");
        stack.runs(&script(tables)).await;
        assert!(stack.plan(&script(tables)).await.is_empty(), "{tables}");
        there = tables;
    }
    stack.destroy().await;
    assert_eq!(stack.exists(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_no_endpoint_leads_to_is_not_reached_without_nat() {
    for (endpoints, image, told) in [
        ("false", IN_ECR, "registry auth from Amazon ECR"),
        (r#"["ecr.api", "ecr.dkr", "logs"]"#, IN_ECR, "CannotPullContainerError"),
        (r#"["s3", "ecr.api", "ecr.dkr"]"#, IN_ECR, "failed to validate logger args"),
        ("true", r#""nginx:1""#, "CannotPullContainerError"),
    ] {
        let stack = Stack::new().await;
        let report = stack.run(&without_nat(endpoints, image)).await;
        let failure = report.failures.first().unwrap_or_else(|| panic!("{endpoints} {image} starts"));
        assert!(failure.reason.contains(told), "{endpoints} {image}: {}", failure.reason);
        assert!(failure.help.as_ref().is_some_and(|help| help.contains("VPC endpoints")), "{:?}", failure.help);
    }
}

#[test]
fn a_network_says_what_is_wrong_with_its_endpoints() {
    let world = World::new();
    for wrong in ["3", r#""s3""#, r#"["s3", "s3"]"#] {
        let script = world.script("wrong.rhai", &format!("network(#{{ endpoints: {wrong} }});"));
        world.hz(&["check", &script]).exits_with(1).told("endpoints is true, false, or a list").told("wrong.rhai:1:23");
    }
    let script = world.script("unknown.rhai", r#"network(#{ natGateways: 0, endpoints: ["s3", "no-such"] });"#);
    world.hz(&["run", &script, "--yes"]).exits_with(1).told("InvalidServiceName");
}

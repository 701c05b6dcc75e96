//! `orientdb_fargate_stack`: every property has its effect, every attribute its value, and what cannot work is refused.

use serde_json::{Value as Json, json};

use super::{script, shown};

/// The stack with these properties beside its name, and what comes before it in the script.
fn stack(before: &str, properties: &str) -> super::Script {
    script(&format!("{before}\nlet s = orientdb_fargate_stack(#{{ name: \"orient\", {properties} }});\n"))
}

/// What a path such as `ecs_cluster.orient/clusterName` leads to: the properties of a resource, or a part of them.
fn at(script: &super::Script, path: &str) -> Json {
    let (address, rest) = path.split_once('/').unwrap_or((path, ""));
    let evaluated = script.program();
    let found = evaluated.program.resources.iter().find(|resource| resource.address.to_string() == address);
    let Some(found) = found else { return Json::Null };
    let properties = serde_json::to_value(&found.properties).expect("it is JSON");
    let pointer = if rest.is_empty() { String::new() } else { format!("/{rest}") };
    properties.pointer(&pointer).cloned().unwrap_or(Json::Null)
}

fn addresses(script: &super::Script) -> Vec<String> {
    script.program().program.resources.iter().map(|resource| resource.address.to_string()).collect()
}

/// Variables of the node's container.
fn variable(script: &super::Script, name: &str) -> Option<String> {
    let all = at(script, "ecs_task_definition.orient/containerDefinitions/0/environment");
    let found = all.as_array()?.iter().find(|variable| variable["name"] == name)?;
    found["value"].as_str().map(str::to_owned)
}

const CONTAINER: &str = "ecs_task_definition.orient/containerDefinitions/0";

#[test]
fn each_property_has_its_default_and_its_effect() {
    let image = |name: &str| format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/{name}");
    let container = |rest: &str| format!("{CONTAINER}/{rest}");
    let namespace = "cloudNamespace: \"orientdb.com\", ";
    // What is written, where it shows, what is there by default, and what is there then.
    let cases: Vec<(String, String, Json, Json)> = vec![
        (
            "cloudNamespace: \"a.local\"".into(),
            "servicediscovery_private_dns_namespace.orient/name".into(),
            Json::Null,
            json!("a.local"),
        ),
        ("clusterName: \"x\"".into(), "ecs_cluster.orient/clusterName".into(), json!("orientCluster"), json!("x")),
        ("vpcName: \"x\"".into(), "ec2_vpc.x/tags/0/value".into(), Json::Null, json!("x")),
        ("desiredCount: 1".into(), "ecs_service.orient/desiredCount".into(), json!(3), json!(1)),
        ("taskDefName: \"x\"".into(), "ecs_task_definition.orient/family".into(), json!("orientTaskDef"), json!("x")),
        ("cpu: 1024, memoryLimit: 2048".into(), "ecs_task_definition.orient/cpu".into(), json!("512"), json!("1024")),
        ("memoryLimit: 2048".into(), "ecs_task_definition.orient/memory".into(), json!("1024"), json!("2048")),
        ("containerName: \"x\"".into(), container("name"), json!("orientContainer"), json!("x")),
        (
            "logGroupName: \"x\"".into(),
            "logs_log_group.orient/logGroupName".into(),
            json!("orientLogGroup"),
            json!("x"),
        ),
        (
            "containerRegistryImageName: \"orientdb:3.2.55\"".into(),
            container("image"),
            json!("orientdb:3.1.11-tp3"),
            json!("orientdb:3.2.55"),
        ),
        (
            "ecrImage: #{ repository: \"o\", tag: \"3.2.55\" }".into(),
            container("image"),
            json!("orientdb:3.1.11-tp3"),
            json!(image("o:3.2.55")),
        ),
        (
            "ecrImage: #{ repository: \"o\" }".into(),
            container("image"),
            json!("orientdb:3.1.11-tp3"),
            json!(image("o:latest")),
        ),
        (
            "ecrImage: #{ repository: \"o\" }, containerRegistryImageName: \"p\", image: \"q:1\"".into(),
            container("image"),
            json!("orientdb:3.1.11-tp3"),
            json!("q:1"),
        ),
        (
            "streamPrefix: \"x\"".into(),
            container("logConfiguration/options/awslogs-stream-prefix"),
            json!("OrientDb"),
            json!("x"),
        ),
        ("retention: 14".into(), "logs_log_group.orient/retentionInDays".into(), json!(5), json!(14)),
        (
            "securityGroupName: \"x\"".into(),
            "ec2_security_group.orient/groupName".into(),
            json!("orientSecurityGroup"),
            json!("x"),
        ),
        ("serviceName: \"x\"".into(), "ecs_service.orient/serviceName".into(), json!("orientService"), json!("x")),
        (
            format!("{namespace}cloudMapOptionsName: \"x\""),
            "servicediscovery_service.orient/name".into(),
            Json::Null,
            json!("x"),
        ),
        (namespace.into(), "servicediscovery_service.orient/name".into(), Json::Null, json!("OrientDb")),
        (
            "availabilityZones: [\"eu-west-1c\"]".into(),
            "ec2_subnet.orientVpc-private-1/availabilityZone".into(),
            json!("eu-west-1a"),
            json!("eu-west-1c"),
        ),
        (
            "subnetType: \"public\"".into(),
            "ecs_service.orient/networkConfiguration/awsvpcConfiguration/assignPublicIp".into(),
            json!("DISABLED"),
            json!("ENABLED"),
        ),
        (
            "subnetType: \"public\"".into(),
            "ecs_service.orient/networkConfiguration/awsvpcConfiguration/subnets/0/$ref".into(),
            json!("ec2_subnet.orientVpc-private-1#subnetId"),
            json!("ec2_subnet.orientVpc-public-1#subnetId"),
        ),
        (
            "subnetType: \"public\"".into(),
            "ec2_nat_gateway.orientVpc-1/subnetId/$ref".into(),
            json!("ec2_subnet.orientVpc-public-1#subnetId"),
            Json::Null,
        ),
        (
            format!("{namespace}layout: \"servicePerNode\""),
            "servicediscovery_service.orient-3/name".into(),
            Json::Null,
            json!("OrientDb-3"),
        ),
        (
            "persistence: true".into(),
            "efs_access_point.orient-2/rootDirectory/path".into(),
            Json::Null,
            json!("/orient-2"),
        ),
        (
            "persistence: #{ backup: false }".into(),
            "efs_file_system.orient/backupPolicy/status".into(),
            Json::Null,
            json!("DISABLED"),
        ),
        (
            "persistence: #{ fileSystem: \"fs-12345678\" }".into(),
            "efs_access_point.orient-1/fileSystemId".into(),
            Json::Null,
            json!("fs-12345678"),
        ),
        (
            "ingress: #{ hazelcast: false }".into(),
            "ec2_security_group.orient/securityGroupIngress/0/fromPort".into(),
            json!(2434),
            json!(2424),
        ),
        (
            "ingress: #{ hazelcast: 5701 }".into(),
            "ec2_security_group.orient/securityGroupIngress/0/fromPort".into(),
            json!(2434),
            json!(5701),
        ),
        (
            "ingress: #{ orientdb: false }".into(),
            "ec2_security_group.orient/securityGroupIngress/1/fromPort".into(),
            json!(2424),
            json!(2480),
        ),
        (
            "ingress: #{ http: 443 }".into(),
            "ec2_security_group.orient/securityGroupIngress/3/fromPort".into(),
            json!(2480),
            json!(443),
        ),
        (
            "ingress: #{ gremlin: false }".into(),
            "ec2_security_group.orient/securityGroupIngress/4/fromPort".into(),
            json!(8182),
            Json::Null,
        ),
        (
            "rootPassword: \"arn:aws:secretsmanager:eu-west-1:123456789012:secret:a-AbCdEf\"".into(),
            container("secrets/0/valueFrom"),
            json!({"$ref": "secretsmanager_secret.orient-root-password#id"}),
            json!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:a-AbCdEf"),
        ),
    ];
    let plain = stack("", "");
    for (written, path, default, then) in cases {
        assert_eq!(at(&plain, &path), default, "{path} by default");
        assert_eq!(at(&stack("", &written), &path), then, "{path} with {written}");
    }
}

#[test]
fn what_is_there_is_used() {
    let before = r#"
let c = ecs_cluster("mine", #{});
let l = logs_log_group("mine", #{});
let r = iam_role("mine", #{ assumedBy: service_principal("ecs-tasks.amazonaws.com") });
let e = iam_role("mine-too", #{ assumedBy: service_principal("ecs-tasks.amazonaws.com") });
let p = secretsmanager_secret("mine", #{ secretString: secret("x") });
let v = ec2_vpc("mine", #{ cidrBlock: "10.7.0.0/16", enableDnsSupport: true, enableDnsHostnames: true });
let n = network(#{ name: "net", cidr: "10.8.0.0/16", azs: 3 });
let x = existing_vpc(#{ name: "there" });
let d = fargate_task_definition(#{ name: "mine", cpu: 512, memoryLimitMiB: 1024 });
d.add_container("own", #{ image: "own:1" }).add_port_mappings(2434);
"#;
    let reference = |to: &str| json!({ "$ref": to });
    let cases = [
        ("cluster: c", "ecs_service.orient/cluster", reference("ecs_cluster.mine#id"), "ecs_cluster.orient"),
        ("cluster: \"named\"", "ecs_service.orient/cluster", json!("named"), "ecs_cluster.orient"),
        (
            "logGroup: l",
            "ecs_task_definition.orient/containerDefinitions/0/logConfiguration/options/awslogs-group",
            reference("logs_log_group.mine#id"),
            "logs_log_group.orient",
        ),
        (
            "ecsTaskRole: r",
            "ecs_task_definition.orient/taskRoleArn",
            reference("iam_role.mine#arn"),
            "iam_role.orient-task",
        ),
        (
            "ecsExecutionRole: e",
            "ecs_task_definition.orient/executionRoleArn",
            reference("iam_role.mine-too#arn"),
            "iam_role.orient-execution",
        ),
        (
            "rootPassword: p",
            "ecs_task_definition.orient/containerDefinitions/0/secrets/0/valueFrom",
            reference("secretsmanager_secret.mine#id"),
            "secretsmanager_secret.orient-root-password",
        ),
        (
            "taskDefinition: d",
            "ecs_service.orient/taskDefinition",
            reference("ecs_task_definition.mine#id"),
            "ecs_task_definition.orient",
        ),
        ("vpc: v", "ec2_security_group.orient/vpcId", reference("ec2_vpc.mine#vpcId"), "ec2_vpc.orientVpc"),
        ("vpc: v", "ec2_subnet.orientVpc-private-1/cidrBlock", json!("10.7.32.0/20"), "ec2_vpc.orientVpc"),
        (
            "vpc: n",
            "ec2_security_group.orient/securityGroupIngress/2/cidrIp",
            json!("10.8.0.0/16"),
            "ec2_vpc.orientVpc",
        ),
        ("vpc: x", "ec2_security_group.orient/vpcId", json!("vpc-00000001"), "ec2_vpc.orientVpc"),
        (
            "vpc: x, availabilityZones: [\"eu-west-1c\"]",
            "ecs_service.orient/networkConfiguration/awsvpcConfiguration/subnets",
            json!(["subnet-0000000000000000c"]),
            "ec2_vpc.orientVpc",
        ),
        (
            "vpc: n, availabilityZones: [\"eu-west-1b\", \"eu-west-1c\"]",
            "ecs_service.orient/networkConfiguration/awsvpcConfiguration/subnets/0",
            reference("ec2_subnet.net-private-2#subnetId"),
            "ec2_vpc.orientVpc",
        ),
    ];
    for (written, path, then, gone) in cases {
        let script = stack(before, written);
        assert_eq!(at(&script, path), then, "{path} with {written}");
        assert!(addresses(&stack(before, "")).contains(&gone.to_owned()), "{gone} by default");
        assert!(!addresses(&script).contains(&gone.to_owned()), "{gone} with {written}");
    }
    // The role that was given may read the secret that was made.
    let policy =
        at(&stack(before, "ecsExecutionRole: e"), "iam_role.mine-too/policies/0/policyDocument/Statement/0/Action");
    assert_eq!(policy, json!("secretsmanager:GetSecretValue"));
}

#[test]
fn attributes_are_as_documented() {
    let script = stack(
        "",
        r#"cloudNamespace: "orientdb.com" });
for name in ["clusterName", "cloudNamespace", "vpcName", "taskDefName", "containerName", "logGroupName",
    "containerRegistryImageName", "desiredCount", "cpu", "memoryLimit", "ecsService", "cluster", "taskDefinition", "logGroup",
    "securityGroup", "vpc"] {
    output(name, s[name]);
}
let other = #{ a: #{"#,
    );
    let mut source = script.source.clone();
    source.push_str("};");
    let outputs = super::script(&source).program().program.outputs;
    let shown: Vec<String> =
        outputs.iter().map(|(name, value)| format!("{name} {}", serde_json::to_string(value).expect("JSON"))).collect();
    insta::assert_snapshot!(shown.join("\n"), @"");
}

#[test]
fn attributes_are_read_only() {
    let source = "s.desiredCount = 5;\ns.cluster = 1;\nprint(s.clustername);\ns.securityGroup.allow_from(\"10.9.0.0/16\", 2480);";
    let script =
        super::script(&format!("let s = orientdb_fargate_stack(#{{ name: \"o\", desiredCount: 1 }});\n{source}"));
    insta::assert_snapshot!(script.mistakes(), @"");
}

#[test]
fn alone_it_is_a_complete_stack_that_says_its_nodes_stand_alone() {
    let script = script("orientdb_fargate_stack(#{ name: \"orient\" });");
    insta::assert_snapshot!(addresses(&script).join("\n"), @"");
    insta::assert_snapshot!(shown(&script.program().warnings), @"");
    assert_eq!(at(&script, &format!("{CONTAINER}/command")), Json::Null, "each starts as the image does");
    let quiet = stack("", "desiredCount: 1");
    assert_eq!(shown(&quiet.program().warnings), "");
    let warned = stack("", "cloudNamespace: \"orientdb.com\", ingress: #{ hazelcast: false, http: 81 }");
    insta::assert_snapshot!(shown(&warned.program().warnings), @"");
}

#[test]
fn nodes_of_one_service_find_each_other_by_the_records_their_hazelcast_asks_for() {
    let with =
        |image: &str| stack("", &format!("cloudNamespace: \"orientdb.com\", containerRegistryImageName: \"{image}\""));
    let record = |image: &str| at(&with(image), "servicediscovery_service.orient/dnsConfig/dnsRecords/0/type");
    for (image, wanted) in [
        ("orientdb:3.1.3", "SRV"),
        ("orientdb:3.1.11-tp3", "SRV"),
        ("orientdb:3.2.10", "SRV"),
        ("orientdb:3.2.11", "A"),
        ("orientdb:3.2.55-tp3", "A"),
        ("orientdb:4", "A"),
        ("orientdb", "A"),
    ] {
        assert_eq!(record(image), json!(wanted), "{image}");
    }
    let registry = |image: &str| at(&with(image), "ecs_service.orient/serviceRegistries/0");
    assert_eq!(registry("orientdb:3.1.11")["containerPort"], json!(2434));
    assert_eq!(registry("orientdb:3.2.55").as_object().map(serde_json::Map::len), Some(1));
    let script = with("orientdb:3.1.11-tp3");
    insta::assert_snapshot!(variable(&script, "HAZELCAST_XML").expect("it is set").replace("><", ">\n<"), @"");
    insta::assert_snapshot!(at(&script, &format!("{CONTAINER}/command/2")).as_str().expect("a text").replace("; ", ";\n"), @"");
    insta::assert_snapshot!(at(&script, &format!("{CONTAINER}/healthCheck/command/1")), @"");
    assert_eq!(at(&script, &format!("{CONTAINER}/portMappings")).as_array().map(Vec::len), Some(4));
    let warned = shown(&with("orientdb:mine").program().warnings);
    insta::assert_snapshot!(warned, @"");
}

#[test]
fn with_a_service_each_nodes_have_names_and_data_of_their_own() {
    let script = stack("", "cloudNamespace: \"orientdb.com\", persistence: true, desiredCount: 2");
    let own: Vec<String> = addresses(&script).into_iter().filter(|address| !address.starts_with("ec2_")).collect();
    insta::assert_snapshot!(own.join("\n"), @"");
    let xml = at(&script, "ecs_task_definition.orient-2/containerDefinitions/0/environment/0/value");
    let xml = xml.as_str().expect("a text");
    assert!(
        xml.contains("<member>OrientDb-1.orientdb.com:2434</member><member>OrientDb-2.orientdb.com:2434</member>"),
        "{xml}"
    );
    assert_eq!(
        at(&script, "ecs_task_definition.orient-2/containerDefinitions/0/environment/3/value"),
        json!("orient-2")
    );
    insta::assert_snapshot!(at(&script, "ecs_task_definition.orient-2/volumes"), @"");
    insta::assert_snapshot!(at(&script, "ecs_service.orient-2/deploymentConfiguration"), @"");
    let evaluated = script.program();
    let system =
        evaluated.program.resources.iter().find(|resource| resource.address.to_string() == "efs_file_system.orient");
    assert!(system.expect("it is there").options.retain, "data outlives the stack");
}

#[test]
fn memory_is_divided_so_that_a_node_can_start() {
    let divided = |cpu: u32, memory: u32| {
        let script = stack("", &format!("cpu: {cpu}, memoryLimit: {memory}"));
        [variable(&script, "ORIENTDB_OPTS_MEMORY"), variable(&script, "ORIENTDB_SETTINGS")]
            .map(Option::unwrap)
            .join(" ")
    };
    assert_eq!(divided(512, 1024), "-Xms512m -Xmx512m -Dstorage.diskCache.bufferSize=256");
    assert_eq!(divided(1024, 4096), "-Xms2560m -Xmx2560m -Dstorage.diskCache.bufferSize=1280");
    assert_eq!(divided(4096, 16384), "-Xms4096m -Xmx4096m -Dstorage.diskCache.bufferSize=12032");
}

#[test]
fn what_cannot_work_is_refused_where_it_is_written() {
    let source = r#"orientdb_fargate_stack(#{ name: "a", cpu: 300 });
orientdb_fargate_stack(#{ name: "b", cpu: 1024, memoryLimit: 1024 });
orientdb_fargate_stack(#{ name: "c", cpu: 256, memoryLimit: 512 });
orientdb_fargate_stack(#{ name: "d", desiredCount: -1 });
orientdb_fargate_stack(#{ name: "e", cloudNamespace: "orient db.com" });
orientdb_fargate_stack(#{ name: "f", availabilityZones: ["eu-west-1"] });
orientdb_fargate_stack(#{ name: "g", image: "orientdb:3.2.55", ecrImage: #{ repository: "Orient DB" } });
orientdb_fargate_stack(#{ name: "h", ecrImage: #{ tag: "1" } });
orientdb_fargate_stack(#{ name: "i", image: "orient db" });
orientdb_fargate_stack(#{ name: "j", rootPassword: "hunter2" });
orientdb_fargate_stack(#{ name: "k", layout: "both" });
orientdb_fargate_stack(#{ name: "l", persistence: true, layout: "service" });
orientdb_fargate_stack(#{ name: "m", ingress: #{ http: 70000, htp: 1 } });
orientdb_fargate_stack(#{ name: "n", subnetType: "isolated" });
orientdb_fargate_stack(#{ name: "o", desiredCont: 3 });
orientdb_fargate_stack(#{ name: "p", vpc: 5 });
orientdb_fargate_stack(#{ name: "q", cluster: "x", clusterName: "y" });
orientdb_fargate_stack(#{ name: "r", retention: 6 });
orientdb_fargate_stack(#{ name: "s", persistence: "yes" });
orientdb_fargate_stack(#{ name: "t", cloudNamespace: "a.b", containerRegistryImageName: "orientdb:3.0.1" });
orientdb_fargate_stack(#{ name: "u", clusterName: "with space" });
orientdb_fargate_stack(#{ name: "v", memoryLimit: "much" });
orientdb_fargate_stack(#{ desiredCount: 1 });
"#;
    insta::assert_snapshot!(script(source).mistakes(), @"");
}

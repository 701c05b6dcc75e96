//! `orientdb_fargate_stack`: every property has its effect, every attribute its value, and what cannot work is refused.

use serde_json::{Value as Json, json};

use super::{script, shown};
use crate::model::{Secret, Value};

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
            json!("ec2_subnet.orientVpc-private-1#id"),
            json!("ec2_subnet.orientVpc-public-1#id"),
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
            reference("ec2_subnet.net-private-2#id"),
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
    assert_eq!(policy, json!(["secretsmanager:GetSecretValue"]));
}

#[test]
fn attributes_are_as_documented() {
    let names = [
        "clusterName",
        "cloudNamespace",
        "vpcName",
        "taskDefName",
        "containerName",
        "logGroupName",
        "containerRegistryImageName",
        "desiredCount",
        "cpu",
        "memoryLimit",
        "ecsService",
        "cluster",
        "taskDefinition",
        "logGroup",
        "securityGroup",
        "vpc",
    ];
    let told: String = names.iter().map(|name| format!("output(\"{name}\", s.{name});")).collect();
    let given = stack("", "cloudNamespace: \"orientdb.com\"");
    let outputs = script(&format!("{}{told}", given.source)).program().program.outputs;
    let shown: Vec<String> =
        outputs.iter().map(|(name, value)| format!("{name} {}", serde_json::to_string(value).expect("JSON"))).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    cloudNamespace "orientdb.com"
    cluster {"$ref":"ecs_cluster.orient#id"}
    clusterName "orientCluster"
    containerName "orientContainer"
    containerRegistryImageName "orientdb:3.1.11-tp3"
    cpu 512
    desiredCount 3
    ecsService {"$ref":"ecs_service.orient#id"}
    logGroup {"$ref":"logs_log_group.orient#id"}
    logGroupName "orientLogGroup"
    memoryLimit 1024
    securityGroup {"$ref":"ec2_security_group.orient#id"}
    taskDefName "orientTaskDef"
    taskDefinition {"$ref":"ecs_task_definition.orient#id"}
    vpc {"$ref":"ec2_vpc.orientVpc#id"}
    vpcName "orientVpc"
    "#);
}

#[test]
fn attributes_are_read_only() {
    let source = "s.desiredCount = 5;\ns.cluster = 1;\nprint(s.clustername);\ns.securityGroup.allow_from(\"10.9.0.0/16\", 2480);";
    let script =
        super::script(&format!("let s = orientdb_fargate_stack(#{{ name: \"o\", desiredCount: 1 }});\n{source}"));
    insta::assert_snapshot!(script.mistakes(), @r"
    main.rhai:2:3+12 `desiredCount` of orientdb_fargate_stack is read only | cannot be set ? say what it is where orientdb_fargate_stack is called
    main.rhai:3:3+7 `cluster` of orientdb_fargate_stack is read only | cannot be set ? say what it is where orientdb_fargate_stack is called
    main.rhai:4:9+11 what orientdb_fargate_stack returns has no attribute `clustername` | not an attribute ? did you mean `clusterName`?
    ");
}

#[test]
fn alone_it_is_a_complete_stack_that_says_its_nodes_stand_alone() {
    let script = script("orientdb_fargate_stack(#{ name: \"orient\" });");
    insta::assert_snapshot!(addresses(&script).join("\n"), @r"
    ec2_vpc.orientVpc
    ec2_internet_gateway.orientVpc
    ec2_vpc_gateway_attachment.orientVpc
    ec2_subnet.orientVpc-public-1
    ec2_subnet.orientVpc-private-1
    ec2_subnet.orientVpc-public-2
    ec2_subnet.orientVpc-private-2
    ec2_route_table.orientVpc-public
    ec2_route.orientVpc-public
    ec2_subnet_route_table_association.orientVpc-public-1
    ec2_subnet_route_table_association.orientVpc-public-2
    ec2_eip.orientVpc-nat-1
    ec2_nat_gateway.orientVpc-1
    ec2_route_table.orientVpc-private-1
    ec2_subnet_route_table_association.orientVpc-private-1
    ec2_route.orientVpc-private-1
    ec2_route_table.orientVpc-private-2
    ec2_subnet_route_table_association.orientVpc-private-2
    ec2_route.orientVpc-private-2
    ecs_cluster.orient
    ec2_security_group.orient
    logs_log_group.orient
    iam_role.orient-task
    iam_role.orient-execution
    secretsmanager_secret.orient-root-password
    ecs_task_definition.orient
    ecs_service.orient
    ");
    insta::assert_snapshot!(shown(&script.program().warnings), @r#"main.rhai:1:33+8 the 3 nodes of orient will stand alone: without `cloudNamespace` nothing tells them of each other ? give `cloudNamespace: "orientdb.com"`, or set `desiredCount: 1`"#);
    assert_eq!(at(&script, &format!("{CONTAINER}/command")), Json::Null, "each starts as the image does");
    let quiet = stack("", "desiredCount: 1");
    assert_eq!(shown(&quiet.program().warnings), "");
    let warned = stack("", "cloudNamespace: \"orientdb.com\", ingress: #{ hazelcast: false, http: 81 }");
    insta::assert_snapshot!(shown(&warned.program().warnings), @r"
    main.rhai:2:119+2 OrientDB listens at 2480: nothing answers at 81, unless the image is made so
    main.rhai:2:106+5 the nodes will stand alone: they reach each other through this port, and it is closed ? leave `hazelcast` out: the port is open between nodes only
    ");
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
    insta::assert_snapshot!(variable(&script, "HAZELCAST_XML").expect("it is set").replace("><", ">\n<"), @r#"
    <hazelcast xmlns="http://www.hazelcast.com/schema/config">
    <group>
    <name>orient</name>
    </group>
    <properties>
    <property name="hazelcast.shutdownhook.enabled">false</property>
    <property name="hazelcast.merge.first.run.delay.seconds">30</property>
    <property name="hazelcast.merge.next.run.delay.seconds">15</property>
    </properties>
    <network>
    <port auto-increment="false">2434</port>
    <public-address>@ADDRESS@</public-address>
    <join>
    <multicast enabled="false"/>
    <tcp-ip enabled="false"/>
    <kubernetes enabled="true">
    <service-dns>OrientDb.orientdb.com</service-dns>
    <service-port>2434</service-port>
    <api-token>none</api-token>
    <ca-certificate>none</ca-certificate>
    </kubernetes>
    </join>
    </network>
    </hazelcast>
    "#);
    insta::assert_snapshot!(at(&script, &format!("{CONTAINER}/command/2")).as_str().expect("a text").replace("; ", ";\n"), @r#"
    ADDRESS=$(curl -fs "$ECS_CONTAINER_METADATA_URI_V4" | sed -n 's/.*"IPv4Addresses":\["\([0-9.]*\)".*/\1/p');
    test -n "$ADDRESS" || ADDRESS=$(hostname -i | cut -d' ' -f1);
    test -n "$ORIENTDB_NODE_NAME" || ORIENTDB_NODE_NAME=node-$(echo "$ADDRESS" | tr . -);
    export ORIENTDB_NODE_NAME;
    printf '%s' "$HAZELCAST_XML" | sed "s/@ADDRESS@/$ADDRESS/" > /orientdb/config/hazelcast.xml;
    exec dserver.sh
    "#);
    insta::assert_snapshot!(at(&script, &format!("{CONTAINER}/healthCheck/command/1")), @r#""curl -fs http://127.0.0.1:2480/ping || exit 1""#);
    assert_eq!(at(&script, &format!("{CONTAINER}/portMappings")).as_array().map(Vec::len), Some(4));
    let warned = shown(&with("orientdb:mine").program().warnings);
    insta::assert_snapshot!(warned, @r#"main.rhai:2:32+2 which OrientDB is mine? It is taken for 3.2.11 or later, which finds nodes by A records ? begin the tag with the version, or set `layout: "servicePerNode"`, which suits all"#);
}

#[test]
fn with_a_service_each_nodes_have_names_and_data_of_their_own() {
    let script = stack("", "cloudNamespace: \"orientdb.com\", persistence: true, desiredCount: 2");
    let own: Vec<String> = addresses(&script).into_iter().filter(|address| !address.starts_with("ec2_")).collect();
    insta::assert_snapshot!(own.join("\n"), @r"
    ecs_cluster.orient
    servicediscovery_private_dns_namespace.orient
    logs_log_group.orient
    iam_role.orient-task
    iam_role.orient-execution
    secretsmanager_secret.orient-root-password
    efs_file_system.orient
    efs_mount_target.orient-1
    efs_mount_target.orient-2
    ecs_task_definition.orient-1
    efs_access_point.orient-1
    ecs_task_definition.orient-2
    efs_access_point.orient-2
    servicediscovery_service.orient-1
    ecs_service.orient-1
    servicediscovery_service.orient-2
    ecs_service.orient-2
    ");
    let xml = at(&script, "ecs_task_definition.orient-2/containerDefinitions/0/environment/0/value");
    let xml = xml.as_str().expect("a text");
    assert!(
        xml.contains("<member>OrientDb-1.orientdb.com:2434</member><member>OrientDb-2.orientdb.com:2434</member>"),
        "{xml}"
    );
    assert_eq!(
        at(&script, "ecs_task_definition.orient-2/containerDefinitions/0/environment/1/value"),
        json!("orient-2")
    );
    insta::assert_snapshot!(at(&script, "ecs_task_definition.orient-2/volumes"), @r#"[{"efsVolumeConfiguration":{"authorizationConfig":{"accessPointId":{"$ref":"efs_access_point.orient-2#accessPointId"}},"filesystemId":{"$ref":"efs_file_system.orient#id"},"transitEncryption":"ENABLED"},"name":"databases"}]"#);
    insta::assert_snapshot!(at(&script, "ecs_service.orient-2/deploymentConfiguration"), @r#"{"deploymentCircuitBreaker":{"enable":true,"rollback":true},"maximumPercent":100,"minimumHealthyPercent":0}"#);
    let evaluated = script.program();
    let second = evaluated.program.resources.iter().find(|one| one.address.to_string() == "ecs_service.orient-2");
    let before: Vec<String> =
        second.expect("it is declared").options.depends_on.iter().map(ToString::to_string).collect();
    assert!(before.contains(&"ecs_service.orient-1".to_owned()), "one changes after the other: {before:?}");
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
    insta::assert_snapshot!(script(source).mistakes(), @r#"
    main.rhai:1:43+3 Fargate has no tasks of 300 CPU units | not a size of Fargate ? it offers 256, 512, 1024, 2048, 4096, 8192, 16384, 32768 (1024 are one vCPU)
    main.rhai:2:62+4 Fargate has no 1024 MiB for tasks of 1024 CPU units | not offered with this cpu ? it offers 2048 to 8192 in steps of 1024 MiB
    main.rhai:3:61+3 OrientDB cannot start in 512 MiB: the JVM needs 256, the heap 256 and the disk cache 128, 640 MiB together; Fargate's next size is 1024
    main.rhai:4:52+1 desiredCount is a number of nodes, from 0 to 1000
    main.rhai:5:54+15 `name` cannot be `orient db.com` | not of the right form ? it takes a name of 1 to 253 printable characters without spaces, not an ARN
    main.rhai:6:57+1 there is no availability zone "eu-west-1": eu-west-1 has ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    main.rhai:7:89+11 a repository's name is of a-z, 0-9, and . _ - / between them
    main.rhai:8:48+2 ecrImage needs `repository`, the name of a repository in this account
    main.rhai:9:45+11 `orient db` is no name of an image | not a name of an image ? such as `hazelcast/hazelcast:5.5.10`: lower case, without spaces, a tag after a colon
    main.rhai:10:52+9 rootPassword is a secret, its ARN, or secret(…): a password in clear would stand in plans, state and the task definition
    main.rhai:11:46+6 layout is "service", one for all nodes, or "servicePerNode"
    main.rhai:12:65+9 nodes that keep their databases need a service each, for no two may share a volume: write `layout: "servicePerNode"`, or leave it out
    main.rhai:13:56+5 what is open is a port, a number from 1 to 65535, or false
    main.rhai:13:63+3 `ingress` of orientdb_fargate_stack has no property `htp` | not a property ? did you mean `http`?
    main.rhai:14:50+10 subnetType is "private", behind NAT, or "public", with public addresses
    main.rhai:15:38+11 orientdb_fargate_stack has no property `desiredCont` | not a property ? did you mean `desiredCount`?
    main.rhai:16:43+1 vpc is what network, existing_vpc or ec2_vpc returns
    main.rhai:17:65+3 `clusterName` is for what is made here: leave it out beside `cluster`
    main.rhai:18:49+1 `retentionInDays` cannot be `6` | not one of its values ? one of `1`, `3`, `5`, `7`, `14`, `30`, `60`, `90`, `120`, `150`, `180`, `365`, `400`, `545`, `731`, `1096`, `1827`, `2192`, `2557`, `2922`, `3288` and `3653`
    main.rhai:19:51+5 persistence is true, false or #{ fileSystem, backup, retain }
    main.rhai:20:89+16 OrientDB before 3.1.3 does not find nodes by DNS: set `layout: "servicePerNode"`, or take a later one
    main.rhai:21:51+12 `clusterName` cannot be `with space` | not of the right form ? it takes a name of 1 to 255 letters, digits, - and _
    main.rhai:22:51+6 `memory` is `much` | not a size ? a number such as 1024, or a text such as `1 GB`
    main.rhai:23:24+2 orientdb_fargate_stack needs `name`, such as "orient"
    "#);
}

#[test]
fn a_password_that_is_given_as_a_secret_is_kept_in_one() {
    let script = stack("", "rootPassword: secret(\"hush\")");
    let evaluated = script.program();
    let of = |address: &str| evaluated.program.resources.iter().find(|one| one.address.to_string() == address);
    let made = of("secretsmanager_secret.orient-root-password").expect("it is declared");
    assert_eq!(made.properties["secretString"], Value::Secret(Secret::Clear("hush".to_owned())));
    assert_eq!(
        at(&script, &format!("{CONTAINER}/secrets/0/valueFrom")),
        json!({ "$ref": "secretsmanager_secret.orient-root-password#id" })
    );
    let definition = at(&script, "ecs_task_definition.orient").to_string();
    assert!(!definition.contains("hush"), "{definition}");
}

#[test]
fn nodes_are_expected_to_form_a_cluster_where_they_can() {
    let formations = |properties: &str| {
        let resources = stack("", properties).program().program.resources;
        let services =
            resources.into_iter().filter(|resource| resource.address.to_string().starts_with("ecs_service."));
        services.map(|service| service.options.formation.clone()).collect::<Vec<_>>()
    };
    assert_eq!(formations("desiredCount: 3"), [None]);
    let expected = formations("cloudNamespace: \"a.b\", layout: \"servicePerNode\", ingress: #{ hazelcast: 5701 }");
    assert_eq!(expected[..2], [None, None], "the last is there when all are");
    let last = expected[2].as_ref().expect("it expects a cluster");
    assert_eq!((last.size, last.port), (Some(3), 5701));
    assert_eq!(last.namespace.as_deref(), Some("OrientDb-3.a.b"));
}

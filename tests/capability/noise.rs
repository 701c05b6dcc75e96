//! Whatever form a value is declared in, once it is there it is no change: the second plan is empty.

use crate::support::Stack;
use crate::support::stack::summary;

async fn settles(case: &str, script: &str) {
    let stack = Stack::new().await;
    stack.runs(script).await;
    assert_eq!(summary(&stack.plan(script).await), "", "{case}");
}

/// A VPC before what is declared.
fn in_vpc(text: &str) -> String {
    format!("let vpc = ec2_vpc(\"vpc\", #{{ cidrBlock: \"10.0.0.0/16\" }});\n{text}")
}

fn group(rule: &str) -> String {
    let text = format!(
        r#"ec2_security_group("group", #{{ groupDescription: "members", vpcId: vpc.vpcId, securityGroupIngress: [{rule}] }});"#
    );
    in_vpc(&text)
}

fn rule(rule: &str) -> String {
    let text = format!(
        r#"let group = ec2_security_group("group", #{{ groupDescription: "members", vpcId: vpc.vpcId }});
ec2_security_group_ingress("rule", #{{ groupId: group.groupId, {rule} }});"#
    );
    in_vpc(&text)
}

#[tokio::test(start_paused = true)]
async fn rules_of_security_groups_in_every_form() {
    let forms = [
        r#"ipProtocol: "6", fromPort: 5701, toPort: 5701, cidrIp: "10.0.0.0/16""#,
        r#"ipProtocol: "TCP", fromPort: 5701, toPort: 5701, cidrIp: "10.0.0.0/16""#,
        r#"ipProtocol: "tcp", fromPort: 5701, toPort: 5708, cidrIpv6: "2001:0db8:0000:0000:0000:0000:0000:0000/32""#,
        r#"ipProtocol: "tcp", fromPort: "5701", toPort: "5701", cidrIpv6: "2001:db8::7/32""#,
        r#"ipProtocol: "-1", cidrIp: "0.0.0.0/0""#,
        r#"ipProtocol: "-1", fromPort: 0, toPort: 65535, cidrIp: "0.0.0.0/0""#,
        r#"ipProtocol: "58", cidrIpv6: "::/0""#,
        r#"ipProtocol: "1", fromPort: 8, toPort: -1, cidrIp: "10.0.0.0/16""#,
        r#"ipProtocol: "50", cidrIp: "10.0.0.0/16""#,
    ];
    for form in forms {
        settles(form, &group(&format!("#{{ {form} }}"))).await;
        settles(form, &rule(form)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn task_definitions_in_every_form() {
    let definition = |sizes: &str, container: &str| {
        format!(
            r#"
let role = iam_role("role", #{{ roleName: "members", assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com") }});
ecs_task_definition("task", #{{
    family: "task", {sizes}, networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"],
    containerDefinitions: [#{{ name: "member", image: "hazelcast/hazelcast:5.5.10", {container} }}],
}}, #{{ dependsOn: [role] }});"#
        )
    };
    let plain = "cpu: 1024, memory: 2048";
    settles("sizes as texts", &definition(r#"cpu: "1024", memory: "2048""#, "essential: true")).await;
    settles("sizes with units", &definition(r#"cpu: "1 vCPU", memory: "2 GB""#, "essential: true")).await;
    settles("small sizes with units", &definition(r#"cpu: ".5 vcpu", memory: "1gb""#, "essential: true")).await;
    let containers = [
        r#"healthCheck: #{ command: ["CMD-SHELL", "true"] }"#,
        r#"healthCheck: #{ command: ["CMD-SHELL", "true"], interval: 30, timeout: 5, retries: 3 }"#,
        r#"portMappings: [#{ containerPort: 5701 }, #{ containerPort: 5702, protocol: "udp" }]"#,
        r#"portMappings: [#{ containerPort: 5701 }, #{ containerPort: 5701, protocol: "udp" }]"#,
        r#"portMappings: [#{ containerPort: 5702, name: "b" }, #{ containerPort: 5701, hostPort: 5701, name: "a" }]"#,
        r#"environment: [#{ name: "B", value: "2" }, #{ name: "A", value: "" }]"#,
        r#"environment: [], mountPoints: [], volumesFrom: [], portMappings: [], secrets: [], systemControls: []"#,
        r#"cpu: 0, memory: 512, memoryReservation: 256"#,
        r#"stopTimeout: 120, ulimits: [#{ name: "nofile", softLimit: 1024, hardLimit: 4096 }]"#,
        r#"dockerLabels: #{ "a": "b" }, user: "1000", readonlyRootFilesystem: false"#,
        r#"logConfiguration: #{ logDriver: "splunk", options: #{ "splunk-url": "u", "splunk-token": "t" } }"#,
    ];
    for container in containers {
        settles(container, &definition(plain, container)).await;
    }
}

/// A service without tasks; what `of` replaces is declared otherwise.
fn service(of: &[(&str, &str)]) -> String {
    let mut text = r#"
let subnet = ec2_subnet("a", #{ vpcId: vpc.vpcId, cidrBlock: "10.0.1.0/24" });
let other = ec2_subnet("b", #{ vpcId: vpc.vpcId, cidrBlock: "10.0.2.0/24" });
let cluster = ecs_cluster("main", #{ clusterName: "main" });
let task = ecs_task_definition("task", #{
    family: "task", cpu: 256, memory: 512, networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"],
    containerDefinitions: [#{ name: "member", image: "hazelcast/hazelcast:5.5.10" }],
});
ecs_service("service", #{
    serviceName: "service", cluster: cluster.arn, taskDefinition: task.taskDefinitionArn, desiredCount: 0,
    launchType: "FARGATE",
    networkConfiguration: #{ awsvpcConfiguration: #{ subnets: [subnet.subnetId, other.subnetId] } },
}, #{ dependsOn: [cluster, task] });
"#
    .to_owned();
    for (from, to) in of {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    in_vpc(&text)
}

#[tokio::test(start_paused = true)]
async fn services_in_every_form() {
    let with = |more: &str| service(&[("launchType: \"FARGATE\",", &format!("launchType: \"FARGATE\", {more},"))]);
    settles("a family", &service(&[("taskDefinition: task.taskDefinitionArn", "taskDefinition: \"task\"")])).await;
    settles("a revision", &service(&[("taskDefinition: task.taskDefinitionArn", "taskDefinition: \"task:1\"")])).await;
    settles("a cluster's name", &service(&[("cluster: cluster.arn", "cluster: \"main\"")])).await;
    settles("part of a deployment", &with("deploymentConfiguration: #{ maximumPercent: 150 }")).await;
    let breaker = "deploymentConfiguration: #{ deploymentCircuitBreaker: #{ enable: true, rollback: true } }";
    settles("a circuit breaker", &with(breaker)).await;
    settles("the platform", &with("platformVersion: \"LATEST\"")).await;
    settles("public addresses", &service(&[("other.subnetId]", "other.subnetId], assignPublicIp: \"DISABLED\"")]))
        .await;
    let providers = service(&[
        ("clusterName: \"main\"", "clusterName: \"main\", capacityProviders: [\"FARGATE_SPOT\", \"FARGATE\"]"),
        (
            "launchType: \"FARGATE\"",
            "capacityProviderStrategy: [#{ capacityProvider: \"FARGATE_SPOT\", weight: 1 }, #{ capacityProvider: \"FARGATE\" }]",
        ),
    ]);
    settles("capacity providers", &providers).await;
    let insights = "clusterSettings: [#{ name: \"containerInsights\", value: \"enabled\" }]";
    settles("insights", &service(&[("clusterName: \"main\"", &format!("clusterName: \"main\", {insights}"))])).await;
}

#[tokio::test(start_paused = true)]
async fn a_cluster_by_name_and_by_arn_is_the_same_cluster() {
    let stack = Stack::new().await;
    let by_name = service(&[("cluster: cluster.arn", "cluster: \"main\"")]);
    stack.runs(&by_name).await;
    assert_eq!(summary(&stack.plan(&service(&[])).await), "");
}

#[tokio::test(start_paused = true)]
async fn roles_names_and_logs_in_every_form() {
    let role = |more: &str| {
        format!(
            r#"iam_role("role", #{{ roleName: "r", assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com"), {more} }});"#
        )
    };
    let policies = r#"managedPolicyArns: [
        "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
        "arn:aws:iam::aws:policy/CloudWatchLogsFullAccess",
    ]"#;
    settles("policies", &role(policies)).await;
    settles(
        "defaults",
        &role(r#"description: "", path: "/", maxSessionDuration: 3600, managedPolicyArns: [], policies: []"#),
    )
    .await;
    let text = r#"policies: [#{ policyName: "b", policyDocument: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecs:ListTasks","Resource":"*"}}` },
        #{ policyName: "a", policyDocument: #{ Version: "2012-10-17", Statement: [#{ Effect: "Allow", Action: ["ecs:ListTasks"], Resource: "*" }] } }]"#;
    settles("documents", &role(text)).await;
    let account = r#"iam_role("role", #{ roleName: "r", assumeRolePolicyDocument: #{ Version: "2012-10-17",
        Statement: [#{ Effect: "Allow", Action: "sts:AssumeRole", Principal: #{ AWS: "000000000000" } }] } });"#;
    settles("an account", account).await;
    settles(
        "a log group",
        r#"logs_log_group("g", #{ logGroupName: "g", logGroupClass: "STANDARD", retentionInDays: 7 });"#,
    )
    .await;
    let names = r#"
let vpc = ec2_vpc("named", #{ cidrBlock: "10.0.0.0/16", enableDnsSupport: true, enableDnsHostnames: true });
let names = servicediscovery_private_dns_namespace("names", #{ name: "hz.internal", vpc: vpc.vpcId });
servicediscovery_service("members", #{
    name: "members", namespaceId: names.id,
    dnsConfig: #{ dnsRecords: [#{ type: "AAAA", ttl: 10 }, #{ type: "A", ttl: "10" }] },
    healthCheckCustomConfig: #{ failureThreshold: 3 },
});"#;
    settles("a name", names).await;
}

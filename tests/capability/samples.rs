//! How each kind is declared in the contract test, and how each property that its code claims is changed.

/// A kind's row.
pub struct Sample {
    /// The CloudFormation type.
    pub kind: &'static str,
    /// What it needs, as a script.
    pub before: &'static str,
    /// Its properties, as what stands between `#{` and `}`.
    pub declared: &'static str,
    /// Property and other value: changed in place.
    pub updates: &'static [(&'static str, &'static str)],
    /// Property and other value: replaced.
    pub replacements: &'static [(&'static str, &'static str)],
    /// Claimed properties that cannot be changed by themselves, with the reason.
    pub fixed: &'static [(&'static str, &'static str)],
    /// Whether a replacement may have the same physical identifier.
    pub same_id: bool,
}

const TAGS: (&str, &str) = ("tags", r#"[#{ key: "team", value: "data" }]"#);

const NETWORK: &str = r#"
let vpc = ec2_vpc("vpc", #{ cidrBlock: "10.0.0.0/16", enableDnsSupport: true, enableDnsHostnames: true });
let other_vpc = ec2_vpc("other-vpc", #{ cidrBlock: "10.0.0.0/16", enableDnsSupport: true, enableDnsHostnames: true });
let gateway = ec2_internet_gateway("gateway", #{});
let attachment = ec2_vpc_gateway_attachment("attachment", #{
    vpcId: vpc.vpcId, internetGatewayId: gateway.internetGatewayId,
});
let subnet = ec2_subnet("subnet", #{ vpcId: vpc.vpcId, cidrBlock: "10.0.1.0/24" });
let other_subnet = ec2_subnet("other-subnet", #{ vpcId: vpc.vpcId, cidrBlock: "10.0.2.0/24" });
let table = ec2_route_table("table", #{ vpcId: vpc.vpcId }, #{ dependsOn: [attachment] });
let other_table = ec2_route_table("other-table", #{ vpcId: vpc.vpcId }, #{ dependsOn: [attachment] });
let group = ec2_security_group("group", #{ groupDescription: "one", vpcId: vpc.vpcId });
let other_group = ec2_security_group("other-group", #{ groupDescription: "another", vpcId: vpc.vpcId });
let address = ec2_eip("address", #{ domain: "vpc" }, #{ dependsOn: [attachment] });
let other_address = ec2_eip("other-address", #{ domain: "vpc" }, #{ dependsOn: [attachment] });
let free_address = ec2_eip("free-address", #{ domain: "vpc" }, #{ dependsOn: [attachment] });
let nat = ec2_nat_gateway("nat", #{ subnetId: subnet.subnetId, allocationId: other_address.allocationId });
let other_nat = ec2_nat_gateway("other-nat", #{ subnetId: other_subnet.subnetId, connectivityType: "private" });
"#;

const FILES: &str = r#"
let vpc = ec2_vpc("vpc", #{ cidrBlock: "10.0.0.0/16" });
let subnet = ec2_subnet("subnet", #{ vpcId: vpc.vpcId, cidrBlock: "10.0.1.0/24" });
let other_subnet = ec2_subnet("other-subnet", #{ vpcId: vpc.vpcId, cidrBlock: "10.0.2.0/24" });
let group = ec2_security_group("group", #{ groupDescription: "one", vpcId: vpc.vpcId });
let other_group = ec2_security_group("other-group", #{ groupDescription: "another", vpcId: vpc.vpcId });
let system = efs_file_system("system", #{});
let other_system = efs_file_system("other-system", #{ encrypted: true });
"#;

const ENDPOINTS: &str = r#"
let named = #{ cidrBlock: "10.0.0.0/16", enableDnsSupport: true, enableDnsHostnames: true };
let vpc = ec2_vpc("vpc", named);
let other_vpc = ec2_vpc("other-vpc", named);
let in_zone = |name, block, zone| ec2_subnet(name, #{ vpcId: vpc.vpcId, cidrBlock: block, availabilityZone: zone });
let subnet = in_zone.call("subnet", "10.0.1.0/24", "eu-west-1a");
let other_subnet = in_zone.call("other-subnet", "10.0.2.0/24", "eu-west-1b");
let group = ec2_security_group("group", #{ groupDescription: "one", vpcId: vpc.vpcId });
let other_group = ec2_security_group("other-group", #{ groupDescription: "another", vpcId: vpc.vpcId });
"#;

const TWO_VPCS: &str = r#"
let vpc = ec2_vpc("vpc", #{ cidrBlock: "10.0.0.0/16", enableDnsSupport: true, enableDnsHostnames: true });
let other_vpc = ec2_vpc("other-vpc", #{ cidrBlock: "10.0.0.0/16", enableDnsSupport: true, enableDnsHostnames: true });
let gateway = ec2_internet_gateway("gateway", #{});
let other_gateway = ec2_internet_gateway("other-gateway", #{});
"#;

const NAMES: &str = r#"
let vpc = ec2_vpc("vpc", #{ cidrBlock: "10.0.0.0/16", enableDnsSupport: true, enableDnsHostnames: true });
let other_vpc = ec2_vpc("other-vpc", #{ cidrBlock: "10.0.0.0/16", enableDnsSupport: true, enableDnsHostnames: true });
let namespace = servicediscovery_private_dns_namespace("namespace", #{ name: "one.internal", vpc: vpc.vpcId });
let other_namespace = servicediscovery_private_dns_namespace("other", #{ name: "two.internal", vpc: vpc.vpcId });
"#;

const SERVICE: &str = r#"
let net = network(#{ name: "net", cidr: "10.0.0.0/16", azs: 2, natGateways: 1 });
let cluster = ecs_cluster("cluster", #{ capacityProviders: ["FARGATE", "FARGATE_SPOT"] });
let other_cluster = ecs_cluster("other-cluster", #{});
let role = iam_role("role", #{ assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com") });
let definition = |name| ecs_task_definition(name, #{
    cpu: 256, memory: 512, networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"],
    containerDefinitions: [#{
        name: "member", image: "hazelcast/hazelcast:5.5.10", portMappings: [#{ containerPort: 5701 }],
    }],
}, #{ dependsOn: net.routes });
let task = definition.call("task");
let other_task = definition.call("other-task");
let group = ec2_security_group("group", #{
    groupDescription: "members", vpcId: net.vpc.vpcId,
    securityGroupIngress: [#{ ipProtocol: "tcp", fromPort: 5701, toPort: 5701, cidrIp: net.cidr }],
});
let other_group = ec2_security_group("other-group", #{ groupDescription: "others", vpcId: net.vpc.vpcId });
let namespace = servicediscovery_private_dns_namespace("namespace", #{ name: "one.internal", vpc: net.vpc.vpcId });
let registry = servicediscovery_service("registry", #{
    namespaceId: namespace.id, dnsConfig: #{ dnsRecords: [#{ type: "A", ttl: 10 }] },
});
let subnets = [];
for subnet in net.privateSubnets { subnets.push(subnet.subnetId); }
let balancer = elasticloadbalancingv2_load_balancer("balancer", #{
    type: "network", scheme: "internal", subnets: subnets,
});
let targets = elasticloadbalancingv2_target_group("targets", #{
    port: 5701, protocol: "TCP", targetType: "ip", vpcId: net.vpc.vpcId,
    targetGroupAttributes: [#{ key: "deregistration_delay.timeout_seconds", value: "5" }],
});
elasticloadbalancingv2_listener("listener", #{
    loadBalancerArn: balancer.loadBalancerArn, port: 5701, protocol: "TCP",
    defaultActions: [#{ type: "forward", targetGroupArn: targets.targetGroupArn }],
});
let placed = |groups| #{ awsvpcConfiguration: #{ subnets: subnets, securityGroups: groups } };
"#;

const EXPIRING: &str = r#"
let expiring = json(#{ rules: [#{
    rulePriority: 1, description: "keep ten", selection: #{ tagStatus: "any", countType: "imageCountMoreThan", countNumber: 10 },
    action: #{ type: "expire" },
}] });
"#;

const SCALED: &str = r#"
let cluster = ecs_cluster("cluster", #{ clusterName: "cluster" });
let definition = ecs_task_definition("task", #{
    networkMode: "bridge", requiresCompatibilities: ["EC2"],
    containerDefinitions: [#{ name: "member", image: "hazelcast/hazelcast:5.5.10", memory: 512 }],
});
let service = |name| ecs_service(name, #{
    cluster: cluster.clusterName, serviceName: name, taskDefinition: definition.taskDefinitionArn, desiredCount: 0,
});
let service_of = service.call("one");
let other_service = service.call("other");
let role = iam_role("role", #{ assumeRolePolicyDocument: assume_role("application-autoscaling.amazonaws.com") });
"#;

/// What load balancers need, and functions that make them.
macro_rules! balanced {
    () => {
        r#"
let net = network(#{ name: "net", azs: 3, natGateways: 0 });
let group = ec2_security_group("group", #{ groupDescription: "one", vpcId: net.vpc.vpcId });
let other_group = ec2_security_group("other-group", #{ groupDescription: "another", vpcId: net.vpc.vpcId });
let subnets = [];
for subnet in net.privateSubnets { subnets.push(subnet.subnetId); }
let balancer = |name| elasticloadbalancingv2_load_balancer(name, #{
    scheme: "internal", securityGroups: [group.groupId], subnets: subnets,
}).loadBalancerArn;
let target_group = |name| elasticloadbalancingv2_target_group(name, #{
    port: 80, protocol: "HTTP", targetType: "ip", vpcId: net.vpc.vpcId,
}).targetGroupArn;
let says = |text| [#{ type: "fixed-response", fixedResponseConfig: #{ statusCode: "404", messageBody: text } }];
let listener = |balancer, port| elasticloadbalancingv2_listener(`listener-${port}`, #{
    loadBalancerArn: balancer, port: port, protocol: "HTTP", defaultActions: says.call("nothing here"),
}).listenerArn;
"#
    };
}

const BALANCED: &str = balanced!();

const BALANCED_LISTENER: &str = concat!(
    balanced!(),
    r#"
let one = balancer.call("one");
let two = balancer.call("two");
"#
);

const BALANCED_RULE: &str = concat!(
    balanced!(),
    r#"
let shared = balancer.call("one");
let one = listener.call(shared, 80);
let two = listener.call(shared, 81);
"#
);

/// A certificate of the account: there is no kind for one.
const CERTIFICATE: &str = r#""HTTPS"; it.certificates = [#{ certificateArn:
    "arn:aws:acm:eu-west-1:000000000000:certificate/01234567-89ab-cdef-0123-456789abcdef" }]"#;

pub const SAMPLES: &[Sample] = &[
    Sample {
        kind: "AWS::ApplicationAutoScaling::ScalableTarget",
        before: SCALED,
        declared: r#"resourceId: "service/" + cluster.clusterName + "/" + service_of.name, serviceNamespace: "ecs",
            scalableDimension: "ecs:service:DesiredCount", minCapacity: 0, maxCapacity: 4"#,
        updates: &[
            ("minCapacity", "1; it.maxCapacity = 9"),
            ("maxCapacity", "0"),
            ("roleARN", "role.arn"),
            ("suspendedState", "#{ dynamicScalingInSuspended: true }"),
            (
                "scheduledActions",
                r#"[
                    #{ scheduledActionName: "night", schedule: "cron(0 20 * * ? *)", timezone: "Europe/Berlin",
                       startTime: "2030-01-01T00:00:00Z", scalableTargetAction: #{ minCapacity: 0, maxCapacity: 1 } },
                    #{ scheduledActionName: "day", schedule: "rate(1 day)", scalableTargetAction: #{ maxCapacity: 4 } },
                ]"#,
            ),
            TAGS,
        ],
        replacements: &[("resourceId", r#""service/" + cluster.clusterName + "/" + other_service.name"#)],
        fixed: &[
            ("scalableDimension", "services have one dimension"),
            ("serviceNamespace", "only services of ECS are scaled"),
        ],
        same_id: false,
    },
    Sample {
        kind: "AWS::ApplicationAutoScaling::ScalingPolicy",
        before: r#"
            let cluster = ecs_cluster("cluster", #{ clusterName: "cluster" });
            let definition = ecs_task_definition("task", #{
                networkMode: "bridge", requiresCompatibilities: ["EC2"],
                containerDefinitions: [#{ name: "member", image: "hazelcast/hazelcast:5.5.10", memory: 512 }],
            });
            let scaled = |name| {
                let service = ecs_service(name, #{
                    cluster: cluster.clusterName, serviceName: name, desiredCount: 0,
                    taskDefinition: definition.taskDefinitionArn,
                });
                applicationautoscaling_scalable_target(name, #{
                    resourceId: "service/" + cluster.clusterName + "/" + service.name, serviceNamespace: "ecs",
                    scalableDimension: "ecs:service:DesiredCount", minCapacity: 0, maxCapacity: 4,
                })
            };
            let target = scaled.call("one");
            let other_target = scaled.call("other");
            let steps = #{
                adjustmentType: "ChangeInCapacity", cooldown: 60,
                stepAdjustments: [#{ metricIntervalLowerBound: 0, scalingAdjustment: 1 }],
            };
        "#,
        declared: r#"policyName: "cpu", policyType: "TargetTrackingScaling", scalingTargetId: target.id,
            targetTrackingScalingPolicyConfiguration: #{
                targetValue: 60, predefinedMetricSpecification: #{
                    predefinedMetricType: "ECSServiceAverageCPUUtilization",
                },
            }"#,
        updates: &[(
            "targetTrackingScalingPolicyConfiguration",
            r#"#{
                    targetValue: 62.5, scaleInCooldown: 120, scaleOutCooldown: 30, disableScaleIn: true,
                    customizedMetricSpecification: #{
                        namespace: "Hazelcast", metricName: "Entries", statistic: "Average",
                        dimensions: [#{ name: "Cluster", value: "one" }],
                    },
                }"#,
        )],
        replacements: &[
            ("policyName", r#""another-name""#),
            ("scalingTargetId", "other_target.id"),
            (
                "policyType",
                r#""StepScaling"; it.remove("targetTrackingScalingPolicyConfiguration");
                    it.stepScalingPolicyConfiguration = steps"#,
            ),
            (
                "resourceId",
                r#"other_target.resourceId; it.remove("scalingTargetId");
                    it.scalableDimension = "ecs:service:DesiredCount"; it.serviceNamespace = "ecs""#,
            ),
        ],
        fixed: &[
            ("stepScalingPolicyConfiguration", "goes with another policyType, which replaces"),
            ("scalableDimension", "goes with resourceId"),
            ("serviceNamespace", "goes with resourceId"),
        ],
        same_id: false,
    },
    Sample {
        kind: "AWS::EC2::EIP",
        before: "",
        declared: r#"domain: "vpc""#,
        updates: &[TAGS],
        replacements: &[],
        fixed: &[("domain", "every address is a VPC's")],
        same_id: false,
    },
    Sample {
        kind: "AWS::EC2::InternetGateway",
        before: "",
        declared: "",
        updates: &[TAGS],
        replacements: &[],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::EC2::NatGateway",
        before: NETWORK,
        declared: "subnetId: subnet.subnetId, allocationId: address.allocationId",
        updates: &[TAGS],
        replacements: &[
            ("subnetId", "other_subnet.subnetId"),
            ("allocationId", "free_address.allocationId"),
            ("privateIpAddress", r#""10.0.1.77""#),
            ("connectivityType", r#""private"; it.remove("allocationId")"#),
        ],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::EC2::Route",
        before: NETWORK,
        declared: r#"routeTableId: table.routeTableId, destinationCidrBlock: "0.0.0.0/0", natGatewayId: nat.natGatewayId"#,
        updates: &[
            ("gatewayId", r#"gateway.internetGatewayId; it.remove("natGatewayId")"#),
            ("natGatewayId", "other_nat.natGatewayId"),
        ],
        replacements: &[("destinationCidrBlock", r#""192.168.0.0/16""#), ("routeTableId", "other_table.routeTableId")],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::EC2::RouteTable",
        before: TWO_VPCS,
        declared: "vpcId: vpc.vpcId",
        updates: &[TAGS],
        replacements: &[("vpcId", "other_vpc.vpcId")],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::EC2::SecurityGroup",
        before: NETWORK,
        declared: r#"groupDescription: "members", vpcId: vpc.vpcId,
            securityGroupIngress: [#{ ipProtocol: "tcp", fromPort: 5701, toPort: 5701, sourceSecurityGroupId: "self" }]"#,
        updates: &[
            (
                "securityGroupIngress",
                r#"[
                    #{ ipProtocol: "tcp", fromPort: 5701, toPort: 5701, sourceSecurityGroupId: "self" },
                    #{ ipProtocol: "tcp", fromPort: 8080, toPort: 8080, cidrIp: "10.0.0.0/16", description: "clients" },
                    #{ ipProtocol: "udp", fromPort: 1, toPort: 9, sourceSecurityGroupId: other_group.groupId },
                ]"#,
            ),
            ("securityGroupEgress", r#"[#{ ipProtocol: "tcp", fromPort: 443, toPort: 443, cidrIp: "0.0.0.0/0" }]"#),
            TAGS,
        ],
        replacements: &[
            ("groupName", r#""another-name""#),
            ("groupDescription", r#""others""#),
            ("vpcId", "other_vpc.vpcId"),
        ],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::EC2::SecurityGroupEgress",
        before: NETWORK,
        declared: r#"groupId: group.groupId, ipProtocol: "tcp", fromPort: 1, toPort: 2, cidrIp: "10.0.0.0/16""#,
        updates: &[("description", r#""members""#)],
        replacements: &[
            ("cidrIp", r#""10.0.0.0/17""#),
            ("cidrIpv6", r#""fd00::/8"; it.remove("cidrIp")"#),
            ("destinationSecurityGroupId", r#"other_group.groupId; it.remove("cidrIp")"#),
            ("fromPort", "2"),
            ("groupId", "other_group.groupId"),
            ("ipProtocol", r#""udp""#),
            ("toPort", "3"),
        ],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::EC2::SecurityGroupIngress",
        before: NETWORK,
        declared: r#"groupId: group.groupId, ipProtocol: "tcp", fromPort: 1, toPort: 2, cidrIp: "10.0.0.0/16""#,
        updates: &[("description", r#""members""#)],
        replacements: &[
            ("cidrIp", r#""10.0.0.0/17""#),
            ("cidrIpv6", r#""fd00::/8"; it.remove("cidrIp")"#),
            ("sourceSecurityGroupId", r#"other_group.groupId; it.remove("cidrIp")"#),
            ("fromPort", "2"),
            ("groupId", "other_group.groupId"),
            ("ipProtocol", r#""udp""#),
            ("toPort", "3"),
        ],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::EC2::Subnet",
        before: TWO_VPCS,
        declared: r#"vpcId: vpc.vpcId, cidrBlock: "10.0.1.0/24""#,
        updates: &[
            ("mapPublicIpOnLaunch", "true"),
            ("privateDnsNameOptionsOnLaunch", r#"#{ hostnameType: "resource-name" }"#),
            TAGS,
        ],
        replacements: &[
            ("availabilityZone", r#""eu-west-1b""#),
            ("cidrBlock", r#""10.0.2.0/24""#),
            ("vpcId", "other_vpc.vpcId"),
        ],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::EC2::SubnetRouteTableAssociation",
        before: NETWORK,
        declared: "subnetId: subnet.subnetId, routeTableId: table.routeTableId",
        updates: &[],
        replacements: &[("routeTableId", "other_table.routeTableId"), ("subnetId", "other_subnet.subnetId")],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::EC2::VPC",
        before: "",
        declared: r#"cidrBlock: "10.0.0.0/16""#,
        updates: &[("enableDnsSupport", "false"), ("enableDnsHostnames", "true"), TAGS],
        replacements: &[("cidrBlock", r#""10.1.0.0/16""#), ("instanceTenancy", r#""dedicated""#)],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::EC2::VPCEndpoint",
        before: ENDPOINTS,
        declared: r#"vpcId: vpc.vpcId, serviceName: "com.amazonaws.eu-west-1.ecr.api", vpcEndpointType: "Interface",
            subnetIds: [subnet.subnetId], securityGroupIds: [group.groupId], privateDnsEnabled: true"#,
        updates: &[
            ("subnetIds", "[subnet.subnetId, other_subnet.subnetId]"),
            ("securityGroupIds", "[other_group.groupId]"),
            ("privateDnsEnabled", "false"),
            ("dnsOptions", r#"#{ dnsRecordIpType: "service-defined" }"#),
            (
                "policyDocument",
                r#"#{ Version: "2012-10-17", Statement: [#{
                    Effect: "Allow", Principal: "*", Action: "ecr:GetAuthorizationToken", Resource: "*",
                }] }"#,
            ),
            TAGS,
        ],
        replacements: &[
            ("serviceName", r#""com.amazonaws.eu-west-1.ecr.dkr""#),
            ("vpcId", r#"other_vpc.vpcId; it.remove("subnetIds"); it.remove("securityGroupIds")"#),
            (
                "vpcEndpointType",
                r#""Gateway"; it.serviceName = "com.amazonaws.eu-west-1.s3"; it.remove("subnetIds");
                    it.remove("securityGroupIds"); it.remove("privateDnsEnabled")"#,
            ),
        ],
        fixed: &[("routeTableIds", "an endpoint with interfaces has none: see the test of networks without NAT")],
        same_id: false,
    },
    Sample {
        kind: "AWS::EC2::VPCGatewayAttachment",
        before: TWO_VPCS,
        declared: "vpcId: vpc.vpcId, internetGatewayId: gateway.internetGatewayId",
        updates: &[("internetGatewayId", "other_gateway.internetGatewayId")],
        replacements: &[("vpcId", "other_vpc.vpcId")],
        fixed: &[],
        same_id: true,
    },
    Sample {
        kind: "AWS::ECR::Repository",
        before: EXPIRING,
        declared: "",
        updates: &[
            ("emptyOnDelete", "true"),
            ("imageScanningConfiguration", "#{ scanOnPush: true }"),
            ("imageTagMutability", r#""IMMUTABLE""#),
            (
                "imageTagMutabilityExclusionFilters",
                r#"[#{ imageTagMutabilityExclusionFilterType: "WILDCARD",
                    imageTagMutabilityExclusionFilterValue: "latest*" }];
                it.imageTagMutability = "IMMUTABLE_WITH_EXCLUSION""#,
            ),
            ("lifecyclePolicy", "#{ lifecyclePolicyText: expiring }"),
            (
                "repositoryPolicyText",
                r#"policy_document([policy_statement(#{
                    actions: ["ecr:BatchGetImage"], principals: #{ AWS: "arn:aws:iam::111111111111:root" } })])"#,
            ),
            TAGS,
        ],
        replacements: &[
            ("repositoryName", r#""another/name""#),
            ("encryptionConfiguration", r#"#{ encryptionType: "KMS" }; it.repositoryName = "encrypted""#),
        ],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::ECS::Cluster",
        before: NAMES,
        declared: "",
        updates: &[
            ("clusterSettings", r#"[#{ name: "containerInsights", value: "enabled" }]"#),
            ("capacityProviders", r#"["FARGATE", "FARGATE_SPOT"]"#),
            (
                "defaultCapacityProviderStrategy",
                r#"[#{ capacityProvider: "FARGATE", weight: 1 }]; it.capacityProviders = ["FARGATE"]"#,
            ),
            ("configuration", r#"#{ executeCommandConfiguration: #{ logging: "NONE" } }"#),
            ("serviceConnectDefaults", "#{ namespace: namespace.arn }"),
            TAGS,
        ],
        replacements: &[("clusterName", r#""another-name""#)],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::ECS::ClusterCapacityProviderAssociations",
        before: r#"
            let cluster = ecs_cluster("cluster", #{});
            let other_cluster = ecs_cluster("other-cluster", #{});
        "#,
        declared: r#"cluster: cluster.clusterName, capacityProviders: ["FARGATE"], defaultCapacityProviderStrategy: []"#,
        updates: &[
            ("capacityProviders", r#"["FARGATE", "FARGATE_SPOT"]"#),
            ("defaultCapacityProviderStrategy", r#"[#{ capacityProvider: "FARGATE", weight: 1 }]"#),
        ],
        replacements: &[("cluster", "other_cluster.arn")],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::ECS::Service",
        before: SERVICE,
        declared: r#"cluster: cluster.arn, taskDefinition: task.taskDefinitionArn, desiredCount: 1, launchType: "FARGATE",
            networkConfiguration: placed.call([group.groupId])"#,
        updates: &[
            ("desiredCount", "2"),
            ("taskDefinition", "other_task.taskDefinitionArn"),
            ("networkConfiguration", "placed.call([group.groupId, other_group.groupId])"),
            ("deploymentConfiguration", "#{ maximumPercent: 150, minimumHealthyPercent: 50 }"),
            ("enableExecuteCommand", "true"),
            ("enableECSManagedTags", "true"),
            ("propagateTags", r#""SERVICE""#),
            ("platformVersion", r#""1.4.0""#),
            ("healthCheckGracePeriodSeconds", "30"),
            ("availabilityZoneRebalancing", r#""DISABLED""#),
            ("serviceRegistries", "[#{ registryArn: registry.arn }]"),
            (
                "loadBalancers",
                r#"[#{ targetGroupArn: targets.targetGroupArn, containerName: "member", containerPort: 5701 }]"#,
            ),
            ("launchType", r#"(); it.capacityProviderStrategy = [#{ capacityProvider: "FARGATE", weight: 1 }]"#),
            (
                "capacityProviderStrategy",
                r#"[#{ capacityProvider: "FARGATE_SPOT", weight: 1 }]; it.remove("launchType")"#,
            ),
            TAGS,
        ],
        replacements: &[("cluster", "other_cluster.arn"), ("serviceName", r#""another-name""#)],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::ECS::TaskDefinition",
        before: r#"
            let role = iam_role("role", #{ assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com") });
        "#,
        declared: r#"cpu: 256, memory: 1024, networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"],
            containerDefinitions: [#{
                name: "member", image: "hazelcast/hazelcast:5.5.10", portMappings: [#{ containerPort: 5701 }],
                environment: [#{ name: "B", value: "2" }, #{ name: "A", value: "1" }],
            }]"#,
        updates: &[TAGS],
        replacements: &[
            (
                "containerDefinitions",
                r#"[#{ name: "member", image: "hazelcast/hazelcast:5.5.9", stopTimeout: 120,
                portMappings: [#{ containerPort: 5701, protocol: "tcp" }, #{ containerPort: 8080 }],
                healthCheck: #{ command: ["CMD-SHELL", "true"], interval: 10, retries: 2, startPeriod: 5, timeout: 3 },
                ulimits: [#{ name: "nofile", softLimit: 1024, hardLimit: 2048 }], dockerLabels: #{ "a.b/c": "d" },
                command: ["sh", "-c", "true"], entryPoint: ["env"], user: "1000", workingDirectory: "/tmp" }]"#,
            ),
            ("cpu", "512"),
            ("memory", "2048"),
            ("family", r#""another-name""#),
            ("taskRoleArn", "role.arn"),
            ("executionRoleArn", "role.arn"),
            ("runtimePlatform", r#"#{ cpuArchitecture: "ARM64", operatingSystemFamily: "LINUX" }"#),
            ("ephemeralStorage", "#{ sizeInGiB: 30 }"),
            ("volumes", r#"[#{ name: "data" }]"#),
            ("enableFaultInjection", "true"),
            ("pidMode", r#""task""#),
            ("requiresCompatibilities", r#"["EC2"]"#),
            ("networkMode", r#""bridge"; it.requiresCompatibilities = ["EC2"]"#),
            ("ipcMode", r#""task"; it.requiresCompatibilities = ["EC2"]"#),
            (
                "placementConstraints",
                r#"[#{ type: "memberOf", expression: "attribute:a == b" }]; it.requiresCompatibilities = ["EC2"]"#,
            ),
            (
                "proxyConfiguration",
                r#"#{ type: "APPMESH", containerName: "member", proxyConfigurationProperties: [
                    #{ name: "AppPorts", value: "5701" }, #{ name: "ProxyIngressPort", value: "15000" },
                    #{ name: "ProxyEgressPort", value: "15001" }, #{ name: "IgnoredUID", value: "1337" },
                ] }"#,
            ),
        ],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::EFS::AccessPoint",
        before: FILES,
        declared: "fileSystemId: system.fileSystemId",
        updates: &[("accessPointTags", r#"[#{ key: "team", value: "data" }]"#)],
        replacements: &[
            ("fileSystemId", "other_system.fileSystemId"),
            ("posixUser", r#"#{ uid: 1000, gid: "1000", secondaryGids: ["1001", "1002"] }"#),
            (
                "rootDirectory",
                r#"#{ path: "/node-1", creationInfo: #{ ownerUid: 1000, ownerGid: 1000, permissions: "0750" } }"#,
            ),
        ],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::EFS::FileSystem",
        before: "",
        declared: "",
        updates: &[
            ("fileSystemTags", r#"[#{ key: "team", value: "data" }]"#),
            ("throughputMode", r#""elastic""#),
            ("backupPolicy", r#"#{ status: "ENABLED" }"#),
            (
                "lifecyclePolicies",
                r#"[#{ transitionToIA: "AFTER_30_DAYS" }, #{ transitionToPrimaryStorageClass: "AFTER_1_ACCESS" }]"#,
            ),
            (
                "fileSystemPolicy",
                r#"#{ Version: "2012-10-17", Statement: [#{
                    Effect: "Allow", Principal: #{ AWS: "*" }, Action: "elasticfilesystem:ClientMount", Resource: "*",
                }] }"#,
            ),
            ("fileSystemProtection", r#"#{ replicationOverwriteProtection: "DISABLED" }"#),
            ("bypassPolicyLockoutSafetyCheck", "true"),
        ],
        replacements: &[
            ("availabilityZoneName", r#""eu-west-1b""#),
            ("encrypted", "true"),
            (
                "kmsKeyId",
                r#""arn:aws:kms:eu-west-1:000000000000:key/01234567-89ab-cdef-0123-456789abcdef"; it.encrypted = true"#,
            ),
            ("performanceMode", r#""maxIO""#),
        ],
        fixed: &[("provisionedThroughputInMibps", "AWS takes it back no sooner than a day later")],
        same_id: false,
    },
    Sample {
        kind: "AWS::EFS::MountTarget",
        before: FILES,
        declared: "fileSystemId: system.fileSystemId, subnetId: subnet.subnetId, securityGroups: [group.groupId]",
        updates: &[("securityGroups", "[other_group.groupId, group.groupId]")],
        replacements: &[
            ("fileSystemId", "other_system.fileSystemId"),
            ("subnetId", "other_subnet.subnetId"),
            ("ipAddress", r#""10.0.1.77""#),
            ("ipAddressType", r#""IPV4_ONLY""#),
        ],
        fixed: &[("ipv6Address", "the embedded networks have no IPv6")],
        same_id: false,
    },
    Sample {
        kind: "AWS::ElasticLoadBalancingV2::Listener",
        before: BALANCED_LISTENER,
        declared: r#"loadBalancerArn: one, port: 80, protocol: "HTTP", defaultActions: says.call("nothing here")"#,
        updates: &[
            ("defaultActions", r#"[#{ type: "forward", targetGroupArn: target_group.call("group-a") }]"#),
            (
                "defaultActions",
                r#"[#{ type: "forward", forwardConfig: #{
                    targetGroups: [
                        #{ targetGroupArn: target_group.call("group-a"), weight: 9 },
                        #{ targetGroupArn: target_group.call("group-b"), weight: 1 },
                    ],
                    targetGroupStickinessConfig: #{ enabled: true, durationSeconds: 60 },
                } }]"#,
            ),
            (
                "defaultActions",
                r#"[#{ type: "redirect", redirectConfig: #{ protocol: "HTTPS", port: "443", statusCode: "HTTP_301" } }]"#,
            ),
            ("port", "81"),
            ("protocol", CERTIFICATE),
            ("listenerAttributes", r#"[#{ key: "routing.http.response.server.enabled", value: "false" }]"#),
            TAGS,
        ],
        replacements: &[("loadBalancerArn", "two")],
        fixed: &[
            ("certificates", "comes with the protocol"),
            ("sslPolicy", "of a listener that speaks TLS"),
            ("alpnPolicy", "of a listener that speaks TLS"),
        ],
        same_id: false,
    },
    Sample {
        kind: "AWS::ElasticLoadBalancingV2::ListenerRule",
        before: BALANCED_RULE,
        declared: r#"listenerArn: one, priority: 10, actions: says.call("here"),
            conditions: [#{ field: "path-pattern", values: ["/a", "/a/*"] }]"#,
        updates: &[
            ("actions", r#"[#{ type: "forward", targetGroupArn: target_group.call("group-a") }]"#),
            ("conditions", r#"[#{ field: "path-pattern", pathPatternConfig: #{ values: ["/b"] } }]"#),
            (
                "conditions",
                r#"[
                    #{ field: "host-header", hostHeaderConfig: #{ values: ["a.example.org"] } },
                    #{ field: "http-header", httpHeaderConfig: #{ httpHeaderName: "X-A", values: ["b"] } },
                    #{ field: "query-string", queryStringConfig: #{ values: [#{ key: "v", value: "1" }] } },
                    #{ field: "source-ip", sourceIpConfig: #{ values: ["10.0.0.0/8"] } },
                    #{ field: "http-request-method", httpRequestMethodConfig: #{ values: ["GET"] } },
                ]"#,
            ),
            ("priority", "20"),
            TAGS,
        ],
        replacements: &[("listenerArn", "two")],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::ElasticLoadBalancingV2::LoadBalancer",
        before: BALANCED,
        declared: r#"scheme: "internal", subnets: [subnets[0], subnets[1]], securityGroups: [group.groupId]"#,
        updates: &[
            (
                "loadBalancerAttributes",
                r#"[
                    #{ key: "idle_timeout.timeout_seconds", value: "120" },
                    #{ key: "routing.http.drop_invalid_header_fields.enabled", value: "true" },
                ]"#,
            ),
            ("subnets", "subnets"),
            ("securityGroups", "[group.groupId, other_group.groupId]"),
            TAGS,
        ],
        replacements: &[
            ("name", r#""another-name""#),
            ("type", r#""network""#),
            (
                "scheme",
                r#""internet-facing"; it.subnets = [net.publicSubnets[0].subnetId, net.publicSubnets[1].subnetId]"#,
            ),
        ],
        fixed: &[("ipAddressType", "the embedded networks have no IPv6")],
        same_id: false,
    },
    Sample {
        kind: "AWS::ElasticLoadBalancingV2::TargetGroup",
        before: TWO_VPCS,
        declared: r#"port: 80, protocol: "HTTP", targetType: "ip", vpcId: vpc.vpcId"#,
        updates: &[
            ("healthCheckIntervalSeconds", "60"),
            ("healthCheckPath", r#""/health""#),
            ("healthCheckPort", r#""8080""#),
            ("healthCheckProtocol", r#""HTTPS""#),
            ("healthCheckTimeoutSeconds", "9"),
            ("healthyThresholdCount", "3"),
            ("unhealthyThresholdCount", "4"),
            ("matcher", r#"#{ httpCode: "200-299" }"#),
            ("targets", r#"[#{ id: "10.0.0.10" }, #{ id: "10.0.0.11", port: 8080 }]"#),
            ("targetGroupAttributes", r#"[#{ key: "deregistration_delay.timeout_seconds", value: "30" }]"#),
            TAGS,
        ],
        replacements: &[
            ("name", r#""another-name""#),
            ("port", "81"),
            ("protocol", r#""TCP""#),
            ("protocolVersion", r#""HTTP2""#),
            ("targetType", r#""instance""#),
            ("vpcId", "other_vpc.vpcId"),
        ],
        fixed: &[
            ("healthCheckEnabled", "addresses are always checked"),
            ("ipAddressType", "the embedded networks have no IPv6"),
        ],
        same_id: false,
    },
    Sample {
        kind: "AWS::IAM::ManagedPolicy",
        before: r#"
            let role = iam_role("role", #{ assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com") });
        "#,
        declared: r#"policyDocument: policy_document([policy_statement(#{ actions: ["ecs:ListTasks"], resources: ["*"] })])"#,
        updates: &[
            (
                "policyDocument",
                r#"policy_document([policy_statement(#{ actions: ["ecs:StopTask"], resources: ["*"] })])"#,
            ),
            ("roles", "[role.roleName]"),
        ],
        replacements: &[
            ("managedPolicyName", r#""another-name""#),
            ("description", r#""what it is for""#),
            ("path", r#""/members/""#),
        ],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::IAM::Role",
        before: r#"
            let boundary = iam_managed_policy("boundary", #{
                policyDocument: policy_document([policy_statement(#{ actions: ["*"], resources: ["*"] })]),
            });
        "#,
        declared: r#"assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com")"#,
        updates: &[
            ("assumeRolePolicyDocument", r#"assume_role("ec2.amazonaws.com")"#),
            ("description", r#""what it is for""#),
            ("maxSessionDuration", "7200"),
            ("permissionsBoundary", "boundary.policyArn"),
            (
                "policies",
                r#"[#{ policyName: "own", policyDocument: policy_document([
                    policy_statement(#{ actions: ["ecs:StopTask", "ecs:ListTasks"], resources: ["*"] }),
                ]) }]"#,
            ),
            ("managedPolicyArns", r#"["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"]"#),
            TAGS,
        ],
        replacements: &[("roleName", r#""another-name""#), ("path", r#""/members/""#)],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::Logs::LogGroup",
        before: "",
        declared: "",
        updates: &[
            ("retentionInDays", "5"),
            ("deletionProtectionEnabled", "true"),
            ("kmsKeyId", r#""arn:aws:kms:eu-west-1:000000000000:key/01234567-89ab-cdef-0123-456789abcdef""#),
            TAGS,
        ],
        replacements: &[("logGroupName", r#""/another/name""#), ("logGroupClass", r#""INFREQUENT_ACCESS""#)],
        fixed: &[],
        same_id: false,
    },
    // Through Cloud Control, as every type without code of its own.
    Sample {
        kind: "AWS::SSM::Parameter",
        before: "",
        declared: r#"type: "String", value: "one""#,
        updates: &[
            ("value", r#""two""#),
            ("type", r#""StringList""#),
            ("description", r#""what it is for""#),
            ("tier", r#""Advanced""#),
            ("dataType", r#""text""#),
            ("tags", r#"#{ team: "data" }"#),
        ],
        replacements: &[("name", r#""/another/name""#)],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::SecretsManager::Secret",
        before: "",
        declared: r#"generateSecretString: #{ passwordLength: 20, excludePunctuation: true }"#,
        updates: &[
            ("description", r#""what it is for""#),
            ("kmsKeyId", r#""alias/orders""#),
            ("generateSecretString", "#{ passwordLength: 30 }"),
            ("secretString", r#""hush"; it.remove("generateSecretString")"#),
            TAGS,
        ],
        replacements: &[("name", r#""another/name""#)],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::ServiceDiscovery::HttpNamespace",
        before: "",
        declared: r#"name: "it""#,
        updates: &[("description", r#""what it is for""#), TAGS],
        replacements: &[("name", r#""that""#)],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::ServiceDiscovery::PrivateDnsNamespace",
        before: TWO_VPCS,
        declared: r#"name: "it.internal", vpc: vpc.vpcId"#,
        updates: &[
            ("description", r#""what it is for""#),
            ("properties", "#{ dnsProperties: #{ soa: #{ ttl: 60 } } }"),
            TAGS,
        ],
        replacements: &[("name", r#""that.internal""#), ("vpc", "other_vpc.vpcId")],
        fixed: &[],
        same_id: false,
    },
    Sample {
        kind: "AWS::ServiceDiscovery::Service",
        before: NAMES,
        declared: r#"namespaceId: namespace.id, dnsConfig: #{ dnsRecords: [#{ type: "A", ttl: 10 }] }"#,
        updates: &[
            ("description", r#""what it is for""#),
            ("dnsConfig", r#"#{ dnsRecords: [#{ type: "A", ttl: 60 }] }"#),
            TAGS,
        ],
        replacements: &[
            ("name", r#""another-name""#),
            ("namespaceId", "other_namespace.id"),
            ("healthCheckCustomConfig", "#{ failureThreshold: 1 }"),
            ("type", r#""HTTP"; it.remove("dnsConfig")"#),
        ],
        fixed: &[],
        same_id: false,
    },
];

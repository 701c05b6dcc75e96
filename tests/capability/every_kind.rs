//! A stack with what guides are made of, disturbed at any moment: what there is afterwards is what there would have been,
//! once.

use crate::support::Stack;
use crate::support::faults::{Fault, Faults};
use crate::support::interruption::{programs, survives};
use crate::support::moments::Watch;
use crate::support::stack::account;

/// An OrientDB stack that keeps its databases and is reached through a load balancer, and a scaled service of an image of
/// the account's own beside it. What is in braces changes.
const SCRIPT: &str = r#"
let net = network(#{ name: "net", natGateways: 1, endpoints: ["s3", "ecr.api", "logs"] });
let orient = orientdb_fargate_stack(#{
    name: "orient", cloudNamespace: "orient.internal", desiredCount: 1, vpc: net,
    persistence: #{ backup: true, retain: false }, retention: {retention},
});
efs_access_point("data", #{
    fileSystemId: orient.fileSystem, posixUser: #{ uid: {uid}, gid: 1000 },
    rootDirectory: #{ path: "/data", creationInfo: #{ ownerUid: 1000, ownerGid: 1000, permissions: "755" } },
});
let repository = ecr_repository("web", #{ imageTagMutability: "{mutability}", emptyOnDelete: true,
    lifecyclePolicy: #{ lifecyclePolicyText: json(#{ rules: [#{
        rulePriority: 1, selection: #{ tagStatus: "any", countType: "imageCountMoreThan", countNumber: 10 },
        action: #{ type: "expire" } }] }) } });
let group = ec2_security_group("balancer", #{ groupDescription: "clients", vpcId: net.vpc.vpcId });
group.allow_from(group, 8080, "the balancer");
let subnets = [];
for subnet in net.privateSubnets { subnets.push(subnet.subnetId); }
let balancer = elasticloadbalancingv2_load_balancer("web", #{
    scheme: "internal", subnets: subnets, securityGroups: [group.groupId],
    loadBalancerAttributes: [#{ key: "idle_timeout.timeout_seconds", value: "{idle}" }],
});
let targets = elasticloadbalancingv2_target_group("web", #{
    port: 8080, protocol: "HTTP", targetType: "ip", vpcId: net.vpc.vpcId, healthCheckPath: "{path}",
    targetGroupAttributes: [#{ key: "deregistration_delay.timeout_seconds", value: "5" }],
});
let listener = elasticloadbalancingv2_listener("web", #{
    loadBalancerArn: balancer.loadBalancerArn, port: {port}, protocol: "HTTP",
    defaultActions: [#{ type: "fixed-response", fixedResponseConfig: #{ statusCode: "404" } }],
});
let rule = elasticloadbalancingv2_listener_rule("web", #{
    listenerArn: listener.listenerArn, priority: {priority},
    conditions: [#{ field: "path-pattern", values: ["/web/*"] }],
    actions: [#{ type: "forward", targetGroupArn: targets.targetGroupArn }],
});
let cluster = ecs_cluster("web", #{});
ecs_cluster_capacity_provider_associations("web", #{
    cluster: cluster.clusterName, capacityProviders: ["FARGATE", "FARGATE_SPOT"],
    defaultCapacityProviderStrategy: [#{ capacityProvider: "FARGATE", weight: {weight} }],
});
servicediscovery_http_namespace("calls", #{ name: "calls", description: "{described}" });
let web = ecs_service("web", #{
    cluster: cluster.arn, desiredCount: 1, launchType: "FARGATE",
    taskDefinition: ecs_task_definition("web", #{
        cpu: 256, memory: 512, networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"],
        containerDefinitions: [#{
            name: "web", image: "amazon/amazon-ecs-sample", portMappings: [#{ containerPort: 8080 }],
        }],
    }).taskDefinitionArn,
    loadBalancers: [#{ containerName: "web", containerPort: 8080, targetGroupArn: targets.targetGroupArn }],
    networkConfiguration: #{ awsvpcConfiguration: #{ subnets: subnets, securityGroups: [group.groupId] } },
}, #{ dependsOn: net.routes + [rule] });
let target = applicationautoscaling_scalable_target("web", #{
    resourceId: `service/${cluster.clusterName}/${web.name}`, serviceNamespace: "ecs",
    scalableDimension: "ecs:service:DesiredCount", minCapacity: 1, maxCapacity: {max},
    scheduledActions: [#{ scheduledActionName: "day", schedule: "rate(1 day)",
        scalableTargetAction: #{ maxCapacity: 4 } }],
});
applicationautoscaling_scaling_policy("web", #{
    policyName: "cpu", policyType: "TargetTrackingScaling", scalingTargetId: target.id,
    targetTrackingScalingPolicyConfiguration: #{
        targetValue: {cpu}, predefinedMetricSpecification: #{ predefinedMetricType: "ECSServiceAverageCPUUtilization" },
    },
});
"#;

/// What changes: the one value, and the other. The user of an access point cannot be changed in place.
const CHANGES: &[(&str, &str, &str)] = &[
    ("retention", "5", "7"),
    ("uid", "1000", "1001"),
    ("mutability", "MUTABLE", "IMMUTABLE"),
    ("idle", "60", "90"),
    ("path", "/", "/health"),
    ("port", "80", "8080"),
    ("priority", "10", "20"),
    ("weight", "1", "2"),
    ("described", "one", "two"),
    ("max", "3", "4"),
    ("cpu", "60", "70"),
];

fn first() -> String {
    CHANGES.iter().fold(SCRIPT.to_owned(), |text, (name, value, _)| text.replace(&format!("{{{name}}}"), value))
}

fn second() -> String {
    CHANGES.iter().fold(SCRIPT.to_owned(), |text, (name, _, value)| text.replace(&format!("{{{name}}}"), value))
}

#[tokio::test(start_paused = true)]
async fn a_creation_may_end_at_any_record() {
    survives(&programs(&[Some(&first())]).await, 7).await;
}

#[tokio::test(start_paused = true)]
async fn an_update_may_end_at_any_record() {
    survives(&programs(&[Some(&first()), Some(&second())]).await, 7).await;
}

#[tokio::test(start_paused = true)]
async fn a_deletion_may_end_at_any_record() {
    survives(&programs(&[Some(&first()), None]).await, 11).await;
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_every_change_may_be_lost_once() {
    let undisturbed = Stack::new().await;
    undisturbed.runs(&first()).await;
    let watch = Watch::new(&account(&["drop=change"]));
    let stack = watch.stack().await;
    stack.runs(&first()).await;
    assert_eq!(stack.exists(), undisturbed.exists());
    assert!(stack.plan(&first()).await.is_empty());
    stack.runs(&second()).await;
    assert!(stack.plan(&second()).await.is_empty());
    assert_eq!(stack.exists(), undisturbed.exists());
    stack.destroy().await;
    assert_eq!(stack.exists(), Vec::<String>::new());
    let lost = watch.answers().lost;
    for made in [
        "CreateLoadBalancer",
        "CreateTargetGroup",
        "CreateListener",
        "CreateRule",
        "RegisterScalableTarget",
        "PutScalingPolicy",
        "POST file-systems",
        "POST mount-targets",
        "POST access-points",
        "CreateSecret",
        "CreateRepository",
        "CreateHttpNamespace",
        "PutClusterCapacityProviders",
        "CreateVpcEndpoint",
        "CreateService",
    ] {
        assert!(lost.iter().any(|asked| asked == made), "{made}: {lost:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn deletions_wait_for_what_is_slow_to_go() {
    const USED: Fault = Fault::Answer(
        400,
        "<Response><Errors><Error><Code>DependencyViolation</Code><Message>it has a dependent object</Message></Error>\
         </Errors><RequestID>1</RequestID></Response>",
    );
    const IN_USE: Fault = Fault::Answer(
        400,
        "<ErrorResponse><Error><Type>Sender</Type><Code>ResourceInUse</Code><Message>it is in use</Message></Error>\
         <RequestId>1</RequestId></ErrorResponse>",
    );
    const MOUNTED: Fault = Fault::Answer(409, r#"{"__type":"FileSystemInUse","Message":"it has mount targets"}"#);
    const LATE: Fault = Fault::Answer(504, r#"{"__type":"DependencyTimeout","Message":"EC2 does not answer"}"#);
    const OTHERS: Fault = Fault::Answer(400, r#"{"__type":"ConcurrentUpdateException","Message":"a pending update"}"#);
    let faults = Faults::default();
    let stack = Stack::faulty(&faults).await;
    stack.runs(&first()).await;
    for action in ["DeleteSecurityGroup", "DeleteSubnet", "DeleteVpc"] {
        faults.set(action, USED, 6);
    }
    faults.set("DeleteTargetGroup", IN_USE, 6);
    faults.set("DELETE file-systems", MOUNTED, 6);
    faults.set("DELETE mount-targets", LATE, 3);
    faults.set("DeregisterScalableTarget", OTHERS, 3);
    stack.destroy().await;
    assert_eq!(stack.exists(), Vec::<String>::new());
    assert_eq!(faults.left(), 0, "each was met");
}

#[tokio::test(start_paused = true)]
async fn what_is_declared_under_another_name_takes_the_place_of_the_old() {
    let stack = Stack::new().await;
    stack.runs(&first()).await;
    let before = stack.exists();
    let renamed = first().replace("(\"web\", #{", "(\"site\", #{");
    stack.runs(&renamed).await;
    assert!(stack.plan(&renamed).await.is_empty());
    assert_eq!(stack.exists(), before);
}

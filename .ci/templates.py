"""The CloudFormation templates of every script, before two judges: cfn-lint and AWS's own offline validator.

No rule is left out: whatever either says from a warning upwards fails (cfn-lint's W3687, ports beside a protocol that has
none, and W3037, actions that IAM does not know, among them). What is for information only is not asked for: that nothing
is tagged, that a change of some property would replace, that a log group goes with its stack.

Usage: templates.py PROGRAM (with cfn-lint and node in PATH, and the validator in NODE_PATH)
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import yaml

from embedded import REGION, check, run

HERE = pathlib.Path(__file__).parent
SCRIPTS = sorted(path for path in (HERE.parent / "scripts").glob("*.rhai") if not path.stem.endswith("_test"))

# What `scripts/existing_vpc.rhai` looks for.
THEIRS = """
let net = network(#{ name: "my-vpc", cidr: "10.8.0.0/16" });
"""

# What the scripts do not have: secrets, documents as text, rules that stand beside their group, names that are made up.
MORE = """
let net = network(#{ name: "more", azs: 3, natGateways: 0 });
let group = ec2_security_group("more", #{
    groupDescription: "more", vpcId: net.vpc.vpcId,
    securityGroupEgress: [#{ ipProtocol: "tcp", fromPort: 5701, toPort: 5701, destinationSecurityGroupId: "self" }],
});
group.allow_from("self", 5701);
let role = iam_role("more", #{
    assumeRolePolicyDocument: json(assume_role("ecs-tasks.amazonaws.com")),
    managedPolicies: [managed_policy("service-role/AmazonECSTaskExecutionRolePolicy")],
}, #{ retain: true });
let task = fargate_task_definition(#{ name: "more", executionRole: role, taskRole: role });
task.add_container("more", #{
    image: ecr_image(#{ repository: "more" }),
    environment: #{ PASSWORD: secret(input("password", "hunter2")), GROUP: `in ${group.groupId} of ${region()}` },
});
let web = fargate_service(#{ cluster: ecs_cluster("more", #{}), taskDefinition: task, network: net });
output("zones", availability_zones());
output("family", task.family);
output("service", web.service.id);
"""

# The kinds that no script has.
KINDS = """
let net = network(#{ name: "kinds", azs: 2, natGateways: 0 });
let group = ec2_security_group("kinds", #{ groupDescription: "kinds", vpcId: net.vpc.vpcId });
let balancer = elasticloadbalancingv2_load_balancer("kinds", #{
    type: "application", scheme: "internal", subnets: net.privateSubnets, securityGroups: [group],
});
let targets = elasticloadbalancingv2_target_group("kinds", #{
    port: 80, protocol: "HTTP", targetType: "ip", vpcId: net.vpc.vpcId, healthCheckPath: "/",
});
let forward = [#{ type: "forward", targetGroupArn: targets }];
let listener = elasticloadbalancingv2_listener("kinds", #{
    loadBalancerArn: balancer, port: 80, protocol: "HTTP", defaultActions: forward,
});
elasticloadbalancingv2_listener_rule("kinds", #{
    listenerArn: listener, priority: 1, actions: forward,
    conditions: [#{ field: "path-pattern", pathPatternConfig: #{ values: ["/a*"] } }],
});
let cluster = ecs_cluster("kinds", #{});
ecs_cluster_capacity_provider_associations("kinds", #{
    cluster: cluster, capacityProviders: ["FARGATE", "FARGATE_SPOT"],
    defaultCapacityProviderStrategy: [#{ capacityProvider: "FARGATE", weight: 1 }],
});
let task = fargate_task_definition(#{ name: "kinds" });
task.add_container("web", #{ image: "nginx" }).add_port_mappings(80);
let web = ecs_service("kinds", #{
    cluster: cluster, taskDefinition: task, launchType: "FARGATE", desiredCount: 1,
    loadBalancers: [#{ containerName: "web", containerPort: 80, targetGroupArn: targets }],
    networkConfiguration: #{ awsvpcConfiguration: #{ subnets: net.privateSubnets } },
}, #{ dependsOn: listener });
let target = applicationautoscaling_scalable_target("kinds", #{
    minCapacity: 1, maxCapacity: 4, resourceId: `service/${cluster.clusterName}/${web.serviceName}`,
    scalableDimension: "ecs:service:DesiredCount", serviceNamespace: "ecs",
});
applicationautoscaling_scaling_policy("kinds", #{
    policyName: "kinds", policyType: "TargetTrackingScaling", scalingTargetId: target,
    targetTrackingScalingPolicyConfiguration: #{
        targetValue: 50, predefinedMetricSpecification: #{ predefinedMetricType: "ECSServiceAverageCPUUtilization" },
    },
});
let files = efs_file_system("kinds", #{ encrypted: true });
efs_mount_target("kinds", #{ fileSystemId: files, subnetId: net.privateSubnets[0].subnetId, securityGroups: [group] });
let point = efs_access_point("kinds", #{ fileSystemId: files, posixUser: #{ uid: "1000", gid: "1000" } });
let made = secretsmanager_secret("made", #{ generateSecretString: #{ passwordLength: 20 } });
secretsmanager_secret("given", #{ secretString: secret(input("password", "hunter2")) });
ecr_repository("kinds", #{ repositoryName: "kinds/web" });
ec2_vpc_endpoint("kinds", #{
    vpcId: net.vpc.vpcId, serviceName: `com.amazonaws.${region()}.s3`, vpcEndpointType: "Gateway",
    routeTableIds: net.privateRouteTables,
});
servicediscovery_http_namespace("kinds", #{ name: "kinds" });
output("dns", balancer.dnsName);
output("names", [balancer.arn, balancer.name, targets.name, files.arn, made.arn, target.id, point.arn]);
"""

# What a stack of OrientDB may be beside what `scripts/orientdb.rhai` makes of it, by name.
ORIENTDB = {
    "alone": "",
    "existing": 'cloudNamespace: "orientdb.com", vpc: existing_vpc(#{ name: "my-vpc" }), persistence: true,',
    "for-each": 'cloudNamespace: "orientdb.com", layout: "servicePerNode", containerRegistryImageName: "orientdb:3.2.55",',
    "kept": 'cloudNamespace: "orientdb.com", persistence: true, availabilityZones: availability_zones().filter(|zone, i| i != 1),',
    "kept-elsewhere": 'cloudNamespace: "orientdb.com", persistence: #{ fileSystem: "fs-12345678" }, cpu: 1024, memoryLimit: 4096,',
    "public": 'cloudNamespace: "orientdb.com", subnetType: "public", rootPassword: secret(input("password", "hunter2")),',
}


def synthesized(program, script, folder, data):
    """The template of a script, in both formats."""
    paths = []
    for ending in ["json", "yaml"]:
        path = folder / f"{script.stem}.{ending}"
        command = [program, "synth", str(script), "--dir", str(data)]
        run([*command, "--out", str(path)])
        again = run([*command, "--format", ending])
        check(path.read_text() == again, f"{path.name} is the same each time")
        paths.append(path)
    of_json, of_yaml = json.loads(paths[0].read_text()), yaml.safe_load(paths[1].read_text())
    check(of_json == of_yaml and of_json["Resources"], f"{script.stem} is the same in JSON and YAML")
    check("hunter2" not in paths[0].read_text(), f"{script.stem} tells no secret")
    return paths


def judge(command, what):
    done = subprocess.run(command, capture_output=True, text=True)
    check(done.returncode == 0, f"{what}\n{done.stdout}{done.stderr}".strip())


def main(program):
    check(SCRIPTS, "there are scripts")
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        theirs, more, kinds = (folder / f"{name}.rhai" for name in ["theirs", "more", "kinds"])
        theirs.write_text(THEIRS)
        more.write_text(MORE)
        kinds.write_text(KINDS)
        data = folder / "data"
        run([program, "run", str(theirs), "--yes", "--dir", str(data)])
        stacks = []
        for name, properties in ORIENTDB.items():
            stacks.append(folder / f"orientdb-{name}.rhai")
            stacks[-1].write_text(f'orientdb_fargate_stack(#{{ name: "orient", {properties} }});')
        templates = []
        for script in [*SCRIPTS, more, kinds, *stacks]:
            templates += map(str, synthesized(program, script, folder, data))
        judge(["cfn-lint", "--regions", REGION, "--", *templates], f"cfn-lint has nothing against {len(templates)} templates")
        judge(["node", str(HERE / "validate.cjs"), *templates], "nor has AWS's validator")


main(sys.argv[1])

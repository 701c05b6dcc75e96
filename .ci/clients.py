"""boto3 and the aws command line as clients of the embedded AWS, after `scripts/hazelcast.rhai` was run on it.

Usage: clients.py PROGRAM FOLDER
"""

import http.client
import ipaddress
import json
import sys
import urllib.parse
import xml.etree.ElementTree as xml

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from embedded import CREDENTIALS, REGION, check, run, serving


def refusal(call, **parameters):
    """The error code of a call that must fail."""
    try:
        call(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "none"


def clients(endpoint):
    session = boto3.Session(
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    # Cloud Map's DiscoverInstances would go to a host prefixed `data-`, which no resolver knows.
    config = Config(retries={"max_attempts": 1}, inject_host_prefix=False)
    return lambda service: session.client(service, endpoint_url=endpoint, config=config)


def tasks_run(client):
    ecs, ec2 = client("ecs"), client("ec2")
    ecs.get_waiter("services_stable").wait(cluster="fargate-cluster", services=["hazelcast-service"])
    service = ecs.describe_services(cluster="fargate-cluster", services=["hazelcast-service"])["services"][0]
    check(service["runningCount"] == service["desiredCount"] == 3, "the service runs 3 of 3 tasks")
    check(len(service["deployments"]) == 1, "one deployment is left")
    check(service["deployments"][0]["rolloutState"] == "COMPLETED", "its deployment is completed")
    check(any("steady state" in event["message"] for event in service["events"]), "an event says steady state")

    pages = ecs.get_paginator("list_tasks").paginate(cluster="fargate-cluster", PaginationConfig={"PageSize": 1})
    arns = [arn for page in pages for arn in page["taskArns"]]
    check(len(arns) == len(set(arns)) == 3, "pages of one task list three")
    ecs.get_waiter("tasks_running").wait(cluster="fargate-cluster", tasks=arns)
    tasks = ecs.describe_tasks(cluster="fargate-cluster", tasks=arns)["tasks"]

    addresses = {i["privateIpv4Address"] for t in tasks for c in t["containers"] for i in c["networkInterfaces"]}
    check(len(addresses) == 3, "each task has a private address of its own")
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    subnets = ec2.describe_subnets(SubnetIds=network["subnets"])["Subnets"]
    ranges = [ipaddress.ip_network(subnet["CidrBlock"]) for subnet in subnets]
    inside = all(any(ipaddress.ip_address(a) in r for r in ranges) for a in addresses)
    check(inside, "the addresses are in the service's subnets")
    check(not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets), "the subnets are private ones")
    zones = {task["availabilityZone"] for task in tasks}
    check(len(zones) == len(subnets), "the tasks are spread over the zones")

    filters = [{"Name": "addresses.private-ip-address", "Values": sorted(addresses)}]
    interfaces = ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    check({i["PrivateIpAddress"] for i in interfaces} == addresses, "members' own discovery finds the interfaces")
    check(all(i["Groups"][0]["GroupName"] == "hazelcast-sg" for i in interfaces), "they are in hazelcast-sg")
    return service, subnets


def roles_and_logs(client):
    iam, logs = client("iam"), client("logs")
    role = iam.get_role(RoleName="hazelcast-ecs-role")["Role"]
    trust = role["AssumeRolePolicyDocument"]["Statement"]
    check("ecs-tasks.amazonaws.com" in json.dumps(trust), "hazelcast-ecs-role trusts ECS tasks")
    inline = [p for page in iam.get_paginator("list_role_policies").paginate(RoleName="hazelcast-ecs-role")
              for p in page["PolicyNames"]]
    check(inline == ["hazelcast-policy"], "hazelcast-policy is the role's own")
    document = iam.get_role_policy(RoleName="hazelcast-ecs-role", PolicyName="hazelcast-policy")["PolicyDocument"]
    actions = json.dumps(document)
    wanted = ["ecs:ListTasks", "ecs:DescribeTasks", "ec2:DescribeNetworkInterfaces"]
    check(all(action in actions for action in wanted), "it allows what discovery needs")
    attached = iam.list_attached_role_policies(RoleName="ecsTaskExecutionRole")["AttachedPolicies"]
    check([p["PolicyName"] for p in attached] == ["AmazonECSTaskExecutionRolePolicy"], "the execution role's policy")

    groups = [g for page in logs.get_paginator("describe_log_groups").paginate() for g in page["logGroups"]]
    check(len(groups) == 1 and groups[0]["retentionInDays"] > 0, "the log group has a retention")
    events = logs.filter_log_events(logGroupName=groups[0]["logGroupName"], filterPattern="Members")["events"]
    check(any("size:3" in event["message"] for event in events), "the members' logs tell of 3 members")


def refusals(client, service, subnets):
    ec2, iam, ecs = client("ec2"), client("iam"), client("ecs")
    code = refusal(ec2.delete_subnet, SubnetId=subnets[0]["SubnetId"])
    check(code == "DependencyViolation", f"a subnet in use is not deleted ({code})")
    code = refusal(ec2.delete_vpc, VpcId=subnets[0]["VpcId"])
    check(code == "DependencyViolation", f"a VPC in use is not deleted ({code})")
    code = refusal(iam.delete_role, RoleName="hazelcast-ecs-role")
    check(code == "DeleteConflict", f"a role with policies is not deleted ({code})")
    code = refusal(ecs.delete_cluster, cluster="fargate-cluster")
    check(code == "ClusterContainsServicesException", f"a cluster with services is not deleted ({code})")
    code = refusal(ec2.create_subnet, VpcId=subnets[0]["VpcId"], CidrBlock=subnets[0]["CidrBlock"])
    check(code == "InvalidSubnet.Conflict", f"subnets do not overlap ({code})")
    code = refusal(
        ecs.register_task_definition, family="odd", cpu="256", memory="4096", networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"], containerDefinitions=[{"name": "a", "image": "a"}],
    )
    check(code == "ClientException", f"Fargate has no 256 with 4096 ({code})")
    absent = ecs.describe_services(cluster="fargate-cluster", services=["absent"])
    check(absent["failures"][0]["reason"] == "MISSING", "an absent service is a failure in the answer")


def cloud_map(client):
    """botocore speaks CBOR to Cloud Map where the SDK for Rust speaks JSON."""
    ec2, names = client("ec2"), client("servicediscovery")
    vpc = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["my-vpc"]}])["Vpcs"][0]["VpcId"]
    operation = names.create_private_dns_namespace(Name="checks.internal", Vpc=vpc)["OperationId"]
    for _ in range(10_000):
        told = names.get_operation(OperationId=operation)["Operation"]
        if told["Status"] not in ("SUBMITTED", "PENDING"):
            break
    check(told["Status"] == "SUCCESS", f"a namespace is made in its own time ({told['Status']})")
    check(told["CreateDate"].year >= 2024, "a date is a date")
    namespace = told["Targets"]["NAMESPACE"]
    service = names.create_service(
        Name="members", NamespaceId=namespace, DnsConfig={"DnsRecords": [{"Type": "A", "TTL": 10}]},
        HealthCheckCustomConfig={"FailureThreshold": 1},
    )["Service"]["Id"]
    code = refusal(names.delete_namespace, Id=namespace)
    check(code == "ResourceInUse", f"a namespace with services is not deleted ({code})")
    names.delete_service(Id=service)
    names.delete_namespace(Id=namespace)


def members(endpoint):
    """The calls a Hazelcast member makes to find the others: by itself, without an SDK, and signed in its own way."""

    def ask(service, method, path, headers, body=None):
        scope = f"LOCAL/20260101/{REGION}/{service}/aws4_request"
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature=00",
            "X-Amz-Date": "20260101T000000Z",
            **headers,
        }
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(endpoint).netloc)
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        told = answer.read().decode()
        check(answer.status == 200, f"a member's {method} to {service} is answered ({answer.status})")
        return told

    def ecs(action, **parameters):
        headers = {
            "X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{action}",
            "Content-Type": "application/x-amz-json-1.1",
            "Accept-Encoding": "identity",
        }
        return json.loads(ask("ecs", "POST", "/", headers, json.dumps(parameters)))

    def interfaces(method, addresses):
        parameters = {
            "Action": "DescribeNetworkInterfaces", "Version": "2016-11-15",
            "Filter.1.Name": "addresses.private-ip-address",
            **{f"Filter.1.Value.{n}": address for n, address in enumerate(addresses, 1)},
        }
        query = urllib.parse.urlencode(parameters)
        if method == "GET":
            told = ask("ec2", "GET", f"/?{query}", {})
        else:
            headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
            told = ask("ec2", "POST", "/", headers, query)
        root = xml.fromstring(told)
        name = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
        return {item.text for item in root.iterfind(f"{name}networkInterfaceSet/{name}item/{name}privateIpAddress")}

    by_service = ecs("ListTasks", cluster="fargate-cluster", serviceName="hazelcast-service")["taskArns"]
    described = ecs("DescribeTasks", cluster="fargate-cluster", tasks=by_service, include=["TAGS"])["tasks"]
    check(len(described) == 3, "a member finds three by their service")
    family = described[0]["taskDefinitionArn"].rpartition("/")[2].partition(":")[0]
    by_family = ecs("ListTasks", cluster="fargate-cluster", family=family)["taskArns"]
    check(sorted(by_family) == sorted(by_service), "and the same by their family")
    check(all(task["availabilityZone"] for task in described), "each has a zone")
    addresses = {i["privateIpv4Address"] for t in described for c in t["containers"] for i in c["networkInterfaces"]}
    check(interfaces("GET", sorted(addresses)) == addresses, "a GET finds their interfaces")
    check(interfaces("POST", sorted(addresses)) == addresses, "and so does a POST")


def pages_and_waiters(client):
    """Pages are whole and have no element twice, and waiters end."""
    ecs, ec2, iam = client("ecs"), client("ec2"), client("iam")

    def paged(of, call, key, size, **parameters):
        pages = of.get_paginator(call).paginate(PaginationConfig={"PageSize": size}, **parameters)
        return [item for page in pages for item in page[key]]

    for number in range(7):
        ecs.create_cluster(clusterName=f"paged-{number}")
        ec2.create_vpc(CidrBlock=f"10.{100 + number}.0.0/16")
    clusters = paged(ecs, "list_clusters", "clusterArns", 2)
    check(len(clusters) == len(set(clusters)) == 8, "pages of two list eight clusters")
    vpcs = [vpc["VpcId"] for vpc in paged(ec2, "describe_vpcs", "Vpcs", 5)]
    check(sorted(vpcs) == sorted(vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]), "pages of five describe the VPCs")
    first = ec2.describe_vpcs(MaxResults=5)
    check(len(first["Vpcs"]) == 5 and "NextToken" in first, "MaxResults ends a page")
    check(len(paged(ecs, "list_services", "serviceArns", 1, cluster="fargate-cluster")) == 1, "the service is listed")
    check(len(paged(iam, "list_roles", "Roles", 1)) >= 2, "pages of one list the roles")
    families = paged(ecs, "list_task_definition_families", "families", 1)
    check(len(families) == 1, "the family is listed")
    for number in range(7):
        ecs.delete_cluster(cluster=f"paged-{number}")

    gateways = ec2.describe_nat_gateways()["NatGateways"]
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[gateways[0]["NatGatewayId"]])
    ec2.get_waiter("vpc_exists").wait(VpcIds=vpcs[:1])
    iam.get_waiter("role_exists").wait(RoleName="hazelcast-ecs-role")


def service_deleted(client):
    """The end of a service: a waiter for its tasks, one for itself, and its name is free again."""
    ecs = client("ecs")
    service = ecs.describe_services(cluster="fargate-cluster", services=["hazelcast-service"])["services"][0]
    arns = ecs.list_tasks(cluster="fargate-cluster", serviceName="hazelcast-service")["taskArns"]
    ecs.delete_service(cluster="fargate-cluster", service="hazelcast-service", force=True)
    again = {
        "cluster": "fargate-cluster", "serviceName": "hazelcast-service", "taskDefinition": service["taskDefinition"],
        "desiredCount": 0, "launchType": "FARGATE", "networkConfiguration": service["networkConfiguration"],
    }
    check(ecs.list_services(cluster="fargate-cluster")["serviceArns"] == [], "a service that is deleted is not listed")
    ecs.get_waiter("tasks_stopped").wait(cluster="fargate-cluster", tasks=arns)
    ecs.get_waiter("services_inactive").wait(cluster="fargate-cluster", services=["hazelcast-service"])
    made = ecs.create_service(**again)["service"]
    check(made["status"] == "ACTIVE", "its name is free once it is INACTIVE")


def command_line(endpoint):
    def aws(*words):
        return json.loads(run(["aws", "--endpoint-url", endpoint, "--output", "json", *words]))

    arns = aws("ecs", "list-tasks", "--cluster", "fargate-cluster")["taskArns"]
    tasks = aws("ecs", "describe-tasks", "--cluster", "fargate-cluster", "--tasks", *arns)["tasks"]
    check([task["lastStatus"] for task in tasks] == ["RUNNING"] * 3, "aws ecs describe-tasks sees 3 RUNNING")
    services = aws("ecs", "describe-services", "--cluster", "fargate-cluster", "--services", "hazelcast-service")
    check(services["services"][0]["status"] == "ACTIVE", "aws ecs describe-services sees the service")
    interfaces = aws("ec2", "describe-network-interfaces")["NetworkInterfaces"]
    check(sum("Attachment" in i and i["InterfaceType"] == "interface" for i in interfaces) >= 3,
          "aws ec2 describe-network-interfaces sees the tasks' interfaces")
    identity = aws("sts", "get-caller-identity")
    check(len(identity["Account"]) == 12, "aws sts get-caller-identity tells the account")


def main(program, folder):
    with serving(program, folder) as endpoint:
        client = clients(endpoint)
        service, subnets = tasks_run(client)
        roles_and_logs(client)
        refusals(client, service, subnets)
        cloud_map(client)
        members(endpoint)
        pages_and_waiters(client)
        command_line(endpoint)
        service_deleted(client)


if __name__ == "__main__":
    main(*sys.argv[1:])

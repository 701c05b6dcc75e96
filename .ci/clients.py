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


def simulation(client):
    """What IAM's simulation says of the roles that the script made, and of a policy by itself."""
    iam = client("iam")
    arn = iam.get_role(RoleName="hazelcast-ecs-role")["Role"]["Arn"]
    actions = ["ec2:DescribeNetworkInterfaces", "ecs:ListTasks", "iam:CreateUser"]
    found = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=actions)["EvaluationResults"]
    decided = [result["EvalDecision"] for result in found]
    check(decided == ["allowed", "implicitDeny", "implicitDeny"], f"the role may look for its like ({decided})")
    check(found[0]["MatchedStatements"][0]["SourcePolicyId"].endswith("hazelcast-policy"), "its policy is named")
    check(found[1]["MissingContextValues"] == ["ecs:cluster"], "the key that a condition asks for is named")
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "ecs:StopTask", "Resource": "*"},
    ]}
    found = iam.simulate_custom_policy(PolicyInputList=[json.dumps(policy)], ActionNames=["ecs:ListTasks", "ecs:StopTask"])
    decided = [result["EvalDecision"] for result in found["EvaluationResults"]]
    check(decided == ["allowed", "explicitDeny"], f"a policy by itself is simulated ({decided})")
    code = refusal(iam.simulate_principal_policy, PolicySourceArn=arn + "-not", ActionNames=actions)
    check(code == "NoSuchEntity", f"a role that is not there has no policies ({code})")


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
    operation = names.create_http_namespace(Name="checks")["OperationId"]
    for _ in range(10_000):
        told = names.get_operation(OperationId=operation)["Operation"]
        if told["Status"] not in ("SUBMITTED", "PENDING"):
            break
    made = names.get_namespace(Id=told["Targets"]["NAMESPACE"])["Namespace"]
    check(made["Type"] == "HTTP", "an HTTP namespace is made as well")
    names.delete_namespace(Id=made["Id"])


def scaling(client):
    """A scalable target, its policy and its schedule, and capacity providers of a cluster."""
    scaling, ecs = client("application-autoscaling"), client("ecs")
    of = {
        "ServiceNamespace": "ecs", "ResourceId": "service/fargate-cluster/hazelcast-service",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    code = refusal(scaling.register_scalable_target, **{**of, "ResourceId": "service/fargate-cluster/absent"},
                   MinCapacity=1, MaxCapacity=2)
    check(code == "ValidationException", f"a service that is not there is not scaled ({code})")
    code = refusal(scaling.put_scaling_policy, **of, PolicyName="cpu")
    check(code == "ObjectNotFoundException", f"a policy needs a target ({code})")
    arn = scaling.register_scalable_target(**of, MinCapacity=1, MaxCapacity=9, Tags={"team": "data"})["ScalableTargetARN"]
    check(scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"team": "data"}, "a target has its tags")
    made = scaling.put_scaling_policy(**of, PolicyName="cpu", PolicyType="TargetTrackingScaling",
                                      TargetTrackingScalingPolicyConfiguration={
        "TargetValue": 60.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
    })
    check(len(made["Alarms"]) == 2, "target tracking has two alarms")
    scaling.put_scheduled_action(**of, ScheduledActionName="night", Schedule="cron(0 20 * * ? *)",
                                 ScalableTargetAction={"MaxCapacity": 3})
    pages = scaling.get_paginator("describe_scaling_policies").paginate(ServiceNamespace="ecs")
    policies = [policy for page in pages for policy in page["ScalingPolicies"]]
    check([policy["PolicyARN"] for policy in policies] == [made["PolicyARN"]], "the policy is told")
    targets = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    check(targets[0]["CreationTime"].year >= 2024, "a target's date is a date")
    scaling.deregister_scalable_target(**of)
    left = scaling.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"]
    check(left == [], "scheduled actions go with their target")

    put = {"cluster": "fargate-cluster", "defaultCapacityProviderStrategy": []}
    code = refusal(ecs.put_cluster_capacity_providers, **put, capacityProviders=["absent"])
    check(code == "InvalidParameterException", f"a capacity provider has to be there ({code})")
    cluster = ecs.put_cluster_capacity_providers(**put, capacityProviders=["FARGATE", "FARGATE_SPOT"])["cluster"]
    check(sorted(cluster["capacityProviders"]) == ["FARGATE", "FARGATE_SPOT"], "capacity providers are associated")
    ecs.put_cluster_capacity_providers(**put, capacityProviders=[])


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


def exec_and_stop(client):
    """A container is entered only where that is on, and a task that is stopped is replaced."""
    ecs, logs = client("ecs"), client("logs")
    cluster, service = "fargate-cluster", "hazelcast-service"
    arns = ecs.list_tasks(cluster=cluster, serviceName=service)["taskArns"]
    enter = dict(cluster=cluster, task=arns[0], interactive=True, command="/bin/sh")
    check(refusal(ecs.execute_command, **enter) == "InvalidParameterException", "a task that was started without it is shut")
    ecs.update_service(cluster=cluster, service=service, enableExecuteCommand=True, forceNewDeployment=True)
    ecs.get_waiter("services_stable").wait(cluster=cluster, services=[service], WaiterConfig={"Delay": 1})
    arns = ecs.list_tasks(cluster=cluster, serviceName=service)["taskArns"]
    enter["task"] = arns[0]
    agent = ecs.describe_tasks(cluster=cluster, tasks=arns[:1])["tasks"][0]["containers"][0]["managedAgents"][0]
    check(agent["name"] == "ExecuteCommandAgent" and agent["lastStatus"] == "RUNNING", "a container tells of its agent")
    check(refusal(ecs.execute_command, **enter) == "TargetNotConnectedException", "a role that may not is not connected")
    may = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ssmmessages:*", "Resource": "*"}]}
    role = dict(RoleName="hazelcast-ecs-role", PolicyName="exec")
    client("iam").put_role_policy(**role, PolicyDocument=json.dumps(may))
    settled(lambda: {"State": refusal(ecs.execute_command, **enter)}, "none")
    session = ecs.execute_command(**enter)["session"]
    check(session["streamUrl"].startswith("wss://") and session["tokenValue"], "a session has an address and a token")
    client("iam").delete_role_policy(**role)

    ecs.stop_task(cluster=cluster, task=arns[0], reason="by a check")
    ecs.get_waiter("tasks_stopped").wait(cluster=cluster, tasks=arns[:1], WaiterConfig={"Delay": 1})
    ecs.get_waiter("services_stable").wait(cluster=cluster, services=[service], WaiterConfig={"Delay": 1})
    now = ecs.list_tasks(cluster=cluster, serviceName=service)["taskArns"]
    check(len(now) == len(arns) and arns[0] not in now, "a task that is stopped is replaced")
    listed = dict(logGroupName="/ecs/hazelcast", filterPattern="Members", logStreamNamePrefix="hazelcast/")
    pages = client("logs").get_paginator("filter_log_events").paginate(**listed, PaginationConfig={"PageSize": 2})
    ids = [event["eventId"] for page in pages for event in page["events"]]
    whole = [event["eventId"] for event in logs.filter_log_events(**listed)["events"]]
    check(ids == whole and len(ids) == len(set(ids)) > 2, "pages of two find what one page does")


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


def secrets_and_images(client):
    """Secrets with their versions and their recovery window, and repositories."""
    secrets, ecr = client("secretsmanager"), client("ecr")
    made = secrets.create_secret(Name="checks/root", SecretString="one", Tags=[{"Key": "team", "Value": "data"}])
    check(len(made["ARN"].rpartition("-")[2]) == 6, "the ARN of a secret ends in six characters of its own")
    secrets.put_secret_value(SecretId="checks/root", SecretString="two")
    check(secrets.get_secret_value(SecretId=made["ARN"])["SecretString"] == "two", "the current version is the last")
    before = secrets.get_secret_value(SecretId="checks/root", VersionStage="AWSPREVIOUS")
    check(before["SecretString"] == "one" and before["CreatedDate"].year >= 2024, "the one before is kept")
    check(sorted(secrets.describe_secret(SecretId="checks/root")["VersionIdsToStages"].values())
          == [["AWSCURRENT"], ["AWSPREVIOUS"]], "stages are described")
    secrets.create_secret(Name="checks/other", SecretBinary=b"\x00\x01")
    check(secrets.get_secret_value(SecretId="checks/other")["SecretBinary"] == b"\x00\x01", "bytes stay bytes")
    pages = secrets.get_paginator("list_secrets").paginate(
        Filters=[{"Key": "name", "Values": ["checks/"]}], PaginationConfig={"PageSize": 1})
    names = [secret["Name"] for page in pages for secret in page["SecretList"]]
    check(sorted(names) == ["checks/other", "checks/root"], "pages of one list two secrets")
    code = refusal(secrets.create_secret, Name="checks/root", SecretString="three")
    check(code == "ResourceExistsException", f"a name is there once ({code})")
    secrets.delete_secret(SecretId="checks/root", RecoveryWindowInDays=7)
    code = refusal(secrets.get_secret_value, SecretId="checks/root")
    check(code == "InvalidRequestException", f"what is scheduled for deletion is not read ({code})")
    code = refusal(secrets.create_secret, Name="checks/root", SecretString="three")
    check(code == "InvalidRequestException", f"and keeps its name ({code})")
    secrets.restore_secret(SecretId="checks/root")
    for name in ("checks/root", "checks/other"):
        secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    password = secrets.get_random_password(PasswordLength=20, ExcludePunctuation=True)["RandomPassword"]
    check(len(password) == 20 and password.isalnum(), "a password is as asked for")
    code = refusal(secrets.get_random_password, PasswordLength=2)
    check(code == "InvalidParameterException", f"one too short for its types is not ({code})")

    made = ecr.create_repository(repositoryName="checks/app", tags=[{"Key": "team", "Value": "data"}])["repository"]
    check(made["repositoryUri"].endswith(f".dkr.ecr.{REGION}.amazonaws.com/checks/app"), "a repository has its URI")
    code = refusal(ecr.create_repository, repositoryName="checks/app")
    check(code == "RepositoryAlreadyExistsException", f"a repository is there once ({code})")
    code = refusal(ecr.get_lifecycle_policy, repositoryName="checks/app")
    check(code == "LifecyclePolicyNotFoundException", f"it has no lifecycle policy yet ({code})")
    tags = ecr.list_tags_for_resource(resourceArn=made["repositoryArn"])["tags"]
    check(tags == [{"Key": "team", "Value": "data"}], "its tags are told")
    ecr.delete_repository(repositoryName="checks/app")
    code = refusal(ecr.describe_repositories, repositoryNames=["checks/app"])
    check(code == "RepositoryNotFoundException", f"it is gone ({code})")


def keys(client):
    """KMS: a key with an alias, what it encrypts and under which context it decrypts, and its deletion."""
    kms = client("kms")
    made = kms.create_key(Description="checks", Tags=[{"TagKey": "team", "TagValue": "data"}])["KeyMetadata"]
    check(made["KeyState"] == "Enabled" and made["CreationDate"].year >= 2024, "a key is enabled once it is made")
    kms.create_alias(AliasName="alias/checks", TargetKeyId=made["KeyId"])
    aliases = [alias["AliasName"] for page in kms.get_paginator("list_aliases").paginate(KeyId=made["KeyId"])
               for alias in page["Aliases"]]
    check(aliases == ["alias/checks"], "its alias is listed")
    context = {"stack": "checks"}
    data = kms.generate_data_key(KeyId="alias/checks", KeySpec="AES_256", EncryptionContext=context)
    check(len(data["Plaintext"]) == 32 and data["KeyId"] == made["Arn"], "a data key is made by alias")
    opened = kms.decrypt(CiphertextBlob=data["CiphertextBlob"], EncryptionContext=context)
    check(opened["Plaintext"] == data["Plaintext"], "and unwrapped under its context")
    code = refusal(kms.decrypt, CiphertextBlob=data["CiphertextBlob"])
    check(code == "InvalidCiphertextException", f"not under another one ({code})")
    blob = kms.encrypt(KeyId=made["Arn"], Plaintext=b"text")["CiphertextBlob"]
    check(kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"text", "what is encrypted is decrypted")
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    code = refusal(kms.decrypt, CiphertextBlob=blob, KeyId=other)
    check(code == "IncorrectKeyException", f"not with another key ({code})")
    code = refusal(kms.create_alias, AliasName="alias/checks", TargetKeyId=other)
    check(code == "AlreadyExistsException", f"an alias is there once ({code})")
    kms.disable_key(KeyId=other)
    code = refusal(kms.encrypt, KeyId=other, Plaintext=b"text")
    check(code == "DisabledException", f"a key that is turned off is of no use ({code})")
    kms.delete_alias(AliasName="alias/checks")
    code = refusal(kms.describe_key, KeyId="alias/checks")
    check(code == "NotFoundException", f"an alias that is deleted names nothing ({code})")
    for key in (made["KeyId"], other):
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    code = refusal(kms.decrypt, CiphertextBlob=blob)
    check(code == "KMSInvalidStateException", f"nor is one that is about to go ({code})")


def settled(read, wanted):
    """What is read, once it is in the state that is wanted; gone is a state too."""
    for _ in range(10_000):
        try:
            found = read()
        except ClientError as error:
            found = {"LifeCycleState": error.response["Error"]["Code"]}
        if found.get("LifeCycleState", found.get("State")) == wanted:
            return found
    check(False, f"it becomes {wanted}")


def files(client, subnets):
    """EFS: REST-JSON, whose parameters stand in path, query and body."""
    efs, ec2 = client("efs"), client("ec2")
    made = efs.create_file_system(CreationToken="checks", Encrypted=True, Tags=[{"Key": "Name", "Value": "checks"}])
    system = made["FileSystemId"]
    check(made["ResponseMetadata"]["HTTPStatusCode"] == 201, "a file system is made with 201")
    try:
        efs.create_file_system(CreationToken="checks")
    except efs.exceptions.FileSystemAlreadyExists as error:
        check(error.response["FileSystemId"] == system, "a creation token tells what it has made")
    settled(lambda: efs.describe_file_systems(CreationToken="checks")["FileSystems"][0], "available")
    check(made["CreationTime"].year >= 2024, "a date is a date")

    policies = [{"TransitionToIA": "AFTER_30_DAYS"}, {"TransitionToPrimaryStorageClass": "AFTER_1_ACCESS"}]
    efs.put_lifecycle_configuration(FileSystemId=system, LifecyclePolicies=policies)
    told = efs.describe_lifecycle_configuration(FileSystemId=made["FileSystemArn"])["LifecyclePolicies"]
    check(told == policies, "its lifecycle is told, also by its ARN")
    code = refusal(efs.describe_file_system_policy, FileSystemId=system)
    check(code == "PolicyNotFound", f"it has no policy of its own ({code})")

    target = efs.create_mount_target(FileSystemId=system, SubnetId=subnets[0]["SubnetId"])
    code = refusal(efs.create_mount_target, FileSystemId=system, SubnetId=subnets[0]["SubnetId"])
    check(code == "MountTargetConflict", f"a zone has one mount target ({code})")
    target = settled(lambda: efs.describe_mount_targets(FileSystemId=system)["MountTargets"][0], "available")
    interface = ec2.describe_network_interfaces(NetworkInterfaceIds=[target["NetworkInterfaceId"]])
    address = interface["NetworkInterfaces"][0]["PrivateIpAddress"]
    check(address == target["IpAddress"], "its interface has its address")
    code = refusal(efs.delete_file_system, FileSystemId=system)
    check(code == "FileSystemInUse", f"a file system with mount targets is not deleted ({code})")

    root = {"Path": "/data", "CreationInfo": {"OwnerUid": 1000, "OwnerGid": 1000, "Permissions": "0750"}}
    point = efs.create_access_point(FileSystemId=system, PosixUser={"Uid": 1000, "Gid": 1000}, RootDirectory=root)
    check(point["RootDirectory"] == root, "an access point has its directory")
    arn = point["AccessPointArn"]
    efs.tag_resource(ResourceId=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    efs.untag_resource(ResourceId=arn, TagKeys=["a", "c"])
    check(efs.list_tags_for_resource(ResourceId=arn)["Tags"] == [{"Key": "b", "Value": "2"}], "tags come and go")
    for number in range(2):
        efs.create_file_system(CreationToken=f"paged-{number}")
    pages = efs.get_paginator("describe_file_systems").paginate(PaginationConfig={"PageSize": 1})
    found = [one["FileSystemId"] for page in pages for one in page["FileSystems"]]
    check(len(found) == len(set(found)) == 3, "pages of one describe three file systems")

    efs.delete_mount_target(MountTargetId=target["MountTargetId"])
    gone = {"MountTargetId": target["MountTargetId"]}
    settled(lambda: efs.describe_mount_targets(**gone)["MountTargets"][0], "MountTargetNotFound")
    for one in found:
        settled(lambda: efs.describe_file_systems(FileSystemId=one)["FileSystems"][0], "available")
        answer = efs.delete_file_system(FileSystemId=one)
        check(answer["ResponseMetadata"]["HTTPStatusCode"] == 204, "a file system is deleted with 204")
        settled(lambda: efs.describe_file_systems(FileSystemId=one)["FileSystems"][0], "FileSystemNotFound")


def endpoints(client, subnets):
    ec2 = client("ec2")
    vpc = subnets[0]["VpcId"]
    code = refusal(ec2.create_vpc_endpoint, VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.no-such")
    check(code == "InvalidServiceName", f"no endpoint leads to what is no service ({code})")
    tables = [table["RouteTableId"] for table in ec2.describe_route_tables()["RouteTables"] if table["VpcId"] == vpc]
    gateway = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3", RouteTableIds=tables)
    gateway = gateway["VpcEndpoint"]
    check(gateway["VpcEndpointType"] == "Gateway" and gateway["State"] == "available", "a gateway is there at once")
    check(json.loads(gateway["PolicyDocument"])["Statement"][0]["Action"] == "*", "its policy lets everything through")
    interface = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.logs", VpcEndpointType="Interface",
        SubnetIds=[subnet["SubnetId"] for subnet in subnets],
        TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "Name", "Value": "checks"}]}],
    )["VpcEndpoint"]
    ids = [gateway["VpcEndpointId"], interface["VpcEndpointId"]]
    by_tag = [{"Name": "tag:Name", "Values": ["checks"]}]
    told = settled(lambda: ec2.describe_vpc_endpoints(Filters=by_tag)["VpcEndpoints"][0], "available")
    check(len(told["NetworkInterfaceIds"]) == len(subnets), "it has an interface in each subnet")
    names = [entry["DnsName"] for entry in told["DnsEntries"]]
    check(f"logs.{REGION}.amazonaws.com" in names, "the service's own name leads to it")
    answer = ec2.delete_vpc_endpoints(VpcEndpointIds=[*ids, "vpce-0123456789abcdef0"])
    check([one["ResourceId"] for one in answer["Unsuccessful"]] == ["vpce-0123456789abcdef0"], "two of three go")
    for _ in range(10_000):
        left = ec2.describe_vpc_endpoints()["VpcEndpoints"]
        if not left:
            break
    check(left == [], "they are gone")


def balancers(client, subnets):
    """Elastic Load Balancing: the query protocol, with lists of members and errors in XML."""
    elb, ec2 = client("elbv2"), client("ec2")
    places = {"Scheme": "internal", "Subnets": [subnet["SubnetId"] for subnet in subnets]}
    vpc = subnets[0]["VpcId"]
    code = refusal(elb.create_load_balancer, Name="-checks", **places)
    check(code == "ValidationError", f"a name does not begin with a hyphen ({code})")
    made = elb.create_load_balancer(Name="checks", **places, Tags=[{"Key": "team", "Value": "data"}])["LoadBalancers"][0]
    arn = made["LoadBalancerArn"]
    check(made["CreatedTime"].year >= 2024 and made["DNSName"].startswith("internal-checks-"), "a load balancer is made")
    waited = elb.get_waiter("load_balancer_available")
    waited.wait(LoadBalancerArns=[arn], WaiterConfig={"Delay": 1, "MaxAttempts": 600})
    told = elb.describe_load_balancers(Names=["checks"])["LoadBalancers"][0]
    check(told["State"]["Code"] == "active" and len(told["AvailabilityZones"]) == len(subnets), "it becomes active")
    code = refusal(elb.create_load_balancer, Name="checks", **{**places, "Subnets": places["Subnets"][:1]})
    check(code == "ValidationError", f"it is in two zones at least ({code})")
    code = refusal(elb.create_load_balancer, Name="checks", **places)
    check(code == "DuplicateLoadBalancerName", f"a name has one setting ({code})")
    elb.modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "30"}])
    attributes = elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    check({"Key": "idle_timeout.timeout_seconds", "Value": "30"} in attributes, "its attributes are told")

    group = elb.create_target_group(
        Name="checks", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip", HealthCheckIntervalSeconds=5,
        HealthCheckTimeoutSeconds=2, HealthyThresholdCount=2,
    )["TargetGroups"][0]["TargetGroupArn"]
    elb.modify_target_group_attributes(
        TargetGroupArn=group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "1"}])
    listener = elb.create_listener(
        LoadBalancerArn=arn, Protocol="HTTP", Port=80,
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )["Listeners"][0]["ListenerArn"]
    rule = {
        "ListenerArn": listener, "Actions": [{"Type": "forward", "TargetGroupArn": group}],
        "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a", "/a/*"]}}],
    }
    made = elb.create_rule(**rule, Priority=10)["Rules"][0]
    check(made["Conditions"][0]["Values"] == ["/a", "/a/*"], "a rule has its paths in both forms")
    code = refusal(elb.create_rule, **rule, Priority=10)
    check(code == "PriorityInUse", f"a priority is there once ({code})")
    elb.set_rule_priorities(RulePriorities=[{"RuleArn": made["RuleArn"], "Priority": 20}])
    rules = elb.describe_rules(ListenerArn=listener)["Rules"]
    check([one["Priority"] for one in rules] == ["20", "default"], "rules are told by priority, the default one last")
    code = refusal(elb.delete_target_group, TargetGroupArn=group)
    check(code == "ResourceInUse", f"a target group in use is not deleted ({code})")

    # What answers at the addresses of tasks is let in by their security group, or not.
    tasks = [{"Name": "group-name", "Values": ["hazelcast-sg"]}]
    interface = ec2.describe_network_interfaces(Filters=tasks)["NetworkInterfaces"][0]
    target = [{"Id": interface["PrivateIpAddress"], "Port": 8080}]
    elb.register_targets(TargetGroupArn=group, Targets=target)
    waited = elb.get_waiter("target_in_service")
    waited.wait(TargetGroupArn=group, Targets=target, WaiterConfig={"Delay": 1, "MaxAttempts": 600})
    health = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    check([one["TargetHealth"]["State"] for one in health] == ["healthy"], "a target that lets it in is healthy")
    code = refusal(elb.register_targets, TargetGroupArn=group, Targets=[{"Id": "192.168.0.1"}])
    check(code == "ValidationError", f"an address is in the VPC ({code})")
    elb.deregister_targets(TargetGroupArn=group, Targets=target)
    waited = elb.get_waiter("target_deregistered")
    waited.wait(TargetGroupArn=group, Targets=target, WaiterConfig={"Delay": 1, "MaxAttempts": 600})

    others = [elb.create_target_group(Name=f"checks-{number}", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")
              for number in range(3)]
    pages = elb.get_paginator("describe_target_groups").paginate(PaginationConfig={"PageSize": 2})
    names = [one["TargetGroupName"] for page in pages for one in page["TargetGroups"]]
    check(sorted(names) == ["checks", "checks-0", "checks-1", "checks-2"], "pages of two tell four target groups")
    tags = elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
    check(tags == [{"Key": "team", "Value": "data"}], "its tags are told")
    elb.delete_load_balancer(LoadBalancerArn=arn)
    elb.get_waiter("load_balancers_deleted").wait(LoadBalancerArns=[arn])
    check(refusal(elb.describe_listeners, ListenerArns=[listener]) == "ListenerNotFound", "its listeners go with it")
    for one in [group, *(other["TargetGroups"][0]["TargetGroupArn"] for other in others)]:
        elb.delete_target_group(TargetGroupArn=one)
    code = refusal(elb.describe_target_groups, Names=["checks"])
    check(code == "TargetGroupNotFound", f"they are gone ({code})")


def cloud_control(client):
    control = client("cloudcontrol")

    def finished(event):
        token = event["ProgressEvent"]["RequestToken"]
        control.get_waiter("resource_request_success").wait(
            RequestToken=token, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        return control.get_resource_request_status(RequestToken=token)["ProgressEvent"]

    def properties(kind, identifier):
        found = control.get_resource(TypeName=kind, Identifier=identifier)["ResourceDescription"]
        return json.loads(found["Properties"])

    topic, wanted = "AWS::SNS::Topic", {"DisplayName": "Alerts", "Tags": [{"Key": "team", "Value": "data"}]}
    asked = {"TypeName": topic, "DesiredState": json.dumps(wanted), "ClientToken": "alerts-1"}
    begun = control.create_resource(**asked)
    check(begun["ProgressEvent"]["OperationStatus"] == "IN_PROGRESS", "a creation of Cloud Control takes a while")
    again = control.create_resource(**asked)["ProgressEvent"]["RequestToken"]
    check(again == begun["ProgressEvent"]["RequestToken"], "a client token is good for one request")
    code = refusal(control.create_resource, **{**asked, "DesiredState": "{}"})
    check(code == "ClientTokenConflictException", f"and for no other ({code})")
    arn = finished(begun)["Identifier"]
    check(arn.startswith("arn:aws:sns:"), f"the identifier of a topic is its ARN ({arn})")
    told = properties(topic, arn)
    check({**told, **wanted} == told, "what was wanted is told")
    patch = json.dumps([{"op": "replace", "path": "/DisplayName", "value": "Alarms"}])
    finished(control.update_resource(TypeName=topic, Identifier=arn, PatchDocument=patch))
    check(properties(topic, arn)["DisplayName"] == "Alarms", "a patch changes it")
    patch = json.dumps([{"op": "replace", "path": "/TopicName", "value": "other"}])
    code = refusal(control.update_resource, TypeName=topic, Identifier=arn, PatchDocument=patch)
    check(code == "NotUpdatableException", f"but not what is create-only ({code})")
    pages = control.get_paginator("list_resources").paginate(TypeName=topic, PaginationConfig={"PageSize": 1})
    check([one["Identifier"] for page in pages for one in page["ResourceDescriptions"]] == [arn], "it is listed")
    requests = control.list_resource_requests(ResourceRequestStatusFilter={"Operations": ["UPDATE"]})
    check(len(requests["ResourceRequestStatusSummaries"]) == 1, "so is the update of it")
    finished(control.delete_resource(TypeName=topic, Identifier=arn))
    code = refusal(control.get_resource, TypeName=topic, Identifier=arn)
    check(code == "ResourceNotFoundException", f"it is gone ({code})")
    code = refusal(control.create_resource, TypeName=topic, DesiredState=json.dumps({"Nonsense": 1}))
    check(code == "ValidationException", f"what a type does not have is refused ({code})")
    code = refusal(control.get_resource, TypeName="AWS::SNS::Nothing", Identifier="x")
    check(code == "TypeNotFoundException", f"so is what is no type ({code})")
    code = refusal(control.create_resource, TypeName="AWS::EC2::VPC", DesiredState="{}")
    check(code == "UnsupportedActionException", f"and what EC2 keeps ({code})")


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
        simulation(client)
        refusals(client, service, subnets)
        cloud_map(client)
        files(client, subnets)
        endpoints(client, subnets)
        balancers(client, subnets)
        scaling(client)
        members(endpoint)
        pages_and_waiters(client)
        secrets_and_images(client)
        keys(client)
        cloud_control(client)
        command_line(endpoint)
        exec_and_stop(client)
        service_deleted(client)


if __name__ == "__main__":
    main(*sys.argv[1:])

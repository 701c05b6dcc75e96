"""The engine against a server that others wrote: moto, for networks, roles, logs, clusters and task definitions.

moto's services never start tasks and stay IN_PROGRESS (moto 5.2.5; AWS's reach a steady state), so the script here has
none.

Usage: servers.py PROGRAM
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import urllib.request

import boto3

from embedded import CREDENTIALS, REGION, check, run

SCRIPT = """
let net = network(#{ name: "checked", cidr: "10.0.0.0/16", azs: 2, natGateways: 1 });
let logs = logs_log_group("checked", #{ logGroupName: "/ecs/checked", retentionInDays: input("days", 5) });
let role = iam_role("checked", #{
    roleName: "checked",
    assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com"),
});
role.add_to_policy(policy_statement(#{ actions: ["ecs:ListTasks"], resources: ["*"] }));
let group = ec2_security_group("checked", #{ groupDescription: "checked", vpcId: net.vpc.vpcId });
group.allow_from("self", 5701);
let cluster = ecs_cluster("checked", #{ clusterName: "checked" });
output("vpc", net.vpc.vpcId);
output("cluster", cluster.arn);
"""


def main(program):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
    server = subprocess.Popen(
        ["moto_server", "-H", "127.0.0.1", "-p", str(port)],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(endpoint, server)
        with tempfile.TemporaryDirectory() as folder:
            judge(program, endpoint, folder)
    finally:
        server.terminate()
        server.wait()


def wait_for(endpoint, server):
    """Asks until the server answers; it is over when the server is."""
    while server.poll() is None:
        try:
            urllib.request.urlopen(f"{endpoint}/moto-api/data.json", timeout=30).close()
            return
        except OSError:
            continue
    raise SystemExit("FAILED: moto_server does not start")


def judge(program, endpoint, folder):
    script = os.path.join(folder, "checked.rhai")
    with open(script, "w") as file:
        file.write(SCRIPT)

    def hz(command, *more):
        return run([program, command, script, "--dir", os.path.join(folder, "state"), *more])

    there = ["--region", REGION, "--endpoint-url", endpoint]

    ec2 = boto3.client("ec2", endpoint_url=endpoint, region_name=REGION, aws_access_key_id="LOCAL",
                       aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"])
    ours = [{"Name": "tag:hzscript:stack", "Values": ["checked"]}]
    hz("run", *there, "--yes")
    vpcs = ec2.describe_vpcs(Filters=ours)["Vpcs"]
    check(len(vpcs) == 1, "moto has one VPC of the stack")
    outputs = json.loads(hz("outputs", "--json"))
    check(outputs["vpc"] == vpcs[0]["VpcId"], "and it is the one in the outputs")
    hz("plan", *there, "--detailed-exitcode")
    check(True, "what moto tells back is what was asked for: nothing to do")
    hz("run", *there, "--yes", "--set", "days=7")
    hz("plan", *there, "--detailed-exitcode", "--set", "days=7")
    check(True, "an update settles too")
    hz("destroy", *there, "--yes")
    check(ec2.describe_vpcs(Filters=ours)["Vpcs"] == [], "destroy leaves nothing of it")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Every script of the project against servers that others wrote: moto and ministack.

Each runs, has nothing to do afterwards, survives another value of each of its inputs, and is destroyed to nothing. What the
servers are known to answer wrongly is in `emulators.py`, each with its reason; what they have not got is in `LACKS` below.
Anything else that differs is a failure, and so is a difference of these lists that is none any more.

Usage: servers.py PROGRAM [EMULATOR [SCRIPT]]
"""

import concurrent.futures
import glob
import json
import os
import subprocess
import sys
import tempfile
import time
import tomllib
import traceback

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from embedded import CREDENTIALS, REGION
from emulators import emulators

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Longer than any command takes against a server that waits for nothing.
SECONDS = 100

# What an emulator has not got and no answer of a proxy can stand in for: by (emulator, script) a part of the output of `run`,
# and the reason. The script must fail so.
LACKS = {
    ("moto", "any_resource"): ("cloudformation:CreateResource", "moto has no Cloud Control"),
    ("ministack", "any_resource"): (
        "which AWS did not tell",
        "its Cloud Control knows no types: it tells what was declared, and no attribute of AWS's making",
    ),
}


class Failed(Exception):
    """A stage that went wrong: which, and what the command said."""

    def __init__(self, stage, told):
        super().__init__(stage)
        self.stage, self.told = stage, told


class Script:
    """A script, and what it needs to run."""

    def __init__(self, path, needs):
        self.path, self.name = path, os.path.basename(path).removesuffix(".rhai")
        own = needs.get(self.name, {})
        self.before, self.given, self.others = own.get("before"), own.get("given", {}), own.get("others", [])


def scripts():
    with open(os.path.join(ROOT, "tests/capability/scripts.toml"), "rb") as file:
        needs = tomllib.load(file)
    paths = sorted(glob.glob(os.path.join(ROOT, "scripts/*.rhai")))
    return [Script(path, needs) for path in paths if not path.endswith("_test.rhai")]


# What may be left behind: client, call with its parameters, where the things are in its answer, what tells one from another,
# and in which states it is gone already.
ACCOUNT = [
    ("application-autoscaling", "describe_scalable_targets", {"ServiceNamespace": "ecs"}, "ScalableTargets", "ResourceId"),
    ("ec2", "describe_vpcs", {}, "Vpcs", "VpcId"),
    ("ec2", "describe_subnets", {}, "Subnets", "SubnetId"),
    ("ec2", "describe_route_tables", {}, "RouteTables", "RouteTableId"),
    ("ec2", "describe_internet_gateways", {}, "InternetGateways", "InternetGatewayId"),
    ("ec2", "describe_nat_gateways", {}, "NatGateways", "NatGatewayId"),
    ("ec2", "describe_addresses", {}, "Addresses", "AllocationId"),
    ("ec2", "describe_security_groups", {}, "SecurityGroups", "GroupId"),
    ("ec2", "describe_network_interfaces", {}, "NetworkInterfaces", "NetworkInterfaceId"),
    ("ec2", "describe_vpc_endpoints", {}, "VpcEndpoints", "VpcEndpointId"),
    ("ecr", "describe_repositories", {}, "repositories", "repositoryArn"),
    ("ecs", "list_task_definitions", {}, "taskDefinitionArns", None),
    ("efs", "describe_file_systems", {}, "FileSystems", "FileSystemId"),
    ("efs", "describe_access_points", {}, "AccessPoints", "AccessPointId"),
    ("elbv2", "describe_load_balancers", {}, "LoadBalancers", "LoadBalancerArn"),
    ("elbv2", "describe_target_groups", {}, "TargetGroups", "TargetGroupArn"),
    ("iam", "list_policies", {"Scope": "Local"}, "Policies", "Arn"),
    ("iam", "list_roles", {}, "Roles", "Arn"),
    ("logs", "describe_log_groups", {}, "logGroups", "arn"),
    ("secretsmanager", "list_secrets", {}, "SecretList", "ARN"),
    ("servicediscovery", "list_namespaces", {}, "Namespaces", "Id"),
    ("servicediscovery", "list_services", {}, "Services", "Id"),
]
# States in which a thing is told and is gone.
GONE = ("deleted", "deleting")

def of_a_deleted_nat_gateway(interface, client):
    gateways = client("ec2").describe_nat_gateways()["NatGateways"]
    addresses = [address for gateway in gateways if gone(gateway) for address in gateway["NatGatewayAddresses"]]
    return interface["NetworkInterfaceId"] in [address["NetworkInterfaceId"] for address in addresses]


# What an emulator leaves behind though it was asked to delete it: by emulator, which things, and the reason. They must occur.
LEFT_BEHIND = {
    "moto": [(
        "ec2 NetworkInterfaces",
        of_a_deleted_nat_gateway,
        "the interface of a deleted NAT gateway stays; EC2 made it and takes it away (VPC User Guide, NAT gateways)",
    )],
}


class Stage:
    """A script on an emulator."""

    def __init__(self, program, emulator, script, folder, seen):
        self.program, self.emulator, self.script, self.folder, self.seen = program, emulator, script, folder, seen
        self.session = boto3.Session(
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"], region_name=REGION,
        )

    def client(self, service):
        config = Config(retries={"max_attempts": 1}, inject_host_prefix=False)
        return self.session.client(service, endpoint_url=self.emulator.direct, config=config)

    def hz(self, stage, command, path, expected, *more):
        """Runs the program; its output, when the exit code is the expected one."""
        words = [self.program, command, path, "--dir", os.path.join(self.folder, "state"), "--region", REGION,
                 "--endpoint-url", self.emulator.endpoint, *more]
        environment = {**os.environ, **CREDENTIALS}
        try:
            done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  timeout=SECONDS)
            code, told = done.returncode, done.stdout
        except subprocess.TimeoutExpired as late:
            told = (late.stdout or b"").decode() if isinstance(late.stdout, bytes) else late.stdout or ""
            code = f"none within {SECONDS} seconds"
        if code != expected:
            raise Failed(stage, f"{' '.join(words)}\nexit code {code}, not {expected}\n{told}")
        return told

    def run(self, stage, values, changes):
        """Runs the script, which has changes or none to make and must leave nothing to do. A task definition gets a
        revision only when one is planned."""
        given = {**self.script.given, **values}
        inputs = [f"--set={name}={value if isinstance(value, str) else json.dumps(value)}"
                  for name, value in given.items()]
        before = self.revisions()
        planned = self.hz(f"plan before {stage}", "plan", self.script.path, 2 if changes else 0, "--detailed-exitcode", *inputs)
        self.hz(stage, "run", self.script.path, 0, "--yes", *inputs)
        self.hz(f"plan after {stage}", "plan", self.script.path, 0, "--detailed-exitcode", *inputs)
        after = self.revisions()
        if "ecs_task_definition." not in planned and after != before:
            raise Failed(f"revisions after {stage}", f"nothing of a task definition was planned\n{before}\n{after}")

    def revisions(self):
        """Every task definition there ever was."""
        ecs, found = self.client("ecs"), []
        for status in ("ACTIVE", "INACTIVE"):
            pages = ecs.get_paginator("list_task_definitions").paginate(status=status)
            found += [arn.rpartition("/")[2] for page in pages for arn in page["taskDefinitionArns"]]
        return sorted(found)

    def account(self):
        """Everything that exists, by what it is: what tells one from another."""
        found = {}
        for service, call, parameters, key, name in ACCOUNT:
            try:
                things = getattr(self.client(service), call)(**parameters).get(key, [])
            except (ClientError, BotoCoreError):
                # What an emulator has not got cannot be left behind in it.
                things = []
            found[f"{service} {key}"] = {thing[name] if name else thing: thing for thing in things if not gone(thing)}
        # INACTIVE ones may be listed for a while (API reference, DeleteCluster).
        ecs = self.client("ecs")
        clusters = ecs.describe_clusters(clusters=ecs.list_clusters()["clusterArns"])["clusters"]
        found["ecs clusters"] = {one["clusterArn"]: one for one in clusters if one["status"] == "ACTIVE"}
        return found

    def left(self, was):
        """What exists now and did not before, or the other way round, without what the emulator is known to leave."""
        now, left = self.account(), {}
        for key, things in now.items():
            new = {name: thing for name, thing in things.items() if name not in was[key]}
            for listed, is_known, reason in LEFT_BEHIND.get(self.emulator.name, []):
                known = [name for name, thing in new.items() if key == listed and is_known(thing, self.client)]
                for name in known:
                    del new[name]
                    self.seen.add(reason)
            changed = sorted(new) + [f"gone: {name}" for name in was[key] if name not in things]
            if changed:
                left[key] = changed
        return left

    def judge(self):
        """The life of the script's stack."""
        before = os.path.join(self.folder, "before.rhai")
        if self.script.before:
            with open(before, "w") as file:
                file.write(self.script.before)
            self.hz("what it needs", "run", before, 0, "--yes")
        was = self.account()
        self.run("the first run", {}, True)
        self.run("a second run", {}, False)
        later = [name for name in self.revisions() if not name.endswith(":1")]
        if later:
            raise Failed("a second run", f"revisions that nothing asked for: {later}")
        for values in self.script.others:
            # What the run before it has changed goes back with it.
            self.run(f"a run with {values}", values, True)
        self.hz("destroy", "destroy", self.script.path, 0, "--yes")
        left = self.left(was)
        if left:
            raise Failed("after destroy", f"the account is not as before: {json.dumps(left, indent=2)}")
        if self.script.before:
            self.hz("destroying what it needs", "destroy", before, 0, "--yes")


def gone(thing):
    return isinstance(thing, dict) and (thing.get("State") or thing.get("LifeCycleState")) in GONE


def judged(program, emulator, wanted):
    """Failures of all scripts on an emulator, as (script, stage, output)."""
    failures, seen = [], set()
    for script in scripts():
        if wanted and script.name != wanted:
            continue
        # Revisions are counted from 1 again, and what a script that failed has left is gone.
        emulator.reset()
        began, lack = time.monotonic(), LACKS.get((emulator.name, script.name))
        with tempfile.TemporaryDirectory() as folder:
            try:
                Stage(program, emulator, script, folder, seen).judge()
                if lack:
                    failures.append((script.name, "all", f"it works, and LACKS says that it does not: {lack[1]}"))
                how = "ok"
            except Failed as failed:
                if lack and lack[0] in failed.told:
                    how = f"ok so far: {lack[1]}"
                else:
                    failures.append((script.name, failed.stage, failed.told))
                    how = f"FAILED at {failed.stage}"
            except Exception:
                failures.append((script.name, "the check itself", traceback.format_exc()))
                how = "FAILED"
        print(f"{how}: {script.name} on {emulator.name}, {time.monotonic() - began:.0f} s", flush=True)
    if not wanted:
        if not emulator.filled_in:
            failures.append(("all scripts", "defaults", "none is filled in: an empty plan says nothing about them"))
        listed = [rule.why for rule in emulator.rules if rule.mended == 0]
        listed += [why for _, _, why in LEFT_BEHIND.get(emulator.name, []) if why not in seen]
        failures += [("all scripts", "the lists", f"it does not occur any more: {why}") for why in listed]
    return failures


def main(program, name=None, script=None):
    def one(emulator):
        with emulator:
            return emulator.name, judged(program, emulator, script)

    chosen = [emulator for emulator in emulators() if name in (None, emulator.name)]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        results = list(pool.map(one, chosen))
    failed = [(emulator, *failure) for emulator, failures in results for failure in failures]
    for emulator, script, stage, told in failed:
        print(f"\nFAILED: {script} on {emulator}: {stage}\n{told}")
    if failed:
        raise SystemExit(f"{len(failed)} differences that nobody has listed")


if __name__ == "__main__":
    main(*sys.argv[1:])

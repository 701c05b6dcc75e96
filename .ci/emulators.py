"""Emulators of AWS that others wrote, each behind a proxy that mends what it is known to answer wrongly.

A rule of the proxy says what AWS's documentation says instead. It must be needed: one that mends nothing in a whole run is a
failure, so that the list stays true.
"""

import contextlib
import http.client
import http.server
import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request
import xml.etree.ElementTree as xml


class Rule:
    """What an emulator answers wrongly to some actions. `mend(asked, told)` changes an answer in place; of a rule that is for
    a refusal, `mend(asked)` changes the question, which is then asked again."""

    def __init__(self, actions, why, mend, refusal=None):
        self.actions, self.why, self.mend, self.refusal = set(actions), why, mend, refusal
        self.mended = 0


class Emulator:
    """A server on a port that the system picked, and the proxy in front of it."""

    def __init__(self, name, command, environment, ready, reset, rules):
        self.name, self.command, self.environment = name, command, environment
        self.ready, self.reset_path, self.rules = ready, reset, rules
        # Names of what it has filled in where a task definition's containers did not say it.
        self.filled_in = set()

    def __enter__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.direct = f"http://127.0.0.1:{self.port}"
        words = [word.format(port=self.port) for word in self.command]
        environment = {key: value.format(port=self.port) for key, value in self.environment.items()}
        self.server = subprocess.Popen(
            words, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self.wait_until_it_answers()
            self.proxy = Proxy(self)
            self.endpoint = f"http://127.0.0.1:{self.proxy.server_port}"
            threading.Thread(target=self.proxy.serve_forever, daemon=True).start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.proxy.shutdown()
        self.proxy.server_close()
        self.stop()

    def stop(self):
        """Ends the server and what it has started: they are a process group of their own."""
        try:
            os.killpg(self.server.pid, signal.SIGTERM)
            self.server.wait(10)
        except ProcessLookupError:
            pass
        except subprocess.TimeoutExpired:
            os.killpg(self.server.pid, signal.SIGKILL)
        self.server.wait()

    def wait_until_it_answers(self):
        while self.server.poll() is None:
            try:
                urllib.request.urlopen(self.direct + self.ready, timeout=30).close()
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit(f"FAILED: {self.command[0]} does not start")

    def reset(self):
        """Makes it forget everything."""
        urllib.request.urlopen(urllib.request.Request(self.direct + self.reset_path, method="POST"), timeout=60).close()


class Proxy(http.server.ThreadingHTTPServer):
    """Passes calls on to an emulator, and its answers back as its rules mend them."""

    daemon_threads = True

    def __init__(self, emulator):
        self.emulator = emulator
        # The rules remember what was asked, and one at a time: an answer is mended before the next question.
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), Handler)


class Question:
    """What a client asks: an action and its parameters, in the protocol of the service."""

    def __init__(self, handler):
        self.sent = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        target, text = handler.headers.get("X-Amz-Target"), self.sent.decode(errors="replace")
        self.is_query = not target and "Action=" in text
        if self.is_query:
            self.asked = dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
            self.action = self.asked["Action"]
            self.read, self.write = xml.fromstring, write_xml
        else:
            self.asked = json.loads(text or "{}")
            self.action = target.rpartition(".")[2] if target else f"{handler.command} {handler.path}"
            self.read, self.write = json.loads, json.dumps
        self.before = json.dumps(self.asked)

    def body(self):
        """What was sent, or what a rule has made of it."""
        if json.dumps(self.asked) == self.before:
            return self.sent
        return (urllib.parse.urlencode(self.asked) if self.is_query else json.dumps(self.asked)).encode()


def mended(rules, question, told):
    """The answer as AWS would give it."""
    if not rules:
        return told
    answer = question.read(told)
    for rule in rules:
        before = question.write(answer)
        rule.mend(question.asked, answer)
        rule.mended += question.write(answer) != before
    return question.write(answer).encode()


def filled_in(asked, told):
    """Names in the containers of a stored task definition that were not sent."""
    pairs = zip(asked["containerDefinitions"], told["taskDefinition"]["containerDefinitions"], strict=True)
    return {name for sent, stored in pairs for name in stored if name not in sent}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def pass_on(self):
        question = Question(self)
        rules = [rule for rule in self.server.emulator.rules if question.action in rule.actions]
        with self.server.lock if rules else contextlib.nullcontext():
            status, headers, told = self.ask(question)
            for rule in rules:
                if rule.refusal and status == 400 and rule.refusal in told.decode():
                    rule.mend(question.asked)
                    rule.mended += 1
                    status, headers, told = self.ask(question)
            if status == 200 and question.action == "RegisterTaskDefinition":
                self.server.emulator.filled_in |= filled_in(question.asked, json.loads(told))
            if status == 200:
                told = mended([rule for rule in rules if not rule.refusal], question, told)
        self.send_response(status)
        for key, value in headers:
            if key.lower() not in ("connection", "content-length", "transfer-encoding", "date", "server", "x-amz-crc32"):
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    do_GET = do_POST = do_PUT = do_DELETE = pass_on

    def ask(self, question):
        """The emulator's answer: status, headers, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.emulator.port, timeout=120)
        headers = {key: value for key, value in self.headers.items() if key.lower() not in ("connection", "content-length")}
        connection.request(self.command, self.path, body=question.body(), headers=headers)
        answer = connection.getresponse()
        told = answer.read()
        connection.close()
        return answer.status, answer.getheaders(), told

    def log_message(self, *_):
        pass


def write_xml(root):
    """XML with the namespace of the root as the default one, as AWS writes it."""
    if root.tag.startswith("{"):
        xml.register_namespace("", root.tag[1:].partition("}")[0])
    return xml.tostring(root, encoding="unicode")


def every(root, name):
    """Elements of a name, whatever their namespace."""
    return [element for element in root.iter() if element.tag.rpartition("}")[2] == name]


def under(element, name):
    """The text of a child, or nothing."""
    return next((child.text for child in element if child.tag.rpartition("}")[2] == name), None)


def add(element, name, text=None):
    """A new child in the namespace of its parent."""
    space = element.tag.rpartition("}")[0]
    child = xml.SubElement(element, f"{space}}}{name}" if space else name)
    child.text = text
    return child


def services(told):
    """ECS services of an answer."""
    return [told["service"]] if "service" in told else told.get("services", [])


SERVICE_ACTIONS = ("CreateService", "UpdateService", "DescribeServices")


def tasks_run(asked, told):
    for service in services(told):
        service["runningCount"], service["pendingCount"] = service["desiredCount"], 0
        # The new deployment alone is left once the old one has no tasks.
        service["deployments"] = [one for one in service["deployments"] if one["status"] == "PRIMARY"]
        for deployment in service["deployments"]:
            deployment.update(runningCount=deployment["desiredCount"], pendingCount=0, rolloutState="COMPLETED")


class Remembered:
    """Properties of services that were sent and are not told."""

    def __init__(self, *names):
        self.names, self.sent = names, {}

    def __call__(self, asked, told):
        for service in services(told):
            sent = self.sent.setdefault(service["serviceArn"], {})
            if "serviceName" in asked:
                # A creation: what another service of that name had is no longer true.
                sent.clear()
            sent.update({name: asked[name] for name in self.names if name in asked})
            service.update(sent)


def in_a_vpc_of_its_own(asked):
    # The emulator compares the VPC with those of other namespaces, and tells it nowhere.
    asked["Vpc"] = f"{asked['Vpc']}/{asked['Name']}"


MOTO_RULES = [
    Rule(
        SERVICE_ACTIONS,
        "services start no tasks and stay IN_PROGRESS; ECS's scheduler starts them and completes the deployment "
        "(API reference, Deployment.rolloutState)",
        tasks_run,
    ),
    Rule(
        SERVICE_ACTIONS,
        "deploymentConfiguration is dropped; DescribeServices tells it (API reference, Service)",
        Remembered("deploymentConfiguration"),
    ),
    Rule(
        SERVICE_ACTIONS,
        "healthCheckGracePeriodSeconds is dropped; DescribeServices tells it (API reference, Service)",
        Remembered("healthCheckGracePeriodSeconds"),
    ),
    Rule(
        ["CreatePrivateDnsNamespace"],
        "a VPC takes one private namespace; AWS refuses a second one of the same name (Route 53 API reference, "
        "ConflictingDomainExists)",
        in_a_vpc_of_its_own, refusal="ConflictingDomainExists",
    ),
]


class NatAddresses:
    """Allocations by NAT gateway."""

    def __init__(self):
        self.allocations = {}

    def __call__(self, asked, told):
        if asked["Action"] == "CreateNatGateway":
            self.allocations[every(told, "natGatewayId")[0].text] = asked.get("AllocationId")
        for addresses in every(told, "natGatewayAddressSet"):
            parent = next(one for one in told.iter() if addresses in list(one))
            allocation = self.allocations.get(under(parent, "natGatewayId"))
            if allocation and len(addresses) == 0:
                item = add(addresses, "item")
                add(item, "allocationId", allocation)
                add(item, "isPrimary", "true")


def only_the_nat_gateways_asked_for(asked, told):
    numbers = [key.split(".")[1] for key, value in asked.items() if value == "nat-gateway-id" and key.endswith(".Name")]
    wanted = {value for key, value in asked.items() for number in numbers if key.startswith(f"Filter.{number}.Value.")}
    if not numbers:
        return
    for gateways in every(told, "natGatewaySet"):
        for gateway in [one for one in gateways if under(one, "natGatewayId") not in wanted]:
            gateways.remove(gateway)


MINISTACK_RULES = [
    Rule(
        ["CreateNatGateway", "DescribeNatGateways"],
        "NAT gateways tell no addresses; EC2 tells the allocation (API reference, NatGateway.natGatewayAddressSet)",
        NatAddresses(),
    ),
    Rule(
        ["DescribeNatGateways"],
        "the filter nat-gateway-id is ignored; EC2 answers those asked for (API reference, DescribeNatGateways)",
        only_the_nat_gateways_asked_for,
    ),
    Rule(
        SERVICE_ACTIONS,
        "UpdateService drops serviceRegistries; ECS takes them (API reference, UpdateService)",
        Remembered("serviceRegistries"),
    ),
]


def emulators():
    return [
        Emulator(
            "moto",
            ["moto_server", "-H", "127.0.0.1", "-p", "{port}"],
            {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true"},
            "/moto-api/data.json", "/moto-api/reset", MOTO_RULES,
        ),
        Emulator(
            "ministack",
            ["ministack"],
            {
                "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": "{port}", "MINISTACK_ACCOUNT_ID": "123456789012",
                "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0",
            },
            "/_ministack/ready", "/_ministack/reset", MINISTACK_RULES,
        ),
    ]

"""Kills runs at random instants, from outside: after each, one more run ends where an undisturbed one does.

A creation, a replacement of nearly everything and a deletion are killed in turn, in folders of their own. The embedded AWS
must hold then what it holds when nobody disturbs. The lock of a killed run must not be in the way of the next one.

Usage: kill.py PROGRAM COUNT [STATE_URL]; the seed is printed, and taken from HZSCRIPT_KILL_SEED when that is set.
"""

import collections
import concurrent.futures
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import uuid

from embedded import CREDENTIALS

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCRIPT = os.path.join(ROOT, "scripts/hazelcast.rhai")
# What is done to a stack, in turn: each the arguments of a command.
TURNS = [
    ("create", ["run", SCRIPT, "--yes"]),
    ("replace", ["run", SCRIPT, "--yes", "--set", "cidr=10.1.0.0/16", "--set", "desiredCount=4"]),
    ("destroy", ["destroy", SCRIPT, "--yes"]),
]
# Longer than any command takes.
SECONDS = 300


def below(url, name):
    """A folder of its own below the URL of a store."""
    path, mark, parameters = url.partition("?")
    return f"{path.rstrip('/')}/{name}{mark}{parameters}"


class World:
    """A folder for the embedded AWS, and a place for the state."""

    def __init__(self, program, url):
        self.program, self.folder = program, tempfile.TemporaryDirectory()
        self.place = ["--dir", self.folder.name]
        self.state = ["--state", below(url, uuid.uuid4())] if url else []

    def start(self, words):
        command = [self.program, *words, *self.state, *self.place]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **CREDENTIALS}
        )

    def run(self, words):
        """How long a command takes; stops when it fails."""
        began = time.monotonic()
        process = self.start(words)
        told, _ = process.communicate(timeout=SECONDS)
        if process.returncode != 0:
            raise AssertionError(f"{' '.join(words)} ended with {process.returncode}:\n{told}")
        return time.monotonic() - began

    def holds(self):
        """What the embedded AWS has: names and types, and identifiers as far as they are not made up."""
        listed = subprocess.run(
            [self.program, "local", "list", "--json", *self.place], capture_output=True, text=True, check=True
        )
        things = [
            (thing["type"], thing.get("name"), thing.get("status"), re.sub(r"[0-9a-f]{6,}|\d+", "*", thing["id"]))
            for thing in json.loads(listed.stdout)
        ]
        return collections.Counter(things)


def undisturbed(program, url):
    """What there is after each turn, and how long each takes."""
    world = World(program, url)
    with world.folder:
        return [(world.run(words), world.holds()) for _, words in TURNS]


class Killed:
    """Kills one command after a while, and goes on."""

    def __init__(self, program, url, seed, expected):
        self.program, self.url, self.random, self.expected = program, url, random.Random(seed), expected

    def cycle(self):
        """One stack from its creation to its end; how many commands were killed before they ended."""
        world, killed = World(self.program, self.url), 0
        with world.folder:
            for (name, words), (took, holds) in zip(TURNS, self.expected):
                delay = self.random.uniform(0, took)
                process = world.start(words)
                time.sleep(delay)
                process.send_signal(signal.SIGKILL)
                process.communicate()
                killed += process.returncode == -signal.SIGKILL
                when = f"{name}, killed after {delay:.3f} s of about {took:.3f} s"
                try:
                    world.run(words)
                except AssertionError as error:
                    raise SystemExit(f"FAILED: {when}: the next run does not get there\n{error}")
                if world.holds() != holds:
                    missing, besides = holds - world.holds(), world.holds() - holds
                    raise SystemExit(f"FAILED: {when}: missing {dict(missing)}, besides {dict(besides)}")
                if name != "destroy":
                    plan = ["plan", *(word for word in words[1:] if word != "--yes"), "--detailed-exitcode"]
                    try:
                        world.run(plan)
                    except AssertionError as error:
                        raise SystemExit(f"FAILED: {when}: there is something left to do\n{error}")
        return killed


def main(program, count, url=None):
    count, seed = int(count), int(os.environ.get("HZSCRIPT_KILL_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"seed {seed}: HZSCRIPT_KILL_SEED={seed} repeats the delays", flush=True)
    program, expected, killed = os.path.abspath(program), undisturbed(program, url), 0
    workers = os.cpu_count() or 1
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        cycles = [Killed(program, url, f"{seed}-{number}", expected).cycle for number in range(workers)]
        while killed < count:
            for done in [pool.submit(cycle) for cycle in cycles]:
                killed += done.result()
    print(f"ok: {killed} runs killed, {killed} survived, the state in {url or 'a folder'}")


if __name__ == "__main__":
    main(*sys.argv[1:])

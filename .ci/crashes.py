"""Ends the program at every call and every write of the state, and runs it again: python3 crashes.py PROGRAM [EVERY]

For Hazelcast and OrientDB, for create, update, replace and destroy: the process aborts before and after its 1st, 2nd, …
call and write, EVERY of them tried one by one (all by default). After each, one more run must end where an undisturbed one
does: nothing left to do, and everything there once.
"""

import collections
import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIVES = {
    "hazelcast": [
        ("create", []),
        ("update", ["--set=desiredCount=4", "--set=image=hazelcast/hazelcast:5.5.11"]),
        ("replace", ["--set=cidr=10.1.0.0/16"]),
        ("destroy", None),
    ],
    "orientdb": [
        ("create", []),
        ("update", ["--set=desiredCount=4"]),
        ("replace", ["--set=cloudNamespace=other.orientdb.com"]),
        ("destroy", None),
    ],
}


class Stack:
    """A script's stack in a folder of its own."""

    def __init__(self, program, name, folder):
        self.program, self.script, self.folder = program, ROOT / "scripts" / f"{name}.rhai", folder

    def hz(self, *words):
        command = [self.program, *words]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)

    def carry_out(self, inputs, *more):
        if inputs is None:
            return self.hz("destroy", self.script, "--yes", *more)
        return self.hz("run", self.script, "--yes", *inputs, *more)

    def left_to_do(self, inputs):
        if inputs is None:
            return False
        return self.hz("plan", self.script, "--detailed-exitcode", *inputs).returncode != 0

    def inventory(self):
        listed = json.loads(self.hz("local", "list", "--json").stdout)
        # What is added to names that are made up is another for each stack.
        named = lambda one: re.sub("[0-9a-f]{8,}", "…", one.get("name") or "")
        return collections.Counter((one["type"], named(one), one.get("status")) for one in listed)


def must(ended, when):
    if ended.returncode != 0:
        sys.exit(f"{when}: exit status {ended.returncode}\n{ended.stdout}\n{ended.stderr}")


def main():
    program, every = str(pathlib.Path(sys.argv[1]).resolve()), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    tried = 0
    with tempfile.TemporaryDirectory() as work:
        for name, life in LIVES.items():
            for part, inputs in life:
                base, expected, place = (pathlib.Path(work) / at for at in ["base", "expected", "place"])
                for folder in [base, expected]:
                    shutil.rmtree(folder, ignore_errors=True)
                (base / ".hzscript/local").mkdir(parents=True)
                (base / ".hzscript/local/settings.toml").write_text("pace = 0.0\n")
                if part != "create":
                    must(Stack(program, name, base).carry_out([]), f"{name} before {part}")
                shutil.copytree(base, expected)
                undisturbed = Stack(program, name, expected)
                must(undisturbed.carry_out(inputs), f"{name} {part}")
                inventory = undisturbed.inventory()
                points = 0
                for counted in ["call", "journal"]:
                    for moment in ["before", "after"]:
                        number = 1
                        while True:
                            shutil.rmtree(place, ignore_errors=True)
                            shutil.copytree(base, place)
                            stack, point = Stack(program, name, place), f"crash={counted}:{number}:{moment}"
                            when = f"{name} {part} {point}"
                            ended = stack.carry_out(inputs, f"--fault={point}")
                            if ended.returncode != -signal.SIGABRT:
                                must(ended, when)
                                break
                            must(stack.carry_out(inputs), when)
                            if stack.left_to_do(inputs):
                                sys.exit(f"{when}: something is left to do")
                            if stack.inventory() != inventory:
                                sys.exit(f"{when}: {stack.inventory() - inventory} more, {inventory - stack.inventory()} less")
                            points += 1
                            number += every
                tried += points
                print(f"{name} {part}: points {points}, survived {points}", flush=True)
    print(f"points {tried}, survived {tried}")


main()

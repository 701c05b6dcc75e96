"""What the program says and asks on a terminal, which it has none of in its own tests.

Usage: terminal.py PROGRAM
"""

import json
import os
import pathlib
import pty
import select
import sys
import tempfile

from embedded import check, run

SCRIPT = """
let net = ec2_vpc("NET", #{ cidrBlock: "10.0.0.0/16" });
ec2_subnet("a", #{ vpcId: net.vpcId, cidrBlock: "10.0.1.0/24" });
"""


def typed(command, answers):
    """What a command prints on a terminal where each of its questions is answered."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(command[0], [str(word) for word in command])
    said, answers = b"", list(answers)
    while select.select([terminal], [], [], 60)[0]:
        try:
            more = os.read(terminal, 1 << 16)
        except OSError:
            break
        said += more
        if said.endswith(b"[y/N] ") and answers:
            os.write(terminal, answers.pop(0).encode() + b"\n")
    os.waitpid(child, 0)
    return said.decode()


def identifiers(program, data):
    """What the embedded AWS has."""
    return sorted(item["id"] for item in json.loads(run([program, "local", "list", "--json", "--dir", data])))


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        script, data = folder / "a.rhai", folder / "hz"
        script.write_text(SCRIPT.replace("NET", "old"))
        plan = [program, "plan", script, "--dir", data]
        said = typed(plan, [])
        check("\x1b[32m" in said and "\\u001b" not in said, "a plan has colours on a terminal")
        run([program, "run", script, "--yes", "--dir", data])
        before = identifiers(program, data)
        script.write_text(SCRIPT.replace("NET", "new"))
        said = typed([program, "run", script, "--dir", data], ["y", "y"])
        check("Treat it as renamed?" in said and "ec2_vpc.old is ec2_vpc.new from now on" in said, "a rename is offered")
        check("nothing to do" in run(plan), "and carried out")
        check(identifiers(program, data) == before, "without anything made or deleted")


main(sys.argv[1])

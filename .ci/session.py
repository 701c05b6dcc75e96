"""A session at the prompt, typed on a terminal as a user does: `hzscript repl` from loading a script to saving it.

Usage: session.py PROGRAM [FILE], where FILE is what the session is recorded in, as text.
"""

import fcntl
import os
import pathlib
import pty
import re
import select
import struct
import sys
import tempfile
import termios
import time

from embedded import check

SCRIPT = pathlib.Path(__file__).parent.parent / "scripts" / "hazelcast.rhai"
PATIENCE = 240


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, command, folder):
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            os.chdir(folder)
            os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
            os.execv(command[0], [str(word) for word in command])
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
        self.said = ""
        self.raw = b""

    def read(self):
        """Takes in what is there; whether more may come."""
        if not select.select([self.terminal], [], [], 1)[0]:
            return True
        try:
            more = os.read(self.terminal, 1 << 16)
        except OSError:
            return False
        # Where the cursor is, is asked before the prompt is shown.
        if b"\x1b[6n" in more:
            os.write(self.terminal, b"\x1b[1;1R")
        self.raw += more
        self.said = plain(self.raw)
        return bool(more)

    def until(self, wanted, since):
        """Waits until something is said after `since`; what was said up to its end."""
        ends = time.monotonic() + PATIENCE
        while True:
            found = re.search(wanted, self.said[since:])
            if found:
                return self.said[since : since + found.end()]
            if time.monotonic() > ends or not self.read():
                raise SystemExit(f"FAILED: {wanted!r} is not said, but:\n{self.said[since:]}")

    def type(self, keys, wanted):
        """Types, and waits until something is said; what was said."""
        since = len(self.said)
        os.write(self.terminal, keys.encode())
        return self.until(wanted, since)

    def completed(self, keys, wanted):
        """Types what Tab completes once its names are known, which are found out beside the prompt."""
        since = len(self.said)
        os.write(self.terminal, keys.encode())
        ends = time.monotonic() + PATIENCE
        while not re.search(wanted, self.said[since:]):
            if time.monotonic() > ends:
                raise SystemExit(f"FAILED: {keys!r} is not completed:\n{self.said[since:]}")
            os.write(self.terminal, b"\t")
            self.read()


def drawn(raw):
    """What is said, without colours and movements of the cursor."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>]", "", raw.decode(errors="replace"))


def plain(raw):
    """The same as lines."""
    return drawn(raw).replace("\r", "")


PROMPT = r"local/[a-z-]+> $"


def session(program, folder):
    """Plays the session; what was said in it."""
    at = Terminal([program, "repl"], folder)
    at.until(PROMPT, 0)
    check("the embedded AWS" in at.said, "the prompt says what is worked on")

    at.type(":lo\t", r":load ")
    said = at.type(f"{SCRIPT.parent}/hazelcast.\t", r"hazelcast\.rhai")
    said = at.type("\r", r"local/hazelcast> $")
    check("resources" in said, "the script is loaded, completed by Tab")

    said = at.type(":plan\r", PROMPT)
    check("ecs_service.hazelcast-service" in said and "to create" in said, "it is planned")
    at.type(":apply\r", r"\[y/N\] ")
    said = at.type("y\r", PROMPT)
    check("created" in said, "it is applied")

    said = at.type('service("hazelcast-service").tasks()\r', PROMPT)
    check(said.count("RUNNING") >= 3 and "STATUS" in said, "its tasks are a table")
    at.completed('service("haz', r'service\("hazelcast-service')
    check(True, "names of what runs are completed")
    at.type('").scale(5)\r', r"\[y/N\] ")
    said = at.type("y\r", PROMPT)
    check("5 tasks run" in said, "the service is scaled")
    said = at.type("members()\r", PROMPT)
    check("together" in said, "its members are shown")
    said = at.type('service("hazelcast-service").events()\r', PROMPT)
    check("steady state" in said, "its events are shown")

    at.type(":follow hazelcast-service\r", r"Members \{size:5")
    said = at.type("\x03", PROMPT)
    check(True, "its logs are followed until Ctrl-C, which does not end the prompt")

    said = at.type('ecs_cluster("second", #{ clusterNam: "second" })\r', PROMPT)
    check("has no property `clusterNam`" in said and "(prompt):1:26" in said, "a mistake is told where it is")
    check("did you mean" in said, "with the way out")
    at.type('ecs_cluster("second", #{\r', r"\n")
    at.type("clusterNa\t", r"clusterName")
    said = at.type(': "second",\r})\r', PROMPT)
    check("+ ecs_cluster.second" in said, "it is mended in several lines, its property completed by Tab")

    said = at.type("let members = 4\r", PROMPT)
    check("~ ecs_service.hazelcast-service" in said, "what is said anew takes the place of what was said")
    at.type(":quit\r", r"\[y/N\] ")
    at.type("n\r", PROMPT)
    said = at.type(":save mine.rhai\r", PROMPT)
    check("mine.rhai is written" in said, "the program is saved")
    os.write(at.terminal, b":quit\r")
    while at.read():
        pass
    check(os.waitstatus_to_exitcode(os.waitpid(at.child, 0)[1]) == 0, "the prompt ends")
    return at.raw


def main(program, record=None):
    program = pathlib.Path(program).resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        raw = session(program, folder)
        saved = (folder / "mine.rhai").read_text()
        check("let members = 4;" in saved and 'ecs_cluster("second"' in saved, "the script has what was said")
        history = (folder / ".hzscript" / "history").read_text()
        check(":save mine.rhai" in history, "what was typed is kept for the next time")
        if record:
            # A line is drawn anew with each key: what it was at last.
            lines = (line.rstrip("\r").rsplit("\r", 1)[-1] for line in drawn(raw).split("\n"))
            pathlib.Path(record).write_text("\n".join(lines))


main(*sys.argv[1:])

"""Running the program and its embedded AWS, for the checks beside this file."""

import contextlib
import os
import re
import subprocess

REGION = "eu-west-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "LOCAL", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": REGION}


def check(condition, what):
    """Stops with what is wrong."""
    if not condition:
        raise SystemExit(f"FAILED: {what}")
    print(f"ok: {what}")


@contextlib.contextmanager
def serving(program, folder):
    """`hzscript local serve` on the data in a folder, and the address it listens on."""
    command = [program, "local", "serve", "--dir", folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            for line in server.stdout:
                found = re.search(r"http://127\.0\.0\.1:\d+", line)
                if found:
                    break
            else:
                raise SystemExit("FAILED: `local serve` told no address")
            yield found.group(0)
        finally:
            server.terminate()


def run(command, **more):
    """What a command prints; stops when it fails."""
    environment = {**os.environ, **CREDENTIALS, **more.pop("env", {})}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, **more)
    if done.returncode != 0:
        raise SystemExit(f"FAILED: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout

"""What `plan --json` prints of every script, before and after it has run, against the schema that the program prints of it.

The schema allows members that it does not know, for readers of an older one. Here it does not: whatever is printed is
described.

Usage: plans.py PROGRAM
"""

import json
import pathlib
import sys
import tempfile

from jsonschema import Draft202012Validator

from embedded import check, run

HERE = pathlib.Path(__file__).parent
SCRIPTS = sorted(path for path in (HERE.parent / "scripts").glob("*.rhai") if not path.stem.endswith("_test"))

# What `scripts/existing_vpc.rhai` looks for.
THEIRS = """
let net = network(#{ name: "my-vpc", cidr: "10.8.0.0/16" });
"""


def closed(schema):
    """The schema, with nothing allowed that it does not describe."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {name: closed(value) for name, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        schema.setdefault("additionalProperties", False)
    return schema


def plans(output):
    """The lines that are plans."""
    lines = [json.loads(line) for line in output.splitlines()]
    return [line for line in lines if line["event"] == "plan"]


def main(program):
    schema = json.loads(run([program, "schema", "plan"]))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(closed(schema))
    seen = set()

    def judge(output, what):
        found = plans(output)
        problems = [f"{error.json_path}: {error.message}" for plan in found for error in validator.iter_errors(plan)]
        for plan in found:
            seen.update(change["action"] for change in plan["plan"]["changes"])
        check(len(found) == 1 and not problems, "\n".join([what, *problems]))

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        theirs = folder / "theirs.rhai"
        theirs.write_text(THEIRS)
        run([program, "run", theirs, "--yes", "--dir", folder / "hz"])
        for script in SCRIPTS:
            def hzscript(command, *more, script=script):
                return run([program, command, script, "--json", "--dir", folder / "hz", *more])

            judge(hzscript("plan"), f"plan of {script.name}")
            judge(hzscript("run", "--yes"), f"run of {script.name}")
            # Every script has something that begins so.
            judge(hzscript("plan", "--only", "i*"), f"plan of a part of {script.name}")
            judge(hzscript("plan", "--replace", "*"), f"plan of a replacement in {script.name}")
            judge(hzscript("destroy", "--yes"), f"destroy of {script.name}")
    check({"noOp", "create", "replaceDeleteFirst", "delete"} <= seen, f"the plans have {', '.join(sorted(seen))}")


main(sys.argv[1])

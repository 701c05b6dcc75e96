#!/usr/bin/env python3
"""Writes aws-types.txt: the schemas of all types that aws-resource-schemas.json does not have, from cfn-lint's.

Run in a Python with cfn-lint (the version is in .ci/requirements.txt): python3 schemas/aws-types.py
"""

import json
import pathlib

import cfnlint

HERE = pathlib.Path(__file__).parent
SCHEMAS = pathlib.Path(cfnlint.__file__).parent / "data" / "schemas"
REGION = "us-east-1"

# What a schema holds that is not read, wherever it stands.
UNREAD = {
    "description", "title", "examples", "$comment", "$id", "$schema", "documentationUrl", "sourceUrl", "handlerSchema",
    "additionalIdentifiers", "propertyTransform", "lifecycle", "resourceLink", "typeConfiguration", "relationshipRef",
    "cloudFormationSystemTags", "arrayType", "timeoutInMinutes", "allOf", "if", "then", "else", "not", "const",
    "prefixItems", "dependencies", "exclusiveMaximum", "exclusiveMinimum", "contentEncoding",
}
# What says nothing: it is so where nothing is said.
SILENT = {("insertionOrder", True), ("uniqueItems", False), ("minItems", 0), ("minLength", 0), ("minProperties", 0)}
# What names members, which are not keywords.
NAMES = {"properties", "definitions", "patternProperties"}


def read(value, names=False):
    if isinstance(value, dict):
        silent = lambda key, item: key in UNREAD or isinstance(item, (bool, int)) and (key, item) in SILENT
        kept = {key: item for key, item in value.items() if names or not silent(key, item)}
        return {key: read(item, key in NAMES and not names) for key, item in kept.items()}
    if isinstance(value, list):
        return [read(item) for item in value]
    return value


def pointer(text):
    """A path as CloudFormation's own schemas write it, without the keywords that some of them have in it."""
    parts = text.removeprefix("/").removeprefix("properties/").split("/")
    kept = [("*" if part == "items" else part) for part in parts if part != "properties"]
    return "/properties/" + "/".join(kept)


def main():
    own = json.loads((HERE / "aws-resource-schemas.json").read_text())["kinds"]
    hashes = json.loads((SCHEMAS / "providers" / f"{REGION}.json").read_text())
    lines = []
    for name in sorted(hashes):
        if name in own:
            continue
        schema = json.loads((SCHEMAS / "resources" / f"{hashes[name]}.json").read_text())
        schema = read(schema)
        for key in [key for key in schema if key.endswith("Properties") and isinstance(schema[key], list)]:
            schema[key] = [pointer(text) for text in schema[key]]
        schema["primaryIdentifier"] = [pointer(text) for text in schema["primaryIdentifier"]]
        if "taggable" in schema:
            schema.setdefault("tagging", {"taggable": schema.pop("taggable")})
        schema.get("tagging", {}).pop("permissions", None)
        lines.append(name + "\t" + json.dumps(schema, separators=(",", ":"), sort_keys=True) + "\n")
    (HERE / "aws-types.txt").write_text("".join(lines))


if __name__ == "__main__":
    main()

"""Checks each line of standard input against the schema of --json."""

import json
import sys

from jsonschema import Draft202012Validator

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
kinds = set()
for line in sys.stdin:
    message = json.loads(line)
    for error in validator.iter_errors(message):
        sys.exit(f"{error.message[:300]} in {line}")
    kinds.add(message["type"])
print(" ".join(sorted(kinds)))

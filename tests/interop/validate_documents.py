"""Holds documents against a JSON Schema. One JSON in, {"schema","documents"}; one out, the errors of each."""

import json
import sys

from jsonschema import Draft202012Validator

task = json.load(sys.stdin)
Draft202012Validator.check_schema(task["schema"])
validator = Draft202012Validator(task["schema"])
json.dump([[error.json_path for error in validator.iter_errors(one)] for one in task["documents"]], sys.stdout)

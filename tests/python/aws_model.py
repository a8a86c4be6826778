"""boto3 clients whose every answer is checked against AWS's own model of the service.

The model is botocore's: an answer has every member that the model requires and none that it does not know, each of its
type; an error is one of the classes that the model declares for the operation, with the members of that class.
"""

import collections
import json
import unittest

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

# What was seen of each operation: whether it succeeded, and the errors that it answered.
SEEN = collections.defaultdict(lambda: {"successes": 0, "errors": set()})

ONCE = {"total_max_attempts": 1}


def client(service):
    """A client of the local service, whose address and dummy credentials are in the environment.

    What a request may hold is for the service to say, not for boto3.
    """
    made = boto3.client(service, config=Config(parameter_validation=False, retries=ONCE))
    made.meta.events.register("before-parse", _check_parsed)
    return made


def _check_parsed(operation_model, response_dict, **_):
    check(operation_model, response_dict)


def check(operation_model, response_dict):
    """Holds an answer against the model."""
    name = operation_model.name
    headers = {key.lower(): value for key, value in response_dict["headers"].items()}
    body = response_dict["body"]
    assert headers["content-type"] == "application/json", headers
    assert len(headers["x-amzn-requestid"]) == 36, headers
    assert headers["content-length"] == str(len(body)), headers
    if response_dict["status_code"] == 200:
        SEEN[name]["successes"] += 1
        _check_output(operation_model, body)
    else:
        SEEN[name]["errors"].add(headers["x-amzn-errortype"])
        _check_error(operation_model, headers["x-amzn-errortype"], response_dict["status_code"], body)


def _check_output(operation_model, body):
    shape = operation_model.output_shape
    if shape is None or not shape.members:
        assert body == b"", f"{operation_model.name} has no output, yet answered {body!r}"
    else:
        _check_shape(shape, json.loads(body), operation_model.name)


def _check_error(operation_model, code, status, body):
    if code == "SerializationException":
        # Of the protocol, and so of no model.
        assert status == 400 and json.loads(body)["message"], body
        return
    shapes = {shape.name: shape for shape in operation_model.error_shapes}
    assert code in shapes, f"{operation_model.name} answered {code}, which its model does not declare"
    shape = shapes[code]
    declared = shape.metadata.get("error", {}).get("httpStatusCode", status)
    assert status == declared, f"{code} came as {status}, the model says {declared}"
    members = json.loads(body)
    assert members["message"], f"{operation_model.name}: {code} without a message"
    _check_shape(shape, members, code)


_TYPES = {
    "structure": dict, "list": list, "map": dict, "string": str, "boolean": bool, "integer": int, "long": int,
    "double": (int, float), "float": (int, float), "timestamp": (int, float),
}


def _check_shape(shape, value, path):
    expected = _TYPES[shape.type_name]
    assert isinstance(value, expected), f"{path} is {value!r}, the model says {shape.type_name}"
    # To Python a boolean is a number.
    assert expected is bool or not isinstance(value, bool), f"{path} is {value!r}"
    if shape.type_name == "structure":
        _check_structure(shape, value, path)
    elif shape.type_name == "list":
        for at, entry in enumerate(value):
            _check_shape(shape.member, entry, f"{path}[{at}]")
    elif shape.type_name == "map":
        for key, entry in value.items():
            _check_shape(shape.value, entry, f"{path}.{key}")
    elif shape.type_name == "string" and shape.enum:
        assert value in shape.enum, f"{path} is {value!r}, none of {shape.enum}"


def _check_structure(shape, value, path):
    names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
    for wire_name, entry in value.items():
        assert wire_name in names, f"{path}.{wire_name} is unknown to the model"
        name = names[wire_name]
        # AWS writes null for what is unset, and its tools take it as absent.
        if entry is not None:
            _check_shape(shape.members[name], entry, f"{path}.{wire_name}")
    for name in shape.required_members:
        wire_name = shape.members[name].serialization.get("name", name)
        # AWS fills a template up with nulls, members that its model requires included.
        there = wire_name in value if path.startswith("DescribeJobTemplate.") else value.get(wire_name) is not None
        assert there, f"{path}.{wire_name} is required by the model"


class AwsTestCase(unittest.TestCase):
    """A test case with words for what AWS answers."""

    maxDiff = None

    def refused(self, code, call, **request):
        """The message with which `call` is refused as `code`."""
        with self.assertRaises(ClientError) as caught:
            call(**request)
        error = caught.exception.response
        self.assertEqual(error["Error"]["Code"], code, error)
        return error["Error"]["Message"]

    def assert_absent(self, answer, *members):
        for member in members:
            self.assertNotIn(member, answer)


def check_coverage(operations, never_refused=()):
    """Every one of `operations` was seen to succeed and, but for `never_refused`, to refuse."""
    lacking = [name for name in operations if not SEEN[name]["successes"]]
    assert not lacking, f"no success of {lacking}"
    lacking = [name for name in operations if not SEEN[name]["errors"] and name not in never_refused]
    assert not lacking, f"no refusal of {lacking}"

"""Every offered operation, driven by AWS's own model: full, minimal, and with each of its constraints broken once.

Nothing here knows an operation by name: one that is newly offered is swept without a line of new code. Where the
service differs from the model, `model_table.py` says so.
"""

import functools
import http.client
import json
import os
import re
import unittest
import urllib.parse

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

import model_table
from aws_model import check, client

URL = os.environ["AWS_ENDPOINT_URL"]
REGION = os.environ["AWS_REGION"]
CREDENTIALS = boto3.Session().get_credentials().get_frozen_credentials()
ACCOUNT = f"arn:aws:iot:{REGION}:{client('iot').describe_thing(thingName=os.environ['JOBS_SANDBOX_THING'])['thingArn'].split(':')[4]}"

# What members hold that name something; everything else is made up by its constraints.
VALUES = {
    "TargetArn": f"{ACCOUNT}:thing/{os.environ['JOBS_SANDBOX_THING']}", "JobDocument": "{}",
    "RoleArn": "arn:aws:iam::123456789012:role/role", "JobTemplateArn": f"{ACCOUNT}:jobtemplate/a",
    "PolicyDocument": json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }),
    "thingGroupArn": f"{ACCOUNT}:thinggroup/a", "thingArn": f"{ACCOUNT}:thing/a", "resourceArn": f"{ACCOUNT}:job/a",
    "target": f"{ACCOUNT}:thinggroup/a", "principal": f"{ACCOUNT}:cert/{'a' * 64}", "jobArn": f"{ACCOUNT}:job/a",
    "executionNumber": 1, "certificateSigningRequest": """-----BEGIN CERTIFICATE REQUEST-----
MIHbMIGCAgEAMCAxDzANBgNVBAoMBkxpZ2h0czENMAsGA1UEAwwEbGFtcDBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABC08CSzLV1+b1u4x7YwrPotwBkUM1yFVThoP
rOlcteAFXgsb5rdsKqn0IdoHKasi5Ya53OvLgCOSASkRfHjV1+agADAKBggqhkjO
PQQDAgNIADBFAiEA8m/hFOglyiZovKqEPRmQASHjAH1OS6rWKoOBvRuNrx8CIF7q
owkfmYIqeK0LXkg+PIo+2q9VPQxP+vUPWZ+zhuUq
-----END CERTIFICATE REQUEST-----
""",
}

# Texts to look for one that fits a pattern, or breaks it.
SAMPLES = ["a", "1", "A", "1.0", "arn:a", "a=", " ", "é", "{", "\u0007"]

# Java's classes of characters, as far as the samples go.
CLASSES = {
    r"\p{C}": r"\x00-\x1f\x7f-\x9f", r"\p{Upper}": "A-Z", r"\p{Digit}": "0-9", r"\p{Graph}": "!-~",
    r"\p{L}": "a-zA-Zé", r"\p{Z}": " ", r"\p{N}": "0-9",
}

INTEGERS = ("integer", "long")
NUMBERS = (*INTEGERS, "double")


@functools.cache
def pattern(text):
    for java, python in CLASSES.items():
        text = text.replace(java, python)
    return re.compile(text, re.ASCII)


def fits(constraints, text):
    return "pattern" not in constraints or pattern(constraints["pattern"]).fullmatch(text) is not None


def text_of(constraints, length=None):
    """A text that keeps to all constraints, but for the length if one is given."""
    if "enum" in constraints:
        return constraints["enum"][0]
    for sample in SAMPLES:
        size = length or max(constraints.get("min", 1), len(sample))
        text = sample + sample[-1] * (size - len(sample))
        if fits(constraints, text):
            return text
    raise AssertionError(f"none of the samples fits {constraints}")


def valid(shape, name=""):
    """A value that the model takes, with every member."""
    constraints = model_table.metadata(shape)
    if shape.name in VALUES or name in VALUES:
        return VALUES.get(name, VALUES.get(shape.name))
    if shape.type_name == "structure":
        members = shape.members.items()
        return {name: valid(member, name) for name, member in members if model_table.is_offered("", name)}
    if shape.type_name == "list":
        return [valid(shape.member)] * constraints.get("min", 1)
    if shape.type_name == "map":
        return {valid(shape.key): valid(shape.value)}
    if shape.type_name == "string":
        return text_of(constraints)
    if shape.type_name == "boolean":
        return True
    return constraints.get("min", 1)


def minimal(shape):
    """The same with the required members alone."""
    if shape.type_name == "structure":
        return {name: minimal(shape.members[name]) if name not in VALUES else valid(shape.members[name], name)
                for name in shape.required_members}
    if shape.type_name == "list" and shape.name not in VALUES:
        return [minimal(shape.member)] * model_table.metadata(shape).get("min", 1)
    return valid(shape)


class Refusal:
    """What a request is refused with: a violation of the model, or JSON of the wrong type."""

    def __init__(self, code, message):
        self.code, self.message = code, re.compile(message, re.S)


def violation(path, value, constraint):
    expected = f"1 validation error detected: Value {value}at '{path}' failed to satisfy constraint: {constraint}"
    return Refusal("InvalidRequestException", expected)


def quoted(shape):
    return "" if shape.name in model_table.UNQUOTED else "'.*' "


IN_JSON = {"string": "String", "integer": "Integer", "long": "Long", "double": "Double", "boolean": "Boolean"}


def wrong_types(shape):
    """Values of JSON types that the shape does not have, with what AWS says of them."""
    structure, lst = "Start of structure or map found where not expected", "Start of list found where not expected"
    kind = shape.type_name
    if kind in ("structure", "map"):
        return [(["x"], lst), ([], lst), ("x", "Unexpected field type"), (5, "Unexpected field type")]
    if kind == "list":
        return [({}, structure), ("x", "Unexpected field type"), (True, "Unexpected field type")]
    wrong = [({}, structure), ([], lst)]
    if kind != "string":
        converted = f"STRING_VALUE cannot be converted to {IN_JSON[kind]}"
        wrong.append(("x", "Unexpected token received from parser" if kind == "boolean" else converted))
    if kind != "boolean":
        wrong.append((True, f"TRUE_VALUE cannot be converted to {IN_JSON[kind]}"))
    if kind not in NUMBERS:
        wrong.append((5, f"NUMBER_VALUE cannot be converted to {IN_JSON[kind]}"))
    if kind in INTEGERS:
        wrong.append((5.5, f"DECIMAL_VALUE cannot be converted to {IN_JSON[kind]}"))
    return wrong


def broken(shape):
    """Values that each break one constraint of the shape itself, with what AWS says of it."""
    constraints, kind = model_table.metadata(shape), shape.type_name
    low, high = constraints.get("min"), constraints.get("max")
    if kind in NUMBERS:
        step = 0.1 if kind == "double" else 1
        if low is not None:
            yield low - step, f"Member must have value greater than or equal to {low}"
        if high is not None:
            yield high + step, f"Member must have value less than or equal to {high}"
    elif "enum" in constraints:
        yield "NONE_OF_THEM", "Member must satisfy enum value set: \\[" + ", ".join(constraints["enum"]) + "\\]"
    elif kind == "string":
        if low:
            yield text_of(constraints, low)[:low - 1], f"Member must have length greater than or equal to {low}"
        if high is not None:
            yield text_of(constraints, high + 1), f"Member must have length less than or equal to {high}"
        size = max(low or 1, 1)
        texts = [(sample * size)[:size] for sample in SAMPLES]
        outside = next((text for text in texts if not fits(constraints, text)), None)
        if outside is not None:
            yield outside, "Member must satisfy regular expression pattern: " + re.escape(constraints["pattern"])
    elif kind == "list":
        if low:
            yield [], f"Member must have length greater than or equal to {low}"
        if high is not None:
            yield [minimal(shape.member)] * (high + 1), f"Member must have length less than or equal to {high}"


def cases(shape, path):
    """Each thing that can be wrong with a value, within it too: the value, what it is refused with."""
    for value, said in wrong_types(shape):
        yield value, Refusal("SerializationException", said)
    for value, said in broken(shape):
        yield value, violation(path, quoted(shape), said)
    if shape.type_name == "structure":
        base = minimal(shape)
        for name in shape.required_members:
            without = {member: value for member, value in base.items() if member != name}
            yield without, violation(f"{path}.{lower(name)}", "null ", "Member must not be null")
        for name, member in shape.members.items():
            for value, refusal in cases(member, f"{path}.{lower(name)}"):
                yield {**base, name: value}, refusal
    elif shape.type_name == "list":
        for value, refusal in cases(shape.member, f"{path}.1.member"):
            yield [value], refusal
    elif shape.type_name == "map":
        key, entry = valid(shape.key), valid(shape.value)
        for value, said in broken(shape.key):
            yield {value: entry}, violation(f"{path}.member.key", quoted(shape.key), said)
        for value, refusal in cases(shape.value, f"{path}.{key}.member"):
            yield {key: value}, refusal


def lower(name):
    return name[0].lower() + name[1:]


def cases_in_text(shape, name):
    """The same for a member that stands in the path, the query or a header."""
    if shape.type_name in INTEGERS:
        yield "x", Refusal("SerializationException", f"'x' can not be converted to {IN_JSON[shape.type_name]}")
    if shape.type_name == "boolean":
        yield "x", Refusal("SerializationException", "'x' can not be converted to Boolean")
    for value, said in broken(shape):
        # An empty part of a path makes another path.
        # A header has no white space at its ends.
        location = shape.serialization["location"]
        if (value != "" or location != "uri") and (str(value) == str(value).strip() or location != "header"):
            yield value, violation(name, quoted(shape), said)


# What there is when an operation is asked for something that exists: everything is called a.
STOCK = [
    ("CreateThingType", {"thingTypeName": "a"}),
    ("CreateThing", {"thingName": "a"}), ("CreateThingGroup", {"thingGroupName": "a"}),
    ("CreateJob", {"jobId": "a", "targets": [f"{ACCOUNT}:thing/a"], "document": "{}"}),
    ("CreateJobTemplate", {"jobTemplateId": "a", "description": "a", "document": "{}"}),
    ("CreatePolicy", {"policyName": "a", "policyDocument": VALUES["PolicyDocument"]}),
]


class Connection:
    """One connection to the service, for signed requests that hold whatever they should."""

    def __init__(self):
        self.connection = http.client.HTTPConnection(urllib.parse.urlparse(URL).netloc)

    def send(self, operation, members):
        """The answer in the form in which botocore hands one to its parser."""
        shapes = operation.input_shape.members if operation.input_shape else {}
        path, query, headers, body = operation.http["requestUri"], {}, {}, {}
        for name, value in members.items():
            location, wire = shapes[name].serialization.get("location"), shapes[name].serialization.get("name", name)
            text = str(value).lower() if isinstance(value, bool) else str(value)
            if location == "uri":
                path = path.replace(f"{{{wire}}}", urllib.parse.quote(text, safe=""))
            elif location == "querystring":
                query[wire] = text
            elif location == "header":
                headers[wire] = text
            else:
                body[wire] = value
        if query:
            path += "?" + urllib.parse.urlencode(query)
        data = json.dumps(body) if body or operation.http["method"] in ("POST", "PUT", "PATCH") else ""
        return self._send(operation, path, headers, data)

    def offers(self, operation):
        shapes = operation.input_shape.members if operation.input_shape else {}
        labels = {name: "1" for name, shape in shapes.items() if shape.serialization.get("location") == "uri"}
        return code(self.send(operation, labels)) != "UnknownOperationException"

    def _send(self, operation, path, headers, data):
        method, service = operation.http["method"], operation.service_model.signing_name
        request = AWSRequest(method, URL + path, headers=headers, data=data.encode())
        SigV4Auth(CREDENTIALS, service, REGION).add_auth(request)
        self.connection.request(method, path, body=data.encode(), headers=dict(request.headers))
        answer = self.connection.getresponse()
        return {"status_code": answer.status, "headers": dict(answer.headers), "body": answer.read()}


def code(answer):
    return {name.lower(): value for name, value in answer["headers"].items()}.get("x-amzn-errortype")


def requests(operation):
    """What is sent to an operation: a name of the case, the members, and what it is refused with, if anything."""
    shape = operation.input_shape
    shapes = shape.members if shape else {}
    is_offered = functools.partial(model_table.is_offered, operation.name)
    full = {name: valid(member, name) for name, member in shapes.items() if is_offered(name)}
    base = minimal(shape) if shape else {}
    yield "full", full, None
    yield "minimal", base, None
    for name, member in shapes.items():
        location = member.serialization.get("location")
        if name in (shape.required_members) and location != "uri":
            without = {other: value for other, value in base.items() if other != name}
            yield f"without {name}", without, violation(name, "null ", "Member must not be null")
        if not is_offered(name):
            said = f"The local Jobs service does not offer {name} of {operation.name}."
            yield name, {**base, name: valid(member, name)}, Refusal("InvalidRequestException", re.escape(said))
        for value, refusal in (cases_in_text(member, name) if location else cases(member, name)):
            yield f"{name} = {value!r:.60}", {**base, name: value}, refusal


class Sweep(unittest.TestCase):
    maxDiff = None

    def test_every_offered_operation_keeps_to_the_model(self):
        swept, sent, succeeded, wrong = 0, 0, set(), []
        connection = Connection()
        self.addCleanup(connection.connection.close)
        models = model_table.models()
        for model in models:
            for operation in map(model.operation_model, model.operation_names):
                if not connection.offers(operation):
                    continue
                swept += 1
                for name, members in STOCK:
                    connection.send(models[0].operation_model(name), members)
                for case, members, refusal in requests(operation):
                    sent += 1
                    answer = connection.send(operation, members)
                    if answer["status_code"] == 200:
                        succeeded.add(operation.name)
                    complaint = self.complaint(operation, answer, refusal)
                    if complaint:
                        wrong.append(f"{operation.name}, {case}: {complaint}")
        print(f"{sent} requests to {swept} operations, of which {len(succeeded)} succeeded")
        self.assertGreaterEqual((swept, len(succeeded)), (60, 40))
        self.assertFalse(wrong, f"{len(wrong)} of {sent}:\n" + "\n".join(wrong))

    @staticmethod
    def complaint(operation, answer, refusal):
        """What is wrong with an answer, if anything."""
        said = json.loads(answer["body"] or "{}").get("message", "")
        try:
            check(operation, answer)
        except AssertionError as error:
            return str(error)
        if refusal is None:
            broke = code(answer) == "SerializationException" or "validation error" in said
            return f"refused: {said}" if broke else None
        if code(answer) != refusal.code or not refusal.message.fullmatch(said):
            return f"{code(answer)} {said!r} instead of {refusal.code} {refusal.message.pattern!r}"
        return None

    def test_the_table_of_the_service_is_made_from_the_model(self):
        made = model_table.table()
        self.assertEqual(model_table.TABLE.read_text(), made, "run tests/python/model_table.py")


if __name__ == "__main__":
    unittest.main()

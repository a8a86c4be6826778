"""The input of each offered operation, as `src/service/http/model/model.txt` holds it: AWS's model, condensed.

Run by hand when an operation is newly offered, it writes the table; `model_sweep.py` checks that nobody forgot.
"""

import re
from pathlib import Path

import botocore.session

HTTP = Path(__file__).parents[2] / "src/service/http"
TABLE = HTTP / "model/model.txt"

# Where the service differs from the model, and why.
LIMITS = {
    # AWS's guide says so; the model does not.
    "MaxJobExecutionsPerMin": {"max": 1000},
    "JobTargets": {"max": 100},
    # AWS was seen to refuse it in words of its own, however long it is.
    "RoleArn": {"min": None, "max": None},
    # The device client of AWS sends other values and is not refused: entry 19 of choices.rs.
    "DetailsValue": {"pattern": None},
}

# AWS was seen to write the words of these in an order of their own.
ENUMERATIONS = {
    "JobExecutionFailureType": "ALL TIMED_OUT FAILED REJECTED",
    "RetryableFailureType": "ALL TIMED_OUT FAILED",
    "JobExecutionStatus": "REMOVED SUCCEEDED TIMED_OUT IN_PROGRESS QUEUED CANCELED FAILED REJECTED",
}

# AWS was seen not to quote the values of these.
UNQUOTED = {"PolicyName", "PolicyVersionId", "CertificateId", "CertificatePem"}

# The service does not carry these out, and refuses them by name.
NOT_OFFERED = {"destinationPackageVersions", "mqtt5Configuration", "RegisterCertificate.caCertificatePem"}

# A pattern that every text fits.
ANYTHING = r"[\s\S]*"


def models():
    """The models of the two services."""
    session = botocore.session.get_session()
    return [session.get_service_model(service) for service in ("iot", "iot-jobs-data")]


def offered():
    """By service, the names that stand where the handlers of operations do."""
    control = [file.read_text() for file in sorted(HTTP.glob("control/*.rs"))]
    sources = {"iot": "".join(control), "iot-jobs-data": (HTTP / "data.rs").read_text()}
    return {service: set(re.findall(r'\("([A-Z]\w+)", ', source)) for service, source in sources.items()}


def metadata(shape):
    """The constraints of a shape, as the service has them."""
    limits = {**shape.metadata, **LIMITS.get(shape.name, {})}
    constraints = {name: limit for name, limit in limits.items() if limit not in (None, ANYTHING)}
    if shape.name in ENUMERATIONS:
        words = ENUMERATIONS[shape.name].split()
        assert sorted(words) == sorted(constraints["enum"]), f"the model has other words for {shape.name}"
        constraints["enum"] = words
    return constraints


def is_offered(operation, member):
    return member not in NOT_OFFERED and f"{operation}.{member}" not in NOT_OFFERED


class Table:
    def __init__(self):
        self.inputs, self.shapes = [], {}

    def add(self, operation):
        service, name = operation.service_model.service_name, operation.name
        lines = [f"input {service} {name}"]
        members = operation.input_shape.members if operation.input_shape else {}
        for member, shape in members.items():
            location = shape.serialization.get("location", "body").replace("querystring", "query")
            wire = shape.serialization.get("name", member) if location != "body" else member
            words = [location, wire] if wire != member else [location] if location != "body" else []
            lines.append(" ".join([self._member(operation.input_shape, member, shape, name), *words]))
        self.inputs.append("\n".join(lines))

    def _member(self, structure, member, shape, operation=""):
        required = "*" if member in structure.required_members else ""
        refused = "" if is_offered(operation, member) else "!"
        return f"  {member}{required}{refused} {self._name(shape)}"

    def _name(self, shape):
        """What the table calls a shape: by the type alone where there is nothing else to say."""
        constraints, kind = metadata(shape), shape.type_name
        size = f"{constraints.get('min', '')}..{constraints.get('max', '')}"
        plain = kind in ("string", "integer", "long", "double", "boolean")
        if plain and size == ".." and not constraints.keys() & {"pattern", "enum"}:
            return kind
        if shape.name not in self.shapes:
            self.shapes[shape.name] = ""  # Its place, before those of its own members.
            self.shapes[shape.name] = self._line(shape, kind, constraints, size)
        return shape.name

    def _line(self, shape, kind, constraints, size):
        if "enum" in constraints:
            return f"enum {shape.name} {' '.join(constraints['enum'])}"
        if kind == "string":
            kind = "unquoted" if shape.name in UNQUOTED else kind
            return f"{kind} {shape.name} {size} {constraints.get('pattern', '')}".rstrip()
        if kind == "list":
            return f"list {shape.name} {size} {self._name(shape.member)}"
        if kind == "map":
            return f"map {shape.name} {self._name(shape.key)} {self._name(shape.value)}"
        if kind == "structure":
            members = [self._member(shape, *member) for member in shape.members.items()]
            return "\n".join([f"structure {shape.name}", *members])
        return f"{kind} {shape.name} {size}"

    def __str__(self):
        return "\n".join([*self.inputs, *self.shapes.values()]) + "\n"


def table():
    made, names = Table(), offered()
    for model in models():
        for name in sorted(names[model.service_name].intersection(model.operation_names)):
            made.add(model.operation_model(name))
    return str(made)


if __name__ == "__main__":
    TABLE.write_text(table())

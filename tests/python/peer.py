"""What the device programs of these tests share: where the local service is, an operator, a log of events.

The service's `env` file has been sourced, as a user would: everything comes from the environment.
"""

import json
import os
import queue
from urllib.parse import urlparse

import boto3

THING = os.environ["JOBS_SANDBOX_THING"]
HOST = os.environ["JOBS_SANDBOX_ENDPOINT"]
PORT = int(os.environ["JOBS_SANDBOX_PORT"])
CERT = os.environ["JOBS_SANDBOX_CERT"]
KEY = os.environ["JOBS_SANDBOX_KEY"]
CA = os.environ["JOBS_SANDBOX_CA_FILE"]
PREFIX = f"$aws/things/{THING}/jobs"

# Seconds that any wait may take: it ends hangs, it measures nothing.
DEADLINE = 30


class Operator:
    """The control plane, by boto3, found by AWS_ENDPOINT_URL alone."""

    def __init__(self):
        self.iot = boto3.client("iot")
        assert urlparse(self.iot.meta.endpoint_url).hostname in ("127.0.0.1", "localhost"), "never a real account"
        self.thing_arn = self.iot.describe_thing(thingName=THING)["thingArn"]

    def create_job(self, job_id, document, **options):
        return self.iot.create_job(
            jobId=job_id, targets=[self.thing_arn], document=json.dumps(document), **options
        )


class Log(queue.Queue):
    """What arrived, in order."""

    def take(self):
        """Everything that has arrived. A round trip on the same connection comes first: AWS IoT and the
        local service keep the order of a connection, so nothing that was caused before it is still on its way."""
        return [self.get_nowait() for _ in range(self.qsize())]

    def next(self):
        return self.get(timeout=DEADLINE)


def check(what, actual, expected):
    assert actual == expected, f"{what}: {actual!r} instead of {expected!r}"

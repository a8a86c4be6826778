"""A device program for the smoke tests in tests/scripts/device: it carries out the jobs of its thing, one by one.

What to do is the `operation` of a job's document. `--broken OPERATION` makes it wrong in the way that the test of that
operation is about.
"""

import argparse
import hashlib
import json
import os
import queue
import ssl
import urllib.request

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

JOBS = f"$aws/things/{os.environ['JOBS_SANDBOX_THING']}/jobs"

# Seconds that an answer may take: it ends hangs, it measures nothing.
DEADLINE = 30


class Device:
    def __init__(self, client_id, broken):
        self.broken = broken
        self.granted, self.answers, self.lists, self.next = (queue.Queue() for _ in range(4))
        self.requests = 0
        self.paho = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id)
        self.paho.tls_set(
            ca_certs=os.environ["JOBS_SANDBOX_CA_FILE"],
            certfile=os.environ["JOBS_SANDBOX_CERT"],
            keyfile=os.environ["JOBS_SANDBOX_KEY"],
            tls_version=ssl.PROTOCOL_TLS_CLIENT,
        )
        self.paho.on_connect = lambda client, *_: client.subscribe(
            [(f"{JOBS}/{rest}", 1) for rest in ("notify", "notify-next", "start-next/+", "+/update/+")]
        )
        self.paho.on_subscribe = lambda _client, _data, _id, reasons, _properties: self.granted.put(reasons)
        self.paho.on_message = self.heard
        self.paho.connect(os.environ["JOBS_SANDBOX_ENDPOINT"], int(os.environ["JOBS_SANDBOX_PORT"]))
        self.paho.loop_start()
        refused = [str(reason) for reason in self.granted.get(timeout=DEADLINE) if reason.is_failure]
        assert not refused, refused

    def heard(self, _client, _data, message):
        topic, body = message.topic.removeprefix(f"{JOBS}/"), json.loads(message.payload)
        if topic == "notify":
            self.lists.put(body["jobs"])
        elif topic == "notify-next":
            self.next.put(body.get("execution"))
        else:
            self.answers.put((topic, body))

    def ask(self, topic, request):
        """What the service answers to a request; a refusal ends the program."""
        self.requests += 1
        token = str(self.requests)
        self.paho.publish(f"{JOBS}/{topic}", json.dumps(request | {"clientToken": token}), qos=1)
        while True:
            heard, body = self.answers.get(timeout=DEADLINE)
            if body.get("clientToken") == token:
                assert heard == f"{topic}/accepted", (heard, body)
                return body

    def update(self, job, status, **details):
        self.ask(f"{job}/update", {"status": status, "statusDetails": details})

    def run(self):
        while True:
            execution = self.ask("start-next", {}).get("execution")
            if execution:
                self.carry_out(execution)
            else:
                self.next.get()

    def carry_out(self, execution):
        job, operation = execution["jobId"], execution["jobDocument"].get("operation")
        print(f"{job}: {operation}", flush=True)
        is_broken = operation == self.broken
        if operation in ("go", "reboot"):
            self.update(job, "FAILED" if is_broken else "SUCCEEDED")
        elif operation == "install":
            # Each part ends when another job is queued, so that a script can look at each.
            for part, progress in enumerate(("33%", "33%" if is_broken else "66%"), start=1):
                self.update(job, "IN_PROGRESS", progress=progress)
                self.wait_until_queued(part, job)
            self.update(job, "SUCCEEDED", progress="100%")
        elif operation == "flaky":
            succeeds = execution["executionNumber"] > 1 and not is_broken
            self.update(job, "SUCCEEDED" if succeeds else "FAILED")
        elif operation == "resume":
            # Only after the crash does it come with what was reported before it.
            if "part" in execution.get("statusDetails", {}) and not is_broken:
                self.update(job, "SUCCEEDED", part="2")
            else:
                self.update(job, "IN_PROGRESS", part="1")
                self.wait_until_over(job)
        elif operation == "hang":
            if is_broken:
                queue.Queue().get()
            self.wait_until_over(job)
        elif operation == "download":
            self.download(job, execution["jobDocument"])
        elif self.broken == "unknown":
            self.update(job, "REJECTED")
        else:
            self.update(job, "REJECTED", reason=f"unknown operation: {operation}")

    def download(self, job, document):
        """Fetches a file over a line that breaks, goes on where it broke, and checks what came."""
        with urllib.request.urlopen(document["url"], timeout=DEADLINE) as response:
            tag, file = response.headers["ETag"], response.read(1000)
        resumed = 0 if self.broken == "download" else len(file)
        headers = {"Range": f"bytes={resumed}-", "If-Match": tag}
        request = urllib.request.Request(document["url"], headers=headers)
        with urllib.request.urlopen(request, timeout=DEADLINE) as response:
            file += response.read()
        is_good = hashlib.sha256(file).hexdigest() == document["sha256"]
        self.update(job, "SUCCEEDED" if is_good else "FAILED", resumed=str(resumed))

    def wait_until_queued(self, number, but):
        """Waits until so many other jobs are queued."""
        while sum(other["jobId"] != but for other in self.lists.get().get("QUEUED", [])) < number:
            pass

    def wait_until_over(self, job):
        """Waits until another job comes next, or none."""
        while (execution := self.next.get()) and execution["jobId"] == job:
            pass


parser = argparse.ArgumentParser()
parser.add_argument("--client-id", default="pump")
parser.add_argument("--broken")
options = parser.parse_args()
Device(options.client_id, options.broken).run()

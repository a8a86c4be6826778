"""A fleet under mixed load for so many seconds (argument): nothing is lost, nothing is doubled.

Each device is a paho client with a thing of its own. It starts whatever is next, reports progress and an end, and
checks every answer. Every fourth one breaks its connection now and then. The operator creates jobs for the group of
all things and for single ones, cancels some, deletes some, reads, and in the end compares what the service says of
each job execution with what the devices did.
"""

import json
import random
import ssl
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter

import boto3
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from peer import CA, DEADLINE, HOST, PORT

SECONDS = int(sys.argv[1])
DEVICES = int(sys.argv[2]) if len(sys.argv) > 2 else 40
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)

iot = boto3.client("iot")
chance = random.Random(SEED)


def credentials():
    """Files of a certificate that may do everything."""
    made = iot.create_keys_and_certificate(setAsActive=True)
    statement = {"Effect": "Allow", "Action": "iot:*", "Resource": "*"}
    iot.create_policy(policyName="fleet", policyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    iot.attach_policy(policyName="fleet", target=made["certificateArn"])
    files = []
    for text in made["certificatePem"], made["keyPair"]["PrivateKey"]:
        with tempfile.NamedTemporaryFile("w", suffix=".pem", delete=False) as file:
            file.write(text)
        files.append(file.name)
    return files


class Device:
    """A device program: one job execution at a time, everything in the callbacks of one thread."""

    def __init__(self, name, cert, key, breaks):
        self.prefix = f"$aws/things/{name}/jobs/"
        self.name, self.breaks = name, breaks
        self.chance = random.Random(f"{SEED} {name}")
        self.lock = threading.Lock()
        self.wrong = []
        self.answers = Counter()
        self.asked = set()
        # What was reported and accepted, by job and number of the execution.
        self.ended = {}
        self.refused = Counter()
        self.current = None
        self.paho = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5)
        self.paho.tls_set(ca_certs=CA, certfile=cert, keyfile=key, tls_version=ssl.PROTOCOL_TLS_CLIENT)
        self.paho.reconnect_delay_set(min_delay=1, max_delay=1)
        self.paho.on_connect = self.on_connect
        self.paho.on_subscribe = lambda *_: self.start_next()
        self.paho.on_message = self.on_message
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 0
        self.paho.connect(HOST, PORT, keepalive=30, clean_start=True, properties=properties)
        self.paho.loop_start()

    def on_connect(self, *_):
        self.current = None
        filters = ["notify-next", "start-next/+", "+/update/+"]
        self.paho.subscribe([(self.prefix + name, 1) for name in filters])

    def ask(self, topic, **body):
        token = str(uuid.uuid4())
        with self.lock:
            self.asked.add(token)
        self.paho.publish(self.prefix + topic, json.dumps({"clientToken": token, **body}), qos=1)

    def start_next(self):
        self.ask("start-next")

    def on_message(self, _client, _user, message):
        topic, body = message.topic.removeprefix(self.prefix), json.loads(message.payload)
        if topic == "notify-next":
            if self.current is None and "execution" in body:
                self.start_next()
            return
        with self.lock:
            self.answers[body["clientToken"]] += 1
        if topic == "start-next/accepted":
            self.started(body.get("execution"))
        elif topic.endswith("/update/accepted"):
            self.updated()
        else:
            # An operator may have canceled it meanwhile.
            self.refused[body["code"]] += 1
            self.current = None
            self.start_next()

    def started(self, execution):
        if execution is None:
            self.current = None
            return
        if self.current is not None:
            return
        key = (execution["jobId"], execution["executionNumber"])
        if key in self.ended:
            self.wrong.append(f"{key} is started again, although {self.ended[key]} was accepted")
        if execution["status"] != "IN_PROGRESS":
            self.wrong.append(f"{key} is started and {execution['status']}")
        self.current = {"key": key, "version": execution["versionNumber"], "steps": self.chance.randrange(3)}
        self.step()

    def step(self):
        current = self.current
        current["status"] = "IN_PROGRESS" if current["steps"] else self.chance.choice(["SUCCEEDED"] * 3 + ["FAILED"])
        current["steps"] -= 1
        details = {"progress": str(current["steps"])}
        job = current["key"][0]
        self.ask(f"{job}/update", status=current["status"], expectedVersion=current["version"], statusDetails=details)

    def updated(self):
        current = self.current
        if current is None:
            return
        current["version"] += 1
        if current["status"] == "IN_PROGRESS":
            self.step()
            return
        self.ended[current["key"]] = current["status"]
        self.current = None
        if self.breaks and self.chance.random() < 0.05:
            # As a device whose power fails.
            self.paho.socket().close()
            return
        self.start_next()

    def check(self):
        wrong = list(self.wrong)
        with self.lock:
            unknown = self.answers.keys() - self.asked
            twice = [token for token, count in self.answers.items() if count > 1]
            unanswered = self.asked - self.answers.keys()
        if unknown or twice:
            wrong.append(f"{len(unknown)} answers that nobody asked for, {len(twice)} that came twice")
        if unanswered and not self.breaks:
            wrong.append(f"{len(unanswered)} requests without an answer")
        other = self.refused.keys() - {"InvalidStateTransition", "ResourceNotFound", "VersionMismatch", "TerminalStateReached"}
        if other:
            wrong.append(f"refused with {other}")
        return [f"{self.name}: {line}" for line in wrong]


class Operator:
    def __init__(self, things):
        self.things = things
        self.group = iot.create_thing_group(thingGroupName="fleet")["thingGroupArn"]
        for thing in things:
            iot.add_thing_to_thing_group(thingName=thing, thingGroupName="fleet")
        # What each job was created for; None if it was canceled or deleted since.
        self.jobs = {}

    def act(self):
        what = chance.random()
        if what < 0.3:
            self.create([self.group], self.things)
        elif what < 0.8:
            thing = chance.choice(self.things)
            self.create([iot.describe_thing(thingName=thing)["thingArn"]], [thing])
        elif what < 0.9 and (job := self.any_job()):
            iot.list_job_executions_for_job(jobId=job)
            iot.describe_job(jobId=job)
        elif job := self.any_job():
            self.cancel(job)

    def any_job(self):
        jobs = [job for job, things in self.jobs.items() if things]
        return chance.choice(jobs) if jobs else None

    def create(self, targets, things):
        job = f"job-{len(self.jobs)}"
        more = {}
        if chance.random() < 0.3:
            retry = {"failureType": "FAILED", "numberOfRetries": 2}
            more["jobExecutionsRetryConfig"] = {"criteriaList": [retry]}
        iot.create_job(jobId=job, targets=targets, document=json.dumps({"job": job}), **more)
        self.jobs[job] = things

    def cancel(self, job):
        try:
            iot.cancel_job(jobId=job, force=True)
        except iot.exceptions.InvalidRequestException:
            return  # It is complete.
        self.jobs[job] = None
        if chance.random() < 0.5:
            iot.delete_job(jobId=job, force=True)

    def executions(self, thing):
        """What the service says of the thing, by job and number."""
        pages = iot.get_paginator("list_job_executions_for_thing").paginate(thingName=thing)
        summaries = [it for page in pages for it in page["executionSummaries"]]
        return {
            (it["jobId"], it["jobExecutionSummary"]["executionNumber"]): it["jobExecutionSummary"]["status"]
            for it in summaries
        }


def differences(operator, device):
    listed = operator.executions(device.name)
    for key, status in device.ended.items():
        if key not in listed:
            if operator.jobs[key[0]] is not None:
                yield f"{key} was reported as {status}, and is gone"
        elif listed[key] != status:
            yield f"{key} was reported as {status}, and is {listed[key]}"
    for key, status in listed.items():
        # The answer to a device that broke its connection may be lost, what it reported is not.
        if status in ("SUCCEEDED", "FAILED") and key not in device.ended and not device.breaks:
            yield f"{key} is {status}, and nobody reported it"
    for job, things in operator.jobs.items():
        if things and device.name in things and (job, 1) not in listed:
            yield f"{job} never reached it"


def main():
    print(f"seed {SEED}", flush=True)
    things = [f"device-{number}" for number in range(DEVICES)]
    for thing in things:
        iot.create_thing(thingName=thing)
    cert, key = credentials()
    operator = Operator(things)
    devices = [Device(thing, cert, key, number % 4 == 3) for number, thing in enumerate(things)]

    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        operator.act()
        time.sleep(chance.uniform(0.02, 0.2))

    # All that is pending comes to its end.
    patience = time.monotonic() + 4 * DEADLINE
    pending = ["QUEUED", "IN_PROGRESS"]
    while left := [t for t in things if any(s in pending for s in operator.executions(t).values())]:
        assert time.monotonic() < patience, f"still pending: {left}"
        time.sleep(0.2)
    for device in devices:
        device.paho.disconnect()
        device.paho.loop_stop()

    wrong = [line for device in devices for line in device.check()]
    wrong += [f"{device.name}: {line}" for device in devices for line in differences(operator, device)]
    done = sum(len(device.ended) for device in devices)
    answers = sum(sum(device.answers.values()) for device in devices)
    refused = sum((device.refused for device in devices), Counter())
    print(f"{len(operator.jobs)} jobs, {done} job executions ended, {answers} answers, refused: {dict(refused)}")
    assert done > 0
    assert not wrong, "\n".join(wrong[:50])


main()

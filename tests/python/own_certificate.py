"""A certificate made by boto3: AWS's device SDK goes through the whole walkthrough with it, and it may do what its
policies allow and nothing else, for as long as it is active."""

import json
import os
import pathlib
import queue
import runpy
import ssl
import sys
import tempfile
import uuid

import boto3
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

THING = os.environ["JOBS_SANDBOX_THING"]
HOST, PORT = os.environ["JOBS_SANDBOX_ENDPOINT"], int(os.environ["JOBS_SANDBOX_PORT"])
PREFIX = f"$aws/things/{THING}/jobs"
HERE = pathlib.Path(__file__).parent

# Seconds that any wait may take: it ends hangs, it measures nothing.
DEADLINE = 30

iot = boto3.client("iot")
made = iot.create_keys_and_certificate(setAsActive=True)
ARN, ID = made["certificateArn"], made["certificateId"]
REGION, ACCOUNT = ARN.split(":")[3:5]

directory = tempfile.TemporaryDirectory()
FILES = {"CERT": made["certificatePem"], "KEY": made["keyPair"]["PrivateKey"]}
for name, pem in FILES.items():
    path = pathlib.Path(directory.name, name)
    path.write_text(pem)
    os.environ[f"JOBS_SANDBOX_{name}"] = str(path)


class Device:
    """A paho client over MQTT 5 with the certificate that was just made."""

    def __init__(self, client_id):
        self.log = queue.Queue()
        self.paho = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5)
        self.paho.tls_set(
            ca_certs=os.environ["JOBS_SANDBOX_CA_FILE"], certfile=os.environ["JOBS_SANDBOX_CERT"],
            keyfile=os.environ["JOBS_SANDBOX_KEY"], tls_version=ssl.PROTOCOL_TLS_CLIENT,
        )
        self.paho.on_connect = lambda _c, _u, _f, reason, _p: self.log.put(("connect", str(reason)))
        self.paho.on_publish = lambda _c, _u, _m, reason, _p: self.log.put(("puback", str(reason)))
        self.paho.on_subscribe = lambda _c, _u, _m, reasons, _p: self.log.put(("suback", str(reasons[0])))
        self.paho.on_disconnect = lambda _c, _u, _f, reason, _p: self.log.put(("disconnect", str(reason)))
        self.paho.connect(HOST, PORT, keepalive=30)
        self.paho.loop_start()
        # A certificate that is refused ends the connection before there is an answer.
        self.connected = self.log.get(timeout=DEADLINE)
        if self.connected != ("connect", "Success"):
            self.paho.loop_stop()

    def until(self, kind):
        """What the next entry of a kind says; other entries are dropped."""
        while (entry := self.log.get(timeout=DEADLINE))[0] != kind:
            pass
        return entry[1]

    def publish(self, topic):
        self.paho.publish(topic, "{}", qos=1)
        return self.until("puback")

    def subscribe(self, topic):
        self.paho.subscribe(topic, qos=1)
        return self.until("suback")

    def close(self):
        self.paho.disconnect()
        self.until("disconnect")
        self.paho.loop_stop()


def check(what, actual, expected):
    assert actual == expected, f"{what}: {actual!r} instead of {expected!r}"


def refused(what, client_id):
    check(what, Device(client_id).connected, ("connect", "Not authorized"))


def policy(effect, action, resource, target=ARN):
    """Attaches a policy of one statement and says its name."""
    name = f"policy-{uuid.uuid4()}"
    statement = {"Effect": effect, "Action": action, "Resource": f"arn:aws:iot:{REGION}:{ACCOUNT}:{resource}"}
    iot.create_policy(policyName=name, policyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    iot.attach_policy(policyName=name, target=target)
    return name


def refused_without_policy():
    refused("no policy", "test-none")


def walkthrough():
    document = (HERE / "../../policies/device-policy.json").read_text()
    for placeholder, value in {"partition": "aws", "region": REGION, "account": ACCOUNT, "thing": THING}.items():
        document = document.replace("${%s}" % placeholder, value)
    iot.create_policy(policyName="walkthrough", policyDocument=document)
    iot.attach_policy(policyName="walkthrough", target=ARN)
    sys.argv = ["jobs_client_v2.py", "5"]
    runpy.run_path(str(HERE / "jobs_client_v2.py"), run_name="__main__")


def what_policies_allow():
    device = Device("test-policies")
    check("connect", device.connected, ("connect", "Success"))
    check("allowed", device.publish(f"{PREFIX}/get"), "Success")
    check("not allowed", device.publish("elsewhere"), "Not authorized")
    check("not allowed", device.subscribe("elsewhere"), "Not authorized")
    everything = policy("Allow", "iot:*", "*")
    check("allowed by a second policy", device.publish("elsewhere"), "Success")
    never = policy("Deny", "iot:Publish", f"topic/{PREFIX}/get")
    check("denied in spite of all", device.publish(f"{PREFIX}/get"), "Not authorized")
    for name in (everything, never):
        iot.detach_policy(policyName=name, target=ARN)
    check("allowed again", device.publish(f"{PREFIX}/get"), "Success")
    check("not allowed again", device.publish("elsewhere"), "Not authorized")
    device.close()


def variables_and_groups():
    iot.detach_policy(policyName="walkthrough", target=ARN)
    policy("Allow", "iot:Connect", "client/${iot:Connection.Thing.ThingName}")
    refused("not a thing of this certificate", THING)
    iot.attach_thing_principal(thingName=THING, principal=ARN)
    refused("another client id than the thing's name", "test-other")
    group = iot.create_thing_group(thingGroupName="readers")["thingGroupArn"]
    policy("Allow", "iot:Publish", "topic/$aws/things/${iot:Connection.Thing.ThingName}/jobs/get", target=group)
    device = Device(THING)
    check("the thing itself", device.connected, ("connect", "Success"))
    check("not in the group", device.publish(f"{PREFIX}/get"), "Not authorized")
    iot.add_thing_to_thing_group(thingGroupName="readers", thingName=THING)
    check("in the group", device.publish(f"{PREFIX}/get"), "Success")
    check("another's topic", device.publish("$aws/things/Other/jobs/get"), "Not authorized")
    iot.detach_thing_principal(thingName=THING, principal=ARN)
    device.close()


def deactivation_ends_connections():
    policy("Allow", "iot:Connect", "client/*")
    device = Device("test-last")
    check("connect", device.connected, ("connect", "Success"))
    iot.update_certificate(certificateId=ID, newStatus="INACTIVE")
    device.until("disconnect")
    device.paho.loop_stop()
    check("an inactive certificate", Device("test-again").connected[0], "disconnect")
    iot.delete_certificate(certificateId=ID, forceDelete=True)


refused_without_policy()
walkthrough()
what_policies_allow()
variables_and_groups()
deactivation_ends_connections()

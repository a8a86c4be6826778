"""A back end in paho-mqtt, over MQTT 5 or 3.1.1 (argument `5` or `3`): it has a certificate of its own, and hears of
jobs, of their executions, and of the device that carries them out."""

import json
import pathlib
import ssl
import sys
import tempfile

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from peer import CA, CERT, HOST, KEY, PORT, PREFIX, Log, Operator, check

VERSION = mqtt.MQTTv5 if sys.argv[1] == "5" else mqtt.MQTTv311
MINE = {
    "Effect": "Allow",
    "Action": ["iot:Connect", "iot:Subscribe", "iot:Receive"],
    "Resource": [f"arn:aws:iot:*:*:{what}" for what in ("client/back-end", "topicfilter/$aws/events/*", "topic/$aws/events/*")],
}

operator = Operator()
iot = operator.iot
directory = tempfile.TemporaryDirectory()


def own_certificate():
    made = iot.create_keys_and_certificate(setAsActive=True)
    iot.create_policy(policyName="back-end", policyDocument=json.dumps({"Version": "2012-10-17", "Statement": [MINE]}))
    iot.attach_policy(policyName="back-end", target=made["certificateArn"])
    files = []
    for name, pem in (("cert", made["certificatePem"]), ("key", made["keyPair"]["PrivateKey"])):
        files.append(pathlib.Path(directory.name, name))
        files[-1].write_text(pem)
    return files


def connected(client_id, cert, key):
    client, log = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, protocol=VERSION), Log()
    client.tls_set(ca_certs=CA, certfile=cert, keyfile=key, tls_version=ssl.PROTOCOL_TLS_CLIENT)
    client.on_connect = lambda *_: log.put("connected")
    client.on_subscribe = lambda _c, _u, _m, reasons, _p: log.put([str(reason) for reason in reasons])
    client.on_unsubscribe = lambda *_: log.put("unsubscribed")
    client.on_message = lambda _c, _u, message: log.put(
        (message.topic.removeprefix("$aws/events/"), json.loads(message.payload), message.qos)
    )
    client.connect(HOST, PORT, keepalive=30)
    client.loop_start()
    check("connected", log.next(), "connected")
    return client, log


back_end, log = connected("back-end", *own_certificate())
back_end.subscribe([(f"$aws/events/{what}/#", 1) for what in ("job", "jobExecution", "presence", "subscriptions")])
check("granted", log.next(), ["Granted QoS 1"] * 4)
topic, own, qos = log.next()
check("its own subscription", (topic, own["topics"][0], qos), ("subscriptions/subscribed/back-end", "$aws/events/job/#", 1))

device, heard = connected("test-device", CERT, KEY)
topic, here, _ = log.next()
check("presence", (topic, here["eventType"], here["clientId"]), ("presence/connected/test-device", "connected", "test-device"))
check("another session than its own", here["sessionIdentifier"] != own["sessionIdentifier"], True)
check("another certificate", here["principalIdentifier"] != own["principalIdentifier"], True)
device.subscribe(f"{PREFIX}/notify", qos=1)
heard.next()
topic, event, _ = log.next()
check("subscribed", (topic, event["topics"]), ("subscriptions/subscribed/test-device", [f"{PREFIX}/notify"]))
device.unsubscribe(f"{PREFIX}/notify")
heard.next()
topic, event, _ = log.next()
check("unsubscribed", (topic, event["topics"]), ("subscriptions/unsubscribed/test-device", [f"{PREFIX}/notify"]))

operator.create_job("Quiet", {})
iot.delete_job(jobId="Quiet", force=True)
iot.update_event_configurations(eventConfigurations={"JOB": {"Enabled": True}, "JOB_EXECUTION": {"Enabled": True}})
operator.create_job("Job1", {}, description="Try it")
done = {"status": "SUCCEEDED", "statusDetails": {"progress": "100%"}}
device.publish(f"{PREFIX}/Job1/update", json.dumps(done), qos=1)
topic, event, _ = log.next()
check("the execution", (topic, event["status"]), ("jobExecution/Job1/succeeded", "SUCCEEDED"))
check("its details", (event["thingArn"], event["statusDetails"]), (operator.thing_arn, {"progress": "100%"}))
topic, event, _ = log.next()
check("the job", (topic, event["status"], event["description"]), ("job/Job1/completed", "COMPLETED", "Try it"))
check("its things", event["jobProcessDetails"]["numberOfSucceededThings"], 1)
described = iot.describe_job(jobId="Job1")["job"]
check("milliseconds", event["completedAt"], round(described["completedAt"].timestamp() * 1000))
iot.delete_job(jobId="Job1")
topics = [log.next()[0] for _ in range(3)]
check("deleted", topics, ["job/Job1/deletion_in_progress", "jobExecution/Job1/deleted", "job/Job1/deleted"])

device.disconnect()
topic, gone, _ = log.next()
check("presence", (topic, gone["disconnectReason"]), ("presence/disconnected/test-device", "CLIENT_INITIATED_DISCONNECT"))
same = ("sessionIdentifier", "principalIdentifier", "versionNumber")
check("the same connection", [gone[name] for name in same], [here[name] for name in same])
device.loop_stop()
back_end.disconnect()
back_end.loop_stop()

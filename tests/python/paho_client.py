"""The broker's rules as paho-mqtt sees them, over MQTT 5 or 3.1.1 (argument `5` or `3`)."""

import json
import ssl
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from peer import CA, CERT, HOST, KEY, PORT, PREFIX, THING, Log, Operator, check

V5 = sys.argv[1] == "5"


class Device:
    """A paho client whose callbacks go into one log."""

    def __init__(self, client_id, clean=True, expiry=None, connect=True):
        self.log = Log()
        version = mqtt.MQTTv5 if V5 else mqtt.MQTTv311
        options = {} if V5 else {"clean_session": clean}
        self.paho = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=version, **options)
        self.paho.tls_set(ca_certs=CA, certfile=CERT, keyfile=KEY, tls_version=ssl.PROTOCOL_TLS_CLIENT)
        self.paho.on_connect = lambda _c, _u, flags, reason, _p: self.log.put(("connect", flags.session_present, str(reason)))
        self.paho.on_connect_fail = lambda *_: self.log.put(("connect failed",))
        self.paho.on_subscribe = lambda _c, _u, _mid, reasons, _p: self.log.put(("suback", [str(code) for code in reasons]))
        self.paho.on_publish = lambda _c, _u, _mid, reason, _p: self.log.put(("puback", str(reason)))
        self.paho.on_disconnect = lambda _c, _u, _flags, reason, _p: self.log.put(("disconnect", str(reason)))
        self.paho.on_message = lambda _c, _u, message: self.log.put(
            (message.topic.removeprefix(PREFIX + "/"), json.loads(message.payload), message.qos, message.retain)
        )
        properties = None
        if V5 and expiry is not None:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = expiry
        more = {"clean_start": clean, "properties": properties} if V5 else {}
        self.paho.connect(HOST, PORT, keepalive=30, **more)
        self.paho.loop_start()
        self.connected = self.log.next()

    def subscribe(self, *filters, qos=1):
        self.paho.subscribe([(name, qos) if name.startswith("$") else (f"{PREFIX}/{name}", qos) for name in filters])
        return self.until("suback")[1]

    def publish(self, topic, payload, qos=1, retain=False):
        text = payload if isinstance(payload, str) else json.dumps(payload)
        self.paho.publish(topic if topic.startswith("$") else f"{PREFIX}/{topic}", text, qos=qos, retain=retain)

    def until(self, kind):
        """The next entry of a kind; other entries are dropped."""
        while (entry := self.log.next())[0] != kind:
            pass
        return entry

    def close(self):
        self.paho.disconnect()
        self.until("disconnect")
        self.paho.loop_stop()


operator = Operator()


def answers_and_events():
    device = Device("paho-answers")
    check("connect", device.connected, ("connect", False, "Success"))
    granted = device.subscribe("notify", "notify-next", "get/+", "start-next/+", "+/get/+", "+/update/+")
    check("granted", granted, ["Granted QoS 1"] * 6)

    device.publish("get", {"clientToken": "t1"})
    topic, body, qos, retain = device.until("get/accepted")
    check("answer", (body["clientToken"], body["inProgressJobs"], body["queuedJobs"], qos, retain), ("t1", [], [], 1, False))
    device.publish("get", "")
    check("empty payload", "clientToken" in device.until("get/accepted")[1], False)
    device.publish("get", {"clientToken": "q0"}, qos=0)
    check("QoS 0", device.until("get/accepted")[1]["clientToken"], "q0")

    operator.create_job("get", {"a job": "may be called get"})
    topic, body, qos, _ = device.until("notify")
    check("notify", (list(body), body["jobs"]["QUEUED"][0]["jobId"], qos), (["timestamp", "jobs"], "get", 1))
    topic, body, qos, _ = device.until("notify-next")
    check("notify-next", body["execution"]["jobDocument"], {"a job": "may be called get"})
    device.publish("get/update", {"status": "IN_PROGRESS", "clientToken": "t2"})
    check("update of a job called get", sorted(device.until("get/update/accepted")[1]), ["clientToken", "timestamp"])
    device.publish("get/update", {"status": "SUCCEEDED", "expectedVersion": "2", "clientToken": "t3"})
    check("version as a string", device.until("get/update/accepted")[1]["clientToken"], "t3")
    check("notify", device.until("notify")[1]["jobs"], {})
    check("notify-next", list(device.until("notify-next")[1]), ["timestamp"])

    device.publish("get/update", '{"status":"SUCCEEDED"')
    check("unfinished JSON", device.until("get/update/rejected")[1]["code"], "InvalidJson")
    device.publish("get/update", {"clientToken": "t4"})
    refusal = device.until("get/update/rejected")[1]
    check("no status", (refusal["code"], refusal["clientToken"]), ("InvalidRequest", "t4"))
    device.close()


def an_answer_goes_to_the_requester_alone():
    asks, listens = Device("paho-asks"), Device("paho-listens")
    listens.subscribe("get/+", "start-next/+")
    # Without a subscription of its own: AWS pushes the answer all the same.
    asks.publish("get", {"clientToken": "mine"})
    check("answer", asks.until("get/accepted")[1]["clientToken"], "mine")
    listens.publish("start-next", {"clientToken": "theirs"})
    topic, body, *_ = next(entry for entry in iter(listens.log.next, None) if entry[0] not in ("puback", "suback"))
    check("the listener hears its own alone", (topic, body["clientToken"]), ("start-next/accepted", "theirs"))
    asks.close()
    listens.close()


def what_the_policy_does_not_allow():
    others = f"$aws/things/{THING}x/jobs"
    if not V5:
        for action in (lambda device: device.publish(f"{others}/get", {}), lambda device: device.paho.subscribe(f"{others}/notify", 1)):
            device = Device("paho-policy")
            action(device)
            device.until("disconnect")
            device.paho.loop_stop()
        return
    device = Device("paho-policy")
    check("another thing", device.subscribe(f"{others}/notify"), ["Not authorized"])
    check("a wildcard", device.subscribe("#"), ["Not authorized"])
    check("still connected", device.subscribe("notify"), ["Granted QoS 1"])
    device.publish(f"{others}/get", {})
    check("publish", device.until("puback")[1], "Not authorized")
    device.publish("get", {})
    device.until("get/accepted")
    device.close()


def one_client_id_is_one_connection():
    older = Device("paho-twice")
    newer = Device("paho-twice")
    check("the older one", older.until("disconnect")[1], "Session taken over" if V5 else "Unspecified error")
    older.paho.loop_stop()
    newer.publish("get", {})
    newer.until("get/accepted")
    newer.close()


def a_session_keeps_its_events():
    device = Device("paho-session", clean=True if V5 else False, expiry=3600)
    device.subscribe("notify")
    device.close()
    operator.create_job("Offline", {})
    device = Device("paho-session", clean=False, expiry=3600)
    check("session", device.connected, ("connect", True, "Success"))
    topic, body, qos, retain = device.until("notify")
    check("kept event", (body["jobs"]["QUEUED"][0]["jobId"], qos, retain), ("Offline", 1, False))
    operator.iot.delete_job(jobId="Offline", force=True)
    check("the next event", device.until("notify")[1]["jobs"], {})
    device.close()
    Device("paho-session", clean=True).close()


answers_and_events()
an_answer_goes_to_the_requester_alone()
what_the_policy_does_not_allow()
one_client_id_is_one_connection()
a_session_keeps_its_events()

"""What AWS's device SDK (IotJobsClientV2, MQTT 5) makes of each kind of fault: a line a fault, with its words, what the
request brought, and what the next one brought. But for a connection that fell silent, it must be an answer."""

import json
import os
import sys
import urllib.request
from concurrent.futures import Future, TimeoutError

from awscrt import mqtt_request_response
from awscrt.exceptions import AwsCrtError
from awsiot import ServiceStreamOptions, V2ServiceException, iotjobs, mqtt5_client_builder

from peer import CA, CERT, DEADLINE, HOST, KEY, PORT, THING, Log, Operator, check

# Seconds that the SDK gives a request; what is lost takes so long to be seen.
PATIENCE = 2

FAULTS = [
    "refuse=RequestThrottled --on update",
    "refuse=NotAuthorized --on publish",
    "drop-request --on update",
    "drop-answer --on update",
    "duplicate --on update",
    "delay=1s --on update",
    "corrupt --on update",
    "no-puback --on update",
    "disconnect --on update",
    "disconnect=ServerBusy --on update",
    "takeover --on update",
    "reset --on update",
    "silence --on update",
    "drop-event --on notify-next",
    "duplicate --on notify-next",
    "delay=1s --on notify-next",
    "corrupt --on notify-next",
    "disconnect --on notify-next",
    "refuse-connect=ServerBusy",
    "refuse-connect=NotAuthorized",
    "no-connack",
    "delay=1s --on connect",
    "disconnect --on connect",
    "reset --on connect",
    "refuse=NotAuthorized --on subscribe",
    "drop-answer --on subscribe",
    "delay=1s --on subscribe",
]


def sandbox(method, name, body=None):
    request = urllib.request.Request(
        f"{os.environ['AWS_ENDPOINT_URL']}/_sandbox/{name}", method=method, data=json.dumps(body).encode() if body else None
    )
    with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
        return json.load(answer)


def outcome(operation):
    """What became of a request, in a few words."""
    try:
        return "answered" if operation().result(DEADLINE) else "empty"
    except V2ServiceException as refusal:
        if refusal.modeled_error:
            return f"refused with {refusal.modeled_error.code}"
        return f"failed: {getattr(refusal.inner_error, 'name', refusal.inner_error)}"
    except AwsCrtError as error:
        return f"failed: {error.name}"
    except TimeoutError:
        return "hangs"


class Device:
    def __init__(self):
        self.connected, self.stopped, self.failed = Future(), Future(), Log()
        self.client = client = mqtt5_client_builder.mtls_from_path(
            endpoint=HOST, port=PORT, cert_filepath=CERT, pri_key_filepath=KEY, ca_filepath=CA,
            on_lifecycle_connection_success=self.succeed,
            on_lifecycle_connection_failure=lambda data: self.failed.put(data.exception.name),
            on_lifecycle_stopped=self.stopped.set_result,
            connack_timeout_ms=1000 * PATIENCE, min_reconnect_delay_ms=100, max_reconnect_delay_ms=200,
        )
        client.start()
        self.connected.result(DEADLINE)
        options = mqtt_request_response.ClientOptions(
            max_request_response_subscriptions=4, max_streaming_subscriptions=2, operation_timeout_in_seconds=PATIENCE
        )
        self.jobs = iotjobs.IotJobsClientV2(client, options)
        self.events, self.failures = Log(), Log()
        established = Future()

        def status(event):
            if not established.done():
                established.set_result(event.type)

        options = ServiceStreamOptions(self.events.put, status, self.failures.put)
        request = iotjobs.NextJobExecutionChangedSubscriptionRequest(thing_name=THING)
        self.stream = self.jobs.create_next_job_execution_changed_stream(request, options)
        self.stream.open()
        established.result(DEADLINE)

    def succeed(self, data):
        if not self.connected.done():
            self.connected.set_result(data)

    def stop(self):
        self.stream = self.jobs = None
        self.client.stop()
        self.stopped.result(DEADLINE)

    def get(self):
        return self.jobs.get_pending_job_executions(iotjobs.GetPendingJobExecutionsRequest(thing_name=THING))

    def update(self, status="IN_PROGRESS"):
        request = iotjobs.UpdateJobExecutionRequest(thing_name=THING, job_id="Job1", status=status)
        return self.jobs.update_job_execution(request)


def meet(words, operator):
    sandbox("POST", "reset", {"confirm": "reset"})
    operator.create_job("Job1", {"ToDo": "Reboot"})
    add = lambda: sandbox("POST", "faults", {"fault": words})
    if words.endswith("connect") or words.startswith(("refuse-connect", "no-connack")):
        add()
        device = Device()
        first = ", ".join([*device.failed.take(), "connected"])
    else:
        device = Device()
        if words.endswith("notify-next"):
            check("begun", outcome(device.update), "answered")
            device.events.take()
            add()
            first = outcome(lambda: device.update("SUCCEEDED"))
        else:
            add()
            first = outcome(device.get if words.endswith("subscribe") else device.update)
    # What the fault has left behind may cost one more.
    second = outcome(device.get)
    if second != "answered":
        second += f", then {outcome(device.get)}"
    if words.endswith("notify-next"):
        first += f", {len(device.events.take())} events, {len(device.failures.take())} unreadable"
    check(words, [fault["struck"] for fault in sandbox("GET", "faults")["faults"]], [1])
    device.stop()
    return first, second


operator = Operator()
for words in sys.argv[1:] or FAULTS:
    first, second = meet(words, operator)
    print(f"{words} | {first} | {second}", flush=True)
    check(words, second.endswith("answered"), not words.startswith("silence"))

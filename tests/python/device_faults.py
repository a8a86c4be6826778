"""What AWS's device SDK (IotJobsClientV2, MQTT 5) makes of each kind of fault: a line a fault, with what the request
brought, what the next one brought, and the version of the job execution afterwards. But for a connection that fell
silent, the next one must be an answer. Each fault has a device of its own, all at once."""

import json
import os
import urllib.request
from concurrent.futures import Future, ThreadPoolExecutor, TimeoutError

from awscrt import mqtt_request_response
from awscrt.exceptions import AwsCrtError
from awsiot import ServiceStreamOptions, V2ServiceException, iotjobs, mqtt5_client_builder

from peer import CA, CERT, DEADLINE, HOST, KEY, PORT, Log, Operator, check

# Seconds that the SDK gives a request; what is lost takes so long to be seen.
PATIENCE = 2

# The version of a job execution that was updated once.
UPDATED = 2

# A fault, and the version of the job execution at the end. After a lost connection it is left open: the SDK sends an
# update that was not acknowledged once more, and it is carried out twice.
FAULTS = [
    ("refuse=RequestThrottled --on update", 1),
    ("refuse=NotAuthorized --on publish", 1),
    ("drop-request --on update", 1),
    ("drop-answer --on update", UPDATED),
    ("duplicate --on update", UPDATED),
    ("delay=1s --on update", UPDATED),
    ("corrupt --on update", UPDATED),
    ("no-puback --on update", UPDATED),
    ("disconnect --on update", None),
    ("disconnect=ServerBusy --on update", None),
    ("takeover --on update", None),
    ("reset --on update", None),
    ("silence --on update", UPDATED),
    ("drop-event --on notify-next", UPDATED + 1),
    ("duplicate --on notify-next", UPDATED + 1),
    ("delay=1s --on notify-next", UPDATED + 1),
    ("corrupt --on notify-next", UPDATED + 1),
    ("disconnect --on notify-next", UPDATED + 1),
    ("refuse-connect=ServerBusy", 1),
    ("refuse-connect=NotAuthorized", 1),
    ("no-connack", 1),
    ("delay=1s --on connect", 1),
    ("disconnect --on connect", 1),
    ("reset --on connect", 1),
    ("refuse=NotAuthorized --on subscribe", 1),
    ("drop-answer --on subscribe", 1),
    ("delay=1s --on subscribe", 1),
]


def http(method, path, body=None):
    request = urllib.request.Request(
        os.environ["AWS_ENDPOINT_URL"] + path, method=method, data=json.dumps(body).encode() if body else None
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
    def __init__(self, thing):
        self.thing = thing
        self.connected, self.stopped, self.failed = Future(), Future(), Log()
        self.client = client = mqtt5_client_builder.mtls_from_path(
            endpoint=HOST, port=PORT, cert_filepath=CERT, pri_key_filepath=KEY, ca_filepath=CA,
            client_id=thing,
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
        request = iotjobs.NextJobExecutionChangedSubscriptionRequest(thing_name=self.thing)
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
        return self.jobs.get_pending_job_executions(iotjobs.GetPendingJobExecutionsRequest(thing_name=self.thing))

    def update(self, status="IN_PROGRESS"):
        request = iotjobs.UpdateJobExecutionRequest(thing_name=self.thing, job_id=self.thing, status=status)
        return self.jobs.update_job_execution(request)


def meet(words, version, thing):
    operator.iot.create_thing(thingName=thing)
    target = operator.thing_arn.rpartition("/")[0] + "/" + thing
    operator.iot.create_job(jobId=thing, targets=[target], document='{"ToDo":"Reboot"}')
    add = lambda: http("POST", "/_sandbox/faults", {"fault": f"{words} --client-id {thing}"})
    if words.endswith("connect") or words.startswith(("refuse-connect", "no-connack")):
        add()
        device = Device(thing)
        first = ", ".join([*device.failed.take(), "connected"])
    else:
        device = Device(thing)
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
    faults = http("GET", "/_sandbox/faults")["faults"]
    check(words, [fault["struck"] for fault in faults if fault["fault"].endswith(f" --client-id {thing}")], [1])
    device.stop()
    last = http("GET", f"/things/{thing}/jobs/{thing}")["execution"]["versionNumber"]
    print(f"{words} | {first} | {second} | {last}", flush=True)
    check(words, second.endswith("answered"), not words.startswith("silence"))
    check(f"{words}: version", last, version or last)


operator = Operator()
with ThreadPoolExecutor(len(FAULTS)) as devices:
    all_met = [devices.submit(meet, words, version, f"py-{n}") for n, (words, version) in enumerate(FAULTS)]
for met in all_met:
    met.result()

"""The samples' walkthrough with AWS's device SDK, IotJobsClientV2, over MQTT 5 or 3.1.1 (argument `5` or `3`)."""

import sys
from concurrent.futures import Future

from awscrt import mqtt5, mqtt_request_response
from awsiot import ServiceStreamOptions, V2ServiceException, iotjobs

from device_sdk import connect
from peer import DEADLINE, THING, Log, Operator, check


class Device:
    def __init__(self, protocol_client):
        options = mqtt_request_response.ClientOptions(
            max_request_response_subscriptions=2, max_streaming_subscriptions=2, operation_timeout_in_seconds=DEADLINE
        )
        self.jobs = iotjobs.IotJobsClientV2(protocol_client, options)
        self.events = Log()
        self.streams = [
            self.open(
                self.jobs.create_job_executions_changed_stream,
                iotjobs.JobExecutionsChangedSubscriptionRequest(thing_name=THING),
            ),
            self.open(
                self.jobs.create_next_job_execution_changed_stream,
                iotjobs.NextJobExecutionChangedSubscriptionRequest(thing_name=THING),
            ),
        ]

    def open(self, create, request):
        established = Future()

        def status(event):
            if event.type == mqtt_request_response.SubscriptionStatusEventType.SUBSCRIPTION_ESTABLISHED:
                established.set_result(None)
            else:
                established.set_exception(RuntimeError(f"subscription: {event}"))

        def failure(event):
            self.events.put(event)

        stream = create(request, ServiceStreamOptions(self.events.put, status, failure))
        stream.open()
        established.result(DEADLINE)
        return stream

    def get_pending(self):
        request = iotjobs.GetPendingJobExecutionsRequest(thing_name=THING)
        return self.jobs.get_pending_job_executions(request).result(DEADLINE)

    def start_next(self):
        request = iotjobs.StartNextPendingJobExecutionRequest(thing_name=THING)
        return self.jobs.start_next_pending_job_execution(request).result(DEADLINE)

    def describe(self, job_id, **members):
        request = iotjobs.DescribeJobExecutionRequest(thing_name=THING, job_id=job_id, **members)
        return self.jobs.describe_job_execution(request).result(DEADLINE)

    def update(self, job_id, status, **members):
        request = iotjobs.UpdateJobExecutionRequest(thing_name=THING, job_id=job_id, status=status, **members)
        return self.jobs.update_job_execution(request).result(DEADLINE)

    def events_so_far(self):
        self.get_pending()
        return [summary(event) for event in self.events.take()]


def summary(event):
    """An event in one line: which, and whose executions it names."""
    if isinstance(event, iotjobs.JobExecutionsChangedEvent):
        return "notify " + " ".join(
            f"{status}:{','.join(execution.job_id for execution in executions)}"
            for status, executions in sorted(event.jobs.items())
        )
    if isinstance(event, iotjobs.NextJobExecutionChangedEvent):
        execution = event.execution
        return f"notify-next {execution.job_id} {execution.status} {execution.job_document}" if execution else "notify-next"
    raise AssertionError(f"{event!r}")


def refused(operation):
    try:
        answer = operation()
    except V2ServiceException as refusal:
        return refusal.modeled_error
    raise AssertionError(f"{answer!r} instead of a refusal")


def walkthrough(device, operator):
    pending = device.get_pending()
    check("pending", (pending.in_progress_jobs, pending.queued_jobs), ([], []))

    operator.create_job("Job1", {"ToDo": "Reboot"})
    check("after Job1", device.events_so_far(), ["notify QUEUED:Job1", "notify-next Job1 QUEUED {'ToDo': 'Reboot'}"])
    operator.create_job("Job2", {"ToDo": "Delete Root User"})
    check("after Job2", device.events_so_far(), ["notify QUEUED:Job1,Job2"])

    started = device.start_next().execution
    check("started", (started.job_id, started.status, started.version_number), ("Job1", "IN_PROGRESS", 2))
    check("its document", started.job_document, {"ToDo": "Reboot"})
    check("its start", started.started_at, started.last_updated_at)
    check("after start-next", device.events_so_far(), [])
    pending = device.get_pending()
    check("in progress", [job.job_id for job in pending.in_progress_jobs], ["Job1"])
    check("queued", [job.job_id for job in pending.queued_jobs], ["Job2"])

    device.update("Job1", "SUCCEEDED")
    check(
        "after SUCCEEDED",
        device.events_so_far(),
        ["notify QUEUED:Job2", "notify-next Job2 QUEUED {'ToDo': 'Delete Root User'}"],
    )
    check("started", device.start_next().execution.job_id, "Job2")
    check("started again", device.start_next().execution.version_number, 2)
    device.update("Job2", "FAILED")
    check("after FAILED", device.events_so_far(), ["notify ", "notify-next"])
    check("nothing to start", device.start_next().execution, None)
    operator.iot.delete_job(jobId="Job1")


def refusals(device, operator):
    check("unknown job", refused(lambda: device.describe("Nope")).code, "ResourceNotFound")
    check("finished job", refused(lambda: device.describe("Job2")).code, "TerminalStateReached")

    operator.create_job("Job3", {"ToDo": "Report"})
    refusal = refused(lambda: device.update("Job3", "CANCELED"))
    check("a device may not cancel", refusal.code, "InvalidStateTransition")
    check("its state, which is told of what has ended", refusal.execution_state, None)
    refusal = refused(lambda: device.update("Job3", "IN_PROGRESS", expected_version=99))
    check("version", (refusal.code, refusal.message), ("VersionMismatch", "Expected version 99 but found version 1"))
    check("its state", (refusal.execution_state.status, refusal.execution_state.version_number), ("QUEUED", 1))

    answer = device.update(
        "Job3",
        "IN_PROGRESS",
        expected_version=1,
        status_details={"progress": "50%"},
        step_timeout_in_minutes=5,
        include_job_execution_state=True,
        include_job_document=True,
    )
    check("document", answer.job_document, {"ToDo": "Report"})
    check("details", answer.execution_state.status_details, {"progress": "50%"})
    check("version", answer.execution_state.version_number, 2)
    described = device.describe("$next", include_job_document=False).execution
    check("$next", (described.job_id, described.status, described.job_document), ("Job3", "IN_PROGRESS", None))
    device.update("Job3", "REJECTED")


protocol_client, connack, disconnect = connect(sys.argv[1])
if connack:
    check("maximum QoS", connack.maximum_qos, mqtt5.QoS.AT_LEAST_ONCE)
    check("receive maximum", connack.receive_maximum, 100)
    check("subscription identifiers", connack.subscription_identifiers_available, False)
device, operator = Device(protocol_client), Operator()
walkthrough(device, operator)
refusals(device, operator)
disconnect()

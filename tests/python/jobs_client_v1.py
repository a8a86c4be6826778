"""The walkthrough with the device SDK's older client, IotJobsClient, over MQTT 5 or 3.1.1 (argument `5` or `3`).

It subscribes topic by topic, gives every request the same client token, and asks for `$next`.
"""

import sys

from awscrt import mqtt
from awsiot import iotjobs

from device_sdk import connect
from peer import DEADLINE, THING, Log, Operator, check

QOS = mqtt.QoS.AT_LEAST_ONCE

protocol_client, _, disconnect = connect(sys.argv[1])
jobs, operator, answers, events = iotjobs.IotJobsClient(protocol_client), Operator(), Log(), Log()


def subscribe(method, request, log):
    future, _ = method(request=request, qos=QOS, callback=log.put)
    check("granted QoS", future.result(DEADLINE), QOS)


def ask(method, request):
    method(request, QOS).result(DEADLINE)
    return answers.next()


for method, request in [
    (jobs.subscribe_to_get_pending_job_executions_accepted, iotjobs.GetPendingJobExecutionsSubscriptionRequest),
    (jobs.subscribe_to_get_pending_job_executions_rejected, iotjobs.GetPendingJobExecutionsSubscriptionRequest),
    (jobs.subscribe_to_start_next_pending_job_execution_accepted, iotjobs.StartNextPendingJobExecutionSubscriptionRequest),
    (jobs.subscribe_to_start_next_pending_job_execution_rejected, iotjobs.StartNextPendingJobExecutionSubscriptionRequest),
]:
    subscribe(method, request(thing_name=THING), answers)
for job_id in ["$next", "Job1"]:
    request = iotjobs.DescribeJobExecutionSubscriptionRequest(thing_name=THING, job_id=job_id)
    subscribe(jobs.subscribe_to_describe_job_execution_accepted, request, answers)
    subscribe(jobs.subscribe_to_describe_job_execution_rejected, request, answers)
request = iotjobs.UpdateJobExecutionSubscriptionRequest(thing_name=THING, job_id="Job1")
subscribe(jobs.subscribe_to_update_job_execution_accepted, request, answers)
subscribe(jobs.subscribe_to_update_job_execution_rejected, request, answers)
request = iotjobs.JobExecutionsChangedSubscriptionRequest(thing_name=THING)
subscribe(jobs.subscribe_to_job_executions_changed_events, request, events)
request = iotjobs.NextJobExecutionChangedSubscriptionRequest(thing_name=THING)
subscribe(jobs.subscribe_to_next_job_execution_changed_events, request, events)

pending = ask(jobs.publish_get_pending_job_executions, iotjobs.GetPendingJobExecutionsRequest(thing_name=THING))
check("pending", (pending.in_progress_jobs, pending.queued_jobs, pending.client_token), ([], [], None))

operator.create_job("Job1", {"ToDo": "Reboot"})
check("notify", [job.job_id for job in events.next().jobs["QUEUED"]], ["Job1"])
check("notify-next", events.next().execution.job_document, {"ToDo": "Reboot"})

describe = iotjobs.DescribeJobExecutionRequest(thing_name=THING, job_id="$next", client_token="always-the-same")
described = ask(jobs.publish_describe_job_execution, describe)
check("$next", (described.execution.status, described.client_token), ("QUEUED", "always-the-same"))

start = iotjobs.StartNextPendingJobExecutionRequest(thing_name=THING, client_token="always-the-same")
started = ask(jobs.publish_start_next_pending_job_execution, start).execution
check("started", (started.job_id, started.execution_number, started.version_number), ("Job1", 1, 2))


def update(status, **members):
    request = iotjobs.UpdateJobExecutionRequest(thing_name=THING, job_id="Job1", status=status, **members)
    return ask(jobs.publish_update_job_execution, request)


# Some versions of the older SDKs send numbers as strings.
check("progress", type(update("IN_PROGRESS", expected_version="2", execution_number="1")).__name__, "UpdateJobExecutionResponse")
check("a stale version", update("SUCCEEDED", expected_version=2).code, "VersionMismatch")
check("success", type(update("SUCCEEDED", expected_version=3)).__name__, "UpdateJobExecutionResponse")
check("notify", events.next().jobs, {})
check("notify-next", events.next().execution, None)
check("a terminal job", update("FAILED").code, "InvalidStateTransition")
describe = iotjobs.DescribeJobExecutionRequest(thing_name=THING, job_id="Job1")
check("a terminal job", ask(jobs.publish_describe_job_execution, describe).code, "TerminalStateReached")
disconnect()

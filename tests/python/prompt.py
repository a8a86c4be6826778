"""A prompt on AWS's device SDK, with the calls of the SDK's own Jobs sandbox sample: commands on standard input."""

import sys

import boto3
from awscrt import mqtt_request_response
from awsiot import ServiceStreamOptions, iotjobs

from device_sdk import connect
from peer import DEADLINE, THING

client, _, disconnect = connect("5")
options = mqtt_request_response.ClientOptions(
    max_request_response_subscriptions=2, max_streaming_subscriptions=2, operation_timeout_in_seconds=DEADLINE
)
jobs = iotjobs.IotJobsClientV2(client, options)


def say(title, message):
    print(f"{title}: {message}\n", flush=True)


def stream(create, request):
    opened = create(request, ServiceStreamOptions(lambda event: say(type(event).__name__, event)))
    opened.open()
    return opened


streams = [
    stream(jobs.create_job_executions_changed_stream, iotjobs.JobExecutionsChangedSubscriptionRequest(thing_name=THING)),
    stream(
        jobs.create_next_job_execution_changed_stream,
        iotjobs.NextJobExecutionChangedSubscriptionRequest(thing_name=THING),
    ),
]
iot = boto3.client("iot")
thing_arn = iot.describe_thing(thingName=THING)["thingArn"]


def create_job(job, document):
    say("CreateJobResponse", iot.create_job(jobId=job, document=document, targets=[thing_arn]))


def get_pending():
    request = iotjobs.GetPendingJobExecutionsRequest(thing_name=THING)
    say("GetPendingJobExecutionsResponse", jobs.get_pending_job_executions(request).result())


def start_next():
    request = iotjobs.StartNextPendingJobExecutionRequest(thing_name=THING)
    say("StartNextPendingJobExecutionResponse", jobs.start_next_pending_job_execution(request).result())


def describe(job):
    request = iotjobs.DescribeJobExecutionRequest(thing_name=THING, job_id=job)
    say("DescribeJobExecutionResponse", jobs.describe_job_execution(request).result())


def update(job, status):
    request = iotjobs.UpdateJobExecutionRequest(thing_name=THING, job_id=job, status=status)
    say("UpdateJobExecutionResponse", jobs.update_job_execution(request).result())


COMMANDS = {
    "create-job": create_job,
    "get-pending-job-executions": get_pending,
    "start-next-pending-job-execution": start_next,
    "describe-job-execution": describe,
    "update-job-execution": update,
}

for line in sys.stdin:
    name, *arguments = line.strip().split(" ", 2)
    COMMANDS[name](*arguments)
disconnect()

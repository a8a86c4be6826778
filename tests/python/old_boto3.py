"""boto3 of early 2023 signs for `execute-api`, and the local service knows whom it means.

It does not read AWS_ENDPOINT_URL yet.
"""

import json
import os

import boto3

iot, data = (boto3.client(name, endpoint_url=os.environ["AWS_ENDPOINT_URL"]) for name in ("iot", "iot-jobs-data"))
scopes = []
iot.meta.events.register("before-send.iot", lambda request, **_: scopes.append(str(request.headers["Authorization"])))

thing = os.environ["JOBS_SANDBOX_THING"]
arn = iot.describe_thing(thingName=thing)["thingArn"]
assert "/execute-api/aws4_request" in scopes[0], f"{boto3.__version__} is not old enough: {scopes[0]}"
iot.create_job(jobId="Old", targets=[arn], document=json.dumps({"do": "it"}))
# Both planes have a GET /things/{thingName}/jobs.
assert [it["jobId"] for it in iot.list_job_executions_for_thing(thingName=thing)["executionSummaries"]] == ["Old"]
assert [it["jobId"] for it in data.get_pending_job_executions(thingName=thing)["queuedJobs"]] == ["Old"]
data.update_job_execution(thingName=thing, jobId="Old", status="SUCCEEDED")
assert iot.describe_job(jobId="Old")["job"]["status"] == "COMPLETED"

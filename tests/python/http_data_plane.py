"""The data plane over HTTPS through boto3, on the same port as the control plane."""

import unittest
import uuid

from aws_model import AwsTestCase, check_coverage, client

iot = client("iot")
data = client("iot-jobs-data")

OPERATIONS = "GetPendingJobExecutions StartNextPendingJobExecution DescribeJobExecution UpdateJobExecution".split()


def tearDownModule():
    check_coverage(OPERATIONS)


class DataPlane(AwsTestCase):
    def setUp(self):
        # Names with a colon are percent-encoded on the way.
        self.thing = f"thing:{uuid.uuid4()}"
        arn = iot.create_thing(thingName=self.thing)["thingArn"]
        self.jobs = [f"{name}-{uuid.uuid4()}" for name in ("first", "second")]
        for job in self.jobs:
            document = '{ "ToDo" : "%s" }' % job
            iot.create_job(jobId=job, targets=[arn], document=document)

    def pending(self):
        pending = data.get_pending_job_executions(thingName=self.thing)
        return [[execution["jobId"] for execution in pending[key]] for key in ("inProgressJobs", "queuedJobs")]

    def test_the_walkthrough(self):
        first, second = self.jobs
        self.assertEqual(self.pending(), [[], [first, second]])
        started = data.start_next_pending_job_execution(thingName=self.thing, statusDetails={"step": "one"})
        execution = started["execution"]
        self.assertEqual((execution["jobId"], execution["status"]), (first, "IN_PROGRESS"))
        self.assertEqual(execution["thingName"], self.thing)
        self.assertEqual(execution["jobDocument"], '{"ToDo":"%s"}' % first)
        self.assertEqual(execution["statusDetails"], {"step": "one"})
        self.assertEqual((execution["versionNumber"], execution["executionNumber"]), (2, 1))
        self.assertIsInstance(execution["queuedAt"], int)
        self.assertEqual(self.pending(), [[first], [second]])
        again = data.start_next_pending_job_execution(thingName=self.thing)["execution"]
        self.assertEqual(again, execution)
        updated = data.update_job_execution(
            thingName=self.thing, jobId=first, status="SUCCEEDED", statusDetails={"step": "two"}, expectedVersion=2,
            includeJobExecutionState=True, includeJobDocument=True,
        )
        state = {"status": "SUCCEEDED", "statusDetails": {"step": "two"}, "versionNumber": 3}
        self.assertEqual(updated["executionState"], state)
        self.assertEqual(updated["jobDocument"], execution["jobDocument"])
        data.update_job_execution(thingName=self.thing, jobId=second, status="REJECTED")
        self.assertEqual(self.pending(), [[], []])
        self.assert_absent(data.start_next_pending_job_execution(thingName=self.thing), "execution")
        self.assert_absent(data.describe_job_execution(thingName=self.thing, jobId="$next"), "execution")

    def test_describe(self):
        first, second = self.jobs
        head = data.describe_job_execution(thingName=self.thing, jobId="$next")["execution"]
        self.assertEqual((head["jobId"], head["status"]), (first, "QUEUED"))
        bare = data.describe_job_execution(thingName=self.thing, jobId=second, includeJobDocument=False)["execution"]
        self.assert_absent(bare, "jobDocument", "startedAt", "statusDetails", "approximateSecondsBeforeTimedOut")
        numbered = data.describe_job_execution(thingName=self.thing, jobId=second, executionNumber=1)
        self.assertEqual(numbered["execution"]["executionNumber"], 1)
        describe = data.describe_job_execution
        self.refused("ResourceNotFoundException", describe, thingName=self.thing, jobId=second, executionNumber=2)
        self.refused("ResourceNotFoundException", describe, thingName=self.thing, jobId="unknown")
        self.refused("InvalidRequestException", describe, thingName=self.thing, jobId="a b")
        iot.cancel_job(jobId=second)
        self.assertEqual(
            self.refused("TerminalStateException", describe, thingName=self.thing, jobId=second),
            "Job Execution has reached terminal state. It is neither IN_PROGRESS nor QUEUED",
        )

    def test_an_update_says_nothing_unless_asked(self):
        updated = data.update_job_execution(thingName=self.thing, jobId=self.jobs[0], status="IN_PROGRESS")
        self.assert_absent(updated, "executionState", "jobDocument")

    def test_refused_updates(self):
        first = self.jobs[0]
        update = data.update_job_execution
        path = {"thingName": self.thing, "jobId": first}
        for status in ("CANCELED", "TIMED_OUT", "REMOVED", "QUEUED"):
            message = self.refused("InvalidStateTransitionException", update, **path, status=status)
            self.assertEqual(message, f"The status of job execution cannot be changed to be {status}")
        message = self.refused("InvalidRequestException", update, **path, status="FAILED", expectedVersion=99)
        self.assertEqual(message, "Expected version 99 but found version 1")
        for wrong in (
            {"status": "DONE"}, {"status": "IN_PROGRESS", "stepTimeoutInMinutes": 0},
            {"status": "IN_PROGRESS", "stepTimeoutInMinutes": 10081},
            {"status": "IN_PROGRESS", "statusDetails": {"k": "v" * 1025}},
            {"status": "IN_PROGRESS", "statusDetails": {str(n): "v" for n in range(11)}},
            {"status": "IN_PROGRESS", "statusDetails": {"no spaces": "v"}},
        ):
            with self.subTest(wrong):
                self.refused("InvalidRequestException", update, **path, **wrong)
        self.refused("ResourceNotFoundException", update, thingName=self.thing, jobId="unknown", status="FAILED")
        self.refused("InvalidRequestException", update, thingName=self.thing, jobId="$next", status="FAILED")
        data.update_job_execution(**path, status="FAILED")
        self.refused("InvalidStateTransitionException", update, **path, status="SUCCEEDED")

    def test_an_unknown_thing(self):
        unknown = {"thingName": "unknown"}
        self.refused("ResourceNotFoundException", data.get_pending_job_executions, **unknown)
        self.refused("ResourceNotFoundException", data.start_next_pending_job_execution, **unknown)
        self.refused("InvalidRequestException", data.get_pending_job_executions, thingName="a b")

    def test_timers(self):
        started = data.start_next_pending_job_execution(thingName=self.thing, stepTimeoutInMinutes=5)["execution"]
        self.assertIn(started["approximateSecondsBeforeTimedOut"], range(290, 301))
        data.update_job_execution(
            thingName=self.thing, jobId=self.jobs[0], status="IN_PROGRESS", stepTimeoutInMinutes=-1)
        described = data.describe_job_execution(thingName=self.thing, jobId=self.jobs[0])["execution"]
        self.assert_absent(described, "approximateSecondsBeforeTimedOut")


if __name__ == "__main__":
    unittest.main()

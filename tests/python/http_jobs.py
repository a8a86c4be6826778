"""Jobs, job executions and tags through boto3."""

import json
import re
import unittest
import uuid

from aws_model import AwsTestCase, check_coverage, client

iot = client("iot")
data = client("iot-jobs-data")

OPERATIONS = """
    CreateJob DescribeJob GetJobDocument ListJobs UpdateJob CancelJob DeleteJob AssociateTargetsWithJob
    DescribeJobExecution ListJobExecutionsForJob ListJobExecutionsForThing CancelJobExecution DeleteJobExecution
    TagResource UntagResource ListTagsForResource
""".split()


def tearDownModule():
    check_coverage(OPERATIONS)


def new_thing():
    """A thing of its own for each test, since all of them share one service."""
    return iot.create_thing(thingName=f"thing-{uuid.uuid4()}")


def new_job(thing, **request):
    request.setdefault("jobId", f"job-{uuid.uuid4()}")
    request.setdefault("document", json.dumps({"ToDo": "Reboot"}))
    return iot.create_job(targets=[thing["thingArn"]], **request)


class CreateJob(AwsTestCase):
    def test_the_answer_names_the_job(self):
        thing = new_thing()
        created = new_job(thing, jobId="named", description="what for", targetSelection="SNAPSHOT")
        self.assertRegex(created["jobArn"], r"^arn:aws:iot:us-east-1:\d{12}:job/named$")
        self.assertEqual((created["jobId"], created["description"]), ("named", "what for"))
        described = iot.describe_job(jobId="named")["job"]
        self.assertEqual(described["status"], "IN_PROGRESS")
        self.assertEqual(described["targets"], [thing["thingArn"]])
        self.assertEqual(described["description"], "what for")
        self.assertEqual(described["targetSelection"], "SNAPSHOT")
        self.assertEqual(described["jobProcessDetails"]["numberOfQueuedThings"], 1)
        for unset in ("presignedUrlConfig", "jobExecutionsRolloutConfig", "timeoutConfig", "schedulingConfig"):
            self.assertEqual(described[unset], {})
        self.assertLessEqual(described["createdAt"], described["lastUpdatedAt"])
        self.assert_absent(described, "completedAt", "comment", "reasonCode")

    def test_a_description_that_is_not_given_is_null(self):
        answers = []
        iot.meta.events.register("before-parse.iot.CreateJob", lambda response_dict, **_: answers.append(response_dict))
        created = new_job(new_thing())
        self.assertNotIn("description", created)
        self.assertIs(json.loads(answers[-1]["body"])["description"], None)
        self.assertEqual(list(json.loads(answers[-1]["body"])), ["description", "jobArn", "jobId"])

    def test_the_document_is_kept_byte_for_byte(self):
        document = '{ "b" : 1.0,\n"a":"\\u00e9 é ${aws:iot:parameter:b}" }'
        created = new_job(new_thing(), document=document)
        self.assertEqual(iot.get_job_document(jobId=created["jobId"])["document"], document)

    def test_an_id_is_taken_once(self):
        thing = new_thing()
        new_job(thing, jobId="taken")
        with self.assertRaises(iot.exceptions.ResourceAlreadyExistsException) as caught:
            new_job(thing, jobId="taken")
        self.assertEqual(caught.exception.response["resourceId"], "taken")
        self.assertRegex(caught.exception.response["resourceArn"], ":job/taken$")
        self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 409)

    def test_what_is_out_of_bounds_is_refused(self):
        thing = new_thing()
        target = [thing["thingArn"]]
        for wrong in (
            {"document": ""}, {"document": "{"}, {"document": "[" * 200},
            {"document": json.dumps("x" * 32768)},
            {"description": "x" * 2029}, {"description": "a\u0007b"},
            {"targetSelection": "SOMETIMES"},
            {"timeoutConfig": {"inProgressTimeoutInMinutes": 0}}, {"timeoutConfig": {"inProgressTimeoutInMinutes": 10081}},
            {"jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "FAILED", "numberOfRetries": 11}]}},
            {"jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "REJECTED", "numberOfRetries": 1}]}},
            {"jobExecutionsRolloutConfig": {"maximumPerMinute": 1001}},
            {"abortConfig": {"criteriaList": [
                {"failureType": "ALL", "action": "CANCEL", "thresholdPercentage": 101.0, "minNumberOfExecutedThings": 1}]}},
            {"schedulingConfig": {"startTime": "tomorrow"}},
            {"documentSource": "https://s3.amazonaws.com/bucket/key"},
        ):
            with self.subTest(wrong):
                request = {"document": "{}", **wrong}
                self.refused("InvalidRequestException", iot.create_job, jobId="wrong", targets=target, **request)
        self.refused("InvalidRequestException", iot.create_job, jobId="wrong", targets=target)
        self.refused("InvalidRequestException", iot.create_job, jobId="no spaces", targets=target, document="{}")
        self.refused("InvalidRequestException", iot.create_job, jobId="x" * 65, targets=target, document="{}")
        self.refused("InvalidRequestException", iot.create_job, jobId="wrong", targets=["MyThing"], document="{}")
        self.refused("InvalidRequestException", iot.create_job, jobId="wrong", targets=target * 101, document="{}")
        unknown = [thing["thingArn"] + "-unknown"]
        self.refused("ResourceNotFoundException", iot.create_job, jobId="wrong", targets=unknown, document="{}")
        self.refused("ResourceNotFoundException", iot.describe_job, jobId="wrong")

    def test_violations_are_told_in_the_words_of_aws(self):
        message = self.refused("InvalidRequestException", iot.describe_job, jobId="a b")
        self.assertEqual(
            message,
            "1 validation error detected: Value 'a b' at 'jobId' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+",
        )


class Lists(AwsTestCase):
    def test_jobs_are_listed_newest_first_page_by_page(self):
        thing = new_thing()
        ids = [new_job(thing)["jobId"] for _ in range(5)]
        pages = iot.get_paginator("list_jobs").paginate(PaginationConfig={"PageSize": 2})
        listed = [job["jobId"] for page in pages for job in page["jobs"]]
        self.assertEqual([job for job in listed if job in ids], ids[::-1])
        self.assertEqual(len(listed), len(set(listed)))

    def test_jobs_are_filtered(self):
        thing = new_thing()
        done, open_ = new_job(thing)["jobId"], new_job(thing)["jobId"]
        iot.cancel_job(jobId=done)
        canceled = [job["jobId"] for job in iot.list_jobs(status="CANCELED")["jobs"]]
        self.assertIn(done, canceled)
        self.assertNotIn(open_, canceled)
        continuous = iot.list_jobs(targetSelection="CONTINUOUS")["jobs"]
        self.assertNotIn(open_, [job["jobId"] for job in continuous])
        for wrong in ({"status": "DONE"}, {"targetSelection": "ALL"}, {"maxResults": 251}, {"maxResults": -1}):
            with self.subTest(wrong):
                self.refused("InvalidRequestException", iot.list_jobs, **wrong)
        message = self.refused("InvalidRequestException", iot.list_jobs, nextToken="nonsense")
        self.assertEqual(message, "Next token is invalid.")
        self.assertEqual(
            self.refused("InvalidRequestException", iot.list_jobs, maxResults=0),
            "1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1",
        )

    def test_executions_are_listed_by_job_and_by_thing(self):
        things = [new_thing() for _ in range(3)]
        job = f"job-{uuid.uuid4()}"
        iot.create_job(jobId=job, targets=[thing["thingArn"] for thing in things], document="{}")
        pages = iot.get_paginator("list_job_executions_for_job").paginate(jobId=job, PaginationConfig={"PageSize": 2})
        summaries = [summary for page in pages for summary in page["executionSummaries"]]
        self.assertEqual({s["thingArn"] for s in summaries}, {thing["thingArn"] for thing in things})
        self.assertEqual({s["jobExecutionSummary"]["status"] for s in summaries}, {"QUEUED"})
        self.assertEqual({s["jobExecutionSummary"]["executionNumber"] for s in summaries}, {1})
        none = iot.list_job_executions_for_job(jobId=job, status="FAILED")["executionSummaries"]
        self.assertEqual(none, [])
        name = things[0]["thingName"]
        new_job(things[0])
        for_thing = iot.get_paginator("list_job_executions_for_thing")
        pages = for_thing.paginate(thingName=name, PaginationConfig={"PageSize": 1})
        self.assertEqual(len([1 for page in pages for _ in page["executionSummaries"]]), 2)
        one = iot.list_job_executions_for_thing(thingName=name, jobId=job)["executionSummaries"]
        self.assertEqual([summary["jobId"] for summary in one], [job])
        self.refused("ResourceNotFoundException", iot.list_job_executions_for_job, jobId="unknown")
        self.refused("InvalidRequestException", iot.list_job_executions_for_job, jobId=job, status="DONE")
        self.refused("InvalidRequestException", iot.list_job_executions_for_thing, thingName=name, maxResults=999)
        self.refused("ResourceNotFoundException", iot.list_job_executions_for_thing, thingName="unknown")


class CancelAndDelete(AwsTestCase):
    def test_cancel_leaves_what_is_in_progress(self):
        queued, started = new_thing(), new_thing()
        job = f"job-{uuid.uuid4()}"
        iot.create_job(jobId=job, targets=[queued["thingArn"], started["thingArn"]], document="{}")
        data.start_next_pending_job_execution(thingName=started["thingName"])
        canceled = iot.cancel_job(jobId=job, comment="not needed", reasonCode="OPS_1")
        self.assertEqual(canceled["jobId"], job)
        described = iot.describe_job(jobId=job)["job"]
        self.assertEqual((described["status"], described["forceCanceled"]), ("CANCELED", False))
        self.assertEqual((described["comment"], described["reasonCode"]), ("not needed", "OPS_1"))
        self.assertEqual(self.status(queued, job), "CANCELED")
        self.assertEqual(self.status(started, job), "IN_PROGRESS")
        data.update_job_execution(thingName=started["thingName"], jobId=job, status="SUCCEEDED")
        self.refused("InvalidRequestException", iot.cancel_job, jobId=job)
        self.refused("ResourceNotFoundException", iot.cancel_job, jobId="unknown")

    def test_cancel_with_force_ends_what_is_in_progress(self):
        thing = new_thing()
        job = new_job(thing)["jobId"]
        data.start_next_pending_job_execution(thingName=thing["thingName"])
        iot.cancel_job(jobId=job, force=True)
        execution = iot.describe_job_execution(thingName=thing["thingName"], jobId=job)["execution"]
        self.assertEqual((execution["status"], execution["forceCanceled"]), ("CANCELED", True))
        self.assertTrue(iot.describe_job(jobId=job)["job"]["forceCanceled"])

    def test_delete_wants_a_finished_job_or_force(self):
        thing = new_thing()
        job = new_job(thing)["jobId"]
        message = self.refused("InvalidStateTransitionException", iot.delete_job, jobId=job)
        self.assertEqual(message, f"Job {job} cannot be deleted in status IN_PROGRESS.")
        iot.delete_job(jobId=job, force=True)
        self.refused("ResourceNotFoundException", iot.describe_job, jobId=job)
        self.refused("ResourceNotFoundException", iot.delete_job, jobId=job)
        self.refused("ResourceNotFoundException", iot.get_job_document, jobId=job)
        new_job(thing, jobId=job)
        data.start_next_pending_job_execution(thingName=thing["thingName"])
        data.update_job_execution(thingName=thing["thingName"], jobId=job, status="SUCCEEDED")
        described = iot.describe_job(jobId=job)["job"]
        self.assertEqual(described["status"], "COMPLETED")
        self.assertGreaterEqual(described["completedAt"], described["createdAt"])
        iot.delete_job(jobId=job)

    def status(self, thing, job):
        return iot.describe_job_execution(thingName=thing["thingName"], jobId=job)["execution"]["status"]


class JobExecutions(AwsTestCase):
    def test_the_operator_sees_every_status(self):
        thing = new_thing()
        job = new_job(thing, timeoutConfig={"inProgressTimeoutInMinutes": 10})["jobId"]
        path = {"thingName": thing["thingName"], "jobId": job}
        queued = iot.describe_job_execution(**path)["execution"]
        self.assertEqual((queued["status"], queued["versionNumber"], queued["executionNumber"]), ("QUEUED", 1, 1))
        self.assertEqual(queued["thingArn"], thing["thingArn"])
        self.assert_absent(queued, "startedAt", "approximateSecondsBeforeTimedOut")
        data.start_next_pending_job_execution(thingName=thing["thingName"], statusDetails={"step": "1"})
        started = iot.describe_job_execution(**path, executionNumber=1)["execution"]
        self.assertEqual(started["statusDetails"], {"detailsMap": {"step": "1"}})
        self.assertIn(started["approximateSecondsBeforeTimedOut"], range(590, 601))
        data.update_job_execution(**path, status="FAILED")
        self.assertEqual(iot.describe_job_execution(**path)["execution"]["status"], "FAILED")
        self.refused("ResourceNotFoundException", iot.describe_job_execution, **path, executionNumber=2)
        self.refused("ResourceNotFoundException", iot.describe_job_execution, thingName="unknown", jobId=job)
        self.refused("InvalidRequestException", iot.describe_job_execution, thingName="a b", jobId=job)

    def test_cancel_of_one_execution(self):
        thing = new_thing()
        job = new_job(thing)["jobId"]
        path = {"thingName": thing["thingName"], "jobId": job}
        message = self.refused("VersionConflictException", iot.cancel_job_execution, **path, expectedVersion=5)
        self.assertEqual(message, "Expected version 5 but found version 1")
        data.start_next_pending_job_execution(thingName=thing["thingName"])
        self.refused("InvalidStateTransitionException", iot.cancel_job_execution, **path)
        iot.cancel_job_execution(**path, force=True, expectedVersion=2, statusDetails={"why": "late"})
        execution = iot.describe_job_execution(**path)["execution"]
        self.assertEqual((execution["status"], execution["forceCanceled"]), ("CANCELED", True))
        self.assertEqual(execution["statusDetails"], {"detailsMap": {"why": "late"}})
        self.refused("InvalidStateTransitionException", iot.cancel_job_execution, **path, force=True)
        self.refused("ResourceNotFoundException", iot.cancel_job_execution, thingName="unknown", jobId=job)

    def test_delete_of_one_execution(self):
        thing = new_thing()
        job = new_job(thing)["jobId"]
        path = {"thingName": thing["thingName"], "jobId": job, "executionNumber": 1}
        data.start_next_pending_job_execution(thingName=thing["thingName"])
        self.refused("InvalidStateTransitionException", iot.delete_job_execution, **path)
        self.refused("ResourceNotFoundException", iot.delete_job_execution, **{**path, "executionNumber": 7})
        iot.delete_job_execution(**path, force=True)
        self.refused("ResourceNotFoundException", iot.delete_job_execution, **path)
        self.assertEqual(iot.describe_job(jobId=job)["job"]["status"], "COMPLETED")


class Change(AwsTestCase):
    def test_update_of_a_job(self):
        thing = new_thing()
        job = new_job(
            thing, timeoutConfig={"inProgressTimeoutInMinutes": 10},
            jobExecutionsRetryConfig={"criteriaList": [{"failureType": "FAILED", "numberOfRetries": 2}]},
        )["jobId"]
        iot.update_job(jobId=job, description="new", timeoutConfig={"inProgressTimeoutInMinutes": 20})
        described = iot.describe_job(jobId=job)["job"]
        self.assertEqual(described["description"], "new")
        self.assertEqual(described["timeoutConfig"], {"inProgressTimeoutInMinutes": 20})
        message = self.refused("InvalidRequestException", iot.update_job, jobId=job)
        self.assertEqual(message, f"Update Job request for job {job} cannot be empty.")
        message = self.refused("ResourceNotFoundException", iot.update_job, jobId="unknown", description="x")
        self.assertEqual(message, "Job unknown cannot be found.")
        iot.cancel_job(jobId=job)
        self.assertEqual(
            self.refused("InvalidRequestException", iot.update_job, jobId=job, description="x"),
            f"Job {job} in status CANCELED cannot be updated.",
        )

    def test_targets_join_a_continuous_job(self):
        first, second = new_thing(), new_thing()
        job = new_job(first, targetSelection="CONTINUOUS")["jobId"]
        added = iot.associate_targets_with_job(jobId=job, targets=[second["thingArn"]], comment="more")
        self.assertEqual(added["jobId"], job)
        pending = data.get_pending_job_executions(thingName=second["thingName"])["queuedJobs"]
        self.assertEqual([execution["jobId"] for execution in pending], [job])
        self.assertEqual(set(iot.describe_job(jobId=job)["job"]["targets"]), {first["thingArn"], second["thingArn"]})
        snapshot = new_job(first)["jobId"]
        associate = iot.associate_targets_with_job
        self.refused("InvalidRequestException", associate, jobId=snapshot, targets=[second["thingArn"]])
        self.refused("ResourceNotFoundException", associate, jobId="unknown", targets=[second["thingArn"]])

    def test_a_job_is_found_in_its_namespace_alone(self):
        thing = new_thing()
        new_job(thing)
        namespace = f"namespace-{uuid.uuid4()}"
        job = new_job(thing, namespaceId=namespace)["jobId"]
        self.assertEqual(iot.describe_job(jobId=job)["job"]["namespaceId"], namespace)
        self.assertEqual([it["jobId"] for it in iot.list_jobs(namespaceId=namespace)["jobs"]], [job])
        executions = iot.list_job_executions_for_thing(thingName=thing["thingName"], namespaceId=namespace)
        self.assertEqual([it["jobId"] for it in executions["executionSummaries"]], [job])
        other = {"jobId": job, "namespaceId": "other"}
        execution = {**other, "thingName": thing["thingName"], "executionNumber": 1}
        self.refused("ResourceNotFoundException", iot.update_job, **other, description="d")
        self.refused("ResourceNotFoundException", iot.delete_job_execution, **execution)
        self.refused("ResourceNotFoundException", iot.delete_job, **other, force=True)
        iot.delete_job(jobId=job, namespaceId=namespace, force=True)

    def test_a_failure_is_retried(self):
        thing = new_thing()
        retry = {"criteriaList": [{"failureType": "FAILED", "numberOfRetries": 1}]}
        job = new_job(thing, jobExecutionsRetryConfig=retry)["jobId"]
        name = thing["thingName"]
        for number in (1, 2):
            execution = data.start_next_pending_job_execution(thingName=name)["execution"]
            self.assertEqual(execution["executionNumber"], number)
            data.update_job_execution(thingName=name, jobId=job, status="FAILED")
        self.assert_absent(data.start_next_pending_job_execution(thingName=name), "execution")
        summaries = iot.list_job_executions_for_thing(thingName=name)["executionSummaries"]
        attempts = {
            summary["jobExecutionSummary"]["executionNumber"]: summary["jobExecutionSummary"]["retryAttempt"]
            for summary in summaries
        }
        self.assertEqual(attempts, {1: 0, 2: 1})
        self.assertEqual(iot.describe_job(jobId=job)["job"]["status"], "COMPLETED")


class Tags(AwsTestCase):
    def test_a_job_has_tags(self):
        arn = new_job(new_thing(), tags=[{"Key": "team", "Value": "a"}])["jobArn"]
        iot.tag_resource(resourceArn=arn, tags=[{"Key": "stage", "Value": "test"}, {"Key": "team", "Value": "b"}])
        tags = {tag["Key"]: tag.get("Value") for tag in iot.list_tags_for_resource(resourceArn=arn)["tags"]}
        self.assertEqual(tags, {"team": "b", "stage": "test"})
        iot.untag_resource(resourceArn=arn, tagKeys=["team", "unknown"])
        self.assertEqual(len(iot.list_tags_for_resource(resourceArn=arn)["tags"]), 1)
        unknown = re.sub("job/.*", "job/unknown", arn)
        tag = [{"Key": "a", "Value": "b"}]
        self.refused("ResourceNotFoundException", iot.tag_resource, resourceArn=unknown, tags=tag)
        self.refused("ResourceNotFoundException", iot.untag_resource, resourceArn=unknown, tagKeys=["a"])
        self.assertEqual(iot.list_tags_for_resource(resourceArn=unknown)["tags"], [])
        self.refused("InvalidRequestException", iot.list_tags_for_resource, resourceArn="no-arn")


if __name__ == "__main__":
    unittest.main()

"""The AWS CLI over every operation, as its users call it; its own code, run in this process to save its start.

What it prints is what a script would read, so each answer is read back from there.
"""

import contextlib
import io
import json
import unittest
import uuid

from awscli.clidriver import create_clidriver

DOCUMENT = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}'

DRIVER = create_clidriver()


def aws(*words):
    """What `aws WORDS` prints, read as JSON; nothing for what prints nothing."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = DRIVER.main(["--output", "json", *words])
    assert status == 0, f"aws {' '.join(words)}: {err.getvalue()}"
    return json.loads(out.getvalue()) if out.getvalue().strip() else None


def refused(*words):
    """What `aws WORDS` says on its way out."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = DRIVER.main(["--output", "json", *words])
    assert status != 0, f"aws {' '.join(words)}: {out.getvalue()}"
    return err.getvalue().strip()


class Cli(unittest.TestCase):
    def setUp(self):
        self.thing = f"thing:{uuid.uuid4()}"
        self.arn = aws("iot", "create-thing", "--thing-name", self.thing)["thingArn"]

    def create_job(self, *words):
        job = f"job-{uuid.uuid4()}"
        aws("iot", "create-job", "--job-id", job, "--targets", self.arn, "--document", '{"ToDo":"Reboot"}', *words)
        return job

    def test_jobs(self):
        job = self.create_job("--target-selection", "CONTINUOUS", "--timeout-config", "inProgressTimeoutInMinutes=5")
        self.assertEqual(aws("iot", "describe-job", "--job-id", job)["job"]["status"], "IN_PROGRESS")
        self.assertEqual(aws("iot", "get-job-document", "--job-id", job), {"document": '{"ToDo":"Reboot"}'})
        self.assertIn(job, [entry["jobId"] for entry in aws("iot", "list-jobs")["jobs"]])
        aws("iot", "update-job", "--job-id", job, "--description", "new")
        other = f"thing-{uuid.uuid4()}"
        arn = aws("iot", "create-thing", "--thing-name", other)["thingArn"]
        aws("iot", "associate-targets-with-job", "--job-id", job, "--targets", arn)
        listed = aws("iot", "list-job-executions-for-job", "--job-id", job)["executionSummaries"]
        self.assertEqual({entry["thingArn"] for entry in listed}, {self.arn, arn})
        aws("iot", "cancel-job-execution", "--job-id", job, "--thing-name", other)
        listed = aws("iot", "list-job-executions-for-thing", "--thing-name", other)["executionSummaries"]
        self.assertEqual([entry["jobExecutionSummary"]["status"] for entry in listed], ["CANCELED"])
        path = ["--job-id", job, "--thing-name", other]
        aws("iot", "delete-job-execution", *path, "--execution-number", "1")
        self.assertIn("(ResourceNotFoundException)", refused("iot", "describe-job-execution", *path))
        self.assertEqual(aws("iot", "cancel-job", "--job-id", job, "--comment", "no", "--force")["jobId"], job)
        aws("iot", "delete-job", "--job-id", job)
        self.assertIn(
            "(ResourceNotFoundException) when calling the DescribeJob operation: Job ",
            refused("iot", "describe-job", "--job-id", job),
        )

    def test_a_device_over_https(self):
        job = self.create_job()
        name = ["--thing-name", self.thing]
        pending = aws("iot-jobs-data", "get-pending-job-executions", *name)
        self.assertEqual([entry["jobId"] for entry in pending["queuedJobs"]], [job])
        started = aws("iot-jobs-data", "start-next-pending-job-execution", *name)["execution"]
        self.assertEqual((started["jobDocument"], started["status"]), ('{"ToDo":"Reboot"}', "IN_PROGRESS"))
        path = [*name, "--job-id", job]
        described = aws("iot-jobs-data", "describe-job-execution", *name, "--job-id", "$next")["execution"]
        self.assertEqual(described, started)
        self.assertIn(
            "(InvalidStateTransitionException)",
            refused("iot-jobs-data", "update-job-execution", *path, "--status", "CANCELED"),
        )
        details = ["--status-details", "step=done", "--include-job-execution-state"]
        updated = aws("iot-jobs-data", "update-job-execution", *path, "--status", "SUCCEEDED", *details)
        self.assertEqual(updated["executionState"]["statusDetails"], {"step": "done"})
        execution = aws("iot", "describe-job-execution", *path)["execution"]
        self.assertEqual((execution["status"], execution["versionNumber"]), ("SUCCEEDED", 3))
        aws("iot", "delete-job", "--job-id", job)

    def test_registry(self):
        name = ["--thing-name", self.thing]
        aws("iot", "update-thing", *name, "--attribute-payload", "attributes={a=b}")
        self.assertEqual(aws("iot", "describe-thing", *name)["attributes"], {"a": "b"})
        self.assertIn(self.thing, [entry["thingName"] for entry in aws("iot", "list-things")["things"]])
        group = ["--thing-group-name", f"group:{uuid.uuid4()}"]
        arn = aws("iot", "create-thing-group", *group)["thingGroupArn"]
        aws("iot", "add-thing-to-thing-group", *group, *name)
        self.assertEqual(aws("iot", "list-things-in-thing-group", *group)["things"], [self.thing])
        groups = aws("iot", "list-thing-groups-for-thing", *name)["thingGroups"]
        self.assertEqual([entry["groupArn"] for entry in groups], [arn])
        self.assertIn(group[1], [entry["groupName"] for entry in aws("iot", "list-thing-groups")["thingGroups"]])
        aws("iot", "remove-thing-from-thing-group", *group, *name)
        self.assertEqual(aws("iot", "describe-thing-group", *group)["thingGroupArn"], arn)
        aws("iot", "tag-resource", "--resource-arn", arn, "--tags", "Key=a,Value=b")
        tags = aws("iot", "list-tags-for-resource", "--resource-arn", arn)["tags"]
        self.assertEqual(tags, [{"Key": "a", "Value": "b"}])
        aws("iot", "untag-resource", "--resource-arn", arn, "--tag-keys", "a")
        aws("iot", "delete-thing-group", *group)
        aws("iot", "delete-thing", *name)
        self.assertTrue(aws("iot", "describe-endpoint", "--endpoint-type", "iot:Data-ATS")["endpointAddress"])

    def test_events(self):
        types = '{"JOB":{"Enabled":true},"POLICY":{"Enabled":false}}'
        self.assertIs(aws("iot", "update-event-configurations", "--event-configurations", types), None)
        described = aws("iot", "describe-event-configurations")
        self.assertEqual(described["eventConfigurations"]["JOB"], {"Enabled": True})
        self.assertEqual(described["creationDate"], described["lastModifiedDate"])
        # Whatever the CLI knows, the service decides.
        unknown = refused("iot", "update-event-configurations", "--event-configurations", '{"JOBS":{"Enabled":true}}')
        self.assertIn("Member must satisfy enum value set: [THING, ", unknown)

    def test_templates(self):
        template = ["--job-template-id", f"template-{uuid.uuid4()}"]
        made = aws("iot", "create-job-template", *template, "--description", "a", "--document", "{}")
        self.assertEqual(aws("iot", "describe-job-template", *template)["document"], "{}")
        listed = aws("iot", "list-job-templates")["jobTemplates"]
        self.assertIn(made["jobTemplateArn"], [entry["jobTemplateArn"] for entry in listed])
        self.assertEqual(len(aws("iot", "list-managed-job-templates")["managedJobTemplates"]), 8)
        reboot = aws("iot", "describe-managed-job-template", "--template-name", "AWS-Reboot")
        self.assertEqual(reboot["templateArn"], "arn:aws:iot:us-east-1::jobtemplate/AWS-Reboot:1.0")
        aws("iot", "delete-job-template", *template)

    def test_credentials(self):
        made = aws("iot", "create-keys-and-certificate", "--set-as-active")
        certificate, arn = ["--certificate-id", made["certificateId"]], made["certificateArn"]
        policy = ["--policy-name", f"policy-{uuid.uuid4()}"]
        aws("iot", "create-policy", *policy, "--policy-document", DOCUMENT)
        version = aws("iot", "create-policy-version", *policy, "--policy-document", DOCUMENT)
        self.assertEqual(version["policyVersionId"], "2")
        self.assertEqual(aws("iot", "get-policy", *policy)["defaultVersionId"], "1")
        self.assertEqual(len(aws("iot", "list-policy-versions", *policy)["policyVersions"]), 2)
        aws("iot", "set-default-policy-version", *policy, "--policy-version-id", "2")
        self.assertTrue(aws("iot", "get-policy-version", *policy, "--policy-version-id", "2")["isDefaultVersion"])
        aws("iot", "delete-policy-version", *policy, "--policy-version-id", "1")
        self.assertIn(policy[1], [entry["policyName"] for entry in aws("iot", "list-policies")["policies"]])
        aws("iot", "attach-policy", *policy, "--target", arn)
        attached = aws("iot", "list-attached-policies", "--target", arn)["policies"]
        self.assertEqual([entry["policyName"] for entry in attached], [policy[1]])
        self.assertEqual(aws("iot", "list-targets-for-policy", *policy)["targets"], [arn])
        name = ["--thing-name", self.thing]
        aws("iot", "attach-thing-principal", *name, "--principal", arn)
        self.assertEqual(aws("iot", "list-thing-principals", *name)["principals"], [arn])
        self.assertEqual(aws("iot", "list-principal-things", "--principal", arn)["things"], [self.thing])
        aws("iot", "detach-thing-principal", *name, "--principal", arn)
        aws("iot", "detach-policy", *policy, "--target", arn)
        aws("iot", "delete-policy", *policy)
        self.assertIn("(CertificateStateException)", refused("iot", "delete-certificate", *certificate))
        aws("iot", "update-certificate", *certificate, "--new-status", "INACTIVE")
        listed = aws("iot", "list-certificates")["certificates"]
        self.assertIn(made["certificateId"], [entry["certificateId"] for entry in listed])
        pem = aws("iot", "describe-certificate", *certificate)["certificateDescription"]["certificatePem"]
        aws("iot", "delete-certificate", *certificate)
        registered = aws("iot", "register-certificate-without-ca", "--certificate-pem", pem)
        self.assertEqual(registered["certificateId"], made["certificateId"])
        aws("iot", "delete-certificate", *certificate)
        aws("iot", "register-certificate", "--certificate-pem", pem)
        aws("iot", "delete-certificate", *certificate)

    def test_what_is_not_offered_is_named(self):
        self.assertIn(
            "(UnknownOperationException) when calling the ListBillingGroups operation: "
            "the local Jobs service does not offer ListBillingGroups of the iot API",
            refused("iot", "list-billing-groups"),
        )
        self.assertIn("the request is signed for the service 'iotdata'", refused(
            "iot-data", "get-thing-shadow", "--thing-name", self.thing, "shadow"))


if __name__ == "__main__":
    unittest.main()

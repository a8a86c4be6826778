"""Things, thing groups, job templates and endpoints through boto3."""

import json
import unittest
import urllib.request
import uuid

from aws_model import AwsTestCase, check_coverage, client

iot = client("iot")
data = client("iot-jobs-data")

OPERATIONS = """
    CreateThing DescribeThing ListThings UpdateThing DeleteThing
    CreateThingType DescribeThingType ListThingTypes UpdateThingType DeprecateThingType DeleteThingType
    CreateThingGroup DescribeThingGroup ListThingGroups UpdateThingGroup DeleteThingGroup
    AddThingToThingGroup RemoveThingFromThingGroup ListThingsInThingGroup ListThingGroupsForThing
    CreateJobTemplate DescribeJobTemplate ListJobTemplates DeleteJobTemplate
    ListManagedJobTemplates DescribeEndpoint
""".split()


def tearDownModule():
    check_coverage(OPERATIONS)


def name(kind):
    """A name that no other test uses, since all of them share one service."""
    return f"{kind}:{uuid.uuid4()}"


def new_thing(**request):
    return iot.create_thing(thingName=name("thing"), **request)["thingName"]


def new_group(**request):
    return iot.create_thing_group(thingGroupName=name("group"), **request)["thingGroupName"]


class Things(AwsTestCase):
    def test_a_thing_is_created_once(self):
        attributes = {"attributes": {"model": "a"}}
        thing = name("thing")
        created = iot.create_thing(thingName=thing, attributePayload=attributes)
        self.assertRegex(created["thingArn"], rf"^arn:aws:iot:us-east-1:\d{{12}}:thing/{thing}$")
        again = iot.create_thing(thingName=thing, attributePayload=attributes)
        self.assertEqual(again["thingId"], created["thingId"])
        with self.assertRaises(iot.exceptions.ResourceAlreadyExistsException) as caught:
            iot.create_thing(thingName=thing)
        self.assertEqual(caught.exception.response["resourceId"], thing)
        self.assertEqual(caught.exception.response["resourceArn"], created["thingArn"])
        described = iot.describe_thing(thingName=thing)
        self.assertEqual(described["defaultClientId"], thing)
        self.assertEqual((described["attributes"], described["version"]), ({"model": "a"}, 1))
        self.assert_absent(described, "thingTypeName", "billingGroupName")
        self.refused("ResourceNotFoundException", iot.describe_thing, thingName="unknown")
        for wrong in ("a b", "x" * 129, "a/b", "é", "$a"):
            with self.subTest(wrong):
                self.refused("InvalidRequestException", iot.create_thing, thingName=wrong)
                self.refused("InvalidRequestException", iot.describe_thing, thingName=wrong)
        many = {"attributes": {"a b": "c"}}
        self.refused("InvalidRequestException", iot.create_thing, thingName=name("t"), attributePayload=many)

    def test_an_update_replaces_or_merges(self):
        thing = new_thing(attributePayload={"attributes": {"a": "1", "b": "2"}})
        iot.update_thing(thingName=thing, attributePayload={"attributes": {"b": "", "c": "3"}, "merge": True})
        described = iot.describe_thing(thingName=thing)
        self.assertEqual((described["attributes"], described["version"]), ({"a": "1", "c": "3"}, 2))
        iot.update_thing(thingName=thing, attributePayload={"attributes": {"d": "4"}}, expectedVersion=2)
        self.assertEqual(iot.describe_thing(thingName=thing)["attributes"], {"d": "4"})
        self.refused("VersionConflictException", iot.update_thing, thingName=thing, expectedVersion=2)
        self.refused("ResourceNotFoundException", iot.update_thing, thingName="unknown")

    def test_delete(self):
        thing = new_thing()
        self.refused("VersionConflictException", iot.delete_thing, thingName=thing, expectedVersion=7)
        iot.delete_thing(thingName=thing, expectedVersion=1)
        self.refused("ResourceNotFoundException", iot.describe_thing, thingName=thing)
        iot.delete_thing(thingName=thing)

    def test_things_are_listed_and_filtered(self):
        value = str(uuid.uuid4())
        mine = sorted(new_thing(attributePayload={"attributes": {"test": value}}) for _ in range(5))
        paginator = iot.get_paginator("list_things")
        pages = paginator.paginate(attributeName="test", attributeValue=value, PaginationConfig={"PageSize": 2})
        things = [thing for page in pages for thing in page["things"]]
        self.assertEqual(sorted(thing["thingName"] for thing in things), mine)
        self.assertEqual(things[0]["attributes"], {"test": value})
        prefixed = iot.list_things(attributeName="test", attributeValue=value[:8], usePrefixAttributeValue=True)
        self.assertEqual(sorted(thing["thingName"] for thing in prefixed["things"]), mine)
        self.assertEqual(iot.list_things(thingTypeName=value)["things"], [])
        self.refused("InvalidRequestException", iot.list_things, maxResults=0)
        self.refused("InvalidRequestException", iot.list_things, nextToken="nonsense")


class Types(AwsTestCase):
    def test_a_type_lives_until_it_is_deprecated(self):
        kind = name("type")
        properties = {"thingTypeDescription": "a", "searchableAttributes": ["watt"]}
        made = iot.create_thing_type(thingTypeName=kind, thingTypeProperties=properties)
        self.assertRegex(made["thingTypeArn"], rf":thingtype/{kind}$")
        iot.update_thing_type(thingTypeName=kind, thingTypeProperties={"thingTypeDescription": "b"})
        described = iot.describe_thing_type(thingTypeName=kind)
        self.assertEqual(described["thingTypeId"], made["thingTypeId"])
        self.assertEqual(described["thingTypeProperties"], {**properties, "thingTypeDescription": "b"})
        thing = new_thing(thingTypeName=kind, attributePayload={"attributes": dict.fromkeys("abcd", "x")})
        self.assertEqual(iot.describe_thing(thingName=thing)["thingTypeName"], kind)
        iot.deprecate_thing_type(thingTypeName=kind)
        listed = iot.list_thing_types(thingTypeName=kind)["thingTypes"]
        self.assertEqual([entry["thingTypeMetadata"]["deprecated"] for entry in listed], [True])
        self.refused("InvalidRequestException", iot.delete_thing_type, thingTypeName=kind)
        self.refused("InvalidRequestException", iot.create_thing, thingName=name("t"), thingTypeName=kind)
        self.refused("ResourceNotFoundException", iot.create_thing, thingName=name("t"), thingTypeName="unknown")
        self.refused("ResourceAlreadyExistsException", iot.create_thing_type, thingTypeName=kind)
        for call in (iot.describe_thing_type, iot.update_thing_type, iot.deprecate_thing_type, iot.delete_thing_type):
            self.refused("ResourceNotFoundException", call, thingTypeName="unknown")
        self.refused("InvalidRequestException", iot.list_thing_types, nextToken="x")
        iot.update_thing(thingName=thing, removeThingType=True, attributePayload={})
        clock = iot.meta.endpoint_url + "/_sandbox/clock"
        urllib.request.urlopen(urllib.request.Request(clock, json.dumps({"advance": "5m"}).encode())).close()
        iot.delete_thing_type(thingTypeName=kind)
        self.refused("ResourceNotFoundException", iot.describe_thing_type, thingTypeName=kind)


class Groups(AwsTestCase):
    def test_an_update_keeps_what_it_does_not_name(self):
        group = new_group(thingGroupProperties={"attributePayload": {"attributes": {"a": "1"}}})
        update = {"thingGroupDescription": "b", "attributePayload": {"attributes": {"c": "2"}, "merge": True}}
        self.assertEqual(iot.update_thing_group(thingGroupName=group, thingGroupProperties=update)["version"], 2)
        described = iot.describe_thing_group(thingGroupName=group)["thingGroupProperties"]
        self.assertEqual(described["thingGroupDescription"], "b")
        self.assertEqual(described["attributePayload"]["attributes"], {"a": "1", "c": "2"})
        replaced = {"attributePayload": {"attributes": {"d": "3"}}}
        iot.update_thing_group(thingGroupName=group, thingGroupProperties=replaced, expectedVersion=2)
        described = iot.describe_thing_group(thingGroupName=group)
        self.assertEqual(described["thingGroupProperties"]["attributePayload"]["attributes"], {"d": "3"})
        self.assertEqual((described["thingGroupProperties"]["thingGroupDescription"], described["version"]), ("b", 3))
        stale = {"thingGroupName": group, "thingGroupProperties": {}, "expectedVersion": 2}
        self.refused("VersionConflictException", iot.update_thing_group, **stale)
        self.refused("ResourceNotFoundException", iot.update_thing_group, thingGroupName="unknown", thingGroupProperties={})

    def test_a_group_is_created_once(self):
        group = name("group")
        properties = {"thingGroupDescription": "for test", "attributePayload": {"attributes": {"a": "b"}}}
        created = iot.create_thing_group(thingGroupName=group, thingGroupProperties=properties)
        self.assertRegex(created["thingGroupArn"], f":thinggroup/{group}$")
        again = iot.create_thing_group(thingGroupName=group, thingGroupProperties=properties)
        self.assertEqual(again["thingGroupId"], created["thingGroupId"])
        self.assertEqual(
            self.refused("ResourceAlreadyExistsException", iot.create_thing_group, thingGroupName=group),
            f"Thing Group {group} already exists in current account with different properties",
        )
        described = iot.describe_thing_group(thingGroupName=group)
        self.assertEqual(described["thingGroupProperties"]["thingGroupDescription"], "for test")
        self.assertEqual(described["version"], 1)
        self.assertEqual(described["thingGroupMetadata"].get("rootToParentThingGroups", []), [])
        self.refused("ResourceNotFoundException", iot.describe_thing_group, thingGroupName="unknown")
        self.refused("InvalidRequestException", iot.create_thing_group, thingGroupName="a b")

    def test_groups_have_parents(self):
        root = new_group()
        child = new_group(parentGroupName=root)
        leaf = new_group(parentGroupName=child)
        metadata = iot.describe_thing_group(thingGroupName=leaf)["thingGroupMetadata"]
        self.assertEqual(metadata["parentGroupName"], child)
        self.assertEqual([group["groupName"] for group in metadata["rootToParentThingGroups"]], [root, child])
        direct = iot.list_thing_groups(parentGroup=root, recursive=False)["thingGroups"]
        self.assertEqual([group["groupName"] for group in direct], [child])
        pages = iot.get_paginator("list_thing_groups").paginate(parentGroup=root, PaginationConfig={"PageSize": 1})
        self.assertEqual({group["groupName"] for page in pages for group in page["thingGroups"]}, {child, leaf})
        self.refused("InvalidRequestException", iot.delete_thing_group, thingGroupName=root)
        self.refused("VersionConflictException", iot.delete_thing_group, thingGroupName=leaf, expectedVersion=7)
        for group in (leaf, child, root, root):
            iot.delete_thing_group(thingGroupName=group)
        self.refused("InvalidRequestException", iot.list_thing_groups, maxResults=0)

    def test_members(self):
        group, things = new_group(), sorted(new_thing() for _ in range(3))
        for thing in things + things[:1]:
            iot.add_thing_to_thing_group(thingGroupName=group, thingName=thing)
        pages = iot.get_paginator("list_things_in_thing_group").paginate(
            thingGroupName=group, PaginationConfig={"PageSize": 2})
        self.assertEqual(sorted(thing for page in pages for thing in page["things"]), things)
        groups = iot.list_thing_groups_for_thing(thingName=things[0])["thingGroups"]
        self.assertEqual([entry["groupName"] for entry in groups], [group])
        arns = {
            "thingGroupArn": groups[0]["groupArn"],
            "thingArn": iot.describe_thing(thingName=things[0])["thingArn"],
        }
        iot.remove_thing_from_thing_group(**arns)
        iot.remove_thing_from_thing_group(**arns)
        self.assertEqual(iot.list_thing_groups_for_thing(thingName=things[0])["thingGroups"], [])
        for call in (iot.add_thing_to_thing_group, iot.remove_thing_from_thing_group):
            self.refused("ResourceNotFoundException", call, thingGroupName=group, thingName="unknown")
            self.refused("ResourceNotFoundException", call, thingGroupName="unknown", thingName=things[0])
            self.refused("InvalidRequestException", call, thingName=things[0])
        self.refused("ResourceNotFoundException", iot.list_things_in_thing_group, thingGroupName="unknown")
        self.refused("ResourceNotFoundException", iot.list_thing_groups_for_thing, thingName="unknown")

    def test_a_group_may_be_called_like_an_operation(self):
        group = "addThingToThingGroup"
        iot.create_thing_group(thingGroupName=group)
        self.assertEqual(iot.describe_thing_group(thingGroupName=group)["thingGroupName"], group)
        iot.delete_thing_group(thingGroupName=group)


class ContinuousJobs(AwsTestCase):
    def test_things_that_join_and_leave(self):
        group, early, late = new_group(), new_thing(), new_thing()
        iot.add_thing_to_thing_group(thingGroupName=group, thingName=early)
        arn = iot.describe_thing_group(thingGroupName=group)["thingGroupArn"]
        job = f"job-{uuid.uuid4()}"
        iot.create_job(jobId=job, targets=[arn], document="{}", targetSelection="CONTINUOUS")
        self.assertEqual(self.queued(early), [job])
        iot.add_thing_to_thing_group(thingGroupName=group, thingName=late)
        self.assertEqual(self.queued(late), [job])
        iot.remove_thing_from_thing_group(thingGroupName=group, thingName=early)
        self.assertEqual(self.queued(early), [])
        removed = iot.describe_job_execution(thingName=early, jobId=job)["execution"]
        self.assertEqual((removed["status"], removed["versionNumber"]), ("REMOVED", 1))
        iot.add_thing_to_thing_group(thingGroupName=group, thingName=early)
        pending = data.get_pending_job_executions(thingName=early)["queuedJobs"]
        self.assertEqual([(one["executionNumber"], one["versionNumber"]) for one in pending], [(2, 1)])
        data.update_job_execution(thingName=late, jobId=job, status="SUCCEEDED")
        details = iot.describe_job(jobId=job)["job"]
        self.assertEqual(details["status"], "IN_PROGRESS")
        counts = details["jobProcessDetails"]
        self.assertEqual((counts["numberOfRemovedThings"], counts["numberOfSucceededThings"]), (1, 1))
        self.assertIn(job, [entry["jobId"] for entry in iot.list_jobs(thingGroupName=group)["jobs"]])

    def queued(self, thing):
        return [one["jobId"] for one in data.get_pending_job_executions(thingName=thing)["queuedJobs"]]


class JobTemplates(AwsTestCase):
    def test_a_template_makes_jobs(self):
        template = f"template-{uuid.uuid4()}"
        created = iot.create_job_template(
            jobTemplateId=template, description="reboot", document='{"ToDo":"Reboot"}',
            timeoutConfig={"inProgressTimeoutInMinutes": 5},
        )
        self.assertRegex(created["jobTemplateArn"], f":jobtemplate/{template}$")
        described = iot.describe_job_template(jobTemplateId=template)
        self.assertEqual(described["document"], '{"ToDo":"Reboot"}')
        self.assertEqual(described["timeoutConfig"], {"inProgressTimeoutInMinutes": 5})
        job = f"job-{uuid.uuid4()}"
        thing = iot.describe_thing(thingName=new_thing())["thingArn"]
        iot.create_job(jobId=job, targets=[thing], jobTemplateArn=created["jobTemplateArn"])
        self.assertEqual(iot.get_job_document(jobId=job)["document"], '{"ToDo":"Reboot"}')
        made = iot.describe_job(jobId=job)["job"]
        self.assertEqual(made["timeoutConfig"], {"inProgressTimeoutInMinutes": 5})
        self.assertEqual(made["jobTemplateArn"], created["jobTemplateArn"])
        arn = made["jobArn"]
        copied = f"copy-{uuid.uuid4()}"
        iot.create_job_template(jobTemplateId=copied, description="a copy", jobArn=arn)
        self.assertEqual(iot.describe_job_template(jobTemplateId=copied)["document"], '{"ToDo":"Reboot"}')
        pages = iot.get_paginator("list_job_templates").paginate(PaginationConfig={"PageSize": 1})
        listed = [entry["jobTemplateId"] for page in pages for entry in page["jobTemplates"]]
        self.assertLess(listed.index(copied), listed.index(template))
        iot.delete_job_template(jobTemplateId=template)
        self.assertEqual(
            self.refused("ResourceNotFoundException", iot.describe_job_template, jobTemplateId=template),
            f"Job Template {template} cannot be found.",
        )
        self.assertEqual(iot.describe_job(jobId=job)["job"]["status"], "IN_PROGRESS")

    def test_refusals(self):
        create, template = iot.create_job_template, f"template-{uuid.uuid4()}"
        request = {"jobTemplateId": template, "description": "a"}
        self.assertEqual(
            self.refused("InvalidRequestException", create, **request),
            "Neither job document nor job document source is specified.",
        )
        self.assertEqual(
            self.refused("InvalidRequestException", create, **request, document="{}", documentSource="https://s3.x/y"),
            "Job document and job document source cannot be specified at the same time.",
        )
        self.refused("InvalidRequestException", create, jobTemplateId=template, document="{}")
        create(**request, document="{}")
        self.assertEqual(
            self.refused("ConflictException", create, **request, document="{}"),
            f"Job Template {template} already exists.",
        )
        self.refused("ResourceNotFoundException", iot.delete_job_template, jobTemplateId="unknown")
        self.refused("InvalidRequestException", iot.list_job_templates, maxResults=0)

    def test_jobs_are_made_from_the_templates_that_aws_manages(self):
        listed = iot.list_managed_job_templates(maxResults=1)
        self.assertEqual(len(iot.list_managed_job_templates()["managedJobTemplates"]), 8)
        self.assertEqual([one["templateName"] for one in listed["managedJobTemplates"]], ["AWS-Reboot"])
        self.assertEqual(len(iot.list_managed_job_templates(nextToken=listed["nextToken"])["managedJobTemplates"]), 7)
        self.refused("InvalidRequestException", iot.list_managed_job_templates, maxResults=0)
        self.refused("ResourceNotFoundException", iot.describe_managed_job_template, templateName="AWS-Shutdown")
        version = {"templateName": "AWS-Run-Command", "templateVersion": "2.0"}
        self.refused("ResourceNotFoundException", iot.describe_managed_job_template, **version)
        template = iot.describe_managed_job_template(templateName="AWS-Run-Command")
        self.assertEqual([one["key"] for one in template["documentParameters"]], ["command", "runAsUser"])
        thing = iot.create_thing(thingName=f"thing-{uuid.uuid4()}")
        job = {"jobId": f"job-{uuid.uuid4()}", "targets": [thing["thingArn"]], "jobTemplateArn": template["templateArn"]}
        missing = self.refused("InvalidRequestException", iot.create_job, **job)
        self.assertEqual(missing, "Document parameter command is required by the job template AWS-Run-Command.")
        iot.create_job(**job, documentParameters={"command": "echo,\"Hi\""})
        document = iot.get_job_document(jobId=job["jobId"])["document"]
        self.assertEqual(json.loads(document)["steps"][0]["action"]["input"], {"command": "echo,\"Hi\""})
        document = iot.get_job_document(jobId=job["jobId"], beforeSubstitution=True)["document"]
        self.assertEqual(document, template["document"])


class Endpoint(AwsTestCase):
    def test_it_leads_back_to_this_service(self):
        host = iot.meta.endpoint_url.split("//")[1].rsplit(":", 1)[0]
        for kind in ({}, {"endpointType": "iot:Data-ATS"}):
            self.assertEqual(iot.describe_endpoint(**kind)["endpointAddress"], host)
        for retired in ("iot:Data", "iot:Jobs"):
            message = self.refused("InvalidRequestException", iot.describe_endpoint, endpointType=retired)
            self.assertIn("iot:Data-ATS", message)
        message = self.refused("InvalidRequestException", iot.describe_endpoint, endpointType="iot:X")
        self.assertEqual(message, "Endpoint type iot:X not recognized.")


if __name__ == "__main__":
    unittest.main()

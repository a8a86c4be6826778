"""Which events are published, through boto3."""

import unittest

from aws_model import AwsTestCase, check_coverage, client

iot = client("iot")
TYPES = set(iot.meta.service_model.shape_for("EventType").enum)


def tearDownModule():
    check_coverage(["DescribeEventConfigurations", "UpdateEventConfigurations"], ["DescribeEventConfigurations"])


class EventConfigurations(AwsTestCase):
    def test_they_are_kept_type_by_type(self):
        described = iot.describe_event_configurations()
        self.assertEqual(described["eventConfigurations"], {name: {"Enabled": False} for name in TYPES})
        self.assert_absent(described, "creationDate", "lastModifiedDate")

        iot.update_event_configurations(eventConfigurations={"JOB": {"Enabled": True}, "THING": {"Enabled": True}})
        first = iot.describe_event_configurations()
        iot.update_event_configurations(eventConfigurations={"JOB": {"Enabled": False}})
        second = iot.describe_event_configurations()
        enabled = [name for name, one in second["eventConfigurations"].items() if one["Enabled"]]
        self.assertEqual(enabled, ["THING"])
        self.assertEqual(second["creationDate"], first["creationDate"])
        self.assertGreaterEqual(second["lastModifiedDate"], first["lastModifiedDate"])

        message = self.refused(
            "InvalidRequestException", iot.update_event_configurations,
            eventConfigurations={"JOB": {"Enabled": True}, "JOBS": {"Enabled": True}},
        )
        self.assertIn("at 'eventConfigurations.member.key' failed to satisfy constraint: Member must satisfy enum value set: [THING, ", message)
        self.refused("SerializationException", iot.update_event_configurations, eventConfigurations={"JOB": {"Enabled": "yes"}})
        self.assertEqual(iot.describe_event_configurations()["eventConfigurations"], second["eventConfigurations"])


if __name__ == "__main__":
    unittest.main()

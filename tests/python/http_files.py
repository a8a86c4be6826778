"""Files in place of S3, as programs that know nothing of this service fetch them: urllib, curl, a crowd of clients."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import unittest
import urllib.error
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3

FOLDER = Path(sys.argv.pop(1))
FILE = (FOLDER / "bucket/a b/firmware.bin").read_bytes()
LINK = "${aws:iot:s3-presigned-url:https://bucket.s3.us-east-1.amazonaws.com/a b/firmware.bin}"
ROLE = "arn:aws:iam::123456789012:role/firmware"
THING = "arn:aws:iot:us-east-1:123456789012:thing/MyThing"

iot, device = boto3.client("iot"), boto3.client("iot-jobs-data")


def new_job(document):
    job = f"job-{uuid.uuid4()}"
    config = {"roleArn": ROLE, "expiresInSec": 60}
    iot.create_job(jobId=job, targets=[THING], document=json.dumps(document), presignedUrlConfig=config)
    return job


def received(job):
    """The document as the device gets it."""
    return json.loads(device.describe_job_execution(thingName="MyThing", jobId=job)["execution"]["jobDocument"])


def new_url(link=LINK):
    return received(new_job({"url": link}))["url"]


def fetch(url, method="GET", **headers):
    """Status, headers and body, whatever the status is."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method, headers=headers)) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


class Files(unittest.TestCase):
    def test_a_file_comes_whole_in_parts_and_not_twice(self):
        url = new_url()
        for member in ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"):
            self.assertEqual(url.count(f"X-Amz-{member}="), 1, url)
        status, headers, body = fetch(url)
        self.assertEqual((status, body), (200, FILE))
        self.assertEqual(headers["Content-Length"], str(len(FILE)))
        self.assertEqual(headers["Content-Type"], "application/octet-stream")
        self.assertEqual(headers["Content-Security-Policy"], "sandbox")
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        tag = headers["ETag"]
        status, headers, body = fetch(url, Range="bytes=1000-1999", Origin="http://elsewhere.example")
        self.assertEqual((status, headers["Content-Range"]), (206, f"bytes 1000-1999/{len(FILE)}"))
        self.assertEqual(body, FILE[1000:2000])
        status, headers, body = fetch(url, method="HEAD")
        self.assertEqual((status, headers["Content-Length"], body), (200, str(len(FILE)), b""))
        self.assertEqual(fetch(url, If_None_Match=tag)[::2], (304, b""))
        self.assertEqual(fetch(url, Range=f"bytes={len(FILE)}-")[0], 416)

    def test_each_delivery_is_signed_for_itself_and_an_altered_one_leads_nowhere(self):
        url = new_url()
        self.assertIn(b"<Code>SignatureDoesNotMatch</Code>", self.forbidden(url.replace("=60&", "=61&")))
        self.assertIn(b"<Code>AccessDenied</Code>", self.forbidden(url.split("?")[0]))
        status, headers, body = fetch(new_url(LINK.replace("firmware", "none")))
        self.assertEqual((status, headers["Content-Type"]), (404, "application/xml"))
        self.assertIn(b"<Code>NoSuchKey</Code>", body)
        for key in ("../secret", "%2e%2e/secret", "out"):
            self.assertEqual(fetch(new_url("${aws:iot:s3-presigned-url:s3://bucket/" + key + "}"))[0], 404, key)

    def test_a_url_ends_with_the_clock_of_jobs(self):
        job = new_job({"url": LINK})
        url = received(job)["url"]
        clock = f"{iot.meta.endpoint_url}/_sandbox/clock"
        request = urllib.request.Request(clock, data=b'{"advance":"61s"}', method="POST")
        urllib.request.urlopen(request).read()
        self.assertIn(b"<Message>Request has expired</Message>", self.forbidden(url))
        self.assertEqual(fetch(received(job)["url"])[0], 200, "another delivery has a new one")

    def test_curl_goes_on_where_it_was_cut_off(self):
        if not shutil.which("curl"):
            return
        url, part = new_url(), FOLDER.parent / "part"

        def curl(*arguments):
            return subprocess.run(["curl", "-sS", *arguments, url], check=True, capture_output=True).stdout

        part.write_bytes(FILE[:100_000])
        curl("-f", "-C", "-", "-o", str(part))
        self.assertEqual(hashlib.sha256(part.read_bytes()).digest(), hashlib.sha256(FILE).digest())
        self.assertIn(b"HTTP/1.1 200", curl("-I"))

    def test_a_hundred_at_once(self):
        url = new_url()
        with ThreadPoolExecutor(100) as crowd:
            for status, _, body in crowd.map(fetch, [url] * 100):
                self.assertEqual((status, body == FILE), (200, True))

    def test_the_document_lies_there_too(self):
        aws = [os.path.join(os.path.dirname(sys.executable), "aws")]
        job = f"job-{uuid.uuid4()}"
        source = "https://s3.us-east-1.amazonaws.com/bucket/job.json"
        create = [*aws, "iot", "create-job", "--job-id", job, "--targets", THING, "--document-source"]
        if os.path.exists(aws[0]):
            subprocess.run([*create, source], check=True, capture_output=True)
        else:
            iot.create_job(jobId=job, targets=[THING], documentSource=source)
        self.assertEqual(iot.describe_job(jobId=job)["documentSource"], source)
        self.assertEqual(received(job), {"from": "S3"})
        for wrong, said in {
            "https://example.com/job.json": "Job document source https://example.com/job.json is invalid.",
            "s3://none/job.json": "Bucket specified by url: s3://none/job.json is not found.",
            "s3://bucket/none.json": "Job document located at s3://bucket/none.json is not found.",
            "s3://bucket/out": "Job document located at s3://bucket/out is not found.",
            "s3://bucket/": "Provided S3 url is not valid: s3://bucket/. Error: Key cannot be null",
            "s3://bucket/a b/firmware.bin": "exceeds size limit 32768 bytes.",
            "s3://bucket/text": "Job document located at s3://bucket/text is an invalid JSON document.",
        }.items():
            with self.subTest(wrong), self.assertRaises(iot.exceptions.ClientError) as caught:
                iot.create_job(jobId=f"job-{uuid.uuid4()}", targets=[THING], documentSource=wrong)
            self.assertTrue(caught.exception.response["Error"]["Message"].endswith(said), caught.exception)
        template = {"jobTemplateId": f"template-{uuid.uuid4()}", "description": "d"}
        iot.create_job_template(**template, documentSource=source)
        described = iot.describe_job_template(jobTemplateId=template["jobTemplateId"])
        self.assertEqual((described["documentSource"], described["document"]), (source, '{"from":"S3"}'))

    def forbidden(self, url):
        status, headers, body = fetch(url)
        self.assertEqual((status, headers["Content-Type"]), (403, "application/xml"))
        return body


unittest.main()

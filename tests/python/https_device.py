"""The data plane over HTTPS with a device's certificate, through Python's own ssl and http.client.

Its arguments are the files of a certificate and its key that the service does not know yet."""

import http.client
import json
import os
import socket
import ssl
import sys
import urllib.parse

URL = urllib.parse.urlsplit(os.environ["JOBS_SANDBOX_HTTPS_ENDPOINT_URL"])
CA_FILE, THING = os.environ["JOBS_SANDBOX_CA_FILE"], os.environ["JOBS_SANDBOX_THING"]
OWN = (os.environ["JOBS_SANDBOX_CERT"], os.environ["JOBS_SANDBOX_KEY"])
OTHER = tuple(sys.argv[1:3])
PENDING = f"/things/{THING}/jobs"

# Seconds that any wait may take: it ends hangs, it measures nothing.
DEADLINE = 30


def connect(files=None, version=None, alpn=None):
    """An HTTPS connection that has yet to be opened."""
    context = ssl.create_default_context(cafile=CA_FILE)
    if files:
        context.load_cert_chain(*files)
    if version:
        context.minimum_version = context.maximum_version = version
    if alpn:
        context.set_alpn_protocols(alpn)
    return http.client.HTTPSConnection(URL.hostname, URL.port, context=context, timeout=DEADLINE)


def ask(connection, method, path, body=None, headers=()):
    """The status, the exception and the body of the answer."""
    connection.request(method, path, json.dumps(body) if body is not None else None, dict(headers))
    answer = connection.getresponse()
    text = answer.read()
    return answer.status, answer.getheader("x-amzn-errortype"), json.loads(text) if text else None


def device(method, path, body=None, files=OWN, **options):
    return ask(connect(files, **options), method, path, body)


def signed(method, path, body=None, files=None, service="iot"):
    """A call with a signature, as AWS's clients make it; nobody verifies it here."""
    scope = f"local/20260101/us-east-1/{service}/aws4_request"
    signature = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00"
    status, _, answer = ask(connect(files), method, path, body, {"authorization": signature})
    assert status == 200, (method, path, status, answer)
    return answer


def no_handshake(files, **options):
    """Sees that a client gets no answer: with TLS 1.3 it hears of that only when it reads."""
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        try:
            answer = device("GET", PENDING, files=files, version=version, **options)
        except (ssl.SSLError, ConnectionError):
            continue
        raise AssertionError(answer)


# None of these holds anybody up, while all else happens.
silent, garbage = (socket.create_connection((URL.hostname, URL.port), DEADLINE) for _ in range(2))
garbage.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
while garbage.recv(1024):
    pass

# The job of another thing, and one of this thing, made by a client that signs, with and without a certificate.
arn = signed("GET", f"/things/{THING}")["thingArn"]
other_arn = signed("POST", "/things/Other", {})["thingArn"]
signed("PUT", "/jobs/Job1", {"targets": [arn, other_arn], "document": '{"ToDo":"Reboot"}'}, files=OWN)

for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
    for alpn in (None, ["http/1.1"], ["h2", "http/1.1"], ["x-amzn-http-ca"]):
        status, _, pending = device("GET", PENDING, version=version, alpn=alpn)
        assert (status, [job["jobId"] for job in pending["queuedJobs"]]) == (200, ["Job1"]), pending
no_handshake(OWN, alpn=["h2"])

# Without a certificate nothing but what is no device's.
forbidden = (403, "ForbiddenException")
assert ask(connect(), "GET", PENDING)[:2] == forbidden
assert ask(connect(), "GET", "/_sandbox/health")[0] == 200
assert signed("GET", PENDING, service="iot-jobs-data")["queuedJobs"]

# The policy is for one thing, and web pages and other hosts stay out.
assert device("GET", "/things/Other/jobs") == (*forbidden, {"message": "Forbidden"})
for headers in ({"origin": "https://evil.example"}, {"host": "evil.example"}):
    assert ask(connect(OWN), "GET", PENDING, headers=headers)[:2] == (403, "AccessDeniedException"), headers

# A certificate that is unknown, inactive, without a policy, with the wrong one, with the right one.
no_handshake(OTHER)
with open(OTHER[0], encoding="ascii") as file:
    registered = {"certificatePem": file.read(), "status": "INACTIVE"}
registered = signed("POST", "/certificate/register-no-ca", registered)
certificate, target = f"/certificates/{registered['certificateId']}", {"target": registered["certificateArn"]}
no_handshake(OTHER)
signed("PUT", f"{certificate}?newStatus=ACTIVE")
kept = connect(OTHER)
assert ask(kept, "GET", PENDING)[:2] == forbidden
signed("PUT", "/target-policies/jobs-sandbox", target)
assert ask(kept, "GET", PENDING)[:2] == forbidden
signed("PUT", "/target-policies/jobs-sandbox-https", target)
assert ask(kept, "GET", PENDING)[0] == 200
signed("PUT", f"{certificate}?newStatus=INACTIVE")
assert ask(kept, "GET", PENDING)[:2] == (400, "CertificateValidationException")
no_handshake(OTHER)

# Faults strike here too.
for words, expected in (
    ("refuse=ThrottlingException --on GetPendingJobExecutions", (429, "ThrottlingException")),
    ("reset --on GetPendingJobExecutions", ConnectionResetError),
):
    signed("POST", "/_sandbox/faults", {"fault": words})
    try:
        answer = device("GET", PENDING)[:2]
    except ConnectionResetError:
        answer = ConnectionResetError
    assert answer == expected, (words, answer)

# The walkthrough of a device.
status, _, started = device("PUT", f"{PENDING}/$next", {"statusDetails": {"step": "one"}})
assert (status, started["execution"]["status"]) == (200, "IN_PROGRESS"), started
assert json.loads(started["execution"]["jobDocument"]) == {"ToDo": "Reboot"}, started
status, _, described = device("GET", f"{PENDING}/Job1?includeJobDocument=false")
assert status == 200 and "jobDocument" not in described["execution"], described
update = {"status": "SUCCEEDED", "expectedVersion": 2, "includeJobExecutionState": True}
status, _, updated = device("POST", f"{PENDING}/Job1", update)
assert (status, updated["executionState"]["versionNumber"]) == (200, 3), updated
assert device("GET", f"{PENDING}/Job1")[:2] == (410, "TerminalStateException")
silent.close()

"""Certificates, policies and principals through boto3."""

import base64
import hashlib
import json
import unittest
import uuid

from aws_model import AwsTestCase, check_coverage, client

iot = client("iot")

OPERATIONS = """
    CreateKeysAndCertificate CreateCertificateFromCsr RegisterCertificate RegisterCertificateWithoutCA DescribeCertificate ListCertificates
    UpdateCertificate DeleteCertificate
    CreatePolicy GetPolicy ListPolicies DeletePolicy CreatePolicyVersion GetPolicyVersion ListPolicyVersions
    DeletePolicyVersion SetDefaultPolicyVersion
    AttachPrincipalPolicy DetachPrincipalPolicy ListPrincipalPolicies ListPolicyPrincipals
    AttachPolicy DetachPolicy ListAttachedPolicies ListTargetsForPolicy
    AttachThingPrincipal DetachThingPrincipal ListThingPrincipals ListPrincipalThings
""".split()

DOCUMENT = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}],
})

# Made once with `openssl req -x509 -newkey ec`, its key thrown away; valid until 2126.
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBiDCCAS+gAwIBAgIUG+3ggXjnQRLnMvOinYODQ46noGYwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOZm9yZWlnbiBkZXZpY2UwIBcNMjYxMTIxMjExMDMyWhgPMjEy
NjEwMjgyMTEwMzJaMBkxFzAVBgNVBAMMDmZvcmVpZ24gZGV2aWNlMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEkMFNAFVt7lGD6TG/6Uow1XdAc7kTU+Qfg95Zchga
3Olt7g63rcribapdCoF1d6oXB7+xs4aBUqScTEAwiiJRPaNTMFEwHQYDVR0OBBYE
FDXqYJWBawQ3lsy1RFUz9KwgtJwcMB8GA1UdIwQYMBaAFDXqYJWBawQ3lsy1RFUz
9KwgtJwcMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgafVqQayF
9pcyIWsHNh80ZDnsUEWrvYH5UMX0t+6Z0hMCIGJTb49tumIGP8wGN+ifUZQnglX/
63NdWwzcwucmWbKI
-----END CERTIFICATE-----
"""

# Made once with `openssl req -new -newkey ec`, its key thrown away.
SIGNING_REQUEST = """-----BEGIN CERTIFICATE REQUEST-----
MIHbMIGCAgEAMCAxDzANBgNVBAoMBkxpZ2h0czENMAsGA1UEAwwEbGFtcDBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABC08CSzLV1+b1u4x7YwrPotwBkUM1yFVThoP
rOlcteAFXgsb5rdsKqn0IdoHKasi5Ya53OvLgCOSASkRfHjV1+agADAKBggqhkjO
PQQDAgNIADBFAiEA8m/hFOglyiZovKqEPRmQASHjAH1OS6rWKoOBvRuNrx8CIF7q
owkfmYIqeK0LXkg+PIo+2q9VPQxP+vUPWZ+zhuUq
-----END CERTIFICATE REQUEST-----
"""


def tearDownModule():
    check_coverage(OPERATIONS, never_refused=["CreateKeysAndCertificate"])


def new_policy(document=DOCUMENT):
    return iot.create_policy(policyName=f"policy-{uuid.uuid4()}", policyDocument=document)["policyName"]


def new_thing():
    return iot.create_thing(thingName=f"thing-{uuid.uuid4()}")["thingName"]


class Certificates(AwsTestCase):
    @classmethod
    def setUpClass(cls):
        cls.made = iot.create_keys_and_certificate(setAsActive=True)

    def test_keys_are_made_as_aws_makes_them(self):
        pem = self.made["certificatePem"]
        der = base64.b64decode("".join(pem.strip().splitlines()[1:-1]))
        self.assertEqual(self.made["certificateId"], hashlib.sha256(der).hexdigest())
        self.assertRegex(self.made["certificateArn"], f":cert/{self.made['certificateId']}$")
        keys = self.made["keyPair"]
        self.assertTrue(keys["PrivateKey"].startswith("-----BEGIN RSA PRIVATE KEY-----\n"))
        self.assertTrue(keys["PublicKey"].startswith("-----BEGIN PUBLIC KEY-----\n"))
        # A key of 2048 bits: 294 bytes with its algorithm.
        self.assertEqual(len(base64.b64decode("".join(keys["PublicKey"].strip().splitlines()[1:-1]))), 294)
        described = iot.describe_certificate(certificateId=self.made["certificateId"])["certificateDescription"]
        self.assertEqual((described["status"], described["certificatePem"]), ("ACTIVE", pem))
        self.assertEqual(described["certificateMode"], "DEFAULT")
        self.assertLess(described["validity"]["notBefore"], described["validity"]["notAfter"])
        self.assertRegex(described["ownedBy"], r"^\d{12}$")

    def test_an_inactive_one_is_deleted(self):
        made = iot.create_keys_and_certificate()
        path = {"certificateId": made["certificateId"]}
        status = iot.describe_certificate(**path)["certificateDescription"]["status"]
        self.assertEqual(status, "INACTIVE")
        iot.update_certificate(**path, newStatus="ACTIVE")
        self.refused("CertificateStateException", iot.delete_certificate, **path)
        iot.update_certificate(**path, newStatus="REVOKED")
        iot.delete_certificate(**path)
        self.refused("ResourceNotFoundException", iot.describe_certificate, **path)
        self.refused("ResourceNotFoundException", iot.delete_certificate, **path)
        self.refused("ResourceNotFoundException", iot.update_certificate, **path, newStatus="ACTIVE")

    def test_a_foreign_certificate_is_registered_once(self):
        registered = iot.register_certificate_without_ca(certificatePem=CERTIFICATE, status="ACTIVE")
        path = {"certificateId": registered["certificateId"]}
        status = iot.describe_certificate(**path)["certificateDescription"]["status"]
        self.assertEqual(status, "ACTIVE")
        for call in (iot.register_certificate_without_ca, iot.register_certificate):
            with self.assertRaises(iot.exceptions.ResourceAlreadyExistsException) as caught:
                call(certificatePem=CERTIFICATE)
            self.assertEqual(caught.exception.response["resourceId"], registered["certificateId"])
            self.assertEqual(caught.exception.response["resourceArn"], registered["certificateArn"])
        iot.update_certificate(**path, newStatus="INACTIVE")
        iot.delete_certificate(**path)
        again = iot.register_certificate(certificatePem=CERTIFICATE)
        self.assertEqual(again["certificateId"], registered["certificateId"])
        status = iot.describe_certificate(**path)["certificateDescription"]["status"]
        self.assertEqual(status, "INACTIVE")
        iot.delete_certificate(**path)
        broken = CERTIFICATE.replace("M", "N", 1)
        for pem in (broken, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no PEM"):
            for call in (iot.register_certificate_without_ca, iot.register_certificate):
                with self.subTest(pem=pem[:40], call=call.__name__):
                    self.refused("CertificateValidationException", call, certificatePem=pem)

    def test_bad_requests(self):
        path = {"certificateId": self.made["certificateId"]}
        self.refused("InvalidRequestException", iot.update_certificate, **path, newStatus="GOOD")
        self.refused("InvalidRequestException", iot.update_certificate, **path)
        self.refused("InvalidRequestException", iot.describe_certificate, certificateId="abc")
        self.refused("ResourceNotFoundException", iot.describe_certificate, certificateId="0" * 64)
        self.refused("InvalidRequestException", iot.list_certificates, pageSize=0)
        self.refused("InvalidRequestException", iot.list_certificates, marker="nonsense")

    def test_they_are_listed(self):
        for _ in range(2):
            iot.create_keys_and_certificate()
        pages = iot.get_paginator("list_certificates").paginate(PaginationConfig={"PageSize": 2})
        listed = [certificate for page in pages for certificate in page["certificates"]]
        self.assertIn(self.made["certificateId"], [certificate["certificateId"] for certificate in listed])
        self.assertGreaterEqual(len({certificate["certificateId"] for certificate in listed}), 3)
        ascending = [entry["creationDate"] for entry in iot.list_certificates(ascendingOrder=True)["certificates"]]
        self.assertEqual(ascending, sorted(ascending))

    def test_what_is_attached_is_not_deleted(self):
        made = iot.create_keys_and_certificate()
        path, arn = {"certificateId": made["certificateId"]}, made["certificateArn"]
        thing, policy = new_thing(), new_policy()
        iot.attach_thing_principal(thingName=thing, principal=arn)
        self.refused("DeleteConflictException", iot.delete_certificate, **path, forceDelete=True)
        self.assertEqual(
            self.refused("InvalidRequestException", iot.delete_thing, thingName=thing),
            f"Cannot delete. Thing {thing} is still attached to one or more principals",
        )
        iot.detach_thing_principal(thingName=thing, principal=arn)
        iot.attach_policy(policyName=policy, target=arn)
        self.refused("DeleteConflictException", iot.delete_certificate, **path)
        self.refused("DeleteConflictException", iot.delete_policy, policyName=policy)
        iot.delete_certificate(**path, forceDelete=True)
        self.assertEqual(iot.list_targets_for_policy(policyName=policy)["targets"], [])
        iot.delete_policy(policyName=policy)
        iot.delete_thing(thingName=thing)


class SigningRequests(AwsTestCase):
    def test_who_keeps_the_key_gets_a_certificate_for_the_subject(self):
        made = iot.create_certificate_from_csr(certificateSigningRequest=SIGNING_REQUEST, setAsActive=True)
        described = iot.describe_certificate(certificateId=made["certificateId"])["certificateDescription"]
        self.assertEqual((described["status"], described["certificatePem"]), ("ACTIVE", made["certificatePem"]))
        der = base64.b64decode("".join(made["certificatePem"].split("-----")[2].split()))
        self.assertEqual(hashlib.sha256(der).hexdigest(), made["certificateId"])
        self.assertIn(b"Lights", der)
        inactive = iot.create_certificate_from_csr(certificateSigningRequest=SIGNING_REQUEST)
        self.assertNotEqual(inactive["certificateId"], made["certificateId"])
        for wrong in ("x", CERTIFICATE, SIGNING_REQUEST.replace("A", "B")):
            self.refused("InvalidRequestException", iot.create_certificate_from_csr, certificateSigningRequest=wrong)


class Policies(AwsTestCase):
    def test_a_policy_has_versions(self):
        name = f"policy-{uuid.uuid4()}"
        created = iot.create_policy(policyName=name, policyDocument=DOCUMENT)
        self.assertEqual((created["policyVersionId"], created["policyDocument"]), ("1", DOCUMENT))
        self.assertEqual(
            self.refused("ResourceAlreadyExistsException", iot.create_policy, policyName=name, policyDocument=DOCUMENT),
            f"Policy cannot be created - name already exists (name={name})",
        )
        other = DOCUMENT.replace("Connect", "Publish")
        for number in range(2, 6):
            version = iot.create_policy_version(policyName=name, policyDocument=other, setAsDefault=number == 3)
            self.assertEqual((version["policyVersionId"], version["isDefaultVersion"]), (str(number), number == 3))
        create = iot.create_policy_version
        self.refused("VersionsLimitExceededException", create, policyName=name, policyDocument=other)
        policy = iot.get_policy(policyName=name)
        self.assertEqual((policy["defaultVersionId"], policy["policyDocument"]), ("3", other))
        versions = iot.list_policy_versions(policyName=name)["policyVersions"]
        self.assertEqual([one["versionId"] for one in versions if one["isDefaultVersion"]], ["3"])
        iot.set_default_policy_version(policyName=name, policyVersionId="1")
        self.assertEqual(iot.get_policy(policyName=name)["defaultVersionId"], "1")
        version = iot.get_policy_version(policyName=name, policyVersionId="2")
        self.assertEqual((version["policyDocument"], version["isDefaultVersion"]), (other, False))
        self.refused("DeleteConflictException", iot.delete_policy, policyName=name)
        self.refused("DeleteConflictException", iot.delete_policy_version, policyName=name, policyVersionId="1")
        for number in range(2, 6):
            iot.delete_policy_version(policyName=name, policyVersionId=str(number))
        iot.delete_policy(policyName=name)
        self.refused("ResourceNotFoundException", iot.get_policy, policyName=name)
        self.refused("ResourceNotFoundException", iot.delete_policy, policyName=name)

    def test_unknown_policies(self):
        unknown = {"policyName": "unknown"}
        self.refused("ResourceNotFoundException", iot.create_policy_version, **unknown, policyDocument=DOCUMENT)
        self.refused("ResourceNotFoundException", iot.get_policy_version, **unknown, policyVersionId="1")
        self.refused("ResourceNotFoundException", iot.list_policy_versions, **unknown)
        self.refused("ResourceNotFoundException", iot.set_default_policy_version, **unknown, policyVersionId="1")
        self.refused("ResourceNotFoundException", iot.list_targets_for_policy, **unknown)

    def test_broken_documents(self):
        name = f"policy-{uuid.uuid4()}"
        for document in (
            "{", "[]", "{}", DOCUMENT.replace("Allow", "Maybe"),
            DOCUMENT.replace("iot:Connect", ""), DOCUMENT.replace("2012-10-17", "2013-10-17"),
            DOCUMENT.replace('"*"', json.dumps("x" * 2048)),
        ):
            with self.subTest(document=document[:60]):
                self.refused("MalformedPolicyException", iot.create_policy, policyName=name, policyDocument=document)
        self.refused("InvalidRequestException", iot.create_policy, policyName=name)
        self.refused("InvalidRequestException", iot.create_policy, policyName="a b", policyDocument=DOCUMENT)
        policy = new_policy()
        self.refused("MalformedPolicyException", iot.create_policy_version, policyName=policy, policyDocument="{")

    def test_policies_are_attached(self):
        arn = iot.create_keys_and_certificate()["certificateArn"]
        group = iot.create_thing_group(thingGroupName=f"group-{uuid.uuid4()}")["thingGroupArn"]
        policy = new_policy()
        for target in (arn, group):
            for _ in range(2):
                iot.attach_policy(policyName=policy, target=target)
            attached = iot.list_attached_policies(target=target)["policies"]
            self.assertEqual([entry["policyName"] for entry in attached], [policy])
        pages = iot.get_paginator("list_targets_for_policy").paginate(
            policyName=policy, PaginationConfig={"PageSize": 1})
        self.assertEqual({target for page in pages for target in page["targets"]}, {arn, group})
        for _ in range(2):
            iot.detach_policy(policyName=policy, target=group)
        self.assertEqual(iot.list_attached_policies(target=group)["policies"], [])
        listed = iot.get_paginator("list_policies").paginate(PaginationConfig={"PageSize": 2})
        self.assertIn(policy, [entry["policyName"] for page in listed for entry in page["policies"]])
        self.refused("ResourceNotFoundException", iot.attach_policy, policyName="unknown", target=arn)
        unknown = arn[:-64] + "0" * 64
        self.refused("ResourceNotFoundException", iot.attach_policy, policyName=policy, target=unknown)
        self.refused("ResourceNotFoundException", iot.attach_policy, policyName=policy, target="no-arn")
        self.refused("InvalidRequestException", iot.attach_policy, policyName=policy)
        # The model of DetachPolicy knows no ResourceNotFoundException: what is not attached is detached.
        self.refused("InvalidRequestException", iot.detach_policy, policyName=policy)
        iot.detach_policy(policyName="unknown", target=arn)
        iot.detach_policy(policyName=policy, target=unknown)
        self.refused("ResourceNotFoundException", iot.list_attached_policies, target=unknown)
        self.refused("InvalidRequestException", iot.list_policies, pageSize=0)
        for _ in range(9):
            iot.attach_policy(policyName=new_policy(), target=arn)
        self.refused("LimitExceededException", iot.attach_policy, policyName=new_policy(), target=arn)


class Principals(AwsTestCase):
    def test_certificates_belong_to_things(self):
        arn, thing = iot.create_keys_and_certificate()["certificateArn"], new_thing()
        for _ in range(2):
            iot.attach_thing_principal(thingName=thing, principal=arn)
        self.assertEqual(iot.list_thing_principals(thingName=thing)["principals"], [arn])
        self.assertEqual(iot.list_principal_things(principal=arn)["things"], [thing])
        for _ in range(2):
            iot.detach_thing_principal(thingName=thing, principal=arn)
        self.assertEqual(iot.list_thing_principals(thingName=thing)["principals"], [])
        unknown = arn[:-64] + "0" * 64
        for call in (iot.attach_thing_principal, iot.detach_thing_principal):
            self.refused("ResourceNotFoundException", call, thingName="unknown", principal=arn)
            self.refused("InvalidRequestException", call, thingName="a b", principal=arn)
        self.refused("ResourceNotFoundException", iot.attach_thing_principal, thingName=thing, principal=unknown)
        self.refused("ResourceNotFoundException", iot.list_thing_principals, thingName="unknown")
        self.refused("ResourceNotFoundException", iot.list_principal_things, principal=unknown)
        self.refused("ResourceNotFoundException", iot.list_principal_things, principal="no-arn")

    def test_an_exclusive_certificate_belongs_to_one_thing(self):
        arn, thing, other = iot.create_keys_and_certificate()["certificateArn"], new_thing(), new_thing()
        iot.attach_thing_principal(thingName=thing, principal=arn, thingPrincipalType="EXCLUSIVE_THING")
        self.refused("InvalidRequestException", iot.attach_thing_principal, thingName=other, principal=arn)

    def test_the_deprecated_operations_attach_policies_too(self):
        arn, policy = iot.create_keys_and_certificate()["certificateArn"], new_policy()
        for _ in range(2):
            iot.attach_principal_policy(policyName=policy, principal=arn)
        named = [entry["policyName"] for entry in iot.list_principal_policies(principal=arn)["policies"]]
        self.assertEqual(named, [policy])
        self.assertEqual(iot.list_policy_principals(policyName=policy)["principals"], [arn])
        self.assertEqual(iot.list_targets_for_policy(policyName=policy)["targets"], [arn])
        group = iot.create_thing_group(thingGroupName=f"group-{uuid.uuid4()}")["thingGroupArn"]
        iot.attach_policy(policyName=policy, target=group)
        self.assertEqual(iot.list_policy_principals(policyName=policy)["principals"], [arn])
        for _ in range(2):
            iot.detach_principal_policy(policyName=policy, principal=arn)
        self.assertEqual(iot.list_policy_principals(policyName=policy)["principals"], [])
        unknown = arn[:-64] + "0" * 64
        for call in (iot.attach_principal_policy, iot.detach_principal_policy):
            self.refused("ResourceNotFoundException", call, policyName="unknown", principal=arn)
            self.refused("ResourceNotFoundException", call, policyName=policy, principal=unknown)
            self.refused("ResourceNotFoundException", call, policyName=policy, principal=group)
        self.refused("ResourceNotFoundException", iot.list_principal_policies, principal=unknown)
        self.refused("ResourceNotFoundException", iot.list_policy_principals, policyName="unknown")


if __name__ == "__main__":
    unittest.main()

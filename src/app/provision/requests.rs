//! The requests with which a device is provisioned and cleaned up.

use crate::client::control_plane::{Operation, Request};

pub(super) fn describe_endpoint() -> Request {
    Request::new(Operation::DescribeEndpoint).text("endpointType", "iot:Data-ATS")
}

/// One of the operations on a thing and nothing else.
pub(super) fn thing(operation: Operation, name: &str) -> Request {
    Request::new(operation).text("thingName", name)
}

/// One of the operations on a policy and nothing else.
pub(super) fn policy(operation: Operation, name: &str) -> Request {
    Request::new(operation).text("policyName", name)
}

/// One of the operations on a certificate and nothing else.
pub(super) fn certificate(operation: Operation, id: &str) -> Request {
    Request::new(operation).text("certificateId", id)
}

pub(super) fn create_certificate(signing_request: &str) -> Request {
    Request::new(Operation::CreateCertificateFromCsr)
        .json("setAsActive", "true")
        .text("certificateSigningRequest", signing_request)
}

pub(super) fn create_policy(name: &str, document: &str) -> Request {
    policy(Operation::CreatePolicy, name).text("policyDocument", document)
}

/// Attaches or detaches a policy.
pub(super) fn policy_of(operation: Operation, name: &str, certificate_arn: &str) -> Request {
    policy(operation, name).text("target", certificate_arn)
}

/// Attaches or detaches the certificate of a thing.
pub(super) fn principal_of(operation: Operation, thing_name: &str, certificate_arn: &str) -> Request {
    thing(operation, thing_name).text("principal", certificate_arn)
}

pub(super) fn policies_of(certificate_arn: &str) -> Request {
    Request::new(Operation::ListAttachedPolicies).text("target", certificate_arn)
}

pub(super) fn things_of(certificate_arn: &str) -> Request {
    Request::new(Operation::ListPrincipalThings).text("principal", certificate_arn)
}

pub(super) fn job(operation: Operation, id: &str) -> Request {
    Request::new(operation).text("jobId", id)
}

//! Which plane a request is for: each port serves both, and the signature names the plane.
//!
//! Several paths exist in both planes with different answers, so the path cannot tell.
//!
//! AWS: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html>

use hyper::http::request::Parts;

use super::exception::Exception;
use super::peer::{Over, Peer};

/// What clients older than the spring of 2023 sign requests to the control plane for, such as Debian 12's AWS CLI.
const OLD_SIGNING_NAME: &str = "execute-api";

/// Half of AWS IoT's HTTP interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plane {
    /// The operator's: jobs, things, certificates, policies.
    Control,
    /// The device's: job executions over HTTPS.
    Data,
}

impl Plane {
    /// The name that clients sign their requests for.
    pub(super) fn signing_name(self) -> &'static str {
        match self {
            Self::Control => "iot",
            Self::Data => "iot-jobs-data",
        }
    }

    /// The plane that a request is signed for. An unsigned request is for the control plane, and over TLS, where
    /// devices show their certificates, for the data plane. The signature itself is not verified: there is no secret
    /// to protect.
    pub(super) fn of(request: &Parts) -> Result<Self, Exception> {
        let Some(credential_scope) = credential_scope(request)? else {
            let is_over_tls = matches!(Peer::of(request), Some(Peer { over: Over::Tls { .. }, .. }));
            return Ok(if is_over_tls { Self::Data } else { Self::Control });
        };
        let unreadable = || {
            Exception::incomplete_signature(
                "the credential of the signature does not read KEY/DATE/REGION/SERVICE/aws4_request",
            )
        };
        // Counted from the end: an access key may contain slashes, and SigV4A leaves out the region.
        let mut segments = credential_scope.rsplit('/');
        if segments.next() != Some("aws4_request") {
            return Err(unreadable());
        }
        let service = segments.next().filter(|service| !service.is_empty()).ok_or_else(unreadable)?;
        let service = if service == OLD_SIGNING_NAME { Self::Control.signing_name() } else { service };
        [Self::Control, Self::Data]
            .into_iter()
            .find(|plane| plane.signing_name() == service)
            .ok_or_else(|| Exception::wrong_service(service))
    }
}

/// The access key and the credential scope of the signature, `KEY/DATE/REGION/SERVICE/aws4_request`, from the
/// Authorization header or a presigned query.
pub(super) fn credential_scope(request: &Parts) -> Result<Option<String>, Exception> {
    if let Some(header) = request.headers.get(hyper::header::AUTHORIZATION) {
        let text = header.to_str().unwrap_or_default();
        let parameters = text
            .strip_prefix("AWS4-HMAC-SHA256 ")
            .or_else(|| text.strip_prefix("AWS4-ECDSA-P256-SHA256 "))
            .ok_or_else(|| {
                Exception::incomplete_signature("the Authorization header is not an AWS Signature Version 4")
            })?;
        let credential = parameters.split(',').find_map(|part| part.trim().strip_prefix("Credential="));
        return credential
            .map(|credential| Some(credential.to_owned()))
            .ok_or_else(|| Exception::incomplete_signature("the Authorization header names no Credential"));
    }
    let query = request.uri.query().unwrap_or_default();
    Ok(form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "X-Amz-Credential")
        .map(|(_, value)| value.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(uri: &str, authorization: Option<&str>) -> Result<Plane, Exception> {
        let mut request = hyper::Request::builder().uri(uri);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        Plane::of(&request.body(()).unwrap().into_parts().0)
    }

    fn signed(scope: &str) -> Result<Plane, Exception> {
        plane(
            "/jobs",
            Some(&format!(
                "AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature=00"
            )),
        )
    }

    #[test]
    fn the_scope_of_the_signature_names_the_plane() {
        assert_eq!(signed("AKID/20260101/us-east-1/iot/aws4_request").unwrap(), Plane::Control);
        assert_eq!(signed("AKID/20260101/us-east-1/iot-jobs-data/aws4_request").unwrap(), Plane::Data);
        assert_eq!(signed("AKID/20260101/us-east-1/execute-api/aws4_request").unwrap(), Plane::Control);
        assert_eq!(signed("A/K/I/D/20260101/us-east-1/iot/aws4_request").unwrap(), Plane::Control);
    }

    #[test]
    fn a_presigned_query_counts_and_an_unsigned_request_is_for_the_control_plane() {
        let presigned =
            "/things/T/jobs?X-Amz-Credential=AKID%2F20260101%2Fus-east-1%2Fiot-jobs-data%2Faws4_request";
        assert_eq!(plane(presigned, None).unwrap(), Plane::Data);
        assert_eq!(plane("/things/T/jobs?force=true", None).unwrap(), Plane::Control);
    }

    #[test]
    fn another_service_is_refused_by_name() {
        let refusal = signed("AKID/20260101/us-east-1/s3/aws4_request").unwrap_err();
        assert!(refusal.message().contains("'s3'"), "{}", refusal.message());
        for scope in ["", "aws4_request", "/aws4_request", "AKID/20260101/us-east-1/iot", "iot/aws4_request/"]
        {
            assert!(signed(scope).is_err(), "{scope}");
        }
        let before = "AKID/20260101/us-east-1/iot";
        for end in ["", "aws3_request", "aws4_requests", "AWS4_REQUEST"] {
            let refusal = signed(&format!("{before}/{end}")).unwrap_err();
            assert!(refusal.message().ends_with("SERVICE/aws4_request"), "{}", refusal.message());
        }
        for header in ["Basic dTpw", "Bearer x", "AWS4-HMAC-SHA256 Signature=00", ""] {
            assert!(plane("/jobs", Some(header)).is_err(), "{header}");
        }
    }
}

//! Endpoints: where devices find the service.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/apireference/API_DescribeEndpoint.html>

use serde_json::json;

use super::super::call::Call;
use super::super::error::Error;
use super::super::{Answer, Offered};

pub(super) const OFFERED: Offered = &[("DescribeEndpoint", |_, call| describe_endpoint(call))];

/// Leads back to this service by the name under which the client found it: a host without a port, as
/// AWS gives it.
fn describe_endpoint(call: &Call) -> Result<Answer, Error> {
    match call.text("endpointType").unwrap_or("iot:Data") {
        "iot:Data" | "iot:Data-ATS" | "iot:Jobs" => {
            Answer::json(&json!({ "endpointAddress": call.host().unwrap_or("localhost") }))
        }
        "iot:CredentialProvider" => Err(Error::invalid_request(
            "Endpoint type iot:CredentialProvider is not offered by the local Jobs service.",
        )),
        other => Err(Error::invalid_request(format!("Endpoint type {other} not recognized."))),
    }
}

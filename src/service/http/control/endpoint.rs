//! Endpoints: where devices find the service.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/apireference/API_DescribeEndpoint.html>

use serde_json::json;

use super::super::call::Call;
use super::super::exception::Exception;
use super::super::handler::{Handlers, Output};

pub(super) const HANDLERS: Handlers = &[("DescribeEndpoint", |_, call| describe_endpoint(call))];

/// Leads back to this service by the name under which the client found it: a host without a port, as
/// AWS gives it.
fn describe_endpoint(call: &Call) -> Result<Output, Exception> {
    match call.text("endpointType").unwrap_or("iot:Data") {
        "iot:Data" | "iot:Data-ATS" | "iot:Jobs" => {
            Output::json(&json!({ "endpointAddress": call.host().unwrap_or("localhost") }))
        }
        "iot:CredentialProvider" => Err(Exception::invalid_request(
            "Endpoint type iot:CredentialProvider is not offered by the local Jobs service.",
        )),
        other => Err(Exception::invalid_request(format!("Endpoint type {other} not recognized."))),
    }
}

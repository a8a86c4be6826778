//! Endpoints: where devices find the service.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/apireference/API_DescribeEndpoint.html>

use serde_json::json;

use super::super::exception::Exception;
use super::super::handler::{Handlers, Output};
use crate::service::choices::Choices;
use crate::service::state::Rejected;

pub(super) const HANDLERS: Handlers = &[("DescribeEndpoint", |shared, call| {
    let choices = shared.read(|state, _| Ok::<_, Rejected>(*state.choices()))?;
    let address = endpoint(&choices, call.text("endpointType"), call.host())?;
    Output::json(&json!({ "endpointAddress": address }))
})];

/// Leads back to this service by the name under which the client found it: a host without a port, as
/// AWS gives it.
fn endpoint<'a>(choices: &Choices, kind: Option<&str>, host: Option<&'a str>) -> Result<&'a str, Exception> {
    let message = match kind {
        None | Some("iot:Data-ATS") => return Ok(host.unwrap_or("localhost")),
        Some("iot:Data") if !choices.data_endpoint_is_retired => return Ok(host.unwrap_or("localhost")),
        Some("iot:Data") => "iot:Data is not supported. Please use iot:Data-ATS instead.".to_owned(),
        Some("iot:Jobs") => "IoT Jobs and Commands APIs are now available through iot:Data-ATS endpoints \
                             instead of iot:Jobs endpoints. Please use iot:Data-ATS."
            .to_owned(),
        Some("iot:CredentialProvider") => {
            "Endpoint type iot:CredentialProvider is not offered by the local Jobs service.".to_owned()
        }
        Some(other) => format!("Endpoint type {other} not recognized."),
    };
    Err(Exception::invalid_request(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retired_types_of_endpoints_point_to_the_one_that_is_left() {
        let ask = |choices: &Choices, kind| {
            endpoint(choices, kind, Some("sandbox")).map_err(|error| error.message().to_owned())
        };
        let retired = Choices::default();
        assert_eq!(ask(&retired, None).unwrap(), "sandbox");
        assert_eq!(ask(&retired, Some("iot:Data-ATS")).unwrap(), "sandbox");
        assert_eq!(
            ask(&retired, Some("iot:Jobs")).unwrap_err(),
            "IoT Jobs and Commands APIs are now available through iot:Data-ATS endpoints instead of iot:Jobs \
             endpoints. Please use iot:Data-ATS."
        );
        assert_eq!(
            ask(&retired, Some("iot:Data")).unwrap_err(),
            "iot:Data is not supported. Please use iot:Data-ATS instead."
        );
        let kept = Choices { data_endpoint_is_retired: false, ..retired };
        assert_eq!(ask(&kept, Some("iot:Data")).unwrap(), "sandbox");
    }
}

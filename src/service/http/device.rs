//! Calls of devices over the HTTPS port: their certificate stands in place of a signature, and its policies decide.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/iot-data-plane-jobs.html>

use std::net::IpAddr;

use hyper::StatusCode;
use hyper::http::request::Parts;

use super::exception::Exception;
use super::label::Label;
use super::operations::Matched;
use super::peer::{Over, Peer};
use super::plane::credential_scope;
use super::sandbox;
use crate::service::policy::{Action, Context, evaluate};
use crate::service::shared::Shared;
use crate::service::state::State;
use crate::service::state::credentials::certificate::CertificateRefusal;

/// A call that no signature vouches for, but a certificate.
#[derive(Debug)]
pub(super) struct DeviceCall<'a> {
    certificate: &'a str,
    address: IpAddr,
}

impl<'a> DeviceCall<'a> {
    /// A request as the call of a device; none where it is somebody else's. Refused where no certificate was shown.
    pub(super) fn of(shared: &Shared, request: &'a Parts) -> Result<Option<Self>, Exception> {
        let Some(Peer { address, over: Over::Tls { certificate } }) = Peer::of(request) else {
            return Ok(None);
        };
        if sandbox::is_asked(request) || !matches!(credential_scope(request), Ok(None)) {
            return Ok(None);
        }
        let missing = || {
            let message = "the request is not signed, and its client showed no certificate: this port serves AWS's \
                           clients, which sign, and devices, each with its certificate and key";
            forbidden(shared, message)
        };
        let certificate = certificate.as_deref().ok_or_else(missing)?;
        Ok(Some(Self { certificate, address: *address }))
    }

    /// Refuses what the policies of the certificate do not allow.
    pub(super) fn authorize(&self, shared: &Shared, matched: &Matched) -> Result<(), Exception> {
        let action =
            Action::of_data_plane(matched.name).expect("a test looks up every operation that is offered");
        let thing = matched.labels.get(Label::ThingName.as_str()).map_or("", String::as_str);
        let refusal = shared.read(|state, _| self.refusal(state, action, thing)).map_err(|refusal| {
            shared.note(&refusal.to_string());
            Exception::new(
                StatusCode::BAD_REQUEST,
                "CertificateValidationException",
                "The certificate is invalid.",
            )
        })?;
        refusal.map_or(Ok(()), |refusal| {
            shared.note(&refusal);
            Err(forbidden(shared, "Forbidden"))
        })
    }

    /// Why the policies refuse an action on a thing, in a line for the log.
    fn refusal(
        &self,
        state: &State,
        action: Action,
        thing: &str,
    ) -> Result<Option<String>, CertificateRefusal> {
        // It may have been deactivated since the TLS handshake.
        state.check_certificate(self.certificate)?;
        let context = Context {
            source_ip: Some(self.address),
            certificate_id: self.certificate.to_owned(),
            certificate: state.names_of_certificate(self.certificate),
            ..Context::default()
        };
        let arn = state.settings().arn(action.resource_type(), thing);
        let documents = state.policies_of_certificate(self.certificate);
        let decision = evaluate(documents.iter().map(AsRef::as_ref), action, &arn, &context);
        let line = |why| {
            format!("certificate {}: {action} refused on {}: {why}", self.certificate, arn.escape_debug())
        };
        Ok(decision.refusal().map(line))
    }
}

fn forbidden(shared: &Shared, message: &str) -> Exception {
    let kind = shared.read(|state, _| state.choices().refused_device_exception);
    Exception::new(StatusCode::FORBIDDEN, kind, message)
}

#[cfg(test)]
mod tests;

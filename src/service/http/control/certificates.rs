//! Certificates, and the things that they belong to.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/x509-client-certs.html>

use serde::Deserialize;

use super::super::call::Call;
use super::super::exception::Exception;
use super::super::handler::{Handlers, Output, read, write};
use super::super::label::Label;
use crate::service::shared::Shared;
use crate::service::state::credentials::certificates::KeyPair;

pub(super) const HANDLERS: Handlers = &[
    ("CreateKeysAndCertificate", create_keys_and_certificate),
    ("CreateCertificateFromCsr", create_certificate_from_csr),
    ("RegisterCertificate", register_certificate),
    ("RegisterCertificateWithoutCA", register_certificate),
    ("DescribeCertificate", |shared, call| {
        read(shared, |state, _| state.describe_certificate(call.label(Label::CertificateId)))
    }),
    ("ListCertificates", |shared, call| {
        let query = call.query()?;
        read(shared, |state, _| state.list_certificates(&query))
    }),
    ("UpdateCertificate", |shared, call| {
        let status = call.text("newStatus");
        write(shared, |state, now| state.update_certificate(now, call.label(Label::CertificateId), status))
    }),
    ("DeleteCertificate", |shared, call| {
        let force = call.flag("forceDelete");
        write(shared, |state, _| state.delete_certificate(call.label(Label::CertificateId), force))
    }),
    ("AttachThingPrincipal", |shared, call| {
        let (principal, kind) = (call.principal(), call.text("thingPrincipalType"));
        write(shared, |state, _| state.attach_thing_principal(call.label(Label::ThingName), principal, kind))
    }),
    ("DetachThingPrincipal", |shared, call| {
        let principal = call.principal();
        write(shared, |state, _| state.detach_thing_principal(call.label(Label::ThingName), principal))
    }),
    ("ListThingPrincipals", |shared, call| {
        let query = call.query()?;
        read(shared, |state, _| state.list_thing_principals(call.label(Label::ThingName), &query))
    }),
    ("ListPrincipalThings", |shared, call| {
        let (principal, query) = (call.principal(), call.query()?);
        read(shared, |state, _| state.list_principal_things(principal, &query))
    }),
];

/// Makes the keys before the state is asked, which waits for nothing.
fn create_keys_and_certificate(shared: &Shared, call: &Call) -> Result<Output, Exception> {
    let authority = shared.authority().map_err(|error| Exception::internal(&error))?;
    let made = authority.keys_and_certificate().map_err(|error| Exception::internal(&error))?;
    let keys = KeyPair { public_key: made.public_key, private_key: made.private_key };
    let active = call.flag("setAsActive");
    write(shared, |state, now| state.create_keys_and_certificate(now, active, made.certificate, keys))
}

/// Signs before the state is asked, which waits for nothing.
fn create_certificate_from_csr(shared: &Shared, call: &Call) -> Result<Output, Exception> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Body {
        certificate_signing_request: String,
    }

    let body: Body = call.body()?;
    let authority = shared.authority().map_err(|error| Exception::internal(&error))?;
    let signed = authority.sign_request(&body.certificate_signing_request).ok_or_else(|| {
        Exception::invalid_request("The CSR is not a valid certificate signing request in PEM.".to_owned())
    })?;
    let certificate = signed.map_err(|error| Exception::internal(&error))?;
    let active = call.flag("setAsActive");
    write(shared, |state, now| state.create_certificate_from_csr(now, active, certificate))
}

fn register_certificate(shared: &Shared, call: &Call) -> Result<Output, Exception> {
    let (request, active) = (call.body()?, call.flag("setAsActive"));
    write(shared, |state, now| state.register_certificate(now, active, &request))
}

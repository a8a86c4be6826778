//! The connection of a device: what the options say of it, as the client takes it.

use std::time::Duration;

use crate::app::cli::AwsOptions;
use crate::app::output::printer::Printer;
use crate::client::connection;
use crate::client::identity::{self, Identity};

/// The identity of the device, with a warning about each doubt.
pub(crate) fn device_identity(server: &AwsOptions, printer: &Printer) -> Result<Identity, identity::Error> {
    let identity = Identity::load(&server.cert, &server.key, server.ca_file.as_deref())?;
    for warning in identity.warnings() {
        printer.diagnostic(&format!("warning: {warning}"));
    }
    Ok(identity)
}

/// How to connect to the message broker.
pub(crate) fn mqtt_options(
    server: &AwsOptions,
    identity: &Identity,
    client_id: &str,
    timeout: Duration,
) -> connection::Options {
    connection::Options {
        host: server.endpoint.clone(),
        port: server.port,
        client_id: client_id.to_owned(),
        tls: identity.tls_config(server.port),
        timeout,
        keep_alive: connection::KEEP_ALIVE,
    }
}

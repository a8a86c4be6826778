//! The parts of a session: how each is started.

use std::sync::Arc;
use std::time::Duration;

use crate::app::cli::{AwsOptions, LocalOptions, SessionOptions};
use crate::app::connections::{Connections, OnFaults};
use crate::app::dispatch::IsAlone;
use crate::app::mqtt::mqtt_options;
use crate::app::output::printer::Printer;
use crate::app::serve;
use crate::app::things::{find_thing, not_found};
use crate::app::topics::HowToConnect;
use crate::client::control_plane::{self, ControlPlane};
use crate::client::identity::Identity;
use crate::client::sandbox::Sandbox;
use crate::service::{self, LocalService};

/// Starts the local service, and prints how another program connects to it.
pub(super) async fn start_local_service(
    options: &LocalOptions,
    trace: service::trace::Trace,
    printer: &Printer,
) -> anyhow::Result<LocalService> {
    let service = serve::start(options.clone(), trace, printer).await?;
    let https = service.https_addr().map_or_else(String::new, |address| format!(", HTTPS {address}"));
    printer.notice(&format!(
        "local service: MQTT {}, control plane http://{}{https}",
        service.mqtt_addr(),
        service.http_addr()
    ));
    printer.notice(&format!("local service: for other programs: . {}", service.env_file().display()));
    Ok(service)
}

/// The local service as the clients see it, which is like any other server.
pub(super) fn as_server(service: &LocalService, region: &str) -> AwsOptions {
    AwsOptions {
        endpoint: service.mqtt_addr().ip().to_string(),
        port: service.mqtt_addr().port(),
        cert: service.cert_file(),
        key: service.key_file(),
        ca_file: Some(service.ca_file()),
        region: Some(region.to_owned()),
        control_endpoint_url: Some(format!("http://{}", service.http_addr())),
    }
}

/// Where the HTTP port of the local service would be, if the server is one.
pub(super) fn sandbox(server: &AwsOptions, options: &SessionOptions) -> Option<Sandbox> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let url = server
        .control_endpoint_url
        .clone()
        .or_else(|| variable("AWS_ENDPOINT_URL_IOT"))
        .or_else(|| variable("AWS_ENDPOINT_URL"))?;
    Sandbox::new(&url, variable("AWS_ACCESS_KEY_ID"), options.timeout).ok()
}

/// How to connect for topics: on the local service of this process with a certificate of the operator's, which may do
/// anything there, so that the policy of the device stays the one that is deployed; elsewhere with the device's own.
pub(super) fn topics_options(
    service: Option<&LocalService>,
    server: AwsOptions,
    identity: Identity,
    client_id: &str,
    timeout: Duration,
) -> HowToConnect {
    let operator = service.map(LocalService::operator);
    let client_id = client_id.to_owned();
    Box::new(move || {
        let Some(operator) = &operator else {
            return Ok(mqtt_options(&server, &identity, &client_id, timeout));
        };
        let certificate = operator.certificate().map_err(|error| error.to_string())?;
        let (certificate, key) = (&certificate.certificate_pem, &certificate.private_key_pem);
        let identity = identity.with_certificate(certificate, key).map_err(|error| error.to_string())?;
        Ok(mqtt_options(&server, &identity, &client_id, timeout))
    })
}

/// The control plane, and the ARN of the thing if that can be found. If not, the commands of the device work
/// all the same, and the first command that needs the ARN asks for it again.
pub(super) async fn connect_control_plane(
    control_plane: control_plane::Options,
    options: &SessionOptions,
    printer: &Printer,
) -> (ControlPlane, Option<String>) {
    let control_plane = ControlPlane::new(control_plane).await;
    let arn = find_thing(&control_plane, &options.thing, printer).await;
    if let Err(error) = &arn {
        printer.diagnostic(&not_found(error));
    }
    (control_plane, arn.ok())
}

/// What the session prints of faults, the log of its own service need not say.
pub(super) fn on_faults(service: Option<&LocalService>) -> OnFaults {
    match service {
        Some(service) => Box::new(service.struck_is_told()),
        None => Box::new(|| ()),
    }
}

/// The service has seen no connections but those of the session, each once, and no call but those that this control
/// plane has the answer to.
pub(super) fn is_alone(
    service: Option<&LocalService>,
    control_plane: &ControlPlane,
    connections: &Arc<Connections>,
) -> IsAlone {
    let Some(service) = service else { return Box::new(|| false) };
    let (traffic, control_plane, connections) =
        (service.traffic(), control_plane.clone(), connections.clone());
    Box::new(move || {
        traffic.connections() == connections.count() as u64 && traffic.calls() == control_plane.answers()
    })
}

//! The options that lead to a message broker, and those that lead to AWS besides.

use std::path::{Path, PathBuf};

use clap::Args;

use super::endpoint;
use super::error::UsageError;
use super::key_material;
use super::options::AwsOptions;
use super::selector::Selector;
use crate::app::device_folder;

const MQTT_PORT: u16 = 8883;

/// Where a device connects, and as whom.
#[derive(Debug, Args)]
pub(super) struct DeviceConnectionArgs {
    /// Folder of a device that provision made: its endpoint, certificate, key, thing and region
    #[arg(
        long = "device",
        id = "device_folder",
        env = "JOBS_SANDBOX_DEVICE",
        hide_env_values = true,
        value_name = "DIR"
    )]
    folder: Option<PathBuf>,
    /// Host name of the account's MQTT endpoint, as `aws iot describe-endpoint` shows it
    #[arg(long, env = "JOBS_SANDBOX_ENDPOINT", hide_env_values = true, value_name = "HOST")]
    endpoint: Option<String>,
    /// PEM file of the device certificate
    #[arg(long, env = "JOBS_SANDBOX_CERT", hide_env_values = true, value_name = "FILE")]
    cert: Option<String>,
    /// PEM file of the certificate's private key
    #[arg(long, env = "JOBS_SANDBOX_KEY", hide_env_values = true, value_name = "FILE")]
    key: Option<String>,
    /// MQTT port: 8883, or 443 with ALPN
    #[arg(long, env = "JOBS_SANDBOX_PORT", hide_env_values = true)]
    port: Option<String>,
    /// PEM file of the CA that the endpoint's certificate is checked against [default: the system's]
    #[arg(long, env = "JOBS_SANDBOX_CA_FILE", hide_env_values = true, value_name = "FILE")]
    ca_file: Option<String>,
    // Not a doc comment: rustdoc would take the default for a tag.
    #[arg(
        long,
        alias = "client_id",
        env = "JOBS_SANDBOX_CLIENT_ID",
        hide_env_values = true,
        value_name = "ID",
        help = "MQTT client id [default: test-<uuid>]"
    )]
    client_id: Option<String>,
    /// The client ids that the policy of the folder's device lets connect, if it has one of ours.
    #[arg(skip)]
    client_ids: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    next_help_heading = "AWS mode (selected by --device, --endpoint, --cert, --key, --port, --ca-file or --control-endpoint-url)"
)]
pub(super) struct ConnectionArgs {
    #[command(flatten)]
    pub(super) device: DeviceConnectionArgs,
    /// AWS region; not needed where the endpoint's name shows it
    #[arg(long, env = "JOBS_SANDBOX_REGION", hide_env_values = true)]
    pub(super) region: Option<String>,
    /// Where the control plane is; AWS_ENDPOINT_URL_IOT and AWS_ENDPOINT_URL work too
    #[arg(long, env = "JOBS_SANDBOX_CONTROL_ENDPOINT_URL", hide_env_values = true, value_name = "URL")]
    control_endpoint_url: Option<String>,
}

impl DeviceConnectionArgs {
    /// Takes what the folder of `--device` says. What else is given must agree: it may be another device's, left in the
    /// environment.
    pub(super) fn take_from_folder(
        &mut self,
        region: &mut Option<String>,
        thing: &mut Option<String>,
    ) -> Result<(), UsageError> {
        let Some(dir) = self.folder.as_deref().filter(|dir| !dir.as_os_str().is_empty()) else {
            return Ok(());
        };
        let device = device_folder::device(dir).map_err(|error| UsageError(format!("--device: {error}")))?;
        let path = |path: PathBuf| path.to_string_lossy().into_owned();
        for (option, given, found) in [
            ("--endpoint", &mut self.endpoint, Some(device.endpoint)),
            ("--cert", &mut self.cert, Some(path(device.cert))),
            ("--key", &mut self.key, Some(path(device.key))),
            ("--region", region, device.region),
            ("--thing", thing, Some(device.thing)),
        ] {
            if given.is_some() && *given != found {
                return Err(UsageError(format!(
                    "{option} (or its environment variable) contradicts the folder of --device: leave out one of the two"
                )));
            }
            *given = found;
        }
        self.client_ids = device.client_ids;
        Ok(())
    }

    /// Files go by their names.
    pub(super) fn refuse_contents(&self) -> Result<(), UsageError> {
        key_material::refuse_contents("--device", self.folder.as_deref())?;
        [("--cert", &self.cert), ("--key", &self.key), ("--ca-file", &self.ca_file)].into_iter().try_for_each(
            |(option, value)| key_material::refuse_contents(option, value.as_deref().map(Path::new)),
        )
    }

    /// The broker and the identity there; the control plane is AWS's own.
    pub(super) fn options(&self) -> Result<AwsOptions, UsageError> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Ok(AwsOptions {
            endpoint: endpoint::check(&text(&self.endpoint))?,
            port: self.port.as_deref().map_or(Ok(MQTT_PORT), |port| parse_port("--port", port))?,
            cert: text(&self.cert).into(),
            key: text(&self.key).into(),
            ca_file: self.ca_file.as_deref().filter(|file| !file.is_empty()).map(PathBuf::from),
            region: None,
            control_endpoint_url: None,
        })
    }

    /// What no connection can do without, and is not given.
    pub(super) fn missing(&self, thing_given: bool) -> Vec<&'static str> {
        let is_given = |value: &Option<String>| value.as_deref().is_some_and(|text| !text.trim().is_empty());
        let needed = [
            ("--endpoint", is_given(&self.endpoint)),
            ("--cert", is_given(&self.cert)),
            ("--key", is_given(&self.key)),
            ("--thing", thing_given),
        ];
        needed.into_iter().filter_map(|(option, present)| (!present).then_some(option)).collect()
    }

    /// The client id, a new one unless it is given.
    pub(super) fn client_id(self) -> Result<String, UsageError> {
        let Some(id) = self.client_id else {
            let client_ids = self.client_ids.unwrap_or_else(|| "test-*".to_owned());
            return Ok(client_ids.replacen('*', &uuid::Uuid::new_v4().to_string(), 1));
        };
        if (1..=128).contains(&id.len()) && !id.starts_with('$') && !id.chars().any(char::is_control) {
            Ok(id)
        } else {
            Err(UsageError(
                "--client-id must be 1 to 128 bytes without control characters and not begin with $".into(),
            ))
        }
    }
}

impl ConnectionArgs {
    /// What selects AWS mode, if anything does. Even an empty value counts: a CI job whose secret is missing must not
    /// run against the local service.
    pub(super) fn selects_aws(&self) -> Option<Selector> {
        let DeviceConnectionArgs { folder, endpoint, cert, key, port, ca_file, .. } = &self.device;
        let given = [
            ("--device", folder.is_some()),
            ("--endpoint", endpoint.is_some()),
            ("--cert", cert.is_some()),
            ("--key", key.is_some()),
            ("--port", port.is_some()),
            ("--ca-file", ca_file.is_some()),
            ("--control-endpoint-url", self.control_endpoint_url.is_some()),
        ];
        given.into_iter().find_map(|(option, given)| given.then_some(Selector(option)))
    }

    pub(super) fn aws_options(&self, thing_given: bool) -> Result<AwsOptions, UsageError> {
        let missing = self.device.missing(thing_given);
        if !missing.is_empty() {
            return Err(UsageError(format!(
                "AWS mode needs {} too (or the environment variable JOBS_SANDBOX_…); without any connection option the local service is used",
                missing.join(", ")
            )));
        }
        let options = self.device.options()?;
        Ok(AwsOptions {
            region: endpoint::region(&options.endpoint, self.region.as_deref())?,
            control_endpoint_url: self
                .control_endpoint_url
                .as_deref()
                .map(endpoint::check_url)
                .transpose()?,
            ..options
        })
    }
}

pub(super) fn parse_port(name: &str, text: &str) -> Result<u16, UsageError> {
    match text.trim().parse() {
        Ok(port) if port != 0 => Ok(port),
        _ => Err(UsageError(format!("{name} must be a number from 1 to 65535, not {text:?}"))),
    }
}

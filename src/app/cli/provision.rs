//! The options of `provision`, `clean-up` and `policy`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::durations::parse_timeout;
use super::error::UsageError;
use super::options::Launch;
use super::provision_options::{
    CleanUpOptions, PolicyCheckOptions, PolicyPrintOptions, PolicySource, ProvisionOptions,
};
use super::values::{parse_account, parse_region};
use super::{key_material, policy_files};
use crate::wire::model::ThingName;

/// The client ids that the policy of a device lets connect unless told otherwise: those of this program's sessions.
const CLIENT_IDS: &str = "test-*";

#[derive(Debug, Args)]
pub(super) struct ProvisionArgs {
    /// Name of the thing; not needed to go on with a device
    #[arg(long, value_name = "NAME")]
    thing: Option<ThingName>,
    /// Folder for its certificate, its key, and what is known of it
    #[arg(long, value_name = "DIR", default_value = "device")]
    device: PathBuf,
    /// AWS region [default: that of the environment or the profile]
    #[arg(long, value_parser = parse_region)]
    region: Option<String>,
    /// A policy of your own; ${partition}, ${region}, ${account} and ${thing} in it are filled in
    #[arg(long, value_name = "FILE", conflicts_with = "client_ids")]
    policy: Option<PathBuf>,
    /// The client ids that may connect; * stands for anything
    #[arg(long, value_name = "PATTERN", default_value = CLIENT_IDS, value_parser = parse_client_ids)]
    client_ids: String,
    /// Say which calls would be made, and make none
    #[arg(long)]
    dry_run: bool,
    /// How long a call waits for its answer, such as 30s or 2m
    #[arg(long, default_value = "30s", value_parser = parse_timeout)]
    timeout: Duration,
}

#[derive(Debug, Args)]
pub(super) struct CleanUpArgs {
    /// Its folder
    #[arg(long, value_name = "DIR")]
    device: PathBuf,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Delete the jobs, too, that sessions with this device created and that are for its thing alone
    #[arg(long)]
    jobs: bool,
    /// How long a call waits for its answer, such as 30s or 2m
    #[arg(long, default_value = "30s", value_parser = parse_timeout)]
    timeout: Duration,
}

#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Say what a policy lets a device do of what it must: exit code 0 when that is all of it
    Check {
        /// The policy; its placeholders, if it has any, are filled in
        file: PathBuf,
        /// Name of the thing
        #[arg(long, value_name = "NAME", default_value = "MyThing")]
        thing: ThingName,
        /// Client id of the device [default: a new one that begins with test-, as of this program's sessions]
        #[arg(long, value_name = "ID")]
        client_id: Option<String>,
    },
    /// Print the policy that provision would create
    Print {
        /// Name of the thing
        #[arg(long, value_name = "NAME")]
        thing: ThingName,
        /// The client ids that may connect; * stands for anything
        #[arg(long, value_name = "PATTERN", default_value = CLIENT_IDS, value_parser = parse_client_ids)]
        client_ids: String,
        /// AWS region [default: the placeholder stays]
        #[arg(long, value_parser = parse_region)]
        region: Option<String>,
        /// The twelve digits of the account [default: the placeholder stays]
        #[arg(long, value_name = "ID", value_parser = parse_account)]
        account: Option<String>,
    },
}

impl ProvisionArgs {
    pub(super) fn launch(self) -> Result<Launch, UsageError> {
        key_material::refuse_contents("--device", Some(&self.device))?;
        let policy = match &self.policy {
            Some(file) => PolicySource::Given(policy_files::read_text("--policy ", file)?),
            None => PolicySource::Own(self.client_ids),
        };
        Ok(Launch::Provision(ProvisionOptions {
            thing: self.thing,
            device: self.device,
            region: self.region,
            policy,
            dry_run: self.dry_run,
            timeout: self.timeout,
        }))
    }
}

impl CleanUpArgs {
    pub(super) fn launch(self) -> Result<Launch, UsageError> {
        key_material::refuse_contents("--device", Some(&self.device))?;
        let Self { device, yes, jobs, timeout } = self;
        Ok(Launch::CleanUp(CleanUpOptions { device, yes, jobs, timeout }))
    }
}

impl PolicyCommand {
    pub(super) fn launch(self) -> Result<Launch, UsageError> {
        Ok(match self {
            Self::Check { file, thing, client_id } => {
                let document = policy_files::read_text("", &file)?;
                let client_id = client_id.unwrap_or_else(|| format!("test-{}", uuid::Uuid::new_v4()));
                Launch::PolicyCheck(PolicyCheckOptions { file, document, thing, client_id })
            }
            Self::Print { thing, client_ids, region, account } => {
                Launch::PolicyPrint(PolicyPrintOptions { thing, client_ids, region, account })
            }
        })
    }
}

fn parse_client_ids(text: &str) -> Result<String, String> {
    let plain = |c: char| !c.is_control() && !"\"\\".contains(c);
    if (1..=128).contains(&text.len()) && text.chars().all(plain) {
        Ok(text.to_owned())
    } else {
        Err("write 1 to 128 bytes, such as test-*, without quotes".into())
    }
}

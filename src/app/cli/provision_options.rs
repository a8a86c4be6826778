//! The options of `provision`, `clean-up` and `policy`, checked and complete.

use std::path::PathBuf;
use std::time::Duration;

use crate::wire::model::ThingName;

/// A device that is made on AWS.
#[derive(Debug)]
pub(crate) struct ProvisionOptions {
    /// The name of its thing; the folder knows it where a device is there already.
    pub thing: Option<ThingName>,
    /// Its folder.
    pub device: PathBuf,
    /// The region; the environment's or the profile's if `None`.
    pub region: Option<String>,
    /// What its policy is made of.
    pub policy: PolicySource,
    /// Say the calls, and make none.
    pub dry_run: bool,
    /// How long a call waits for its answer.
    pub timeout: Duration,
}

/// A device that is taken away again.
#[derive(Debug)]
pub(crate) struct CleanUpOptions {
    /// Its folder.
    pub device: PathBuf,
    /// Do not ask.
    pub yes: bool,
    /// Delete the jobs for its thing alone, too.
    pub jobs: bool,
    /// How long a call waits for its answer.
    pub timeout: Duration,
}

/// What a policy is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PolicySource {
    /// This program's own, which lets these client ids connect.
    Own(String),
    /// The user's, whose placeholders are filled in.
    Given(String),
}

/// A policy that is checked.
#[derive(Debug)]
pub(crate) struct PolicyCheckOptions {
    /// Where it comes from.
    pub file: PathBuf,
    /// Its text.
    pub document: String,
    /// The thing whose device stands under it.
    pub thing: ThingName,
    /// The device's client id.
    pub client_id: String,
}

/// A policy that is printed.
#[derive(Debug)]
pub(crate) struct PolicyPrintOptions {
    /// The thing whose device stands under it.
    pub thing: ThingName,
    /// The client ids that may connect.
    pub client_ids: String,
    /// The region, if it is known.
    pub region: Option<String>,
    /// The account, if it is known.
    pub account: Option<String>,
}

//! How to reach the control plane.

use std::time::Duration;

use crate::client::trace::Trace;

/// Where the control plane is, and with which credentials to call it.
#[derive(Debug, Clone)]
pub struct Options {
    /// The AWS region, for which requests are signed; without one the environment and the profile are asked.
    pub region: Option<String>,
    /// Another endpoint than AWS's own; without one `AWS_ENDPOINT_URL_IOT`, `AWS_ENDPOINT_URL` and the
    /// profile are asked, as by every AWS tool.
    pub endpoint_url: Option<String>,
    /// Where credentials come from.
    pub credentials: CredentialsSource,
    /// PEM certificates of the authorities to trust instead of the system's, as
    /// [`identity::ca_bundle`](crate::client::identity::ca_bundle) checked them.
    pub ca_bundle: Option<Vec<u8>>,
    /// How long one operation may take, its retries and all pages of a list included.
    pub timeout: Duration,
    /// Gets a line for every call.
    pub trace: Trace,
}

/// Where credentials come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialsSource {
    /// The default chain of every AWS tool: environment, profile, single sign-on, instance.
    DefaultChain,
    /// A fixed pair that means nothing, for the local service; nothing of the user's is read.
    Dummy,
}

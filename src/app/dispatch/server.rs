//! The server that a session is connected to.

/// The server of the session, as the command line names it.
#[derive(Debug)]
pub(crate) struct Server {
    /// Host and port of its MQTT endpoint.
    pub endpoint: String,
    /// Where the control plane is, if that is known.
    pub region: Option<String>,
    /// Whether it is the local service of this process.
    pub is_ours: bool,
}

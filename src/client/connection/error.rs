//! Why there is no connection, or why it refused something: one line each, with what to do.

use std::io;
use std::time::Duration;

use tokio_rustls::rustls::{self, AlertDescription};

use super::address::address;
use super::reason_code::ReasonCode;
use super::tls_words::{alert_name, blames_the_certificate, tls_error, why_not_trusted, why_tls_failed};
use crate::wire::system_error::{TOO_MANY_OPEN_FILES, in_words, too_many_open_files};

/// Why there is no connection, or why it refused something; `Display` says what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The name of the server could not be resolved.
    #[error("cannot resolve {host}: {reason}: check the endpoint name and this machine's network")]
    Resolve {
        /// The name.
        host: String,
        /// The resolver's reason.
        reason: String,
    },
    /// The resolver did not answer in time.
    #[error("cannot resolve {host}: no answer within {}: check this machine's network and DNS", seconds(*after))]
    ResolveTimedOut {
        /// The name.
        host: String,
        /// How long all of connecting may take.
        after: Duration,
    },
    /// Nothing listens there.
    #[error("{address} refused the connection: check the endpoint and the port, and that the server runs")]
    Refused {
        /// Host and port.
        address: String,
    },
    /// The network does not lead there.
    #[error("cannot reach {address}: {reason}: check the endpoint, the port and this machine's network")]
    Unreachable {
        /// Host and port.
        address: String,
        /// The system's reason.
        reason: String,
    },
    /// This process, or the system, has no room for another socket.
    #[error("cannot connect to {address}: {TOO_MANY_OPEN_FILES}")]
    TooManyOpenFiles {
        /// Host and port.
        address: String,
    },
    /// One step of connecting took too long.
    #[error("no {awaited} from {address} within {}: check the endpoint, the port and any firewall", seconds(*after))]
    ConnectTimedOut {
        /// Host and port.
        address: String,
        /// What was awaited.
        awaited: &'static str,
        /// How long all of connecting may take.
        after: Duration,
    },
    /// We do not trust the server.
    #[error("the certificate of {host} is not trusted: {reason}")]
    ServerNotTrusted {
        /// The server.
        host: String,
        /// Why not, and what to do.
        reason: String,
    },
    /// The server does not trust us.
    #[error(
        "the server refused the client certificate ({reason}): check that it is registered and ACTIVE there, and that its key is the right one"
    )]
    CertificateRefused {
        /// TLS's word for it.
        reason: String,
    },
    /// TLS failed in another way.
    #[error("TLS with {address} failed: {reason}")]
    Tls {
        /// Host and port.
        address: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The server closed the connection before it accepted it.
    #[error(
        "the server closed the connection before {awaited}: check that the certificate is registered and ACTIVE, and that its policy allows iot:Connect"
    )]
    ClosedEarly {
        /// What was awaited.
        awaited: &'static str,
    },
    /// CONNACK with an error.
    #[error("the server refused client id {client_id}: {code}: {advice}")]
    ConnectRefused {
        /// The client id.
        client_id: String,
        /// The CONNACK code.
        code: ReasonCode,
        /// What to do.
        advice: String,
    },
    /// SUBACK with an error for some filters.
    #[error(
        "the server refused to subscribe to {}: {code}{}",
        filters.join(", "),
        to_allow(code, "iot:Subscribe", &topic_filters(filters))
    )]
    SubscribeRefused {
        /// The filters that were refused.
        filters: Vec<String>,
        /// The first SUBACK code of a refusal.
        code: ReasonCode,
    },
    /// UNSUBACK with an error.
    #[error("the server refused to end the subscription to {filter}: {code}")]
    UnsubscribeRefused {
        /// The filter.
        filter: String,
        /// The UNSUBACK code.
        code: ReasonCode,
    },
    /// PUBACK with an error.
    #[error(
        "the server refused to publish on {topic}: {code}{}",
        to_allow(code, "iot:Publish", &format!("topic/{topic}"))
    )]
    PublishRefused {
        /// The topic.
        topic: String,
        /// The PUBACK code.
        code: ReasonCode,
    },
    /// More than the server takes.
    #[error("a message of {size} bytes is too large: the server takes at most {limit}")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The link broke before this was sent.
    #[error("the connection was lost before it was sent")]
    NotSent,
    /// The link broke after this was sent, or while it was.
    #[error("the connection was lost")]
    Lost,
    /// The server closed the connection.
    #[error("the server closed the connection")]
    Closed,
    /// The server sent DISCONNECT.
    #[error("the server said DISCONNECT: {code}")]
    Disconnected {
        /// Its reason code.
        code: ReasonCode,
    },
    /// Another client took the session over.
    #[error(
        "another client connected with the same client id {client_id} and took the session over: give each its own --client-id"
    )]
    TakenOver {
        /// The client id of both.
        client_id: String,
    },
    /// The server ends each link soon after it was made, without a word: what a session taken over looks
    /// like on a server that does not say so.
    #[error(
        "the server closes every connection soon after it is made: most likely another client uses the same client id {client_id}: give each its own --client-id"
    )]
    ClosedTooOften {
        /// The client id.
        client_id: String,
    },
    /// The server does not answer any more.
    #[error("no answer to a ping within {}: the link is dead", seconds(*after))]
    Silent {
        /// How long it was awaited.
        after: Duration,
    },
    /// The operating system broke the connection.
    #[error("the connection broke: {reason}")]
    Broken {
        /// The system's reason.
        reason: String,
    },
    /// The server violates MQTT.
    #[error("the server sent what is not MQTT 5: {reason}: check the endpoint and the port")]
    Protocol {
        /// What was wrong.
        reason: String,
    },
    /// We closed the connection ourselves.
    #[error("disconnected")]
    Finished,
}

impl Error {
    /// Whether no further attempt is made: it would harm the client that took our place, or is not wanted.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::TakenOver { .. } | Self::ClosedTooOften { .. } | Self::Finished)
    }

    /// The refusal of a message on `topic`, if that is why the server ended the connection.
    pub(crate) fn as_refused_publish(&self, topic: &str) -> Option<Self> {
        let Self::Disconnected { code } = self else { return None };
        code.is_about_a_message()
            .then(|| Self::PublishRefused { topic: topic.to_owned(), code: code.clone() })
    }

    /// The code with which the server refused a request, if that is what this is.
    #[must_use]
    pub fn refusal(&self) -> Option<&ReasonCode> {
        match self {
            Self::SubscribeRefused { code, .. }
            | Self::UnsubscribeRefused { code, .. }
            | Self::PublishRefused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Why the server could not be reached.
    pub(super) fn from_connect(error: &io::Error, address: String) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused { address },
            _ if too_many_open_files(error) => Self::TooManyOpenFiles { address },
            _ => Self::Unreachable { address, reason: in_words(error) },
        }
    }

    /// What broke a connection that was up.
    pub(super) fn from_io(error: &io::Error) -> Self {
        match tls_error(error) {
            Some(rustls::Error::AlertReceived(alert)) if blames_the_certificate(*alert) => {
                Self::CertificateRefused { reason: alert_name(*alert) }
            }
            _ if error.kind() == io::ErrorKind::UnexpectedEof => Self::Closed,
            Some(error) => Self::Broken { reason: why_tls_failed(error) },
            None => Self::Broken { reason: in_words(error) },
        }
    }

    /// What broke a connection that was being made.
    pub(super) fn from_handshake(error: &io::Error, host: &str, port: u16) -> Self {
        let address = address(host, port);
        let tls = |reason: String| Self::Tls { address: address.clone(), reason };
        match tls_error(error) {
            Some(rustls::Error::InvalidCertificate(reason)) => {
                Self::ServerNotTrusted { host: host.to_owned(), reason: why_not_trusted(reason, "--ca-file") }
            }
            Some(rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol)) => tls(format!(
                "the server does not speak MQTT there: use port 8883, or 443 on an AWS IoT endpoint (not {port})"
            )),
            Some(rustls::Error::AlertReceived(alert)) if blames_the_certificate(*alert) => {
                Self::CertificateRefused { reason: alert_name(*alert) }
            }
            Some(other) => tls(why_tls_failed(other)),
            None if error.kind() == io::ErrorKind::UnexpectedEof => {
                Self::ClosedEarly { awaited: "the TLS handshake was over" }
            }
            None => tls(in_words(error)),
        }
    }
}

/// What to allow in the policy, where the code may mean that it is not allowed.
fn to_allow(code: &ReasonCode, action: &str, resources: &str) -> String {
    if code.may_be_the_policy() {
        format!(": allow {action} on {resources} in the certificate's policy")
    } else {
        String::new()
    }
}

fn topic_filters(filters: &[String]) -> String {
    let filters: Vec<String> =
        filters.iter().map(|filter| format!("topicfilter/{}", filter.replace('+', "*"))).collect();
    filters.join(", ")
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f32())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_filter_names_action_and_resource() {
        let error = Error::SubscribeRefused {
            filters: vec!["$aws/things/T/jobs/+/get/+".to_owned()],
            code: ReasonCode::new(0x87, None),
        };
        assert_eq!(
            error.to_string(),
            "the server refused to subscribe to $aws/things/T/jobs/+/get/+: 0x87 not authorized: \
             allow iot:Subscribe on topicfilter/$aws/things/T/jobs/*/get/* in the certificate's policy"
        );
        let busy = Error::PublishRefused { topic: "t".to_owned(), code: ReasonCode::new(0x97, None) };
        assert_eq!(busy.to_string(), "the server refused to publish on t: 0x97 quota exceeded");
    }

    #[test]
    fn an_alert_about_the_certificate_is_told_from_any_other() {
        let alert = |alert| io::Error::other(rustls::Error::AlertReceived(alert));
        assert!(matches!(
            Error::from_io(&alert(AlertDescription::CertificateRevoked)),
            Error::CertificateRefused { .. }
        ));
        assert!(matches!(Error::from_io(&alert(AlertDescription::InternalError)), Error::Broken { .. }));
    }

    #[test]
    fn too_many_open_files_are_no_trouble_of_the_network() {
        let said = Error::from_connect(&io::Error::from_raw_os_error(24), "h:1".to_owned()).to_string();
        assert_eq!(
            said,
            "cannot connect to h:1: too many files are open: raise the limit on open files (ulimit -n)"
        );
    }
}

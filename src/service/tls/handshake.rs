//! Why a TLS handshake failed, in words: whoever sets up a device has to find out which of its files is wrong.

use std::io::{self, ErrorKind};

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error};

use crate::service::one_line::{MESSAGE, one_line};
use crate::wire::system_error::in_words;

/// What to tell of a handshake on a port whose protocol has this name in ALPN.
pub(super) fn why(error: &io::Error, protocol: &str) -> String {
    let known = match (of_rustls(error), error.kind()) {
        (Some(Error::NoApplicationProtocol), _) => {
            return format!("it offers protocols (ALPN), but not {protocol}");
        }
        (Some(error), _) => of_tls(error),
        (None, ErrorKind::TimedOut) => Some("it did not finish the handshake in time"),
        (None, ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {
            Some("it hung up during the handshake")
        }
        (None, _) => None,
    };
    known.map_or_else(
        || one_line(&format!("the handshake failed: {}", in_words(error)), MESSAGE),
        str::to_owned,
    )
}

/// Whether what came was no TLS at all.
pub(super) fn is_no_tls(error: &io::Error) -> bool {
    matches!(of_rustls(error), Some(Error::InvalidMessage(_)))
}

fn of_rustls(error: &io::Error) -> Option<&Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

fn of_tls(error: &Error) -> Option<&'static str> {
    Some(match error {
        Error::NoCertificatesPresented => {
            "it shows no client certificate: a device needs a certificate and its key, such as cert.pem and key.pem"
        }
        Error::AlertReceived(AlertDescription::UnknownCA) => {
            "it does not trust this service's authority: ca.pem is the one to trust"
        }
        Error::AlertReceived(AlertDescription::BadCertificate | AlertDescription::CertificateUnknown) => {
            "it does not accept this service's certificate: either it does not trust ca.pem, or it came by a name \
             that --hostname does not give"
        }
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => "its certificate is not registered",
        Error::InvalidCertificate(CertificateError::Revoked) => "its certificate is not active",
        Error::InvalidCertificate(CertificateError::Expired) => "its certificate has expired",
        Error::InvalidCertificate(CertificateError::NotValidYet) => "its certificate is not valid yet",
        Error::InvalidCertificate(CertificateError::BadSignature) => "its key is not that of its certificate",
        Error::InvalidMessage(_) => "what it sends is not TLS",
        _ => return None,
    })
}

//! Why TLS failed, in a person's words, with what to do.

use std::io;

use tokio_rustls::rustls::{self, AlertDescription, CertificateError};

/// What TLS failed of, if it did.
pub(super) fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// Whether the server refuses the client certificate.
pub(super) fn blames_the_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::DecryptError
            | AlertDescription::CertificateRequired
    )
}

/// Why TLS failed, and what to do, where neither certificate is to blame.
pub(crate) fn why_tls_failed(error: &rustls::Error) -> String {
    match error {
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)
        | rustls::Error::PeerIncompatible(_) => {
            "the server and this program have no TLS version or cipher in common: let the server speak TLS 1.2 or 1.3"
                .to_owned()
        }
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            "the server agrees to none of what this program offers (handshake_failure): let it speak TLS 1.2 or 1.3 with today's ciphers, and check that it takes the kind of the client certificate's key"
                .to_owned()
        }
        rustls::Error::AlertReceived(alert) => {
            format!("the server broke it off with the alert {}: look into the server's log", alert_name(*alert))
        }
        rustls::Error::InvalidMessage(_) => "what answers there does not speak TLS: check the port".to_owned(),
        rustls::Error::PeerMisbehaved(_)
        | rustls::Error::InappropriateMessage { .. }
        | rustls::Error::InappropriateHandshakeMessage { .. } => {
            "the server does not keep to TLS: check the endpoint and the port".to_owned()
        }
        other => other.to_string(),
    }
}

/// An alert as the TLS standard spells it, or its number.
pub(super) fn alert_name(alert: AlertDescription) -> String {
    let Some(name) = alert.as_str() else { return u8::from(alert).to_string() };
    let mut spelled = String::with_capacity(name.len() + 4);
    let mut was_small = false;
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && was_small {
            spelled.push('_');
        }
        was_small = letter.is_ascii_lowercase();
        spelled.push(letter.to_ascii_lowercase());
    }
    spelled
}

/// Why a server's certificate is not accepted, and what to do; `authorities` is where those are named that are
/// trusted.
pub(crate) fn why_not_trusted(error: &CertificateError, authorities: &str) -> String {
    match error {
        CertificateError::UnknownIssuer => {
            "it was issued by an authority that is not trusted here: give that authority's certificate with --ca-file"
                .to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it was issued for another name: check the endpoint".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired: check this machine's clock, or renew it".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet: check this machine's clock".to_owned()
        }
        CertificateError::BadSignature => {
            "its signature is wrong: --ca-file is not the authority that issued it".to_owned()
        }
        CertificateError::BadEncoding => {
            "it is not an X.509 certificate, or a damaged one: give the server another".to_owned()
        }
        CertificateError::Revoked => "it was revoked: give the server another".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it was not issued for a server: give the server one with the extended key usage serverAuth"
                .to_owned()
        }
        // rustls passes this on as its verifier's own error, of a type that it does not export.
        CertificateError::Other(other) if other.to_string() == "CaUsedAsEndEntity" => {
            format!(
                "it is an authority's own certificate, self-signed most likely: give the server one that an authority issued, and name that authority's certificate with {authorities}"
            )
        }
        _ => "it is not a certificate that can be checked here: give the server another".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn no_word_of_a_parser_tells_why_a_certificate_is_not_trusted() {
        // As rustls wraps what its verifier has no word for.
        let own =
            CertificateError::Other(rustls::OtherError(Arc::new(io::Error::other("CaUsedAsEndEntity"))));
        let said = why_not_trusted(&own, "--ca-file");
        assert!(
            said.starts_with("it is an authority's own certificate, self-signed most likely: "),
            "{said}"
        );
        let odd = CertificateError::Other(rustls::OtherError(Arc::new(io::Error::other("BadDerTime"))));
        for error in
            [odd, CertificateError::BadEncoding, CertificateError::Revoked, CertificateError::InvalidPurpose]
        {
            let said = why_not_trusted(&error, "--ca-file");
            assert!(said.starts_with("it ") && said.contains(": "), "{said}");
            assert!(!said.contains("BadDerTime"), "{said}");
        }
    }
}

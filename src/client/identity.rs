//! The identity of the client: PEM files made into a TLS configuration.
//!
//! A problem with a file is found here, before anything is sent, and reported in one line that names the
//! file. Key material never appears in a message or in `Debug`.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/x509-client-certs.html>

use std::env;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::wire::system_error::in_words;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::{CertifiedKey, SigningKey};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SignatureScheme};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Version;

/// With this protocol name AWS IoT speaks MQTT with client certificates on port 443.
///
/// AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html>
const ALPN_ON_443: &[u8] = b"x-amzn-mqtt-ca";

/// Names the file of the authorities that AWS's tools trust.
const CA_BUNDLE: &str = "AWS_CA_BUNDLE";

/// The largest PEM file that is read, in bytes.
const MAX_FILE_SIZE: u64 = 1024 * 1024;

/// Why a file cannot be used; `Display` is one line that names the file and says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{role} {}: {problem}", file.display())]
pub struct Error {
    role: Role,
    file: PathBuf,
    problem: Problem,
}

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Certificate,
    Key,
    Ca,
    Bundle,
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate file",
            Self::Key => "key file",
            Self::Ca => "CA file",
            Self::Bundle => "CA bundle",
        })
    }
}

impl Role {
    fn option(self) -> &'static str {
        match self {
            Self::Certificate => "--cert",
            Self::Key => "--key",
            Self::Ca => "--ca-file",
            Self::Bundle => CA_BUNDLE,
        }
    }

    fn content(self) -> &'static str {
        match self {
            Self::Certificate | Self::Ca | Self::Bundle => "certificate",
            Self::Key => "private key",
        }
    }

    fn openssl(self) -> &'static str {
        match self {
            Self::Certificate | Self::Ca | Self::Bundle => "x509",
            Self::Key => "pkey",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("there is no such file: check {0}")]
    Missing(&'static str),
    #[error("cannot be read: {0}")]
    Unreadable(String),
    #[error("it is empty: check {0}")]
    Empty(&'static str),
    #[error("it is larger than 1 MiB: check {0}")]
    TooLarge(&'static str),
    #[error("it is DER, not PEM: convert it with openssl {tool} -inform der -in {file} -out {file}.pem")]
    Der { tool: &'static str, file: String },
    #[error("it holds no PEM section (-----BEGIN ...): give a PEM file that holds a {0}")]
    NotPem(&'static str),
    #[error("it holds {found}, not a {wanted}: check --cert, --key and --ca-file")]
    WrongKind { found: String, wanted: &'static str },
    #[error("its PEM is damaged ({0}): copy it again")]
    Damaged(&'static str),
    #[error(
        "its line breaks are lost, so that more than -----BEGIN ...----- is on that line: put them back, in a shell with printf '%b\\n' \"$PEM\", quotes included"
    )]
    OneLine,
    #[error("the key is encrypted: decrypt it with openssl pkey -in {file} -out {file}.decrypted")]
    Encrypted { file: String },
    #[error("this kind of key is not supported: use RSA of 2048 bits or more, P-256, P-384 or Ed25519")]
    UnsupportedKey,
    #[error("the key does not belong to certificate {certificate}: give the key that was made with it")]
    AnotherCertificate { certificate: String },
    #[error("it is not an X.509 certificate, or a damaged one: copy it again")]
    NotX509,
    #[error(
        "it is an X.509 version 1 certificate, which TLS does not take: issue it as version 3 (openssl x509 -req with -extfile)"
    )]
    Version1,
    #[error("it expired at {at}; this machine says that it is {now}: renew it, or set the clock right")]
    Expired { at: String, now: String },
    #[error("it is not valid before {at}; this machine says that it is {now}: set the clock right, or wait")]
    NotYetValid { at: String, now: String },
    #[error("this system has no CA certificates: name the server's with --ca-file")]
    NoSystemRoots,
}

/// A certificate, its key, and the certificate authorities that we trust.
#[derive(Debug, Clone)]
pub struct Identity {
    certified: Arc<CertifiedKey>,
    roots: Arc<RootCertStore>,
    warnings: Vec<String>,
}

impl Identity {
    /// Reads and checks the files. Without `ca_file` the system's own certificate authorities are trusted.
    ///
    /// # Errors
    /// [`Error`] names the file and says what is wrong with it.
    pub fn load(cert_file: &Path, key_file: &Path, ca_file: Option<&Path>) -> Result<Self, Error> {
        let certificate_error = |problem| error(Role::Certificate, cert_file, problem);
        let (pem, _) = read(Role::Certificate, cert_file).map_err(certificate_error)?;
        let chain = certificates(Role::Certificate, cert_file, &pem)?;
        let leaf = check_leaf(&chain[0], OffsetDateTime::now_utc()).map_err(certificate_error)?;
        let (key, key_is_exposed) = private_key(key_file)?;
        if key.public_key().is_some_and(|public| public.as_ref() != leaf.public_key().raw) {
            let certificate = cert_file.display().to_string();
            return Err(error(Role::Key, key_file, Problem::AnotherCertificate { certificate }));
        }
        let roots = match ca_file {
            Some(file) => {
                let (pem, _) = read(Role::Ca, file).map_err(|problem| error(Role::Ca, file, problem))?;
                roots_of(Role::Ca, file, &pem)?
            }
            None => system_roots().map_err(|problem| error(Role::Ca, Path::new("(none)"), problem))?,
        };
        let exposed = format!("key file {0}: others can read it: chmod 600 {0}", key_file.display());
        Ok(Self {
            certified: Arc::new(CertifiedKey::new(chain, key)),
            roots: Arc::new(roots),
            warnings: key_is_exposed.then_some(exposed).into_iter().collect(),
        })
    }

    /// The same authorities with another certificate and its key, in PEM.
    ///
    /// # Errors
    /// [`Error`] says what is wrong with them.
    pub fn with_certificate(&self, certificate_pem: &str, private_key_pem: &str) -> Result<Self, Error> {
        let here = Path::new("(in memory)");
        let chain = certificates(Role::Certificate, here, certificate_pem.as_bytes())?;
        let key = signing_key(here, private_key_pem.as_bytes())?;
        let certified = Arc::new(CertifiedKey::new(chain, key));
        Ok(Self { certified, roots: self.roots.clone(), warnings: Vec::new() })
    }

    /// Lines worth a warning, such as a key that others can read.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The TLS configuration for a connection to `port`.
    ///
    /// # Panics
    /// Never: ring offers TLS 1.2 and 1.3.
    #[must_use]
    pub fn tls_config(&self, port: u16) -> Arc<ClientConfig> {
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring offers TLS 1.2 and 1.3")
            .with_root_certificates(self.roots.clone())
            .with_client_cert_resolver(Arc::new(OneKey(self.certified.clone())));
        if port == 443 {
            config.alpn_protocols.push(ALPN_ON_443.to_vec());
        }
        Arc::new(config)
    }
}

/// Answers every request for a client certificate with the one that we have.
#[derive(Debug)]
struct OneKey(Arc<CertifiedKey>);

impl ResolvesClientCert for OneKey {
    fn resolve(&self, _issuers: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn error(role: Role, file: &Path, problem: Problem) -> Error {
    Error { role, file: file.to_owned(), problem }
}

/// The certificates of a PEM file, at least one.
fn certificates(role: Role, file: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let fail = |problem| error(role, file, problem);
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let chain = chain.map_err(|error| fail(damage(pem, &error)))?;
    if chain.is_empty() { Err(fail(what_else(role, file, pem))) } else { Ok(chain) }
}

/// The private key of a PEM file, and whether others than its owner can read it.
fn private_key(file: &Path) -> Result<(Arc<dyn SigningKey>, bool), Error> {
    let fail = |problem| error(Role::Key, file, problem);
    let (pem, exposed) = read(Role::Key, file).map_err(fail)?;
    Ok((signing_key(file, &pem)?, exposed))
}

fn signing_key(file: &Path, pem: &[u8]) -> Result<Arc<dyn SigningKey>, Error> {
    let fail = |problem| error(Role::Key, file, problem);
    if is_encrypted(pem) {
        return Err(fail(Problem::Encrypted { file: file.display().to_string() }));
    }
    let key = match PrivateKeyDer::pem_slice_iter(pem).next() {
        Some(Ok(key)) => key,
        Some(Err(error)) => return Err(fail(damage(pem, &error))),
        None => return Err(fail(what_else(Role::Key, file, pem))),
    };
    ring::sign::any_supported_type(&key).map_err(|_| fail(Problem::UnsupportedKey))
}

/// The bytes of a file, and whether others than its owner can read it.
fn read(role: Role, file: &Path) -> Result<(Vec<u8>, bool), Problem> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Problem::Missing(role.option()),
        _ => Problem::Unreadable(in_words(&error)),
    };
    let opened = File::open(file).map_err(unreadable)?;
    let metadata = opened.metadata().map_err(unreadable)?;
    let mut content = Vec::new();
    opened.take(MAX_FILE_SIZE + 1).read_to_end(&mut content).map_err(unreadable)?;
    if content.len() as u64 > MAX_FILE_SIZE {
        return Err(Problem::TooLarge(role.option()));
    }
    if content.trim_ascii().is_empty() {
        return Err(Problem::Empty(role.option()));
    }
    Ok((content, others_can_read(&metadata)))
}

fn others_can_read(metadata: &Metadata) -> bool {
    metadata.is_file() && metadata.permissions().mode() & 0o077 != 0
}

/// What is wrong with a PEM file. The parser's own words are not for showing: they quote the file.
fn damage(content: &[u8], error: &pem::Error) -> Problem {
    if has_lost_line_breaks(content) {
        return Problem::OneLine;
    }
    Problem::Damaged(match error {
        pem::Error::MissingSectionEnd { .. } => "an END line is missing",
        pem::Error::IllegalSectionStart { .. } => "a BEGIN line does not end in five dashes",
        pem::Error::Base64Decode(_) => "its base64 is wrong",
        _ => "it cannot be read",
    })
}

/// Whether a BEGIN line goes on behind its label, as after `echo $KEY` or with `\n` spelled out.
fn has_lost_line_breaks(content: &[u8]) -> bool {
    String::from_utf8_lossy(content).split(['\n', '\r']).any(|line| {
        let label = line.trim().strip_prefix("-----BEGIN ");
        label.and_then(|label| label.split_once("-----")).is_some_and(|(_, behind)| !behind.is_empty())
    })
}

/// What a file holds that does not hold what was wanted.
fn what_else(role: Role, file: &Path, content: &[u8]) -> Problem {
    if content.starts_with(&[0x30]) && content.get(1).is_some_and(|byte| byte & 0x80 != 0) {
        return Problem::Der { tool: role.openssl(), file: file.display().to_string() };
    }
    let text = String::from_utf8_lossy(content);
    let mut labels = text.lines().filter_map(|line| line.trim().strip_prefix("-----BEGIN "));
    match labels.next().and_then(|label| label.strip_suffix("-----")) {
        None => Problem::NotPem(role.content()),
        // Whoever calls this looked for such a section and found none that ends.
        Some(label) if label == "CERTIFICATE" && role != Role::Key => Problem::Damaged("it has no end"),
        Some(label) => {
            let found = match label {
                "CERTIFICATE" => "a certificate".to_owned(),
                "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => "a certificate request".to_owned(),
                label if label.ends_with("PRIVATE KEY") && role == Role::Key => {
                    return Problem::Damaged("it has no end, or is of an unknown kind");
                }
                label if label.ends_with("PRIVATE KEY") => "a private key".to_owned(),
                label if label.ends_with("PUBLIC KEY") => "a public key".to_owned(),
                _ => "something else".to_owned(),
            };
            Problem::WrongKind { found, wanted: role.content() }
        }
    }
}

fn is_encrypted(pem: &[u8]) -> bool {
    let text = String::from_utf8_lossy(pem);
    text.lines().any(|line| {
        line.trim() == "-----BEGIN ENCRYPTED PRIVATE KEY-----"
            || line.strip_prefix("Proc-Type:").is_some_and(|rest| rest.contains("ENCRYPTED"))
    })
}

/// Checks what the server would refuse in our own certificate.
fn check_leaf<'a>(der: &'a CertificateDer<'_>, now: OffsetDateTime) -> Result<X509Certificate<'a>, Problem> {
    let (_, certificate) = X509Certificate::from_der(der).map_err(|_| Problem::NotX509)?;
    if certificate.version() != X509Version::V3 {
        return Err(Problem::Version1);
    }
    let validity = certificate.validity();
    if now > validity.not_after.to_datetime() {
        let at = written(validity.not_after.to_datetime());
        return Err(Problem::Expired { at, now: written(now) });
    }
    if now < validity.not_before.to_datetime() {
        let at = written(validity.not_before.to_datetime());
        return Err(Problem::NotYetValid { at, now: written(now) });
    }
    Ok(certificate)
}

fn written(time: OffsetDateTime) -> String {
    let whole = time.replace_nanosecond(0).unwrap_or(time);
    whole.format(&Rfc3339).unwrap_or_else(|_| whole.to_string())
}

/// The file that `AWS_CA_BUNDLE` names, checked: PEM certificates of the authorities that the control plane is
/// checked against instead of the system's.
///
/// # Errors
/// [`Error`] names the file and says what is wrong with it.
///
/// AWS: <https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html>
pub fn ca_bundle() -> Result<Option<Vec<u8>>, Error> {
    let Some(file) = env::var_os(CA_BUNDLE).filter(|file| !file.is_empty()).map(PathBuf::from) else {
        return Ok(None);
    };
    let (pem, _) = read(Role::Bundle, &file).map_err(|problem| error(Role::Bundle, &file, problem))?;
    roots_of(Role::Bundle, &file, &pem)?;
    Ok(Some(pem))
}

fn roots_of(role: Role, file: &Path, pem: &[u8]) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(role, file, pem)? {
        roots.add(certificate).map_err(|_| error(role, file, Problem::NotX509))?;
    }
    Ok(roots)
}

fn system_roots() -> Result<RootCertStore, Problem> {
    let mut roots = RootCertStore::empty();
    // A system may carry certificates that nobody can parse; the others will do.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() { Err(Problem::NoSystemRoots) } else { Ok(roots) }
}

#[cfg(test)]
mod tests;

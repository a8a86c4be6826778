//! Files that are right, and every way in which one is wrong.

use super::*;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, date_time_ymd};
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, LineEnding};
use std::fs;
use tempfile::TempDir;

const RSA_PKCS1: &str = include_str!("../../../tests/fixtures/rsa-2048.pem");

struct Files {
    dir: TempDir,
    cert: PathBuf,
    key: PathBuf,
    ca: PathBuf,
}

impl Files {
    fn new(cert: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        let dir = TempDir::new().unwrap();
        let put = |name: &str, content: &[u8]| {
            let path = dir.path().join(name);
            fs::write(&path, content).unwrap();
            path
        };
        let (ca, _) = made(|_| ());
        let (cert, key) = (put("cert.pem", cert.as_ref()), put("key.pem", key.as_ref()));
        let ca = put("ca.pem", ca.as_bytes());
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        }
        Self { dir, cert, key, ca }
    }

    fn load(&self) -> Result<Identity, Error> {
        Identity::load(&self.cert, &self.key, Some(&self.ca))
    }

    /// The error without the folder's name.
    fn refusal(&self) -> String {
        let error = self.load().unwrap_err().to_string();
        assert!(!error.contains('\n'), "{error}");
        error.replace(&format!("{}/", self.dir.path().display()), "")
    }
}

fn made(change: impl FnOnce(&mut CertificateParams)) -> (String, KeyPair) {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    (certificate_of(&key, change), key)
}

fn certificate_of(key: &KeyPair, change: impl FnOnce(&mut CertificateParams)) -> String {
    let mut params = CertificateParams::new(vec!["device".to_owned()]).unwrap();
    change(&mut params);
    params.self_signed(key).unwrap().pem()
}

fn pem(label: &str, der: &[u8]) -> String {
    use std::fmt::Write;
    // base64 by hand would be a codec of our own; rcgen's PEM writer does it for keys and certificates only.
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in base64(der).as_bytes().chunks(64) {
        writeln!(text, "{}", std::str::from_utf8(line).unwrap()).unwrap();
    }
    text + &format!("-----END {label}-----\n")
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for index in 0..4 {
            let letter = ALPHABET[(word >> (18 - 6 * index)) as usize & 63] as char;
            text.push(if index <= chunk.len() { letter } else { '=' });
        }
    }
    text
}

#[test]
fn keys_are_read_in_every_pem_form_also_with_crlf() {
    let (cert, key) = made(|_| ());
    let pkcs8 = key.serialize_pem();
    // The tail of a PKCS#8 document for P-256 is the SEC1 structure itself.
    let sec1 = pem("EC PRIVATE KEY", &key.serialized_der()[key.serialized_der().len() - 109..]);
    let with_parameters =
        format!("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{sec1}");
    for key in [&pkcs8, &sec1, &with_parameters, &pkcs8.replace('\n', "\r\n")] {
        assert!(Files::new(cert.replace('\n', "\r\n"), key).load().is_ok(), "{key}");
    }
    let rsa = rsa::PrivateKey::from_pkcs1_pem(RSA_PKCS1).unwrap();
    let pkcs8 = rsa.to_pkcs8_pem(LineEnding::LF).unwrap();
    let cert = certificate_of(&KeyPair::from_pem(&pkcs8).unwrap(), |_| ());
    for key in [RSA_PKCS1, &pkcs8] {
        assert!(Files::new(&cert, key).load().is_ok());
    }
}

#[test]
fn a_chain_and_a_file_that_holds_certificate_and_key_will_do() {
    let (cert, key) = made(|_| ());
    let (issuer, _) = made(|_| ());
    let both = format!("some words before it\n{}{cert}{issuer}", key.serialize_pem());
    let identity = Files::new(&both, &both).load().unwrap();
    assert_eq!(identity.certified.cert.len(), 2);
    assert!(identity.warnings().is_empty());
}

#[test]
fn a_key_that_does_not_belong_to_the_certificate_is_named() {
    let ((cert, _), (_, key)) = (made(|_| ()), made(|_| ()));
    assert_eq!(
        Files::new(cert, key.serialize_pem()).refusal(),
        "key file key.pem: the key does not belong to certificate cert.pem: give the key that was made with it"
    );
}

#[test]
fn a_file_of_the_wrong_kind_is_named_with_what_to_do() {
    let (cert, key) = made(|_| ());
    let key_pem = key.serialize_pem();
    let der = cert_der(&cert);
    for (cert, key, expected) in [
        (key_pem.as_bytes(), key_pem.as_bytes(), "certificate file cert.pem: it holds a private key, not a certificate: check --cert, --key and --ca-file"),
        (cert.as_bytes(), cert.as_bytes(), "key file key.pem: it holds a certificate, not a private key: check --cert, --key and --ca-file"),
        (&der, key_pem.as_bytes(), "certificate file cert.pem: it is DER, not PEM: convert it with openssl x509 -inform der -in cert.pem -out cert.pem.pem"),
        (cert.as_bytes(), key.serialized_der(), "key file key.pem: it is DER, not PEM: convert it with openssl pkey -inform der -in key.pem -out key.pem.pem"),
        (b" \n", key_pem.as_bytes(), "certificate file cert.pem: it is empty: check --cert"),
        (cert.as_bytes(), b"", "key file key.pem: it is empty: check --key"),
        (b"hello", key_pem.as_bytes(), "certificate file cert.pem: it holds no PEM section (-----BEGIN ...): give a PEM file that holds a certificate"),
        (cert.as_bytes(), key.public_key_pem().as_bytes(), "key file key.pem: it holds a public key, not a private key: check --cert, --key and --ca-file"),
        (cert.as_bytes(), b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", "key file key.pem: the key is encrypted: decrypt it with openssl pkey -in key.pem -out key.pem.decrypted"),
        (cert.as_bytes(), b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", "key file key.pem: the key is encrypted: decrypt it with openssl pkey -in key.pem -out key.pem.decrypted"),
        (cert.as_bytes(), b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "key file key.pem: this kind of key is not supported: use RSA of 2048 bits or more, P-256, P-384 or Ed25519"),
    ] {
        assert_eq!(Files::new(cert, key).refusal(), expected);
    }
}

#[test]
fn a_damaged_file_is_an_error_that_shows_nothing_of_it() {
    let (cert, key) = made(|_| ());
    let key = key.serialize_pem();
    for (damaged, how) in [
        (&key[..key.len() / 2], "an END line is missing"),
        (&key.replace("-----END", "=====END"), "an END line is missing"),
        (&key.replacen("KEY-----", "KEY----", 1), "a BEGIN line does not end in five dashes"),
        (&key.replace("MIG", "!!!"), "its base64 is wrong"),
    ] {
        let refusal = Files::new(&cert, damaged).refusal();
        assert_eq!(refusal, format!("key file key.pem: its PEM is damaged ({how}): copy it again"));
        assert_shows_nothing_of(&key, &refusal);
    }
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(Files::new(broken, &key).refusal().starts_with("certificate file cert.pem: it is not an X.509"));
}

/// As a variable of CI leaves them: unquoted, with its line breaks spelled out, or with more behind the label.
#[test]
fn lost_line_breaks_are_named_and_nothing_of_the_file_is_shown() {
    let (cert, key) = made(|_| ());
    let key = key.serialize_pem();
    for broken in [
        key.trim().replace('\n', " "),
        key.trim().replace('\n', ""),
        key.replace('\n', "\\n"),
        key.replacen('\n', " ", 1),
        key.trim().replace('\n', " ") + "\r\n",
    ] {
        let as_key = Files::new(&cert, &broken);
        let as_certificate = Files::new(&broken, &key);
        let as_ca = Files::new(&cert, &key);
        fs::write(&as_ca.ca, &broken).unwrap();
        for (files, named) in [
            (as_key, "key file key.pem: "),
            (as_certificate, "certificate file cert.pem: "),
            (as_ca, "CA file ca.pem: "),
        ] {
            let refusal = files.refusal();
            assert!(refusal.starts_with(&format!("{named}its line breaks are lost")), "{refusal}");
            assert_shows_nothing_of(&key, &refusal);
            assert_shows_nothing_of(&key, &format!("{:?}", files.load().unwrap_err()));
        }
    }
}

/// Neither as text nor as the decimal bytes that `Debug` makes of it.
#[track_caller]
fn assert_shows_nothing_of(key: &str, refusal: &str) {
    for secret in key.lines().filter(|line| !line.starts_with("-----")) {
        let text = &secret[..8];
        let bytes = format!("{:?}", text.as_bytes());
        assert!(!refusal.contains(text) && !refusal.contains(bytes.trim_matches(['[', ']'])), "{refusal}");
    }
}

#[test]
fn a_missing_file_and_a_folder_are_told_apart() {
    let (cert, key) = made(|_| ());
    let mut files = Files::new(cert, key.serialize_pem());
    let there = std::mem::replace(&mut files.cert, files.dir.path().join("none.pem"));
    assert_eq!(files.refusal(), "certificate file none.pem: there is no such file: check --cert");
    files.cert = there;
    files.ca = files.dir.path().to_owned();
    assert!(files.load().unwrap_err().to_string().contains("cannot be read"));
}

#[test]
fn a_certificate_out_of_its_time_is_named_with_the_clock() {
    let (cert, key) = made(|params| params.not_after = date_time_ymd(2020, 1, 2));
    let refusal = Files::new(cert, key.serialize_pem()).refusal();
    assert!(
        refusal.starts_with("certificate file cert.pem: it expired at 2020-01-02T00:00:00Z; this machine"),
        "{refusal}"
    );
    let (cert, key) = made(|params| params.not_before = date_time_ymd(2999, 1, 2));
    let refusal = Files::new(cert, key.serialize_pem()).refusal();
    assert!(refusal.contains("it is not valid before 2999-01-02T00:00:00Z; this machine"), "{refusal}");
}

#[test]
fn an_x509_version_1_certificate_is_named() {
    let (cert, key) = made(|_| ());
    let mut der = cert_der(&cert);
    // [0] { INTEGER 2 } is version 3; INTEGER 0 is version 1.
    let at = der.windows(5).position(|bytes| bytes == [0xA0, 3, 2, 1, 2]).unwrap();
    der[at + 4] = 0;
    let refusal = Files::new(pem("CERTIFICATE", &der), key.serialize_pem()).refusal();
    assert!(refusal.contains("it is an X.509 version 1 certificate"), "{refusal}");
}

#[test]
fn a_key_that_others_can_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let (cert, key) = made(|_| ());
    let files = Files::new(cert, key.serialize_pem());
    fs::set_permissions(&files.key, fs::Permissions::from_mode(0o640)).unwrap();
    let identity = files.load().unwrap();
    let [warning] = identity.warnings() else { panic!("{:?}", identity.warnings()) };
    assert!(warning.contains("others can read it: chmod 600 "), "{warning}");
}

#[test]
fn debug_shows_no_key() {
    let (cert, key) = made(|_| ());
    let identity = Files::new(cert, key.serialize_pem()).load().unwrap();
    let shown = format!("{identity:?}");
    let secret = key.serialized_der()[36..68].iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    assert!(!shown.contains(&secret));
}

#[test]
fn only_port_443_asks_for_the_protocol_by_name() {
    let (cert, key) = made(|_| ());
    let identity = Files::new(cert, key.serialize_pem()).load().unwrap();
    assert!(identity.tls_config(8883).alpn_protocols.is_empty());
    assert_eq!(identity.tls_config(443).alpn_protocols, [b"x-amzn-mqtt-ca".to_vec()]);
}

fn cert_der(cert: &str) -> Vec<u8> {
    CertificateDer::from_pem_slice(cert.as_bytes()).unwrap().to_vec()
}

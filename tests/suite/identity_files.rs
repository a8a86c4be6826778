//! Certificates and keys as files: every wrong one gets one line that names it and says what to do.

use std::fs;
use std::path::Path;
use std::process::Command;

use rcgen::{CertificateParams, date_time_ymd};

use crate::support::certificates::{Authority, Pem};
use crate::support::mosquitto::Mosquitto;
use crate::support::{Process, Sandbox, Serve, peers};

/// Runs openssl in `dir`; false, with a line, where it is not installed.
#[track_caller]
fn openssl(dir: &Path, arguments: &str) -> bool {
    let Some(openssl) = peers::program("openssl") else { return false };
    let finished = Process::spawn(Command::new(openssl).args(arguments.split(' ')).current_dir(dir)).finish();
    assert!(finished.status.success(), "openssl {arguments}: {}", finished.stderr);
    true
}

/// A run in AWS mode with `cert.pem`, `key.pem` and `ca.pem` of its own directory, all of them good.
/// Nothing listens where it would connect.
fn sandbox() -> Sandbox {
    let authority = Authority::new();
    let device = authority.device();
    Sandbox::new()
        .args(["--endpoint", "localhost", "--port", "1", "--thing", "T", "--region", "us-east-1"])
        .args(["--cert", "cert.pem", "--key", "key.pem", "--ca-file", "ca.pem"])
        .file("ca.pem", authority.pem())
        .file("cert.pem", device.cert)
        .file("key.pem", device.key)
}

/// One line on standard error that contains all of `said`; no key is in it.
#[track_caller]
fn refused(sandbox: Sandbox, said: &[&str]) {
    let output = sandbox.status(2).stdout("").stderr("error: [..]").run();
    for words in said {
        assert!(output.stderr.contains(words), "{words} in {}", output.stderr);
    }
}

#[test]
fn a_missing_or_unreadable_file_is_named() {
    for file in ["cert.pem", "key.pem", "ca.pem"] {
        let sandbox = sandbox();
        fs::remove_file(sandbox.path(file)).unwrap();
        refused(sandbox, &[file, "there is no such file"]);

        let sandbox = self::sandbox();
        fs::remove_file(sandbox.path(file)).unwrap();
        fs::create_dir(sandbox.path(file)).unwrap();
        refused(sandbox, &[file, "directory"]);
    }
}

#[test]
fn a_file_with_something_else_in_it_is_named() {
    for file in ["cert.pem", "key.pem", "ca.pem"] {
        for contents in [
            &b""[..],
            b"hello\n",
            b"\xff\xfe\x00",
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            refused(sandbox().file(file, contents), &[file]);
        }
    }
}

#[test]
fn certificate_and_key_in_each_others_place_are_recognized() {
    let device = Authority::new().device();
    refused(sandbox().file("cert.pem", &device.key), &["cert.pem", "private key"]);
    refused(sandbox().file("key.pem", &device.cert), &["key.pem", "certificate"]);
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    refused(sandbox().file("key.pem", Authority::new().device().key), &["key.pem", "cert.pem", "belong"]);
}

#[test]
fn an_encrypted_key_is_refused_with_the_way_out() {
    let sandbox = sandbox();
    if openssl(sandbox.home(), "pkcs8 -topk8 -in key.pem -out encrypted.pem -passout pass:secret") {
        fs::rename(sandbox.path("encrypted.pem"), sandbox.path("key.pem")).unwrap();
        refused(sandbox, &["key.pem", "encrypted", "openssl"]);
    }
}

/// What `openssl x509 -req` writes without extensions; TLS has no use for it.
#[test]
fn an_x509_version_1_certificate_is_refused_with_the_way_out() {
    let sandbox = sandbox();
    let dir = sandbox.home();
    if openssl(dir, "req -new -key key.pem -subj /CN=old -out request.pem")
        && openssl(dir, "x509 -req -in request.pem -signkey key.pem -out cert.pem")
    {
        refused(sandbox, &["cert.pem", "version 1"]);
    }
}

/// The dates are those of a machine whose clock is wrong, too.
#[test]
fn a_certificate_out_of_its_time_names_the_clock() {
    let authority = Authority::new();
    let mut early = CertificateParams::default();
    early.not_before = date_time_ymd(2999, 1, 2);
    let mut late = CertificateParams::default();
    late.not_after = date_time_ymd(2020, 1, 2);
    for (params, said, to_do) in [
        (
            early,
            "it is not valid before 2999-01-02T00:00:00Z; this machine says that it is 2",
            "set the clock right, or wait",
        ),
        (
            late,
            "it expired at 2020-01-02T00:00:00Z; this machine says that it is 2",
            "renew it, or set the clock right",
        ),
    ] {
        let Pem { cert, key } = authority.sign(params);
        refused(
            sandbox().file("cert.pem", cert).file("key.pem", key),
            &["certificate file cert.pem: ", said, to_do],
        );
    }
}

/// The server decides whom it trusts: the refusal comes over the line, not from the files.
#[test]
fn a_certificate_of_another_authority_is_refused_by_the_server() {
    let device = Authority::new().device();
    let ours = Serve::start();
    let mosquitto = Mosquitto::start();
    for sandbox in [Some(ours.client()), mosquitto.as_ref().map(|mosquitto| mosquitto.client(&ours.url()))]
        .into_iter()
        .flatten()
    {
        let sandbox = sandbox.file("cert.pem", &device.cert).file("key.pem", &device.key);
        let output = sandbox.args(["-c", "quit"]).status(3).stdout("").stderr("error: [..]").run();
        let said = "check that it is registered and ACTIVE there, and that its key is the right one";
        assert!(
            output.stderr.starts_with("error: the server refused the client certificate ("),
            "{}",
            output.stderr
        );
        assert!(output.stderr.contains(said), "{}", output.stderr);
    }
}

/// A certificate that an intermediate authority issued is taken where the file holds both.
#[test]
fn a_chain_in_the_file_is_sent_whole() {
    let Some(mosquitto) = Mosquitto::start() else { return };
    let control_plane = Serve::start();
    let sandbox =
        mosquitto.client(&control_plane.url()).file("ca-extensions", "basicConstraints=critical,CA:TRUE\n");
    let sandbox = sandbox.file("extensions", "subjectKeyIdentifier=hash\n");
    let root = format!(
        "-CA {} -CAkey {} -set_serial 7",
        mosquitto.file("ca.pem").display(),
        mosquitto.file("ca.key").display()
    );
    for step in [
        "ecparam -name prime256v1 -genkey -noout -out middle.key",
        "req -new -key middle.key -subj /CN=middle -out middle.csr",
        &format!("x509 -req -in middle.csr {root} -extfile ca-extensions -out middle.pem"),
        "req -new -key key.pem -subj /CN=device -out leaf.csr",
        "x509 -req -in leaf.csr -CA middle.pem -CAkey middle.key -set_serial 8 -extfile extensions -out leaf.pem",
    ] {
        if !openssl(sandbox.home(), step) {
            return;
        }
    }
    let [leaf, middle] =
        ["leaf.pem", "middle.pem"].map(|file| fs::read_to_string(sandbox.path(file)).unwrap());
    let sandbox = sandbox.args(["-c", "quit"]).file("cert.pem", format!("{leaf}{middle}"));
    sandbox.run();
    let sandbox = sandbox.file("cert.pem", format!("{leaf}{middle}").replace('\n', "\r\n"));
    sandbox.run();
    let output = sandbox.file("cert.pem", leaf).status(3).stderr("error: [..]").run();
    assert!(output.stderr.contains("the server refused the client certificate"), "{}", output.stderr);
}

/// PKCS#8, PKCS#1 and SEC1, with line ends of both kinds: each connects.
#[test]
fn keys_of_all_three_forms_connect() {
    let Some(mosquitto) = Mosquitto::start() else { return };
    let control_plane = Serve::start();
    for (make, form) in [
        ("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem", "PRIVATE KEY"),
        ("genrsa -traditional -out key.pem 2048", "RSA PRIVATE KEY"),
        ("ecparam -name prime256v1 -genkey -noout -out key.pem", "EC PRIVATE KEY"),
    ] {
        let sandbox = mosquitto.client(&control_plane.url()).file("v3", "subjectKeyIdentifier=hash\n");
        let dir = sandbox.home();
        let sign = format!(
            "x509 -req -in request.pem -CA {} -CAkey {} -set_serial 2 -extfile v3 -out cert.pem",
            mosquitto.file("ca.pem").display(),
            mosquitto.file("ca.key").display(),
        );
        if !(openssl(dir, make) && openssl(dir, "req -new -key key.pem -subj /CN=device -out request.pem")) {
            return;
        }
        openssl(dir, &sign);
        let key = fs::read_to_string(sandbox.path("key.pem")).unwrap();
        assert!(key.contains(&format!("-----BEGIN {form}-----")), "{make}");
        sandbox.run();
        sandbox.file("key.pem", key.replace('\n', "\r\n")).run();
    }
}

/// `--key "$(cat key.pem)"` and its kind: nothing of the key may reach a terminal or the log of a CI job.
#[test]
fn a_key_in_place_of_its_file_is_not_repeated() {
    let device = Authority::new().device();
    let body: String = device.key.lines().filter(|line| !line.starts_with('-')).collect();
    for (option, variable) in [
        ("--key", "JOBS_SANDBOX_KEY"),
        ("--cert", "JOBS_SANDBOX_CERT"),
        ("--ca-file", "JOBS_SANDBOX_CA_FILE"),
    ] {
        let refused = |sandbox: Sandbox, found: &str| {
            let said = format!("error: {option} holds a {found}, not the name of a file\n");
            sandbox.status(2).stdout("").stderr(said).run();
        };
        refused(Sandbox::new().args([option, &device.key]), "key");
        refused(Sandbox::new().args([option, &device.key, "--no-such-option"]), "key");
        refused(Sandbox::new().args([format!("{option}={}", device.key)]), "key");
        refused(Sandbox::new().args([option]).args(device.key.split_whitespace()), "key");
        refused(Sandbox::new().env(variable, &device.key), "key");
        refused(Sandbox::new().env(variable, device.key.replace('\n', " ")), "key");
        refused(Sandbox::new().env(variable, &body), "key");
        refused(Sandbox::new().args([option, &body]), "key");
        refused(Sandbox::new().args([option, &device.cert]), "certificate");
        refused(Sandbox::new().env(variable, &device.cert), "certificate");
    }
    let said = "error: an argument holds a key\n";
    Sandbox::new().args([&device.key]).status(2).stdout("").stderr(said).run();
}

#[test]
fn a_password_in_an_address_is_not_repeated() {
    for (option, said) in [
        ("--control-endpoint-url", "--control-endpoint-url must hold no user name and no password"),
        ("--endpoint", "--endpoint must be a host name alone, without user name, scheme, port or path"),
    ] {
        for address in ["https://me:secret@host", "https://me:sec/ret@host name/", "me:secret@host"] {
            let sandbox = if option == "--endpoint" { sandbox().without(option) } else { sandbox() };
            sandbox.args([option, address]).status(2).stdout("").stderr(format!("error: {said}\n")).run();
        }
    }
}

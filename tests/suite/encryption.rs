//! What the program says and expects before anything is encrypted: protocols offered, servers that it must not
//! trust, a corporate proxy with an authority of its own.

use std::net::{IpAddr, TcpListener};

use rcgen::{CertificateParams, SanType, date_time_ymd};

use crate::support::certificates::Authority;
use crate::support::http::http_server;
use crate::support::mosquitto::Mosquitto;
use crate::support::skip::skip;
use crate::support::tls::{Behavior, Hello, TlsServer};
use crate::support::{Sandbox, Serve, refusing};

const ADDRESS: &str = "127.77.0.1";

fn free_port() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// The certificate of a server on loopback, with one more change.
fn params(change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.subject_alt_names.push(SanType::IpAddress(ADDRESS.parse::<IpAddr>().unwrap()));
    change(&mut params);
    params
}

/// AWS IoT takes MQTT with a client certificate on port 443 for what it is by this name alone.
#[test]
fn on_port_443_mqtt_is_offered_by_its_name_and_elsewhere_by_none() {
    let Some(mosquitto) = Mosquitto::start() else { return };
    let Ok(on_443) = TcpListener::bind((ADDRESS, 443)) else {
        return skip("we may not listen on port 443");
    };
    let elsewhere = TcpListener::bind((ADDRESS, 0)).unwrap();
    let control_plane = Serve::start();
    let authority = Authority::new();
    for (listener, alpn) in [(on_443, Some("x-amzn-mqtt-ca")), (elsewhere, None)] {
        let behavior = Behavior { behind: mosquitto.plain_address(), is_proxy: false, alpn };
        let server = TlsServer::start(listener, &authority.sign(params(|_| ())), behavior);
        Sandbox::aws_mode_at(ADDRESS, server.address.port(), &control_plane.url(), control_plane.dir())
            .file("ca.pem", authority.pem())
            .args(["-c", "quit"])
            .run();
        let offered = alpn.into_iter().map(str::to_owned).collect();
        assert_eq!(server.hello(), Hello { connect: None, server_name: None, alpn: offered });
    }
}

/// Certificates from the future and the past, as a wrong clock makes of good ones.
#[test]
fn a_server_certificate_out_of_its_time_names_the_clock() {
    let serve = Serve::start();
    let authority = Authority::new();
    for (change, reason) in [
        (
            Box::new(|params: &mut CertificateParams| params.not_before = date_time_ymd(3000, 1, 1))
                as Box<dyn Fn(&mut CertificateParams)>,
            "it is not valid yet: check this machine's clock",
        ),
        (
            Box::new(|params| params.not_after = date_time_ymd(2000, 1, 1)),
            "it has expired: check this machine's clock, or renew it",
        ),
    ] {
        let certificate = authority.sign(params(change));
        let behavior = Behavior { behind: serve.mqtt, is_proxy: false, alpn: None };
        let server = TlsServer::start(free_port(), &certificate, behavior);
        serve
            .client_through(server.address.port())
            .file("ca.pem", authority.pem())
            .args(["-c", "quit"])
            .status(3)
            .stderr(format!("error: the certificate of localhost is not trusted: {reason}\n"))
            .run();

        let control_plane = format!("https://localhost:{}", server.address.port());
        Sandbox::aws_mode(serve.mqtt.port(), &control_plane, serve.dir())
            .file("bundle.pem", authority.pem())
            .env("AWS_CA_BUNDLE", "bundle.pem")
            .args(["-c", "list-jobs"])
            .status(1)
            .stderr(format!(
                "warning: the certificate of the control plane at {control_plane} is not trusted: {reason}; \
                 commands of the control plane will try again\n\
                 -c:1: the certificate of the control plane at {control_plane} is not trusted: {reason}\n"
            ))
            .run();
    }
}

#[test]
fn a_control_plane_of_an_unknown_authority_names_the_way_out() {
    let serve = Serve::start();
    let certificate = Authority::new().sign(params(|_| ()));
    let behavior = Behavior { behind: serve.http, is_proxy: false, alpn: None };
    let server = TlsServer::start(free_port(), &certificate, behavior);
    let control_plane = format!("https://localhost:{}", server.address.port());
    let sandbox = Sandbox::aws_mode(serve.mqtt.port(), &control_plane, serve.dir());
    sandbox
        .file("bundle.pem", Authority::new().pem())
        .env("AWS_CA_BUNDLE", "bundle.pem")
        .args(["-c", "get-pending-job-executions"])
        .stderr(format!(
            "warning: the certificate of the control plane at {control_plane} is not trusted: it was issued by an \
             authority that is not trusted here: name a file with that authority's certificate in AWS_CA_BUNDLE; \
             commands of the control plane will try again\n"
        ))
        .run();
    server.hello();
    assert_eq!(server.others(), 0, "it is asked again in vain");
}

/// A network where AWS is reached through a proxy that opens TLS, with an authority that only its users trust.
#[test]
fn the_control_plane_is_reached_through_a_proxy_that_opens_tls() {
    let serve = Serve::with(&["--hostname", ".amazonaws.com"]);
    let authority = Authority::new();
    let name = "iot.us-east-1.amazonaws.com";
    let certificate = authority.sign(CertificateParams::new([name.to_owned()]).unwrap());
    let behavior = Behavior { behind: serve.http, is_proxy: true, alpn: None };
    let proxy = TlsServer::start(free_port(), &certificate, behavior);
    let output = on_aws(&serve)
        .file("bundle.pem", authority.pem())
        .env("AWS_CA_BUNDLE", "bundle.pem")
        .env("HTTPS_PROXY", format!("http://{}", proxy.address))
        .args(["-c", "create-job Job1 {}"])
        .run();
    assert!(output.stdout.contains("CreateJobResponse"), "{}", output.stdout);
    let hello = proxy.hello();
    assert_eq!(hello.connect.as_deref(), Some("CONNECT iot.us-east-1.amazonaws.com:443 HTTP/1.1"));
    assert_eq!(hello.server_name.as_deref(), Some(name));
}

#[test]
fn a_proxy_that_lets_nobody_through_is_blamed() {
    let serve = Serve::start();
    let strict = http_server(|_| (407, String::new(), String::new()));
    let absent = refusing();
    for (proxy, reason) in
        [(strict, "proxy authorization required"), (absent.local_addr().unwrap(), "Connection refused")]
    {
        on_aws(&serve)
            .env("HTTPS_PROXY", format!("http://me:secret@{proxy}"))
            .args(["-c", "get-pending-job-executions"])
            .stderr(format!(
                "warning: cannot reach the control plane at https://iot.us-east-1.amazonaws.com through the proxy \
                 http://{proxy}: {reason}: check HTTPS_PROXY, ALL_PROXY and NO_PROXY, and the network; \
                 commands of the control plane will try again\n"
            ))
            .run();
    }
}

#[test]
fn what_no_proxy_names_is_reached_directly() {
    let serve = Serve::start();
    let authority = Authority::new();
    let behavior = Behavior { behind: serve.http, is_proxy: false, alpn: None };
    let server = TlsServer::start(free_port(), &authority.sign(params(|_| ())), behavior);
    let control_plane = format!("https://localhost:{}", server.address.port());
    Sandbox::aws_mode(serve.mqtt.port(), &control_plane, serve.dir())
        .file("bundle.pem", authority.pem())
        .env("AWS_CA_BUNDLE", "bundle.pem")
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
        .env("NO_PROXY", "localhost")
        .args(["-c", "create-job Job1 {}"])
        .run();
}

/// In AWS mode with the control plane where AWS has it: in us-east-1.
fn on_aws(serve: &Serve) -> Sandbox {
    Sandbox::aws_mode(serve.mqtt.port(), "", serve.dir()).without("--control-endpoint-url")
}

#[test]
fn a_ca_bundle_that_will_not_do_is_named() {
    let serve = Serve::start();
    for (contents, said) in [
        (None, "there is no such file: check AWS_CA_BUNDLE"),
        (Some("hello"), "it holds no PEM section (-----BEGIN ...): give a PEM file that holds a certificate"),
        (
            Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "it is not an X.509 certificate, or a damaged one: copy it again",
        ),
    ] {
        let mut sandbox = serve.client().env("AWS_CA_BUNDLE", "bundle.pem").args(["-c", "quit"]);
        if let Some(contents) = contents {
            sandbox = sandbox.file("bundle.pem", contents);
        }
        sandbox.status(2).stderr(format!("error: CA bundle bundle.pem: {said}\n")).run();
    }
}

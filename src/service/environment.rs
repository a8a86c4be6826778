//! The shell lines that make other programs use the service, and the function that takes them back.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::access_key::AccessKey;
use super::files::{self, Files};
use super::hostname::Hostname;
use super::options::Options;

/// What would lead an AWS tool elsewhere although `AWS_ENDPOINT_URL` leads here.
const CLEARED: [&str; 4] =
    ["AWS_ENDPOINT_URL_IOT", "AWS_ENDPOINT_URL_IOT_JOBS_DATA_PLANE", "AWS_SESSION_TOKEN", "AWS_PROFILE"];

/// What keeps a proxy out of the way; programs read either spelling.
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// Where a service listens.
#[derive(Debug)]
pub(super) struct Addresses {
    pub(super) mqtt: SocketAddr,
    pub(super) http: SocketAddr,
    pub(super) https: Option<SocketAddr>,
}

/// What leads other programs to a service: variables that are set, cleared, or told of it.
#[derive(Debug)]
pub struct Environment {
    variables: Vec<(&'static str, String)>,
    /// The hosts that are reached without a proxy.
    direct: String,
}

impl Environment {
    pub(super) fn new(
        options: &Options,
        files: &Files,
        addresses: &Addresses,
        access_key: Option<&AccessKey>,
    ) -> Self {
        let access_key = access_key.map_or("local", AccessKey::as_str);
        let variables = variables(options, files, addresses, access_key);
        let direct = no_proxy(endpoint(options, addresses.mqtt.ip()), &options.hostnames);
        Self { variables, direct }
    }

    /// The variables that a program is to have, `None` for one that it is not to have, if `before` are those without
    /// the service.
    pub fn changes(&self, before: impl Fn(&str) -> Option<String>) -> Vec<(&'static str, Option<String>)> {
        let set = self.variables.iter().map(|(name, value)| (*name, Some(value.clone())));
        let cleared = CLEARED.map(|name| (name, None));
        let direct = self.direct(NO_PROXY.map(|name| before(name).unwrap_or_default()));
        let direct = NO_PROXY.map(|name| (name, Some(direct.clone())));
        cleared.into_iter().chain(set).chain(direct).collect()
    }

    /// The hosts without a proxy, with those that were named before in either spelling.
    fn direct(&self, [upper, lower]: [String; 2]) -> String {
        if [&upper, &lower].iter().any(|hosts| hosts.split(',').any(|host| host == "*")) {
            return "*".to_owned();
        }
        let upper = if upper == lower { String::new() } else { upper };
        let hosts = [self.direct.clone(), lower, upper];
        hosts.into_iter().filter(|hosts| !hosts.is_empty()).collect::<Vec<_>>().join(",")
    }

    /// The file to read with `.` in a POSIX shell.
    pub(super) fn script(&self) -> String {
        let names: Vec<&str> =
            self.variables.iter().map(|(name, _)| *name).chain(CLEARED).chain(NO_PROXY).collect();
        let names = names.join(" ");
        let mut script = format!(
        "\
# Read this with `.` in a shell: what it starts from then on uses the local service of jobs-sandbox.
# `jobs_sandbox_off` takes it back.
if command -v jobs_sandbox_off >/dev/null; then jobs_sandbox_off; fi
jobs_sandbox_exported=\" $(sh -c 'for name; do if eval \"test -n \\\"\\${{$name+set}}\\\"\"; then printf \"%s \" \"$name\"; fi; done' sh {names}) \"
for jobs_sandbox_name in {names}; do
    eval \"jobs_sandbox_was_$jobs_sandbox_name=\\${{$jobs_sandbox_name-}} jobs_sandbox_had_$jobs_sandbox_name=\\${{$jobs_sandbox_name+set}}\"
    case \"$jobs_sandbox_exported\" in *\" $jobs_sandbox_name \"*) eval \"jobs_sandbox_had_$jobs_sandbox_name=exported\" ;; esac
done
unset jobs_sandbox_exported
jobs_sandbox_off() {{
    for jobs_sandbox_name in {names}; do
        unset \"$jobs_sandbox_name\"
        eval \"if [ -n \\\"\\$jobs_sandbox_had_$jobs_sandbox_name\\\" ]; then $jobs_sandbox_name=\\$jobs_sandbox_was_$jobs_sandbox_name; fi\"
        eval \"if [ \\\"\\$jobs_sandbox_had_$jobs_sandbox_name\\\" = exported ]; then export $jobs_sandbox_name; fi\"
        unset \"jobs_sandbox_was_$jobs_sandbox_name\" \"jobs_sandbox_had_$jobs_sandbox_name\"
    done
    unset jobs_sandbox_name
    unset -f jobs_sandbox_off
}}
unset {}
",
        CLEARED.join(" ")
    );
        for (name, value) in &self.variables {
            // Writing to a string cannot fail.
            let _ = writeln!(script, "export {name}={}", shell_quoted(value));
        }
        let [upper, lower] = NO_PROXY;
        let direct = shell_quoted(&self.direct);
        // Programs differ in which spelling wins, and in whether a `*` among others means everything.
        let _ = write!(
            script,
            "\
case ,${{{upper}-}},${{{lower}-}}, in
*,\\*,*) export {upper}='*' {lower}='*' ;;
*)
    if [ \"${{{upper}-}}\" = \"${{{lower}-}}\" ]; then unset {upper}; fi
    export {upper}=\"{direct}${{{lower}:+,${lower}}}${{{upper}:+,${upper}}}\"
    export {lower}=\"${upper}\"
    ;;
esac
"
        );
        script
    }
}

fn variables(
    options: &Options,
    files: &Files,
    addresses: &Addresses,
    access_key: &str,
) -> Vec<(&'static str, String)> {
    let Addresses { mqtt, http, https } = addresses;
    let path = |name| files.path(name).display().to_string();
    let mut variables = vec![
        ("JOBS_SANDBOX_ENDPOINT", endpoint(options, mqtt.ip())),
        ("JOBS_SANDBOX_PORT", mqtt.port().to_string()),
        ("JOBS_SANDBOX_CERT", path(files::CERTIFICATE)),
        ("JOBS_SANDBOX_KEY", path(files::KEY)),
        ("JOBS_SANDBOX_CA_FILE", path(files::CA)),
        ("JOBS_SANDBOX_REGION", options.region.clone()),
        ("AWS_ENDPOINT_URL", http_url(options, *http)),
        ("AWS_ACCESS_KEY_ID", access_key.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_REGION", options.region.clone()),
        ("AWS_DEFAULT_REGION", options.region.clone()),
    ];
    if let Some(thing) = options.things.first() {
        variables.push(("JOBS_SANDBOX_THING", thing.to_string()));
    }
    if let Some(https) = https {
        let url = format!("https://{}:{}", in_url(&endpoint(options, https.ip())), https.port());
        variables.push(("JOBS_SANDBOX_HTTPS_ENDPOINT_URL", url));
    }
    variables
}

/// Where programs reach the HTTP side that listens on `http`.
pub(super) fn http_url(options: &Options, http: SocketAddr) -> String {
    match named(options, http.ip()) {
        Some(name) => format!("http://{}:{}", in_url(&name), http.port()),
        None => format!("http://{}", SocketAddr::new(reachable(http.ip()), http.port())),
    }
}

/// The name that clients were told to use, for a service that listens on `ip`.
///
/// None on a loopback address: only programs of this host connect there, where the name may lead nowhere.
fn named(options: &Options, ip: IpAddr) -> Option<String> {
    if ip.is_loopback() {
        return None;
    }
    options.hostnames.iter().find(|name| name.is_complete()).map(Hostname::to_string)
}

/// Where a device connects. A name rather than an address where it leads here: not every TLS library takes
/// addresses.
fn endpoint(options: &Options, ip: IpAddr) -> String {
    named(options, ip).unwrap_or_else(|| {
        let ip = reachable(ip);
        if ip == IpAddr::V4(Ipv4Addr::LOCALHOST) { "localhost".to_owned() } else { ip.to_string() }
    })
}

/// An address that leads to a service which listens on `ip`.
fn reachable(ip: IpAddr) -> IpAddr {
    if ip.is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { ip }
}

/// A host as it stands in a URL.
fn in_url(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// The hosts that programs reach without a proxy.
fn no_proxy(endpoint: String, hostnames: &[Hostname]) -> String {
    let mut hosts = vec!["localhost".to_owned(), Ipv4Addr::LOCALHOST.to_string()];
    for host in [endpoint].into_iter().chain(hostnames.iter().map(Hostname::to_string)) {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts.join(",")
}

/// A value as a shell reads it back unchanged.
pub(crate) fn shell_quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@,".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_the_shell() {
        assert_eq!(shell_quoted("/tmp/a-b.c"), "/tmp/a-b.c");
        assert_eq!(shell_quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(shell_quoted(""), "''");
    }

    #[test]
    fn the_endpoint_is_a_name_only_where_that_leads_to_the_address() {
        let named = |ip: &str| endpoint(&Options::default(), ip.parse().unwrap());
        assert_eq!((named("127.0.0.1"), named("0.0.0.0")), ("localhost".into(), "localhost".into()));
        assert_eq!((named("127.0.0.2"), named("::1")), ("127.0.0.2".into(), "::1".into()));
    }

    #[test]
    fn a_name_that_was_given_is_the_endpoint_where_clients_may_come_from_elsewhere() {
        let hostnames = vec![".example.com".parse().unwrap(), "sandbox".parse().unwrap()];
        let options = Options { hostnames, ..Options::default() };
        let named = |ip: &str| endpoint(&options, ip.parse().unwrap());
        assert_eq!((named("0.0.0.0"), named("192.0.2.7")), ("sandbox".into(), "sandbox".into()));
        assert_eq!((named("127.0.0.1"), named("127.0.0.2")), ("localhost".into(), "127.0.0.2".into()));
        assert_eq!(named("::1"), "::1");
    }
}

//! AWS credentials that will not do, through the program: one line that says why and what to do, a data plane
//! that works all the same, and nothing secret on the screen.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::macros::format_description;

use crate::support::http::{HttpRequest, http_server};
use crate::support::{Output, Sandbox, Serve};

const SECRET_KEY: &str = "wJalrXUtnFEMIsecretK7MDENGbPxRfiCY";
const SESSION_TOKEN: &str = "IQoJb3JpZ2luX2VjsecretToken";

/// One command for each plane in AWS mode, with a control plane that answers so.
#[track_caller]
fn run(
    answer: impl Fn(&HttpRequest) -> (u16, String, String) + Send + Sync + 'static,
    status: i32,
) -> Output {
    let serve = Serve::start();
    let control_plane = format!("http://{}", http_server(answer));
    let output = Sandbox::aws_mode(serve.mqtt.port(), &control_plane, serve.dir())
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .env("AWS_SESSION_TOKEN", SESSION_TOKEN)
        .args(["--json", "--trace", "-c", "get-pending-job-executions", "-c", "describe-job J"])
        .stderr_any()
        .status(status)
        .run();
    assert!(output.stdout.starts_with(r#"{"type":"response","title":"GetPendingJobExecutionsResponse""#));
    for secret in [SECRET_KEY, SESSION_TOKEN] {
        assert!(!(output.stdout.contains(secret) || output.stderr.contains(secret)), "{output:?}");
    }
    output
}

/// What a service answers that refuses every request so.
fn refusal(code: &str, message: &str) -> (u16, String, String) {
    let headers = format!("x-amzn-ErrorType: {code}:\r\nx-amzn-requestid: r-1\r\n");
    (403, headers, serde_json::json!({ "message": message }).to_string())
}

#[test]
fn each_refusal_of_the_credentials_says_what_to_do() {
    let invalid = "The security token included in the request is invalid.";
    let expired = "The security token included in the request is expired";
    let late = "Signature expired: 20261121T000000Z is now earlier than 20261121T000500Z (20261121T001000Z - 5 min.)";
    let early = "Signature not yet current: 20261121T002000Z is still later than 20261121T001500Z";
    let region = "Credential should be scoped to a valid region, not 'us-east-1'. ";
    let wrong = "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details.";
    let quoting = format!(
        "{wrong}\n\nThe Canonical String for this request should have been\n'GET\n/jobs/J\n\n\
         x-amz-security-token:{SESSION_TOKEN}\n'"
    );
    let clock = "this machine's clock is wrong: set it right";
    for (code, message, first, to_do) in [
        (
            "ExpiredTokenException",
            expired,
            expired,
            "the credentials have expired: sign in again (aws sso login), or fetch new ones",
        ),
        (
            "UnrecognizedClientException",
            invalid,
            invalid,
            "AWS does not know these credentials: check AWS_PROFILE or the AWS_* variables",
        ),
        ("InvalidSignatureException", late, late, clock),
        ("InvalidSignatureException", early, early, clock),
        ("RequestTimeTooSkewed", "The difference is too large.", "The difference is too large.", clock),
        ("InvalidSignatureException", region, region, "that is another region's endpoint: check --region"),
        (
            "InvalidSignatureException",
            quoting.as_str(),
            wrong,
            "check the secret key, and this machine's clock",
        ),
    ] {
        let (answered, said) = (code.to_owned(), message.to_owned());
        let output = run(move |_| refusal(&answered, &said), 1);
        let line = format!("-c:2: DescribeJob refused: {code}: {first} (request id r-1): {to_do}");
        assert!(output.stderr.lines().any(|said| said == line), "{line}\n{}", output.stderr);
        let warning = format!(
            "warning: DescribeThing refused: {code}: {first} (request id r-1): {to_do}; \
             commands of the control plane will try again"
        );
        assert!(output.stderr.lines().any(|said| said == warning), "{warning}\n{}", output.stderr);
        let error = output.messages().pop().unwrap();
        assert_eq!((error.r#type.as_str(), error.title.as_str()), ("error", "NotAuthenticated"));
    }
}

/// That the service would refuse an operation is not shown by a refusal of the credentials.
#[test]
fn a_refusal_of_the_credentials_is_not_what_a_bang_waits_for() {
    let serve = Serve::start();
    let control_plane = http_server(|_| refusal("ExpiredTokenException", "expired"));
    Sandbox::aws_mode(serve.mqtt.port(), &format!("http://{control_plane}"), serve.dir())
        .args(["-c", "! describe-job J"])
        .stderr_any()
        .status(1)
        .run();
}

/// Busy, then broken: a read is asked again, a change only where the service did not look at it.
#[test]
fn a_control_plane_in_trouble_is_asked_again_where_that_is_safe() {
    let serve = Serve::start();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let trouble = Mutex::new(VecDeque::from([
        ("GET", 429, "ThrottlingException"),
        ("GET", 503, "ServiceUnavailableException"),
        ("DELETE", 400, "ThrottlingException"),
        ("DELETE", 500, "InternalFailureException"),
    ]));
    let control_plane = http_server({
        let asked = asked.clone();
        move |request| {
            let method = request.head.split(' ').next().unwrap().to_owned();
            let act = trouble.lock().unwrap().pop_front_if(|(of, ..)| *of == method);
            asked.lock().unwrap().push(method);
            let Some((_, status, code)) = act else {
                return (200, String::new(), r#"{"thingArn":"arn:T"}"#.to_owned());
            };
            let body = r#"{"message":"\u009b31m\u202e"}"#;
            (status, format!("x-amzn-ErrorType: {code}\r\n"), body.to_owned())
        }
    });
    let output = Sandbox::aws_mode(serve.mqtt.port(), &format!("http://{control_plane}"), serve.dir())
        .args(["-c", "delete-job J"])
        .status(1)
        .stderr(
            "-c:1: DeleteJob refused: InternalFailureException: \\u{9b}31m\\u{202e} (request id unknown)\n",
        )
        .run();
    assert_eq!(*asked.lock().unwrap(), ["GET", "GET", "GET", "DELETE", "DELETE"], "{output:?}");
}

/// A clock that is ten minutes slow: the first refusal tells the right time, and everything after is signed by it.
#[test]
fn a_wrong_clock_is_corrected_by_what_the_control_plane_says() {
    let ahead = Duration::from_mins(10);
    let output = run(
        move |request| {
            let now = OffsetDateTime::from(SystemTime::now() + ahead);
            let signed = request.header("x-amz-date").unwrap();
            let format = format_description!("[year][month][day]T[hour][minute]");
            let is_current = (-5..5).any(|minutes| {
                let minute = now + time::Duration::minutes(minutes);
                signed.starts_with(&minute.format(format).unwrap())
            });
            if is_current {
                let answer = if request.head.starts_with("GET /jobs/") {
                    r#"{"job":{"jobArn":"arn:J","jobId":"J","status":"IN_PROGRESS","targets":[]}}"#
                } else {
                    r#"{"thingArn":"arn:T"}"#
                };
                return (200, String::new(), answer.to_owned());
            }
            let date = format_description!(
                "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
            );
            let (status, headers, body) = refusal("InvalidSignatureException", "Signature expired: ...");
            (status, format!("{headers}date: {}\r\n", now.format(date).unwrap()), body)
        },
        0,
    );
    assert_eq!(output.messages().pop().unwrap().title, "DescribeJobResponse");
    assert!(!output.stderr.contains("warning"), "{}", output.stderr);
}

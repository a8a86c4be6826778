//! The table of messages in the README: each of them is one that the program says.

use super::checkout::{Checkout, as_aws, borrowed};
use super::page::Page;
use crate::support::{Serve, refusing};

/// What provokes each message, in the order of the table. `PORT` is that of a running service, `CLOSED` one where
/// nobody listens.
const PROVOKED: [&str; 13] = [
    "serve --mqtt-port PORT --http-port 0",
    "serve --mqtt-port 0 --http-port 0 --dir theirs",
    "--endpoint localhost",
    "--endpoint localhost --port CLOSED --cert cert.pem --key key.pem --thing MyThing --region us-east-1",
    "--endpoint localhost --port PORT --cert cert.pem --key key.pem --thing MyThing --region us-east-1",
    "--endpoint localhost --port PORT --cert cert.pem --key key.pem --ca-file ca.pem --thing Other --region us-east-1",
    "--endpoint localhost --port PORT --cert cert.pem --key key.pem --ca-file ca.pem --thing MyThing --region us-east-1",
    "-c 'create-job Job1 {}' -c 'update-job-execution Job1 SUCCEEDED --expected-version 2'",
    "-c 'create-job Job1 {}' -c 'delete-job Job1'",
    "-c 'create-job Job1 {}' -c 'update-job-execution Job1 SUCCEEDED' -c 'describe-job-execution Job1'",
    "-c 'create-job Job1 {}' -c 'update-job-execution Job1 CANCELED'",
    "-c 'create-job Job1 {}' -c 'create-job Job2 {}' -c 'expect NextJobExecutionChangedEvent --within 1ms'",
    "--device-within 1ms -c list-jobs -- sleep 60",
];

#[test]
fn every_message_is_one_that_the_program_says() {
    let rows = Page::open("README.md").rows("Troubleshooting");
    let messages: Vec<&str> = rows[1..].iter().map(|row| row[0].trim_matches('`')).collect();
    assert_eq!(messages.len(), PROVOKED.len(), "{messages:?}");
    let (checkout, serve, closed) = (Checkout::new(), Serve::start(), refusing());
    let (port, closed) = (serve.mqtt.port().to_string(), closed.local_addr().unwrap().port().to_string());
    let files = serve.dir().display();
    checkout.run(&format!("cp {files}/*.pem . && mkdir theirs && cp key.pem theirs"));
    for (message, arguments) in messages.iter().zip(PROVOKED) {
        let message = message.replace("8883", &port);
        let command = arguments.replace("PORT", &port).replace("CLOSED", &closed);
        // Only those that connect somewhere else are told where AWS is, and no credentials.
        let environment = as_aws(&serve);
        let variables = ["AWS_ENDPOINT_URL", "AWS_EC2_METADATA_DISABLED"];
        let environment = borrowed(&environment).into_iter().filter(|(name, _)| variables.contains(name));
        let environment: Vec<_> = environment.collect();
        let said = checkout.run_with(&format!("jobs-sandbox {command} || true"), &environment).stderr;
        assert!(said.contains(&message), "{message}\njobs-sandbox {command}\n{said}");
    }
}

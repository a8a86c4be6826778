//! The walkthrough of AWS's Jobs sandbox samples, piped into the program.

use crate::support::Sandbox;
use crate::support::wire::{Capture, walkthrough};

/// What the control plane answers before the captured messages arrive.
fn control_plane_answer(command: &str) -> Option<(&'static str, Option<String>)> {
    let mut words = command.split(' ');
    match (words.next()?, words.next()) {
        ("create-job", Some(job)) => Some((
            "CreateJobResponse",
            Some(format!(
                r#"{{"description":null,"jobArn":"arn:aws:iot:us-east-1:123456789012:job/{job}","jobId":"{job}"}}"#
            )),
        )),
        ("delete-job", _) => Some(("DeleteJobResponse", None)),
        _ => None,
    }
}

#[test]
fn every_message_is_as_aws_wrote_it() {
    let steps = walkthrough();
    let commands: Vec<&str> = steps.iter().map(|step| step.command.as_str()).collect();
    let output = Sandbox::json().script(commands.join("\n")).run();

    let mut messages = output.messages().into_iter();
    let mut capture = Capture::default();
    for (number, step) in (1..).zip(&steps) {
        if let Some((title, body)) = control_plane_answer(&step.command) {
            let answer = messages.next().unwrap();
            assert_eq!((answer.r#type.as_str(), answer.title.as_str()), ("response", title));
            assert_eq!(answer.body.as_ref().map(|body| body.get()), body.as_deref(), "{}", step.command);
            assert_eq!((answer.topic, answer.line), (None, Some(number)));
        }
        for captured in &step.messages {
            let message = messages.next().unwrap_or_else(|| panic!("{}: no {}", step.command, captured.kind));
            assert_eq!(message.title, captured.kind, "{}", step.command);
            capture.assert_same(&captured.payload, message.body.as_ref().unwrap().get());
            let topic = format!("$aws/things/MyThing/jobs/{}", captured.topic(&step.command));
            assert_eq!(message.topic.as_deref(), Some(topic.as_str()), "{}", step.command);
        }
    }
    assert_eq!(messages.collect::<Vec<_>>().len(), 0, "nothing but the captured messages");
}

//! The set-up on AWS, sessions, and the clean-up after them, with `serve` in the place of AWS.

use super::checkout::{Checkout, as_aws, borrowed};
use super::section::Section;
use crate::support::{Serve, peers};

/// What is left of things, certificates, policies and jobs.
const LEFT: &str = "export AWS_DEFAULT_REGION=us-east-1
    aws iot list-things --query 'things[].thingName' --output text
    aws iot list-certificates --query 'length(certificates)'
    aws iot list-policies --query 'length(policies)'
    aws iot list-jobs --query 'length(jobs)'";

/// A service as busy as an account: with a thing, a certificate and a policy of somebody else.
fn account() -> Serve {
    Serve::with(&["--thing", "SomeoneElses"])
}

/// The page shows the same commands as the README, and one more.
#[test]
fn the_set_up_works_and_is_undone() {
    let readme = Section::open("README.md", "On AWS").take("sh");
    let mut sessions = Section::open("aws.md", "Sessions");
    let page = sessions.take("sh") + &sessions.take("sh");
    let (checkout, serve) = (Checkout::new(), account());
    let environment = as_aws(&serve);
    let finished = checkout.run_with(&page, &borrowed(&environment));
    assert!(finished.stdout.contains("\nCreateThing thingName=MyThing\n"), "{}", finished.stdout);
    assert!(finished.stderr.contains(" expectations, 0 failed\n"), "{}", finished.stderr);
    assert!(!checkout.path("device").exists());
    let more: Vec<&str> = page.lines().filter(|line| !readme.contains(line)).collect();
    assert_eq!(more, ["jobs-sandbox --device device -c list-jobs"]);
}

#[test]
fn the_set_up_by_hand_works_and_is_undone() {
    let mut by_hand = Section::open("aws.md", "By hand");
    let by_hand = by_hand.take("sh") + &by_hand.take("sh");
    let clean_up = Section::open("aws.md", "Cleaning up by hand").take("sh");
    let Some(_) = peers::python("awscli") else { return };
    let (checkout, serve) = (Checkout::new(), account());
    let environment = as_aws(&serve);
    let finished = checkout.run_with(&(by_hand + &clean_up), &borrowed(&environment));
    assert!(finished.stderr.contains("created thing arn:aws:iot:"), "{}", finished.stderr);
    let left = checkout.run_with(LEFT, &borrowed(&environment));
    assert_eq!(left.stdout.split_whitespace().collect::<Vec<_>>(), ["SomeoneElses", "1", "1", "0"]);
}

/// The walkthrough as it is run on AWS, on a thing that has a job of somebody else.
#[test]
fn the_walkthrough_leaves_other_jobs_alone() {
    let commands = Section::open("README.md", "On AWS").take("sh");
    let line = |with: &str| commands.lines().find(|line| line.contains(with)).unwrap();
    let (checkout, serve) = (Checkout::new(), Serve::start());
    serve.client().args(["-c", "create-job Theirs {}"]).run();
    let script = format!("{}\n{} || echo \"ended with $?\"", line(" provision "), line(" --bail "));
    let finished = checkout.run_with(&script, &borrowed(&as_aws(&serve)));
    assert!(finished.stdout.ends_with("\nended with 1\n"), "{}", finished.stdout);
    assert!(finished.stderr.contains("walkthrough.jobs:4: awaited Get"), "{}", finished.stderr);
    let pending =
        "describe-job-execution Theirs\nexpect DescribeJobExecutionResponse execution.status=QUEUED";
    serve.client().script(pending).run();
}

//! `serve --limits aws`: programs meet the refusals that AWS's request rates bring. `serve --rollout-rate`: how fast jobs
//! reach their things.

use crate::support::{Sandbox, Serve};

/// The status and the body of the first answer that is a refusal, if one of so many is.
fn first_refusal(serve: &Serve, calls: usize) -> Option<(u16, String)> {
    (0..calls).map(|_| serve.call("GET", "/jobs", "")).find(|(status, _)| *status != 200)
}

#[test]
fn who_calls_too_often_is_throttled_where_that_is_asked_for() {
    let by_option = Serve::with(&["--limits", "aws"]);
    let by_variable = Serve::run(Sandbox::new().env("JOBS_SANDBOX_LIMITS", "aws"), &[]);
    for serve in [by_option, by_variable] {
        let refused = first_refusal(&serve, 10_000);
        assert_eq!(refused, Some((400, r#"{"message":"Rate exceeded"}"#.to_owned())));
    }
    assert_eq!(first_refusal(&Serve::start(), 50), None);
    let sandbox = Sandbox::new().args(["serve", "--limits", "gcp"]).status(2).stderr_any();
    assert!(sandbox.run().stderr.contains("write aws, or off"));
}

#[test]
fn a_job_reaches_all_its_things_at_once_where_that_is_asked_for() {
    let by_option = Serve::with(&["--rollout-rate", "unlimited"]);
    let by_variable = Serve::run(Sandbox::new().env("JOBS_SANDBOX_ROLLOUT_RATE", "unlimited"), &[]);
    for (serve, reached) in [(by_option, 1001), (by_variable, 1001), (Serve::start(), 1000)] {
        let post = |path: &str, body: &str| assert_eq!(serve.call("POST", path, body).0, 200, "{path}");
        post("/thing-groups/G", "{}");
        for number in 0..1001 {
            post(&format!("/things/t{number}"), "{}");
            let member = format!(r#"{{"thingName":"t{number}","thingGroupName":"G"}}"#);
            assert_eq!(serve.call("PUT", "/thing-groups/addThingToThingGroup", &member).0, 200);
        }
        let target = "arn:aws:iot:us-east-1:123456789012:thinggroup/G";
        let job = format!(r#"{{"targets":["{target}"],"document":"{{}}"}}"#);
        assert_eq!(serve.call("PUT", "/jobs/J", &job).0, 200);
        // The rollout goes on in slices, between calls; when the clock has moved, what is due was done.
        post("/_sandbox/clock", r#"{"advance":"1s"}"#);
        assert_eq!(serve.get("/jobs/J")["job"]["jobProcessDetails"]["numberOfQueuedThings"], reached);
    }
    let sandbox = Sandbox::new().args(["serve", "--rollout-rate", "7"]).status(2).stderr_any();
    assert!(sandbox.run().stderr.contains("write aws, or unlimited"));
}

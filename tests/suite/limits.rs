//! `serve --limits aws`: programs meet the refusals that AWS's request rates bring.

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

//! The words in which AWS refuses what its model allows of jobs, each test by the rule that it is about.

use serde_json::{Value, json};

use super::bench::{Bench, from, message};
use crate::service::state::Rejected;

/// Why CreateJob, CreateJobTemplate and UpdateJob refuse the same configurations.
#[track_caller]
fn refused(configs: &Value) -> String {
    let mut bench = Bench::with_things(["T"]);
    let create = message(bench.create("J", "thing/T", configs.clone()));
    let mut template = json!({ "description": "d", "document": "{}" });
    template.as_object_mut().unwrap().extend(configs.as_object().unwrap().clone());
    let template = bench.state.create_job_template(bench.now, "t", from(template)).reply;
    assert_eq!(message(template), create);
    bench.create("J", "thing/T", json!({})).unwrap();
    let before = bench.job("J");
    let update = bench.state.update_job(bench.now, "J", from(configs.clone())).reply;
    assert_eq!(message(update), create);
    assert_eq!(bench.job("J"), before, "a refused update changes nothing");
    create
}

fn abort(failures: &[&str], percentage: f64) -> Value {
    let criteria = |failure: &&str| {
        json!({
            "failureType": failure, "action": "CANCEL", "thresholdPercentage": percentage,
            "minNumberOfExecutedThings": 1,
        })
    };
    json!({ "abortConfig": { "criteriaList": failures.iter().map(criteria).collect::<Vec<_>>() } })
}

#[test]
fn a_time_out_lies_within_a_week() {
    for minutes in [0, 10_081] {
        let config = json!({ "timeoutConfig": { "inProgressTimeoutInMinutes": minutes } });
        let said = format!("Provide valid timeout value, inProgressTimeoutInMinutes cannot be {minutes}.");
        assert_eq!(refused(&config), said);
    }
}

#[test]
fn a_threshold_is_above_zero_and_has_two_decimals() {
    let at_least = "for AbortCriteria must have value greater than 0";
    assert_eq!(refused(&abort(&["ALL"], 0.0)), format!("ThresholdPercentage value 0.0 {at_least}"));
    assert_eq!(refused(&abort(&["ALL"], -1.0)), format!("ThresholdPercentage value -1.0 {at_least}"));
    assert_eq!(
        refused(&abort(&["ALL"], 33.333)),
        "Abort thresholdPercentage must have two or less decimal digits"
    );
    assert_eq!(
        refused(&abort(&["FAILED", "REJECTED", "FAILED"], 50.0)),
        "Multiple AbortCriteria cannot have the same failure type"
    );
    let mut bench = Bench::with_things(["T"]);
    bench.create("J", "thing/T", abort(&["FAILED", "REJECTED"], 33.33)).unwrap();
}

#[test]
fn a_growing_rollout_has_a_maximum_above_its_base_and_one_criterion() {
    let rollout = |base: i64, criteria: Value| {
        json!({ "jobExecutionsRolloutConfig": { "maximumPerMinute": 20, "exponentialRate": {
            "baseRatePerMinute": base, "incrementFactor": 2.0, "rateIncreaseCriteria": criteria,
        } } })
    };
    let notified = json!({ "numberOfNotifiedThings": 1 });
    let mut without = rollout(10, notified.clone());
    without["jobExecutionsRolloutConfig"].as_object_mut().unwrap().remove("maximumPerMinute");
    assert_eq!(refused(&without), "Provide MaximumPerMinute value when ExponentialRate is defined");
    assert_eq!(
        refused(&rollout(21, notified.clone())),
        "Exponential rollout baseRatePerMinute should be less than maximumPerMinute."
    );
    let of_two = "of NumberOfNotifiedThings or NumberOfSucceededThings when RateIncreaseCriteria is defined";
    let both = json!({ "numberOfNotifiedThings": 1, "numberOfSucceededThings": 1 });
    assert_eq!(refused(&rollout(10, both)), format!("Provide only one {of_two}"));
    assert_eq!(refused(&rollout(10, json!({}))), format!("Provide {}", of_two.replacen("of", "either", 1)));
    let mut bench = Bench::with_things(["T"]);
    bench.create("J", "thing/T", rollout(20, notified)).unwrap();
    let empty = json!({ "jobExecutionsRolloutConfig": {} });
    assert_eq!(
        message(bench.state.update_job(bench.now, "J", from(empty)).reply),
        "Provide MaximumPerMinute value or provide ExponentialRate and MaximumPerMinute"
    );
}

#[test]
fn an_update_is_held_against_itself_then_against_the_job() {
    let mut bench = Bench::with_things(["T"]);
    let retry = |retries: &[(&str, i64)]| {
        let criteria = |(kind, count): &(&str, i64)| json!({ "failureType": kind, "numberOfRetries": count });
        json!({ "jobExecutionsRetryConfig": { "criteriaList": retries.iter().map(criteria).collect::<Vec<_>>() } })
    };
    bench.create("plain", "thing/T", json!({})).unwrap();
    bench.create("done", "thing/T", retry(&[("FAILED", 2)])).unwrap();
    bench.create("J", "thing/T", retry(&[("FAILED", 2), ("TIMED_OUT", 3)])).unwrap();
    let outcome = bench.state.cancel_job(bench.now, "done", false, from(json!({})));
    bench.take(outcome).unwrap();
    let mut refused =
        |job: &str, body: Value| message(bench.state.update_job(bench.now, job, from(body)).reply);
    assert_eq!(refused("X", json!({})), "Update Job request for job X cannot be empty.");
    let above_zero = "The number of retries cannot be updated to any number other than 0.";
    assert_eq!(refused("X", retry(&[("FAILED", 1), ("ALL", 0)])), above_zero);
    let alone = "A retryCriteria with failure type ALL must be used by itself.";
    assert_eq!(refused("X", retry(&[("FAILED", 0), ("ALL", 0)])), alone);
    assert_eq!(refused("X", retry(&[("FAILED", 0)])), "Job X cannot be found.");
    let finished = "Job done in status CANCELED cannot be updated.";
    assert_eq!(refused("done", retry(&[("TIMED_OUT", 0)])), finished);
    assert_eq!(
        refused("plain", retry(&[("FAILED", 0)])),
        "RetryConfig cannot be updated if the job has no RetryConfig defined during creation."
    );
    let others = "FailureTypes must match existing FailureTypes defined in RetryConfig.";
    assert_eq!(refused("J", retry(&[("FAILED", 0)])), others);
    let in_any_order = from(retry(&[("TIMED_OUT", 0), ("FAILED", 0)]));
    bench.state.update_job(bench.now, "J", in_any_order).reply.unwrap();
}

#[test]
fn a_role_is_looked_at_by_update_job_alone() {
    let mut bench = Bench::with_things(["T"]);
    let config = |role: &str| json!({ "presignedUrlConfig": { "roleArn": role } });
    bench.create("J", "thing/T", config("short")).unwrap();
    for role in [
        "short",
        "arn:aws:iam::1:role/short-account",
        "arn:aws:iam::123456789012:user/u",
        "arn:aws:iam:us-east-1:123456789012:role/r",
        "arn:aws:iam::123456789012:role/",
    ] {
        let refused = bench.state.update_job(bench.now, "J", from(config(role))).reply;
        assert_eq!(message(refused), format!("Given role {role} is invalid."));
    }
    for role in ["arn:aws:iam::123456789012:role/r", "arn:aws-cn:iam::123456789012:role/path/r"] {
        bench.state.update_job(bench.now, "J", from(config(role))).reply.unwrap();
    }
}

#[test]
fn an_end_behavior_without_an_end_has_no_effect() {
    let mut bench = Bench::with_things(["T"]);
    let config = json!({ "schedulingConfig": { "endBehavior": "CANCEL" } });
    bench.create("J", "thing/T", config).unwrap();
    assert_eq!(bench.job("J")["status"], "IN_PROGRESS");
}

#[test]
fn executions_that_are_missing_or_in_the_way_are_named() {
    let mut bench = Bench::with_things(["T", "U"]);
    bench.create("J", "thing/T", json!({})).unwrap();
    let describe = |bench: &Bench, thing: &str, job: &str, number| {
        message(bench.state.describe_job_execution_any_status(bench.now, thing, job, number))
    };
    assert_eq!(
        describe(&bench, "T", "X", None),
        "Job execution cannot be found as the Job X does not exist."
    );
    assert_eq!(describe(&bench, "U", "J", None), "Job execution for thing U cannot be found within job J.");
    for number in [0, -1] {
        assert_eq!(describe(&bench, "T", "J", Some(number)), "Execution number is invalid.");
        let deleted = bench.state.delete_job_execution(bench.now, "T", "J", number, true).reply;
        assert_eq!(message(deleted), "Execution number is invalid.");
    }
    bench.update("J", "IN_PROGRESS");
    let without_force = |done: &str| {
        format!(
            "Job execution for thing T within job J in status IN_PROGRESS cannot be {done} without force flag."
        )
    };
    let delete = bench.state.delete_job_execution(bench.now, "T", "J", 1, false).reply;
    assert_eq!(message(delete), without_force("deleted"));
    let cancel = bench.state.cancel_job_execution(bench.now, "T", "J", false, from(json!({}))).reply;
    assert_eq!(message(cancel), without_force("canceled"));
    bench.update("J", "FAILED");
    let cancel = bench.state.cancel_job_execution(bench.now, "T", "J", true, from(json!({}))).reply;
    assert_eq!(message(cancel), "Job execution for thing T within job J cannot be canceled.");
}

#[test]
fn an_unset_configuration_of_a_template_is_null_or_an_object_of_nulls() {
    let mut bench = Bench::with_things([]);
    let create = |bench: &mut Bench, id: &str, more: Value| {
        let mut body = json!({ "description": "d", "document": "{}" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        bench.state.create_job_template(bench.now, id, from(body)).reply
    };
    create(&mut bench, "t", json!({})).unwrap();
    let described = serde_json::to_value(bench.state.describe_job_template("t").unwrap()).unwrap();
    for member in [
        "abortConfig",
        "jobExecutionsRetryConfig",
        "documentSource",
        "maintenanceWindows",
        "destinationPackageVersions",
    ] {
        assert_eq!(described.get(member), Some(&Value::Null), "{member}");
    }
    assert_eq!(described["timeoutConfig"], json!({ "inProgressTimeoutInMinutes": null }));
    let rate = json!({
        "baseRatePerMinute": 1, "incrementFactor": 2.0, "rateIncreaseCriteria": { "numberOfNotifiedThings": 3 },
    });
    let rollout = json!({ "jobExecutionsRolloutConfig": { "maximumPerMinute": 9, "exponentialRate": rate } });
    create(&mut bench, "rate", rollout).unwrap();
    let described = serde_json::to_value(bench.state.describe_job_template("rate").unwrap()).unwrap();
    assert_eq!(
        described["jobExecutionsRolloutConfig"]["exponentialRate"]["rateIncreaseCriteria"],
        json!({ "numberOfNotifiedThings": 3, "numberOfSucceededThings": null })
    );
    let again = create(&mut bench, "t", json!({})).unwrap_err();
    assert_eq!(again, Rejected::Conflict("Job Template t already exists.".into()));
}

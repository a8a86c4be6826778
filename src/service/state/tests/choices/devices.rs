//! What devices meet.

use serde_json::json;

use super::both;

#[test]
fn status_details_replace_the_stored_ones_or_are_merged_with_them() {
    let (replaced, merged) = both(
        |choices| choices.status_details_are_merged = true,
        |bench| {
            bench.for_thing("J", json!({}));
            let mut stored = Vec::new();
            for details in [json!({ "a": "1", "b": "1" }), json!({ "b": "2" }), json!({})] {
                let update = json!({ "status": "IN_PROGRESS", "statusDetails": details });
                bench.device("J/update", update).unwrap();
                stored.push(bench.execution("T", "J")["statusDetails"]["detailsMap"].clone());
            }
            bench
                .device("J/update", json!({ "status": "IN_PROGRESS", "statusDetails": { "a": "3" } }))
                .unwrap();
            bench.cancel_execution("J", json!({ "statusDetails": { "b": "3" } })).unwrap();
            stored.push(bench.execution("T", "J")["statusDetails"]["detailsMap"].clone());
            json!(stored)
        },
    );
    assert_eq!(replaced, json!([{ "a": "1", "b": "1" }, { "b": "2" }, {}, { "b": "3" }]));
    let (one, two) = (json!({ "a": "1", "b": "1" }), json!({ "a": "1", "b": "2" }));
    assert_eq!(merged, json!([one, two, two, { "a": "3", "b": "3" }]));
}

#[test]
fn a_described_job_execution_names_its_thing_on_mqtt_or_does_not() {
    let (absent, present) = both(
        |choices| choices.thing_name_on_mqtt = true,
        |bench| {
            bench.for_thing("J", json!({}));
            let mut name =
                |rest| bench.device(rest, json!({})).unwrap()["execution"].get("thingName").cloned();
            [name("J/get"), name("$next/get"), name("start-next")]
        },
    );
    assert_eq!(absent, [None, None, None]);
    assert_eq!(present, [Some(json!("T")), Some(json!("T")), None]);
}

#[test]
fn a_device_may_go_from_queued_to_succeeded_or_must_start_first() {
    let (may, must_start) = both(
        |choices| choices.queued_may_succeed = false,
        |bench| {
            let mut refusals = Vec::new();
            for status in ["SUCCEEDED", "FAILED", "REJECTED"] {
                bench.for_thing(status, json!({}));
                refusals.push(bench.refusal(status, status));
            }
            bench.for_thing("J", json!({}));
            bench.update("J", "IN_PROGRESS");
            bench.update("J", "SUCCEEDED");
            refusals
        },
    );
    assert_eq!(may, [None, None, None]);
    assert_eq!(must_start, [Some("InvalidStateTransition".to_owned()), None, None]);
}

#[test]
fn a_device_may_reject_what_it_has_begun_or_only_what_is_queued() {
    let (may, only_queued) = both(
        |choices| choices.in_progress_may_be_rejected = false,
        |bench| {
            let mut refusals = Vec::new();
            for status in ["REJECTED", "FAILED", "SUCCEEDED"] {
                bench.for_thing(status, json!({}));
                bench.update(status, "IN_PROGRESS");
                refusals.push(bench.refusal(status, status));
            }
            bench.for_thing("J", json!({}));
            bench.update("J", "REJECTED");
            refusals
        },
    );
    assert_eq!(may, [None, None, None]);
    assert_eq!(only_queued, [Some("InvalidStateTransition".to_owned()), None, None]);
}

#[test]
fn what_a_device_rejects_unbegun_was_not_started_or_was() {
    let (not_started, started) = both(
        |choices| choices.rejected_execution_has_started_at = true,
        |bench| {
            ["REJECTED", "FAILED", "SUCCEEDED"].map(|status| {
                bench.for_thing(status, json!({}));
                bench.update(status, status);
                bench.execution("T", status).get("startedAt").is_some()
            })
        },
    );
    assert_eq!(not_started, [false, true, true]);
    assert_eq!(started, [true; 3]);
}

#[test]
fn a_device_gets_the_jobs_of_every_namespace_or_of_none() {
    let (every, none) = both(
        |choices| choices.requests_reach_every_namespace = false,
        |bench| {
            bench.for_thing("Blue", json!({ "namespaceId": "blue" }));
            bench.for_thing("J", json!({}));
            let listed = bench.device("get", json!({})).unwrap()["queuedJobs"].as_array().unwrap().len();
            let mut next = |rest| bench.device(rest, json!({})).unwrap()["execution"]["jobId"].clone();
            let next = ["$next/get", "start-next", "Blue/get"].map(&mut next);
            json!([listed, next])
        },
    );
    assert_eq!(every, json!([2, ["Blue", "Blue", "Blue"]]));
    assert_eq!(none, json!([1, ["J", "J", "Blue"]]));
}

#[test]
fn a_thing_that_is_not_registered_is_not_found_or_has_nothing_to_do() {
    let (not_found, nothing) = both(
        |choices| choices.unregistered_thing_is_not_found = false,
        |bench| {
            let mut code = |rest| bench.device_of("Unknown", rest, json!({ "status": "FAILED" })).err();
            ["get", "start-next", "$next/get", "J/get", "J/update"].map(&mut code)
        },
    );
    let refused = || Some("ResourceNotFound".to_owned());
    assert_eq!(not_found, [refused(), refused(), refused(), refused(), refused()]);
    assert_eq!(nothing, [None, None, None, refused(), refused()], "there is no such job execution");
}

#[test]
fn as_many_pending_job_executions_are_listed_as_was_chosen() {
    let (ten, three) = both(
        |choices| choices.listed_pending_job_executions = 3,
        |bench| {
            for number in 1..=11 {
                bench.for_thing(&format!("J{number}"), json!({}));
            }
            bench.update("J11", "IN_PROGRESS");
            let pending = bench.device("get", json!({})).unwrap();
            bench.take_events();
            bench.for_thing("J12", json!({}));
            let listed = ["inProgressJobs", "queuedJobs"].map(|list| pending[list].as_array().unwrap().len());
            (listed, bench.take_events())
        },
    );
    assert_eq!(ten.0, [1, 9]);
    assert_eq!(ten.1, ["T notify IP[J11 v2] Q[J1 J2 J3 J4 J5 J6 J7 J8 J9]"]);
    assert_eq!(three.0, [1, 2]);
    assert_eq!(three.1, ["T notify IP[J11 v2] Q[J1 J2]"]);
}

#[test]
fn values_of_status_details_may_have_any_characters_or_printable_ones_alone() {
    let (any, printable) = both(
        |choices| choices.status_details_values_are_checked = true,
        |bench| {
            bench.for_thing("J", json!({}));
            let mut refusals = Vec::new();
            for value in ["Grüße, 世界", "two\nlines", "\u{200b}", ""] {
                let update = json!({ "status": "IN_PROGRESS", "statusDetails": { "a": value } });
                refusals.push(bench.device("J/update", update).err());
            }
            refusals.push(bench.device("start-next", json!({ "statusDetails": { "a": "\t" } })).err());
            let canceled = bench.cancel_execution("J", json!({ "statusDetails": { "a": "\t" } }));
            refusals.push(canceled.err().map(|refusal| refusal.code().to_owned()));
            refusals
        },
    );
    let refused = || Some("InvalidRequest".to_owned());
    assert_eq!(any, [None, None, None, refused(), None, None]);
    assert_eq!(printable, [None, refused(), refused(), refused(), refused(), refused()]);
}

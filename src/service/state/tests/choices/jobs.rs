//! What operators meet, and what the service does by itself.

use serde_json::{Value, json};

use super::super::bench::{ARN, Bench, from};
use super::both;
use crate::service::choices::StateException;
use crate::service::s3::Presigner;
use crate::service::state::{Rejected, State};

fn retries(count: u64) -> Value {
    json!({ "criteriaList": [{ "failureType": "ALL", "numberOfRetries": count }] })
}

/// An abort rule that the first failure meets.
fn abort() -> Value {
    json!({ "criteriaList": [{
        "failureType": "FAILED", "action": "CANCEL", "thresholdPercentage": 50.0, "minNumberOfExecutedThings": 1,
    }] })
}

#[test]
fn the_version_grows_when_the_service_cancels_or_times_out_or_with_devices_alone() {
    let (grows, stays) = both(
        |choices| choices.service_raises_version = false,
        |bench| {
            bench.for_thing("Canceled", json!({}));
            bench.cancel_execution("Canceled", json!({})).unwrap();
            bench.for_thing("WithJob", json!({}));
            bench.cancel("WithJob").unwrap();
            bench.for_thing("TimedOut", json!({ "timeoutConfig": { "inProgressTimeoutInMinutes": 1 } }));
            bench.update("TimedOut", "IN_PROGRESS");
            bench.wait_minutes(1);
            bench.join();
            bench.create("Removed", "thinggroup/G", json!({ "targetSelection": "CONTINUOUS" })).unwrap();
            bench.leave();
            ["Canceled", "WithJob", "TimedOut", "Removed"].map(|job| {
                let execution = bench.execution("T", job);
                format!("{} {}", execution["status"].as_str().unwrap(), execution["versionNumber"])
            })
        },
    );
    assert_eq!(grows, ["CANCELED 2", "CANCELED 2", "TIMED_OUT 3", "REMOVED 1"]);
    assert_eq!(stays, ["CANCELED 1", "CANCELED 1", "TIMED_OUT 2", "REMOVED 1"]);
}

#[test]
fn cancel_job_refuses_a_finished_job_as_an_invalid_request_or_an_invalid_transition() {
    let (request, transition) = both(
        |choices| choices.cancel_of_finished_job = StateException::InvalidStateTransition,
        |bench| {
            bench.for_thing("Canceled", json!({}));
            bench.cancel("Canceled").unwrap();
            bench.for_thing("Completed", json!({}));
            bench.update("Completed", "SUCCEEDED");
            ["Canceled", "Completed"].map(|job| bench.cancel(job).unwrap_err())
        },
    );
    let messages = ["Canceled", "Completed"]
        .map(|job| format!("Job {job} in status {} cannot be canceled.", job.to_uppercase()));
    assert_eq!(request, messages.clone().map(Rejected::InvalidRequest));
    assert_eq!(transition, messages.map(|message| Rejected::InvalidStateTransition { message, state: None }));
}

#[test]
fn the_lists_write_the_retry_attempt_of_a_first_execution_or_leave_it_out() {
    let (zero, absent) = both(
        |choices| choices.first_execution_has_retry_attempt = false,
        |bench| {
            bench.for_thing("J", json!({ "jobExecutionsRetryConfig": retries(1) }));
            bench.update("J", "FAILED");
            let query = from(json!({}));
            let of_job = json!(bench.state.list_job_executions_for_job("J", &query).unwrap());
            let of_thing = json!(bench.state.list_job_executions_for_thing("T", &query).unwrap());
            [of_job, of_thing].map(|list| {
                let summaries = list["executionSummaries"].as_array().unwrap();
                let summary = |entry: &Value| entry["jobExecutionSummary"].clone();
                let mut told: Vec<_> = summaries
                    .iter()
                    .map(summary)
                    .map(|it| json!([it["executionNumber"], it.get("retryAttempt")]).to_string())
                    .collect();
                told.sort_unstable();
                told
            })
        },
    );
    assert_eq!(zero, [["[1,0]", "[2,1]"]; 2]);
    assert_eq!(absent, [["[1,null]", "[2,1]"]; 2]);
}

#[test]
fn a_job_is_not_found_in_another_namespace_or_the_namespace_is_ignored() {
    let (not_found, ignored) = both(
        |choices| choices.job_of_other_namespace_is_not_found = false,
        |bench| {
            bench.for_thing("Blue", json!({ "namespaceId": "blue" }));
            bench.for_thing("J", json!({}));
            ["Blue", "J", "Unknown"].map(|job| {
                [None, Some("blue"), Some("red")].map(|id| bench.state.check_namespace(job, id).is_ok())
            })
        },
    );
    assert_eq!(not_found, [[true, true, false], [true, false, false], [true; 3]]);
    assert_eq!(ignored, [[true; 3]; 3]);
}

#[test]
fn a_canceled_job_has_completed_at_or_has_not() {
    let (absent, present) = both(
        |choices| choices.canceled_job_has_completed_at = true,
        |bench| {
            let selection = "CONTINUOUS";
            bench.for_thing("Aborted", json!({ "abortConfig": abort(), "targetSelection": selection }));
            bench.update("Aborted", "FAILED");
            bench.for_thing("Canceled", json!({}));
            bench.cancel("Canceled").unwrap();
            let end = json!({ "endTime": "2025-06-03T13:00", "endBehavior": "CANCEL" });
            bench.for_thing("Ended", json!({ "schedulingConfig": end }));
            bench.wait_minutes(60);
            bench.for_thing("Completed", json!({}));
            bench.update("Completed", "SUCCEEDED");
            ["Aborted", "Canceled", "Ended", "Completed"].map(|id| {
                let job = bench.job(id);
                let expected = if id == "Completed" { "COMPLETED" } else { "CANCELED" };
                assert_eq!(job["status"], expected, "{id}");
                job.get("completedAt").map(|at| *at == job["lastUpdatedAt"])
            })
        },
    );
    assert_eq!(absent, [None, None, None, Some(true)]);
    assert_eq!(present, [Some(true); 4]);
}

#[test]
fn a_job_without_things_is_completed_at_once_or_goes_on() {
    let (completed, goes_on) = both(
        |choices| choices.job_without_things_completes = false,
        |bench| {
            bench.create("Empty", "thinggroup/G", json!({})).unwrap();
            bench.create("Following", "thinggroup/G", json!({ "targetSelection": "CONTINUOUS" })).unwrap();
            bench.for_thing("J", json!({}));
            bench.update("J", "SUCCEEDED");
            ["Empty", "Following", "J"].map(|job| bench.job(job)["status"].clone())
        },
    );
    assert_eq!(completed, ["COMPLETED", "IN_PROGRESS", "COMPLETED"]);
    assert_eq!(goes_on, ["IN_PROGRESS", "IN_PROGRESS", "COMPLETED"]);
}

#[test]
fn a_job_without_a_rate_reaches_a_thousand_things_a_minute_or_all_at_once() {
    for unset in [json!({}), json!({ "jobExecutionsRolloutConfig": {} })] {
        let (bounded, unlimited) = both(
            |choices| choices.rollout_rate_without_configuration = None,
            |bench| {
                bench.fill_group(1001);
                bench.create("J", "thinggroup/G", unset.clone()).unwrap();
                let reached = [0, 59, 1].map(|seconds| {
                    bench.wait_seconds(seconds);
                    bench.job("J")["jobProcessDetails"]["numberOfQueuedThings"].clone()
                });
                (reached, bench.job("J")["isConcurrent"].clone())
            },
        );
        assert_eq!(bounded, ([json!(1000), json!(1000), json!(1001)], json!(false)));
        assert_eq!(unlimited, ([json!(1001), json!(1001), json!(1001)], json!(false)));
    }
}

#[test]
fn a_retry_makes_both_events_once_or_twice() {
    let (once, twice) = both(
        |choices| choices.retry_is_queued_with_the_end = false,
        |bench| {
            let timeout = json!({ "inProgressTimeoutInMinutes": 1 });
            bench.for_thing("J", json!({ "jobExecutionsRetryConfig": retries(2), "timeoutConfig": timeout }));
            bench.take_events();
            bench.update("J", "FAILED");
            let after_failed = bench.take_events();
            bench.update("J", "IN_PROGRESS");
            bench.wait_minutes(1);
            let after_timed_out = bench.take_events();
            assert_eq!(bench.job("J")["status"], "IN_PROGRESS", "not while a retry is queued");
            bench.update("J", "FAILED");
            assert_eq!(bench.take_events(), ["T notify", "T next none"], "none is left");
            assert_eq!(bench.job("J")["status"], "COMPLETED");
            [after_failed, after_timed_out]
        },
    );
    let retry = |number| [format!("T notify Q[J#{number} v1]"), "T next J QUEUED v1".to_owned()];
    assert_eq!(once, [retry(2), retry(3)]);
    let end = || ["T notify".to_owned(), "T next none".to_owned()];
    assert_eq!(twice, [[end(), retry(2)].concat(), [end(), retry(3)].concat()]);
}

#[test]
fn what_is_queued_is_deleted_without_force_or_not() {
    let (deleted, refused) = both(
        |choices| choices.queued_execution_needs_no_force = false,
        |bench| {
            ["QUEUED", "IN_PROGRESS", "SUCCEEDED"].map(|status| {
                bench.for_thing(status, json!({}));
                if status != "QUEUED" {
                    bench.update(status, status);
                }
                let mut delete = |force| {
                    let outcome = bench.state.delete_job_execution(bench.now, "T", status, 1, force);
                    bench.take(outcome).is_ok()
                };
                let without_force = delete(false);
                assert!(without_force || delete(true), "{status}");
                without_force
            })
        },
    );
    assert_eq!(deleted, [true, false, true]);
    assert_eq!(refused, [false, false, true]);
}

#[test]
fn a_missing_description_is_null_or_absent() {
    let (null, absent) = both(
        |choices| choices.missing_description_is_null = false,
        |bench| {
            let more = json!({ "targetSelection": "CONTINUOUS" });
            let created = bench.create("J", "thing/T", more).unwrap();
            let targets = from(json!({ "targets": [format!("{ARN}thinggroup/G")] }));
            let outcome = bench.state.associate_targets_with_job(bench.now, "J", targets);
            let associated = bench.take(outcome).unwrap();
            let canceled = bench.cancel("J").unwrap();
            let described = bench.create("K", "thing/T", json!({ "description": "d" })).unwrap();
            [created, associated, canceled, described].map(|answer| answer.get("description").cloned())
        },
    );
    let (null_one, described) = (|| Some(json!(null)), || Some(json!("d")));
    assert_eq!(null, [null_one(), null_one(), null_one(), described()]);
    assert_eq!(absent, [None, None, None, described()]);
}

#[test]
fn a_job_that_aborts_itself_has_the_reason_code_that_was_chosen() {
    let (usual, other) = both(
        |choices| choices.reason_code_of_abort = "ABORTED",
        |bench| {
            bench.for_thing("J", json!({ "abortConfig": abort(), "targetSelection": "CONTINUOUS" }));
            bench.update("J", "FAILED");
            bench.for_thing("K", json!({}));
            bench.cancel("K").unwrap();
            ["J", "K"].map(|job| bench.job(job).get("reasonCode").cloned())
        },
    );
    assert_eq!(usual, [Some(json!("ABORT_CANCEL")), None]);
    assert_eq!(other, [Some(json!("ABORTED")), None], "what an operator cancels has its own");
}

#[test]
fn events_tell_more_than_the_guide_shows_or_do_not() {
    let (more, guide) = both(
        |choices| choices.events_tell_more_than_the_guide = false,
        |bench| {
            bench.enable(&["JOB", "JOB_EXECUTION"]);
            bench.for_thing("J", json!({}));
            let why = from(json!({ "reasonCode": "LATE" }));
            let outcome = bench.state.cancel_job(bench.now, "J", true, why);
            bench.take(outcome).unwrap();
            let told = bench.told().into_iter();
            let extra = ["executionNumber", "forceCanceled", "reasonCode", "jobProcessDetails"];
            let extra = |event: Value| extra.into_iter().filter(|name| event.get(name).is_some()).collect();
            told.map(|(_, payload)| extra(serde_json::from_str(&payload).unwrap())).collect::<Vec<Vec<_>>>()
        },
    );
    let canceled = vec!["forceCanceled", "reasonCode", "jobProcessDetails"];
    assert_eq!(more, [canceled[..2].to_vec(), vec!["executionNumber", "forceCanceled"], canceled]);
    assert!(guide.iter().all(Vec::is_empty), "{guide:?}");
}

#[test]
fn the_dates_of_event_configurations_are_null_or_absent_before_the_first_update() {
    let (null, absent) = both(
        |choices| choices.missing_event_dates_are_null = false,
        |bench| {
            let dates = |bench: &Bench| {
                let described = json!(bench.state.describe_event_configurations());
                ["creationDate", "lastModifiedDate"].map(|name| described.get(name).map(Value::is_null))
            };
            let before = dates(bench);
            bench.enable(&[]);
            (before, dates(bench))
        },
    );
    assert_eq!(null, ([Some(true); 2], [Some(false); 2]));
    assert_eq!(absent, ([None; 2], [Some(false); 2]));
}

#[test]
fn a_page_has_as_many_entries_as_was_chosen_where_the_request_does_not_say() {
    let (usual, other) = both(
        |choices| choices.default_max_results = 2,
        |bench| {
            for number in 1..=251 {
                bench.for_thing(&format!("J{number}"), json!({}));
            }
            let allow =
                r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
            for number in 1..=251 {
                let policy = json!({ "policyDocument": allow });
                let outcome = bench.state.create_policy(bench.now, &format!("P{number}"), from(policy));
                bench.take(outcome).unwrap();
            }
            let jobs = |query: Value| bench.state.list_jobs(&from(query)).unwrap();
            let (page, three) = (jobs(json!({})), jobs(json!({ "maxResults": 3 })));
            assert!(page.next_token.is_some() && three.next_token.is_some());
            let policies = bench.state.list_policies(&from(json!({}))).unwrap();
            [page.jobs.len(), three.jobs.len(), policies.policies.len()]
        },
    );
    assert_eq!(usual, [250, 3, 250]);
    assert_eq!(other, [2, 3, 2]);
}

#[test]
fn what_fails_on_a_thing_that_left_is_not_tried_again_or_is() {
    let (not_again, again) = both(
        |choices| choices.retry_follows_thing_that_left = true,
        |bench| {
            let more = json!({ "targetSelection": "CONTINUOUS", "jobExecutionsRetryConfig": retries(2) });
            bench.join();
            bench.create("J", "thinggroup/G", more).unwrap();
            bench.update("J", "IN_PROGRESS");
            bench.update("J", "FAILED");
            let stayed = bench.execution("T", "J")["executionNumber"].clone();
            bench.update("J", "IN_PROGRESS");
            bench.leave();
            bench.update("J", "FAILED");
            [stayed, bench.execution("T", "J")["executionNumber"].clone()]
        },
    );
    assert_eq!(not_again, [2, 2]);
    assert_eq!(again, [2, 3]);
}

#[test]
fn document_parameters_are_escaped_or_stand_in_the_document_as_they_are() {
    let (escaped, raw) = both(
        |choices| choices.document_parameters_are_escaped = false,
        |bench| {
            let template = "arn:aws:iot:us-east-1::jobtemplate/AWS-Run-Command:1.0";
            ["a\\\\b", "\""].map(|command| {
                let parameters = json!({ "command": command });
                let more =
                    json!({ "document": null, "jobTemplateArn": template, "documentParameters": parameters });
                bench.create(&format!("J{}", command.len()), "thing/T", more).ok()?;
                let document = bench.state.get_job_document(&format!("J{}", command.len()), false);
                let document: Value = serde_json::from_str(&document.unwrap().document).unwrap();
                document["steps"][0]["action"]["input"]["command"].as_str().map(str::to_owned)
            })
        },
    );
    assert_eq!(escaped, ["a\\\\b", "\""].map(|command| Some(command.to_owned())));
    assert_eq!(raw, [Some("a\\b".to_owned()), None]);
}

#[test]
fn the_role_of_links_is_looked_at_when_the_job_is_created_or_not() {
    let (checked, taken) = both(
        |choices| choices.role_of_placeholders_is_checked = false,
        |bench| {
            let presigner = Presigner::new("http://localhost".into(), "us-east-1", "KEY", "secret".into());
            let (settings, choices) = (bench.state.settings().clone(), *bench.state.choices());
            bench.state = State::with_choices(settings, choices).presigning_with(Some(presigner.into()));
            let thing = bench.state.create_thing(bench.now, "T", uuid::Uuid::nil(), &from(json!({})));
            bench.take(thing).unwrap();
            let document = r#"{"a":"${aws:iot:s3-presigned-url:s3://bucket/key}"}"#;
            let config = json!({ "roleArn": "arn:aws:iam::1:user/nobody" });
            let body = json!({ "document": document, "presignedUrlConfig": config });
            bench.create("J", "thing/T", body).is_ok()
        },
    );
    assert_eq!([checked, taken], [false, true]);
}

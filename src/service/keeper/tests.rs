//! What a start finds again, and what it makes of it.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::service::certificates::Authority;
use crate::service::row::{Kind, Row, RowKey};
use crate::service::state::things::CreateThingRequest;
use crate::service::state::{Outcome, Rejected, Settings, State, Touched};
use crate::service::time::Timestamp;
use crate::wire::model::{JobExecutionStatus, StartNextPendingJobExecutionRequest};

fn settings() -> Settings {
    Settings { region: "us-east-1".into(), account: "123456789012".into() }
}

fn start(files: &Files) -> (Arc<Shared>, Option<Keeper>) {
    Keeper::begin(Shared::new(settings()), FirstState::empty(settings()), Some(files)).unwrap()
}

fn reply<T>(outcome: Outcome<T>) -> Result<T, Rejected> {
    outcome.reply
}

/// An account in which an execution of a job for each thing has begun at `at` and times out.
fn begun(at: Timestamp, timeouts: &[(&str, i64)]) -> State {
    let mut state = State::new(settings());
    for (thing, minutes) in timeouts {
        let create = CreateThingRequest::default();
        reply(state.create_thing(at, thing, Uuid::new_v4(), &create)).unwrap();
        let job = json!({
            "targets": [format!("arn:aws:iot:us-east-1:123456789012:thing/{thing}")],
            "document": "{}",
            "timeoutConfig": { "inProgressTimeoutInMinutes": minutes },
        });
        reply(state.create_job(at, thing, serde_json::from_value(job).unwrap())).unwrap();
        while state.next_timeout().is_some_and(|due| due <= at) {
            drop(state.handle_timeout(at));
        }
        let next = StartNextPendingJobExecutionRequest::default();
        let next = state.start_next_pending_job_execution(at, &thing.parse().unwrap(), next);
        assert!(reply(next).unwrap().execution.is_some());
    }
    state
}

#[test]
fn what_fell_due_while_no_process_ran_is_done_at_its_own_time_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    let files = Files::open(Some(dir.path())).unwrap();
    let now = Timestamp::default().plus(Moment::now().since_epoch);
    let ended = Timestamp::from_millis(now.millis() - 3_600_000);
    let timeouts = [("A", 10), ("B", 5), ("C", 120)];
    let mut rows = begun(ended, &timeouts).rows(&Touched::all());
    let clock = json!({"ahead": 0, "shown": ended.millis()}).to_string();
    rows.push(Row { key: RowKey::Named(Kind::Clock, String::new()), value: Some(clock) });
    Store::open(&files.path(STATE), &settings()).unwrap().begin(&rows).unwrap();

    // The second start finds what the first has done.
    for _ in 0..2 {
        let (shared, keeper) = start(&files);
        for (thing, minutes) in timeouts {
            let described =
                shared.read(|state, now| state.describe_job_execution_any_status(now, thing, thing, None));
            let execution = described.unwrap().execution;
            if thing == "C" {
                assert_eq!(execution.status, JobExecutionStatus::InProgress);
            } else {
                assert_eq!(execution.status, JobExecutionStatus::TimedOut);
                let at = json!(execution)["lastUpdatedAt"].as_f64().unwrap();
                let due = ended.plus_minutes(minutes).millis();
                #[expect(clippy::cast_precision_loss, reason = "milliseconds of this era fit into 53 bits")]
                let off = at - due as f64 / 1000.0;
                assert!(off.abs() < 1.0, "{thing}: {off}");
            }
        }
        assert!(shared.now() >= now);
        drop((shared, keeper));
    }
}

#[test]
fn the_clock_never_begins_before_the_last_time_that_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let files = Files::open(Some(dir.path())).unwrap();
    let later = Timestamp::default().plus(Moment::now().since_epoch + Duration::from_hours(9));
    let clock = json!({"ahead": 0, "shown": later.millis()}).to_string();
    let mut rows = State::new(settings()).rows(&Touched::all());
    rows.push(Row { key: RowKey::Named(Kind::Clock, String::new()), value: Some(clock) });
    Store::open(&files.path(STATE), &settings()).unwrap().begin(&rows).unwrap();
    assert!(start(&files).0.now() >= later);
}

fn first(certificate_pem: &str, policy: &str, things: &[&str]) -> FirstState {
    let policies = vec![("jobs-sandbox".to_owned(), policy.to_owned())];
    let things = things.iter().map(|name| name.parse().unwrap()).collect();
    FirstState {
        device: Some((certificate_pem.to_owned(), policies)),
        things,
        ..FirstState::empty(settings())
    }
}

#[test]
fn the_options_of_a_start_count_where_they_differ_from_those_of_the_last() {
    const ANY: &str =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    const NONE: &str =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
    let dir = tempfile::tempdir().unwrap();
    let files = Files::open(Some(dir.path())).unwrap();
    let authority = Authority::new().unwrap();
    let [old, new] = [(); 2].map(|()| authority.device().unwrap().certificate_pem);
    let start = |first| Keeper::begin(Shared::new(settings()), first, Some(&files)).unwrap();
    let found = |shared: &Shared| {
        shared.read(|state, _| {
            let things = state.list_things(&serde_json::from_value(json!({})).unwrap()).unwrap();
            let things = json!(things)["things"].as_array().unwrap().len();
            let policy = json!(state.get_policy("jobs-sandbox").unwrap())["policyDocument"].clone();
            (things, policy, json!(state.counts())["certificates"].clone())
        })
    };
    let (shared, keeper) = start(first(&old, ANY, &["A", "B"]));
    assert_eq!(found(&shared), (2, json!(ANY), json!(1)));
    shared.write(|state, _| state.delete_thing("A", None)).unwrap();
    drop((shared, keeper));
    let (shared, keeper) = start(first(&old, ANY, &["A", "B"]));
    assert_eq!(found(&shared), (1, json!(ANY), json!(1)), "what they say again is no news");
    drop((shared, keeper));
    let (shared, keeper) = start(first(&old, NONE, &["A", "B", "C"]));
    assert_eq!(found(&shared), (2, json!(NONE), json!(1)));
    drop((shared, keeper));
    let (shared, keeper) = start(first(&new, NONE, &[]));
    assert_eq!(found(&shared), (2, json!(NONE), json!(1)), "the new certificate is in place of the old one");
    drop((shared, keeper));
    let (shared, _keeper) = start(first(&new, NONE, &[]));
    assert_eq!(found(&shared), (2, json!(NONE), json!(1)));
}

#[test]
fn the_certificate_of_an_operator_goes_with_its_session() {
    let dir = tempfile::tempdir().unwrap();
    let files = Files::open(Some(dir.path())).unwrap();
    let credentials = |shared: &Shared| {
        let counts = json!(shared.counts().0);
        (counts["certificates"].clone(), counts["policies"].clone())
    };
    let (shared, keeper) = start(&files);
    let certificate = Authority::new().unwrap().device().unwrap();
    shared.install_operator(&certificate.certificate_pem).unwrap();
    assert_eq!(credentials(&shared), (json!(1), json!(1)));
    drop((shared, keeper));
    assert_eq!(credentials(&start(&files).0), (json!(0), json!(0)));
}

/// The file that this version wrote first, as later ones find it.
#[test]
fn a_file_of_the_first_format_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let files = Files::open(Some(dir.path())).unwrap();
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/state-1.db");
    std::fs::copy(kept, files.path(STATE)).unwrap();
    let (shared, _keeper) = start(&files);
    let counts = json!(shared.counts().0);
    let expected = json!({ "things": 2, "jobs": 2, "jobExecutions": 2, "certificates": 2, "policies": 1 });
    assert_eq!(counts, expected);
    let state = shared.read(|state, now| {
        let execution = state.describe_job_execution_any_status(now, "MyThing", "Job1", None).unwrap();
        json!({
            "thing": state.describe_thing("Pump").unwrap(),
            "execution": execution.execution,
            "group": state.describe_thing_group("G").unwrap(),
            "template": state.describe_job_template("Template").unwrap(),
            "job": state.describe_job(now, "Group").unwrap(),
            "events": state.describe_event_configurations(),
        })
    });
    for (path, value) in [
        ("/thing/attributes", json!({ "a": "b" })),
        ("/thing/thingTypeName", json!("Type")),
        ("/execution/status", json!("IN_PROGRESS")),
        ("/execution/statusDetails/detailsMap/step", json!("1")),
        ("/execution/versionNumber", json!(3)),
        ("/group/thingGroupName", json!("G")),
        ("/template/description", json!("d")),
        ("/job/job/targetSelection", json!("CONTINUOUS")),
        ("/job/job/jobExecutionsRolloutConfig/maximumPerMinute", json!(5)),
        ("/events/eventConfigurations/JOB/Enabled", json!(true)),
    ] {
        assert_eq!(state.pointer(path), Some(&value), "{path} in {state}");
    }
    let retained = shared.look_at_clients(|router| router.retained.get(&"sdk/test/python".into()).cloned());
    assert_eq!(retained.unwrap().payload, "hello");
}

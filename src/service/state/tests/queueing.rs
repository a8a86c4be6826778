//! Things are put into the queue of a job in slices, and nobody can tell.

use serde_json::{Value, json};
use uuid::Uuid;

use super::bench::{ARN, Bench, from, many};
use crate::service::choices::Choices;
use crate::service::state::change::SLICE;

const COUNT: usize = 3 * SLICE + 10;

/// A group `G` of so many things.
fn crowd() -> Bench {
    let choices = Choices { rollout_rate_without_configuration: None, ..Choices::default() };
    let mut bench = Bench::choosing(choices, ["a-late", "z-late"]);
    create_group(&mut bench, "G");
    bench.fill_group(COUNT);
    bench
}

fn create_group(bench: &mut Bench, name: &str) {
    let group = bench.state.create_thing_group(bench.now, name, Uuid::from_u128(1), from(json!({})));
    bench.take(group).unwrap();
}

fn member(bench: &mut Bench, thing: &str, group: &str, joins: bool) {
    let membership = from(json!({ "thingName": thing, "thingGroupName": group }));
    let outcome = if joins {
        bench.state.add_thing_to_thing_group(bench.now, &membership)
    } else {
        bench.state.remove_thing_from_thing_group(bench.now, &membership)
    };
    bench.take(outcome).unwrap();
}

fn queued(bench: &Bench) -> Value {
    bench.job("J")["jobProcessDetails"]["numberOfQueuedThings"].clone()
}

#[test]
fn a_job_is_for_what_its_group_held_when_it_was_created() {
    let rate = json!({ "jobExecutionsRolloutConfig": { "maximumPerMinute": 900 } });
    let tomorrow = json!({ "schedulingConfig": { "startTime": "2025-06-04T12:00" } });
    for more in [json!({}), rate, tomorrow] {
        let mut bench = crowd();
        bench.create("J", "thinggroup/G", more.clone()).unwrap();
        // Both ends of the order in which things are put in.
        let [first, .., last] = &many(COUNT)[..] else { panic!("there are more") };
        for (thing, joins) in [("a-late", true), ("z-late", true), (first, false), (last, false)] {
            member(&mut bench, thing, "G", joins);
        }
        bench.wait_minutes(25 * 60);
        assert_eq!(queued(&bench), COUNT, "{more}");
        for thing in ["a-late", "z-late"] {
            assert!(bench.state.describe_job_execution_any_status(bench.now, thing, "J", None).is_err());
        }
    }
}

#[test]
fn a_group_that_is_deleted_at_once_is_reached_as_a_whole() {
    let mut bench = crowd();
    bench.create("J", "thinggroup/G", json!({})).unwrap();
    let deleted = bench.state.delete_thing_group(bench.now, "G", None);
    bench.take(deleted).unwrap();
    bench.finish();
    assert_eq!(queued(&bench), COUNT);
}

#[test]
fn a_thing_in_two_targets_is_reached_once_even_if_it_is_done_before_the_second() {
    let mut bench = crowd();
    let first = many(COUNT).swap_remove(0);
    create_group(&mut bench, "H");
    member(&mut bench, &first, "H", true);
    let targets = ["thinggroup/G", "thinggroup/H"].map(|target| format!("{ARN}{target}"));
    bench.create("J", "thinggroup/G", json!({ "targets": targets })).unwrap();
    bench.device_of(&first, "J/update", json!({ "status": "SUCCEEDED" })).unwrap();
    bench.finish();
    let job = bench.job("J")["jobProcessDetails"].clone();
    assert_eq!(
        (&job["numberOfQueuedThings"], &job["numberOfSucceededThings"]),
        (&json!(COUNT - 1), &json!(1))
    );
    assert_eq!(bench.execution(&first, "J")["executionNumber"], 1);
}

#[test]
fn a_canceled_job_puts_no_more_things_in() {
    let mut bench = crowd();
    bench.create("J", "thinggroup/G", json!({})).unwrap();
    let canceled = bench.state.cancel_job(bench.now, "J", false, from(json!({})));
    bench.take(canceled).unwrap();
    member(&mut bench, "a-late", "G", true);
    bench.finish();
    let job = bench.job("J");
    assert_eq!((&job["status"], &job["isConcurrent"]), (&json!("CANCELED"), &json!(false)));
    let details = &job["jobProcessDetails"];
    assert_eq!(details["numberOfCanceledThings"], SLICE, "{details}");
}

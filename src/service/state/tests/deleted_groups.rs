//! The things of a large group that is deleted leave it slice by slice.

use serde_json::json;
use uuid::Uuid;

use super::bench::{Bench, from};
use crate::service::state::thing_lists::ListThingGroupsQuery;

const THINGS: usize = 600;
const JOBS: usize = 3;

fn thing(number: usize) -> String {
    format!("T{number:03}")
}

/// CONTINUOUS jobs whose group has many things.
fn large_group() -> Bench {
    let things: Vec<String> = (0..THINGS).map(thing).collect();
    let mut bench = Bench::with_things(things.iter().map(String::as_str));
    create_group(&mut bench, 1);
    for name in &things {
        add(&mut bench, name);
    }
    for job in 0..JOBS {
        let more = json!({ "targetSelection": "CONTINUOUS" });
        bench.create(&format!("J{job}"), "thinggroup/G", more).unwrap();
    }
    bench.wait_minutes(1);
    assert_eq!(bench.job("J0")["jobProcessDetails"]["numberOfQueuedThings"], THINGS);
    bench.take_events();
    bench
}

fn create_group(bench: &mut Bench, id: u128) {
    let group = bench.state.create_thing_group(bench.now, "G", Uuid::from_u128(id), from(json!({})));
    bench.take(group).unwrap();
}

fn add(bench: &mut Bench, thing: &str) {
    let membership = from(json!({ "thingName": thing, "thingGroupName": "G" }));
    let outcome = bench.state.add_thing_to_thing_group(bench.now, &membership);
    bench.take(outcome).unwrap();
}

fn groups(bench: &Bench, thing: &str) -> usize {
    let listed = bench.state.list_thing_groups_for_thing(thing, &ListThingGroupsQuery::default());
    listed.unwrap().thing_groups.len()
}

fn removed(bench: &Bench) -> u64 {
    bench.job("J0")["jobProcessDetails"]["numberOfRemovedThings"].as_u64().unwrap()
}

#[test]
fn the_group_is_gone_at_once_and_its_jobs_take_back_what_is_queued_bit_by_bit() {
    let mut bench = large_group();
    let outcome = bench.state.delete_thing_group(bench.now, "G", None);
    bench.take(outcome).unwrap();

    assert!(bench.state.describe_thing_group("G").is_err());
    let last = thing(THINGS - 1);
    assert_eq!(groups(&bench, &last), 0);
    let first_slice = removed(&bench);
    assert!((1..250).contains(&first_slice), "{first_slice} things at once");
    assert_eq!(bench.state.next_timeout(), Some(bench.now), "the rest is due");

    bench.wait_minutes(1);
    assert_eq!(removed(&bench), THINGS as u64);
    assert_eq!(bench.count_events(), THINGS * JOBS * 2, "each removal changes the list and its head");
    assert_eq!(bench.state.next_timeout(), None);
}

#[test]
fn a_thing_that_joins_a_new_group_of_the_same_name_stays_in_it() {
    let mut bench = large_group();
    let outcome = bench.state.delete_thing_group(bench.now, "G", None);
    bench.take(outcome).unwrap();
    create_group(&mut bench, 2);
    let last = thing(THINGS - 1);
    add(&mut bench, &last);
    bench.wait_minutes(1);
    assert_eq!(groups(&bench, &last), 1);
    assert_eq!(groups(&bench, &thing(0)), 0);
    assert_eq!(bench.execution(&last, "J0")["status"], "QUEUED");
    assert_eq!(removed(&bench), THINGS as u64 - 1);
}

#[test]
fn a_thing_that_is_deleted_meanwhile_keeps_its_executions() {
    let mut bench = large_group();
    let outcome = bench.state.delete_thing_group(bench.now, "G", None);
    bench.take(outcome).unwrap();
    let last = thing(THINGS - 1);
    let outcome = bench.state.delete_thing(&last, None);
    bench.take(outcome).unwrap();
    bench.wait_minutes(1);
    assert_eq!(bench.execution(&last, "J0")["status"], "QUEUED");
}

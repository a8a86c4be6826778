//! Jobs with a namespace have events, and an order, of their own.

use serde_json::{Value, json};

use super::bench::{Bench, from, message};
use crate::service::state::{Event, State};

fn in_blue() -> Value {
    json!({ "namespaceId": "blue" })
}

#[test]
fn the_events_of_a_job_go_to_the_topics_of_its_namespace() {
    let mut bench = Bench::with_things(["T"]);
    bench.create("J1", "thing/T", json!({})).unwrap();
    assert_eq!(bench.take_events(), ["T notify Q[J1]", "T next J1 QUEUED v1"]);
    bench.create("J2", "thing/T", in_blue()).unwrap();
    let topics: Vec<String> = bench.take_published().iter().map(Event::topic).collect();
    assert_eq!(
        topics,
        ["$aws/things/T/jobs/notify-namespace-blue", "$aws/things/T/jobs/notify-next-namespace-blue"]
    );
    bench.create("J3", "thing/T", in_blue()).unwrap();
    assert_eq!(bench.take_events(), ["T notify of blue Q[J2 J3]"]);
    bench.update("J3", "IN_PROGRESS");
    assert_eq!(bench.take_events(), ["T next of blue J3 IN_PROGRESS v2"], "it overtakes J2, not J1");
    bench.update("J3", "SUCCEEDED");
    assert_eq!(bench.take_events(), ["T notify of blue Q[J2]", "T next of blue J2 QUEUED v1"]);
    bench.update("J1", "SUCCEEDED");
    assert_eq!(bench.take_events(), ["T notify", "T next none"]);
    let outcome = bench.state.delete_job(bench.now, "J2", true);
    bench.take(outcome).unwrap();
    assert_eq!(bench.take_events(), ["T notify of blue", "T next of blue none"]);
}

#[test]
fn the_control_plane_shows_the_namespace_and_looks_in_it() {
    let mut bench = Bench::with_things(["T"]);
    bench.create("J1", "thing/T", json!({})).unwrap();
    bench.create("J2", "thing/T", in_blue()).unwrap();
    let namespaces = ["J1", "J2"].map(|job| bench.job(job).get("namespaceId").cloned());
    assert_eq!(namespaces, [None, Some(json!("blue"))]);
    for (query, found) in [(json!({}), vec!["J2", "J1"]), (in_blue(), vec!["J2"])] {
        let jobs = bench.state.list_jobs(&from(query.clone())).unwrap().jobs;
        assert!(jobs.iter().map(|job| job.job_id.as_str()).eq(found.clone()), "{query}");
        let of_thing = bench.state.list_job_executions_for_thing("T", &from(query.clone())).unwrap();
        assert!(of_thing.execution_summaries.iter().map(|it| it.job_id.as_str()).eq(found), "{query}");
    }
    let long = bench.create("J3", "thing/T", json!({ "namespaceId": "n".repeat(65) }));
    assert_eq!(message(long), "A namespaceId cannot have more than 64 characters.");
}

#[test]
fn a_reset_tells_each_namespace_that_nothing_is_pending() {
    let mut bench = Bench::with_things(["T"]);
    bench.create("J1", "thing/T", json!({})).unwrap();
    bench.create("J2", "thing/T", in_blue()).unwrap();
    let first = State::new(bench.state.settings().clone());
    let (_, effects) = bench.state.reset(bench.now, first);
    let topics: Vec<String> = effects.events.iter().map(Event::topic).collect();
    let topic = |name: &str| format!("$aws/things/T/jobs/{name}");
    let of_all = ["notify", "notify-next", "notify-namespace-blue", "notify-next-namespace-blue"].map(topic);
    assert_eq!(topics, of_all);
}

//! The clock and the timers, as they interleave with requests.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::service::state::credentials::paged::ListQuery;
use crate::service::state::things::CreateThingRequest;
use crate::wire::model::{JobExecutionStatus, StartNextPendingJobExecutionRequest};

fn shared() -> Arc<Shared> {
    Arc::new(Shared::new(Settings { region: "us-east-1".into(), account: "123456789012".into() }))
}

/// Lets `thing` begin a job execution that times out after so many minutes; returns when that is.
fn begin(shared: &Shared, thing: &str, minutes: i64) -> Timestamp {
    let create = CreateThingRequest::default();
    shared.write(|state, now| state.create_thing(now, thing, Uuid::nil(), &create)).unwrap();
    let job = json!({
        "targets": [format!("arn:aws:iot:us-east-1:123456789012:thing/{thing}")],
        "document": "{}",
        "timeoutConfig": { "inProgressTimeoutInMinutes": minutes },
    });
    let job = serde_json::from_value(job).unwrap();
    shared.write(|state, now| state.create_job(now, thing, job)).unwrap();
    let (name, start) = (thing.parse().unwrap(), StartNextPendingJobExecutionRequest::default());
    shared
        .write(|state, now| {
            let started = state.start_next_pending_job_execution(now, &name, start);
            Outcome { reply: started.reply.map(|_| now.plus_minutes(minutes)), effects: started.effects }
        })
        .unwrap()
}

fn has_timed_out(shared: &Shared, job: &str) -> bool {
    let described = shared.read(|state, now| state.describe_job_execution_any_status(now, job, job, None));
    described.unwrap().execution.status == JobExecutionStatus::TimedOut
}

fn is_pending(future: &mut Pin<Box<impl Future>>) -> bool {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

#[tokio::test]
async fn what_comes_during_a_move_is_handled_at_the_time_that_the_clock_has_come_to() {
    let shared = shared();
    let (first, second) = (begin(&shared, "A", 60), begin(&shared, "B", 120));
    let mut moved = Box::pin(shared.advance(Duration::from_hours(3)));
    assert!(is_pending(&mut moved), "nobody runs the timers");
    assert!(shared.move_clock());
    assert_eq!(shared.now(), first);
    assert!(has_timed_out(&shared, "A") && !has_timed_out(&shared, "B"));
    assert!(shared.move_clock());
    assert_eq!(shared.now(), second);
    assert!(has_timed_out(&shared, "B"));
    assert!(is_pending(&mut moved), "the end is not reached");
    assert!(shared.move_clock());
    assert!(!shared.move_clock(), "nothing is left to move");
    let now = moved.await;
    assert!(now >= second.plus_minutes(60));
}

#[tokio::test]
async fn a_second_move_waits_for_the_first_and_an_abandoned_one_is_carried_out() {
    let shared = shared();
    let before = shared.now();
    let mut abandoned = Box::pin(shared.advance(Duration::from_hours(1)));
    assert!(is_pending(&mut abandoned));
    drop(abandoned);
    let mut second = Box::pin(shared.advance(Duration::from_hours(1)));
    assert!(is_pending(&mut second));
    while shared.move_clock() {}
    assert!(second.await >= before.plus(Duration::from_hours(2)));
}

#[test]
fn a_write_makes_sessions_look_their_policies_up_again_and_a_read_does_not() {
    let shared = shared();
    let epoch = || shared.requests(|requests| requests.router.epoch());
    let before = epoch();
    shared.read(|state, _| state.list_policies(&ListQuery::default())).unwrap();
    assert_eq!(epoch(), before);
    shared.write(|state, _| state.delete_thing("T", None)).unwrap();
    assert_ne!(epoch(), before);
}

#[tokio::test]
async fn whoever_is_told_of_a_change_waits_until_it_is_kept_and_nobody_else() {
    let (changes, sent) = std::sync::mpsc::channel();
    let settings = Settings { region: "us-east-1".into(), account: "123456789012".into() };
    let shared = Shared::new(settings).kept_by(changes);
    shared.until_kept().await.unwrap();
    let create = CreateThingRequest::default();
    let create = |state: &mut State, now| state.create_thing(now, "A", Uuid::nil(), &create);
    shared.write(create).unwrap();
    let change = sent.try_recv().unwrap();
    assert_eq!((change.number, change.replaces_all), (1, false));
    assert!(change.rows.iter().any(|row| row.value.as_ref().is_some_and(|value| value.contains("ahead"))));
    let mut told = Box::pin(shared.until_kept());
    assert!(is_pending(&mut told));
    shared.keep_up_to(1);
    told.await.unwrap();
    shared.read(|state, _| state.counts());
    shared.until_kept().await.unwrap();
    assert!(sent.try_recv().is_err(), "nothing has changed");

    let mut moved = Box::pin(shared.advance(Duration::from_hours(1)));
    assert!(is_pending(&mut moved));
    while shared.move_clock() {}
    moved.await;
    assert_eq!(sent.try_recv().unwrap().number, 2, "the clock is kept too");
    let mut told = Box::pin(shared.until_kept());
    assert!(is_pending(&mut told));
    shared.keep_no_more(crate::service::keeping::NotKept::new("the disk is full"));
    assert_eq!(told.await.unwrap_err().to_string(), "the disk is full");
    assert_eq!(shared.until_not_kept().await.to_string(), "the disk is full");
}

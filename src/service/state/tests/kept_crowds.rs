//! What is kept of a crowd: a restart between any two slices of long work, and how little is written again.

use serde_json::{Value, json};
use uuid::Uuid;

use super::bench::{ARN, from, many};
use super::kept::{Kept, image, settings};
use crate::service::data_plane;
use crate::service::row::{Kind, RowKey};
use crate::service::state::{Effects, State};
use crate::service::time::Timestamp;

/// An account, and what is kept of it.
struct Crowd {
    state: State,
    kept: Kept,
    now: Timestamp,
}

impl Crowd {
    /// A CONTINUOUS job in progress for a group of `things`.
    fn of(things: usize, more: Value) -> Self {
        let (mut state, now) = (State::new(settings()), Timestamp::from_millis(1_750_000_000_000));
        let _ = state.create_thing_group(now, "G", Uuid::from_u128(1), from(json!({}))).reply.unwrap();
        for thing in many(things) {
            let _ = state.create_thing(now, &thing, Uuid::from_u128(2), &from(json!({}))).reply.unwrap();
            let membership = from(json!({ "thingName": thing, "thingGroupName": "G" }));
            let () = state.add_thing_to_thing_group(now, &membership).reply.unwrap();
        }
        let mut crowd = Self { kept: Kept::of(&state), state, now };
        let mut body = json!({ "targets": [format!("{ARN}thinggroup/G")], "document": "{}" });
        body["targetSelection"] = json!("CONTINUOUS");
        body["jobExecutionsRolloutConfig"] = more;
        let created = crowd.state.create_job(now, "J", from(body));
        crowd.keep(&created.effects);
        crowd
    }

    fn keep(&mut self, effects: &Effects) {
        self.kept.take(&self.state, &effects.touched);
        self.kept.assert_is_of(&self.state);
    }

    /// The same account after a restart.
    fn restart(&mut self) {
        let restarted = self.kept.restore();
        assert!(image(&restarted) == image(&self.state), "the account is another one after a restart");
        self.state = restarted;
    }

    /// Does what is due within `minutes`, with a restart after each slice; the rows that were written.
    fn go_on(&mut self, minutes: i64) -> Vec<(RowKey, usize)> {
        self.now = self.now.plus_minutes(minutes);
        let mut written = Vec::new();
        while self.state.next_timeout().is_some_and(|due| due <= self.now) {
            let effects = self.state.handle_timeout(self.now);
            let rows = self.state.rows(&effects.touched).into_iter();
            written.extend(rows.map(|row| (row.key, row.value.map_or(0, |value| value.len()))));
            self.keep(&effects);
            self.restart();
        }
        written
    }
}

#[test]
fn a_restart_between_slices_of_a_rollout_a_cancellation_and_a_deletion_changes_nothing() {
    let mut crowd = Crowd::of(300, json!({ "maximumPerMinute": 260 }));
    crowd.restart();
    let () = crowd.go_on(0).clear();
    assert_eq!(
        crowd.state.next_timeout(),
        Some(crowd.now.plus_minutes(1)),
        "the rest of the minute is known"
    );
    let _ = crowd.go_on(1);
    let canceled = crowd.state.cancel_job(crowd.now, "J", false, from(json!({})));
    crowd.keep(&canceled.effects);
    crowd.restart();
    let _ = crowd.go_on(0);
    let deleted = crowd.state.delete_job(crowd.now, "J", false);
    crowd.keep(&deleted.effects);
    crowd.restart();
    let _ = crowd.go_on(0);
    assert!(crowd.state.describe_job(crowd.now, "J").is_err());
}

#[test]
fn things_go_on_leaving_a_deleted_group_after_a_restart() {
    let mut crowd = Crowd::of(300, json!({ "maximumPerMinute": 10 }));
    let deleted = crowd.state.delete_thing_group(crowd.now, "G", None);
    crowd.keep(&deleted.effects);
    // Another group of the name gets a thing that has not left yet, and one that has not is deleted.
    let made = crowd.state.create_thing_group(crowd.now, "G", Uuid::from_u128(3), from(json!({})));
    crowd.keep(&made.effects);
    let [joined, gone] = [299, 298].map(|number| many(300)[number].clone());
    let membership = from(json!({ "thingName": joined, "thingGroupName": "G" }));
    let effects = crowd.state.add_thing_to_thing_group(crowd.now, &membership).effects;
    crowd.keep(&effects);
    let effects = crowd.state.delete_thing(&gone, None).effects;
    crowd.keep(&effects);
    crowd.restart();
    let _ = crowd.go_on(0);
    crowd.restart();
    let members = crowd.state.list_things_in_thing_group("G", &from(json!({}))).unwrap();
    assert_eq!(members.things.len(), 1);
}

#[test]
fn a_thing_that_is_reached_costs_no_more_where_many_wait() {
    let mut crowd = Crowd::of(600, json!({ "maximumPerMinute": 100 }));
    let written = crowd.go_on(1);
    let of = |kind| {
        written.iter().filter(move |(key, _)| matches!(key, RowKey::Named(found, _) if *found == kind))
    };
    // Only whether a block is empty is written, not what still waits in it.
    assert!(of(Kind::JobQueue).all(|(_, bytes)| *bytes == 0));
    assert_eq!(of(Kind::Job).count(), 0);
    assert!(of(Kind::JobProgress).map(|(_, bytes)| bytes).sum::<usize>() < 2_000);
    let executions = written.iter().filter(|(key, _)| matches!(key, RowKey::Execution { .. }));
    assert_eq!(executions.clone().count(), 100);
    assert!(executions.map(|(_, bytes)| bytes).sum::<usize>() < 100 * 120);
}

#[test]
fn an_update_of_a_device_and_a_thing_that_joins_write_what_is_theirs_alone() {
    let mut crowd = Crowd::of(3, json!({ "maximumPerMinute": 100 }));
    let topic = format!("$aws/things/{}/jobs/J/update", many(3)[0]);
    let updated =
        data_plane::handle(&mut crowd.state, crowd.now, &topic, br#"{"status":"IN_PROGRESS"}"#).unwrap();
    let keys: Vec<_> = crowd.state.rows(&updated.effects.touched).into_iter().map(|row| row.key).collect();
    assert_eq!(keys, [RowKey::Execution { job: 1, thing: 1, sequence: 1 }]);

    let made = crowd.state.create_thing(crowd.now, "New", Uuid::from_u128(9), &from(json!({})));
    assert!(made.reply.is_ok());
    let membership = from(json!({ "thingName": "New", "thingGroupName": "G" }));
    let joined = crowd.state.add_thing_to_thing_group(crowd.now, &membership);
    let keys: Vec<_> = crowd.state.rows(&joined.effects.touched).into_iter().map(|row| row.key).collect();
    let named = |kind| RowKey::Named(kind, "New".into());
    let queued = RowKey::Execution { job: 1, thing: 4, sequence: 1 };
    assert_eq!(keys, [named(Kind::Thing), named(Kind::ThingNumber), queued]);
}
